"""What the journeys start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from on_screen import Pointer, Programs
from pytestqt.qtbot import QtBot
from windows import LAPTOP, Windows

from app.compose import Session


@pytest.fixture
def session(qtbot: QtBot, windows: Windows) -> Session:
    """The window on a laptop with the fake engine, its live patch rendered."""
    made = windows.start(size=LAPTOP)
    qtbot.waitUntil(lambda: made.live.up_to_date)
    return made


@pytest.fixture
def pointer(screen: Any) -> Pointer:
    """The mouse of the display."""
    return Pointer(screen.env())


@pytest.fixture
def programs(screen: Any, tmp_path: Path) -> Iterator[Programs]:
    made = Programs(screen.env, tmp_path)
    yield made
    made.end()
