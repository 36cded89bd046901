"""Drop-downs, segments and switches under the same hand as knobs: wheel, drag, keys, typing, default, lock."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gestures import ALT, Hand, Heard, wants_key
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from app.controls.choice import ChoiceField, Segments, Switch, choice_control
from app.controls.choice_pictures import lfo_wave, operator_wave
from app.controls.value_field import ValueField
from app.controls.words import typeset
from engine.params import FM_SPACE, choice
from engine.params.fm import WAVES
from engine.params.fm_voice import LFO_WAVES

WAVE = FM_SPACE["op1_wave"]
FILTER = FM_SPACE["filter_type"]
MUTE = FM_SPACE["op1_mute"]
SYNC = FM_SPACE["lfo_sync"]


@pytest.fixture(params=[ChoiceField, Segments])
def control(request, qtbot):
    return put(request.param(WAVE), qtbot)


def put(widget, qtbot):
    qtbot.addWidget(widget)
    widget.resize(240, widget.sizeHint().height())
    widget.move(100, 200)
    widget.show()
    return widget


def test_a_notch_of_the_wheel_is_one_choice_and_a_burst_is_one_step(control):
    heard = Heard(control)
    hand = Hand(control, y=30)
    for _ in range(3):
        hand.wheel(1)
    assert control.value == 3.0
    hand.wheel(-1)
    hand.leave()
    assert [value for (value,) in heard.changing] == [1.0, 2.0, 3.0, 2.0]
    assert heard.committed == [(2.0,)]


def test_a_touchpads_small_turns_add_up_to_a_choice(control):
    hand = Hand(control, y=30)
    for _ in range(7):
        hand.wheel(0.125)
    assert control.value == 0.0
    hand.wheel(0.125)
    assert control.value == 1.0


def test_a_drag_goes_through_the_choices_and_is_one_step(control):
    heard = Heard(control)
    Hand(control, y=30).grab().move(0, -100, steps=50).release()
    assert control.value == 4.0, "half the travel is the middle of eight choices"
    assert [value for (value,) in heard.changing] == [1.0, 2.0, 3.0, 4.0]
    assert heard.committed == [(4.0,)]


def test_a_drag_released_with_alt_goes_back(control):
    heard = Heard(control)
    Hand(control, y=30).grab().move(0, -100, steps=10).release(ALT)
    assert control.value == 0.0
    assert (heard.committed, heard.reverted) == ([], 1)


def test_arrow_keys_go_one_by_one_and_end_at_the_ends(control):
    control.setFocus()
    for _ in range(2):
        QTest.keyClick(control, Qt.Key.Key_Up)
    assert control.value == 2.0
    QTest.keyClick(control, Qt.Key.Key_End)
    QTest.keyClick(control, Qt.Key.Key_Right)
    assert control.value == len(WAVES) - 1
    QTest.keyClick(control, Qt.Key.Key_Delete)
    assert control.value == 0.0


def test_the_beginning_of_a_name_can_be_typed(control):
    control.setFocus()
    QTest.keyClick(control, Qt.Key.Key_Return)
    QTest.keyClicks(control.editor, "camel s")
    QTest.keyClick(control.editor, Qt.Key.Key_Return)
    assert control.value == WAVES.index("camel squared")


def test_a_screen_reader_hears_the_choice_in_words(control):
    control.set_value(6.0)
    interface = QAccessible.queryAccessibleInterface(control)
    assert interface.text(QAccessible.Text.Value) == "Camel"
    assert interface.text(QAccessible.Text.Name) == "Operator 1 Wave"


def test_a_lock_is_told_and_shown(control):
    told: list[bool] = []
    control.lock_changed.connect(told.append)
    plain = control.grab().toImage()
    control.set_locked(True)
    assert told == [True]
    assert control.grab().toImage() != plain


def test_space_is_left_to_the_window(control):
    assert not wants_key(control, Qt.Key.Key_Space)


def test_a_click_lists_all_choices_and_one_of_them_is_taken(qtbot):
    field = put(ChoiceField(WAVE), qtbot)
    heard = Heard(field)
    Hand(field, y=30).click()
    actions = field.list.actions()
    assert [action.text() for action in actions] == [words.capitalize() for words in WAVES]
    assert actions[0].isChecked()
    actions[5].trigger()
    field.list.close()
    assert heard.committed == [(5.0,)]
    assert field.list is None


def test_alt_and_down_list_the_choices_too(qtbot):
    field = put(ChoiceField(WAVE), qtbot)
    field.setFocus()
    assert wants_key(field, Qt.Key.Key_Down, ALT)
    QTest.keyClick(field, Qt.Key.Key_Down, ALT)
    assert field.list is not None
    field.list.close()
    assert field.value == 0.0


def test_a_quick_second_click_under_the_list_means_the_default(qtbot):
    field = put(ChoiceField(WAVE), qtbot)
    field.set_value(5.0)
    hand = Hand(field, y=30)
    hand.click()
    field.list.close()  # what a press beside it does
    hand.press().release()
    assert field.value == 0.0
    assert field.list is None


def test_a_click_on_a_segment_takes_it_and_a_double_click_means_the_default(qtbot):
    segments = put(Segments(FILTER), qtbot)
    heard = Heard(segments)
    place = segments.segment(3).center()
    Hand(segments, place.x(), place.y()).click()
    assert heard.committed == [(3.0,)]
    Hand(segments, place.x(), place.y()).click()
    assert len(heard.committed) == 1, "what is chosen already is no change"
    Hand(segments, place.x(), place.y()).double_click()
    assert segments.value == FILTER.default


def test_segments_fill_the_width_and_the_tip_names_a_picture(qtbot):
    segments = put(Segments(WAVE, picture=lambda *_: None), qtbot)
    boxes = [segments.segment(n) for n in range(len(WAVES))]
    assert boxes[0].left() == 0
    assert boxes[-1].right() == segments.width()
    assert all(a.right() == b.left() for a, b in pairwise(boxes))
    place = segments.segment(6).center()
    Hand(segments, place.x(), place.y()).hover()
    assert segments.toolTip().startswith("Wave: Camel\n")


def test_a_click_switches_and_a_quick_second_one_switches_back(qtbot):
    switch = put(Switch(MUTE, letter="M"), qtbot)
    heard = Heard(switch)
    off = switch.grab().toImage()
    Hand(switch).click()
    assert switch.on
    assert heard.committed == [(1.0,)]
    assert switch.grab().toImage() != off
    Hand(switch).double_click()
    assert heard.committed == [(1.0,), (0.0,), (1.0,)]


def test_a_click_that_is_let_go_elsewhere_switches_nothing(qtbot):
    switch = put(Switch(SYNC), qtbot)
    hand = Hand(switch).press()
    hand.at.setX(-30.0)
    hand.release()
    assert switch.value == SYNC.default == 1.0


def test_a_switch_is_typed_and_turned_too(qtbot):
    switch = put(Switch(SYNC), qtbot)
    Hand(switch).wheel(-1)
    assert not switch.on
    switch.gesture.type("on")
    assert switch.on
    with qtbot.waitSignal(switch.committed):
        Hand(switch).click()


def test_each_choice_gets_what_suits_it(qtbot):
    long = choice("x", tuple(f"a rather long word {n}" for n in range(4)))
    kinds = {"op1_mute": Switch, "filter_type": Segments, "velocity_curve": Segments}
    for name, kind in kinds.items():
        control = choice_control(FM_SPACE[name])
        qtbot.addWidget(control)
        assert isinstance(control, kind)
    field = choice_control(long)
    qtbot.addWidget(field)
    assert isinstance(field, ChoiceField)


def test_the_pictures_are_the_engines_waves():
    torch = pytest.importorskip("torch")
    from engine.dsp.waves import shaped

    times = torch.linspace(0.01, 0.99, 25, dtype=torch.float64)
    heard = shaped(2 * torch.pi * times.expand(len(WAVES), -1), range(len(WAVES)))
    for n, row in enumerate(heard.tolist()):
        assert [operator_wave(n, t) for t in times.tolist()] == pytest.approx(row, abs=1e-9)


def test_the_pictures_of_the_lfo_stay_on_their_paper():
    for n in range(len(LFO_WAVES)):
        values = [lfo_wave(n, t / 50) for t in range(50)]
        assert max(values) - min(values) > 1.5
        assert max(map(abs, values)) <= 1.0


@pytest.mark.parametrize("name", ["op1_mute", "op1_wave", "filter_type", "velocity_curve", "op1_detune_cents"])
def test_tool_tips_tell_limits_of_numbers_only_and_the_gesture_that_works(qtbot, name):
    param = FM_SPACE[name]
    control = choice_control(param) if param.choices else ValueField(param)
    qtbot.addWidget(control)
    tip = control.toolTip()
    assert tip.startswith(param.help)
    assert ("Click" in tip.splitlines()[1]) == bool(param.choices)
    assert ("Drag" in tip) != bool(param.choices)
    assert ("(\u2212100 ct to +100 ct)" in tip) == (name == "op1_detune_cents")
    assert not any(f"({word} to" in tip for word in param.choices)


def test_choices_are_shown_with_a_capital_and_their_own_hyphen(qtbot):
    shown = {}
    for param in (FILTER, FM_SPACE["velocity_curve"]):
        field = put(ChoiceField(param), qtbot)
        field.set_value(1.0)
        shown[param.name] = typeset(field.value_text())
        field.gesture.type(field.value_text())
        assert field.value == 1.0, "what is shown can be typed"
    assert shown == {"filter_type": "Low-pass", "velocity_curve": "DX7"}
