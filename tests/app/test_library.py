"""The library panel: rows that follow the document, search, names edited in place, presets, menus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QModelIndex, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.document import Document
from app.panels.library import LibraryPanel
from app.panels.library_model import (
    DETAIL_ROLE,
    ICON_ROLE,
    THUMBNAIL_COLUMNS,
    THUMBNAIL_ROLE,
    length_text,
    live_name,
)
from app.panels.preset_model import ENTRY_ROLE
from engine.audio import Audio, Clip
from engine.audio.pyramid import pyramid_of
from engine.params import Patch
from engine.project.presets import factory_presets, read_preset
from engine.project.take import MissingSource, Take

RATE = 48000

LIVE_NAME = live_name(Patch("fm"))


def take(name: str, *, seconds: float = 0.25, path: Path | None = None, **more: Any) -> Take:
    audio = Audio(np.full((2, round(seconds * RATE)), 0.5, np.float32), RATE)
    clip = Clip.of(audio, name)
    return Take.of(Clip(clip.source, name, path), **more)


@pytest.fixture
def panel(document: Document, qtbot: Any) -> Iterator[LibraryPanel]:
    panel = LibraryPanel(document)
    panel.browser.presets.refresh()
    qtbot.addWidget(panel)
    QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Warning, panel)
    panel.resize(260, 600)
    panel.show()
    yield panel
    panel.close()


def names(panel: LibraryPanel) -> list[str]:
    model = panel.takes.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def preset_index(panel: LibraryPanel, number: int) -> QModelIndex:
    """The row of a preset, counted without the headings."""
    model = panel.presets.model()
    rows = [model.index(row, 0) for row in range(model.rowCount())]
    presets = [index for index in rows if index.data(ENTRY_ROLE) is not None]
    return presets[number] if number < len(presets) else QModelIndex()


def listed(panel: LibraryPanel) -> list[Patch]:
    """The patches of the presets in the order of the list."""
    model = panel.presets.model()
    entries = (model.index(row, 0).data(ENTRY_ROLE) for row in range(model.rowCount()))
    return [read_preset(Path(entry.path)).patch for entry in entries if entry is not None]


def test_the_live_patch_comes_first_and_takes_follow(document: Document, panel: LibraryPanel) -> None:
    assert names(panel) == [LIVE_NAME]
    document.add_takes([take("Bell"), take("Drum")], "Add")
    assert names(panel) == [LIVE_NAME, "Bell", "Drum"]
    document.remove_take(document.takes[0].id)
    assert names(panel) == [LIVE_NAME, "Drum"]
    document.undo()
    assert names(panel) == [LIVE_NAME, "Bell", "Drum"]
    document.undo()
    assert names(panel) == [LIVE_NAME]


def test_the_row_of_what_is_selected_is_the_current_one(document: Document, panel: LibraryPanel) -> None:
    bell, drum = take("Bell"), take("Drum")
    document.add_takes([bell, drum], "Add")
    assert panel.takes.currentIndex().data() == "Bell"
    document.select(drum.id)
    assert panel.takes.currentIndex().data() == "Drum"
    document.select(None)
    assert panel.takes.currentIndex().data() == LIVE_NAME


def test_a_click_and_the_arrow_keys_select(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_takes([take("Bell"), take("Drum")], "Add")
    view = panel.takes
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.visualRect(view.model().index(2, 0)).center())
    assert document.selected is document.takes[1]
    qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    assert document.selected is None


def test_rows_say_length_rate_and_channels(document: Document, panel: LibraryPanel) -> None:
    document.add_take(take("Bell", origin="render"))
    index = panel.takes.currentIndex()
    assert index.data(DETAIL_ROLE) == "250 ms · 48 kHz · stereo"
    assert index.data(ICON_ROLE) == "take-render"
    assert "Rendered from a patch" in index.data(Qt.ItemDataRole.ToolTipRole)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250 ms"), (0.9999, "1.00 s"), (59.99, "59.99 s"), (59.999, "1:00"), (245, "4:05"), (3723, "1:02:03")],
)
def test_lengths_read_well(seconds: float, text: str) -> None:
    assert length_text(seconds) == text


def test_a_missing_file_is_marked(document: Document, panel: LibraryPanel) -> None:
    source = MissingSource(Path("/music/rain.wav"), "rain.wav is no longer at /music; put it back.", {}, 2, 44100)
    document.add_take(Take.of(Clip(source, "rain", source.path)))
    index = panel.takes.currentIndex()
    assert index.data(ICON_ROLE) == "warning"
    assert "missing" in index.data(DETAIL_ROLE)
    assert "put it back" in index.data(Qt.ItemDataRole.ToolTipRole)
    said: list[str] = []
    panel.message.connect(said.append)
    panel.takes.startDrag(Qt.DropAction.CopyAction)
    assert "no sound" in said[0]


def test_search_narrows_at_once_and_keeps_the_live_patch(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_takes([take("Bell big"), take("Drum"), take("Small bell", prompt="tiny glass")], "Add")
    qtbot.keyClicks(panel.search, "bell")
    assert names(panel) == [LIVE_NAME, "Bell big", "Small bell"]
    qtbot.keyClicks(panel.search, " glass")
    assert names(panel) == [LIVE_NAME, "Small bell"]
    panel.search.clear()
    assert len(names(panel)) == 4


def test_takes_that_a_search_hides_are_told_of_and_come_back_at_once(
    document: Document, panel: LibraryPanel, qtbot: Any
) -> None:
    document.add_takes([take("Bell big"), take("Drum"), take("Snare")], "Add")
    assert not panel._clear.isVisible()
    qtbot.keyClicks(panel.search, "bell")
    assert panel._hint.isVisible()
    assert panel._hint.text() == "2 takes are hidden by the search."
    panel.search.setText("wine glass")
    assert panel._hint.text() == "No take matches “wine glass”.\n3 takes are hidden by the search."
    qtbot.mouseClick(panel._clear, Qt.MouseButton.LeftButton)
    assert len(names(panel)) == 4
    assert not panel._hint.isVisible()
    assert not panel._clear.isVisible()
    panel.search.setText("bell")
    document.remove_take(document.takes[1].id)
    assert panel._hint.text() == "1 take is hidden by the search."


def test_search_never_changes_what_is_selected(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_takes([take("Bell"), take("Drum")], "Add")
    qtbot.keyClicks(panel.search, "drum")
    assert document.selected is document.takes[0]
    panel.search.clear()
    assert document.selected is document.takes[0]
    assert panel.takes.currentIndex().data() == "Bell"


def test_what_is_opened_during_a_search_is_shown(document: Document, panel: LibraryPanel) -> None:
    panel.search.setText("zzz")
    document.add_take(take("Bell"))
    assert panel.takes.currentIndex().data() == "Bell"


def test_search_finds_presets_too(panel: LibraryPanel) -> None:
    name = factory_presets()[2].name
    panel.search.setText(name.upper())
    assert preset_index(panel, 0).data() == name
    assert not preset_index(panel, 1).isValid()


def test_empty_states_say_what_to_do(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    assert panel._open.isVisible()
    assert "Drop sounds" in panel._hint.text()
    with qtbot.waitSignal(panel.open_requested):
        qtbot.mouseClick(panel._open, Qt.MouseButton.LeftButton)
    document.add_take(take("Bell"))
    assert not panel._open.isVisible()
    assert not panel._hint.isVisible()
    panel.search.setText("zzz")
    assert panel._hint.isVisible()
    assert "zzz" in panel._hint.text()


def test_f2_renames_in_place_as_one_step(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_take(take("Bell"))
    panel.takes.setFocus()
    qtbot.keyClick(panel.takes, Qt.Key.Key_F2)
    editor = panel.takes.findChild(QLineEdit)
    assert editor is not None
    assert editor.text() == "Bell"
    editor.clear()
    qtbot.keyClicks(editor, "Small chime")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.takes[0].name == "Small chime")
    assert names(panel) == [LIVE_NAME, "Small chime"]
    assert document.undo_label == "Rename “Bell”"


def test_escape_and_an_empty_name_change_nothing(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_take(take("Bell"))
    for key, text in ((Qt.Key.Key_Escape, "x"), (Qt.Key.Key_Return, "")):
        panel.rename_current()
        editor = panel.takes.findChild(QLineEdit)
        editor.setText(text)
        qtbot.keyClick(editor, key)
        qtbot.waitUntil(lambda: panel.takes.findChild(QLineEdit) is None)
    assert document.takes[0].name == "Bell"


def test_the_live_patch_has_no_name_to_edit_and_cannot_be_removed(panel: LibraryPanel, qtbot: Any) -> None:
    panel.rename_current()
    qtbot.keyClick(panel.takes, Qt.Key.Key_Delete)
    assert panel.takes.findChild(QLineEdit) is None
    assert names(panel) == [LIVE_NAME]


def test_delete_removes_and_undo_brings_back(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_takes([take("Bell"), take("Drum")], "Add")
    qtbot.keyClick(panel.takes, Qt.Key.Key_Delete)
    assert names(panel) == [LIVE_NAME, "Drum"]
    assert panel.takes.currentIndex().data() == "Drum"
    document.undo()
    assert panel.takes.currentIndex().data() == "Bell"


def test_a_thumbnail_shows_the_sound(document: Document, panel: LibraryPanel) -> None:
    bell = take("Bell")
    document.add_take(bell)
    index = panel.takes.currentIndex()
    assert index.data(THUMBNAIL_ROLE) is None
    panel.set_pyramid(bell.clip, pyramid_of(bell.clip.read(0, RATE)))
    peaks = index.data(THUMBNAIL_ROLE)
    assert peaks.shape == (2, THUMBNAIL_COLUMNS)
    np.testing.assert_allclose(peaks, 0.5)
    picture = panel.takes.grab().toImage()
    row = panel.takes.visualRect(index)
    wave = picture.pixelColor(row.right() - 30, row.top() + 31)
    plain = picture.pixelColor(row.center().x(), row.top() + 2)
    assert wave != plain


def test_the_live_patch_can_be_dragged_once_it_sounds(panel: LibraryPanel) -> None:
    live = panel.model.index(0)
    assert not live.flags() & Qt.ItemFlag.ItemIsDragEnabled
    panel.set_live_clip(take("x").clip)
    assert live.flags() & Qt.ItemFlag.ItemIsDragEnabled


def test_presets_are_heard_with_the_arrows_and_loaded_with_return(
    document: Document, panel: LibraryPanel, qtbot: Any
) -> None:
    heard: list[Patch] = []
    panel.preset_auditioned.connect(heard.append)
    presets = listed(panel)
    panel.presets.setCurrentIndex(preset_index(panel, 0))
    qtbot.keyClick(panel.presets, Qt.Key.Key_Down)
    qtbot.keyClick(panel.presets, Qt.Key.Key_Down)
    assert heard == presets[1:3]
    assert document.undo_label is None
    qtbot.keyClick(panel.presets, Qt.Key.Key_Return)
    assert document.patch == presets[2]
    assert document.undo_label == f"Load “{presets[2].name}”"
    document.undo()
    assert document.patch == Patch("fm")


def test_presets_that_were_heard_stay_as_one_step_or_go_with_escape(
    document: Document, panel: LibraryPanel, qtbot: Any
) -> None:
    panel.preset_auditioned.connect(document.audition_patch)
    presets = listed(panel)
    panel.presets.setFocus()
    panel.presets.setCurrentIndex(preset_index(panel, 0))
    qtbot.keyClick(panel.presets, Qt.Key.Key_Down)
    assert document.patch == presets[1]
    qtbot.keyClick(panel.presets, Qt.Key.Key_Escape)
    assert document.patch == Patch("fm")
    qtbot.keyClick(panel.presets, Qt.Key.Key_Down)
    qtbot.keyClick(panel.presets, Qt.Key.Key_Down)
    panel.takes.setFocus()
    assert document.patch == presets[3]
    assert document.undo_label == f"Load “{presets[3].name}”"
    document.undo()
    assert document.patch == Patch("fm")
    assert document.undo_label is None


def test_a_double_click_loads_a_preset(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    view = panel.presets
    second = listed(panel)[1]
    where = view.visualRect(preset_index(panel, 1)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert document.patch == second


def test_a_double_click_on_a_take_plays_it(document: Document, panel: LibraryPanel, qtbot: Any) -> None:
    document.add_take(take("Bell"))
    view = panel.takes
    where = view.visualRect(view.currentIndex()).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    with qtbot.waitSignal(panel.play_requested):
        qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)


def menu_entries(panel: LibraryPanel) -> dict[str, bool]:
    menu = panel.context_menu()
    entries = {action.text(): action.isEnabled() for action in menu.actions() if not action.isSeparator()}
    menu.deleteLater()
    return entries


def test_the_menu_offers_what_the_row_can_do(document: Document, panel: LibraryPanel) -> None:
    assert not any(menu_entries(panel).values())
    document.add_take(take("Bell", path=Path("/music/bell.wav")))
    assert menu_entries(panel) == {
        "Rename": True,
        "Load the take’s patch": False,
        "Export…": True,
        "Show in file manager": True,
        "Copy path": True,
        "Remove": True,
    }
    document.add_take(take("Render", patch=Patch("fm")))
    assert menu_entries(panel)["Load the take’s patch"]
    assert not menu_entries(panel)["Copy path"]


def test_menu_actions_act(document: Document, panel: LibraryPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    exported: list[object] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: shown.append(url.toLocalFile()) or True)
    panel.export_requested.connect(exported.append)
    loud = Patch("fm", {"gain_db": 3.0})
    bell = take("Bell", path=Path("/music/bell.wav"), patch=loud)
    document.add_take(bell)
    panel._actions["show"].trigger()
    assert shown == [str(Path("/music").absolute())]
    panel._actions["copy"].trigger()
    assert QGuiApplication.clipboard().text() == str(Path("/music/bell.wav").absolute())
    panel._actions["export"].trigger()
    assert exported == [bell]
    panel._actions["patch"].trigger()
    assert document.patch == loud
    assert document.selected is None


def test_files_copied_elsewhere_can_be_pasted(panel: LibraryPanel, qtbot: Any, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "bell.wav"))])
    QGuiApplication.clipboard().setMimeData(mime)
    with qtbot.waitSignal(panel.paths_dropped) as pasted:
        qtbot.keyClick(panel.takes, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert pasted.args == [[tmp_path / "bell.wav"]]
    # Left there until the program ends it would be freed twice: by Qt and by Python.
    QGuiApplication.clipboard().clear()


def test_a_thousand_takes_stay_quick(document: Document, panel: LibraryPanel) -> None:
    inserts: list[int] = []
    panel.model.rowsInserted.connect(lambda *_: inserts.append(1))
    resets: list[int] = []
    panel.model.modelReset.connect(lambda: resets.append(1))
    clip = take("x").clip
    document.add_takes([Take.of(clip, name=f"Take {i}") for i in range(1000)], "Open 1000 sounds")
    assert (len(inserts), len(resets)) == (1, 0)
    assert len(names(panel)) == 1001


def test_a_new_project_takes_all_rows_away_whatever_was_selected(
    document: Document, panel: LibraryPanel, qtbot: QtBot
) -> None:
    document.add_takes([take("One"), take("Two"), take("Three")], "Open")
    for place in range(3):
        document.select(document.takes[place].id)
        document.file.new_project()
        assert document.selected is None
        assert panel.current_take() is None
        assert panel.takes.currentIndex().isValid()
        document.add_takes([take("One"), take("Two"), take("Three")], "Open")
        assert panel.current_take() is document.selected


@pytest.mark.parametrize("width", [188, 220, 260, 400])
def test_what_an_empty_library_says_is_never_cut(panel: LibraryPanel, qtbot: QtBot, width: int) -> None:
    panel.resize(width, 440)
    hint = panel._hint
    qtbot.waitUntil(lambda: hint.height() >= hint.heightForWidth(hint.width()))
    assert hint.isVisible()
    assert panel.takes.verticalScrollBar().maximum() == 0, "the live patch's row is there whole"
    assert hint.geometry().top() >= panel.takes.geometry().bottom()
    assert panel._open.geometry().top() >= hint.geometry().bottom()
