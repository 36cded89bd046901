"""The algorithm as a graph: stable places, lines that are dragged like matrix cells, and hands from node to node."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gestures import ALT, Hand, Heard
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from app import theme
from app.controls.graph import AlgorithmGraph
from app.controls.graph_layout import OUTPUT, lay_out
from app.controls.graph_picture import Scene
from app.controls.matrix import Matrix
from app.panels.fm_state import routes
from engine.params import FM_SPACE
from engine.params.fm import loop_routes, mod_routes
from engine.project.dx7.algorithms import ALGORITHMS


def layout_of(*on: tuple[int, int]):
    return lay_out(frozenset(on), 6)


# Places


@pytest.mark.parametrize("one", ALGORITHMS, ids=lambda one: f"algorithm {one.number}")
def test_every_algorithm_has_sources_above_targets_and_carriers_at_the_bottom(one):
    layout = layout_of(*one.edges, one.feedback, *((n, OUTPUT) for n in one.carriers))
    for source, target in one.edges:
        assert layout.places[source][1] > layout.places[target][1]
    assert all(layout.places[n][1] == 0 for n in one.carriers)
    assert layout.returns == {one.feedback}
    spots = sorted(layout.places.values(), key=lambda place: (place[1], place[0]))
    for (x, layer), (other_x, other_layer) in pairwise(spots):
        assert layer != other_layer or other_x - x >= 1.0 - 1e-9, "operators keep their distance"
    assert not layout.idle


@pytest.mark.parametrize("height", [160, 250, 400])
@pytest.mark.parametrize("number", [1, 4, 5, 32])
def test_a_graph_stands_in_the_middle_of_its_height(number, height):
    one = ALGORITHMS[number - 1]
    on = frozenset((*one.edges, one.feedback, *((n, OUTPUT) for n in one.carriers)))
    area = QRectF(0, 0, 390, height)
    scene = Scene(area, lay_out(on, 6), on)
    above = min(box.top() for box in scene.nodes.values())
    below = height - max(box.bottom() for box in scene.nodes.values())
    assert above == pytest.approx(below, abs=12.0)


def test_operators_without_any_part_are_set_aside():
    layout = layout_of((2, 1), (1, OUTPUT), (5, 5))
    assert layout.idle == (3, 4, 5, 6)
    assert set(layout.places) == {1, 2}


def test_a_heard_operator_that_also_modulates_stands_above_and_its_output_passes_the_one_below():
    layout = layout_of((2, 1), (1, OUTPUT), (2, OUTPUT))
    assert layout.places[2][1] == 1
    (way,) = layout.ways[(2, OUTPUT)]
    assert way[1] == 0
    assert abs(way[0] - layout.places[1][0]) > 0.5


def test_a_long_route_goes_around_what_lies_between():
    layout = layout_of((3, 2), (2, 1), (3, 1), (1, OUTPUT))
    (way,) = layout.ways[(3, 1)]
    assert abs(way[0] - layout.places[2][0]) > 0.5


def test_a_cycle_is_drawn_as_one_return_and_loops_of_loops_end():
    layout = layout_of((6, 5), (5, 4), (4, 6), (4, OUTPUT))
    assert layout.returns == {(4, 6)}
    everything = [*mod_routes(), *loop_routes(), *((n, OUTPUT) for n in range(1, 7))]
    full = layout_of(*everything)
    assert sorted(full.places) == [1, 2, 3, 4, 5, 6]
    assert full.returns == set(loop_routes())


def test_a_route_that_looks_back_but_closes_nothing_leads_down_like_any_other():
    layout = layout_of((1, 2), (2, OUTPUT))
    assert not layout.returns
    assert layout.places[1][1] > layout.places[2][1]


def test_equal_routings_have_equal_places_whatever_the_order():
    on = [(6, 5), (5, 3), (4, 3), (2, 1), (1, OUTPUT), (3, OUTPUT)]
    assert layout_of(*on) == layout_of(*reversed(on))


def test_everything_is_inside_however_small_the_paper():
    for one in ALGORITHMS:
        on = frozenset({*one.edges, one.feedback, *((n, OUTPUT) for n in one.carriers)})
        for width, height in ((200, 88), (390, 148), (420, 400)):
            area = QRectF(0, 0, width, height)
            scene = Scene(area, lay_out(on, 6), on)
            boxes = list(scene.nodes.values())
            assert all(area.contains(box) for box in boxes)
            assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
            assert all(area.contains(point) for line in scene.lines.values() for point in line), one


def test_boxes_that_touch_as_they_glide_leave_a_line_with_its_two_ends():
    from PySide6.QtCore import QPointF

    on = frozenset({(2, 1), (1, OUTPUT)})
    area, layout = QRectF(0, 0, 200, 88), lay_out(on, 2)
    size = Scene(area, layout, on).size
    touching = {2: QPointF(100, 20), 1: QPointF(100, 20 + size)}
    scene = Scene(area, layout, on, touching, 0.0)
    assert scene.nodes[2].bottom() == scene.nodes[1].top()
    assert scene.lines[(2, 1)] == [QPointF(100, scene.nodes[1].top())] * 2


# The widget, with the matrix it shares its gestures with


@pytest.fixture
def pair(qtbot):
    matrix = Matrix(routes(), 6)
    graph = AlgorithmGraph({route: cell.gesture for route, cell in matrix.cells.items()}, 6)
    for widget in (matrix, graph):
        qtbot.addWidget(widget)
    graph.resize(400, 200)
    graph.move(100, 100)
    theme.set_motion(False)
    set_routing(matrix, mod_6_5_rad=3.0, mod_5_4_rad=2.0, mod_4_4_rad=0.5, op4_out_db=-6.0)
    graph.show()
    yield graph, matrix
    theme.set_motion(True)


def set_routing(matrix, **values: float) -> None:
    off = {param.name: param.low for param in routes().values()}
    matrix.set_values(off | values)


def on_line(graph, route) -> Hand:
    place = graph.middle_of(route)
    return Hand(graph, place.x(), place.y())


def test_it_shows_what_the_matrix_holds(pair):
    graph, matrix = pair
    layout = graph.layout_shown
    assert [layout.places[n][1] for n in (4, 5, 6)] == [0, 1, 2]
    assert graph.accessibleDescription() == "Modulation: 6 to 5, 5 to 4, 4 to 4; heard: 4"
    set_routing(matrix, mod_2_1_rad=1.0, op1_out_db=0.0)
    assert set(graph.layout_shown.places) == {1, 2}


def test_dragging_a_line_changes_the_depth_in_one_step_and_moves_nothing(pair):
    graph, matrix = pair
    heard = Heard(matrix)
    places = {n: graph.place_of(n) for n in range(1, 7)}
    hand = on_line(graph, (6, 5)).press().move(0, -5).move(0, -40, steps=4)
    assert matrix.cells[(6, 5)].value > 3.0
    assert {n: graph.place_of(n) for n in range(1, 7)} == places
    hand.release()
    assert [name for name, _ in heard.committed] == ["mod_6_5_rad"]
    assert {n: graph.place_of(n) for n in range(1, 7)} == places


def test_a_line_that_is_dragged_to_nothing_moves_the_operators_when_it_is_let_go(pair):
    graph, _ = pair
    hand = on_line(graph, (6, 5)).press().move(0, 5).move(0, 250, steps=5)
    before = graph.layout_shown
    assert 6 in before.places, "nothing jumps under the hand"
    hand.release()
    assert graph.layout_shown.idle == (1, 2, 3, 6)


def test_a_drag_taken_back_leaves_everything(pair):
    graph, matrix = pair
    heard = Heard(matrix)
    before = graph.layout_shown
    on_line(graph, (5, 4)).press().move(0, 5).move(0, 300, steps=5).release(ALT)
    assert matrix.cells[(5, 4)].value == 2.0
    assert (heard.committed, heard.reverted, graph.layout_shown) == ([], 1, before)


def test_the_wheel_over_a_line_turns_it_and_beside_it_scrolls_on(pair):
    graph, matrix = pair
    assert on_line(graph, (5, 4)).wheel(2)
    assert matrix.cells[(5, 4)].value > 2.0
    assert not Hand(graph, 20, 150).wheel(1)


def test_a_double_click_on_a_line_means_its_default(pair):
    graph, matrix = pair
    hand = on_line(graph, (6, 5))
    QTest.mouseDClick(graph, Qt.MouseButton.LeftButton, pos=hand.at.toPoint())
    assert matrix.cells[(6, 5)].value == 0.0
    assert 6 in graph.layout_shown.idle


def test_a_click_chooses_an_operator_and_a_double_click_opens_it(pair):
    graph, _ = pair
    chosen: list[int] = []
    opened: list[int] = []
    graph.operator_clicked.connect(chosen.append)
    graph.operator_opened.connect(opened.append)
    for n in (5, 2):
        place = graph.place_of(n)
        Hand(graph, place.x(), place.y()).click()
    QTest.mouseDClick(graph, Qt.MouseButton.LeftButton, pos=graph.place_of(6).toPoint())
    assert (chosen, opened) == ([5, 2], [6])


def test_a_drag_from_operator_to_operator_or_to_the_output_wants_a_route(pair):
    graph, _ = pair
    wanted: list[tuple[int, int]] = []
    graph.route_wanted.connect(wanted.append)

    def pull(start, end) -> None:
        Hand(graph, start.x(), start.y()).press().move(end.x() - start.x(), end.y() - start.y(), steps=4).release()

    pull(graph.place_of(1), graph.place_of(4))
    foot = graph.place_of(5)
    foot.setY(graph.height() - 6)
    pull(graph.place_of(5), foot)
    nowhere = graph.place_of(5)
    nowhere.setX(8)
    pull(graph.place_of(5), nowhere)
    assert wanted == [(1, 4), (5, OUTPUT)]


def test_pointing_at_a_line_lights_the_cell_and_the_other_way_round(pair):
    graph, matrix = pair
    graph.route_hovered.connect(matrix.light)
    matrix.route_hovered.connect(graph.light)
    cell = matrix.cells[(6, 5)]
    dark, plain = cell.grab().toImage(), graph.grab().toImage()
    on_line(graph, (6, 5)).hover()
    assert cell.grab().toImage() != dark
    Hand(graph, 5, 5).hover()
    assert cell.grab().toImage() == dark
    cell.entered.emit()
    assert graph.grab().toImage() != plain
    cell.left.emit()
    assert graph.grab().toImage() == plain


def test_muted_operators_are_dimmed_and_say_so(pair):
    graph, _ = pair
    plain = graph.grab().toImage()
    graph.set_operators(frozenset({6}), frozenset({6}))
    assert graph.grab().toImage() != plain
    place = graph.place_of(6).toPoint()
    QApplication.sendEvent(graph, QHelpEvent(QHelpEvent.Type.ToolTip, place, graph.mapToGlobal(place)))
    assert QToolTip.text().startswith("Operator 6 (muted)")
    QToolTip.hideText()


def test_a_tip_tells_the_depth_and_that_a_loop_looks_back(pair):
    graph, _ = pair
    for route, words in (((6, 5), "Operator 6 to operator 5: 3.00 rad"), ((4, 4), "Operator 4 to itself, one sample")):
        place = graph.middle_of(route).toPoint()
        QApplication.sendEvent(graph, QHelpEvent(QHelpEvent.Type.ToolTip, place, graph.mapToGlobal(place)))
        assert QToolTip.text().startswith(words)
    QToolTip.hideText()


def test_a_menu_is_asked_for_where_something_is(pair):
    graph, _ = pair
    wanted: list[object] = []
    graph.menu_wanted.connect(lambda found, _place: wanted.append(found))
    for place in (graph.place_of(5), graph.middle_of((6, 5)), graph.place_of(5) * 0 + graph.rect().bottomLeft()):
        at = place.toPoint() if hasattr(place, "toPoint") else QPoint(2, 2)
        QApplication.sendEvent(graph, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, graph.mapToGlobal(at)))
    assert wanted == [5, (6, 5)]


def test_operators_glide_to_their_new_places_and_arrive(pair, qtbot):
    graph, matrix = pair
    theme.set_motion(True)
    QTest.qWaitForWindowExposed(graph)
    start = graph.place_of(5)
    set_routing(matrix, mod_2_1_rad=1.0, op1_out_db=0.0)
    assert graph.place_of(5) == start, "it sets out from where it was"
    qtbot.waitUntil(lambda: graph.place_of(5).x() > 350)


def test_the_lowest_depth_is_no_line(pair):
    graph, matrix = pair
    assert (6, 5) in graph._seen().lines
    matrix.cells[(6, 5)].set_value(FM_SPACE["mod_6_5_rad"].low)
    assert (6, 5) not in graph._seen().lines
