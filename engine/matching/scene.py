"""The target as a scene in which candidates are rendered and compared, many at once, with or without gradients."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.dsp.distance import FLOOR_DB, WINDOWS, SpectralTarget
from engine.matching.target import Target
from engine.params.note import VELOCITY
from engine.synths.base import Quality, Synth

_LOWEST_RATE = 8000
_LOST_SHARE = 0.004
"""A lower rate serves when this share of the target's picture (squared height above the floor) may be lost."""


@dataclass(frozen=True)
class Scene:
    """Candidates played as the target asks: at its key, held as long, for ``duration_s`` at ``sample_rate``."""

    synth: Synth
    note: float
    hold_s: float
    duration_s: float
    sample_rate: int
    spectra: SpectralTarget
    quality: Quality = "draft"
    share: float = 1.0
    """What a distance at this rate is at the target's own, where above nothing differs."""

    def sounds(self, units: Tensor, velocity: float = VELOCITY.default) -> Tensor:
        """``[batch, n_units]`` as they sound, ``[batch, channels, frames]``."""
        return self.synth.render(
            units,
            note=self.note,
            velocity=velocity,
            hold_s=self.hold_s,
            duration_s=self.duration_s,
            sample_rate=self.sample_rate,
            quality=self.quality,
        )

    def render(self, units: Tensor) -> Tensor:
        """``[batch, n_units]`` as mono sounds ``[batch, frames]``."""
        return self.mono(self.sounds(units))

    def mono(self, sounds: Tensor) -> Tensor:
        """``[batch, channels, frames]`` as what is compared, ``[batch, frames]``."""
        mono = sounds[:, 0] if sounds.shape[1] == 1 else sounds.mean(1)
        return mono[:, : self.spectra.n_frames]

    def distances_db(self, units: Tensor) -> Tensor:
        """The distance of each candidate from the target, ``[batch]``; infinite where its sound is not finite."""
        with torch.no_grad():
            found = self.spectra.distances_db(self.render(units)) * self.share
        return torch.where(found.isfinite(), found, torch.inf)

    def losses_db(self, units: Tensor) -> Tensor:
        """The same with a slope everywhere, ``[batch]``."""
        return self.spectra.losses_db(self.render(units)) * self.share


def scene_of(
    synth: Synth,
    target: Target,
    *,
    at_most_s: float | None = None,
    full: bool = False,
    lost_share: float = _LOST_SHARE,
) -> Scene:
    """The scene of ``target``, of its first ``at_most_s``.

    Drafts are made at the lowest rate (whole, half, quarter ...) that still shows the target, and half the frames tell
    them apart; ``full`` means as the sound will be heard in the end.
    """
    halvings = 0 if full else affordable_halvings(target, lost_share)
    rate = target.sample_rate >> halvings
    sizes = [max(size >> halvings, 32) for size in WINDOWS]
    samples = target.at(rate)
    if at_most_s is not None:
        samples = samples[: round(at_most_s * rate)]
    if len(samples) < sizes[-1]:
        samples = np.pad(samples, (0, sizes[-1] - len(samples)))
    reference = torch.as_tensor(np.ascontiguousarray(samples), dtype=torch.float32)
    spectra = SpectralTarget(reference, sizes, 4 if full else 2)
    return Scene(
        synth,
        target.note,
        target.hold_s,
        (len(samples) + 0.5) / rate,
        rate,
        spectra,
        "default" if full else "draft",
        math.sqrt(rate / target.sample_rate),
    )


def affordable_halvings(target: Target, lost_share: float = _LOST_SHARE) -> int:
    """How often the sample rate may be halved for drafts."""
    samples = target.samples
    size = min(2048, 1 << int(np.log2(len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    height = 10.0 * np.log10(np.maximum(power / max(power.max(), 1e-30), 1e-30)) - FLOOR_DB
    picture = np.square(np.maximum(height, 0.0)).sum(0)
    lost = 1.0 - np.cumsum(picture) / max(picture.sum(), 1e-30)
    halvings = 0
    while halvings < 3 and target.sample_rate >> (halvings + 1) >= _LOWEST_RATE and target.sample_rate % 2 == 0:
        top = int(0.48 * (size >> (halvings + 1)))
        if lost[top] > lost_share or (target.sample_rate >> halvings) % 2:
            break
        halvings += 1
    return halvings
