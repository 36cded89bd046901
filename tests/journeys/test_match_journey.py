"""A recording is dropped on the instrument, and the instrument comes to sound like it: with the real engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from engine.audio import Audio, resample, write_clip
from engine.dsp.distance import log_spectral_distance_db

RATE = 22_050


@pytest.fixture
def session(windows: Windows) -> Session:
    made = windows.start(engine="real")
    made.matching.seconds = 4.0
    return made


@pytest.fixture
def pluck(tmp_path: Path) -> Path:
    t = np.arange(round(0.4 * RATE)) / RATE
    bright = 3.0 * np.exp(-t / 0.05) * np.sin(2 * np.pi * 660.0 * t)
    sound = 0.3 * np.exp(-t / 0.1) * np.sin(2 * np.pi * 330.0 * t + bright)
    return write_clip(Audio(sound[None].astype(np.float32), RATE), tmp_path / "pluck.wav", subtype="PCM_16")


def test_the_instrument_comes_to_sound_like_what_was_dropped(qtbot: QtBot, session: Session, pluck: Path) -> None:
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=60_000)
    session.matching.match_paths([pluck])
    qtbot.waitUntil(lambda: session.matching.is_on)
    session.document.select(None)
    qtbot.waitUntil(lambda: session.matching.job is None, timeout=90_000)
    assert len(session.matching.candidates) == 4
    distances = [candidate.distance_db for candidate in session.matching.candidates]
    assert distances == sorted(distances)
    qtbot.mouseClick(session.matching.bar.accept, Qt.MouseButton.LeftButton)
    assert session.document.undo_label == "Match “pluck”"
    assert session.document.note.note == 64
    qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == session.document.patch)
    heard = session.live.latest.audio
    target = session.document.takes[0].clip.read(0, RATE).samples[0].astype(np.float64)
    played = resample(heard, RATE).samples.mean(0).astype(np.float64)
    assert log_spectral_distance_db(target, played) == pytest.approx(distances[0], abs=0.5)


def test_the_window_closes_in_the_middle_of_a_match(qtbot: QtBot, session: Session, pluck: Path) -> None:
    session.matching.match_paths([pluck])
    qtbot.waitUntil(lambda: bool(session.matching.candidates), timeout=90_000)
    assert session.matching.job is not None  # the guards of every test look for threads that live on
