"""Files that are brought to the window: many at once, broken ones among them, and the same one again."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.bridge import Bridge
from app.document import Document
from app.message_bar import MessageBar
from app.opening import Opening
from engine.audio import Audio, write_clip
from engine.errors import EngineError
from engine.jobs import run_inline
from engine.params import Patch
from engine.studio import Studio


class Desk:
    """What opening needs of a window."""

    def __init__(self, qtbot: QtBot, submit: Any) -> None:
        self.qtbot = qtbot
        self.bridge = Bridge()
        self.studio = Studio(self.bridge.listener, kind="fake")
        self.document = Document()
        self.messages = MessageBar()
        qtbot.addWidget(self.messages)
        self.opening = Opening(self.studio, self.bridge, self.document, self.messages, submit=submit)

    def open(self, *paths: Path) -> None:
        with self.qtbot.waitSignal(self.opening.settled):
            self.opening.open(paths)

    def close(self) -> None:
        self.studio.close()
        self.bridge.close()


class Later:
    """Jobs that run when the test says so, on a thread of their own."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.threads: list[int] = []

    def __call__(self, body: Any, *, title: str, done: Callable[[Any], None], failed: Any, **_: bool) -> None:
        def run() -> None:
            results: list[Callable[[], None]] = []

            def work() -> None:
                self.threads.append(threading.get_ident())
                try:
                    result = run_inline(body)
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


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def desk(qtbot: QtBot, later: Later) -> Iterator[Desk]:
    made = Desk(qtbot, later)
    yield made
    made.close()


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


def test_a_patch_is_read_by_a_job_and_loaded_when_it_is_there(desk: Desk, later: Later, tmp_path: Path) -> None:
    path = tmp_path / "Bell.json"
    path.write_text(Patch("fm", {"op1_ratio": 3.5}, name="Bell").dumps(), encoding="utf-8")
    desk.opening.open([path])
    assert (desk.opening.busy, desk.document.patch.values["op1_ratio"]) == (True, 1.0)
    later.waiting.pop()()
    assert (desk.opening.busy, desk.document.patch.values["op1_ratio"]) == (False, 3.5)
    assert desk.document.undo_label == "Load “Bell”"
    assert threading.get_ident() not in later.threads


def test_what_is_no_patch_is_one_sentence(desk: Desk, later: Later, tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    path.write_bytes(b"\xff\xfe\x00\x01")
    desk.opening.open_patch(path)
    later.waiting.pop()()
    assert desk.messages.text.startswith("noise.json is no patch: it is not text.")
    assert desk.opening.errors == [desk.messages.text]
    desk.opening.open_patch(tmp_path / "gone.json")
    later.waiting.pop()()
    assert desk.messages.text.startswith("gone.json cannot be read")
