"""The mixer: everything the device's callback does. Pure numpy, no locks, no clocks, no devices.

The window's side says how things should be (:class:`Plan`); each block compares that with how they are and gets there
without a click. The way back is a :class:`Snapshot`. Both are immutable and are replaced whole.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.playback.bus import Bus
from app.playback.channels import Frames
from app.playback.levels import LevelHistory
from app.playback.ramps import Ramp
from app.playback.timeline import Timeline
from app.playback.voices import Jump, Voice

CROSSFADE_S = 0.010
GATE_S = 0.008
"""How fast play and pause fade in and out."""
LEVEL_S = 0.015
READY_S = 0.03
"""A streaming voice starts once it is this far ahead of the block that needs it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How it should sound.

    A new ``voice_id`` hands over to ``voice`` with a cross-fade. With ``aligned`` the voice was made for the place
    where the old one stood when ``born`` frames had been played, and catches up with what was played since.
    """

    voice: Voice | None = None
    voice_id: int = 0
    aligned: bool = False
    born: int = 0
    playing: bool = False
    gain: float = 1.0
    extra: Voice | None = None
    """A second sound beside the transport, past the master level: the test tone."""
    extra_id: int = 0


class Snapshot(NamedTuple):
    """How it is, after a block."""

    frame: int = 0
    """Frames handed over since the beginning."""
    played: int = 0
    """Frames played by the transport, which stands still while it pauses."""
    position_s: float = 0.0
    """Where the next frame comes from."""
    voice_id: int = 0
    """The voice that plays; an older one than the plan's while a handover is under way."""
    advancing: bool = False
    finished_id: int = 0
    """The voice that came to its end."""
    finished_frame: int = 0
    underruns: int = 0


class Mixer:
    """Makes the next block; see the module for who may call what."""

    def __init__(self, rate: int = 48000, on_live: Callable[[], None] | None = None) -> None:
        """``on_live`` hears, on an engine's thread, that live sound came onto the bus after a time of nothing."""
        self.plan = Plan()
        self.snapshot = Snapshot()
        self.timeline = Timeline()
        self.levels = LevelHistory()
        self.handed: deque[tuple[int, int]] = deque(maxlen=1024)
        """``(voice_id, time.perf_counter_ns())`` of the block in which each voice was first heard."""
        self.underruns = 0
        self._seen = self.plan
        self._pending: Plan | None = None
        self._voice: Voice | None = None
        self._voice_id = 0
        self._fading: Voice | None = None
        self._fade_at = 0
        self._fades_in = True
        self._extra: Voice | None = None
        self._extra_id = 0
        self._leaving: Voice | None = None
        """The extra voice that was replaced; it fades out beside the new one."""
        self._leave_at = 0
        self._advancing = False
        self._starving = False
        self._finished_id = self._finished_frame = 0
        self._frame = self._played = 0
        self._first_heard = 0
        self._one_at_a_time = threading.Lock()
        self._on_live = on_live
        self.bus = Bus(rate, on_live)
        """Where live notes are added; another one after each change of the rate."""
        self.set_rate(rate)

    def set_rate(self, rate: int) -> None:
        """Frames per second from now on. Only while nobody calls :meth:`fill`."""
        self.rate = rate
        if rate != self.bus.rate:
            self.bus.close()
            self.bus = Bus(rate, self._on_live)
        self._gate = Ramp(1.0 if self._advancing else 0.0, round(GATE_S * rate))
        self._level = Ramp(self.plan.gain, round(LEVEL_S * rate))
        self._fade_frames = round(CROSSFADE_S * rate)
        self._rise = (np.arange(1, self._fade_frames + 1, dtype=np.float32) / self._fade_frames)[:, np.newaxis]
        self._scratch: NDArray[np.float32] = np.zeros((self._fade_frames, 2), np.float32)
        self._fading = self._leaving = None

    def forget(self) -> None:
        """Let go of every voice, without a fade: nothing plays any more."""
        with self._one_at_a_time:
            self.plan = self._seen = replace(self.plan, voice=None, extra=None, playing=False)
            self._voice = self._pending = self._fading = self._extra = self._leaving = None
            self._advancing = False
            self.bus.close()

    @property
    def busy(self) -> bool:
        """Whether something sounds or should sound: somebody has to call :meth:`fill`."""
        plan = self.plan
        wants = plan.playing and plan.voice is not None and self._finished_id != plan.voice_id
        has_extra = self._extra is not None or self._leaving is not None or plan.extra_id != self._extra_id
        return wants or self._advancing or has_extra or self.bus.busy

    def fill(self, out: Frames, heard_at_s: float, underflow: bool = False, patience_s: float = 0.0) -> None:
        """Write the next block into ``out`` ``[n, 2]``; its first frame is heard at ``heard_at_s`` (perf_counter).

        The block may be ``patience_s`` late without a gap.
        """
        out.fill(0.0)
        # A device that was given up may wake and ask again while another drives: it gets silence, nobody waits.
        if self._one_at_a_time.acquire(blocking=False):
            try:
                self._fill(out, heard_at_s, underflow, patience_s)
            finally:
                self._one_at_a_time.release()

    def _fill(self, out: Frames, heard_at_s: float, underflow: bool, patience_s: float) -> None:
        plan = self.plan
        n = len(out)
        if plan is not self._seen:
            self._take_up(plan)
        self._transport(out, plan)
        n_late = self.bus.n_late
        is_live = self.bus.play_into(out, 1.0 / max(plan.gain, 1.0), patience_s)
        is_dry = underflow and (is_live or self._advancing or self._extra is not None)
        # A gap in what keys play is a dropout as well, whoever was late.
        if is_dry or self.bus.n_late > n_late:
            self.underruns += 1
        level = self._level.block(n)
        if not isinstance(level, float) or level != 1.0:
            out *= level
        if self._extra is not None:
            self._add_extra(out)
        if self._leaving is not None:
            self._add_leaving(out, self._leaving)
        self._measure(out, heard_at_s)
        self.timeline.sync(self._frame, n, heard_at_s, self.rate)
        self._frame += n
        self.snapshot = Snapshot(
            self._frame,
            self._played,
            self._voice.position_s if self._voice is not None else 0.0,
            self._voice_id,
            self._advancing,
            self._finished_id,
            self._finished_frame,
            self.underruns,
        )
        if self._first_heard:
            self.handed.append((self._first_heard, time.perf_counter_ns()))
            self._first_heard = 0

    # -- taking up a plan ---------------------------------------------------------------------------

    def _take_up(self, plan: Plan) -> None:
        if plan.voice_id != self._seen.voice_id:
            self._pending = plan
        if plan.extra_id != self._extra_id:
            if self._extra is not None:
                self._leaving, self._leave_at = self._extra, 0
            self._extra, self._extra_id = plan.extra, plan.extra_id
        self._level.aim(plan.gain)
        self._seen = plan

    def _settle(self) -> None:
        """Nothing sounds, so the pending voice takes over at once."""
        pending, self._pending = self._pending, None
        if pending is not None:
            if pending.voice is not None and pending.aligned:
                pending.voice.skip(self._played - pending.born)
            self._voice, self._voice_id, self._fading = pending.voice, pending.voice_id, None
            self._mark(0)

    def _hand_over(self, pending: Plan, n: int) -> None:
        """Cross-fade to the pending voice, once it has enough frames to do so."""
        voice = pending.voice
        behind = self._played - pending.born if pending.aligned else 0
        if voice is None or not voice.ready(behind + n + round(READY_S * self.rate)):
            return
        voice.skip(behind)
        self._pending = None
        self._fading, self._fade_at = self._voice, 0
        # A sound that starts at its own first frame keeps its attack.
        self._fades_in = voice.position_s > 0
        self._voice, self._voice_id = voice, pending.voice_id
        self._first_heard = pending.voice_id
        self._mark(0)

    # -- the transport ------------------------------------------------------------------------------

    def _transport(self, out: Frames, plan: Plan) -> None:
        n = len(out)
        if not self._advancing and not self._begin(plan, n):
            return
        self._gate.aim(1.0 if plan.playing else 0.0)
        if plan.playing and self._pending is not None and self._fading is None:
            self._hand_over(self._pending, n)
        # A pause takes no more frames from the voice than the fade needs, so that it resumes where it fell silent.
        limit = n if plan.playing else min(n, self._gate.left)
        done = self._pull(out[:limit])
        gate = self._gate.block(limit)
        if not isinstance(gate, float) or gate != 1.0:
            out[:limit] *= gate
        if not plan.playing and self._gate.value == 0.0:
            self._halt(limit)
            self._settle()
        elif self._voice is not None and self._voice.ended and self._fading is None:
            if self._pending is None:
                self._finished_id, self._finished_frame = self._voice_id, self._frame + done
            self._halt(done)

    def _begin(self, plan: Plan, n: int) -> bool:
        """Start moving if that is wanted and possible."""
        self._settle()
        voice = self._voice
        if not plan.playing or voice is None or self._finished_id == self._voice_id:
            return False
        if not voice.ready(n + round(READY_S * self.rate)):
            return False
        self._advancing = True
        self._starving = False
        # From the sound's own first frame there is nothing to fade in: its attack stays as it is.
        self._gate.jump(1.0 if voice.position_s == 0 else 0.0)
        self._first_heard = self._voice_id
        self._mark(0)
        return True

    def _halt(self, offset: int) -> None:
        self._advancing = False
        self._gate.jump(0.0)
        self._fading = None
        self._mark(offset)

    def _pull(self, out: Frames) -> int:
        voice = self._voice
        if voice is None:
            return 0
        jumps: list[Jump] = []
        done = voice.pull(out, jumps)
        if self._starving and done:
            self._starving = False
            self._mark(0)
        for offset, position_s in jumps:
            self.timeline.mark(self._frame + offset, position_s, True, self._voice_id)
        if self._fading is not None:
            self._add_fading(out, self._fading)
        if done < len(out) and not voice.ended and not self._starving:
            self._starving = True
            self.underruns += 1
            self.timeline.mark(self._frame + done, voice.position_s, False, self._voice_id)
        self._played += done
        return done

    def _add_fading(self, out: Frames, old: Voice) -> None:
        k = min(len(out), self._fade_frames - self._fade_at)
        rise = self._rise[self._fade_at : self._fade_at + k]
        if self._fades_in:
            out[:k] *= rise
        rest = self._scratch[:k]
        got = old.pull(rest)
        rest[got:] = 0.0
        rest *= 1.0 - rise
        out[:k] += rest
        self._fade_at += k
        if self._fade_at >= self._fade_frames:
            self._fading = None

    def _mark(self, offset: int) -> None:
        position_s = self._voice.position_s if self._voice is not None else 0.0
        self.timeline.mark(self._frame + offset, position_s, self._advancing, self._voice_id)

    # -- after the transport ------------------------------------------------------------------------

    def _add_extra(self, out: Frames) -> None:
        assert self._extra is not None
        tone = np.zeros_like(out)
        self._extra.pull(tone)
        out += tone
        if self._extra.ended:
            self._extra = None

    def _add_leaving(self, out: Frames, old: Voice) -> None:
        k = min(len(out), self._fade_frames - self._leave_at)
        rest = np.zeros((k, 2), np.float32)
        old.pull(rest)
        out[:k] += rest * (1.0 - self._rise[self._leave_at : self._leave_at + k])
        self._leave_at += k
        if self._leave_at >= self._fade_frames:
            self._leaving = None

    def _measure(self, out: Frames, heard_at_s: float) -> None:
        left, right = float(np.abs(out[:, 0]).max(initial=0.0)), float(np.abs(out[:, 1]).max(initial=0.0))
        self.levels.add(heard_at_s, left, right)
        if max(left, right) > 1.0:
            np.clip(out, -1.0, 1.0, out=out)
