"""What a person does to the files of their own presets: each deed a job, and one step that undo takes back.

A step knows which files it changed. Undo and redo swap them with what lies in the trash, in the order of the deeds;
what another program changed meanwhile stays as it is, and a sentence says so.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.document import Document
from app.message_bar import and_more, in_words
from app.submit import Submit
from engine.jobs import Body, Note
from engine.project.file_swap import Change, Swapped, appeared, swap_steps
from engine.project.preset_index import Entry
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, read_preset

if TYPE_CHECKING:
    from app.presets import Presets

READ_A_STEP = 8


class FilesStep:
    """Files were changed; ``words`` said so. What swaps them back changes with every swap."""

    def __init__(self, changes: Sequence[Change], words: str, swap: Callable[[FilesStep, bool], None]) -> None:
        self.changes = tuple(changes)
        self.words = words
        self._swap = swap

    def back(self) -> None:
        self._swap(self, False)

    def again(self) -> None:
        self._swap(self, True)


class PresetFiles(QObject):
    """Changes files of the person's own and tells :class:`app.presets.Presets` what became of them."""

    message = Signal(str)
    trouble = Signal(object)
    """An error, or a sentence about one."""
    undoable = Signal(str, object)
    """A sentence about what was taken away, and the :class:`FilesStep` that brings it back."""
    withdrawn = Signal(str)
    """A sentence is no longer true."""

    def __init__(self, presets: Presets, document: Document, store: PresetStore, submit: Submit) -> None:
        super().__init__(presets)
        self._presets = presets
        self._document = document
        self._store = store
        self._submit = submit
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_busy = False

    def in_turn(self, do: Callable[[], None]) -> None:
        """Do it when all that was asked for before is on the disk: deeds and undos are never out of their order."""
        self._waiting.append(do)
        self._go_on()

    def save(self, entry: Entry) -> None:
        """Write the live patch over a preset of the person's own; what is said about it in its file stays."""
        self._document.settle()
        patch, store = self._document.patch, self._store

        def work() -> tuple[Entry, Change]:
            preset = read_preset(Path(entry.path)) if Path(entry.path).exists() else Preset(patch, entry.tags)
            return store.replace(entry, replace(preset, patch=patch))

        def saved(done: tuple[Entry, Change]) -> None:
            new, change = done
            step = self._step([change], f"Saved the preset “{new.name}”.")
            self._presets.saved(new, patch)
            self._document.add_outside(f"Save the preset “{new.name}”", step)
            self.message.emit(step.words)

        self._run(work, saved, f"Save {entry.name}")

    def save_as(self, preset: Preset, folder: str = "", over: Entry | None = None) -> None:
        """Write the live patch as a new preset, or ``over`` another one that then lies in the trash.

        The live patch has its name from then on.
        """
        self._document.settle()
        store = self._store

        def work() -> tuple[Entry, Change]:
            if over is not None:
                return store.replace(over, preset)
            entry = store.add(preset, folder)
            return entry, appeared(Path(entry.path))

        def saved(done: tuple[Entry, Change]) -> None:
            entry, change = done
            step = self._step([change], f"Saved the preset “{entry.name}”.")
            self._presets.saved(entry, preset.patch)
            self._document.call_patch(preset.name, f"Save as “{preset.name}”", step)
            self._presets.follow()
            self._presets.shown.emit([entry.key])
            self.message.emit(step.words)

        self._run(work, saved, f"Save {preset.name}")

    def rename(self, entry: Entry, name: str) -> None:
        """Call one of the person's own presets something else."""
        if not name.strip() or name.strip() == entry.name:
            return
        store = self._store

        def renamed(done: tuple[Entry, Change]) -> None:
            new, change = done
            step = self._step([change], "")
            label = f"Rename “{entry.name}”"
            is_live = self._presets.loaded is not None and self._presets.loaded.key == entry.key
            self._presets.moved(entry, new)
            if is_live:
                self._document.call_patch(new.name, label, step)
            else:
                self._document.add_outside(label, step)
            self._presets.follow()

        self._run(lambda: store.rename(entry, name), renamed, f"Rename {entry.name}")

    def duplicate(self, entry: Entry) -> None:
        """A copy among the person's own."""
        store = self._store

        def work() -> tuple[Entry, Change]:
            new = store.duplicate(entry)
            return new, appeared(Path(new.path))

        def copied(done: tuple[Entry, Change]) -> None:
            new, change = done
            self.take_over([new], [change], f"Duplicate “{entry.name}”", "")

        self._run(work, copied, f"Copy {entry.name}")

    def delete(self, entries: Sequence[Entry]) -> None:
        """Move presets of the person's own to the trash."""
        own = [entry for entry in entries if not entry.is_factory]
        if not own:
            self.message.emit("What came with the program cannot be deleted.")
            return
        store = self._store

        def deleted(changes: list[Change]) -> None:
            what = f"“{own[0].name}”" if len(own) == 1 else f"{len(own)} presets"
            step = self._step(changes, f"Deleted {what}.")
            self._presets.put([], gone=[entry.key for entry in own])
            self._document.add_outside(f"Delete {what}", step)
            self.undoable.emit(step.words, step)

        self._run(lambda: [store.delete(entry) for entry in own], deleted, "Delete presets")

    def take_over(self, entries: Sequence[Entry], changes: Sequence[Change], label: str, words: str) -> None:
        """Presets that are new on the disk are in the list and in sight."""
        if entries:
            self._presets.put(entries)
            self._presets.shown.emit([entry.key for entry in entries])
            self._document.add_outside(label, self._step(changes, words))

    # -- back and forth --------------------------------------------------------------------------------------------

    def _step(self, changes: Sequence[Change], words: str) -> FilesStep:
        return FilesStep(changes, words, self._swap)

    def _swap(self, step: FilesStep, again: bool) -> None:
        store = self._store

        def body() -> Generator[Note, None, tuple[Swapped, dict[Path, tuple[Entry, Preset | None]]]]:
            swapped = yield from swap_steps(step.changes, store.trash)
            step.changes = tuple(after for _, after in swapped.done)
            there: dict[Path, tuple[Entry, Preset | None]] = {}
            for number, path in enumerate(pair.path for change in step.changes for pair in change if pair.now):
                if number % READ_A_STEP == 0:
                    yield Note(None)
                there[path] = store.look_at(path)
            return swapped, there

        def failed(error: Exception) -> None:
            self._document.forget(step)
            self._say(error)

        self._write(body, lambda result: self._swapped(step, *result, again=again), failed, "Change presets back")

    def _swapped(
        self, step: FilesStep, swapped: Swapped, there: dict[Path, tuple[Entry, Preset | None]], *, again: bool
    ) -> None:
        presets, store = self._presets, self._store
        gone: list[str] = []
        came: list[str] = []
        for before, after in swapped.done:
            was, now = _present(before), _present(after)
            old = presets.entry(store.key_of(was)) if was is not None else None
            if now is None:
                gone += [store.key_of(was)] if was is not None else []
                continue
            entry, preset = there[now]
            if old is not None and old.key != entry.key:
                presets.moved(old, entry)
            if old is None or old.key != entry.key:
                came.append(entry.key)
            if preset is not None:
                presets.remember(entry.key, preset.patch)
        presets.put([entry for entry, _ in there.values()], gone=gone)
        if came:
            presets.shown.emit(came)
        if not swapped.done:
            self._document.forget(step)
        if swapped.left:
            self.trouble.emit(and_more(swapped.left))
            presets.refresh()
        elif again and gone and not came:
            self.undoable.emit(step.words, step)
        elif step.words and not again:
            self.withdrawn.emit(step.words)

    # -- one after the other ---------------------------------------------------------------------------------------

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None], title: str) -> None:
        """Write something; whatever goes wrong is said, and the list shows what is really there."""
        self._write(_body(work), done, self._say, title)

    def _write(
        self, body: Body[Any], done: Callable[[Any], None], failed: Callable[[Exception], None], title: str
    ) -> None:
        def ended(tell: Callable[[Any], None], value: Any) -> None:
            self._is_busy = False
            tell(value)
            self._go_on()

        def begin() -> None:
            self._is_busy = True
            self._submit(
                body, title=title, quiet=True, writes=True, done=partial(ended, done), failed=partial(ended, failed)
            )

        self.in_turn(begin)

    def _go_on(self) -> None:
        while self._waiting and not self._is_busy:
            self._waiting.popleft()()

    def _say(self, error: Exception) -> None:
        self.trouble.emit(in_words(error))
        self._presets.refresh()


def _present(change: Change) -> Path | None:
    """Which file of a change is there."""
    return next((pair.path for pair in change if pair.now is not None), None)


def _body(work: Callable[[], Any]) -> Body[Any]:
    """A job of one step."""

    def body() -> Generator[Note, None, Any]:
        yield Note(None)
        return work()

    return body
