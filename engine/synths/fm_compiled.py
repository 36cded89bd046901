"""Notes of the FM instrument by the compiled kernels: whole sounds without gradients on the CPU.

They give what the tensor operations of :mod:`engine.synths.fm` give, within 1e-7 of full scale (1e-9 with the factory's
presets; where a loop is chaotic, only the same kind of sound), at a third of the price, in batches a tenth. Each row of
a batch is a note of its own, and everything about it is computed in the same steps however it is asked for: alone,
among others, at once or in blocks, it has the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.filters import SHARP, WIDE
from engine.dsp.loops import load_kernels
from engine.dsp.motion import STEP_S
from engine.synths.base import Number, Quality
from engine.synths.fm_graph import Graph, graph_from
from engine.synths.fm_note import FmDecoder, FmNote
from engine.synths.fm_rate import affordable, held, wanted
from engine.synths.fm_records import chain_records, is_wide, note_records, settle

ROWS_AT_ONCE = 16
"""Batches are decoded in multiples of this: the last few of an odd number of numbers go through other instructions, and
might end in another last bit."""

MOST_RATE = 192_000
"""At higher rates operators look back by more frames than a record holds."""

PIECE = 1 << 15
"""Frames of a note that are computed before they are rounded and put away."""

_WIDE, _SHARP = WIDE.taps(), SHARP.taps()


def can_compile(sample_rate: int, *given: Number) -> bool:
    """Whether notes of ``given`` (knobs, keys, times) are for the kernels without gradients."""
    tensors = [t for t in given if isinstance(t, Tensor)]
    if torch.is_grad_enabled() and any(t.requires_grad for t in tensors):
        return False
    return can_tape(sample_rate, *given)


def can_tape(sample_rate: int, *given: Number) -> bool:
    """Whether they are for compiled kernels at all. What is not, is for tensor operations: sounds on a GPU, rates
    beyond any device's, and machines without numba."""
    if any(t.device.type != "cpu" for t in given if isinstance(t, Tensor)) or sample_rate > MOST_RATE:
        return False
    return load_kernels() is not None


class CompiledNotes:
    """The notes of a batch; :meth:`take` goes on where the last call ended."""

    def __init__(
        self,
        decode: FmDecoder,
        unit: Tensor,
        note: Number,
        velocity: Number,
        hold_s: Number,
        rng: torch.Generator | None,
        sample_rate: int,
        quality: Quality,
    ) -> None:
        rows = unit.shape[0]
        self._kind = unit.dtype
        self._notes: list[_Note] = []
        if rows:
            with torch.no_grad():
                note, velocity, hold_s = (_filled(x, rows) for x in (note, velocity, hold_s))
                key = decode(_filled(unit.detach(), rows), note, velocity, hold_s, rng)
                self._notes = _notes_of(key, rows, sample_rate, quality)
        self.channels = max((n.channels for n in self._notes), default=1)

    def take(self, n: int) -> Tensor:
        """The next ``n`` frames ``[rows, channels, n]``."""
        exact = self._kind == torch.float64
        sound = np.empty((len(self._notes), self.channels, n), np.float64 if exact else np.float32)
        for note, out in zip(self._notes, sound, strict=True):
            for first in range(0, n, PIECE):
                out[:, first : first + PIECE] = note.take(min(PIECE, n - first))
        return torch.from_numpy(sound).to(self._kind)


@dataclass(eq=False)
class _Note:
    """One note, as :func:`engine.dsp.fm_render_kernels.run` takes it: its records, how finely its operators are
    computed, on how many channels they, what follows them and the room are; and what is left of the last chunk."""

    note: NDArray[Any]
    chain: NDArray[Any]
    hold_s: float
    room: tuple[float, float, float]
    rate: int
    halvings: int
    widths: tuple[int, int, int]

    def __post_init__(self) -> None:
        # Only who renders without gradients loads these.
        from engine.dsp import fm_render_kernels as kernels

        self._chunk = round(kernels.CHUNK_STEPS * STEP_S * self.rate)
        self._rest = np.empty((self.channels, 0))
        self._run: Callable[..., None] = kernels.run
        self._state = kernels.begin(self.hold_s, self.rate, self.room, self.halvings, self.widths[0])

    @property
    def channels(self) -> int:
        return self.widths[2]

    def take(self, n: int) -> NDArray[np.float64]:
        """The next ``n`` frames ``[channels, n]``."""
        short = n - self._rest.shape[1]
        sound = self._rest
        if short > 0:
            fresh = np.empty((self.channels, -(-short // self._chunk) * self._chunk))
            width, flowing, _ = self.widths
            how = self.rate, self.halvings, _WIDE, _SHARP, width, flowing, self._chunk
            self._run(self.note, self.chain, *self._state, *how, fresh)
            sound = np.concatenate([sound, fresh], 1) if sound.shape[1] else fresh
        self._rest = sound[:, n:].copy()
        return sound[:, :n]


def _notes_of(key: FmNote, rows: int, rate: int, quality: Quality) -> list[_Note]:
    """The first ``rows`` of ``key``."""
    notes, chains = note_records(key), chain_records(key, rate)
    widths, rooms = widths_of(key, chains), _rooms(key)
    strength, depths, highest = key.strength.numpy(), key.depths.numpy(), key.highest_hz().numpy()
    rises = (key.nats > 0.0).any(2).numpy()
    opens, bends = (key.output > 0.0).tolist(), (key.depths > 0.0).tolist()
    tops, hold_s = key.top_hz().tolist(), key.hold_s.tolist()
    found = []
    for i in range(rows):
        switches = tuple(opens[i]), tuple(bends[i])
        halvings = 0 if quality == "draft" else wanted(tops[i], rate)
        if halvings:
            halvings = min(halvings, affordable(graph(above(strength[i], rises[i]), *switches)))
        left = strength[i] * held(highest[i], rate << halvings)
        # An operator that the rate cannot hold at all is no part of the graph.
        found_graph = graph(above(left, rises[i]), *switches)
        note = notes[i : i + 1].copy()
        settle(note[0], found_graph, left, depths[i], rate << halvings)
        found.append(_Note(note, chains[i : i + 1].copy(), hold_s[i], rooms[i], rate, halvings, widths[i]))
    return found


def above(strength: NDArray[np.float64], rises: NDArray[np.bool_]) -> tuple[bool, ...]:
    """Which operators are ever above their floor."""
    return tuple(((strength > 0.0) & rises).tolist())


def widths_of(key: FmNote, chains: NDArray[Any]) -> list[tuple[int, int, int]]:
    """On how many channels the operators of each row, what follows them and the room are."""
    if key.chain is None:
        return [(1, 1, 1)] * key.n_rows
    wide = is_wide(key.chain)
    stereo = key.chain.is_stereo().numpy()
    # The room alone would make both sides of one sound; noise is another one on each.
    flows = wide | (stereo & (chains["noise_level"] > 0.0))
    return [(1 + int(w), 1 + int(f), 1 + int(s)) for w, f, s in zip(wide, flows, stereo, strict=True)]


def _rooms(key: FmNote) -> list[tuple[float, float, float]]:
    """How loud the room of each row is, its decay in seconds, and its damping."""
    chain = key.chain
    if chain is None:
        return [(0.0, 1.0, 0.0)] * key.n_rows
    return list(zip(chain.reverb.tolist(), chain.reverb_s.tolist(), chain.reverb_damping.tolist(), strict=True))


def _filled(x: Any, rows: int) -> Any:
    """A setting for each row, for a whole number of times :data:`ROWS_AT_ONCE` rows: the first is repeated."""
    if not isinstance(x, Tensor) or x.ndim == 0 or x.shape[0] != rows:
        return x
    return torch.cat([x, x[:1].expand(-rows % ROWS_AT_ONCE, *x.shape[1:])])


@lru_cache(maxsize=4096)
def graph(alive: tuple[bool, ...], opens: tuple[bool, ...], bends: tuple[bool, ...]) -> Graph:
    """:func:`engine.synths.fm_graph.graph_from`, remembered."""
    return graph_from(alive, opens, bends)
