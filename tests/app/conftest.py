"""What several tests of the window share: the whole window with small instruments, and a player that is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from player_recording import PrivateServer
from PySide6.QtWidgets import QApplication
from windows import Windows

from app.bridge import Bridge
from app.compose import Session
from app.document import Document
from app.player import Player
from engine.jobs import JobRunner


@pytest.fixture
def session(windows: Windows) -> Session:
    """The window with the fake engine, without sound and safety copies."""
    return windows.start()


@pytest.fixture
def player(qapp: QApplication, sound_server: object) -> Iterator[Player]:
    """A player on the tests' sound server; a long latency keeps a busy machine from tearing holes."""
    made = Player(latency_s=0.2)
    made.set_device("pulse")
    yield made
    made.close()


@pytest.fixture
def bridge(qapp: QApplication) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()


@pytest.fixture
def runner(bridge: Bridge) -> Iterator[JobRunner]:
    """An engine thread whose events come through the bridge."""
    made = JobRunner("test", bridge.listener)
    yield made
    assert made.close(5)


@pytest.fixture
def document(qapp: QApplication) -> Document:
    return Document()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateServer]:
    """A sound server that a test may stop and start."""
    folder = tmp_path / "run"
    folder.mkdir()
    made = PrivateServer(folder, monkeypatch)
    yield made
    made.stop()
