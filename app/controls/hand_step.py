"""What one hand does to several named values at once, single ones and whole vectors: one gesture, one step.

A gesture is any number of :attr:`HandStep.moved` and then exactly one :attr:`HandStep.committed`, or
:attr:`HandStep.reverted` when it ends where it began, as with :class:`app.controls.drag_value.DragValue`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal

from app.controls.drag_value import BURST_MS
from engine.params import Param

PACE_MS = 8
"""What follows sooner on a movement is told together with the next one: some mice move a thousand times a second."""

Value = float | tuple[float, ...]


class HandStep(QObject):
    """The values of ``params`` in human units, vectors as tuples. With ``holds_locked`` the hand moves nothing that is
    locked; without, a lock protects from words and chance only, as everywhere."""

    changing = Signal(str, object)
    """Each value that a movement changed, by name."""
    moved = Signal(object)
    """All that a movement changed: values by name."""
    committed = Signal(str)
    """The gesture changed something; a word for it, such as ``"Mode 12 pitch"``."""
    reverted = Signal()
    shown = Signal()
    """What is to be drawn changed, for whatever reason."""

    def __init__(self, params: Iterable[Param], parent: QObject | None = None, *, holds_locked: bool = False) -> None:
        super().__init__(parent)
        self.params = {param.name: param for param in params}
        self.values: dict[str, Value] = {
            p.name: p.default if p.count == 1 else (p.default,) * p.count for p in self.params.values()
        }
        self.locked: frozenset[str] = frozenset()
        self._holds_locked = holds_locked
        self._words = ""
        self._before: dict[str, Value] | None = None
        self._announced = False
        self._told: dict[str, Value] = {}
        self._waiting: dict[str, Value] = {}
        self._since = QElapsedTimer()
        self._pace = QTimer(self, singleShot=True)
        self._pace.timeout.connect(self.tell)
        self._burst = QTimer(self, singleShot=True, interval=BURST_MS)
        self._burst.timeout.connect(self.finish)

    @property
    def busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._before is not None

    def number(self, name: str) -> float:
        """A single value."""
        value = self.values[name]
        assert isinstance(value, float | int)
        return float(value)

    def vector(self, name: str) -> tuple[float, ...]:
        """A vector."""
        value = self.values[name]
        assert isinstance(value, tuple)
        return value

    def before(self, name: str) -> Value:
        """The value that the gesture under way began from, or the present one."""
        return (self._before or self.values)[name]

    def show(self, values: Mapping[str, float | Sequence[float]]) -> None:
        """Take over values from elsewhere without a signal; a gesture under way is given up if they disagree."""
        changed: dict[str, Value] = {}
        for name, param in self.params.items():
            value = values.get(name)
            if value is None:
                continue
            own: Value = float(value) if isinstance(value, int | float) else tuple(value)
            if isinstance(own, tuple) != (param.count > 1) or own == self.values[name]:
                continue
            if self.busy and own == self._told.get(name):
                # An echo of what the hand did before its latest movement.
                continue
            changed[name] = own
        if changed:
            self._forget()
            self.values |= changed
            self.shown.emit()

    def set_locked(self, names: Collection[str]) -> bool:
        """Which values are locked; whether that is news."""
        locked = frozenset(names) & set(self.params)
        if locked == self.locked:
            return False
        self.locked = locked
        return True

    def holds(self, name: str) -> bool:
        """Whether the hand cannot move a value."""
        return self._holds_locked and name in self.locked

    def begin(self, words: str) -> None:
        """Start a gesture that :meth:`finish` or :meth:`cancel` will end."""
        self.finish()
        self._before = dict(self.values)
        self._words = words

    def rename(self, words: str) -> None:
        """The gesture turns out to be something else."""
        self._words = words

    def put(self, changes: Mapping[str, Value]) -> None:
        """Move values in a gesture that has begun; what lies beyond a range lands on its nearer end."""
        if self._before is None:
            return
        news: dict[str, Value] = {}
        for name, value in changes.items():
            param = self.params[name]
            own = tuple(map(param.clamp, value)) if isinstance(value, tuple) else param.clamp(value)
            if own != self.values[name] and not self.holds(name):
                news[name] = own
        if not news:
            return
        self.values |= news
        self._announced = True
        self._waiting |= news
        self.shown.emit()
        if not self._since.isValid() or self._since.elapsed() >= PACE_MS:
            self.tell()
        elif not self._pace.isActive():
            self._pace.start(max(PACE_MS - int(self._since.elapsed()), 1))

    def nudge(self, words: str, changes: Mapping[str, Value]) -> None:
        """Move values by a key or the wheel: what follows soon under the same words is the same gesture."""
        if self._before is None or words != self._words:
            self.begin(words)
        self._burst.start()
        self.put(changes)

    def set(self, words: str, changes: Mapping[str, Value]) -> None:
        """Set values in one gesture of its own."""
        self.begin(words)
        self.put(changes)
        self.finish()

    def end(self, *, keep: bool) -> None:
        """Finish (``keep``) or cancel whatever is under way."""
        if keep:
            self.finish()
        else:
            self.cancel()

    def finish(self) -> None:
        """End the gesture and commit what it reached; nothing happens when there is none."""
        before, announced = self._before, self._announced
        if before is None:
            return
        self.tell()
        # Whoever was told may have shown something else, and so ended it.
        if self._before is None:
            return
        changed = any(self.values[name] != value for name, value in before.items())
        self._forget()
        if changed:
            self.committed.emit(self._words)
        elif announced:
            self.reverted.emit()

    def cancel(self) -> None:
        """End the gesture with the values it began from."""
        before, announced = self._before, self._announced
        self._forget()
        if before is not None and announced:
            self.values = before
            self.shown.emit()
            self.reverted.emit()

    def tell(self) -> None:
        """Tell at once of what has moved."""
        self._pace.stop()
        news, self._waiting = self._waiting, {}
        if not news:
            return
        self._since.start()
        self._told |= news
        for name, value in news.items():
            self.changing.emit(name, value)
        self.moved.emit(news)

    def _forget(self) -> None:
        self._burst.stop()
        self._pace.stop()
        self._before = None
        self._announced = False
        self._waiting = {}
        self._told = {}
