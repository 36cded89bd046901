"""Favourites, own tags and what was used last, as the window holds and keeps them.

Until the file was read, every change is remembered as a change and not as a result: it shows at once, is done again to
what the file holds, and only then is anything written.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from PySide6.QtCore import QObject, Signal

from app.submit import Submit
from engine.jobs import Note
from engine.project.preset_marks import Marks, read_marks
from engine.project.preset_store import PresetStore

Change = Callable[[Marks], Marks]


class KeptMarks(QObject):
    """One writes at a time; what changes meanwhile is written after it."""

    changed = Signal()
    trouble = Signal(object)

    def __init__(self, parent: QObject, store: PresetStore, submit: Submit) -> None:
        super().__init__(parent)
        self._store = store
        self._submit = submit
        self.value = Marks()
        self._is_read = False
        self._early: list[Change] = []
        """What was changed before the file was read."""
        self._count = 0
        """How often anything was changed; what a scan read before the newest change says nothing."""
        self._is_dirty = False
        self._is_writing = False
        self._closed = False

    def change(self, how: Change) -> None:
        marks = how(self.value)
        if not self._is_read:
            self._early.append(how)
        elif marks == self.value:
            return
        self.value = marks
        self._count += 1
        self.changed.emit()
        if self._is_read:
            self._is_dirty = True
            self._write()

    def stamp(self) -> int | None:
        """For :meth:`take`: taken before the file is read. ``None`` while the file is not what is held here."""
        return None if self._is_dirty or self._is_writing else self._count

    def take(self, marks: Marks, stamp: int | None) -> None:
        """The file was read, no earlier than ``stamp`` was taken."""
        if self._is_read:
            if stamp == self._count:
                self.value = marks
            return
        self._is_read = True
        early, self._early = self._early, []
        self.value = _after(marks, early)
        if self.value != marks:
            self._count += 1
            self._is_dirty = True
            self._write()

    def close(self) -> None:
        """The program ends: what was marked last is kept, if it still waits."""
        self._closed = True
        try:
            if self._early:
                self._store.write_marks(_after(read_marks(self._store.marks), self._early).dumps())
            elif self._is_dirty or self._is_writing:
                self._store.write_marks(self.value.dumps())
        except Exception:  # noqa: BLE001 - nobody is left to be told
            return

    def _write(self) -> None:
        if self._is_writing or not self._is_dirty:
            return
        self._is_writing, self._is_dirty = True, False
        store, text = self._store, self.value.dumps()

        def body() -> Generator[Note, None, None]:
            yield Note(None)
            store.write_marks(text)

        def ended(error: Exception | None = None) -> None:
            self._is_writing = False
            if error is not None and not self._closed:
                self.trouble.emit(error)
            self._write()

        self._submit(body, title="Keep favourites", quiet=True, writes=True, done=lambda _: ended(), failed=ended)


def _after(marks: Marks, changes: list[Change]) -> Marks:
    for change in changes:
        marks = change(marks)
    return marks
