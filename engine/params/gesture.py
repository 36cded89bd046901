"""What a hand does on an object besides striking it once: the places it touches over time, as a value that is kept.

A ``scrape`` drags over the surface: many small contacts, the more and the brighter the faster it goes, as strong as it
presses. A ``roll`` strikes again and again where the hand is, as hard as it presses. A ``bounce`` lets the striker fall
and jump: its contacts follow each other in shrinking intervals. Places are shares of the object's picture, as for
``strike_x`` and ``strike_y``; force goes from 0 (lifted) to 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import BadUsage
from engine.params.param import Param
from engine.params.patch import MAX_SEED

GESTURES = ("scrape", "roll", "bounce")

CHOKE_S = 0.3
"""Under a hand that is laid on it what rings is 60 dB down within so long, or sooner, as its key would damp it."""

_SECTION = "Gesture"
ROLL = Param(
    "roll_hz", 2.0, 60.0, 13.0, "Hz", "log", label="Rate", help="Strikes of a roll in a second", section=_SECTION
)
BOUNCE = Param(
    "bounce",
    0.3,
    0.97,
    0.8,
    label="Bounce",
    help="How much of its speed the striker keeps at each jump",
    section=_SECTION,
)
LONGEST_S = 600.0
_MOST_TOUCHES = 1_000_000


@dataclass(frozen=True, slots=True)
class Hand:
    """How a gesture drives the object: its kind, how fast a roll is, how much a bounce keeps, and the start of all
    chance in it."""

    kind: str = GESTURES[0]
    roll_hz: float = ROLL.default
    bounce: float = BOUNCE.default
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in GESTURES:
            raise BadUsage(f"There is no gesture called {self.kind!r}; there is {', '.join(GESTURES)}.")
        for param, value in ((ROLL, self.roll_hz), (BOUNCE, self.bounce)):
            if not param.low <= value <= param.high:
                raise BadUsage(f"{param.label}: {value:g} is out of range; give {param.low:g} to {param.high:g}.")
        if not 0 <= self.seed <= MAX_SEED:
            raise BadUsage(f"A seed is a whole number from 0 to {MAX_SEED}.")


@dataclass(frozen=True, slots=True)
class Touch:
    """Where a hand is so many ``seconds`` after the gesture began; at force 0 it is lifted."""

    seconds: float
    x: float
    y: float
    force: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.seconds <= LONGEST_S and 0.0 <= self.x <= 1.0 and 0.0 <= self.y <= 1.0):
            raise BadUsage(f"A touch is at 0 to {LONGEST_S:g} s, and its places lie between 0 and 1.")
        if not 0.0 <= self.force <= 1.0:
            raise BadUsage(f"A touch cannot have the force {self.force:g}: it goes from 0 to 1.")


@dataclass(frozen=True, slots=True)
class Gesture:
    """A gesture as it was drawn: the hand, the key whose object it drives, and its touches in order of time."""

    hand: Hand
    touches: tuple[Touch, ...]
    note: int = 60

    def __post_init__(self) -> None:
        times = [touch.seconds for touch in self.touches]
        if times != sorted(times):
            raise BadUsage("The touches of a gesture must be in order of time.")

    @property
    def seconds(self) -> float:
        """When its last touch is."""
        return self.touches[-1].seconds if self.touches else 0.0

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for JSON; :meth:`read` makes it a gesture again."""
        hand = self.hand
        return {
            "gesture": hand.kind,
            "roll_hz": hand.roll_hz,
            "bounce": hand.bounce,
            "seed": hand.seed,
            "note": self.note,
            "touches": [[t.seconds, t.x, t.y, t.force] for t in self.touches],
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Gesture:
        """Read what :meth:`to_json` wrote; raises :class:`BadUsage` for something else."""
        try:
            hand = Hand(data["gesture"], float(data["roll_hz"]), float(data["bounce"]), int(data["seed"]))
            rows = data["touches"]
            if len(rows) > _MOST_TOUCHES:
                raise BadUsage(f"A gesture has at most {_MOST_TOUCHES} touches.")
            touches = tuple(Touch(*(float(number) for number in row)) for row in rows)
            return cls(hand, touches, int(data["note"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadUsage(f"This is no gesture: {error}.") from None
