"""A form of knobs built from a synth's parameters."""

from __future__ import annotations

import pytest
from gestures import Hand, Heard, Paints, let_rest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.controls.knob import Knob
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from engine.params import FM_SPACE, Param

PARAMS = [param for param in FM_SPACE if param.section == "Operator 1"]


@pytest.fixture
def form(qtbot):
    widget = ParamForm(PARAMS, columns=5)
    qtbot.addWidget(widget)
    widget.move(200, 300)
    widget.show()
    return widget


def test_every_parameter_of_a_section_has_a_knob_that_shows_its_default(form):
    assert list(form.knobs) == [param.name for param in PARAMS]
    assert all(form.knobs[p.name].value == p.default for p in PARAMS)
    assert all(isinstance(knob, Knob) and knob.isVisible() for knob in form.knobs.values())


def test_no_knob_overlaps_another(form):
    boxes = [knob.geometry() for knob in form.knobs.values()]
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(form.rect().contains(box) for box in boxes)


def test_setting_values_tells_nobody_and_repaints_only_what_differs(form):
    heard = Heard(form)
    QTest.qWaitForWindowExposed(form)
    let_rest(*form.knobs.values(), form)
    paints = Paints(*form.knobs.values(), form)
    values = {p.name: p.default for p in PARAMS} | {"op1_ratio": 2.0, "op1_level_db": -12.0, "unknown": 3.0}
    form.set_values(values)
    QApplication.processEvents()
    assert form.knobs["op1_ratio"].value == 2.0
    assert form.knobs["op1_level_db"].value == -12.0
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)
    painted = {knob.param.name for knob, n in paints.painted.items() if n and knob is not form}
    assert painted == {"op1_ratio", "op1_level_db"}
    assert paints.laid_out == 0


def test_a_gesture_on_a_knob_is_told_with_the_parameters_name(form):
    heard = Heard(form)
    hand = Hand(form.knobs["op1_velocity"], y=38).grab().move(0, -20)
    assert heard.changing == [("op1_velocity", pytest.approx(0.6))]
    hand.release()
    assert heard.committed == [("op1_velocity", pytest.approx(0.6))]
    form.knobs["op1_velocity"].gesture.begin()
    assert heard.reverted == 0


def test_locks_are_set_and_read_by_name(form):
    told: list[tuple[str, bool]] = []
    form.lock_changed.connect(lambda name, on: told.append((name, on)))
    form.set_locked({"op1_ratio": True, "unknown": True})
    assert form.locked() == {"op1_ratio"}
    assert told == [("op1_ratio", True)]


def test_other_controls_can_stand_in_for_knobs_and_vectors_are_left_out(qtbot):
    modes = Param("modes_hz", 20.0, 2000.0, 200.0, "Hz", "log", label="Modes", count=8)
    form = ParamForm([PARAMS[0], modes], make=ValueField)
    qtbot.addWidget(form)
    assert list(form.knobs) == [PARAMS[0].name]
    assert isinstance(form.knobs[PARAMS[0].name], ValueField)
