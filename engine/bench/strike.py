"""How near a fitted impact comes to a recorded strike, beside the best factory preset.

The recordings (``resources/matching/strikes.txt``) are all files of five classes that hold one strike which decays; on
every other group of theirs ("final") nothing was ever tuned. The error is that of :mod:`engine.dsp.log_mel`, from the
onset of either sound on. Presets are played as they are, at the pitch of the recording, and with their pitch on its
strongest mode; the best of all counts. The floor is the error between two seeds of the patch that was found. What was
covered is the way from the preset's error down to the floor.

What was measured is kept until the program changes, so that a full run (about twenty minutes) may be taken up again.
"""

from __future__ import annotations

import csv
import hashlib
import math
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.audio import open_clip
from engine.audio.values import Clip
from engine.bench.frame import Mark, Row, Rows, data_folder, is_quick
from engine.bench.kept import Kept
from engine.dsp.distance import Samples
from engine.dsp.log_mel import LogMelTarget, log_mel_error_db
from engine.inline import match_inline, render_inline
from engine.matching.modes import find_modes, onset_frame
from engine.matching.result import Candidate
from engine.matching.strike_presets import pitches_hz, shifts_st
from engine.matching.strike_scene import StrikeScene
from engine.matching.strikes import Struck, hear_strike, is_single
from engine.params import IMPACT_SPACE, Patch
from engine.project.presets import factory_presets
from engine.synths.impact_note import ImpactDecoder

FILES = Path(__file__).resolve().parents[2] / "resources" / "matching" / "strikes.txt"
CLASSES = ("metal_impact", "glass_impact", "wood_impact", "bell", "rock_impact")
COVERED = Mark(median=60.0, direction="at least")
TIME_S = Mark(p95=10.0)
OTHER_SEED = 1
_LATE_S = 0.2
"""An onset may come late."""


@dataclass(frozen=True)
class Strike:
    """A line of the list: a file, the digest of its content, and "dev" or "final"."""

    name: str
    sha256: str
    part: str


@dataclass(frozen=True)
class Measured:
    """What came of one recording: errors in dB, and the seconds that the fit took."""

    name: str
    part: str
    error_db: float
    floor_db: float
    preset_db: float
    preset: str
    seconds: float

    @property
    def covered(self) -> float:
        """The share of the way from the preset down to the floor."""
        way = self.preset_db - self.floor_db
        return (self.preset_db - self.error_db) / way if way > 0.0 else 0.0


def rows() -> Rows:
    """Errors and what was covered: all, each part, each class; and the time that a fit took."""
    folder = data_folder()
    if folder is None or not (folder / "sounds").is_dir():
        yield Row.skipped("strike", "recordings", "TONEWRIGHT_DATA names no folder with sounds")
        return
    kept = Kept("strike", Measured)
    found = []
    for strike, clip in recordings(folder / "sounds"):
        one = kept.get(strike.name)
        if one is None:
            one = measured(strike, clip)
            kept.add(one)
        found.append(one)
        if sys.stderr.isatty():
            words = f"{one.error_db:.2f} dB, floor {one.floor_db:.2f}, preset {one.preset_db:.2f} dB ({one.preset})"
            print(
                f"  {one.name}: {words}, {100.0 * one.covered:.0f} %, {one.seconds:.1f} s", file=sys.stderr, flush=True
            )
    if not found:
        yield Row.skipped("strike", "recordings", "none of the recordings is there")
        return
    yield from _figures("all", found, COVERED, kept.before)
    for part in ("dev", "final"):
        yield from _figures(part, [one for one in found if one.part == part], COVERED)
    for kind in CLASSES:
        yield from _figures(kind, [one for one in found if one.name.startswith(kind)], None)
    yield Row.of("strike", "time", [one.seconds for one in found], "s", TIME_S)


def _figures(name: str, found: Sequence[Measured], mark: Mark | None, before: frozenset[str] = frozenset()) -> Rows:
    if not found:
        return
    parts = (statistics.median(x) for x in zip(*((m.error_db, m.floor_db, m.preset_db) for m in found), strict=True))
    error, floor, preset = parts
    detail = f"error {error:.2f} dB, floor {floor:.2f} dB, best preset {preset:.2f} dB"
    if n := sum(one.name in before for one in found):
        detail += f"; {n} measured in an earlier run"
    yield Row.of("strike", f"{name}, covered", [100.0 * one.covered for one in found], "%", mark, detail=detail)


def listed() -> list[Strike]:
    """The lines of the list."""
    lines = FILES.read_text(encoding="utf-8").splitlines()
    return [Strike(*line.split()) for line in lines if not line.startswith("#")]


def recordings(folder: Path) -> Iterator[tuple[Strike, Clip]]:
    """What is on the list and there; of a quick run the first of each class."""
    seen: set[str] = set()
    for strike in listed():
        kind = strike.name.split("__")[0]
        if (folder / strike.name).is_file() and not (is_quick() and kind in seen):
            seen.add(kind)
            yield strike, open_clip(folder / strike.name)


def chosen(folder: Path) -> list[Strike]:
    """The list as it follows from the sounds of a data folder: the single strikes of :data:`CLASSES`, every other
    group of a class for either part."""
    groups: dict[str, dict[str, list[str]]] = {kind: defaultdict(list) for kind in CLASSES}
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["class"] in groups and _is_single(folder / row["file"]):
                groups[row["class"]][row["group"]].append(row["file"])
    found = []
    for own in groups.values():
        for place, group in enumerate(sorted(own)):
            part = ("dev", "final")[place % 2]
            found += [
                Strike(name, hashlib.sha256((folder / name).read_bytes()).hexdigest(), part) for name in own[group]
            ]
    return sorted(found, key=lambda one: one.name)


def _is_single(path: Path) -> bool:
    clip = open_clip(path)
    sound = clip.read(0, clip.n_frames).samples.mean(0, dtype=np.float64)
    return is_single(sound[onset_frame(sound, clip.sample_rate) :], clip.sample_rate)


def measured(strike: Strike, clip: Clip, seconds: float | None = None) -> Measured:
    """Fit ``clip`` and play the presets beside it."""
    begun = time.perf_counter()
    result = match_inline(clip, synth="impact", seconds=seconds)
    taken = time.perf_counter() - begun
    struck = hear_strike(clip.read(0, clip.n_frames))
    best = result.candidates[0]
    sounds = [_played(best, struck, seed) for seed in (best.patch.seed, best.patch.seed + OTHER_SEED)]
    preset, preset_db = best_preset(struck)
    return Measured(
        strike.name,
        strike.part,
        log_mel_error_db(struck.samples, sounds[0], struck.sample_rate),
        log_mel_error_db(sounds[0], sounds[1], struck.sample_rate),
        preset_db,
        preset,
        taken,
    )


def best_preset(struck: Struck) -> tuple[str, float]:
    """The factory preset that comes nearest to ``struck``, and its error."""
    rate = struck.sample_rate
    target = LogMelTarget(torch.from_numpy(struck.samples).float(), rate)
    longer = LogMelTarget(torch.zeros(target.n_frames + round(_LATE_S * rate)), rate)
    wanted_hz = pitches_hz(struck, find_modes(struck.samples, rate))
    best, best_db = "", math.inf
    for preset in (patch for patch in factory_presets() if patch.synth == IMPACT_SPACE.name):
        scene = StrikeScene(longer, rate, preset.seed, ImpactDecoder())
        own = preset.values["transpose_st"]
        assert isinstance(own, float)
        units = []
        for shift_st in shifts_st(preset, wanted_hz):
            shifted = preset.with_values(transpose_st=IMPACT_SPACE["transpose_st"].clamp(own + shift_st))
            units.append(shifted.unit())
        sounds = [
            _from_onset(sound, rate, target.n_frames) for sound in scene.sounds(torch.tensor(units)).double().numpy()
        ]
        db = float(target.errors_db(torch.from_numpy(np.stack(sounds)).float()).min())
        if db < best_db:
            best, best_db = preset.name, db
    return best, best_db


def _played(found: Candidate, struck: Struck, seed: int) -> Samples:
    return _sound(replace(found.patch, seed=seed), struck, found.note.note)


def _sound(patch: Patch, struck: Struck, note: float) -> Samples:
    """What ``patch`` gives, from its onset on."""
    rate = struck.sample_rate
    length_s = struck.duration_s + _LATE_S
    audio = render_inline(patch, note=note, hold_s=length_s, duration_s=length_s, sample_rate=rate)
    return _from_onset(audio.samples.mean(0, dtype=np.float64), rate, len(struck.samples))


def _from_onset(sound: Samples, rate: int, n: int) -> Samples:
    first = onset_frame(sound, rate)
    part = sound[first : first + n]
    return np.pad(part, (0, n - len(part)))


def write_list(folder: Path) -> None:
    """Write :data:`FILES` anew."""
    words = "# The recordings of single strikes: file, SHA-256, and the part that they belong to."
    lines = [f"{one.name} {one.sha256} {one.part}" for one in chosen(folder)]
    FILES.write_text("\n".join([words, *lines]) + "\n", encoding="utf-8")
