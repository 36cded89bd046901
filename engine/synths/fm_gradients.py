"""Notes of the FM instrument with their gradients, by compiled kernels on the CPU.

What moves slowly (knobs, envelopes' corners, the LFO, the cut-off) stays with torch's tensors at control points; what
happens in every frame is one step of theirs, whose way back is written out in :mod:`engine.dsp.fm_grad_kernels` and
:mod:`engine.dsp.chain_grad_kernels`. The sound is that of :mod:`engine.synths.fm_compiled`, the gradients are those of
the tensor operations of :mod:`engine.synths.fm`, at a fraction of the price.
"""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.motion import control_times
from engine.dsp.oscillators import below_nyquist
from engine.dsp.reverb import lengths_at
from engine.dsp.svf import warped
from engine.dsp.units import db_to_nats, level_to_amplitude
from engine.params.fm import LEVEL_FLOOR_DB, N_OPERATORS
from engine.synths.base import Quality
from engine.synths.ending import last_frames
from engine.synths.fm_bright import ROUTES
from engine.synths.fm_chain import cutoffs, drive_factors, places
from engine.synths.fm_compiled import above, graph, widths_of
from engine.synths.fm_graph import Graph
from engine.synths.fm_note import FmNote
from engine.synths.fm_rate import affordable, held, wanted
from engine.synths.fm_records import FLOOR, chain_records, is_wide, note_records, settle
from engine.synths.fm_taped import Inputs, Numbers, Shape, TapedNote

_NAMES = [f.name for f in fields(Inputs)]
_OUT_OF = [[r for r, (source, _) in enumerate(ROUTES) if source == i] for i in range(N_OPERATORS)]
_NO_POINTS = torch.zeros(1, 0, dtype=torch.float64)


def render_taped(key: FmNote, n_frames: int, rate: int, quality: Quality, like: Tensor) -> Tensor:
    """The sound of ``key`` ``[rows, channels, n_frames]``, faded at its end, in the float type of ``like``."""
    plain = _detached(key)
    rises = (plain.nats > 0.0).any(2).numpy()
    halvings = _halvings(plain, rises, rate, quality)
    fine = torch.tensor([rate << h for h in halvings])
    settings = _settings(key, fine, rate, n_frames / rate, plain)
    numbers = {name: t.detach().numpy() for name, t in settings.items()}
    kind = np.float64 if like.dtype == torch.float64 else np.float32
    notes = _tapes(plain, numbers, rises, halvings, rate, kind)
    sound: Tensor = _Taped.apply(  # type: ignore[no-untyped-call]
        notes, np.empty((len(notes), key.channels, n_frames), kind), last_frames(n_frames, rate), *settings.values()
    )
    return sound.to(like.dtype)


class _Taped(torch.autograd.Function):
    """Notes that are played into ``sound`` ``[rows, channels, n]``, each by itself while it is near; the last frames
    are multiplied by ``end``."""

    @staticmethod
    def forward(ctx: Any, notes: list[TapedNote], sound: NDArray[Any], end: Numbers, *settings: Tensor) -> Tensor:
        exact: Numbers = np.empty(sound.shape[1:])
        for note, out in zip(notes, sound, strict=True):
            note.play(exact)
            exact[:, exact.shape[1] - end.size :] *= end
            out[:] = exact
        ctx.notes, ctx.end, ctx.shapes = notes, end, [t.shape for t in settings]
        return torch.from_numpy(sound)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        found = {name: np.zeros(shape) for name, shape in zip(_NAMES, ctx.shapes, strict=True)}
        for row, (note, wanted_of_it) in enumerate(zip(ctx.notes, grad.detach().numpy(), strict=True)):
            exact: Numbers = wanted_of_it.astype(np.float64, order="C")
            exact[:, exact.shape[1] - ctx.end.size :] *= ctx.end
            for name, value in note.back(exact).items():
                if found[name].size:
                    found[name][row] = value
        return None, None, None, *(torch.from_numpy(array) for array in found.values())


def _detached(key: FmNote) -> FmNote:
    """The same without gradients."""

    def plain(part: Any) -> dict[str, Any]:
        return {name: t.detach() for name, t in vars(part).items() if isinstance(t, Tensor)}

    motion = None if key.motion is None else replace(key.motion, **plain(key.motion))
    chain = None if key.chain is None else replace(key.chain, **plain(key.chain))
    return replace(key, **plain(key), motion=motion, chain=chain)


def _halvings(plain: FmNote, rises: NDArray[np.bool_], rate: int, quality: Quality) -> list[int]:
    """How often the rate at which each row is computed is halved, as for notes without gradients."""
    if quality == "draft":
        return [0] * plain.n_rows
    opens, bends = (plain.output > 0.0).tolist(), (plain.depths > 0.0).tolist()
    found = [wanted(top, rate) for top in plain.top_hz().tolist()]
    for i, strength in enumerate(plain.strength.numpy()):
        if found[i]:
            found[i] = min(found[i], affordable(graph(above(strength, rises[i]), tuple(opens[i]), tuple(bends[i]))))
    return found


def _settings(key: FmNote, fine: Tensor, rate: int, duration_s: float, plain: FmNote) -> dict[str, Tensor]:
    """The fields of :class:`Inputs` for all rows, in their order, in float64 and with gradients."""
    rows, chain = key.n_rows, key.chain
    one = key.hz.new_ones(rows)
    factor = down = cutoff = _NO_POINTS.expand(rows, 0)
    if key.motion is not None:
        # Decimators look ahead by a few hundred frames.
        factor, down = key.motion.at(control_times(duration_s + 0.05, key.hz.device))
    found = {
        "hz": key.hz,
        "strength": key.strength * below_nyquist(key.highest_hz() / fine[:, None]),
        "output": key.output[:, None],
        "depths": key.depths,
        "nats": key.nats,
        "times_s": key.times_s,
        "ceiling": key.ceiling,
        "hold_s": key.hold_s,
        "tremolo_nats": key.tremolo_nats,
        "factor": factor,
        "down": down,
    }
    names = _NAMES[_NAMES.index("steep") :]
    if chain is None:
        shapes = {"noise_nats": (4,), "noise_s": (4,), "cutoffs": (0,), "gains": (0,)}
        return {**found, **{name: one.new_zeros(rows, *shapes.get(name, ())) for name in names}}
    if key.channels == 2 and (key.may_open or plain.chain is None or bool(is_wide(plain.chain).any())):
        found["output"] = found["output"] * places(chain, key.output)
    if bool((chain.filter_type > 0).any()):
        cutoff = cutoffs(chain, control_times(duration_s, key.hz.device), rate)
    gains = torch.exp((-3.0 * math.log(10.0) / rate) * torch.tensor(lengths_at(rate)) / chain.reverb_s[:, None])
    values = (
        *drive_factors(chain),
        level_to_amplitude(chain.noise_db, LEVEL_FLOOR_DB) * chain.gain * FLOOR,
        warped(chain.noise_hz / rate),
        1.0 / chain.noise_q,
        db_to_nats(chain.noise_levels, LEVEL_FLOOR_DB),
        chain.noise_s,
        cutoff,
        1.0 / chain.filter_q,
        chain.reverb,
        gains,
        0.5 * chain.reverb_damping,
    )
    return {**found, **dict(zip(names, values, strict=True))}


def _tapes(
    plain: FmNote, numbers: dict[str, Any], rises: NDArray[np.bool_], halvings: list[int], rate: int, kind: Any
) -> list[TapedNote]:
    """Each row, ready to be played."""
    notes, chains = note_records(plain), chain_records(plain, rate)
    chain, channels = plain.chain, plain.channels
    held_by = [held(hz, rate << h) for hz, h in zip(plain.highest_hz().numpy(), halvings, strict=True)]
    apart = [True] * plain.n_rows if chain is None else chain.is_stereo().tolist()
    found = []
    for i, (width, flowing, _) in enumerate(widths_of(plain, chains)):
        strength, output, depths = (numbers[name][i] for name in ("strength", "output", "depths"))
        opens, bends = tuple((output[0] + output[-1] > 0.0).tolist()), tuple((depths > 0.0).tolist())
        alive = above(strength, rises[i])
        reach = graph(alive, opens, bends)
        if plain.may_open:
            # What neither sounds nor would be heard has no gradient; what no rate can hold has none either.
            felt = np.array(opens) | (strength > 0.0) | np.array([any(bends[r] for r in out) for out in _OUT_OF])
            alive = tuple((felt & (held_by[i] > 0.0)).tolist())
            reach, opens = graph(alive, opens, bends), (True,) * len(opens)
        note = notes[i : i + 1].copy()
        settle(note[0], graph(alive, opens, bends), strength, depths, rate << halvings[i])
        shape = Shape(
            rate=rate,
            halvings=halvings[i],
            width=width,
            flowing=flowing,
            sides=output.shape[0],
            may_open=plain.may_open,
            chain=chain is not None,
            room=chain is not None and channels == 2 and (plain.may_open or bool(numbers["wet"][i] > 0.0)),
            apart=apart[i],
        )
        given = Inputs(**{name: array[i] for name, array in numbers.items()})
        found.append(TapedNote(note, chains[i : i + 1], given, shape, kind, _operators(reach)))
    return found


def _operators(found: Graph) -> NDArray[np.int64]:
    """Which operators of a graph reach an output ``[operators]``."""
    felt = np.zeros(N_OPERATORS, np.int64)
    felt[[i for group in found.groups for i in group.operators]] = 1
    return felt
