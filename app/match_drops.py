"""Takes and selections of the window that are dragged onto an instrument's panel, to be matched with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from app.drag_out import TAKE_MIME
from app.drop_in import SOUND_SUFFIXES, DropOverlay

WORDS = "Match this sound"

_DRAGS = frozenset({QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.DragLeave, QEvent.Type.Drop})


class TakeDrops(QObject):
    """``on_drop`` hears the name of a take that was dropped on ``panel``; a name that no take has is a selection's."""

    def __init__(self, panel: QWidget, on_drop: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._on_drop = on_drop
        self._overlay = DropOverlay(panel, WORDS)
        panel.setAcceptDrops(True)
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() not in _DRAGS:
            return False
        if event.type() == QEvent.Type.DragLeave:
            self._overlay.hide()
            return False
        assert isinstance(event, QDropEvent)
        if not event.mimeData().hasFormat(TAKE_MIME):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if event.type() != QEvent.Type.Drop:
            self._overlay.cover()
            return True
        self._overlay.hide()
        self._on_drop(bytes(event.mimeData().data(TAKE_MIME).data()).decode("ascii"))
        return True


def is_one_sound(paths: Sequence[Path]) -> bool:
    """Whether exactly one sound file is being dragged."""
    return len(paths) == 1 and Path(paths[0]).suffix.lower() in SOUND_SUFFIXES
