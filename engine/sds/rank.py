"""Which of all states that were seen are offered: what the listener makes of them, and how far they are from what the
prior drew.

The listener was trained apart from the prior and is never descended on. It knows what words mean but is fooled by odd
sounds; the distance knows what the prior drew but not whether that was any good.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from engine.dsp.mel import LOG_FLOOR, MOST_FRAMES
from engine.priors.listener import Listener
from engine.sds.playing import FAR_DB, Contender
from engine.sds.prints import distances_db
from engine.sds.result import N_CANDIDATES

WORTH_PER_DB = 0.01
"""What a decibel nearer to the prior's samples is worth, in points of the listener's score.

Among 298 recordings that neither net learned from and 768 patches of the banks, one of a caption's class came among the
first five most often with 0.006 to 0.01 (78 %; 75 % with the score alone, 61 % with 0.05, 25 % with distance alone).
The 36 captions were of classes that no prompt of the benchmark has.
"""
APART_DB = 2.0
"""Sounds that are nearer to each other are one choice to a person."""
_ALIKE = 2
"""So many of those that are offered may come from one start."""
_BATCH = 16


class Ranker:
    """Scores sounds against the words, and against what they should not be."""

    def __init__(self, listener: Listener, prompt: str, negative: str = "") -> None:
        self._listener, self._prompt, self._negative = listener, prompt, negative

    def scores(self, frames: Sequence[Tensor]) -> list[float]:
        """Of log-mel frames ``[n, bands]`` each, -1 to 1."""
        found: list[float] = []
        for first in range(0, len(frames), _BATCH):
            part = torch.stack([_padded(one) for one in frames[first : first + _BATCH]])
            score = self._listener.score_frames(part, self._prompt)
            if self._negative.strip():
                unwanted = self._listener.score_frames(part, self._negative)
                score = score - 0.5 * unwanted.clamp(min=0.0)
            found += score.clamp(-1.0, 1.0).tolist()
        return found

    def ask(self, batch: Sequence[Contender]) -> Sequence[Contender]:
        """Set the scores of those that have none."""
        new = [one for one in batch if one.score is None and one.frames is not None]
        frames = [one.frames for one in new if one.frames is not None]
        for one, score in zip(new, self.scores(frames), strict=True):
            one.score = score
        return batch


def worth(one: Contender) -> float:
    """What a contender is worth; those that were not asked about come last."""
    return (-2.0 if one.score is None else one.score) - WORTH_PER_DB * min(one.far_db, FAR_DB)


def fit(one: Contender) -> float:
    """What people are told of it, -1 to 1: what it is worth, so that the order is that of what is told. 0 for those
    that were not asked about."""
    return 0.0 if one.score is None else max(worth(one), -1.0)


def offered(found: Sequence[Contender], most: int = N_CANDIDATES, apart_db: float = 0.0) -> list[Contender]:
    """The best of all that have a score, best first, no more than two of one start and none twice; each at least
    ``apart_db`` from those before it, so that there is something to choose from."""
    count: dict[int, int] = {}
    best: list[Contender] = []
    for one in sorted((one for one in found if one.score is not None), key=worth, reverse=True):
        if count.get(one.origin, 0) < _ALIKE and not any(_same(one, other, apart_db) for other in best):
            count[one.origin] = count.get(one.origin, 0) + 1
            best.append(one)
            if len(best) == most:
                break
    return best


def _same(one: Contender, other: Contender, apart_db: float) -> bool:
    if one.note == other.note and one.hold_s == other.hold_s and bool((one.unit == other.unit).all()):
        return True
    if apart_db <= 0.0 or one.prints is None or other.prints is None:
        return False
    return bool(distances_db(one.prints[None], other.prints[None])[0, 0] < apart_db)


def _padded(frames: Tensor) -> Tensor:
    frames = frames[:MOST_FRAMES]
    short = MOST_FRAMES - frames.shape[0]
    return torch.nn.functional.pad(frames, (0, 0, 0, short), value=LOG_FLOOR) if short else frames
