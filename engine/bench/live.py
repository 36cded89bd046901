"""Playing by keys: what voices cost, how soon a key is heard beside a heavy job, and how exact the voices are."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from engine.bench.fm import full_patch, looped_patch
from engine.bench.frame import Mark, Row, Rows
from engine.bench.jobs import Step, multiply, spin
from engine.jobs import JobRunner, Note
from engine.params import Patch
from engine.params.fm import loop_routes
from engine.playing import Instrument, prepare
from engine.project.presets import factory_presets
from engine.rates import DEFAULT_RATE_HZ
from engine.torch_setup import load_torch

SHARE = Mark(median=60.0)
"""Sixteen voices with loops, in per cent of one core."""
HEARD = Mark(p95=20.0)
"""From a key to its first sample at the bus, in milliseconds."""
EXACT = Mark(median=1e-4)
"""The largest difference between played and rendered notes, of full scale."""

N_VOICES = 16
BLOCK = 480
N_KEYS = 100
KEY_S = 0.03
TURN_S = 1 / 60


def rows() -> Rows:
    load_torch()
    prepare("real")
    loops = looped_patch([(6, 6), (2, 4)])
    for name, patch, mark in (
        ("16 voices, every operator and route", full_patch(), None),
        ("16 voices with feedback and a loop of three", loops, SHARE),
        ("16 voices with all 36 routes", looped_patch(loop_routes()), SHARE),
    ):
        yield Row.of("live", name, core_shares(patch), "%", mark, detail="of one core, 48 kHz")
    yield Row.of("live", "a key is decoded", decode_ms(loops), "ms")
    for name, step in (("nothing else", None), ("matrix products", multiply), ("pure Python", spin)):
        yield Row.of("live", f"key to bus beside {name}", key_delays_ms(loops, step), "ms", HEARD)
    yield Row.of("live", "key to bus while a knob turns", key_delays_ms(loops, None, turns=True), "ms", HEARD)
    errors = [played_error(patch) for patch in factory_presets()]
    yield Row.of("live", "played against rendered, every factory preset", errors, "", EXACT)


def core_shares(patch: Patch, seconds: float = 1.0) -> list[float]:
    """Sixteen held notes: processor time over the time that they last, in per cent."""
    from engine.synths.catalog import synth_of
    from engine.synths.live import LiveInstrument

    live = LiveInstrument(synth_of(patch.synth).live_patch(patch, DEFAULT_RATE_HZ), DEFAULT_RATE_HZ)
    for i in range(N_VOICES):
        live.note_on(40 + 2 * i, 100, 0)
    live.render(BLOCK)
    found = []
    end = BLOCK
    for _ in range(5):
        start = time.process_time()
        for _ in range(round(seconds * DEFAULT_RATE_HZ / BLOCK)):
            end += BLOCK
            live.render(end)
        found.append((time.process_time() - start) / seconds * 100.0)
    assert live.n_sounding == N_VOICES
    return found


def decode_ms(patch: Patch) -> list[float]:
    """Processor time from a key to a voice that is ready to sound."""
    from engine.synths.catalog import synth_of
    from engine.synths.live_voice import Key

    ready = synth_of(patch.synth).live_patch(patch, DEFAULT_RATE_HZ)
    found = []
    for i in range(200):
        start = time.process_time()
        ready.strike(Key(40 + i % 40, 60 + i % 60, i))
        found.append((time.process_time() - start) * 1e3)
    return found


class _Bus:
    """A device that takes 10 ms at a time, by the clock; it notes when blocks of new keys come."""

    rate = DEFAULT_RATE_HZ
    at_once = BLOCK

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._end = 0
        self.came = threading.Event()
        self.came_at = 0.0

    @property
    def position(self) -> int:
        return int((time.perf_counter() - self._start) * self.rate) // BLOCK * BLOCK

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        # What is held goes on where it ended; only a new key begins before that.
        if first != self._end and not self.came.is_set():
            self.came_at = time.perf_counter()
            self.came.set()
        self._end = max(self._end, first + len(frames))

    def expect(self, frame: float) -> None:
        """This device waits for nobody."""


def key_delays_ms(patch: Patch, step: Step | None, n_keys: int = N_KEYS, *, turns: bool = False) -> list[float]:
    """Strike keys beside held ones while ``step`` repeats on another runner, or a knob ``turns``; how late each came to
    the bus."""
    work, instrument, bus = JobRunner("work"), Instrument("real"), _Bus()
    delays: list[float] = []

    def heavy() -> Generator[Note, None, None]:
        while step is not None:
            step(1.0)
            yield Note()

    stopped = threading.Event()

    def turn() -> None:
        turned = 0
        while not stopped.wait(TURN_S):
            turned += 1
            instrument.set_patch(patch.with_values(gain_db=-12.0 - 0.1 * (turned % 10)), turning=True)

    hand = threading.Thread(target=turn, name="hand", daemon=True)
    try:
        instrument.connect(bus)
        instrument.set_patch(patch)
        for note in range(40, 44):
            instrument.note_on(note, 80)
        time.sleep(0.5)
        if step is not None:
            step(0.01)  # What the step imports is not what is measured.
            work.submit(heavy)
        if turns:
            hand.start()
        for i in range(n_keys):
            bus.came.clear()
            struck = time.perf_counter()
            instrument.note_on(60 + i % 12, 100)
            # A key that does not come within a second counts as that.
            delays.append((bus.came_at - struck if bus.came.wait(1.0) else 1.0) * 1e3)
            time.sleep(KEY_S)
            instrument.note_off(60 + i % 12)
    finally:
        stopped.set()
        if turns:
            hand.join()
        instrument.close()
        work.close()
    return delays


def played_error(patch: Patch) -> float:
    """The largest difference between a note in blocks and the same note rendered."""
    import torch

    from engine.synths.catalog import synth_of

    synth, n, hold = synth_of(patch.synth), 24_000, 14_400
    rendered = synth.render(
        torch.tensor([patch.unit()], dtype=torch.float64),
        note=60.0,
        velocity=100.0,
        hold_s=hold / DEFAULT_RATE_HZ,
        duration_s=(n + 500) / DEFAULT_RATE_HZ,
        sample_rate=DEFAULT_RATE_HZ,
        rng=torch.Generator().manual_seed(patch.seed),
    )[0, :, :n].numpy()
    voice = synth.live(patch.values, note=60.0, velocity=100.0, seed=patch.seed)
    played = np.concatenate([voice.process(BLOCK, first < hold) for first in range(0, n, BLOCK)], 1)
    return float(np.abs(played - rendered).max())
