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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from engine.dsp.units import NATS_PER_DB, nats_to_amplitude

N_STAGES = 4

_LONG_FRAMES = 1 << 14
"""From here on the CPU is quicker when each stage computes only its own frames."""

T = TypeVar("T", float, Tensor)


@dataclass(frozen=True)
class Envelope:
    """One envelope per row: ``nats`` and ``times_s`` ``[rows, 4]`` in float64, ``hold_s`` ``[rows]``, ``floor_db``."""

    nats: Tensor
    times_s: Tensor
    hold_s: Tensor
    floor_db: float

    def amplitude(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """Amplitude at frames ``first`` to ``first + n_frames`` as ``[rows, n_frames]``; exactly 0 at the floor."""
        n_rows = self.nats.shape[0]
        if self.nats.device.type != "cpu" or n_rows == 0 or (n_rows > 1 and n_frames < _LONG_FRAMES):
            return self.at_once(first, n_frames, sample_rate, dtype)
        return self.row_by_row(first, n_frames, sample_rate, dtype)

    def at_once(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """All stages of all rows over all frames: few operations, each on everything."""
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
        level = torch.lerp(level, self.nats[:, 3:].to(dtype), _shaped(over, rises[:, None]))
        return nats_to_amplitude(level, self.floor_db)

    def row_by_row(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """The same, but each stage of each row computes only its own frames: many operations, each on little."""
        tensors = (self.nats, self.times_s, self.hold_s)
        wants_grad = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        frames = torch.arange(n_frames, dtype=dtype, device=self.nats.device)
        rows = []
        for i in range(self.nats.shape[0]):
            plain = (self.nats[i].tolist(), self.times_s[i].tolist(), self.hold_s[i].item())
            exact = (self.nats[i].unbind(), self.times_s[i].unbind(), self.hold_s[i]) if wants_grad else plain
            parts: list[Tensor] = []
            done = 0
            for stretch, end_s in _stretches(plain, exact):
                end = n_frames if end_s == math.inf else min(max(math.ceil(end_s * sample_rate) - first, 0), n_frames)
                if end > done:
                    parts.append(stretch.amplitude(frames[done:end], first, sample_rate, self.floor_db))
                    done = end
            rows.append(parts[0].contiguous() if len(parts) == 1 else torch.cat(parts))
        return rows[0][None] if len(rows) == 1 else torch.stack(rows)


def _shaped(over: Tensor, rises: Tensor) -> Tensor:
    """Bend the share of a stage that is over where the stage rises."""
    if not rises.any():
        return over
    risen = _risen(over)
    return risen if rises.all() else torch.lerp(over, risen, rises.to(over.dtype).expand_as(over))


def _risen(over: T) -> T:
    left = 1.0 - over
    left = left * left
    return 1.0 - left * left


@dataclass(frozen=True)
class _Stretch:
    """A way from level ``begin`` to ``target`` in ``time_s`` from ``start_s`` on; rest where ``time_s`` is ``None``.

    The numbers are floats, or tensors without dimensions where gradients are wanted. ``rises`` says whether the way is
    bent, ``is_high`` that it stays where levels are plain exponentials (:func:`nats_to_amplitude`).
    """

    start_s: Any
    time_s: Any
    begin: Any
    target: Any
    rises: bool = False
    is_high: bool = False

    def at(self, over: Any) -> Any:
        """The level when the share ``over`` of the way is done."""
        return (_risen(over) if self.rises else over) * (self.target - self.begin) + self.begin

    def amplitude(self, frames: Tensor, first: int, sample_rate: float, floor_db: float) -> Tensor:
        """Amplitude at ``frames`` ``[n]``, counted from ``first``."""
        if self.time_s is None:
            level = torch.as_tensor(self.target, dtype=torch.float64, device=frames.device)
            return nats_to_amplitude(level, floor_db).to(frames.dtype).expand(len(frames))
        over = frames * (1.0 / (self.time_s * sample_rate)) + (first / sample_rate - self.start_s) / self.time_s
        over = over.clamp(0.0, 1.0)
        if not self.is_high:
            return nats_to_amplitude(self.at(over), floor_db)
        floor = floor_db * NATS_PER_DB
        return torch.exp((_risen(over) if self.rises else over) * (self.target - self.begin) + (self.begin + floor))


Row = tuple[Sequence[Any], Sequence[Any], Any]
"""Levels, times and hold time of one envelope."""


def _stretches(plain: Row, exact: Row) -> list[tuple[_Stretch, float]]:
    """What follows what in one envelope, and until when in seconds.

    ``plain`` holds floats and decides; ``exact`` holds what the levels are computed from, with or without gradients.
    """
    (nats, times_s, hold_s), (exact_nats, exact_times_s, exact_hold_s) = plain, exact
    found: list[tuple[_Stretch, float]] = []
    start_s, exact_start_s = 0.0, 0.0
    level, exact_level = nats[3], exact_nats[3]
    for i in range(3):
        if start_s >= hold_s:
            break
        before, after = nats[i - 1], nats[i]
        stretch = _Stretch(
            exact_start_s, exact_times_s[i], exact_nats[i - 1], exact_nats[i], after > before, min(before, after) >= 1.0
        )
        found.append((stretch, min(start_s + times_s[i], hold_s)))
        if start_s + times_s[i] > hold_s:  # the key goes up on the way
            share = (hold_s - start_s) / times_s[i]
            level = before + (_risen(share) if stretch.rises else share) * (after - before)
            exact_level = stretch.at((exact_hold_s - exact_start_s) / exact_times_s[i])
        else:
            level, exact_level = after, exact_nats[i]
        start_s, exact_start_s = start_s + times_s[i], exact_start_s + exact_times_s[i]
    if start_s < hold_s:
        found.append((_Stretch(None, None, None, exact_level), hold_s))
    release = _Stretch(
        exact_hold_s, exact_times_s[3], exact_level, exact_nats[3], nats[3] > level, min(nats[3], level) >= 1.0
    )
    end = _Stretch(None, None, None, exact_nats[3])
    return [*found, (release, hold_s + times_s[3]), (end, math.inf)]
