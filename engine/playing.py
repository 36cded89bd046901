"""The instrument under the hands: keys in, sound out, a few milliseconds later.

It has a thread of its own, ``engine-play``, that sleeps while nothing sounds. Held notes are rendered ahead of the
device in blocks; a new note begins at the next frames that the device has not taken yet, however far the others are
already rendered, because the bus adds up what it is given. Patches are made ready on another thread
(:mod:`engine.playing_ready`), where torch loads, never here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import pairwise
from typing import Any

from engine.params import Patch
from engine.params.gesture import Hand
from engine.params.playing import PlaySettings
from engine.playing_bus import Bus as Bus
from engine.playing_bus import BusError
from engine.playing_player import BEGINNINGS, Player
from engine.playing_ready import Kind as Kind
from engine.playing_ready import Workshop
from engine.playing_ready import prepare as prepare

_SCRAPES = Hand()
LATE_S = 0.1
"""What hands did so long ago comes late."""
_ENDS = (("damp", (True,)), ("all_off", ()))

log = logging.getLogger(__name__)


class Instrument:
    """Plays a patch by keys. All methods may be called from any thread, return at once and never raise.

    ``on_error`` hears of trouble, on the playing thread, once for each patch that cannot be played and each bus that
    takes nothing.
    """

    def __init__(self, kind: Kind = "real", on_error: Callable[[Exception], None] | None = None) -> None:
        self.on_error = on_error
        self.on_strain: Callable[[], None] | None = None
        """Hears once, on the playing thread, when the machine has been too slow for long."""
        self._commands: deque[tuple[float, str, tuple[Any, ...]]] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._workshop = Workshop(kind, self._wake.set)
        self._player = Player(kind, self._workshop)
        self._player.is_asked = lambda: bool(self._commands)
        self._player.is_followed = self._is_followed

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
        """A hand lies on all objects that ring: they are 60 dB down within 0.3 s; off, they ring."""
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
                # Each of them may have taken long.
                self._forget_what_is_over()
                sent_at, name, args = self._commands[0]
                if name in BEGINNINGS and player.must_wait():
                    break
                self._commands.popleft()
                player.obey(sent_at, name, args)
                player.keep_up()
            rest_s = player.play()
            if player.is_strained and self.on_strain is not None:
                told, self.on_strain = self.on_strain, None
                told()
            return rest_s
        except BusError as error:
            player.leave_bus()
            self._tell(error.cause)
        except Exception as error:
            player.refuse_patch()
            self._tell(error)
        return 0.0  # what was sent behind it is still to be done

    def _is_followed(self, sent_at: float) -> bool:
        """Whether a key waits that went down later, and not in a chord with the one of then."""
        return any(name in BEGINNINGS and at > sent_at + LATE_S for at, name, _ in tuple(self._commands))

    def _forget_what_is_over(self) -> None:
        """Late moves of a hand are not done one by one, and a hand that damps ends what has waited long before it."""
        late = time.perf_counter() - LATE_S
        if len(self._commands) < 2 or self._commands[0][0] > late:
            return
        waiting = list(self._commands)
        ends = max((i for i, (_, name, args) in enumerate(waiting) if (name, args) in _ENDS), default=-1)
        touches = [i for i, command in enumerate(waiting) if command[1] == "touch"]
        followed = {one for one, other in pairwise(touches) if other == one + 1}
        for i, command in enumerate(waiting):
            is_over = command[1] in ("note_on", "hit") and i < ends
            is_passed = i in followed and i - 1 in followed
            if command[0] < late and (is_over or is_passed):
                self._commands.remove(command)

    def _tell(self, error: Exception) -> None:
        if self.on_error is None:
            log.exception("The instrument cannot play")
            return
        try:
            self.on_error(error)
        except Exception:
            log.exception("The listener of the instrument failed")
