"""How near matching comes, beside the best factory preset played at the target's pitch.

Two sets: patches drawn with seeds that the bank never used, and recordings that nothing was developed on
(``resources/matching/set-aside.txt``). Each match gets :data:`MATCH_S` seconds of a machine of two cores.
Presets are played with the pitch, the hold time and the start that are known (drawn) or heard (recorded); both sides
are compared with the whole target, level-matched. The quick run takes a few of each.

What was measured is kept in the person's cache folder until the program changes, so a full run (about forty minutes)
may be stopped and taken up again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.audio import Audio, Clip, open_clip
from engine.bench.frame import Mark, Row, Rows, data_folder, is_quick
from engine.bench.kept import Kept
from engine.dsp.distance import Samples, log_spectral_distance_db
from engine.inline import match_inline, matched_sound, render_inline
from engine.matching.bank import N_DRAWN
from engine.matching.budget import MATCH_S
from engine.matching.draws import drawn
from engine.matching.target import listen
from engine.params import FM_SPACE, Patch
from engine.project.presets import factory_presets

FILES = Path(__file__).resolve().parents[2] / "resources" / "matching" / "set-aside.txt"
N_TARGETS, N_QUICK = 50, 3
NEARER = 0.75
"""A match counts when its distance is at most this share of the best preset's."""

DRAWN_SHARE = Mark(median=90.0, direction="at least")
RECORDED_SHARE = Mark(median=75.0, direction="at least")
TIME_S = Mark(p95=20.0)

_RATE = 44_100
_FIRST_SEED = 1_000_000
assert _FIRST_SEED > N_DRAWN


@dataclass(frozen=True)
class Target:
    """A sound to match and, where they are known, the key and the hold time that made it."""

    name: str
    clip: Clip
    key: float | None = None
    hold_s: float | None = None


@dataclass(frozen=True)
class Measured:
    """What came of one target: distances in dB and the seconds that the match took."""

    name: str
    match_db: float
    preset_db: float
    seconds: float

    @property
    def share(self) -> float:
        return self.match_db / self.preset_db


def rows() -> Rows:
    """Both sets: distances, how often the match is a quarter nearer, and the time that it took."""
    yield from _set_rows("drawn", drawn_targets(N_QUICK if is_quick() else N_TARGETS), DRAWN_SHARE)
    folder = data_folder()
    if folder is None or not (folder / "sounds").is_dir():
        yield Row.skipped("match", "recordings", "TONEWRIGHT_DATA names no folder with sounds")
        return
    yield from _set_rows("recorded", recorded_targets(folder / "sounds"), RECORDED_SHARE)


def _set_rows(name: str, targets: Iterator[Target], mark: Mark) -> Rows:
    kept = Kept("match", Measured)
    found = []
    for target in targets:
        one = kept.get(target.name)
        if one is None:
            one = measured(target)
            kept.add(one)
        found.append(one)
        if sys.stderr.isatty():
            words = f"{one.match_db:.2f} dB, best preset {one.preset_db:.2f} dB, {one.seconds:.1f} s"
            print(f"  {one.name}: {words}", file=sys.stderr, flush=True)
    if not found:
        yield Row.skipped("match", name, "none of the targets is there")
        return
    nearer = 100.0 * sum(one.share <= NEARER for one in found) / len(found)
    yield Row.of("match", f"{name}, distance", [one.match_db for one in found], "dB")
    yield Row.of("match", f"{name}, best preset's distance", [one.preset_db for one in found], "dB")
    yield Row.of("match", f"{name}, of the preset's distance", [100.0 * one.share for one in found], "%")
    worst = max(found, key=lambda one: one.share)
    detail = f"{len(found)} targets; worst: {worst.name}"
    if n_kept := sum(one.name in kept.before for one in found):
        detail += f"; {n_kept} measured in an earlier run"
    yield Row.of("match", f"{name}, a quarter nearer", [nearer], "%", mark, detail=detail)
    yield Row.of("match", f"{name}, time", [one.seconds for one in found], "s", TIME_S)


def drawn_targets(n: int) -> Iterator[Target]:
    """Patches of the family of the bank's, with other seeds, at all keys and lengths."""
    for seed in range(_FIRST_SEED, _FIRST_SEED + n):
        rng = np.random.default_rng(seed)
        key, hold_s = int(rng.integers(36, 85)), float(np.exp(rng.uniform(np.log(0.15), np.log(1.5))))
        patch = Patch(FM_SPACE.name, FM_SPACE.complete(drawn(seed)))
        sound = render_inline(patch, note=key, hold_s=hold_s, duration_s=2.0, sample_rate=_RATE)
        level = 0.5 / max(sound.peak, 1e-6)
        yield Target(f"drawn {seed}", Clip.of(Audio(sound.samples * np.float32(level), _RATE), str(seed)), key, hold_s)


def recorded_targets(folder: Path) -> Iterator[Target]:
    """The recordings of the list that are there; of a quick run the first of each class."""
    seen: set[str] = set()
    for name in FILES.read_text(encoding="utf-8").splitlines():
        kind = name.split("__")[0]
        if name.startswith("#") or not (folder / name).is_file() or (is_quick() and kind in seen):
            continue
        seen.add(kind)
        yield Target(name, open_clip(folder / name))


def measured(target: Target, seconds: float = MATCH_S) -> Measured:
    """Match ``target`` and play the presets beside it."""
    start = time.perf_counter()
    result = match_inline(target.clip, seconds=seconds)
    taken = time.perf_counter() - start
    rate = target.clip.sample_rate
    whole = target.clip.read(0, target.clip.n_frames).samples.mean(0, dtype=np.float64)
    match_db = log_spectral_distance_db(whole, _mono(matched_sound(result, rate)))
    return Measured(target.name, match_db, best_preset_db(target, whole), taken)


def best_preset_db(target: Target, whole: Samples) -> float:
    """The distance of the factory preset that comes nearest to ``whole`` at the target's pitch."""
    heard = listen(target.clip.read(0, target.clip.n_frames))
    rate = target.clip.sample_rate
    before = np.zeros(round(heard.start_s * rate))
    found = []
    for preset in (p for p in factory_presets() if p.synth == "fm"):
        sound = render_inline(
            preset,
            note=heard.key if target.key is None else target.key,
            hold_s=heard.hold_s if target.hold_s is None else target.hold_s,
            duration_s=heard.duration_s,
            sample_rate=rate,
        )
        played = np.concatenate([before, sound.samples.mean(0, dtype=np.float64)])
        found.append(log_spectral_distance_db(whole, played))
    return min(found)


def _mono(clip: Clip) -> Samples:
    samples: Samples = clip.read(0, clip.n_frames).samples.mean(0, dtype=np.float64)
    return samples
