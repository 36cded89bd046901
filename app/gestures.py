"""The pad of an object meets the engine's instrument, and what was drawn on it becomes a take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.controls.gesture_pad import GesturePad
from engine.audio import Audio, Clip
from engine.errors import EngineError
from engine.jobs import Note
from engine.params import Patch
from engine.params.gesture import Gesture
from engine.project.take import Take
from engine.rates import DEFAULT_RATE_HZ

if TYPE_CHECKING:
    from app.compose import Session


class Gestures(QObject):
    """One window's pad: whoever lays out the panel places :attr:`pad`."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.pad = pad = GesturePad()
        pad.touched.connect(self._touch)
        pad.lifted.connect(session.studio.instrument.lift)
        pad.damped.connect(session.studio.instrument.damp)
        self._drawn_on: Patch | None = None
        pad.drawn.connect(self._remember)
        pad.keep_asked.connect(self.keep)

    def _touch(self, x: float, y: float, force: float, _seconds: float) -> None:
        self._s.player.get_ready()
        if self._s.document.selected is None:
            # What a hand plays takes over from what the stage plays.
            self._s.player.stop()
        self._s.studio.instrument.touch(x, y, force, self.pad.hand, self._s.document.note.note)

    def _remember(self, _gesture: Gesture) -> None:
        self._drawn_on = self._s.document.patch

    def keep(self, gesture: Gesture) -> None:
        """Play what was drawn once more, on what it was drawn on, and put it into the library."""
        s = self._s
        patch, note = self._drawn_on or s.document.patch, s.document.note.note
        drawn = Gesture(gesture.hand, gesture.touches, note)
        try:
            job = s.studio.render_gesture(patch, drawn, sample_rate=s.player.sample_rate or DEFAULT_RATE_HZ)
        except EngineError as error:
            s.messages.error(error)
            return
        s.bridge.watch(
            job, each=self._tell, done=lambda audio: self._keep(audio, patch, drawn), failed=s.messages.error
        )

    def _tell(self, note: Note) -> None:
        if note.notice:
            self._s.messages.info(note.notice)

    def _keep(self, audio: Audio, patch: Patch, gesture: Gesture) -> None:
        name = f"{patch.name or 'Object'}, {gesture.hand.kind}"
        settings = {"note": gesture.note, "sample_rate": audio.sample_rate, "gesture": gesture.to_json()}
        clip = Clip.of(audio, name, about=patch.about)
        take = Take.of(clip, origin="gesture", patch=patch, settings=settings)
        self._s.document.add_take(take, f"Keep “{name}”")
