"""The FM instrument: six operators that bend each other's phase.

    y_d(t) = a_d(t) wave_d(2 pi f_d t + sum over s of m_sd y_s(t)),      sound(t) = gain * sum over d of o_d y_d(t)

with ``a_d`` the envelope times level and velocity, ``m_sd`` the matrix in radians and ``o_d`` the outputs (Chowning,
The Synthesis of Complex Audio Spectra by Means of Frequency Modulation, JAES 21(7), 1973; phase modulation as in the
DX7). All phases start at zero with the key, so every sound starts at zero too.

A route from a higher number to a lower one acts at once; all others look back by one sample (see
:mod:`engine.dsp.loops`). A note is computed in stretches, each going on where the last one ended: blocks join exactly
and long notes can be stopped in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.dsp.filters import Halver
from engine.params import Patch
from engine.params.fm import FM_SPACE
from engine.params.space import Values
from engine.rates import DEFAULT_RATE_HZ
from engine.synths.base import LiveVoice, Number, Quality, frames_of
from engine.synths.ending import faded_at_end
from engine.synths.fm_chain import Outlet
from engine.synths.fm_compiled import CompiledNotes, can_compile, can_tape
from engine.synths.fm_note import FmDecoder, FmNote
from engine.synths.fm_operators import Operators
from engine.synths.fm_rate import half_bands, halvings_of
from engine.synths.live_voice import Key, struck_alone

if TYPE_CHECKING:
    from engine.synths.fm_live import FmLivePatch

_CHUNK_FRAMES = 1 << 18
"""Rows times frames worked on at a time without gradients: the arrays of one operator then stay in the cache."""

_CARD_CHUNK_FRAMES = 1 << 23
"""The same on a GPU, which wants few large steps: a full matrix then takes about 2 GB of its memory."""


class FmSynth:
    """The FM instrument of :data:`engine.params.fm.FM_SPACE`, mono, or stereo when any note of the batch has a
    place, spread or reverb. ``rng`` decides the noise, where an LFO without key sync
    stands and what its random steps are.

    At the default quality each note is computed at as many times the sample rate (1, 2, 4 or 8) as its own brightness
    asks for, and brought back by half-band filters; draft is always 1.

    Sounds without gradients come from the kernels of :mod:`engine.synths.fm_compiled`, all others from the tensor
    operations here, which are the same instrument.
    """

    space = FM_SPACE

    def __init__(self, *, may_open: bool = True, compiled: bool = True) -> None:
        """Without ``may_open`` what is off gets no gradient and costs none. Without ``compiled`` everything goes by
        tensor operations, as gradients do."""
        self._decode = FmDecoder()
        self._may_open, self._compiled = may_open, compiled

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
        """See :meth:`engine.synths.base.Synth.render`; gives ``[batch, channels, frames]``."""
        n_frames = frames_of(duration_s, sample_rate)
        if self._compiles(sample_rate, unit, note, velocity, hold_s):
            notes = CompiledNotes(self._decode, unit, note, velocity, hold_s, rng, sample_rate, quality)
            job = _Job(n_frames, sample_rate, quality, notes.channels, unit)
            return faded_at_end(notes.take(n_frames), 0, n_frames, sample_rate)
        key = self._decode(unit, note, velocity, hold_s, rng)
        if not self._may_open:
            key = replace(key, may_open=False)
        if key.wants_grad and self._compiled and can_tape(sample_rate, unit):
            # Only who wants gradients loads this.
            from engine.synths.fm_gradients import render_taped

            return render_taped(key, n_frames, sample_rate, quality, unit)
        job = _Job(n_frames, sample_rate, quality, key.channels, unit)
        if key.wants_grad:
            return _rendered(_voices(key, job), 0, job.n_frames, job)
        with torch.no_grad():
            blocks = list(_blocks(key, job, job.n_frames))
            return (
                blocks[0]
                if len(blocks) == 1
                else torch.cat([unit.new_zeros(unit.shape[0], job.channels, 0), *blocks], 2)
            )

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
        """See :meth:`engine.synths.base.Synth.render_blocks`; yields ``[batch, channels, n]``."""
        unit = unit.detach()
        n_frames = frames_of(duration_s, sample_rate)
        if self._compiles(sample_rate, unit):
            notes = CompiledNotes(self._decode, unit, note, velocity, hold_s, rng, sample_rate, quality)
            return _compiled_blocks(notes, _Job(n_frames, sample_rate, quality, notes.channels, unit), block_frames)
        key = self._decode(unit, note, velocity, hold_s, rng)
        return _blocks(key, _Job(n_frames, sample_rate, quality, key.channels, unit), block_frames)

    def _compiles(self, sample_rate: int, *given: Number) -> bool:
        return self._compiled and can_compile(sample_rate, *given)

    def live(
        self, values: Values, *, note: float, velocity: float, seed: int = 0, sample_rate: int = DEFAULT_RATE_HZ
    ) -> LiveVoice:
        """See :meth:`engine.synths.base.Synth.live`."""
        patch = self.live_patch(Patch(self.space.name, values, seed), sample_rate)
        return struck_alone(patch, Key(note, velocity))

    def live_patch(self, patch: Patch, sample_rate: int) -> FmLivePatch:
        """See :meth:`engine.synths.base.Synth.live_patch`."""
        # Only who plays live compiles its kernels.
        from engine.synths.fm_live import FmLivePatch

        return FmLivePatch(patch, sample_rate, self._decode)


@dataclass(frozen=True)
class _Job:
    """What all notes of a render have in common; ``like`` has the float type and the device of the sound."""

    n_frames: int
    sample_rate: int
    quality: Quality
    channels: int
    like: Tensor


class _Voice:
    """Notes that are computed at one rate: ``take(n)`` is their next ``n`` frames at the sample rate,
    ``[rows, channels, n]``.

    ``rows`` ``[n]`` says where they stand in the batch (``None``: they are all of it).
    """

    def __init__(self, key: FmNote, rows: Tensor | None, halvings: int, job: _Job) -> None:
        self.rows = rows
        self.width = key.n_rows * job.channels << halvings
        """Rows times frames of work for each frame of sound."""
        duration_s = job.n_frames / job.sample_rate
        source = Operators(key, job.sample_rate << halvings, job.like, duration_s, job.channels).take
        for half_band in half_bands(halvings):
            source = Halver(source, half_band).take
        outlet = Outlet(source, key.chain, job.channels, key.can_have_dc(), job.sample_rate, duration_s, job.like)
        self.take = outlet.take


def _voices(key: FmNote, job: _Job) -> list[_Voice]:
    """Sort the rows of a batch by the rate that each one needs."""
    if job.quality == "draft":
        return [_Voice(key, None, 0, job)]
    needs = halvings_of(key, job.sample_rate)
    found = sorted(set(needs))
    if len(found) <= 1:
        return [_Voice(key, None, h, job) for h in found or [0]]
    voices = []
    for halvings in found:
        rows = torch.tensor([i for i, h in enumerate(needs) if h == halvings], device=key.hz.device)
        voices.append(_Voice(key.rows(rows), rows, halvings, job))
    return voices


def _blocks(key: FmNote, job: _Job, block_frames: int) -> Iterator[Tensor]:
    with torch.no_grad():
        voices = _voices(key, job)
    most = max(voice.width for voice in voices)
    chunk = _CARD_CHUNK_FRAMES if job.like.is_cuda else _CHUNK_FRAMES
    step = max(min(block_frames, chunk // max(most, 1)), 1024)
    for first in range(0, job.n_frames, step):
        # The context closes before the yield: it would hold for whoever runs next on this thread.
        with torch.no_grad():
            sound = _rendered(voices, first, min(step, job.n_frames - first), job)
        yield sound


def _compiled_blocks(notes: CompiledNotes, job: _Job, block_frames: int) -> Iterator[Tensor]:
    for first in range(0, job.n_frames, block_frames):
        yield faded_at_end(notes.take(min(block_frames, job.n_frames - first)), first, job.n_frames, job.sample_rate)


def _rendered(voices: list[_Voice], first: int, n: int, job: _Job) -> Tensor:
    """Frames ``first`` to ``first + n``, the next ones, as ``[batch, channels, n]``."""
    parts = [voice.take(n) for voice in voices]
    if len(voices) == 1:
        sound = parts[0]
    else:
        order = torch.cat([voice.rows for voice in voices if voice.rows is not None])
        sound = torch.cat(parts).index_select(0, torch.argsort(order))
    return faded_at_end(sound, first, job.n_frames, job.sample_rate)
