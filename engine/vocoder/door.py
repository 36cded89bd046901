"""The one way from log-mel frames to sound: by our own net where there is one, and otherwise without any."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from engine.dsp.mel import HOP, LOG_FLOOR
from engine.vocoder.griffin_lim import griffin_lim
from engine.vocoder.net import KIND
from engine.vocoder.own import Vocoder
from engine.weights import shelf

_LEAST_FRAMES = 8


def sound_of_frames(frames: Tensor, seed: int = 0) -> Tensor:
    """Log-mel frames ``[batch, n, bands]`` as sound ``[batch, (n - 1) * HOP]``, the same for the same ``seed``.

    Raises :class:`WeightError` when there is a net and it is damaged.
    """
    n = frames.shape[1]
    if n < _LEAST_FRAMES:
        frames = torch.nn.functional.pad(frames, (0, 0, 0, _LEAST_FRAMES - n), value=LOG_FLOOR)
    net = own_vocoder()
    if net is not None:
        sound = net.sound(frames, seed)
    else:
        sound = griffin_lim(frames, torch.Generator().manual_seed(seed))
    return sound[:, : (n - 1) * HOP]


def own_vocoder() -> Vocoder | None:
    """Our own net, ``None`` where there is none; raises :class:`WeightError` when it is damaged."""
    if not shelf.is_there(KIND):
        return None
    path = shelf.shipped(KIND)
    state = path.stat()
    return _loaded(path, (state.st_size, state.st_mtime_ns))


def what_sounds() -> str:
    """By what frames become sound here, in a few words: for tables and cards."""
    if not shelf.is_there(KIND):
        return "Griffin-Lim"
    card = shelf.card(KIND)
    return f"our own vocoder ({card.get('step', 0)} steps, {card.get('minutes', 0):.0f} min on {card.get('device')})"


@lru_cache(maxsize=1)
def _loaded(path: Path, _state: tuple[int, int]) -> Vocoder:
    return Vocoder.load(path)
