"""Thousands of drawn patches and what each sounds like in a few numbers, to find those that resemble a target.

The numbers are relative to the pitch, so one render of each patch serves every key. They come with the program, in
``resources/matching``; ``python -m engine.matching.bank`` makes them again, always the same.
"""

from __future__ import annotations

import itertools
import sys
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from engine.matching.draws import Values, drawn
from engine.matching.target import Samples, Target, levels_db
from engine.params.fm import FM_SPACE
from engine.params.keys import key_to_hz
from engine.synths.catalog import synth_of

N_DRAWN = 4096
"""Seeds 0 to this belong to the bank."""
INDEX = Path(__file__).resolve().parents[2] / "resources" / "matching" / "fm-bank.safetensors"

_RATE, _KEY, _LENGTH_S = 22_050, 60.0, 1.5
_TIMES_S = (0.0, 0.03, 0.12, 0.4, 0.9, 1.5)
_BANDS = (0.35, 0.75, 1.5, 2.5, 3.5, 4.5, 6.5, 9.5, 13.5, 20.5, 32.5)
_FLOOR_DB = -60.0

Prints = npt.NDArray[np.int8]


def fingerprint(samples: Samples, rate: int, base_hz: float) -> Prints:
    """What ``samples`` sound like: levels in bands relative to ``base_hz`` over time, and the whole level, in dB."""
    size = 1024 * max(round(rate / _RATE), 1)
    hop = size // 4
    padded = np.concatenate([np.zeros(size // 2), samples, np.zeros(size)])
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    edges = np.clip(np.round(np.array(_BANDS) * base_hz * size / rate).astype(int), 0, power.shape[1] - 1)
    total = np.concatenate([np.zeros((power.shape[0], 1)), np.cumsum(power, axis=1)], axis=1)
    bands = total[:, edges[1:]] - total[:, edges[:-1]]
    when = np.round(np.array(_TIMES_S) * rate / hop).astype(int)
    rows = []
    for first, last in itertools.pairwise(when):
        part = bands[first : max(last, first + 1)]
        rows.append(part.mean(0) if len(part) else np.zeros(len(_BANDS) - 1))
    picture = 10.0 * np.log10(np.maximum(np.array(rows), 1e-20))
    picture = np.maximum(picture - picture.max(), _FLOOR_DB)
    level = levels_db(samples, rate, 0.01)
    at = np.minimum(np.array([0, 1, 2, 4, 8, 16, 32, 64, 100, 140]), 10_000)
    curve = np.array([level[i] if i < len(level) else _FLOOR_DB for i in at])
    return np.concatenate([picture.ravel(), np.maximum(curve, _FLOOR_DB)]).round().astype(np.int8)


def resembling(target: Target, most: int, index: Path = INDEX) -> list[Values]:
    """The bank's patches that resemble ``target`` most, the nearest first."""
    prints = _index(index)
    if prints is None:
        return []
    base_hz = key_to_hz(target.key)
    own = fingerprint(target.at(_RATE)[: round(_LENGTH_S * _RATE)], _RATE, base_hz).astype(np.float32)
    far = np.square(prints.astype(np.float32) - own).mean(1)
    return [drawn(int(seed)) for seed in np.argsort(far, kind="stable")[:most]]


def build(n: int = N_DRAWN) -> Prints:
    """The fingerprints of patches 0 to ``n``, ``[n, numbers]``."""
    synth = synth_of("fm")
    found = []
    for seed in range(n):
        unit = torch.tensor([FM_SPACE.encode(drawn(seed))], dtype=torch.float32)
        sound = synth.render(
            unit,
            note=_KEY,
            velocity=100.0,
            hold_s=1.2,
            duration_s=_LENGTH_S,
            sample_rate=_RATE,
            quality="draft",
        )
        samples = sound[0].mean(0).double().numpy()
        found.append(fingerprint(samples, _RATE, key_to_hz(_KEY)))
    return np.stack(found)


@cache
def _index(path: Path) -> Prints | None:
    try:
        found: Prints = load_file(path)["prints"]
    except (OSError, SafetensorError, KeyError):
        return None
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    INDEX.parent.mkdir(parents=True, exist_ok=True)
    save_file({"prints": build()}, INDEX)
    sys.stderr.write(f"{INDEX}: {INDEX.stat().st_size} bytes\n")
