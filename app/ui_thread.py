"""From any thread onto the window's: the one way in which another thread may make Qt do something.

Nothing that Python owns crosses over on Qt's side. A posted ``QEvent``, or a signal emitted from another thread to a
Python callable, leaves objects whose last reference may fall on either thread; both were seen to crash the program
(PySide6 6.11). Here the calls wait in a queue of ours, and Qt carries nothing but a bare, queued wake-up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot


class Wake(QObject):
    """Runs ``action`` on the thread that made it, soon after any thread asked; asks in between count as one."""

    _asked = Signal()

    def __init__(self, action: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self._is_asked = False
        self._is_open = True
        self._asked.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def ask(self) -> None:
        """From any thread; returns at once."""
        # A wake-up too many is harmless; one too few is not: the flag falls before the action begins.
        if not self._is_asked and self._is_open:
            self._is_asked = True
            self._asked.emit()

    def close(self) -> None:
        """Run nothing any more."""
        self._is_open = False

    @Slot()
    def _run(self) -> None:
        self._is_asked = False
        if self._is_open:
            self._action()


class UiThread:
    """Calls made on the thread that made this, in the order in which they were asked for."""

    def __init__(self, parent: QObject) -> None:
        self._home = threading.get_ident()
        self._calls: deque[Callable[[], None]] = deque()
        self._wake = Wake(self._run, parent)

    def call(self, action: Callable[[], None]) -> None:
        """Run ``action`` there: at once when this is that thread, else as soon as its event loop comes to it."""
        if threading.get_ident() == self._home:
            action()
        else:
            self._calls.append(action)
            self._wake.ask()

    def close(self) -> None:
        """Forget what waits, and run nothing any more."""
        self._wake.close()
        self._calls.clear()

    def _run(self) -> None:
        # Only what waits now: an action that asks for more must not keep the window from painting.
        for _ in range(len(self._calls)):
            self._calls.popleft()()
        if self._calls:
            self._wake.ask()
