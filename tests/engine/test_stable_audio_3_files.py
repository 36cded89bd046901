"""Stable Audio 3 as its makers publish it gives what diffusers' format gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from published_form import publish
from steps import finished
from tiny_priors import tiny_folder

from engine.errors import WeightError
from engine.priors.base import Prompt
from engine.priors.choose import kind_of
from engine.priors.pipelines import open_pipeline, quiet
from engine.priors.stable_audio import StableAudio3
from engine.priors.stable_audio_3_files import open_published

BELL = Prompt("a bell", guidance=3.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder("stable-audio-3", tmp_path_factory)


@pytest.fixture(scope="module")
def published(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pipeline = open_pipeline(folder, "StableAudio3Pipeline", torch.float32)
    with quiet():
        return publish(pipeline, tmp_path_factory.mktemp("published") / "medium")


def drawn(prior: StableAudio3) -> torch.Tensor:
    z, _ = finished(prior.sample(BELL, 0.4, 2, torch.Generator().manual_seed(1), 3))
    return prior.hear(z)


def test_what_was_published_draws_what_diffusers_format_draws(folder: Path, published: Path) -> None:
    assert kind_of(published) is StableAudio3
    ours, theirs = StableAudio3.load(published), StableAudio3.load(folder)
    wanted = drawn(theirs)
    assert float(wanted.abs().max()) > 1e-2
    torch.testing.assert_close(drawn(ours), wanted, rtol=1e-5, atol=1e-5)
    sound = 0.1 * torch.randn(1, 2, 1000, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(ours.embed(sound), theirs.embed(sound), rtol=1e-5, atol=1e-5)
    assert ours.longest_s == 384.0
    assert (ours.usual_steps, ours.usual_guidance) == (8, 1.0)


def test_what_it_takes_is_known_before_it_is_loaded(folder: Path, published: Path) -> None:
    ours, theirs = StableAudio3.demand(published), StableAudio3.demand(folder)
    assert ours.net == pytest.approx(theirs.net, rel=0.05)
    assert ours.sound == pytest.approx(theirs.sound, rel=0.05)
    assert (ours.net_row, ours.sound_row) == (theirs.net_row, theirs.sound_row)
    assert ours.text > 0


def test_one_that_was_not_distilled_draws_in_many_steps_without_new_noise(folder: Path, tmp_path: Path) -> None:
    pipeline = open_pipeline(folder, "StableAudio3Pipeline", torch.float32)
    with quiet():
        prior = StableAudio3.load(publish(pipeline, tmp_path / "base", objective="rectified_flow"))
    assert prior.usual_steps == 100
    assert not prior._pipeline.scheduler.config.stochastic_sampling


@pytest.mark.parametrize("harm", ["cut", "lacks", "settings", "text"])
def test_what_is_damaged_is_said_in_one_sentence(published: Path, tmp_path: Path, harm: str) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(published, folder)
    file = folder / "model.safetensors"
    if harm == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif harm == "lacks":
        tensors = load_file(file)
        del tensors["model.model.to_cond_embed.2.weight"]
        save_file(tensors, file)
    elif harm == "settings":
        (folder / "model_config.json").write_text(json.dumps({"sample_rate": 44100}))
    else:
        shutil.rmtree(folder / "t5gemma-b-b-ul2")
    with pytest.raises(WeightError, match="fetch the model again") as caught:
        StableAudio3.load(folder)
    assert "\n" not in str(caught.value)


# -- the small models, whose autoencoder attends in chunks ------------------------------------------------


@pytest.fixture(scope="module")
def small(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As the small ones: two latents a chunk, four layers, the last map three taps wide."""
    from diffusers import AutoencoderSAME

    pipeline = open_pipeline(folder, "StableAudio3Pipeline", torch.float32)
    with quiet():
        torch.manual_seed(5)
        sound = AutoencoderSAME.from_config({**pipeline.vae.config, "encoder_transformer_depths": [4]})
        last = sound.decoder.blocks[0]
        last.mapping = torch.nn.utils.weight_norm(torch.nn.Conv1d(last.in_channels, last.out_channels, 3, padding=1))
        for weights in sound.parameters():
            torch.nn.init.normal_(weights, std=0.2)
        pipeline.register_modules(vae=sound)
        return publish(pipeline, tmp_path_factory.mktemp("published") / "small", is_small=True)


@torch.no_grad()
def test_a_small_one_attends_in_chunks_and_then_in_chunks_that_lie_half_a_chunk_later(small: Path) -> None:
    """Written out chunk by chunk, for a decoder with 5 tokens a latent and 2 latents a chunk."""
    block = open_published(small, torch.float32).vae.decoder.blocks[0]
    inner = block.block
    latents = torch.randn(1, inner.in_channels, 4, generator=torch.Generator().manual_seed(1))
    tokens = []
    for n in range(4):
        tokens += [latents[0, :, n], *[inner.new_tokens[0, 0]] * 4]
    x = torch.stack(tokens)
    for start in (0, 10):
        part = x[start : start + 10][None]
        for layer in inner.transformers[:2]:
            part = layer(part)
        x[start : start + 10] = part[0]
    ends = torch.cat([x[:5], x, x[-5:]])
    for start in (0, 10, 20):
        part = ends[start : start + 10][None]
        for layer in inner.transformers[2:]:
            part = layer(part)
        ends[start : start + 10] = part[0]
    kept = torch.stack([ends[5 + 5 * n + 1 + k] for n in range(4) for k in range(4)])
    wanted = inner.mapping(kept.T[None])
    torch.testing.assert_close(block(latents), wanted, rtol=1e-5, atol=1e-5)


def test_a_small_one_hears_and_draws_at_every_length(small: Path) -> None:
    prior = StableAudio3.load(small)
    for n_frames in (1, 2, 5):
        sound = torch.randn(1, 2, 64 * n_frames, generator=torch.Generator().manual_seed(1))
        z = prior.embed(sound)
        assert z.shape == (1, 4, n_frames)
        assert prior.hear(z).shape == sound.shape
    assert torch.isfinite(drawn(prior)).all()
