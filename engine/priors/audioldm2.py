"""AudioLDM 2 (arXiv 2308.05734) as a prior, from a folder in diffusers' format.

Its sounds are mel pictures: an autoencoder of pictures makes ``z`` of them, and a HiFi-GAN makes sound of what it gives
back. Time runs in 1000 steps with ``z_t = sqrt(a_t) x + sqrt(1 - a_t) e``; the net answers with ``e``.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import WeightError
from engine.priors.base import Prompt
from engine.priors.latent import LatentPrior, Words
from engine.priors.pipelines import config_of, numbers_in, open_pipeline, saying
from engine.priors.plan import Demand, Plan, look_at, make_plan

USUAL_S = 10.0
"""For sounds of that length the memory is planned."""
_WINDOW_S = 0.064
_LEVEL = 0.5
"""The peak of everything that it was trained on."""
_FLOOR = 1e-5
_WIDTHS_PER_CELL = 30
_WIDTHS_PER_PICTURE = 12
"""How many times its first width the net holds for each cell of ``z``, and the autoencoder for each of a picture while
they work; 29 and 11 were measured."""


class AudioLdm2(LatentPrior):
    """See the module. ``z`` ``[batch, 8, frames, bands]``; one channel."""

    channels = 1
    usual_steps, usual_guidance = 200, 3.5

    def __init__(self, pipeline: Any, plan: Plan) -> None:
        text = [pipeline.text_encoder, pipeline.text_encoder_2, pipeline.projection_model, pipeline.language_model]
        super().__init__(
            pipeline, {"text": text, "net": [pipeline.unet], "sound": [pipeline.vae, pipeline.vocoder]}, plan
        )
        voice = pipeline.vocoder.config
        self.sample_rate = int(voice.sampling_rate)
        self._hop = int(math.prod(voice.upsample_rates))
        self._bands = int(voice.model_in_dim)
        self._frames_per_cell = int(pipeline.vae_scale_factor)
        cells = pipeline.unet.config.sample_size
        self.longest_s = int(cells if isinstance(cells, int) else cells[0]) * self._cell_s
        self._signal = pipeline.scheduler.alphas_cumprod.float().cpu()
        self._prediction = str(pipeline.scheduler.config.prediction_type)
        if self._prediction not in ("epsilon", "v_prediction"):
            raise WeightError(f"This AudioLDM 2 answers with {self._prediction}, which is not understood here.")

    @classmethod
    def load(
        cls, folder: Path, device: torch.device | None = None, plan: Plan | None = None, seconds: float = USUAL_S
    ) -> AudioLdm2:
        """From a folder; raises :class:`WeightError`. The plan is made for sounds of ``seconds`` unless given."""
        plan = plan or make_plan(cls.demand(folder, seconds), look_at(device or torch.device("cpu")))
        return cls(open_pipeline(folder, "AudioLDM2Pipeline", plan.precision), plan)

    @staticmethod
    def demand(folder: Path, seconds: float = USUAL_S) -> Demand:
        """What it takes, read from the folder without loading anything."""
        numbers = numbers_in(folder)
        net, pictures, voice = (config_of(folder, part) for part in ("unet", "vae", "vocoder"))
        with saying(folder):
            frames = seconds * voice["sampling_rate"] / math.prod(voice["upsample_rates"])
            picture = frames * voice["model_in_dim"]
            shrunk = picture / 4 ** (len(pictures["block_out_channels"]) - 1)
            voiced = seconds * voice["sampling_rate"] * voice["upsample_initial_channel"]
            return Demand(
                "AudioLDM 2",
                text=sum(numbers.get(p, 0) for p in _TEXT_PARTS),
                net=numbers.get("unet", 0),
                sound=numbers.get("vae", 0) + numbers.get("vocoder", 0),
                net_row=int(_WIDTHS_PER_CELL * net["block_out_channels"][0] * shrunk),
                sound_row=int(max(_WIDTHS_PER_PICTURE * pictures["block_out_channels"][0] * picture, voiced)),
            )

    @property
    def _cell_s(self) -> float:
        return self._frames_per_cell * self._hop / self.sample_rate

    def mel(self, audio: Tensor) -> Tensor:
        """Samples ``[rows, n]`` as the log-mel pictures of its training, ``[rows, n / hop, bands]``; differentiable.

        Slaney's scale, each band's area one, from 0 Hz to half the rate; windows of 64 ms; the logarithm floored.
        """
        from torchaudio.functional import melscale_fbanks

        n_window = round(_WINDOW_S * self.sample_rate)
        around = (n_window - self._hop) // 2
        padded = torch.nn.functional.pad(audio[:, None], (around, around), mode="reflect")[:, 0]
        window = torch.hann_window(n_window, device=audio.device)
        spectrum = torch.stft(padded, n_window, self._hop, window=window, center=False, return_complex=True)
        # Where there is nothing, a square root would have no gradient.
        power = (spectrum.real.square() + spectrum.imag.square()).clamp(min=1e-18)
        bands = melscale_fbanks(
            n_window // 2 + 1, 0.0, self.sample_rate / 2.0, self._bands, self.sample_rate, "slaney", "slaney"
        )
        found: Tensor = (power.sqrt().transpose(1, 2) @ bands.to(audio.device)).clamp(min=_FLOOR).log()
        return found

    def _gain(self, audio: Tensor) -> Tensor:
        peak = audio.detach().abs().amax((1, 2), keepdim=True)
        return torch.where(peak > 1e-7, _LEVEL / peak.clamp(min=1e-7), torch.ones_like(peak))

    def _encode(self, audio: Tensor) -> Tensor:
        short = -audio.shape[-1] % (self._frames_per_cell * self._hop)
        samples = torch.nn.functional.pad(audio[:, 0].float(), (0, short))
        pictures = self.mel(samples).to(audio.dtype)[:, None]
        vae = self._pipeline.vae
        found: Tensor = vae.encode(pictures).latent_dist.mode() * vae.config.scaling_factor
        return found

    def _decode(self, z: Tensor) -> Tensor:
        vae = self._pipeline.vae
        pictures = vae.decode(z / vae.config.scaling_factor).sample
        found: Tensor = self._pipeline.vocoder(pictures[:, 0])
        return found[:, None]

    def _seconds_of(self, z: Tensor) -> float:
        return z.shape[2] * self._cell_s

    def _hear_words(self, prompt: Prompt, seconds: float, device: torch.device) -> Words:
        pipe, guided = self._pipeline, prompt.guidance != 1.0
        for text in (prompt.text, prompt.negative):
            self._check_length(pipe.tokenizer, text)
            self._check_length(pipe.tokenizer_2, text)
        heard, mask, told = pipe.encode_prompt(
            prompt.text, device, 1, guided, negative_prompt=(prompt.negative or None) if guided else None
        )
        return {"heard": heard, "mask": mask, "told": told}

    def _answer(self, noisy: Tensor, t: Tensor, words: Words) -> Tensor:
        answer: Tensor = self._pipeline.unet(
            noisy,
            t,
            encoder_hidden_states=words["told"],
            encoder_hidden_states_1=words["heard"],
            encoder_attention_mask_1=words["mask"],
            return_dict=False,
        )[0]
        return answer

    def _time(self, t: Tensor) -> Tensor:
        return (t * (len(self._signal) - 1)).round().long()

    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        signal = self._signal[self._time(t)]
        return signal.sqrt(), (1.0 - signal).sqrt()

    def _read(self, answer: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        if self._prediction == "v_prediction":
            return alpha * noisy - sigma * answer
        return (noisy - sigma * answer) / alpha

    def _sampling(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """The steps of the model's own scheduler, which is DDIM."""
        cells = math.ceil(int(seconds * self.sample_rate / self._hop) / self._frames_per_cell)
        shape = (count, int(self._pipeline.unet.config.in_channels), cells, self._bands // self._frames_per_cell)
        scheduler = self._fresh_scheduler()
        scheduler.set_timesteps(steps)
        z = torch.randn(shape, generator=rng) * scheduler.init_noise_sigma
        return (yield from self._drawn(scheduler, z, prompt, seconds, rng))


_TEXT_PARTS = ("text_encoder", "text_encoder_2", "projection_model", "language_model")
