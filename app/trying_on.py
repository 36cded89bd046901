"""A patch that is tried on: the live one, heard and shown, that nobody has taken yet.

Whoever looks for patches (a match, a tuning by words) tries them on here. Before is the patch as it was; it is never
lost: leaving goes back to it, and nothing is a step of undo before somebody accepts. A hand that turns a knob takes
what is there. While the other instrument is at hand, nothing is tried on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QTimer, Signal

from engine.params import Patch
from engine.params.note import NoteSettings

if TYPE_CHECKING:
    from app.compose import Session


class TryingOn(QObject):
    """Between the document and one who finds patches; :meth:`begin` to :meth:`leave` or :meth:`end`."""

    taken = Signal(bool)
    """A hand changed the patch, and it is over; whether anything had been tried on."""
    reverted = Signal()
    """Undo took back what was tried on, or something else was opened, and it is over."""
    returned = Signal()
    """The instrument is at hand again."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.synth = ""
        self.shown: tuple[Patch, NoteSettings] | None = None
        """What is tried on; ``None`` while the patch is as it was."""
        self.before: tuple[Patch, NoteSettings] | None = None
        self.is_away = False
        """Whether the other instrument is at hand."""
        self._is_mine = False
        self._before_hush: bool | None = None
        self._return = QTimer(self, singleShot=True, interval=0)
        self._return.timeout.connect(self.returned)
        session.document.patch_changed.connect(self._patch_changed)
        session.document.leaving.connect(self._leaving)
        session.document.kept.connect(self._kept)
        session.window.installEventFilter(self)

    @property
    def is_on(self) -> bool:
        return self.before is not None

    @property
    def can_show(self) -> bool:
        """Whether what is found can be seen and heard: the instrument is at hand, and no take is in the player."""
        return self.is_on and not self.is_away and self._s.document.selected is None

    def begin(self, synth: str) -> None:
        """From here on patches of ``synth`` are tried on; its panel comes up."""
        s = self._s
        s.document.settle()
        s.document.use_synth(synth)
        self.synth = synth
        s.window.panel(synth).show()
        s.instruments.bring_up(synth)
        self.shown, self.is_away = None, False
        self.before = (s.document.patch, s.document.note)
        s.impact.tries_only = synth == s.impact.space.name

    def try_on(self, patch: Patch, note: NoteSettings, label: str) -> None:
        """Make a patch the live one, heard but not committed; what is locked stays."""
        self._s.document.use_synth(self.synth)
        self.shown = (patch, note)
        self._mine(lambda: self._s.document.audition_patch(patch, note=note, label=label, is_offer=True))

    def come_back(self) -> None:
        """Let the instrument be at hand again whose patches are tried on."""
        if self.is_on and self.is_away:
            self._s.document.use_synth(self.synth)
            self._s.window.panel(self.synth).show()
            self._s.instruments.bring_up(self.synth)

    def show_before(self) -> None:
        """Let the patch as it was be heard and seen; what is tried on can come back at any moment."""
        self.shown = None
        self._mine(self._s.document.revert)

    def end(self) -> None:
        """It is over; the patch stays as it is."""
        if not self.is_on:
            return
        self.before, self.is_away = None, False
        self._return.stop()
        self._s.impact.tries_only = False

    def leave(self) -> None:
        """It is over, and the patch is as it was."""
        before, is_away = self.before, self.is_away
        self.end()
        if before is None or is_away:
            return
        document = self._s.document
        document.revert()
        if (document.project.patch, document.project.note) != before:
            document.load_patch(before[0], "Go back to the patch before", note=before[1])

    # -- what else happens -----------------------------------------------------------------------------------------

    def _mine(self, change: Callable[[], None]) -> None:
        self._is_mine = True
        try:
            change()
        finally:
            self._is_mine = False

    def _patch_changed(self, patch: Patch, why: str) -> None:
        if not self.is_on or self._is_mine:
            return
        if why == "load":
            self._over(self.reverted.emit)
            return
        if patch.synth != self.synth:
            self.is_away = True
            return
        if self.is_away and self.before is not None and patch == self.before[0]:
            # Later: whoever else follows the patch has not heard of this one yet.
            self.is_away = False
            self._return.start()
            return
        # Another whole patch takes the place of what is tried on; a hand goes on from it.
        goes_on = self.shown is not None and why not in ("audition", "slot")
        self._over(self.reverted.emit if why == "revert" else partial(self.taken.emit, goes_on))

    def _kept(self) -> None:
        """Somebody went on from what is tried on, so that it is a step."""
        if self.is_on and not self.is_away and not self._is_mine:
            self._over(partial(self.taken.emit, self.shown is not None))

    def _over(self, tell: Callable[[], None]) -> None:
        self.end()
        tell()

    def _leaving(self) -> None:
        """What is tried on is nobody's choice yet: it is not kept when the other instrument comes to hand."""
        if self.is_on and not self.is_away and self._s.document.is_held:
            self._mine(self._s.document.revert)
            self.shown = None

    def _hush(self, on: bool) -> None:
        """A dialog takes the window's keys and buttons away: nobody could stop what is played of its own accord, so it
        is silent until the dialog has gone. The search goes on."""
        live = self._s.live
        if on and self.is_on and self._before_hush is None:
            self._before_hush, live.strikes = live.strikes, False
            self._s.player.stop()
        elif not on and self._before_hush is not None:
            live.strikes, self._before_hush = self._before_hush, None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.WindowBlocked, QEvent.Type.WindowUnblocked):
            self._hush(event.type() == QEvent.Type.WindowBlocked)
        return False
