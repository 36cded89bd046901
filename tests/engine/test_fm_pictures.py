"""Pictures of operators: the wave that is drawn is the wave that is heard, at the moment that it says."""

from __future__ import annotations

import numpy as np
import pytest

from engine.inline import render_inline
from engine.jobs import Event
from engine.params import Patch
from engine.params.pictures import Pictures, Spectrum
from engine.studio import Rendered, Studio
from engine.synths.fm_pictures import draw

RATE = 48_000
HELD = {f"op{n}_env{i}_db": 0.0 for n in range(1, 7) for i in (1, 2, 3)}
INSTANT = {f"op{n}_env1_s": 0.0005 for n in range(1, 7)}
PURE = {**HELD, **INSTANT, "mod_2_1_rad": 0.0, "gain_db": 0.0}

CASES = {
    "a sine": {},
    "bent by one": {"mod_2_1_rad": 2.0, "op2_ratio": 3.0},
    "bent by a slower one": {"mod_2_1_rad": 2.0, "op2_ratio": 0.5},
    "a chain": {"mod_2_1_rad": 2.0, "mod_3_2_rad": 1.5, "op2_ratio": 2.0, "op3_ratio": 5.0},
    "another shape": {"op1_wave": 5.0, "mod_2_1_rad": 0.5, "op2_wave": 2.0},
    "feedback": {"mod_1_1_rad": 1.2},
    "a loop of two": {"mod_2_1_rad": 1.2, "mod_1_2_rad": 0.8, "op2_ratio": 2.0},
    "behind a loop": {"mod_2_1_rad": 1.5, "mod_3_2_rad": 1.0, "mod_2_3_rad": 0.6, "op3_ratio": 2.0},
    "a low note": {"transpose_st": -24.0, "mod_2_1_rad": 3.0, "op2_ratio": 7.0},
    "a high note": {"transpose_st": 36.0, "mod_2_1_rad": 1.0},
}


@pytest.mark.parametrize("name", CASES)
def test_the_wave_is_the_one_that_is_heard(name):
    patch = Patch("fm", {**PURE, **CASES[name]})
    picture = draw(patch, 60, 127, 1.0, 1.0).operators[0]
    audio = render_inline(patch, note=60, velocity=127, hold_s=1.0, duration_s=1.0, sample_rate=RATE)
    # Two periods later in the note, after as many whole ones: a held sound repeats.
    span_s = picture.periods / picture.hz
    first_s = round(0.5 / span_s) * span_s
    frames = np.arange(round(first_s * RATE) + 1, int((first_s + span_s) * RATE))
    heard = audio.samples[0, frames].astype(np.float64)
    share = (frames / RATE - first_s) / span_s
    drawn = np.interp(share, np.arange(picture.wave.size) / picture.wave.size, picture.wave, period=1.0)
    # What is heard has lost its mean.
    difference = (drawn - drawn.mean()) - (heard - heard.mean())
    assert np.abs(difference).max() < 0.04


def test_it_is_drawn_over_two_of_the_periods_after_which_everything_meets_again():
    def periods(**values: float) -> float:
        return draw(Patch("fm", {**PURE, **values}), 60, 127, 1.0, 1.0).operators[0].periods

    assert periods() == pytest.approx(2)
    assert periods(mod_2_1_rad=1.0, op2_ratio=14.0) == pytest.approx(2)
    assert periods(mod_2_1_rad=1.0, op2_ratio=0.5) == pytest.approx(4)
    assert periods(mod_2_1_rad=1.0, op2_ratio=1.41) == pytest.approx(2), "they never meet"


def test_the_moment_is_the_loudest_one_and_the_envelope_the_engines():
    values = {**PURE, "op1_env1_s": 0.5, "op1_env2_s": 0.25, "op1_env2_db": -36.0, "op1_env3_db": -36.0}
    picture = draw(Patch("fm", values), 60, 127, 1.5, 2.0).operators[0]
    assert picture.at_s == pytest.approx(0.5, abs=0.1)
    assert picture.level_db == pytest.approx(0.0, abs=0.5)
    at = np.arange(picture.envelope.size) * (2.0 / picture.envelope.size)
    assert picture.envelope[np.searchsorted(at, 0.8)] == pytest.approx(-36.0, abs=0.1)
    assert picture.envelope[np.searchsorted(at, 0.625)] == pytest.approx(-18.0, abs=1.5)
    assert picture.envelope[-1] < -60


def test_of_a_held_level_the_moment_is_taken_at_which_the_operator_is_bent_most():
    values = {**PURE, "mod_2_1_rad": 3.0, "op2_env1_s": 0.3, "op2_env2_db": -30.0, "op2_env3_db": -30.0}
    picture = draw(Patch("fm", values), 60, 127, 1.0, 1.0).operators[0]
    assert picture.at_s == pytest.approx(0.3, abs=0.03)


def test_soft_keys_bend_less():
    patch = Patch("fm", {**PURE, "mod_2_1_rad": 4.0, "op2_velocity": 1.0, "op1_velocity": 0.0})
    loud, soft = (draw(patch, 60, velocity, 1.0, 1.0).operators for velocity in (127, 20))
    assert soft[1].level_db < loud[1].level_db - 20

    def overtones(wave: np.ndarray) -> float:
        """Energy beside the fundamental, which turns twice in the picture, as a share of all."""
        power = np.abs(np.fft.rfft(wave)) ** 2
        return 1 - power[2] / power.sum()

    assert overtones(soft[0].wave) < 0.05
    assert overtones(loud[0].wave) > 0.4


def test_a_silent_operator_has_no_picture():
    pictures = draw(Patch("fm", {**PURE, "op3_level_db": -72.0, "op4_mute": 1.0}), 60, 127, 1.0, 1.0)
    assert [o.is_silent for o in pictures.operators] == [False, False, True, True, False, False]


def test_waves_stay_in_bounds_and_finite_whatever_the_patch():
    import random

    from engine.params import FM_SPACE

    rng = random.Random(5)
    for _ in range(25):
        values = {p.name: p.from_unit(rng.random()) for p in FM_SPACE}
        patch = Patch("fm", {n: FM_SPACE[n].clamp(v) for n, v in values.items()})
        for picture in draw(patch, rng.randint(0, 127), rng.randint(1, 127), 0.5, 1.0).operators:
            if not picture.is_silent:
                assert np.abs(picture.wave).max() <= 1.0 + 1e-5
                assert np.isfinite(picture.wave).all()
                assert not np.isnan(picture.envelope).any()


@pytest.fixture(params=["real", "fake"])
def studio(request):
    import threading

    ended: dict[int, Event] = {}
    bell = threading.Condition()

    def listen(event: Event) -> None:
        if event.kind in ("done", "failed", "cancelled"):
            with bell:
                ended[event.job] = event
                bell.notify_all()

    made = Studio(listen, kind=request.param)

    def result(job: int) -> Event:
        with bell:
            assert bell.wait_for(lambda: job in ended, 20)
        return ended[job]

    made.result = result
    yield made
    made.close()


def test_the_studio_draws_pictures_and_spectra(studio):
    patch = Patch("fm", PURE)
    pictures = studio.result(studio.pictures(patch, note=60, velocity=127, hold_s=1.0, duration_s=2.0)).payload
    assert isinstance(pictures, Pictures)
    assert len(pictures.operators) == 6
    assert pictures.operators[0].hz == pytest.approx(261.63, abs=0.01)
    rendered = studio.result(studio.render(patch)).payload
    assert isinstance(rendered, Rendered)
    spectrum = studio.result(studio.spectrum(rendered, 0.5)).payload
    assert isinstance(spectrum, Spectrum)
    assert spectrum.at_s == 0.5
    assert spectrum.note_hz == pytest.approx(261.63, abs=0.01)
    strongest = max(spectrum.peaks, key=lambda peak: peak.level_db)
    assert strongest.partial is not None
    assert strongest.partial.formula == "op 1"


def test_a_newer_question_replaces_the_older_one(studio):
    patch = Patch("fm", PURE)
    jobs = [studio.pictures(patch, note=note, velocity=127, hold_s=1.0, duration_s=2.0) for note in range(40, 60)]
    assert studio.result(jobs[-1]).kind == "done"
    kinds = [studio.result(job).kind for job in jobs]
    assert set(kinds) <= {"done", "cancelled"}
