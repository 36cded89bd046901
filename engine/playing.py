"""The instrument under the hands: keys in, sound out, a few milliseconds later.

It has a thread of its own, ``engine-play``, that sleeps while nothing sounds. Held notes are rendered ahead of the
device in blocks; a new note begins at the next frames that the device has not taken yet, however far the others are
already rendered, because the bus adds up what it is given. Patches are made ready on another thread
(:mod:`engine.playing_ready`), where torch loads, never here.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.params import Patch
from engine.params.gesture import Hand
from engine.params.playing import PlaySettings
from engine.playing_clock import Clock
from engine.playing_ready import Kind as Kind
from engine.playing_ready import Made, Wanted, Workshop, is_prepared
from engine.playing_ready import prepare as prepare

if TYPE_CHECKING:
    from engine.synths.live import LiveInstrument, Part

MARGIN_S = 0.002
"""A new note begins so long after the frame that the device takes next: enough to compute its first block."""
TURN_S = 0.004
"""How often the thread looks at the device while something sounds."""
RENEW_S = 0.015
"""Held notes take over a turned knob at most so often."""
STALE_S = 0.5
"""A key that waited longer (for a library that loads) is not struck any more."""

_HANDS = ("pedal", "bend", "wheel", "damp")
_BEGINNINGS = ("note_on", "hit", "touch")
"""What a new sound begins with."""

_SCRAPES = Hand()

log = logging.getLogger(__name__)


class Bus(Protocol):
    """Where live sound goes: a timeline in frames of the device, into which blocks are added."""

    @property
    def rate(self) -> int:
        """Frames in a second."""
        ...

    @property
    def position(self) -> int:
        """The first frame that the device has not taken yet. It grows only while a device or a silent clock runs."""
        ...

    @property
    def at_once(self) -> int:
        """How many frames the device takes at a time, as far as that is known: :attr:`position` leaps by so many."""
        ...

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        """Add ``frames`` ``[n, 2]`` (left and right) from frame ``first`` on; what is past is dropped and counted.

        Returns at once and waits for nobody.
        """
        ...

    def expect(self, frame: float) -> None:
        """All that sounds has been added up to ``frame`` and goes on there: a device with time to spare may wait."""
        ...


class Instrument:
    """Plays a patch by keys. All methods may be called from any thread, return at once and never raise.

    ``on_error`` hears of trouble, on the playing thread, once for each patch that cannot be played and each bus that
    takes nothing.
    """

    def __init__(self, kind: Kind = "real", on_error: Callable[[Exception], None] | None = None) -> None:
        self.on_error = on_error
        self._commands: deque[tuple[float, str, tuple[Any, ...]]] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._workshop = Workshop(kind, self._wake.set)
        self._player = _Player(kind, self._workshop)

    @property
    def n_sounding(self) -> int:
        """How many voices sound, those that fade included."""
        return self._player.n_sounding

    def get_ready(self) -> Future[None]:
        """Load and compile what playing needs; a key waits for it anyway."""
        return self._workshop.get_ready()

    def connect(self, bus: Bus | None) -> None:
        """Play into ``bus`` from now on, or nowhere; what sounded on another bus is over."""
        self._send("connect", bus)

    def set_patch(self, patch: Patch, *, turning: bool = False) -> None:
        """Play ``patch``: held notes take its sound over without a click.

        The next key waits until it is ready, a few milliseconds. Not so while a knob is ``turning``: then the key
        begins with what is ready and takes the turn over as held notes do.
        """
        self._send("set_patch", patch, turning)

    def set_settings(self, settings: PlaySettings) -> None:
        """Voices, glide and ranges from now on."""
        self._send("set_settings", settings)

    def note_on(self, note: int, velocity: int = 100) -> None:
        """A key goes down, both numbers as in MIDI; velocity 0 is a key that goes up."""
        if velocity > 0:
            self._send("note_on", note, velocity)
        else:
            self._send("note_off", note)

    def note_off(self, note: int) -> None:
        """A key goes up."""
        self._send("note_off", note)

    def pedal(self, on: bool) -> None:
        """The sustain pedal: while it is down, keys that go up sound on."""
        self._send("pedal", on)

    def bend(self, share: float) -> None:
        """The pitch wheel, -1 to 1."""
        self._send("bend", share)

    def wheel(self, share: float) -> None:
        """The modulation wheel, 0 to 1."""
        self._send("wheel", share)

    def hit(self, x: float, y: float, velocity: int = 100, note: int = 60) -> None:
        """An object is struck at a place (shares of its picture, 0 to 1) and rings freely; ``note`` says which one."""
        self._send("hit", (x, y), velocity, note)

    def touch(self, x: float, y: float, force: float, hand: Hand = _SCRAPES, note: int = 60) -> None:
        """A hand is on an object, there and with that force (0 to 1), and scrapes, rolls or bounces until it is lifted.

        ``hand`` and ``note`` are those of the first touch; at force 0 the hand is lifted.
        """
        if force > 0.0:
            self._send("touch", (x, y), force, note, hand)
        else:
            self.lift()

    def lift(self) -> None:
        """The hand leaves the object; what rings rings on."""
        self._send("lift")

    def damp(self, on: bool) -> None:
        """A hand lies on all objects that ring: they are 60 dB down within the patch's damp time; off, they ring."""
        self._send("damp", on)

    def all_off(self) -> None:
        """Silence within a few milliseconds; keys, pedal, wheels and hands are at rest."""
        self._send("all_off")

    def close(self, timeout_s: float | None = 10.0) -> bool:
        """End the thread; ``False`` when it did not end in time."""
        with self._starting:
            self._closing = True
        self._wake.set()
        has_ended = self._workshop.close(timeout_s)
        thread = self._thread
        if thread is None or thread is threading.current_thread():
            return has_ended
        thread.join(timeout_s)
        return has_ended and not thread.is_alive()

    # -- between the threads ---------------------------------------------------------------------

    def _send(self, name: str, *args: Any) -> None:
        self._commands.append((time.perf_counter(), name, args))
        self._wake.set()
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        """The thread begins with the first that is asked of it."""
        with self._starting:
            if self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._loop, name="engine-play", daemon=True)
                self._thread.start()

    def _loop(self) -> None:
        rest_s: float | None = None
        while True:
            self._wake.wait(rest_s)
            self._wake.clear()
            if self._closing:
                return
            rest_s = self._turn()

    def _turn(self) -> float | None:
        """Do what was sent and play what is due; says how long the thread may rest."""
        player = self._player
        try:
            player.take_up()
            while self._commands and not self._closing:
                sent_at, name, args = self._commands[0]
                if name in _BEGINNINGS and player.must_wait():
                    break
                self._commands.popleft()
                player.obey(sent_at, name, args)
                player.keep_up()
            return player.play()
        except _BusError as error:
            player.leave_bus()
            self._tell(error.cause)
        except Exception as error:
            player.refuse_patch()
            self._tell(error)
        return 0.0  # what was sent behind it is still to be done

    def _tell(self, error: Exception) -> None:
        if self.on_error is None:
            log.exception("The instrument cannot play")
            return
        try:
            self.on_error(error)
        except Exception:
            log.exception("The listener of the instrument failed")


class _BusError(Exception):
    """Not the patch failed, but the bus that should take its sound."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _Way:
    """The way to a bus; what goes wrong there is a :class:`_BusError`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        with _bus_errors():
            self.rate = bus.rate

    @property
    def position(self) -> int:
        with _bus_errors():
            return self._bus.position

    @property
    def at_once(self) -> int:
        with _bus_errors():
            return self._bus.at_once

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        with _bus_errors():
            self._bus.add(first, frames)

    def expect(self, frame: float) -> None:
        with _bus_errors():
            self._bus.expect(frame)


@contextmanager
def _bus_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise _BusError(error) from error


class _Player:
    """What the playing thread holds; nobody else touches it."""

    def __init__(self, kind: Kind, workshop: Workshop) -> None:
        self._kind, self._workshop = kind, workshop
        self._bus: _Way | None = None
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
        self._synth = ""
        self._clock = Clock()
        self._refused: Patch | None = None
        self._hands: dict[str, Any] = {}
        """Where pedal and wheels are: they may have moved before the first key, and stay where the bus or the patch
        changes."""

    @property
    def n_sounding(self) -> int:
        live = self._live
        return 0 if live is None else live.n_sounding

    def obey(self, sent_at: float, name: str, args: tuple[Any, ...]) -> None:
        """Do what somebody asked for at ``sent_at``."""
        if name == "connect":
            self.leave_bus()
            (bus,) = args
            self._bus = None if bus is None else _Way(bus)
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
        elif name in _BEGINNINGS:
            self._strike(sent_at, name, args)
        else:
            if name in _HANDS:
                (self._hands[name],) = args
            elif name == "all_off":
                self._hands.clear()
            if self._live is not None:
                getattr(self._live, name)(*args)

    def leave_bus(self) -> None:
        """Be silent until another bus comes."""
        if self._bus is not None:
            with suppress(_BusError):
                self._bus.expect(math.inf)
        self._bus, self._live, self._clock = None, None, Clock()

    def refuse_patch(self) -> None:
        """Be silent until another patch comes."""
        if self._bus is not None:
            with suppress(_BusError):
                self._bus.expect(math.inf)
        self._live, self._refused, self._is_new, self._is_awaited = None, self._patch, False, False

    def play(self) -> float | None:
        """Render what is due; says how long the thread may rest, ``None`` while nothing sounds."""
        bus, live = self._bus, self._live
        if bus is None or live is None:
            return None
        if self._is_new and (live.is_silent or time.perf_counter() - self._asked_at >= RENEW_S):
            self._ask(bus)
        if live.is_silent:
            return None
        position = bus.position
        self._leap(bus, live, position)
        self._clock.hear(bus.at_once)
        ahead = self._clock.ahead(position, bus.rate)
        reach = live.room_reach
        # The room goes on at least as far as the device takes at once: a hole in it is worse than a late beginning.
        room_ahead = min(max(reach or 0, self._clock.at_once + round(2 * TURN_S * bus.rate)), ahead)
        # What the device may take next goes out before what it takes later is computed.
        for share in (min(self._clock.first(bus.rate), ahead), ahead):
            for first, sound in live.render(position + share, position + min(room_ahead, share)):
                bus.add(first, sound)
        bus.expect(live.lasts_until)
        return TURN_S

    def keep_up(self) -> None:
        """Between two of the many things that hands did at once: what the device takes next must not wait for all."""
        bus, live = self._bus, self._live
        if bus is not None and live is not None and live.lasts_until < bus.position + self._clock.at_once:
            self.play()

    def _strike(self, sent_at: float, name: str, args: tuple[Any, ...]) -> None:
        bus, live = self._bus, self._live
        if bus is None or live is None or time.perf_counter() - sent_at > STALE_S:
            return
        position = bus.position
        if live.is_silent:
            self._clock.rest(position)
        self._leap(bus, live, position)
        part = getattr(live, name)(*args, at=position + round(MARGIN_S * bus.rate))
        if part is not None:
            self._begin(bus, live, part)

    def _leap(self, bus: _Way, live: LiveInstrument, position: int) -> None:
        """Go on where the device is. What it has passed meanwhile was a gap: the bus counts it, the clock learns."""
        missed = live.leap(position)
        if missed > 0:
            bus.add(position - missed, np.broadcast_to(np.float32(0.0), (missed, 2)))
            self._clock.was_late(missed)

    def _begin(self, bus: _Way, live: LiveInstrument, part: Part) -> None:
        """The beginning of a new note goes out before anything else is computed; a chord is many of these."""
        self._clock.hear(bus.at_once)
        # A device with time to spare waits for it.
        bus.expect(live.lasts_until)
        first, sound = live.begin(part, self._clock.first(bus.rate))
        if (late := bus.position - first) > 0:
            # The device took its first frames while they were computed: it begins a little later, and it alone.
            live.postpone(part, late)
            first += late
        bus.add(first, sound)
        bus.expect(live.lasts_until)

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
        self._made = made
        if self._live is not None and bus is not None and made.wanted.rate == bus.rate:
            self._play_with(bus, made)

    def _ask(self, bus: _Way) -> None:
        if self._patch is None:
            return
        keys = () if self._live is None or self._patch.synth != self._synth else self._live.keys
        self._asked, self._asked_at = Wanted(self._patch, bus.rate, keys), time.perf_counter()
        self._is_new, self._refused = False, None
        self._workshop.ask(self._asked)

    def _play_with(self, bus: _Way, made: Made) -> None:
        assert made.ready is not None
        patch = made.wanted.patch
        if patch is self._patch:
            self._is_awaited = False
        if self._live is not None and patch.synth != self._synth:
            # No voice of one synth can become one of another.
            for first, sound in self._live.fade_out():
                bus.add(first, sound)
            self._live = None
        self._synth = patch.synth
        if self._live is None:
            from engine.synths.live import LiveInstrument

            self._live = LiveInstrument(made.ready, bus.rate, self._settings)
            for name, place in self._hands.items():
                getattr(self._live, name)(place)
        else:
            self._live.set_patch(made.ready)
