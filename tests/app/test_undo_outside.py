"""What is no part of the project is undone in one row with what is: files of presets, favourites, how keys play."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from gestures import Hand
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.settings import Settings
from engine.params import Patch
from engine.params.playing import PlaySettings
from engine.project.preset_marks import read_marks
from engine.project.presets import Preset, read_preset

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
Deed = Callable[["Desk"], None]


class Desk:
    """A window with the real store, and the hands of a person at it."""

    def __init__(self, session: Session, qtbot: QtBot, elsewhere: Path) -> None:
        self.session, self.qtbot, self.elsewhere = session, qtbot, elsewhere
        self.presets, self.document = session.presets, session.document
        self.said: list[str] = []
        say = session.messages._say
        session.messages._say = lambda message: (self.said.append(message.text), say(message))  # type: ignore[method-assign]

    def own(self, name: str, folder: str = "", **values: float) -> str:
        """Make a preset of the person's own; its key."""
        entry = self.presets.store.add(Preset(Patch("fm", values, name=name), ("keys",)), folder)
        self.presets.refresh()
        self.qtbot.waitUntil(lambda: self.presets.entry(entry.key) is not None)
        return entry.key

    def mark(self, key: str) -> None:
        self.session.library.browser.show_keys([key])

    def files(self) -> dict[str, bytes]:
        folder = self.presets.store.folder
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.json")}

    def state(self) -> tuple[object, ...]:
        """All that a deed may change, on the disk and in the window."""
        entries = [(e.key, e.name, e.own_tags, e.stamp[1]) for e in self.presets.entries if not e.is_factory]
        loaded = self.presets.loaded
        live = (self.document.patch, loaded.key if loaded else None, self.presets.edited)
        marks = self.presets.marks
        return self.files(), entries, live, marks.favourites, dict(marks.tags)

    def settled(self) -> None:
        """Until every file is written and every dialog gone."""
        files = self.presets.files

        def at_rest() -> bool:
            is_written = not self.session.document_busy and not files._is_busy and not files._waiting
            return is_written and QApplication.activeModalWidget() is None

        self.qtbot.waitUntil(at_rest, timeout=20_000)
        # Without a window manager nobody gives the keys back when a dialog goes.
        self.session.window.activateWindow()
        self.qtbot.waitUntil(self.session.window.isActiveWindow)

    def undo(self) -> None:
        self.qtbot.keyClick(self.session.window, Qt.Key.Key_Z, CTRL)
        self.settled()

    def redo(self) -> None:
        self.qtbot.keyClick(self.session.window, Qt.Key.Key_Z, CTRL | SHIFT)
        self.settled()

    def words(self, action: str = "edit.undo") -> str:
        return self.session.actions[action].text()


@pytest.fixture
def desk(session: Session, qtbot: QtBot, tmp_path: Path) -> Desk:
    qtbot.waitUntil(lambda: session.presets.is_ready)
    session.window.activateWindow()
    return Desk(session, qtbot, tmp_path / "elsewhere")


def load(desk: Desk, key: str) -> None:
    desk.mark(key)
    desk.qtbot.keyClick(desk.session.library.presets, Qt.Key.Key_Return)
    desk.qtbot.waitUntil(lambda: desk.presets.loaded is not None and desk.presets.loaded.key == key)


def rename(desk: Desk) -> None:
    desk.mark("user:Basses/Round.json")
    desk.session.library.presets.setFocus()
    desk.qtbot.keyClick(desk.session.library.presets, Qt.Key.Key_F2)
    editor = desk.session.library.presets.findChild(QLineEdit)
    editor.setText("Square")
    desk.qtbot.keyClick(editor, Qt.Key.Key_Return)


def duplicate(desk: Desk) -> None:
    desk.mark("user:Basses/Round.json")
    menu = desk.session.library.browser.context_menu()
    next(action for action in menu.actions() if action.text() == "Duplicate").trigger()
    menu.deleteLater()


def delete(desk: Desk) -> None:
    desk.mark("user:Basses/Round.json")
    desk.qtbot.keyClick(desk.session.library.presets, Qt.Key.Key_Delete)


def save(desk: Desk) -> None:
    desk.session.actions["preset.save"].trigger()


def save_as(desk: Desk) -> None:
    desk.session.actions["preset.save_as"].trigger()
    dialog = desk.session.preset_commands.dialog
    assert dialog is not None
    dialog.name.setText("Brand new")  # type: ignore[union-attr]
    dialog.accept()


def save_over(desk: Desk) -> None:
    desk.session.actions["preset.save_as"].trigger()
    dialog = desk.session.preset_commands.dialog
    assert dialog is not None
    dialog.name.setText("Other")  # type: ignore[union-attr]
    assert dialog.over.isChecked()  # type: ignore[union-attr]
    dialog.accept()


def import_folder(desk: Desk) -> None:
    desk.elsewhere.mkdir()
    for number in range(5):
        preset = Preset(Patch("fm", {"op1_ratio": 1.0 + number}, name=f"From there {number}"))
        (desk.elsewhere / f"{number}.json").write_text(preset.dumps())
    desk.session.preset_commands.import_paths([desk.elsewhere])


def star(desk: Desk) -> None:
    desk.mark("user:Basses/Round.json")
    desk.qtbot.keyClick(desk.session.window, Qt.Key.Key_D, CTRL)


def tag(desk: Desk) -> None:
    entry = desk.presets.entry("user:Basses/Round.json")
    assert entry is not None
    desk.session.preset_commands.edit_tags(entry)
    dialog = desk.session.preset_commands.dialog
    assert dialog is not None
    dialog.tags.setText("dusty, wide")
    dialog.accept()


DEEDS: dict[str, tuple[Deed, str]] = {
    "rename": (rename, "Rename “Round”"),
    "duplicate": (duplicate, "Duplicate “Round”"),
    "delete": (delete, "Delete “Round”"),
    "save": (save, "Save the preset “Round”"),
    "save as": (save_as, "Save as “Brand new”"),
    "save over": (save_over, "Save as “Other”"),
    "import": (import_folder, "Import 5 presets"),
    "star": (star, "Favourite “Round”"),
    "tag": (tag, "Tags of “Round”"),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_every_deed_on_presets_is_one_step_back_and_forth(desk: Desk, deed: str) -> None:
    do, label = DEEDS[deed]
    desk.own("Round", "Basses", op1_ratio=3.0)
    desk.own("Other", "Basses", op1_ratio=9.0)
    load(desk, "user:Basses/Round.json")
    desk.session.fm.control("op1_ratio").enter(5.0)
    before = desk.state()
    do(desk)
    desk.qtbot.waitUntil(lambda: desk.words() == f"Undo: {label}")
    desk.settled()
    after = desk.state()
    assert after != before
    for _ in range(2):
        desk.undo()
        assert desk.state() == before
        assert (desk.words(), desk.words("edit.redo")) == ("Undo: Op 1 ratio", f"Redo: {label}")
        desk.redo()
        assert desk.state() == after
    assert read_marks(desk.presets.store.marks) == desk.presets.marks
    desk.undo()
    desk.undo()
    assert desk.document.patch.values["op1_ratio"] == 3.0


def test_many_deeds_are_undone_in_their_order_as_fast_as_the_key_is_hit(desk: Desk) -> None:
    desk.own("Round", "Basses", op1_ratio=3.0)
    desk.own("Other", "Basses", op1_ratio=9.0)
    load(desk, "user:Basses/Round.json")
    states = [desk.state()]
    for name in ("star", "rename", "import"):
        DEEDS[name][0](desk)
        desk.qtbot.waitUntil(lambda name=name: desk.words() == f"Undo: {DEEDS[name][1]}")
        desk.settled()
        states.append(desk.state())
    for _ in range(3):
        desk.qtbot.keyClick(desk.session.window, Qt.Key.Key_Z, CTRL)
    desk.settled()
    assert desk.state() == states[0]
    for _ in range(3):
        desk.qtbot.keyClick(desk.session.window, Qt.Key.Key_Z, CTRL | SHIFT)
    desk.settled()
    assert desk.state() == states[-1]


def test_what_another_program_changed_is_not_undone_and_one_sentence_says_so(desk: Desk) -> None:
    desk.own("Round", "Basses", op1_ratio=3.0)
    load(desk, "user:Basses/Round.json")
    desk.session.fm.control("op1_ratio").enter(5.0)
    save(desk)
    desk.qtbot.waitUntil(lambda: desk.words() == "Undo: Save the preset “Round”")
    file = desk.presets.store.folder / "Basses" / "Round.json"
    theirs = replace(read_preset(file), about="Changed elsewhere").dumps()
    file.write_text(theirs)
    desk.said.clear()
    desk.undo()
    assert desk.said == ["“Round” was changed by another program meanwhile; it stays as it is."]
    assert file.read_text() == theirs
    assert (desk.words(), desk.words("edit.redo")) == ("Undo: Op 1 ratio", "Redo")
    desk.qtbot.waitUntil(lambda: desk.presets.entry("user:Basses/Round.json").about == "Changed elsewhere")


def test_a_star_that_is_set_while_a_preset_is_heard_goes_first(desk: Desk) -> None:
    key = desk.own("Round", "Basses", op1_ratio=3.0)
    desk.session.library.browser.list.hear(
        desk.session.library.browser.model.index(desk.session.library.browser.model.row_of(key))
    )
    desk.qtbot.waitUntil(lambda: desk.document.patch.name == "Round")
    assert desk.document.is_held
    star(desk)
    assert key in desk.presets.marks.favourites
    desk.undo()
    assert key not in desk.presets.marks.favourites
    assert desk.document.patch.name == "Round"
    assert desk.words() == "Undo: Load “Round”", "what is heard"
    desk.undo()
    assert desk.document.patch.name != "Round"


def test_what_was_done_to_files_can_be_undone_in_another_project(desk: Desk) -> None:
    desk.own("Round", "Basses")
    before = desk.files()
    desk.session.fm.control("op1_ratio").enter(5.0)
    delete(desk)
    desk.qtbot.waitUntil(lambda: desk.words() == "Undo: Delete “Round”")
    desk.document.file.new_project()
    assert desk.words() == "Undo: Delete “Round”"
    assert not desk.document.file.dirty
    desk.undo()
    assert (desk.files(), desk.document.undo_label) == (before, None)
    assert not desk.document.file.dirty


def test_the_button_of_a_message_brings_back_what_was_deleted_before_other_things(desk: Desk) -> None:
    desk.own("Round", "Basses")
    before = desk.files()
    delete(desk)
    desk.qtbot.waitUntil(lambda: "Deleted “Round”." in desk.said)
    desk.session.fm.control("op1_ratio").enter(5.0)
    desk.qtbot.mouseClick(desk.session.messages._button, Qt.MouseButton.LeftButton)
    desk.settled()
    assert (desk.files(), desk.words()) == (before, "Undo: Op 1 ratio")
    assert desk.document.patch.values["op1_ratio"] == 5.0


def test_how_keys_play_is_undone_a_gesture_at_a_time(desk: Desk, tmp_path: Path) -> None:
    live = desk.session.live_play
    live.bar.open_settings()
    field = live.bar.form.knobs["glide_s"]
    Hand(field).press().move(0, -30).move(0, -30).release()
    glide = field.value
    assert glide > 0
    live.bar.form.knobs["play_mode"].enter(1)
    assert desk.words() == "Undo: Keys: mono"
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.window() is live.bar.popup
    desk.qtbot.keyClick(focused, Qt.Key.Key_Z, CTRL)
    assert live.bar.voices.text().startswith("Poly"), "the keys of undo are those of the window"
    desk.qtbot.keyClick(focused, Qt.Key.Key_Z, CTRL | SHIFT)
    live.bar.popup.close()
    desk.undo()
    assert live.bar.voices.text().startswith("Poly")
    assert desk.words().startswith("Undo: Glide: ")
    desk.undo()
    assert (field.value, live.settings) == (0.0, PlaySettings())
    desk.redo()
    assert field.value == glide
    assert PlaySettings.read(Settings(tmp_path / "settings.ini").get("play/settings")).glide_s == glide


def test_forgotten_controllers_come_back(desk: Desk) -> None:
    learn = desk.session.live_play.learn
    for number, name in ((21, "op1_ratio"), (22, "op2_ratio")):
        learn.arm(name)
        learn.control((0, number), 5)
    assert desk.words() == "Undo: Learn CC 22"
    learn.forget_all()
    assert desk.words() == "Undo: Forget all learned controllers"
    desk.undo()
    assert learn.to_json() == {"fm/op1_ratio": [0, 21], "fm/op2_ratio": [0, 22]}
    assert desk.session.fm.control("op1_ratio").controller == "CC 21"
    desk.undo()
    assert learn.to_json() == {"fm/op1_ratio": [0, 21]}
    desk.redo()
    assert learn.controller_of("op2_ratio") == "CC 22"


def test_how_far_and_where_chance_may_go_is_undone(desk: Desk) -> None:
    explore = desk.session.explore.explore
    usual = explore.sections
    explore.set_amount("mutate", 0.5)
    explore.set_sections(["Filter"])
    desk.undo()
    assert (explore.sections, explore.amount("mutate")) == (usual, 0.5)
    desk.undo()
    assert explore.amount("mutate") == pytest.approx(0.2)
    desk.redo()
    desk.redo()
    assert (explore.sections, explore.amount("mutate")) == ({"Filter"}, 0.5)
