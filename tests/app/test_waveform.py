"""The waveform under the hand: zoom stays under the pointer, a drag selects what it crosses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gestures import ALT, CTRL, SHIFT, Hand
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from stage_sounds import RATE, FileLike, Painted, clip_of, file_of, pixels_of, tone

from app import theme
from app.controls.time_axis import Selection, TimeAxis
from app.controls.waveform import Waveform
from engine.audio.pyramid import build_pyramid
from engine.audio.tiles import Detail, DetailRequest
from engine.audio.values import Clip

Show = Callable[..., Waveform]


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    def make(clip: Clip, width: int = 800, height: int = 200) -> Waveform:
        axis = TimeAxis()
        view = Waveform(axis)
        axis.setParent(view)
        qtbot.addWidget(view)
        view.resize(width, height)
        axis.reset(clip.duration_s)
        view.show_clip(clip)
        view.show()
        qtbot.waitExposed(view)
        QApplication.processEvents()
        # The platform's own pointer may lie over the view.
        Hand(view).leave()
        QApplication.processEvents()
        return view

    return make


@pytest.fixture
def view(show: Show) -> Waveform:
    return show(clip_of(tone(220)))


# -- the time axis under the hand ------------------------------------------------------------------


@pytest.mark.parametrize("x", [0, 137, 400, 799])
@pytest.mark.parametrize("notches", [1, 5, 40, 0.1])
def test_the_wheel_keeps_the_time_under_the_pointer(view: Waveform, x: int, notches: float):
    view.axis.show_range(1.0, 3.0)
    before = view.time_at(x)
    Hand(view, x, 50).wheel(notches)
    assert view.time_at(x) == pytest.approx(before, abs=1e-9)
    assert view.axis.span_s == pytest.approx(max(2.0 / 1.19**notches, 0.0005), rel=1e-6)


def test_zooming_out_ends_at_the_whole_sound(view: Waveform):
    hand = Hand(view, 300, 50)
    hand.wheel(10)
    hand.wheel(-100)
    assert (view.axis.start_s, view.axis.end_s) == (0.0, 4.0)


def test_shift_and_wheel_and_a_sideways_wheel_move_the_view(view: Waveform):
    view.axis.show_range(1.0, 2.0)
    Hand(view).wheel(-1, SHIFT)
    assert view.axis.start_s == pytest.approx(1.1)
    assert view.axis.span_s == pytest.approx(1.0)
    Hand(view).wheel(1, sideways=True)
    assert view.axis.start_s == pytest.approx(1.0)


def test_a_track_pad_moves_the_sound_with_the_fingers(view: Waveform):
    view.axis.show_range(1.0, 2.0)
    at = QPointF(400, 50)
    event = QWheelEvent(at, view.mapToGlobal(at), QPoint(-80, 0), QPoint(-30, 0), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.ScrollUpdate, False)  # fmt: skip
    QApplication.sendEvent(view, event)
    assert view.axis.start_s == pytest.approx(1.0 + 80 / 800)


def test_alt_or_ctrl_and_wheel_draw_the_wave_taller(view: Waveform):
    Hand(view).wheel(2, ALT)
    assert view.gain == pytest.approx(1.19**2)
    Hand(view).wheel(-9, CTRL)
    assert view.gain == 1.0
    assert view.axis.span_s == 4.0


@pytest.mark.parametrize(("button", "keys"), [(Qt.MouseButton.MiddleButton, None), (Qt.MouseButton.LeftButton, CTRL)])
def test_the_hand_moves_the_sound_with_the_pointer(view: Waveform, button: Qt.MouseButton, keys: object):
    view.axis.show_range(1.0, 2.0)
    keys = keys or Qt.KeyboardModifier.NoModifier
    hand = Hand(view, 400, 50)
    held = view.time_at(400)
    hand.press(keys, button).move(-160, 0, keys, steps=7)
    assert view.time_at(240) == pytest.approx(held)
    hand.release(keys, button)
    assert view.axis.selection is None


# -- selecting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "end"), [(100, 500), (500, 100)])
def test_a_drag_selects_the_seconds_that_it_crosses(view: Waveform, start: int, end: int):
    Hand(view, start, 50).press().move(end - start, 10, steps=4).release()
    selection = view.axis.selection
    assert selection is not None
    assert selection.start_s == pytest.approx(100 / 800 * 4)
    assert selection.end_s == pytest.approx(500 / 800 * 4)
    assert selection.low_hz is None


def test_a_drag_beyond_the_edge_scrolls_and_keeps_its_beginning(view: Waveform):
    view.axis.show_range(1.0, 2.0)
    Hand(view, 600, 50).press().move(260, 0, steps=10).move(1, 0, steps=20).release()
    selection = view.axis.selection
    assert selection is not None
    assert selection.start_s == pytest.approx(1.75)
    assert selection.end_s > 2.05
    assert view.axis.end_s > 2.0


def test_a_click_plays_from_there_and_selects_nothing(view: Waveform, qtbot: QtBot):
    with qtbot.waitSignal(view.axis.seek_requested) as heard:
        Hand(view, 600, 50).press().move(1, 1).release()
    assert heard.args == [pytest.approx(601 / 800 * 4)]
    assert view.axis.selection is None


def test_a_double_click_selects_all_and_another_one_nothing(view: Waveform):
    Hand(view, 300, 50).double_click()
    assert view.axis.selection == Selection(0.0, 4.0)
    Hand(view, 300, 50).double_click()
    assert view.axis.selection is None


def test_the_edges_of_a_selection_can_be_moved(view: Waveform):
    view.axis.select(Selection(1.0, 2.0))
    Hand(view, 401, 50).press().move(100, 0, steps=5).release()
    assert view.axis.selection == Selection(1.0, pytest.approx(501 / 200))
    Hand(view, 199, 50).press().move(-100, 0, steps=5).release()
    assert view.axis.selection.start_s == pytest.approx(99 / 200)


def test_the_grip_and_alt_pull_the_selection_out_instead_of_changing_it(view: Waveform, qtbot: QtBot):
    chosen = Selection(1.0, 3.0)
    view.axis.select(chosen)
    with qtbot.waitSignal(view.drag_out_requested) as heard:
        Hand(view, 400, 6).press().move(30, 30, steps=4)
    assert heard.args == [chosen]
    with qtbot.waitSignal(view.drag_out_requested) as heard:
        Hand(view, 300, 120).press(ALT).move(30, 30, ALT, steps=4)
    assert heard.args == [chosen]
    assert view.axis.selection == chosen


def test_escape_takes_back_a_drag_and_then_clears_the_selection(view: Waveform):
    chosen = Selection(1.0, 2.0)
    view.axis.select(chosen)
    Hand(view, 600, 50).press().move(100, 0, steps=3)
    assert view.axis.selection != chosen
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.axis.selection == chosen
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.axis.selection is None


def test_the_keyboard_moves_and_zooms(view: Waveform):
    view.axis.show_range(1.0, 2.0)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.axis.start_s == pytest.approx(1.1)
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Equal)
    assert view.axis.span_s == pytest.approx(1.19**-2)
    assert (view.axis.start_s + view.axis.end_s) / 2 == pytest.approx(1.5)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    QTest.keyClick(view, Qt.Key.Key_End)
    assert view.axis.end_s == 4.0
    QTest.keyClick(view, Qt.Key.Key_Home)
    assert view.axis.start_s == 0.0
    QTest.keyClick(view, Qt.Key.Key_F)
    assert view.axis.span_s == 4.0


# -- what is drawn ---------------------------------------------------------------------------------


def drawn_rows(view: Waveform, x: int) -> np.ndarray:
    """Rows of column ``x`` that show the wave."""
    picture = pixels_of(view)[:, x].astype(float)
    wave = np.array([int(theme.tokens().wave[i : i + 2], 16) for i in (1, 3, 5)])
    body = np.array([int(theme.tokens().wave_rms[i : i + 2], 16) for i in (1, 3, 5)])
    near = np.minimum(np.abs(picture - wave).sum(1), np.abs(picture - body).sum(1)) < 90
    return np.flatnonzero(near)


@pytest.mark.parametrize("amplitude", [0.25, 0.5, 0.9])
def test_a_tone_is_drawn_as_tall_as_it_is_loud(show: Show, amplitude: float):
    view = show(clip_of(tone(220, amplitude=amplitude)))
    rows = drawn_rows(view, 333)
    assert np.ptp(rows) == pytest.approx(amplitude * 200, abs=4)


def test_each_channel_has_a_lane(show: Show):
    view = show(clip_of(tone(220, amplitude=0.8), tone(220, amplitude=0.1)))
    rows = drawn_rows(view, 333)
    upper, lower = rows[rows < 100], rows[rows >= 101]
    assert np.ptp(upper) == pytest.approx(80, abs=4)
    assert np.ptp(lower) == pytest.approx(10, abs=4)


def test_full_scale_is_marked(show: Show):
    loud = pixels_of(show(clip_of(tone(220, amplitude=1.0))))
    quiet = pixels_of(show(clip_of(tone(220, amplitude=0.99))))
    error = [int(theme.tokens().error[i : i + 2], 16) for i in (1, 3, 5)]
    assert (loud[0] == error).all(axis=1).any()
    assert not (quiet[0] == error).all(axis=1).any()


def test_single_samples_are_joined_by_a_line_with_dots(show: Show):
    steps = np.zeros(RATE, np.float32)
    steps[1000:1004] = [0.5, -0.5, 0.5, -0.5]
    view = show(clip_of(steps))
    view.axis.show_range(998 / RATE, 1022 / RATE)
    QApplication.processEvents()
    for frame in range(1000, 1004):
        rows = drawn_rows(view, round(view.x_of(frame / RATE)))
        assert abs(rows - (100 - steps[frame] * 100)).min() <= 2


def test_a_file_is_drawn_from_samples_that_the_engine_sends(show: Show, qtbot: QtBot):
    rng = np.random.default_rng(1)
    samples = (0.3 * rng.standard_normal((1, RATE * 30))).astype(np.float32)
    clip = Clip(FileLike(samples), "file", format="FLAC")
    view = show(clip)
    for _, pyramid in build_pyramid(clip):
        view.set_pyramid(pyramid)
    with qtbot.waitSignal(view.detail_wanted) as heard:
        view.axis.show_range(10.0, 10.05)
    request = heard.args[1]
    assert isinstance(request, DetailRequest)
    assert request.start <= 10.0 * RATE - 1
    assert request.start + request.n_frames >= 10.05 * RATE + 1
    stretched = pixels_of(view)
    view.set_detail(Detail(request.start, clip.read(request.start, request.n_frames).samples))
    exact = pixels_of(view)
    in_memory = show(clip_of(samples[0]))
    in_memory.axis.show_range(10.0, 10.05)
    np.testing.assert_array_equal(exact, pixels_of(in_memory))
    assert (stretched != exact).any()


def test_a_long_file_asks_for_its_overview_and_a_note_is_drawn_at_once(qtbot: QtBot):
    view = Waveform(TimeAxis())
    view.axis.setParent(view)
    qtbot.addWidget(view)
    with qtbot.waitSignal(view.overview_wanted):
        view.show_clip(file_of(tone(220, 30)))
    with qtbot.assertNotEmitted(view.overview_wanted):
        view.show_clip(clip_of(tone(220, 2)))
    assert view.pyramid is not None
    assert view.pyramid.complete


def test_moving_the_view_by_a_pixel_moves_the_picture_by_a_pixel(show: Show):
    rng = np.random.default_rng(1)
    view = show(clip_of((0.3 * rng.standard_normal(RATE * 16)).astype(np.float32)))
    view.axis.show_range(2.0, 10.0)
    before = pixels_of(view)
    view.axis.pan(8.0 / 800 * 7)
    np.testing.assert_array_equal(pixels_of(view)[:, :-7], before[:, 7:])


# -- the lines over it -----------------------------------------------------------------------------


def test_the_playhead_paints_only_its_own_stripe(view: Waveform):
    view.axis.move_playhead(1.0)
    QApplication.processEvents()
    painted = Painted(view)
    view.axis.move_playhead(1.1)
    QApplication.processEvents()
    assert painted.regions
    assert painted.pixels <= 2 * 3 * view.height()
    painted.clear()
    view.axis.move_playhead(1.1001)
    QApplication.processEvents()
    assert painted.pixels <= 3 * view.height()
    painted.clear()
    view.axis.show_range(0.0, 0.5)
    QApplication.processEvents()
    painted.clear()
    view.axis.move_playhead(1.2)
    QApplication.processEvents()
    assert not painted.regions


def test_the_playhead_leaves_no_trace(view: Waveform):
    view.axis.move_playhead(0.0)
    clean = pixels_of(view)
    for position in np.linspace(0.1, 3.9, 57):
        view.axis.move_playhead(float(position))
        QApplication.processEvents()
    bright = [int(theme.tokens().playhead[i : i + 2], 16) for i in (1, 3, 5)]
    assert (pixels_of(view) == bright).all(axis=(0, 2)).nonzero()[0].tolist() == [round(3.9 * 200)]
    view.axis.move_playhead(0.0)
    np.testing.assert_array_equal(pixels_of(view), clean)


def test_the_read_out_says_time_and_level_and_steps_aside(view: Waveform):
    Hand(view, 400, 150).hover()
    assert "0:02.00" in view.read_out.text
    assert "6.0 dB" in view.read_out.text
    assert view.axis.hover_s == pytest.approx(2.0)
    for x, y in ((780, 10), (600, 20), (20, 10), (400, 190)):
        Hand(view, x, y).hover()
        assert not view.read_out.geometry().contains(QPoint(x, y))
        assert view.rect().contains(view.read_out.geometry())
    Hand(view).leave()
    assert not view.read_out.isVisible()
    assert view.axis.hover_s is None


def test_the_theme_changes_the_picture(view: Waveform):
    dark = pixels_of(view)
    theme.use("light")
    try:
        light = pixels_of(view)
    finally:
        theme.use("dark")
    assert light[5].mean() > 240
    assert dark[5].mean() < 40


def test_the_context_menu_offers_the_selection(view: Waveform):
    menu = view.menu()
    texts = [a.text() for a in menu.actions() if a.text()]
    assert "Zoom to the selection" in texts
    view.axis.select(Selection(1.0, 2.0))
    menu = view.menu()
    next(a for a in menu.actions() if a.text() == "Zoom to the selection").trigger()
    assert (view.axis.start_s, view.axis.end_s) == (1.0, 2.0)


def test_a_view_without_a_sound_takes_no_gestures(qtbot: QtBot):
    view = Waveform(TimeAxis())
    view.axis.setParent(view)
    qtbot.addWidget(view)
    view.resize(300, 100)
    with qtbot.assertNotEmitted(view.axis.seek_requested):
        Hand(view).click().wheel(3)
        Hand(view).double_click().hover()
    assert view.axis.selection is None
    assert len(np.unique(pixels_of(view).reshape(-1, 3), axis=0)) == 1


def test_the_read_out_outlives_a_sound_with_more_channels_than_the_one_before(show: Show):
    view = show(clip_of(tone(220)))
    assert view.peak_at(0.5, 0) is not None
    # What is drawn is still the sound before when the pointer is over the second lane of the new one.
    assert view.peak_at(0.5, 1) is None
