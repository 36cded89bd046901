"""The stage: one axis for all views, a real recording from file to picture, settings that come back."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from gestures import SHIFT, Hand, let_rest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from stage_sounds import Answers, Painted, clip_of, file_of, pixels_of, tone

from app.controls.time_axis import Selection
from app.controls.time_ruler import label_step
from app.panels.stage import EMPTY_TEXT, Stage
from app.panels.stage_bar import choose
from engine.audio.values import Audio, Clip

Make = Callable[[], Stage]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def build() -> Stage:
        stage = Stage()
        qtbot.addWidget(stage)
        stage.resize(900, 600)
        stage.show()
        qtbot.waitExposed(stage)
        return stage

    return build


@pytest.fixture
def stage(make: Make) -> Stage:
    return make()


def shown_texts(stage: QWidget) -> list[str]:
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in stage.findChildren(QLabel) if label.isVisible()]


def test_an_empty_stage_says_what_to_do(stage: Stage):
    assert shown_texts(stage) == [EMPTY_TEXT]
    stage.show_clip(clip_of(tone(440)))
    assert shown_texts(stage) == []
    stage.show_clip(None)
    assert shown_texts(stage) == [EMPTY_TEXT]
    stage.show_clip(clip_of(np.zeros(0, np.float32), name="nothing.wav"))
    assert shown_texts(stage) == ["nothing.wav is empty"]


def test_in_a_narrow_and_tall_stage_the_bar_takes_no_more_than_its_two_rows(stage: Stage, qtbot: QtBot):
    stage.show_clip(clip_of(tone(440)))
    stage.resize(900, 900)
    QApplication.processEvents()
    one_row = stage.bar.height()
    stage.resize(440, 900)
    qtbot.waitUntil(lambda: stage.bar.height() > one_row)
    assert stage.bar.height() <= 2 * one_row


def test_waveform_and_spectrogram_share_their_time(stage: Stage):
    Answers(stage)
    stage.show_clip(clip_of(tone(440)))
    QApplication.processEvents()
    assert stage.waveform.width() == stage.spectrogram.width() == stage.ruler.width() == stage.overview.width()
    left = {w.mapTo(stage, w.rect().topLeft()).x() for w in (stage.waveform, stage.spectrogram, stage.ruler)}
    assert len(left) == 1
    Hand(stage.waveform, 200, 30).wheel(5)
    assert stage.waveform.time_at(77) == stage.spectrogram.time_at(77) == stage.ruler.time_at(77)
    Hand(stage.spectrogram, 100, 50).hover()
    assert stage.axis.hover_s == pytest.approx(stage.spectrogram.time_at(100))


@pytest.mark.data
def test_a_real_recording_is_seen_and_the_loud_part_is_where_it_is_heard(stage: Stage, shared_data: Path, qtbot: QtBot):
    import soundfile

    path = sorted((shared_data / "sounds").glob("*dog_barking_001.ogg"))[0]
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    Answers(stage)
    stage.show_clip(Clip.of(Audio(samples.T, rate), path.name))
    qtbot.waitUntil(stage.is_complete)
    spectrum = pixels_of(stage.spectrogram).sum(axis=(0, 2)).astype(float)
    power = np.add.reduceat(samples[:, 0] ** 2, np.linspace(0, len(samples) - 1, len(spectrum) + 1).astype(int)[:-1])
    loud = power > np.quantile(power, 0.9)
    assert spectrum[loud].mean() > 1.3 * spectrum[power < np.quantile(power, 0.3)].mean()


def test_a_file_is_drawn_through_the_engine(stage: Stage, qtbot: QtBot):
    answers = Answers(stage)
    stage.show_clip(file_of(tone(220, 30), tone(3000, 30)))
    qtbot.waitUntil(lambda: bool(answers.pieces))
    assert stage.waveform.pyramid is not None
    assert stage.waveform.pyramid.complete
    assert stage.overview.pyramid is stage.waveform.pyramid
    stage.axis.show_range(3.0, 3.01)
    qtbot.waitUntil(lambda: stage.waveform._samples() is not None)


def test_a_complete_pyramid_is_kept_for_the_next_time(stage: Stage, qtbot: QtBot):
    Answers(stage)
    clip = file_of(tone(220, 30))
    stage.show_clip(clip)
    stage.show_clip(clip_of(tone(440)))
    with qtbot.assertNotEmitted(stage.overview_wanted):
        stage.show_clip(clip)
    assert stage.waveform.pyramid is not None


def test_answers_for_a_sound_that_is_gone_do_no_harm(stage: Stage):
    answers = Answers(stage, at_once=False)
    first, second = file_of(tone(220, 30)), clip_of(tone(3000, 2))
    stage.show_clip(first)
    QApplication.processEvents()
    stage.show_clip(second)
    before = stage.waveform.pyramid
    for clip, request in list(answers.asked):
        answers.serve(clip, request)
    answers._overview(first)
    stage.add_tile(second, None)
    assert stage.waveform.pyramid is before


def test_turning_a_knob_keeps_zoom_selection_and_picture(stage: Stage, qtbot: QtBot):
    Answers(stage)
    stage.show_clip(clip_of(tone(440, 2)))
    stage.axis.show_range(0.5, 1.0)
    stage.axis.select(Selection(0.6, 0.8))
    qtbot.waitUntil(stage.is_complete)
    for hz in (500, 600, 700):
        stage.show_clip(clip_of(tone(hz, 2)), keep_range=True)
        QApplication.processEvents()
        assert pixels_of(stage.spectrogram).max() > 150
    assert (stage.axis.start_s, stage.axis.end_s) == (0.5, 1.0)
    assert stage.axis.selection == Selection(0.6, 0.8)
    stage.show_clip(clip_of(tone(700, 3)), keep_range=True)
    assert (stage.axis.start_s, stage.axis.end_s) == (0.0, 3.0)
    stage.axis.show_range(1, 2)
    stage.show_clip(clip_of(tone(700, 3)))
    assert stage.axis.span_s == 3.0


def test_the_ruler_zooms_up_and_down_and_moves_sideways(stage: Stage, qtbot: QtBot):
    stage.show_clip(clip_of(tone(440, 10)))
    QApplication.processEvents()
    held = stage.ruler.time_at(300)
    Hand(stage.ruler, 300, 10).press().move(0, 120, steps=6).release()
    assert stage.axis.span_s == pytest.approx(10 / np.e, rel=1e-3)
    assert stage.ruler.time_at(300) == pytest.approx(held)
    Hand(stage.ruler, 300, 10).press().move(100, 0, steps=6).release()
    assert stage.ruler.time_at(400) == pytest.approx(held)
    with qtbot.waitSignal(stage.axis.seek_requested) as heard:
        Hand(stage.ruler, 400, 10).click()
    assert heard.args == [pytest.approx(held)]
    Hand(stage.ruler, 300, 10).double_click()
    assert stage.axis.span_s == 10


@pytest.mark.parametrize("seconds", [0.001, 0.05, 1, 30, 700, 20_000])
def test_ruler_labels_are_round_and_apart(seconds: float):
    step = label_step(seconds / 800, 80)
    assert step * 800 / seconds >= 80
    assert seconds / step >= 2


def test_the_overview_moves_and_resizes_the_view(stage: Stage):
    stage.show_clip(clip_of(tone(440, 10)))
    stage.axis.show_range(2, 4)
    QApplication.processEvents()
    strip = stage.overview
    Hand(strip, strip.x_of(3), 20).press().move(strip.x_of(1), 0, steps=4).release()
    assert (stage.axis.start_s, stage.axis.end_s) == (pytest.approx(3), pytest.approx(5))
    Hand(strip, strip.x_of(5), 20).press().move(strip.x_of(2), 0, steps=4).release()
    assert (stage.axis.start_s, stage.axis.end_s) == (pytest.approx(3), pytest.approx(7))
    Hand(strip, strip.x_of(3), 20).press().move(-strip.x_of(1), 0, steps=4).release()
    assert stage.axis.start_s == pytest.approx(2)
    Hand(strip, strip.x_of(9), 20).press().release()
    assert stage.axis.end_s == pytest.approx(10)
    Hand(strip, strip.x_of(9), 20).double_click()
    assert stage.axis.span_s == 10


def test_the_page_turns_when_the_playhead_leaves_it(stage: Stage):
    stage.show_clip(clip_of(tone(440, 10)))
    stage.axis.show_range(2, 4)
    stage.axis.move_playhead(3.99)
    stage.axis.move_playhead(4.01)
    assert stage.axis.start_s == pytest.approx(4.01)
    stage.axis.show_range(0, 2)
    stage.axis.move_playhead(4.03)
    assert stage.axis.start_s == 0
    stage.bar.follow.setChecked(False)
    stage.axis.move_playhead(1.99)
    stage.axis.move_playhead(2.01)
    assert stage.axis.start_s == 0


def test_the_moving_playhead_repaints_stripes_in_every_view(stage: Stage, qtbot: QtBot):
    Answers(stage)
    stage.show_clip(clip_of(tone(440, 4)))
    qtbot.waitUntil(stage.is_complete)
    views = (stage.overview, stage.ruler, stage.waveform, stage.spectrogram, stage)
    let_rest(*views)
    painted = [Painted(view) for view in views]
    stage.axis.move_playhead(1.0)
    QApplication.processEvents()
    for watch, view in zip(painted, views, strict=True):
        assert watch.pixels <= 26 * view.height(), view
    assert all(watch.pixels > 0 for watch in painted[:4])
    for view in (stage.bar, stage.freq_axis, stage.level_axis):
        watch = Painted(view)
        stage.axis.move_playhead(stage.axis.playhead_s + 0.1)
        QApplication.processEvents()
        assert not watch.regions


def test_shift_plus_and_minus_change_the_fft_size(stage: Stage):
    stage.show_clip(clip_of(tone(440)))
    QTest.keyClick(stage.spectrogram, Qt.Key.Key_Plus, SHIFT)
    assert stage.spectrogram.settings.fft_size == 4096
    assert stage.bar.fft.currentData() == 4096
    for _ in range(9):
        QTest.keyClick(stage.spectrogram, Qt.Key.Key_Underscore, SHIFT)
    assert stage.spectrogram.settings.fft_size == 256
    for _ in range(9):
        QTest.keyClick(stage.waveform, Qt.Key.Key_BracketRight)
    assert stage.spectrogram.settings.fft_size == 16_384


def test_settings_come_back(make: Make):
    first, second = make(), make()
    bar = first.bar
    choose(bar.scale, "mel")
    choose(bar.fft, 512)
    choose(bar.lanes, True)
    choose(bar.map, "viridis")
    bar.levels.set_range(-70, -20)
    bar.notes.setChecked(True)
    bar.time_only.setChecked(True)
    bar.follow.setChecked(False)
    state = json.loads(json.dumps(first.state()))
    second.restore(state)
    assert {k: v for k, v in second.state().items() if k != "splitter"} == {
        k: v for k, v in state.items() if k != "splitter"
    }
    assert second.scale.name == "mel"
    assert second.spectrogram.settings.mix


def test_damaged_settings_are_left_aside(stage: Stage):
    before = stage.state()
    stage.restore({"scale": "bark", "fft_size": 1000, "low_db": "x", "notes": 3, "splitter": "no", "map": None})
    assert stage.state() == before


def test_everything_on_the_bar_is_named_and_reachable(stage: Stage):
    stage.show_clip(clip_of(tone(440)))
    for widget in stage.bar.findChildren(QWidget):
        if widget.focusPolicy() != Qt.FocusPolicy.NoFocus and widget.parent() is stage.bar:
            assert widget.accessibleName()
    for view in (stage.overview, stage.ruler, stage.waveform, stage.spectrogram, stage.freq_axis, stage.level_axis):
        assert view.accessibleName()
        assert view.accessibleDescription()


@pytest.mark.parametrize("size", [(700, 480), (1366, 768), (1920, 1080)])
def test_nothing_on_the_bar_is_cut_or_overlaps(stage: Stage, size: tuple[int, int]):
    stage.show_clip(clip_of(tone(440), tone(441)))
    stage.resize(*size)
    QApplication.processEvents()
    boxes = [w for w in stage.bar.children() if isinstance(w, QWidget)]
    for one, other in combinations(boxes, 2):
        assert not one.geometry().intersects(other.geometry())
    assert all(stage.bar.rect().contains(box.geometry()) for box in boxes)
    for widget in boxes:
        assert widget.width() >= widget.minimumSizeHint().width()


def test_drag_out_reaches_the_window(stage: Stage, qtbot: QtBot):
    stage.show_clip(clip_of(tone(440, 10)))
    QApplication.processEvents()
    stage.axis.select(Selection(2, 8))
    for view in (stage.waveform, stage.spectrogram):
        with qtbot.waitSignal(stage.drag_out_requested) as heard:
            Hand(view, view.x_of(5), 7).press().move(40, 40, steps=4)
        assert heard.args == [Selection(2, 8)]


def test_the_scales_follow_a_sound_that_gets_a_second_channel_under_the_hand(stage: Stage, qtbot: QtBot):
    mono = tone(440)
    stage.show_clip(clip_of(mono))
    for channels in (2, 1):
        seen = [pixels_of(axis) for axis in (stage.level_axis, stage.freq_axis)]
        painted = [Painted(axis) for axis in (stage.level_axis, stage.freq_axis)]
        stage.show_clip(clip_of(*[mono] * channels), keep_range=True)
        qtbot.waitUntil(lambda painted=painted: all(axis.regions for axis in painted))
        now = [pixels_of(axis) for axis in (stage.level_axis, stage.freq_axis)]
        assert not any(np.array_equal(one, other) for one, other in zip(seen, now, strict=True))
