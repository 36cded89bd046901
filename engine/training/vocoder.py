"""``tonewright train vocoder``: log-mel frames to sound, from voices and from all other sounds.

The net learns with the pitch that was measured, at the phase that the recording's fundamental has: so it can learn
which phase the other partials have to it. When it sounds, it says the pitch itself, and the phase is where the pitch
leads. First only spectra tell how well it does; later critics may join (:mod:`engine.training.critics`).
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.dsp.mel import HOP, WINDOW, log_mel
from engine.errors import AudioError
from engine.jobs import Note
from engine.metrics.vocoding import copy_loss
from engine.training.corpus import SPEECH, Recording, read_folders, share_out
from engine.training.critics import Critics, copies_loss, critics_loss
from engine.training.run import Training, use_cores
from engine.training.vocoder_loss import energy_distance
from engine.training.vocoder_shelf import MARGIN, PieceMixer, Pieces, read_samples, read_steps
from engine.training.voice_texts import read_voice, takes_of, text_key
from engine.vocoder.net import KIND, Shape, VocoderNet, VocoderSettings, pitch_octaves, sound_of
from engine.vocoder.own import Vocoder
from engine.vocoder.source import at_samples, cycles_through, sources_of

BATCH, N_FRAMES = 16, 52
RATE, CRITICS_RATE = 8e-4, 2e-4
_PITCH_SHARE = 0.05
_SCORE_SHARE, _APART_SHARE = 0.05, 0.2
_N_HELD = 4
_TOLD = ("log_mel_db", "spectrum_db", "periodicity", "pulse", "buzz")
_LEAST_WEIGHT = 0.03
_PITCH_WIDTH = 0.04
"""In octaves: how sharply a pitch is asked for."""


def train_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    settings: VocoderSettings | None = None,
    most_recordings: int | None = None,
    batch: int = BATCH,
    with_critics: bool = False,
) -> Generator[Note, None, dict[str, Any]]:
    """Train into ``out`` for ``minutes`` after everything was read; the result is the file's card.

    ``device`` is ``cpu``, ``cuda`` or empty for the best there is. ``with_critics`` is for a net that has learned all
    that spectra tell. ``most_recordings`` is for trying it out.
    """
    use_cores()
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    torch.manual_seed(seed)
    net = VocoderNet(settings or VocoderSettings()).to(target)
    critics = Critics().to(target) if with_critics else None
    training = Training(
        net,
        KIND,
        net.settings.to_json(),
        out=out,
        minutes=minutes,
        rate=CRITICS_RATE if with_critics else RATE,
        average=0.999,
        betas=(0.8, 0.98),
        beside=critics,
    )
    if resume:
        training.resume()
    items = yield from read_steps(of_side(folders, "train", seed)[:most_recordings])
    mixer = PieceMixer(items, seed + training.step)
    card = {
        "data": [folder.name for folder in folders],
        "recordings": len(items),
        "device": torch.cuda.get_device_name() if target.type == "cuda" else f"CPU ({platform.machine()})",
        "critics": with_critics,
        "parameters": sum(p.numel() for p in net.parameters()),
    }

    def loss_of() -> Tensor:
        pieces = mixer.batch(batch, N_FRAMES + 2 * MARGIN).to(target)
        return vocoder_loss(net, pieces, critics, training.learn_beside)

    held = _held(folders)

    def describe() -> dict[str, Any]:
        return {**card, **_lost(training.averaged(), held, target)}

    return (yield from training.steps(loss_of, describe))


def of_side(folders: Sequence[Path], side: Literal["train", "test"], seed: int = 0) -> list[Recording]:
    """What the folders hold of one side, mixed: the first of them are a bit of everything.

    Voices are shared out by what is said, as all nets of the voice do, and other sounds by their groups.
    """
    voices = [folder for folder in folders if _is_voice(folder)]
    found = []
    if voices:
        found = [
            Recording(take.path, take.text, SPEECH, text_key(take.text)) for take in takes_of(read_voice(voices), side)
        ]
    others = [folder for folder in folders if folder not in voices]
    if others:
        recordings = read_folders(others)
        sides = share_out(recordings)
        found += [recording for recording in recordings if sides[recording.group] == side]
    Random(seed).shuffle(found)
    return found


def _held(folders: Sequence[Path]) -> list[NDArray[np.float32]]:
    """Some of what is not learned from, as much of voices as of other sounds."""
    measured = of_side(folders, "test")
    speech = [one for one in measured if one.klass == SPEECH][:_N_HELD]
    found = []
    for one in [*speech, *[one for one in measured if one.klass != SPEECH][:_N_HELD]]:
        try:
            samples = read_samples(one.path)
        except AudioError:
            continue
        if len(samples) > 4 * WINDOW and np.abs(samples).max() > 1e-3:
            found.append(samples)
    return found


def _lost(net: nn.Module, held: Sequence[NDArray[np.float32]], device: torch.device) -> dict[str, float]:
    """What copies of recordings lack on average, as they are heard."""
    vocoder = Vocoder(cast(VocoderNet, net))
    losses = []
    for samples in held:
        copy = vocoder.sound(log_mel(torch.from_numpy(samples.copy()).to(device))[None])
        losses.append(copy_loss(samples, copy[0].cpu().numpy()))
    if not losses:
        return {}
    return {f"lost_{name}": round(float(np.mean([getattr(loss, name) for loss in losses])), 4) for name in _TOLD}


def _is_voice(folder: Path) -> bool:
    try:
        with (folder / "metadata.csv").open(encoding="utf-8") as file:
            return file.readline().startswith("file|text")
    except OSError:
        return False


def vocoder_loss(
    net: VocoderNet, pieces: Pieces, critics: Critics | None = None, learn: Callable[[Tensor], None] | None = None
) -> Tensor:
    """The energy distance of two sounds of different noise from the recording, and the cross-entropy of the pitch.

    Where there are ``critics``, they ``learn`` from the first of the two before they judge it.
    """
    frames = log_mel(pieces.samples)
    with torch.autocast(pieces.samples.device.type, torch.bfloat16):
        shape = net(frames)
    inner = slice(MARGIN * HOP, -MARGIN * HOP)
    cycles, hz = cycles_through(pieces.cycles, pieces.hz), at_samples(pieces.hz)
    noises = torch.randn(2, 2, *hz.shape, device=hz.device)
    first, second = (sound_of(shape, sources_of(cycles, hz, noise))[:, inner] for noise in noises)
    recording = pieces.samples[:, inner]
    loss = energy_distance(recording, first, second) + _PITCH_SHARE * pitch_loss(shape, pieces)
    if critics is None or learn is None:
        return loss
    level = recording.square().mean(1, keepdim=True).sqrt().clamp(min=1e-3)
    real, made = recording / level, first / level
    with torch.autocast(made.device.type, torch.bfloat16):
        learn(critics_loss(critics(real), critics(made.detach())))
        # What the critics make of the copy goes back through them, but they learn nothing by it.
        critics.requires_grad_(False)
        try:
            score, apart = copies_loss(critics(real), critics(made))
        finally:
            critics.requires_grad_(True)
    return loss + _SCORE_SHARE * score + _APART_SHARE * apart


def pitch_loss(shape: Shape, pieces: Pieces) -> Tensor:
    """How little speaks for the pitch that was measured, where there is one."""
    octaves = pitch_octaves(shape.pitch.shape[-1]).to(shape.pitch.device)
    wanted = torch.exp(-0.5 * ((pieces.hz.log2()[..., None] - octaves) / _PITCH_WIDTH).square())
    wanted = wanted / wanted.sum(-1, keepdim=True)
    surprise = -(wanted * shape.pitch.log_softmax(-1)).sum(-1)
    return (surprise * (pieces.weight + _LEAST_WEIGHT)).mean()
