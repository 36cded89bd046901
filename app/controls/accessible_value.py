"""Painted values for screen readers: a name, the value in words, its range, and a way to set it."""

from __future__ import annotations

from typing import Any, Protocol

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleValueChangeEvent, QAccessibleValueInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget

from engine.params import Param

_installed = False


class HasValue(Protocol):
    """What a widget must offer to be read out."""

    param: Param
    value: float

    def value_text(self) -> str: ...

    def enter(self, value: float) -> None: ...


class _Value(QAccessibleValueInterface):
    def __init__(self, widget: Any) -> None:
        super().__init__()
        self._widget: HasValue = widget

    def currentValue(self) -> float:
        return self._widget.value

    def minimumValue(self) -> float:
        return self._widget.param.low

    def maximumValue(self) -> float:
        return self._widget.param.high

    def minimumStepSize(self) -> float:
        return self._widget.param.step

    def setCurrentValue(self, value: Any) -> None:
        self._widget.enter(float(value))


class _Accessible(QAccessibleWidget):
    def __init__(self, widget: Any) -> None:
        super().__init__(widget, QAccessible.Role.Dial, widget.accessibleName())
        self._widget = widget
        self._value = _Value(widget)

    def text(self, kind: QAccessible.Text) -> str:
        if kind == QAccessible.Text.Value:
            return self._widget.value_text()
        if kind == QAccessible.Text.Name:
            return self._widget.accessibleName()
        return super().text(kind)

    def interface_cast(self, kind: QAccessible.InterfaceType) -> Any:
        if kind == QAccessible.InterfaceType.ValueInterface:
            return self._value
        return super().interface_cast(kind)


def _make(_key: str, thing: QObject) -> _Accessible | None:
    if not getattr(thing, "is_accessible_value", False):
        return None
    accessible = _Accessible(thing)
    # Qt's cache owns the interface; the widget keeps the Python half alive as long as itself.
    thing.accessible = accessible  # type: ignore[attr-defined]
    return accessible


def announce_kind() -> None:
    """Teach Qt about widgets with ``is_accessible_value = True``; further calls do nothing."""
    global _installed
    if not _installed:
        _installed = True
        # Older releases of PySide6 lack it; names and descriptions are still read out there.
        if hasattr(QAccessible, "installFactory"):
            QAccessible.installFactory(_make)


def announce_change(widget: QWidget, value: float) -> None:
    """Tell a listening screen reader that the value changed."""
    if QAccessible.isActive():
        QAccessible.updateAccessibility(QAccessibleValueChangeEvent(widget, value))
