"""How soon sound files open, how fast they are read, and what an hour of FLAC costs in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from engine.audio import ArraySource, Audio, Clip, describe, open_clip, write_clip
from engine.audio.values import Samples
from engine.bench.frame import Mark, Row, Rows, timed_ms

COARSE = Mark(median=1.0)
"""Seconds until a rough picture of a 10-minute file can be drawn: opened, and looked at in 1000 places."""
WHOLE = Mark(median=6.0)
"""Seconds until every sample of a 10-minute file has been decoded once."""
HOUR_MEMORY = Mark(median=500.0)
"""Megabytes that an open hour of FLAC may add while it is read here and there, and from beginning to end."""

RATE = 48_000
MINUTES = 10
LOOKS = 1000
LOOK_FRAMES = 512
BLOCK = 1 << 16
JUMPS = 200
RUNS = 3


def rows() -> Rows:
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-") as name:
        folder = Path(name)
        music = endless(MINUTES * 60)
        for suffix, subtype in ((".wav", "PCM_16"), (".flac", "PCM_16"), (".ogg", None), (".mp3", None)):
            started = time.perf_counter()
            path = write_clip(music, folder / f"ten{suffix}", subtype=subtype)
            took = time.perf_counter() - started
            size = f"{path.stat().st_size / 1e6:.0f} MB"
            kind = suffix[1:].upper()
            yield Row.of("audio", f"10 min {kind}: write", [took], "s", detail=size)
            yield Row.of("audio", f"10 min {kind}: open", timed_ms(lambda p=path: open_clip(p), 20), "ms", detail=size)  # type: ignore[misc]
            coarse = [ms / 1e3 for ms in timed_ms(lambda p=path: _look(p), RUNS)]  # type: ignore[misc]
            yield Row.of("audio", f"10 min {kind}: open and look in 1000 places", coarse, "s", COARSE)
            whole = [ms / 1e3 for ms in timed_ms(lambda p=path: _read_all(p), RUNS, warm_up=0)]  # type: ignore[misc]
            yield Row.of("audio", f"10 min {kind}: decode everything", whole, "s", WHOLE)
            if suffix == ".flac":
                told = [ms / 1e3 for ms in timed_ms(lambda p=path: describe(p), 1, warm_up=0)]  # type: ignore[misc]
                yield Row.of("audio", f"10 min {kind}: describe (peak, loudness)", told, "s")
            path.unlink()
        yield from _hour(folder)


class Loop(ArraySource):
    """A sound that repeats for as long as is wanted, and takes no more memory than one turn of it."""

    def __init__(self, audio: Audio, n_frames: int) -> None:
        super().__init__(audio)
        self.n_frames = n_frames

    def read(self, start: int, n: int) -> Samples:
        places = np.arange(start, min(start + n, self.n_frames)) % self.audio.n_frames
        return self.audio.samples[:, places]


def endless(seconds: float) -> Clip:
    """``seconds`` of 48 kHz stereo: chords whose level comes and goes, and hiss, so that codecs have honest work."""
    n = 20 * RATE
    t = np.arange(n) / RATE
    rng = np.random.default_rng(0)
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * t / 2.5)
    lanes = []
    for side in range(2):
        chord = sum(np.sin(2 * np.pi * 110 * ratio * (1 + 0.01 * side) * t) for ratio in (1, 1.5, 2.02, 3.01, 5.04))
        lanes.append(0.1 * swell * chord + 0.02 * rng.standard_normal(n))
    return Clip(Loop(Audio(np.stack(lanes).astype(np.float32), RATE), round(seconds * RATE)), "music", subtype="PCM_16")


def _look(path: Path) -> None:
    clip = open_clip(path)
    for start in np.linspace(0, clip.n_frames - LOOK_FRAMES, LOOKS).astype(int).tolist():
        clip.read(start, LOOK_FRAMES)


def _read_all(path: Path) -> None:
    clip = open_clip(path)
    for start in range(0, clip.n_frames, BLOCK):
        clip.read(start, BLOCK)


def _hour(folder: Path) -> Rows:
    """An hour of stereo FLAC, in a process of its own, so that its peak of memory is that of this work alone."""
    path = write_clip(endless(3600), folder / "hour.flac", subtype="PCM_16")
    detail = f"{path.stat().st_size / 1e6:.0f} MB on disk, 1.4 GB as floats"
    code = "import sys; from engine.bench.audio import measure_hour; measure_hour(sys.argv[1])"
    ran = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)
    yield Row.of("audio", "1 h FLAC: open", [found["open_ms"]], "ms", detail=detail)
    yield Row.of("audio", "1 h FLAC: read 1 s anywhere", found["jump_ms"], "ms")
    yield Row.of("audio", "1 h FLAC: decode everything", [found["whole_s"]], "s")
    if found["memory_mb"] is None:
        yield Row.skipped("audio", "1 h FLAC: memory added", "this system does not tell")
    else:
        yield Row.of("audio", "1 h FLAC: memory added", [found["memory_mb"]], "MB", HOUR_MEMORY)


def measure_hour(path: str) -> None:
    """Open the file, read 200 random seconds and then everything; print times and the growth of memory as JSON."""
    import soundfile  # noqa: F401 - the library itself is not what the hour costs

    before = highest = _memory_mb()
    started = time.perf_counter()
    clip = open_clip(path)
    opened = time.perf_counter()
    jumps = []
    for start in np.random.default_rng(0).integers(0, clip.n_frames - RATE, JUMPS).tolist():
        at = time.perf_counter()
        second = clip.read(start, RATE)
        jumps.append((time.perf_counter() - at) * 1e3)
        highest = _higher(highest, _memory_mb())
        del second
    at = time.perf_counter()
    for start in range(0, clip.n_frames, BLOCK):
        samples = clip.read(start, BLOCK)
        highest = _higher(highest, _memory_mb())
        del samples
    whole = time.perf_counter() - at
    memory = None if before is None or highest is None else highest - before
    found = {"open_ms": (opened - started) * 1e3, "jump_ms": jumps, "whole_s": whole, "memory_mb": memory}
    print(json.dumps(found))


def _higher(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else max(a, b)


def _memory_mb() -> float | None:
    """The memory that this process holds now; ``None`` where the system does not tell without another library.

    Not ``ru_maxrss``: a new process inherits that peak from the one that started it.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, AttributeError, ValueError):
        return None
