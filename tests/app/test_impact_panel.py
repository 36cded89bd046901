"""The impact panel on a real document: every value in reach, heard while it turns, one step when the hand lets go."""

from __future__ import annotations

import numpy as np
import pytest
from gestures import Hand
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu

from app.document import Document
from app.midi_learn import MidiLearn
from app.panels.impact import ImpactPanel
from app.panels.impact_pages import ROWS, SECTIONS, WHAT, at_work, left_out, without_effect
from app.panels.paged import step_label
from app.panels.section_menu import section_menu
from engine.fakes_impact import draw
from engine.params import IMPACT_SPACE, Patch
from engine.params.impact import SHAPES
from engine.params.note import NoteSettings
from engine.synths.impact_pictures import draw as draw_strike

GONG = Patch("impact", {"shape": 1.0, "material": 1.0, "room": 0.4}, name="Gong")


@pytest.fixture
def document(qtbot):
    made = Document()
    made.use_synth("impact")
    return made


@pytest.fixture
def panel(document, qtbot):
    widget = ImpactPanel(document)
    qtbot.addWidget(widget)
    widget.resize(414, 654)
    widget.show()
    return widget


def entries(menu: QMenu) -> dict[str, object]:
    return {action.text(): action for action in menu.actions() if not action.isSeparator()}


def test_every_single_value_has_a_control_that_shows_it(panel, document):
    assert left_out() == []
    document.set_patch(GONG, "Load")
    for param in IMPACT_SPACE:
        if param.count == 1:
            control = panel.control(param.name)
            assert control.param is param
            assert control.value == document.patch.values[param.name]


def test_every_section_has_its_page_and_every_tab_says_what_is_behind_it(panel):
    assert set(ROWS) == set(SECTIONS) <= set(WHAT)
    assert {section for sections in SECTIONS.values() for section in sections} == set(IMPACT_SPACE.sections)
    for name, tab in panel.tabs.tabs.items():
        panel.choose_section(name)
        assert panel.shown_section == name
        assert len(tab.toolTip()) > len(name)


def test_a_drag_is_heard_while_it_lasts_and_is_one_step_afterwards(panel, document):
    heard: list[str] = []
    document.patch_changed.connect(lambda patch, why: heard.append(why))
    knob = panel.control("size_m")
    hand = Hand(knob, y=38).grab().move(0, -40, steps=4)
    assert heard == ["turn"] * 4
    assert document.undo_label is None
    hand.release()
    assert document.undo_label == "Object size"
    document.undo()
    assert knob.value == 0.3


def test_the_notes_velocity_is_not_the_patchs(panel, document):
    panel.head.knobs["velocity"].enter(40.0)
    assert document.note.velocity == 40
    assert document.patch.values["velocity"] == 0.7
    assert document.undo_label == "Velocity"
    panel.control("velocity").enter(0.2)
    assert (document.note.velocity, document.patch.values["velocity"]) == (40, 0.2)
    assert document.undo_label == "Voice velocity"
    document.set_note(NoteSettings(60, 99, 1.0, 2.0), "Note")
    assert panel.head.knobs["velocity"].value == 99
    assert panel.control("velocity").value == 0.2
    for _ in range(2):
        document.undo()
    assert (document.note.velocity, document.patch.values["velocity"]) == (40, 0.7)


def test_a_lock_on_the_patchs_velocity_leaves_the_notes_free(panel, document):
    panel.control("velocity").enter(0.2)
    document.set_locked(["velocity"])
    assert document.undo_label == "Lock Voice velocity"
    assert panel.control("velocity").locked
    assert not panel.head.knobs["velocity"].locked
    document.load_patch(GONG, "Load", note=NoteSettings(60, 33, 1.0, 2.0))
    assert document.patch.values["velocity"] == 0.2
    assert document.note.velocity == 33


def test_a_controller_on_the_patchs_velocity_turns_no_note(panel, document):
    learn = MidiLearn(document, step_label, {}, document)
    assert learn.knows(panel.control("velocity").param)
    assert not learn.knows(panel.head.knobs["velocity"].param)
    learn.arm("velocity")
    for value in (127, 0):
        learn.control((0, 21), value)
    learn.finish()
    assert document.patch.values["velocity"] == 0.0
    assert document.note.velocity == 100
    assert document.undo_label == "Voice velocity"


def test_what_stands_on_two_pages_shows_the_same(panel, document):
    panel.choose_section("Object")
    panel.sections["Object"].controls["room"].enter(0.5)
    panel.choose_section("Room")
    assert panel.sections["Room"].controls["room"].value == 0.5
    document.set_locked(["room"])
    assert all(panel.sections[name].controls["room"].locked for name in ("Object", "Room"))


def test_a_hand_on_the_panel_takes_up_the_instrument(panel, document):
    document.use_synth("fm")
    panel.control("size_m").enter(1.0)
    assert document.patch.synth == "impact"
    assert document.patch.values["size_m"] == 1.0


def test_it_keeps_showing_its_own_patch_while_another_one_is_live(panel, document):
    document.set_patch(GONG, "Load")
    document.use_synth("fm")
    assert panel.name.text() == "Gong"
    document.undo()
    assert panel.name.text() == "Unnamed patch"


def test_a_page_with_lists_is_copied_and_reset_whole(panel, document):
    level = tuple(-6.0 if n == 3 else 0.0 for n in range(512))
    document.set_patch(Patch("impact", {"mode_level_db": level}), "Set")
    QGuiApplication.clipboard().clear()
    menu = entries(section_menu(document, IMPACT_SPACE, SECTIONS["Modes"], "modes page", panel))
    menu["Copy modes page"].trigger()
    menu["Reset modes page"].trigger()
    assert document.patch.values["mode_level_db"][3] == 0.0
    menu = entries(section_menu(document, IMPACT_SPACE, SECTIONS["Modes"], "modes page", panel))
    menu["Paste to modes page"].trigger()
    assert document.patch.values["mode_level_db"] == level


def test_what_changes_nothing_is_said_to(panel):
    silent = without_effect(IMPACT_SPACE.defaults())
    assert {"contact_hz", "room_s", "material_2", "release_s"} <= silent
    assert not {"contact_db", "room", "blend", "release", "size_m", "strike_x"} & silent
    assert at_work(IMPACT_SPACE.defaults()) == frozenset()
    assert at_work(GONG.values) == {"Room"}


@pytest.mark.parametrize("hollowness", [0.0, 0.6])
@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_what_a_shape_does_not_have_changes_no_mode_and_all_else_does(shape, hollowness):
    def modes(**more):
        patch = Patch("impact", {"shape": float(shape), "hollowness": hollowness, "tuning": 0.0, **more})
        pictures = draw_strike(patch, 60, 100, 1.0, 2.0)
        return np.concatenate([pictures.mode_hz, pictures.mode_db, pictures.mode_decay_s])

    silent = without_effect(Patch("impact", {"shape": float(shape), "hollowness": hollowness}).values)
    for name, low, high in (("thickness_m", 0.002, 0.01), ("proportion", 0.1, 0.6), ("imperfection", 0.0, 0.6)):
        one, other = modes(**{name: low}), modes(**{name: high})
        same = one.shape == other.shape and np.allclose(one, other, rtol=1e-4)
        assert same == (name in silent), name


def test_steps_are_called_by_their_section():
    assert step_label(IMPACT_SPACE["striker_kg"]) == "Striker mass"
    assert step_label(IMPACT_SPACE["contact_db"]) == "Contact noise level"
    assert step_label(IMPACT_SPACE["room"]) == "Room"


def test_pages_have_keys_and_wrong_ones_do_nothing(panel, qtbot):
    panel.activateWindow()
    panel.control("size_m").setFocus()
    qtbot.waitUntil(lambda: panel.control("size_m").hasFocus())
    qtbot.keyClick(panel.control("size_m"), Qt.Key.Key_4, Qt.KeyboardModifier.AltModifier)
    assert panel.shown_section == "Modes"
    qtbot.keyClick(panel.tabs.tabs["Modes"], Qt.Key.Key_9, Qt.KeyboardModifier.AltModifier)
    assert panel.shown_section == "Modes"


@pytest.mark.parametrize(("width", "height"), [(414, 360), (414, 654), (414, 990), (900, 990), (900, 500)])
def test_every_page_has_its_own_picture_at_every_size(panel, width, height):
    panel.resize(width, height)
    for name in panel.tabs.tabs:
        panel.choose_section(name)
        page = panel.sections[name]
        assert page.isVisible()
        if name == "Object":
            assert panel.view.isVisible()
        if name == "Modes":
            assert panel.modes.isVisible()
        if page.picture is not None:
            assert page.picture.height() >= page.picture.minimumSizeHint().height() - 3


def test_in_a_usual_window_the_object_is_struck_beside_its_modes_and_its_decay(panel):
    panel.resize(414, 654)
    for name in ("Object", "Modes", "Decay"):
        panel.choose_section(name)
        QGuiApplication.processEvents()
        assert panel.view.isVisible(), name
        assert panel.view.height() >= 76, name
        assert panel._scroll.verticalScrollBar().maximum() == 0, name


def test_the_object_gives_way_to_the_knobs_where_height_is_scarce(panel, qtbot):
    bar = panel._scroll.verticalScrollBar()
    panel.choose_section("Object")
    heights = []
    for height in (900, 640, 480, 360):
        panel.resize(414, height)
        heights.append(panel.view.height())
        if height >= 640:
            qtbot.waitUntil(lambda: bar.maximum() == 0, timeout=2000)
    assert heights == sorted(heights, reverse=True)
    assert heights[-1] == 76
    panel.choose_section("Voice")
    assert not panel.view.isVisible()
    qtbot.waitUntil(lambda: bar.maximum() == 0, timeout=2000)


def test_what_a_second_material_is_matters_only_once_it_is_blended_in(panel, document):
    def strength_of_the_word():
        picture = panel.control("material_2").grab().toImage()
        paper = picture.pixelColor(10, 30).lightness()
        inside = [(x, y) for x in range(20, picture.width() - 24) for y in range(24, 38)]
        return max(abs(picture.pixelColor(*place).lightness() - paper) for place in inside)

    document.audition("blend", 0.0)
    document.commit("Blend")
    before = strength_of_the_word()
    document.audition("blend", 0.4)
    document.commit("Blend")
    assert strength_of_the_word() > 1.2 * before > 0


def test_where_height_is_scarce_the_note_ends_the_page(panel):
    body = panel._scroll.widget()
    for width, height, ends in ((414, 430, True), (414, 700, False), (900, 430, False), (414, 430, True)):
        panel.resize(width, height)
        QGuiApplication.processEvents()
        assert panel.head.isVisible()
        assert body.isAncestorOf(panel.head) == ends
        above = panel.tab_bar.mapTo(panel, panel.tab_bar.rect().center()).y()
        assert (panel.head.mapTo(panel, panel.head.rect().center()).y() > above) == ends


def test_a_tall_panel_shows_the_object_the_page_and_the_modes_without_scrolling(panel):
    panel.resize(414, 990)
    panel.choose_section("Object")
    assert panel.view.isVisible()
    assert panel.modes.isVisible()
    assert panel._scroll.verticalScrollBar().maximum() == 0


def test_the_pictures_follow_the_patch_and_take_hands(panel, document):
    pictures = draw(document.patch, 60, 100, 1.0, 2.0)
    panel.show_pictures(pictures, document.patch)
    panel.choose_section("Modes")
    assert panel.modes.n_modes == 6
    panel.modes.select({2})
    panel.modes.silence()
    assert document.patch.values["mode_level_db"][2] == -72.0
    assert document.undo_label == "Silence mode 3"
    panel.choose_section("Room")
    assert panel.sections["Room"].picture.pictures is pictures
    document.set_locked(["mode_pitch_st", "strike_x"])
    assert panel.modes.locked == {"mode_pitch_st"}
    assert panel.view.is_locked("strike")


def test_another_patch_begins_with_no_mode_chosen(panel, document):
    panel.show_pictures(draw(document.patch, 60, 100, 1.0, 2.0), document.patch)
    panel.choose_section("Modes")
    panel.modes.select({1, 2})
    panel.modes.silence()
    document.undo()
    assert panel.modes.selected == {1, 2}, "of the same object they stay chosen"
    other = Patch("impact", {"modes": 6.0, "shape": 1.0}, name="Other")
    document.set_patch(other, "Load")
    assert (panel.modes.selected, panel.modes.primary) == (frozenset(), None)
    panel.modes.select({3})
    document.undo()
    assert panel.modes.selected == frozenset()
    panel.modes.select({3})
    document.redo()
    assert panel.modes.selected == frozenset()
