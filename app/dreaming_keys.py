"""The keys and actions of the words: tiles by number, Esc, and the key that lets the patch before be heard."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut

from app.panels.dream import N_TILES

if TYPE_CHECKING:
    from app.compose import Session
    from app.dreaming import Dreaming

HOLD_S = 0.35
"""Who holds the key for the patch before longer than this is back when letting go."""
LOW_WINDOW_PX = 640
"""In a window lower than this the panel is as low as possible."""


class DreamKeys(QObject):
    """Belongs to the whole window while there is something to choose from; text fields keep their keys."""

    def __init__(self, session: Session, dreaming: Dreaming) -> None:
        super().__init__(session)
        self._s, self._dreaming = session, dreaming
        self._pressed_at = 0.0
        self._holder: QObject | None = None
        """Who had the focus when the key for the patch before went down, and hears it go up."""
        self._keys: list[QShortcut] = []
        for place in range(N_TILES):
            key = QShortcut(QKeySequence(str(place + 1)), session.window, enabled=False)
            key.activated.connect(partial(dreaming.view.choose, place))
            self._keys.append(key)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), dreaming.panel, enabled=False)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(dreaming.discard)
        self._keys.append(escape)
        # Words keep their keys, and hand this one on.
        dreaming.panel.ask.escaped.connect(self._escaped)
        for action_id, handler in (
            ("words.ask", dreaming.ask),
            ("words.dream", dreaming.toggle),
            ("words.imagine", dreaming.takes.imagine),
            ("words.accept", dreaming.accept),
            ("words.discard", dreaming.discard),
            ("words.branch", dreaming.branch),
            ("words.original", self._original_down),
            ("view.words", self._show_panel),
        ):
            session.actions.bind(action_id, handler)
        session.actions["words.original"].setAutoRepeat(False)
        session.window.installEventFilter(self)
        self._show_panel(session.settings.get("words/shown"))
        self.refresh()

    def refresh(self) -> None:
        """A tuning began or ended, or runs no more."""
        on, is_found = self._dreaming.is_on, bool(self._dreaming.candidates)
        for key in self._keys:
            key.setEnabled(on)
        for action_id, makes_sense in (
            ("words.accept", on and is_found),
            ("words.discard", on),
            ("words.branch", on and is_found),
            ("words.original", on),
        ):
            self._s.actions.enable(action_id, makes_sense, "Let words find something first")
        words = "Stop the search" if self._dreaming.job is not None else "Turn the knobs by words"
        self._s.actions["words.dream"].setText(words)

    def _escaped(self) -> None:
        if self._dreaming.is_on:
            self._dreaming.discard()

    def _show_panel(self, on: bool) -> None:
        self._s.actions["view.words"].setChecked(on)
        self._dreaming.panel.setVisible(on)
        self._s.settings.set("words/shown", on)

    # -- the key that is held or tapped ----------------------------------------------------------------------------

    def _original_down(self) -> None:
        view = self._dreaming.view
        view.show_original(not view.is_original)
        self._pressed_at = time.monotonic()
        self._watch(self._s.app.focusWidget() or self._s.window)

    def _watch(self, widget: QObject | None) -> None:
        if self._holder is not None and self._holder is not self._s.window:
            self._holder.removeEventFilter(self)
        self._holder = widget
        if widget is not None and widget is not self._s.window:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.Resize and watched is self._s.window:
            self._dreaming.panel.set_low(self._s.window.height() < LOW_WINDOW_PX)
        elif kind == QEvent.Type.KeyRelease and watched is self._holder and isinstance(event, QKeyEvent):
            self._key_up(event)
        return False

    def _key_up(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F3 and not event.isAutoRepeat():
            self._watch(None)
            if time.monotonic() - self._pressed_at > HOLD_S:
                self._dreaming.view.show_original(not self._dreaming.view.is_original)
