"""Files that are brought to the window: many at once, broken ones among them, and the same one again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.document import Document
from app.message_bar import MessageBar
from app.opening import Opening
from engine.audio import Audio, write_clip
from engine.errors import EngineError
from engine.jobs import Note, run_inline
from engine.params import Patch


class Later:
    """Jobs that run when the test says so, on a thread of their own; ``stop_after`` ends them at a whole share."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.threads: list[int] = []
        self.titles: list[str] = []
        self.stop_after: float | None = None

    def __call__(self, body: Any, *, title: str, done: Callable[[Any], None], failed: Any, **_: bool) -> None:
        self.titles.append(title)

        def run() -> None:
            results: list[Callable[[], None]] = []

            def on_note(note: Note) -> None:
                if self.stop_after is not None and note.fraction == self.stop_after / 2:
                    raise EngineError(f"{title}: that was stopped.")

            def work() -> None:
                self.threads.append(threading.get_ident())
                try:
                    result = run_inline(body, on_note)
                except EngineError as error:
                    caught = error
                    results.append(lambda: failed(caught))
                else:
                    results.append(lambda: done(result))

            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            results[0]()

        self.waiting.append(run)


class Desk:
    """What opening needs of a window."""

    def __init__(self, qtbot: QtBot) -> None:
        self.document = Document()
        self.messages = MessageBar()
        qtbot.addWidget(self.messages)
        self.later = Later()
        self.opening = Opening(self.document, self.messages, submit=self.later)

    def open(self, *paths: Path) -> None:
        """Open files and wait for them."""
        self.opening.open(paths)
        while self.later.waiting:
            self.later.waiting.pop(0)()
        assert not self.opening.busy


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    return Desk(qtbot)


def wav(path: Path, hz: float = 440.0) -> Path:
    t = np.arange(4410) / 44_100
    return write_clip(Audio(np.sin(2 * np.pi * hz * t).astype(np.float32)[None], 44_100), path)


def broken(path: Path) -> Path:
    path.write_text("no sound at all", encoding="utf-8")
    return path


def test_several_broken_files_are_one_message_with_every_reason_in_its_details(desk: Desk, tmp_path: Path) -> None:
    good = wav(tmp_path / "good.wav")
    bad = [broken(tmp_path / f"{name}.wav") for name in ("kick", "snare")] + [tmp_path / "gone.wav"]
    desk.open(bad[0], good, *bad[1:])
    assert [take.name for take in desk.document.takes] == ["good"]
    assert desk.messages.text == "3 of 4 files could not be opened: kick.wav, snare.wav and gone.wav."
    assert desk.messages.level == "error"
    desk.messages._copy.click()
    details = QGuiApplication.clipboard().text()
    assert all(str(path) in details for path in bad)
    assert details.count("is no sound file") == 2


def test_a_folder_of_broken_files_is_counted_and_not_recited(desk: Desk, tmp_path: Path) -> None:
    desk.open(*(broken(tmp_path / f"{n}.wav") for n in range(1, 8)))
    assert desk.messages.text == "None of the 7 files could be opened: 1.wav, 2.wav, 3.wav and 4 more."


def test_one_broken_file_among_good_ones_says_what_is_wrong_with_it(desk: Desk, tmp_path: Path) -> None:
    desk.open(wav(tmp_path / "good.wav"), broken(tmp_path / "bad.wav"))
    assert desk.messages.text.startswith("bad.wav is no sound file")


def test_opening_a_file_again_chooses_the_take_that_is_there(desk: Desk, tmp_path: Path) -> None:
    bell, rain = wav(tmp_path / "bell.wav"), wav(tmp_path / "rain.wav", 220)
    desk.open(bell, rain)
    first = desk.document.takes[0]
    desk.document.rename_take(first.id, "My bell")
    desk.document.select(None)
    label = desk.document.undo_label
    desk.open(bell)
    assert desk.document.selected is not None
    assert desk.document.selected.id == first.id
    assert (len(desk.document.takes), desk.document.undo_label) == (2, label)
    assert desk.messages.text == "“My bell” was open already."
    assert desk.messages.level == "info"
    desk.open(bell, wav(tmp_path / "snow.wav"), bell)
    assert [take.name for take in desk.document.takes] == ["My bell", "rain", "snow"]
    desk.open(rain, rain)
    assert len(desk.document.takes) == 3


def test_the_same_file_named_twice_is_one_take(desk: Desk, tmp_path: Path) -> None:
    bell = wav(tmp_path / "bell.wav")
    desk.open(bell, bell)
    assert [take.name for take in desk.document.takes] == ["bell"]
    assert desk.messages.text == ""


def test_a_file_that_was_recorded_anew_is_a_take_of_its_own(desk: Desk, tmp_path: Path) -> None:
    bell = wav(tmp_path / "bell.wav")
    desk.open(bell)
    bell.unlink()
    wav(bell, 880)
    os.utime(bell, ns=(1, 1))
    desk.open(bell)
    assert len(desk.document.takes) == 2


def test_a_patch_is_read_by_a_job_and_loaded_when_it_is_there(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "Bell.json"
    path.write_text(Patch("fm", {"op1_ratio": 3.5}, name="Bell").dumps(), encoding="utf-8")
    desk.opening.open([path])
    assert (desk.opening.busy, desk.document.patch.values["op1_ratio"]) == (True, 1.0)
    desk.later.waiting.pop()()
    assert (desk.opening.busy, desk.document.patch.values["op1_ratio"]) == (False, 3.5)
    assert desk.document.undo_label == "Load “Bell”"
    assert threading.get_ident() not in desk.later.threads


def test_what_is_no_patch_is_one_sentence(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    path.write_bytes(b"\xff\xfe\x00\x01")
    desk.opening.open_patch(path)
    desk.later.waiting.pop()()
    assert desk.messages.text.startswith("noise.json is no patch: it is not text.")
    assert desk.opening.errors == [desk.messages.text]
    desk.opening.open_patch(tmp_path / "gone.json")
    desk.later.waiting.pop()()
    assert desk.messages.text.startswith("gone.json cannot be read")


def test_a_thousand_files_are_one_job_and_one_step(desk: Desk, tmp_path: Path) -> None:
    path = wav(tmp_path / "one.wav")
    files = [path.with_name(f"{n}.wav") for n in range(1000)]
    for file in files:
        file.hardlink_to(path)
    desk.opening.open(files)
    assert desk.later.titles == ["Opening 1000 sounds"]
    desk.later.waiting.pop()()
    assert len(desk.document.takes) == 1000
    desk.document.undo()
    assert desk.document.takes == ()


def test_what_was_open_when_it_was_stopped_stays(desk: Desk, tmp_path: Path) -> None:
    desk.later.stop_after = 1
    desk.open(wav(tmp_path / "bell.wav"), wav(tmp_path / "rain.wav"))
    assert [take.name for take in desk.document.takes] == ["bell"]
    assert desk.messages.text == "Opening 2 sounds: that was stopped."


def test_a_single_file_that_cannot_be_opened_is_a_job_that_failed(desk: Desk, tmp_path: Path) -> None:
    desk.open(broken(tmp_path / "bad.wav"))
    assert desk.messages.text.startswith("bad.wav is no sound file")
    assert desk.opening.errors == [desk.messages.text]
