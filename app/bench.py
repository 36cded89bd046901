"""The window's areas of the benchmark, by name; :mod:`engine.bench` says how an area is written."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from app.bench_modes import AREAS as MODES_AREAS
from app.bench_spectrum import AREAS as SPECTRUM_AREAS
from app.bench_views import AREAS as VIEW_AREAS
from engine.bench.frame import Area, Mark, Row, Rows

START_UP = Mark(median=1500.0)
"""From the command to the first frame of the window, in milliseconds, with a warm disk cache."""

N_STARTS = 5
START_TIMEOUT_S = 60.0


def start_up() -> Rows:
    """How long the command takes to show its window."""
    start_up_ms()  # The first one fills the disk cache.
    samples = [start_up_ms() for _ in range(N_STARTS)]
    yield Row.of("start", "first frame of the window", samples, "ms", START_UP, detail=_platform())


def start_up_ms() -> float:
    """Start the program as a person does, with settings of its own; milliseconds until its first frame."""
    # Not with the module: the command line reads the names of the areas without loading the window.
    from app.compose import STARTUP_TRACE
    from app.settings import SETTINGS_VARIABLE

    with tempfile.TemporaryDirectory(prefix="tonewright-bench-", ignore_cleanup_errors=True) as scratch:
        trace = Path(scratch) / "first-frame"
        homes = {f"XDG_{name}_HOME": scratch for name in ("CONFIG", "DATA", "CACHE", "STATE")}
        own = {STARTUP_TRACE: str(trace), SETTINGS_VARIABLE: str(Path(scratch) / "settings.ini")}
        begun = time.time()
        process = subprocess.Popen(
            [sys.executable, "-m", "app"], env={**os.environ, **homes, **own, "QT_QPA_PLATFORM": _platform()}
        )
        try:
            while not (trace.exists() and trace.read_text(encoding="utf-8")):
                if process.poll() is not None or time.time() - begun > START_TIMEOUT_S:
                    raise RuntimeError("The window did not show its first frame.")
                time.sleep(0.005)
            return (float(trace.read_text(encoding="utf-8")) - begun) * 1e3
        finally:
            process.terminate()
            process.wait()


def _platform() -> str:
    """A real display where there is one; without, Qt draws into memory."""
    if sys.platform in {"win32", "darwin"}:
        return {"win32": "windows", "darwin": "cocoa"}[sys.platform]
    chosen = os.environ.get("QT_QPA_PLATFORM")
    return chosen or ("xcb" if os.environ.get("DISPLAY") else "offscreen")


def knob() -> Rows:
    """How long a turned knob takes to be heard and seen."""
    from app import bench_window

    yield from bench_window.rows()


def player() -> Rows:
    """What playing costs, and how soon a new sound is handed to the device."""
    from app import bench_player

    yield from bench_player.rows()


def play() -> Rows:
    """How long a key takes to be heard while something heavy computes."""
    from app import bench_play

    yield from bench_play.rows()


def words() -> Rows:
    """How smoothly the window goes on while words turn the knobs."""
    from app import bench_words

    yield from bench_words.rows()


def presets() -> Rows:
    """How ten thousand presets are found, searched and scrolled."""
    from app import bench_presets

    yield from bench_presets.rows()


AREAS: dict[str, Area] = {
    "start": start_up,
    "knob": knob,
    "player": player,
    "play": play,
    "presets": presets,
    "words": words,
    **VIEW_AREAS,
    **SPECTRUM_AREAS,
    **MODES_AREAS,
}
