"""Modes that are listened to alone: the sound has no others, the patch keeps them, and a new patch is heard whole."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from engine.params import Patch
from engine.synths.impact_pictures import draw

BAR = Patch("impact", {"material": 1.0, "modes": 3.0, "tuning": 0.0, "strike_x": 0.02, "pickup_x": 1.0}, name="Bar")
WAIT_MS = 60_000


@pytest.fixture
def session(windows: Windows, qtbot: QtBot) -> Session:
    made = windows.start(engine="real", warm=False)
    made.document.set_patch(BAR, "Load")
    qtbot.waitUntil(lambda: made.live.up_to_date and made.impact.modes.n_modes == 3, timeout=WAIT_MS)
    return made


def levels(session: Session) -> list[float]:
    """Amplitudes of the first two modes in the sound on the stage."""
    assert session.live.latest is not None
    sound = session.live.latest.audio
    mono = sound.samples.mean(0).astype(np.float64)
    window = np.hanning(mono.size)
    hz = draw(BAR, 60, 100, 1.0, 2.0).mode_hz[:2].astype(np.float64)
    turns = np.exp(-2j * np.pi * hz[:, None] * np.arange(mono.size) / sound.sample_rate)
    return list(np.abs((mono * window * turns).sum(1)) / window.sum())


def test_only_the_soloed_mode_is_heard_and_the_patch_stays(session: Session, qtbot: QtBot) -> None:
    both = levels(session)
    assert min(both) > 0.01 * max(both)
    session.impact.modes.set_solo({1})
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=WAIT_MS)
    first, second = levels(session)
    assert second > 1000.0 * first
    assert session.document.patch == BAR
    assert session.document.undo_label == "Load"
    session.document.audition("damping_low", 2.0)
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=WAIT_MS)
    first, second = levels(session)
    assert second > 1000.0 * first
    session.document.revert()
    session.impact.modes.set_solo(())
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=WAIT_MS)
    assert levels(session) == pytest.approx(both, rel=1e-3)


def test_another_patch_is_heard_whole(session: Session, qtbot: QtBot) -> None:
    both = levels(session)
    session.impact.modes.set_solo({1})
    session.document.set_patch(Patch("impact", {"size_m": 1.0}), "Load another")
    assert session.impact.modes.solo == frozenset()
    session.document.undo()
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=WAIT_MS)
    assert levels(session) == pytest.approx(both, rel=1e-3)
