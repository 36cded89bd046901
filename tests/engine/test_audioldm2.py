"""AudioLDM 2 as a prior, held against diffusers' own pipeline. The checkpoint is small and random."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from steps import finished
from tiny_priors import tiny_folder

from engine.priors.audioldm2 import AudioLdm2
from engine.priors.base import Noising, Prompt
from engine.priors.pipelines import open_pipeline, quiet

PROMPTS = pytest.mark.parametrize(
    "prompt",
    [
        Prompt("a bell", guidance=4.0),
        Prompt("a bell", negative="a rain", guidance=4.0),
        Prompt("a bell", guidance=1.0),
    ],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder("audioldm2", tmp_path_factory)


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    assert float(other.abs().max()) > 1e-2
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@PROMPTS
@pytest.mark.parametrize("steps", [1, 5])
def test_a_sample_is_the_pipelines_own(folder: Path, prompt: Prompt, steps: int) -> None:
    pipe, prior = open_pipeline(folder, "AudioLDM2Pipeline", torch.float32), AudioLdm2.load(folder)
    z, told = finished(prior.sample(prompt, 0.4, 2, torch.Generator().manual_seed(7), steps))
    assert len(told) == steps
    noise = torch.randn((2, 2, 25, 2), generator=torch.Generator().manual_seed(7))
    for row in range(2):  # Of several the pipeline would choose the best.
        with quiet():
            wanted = pipe(
                prompt.text,
                negative_prompt=prompt.negative or None,
                guidance_scale=prompt.guidance,
                num_inference_steps=steps,
                latents=noise[row : row + 1],
                audio_length_in_s=0.4,
                output_type="pt",
            ).audios
        close(prior.hear(z)[row, :, :1600], wanted)


@PROMPTS
def test_one_step_is_the_estimate_of_the_pipelines_scheduler(folder: Path, prompt: Prompt) -> None:
    pipe, prior = open_pipeline(folder, "AudioLDM2Pipeline", torch.float32), AudioLdm2.load(folder)
    pipe.scheduler.set_timesteps(10)
    t = pipe.scheduler.timesteps[4]
    level = float(t) / 999.0
    z = torch.randn(1, 2, 8, 2, generator=torch.Generator().manual_seed(2))
    found, _ = finished(prior.target(z, prompt, torch.Generator().manual_seed(9), Noising(level, level, 1)))
    rng = torch.Generator().manual_seed(9)
    torch.rand(1, generator=rng)  # the level's own draw
    noisy = pipe.scheduler.add_noise(z, torch.randn(z.shape, generator=rng), t[None])
    guided = prompt.guidance != 1.0
    with torch.no_grad():
        heard, mask, told = pipe.encode_prompt(
            prompt.text, torch.device("cpu"), 1, guided, negative_prompt=prompt.negative or None
        )
        e = pipe.unet(noisy.repeat(len(heard), 1, 1, 1), t, told, encoder_hidden_states_1=heard,
                      encoder_attention_mask_1=mask).sample  # fmt: skip
    if guided:
        e = e[:1] + prompt.guidance * (e[1:] - e[:1])
    close(found, pipe.scheduler.step(e, t, noisy).pred_original_sample)


def test_a_gradient_goes_all_the_way_from_what_is_heard_to_the_sound(folder: Path) -> None:
    prior = AudioLdm2.load(folder)
    sound = (0.1 * torch.randn(1, 1, 1600, generator=torch.Generator().manual_seed(4))).requires_grad_(True)
    prior.hear(prior.embed(sound)).square().sum().backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()
    assert float(sound.grad.abs().mean()) > 1e-6


def test_silence_has_a_finite_gradient(folder: Path) -> None:
    sound = torch.zeros(1, 1, 1600, requires_grad=True)
    AudioLdm2.load(folder).embed(sound).sum().backward()
    assert sound.grad is not None
    assert sound.grad.isfinite().all()


def test_a_tone_lights_the_band_of_its_pitch(folder: Path) -> None:
    """The bands are Slaney's: even in frequency below 1 kHz, and of one area, so that all weigh the same."""
    prior = AudioLdm2.load(folder)
    t = torch.arange(4000) / 4000
    pictures = prior.mel(torch.stack([torch.sin(6.2832 * hz * t) for hz in (200.0, 400.0, 800.0, 1600.0)]))
    assert pictures.shape == (4, 250, 8)
    loudest = pictures.mean(1).argmax(1).tolist()
    assert loudest == sorted(set(loudest))
    assert float(pictures.min()) >= -11.6
