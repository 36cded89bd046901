"""How finely a note is computed: at 1, 2, 4 or 8 times the sample rate, as its brightness asks and its loops allow."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dsp.filters import SHARP, WIDE, HalfBand
from engine.dsp.oscillators import below_nyquist
from engine.synths.fm_graph import Graph, graph_of
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
    found = [MAX_HALVINGS] * key.n_rows
    with torch.no_grad():  # with gradients every route would count
        for row in (key.depths[:, N_DIRECT:] > 0.0).any(1).nonzero()[:, 0].tolist():
            found[row] = affordable(graph_of(key.rows(torch.tensor([row], device=key.hz.device))))
    tops = key.top_hz().tolist()
    return [min(wanted(top, sample_rate), most) for top, most in zip(tops, found, strict=True)]


def wanted(top_hz: float, sample_rate: int) -> int:
    """How often the rate has to be doubled for a sound that reaches up to ``top_hz``.

    What lies at a frequency f above half the rate r comes back at r - f, and must stay out of what is heard.
    """
    times = (top_hz + min(AUDIBLE_HZ, SHARP.kept * sample_rate)) / sample_rate
    return math.ceil(math.log2(max(times, 1.0)))


def held(highest_hz: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """:func:`engine.dsp.oscillators.below_nyquist` of operators that reach ``highest_hz`` at ``rate``."""
    return below_nyquist(torch.from_numpy(highest_hz / rate)).numpy()


def affordable(graph: Graph) -> int:
    """How often the rate may be doubled: less for many operators in loops, which go one frame at a time."""
    steps = sum(len(group.edges) + 4 * len(group.operators) for group in graph.groups if group.edges)
    return min(max(int(math.log2(LOOP_STEPS / max(steps, 1))), 0), MAX_HALVINGS)


def half_bands(halvings: int) -> list[HalfBand]:
    """The filters on the way down, the one at the highest rate first.

    Only the last one, down to the sample rate itself, has little room between what is kept and what folds.
    """
    return [SHARP if left == 1 else WIDE for left in range(halvings, 0, -1)]
