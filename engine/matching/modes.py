"""The modes of a struck thing, heard in a recording: when it is struck, and the frequency, damping and level of what
rings.

The spectrum is cut into narrow overlapping bands. Of each one, as a slow complex signal, ESPRIT finds the exponentials
(Roy and Kailath, ESPRIT, IEEE Trans. ASSP 37(7), 1989; in bands as by Badeau, Boyer and David, EDS Parametric Modeling
and Tracking of Audio Signals, DAFx 2002): the signal space of a Hankel matrix turns by the same complex numbers from
one row to the next. Levels follow by least squares. No torch here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

R = TypeVar("R")


class MapSteps(Protocol):
    """Does some work with each of several parts, in their order; yields while it waits."""

    def __call__(self, work: Callable[[Any], R], parts: Sequence[Any]) -> Generator[None, None, list[R]]: ...


Pole = tuple[float, float, float]
"""Frequency, damping, and the highest level of the band that it was found in."""

BAND_HZ = 150.0
"""Width of what is kept of a band; as much again on either side fades out."""
MOST_IN_A_BAND = 10
LONGEST_S = 0.8
"""So much of a sound decides its modes."""
QUIET_DB = -55.0
"""Below the loudest moment, there is nothing to learn from a sound."""
FAINT_DB = -80.0
"""A band so far below the strongest one has nothing of its own."""
SLOWEST, FASTEST = 0.01, 700.0
"""Dampings of modes, in 1/s; what falls faster is part of the contact."""
_GROWING = -1.0
"""What stands, or grows no faster than that, is taken for the slowest: left out, its band's edges would be heard for
it."""
LOWEST_HZ = 30.0
_ATTACK_S = 0.002
_RIDGE = 1e-7
"""Of a mode's energy: what keeps those that are nearly alike from growing against each other."""
_NOISE = 4.0
"""How far above the usual singular value a mode stands out."""


@dataclass(frozen=True)
class Modes:
    """What rings: ``hz``, ``damping`` (1/s), ``amplitude`` and ``phase`` (radians, of a sine) at the onset, ``[n]``
    each, the strongest first."""

    hz: Floats
    damping: Floats
    amplitude: Floats
    phase: Floats

    def __len__(self) -> int:
        return self.hz.size

    def strongest(self, n: int) -> Modes:
        """The first ``n`` of them."""
        return Modes(*(column[:n] for column in (self.hz, self.damping, self.amplitude, self.phase)))

    def sound(self, n_frames: int, rate: float) -> Floats:
        """What they give together, from the onset on: ``[n_frames]``."""
        block = max(math.isqrt(n_frames), 1)
        step = (2j * np.pi * self.hz - self.damping) / rate
        within = np.exp(step[:, None] * np.arange(block))
        starts = np.exp(step * (block * np.arange(-(-n_frames // block)))[:, None] + 1j * self.phase) * self.amplitude
        sound: Floats = (starts @ within).imag.ravel()[:n_frames]
        return sound


def onset_frame(sound: Floats, rate: float) -> int:
    """The frame at which the first loud strike of ``sound`` ``[n]`` begins."""
    step = max(round(0.0005 * rate), 1)
    n = sound.size // step
    if n == 0 or not sound.any():
        return 0
    level = np.sqrt(np.square(sound[: n * step]).reshape(n, step).mean(1))
    # The first that is nearly as loud as the loudest, and back from there to where it was quiet.
    struck = np.flatnonzero(level > 0.3 * level.max())[0]
    quiet = np.flatnonzero(level[: struck + 1] <= 0.05 * level[struck : struck + 20].max())
    begin = int(quiet[-1]) + 1 if quiet.size else 0
    window = np.abs(sound[begin * step : (begin + 1) * step + 1])
    loud = np.flatnonzero(window > 0.02 * np.abs(sound[struck * step : (struck + 20) * step]).max())
    return begin * step + (int(loud[0]) if loud.size else 0)


def find_modes(sound: Floats, rate: float, most: int = 512) -> Modes:
    """The modes of ``sound`` ``[n]``, which begins with the strike."""
    steps = modes_in_steps(sound, rate, _one_by_one, most)
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        found: Modes = stop.value
        return found


def modes_in_steps(sound: Floats, rate: float, map_steps: MapSteps, most: int = 512) -> Generator[None, None, Modes]:
    """:func:`find_modes` with whatever can be done side by side given to ``map_steps``; yields while it waits."""
    attack = round(_ATTACK_S * rate)
    ringing = sound[attack : _end_frame(sound, rate)]
    if ringing.size < 0.02 * rate or not ringing.any():
        return Modes(*np.zeros((4, 0)))
    size = 1 << (2 * ringing.size - 1).bit_length()
    spectrum = np.fft.rfft(ringing, n=size)
    seconds = ringing.size / rate
    bands = [(*_slowed(spectrum, rate / size, seconds, middle), middle) for middle in _middles(rate)]
    energies = [float(np.square(np.abs(slow)).sum()) for slow, _, _ in bands]
    loudest = max(energies, default=0.0) * 10.0 ** (FAINT_DB / 10.0)
    heard_bands = [band for band, energy in zip(bands, energies, strict=True) if energy > loudest]
    poles = yield from map_steps(lambda band: _poles_of_band(*band), heard_bands)
    found = _told_apart([pole for few in poles for pole in few])
    if not found:
        return Modes(*np.zeros((4, 0)))
    hz, damping, most_level = (np.array(column) for column in zip(*found, strict=True))
    (weights,) = yield from map_steps(lambda _: _levels(ringing, rate, hz, damping), [None])
    # Modes that are louder than their band only cancel each other.
    real = np.abs(weights) < 3.0 * most_level
    hz, damping = hz[real], damping[real]
    (weights,) = yield from map_steps(lambda _: _levels(ringing, rate, hz, damping), [None])
    # Back to the onset.
    at_onset = weights * np.exp((damping - 2j * np.pi * hz) * (attack / rate))
    # Its energy as far as it is heard: what hardly falls would count for what comes later too.
    heard = np.abs(weights) ** 2 * -np.expm1(-2.0 * damping * seconds) / damping
    order = np.argsort(-heard)[:most]
    order = order[heard[order] > heard.max() * 1e-7]
    columns = hz, damping, np.abs(at_onset), np.angle(at_onset) + 0.5 * np.pi
    return Modes(*(column[order] for column in columns))


def _one_by_one(work: Callable[[Any], R], parts: Sequence[Any]) -> Generator[None, None, list[R]]:
    done = []
    for part in parts:
        done.append(work(part))
        yield
    return done


def _end_frame(sound: Floats, rate: float) -> int:
    """Where there is nothing more to learn."""
    step = max(round(0.01 * rate), 1)
    n = sound.size // step
    if n == 0:
        return sound.size
    level = np.sqrt(np.square(sound[: n * step]).reshape(n, step).mean(1))
    loud = np.flatnonzero(level > level.max() * 10.0 ** (QUIET_DB / 20.0))
    end = (int(loud[-1]) + 1) * step if loud.size else sound.size
    return min(max(end, round(0.05 * rate)), sound.size, round(LONGEST_S * rate))


def _middles(rate: float) -> Floats:
    top = min(0.5 * rate - BAND_HZ, 18_000.0)
    return np.arange(LOWEST_HZ + 0.5 * BAND_HZ, top, BAND_HZ)


def _told_apart(found: list[Pole]) -> list[Pole]:
    """Without those that two neighbouring bands have found both: no sum of levels could tell them from each other."""
    kept: list[Pole] = []
    for hz, damping, peak in sorted(found):
        if kept and 2.0 * np.pi * (hz - kept[-1][0]) < 0.1 * damping and abs(damping - kept[-1][1]) < 0.1 * damping:
            continue
        kept.append((hz, damping, peak))
    return kept


def _poles_of_band(slow: Complexes, slow_rate: float, middle_hz: float) -> list[Pole]:
    """Frequency and damping of what rings in one band, as :func:`_slowed` gives it."""
    poles = _esprit(slow)
    if poles.size == 0:
        return []
    offset_hz = np.angle(poles) * slow_rate / (2.0 * np.pi)
    damping = -np.log(np.abs(poles)) * slow_rate
    inside = (np.abs(offset_hz) <= 0.5 * BAND_HZ) & (damping > _GROWING) & (damping < FASTEST)
    damping = damping.clip(min=SLOWEST)
    peak = float(np.abs(slow).max())
    return [(float(middle_hz + o), float(d), peak) for o, d in zip(offset_hz[inside], damping[inside], strict=True)]


def _slowed(spectrum: Complexes, bin_hz: float, seconds: float, middle_hz: float) -> tuple[Complexes, float]:
    """The band around ``middle_hz`` moved to 0 and as slow as it may be, and its rate; levels are those of modes."""
    reach = round(1.5 * BAND_HZ / bin_hz)
    bins = round(middle_hz / bin_hz) + np.arange(-reach, reach)
    there = (bins >= 0) & (bins < spectrum.size)
    part = np.where(there, spectrum[np.clip(bins, 0, spectrum.size - 1)], 0.0)
    away = np.abs(np.arange(-reach, reach)) / reach
    fade = np.where(away < 1 / 3, 1.0, np.cos(0.75 * np.pi * (np.clip(away, 1 / 3, 1.0) - 1 / 3)) ** 2)
    slow_rate = 2 * reach * bin_hz
    slow = np.fft.ifft(np.fft.ifftshift(part * fade)) * (2 * reach / (spectrum.size - 1))
    # The filter rings for a while at the beginning, and runs into the silence at the end.
    edge = math.ceil(2.0 * slow_rate / (3.0 * BAND_HZ))
    end = int(seconds * slow_rate) - edge
    # The middle of the band lies on a bin.
    shift = middle_hz - round(middle_hz / bin_hz) * bin_hz
    kept = slow[edge:end]
    return kept * np.exp(-2j * np.pi * shift * np.arange(kept.size) / slow_rate), slow_rate


def _esprit(slow: Complexes) -> Complexes:
    """Poles of the exponentials in ``slow`` ``[n]``."""
    n = slow.size
    if n < 12:
        return np.zeros(0, complex)
    rows = n // 2
    hankel = np.lib.stride_tricks.sliding_window_view(slow, n - rows + 1)
    left, size, _ = np.linalg.svd(hankel, full_matrices=False)
    usual = np.median(size)
    order = int(((size > _NOISE * usual) & (size > 1e-6 * size[0])).sum())
    order = min(order, MOST_IN_A_BAND, rows - 1)
    if order == 0:
        return np.zeros(0, complex)
    signal = left[:, :order]
    turn, *_ = np.linalg.lstsq(signal[:-1], signal[1:], rcond=None)
    return np.asarray(np.linalg.eigvals(turn))


def _levels(sound: Floats, rate: float, hz: Floats, damping: Floats) -> Complexes:
    """Complex levels ``[modes]`` so that the sum of the modes comes nearest to ``sound``, by least squares.

    The products of the modes with each other are geometric series; those with the sound are summed in blocks, as
    :func:`engine.dsp.resonators.ring` does it the other way round.
    """
    step = (2j * np.pi * hz - damping) / rate
    n = sound.size
    block = math.isqrt(n)
    blocks = np.pad(sound, (0, -n % block)).reshape(-1, block)
    within = blocks @ np.exp(step * np.arange(block)[:, None])
    product = (within * np.exp(step * (block * np.arange(len(blocks)))[:, None])).sum(0)
    turning, standing = (_series(step[:, None] + other, n) for other in (step, step.conj()))
    like, unlike = 0.5 * (standing + turning).real, 0.5 * (standing - turning).real
    mixed = 0.5 * (standing.imag - turning.imag)
    gram = np.block([[like, mixed], [mixed.T, unlike]])
    size = np.sqrt(np.diag(gram).clip(1e-30))
    gram /= size[:, None] * size
    gram[np.diag_indices_from(gram)] += _RIDGE
    parts = np.linalg.solve(gram, np.concatenate([product.real, -product.imag]) / size) / size
    weights: Complexes = parts[: hz.size] + 1j * parts[hz.size :]
    return weights


def _series(step: Complexes, n: int) -> Complexes:
    """The sum of ``exp(step t)`` for ``n`` whole ``t`` from 0 on."""
    return np.asarray(np.expm1(step * n) / np.expm1(step), dtype=complex)
