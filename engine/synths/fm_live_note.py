"""A decoded FM note as the compiled voices take it: plain records instead of tensors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dsp.units import nats_to_amplitude
from engine.params import Patch
from engine.params.fm import LEVEL_FLOOR_DB
from engine.synths.chance import CHANCES, chance_of
from engine.synths.fm_bright import top_hz
from engine.synths.fm_graph import Graph, graph_from
from engine.synths.fm_note import CEILING, FAINTEST, FmDecoder, FmNote
from engine.synths.fm_rate import MAX_HALVINGS, affordable, wanted
from engine.synths.fm_records import chain_records, is_wide, note_records, settle
from engine.synths.live_voice import Key

N_KEYS = 128
"""Of MIDI; and so many velocities."""
N_CHANCES = 64
"""Notes after which chance repeats itself."""


@dataclass(frozen=True, eq=False)
class LiveNote:
    """What a voice plays: ``note`` and ``chain`` are records ``[1]`` of :data:`NOTE` and :data:`CHAIN`.

    ``pitch_st`` is the key with the patch's shift. The operators are computed at the sample rate doubled ``halvings``
    times, on ``width`` channels; ``channels`` leave the chain.
    """

    note: NDArray[Any]
    chain: NDArray[Any]
    pitch_st: float
    halvings: int
    width: int
    channels: int


class Notes:
    """Makes the notes of one patch at one sample rate.

    Everything is decoded when the patch comes, for every key at once; what is left to do when a key is struck is a few
    numbers in numpy, because each tensor operation lets other threads in, and a hand would wait for all of them.
    """

    def __init__(self, patch: Patch, sample_rate: int, decode: FmDecoder) -> None:
        self._patch, self._rate, self._decode = patch, sample_rate, decode
        self._unit = torch.tensor([patch.unit()], dtype=torch.float64)
        self._shift_st = float(decode.shift_st(self._unit)[0])
        with torch.no_grad():
            self._keys = self._decoded(np.arange(N_KEYS, dtype=np.float64))
            self._gains = decode.velocity_gains(self._unit, torch.arange(N_KEYS, dtype=torch.float64)).numpy()
        seeds = [patch.seed + i for i in range(N_CHANCES)]
        self._seeds = [int(chance_of(torch.Generator().manual_seed(seed))[0]) for seed in seeds]
        self._graphs: dict[tuple[bool, ...], Graph] = {}

    def note(self, key: Key) -> LiveNote:
        """The note of a key."""
        if key.note == round(key.note) and 0 <= key.note < N_KEYS:
            keys, row = self._keys, round(key.note)
        else:
            keys, row = self._decoded(np.array([key.note])), 0
        if key.velocity == round(key.velocity) and 0 <= key.velocity < N_KEYS:
            gain = self._gains[round(key.velocity)]
        else:
            velocity = torch.tensor([key.velocity], dtype=torch.float64)
            gain = self._decode.velocity_gains(self._unit, velocity)[0].numpy()
        strength = keys.strength[row] * gain
        graph = self._graph(keys, strength)
        halvings = min(wanted(keys.top_hz(row, strength), self._rate), affordable(graph))
        note, chain = keys.note.copy(), keys.chain.copy()
        record = note[0]
        record["hz"], record["times_s"] = keys.hz[row], keys.times_s[row]
        record["ceiling"] = CEILING - np.log(np.maximum(strength, FAINTEST))
        strength = strength * keys.held[halvings][row]
        # An operator that the rate cannot hold at all is no part of the graph.
        settle(record, self._graph(keys, strength), strength, keys.depths, self._rate << halvings)
        seed = self._seeds[key.seed % N_CHANCES]
        record["seed"], chain["seed"] = seed, seed
        record["lfo_start"] = 0.0 if keys.syncs else seed / CHANCES
        chain["cutoff"] = keys.cutoff[row]
        return LiveNote(note, chain, key.note + self._shift_st, halvings, keys.width, keys.channels)

    def _decoded(self, keys: NDArray[np.float64]) -> _Keys:
        """All that depends on the key, with nothing of the velocity in it."""
        velocity = torch.full((1,), 127.0, dtype=torch.float64)
        unit = self._unit.expand(len(keys), -1)
        decoded = self._decode(unit, torch.from_numpy(keys), 127.0, 0.0, torch.Generator().manual_seed(0))
        gain = self._decode.velocity_gains(self._unit, velocity)
        return _keys_of(replace(decoded, strength=decoded.strength / gain), self._rate)

    def _graph(self, keys: _Keys, strength: NDArray[np.float64]) -> Graph:
        alive = tuple(((strength > 0.0) & keys.rises).tolist())
        if alive not in self._graphs:
            self._graphs[alive] = graph_from(alive, keys.opens, keys.bends)
        return self._graphs[alive]


@dataclass(frozen=True, eq=False)
class _Keys:
    """What keys decode to: ``hz``, ``swept_hz`` (at the highest) and ``strength`` ``[keys, operators]``, ``times_s``
    ``[keys, operators, stages]``, ``cutoff`` ``[keys]``, and how much of each operator the rate holds after 0 to 3
    doublings, ``held``. Of all keys the same: records with everything else, ``output`` (mono), ``loudest`` of the
    envelopes and whether it ``rises`` at all, which outputs and routes are open, and the rest."""

    hz: NDArray[np.float64]
    swept_hz: NDArray[np.float64]
    strength: NDArray[np.float64]
    times_s: NDArray[np.float64]
    cutoff: NDArray[np.float64]
    held: list[NDArray[np.float64]]
    note: NDArray[Any]
    chain: NDArray[Any]
    output: NDArray[np.float64]
    loudest: NDArray[np.float64]
    shapes: NDArray[np.int64]
    depths: NDArray[np.float64]
    drive_db: NDArray[np.float64]
    rises: NDArray[np.bool_]
    opens: list[bool]
    bends: list[bool]
    syncs: bool
    width: int
    channels: int

    def top_hz(self, row: int, strength: NDArray[np.float64]) -> float:
        """See :func:`engine.synths.fm_bright.top_hz`."""
        loudest = (self.loudest * strength)[None]
        top = top_hz(self.swept_hz[row : row + 1], loudest, self.output, self.shapes, self.depths[None], self.drive_db)
        return float(top[0])


def _keys_of(keys: FmNote, sample_rate: int) -> _Keys:
    """The rows of ``keys``, which differ in nothing but the key."""
    first = keys.rows(torch.tensor([0]))
    note, chain = note_records(first), chain_records(first, sample_rate)
    swept_hz, syncs = keys.hz, True
    if first.motion is not None and keys.motion is not None:
        swept_hz = keys.hz * keys.motion.most()[:, None]
        syncs = bool(first.motion.start[0] == 0.0)
    width, channels, cutoff = 1, 1, np.zeros(keys.n_rows)
    if keys.chain is not None and first.chain is not None:
        width = 2 if is_wide(first.chain)[0] else 1
        # The room alone would make both sides of one sound; noise is another one on each.
        channels = first.channels if bool(chain["noise_level"][0] > 0.0) else width
        cutoff = chain_records(keys, sample_rate)["cutoff"]
    # At full strength, how much of it is left says how much of each operator the rate holds.
    full = replace(keys, strength=torch.ones_like(keys.strength))
    loudest = nats_to_amplitude(first.nats.amax(2), LEVEL_FLOOR_DB)[0]
    return _Keys(
        hz=keys.hz.numpy(),
        swept_hz=swept_hz.numpy(),
        strength=keys.strength.numpy(),
        times_s=keys.times_s.numpy(),
        cutoff=cutoff,
        held=[full.at_rate(sample_rate << h).strength.numpy() for h in range(MAX_HALVINGS + 1)],
        note=note,
        chain=chain,
        output=first.output.numpy(),
        loudest=loudest.numpy(),
        shapes=first.shapes.numpy(),
        depths=first.depths[0].numpy(),
        drive_db=np.zeros(1) if first.chain is None else first.chain.drive_db.numpy(),
        rises=(first.nats[0] > 0.0).any(1).numpy(),
        opens=(first.output[0] > 0.0).tolist(),
        bends=(first.depths[0] > 0.0).tolist(),
        syncs=syncs,
        width=width,
        channels=channels,
    )
