"""The spectrogram: tones stand at their height on every scale, colours follow the range, the picture is never blank."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from gestures import CTRL, NONE, SHIFT, Hand, let_rest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from stage_sounds import RATE, Painted, clip_of, file_of, pixels_of, tone

from app import theme
from app.controls.colormap import NAMES, colour_map, level_colours
from app.controls.freq_axis import FreqAxis
from app.controls.freq_scale import SCALES, FreqScale, ScaleName
from app.controls.level_handles import LevelHandles
from app.controls.spectro_image import RowMap
from app.controls.spectrogram import Spectrogram
from app.controls.tile_cache import TileCache
from app.controls.time_axis import Selection, TimeAxis
from app.controls.words import hz_label, hz_text, note_text, time_text
from engine.audio.spectral import WINDOWS, WindowName, to_level
from engine.audio.tiles import SpectrogramSettings, Tile, TileRequest, compute_tiles, tile_steps
from engine.audio.values import Clip
from engine.params.keys import key_to_hz

Show = Callable[..., Spectrogram]


def serve(view: Spectrogram, clip: Clip, request: TileRequest) -> None:
    for _, piece in compute_tiles(clip, request):
        if isinstance(piece, Tile):
            view.add_tile(clip, piece)


@pytest.fixture
def show(qtbot: QtBot) -> Show:
    def make(clip: Clip, *, answer: bool = True, width: int = 600, height: int = 301) -> Spectrogram:
        axis, scale = TimeAxis(), FreqScale()
        view = Spectrogram(axis, scale)
        axis.setParent(view)
        scale.setParent(view)
        qtbot.addWidget(view)
        view.resize(width, height)
        if answer:
            view.tiles_wanted.connect(lambda c, r: serve(view, c, r))
        axis.reset(clip.duration_s)
        view.show_clip(clip)
        view.show()
        qtbot.waitExposed(view)
        if answer:
            qtbot.waitUntil(view.is_complete)
        let_rest(view)
        # The platform's own pointer may lie over the view.
        Hand(view).leave()
        QApplication.processEvents()
        return view

    return make


def show_band(scale: FreqScale, low_hz: float, high_hz: float) -> None:
    """Zoom a whole scale as a hand would, until it shows just a band."""
    low, high = float(scale.share_of(low_hz)), float(scale.share_of(high_hz))
    scale.zoom(1 / (high - low), low / (1 - (high - low)))


def brightest_y(view: Spectrogram, x: int, lane: int = 0) -> int:
    rect = view.lane_rects()[lane]
    picture = pixels_of(view)[int(rect.top()) : int(rect.bottom()), x].sum(axis=1)
    best = np.flatnonzero(picture == picture.max())
    return int(round(best.mean()) + rect.top())


# -- heights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("hz", [110.0, 440.0, 5000.0, 15_000.0])
def test_a_tone_is_brightest_at_its_frequency_within_a_bin(show: Show, name: ScaleName, hz: float):
    view = show(clip_of(tone(hz)))
    view.set_colours("grey", -60, 0)
    view.scale.set_name(name)
    y = brightest_y(view, 300)
    one_bin = RATE / 2048
    high, low = view.band_at(y - 1), view.band_at(y + 1)
    assert high is not None
    assert low is not None
    assert low - one_bin <= hz <= high + one_bin


def test_the_logarithmic_scale_gives_every_octave_the_same_height():
    scale = FreqScale()
    places = np.asarray(scale.share_of(np.array([55.0, 110, 220, 440, 880, 1760, 3520, 7040, 14080])))
    np.testing.assert_allclose(np.diff(places), np.diff(places)[0])


def test_the_mel_scale_is_nearly_even_below_and_logarithmic_above():
    scale = FreqScale()
    scale.set_name("mel")
    places = np.asarray(scale.share_of(np.array([0.0, 100, 200, 8000, 16_000])))
    assert (places[2] - places[1]) / (places[1] - places[0]) == pytest.approx(0.88, abs=0.02)
    assert places[4] - places[3] < 0.3
    scale.set_name("linear")
    assert float(scale.share_of(6000)) == pytest.approx(0.25)


@pytest.mark.parametrize("name", SCALES)
def test_height_and_frequency_are_inverse(name: ScaleName):
    scale = FreqScale()
    scale.set_name(name)
    scale.zoom(3.0, 0.4)
    shares = np.linspace(0, 1, 33)
    np.testing.assert_allclose(scale.share_of(scale.hz_at(shares)), shares, atol=1e-9)


@pytest.mark.parametrize("name", SCALES)
def test_zooming_the_scale_keeps_the_frequency_under_the_pointer(name: ScaleName):
    scale = FreqScale()
    scale.set_name(name)
    before = float(scale.hz_at(0.3))
    scale.zoom(2.0, 0.3)
    assert float(scale.hz_at(0.3)) == pytest.approx(before)
    scale.zoom(0.01, 0.3)
    assert scale.is_whole


def test_a_whole_scale_stays_whole_and_a_zoomed_one_keeps_its_band():
    scale = FreqScale()
    scale.set_nyquist(22_050)
    assert scale.high_hz == 22_050
    show_band(scale, 500, 2000)
    scale.set_name("linear")
    scale.set_nyquist(48_000)
    assert (scale.low_hz, scale.high_hz) == pytest.approx((500, 2000))
    scale.set_nyquist(1000)
    assert scale.is_whole


@pytest.mark.parametrize("name", SCALES)
@pytest.mark.parametrize("height", [60, 200, 700])
@pytest.mark.parametrize("band", [None, (400.0, 900.0), (9000.0, 12_000.0)])
def test_labels_keep_their_distance(name: ScaleName, height: int, band: tuple[float, float] | None):
    scale = FreqScale()
    scale.set_name(name)
    if band is not None:
        show_band(scale, *band)
    ticks = scale.ticks(height)
    assert len(ticks) >= (1 if height < 100 else 2)
    assert np.diff(np.asarray(scale.share_of(np.array(ticks)))).min(initial=1.0) * height >= 25
    notes = scale.note_ticks(height)
    if len(notes) > 1:
        assert np.diff([float(scale.share_of(key_to_hz(n))) for n in notes]).min() * height >= 15.9


def test_rows_between_bins_are_mixed_and_rows_of_many_bins_take_the_loudest():
    scale = FreqScale()
    scale.set_name("linear")
    spectrum = np.zeros((1, 101, 1), np.uint8)
    spectrum[0, 50] = 200
    few = RowMap.of(scale, 10, 101).apply(spectrum)[0, 0, ::-1]
    assert few.max() == 200
    assert np.count_nonzero(few) == 1
    many = RowMap.of(scale, 1000, 101).apply(spectrum)[0, 0, ::-1].astype(int)
    assert abs(int(np.argmax(many)) - 500) <= 6
    assert np.abs(np.diff(many)).max() < 30


# -- lanes and colours -----------------------------------------------------------------------------


def test_channels_have_lanes_and_the_mix_has_one(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(300), tone(6000)))
    view.set_colours("grey", -60, 0)
    for lane, hz in enumerate((300, 6000)):
        found = view.band_at(brightest_y(view, 300, lane))
        assert found == pytest.approx(hz, rel=0.1)
    view.set_settings(SpectrogramSettings(mix=True))
    assert len(view.lane_rects()) == 1
    places = [round(301 * (1 - float(view.scale.share_of(hz)))) for hz in (300, 6000)]

    def mixed() -> None:
        levels = [max(view.level_at(QPoint(300, y + dy)) or -200 for dy in (-2, -1, 0, 1, 2)) for y in places]
        assert levels == [pytest.approx(-12, abs=2.5)] * 2

    qtbot.waitUntil(mixed)


def test_the_range_of_levels_and_the_colours_change_without_computing(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(1000, amplitude=0.01)))
    with qtbot.assertNotEmitted(view.tiles_wanted, wait=80):
        view.set_colours("grey", -120, 0)
        dark = pixels_of(view)[brightest_y(view, 300), 300]
        view.set_colours("grey", -120, -40)
        bright = pixels_of(view)[brightest_y(view, 300), 300]
        view.set_colours("viridis", -120, -40)
        colourful = pixels_of(view)[brightest_y(view, 300), 300]
    assert dark[0] == pytest.approx(255 * 80 / 120, abs=6)
    assert bright[0] >= 245
    assert np.ptp(colourful) > 100


@pytest.mark.parametrize("name", NAMES)
def test_colour_maps_get_brighter_all_the_way(name: str):
    table = colour_map(name).astype(float)
    luminance = table @ [0.2126, 0.7152, 0.0722]
    assert table.shape == (256, 3)
    assert (np.diff(luminance) > -0.6).all()
    assert luminance[-1] > 190 > 40 > luminance[0]


def test_grey_is_ink_on_paper_in_the_light_theme():
    dark = colour_map("grey")
    theme.use("light")
    try:
        assert (colour_map("grey") == dark[::-1]).all()
        assert colour_map("magma")[0].max() < 30, "the others stay"
        assert level_colours("grey", -80, -20)[0] > level_colours("grey", -80, -20)[-1]
    finally:
        theme.use("dark")


@pytest.mark.parametrize("map_name", ["magma", "grey"])
@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_playhead_stands_out_from_silence_in_every_theme(show: Show, name: str, map_name: str):
    view = show(clip_of(tone(440.0)))
    view.axis.move_playhead(view.axis.duration_s / 2)
    theme.use(name)
    try:
        view.set_colours(map_name, -60, 0)
        row = pixels_of(view)[20].astype(int)
    finally:
        theme.use("dark")
    assert np.abs(row[300] - row[280]).min() > 150


def test_levels_outside_the_range_take_the_ends_of_the_map():
    colours = level_colours("grey", -80, -20)
    assert len(set(colours[: round(to_level(-80))])) == 1
    assert len(set(colours[round(to_level(-20)) :])) == 1
    assert colours[0] != colours[-1]


def test_the_handles_set_the_range(qtbot: QtBot):
    bar = LevelHandles(-90, -6)
    qtbot.addWidget(bar)
    bar.resize(220, 26)
    heard: list[tuple[float, float]] = []
    bar.range_changed.connect(lambda low, high: heard.append((low, high)))
    Hand(bar, bar.x_of(-90), 13).press().move(bar.x_of(-60) - bar.x_of(-90), 0, steps=5).release()
    assert heard[-1] == (pytest.approx(-60, abs=1), -6)
    Hand(bar, bar.x_of(-6), 13).press().move(-400, 0, steps=5).release()
    assert bar.high_db - bar.low_db == pytest.approx(6)
    Hand(bar, bar.x_of(-30), 13).double_click()
    assert (bar.low_db, bar.high_db) == (-90, -6)
    Hand(bar, bar.x_of(-50), 13).press().move(-20, 0, steps=5).release()
    assert bar.high_db - bar.low_db == pytest.approx(84)
    assert bar.low_db < -90
    before = bar.low_db
    QTest.keyClick(bar, Qt.Key.Key_Down)
    QTest.keyClick(bar, Qt.Key.Key_Right)
    assert bar.low_db == before + 1


# -- asking and never being blank ------------------------------------------------------------------


def test_what_is_visible_is_asked_for_the_rough_picture_first(show: Show, qtbot: QtBot):
    clip = file_of(tone(440, 60))
    asked: list[TileRequest] = []
    view = show(clip, answer=False)
    view.tiles_wanted.connect(lambda c, r: asked.append(r))
    view.axis.show_range(10, 20)
    qtbot.waitUntil(lambda: bool(asked))
    request = asked[-1]
    hop = view.settings.hop(request.level)
    assert hop == pytest.approx(10 * RATE / 600, rel=0.5)
    assert request.coarse
    span = hop * 256
    for frame in (10 * RATE, 15 * RATE, 20 * RATE - 1):
        assert frame // span in request.indices
    middle = 15 * RATE / span - 0.5
    visible = [i for i in request.indices if i * span < 20 * RATE and (i + 1) * span > 10 * RATE]
    assert abs(visible[0] - middle) <= min(abs(i - middle) for i in visible) + 1e-6


def test_nothing_is_asked_twice(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(440, 4)))
    with qtbot.assertNotEmitted(view.tiles_wanted, wait=120):
        view.request_tiles()
        view.redraw()
        QApplication.processEvents()


def test_requests_while_the_view_moves_are_held_back_and_the_last_one_counts(show: Show, qtbot: QtBot):
    view = show(file_of(tone(440, 600)), answer=False)
    asked: list[TileRequest] = []
    qtbot.wait(60)
    view.tiles_wanted.connect(lambda c, r: asked.append(r))
    for k in range(200):
        view.axis.show_range(k, k + 5)
    assert len(asked) <= 3
    qtbot.waitUntil(lambda: any(199 * RATE // (view.settings.hop(r.level) * 256) in r.indices for r in asked))


def test_zooming_in_shows_the_old_tiles_until_the_new_ones_come(show: Show):
    rng = np.random.default_rng(2)
    clip = clip_of((0.2 * rng.standard_normal(RATE * 60)).astype(np.float32))
    view = show(clip)
    view.tiles_wanted.disconnect()
    for start, end in ((10, 40), (20, 25), (21, 21.5), (0, 60), (40, 60)):
        view.axis.show_range(start, end)
        QApplication.processEvents()
        columns = pixels_of(view).sum(axis=2).mean(axis=0)
        assert columns.min() > 60, (start, end)


def test_the_tone_keeps_its_place_while_tiles_of_other_zooms_stand_in(show: Show):
    sound = np.zeros(RATE * 60, np.float32)
    sound[RATE * 30 : RATE * 31] = tone(2000, 1)
    view = show(clip_of(sound))
    view.set_colours("grey", -60, 0)
    view.tiles_wanted.disconnect()
    view.axis.show_range(25, 35)
    y = round(301 * (1 - float(view.scale.share_of(2000))))
    bright = np.flatnonzero(pixels_of(view)[y, :, 0] > 180)
    assert bright.min() == pytest.approx(300, abs=12)
    assert bright.max() == pytest.approx(360, abs=12)


def test_a_new_render_keeps_the_picture_until_its_tiles_come_and_then_shows_its_own(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(440, 20)))
    view.set_colours("grey", -60, 0)
    view.tiles_wanted.disconnect()
    asked: list[tuple[Clip, TileRequest]] = []
    view.tiles_wanted.connect(lambda c, r: asked.append((c, r)))
    newer = file_of(tone(3000, 20))
    view.show_clip(newer, keep_picture=True)
    assert view.band_at(brightest_y(view, 300)) == pytest.approx(440, rel=0.1)
    qtbot.waitUntil(lambda: bool(asked))
    serve(view, *asked[-1])
    assert view.band_at(brightest_y(view, 300)) == pytest.approx(3000, rel=0.1)


def test_a_short_render_in_memory_is_drawn_without_waiting(show: Show):
    view = show(clip_of(tone(440, 2)), answer=False)
    view.set_colours("grey", -60, 0)
    view.show_clip(clip_of(tone(3000, 2)), keep_picture=True)
    QApplication.processEvents()
    view._ask.stop()
    view.show_clip(clip_of(tone(6000, 2)), keep_picture=True)
    assert view.band_at(brightest_y(view, 300)) == pytest.approx(6000, rel=0.1)


def test_another_sound_shows_nothing_of_the_one_before(show: Show):
    view = show(clip_of(tone(440, 20)))
    view.tiles_wanted.disconnect()
    view.set_colours("grey", -60, 0)
    view.show_clip(file_of(tone(3000, 20)))
    assert pixels_of(view)[:, 3:].max() < 10  # The playhead stands at the left edge.


@pytest.mark.parametrize("size", [256, 16_384])
def test_another_fft_size_keeps_the_picture_and_sharpens_it(show: Show, qtbot: QtBot, size: int):
    view = show(clip_of(tone(1000, 4) + tone(1060, 4)))
    view.set_colours("grey", -60, 0)
    asked: list[tuple[Clip, TileRequest]] = []
    view.tiles_wanted.disconnect()
    view.tiles_wanted.connect(lambda c, r: asked.append((c, r)))
    before = pixels_of(view)
    view.set_settings(SpectrogramSettings(size))
    assert np.abs(pixels_of(view) - before).mean() < 40
    qtbot.waitUntil(lambda: bool(asked))
    serve(view, *asked[-1])
    assert view._drawn is not None
    column = view._composer.compose(view._drawn)[0, :, 300].astype(int)
    loud = np.flatnonzero(column > to_level(-27.5))
    assert np.ptp(loud) > 30 if size == 256 else np.ptp(loud) < 12


def test_the_cache_forgets_the_oldest_tiles_but_none_that_are_drawn():
    clip = clip_of(tone(440, 60))
    settings = SpectrogramSettings(1024)
    tiles = [t for i in range(12) for t in tile_steps(clip, settings, 0, i) if t is not None]
    cache = TileCache(limit_bytes=5 * tiles[0].db.nbytes)
    cache.use(clip)
    for tile in tiles:
        cache.add(clip, tile, keep=tiles[:2])
    kept = [t.index for t in tiles if cache.get(clip, settings, 0, t.index) is not None]
    assert kept == [0, 1, 9, 10, 11]
    assert cache.size_bytes == 5 * tiles[0].db.nbytes
    for k in range(5):
        cache.use(clip_of(tone(100 + k, 0.1)))
    assert cache.size_bytes == 0
    assert not cache.add(clip, tiles[0])


def test_a_rough_tile_never_replaces_a_full_one():
    clip = clip_of(tone(440, 4))
    settings = SpectrogramSettings()
    cache = TileCache()
    cache.use(clip)
    full, rough = ([*tile_steps(clip, settings, 2, 0, coarse=c)][-1] for c in (False, True))
    assert full is not None
    assert rough is not None
    cache.add(clip, full)
    assert not cache.add(clip, rough)
    assert cache.get(clip, settings, 2, 0) is full


# -- gestures --------------------------------------------------------------------------------------


def test_a_drag_selects_a_box_of_time_and_frequency(show: Show):
    view = show(clip_of(tone(440)))
    low, high = view.band_at(200), view.band_at(100)
    Hand(view, 150, 200).press().move(300, -100, steps=6).release()
    selection = view.axis.selection
    assert selection is not None
    assert (selection.start_s, selection.end_s) == (pytest.approx(1.0), pytest.approx(3.0))
    assert (selection.low_hz, selection.high_hz) == (pytest.approx(low), pytest.approx(high))
    (box,) = view.band_rects(selection, 150, 450)
    assert (box.top(), box.bottom()) == (pytest.approx(100), pytest.approx(200))


@pytest.mark.parametrize(("keys", "time_only"), [(SHIFT, False), (NONE, True)])
def test_shift_or_the_switch_select_time_only(show: Show, keys: Qt.KeyboardModifier, time_only: bool):
    view = show(clip_of(tone(440)))
    view.time_only = time_only
    Hand(view, 150, 200).press(keys).move(300, -100, keys, steps=6).release(keys)
    assert view.axis.selection == Selection(pytest.approx(1.0), pytest.approx(3.0))


def test_the_upper_edge_of_a_box_can_be_moved(show: Show):
    view = show(clip_of(tone(440)))
    view.axis.select(Selection(1, 3, float(view.scale.hz_at(0.3)), float(view.scale.hz_at(0.6))))
    edge = 301 * (1 - 0.6)
    Hand(view, 200, edge).press().move(0, -60, steps=5).release()
    selection = view.axis.selection
    assert selection is not None
    assert selection.high_hz == pytest.approx(float(view.scale.hz_at(0.6 + 60 / 301)))
    assert (selection.start_s, selection.end_s) == (1, 3)


def test_ctrl_and_wheel_zoom_the_frequency_under_the_pointer(show: Show):
    view = show(clip_of(tone(440)))
    before = view.band_at(80)
    Hand(view, 100, 80).wheel(6, CTRL)
    assert view.band_at(80) == pytest.approx(before)
    assert not view.scale.is_whole
    assert view.axis.span_s == 4.0


def test_the_frequency_scale_zooms_and_moves_under_the_hand(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(440)))
    axis = FreqAxis(view.scale, view.lane_rects)
    qtbot.addWidget(axis)
    axis.resize(48, 301)
    Hand(axis, 20, 150).press().move(83, 0, steps=5).release()
    low, high = view.scale.low_hz, view.scale.high_hz
    assert np.log2(high / low) == pytest.approx(np.log2(24_000 / 20) / 2, rel=0.02)
    held = view.band_at(150)
    Hand(axis, 20, 150).press().move(0, 40, steps=5).release()
    assert view.band_at(190) == pytest.approx(held, rel=1e-6)
    Hand(axis, 20, 150).double_click()
    assert view.scale.is_whole


def test_the_read_out_says_time_frequency_note_and_level(show: Show):
    view = show(clip_of(tone(440, amplitude=1.0)))
    show_band(view.scale, 430, 450)
    Hand(view, 300, 150).hover()
    QApplication.processEvents()
    Hand(view, 300, 150).hover()
    text = view.read_out.text
    assert abs(float(text.split()[-2].replace("−", "-"))) <= 0.3
    assert text.endswith(" dB")
    assert text.startswith("0:02.00")
    assert "A4" in text
    assert "Hz" in text


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("scale", ["log", "mel", "linear"])
@pytest.mark.parametrize("hz", [93.0, 440.0, 1000.0, 1007.3, 12_345.0])
def test_a_sine_at_full_scale_reads_zero_at_its_peak(show: Show, scale: str, hz: float, window: WindowName):
    view = show(clip_of(tone(hz, amplitude=1.0)))
    view.set_settings(SpectrogramSettings(4096, window))
    view.scale.set_name(scale)
    view.grab()
    y = round(view.lane_rects()[0].height() * (1 - float(view.scale.share_of(hz))))
    assert view.level_at(QPoint(300, y)) == pytest.approx(0.0, abs=0.3)


def test_a_sound_in_floats_reads_how_far_it_goes_beyond_full_scale(show: Show, qtbot: QtBot):
    view = show(clip_of(tone(1000, amplitude=2.0)))
    y = round(view.lane_rects()[0].height() * (1 - float(view.scale.share_of(1000))))
    assert view.level_at(QPoint(300, y)) == pytest.approx(6.0, abs=0.3)
    view.show_clip(clip_of(tone(1000, amplitude=40.0)))
    qtbot.waitUntil(view.is_complete)
    view.grab()
    Hand(view, 300, y).hover()
    QApplication.processEvents()
    Hand(view, 300, y + 1).hover()
    assert "≥ 1" in view.read_out.text


def test_silence_reads_as_none_at_all(show: Show):
    view = show(clip_of(np.zeros(RATE, np.float32)))
    assert view.level_at(QPoint(100, 100)) == -np.inf


def test_the_playhead_and_the_pointer_paint_stripes(show: Show):
    view = show(clip_of(tone(440)))
    painted = Painted(view)
    view.axis.move_playhead(2.0)
    QApplication.processEvents()
    assert 0 < painted.pixels <= 2 * 3 * view.height()
    painted.clear()
    view.axis.move_hover(1.0)
    QApplication.processEvents()
    assert 0 < painted.pixels <= 2 * 3 * view.height()


# -- words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hz", "text"),
    [(440, "A4 +0 ct"), (261.63, "C4 +0 ct"), (445, "A4 +20 ct"), (430, "A4 −40 ct"), (27.5, "A0 +0 ct")],
)
def test_notes_are_named_with_middle_c_as_c4(hz: float, text: str):
    assert note_text(hz) == text


def test_times_have_the_decimals_that_the_zoom_can_show():
    assert time_text(62.346, 1) == "1:02"
    assert time_text(62.346, 0.01) == "1:02.35"
    assert time_text(59.9999, 0.1) == "1:00.0"
    assert time_text(3723, 10) == "1:02:03"
    assert [hz_label(h) for h in (50, 1000, 2500)] == ["50", "1k", "2.5k"]
    assert [hz_text(h) for h in (50, 2500, 12_345)] == ["50.0 Hz", "2500 Hz", "12.35 kHz"]
