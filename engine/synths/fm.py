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

from engine.dsp.filters import SHARP, WIDE, halve_rate
from engine.dsp.oscillators import below_nyquist, phase_radians
from engine.params.fm import FM_SPACE, N_OPERATORS
from engine.synths.base import Number, Quality
from engine.synths.fm_note import ROUTES, FmDecoder, FmNote

END_FADE_S = 0.002
"""A release that the end cuts off fades out over this long instead of clicking."""

MAX_HALVINGS = 3
"""The brightest sounds are computed at eight times the sample rate."""

AUDIBLE_HZ = 20_000.0
"""Aliases are kept out of the band below this."""

_CHUNK_FRAMES = 1 << 18
"""Rows times frames worked on at a time without gradients: the arrays of one operator then stay in the cache."""


class FmSynth:
    """The FM instrument of :data:`engine.params.fm.FM_SPACE`, mono. It has no random part: ``rng`` is left alone.

    At the default quality each note is computed at as many times the sample rate (1, 2, 4 or 8) as its own brightness
    asks for, and brought back by half-band filters; draft is always 1.
    """

    space = FM_SPACE

    def __init__(self) -> None:
        self._decode = FmDecoder()

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
        key = self._decode(unit, note, velocity, hold_s)
        if key.wants_grad:
            sound = _rendered(_voices(key, sample_rate, quality), 0, n_frames, n_frames, sample_rate, unit)
            return sound[:, None]
        with torch.no_grad():
            blocks = list(_blocks(key, n_frames, n_frames, sample_rate, quality, unit))
            return blocks[0] if len(blocks) == 1 else torch.cat([unit.new_zeros(unit.shape[0], 1, 0), *blocks], 2)

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
        unit = unit.detach()
        key = self._decode(unit, note, velocity, hold_s)
        return _blocks(key, round(duration_s * sample_rate), block_frames, sample_rate, quality, unit)


@dataclass(frozen=True)
class _Voice:
    """Notes that are computed at one rate. ``rows`` ``[n]`` says where they stand in the batch (``None``: they are all
    of it), ``order`` lists the operators that matter, modulators first, ``routes[d]`` the ``(source, route)`` that
    bend operator ``d``, ``heard`` those that reach the output."""

    key: FmNote
    rows: Tensor | None
    halvings: int
    order: tuple[int, ...]
    routes: tuple[tuple[tuple[int, int], ...], ...]
    heard: frozenset[int]


def _voices(key: FmNote, sample_rate: int, quality: Quality) -> list[_Voice]:
    """Sort the rows of a batch by the rate that each one needs."""
    if quality == "draft":
        return [_voice(key, None, 0, sample_rate)]
    # What lies at a frequency f above half the rate r comes back at r - f, and must stay out of what is heard.
    wanted = (key.top_hz() + min(AUDIBLE_HZ, SHARP.kept * sample_rate)) / sample_rate
    needs = [min(math.ceil(math.log2(max(w, 1.0))), MAX_HALVINGS) for w in wanted.tolist()]
    found = sorted(set(needs))
    if len(found) <= 1:
        return [_voice(key, None, h, sample_rate) for h in found or [0]]
    voices = []
    for halvings in found:
        rows = torch.tensor([i for i, h in enumerate(needs) if h == halvings], device=key.hz.device)
        voices.append(_voice(key.rows(rows), rows, halvings, sample_rate))
    return voices


def _voice(key: FmNote, rows: Tensor | None, halvings: int, sample_rate: int) -> _Voice:
    """Find out which operators matter: with gradients all of them, that is how an optimiser can wake a silent one."""
    strength = key.strength * below_nyquist(key.hz / (sample_rate << halvings))
    key = FmNote(**{**vars(key), "strength": strength})
    everything = key.wants_grad
    sounds = [everything or s for s in ((strength > 0.0) & (key.nats > 0.0).any(2)).any(0).tolist()]
    open_outputs = (key.output > 0.0).any(0).tolist()
    open_routes = (key.depths > 0.0).any(0).tolist()
    heard = {i for i in range(N_OPERATORS) if sounds[i] and (everything or open_outputs[i])}
    needed = set(heard)
    routes: list[tuple[tuple[int, int], ...]] = [()] * N_OPERATORS
    for target in range(N_OPERATORS):  # Targets come before their sources, which have the higher numbers.
        if target in needed:
            routes[target] = tuple(
                (source, route)
                for route, (source, bent) in enumerate(ROUTES)
                if bent == target and sounds[source] and (everything or open_routes[route])
            )
            needed |= {source for source, _ in routes[target]}
    return _Voice(key, rows, halvings, tuple(sorted(needed, reverse=True)), tuple(routes), frozenset(heard))


def _blocks(
    key: FmNote, n_frames: int, block_frames: int, sample_rate: int, quality: Quality, like: Tensor
) -> Iterator[Tensor]:
    with torch.no_grad():
        voices = _voices(key, sample_rate, quality)
    most = max(voice.key.n_rows << voice.halvings for voice in voices)
    step = max(min(block_frames, _CHUNK_FRAMES // max(most, 1)), 1024)
    for first in range(0, n_frames, step):
        # The context closes before the yield: it would hold for whoever runs next on this thread.
        with torch.no_grad():
            sound = _rendered(voices, first, min(step, n_frames - first), n_frames, sample_rate, like)
        yield sound[:, None]


def _rendered(voices: list[_Voice], first: int, n: int, n_frames: int, sample_rate: int, like: Tensor) -> Tensor:
    """Frames ``first`` to ``first + n`` of notes of ``n_frames`` as ``[batch, n]``, of the type of ``like``."""
    parts = [_decimated(voice, first, n, sample_rate, voice.halvings, like) for voice in voices]
    if len(voices) == 1:
        sound = parts[0]
    else:
        order = torch.cat([voice.rows for voice in voices if voice.rows is not None])
        sound = torch.cat(parts).index_select(0, torch.argsort(order))
    if first + n > n_frames - _fade_frames(n_frames, sample_rate):
        sound = sound * _end_fade(first, n, n_frames, sample_rate, like)
    return sound


def _decimated(voice: _Voice, first: int, n: int, rate: int, halvings: int, like: Tensor) -> Tensor:
    """Frames ``first`` to ``first + n`` at ``rate``, computed at ``rate << halvings``: ``[rows, n]``."""
    if halvings == 0:
        return _mix(voice, first, n, rate, like)
    # Only the last step, down to the sample rate itself, has little room between what is kept and what folds.
    halving = SHARP if halvings == voice.halvings else WIDE
    start, n_wide = 2 * first - halving.reach, 2 * n + 2 * halving.reach
    before = max(-start, 0)
    wide = _decimated(voice, start + before, n_wide - before, 2 * rate, halvings - 1, like)
    # Before the key goes down there is silence.
    return halve_rate(torch.nn.functional.pad(wide, (before, 0)) if before else wide, halving)


def _mix(voice: _Voice, first: int, n: int, rate: int, like: Tensor) -> Tensor:
    """The sum of what is heard of all operators at frames ``first`` to ``first + n`` of ``rate``, ``[rows, n]``."""
    key = voice.key
    keep = key.wants_grad  # What the way back needs must not be overwritten.

    def column(x: Tensor) -> Tensor:
        return x.to(like.dtype)[:, None]

    waves: dict[int, Tensor] = {}
    sound = like.new_zeros(key.n_rows, n)
    for i in voice.order:
        envelope = key.envelope(i).amplitude(first, n, rate, like.dtype)
        if not keep and not envelope.any():
            continue
        phase = phase_radians(key.hz[:, i] / rate, first, n, like.dtype)
        for source, route in voice.routes[i]:
            if source in waves:
                phase = torch.addcmul(phase, waves[source], column(key.depths[:, route]), out=None if keep else phase)
        wave = torch.sin(phase) if keep else phase.sin_()
        loudness = envelope.mul(column(key.strength[:, i])) if keep else envelope.mul_(column(key.strength[:, i]))
        waves[i] = wave * loudness if keep else wave.mul_(loudness)
        if i in voice.heard:
            sound = torch.addcmul(sound, waves[i], column(key.output[:, i]), out=None if keep else sound)
    return sound


def _fade_frames(n_frames: int, sample_rate: int) -> int:
    return max(min(round(END_FADE_S * sample_rate), n_frames), 1)


def _end_fade(first: int, n: int, n_frames: int, sample_rate: int, like: Tensor) -> Tensor:
    """Window ``[n]`` for frames ``first`` to ``first + n`` of a note of ``n_frames``: 1, then a raised cosine to 0."""
    fade = _fade_frames(n_frames, sample_rate)
    left = torch.arange(n_frames - 1 - first, n_frames - 1 - first - n, -1, dtype=like.dtype, device=like.device)
    return 0.5 - 0.5 * torch.cos((left / fade).clamp(max=1.0) * math.pi)
