"""The FM instrument: six sine operators that bend each other's phase.

    y_d(t) = a_d(t) sin(2 pi f_d t + sum over s of m_sd y_s(t)),      sound(t) = gain * sum over d of o_d y_d(t)

with ``a_d`` the envelope times level and velocity, ``m_sd`` the matrix in radians and ``o_d`` the outputs (Chowning,
The Synthesis of Complex Audio Spectra by Means of Frequency Modulation, JAES 21(7), 1973; phase modulation as in the
DX7). All phases start at zero with the key, so every sound starts at zero too.

The sound at a frame depends on that frame alone, so any stretch of a note can be rendered by itself: blocks join
exactly, long notes can be stopped in between, and oversampling reads a little beyond each end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.envelopes import N_STAGES, Envelope
from engine.dsp.filters import HALF_BAND_REACH, halve_rate
from engine.dsp.oscillators import below_nyquist, phase_radians
from engine.dsp.units import (
    db_to_gain,
    db_to_nats,
    level_to_amplitude,
    midi_to_hz,
    semitones_to_factor,
    velocity_to_gain,
)
from engine.params.fm import FM_SPACE, LEVEL_FLOOR_DB, N_OPERATORS, mod_name, mod_routes
from engine.synths.base import Number, Quality, per_row
from engine.synths.decode import Decoder

END_FADE_S = 0.002
"""A release that the end cuts off fades out over this long instead of clicking."""

_ENOUGH_RATE = 80_000
"""Sample rates from here on have so much room above hearing that they are not oversampled."""

_CHUNK_FRAMES = 1 << 18
"""Rows times frames worked on at a time without gradients: the arrays of one operator then stay in the cache."""


@dataclass(frozen=True)
class Operator:
    """One operator for all rows: everything but its modulators. Tensors are ``[batch]`` in float64."""

    hz: Tensor
    strength: Tensor
    output: Tensor
    envelope: Envelope


@dataclass(frozen=True)
class Voice:
    """A decoded note. ``order`` lists the operators to compute, modulators first; ``routes[d]`` those that bend ``d``
    with their depths ``[batch]`` in radians; ``heard`` those that reach the output. Operators count from 0."""

    operators: tuple[Operator, ...]
    order: tuple[int, ...]
    routes: dict[int, list[tuple[int, Tensor]]]
    heard: frozenset[int]
    dtype: torch.dtype
    wants_grad: bool


class FmSynth:
    """The FM instrument of :data:`engine.params.fm.FM_SPACE`, mono. It has no random part: ``rng`` is left alone."""

    space = FM_SPACE

    def __init__(self) -> None:
        self._decode = Decoder(self.space)
        names = [f"op{n}_" for n in range(1, N_OPERATORS + 1)]
        at = self._decode.places
        self._ratio, self._detune = at([n + "ratio" for n in names]), at([n + "detune_cents" for n in names])
        self._level, self._out = at([n + "level_db" for n in names]), at([n + "out_db" for n in names])
        self._velocity = at([n + "velocity" for n in names])
        stages = range(1, N_STAGES + 1)
        self._env_db = at([f"{n}env{i}_db" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._env_s = at([f"{n}env{i}_s" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._mods = {(s - 1, d - 1): self.space.place(mod_name(s, d)).start for s, d in mod_routes()}
        self._transpose, self._gain = self.space.place("transpose_st").start, self.space.place("gain_db").start

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
        quality: Quality = "default",
    ) -> Tensor:
        """See :meth:`engine.synths.base.Synth.render`; gives ``[batch, 1, frames]``."""
        n_frames = round(duration_s * sample_rate)
        if not (torch.is_grad_enabled() and unit.requires_grad):
            out = torch.empty(unit.shape[0], 1, n_frames, dtype=unit.dtype, device=unit.device)
            done = 0
            for block in self.render_blocks(
                unit,
                note=note,
                velocity=velocity,
                hold_s=hold_s,
                duration_s=duration_s,
                sample_rate=sample_rate,
                rng=rng,
                quality=quality,
                block_frames=n_frames,
            ):
                out[:, :, done : done + block.shape[2]] = block
                done += block.shape[2]
            return out
        halvings = _halvings(sample_rate, quality)
        voice = self._voice(unit, note, velocity, hold_s, sample_rate << halvings)
        sound = _decimated(voice, 0, n_frames, sample_rate, halvings)
        return (sound * _end_fade(0, n_frames, n_frames, sample_rate, sound))[:, None]

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
        quality: Quality = "default",
        block_frames: int = 48_000,
    ) -> Iterator[Tensor]:
        """See :meth:`engine.synths.base.Synth.render_blocks`; yields ``[batch, 1, n]``."""
        halvings = _halvings(sample_rate, quality)
        n_frames = round(duration_s * sample_rate)
        rows = max(unit.shape[0], 1)
        step = max(min(block_frames, _CHUNK_FRAMES // (rows << halvings)), 1024)
        with torch.no_grad():
            voice = self._voice(unit, note, velocity, hold_s, sample_rate << halvings)
        for first in range(0, n_frames, step):
            # The context closes before the yield: it would hold for whoever runs next on this thread.
            with torch.no_grad():
                n = min(step, n_frames - first)
                sound = _decimated(voice, first, n, sample_rate, halvings)
                if first + n > n_frames - _fade_frames(n_frames, sample_rate):
                    sound = sound * _end_fade(first, n, n_frames, sample_rate, sound)
            yield sound[:, None]

    def _voice(self, unit: Tensor, note: Number, velocity: Number, hold_s: Number, rate: int) -> Voice:
        """Decode ``unit`` and find out which operators matter. Small numbers are worked out in float64."""
        rows, device = unit.shape[0], unit.device
        values = self._decode(unit.to(torch.float64))

        def pick(places: Tensor) -> Tensor:
            return values[:, places.to(device)]

        note, velocity, hold_s = (per_row(v, rows, device) for v in (note, velocity, hold_s))
        hz = midi_to_hz(note + values[:, self._transpose])[:, None] * pick(self._ratio)
        hz = hz * semitones_to_factor(pick(self._detune) / 100.0)
        strength = level_to_amplitude(pick(self._level), LEVEL_FLOOR_DB)
        strength = strength * velocity_to_gain(velocity[:, None], pick(self._velocity)) * below_nyquist(hz / rate)
        output = level_to_amplitude(pick(self._out), LEVEL_FLOOR_DB) * db_to_gain(values[:, self._gain, None])
        nats = db_to_nats(pick(self._env_db), LEVEL_FLOOR_DB)
        times_s = pick(self._env_s)
        operators = tuple(
            Operator(
                hz[:, i], strength[:, i], output[:, i], Envelope(nats[:, i], times_s[:, i], hold_s, LEVEL_FLOOR_DB)
            )
            for i in range(N_OPERATORS)
        )
        wants_grad = torch.is_grad_enabled() and values.requires_grad
        # With gradients a silent operator is computed as well: that is how an optimiser can wake it up.
        sounds = [True] * N_OPERATORS
        if not wants_grad:
            sounds = ((strength > 0.0) & (nats > 0.0).any(2)).any(0).tolist()
        heard = {i for i in range(N_OPERATORS) if sounds[i] and (wants_grad or bool((output[:, i] > 0.0).any()))}
        needed = set(heard)
        routes: dict[int, list[tuple[int, Tensor]]] = {i: [] for i in range(N_OPERATORS)}
        for (source, target), place in sorted(self._mods.items(), key=lambda item: item[0][1]):
            depth = values[:, place]
            if target in needed and sounds[source] and (wants_grad or bool((depth > 0.0).any())):
                routes[target].append((source, depth))
                needed.add(source)
        order = tuple(sorted(needed, reverse=True))
        return Voice(operators, order, routes, frozenset(heard), unit.dtype, wants_grad)


def _halvings(sample_rate: int, quality: Quality) -> int:
    """How often the internal rate is halved on the way out."""
    return 1 if quality == "default" and sample_rate < _ENOUGH_RATE else 0


def _decimated(voice: Voice, first: int, n_frames: int, sample_rate: int, halvings: int) -> Tensor:
    """Frames ``first`` to ``first + n_frames`` of the note as ``[batch, n_frames]`` at ``sample_rate``."""
    if halvings == 0:
        return _mix(voice, first, n_frames, sample_rate)
    start, n = 2 * first - HALF_BAND_REACH, 2 * n_frames + 2 * HALF_BAND_REACH
    before = max(-start, 0)
    wide = _decimated(voice, start + before, n - before, 2 * sample_rate, halvings - 1)
    # Before the key goes down there is silence.
    return halve_rate(torch.nn.functional.pad(wide, (before, 0)) if before else wide)


def _mix(voice: Voice, first: int, n_frames: int, rate: int) -> Tensor:
    """Sum of what is heard of all operators at frames ``first`` to ``first + n_frames`` of ``rate``, ``[batch, n]``."""
    rows = voice.operators[0].hz.shape[0]
    dtype, device = voice.dtype, voice.operators[0].hz.device

    def column(x: Tensor) -> Tensor:
        return x.to(dtype)[:, None]

    waves: dict[int, Tensor] = {}
    sound = torch.zeros(rows, n_frames, dtype=dtype, device=device)
    for i in voice.order:
        operator = voice.operators[i]
        envelope = operator.envelope.amplitude(first, n_frames, rate, dtype)
        if not voice.wants_grad and not envelope.any():
            continue
        phase = phase_radians(operator.hz / rate, first, n_frames, dtype)
        for source, depth in voice.routes[i]:
            if source in waves:
                phase = torch.addcmul(phase, waves[source], column(depth), out=None if voice.wants_grad else phase)
        amplitude = column(operator.strength)
        if voice.wants_grad:
            waves[i] = torch.sin(phase) * (envelope * amplitude)
        else:
            waves[i] = phase.sin_().mul_(envelope).mul_(amplitude)
        if i in voice.heard:
            sound = torch.addcmul(sound, waves[i], column(operator.output), out=None if voice.wants_grad else sound)
    return sound


def _fade_frames(n_frames: int, sample_rate: int) -> int:
    return min(round(END_FADE_S * sample_rate), n_frames)


def _end_fade(first: int, n: int, n_frames: int, sample_rate: int, like: Tensor) -> Tensor:
    """Window ``[n]`` for frames ``first`` to ``first + n`` of a note of ``n_frames``: 1, then a raised cosine to 0."""
    fade = max(_fade_frames(n_frames, sample_rate), 1)
    left = torch.arange(n_frames - 1 - first, n_frames - 1 - first - n, -1, dtype=like.dtype, device=like.device)
    return 0.5 - 0.5 * torch.cos((left / fade).clamp(max=1.0) * math.pi)
