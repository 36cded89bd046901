"""Several values that one hand changes at once, such as a handle's time and level: one gesture, one step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.controls.drag_value import DragValue


class GestureGroup(QObject):
    """Joins the ends of its members' gestures.

    ``changing(name, value)`` is emitted for each member that moves, and ``moved`` once for those that move together;
    ``committed(name, value)`` once for the whole
    gesture, with the first member that changed; ``reverted`` once when nothing did.
    """

    changing = Signal(str, float)
    committed = Signal(str, float)
    reverted = Signal()
    moved = Signal(object)
    """The new values by name of everything that one movement of the hand changed."""
    ended = Signal()
    """After each end of a gesture, before it is told how."""

    def __init__(self, members: Iterable[DragValue], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.members = tuple(members)
        self._ending = False
        self._together: dict[str, float] | None = None
        self._changed: DragValue | None = None
        self._moved = False
        for member in self.members:
            member.changing.connect(partial(self._on_changing, member))
            member.committed.connect(partial(self._on_ended, member))
            member.reverted.connect(partial(self._on_ended, None))

    @property
    def busy(self) -> bool:
        return any(member.busy for member in self.members)

    def end(self, *, keep: bool) -> None:
        """Finish (``keep``) or cancel whatever is under way."""
        self._ending, self._changed, self._moved = True, None, False
        self._end_members(keep)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What changes inside is one movement."""
        if self._together is not None:
            yield
            return
        self._together = {}
        try:
            yield
        finally:
            values, self._together = self._together, None
            if values:
                self.moved.emit(values)

    def _end_members(self, keep: bool) -> None:
        with self.together():
            for member in self.members:
                if keep:
                    member.finish()
                else:
                    member.cancel()
        self._ending = False
        self.ended.emit()
        if self._changed is not None:
            self.committed.emit(self._changed.param.name, self._changed.value)
        elif self._moved:
            self.reverted.emit()

    def _on_changing(self, member: DragValue, value: float) -> None:
        self.changing.emit(member.param.name, value)
        with self.together():
            assert self._together is not None
            self._together[member.param.name] = value

    def _on_ended(self, member: DragValue | None, _value: float = 0.0) -> None:
        if not self._ending:
            # A burst of keys on one member went quiet: the others end with it.
            self._ending, self._changed, self._moved = True, member, True
            self._end_members(keep=True)
            return
        self._moved = True
        self._changed = self._changed or member
