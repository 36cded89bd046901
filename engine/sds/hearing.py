"""What a prior says: to be compared, as sound and as frames at one rate and level; to be heard, as it is."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.audio import Audio, resample
from engine.dsp.levelled import levelled, levelling_gain
from engine.dsp.mel import RATE_HZ, log_mel
from engine.priors.base import Prior


def sounds_of(prior: Prior, z: Tensor) -> Tensor:
    """``z`` as levelled mono sounds ``[batch, n]`` at :data:`RATE_HZ`."""
    with torch.no_grad():
        mono = prior.hear(z).mean(1).float().cpu()
        if prior.sample_rate != RATE_HZ:
            mono = torch.tensor(resample(Audio(mono.numpy(), prior.sample_rate), RATE_HZ).samples)
        return levelled(mono, RATE_HZ)


def heard(prior: Prior, z: Tensor, seconds: float) -> Audio:
    """The first of ``z`` as people hear it: at the prior's own rate and with its own channels, brought to the level
    together so that the places of sounds between them stay."""
    with torch.no_grad():
        sound = prior.hear(z[:1])[0].float().cpu()[:, : round(seconds * prior.sample_rate)]
        sound = sound * levelling_gain(sound, prior.sample_rate).amin(0, keepdim=True)
    return Audio(sound.numpy(), prior.sample_rate)


def frames_of(prior: Prior, z: Tensor) -> Tensor:
    """``z`` as log-mel frames ``[batch, n, bands]`` of levelled sounds."""
    own = getattr(prior, "frames", None)
    with torch.no_grad():
        # Our own prior speaks in frames; to make them heard and look again would only blur them.
        return log_mel(sounds_of(prior, z)) if own is None else own(z).float().cpu()
