"""A knob in the hand of a sound designer: every gesture on a real widget."""

from __future__ import annotations

import pytest
from gestures import ALT, CTRL, NONE, SHIFT, Hand, Heard, Paints, let_rest, wants_key
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QGuiApplication, QHelpEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QToolTip, QWidget

from app.controls.drag_value import BURST_MS, TRAVEL_PX, nearest_step, step_from
from app.controls.knob import Knob
from app.controls.scroll import CalmScrollArea
from app.controls.value_field import ValueField
from app.controls.value_menu import paste_value
from engine.params import Param

TIME = Param("decay_s", 0.0005, 20.0, 0.4, "s", "log", label="Decay", help="Time to fall", section="Amp")
PITCH = Param("transpose_st", -36.0, 36.0, 0.0, "st", label="Pitch", step=1.0)
RATIO = Param("ratio", 0.125, 64.0, 1.0, "x", "log", label="Ratio", step=1.0)
SHARE = Param("mix", 0.0, 1.0, 0.25, label="Mix")


@pytest.fixture
def window(qtbot):
    """A visible window with a row for controls."""
    widget = QWidget()
    QHBoxLayout(widget)
    qtbot.addWidget(widget)
    # Room above and below for the pointer, as on a desk.
    widget.move(300, 400)
    widget.show()
    return widget


@pytest.fixture
def make(window):
    def build(param: Param, kind: type = Knob):
        knob = kind(param)
        window.layout().addWidget(knob)
        QApplication.processEvents()
        return knob

    return build


def arc(knob: Knob) -> Hand:
    return Hand(knob, y=38)


def text(knob: Knob) -> Hand:
    return Hand(knob, y=knob.value_rect().center().y())


# Dragging


@pytest.mark.parametrize("kind", [Knob, ValueField])
def test_dragging_up_by_the_whole_travel_goes_through_the_whole_range(make, kind):
    knob = make(SHARE, kind)
    knob.set_value(0.0)
    heard = Heard(knob)
    Hand(knob).grab().move(0, -TRAVEL_PX, steps=20).release()
    assert knob.value == 1.0
    assert heard.committed == [(1.0,)]
    assert len(heard.changing) == 20
    assert 150 <= TRAVEL_PX <= 300


@pytest.mark.parametrize("y", [4, 38, 76])
def test_a_drag_may_start_on_the_label_the_arc_or_the_value(make, y):
    knob = make(SHARE)
    Hand(knob, y=y).grab().move(0, -20).release()
    assert knob.value == pytest.approx(0.35)
    assert knob.editor is None, "a drag over the text is no click"


def test_a_drag_is_linear_in_the_travel_however_fast_it_goes(make):
    knob = make(TIME)
    hand = arc(knob).grab()
    start = knob.gesture.position
    hand.move(0, -50)
    at_once = knob.gesture.position - start
    hand.move(0, 50).move(0, -50, steps=50)
    assert knob.gesture.position - start == pytest.approx(at_once) == pytest.approx(0.25)
    hand.release()


def test_shift_pressed_on_the_way_is_ten_times_finer_and_does_not_jump(make):
    knob = make(SHARE)
    hand = arc(knob).grab().move(0, -40)
    before = knob.value
    hand.move(0, 0, SHIFT)
    assert knob.value == before, "no jump when Shift goes down"
    hand.move(0, -40, SHIFT)
    fine = knob.value
    assert fine - before == pytest.approx(0.1 * 40 / TRAVEL_PX)
    hand.move(0, 0, NONE)
    assert knob.value == fine, "no jump when Shift goes up"
    hand.move(0, -40)
    assert knob.value - fine == pytest.approx(40 / TRAVEL_PX)
    hand.release()


def test_the_threshold_of_a_drag_does_not_make_the_value_jump(make):
    knob = make(SHARE)
    hand = arc(knob).press().move(0, -2)
    assert knob.value == 0.25
    hand.move(0, -1)
    assert knob.value == 0.25
    hand.move(0, -1).release()
    assert knob.value == pytest.approx(0.25 + 1 / TRAVEL_PX)


def test_beyond_the_stop_the_way_back_starts_at_once(make):
    knob = make(SHARE)
    hand = arc(knob).grab().move(0, -400).move(0, 20).release()
    assert knob.value == pytest.approx(0.9)
    assert hand.widget is knob


def test_ctrl_turns_in_whole_steps_and_letting_it_go_does_not_jump(make):
    knob = make(PITCH)
    heard = Heard(knob)
    hand = arc(knob).grab(CTRL)
    hand.move(0, -30, CTRL, steps=30)
    stepped = knob.value
    assert stepped == 11.0
    assert all(value == round(value) for (value,) in heard.changing)
    hand.move(0, 0, NONE)
    assert knob.value == stepped
    hand.release()


def test_ctrl_on_a_quantity_without_steps_goes_by_hundredths_of_the_travel(make):
    knob = make(SHARE)
    arc(knob).grab(CTRL).move(0, -6, CTRL).release(CTRL)
    assert knob.value == pytest.approx(0.28)


def test_ratios_step_through_whole_numbers_and_below_one_through_simple_fractions():
    assert [step_from(RATIO, 1.0, n) for n in (-3, -2, -1, 1, 2)] == [0.25, pytest.approx(1 / 3), 0.5, 2.0, 3.0]
    assert nearest_step(RATIO, 0.48) == 0.5
    assert nearest_step(RATIO, 3.4) == 3.0
    assert step_from(RATIO, 3.4, 1) == 4.0
    assert step_from(RATIO, 3.4, -1) == 3.0
    assert step_from(RATIO, 64.0, 1) == 64.0
    assert nearest_step(RATIO, 0.13) == 0.125


def test_releasing_with_alt_snaps_back_to_the_value_before(make):
    knob = make(SHARE)
    heard = Heard(knob)
    arc(knob).grab().move(0, -50).release(ALT)
    assert knob.value == 0.25
    assert heard.changing
    assert not heard.committed
    assert heard.reverted == 1


def test_esc_cancels_a_drag_and_the_rest_of_it_does_nothing(make):
    knob = make(SHARE)
    heard = Heard(knob)
    hand = arc(knob).grab().move(0, -50)
    assert wants_key(knob, Qt.Key.Key_Escape), "Esc is the drag's, not the window's"
    QTest.keyClick(knob, Qt.Key.Key_Escape)
    assert knob.value == 0.25
    hand.move(0, -50).release()
    assert knob.value == 0.25
    assert heard.reverted == 1
    assert not heard.committed
    assert not wants_key(knob, Qt.Key.Key_Escape), "without a gesture Esc belongs to the window"


def test_another_button_takes_a_drag_back(make):
    knob = make(SHARE)
    heard = Heard(knob)
    hand = arc(knob).grab().move(0, -50)
    hand.press(button=Qt.MouseButton.RightButton)
    hand.release()
    assert knob.value == 0.25
    assert not heard.committed


def test_a_drag_that_ends_where_it_began_leaves_no_step(make):
    knob = make(PITCH)
    heard = Heard(knob)
    arc(knob).grab(CTRL).move(0, -20, CTRL).move(0, 20, CTRL).release(CTRL)
    assert knob.value == 0.0
    assert not heard.committed
    assert heard.reverted == 1


def test_a_click_on_the_arc_changes_nothing(make):
    knob = make(SHARE)
    heard = Heard(knob)
    arc(knob).click()
    assert knob.editor is None
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)


def test_a_knob_hidden_during_a_drag_gives_the_value_back(make):
    knob = make(SHARE)
    heard = Heard(knob)
    arc(knob).grab().move(0, -50)
    knob.hide()
    assert knob.value == 0.25
    assert heard.reverted == 1


def test_a_value_from_elsewhere_ends_a_drag_quietly(make):
    knob = make(SHARE)
    heard = Heard(knob)
    hand = arc(knob).grab().move(0, -50)
    heard.changing.clear()
    knob.set_value(0.7)
    hand.move(0, -50).release()
    assert knob.value == 0.7
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)


def test_the_pointer_is_hidden_while_it_drags_and_comes_back(make):
    knob = make(SHARE)
    hand = arc(knob).grab()
    hand.move(0, -10)
    assert knob.cursor().shape() == Qt.CursorShape.BlankCursor
    hand.release()
    assert knob.cursor().shape() == Qt.CursorShape.ArrowCursor


# Double-click


@pytest.mark.parametrize("where", [arc, text])
def test_a_double_click_anywhere_means_the_default(make, where):
    knob = make(SHARE)
    knob.set_value(0.8)
    heard = Heard(knob)
    where(knob).double_click()
    assert knob.value == 0.25
    assert heard.committed == [(0.25,)]
    assert knob.editor is None


def test_a_double_click_on_a_field_means_the_default_too(make):
    field = make(SHARE, ValueField)
    field.set_value(0.8)
    Hand(field).double_click()
    assert field.value == 0.25
    assert field.editor is None


# Wheel


def test_a_burst_of_wheel_notches_is_one_commit_when_it_is_quiet(make, qtbot):
    knob = make(SHARE)
    heard = Heard(knob)
    hand = Hand(knob)
    for _ in range(5):
        assert hand.wheel(1)
    assert not heard.committed
    assert len(heard.changing) == 5
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    assert heard.committed == [(pytest.approx(0.40),)]
    assert 0.02 <= 0.15 / 5 <= 0.04, "2 to 4 per cent a notch"


def test_a_wheel_burst_ends_when_the_pointer_leaves(make):
    knob = make(SHARE)
    heard = Heard(knob)
    hand = Hand(knob)
    hand.wheel(1)
    hand.wheel(1)
    hand.leave()
    assert len(heard.committed) == 1


def test_shift_makes_the_wheel_ten_times_finer_and_ctrl_makes_it_step(make):
    knob = make(SHARE)
    Hand(knob).wheel(1, SHIFT)
    assert knob.value == pytest.approx(0.253)
    pitch = make(PITCH)
    Hand(pitch).wheel(1, CTRL)
    Hand(pitch).wheel(1, CTRL)
    assert pitch.value == 2.0
    Hand(pitch).wheel(-0.25, CTRL)
    assert pitch.value == 1.0


def test_a_sideways_wheel_counts_as_a_wheel(make):
    knob = make(SHARE)
    Hand(knob).wheel(1, ALT, sideways=True)
    assert knob.value == pytest.approx(0.28)


def test_esc_takes_a_wheel_burst_back(make):
    knob = make(SHARE)
    heard = Heard(knob)
    knob.setFocus()
    Hand(knob).wheel(3)
    QTest.keyClick(knob, Qt.Key.Key_Escape)
    assert knob.value == 0.25
    assert heard.reverted == 1


def test_a_wheel_that_scrolls_the_panel_turns_no_knob_on_its_way(qtbot):
    area = CalmScrollArea()
    qtbot.addWidget(area)
    content = QWidget()
    content.setMinimumHeight(2000)
    knob = Knob(SHARE, parent=content)
    area.setWidget(content)
    area.resize(200, 200)
    area.show()
    knob.move(20, 60)
    assert Hand(knob).wheel(1), "a resting panel lets the knob turn"
    knob.set_value(0.25)
    Hand(area.viewport()).wheel(-1)
    assert area.verticalScrollBar().value() > 0
    Hand(knob).wheel(-1)
    assert knob.value == 0.25
    qtbot.wait(400)
    Hand(knob).wheel(-1)
    assert knob.value < 0.25


# Typing


def test_a_click_on_the_value_opens_a_field_that_understands_units(make):
    knob = make(TIME)
    heard = Heard(knob)
    text(knob).click()
    assert knob.editor is not None
    assert knob.editor.text() == "400 ms"
    assert knob.editor.selectedText() == "400 ms"
    QTest.keyClicks(knob.editor, "250 ms")
    QTest.keyClick(knob.editor, Qt.Key.Key_Return)
    assert knob.value == 0.25
    assert heard.committed == [(0.25,)]
    assert knob.editor is None
    assert not knob.hasFocus(), "the next Return is the window's"


def test_typed_arithmetic_acts_on_the_value(make):
    knob = make(TIME)
    knob.setFocus()
    for typed, value in (("*2", 0.8), ("/4", 0.2), ("+=50 ms", 0.25), ("1/8 s", 0.125)):
        QTest.keyClick(knob, Qt.Key.Key_Return)
        QTest.keyClicks(knob.editor, typed)
        QTest.keyClick(knob.editor, Qt.Key.Key_Enter)
        assert knob.value == pytest.approx(value)


def test_esc_in_the_field_leaves_the_value(make):
    knob = make(TIME)
    knob.open_editor()
    QTest.keyClicks(knob.editor, "3 s")
    QTest.keyClick(knob.editor, Qt.Key.Key_Escape)
    assert knob.value == 0.4
    assert knob.editor is None


def test_looking_at_a_rounded_value_does_not_change_it(make):
    knob = make(TIME)
    knob.set_value(0.123456)
    heard = Heard(knob)
    knob.open_editor()
    QTest.keyClick(knob.editor, Qt.Key.Key_Return)
    assert knob.value == 0.123456
    assert not heard.committed


def test_what_cannot_be_read_is_explained_and_the_field_stays_open(make):
    knob = make(TIME)
    knob.open_editor()
    QTest.keyClicks(knob.editor, "fast")
    QTest.keyClick(knob.editor, Qt.Key.Key_Return)
    assert knob.editor is not None
    assert knob.editor.accessibleDescription().startswith("Decay")
    assert knob.value == 0.4
    QTest.keyClick(knob.editor, Qt.Key.Key_Escape)
    assert knob.editor is None


def test_tab_accepts_and_opens_the_next_knob_and_shift_tab_the_one_before(make):
    first, second = make(TIME), make(SHARE)
    first.open_editor()
    QTest.keyClicks(first.editor, "1 s")
    QTest.keyClick(first.editor, Qt.Key.Key_Tab)
    assert first.value == 1.0
    assert first.editor is None
    assert second.editor is not None
    QTest.keyClicks(second.editor, "75")
    QTest.keyClick(second.editor, Qt.Key.Key_Backtab, SHIFT)
    assert second.value == 0.75
    assert second.editor is None
    assert first.editor is not None


def test_leaving_the_field_accepts_what_was_typed(make):
    first, second = make(TIME), make(SHARE)
    first.open_editor()
    QTest.keyClicks(first.editor, "1 s")
    arc(second).click()
    assert first.value == 1.0
    assert first.editor is None
    assert second.hasFocus()


def test_space_and_letters_belong_to_the_field_and_not_to_the_window(make, window):
    knob = make(TIME)
    played: list[str] = []
    for key in ("Space", "A", "Esc"):
        QShortcut(key, window).activated.connect(lambda key=key: played.append(key))
    knob.open_editor()
    for key, typed in ((Qt.Key.Key_Space, " "), (Qt.Key.Key_A, "a"), (Qt.Key.Key_Escape, "")):
        assert wants_key(knob.editor, key, NONE, typed)
    QTest.keyClicks(knob.editor, "1 s")
    assert knob.editor.text() == "1 s"
    assert not played


def test_a_focused_knob_leaves_space_and_letters_to_the_window(make):
    knob = make(TIME)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_A, Qt.Key.Key_2):
        assert not wants_key(knob, key)


@pytest.mark.parametrize("keys", [CTRL, SHIFT])
@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_Home])
def test_a_focused_knob_leaves_chords_to_the_window(make, key, keys):
    # Ctrl+Return keeps a take: most wanted right after a knob was turned.
    assert not wants_key(make(TIME), key, keys)


def test_no_tool_tip_covers_a_value_that_was_just_turned(make):
    knob = make(TIME)
    shown = []
    knob.setToolTip("Time to reach level 1")

    def asks_for_a_tip() -> bool:
        QToolTip.hideText()
        QApplication.sendEvent(knob, QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), knob.mapToGlobal(QPoint(5, 5))))
        shown.append(QToolTip.isVisible())
        QToolTip.hideText()
        return shown[-1]

    assert asks_for_a_tip()
    QTest.mousePress(knob, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(knob, Qt.MouseButton.LeftButton)
    assert not asks_for_a_tip()
    QApplication.sendEvent(knob, QEvent(QEvent.Type.Leave))
    assert asks_for_a_tip()


# Keys


@pytest.mark.parametrize(
    ("param", "key", "keys", "value"),
    [
        (PITCH, Qt.Key.Key_Up, NONE, 1.0),
        (PITCH, Qt.Key.Key_Right, NONE, 1.0),
        (PITCH, Qt.Key.Key_Down, NONE, -1.0),
        (PITCH, Qt.Key.Key_Left, SHIFT, -0.1),
        (PITCH, Qt.Key.Key_PageUp, NONE, 10.0),
        (PITCH, Qt.Key.Key_PageDown, NONE, -10.0),
        (PITCH, Qt.Key.Key_Home, NONE, -36.0),
        (PITCH, Qt.Key.Key_End, NONE, 36.0),
        (SHARE, Qt.Key.Key_Up, NONE, 0.26),
        (SHARE, Qt.Key.Key_Up, SHIFT, 0.251),
        (SHARE, Qt.Key.Key_PageUp, NONE, 0.35),
        (RATIO, Qt.Key.Key_Up, CTRL, 2.0),
        (RATIO, Qt.Key.Key_Down, CTRL, 0.5),
    ],
)
def test_keys_turn_the_knob(make, param, key, keys, value):
    knob = make(param)
    knob.setFocus()
    QTest.keyClick(knob, key, keys)
    assert knob.value == pytest.approx(value)


def test_a_burst_of_keys_is_one_commit_and_delete_means_the_default(make, qtbot):
    knob = make(PITCH)
    heard = Heard(knob)
    knob.setFocus()
    for _ in range(4):
        QTest.keyClick(knob, Qt.Key.Key_Up)
    assert not heard.committed
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    assert heard.committed == [(4.0,)]
    QTest.keyClick(knob, Qt.Key.Key_Delete)
    assert heard.committed == [(4.0,), (0.0,)]


def test_a_burst_of_keys_ends_with_the_focus(make):
    first, second = make(PITCH), make(SHARE)
    heard = Heard(first)
    first.setFocus()
    QTest.keyClick(first, Qt.Key.Key_Up)
    second.setFocus()
    assert heard.committed == [(1.0,)]


# Menu, clipboard, lock


def choose(knob: Knob, starts_with: str) -> None:
    menu = knob.build_menu()
    action = next(a for a in menu.actions() if a.text().startswith(starts_with))
    assert action.isEnabled(), starts_with
    action.trigger()
    menu.deleteLater()


def test_the_menu_types_resets_copies_pastes_and_locks(make):
    knob, other = make(TIME), make(TIME)
    knob.set_value(0.123456789)
    choose(knob, "Copy value")
    choose(other, "Paste value")
    assert other.value == 0.123456789, "the clipboard keeps every digit"
    choose(other, "Reset to 400 ms")
    assert other.value == 0.4
    choose(knob, "Type value")
    assert knob.editor is not None
    knob.editor.close_unchanged()
    locks: list[bool] = []
    knob.lock_changed.connect(locks.append)
    choose(knob, "Lock")
    assert knob.locked
    assert locks == [True]
    choose(knob, "Lock")
    assert not knob.locked


def test_what_is_no_value_cannot_be_pasted(make):
    knob = make(TIME)
    QGuiApplication.clipboard().setText("some words")
    menu = knob.build_menu()
    assert not next(a for a in menu.actions() if a.text() == "Paste value").isEnabled()
    paste_value(knob)
    assert knob.value == 0.4
    menu.deleteLater()


def test_copy_and_paste_have_their_keys(make):
    knob, other = make(TIME), make(TIME)
    knob.set_value(1.5)
    knob.setFocus()
    QTest.keyClick(knob, Qt.Key.Key_C, CTRL)
    other.setFocus()
    QTest.keyClick(other, Qt.Key.Key_V, CTRL)
    assert other.value == 1.5


def test_the_menu_opens_at_the_pointer_and_others_can_add_to_it(make, qtbot):
    knob = make(TIME)
    knob.menu_opening.connect(lambda menu: menu.addAction("Learn"))
    from PySide6.QtGui import QContextMenuEvent

    here = knob.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, here, knob.mapToGlobal(here), NONE)
    QApplication.sendEvent(knob, event)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    assert menu.actions()[-1].text() == "Learn"
    menu.close()


def test_a_locked_knob_still_obeys_the_hand(make):
    knob = make(SHARE)
    knob.set_locked(True)
    arc(knob).grab().move(0, -20).release()
    assert knob.value == pytest.approx(0.35)


# Screen readers


def test_a_screen_reader_hears_the_name_and_the_value_with_its_unit(make):
    knob = make(TIME)
    interface = QAccessible.queryAccessibleInterface(knob)
    assert interface.text(QAccessible.Text.Name) == "Amp Decay"
    assert interface.text(QAccessible.Text.Value) == "400 ms"
    assert interface.text(QAccessible.Text.Description) == "Time to fall"
    assert interface.role() == QAccessible.Role.Dial
    numbers = interface.valueInterface()
    assert numbers.currentValue() == 0.4
    assert (numbers.minimumValue(), numbers.maximumValue()) == (0.0005, 20.0)


def test_a_screen_reader_can_set_the_value(make):
    knob = make(TIME)
    heard = Heard(knob)
    QAccessible.queryAccessibleInterface(knob).valueInterface().setCurrentValue(1.5)
    assert knob.value == 1.5
    assert heard.committed == [(1.5,)]


def test_turning_while_a_screen_reader_listens_is_announced_and_harmless(make):
    knob = make(TIME)
    listened = QAccessible.isActive()
    QAccessible.setActive(True)
    try:
        Hand(knob).wheel(2)
        assert QAccessible.queryAccessibleInterface(knob).text(QAccessible.Text.Value) == knob.value_text() != "400 ms"
    finally:
        QAccessible.setActive(listened)


# Picture


def test_marks_on_the_arc_change_the_picture_but_never_the_size(make):
    knob = make(SHARE)
    size, plain = knob.sizeHint(), knob.grab().toImage()
    pictures = [plain]
    for mark in (
        lambda: knob.set_range((0.1, 0.6)),
        lambda: knob.set_proposal(0.7),
        lambda: knob.set_arrow(1, 0.8),
        lambda: knob.set_arrow(-1, 0.2),
        lambda: knob.set_locked(True),
        lambda: knob.set_colour("#e69f00"),
        lambda: knob.setEnabled(False),
    ):
        mark()
        pictures.append(knob.grab().toImage())
        assert pictures[-1] != pictures[-2]
        assert knob.sizeHint() == size
    knob.setEnabled(True)
    knob.set_range(None)
    knob.set_proposal(None)
    knob.set_arrow(None)
    knob.set_locked(False)
    knob.set_colour(None)
    assert knob.grab().toImage() == plain


def test_turning_one_knob_repaints_only_that_one(make, window):
    first, second = make(SHARE), make(TIME)
    QTest.qWaitForWindowExposed(window)
    let_rest(first, second, window)
    paints = Paints(first, second, window)
    first.set_value(0.6)
    QApplication.processEvents()
    assert paints.painted[first] == 1
    assert paints.painted[second] == 0
    first.set_value(0.6)
    QApplication.processEvents()
    assert paints.painted[first] == 1, "the same value is not painted again"
    assert paints.laid_out == 0


def test_every_text_on_a_knob_fits(make):
    knob = make(PITCH)
    widest = Knob(PITCH, "small")
    for value in (-36.0, -7.25, 36.0):
        knob.set_value(value)
        metrics = knob.fontMetrics()
        assert metrics.horizontalAdvance(knob.value_text()) <= knob.sizeHint().width()
    assert widest.sizeHint().width() < knob.sizeHint().width()
    assert knob.childAt(QPoint(1, 1)) is None
    widest.deleteLater()
