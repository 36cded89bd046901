"""Patches of presets, read before they are needed: an arrow key is heard at once, and the window never waits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.submit import Submit
from engine.jobs import Body, Note
from engine.project.preset_index import Entry
from engine.project.presets import Preset, read_preset

MOST_READ = 256
"""So many patches stay in memory after they were read."""

Then = Callable[[Preset], None]


class PresetReader(QObject):
    """Reads one preset for whoever asked last, and ahead what may be asked for next."""

    failed = Signal(object)
    """The error of a preset that somebody waits for."""

    def __init__(self, parent: QObject, submit: Submit) -> None:
        super().__init__(parent)
        self._submit = submit
        self._read: OrderedDict[str, tuple[tuple[int, int], Preset]] = OrderedDict()
        self._wanted: tuple[str, Then] | None = None

    def read(self, entry: Entry, then: Then) -> None:
        """Call ``then`` with the preset of ``entry``: at once when it was read ahead, else when it is there.

        Who asks for another one meanwhile hears only of that one.
        """
        self._wanted = None
        known = self._read.get(entry.key)
        if known is not None and known[0] == entry.stamp:
            self._read.move_to_end(entry.key)
            then(known[1])
            return
        self._wanted = (entry.key, then)
        self._submit(
            read_body([entry]),
            title=f"Open {entry.name}",
            quiet=True,
            done=self._on_read,
            failed=lambda error: self._on_failed(entry.key, error),
        )

    def read_ahead(self, entries: Iterable[Entry]) -> None:
        """Somebody may want these soon."""
        new = [e for e in entries if not e.trouble and (self._read.get(e.key) or ((), None))[0] != e.stamp]
        if new:
            # One that went away meanwhile is said when somebody really wants it.
            body = read_body(new, strict=False)
            self._submit(body, title="Read presets", quiet=True, done=self._on_read, failed=lambda _: None)

    def waits_for(self, entry: Entry) -> bool:
        """Whether ``entry`` was asked for and is not there yet."""
        return self._wanted is not None and self._wanted[0] == entry.key

    def forget_wish(self) -> None:
        """Nobody wants anything any more."""
        self._wanted = None

    def forget(self, key: str) -> None:
        """A preset has gone."""
        self._read.pop(key, None)

    def _on_read(self, read: list[tuple[Entry, Preset]]) -> None:
        for entry, preset in read:
            self._read[entry.key] = (entry.stamp, preset)
            self._read.move_to_end(entry.key)
        while len(self._read) > MOST_READ:
            self._read.popitem(last=False)
        if self._wanted is not None:
            key, then = self._wanted
            found = next((preset for entry, preset in read if entry.key == key), None)
            if found is not None:
                self._wanted = None
                then(found)

    def _on_failed(self, key: str, error: Exception) -> None:
        if self._wanted is not None and self._wanted[0] == key:
            self._wanted = None
            self.failed.emit(error)


def read_body(entries: Sequence[Entry], *, strict: bool = True) -> Body[list[tuple[Entry, Preset]]]:
    """A job's body that reads presets; with ``strict`` off those that cannot be read are left out."""

    def body() -> Generator[Note, None, list[tuple[Entry, Preset]]]:
        read = []
        for entry in entries:
            yield Note(None)
            try:
                read.append((entry, read_preset(Path(entry.path))))
            except Exception:
                if strict:
                    raise
        return read

    return body
