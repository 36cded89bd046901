"""Envelopes of four levels and four times: stages 1 to 3 while the key is down, stage 4 from its release.

A level moves in natural logarithms of amplitude above the floor (see :mod:`engine.dsp.units`). Falling stages fall
along a straight line, so many dB a second; rising stages hurry at first and ease into their target,
``1 - (1 - u)**4``, as the DX7's do: a straight rise in dB stays inaudible for most of its time, and this one begins and
ends without a corner in amplitude. The envelope starts at level 4, as the DX7's does.

Everything follows from ``u``, how much of each stage is over (0..1)::

    held(t)  = lerp(lerp(lerp(level 4, level 1, u1), level 2, u2), level 3, u3)
    level(t) = lerp(held(min(t, hold)), level 4, u4)

so the release starts from whatever was reached, the joints are exact, and gradients reach every level and time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.units import NATS_PER_DB, nats_to_amplitude

N_STAGES = 4


@dataclass(frozen=True)
class Envelope:
    """One envelope per row: ``nats`` and ``times_s`` ``[rows, 4]`` in float64, ``hold_s`` ``[rows]``, ``floor_db``."""

    nats: Tensor
    times_s: Tensor
    hold_s: Tensor
    floor_db: float

    def amplitude(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """Amplitude at frames ``first`` to ``first + n_frames`` as ``[rows, n_frames]``; exactly 0 at the floor."""
        if self.nats.shape[0] == 1 and not self._wants_grad():
            return _amplitude_of_one(self, first, n_frames, sample_rate, dtype)
        return nats_to_amplitude(self._level(first, n_frames, sample_rate, dtype), self.floor_db)

    def _wants_grad(self) -> bool:
        tensors = (self.nats, self.times_s, self.hold_s)
        return torch.is_grad_enabled() and any(t.requires_grad for t in tensors)

    def _level(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """Height above the floor, ``[rows, n_frames]``, for all rows at once and with gradients."""
        frames = torch.arange(n_frames, dtype=dtype, device=self.nats.device)

        def share_over(start_s: Tensor, time_s: Tensor) -> Tensor:
            # The offset is settled in float64 first: late in a long note, float32 seconds are too coarse for a short
            # stage.
            offset = (first / sample_rate - start_s) / time_s
            rate = 1.0 / (time_s * sample_rate)
            return torch.addcmul(offset.to(dtype)[:, None], frames, rate.to(dtype)[:, None])

        start_s = torch.zeros_like(self.hold_s)
        reached = self.nats[:, 3]
        level = reached.to(dtype)[:, None]
        for i in range(3):
            time_s, target = self.times_s[:, i], self.nats[:, i]
            rises = target > self.nats[:, i - 1]
            # Time stands still for these stages when the key goes up.
            most = ((self.hold_s - start_s) / time_s).clamp(0.0, 1.0)
            over = torch.minimum(share_over(start_s, time_s).clamp(min=0.0), most.to(dtype)[:, None])
            level = torch.lerp(level, target.to(dtype)[:, None], _shaped(over, rises[:, None]))
            reached = torch.lerp(reached, target, _shaped(most, rises))
            start_s = start_s + time_s
        over = share_over(self.hold_s, self.times_s[:, 3]).clamp(0.0, 1.0)
        rises = self.nats[:, 3] > reached
        return torch.lerp(level, self.nats[:, 3:].to(dtype), _shaped(over, rises[:, None]))


def _shaped(over: Tensor, rises: Tensor) -> Tensor:
    """Bend the share of a stage that is over where the stage rises."""
    if not rises.any():
        return over
    left = 1.0 - over
    left = left * left
    risen = 1.0 - left * left
    return risen if rises.all() else torch.lerp(over, risen, rises.to(over.dtype).expand_as(over))


def _amplitude_of_one(envelope: Envelope, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
    """The same for one row without gradients, several times faster: each stage computes only its own frames."""
    floor_db = envelope.floor_db
    level_1, level_2, level_3, level_4 = envelope.nats[0].tolist()
    time_1, time_2, time_3, time_4 = envelope.times_s[0].tolist()
    hold_s = float(envelope.hold_s[0])
    out = torch.empty(1, n_frames, dtype=dtype, device=envelope.nats.device)
    done = 0

    def until(end_s: float, stage: tuple[float, float, float, float] | None, level: float) -> None:
        """Fill up to ``end_s`` with a stage ``(start_s, time_s, from, to)`` or, without one, a steady level."""
        nonlocal done
        end = n_frames if end_s == math.inf else min(max(math.ceil(end_s * sample_rate) - first, 0), n_frames)
        if end <= done:
            return
        part = out[:, done:end]
        if stage is None:
            part.fill_(_amplitude_at(level, floor_db))
        else:
            start_s, time_s, begin, target = stage
            torch.arange(end - done, dtype=dtype, device=out.device, out=part[0])
            part.mul_(1.0 / (time_s * sample_rate)).add_(((first + done) / sample_rate - start_s) / time_s)
            part.clamp_(0.0, 1.0)
            if target > begin:
                part.neg_().add_(1.0).square_().square_().neg_().add_(1.0)
            part.mul_(target - begin).add_(begin)
            if min(begin, target) >= 1.0:
                part.exp_().mul_(math.exp(floor_db * NATS_PER_DB))
            else:
                part.copy_(nats_to_amplitude(part, floor_db))
        done = end

    start_s, reached = 0.0, level_4
    for time_s, begin, target in ((time_1, level_4, level_1), (time_2, level_1, level_2), (time_3, level_2, level_3)):
        if hold_s > start_s:
            until(min(start_s + time_s, hold_s), (start_s, time_s, begin, target), 0.0)
            reached = _level_at(min((hold_s - start_s) / time_s, 1.0), begin, target)
        start_s += time_s
    until(hold_s, None, level_3)
    until(hold_s + time_4, (hold_s, time_4, reached, level_4), 0.0)
    until(math.inf, None, level_4)
    return out


def _level_at(over: float, begin: float, target: float) -> float:
    shaped = 1.0 - (1.0 - over) ** 4 if target > begin else over
    return begin + (target - begin) * shaped


def _amplitude_at(nats: float, floor_db: float) -> float:
    return math.exp(floor_db * NATS_PER_DB + max(nats, 1.0)) * min(nats, 1.0)
