"""The measure by which fitted strikes are judged, and the recordings that they are judged on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.audio import Audio, Clip
from engine.bench import strike as bench
from engine.bench.strike import Measured, Strike, chosen, listed, measured
from engine.dsp.log_mel import N_MELS, LogMelTarget, log_mel_error_db, mel_weights
from engine.matching.modes import Modes

RATE = 44_100


def strike(hz: float = 800.0, damping: float = 12.0, seconds: float = 0.4) -> np.ndarray:
    columns = np.array([[hz, 2.7 * hz], [damping, 2.0 * damping], [0.5, 0.3], [0.0, 0.0]])
    return Modes(*columns).sound(round(seconds * RATE), RATE)


def noise(seed: int, seconds: float = 0.4) -> np.ndarray:
    n = round(seconds * RATE)
    return np.random.default_rng(seed).standard_normal(n) * np.exp(-np.arange(n) / (0.05 * RATE))


def test_a_sound_has_no_error_against_itself_however_loud() -> None:
    assert log_mel_error_db(strike(), 0.01 * strike(), RATE) == pytest.approx(0.0, abs=1e-6)


def test_the_error_grows_with_what_differs() -> None:
    errors = [log_mel_error_db(strike(), strike(damping=d), RATE) for d in (12.0, 14.0, 20.0, 40.0)]
    assert errors == sorted(errors)
    assert errors[1] > 0.1
    assert log_mel_error_db(strike(), strike(1_600.0), RATE) > 5.0


def test_two_noises_of_one_kind_are_nearer_than_noise_and_a_tone() -> None:
    assert 0.5 < log_mel_error_db(noise(0), noise(1), RATE) < 0.5 * log_mel_error_db(noise(0), strike(), RATE)


def test_a_short_sound_is_followed_by_silence_and_a_long_one_is_cut() -> None:
    sound = strike()
    half = sound[: sound.size // 2]
    padded = np.pad(half, (0, sound.size - half.size))
    assert log_mel_error_db(sound, half, RATE) == pytest.approx(log_mel_error_db(sound, padded, RATE))
    assert log_mel_error_db(sound, np.append(sound, noise(0)), RATE) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("size", [512, 1024, 2048])
def test_every_band_hears_something_and_they_go_up_to_the_top(size: int) -> None:
    weights = mel_weights(size, RATE)
    assert weights.shape == (size // 2 + 1, N_MELS)
    assert (weights.sum(0) > 0.5).all()
    middles = (weights * np.arange(size // 2 + 1)[:, None]).sum(0) / weights.sum(0)
    assert (np.diff(middles) > 0.0).all()
    assert middles[-1] * RATE / size > 20_000.0


def test_the_loss_has_a_slope_even_below_the_floor() -> None:
    target = LogMelTarget(torch.from_numpy(noise(0)), RATE)
    faint = torch.from_numpy(strike() + 1e-6 * noise(1)).requires_grad_()
    (slope,) = torch.autograd.grad(target.losses_db(faint[None])[0], faint)
    assert bool(slope.isfinite().all())
    assert bool((slope != 0.0).any())


def test_what_is_covered_is_the_way_from_the_preset_down_to_the_floor() -> None:
    assert Measured("x", "dev", 4.0, 2.0, 10.0, "Pot", 1.0).covered == pytest.approx(0.75)
    assert Measured("x", "dev", 4.0, 12.0, 10.0, "Pot", 1.0).covered == 0.0


def test_a_fit_is_measured_beside_the_best_preset_and_its_own_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    patches = [patch for patch in bench.factory_presets() if patch.synth == "impact"][:2]
    monkeypatch.setattr(bench, "factory_presets", lambda: patches)
    clip = Clip.of(Audio((0.3 * strike() + 0.05 * noise(0)).astype(np.float32)[None], RATE), "pot")
    one = measured(Strike("pot", "", "dev"), clip, seconds=3.0)
    assert one.preset in {patch.name for patch in patches}
    assert 0.0 <= one.floor_db < one.preset_db
    assert one.error_db < one.preset_db


def test_a_row_says_how_much_of_it_is_from_an_earlier_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "sounds").mkdir()
    monkeypatch.setenv("TONEWRIGHT_DATA", str(tmp_path))
    clip = Clip.of(Audio(np.zeros((1, 8), np.float32), RATE), "none")

    def two(_folder: Path) -> Iterator[tuple[Strike, Clip]]:
        yield Strike("bell__x.ogg", "", "dev"), clip
        yield Strike("wood_impact__y.ogg", "", "final"), clip

    calls: list[str] = []

    def quick(one: Strike, _clip: Clip) -> Measured:
        calls.append(one.name)
        return Measured(one.name, one.part, 4.0, 2.0, 10.0, "Pot", 1.0)

    monkeypatch.setattr(bench, "recordings", two)
    monkeypatch.setattr(bench, "measured", quick)
    first, again = ([(row.name, row.detail) for row in bench.rows()] for _ in range(2))
    assert calls == ["bell__x.ogg", "wood_impact__y.ogg"]
    assert [name for name, _ in first] == [
        "all, covered",
        "dev, covered",
        "final, covered",
        "wood_impact, covered",
        "bell, covered",
        "time",
    ]
    assert "earlier" not in first[0][1]
    assert "2 measured in an earlier run" in again[0][1]


@pytest.mark.data
def test_the_list_follows_from_the_data_and_no_group_is_in_both_parts(shared_data: Path) -> None:
    folder = shared_data / "sounds"
    assert listed() == chosen(folder)
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        group = {row["file"]: (row["class"], row["group"]) for row in csv.DictReader(file)}
    parts = ({group[one.name] for one in listed() if one.part == part} for part in ("dev", "final"))
    assert not set.intersection(*parts)
