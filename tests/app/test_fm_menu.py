"""Menus of operators and sections: copies go through the system's clipboard, and everything is one step."""

from __future__ import annotations

import json

import pytest
from gestures import Hand
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.document import Document
from app.panels.fm import FmPanel
from app.panels.fm_menu import operator_menu
from app.panels.section_menu import copied_values, pasted_values, section_menu
from engine.params import FM_SPACE, Patch


@pytest.fixture
def panel(document, qtbot):
    widget = FmPanel(document)
    qtbot.addWidget(widget)
    widget.resize(414, 654)
    widget.show()
    QGuiApplication.clipboard().clear()
    return widget


def entries(menu: QMenu) -> dict[str, object]:
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


def test_an_operator_is_copied_to_another_and_pasting_is_one_step(panel, document):
    document.set_patch(Patch("fm", {"op2_ratio": 7.0, "op2_wave": 5.0, "op2_env1_s": 0.25, "op2_mute": 1.0}), "Set")
    entries(operator_menu(document, 2, panel))["Copy operator 2"].trigger()
    text = QGuiApplication.clipboard().text()
    assert json.loads(text)["values"]["op_ratio"] == 7.0
    entries(operator_menu(document, 5, panel))["Paste to operator 5"].trigger()
    assert document.undo_label == "Paste operator 5"
    names = [p.name for p in FM_SPACE if p.section == "Operator 2"]
    values = document.patch.values
    assert [values[name] for name in names] == [values[name.replace("op2", "op5")] for name in names]
    document.undo()
    assert document.patch.values["op5_ratio"] == 1.0


def test_a_copy_fits_another_window(panel, document, qtbot):
    document.set_patch(document.patch.with_values(op1_ratio=3.5), "Set")
    entries(operator_menu(document, 1, panel))["Copy operator 1"].trigger()
    other = Document()
    window = FmPanel(other)
    qtbot.addWidget(window)
    entries(operator_menu(other, 6, window))["Paste to operator 6"].trigger()
    assert window.control("op6_ratio").value == 3.5


FOREIGN = '{"tonewright": "operator", "values": {"op_ratio": NaN, "op_wave": "x", "foreign": 1}}'


@pytest.mark.parametrize(
    "text",
    [
        *("", "7", "[]", "{}", "[" * 100_000, FOREIGN),
        *('{"tonewright": "operator"}', '{"tonewright": "operator", "values": [1]}'),
    ],
)
def test_a_clipboard_with_something_else_pastes_nothing(panel, document, text):
    QGuiApplication.clipboard().setText(text)
    assert not entries(operator_menu(document, 1, panel))["Paste to operator 1"].isEnabled()


def test_values_out_of_range_land_on_the_nearer_end():
    text = '{"tonewright": "operator", "values": {"op_ratio": 1e9, "op_wave": 2.6, "op_level_db": -500}}'
    assert pasted_values(text, FM_SPACE, ("Operator 3",)) == {"op3_ratio": 64.0, "op3_wave": 3.0, "op3_level_db": -72.0}


def test_a_section_is_no_operator_and_another_section_neither():
    text = copied_values(Patch("fm", {"filter_hz": 900.0}), ("Filter",))
    assert pasted_values(text, FM_SPACE, ("Filter",))["filter_hz"] == 900.0
    assert not pasted_values(text, FM_SPACE, ("Noise",))
    assert not pasted_values(text, FM_SPACE, ("Operator 1",))


def test_reset_brings_the_defaults_back_in_one_step_past_locks(panel, document):
    document.set_patch(Patch("fm", {"filter_type": 2.0, "filter_key": 0.5, "noise_db": -6.0}), "Set")
    document.set_locked(["filter_key"])
    menu = entries(section_menu(document, FM_SPACE, ("Filter",), "filter page", panel))
    menu["Reset filter page"].trigger()
    values = document.patch.values
    assert (values["filter_type"], values["filter_key"], values["noise_db"]) == (0.0, 0.5, -6.0)
    assert document.undo_label == "Reset filter page"


def test_a_page_is_locked_whole_from_its_menu_and_its_tab_shows_it(panel, document):
    menu = entries(section_menu(document, FM_SPACE, ("Output", "Reverb", "Response"), "output page", panel))
    assert not menu["Unlock output page"].isEnabled()
    menu["Lock output page"].trigger()
    assert document.locked == {p.name for p in FM_SPACE if p.section in ("Output", "Reverb", "Response")}
    assert panel.tabs.tabs["Output"].has_locks
    assert panel.control("reverb_s").locked


def test_mute_and_solo_are_in_the_menu_too(panel, document):
    entries(operator_menu(document, 3, panel))["Mute"].trigger()
    assert document.undo_label == "Mute operator 3"
    assert panel.strip.buttons[3].mute.on
    entries(operator_menu(document, 3, panel))["Mute"].trigger()
    assert not panel.strip.buttons[3].mute.on


@pytest.mark.parametrize(
    ("tab", "entry"),
    [(None, "Copy operator 1"), ("LFO", "Copy LFO page"), ("Routing", "Copy the modulation matrix")],
)
def test_the_button_beside_the_tabs_has_the_menu_of_the_page(panel, qtbot, tab, entry):
    if tab is not None:
        panel.choose_section(tab)
    Hand(panel.more).click()
    qtbot.waitUntil(lambda: bool(panel.findChildren(QMenu)))
    menus = panel.findChildren(QMenu)
    assert any(entry in entries(menu) for menu in menus)
    QGuiApplication.processEvents()
    for menu in menus:
        menu.close()
