"""What is lost when recordings become log-mel frames and then sound again: by our own vocoder, beside Griffin-Lim.

Voices are utterances of texts, other sounds of groups, that the vocoder did not learn from; each of both is made by
both in one run, and what is told is the mean over recordings.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.bench.frame import Mark, Row, Rows, data_folder, is_quick
from engine.dsp.mel import HOP, RATE_HZ, WINDOW, log_mel
from engine.metrics.vocoding import Loss, copy_loss
from engine.training.vocoder import of_side
from engine.training.vocoder_shelf import read_samples
from engine.vocoder.door import own_vocoder, what_sounds
from engine.vocoder.griffin_lim import griffin_lim

N_QUICK, N_WHOLE = 10, 60
SHARE = 0.5
"""How much of what Griffin-Lim loses of a voice may be lost."""
_TITLES = {
    "log_mel_db": ("log-mel error", "dB", SHARE),
    "spectrum_db": ("error of the fine spectrum", "dB", None),
    "periodicity": ("error of the periodicity", "", SHARE),
    "pulse": ("error of the pulses", "", SHARE),
    "pitch_cents": ("error of the pitch", "cent", None),
    "voicing": ("frames with and without pitch mistaken", "", None),
}
_MARKS = {"buzz": ("buzz", "", 0.03), "ringing_db": ("ringing", "dB", 0.3), "clicks": ("clicks", "1/s", 0.5)}
"""What is there too much of: at most so much."""


def rows() -> Rows:
    """Errors of voices and of other sounds, and how long it takes."""
    folder = data_folder()
    if folder is None or not ((folder / "voice").is_dir() and (folder / "sounds").is_dir()):
        yield Row.skipped("vocoder", "recordings", "TONEWRIGHT_DATA names no folder with voice and sounds")
        return
    own = own_vocoder()
    if own is None:
        yield Row.skipped("vocoder", "our own vocoder", "there is none: Griffin-Lim sounds")
        return
    for kind in ("voice", "sounds"):
        recordings = [read_samples(one.path) for one in of_side([folder / kind], "test")]
        sounds = [samples[: len(samples) // HOP * HOP] for samples in recordings if len(samples) > 4 * WINDOW]
        sounds = sounds[: N_QUICK if is_quick() else N_WHOLE]
        spent, mine, plain = 0.0, [], []
        for samples in sounds:
            frames = log_mel(torch.from_numpy(samples.copy()))[None]
            began = time.perf_counter()
            copy = own.sound(frames)
            spent += time.perf_counter() - began
            mine.append(_loss(samples, copy))
            plain.append(_loss(samples, griffin_lim(frames, torch.Generator().manual_seed(0))))
        yield from _compared(kind, mine, plain)
        seconds = sum(len(samples) for samples in sounds) / RATE_HZ
        yield Row.of("vocoder", f"{kind}: time for a second", [spent / seconds], "s", detail=what_sounds())


def _loss(samples: NDArray[np.float32], copy: Tensor) -> Loss:
    return copy_loss(samples, copy[0].numpy())


def _compared(kind: str, mine: Sequence[Loss], plain: Sequence[Loss]) -> Rows:
    ours, theirs = ([asdict(loss) for loss in losses] for losses in (mine, plain))
    for name, (title, unit, share) in _TITLES.items():
        own, other = (float(np.mean([loss[name] for loss in losses])) for losses in (ours, theirs))
        # Of other sounds no more may be lost than by Griffin-Lim; of voices half as much.
        limit = None if share is None else other * (share if kind == "voice" else 1.0)
        mark = None if limit is None else Mark(median=limit)
        detail = f"Griffin-Lim {other:.3g}: {own / max(other, 1e-9):.2f} times as much"
        yield Row("vocoder", f"{kind}: {title}", own, own, unit, mark, len(ours), detail)
    for name, (title, unit, most) in _MARKS.items():
        own, other = (float(np.mean([loss[name] for loss in losses])) for losses in (ours, theirs))
        detail = f"more than in the recordings; Griffin-Lim {other:.3g}"
        yield Row("vocoder", f"{kind}: {title}", own, own, unit, Mark(median=most), len(ours), detail)
