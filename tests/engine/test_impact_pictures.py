"""Pictures of a struck object: the modes that are drawn are the ones that are heard, and the curves fall as it does."""

from __future__ import annotations

import numpy as np
import pytest

from engine.fakes_impact import draw as draw_fake
from engine.inline import render_inline
from engine.jobs import Event
from engine.named_patch import find_patch
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE, SHAPES
from engine.params.impact_pictures import ImpactPictures
from engine.params.text import format_value
from engine.studio import Studio
from engine.synths.impact_pictures import draw

RATE = 48_000
METAL = {"material": 1.0, "modes": 12.0, "damping_high": 8.0}


def picture(velocity: float = 100.0, hold_s: float = 2.0, **values: float | tuple[float, ...]) -> ImpactPictures:
    return draw(Patch("impact", {**METAL, **values}), 60, velocity, hold_s, 2.0)


def sound(velocity: float = 100.0, hold_s: float = 2.0, **values: float | tuple[float, ...]) -> np.ndarray:
    patch = Patch("impact", {**METAL, **values})
    played = render_inline(patch, note=60, velocity=velocity, hold_s=hold_s, duration_s=2.0, sample_rate=RATE)
    return played.samples.astype(np.float64)


def level_db(samples: np.ndarray, at_s: float) -> float:
    """Around a moment: the energy of both sides as that of a sine, 0 dB at full scale."""
    part = samples[:, round((at_s - 0.02) * RATE) : round((at_s + 0.02) * RATE)]
    return float(10.0 * np.log10(2.0 * np.mean(part**2)))


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_the_drawn_modes_are_heard(shape):
    held = {"shape": float(shape), "width": 0.0, "damping_high": 0.1}
    drawn, samples = picture(**held), sound(**held)[0]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.size)))
    hz_per_bin = RATE / samples.size
    energy_db = drawn.mode_db + 20.0 * np.log10(drawn.mode_decay_s)
    loudest = float(drawn.mode_hz[int(np.argmax(energy_db))])
    near = slice(round(loudest / hz_per_bin) - 40, round(loudest / hz_per_bin) + 40)
    assert spectrum[near].max() > 0.2 * spectrum.max()
    assert abs(near.start + int(spectrum[near].argmax()) - loudest / hz_per_bin) < 3


def test_residuals_move_a_mode_from_where_physics_has_it():
    own = tuple(12.0 if n == 2 else 0.0 for n in range(512))
    level = tuple(-72.0 if n == 3 else 6.0 if n == 2 else 0.0 for n in range(512))
    faster = tuple(1.0 if n == 2 else 0.0 for n in range(512))
    plain, moved = picture(), picture(mode_pitch_st=own, mode_level_db=level, mode_damping_oct=faster)
    assert plain.n_own == moved.n_own == 12
    np.testing.assert_allclose(moved.plain_hz, plain.mode_hz)
    np.testing.assert_allclose(moved.plain_db, plain.mode_db)
    np.testing.assert_allclose(moved.plain_decay_s, plain.mode_decay_s)
    assert moved.mode_hz[2] == pytest.approx(2.0 * plain.mode_hz[2])
    assert moved.mode_db[3] == -np.inf
    at_new_pitch = np.interp(moved.mode_hz[2], plain.damping_hz, plain.damping_decay_s)
    assert moved.mode_decay_s[2] == pytest.approx(0.5 * at_new_pitch, rel=0.02)


def test_one_mode_is_one_and_the_air_comes_behind():
    assert picture(modes=1.0).n_own == 1
    hollow = picture(hollowness=0.5)
    assert hollow.n_own == 12
    assert hollow.mode_hz.size == 20


def test_the_curve_falls_as_the_sound_does():
    drawn, samples = picture(width=0.0), sound(width=0.0)
    for at_s in (0.1, 0.4, 0.8):
        told = float(np.interp(at_s, drawn.level_s, drawn.level_db))
        assert told == pytest.approx(level_db(samples, at_s), abs=2.5)


def test_a_damped_object_falls_when_the_key_goes_up():
    rings, damped = picture(hold_s=0.5), picture(hold_s=0.5, release=1.0, release_s=0.2)
    early, late = rings.level_s < 0.5, rings.level_s > 0.72
    np.testing.assert_allclose(rings.level_db[early], damped.level_db[early])
    assert (rings.level_db[late] - damped.level_db[late] > 60.0).all()


def test_the_room_goes_on_when_the_object_is_over():
    wood = {"material": 0.0, "width": 0.0, "modes": 3.0, "damping_low": 4.0}
    dry, wet = picture(**wood), picture(**wood, room=1.0, room_s=2.0, room_delay_s=0.1)
    assert (dry.room_db == -np.inf).all()
    assert (wet.room_db[wet.level_s < 0.1] == -np.inf).all()
    samples = sound(**wood, room=1.0, room_s=2.0, room_delay_s=0.1)
    told = float(np.interp(0.8, wet.level_s, wet.room_db))
    assert told == pytest.approx(level_db(samples, 0.8), abs=4.0)
    assert wet.band_hz.size == wet.band_decay_s.size == wet.band_db.size == 8
    assert wet.room == pytest.approx(1.0)
    assert wet.room_delay_s == pytest.approx(0.1)


def test_a_harder_blow_is_a_shorter_and_higher_push():
    soft, hard = picture(velocity=30), picture(velocity=127)
    assert hard.contact_s < soft.contact_s
    assert soft.force.max() < hard.force.max() == pytest.approx(1.0)
    assert hard.mode_db.max() > soft.mode_db.max()


def test_the_noise_is_drawn_where_there_is_any():
    assert picture().noise_db.size == 0
    scrape = picture(contact_db=-6.0, contact_s=1.0, contact_rise_s=0.2)
    assert 0.05 < scrape.noise_s[int(scrape.noise_db.argmax())] < 0.5


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_the_studio_draws_whatever_instrument_it_is(kind):
    drawn: list[ImpactPictures] = []

    def hear(event: Event) -> None:
        if event.kind == "done":
            drawn.append(event.payload)

    studio = Studio(hear, kind=kind)
    studio.pictures(Patch("impact", METAL), note=60, velocity=100, hold_s=1.0, duration_s=2.0)
    for runner in (studio.live, studio.work):
        runner.wait_idle(60.0)
    studio.close()
    assert [type(p) for p in drawn] == [ImpactPictures]


def test_the_fake_draws_what_it_plays():
    drawn = draw_fake(Patch("impact", METAL), 60, 100, 1.0, 2.0)
    assert drawn.n_own == drawn.mode_hz.size == 6
    assert np.isfinite(drawn.level_db).all()
    assert drawn.level_db[-1] < drawn.level_db[0]


@pytest.mark.parametrize("modes", [28.2, 28.5, 28.8, 1.4])
def test_as_many_modes_are_drawn_as_the_knob_says(modes):
    said = format_value(IMPACT_SPACE["modes"], modes)
    assert str(picture(modes=modes).n_own) == said


def test_the_pitch_is_marked_where_it_is_heard():
    pot = draw(find_patch("Clay Pot"), 60, 100, 1.0, 1.0)
    lowest = np.argmin(pot.mode_hz[: pot.n_own])
    assert pot.pitch_hz == pytest.approx(pot.mode_hz[lowest], rel=0.01)
    assert pot.mode_db[lowest] > pot.mode_db.max() - 25.0
    bar = Patch("impact", {"shape": 0.0})
    assert draw(bar, 60, 100, 1.0, 1.0).pitch_hz == pytest.approx(draw(bar, 60, 100, 1.0, 1.0).mode_hz[0], rel=0.01)
