"""Tags as small buttons that narrow the list: two lines of them at most, the others in a menu."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolButton, QWidget

from app import style
from app.controls.menus import below, pop_up
from app.controls.plain import plain_tip
from app.theme import GRID, PADDING, SMALL_TEXT_PX

CHIP_PX = 22
MOST_LINES = 2
MOST_IN_MENU = 60
MORE = "More…"


class TagChips(QWidget):
    """Chosen tags come first; :attr:`chosen` are the ones that every preset of the list must have."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chosen: tuple[str, ...] = ()
        self._tags: tuple[str, ...] = ()
        self._chips: list[QToolButton] = []
        self._hidden: list[str] = []
        self._font = style.font(SMALL_TEXT_PX)
        self._more = self._make(MORE)
        self._more.setCheckable(False)
        self._more.setAccessibleName("More tags")
        self._more.setToolTip("The tags for which there is no room")
        self._more.clicked.connect(self._show_menu)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._arrange()

    def set_tags(self, tags: Sequence[str]) -> None:
        """All tags that are in use, the most useful first."""
        chosen = tuple(tag for tag in self.chosen if tag in set(tags))
        if tuple(tags) != self._tags or chosen != self.chosen:
            self._tags, was, self.chosen = tuple(tags), self.chosen, chosen
            self._arrange()
            if was != chosen:
                self.changed.emit()

    def choose(self, tag: str, on: bool) -> None:
        """Put a tag among the chosen ones, or out of them."""
        others = tuple(other for other in self.chosen if other != tag)
        self.chosen = (*others, tag) if on else others
        self._arrange()
        self.changed.emit()

    def clear(self) -> None:
        """Choose none."""
        if self.chosen:
            self.chosen = ()
            self._arrange()
            self.changed.emit()

    def chips(self) -> list[QToolButton]:
        """The buttons that are shown, without the last one for more."""
        return [chip for chip in self._chips if not chip.isHidden()]

    def _make(self, text: str) -> QToolButton:
        chip = QToolButton(self)
        chip.setObjectName("chip")
        chip.setCheckable(True)
        chip.setFont(self._font)
        chip.setText(text.replace("&", "&&"))
        chip.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return chip

    def _width(self, text: str) -> int:
        return QFontMetrics(self._font).horizontalAdvance(text) + 2 * PADDING + 2

    def _arrange(self) -> None:
        """Lay the chips into lines; what does not fit goes into the menu."""
        order = [*self.chosen, *(tag for tag in self._tags if tag not in self.chosen)]
        room, x, line = self.width(), 0, 0
        more = self._width(MORE)
        places: list[tuple[str, QPoint, int]] = []
        self._hidden = []
        for number, tag in enumerate(order):
            width = min(self._width(tag), room)
            if x and x + width > room:
                x, line = 0, line + 1
            # On the last line some room stays for the button that shows the others.
            is_last = number == len(order) - 1
            if line >= MOST_LINES or (line == MOST_LINES - 1 and not is_last and x + width + GRID + more > room):
                self._hidden = order[number:]
                break
            places.append((tag, QPoint(x, line * (CHIP_PX + GRID)), width))
            x += width + GRID
        while len(self._chips) < len(places):
            chip = self._make("")
            chip.clicked.connect(lambda on, chip=chip: self.choose(chip.property("tag"), on))
            self._chips.append(chip)
        for chip, (tag, place, width) in zip(self._chips, places, strict=False):
            chip.setText(tag.replace("&", "&&"))
            chip.setProperty("tag", tag)
            chip.setChecked(tag in self.chosen)
            chip.setToolTip(plain_tip(f"Only presets that are {tag}"))
            chip.setAccessibleName(f"Only {tag}")
            chip.setGeometry(place.x(), place.y(), width, CHIP_PX)
            chip.show()
        for chip in self._chips[len(places) :]:
            chip.hide()
        if self._hidden:
            line = min(line, MOST_LINES - 1)
            end = max((p.x() + w + GRID for _, p, w in places if p.y() == line * (CHIP_PX + GRID)), default=0)
            self._more.setGeometry(end, line * (CHIP_PX + GRID), more, CHIP_PX)
        self._more.setVisible(bool(self._hidden))
        n_lines = 0 if not order else min(line, MOST_LINES - 1) + 1
        self.setFixedHeight(max(n_lines * (CHIP_PX + GRID) - GRID, 0))
        self.setVisible(bool(order))

    def _show_menu(self) -> None:
        menu = QMenu(self)
        for tag in self._hidden[:MOST_IN_MENU]:
            action = menu.addAction(tag.replace("&", "&&"))
            action.triggered.connect(lambda _on, tag=tag: self.choose(tag, True))
        if len(self._hidden) > MOST_IN_MENU:
            menu.addAction(f"{len(self._hidden) - MOST_IN_MENU} more: type tag: and a name").setEnabled(False)
        pop_up(menu, below(self._more))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)
