"""Dragging sounds out of the window: what is dragged is a real WAV file with a good name.

Files lie in the person's cache folder and stay there after the drop, because other programs read late or keep pointing
at them; the next start removes those that are older than a week. An untouched WAV file that is dragged under its own
name is handed over as it is, without a copy.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QRect, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDrag, QFontMetrics, QGuiApplication, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from app.document import Submit, run_here
from app.theme import GRID, PADDING, tokens
from engine.audio import Clip, safe_name, write_clip, write_clip_steps
from engine.errors import AudioError
from engine.jobs import Body, Note
from engine.project.part import is_whole_file

TAKE_MIME = "application/x-tonewright-take"
"""Marks a drag as our own; its data is the take's id, or nothing."""
SHORT_S = 30.0
"""Sounds up to this length are written within the gesture; longer ones by a job, and the drag follows."""
KEEP_S = 7 * 24 * 3600.0


class DragOut(QObject):
    """Starts drags of sounds. ``submit`` runs the job that writes a long one; ``folder`` is where the files go."""

    message = Signal(str)
    """A sentence for the status line."""
    dragged = Signal(object)
    """The file of a drag that some program accepted."""

    def __init__(self, parent: QObject | None = None, *, submit: Submit = run_here, folder: Path | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._folder = folder
        self._written: dict[tuple[Clip, str], Path] = {}
        self._writing: set[tuple[Clip, str]] = set()

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

        Returns when the drop is over. A long sound is written first: the drag then begins when the file is there and
        the button is still down.
        """
        key = (sound, name)
        if self.file_of(sound, name) is None and sound.duration_s > SHORT_S:
            if key not in self._writing:
                self._writing.add(key)
                self.message.emit(f"Writing “{name}” for the drag; hold it until the file is there")
                self._submit(
                    self._write_body(sound, name),
                    title=f"Write {name} for a drag",
                    writes=True,
                    done=lambda path: self._on_written(key, path, widget, pixmap, take_id),
                    failed=lambda error: self._on_failed(key, error),
                )
            return
        try:
            path = self._file(sound, name)
        except (AudioError, OSError) as error:
            self.message.emit(str(error))
            return
        self._drag(widget, path, name, pixmap, take_id)

    def file_of(self, sound: Clip, name: str) -> Path | None:
        """The file that would be dragged, if it is there already."""
        if is_whole_file(sound) and sound.path is not None and sound.format in {"WAV", "WAVEX", "RF64"}:
            same_name = sound.path.stem == safe_name(name) and sound.path.suffix.lower() == ".wav"
            if same_name and sound.path.is_file():
                return sound.path
        path = self._written.get((sound, name))
        return path if path is not None and path.is_file() else None

    def clean(self) -> None:
        """Remove what earlier sessions left and nobody can be waiting for any more, as a job."""
        folder = self.folder
        self._submit(
            lambda: clean_steps(folder), title="Clean up dragged files", done=_ignore, failed=_ignore, quiet=True
        )

    # -- inside ----------------------------------------------------------------------------------------------------

    def _file(self, sound: Clip, name: str) -> Path:
        path = self.file_of(sound, name)
        if path is None:
            path = self._new_path(name)
            write_clip(sound, path)
            self._written[sound, name] = path
        return path

    def _new_path(self, name: str) -> Path:
        """A path of its own for each file, so that two sounds of one name both keep it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=self.folder)) / f"{safe_name(name)}.wav"

    def _write_body(self, sound: Clip, name: str) -> Body[Path]:
        def body() -> Generator[Note, None, Path]:
            path = self._new_path(name)
            with contextlib.closing(write_clip_steps(sound, path)) as steps:
                for share in steps:
                    yield Note(share, f"Writing {path.name}")
            return path

        return body

    def _on_written(
        self, key: tuple[Clip, str], path: Path, widget: QWidget, pixmap: QPixmap | None, take_id: str
    ) -> None:
        self._writing.discard(key)
        self._written[key] = path
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._drag(widget, path, key[1], pixmap, take_id)
        else:
            self.message.emit(f"“{key[1]}” is ready: drag it now")

    def _on_failed(self, key: tuple[Clip, str], error: Exception) -> None:
        self._writing.discard(key)
        self.message.emit(str(error))

    def _drag(self, widget: QWidget, path: Path, name: str, pixmap: QPixmap | None, take_id: str) -> None:
        drag = QDrag(widget)
        drag.setMimeData(mime_of(path, take_id))
        drag.setPixmap(pixmap if pixmap is not None else label_pixmap(path.name, widget.devicePixelRatioF()))
        drag.setHotSpot(QPoint(-GRID * 2, -GRID * 2))
        if drag.exec(Qt.DropAction.CopyAction) != Qt.DropAction.IgnoreAction:
            self.dragged.emit(path)
            self.message.emit(f"Dragged out {path.name}")


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
