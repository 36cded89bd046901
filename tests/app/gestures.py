"""Mouse, wheel and keys as real events on real widgets, and a recorder of what comes of them."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton
NO_BUTTON = Qt.MouseButton.NoButton
REST_WITHIN_S = 10.0


class Hand:
    """A mouse held over one widget."""

    def __init__(self, widget: QWidget, x: float | None = None, y: float | None = None) -> None:
        centre = widget.rect().center()
        self.widget = widget
        self.at = QPointF(centre.x() if x is None else x, centre.y() if y is None else y)

    def _send(self, kind: QEvent.Type, button: Qt.MouseButton, held: Qt.MouseButton, keys: Qt.KeyboardModifier) -> None:
        place = self.widget.mapToGlobal(self.at)
        QApplication.sendEvent(self.widget, QMouseEvent(kind, self.at, place, button, held, keys))

    def press(self, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> Hand:
        self._send(QEvent.Type.MouseButtonPress, button, button, keys)
        return self

    def move(self, dx: float, dy: float, keys: Qt.KeyboardModifier = NONE, *, steps: int = 1) -> Hand:
        """Move by pixels (down is positive) with the button held."""
        for _ in range(steps):
            self.at += QPointF(dx / steps, dy / steps)
            self._send(QEvent.Type.MouseMove, NO_BUTTON, LEFT, keys)
        return self

    def grab(self, keys: Qt.KeyboardModifier = NONE) -> Hand:
        """Press and pass the threshold: from here on each pixel counts."""
        return self.press(keys).move(0, -3, keys)

    def hover(self) -> Hand:
        self._send(QEvent.Type.MouseMove, NO_BUTTON, NO_BUTTON, NONE)
        return self

    def release(self, keys: Qt.KeyboardModifier = NONE, button: Qt.MouseButton = LEFT) -> Hand:
        self._send(QEvent.Type.MouseButtonRelease, button, NO_BUTTON, keys)
        return self

    def click(self) -> Hand:
        return self.press().release()

    def double_click(self) -> Hand:
        """All four events of a real double-click; the second press goes to whatever the first click put there."""
        self.click()
        target = self.widget.childAt(self.at.toPoint())
        receiver, here = (self.widget, self.at) if target is None else (target, self.at - QPointF(target.pos()))
        place = self.widget.mapToGlobal(self.at)
        event = QMouseEvent(QEvent.Type.MouseButtonDblClick, here, place, LEFT, LEFT, NONE)
        QApplication.sendEvent(receiver, event)
        return self.release()

    def wheel(self, notches: float, keys: Qt.KeyboardModifier = NONE, *, sideways: bool = False) -> bool:
        """Turn the wheel; whether the widget took the event."""
        turn = QPoint(round(notches * 120), 0) if sideways else QPoint(0, round(notches * 120))
        event = QWheelEvent(
            self.at,
            self.widget.mapToGlobal(self.at),
            QPoint(),
            turn,
            NO_BUTTON,
            keys,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.widget, event)
        return event.isAccepted()

    def leave(self) -> None:
        QApplication.sendEvent(self.widget, QEvent(QEvent.Type.Leave))


def wants_key(widget: QWidget, key: Qt.Key, keys: Qt.KeyboardModifier = NONE, text: str = "") -> bool:
    """Whether a widget claims a key before the window's shortcuts see it."""
    event = QKeyEvent(QEvent.Type.ShortcutOverride, key, keys, text)
    event.ignore()
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


class Heard:
    """What a control told: all values while changing, what it committed, and how often it went back."""

    def __init__(self, control: QObject) -> None:
        self.changing: list[tuple[object, ...]] = []
        self.committed: list[tuple[object, ...]] = []
        self.reverted = 0
        control.changing.connect(lambda *args: self.changing.append(args))
        control.committed.connect(lambda *args: self.committed.append(args))
        control.reverted.connect(self._on_reverted)

    def _on_reverted(self, *_args: object) -> None:
        self.reverted += 1


class Paints(QObject):
    """Counts how often each watched widget is painted or laid out."""

    def __init__(self, *widgets: QWidget) -> None:
        super().__init__()
        self.painted: dict[QWidget, int] = dict.fromkeys(widgets, 0)
        self.laid_out = 0
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
            self.painted[watched] += 1
        if event.type() == QEvent.Type.LayoutRequest:
            self.laid_out += 1
        return False


def let_rest(*widgets: QWidget) -> None:
    """Serve events until nothing of ``widgets`` is painted or laid out any more."""
    watch = Paints(*widgets)
    before = None
    deadline = time.monotonic() + REST_WITHIN_S
    while (now := (sum(watch.painted.values()), watch.laid_out)) != before:
        assert time.monotonic() < deadline, "The widgets never come to rest."
        before = now
        QTest.qWait(20)
    for widget in widgets:
        widget.removeEventFilter(watch)
