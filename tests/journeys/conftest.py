"""What the journeys start from."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot
from windows import LAPTOP, Windows

from app.compose import Session


@pytest.fixture
def session(qtbot: QtBot, windows: Windows) -> Session:
    """The window on a laptop with the fake engine, its live patch rendered."""
    made = windows.start(size=LAPTOP)
    qtbot.waitUntil(lambda: made.live.up_to_date)
    return made
