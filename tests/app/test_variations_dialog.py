"""Exporting a struck object as a set: asked for in a dialog, heard before, written as a job."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtTest import QSignalSpy

from app.compose import Session
from app.variations_dialog import VariationsDialog
from engine.params import Patch

POT = Patch("impact", {"material": 3.0, "shape": 1.0}, name="Pot")


@pytest.fixture
def struck(session: Session) -> Session:
    session.document.set_patch(POT, "Pot")
    return session


def opened(session: Session) -> VariationsDialog:
    session.actions["patch.variations"].trigger()
    dialog = session.variations.dialog
    assert dialog is not None
    return dialog


def test_only_what_is_struck_can_vary(struck: Session) -> None:
    assert struck.actions["patch.variations"].isEnabled()
    struck.document.use_synth("fm")
    assert not struck.actions["patch.variations"].isEnabled()
    struck.document.use_synth("impact")
    assert struck.actions["patch.variations"].isEnabled()


def test_a_set_is_written_into_a_new_folder_and_said_so(struck: Session, qtbot, tmp_path: Path) -> None:
    (tmp_path / "Pot variations").mkdir()
    dialog = opened(struck)
    dialog.form.knobs["variations"].enter(2)
    dialog.form.knobs["layers"].enter(3)
    assert "6 sounds" in dialog.facts.text()
    assert "soft to hard" in dialog.facts.text()
    dialog.ask_where()
    assert dialog.files is not None
    dialog.files.close()
    dialog._go(str(tmp_path))
    folder = tmp_path / "Pot variations 2"
    qtbot.waitUntil(lambda: folder.is_dir(), timeout=30_000)
    sheet = json.loads((folder / "sheet.json").read_text(encoding="utf-8"))
    assert len(sheet["files"]) == 6
    assert all((folder / entry["file"]).is_file() for entry in sheet["files"])
    qtbot.waitUntil(lambda: "Wrote 6 sounds" in struck.messages.text, timeout=10_000)
    again = opened(struck)
    assert again.plan.n == 2
    assert again.plan.layers == 3
    again.reject()


def test_one_of_the_set_is_heard_before_anything_is_written(struck: Session, qtbot, monkeypatch) -> None:
    played = []
    monkeypatch.setattr(struck.player, "play_once", played.append)
    dialog = opened(struck)
    dialog.form.knobs["layers"].enter(4)
    heard = QSignalSpy(dialog.hear_wanted)
    for count in (1, 2):
        dialog.hear.click()
        qtbot.waitUntil(lambda count=count: len(played) == count, timeout=30_000)
    velocities = [heard.at(i)[0].velocity for i in range(2)]
    assert velocities[0] != velocities[1]
    assert np.abs(played[0].samples).max() > 0.001
    dialog.reject()
