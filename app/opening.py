"""Opening what people bring: sounds become takes, a project takes the window over, a patch goes to the instrument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from app.document import Document
from app.drop_in import PATCH_SUFFIX, PROJECT_SUFFIX
from app.message_bar import MessageBar
from engine.audio import Clip
from engine.errors import EngineError, PatchError
from engine.params import Patch
from engine.project.take import Take
from engine.studio import Studio

MAX_PATCH_BYTES = 4_000_000


class Opening(QObject):
    """Sounds that are opened together become one step in the history, in the order in which they were named."""

    settled = Signal()
    """Everything that was asked for is open, or was told to be impossible."""

    def __init__(self, studio: Studio, bridge: Bridge, document: Document, messages: MessageBar) -> None:
        super().__init__(bridge)
        self._studio = studio
        self._bridge = bridge
        self._document = document
        self._messages = messages
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
            else:
                sounds.append(path)
        self.open_sounds(sounds)

    def open_sounds(self, paths: Iterable[Path]) -> None:
        """Open sound files as takes."""
        paths = list(paths)
        if not paths:
            return
        batch = _Batch(len(paths), self._add)
        self._waiting += 1
        for place, path in enumerate(paths):
            self._bridge.watch(
                self._studio.open(path),
                done=lambda clip, place=place: batch.put(place, clip),
                failed=lambda error, place=place: self._refused(batch, place, error),
                cancelled=lambda place=place: batch.put(place, None),
            )

    def open_project(self, path: Path) -> None:
        """Open a project in place of what is open; whoever calls has asked about unsaved work."""
        self._document.load(path)

    def open_patch(self, path: Path) -> None:
        """Load a patch file into the instrument."""
        try:
            if path.stat().st_size > MAX_PATCH_BYTES:
                raise PatchError(f"{path.name} is too large for a patch; choose a patch file of Tonewright.")
            patch = Patch.loads(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            self._messages.error(f"{path.name} is no patch: it is not text. Choose a patch file of Tonewright.")
        except OSError as error:
            self._messages.error(f"{path.name} cannot be read: {error.strerror or error}.")
        except EngineError as error:
            self._messages.error(error)
        else:
            self._document.set_patch(patch, f"Load “{patch.name or path.stem}”")

    def _refused(self, batch: _Batch, place: int, error: Exception) -> None:
        self.errors.append(str(error))
        batch.put(place, None)

    def _add(self, clips: list[Clip]) -> None:
        takes = [Take.of(clip) for clip in clips]
        if takes:
            label = f"Open “{takes[0].name}”" if len(takes) == 1 else f"Open {len(takes)} sounds"
            self._document.add_takes(takes, label)
        notices = [clip.notice for clip in clips if clip.notice]
        if notices:
            self._messages.warning(notices[0] if len(notices) == 1 else f"{notices[0]} ({len(notices) - 1} more)")
        self._waiting -= 1
        if not self._waiting:
            self.settled.emit()


class _Batch:
    """Collects results by place and hands them over once, in order, without the gaps."""

    def __init__(self, count: int, ready: Callable[[list[Clip]], None]) -> None:
        self._left = count
        self._results: dict[int, Clip] = {}
        self._ready = ready

    def put(self, place: int, result: Clip | None) -> None:
        if result is not None:
            self._results[place] = result
        self._left -= 1
        if self._left == 0:
            self._ready([self._results[i] for i in sorted(self._results)])
