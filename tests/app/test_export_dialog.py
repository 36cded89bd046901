"""Exporting: the file is named as the take is called now."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.compose import Session
from app.controls.time_axis import Selection
from engine.audio import Audio, Clip
from engine.project.take import Take


def test_a_renamed_take_is_exported_under_its_new_name(session: Session) -> None:
    clip = Clip.of(Audio(np.zeros((1, 48_000), np.float32), 48_000), "take 1")
    take = Take.of(clip)
    session.document.add_take(take)
    session.document.select(take.id)
    session.document.rename_take(take.id, "Rain on tin")
    session.commands.export()
    dialog = session.commands.export_dialog
    assert dialog is not None
    assert dialog.clip.name == "Rain on tin"
    dialog.ask_where()
    assert dialog.files is not None
    assert [Path(name).stem for name in dialog.files.selectedFiles()] == ["Rain on tin"]
    dialog.files.reject()
    dialog.reject()
    session.stage.axis.select(Selection(0.25, 0.5))
    session.commands.export()
    dialog = session.commands.export_dialog
    assert dialog is not None
    assert dialog.clip.name.startswith("Rain on tin")
    assert dialog.clip.n_frames == 12_000
    dialog.reject()
