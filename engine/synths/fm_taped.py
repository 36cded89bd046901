"""One note of the FM instrument that remembers how it came about, for the way back: numbers in, numbers out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.dsp.filters import SHARP, WIDE
from engine.dsp.loops import CLIPS, LIMIT
from engine.dsp.reverb import lengths_at
from engine.params.fm import N_OPERATORS
from engine.synths.fm_bright import N_DIRECT, ROUTES
from engine.synths.fm_operators import loop_lag
from engine.synths.fm_records import FLOOR

Numbers = NDArray[np.float64]

_TAPS = {half_band: half_band.taps() for half_band in (SHARP, WIDE)}


@dataclass(frozen=True)
class Inputs:
    """What a note is computed from and gets gradients for, in float64; ``p`` control points.

    ``hz strength ceiling tremolo_nats`` ``[operators]``, ``output`` ``[sides, operators]``, ``depths`` ``[routes]``,
    ``nats times_s`` ``[operators, 4]``, ``hold_s`` ``[]``; ``factor down cutoffs`` ``[p]``, or ``[0]`` where nothing
    moves or is filtered; ``noise_nats noise_s`` ``[4]``, ``gains`` of the room's lines; all others ``[]``.
    """

    hz: Any
    strength: Any
    output: Any
    depths: Any
    nats: Any
    times_s: Any
    ceiling: Any
    hold_s: Any
    tremolo_nats: Any
    factor: Any
    down: Any
    steep: Any
    after: Any
    noise_level: Any
    noise_cutoff: Any
    noise_damping: Any
    noise_nats: Any
    noise_s: Any
    cutoffs: Any
    damping: Any
    wet: Any
    gains: Any
    mix: Any


@dataclass(frozen=True)
class Shape:
    """How a note is computed: at ``rate`` doubled ``halvings`` times; its operators on ``width`` channels, what follows
    on ``flowing``; and what gets gradients: each operator on ``sides``, what is off (``may_open``), the ``room``, and
    whether noise is ``apart`` on two sides."""

    rate: int
    halvings: int
    width: int
    flowing: int
    sides: int
    may_open: bool
    chain: bool
    room: bool
    apart: bool


@dataclass(eq=False)
class TapedNote:
    """``note`` and ``chain`` are records as :class:`engine.synths.fm_compiled.CompiledNotes` has them; ``kind`` is the
    float type of what is kept; the
    operators that are ``felt`` ``[operators]`` reach an output."""

    note: NDArray[Any]
    chain: NDArray[Any]
    given: Inputs
    shape: Shape
    kind: Any
    felt: NDArray[np.int64]
    _kept: Any = None
    _driven: Any = None
    _swept: Any = None
    _fed: Any = field(default=None)

    def play(self, sound: Numbers) -> None:
        """Fill ``sound`` ``[channels, n]``."""
        from engine.dsp import chain_grad_kernels as after
        from engine.dsp import fm_grad_kernels as kernels
        from engine.dsp import live_kernels

        given, shape, note = self.given, self.shape, self.note
        n = sound.shape[1]
        bands = [SHARP if down == 0 else WIDE for down in range(shape.halvings)]
        lengths = [n]
        for band in bands:
            lengths.append(2 * lengths[-1] + band.reach)
        # What nothing follows is played where it is wanted.
        x = np.empty((shape.width, lengths[-1])) if bands or shape.chain else sound[: shape.width]
        self._kept = np.empty((2, N_OPERATORS, lengths[-1]), self.kind)
        moving = given.factor, given.down
        kernels.play(note, float(given.hold_s), float(shape.rate << shape.halvings), *moving, self.felt, self._kept, x)
        if note["drives"][0]:
            self._driven = x.copy()
            for row in x:
                after.drive(float(given.steep), float(given.after), row)
        elif shape.chain and shape.may_open:
            self._driven = x
        for band, length in zip(reversed(bands), lengths[-2::-1], strict=True):
            fine, x = x, np.empty((shape.width, length))
            for row, out in zip(fine, x, strict=True):
                after.come_down(row, _TAPS[band], out)
        if x.base is not sound:
            sound[: shape.width] = x
        sound[shape.width : shape.flowing] = x[0]
        self._follow(sound[: shape.flowing], after, live_kernels)
        sound[shape.flowing :] = sound[0]
        if shape.room:
            self._fed = np.empty((len(given.gains), n))
            room = float(given.mix), float(given.wet), _lengths(shape.rate)
            after.fill_room(given.gains, *room, sound, self._fed)

    def _follow(self, sound: Numbers, after: Any, live_kernels: Any) -> None:
        """DC blocker, noise and filter, in place."""
        given, chain, rate = self.given, self.chain[0], float(self.shape.rate)
        if chain["dc_pole"] > 0.0:
            for row in sound:
                after.block_dc(chain["dc_pole"], row)
        if chain["noise_level"] > 0.0:
            flow = live_kernels.begin()
            flow["release_s"] = given.hold_s
            live_kernels.add_noise(chain, flow[0], rate, sound)
        if chain["filter"] > 0:
            self._swept = np.empty((len(sound), 3, sound.shape[1]), self.kind)
            for row, kept in zip(sound, self._swept, strict=True):
                after.sweep(chain["filter"], given.cutoffs, float(given.damping), rate, row, kept)

    def back(self, grad: Numbers) -> dict[str, Any]:
        """From the gradient of the sound ``[channels, n]``, which is used up, to those of the inputs: all that are not
        0, by name."""
        from engine.dsp import chain_grad_kernels as after

        given, shape, chain = self.given, self.shape, self.chain
        rate = float(shape.rate)
        found: dict[str, Any] = {"hold_s": 0.0}
        if self._fed is not None:
            found["gains"] = np.zeros_like(given.gains)
            room = float(given.mix), float(given.wet), _lengths(shape.rate)
            found["mix"], found["wet"] = after.fill_room_back(given.gains, *room, self._fed, grad, found["gains"])
        if shape.sides == 1 and shape.flowing == 1:
            grad = _together(grad)
        if self._swept is not None:
            found["cutoffs"] = np.zeros_like(given.cutoffs)
            found["damping"] = 0.0
            for side, row in enumerate(grad):
                kept = self._swept[min(side, len(self._swept) - 1)]
                how = chain["filter"][0], given.cutoffs, float(given.damping), rate, kept
                found["damping"] += after.sweep_back(*how, row, found["cutoffs"])
        if chain["noise_level"][0] > 0.0 or (shape.chain and shape.may_open):
            level = np.zeros(3)
            found["noise_nats"], found["noise_s"] = np.zeros(4), np.zeros(4)
            noise = chain, float(given.hold_s), rate, grad, int(shape.apart)
            found["hold_s"] += after.noise_back(*noise, level, found["noise_nats"], found["noise_s"])
            found["noise_level"], found["noise_cutoff"], found["noise_damping"] = level
        if shape.sides == 1:
            grad = _together(grad)
        for row in grad if chain["dc_pole"][0] > 0.0 else ():
            after.block_dc_back(chain["dc_pole"][0], row)
        for down in range(shape.halvings):
            band = WIDE if down else SHARP
            coarse, grad = grad, np.empty((len(grad), 2 * grad.shape[1] + band.reach))
            for row, out in zip(coarse, grad, strict=True):
                after.come_down_back(row, _TAPS[band], out)
        if self._driven is not None:
            found["steep"], found["after"] = 0.0, 0.0
            for side, row in enumerate(grad):
                x = self._driven[min(side, len(self._driven) - 1)]
                is_on = bool(self.note["drives"][0])
                steep, loud = after.drive_back(float(given.steep), float(given.after), x, row, is_on)
                found["steep"] += steep
                found["after"] += loud
        self._play_back(grad, found)
        return found

    def _play_back(self, grad: Numbers, found: dict[str, Any]) -> None:
        from engine.dsp import fm_grad_kernels as kernels

        given, shape = self.given, self.shape
        alive = self.note["order"][0, : self.note["group"][0, self.note["n_groups"][0]]].tolist()
        opens = (given.depths > 0.0) | shape.may_open
        routes, shares, looks = _wanted(
            frozenset(alive), self.felt.tobytes(), opens.tobytes(), loop_lag(shape.rate << shape.halvings)
        )
        depths, operators = np.zeros(len(routes)), np.zeros((4, N_OPERATORS))
        names = "output", "nats", "times_s", "factor", "down"
        arrays = [np.zeros_like(getattr(given, name)) for name in names]
        output, nats, times_s, factor, down = arrays
        fine = float(shape.rate << shape.halvings)
        loops = self.note["inner"][0, self.note["n_groups"][0]] > 0
        limit = LIMIT * float(np.abs(grad).max()) if loops and grad.size else 0.0
        parts = output, depths, operators, nats, times_s, factor, down
        moving = given.factor, given.down, self.felt, self._kept
        clipped, release = kernels.play_back(self.note, float(given.hold_s), fine, *moving, grad, looks, limit, *parts)
        CLIPS.samples += clipped
        found.update(zip(names, arrays, strict=True))
        found["depths"] = np.bincount(routes, shares * depths, len(ROUTES))
        found["hz"], found["strength"], found["ceiling"], found["tremolo_nats"] = operators
        found["strength"] = found["strength"] * FLOOR
        found["hold_s"] += release


@lru_cache(maxsize=1024)
def _wanted(
    alive: frozenset[int], felt: bytes, opens: bytes, lag: int
) -> tuple[NDArray[np.int64], Numbers, NDArray[np.int64]]:
    """Routes that get a gradient, as often as they have terms: their places, the terms' shares, and source, target and
    lag of each. ``felt`` (of operators) and ``opens`` (of routes) are arrays' bytes."""
    targets, wanted = np.frombuffer(felt, np.int64), np.frombuffer(opens, np.bool_)
    found = []
    for route, (source, target) in enumerate(ROUTES):
        if not ({source, target} <= alive and targets[target] and wanted[route]):
            continue
        if source == target:
            found += [(route, 0.5, source, target, lag), (route, 0.5, source, target, 2 * lag)]
        else:
            found.append((route, 1.0, source, target, 0 if route < N_DIRECT else lag))
    table = np.array(found).reshape(-1, 5)
    return table[:, 0].astype(np.int64), table[:, 1].copy(), table[:, 2:].astype(np.int64)


def _together(grad: Numbers) -> Numbers:
    """What is one sound on both sides."""
    return grad if len(grad) == 1 else grad.sum(0, keepdims=True)


def _lengths(rate: int) -> NDArray[np.int64]:
    return np.array(lengths_at(rate))
