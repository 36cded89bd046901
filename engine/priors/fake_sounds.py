"""The few sounds that the fake prior knows: what they are called, and what they sound like, as plain formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.mel import RATE_HZ

PITCHES = (0.75, 1.0, 1.33)
"""Each sound is known at three pitches."""

Draw = Callable[[Tensor, float, torch.Generator], Tensor]
"""Times ``[n]`` in s, a factor for all frequencies and randomness become samples ``[n]``."""


@dataclass(frozen=True)
class KnownSound:
    """``stems`` are how words begin that mean it."""

    stems: tuple[str, ...]
    draw: Draw


def _partials(hz: float, ratios: tuple[float, ...], decay_s: float, fall: float = 1.0) -> Draw:
    """Sines that die away, the higher the sooner."""

    def draw(t: Tensor, pitch: float, rng: torch.Generator) -> Tensor:
        total = torch.zeros_like(t)
        for ratio in ratios:
            total += ratio**-fall * torch.sin(math.tau * hz * pitch * ratio * t) * torch.exp(-t * ratio**0.5 / decay_s)
        return total

    return draw


def _sweep(from_hz: float, to_hz: float, sweep_s: float, decay_s: float) -> Draw:
    """A sine that glides to ``to_hz``."""

    def draw(t: Tensor, pitch: float, rng: torch.Generator) -> Tensor:
        glide = (from_hz - to_hz) * sweep_s * (1.0 - torch.exp(-t / sweep_s))
        return torch.sin(math.tau * pitch * (to_hz * t + glide)) * torch.exp(-t / decay_s)

    return draw


def _noise(decay_s: float, edges: int, tone_hz: float = 0.0) -> Draw:
    """Noise, brighter with each of the ``edges`` (differences) or duller with each negative one, and maybe a tone."""

    def draw(t: Tensor, pitch: float, rng: torch.Generator) -> Tensor:
        found = torch.randn(len(t), generator=rng)
        for _ in range(edges):
            found = torch.diff(found, prepend=found[:1])
        for _ in range(-edges):
            found = torch.nn.functional.avg_pool1d(found[None], 17, 1, 8)[0] * 4.0
        tone = torch.sin(math.tau * tone_hz * pitch * t) if tone_hz else 0.0
        return (0.5 * found + tone) * torch.exp(-t / (decay_s / pitch))

    return draw


def _swelling(hz: float) -> Draw:
    """A harmonic tone that comes slowly and stays."""

    def draw(t: Tensor, pitch: float, rng: torch.Generator) -> Tensor:
        tones = [torch.sin(math.tau * hz * pitch * k * t) / k for k in range(1, 9)]
        return torch.stack(tones).sum(0) * (1.0 - torch.exp(-t / 0.3))

    return draw


KNOWN: dict[str, KnownSound] = {
    "kick": KnownSound(("kick", "bass drum", "thud", "boom"), _sweep(160.0, 50.0, 0.03, 0.15)),
    "snare": KnownSound(("snare", "clap"), _noise(0.12, 1, 190.0)),
    "hat": KnownSound(("hat", "hi-hat", "cymbal", "shaker", "tick"), _noise(0.05, 2)),
    "bell": KnownSound(("bell", "chime", "gong"), _partials(440.0, (0.5, 1.0, 1.2, 2.0, 2.76, 5.4), 1.2, 0.6)),
    "metal": KnownSound(("metal", "pot", "pan", "clang", "anvil"), _partials(620.0, (1.0, 2.76, 5.4, 8.93), 0.35, 0.3)),
    "wood": KnownSound(("wood", "knock", "door", "tap", "marimba"), _partials(320.0, (1.0, 2.4, 4.1), 0.04)),
    "glass": KnownSound(("glass", "ice", "crystal"), _partials(2100.0, (1.0, 1.7, 2.6, 3.3), 0.2, 0.2)),
    "bass": KnownSound(("bass", "sub", "low"), _partials(55.0, tuple(float(k) for k in range(1, 13)), 1.5)),
    "tone": KnownSound(("beep", "tone", "flute", "whistle", "sine"), _sweep(880.0, 880.0, 1.0, 9.0)),
    "pad": KnownSound(("pad", "string", "organ", "choir", "drone"), _swelling(220.0)),
    "rain": KnownSound(("rain", "noise", "hiss", "wind", "sea", "water", "applause"), _noise(30.0, 0)),
    "rumble": KnownSound(("rumble", "thunder", "engine", "explosion"), _noise(1.5, -2)),
    "laser": KnownSound(("laser", "zap", "siren", "chirp", "bird"), _sweep(3200.0, 200.0, 0.12, 0.3)),
}


def meant_by(text: str) -> list[str]:
    """Which of :data:`KNOWN` a text speaks of; most often none or one.

    >>> meant_by("a dull wooden knock"), meant_by("a cow")
    (['wood'], [])
    """
    words = "".join(sign if sign.isalnum() or sign == "-" else " " for sign in text.lower()).split()
    spoken = " " + " ".join(words)
    return [name for name, sound in KNOWN.items() if any(f" {stem}" in spoken for stem in sound.stems)]


def draw_all(n_samples: int) -> Tensor:
    """Every known sound at every pitch: ``[len(KNOWN) * len(PITCHES), n_samples]`` at 24 kHz."""
    t = torch.arange(n_samples) / RATE_HZ
    rng = torch.Generator().manual_seed(1)
    return torch.stack([sound.draw(t, pitch, rng) for sound in KNOWN.values() for pitch in PITCHES])
