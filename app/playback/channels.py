"""From any number of channels to the two that a pair of loudspeakers has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.values import Samples

Frames = NDArray[np.float32]
"""``[frames, 2]`` float32: left and right side by side, the order in which a device wants them."""

_HALF_POWER = 0.70710678
_BOTH = (_HALF_POWER, _HALF_POWER)
_LEFT, _RIGHT = (1.0, 0.0), (0.0, 1.0)
_AT_LEFT, _AT_RIGHT = (_HALF_POWER, 0.0), (0.0, _HALF_POWER)

# What each channel gives to (left, right), in the channel order of WAVE files (left, right, centre, LFE, back or
# surround pairs). The weights are those of ITU-R BS.775: centre and surrounds at -3 dB. It leaves the LFE out; here it
# counts as a centre, because the file may as well hold six or eight tracks, and none of them may be lost to the ear.
_FOLDS: dict[int, tuple[tuple[float, float], ...]] = {
    3: (_LEFT, _RIGHT, _BOTH),
    4: (_LEFT, _RIGHT, _AT_LEFT, _AT_RIGHT),
    5: (_LEFT, _RIGHT, _BOTH, _AT_LEFT, _AT_RIGHT),
    6: (_LEFT, _RIGHT, _BOTH, _BOTH, _AT_LEFT, _AT_RIGHT),
    7: (_LEFT, _RIGHT, _BOTH, _BOTH, (0.5, 0.5), _AT_LEFT, _AT_RIGHT),
    8: (_LEFT, _RIGHT, _BOTH, _BOTH, _AT_LEFT, _AT_RIGHT, _AT_LEFT, _AT_RIGHT),
}


def fold_matrix(channels: int) -> NDArray[np.float32]:
    """``[channels, 2]``: the share of each channel in left and right.

    Of three channels and more each side is scaled so that full scale everywhere still fits into full scale. Layouts
    nobody has named (nine channels and more) alternate between left and right.
    """
    if channels == 1:
        return np.ones((1, 2), np.float32)
    if channels == 2:
        return np.eye(2, dtype=np.float32)
    rows = _FOLDS.get(channels) or tuple(_LEFT if i % 2 == 0 else _RIGHT for i in range(channels))
    matrix = np.array(rows, np.float32)
    return np.asarray(matrix / matrix.sum(axis=0), np.float32)


def to_stereo(samples: Samples) -> Frames:
    """``[channels, n]`` to a fresh contiguous ``[n, 2]``: mono on both sides, more than two folded down."""
    channels, n = samples.shape
    if channels > 2:
        return np.ascontiguousarray(samples.T @ fold_matrix(channels), np.float32)
    frames = np.empty((n, 2), np.float32)
    frames[:, 0] = samples[0]
    frames[:, 1] = samples[-1]
    return frames
