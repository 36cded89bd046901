"""Drawing on the surface of an object: where, how hard and when, and what becomes of it."""

from __future__ import annotations

import pytest
from gestures import CTRL, SHIFT, Hand, wants_key
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication

from app import theme
from app.controls.gesture_pad import GesturePad
from app.controls.gesture_surface import FORCE, HARD, SOFT
from engine.params.gesture import GESTURES, Gesture


@pytest.fixture
def pad(qtbot):
    widget = GesturePad()
    qtbot.addWidget(widget)
    widget.resize(420, 220)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def over(pad, x, y):
    point = pad.surface.pixel(x, y)
    return Hand(pad.surface, point.x(), point.y())


def rows(spy):
    return [tuple(spy.at(i)) for i in range(spy.count())]


def test_drawing_says_where_and_how_hard_the_hand_is_from_the_moment_it_came_down(pad):
    touched, lifted = QSignalSpy(pad.touched), QSignalSpy(pad.lifted)
    hand = over(pad, 0.2, 0.5).press()
    assert rows(touched)[0] == pytest.approx((0.2, 0.5, FORCE, 0.0), abs=0.01)
    hand.move(200, 0, steps=8)
    way = rows(touched)
    assert len(way) == 9
    assert [row[0] for row in way] == sorted(row[0] for row in way)
    assert [row[3] for row in way] == sorted(row[3] for row in way)
    assert way[-1][0] > 0.6
    assert lifted.count() == 0
    hand.release()
    assert lifted.count() == 1


def test_moving_without_pressing_touches_nothing(pad):
    touched = QSignalSpy(pad.touched)
    over(pad, 0.2, 0.5).move(100, 0, steps=5)
    assert touched.count() == 0


def test_shift_is_soft_and_ctrl_is_hard(pad):
    touched = QSignalSpy(pad.touched)
    for keys in (SHIFT, CTRL):
        over(pad, 0.5, 0.5).press(keys).release(keys)
    assert [row[2] for row in rows(touched)] == [SOFT, HARD]


def test_beyond_the_edge_the_hand_stays_on_the_object(pad):
    touched = QSignalSpy(pad.touched)
    over(pad, 0.9, 0.5).press().move(500, 300, steps=3).release()
    assert rows(touched)[-1][:2] == (1.0, 1.0)


def test_what_was_drawn_is_a_gesture_that_ends_with_the_hand_away(pad):
    drawn = QSignalSpy(pad.drawn)
    assert not pad.keep.isEnabled()
    pad.choose("roll")
    pad.fields["roll"].enter(20.0)
    over(pad, 0.2, 0.5).press().move(100, 10, steps=5).release()
    (gesture,) = drawn.at(0)
    assert isinstance(gesture, Gesture)
    assert gesture == pad.last
    assert (gesture.hand.kind, gesture.hand.roll_hz) == ("roll", 20.0)
    assert gesture.touches[0].seconds == 0.0
    assert gesture.touches[-1].force == 0.0
    assert len(gesture.touches) == 7
    kept = QSignalSpy(pad.keep_asked)
    pad.keep.click()
    assert kept.at(0)[0] == gesture


def test_every_gesture_has_its_own_chance_and_the_one_under_way_keeps_it(pad):
    hand = over(pad, 0.2, 0.5).press()
    before = pad.hand
    hand.move(50, 0, steps=2)
    assert pad.hand == before
    hand.release()
    assert pad.last.hand == before
    assert pad.hand.seed != before.seed


def test_a_mode_is_chosen_by_its_button_and_shows_its_own_field(pad):
    modes = QSignalSpy(pad.mode_changed)
    for name in ("roll", "bounce", "bounce", "scrape"):
        pad.modes[name].click()
        assert pad.mode == pad.hand.kind == name
        assert [n for n in GESTURES if pad.modes[n].isChecked()] == [name]
        assert {n for n, field in pad.fields.items() if field.isVisible()} == {name} - {"scrape"}
    assert [row[0] for row in rows(modes)] == ["roll", "bounce", "scrape"]


def test_the_right_button_and_the_switch_damp(pad):
    damped = QSignalSpy(pad.damped)
    over(pad, 0.5, 0.5).press(button=Qt.MouseButton.RightButton).release(button=Qt.MouseButton.RightButton)
    assert [row[0] for row in rows(damped)] == [True, False]
    pad.damp.click()
    # A hand that lies on it already is not taken off by another one.
    over(pad, 0.5, 0.5).press(button=Qt.MouseButton.RightButton).release(button=Qt.MouseButton.RightButton)
    pad.damp.click()
    assert [row[0] for row in rows(damped)] == [True, False, True, False]


def test_the_keyboard_draws_and_damps(pad):
    surface = pad.surface
    surface.setFocus()
    touched, lifted, damped = QSignalSpy(pad.touched), QSignalSpy(pad.lifted), QSignalSpy(pad.damped)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Backspace, Qt.Key.Key_Return):
        assert wants_key(surface, key)
    QTest.keyClick(surface, Qt.Key.Key_Left)
    assert touched.count() == 0
    x, y = surface.place
    assert not wants_key(surface, Qt.Key.Key_Space)
    QTest.keyPress(surface, Qt.Key.Key_Return)
    QTest.keyClick(surface, Qt.Key.Key_Right)
    QTest.keyClick(surface, Qt.Key.Key_Down)
    assert lifted.count() == 0
    QTest.keyRelease(surface, Qt.Key.Key_Return)
    way = rows(touched)
    assert [row[:2] for row in way] == [(x, y), (x + 0.04, y), (x + 0.04, y + 0.04)]
    assert lifted.count() == 1
    QTest.keyPress(surface, Qt.Key.Key_Backspace)
    QTest.keyRelease(surface, Qt.Key.Key_Backspace)
    assert [row[0] for row in rows(damped)] == [True, False]


@pytest.mark.parametrize("ending", ["focus", "hide"])
def test_a_hand_does_not_stay_when_the_pad_goes_away(pad, ending):
    lifted, damped = QSignalSpy(pad.lifted), QSignalSpy(pad.damped)
    over(pad, 0.5, 0.5).press()
    QTest.keyPress(pad.surface, Qt.Key.Key_Backspace)
    if ending == "hide":
        pad.hide()
    else:
        pad.surface.clearFocus()
    assert lifted.count() == 1
    assert [row[0] for row in rows(damped)] == [True, False]


def test_a_pen_presses_as_hard_as_it_is_pressed(pad):
    pen = QPointingDevice(
        "pen",
        7,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure,
        1,
        3,
        "",
        QPointingDeviceUniqueId.fromNumericId(1),
    )
    touched, lifted = QSignalSpy(pad.touched), QSignalSpy(pad.lifted)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    for kind, pressure, button, buttons in (
        (QEvent.Type.TabletPress, 0.3, left, left),
        (QEvent.Type.TabletMove, 0.9, none, left),
        (QEvent.Type.TabletRelease, 0.0, left, none),
    ):
        at = QPointF(100, 60)
        rest = (0.0, 0.0, 0.0, 0.0, 0.0, Qt.KeyboardModifier.NoModifier, button, buttons)
        QApplication.sendEvent(pad.surface, QTabletEvent(kind, pen, at, at, pressure, *rest))
    assert [row[2] for row in rows(touched)] == pytest.approx([0.3, 0.9])
    assert lifted.count() == 1


@pytest.mark.parametrize("moves", [True, False])
def test_the_way_is_painted_while_it_is_drawn_and_gone_soon_after(pad, qtbot, moves):
    theme.set_motion(moves)
    try:
        empty = pad.surface.grab().toImage()
        hand = over(pad, 0.1, 0.2).press().move(200, 60, steps=12)
        drawn = pad.surface.grab().toImage()
        line = pad.surface.pixel(0.1, 0.2) + QPointF(100, 30)
        assert drawn.pixelColor(line.toPoint()) != empty.pixelColor(line.toPoint())
        hand.release()
        qtbot.waitUntil(
            lambda: pad.surface.grab().toImage().pixelColor(line.toPoint()) == empty.pixelColor(line.toPoint()),
            timeout=5_000,
        )
    finally:
        theme.set_motion(True)
