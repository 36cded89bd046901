"""Force, decay and room as curves: handles stay under the pointer, and what is drawn is what the engine does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gestures import ALT, CTRL, SHIFT, Hand, Heard, wants_key
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QSignalSpy, QTest

from app.controls.band_curve import BandCurve, ContactBands, RoomCurve
from app.controls.curve_paper import CurvePaper
from app.controls.decay_curves import HIGH_HZ, LOW_HZ, DecayCurve, ForceCurve
from app.controls.drag_value import BURST_MS
from app.controls.mode_set import rayleigh_decay_s
from engine.params.impact import IMPACT_SPACE, N_BANDS, N_CONTACT_BANDS
from engine.params.impact_pictures import ImpactPictures

ALPHA, BETA = 4.0, 1e-7
ROOM_S = 1.2 * 2.0 ** (-0.3 * np.arange(N_BANDS))
CURVES = (ForceCurve, DecayCurve, RoomCurve, ContactBands)
VALUES = {**IMPACT_SPACE.defaults(), "contact_db": -20.0, "contact_s": 0.3, "contact_rise_s": 0.01, "room": 0.5}


def pictures() -> ImpactPictures:
    hz = np.geomspace(20.0, 20_000.0, 9)
    modes = np.array([220.0, 700.0, 2500.0, 900.0])
    share = np.linspace(0, 1, 33)
    return ImpactPictures(
        mode_hz=modes.astype(np.float32),
        mode_decay_s=rayleigh_decay_s(ALPHA, BETA, modes).astype(np.float32),
        n_own=3,
        damping_hz=hz.astype(np.float32),
        damping_decay_s=rayleigh_decay_s(ALPHA, BETA, hz).astype(np.float32),
        force_s=(share * 0.002).astype(np.float32),
        force=(0.5 * np.sin(np.pi * share) ** 1.5).astype(np.float32),
        contact_s=0.002,
        band_hz=(62.5 * 2.0 ** np.arange(N_BANDS)).astype(np.float32),
        band_decay_s=ROOM_S.astype(np.float32),
        band_db=np.zeros(N_BANDS, np.float32),
    )


@pytest.fixture
def make(qtbot):
    def made(kind: type[CurvePaper]) -> CurvePaper:
        widget = kind()
        qtbot.addWidget(widget)
        widget.resize(420, 240)
        widget.set_values(VALUES)
        widget.set_pictures(pictures(), VALUES)
        widget.show()
        return widget

    return made


def handle(curve: CurvePaper, key: str):
    return next(h for h in curve.curve_handles if h.key == key)


def on(curve: CurvePaper, key: str) -> Hand:
    spot = curve.spot(handle(curve, key))
    return Hand(curve, spot.x(), spot.y())


def under(curve: CurvePaper, key: str, hand: Hand) -> tuple[float, float]:
    off = curve.spot(handle(curve, key)) - hand.at
    return abs(off.x()), abs(off.y())


WAYS = [
    (ForceCurve, "push", (24, 2), "contact_stretch", 1),
    (ForceCurve, "push", (1, -20), "striker_hardness", 1),
    (ForceCurve, "noise", (20, 0), "contact_rise_s", 1),
    (ForceCurve, "noise", (0, -22), "contact_db", 1),
    (ForceCurve, "end", (25, 0), "contact_s", 1),
    (DecayCurve, "low", (0, -30), "damping_low", -1),
    (DecayCurve, "high", (0, 20), "damping_high", 1),
    (RoomCurve, "decay2", (0, -15), "room_band_oct", 1),
    (RoomCurve, "level3", (0, -12), "room_band_db", 1),
    (RoomCurve, "level3", (14, 0), "room_band_st", 1),
    (ContactBands, "decay7", (0, 15), "contact_band_oct", -1),
    (ContactBands, "level5", (0, 12), "contact_band_db", -1),
]


@pytest.mark.parametrize(("kind", "key", "way", "name", "sign"), WAYS)
def test_a_handle_stays_under_the_pointer_and_moves_one_value(make, kind, key, way, name, sign):
    curve = make(kind)
    heard, moved = Heard(curve), []
    curve.moved.connect(moved.append)
    hand = on(curve, key).press().move(*way, steps=6)
    beside, above = under(curve, key, hand)
    assert (beside if abs(way[0]) > abs(way[1]) else above) < 1.6
    hand.release()
    assert {n for n, _ in heard.changing} == {name}
    before, after = VALUES[name], moved[-1][name]
    if isinstance(after, tuple):
        changed = [n for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert changed == [int(key[-1])]
        before, after = before[changed[0]], after[changed[0]]
    assert (after - before) * sign > 0
    assert len(heard.committed) == 1
    assert len(str(heard.committed[0][0])) > 8


@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("way", ["alt", "esc", "right button", "hidden"])
def test_a_drag_can_be_taken_back(make, kind, way):
    curve = make(kind)
    heard = Heard(curve)
    key = curve.curve_handles[0].key
    before = curve.spot(curve.curve_handles[0])
    hand = on(curve, key).press().move(0, 18, steps=3)
    assert curve.spot(curve.curve_handles[0]) != before
    if way == "alt":
        hand.release(ALT)
    elif way == "esc":
        assert wants_key(curve, Qt.Key.Key_Escape)
        QTest.keyClick(curve, Qt.Key.Key_Escape)
        hand.release()
    elif way == "right button":
        hand.press(button=Qt.MouseButton.RightButton)
        hand.release()
    else:
        curve.hide()
    assert curve.spot(curve.curve_handles[0]) == before
    assert (heard.committed, heard.reverted) == ([], 1)


@pytest.mark.parametrize("kind", CURVES)
def test_the_keyboard_reaches_every_handle(make, kind, qtbot):
    curve = make(kind)
    heard = Heard(curve)
    curve.setFocus()
    for n, grip in enumerate(curve.curve_handles):
        assert curve.chosen == n
        before = curve.spot(grip)
        for _ in range(5):
            QTest.keyClick(curve, Qt.Key.Key_Up if grip.y is not None else Qt.Key.Key_Right)
        step = curve.spot(grip) - before
        assert (-step.y() if grip.y is not None else step.x()) > 0.5, grip.key
        QTest.keyClick(curve, Qt.Key.Key_Right, CTRL)
    assert curve.chosen == 0
    assert len(heard.committed) == len(curve.curve_handles)
    QTest.keyClick(curve, Qt.Key.Key_Down, SHIFT)
    qtbot.waitUntil(lambda: len(heard.committed) > len(curve.curve_handles), timeout=5 * BURST_MS)
    QTest.keyClick(curve, Qt.Key.Key_Delete)
    for way in curve.curve_handles[0].ways:
        assert way.value(curve.step) == way.param.default


@pytest.mark.parametrize("kind", CURVES)
def test_the_windows_own_keys_stay_the_windows(make, kind):
    curve = make(kind)
    for key, keys in ((Qt.Key.Key_Return, CTRL), (Qt.Key.Key_PageDown, CTRL), (Qt.Key.Key_Space, SHIFT)):
        assert not wants_key(curve, key, keys)
    assert wants_key(curve, Qt.Key.Key_Return)


@pytest.mark.parametrize("kind", CURVES)
def test_each_says_what_it_shows_and_what_is_locked(make, kind):
    curve = make(kind)
    assert len(curve.accessibleName()) > 3
    for grip in curve.curve_handles:
        assert curve.handle_words(grip) in curve.accessibleDescription()
    assert "locked" not in curve.accessibleDescription()
    name = curve.curve_handles[0].ways[-1].param.name
    plain = curve.grab().toImage()
    curve.set_locked([name, "size_m"])
    assert "(locked)" in curve.accessibleDescription()
    assert curve.grab().toImage() != plain
    heard = Heard(curve)
    on(curve, curve.curve_handles[0].key).press().move(0, 15, steps=3).release()
    assert len(heard.committed) == 1, "the hand turns what is locked, as on a knob"


def test_hovering_tells_the_value(make):
    curve = make(DecayCurve)
    rest = curve.words()
    hand = on(curve, "low").hover()
    assert curve.words().startswith("Low damping: 1.00 of the material's, 3.")
    assert curve.words().endswith(" s at 45 Hz")
    hand.leave()
    assert curve.words() == rest
    room = make(RoomCurve)
    on(room, "level0").hover()
    assert room.words() == "Band 1, 62.5 Hz: 0.0 dB"
    force = make(ForceCurve)
    on(force, "push").hover()
    assert force.words() == "Push: 2.00 ms (1.00× as long), hardness 60 %"


def test_a_double_click_types(make):
    curve = make(ForceCurve)
    heard = Heard(curve)
    on(curve, "noise").double_click()
    assert curve.editor is not None
    assert curve.editor.text() == "10.0 ms; -20.0 dB"
    QTest.keyClicks(curve.editor, "-6 dB")
    QTest.keyClick(curve.editor, Qt.Key.Key_Return)
    assert curve.step.number("contact_db") == -6.0
    assert curve.step.number("contact_rise_s") == 0.01
    on(curve, "noise").double_click()
    QTest.keyClicks(curve.editor, "2 ms; off")
    QTest.keyClick(curve.editor, Qt.Key.Key_Return)
    assert (curve.step.number("contact_rise_s"), curve.step.number("contact_db")) == (0.002, -72.0)
    assert len(heard.committed) == 2


def test_nonsense_is_explained_and_changes_nothing(make):
    curve = make(RoomCurve)
    heard = Heard(curve)
    on(curve, "level1").double_click()
    for typed in ("loud", "1 st; 2 dB; 3"):
        curve.editor.selectAll()
        QTest.keyClicks(curve.editor, typed)
        QTest.keyClick(curve.editor, Qt.Key.Key_Return)
        assert curve.editor is not None
        assert len(curve.editor.accessibleDescription()) > 15
    QTest.keyClick(curve.editor, Qt.Key.Key_Escape)
    assert heard.changing == []


@pytest.mark.parametrize("begins", ["at a handle", "on the paper"])
@pytest.mark.parametrize(
    ("kind", "lane", "name"), [(ContactBands, "level", "contact_band_db"), (RoomCurve, "decay", "room_band_oct")]
)
def test_a_drag_across_the_bands_draws_all_that_it_crosses_in_one_step(make, kind, lane, name, begins):
    curve = make(kind)
    heard, before = Heard(curve), curve.step.vector(name)
    first, last = curve.spot(handle(curve, f"{lane}1")), curve.spot(handle(curve, f"{lane}5"))
    start = first.y() + (0.0 if begins == "at a handle" else 22.0)
    # Few events: a fast hand leaves out most of the bands.
    Hand(curve, first.x(), start).press().move(0, -8).move(last.x() - first.x() + 1.0, -8).release()
    now = curve.step.vector(name)
    assert [a != b for a, b in zip(before, now, strict=True)] == [1 <= n <= 5 for n in range(len(now))]
    for n in range(1, 6):
        spot = curve.spot(handle(curve, f"{lane}{n}"))
        share = (spot.x() - first.x()) / (last.x() - first.x())
        assert spot.y() == pytest.approx(start - 8.0 - 8.0 * share, abs=1.5), "on a straight line from place to place"
    assert len(heard.committed) == 1


def test_a_click_beside_the_handles_draws_nothing(make):
    curve = make(ContactBands)
    before, spot = dict(curve.step.values), curve.spot(handle(curve, "level3"))
    Hand(curve, spot.x(), spot.y() - 25.0).press().release()
    assert curve.step.values == before


def test_shift_is_ten_times_finer_and_ctrl_goes_in_steps(make):
    curve = make(RoomCurve)
    level = lambda: curve.step.vector("room_band_db")[3]  # noqa: E731
    hand = on(curve, "level3").press().move(0, 10)
    coarse = level()
    hand.move(0, 10, SHIFT)
    assert (level() - coarse) / coarse == pytest.approx(0.1, rel=0.02)
    hand.move(0, 7, CTRL).release(CTRL)
    steps = IMPACT_SPACE["room_band_db"].to_unit(level()) * 100
    assert steps == pytest.approx(round(steps), abs=1e-6)


def test_the_line_of_decay_is_pulled_as_a_whole(make):
    curve = make(DecayCurve)
    heard = Heard(curve)
    shape = curve.decay_at(LOW_HZ) / curve.decay_at(HIGH_HZ)
    middle = curve.plot().center().x()
    hz = 20.0 * 1000.0 ** ((middle - curve.plot().left()) / curve.plot().width())
    hand = Hand(curve, middle, curve._y(curve.decay_at(hz))).hover()
    assert curve.words().startswith("Damping: ")
    hand.press().move(0, -20, steps=4).release()
    assert curve.decay_at(LOW_HZ) / curve.decay_at(HIGH_HZ) == pytest.approx(shape)
    assert curve._y(curve.decay_at(hz)) == pytest.approx(hand.at.y(), abs=1.6)
    assert {n for n, _ in heard.changing} == {"damping_low", "damping_high"}
    assert heard.committed == [("Damping",)]


def test_modes_are_dots_that_follow_the_line_before_the_engine_answers(make):
    curve = make(DecayCurve)
    x, y = curve.dots()
    assert x.size == 3, "the air's modes have their own damping"
    assert float(y[0]) == pytest.approx(curve._y(curve.decay_at(220.0)), abs=0.2)
    curve.set_values({"damping_low": 8.0})
    _, lower = curve.dots()
    assert float(lower[0]) > float(y[0])
    assert float(lower[0]) == pytest.approx(curve._y(curve.decay_at(220.0)), abs=0.2)


def test_what_the_hand_turned_since_is_not_counted_twice(make):
    curve = make(ForceCurve)
    on(curve, "push").press().move(25, 0, steps=5).release()
    stretched = curve.contact_s
    answer = pictures()
    known = ImpactPictures(contact_s=stretched, force_s=answer.force_s, force=answer.force)
    curve.set_pictures(known, {**VALUES, "contact_stretch": curve.step.number("contact_stretch")})
    assert curve.contact_s == pytest.approx(stretched)
    curve.set_pictures(pictures(), VALUES)
    assert curve.contact_s == pytest.approx(stretched), "an older answer says the same"


def test_the_noise_on_paper_is_the_noise_the_engine_makes(make):
    from engine.params import Patch
    from engine.synths.impact_pictures import draw

    curve = make(ForceCurve)
    drawn = draw(Patch("impact", VALUES), 60, 100, 1.0, 2.0)
    seconds, level = curve.noise()
    there = (drawn.noise_s > 0.002) & (drawn.noise_s < 0.3)
    mine = np.interp(np.log(drawn.noise_s[there]), np.log(seconds), level)
    apart = mine - drawn.noise_db[there]
    assert np.ptp(apart) < 0.5
    peak = curve.spot(handle(curve, "noise"))
    x = curve._x(float(seconds[np.argmax(level)]))
    assert peak.x() == pytest.approx(x, abs=2.5), "its handle stands on the peak"


def test_the_room_on_paper_is_the_room_the_engine_makes(make):
    from engine.params import Patch
    from engine.synths.impact_pictures import draw

    values = {**VALUES, "room_band_oct": (0.5,) + (0.0,) * 6 + (-1.0,), "room_band_st": (3.0,) + (0.0,) * 7}
    drawn = draw(Patch("impact", values), 60, 100, 1.0, 2.0)
    curve = make(RoomCurve)
    curve.set_values(values)
    curve.set_pictures(draw(Patch("impact", VALUES), 60, 100, 1.0, 2.0), VALUES)
    assert curve.seconds() == pytest.approx(drawn.band_decay_s, rel=1e-3)
    assert curve.hz() == pytest.approx(drawn.band_hz, rel=1e-4)


def test_bands_of_what_is_not_heard_say_so(make):
    room, contact = make(RoomCurve), make(ContactBands)
    assert isinstance(room, BandCurve)
    assert room.is_heard
    room.set_values({"room": 0.0})
    contact.set_values({"contact_db": -72.0})
    assert room.words() == "No room is heard: turn Room up"
    assert contact.words().startswith("The contact makes no noise")
    assert len(contact.hz()) == N_CONTACT_BANDS


@pytest.mark.parametrize("kind", CURVES)
def test_values_and_pictures_from_elsewhere_come_without_a_signal(make, kind):
    curve = make(kind)
    heard = Heard(curve)
    curve.moved.connect(curve.set_values)
    hand = on(curve, curve.curve_handles[0].key).press().move(0, 4, steps=2).move(0, 8, steps=8)
    curve.set_pictures(pictures(), VALUES)
    hand.move(0, 2).release()
    assert len(heard.committed) == 1, "echoes and pictures on the way disturb nothing"
    told = len(heard.changing)
    curve.set_values(IMPACT_SPACE.defaults())
    curve.set_pictures(None)
    curve.grab()
    assert (len(heard.changing), len(heard.committed)) == (told, 1)


@pytest.mark.parametrize("kind", CURVES)
def test_the_menu_types_resets_and_locks(make, kind):
    curve = make(kind)
    heard, locked = Heard(curve), QSignalSpy(curve.lock_wanted)
    on(curve, curve.curve_handles[0].key).press().move(0, 15, steps=3).release()
    actions = {a.text(): a for a in curve.build_menu().actions()}
    lock = next(a for words, a in actions.items() if words.startswith("Lock"))
    lock.trigger()
    assert locked.at(0)[1] is True
    assert locked.at(0)[0] <= set(IMPACT_SPACE.defaults())
    actions["Reset everything here"].trigger()
    for grip in curve.curve_handles:
        for way in grip.ways:
            assert way.value(curve.step) == way.param.default
    assert len(heard.committed) == 2


@pytest.mark.parametrize("kind", CURVES)
@pytest.mark.parametrize("size", [(200, 110), (900, 400)])
def test_every_handle_can_be_reached_at_any_size(make, kind, size):
    curve = make(kind)
    curve.resize(*size)
    area = QPointF(curve.width(), curve.height())
    for grip in curve.curve_handles:
        spot = curve.spot(grip)
        assert 0 <= spot.x() <= area.x(), grip.key
        assert 0 <= spot.y() <= area.y(), grip.key
        assert math.hypot(*(curve.spot(curve.handle_at(spot)) - spot).toTuple()) <= 13.0
    curve.grab()
