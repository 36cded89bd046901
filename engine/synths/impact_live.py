"""Strikes that are played while they sound, as :mod:`engine.synths.impact_live_patch` begins them.

A voice turns each of its modes on by one complex number a frame, so joined blocks are
:meth:`engine.synths.impact.ImpactSynth.render` (-144 dB apart for most patches, -70 dB for a
very quiet one in a long room, for modes that have died are left out). The pitch wheel bends all modes; the
modulation wheel lets them swing about their pitch, as a hand that shakes the object does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.dsp import mode_kernels
from engine.synths.impact_contacts import ContactStream, Surface
from engine.synths.impact_noise_ahead import NoiseAhead
from engine.synths.impact_struck import ALL, Body, Floats, Struck, added
from engine.synths.live_voice import Glide, Place, Sound

CHOKED_TIMES = 12.0
"""A force under a hand that damps is over after so many times as it takes to fall to 1 / e."""
TURN_S = 0.005
"""A voice whose patch changes goes to its new levels in so long."""
SHORTEST_S = 1e-3
STEP_FRAMES = 64
"""While a pitch moves, it is set anew this often."""
VIBRATO_HZ = 5.5
VIBRATO_FRAMES = 128
"""While the wheel is up, the pitch is set anew this often."""
QUIET = 1e-5
"""-100 dB."""
_DEAD = 1e-8
MOST_PUSHES = 16
"""So many forces go on beside each other; the two oldest of more become one, driving what the longer one drives."""


@dataclass(eq=False)
class _Blow:
    """A strike that goes on: how much of it is over, how large it is, and what it still falls by under a hand."""

    struck: Struck
    at: int = 0
    share: float = 1.0
    falls: Floats | None = None

    @property
    def left(self) -> int:
        """How many frames of it are still to come."""
        left = self.struck.size - self.at
        return left if self.falls is None else min(left, self.falls.size)

    def fade(self, falls: Floats) -> None:
        if self.falls is not None:
            n = min(self.falls.size, falls.size)
            falls = self.falls[:n] * falls[:n]
        self.falls = falls

    def take(self, n: int) -> tuple[Floats, Floats]:
        """Force and direct sound of its next ``n`` frames, or of what is left."""
        force, direct = self.struck.piece(self.at, min(n, max(self.left, 0)))
        self.at += n
        force, direct = self.share * force, self.share * direct
        if self.falls is not None:
            force, direct = force * self.falls[: force.size], direct * self.falls[: direct.size]
            self.falls = self.falls[n:]
        return force, direct


@dataclass(eq=False)
class _Push:
    """A force that goes on: how much it drives each mode, the blows it is the sum of, and ``force`` and ``direct``, it
    and its direct sound in the block that sounds. The ``own`` one is that of the key, which turns with the patch."""

    drive: Floats
    blows: list[_Blow]
    own: bool = False
    force: Floats = field(default_factory=lambda: np.zeros(0))
    direct: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def is_over(self) -> bool:
        return self.left <= 0

    @property
    def left(self) -> int:
        """How many frames of it are still to come."""
        return max((blow.left for blow in self.blows), default=0)

    def join(self, other: _Push) -> None:
        """Take over what is left of ``other``, with the drive of this one."""
        self.blows += other.blows
        self.own = self.own or other.own

    def go_on(self, n: int) -> None:
        """Its next ``n`` frames sound."""
        self.force = self.direct = np.zeros(0)
        for blow in self.blows:
            force, direct = blow.take(n)
            self.force, self.direct = added(self.force, force), added(self.direct, direct)
        self.blows = [blow for blow in self.blows if blow.left > 0]

    def turn(self, struck: Struck) -> None:
        """The patch has turned: it is that of another strike."""
        self.drive = struck.drive
        for blow in self.blows:
            blow.struck = struck


@dataclass(eq=False)
class _Hand:
    """A stream of contacts and the step of it that sounds: ``drive`` before its first frame, by how much it rises with
    each, the force, and how many frames are done."""

    stream: ContactStream
    place: Place | None = None
    drive: Floats = field(default_factory=lambda: np.zeros(ALL))
    rise: Floats = field(default_factory=lambda: np.zeros(ALL))
    force: Floats = field(default_factory=lambda: np.zeros(0))
    at: int = 0
    noise: NoiseAhead = field(default_factory=NoiseAhead)
    direct: Floats = field(default_factory=lambda: np.zeros(0))
    """What is heard of its contacts directly in this step."""


class ImpactVoice:
    """What rings of one body, without the room; see :class:`engine.synths.live_voice.LiveVoice`.

    It begins with a strike or with a hand on it, and takes in what else rings of the same body: one set of modes with
    all forces on them, so that phases go on and nothing is cut.
    """

    channels = 2

    def __init__(
        self,
        body: Body,
        sample_rate: int,
        glide: Glide | None = None,
        *,
        struck: Struck | None = None,
        stream: ContactStream | None = None,
        surface: Surface | None = None,
    ) -> None:
        self._rate = sample_rate
        self._body, self._surface = body, surface
        self._pushes = [] if struck is None else [_Push(struck.drive, [_Blow(struck)], own=True)]
        self._hands = [] if stream is None else [_Hand(stream)]
        self._re, self._im = np.zeros((2, ALL))
        self._at = 0
        self._fall = 1.0
        self._is_choked = False
        self._most: int | None = None
        """So many modes ring at most."""
        self._gone: NDArray[np.int64] = np.zeros(0, np.int64)
        """Those that fade because there are too many."""
        self._glide = glide or Glide(0.0, 1.0)
        self._glide_from = 0
        self._tuned: tuple[float, bool] | None = None
        self._swing = 1.0
        """What the modulation wheel multiplies the pitch by."""
        self._turn_re, self._turn_im = np.zeros((2, ALL))
        self._levels, self._goal, self._full = np.zeros((3, 2, ALL))
        is_driven = body.levels.any(0) if struck is None else body.levels.any(0) & (struck.drive != 0.0)
        self._alive = np.flatnonzero(is_driven)
        self._ended = False
        self.level = 0.0

    @property
    def ended(self) -> bool:
        return self._ended

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        """See :meth:`engine.synths.live_voice.LiveVoice.process`."""
        out = np.zeros((2, n_frames))
        done = 0
        while done < n_frames:
            glide_st = self._glide_st()
            n = n_frames - done if glide_st == 0.0 else min(STEP_FRAMES, n_frames - done)
            swing = 1.0
            if wheel_st != 0.0:
                n = min(n, VIBRATO_FRAMES)
                swing = 2.0 ** (wheel_st * math.sin(2.0 * math.pi * VIBRATO_HZ * self._at / self._rate) / 12.0)
            for hand in self._hands:
                n = min(n, self._go_on(hand))
            self._tune(2.0 ** ((bend_st + glide_st) / 12.0), swing)
            self._ring(out[:, done : done + n])
            done += n
        if not gate and self._body.release > 0.0:
            falls = self._fall * np.exp(-self._body.release / self._rate * np.arange(n_frames + 1))
            out *= falls[:-1]
            self._fall = float(falls[-1])
        elif self._fall < 1.0:
            out *= self._fall
        self.level = float(np.abs(out).max(initial=0.0))
        self._bury()
        return out.astype(np.float32)

    def choke(self, on: bool) -> None:
        """See :meth:`engine.synths.live_voice.LiveVoice.choke`."""
        if on and not self._is_choked and self._body.choke > 0.0:
            n = round(CHOKED_TIMES / self._body.choke * self._rate)
            falls = np.exp(-self._body.choke / self._rate * np.arange(n))
            for blow in [blow for push in self._pushes for blow in push.blows]:
                blow.fade(falls)
            for hand in self._hands:
                hand.noise.fade(falls)
        self._is_choked = on

    def lighten(self, most: int | None) -> None:
        """See :meth:`engine.synths.live_voice.LiveVoice.lighten`: of its modes the weakest die."""
        if most is not None and (self._most is None or most < self._most) and self._at == 0 and self._pushes:
            self._alive = self._strongest(self._alive, np.abs(self._pushes[0].drive[self._alive]), most)
        self._most = most
        if self._at > 0:
            self._thin()
        if self._hands or self._pushes:
            self._let_in(ALL if most is None else most)

    def _let_in(self, most: int) -> None:
        """Modes that were left out may be driven again, the loudest first."""
        out = np.setdiff1d(np.flatnonzero(self._full.any(0)), self._alive)
        back = self._strongest(out, np.ones(out.size), max(most - self._alive.size, 0))
        if self._at > 0 and back.size:
            self._re[back] = self._im[back] = 0.0
            self._alive = np.union1d(self._alive, back)

    def absorb(self, other: ImpactVoice) -> bool:
        """See :meth:`engine.synths.live_voice.LiveVoice.absorb`."""
        still = all(
            voice._glide_st() == 0.0 and voice._at > 0 and np.array_equal(voice._levels, voice._goal)
            for voice in (self, other)
        )
        if self._body is not other._body or not still or self._fall < _DEAD or self._tuned != other._tuned:
            return False
        # What was damped meanwhile has fallen for good.
        share = other._fall / self._fall
        self._re += share * other._re
        self._im += share * other._im
        for push in other._pushes:
            for blow in push.blows:
                blow.share *= share
            self._add(_Push(push.drive, push.blows))
        self._hands += other._hands
        self._surface = self._surface or other._surface
        self._alive = np.union1d(self._alive, other._alive)
        self._ended = self._ended and other._ended
        return True

    def renew(self, body: Body, struck: Struck | None, surface: Surface | None, glide_s: float = 0.0) -> None:
        """Become another body that was struck, or touched, when this one was, its pitch within ``glide_s``."""
        left_st, away_st = self._glide_st(), 12.0 * math.log2(self._body.pitch_hz / body.pitch_hz)
        if left_st != 0.0 and away_st == 0.0:
            glide_s = max(self._glide.seconds - (self._at - self._glide_from) / self._rate, glide_s)
        self._glide = Glide(away_st + left_st if glide_s > 0.0 else 0.0, max(glide_s, SHORTEST_S))
        self._body, self._glide_from = body, self._at
        for push in self._pushes:
            if push.own and struck is not None:
                push.turn(struck)
        if surface is not None:
            self._surface = surface
            for hand in self._hands:
                hand.stream.striker = surface.striker
                hand.place = None
        self._alive, self._gone = np.arange(ALL), np.zeros(0, np.int64)
        self._tuned = None
        self._ended = False

    @property
    def is_struck(self) -> bool:
        """Whether the force of its key goes on."""
        return any(push.own for push in self._pushes)

    @property
    def n_modes(self) -> int:
        """How many modes ring."""
        return self._alive.size

    @property
    def has_hands(self) -> bool:
        """Whether contacts stream in."""
        return bool(self._hands)

    def _glide_st(self) -> float:
        share = (self._at - self._glide_from) / self._rate / max(self._glide.seconds, SHORTEST_S)
        return self._glide.from_st * max(1.0 - share, 0.0)

    def _tune(self, factor: float, swing: float) -> None:
        """Let the modes turn as fast as they shall from now on, and know how loud they are to be."""
        if self._tuned == (factor, self._is_choked) and self._swing == swing:
            return
        body = self._body
        self._tuned, self._swing = (factor, self._is_choked), swing
        cycles = body.hz * (factor * swing / self._rate)
        damping = body.damping + (body.choke if self._is_choked else 0.0)
        turn = np.exp(2j * np.pi * cycles - damping / self._rate)
        self._turn_re, self._turn_im = turn.real.copy(), turn.imag.copy()
        self._full = body.levels * np.clip((0.5 - cycles) / 0.05, 0.0, 1.0)
        self._goal = self._full.copy()
        self._goal[:, self._gone] = 0.0
        if self._at == 0:
            self._levels = self._goal.copy()

    def _go_on(self, hand: _Hand) -> int:
        """Begin the next step of a hand when the last one is over; says how many frames are left of it."""
        surface = self._surface
        assert surface is not None
        if hand.at >= hand.force.size:
            step = hand.stream.advance()
            if hand.place != step.before:
                hand.drive = surface.drive(step.before)
            else:
                hand.drive = hand.drive + hand.rise * hand.force.size
            after = surface.drive(step.after) if step.after != step.before else hand.drive
            hand.rise = (after - hand.drive) / step.force.size
            hand.place, hand.force, hand.at = step.after, step.force, 0
            for rough in step.rough:
                hand.noise.add(rough.frame, rough.size, surface.striker.rough[rough.number])
            # All contacts of a hand push where it is: one force, however many of them overlap.
            noise, hand.direct = hand.noise.take(step.force.size)
            if noise.size:
                hand.force = step.force + noise
        return hand.force.size - hand.at

    def _add(self, push: _Push) -> None:
        """One more force. What drives alike is one force, and so are the oldest of very many."""
        for there in self._pushes:
            if not there.own and np.array_equal(there.drive, push.drive):
                there.join(push)
                return
        self._pushes.append(push)
        others = [there for there in self._pushes if not there.own]
        if len(others) > MOST_PUSHES:
            longer, shorter = sorted(others[:2], key=lambda one: one.left, reverse=True)
            longer.join(shorter)
            self._pushes.remove(shorter)

    def _strongest(self, modes: NDArray[np.int64], sizes: Floats, most: int) -> NDArray[np.int64]:
        """``most`` of ``modes``, those that are heard most with states of such ``sizes``."""
        if modes.size <= most:
            return modes
        if most == 0:
            return modes[:0]
        heard = sizes * np.abs(self._body.levels[:, modes]).max(0)
        return np.sort(modes[np.argpartition(heard, modes.size - most)[modes.size - most :]])

    def _ring(self, out: Floats) -> None:
        n, alive = out.shape[1], self._alive
        done = 0
        for push in self._pushes:
            push.go_on(n)
        if not np.array_equal(self._levels[:, alive], self._goal[:, alive]):
            done = min(n, max(round(TURN_S * self._rate), 1))
            self._go(0, (self._goal - self._levels) / done, out[:, :done])
            self._levels[:, alive] = self._goal[:, alive]
        # What a slow machine leaves out costs nothing from here on.
        self._leave_out()
        if done < n:
            self._go(done, np.zeros_like(self._goal), out[:, done:])
        for push in self._pushes:
            out[:, : push.direct.size] += push.direct
        for hand in self._hands:
            direct = hand.direct[hand.at : hand.at + n]
            out[:, : direct.size] += direct
            hand.at += n
        self._pushes = [push for push in self._pushes if not push.is_over]
        self._at += n

    def _go(self, done: int, rise: Floats, out: Floats) -> None:
        """Let the modes ring for the next frames of a block of which some are ``done``, their levels rising."""
        alive = self._alive
        state = self._re[alive], self._im[alive]
        turn = self._turn_re[alive], self._turn_im[alive]
        self._drive(state, turn, self._levels.take(alive, 1), rise.take(alive, 1), done, out)
        self._re[alive], self._im[alive] = state

    def _drive(
        self,
        state: tuple[Floats, Floats],
        turn: tuple[Floats, Floats],
        levels: Floats,
        rise: Floats,
        done: int,
        out: Floats,
    ) -> None:
        """Ring for the next frames of a block of which some are ``done``, with all forces."""
        n, alive = out.shape[1], self._alive
        still = np.zeros(alive.size)
        driving = [(p.drive[alive], still, p.force[done : done + n]) for p in self._pushes]
        for hand in self._hands:
            force = hand.force[hand.at + done : hand.at + done + n]
            if force.any():
                begin = hand.drive + hand.rise * (hand.at + done)
                driving.append((begin[alive], hand.rise[alive], force))
        driving = [one for one in driving if one[2].size]
        modes = (*state, *turn, levels[0], levels[1], rise[0], rise[1])
        # Where no force is left the rest is cheaper.
        pushed = max((force.size for _, _, force in driving), default=0)
        if pushed:
            drives = np.stack([drive for drive, _, _ in driving])
            rises = np.stack([rise for _, rise, _ in driving])
            forces = np.zeros((len(driving), pushed))
            for row, (_, _, force) in zip(forces, driving, strict=True):
                row[: force.size] = force
            mode_kernels.ring_on(*modes, drives, rises, forces, out[0, :pushed], out[1, :pushed])
        if pushed < n:
            mode_kernels.ring_out(*modes, out[0, pushed:], out[1, pushed:])

    def _bury(self) -> None:
        """Leave out what has died, and end when nothing is left."""
        self._hands = [hand for hand in self._hands if not self._is_away(hand)]
        self._thin()
        if self._pushes or self._hands:
            return
        alive = self._alive
        size = np.hypot(self._re[alive], self._im[alive]) * np.abs(self._goal[:, alive]).max(0) * self._fall
        self._alive = alive[size > _DEAD]
        self._ended = float(size.sum()) < QUIET

    @staticmethod
    def _is_away(hand: _Hand) -> bool:
        return hand.stream.ended and hand.noise.is_over and hand.at >= hand.force.size

    def _leave_out(self) -> None:
        """Those that have faded ring no more."""
        if self._gone.size:
            gone, self._gone = self._gone, np.zeros(0, np.int64)
            self._alive = np.setdiff1d(self._alive, gone)
            self._re[gone] = self._im[gone] = 0.0
            # What strikes them again finds them as they were.
            self._levels[:, gone] = self._goal[:, gone] = self._full[:, gone]

    def _thin(self) -> None:
        """Of more modes than there may be the weakest fade in the next block, and are left out then."""
        alive = np.setdiff1d(self._alive, self._gone)
        if self._most is not None and alive.size > self._most:
            kept = self._strongest(alive, np.hypot(self._re[alive], self._im[alive]), self._most)
            self._gone = np.setdiff1d(self._alive, kept)
            self._goal = self._goal.copy()
            self._goal[:, self._gone] = 0.0
