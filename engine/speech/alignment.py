"""Which frames belong to which symbol: the monotonic path of the highest likelihood, and a prior near the diagonal.

Kim et al., "Glow-TTS: monotonic alignment search", arXiv 2005.11129, algorithm 1; the beta-binomial prior that keeps
young alignments near the diagonal is of Badlani et al., "One TTS alignment to rule them all", arXiv 2108.10447.
"""

from __future__ import annotations

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


def diagonal_prior(n_states: int, n_frames: int) -> Scores:
    """The logarithm of how likely each frame is in each state where nothing is known: ``[states, frames]``.

    Frame ``j`` of ``n`` is beta-binomial over the states, with ``a = j + 1`` and ``b = n - j``.
    """
    k = np.arange(n_states)[:, None]
    j = np.arange(n_frames)[None, :]
    a, b, n = j + 1, n_frames - j, n_states - 1
    # The logarithms of the factorials of all that comes up: gamma(m) is table[m - 1].
    table = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n_states + n_frames + 2)))])
    choose = table[n] - table[k] - table[n - k]
    within = table[k + a - 1] + table[n - k + b - 1] - table[n + n_frames]
    whole = table[a - 1] + table[b - 1] - table[n_frames]
    found: Scores = (choose + within - whole).astype(np.float32)
    return found
