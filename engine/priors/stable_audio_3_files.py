"""Stable Audio 3 as its makers publish it: ``model_config.json``, ``model.safetensors`` and the text encoder's folder.

The tensors get the names that diffusers knows, and the parts become its pipeline; nothing is written. Attention that
takes differences keeps its projections in another order there. The autoencoder of the small models attends in chunks,
which diffusers' does not: :class:`_InChunks` does it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import WeightError
from engine.priors.pipelines import check_installed, numbers_by_name, numbers_in, quiet, read_settings, saying

CONFIG, TENSORS = "model_config.json", "model.safetensors"
DISTILLED = "rf_denoiser"
_AGAIN = "fetch the model again"
_SOUND, _NET, _LENGTH = "pretransform.model.", "model.model.", "conditioner.conditioners.seconds_total.embedder."
_PADDING = "conditioner.conditioners.prompt.padding_embedding"
_RENAMED_IN_NET = {
    "transformer.project_in.": "proj_in.",
    "transformer.project_out.": "proj_out.",
    "transformer.layers.": "transformer_blocks.",
    "transformer.": "",
}
_RENAMED_IN_BLOCKS = {
    ".ff.ff.0.proj.": ".ff.proj_in.",
    ".ff.ff.2.": ".ff.proj_out.",
}
_RENAMED_IN_SOUND = {
    **_RENAMED_IN_BLOCKS,
    ".pre_norm.": ".norm_attn.",
    ".ff_norm.": ".norm_ff.",
    ".self_attn.": ".attn.",
    ".parametrizations.weight.original0": ".weight_g",
    ".parametrizations.weight.original1": ".weight_v",
    "bottleneck.scaling_factor": "bottleneck.scale",
}


def is_published_form(folder: Path) -> bool:
    """Whether the folder looks like that."""
    return (folder / CONFIG).is_file() and (folder / TENSORS).is_file()


def sizes_in(folder: Path) -> tuple[Mapping[str, int], Mapping[str, Any], Mapping[str, Any]]:
    """How many numbers each part has, and the settings of net and autoencoder as diffusers names them."""
    config = read_settings(folder / CONFIG)
    found = {"transformer": 0, "vae": 0, "duration_embedder": 0}
    for name, n in numbers_by_name(folder / TENSORS).items():
        part = "vae" if name.startswith(_SOUND) else "transformer" if name.startswith(_NET) else "duration_embedder"
        found[part] += n
    # Half of the published text model is a decoder, which is not loaded.
    found["text_encoder"] = numbers_in(folder).get(_text_folder(folder).name, 0) // 2
    with saying(folder):
        net, sound = config["model"]["diffusion"]["config"], _sound_settings(config)
    return found, net, sound


def open_published(folder: Path, dtype: torch.dtype) -> Any:
    """The pipeline, on the CPU; raises :class:`WeightError`."""
    check_installed()
    config = read_settings(folder / CONFIG)
    with quiet(), saying(folder):
        import diffusers
        from accelerate import init_empty_weights
        from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
        from transformers import AutoConfig, AutoTokenizer, T5GemmaEncoderModel

        net, length = config["model"]["diffusion"]["config"], _length_settings(config)
        tensors = dict(_tensors(folder / TENSORS, dtype))
        with init_empty_weights(include_buffers=False):
            sound = diffusers.AutoencoderSAME(**_sound_settings(config))
            for block in sound.decoder.blocks if _side(config, "decoder").get("conv_mapping") else ():
                if not isinstance(block.mapping, nn.Identity):
                    block.mapping = nn.utils.weight_norm(nn.Conv1d(block.in_channels, block.out_channels, 3, padding=1))
            knower = diffusers.StableAudio3DiTModel(**_net_settings(net, tensors))
            embedder = StableAudio3DurationEmbedder(**length, **_length_shape(tensors))
        _fill(sound, _of_sound(tensors, len(sound.config.encoder_strides)), folder)
        _fill(knower, _of_net(tensors), folder)
        _fill(embedder, _of_length(tensors), folder)
        for side, blocks in (("encoder", sound.encoder.blocks), ("decoder", sound.decoder.blocks)):
            settings = _side(config, side)
            if settings.get("sliding_window") is None:
                for place, block in enumerate(blocks):
                    blocks[place] = _InChunks(
                        block, int(settings.get("chunk_size", 128)), bool(settings.get("chunk_midpoint_shift"))
                    )
        text = _text_folder(folder)
        text_settings = AutoConfig.from_pretrained(text, local_files_only=True)
        text_settings.is_encoder_decoder = False
        pipeline = diffusers.StableAudio3Pipeline(
            vae=sound,
            text_encoder=T5GemmaEncoderModel.from_pretrained(
                text, config=text_settings, dtype=dtype, local_files_only=True
            ),
            tokenizer=AutoTokenizer.from_pretrained(text, local_files_only=True),
            duration_embedder=embedder,
            transformer=knower,
            scheduler=diffusers.FlowMatchEulerDiscreteScheduler(
                num_train_timesteps=1, stochastic_sampling=_objective(config) == DISTILLED
            ),
        )
    pipeline.set_progress_bar_config(disable=True)
    for part in (sound, knower, embedder, pipeline.text_encoder):
        part.requires_grad_(False).eval()
    return pipeline


class _InChunks(nn.Module):
    """A resampling block that attends within chunks, its second half of layers in chunks that lie half a chunk later.

    At both ends half a chunk is repeated for those.
    """

    def __init__(self, block: Any, chunk: int, is_shifted: bool) -> None:
        super().__init__()
        self.block = block
        self.latents = max(chunk // block.stride, 1)
        self.is_shifted = is_shifted

    def forward(self, x: Tensor) -> Tensor:
        """``[rows, channels, n]``; ``n`` becomes a ``stride``-th of it, or that many times as much."""
        block, is_encoder = self.block, self.block.mode == "encoder"
        stride, (n_rows, _, n) = block.stride, x.shape
        given, wanted = (stride, 1) if is_encoder else (1, stride)
        x = nn.functional.pad(x, (0, -n % (given * self.latents)))
        if is_encoder:
            x = block.mapping(x)
        d = x.shape[1]
        x = x.transpose(1, 2).reshape(-1, given, d)
        x = torch.cat([x, block.new_tokens.expand(x.shape[0], wanted, -1)], 1).reshape(n_rows, -1, d)
        half = len(block.transformers) // 2 if self.is_shifted else len(block.transformers)
        x = self._pass(x, block.transformers[:half])
        if self.is_shifted:
            shift = self.latents * (stride + 1) // 2
            around = torch.cat([x[:, :shift], x, x[:, -shift:]], 1)
            x = self._pass(around, block.transformers[half:])[:, shift:-shift]
        x = x.reshape(-1, stride + 1, d)[:, -wanted:].reshape(n_rows, -1, d).transpose(1, 2)
        if not is_encoder:
            x = block.mapping(x)
        return x[..., : math.ceil(n / stride) if is_encoder else n * stride]

    def _pass(self, x: Tensor, layers: Iterable[nn.Module]) -> Tensor:
        n_rows, n, d = x.shape
        x = x.reshape(-1, self.latents * (self.block.stride + 1), d)
        for layer in layers:
            x = layer(x)
        return x.reshape(n_rows, n, d)


# -- settings -------------------------------------------------------------------------------------------------


def _side(config: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = config["model"]["pretransform"]["config"][side]["config"]
    return found


def _objective(config: Mapping[str, Any]) -> str:
    return str(config["model"]["diffusion"].get("diffusion_objective", ""))


def _sound_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    whole, encoder, decoder = (
        config["model"]["pretransform"]["config"],
        _side(config, "encoder"),
        _side(config, "decoder"),
    )
    window = encoder.get("sliding_window") or [1, 1]
    if encoder.get("differential", True) is not True or window[0] != window[-1] or encoder.get("conv_mapping"):
        raise WeightError("This Stable Audio 3 has an autoencoder of a kind that is not known here.")
    strides = [int(stride) for stride in encoder["strides"]]
    return {
        "audio_channels": int(whole.get("io_channels", 2)),
        "patch_size": int(whole["downsampling_ratio"]) // math.prod(strides),
        "encoder_channels": int(encoder["channels"]),
        "encoder_c_mults": list(encoder["c_mults"]),
        "encoder_strides": strides,
        "encoder_transformer_depths": list(encoder["transformer_depths"]),
        "latent_dim": int(encoder["latent_dim"]),
        "dim_heads": int(encoder.get("dim_heads", 128)),
        "ff_mult": int(encoder.get("ff_mult", 3)),
        "sliding_window": int(window[0]),
        "encoder_sinusoidal_blocks": list(encoder.get("sinusoidal_blocks", [0])),
        "decoder_sinusoidal_blocks": list(decoder.get("sinusoidal_blocks", [0])),
        "sampling_rate": int(config["sample_rate"]),
    }


def _net_settings(net: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    first = f"{_NET}transformer.layers.0."
    width = int(net["embed_dim"])
    memory = tensors.get(f"{_NET}transformer.memory_tokens")
    return {
        "io_channels": int(net["io_channels"]),
        "embed_dim": width,
        "depth": int(net["depth"]),
        "num_heads": int(net["num_heads"]),
        "cond_token_dim": int(net["cond_token_dim"]),
        "global_cond_dim": int(net["global_cond_dim"]),
        "local_add_cond_dim": tensors[f"{first}to_local_embed.0.weight"].shape[1],
        "timestep_features_dim": tensors[f"{_NET}to_timestep_embed.0.weight"].shape[1],
        "ff_mult": tensors[f"{first}ff.ff.0.proj.weight"].shape[0] / (2 * width),
        "num_memory_tokens": 0 if memory is None else memory.shape[0],
        "use_differential_attention": tensors[f"{first}self_attn.to_qkv.weight"].shape[0] == 5 * width,
    }


def _length_settings(config: Mapping[str, Any]) -> dict[str, float]:
    for conditioner in config["model"]["conditioning"]["configs"]:
        if conditioner["id"] == "seconds_total":
            found = conditioner["config"]
            return {"min_val": float(found["min_val"]), "max_val": float(found["max_val"])}
    raise KeyError("seconds_total")


def _length_shape(tensors: Mapping[str, Tensor]) -> dict[str, int]:
    wide, narrow = tensors[f"{_LENGTH}embedding.1.weight"].shape
    return {"output_dim": wide, "fourier_dim": narrow}


def _text_folder(folder: Path) -> Path:
    for settings in sorted(folder.glob("*/config.json")):
        if read_settings(settings).get("model_type") == "t5gemma":
            return settings.parent
    raise WeightError(f"{folder} lacks the text encoder's folder; {_AGAIN}.")


# -- tensors --------------------------------------------------------------------------------------------------


def _of_sound(tensors: Mapping[str, Tensor], n_levels: int) -> Iterator[tuple[str, Tensor]]:
    """Encoder: blocks, turn, map, turn. Decoder: turn, map, turn, blocks."""
    for name, tensor in tensors.items():
        if not name.startswith(_SOUND):
            continue
        new = _renamed(name.removeprefix(_SOUND), _RENAMED_IN_SOUND)
        if layer := re.match(r"(encoder|decoder)\.layers\.(\d+)\.", new):
            side, place = layer[1], int(layer[2])
            linear, first = (n_levels + 1, 0) if side == "encoder" else (1, 3)
            new = new.replace(layer[0], f"{side}.proj." if place == linear else f"{side}.blocks.{place - first}.", 1)
        yield new, _in_order(new, tensor, ".attn.to_qkv.")


def _of_net(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    width = tensors[f"{_NET}to_timestep_embed.0.weight"].shape[0]
    for name, tensor in tensors.items():
        if name == _PADDING:
            yield "prompt_padding_embedding", tensor
        elif name.startswith(_NET):
            new = name.removeprefix(_NET)
            begin = next((old for old in _RENAMED_IN_NET if new.startswith(old)), "")
            new = _renamed(_RENAMED_IN_NET.get(begin, "") + new.removeprefix(begin), _RENAMED_IN_BLOCKS)
            is_differential = tensor.shape[:1] == (5 * width,)
            yield new, _in_order(new, tensor, ".self_attn.to_qkv.") if is_differential else tensor


def _of_length(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for end in ("weight", "bias"):
        yield f"linear.{end}", tensors[f"{_LENGTH}embedding.1.{end}"]


def _renamed(name: str, names: Mapping[str, str]) -> str:
    for old, new in names.items():
        name = name.replace(old, new, 1)
    return name


def _in_order(name: str, tensor: Tensor, which: str) -> Tensor:
    """Queries, keys, values, second queries, second keys: both queries first, then both keys, then the values."""
    if which not in name:
        return tensor
    q, k, v, second_q, second_k = tensor.chunk(5)
    return torch.cat([q, second_q, k, second_k, v])


def _fill(module: nn.Module, tensors: Iterable[tuple[str, Tensor]], folder: Path) -> None:
    """Put them into ``module``, which has none yet; what it does not know stays outside, nothing may be missing."""
    left = module.load_state_dict(dict(tensors), strict=False, assign=True)
    missing = [name for name in left.missing_keys if name in dict(module.named_parameters())]
    if missing:
        raise WeightError(f"{folder / TENSORS} lacks {missing[0]} and {len(missing) - 1} others; {_AGAIN}.")


def _tensors(file: Path, dtype: torch.dtype) -> Iterator[tuple[str, Tensor]]:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118 (no mapping)
            tensor = opened.get_tensor(name)
            yield name, tensor.to(dtype) if tensor.is_floating_point() else tensor
