"""Opening what people bring: sounds become takes, a project takes the window over, a patch goes to the instrument."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.document import Document
from app.drop_in import BANK_SUFFIX, PATCH_SUFFIX, PROJECT_SUFFIX
from app.message_bar import MessageBar, Refusals, and_more, in_words
from app.submit import Submit, run_here
from engine.audio import Clip
from engine.jobs import Body, Note
from engine.params import Patch
from engine.project.part import opening_of
from engine.project.presets import Preset, read_patch
from engine.project.take import Take

MOST_NAMES = 3
"""So many files are named in one sentence; the others are counted."""

_Result = tuple[Path, Clip | Exception]
"""A file and what became of it."""


class Opening(QObject):
    """Sounds that are opened together become one step in the history, in the order in which they were named."""

    voice_opened = Signal(object)
    """The :class:`Preset` of a DX7 file with one voice, before its patch is the live one."""
    banks_opened = Signal(list)
    """Paths of DX7 files with several voices: they belong among the presets."""
    settled = Signal()
    """Everything that was asked for is open, or was told to be impossible."""

    def __init__(
        self, document: Document, messages: MessageBar, *, submit: Submit = run_here, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._messages = messages
        self._submit = submit
        self._waiting = 0
        self.errors: list[str] = []

    @property
    def busy(self) -> bool:
        return self._waiting > 0

    def open(self, paths: Iterable[Path]) -> None:
        """Open files of any kind."""
        sounds: list[Path] = []
        for path in paths:
            if path.suffix.lower() == PROJECT_SUFFIX:
                self.open_project(path)
            elif path.suffix.lower() == PATCH_SUFFIX:
                self.open_patch(path)
            elif path.suffix.lower() == BANK_SUFFIX:
                self.open_bank(path)
            else:
                sounds.append(path)
        self.open_sounds(sounds)

    def open_sounds(self, paths: Iterable[Path], *, merge: str | None = None) -> None:
        """Open sound files as takes; what follows with the same ``merge`` key is one step with that."""
        paths = list(paths)
        if not paths:
            return
        self._waiting += 1
        results: list[_Result] = []
        title = f"Opening {paths[0].name}" if len(paths) == 1 else f"Opening {len(paths)} sounds"

        def stopped_or_failed(error: Exception) -> None:
            if len(paths) > 1:
                # What is open by then stays.
                self._add(results, len(paths), merge)
                self._messages.info(str(error))
                return
            self.errors.append(str(error))
            self._messages.error(error)
            self._settle()

        self._submit(
            _open_all(paths, results),
            title=title,
            done=lambda _: self._add(results, len(paths), merge),
            failed=stopped_or_failed,
        )

    def open_project(self, path: Path) -> None:
        """Open a project in place of what is open; whoever calls has asked about unsaved work."""
        self._document.file.load(path)

    def open_patch(self, path: Path) -> None:
        """Load a patch file into the instrument."""
        self._waiting += 1

        def done(patch: Patch) -> None:
            self._document.load_patch(patch, f"Load “{patch.name or path.stem}”")
            self._settle()

        def failed(error: Exception) -> None:
            self.errors.append(str(error))
            self._messages.error(error)
            self._settle()

        self._submit(_read_patch(path), title=f"Opening {path.name}", done=done, failed=failed)

    def open_bank(self, path: Path) -> None:
        """Load a DX7 file with one voice into the instrument; one with several becomes presets."""
        from app.preset_commands import bank_steps

        self._waiting += 1

        def done(read: tuple[Preset | None, tuple[str, ...]]) -> None:
            preset, notices = read
            if preset is None:
                self.banks_opened.emit([path])
            else:
                self.voice_opened.emit(preset)
                self._document.load_patch(preset.patch, f"Load “{preset.name}”")
                if notices:
                    self._messages.warning(f"{path.name}: {and_more(notices)}")
            self._settle()

        self._submit(lambda: bank_steps(path), title=f"Opening {path.name}", done=done, failed=self._refused)

    def _refused(self, error: Exception) -> None:
        self.errors.append(str(error))
        self._messages.error(error)
        self._settle()

    def _add(self, results: list[_Result], count: int, merge: str | None) -> None:
        clips = [result for _, result in results if isinstance(result, Clip)]
        errors = {path: result for path, result in results if isinstance(result, Exception)}
        known = {opening_of(take.clip): take for take in self._document.takes}
        known.pop(None, None)
        new: list[Take] = []
        again: list[Take] = []
        for clip in clips:
            opening = opening_of(clip)
            take = known.get(opening)
            if take is None:
                new.append(Take.of(clip))
                if opening is not None:
                    known[opening] = new[-1]
            elif take in self._document.takes and take not in again:
                again.append(take)
        if new:
            label = f"Open “{new[0].name}”" if len(new) == 1 else f"Open {len(new)} sounds"
            self._document.add_takes(new, label, merge=merge)
        elif again:
            self._document.select(again[0].id)
        self._tell(errors, count, [clip.notice for clip in clips if clip.notice], again)
        self._settle()

    def _tell(self, errors: dict[Path, Exception], count: int, notices: list[str], again: list[Take]) -> None:
        """One message for all of them: what failed before what was odd before what was open already."""
        self.errors += [str(error) for error in errors.values()]
        words = and_more(notices)
        if len(errors) > 1:
            self._messages.error(_refusals(errors, count, words))
        elif errors:
            self._messages.error(*errors.values())
        elif words:
            self._messages.warning(words)
        elif again:
            names = _listed([f"“{take.name}”" for take in again])
            self._messages.info(f"{names} {'was' if len(again) == 1 else 'were'} open already.")

    def _settle(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self.settled.emit()


def _refusals(errors: Mapping[Path, Exception], count: int, notices: str) -> Refusals:
    """What became of several files that could not be opened."""
    share = f"None of the {count} files could" if len(errors) == count else f"{len(errors)} of {count} files could not"
    sentence = f"{share} be opened: {_listed([path.name for path in errors])}. {notices}".rstrip()
    return Refusals(sentence, [f"{path}: {in_words(error)}" for path, error in errors.items()])


def _open_all(paths: list[Path], results: list[_Result]) -> Body[None]:
    """A job's body that opens files one after the other into ``results``; the only one may fail, of several any."""

    def body() -> Generator[Note, None, None]:
        from engine.audio import open_clip_steps

        for number, path in enumerate(paths):
            try:
                with contextlib.closing(open_clip_steps(path)) as steps:
                    while True:
                        yield Note((number + next(steps)) / len(paths), f"Opening {path.name}")
            except StopIteration as stop:
                results.append((path, stop.value))
            except Exception as error:
                if len(paths) == 1:
                    raise
                results.append((path, error))
            yield Note((number + 1) / len(paths), f"Opening {path.name}")

    return body


def _read_patch(path: Path) -> Body[Patch]:
    """A job's body that reads a patch file; it may lie on a slow network."""

    def body() -> Generator[Note, None, Patch]:
        yield Note(None, f"Opening {path.name}")
        return read_patch(path)

    return body


def _listed(names: list[str]) -> str:
    """``a``; ``a and b``; ``a, b, c and 4 more``."""
    shown, rest = names[:MOST_NAMES], len(names) - MOST_NAMES
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
