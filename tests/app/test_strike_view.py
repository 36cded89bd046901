"""Striking the picture of an object: where, how hard, and what the places on it mean."""

from __future__ import annotations

import math

import pytest
from gestures import ALT, CTRL, SHIFT, Hand, Heard, wants_key
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QPointingDeviceUniqueId, QTabletEvent
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication

from app import theme
from app.controls.drag_value import BURST_MS
from app.controls.strike_force import (
    HARD,
    HARDEST,
    MEDIUM,
    SOFT,
    PointerSpeed,
    velocity_of_pressure,
    velocity_of_speed,
)
from app.controls.strike_view import StrikeView
from app.controls.struck_object import Look, solid_of
from app.controls.struck_paint import Stuff, ruler_length, stuff_colour
from engine.params.impact import MATERIALS, SHAPES

ROOM = QRectF(10, 10, 380, 180)
PLACES = [(0.02, 0.1), (0.3, 0.6), (0.5, 0.5), (0.75, 0.25), (0.97, 0.9)]


@pytest.fixture
def view(qtbot):
    widget = StrikeView()
    qtbot.addWidget(widget)
    widget.resize(420, 220)
    widget.set_values({"shape": 0.0, "strike_x": 0.3, "strike_y": 0.6, "pickup_x": 0.9, "pickup_y": 0.2})
    widget.show()
    return widget


def over(view: StrikeView, x: float, y: float) -> Hand:
    point = view.pixel(x, y)
    return Hand(view, point.x(), point.y())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", PLACES)
def test_a_place_on_the_picture_is_the_place_that_is_struck(shape, place):
    solid = solid_of(Look(shape, proportion=0.5, hollowness=0.5), ROOM)
    pixel = solid.place(*place)
    assert solid.struck.intersects(QRectF(pixel.x() - 1, pixel.y() - 1, 2, 2))
    assert solid.at(pixel) == pytest.approx(place, abs=0.02)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("proportion", [0.03, 1.0])
@pytest.mark.parametrize("size_m", [0.02, 3.0])
def test_every_object_stays_in_its_room_and_can_be_hit(shape, proportion, size_m):
    solid = solid_of(Look(shape, size_m, 0.1, proportion, 1.0), ROOM)
    assert ROOM.adjusted(-2, -2, 2, 2).contains(solid.outline.boundingRect())
    assert min(solid.struck.boundingRect().width(), solid.struck.boundingRect().height()) >= 12


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_object_is_drawn_larger_and_its_ruler_says_by_how_much(shape):
    small, large = (solid_of(Look(shape, size), ROOM) for size in (0.05, 2.0))
    assert large.outline.boundingRect().width() > 1.2 * small.outline.boundingRect().width()
    assert ruler_length(small.px_per_m, 100) in (0.01, 0.02, 0.05)
    assert ruler_length(large.px_per_m, 100) in (0.5, 1.0)


def test_a_round_skin_is_struck_from_its_middle_to_its_rim():
    solid = solid_of(Look("membrane"), ROOM)
    centre = solid.place(0.0, 0.0)
    assert solid.place(0.0, 0.7) == centre
    assert solid.place(1.0, 0.0).x() > centre.x()
    assert solid.place(1.0, 0.25).y() > centre.y()
    assert solid.at(centre + QPointF(0, -1000))[0] == 1.0


def test_a_bell_is_struck_from_its_crown_to_its_lip():
    solid = solid_of(Look("bell"), ROOM)
    assert solid.place(0.0, 0.5).y() < solid.place(0.5, 0.5).y() < solid.place(1.0, 0.5).y()


def test_a_click_strikes_where_it_lands_and_puts_the_place_there(view):
    heard, struck, released = Heard(view), QSignalSpy(view.struck), QSignalSpy(view.released)
    hand = over(view, 0.7, 0.4).press()
    x, y, velocity = struck.at(0)
    assert (x, y) == pytest.approx((0.7, 0.4), abs=0.02)
    assert velocity == MEDIUM == view.force
    assert released.count() == 0
    hand.release()
    assert released.count() == 1
    assert view.place("strike") == (x, y)
    assert heard.committed == [("Strike place",)]


def test_striking_the_same_place_again_is_no_step(view):
    over(view, 0.7, 0.4).click()
    heard, struck = Heard(view), QSignalSpy(view.struck)
    over(view, *view.place("strike")).click()
    assert struck.count() == 1
    assert (heard.committed, heard.reverted) == ([], 0)


def test_the_second_of_two_quick_clicks_strikes_too(view):
    struck = QSignalSpy(view.struck)
    over(view, 0.7, 0.4).double_click()
    assert struck.count() == 2


def test_beside_the_object_nothing_is_struck(view):
    struck, heard = QSignalSpy(view.struck), Heard(view)
    Hand(view, 8, 60).press().move(50, 20, steps=3).release()
    assert struck.count() == 0
    assert heard.changing == []


def flick(view: StrikeView, pixels_each: float, x: float = 0.5, y: float = 0.5) -> int:
    """The velocity of a press at the end of a way of ``pixels_each`` 8 ms."""
    struck = QSignalSpy(view.struck)
    end = view.pixel(x, y)
    now = 1000
    for step in range(8, -1, -1):
        here = end - QPointF(step * pixels_each, 0)
        kind = QEvent.Type.MouseMove if step else QEvent.Type.MouseButtonPress
        button = Qt.MouseButton.NoButton if step else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, here, view.mapToGlobal(here), button, button, Qt.KeyboardModifier.NoModifier)
        event.setTimestamp(now)
        now += 8
        QApplication.sendEvent(view, event)
    Hand(view, end.x(), end.y()).release()
    return struck.at(0)[2]


def test_a_flick_hits_harder_than_a_still_click(view):
    soft, middle, hard = (flick(view, pixels) for pixels in (0.0, 4.0, 30.0))
    assert soft == MEDIUM < middle < hard <= HARDEST


@pytest.mark.parametrize("n_events", [1, 2, 3])
def test_a_flick_of_a_few_events_after_a_rest_is_the_hardest(n_events):
    speed = PointerSpeed()
    speed.note(0, QPointF(0, 0))
    for n in range(1, n_events + 1):
        speed.note(1_000 + 8 * n, QPointF(80.0 * n / n_events, 60.0 * n / n_events))
    assert velocity_of_speed(speed.at(1_000 + 8 * n_events)) > 118


def test_where_the_pointer_comes_back_it_has_not_leapt_to(view):
    struck = QSignalSpy(view.struck)
    spot = view.pixel(0.5, 0.5)
    hand = Hand(view, spot.x() - 60, spot.y()).hover()
    hand.leave()
    hand.at = spot
    hand.hover().press().release()
    assert struck.at(0)[2] == MEDIUM


def test_a_pointer_that_came_fast_and_rested_is_still():
    speed = PointerSpeed()
    for n in range(5):
        speed.note(n * 8, QPointF(n * 40.0, 0))
    assert speed.at(32) > 3000
    assert speed.at(500) == 0.0


def test_force_grows_with_speed_and_pressure_and_stays_in_midis_range():
    speeds = [velocity_of_speed(v) for v in (0, 50, 100, 500, 2000, 10_000, 1e6)]
    assert speeds == sorted(speeds)
    assert speeds[0] == MEDIUM
    assert speeds[-1] == HARDEST
    pens = [velocity_of_pressure(p) for p in (0.0, 0.1, 0.5, 0.9, 1.0, 2.0)]
    assert pens == sorted(pens)
    assert (pens[0], pens[-1]) == (1, 127)


@pytest.mark.parametrize(("keys", "velocity"), [(SHIFT, SOFT), (CTRL, HARD)])
def test_shift_is_soft_and_ctrl_is_hard(view, keys, velocity):
    struck = QSignalSpy(view.struck)
    over(view, 0.5, 0.5).press(keys).release(keys)
    assert struck.at(0)[2] == velocity


def test_dragging_on_moves_the_place_in_one_step(view):
    heard, struck = Heard(view), QSignalSpy(view.struck)
    over(view, 0.3, 0.6).press().move(60, 0, steps=6).release()
    assert struck.count() == 1, "it strikes once, where it landed"
    assert view.place("strike")[0] > 0.45
    assert len(heard.committed) == 1
    assert {name for name, _ in heard.changing} <= {"strike_x", "strike_y"}


@pytest.mark.parametrize("way", ["alt", "esc", "right button", "hidden"])
def test_a_moved_place_can_be_taken_back(view, way):
    heard, released = Heard(view), QSignalSpy(view.released)
    hand = over(view, 0.6, 0.3).press().move(30, 5, steps=3)
    if way == "alt":
        hand.release(ALT)
    elif way == "esc":
        assert wants_key(view, Qt.Key.Key_Escape)
        QTest.keyClick(view, Qt.Key.Key_Escape)
        hand.release()
    elif way == "right button":
        hand.press(button=Qt.MouseButton.RightButton)
    else:
        view.hide()
    assert view.place("strike") == (0.3, 0.6)
    assert (heard.committed, heard.reverted) == ([], 1)
    assert released.count() == 1, "what was struck is let go of, whatever becomes of the place"


def test_the_ring_is_dragged_without_a_sound(view):
    heard, struck = Heard(view), QSignalSpy(view.struck)
    over(view, 0.9, 0.2).press().move(-80, 8, steps=4).release()
    assert struck.count() == 0
    x, _ = view.place("pickup")
    assert 0.5 < x < 0.8
    assert view.place("strike") == (0.3, 0.6)
    assert heard.committed == [("Listening place",)]


def test_a_click_on_the_ring_strikes_under_it(view):
    struck = QSignalSpy(view.struck)
    over(view, 0.9, 0.2).click()
    assert struck.at(0)[:2] == [0.9, 0.2]
    assert view.place("pickup") == (0.9, 0.2)


def test_the_right_button_damps_as_long_as_it_is_held(view):
    damped = QSignalSpy(view.damped)
    hand = over(view, 0.5, 0.5).press(button=Qt.MouseButton.RightButton)
    assert [damped.at(n)[0] for n in range(damped.count())] == [True]
    hand.release(button=Qt.MouseButton.RightButton)
    assert damped.at(1)[0] is False


def test_enter_strikes_and_holds_until_it_goes_up_and_the_space_bar_is_left_to_the_window(view):
    struck, released, heard = QSignalSpy(view.struck), QSignalSpy(view.released), Heard(view)
    view.setFocus()
    assert not wants_key(view, Qt.Key.Key_Space, text=" ")
    assert wants_key(view, Qt.Key.Key_Return)
    QTest.keyPress(view, Qt.Key.Key_Return)
    assert (struck.at(0), released.count()) == ([0.3, 0.6, MEDIUM], 0)
    QTest.keyRelease(view, Qt.Key.Key_Return)
    assert released.count() == 1
    for _ in range(20):
        QTest.keyClick(view, Qt.Key.Key_PageUp)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert struck.at(1)[2] == HARDEST
    assert heard.changing == []


def test_the_windows_own_keys_stay_the_windows(view):
    for key, keys in ((Qt.Key.Key_Return, CTRL), (Qt.Key.Key_Space, SHIFT), (Qt.Key.Key_PageUp, CTRL)):
        assert not wants_key(view, key, keys)
    assert wants_key(view, Qt.Key.Key_Return)
    assert not wants_key(view, Qt.Key.Key_Escape)


def test_quick_clicks_tell_the_place_before_the_strike(view):
    told = []
    view.moved.connect(lambda values: told.append(("place", values)))
    view.struck.connect(lambda x, y, _force: told.append(("strike", {"strike_x": x, "strike_y": y})))
    for x in (0.2, 0.4, 0.6, 0.8):
        over(view, x, 0.5).click()
    assert [what for what, _ in told] == ["place", "strike"] * 4
    place: dict[str, float] = {}
    for what, values in told:
        place |= values if what == "place" else {}
        assert what == "place" or place == values


def test_arrows_move_the_chosen_place(view, qtbot):
    heard = Heard(view)
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down, SHIFT)
    assert view.place("strike") == pytest.approx((0.32, 0.602))
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    assert heard.committed == [("Strike place",)]
    QTest.keyClick(view, Qt.Key.Key_Right, CTRL)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.place("pickup") == pytest.approx((0.88, 0.2))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert view.place("pickup") == (0.9, 0.2)


@pytest.mark.parametrize(("shape", "key"), [("membrane", Qt.Key.Key_Left), ("bell", Qt.Key.Key_Down)])
def test_arrows_go_where_they_point(view, shape, key):
    view.set_values({"shape": float(SHAPES.index(shape)), "strike_x": 0.03, "strike_y": 0.1})
    view.setFocus()
    before = view.pixel(*view.place("strike"))
    for _ in range(8):
        QTest.keyClick(view, key)
    step = view.pixel(*view.place("strike")) - before
    wanted = QPointF(-1, 0) if key == Qt.Key.Key_Left else QPointF(0, 1)
    assert QPointF.dotProduct(step, wanted) > 5
    assert abs(step.x() * wanted.y()) + abs(step.y() * wanted.x()) < 12


def pen(view: StrikeView, kind: QEvent.Type, point: QPointF, pressure: float, device: QPointingDevice) -> bool:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletMove else Qt.MouseButton.LeftButton
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.TabletRelease else Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.NoModifier
    event = QTabletEvent(
        kind, device, point, QPointF(view.mapToGlobal(point)), pressure, 0, 0, 0, 0, 0, keys, button, held
    )
    QApplication.sendEvent(view, event)
    return event.isAccepted()


def a_pen(*, feels_pressure: bool) -> QPointingDevice:
    kinds = QInputDevice.Capability.Position
    if feels_pressure:
        kinds |= QInputDevice.Capability.Pressure
    return QPointingDevice(
        "pen",
        7,
        QInputDevice.DeviceType.Stylus,
        QPointingDevice.PointerType.Pen,
        kinds,
        1,
        1,
        "",
        QPointingDeviceUniqueId(),
    )


def test_a_pen_strikes_as_hard_as_it_presses_while_it_lands(view, qtbot):
    struck = QSignalSpy(view.struck)
    device, point = a_pen(feels_pressure=True), view.pixel(0.6, 0.5)
    assert pen(view, QEvent.Type.TabletPress, point, 0.05, device)
    assert struck.count() == 0
    pen(view, QEvent.Type.TabletMove, point, 0.8, device)
    qtbot.waitUntil(lambda: struck.count() == 1)
    assert struck.at(0)[2] == velocity_of_pressure(0.8)
    pen(view, QEvent.Type.TabletRelease, point, 0.0, device)
    assert struck.count() == 1
    pen(view, QEvent.Type.TabletPress, point, 0.3, device)
    pen(view, QEvent.Type.TabletRelease, point, 0.0, device)
    assert struck.at(1)[2] == velocity_of_pressure(0.3), "a tap shorter than the wait is heard too"


def test_a_pen_without_pressure_is_a_mouse(view):
    struck = QSignalSpy(view.struck)
    assert not pen(view, QEvent.Type.TabletPress, view.pixel(0.6, 0.5), 0.0, a_pen(feels_pressure=False))
    assert struck.count() == 0


def test_a_strike_ripples_for_less_than_150_ms_unless_movement_is_off(view, qtbot):
    still = view.grab().toImage()
    over(view, 0.3, 0.6).click()
    QTest.qWait(40)
    moving = view.grab().toImage()
    assert moving != still
    QTest.qWait(200)
    rest = view.grab().toImage()
    theme.set_motion(False)
    over(view, *view.place("strike")).click()
    QTest.qWait(40)
    assert view.grab().toImage() == rest


def test_a_new_patch_is_shown_without_a_signal(view):
    heard = Heard(view)
    before = view.grab().toImage()
    view.set_values({"shape": 4.0, "material": 1.0, "size_m": 1.0, "strike_x": 0.8})
    assert view.object_words() == "Metal bell, 1 m"
    assert view.place("strike") == (0.8, 0.6)
    assert view.grab().toImage() != before
    assert heard.changing == []


def test_words_say_what_it_is_and_where_the_places_are(view):
    assert view.accessibleName() == "Object to strike"
    assert view.accessibleDescription() == (
        "Wood bar, 30 cm; strike place 9 cm along, 60 % across; listening place 27 cm along, 20 % across"
    )
    view.set_values({"material_2": 1.0, "blend": 0.3, "shape": 2.0, "strike_y": 0.25})
    assert view.object_words() == "70 % wood, 30 % metal drum skin, 30 cm"
    assert view.place_words(0.5, 0.25) == "7.5 cm from the middle, 90° around"
    view.set_values({"shape": 6.0, "material": 1.0, "blend": 0.0})
    assert view.object_words() == "Free metal object, 30 cm"
    view.set_values({"shape": 2.0})
    view.set_locked(["strike_x"])
    assert "strike place 4.5 cm from the middle, 90° around (locked)" in view.accessibleDescription()


def test_hovering_names_the_place_and_the_dots(view):
    hand = over(view, 0.5, 0.5).hover()
    assert view.words().startswith("Strike 15 cm along, 5")
    hand.at = view.pixel(0.9, 0.2)
    hand.hover()
    assert view.words() == "Listening place: 27 cm along, 20 % across"
    hand.leave()
    assert view.words() == "Wood bar, 30 cm"


@pytest.mark.parametrize("name", ["dark", "light"])
def test_materials_are_told_apart_and_blends_lie_between(qapp, name):
    theme.use(name)
    tones = [stuff_colour(Stuff(m, m, 0.0)) for m in MATERIALS]
    apart = [math.dist(a.getRgb()[:3], b.getRgb()[:3]) for n, a in enumerate(tones) for b in tones[:n]]
    assert min(apart) > 20
    wood, half, metal = (stuff_colour(Stuff("wood", "metal", share)) for share in (0.0, 0.5, 1.0))
    assert min(wood.blue(), metal.blue()) < half.blue() < max(wood.blue(), metal.blue())


def test_pointing_paints_the_object_from_memory(view, monkeypatch):
    from app.controls import strike_picture

    made = []
    plain = strike_picture.paint_solid
    monkeypatch.setattr(strike_picture, "paint_solid", lambda *a: (made.append(1), plain(*a)))
    view.grab()
    for x in (0.2, 0.4, 0.6):
        over(view, x, 0.5).hover()
        view.grab()
    assert len(made) <= 1
