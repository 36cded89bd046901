"""A search that takes as long as a test wants."""

from __future__ import annotations

import time
from collections.abc import Generator

from engine.jobs import Note


class SlowSearch:
    """Goes on until it is told to finish, and shows what it is told to show; a subclass says what that is."""

    def __init__(self) -> None:
        self.finished = self.closed = False

    def note(self) -> Note:
        """What is shown now."""
        raise NotImplementedError

    def go_on(self) -> Generator[Note, None, None]:
        try:
            while not self.finished:
                time.sleep(0.005)
                yield self.note()
        finally:
            self.closed = True
