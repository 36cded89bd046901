"""Presets while the files are being looked at: what a hand marks, saves or deletes meanwhile is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import preset_sources
from app.document import Document
from app.presets import Presets
from app.submit import run_here
from engine.errors import PatchError
from engine.jobs import run_inline
from engine.params import Patch
from engine.project.preset_marks import Marks, read_marks
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset

BELL, KICK, MINE = "factory:fm/Bell.json", "factory:fm/Kick.json", "user:Mine.json"


class Later:
    """Runs jobs here, but those that look for presets stop before their end until :meth:`go`: they have read it all."""

    def __init__(self) -> None:
        self.is_slow = True
        self.broken: PatchError | None = None
        self._ends: list[Callable[[], None]] = []

    def __call__(self, body: Any, *, title: str, done: Any, failed: Any, **more: Any) -> None:
        if title != "Look for presets" or not self.is_slow:
            run_here(body, title=title, done=done, failed=failed, **more)
        elif self.broken is not None:
            error = self.broken
            self._ends.append(lambda: failed(error))
        else:
            found = run_inline(body)
            self._ends.append(lambda: done(found))

    def go(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            end()


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    folder = tmp_path / "factory" / "fm"
    folder.mkdir(parents=True)
    for name in ("Bell", "Kick"):
        (folder / f"{name}.json").write_text(Preset(Patch("fm", name=name)).dumps())
    made = PresetStore(tmp_path / "own", tmp_path / "factory")
    made.write_marks(Marks().starred(BELL, True).tagged(KICK, ["mine", "hard"]).used(KICK).dumps())
    return made


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def presets(qapp: object, store: PresetStore, later: Later) -> Presets:
    made = Presets(Document(), submit=later, store=store)
    made.refresh()
    return made


def save_mine(presets: Presets) -> None:
    presets.files.save_as(Preset(replace(presets._document.patch, name="Mine")))


def test_what_is_saved_before_the_first_look_ends_leaves_the_favourites_alone(
    presets: Presets, store: PresetStore, later: Later
) -> None:
    save_mine(presets)
    presets.star([KICK], True)
    assert KICK in presets.marks.favourites, "A star shows at once."
    assert read_marks(store.marks).favourites == {BELL}, "Nothing is written over what was not read."
    later.go()
    assert presets.marks.favourites == {BELL, KICK}
    assert presets.marks.tags == {KICK: ("mine", "hard")}
    assert presets.marks.recent == (MINE, KICK)
    assert read_marks(store.marks) == presets.marks


def test_closing_before_the_first_look_ends_keeps_old_and_new_marks(presets: Presets, store: PresetStore) -> None:
    presets.star([KICK], True)
    presets.close()
    kept = read_marks(store.marks)
    assert (kept.favourites, kept.tags) == ({BELL, KICK}, {KICK: ("mine", "hard")})


def test_closing_without_having_read_leaves_damaged_marks_as_they_are(presets: Presets, store: PresetStore) -> None:
    store.marks.write_text("{")
    presets.star([KICK], True)
    presets.close()
    assert store.marks.read_text() == "{"


def test_marks_survive_a_first_look_that_fails(presets: Presets, store: PresetStore, later: Later) -> None:
    later.go()
    again = Presets(Document(), submit=later, store=store)
    later.broken = PatchError("The folder is not there.")
    again.refresh()
    again.star([KICK], True)
    later.go()
    assert read_marks(store.marks).favourites == {BELL}
    later.broken = None
    again.refresh()
    later.go()
    assert read_marks(store.marks).favourites == {BELL, KICK}


def test_a_star_that_is_set_during_a_look_is_not_taken_back(presets: Presets, store: PresetStore, later: Later) -> None:
    later.go()
    presets.refresh()
    presets.star([KICK], True)
    later.go()
    assert presets.marks.favourites == {BELL, KICK}
    assert read_marks(store.marks).favourites == {BELL, KICK}


def test_what_is_saved_during_a_look_stays_in_the_list_and_loaded(presets: Presets, later: Later) -> None:
    later.go()
    presets.refresh()
    save_mine(presets)
    later.go()
    assert presets.entry(MINE) is not None
    assert presets.loaded is not None
    assert presets.loaded.key == MINE


def test_what_is_deleted_during_a_look_does_not_come_back(presets: Presets, later: Later) -> None:
    later.go()
    save_mine(presets)
    presets.refresh()
    presets.files.delete([entry for entry in presets.entries if not entry.is_factory])
    later.go()
    assert [entry.key for entry in presets.entries] == [BELL, KICK]


def test_what_is_saved_before_the_first_look_ends_is_there_after_it(presets: Presets, later: Later) -> None:
    save_mine(presets)
    later.go()
    assert [entry.key for entry in presets.entries] == [BELL, KICK, MINE]
    later.go()
    assert [entry.key for entry in presets.entries] == [BELL, KICK, MINE], "A second look says the same."


def test_presets_that_were_heard_are_not_all_remembered(
    presets: Presets, later: Later, store: PresetStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preset_sources, "MOST_NAMES", 8)
    for number in range(20):
        store.add(Preset(Patch("fm", {"gain_db": -1.0 - number}, name=f"Tone {number}")))
    later.go()
    later.is_slow = False
    presets.refresh()
    document = presets._document
    presets.auditioned.connect(document.audition_patch)
    presets.load(presets.entry("user:Tone 3.json"))
    for entry in presets.entries:
        presets.audition(entry)
    assert len(presets._sources) <= 8
    presets.cancel()
    assert presets.loaded is not None
    assert (presets.loaded.key, presets.edited) == ("user:Tone 3.json", False)
