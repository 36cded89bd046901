"""The modulation matrix and the piano, by mouse and keys."""

from __future__ import annotations

import pytest
from gestures import ALT, NONE, Hand, Heard, Paints, let_rest, wants_key
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible, QEnterEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.controls.matrix import OUTPUT, Matrix
from app.controls.piano import Piano
from engine.params import FM_SPACE
from engine.params.fm import loop_routes, mod_name, mod_routes


@pytest.fixture
def matrix(qtbot):
    routes = {(s, d): FM_SPACE[mod_name(s, d)] for s, d in (*mod_routes(), *loop_routes())}
    widget = Matrix(routes | {(n, OUTPUT): FM_SPACE[f"op{n}_out_db"] for n in range(1, 7)}, 6)
    qtbot.addWidget(widget)
    widget.resize(420, widget.sizeHint().height())
    widget.move(200, 300)
    widget.show()
    return widget


def enter(cell) -> None:
    here = QPointF(cell.rect().center())
    QApplication.sendEvent(cell, QEnterEvent(here, here, cell.mapToGlobal(here)))


def test_every_route_and_every_output_has_a_cell_that_overlaps_no_other(matrix):
    assert len(matrix.cells) == 36 + 6
    boxes = [cell.geometry() for cell in matrix.cells.values()]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(matrix.rect().contains(box) and box.width() >= 44 for box in boxes)


def test_dragging_a_cell_sets_a_depth_in_one_step(matrix):
    heard = Heard(matrix)
    cell = matrix.cells[(3, 1)]
    Hand(cell).grab().move(0, -100, steps=4).release()
    assert cell.value == pytest.approx(cell.param.from_unit(0.5))
    assert len(heard.changing) == 4
    assert heard.committed == [("mod_3_1_rad", cell.value)]


def test_a_double_click_on_a_cell_means_its_default(matrix):
    cell = matrix.cells[(2, 1)]
    cell.set_value(9.0)
    Hand(cell).double_click()
    assert cell.value == cell.param.default == 1.5


def test_a_depth_can_be_typed(matrix):
    cell = matrix.cells[(6, 2)]
    Hand(cell).click()
    QTest.keyClicks(cell.editor, "pi / 2")
    QTest.keyClick(cell.editor, Qt.Key.Key_Return)
    assert cell.editor is not None, "a number is missing before the unit"
    cell.editor.selectAll()
    QTest.keyClicks(cell.editor, "1/2 pi")
    QTest.keyClick(cell.editor, Qt.Key.Key_Return)
    assert cell.value == pytest.approx(1.5708, abs=1e-4)


def test_setting_values_is_silent_and_repaints_only_the_cells_that_differ(matrix):
    heard = Heard(matrix)
    QTest.qWaitForWindowExposed(matrix)
    let_rest(*matrix.cells.values())
    paints = Paints(*matrix.cells.values())
    matrix.set_values({p.name: p.default for p in FM_SPACE} | {"mod_4_2_rad": 3.0})
    QApplication.processEvents()
    assert {cell.route for cell, n in paints.painted.items() if n} == {(4, 2)}
    assert not heard.changing


def test_hovering_a_cell_shows_where_it_flows(matrix):
    focused = matrix.cells[(6, 1)]
    focused.setFocus()
    QTest.qWaitForWindowActive(matrix)
    before = matrix.grab().toImage()
    enter(matrix.cells[(4, 2)])
    lit = matrix.grab().toImage()
    assert lit != before
    matrix.cells[(4, 2)].leaveEvent(QEvent(QEvent.Type.Leave))
    assert matrix.grab().toImage() == before, "the focused cell's flow shows again"


def test_alt_and_arrows_walk_the_grid_and_plain_arrows_turn(matrix):
    cell = matrix.cells[(3, 1)]
    cell.setFocus()
    assert wants_key(cell, Qt.Key.Key_Right, ALT)
    QTest.keyClick(cell, Qt.Key.Key_Right, ALT)
    assert matrix.cells[(3, 2)].hasFocus()
    QTest.keyClick(matrix.cells[(3, 2)], Qt.Key.Key_Right, ALT)
    assert matrix.cells[(3, 3)].hasFocus(), "feedback is a cell like any other"
    for column in (3, 4, 5, 6):
        QTest.keyClick(matrix.cells[(3, column)], Qt.Key.Key_Right, ALT)
    QTest.keyClick(matrix.cells[(3, OUTPUT)], Qt.Key.Key_Down, ALT)
    assert matrix.cells[(2, OUTPUT)].hasFocus()
    QTest.keyClick(matrix.cells[(2, OUTPUT)], Qt.Key.Key_Up)
    assert matrix.cells[(2, OUTPUT)].value == -71.0


def test_a_click_on_a_heading_chooses_the_operator(matrix):
    chosen: list[int] = []
    matrix.operator_clicked.connect(chosen.append)
    row = matrix.cells[(4, 1)].geometry()
    Hand(matrix, 8, row.center().y()).click()
    Hand(matrix, matrix.cells[(6, 5)].geometry().center().x(), 8).click()
    assert chosen == [4, 5]


def test_a_screen_reader_hears_where_a_cell_leads(matrix):
    interface = QAccessible.queryAccessibleInterface(matrix.cells[(2, 1)])
    assert interface.text(QAccessible.Text.Name) == "Operator 2 to operator 1"
    assert interface.text(QAccessible.Text.Value) == "1.50 rad"
    assert matrix.cells[(1, OUTPUT)].accessibleName() == "Operator 1 to the output"


# The piano


class Notes:
    def __init__(self, piano: Piano) -> None:
        self.log: list[tuple[object, ...]] = []
        piano.note_on.connect(lambda note, velocity: self.log.append(("on", note, velocity)))
        piano.note_off.connect(lambda note: self.log.append(("off", note)))


@pytest.fixture
def piano(qtbot):
    widget = Piano()
    qtbot.addWidget(widget)
    widget.resize(420, 56)
    widget.move(200, 300)
    widget.show()
    return widget


def on_key(piano: Piano, note: int, depth: float) -> Hand:
    box = piano.key_rect(note)
    return Hand(piano, box.center().x(), box.top() + depth * (box.height() - 1))


def test_a_click_plays_a_key_and_lets_it_go(piano):
    notes = Notes(piano)
    on_key(piano, 64, 0.95).click()
    assert [entry[:2] for entry in notes.log] == [("on", 64), ("off", 64)]
    assert piano.note == 64


def test_a_key_is_louder_towards_its_front_edge(piano):
    notes = Notes(piano)
    for depth in (0.7, 1.0):
        on_key(piano, 60, depth).click()
    on_key(piano, 61, 0.0).click()
    on_key(piano, 61, 1.0).click()
    velocities = [entry[2] for entry in notes.log if entry[0] == "on"]
    assert velocities[0] == pytest.approx(0.7 * 127, abs=1)
    assert velocities[1] == velocities[3] == 127
    assert velocities[2] == 1


def test_black_keys_lie_on_top_of_white_ones(piano):
    box = piano.key_rect(61)
    assert piano.key_at(box.center().x(), box.center().y()) == 61
    assert piano.key_at(piano.key_rect(60).center().x(), piano.height() - 2) == 60
    names = {piano.key_at(x, 50) for x in range(piano.width())} - {None}
    assert all(note % 12 in (0, 2, 4, 5, 7, 9, 11) for note in names)


def test_sliding_onto_another_key_plays_that_one_before_it_lets_go(piano):
    notes = Notes(piano)
    hand = on_key(piano, 60, 0.9).press()
    step = piano.key_rect(62).center().x() - hand.at.x()
    hand.move(step, 0).release()
    assert [entry[:2] for entry in notes.log] == [("on", 60), ("on", 62), ("off", 60), ("off", 62)]


@pytest.mark.parametrize(("width", "octaves"), [(160, 2), (300, 2), (420, 3), (600, 4), (1600, 4)])
def test_two_to_four_octaves_fit_the_width(piano, width, octaves):
    piano.resize(width, 56)
    assert piano.octaves == octaves
    last = piano.key_rect(piano.low + 12 * octaves - 1)
    assert last.right() == pytest.approx(width)


@pytest.mark.parametrize("note", [0, 20, 60, 108, 127])
def test_the_marked_note_is_always_in_view(piano, note):
    piano.set_note(note)
    assert piano.low <= note < piano.low + 12 * piano.octaves
    assert piano.low % 12 == 0
    piano.resize(170, 56)
    assert piano.low <= note < piano.low + 12 * piano.octaves


def test_arrow_keys_choose_a_note_and_enter_plays_it_while_it_is_down(piano):
    notes = Notes(piano)
    piano.setFocus()
    QTest.keyClick(piano, Qt.Key.Key_Right)
    QTest.keyClick(piano, Qt.Key.Key_Up)
    assert piano.note == 73
    assert piano.accessibleDescription() == "C#5"
    assert not notes.log
    QTest.keyPress(piano, Qt.Key.Key_Return)
    assert notes.log == [("on", 73, 100)]
    QTest.keyRelease(piano, Qt.Key.Key_Return)
    assert notes.log[-1] == ("off", 73)
    assert not wants_key(piano, Qt.Key.Key_Space, NONE, " ")


def test_a_key_that_loses_the_focus_stops_sounding(piano):
    notes = Notes(piano)
    piano.setFocus()
    QTest.keyPress(piano, Qt.Key.Key_Return)
    piano.clearFocus()
    assert notes.log[-1] == ("off", 60)


def test_the_wheel_moves_by_octaves_and_stops_at_the_ends(piano):
    low = piano.low
    Hand(piano).wheel(1)
    assert piano.low == low + 12
    for _ in range(20):
        Hand(piano).wheel(1)
    assert piano.low + 12 * piano.octaves >= 128
    for _ in range(20):
        Hand(piano).wheel(-1)
    assert piano.low == 0


def test_no_key_beyond_127_can_be_played(piano):
    piano.set_note(127)
    played = {piano.key_at(x, y) for x in range(0, piano.width(), 3) for y in (5, 50)} - {None}
    assert max(played) == 127
