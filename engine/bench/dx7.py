"""Whether a DX7 voice sounds like a DX7: every reference render beside this program's own.

The references come from an independent emulation (``dx7`` below the folder of recordings: two banks, one FLAC file a
note, ``renders.csv`` with the keys). Its own ways, measured with its formulas and one of them changed at a time, as the
distance that this alone makes (median and largest of 64): envelopes in blocks of 64 samples 0.3 and 3.2 dB; an envelope
clock of 48000 Hz where the DX7 has 49096 Hz 0.2 and 1.8 dB; fixed operators that follow the pitch envelope 0.1 and
3.4 dB. It knows neither the loops of algorithms 4 and 6 nor the LFO's effect on amplitude.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.audio import open_clip
from engine.bench.frame import Mark, Row, Rows, data_folder, percentile
from engine.dsp.distance import log_spectral_distance_db
from engine.dsp.pitch import pitches_hz, steady_pitch_hz
from engine.inline import render_inline
from engine.project.dx7 import Dx7Voice, read_syx, to_patch

Samples = npt.NDArray[np.float64]

CENTS = Mark(p95=2.0)
MEDIAN_DB = Mark(median=2.0)
TENTH_DB = Mark(median=5.0)


@dataclass(frozen=True)
class Pair:
    """One reference and what this program makes of the same voice and key."""

    name: str
    voice: Dx7Voice
    note: int
    velocity: int
    hold_s: float
    duration_s: float
    path: Path

    @cached_property
    def reference(self) -> tuple[Samples, int]:
        """Samples ``[frames]`` and their rate."""
        clip = open_clip(self.path)
        samples: Samples = clip.read(0, clip.n_frames).samples[0].astype(np.float64)
        return samples, clip.sample_rate

    @cached_property
    def ours(self) -> Samples:
        sound = render_inline(
            to_patch(self.voice),
            note=self.note,
            velocity=self.velocity,
            hold_s=self.hold_s,
            duration_s=self.duration_s,
            sample_rate=self.reference[1],
        )
        samples: Samples = sound.samples[0].astype(np.float64)
        return samples

    def distance_db(self) -> float:
        return log_spectral_distance_db(self.reference[0], self.ours)

    def pitch_error_cents(self) -> float | None:
        """How far the fundamental of the middle half is off; ``None`` when the reference has no steady one."""
        samples, rate = self.reference
        wanted = steady_pitch_hz(middle_half(samples), rate)
        if wanted is None:
            return None
        return 1200.0 * abs(math.log2(float(np.median(pitches_hz(middle_half(self.ours), rate)[0])) / wanted))


def rows() -> Rows:
    """Distances by algorithm and over all renders, then every render with a steady pitch."""
    folder = data_folder()
    if folder is None or not (folder / "dx7" / "renders.csv").is_file():
        yield Row.skipped("dx7", "DX7 voices against reference renders", "TONEWRIGHT_DATA names no folder with dx7")
        return
    distances: dict[int, list[float]] = {}
    errors: dict[str, float] = {}
    for pair in pairs(folder / "dx7"):
        distances.setdefault(pair.voice.algorithm + 1, []).append(pair.distance_db())
        error = pair.pitch_error_cents()
        if error is not None:
            errors[pair.name] = error
    for number, found in sorted(distances.items()):
        yield Row.of("dx7", f"distance, algorithm {number}", found, "dB")
    everything = [db for found in distances.values() for db in found]
    yield Row.of("dx7", "distance, all renders", everything, "dB", MEDIAN_DB)
    yield Row.of("dx7", "distance, 90th percentile", [percentile(everything, 0.9)], "dB", TENTH_DB)
    for name, cents in errors.items():
        yield Row.of("dx7", f"pitch error, {name}", [cents], "ct", CENTS)


def pairs(folder: Path) -> Iterator[Pair]:
    """All renders that ``renders.csv`` lists."""
    banks = {path.name: read_syx(path) for path in folder.glob("*.syx")}
    with (folder / "renders.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Pair(
                Path(row["file"]).stem,
                banks[row["bank"]].voice(int(row["voice"])),
                int(row["note"]),
                int(row["velocity"]),
                float(row["hold_s"]),
                float(row["total_s"]),
                folder / row["file"],
            )


def middle_half(samples: Samples) -> Samples:
    """The samples between the first and the last quarter."""
    quarter = len(samples) // 4
    return samples[quarter : len(samples) - quarter]
