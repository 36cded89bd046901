"""The slim row above an instrument's pages: one word for each of them, and a menu for the page that is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QHBoxLayout, QSizePolicy, QWidget

from app.controls.knob_paint import figures, focus_ring, padlock
from app.theme import SMALL_TEXT_PX, tokens

HEIGHT_PX = 26
DOT_PX = 4


class SectionTab(QAbstractButton):
    """A word, underlined when its page is shown, with a dot where the section changes the sound, or a padlock."""

    menu_wanted = Signal(QPoint)

    def __init__(self, name: str, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(name)
        self._what = what
        self.at_work = False
        self.has_locks = False
        self.setCheckable(True)
        self.setAccessibleName(name)
        self._tell()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        self.ensurePolished()
        return QSize(self._words_px() + 2 * DOT_PX, HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_state(self, *, at_work: bool | None = None, has_locks: bool | None = None) -> None:
        before = (self.at_work, self.has_locks)
        self.at_work = self.at_work if at_work is None else at_work
        self.has_locks = self.has_locks if has_locks is None else has_locks
        if before != (self.at_work, self.has_locks):
            states = [words for words, on in (("in use", self.at_work), ("with locked values", self.has_locks)) if on]
            self.setAccessibleDescription(", ".join(states))
            self._tell(states)
            self.update()

    def _tell(self, states: Sequence[str] = ()) -> None:
        self.setToolTip(f"{self._what}\n{', '.join(states).capitalize()}" if states else self._what)

    def _words_px(self) -> int:
        return QFontMetrics(figures(self, SMALL_TEXT_PX + 1)).horizontalAdvance(self.text())

    def _mark_colour(self) -> str:
        return tokens().accent if self.at_work else tokens().secondary

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wanted.emit(self.mapToGlobal(self.rect().center()) if keyboard else event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bright = self.isChecked() or self.underMouse()
        painter.setFont(figures(self, SMALL_TEXT_PX + 1))
        painter.setPen(QColor(theme.text if bright else theme.secondary))
        box = QRectF(self.rect()).adjusted(0, 0, 0, -4)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.text())
        half = self._words_px() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(QColor(theme.accent))
            painter.drawRect(QRectF(box.center().x() - half, self.height() - 3, 2 * half, 2))
        if self.has_locks:
            # Over the end of the word, where letters are low; it takes the place of the dot and its colour.
            padlock(painter, min(box.center().x() + half + 3, self.width() - 5), 6, self._mark_colour())
        elif self.at_work:
            painter.setBrush(QColor(self._mark_colour()))
            painter.drawEllipse(QRectF(box.center().x() + half, box.center().y() - 7, DOT_PX, DOT_PX))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()).adjusted(0, 0, 0, -1))


class SectionTabs(QWidget):
    """The tabs by name, each with ``what`` is on its page; at most one is on, none while something else is shown."""

    chosen = Signal(str)
    menu_wanted = Signal(str, QPoint)

    def __init__(self, what: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.tabs: dict[str, SectionTab] = {}
        self._group = QButtonGroup(self)
        for name, words in what.items():
            self._add(name, words)

    def _add(self, name: str, what: str) -> None:
        tab = self.tabs[name] = SectionTab(name, what)
        self._group.addButton(tab)
        # The room that is left goes to all alike, so that the words stand evenly apart.
        self._row.addWidget(tab, tab.sizeHint().width())
        tab.clicked.connect(lambda: self.chosen.emit(name))
        tab.menu_wanted.connect(lambda place: self.menu_wanted.emit(name, place))

    def choose(self, name: str | None) -> None:
        """Underline this tab, or none."""
        if name is None:
            # An exclusive group refuses to have nothing chosen.
            self._group.setExclusive(False)
            for tab in self.tabs.values():
                tab.setChecked(False)
            self._group.setExclusive(True)
        else:
            self.tabs[name].setChecked(True)
