"""Mutating and randomising in the whole window: presses, amounts, seeds, and what a hand does meanwhile."""

from __future__ import annotations

import pytest
from explore_hands import PIANO, piano_in, pick
from gestures import Hand
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.explore import Draw
from app.panels.explore_bar import ExploreBar
from app.panels.explore_menus import sections_menu
from engine.params import FM_SPACE, Patch
from engine.params.vary import LEVELS, usual_sections
from engine.project.presets import factory_presets


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> ExploreBar:
    return piano_in(session, qtbot)


def drawn(session: Session, qtbot: QtBot, before: Patch) -> Patch:
    explore = session.explore.explore
    qtbot.waitUntil(lambda: not explore.is_busy and session.document.patch != before)
    return session.document.patch


def test_a_press_draws_strikes_and_is_one_step(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    for button, label in ((bar.mutate, "Mutate 20 %"), (bar.randomise, "Randomise 60 %")):
        before, serial = session.document.patch, session.live.serial
        Hand(button, 20).click()
        patch = drawn(session, qtbot, before)
        assert session.document.undo_label == label
        assert all(patch.values[p.name] == before.values[p.name] for p in FM_SPACE if p.role in ("level", "routing"))
        qtbot.waitUntil(lambda: session.live.up_to_date)
        assert session.live.serial > serial
        assert session.player.state == "playing"
        session.document.undo()
        assert session.document.patch == before


def test_quick_presses_are_done_one_after_the_other(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    hand = Hand(bar.mutate, 20)
    for _ in range(3):
        hand.click()
    hand.double_click()
    explore = session.explore.explore
    qtbot.waitUntil(lambda: not explore.is_busy)
    steps = 0
    while session.document.undo_label == "Mutate 20 %":
        session.document.undo()
        steps += 1
    assert steps == 5
    assert session.document.patch == PIANO


def test_the_same_seed_after_an_undo_is_the_same_sound(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    assert not session.actions["chance.repeat"].isEnabled()
    session.actions["chance.randomise"].trigger()
    first = drawn(session, qtbot, PIANO)
    session.document.undo()
    session.actions["chance.repeat"].trigger()
    assert drawn(session, qtbot, PIANO) == first
    session.document.undo()
    session.actions["chance.randomise"].trigger()
    assert drawn(session, qtbot, PIANO) != first


def test_the_amount_is_dragged_turned_and_typed_and_stays(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    button = bar.mutate
    Hand(button, 20).grab().move(0, -60).release()
    assert button.value == pytest.approx(0.2 + 0.99 * 0.3, abs=0.02)
    assert session.document.undo_label == "Amount of Mutate 50 %", "a drag is no press"
    place = button.value_rect().center()
    Hand(button, place.x(), place.y()).click()
    QTest.keyClicks(button.editor, "75")
    QTest.keyClick(button.editor, Qt.Key.Key_Return)
    assert session.settings.get("explore/mutate") == pytest.approx(0.75)
    button.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    drawn(session, qtbot, PIANO)
    assert session.document.undo_label == "Mutate 75 %"


def test_only_the_chosen_sections_change(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    explore = session.explore.explore
    menu = sections_menu(explore, bar)
    marks = {action.text(): action for action in menu.actions() if action.isCheckable()}
    assert not marks[LEVELS].isChecked()
    assert not marks["Matrix"].isChecked()
    assert marks["Filter"].isChecked()
    menu.popup(QPoint(50, 50))
    for name in marks:
        if marks[name].isChecked() and name not in ("Operator 2", "Filter"):
            QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(marks[name]).center())
    assert menu.isVisible(), "it stays open for the next mark"
    menu.close()
    assert explore.sections == {"Operator 2", "Filter"}
    assert bar.sections.toolTip().endswith("Operator 2, Filter")
    session.actions["chance.mutate"].trigger()
    patch = drawn(session, qtbot, PIANO)
    assert session.document.undo_label == "Mutate 20 % (Filter, Operator 2)"
    changed = {FM_SPACE[n].section for n in patch.values if patch.values[n] != PIANO.values[n]}
    assert changed <= {"Operator 2", "Filter"}
    pick(menu, "Nothing")
    session.actions["chance.mutate"].trigger()
    assert "choose some sections" in session.messages.text
    pick(menu, "All but levels and routing")
    assert explore.sections == explore.usual
    menu.deleteLater()


def test_chance_leaves_what_is_locked_and_says_when_that_is_all(
    session: Session, bar: ExploreBar, qtbot: QtBot
) -> None:
    session.document.set_locked([p.name for p in FM_SPACE if p.section != "Operator 3"])
    session.actions["chance.randomise"].trigger()
    patch = drawn(session, qtbot, PIANO)
    assert {FM_SPACE[n].section for n in patch.values if patch.values[n] != PIANO.values[n]} == {"Operator 3"}
    session.document.set_locked([p.name for p in FM_SPACE])
    session.actions["chance.mutate"].trigger()
    qtbot.waitUntil(lambda: session.messages.text.startswith("Nothing changed"))
    assert session.document.patch == patch


def test_a_knob_turned_while_chance_draws_stays_turned(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    session.actions["chance.mutate"].trigger()
    session.document.audition("gain_db", -30.0)
    session.document.commit("Gain")
    explore = session.explore.explore
    qtbot.waitUntil(lambda: not explore.is_busy)
    assert session.document.patch.values["gain_db"] == -30.0
    assert session.document.undo_label == "Mutate 20 %"


def mutated(session: Session, qtbot: QtBot, seed: int) -> dict[str, object]:
    """What a press with ``seed`` changes; it is taken back."""
    before = session.document.patch
    session.explore.explore.press("mutate", seed)
    patch = drawn(session, qtbot, before)
    session.document.undo()
    return {name: value for name, value in patch.values.items() if value != before.values[name]}


def ends(session: Session) -> list[int]:
    """The jobs that are done from now on."""
    ended: list[int] = []
    session.bridge.done.connect(lambda job, _: ended.append(job))
    return ended


def turned(changes: dict[str, object]) -> tuple[str, list[float]]:
    """One of the names, and two values for it that neither chance nor the piano has."""
    name = next(n for n, value in changes.items() if FM_SPACE[n].count == 1 and FM_SPACE[n].scale != "choice")
    low, high = FM_SPACE[name].low, FM_SPACE[name].high
    return name, [FM_SPACE[name].clamp(low + share * (high - low)) for share in (0.61, 0.83)]


def test_what_chance_would_change_stays_as_a_hand_left_it_meanwhile(
    session: Session, bar: ExploreBar, qtbot: QtBot
) -> None:
    changes = mutated(session, qtbot, 5)
    (name, values), other = turned(changes), list(changes)[-1]
    explore, document = session.explore.explore, session.document
    explore.press("mutate", 5)
    document.audition(name, values[0])
    document.commit("Turn")
    qtbot.waitUntil(lambda: not explore.is_busy)
    assert document.patch.values[name] == values[0]
    assert document.patch.values[other] == changes[other]


@pytest.mark.parametrize("end", ["commit", "revert", "back"])
def test_what_is_drawn_in_the_middle_of_a_gesture_waits_for_its_end(
    session: Session, bar: ExploreBar, qtbot: QtBot, end: str
) -> None:
    changes = mutated(session, qtbot, 5)
    name, values = turned(changes)
    explore, document = session.explore.explore, session.document
    before = document.patch
    ended = ends(session)
    explore.press("mutate", 5)
    drawing = explore._job
    document.audition(name, values[0])
    qtbot.waitUntil(lambda: drawing in ended)
    document.audition(name, values[1])
    assert document.patch == before.with_values(**{name: values[1]}), "The gesture goes on as it was."
    if end == "back":
        document.audition(name, before.values[name])
        document.commit("Turn")
    elif end == "commit":
        document.commit("Turn")
    else:
        document.revert()
    assert not explore.is_busy
    assert document.undo_label == "Mutate 20 %"
    assert document.patch.values[name] == (values[1] if end == "commit" else changes[name])
    document.undo()
    assert document.patch.values[name] == (values[1] if end == "commit" else before.values[name])


def test_a_preset_that_is_only_heard_is_not_taken_by_what_was_drawn(
    session: Session, bar: ExploreBar, qtbot: QtBot
) -> None:
    explore, document = session.explore.explore, session.document
    before = document.patch
    ended = ends(session)
    explore.press("mutate", 5)
    drawing = explore._job
    document.audition_patch(Patch("fm", name="Heard"))
    qtbot.waitUntil(lambda: drawing in ended)
    assert (document.patch.name, document.undo_label) == ("Heard", "Load the piano")
    document.revert()
    assert document.patch.name == before.name
    assert document.undo_label == "Mutate 20 %"


def test_the_patches_to_borrow_from_are_read_a_file_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.explore._pools", {})
    draw = Draw("randomise", 0.5, usual_sections(FM_SPACE), 3)
    n_files = len(factory_presets())
    first = [candidate for _, candidate in zip(range(n_files + 20), draw.candidates(PIANO, ()), strict=False)]
    assert first[:n_files] == [None] * n_files, "Between two files others have their turn."
    again = list(draw.candidates(PIANO, ()))
    assert again == first[n_files:]


def test_what_is_drawn_is_heard_and_does_not_clip(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    menu = sections_menu(session.explore.explore, bar)
    for action in menu.actions():
        if action.isCheckable() and not action.isChecked():
            action.trigger()
    menu.deleteLater()
    session.explore.explore.set_amount("randomise", 1.0)
    for _ in range(6):
        before = session.document.patch
        session.actions["chance.randomise"].trigger()
        drawn(session, qtbot, before)
        qtbot.waitUntil(lambda: session.live.up_to_date)
        assert session.live.latest is not None
        assert 0.003 < session.live.latest.audio.peak <= 1.0
