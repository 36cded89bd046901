"""How good a voice is on texts that it never heard: losses, and readings compared with the real ones."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from dataclasses import asdict, fields

import numpy as np
import torch

from engine.dsp.mel import LOG_FLOOR
from engine.jobs import Note
from engine.metrics.speech_distance import Reading, compare
from engine.metrics.voice_pitch import track
from engine.speech.acoustic import AcousticVoice, Style
from engine.speech.acoustic_net import AcousticNet
from engine.training.voice_lessons import Batch, alignments, frames_loss, mean_loss, padded, prosody_loss
from engine.training.voice_shelf import Take, as_sample
from engine.vocoder.griffin_lim import griffin_lim

_ROWS = 8
_LEAST_FRAMES = 8


def check_losses(net: AcousticNet, takes: Sequence[Take]) -> dict[str, float]:
    """The three losses on ``takes`` with the same chance each time, ``net`` being averaged and at rest."""
    rng = torch.Generator().manual_seed(0)
    ordered = sorted(takes, key=lambda take: len(take.frames))
    sums, n_frames = np.zeros(3), 0
    with torch.no_grad():
        for k in range(0, len(ordered), _ROWS):
            samples = [as_sample(take) for take in ordered[k : k + _ROWS]]
            with torch.autocast(net.mean.device.type, torch.bfloat16):
                batch = Batch.of(samples, net)
                h, mu = net.read(batch.ids, batch.mask, batch.recorded)
                counts = alignments(mu, batch)
                found = [mean_loss(net, mu, batch, padded(counts, batch))]
                if float(net.aligned):
                    known = Batch.of(
                        [as_sample(t, c) for t, c in zip(ordered[k : k + _ROWS], counts, strict=True)], net
                    )
                    found.append(frames_loss(net, h, mu, known, rng, untold=0.0))
                    found.append(prosody_loss(net, h, known, rng))
            n = int(batch.frame_mask.sum())
            sums[: len(found)] += n * np.array([float(loss) for loss in found])
            n_frames += n
    names = ("mean", "frames", "prosody") if float(net.aligned) else ("mean",)
    return {f"validation_{name}": round(float(value) / n_frames, 4) for name, value in zip(names, sums, strict=False)}


def measure_steps(
    voice: AcousticVoice, takes: Sequence[Take], style: Style | None = None
) -> Generator[Note, None, dict[str, float]]:
    """Read the texts of ``takes`` and compare each with the real reading; means over all.

    Griffin and Lim make the sound from which melodies are taken. Two real takes of a text, where there are some, say
    how far apart readings of one person are.
    """
    readings, between = [], []
    first: dict[str, Take] = {}
    for k, take in enumerate(takes):
        yield Note(k / len(takes), f"Listening to the voice, {k} of {len(takes)}")
        real, real_hz = take.frames.astype(np.float32), np.exp(take.log_hz) * (take.log_hz > 0.0)
        if take.text in first:
            other = first[take.text]
            hz = np.exp(other.log_hz) * (other.log_hz > 0.0)
            between.append(compare(other.frames.astype(np.float32), hz, real, real_hz))
            continue
        first[take.text] = take
        spoken = [chunk.frames for chunk in voice.speak([take.ids.tolist()], style or Style())]
        frames = torch.cat(spoken)
        if len(frames) < _LEAST_FRAMES:
            frames = torch.cat([frames, torch.full((_LEAST_FRAMES, frames.shape[1]), LOG_FLOOR)])
        sound = griffin_lim(frames[None], torch.Generator().manual_seed(0))[0]
        readings.append(compare(frames.numpy(), track(sound.numpy())[: len(frames)], real, real_hz))
    found = _means(readings)
    if between:
        found |= {f"two_takes_{name}": value for name, value in _means(between).items()}
    return found


def _means(readings: Sequence[Reading]) -> dict[str, float]:
    found = {}
    for field in fields(Reading):
        values = [value for reading in readings if math.isfinite(value := asdict(reading)[field.name])]
        if values:
            found[field.name] = round(float(np.mean(values)), 3)
    return found
