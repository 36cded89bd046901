"""Open sound files, lent out and taken back: a library may hold thousands of clips, the system only some open files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engine.audio.patch import PatchedFile

IDLE_LIMIT = 32


@dataclass(eq=False, slots=True)
class Handle:
    """An open ``soundfile.SoundFile`` and the frame that it would read next."""

    file: Any
    path: Path
    patched: PatchedFile | None = None
    position: int = 0

    def renew(self, other: Handle) -> None:
        """Become ``other``, which is used up by that."""
        self.close()
        self.file, self.patched, self.position = other.file, other.patched, other.position

    def close(self) -> None:
        """Close the file; nothing happens when it is closed already."""
        self.file.close()
        if self.patched is not None:
            self.patched.close()


class HandlePool:
    """Keeps at most ``idle_limit`` files open that nobody reads from; the longest unused is closed first.

    Several readers of one file get a handle each, so that the player never waits for the view, and each finds the
    handle again that stands where it goes on reading. Safe to use from any thread.
    """

    def __init__(self, idle_limit: int = IDLE_LIMIT) -> None:
        self._idle_limit = idle_limit
        # Re-entrant: the garbage collector may call drop() on the thread that is inside one of these methods.
        self._lock = threading.RLock()
        self._idle: list[tuple[int, Handle]] = []

    @contextmanager
    def lend(self, owner: int, position: int, opened: Callable[[], Handle]) -> Iterator[Handle]:
        """A handle of ``owner`` for one use, if possible one that stands at ``position``, else any, else a new one.

        A use that raises costs the handle: after a failure some decoders are of no use any more.
        """
        handle = self._take(owner, position) or opened()
        try:
            yield handle
        except BaseException:
            handle.close()
            raise
        with self._lock:
            self._idle.append((owner, handle))
            surplus = self._idle[: -self._idle_limit]
            self._idle = self._idle[-self._idle_limit :]
        for _, old in surplus:
            old.close()

    def drop(self, owner: int) -> None:
        """Close every idle handle of ``owner``."""
        self._close_where(lambda key, _: key == owner)

    def release(self, path: Path) -> None:
        """Close every idle handle on ``path``, so that the file can be replaced on systems that lock open files."""
        self._close_where(lambda _, handle: handle.path == path)

    def close(self) -> None:
        """Close every idle handle."""
        self._close_where(lambda _, __: True)

    def idle_count(self) -> int:
        with self._lock:
            return len(self._idle)

    def _take(self, owner: int, position: int) -> Handle | None:
        with self._lock:
            mine = [entry for entry in self._idle if entry[0] == owner]
            if not mine:
                return None
            entry = next((e for e in mine if e[1].position == position), mine[0])
            self._idle.remove(entry)
            return entry[1]

    def _close_where(self, is_meant: Callable[[int, Handle], bool]) -> None:
        with self._lock:
            meant = [entry for entry in self._idle if is_meant(*entry)]
            self._idle = [entry for entry in self._idle if entry not in meant]
        for _, handle in meant:
            handle.close()


@cache
def shared_pool() -> HandlePool:
    """The one pool of the program."""
    return HandlePool()
