"""The bar of slots, chance and locks in the whole window, with the mouse and the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from gestures import ALT, CTRL, Hand
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.explore import Draw
from app.panels.explore_bar import ExploreBar, sections_words
from app.panels.explore_menus import lock_menu, sections_menu
from engine.audio import Audio, loudness_lufs
from engine.params import FM_SPACE, Patch
from engine.params.vary import LEVELS, morph, usual_sections
from engine.project.presets import factory_presets

POOL = [p for p in factory_presets() if p.synth == "fm"]
BRASS, PIANO = (next(p for p in POOL if p.name == name) for name in ("Brass Section", "Electric Piano"))


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> ExploreBar:
    found = session.fm.findChild(ExploreBar)
    assert found is not None
    session.document.set_patch(PIANO, "Load the piano")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    return found


def fill(session: Session, bar: ExploreBar) -> None:
    """The piano in A, the brass in B, B in use."""
    Hand(bar.slots.buttons[1]).click()
    session.document.set_patch(BRASS, "Load the brass")


def pick(menu: QMenu, words: str) -> None:
    """Trigger an entry, wherever in the menu it is."""
    entries = list(menu.actions())
    while entries:
        action = entries.pop()
        if action.text() == words:
            assert action.isEnabled(), words
            action.trigger()
            return
        if action.menu() is not None:
            entries += action.menu().actions()
    raise AssertionError(f"no {words}")


def open_menu(widget: object, parent: ExploreBar, qtbot: QtBot) -> QMenu:
    """The menu that comes up when ``widget`` is clicked with the right button."""
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5))
    QApplication.sendEvent(widget, event)  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in parent.findChildren(QMenu)))
    return next(menu for menu in parent.findChildren(QMenu) if menu.isVisible())


# -- slots -------------------------------------------------------------------------------------------------------------


def test_clicks_on_slots_switch_and_their_marks_follow(session: Session, bar: ExploreBar) -> None:
    a, b, c, _ = bar.slots.buttons
    assert (a.state.is_current, b.state.is_filled) == (True, False)
    fill(session, bar)
    assert (b.state.is_current, b.state.name, b.state.is_changed) == (True, BRASS.name, True)
    assert (a.state.is_current, a.state.name, a.state.is_changed) == (False, PIANO.name, False)
    Hand(a).click()
    assert session.document.patch == PIANO
    assert a.state.is_current
    assert not c.state.is_filled
    assert c.accessibleDescription().startswith("empty")
    session.document.undo()
    assert session.document.patch == BRASS
    assert b.state.is_current


def test_keys_toggle_and_choose_slots(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    for key, modifiers, patch in (
        (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier, PIANO),
        (Qt.Key.Key_F4, Qt.KeyboardModifier.NoModifier, BRASS),
        (Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier, PIANO),
        (Qt.Key.Key_2, CTRL | ALT, BRASS),
        (Qt.Key.Key_X, ALT | Qt.KeyboardModifier.ShiftModifier, PIANO),
    ):
        QTest.keyClick(session.window, key, modifiers)
        assert session.document.patch == patch


def test_a_slot_dragged_onto_another_is_copied(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    a, _, c, _ = bar.slots.buttons
    way = c.geometry().center().x() - a.geometry().center().x()
    hand = Hand(a).press().move(way, 0, steps=6)
    assert c._is_target
    hand.release()
    assert not c._is_target
    assert c.state.name == PIANO.name
    assert session.document.patch == BRASS
    assert session.document.undo_label == "Copy slot A to C"
    Hand(a).press().move(way * 4, 0, steps=4).release()
    assert session.document.undo_label == "Copy slot A to C", "nothing is copied to nowhere"


def test_escape_takes_a_drag_of_a_slot_back(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    a, _, c, _ = bar.slots.buttons
    way = c.geometry().center().x() - a.geometry().center().x()
    hand = Hand(a).press().move(way, 0, steps=6)
    QTest.keyClick(a, Qt.Key.Key_Escape)
    hand.release()
    assert not c.state.is_filled


def test_the_menu_of_a_slot_stores_goes_back_and_clears(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fill(session, bar)
    a, b, c, _ = bar.slots.buttons
    menu = open_menu(c, bar, qtbot)
    pick(menu, "Store what is heard here")
    menu.close()
    assert c.state.name == BRASS.name
    menu = open_menu(b, bar, qtbot)
    pick(menu, "Back to what was stored")
    menu.close()
    assert session.document.patch == PIANO, "B began as a copy of A"
    menu = open_menu(a, bar, qtbot)
    pick(menu, "Clear")
    menu.close()
    assert not a.state.is_filled


# -- the fader ---------------------------------------------------------------------------------------------------------


def test_the_fader_is_dragged_between_two_slots(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fader = bar.morph.fader
    assert not fader.isEnabled()
    fill(session, bar)
    assert fader.isEnabled()
    assert fader.value == 1.0, "B stands at the right end and is in use"
    line = fader.line_rect()
    hand = Hand(fader, line.right(), line.center().y()).press().move(-3, 0).move(-line.width() / 2, 0, steps=5)
    assert 0.4 < fader.value < 0.6
    assert session.document.patch == morph(PIANO, BRASS, fader.value)
    before = session.document.undo_label
    hand.release()
    assert before != session.document.undo_label == f"Morph A – B {fader.value:.0%}".replace("%", " %")
    assert not any(button.state.is_current for button in bar.slots.buttons)
    session.document.undo()
    assert fader.value == 1.0
    assert session.document.patch == BRASS


def test_the_fader_snaps_back_with_alt_and_merges_the_wheel(session: Session, bar: ExploreBar, qtbot: QtBot) -> None:
    fill(session, bar)
    fader = bar.morph.fader
    line = fader.line_rect()
    Hand(fader, line.right(), 12).press().move(-3, 0).move(-40, 0, steps=4).release(ALT)
    assert (session.document.patch, fader.value) == (BRASS, 1.0)
    hand = Hand(fader, line.center().x(), 12)
    for _ in range(5):
        hand.wheel(-1)
    hand.leave()
    assert fader.value == pytest.approx(0.85)
    assert session.document.undo_label == "Morph A – B 85 %"
    session.document.undo()
    assert session.document.patch == BRASS


def test_a_typed_end_is_exactly_the_slot(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    fader = bar.morph.fader
    for text, patch in (("37 %", morph(PIANO, BRASS, 0.37)), ("0", PIANO), ("100", BRASS)):
        fader.open_editor()
        QTest.keyClicks(fader.editor, text)
        QTest.keyClick(fader.editor, Qt.Key.Key_Return)
        assert session.document.patch == patch
    assert bar.slots.buttons[1].state.is_current


def test_the_ends_of_the_fader_are_chosen_from_what_is_filled(session: Session, bar: ExploreBar) -> None:
    fill(session, bar)
    Hand(bar.slots.buttons[3]).click()
    menu = bar.morph.end_menu(1)
    assert [action.isEnabled() for action in menu.actions()] == [True, True, False, True]
    pick(menu, "Slot D")
    assert bar.morph.ends[1].text() == "D"
    assert bar.morph.fader.value == 1.0
    menu.deleteLater()


# -- chance ------------------------------------------------------------------------------------------------------------


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
    first = [candidate for _, candidate in zip(range(200), draw.candidates(PIANO, ()), strict=False)]
    n_files = len(factory_presets())
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


# -- locks -------------------------------------------------------------------------------------------------------------


def test_locks_are_set_freed_and_turned_round_by_section(session: Session, bar: ExploreBar) -> None:
    document = session.document
    menu = lock_menu(document, bar)
    pick(menu, "Lock all")
    assert len(document.locked) == len(FM_SPACE)
    assert bar.locks.text() == str(len(FM_SPACE))
    document.undo()
    assert document.locked == frozenset()
    assert bar.locks.text() == ""
    document.set_locked(["op2_ratio"])
    menu.deleteLater()
    menu = lock_menu(document, bar)
    part = next(action.menu() for action in menu.actions() if action.text() == "Operator 2 (1 locked)")
    pick(part, "Invert")
    assert document.locked == FM_SPACE.names_in("Operator 2") - {"op2_ratio"}
    assert document.undo_label == "Invert Operator 2"
    assert not session.fm.control("op2_ratio").locked
    assert session.fm.control("op2_level_db").locked
    menu.deleteLater()
    menu = lock_menu(document, bar)
    pick(menu, "Unlock all")
    assert document.locked == frozenset()
    menu.deleteLater()


def test_a_lock_set_on_a_knob_is_taken_back_on_the_knob(session: Session, bar: ExploreBar) -> None:
    knob = session.fm.control("op1_ratio")
    knob.set_locked(True)
    assert session.document.undo_label == "Lock Operator 1 ratio"
    session.document.undo()
    assert not knob.locked
    session.document.redo()
    assert knob.locked


# -- shape -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "rows"), [(390, 2), (760, 1)])
def test_it_fits_a_narrow_panel_and_uses_a_wide_one(bar: ExploreBar, qapp: QApplication, width: int, rows: int) -> None:
    assert bar.minimumSizeHint().width() <= 390
    bar.setParent(None)
    bar.resize(width, bar.height())
    bar.show()
    qapp.processEvents()
    assert len({part.geometry().y() for part in (bar.slots, bar.match, bar.mutate, bar.locks)}) >= rows
    assert bar.sizeHint().height() == (24 if rows == 1 else 52)
    bar.close()
    bar.deleteLater()


def test_sections_in_few_words() -> None:
    every, usual = ("A", "B", "Levels"), frozenset("AB")
    assert sections_words(usual, every, usual) == "All but levels"
    assert sections_words(frozenset(every), every, usual) == "Everything"
    assert sections_words(frozenset({"B"}), every, usual) == "B"
    assert sections_words(frozenset(), every, usual) == "Nothing"


# -- loudness ----------------------------------------------------------------------------------------------------------


class Ear:
    """Keeps every frame that the mixer hands over, ``[n, 2]``."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        mixer, self.blocks = session.player._mixer, []
        fill_block = mixer.fill

        def fill(out: NDArray[np.float32], *how: object) -> None:
            fill_block(out, *how)
            self.blocks.append(out.copy())

        monkeypatch.setattr(mixer, "fill", fill)

    def take(self) -> NDArray[np.float32]:
        """What was heard since the last time, from its first sound to its last."""
        heard = np.concatenate(self.blocks)
        self.blocks.clear()
        loud = np.flatnonzero(np.abs(heard).max(axis=1) > 0.0)
        return heard[loud[0] : loud[-1] + 1]


QUIET = Patch("fm", {"gain_db": -20.0, "op1_ratio": 2.0}, name="Quiet")
LOUD = Patch("fm", {"gain_db": -8.0}, name="Loud")


@pytest.fixture
def two_levels(session: Session, bar: ExploreBar, qtbot: QtBot) -> Session:
    """A loud patch in A and a quiet one in B, both measured, B in use."""
    session.document.set_patch(LOUD, "Loud")
    Hand(bar.slots.buttons[1]).click()
    session.document.set_patch(QUIET, "Quiet")
    match = session.explore.match
    qtbot.waitUntil(lambda: session.live.up_to_date and len(match._levels) >= 2)
    qtbot.waitUntil(lambda: session.player.state == "stopped")
    return session


def heard_from(session: Session, qtbot: QtBot, ear: Ear, slot: int) -> NDArray[np.float32]:
    """The whole note of a slot, struck by choosing it."""
    ear.blocks.clear()
    session.explore.desk.go(slot)
    qtbot.waitUntil(lambda: session.player.state == "playing")
    qtbot.waitUntil(lambda: session.player.state == "stopped", timeout=8000)
    return ear.take()


def test_slots_are_equally_loud_when_they_are_compared(
    two_levels: Session, bar: ExploreBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.audio import Audio, loudness_lufs

    session = two_levels
    ear = Ear(session, monkeypatch)

    def loudness(slot: int) -> float:
        return loudness_lufs(Audio(heard_from(session, qtbot, ear, slot).T, session.player.sample_rate))

    loud, quiet = loudness(0), loudness(1)
    assert abs(loud - quiet) < 1.0
    assert session.explore.match.gain_db == 0.0
    session.explore.desk.go(0)
    assert session.explore.match.gain_db < -6.0
    assert bar.match.text().endswith("dB")
    assert "Slot A plays at \N{MINUS SIGN}" in bar.match.toolTip()
    assert session.document.patch == LOUD, "no patch is changed by it"
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.live.latest is not None
    assert session.live.latest.audio.peak > 0.2, "what is kept and exported has no gain"
    Hand(bar.match).click()
    assert session.explore.match.gain_db == 0.0
    assert not session.settings.get("explore/match")
    plain_loud, plain_quiet = loudness(0), loudness(1)
    assert plain_loud - plain_quiet > 6.0


def test_switching_while_it_sounds_goes_on_without_a_click(
    two_levels: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = two_levels
    ear = Ear(session, monkeypatch)
    whole = [heard_from(session, qtbot, ear, slot) for slot in (0, 1)]
    by_itself = max(float(np.abs(np.diff(sound[:-200, 0])).max()) for sound in whole)
    session.hear_live()
    qtbot.waitUntil(lambda: session.player.position_s() > 0.2)
    for until_s in (0.5, 0.8, 1.1):
        session.explore.desk.toggle()
        qtbot.waitUntil(lambda until_s=until_s: session.player.position_s() > until_s)
    assert session.player.position_s() < 1.8, "it went on where it stood"
    session.player.stop()
    heard = ear.take()
    # Two tones across a fade may be as steep as both together, a click is far steeper.
    assert float(np.abs(np.diff(heard[:-500, 0])).max()) < 1.5 * by_itself


def test_a_gain_stays_while_a_hand_turns_and_never_makes_it_clip(two_levels: Session, qtbot: QtBot) -> None:
    session = two_levels
    session.explore.desk.go(0)
    gain_db = session.explore.match.gain_db
    assert gain_db < -6.0
    session.document.audition("gain_db", 0.0)
    session.document.commit("Gain")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    qtbot.wait(400)
    assert session.explore.match.gain_db == gain_db
    clip = session.player.clip
    assert clip is not None
    assert clip.read(0, clip.n_frames).peak <= 1.0


def test_a_morph_plays_between_the_gains_of_its_ends(two_levels: Session) -> None:
    desk, match = two_levels.explore.desk, two_levels.explore.match
    desk.go(0)
    ends = [match.gain_db]
    desk.go(1)
    ends.append(match.gain_db)
    desk.audition_morph(0.5)
    assert match.gain_db == pytest.approx(sum(ends) / 2, abs=0.1)
    desk.commit_morph(0.5)
    assert match.gain_db == pytest.approx(sum(ends) / 2, abs=0.1)
    two_levels.document.undo()
    assert match.gain_db == ends[1]


def test_keys_play_a_slot_as_loud_as_its_note(two_levels: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Patch] = []
    instrument = two_levels.live_play.instrument
    monkeypatch.setattr(instrument, "set_patch", lambda patch, turning=False: sent.append(patch))
    two_levels.explore.desk.go(0)
    gain_db = two_levels.explore.match.gain_db
    assert gain_db < -6.0
    assert sent[-1] == LOUD.with_values(gain_db=LOUD.values["gain_db"] + gain_db)  # type: ignore[operator]
    two_levels.explore.match.set_on(False)
    assert sent[-1] == LOUD


def test_another_patch_in_a_slot_plays_at_a_gain_of_its_own(two_levels: Session, qtbot: QtBot) -> None:
    match = two_levels.explore.match
    two_levels.explore.desk.go(0)
    assert match.gain_db < -6.0
    two_levels.document.set_patch(QUIET.with_values(op1_ratio=3.0), "Load another")
    qtbot.waitUntil(lambda: match.gain_db > -3.0)


@pytest.mark.parametrize("slot", [0, 1])
def test_a_project_that_is_loaded_plays_at_the_gains_it_had(
    two_levels: Session, qtbot: QtBot, tmp_path: Path, slot: int
) -> None:
    match, document = two_levels.explore.match, two_levels.document
    two_levels.explore.desk.go(slot)
    gain_db = match.gain_db
    document.file.save(tmp_path / "two.tonewright")
    document.file.new_project()
    qtbot.waitUntil(lambda: match.gain_db == 0.0)
    match._levels.clear()
    document.file.load(tmp_path / "two.tonewright")
    qtbot.waitUntil(lambda: match.gain_db == pytest.approx(gain_db))
    qtbot.waitUntil(lambda: two_levels.live.up_to_date)
    assert two_levels.live._made is not None
    assert two_levels.live._made.gain_db == pytest.approx(gain_db)


def played_lufs(session: Session) -> float:
    """How loud what went to the player last is."""
    assert session.live._made is not None
    return loudness_lufs(session.live._made.audio)


def test_a_patch_that_comes_into_a_slot_is_as_loud_as_the_others_from_its_first_frame(
    two_levels: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, match = two_levels, two_levels.explore.match
    wanted = loudness_lufs(session.live._made.audio)
    played: list[Audio] = []
    swap = session.player.swap
    monkeypatch.setattr(session.player, "swap", lambda audio, **how: (played.append(audio), swap(audio, **how))[1])
    session.explore.desk.go(0)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    before_db = match.gain_db
    assert before_db < -6.0
    louder = LOUD.with_values(gain_db=-2.0, op1_ratio=3.0)

    def come(deed: Callable[[], object]) -> list[float]:
        """How loud everything is that went to the player since."""
        played.clear()
        deed()
        qtbot.waitUntil(lambda: bool(played) and session.live.up_to_date)
        return [loudness_lufs(audio) for audio in played]

    for deed in (
        lambda: session.document.set_patch(louder, "Load another"),
        lambda: session.document.set_patch(LOUD, "Load it again"),
        lambda: session.document.audition_patch(louder),
        lambda: session._audition_preset(louder.with_values(op1_ratio=4.0)),
    ):
        assert come(deed) == pytest.approx([wanted] * len(played), abs=0.3)
    assert match.gain_db < before_db - 3.0
    session.document.revert()
    assert match.gain_db == pytest.approx(before_db), "what was only heard is taken back with its gain"
    come(lambda: session.document.audition_patch(louder.with_values(gain_db=-3.0)))
    session.document.settle()
    qtbot.wait(300)
    assert played_lufs(session) == pytest.approx(wanted, abs=0.3), "the gain stays when what was heard is taken"


ORGAN, KEYS = (next(p for p in POOL if p.name == name) for name in ("Drawbar Organ", "Electric Piano"))


def test_the_way_between_two_slots_is_as_loud_as_its_ends(windows: Windows, qtbot: QtBot) -> None:
    session = windows.start(engine="real")
    desk, match, document = session.explore.desk, session.explore.match, session.document
    document.set_patch(ORGAN, "Load the organ")
    desk.go(1)
    document.set_patch(KEYS, "Load the piano")
    way = match._way(0, 1)
    qtbot.waitUntil(lambda: all((patch, document.note) in match._levels for patch in way), timeout=60_000)
    plain, matched = [], []
    for share in np.linspace(0.0, 1.0, 11):
        desk.audition_morph(float(share))
        qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == document.patch, timeout=30_000)
        made = session.live._made
        assert made.audio.peak <= 1.0
        plain.append(loudness_lufs(made.plain))
        matched.append(loudness_lufs(made.audio))
    straight = np.array(plain) - np.linspace(plain[0], plain[-1], 11)
    assert np.abs(straight).max() > 5.0, "these two have a quiet way between them"
    assert np.ptp(matched) < 2.0
    document.revert()
