"""The keys that move a handle of a curve: arrows and Page keys, and those that reset it or open it to type in."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.controls.drag_value import PAGE_STEPS

SIDEWAYS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
UPWARDS = {
    Qt.Key.Key_Up: 1,
    Qt.Key.Key_Down: -1,
    Qt.Key.Key_PageUp: PAGE_STEPS,
    Qt.Key.Key_PageDown: -PAGE_STEPS,
}
RESETS = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
TYPES = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
HANDLE_KEYS = {*SIDEWAYS, *UPWARDS, *RESETS, *TYPES}
