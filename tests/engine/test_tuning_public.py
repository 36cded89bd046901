"""Words turn knobs and become sounds with public priors too. The checkpoints are small and random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from steps import finished
from tiny_checkpoints import RATE_HZ
from tiny_priors import PUBLIC, open_tiny, tiny_folder

from engine.errors import BadUsage, WeightError
from engine.params import FM_SPACE, Patch
from engine.priors.audioldm2 import AudioLdm2
from engine.priors.base import Prompt
from engine.priors.stable_audio import StableAudioOpen
from engine.sds.imagine import imagine
from engine.sds.optimise import SdsSettings, SynthScene, refine
from engine.sds.result import PlanNote
from engine.synths.fm import FmSynth
from engine.weights import residency
from engine.weights.catalog import find
from engine.weights.places import MODELS_VARIABLE, name_folder


@pytest.fixture(autouse=True)
def _own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.mark.parametrize(
    ("prior", "tiny", "channels", "licence"),
    [
        ("stable-audio-open-1.0", "stable-audio-open-1.0", 2, "Stability AI Community License"),
        ("stable-audio-3-medium", "stable-audio-3", 2, "Stability AI Community License, Gemma Terms of Use"),
        ("audioldm2", "audioldm2", 1, "CC BY-NC-SA 4.0"),
    ],
)
def test_what_a_public_prior_imagines_is_a_sound_with_its_licence(
    prior: str,
    tiny: str,
    channels: int,
    licence: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in (StableAudioOpen, AudioLdm2):
        monkeypatch.setattr(kind, "usual_steps", 6)
    name_folder(find(prior), tiny_folder(tiny, tmp_path_factory))
    found, notes = finished(imagine("a bell", seconds=0.3, seed=3, prior=prior))
    again, _ = finished(imagine("a bell", seconds=0.3, seed=3, prior=prior))
    assert found.licence == licence
    assert f"weights under {licence} (https://" in found.about.licence
    # As the model makes it: its own rate, its own channels.
    assert found.audio.sample_rate == RATE_HZ != 24_000
    assert found.audio.channels == channels
    assert found.audio.duration_s == pytest.approx(0.3, abs=0.02)
    if channels == 2:
        assert not np.allclose(found.audio.samples[0], found.audio.samples[1])
    assert np.abs(found.audio.samples).max() > 0.01
    assert np.array_equal(found.audio.samples, again.audio.samples)
    assert [note.text for note in notes if isinstance(note, PlanNote)] == [found.plan]
    assert "on the CPU" in found.plan
    assert notes[-1].fraction == pytest.approx(0.9)
    residency.release(prior)


def test_one_that_is_not_here_or_not_at_all_is_said() -> None:
    with pytest.raises(WeightError, match="tonewright models fetch audioldm2"):
        finished(imagine("a bell", seconds=0.3, seed=3, prior="audioldm2"))
    with pytest.raises(BadUsage, match="There is no prior called 'nobody'"):
        finished(imagine("a bell", seconds=0.3, seed=3, prior="nobody"))


def test_each_prior_says_how_long_its_sounds_are() -> None:
    assert "stable-audio-open-1.0" in check_and_say("stable-audio-open-1.0", 30.0)
    with pytest.raises(BadUsage, match="to 47 s"):
        finished(imagine("a bell", seconds=60.0, seed=3, prior="stable-audio-open-1.0"))
    with pytest.raises(BadUsage, match="to 4 s"):
        finished(imagine("a bell", seconds=30.0, seed=3))


def check_and_say(prior: str, seconds: float) -> str:
    """What stands in the way of that length behind the door: that the net is not here."""
    with pytest.raises(WeightError) as error:
        finished(imagine("a bell", seconds=seconds, seed=3, prior=prior))
    return str(error.value)


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("place", ["encoder", "decoder"])
def test_what_it_wants_turns_the_knobs(name: str, place: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """At the prior's own rate: the slope reaches from its net through its autoencoder to the instrument."""
    prior = open_tiny(name, tmp_path_factory)
    scene = SynthScene(FmSynth(may_open=False), note=57.0, hold_s=1.0, duration_s=0.2, sample_rate=prior.sample_rate)
    unit = torch.tensor([Patch("fm", {"mod_2_1_rad": depth}).unit() for depth in (0.0, 0.5)])
    settings = SdsSettings(n_steps=2, draws=2, place=place, windows=(64, 256))  # type: ignore[arg-type]
    free = torch.ones(FM_SPACE.n_units, dtype=torch.bool)
    steps = list(refine(scene, unit, free, prior, Prompt("a bell"), settings, torch.Generator().manual_seed(0)))
    assert steps[-1].skipped == 0
    assert steps[-1].unit.isfinite().all()
    assert (steps[-1].unit - unit).abs().amax(1).min() > 1e-3
    assert prior.plan.way == "CPU"
