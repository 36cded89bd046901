"""What the context menu of a curve offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

if TYPE_CHECKING:
    from app.controls.curve_paper import CurvePaper


def curve_menu(curve: CurvePaper) -> QMenu:
    """The menu of the chosen handle; the caller shows and deletes it."""
    menu = QMenu(curve)
    menu.setToolTipsVisible(True)
    handle = curve.curve_handles[curve.chosen]
    typing = menu.addAction("Type value…")
    typing.setShortcut(QKeySequence(Qt.Key.Key_Return))
    typing.triggered.connect(curve.open_editor)
    default = menu.addAction(f"Reset {handle.name[:1].lower()}{handle.name[1:]}")
    default.setShortcut(QKeySequence(Qt.Key.Key_Delete))
    default.triggered.connect(lambda: curve.reset(handle))
    menu.addAction("Reset everything here").triggered.connect(curve.reset_all)
    menu.addSeparator()
    for way in handle.ways:
        name = way.param.name
        what = way.words.lower() if way.index is None else f"every {way.param.label.lower()}"
        action = menu.addAction(f"Lock {what}")
        action.setCheckable(True)
        action.setChecked(name in curve.step.locked)
        action.setToolTip("Words, presets and chance leave locked values alone")
        action.toggled.connect(lambda on, name=name: curve.lock_wanted.emit(frozenset({name}), on))
    return menu
