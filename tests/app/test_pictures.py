"""Seeing the sound: operators' pictures that follow the hand, and a spectrum that says whence each partial comes."""

from __future__ import annotations

import numpy as np
import pytest
from gestures import Hand, wants_key
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QApplication

from app.controls.spectrum import SpectrumView, formula_words
from app.controls.wave_picture import WavePicture, wave_words
from engine.params.pictures import OperatorPicture, Partial, Peak, Spectrum

ENVELOPE = np.linspace(0.0, -72.0, 100, dtype=np.float32)
SINE = np.sin(np.linspace(0, 4 * np.pi, 200)).astype(np.float32)


def picture(**more) -> OperatorPicture:
    settings = {"wave": SINE, "envelope": ENVELOPE, "level_db": 0.0, "hz": 261.6, "at_s": 0.012} | more
    return OperatorPicture(**settings)


def rows_painted(widget: WavePicture, colour: tuple[int, int, int]) -> int:
    """How many rows of pixels have something near a colour."""
    image = widget.grab().toImage()
    near = 0
    for y in range(image.height()):
        near += any(
            sum(abs(a - b) for a, b in zip(image.pixelColor(x, y).getRgb(), colour, strict=False)) < 60
            for x in range(image.width())
        )
    return near


@pytest.fixture
def small(qtbot):
    widget = WavePicture(1)
    qtbot.addWidget(widget)
    widget.resize(64, 24)
    widget.set_colour("#ff0000")
    widget.show()
    return widget


def test_a_quiet_wave_is_drawn_smaller_but_never_vanishes(small):
    heights = []
    for level_db in (0.0, -24.0, -70.0):
        small.set_picture(picture(level_db=level_db))
        heights.append(rows_painted(small, (255, 0, 0)))
    assert heights[0] > heights[1] > heights[2] >= 3
    assert heights[0] >= 18


def test_silence_is_a_flat_line_and_says_so(small):
    small.set_picture(OperatorPicture())
    assert rows_painted(small, (255, 0, 0)) == 0
    assert small.accessibleDescription() == "Silent"
    small.set_picture(None)
    assert small.accessibleDescription() == "Not drawn yet"


def test_a_fast_wave_keeps_its_height_in_few_pixels(small):
    wave = np.sin(np.linspace(0, 400 * np.pi, 2048)).astype(np.float32)
    small.set_picture(picture(wave=wave))
    assert rows_painted(small, (255, 0, 0)) >= 18


def test_the_small_picture_leaves_the_mouse_to_what_it_lies_on(small):
    assert small.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def test_the_words_name_frequency_level_and_moment():
    assert wave_words(picture(level_db=-6.0)) == "261.6 Hz, −6.0 dB at 12 ms"


NOTE_HZ = 440.0


def spectrum(**more) -> Spectrum:
    hz_per_bin = 48_000 / 16_384
    levels = np.full(8193, -140.0, np.float32)
    peaks = []
    partials = []
    for hz, level_db, order in (
        (440.0, -6.0, ((1, 1),)),
        (1760.0, -18.0, ((1, 1), (3, 2))),
        (3080.0, -30.0, ((2, 1), (3, -1))),
    ):
        place = round(hz / hz_per_bin)
        levels[place - 3 : place + 4] = level_db - np.abs(np.arange(-3, 4)) * 12
        partials.append(Partial(hz, level_db, order[0][0], order))
        peaks.append(Peak(hz, level_db, partials[-1]))
    peaks.append(Peak(5000.0, -40.0))
    settings = {
        "levels_db": levels,
        "hz_per_bin": hz_per_bin,
        "at_s": 0.4,
        "note_hz": NOTE_HZ,
        "peaks": tuple(peaks),
        "partials": tuple(partials),
    }
    return Spectrum(**(settings | more))


@pytest.fixture
def view(qtbot):
    widget = SpectrumView()
    qtbot.addWidget(widget)
    widget.resize(420, 170)
    widget.set_spectrum(spectrum())
    widget.show()
    return widget


def over(view: SpectrumView, hz: float, *, dx: float = 0.0) -> Hand:
    return Hand(view, view.x_of(hz) + dx, view.plot().center().y())


def test_pointing_at_a_partial_tells_its_operators(view):
    heard = QSignalSpy(view.hovered)
    over(view, 1760.0, dx=4).hover()
    assert view.words() == "1.76 kHz (4.00×), −18.0 dB: op 1 + 2 × op 3"
    assert view.accessibleDescription() == view.words()
    assert heard.count() == 1
    over(view, 3080.0).hover()
    assert "op 2 − op 3" in view.words()
    view_words = view.words()
    Hand(view).leave()
    assert view.words() != view_words


def test_a_peak_without_a_partial_is_told_without_operators(view):
    over(view, 5000.0).hover()
    assert view.words() == "5.00 kHz (11.36×), −40.0 dB"
    view.set_spectrum(spectrum(noise_like=("loop 1 > 2 > 1",)))
    assert view.words() == "5.00 kHz (11.36×), −40.0 dB: noise-like: loop 1 > 2 > 1", "a new sound keeps the pointer"
    Hand(view).leave()
    assert view.words() == "noise-like: loop 1 > 2 > 1"
    over(view, 5000.0).hover()
    view.set_spectrum(spectrum(besides=("drive", "noise")))
    assert view.words() == "5.00 kHz (11.36×), −40.0 dB: drive or noise"


def test_nothing_is_told_where_there_is_nothing(view):
    over(view, 100.0).hover()
    assert view.peak is None
    view.set_spectrum(None)
    assert "Play" in view.words()
    view.grab()


def test_a_marker_shows_what_is_pointed_at(view):
    before = view.grab().toImage()
    over(view, 1760.0).hover()
    QApplication.processEvents()
    assert view.grab().toImage() != before


def test_the_curve_shows_every_partial_at_its_height_however_narrow_the_paper(view):
    for width in (240, 420, 1200):
        view.resize(width, 170)
        x, y = view.curve()
        for peak in view.spectrum.peaks[:3]:
            near = np.abs(x - view.x_of(peak.hz)) < 2.5
            assert y[near].min() == pytest.approx(view.y_of(peak.level_db), abs=2.5)


def test_the_wheel_zooms_on_the_pointer_a_drag_moves_and_a_double_click_fits(view):
    hand = over(view, 1760.0)
    place = view.x_of(1760.0)
    assert hand.wheel(5)
    assert view.x_of(1760.0) == pytest.approx(place, abs=0.5)
    assert view.x_of(3080.0) - view.x_of(1760.0) > 90
    hand.press().move(-30, 0, steps=3).release()
    assert view.x_of(1760.0) == pytest.approx(place - 30, abs=0.5)
    view.set_spectrum(spectrum())
    assert view.x_of(1760.0) == pytest.approx(place - 30, abs=0.5), "a new sound keeps the zoom"
    hand.double_click()
    assert view.scale.is_whole


def test_the_keys_go_from_partial_to_partial(view):
    view.setFocus()
    for hz in (440.0, 1760.0, 3080.0, 5000.0, 5000.0):
        QTest.keyClick(view, Qt.Key.Key_Right)
        assert view.peak.hz == hz
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert view.peak.hz == 3080.0
    assert not wants_key(view, Qt.Key.Key_Space)


def test_the_switch_asks_for_the_playhead(view):
    asked = QSignalSpy(view.playhead_wanted)
    Hand(view.moment).click()
    assert asked.at(0) == [True]
    Hand(view.moment).click()
    assert asked.at(1) == [False]


def test_formulas_are_set_with_true_signs():
    assert formula_words(Partial(1.0, 0.0, 1, ((1, 1), (2, -3)))) == "op 1 − 3 × op 2"


# In the window


def test_pictures_and_spectrum_follow_the_live_patch(session, qtbot):
    drawn, seen = [], []
    session.pictures.operators_drawn.connect(drawn.append)
    session.pictures.spectrum_drawn.connect(seen.append)
    session.fm.choose_section("Spectrum")
    session.document.audition("op1_ratio", 2.0)
    qtbot.waitUntil(lambda: bool(drawn) and bool(seen), timeout=5000)
    qtbot.waitUntil(lambda: drawn[-1].operators[0].hz == pytest.approx(523.25, abs=0.01), timeout=5000)
    qtbot.waitUntil(lambda: max(seen[-1].peaks, key=lambda p: p.level_db).hz > 500, timeout=5000)
    session.document.commit("Ratio")


def test_while_a_hand_turns_the_newest_pictures_come_last_and_none_is_owed(session, qtbot):
    drawn = []
    session.pictures.operators_drawn.connect(drawn.append)
    for n in range(60):
        session.document.audition("op1_ratio", 1.0 + n / 60)
        qtbot.wait(2)
    last = 261.63 * (1.0 + 59 / 60)
    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1].operators[0].hz == pytest.approx(last, abs=0.1), timeout=5000)
    assert 3 < len(drawn) <= 62
    session.document.commit("Ratio")


def test_nothing_is_drawn_while_nobody_looks(session, qtbot):
    drawn = []
    session.pictures.operators_drawn.connect(drawn.append)
    session.pictures.set_wanted(False)
    session.document.audition("op1_ratio", 3.0)
    qtbot.wait(200)
    assert drawn == []
    session.pictures.set_wanted(True)
    qtbot.waitUntil(lambda: bool(drawn), timeout=5000)
    assert drawn[-1].operators[0].hz == pytest.approx(784.9, abs=0.1)
    session.document.commit("Ratio")


def test_a_spectrum_that_nobody_sees_is_not_computed(session, qtbot):
    seen = []
    session.pictures.spectrum_drawn.connect(seen.append)
    session.document.audition("op1_ratio", 2.0)
    session.document.commit("Ratio")
    qtbot.waitUntil(lambda: session.live.up_to_date, timeout=5000)
    qtbot.wait(100)
    assert seen == []
    session.fm.choose_section("Spectrum")
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    assert session.fm.spectrum.spectrum is seen[-1]


def test_the_spectrum_follows_the_playhead_when_asked(session, qtbot):
    session.fm.choose_section("Spectrum")
    session.document.audition("op1_ratio", 2.0)
    session.document.commit("Ratio")
    view = session.fm.spectrum
    qtbot.waitUntil(lambda: view.spectrum is not None and session.live.up_to_date, timeout=5000)
    loudest_s = view.spectrum.at_s
    Hand(view.moment).click()
    session.playing.seek(1.25)
    qtbot.waitUntil(lambda: view.spectrum.at_s == pytest.approx(1.25, abs=0.02), timeout=5000)
    Hand(view.moment).click()
    qtbot.waitUntil(lambda: view.spectrum.at_s == pytest.approx(loudest_s), timeout=5000)


def test_links_of_envelopes_are_kept_in_the_project(session, tmp_path, qtbot):
    from engine.params.links import EnvelopeLinks

    session.document.set_links(EnvelopeLinks().linked("op1", "op3"))
    path = tmp_path / "linked.tonewright"
    session.document.file.save(path, session.view_state())
    qtbot.waitUntil(path.exists, timeout=5000)
    session.document.set_links(EnvelopeLinks())
    session.document.file.load(path)
    qtbot.waitUntil(lambda: session.document.links.of("op1") == {"op3"}, timeout=5000)


def test_on_the_panel_an_envelope_is_linked_dragged_and_taken_back_in_one_step(session, qtbot):
    panel, document = session.fm, session.document
    panel.choose_operator(2)
    panel.choose_operator(1)
    editor = panel.pages[1].envelope
    editor.link_wanted.emit("op2", True)
    assert editor.corner.link.isVisibleTo(editor)
    before = document.patch
    handle = editor.handle(1)
    Hand(editor, handle.x(), handle.y()).press().move(14, 12, steps=4).release()
    assert document.patch.values["op2_env2_db"] == document.patch.values["op1_env2_db"]
    assert document.patch.values["op1_env2_db"] != before.values["op1_env2_db"]
    shape = editor.shape()
    panel.choose_operator(2)
    assert panel.pages[2].envelope.shape() == shape
    document.undo()
    assert document.patch == before


def test_on_the_panel_the_rate_clock_and_locks_reach_the_envelope(session):
    panel, document = session.fm, session.document
    panel.choose_operator(3)
    editor = panel.pages[3].envelope
    document.audition("op3_env_clock", 1.0)
    document.commit("Clock")
    assert editor.by_rate
    document.set_locked(("op3_env1_s",))
    assert editor.locked == {"op3_env1_s"}
