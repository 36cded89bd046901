"""Our own prior: what it takes in and gives back, whatever it has learned. The nets here are small and untrained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from steps import finished

from engine.audio.resample import resample
from engine.audio.values import Audio
from engine.dsp.mel import N_BANDS, RATE_HZ
from engine.errors import BadUsage, WeightError
from engine.priors.base import Noising, Prompt
from engine.priors.own import OwnPrior
from engine.priors.own_net import PriorNet, PriorSettings
from engine.priors.text import SHA256, TEXT_DIM, check_file, model_folder, text_encoder
from engine.sds.imagine import with_headroom
from engine.weights.net_file import NetFile, read_net, write_net

SMALL = PriorSettings(width=64, depth=2, heads=2)


@pytest.fixture
def net() -> PriorNet:
    """A small net whose answers depend on all that goes in."""
    torch.manual_seed(0)
    net = PriorNet(SMALL)
    for parameter in net.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return net


def noise(n: int = 2, frames: int = 24) -> torch.Tensor:
    return torch.randn(n, frames, N_BANDS, generator=torch.Generator().manual_seed(5))


def test_same_words_same_vector_alone_and_in_company() -> None:
    encoder = text_encoder()
    company = encoder(["a dog barking", "rain", "a dull wooden knock on a heavy door"])
    alone = type(encoder)(model_folder())(["a dull wooden knock on a heavy door"])
    assert torch.allclose(company[2], alone[0], atol=1e-6)
    assert company.norm(dim=1).tolist() == pytest.approx([1.0] * 3, abs=1e-5)


def test_words_that_mean_the_same_point_the_same_way() -> None:
    dog, puppy, rain = text_encoder()(["a dog barking", "a puppy barks", "heavy rain on a roof"])
    assert float(dog @ puppy) > float(dog @ rain) + 0.2


def test_a_text_model_that_was_changed_is_not_loaded(tmp_path: Path) -> None:
    changed = tmp_path / "model.safetensors"
    changed.write_bytes(b"something else")
    with pytest.raises(WeightError, match="not the text model's official file"):
        check_file(changed, SHA256)
    with pytest.raises(WeightError, match="cannot be read"):
        check_file(tmp_path / "nothing", SHA256)


@pytest.mark.parametrize("words", ["", "   ", "?!…"])
def test_a_prompt_needs_words(words: str) -> None:
    with pytest.raises(BadUsage, match="There are no words"):
        Prompt(words)


@torch.no_grad()
def test_time_words_and_length_all_matter(net: PriorNet) -> None:
    x, text = noise(1), torch.nn.functional.normalize(torch.randn(2, TEXT_DIM), dim=1)
    t, seconds = torch.tensor([0.5]), torch.tensor([1.0])
    plain = net(x, t, text[:1], seconds)
    assert plain.shape == x.shape
    for other in (
        net(x, torch.tensor([0.9]), text[:1], seconds),
        net(x, t, text[1:], seconds),
        net(x, t, text[:1], torch.tensor([3.0])),
        net(x, t, text[:1], seconds, torch.tensor([False])),
    ):
        assert float((other - plain).abs().max()) > 1e-4


def test_rows_do_not_hear_each_other(net: PriorNet) -> None:
    x, text = noise(3), torch.nn.functional.normalize(torch.randn(3, TEXT_DIM), dim=1)
    t, seconds = torch.tensor([0.2, 0.5, 0.8]), torch.tensor([0.3, 1.0, 4.0])
    together = net(x, t, text, seconds)
    for n in range(3):
        alone = net(x[n : n + 1], t[n : n + 1], text[n : n + 1], seconds[n : n + 1])
        assert torch.allclose(together[n], alone[0], atol=1e-4)


def test_the_way_from_a_sound_into_the_prior_has_a_gradient(net: PriorNet) -> None:
    prior = OwnPrior(net)
    sound = torch.randn(2, 2, 9000).mul_(0.1).requires_grad_(True)
    z = prior.embed(sound)
    assert z.shape == (2, 36, N_BANDS)
    z.sum().backward()
    assert sound.grad is not None
    assert float(sound.grad.abs().max()) > 0.0


def test_loudness_does_not_reach_the_prior(net: PriorNet) -> None:
    sound = torch.randn(1, 1, 9000, generator=torch.Generator().manual_seed(2)) * 0.1
    loud, soft = OwnPrior(net).embed(sound), OwnPrior(net).embed(sound * 0.1)
    assert torch.allclose(loud, soft, atol=1e-3)


def test_the_target_is_the_same_for_the_same_seed_and_another_for_another(net: PriorNet) -> None:
    prior, z = OwnPrior(net), noise()

    def target(seed: int, prompt: Prompt) -> tuple[torch.Tensor, list[float]]:
        return finished(prior.target(z, prompt, torch.Generator().manual_seed(seed), Noising(steps=3)))

    one, passes = target(1, Prompt("a bell"))
    assert len(passes) == 3
    assert one.shape == z.shape
    assert torch.equal(one, target(1, Prompt("a bell"))[0])
    assert not torch.equal(one, target(2, Prompt("a bell"))[0])
    assert not torch.equal(one, target(1, Prompt("a kick drum"))[0])
    assert not torch.equal(one, target(1, Prompt("a bell", negative="a kick drum"))[0])


def test_guidance_is_a_straight_line_through_both_estimates(net: PriorNet) -> None:
    """One step: ``without + w (with - without)``, for any ``w``."""
    prior, z = OwnPrior(net), noise()

    def one_step(w: float) -> torch.Tensor:
        prompt = Prompt("glass breaking", guidance=w)
        return finished(prior.target(z, prompt, torch.Generator().manual_seed(3), Noising(steps=1)))[0]

    without, with_words, beyond = one_step(0.0), one_step(1.0), one_step(4.0)
    assert torch.allclose(beyond, without + 4.0 * (with_words - without), atol=1e-3)
    assert float((with_words - without).abs().max()) > 1e-4


@pytest.mark.parametrize(("seconds", "n_frames"), [(0.05, 8), (1.0, 96), (4.0, 376)])
def test_a_sample_has_the_length_that_was_asked_for(net: PriorNet, seconds: float, n_frames: int) -> None:
    steps = OwnPrior(net).sample(Prompt("rain"), seconds, 2, torch.Generator().manual_seed(1), 4)
    z, passes = finished(steps)
    assert z.shape == (2, n_frames, N_BANDS)
    assert len(passes) == 4
    assert torch.isfinite(z).all()


def test_a_length_out_of_reach_is_said(net: PriorNet) -> None:
    with pytest.raises(BadUsage, match=r"from 0\.05 to 4 s"):
        finished(OwnPrior(net).sample(Prompt("rain"), 9.0, 1, torch.Generator(), 2))


def test_what_it_imagines_can_be_heard(net: PriorNet) -> None:
    prior = OwnPrior(net)
    z, _ = finished(prior.sample(Prompt("rain"), 0.5, 1, torch.Generator().manual_seed(1), 2))
    sound = prior.hear(z)
    assert sound.shape[:2] == (1, 1)
    assert sound.shape[2] / RATE_HZ == pytest.approx(0.5, abs=0.04)
    assert torch.equal(sound, prior.hear(z))


def test_a_net_is_the_same_after_its_file(net: PriorNet, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    settings = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__}
    write_net(path, NetFile("prior", settings, {"step": 3}, net.state_dict()))
    again = OwnPrior.load(path, quick=False)
    x, text = noise(1), text_encoder()(["a bell"])
    t, seconds = torch.tensor([0.5]), torch.tensor([1.0])
    assert torch.allclose(again._net(x, t, text, seconds), net(x, t, text, seconds), atol=0.02)
    assert read_net(path, "prior").card == {"step": 3}
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_files_that_are_no_prior_are_refused_in_one_sentence(net: PriorNet, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    write_net(path, NetFile("judge", {}, {}, net.state_dict()))
    with pytest.raises(WeightError, match="holds judge and not a prior"):
        OwnPrior.load(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightError, match="damaged"):
        OwnPrior.load(path)
    with pytest.raises(WeightError, match="tonewright train prior"):
        OwnPrior.load(tmp_path / "none.safetensors")


def test_the_quick_way_wants_nearly_the_same(net: PriorNet, tmp_path: Path) -> None:
    path = tmp_path / "prior.safetensors"
    settings = {name: getattr(SMALL, name) for name in SMALL.__dataclass_fields__}
    write_net(path, NetFile("prior", settings, {}, net.state_dict()))
    z, found = noise(), []
    for quick in (False, True):
        prior = OwnPrior.load(path, quick=quick)
        steps = prior.target(z, Prompt("glass breaking", guidance=1.0), torch.Generator().manual_seed(3), Noising())
        found.append(finished(steps)[0])
    assert found[1].dtype == torch.float32
    assert float((found[1] - found[0]).norm() / found[0].norm()) < 0.03


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_what_is_imagined_has_room_above_it_at_every_rate(rate: int) -> None:
    """A wave whose peaks lie between the samples goes beyond them where it is played at another rate."""
    t = np.arange(24_000)
    wave = np.sin(2 * np.pi * (t + 0.5) / 4).astype(np.float32) * np.hanning(24_000).astype(np.float32)
    loud = Audio((wave / np.abs(wave).max())[None], 24_000)
    assert np.abs(resample(loud, rate).samples).max() > 1.2
    assert np.abs(resample(with_headroom(loud), rate).samples).max() <= 10 ** (-1 / 20)
    quiet = Audio(0.1 * wave[None], 24_000)
    assert with_headroom(quiet) is quiet
