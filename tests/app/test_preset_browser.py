"""The preset browser under real keys and clicks: search, tags, stars, groups, what is loaded, names, the trash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QLineEdit

from app.document import Document
from app.panels.preset_browser import PresetBrowser
from app.panels.preset_list import star_box
from app.panels.preset_model import ENTRY_ROLE, HEADING_ROLE, LOADED_ROLE
from app.presets import Presets
from engine.params import Patch
from engine.project.preset_marks import Marks, read_marks
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, read_preset

LEFT = Qt.MouseButton.LeftButton
FACTORY = (
    ("Deep Kick", "drums", "dark"),
    ("Round Bass", "bass", "warm"),
    ("Thin Bass", "bass", "bright"),
    ("Bell", "bells"),
)


def preset(name: str, *tags: str, **values: float) -> Preset:
    return Preset(Patch("fm", values, name=name), tags)


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    folder = tmp_path / "factory" / "fm"
    folder.mkdir(parents=True)
    for number, (name, *tags) in enumerate(FACTORY):
        (folder / f"{name}.json").write_text(preset(name, *tags, gain_db=-1.0 - number).dumps())
    return PresetStore(tmp_path / "own", tmp_path / "factory")


@pytest.fixture
def said() -> list[Any]:
    return []


@pytest.fixture
def browser(document: Document, store: PresetStore, qtbot: Any, said: list[Any]) -> Iterator[PresetBrowser]:
    presets = Presets(document, store=store)
    presets.auditioned.connect(document.audition_patch)
    for signal in (presets.message, presets.trouble):
        signal.connect(lambda words: said.append(str(words)))
    presets.files.undoable.connect(lambda words, step: said.extend((words, step.back)))
    browser = PresetBrowser(presets)
    QAbstractItemModelTester(browser.model, QAbstractItemModelTester.FailureReportingMode.Warning, browser)
    presets.refresh()
    qtbot.addWidget(browser)
    browser.resize(260, 420)
    browser.show()
    browser.activateWindow()
    yield browser
    browser.close()


def rows(browser: PresetBrowser) -> list[str]:
    """What stands in the list, headings in brackets."""
    model = browser.model
    indexes = [model.index(row) for row in range(model.rowCount())]
    return [f"[{h.title}]" if (h := i.data(HEADING_ROLE)) else i.data() for i in indexes]


def index(browser: PresetBrowser, name: str) -> QModelIndex:
    model = browser.model
    return next(i for i in map(model.index, range(model.rowCount())) if i.data() == name)


def click(qtbot: Any, browser: PresetBrowser, at: QModelIndex, **more: Any) -> None:
    view = browser.list
    qtbot.mouseClick(view.viewport(), LEFT, pos=view.visualRect(at).center(), **more)


def test_presets_stand_in_groups_by_kind_of_sound(browser: PresetBrowser) -> None:
    assert rows(browser) == ["[drums]", "Deep Kick", "[bass]", "Round Bass", "Thin Bass", "[bells]", "Bell"]
    assert browser.count.text() == "4"


def test_search_and_tags_narrow_the_list_together(browser: PresetBrowser, qtbot: Any) -> None:
    browser.search("bass")
    assert rows(browser) == ["[bass]", "Round Bass", "Thin Bass"]
    assert browser.count.text() == "2 of 4"
    chips = {chip.text(): chip for chip in browser.chips.chips()}
    assert list(chips) == ["drums", "bass", "bells", "bright", "dark", "warm"]
    qtbot.mouseClick(chips["warm"], LEFT)
    assert rows(browser) == ["[bass]", "Round Bass"]
    browser.search("tag:bright")
    assert browser.list.isHidden()
    assert browser.hint.text() == "No preset matches “tag:bright” and these tags."
    assert not browser.clear.isHidden()
    qtbot.mouseClick(browser.chips.chips()[0], LEFT)
    assert rows(browser) == ["[bass]", "Thin Bass"]


def test_a_click_hears_a_preset_and_escape_takes_it_back(
    browser: PresetBrowser, document: Document, qtbot: Any
) -> None:
    click(qtbot, browser, index(browser, "Bell"))
    assert document.patch.name == "Bell"
    assert document.undo_label is None
    qtbot.keyClick(browser.list, Qt.Key.Key_Escape)
    assert document.patch == Patch("fm")


def test_each_preset_shows_whose_it_is(browser: PresetBrowser, store: PresetStore) -> None:
    folder = store.factory / "impact"
    folder.mkdir()
    (folder / "Gong.json").write_text(Preset(Patch("impact", {}, name="Gong"), ("bells",)).dumps())
    browser.presets.refresh()
    told = Qt.ItemDataRole.AccessibleTextRole
    assert index(browser, "Gong").data(told) == "Gong, Impact, bells"
    assert index(browser, "Bell").data(told) == "Bell, FM synthesizer, bells"
    pictures = []
    for name in ("Gong", "Bell", "Deep Kick"):
        row = browser.list.visualRect(index(browser, name))
        pictures.append(browser.list.viewport().grab(row.adjusted(4, 1, 24 - row.width(), -1)).toImage())
    assert pictures[0] != pictures[1] == pictures[2]


def test_a_click_on_a_heading_folds_its_group_and_a_search_opens_it(browser: PresetBrowser, qtbot: Any) -> None:
    click(qtbot, browser, browser.model.index(2))
    assert rows(browser) == ["[drums]", "Deep Kick", "[bass]", "[bells]", "Bell"]
    browser.search("thin")
    assert rows(browser) == ["[bass]", "Thin Bass"]
    browser.search("")
    assert "Thin Bass" not in rows(browser)
    assert browser.state_to_keep() == {"group": "kind", "sort": "name", "closed": ["bass"]}
    click(qtbot, browser, browser.model.index(2))
    assert "Thin Bass" in rows(browser)


def test_a_star_makes_a_favourite_that_is_there_after_a_restart(
    browser: PresetBrowser, document: Document, store: PresetStore, qtbot: Any
) -> None:
    bell = index(browser, "Bell")
    qtbot.mouseClick(browser.list.viewport(), LEFT, pos=star_box(browser.list.visualRect(bell)).center())
    assert document.patch == Patch("fm"), "A star is no audition."
    assert read_marks(store.marks).favourites == {"factory:fm/Bell.json"}
    qtbot.mouseClick(browser.favourites, LEFT)
    assert rows(browser) == ["[bells]", "Bell"]
    again = Presets(document, store=store)
    again.refresh()
    assert again.marks.favourites == {"factory:fm/Bell.json"}
    browser.list.setCurrentIndex(index(browser, "Bell"))
    browser.star_current()
    assert rows(browser) == []
    assert browser.hint.text() == "Click a star to keep a preset here."


def test_what_was_loaded_last_comes_first_among_the_recent(browser: PresetBrowser, qtbot: Any) -> None:
    for name in ("Bell", "Deep Kick"):
        browser.list.setCurrentIndex(index(browser, name))
        qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    qtbot.mouseClick(browser.recent, LEFT)
    assert rows(browser) == ["Deep Kick", "Bell"]
    qtbot.mouseClick(browser.favourites, LEFT)
    assert not browser.recent.isChecked()


def test_the_loaded_preset_is_marked_and_an_edit_shows_until_it_is_undone(
    browser: PresetBrowser, document: Document, qtbot: Any
) -> None:
    assert browser.name.text() == "Unnamed patch"
    browser.list.setCurrentIndex(index(browser, "Bell"))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    assert (browser.name.text(), index(browser, "Bell").data(LOADED_ROLE)) == ("Bell", "loaded")
    assert not browser.revert.isVisible()
    document.audition("op1_ratio", 3.0)
    document.commit("Ratio")
    assert (browser.name.text(), index(browser, "Bell").data(LOADED_ROLE)) == ("Bell *", "edited")
    qtbot.mouseClick(browser.revert, LEFT)
    assert browser.name.text() == "Bell"
    document.undo()
    assert browser.name.text() == "Bell *"
    document.undo()
    assert browser.name.text() == "Bell"
    document.undo()
    assert (browser.name.text(), index(browser, "Bell").data(LOADED_ROLE)) == ("Unnamed patch", "")


def test_a_patch_from_a_project_is_compared_with_the_preset_of_its_name(
    browser: PresetBrowser, document: Document, store: PresetStore
) -> None:
    bell = read_preset(store.factory / "fm" / "Bell.json").patch
    document.set_patch(bell.with_values(op1_ratio=2.0), "Open")
    assert browser.name.text() == "Bell *"
    document.set_patch(bell, "Open")
    assert browser.name.text() == "Bell"
    document.set_patch(replace(bell, name="Nobody"), "Open")
    assert browser.name.text() == "Nobody"
    assert browser.presets.loaded is None


def test_locked_values_stay_and_make_the_preset_an_edited_one(
    browser: PresetBrowser, document: Document, qtbot: Any
) -> None:
    document.audition("gain_db", -20.0)
    document.commit("Gain")
    document.set_locked(["gain_db"])
    browser.list.setCurrentIndex(index(browser, "Bell"))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    assert document.patch.values["gain_db"] == -20.0
    assert browser.name.text() == "Bell *"


def test_a_preset_of_ones_own_is_saved_over_and_the_old_one_is_in_the_trash(
    browser: PresetBrowser, document: Document, store: PresetStore, said: list[Any]
) -> None:
    document.audition("op1_ratio", 5.0)
    presets = browser.presets
    presets.files.save_as(replace(preset("Mine", "keys"), patch=replace(document.patch, name="Mine")))
    assert rows(browser)[-5:-2] == ["[keys]", "Mine", "[bells]"] or "Mine" in rows(browser)
    assert (browser.name.text(), document.patch.name) == ("Mine", "Mine")
    assert said[-1] == "Saved the preset “Mine”."
    assert browser.list.current is not None
    assert browser.list.current.name == "Mine"
    document.audition("op1_ratio", 7.0)
    document.commit("Ratio")
    assert browser.save.isEnabled()
    assert presets.loaded is not None
    presets.files.save(presets.loaded)
    assert browser.name.text() == "Mine"
    file = store.folder / "Mine.json"
    assert (read_preset(file).patch.values["op1_ratio"], read_preset(file).tags) == (7.0, ("keys",))
    (old,) = store.trash.iterdir()
    assert read_preset(old).patch.values["op1_ratio"] == 5.0


def test_a_name_is_edited_in_its_row_and_star_and_live_patch_go_along(
    browser: PresetBrowser, document: Document, store: PresetStore, qtbot: Any
) -> None:
    store.add(preset("Mine", "keys"))
    browser.presets.refresh()
    browser.presets.star(["user:Mine.json"], True)
    browser.list.setFocus()
    browser.list.setCurrentIndex(index(browser, "Mine"))
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    qtbot.keyClick(browser.list, Qt.Key.Key_F2)
    editor = browser.list.findChild(QLineEdit)
    editor.setText("Yours")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.patch.name == "Yours")
    assert [p.name for p in store.folder.iterdir()] == ["Yours.json"]
    assert browser.presets.marks.favourites == {"user:Yours.json"}
    assert (document.patch.name, browser.name.text()) == ("Yours", "Yours")
    assert read_marks(store.marks) == browser.presets.marks
    browser.list.setCurrentIndex(index(browser, "Bell"))
    qtbot.keyClick(browser.list, Qt.Key.Key_F2)
    assert not [e for e in browser.list.findChildren(QLineEdit) if e.isVisible()], "The factory keeps its names."


def test_delete_moves_own_presets_to_the_trash_and_one_click_brings_them_back(
    browser: PresetBrowser, store: PresetStore, said: list[Any], qtbot: Any
) -> None:
    for name in ("One", "Two"):
        store.add(preset(name, "keys"))
    browser.presets.refresh()
    browser.list.setCurrentIndex(index(browser, "One"))
    qtbot.keyClick(browser.list, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert [entry.name for entry in browser.selected()] == ["One", "Two"]
    qtbot.keyClick(browser.list, Qt.Key.Key_Delete)
    assert "[keys]" not in rows(browser)
    assert list(store.folder.iterdir()) == []
    words, undo = said[-2:]
    assert words == "Deleted 2 presets."
    undo()
    assert {"One", "Two"} <= set(rows(browser))
    browser.list.setCurrentIndex(index(browser, "Bell"))
    qtbot.keyClick(browser.list, Qt.Key.Key_Delete)
    assert said[-1] == "What came with the program cannot be deleted."
    assert "Bell" in rows(browser)


def test_the_patch_of_a_deleted_preset_stays_and_comes_from_nowhere(
    browser: PresetBrowser, store: PresetStore, document: Document, said: list[Any]
) -> None:
    entry = store.add(preset("Mine", "keys"))
    browser.presets.refresh()
    browser.presets.load(entry)
    document.audition("op1_ratio", 4.0)
    document.commit("Ratio")
    assert browser.name.text() == "Mine *"
    browser.presets.files.delete([entry])
    assert (browser.name.text(), browser.presets.loaded) == ("Mine", None)
    assert document.patch.values["op1_ratio"] == 4.0
    said[-1]()
    assert browser.name.text() == "Mine *"


def test_own_tags_and_copies_leave_the_factory_as_it_is(browser: PresetBrowser, store: PresetStore) -> None:
    file = store.factory / "fm" / "Bell.json"
    before = file.read_bytes()
    bell = browser.presets.entry("factory:fm/Bell.json")
    assert bell is not None
    browser.presets.set_tags(bell.key, ["Mine all mine"])
    browser.search("tag:mine")
    assert rows(browser) == ["[bells]", "Bell"]
    assert file.read_bytes() == before
    browser.search("")
    browser.presets.files.duplicate(bell)
    assert browser.list.current is not None
    assert browser.list.current.name == "Bell copy"
    assert read_preset(store.folder / "Bell copy.json").tags == ("bells",)


def test_a_damaged_file_is_listed_with_its_reason_and_breaks_nothing(
    browser: PresetBrowser, store: PresetStore, document: Document, said: list[Any], qtbot: Any
) -> None:
    store.folder.mkdir(parents=True)
    (store.folder / "torn.json").write_text('{"synth": "fm", "name": "Torn", "values": {"gain_db": 99}}')
    browser.presets.refresh()
    assert rows(browser)[-2:] == ["[cannot be used]", "torn"]
    assert "outside its range" in index(browser, "torn").data(Qt.ItemDataRole.ToolTipRole)
    click(qtbot, browser, index(browser, "torn"))
    assert "outside its range" in said[-1]
    qtbot.keyClick(browser.list, Qt.Key.Key_Return)
    assert document.patch == Patch("fm")


def test_files_that_come_and_go_are_noticed(browser: PresetBrowser, store: PresetStore, said: list[Any]) -> None:
    entry = store.add(preset("New", "pads"))
    browser.presets.refresh()
    assert rows(browser)[-2:] == ["[pads]", "New"] or "New" in rows(browser)
    Path(entry.path).unlink()
    browser.presets.load(entry)
    assert "New.json cannot be read" in said[-1]
    assert "New" not in rows(browser)


def test_the_list_can_be_grouped_and_sorted_otherwise(browser: PresetBrowser, store: PresetStore) -> None:
    store.add(Preset(Patch("fm", name="Ax"), ("bass",), author="Me"), "Mine/Low")
    browser.presets.refresh()
    browser.restore({"group": "folder", "sort": "name", "closed": []})
    assert rows(browser) == ["[Factory]", "Bell", "Deep Kick", "Round Bass", "Thin Bass", "[Mine/Low]", "Ax"]
    browser.restore({"group": "author", "sort": "strange", "closed": 3})
    assert rows(browser)[:2] == ["[Me]", "Ax"]
    browser.restore({"group": "synth", "sort": "name"})
    assert rows(browser)[0] == "[FM synthesizer]"
    browser.restore({"group": "none", "sort": "newest"})
    assert rows(browser)[0] == "Ax"


def test_letters_in_the_list_are_left_to_whoever_plays_with_them(browser: PresetBrowser) -> None:
    browser.list.setFocus()
    before = browser.list.current
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_T, Qt.KeyboardModifier.NoModifier, "t")
    QApplication.sendEvent(browser.list, event)
    assert not event.isAccepted()
    assert browser.list.current == before


def test_damaged_marks_are_said_and_begin_anew(document: Document, store: PresetStore, said: list[Any]) -> None:
    store.root.mkdir(parents=True)
    store.marks.write_text("{")
    presets = Presets(document, store=store)
    presets.trouble.connect(lambda words: said.append(str(words)))
    presets.refresh()
    assert "set aside" in said[0]
    assert presets.marks == Marks()
    assert len(presets.entries) == len(FACTORY)


def test_a_place_that_cannot_be_written_is_said_and_loses_nothing(
    browser: PresetBrowser, document: Document, store: PresetStore, said: list[Any]
) -> None:
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.write_text("a file where the folder should be")
    document.audition("op1_ratio", 5.0)
    browser.presets.files.save_as(preset("Mine"))
    assert "cannot be kept in" in said[-1]
    assert document.patch.values["op1_ratio"] == 5.0
    assert rows(browser)[-1] == "Bell"


def test_the_headings_of_the_list_are_no_presets(browser: PresetBrowser, qtbot: Any, document: Document) -> None:
    browser.enter()
    names = [document.patch.name]
    for _ in range(len(FACTORY) - 1):
        qtbot.keyClick(browser.list, Qt.Key.Key_Down)
        names.append(document.patch.name)
    assert names == [name for name in rows(browser) if not name.startswith("[")]
    assert browser.list.currentIndex().data(ENTRY_ROLE).name == names[-1]
