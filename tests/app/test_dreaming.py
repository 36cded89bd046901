"""Words in the whole window: say what is wanted, watch, listen, choose, go back, branch, take it or leave it."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from slow_search import SlowSearch

from app.compose import Session
from app.controls.knob import Knob
from engine.audio import Audio, Clip
from engine.errors import EngineError
from engine.jobs import Note
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.project.take import Take
from engine.sds.result import Candidate, Moment, TuneRequest, TuneResult, TuneState

NOTE = NoteSettings(57, 100, 0.2, 0.25)
PATIENCE_MS = 20_000
LEFT = Qt.MouseButton.LeftButton
WORDS = "a dull wooden knock"
SILENCE = Audio(np.zeros((1, 1), np.float32), 48_000)


def tone(hz: float) -> Audio:
    t = np.arange(6000) / 24_000
    return Audio((0.3 * np.sin(2 * np.pi * hz * t) * np.exp(-t / 0.1)).astype(np.float32)[None], 24_000)


def candidate(ratio: float, score: float) -> Candidate:
    return Candidate(
        Patch("fm", {"op1_ratio": ratio}, name="knock"), NOTE, score, 2.0 - score, tone(220 * ratio), "bank"
    )


def state(*ratios: float, arrows: dict[str, float] | None = None, known: int = 512) -> TuneState:
    """Candidates with these ratios, best first, and one moment for each."""
    found = tuple(candidate(ratio, 0.8 - 0.1 * place) for place, ratio in enumerate(ratios))
    moments = tuple(
        Moment(
            0.5 * (n + 1), "bank", "Looking", Patch("fm", {"op1_ratio": 8.0 + n}, name="knock"), NOTE, 2.0 - n, 0.1 * n
        )
        for n in range(4)
    )
    return TuneState(
        found, moments, (tone(900.0), tone(1200.0)), arrows or {"op1_ratio": 0.8}, known, 4096, "Apache-2.0"
    )


class Slow(SlowSearch):
    """A tuning."""

    def __init__(self) -> None:
        super().__init__()
        self.state = state(3.0, 4.0, 5.0)
        self.requests: list[TuneRequest] = []
        self.holds = threading.Event()
        """A pass goes on for as long as this is not set."""
        self.holds.set()
        self.error: Exception | None = None

    @property
    def request(self) -> TuneRequest:
        return self.requests[-1]

    def __call__(self, request: TuneRequest, presets: Sequence[Any]) -> Generator[Note, None, TuneResult]:
        self.requests.append(request)
        yield from self.go_on()
        now = self.state
        return TuneResult(now.candidates, now.moments, now.wanted, now.arrows, 0.2, "fake", "Apache-2.0", 1.0)

    def note(self) -> Note:
        self.holds.wait()
        if self.error is not None:
            raise self.error
        return Note(0.5, "Evolving", self.state)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr("engine.sds.fake.tune", made)
    return made


@pytest.fixture
def heard(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Audio]:
    """What is played beside the transport."""
    played: list[Audio] = []
    monkeypatch.setattr(session.player, "play_once", played.append)
    monkeypatch.setattr(session.player, "stop_once", lambda: played.append(SILENCE))
    return played


def say(qtbot: QtBot, session: Session, words: str = WORDS) -> None:
    """Type a prompt and press Return."""
    session.actions["words.ask"].trigger()
    if words:
        qtbot.keyClicks(session.dreaming.panel.ask.prompt, words)
    qtbot.keyClick(session.dreaming.panel.ask.prompt, Qt.Key.Key_Return)


def begin(qtbot: QtBot, session: Session) -> None:
    """Say the words and wait until the knobs have turned."""
    say(qtbot, session)
    turned_to(qtbot, session, 3.0)


def turned_to(qtbot: QtBot, session: Session, ratio: float) -> None:
    qtbot.waitUntil(lambda: session.document.patch.values["op1_ratio"] == ratio, timeout=PATIENCE_MS)


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, LEFT, pos=widget.rect().center())


def point_at(session: Session, widget: QWidget) -> None:
    # The pointer may have stood there in a window before.
    QTest.mouseMove(session.window.windowHandle(), QPoint(2, 2))
    QTest.mouseMove(session.window.windowHandle(), widget.mapTo(session.window, widget.rect().center()))


def finish(qtbot: QtBot, session: Session, slow: Slow) -> None:
    slow.finished = True
    qtbot.waitUntil(lambda: session.dreaming.job is None, timeout=PATIENCE_MS)


# -- saying ------------------------------------------------------------------------------------------------------------


def test_words_turn_the_knobs_and_commit_nothing(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.project.patch
    begin(qtbot, session)
    knob = session.fm.control("op1_ratio")
    assert knob.value == 3.0
    assert session.document.project.patch == before
    assert session.document.undo_label is None
    assert slow.request.prompt == WORDS
    assert slow.request.start == before
    assert session.dreaming.panel.is_open


def test_knobs_show_where_they_were_and_which_way_the_words_pull(qtbot: QtBot, session: Session, slow: Slow) -> None:
    knob = session.fm.control("op1_ratio")
    assert isinstance(knob, Knob)
    was = knob.value
    begin(qtbot, session)
    assert knob._proposal == was
    assert knob._arrow == (1, 0.8)
    click(qtbot, session.dreaming.panel.discard)
    assert (knob._proposal, knob._arrow) == (None, None)


def test_a_page_that_is_built_later_has_the_marks_too(qtbot: QtBot, session: Session, slow: Slow) -> None:
    name = next(p.name for p in session.fm.space if p.section == "Filter" and p.is_continuous and p.count == 1)
    slow.state = state(3.0, arrows={name: -0.5})
    begin(qtbot, session)
    control = session.fm.control(name)
    assert control._arrow == (-1, 0.5)


def test_no_words_no_search_but_the_next_step_is_said(qtbot: QtBot, session: Session, slow: Slow) -> None:
    session.dreaming.panel.ask.prompt.setText("   ")
    click(qtbot, session.dreaming.panel.ask.dream)
    assert not session.dreaming.is_on
    assert "choose an example" in session.dreaming.panel.words.text()
    assert session.dreaming.panel.ask.prompt.hasFocus()


def test_words_that_nobody_understands_are_refused_in_one_sentence(qtbot: QtBot, session: Session, slow: Slow) -> None:
    # Qt's test keyboard has no such keys.
    session.dreaming.panel.ask.prompt.setText("сухой стук")
    say(qtbot, session, "")
    assert not session.dreaming.is_on
    assert "knows English" in session.dreaming.panel.words.text()
    assert slow.requests == []


def test_all_that_the_form_says_is_asked(qtbot: QtBot, session: Session, slow: Slow) -> None:
    session.document.set_locked(("op2_ratio",))
    ask = session.dreaming.panel.ask
    ask.negative.setText("metallic")
    ask.reach.enter(0.3)
    ask.guidance.enter(5.0)
    ask.seed.enter(77.0)
    ask.time.enter(12.0)
    begin(qtbot, session)
    request = slow.request
    assert (request.negative, request.reach, request.guidance, request.seed) == ("metallic", 0.3, 5.0, 77)
    assert request.seconds == pytest.approx(12.0)
    assert request.locked == {"op2_ratio"}
    assert request.synth == "fm"


def test_the_guidance_is_that_of_the_prior_unless_somebody_chose(session: Session) -> None:
    ask = session.dreaming.panel.ask
    assert ask.asked().guidance is None
    assert ask.guidance.value_text() == "usual"
    ask.guidance.enter(4.0)
    assert ask.asked().guidance == 4.0


def test_a_knob_is_narrowed_for_words_in_its_menu(qtbot: QtBot, session: Session, slow: Slow, windows: Any) -> None:
    knob = session.fm.control("op1_ratio")
    assert isinstance(knob, Knob)

    def choose(words: str) -> None:
        menu = knob.build_menu()
        (offer,) = [action.menu() for action in menu.actions() if action.text() == "Words may turn it"]
        next(action for action in offer.actions() if action.text() == words).trigger()  # type: ignore[union-attr]
        menu.deleteLater()

    choose("Up from here")
    limits = (1.0, knob.param.high)
    assert knob._range == pytest.approx(limits)
    begin(qtbot, session)
    assert dict(slow.request.narrowed) == {"op1_ratio": pytest.approx(limits)}
    click(qtbot, session.dreaming.panel.discard)
    session.dreaming.keeper.forget()
    session.actions["edit.undo"].trigger()
    assert knob._range is None
    session.actions["edit.redo"].trigger()
    assert knob._range == pytest.approx(limits)
    windows.leave(session)
    again = windows.start()
    assert again.fm.control("op1_ratio")._range == pytest.approx(limits)
    assert dict(again.dreaming.ranges.of("impact")) == {}


def test_a_remembered_range_that_makes_no_sense_is_forgotten(windows: Any) -> None:
    from app.settings import Settings

    settings = Settings(windows.settings_path)
    wrong = {"fm": {"op1_ratio": [9.0, 1.0], "gone": [0, 1], "gain_db": "x"}, "tape": {"a": [0, 1]}}
    settings.set("words/ranges", wrong | {"impact": {"size_m": [0.2, 0.3]}})
    ranges = windows.start(settings=settings).dreaming.ranges
    assert dict(ranges.of("fm")) == {}
    assert dict(ranges.of("impact")) == {"size_m": (0.2, 0.3)}


def test_the_dice_gives_another_seed(qtbot: QtBot, session: Session) -> None:
    ask = session.dreaming.panel.ask
    ask.more.click()
    seen = set()
    for _ in range(3):
        click(qtbot, ask.dice)
        seen.add(ask.asked().seed)
    assert len(seen) > 1


def test_what_was_asked_is_remembered_and_can_be_asked_again(
    qtbot: QtBot, session: Session, slow: Slow, windows: Any
) -> None:
    begin(qtbot, session)
    click(qtbot, session.dreaming.panel.discard)
    assert session.dreaming.panel.ask.recall_menu().actions()[0].text() == WORDS
    windows.leave(session)
    again = windows.start()
    field = again.dreaming.panel.ask.prompt
    qtbot.keyClicks(field, "a bell")
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "a bell"
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.text() == WORDS
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "a bell", "what was typed is not lost"


def test_the_examples_are_those_of_the_instrument(qtbot: QtBot, session: Session) -> None:
    ask = session.dreaming.panel.ask

    def offered() -> list[str]:
        return [action.text() for action in ask.recall_menu().actions()]

    assert "a deep kick drum" in offered()
    click(qtbot, ask._buttons["impact"])
    assert session.document.patch.synth == "impact"
    assert "a dull wooden knock" in offered()


def test_what_is_not_known_yet_is_said(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    assert "512 of 4096 sounds known" in session.dreaming.panel.words.text()
    slow.state = state(3.0, 4.0, known=4096)
    qtbot.waitUntil(lambda: "sounds known" not in session.dreaming.panel.words.text())


# -- looking and listening ---------------------------------------------------------------------------------------------


def test_a_tile_is_heard_under_the_pointer_and_silent_again(
    qtbot: QtBot, session: Session, slow: Slow, heard: list[Audio]
) -> None:
    begin(qtbot, session)
    point_at(session, session.dreaming.panel.tiles[1])
    qtbot.waitUntil(lambda: len(heard) == 1)
    spectrum = np.abs(np.fft.rfft(heard[0].samples[0]))
    peak_hz = spectrum.argmax() * heard[0].sample_rate / heard[0].n_frames
    assert peak_hz == pytest.approx(880.0, rel=0.02)
    assert session.document.patch.values["op1_ratio"] == 3.0, "to listen is not to choose"
    point_at(session, session.stage)
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard[1] is SILENCE


def test_hearing_under_the_pointer_can_be_turned_off(
    qtbot: QtBot, session: Session, slow: Slow, heard: list[Audio]
) -> None:
    session.dreaming.panel.ask.hover.setChecked(False)
    begin(qtbot, session)
    point_at(session, session.dreaming.panel.tiles[1])
    qtbot.wait(100)
    assert heard == []


def test_the_prior_and_the_patch_before_are_heard_beside_the_candidates(
    qtbot: QtBot, session: Session, slow: Slow, heard: list[Audio]
) -> None:
    qtbot.waitUntil(lambda: session.live.up_to_date)
    begin(qtbot, session)
    point_at(session, session.dreaming.panel.wanted)
    qtbot.waitUntil(lambda: len(heard) == 1)
    point_at(session, session.dreaming.panel.before)
    qtbot.waitUntil(lambda: any(a.n_frames > 24_000 for a in heard))


def test_what_is_compared_is_equally_loud(qtbot: QtBot, session: Session, slow: Slow, heard: list[Audio]) -> None:
    from engine.audio.level import Level

    quiet = tone(440.0)
    one, *rest = slow.state.candidates
    soft = Candidate(one.patch, one.note, one.score, one.loss, Audio(0.05 * quiet.samples, 24_000), "bank")
    slow.state = TuneState((soft, *rest), slow.state.moments, slow.state.wanted, {}, 1, 1)
    begin(qtbot, session)
    target = session.dreaming.view.loudness
    qtbot.waitUntil(lambda: target.target_lufs is not None)
    for place in (0, 1):
        point_at(session, session.dreaming.panel.tiles[place])
        qtbot.waitUntil(lambda place=place: sum(a.samples.any() for a in heard) == place + 1)
    levels = [Level.of(audio).lufs for audio in heard if audio.samples.any()]
    assert levels[0] == pytest.approx(levels[1], abs=0.5)


def test_the_knobs_play_as_loud_as_before(qtbot: QtBot, session: Session, slow: Slow) -> None:
    from engine.audio.level import Level

    def loudness() -> float:
        audio = session.player.clip.read(0, session.player.clip.n_frames)  # type: ignore[union-attr]
        return Level.of(audio).lufs

    session.document.set_note(NoteSettings(60, 100, 0.8, 1.0), "Note")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    before = loudness()
    loud, *rest = slow.state.candidates
    values = {"op1_ratio": 3.0, "gain_db": 6.0, "op2_out_db": 0.0, "op2_level_db": 0.0}
    loud = Candidate(Patch("fm", values), NOTE, 0.8, 1.0, loud.audio, "bank")
    slow.state = TuneState((loud, *rest), slow.state.moments, slow.state.wanted, {}, 1, 1)
    begin(qtbot, session)
    finish(qtbot, session, slow)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert Level.of(session.live.latest.audio).lufs > before + 6.0, "the patch itself is louder"
    assert loudness() == pytest.approx(before, abs=0.7)
    gain_db = session.live.gain_db
    assert gain_db < -6.0
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: not session.dreaming.is_on)
    assert session.live.gain_db == 0.0, "what is taken is as loud as it is"


def test_a_click_and_a_number_choose(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    click(qtbot, session.dreaming.panel.tiles[1])
    assert session.document.patch.values["op1_ratio"] == 4.0
    assert session.dreaming.panel.tiles[1].checked
    qtbot.keyClick(session.window, Qt.Key.Key_3)
    assert session.document.patch.values["op1_ratio"] == 5.0
    assert [tile.checked for tile in session.dreaming.panel.tiles[:3]] == [False, False, True]


def test_numbers_typed_into_the_words_are_words(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    field = session.dreaming.panel.ask.prompt
    field.setFocus()
    qtbot.keyClicks(field, " 2")
    assert field.text().endswith(" 2")
    assert session.document.patch.values["op1_ratio"] == 3.0


def test_what_somebody_chose_stays_while_better_ones_come(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    click(qtbot, session.dreaming.panel.tiles[2])
    session.stage.setFocus()
    slow.state = state(9.0, 3.0, 4.0)
    qtbot.waitUntil(lambda: session.dreaming.candidates[0].patch.values["op1_ratio"] == 9.0)
    qtbot.wait(1200)
    assert session.document.patch.values["op1_ratio"] == 5.0
    assert sum(tile.checked for tile in session.dreaming.panel.tiles) == 1


def test_tiles_stay_in_their_places_under_the_pointer(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    tiles = session.dreaming.view.tiles

    def ratios() -> list[float]:
        return [tiles.at(n).patch.values["op1_ratio"] for n in range(3)]  # type: ignore[union-attr]

    point_at(session, session.dreaming.panel.tiles[1])
    slow.state = state(9.0, 3.0, 4.0)
    qtbot.waitUntil(lambda: 9.0 in ratios())
    assert ratios() == [3.0, 4.0, 9.0]
    point_at(session, session.stage)
    qtbot.waitUntil(lambda: ratios() == [9.0, 3.0, 4.0])


def test_the_pictures_of_the_tiles_come(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    panel = session.dreaming.panel
    qtbot.waitUntil(lambda: all(tile._levels is not None for tile in (panel.wanted, *panel.tiles[:3])))
    low, high = (panel.tiles[n]._levels for n in (0, 2))
    assert low.max(axis=1).argmax() > high.max(axis=1).argmax(), "the higher tone stands higher"


def test_the_way_is_gone_back_with_a_drag_and_the_end_goes_on(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    line = session.dreaming.panel.line
    plot = line._plot()
    places = [QPoint(round(line._x(point.seconds, plot)), line.height() // 2) for point in line.points]
    qtbot.mousePress(line, LEFT, pos=places[2])
    assert session.document.patch.values["op1_ratio"] == 10.0
    qtbot.mouseMove(line, places[1])
    assert session.document.patch.values["op1_ratio"] == 9.0
    qtbot.mouseRelease(line, LEFT, pos=places[1])
    assert not any(tile.checked for tile in session.dreaming.panel.tiles)
    qtbot.keyClick(line, Qt.Key.Key_Left)
    assert session.document.patch.values["op1_ratio"] == 8.0
    qtbot.keyClick(line, Qt.Key.Key_End)
    assert session.document.patch.values["op1_ratio"] == 3.0
    assert session.document.undo_label is None


def test_a_branch_begins_where_one_stands_and_stays_near(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.dreaming.panel.line._go(1)
    click(qtbot, session.dreaming.panel.branch)
    qtbot.waitUntil(lambda: len(slow.requests) == 2, timeout=PATIENCE_MS)
    assert slow.request.start is not None
    assert slow.request.start.values["op1_ratio"] == 9.0
    assert slow.request.reach == 0.5
    turned_to(qtbot, session, 3.0)
    click(qtbot, session.dreaming.panel.discard)
    assert session.document.patch == before, "before is what was before the first search"


def test_the_patch_before_is_one_key_away(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.stage.setFocus()
    qtbot.keyClick(session.window, Qt.Key.Key_F3)
    assert session.document.patch == before
    assert session.fm.control("op1_ratio")._proposal == 3.0, "the knob says where it would go"
    qtbot.wait(50)
    assert session.document.patch == before, "a tap stays, whatever the search finds"
    qtbot.keyClick(session.window, Qt.Key.Key_F3)
    assert session.document.patch.values["op1_ratio"] == 3.0


def test_the_key_for_the_patch_before_counts_while_it_is_held(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.stage.setFocus()
    focus = session.app.focusWidget()
    qtbot.keyPress(focus, Qt.Key.Key_F3)
    assert session.document.patch == before
    qtbot.wait(450)
    qtbot.keyRelease(focus, Qt.Key.Key_F3)
    assert session.document.patch.values["op1_ratio"] == 3.0


# -- deciding ----------------------------------------------------------------------------------------------------------


def test_stopping_keeps_the_best_so_far_as_a_proposal(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    click(qtbot, session.dreaming.panel.ask.dream)
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)
    assert session.dreaming.is_on
    assert session.document.patch.values["op1_ratio"] == 3.0
    qtbot.waitUntil(lambda: "Stopped" in session.dreaming.panel.words.text(), timeout=PATIENCE_MS)
    assert session.dreaming.panel.ask.dream.text() == "Dream"


def test_until_a_pass_has_ended_it_is_said_that_it_stops(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    slow.holds.clear()
    try:
        click(qtbot, session.dreaming.panel.ask.dream)
        qtbot.wait(50)
        assert session.dreaming.panel.words.text().startswith("Stopping after this pass; the best so far fits by 0.8")
    finally:
        slow.holds.set()
    qtbot.waitUntil(lambda: session.dreaming.panel.words.text().startswith("Stopped;"), timeout=PATIENCE_MS)


def test_what_was_stopped_and_accepted_names_its_licence(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    click(qtbot, session.dreaming.panel.ask.dream)
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: len(session.document.takes) == 1, timeout=PATIENCE_MS)
    settings = session.document.takes[0].settings
    assert (settings["prior"], settings["licence"]) == ("own", "Apache-2.0")


def test_stopping_before_anything_is_found_leaves_the_patch(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    slow.state = TuneState(())
    say(qtbot, session)
    qtbot.waitUntil(lambda: bool(slow.requests), timeout=PATIENCE_MS)
    click(qtbot, session.dreaming.panel.ask.dream)
    assert not session.dreaming.is_on
    assert session.document.patch == before


def test_accepting_is_one_step_and_a_take_with_its_recipe(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    session.dreaming.panel.ask.seed.enter(5.0)
    begin(qtbot, session)
    finish(qtbot, session, slow)
    click(qtbot, session.dreaming.panel.tiles[1])
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: not session.dreaming.is_on, timeout=PATIENCE_MS)
    document = session.document
    assert document.undo_label == f"Words “{WORDS}”"
    assert document.patch.values["op1_ratio"] == 4.0
    (take,) = document.takes
    assert (take.name, take.prompt, take.origin) == (WORDS, WORDS, "tune")
    assert take.patch == document.patch
    assert take.clip.n_frames > 0
    wanted = {"seed": 5, "prior": "fake", "licence": "Apache-2.0", "note": 57, "score": pytest.approx(0.7)}
    assert {name: take.settings[name] for name in wanted} == wanted
    assert document.selected is None, "the instrument stays in the hand"
    document.undo()
    assert (document.patch, document.takes, document.undo_label) == (before, (), None)
    document.redo()
    assert (document.patch.values["op1_ratio"], len(document.takes)) == (4.0, 1)


def test_a_discarded_tuning_leaves_the_patch_and_comes_back_with_undo(
    qtbot: QtBot, session: Session, slow: Slow
) -> None:
    before, note = session.document.patch, session.document.note
    begin(qtbot, session)
    finish(qtbot, session, slow)
    click(qtbot, session.dreaming.panel.tiles[1])
    session.dreaming.panel.tiles[1].setFocus()
    qtbot.keyClick(session.dreaming.panel.tiles[1], Qt.Key.Key_Escape)
    assert not session.dreaming.is_on
    assert not session.dreaming.panel.is_open
    assert (session.document.patch, session.document.note) == (before, note)
    session.actions["edit.undo"].trigger()
    assert session.dreaming.is_on
    assert session.document.patch.values["op1_ratio"] == 4.0
    assert session.dreaming.panel.tiles[1].checked
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: not session.dreaming.is_on, timeout=PATIENCE_MS)
    assert session.document.undo_label == f"Words “{WORDS}”"


def test_undo_takes_back_what_is_tried_on_and_the_search_with_it(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.actions["edit.undo"].trigger()
    assert session.document.patch == before
    assert not session.dreaming.is_on
    assert session.document.undo_label is None
    assert "was discarded" in session.messages.text
    click(qtbot, session.messages._button)
    assert session.dreaming.is_on


def test_a_hand_on_a_knob_takes_over(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    session.fm.control("op1_level_db").enter(-6.0)
    assert not session.dreaming.is_on
    assert session.document.patch.values["op1_ratio"] == 3.0
    assert session.document.patch.values["op1_level_db"] == -6.0
    session.document.undo()
    assert session.document.patch.values["op1_ratio"] == 3.0
    session.document.undo()
    assert session.document.patch.values["op1_ratio"] == 1.0


def test_a_locked_knob_stays(qtbot: QtBot, session: Session, slow: Slow) -> None:
    session.document.set_locked(("op1_ratio",))
    say(qtbot, session)
    qtbot.waitUntil(lambda: session.document.patch.name == "knock", timeout=PATIENCE_MS)
    assert session.document.patch.values["op1_ratio"] == 1.0
    assert session.fm.control("op1_ratio")._arrow is None


def test_a_failure_is_one_sentence_and_what_was_found_stays(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    slow.error = EngineError("The prior has gone; fetch it again.")
    qtbot.waitUntil(lambda: session.dreaming.job is None, timeout=PATIENCE_MS)
    assert session.dreaming.panel.words.text() == "The prior has gone; fetch it again."
    assert session.document.patch.values["op1_ratio"] == 3.0
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: len(session.document.takes) == 1, timeout=PATIENCE_MS)


def test_another_search_begins_from_the_patch_before(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.dreaming.panel.ask.prompt.clear()
    say(qtbot, session, "a bell")
    qtbot.waitUntil(lambda: len(slow.requests) == 2, timeout=PATIENCE_MS)
    assert slow.request.prompt == "a bell"
    assert slow.request.start == before
    click(qtbot, session.dreaming.panel.discard)
    assert session.document.patch == before


def test_while_the_other_instrument_is_at_hand_the_search_goes_on(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    session.document.use_synth("impact")
    assert session.document.patch_of("fm") == before
    slow.state = state(6.0, 3.0)
    qtbot.waitUntil(lambda: session.dreaming.candidates[0].patch.values["op1_ratio"] == 6.0)
    assert session.document.patch.synth == "impact"
    session.document.use_synth("fm")
    turned_to(qtbot, session, 6.0)


def test_a_match_and_words_do_not_pull_at_the_same_knobs(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    session.document.add_take(Take.of(Clip.of(tone(330.0), "Tone")))
    begin(qtbot, session)
    session.matching.match_take(session.document.takes[0])
    assert not session.dreaming.is_on
    assert session.matching.is_on
    qtbot.waitUntil(lambda: slow.closed, timeout=PATIENCE_MS)
    say(qtbot, session)
    assert session.dreaming.is_on
    assert not session.matching.is_on
    session.dreaming.discard()
    assert session.document.patch == before


# -- imagining ---------------------------------------------------------------------------------------------------------


def test_what_is_imagined_is_a_take_that_can_be_matched(qtbot: QtBot, session: Session) -> None:
    ask = session.dreaming.panel.ask
    ask.prompt.setText("a bright bell")
    ask.length.enter(1.0)
    ask.seed.enter(9.0)
    click(qtbot, ask.imagine)
    qtbot.waitUntil(lambda: len(session.document.takes) == 1, timeout=PATIENCE_MS)
    (take,) = session.document.takes
    assert (take.origin, take.prompt, take.clip.duration_s) == ("imagine", "a bright bell", pytest.approx(1.0))
    assert (take.settings["seed"], take.settings["licence"]) == (9, "Apache-2.0")
    assert take.clip.about.made == "Imagined from the words “a bright bell” by Tonewright's fake prior, seed 9"
    assert session.document.undo_label == "Imagine “a bright bell”"
    assert session.document.selected is take
    session.actions["sound.match"].trigger()
    qtbot.waitUntil(lambda: bool(session.matching.candidates), timeout=PATIENCE_MS)


def test_only_what_is_installed_can_be_asked(qtbot: QtBot, session: Session, slow: Slow) -> None:
    from engine.studio import PriorEntry

    ask = session.dreaming.panel.ask
    ask.more.click()
    qtbot.waitUntil(lambda: bool(session.dreaming.priors))
    assert ask.prior.isHidden(), "one is no choice"
    session.dreaming._show_priors([PriorEntry("own", "Tonewright", "Apache-2.0"), PriorEntry("large", "Large", "Own")])
    assert ask.prior.isVisible()
    ask.prior.setCurrentIndex(1)
    ask.prior.activated.emit(1)
    ask.length.enter(40.0)
    assert ask.length.value == 4.0
    begin(qtbot, session)
    assert slow.request.prior == "large"


def test_the_length_of_what_is_imagined_follows_the_prior(session: Session) -> None:
    from engine.studio import PriorEntry

    ask = session.dreaming.panel.ask
    session.dreaming._show_priors([PriorEntry("own", "Own", "Own", 4.0), PriorEntry("large", "Large", "Own", 47.0)])
    ask.prior.setCurrentIndex(1)
    ask.prior.activated.emit(1)
    ask.length.enter(40.0)
    assert ask.asked().length_s == 40.0
    ask.prior.setCurrentIndex(0)
    ask.prior.activated.emit(0)
    assert ask.asked().length_s == 4.0


def test_what_is_missing_is_said_before_anybody_asks(qtbot: QtBot, session: Session, slow: Slow) -> None:
    from engine.studio import PriorEntry

    panel = session.dreaming.panel
    qtbot.waitUntil(lambda: bool(session.dreaming.priors))
    away = "There is no net; install Tonewright again."
    session.dreaming._show_priors([PriorEntry("own", "Own", "Own", 4.0, away, away)])
    assert panel.words.text() == away
    session.document.add_take(Take.of(Clip.of(tone(330.0), "Tone")))
    session.matching.match_take(session.document.takes[0])
    say(qtbot, session)
    assert session.matching.is_on, "what cannot begin ends nothing else"
    assert not slow.requests
    assert panel.words.property("role") == "error"
    # Whoever has put it there meanwhile goes on.
    qtbot.waitUntil(lambda: not session.dreaming.priors["own"].missing)
    assert panel.words.text() == ""
    begin(qtbot, session)


# -- the panel ---------------------------------------------------------------------------------------------------------


def test_the_line_can_be_put_away_and_asking_brings_it_back(qtbot: QtBot, session: Session, windows: Any) -> None:
    panel = session.dreaming.panel
    assert panel.isVisible()
    session.actions["view.words"].trigger()
    assert not panel.isVisible()
    session.actions["words.ask"].trigger()
    assert panel.isVisible()
    assert session.actions["view.words"].isChecked()
    session.actions["view.words"].trigger()
    windows.leave(session)
    assert not windows.start().dreaming.panel.isVisible()


@pytest.mark.parametrize("width", [1366, 900])
def test_in_a_low_window_all_can_be_asked_again_when_it_is_over(
    qtbot: QtBot, session: Session, slow: Slow, width: int
) -> None:
    ask = session.dreaming.panel.ask
    session.window.resize(width, 600)
    ask.more.setChecked(True)
    rows = (ask.reach, ask.imagine, ask.negative, ask.seed)
    qtbot.waitUntil(lambda: all(widget.isVisible() for widget in rows))
    begin(qtbot, session)
    assert not ask.seed.isVisible()
    click(qtbot, session.dreaming.panel.discard)
    assert all(widget.isVisible() for widget in rows)


@pytest.mark.parametrize("size", [(1366, 768), (960, 540)])
def test_what_is_to_be_done_about_a_missing_net_is_read_whole(
    qtbot: QtBot, session: Session, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.weights.shelf import missing

    panel = session.dreaming.panel
    session.window.resize(*size)
    panel.say("Short.")
    qtbot.waitUntil(panel.words.isVisible)
    low = panel.height()
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(tmp_path))
    sentence = missing("listener")
    panel.say(sentence)
    qtbot.waitUntil(lambda: panel.height() > low)
    assert (panel.words.shown_text, panel.words.toolTip()) == (sentence, "")
    lines = panel.words._lines()
    assert len(lines) * panel.words.fontMetrics().lineSpacing() <= panel.words.height()
    assert all(panel.words.fontMetrics().horizontalAdvance(line) <= panel.words.width() for line in lines)
    panel.say("Short.")
    qtbot.waitUntil(lambda: panel.height() == low)


def test_a_sentence_without_room_is_read_in_the_tip(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    words = session.dreaming.panel.words
    sentence = "There is no net that knows what words sound like; " + 4 * "install Tonewright again, or train one. "
    session.window.resize(1366, 768)
    session.dreaming.panel.say(sentence)
    qtbot.waitUntil(lambda: words.isVisible() and words.shown_text.endswith("…"))
    assert words.shown_text.startswith("There is no net that knows what words")
    assert words.toolTip() == sentence


def test_the_window_closes_in_the_middle_of_a_search(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    assert session.dreaming.job is not None  # the guards of every test look for threads that live on
    assert threading.active_count() > 1


# -- nothing is accepted, and nothing is lost, behind anybody's back ---------------------------------------------------


def answered(session: Session, words: str) -> None:
    """Answer the question about unsaved work."""
    question = session.commands.question
    assert question is not None
    next(button for button in question.findChildren(QPushButton) if button.text().replace("&", "") == words).click()


@pytest.mark.parametrize("deed", ["save", "new", "export"])
def test_what_is_only_offered_is_not_kept_by_saving_or_asking(
    qtbot: QtBot, session: Session, slow: Slow, tmp_path: Path, deed: str
) -> None:
    session.document.set_patch(session.document.patch.with_values(op2_ratio=2.0), "Own")
    before = session.document.patch
    begin(qtbot, session)
    finish(qtbot, session, slow)
    if deed == "save":
        with qtbot.waitSignal(session.document.file.saved, timeout=PATIENCE_MS):
            session.document.file.save(tmp_path / "one.tonewright")
        assert not session.document.file.dirty
    elif deed == "new":
        session.actions["project.new"].trigger()
        answered(session, "Cancel")
    else:
        session.preset_commands.export()
    assert session.document.project.patch == before
    assert session.document.undo_label == "Own"
    assert session.document.patch.values["op1_ratio"] == 3.0, "it is offered still"
    session.dreaming.discard()
    assert session.document.patch == before
    assert [step.label for step in session.document.history.past][:-1] == ["Own"]


def test_another_project_ends_a_search_and_takes_nothing_along(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    session.document.file.new_project()
    assert not session.dreaming.is_on
    assert session.document.patch.values["op1_ratio"] == 1.0
    assert session.document.undo_label is None
    assert session.messages.text == ""


def test_who_stores_in_a_slot_what_is_offered_has_taken_it(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    session.explore.desk.store(1)
    assert not session.dreaming.is_on
    assert session.document.project.patch.values["op1_ratio"] == 3.0
    assert "goes on from" in session.messages.text


@pytest.mark.parametrize("is_over", [True, False])
def test_what_was_found_comes_back_after_another_search_began(
    qtbot: QtBot, session: Session, slow: Slow, is_over: bool
) -> None:
    begin(qtbot, session)
    if is_over:
        finish(qtbot, session, slow)
    click(qtbot, session.dreaming.panel.tiles[1])
    slow.state, slow.finished = TuneState(()), False
    field = session.dreaming.panel.ask.prompt
    field.setFocus()
    # Who presses Return twice begins twice.
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert session.dreaming.candidates == ()
    session.actions["edit.undo"].trigger()
    assert session.document.patch.values["op1_ratio"] == 4.0
    assert session.dreaming.panel.tiles[1].checked


def test_a_branch_goes_on_from_the_very_sound_and_what_it_left_comes_back(
    qtbot: QtBot, session: Session, slow: Slow
) -> None:
    session.dreaming.panel.ask.reach.enter(0.8)
    begin(qtbot, session)
    finish(qtbot, session, slow)
    slow.finished = False
    session.dreaming.panel.line._go(1)
    click(qtbot, session.dreaming.panel.branch)
    qtbot.waitUntil(lambda: len(slow.requests) == 2, timeout=PATIENCE_MS)
    moment = slow.state.moments[1]
    assert (slow.request.start, slow.request.start_note, slow.request.reach) == (moment.patch, moment.note, 0.5)
    assert session.dreaming.panel.ask.reach.value == 0.8, "what the person chose is for the next search"
    turned_to(qtbot, session, 3.0)
    session.dreaming.discard()
    assert session.document.undo_label == f"Discard “{WORDS}”"
    session.document.undo()
    assert session.document.patch.values["op1_ratio"] == 3.0, "what the branch found"
    session.document.undo()
    assert not session.dreaming.is_on
    session.document.undo()
    assert session.document.patch.values["op1_ratio"] == 9.0, "the moment that it began at"


def test_esc_in_the_words_discards(qtbot: QtBot, session: Session, slow: Slow) -> None:
    before = session.document.patch
    begin(qtbot, session)
    field = session.dreaming.panel.ask.prompt
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert not session.dreaming.is_on
    assert session.document.patch == before
    assert field.text() == WORDS


def test_who_chooses_or_accepts_has_the_instrument_at_hand_again(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    finish(qtbot, session, slow)
    session.document.use_synth("impact")
    qtbot.keyClick(session.window, Qt.Key.Key_2)
    assert session.document.patch.values["op1_ratio"] == 4.0
    session.document.use_synth("impact")
    click(qtbot, session.dreaming.panel.accept)
    qtbot.waitUntil(lambda: not session.dreaming.is_on, timeout=PATIENCE_MS)
    assert session.document.patch.values["op1_ratio"] == 4.0
    assert len(session.document.takes) == 1


def test_a_long_prompt_is_short_where_it_is_a_name(qtbot: QtBot, session: Session, slow: Slow) -> None:
    session.dreaming.panel.ask.prompt.setText("knock " * 66)
    say(qtbot, session, "")
    turned_to(qtbot, session, 3.0)
    assert len(session.document.under_way or "") < 60
    assert len(slow.request.name) <= 40
    session.dreaming.discard()
    assert len(session.messages.text) < 100
    assert len(session.document.undo_label or "") < 60


def test_a_second_click_on_dream_discards_nothing(qtbot: QtBot, session: Session, slow: Slow) -> None:
    panel = session.dreaming.panel
    slow.state = TuneState(())
    panel.ask.prompt.setText(WORDS)
    place = panel.ask.dream.mapToGlobal(panel.ask.dream.rect().center())
    panel.ask.dream.click()
    qtbot.waitUntil(panel.discard.isVisible)
    assert not panel.discard.rect().contains(panel.discard.mapFromGlobal(place))


def test_what_went_wrong_is_read_whole_beside_the_buttons(qtbot: QtBot, session: Session, slow: Slow) -> None:
    begin(qtbot, session)
    session.window.resize(1366, 768)
    session.dreaming.panel.ask.prompt.setText("сухой деревянный стук, короткий и глухой")
    say(qtbot, session, "")
    words = session.dreaming.panel.words
    qtbot.waitUntil(lambda: words.shown_text.endswith("“a dull wooden knock”."), timeout=PATIENCE_MS)


def test_what_happens_after_the_window_closed_is_told_to_nobody(session: Session) -> None:
    session.document.audition("op1_level_db", -6.0)
    session.close()
    assert session.document.undo_label is not None, "what a hand still turned is a step"
    session.document.set_note(NoteSettings(61, 100, 0.2, 0.3), "Note")
    assert session.actions["edit.undo"].text() != "Undo: Note"
