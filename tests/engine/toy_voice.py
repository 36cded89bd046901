"""A voice that anybody understands: each phoneme is a chord or a hiss of its own, and its length is known."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

from engine.audio import Audio, Clip, write_clip
from engine.dsp.mel import HOP, RATE_HZ
from engine.speech.acoustic_net import AcousticSettings
from engine.speech.symbols import ids_of

TINY = AcousticSettings(
    width=32,
    depth=1,
    heads=1,
    prosody_width=32,
    prosody_depth=1,
    prosody_heads=1,
    drawn_width=48,
    drawn_depth=2,
    drawn_heads=1,
    about_width=16,
)
SOUNDS = {"AA1": (300.0, 900.0), "IY1": (250.0, 2500.0), "M": (250.0,), "S": ()}
LENGTHS = {"AA1": 14, "IY1": 9, "M": 6, "S": 11, "|": 5, ".": 3, "^": 8, "$": 8}
"""In frames; what is no phoneme is silent."""


def read_text(text: str) -> list[int]:
    """The texts are symbols already, but for the bar, which separates columns."""
    return ids_of(text.replace("/", "|"))


def say(text: str, rng: Random) -> np.ndarray:
    """``text`` spoken, ``[n]`` at :data:`RATE_HZ`."""
    noise = np.random.default_rng(rng.randrange(1 << 30))
    hz = rng.uniform(140.0, 200.0)
    parts = []
    for symbol in text.replace("/", "|").split():
        n = HOP * LENGTHS[symbol]
        t = np.arange(n) / RATE_HZ
        if symbol == "S":
            part = 0.2 * np.diff(noise.uniform(-1, 1, n + 1))
        else:
            # Harmonics of the voice, louder near the phoneme's own.
            centres = SOUNDS.get(symbol, ())
            part = np.zeros(n)
            for k in range(1, 24):
                level = sum(0.12 / (1.0 + ((k * hz - c) / 150.0) ** 2) for c in centres)
                part += level * np.sin(2 * np.pi * k * hz * t)
        parts.append(part + 1e-4 * noise.normal(size=n))
    return np.concatenate(parts).astype(np.float32)


def write_voice(folder: Path, n_takes: int = 24) -> Path:
    """A folder of takes with their ``metadata.csv``."""
    folder.mkdir()
    rng = Random(0)
    rows = ["file|text|duration_s"]
    for n in range(n_takes):
        words = [" ".join(rng.sample(list(SOUNDS), k=rng.randint(1, 3))) for _ in range(rng.randint(2, 3))]
        text = f"^ {' / '.join(words)} . $"
        samples = say(text, rng)
        name = f"{n:02d}.wav"
        write_clip(Clip.of(Audio(samples[None], RATE_HZ), name), folder / name)
        rows.append(f"{name}|{text}|{len(samples) / RATE_HZ:.3f}")
    (folder / "metadata.csv").write_text("\n".join(rows), "utf-8")
    return folder
