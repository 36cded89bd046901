"""What sounds are compared by while patches are searched for: a coarse picture in dB that tolerates small differences.

Log-mel frames of a levelled sound begin with its onset. Their bands go in pairs, their time in slots that are short at
the attack and ever longer after it, so that what matters to a tenth of a millisecond there may be a tenth of a second
off later. Two pictures are compared cell by cell and, for what lies a little higher or lower, by groups of bands; loud
cells weigh more, and slots in which neither sounds do not count.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.dsp.levelled import levelled
from engine.dsp.mel import N_BANDS, RATE_HZ, log_mel

EDGES = (0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 26, 34, 44, 58, 76, 100, 130, 150, 188, 235, 290, 376)
"""Frames at which the slots begin; the last one ends."""
N_SLOTS = len(EDGES) - 1
BANK_SLOTS = EDGES.index(150)
"""So many are kept of every patch of the bank: 1.6 s."""
N_PAIRS = N_BANDS // 2
_GROUP = 5
_RANGE_DB = 60.0
_ONSET_DB = -30.0
_STEPS_PER_DB = 4.0
_HEARD_DB = 6.0
_CHUNK = 512


def prints_of(sounds: Tensor, n_slots: int = N_SLOTS) -> Tensor:
    """Of ``sounds`` ``[batch, n]`` at :data:`RATE_HZ`: see :func:`prints_of_frames`."""
    with torch.no_grad():
        return prints_of_frames(log_mel(levelled(sounds, RATE_HZ)), n_slots)


def prints_of_frames(frames: Tensor, n_slots: int = N_SLOTS) -> Tensor:
    """Of log-mel ``frames`` ``[batch, n, bands]``: ``[batch, n_slots, pairs]``, uint8, in quarters of a dB above
    60 dB below the loudest cell."""
    with torch.no_grad():
        power = (2.0 * frames).exp().reshape(*frames.shape[:2], N_PAIRS, 2).mean(3)
        level = power.sum(2)
        heard = level > level.amax(1, keepdim=True) * 10.0 ** (_ONSET_DB / 10.0)
        onset = heard.to(torch.uint8).argmax(1)
        n = EDGES[n_slots]
        power = torch.nn.functional.pad(power, (0, 0, 0, n))
        at = (onset[:, None] + torch.arange(n, device=frames.device)).clamp(max=power.shape[1] - 1)
        power = power.gather(1, at[..., None].expand(-1, -1, N_PAIRS))
        total = torch.nn.functional.pad(power.cumsum(1, dtype=torch.float64), (0, 0, 1, 0))
        edges = torch.tensor(EDGES[: n_slots + 1], device=frames.device)
        slots = (total[:, edges[1:]] - total[:, edges[:-1]]) / (edges[1:] - edges[:-1])[None, :, None]
        db = 10.0 * slots.clamp(min=1e-12).log10()
        above = (db - db.amax((1, 2), keepdim=True) + _RANGE_DB).clamp(min=0.0)
        return (above * _STEPS_PER_DB).round().to(torch.uint8)


def distances_db(prints: Tensor, wanted: Tensor) -> Tensor:
    """How far each of ``prints`` ``[n, slots, pairs]`` is from each of ``wanted`` ``[m, slots, pairs]``, in dB:
    ``[n, m]``. Slots that only one of the two has are left out."""
    n_slots = min(prints.shape[1], wanted.shape[1])
    edges = torch.tensor(EDGES[: n_slots + 1], dtype=torch.float32)
    width = (edges[1:] - edges[:-1]).sqrt()
    targets = wanted[:, :n_slots].float() / _STEPS_PER_DB
    parts = []
    for first in range(0, prints.shape[0], _CHUNK):
        own = prints[first : first + _CHUNK, :n_slots].float() / _STEPS_PER_DB
        parts.append(torch.stack([_far(own, target, width) for target in targets], 1))
    return torch.cat(parts) if parts else torch.zeros(0, wanted.shape[0])


def _far(own: Tensor, target: Tensor, width: Tensor) -> Tensor:
    """``own`` ``[n, slots, pairs]`` against ``target`` ``[slots, pairs]``: ``[n]``."""
    louder = torch.maximum(own, target)
    alive = (louder.amax(2) > _HEARD_DB) * width
    weight = (0.15 + louder / _RANGE_DB) * alive[..., None]
    fine = ((own - target).abs() * weight).sum((1, 2)) / weight.sum((1, 2)).clamp(min=1e-9)
    groups = (own.shape[0], own.shape[1], N_PAIRS // _GROUP, _GROUP)
    difference = (own.reshape(groups).mean(3) - target.reshape(groups[1:]).mean(2)).abs()
    heavy = weight.reshape(groups).mean(3)
    coarse = (difference * heavy).sum((1, 2)) / heavy.sum((1, 2)).clamp(min=1e-9)
    return 0.5 * (fine + coarse)


def nearest_db(far: Tensor) -> Tensor:
    """Of distances ``[n, m]`` to several sounds that all would do: ``[n]``, the mean of the two smallest."""
    best = far.topk(min(2, far.shape[1]), dim=1, largest=False).values
    return best.mean(1)
