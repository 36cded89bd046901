"""Which frames belong to which symbol: the monotonic path of the highest likelihood, and a prior near the diagonal.

Kim et al., "Glow-TTS: monotonic alignment search", arXiv 2005.11129, algorithm 1; the beta-binomial prior that keeps
young alignments near the diagonal is of Badlani et al., "One TTS alignment to rule them all", arXiv 2108.10447.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.dsp.compiled import njit

Scores = NDArray[np.float32]
Counts = NDArray[np.int32]


@njit(cache=True, fastmath=False, nogil=True)
def _search(scores: Scores, counts: Counts) -> None:
    n_states, n_frames = scores.shape
    best = np.full(n_states, -np.inf, np.float32)
    came = np.zeros((n_frames, n_states), np.bool_)
    best[0] = scores[0, 0]
    for j in range(1, n_frames):
        top = min(j, n_states - 1)
        for i in range(top, 0, -1):
            moved = best[i - 1] >= best[i]
            came[j, i] = moved
            best[i] = (best[i - 1] if moved else best[i]) + scores[i, j]
        best[0] += scores[0, j]
    i = n_states - 1
    for j in range(n_frames - 1, -1, -1):
        counts[i] += 1
        if i > 0 and came[j, i]:
            i -= 1


def align(scores: Scores) -> Counts:
    """How many frames each state has on the best path through ``scores`` ``[states, frames]``: ``[states]``.

    Every state has one frame at least, in order, and the counts sum to the frames. Raises ``ValueError`` where there
    are fewer frames than states.
    """
    n_states, n_frames = scores.shape
    if n_states == 0 or n_frames < n_states:
        raise ValueError(f"{n_frames} frames are too few for {n_states} states.")
    counts: Counts = np.zeros(n_states, np.int32)
    _search(np.ascontiguousarray(scores, dtype=np.float32), counts)
    return counts


@lru_cache(maxsize=4096)
def diagonal_prior(n_states: int, n_frames: int, sharpness: float = 1.0) -> Scores:
    """The logarithm of how likely each frame is in each state where nothing is known: ``[states, frames]``.

    Frame ``j`` of ``n`` is beta-binomial over the states with ``a = s (j + 1)`` and ``b = s (n - j)``; with a greater
    ``sharpness`` ``s`` the band around the diagonal is narrower.
    """
    from scipy.special import betaln, gammaln

    k = np.arange(n_states, dtype=np.float64)[:, None]
    j = np.arange(n_frames, dtype=np.float64)[None, :]
    a, b, n = sharpness * (j + 1.0), sharpness * (n_frames - j), n_states - 1
    choose = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    found: Scores = (choose + betaln(k + a, n - k + b) - betaln(a, b)).astype(np.float32)
    found.setflags(write=False)
    return found
