"""What a search has in hand: patches with the note that plays them, how they sound and what that is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import RATE_HZ, log_mel
from engine.params.note import HOLD
from engine.sds.bank import render
from engine.sds.bounds import Units
from engine.sds.prints import N_PAIRS, N_SLOTS, distances_db, nearest_db, prints_of_frames

LOWEST_KEY, HIGHEST_KEY = 24, 108
_SILENT = 1e-4
MOST_PEAK = 0.7
"""Of a patch that is offered: the hardest key has room above it."""
FAR_DB = 99.0
"""How far silence is from everything."""


@dataclass(eq=False)
class Contender:
    """A patch at ``unit`` ``[n_units]``, played at ``note`` for ``hold_s``; ``origin`` says which start it comes from.

    ``frames`` ``[n, bands]`` is how it sounds, ``far_db`` how far that is from what the prior drew, and ``score`` what
    the listener makes of it, once it was asked.
    """

    unit: Units
    note: int
    hold_s: float
    seed: int
    origin: int
    stage: str
    far_db: float = FAR_DB
    score: float | None = None
    frames: Tensor | None = None
    prints: Tensor | None = None
    """``[slots, pairs]``: what it is compared by."""
    sound: Tensor | None = None
    """As it is offered, levelled, once it was rendered so."""
    gain_db: float = 0.0
    """What brings the patch itself to that level, as far as its peak leaves room."""


def no_print() -> Tensor:
    """What everything is as far from, where nothing is wanted yet."""
    return torch.zeros(1, N_SLOTS, N_PAIRS, dtype=torch.uint8)


def clamped_key(note: int) -> int:
    return min(max(note, LOWEST_KEY), HIGHEST_KEY)


@dataclass(frozen=True, eq=False)
class Stage:
    """Where contenders are played: ``synth``, for ``length_s``, against ``wanted`` prints ``[m, slots, pairs]``."""

    synth: str
    length_s: float
    wanted: Tensor

    def hear(self, batch: Sequence[Contender], *, full: bool = False) -> Sequence[Contender]:
        """Play ``batch`` and set how each sounds and how far it is; with ``full`` as it will be offered."""
        sounds = play(self.synth, batch, self.length_s, full=full)
        with torch.no_grad():
            level = levelled(sounds, RATE_HZ)
            frames = log_mel(level)
        prints = prints_of_frames(frames)
        far = nearest_db(distances_db(prints, self.wanted)).tolist()
        silent = (sounds.abs().amax(1) < _SILENT).tolist()
        for row, one in enumerate(batch):
            one.far_db = FAR_DB if silent[row] else far[row]
            one.frames, one.prints = frames[row], prints[row]
            if silent[row]:
                one.score = -1.0
            if full and not silent[row]:
                gain = min(float(level[row].abs().max()), MOST_PEAK) / float(sounds[row].abs().max())
                one.sound, one.gain_db = level[row], 20.0 * math.log10(gain)
            elif full:
                one.sound = level[row]
        return batch


def play(synth: str, batch: Sequence[Contender], length_s: float, *, full: bool = False) -> Tensor:
    """``batch`` as mono sounds ``[batch, n]``, each with the noise of its own seed."""
    units = torch.tensor(np.array([one.unit for one in batch]), dtype=torch.float32)
    notes = torch.tensor([float(one.note) for one in batch])
    holds_s = torch.tensor([HOLD.clamp(one.hold_s) for one in batch])
    seeds = sorted({one.seed for one in batch})
    if len(seeds) == 1:
        return render(synth, units, notes, holds_s, length_s, seeds[0], full=full)
    found: list[Tensor] = [torch.empty(0)] * len(batch)
    for seed in seeds:
        rows = [row for row, one in enumerate(batch) if one.seed == seed]
        for row, sound in zip(
            rows, render(synth, units[rows], notes[rows], holds_s[rows], length_s, seed, full=full), strict=True
        ):
            found[row] = sound
    return torch.stack(found)
