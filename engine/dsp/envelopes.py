"""Envelopes of four levels and four times: stages 1 to 3 while the key is down, stage 4 from its release.

A level moves in natural logarithms of amplitude above the floor (see :mod:`engine.dsp.units`). Falling stages fall
along a straight line, so many dB a second; the envelope starts at level 4. Two clocks:

*Time*: a stage lasts as long as it says. Rising stages hurry at first and ease into their target, ``1 - (1 - u)**4``,
much as the DX7's do: a straight rise in dB stays inaudible for most of its time, and this one begins and ends without a
corner in amplitude.

*Rate*: a stage's time is what it takes for one octave of amplitude, so its length grows with the distance. Rising
stages are the DX7's: they jump to 8.3 octaves below full scale and then approach a ceiling 1.5 octaves above it
exponentially until they meet their target. (The DX7 moves in straight pieces, one for each octave, with slopes of 10, 9
... 2 times a fall's; the exponential runs through the middle of them.)

Everything follows from ``u``, how much of each stage is over (0..1)::

    held(t)  = lerp(lerp(lerp(level 4, level 1, u1), level 2, u2), level 3, u3)
    level(t) = lerp(held(min(t, hold)), level 4, u4)

so the release starts from whatever was reached, the joints are exact, and gradients reach every level and time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from engine.dsp.units import NATS_PER_DB, nats_to_amplitude

N_STAGES = 4
OCTAVE = math.log(2.0)
JUMP = 9.797 * OCTAVE
"""How far below the ceiling a rising stage under the rate clock begins, if it does not begin higher."""
SHORTEST_S = 1e-5
"""A stage without any distance lasts so long under the rate clock."""

_LONG_FRAMES = 1 << 14
"""From here on the CPU is quicker when each stage computes only its own frames."""

T = TypeVar("T", float, Tensor)


@dataclass(frozen=True)
class Envelope:
    """One envelope per row: ``nats`` and ``times_s`` ``[rows, 4]`` in float64, ``hold_s`` ``[rows]``, ``floor_db``.

    ``by_rate`` ``[rows]`` is true for rows under the rate clock and ``None`` when none is; those approach ``ceiling``
    ``[rows]``, in nats like the levels.
    """

    nats: Tensor
    times_s: Tensor
    hold_s: Tensor
    floor_db: float
    by_rate: Tensor | None = None
    ceiling: Tensor | None = None

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
            stage = self._stage(i, self.nats[:, i - 1])
            # Time stands still for these stages when the key goes up.
            most = ((self.hold_s - start_s) / stage.time_s).clamp(0.0, 1.0)
            share = share_over(start_s, stage.time_s)
            over = torch.minimum(share.clamp(min=0.0), most.to(dtype)[:, None])
            is_due = most[:, None] > 0.0
            level = stage.moved(level, over, is_due & (share >= 0.0))
            reached = stage.moved(reached[:, None], most[:, None], is_due)[:, 0]
            start_s = start_s + stage.time_s
        stage = self._stage(3, reached)
        share = share_over(self.hold_s, stage.time_s)
        level = stage.moved(level, share.clamp(0.0, 1.0), share >= 0.0)
        return nats_to_amplitude(level, self.floor_db)

    def _stage(self, i: int, begin: Tensor) -> _Stage:
        """Stage ``i`` of all rows, from the levels ``begin`` ``[rows]``."""
        time_s, target = self.times_s[:, i], self.nats[:, i]
        rises = target > begin
        if self.by_rate is None or self.ceiling is None:
            return _Stage(time_s, target, rises)
        room = self.ceiling - target
        jumped = torch.maximum(begin, self.ceiling - JUMP).minimum(target)
        ratio = torch.log((self.ceiling - jumped) / room)
        own_s = time_s * torch.where(rises, ratio, (begin - target) / OCTAVE)
        time_s = torch.where(self.by_rate, own_s.clamp(min=SHORTEST_S), time_s)
        return _Stage(time_s, target, rises, self.by_rate, room, ratio)

    def row_by_row(self, first: int, n_frames: int, sample_rate: float, dtype: torch.dtype) -> Tensor:
        """The same, but each stage of each row computes only its own frames: many operations, each on little."""
        tensors = [self.nats, self.times_s, self.hold_s, *([] if self.ceiling is None else [self.ceiling])]
        wants_grad = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
        frames = torch.arange(n_frames, dtype=dtype, device=self.nats.device)
        rows = []
        for i in range(self.nats.shape[0]):
            by_rate = self.by_rate is not None and bool(self.by_rate[i])
            ceiling = self.ceiling[i] if by_rate and self.ceiling is not None else None
            plain = _Row(
                self.nats[i].tolist(),
                self.times_s[i].tolist(),
                self.hold_s[i].item(),
                None if ceiling is None else ceiling.item(),
            )
            exact = plain
            if wants_grad:
                exact = _Row(self.nats[i].unbind(), self.times_s[i].unbind(), self.hold_s[i], ceiling)
            parts: list[Tensor] = []
            done = 0
            for stretch, end_s in _stretches(plain, exact):
                end = n_frames if end_s == math.inf else min(max(math.ceil(end_s * sample_rate) - first, 0), n_frames)
                if end > done:
                    parts.append(stretch.amplitude(frames[done:end], first, sample_rate, self.floor_db))
                    done = end
            rows.append(parts[0].contiguous() if len(parts) == 1 else torch.cat(parts))
        return rows[0][None] if len(rows) == 1 else torch.stack(rows)


class _Stage(NamedTuple):
    """One stage of all rows: its ``time_s``, ``target`` and whether it ``rises`` ``[rows]``; of rows ``by_rate`` also
    the ``room`` between target and ceiling and the logarithm of the ``ratio`` between the rooms at begin and end."""

    time_s: Tensor
    target: Tensor
    rises: Tensor
    by_rate: Tensor | None = None
    room: Tensor | None = None
    ratio: Tensor | None = None

    def moved(self, level: Tensor, over: Tensor, begun: Tensor) -> Tensor:
        """``level`` moved on by the share ``over`` of this stage, where it has ``begun``; all ``[rows, n]``."""

        def column(x: Tensor) -> Tensor:
            return x.to(over.dtype)[:, None]

        eased = self.rises if self.by_rate is None else self.rises & ~self.by_rate
        moved = torch.lerp(level, column(self.target), _shaped(over, eased[:, None]))
        if self.by_rate is None or self.room is None or self.ratio is None:
            return moved
        risen = column(self.target) + column(self.room) * -torch.expm1((1.0 - over) * column(self.ratio))
        return torch.where((self.rises & self.by_rate)[:, None] & begun, risen, moved)


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
    bent, ``is_high`` that it stays where levels are plain exponentials (:func:`nats_to_amplitude`), ``room`` that it
    approaches a ceiling so far above the target.
    """

    start_s: Any
    time_s: Any
    begin: Any
    target: Any
    rises: bool = False
    is_high: bool = False
    room: Any = None

    def at(self, over: Any) -> Any:
        """The level when the share ``over`` of the way is done."""
        if self.room is not None:
            return self.target + self.room * (1.0 - _exp((1.0 - over) * self._ratio()))
        return (_risen(over) if self.rises else over) * (self.target - self.begin) + self.begin

    def _ratio(self) -> Any:
        return _log((self.target + self.room - self.begin) / self.room)

    def amplitude(self, frames: Tensor, first: int, sample_rate: float, floor_db: float) -> Tensor:
        """Amplitude at ``frames`` ``[n]``, counted from ``first``."""
        if self.time_s is None:
            level = torch.as_tensor(self.target, dtype=torch.float64, device=frames.device)
            return nats_to_amplitude(level, floor_db).to(frames.dtype).expand(len(frames))
        over = frames * (1.0 / (self.time_s * sample_rate)) + (first / sample_rate - self.start_s) / self.time_s
        over = over.clamp(0.0, 1.0)
        if not self.is_high or self.room is not None:
            return nats_to_amplitude(self.at(over), floor_db)
        floor = floor_db * NATS_PER_DB
        return torch.exp((_risen(over) if self.rises else over) * (self.target - self.begin) + (self.begin + floor))


class _Row(NamedTuple):
    """Levels, times, hold time and ceiling (``None`` under the time clock) of one envelope."""

    nats: Sequence[Any]
    times_s: Sequence[Any]
    hold_s: Any
    ceiling: Any = None

    def stretch(self, i: int, start_s: Any, begin: Any, sure: _Stretch | None = None) -> _Stretch:
        """Stage ``i`` from ``begin`` on; ``sure`` is the same stretch in floats, whose decisions hold."""
        time_s, target = self.times_s[i], self.nats[i]
        rises = target > begin if sure is None else sure.rises
        is_high = min(begin, target) >= 1.0 if sure is None else sure.is_high
        if self.ceiling is None:
            return _Stretch(start_s, time_s, begin, target, rises, is_high)
        if not rises:
            return _Stretch(start_s, _lasting(time_s * (begin - target) / OCTAVE), begin, target, False, is_high)
        room = self.ceiling - target
        begin = _limited(begin, self.ceiling - JUMP, target)
        return _Stretch(
            start_s, _lasting(time_s * _log((target + room - begin) / room)), begin, target, True, is_high, room
        )


def _stretches(plain: _Row, exact: _Row) -> list[tuple[_Stretch, float]]:
    """What follows what in one envelope, and until when in seconds.

    ``plain`` holds floats and decides; ``exact`` holds what the levels are computed from, with or without gradients.
    """
    hold_s = plain.hold_s
    found: list[tuple[_Stretch, float]] = []
    start_s, exact_start_s = 0.0, 0.0
    level, exact_level = plain.nats[3], exact.nats[3]
    for i in range(3):
        if start_s >= hold_s:
            break
        sure = plain.stretch(i, start_s, level)
        stretch = exact.stretch(i, exact_start_s, exact_level, sure)
        end_s = start_s + sure.time_s
        found.append((stretch, min(end_s, hold_s)))
        if end_s > hold_s:  # the key goes up on the way
            level = sure.at((hold_s - start_s) / sure.time_s)
            exact_level = stretch.at((exact.hold_s - exact_start_s) / stretch.time_s)
        else:
            level, exact_level = plain.nats[i], exact.nats[i]
        start_s, exact_start_s = end_s, exact_start_s + stretch.time_s
    if start_s < hold_s:
        found.append((_Stretch(None, None, None, exact_level), hold_s))
    sure = plain.stretch(3, hold_s, level)
    release = exact.stretch(3, exact.hold_s, exact_level, sure)
    end = _Stretch(None, None, None, exact.nats[3])
    return [*found, (release, hold_s + sure.time_s), (end, math.inf)]


def _log(x: Any) -> Any:
    return torch.log(x) if isinstance(x, Tensor) else math.log(x)


def _exp(x: Any) -> Any:
    return torch.exp(x) if isinstance(x, Tensor) else math.exp(x)


def _lasting(time_s: Any) -> Any:
    return time_s.clamp(min=SHORTEST_S) if isinstance(time_s, Tensor) else max(time_s, SHORTEST_S)


def _limited(level: Any, low: Any, high: Any) -> Any:
    """``level``, at least ``low``, but at most ``high``."""
    if isinstance(level, Tensor):
        return torch.maximum(level, low).minimum(high)
    return min(max(level, low), high)
