"""The envelope editor: what is drawn is what the engine plays, and every handle is a time and a level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gestures import ALT, CTRL, NONE, SHIFT, Hand, Heard, wants_key
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.controls.drag_value import BURST_MS
from app.controls.envelope import EnvelopeEditor
from app.controls.envelope_shape import HOLD_SHARE, EnvelopeShape
from engine.params import FM_SPACE

TIMES = [FM_SPACE[f"op1_env{n}_s"] for n in (1, 2, 3, 4)]
LEVELS = [FM_SPACE[f"op1_env{n}_db"] for n in (1, 2, 3, 4)]
VALUES = {"op1_env1_s": 0.1, "op1_env2_s": 0.4, "op1_env3_s": 1.0, "op1_env4_s": 0.3}
VALUES |= {"op1_env1_db": 0.0, "op1_env2_db": -12.0, "op1_env3_db": -24.0, "op1_env4_db": -72.0}


@pytest.fixture
def editor(qtbot):
    widget = EnvelopeEditor(TIMES, LEVELS)
    qtbot.addWidget(widget)
    widget.resize(420, 140)
    widget.move(200, 300)
    widget.set_values(VALUES)
    widget.show()
    return widget


def on_handle(editor: EnvelopeEditor, stage: int) -> Hand:
    point = editor.handle(stage)
    return Hand(editor, point.x(), point.y())


def value(editor: EnvelopeEditor, name: str) -> float:
    return next(g.value for g in editor.gestures if g.param.name == f"op1_{name}")


def test_the_curve_on_paper_is_the_one_the_engine_plays():
    import torch

    from engine.dsp.envelopes import Envelope
    from engine.dsp.units import NATS_PER_DB

    floor = LEVELS[0].low
    times, levels, hold = [0.1, 0.4, 1.0, 0.3], [0.0, -12.0, -6.0, -60.0], 1.5 + 0.5
    nats = torch.tensor([[(level - floor) * NATS_PER_DB for level in levels]], dtype=torch.float64)
    played = Envelope(nats, torch.tensor([times], dtype=torch.float64), torch.tensor([hold]).double(), floor)
    rate = 20000
    amplitude = played.amplitude(0, 48000, rate, torch.float64)[0].numpy()
    shape = EnvelopeShape.by_time(LEVELS, [*times, *levels])
    starts = [0.0, 0.1, 0.5, hold]
    for stage in range(4):
        points = np.array(shape.curve(stage, 200))
        x0, x1 = points[0, 0], points[-1, 0]
        seconds = starts[stage] + (points[:, 0] - x0) / (x1 - x0) * times[stage]
        frames = np.clip(np.round(seconds * rate).astype(int), 0, 47999)
        drawn_db = floor + points[:, 1] * -floor
        audible = drawn_db > floor + 6  # near the floor the engine fades to exact silence
        heard_db = 20 * np.log10(np.maximum(amplitude[frames], 1e-9))
        assert np.abs(drawn_db - heard_db)[audible].max() < 0.1


def test_a_rising_stage_bends_and_a_falling_one_is_straight():
    shape = EnvelopeShape.by_time(LEVELS, [0.1, 0.4, 1.0, 0.3, 0.0, -12.0, -24.0, -72.0])
    assert len(shape.curve(0)) > 10
    assert [len(shape.curve(stage)) for stage in (1, 2, 3)] == [2, 2, 2]
    assert shape.curve(0)[0] == (0.0, 0.0), "it starts at level 4"
    assert shape.stage_start(3)[0] - shape.node(2)[0] == pytest.approx(HOLD_SHARE)


def test_in_true_time_widths_are_in_proportion_and_fill_the_paper(editor):
    editor.set_true_time(True)
    shape = editor.shape()
    assert shape.node(3)[0] == pytest.approx(1.0)
    decay, slope = shape.widths[1], shape.widths[2]
    assert (slope - 0.02) / (decay - 0.02) == pytest.approx(2.5)


@pytest.mark.parametrize("true_time", [False, True])
def test_a_handle_stays_under_the_pointer(editor, true_time):
    editor.set_true_time(true_time)
    for stage, (dx, dy) in enumerate([(20, 10), (15, 12), (-20, -15), (10, -20)]):
        hand = on_handle(editor, stage).press()
        hand.move(dx, dy)
        point = editor.handle(stage)
        assert math.hypot(point.x() - hand.at.x(), point.y() - hand.at.y()) < 1.5
        hand.release(ALT)


def test_dragging_a_handle_changes_its_time_and_level_in_one_step(editor):
    heard = Heard(editor)
    on_handle(editor, 1).press().move(10, -10, steps=5).release()
    assert {name for name, _ in heard.changing} == {"op1_env2_s", "op1_env2_db"}
    assert value(editor, "env2_s") > 0.4
    assert value(editor, "env2_db") > -12.0
    assert len(heard.committed) == 1
    assert heard.reverted == 0


def test_shift_moves_a_handle_ten_times_finer_without_a_jump(editor):
    hand = on_handle(editor, 1).press()
    hand.move(0, 10)
    before = value(editor, "env2_db")
    hand.move(0, 0, SHIFT)
    assert value(editor, "env2_db") == before
    hand.move(0, 10, SHIFT)
    fine = before - value(editor, "env2_db")
    hand.move(0, 10)
    coarse = before - fine - value(editor, "env2_db")
    assert coarse == pytest.approx(10 * fine)
    hand.release()


def test_ctrl_moves_a_level_in_whole_decibels(editor):
    on_handle(editor, 1).press(CTRL).move(0, 9, CTRL).release(CTRL)
    level = value(editor, "env2_db")
    assert level == round(level) != -12.0


@pytest.mark.parametrize("way", ["alt", "esc", "other button"])
def test_a_drag_can_be_taken_back(editor, way):
    heard = Heard(editor)
    hand = on_handle(editor, 2).press().move(-15, 15)
    if way == "alt":
        hand.release(ALT)
    elif way == "esc":
        assert wants_key(editor, Qt.Key.Key_Escape)
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        hand.release()
    else:
        hand.press(button=Qt.MouseButton.RightButton)
        hand.release()
    assert value(editor, "env3_s") == 1.0
    assert value(editor, "env3_db") == -24.0
    assert not heard.committed
    assert heard.reverted == 1


def test_pressing_the_paper_changes_nothing(editor):
    heard = Heard(editor)
    Hand(editor, 400, 130).press().move(-30, -30).release()
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)


def test_a_double_click_on_a_handle_types_time_and_level(editor):
    heard = Heard(editor)
    on_handle(editor, 1).double_click()
    assert editor.editor is not None
    assert editor.editor.text() == "400 ms; -12.0 dB"
    QTest.keyClicks(editor.editor, "0,25 s; -9")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert value(editor, "env2_s") == 0.25
    assert value(editor, "env2_db") == -9.0
    assert len(heard.committed) == 1


@pytest.mark.parametrize(
    ("typed", "time", "level"), [("50 ms", 0.05, -12.0), ("-3 dB", 0.4, -3.0), ("*2; off", 0.8, -72.0)]
)
def test_one_of_both_may_be_typed(editor, typed, time, level):
    editor.selected = 1
    editor.open_editor()
    QTest.keyClicks(editor.editor, typed)
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert value(editor, "env2_s") == pytest.approx(time)
    assert value(editor, "env2_db") == pytest.approx(level)


def test_nonsense_for_a_handle_is_explained_and_changes_nothing(editor):
    editor.open_editor()
    for typed in ("1 s; 2 s; 3 s", "much", "1 s; loud"):
        editor.editor.selectAll()
        QTest.keyClicks(editor.editor, typed)
        QTest.keyClick(editor.editor, Qt.Key.Key_Return)
        assert editor.editor is not None
        assert len(editor.editor.accessibleDescription()) > 20
    QTest.keyClick(editor.editor, Qt.Key.Key_Escape)
    assert value(editor, "env1_s") == 0.1


def test_tab_in_the_field_goes_to_the_next_handle(editor):
    editor.open_editor()
    QTest.keyClick(editor.editor, Qt.Key.Key_Tab)
    assert editor.selected == 1
    assert editor.editor is not None
    assert editor.editor.text().startswith("400 ms")
    editor.editor.close_unchanged()


def test_the_keyboard_reaches_every_handle(editor, qtbot):
    heard = Heard(editor)
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Right, CTRL)
    assert editor.selected == 1
    QTest.keyClick(editor, Qt.Key.Key_Up)
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert value(editor, "env2_db") == -10.0
    QTest.keyClick(editor, Qt.Key.Key_Right)
    assert value(editor, "env2_s") > 0.4
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    qtbot.wait(BURST_MS + 50)
    assert len(heard.committed) == 1, "keys on time and level together are one step"
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert value(editor, "env2_s") == TIMES[1].default
    QTest.keyClick(editor, Qt.Key.Key_Left, CTRL)
    QTest.keyClick(editor, Qt.Key.Key_Left, CTRL)
    assert editor.selected == 3


def test_hovering_a_handle_tells_its_values_in_words(editor):
    before = editor.grab().toImage()
    on_handle(editor, 1).hover()
    QApplication.processEvents()
    assert editor.grab().toImage() != before
    assert "Decay 400 ms" in editor.accessibleDescription()
    assert "Sustain -24.0 dB" in editor.accessibleDescription()


def test_handles_on_one_spot_can_both_be_reached(editor):
    editor.set_values(VALUES | {"op1_env2_s": TIMES[1].low, "op1_env2_db": 0.0})
    first, second = editor.handle(0), editor.handle(1)
    Hand(editor, first.x() - 4, first.y()).press().release()
    assert editor.selected == 0
    Hand(editor, second.x() + 4, second.y()).press().release()
    assert editor.selected == 1


def test_the_menu_resets_a_handle_and_switches_the_time_scale(editor):
    menu = editor.build_menu(1)
    actions = {action.text(): action for action in menu.actions()}
    actions["Reset decay"].trigger()
    assert value(editor, "env2_db") == LEVELS[1].default
    actions["True time, fitted to the width"].trigger()
    assert editor.true_time
    menu.deleteLater()


def test_an_envelope_has_four_stages():
    with pytest.raises(ValueError, match="4 times and levels"):
        EnvelopeEditor(TIMES[:3], LEVELS)


def test_space_is_left_to_the_window(editor):
    assert not wants_key(editor, Qt.Key.Key_Space, NONE, " ")
