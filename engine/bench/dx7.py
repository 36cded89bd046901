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
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.audio import open_clip
from engine.bench.frame import Mark, Row, Rows, data_folder, percentile
from engine.project.dx7 import Dx7Voice, read_syx, to_patch
from engine.studio import render_inline

Samples = npt.NDArray[np.float64]

CENTS = Mark(p95=2.0)
MEDIAN_DB = Mark(median=2.0)
TENTH_DB = Mark(median=5.0)

WINDOWS = (512, 2048)
FLOOR_DB = -60.0

_PITCH_FRAME, _LONGEST_PERIOD = 8192, 4096
_APERIODIC = 0.2
"""Share of a frame that a shift by one period leaves over, at most, in a sound with a pitch."""
_STEADY_CENTS = 5.0
_SILENT_DB = -50.0
"""Frames so far below the loudest one have no pitch to speak of."""


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


def log_spectral_distance_db(reference: Samples, sound: Samples) -> float:
    """Root mean square difference of two level spectra in dB, over all bins and frames, averaged over two windows.

    ``sound`` is brought to the energy of ``reference`` first; magnitudes below :data:`FLOOR_DB` of the reference's
    largest count as that.
    """
    n = min(len(reference), len(sound))
    reference, sound = reference[:n], sound[:n]
    energy = float(sound @ sound)
    if energy > 0.0:
        sound = sound * math.sqrt(float(reference @ reference) / energy)
    parts = []
    for size in WINDOWS:
        wanted, got = _magnitudes(reference, size), _magnitudes(sound, size)
        floor = wanted.max() * 10.0 ** (FLOOR_DB / 20.0)
        difference = 20.0 * np.log10(np.maximum(wanted, floor) / np.maximum(got, floor))
        parts.append(math.sqrt(float(np.mean(difference**2))))
    return sum(parts) / len(parts)


def _magnitudes(samples: Samples, size: int) -> Samples:
    """Hann-windowed spectra ``[frames, bins]``, a quarter window apart."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, size)[:: size // 4]
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    magnitudes: Samples = np.abs(np.fft.rfft(frames * window, axis=1))
    return magnitudes


def middle_half(samples: Samples) -> Samples:
    """The samples between the first and the last quarter."""
    quarter = len(samples) // 4
    return samples[quarter : len(samples) - quarter]


def steady_pitch_hz(samples: Samples, rate: int) -> float | None:
    """The fundamental that holds as long as ``samples`` sound; ``None`` when some part has none or it moves."""
    hz, aperiodicity = pitches_hz(samples, rate)
    if np.max(aperiodicity) > _APERIODIC or 1200.0 * np.log2(hz.max() / hz.min()) > _STEADY_CENTS:
        return None
    return float(np.median(hz))


def pitches_hz(samples: Samples, rate: int) -> tuple[Samples, Samples]:
    """Fundamental and aperiodicity (0 is a pure period) of the sounding frames of ``samples``, ``[frames]`` each.

    De Cheveigné and Kawahara, "YIN, a fundamental frequency estimator for speech and music", JASA 111(4), 2002:
    steps 2 to 5, the first minimum below :data:`_APERIODIC` or else the deepest.
    """
    frames = np.lib.stride_tricks.sliding_window_view(samples, _PITCH_FRAME)[:: _PITCH_FRAME // 2]
    level = np.sqrt(np.mean(frames**2, axis=1))
    found = [_pitch_of(frame, rate) for frame in frames[level >= level.max() * 10.0 ** (_SILENT_DB / 20.0)]]
    return np.array([hz for hz, _ in found]), np.array([rest for _, rest in found])


def _pitch_of(frame: Samples, rate: int) -> tuple[float, float]:
    width = _PITCH_FRAME - _LONGEST_PERIOD
    size = 2 * _PITCH_FRAME
    spectrum = np.fft.rfft(frame, size)
    correlation = np.fft.irfft(spectrum * np.conj(np.fft.rfft(frame[:width], size)), size)[:_LONGEST_PERIOD]
    power = np.concatenate([[0.0], np.cumsum(frame**2)])
    lags: npt.NDArray[Any] = np.arange(_LONGEST_PERIOD)
    difference = power[width] + power[lags + width] - power[lags] - 2.0 * correlation
    total = np.cumsum(difference)
    normal = np.ones(_LONGEST_PERIOD)
    np.divide(difference[1:] * lags[1:], total[1:], out=normal[1:], where=total[1:] > 0.0)
    inner = normal[1:-1]
    minima = np.flatnonzero((inner <= normal[:-2]) & (inner < normal[2:])) + 1
    if len(minima) == 0:
        return rate / _LONGEST_PERIOD, 1.0
    deep = minima[normal[minima] < _APERIODIC]
    lag = int(deep[0]) if len(deep) else int(minima[np.argmin(normal[minima])])
    before, here, after = difference[lag - 1 : lag + 2]
    bend = before - 2.0 * here + after
    exact = lag + (0.5 * (before - after) / bend if bend > 0.0 else 0.0)
    return rate / exact, float(normal[lag])
