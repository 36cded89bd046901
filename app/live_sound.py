"""The live patch made audible and visible: every change is rendered, swapped into the player and drawn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from engine.audio import Audio, Clip
from engine.params import SPACES, Patch
from engine.studio import Rendered, Studio

if TYPE_CHECKING:
    from app.player import Player

DEFAULT_RATE = 48_000
NAMELESS = "Live patch"
NoteSettings = Callable[[], tuple[float, float, float, float]]


class Strike(Enum):
    """Whether a new sound is played from its attack."""

    NO = auto()
    IF_SILENT = auto()
    """A knob moves: what plays goes on with the new sound where it stands."""
    FROM_REST = auto()
    """Another slot: likewise, but what is at rest is struck even if knobs are not to be."""
    ALWAYS = auto()
    """A key, a preset, an audition."""


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """A sound that the engine has finished, as it is to be played, and the patch it came from."""

    serial: int
    plain: Audio
    gain_db: float
    patch: Patch

    @property
    def audio(self) -> Audio:
        """With the gain at which it is played."""
        if self.gain_db == 0.0:
            return self.plain
        return Audio(self.plain.samples * np.float32(10.0 ** (self.gain_db / 20.0)), self.plain.sample_rate)

    @property
    def clip(self) -> Clip:
        return Clip.of(self.audio, self.patch.name or NAMELESS, about=self.patch.about)


class LiveSound(QObject):
    """Renders the live patch whenever it changes.

    While the live patch plays, the sound of a turned knob takes over at the same position; while nothing plays, the
    note is struck again, so that turning is heard. A note that somebody strikes begins at its attack, always.
    """

    rendered = Signal(object)
    """A :class:`Rendered`, on the UI thread, for whoever draws it."""
    submitted = Signal(int)
    """A render was asked for: its job."""

    def __init__(self, studio: Studio, bridge: Bridge, player: Player, note_settings: NoteSettings) -> None:
        super().__init__(bridge)
        self._studio = studio
        self._bridge = bridge
        self._player = player
        self._note_settings = note_settings
        # Guards what the player holds: the engine thread brings it sounds while the window's puts takes in and out.
        # Re-entrant because the player tells of a new sound while it is held.
        self._lock = threading.RLock()
        self._in_player = True  # a new document shows its live patch
        self._made: _Made | None = None
        """The newest sound, kept whoever is in the player; the window may not have been told of it yet."""
        self._job: int | None = None
        self._next: tuple[Patch, Strike] | None = None
        self._owed = Strike.NO
        """What the render under way was asked to do when it is there."""
        self.gain_db = 0.0
        """At what gain the patches are played that are rendered from now on; what is kept and drawn has none."""
        self._foreseen: tuple[Patch, Callable[[Audio], float], Callable[[float], None]] | None = None
        self.part_of: Callable[[Patch], Patch] = lambda patch: patch
        """What of a patch is to be heard: all of it, unless somebody listens to a part alone."""
        self.hear_while_turning = True
        self.strikes = True
        """Off: what is rendered is only shown, and plays when somebody presses play."""
        self.swapped: deque[tuple[int, int]] = deque(maxlen=512)
        """Serial numbers of the renders that went to the player, each with the player's own number: to be measured."""
        self.serial = 0
        """Counts the renders that were asked for."""
        self.latest: Rendered | None = None
        self._latest_serial = 0
        self.failed = False
        """Whether the newest patch could not be rendered."""

    @property
    def clip(self) -> Clip | None:
        """The newest sound of the live patch, or ``None`` before the first render."""
        return None if self.latest is None else clip_of(self.latest)

    @property
    def up_to_date(self) -> bool:
        """Whether the newest sound is that of the newest patch."""
        return self._job is None and self.latest is not None

    def enter(self) -> None:
        """The live patch is what is looked at: its newest sound goes to the player, and so will those to come."""
        with self._lock:
            self._in_player = True
            self._player.load(self._made.clip if self._made is not None else None)

    def leave(self) -> None:
        """Something else is in the player: renders go on, unheard."""
        with self._lock:
            self._in_player = False

    def foresee(self, patch: Patch, gain_of: Callable[[Audio], float], told: Callable[[float], None]) -> None:
        """The render of ``patch`` that comes next is played at the gain in dB that ``gain_of``, on the engine thread,
        finds for its sound; the window is ``told`` of it."""
        self._foreseen = patch, gain_of, told

    def set_gain(self, gain_db: float) -> None:
        """Play at another gain at once: what sounds goes on at it, across a fade."""
        with self._lock:
            self.gain_db = gain_db
            if self._made is not None and self._made.gain_db != gain_db:
                self._made = replace(self._made, gain_db=gain_db)
                if self._in_player:
                    self._player.swap(self._made.audio)

    def as_played(self, patch: Patch) -> Patch:
        """What keys have to play so that they are as loud as the note: ``patch`` with the gain in its own level."""
        patch = self.part_of(patch)
        level_db = patch.values.get("gain_db")
        if self.gain_db == 0.0 or not isinstance(level_db, float):
            return patch
        return patch.with_values(gain_db=SPACES[patch.synth]["gain_db"].clamp(level_db + self.gain_db))

    def render(self, patch: Patch, *, strike: bool = False, turning: bool = False, from_rest: bool = False) -> None:
        """Render ``patch`` with the panel's note.

        With ``strike`` the new sound is played from its attack; ``from_rest`` only if nothing plays. While a knob is
        ``turning`` it is so only if nothing plays, and if that is wanted (``hear_while_turning``).

        A newer patch replaces the render under way, and inherits the strike that somebody waits for. Not so while a
        knob is turning: a hand that never rests would then hear nothing at all, so the render under way is finished
        and the newest patch comes next.
        """
        self.serial += 1
        self.failed = False
        wish = Strike.NO if not strike else Strike.IF_SILENT if turning else Strike.ALWAYS
        wish = Strike.FROM_REST if from_rest else wish
        wish = wish if self.strikes else Strike.NO
        if turning and self._job is not None:
            self._next = (patch, wish)
            return
        self._next = None
        self._submit(patch, Strike.ALWAYS if self._owed is Strike.ALWAYS else wish)

    def _submit(self, patch: Patch, wish: Strike) -> None:
        note, velocity, hold_s, duration_s = self._note_settings()
        serial, gain_db = self.serial, self.gain_db
        foreseen = self._foreseen if self._foreseen is not None and self._foreseen[0] is patch else None
        gains: list[float] = []

        def on_audio(audio: Audio) -> None:
            if foreseen is not None:
                gains.append(foreseen[1](audio))
            self._to_player(_Made(serial, audio, gains[-1] if gains else gain_db, patch), wish)

        def done(rendered: Rendered) -> None:
            if foreseen is not None and gains and serial == self.serial:
                self._foreseen = None
                foreseen[2](gains[-1])
            self._done(job, serial, rendered, wish)

        job = self._studio.render(
            self.part_of(patch),
            note=note,
            velocity=velocity,
            hold_s=hold_s,
            duration_s=duration_s,
            sample_rate=self._player.sample_rate or DEFAULT_RATE,
            on_audio=on_audio,
        )
        self._job = job
        self._owed = wish
        self.submitted.emit(job)
        self._bridge.watch(
            job,
            done=done,
            failed=lambda error: self._refused(job),
            cancelled=lambda: self._ended(job),
        )

    def _to_player(self, made: _Made, wish: Strike) -> None:
        """On the engine thread: the short way. The lock keeps a late render out of a take that was just chosen."""
        with self._lock:
            if self._made is not None and made.serial < self._made.serial:
                return  # the engine has two threads: this one was overtaken
            self._made = made
            if self._in_player:
                # A struck note takes over from its first frame; what is at rest is started by the window, in _done.
                number = self._player.swap(made.audio, strike=wish is Strike.ALWAYS and self.strikes)
                self.swapped.append((made.serial, number))

    def _done(self, job: int, serial: int, rendered: Rendered, wish: Strike) -> None:
        self._ended(job)
        if serial < self._latest_serial:
            return
        self.latest, self._latest_serial = rendered, serial
        with self._lock:
            if self._in_player and self._player.state != "playing" and self._is_wanted(wish):
                self._player.strike()
        self.rendered.emit(rendered)

    def _is_wanted(self, wish: Strike) -> bool:
        if not self.strikes:
            return False
        return wish in (Strike.ALWAYS, Strike.FROM_REST) or (wish is Strike.IF_SILENT and self.hear_while_turning)

    def _refused(self, job: int) -> None:
        self.failed = self._job == job and self._next is None
        self._ended(job)

    def _ended(self, job: int) -> None:
        if self._job == job:
            self._job = None
            self._owed = Strike.NO
            if self._next is not None:
                (patch, wish), self._next = self._next, None
                self._submit(patch, wish)


def clip_of(rendered: Rendered) -> Clip:
    """The sound of a render as a clip with the patch's name."""
    return Clip.of(rendered.audio, rendered.patch.name or NAMELESS, about=rendered.patch.about)


def settings_of(rendered: Rendered) -> dict[str, Any]:
    """What besides the patch made the sound, for the take's record."""
    return {
        "note": rendered.note,
        "velocity": rendered.velocity,
        "hold_s": rendered.hold_s,
        "duration_s": rendered.duration_s,
        "sample_rate": rendered.audio.sample_rate,
    }
