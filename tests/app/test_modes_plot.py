"""The plot of modes: what is drawn is what sounds, and a hand moves one mode or a lasso full of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gestures import ALT, CTRL, SHIFT, Hand, Heard, wants_key
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication

from app.controls.drag_value import BURST_MS
from app.controls.mode_set import ModeSet, rayleigh_decay_s, rayleigh_of
from app.controls.modes_picture import RANGE_DB, ModesPicture
from app.controls.modes_plot import ModesPlot
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE, LEVEL_FLOOR_DB, N_MODES
from engine.params.impact_pictures import ImpactPictures
from engine.synths.impact_pictures import draw

PITCH, DAMPING, LEVEL = "mode_pitch_st", "mode_damping_oct", "mode_level_db"
HZ = (220.0, 440.0, 930.0, 1700.0, 3100.0, 5300.0)
DB = (-12.0, -18.0, -30.0, -24.0, -36.0, -42.0)
ALPHA, BETA = 4.0, 2e-7


def pictures(hz=HZ, db=DB, n_own: int | None = None) -> ImpactPictures:
    material_hz = np.geomspace(20.0, 20_000.0, 9)
    hz = np.array(hz)
    return ImpactPictures(
        plain_hz=hz.astype(np.float32),
        plain_db=np.array(db, np.float32),
        plain_decay_s=rayleigh_decay_s(ALPHA, BETA, hz).astype(np.float32),
        n_own=len(hz) if n_own is None else n_own,
        pitch_hz=220.0,
        damping_hz=material_hz.astype(np.float32),
        damping_decay_s=rayleigh_decay_s(ALPHA, BETA, material_hz).astype(np.float32),
    )


def residual(**places: float) -> dict[str, tuple[float, ...]]:
    """``residual(mode_level_db_2=-6.0)``: a vector with one place set."""
    found = {}
    for name, value in places.items():
        vector, _, place = name.rpartition("_")
        values = list(found.get(vector, (0.0,) * N_MODES))
        values[int(place)] = value
        found[vector] = tuple(values)
    return found


@pytest.fixture
def plot(qtbot):
    widget = ModesPlot()
    qtbot.addWidget(widget)
    widget.resize(700, 260)
    widget.set_pictures(pictures())
    widget.show()
    return widget


def on(plot: ModesPlot, mode: int) -> Hand:
    head = plot.head(mode)
    return Hand(plot, head.x(), head.y())


def value(plot: ModesPlot, name: str, mode: int) -> float:
    return float(plot.residuals(name)[mode])


def test_rayleighs_line_is_found_again():
    hz = np.geomspace(20.0, 20_000.0, 30)
    assert rayleigh_of(hz, rayleigh_decay_s(ALPHA, BETA, hz)) == pytest.approx((ALPHA, BETA))
    assert rayleigh_of(np.zeros(0), np.zeros(0)) == (0.0, 0.0)


def test_what_is_drawn_is_what_the_engine_says_sounds():
    from engine.params import Patch
    from engine.synths.impact_pictures import draw

    values = {**IMPACT_SPACE.defaults(), "modes": 12.0, "shape": 1.0, "hollowness": 0.5}
    plain = draw(Patch("impact", values), 60, 100, 1.0, 2.0)
    moved = values | residual(mode_pitch_st_2=3.0, mode_level_db_3=-9.0, mode_damping_oct_4=1.5)
    heard = draw(Patch("impact", moved), 60, 100, 1.0, 2.0)
    residuals = [np.array(moved[name]) for name in (PITCH, DAMPING, LEVEL)]
    assert ModeSet.of(heard, residuals[2]).shown(*residuals).db == pytest.approx(heard.mode_db, abs=0.01)
    shown = ModeSet.of(plain).shown(*residuals)
    assert shown.hz == pytest.approx(heard.mode_hz, rel=1e-4)
    assert shown.decay_s == pytest.approx(heard.mode_decay_s, rel=1e-3)
    assert shown.db[3] - float(plain.plain_db[3]) == pytest.approx(-9.0, abs=0.01)


def test_dragging_sideways_is_pitch_alone(plot):
    heard = Heard(plot)
    hand = on(plot, 2).press()
    hand.move(40, 2, steps=8)
    assert plot.head(2).x() == pytest.approx(hand.at.x(), abs=1.5), "it stays under the pointer"
    hand.release()
    assert value(plot, PITCH, 2) > 3.0
    assert np.count_nonzero(plot.residuals(PITCH)) == 1
    assert not plot.residuals(LEVEL).any()
    assert {name for name, _ in heard.changing} == {PITCH}
    assert heard.committed == [("Mode 3 pitch",)]


def test_dragging_up_is_level_alone(plot):
    heard = Heard(plot)
    hand = on(plot, 1).press().move(1, -30, steps=6)
    assert plot.head(1).y() == pytest.approx(hand.at.y(), abs=1.5)
    hand.release()
    assert value(plot, LEVEL, 1) == pytest.approx(30 * RANGE_DB / plot.plot().height(), rel=0.01)
    assert value(plot, PITCH, 1) == 0.0
    assert heard.committed == [("Mode 2 level",)]


def test_a_hand_that_goes_both_ways_moves_both(plot):
    heard = Heard(plot)
    on(plot, 2).press().move(30, 0, steps=5).move(0, 40, steps=10).release()
    assert value(plot, PITCH, 2) > 0.0
    assert value(plot, LEVEL, 2) < 0.0
    assert heard.committed == [("Mode 3",)]


def test_the_tail_is_the_decay(plot):
    heard = Heard(plot)
    on(plot, 1).hover()
    before = float(plot.shown().decay_s[1])
    head, end = plot.head(1), plot.tail(1)
    for share in (0.25, 0.5, 0.75, 1.0):
        hand = Hand(plot, head.x() + share * (end.x() - head.x()), head.y() + 2).hover()
        assert plot.hovered_mode == 1, "on the way to its end the tail stays"
    hand.press().move(18, 0, steps=3)
    assert plot.tail(1).x() == pytest.approx(hand.at.x(), abs=1.5)
    hand.release()
    assert value(plot, DAMPING, 1) == pytest.approx(-2.0)
    assert float(plot.shown().decay_s[1]) == pytest.approx(4.0 * before)
    assert heard.committed == [("Mode 2 decay",)]


def test_a_mode_that_is_moved_up_falls_faster(plot):
    before = float(plot.shown().decay_s[3])
    plot.set_values(residual(mode_pitch_st_3=24.0))
    assert float(plot.shown().decay_s[3]) < 0.5 * before


def test_shift_is_ten_times_finer_and_ctrl_goes_by_whole_semitones(plot):
    hand = on(plot, 2).press().move(10, 0)
    coarse = value(plot, PITCH, 2)
    hand.move(10, 0, SHIFT)
    assert value(plot, PITCH, 2) - coarse == pytest.approx(coarse / 10, rel=1e-3)
    hand.move(23, 0, CTRL)
    assert value(plot, PITCH, 2) == round(value(plot, PITCH, 2)) != 0
    hand.release(CTRL)


def lasso(plot: ModesPlot, modes, keys=Qt.KeyboardModifier.NoModifier) -> None:
    """Throws it around the heads of ``modes`` that lie next to one another."""
    heads = [plot.head(m) for m in modes]
    left, right = min(p.x() for p in heads) - 14, max(p.x() for p in heads) + 14
    top, bottom = min(p.y() for p in heads) - 14, max(p.y() for p in heads) + 14
    hand = Hand(plot, left, top).press(keys)
    hand.move(right - left, 0, keys, steps=8).move(0, bottom - top, keys, steps=8).move(left - right, 0, keys, steps=8)
    hand.release(keys)


@pytest.mark.parametrize("box", [False, True])
def test_a_lasso_holds_several_and_a_drag_moves_them_all(plot, box):
    heard = Heard(plot)
    if box:
        first, last = plot.head(2), plot.head(4)
        top, bottom = plot.plot().top() + 2, plot.plot().bottom() - 2
        hand = Hand(plot, first.x() - 12, top).press(SHIFT)
        hand.move(last.x() - first.x() + 24, bottom - top, SHIFT, steps=5).release(SHIFT)
    else:
        lasso(plot, (2, 3, 4))
    assert plot.selected == {2, 3, 4}
    assert heard.changing == []
    on(plot, 3).press().move(0, 25, steps=5).release()
    moved = plot.residuals(LEVEL)
    assert set(np.flatnonzero(moved)) == {2, 3, 4}
    assert len(set(moved[[2, 3, 4]])) == 1
    assert heard.committed == [("3 modes level",)]


@pytest.mark.parametrize("keys", [Qt.KeyboardModifier.NoModifier, SHIFT])
def test_a_straight_lasso_takes_the_stems_that_it_crosses(plot, keys):
    lowest = max(plot.head(mode).y() for mode in (2, 3, 4)) + 12
    left, right = plot.head(2).x() - 14, plot.head(4).x() + 14
    Hand(plot, left, lowest).press(keys).move(right - left, 0, keys, steps=9).release(keys)
    crossed = {m for m in range(plot.n_modes) if left < plot.head(m).x() < right and plot.head(m).y() < lowest}
    assert plot.selected == crossed >= {2, 3, 4}
    above = min(plot.head(mode).y() for mode in range(plot.n_modes)) - 12
    Hand(plot, left, above).press(keys).move(right - left, 0, keys, steps=9).release(keys)
    assert plot.selected == frozenset(), "over their heads there is nothing"


def test_ctrl_adds_and_takes_away(plot):
    on(plot, 0).click()
    on(plot, 2).press(CTRL).release(CTRL)
    assert plot.selected == {0, 2}
    on(plot, 0).press(CTRL).release(CTRL)
    assert plot.selected == {2}
    lasso(plot, (3, 4), CTRL)
    assert plot.selected == {2, 3, 4}
    on(plot, 3).click()
    assert plot.selected == {3}, "a click on one of several chooses it alone"
    Hand(plot, plot.plot().left() + 4, plot.plot().top() + 4).click()
    assert plot.selected == frozenset()


@pytest.mark.parametrize("way", ["alt", "esc", "right button", "hidden"])
def test_a_drag_can_be_taken_back(plot, way):
    heard = Heard(plot)
    plot.select({1, 2})
    hand = on(plot, 2).press().move(0, 30, steps=3)
    if way == "alt":
        hand.release(ALT)
    elif way == "esc":
        assert wants_key(plot, Qt.Key.Key_Escape)
        QTest.keyClick(plot, Qt.Key.Key_Escape)
        hand.release()
    elif way == "right button":
        hand.press(button=Qt.MouseButton.RightButton)
        hand.release()
    else:
        plot.hide()
    assert not plot.residuals(LEVEL).any()
    assert (heard.committed, heard.reverted) == ([], 1)


def test_escape_drops_the_lasso_and_then_the_choice(plot):
    plot.select({0})
    hand = Hand(plot, 60, 40).press().move(600, 0, steps=5).move(0, 180, steps=5)
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    hand.release()
    assert plot.selected == frozenset()
    plot.select({0, 1})
    QTest.keyClick(plot, Qt.Key.Key_Escape)
    assert plot.selected == frozenset()
    assert not wants_key(plot, Qt.Key.Key_Escape)


def test_del_silences_and_a_silent_mode_is_raised_from_the_ground(plot):
    heard = Heard(plot)
    plot.setFocus()
    on(plot, 2).click()
    QTest.keyClick(plot, Qt.Key.Key_Delete)
    assert value(plot, LEVEL, 2) == LEVEL_FLOOR_DB
    assert plot.shown().silent[2]
    assert plot.head(2).y() == pytest.approx(plot.plot().bottom())
    assert "silent" in plot.mode_words(2)
    hand = on(plot, 2).press().move(0, -40, steps=8)
    assert plot.head(2).y() == pytest.approx(hand.at.y(), abs=1.5)
    hand.release()
    assert heard.committed == [("Silence mode 3",), ("Mode 3 level",)]
    QTest.keyClick(plot, Qt.Key.Key_Backspace)
    assert value(plot, LEVEL, 2) == 0.0
    assert heard.committed[-1] == ("Reset mode 3",)


def test_a_level_dragged_down_through_the_floor_is_silence(plot):
    hand = on(plot, 0).press()
    hand.move(0, 400, steps=4).release()
    assert value(plot, LEVEL, 0) == LEVEL_FLOOR_DB


def test_a_locked_vector_does_not_move(plot):
    heard = Heard(plot)
    plot.set_locked([PITCH, "size_m"])
    on(plot, 2).press().move(40, 0, steps=4).move(0, 30, steps=4).release()
    assert value(plot, PITCH, 2) == 0.0
    assert value(plot, LEVEL, 2) < 0.0
    assert {name for name, _ in heard.changing} == {LEVEL}
    assert "pitch locked" in plot.accessibleDescription()
    plot.set_locked([PITCH, LEVEL, DAMPING])
    on(plot, 2).press().move(40, 0, steps=4).release()
    assert len(heard.committed) == 1


def test_the_modes_of_the_air_are_seen_but_not_dragged(plot):
    plot.set_pictures(pictures(n_own=4))
    heard = Heard(plot)
    hand = on(plot, 5).hover()
    assert plot.hovered_mode is None
    assert plot.words().startswith("Air inside")
    hand.press().move(20, 0).release()
    assert heard.changing == []
    hand.leave()
    assert plot.words().endswith("grey: 2 of the air inside")
    assert plot.n_modes == 4


def test_hovering_names_the_mode(plot):
    spy = QSignalSpy(plot.hovered)
    hand = on(plot, 1).hover()
    assert spy.at(0) == [1]
    decay = rayleigh_decay_s(ALPHA, BETA, np.array([440.0]))[0]
    assert plot.words() == f"Mode 2: 440.0 Hz, A4 +0 ct, −18.0 dB, {decay:.2f} s"
    below = plot.head(1)
    hand.at.setY(below.y() + 40)
    hand.hover()
    assert plot.hovered_mode == 1, "the stem below its head counts"
    hand.at.setY(below.y() - 40)
    hand.hover()
    assert plot.hovered_mode is None
    on(plot, 1).hover()
    hand.leave()
    assert spy.at(spy.count() - 1) == [None]


def test_a_double_click_types_frequency_level_and_decay(plot):
    heard = Heard(plot)
    on(plot, 1).double_click()
    assert plot.editor is not None
    assert plot.editor.text().startswith("440 Hz; -18.0 dB; ")
    plot.editor.selectAll()
    QTest.keyClicks(plot.editor, "A5; -6 dB; 2 s")
    QTest.keyClick(plot.editor, Qt.Key.Key_Return)
    assert value(plot, PITCH, 1) == pytest.approx(12.0)
    assert value(plot, LEVEL, 1) == pytest.approx(12.0)
    assert float(plot.shown().decay_s[1]) == pytest.approx(2.0, rel=1e-3)
    assert heard.committed == [("Mode 2",)]


@pytest.mark.parametrize(
    ("typed", "name", "wanted"),
    [("220 Hz", PITCH, -12.0), ("-24 dB", LEVEL, -6.0), ("off", LEVEL, LEVEL_FLOOR_DB), ("*2", PITCH, 12.0)],
)
def test_one_of_them_may_be_typed(plot, typed, name, wanted):
    plot.select({1})
    type_over(plot, typed)
    assert value(plot, name, 1) == pytest.approx(wanted, abs=1e-3)
    assert sum(plot.residuals(n).any() for n in (PITCH, DAMPING, LEVEL)) == 1


@pytest.mark.parametrize(
    ("values", "mode", "hz", "db"),
    [({}, 3, 440.0, -20.0), ({"material": 1.0, "striker_hardness": 0.3, "striker_kg": 0.1}, 6, 5000.0, -70.0)],
)
@pytest.mark.parametrize("level_db", [0.0, -12.0, LEVEL_FLOOR_DB])
def test_a_level_typed_with_another_pitch_is_what_is_heard_there(plot, values, mode, hz, db, level_db):
    patch = Patch("impact", values).with_values(**residual(**{f"{LEVEL}_{mode}": level_db}))
    plot.set_values(patch.values)
    plot.set_pictures(draw(patch, 60.0, 100.0, 1.0, 2.0), patch.values)
    plot.select({mode})
    type_over(plot, f"{hz:g} Hz; {db:g} dB; 0.5 s")
    typed = patch.with_values(**{name: tuple(plot.residuals(name).tolist()) for name in (PITCH, DAMPING, LEVEL)})
    heard = draw(typed, 60.0, 100.0, 1.0, 2.0)
    assert heard.mode_hz[mode] == pytest.approx(hz, rel=1e-4)
    assert heard.mode_db[mode] == pytest.approx(db, abs=0.05)
    assert heard.mode_decay_s[mode] == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize(
    ("typed", "limit", "as_written"),
    [
        ("30 dB", "louder than +24.0 dB.", "24 dB"),
        ("-90 dB", "softer than -84.0 dB, unless it is off.", "-84 dB"),
        ("20000 Hz", "higher than 14.1 kHz.", "14.1 kHz"),
        ("1 ms", "shorter than 12.3 ms.", "12.3 ms"),
    ],
)
def test_what_cannot_be_reached_is_said_and_the_field_stays_open(plot, typed, limit, as_written):
    heard = Heard(plot)
    plot.select({0})
    type_over(plot, typed)
    assert plot.editor is not None
    assert plot.editor.accessibleDescription() == f"Mode 1 cannot be {limit}"
    assert heard.changing == []
    plot.editor.selectAll()
    QTest.keyClicks(plot.editor, as_written)
    QTest.keyClick(plot.editor, Qt.Key.Key_Return)
    assert heard.committed == [("Mode 1",)]


def type_over(plot: ModesPlot, text: str) -> None:
    """Type into the field at the chosen mode."""
    plot.open_editor()
    plot.editor.selectAll()
    QTest.keyClicks(plot.editor, text)
    QTest.keyClick(plot.editor, Qt.Key.Key_Return)


def test_nonsense_is_explained_and_changes_nothing(plot):
    heard = Heard(plot)
    plot.select({1})
    plot.open_editor()
    for typed in ("much", "1 Hz; 2 Hz; 3 Hz; 4 Hz", "1 s; 440 Hz"):
        plot.editor.selectAll()
        QTest.keyClicks(plot.editor, typed)
        QTest.keyClick(plot.editor, Qt.Key.Key_Return)
        assert plot.editor is not None
        assert len(plot.editor.accessibleDescription()) > 15
    QTest.keyClick(plot.editor, Qt.Key.Key_Escape)
    assert heard.changing == []


def test_the_keyboard_reaches_every_mode(plot, qtbot):
    heard = Heard(plot)
    plot.setFocus()
    QTest.keyClick(plot, Qt.Key.Key_Right, CTRL)
    assert plot.selected == {0}
    QTest.keyClick(plot, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(plot, Qt.Key.Key_Right, CTRL | SHIFT)
    assert plot.selected == {1, 2}
    QTest.keyClick(plot, Qt.Key.Key_Up)
    QTest.keyClick(plot, Qt.Key.Key_Up)
    assert value(plot, LEVEL, 1) == value(plot, LEVEL, 2) == 2.0
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    assert heard.committed == [("2 modes level",)]
    QTest.keyClick(plot, Qt.Key.Key_Right, SHIFT)
    assert value(plot, PITCH, 2) == pytest.approx(0.01)
    QTest.keyClick(plot, Qt.Key.Key_PageUp)
    assert value(plot, DAMPING, 2) == pytest.approx(-0.1)
    assert len(heard.committed) == 2, "another quantity is another step"
    QTest.keyClick(plot, Qt.Key.Key_End)
    assert plot.selected == {5}
    QTest.keyClick(plot, Qt.Key.Key_A, CTRL)
    assert len(plot.selected) == 6


def test_the_windows_own_keys_stay_the_windows(plot):
    plot.select({1})
    for key, keys in ((Qt.Key.Key_Return, CTRL), (Qt.Key.Key_PageUp, CTRL), (Qt.Key.Key_Delete, SHIFT)):
        assert not wants_key(plot, key, keys)
    assert wants_key(plot, Qt.Key.Key_Delete)
    plot.select(())
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_Return, Qt.Key.Key_Up):
        assert not wants_key(plot, key), "nothing is chosen"


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_shows_where_modes_are(plot):
    hand = on(plot, 2)
    before = plot.head(2).x()
    assert not hand.wheel(-1), "nothing to zoom out of: the panel scrolls"
    assert hand.wheel(4)
    assert plot.head(2).x() == pytest.approx(before, abs=0.5)
    span = plot.scale.high_hz / plot.scale.low_hz
    assert span < 500
    hand.wheel(1, SHIFT)
    assert plot.head(2).x() != pytest.approx(before, abs=0.5)
    empty = Hand(plot, plot.plot().left() + 3, plot.plot().top() + 3)
    empty.double_click()
    assert plot.scale.is_whole
    empty.double_click()
    assert plot.scale.low_hz == pytest.approx(220.0 * 2**-0.3, rel=0.01)
    assert plot.scale.high_hz == pytest.approx(5300.0 * 2**0.3, rel=0.01)


@pytest.mark.parametrize("way", ["axis", "middle"])
def test_the_axis_and_the_middle_button_move_the_paper(plot, way):
    plot.show_fit()
    before = plot.head(2).x()
    button = Qt.MouseButton.LeftButton if way == "axis" else Qt.MouseButton.MiddleButton
    y = plot.height() - 8 if way == "axis" else plot.plot().center().y()
    hand = Hand(plot, 300, y).press(button=button)
    hand.move(30, 0, steps=3).release(button=button)
    assert plot.head(2).x() == pytest.approx(before + 30, abs=1.0)
    assert plot.selected == frozenset()


def action(plot: ModesPlot, words: str):
    menu = plot.build_menu()
    found = [a for a in menu.actions() if a.text().startswith(words)]
    found += [a for m in menu.actions() if m.menu() for a in m.menu().actions() if a.text().startswith(words)]
    return found[0]


def test_the_menu_resets_silences_and_listens_to_modes_alone(plot):
    heard, soloed, locked = Heard(plot), QSignalSpy(plot.soloed), QSignalSpy(plot.lock_wanted)
    plot.set_values(residual(mode_pitch_st_1=3.0, mode_level_db_1=-3.0))
    plot.select({1, 2})
    action(plot, "Pitch").trigger()
    assert (value(plot, PITCH, 1), value(plot, LEVEL, 1)) == (0.0, -3.0)
    action(plot, "Silence 2 modes").trigger()
    assert value(plot, LEVEL, 2) == LEVEL_FLOOR_DB
    action(plot, "Reset all").trigger()
    assert not plot.residuals(LEVEL).any()
    assert heard.committed == [("Reset 2 modes",), ("Silence 2 modes",), ("Reset 6 modes",)]
    action(plot, "Listen to 2 modes alone").trigger()
    assert soloed.at(0) == [frozenset({1, 2})]
    levels = plot.solo_levels()
    assert [m for m in range(6) if levels[m] > LEVEL_FLOOR_DB] == [1, 2]
    assert not plot.residuals(LEVEL).any(), "listening changes nothing of the patch"
    action(plot, "Listen to 2 modes alone").trigger()
    assert soloed.at(1) == [frozenset()]
    action(plot, "All modes' pitch").trigger()
    assert locked.at(0) == [frozenset({PITCH}), True]


def test_values_from_elsewhere_are_shown_without_a_signal_and_end_a_drag_that_disagrees(plot):
    heard = Heard(plot)
    plot.moved.connect(plot.set_values)
    hand = on(plot, 2).press().move(0, 10, steps=20)
    assert len(heard.changing) >= 1
    plot.set_pictures(pictures())
    hand.move(0, 10, steps=10)
    assert value(plot, LEVEL, 2) < 0, "echoes and pictures on the way disturb nothing"
    plot.set_values(residual(mode_level_db_2=5.0))
    hand.move(0, 10).release()
    assert value(plot, LEVEL, 2) == 5.0
    assert heard.committed == []


def test_many_movements_are_told_at_the_windows_pace_and_the_last_one_never_lost(plot):
    told = []
    plot.moved.connect(told.append)
    hand = on(plot, 2).press()
    for _ in range(400):
        hand.move(0, 0.1)
    final = value(plot, LEVEL, 2)
    hand.release()
    assert 1 <= len(told) < 200
    assert told[-1][LEVEL][2] == final


def test_fewer_modes_drop_what_is_no_longer_there(plot):
    plot.select({1, 5})
    plot.set_solo({5})
    plot.set_pictures(pictures(HZ[:3], DB[:3]))
    assert (plot.selected, plot.solo) == ({1}, frozenset())
    plot.set_pictures(None)
    assert plot.selected == frozenset()
    assert "modes" in plot.words()
    plot.grab()
    QTest.keyClick(plot, Qt.Key.Key_Right, CTRL)


def test_a_long_decay_is_drawn_thicker_than_a_short_one(plot):
    plot.set_values(residual(mode_damping_oct_1=4.0, mode_damping_oct_2=-6.0))
    image = plot.grab().toImage()
    wave = [plot.head(m) for m in (1, 2)]
    ground = round(plot.plot().bottom()) - 6

    def inked(x: float) -> int:
        return sum(image.pixelColor(round(x) + d, ground).green() > 90 for d in range(-4, 5))

    assert inked(wave[1].x()) > inked(wave[0].x()) >= 1


def test_pointing_and_choosing_do_not_paint_the_stems_anew(plot, monkeypatch):
    plain, painted = ModesPicture._paint_stems, []
    monkeypatch.setattr(ModesPicture, "_paint_stems", lambda self, p: (painted.append(1), plain(self, p)))
    plot.grab()
    for mode in range(6):
        on(plot, mode).hover()
        plot.select({mode})
        plot.grab()
    assert len(painted) <= 1


def test_a_drag_paints_only_what_it_moves_and_leaves_the_picture_right(plot, monkeypatch):
    plain, painted = ModesPicture._paint_stems, []
    monkeypatch.setattr(ModesPicture, "_paint_stems", lambda self, p: (painted.append(1), plain(self, p)))
    plot.grab()
    painted.clear()
    hand = on(plot, 2).press().move(30, 0, steps=2)
    plot.grab()
    for _ in range(10):
        hand.move(2, 0)
        plot.grab()
    assert len(painted) <= 1
    hand.release()
    plot.select(())
    hand.leave()
    after = plot.grab().toImage()
    plot._on_paper()
    assert plot.grab().toImage() == after


def test_512_modes_are_painted_in_a_few_strokes(plot, monkeypatch):
    from PySide6.QtGui import QPainter

    rng = np.random.default_rng(3)
    plot.set_pictures(pictures(np.geomspace(60, 15_000, 512), rng.uniform(-80, -10, 512)))
    strokes = []
    plain = QPainter.drawLine
    monkeypatch.setattr(QPainter, "drawLine", lambda self, *a: (strokes.append(1), plain(self, *a)))
    plot.grab()
    assert len(strokes) < 60
    assert math.isfinite(plot.head(511).x())
    QApplication.processEvents()
