"""The room of an impact: noise in octave bands, each with its middle, its decay and its level.

Bands are wide and overlap, so their numbers are nominal: in the octave of one band alone +6 dB is heard as +4.6 dB, off
as -10 dB, and twice its decay as 1.64 to 1.79 times. Gradients go through a closed room once: it has no second
derivative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from engine.dsp.band_noise import band, bins_hz, hop_at, joined, n_noise_frames, usual_hz, white_spectrum
from engine.dsp.convolve import good_size
from engine.params.impact import LOWEST_BAND_HZ, N_BANDS
from engine.synths.impact_force import LN_1000

BAND_OCT = 1.0
_TIMES = 1.4
"""The room is followed until it is 84 dB down."""
MOST_WET = 1.5


@dataclass(frozen=True)
class RoomNote:
    """The room of each row: ``wet`` (a factor), ``delay_s`` ``[batch]``; the middles, times to -60 dB and levels of its
    bands ``[batch, N_BANDS]``; ``plain_s``, the times without the bands' own changes, sets the loudness. ``is_mono``:
    what left and right hear is heard as one."""

    wet: Tensor
    delay_s: Tensor
    hz: Tensor
    seconds: Tensor
    level: Tensor
    plain_s: Tensor
    seed: int
    is_mono: bool = False

    @property
    def is_heard(self) -> bool:
        """Whether any row has a room, or a gradient may open it."""
        return (torch.is_grad_enabled() and self.wet.requires_grad) or bool((self.wet > 0.0).any())

    def n_frames(self, rate: float, most: int) -> int:
        """How long the answer is, in frames, its delay aside."""
        longest_s = _TIMES * float(self.seconds.detach().max())
        return max(min(math.ceil(longest_s * rate), most), 1)

    def answer(self, n: int, rate: float, dtype: torch.dtype) -> Tensor:
        """The first ``n`` frames after the delay of what comes back of a click, left and right: ``[batch, 2, n]``,
        or as mono ``[batch, 1, n]``."""
        device = self.wet.device
        n_noise = n_noise_frames(n, rate)
        hz = bins_hz(rate, device)
        bands = band(hz, self.hz[..., None], BAND_OCT)
        time_s = torch.arange(n_noise, dtype=torch.float64, device=device) * (hop_at(rate) / rate)
        falls = torch.exp(-LN_1000 * time_s[:, None] / self.seconds[:, None]) * self.level[:, None]
        # As loud as a click at 48 kHz, whatever the length.
        plain = band(usual_hz(device), nominal_hz(device)[:, None], BAND_OCT).square().mean(1)
        energy = (plain * self.plain_s).sum(1) * (rate / (2.0 * LN_1000))
        scale = self.wet / energy.sqrt()
        spectra = torch.matmul((falls * scale[:, None, None]).to(dtype), bands.to(dtype))
        noise = [white_spectrum(self.seed + 7919 * (c + 1), n_noise, rate, dtype, device) for c in range(2)]
        sides = torch.stack(noise)
        return joined(spectra[:, None] * (sides.mean(0, keepdim=True) if self.is_mono else sides), rate)[..., :n]

    def delayed(self, answer: Tensor, rate: float) -> Tensor:
        """``answer`` ``[batch, channels, n]`` with silence before it, straight between whole frames."""
        frames = self.delay_s * rate
        whole = frames.detach().floor()
        share = (frames - whole).to(answer.dtype)[:, None, None]
        most = int(whole.max()) + 1
        late = [
            torch.nn.functional.pad(row, (n, most - n)) for row, n in zip(answer, whole.int().tolist(), strict=True)
        ]
        plain = torch.stack(late)
        return torch.lerp(plain, torch.nn.functional.pad(plain[..., :-1], (1, 0)), share)


class ClosedRoom(torch.autograd.Function):
    """A room that is shut in all rows changes no sound ``[batch, 2, n]``, and still a gradient reaches its door: what
    the sound's gradient and the room's answer have in common, summed over frequencies. Nothing of the room is computed
    before it is asked for. There is no second derivative."""

    @staticmethod
    def forward(ctx: Any, sound: Tensor, wet: Tensor, room: RoomNote, most: int, rate: float) -> Tensor:
        ctx.save_for_backward(sound)
        tensors: dict[str, Any] = {name: t.detach() for name, t in vars(room).items() if isinstance(t, Tensor)}
        ctx.room = replace(room, **{**tensors, "wet": torch.ones_like(wet)})
        ctx.most, ctx.rate = most, rate
        return sound.view_as(sound)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (sound,) = ctx.saved_tensors
        room, n = ctx.room, sound.shape[2]
        answer = room.delayed(room.answer(room.n_frames(ctx.rate, ctx.most), ctx.rate, sound.dtype), ctx.rate)[..., :n]
        size = good_size(n + answer.shape[2])
        heard = torch.fft.rfft(sound.mean(1, keepdim=True), n=size) * torch.fft.rfft(answer, n=size)
        wanted = torch.view_as_real(torch.fft.rfft(grad, n=size))
        # A real sound's spectrum has each frequency but the first and the last twice.
        both = 2.0 * (wanted * torch.view_as_real(heard)).sum((1, 3))
        found = (both.sum(1, dtype=torch.float64) - 0.5 * (both[:, 0] + both[:, -1])) / size
        return grad, found, None, None, None


def nominal_hz(device: torch.device) -> Tensor:
    """Middles of the bands as they are unless shifted ``[N_BANDS]``."""
    return LOWEST_BAND_HZ * torch.exp2(torch.arange(N_BANDS, dtype=torch.float64, device=device))
