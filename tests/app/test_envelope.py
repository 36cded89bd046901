"""The envelope editor: what is drawn is what the engine plays, and every handle is a time and a level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from gestures import ALT, CTRL, NONE, SHIFT, Hand, Heard, wants_key
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.controls.drag_value import BURST_MS
from app.controls.envelope import EnvelopeEditor
from app.controls.envelope_links import EnvelopeKeeper
from app.controls.envelope_shape import HOLD_PX, EnvelopeShape
from app.document import Document
from engine.params import FM_SPACE
from engine.params.links import EnvelopeLinks, envelope_names

TIMES = [FM_SPACE[f"op1_env{n}_s"] for n in (1, 2, 3, 4)]
LEVELS = [FM_SPACE[f"op1_env{n}_db"] for n in (1, 2, 3, 4)]
VALUES = {"op1_env1_s": 0.1, "op1_env2_s": 0.4, "op1_env3_s": 1.0, "op1_env4_s": 0.3}
VALUES |= {"op1_env1_db": 0.0, "op1_env2_db": -12.0, "op1_env3_db": -24.0, "op1_env4_db": -72.0}


@pytest.fixture
def editor(qtbot):
    widget = EnvelopeEditor(TIMES, LEVELS)
    qtbot.addWidget(widget)
    widget.resize(420, 140)
    widget.move(200, 300)
    widget.set_values(VALUES)
    widget.show()
    return widget


def on_handle(editor: EnvelopeEditor, stage: int) -> Hand:
    point = editor.handle(stage)
    return Hand(editor, point.x(), point.y())


def value(editor: EnvelopeEditor, name: str) -> float:
    return next(g.value for g in editor.gestures if g.param.name == f"op1_{name}")


@pytest.mark.parametrize("by_rate", [False, True])
@pytest.mark.parametrize("full_db", [0.0, -20.0])
def test_the_curve_on_paper_is_the_one_the_engine_plays(by_rate, full_db):
    import torch

    from engine.dsp.envelopes import Envelope
    from engine.dsp.units import NATS_PER_DB
    from engine.params.fm import RISE_TO_DB

    floor = LEVELS[0].low
    times, levels = [0.1, 0.3, 0.25, 0.08], [0.0, -12.0, -6.0, -60.0]
    shape = EnvelopeShape.of(LEVELS, [*times, *levels], by_rate=by_rate, full_db=full_db)
    lasting = [shape.lasts_s(stage) for stage in range(4)]
    hold = sum(lasting[:3]) + 0.5
    nats = torch.tensor([[(level - floor) * NATS_PER_DB for level in levels]], dtype=torch.float64)
    rate_clock = (
        torch.tensor([True]),
        torch.tensor([(RISE_TO_DB - floor - full_db) * NATS_PER_DB], dtype=torch.float64),
    )
    clocks = rate_clock if by_rate else (None, None)
    held = torch.tensor([hold], dtype=torch.float64)
    played = Envelope(nats, torch.tensor([times], dtype=torch.float64), held, floor, *clocks)
    rate = 20000
    n_frames = round((hold + lasting[3] + 0.1) * rate)
    amplitude = played.amplitude(0, n_frames, rate, torch.float64)[0].numpy()
    starts = [0.0, lasting[0], lasting[0] + lasting[1], hold]
    for stage in range(4):
        points = np.array(shape.curve(stage, 200))
        seconds = starts[stage] + points[:, 0] * lasting[stage]
        frames = np.clip(np.round(seconds * rate).astype(int), 0, n_frames - 1)
        audible = points[:, 1] > floor + 10  # near the floor the engine fades to exact silence
        heard_db = 20 * np.log10(np.maximum(amplitude[frames], 1e-9))
        # The jump at the beginning of a rise is a line upwards.
        audible &= points[:, 0] > 0.02
        assert np.abs(points[:, 1] - heard_db)[audible].max() < 0.3
        assert audible.any()


@pytest.mark.parametrize("by_rate", [False, True])
def test_a_pitch_envelope_is_straight_and_so_is_the_engines(by_rate):
    import torch

    from engine.dsp.motion import straight_envelope
    from engine.params.fm import PITCH_SPAN_ST

    params = [FM_SPACE[f"pitch_env{n}_st"] for n in (1, 2, 3, 4)]
    times, levels = (0.1, 0.2, 0.3, 0.1), (12.0, -24.0, 3.0, -6.0)
    shape = EnvelopeShape.of(params, [*times, *levels], by_rate=by_rate)
    ends = np.cumsum([shape.lasts_s(stage) for stage in range(3)])
    seconds = torch.tensor([0.0, *(0.5 * (ends + np.array([0.0, *ends[:2]]))), *ends], dtype=torch.float64)
    played = straight_envelope(
        seconds,
        torch.tensor([levels], dtype=torch.float64),
        torch.tensor([times], dtype=torch.float64),
        torch.tensor([10.0]).double(),
        torch.tensor([by_rate]),
        PITCH_SPAN_ST,
    )[0].tolist()
    drawn = [shape.start(0), *(shape.level_at(stage, 0.5) for stage in range(3)), *levels[:3]]
    assert played == pytest.approx(drawn, abs=1e-6)


def test_a_rising_stage_bends_and_a_falling_one_is_straight():
    shape = EnvelopeShape.of(LEVELS, [0.1, 0.4, 1.0, 0.3, 0.0, -12.0, -24.0, -72.0])
    assert len(shape.curve(0)) > 10
    assert [len(shape.curve(stage)) for stage in (1, 2, 3)] == [2, 2, 2]
    assert shape.curve(0)[0] == (0.0, -72.0), "it starts at level 4"


def test_under_the_rate_clock_a_longer_way_takes_longer():
    short = EnvelopeShape.of(LEVELS, [0.1, 0.4, 1.0, 0.3, 0.0, -6.0206, -24.0, -72.0], by_rate=True)
    long = EnvelopeShape.of(LEVELS, [0.1, 0.4, 1.0, 0.3, 0.0, -12.0412, -24.0, -72.0], by_rate=True)
    assert short.lasts_s(1) == pytest.approx(0.4)
    assert long.lasts_s(1) == pytest.approx(0.8)


def test_in_true_time_widths_are_in_proportion_and_fill_the_paper(editor):
    editor.set_true_time(True)
    layout = editor.layout_px()
    assert editor.handle(3).x() == pytest.approx(editor.plot().right(), abs=0.5)
    attack, decay, slope, _ = layout.widths
    assert (slope - decay) / (decay - attack) == pytest.approx(2.0)
    assert layout.x(3, 0.0) - layout.x(2) == pytest.approx(HOLD_PX)


@pytest.mark.parametrize("true_time", [False, True])
def test_a_handle_stays_under_the_pointer(editor, true_time):
    editor.set_true_time(true_time)
    for stage, (dx, dy) in enumerate([(20, 10), (15, 12), (-20, -15), (10, -20)]):
        hand = on_handle(editor, stage).press()
        hand.move(dx, dy)
        point = editor.handle(stage)
        assert math.hypot(point.x() - hand.at.x(), point.y() - hand.at.y()) < 1.5
        hand.release(ALT)


def test_dragging_a_handle_changes_its_time_and_level_in_one_step(editor):
    heard = Heard(editor)
    on_handle(editor, 1).press().move(10, -10, steps=5).release()
    assert {name for name, _ in heard.changing} == {"op1_env2_s", "op1_env2_db"}
    assert value(editor, "env2_s") > 0.4
    assert value(editor, "env2_db") > -12.0
    assert len(heard.committed) == 1
    assert heard.reverted == 0


def test_shift_moves_a_handle_ten_times_finer_without_a_jump(editor):
    hand = on_handle(editor, 1).press()
    hand.move(0, 10)
    before = value(editor, "env2_db")
    hand.move(0, 0, SHIFT)
    assert value(editor, "env2_db") == before
    hand.move(0, 10, SHIFT)
    fine = before - value(editor, "env2_db")
    hand.move(0, 10)
    coarse = before - fine - value(editor, "env2_db")
    assert coarse == pytest.approx(10 * fine)
    hand.release()


def test_ctrl_moves_a_level_in_whole_decibels(editor):
    on_handle(editor, 1).press(CTRL).move(0, 9, CTRL).release(CTRL)
    level = value(editor, "env2_db")
    assert level == round(level) != -12.0


@pytest.mark.parametrize("way", ["alt", "esc", "other button"])
def test_a_drag_can_be_taken_back(editor, way):
    heard = Heard(editor)
    hand = on_handle(editor, 2).press().move(-15, 15)
    if way == "alt":
        hand.release(ALT)
    elif way == "esc":
        assert wants_key(editor, Qt.Key.Key_Escape)
        QTest.keyClick(editor, Qt.Key.Key_Escape)
        hand.release()
    else:
        hand.press(button=Qt.MouseButton.RightButton)
        hand.release()
    assert value(editor, "env3_s") == 1.0
    assert value(editor, "env3_db") == -24.0
    assert not heard.committed
    assert heard.reverted == 1


def test_pressing_the_paper_changes_nothing(editor):
    heard = Heard(editor)
    Hand(editor, 350, 30).press().move(-30, -10).release()
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)


def test_a_double_click_on_a_handle_types_time_and_level(editor):
    heard = Heard(editor)
    on_handle(editor, 1).double_click()
    assert editor.editor is not None
    assert editor.editor.text() == "400 ms; -12.0 dB"
    QTest.keyClicks(editor.editor, "0,25 s; -9")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert value(editor, "env2_s") == 0.25
    assert value(editor, "env2_db") == -9.0
    assert len(heard.committed) == 1


@pytest.mark.parametrize(
    ("typed", "time", "level"), [("50 ms", 0.05, -12.0), ("-3 dB", 0.4, -3.0), ("*2; off", 0.8, -72.0)]
)
def test_one_of_both_may_be_typed(editor, typed, time, level):
    editor.selected = 1
    editor.open_editor()
    QTest.keyClicks(editor.editor, typed)
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert value(editor, "env2_s") == pytest.approx(time)
    assert value(editor, "env2_db") == pytest.approx(level)


def test_nonsense_for_a_handle_is_explained_and_changes_nothing(editor):
    editor.open_editor()
    for typed in ("1 s; 2 s; 3 s", "much", "1 s; loud"):
        editor.editor.selectAll()
        QTest.keyClicks(editor.editor, typed)
        QTest.keyClick(editor.editor, Qt.Key.Key_Return)
        assert editor.editor is not None
        assert len(editor.editor.accessibleDescription()) > 20
    QTest.keyClick(editor.editor, Qt.Key.Key_Escape)
    assert value(editor, "env1_s") == 0.1


def test_tab_in_the_field_goes_to_the_next_handle(editor):
    editor.open_editor()
    QTest.keyClick(editor.editor, Qt.Key.Key_Tab)
    assert editor.selected == 1
    assert editor.editor is not None
    assert editor.editor.text().startswith("400 ms")
    editor.editor.close_unchanged()


def test_the_keyboard_reaches_every_handle(editor, qtbot):
    heard = Heard(editor)
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Right, CTRL)
    assert editor.selected == 1
    QTest.keyClick(editor, Qt.Key.Key_Up)
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert value(editor, "env2_db") == -10.0
    QTest.keyClick(editor, Qt.Key.Key_Right)
    assert value(editor, "env2_s") > 0.4
    qtbot.waitUntil(lambda: bool(heard.committed), timeout=5 * BURST_MS)
    qtbot.wait(BURST_MS + 50)
    assert len(heard.committed) == 1, "keys on time and level together are one step"
    QTest.keyClick(editor, Qt.Key.Key_Delete)
    assert value(editor, "env2_s") == TIMES[1].default
    QTest.keyClick(editor, Qt.Key.Key_Left, CTRL)
    QTest.keyClick(editor, Qt.Key.Key_Left, CTRL)
    assert editor.selected == 3


def test_hovering_a_handle_tells_its_values_in_words(editor):
    before = editor.grab().toImage()
    on_handle(editor, 1).hover()
    QApplication.processEvents()
    assert editor.grab().toImage() != before
    assert "Decay 400 ms" in editor.accessibleDescription()
    assert "Sustain -24.0 dB" in editor.accessibleDescription()


def test_handles_on_one_spot_can_both_be_reached(editor):
    editor.set_values(VALUES | {"op1_env2_s": TIMES[1].low, "op1_env2_db": 0.0})
    first, second = editor.handle(0), editor.handle(1)
    Hand(editor, first.x() - 4, first.y()).press().release()
    assert editor.selected == 0
    Hand(editor, second.x() + 4, second.y()).press().release()
    assert editor.selected == 1


def test_the_menu_resets_a_handle_and_switches_the_time_scale(editor):
    menu = editor.build_menu(1)
    actions = {action.text(): action for action in menu.actions()}
    actions["Reset decay"].trigger()
    assert value(editor, "env2_db") == LEVELS[1].default
    actions["True time"].trigger()
    assert editor.true_time
    menu.deleteLater()


def test_an_envelope_has_four_stages():
    with pytest.raises(ValueError, match="4 times and levels"):
        EnvelopeEditor(TIMES[:3], LEVELS)


def test_space_is_left_to_the_window(editor):
    assert not wants_key(editor, Qt.Key.Key_Space, NONE, " ")


def of_owner(owner: str, unit: str = "_db", clock: str | None = None) -> EnvelopeEditor:
    return EnvelopeEditor(
        [FM_SPACE[f"{owner}_env{n}_s"] for n in (1, 2, 3, 4)],
        [FM_SPACE[f"{owner}_env{n}{unit}"] for n in (1, 2, 3, 4)],
        clock=None if clock is None else FM_SPACE[clock],
    )


def on_curve(editor: EnvelopeEditor, stage: int) -> Hand:
    """Halfway along a stage; stage 4 is the sustained part."""
    line = editor.picture().line(stage)
    point = line[len(line) // 2] if len(line) > 2 else (line[0] + line[1]) / 2
    return Hand(editor, point.x(), point.y())


@pytest.mark.parametrize("scale", [-1, 1])
def test_handles_can_be_grabbed_from_twelve_pixels_away(editor, scale):
    for stage in range(4):
        hand = on_handle(editor, stage)
        hand.at += type(hand.at)(8.4 * scale, -8.4)
        hand.press()
        assert editor.selected == stage
        hand.release()


def test_the_wheel_zooms_on_the_pointer_and_fit_comes_back(editor):
    editor.set_true_time(True)
    before = editor.handle(1)
    assert not editor.corner.fit.isVisible(), "nothing to fit yet"
    assert Hand(editor, before.x(), 20).wheel(4)
    assert editor.zoom > 2
    assert editor.handle(1).x() == pytest.approx(before.x(), abs=0.5)
    assert editor.handle(3).x() > editor.width(), "the end is beyond the paper now"
    assert editor.corner.fit.isVisible()
    assert editor.corner.fit.text().startswith("Fit")
    Hand(editor.corner.fit).click()
    assert editor.zoom == 1
    assert editor.handle(3).x() == pytest.approx(editor.plot().right(), abs=0.5)
    assert not editor.corner.fit.isVisible()


def test_zoomed_paper_follows_the_hand_but_not_beyond_its_ends(editor):
    Hand(editor, 200, 20).wheel(5)
    before = editor.handle(1).x()
    hand = Hand(editor, 200, 20).press().move(30, 0)
    assert editor.handle(1).x() == pytest.approx(before + 30, abs=0.5)
    hand.move(5000, 0)
    assert editor.layout_px().start_px == 0
    hand.move(-9000, 0).release()
    assert editor.handle(3).x() == pytest.approx(editor.plot().right(), abs=0.5)


def test_a_double_click_on_the_paper_fits(editor):
    Hand(editor, 100, 20).wheel(5)
    hand = Hand(editor, 200, 20)
    hand.double_click()
    assert editor.zoom == 1
    assert editor.editor is None


def test_the_wheel_scrolls_the_panel_where_there_is_nothing_to_zoom_out_of(editor):
    hand = Hand(editor, 200, 20)
    assert not hand.wheel(-1)
    assert hand.wheel(1)
    assert hand.wheel(-1)
    assert editor.zoom == 1


def test_a_handle_stays_under_the_pointer_when_zoomed(editor):
    for true_time in (False, True):
        editor.set_true_time(true_time)
        point = editor.handle(1)
        Hand(editor, point.x(), point.y()).wheel(3)
        hand = on_handle(editor, 1).press().move(25, 14)
        point = editor.handle(1)
        assert math.hypot(point.x() - hand.at.x(), point.y() - hand.at.y()) < 1.5
        hand.release(ALT)


@pytest.mark.parametrize(
    ("stage", "moved"),
    [(0, {"env1_db"}), (1, {"env1_db", "env2_db"}), (2, {"env2_db", "env3_db"}), (3, {"env3_db"}), (4, {"env3_db"})],
)
def test_a_curve_dragged_down_lowers_the_levels_at_its_ends_alike(editor, stage, moved):
    heard = Heard(editor)
    before = {name: value(editor, name) for name in ("env1_db", "env2_db", "env3_db", "env4_db")}
    on_curve(editor, stage).press().move(1, 5).move(3, 10).release()
    changes = {name: before[name] - value(editor, name) for name in before}
    assert {name for name, by in changes.items() if by > 1} == moved
    assert len({round(by, 6) for by in changes.values() if by > 0}) == 1
    assert all("_db" in name for name, _ in heard.changing), "sideways is not where the hand goes"
    assert len(heard.committed) == 1


def test_a_curve_dragged_sideways_changes_its_time_only(editor):
    heard = Heard(editor)
    on_curve(editor, 2).press().move(6, 1).move(10, 8).release()
    assert {name for name, _ in heard.changing} == {"op1_env3_s"}
    assert value(editor, "env3_s") > 1.0
    assert len(heard.committed) == 1


def test_a_drag_of_the_curve_can_be_taken_back(editor):
    heard = Heard(editor)
    hand = on_curve(editor, 1).press().move(0, 12)
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    hand.release()
    assert value(editor, "env1_db") == 0.0
    assert value(editor, "env2_db") == -12.0
    assert (heard.committed, heard.reverted) == ([], 1)


def test_a_click_on_the_curve_changes_nothing(editor):
    heard = Heard(editor)
    on_curve(editor, 1).press().move(1, 1).release()
    assert (heard.changing, heard.committed, heard.reverted) == ([], [], 0)


def test_the_rate_clock_is_read_from_the_patch_and_changes_how_long_stages_last(qtbot):
    editor = of_owner("op2", clock="op2_env_clock")
    qtbot.addWidget(editor)
    values = {n.replace("op1", "op2"): v for n, v in VALUES.items()}
    editor.set_values(values)
    assert editor.shape().lasts_s(1) == pytest.approx(0.4)
    editor.set_values({**values, "op2_env_clock": 1.0})
    assert editor.by_rate
    assert editor.shape().lasts_s(1) == pytest.approx(0.4 * 12 / 6.0206, rel=1e-3)
    assert "lasts 797 ms" in editor.accessibleDescription()


def test_a_handle_follows_the_pointer_sideways_under_the_rate_clock(qtbot):
    editor = of_owner("op2", clock="op2_env_clock")
    qtbot.addWidget(editor)
    editor.resize(420, 140)
    editor.set_values({**{n.replace("op1", "op2"): v for n, v in VALUES.items()}, "op2_env_clock": 1.0})
    editor.set_true_time(True)
    hand = on_handle(editor, 1).press().move(-20, 0)
    assert editor.handle(1).x() == pytest.approx(hand.at.x(), abs=1.5)
    hand.release()


@pytest.mark.parametrize(("owner", "unit", "clock"), [("filter", "", None), ("pitch", "_st", "pitch_env_clock")])
def test_the_same_editor_shapes_the_filter_and_the_pitch(qtbot, owner, unit, clock):
    editor = of_owner(owner, unit, clock)
    qtbot.addWidget(editor)
    editor.resize(420, 140)
    editor.set_values(FM_SPACE.defaults())
    heard = Heard(editor)
    top = editor.plot().top()
    hand = on_handle(editor, 2).press()
    hand.move(0, top - hand.at.y()).release()
    level = next(g for g in editor.gestures if g.param.name == f"{owner}_env3{unit}")
    assert level.value == (1.0 if owner == "filter" else 12.0), "the top of the paper"
    assert len(heard.committed) == 1
    assert not editor.shape().bends(1)
    editor.selected = 1
    editor.open_editor()
    QTest.keyClicks(editor.editor, "20 ms; 50 %" if owner == "filter" else "20 ms; -7 st")
    QTest.keyClick(editor.editor, Qt.Key.Key_Return)
    assert editor.gestures[1].value == pytest.approx(0.02)
    assert editor.gestures[5].value == pytest.approx(0.5 if owner == "filter" else -7)
    editor.grab()


def test_the_paper_of_a_pitch_envelope_is_as_high_as_it_takes(qtbot):
    editor = of_owner("pitch", "_st")
    qtbot.addWidget(editor)
    editor.resize(420, 140)
    editor.set_values(FM_SPACE.defaults())
    assert (editor.shape().low, editor.shape().high) == (-12, 12)
    hand = on_handle(editor, 1).press().move(0, -80)
    assert editor.gestures[5].value > 12, "the hand may go beyond"
    assert editor.shape().high == 12, "and the paper holds still under it"
    hand.release()
    assert editor.shape().high == 24
    editor.set_values({"pitch_env2_st": -30.0})
    assert editor.shape().high == 48
    on_handle(editor, 1).press().move(0, 10).release(ALT)


@pytest.fixture
def document(qapp):
    made = Document()
    made.audition_values(VALUES)
    made.commit("Set up")
    return made


@pytest.fixture
def kept(qtbot, document):
    """Editors of operators 1 and 2 and of the noise as a panel has them, on one document."""
    editors = {owner: of_owner(owner, clock=None if owner == "noise" else f"{owner}_env_clock") for owner in OWNERS}
    for editor in editors.values():
        qtbot.addWidget(editor)
        editor.resize(420, 140)
        EnvelopeKeeper(editor, document)
        editor.moved.connect(document.audition_values)
        editor.committed.connect(lambda *_: document.commit("Envelope"))
        editor.reverted.connect(document.revert)
        document.patch_changed.connect(lambda patch, _why, editor=editor: editor.set_values(patch.values))
        editor.set_values(document.patch.values)
    return editors


OWNERS = ("op1", "op2", "noise")


def envelope_of(document: Document, owner: str) -> list[object]:
    return [document.patch.values[name] for name in envelope_names(owner)][:8]


def test_an_envelope_is_copied_to_another_operator_and_to_the_noise_in_one_step(kept, document):
    QTest.keyClick(kept["op1"], Qt.Key.Key_C, CTRL)
    for other in ("op2", "noise"):
        assert wants_key(kept[other], Qt.Key.Key_V, CTRL)
        QTest.keyClick(kept[other], Qt.Key.Key_V, CTRL)
        assert document.undo_label == "Paste envelope"
        assert envelope_of(document, other) == envelope_of(document, "op1")
        assert kept[other].shape().levels == kept["op1"].shape().levels
    document.undo()
    assert envelope_of(document, "noise") != envelope_of(document, "op1")
    assert envelope_of(document, "op2") == envelope_of(document, "op1")


def test_the_noise_takes_the_speeds_of_an_operator_over_as_times(kept, document):
    document.audition("op1_env_clock", 1.0)
    document.commit("Clock")
    QTest.keyClick(kept["op1"], Qt.Key.Key_C, CTRL)
    QTest.keyClick(kept["noise"], Qt.Key.Key_V, CTRL)
    assert kept["noise"].shape().lasts_s(1) == pytest.approx(kept["op1"].shape().lasts_s(1))


@pytest.mark.parametrize("text", ["", "3 dB", "[]", '{"envelope": {"times_s": [1], "levels": [0], "unit": "dB"}}'])
def test_what_is_no_envelope_is_not_pasted(kept, document, text):
    QGuiApplication.clipboard().setText(text)
    before = document.patch
    QTest.keyClick(kept["op2"], Qt.Key.Key_V, CTRL)
    assert document.patch == before
    menu = kept["op2"].build_menu(None)
    assert not next(a for a in menu.actions() if a.text() == "Paste envelope").isEnabled()
    menu.deleteLater()


def test_locked_values_are_left_alone_by_pasting_and_their_handles_show_it(kept, document):
    before = kept["op2"].grab().toImage()
    document.set_locked(("op2_env2_s", "op2_env2_db"))
    assert kept["op2"].grab().toImage() != before
    assert "locked" in kept["op2"].accessibleDescription()
    held = envelope_of(document, "op2")
    QTest.keyClick(kept["op1"], Qt.Key.Key_C, CTRL)
    QTest.keyClick(kept["op2"], Qt.Key.Key_V, CTRL)
    assert document.patch.values["op2_env2_s"] == held[2]
    assert document.patch.values["op2_env3_s"] == document.patch.values["op1_env3_s"]


def test_the_menu_locks_an_envelope(kept, document):
    menu = kept["op1"].build_menu(1)
    next(a for a in menu.actions() if a.text() == "Lock this stage").trigger()
    assert document.locked == {"op1_env2_s", "op1_env2_db"}
    next(a for a in menu.actions() if a.text() == "Lock the envelope").trigger()
    assert document.locked == set(envelope_names("op1"))
    menu.deleteLater()


def link(editor: EnvelopeEditor, operator: int) -> None:
    menu = editor.build_menu(None, links_only=True)
    next(a for a in menu.actions() if a.text() == f"Operator {operator}").trigger()
    menu.deleteLater()


def test_linked_envelopes_move_together_in_one_step(kept, document):
    link(kept["op1"], 2)
    assert document.undo_label == "Link envelopes"
    assert envelope_of(document, "op2") == envelope_of(document, "op1"), "they begin as the same"
    on_handle(kept["op2"], 1).press().move(12, 9, steps=3).release()
    assert kept["op1"].shape() == kept["op2"].shape()
    assert document.patch.values["op1_env2_db"] < -12
    assert envelope_of(document, "op1") == envelope_of(document, "op2")
    document.undo()
    assert document.patch.values["op1_env2_db"] == document.patch.values["op2_env2_db"] == -12


def test_one_value_of_a_linked_envelope_takes_the_others_along(kept, document):
    link(kept["op1"], 2)
    document.audition("op1_env3_s", 2.5)
    document.commit("Slope")
    assert document.patch.values["op2_env3_s"] == 2.5
    document.audition("op1_ratio", 3.0)
    assert document.patch.values["op2_ratio"] == 1.0, "only envelopes are linked"
    document.revert()


def test_a_link_is_shown_and_undone_with_the_values_left_alone(kept, document):
    assert not kept["op1"].corner.link.isVisibleTo(kept["op1"])
    link(kept["op1"], 2)
    assert kept["op1"].corner.link.isVisibleTo(kept["op1"])
    assert "linked to Operator 2" in kept["op1"].accessibleDescription()
    values = envelope_of(document, "op2")
    menu = kept["op2"].build_menu(None, links_only=True)
    next(a for a in menu.actions() if a.text() == "Unlink").trigger()
    menu.deleteLater()
    assert document.links == EnvelopeLinks()
    assert envelope_of(document, "op2") == values
    assert not kept["op1"].corner.link.isVisibleTo(kept["op1"])


def test_a_locked_value_stays_where_its_link_moves(kept, document):
    link(kept["op1"], 2)
    document.set_locked(("op2_env1_s",))
    document.audition("op1_env1_s", 0.7)
    document.commit("Attack")
    assert document.patch.values["op2_env1_s"] == 0.1


def test_links_come_back_from_what_was_saved():
    links = EnvelopeLinks().linked("op1", "op2").linked("op2", "op4").linked("op5", "op6")
    assert links.of("op4") == {"op1", "op2"}
    assert EnvelopeLinks.read(links.to_json()) == links
    assert EnvelopeLinks.read([["op1", "noise", 3], "op2", None, ["op3"]]) == EnvelopeLinks()
    assert links.linked("op6", "op1").of("op5") == {"op1", "op2", "op4", "op6"}
    assert links.unlinked("op5").of("op6") == frozenset()


def test_undo_takes_a_link_back_with_what_it_made_equal_and_redo_brings_both(kept, document):
    document.audition("op1_env2_s", 0.9)
    document.commit("Decay")
    link(kept["op1"], 2)
    document.undo()
    assert document.links == EnvelopeLinks()
    assert document.patch.values["op2_env2_s"] != 0.9
    document.redo()
    assert document.links.of("op1") == {"op2"}
    assert document.patch.values["op2_env2_s"] == 0.9


def test_another_patch_dissolves_the_links_of_envelopes_that_are_no_more_equal(kept, document):
    link(kept["op1"], 2)
    link(kept["op1"], 3)
    other = document.patch.with_values(op3_env2_s=1.5)
    document.set_patch(other, "Load")
    assert document.links.of("op1") == {"op2"}
    assert "Operator 3" not in kept["op1"].accessibleDescription()
    document.undo()
    assert document.links.of("op1") == {"op2", "op3"}
