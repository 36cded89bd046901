"""Which keys are down, and who holds each of them: the mouse, the computer's keyboard, a MIDI port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Protocol


class Keys(Protocol):
    """What is played; see :class:`engine.playing.Instrument`."""

    def note_on(self, note: int, velocity: int = 100) -> None: ...

    def note_off(self, note: int) -> None: ...


class HeldNotes:
    """Between the hands and the instrument. From any thread; every method returns at once.

    A note that several hands hold sounds until the last of them lets go. ``on_change(note, velocity)`` is called after
    each key that went down (``note`` is ``None`` when one went up), on the thread of whoever played it.
    """

    def __init__(self, keys: Keys, on_change: Callable[[int | None, int], None]) -> None:
        self._keys = keys
        self._on_change = on_change
        self._held: dict[tuple[str, Hashable], int] = {}
        # MIDI ports have threads of their own; the order in which the instrument is told has to be that of the hands.
        self._lock = threading.Lock()

    @property
    def notes(self) -> frozenset[int]:
        """The notes whose keys are down."""
        with self._lock:
            return frozenset(self._held.values())

    def press(self, source: str, key: Hashable, note: int, velocity: int) -> None:
        """``key`` of ``source`` goes down and plays ``note``; one that was down already is struck again."""
        if not 0 <= note <= 127:
            return
        with self._lock:
            before = self._held.pop((source, key), None)
            if before is not None and before != note:
                self._let_go(before)
            self._held[source, key] = note
            self._keys.note_on(note, velocity)
        self._on_change(note, velocity)

    def release(self, source: str, key: Hashable) -> None:
        """``key`` of ``source`` goes up; a key that is not down changes nothing."""
        with self._lock:
            note = self._held.pop((source, key), None)
            if note is None:
                return
            self._let_go(note)
        self._on_change(None, 0)

    def release_all(self, source: str | None = None) -> None:
        """Every key of ``source`` goes up, or every key."""
        with self._lock:
            gone = [held for held in self._held if source in (None, held[0])]
            notes = [self._held.pop(held) for held in gone]
            for note in dict.fromkeys(notes):
                self._let_go(note)
        if gone:
            self._on_change(None, 0)

    def _let_go(self, note: int) -> None:
        if note not in self._held.values():
            self._keys.note_off(note)
