"""The little field that opens over a value to type a new one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QElapsedTimer, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QWidget

from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import figures
from app.controls.plain import plain_tip
from app.theme import tokens
from engine.errors import ParamTextError


class ValueEdit(QLineEdit):
    """Enter and leaving the field accept, Tab accepts and goes on, Esc leaves everything as it was.

    Opened with a key it gives the focus back to its owner; opened with a click (``by_click``) Enter gives it up.

    ``accept(text)`` raises :class:`ParamTextError` for what it cannot read; the sentence is shown and the field stays.
    A text that was not touched is not accepted again: what is shown is rounded, and looking must not change the value.
    """

    closed = Signal()
    double_clicked = Signal()
    tabbed = Signal(bool)
    """Tab (true) or Shift+Tab (false) was pressed and the text was accepted."""

    def __init__(self, owner: QWidget, rect: QRect, text: str, accept: Callable[[str], None], by_click: bool) -> None:
        super().__init__(text, owner)
        self._accept = accept
        self._open = True
        self._since_click = QElapsedTimer()
        if by_click:
            self._since_click.start()
        self.setAccessibleName(owner.accessibleName())
        EventAnswers(self, claims=self._wants)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setFont(figures(self))
        self._outline("accent")
        self.setGeometry(rect)
        self.textEdited.connect(lambda: self._outline("accent"))
        self.selectAll()
        self.show()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_unchanged(self) -> None:
        """Close and leave the value as it is."""
        if self._open:
            self._open = False
            QToolTip.hideText()
            owner = self.parentWidget()
            # Handed on before hiding: Qt would move it as Tab does.
            if self.hasFocus() and owner is not None:
                owner.setFocus(Qt.FocusReason.PopupFocusReason)
            self.hide()
            self.closed.emit()
            self.deleteLater()

    def submit(self) -> bool:
        """Accept the text and close; on a text that cannot be read say why, stay open and return false."""
        if not self._open:
            return True
        if self.isModified():
            try:
                self._accept(self.text())
            except ParamTextError as error:
                self._outline("error")
                self.setAccessibleDescription(str(error))
                QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), plain_tip(str(error)), self)
                return False
        self.close_unchanged()
        return True

    @staticmethod
    def _wants(event: QKeyEvent) -> bool:
        """Space, letters, Enter and Esc belong to the text."""
        return not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_unchanged()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            owner = self.parentWidget()
            if self.submit() and self._since_click.isValid() and owner is not None:
                # Who came with the mouse is through: the next Return and Space are the window's again.
                owner.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self._open and self.submit():
            self.tabbed.emit(forward)
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # The field's own menu, and another window in front, do not end the entry.
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason) and (
            not self.submit()
        ):
            self.close_unchanged()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # The first click of a double-click opened this field; the second one means the default, as everywhere.
        if self._is_second_click():
            event.accept()
            self.close_unchanged()
            self.double_clicked.emit()
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._is_second_click():
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def _is_second_click(self) -> bool:
        return self._since_click.isValid() and self._since_click.elapsed() < QApplication.doubleClickInterval()

    def _outline(self, role: str) -> None:
        colour = getattr(tokens(), role)
        self.setStyleSheet(f"QLineEdit {{ min-height: 0; padding: 0 2px; border: 1px solid {colour}; }}")


def within(owner: QWidget, place: QRect) -> QRect:
    """``place`` for a field, moved so that it does not stick out of its owner."""
    place = QRect(place)
    place.moveLeft(min(max(place.left(), 4), owner.width() - place.width() - 4))
    place.moveTop(max(place.top(), 4))
    return place
