"""The public priors as folders in their real format, with small random nets: no download, the same loading.

The tokenizers are built in memory. Weights that begin at zero in the real classes are shaken, or nothing would depend
on anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

WORDS = ("▁a", "▁bell", "▁kick", "▁drum", "▁rain", "▁glass", "▁breaking", "▁knock")
RATE_HZ = 4000


def save_stable_audio_open(folder: Path) -> Path:
    """Stable Audio Open: 32 frames of 64 samples at 4 kHz (0.51 s)."""
    from diffusers import (
        AutoencoderOobleck,
        CosineDPMSolverMultistepScheduler,
        StableAudioDiTModel,
        StableAudioPipeline,
        StableAudioProjectionModel,
    )

    torch.manual_seed(0)
    return _save(
        StableAudioPipeline(
            vae=AutoencoderOobleck(
                encoder_hidden_size=8, downsampling_ratios=[4, 4, 4], channel_multiples=[1, 2, 4], decoder_channels=8,
                decoder_input_channels=4, audio_channels=2, sampling_rate=RATE_HZ,
            ),
            text_encoder=_t5(),
            projection_model=StableAudioProjectionModel(
                text_encoder_dim=16, conditioning_dim=16, min_value=0, max_value=1
            ),
            tokenizer=_t5_tokenizer(),
            transformer=StableAudioDiTModel(
                sample_size=32, in_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
                num_key_value_attention_heads=2, out_channels=4, cross_attention_dim=16, time_proj_dim=8,
                global_states_input_dim=32, cross_attention_input_dim=16,
            ),
            scheduler=CosineDPMSolverMultistepScheduler(
                solver_order=2, prediction_type="v_prediction", sigma_data=1.0, sigma_schedule="exponential"
            ),
        ),
        folder,
    )  # fmt: skip


def save_stable_audio_3(folder: Path, stochastic: bool = True) -> Path:
    """Stable Audio 3: frames of 64 samples at 4 kHz."""
    from diffusers import AutoencoderSAME, FlowMatchEulerDiscreteScheduler, StableAudio3DiTModel, StableAudio3Pipeline
    from diffusers.pipelines.stable_audio_3.modeling_stable_audio_3 import StableAudio3DurationEmbedder
    from transformers import GemmaTokenizer, T5GemmaConfig, T5GemmaEncoderModel

    torch.manual_seed(0)
    signs = ("<pad>", "<eos>", "<bos>", "<unk>", *"▁abcdefghijklmnopqrstuvwxyz")
    vocabulary = {sign: n for n, sign in enumerate(signs)}
    part = {
        "vocab_size": 32, "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 1, "head_dim": 8,
    }  # fmt: skip
    config = T5GemmaConfig(encoder=dict(part), decoder=dict(part), is_encoder_decoder=False, vocab_size=32)
    tokenizer = GemmaTokenizer(vocab=vocabulary, merges=[])
    tokenizer.model_max_length = 48
    return _save(
        StableAudio3Pipeline(
            vae=AutoencoderSAME(
                audio_channels=2, patch_size=16, encoder_channels=8, encoder_c_mults=[2], encoder_strides=[4],
                encoder_transformer_depths=[1], latent_dim=4, dim_heads=8, sampling_rate=RATE_HZ,
            ),
            text_encoder=T5GemmaEncoderModel(config),
            tokenizer=tokenizer,
            duration_embedder=StableAudio3DurationEmbedder(output_dim=16, fourier_dim=8),
            transformer=StableAudio3DiTModel(
                io_channels=4, embed_dim=32, depth=2, num_heads=4, cond_token_dim=16, global_cond_dim=16,
                local_add_cond_dim=5, timestep_features_dim=8, num_memory_tokens=2,
            ),
            scheduler=FlowMatchEulerDiscreteScheduler(num_train_timesteps=1, stochastic_sampling=stochastic),
        ),
        folder,
    )  # fmt: skip


def save_audioldm2(folder: Path) -> Path:
    """AudioLDM 2: 8 mel bands, hops of 16 samples at 4 kHz, frames four of them long."""
    from diffusers import (
        AudioLDM2Pipeline,
        AudioLDM2ProjectionModel,
        AudioLDM2UNet2DConditionModel,
        AutoencoderKL,
        DDIMScheduler,
    )
    from transformers import (
        ClapAudioConfig,
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        ClapTextConfig,
        GPT2Config,
        GPT2LMHeadModel,
        RobertaTokenizer,
        SpeechT5HifiGan,
        SpeechT5HifiGanConfig,
    )

    torch.manual_seed(0)
    letters = {sign: 5 + n for n, sign in enumerate("Ġabcdefghijklmnopqrstuvwxyz")}
    roberta = RobertaTokenizer(vocab={"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": 4, **letters}, merges=[])
    roberta.model_max_length = 32
    text = ClapTextConfig(
        vocab_size=40, hidden_size=8, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=40, projection_dim=8, pad_token_id=1,
    )  # fmt: skip
    audio = ClapAudioConfig(
        spec_size=8, window_size=4, num_mel_bins=8, depths=[1, 1], num_hidden_layers=2, num_attention_heads=[2, 2],
        patch_size=2, patch_stride=2, patch_embeds_hidden_size=8, hidden_size=16, projection_dim=8, num_classes=8,
        patch_embed_input_channels=1, enable_fusion=False,
    )  # fmt: skip
    clap = ClapModel(ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=8))
    gpt2 = GPT2LMHeadModel(GPT2Config(vocab_size=16, n_embd=16, n_layer=1, n_head=2, n_positions=64))
    gpt2.config.max_new_tokens = 4
    return _save(
        AudioLDM2Pipeline(
            vae=AutoencoderKL(
                in_channels=1, out_channels=1, latent_channels=2, block_out_channels=[8, 8, 8], norm_num_groups=4,
                down_block_types=["DownEncoderBlock2D"] * 3, up_block_types=["UpDecoderBlock2D"] * 3,
                scaling_factor=0.7,
            ),
            text_encoder=clap,
            text_encoder_2=_t5(),
            projection_model=AudioLDM2ProjectionModel(text_encoder_dim=8, text_encoder_1_dim=16, langauge_model_dim=16),
            language_model=gpt2,
            tokenizer=roberta,
            tokenizer_2=_t5_tokenizer(),
            feature_extractor=ClapFeatureExtractor(feature_size=8, sampling_rate=RATE_HZ, nb_max_samples=1000),
            unet=AudioLDM2UNet2DConditionModel(
                sample_size=32, in_channels=2, out_channels=2, block_out_channels=[8, 16], layers_per_block=1,
                norm_num_groups=4, down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
                up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"], cross_attention_dim=[[None, 16, 16]] * 2,
                attention_head_dim=4, transformer_layers_per_block=1,
            ),
            scheduler=DDIMScheduler(
                beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear", clip_sample=False,
                set_alpha_to_one=False, steps_offset=1,
            ),
            vocoder=SpeechT5HifiGan(
                SpeechT5HifiGanConfig(
                    model_in_dim=8, sampling_rate=RATE_HZ, upsample_initial_channel=16, upsample_rates=[4, 4],
                    upsample_kernel_sizes=[8, 8], resblock_kernel_sizes=[3], resblock_dilation_sizes=[[1, 3]],
                    normalize_before=False,
                )
            ),
        ),
        folder,
    )  # fmt: skip


def _t5() -> Any:
    from transformers import T5Config, T5EncoderModel

    config = T5Config(vocab_size=32, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, dropout_rate=0.0)
    return T5EncoderModel(config)


def _t5_tokenizer() -> Any:
    from transformers import T5Tokenizer

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -9.0), *((word, -1.0) for word in WORDS)]
    tokenizer = T5Tokenizer(vocab=pieces, extra_ids=0)
    tokenizer.model_max_length = 16
    return tokenizer


def _save(pipeline: Any, folder: Path) -> Path:
    """Shake all weights and write the folder."""
    shaking = torch.Generator().manual_seed(1)
    for name, part in pipeline.components.items():
        if isinstance(part, torch.nn.Module):
            with torch.no_grad():
                for weights in part.parameters():
                    weights += (0.1 if name != "vae" else 0.03) * torch.randn(weights.shape, generator=shaking)
    pipeline.save_pretrained(folder)
    return folder
