"""How finely a note is computed: at 1, 2, 4 or 8 times the sample rate, as its brightness asks and its loops allow."""

from __future__ import annotations

import math

import torch

from engine.dsp.filters import SHARP, WIDE, HalfBand
from engine.synths.fm_graph import graph_of
from engine.synths.fm_note import N_DIRECT, FmNote

MAX_HALVINGS = 3
"""The brightest sounds are computed at eight times the sample rate."""

LOOP_STEPS = 160
"""Operators (each as four) and routes in loops times oversampling: about 25 ms for every second of sound. A ring of
three operators is still computed at eight times the rate, a full matrix at twice."""

AUDIBLE_HZ = 20_000.0
"""Aliases are kept out of the band below this."""


def halvings_of(key: FmNote, sample_rate: int) -> list[int]:
    """How often the rate at which each row is computed is halved until it is ``sample_rate``."""
    # What lies at a frequency f above half the rate r comes back at r - f, and must stay out of what is heard.
    wanted = (key.top_hz() + min(AUDIBLE_HZ, SHARP.kept * sample_rate)) / sample_rate
    pairs = zip(wanted.tolist(), _affordable(key), strict=True)
    return [min(math.ceil(math.log2(max(w, 1.0))), most) for w, most in pairs]


def half_bands(halvings: int) -> list[HalfBand]:
    """The filters on the way down, the one at the highest rate first.

    Only the last one, down to the sample rate itself, has little room between what is kept and what folds.
    """
    return [SHARP if left == 1 else WIDE for left in range(halvings, 0, -1)]


def _affordable(key: FmNote) -> list[int]:
    """How often each row's rate may be doubled: less for many operators in loops, which go one frame at a time."""
    found = [MAX_HALVINGS] * key.n_rows
    with torch.no_grad():  # with gradients every route would count
        for row in (key.depths[:, N_DIRECT:] > 0.0).any(1).nonzero()[:, 0].tolist():
            groups = graph_of(key.rows(torch.tensor([row], device=key.hz.device))).groups
            steps = sum(len(group.edges) + 4 * len(group.operators) for group in groups if group.edges)
            found[row] = min(max(int(math.log2(LOOP_STEPS / max(steps, 1))), 0), MAX_HALVINGS)
    return found
