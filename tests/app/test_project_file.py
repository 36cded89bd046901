"""The file of the open project: saving, opening, starting over, and whether everything is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from app.document import Document
from engine.audio import Audio, Clip
from engine.params import Patch
from engine.project.take import Take


def take(name: str = "Bell") -> Take:
    return Take.of(Clip.of(Audio(np.full(80, 0.25), 8000), name), origin="render")


def test_saving_cleans_and_undo_past_it_dirties(document: Document, tmp_path: Path) -> None:
    document.add_take(take())
    paths: list[object] = []
    document.file.saved.connect(paths.append)
    document.file.save(tmp_path / "song.tonewright", {"zoom": 2})
    assert not document.file.dirty
    assert paths == [tmp_path / "song.tonewright"]
    assert document.file.path == tmp_path / "song.tonewright"
    document.undo()
    assert document.file.dirty
    document.redo()
    assert not document.file.dirty


def test_what_changes_while_a_save_runs_stays_dirty(qapp: object, tmp_path: Path) -> None:
    later: list[Callable[[], None]] = []

    def submit(body, *, title, done, failed, **_):  # type: ignore[no-untyped-def]
        from engine.jobs import run_inline

        later.append(lambda: done(run_inline(body)))

    document = Document(submit=submit)
    document.add_take(take())
    document.file.save(tmp_path / "song.tonewright")
    document.audition("gain_db", -1.0)
    document.commit("Turn Gain")
    later.pop()()
    assert document.file.dirty
    document.file.load(tmp_path / "song.tonewright")
    later.pop()()
    assert document.patch == Patch("fm")
    assert not document.file.dirty


def test_opening_replaces_everything_and_forgets_the_history(document: Document, tmp_path: Path) -> None:
    document.add_take(take())
    document.file.save(tmp_path / "song.tonewright", {"zoom": 2})
    other = Document()
    other.add_take(take("Other"))
    loaded: list[object] = []
    other.file.loaded.connect(loaded.append)
    other.file.load(tmp_path / "song.tonewright")
    assert [t.name for t in other.takes] == ["Bell"]
    assert other.undo_label is None
    assert not other.file.dirty
    assert loaded[0].view == {"zoom": 2}  # type: ignore[attr-defined]


def test_a_project_that_cannot_be_opened_changes_nothing(document: Document, tmp_path: Path) -> None:
    document.add_take(take())
    said: list[str] = []
    document.file.failed.connect(said.append)
    document.file.load(tmp_path / "gone.tonewright")
    assert len(said) == 1
    assert "gone.tonewright" in said[0]
    assert len(document.takes) == 1
    document.file.save(tmp_path / "no such folder" / "x.tonewright")
    assert len(said) == 2
    assert document.file.dirty


def test_a_new_project_is_empty_and_clean(document: Document) -> None:
    document.add_take(take())
    document.audition("gain_db", -1.0)
    document.file.new_project()
    assert document.takes == ()
    assert document.patch == Patch("fm")
    assert not document.file.dirty
    assert document.undo_label is None
