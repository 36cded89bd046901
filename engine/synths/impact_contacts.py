"""A hand on an object as a stream of contacts: scrape, roll and bounce.

Time goes in steps of a few milliseconds that do not depend on how the sound is asked for, so that joined blocks are one
sound. In each step the hand goes on towards where it was last said to be, and its contacts begin; all chance is decided
by the seed. A scrape is a shower of small contacts (van den Doel, Kry and Pai, FoleyAutomatic, SIGGRAPH 2001, drive
modes by a profile that is read faster; here single contacts are drawn, so that a slow hand is heard as ticks): as many
as the hand passes, each shorter the faster it goes. The contacts of a bounce follow each other after ``T``, ``T e``,
``T e^2`` and so on, with speeds that shrink by the same ``e``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.dsp.mode_kernels import push_on
from engine.params.gesture import Hand
from engine.synths.impact_struck import ContactNoise
from engine.synths.live_voice import Place

Floats = NDArray[np.float64]

STEP_S = 0.005
_FOLLOWS_S = 0.01
"""The hand is where it was said to be after about so long."""
_STILL = 1e-4
SCRAPE_PER_LENGTH = 900.0
"""Contacts of a scrape over the whole object, from one edge to the other."""
_MOST_PER_S = 4_000.0
USUAL_SPEED = 0.8
"""Objects a second: at this speed a scrape is as bright as its striker is hard."""
_SCRAPE_SHORTER = 0.35
"""A small contact lasts so much shorter than a strike."""
_LONGEST_SCRAPE_S = 0.004
SIZES = 0.5
"""How much the logarithms of their sizes differ (standard deviation)."""
LONGEST_S = 0.06
_LEAST_INTERVAL_S = 0.006
"""A ball that jumps faster lies still."""
_FIRST_JUMP_S = (0.08, 0.42)
"""Until the second contact of a bounce: at no force, and what full force adds."""
_MOST_BALLS = 8


@dataclass(frozen=True, eq=False)
class Striker:
    """How a striker touches at MIDI velocities 0 to 127: ``seconds`` and ``gain`` ``[128]``; ``scrape`` is the size of
    a scrape's contacts at full force; ``rough`` are noises of a contact, of which each has another one."""

    seconds: Floats
    gain: Floats
    scrape: float
    rough: Sequence[ContactNoise]

    def at(self, velocity: float) -> tuple[float, float]:
        """How long a contact of that velocity lasts, and how large it is."""
        left = min(int(velocity), 126)
        share = min(velocity - left, 1.0)
        seconds = self.seconds[left] + share * (self.seconds[left + 1] - self.seconds[left])
        return float(seconds), float(self.gain[left] + share * (self.gain[left + 1] - self.gain[left]))


@dataclass(frozen=True, eq=False)
class Surface:
    """What a hand touches: how much a push at a place drives each mode ``[modes]``, and the striker in the hand."""

    drive: Callable[[Place], Floats]
    striker: Striker


@dataclass
class _Ball:
    """A striker that jumps: when (in seconds of the stream) it touches next, how long it then flies, and how fast it
    comes, as a MIDI velocity."""

    at_s: float
    flies_s: float
    velocity: float


@dataclass(frozen=True)
class Rough:
    """The noise of a strike that begins at ``frame`` of a step and goes on for longer: the noise of that ``number``,
    so large beside that of a usual strike."""

    frame: int
    size: float
    number: int


@dataclass(frozen=True)
class Step:
    """The next frames: where the hand is before and after them, the force of all contacts in them, and the noise of the
    strikes that begin in them."""

    before: Place
    after: Place
    force: Floats
    rough: list[Rough]


class ContactStream:
    """The contacts of one hand at ``rate`` frames a second."""

    def __init__(self, hand: Hand, striker: Striker, rate: int) -> None:
        self.striker = striker
        self._hand, self._rate = hand, rate
        self.step_frames = max(round(STEP_S * rate), 1)
        self._step_s = self.step_frames / rate
        self._follow = 1.0 - math.exp(-self._step_s / _FOLLOWS_S)
        self._rng = np.random.default_rng(hand.seed)
        self._chances = np.random.default_rng((hand.seed, 1))
        """Which noise comes next: apart, so that what else is left to chance is the same for all strikers."""
        self._noise = 0
        self._n_steps = 0
        self._place: Place | None = None
        self._goal: Place = (0.0, 0.0)
        self._force, self._goal_force = 0.0, 0.0
        self._is_down = False
        self._next_s = 0.0
        self._n_struck = 0
        self._balls: list[_Ball] = []
        self._force_ahead = np.zeros(self.step_frames + math.ceil(LONGEST_S * rate) + 2)
        self._busy_until = 0
        self.speed = 0.0
        """Of the hand, in objects a second."""

    @property
    def ended(self) -> bool:
        """Whether the hand is away and no contact is left."""
        quiet = not self._is_down and not self._balls and self._force < 1e-3
        return quiet and self._n_steps * self.step_frames >= self._busy_until

    def touch(self, x: float, y: float, force: float) -> None:
        """The hand is there from the next step on; with no force it is lifted."""
        if force <= 0.0:
            self.lift()
            return
        self._goal, self._goal_force = (x, y), force
        if not self._is_down:
            self._is_down = True
            self._place = (x, y)  # it comes from above
            now_s = self._n_steps * self._step_s
            self._next_s = now_s
            if self._hand.kind == "bounce" and len(self._balls) < _MOST_BALLS:
                first_s = _FIRST_JUMP_S[0] + _FIRST_JUMP_S[1] * force
                self._balls.append(_Ball(now_s, first_s, velocity_of(force)))

    def lift(self) -> None:
        """The hand goes away; a ball jumps on."""
        self._is_down = False
        self._goal_force = 0.0

    def advance(self) -> Step:
        """The next :attr:`step_frames`."""
        before = self._place or self._goal
        way = self._goal[0] - before[0], self._goal[1] - before[1]
        after = self._goal
        if math.hypot(*way) > _STILL:
            after = before[0] + self._follow * way[0], before[1] + self._follow * way[1]
        self._place = after
        self.speed = math.dist(before, after) / self._step_s
        self._force += self._follow * (self._goal_force - self._force)
        rough: list[Rough] = []
        if self._hand.kind == "scrape":
            self._scrape()
        elif self._hand.kind == "roll":
            self._roll(rough)
        else:
            self._bounce(rough)
        force = self._force_ahead[: self.step_frames].copy()
        self._force_ahead[: -self.step_frames] = self._force_ahead[self.step_frames :]
        self._force_ahead[-self.step_frames :] = 0.0
        self._n_steps += 1
        return Step(before, after, force, rough)

    def _scrape(self) -> None:
        density = min(SCRAPE_PER_LENGTH * self.speed, _MOST_PER_S)
        n = int(self._rng.poisson(density * self._step_s))
        if n == 0 or self._force < 1e-3:
            return
        starts = np.sort(self._rng.random(n)) * self.step_frames
        seconds = scrape_contact_s(self.striker.at(pressed_velocity(self._force))[0], self.speed)
        sizes = self.striker.scrape * self._force * np.exp(SIZES * self._rng.standard_normal(n))
        self._push(starts, seconds, sizes)

    def _roll(self, rough: list[Rough]) -> None:
        now_s = self._n_steps * self._step_s
        while self._is_down and self._next_s < now_s + self._step_s:
            # The second hand is a little weaker, and neither is a machine.
            weaker = 0.93 if self._n_struck % 2 else 1.0
            velocity = velocity_of(self._goal_force) * weaker * (1.0 + 0.04 * self._rng.standard_normal())
            self._strike(self._next_s - now_s, velocity, rough)
            self._next_s += max(1.0 + 0.05 * self._rng.standard_normal(), 0.5) / self._hand.roll_hz

    def _bounce(self, rough: list[Rough]) -> None:
        now_s = self._n_steps * self._step_s
        for ball in self._balls:
            while ball.at_s < now_s + self._step_s and ball.flies_s >= _LEAST_INTERVAL_S:
                self._strike(ball.at_s - now_s, ball.velocity * (1.0 + 0.03 * self._rng.standard_normal()), rough)
                ball.at_s += ball.flies_s
                ball.flies_s *= self._hand.bounce
                # A MIDI velocity is the speed to the power of 2/3, as the contact takes it.
                ball.velocity *= self._hand.bounce ** (2.0 / 3.0)
        self._balls = [ball for ball in self._balls if ball.flies_s >= _LEAST_INTERVAL_S]

    def _strike(self, in_s: float, velocity: float, rough: list[Rough]) -> None:
        velocity = min(max(velocity, 1.0), 127.0)
        seconds, gain = self.striker.at(velocity)
        start = max(in_s, 0.0) * self._rate
        self._push(np.array([start]), seconds, np.array([gain]))
        # Any but the last one.
        self._noise += int(self._chances.integers(1, max(len(self.striker.rough), 2)))
        size = gain / self.striker.at(100.0)[1] * (velocity / 100.0)
        rough.append(Rough(min(int(start), self.step_frames - 1), size, self._noise % max(len(self.striker.rough), 1)))
        self._n_struck += 1

    def _push(self, starts: Floats, seconds: float, sizes: Floats) -> None:
        length = min(seconds, LONGEST_S) * self._rate
        push_on(starts, np.full(starts.size, length), sizes, self._force_ahead)
        self._busy_until = (self._n_steps + 1) * self.step_frames + math.ceil(length)


def scrape_contact_s(struck_s: float, speed: float) -> float:
    """How long a contact of a scrape lasts at ``speed`` (objects a second) where a strike as hard lasts
    ``struck_s``."""
    slower = 1.0 / min(max(speed / USUAL_SPEED, 0.1), 10.0)
    return min(_SCRAPE_SHORTER * struck_s * math.sqrt(slower), _LONGEST_SCRAPE_S)


def pressed_velocity(force: float) -> float:
    """The MIDI velocity whose contact lasts as long as those of a scrape with that force."""
    return 30.0 + 97.0 * force


def velocity_of(force: float) -> float:
    """The MIDI velocity of a strike with that force."""
    return 1.0 + 126.0 * force
