"""The impact instrument: an object of many damped modes that is struck, in a room.

    sound = room * (object * force),     object(t) = sum over n of a_n exp(-d_n t) sin(2 pi f_n t)

where ``*`` convolves (the object and the reverb impulse of Richter-Powell, Torralba and Lorraine, Score Distillation
Sampling for Audio, 2025, with a contact that lasts and a macro level above the modes). The modes come from the physics
of a shape and a material (:mod:`engine.synths.impact_shapes`) and are moved by their residuals; the force is a Hertzian
push with the noise of a rough contact (:mod:`engine.synths.impact_force`); the room is noise in bands
(:mod:`engine.synths.impact_room`). All chance is decided by the seed: the same seed gives the same samples.

A note is computed in stretches, each going on where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.dsp.convolve import Convolver
from engine.dsp.oscillators import below_nyquist
from engine.dsp.resonators import ring
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE
from engine.params.space import Values
from engine.rates import DEFAULT_RATE_HZ
from engine.synths.base import LiveVoice, Number, Quality, frames_of
from engine.synths.ending import faded_at_end
from engine.synths.impact_note import ImpactDecoder, ImpactNote
from engine.synths.impact_room import ClosedRoom
from engine.synths.live_voice import Key, struck_alone

if TYPE_CHECKING:
    from engine.synths.impact_live_patch import ImpactLivePatch

CHANNELS = 2
_STRETCH_FRAMES = 1 << 17
"""Computed at once without gradients: a sound of 2.7 s at 48 kHz is one stretch."""
_MOST_ROWS = 16
"""Of a batch, computed at once without gradients on a CPU."""


class ImpactSynth:
    """The impact instrument of :data:`engine.params.impact.IMPACT_SPACE`, always in stereo. ``rng`` decides the noise
    of contact and room. Draft and default quality are one: modes cannot fold back."""

    space = IMPACT_SPACE

    def __init__(self) -> None:
        self._decode = ImpactDecoder()

    def render(
        self,
        unit: Tensor,
        *,
        note: Number,
        velocity: Number,
        hold_s: Number,
        duration_s: float,
        sample_rate: int,
        rng: torch.Generator | None = None,
        strike: int = 0,
        quality: Quality = "default",
    ) -> Tensor:
        """See :meth:`engine.synths.base.Synth.render`; gives ``[batch, 2, frames]``."""
        key = self._decode(unit, note, velocity, hold_s, rng, strike)
        n_frames = frames_of(duration_s, sample_rate)
        if n_frames == 0:
            return unit.new_zeros(unit.shape[0], CHANNELS, 0)
        if key.wants_grad:
            sound = Strike(key, n_frames, sample_rate, unit).take(n_frames)
            return faded_at_end(sound, 0, n_frames, sample_rate)
        with torch.no_grad():
            rows = max(unit.shape[0], 1)
            step = rows if unit.is_cuda else _MOST_ROWS
            parts = [
                torch.cat(list(_blocks(key.rows(slice(i, i + step)), n_frames, sample_rate, unit, n_frames)), 2)
                for i in range(0, rows, step)
            ]
            return torch.cat(parts)

    def render_blocks(
        self,
        unit: Tensor,
        *,
        note: Number,
        velocity: Number,
        hold_s: Number,
        duration_s: float,
        sample_rate: int,
        rng: torch.Generator | None = None,
        strike: int = 0,
        quality: Quality = "default",
        block_frames: int = 48_000,
    ) -> Iterator[Tensor]:
        """See :meth:`engine.synths.base.Synth.render_blocks`; yields ``[batch, 2, n]``."""
        with torch.no_grad():
            key = self._decode(unit.detach(), note, velocity, hold_s, rng, strike)
        return _blocks(key, frames_of(duration_s, sample_rate), sample_rate, unit.detach(), block_frames)

    def live(
        self, values: Values, *, note: float, velocity: float, seed: int = 0, sample_rate: int = DEFAULT_RATE_HZ
    ) -> LiveVoice:
        """See :meth:`engine.synths.base.Synth.live`."""
        patch = self.live_patch(Patch(self.space.name, values, seed), sample_rate)
        return struck_alone(patch, Key(note, velocity))

    def live_patch(self, patch: Patch, sample_rate: int) -> ImpactLivePatch:
        """See :meth:`engine.synths.base.Synth.live_patch`."""
        # Only who plays live compiles its kernels.
        from engine.synths.impact_live_patch import ImpactLivePatch

        return ImpactLivePatch(patch, sample_rate, self._decode)


class Strike:
    """The sound of ``key``, stretch after stretch; ``n_frames`` is how long it may become, ``like`` has its type."""

    def __init__(self, key: ImpactNote, n_frames: int, rate: int, like: Tensor) -> None:
        self._key, self._rate, self._like = key, rate, like
        self._amplitude = (key.amplitude * below_nyquist(key.hz / rate)[:, None]).to(like.dtype)
        n_force = key.contact.n_frames(rate, n_frames)
        force = key.contact.push(n_force, rate)
        self._direct: Tensor | None = None
        if key.contact.has_noise:
            noise = key.contact.noise(n_force, rate)
            force = force + noise * key.contact.into[:, None]
            self._direct = (noise * (key.contact.beside(rate) * key.gain)[:, None]).to(like.dtype)[:, None]
        force = (force * key.gain[:, None]).to(like.dtype)[:, None]
        self._struck = Convolver(force)
        self._answered: Convolver | None = None
        self._may_answer = key.room.is_heard and not bool((key.room.wet > 0.0).any())
        if key.room.is_heard and not self._may_answer:
            n_room = key.room.n_frames(rate, n_frames)
            answer = key.room.delayed(key.room.answer(n_room, rate, like.dtype), rate)
            self._answered = Convolver(answer)
        self._first = 0

    def take(self, n: int) -> Tensor:
        """The next ``n`` frames ``[batch, 2, n]``."""
        key, first = self._key, self._first
        self._first += n
        sound = self._struck.run(ring(key.hz, key.damping, self._amplitude, n, self._rate, first=first))
        if self._direct is not None and first < self._direct.shape[2]:
            part = self._direct[..., first : first + n]
            sound = sound + torch.nn.functional.pad(part, (0, n - part.shape[2]))
        sound = self._damped(sound, first, n)
        if self._may_answer:
            closed: Tensor = ClosedRoom.apply(sound, key.room.wet, key.room, first + n, self._rate)  # type: ignore[no-untyped-call]
            return closed
        if self._answered is None:
            return sound
        return sound + self._answered.run(sound.mean(1, keepdim=True))

    def _damped(self, sound: Tensor, first: int, n: int) -> Tensor:
        """Faster down from when the key goes up."""
        key = self._key
        # Where the switch is off, the time behind it makes no difference and has no slope.
        if not bool((key.release > 0.0).any()):
            return sound
        time_s = torch.arange(first, first + n, dtype=torch.float64, device=sound.device) / self._rate
        over = (time_s - key.hold_s[:, None]).clamp(min=0.0)
        return sound * torch.exp(-key.release[:, None] * over).to(sound.dtype)[:, None]


def _blocks(key: ImpactNote, n_frames: int, rate: int, like: Tensor, block_frames: int) -> Iterator[Tensor]:
    strike: Strike | None = None
    for begin in range(0, n_frames, max(block_frames, _STRETCH_FRAMES)):
        n = min(max(block_frames, _STRETCH_FRAMES), n_frames - begin)
        # The context closes before the yield: it would hold for whoever runs next on this thread.
        with torch.no_grad():
            if strike is None:
                strike = Strike(key, n_frames, rate, like)
            sound = faded_at_end(strike.take(n), begin, n_frames, rate)
        yield from torch.split(sound, block_frames, 2)
