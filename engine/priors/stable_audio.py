"""Stable Audio Open 1.0 and Stable Audio 3 as priors, from folders in diffusers' format or as published.

Open 1.0 (arXiv 2407.14358) lies on the cosine path ``z_t = cos(pi t / 2) x + sin(pi t / 2) e`` and answers with a
velocity ``v = cos(..) e - sin(..) x``, so that ``x = cos(..) z_t - sin(..) v``. Version 3 (arXiv 2605.17991) lies on
the straight path ``z_t = (1 - t) x + t e`` and answers with ``v = e - x``, so that ``x = z_t - t v``.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.priors.base import Prompt
from engine.priors.latent import LatentPrior, Words
from engine.priors.pipelines import config_of, numbers_in, open_pipeline, saying
from engine.priors.plan import Demand, Plan, look_at, make_plan
from engine.priors.stable_audio_3_files import is_published_form, open_published, sizes_in

USUAL_S = 10.0
"""For sounds of that length the memory is planned."""
_WIDTHS_PER_TOKEN = 36
"""How many times a token's width a transformer holds while it works; 28 to 35 were measured."""
_MOST_TOKENS = 256
"""Of words for Stable Audio 3."""
_WIDTHS_PER_SAMPLE = 6
"""How many times its channels an autoencoder holds at the rate of the samples; 5.3 to 5.7 were measured."""


class StableAudioOpen(LatentPrior):
    """See the module. ``z`` ``[batch, 64, frames]``.

    The model was trained on windows of 47.6 s that end in silence. Samples are drawn in such windows; targets of short
    sounds are computed on their own frames, which costs less.
    """

    usual_steps, usual_guidance = 100, 7.0

    def __init__(self, pipeline: Any, plan: Plan) -> None:
        text = [pipeline.text_encoder, pipeline.projection_model]
        super().__init__(pipeline, {"text": text, "net": [pipeline.transformer], "sound": [pipeline.vae]}, plan)
        self.sample_rate = int(pipeline.vae.config.sampling_rate)
        self.channels = int(pipeline.vae.config.audio_channels)
        self._hop = int(pipeline.vae.hop_length)
        self._window = int(pipeline.transformer.config.sample_size)
        self.longest_s = min(
            self._window * self._hop / self.sample_rate, float(pipeline.projection_model.config.max_value)
        )

    @classmethod
    def load(
        cls, folder: Path, device: torch.device | None = None, plan: Plan | None = None, seconds: float = USUAL_S
    ) -> StableAudioOpen:
        """From a folder; raises :class:`WeightError`. The plan is made for sounds of ``seconds`` unless given."""
        plan = plan or make_plan(cls.demand(folder, seconds), look_at(device or torch.device("cpu")))
        return cls(open_pipeline(folder, "StableAudioPipeline", plan.precision), plan)

    @staticmethod
    def demand(folder: Path, seconds: float = USUAL_S) -> Demand:
        """What it takes, read from the folder without loading anything."""
        numbers, net, sound = numbers_in(folder), config_of(folder, "transformer"), config_of(folder, "vae")
        with saying(folder):
            width = int(net.get("num_attention_heads", 24)) * int(net.get("attention_head_dim", 64))
            return Demand(
                "Stable Audio Open",
                text=numbers.get("text_encoder", 0) + numbers.get("projection_model", 0),
                net=numbers.get("transformer", 0),
                sound=numbers.get("vae", 0),
                net_row=_WIDTHS_PER_TOKEN * width * int(net.get("sample_size", 1024)),
                sound_row=int(
                    _WIDTHS_PER_SAMPLE * int(sound.get("decoder_channels", 128)) * seconds * sound["sampling_rate"]
                ),
            )

    def _encode(self, audio: Tensor) -> Tensor:
        short = -audio.shape[-1] % self._hop
        found: Tensor = self._pipeline.vae.encode(torch.nn.functional.pad(audio, (0, short))).latent_dist.mode()
        return found

    def _decode(self, z: Tensor) -> Tensor:
        found: Tensor = self._pipeline.vae.decode(z).sample
        return found

    def _seconds_of(self, z: Tensor) -> float:
        return z.shape[2] * self._hop / self.sample_rate

    def _hear_words(self, prompt: Prompt, seconds: float, device: torch.device) -> Words:
        pipe, guided, negative = self._pipeline, prompt.guidance != 1.0, prompt.negative or None
        for text in (prompt.text, prompt.negative):
            self._check_length(pipe.tokenizer, text)
        text = pipe.encode_prompt(prompt.text, device, guided, negative)
        start, end = pipe.encode_duration(0.0, seconds, device, guided and negative is not None, 1)
        heard, length = torch.cat([text, start, end], 1), torch.cat([start, end], 2)
        if guided and negative is None:
            # Without words there is nothing at all to attend to; the length is still heard by the way of the blocks.
            heard, length = torch.cat([torch.zeros_like(heard), heard]), torch.cat([length, length])
        return {"heard": heard, "length": length}

    def _answer(self, noisy: Tensor, t: Tensor, words: Words) -> Tensor:
        from diffusers.models.embeddings import get_1d_rotary_pos_embed

        turns = get_1d_rotary_pos_embed(
            self._pipeline.rotary_embed_dim, noisy.shape[2] + 1, use_real=True, repeat_interleave_real=False
        )
        answer: Tensor = self._pipeline.transformer(
            noisy,
            t,
            encoder_hidden_states=words["heard"],
            global_hidden_states=words["length"],
            rotary_embedding=turns,
            return_dict=False,
        )[0]
        return answer

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return torch.cos(t * math.pi / 2.0), torch.sin(t * math.pi / 2.0)

    def _read(self, answer: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return alpha * noisy - sigma * answer

    def _sampling(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """The sampler of the pipeline, DPM-Solver++ with noise from a Brownian tree for each row."""
        shape = (count, int(self._pipeline.transformer.config.in_channels), self._window)
        scheduler = self._fresh_scheduler()
        scheduler.set_timesteps(steps)
        z = torch.randn(shape, generator=rng) * scheduler.init_noise_sigma
        z = yield from self._drawn(scheduler, z, prompt, seconds, rng)
        return z[:, :, : math.ceil(seconds * self.sample_rate / self._hop)]


class StableAudio3(LatentPrior):
    """See the module. ``z`` ``[batch, 256, frames]``.

    The usual checkpoints were distilled to eight steps without guidance: use 1 with them. Those called "base" were not.
    """

    def __init__(self, pipeline: Any, plan: Plan) -> None:
        text = [pipeline.text_encoder, pipeline.duration_embedder]
        super().__init__(pipeline, {"text": text, "net": [pipeline.transformer], "sound": [pipeline.vae]}, plan)
        self.sample_rate = int(pipeline.vae.config.sampling_rate)
        self.channels = int(pipeline.vae.config.audio_channels)
        self._hop = int(pipeline.vae.downsampling_ratio)
        self.longest_s = float(pipeline.duration_embedder.config.max_val)
        is_distilled = bool(pipeline.scheduler.config.stochastic_sampling)
        self.usual_steps, self.usual_guidance = (8, 1.0) if is_distilled else (100, 7.0)

    @classmethod
    def load(
        cls, folder: Path, device: torch.device | None = None, plan: Plan | None = None, seconds: float = USUAL_S
    ) -> StableAudio3:
        """From a folder in diffusers' format or as published; raises :class:`WeightError`.

        The plan is made for sounds of ``seconds`` unless given.
        """
        plan = plan or make_plan(cls.demand(folder, seconds), look_at(device or torch.device("cpu")))
        if is_published_form(folder):
            return cls(open_published(folder, plan.precision), plan)
        return cls(open_pipeline(folder, "StableAudio3Pipeline", plan.precision), plan)

    @staticmethod
    def demand(folder: Path, seconds: float = USUAL_S) -> Demand:
        """What it takes, read from the folder without loading anything."""
        if is_published_form(folder):
            numbers, net, sound = sizes_in(folder)
        else:
            numbers, net, sound = numbers_in(folder), config_of(folder, "transformer"), config_of(folder, "vae")
        with saying(folder):
            ratio = int(sound["patch_size"]) * math.prod(sound["encoder_strides"])
            frames = seconds * sound["sampling_rate"] / ratio
            width = int(sound["encoder_channels"]) * int(sound["encoder_c_mults"][-1])
            # The autoencoder attends over all of its tokens by a mask of that many squared.
            tokens = frames * (math.prod(sound["encoder_strides"]) + 1)
            return Demand(
                "Stable Audio 3",
                text=numbers.get("text_encoder", 0) + numbers.get("duration_embedder", 0),
                net=numbers.get("transformer", 0),
                sound=numbers.get("vae", 0),
                net_row=int(_WIDTHS_PER_TOKEN * int(net.get("embed_dim", 1536)) * (frames + 64)),
                sound_row=int(_WIDTHS_PER_TOKEN * width * tokens + tokens**2),
            )

    def _encode(self, audio: Tensor) -> Tensor:
        short = -audio.shape[-1] % self._hop
        found: Tensor = self._pipeline.vae.encode(torch.nn.functional.pad(audio, (0, short))).latents
        return found

    def _decode(self, z: Tensor) -> Tensor:
        found: Tensor = self._pipeline.vae.decode(z).sample
        return found

    def _seconds_of(self, z: Tensor) -> float:
        return z.shape[2] * self._hop / self.sample_rate

    def _hear_words(self, prompt: Prompt, seconds: float, device: torch.device) -> Words:
        pipe = self._pipeline
        texts = [prompt.text] if prompt.guidance == 1.0 else [prompt.negative, prompt.text]
        for text in texts:
            self._check_length(pipe.tokenizer, text, _MOST_TOKENS)
        length = pipe.encode_duration(seconds, device, 1, len(texts))
        heard, mask = pipe.prepare_cross_attention(*pipe.encode_prompt(texts, device, 1), length)
        return {"heard": heard, "mask": mask, "length": length}

    def _answer(self, noisy: Tensor, t: Tensor, words: Words) -> Tensor:
        answer: Tensor = self._pipeline.transformer(
            noisy,
            t,
            encoder_hidden_states=words["heard"],
            global_hidden_states=words["length"],
            encoder_attention_mask=words["mask"],
            return_dict=False,
        )[0]
        return answer

    def _time(self, t: Tensor) -> Tensor:
        return t * float(self._pipeline.scheduler.config.num_train_timesteps)

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        return 1.0 - t, t

    def _read(self, answer: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        return noisy - sigma * answer

    def _sampling(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """The steps of the pipeline, even in the logarithm of signal to noise; noise anew in each where distilled."""
        from diffusers.pipelines.stable_audio_3.pipeline_stable_audio_3 import logsnr_sigma_schedule

        frames = math.ceil(seconds * self.sample_rate / self._hop)
        scheduler = self._fresh_scheduler()
        scheduler.set_timesteps(sigmas=logsnr_sigma_schedule(steps, logsnr_min=-6.2, logsnr_max=2.0))
        z = torch.randn((count, int(self._pipeline.vae.config.latent_dim), frames), generator=rng)
        return (yield from self._drawn(scheduler, z, prompt, seconds, rng))
