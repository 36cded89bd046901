"""``tonewright train prior``: text to log-mel frames, from captioned recordings and an endless stream of renders."""

from __future__ import annotations

import platform
from collections.abc import Generator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.dsp.mel import LOG_FLOOR, MOST_FRAMES
from engine.jobs import Note
from engine.priors.own_net import PriorNet, PriorSettings
from engine.priors.text import text_encoder
from engine.project.presets import Preset
from engine.training.corpus import SPEECH, Recording, read_folders, share_out
from engine.training.run import Training, use_cores
from engine.training.shelf import SPEEDS, Item, Mixer, Stream, read_steps

KIND = "prior"
BATCH_FRAMES = 6016
"""How many frames a batch has, whatever their length: 16 of the longest sounds, or more short ones."""
LENGTHS = (24, 48, 96, 188, MOST_FRAMES)
MADE_SHARE = 0.35
STREAM_SIZE = 6000
WORDLESS = 0.12
"""How often a sound is learned without words, for guidance."""
_SPEECH_FILES = 400
_T_SHIFT, _T_SPREAD = 0.4, 1.1
_LEAST_T = 0.2


def train_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    presets: Sequence[Preset],
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    settings: PriorSettings | None = None,
    stream_size: int = STREAM_SIZE,
    most_recordings: int | None = None,
) -> Generator[Note, None, dict[str, Any]]:
    """Train into ``out`` for ``minutes`` after everything was read; the result is the file's card.

    ``device`` is ``cpu``, ``cuda`` or empty for the best there is. ``most_recordings`` is for trying it out.
    """
    use_cores()
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    torch.manual_seed(seed)
    net = PriorNet(settings or PriorSettings()).to(target)
    training = Training(net, KIND, asdict(net.settings), out=out, minutes=minutes, rate=6e-4)
    if resume:
        training.resume()
    encoder = text_encoder()
    recordings = learned_from(read_folders(folders))[:most_recordings]
    real = yield from read_steps(recordings, encoder, speeds=SPEEDS, seed=seed)
    stream = Stream(presets, encoder, stream_size, seed + training.step)
    yield from stream.fill_steps(stream_size // 8)
    try:
        if not resume:
            _settle_scale(net, [*real, *stream.items])
        mixer = Mixer(real, stream, MADE_SHARE, seed + training.step)
        card = {
            "data": [folder.name for folder in folders],
            "recordings": len(recordings),
            "made_share": MADE_SHARE,
            "device": torch.cuda.get_device_name() if target.type == "cuda" else f"CPU ({platform.machine()})",
            "parameters": sum(p.numel() for p in net.parameters()),
        }

        def loss_of() -> Tensor:
            if stream.error is not None:
                raise stream.error
            return prior_loss(net, mixer, target)

        return (yield from training.steps(loss_of, lambda: card))
    finally:
        stream.close()


def learned_from(recordings: Sequence[Recording]) -> list[Recording]:
    """Those of the training side; of speech only as much as keeps it one kind of sound among others."""
    sides = share_out(recordings)
    mine = [recording for recording in recordings if sides[recording.group] == "train"]
    speech = [recording for recording in mine if recording.klass == SPEECH]
    return [recording for recording in mine if recording.klass != SPEECH] + speech[:_SPEECH_FILES]


def _settle_scale(net: PriorNet, items: Sequence[Item]) -> None:
    """Mean and deviation of each band over everything there is."""
    total, squares, n = torch.zeros(net.mean.shape), torch.zeros(net.mean.shape), 0
    for item in items:
        frames = torch.from_numpy(item.frames).float()
        total, squares, n = total + frames.sum(0), squares + frames.square().sum(0), n + len(frames)
    mean = total / n
    net.mean.copy_(mean)
    net.spread.copy_((squares / n - mean.square()).clamp(min=0.01).sqrt())


def prior_loss(net: PriorNet, mixer: Mixer, device: torch.device) -> Tensor:
    """The flow-matching loss of one batch: the squared error of the velocity, by way of the estimated sound.

    The velocity at ``z = (1 - t) x + t e`` is ``(z - x) / t``, so an error in ``x`` counts ``1 / t``, bounded where
    ``t`` is near 0 and nothing can be learned.
    """
    size = mixer.length(LENGTHS)
    # A batch of short sounds has more of them.
    frames, text, seconds = mixer.batch(max(BATCH_FRAMES // size, 1), LENGTHS, LOG_FLOOR, size)
    x = net.normalise(frames.to(device))
    t = torch.sigmoid(_T_SHIFT + _T_SPREAD * torch.randn(len(x), device=device))
    z = torch.lerp(x, torch.randn_like(x), t[:, None, None])
    worded = torch.rand(len(x), device=device) >= WORDLESS
    with torch.autocast(device.type, torch.bfloat16):
        found = net(z, t, text.to(device), seconds.to(device), worded)
    error = (found.float() - x).square().mean((1, 2))
    loss: Tensor = (error / t.clamp(min=_LEAST_T).square()).mean()
    return loss
