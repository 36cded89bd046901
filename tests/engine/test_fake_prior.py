"""The fake prior is exact: its estimate is the posterior mean of the mixture that it stands for."""

from __future__ import annotations

import pytest
import torch
from steps import finished

from engine.dsp.mel import N_BANDS, band_centres_hz
from engine.priors.base import Noising, Prompt
from engine.priors.fake import SPREAD, FakePrior
from engine.priors.fake_sounds import KNOWN, PITCHES, meant_by


def test_the_estimate_is_the_gradient_of_the_logarithm_of_the_density() -> None:
    """Tweedie: ``(1 - t) E[x | z] = z + t^2 d log p(z) / dz``, the density written down by itself, in float64."""
    prior = FakePrior()
    middles = prior.centres(6).double().flatten(1)
    t = torch.tensor([0.3, 0.7, 0.95], dtype=torch.float64)
    e = torch.randn(3, 6, N_BANDS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    noisy = ((1.0 - t)[:, None, None] * prior.centres(6)[:3].double() + t[:, None, None] * e).requires_grad_(True)
    variance = (1.0 - t) ** 2 * SPREAD**2 + t**2
    distance = (noisy.flatten(1)[:, None] - (1.0 - t)[:, None, None] * middles).square().sum(-1)
    torch.logsumexp(-0.5 * distance / variance[:, None], 1).sum().backward()
    assert noisy.grad is not None
    wanted = (noisy.detach() + t[:, None, None] ** 2 * noisy.grad) / (1.0 - t)[:, None, None]
    assert torch.allclose(prior.estimate(noisy.detach(), t, ""), wanted, atol=1e-6)


@pytest.mark.parametrize(("words", "meant"), [("a dull wooden knock", "wood"), ("Heavy RAIN on a roof", "rain")])
def test_words_pick_the_sounds_that_they_name(words: str, meant: str) -> None:
    assert meant_by(words) == [meant]


def test_words_that_it_does_not_know_pull_nowhere() -> None:
    prior = FakePrior()
    z = torch.randn(2, 20, N_BANDS, generator=torch.Generator().manual_seed(1))
    t = torch.tensor([0.6, 0.8])
    assert torch.equal(prior.estimate(z, t, "a cow"), prior.estimate(z, t, ""))


@pytest.mark.parametrize("name", KNOWN)
def test_a_sample_is_one_of_the_sounds_that_the_words_name(name: str) -> None:
    prior = FakePrior()
    prompt = Prompt(KNOWN[name].stems[0], guidance=1.0)
    z, _ = finished(prior.sample(prompt, 0.5, 3, torch.Generator().manual_seed(1), 8))
    middles = prior.centres(z.shape[1])
    nearest = (z.flatten(1)[:, None] - middles.flatten(1)).square().mean(-1).min(1)
    named = {list(KNOWN)[int(k) // len(PITCHES)] for k in nearest.indices}
    assert named <= set(meant_by(prompt.text))
    assert float(nearest.values.max()) < 2.0 * SPREAD**2


def test_a_target_for_a_bass_has_less_above_than_the_noise_that_it_began_with() -> None:
    prior = FakePrior()
    hiss = 0.1 * torch.randn(1, 1, 12_000, generator=torch.Generator().manual_seed(1))
    z = prior.embed(hiss)
    wanted, _ = finished(prior.target(z, Prompt("a low bass"), torch.Generator().manual_seed(1), Noising(steps=4)))
    high = band_centres_hz() > 4000.0
    assert float(prior.frames(wanted)[..., high].mean()) < float(prior.frames(z)[..., high].mean()) - 2.0
