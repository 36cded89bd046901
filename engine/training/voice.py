"""``tonewright train voice``: symbols to log-mel frames, from a folder of takes with their texts.

First the encoder alone learns what symbols sound like while it finds where they are; then, with every take aligned,
everything learns, and the alignment is made anew now and then until the learning rate falls. Prosody, of which there is
little to learn from, rests as soon as unseen texts gain nothing more from it.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.dsp.mel import N_BANDS
from engine.errors import BadUsage
from engine.jobs import Note
from engine.speech.acoustic import KIND, AcousticVoice
from engine.speech.acoustic_net import N_PROSODY, N_STATES, AcousticNet, AcousticSettings
from engine.training.run import Training, use_cores
from engine.training.voice_check import check_losses, measure_steps
from engine.training.voice_lessons import (
    Batch,
    Batches,
    alignments,
    frames_loss,
    mean_loss,
    padded,
    prosody_loss,
)
from engine.training.voice_shelf import Ints, Take, as_sample, prosody_of, read_takes_steps, state_mask
from engine.training.voice_texts import Spoken, read_voice, takes_of

RATE = 5e-4
AVERAGE = 0.999
ALIGN_STEPS = 1500
ALIGN_SHARE = 0.2
"""What aligning may take at most, of all the time there is."""
DIAGONAL_STEPS, DIAGONAL = 600, 10.0
"""How long, and how strongly at first, paths near the diagonal are preferred."""
REALIGN_STEPS = 1500
SETTLED_SHARE = 0.7
"""After this share of the time alignments stay as they are."""
CHECK_EVERY_S = 300.0
PATIENCE = 4
"""Checks without a gain after which prosody rests."""
ReadText = Callable[[str], Sequence[int]]


def front_end() -> ReadText:
    """How the program itself reads a text, all of it in one go."""
    from engine.speech.front import to_script
    from engine.speech.pronounce import Pronouncer

    pronouncer = Pronouncer()

    def read(text: str) -> list[int]:
        return [i for chunk in to_script(text, pronouncer).chunks for i in chunk.ids]

    return read


def usual_cache() -> Path:
    """Where frames of takes are kept from one training to the next: in the person's cache folder."""
    import platformdirs

    return platformdirs.user_cache_path("tonewright", appauthor=False) / "voice"


def train_steps(
    folders: Sequence[Path],
    out: Path,
    minutes: float,
    read_text: ReadText | None = None,
    *,
    device: str = "",
    resume: bool = False,
    seed: int = 0,
    settings: AcousticSettings | None = None,
    dropout: float = 0.1,
    cache: Path | None = None,
    align_steps: int = ALIGN_STEPS,
    only: Callable[[Spoken], bool] | None = None,
) -> Generator[Note, None, dict[str, Any]]:
    """Train into ``out`` for ``minutes`` after everything was read; the result is the file's card.

    ``read_text`` gives the symbols of a text; frames are kept in the folder ``cache``. ``device`` is ``cpu``, ``cuda``
    or empty for the best there is. ``only`` is for trying it out.
    """
    use_cores()
    read_text = read_text or front_end()
    target = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    torch.manual_seed(seed)
    net = AcousticNet(settings or AcousticSettings(), dropout).to(target)
    training = Training(net, KIND, asdict(net.settings), out=out, minutes=minutes, rate=RATE, average=AVERAGE)
    if resume:
        training.resume()
    everyone = read_voice(folders)
    mine = [take for take in takes_of(everyone, "train") if only is None or only(take)]
    held = takes_of(everyone, "validation")
    takes = yield from _read_steps(mine, read_text, cache)
    validation = yield from _read_steps(held, read_text, cache)
    if not takes or not validation:
        raise BadUsage("There are too few recordings to learn a voice from.")
    if not training.step:
        _settle_scale(net, takes)
    course = Course(net, training, takes, validation, minutes, seed + training.step, align_steps)
    card = {
        "data": [folder.name for folder in folders],
        "takes": len(takes),
        "device": torch.cuda.get_device_name() if target.type == "cuda" else f"CPU ({platform.machine()})",
        "parameters": sum(p.numel() for p in net.parameters()),
    }
    found = yield from training.steps(course.loss, lambda: {**card, **course.report()})
    if not found or not float(net.aligned):
        return found
    voice = AcousticVoice(_copied(net, training))
    measured = yield from measure_steps(voice, validation)
    minutes_spent = float(found["minutes"])
    return training.save({**found, **measured}, minutes_spent)


def _copied(net: AcousticNet, training: Training) -> AcousticNet:
    averaged = training.averaged()
    assert isinstance(averaged, AcousticNet)
    return averaged.cpu()


def _read_steps(spoken: Sequence[Spoken], read_text: ReadText, cache: Path | None) -> Generator[Note, None, list[Take]]:
    """Those that are long enough for what is said in them."""
    takes = yield from read_takes_steps(spoken, [read_text(take.text) for take in spoken], cache)
    return [take for take in takes if len(take.frames) > 1.15 * take.n_states]


def _settle_scale(net: AcousticNet, takes: Sequence[Take]) -> None:
    """Mean and deviation of each band over all frames."""
    total, squares, n = np.zeros(N_BANDS), np.zeros(N_BANDS), 0
    for take in takes:
        frames = take.frames.astype(np.float64)
        total, squares, n = total + frames.sum(0), squares + np.square(frames).sum(0), n + len(frames)
    mean = total / n
    net.mean.copy_(torch.from_numpy(mean))
    net.spread.copy_(torch.from_numpy(np.sqrt(np.maximum(squares / n - np.square(mean), 0.01))))


class Course:
    """What each step learns, by how far the training is."""

    def __init__(
        self,
        net: AcousticNet,
        training: Training,
        takes: Sequence[Take],
        validation: Sequence[Take],
        minutes: float,
        seed: int,
        align_steps: int,
    ) -> None:
        self._net, self._training = net, training
        self._takes, self._validation = takes, validation
        self._batches = Batches(takes, seed)
        self._align_steps = align_steps
        self._seconds, self._began = 60.0 * minutes, time.monotonic()
        self._counts: list[Ints] | None = None
        self._aligned_at = 0
        self._losses: dict[str, float] = {}
        self._checked = -CHECK_EVERY_S
        self._best: tuple[float, dict[str, Tensor]] | None = None
        self._waited = 0
        self._prosody_rests = False

    def loss(self) -> Tensor:
        """Of the next batch."""
        net, step = self._net, self._training.step
        net.train()
        share = (time.monotonic() - self._began) / self._seconds
        if self._counts is None:
            is_due = bool(float(net.aligned)) or step >= self._align_steps or share >= ALIGN_SHARE
        else:
            is_due = step - self._aligned_at >= REALIGN_STEPS and share < SETTLED_SHARE
        if is_due:
            self._align()
        batch = Batch.of(self._batches.next(self._counts), net)
        with torch.autocast(net.mean.device.type, torch.bfloat16):
            h, mu = net.read(batch.ids, batch.mask, batch.recorded)
            if self._counts is None:
                diagonal = DIAGONAL * max(1.0 - step / min(DIAGONAL_STEPS, self._align_steps), 0.0)
                return mean_loss(net, mu, batch, padded(alignments(mu, batch, diagonal), batch))
            assert batch.counts is not None
            loss = mean_loss(net, mu, batch, batch.counts) + frames_loss(net, h, mu, batch)
            if not self._prosody_rests:
                loss = loss + prosody_loss(net, h, batch)
        return loss

    def _align(self) -> None:
        """Find where each symbol of each take is; the first time, also what prosody is on average."""
        net = self._net.eval()
        self._counts = []
        with torch.no_grad():
            for take in self._takes:
                batch = Batch.of([as_sample(take)], net)
                with torch.autocast(net.mean.device.type, torch.bfloat16):
                    _, mu = net.read(batch.ids, batch.mask, batch.recorded)
                self._counts += alignments(mu, batch)
        if not float(net.aligned):
            self._settle_prosody(self._counts)
            net.aligned.fill_(1.0)
            # The average would remember a net that knew none of this.
            self._training.average_anew()
        self._aligned_at = self._training.step
        self._batches.forget()
        net.train()

    def _settle_prosody(self, counts: Sequence[Ints]) -> None:
        rows, there = [], []
        for take, found in zip(self._takes, counts, strict=True):
            rows.append(prosody_of(found, take.frames.astype(np.float32), take.log_hz))
            has = np.ones((len(found), N_PROSODY), bool)
            has[:, :N_STATES] = state_mask(take.ids)
            there.append(has)
        table = np.ma.masked_array(np.concatenate(rows), ~np.concatenate(there))
        self._net.prosody_mean.copy_(torch.from_numpy(np.asarray(table.mean(0), np.float32)))
        self._net.prosody_spread.copy_(torch.from_numpy(np.asarray(table.std(0).clip(0.01), np.float32)))

    def report(self) -> Mapping[str, Any]:
        """What the card says; looks at the texts that are held out, now and then."""
        now = time.monotonic()
        if now - self._checked >= CHECK_EVERY_S or now - self._began >= self._seconds:
            averaged = self._training.averaged()
            assert isinstance(averaged, AcousticNet)
            self._losses = check_losses(averaged, self._validation)
            self._checked = now
            if "validation_prosody" in self._losses and not self._prosody_rests:
                self._judge_prosody(averaged, self._losses["validation_prosody"])
        return {
            "stage": "aligning" if self._counts is None else "speaking",
            "epochs": self._batches.epochs,
            **self._losses,
        }

    def _judge_prosody(self, averaged: AcousticNet, loss: float) -> None:
        if self._best is None or loss < self._best[0]:
            mine = {name: value.clone() for name, value in averaged.state_dict().items() if _is_prosody(name)}
            self._best, self._waited = (loss, mine), 0
            return
        self._waited += 1
        if self._waited >= PATIENCE:
            self._net.load_state_dict(self._best[1], strict=False)
            self._training.average_anew(self._best[1])
            self._prosody_rests = True


def _is_prosody(name: str) -> bool:
    return name.startswith(("prosody.", "prosody_in."))
