"""Routing on the whole panel: algorithms in one step, graph and matrix in step, and what stays where it is."""

from __future__ import annotations

import pytest
from gestures import Hand
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.controls.graph_layout import OUTPUT
from app.panels.fm import FmPanel
from app.panels.fm_algorithms import algorithm_of, routing_of
from app.panels.fm_state import operator_state
from engine.params import FM_SPACE, Patch
from engine.project.dx7.algorithms import ALGORITHMS, algorithm


@pytest.fixture
def panel(document, qtbot):
    widget = FmPanel(document)
    qtbot.addWidget(widget)
    widget.move(0, 100)
    widget.resize(414, 654)
    widget.show()
    widget.choose_section("Routing")
    return widget


@pytest.mark.parametrize("one", ALGORITHMS, ids=lambda one: f"algorithm {one.number}")
def test_each_algorithm_is_recognised_once_it_is_set(one):
    values = {**Patch("fm").values, **routing_of(one, Patch("fm").values)}
    assert algorithm_of(values) == one
    assert all(values[f"op{n}_out_db"] == (0.0 if n in one.carriers else -72.0) for n in range(1, 7))


def test_a_new_routing_keeps_the_depths_and_levels_that_it_can():
    before = Patch("fm", {"mod_2_1_rad": 4.0, "mod_6_5_rad": 7.0, "mod_3_3_rad": 0.9, "op1_out_db": -6.0}).values
    after = routing_of(algorithm(5), before)
    assert after["mod_2_1_rad"] == 4.0
    assert after["mod_6_5_rad"] == 7.0
    assert after["mod_4_3_rad"] == 1.5, "a new one has a depth that is heard"
    assert after["mod_6_6_rad"] == 0.9, "the feedback moves to its new place"
    assert after["mod_3_3_rad"] == 0.0
    assert (after["op1_out_db"], after["op3_out_db"], after["op2_out_db"]) == (-6.0, 0.0, -72.0)
    assert routing_of(algorithm(6), {**before, **after})["mod_5_6_rad"] == 0.9


def test_an_algorithm_is_picked_from_its_diagram_in_one_step(panel, document):
    before = document.patch
    panel.routing.algorithms.click()
    chooser = panel.routing.algorithms.chooser
    Hand(chooser, *chooser.cell(22).center().toTuple()).click()
    assert document.undo_label == "Algorithm 22"
    assert panel.routing.algorithms.text().startswith("Algorithm 22")
    assert panel.control("mod_6_4_rad").value > 0
    assert panel.routing.graph.layout_shown.places[6][1] == 1
    document.undo()
    assert document.patch == before


def test_the_keys_walk_the_diagrams_and_enter_takes_one(panel, document):
    document.set_patch(document.patch.with_values(**routing_of(algorithm(1), document.patch.values)), "Set")
    panel.routing.algorithms.click()
    chooser = panel.routing.algorithms.chooser
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Up):
        QTest.keyClick(chooser, key)
    assert chooser.at == 1
    QTest.keyClick(chooser, Qt.Key.Key_Down)
    QTest.keyClick(chooser, Qt.Key.Key_Return)
    assert document.undo_label == "Algorithm 9"


def test_a_locked_route_stays_when_an_algorithm_is_picked(panel, document):
    panel.control("mod_2_1_rad").set_locked(True)
    panel.set_algorithm(32)
    assert document.patch.values["mod_2_1_rad"] == 1.5
    assert document.patch.values["op2_out_db"] == 0.0


def test_a_drag_between_operators_opens_a_route_in_one_step_and_an_open_one_stays(panel, document):
    graph = panel.routing.graph
    start, end = graph.place_of(6), graph.place_of(1)
    for _ in range(2):
        hand = Hand(graph, start.x(), start.y()).press()
        hand.move(end.x() - start.x(), end.y() - start.y(), steps=4).release()
        assert document.undo_label == "Depth 6 → 1"
        assert document.patch.values["mod_6_1_rad"] == 1.5
    document.undo()
    assert document.patch.values["mod_6_1_rad"] == 0.0
    assert document.undo_label is None


def test_the_graph_takes_its_new_places_only_after_the_hand_let_go(panel, document):
    panel.choose_operator(3)
    panel.resize(900, 654)
    graph = panel.routing.graph
    hand = Hand(panel.control("op3_out_db"), y=38).grab().move(0, -60, steps=3)
    assert 3 in graph.layout_shown.idle, "the output is turned up and nothing has moved yet"
    assert (3, OUTPUT) in graph._routes()
    hand.release()
    assert 3 in graph.layout_shown.places
    document.undo()
    assert 3 in graph.layout_shown.idle


def test_one_click_mutes_and_it_is_one_step_that_matrix_and_graph_show(panel, document):
    cell = panel.routing.matrix.cells[(2, 1)]
    bright, graph = cell.grab().toImage(), panel.routing.graph.grab().toImage()
    Hand(panel.strip.buttons[2].mute).click()
    assert document.patch.values["op2_mute"] == 1.0
    assert document.undo_label == "Op 2 mute"
    assert cell.grab().toImage() != bright
    assert panel.routing.graph.grab().toImage() != graph
    assert "not in use" in panel.strip.buttons[2].toolTip()
    document.undo()
    assert not panel.strip.buttons[2].mute.on
    assert cell.grab().toImage() == bright


def test_a_click_on_mute_does_not_choose_the_operator(panel):
    Hand(panel.strip.buttons[4].mute).click()
    assert panel.operator == 1


def test_choosing_in_the_graph_marks_strip_and_matrix(panel):
    place = panel.routing.graph.place_of(2)
    Hand(panel.routing.graph, place.x(), place.y()).click()
    assert panel.strip.operator == panel.operator == 2
    assert panel.shown_section == "Routing"
    QTest.mouseDClick(panel.routing.graph, Qt.MouseButton.LeftButton, pos=place.toPoint())
    assert panel.shown_section is None
    assert panel.pages[2].isVisible()


# Who is heard and who matters


def state_of(**values: float):
    return operator_state({p.name: p.default for p in FM_SPACE} | values)


def test_what_modulates_through_a_loop_matters():
    state = state_of(mod_2_1_rad=0.0, mod_1_6_rad=1.0, mod_6_5_rad=1.0, mod_5_1_rad=1.0)
    assert state.heard == {1}
    assert state.quiet == {2, 3, 4}, "6 bends 5, which bends 1, which bends 6"


def test_mute_silences_what_hangs_on_it_and_solo_what_is_not_soloed():
    chain = {"mod_3_2_rad": 1.0, "mod_2_1_rad": 1.0, "op5_out_db": 0.0}
    assert state_of(**chain).quiet == {4, 6}
    assert state_of(**chain, op2_mute=1.0).quiet == {2, 3, 4, 6}
    soloed = state_of(**chain, op5_solo=1.0)
    assert soloed.heard == {5}
    assert soloed.quiet == {1, 2, 3, 4, 6}, "nothing that is heard takes their modulation"
    assert state_of(op1_level_db=-72.0).heard == frozenset()
