"""What every prior keeps to, whichever net is behind it. The nets here are small and untrained."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from steps import finished
from tiny_priors import PRIORS, open_tiny

from engine.errors import BadUsage
from engine.priors.base import Noising, Prior, Prompt

SECONDS = 0.4


@pytest.fixture(scope="module", params=PRIORS)
def prior(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Prior:
    return open_tiny(request.param, tmp_path_factory)


def sound(prior: Prior, rows: int = 2, channels: int = 1) -> torch.Tensor:
    n = round(SECONDS * prior.sample_rate)
    return 0.1 * torch.randn(rows, channels, n, generator=torch.Generator().manual_seed(4))


def rng(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def target(prior: Prior, z: torch.Tensor, text: str = "a bell", seed: int = 1, **noising: float) -> torch.Tensor:
    return finished(prior.target(z, Prompt(text), rng(seed), Noising(**{"steps": 2, **noising})))[0]


def test_it_says_how_it_is_to_be_asked(prior: Prior) -> None:
    assert prior.longest_s > 0.0
    assert prior.usual_steps >= 1
    assert Prompt("a bell", guidance=prior.usual_guidance)
    with pytest.raises(BadUsage):
        finished(prior.sample(Prompt("a bell"), 1.01 * prior.longest_s, 1, rng(), 1))


@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_becomes_z_and_a_sound_again(prior: Prior, channels: int) -> None:
    z = prior.embed(sound(prior, 2, channels))
    assert z.shape[0] == 2
    assert z.is_floating_point()
    heard = prior.hear(z.detach())
    assert heard.ndim == 3
    assert heard.shape[0] == 2
    assert heard.shape[2] / prior.sample_rate == pytest.approx(SECONDS, abs=0.1)
    assert torch.isfinite(heard).all()


def test_the_way_from_a_sound_into_z_has_a_gradient(prior: Prior) -> None:
    samples = sound(prior).requires_grad_(True)
    prior.embed(samples).square().sum().backward()
    assert samples.grad is not None
    assert samples.grad.isfinite().all()
    assert (samples.grad.abs().amax((1, 2)) > 0.0).all()


def test_how_loud_a_sound_is_makes_no_difference(prior: Prior) -> None:
    loud = sound(prior)
    assert torch.allclose(prior.embed(loud), prior.embed(0.1 * loud), atol=2e-3)


def test_the_higher_the_level_the_less_sound_and_the_more_noise_there_is(prior: Prior) -> None:
    sound_share, noise_share = prior.mixture(torch.linspace(0.0, 1.0, 21))
    assert (sound_share.diff() < 0.0).all()
    assert (noise_share.diff() > 0.0).all()
    assert float(sound_share[0]) == pytest.approx(1.0, abs=0.01)
    assert float(noise_share[0]) == pytest.approx(0.0, abs=0.05)
    assert float(noise_share[-1]) == pytest.approx(1.0, abs=0.05)


def test_a_target_is_z_without_gradients(prior: Prior) -> None:
    z = prior.embed(sound(prior).requires_grad_(True))
    found = target(prior, z)
    assert found.shape == z.shape
    assert found.dtype == z.dtype
    assert not found.requires_grad
    assert torch.isfinite(found).all()
    assert float((found - z.detach()).abs().max()) > 1e-4


@pytest.mark.parametrize("steps", [1, 3])
def test_each_pass_through_the_net_is_told(prior: Prior, steps: int) -> None:
    z = prior.embed(sound(prior)).detach()
    _, told = finished(prior.target(z, Prompt("a bell"), rng(), Noising(steps=steps)))
    assert told == pytest.approx([(n + 1) / steps for n in range(steps)])
    _, told = finished(prior.sample(Prompt("a bell"), SECONDS, 2, rng(), steps + 1))
    assert told == pytest.approx([(n + 1) / (steps + 1) for n in range(steps + 1)])


def test_same_seed_same_target(prior: Prior) -> None:
    z = prior.embed(sound(prior)).detach()
    one = target(prior, z)
    assert torch.equal(one, target(prior, z))
    assert not torch.equal(one, target(prior, z, seed=2))


def test_words_and_what_is_not_wanted_matter(prior: Prior) -> None:
    z = prior.embed(sound(prior)).detach()

    def seen(prompt: Prompt) -> torch.Tensor:
        return finished(prior.target(z, prompt, rng(), Noising(low=0.9, high=0.99, steps=1)))[0]

    bell = seen(Prompt("a bell"))
    assert float((bell - seen(Prompt("a kick drum"))).abs().max()) > 1e-4
    assert float((bell - seen(Prompt("a bell", negative="a kick drum"))).abs().max()) > 1e-4


def test_rows_do_not_hear_each_other(prior: Prior) -> None:
    z = prior.embed(sound(prior, 3)).detach()
    changed = z.clone()
    changed[1] = changed[1].flip(0) * 0.5 + 0.3
    before, after = target(prior, z), target(prior, changed)
    assert torch.allclose(before[[0, 2]], after[[0, 2]], atol=1e-4)
    assert float((before[1] - after[1]).abs().max()) > 1e-3


def test_guidance_is_a_straight_line_through_both_estimates(prior: Prior) -> None:
    """One step: ``without + w (with - without)``, for any ``w``."""
    z = prior.embed(sound(prior)).detach()

    def one_step(w: float) -> torch.Tensor:
        prompt = Prompt("a bell", guidance=w)
        return finished(prior.target(z, prompt, rng(3), Noising(low=0.6, high=0.9, steps=1)))[0]

    without, with_words, beyond = one_step(0.0), one_step(1.0), one_step(4.0)
    assert torch.allclose(beyond, without + 4.0 * (with_words - without), atol=1e-3)


def test_a_sample_is_as_long_as_was_asked_for(prior: Prior) -> None:
    z, _ = finished(prior.sample(Prompt("a bell"), SECONDS, 2, rng(), 2))
    heard = prior.hear(z)
    assert heard.shape[0] == 2
    assert heard.shape[2] / prior.sample_rate == pytest.approx(SECONDS, abs=0.1)
    assert torch.isfinite(heard).all()
    assert not torch.equal(heard[0], heard[1])


def test_same_seed_same_sample(prior: Prior) -> None:
    def drawn(seed: int) -> torch.Tensor:
        return finished(prior.sample(Prompt("a bell"), SECONDS, 2, rng(seed), 2))[0]

    one = drawn(1)
    assert torch.equal(one, drawn(1))
    assert not torch.equal(one, drawn(2))


@pytest.mark.parametrize("work", ["target", "sample"])
def test_what_is_stopped_between_passes_leaves_nothing_behind(prior: Prior, work: str) -> None:
    z = prior.embed(sound(prior)).detach()
    start: Callable[[], object] = {
        "target": lambda: prior.target(z, Prompt("a bell"), rng(), Noising(steps=3)),
        "sample": lambda: prior.sample(Prompt("a bell"), SECONDS, 2, rng(), 3),
    }[work]
    undisturbed, _ = finished(start())
    stopped = start()
    next(stopped)
    assert torch.is_grad_enabled()
    stopped.close()
    assert torch.is_grad_enabled()
    assert torch.equal(finished(start())[0], undisturbed)


def test_lengths_out_of_reach_and_no_words_are_said(prior: Prior) -> None:
    for seconds in (0.0, -1.0, 1e4):
        with pytest.raises(BadUsage, match="out of reach; choose a length from"):
            finished(prior.sample(Prompt("rain"), seconds, 1, rng(), 2))
    with pytest.raises(BadUsage, match="no words"):
        Prompt("?!")
