"""What several tests of the window share: the whole window with small instruments, and a player that is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.player import Player
from app.settings import Settings


@pytest.fixture
def session(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Session]:
    """The window with the fake engine, without sound and safety copies."""
    made = Session(qapp, engine="fake", settings=Settings(tmp_path / "settings.ini"), sound=False, keep_safe=False)
    with qtbot.waitExposed(made.window):
        made.window.show()
    yield made
    made.window.may_close = lambda: True
    made.window.close()
    made.close()
    made.window.deleteLater()
    made.deleteLater()


@pytest.fixture
def player(qapp: QApplication, sound_server: object) -> Iterator[Player]:
    """A player on the tests' sound server; a long latency keeps a busy machine from tearing holes."""
    made = Player(latency_s=0.2)
    made.set_device("pulse")
    yield made
    made.close()
