"""The player's marks: how soon a swapped sound is handed to the device, what playing costs, and whether it runs dry.

Measured on the system's default device; without one (``PULSE_SERVER`` leads to a null sink in the tests) the rows are
skipped. The whole way of a turned knob is measured with the window, in :mod:`app.bench`.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PySide6.QtCore import QCoreApplication

from app.player import PLAYING, Player
from engine.audio.values import Audio, Clip
from engine.bench.frame import Mark, Row, Rows

HANDED = Mark(p95=15.0)
"""Milliseconds of the 60 that a knob has until its first changed sample is handed over."""
COST = Mark(median=5.0)
"""Per cent of one core while a stereo file of another rate plays."""
DRY = Mark(median=0.0)
N_SWAPS = 200
SECONDS = 10.0
OPEN_S = 5.0


def rows() -> Rows:
    with _player() as player:
        if player is None:
            names = ("swap to handed", "playing 44.1 kHz stereo", "underruns beside a busy core")
            yield from (Row.skipped("player", name, "no sound device") for name in names)
            return
        detail = f"{player.device}, {player.sample_rate} Hz, latency {player.latency_s * 1000:g} ms"
        yield Row.of("player", "swap to handed", swap_delays_ms(player), "ms", HANDED, detail=detail)
        yield Row.of("player", "playing 44.1 kHz stereo", cpu_shares(player), "% core", COST, detail=detail)
        with _busy_core():
            dry = underruns(player)
        yield Row.of("player", "underruns beside a busy core", [dry], "", DRY, detail=f"{SECONDS:g} s, {detail}")


def swap_delays_ms(player: Player, n: int = N_SWAPS) -> list[float]:
    """From ``swap`` with a finished render to the end of the block that first contains it, at uneven moments."""
    sounds = [Audio(_tone(player.sample_rate, 4.0, hz), player.sample_rate) for hz in (300.0, 400.0)]
    player.load(Clip.of(sounds[0], "bench"))
    player.set_loop((0.0, 4.0))
    player.play()
    delays = []
    moments = np.random.default_rng(0)
    _live(0.5)
    for i in range(n):
        start = time.perf_counter_ns()
        number = player.swap(sounds[i % 2])
        while (handed := player.handed_ns(number)) is None and time.perf_counter_ns() - start < 1e9:
            _live(0.001)
        delays.append(((handed or time.perf_counter_ns()) - start) / 1e6)
        _live(float(moments.uniform(0.01, 0.04)))
    player.stop()
    player.set_loop(None)
    return delays


def cpu_shares(player: Player, seconds: float = SECONDS) -> list[float]:
    """Processor time of this process per second of sound, in per cent of a core, second by second."""
    samples = np.concatenate([_tone(44100, seconds + 3, 300.0), _tone(44100, seconds + 3, 500.0)])
    player.load(Clip.of(Audio(samples, 44100), "bench"))
    player.play()
    _live(1.0)
    shares = []
    for _ in range(int(seconds)):
        wall, used = time.perf_counter(), time.process_time()
        # Asleep, unlike a window that draws: what is counted is the playing.
        time.sleep(1.0)
        shares.append(100 * (time.process_time() - used) / (time.perf_counter() - wall))
    player.stop()
    return shares


def underruns(player: Player, seconds: float = SECONDS) -> int:
    """How often the device runs dry in that time."""
    player.load(Clip.of(Audio(_tone(44100, seconds + 1, 300.0), 44100), "bench"))
    before = player.underruns
    player.play()
    _live(seconds)
    player.stop()
    return player.underruns - before


def _tone(rate: int, seconds: float, hz: float) -> np.ndarray:
    t = np.arange(round(rate * seconds)) / rate
    return (0.1 * np.sin(2 * np.pi * hz * t)).astype(np.float32)[np.newaxis]


def _live(seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    while time.perf_counter() < deadline:
        QCoreApplication.processEvents()
        time.sleep(0.0005)


@contextmanager
def _player() -> Iterator[Player | None]:
    """A player with an open device, or ``None`` where there is no device."""
    app = QCoreApplication.instance() or QCoreApplication([])
    player = Player()
    try:
        player.start()
        deadline = time.perf_counter() + OPEN_S
        while not player.device and not player.is_silent and time.perf_counter() < deadline:
            _live(0.01)
        yield player if player.device and player.state != PLAYING else None
    finally:
        player.close()
        del app


@contextmanager
def _busy_core() -> Iterator[None]:
    spinner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinner.kill()
        spinner.wait()
