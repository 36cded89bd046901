"""Random hands on the whole window: nothing raises, nothing warns, and it ends as it should."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from monkey_hands import Monkey
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.settings import Settings

CLOSES_WITHIN_S = 10.0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_done_in_whatever_order_the_window_lives_and_closes(
    qtbot: QtBot, qapp: QApplication, tmp_path: Path, seed: int
) -> None:
    before = set(threading.enumerate())
    session = Session(qapp, engine="fake", settings=Settings(tmp_path / "settings.ini"), sound=False)
    session.window.show()
    monkey = Monkey(session, seed, tmp_path)
    try:
        for _ in range(120):
            monkey.act()
        assert session.window.isVisible()
    except BaseException:
        print("\n".join(monkey.done[-20:]))  # noqa: T201 - the way to the failure
        raise
    finally:
        session.window.may_close = lambda: True
        session.window.close()
        started = time.monotonic()
        session.close()
        took = time.monotonic() - started
        session.window.deleteLater()
        session.deleteLater()
    assert took < CLOSES_WITHIN_S
    left = [t.name for t in set(threading.enumerate()) - before if not isinstance(t, threading._DummyThread)]
    assert [name for name in left if name.startswith(("engine-", "player-"))] == []
