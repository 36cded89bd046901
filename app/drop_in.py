"""Files dropped anywhere on the window: sounds, folders of sounds, projects and patches.

Qt gives a drag to the widget under the pointer, and text fields would take a file as text. So drags of files are taken
one step earlier, at the native window, before any widget sees them. Drags that started in this program pass by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDockWidget, QWidget

from app.controls.paint import paint_sign
from app.drag_out import TAKE_MIME
from app.submit import Submit, run_here
from app.theme import PADDING_WIDE, tokens
from engine.audio import FORMATS
from engine.jobs import Note

SOUND_SUFFIXES = frozenset(s for kind in FORMATS.values() for s in kind.suffixes) | {".aifc", ".au", ".snd", ".w64"}
"""What counts as a sound in a folder: all that can be written and some that can only be read."""
PROJECT_SUFFIX = ".tonewright"
PATCH_SUFFIX = ".json"
BANK_SUFFIX = ".syx"
NAMES_A_STEP = 200
"""Files looked at between two yields while a folder is searched."""

WORDS = "Drop to open"

_DRAGS = frozenset({QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.DragLeave, QEvent.Type.Drop})


@dataclass(frozen=True, slots=True)
class Found:
    """What dropped paths turned out to be; ``others`` counts the files that are none of it."""

    sounds: tuple[Path, ...] = ()
    projects: tuple[Path, ...] = ()
    patches: tuple[Path, ...] = ()
    banks: tuple[Path, ...] = ()
    others: tuple[str, ...] = ()


def sort_steps(paths: Iterable[Path]) -> Generator[Note, None, Found]:
    """Sort paths by what they are and search folders (a job's body).

    Of a folder only the sounds count, in the order of their names; hidden files and links to folders are left out.
    """
    sounds: list[Path] = []
    projects: list[Path] = []
    patches: list[Path] = []
    banks: list[Path] = []
    others: list[str] = []
    for path in paths:
        suffix = path.suffix.lower()
        if path.is_dir():
            before = len(sounds)
            yield from _search(path, sounds)
            if len(sounds) == before and (yield from _holds_presets(path)):
                banks.append(path)
            elif len(sounds) == before:
                others.append(f"{path.name} (no sounds in it)")
        elif suffix in SOUND_SUFFIXES:
            sounds.append(path)
        elif suffix == PROJECT_SUFFIX:
            projects.append(path)
        elif suffix == PATCH_SUFFIX:
            patches.append(path)
        elif suffix == BANK_SUFFIX:
            banks.append(path)
        else:
            others.append(path.name)
    return Found(tuple(dict.fromkeys(sounds)), tuple(projects), tuple(patches), tuple(banks), tuple(others))


def _search(folder: Path, sounds: list[Path]) -> Generator[Note, None, None]:
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted((name for name in folders if not name.startswith(".")), key=str.casefold)
        for name in sorted(names, key=str.casefold):
            seen += 1
            if seen % NAMES_A_STEP == 0:
                yield Note(None, f"Searching {folder.name}: {len(sounds)} sounds")
            if not name.startswith(".") and Path(name).suffix.lower() in SOUND_SUFFIXES:
                sounds.append(Path(place) / name)
        yield Note(None, f"Searching {folder.name}: {len(sounds)} sounds")


def _holds_presets(folder: Path) -> Generator[Note, None, bool]:
    """Whether a folder without sounds is one of presets or DX7 voices."""
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if any(Path(name).suffix.lower() in (PATCH_SUFFIX, BANK_SUFFIX) for name in names if name[:1] != "."):
            return True
        yield Note(None, f"Searching {folder.name}")
    return False


def local_paths(mime: QMimeData) -> list[Path]:
    """The files on this machine that a drag carries."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


@dataclass(frozen=True, slots=True)
class _Zone:
    """A part of a window with an answer of its own to drops."""

    widget: QWidget
    take: Callable[[list[Path]], None]
    words: Callable[[list[Path]], str]
    wants: Callable[[list[Path]], bool] | None


class DropTarget(QObject):
    """Makes all of ``window`` take dropped files; docks that float on their own are part of it."""

    paths_dropped = Signal(list)
    """Paths of sounds, in the order dropped."""
    project_dropped = Signal(object)
    patch_dropped = Signal(object)
    bank_dropped = Signal(object)
    """The path of one DX7 file."""
    presets_dropped = Signal(list)
    """Paths of several DX7 files, or of folders with presets."""
    message = Signal(str)
    """One sentence about what could not be used."""

    def __init__(self, window: QWidget, *, submit: Submit = run_here) -> None:
        super().__init__(window)
        self._submit = submit
        self._overlays: dict[QWidget, DropOverlay] = {}
        self._watched: dict[QObject, QWidget] = {}
        self._zones: list[_Zone] = []
        self._watch(window)
        for dock in window.findChildren(QDockWidget):
            self._watch(dock)

    def add_zone(
        self,
        widget: QWidget,
        take: Callable[[list[Path]], None],
        words: str | Callable[[list[Path]], str] = WORDS,
        wants: Callable[[list[Path]], bool] | None = None,
    ) -> None:
        """What is dropped onto ``widget`` is not sorted out but given to ``take``, which ``words`` announce.

        The words may depend on what is dragged. A zone takes only what it ``wants``, by default everything.
        """
        say = words if callable(words) else lambda _paths: words
        self._zones.append(_Zone(widget, take, say, wants))

    def _zone(self, window: QWidget, place: QPoint, paths: list[Path]) -> _Zone | None:
        for zone in self._zones:
            inside = zone.widget.isVisible() and zone.widget.window() is window
            if inside and zone.widget.rect().contains(zone.widget.mapFrom(window, place)):
                return zone if zone.wants is None or zone.wants(paths) else None
        return None

    def _watch(self, window: QWidget) -> None:
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        self._watched[window] = window
        self._watch_native(window)

    def _watch_native(self, window: QWidget) -> None:
        """A window gets its native side when it is first shown, and a new one when a dock starts to float."""
        handle = window.windowHandle()
        if handle is not None and handle not in self._watched:
            handle.installEventFilter(self)
            self._watched[handle] = window
            handle.destroyed.connect(lambda: self._watched.pop(handle, None))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _DRAGS:
            window = self._watched.get(watched)
            # A docked dock is inside the main window, whose filter comes first.
            return window is not None and self._on_drag(window, event)
        if kind in (QEvent.Type.Show, QEvent.Type.WinIdChange) and isinstance(watched, QWidget):
            self._watch_native(watched)
        return False

    def _on_drag(self, window: QWidget, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DragLeave:
            self._hide()
            return False
        assert isinstance(event, QDropEvent)
        mime = event.mimeData()
        if event.source() is not None or mime.hasFormat(TAKE_MIME) or not local_paths(mime):
            return False
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        paths = local_paths(mime)
        zone = self._zone(window, event.position().toPoint(), paths)
        if event.type() == QEvent.Type.Drop:
            self._hide()
            (self.take if zone is None else zone.take)(paths)
        else:
            self._show(window, zone, paths)
        return True

    def take(self, paths: Iterable[Path]) -> None:
        """Sort out paths as if they had been dropped; folders are searched by a job."""
        paths = list(paths)
        self._submit(
            lambda: sort_steps(paths),
            title="Look through what was dropped",
            done=self._on_sorted,
            failed=lambda error: self.message.emit(str(error)),
        )

    def _on_sorted(self, found: Found) -> None:
        for project in found.projects[:1]:
            self.project_dropped.emit(project)
        for patch in found.patches:
            self.patch_dropped.emit(patch)
        if len(found.banks) == 1 and not found.banks[0].is_dir():
            self.bank_dropped.emit(found.banks[0])
        elif found.banks:
            self.presets_dropped.emit(list(found.banks))
        if found.sounds:
            self.paths_dropped.emit(list(found.sounds))
        if sentence := leftover_sentence(found):
            self.message.emit(sentence)

    def _show(self, window: QWidget, zone: _Zone | None, paths: list[Path]) -> None:
        overlay = self._overlays.get(window)
        if overlay is None:
            overlay = self._overlays[window] = DropOverlay(window)
        if zone is None:
            overlay.cover()
        else:
            overlay.cover(QRect(zone.widget.mapTo(window, QPoint(0, 0)), zone.widget.size()), zone.words(paths))

    def _hide(self) -> None:
        for overlay in self._overlays.values():
            overlay.hide()


def leftover_sentence(found: Found) -> str:
    """What to say about paths that were not used, or nothing."""
    said = []
    if len(found.projects) > 1:
        said.append(f"Only {found.projects[0].name} was opened: one project fits in the window.")
    if len(found.others) == 1:
        said.append(f"{found.others[0]} was left out: drop sound files, folders, projects or patches.")
    elif found.others:
        said.append(f"{len(found.others)} files were left out ({found.others[0]} …): they are no sounds.")
    return " ".join(said)


class DropOverlay(QWidget):
    """A veil over a widget, or a part of it, that says what a drop will do."""

    def __init__(self, window: QWidget, words: str = WORDS) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.words = self._own_words = words
        self.setAccessibleName(words)
        self.hide()

    def cover(self, part: QRect | None = None, words: str | None = None) -> None:
        """Lie over all of the parent, or a ``part`` of it, and say ``words``, or what was said when it was made."""
        room = self.parentWidget().rect() if part is None else part
        said = words or self._own_words
        if said != self.words:
            self.words = said
            self.setAccessibleName(said)
            self.update()
        if self.geometry() != room:
            self.setGeometry(room)
        if self.isHidden():
            self.show()
            self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.window)
        veil.setAlphaF(0.72)
        painter.fillRect(self.rect(), veil)
        frame = QRectF(self.rect()).adjusted(PADDING_WIDE, PADDING_WIDE, -PADDING_WIDE, -PADDING_WIDE)
        painter.setPen(QPen(QColor(theme.accent), 2.0, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(frame, 8, 8)
        font = self.font()
        font.setPixelSize(20)
        painter.setFont(font)
        paint_sign(painter, QRectF(self.rect()), self.words, theme.accent, theme.panel, theme.text, 8.0)
