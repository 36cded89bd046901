"""What the playing thread holds and does: a patch, its voices, and how far they are rendered ahead of the device."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.params import Patch
from engine.params.playing import PlaySettings
from engine.playing_bus import BusError, BusWay
from engine.playing_clock import Clock
from engine.playing_ready import Kind, Made, Wanted, Workshop, is_prepared
from engine.playing_strain import Strain

if TYPE_CHECKING:
    from engine.synths.live import LiveInstrument, Part

MARGIN_S = 0.002
"""A new note begins so long after the frame that the device takes next: enough to compute its first block."""
TURN_S = 0.004
"""How often the thread looks at the device while something sounds."""
RENEW_S = 0.015
"""Held notes take over a turned knob at most so often."""
SLICE_S = 0.02
"""Where time is short, what lies further ahead is rendered in pieces of this length: hands need not wait for all."""
STALE_S = 0.5
"""A key that waited longer is not struck any more where a newer one waits behind it, or where all keys waited for a
library that loads."""

_HANDS = ("pedal", "bend", "wheel", "damp")
BEGINNINGS = ("note_on", "hit", "touch")
"""What a new sound begins with."""


class Player:
    """What the playing thread holds; nobody else touches it."""

    def __init__(self, kind: Kind, workshop: Workshop) -> None:
        self._kind, self._workshop = kind, workshop
        self._bus: BusWay | None = None
        self._patch: Patch | None = None
        self._is_new = False
        """Whether it has still to be asked for."""
        self._is_awaited = False
        """Whether the next key has to wait for it."""
        self._asked: Wanted | None = None
        self._asked_at = 0.0
        self._made: Made | None = None
        self._settings = PlaySettings()
        self._live: LiveInstrument | None = None
        self._partings: list[LiveInstrument] = []
        """Other instruments, which hands have left and which ring out."""
        self._synth = ""
        self._clock = Clock()
        self._strain = Strain()
        self._played_since = math.inf
        """When the first patch was ready: until then keys wait for what is loaded, not for a patch."""
        self.is_asked: Callable[[], bool] = lambda: False
        """Whether hands have done something that waits."""
        self.is_followed: Callable[[float], bool] = lambda _sent_at: False
        """Whether a key waits that went down well after that time."""
        self._refused: Patch | None = None
        self._hands: dict[str, Any] = {}
        """Where pedal and wheels are: they may have moved before the first key, and stay where the bus or the patch
        changes."""

    @property
    def n_sounding(self) -> int:
        live = self._live
        return sum(one.n_sounding for one in (live, *self._partings) if one is not None)

    @property
    def is_strained(self) -> bool:
        """Whether the machine has been too slow for what is played, for long, so that some of it is left out."""
        return self._strain.lasts

    def obey(self, sent_at: float, name: str, args: tuple[Any, ...]) -> None:
        """Do what somebody asked for at ``sent_at``."""
        if name == "connect":
            self.leave_bus()
            (bus,) = args
            self._bus = None if bus is None else BusWay(bus)
        elif name == "set_patch":
            self._patch, turning = args
            self._is_new = True
            self._is_awaited = self._is_awaited or not turning
            if not turning and self._bus is not None and is_prepared(self._kind):
                # It is there before the hand has gone from the list to the keys.
                self._ask(self._bus)
        elif name == "set_settings":
            (self._settings,) = args
            if self._live is not None:
                self._live.set_settings(self._settings)
        elif name in BEGINNINGS:
            self._strike(sent_at, name, args)
        else:
            if name in _HANDS:
                (self._hands[name],) = args
            elif name == "all_off":
                self._hands.clear()
            if self._live is not None:
                getattr(self._live, name)(*args)
            if name in ("damp", "all_off"):
                for parting in self._partings:
                    getattr(parting, name)(*args)

    def leave_bus(self) -> None:
        """Be silent until another bus comes."""
        if self._bus is not None:
            with suppress(BusError):
                self._bus.expect(math.inf)
        self._bus, self._live, self._partings, self._clock = None, None, [], Clock()

    def refuse_patch(self) -> None:
        """Be silent until another patch comes."""
        if self._bus is not None:
            with suppress(BusError):
                self._bus.expect(math.inf)
        self._partings = []
        self._live, self._refused, self._is_new, self._is_awaited = None, self._patch, False, False

    def play(self) -> float | None:
        """Render what is due; says how long the thread may rest, ``None`` while nothing sounds."""
        bus, live = self._bus, self._live
        if bus is None or live is None:
            return None
        if self._is_new and (live.is_silent or time.perf_counter() - self._asked_at >= RENEW_S):
            self._ask(bus)
        self._partings = [parting for parting in self._partings if not parting.is_silent]
        if live.is_silent and not self._partings:
            return None
        position = bus.position
        self._leap(bus, live, position)
        begins = live.lasts_until
        self._clock.hear(bus.at_once)
        ahead = self._clock.ahead(position, bus.rate)
        reach = live.room_reach
        # The room goes on at least as far as the device takes at once: a hole in it is worse than a late beginning.
        room_ahead = min(max(reach or 0, self._clock.at_once + round(2 * TURN_S * bus.rate)), ahead)
        # What the device may take next goes out before what it takes later is computed.
        share = min(self._clock.first(bus.rate), ahead)
        while True:
            for first, sound in live.render(position + share, position + min(room_ahead, share)):
                bus.add(first, sound)
            passed = bus.position - position
            # A machine that is too slow must see so soon, and hands need not wait for what lies far ahead.
            if share == ahead or passed > share or (passed > 0 and self.is_asked()):
                break
            share = min(share + round(SLICE_S * bus.rate), ahead) if self._strain.is_near else ahead
        for parting in self._partings:
            self._leap(bus, parting, position)
            reach = max(parting.room_reach or 0, self._clock.at_once + round(2 * TURN_S * bus.rate))
            for first, sound in parting.render(position + share, position + min(reach, share)):
                bus.add(first, sound)
        bus.expect(self._lasts_until(live))
        if math.isfinite(begins) and live.can_lighten:
            self._strain.rendered(max(position + share - begins, 0.0), bus.position - position, bus.rate, live)
        return TURN_S

    def keep_up(self) -> None:
        """Between two of the many things that hands did at once: what the device takes next must not wait for all."""
        bus, live = self._bus, self._live
        if bus is not None and live is not None and live.lasts_until < bus.position + self._clock.at_once:
            self.play()

    def _strike(self, sent_at: float, name: str, args: tuple[Any, ...]) -> None:
        bus, live = self._bus, self._live
        if bus is None or live is None:
            return
        if time.perf_counter() - sent_at > STALE_S and (sent_at < self._played_since or self.is_followed(sent_at)):
            return
        position = bus.position
        if live.is_silent:
            self._clock.rest(position)
        self._leap(bus, live, position)
        part = getattr(live, name)(*args, at=position + round(MARGIN_S * bus.rate))
        if part is not None:
            self._begin(bus, live, part)

    def _leap(self, bus: BusWay, live: LiveInstrument, position: int) -> None:
        """Go on where the device is. What it has passed meanwhile was a gap: the bus counts it, the clock learns."""
        missed = live.leap(position)
        if missed > 0:
            bus.add(position - missed, np.broadcast_to(np.float32(0.0), (missed, 2)))
            self._clock.was_late(missed)
            self._strain.missed(missed)

    def _lasts_until(self, live: LiveInstrument) -> float:
        return min(one.lasts_until for one in (live, *self._partings))

    def _part_from(self, bus: BusWay, live: LiveInstrument) -> None:
        """No voice of one synth can become one of another: what sounds is let go and rings out beside the other."""
        for older in self._partings:
            self._fall_silent(bus, older)
        live.let_go()
        self._partings = [live]

    def _fall_silent(self, bus: BusWay, live: LiveInstrument) -> None:
        """What sounds fades from where it is rendered to.

        Where the device has passed that place, the sound has broken off already: a fade that came back from silence
        would be a second click, so what is late of it is only counted.
        """
        position = bus.position
        for first, sound in live.fade_out():
            if first >= position:
                bus.add(first, sound)
            else:
                late = min(position - first, len(sound))
                bus.add(first, np.zeros((late, 2), np.float32))
                self._clock.was_late(late)
        # A device must not wait for voices that are no more.
        bus.expect(math.inf)

    def _begin(self, bus: BusWay, live: LiveInstrument, part: Part) -> None:
        """The beginning of a new note goes out before anything else is computed; a chord is many of these."""
        self._clock.hear(bus.at_once)
        # A device with time to spare waits for it.
        bus.expect(self._lasts_until(live))
        first, sound = live.begin(part, self._clock.first(bus.rate))
        if (late := bus.position - first) > 0:
            # The device took its first frames while they were computed: it begins a little later, and it alone.
            live.postpone(part, late)
            first += late
        bus.add(first, sound)
        bus.expect(self._lasts_until(live))

    # -- the patch -------------------------------------------------------------------------------

    def must_wait(self) -> bool:
        """Whether a key cannot be struck before the patch is ready; what sounds goes on meanwhile."""
        bus, patch = self._bus, self._patch
        if bus is None or patch is None or patch is self._refused:
            return False
        if self._live is not None and not self._is_awaited:
            return False
        if self._made is not None and self._made.serves(patch, bus.rate):
            self._play_with(bus, self._made)
            return False
        if self._asked is None or self._asked.patch is not patch or self._asked.rate != bus.rate:
            self._ask(bus)
        return True

    def take_up(self) -> None:
        """Play with what was made ready meanwhile."""
        made, bus = self._workshop.take(), self._bus
        if made is None:
            return
        if made.error is not None:
            if made.wanted.patch is self._patch:
                self._asked = None
                raise made.error
            return
        self._made, self._played_since = made, min(self._played_since, time.perf_counter())
        if self._live is not None and bus is not None and made.wanted.rate == bus.rate:
            self._play_with(bus, made)

    def _ask(self, bus: BusWay) -> None:
        if self._patch is None:
            return
        keys = () if self._live is None or self._patch.synth != self._synth else self._live.keys
        self._asked, self._asked_at = Wanted(self._patch, bus.rate, keys), time.perf_counter()
        self._is_new, self._refused = False, None
        self._workshop.ask(self._asked)

    def _play_with(self, bus: BusWay, made: Made) -> None:
        assert made.ready is not None
        patch = made.wanted.patch
        if patch is self._patch:
            self._is_awaited = False
        if self._live is not None and patch.synth != self._synth:
            self._part_from(bus, self._live)
            self._live = None
        self._synth = patch.synth
        if self._live is None:
            from engine.synths.live import LiveInstrument

            self._live, self._strain = LiveInstrument(made.ready, bus.rate, self._settings), Strain()
            for name, place in self._hands.items():
                getattr(self._live, name)(place)
        else:
            self._live.set_patch(made.ready)
