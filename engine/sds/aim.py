"""What a refinement aims at: one loss of what the prior wants to hear and of what it has drawn.

A state is rendered and encoded once; the prior looks at it several times (CARV, arXiv 2605.21489: what is costly is
done once, what varies is drawn often). Sounds are compared at one loudness, so gain is not what is learned.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.levelled import levelled_through
from engine.priors.base import Noising, Prior, Prompt
from engine.sds.decoders import audible, decoded, speaks_mel
from engine.sds.losses import (
    Spectrograms,
    encoder_loss,
    log_spectrogram_loss,
    mean_of,
    nearest,
    spectrogram_loss,
    waveform_loss,
)
from engine.sds.scene import SynthScene
from engine.sds.schedule import weight
from engine.sds.settings import SdsSettings


@dataclass(frozen=True, eq=False)
class Seen:
    """A state as the prior sees it, all with slopes: ``point`` ``[batch, n_units]`` became ``sounds``
    ``[batch, frames]``, those ``h``, of which ``heard`` is what counts."""

    point: Tensor
    sounds: Tensor
    h: Tensor
    heard: Tensor


class Aim:
    """What all states are compared with: what the prior last wanted, and what it has drawn."""

    def __init__(
        self,
        scene: SynthScene,
        prior: Prior,
        prompt: Prompt,
        settings: SdsSettings,
        rng: torch.Generator,
        wanted: Tensor | None,
    ) -> None:
        self._scene, self._prior, self._prompt = scene, prior, prompt
        self._settings, self._rng = settings, rng
        self._pictures = Spectrograms(settings.windows, even=settings.even_windows)
        self._samples = wanted if settings.fit > 0.0 else None
        self._mel = speaks_mel(prior) if settings.audible_db > 0.0 else None
        self._drawn: Tensor | None = None
        self._drawn_pictures: list[Tensor] = []
        self._target: list[Tensor] = []
        self._weight = 1.0
        self._n_heard = 0

    def look(self, unit: Tensor) -> Seen:
        """Render and encode, once for everything that follows."""
        with torch.enable_grad():
            point = unit.detach().clone().requires_grad_(True)
            sounds = self._scene.sounds(point)
            if self._settings.levelled:
                sounds = levelled_through(sounds, self._scene.sample_rate)
            h = self._prior.embed(sounds[:, None])
            return Seen(point, sounds, h, self._heard(h))

    def ask(self, seen: Seen, share: float) -> Generator[float, None, None]:
        """What the prior wants of a state when ``share`` of the run is over; yields what share of the passes is made.

        Each draw is one level for all rows and noise of its own for each. In the encoder the mean of the losses of all
        draws, each with its weight, is the mean weight times the loss towards the weighted mean of their targets (and
        what does not depend on the sound).
        """
        settings = self._settings
        # Nets work in fp32, whatever the patches are in.
        h = torch.nan_to_num(seen.h.detach()).float()
        levels = settings.schedule.levels(share, settings.draws, self._rng)
        alphas, sigmas = self._prior.mixture(torch.tensor(levels, dtype=torch.float64))
        weights = [weight(a, s, settings.weighing) for a, s in zip(alphas.tolist(), sigmas.tolist(), strict=True)]
        found: list[Tensor] = []
        for i, level in enumerate(levels):
            passes = self._prior.target(h, self._prompt, self._rng, Noising(level, level, settings.steps_back))
            while True:
                try:
                    done = next(passes)
                except StopIteration as stop:
                    found.append(self._bounded(stop.value).to(seen.h))
                    break
                yield (i + done) / len(levels)
        if settings.place == "encoder":
            with torch.no_grad():
                self._target = [mean_of([self._heard(one) for one in found], weights)]
            self._weight = sum(weights) / len(weights)
            return
        heard = [decoded(self._prior, one, seen.sounds.detach()) for one in found]
        self._n_heard = heard[0].shape[1]
        if settings.emphasis == "l2":
            self._target = [mean_of(heard)]
        else:
            pictures = [self._pictures(one) for one in heard]
            self._target = [mean_of(same) for same in zip(*pictures, strict=True)]

    def slope(self, seen: Seen) -> tuple[Tensor, Tensor]:
        """The loss of each row ``[batch]`` and its gradient ``[batch, n_units]``; where it is not finite it says so."""
        with torch.enable_grad():
            loss = self._loss(seen)
            good = torch.isfinite(loss.detach())
            (gradient,) = torch.autograd.grad(torch.where(good, loss, torch.zeros_like(loss)).sum(), seen.point)
        bad = ~good[:, None]
        return loss.detach(), torch.where(bad, torch.full_like(gradient, torch.nan), gradient)

    def _heard(self, h: Tensor) -> Tensor:
        return h if self._mel is None else audible(self._mel.frames(h), self._settings.audible_db)

    def _bounded(self, target: Tensor) -> Tensor:
        most = self._settings.most
        return target.clamp(-most, most) if most > 0.0 else target

    def _loss(self, seen: Seen) -> Tensor:
        settings = self._settings
        total = seen.h.new_zeros(seen.h.shape[0])
        if settings.sds > 0.0:
            total = total + settings.sds * self._distilled(seen)
        if settings.fit > 0.0:
            total = total + settings.fit * self._fitted(seen)
        return total

    def _distilled(self, seen: Seen) -> Tensor:
        settings, target = self._settings, self._target
        if settings.place == "encoder":
            return encoder_loss(seen.heard, target[0], self._weight)
        sounds = seen.sounds[:, : self._n_heard]
        if settings.emphasis == "l2":
            return waveform_loss(sounds, target[0]) / _energy(target)
        if settings.emphasis == "log spectrogram":
            return log_spectrogram_loss(self._pictures(sounds), target) / len(target)
        return spectrogram_loss(self._pictures(sounds), target) / _energy(target)

    def _fitted(self, seen: Seen) -> Tensor:
        if self._drawn is None:
            self._drawn = self._as_long(seen)
        with torch.no_grad():
            drawn = self._heard(self._drawn)
        which = nearest(seen.heard, drawn)
        loss = encoder_loss(seen.heard, drawn[which])
        if not self._settings.fit_pictures:
            return loss
        if not self._drawn_pictures:
            with torch.no_grad():
                self._drawn_pictures = self._pictures(self._prior.hear(self._drawn).mean(1))
        there = [picture[which] for picture in self._drawn_pictures]
        n_frames = [picture.shape[1] for picture in there]
        here = [p[:, :n] for p, n in zip(self._pictures(seen.sounds), n_frames, strict=True)]
        there = [t[:, : h.shape[1]] for t, h in zip(there, here, strict=True)]
        return loss + log_spectrogram_loss(here, there) / len(there)

    def _as_long(self, seen: Seen) -> Tensor:
        """What the prior has drawn, as long as the sounds: cut, or followed by silence."""
        assert self._samples is not None
        drawn = self._samples.detach().to(seen.h)
        with torch.no_grad():
            silence = self._prior.embed(torch.zeros_like(seen.sounds[:1, None]))
        for axis in range(1, drawn.ndim):
            n, most = drawn.shape[axis], seen.h.shape[axis]
            if n < most:
                after = silence.narrow(axis, n, most - n)
                drawn = torch.cat([drawn, after.expand(drawn.shape[0], *after.shape[1:])], axis)
            drawn = drawn.narrow(axis, 0, most)
        return drawn


def _energy(target: list[Tensor]) -> Tensor:
    """What a loss is counted in where sounds are compared: that of silence, ``[batch]``."""
    return torch.stack([0.5 * part.square().flatten(1).mean(1) for part in target]).sum(0).clamp(min=1e-8)
