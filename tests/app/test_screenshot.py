"""What a picture of the window waits for, and that it makes no sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app.compose import Session
from app.screenshot import fill
from engine.audio import Audio, write_clip
from engine.params import Patch


@pytest.fixture
def drawn(session: Session) -> list[object]:
    """The pictures of the operators that the panel was given."""
    found: list[object] = []
    session.pictures.operators_drawn.connect(found.append)
    return found


def test_a_patch_file_is_drawn_with_its_waves_and_not_played(
    session: Session, qapp: QApplication, tmp_path: Path, drawn: list[object]
) -> None:
    states: list[str] = []
    session.player.state_changed.connect(states.append)
    path = tmp_path / "two.json"
    path.write_text(Patch("fm", {"op1_ratio": 2.0}, name="Two").dumps(), encoding="utf-8")
    fill(session, qapp, [path])
    assert session.document.patch.name == "Two"
    assert drawn[-1].operators[0].hz == pytest.approx(523.25, abs=0.01)
    assert (states, session.player.state) == ([], "stopped")
    session.actions["play.toggle"].trigger()
    assert session.player.state == "playing"


def test_beside_a_sound_the_instrument_is_drawn_too(
    session: Session, qapp: QApplication, tmp_path: Path, drawn: list[object]
) -> None:
    sound = 0.1 * np.sin(np.arange(22_050) / 10).astype(np.float32)[None]
    path = write_clip(Audio(sound, 44_100), tmp_path / "bell.wav", subtype="PCM_16")
    fill(session, qapp, [path])
    assert session.document.selected is not None
    assert session.stage.is_complete()
    assert drawn
    assert session.live.clip is not None
