"""Priors by name: ours, the fake, and public ones from wherever they lie on this machine."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from steps import finished
from tiny_priors import PUBLIC, tiny_folder, tiny_own

from engine.errors import BadUsage, WeightError
from engine.priors import choose
from engine.priors.base import Prompt
from engine.priors.fake import FakePrior
from engine.priors.own import OwnPrior
from engine.priors.stable_audio_3_files import open_published
from engine.weights import residency
from engine.weights.catalog import find
from engine.weights.net_file import NetFile, write_net
from engine.weights.places import MODELS_VARIABLE, name_folder
from engine.weights.shelf import WEIGHTS_VARIABLE

CPU = torch.device("cpu")
IDS = {"stable-audio-open-1.0": "stable-audio-open-1.0", "stable-audio-3": "stable-audio-3-medium"}


@pytest.fixture(autouse=True)
def _own_shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path / "weights"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))


def test_ours_is_the_first_and_the_public_ones_are_known_before_they_are_here() -> None:
    ids = choose.prior_ids()
    assert ids[0] == "own"
    assert {"stable-audio-open-1.0", "stable-audio-3-medium", "audioldm2"} <= set(ids)
    assert "vocos-mel-24khz" not in ids


@pytest.mark.parametrize("name", ["", "vocos-mel-24khz", "stable diffusion"])
def test_a_prior_that_there_is_not_is_said_with_those_that_there_are(name: str) -> None:
    with pytest.raises(BadUsage, match=r"There is no prior called .* there are own, stable-audio-open-1.0"):
        choose.open_prior(name)


@pytest.mark.parametrize("name", ["stable-audio-open-1.0", "stable-audio-3-medium", "audioldm2"])
def test_one_that_is_not_installed_is_told_how_to_get_in_one_sentence(name: str) -> None:
    with pytest.raises(WeightError, match=f"tonewright models fetch {name}") as caught:
        choose.open_prior(name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PUBLIC)
def test_one_in_a_folder_that_a_person_named_is_opened_and_kept(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    weight = find(IDS.get(name, name))
    name_folder(weight, tiny_folder(name, tmp_path_factory))
    with choose.lent_prior(weight.id, CPU) as prior:
        z, _ = finished(prior.sample(Prompt("a bell"), 0.2, 1, torch.Generator().manual_seed(1), 2))
        assert prior.hear(z).abs().max() > 0.0
        said = choose.plan_of(prior)
        (resident,) = [net for net in residency.resident() if net.name == weight.id]
        numbers = {id(x): x.nbytes for m in prior._pipeline.components.values() if isinstance(m, torch.nn.Module)
                   for x in (*m.parameters(), *m.buffers())}  # fmt: skip
        assert resident.n_bytes == pytest.approx(sum(numbers.values()), rel=0.01)
    with choose.lent_prior(weight.id, CPU) as again:
        assert again is prior
    assert said.endswith("GB")
    assert "fp32 on the CPU" in said
    assert choose.licence_of(weight.id).title == weight.licence.title
    residency.release(weight.id)


def test_ours_comes_from_its_shelf(tmp_path: Path) -> None:
    net = tiny_own()._net
    (tmp_path / "weights").mkdir()
    settings = {name: getattr(net.settings, name) for name in net.settings.__dataclass_fields__}
    write_net(tmp_path / "weights" / "prior.safetensors", NetFile("prior", settings, {}, net.state_dict()))
    assert isinstance(choose.open_prior("own", CPU), OwnPrior)
    with choose.lent_prior("own", CPU) as prior:
        assert isinstance(prior, OwnPrior)
        assert choose.plan_of(prior) == ""
    residency.release("own prior")


def test_the_fake_needs_no_file() -> None:
    assert isinstance(choose.open_prior("fake"), FakePrior)
    with choose.lent_prior("fake") as prior:
        assert isinstance(prior, FakePrior)
    assert choose.licence_of("fake") == choose.licence_of("own")


def test_without_diffusers_a_sentence_says_what_to_install(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_folder("stable-audio-open-1.0", tmp_path_factory)
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "diffusers" else there(name))
    with pytest.raises(WeightError, match=r"need diffusers; install .*pip install 'tonewright\[priors\]'"):
        choose.kind_of(folder).load(folder)
    with pytest.raises(WeightError, match=r"need diffusers; install .*pip install 'tonewright\[priors\]'"):
        open_published(folder, torch.float32)


def test_nothing_of_diffusers_is_loaded_before_it_is_needed() -> None:
    code = "import sys, engine.priors.choose; print(*{name.partition('.')[0] for name in sys.modules})"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert not {"diffusers", "accelerate", "torchsde", "transformers"} & set(answer.stdout.split())
