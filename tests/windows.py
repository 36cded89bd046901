"""Whole windows for tests: opened as a person starts the program, left as a person leaves it, by day or over night."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.settings import Settings
from engine.studio import Kind

LAPTOP = (1366, 768)


class Windows:
    """Starts sessions that keep their settings in one file, and leaves them."""

    def __init__(self, qtbot: QtBot, app: QApplication, folder: Path) -> None:
        self.qtbot = qtbot
        self.app = app
        self.settings_path = folder / "settings.ini"
        self.open: list[Session] = []

    def start(
        self,
        *,
        engine: Kind = "fake",
        settings: Settings | None = None,
        size: tuple[int, int] | None = None,
        sound: bool = False,
        warm: bool = True,
    ) -> Session:
        """A window on the screen, without safety copies; the settings are those of the file unless some are given."""
        settings = settings or Settings(self.settings_path)
        session = Session(self.app, engine=engine, settings=settings, sound=sound, keep_safe=False, warm=warm)
        self.open.append(session)
        if size is not None:
            session.window.resize(*size)
        with self.qtbot.waitExposed(session.window):
            session.window.show()
        session.window.activateWindow()
        return session

    def leave(self, session: Session) -> None:
        """Close it without being asked about unsaved work."""
        self.open.remove(session)
        session.window.may_close = lambda: True
        session.window.close()
        session.close()
        session.window.deleteLater()
        session.deleteLater()

    def leave_all(self) -> None:
        while self.open:
            self.leave(self.open[-1])
