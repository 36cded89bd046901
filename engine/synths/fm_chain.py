"""What follows the operators: drive, places between left and right, noise, the filter and the room."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from engine.dsp.envelopes import N_STAGES, Envelope
from engine.dsp.motion import ControlFrames, chance, control_times, straight_envelope
from engine.dsp.one_pole import DcBlocker
from engine.dsp.reverb import Reverb
from engine.dsp.svf import Svf, warped
from engine.dsp.units import db_to_gain, db_to_nats, level_to_amplitude, semitones_to_factor
from engine.params.fm import FILTERS, LEVEL_FLOOR_DB

DC_HZ = 5.0
"""Below this, nothing is sound."""
MIDDLE_C = 60.0
_STEREO = ("pan", "spread", "reverb")


@dataclass(frozen=True)
class Chain:
    """One setting for each row; see :data:`engine.params.fm.FM_SPACE` for units. Envelopes are ``[batch, 4]``, all
    others ``[batch]``. ``gain`` is a factor, ``key`` the MIDI note and ``seed`` a whole number that decides the
    noise."""

    drive_db: Tensor
    pan: Tensor
    spread: Tensor
    noise_db: Tensor
    noise_hz: Tensor
    noise_q: Tensor
    noise_s: Tensor
    noise_levels: Tensor
    filter_type: Tensor
    filter_hz: Tensor
    filter_q: Tensor
    filter_key: Tensor
    filter_env_st: Tensor
    filter_s: Tensor
    filter_levels: Tensor
    reverb: Tensor
    reverb_s: Tensor
    reverb_damping: Tensor
    gain: Tensor
    key: Tensor
    hold_s: Tensor
    seed: Tensor

    def rows(self, index: Tensor) -> Chain:
        """The settings of some rows, ``index`` ``[n]``."""
        return Chain(**{f.name: getattr(self, f.name).index_select(0, index) for f in fields(self)})

    @property
    def channels(self) -> int:
        """2 when any row has left and right, else 1."""
        return 2 if bool(self.is_stereo().any()) else 1

    def is_stereo(self) -> Tensor:
        """Rows ``[batch]`` that have left and right."""
        return torch.stack([getattr(self, name) != 0.0 for name in _STEREO]).any(0)

    def is_used(self, name: str, off: float = 0.0) -> bool:
        """Whether a setting differs from ``off`` in any row, or a gradient may move it."""
        value: Tensor = getattr(self, name)
        return value.requires_grad or bool((value > off).any())


def names() -> dict[str, list[str]]:
    """For each field of :class:`Chain` that comes from the patch, the parameters it is read from."""
    stages = range(1, N_STAGES + 1)
    found = {f.name: [f.name] for f in fields(Chain) if f.name not in ("gain", "key", "hold_s", "seed")}
    found["noise_s"] = [f"noise_env{i}_s" for i in stages]
    found["noise_levels"] = [f"noise_env{i}_db" for i in stages]
    found["filter_s"] = [f"filter_env{i}_s" for i in stages]
    found["filter_levels"] = [f"filter_env{i}" for i in stages]
    return found


def driven(sound: Tensor, chain: Chain) -> Tensor:
    """``sound`` ``[rows, channels, n]`` pushed into saturation: a full sine stays as high as it was and becomes a
    square."""
    before, after = drive_factors(chain)
    return torch.tanh(sound * before[:, None, None].to(sound)) * after[:, None, None].to(sound)


def drive_factors(chain: Chain) -> tuple[Tensor, Tensor]:
    """What the sound is multiplied with before and after it is saturated, ``[batch]`` each."""
    steep = db_to_gain(chain.drive_db) - 1.0 + 1e-3
    return steep / chain.gain, chain.gain / torch.tanh(steep)


def places(chain: Chain, output: Tensor) -> Tensor:
    """Factors of each operator on the left and the right ``[batch, 2, operators]``; equal power, 1 in the middle.

    Spread operators stand so that what they give together, ``output`` ``[batch, operators]``, stays in the middle.
    """
    spots = torch.tensor([-1.0, 1.0, -0.6, 0.6, -0.2, 0.2], dtype=output.dtype, device=output.device)
    total = output.sum(1, keepdim=True)
    middle = (output * spots).sum(1, keepdim=True) / total.clamp(min=1e-9)
    place = (chain.pan[:, None] + chain.spread[:, None] * (spots - middle)).clamp(-1.0, 1.0)
    angle = (place + 1.0) * (math.pi / 4.0)
    return math.sqrt(2.0) * torch.stack([torch.cos(angle), torch.sin(angle)], 1)


def cutoffs(chain: Chain, time_s: Tensor, rate: float) -> Tensor:
    """The cut-off, as the filter takes it, at the control points ``time_s``: ``[rows, points]``."""
    by_rate = torch.zeros_like(chain.seed, dtype=torch.bool)
    moved = straight_envelope(time_s, chain.filter_levels, chain.filter_s, chain.hold_s, by_rate, 1.0)
    shift = chain.filter_env_st[:, None] * moved + (chain.filter_key * (chain.key - MIDDLE_C))[:, None]
    return warped((chain.filter_hz[:, None] * semitones_to_factor(shift) / rate).clamp(min=1e-5))


class Outlet:
    """The end of the chain, stretch after stretch at the sample rate: DC blocker, noise, filter and room.

    ``source(n)`` gives the next ``n`` frames of the operators ``[rows * channels, n]``, row by row. ``blocks_dc``
    ``[rows]`` says which rows can have a mean that is no sound.
    """

    def __init__(
        self,
        source: Callable[[int], Tensor],
        chain: Chain | None,
        channels: int,
        blocks_dc: Tensor,
        rate: int,
        duration_s: float,
        like: Tensor,
    ) -> None:
        self._source, self._channels = source, channels
        self._blocks_dc = blocks_dc.repeat_interleave(channels)[:, None]
        self._dc = DcBlocker(DC_HZ / rate) if bool(blocks_dc.any()) else None
        self._effects = None if chain is None else _Effects(chain, channels, rate, duration_s, like)

    def take(self, n: int) -> Tensor:
        """The next ``n`` frames ``[rows, channels, n]``."""
        sound = self._source(n)
        if self._dc is not None:
            sound = torch.where(self._blocks_dc, self._dc.run(sound), sound)
        sound = sound.view(-1, self._channels, n)
        return sound if self._effects is None else self._effects.run(sound)


class _Effects:
    """Noise, filter and room of ``chain``, stretch after stretch."""

    def __init__(self, chain: Chain, channels: int, rate: int, duration_s: float, like: Tensor) -> None:
        self._chain, self._channels, self._rate, self._like = chain, channels, rate, like
        self._first = 0
        self._noise = Svf() if chain.is_used("noise_db", LEVEL_FLOOR_DB) else None
        self._types = [FILTERS[int(t)] for t in chain.filter_type.tolist()]
        self._filter = Svf() if any(t != "off" for t in self._types) else None
        if self._filter is not None:
            self._cutoff = cutoffs(chain, control_times(duration_s, like.device), rate)
        has_room = channels == 2 and chain.is_used("reverb")
        self._room = Reverb(chain.reverb_s, chain.reverb_damping, rate, like) if has_room else None

    def run(self, sound: Tensor) -> Tensor:
        """The next frames of ``sound`` ``[rows, channels, n]``, with all that is added."""
        n = sound.shape[2]
        if self._noise is not None:
            sound = sound + self._noisy(self._noise, n)
        if self._filter is not None:
            sound = self._filtered(self._filter, sound, n)
        if self._room is not None:
            answer = self._room.run(sound.mean(1))
            sound = sound + answer * self._chain.reverb.to(self._like)[:, None, None]
        self._first += n
        return sound

    def _noisy(self, svf: Svf, n: int) -> Tensor:
        """Noise in its band, as strong on both sides."""
        chain, like = self._chain, self._like
        rows = chain.seed.shape[0]
        frames = torch.arange(self._first, self._first + n, device=like.device)
        # A row that is mono among others has one noise on both sides.
        apart = chain.is_stereo().long()
        seeds = torch.stack([chain.seed + 7919 * (1 + c * apart) for c in range(self._channels)], 1).view(-1, 1)
        white = (chance(frames[None], seeds) * 2.0 - 1.0).to(like)
        each = self._each_channel
        damping = each(1.0 / chain.noise_q)
        cutoff = each(warped(chain.noise_hz / self._rate)).expand(-1, n)
        _, band = svf.run(white, cutoff, damping)
        nats = db_to_nats(chain.noise_levels, LEVEL_FLOOR_DB)
        envelope = Envelope(nats, chain.noise_s, chain.hold_s, LEVEL_FLOOR_DB)
        level = level_to_amplitude(chain.noise_db, LEVEL_FLOOR_DB) * chain.gain
        loudness = envelope.amplitude(self._first, n, self._rate, like.dtype) * level.to(like)[:, None]
        return (band * damping).view(rows, self._channels, n) * loudness[:, None]

    def _filtered(self, svf: Svf, sound: Tensor, n: int) -> Tensor:
        frames = ControlFrames(self._first, n, self._rate, self._like.device)
        cutoff = frames.between(self._cutoff, self._like.dtype).repeat_interleave(self._channels, 0)
        damping = self._each_channel(1.0 / self._chain.filter_q)
        x = sound.reshape(-1, n)
        low, band = svf.run(x, cutoff, damping)
        middle = band * damping
        shapes = {"off": x, "low-pass": low, "band-pass": middle, "high-pass": x - middle - low, "notch": x - middle}
        if len(set(self._types)) == 1:
            return shapes[self._types[0]].view_as(sound)
        kinds = [t for t in self._types for _ in range(self._channels)]
        return torch.stack([shapes[kind][row] for row, kind in enumerate(kinds)]).view_as(sound)

    def _each_channel(self, x: Tensor) -> Tensor:
        """A setting ``[rows]`` as ``[rows * channels, 1]``."""
        return x.to(self._like).repeat_interleave(self._channels)[:, None]
