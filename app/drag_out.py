"""Dragging sounds out of the window: what is dragged is a real WAV file with a good name.

Files lie in the person's cache folder and stay there after the drop, because other programs read late or keep pointing
at them; the next start removes those that are older than a week. An untouched WAV file that is dragged under its own
name is handed over as it is, without a copy.

A pointer never waits for the disk: the file is written by a job, begun when a drag becomes likely
(:meth:`DragOut.prepare`), and the drag follows when the file is there and the button still down.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakKeyDictionary

from PySide6.QtCore import QMimeData, QObject, QPoint, QRect, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QColor, QDrag, QFontMetrics, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from app.submit import Submit, run_here
from app.theme import GRID, PADDING, tokens
from engine.audio import Clip, safe_name, write_clip_steps
from engine.errors import AudioError, AudioUnwritable
from engine.jobs import Note
from engine.project.part import is_whole_file

TAKE_MIME = "application/x-tonewright-take"
"""Marks a drag as our own; its data is the take's id, or nothing."""
AHEAD_BYTES = 16_000_000
"""Sounds up to this size, as floats, are written before it is known that they will be dragged."""
PATIENCE_MS = 200
"""A drag whose file is not there by then says what it waits for."""
KEEP_S = 7 * 24 * 3600.0


class DragOut(QObject):
    """Starts drags of sounds. ``submit`` runs the jobs that write them; ``folder`` is where the files go."""

    message = Signal(str)
    """A sentence for the status line."""
    dragged = Signal(object)
    """The file of a drag that some program accepted."""

    def __init__(self, parent: QObject | None = None, *, submit: Submit = run_here, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._folder = folder
        # Weak: what was dragged once must not keep its sound alive.
        self._written: WeakKeyDictionary[Clip, dict[str, Path]] = WeakKeyDictionary()
        self._writing: dict[tuple[Clip, str], _Wanted | None] = {}
        self._starting: tuple[Clip, str] | None = None
        self._unused: Path | None = None
        self._waited: tuple[Clip, str] | None = None
        self._patience = QTimer(self, singleShot=True, interval=PATIENCE_MS)
        self._patience.timeout.connect(self._tell_wait)

    @property
    def folder(self) -> Path:
        """Where dragged files lie."""
        if self._folder is None:
            from platformdirs import user_cache_path

            self._folder = user_cache_path("tonewright", appauthor=False) / "dragged"
        return self._folder

    def start_drag(
        self, widget: QWidget, sound: Clip, name: str, *, pixmap: QPixmap | None = None, take_id: str = ""
    ) -> None:
        """Drag ``sound`` out of ``widget`` as ``<name>.wav``; call it from the gesture that starts the drag.

        Returns when the drop is over, or at once when the file is not there yet: the drag then begins by itself.
        """
        wanted = _Wanted(widget, pixmap, take_id)
        path = self.file_of(sound, name)
        if path is not None:
            self._drag(wanted, path, name)
            return
        key = (sound, name)
        is_begun = key in self._writing
        self._writing[key] = wanted
        if not is_begun:
            self._starting = key
            self._write(key)
            self._starting = None
        if key in self._writing:
            self._waited = key
            self._patience.start()

    def prepare(self, sound: Clip, name: str) -> None:
        """A drag of ``sound`` is likely: write its file, if that is no great work. Nobody hears when it fails."""
        key = (sound, name)
        small = 0 < sound.n_frames * sound.channels * 4 <= AHEAD_BYTES
        if small and key not in self._writing and self.file_of(sound, name) is None:
            self._writing[key] = None
            self._write(key)

    def file_of(self, sound: Clip, name: str) -> Path | None:
        """The file that would be dragged, if it is there already."""
        if is_whole_file(sound) and sound.path is not None and sound.format in {"WAV", "WAVEX", "RF64"}:
            same_name = sound.path.stem == safe_name(name) and sound.path.suffix.lower() == ".wav"
            if same_name and sound.path.is_file():
                return sound.path
        path = self._written.get(sound, {}).get(name)
        return path if path is not None and path.is_file() else None

    def clean(self) -> None:
        """Remove what earlier sessions left and nobody can be waiting for any more, as a job."""
        folder = self.folder
        self._submit(
            lambda: clean_steps(folder), title="Clean up dragged files", done=_ignore, failed=_ignore, quiet=True
        )

    # -- inside ----------------------------------------------------------------------------------------------------

    def _write(self, key: tuple[Clip, str]) -> None:
        sound, name = key
        folder, stale = self.folder, self._forget_unused()
        ahead = self._writing[key] is None

        def body() -> Generator[Note, None, Path | None]:
            if stale is not None:
                shutil.rmtree(stale.parent, ignore_errors=True)
            try:
                path = _new_path(folder, name)
                with contextlib.closing(write_clip_steps(sound, path)) as steps:
                    for share in steps:
                        yield Note(share, f"Writing {path.name}")
            except (AudioError, OSError) as error:
                if ahead:
                    return None
                if isinstance(error, OSError):
                    raise AudioUnwritable(f"Nothing can be dragged out: {folder} cannot be written.") from error
                raise
            return path

        self._submit(
            body,
            title=f"Write {name} for a drag",
            writes=True,
            quiet=ahead,
            done=lambda path: self._on_written(key, path),
            failed=lambda error: self._on_failed(key, error),
        )

    def _forget_unused(self) -> Path | None:
        """The file that was prepared last and never dragged: it makes room for the next."""
        stale, self._unused = self._unused, None
        if stale is not None:
            for files in self._written.values():
                for name in [name for name, path in files.items() if path == stale]:
                    del files[name]
        return stale

    def _on_written(self, key: tuple[Clip, str], path: Path | None) -> None:
        sound, name = key
        wanted = self._writing.pop(key)
        if path is not None:
            self._written.setdefault(sound, {})[name] = path
        if wanted is None:
            self._unused = path
        elif path is None:
            # It could not be prepared; now somebody waits, and is told why.
            self._writing[key] = wanted
            self._write(key)
        elif key == self._starting or QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._drag(wanted, path, name)
        else:
            self.message.emit(f"“{name}” is ready: drag it now")

    def _on_failed(self, key: tuple[Clip, str], error: Exception) -> None:
        if self._writing.pop(key) is not None:
            self.message.emit(str(error))

    def _tell_wait(self) -> None:
        key, self._waited = self._waited, None
        if key is not None and self._writing.get(key) is not None:
            self.message.emit(f"Writing “{key[1]}” for the drag; hold it until the file is there")

    def _drag(self, wanted: _Wanted, path: Path, name: str) -> None:
        if path == self._unused:
            self._unused = None
        widget = wanted.widget
        drag = QDrag(widget)
        drag.setMimeData(mime_of(path, wanted.take_id))
        drag.setPixmap(
            wanted.pixmap if wanted.pixmap is not None else label_pixmap(path.name, widget.devicePixelRatioF())
        )
        drag.setHotSpot(QPoint(-GRID * 2, -GRID * 2))
        if drag.exec(Qt.DropAction.CopyAction) != Qt.DropAction.IgnoreAction:
            self.dragged.emit(path)
            if drag.target() is None:  # else it was let go over a part of this window
                self.message.emit(f"Dragged out {path.name}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A drag that waits for its file."""

    widget: QWidget
    pixmap: QPixmap | None
    take_id: str


def _new_path(folder: Path, name: str) -> Path:
    """A path of its own for each file, so that two sounds of one name both keep it."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=folder)) / f"{safe_name(name)}.wav"


def mime_of(path: Path, take_id: str = "") -> QMimeData:
    """What a drag carries: the file, and the mark that it is our own."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path.absolute()))])
    mime.setData(TAKE_MIME, take_id.encode("ascii"))
    return mime


def label_pixmap(text: str, scale: float = 1.0) -> QPixmap:
    """The small label that follows the pointer."""
    font = QGuiApplication.font()
    metrics = QFontMetrics(font)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, 280)
    size = QSize(metrics.horizontalAdvance(text) + 2 * PADDING, metrics.height() + 2 * GRID)
    pixmap = QPixmap(size * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    theme = tokens()
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(theme.accent))
    painter.setBrush(QColor(theme.control))
    painter.drawRoundedRect(QRect(QPoint(0, 0), size).adjusted(0, 0, -1, -1), GRID, GRID)
    painter.setFont(font)
    painter.setPen(QColor(theme.text))
    painter.drawText(QRect(QPoint(0, 0), size), Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return pixmap


def clean_steps(folder: Path, *, keep_s: float = KEEP_S) -> Generator[Note, None, None]:
    """Remove dragged files that were written longer than ``keep_s`` ago; a job's body."""
    oldest = time.time() - keep_s
    if folder.is_dir():
        for entry in list(folder.iterdir()):
            yield Note(None, "Cleaning up")
            with contextlib.suppress(OSError):
                if entry.is_dir() and entry.stat().st_mtime < oldest:
                    shutil.rmtree(entry)


def _ignore(_: object) -> None:
    """Nobody waits for this."""
