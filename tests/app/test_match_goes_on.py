"""Who listens to a match ends it not: strikes on the object, and a look at the other instrument."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import pytest
from gestures import Hand
from instrument_fakes import Diary
from pytestqt.qtbot import QtBot
from slow_search import SlowSearch

from app.compose import Session
from engine.audio import Audio
from engine.audio.values import Clip
from engine.jobs import Note
from engine.matching.result import Candidate, MatchResult
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.take import Take

NOTE = NoteSettings(60, 100, 0.1, 0.1)
PATIENCE_MS = 20_000
PLATE = Patch("impact", {"shape": 1.0}, name="Plate")


def found(*sizes: float) -> tuple[Candidate, ...]:
    patches = (Patch("impact", {"size_m": size}, name="Like clink") for size in sizes)
    return tuple(Candidate(patch, 2.0 + place, NOTE) for place, patch in enumerate(patches))


class Slow(SlowSearch):
    """A match."""

    def __init__(self) -> None:
        super().__init__()
        self.preview = found(0.35)

    def __call__(self, target: Audio, **options: Any) -> Generator[Note, None, MatchResult]:
        yield from self.go_on()
        return MatchResult(found(0.5, 0.6), None, 0.0, 0.1, "", "Marimba", 9.0)

    def note(self) -> Note:
        return Note(0.5, "Refining", self.preview)


class Struck(Diary):
    """An instrument that writes down who strikes what."""

    n_sounding = 0
    size_m = 0.0

    def hit(self, x: float, y: float, velocity: int = 100, note: int = 60) -> None:
        self.log.append((round(x, 1), velocity, self.size_m))

    def set_patch(self, patch: Patch, *, turning: bool = False) -> None:
        self.size_m = patch.values.get("size_m")

    def connect(self, bus: object) -> None:
        pass


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr("engine.matching.fake.match", made)
    return made


@pytest.fixture
def matched(session: Session, slow: Slow, qtbot: QtBot) -> Session:
    """The impact instrument is fitted to a clink, and the best so far is heard."""
    session.document.set_patch(PLATE, "Load")
    qtbot.waitUntil(lambda: session.window.in_sight("impact") and session.live.up_to_date)
    qtbot.waitUntil(lambda: session.live_play.is_ready, timeout=20_000)
    t = np.arange(4410) / 44_100
    clink = Audio((0.3 * np.exp(-t / 0.02) * np.sin(6000.0 * t)).astype(np.float32)[None], 44_100)
    take = Take.of(Clip.of(clink, "clink"), origin="file", name="clink")
    session.document.add_take(take)
    session.matching.match_take(take)
    tried(qtbot, session, 0.35)
    return session


def tried(qtbot: QtBot, session: Session, size_m: float) -> None:
    qtbot.waitUntil(lambda: session.document.patch.values.get("size_m") == size_m, timeout=PATIENCE_MS)


def strike(session: Session, x: float, y: float) -> None:
    spot = session.impact.view.pixel(x, y).toPoint()
    Hand(session.impact.view, spot.x(), spot.y()).press().release()


def test_a_strike_lets_a_match_be_heard_and_changes_nothing(
    qtbot: QtBot, matched: Session, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, diary = matched.document, Struck()
    monkeypatch.setattr(matched.live_play, "instrument", diary)
    steps = document.history.past
    slow.finished = True
    tried(qtbot, matched, 0.5)
    strike(matched, 0.7, 0.4)
    assert diary.log == [(0.7, 80, 0.5)], "the candidate is heard, where it is struck"
    qtbot.wait(200)  # after so long the stage would follow a key
    assert matched.matching.is_on
    assert matched.matching.bar.isVisible()
    assert document.patch == found(0.5)[0].patch
    assert document.note == NOTE
    assert matched.impact.view.place("strike") == (document.patch.values["strike_x"], document.patch.values["strike_y"])
    assert document.history.past == steps
    matched.matching.bar.choices.button(1).click()
    strike(matched, 0.7, 0.4)
    assert diary.log[-1][-1] == 0.6
    matched.matching.accept()
    assert document.project.patch == found(0.6)[0].patch
    assert document.project.note == NOTE
    # Now it is a strike like any other.
    strike(matched, 0.7, 0.4)
    assert document.undo_label == "Strike place"
    document.undo()
    document.undo()
    assert document.patch == PLATE


@pytest.mark.parametrize("ends", ["meanwhile", "later"])
def test_a_match_goes_on_while_the_other_instrument_is_looked_at(
    qtbot: QtBot, matched: Session, slow: Slow, ends: str
) -> None:
    document, matching = matched.document, matched.matching
    steps = document.history.past
    matched.window.panel("fm").raise_()
    qtbot.waitUntil(lambda: document.patch.synth == "fm")
    assert matching.is_on
    assert document.patch_of("impact") == PLATE, "nobody has taken what was found so far"
    assert document.history.past == steps
    slow.preview = tuple(Candidate(one.patch, 0.5, NOTE) for one in found(0.4))
    qtbot.waitUntil(lambda: matching.candidates == slow.preview, timeout=PATIENCE_MS)
    if ends == "meanwhile":
        slow.finished = True
        qtbot.waitUntil(lambda: matching.job is None, timeout=PATIENCE_MS)
    assert document.patch.synth == "fm"
    document.audition("op1_ratio", 2.0)
    document.commit("Turn")
    matched.window.panel("impact").raise_()
    tried(qtbot, matched, 0.5 if ends == "meanwhile" else 0.4)
    slow.finished = True
    tried(qtbot, matched, 0.5)
    assert matching.bar.isVisible()
    matching.accept()
    assert document.project.patch == found(0.5)[0].patch
    document.undo()
    assert document.patch == PLATE
    assert document.patch_of("fm").values["op1_ratio"] == 2.0


def test_a_match_is_discarded_from_the_other_instrument(qtbot: QtBot, matched: Session, slow: Slow) -> None:
    document = matched.document
    document.use_synth("fm")
    document.audition("op1_ratio", 2.0)
    matched.matching.discard()
    assert document.patch.values["op1_ratio"] == 2.0
    assert document.patch_of("impact") == PLATE
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)


@pytest.mark.parametrize("is_done", [True, False])
def test_a_turn_says_whether_the_match_had_ended(qtbot: QtBot, matched: Session, slow: Slow, is_done: bool) -> None:
    if is_done:
        slow.finished = True
        tried(qtbot, matched, 0.5)
    matched.document.audition("blend", 0.4)
    matched.document.commit("Turn")
    assert not matched.matching.is_on
    assert ("so far" in matched.messages.text) == (not is_done)
    assert "undo goes back past both" in matched.messages.text
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)
