"""``tonewright train judge``, ``listener`` and ``ear``: three ears, trained apart from each other.

The judge learns classes from labelled recordings alone: neither words nor sounds of our own reach it. The ear by which
sets are compared learns the same from recordings that nothing else learns from. The listener learns which words belong
to which sound, of recordings and of what our instruments make.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.dsp.mel import LOG_FLOOR, MOST_FRAMES
from engine.errors import BadUsage
from engine.jobs import Note
from engine.metrics.ear_net import EarNet, EarSettings
from engine.metrics.embedding import KIND as EAR
from engine.metrics.embedding import SETTINGS as EAR_SETTINGS
from engine.metrics.judge import KIND as JUDGE
from engine.metrics.judge import at_one_length
from engine.priors.listener import KIND as LISTENER
from engine.priors.listener import ListenerNet
from engine.priors.text import text_encoder
from engine.project.presets import Preset
from engine.training.corpus import Recording, Side, read_folders, share_out
from engine.training.prior import MADE_SHARE, STREAM_SIZE, learned_from
from engine.training.run import Training, use_cores
from engine.training.shelf import SPEEDS, Item, Mixer, Stream, read_steps
from engine.training.variation import varied

BATCH = 48
JUDGE_SIDE: Side = "train"
EMBED_SIDE: Side = "embed"
_DROPOUT = 0.2
_MIX_SHARE = 0.5
_SMOOTH = 0.05
_OF_ONE_CLASS = 0.1
"""What the words for one sound are worth for another of its class."""


def judge_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    kind: str = JUDGE,
    most_recordings: int | None = None,
    batch: int = BATCH,
) -> Generator[Note, None, dict[str, Any]]:
    """Train a classifier of the recordings' classes into ``out``; the result is its card.

    ``kind`` is :data:`JUDGE`, or :data:`EAR` for the embedding of the metrics.
    """
    side, shape = (EMBED_SIDE, EAR_SETTINGS) if kind == EAR else (JUDGE_SIDE, EarSettings())
    target = _begin(device, seed)
    everything = [recording for recording in read_folders(folders) if recording.klass]
    classes = sorted({recording.klass for recording in everything})
    if len(classes) < 2:
        raise BadUsage("A judge needs labelled sounds of two classes at least.")
    mine, unseen = _sides(everything, side)
    net = EarNet(replace(shape, answers=len(classes)), _DROPOUT).to(target)
    settings = {**net.settings.to_json(), "classes": classes}
    training = Training(net, kind, settings, out=out, minutes=minutes, rate=1e-3, decay=0.05, average=0.998)
    if resume:
        training.resume()
    real = yield from read_steps(mine[:most_recordings], None, speeds=SPEEDS, seed=seed)
    held = yield from read_steps(unseen[:most_recordings], None, seed=seed)
    if not resume:
        _settle_scale(net, real)
    mixer, chance = Mixer(real, None, 0.0, seed + training.step), np.random.default_rng(seed + training.step)
    place = {name: n for n, name in enumerate(classes)}

    def loss_of() -> Tensor:
        net.train()
        items = [mixer.draw() for _ in range(batch)]
        frames = varied([item.frames for item in items], chance).to(target)
        wanted = F.one_hot(torch.tensor([place[item.klass] for item in items]), len(classes)).float().to(target)
        if chance.random() < _MIX_SHARE:
            frames, wanted = _mixed(frames, wanted, float(chance.beta(0.4, 0.4)))
        with torch.autocast(target.type, torch.bfloat16):
            answers = net(frames)
        return F.cross_entropy(answers.float(), wanted, label_smoothing=_SMOOTH)

    card = {**_card(folders, target, net, len(mine)), "side": side}

    def describe() -> dict[str, Any]:
        return {**card, **_accuracy(training.averaged(), held, place, target)}

    return (yield from training.steps(loss_of, describe))


def listener_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    presets: Sequence[Preset],
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    stream_size: int = STREAM_SIZE,
    most_recordings: int | None = None,
    batch: int = BATCH,
) -> Generator[Note, None, dict[str, Any]]:
    """Train the text-audio score into ``out``; the result is its card."""
    target = _begin(device, seed)
    everything = read_folders(folders)
    _, unseen = _sides([recording for recording in everything if recording.klass], "train")
    mine = learned_from(everything)
    settings = EarSettings(widths=(48, 96, 192, 320))
    net = ListenerNet(settings, _DROPOUT).to(target)
    training = Training(
        net, LISTENER, settings.to_json(), out=out, minutes=minutes, rate=1e-3, decay=0.05, average=0.998
    )
    if resume:
        training.resume()
    encoder = text_encoder()
    real = yield from read_steps(mine[:most_recordings], encoder, speeds=SPEEDS, seed=seed)
    held = yield from read_steps(unseen[:most_recordings], encoder, seed=seed)
    stream = Stream(presets, encoder, stream_size, seed + training.step)
    yield from stream.fill_steps(stream_size // 8)
    try:
        if not resume:
            _settle_scale(net.ear, real)
        mixer, chance = Mixer(real, stream, MADE_SHARE, seed + training.step), np.random.default_rng(seed)
        rng = Random(seed + training.step)

        def loss_of() -> Tensor:
            if stream.error is not None:
                raise stream.error
            net.train()
            items = [mixer.draw() for _ in range(2 * batch)]
            names = torch.stack([item.names[rng.randrange(len(item.names))] for item in items]).float().to(target)
            with torch.autocast(target.type, torch.bfloat16):
                sounds = net.of_sound(varied([item.frames for item in items], chance).to(target)).float()
            return contrast(sounds, net.of_words(names), kinship(items, names), net.sharpness)

        card = {**_card(folders, target, net, len(mine)), "made_share": MADE_SHARE}

        def describe() -> dict[str, Any]:
            return {**card, **_retrieval(training.averaged(), held, target)}

        return (yield from training.steps(loss_of, describe))
    finally:
        stream.close()


def contrast(sounds: Tensor, words: Tensor, kin: Tensor, sharpness: Tensor) -> Tensor:
    """Each sound's words among all words of the batch, and each words' sound; what says the same is no mistake.

    ``sounds`` and ``words`` ``[batch, answers]`` of length 1, ``kin`` ``[batch, batch]`` as :func:`kinship` gives it.
    """
    scores = sharpness.exp().clamp(max=100.0) * sounds @ words.T
    wanted = kin / kin.sum(1, keepdim=True)
    both: Tensor = 0.5 * (F.cross_entropy(scores, wanted) + F.cross_entropy(scores.T, wanted))
    return both


def kinship(items: Sequence[Item], names: Tensor) -> Tensor:
    """How far the words for one sound suit another, 1 for its own: ``[batch, batch]``.

    Captions, or the ``names`` ``[batch, dim]`` that were drawn, that nearly agree share the hit: two kicks in a batch
    are both kicks. So do sounds of one class, a little: words for the one are no worse for the other than for a bird.
    """
    captions = torch.stack([item.names[0] for item in items]).float().to(names.device)
    alike = torch.maximum(captions @ captions.T, names @ names.T)
    classes = [item.klass for item in items]
    same = torch.tensor([[bool(a) and a == b for b in classes] for a in classes], device=names.device)
    return torch.maximum(((alike - 0.7) / 0.3).clamp(0.0, 1.0) ** 2, _OF_ONE_CLASS * same)


def _mixed(frames: Tensor, wanted: Tensor, share: float) -> tuple[Tensor, Tensor]:
    """Two sounds at once, by their magnitudes (mixup, arXiv 1710.09412)."""
    share = max(share, 1e-4)
    together = torch.logaddexp(frames + np.log(share), frames.flip(0) + np.log(max(1.0 - share, 1e-4)))
    return together.clamp(min=LOG_FLOOR), share * wanted + (1.0 - share) * wanted.flip(0)


def _begin(device: str, seed: int) -> torch.device:
    use_cores()
    torch.manual_seed(seed)
    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))


def _sides(recordings: Sequence[Recording], side: Side) -> tuple[list[Recording], list[Recording]]:
    """What to learn from, and what nobody learns from."""
    sides = share_out(recordings)
    mine = [recording for recording in recordings if sides[recording.group] == side]
    return mine, [recording for recording in recordings if sides[recording.group] == "test"]


def _settle_scale(net: EarNet, items: Sequence[Item]) -> None:
    frames = torch.from_numpy(np.concatenate([item.frames[:MOST_FRAMES] for item in items])).float()
    net.mean.copy_(frames.mean(0))
    net.spread.copy_(frames.std(0).clamp(min=0.1))


def _card(folders: Sequence[Path], device: torch.device, net: nn.Module, n: int) -> dict[str, Any]:
    return {
        "data": [folder.name for folder in folders],
        "recordings": n,
        "device": torch.cuda.get_device_name() if device.type == "cuda" else f"CPU ({platform.machine()})",
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
    }


def _rows(items: Sequence[Item], look: Callable[[Tensor], Tensor], device: torch.device) -> Tensor:
    found = []
    with torch.no_grad():
        for first in range(0, len(items), BATCH):
            rows = [at_one_length(torch.from_numpy(i.frames).float()[None]) for i in items[first : first + BATCH]]
            found.append(look(torch.cat(rows).to(device)).float().cpu())
    return torch.cat(found)


def _accuracy(net: nn.Module, held: Sequence[Item], place: dict[str, int], device: torch.device) -> dict[str, float]:
    """How often the right class is first, among the first three, and the first five, of recordings not learned from."""
    ranks = _rows(held, net, device).argsort(1, descending=True)
    wanted = torch.tensor([place[item.klass] for item in held])[:, None]
    hits = ranks == wanted
    return {f"top_{k}": round(float(hits[:, :k].any(1).float().mean()), 4) for k in (1, 3, 5)} | {"unseen": len(held)}


def _retrieval(net: nn.Module, held: Sequence[Item], device: torch.device) -> dict[str, float]:
    """How often a sound never learned from finds its own caption among all of them: first, and among the first ten."""
    assert isinstance(net, ListenerNet)
    names = torch.stack([item.names[0] for item in held]).float()
    with torch.no_grad():
        scores = _rows(held, net.of_sound, device) @ net.of_words(names.to(device)).cpu().T
    # Captions that are the same words are all right.
    best = scores.gather(1, torch.arange(len(held))[:, None])
    rank = (scores > best + 1e-6).sum(1)
    found = {f"recall_{k}": round(float((rank < k).float().mean()), 4) for k in (1, 10)}
    return found | {"unseen": len(held)}
