"""Which instrument is at hand: the live patch, the panels and their docks in step.

A patch of another synth brings up its panel, wherever it came from. A hand that brings a panel into sight, or presses
something in it, takes up its instrument. A panel that is in sight beside the one at hand rests under a veil.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.panels.paged import PagedPanel
from engine.params import Patch

if TYPE_CHECKING:
    from app.document import Document
    from app.main_window import MainWindow


class Instruments(QObject):
    """``panels`` by synth; each stands in the dock of that name."""

    def __init__(
        self, app: QApplication, window: MainWindow, document: Document, panels: Mapping[str, PagedPanel]
    ) -> None:
        super().__init__(window)
        self._window, self._document = window, document
        self.panels = dict(panels)
        self.in_sight: frozenset[str] = frozenset()
        """Whose panels were in sight when somebody looked last."""
        self._live = document.patch.synth
        # Docks change places in several steps; what counts is where they end.
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self.look)
        for synth, panel in self.panels.items():
            dock = window.panel(synth)
            for moved in (dock.visibilityChanged, dock.topLevelChanged, dock.dockLocationChanged):
                moved.connect(self._soon.start)
            panel.veil.pressed.connect(lambda synth=synth: document.use_synth(synth))
        document.patch_changed.connect(self._follow)
        app.focusChanged.connect(self._on_focus)
        self.bring_up(self._live)

    @property
    def panel(self) -> PagedPanel:
        """The panel of the live patch."""
        return self.panels[self._document.patch.synth]

    def bring_up(self, synth: str) -> None:
        """Let the panel of an instrument be seen, unless the person has closed them all."""
        dock = self._window.panel(synth)
        if dock.isHidden() and any(not self._window.panel(other).isHidden() for other in self.panels):
            dock.show()
        if not dock.isHidden():
            dock.raise_()
        self._soon.start()

    def look(self) -> None:
        """See which panels are in sight, and who has come."""
        seen = frozenset(synth for synth in self.panels if self._window.in_sight(synth))
        before, self.in_sight = self.in_sight, seen
        live = self._document.patch.synth
        was_left = live in before or self._window.panel(live).isHidden()
        if len(seen) == 1 and not seen & before and was_left:
            # Somebody went from the live one's panel to another, or closed it.
            (live,) = seen
            self._document.use_synth(live)
        for synth, panel in self.panels.items():
            panel.veil.set_on(synth in seen and synth != live and live in seen)

    def _follow(self, patch: Patch, _why: str) -> None:
        if patch.synth != self._live:
            self._live = patch.synth
            self.bring_up(patch.synth)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        """The keyboard went into a panel: that is where the hand is."""
        if new is None:
            return
        for synth, panel in self.panels.items():
            if panel.isAncestorOf(new) and synth in self.in_sight:
                self._document.use_synth(synth)
