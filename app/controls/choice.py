"""Controls for a value that is one of a few things: a drop-down, a row of segments, and a switch.

All three are :class:`ValueWidget`, so the wheel, drags, keys, typing, the default, locks and undo work as on a knob.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QEvent, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QMenu, QSizePolicy, QWidget

from app.controls.drag_value import ALT
from app.controls.knob_paint import LOCK_PX, figures, focus_ring, padlock, wash
from app.controls.toggle import paint_pill
from app.controls.value_field import BOX_PX, LABEL_PX, ValueField, paint_label
from app.controls.value_widget import ValueWidget
from app.controls.words import choice_words
from app.theme import GRID, SMALL_TEXT_PX, tokens
from engine.params import Param

Picture = Callable[[QPainter, QRectF, int], None]
"""Draws choice number n into a box with the painter's pen."""
CHEVRON_PX = 14


class ChoiceField(ValueField):
    """A drop-down: the box shows the choice, a click lists all of them, Alt and Down too."""

    hint = "Click for the list; the wheel goes through it. Double-click for the default, Enter to type."

    def __init__(self, param: Param, *, labelled: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(param, labelled=labelled, parent=parent)
        self._since_list = QElapsedTimer()
        self._menu: QMenu | None = None

    @property
    def list(self) -> QMenu | None:
        """The list of choices while it is shown."""
        return self._menu if self._menu is not None and self._menu.isVisible() else None

    def open_editor(self, *, by_click: bool = False) -> None:
        if by_click:
            self.open_list()
        else:
            super().open_editor()

    def open_list(self) -> None:
        """Show all choices under the box."""
        self.gesture.finish()
        if self._menu is None:
            # One for good: a menu that is deleted while it still opens takes the program with it.
            self._menu = self._make_list()
        for place, action in enumerate(self._menu.actions()):
            action.setChecked(place == self.value)
        box = super().value_rect()
        self._menu.setMinimumWidth(box.width())
        self._since_list.start()
        self._menu.popup(self.mapToGlobal(box.bottomLeft() + QPoint(0, 2)))

    def _make_list(self) -> QMenu:
        menu = QMenu(self)
        menu.setAccessibleName(self.accessibleName())
        group = QActionGroup(menu)
        for place, words in enumerate(self.param.choices):
            action = QAction(choice_words(words), group, checkable=True)
            action.triggered.connect(lambda _=False, place=place: self.enter(float(place)))
            menu.addAction(action)
        return menu

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The list took the first click; the second one of a double-click means the default, as everywhere.
        quick = self._since_list.isValid() and self._since_list.elapsed() < QApplication.doubleClickInterval()
        self._since_list.invalidate()
        if quick and event.button() == Qt.MouseButton.LeftButton:
            self.gesture.reset()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._menu is not None:
            self._menu.close()
        super().mouseDoubleClickEvent(event)

    def _wants(self, event: QKeyEvent) -> bool:
        return _is_list_key(event) or super()._wants(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _is_list_key(event):
            self.open_list()
        else:
            super().keyPressEvent(event)

    def _paint_bar(self, painter: QPainter, box: QRectF, colour: str) -> None:
        """A small chevron instead of a bar: there is a list."""
        if self._locked:
            return
        tip = box.right() - 9
        middle = box.center().y()
        painter.setPen(QPen(QColor(tokens().text if self._hovered else tokens().secondary), 1.25))
        painter.drawPolyline([QPoint(round(tip - 3), round(middle - 1)), QPoint(round(tip), round(middle + 2)),
                              QPoint(round(tip + 3), round(middle - 1))])  # fmt: skip

    def _text_margin(self) -> int:
        return LOCK_PX if self._locked else CHEVRON_PX


class Segments(ValueWidget):
    """All choices side by side, as words or as pictures; a click takes one."""

    hint = "Click to choose; the wheel and the arrow keys go through them."

    def __init__(
        self,
        param: Param,
        *,
        labelled: bool = True,
        label: str | None = None,
        picture: Picture | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(param, parent)
        self._label = param.label if label is None else label
        self._label_px = LABEL_PX if labelled else 0
        self._picture = picture
        self._over: int | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        if self._picture is not None:
            return QSize(34 * len(self.param.choices), BOX_PX + self._label_px)
        metrics = self.fontMetrics()
        return QSize(
            sum(metrics.horizontalAdvance(choice_words(words)) + 14 for words in self.param.choices),
            BOX_PX + self._label_px,
        )

    def minimumSizeHint(self) -> QSize:
        each = 26 if self._picture is not None else 36
        return QSize(each * len(self.param.choices), BOX_PX + self._label_px)

    def value_rect(self) -> QRect:
        """Nowhere: a click takes a choice."""
        return QRect()

    def editor_rect(self) -> QRect:
        return QRect(0, self._label_px, self.width(), BOX_PX)

    def set_labelled(self, on: bool) -> None:
        """Show the label above, or leave it to the tool tip where room is scarce."""
        label_px = LABEL_PX if on else 0
        if label_px != self._label_px:
            self._label_px = label_px
            self.updateGeometry()
            self.update()

    def segment(self, place: int) -> QRectF:
        """Where a choice stands."""
        width = self.width() / len(self.param.choices)
        left, right = round(place * width), round((place + 1) * width)
        return QRectF(left, self._label_px, right - left, BOX_PX)

    def _at(self, x: float, y: float) -> int | None:
        found = (n for n in range(len(self.param.choices)) if self.segment(n).contains(x, y))
        return next(found, None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        over = self._at(event.position().x(), event.position().y())
        if over != self._over:
            self._over = over
            # The tip says which picture is which.
            if self._picture is not None and over is not None:
                self.setToolTip(f"{self.param.label}: {choice_words(self.param.choices[over])}\n{self.param.help}")
            self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._over = None
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._is_click(event)
        super().mouseReleaseEvent(event)
        if clicked and (place := self._at(event.position().x(), event.position().y())) is not None:
            self.enter(float(place))

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._label_px:
            paint_label(painter, self, self._label, hovered=self._hovered)
            if self._locked:
                padlock(painter, self.width() - 8, (self._label_px - 2) / 2, theme.secondary)
        box = QRectF(self.editor_rect())
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.control))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), GRID, GRID)
        colour = self.tone()
        for place in range(len(self.param.choices)):
            self._paint_segment(painter, place, colour)
        if self._locked and not self._label_px:
            padlock(painter, box.right() - 7, box.top() + 8, theme.secondary)
        if self.hasFocus():
            focus_ring(painter, box)

    def _paint_segment(self, painter: QPainter, place: int, colour: str) -> None:
        theme = tokens()
        chosen, over = place == self.value, place == self._over
        box = self.segment(place).adjusted(2, 2, -2, -2)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or over:
            painter.setBrush(wash(colour, 0.22) if chosen else QColor(theme.hover))
            painter.drawRoundedRect(box, GRID - 1, GRID - 1)
        tone = QColor(theme.text if chosen or over else theme.secondary)
        if self._picture is not None:
            painter.setPen(QPen(QColor(colour) if chosen else tone, 1.4))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            self._picture(painter, box.adjusted(4, 3, -4, -3), place)
        else:
            painter.setPen(tone)
            painter.setFont(figures(self, SMALL_TEXT_PX))
            words = painter.fontMetrics().elidedText(
                choice_words(self.param.choices[place]), Qt.TextElideMode.ElideRight, int(box.width())
            )
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)


class Switch(ValueWidget):
    """On or off, by one click: a small pill under its label, or, with ``letter``, a button with one letter."""

    hint = "Click to switch."

    def __init__(self, param: Param, *, letter: str = "", role: str = "accent", parent: QWidget | None = None) -> None:
        super().__init__(param, parent)
        self._letter = letter
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(16, 16) if self._letter else QSize(64, BOX_PX + LABEL_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(16, 16) if self._letter else QSize(44, BOX_PX + LABEL_PX)

    @property
    def on(self) -> bool:
        return self.value > 0

    def value_rect(self) -> QRect:
        """Nowhere: a click switches."""
        return QRect()

    def editor_rect(self) -> QRect:
        return self.rect() if self._letter else QRect(0, LABEL_PX, self.width(), BOX_PX)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        clicked = self._is_click(event)
        super().mouseReleaseEvent(event)
        if clicked and self.rect().contains(event.position().toPoint()):
            self.enter(0.0 if self.on else 1.0)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # A quick second click is a second click: on and off again.
        self.mousePressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._letter:
            self._paint_letter(painter)
        else:
            self._paint_pill(painter)

    def _paint_letter(self, painter: QPainter) -> None:
        theme = tokens()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        tone = getattr(theme, self._role)
        painter.setPen(QColor(tone) if self.on else QColor(theme.hairline))
        painter.setBrush(QColor(tone) if self.on else QColor(theme.hover if self._hovered else theme.control))
        painter.drawRoundedRect(box, 3, 3)
        painter.setFont(figures(self, SMALL_TEXT_PX, strong=self.on))
        painter.setPen(QColor(theme.on_accent if self.on else theme.text if self._hovered else theme.secondary))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._letter)
        if self._locked:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.secondary))
            painter.drawEllipse(QRectF(self.width() - 5, 1, 3, 3))
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_pill(self, painter: QPainter) -> None:
        theme = tokens()
        paint_label(painter, self, self.param.label, hovered=self._hovered)
        at = QPoint(0, LABEL_PX + (BOX_PX - 16) // 2)
        pill = paint_pill(painter, at, self._colour or theme.accent, on=self.on, hovered=self._hovered)
        if self._locked:
            padlock(painter, pill.right() + 10, pill.center().y(), theme.secondary)
        if self.hasFocus():
            focus_ring(painter, QRectF(0, LABEL_PX, self.width(), BOX_PX))


_MOST_LETTERS = 40
"""Of all words together, in a row of segments."""


def choice_control(param: Param, picture: Picture | None = None) -> ValueWidget:
    """What suits a choice: a switch for off and on, segments for pictures and few short words, else a drop-down."""
    if param.choices == ("off", "on"):
        return Switch(param)
    if picture is not None or sum(map(len, param.choices)) <= _MOST_LETTERS:
        return Segments(param, picture=picture)
    return ChoiceField(param)


def _is_list_key(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Down and bool(event.modifiers() & ALT)
