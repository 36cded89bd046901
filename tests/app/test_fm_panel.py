"""The FM panel on a real document: turn, hear, undo; all six operators in reach."""

from __future__ import annotations

import pytest
from gestures import ALT, NONE, Hand, Paints, wants_key
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QContextMenuEvent, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from app.controls.knob_paint import figures
from app.controls.matrix_cell import MatrixCell
from app.controls.piano import Piano
from app.controls.value_widget import ValueWidget
from app.document import Document
from app.panels.fm import TABS, FmPanel
from app.panels.fm_menu import operator_menu
from app.panels.fm_sections import without_effect
from app.panels.fm_strip import OperatorButton
from app.panels.paged import step_label
from app.style import apply_theme
from engine.params import FM_SPACE, Patch
from engine.params.note import NoteSettings


@pytest.fixture
def panel(document, qtbot):
    widget = FmPanel(document)
    qtbot.addWidget(widget)
    widget.move(0, 100)
    widget.resize(440, 600)
    widget.show()
    return widget


def shown(panel) -> QWidget:
    pages = [page for page in (*panel.pages.values(), *panel.sections.values()) if page.isVisible()]
    assert len(pages) == 1
    return pages[0]


def patches(document: Document) -> list[tuple[str, Patch]]:
    heard: list[tuple[str, Patch]] = []
    document.patch_changed.connect(lambda patch, why: heard.append((why, patch)))
    return heard


def test_every_fm_parameter_has_a_control_that_shows_its_value(panel, document):
    for param in FM_SPACE:
        control = panel.control(param.name)
        assert control.param is param
        assert control.value == document.patch.values[param.name]


def test_a_drag_is_heard_while_it_lasts_and_is_one_step_afterwards(panel, document):
    heard = patches(document)
    knob = panel.control("op1_ratio")
    hand = Hand(knob, y=38).grab().move(0, -40, steps=4)
    assert [why for why, _ in heard] == ["turn"] * 4
    assert document.patch.values["op1_ratio"] == knob.value > 1.0
    assert document.undo_label is None
    hand.release()
    assert document.undo_label == "Op 1 ratio"
    document.undo()
    assert knob.value == 1.0
    document.redo()
    assert knob.value == document.patch.values["op1_ratio"] > 1.0


@pytest.mark.parametrize("name", ["op1_level_db", "mod_3_1_rad", "gain_db", "op1_env2_s"])
def test_a_drag_taken_back_leaves_the_document_as_it_was(panel, document, name):
    before = document.patch
    control = panel.control(name)
    Hand(control, y=20).grab().move(0, -30).release(ALT)
    assert document.patch == before
    assert control.value == before.values[name]
    assert document.undo_label is None


def test_an_envelope_handle_moves_fields_and_document_and_is_one_step(panel, document):
    page = panel.pages[1]
    point = page.envelope.handle(1)
    Hand(page.envelope, point.x(), point.y()).press().move(12, 15).release()
    values = document.patch.values
    assert values["op1_env2_s"] == panel.control("op1_env2_s").value != 0.4
    assert values["op1_env2_db"] == panel.control("op1_env2_db").value != -9.0
    assert document.undo_label == "Op 1 envelope"
    document.undo()
    assert page.envelope.handle(1) == point


def test_a_field_moves_the_envelopes_handle(panel):
    before = panel.pages[1].envelope.handle(1)
    Hand(panel.control("op1_env2_s")).wheel(5)
    assert panel.pages[1].envelope.handle(1).x() > before.x()


def test_output_knob_and_matrix_cell_show_the_same_value(panel):
    knob, cell = panel.control("op1_out_db"), panel.matrix.cells[(1, 0)]
    Hand(cell).grab().move(0, 30).release()
    assert knob.value == cell.value < 0.0


def test_a_patch_from_elsewhere_is_shown_without_touching_the_document(panel, document):
    panel.choose_operator(3)
    heard = patches(document)
    document.set_patch(Patch("fm", {"op3_ratio": 7.0, "mod_5_3_rad": 2.0, "gain_db": -3.0}, name="Bell"), "Load “Bell”")
    assert panel.control("op3_ratio").value == 7.0
    assert panel.control("mod_5_3_rad").value == 2.0
    assert panel.control("gain_db").value == -3.0
    assert panel.name.text() == "Bell"
    assert panel.strip.buttons[3].accessibleDescription().startswith("ratio 7.00 x")
    assert [why for why, _ in heard] == ["set"]
    assert document.undo_label == "Load “Bell”"


def test_a_new_patch_paints_what_differs_and_lays_nothing_out_again(panel, document, qtbot):
    for n in range(1, 7):
        panel.choose_operator(n)
    panel.resize(440, 900)
    QTest.qWaitForWindowExposed(panel)
    paints = Paints(*panel.findChildren(QWidget))

    def is_at_rest() -> bool:
        """Whether every page has taken its new height and nothing is painted any more."""
        before = (paints.laid_out, sum(paints.painted.values()))
        QTest.qWait(20)
        QApplication.processEvents()
        return (paints.laid_out, sum(paints.painted.values())) == before

    qtbot.waitUntil(is_at_rest, timeout=20_000)
    paints.laid_out = 0
    paints.painted = dict.fromkeys(paints.painted, 0)
    document.set_patch(document.patch.with_values(op6_ratio=3.0, mod_6_2_rad=4.0), "Preset")
    QApplication.processEvents()
    assert paints.laid_out == 0
    painted = {w for w, n in paints.painted.items() if n and isinstance(w, ValueWidget | OperatorButton | Piano)}
    six = panel.strip.buttons[6]
    # Operator 6 has something to do now: its row in the matrix comes forward, and what stands on its button with it.
    row = {cell for (source, _), cell in panel.matrix.cells.items() if source == 6}
    assert painted == {panel.control("op6_ratio"), six, six.mute, six.solo, *row}


def test_the_strip_the_matrix_and_the_keys_choose_the_operator(panel):
    Hand(panel.strip.buttons[4]).click()
    assert shown(panel) is panel.pages[4]
    panel.choose_section("Routing")
    row = panel.matrix.cells[(5, 1)].geometry()
    Hand(panel.matrix, 8, row.center().y()).click()
    assert panel.strip.operator == panel.operator == 5
    assert not any(page.isVisible() for page in panel.pages.values()), "who works on the routing stays there"
    Hand(panel.strip.buttons[5]).click()
    assert shown(panel) is panel.pages[5]
    panel.activateWindow()
    panel.strip.buttons[5].setFocus()
    QTest.keyClick(panel.strip.buttons[5], Qt.Key.Key_2, ALT)
    assert shown(panel) is panel.pages[2]
    panel.strip.buttons[2].setFocus()
    QTest.keyClick(panel.strip.buttons[2], Qt.Key.Key_Right)
    assert shown(panel) is panel.pages[3]


def test_a_button_tells_ratio_level_and_whether_it_is_heard(panel, document):
    button = panel.strip.buttons[2]
    assert not button.heard
    document.set_patch(Patch("fm", {"op2_ratio": 3.5, "op2_out_db": -6.0}), "Set")
    assert button.heard
    assert button.accessibleDescription() == "ratio 3.50 x, level 0.0 dB, output -6.0 dB"


def notes(document: Document) -> list[tuple[str, NoteSettings]]:
    heard: list[tuple[str, NoteSettings]] = []
    document.note_changed.connect(lambda note, why: heard.append((why, note)))
    return heard


def test_the_panel_shows_the_key_that_is_played(panel, document):
    told = notes(document)
    for key in (60, 64, 67):
        document.follow_key(key, 127)
    assert [why for why, _ in told] == ["keys", "keys", "keys"]
    assert (panel.piano.note, panel.head.knobs["note"].value, panel.head.knobs["velocity"].value) == (67, 67, 127)
    # One step: the way back leads over what was shaped, not over every key.
    document.undo()
    assert document.note == NoteSettings()
    assert panel.piano.note == 60
    assert document.undo_label is None


def test_the_note_is_typed_a_step_each_and_belongs_to_no_patch(panel, document):
    heard, told = patches(document), notes(document)
    typed = {"note": "A3", "velocity": "64", "hold_s": "250 ms", "duration_s": "*2"}
    for name, words in typed.items():
        field = panel.head.knobs[name]
        field.open_editor()
        QTest.keyClicks(field.editor, words)
        QTest.keyClick(field.editor, Qt.Key.Key_Return)
    assert document.note == NoteSettings(57, 64, 0.25, 4.0)
    assert len(told) == 4
    assert panel.piano.note == 57
    assert not heard
    labels = []
    while document.undo_label is not None:
        labels.append(document.undo_label)
        document.undo()
    assert labels == ["Length", "Hold", "Velocity", "Note"]
    assert document.note == NoteSettings()
    assert [panel.head.knobs[name].value for name in typed] == [60, 100, 1.0, 2.0]


def test_a_drag_of_the_note_is_heard_and_is_one_step(panel, document):
    told = notes(document)
    hand = Hand(panel.head.knobs["note"]).grab().move(0, -30, steps=3)
    assert {why for why, _ in told} == {"turn"}
    assert document.undo_label is None
    hand.release()
    assert document.undo_label == "Note"
    assert document.note.note > 60
    document.undo()
    assert document.note.note == 60 == panel.piano.note


def test_a_note_drag_taken_back_tells_the_old_note(panel, document):
    told = notes(document)
    Hand(panel.head.knobs["note"]).grab().move(0, -30).release(ALT)
    assert told[0][1].note > 60
    assert told[-1][1].note == 60 == panel.piano.note == document.note.note
    assert document.undo_label is None


def test_locks_are_kept_over_operators(panel, document):
    panel.control("op2_ratio").set_locked(True)
    panel.control("mod_2_1_rad").set_locked(True)
    panel.choose_operator(5)
    assert document.locked == {"op2_ratio", "mod_2_1_rad"}
    document.set_locked(["op4_ratio"])
    assert panel.control("op4_ratio").locked, "a page that is built later shows its locks too"


def test_the_note_cannot_be_locked_because_no_preset_changes_it(panel):
    for name, lockable in (("note", False), ("gain_db", True)):
        words = [action.text() for action in panel.head.knobs[name].build_menu().actions()]
        assert ("Lock" in words) == lockable


def test_an_operator_is_locked_whole_from_the_strip_and_shows_it(panel, document, qtbot):
    button = panel.strip.buttons[2]
    plain = button.grab().toImage()
    QApplication.sendEvent(button, QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(5, 5), QPoint(5, 5)))
    qtbot.waitUntil(lambda: bool(panel.findChildren(QMenu)))
    menu = panel.findChildren(QMenu)[0]
    entries = {action.text(): action for action in menu.actions()}
    assert entries["Lock operator 2"].isEnabled()
    assert not entries["Unlock operator 2"].isEnabled()
    assert not [words for words in entries if "matrix" in words or "gain" in words], "those have a menu of their own"
    entries["Lock operator 2"].trigger()
    menu.close()
    assert document.locked == {p.name for p in FM_SPACE if p.section == "Operator 2"}
    assert panel.control("op2_env3_db").locked
    assert button.grab().toImage() != plain
    entries = {a.text(): a for a in operator_menu(document, 2, panel).actions()}
    entries["Unlock operator 2"].trigger()
    assert not document.locked
    assert button.grab().toImage() == plain


def test_a_preset_leaves_locked_values_and_a_hand_turns_them(panel, document):
    panel.control("op1_ratio").set_locked(True)
    document.set_patch(Patch("fm", {"op1_ratio": 7.0, "op2_ratio": 3.0}), "Load")
    assert panel.control("op1_ratio").value == 1.0
    assert panel.control("op2_ratio").value == 3.0
    knob = panel.control("op1_ratio")
    Hand(knob, y=38).grab().move(0, -40).release()
    assert document.patch.values["op1_ratio"] > 1.0


def test_an_envelope_handle_is_heard_once_for_each_move(panel, document):
    heard = patches(document)
    editor = panel.pages[1].envelope
    hand = Hand(editor, editor.handle(1).toPoint().x(), editor.handle(1).toPoint().y()).press()
    hand.move(24, 12, steps=3)
    assert [why for why, _ in heard] == ["turn"] * 3
    before, after = document.project.patch.values, document.patch.values
    assert {name for name in after if after[name] != before[name]} == {"op1_env2_s", "op1_env2_db"}
    hand.release()
    assert document.undo_label == "Op 1 envelope"


def test_steps_have_names_that_people_use():
    assert step_label(FM_SPACE["op3_detune_cents"]) == "Op 3 detune"
    assert step_label(FM_SPACE["mod_2_1_rad"]) == "Depth 2 → 1"
    assert step_label(FM_SPACE["transpose_st"]) == "Pitch"


def at_value(control: ValueWidget) -> Hand:
    """A hand on the part of a control that turns, below its label."""
    return Hand(control, y=min(control.height() - 4, 34))


def start_values() -> dict[str, float]:
    """Somewhere inside every range, so that each control can go both ways; knobs in hertz count from operator 2 on."""
    values = {p.name: p.from_unit(0.4) if p.is_continuous else p.clamp(1.0) for p in FM_SPACE}
    return values | {f"op{n}_mode": float(n > 1) for n in range(1, 7)} | {"op1_ratio": 1.5}


@pytest.mark.parametrize("gesture", ["drag", "wheel", "key", "type", "reset", "lock"])
def test_every_control_takes_every_gesture_as_one_step_and_gives_it_back(panel, document, qapp, gesture):
    """Mouse, wheel and keys on each control of the panel, whatever kind it is."""
    document.set_patch(Patch("fm", start_values()), "Start")
    for param in FM_SPACE:
        if (param.name.endswith("_ratio") and param.name != "op1_ratio") or param.name == "op1_fixed_hz":
            continue  # the other one of the two counts, and is shown
        control = panel.bring_up(param.name)
        QApplication.processEvents()
        assert control.isVisible(), param.name
        before = document.patch
        hand = at_value(control)
        if gesture == "drag":
            # Choices have the travel of 200 px for all of them.
            hand.grab().move(0, 120 if before.values[param.name] > param.low else -120, steps=6).release()
        elif gesture == "wheel":
            assert hand.wheel(1 if before.values[param.name] < param.high else -1), param.name
            hand.leave()
        elif gesture == "key":
            control.setFocus()
            key = Qt.Key.Key_PageUp if before.values[param.name] < param.high else Qt.Key.Key_PageDown
            QTest.keyClick(control, key)
            control.gesture.finish()
        elif gesture == "type":
            control.setFocus()
            QTest.keyClick(control, Qt.Key.Key_Return)
            QTest.keyClicks(control.editor, "min" if before.values[param.name] > param.low else "max")
            QTest.keyClick(control.editor, Qt.Key.Key_Return)
        elif gesture == "reset":
            control.setFocus()
            QTest.keyClick(control, Qt.Key.Key_Delete)
            if before.values[param.name] == param.default:
                assert document.patch == before
                continue
        else:
            (lock,) = [action for action in control.build_menu().actions() if action.text() == "Lock"]
            lock.trigger()
            assert control.locked
            assert param.name in document.locked
            lock.trigger()
            assert param.name not in document.locked
            continue
        after = document.patch
        changed = {name for name in after.values if after.values[name] != before.values[name]}
        assert changed == {param.name}
        assert control.value == after.values[param.name]
        assert document.undo_label == step_label(param)
        document.undo()
        assert document.patch == before
        assert control.value == before.values[param.name]


def test_a_patch_from_elsewhere_is_shown_on_every_page(panel, document):
    for tab in TABS:
        panel.choose_section(tab)
    for n in range(1, 7):
        panel.choose_operator(n)
    document.set_patch(Patch("fm", start_values()), "Load")
    for param in FM_SPACE:
        assert panel.control(param.name).value == document.patch.values[param.name], param.name


def boxes_on(panel, controls: list[QWidget]) -> list[QRect]:
    content = panel._scroll.widget()
    return [w.rect().translated(w.mapTo(content, QPoint())) for w in controls]


@pytest.mark.parametrize(("width", "height"), [(414, 400), (420, 560), (414, 654), (460, 900), (440, 1200), (900, 640)])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_at_every_size_nothing_overlaps_and_everything_can_be_reached(
    panel, document, qapp, qtbot, width, height, theme
):
    apply_theme(qapp, theme)
    # Where the frequency does not follow the key, a knob in hertz stands in the ratio's place.
    document.set_patch(document.patch.with_values(op2_mode=1.0), "Set")
    panel.resize(width, height)
    QApplication.processEvents()
    content = panel._scroll.widget()
    names = [p.name for p in FM_SPACE if p.section not in ("Voice",) and p.section[-1] not in "3456"]
    seen: set[str] = set()
    for tab in (*(f"Operator {n}" for n in (1, 2)), *TABS):
        if tab.startswith("Operator "):
            panel.choose_operator(int(tab[-1]))
        else:
            panel.choose_section(tab)
        QApplication.processEvents()
        assert content.width() <= panel._scroll.viewport().width(), "nothing is cut off to the right"
        controls = [c for c in content.findChildren(ValueWidget) if c.isVisible()]
        seen |= {control.param.name for control in controls}
        boxes = boxes_on(panel, controls)
        assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
        qtbot.waitUntil(
            lambda c=controls: all(content.rect().contains(box) for box in boxes_on(panel, c)), timeout=1000
        )
        for control in controls:
            label = getattr(control, "_label", control.param.label)
            metrics = QFontMetrics(figures(control))
            assert metrics.horizontalAdvance(label) <= control.width() or isinstance(control, MatrixCell)
    seen |= {c.param.name for c in panel.strip.findChildren(ValueWidget) if c.isVisible()}
    assert set(names) - seen == {"op1_fixed_hz", "op2_ratio"}
    assert panel.piano.geometry().bottom() <= panel.height()
    apply_theme(qapp, "dark")


@pytest.mark.parametrize("tab", [None, *TABS])
@pytest.mark.parametrize("height", [654, 606])
def test_on_a_laptop_every_page_is_in_sight_whole(session, qapp, qtbot, height, tab):
    """The panel of the whole window, with all its tools, in one of 1366 x 768 and in one of 1280 x 720."""
    apply_theme(qapp, "dark")
    panel = session.fm
    session.window.resize(*{654: (1366, 768), 606: (1280, 720)}[height])
    qtbot.waitUntil(lambda: abs(panel.height() - height) < 4)
    if tab is None:
        panel.choose_operator(4)
    else:
        panel.choose_section(tab)
    # Nothing is below the fold once the parts have settled.
    qtbot.waitUntil(lambda: panel._scroll.verticalScrollBar().maximum() == 0)


@pytest.mark.parametrize("width", [414, 480])
def test_where_height_is_scarce_the_note_ends_the_page_and_an_envelope_is_seen_whole(panel, qapp, qtbot, width):
    apply_theme(qapp, "dark")
    panel.resize(width, 427)
    QApplication.processEvents()
    body = panel._scroll.widget()
    seen = {}
    for tab in (None, "Filter", "Routing"):
        panel.choose_operator(2) if tab is None else panel.choose_section(tab)
        qtbot.waitUntil(lambda: panel.head.isVisible() and body.isAncestorOf(panel.head))
        QApplication.processEvents()
        lowest = max(
            box.bottom() for box in boxes_on(panel, [c for c in body.findChildren(ValueWidget) if c.isVisible()])
        )
        assert boxes_on(panel, [panel.head])[0].bottom() == lowest
        seen[tab] = panel._scroll.verticalScrollBar().maximum()
    panel.choose_operator(2)
    QApplication.processEvents()
    # Without the rows of tools, which are the window's, there is more than enough room for the curve.
    envelope = panel.pages[2].envelope
    assert boxes_on(panel, [envelope])[0].bottom() < panel._scroll.viewport().height()
    assert all(hidden > 0 for hidden in seen.values())
    panel.resize(width, 700)
    qtbot.waitUntil(lambda: panel.head.isVisible() and not body.isAncestorOf(panel.head))
    assert panel.head.geometry().bottom() < panel.strip.geometry().top()


def test_with_more_height_the_matrix_and_then_the_graph_stand_below_the_page_without_scrolling(panel, qapp, qtbot):
    apply_theme(qapp, "dark")
    shown = []
    for height in (654, 886, 1126):
        panel.resize(414, height)
        qtbot.waitUntil(lambda: panel._scroll.verticalScrollBar().maximum() == 0)
        assert panel.pages[1].isVisible()
        shown.append((panel.matrix.isVisible(), panel.routing.graph.isVisible()))
        assert panel.tabs.tabs["Routing"].isVisible() == (not shown[-1][1]), "no tab for what is there anyway"
    assert shown == [(False, False), (True, False), (True, True)]


def test_a_wide_panel_has_the_routing_beside_the_page(panel, qapp):
    panel.resize(900, 640)
    QApplication.processEvents()
    page, routing = panel.pages[1], panel.routing
    assert routing.mapTo(panel, QPoint()).x() >= page.mapTo(panel, QPoint(page.width(), 0)).x()
    assert routing.graph.isVisible()
    assert routing.matrix.isVisible()


@pytest.mark.parametrize("tab", [None, "Filter"])
def test_in_a_window_of_half_the_usual_height_the_envelope_is_seen_whole(session, qapp, qtbot, tab):
    apply_theme(qapp, "dark")
    session.window.resize(960, 540)
    panel = session.fm
    qtbot.waitUntil(lambda: panel.low)
    panel.choose_operator(2) if tab is None else panel.choose_section(tab)
    envelope = shown(panel).envelope
    room = panel._scroll.viewport()
    qtbot.waitUntil(lambda: envelope.mapTo(room, QPoint(0, envelope.height())).y() <= room.height())
    assert envelope.height() >= 72


def test_in_a_wide_panel_the_tabs_stand_above_their_pages_and_the_spectrum_fills_the_column(panel, qapp, qtbot):
    panel.resize(900, 900)
    panel.choose_section("Spectrum")
    QApplication.processEvents()
    left = panel.routing.mapTo(panel, QPoint()).x()
    assert panel.more.mapTo(panel, QPoint(panel.more.width(), 0)).x() < left
    qtbot.waitUntil(lambda: panel.spectrum.height() >= panel._scroll.height() - 16)
    assert panel._scroll.verticalScrollBar().maximum() == 0
    panel.resize(440, 900)
    QApplication.processEvents()
    assert panel.more.mapTo(panel, QPoint(panel.more.width(), 0)).x() > panel.width() - 16, "the whole width again"


def test_a_short_page_has_the_graph_below_it_where_a_long_one_has_no_room(panel, qapp, qtbot):
    panel.resize(414, 886)
    seen = {}
    for tab in (None, "LFO", "Output", "Spectrum", "Routing"):
        panel.choose_operator(1) if tab is None else panel.choose_section(tab)
        qtbot.waitUntil(lambda: panel._scroll.verticalScrollBar().maximum() == 0)
        seen[tab] = panel.routing.graph.isVisible()
        bottom = panel.matrix.mapTo(panel._scroll, QPoint(0, panel.matrix.height())).y()
        assert panel._scroll.height() - bottom <= 2 * 8, "the matrix stands at the bottom of the body"
        if seen[tab]:
            graph = panel.routing.graph
            assert graph.height() >= graph.minimumSizeHint().height()
    assert seen == {None: False, "LFO": True, "Output": True, "Spectrum": False, "Routing": True}
    assert panel.tabs.tabs["Routing"].isVisible()


def test_an_operator_that_does_nothing_says_so(panel, document):
    assert "not in use" in panel.strip.buttons[6].toolTip()
    document.set_patch(document.patch.with_values(mod_6_2_rad=1.0), "Turn")
    assert "not in use" not in panel.strip.buttons[6].toolTip()
    document.set_patch(document.patch.with_values(mod_2_1_rad=0.0), "Turn")
    assert "not in use" in panel.strip.buttons[6].toolTip(), "it modulates one that is not heard"


def test_the_button_keeps_the_sound(panel, qtbot):
    with qtbot.waitSignal(panel.keep_requested):
        panel.keep.click()
    assert panel.keep.geometry().right() < panel.audition.geometry().left()


def test_every_control_has_a_name_and_help(panel):
    for param in FM_SPACE:
        control = panel.control(param.name)
        assert control.accessibleName()
        assert param.help in control.toolTip()
        assert ("Shift" in control.toolTip()) != bool(param.choices)
    assert panel.strip.buttons[1].toolTip().endswith("(Alt+1)")


def test_space_on_any_control_is_left_to_the_window(panel):
    for widget in (panel.control("op1_ratio"), panel.pages[1].envelope, panel.matrix.cells[(2, 1)], panel.piano):
        assert not wants_key(widget, Qt.Key.Key_Space, NONE, " ")


def test_what_has_no_effect_now_is_drawn_without_colour_and_can_be_turned(panel, document):
    panel.choose_section("Noise")
    band = panel.control("noise_hz")
    quiet = band.grab().toImage()
    panel.control("noise_db").enter(-12.0)
    assert band.grab().toImage() != quiet
    panel.control("noise_db").enter(FM_SPACE["noise_db"].low)
    assert band.grab().toImage() == quiet
    band.enter(500.0)
    assert document.patch.values["noise_hz"] == 500.0


def test_only_what_something_else_switches_off_is_without_effect():
    silent = without_effect(Patch("fm").values)
    assert {"noise_hz", "noise_env1_s", "filter_hz", "reverb_s", "lfo_hz", "op1_tremolo", "pitch_env1_s"} <= silent
    assert not {"noise_db", "filter_type", "reverb", "vibrato_st", "tremolo_db", "pitch_env1_st", "pan"} & silent
    on = {"noise_db": -6.0, "filter_type": 1.0, "reverb": 0.2, "tremolo_db": 6.0, "pitch_env2_st": 1.0}
    assert not without_effect(Patch("fm", on).values)


def test_every_tab_says_what_is_behind_it(panel):
    for tab in panel.tabs.tabs.values():
        assert len(tab.toolTip()) > len(tab.text())


def test_it_shows_its_own_patch_while_another_instrument_is_played(panel, document):
    panel.control("op1_ratio").enter(3.0)
    document.set_patch(Patch("impact", name="Pot"), "Load the pot")
    assert panel.control("op1_ratio").value == 3.0
    assert panel.name.text() == "Unnamed patch"
    document.use_synth("fm")
    panel.control("op1_ratio").enter(4.0)
    document.use_synth("impact")
    document.undo()
    assert document.patch.synth == "fm"
    assert panel.control("op1_ratio").value == 3.0
