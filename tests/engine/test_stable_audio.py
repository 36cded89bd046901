"""Stable Audio as a prior, held against diffusers' own pipelines. The checkpoints are small and random."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from steps import finished
from tiny_priors import tiny_folder

from engine.errors import BadUsage, WeightError
from engine.priors.base import Noising, Prompt
from engine.priors.pipelines import open_pipeline, quiet
from engine.priors.stable_audio import StableAudio3, StableAudioOpen

OPEN, THREE = "stable-audio-open-1.0", "stable-audio-3"
BELL = Prompt("a bell", guidance=4.0)
BELL_NOT_RAIN = Prompt("a bell", negative="a rain", guidance=4.0)
PROMPTS = pytest.mark.parametrize("prompt", [BELL, BELL_NOT_RAIN, Prompt("a bell", guidance=1.0)])


@pytest.fixture(scope="module")
def open_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(OPEN, tmp_path_factory)


@pytest.fixture(scope="module")
def three_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(THREE, tmp_path_factory)


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    assert float(other.abs().max()) > 1e-2
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def drawn_by(pipe: Any, shape: tuple[int, ...], prompt: Prompt, steps: int, seed: int, **more: Any) -> torch.Tensor:
    """The pipeline's own sample, with the noise and the seeds that the prior draws from the same generator."""
    rng = torch.Generator().manual_seed(seed)
    latents = torch.randn(shape, generator=rng)
    seeds = [int(torch.randint(2**31 - 1, (1,), generator=rng)) for _ in range(shape[0])]
    with quiet():
        found: torch.Tensor = pipe(
            prompt.text,
            negative_prompt=prompt.negative or None,
            guidance_scale=prompt.guidance,
            num_inference_steps=steps,
            latents=latents,
            generator=[torch.Generator().manual_seed(s) for s in seeds],
            num_waveforms_per_prompt=shape[0],
            **more,
        ).audios
    return found


@PROMPTS
@pytest.mark.parametrize("steps", [1, 5])
def test_a_sample_of_open_is_the_pipelines_own(open_folder: Path, prompt: Prompt, steps: int) -> None:
    pipe = open_pipeline(open_folder, "StableAudioPipeline", torch.float32)
    prior = StableAudioOpen.load(open_folder)
    wanted = drawn_by(pipe, (2, 4, 32), prompt, steps, 7, audio_end_in_s=0.5)
    z, told = finished(prior.sample(prompt, 0.5, 2, torch.Generator().manual_seed(7), steps))
    assert len(told) == steps
    close(prior.hear(z)[:, :, :2000], wanted)


@PROMPTS
@pytest.mark.parametrize("steps", [1, 5])
def test_a_sample_of_three_is_the_pipelines_own(three_folder: Path, prompt: Prompt, steps: int) -> None:
    pipe = open_pipeline(three_folder, "StableAudio3Pipeline", torch.float32)
    prior = StableAudio3.load(three_folder)
    wanted = drawn_by(pipe, (2, 4, 25), prompt, steps, 7, duration=0.4)
    z, told = finished(prior.sample(prompt, 0.4, 2, torch.Generator().manual_seed(7), steps))
    assert len(told) == steps
    close(prior.hear(z).clamp(-1.0, 1.0), wanted)


@PROMPTS
def test_one_step_of_open_is_the_estimate_of_the_pipelines_scheduler(open_folder: Path, prompt: Prompt) -> None:
    """The same noisy sound at the same level, in k-diffusion's units: ``sigma = tan(pi t / 2)``."""
    prior = StableAudioOpen.load(open_folder)
    pipe = open_pipeline(open_folder, "StableAudioPipeline", torch.float32)
    pipe.scheduler.set_timesteps(8)
    sigma, t = pipe.scheduler.sigmas[4], pipe.scheduler.timesteps[4]
    level = float(t)
    assert math.tan(math.pi * level / 2.0) == pytest.approx(float(sigma), rel=1e-4)
    z = torch.randn(1, 4, 32, generator=torch.Generator().manual_seed(2))
    found, _ = finished(prior.target(z, prompt, torch.Generator().manual_seed(9), Noising(level, level, 1)))
    rng = torch.Generator().manual_seed(9)
    torch.rand(1, generator=rng)  # the level's own draw
    noisy = z + sigma * torch.randn(z.shape, generator=rng)
    words = prior._words_for(prompt, 32 * 64 / 4000)
    sides = len(words["heard"])
    with torch.no_grad():
        v = prior._answer(pipe.scheduler.precondition_inputs(noisy, sigma).repeat(sides, 1, 1), t[None], words)
    if sides == 2:
        v = v[:1] + prompt.guidance * (v[1:] - v[:1])
    close(found, pipe.scheduler.precondition_outputs(noisy, v, sigma))


@PROMPTS
def test_one_step_of_three_is_the_guided_estimate_of_the_pipelines_transformer(
    three_folder: Path, prompt: Prompt
) -> None:
    """On straight lines: the sound is the noisy sound less its level times the velocity."""
    prior = StableAudio3.load(three_folder)
    pipe = open_pipeline(three_folder, "StableAudio3Pipeline", torch.float32)
    z, level = torch.randn(1, 4, 25, generator=torch.Generator().manual_seed(2)), 0.6
    found, _ = finished(prior.target(z, prompt, torch.Generator().manual_seed(9), Noising(level, level, 1)))
    rng = torch.Generator().manual_seed(9)
    torch.rand(1, generator=rng)  # the level's own draw
    noisy = torch.lerp(z, torch.randn(z.shape, generator=rng), level)
    length = pipe.encode_duration(prior._seconds_of(z), "cpu", 1, 1)

    def velocity(text: str) -> torch.Tensor:
        heard, mask = pipe.prepare_cross_attention(*pipe.encode_prompt([text], "cpu", 1), length)
        with torch.no_grad():
            answer: torch.Tensor = pipe.transformer(
                noisy,
                torch.tensor([level * pipe.scheduler.config.num_train_timesteps]),
                encoder_hidden_states=heard,
                global_hidden_states=length,
                encoder_attention_mask=mask,
                return_dict=False,
            )[0]
        return answer

    v = velocity(prompt.text)
    if prompt.guidance != 1.0:
        without = velocity(prompt.negative)
        v = without + prompt.guidance * (v - without)
    close(found, noisy - level * v)


def test_the_steps_of_a_target_are_those_of_ddim(open_folder: Path) -> None:
    """With an answer that is always the true velocity, any number of steps ends where one step does."""
    prior = StableAudioOpen.load(open_folder)
    z = torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(2))
    true = torch.randn(3, 4, 8, generator=torch.Generator().manual_seed(3))
    seen = []

    def answer(noisy: torch.Tensor, t: torch.Tensor, words: Any) -> torch.Tensor:
        alpha, sigma = (x[:, None, None] for x in prior.mixture(t))
        seen.append(t)
        return (alpha * noisy - true) / sigma

    prior._answer = answer  # type: ignore[method-assign]
    for steps in (1, 4):
        seen.clear()
        prompt = Prompt("a bell", guidance=1.0)
        found, _ = finished(prior.target(z, prompt, torch.Generator().manual_seed(1), Noising(0.4, 0.8, steps)))
        close(found, true)
        levels = torch.stack(seen)
        assert levels.shape == (steps, 3)
        assert torch.allclose(levels, levels[:1] * torch.linspace(1.0, 0.0, steps + 1)[:-1, None])
        assert (levels[0].diff() > 0.0).all()
        assert 0.4 <= float(levels[0].min()) <= float(levels[0].max()) <= 0.8


@pytest.mark.parametrize("name", [OPEN, THREE])
def test_a_gradient_goes_all_the_way_from_what_is_heard_to_the_sound(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kinds: dict[str, Any] = {OPEN: StableAudioOpen, THREE: StableAudio3}
    prior = kinds[name].load(tiny_folder(name, tmp_path_factory))
    sound = (0.1 * torch.randn(1, 1, 1600, generator=torch.Generator().manual_seed(4))).requires_grad_(True)
    prior.hear(prior.embed(sound)).square().sum().backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()
    assert float(sound.grad.abs().mean()) > 1e-6


def test_the_length_that_is_said_to_the_net_matters(open_folder: Path, three_folder: Path) -> None:
    for prior in (StableAudioOpen.load(open_folder), StableAudio3.load(three_folder)):
        short, long = prior._words_for(BELL, 0.1), prior._words_for(BELL, 0.5)
        assert not torch.allclose(short["length"], long["length"])


def test_words_that_would_be_cut_off_are_refused(open_folder: Path) -> None:
    with pytest.raises(BadUsage, match=r"too many words for Stable Audio Open .* say less"):
        StableAudioOpen.load(open_folder)._words_for(Prompt("a bell " * 20), 0.4)


def test_folders_that_hold_something_else_are_refused_in_one_sentence(open_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightError, match="holds no model that diffusers could read"):
        open_pipeline(tmp_path, "StableAudioPipeline", torch.float32)
    with pytest.raises(WeightError, match="holds a StableAudioPipeline and not a StableAudio3Pipeline"):
        open_pipeline(open_folder, "StableAudio3Pipeline", torch.float32)


@pytest.mark.parametrize("harm", ["cut", "gone", "index", "settings"])
def test_a_damaged_folder_is_said_in_one_sentence(open_folder: Path, tmp_path: Path, harm: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(open_folder, folder)
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    if harm == "cut":
        weights.write_bytes(weights.read_bytes()[:3000])
    elif harm == "gone":
        weights.unlink()
    elif harm == "settings":
        (folder / "vae" / "config.json").write_text("{}")
    else:
        (folder / "model_index.json").write_text("{")
    with pytest.raises(WeightError, match=r"fetch .* again") as caught:
        StableAudioOpen.load(folder)
    assert "\n" not in str(caught.value)
