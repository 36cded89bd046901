"""The live patch made audible and visible: every change is rendered, swapped into the player and drawn."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from engine.audio import Audio, Clip
from engine.params import Patch
from engine.studio import Rendered, Studio

if TYPE_CHECKING:
    from app.player import Player

DEFAULT_RATE = 48_000
NoteSettings = Callable[[], tuple[float, float, float, float]]


class LiveSound(QObject):
    """Renders the live patch whenever it changes.

    While the live patch plays, a new sound takes over at the same position. While nothing plays and the change came
    from a turned knob, the note is struck again, so that turning is heard.
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
        self._lock = threading.Lock()
        self._in_player = True  # a new document shows its live patch
        self._job: int | None = None
        self._next: tuple[Patch, bool] | None = None
        self.hear_while_turning = True
        self.swapped: deque[tuple[int, int]] = deque(maxlen=512)
        """Serial numbers of the renders that went to the player, each with the player's own number: to be measured."""
        self.serial = 0
        """Counts the renders that were asked for."""
        self.latest: Rendered | None = None
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
        """The live patch is what is looked at: its sounds go to the player from now on."""
        with self._lock:
            self._in_player = True
        self._player.load(self.clip)

    def leave(self) -> None:
        """Something else is in the player: renders go on, unheard."""
        with self._lock:
            self._in_player = False

    def render(self, patch: Patch, *, strike: bool = False, turning: bool = False) -> None:
        """Render ``patch`` with the panel's note; ``strike`` plays it when nothing plays.

        A newer patch replaces the render under way. Not so while a knob is ``turning``: a hand that never rests would
        then hear nothing at all, so the render under way is finished and the newest patch comes next.
        """
        self.serial += 1
        self.failed = False
        if turning and self._job is not None:
            self._next = (patch, strike)
            return
        self._next = None
        self._submit(patch, strike)

    def _submit(self, patch: Patch, strike: bool) -> None:
        note, velocity, hold_s, duration_s = self._note_settings()
        serial = self.serial
        job = self._studio.render(
            patch,
            note=note,
            velocity=velocity,
            hold_s=hold_s,
            duration_s=duration_s,
            sample_rate=self._player.sample_rate or DEFAULT_RATE,
            on_audio=lambda audio: self._to_player(serial, audio),
        )
        self._job = job
        self.submitted.emit(job)
        self._bridge.watch(
            job,
            done=lambda rendered: self._done(job, rendered, strike),
            failed=lambda error: self._refused(job),
            cancelled=lambda: self._ended(job),
        )

    def _to_player(self, serial: int, audio: Audio) -> None:
        """On the engine thread: the short way. The lock keeps a late render out of a take that was just chosen."""
        with self._lock:
            if self._in_player:
                self.swapped.append((serial, self._player.swap(audio)))

    def _done(self, job: int, rendered: Rendered, strike: bool) -> None:
        self._ended(job)
        self.latest = rendered
        if strike and self.hear_while_turning and self._in_player and self._player.state != "playing":
            self._player.seek(0.0)
            self._player.play()
        self.rendered.emit(rendered)

    def _refused(self, job: int) -> None:
        self.failed = self._job == job and self._next is None
        self._ended(job)

    def _ended(self, job: int) -> None:
        if self._job == job:
            self._job = None
            if self._next is not None:
                (patch, strike), self._next = self._next, None
                self._submit(patch, strike)


def clip_of(rendered: Rendered) -> Clip:
    """The sound of a render as a clip with the patch's name."""
    return Clip.of(rendered.audio, rendered.patch.name or "Live patch")


def settings_of(rendered: Rendered) -> dict[str, Any]:
    """What besides the patch made the sound, for the take's record."""
    return {
        "note": rendered.note,
        "velocity": rendered.velocity,
        "hold_s": rendered.hold_s,
        "duration_s": rendered.duration_s,
        "sample_rate": rendered.audio.sample_rate,
    }
