"""Presets in the whole window: files dropped and opened, what is saved and exported, the keys that walk the list."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.drop_in import DropOverlay
from app.panels.preset_export import PresetExportDialog
from app.panels.preset_save import SaveDialog, TagsDialog
from engine.audio import Audio, write_clip
from engine.jobs import Note
from engine.params import Patch
from engine.project.dx7 import Dx7Operator, Dx7Voice, bank_bytes, read_syx, voice_bytes
from engine.project.preset_import import read_presets
from engine.project.presets import Preset, read_preset

LEFT = Qt.MouseButton.LeftButton
VOICES = [
    Dx7Voice((Dx7Operator(level=99, coarse=n), *[Dx7Operator()] * 5), name_bytes=b"VOICE %03d " % n) for n in range(32)
]


@pytest.fixture
def ready(qtbot: QtBot, session: Session) -> Session:
    qtbot.waitUntil(lambda: session.presets.is_ready)
    return session


@pytest.fixture
def said(qtbot: QtBot, ready: Session, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Waits until the message bar has said something new, whatever may have covered it since."""
    heard: list[str] = []
    say = ready.messages._say

    def listen(message: Any) -> None:
        heard.append(message.text)
        say(message)

    def wait(words: str) -> None:
        # Written safely: a busy disk may take its time.
        qtbot.waitUntil(lambda: any(words in text for text in heard), timeout=20_000)
        heard.clear()

    monkeypatch.setattr(ready.messages, "_say", listen)
    return wait


def drop(session: Session, at: QPoint, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    QCoreApplication.sendEvent(session.window.windowHandle(), event)
    assert event.isAccepted()


def over_browser(session: Session) -> QPoint:
    browser = session.library.browser
    return browser.mapTo(session.window, browser.rect().center())


def over_stage(session: Session) -> QPoint:
    return session.stage.mapTo(session.window, session.stage.rect().center())


def own(session: Session) -> list[str]:
    return [entry.name for entry in session.presets.entries if not entry.is_factory]


def test_a_dropped_dx7_voice_is_played_and_undone(qtbot: QtBot, ready: Session, tmp_path: Path) -> None:
    (tmp_path / "one.syx").write_bytes(voice_bytes(VOICES[3]))
    drop(ready, over_stage(ready), tmp_path / "one.syx")
    qtbot.waitUntil(lambda: ready.document.patch.name == "VOICE 003")
    assert ready.document.undo_label == "Load “VOICE 003”"
    assert own(ready) == []
    ready.document.undo()
    assert ready.document.patch == Patch("fm")


def test_a_dropped_bank_becomes_presets_that_are_in_sight(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    (tmp_path / "bank.syx").write_bytes(bank_bytes(VOICES))
    ready.library.search.setText("nothing like that")
    drop(ready, over_stage(ready), tmp_path / "bank.syx")
    said("Imported 32 presets from 1 file.")
    assert len(own(ready)) == 32
    assert ready.document.patch == Patch("fm"), "A bank plays nothing by itself."
    assert ready.library.search.text() == ""
    assert ready.library.presets.current.name == "VOICE 000"
    assert ready.library.presets.visualRect(ready.library.presets.currentIndex()).isValid()


def test_what_is_dropped_on_the_browser_is_imported_and_not_played(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    folder = tmp_path / "Friends"
    folder.mkdir()
    (folder / "Soft.json").write_text(Preset(Patch("fm", {"gain_db": -9.0}, name="Soft"), ("pads",)).dumps())
    (folder / "odd.json").write_text("[]")
    (folder / "tx.syx").write_bytes(b"\xf0\x43\x00\x03\x00\x5d" + bytes(93) + b"\x00\xf7")
    drop(ready, over_browser(ready), folder, tmp_path / "gone.syx")
    said("Imported 1 preset from 1 file. 3 files were skipped: odd.json, tx.syx, gone.syx.")
    assert own(ready) == ["Soft"]
    assert ready.messages.level == "error"
    (tmp_path / "bare").mkdir()
    drop(ready, over_browser(ready), tmp_path / "bare")
    said("bare holds no presets")


def test_a_drag_over_the_browser_says_what_will_happen_there(ready: Session, tmp_path: Path) -> None:
    paths = {
        name: tmp_path / name for name in ("a.json", "b.json", "bank.syx", "folder", "rain.wav", "mine.tonewright")
    }

    def said_over(at: QPoint, *names: str) -> tuple[str, bool]:
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(paths[name])) for name in names])
        event = QDragEnterEvent(at, Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
        QCoreApplication.sendEvent(ready.window.windowHandle(), event)
        assert event.isAccepted()
        veil = next(veil for veil in ready.window.findChildren(DropOverlay) if veil.isVisible())
        return veil.words, veil.size() == ready.library.browser.size()

    there = over_browser(ready)
    assert said_over(there, "a.json") == ("Import as a preset", True)
    assert said_over(there, "a.json", "b.json") == ("Import as presets", True)
    assert said_over(there, "bank.syx") == ("Import as presets", True)
    assert said_over(there, "folder") == ("Import as presets", True)
    assert said_over(there, "rain.wav", "a.json") == ("Import presets, open the rest", True)
    assert said_over(there, "rain.wav") == ("Drop to open", False)
    assert said_over(there, "mine.tonewright") == ("Drop to open", False)
    assert said_over(over_stage(ready), "a.json") == ("Drop to open", False)


def test_a_sound_dropped_on_the_browser_opens_as_everywhere(qtbot: QtBot, ready: Session, tmp_path: Path) -> None:
    write_clip(Audio(np.zeros((1, 4_800), np.float32), 48_000), tmp_path / "rain.wav")
    drop(ready, over_browser(ready), tmp_path / "rain.wav")
    qtbot.waitUntil(lambda: [take.name for take in ready.document.takes] == ["rain"], timeout=20_000)
    assert own(ready) == []


def test_a_folder_of_presets_without_sounds_is_imported_from_anywhere(
    ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    (tmp_path / "banks" / "inner").mkdir(parents=True)
    (tmp_path / "banks" / "inner" / "bank.SYX").write_bytes(bank_bytes(VOICES))
    drop(ready, over_stage(ready), tmp_path / "banks")
    said("Imported 32 presets")
    assert {e.folder for e in ready.presets.entries if not e.is_factory} == {"banks/inner/bank"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty"),
        (b"\xf0\x41\x10\x16\x12\xf7", "an instrument of another maker"),
        (b"\xf0\x43\x00\x06\x08\x60" + bytes(1120) + b"\xf7", "DX7II or TX802"),
    ],
)
def test_a_file_of_another_synth_is_one_sentence_and_changes_nothing(
    ready: Session, tmp_path: Path, said: Callable[[str], None], data: bytes, words: str
) -> None:
    (tmp_path / "other.syx").write_bytes(data)
    ready.opening.open([tmp_path / "other.syx"])
    said(words)
    assert ready.document.patch == Patch("fm")
    assert ready.document.undo_label is None
    assert own(ready) == []


def test_next_and_previous_walk_the_list_from_anywhere(qtbot: QtBot, ready: Session) -> None:
    model = ready.library.browser.model
    names = [entry.name for row in range(model.rowCount()) if (entry := model.entry(row)) is not None]
    for key, wanted in (("next", names[0]), ("next", names[1]), ("previous", names[0])):
        ready.actions[f"preset.{key}"].trigger()
        qtbot.waitUntil(lambda wanted=wanted: ready.document.patch.name == wanted)
    assert ready.commands.has_work()
    assert ready.document.undo_label == f"Load “{names[0]}”"


def test_ctrl_f_searches_and_down_hears_the_first_that_is_found(qtbot: QtBot, ready: Session) -> None:
    ready.actions["preset.find"].trigger()
    assert ready.library.search.hasFocus()
    qtbot.keyClicks(ready.library.search, "tubular")
    qtbot.keyClick(ready.library.search, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: ready.document.patch.name == "Tubular Bell")
    assert ready.library.presets.hasFocus()
    qtbot.keyClick(ready.library.presets, Qt.Key.Key_Escape)
    assert ready.document.patch == Patch("fm")


def test_save_as_asks_what_it_is_and_then_save_needs_no_words(
    qtbot: QtBot, ready: Session, said: Callable[[str], None]
) -> None:
    ready.document.audition("op1_ratio", 5.0)
    ready.document.commit("Ratio")
    ready.actions["preset.save"].trigger()
    dialog = ready.preset_commands.dialog
    assert isinstance(dialog, SaveDialog)
    assert not dialog.go.isEnabled(), "It needs a name."
    qtbot.keyClicks(dialog.name, "Mine")
    dialog.kind.setCurrentText("Keys")
    qtbot.keyClicks(dialog.tags, "Warm, wide ,keys")
    qtbot.keyClicks(dialog.author, "Me")
    dialog.folder.setCurrentText("Sketches")
    qtbot.mouseClick(dialog.go, LEFT)
    said("Saved the preset “Mine”.")
    file = ready.presets.store.folder / "Sketches" / "Mine.json"
    preset = read_preset(file)
    assert (preset.tags, preset.author, preset.patch.values["op1_ratio"]) == (("keys", "warm", "wide"), "Me", 5.0)
    assert ready.document.undo_label == "Save as “Mine”"
    ready.document.audition("op1_ratio", 6.0)
    ready.document.commit("Ratio")
    assert ready.actions["preset.revert"].isEnabled()
    ready.actions["preset.save"].trigger()
    qtbot.waitUntil(lambda: read_preset(file).patch.values["op1_ratio"] == 6.0)
    qtbot.waitUntil(lambda: not ready.presets.edited)
    ready.actions["preset.save_as"].trigger()
    again = ready.preset_commands.dialog
    assert isinstance(again, SaveDialog)
    assert (again.author.text(), again.folder.currentText(), again.over.isChecked()) == ("Me", "Sketches", True)
    again.reject()


def test_own_tags_are_put_on_by_a_dialog(qtbot: QtBot, ready: Session) -> None:
    entry = ready.presets.entries[0]
    ready.library.browser.tags_wanted.emit(entry)
    dialog = ready.preset_commands.dialog
    assert isinstance(dialog, TagsDialog)
    qtbot.keyClicks(dialog.tags, "my best")
    qtbot.mouseClick(dialog.go, LEFT)
    assert ready.presets.marks.tags[entry.key][-1] == "my best"
    kept = ready.presets.store.marks
    qtbot.waitUntil(lambda: kept.exists() and "my best" in kept.read_text())


def exported(qtbot: QtBot, session: Session, kind: str) -> PresetExportDialog:
    session.settings.set("export/preset_format", kind)
    session.preset_commands.dialog = None
    session.actions["preset.export"].trigger()
    qtbot.waitUntil(lambda: session.preset_commands.dialog is not None)
    dialog = session.preset_commands.dialog
    assert isinstance(dialog, PresetExportDialog)
    qtbot.waitUntil(dialog.go.isEnabled)
    return dialog


def test_the_export_says_what_a_dx7_cannot_keep_before_it_writes(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    ready.document.set_patch(Patch("fm", {"reverb": 0.5}, name="In a church hall"), "Load")
    dialog = exported(qtbot, ready, "syx")
    lost = dialog.losses.toPlainText()
    assert "Reverb" in lost
    assert "ten plain characters" in lost
    assert dialog.facts.text().endswith("This is lost:")
    first = dialog.losses.document().firstBlock()
    assert first.textList() is not None
    assert first.textList().count() == len(lost.splitlines()), "every loss has a bullet"
    dialog._go(str(tmp_path / "hall.syx"))
    said("Wrote hall.syx")
    assert read_syx(tmp_path / "hall.syx").voices[0].name == "In a churc"


def test_an_imported_bank_is_exported_byte_for_byte(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    data = bank_bytes(VOICES)
    (tmp_path / "bank.syx").write_bytes(data)
    ready.preset_commands.import_paths([tmp_path / "bank.syx"])
    said("Imported 32")
    ready.library.search.setText("folder:bank")
    ready.library.presets.selectAll()
    dialog = exported(qtbot, ready, "syx")
    assert dialog.facts.text() == "As they came, byte for byte."
    assert dialog.format.currentText() == "DX7 bank of 32 voices (.syx)"
    dialog._go(str(tmp_path / "out.syx"))
    said("Wrote out.syx")
    assert (tmp_path / "out.syx").read_bytes() == data


def test_an_edit_of_the_loaded_preset_is_exported_and_not_its_file(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    entry = ready.presets.store.add(Preset(Patch("fm", name="Mine"), ("keys",), "About it."))
    ready.presets.refresh()
    qtbot.waitUntil(lambda: "Mine" in own(ready))
    ready.presets.load(entry)
    qtbot.waitUntil(lambda: ready.document.patch.name == "Mine")
    ready.document.audition("op1_ratio", 9.0)
    ready.document.commit("Ratio")
    dialog = exported(qtbot, ready, "json")
    assert dialog.facts.text() == "One file; nothing is lost."
    dialog._go(str(tmp_path / "mine.json"))
    said("Wrote mine.json")
    written = read_preset(tmp_path / "mine.json")
    assert (written.patch.values["op1_ratio"], written.tags, written.about) == (9.0, ("keys",), "About it.")
    assert read_preset(Path(entry.path)).patch.values["op1_ratio"] == 1.0


def test_several_presets_are_exported_into_a_folder(
    qtbot: QtBot, ready: Session, tmp_path: Path, said: Callable[[str], None]
) -> None:
    ready.library.presets.selectAll()
    count = len(ready.library.browser.selected())
    dialog = exported(qtbot, ready, "json")
    dialog._go(str(tmp_path))
    said(f"Wrote {count} presets")
    assert len(list(tmp_path.glob("*.json"))) == count
    dialog = exported(qtbot, ready, "json")
    dialog._go(str(tmp_path / "no such folder"))
    said("there is no folder")


def test_delete_offers_to_bring_presets_back(qtbot: QtBot, ready: Session, said: Callable[[str], None]) -> None:
    ready.presets.store.add(Preset(Patch("fm", name="Mine"), ("keys",)))
    ready.presets.refresh()
    qtbot.waitUntil(lambda: "Mine" in own(ready))
    ready.library.browser.show_keys(["user:Mine.json"])
    qtbot.keyClick(ready.library.presets, Qt.Key.Key_Delete)
    said("Deleted “Mine”.")
    assert own(ready) == []
    qtbot.mouseClick(ready.messages._button, LEFT)
    qtbot.waitUntil(lambda: own(ready) == ["Mine"])


def test_undo_and_redo_know_of_deleted_presets_in_the_order_of_things(
    qtbot: QtBot, ready: Session, said: Callable[[str], None]
) -> None:
    undo, redo = (
        (lambda: qtbot.keyClick(ready.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)),
        ready.actions["edit.redo"].trigger,
    )
    document, words = ready.document, ready.actions["edit.undo"].text
    written = {}
    for name in ("One", "Two"):
        entry = ready.presets.store.add(Preset(Patch("fm", {"op1_ratio": 3.0}, name=name), ("keys",)))
        written[name] = Path(entry.path).read_bytes()
    ready.presets.refresh()
    qtbot.waitUntil(lambda: own(ready) == ["One", "Two"])

    def delete(name: str) -> None:
        ready.library.browser.show_keys([f"user:{name}.json"])
        qtbot.keyClick(ready.library.presets, Qt.Key.Key_Delete)
        said(f"Deleted “{name}”.")

    ready.fm.control("op1_ratio").enter(5.0)
    delete("One")
    ready.fm.control("op1_ratio").enter(7.0)
    delete("Two")
    assert own(ready) == []
    assert words() == "Undo: Delete “Two”"
    document.audition("op1_ratio", 9.0)
    undo()
    assert (document.patch.values["op1_ratio"], own(ready)) == (7.0, []), "the gesture under way is the newest"
    undo()
    qtbot.waitUntil(lambda: own(ready) == ["Two"])
    assert ready.messages.text != "Deleted “Two”."
    redo()
    said("Deleted “Two”.")
    assert own(ready) == []
    undo()
    qtbot.waitUntil(lambda: own(ready) == ["Two"])
    assert document.patch.values["op1_ratio"] == 7.0
    undo()
    assert (document.patch.values["op1_ratio"], own(ready)) == (5.0, ["Two"])
    undo()
    qtbot.waitUntil(lambda: own(ready) == ["One", "Two"])
    undo()
    assert document.patch.values["op1_ratio"] != 5.0
    assert ready.actions["edit.undo"].isEnabled() == (document.undo_label is not None)
    for name, data in written.items():
        assert (ready.presets.store.folder / f"{name}.json").read_bytes() == data


def test_a_menu_offers_what_can_be_done_to_a_row(ready: Session) -> None:
    browser = ready.library.browser
    browser.step(1)
    menu = browser.context_menu()
    offers = {action.text(): action.isEnabled() for action in menu.actions() if not action.isSeparator()}
    menu.deleteLater()
    assert offers["Load"]
    assert offers["Duplicate"]
    assert not offers["Rename"], "The factory keeps its names."
    assert not offers["Delete"]
    view = browser.view_menu()
    assert [a.text() for a in view.actions() if not a.isSeparator()][:3] == ["Show", "Group by", "Sort by"]
    view.deleteLater()


def test_saving_and_renaming_the_live_preset_strike_nothing(qtbot: QtBot, ready: Session) -> None:
    before = ready.player.state
    ready.document.audition("gain_db", -12.0)
    ready.document.commit("Gain")
    qtbot.waitUntil(lambda: ready.live.up_to_date)
    ready.player.stop()
    qtbot.waitUntil(lambda: ready.player.state == before)
    states: list[str] = []
    ready.player.state_changed.connect(states.append)
    ready.presets.files.save_as(Preset(replace(ready.document.patch, name="Mine")))
    qtbot.waitUntil(lambda: ready.presets.loaded is not None, timeout=20_000)
    ready.presets.files.rename(ready.presets.loaded, "Yours")
    qtbot.waitUntil(lambda: ready.document.patch.name == "Yours" and ready.live.up_to_date, timeout=20_000)
    assert states == []
    assert ready.fm.name.text() == "Yours"
    ready.document.undo()
    assert ready.document.patch.name == "Mine"


def test_a_dropped_voice_goes_out_again_byte_for_byte_and_is_saved_with_its_bytes(
    qtbot: QtBot, ready: Session, tmp_path: Path
) -> None:
    # An algorithm above 32 sounds like the last one; only the bytes know that it was another.
    data = bytearray(VOICES[3].to_packed())
    data[11] |= 0x30
    odd = Dx7Voice.from_packed(bytes(data))
    (tmp_path / "one.syx").write_bytes(voice_bytes(odd))
    drop(ready, over_stage(ready), tmp_path / "one.syx")
    qtbot.waitUntil(lambda: ready.document.patch.name == "VOICE 003")
    dialog = exported(qtbot, ready, "syx")
    assert dialog.facts.text() == "As it came from the DX7, byte for byte."
    dialog._go(str(tmp_path / "again.syx"))
    qtbot.waitUntil((tmp_path / "again.syx").exists, timeout=20_000)
    assert (tmp_path / "again.syx").read_bytes() == voice_bytes(odd)
    ready.preset_commands._save_as(Preset(ready.document.patch, ("keys",)), "", None)
    qtbot.waitUntil(lambda: own(ready) == ["VOICE 003"], timeout=20_000)
    (saved,) = ready.presets.store.folder.iterdir()
    assert read_preset(saved).dx7 == read_presets(tmp_path / "one.syx")[0][0].dx7
    ready.document.audition("op1_ratio", 9.0)
    ready.document.commit("Ratio")
    dialog = exported(qtbot, ready, "syx")
    assert "byte" not in dialog.facts.text(), "An edit is converted anew."
    dialog.reject()


def test_a_long_conversion_shows_how_far_it_is_and_ends_with_its_dialog(
    qtbot: QtBot, ready: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.panels import preset_export

    closed: list[bool] = []

    def endless(presets: list[Preset]) -> Generator[Note, None, list[object]]:
        try:
            while True:
                time.sleep(0.005)
                yield Note(0.25, "Making a DX7 voice")
        finally:
            closed.append(True)

    monkeypatch.setattr(preset_export, "convert_steps", endless)
    ready.settings.set("export/preset_format", "syx")
    presets = [Preset(Patch("fm", {"reverb": 0.1}, name=f"Tone {n}")) for n in range(40)]
    ready.preset_commands._ask_export(presets)
    dialog = ready.preset_commands.dialog
    assert isinstance(dialog, PresetExportDialog)
    qtbot.waitUntil(lambda: dialog.progress.value() == 250)
    assert dialog.progress.isVisible()
    assert dialog.facts.text() == "Looking at what a DX7 can keep: 10 of 40…"
    assert not dialog.go.isEnabled()
    dialog.reject()
    qtbot.waitUntil(lambda: closed == [True])
    qtbot.waitUntil(lambda: not ready.jobs.running())
