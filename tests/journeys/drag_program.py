"""Small programs for the real drags: a place to drag a file from, a place to drop on, and Tonewright itself.

``drag_program.py ROLE STATE [FILE...]``; each writes what it sees and where things are on the screen to the file STATE
as JSON, several times a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

IMAGINED = "a bright bell"
"""In the place of a file: Tonewright imagines that sound."""


class Source(QLabel):
    """Drags one file, as a file manager does."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"Drag {file.name}")
        self._file = file
        self.result = ""
        self.resize(200, 200)
        self.move(1600, 60)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and not self.result:
            self.result = "dragging"
            drag = QDrag(self)
            mime = QMimeData()
            mime.setUrls([QUrl.fromLocalFile(str(self._file))])
            mime.setText(str(self._file))
            drag.setMimeData(mime)
            self.result = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction).name

    def state(self) -> dict[str, Any]:
        return {"middle": middle(self), "result": self.result}


class Target(QLabel):
    """Takes files and looks at them while the drop lasts, as a sampler does."""

    def __init__(self) -> None:
        super().__init__("Drop here")
        self.setAcceptDrops(True)
        self.resize(200, 200)
        self.move(1600, 500)
        self.got: list[dict[str, Any]] = []
        self._over = False

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            self._over = True
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._over = False

    def dropEvent(self, event: QDropEvent) -> None:
        import soundfile

        self._over = False

        for url in event.mimeData().urls():
            info = soundfile.info(url.toLocalFile())
            self.got.append(
                {
                    "file": url.toLocalFile(),
                    "frames": info.frames,
                    "rate": info.samplerate,
                    "channels": info.channels,
                    "subtype": info.subtype,
                    "action": event.dropAction().name,
                }
            )
        event.acceptProposedAction()

    def state(self) -> dict[str, Any]:
        return {"middle": middle(self), "got": self.got, "over": self._over}


def imagine(session: Any) -> None:
    """Ask the small engine for the sound of some words, which becomes a take."""
    session.dreaming.panel.ask.prompt.setText(IMAGINED)
    session.dreaming.panel.ask.imagine.click()


def tonewright(app: QApplication, folder: Path, files: list[Path]) -> tuple[QWidget, Callable[[], dict[str, Any]]]:
    """The whole application with its small engine, without a sound device."""
    from app.compose import Session
    from app.drop_in import DropOverlay
    from app.panels.library_model import TAKE_ROLE

    session = Session(app, engine="fake", settings=_settings(folder), sound=False, keep_safe=False)
    session.window.resize(1366, 768)
    session.window.move(40, 60)
    session.opening.open([file for file in files if file.name != IMAGINED])
    if files and files[-1].name == IMAGINED:
        imagine(session)

    def state() -> dict[str, Any]:
        view, library = session.library.takes, session.library
        rows = [view.model().index(row, 0) for row in range(view.model().rowCount())]
        selection, grip = session.stage.axis.selection, session.stage.waveform.grip()
        return {
            "takes": [take.name for take in session.document.takes],
            "paths": [str(take.clip.path) for take in session.document.takes],
            "frames": [take.clip.n_frames for take in session.document.takes],
            "rows": {
                "live" if index.data(TAKE_ROLE) is None else index.data(): at(
                    view.viewport(), view.visualRect(index).center()
                )
                for index in rows
            },
            "search": middle(library.search),
            "typed": library.search.text(),
            "wave": middle(session.stage.waveform),
            "wave_width": session.stage.waveform.width(),
            "shown": session.stage.is_complete() and session.live.up_to_date,
            "selection": None if selection is None else [selection.start_s, selection.end_s],
            "grip": None if grip is None else at(session.stage.waveform, grip.center()),
            "message": session.messages.text,
            "fm": middle(session.fm),
            "strip": middle(session.matching.bar),
            "matched": session.matching.take.name if session.matching.is_on else "",
            "found": len(session.matching.candidates) if session.matching.job is None else 0,
            "over": any(overlay.isVisible() for overlay in session.window.findChildren(DropOverlay)),
        }

    session.window.destroyed.connect(session.close)
    app.aboutToQuit.connect(session.close)
    return session.window, state


def _settings(folder: Path) -> Any:
    from app.settings import Settings

    return Settings(folder / "settings.ini")


def at(widget: QWidget, point: QPoint) -> list[int]:
    """A point of a widget on the screen."""
    spot = widget.mapToGlobal(point)
    return [spot.x(), spot.y()]


def middle(widget: QWidget) -> list[int]:
    return at(widget, widget.rect().center())


def main() -> None:
    role, state_file, files = sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]
    app = QApplication(sys.argv[:1])
    if role == "tonewright":
        window, state = tonewright(app, state_file.parent, files)
    else:
        window = Source(files[0]) if role == "source" else Target()
        state = window.state
    window.setWindowTitle(role)
    window.show()

    def tell() -> None:
        part = state_file.with_suffix(".part")
        part.write_text(json.dumps({"visible": window.isVisible(), **state()}), encoding="utf-8")
        part.replace(state_file)

    timer = QTimer(window, interval=100)
    timer.timeout.connect(tell)
    timer.start()
    app.exec()
    os._exit(0)


if __name__ == "__main__":
    main()
