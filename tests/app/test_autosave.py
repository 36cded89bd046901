"""Safety copies and the way back: after a crash, twice, never in a loop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from app.autosave import ABOUT, Autosave, Session, aside_folder, find_steps
from app.document import Document
from app.recovery_bar import RecoveryBar
from engine.audio import Audio, Clip
from engine.jobs import run_inline
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.store import DESCRIPTION, load_project
from engine.project.take import Take

RATE = 8000


def take(name: str = "Bell") -> Take:
    samples = np.random.default_rng(len(name)).normal(size=(1, 400)).astype(np.float32)
    return Take.of(Clip.of(Audio(samples, RATE), name), origin="render")


@pytest.fixture
def start(qapp: object, tmp_path: Path) -> Iterator[Callable[..., tuple[Document, Autosave, list[Any]]]]:
    """Starts a program's worth of document and autosave; all of them share one state folder."""
    running: list[tuple[Document, Autosave]] = []

    def make(delay_ms: int = 60_000, **more: Any) -> tuple[Document, Autosave, list[Any]]:
        document = Document()
        autosave = Autosave(document, folder=tmp_path, delay_ms=delay_ms, **more)
        said: list[Any] = []
        autosave.offered.connect(said.append)
        autosave.message.connect(said.append)
        autosave.start()
        running.append((document, autosave))
        return document, autosave, said

    yield make
    for _, autosave in running:
        autosave.close()


def crash(tmp_path: Path, *, project: Path | None = None, takes: int = 2) -> None:
    """A program that keeps a safety copy and is then killed."""
    program = textwrap.dedent(
        f"""
        import os, sys
        from pathlib import Path
        import numpy as np
        from PySide6.QtCore import QCoreApplication
        from app.autosave import Autosave
        from app.document import Document
        from engine.audio import Audio, Clip
        from engine.project.take import Take

        app = QCoreApplication([])
        document = Document()
        autosave = Autosave(document, folder=Path(sys.argv[1]))
        autosave.start()
        if sys.argv[2]:
            document.file.save(Path(sys.argv[2]))
        for number in range({takes}):
            document.add_take(Take.of(Clip.of(Audio(np.full(400, 0.5), {RATE}), f"Take {{number}}"), origin="render"))
        document.audition("gain_db", -1.0)
        document.commit("Turn Gain")
        autosave.keep_now()
        print("kept", flush=True)
        sys.stdin.read()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), str(project or "")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"
        process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)


def test_a_change_is_kept_after_a_while(start: Any, qtbot: Any) -> None:
    document, autosave, _ = start(delay_ms=20)
    with qtbot.waitSignal(autosave.kept):
        document.add_take(take())
    assert (autosave.session_folder / DESCRIPTION).exists()


def test_steady_work_is_kept_too(start: Any, qtbot: Any) -> None:
    document, autosave, _ = start(delay_ms=80)
    kept: list[int] = []
    autosave.kept.connect(lambda: kept.append(1))
    for gain in range(12):
        document.audition("gain_db", -20.0 + gain)
        document.commit("Turn Gain")
        qtbot.wait(20)
    assert kept


def test_losing_the_focus_keeps_at_once(start: Any) -> None:
    document, autosave, _ = start()
    document.add_take(take())
    assert not (autosave.session_folder / DESCRIPTION).exists()
    QGuiApplication.instance().applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert (autosave.session_folder / DESCRIPTION).exists()


def test_saved_work_needs_no_safety_copy(start: Any, tmp_path: Path) -> None:
    document, autosave, _ = start()
    document.add_take(take())
    autosave.keep_now()
    document.file.save(tmp_path / "song.tonewright")
    assert not (autosave.session_folder / DESCRIPTION).exists()


def test_a_clean_end_leaves_nothing(start: Any, tmp_path: Path) -> None:
    document, autosave, _ = start()
    document.add_take(take())
    autosave.keep_now()
    autosave.close()
    assert list(tmp_path.iterdir()) == []
    _, _, said = start()
    assert said == [None]


def test_a_running_program_is_left_alone(start: Any) -> None:
    document, autosave, _ = start()
    document.add_take(take())
    autosave.keep_now()
    _, _, said = start()
    assert said == [None]
    assert (autosave.session_folder / DESCRIPTION).exists()


def test_a_program_that_is_just_starting_keeps_its_folder(start: Any, tmp_path: Path) -> None:
    starting, abandoned = tmp_path / ("a" * 32), tmp_path / ("b" * 32)
    for folder, age_s in ((starting, 0), (abandoned, 3600)):
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - age_s,) * 2)
    _, autosave, _ = start()
    assert list(starting.iterdir()) == []  # not even its lock was tried
    assert not abandoned.exists()
    assert autosave.session_folder is not None
    assert autosave.session_folder.is_dir()


def test_a_killed_program_is_offered_and_comes_back_whole(start: Any, tmp_path: Path) -> None:
    crash(tmp_path, takes=3)
    document, autosave, said = start()
    (offer,) = said
    assert offer.n_takes == 3
    assert offer.sentence.startswith("Tonewright closed unexpectedly. 3 takes and the patch")
    autosave.restore()
    assert [t.name for t in document.takes] == ["Take 0", "Take 1", "Take 2"]
    np.testing.assert_array_equal(document.takes[0].clip.read(0, 400).samples, np.full((1, 400), 0.5))
    assert document.patch.values["gain_db"] == -1.0
    assert document.file.dirty
    assert said[-1] is None
    # The old session is set aside, and the new one has it all.
    assert not offer.folder.exists()
    assert len(list(aside_folder(tmp_path).iterdir())) == 1
    assert (autosave.session_folder / DESCRIPTION).exists()


def test_the_last_good_save_stays_beside_the_recovered_work(start: Any, tmp_path: Path) -> None:
    song = tmp_path.parent / f"{tmp_path.name}-song.tonewright"
    crash(tmp_path, project=song)
    before = song.read_bytes()
    document, autosave, said = start()
    assert "song.tonewright as last saved stays" in said[0].sentence
    autosave.restore()
    assert document.file.path == song
    assert document.file.dirty
    assert song.read_bytes() == before
    assert load_project(song).project.takes == ()


def test_work_already_begun_is_joined_and_not_replaced(start: Any, tmp_path: Path) -> None:
    crash(tmp_path)
    document, autosave, _ = start()
    document.add_take(take("Mine"))
    autosave.restore()
    assert [t.name for t in document.takes] == ["Mine", "Take 0", "Take 1"]
    document.undo()
    assert [t.name for t in document.takes] == ["Mine"]


def test_joined_work_belongs_to_the_project_that_it_came_from(start: Any, tmp_path: Path) -> None:
    song = tmp_path.parent / f"{tmp_path.name}-song.tonewright"
    crash(tmp_path, project=song)
    document, autosave, _ = start()
    document.add_take(take("Mine"))
    autosave.restore()
    assert document.file.path == song
    assert document.file.dirty
    assert len(document.takes) == 3


def test_a_note_that_was_struck_meanwhile_does_not_count_as_work(start: Any, tmp_path: Path) -> None:
    song = tmp_path.parent / f"{tmp_path.name}-song.tonewright"
    crash(tmp_path, project=song)
    document, autosave, _ = start()
    document.set_note(NoteSettings(note=72), "Play a key")
    autosave.restore()
    assert document.file.path == song
    assert document.undo_label is None, "the restored project starts as one that was opened"


def test_discarded_work_waits_a_week(start: Any, tmp_path: Path) -> None:
    crash(tmp_path)
    document, autosave, said = start()
    autosave.discard()
    assert said[-1] is None
    assert document.takes == ()
    (aside,) = aside_folder(tmp_path).iterdir()
    assert (aside / DESCRIPTION).exists()
    _, _, said = start()
    assert said == [None]
    assert aside.exists()
    week_ago = time.time() - 8 * 24 * 3600
    os.utime(aside / ABOUT, (week_ago, week_ago))
    start()
    assert not aside.exists()


def test_a_session_that_takes_the_program_down_is_offered_twice_and_no_more(start: Any, tmp_path: Path) -> None:
    crash(tmp_path)
    for expected in (0, 1):
        found, notices = run_inline(lambda: find_steps(tmp_path, tmp_path / "own"))
        assert notices == []
        assert found[0].attempts == expected
        # The restoring begins and the program dies in the middle of it.
        from app.autosave import restore_steps

        steps = restore_steps(found[0])
        next(steps)
        steps.close()
    document, _, said = start()
    assert said[-1] is None
    assert "could not be restored in 2 tries" in said[0]
    assert str(aside_folder(tmp_path)) in said[0]
    assert document.takes == ()


def test_a_session_that_cannot_be_read_is_named_and_does_not_block(start: Any, tmp_path: Path) -> None:
    crash(tmp_path)
    broken = tmp_path / "0broken"
    broken.mkdir()
    (broken / DESCRIPTION).write_text("{", encoding="utf-8")
    _, _, said = start()
    assert "damaged" in said[0]
    assert isinstance(said[1], Session)
    assert not broken.exists()


def test_several_dead_sessions_are_offered_newest_first(start: Any, tmp_path: Path) -> None:
    crash(tmp_path, takes=1)
    (old,) = tmp_path.iterdir()
    os.utime(old / DESCRIPTION, (time.time() - 3600,) * 2)
    crash(tmp_path, takes=2)
    _, autosave, said = start()
    assert said[-1].n_takes == 2
    autosave.discard()
    assert said[-1].n_takes == 1
    autosave.discard()
    assert said[-1] is None


def test_one_copy_is_written_at_a_time_and_the_last_change_is_in_it(start: Any) -> None:
    waiting: list[Callable[[], None]] = []

    def later(body: Any, *, title: str, done: Any, failed: Any, **_: bool) -> None:
        if "safety" in title:
            waiting.append(lambda: done(run_inline(body)))
        else:
            done(run_inline(body))

    document, autosave, _ = start(submit=later)
    document.add_take(take("One"))
    autosave.keep_now()
    document.add_take(take("Two"))
    autosave.keep_now()
    assert len(waiting) == 1
    waiting.pop()()
    assert len(waiting) == 1
    waiting.pop()()
    data = json.loads((autosave.session_folder / DESCRIPTION).read_text(encoding="utf-8"))
    assert [t["name"] for t in data["takes"]] == ["One", "Two"]


def test_a_copy_that_ends_after_the_save_is_forgotten(start: Any, tmp_path: Path) -> None:
    waiting: list[Callable[[], None]] = []

    def later(body: Any, *, title: str, done: Any, failed: Any, **_: bool) -> None:
        waiting.append(lambda: done(run_inline(body))) if "safety" in title else done(run_inline(body))

    document, autosave, _ = start(submit=later)
    document.add_take(take())
    autosave.keep_now()
    document.file.save(tmp_path.parent / f"{tmp_path.name}.tonewright")
    waiting.pop()()
    assert not (autosave.session_folder / DESCRIPTION).exists()


def test_a_folder_that_cannot_be_written_is_said_once(qapp: object, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    document = Document()
    autosave = Autosave(document, folder=tmp_path / "file" / "sessions")
    said: list[str] = []
    autosave.message.connect(said.append)
    autosave.start()
    document.set_patch(Patch("fm", {"gain_db": -1.0}), "Turn")
    autosave.keep_now()
    autosave.close()
    assert len(said) == 1
    assert "safety copies" in said[0]


def test_the_bar_offers_and_goes(start: Any, tmp_path: Path, qtbot: Any) -> None:
    crash(tmp_path, takes=1)
    document, autosave, said = start()
    bar = RecoveryBar(autosave)
    qtbot.addWidget(bar)
    bar.offer(said[-1])
    assert not bar.isHidden()
    assert "1 take and the patch" in bar.text.text()
    qtbot.mouseClick(bar.restore, Qt.MouseButton.LeftButton)
    assert bar.isHidden()
    assert [t.name for t in document.takes] == ["Take 0"]
