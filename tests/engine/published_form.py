"""A small random Stable Audio 3 written as its makers publish theirs: their names, their order of projections."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

RATE_HZ = 4000


def publish(pipeline: Any, folder: Path, *, is_small: bool = False, objective: str = "rf_denoiser") -> Path:
    """Write the diffusers pipeline ``pipeline``; ``is_small`` says that its autoencoder attends in chunks."""
    from transformers import T5GemmaConfig, T5GemmaModel

    tensors = {}
    for name, tensor in pipeline.transformer.state_dict().items():
        tensors[_name_in_net(name)] = _their_order(name, tensor)
    for name, tensor in pipeline.vae.state_dict().items():
        tensors[f"pretransform.model.{_name_in_sound(name)}"] = _their_order(name, tensor)
    for end in ("weight", "bias"):
        embedder = pipeline.duration_embedder.state_dict()
        tensors[f"conditioner.conditioners.seconds_total.embedder.embedding.1.{end}"] = embedder[f"linear.{end}"]
    # What they save besides, and nobody needs.
    tensors["pretransform.model.bottleneck.noise_scaling_factor"] = torch.zeros(1, 0, 1)
    folder.mkdir(parents=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    (folder / "model_config.json").write_text(json.dumps(_settings(pipeline, is_small, objective)))
    text = pipeline.text_encoder.config.to_dict()
    whole = T5GemmaModel(T5GemmaConfig(encoder=text["encoder"], decoder=text["decoder"], vocab_size=32))
    whole.encoder.load_state_dict(pipeline.text_encoder.encoder.state_dict())
    whole.save_pretrained(folder / "t5gemma-b-b-ul2")
    pipeline.tokenizer.save_pretrained(folder / "t5gemma-b-b-ul2")
    return folder


def _settings(pipeline: Any, is_small: bool, objective: str) -> dict[str, Any]:
    net, sound = pipeline.transformer.config, pipeline.vae.config
    kind = {"chunk_size": 8, "chunk_midpoint_shift": True} if is_small else {"sliding_window": [1, 1]}
    side = {
        "channels": sound.encoder_channels, "c_mults": sound.encoder_c_mults, "strides": sound.encoder_strides,
        "latent_dim": sound.latent_dim, "transformer_depths": sound.encoder_transformer_depths,
        "dim_heads": sound.dim_heads, "differential": True, "variable_stride": True, **kind,
    }  # fmt: skip
    return {
        "model_type": "diffusion_cond_inpaint",
        "sample_rate": RATE_HZ,
        "model": {
            "pretransform": {
                "config": {
                    "io_channels": 2,
                    "downsampling_ratio": 64,
                    "encoder": {"config": side},
                    "decoder": {"config": {**side, "sinusoidal_blocks": [0], "conv_mapping": is_small}},
                }
            },
            "conditioning": {
                "configs": [
                    {"id": "prompt", "type": "t5gemma", "config": {}},
                    {"id": "seconds_total", "type": "number", "config": {"min_val": 0, "max_val": 384}},
                ]
            },
            "diffusion": {
                "diffusion_objective": objective,
                "config": {
                    "io_channels": net.io_channels, "embed_dim": net.embed_dim, "depth": net.depth,
                    "num_heads": net.num_heads, "cond_token_dim": net.cond_token_dim,
                    "global_cond_dim": net.global_cond_dim,
                },
            },
        },
    }  # fmt: skip


def _name_in_net(name: str) -> str:
    if name == "prompt_padding_embedding":
        return "conditioner.conditioners.prompt.padding_embedding"
    parts = name.split(".")
    if parts[0] == "transformer_blocks":
        name = ".".join(["transformer", "layers", *parts[1:]])
        name = name.replace(".ff.proj_in.", ".ff.ff.0.proj.").replace(".ff.proj_out.", ".ff.ff.2.")
    elif parts[0] in ("proj_in", "proj_out"):
        name = f"transformer.{'project_in' if parts[0] == 'proj_in' else 'project_out'}.{parts[1]}"
    elif parts[0] in ("memory_tokens", "rotary_pos_emb", "global_cond_embedder"):
        name = f"transformer.{name}"
    return f"model.model.{name}"


def _name_in_sound(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "bottleneck":
        return name.replace("scale", "scaling_factor") if parts[1] == "scale" else name
    side, rest = parts[0], parts[1:]
    if rest[0] == "proj":
        return f"{side}.layers.{2 if side == 'encoder' else 1}.{rest[1]}"
    place = int(rest[1]) + (0 if side == "encoder" else 3)
    theirs = {"norm_attn": "pre_norm", "norm_ff": "ff_norm", "attn": "self_attn"}
    inner = ".".join(theirs.get(part, part) for part in rest[2:])
    inner = inner.replace("ff.proj_in.", "ff.ff.0.proj.").replace("ff.proj_out.", "ff.ff.2.")
    return f"{side}.layers.{place}.{inner}"


def _their_order(name: str, tensor: torch.Tensor) -> torch.Tensor:
    """Both queries, both keys, values: query, key, value, second query, second key."""
    if "to_qkv" not in name:
        return tensor
    q, second_q, k, second_k, v = tensor.chunk(5)
    return torch.cat([q, k, v, second_q, second_k])
