"""The room in a recorded strike: what falls slower than the contact, in each of the room's bands.

What the modes leave of a strike is noise. In every band its power falls in two lines, a steep one (the contact) and
then a flat one (the room); where they meet and how steep they are is what makes the recording likeliest, with the power
of noise around its mean as an exponential distribution. Of each line that can be told without a search.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.dsp.band_noise import band
from engine.dsp.convolve import good_size
from engine.matching.modes import Floats
from engine.matching.strike_scene import StrikeScene
from engine.params.impact import IMPACT_SPACE, N_BANDS
from engine.synths.impact_force import LN_1000
from engine.synths.impact_room import BAND_OCT, nominal_hz

LONGER = 1.5
"""A room outlasts the contact so many times in a band, or the two are one fall."""
_SHORTEST_S, _LONGEST_S = 0.08, 12.0
_SLOWEST_SHARE = 3.0
"""What falls slower than so many times the recording is a hum, no room."""
_MEET_S = (0.015, 0.025, 0.04, 0.065, 0.1, 0.16, 0.25)
_N_TIMES = 40
_LEAST_STEPS = 8
_STEP_S = 0.005
_MOST_STEPS = 160
_DEEPEST_DB = -75.0
"""Below the loudest moment of all bands, a band has nothing to tell."""
_QUIETEST_DB, _LOUDEST_DB = -40.0, 20.0
"""Beside its loudest bands those of a room stay between these, so that descent can raise and lower them."""
_N_LEVELLINGS = 2


@dataclass(frozen=True)
class Tail:
    """What is heard of a room in each of its bands, ``[N_BANDS]`` each: ``seconds`` until it is 60 dB down and the
    ``energy`` that it leaves; and the ``contact`` ``[frames]``, what is left without it."""

    seconds: Floats
    energy: Floats
    contact: Floats


def banded(sound: Tensor, rate: float) -> Tensor:
    """``sound`` ``[n]`` in the bands of a room ``[N_BANDS, n]``, which sum to it."""
    n = sound.shape[0]
    size = good_size(n + round(0.1 * rate))
    hz = torch.arange(size // 2 + 1, dtype=torch.float64).clamp(min=0.5) * (rate / size)
    weights = band(hz, nominal_hz(hz.device)[:, None], BAND_OCT).clamp(min=1e-30)
    weights = (weights / weights.sum(0)).to(sound.dtype)
    parts: Tensor = torch.fft.irfft(torch.fft.rfft(sound, n=size) * weights, n=size)
    return parts[:, :n]


def hear_room(left: Floats, rate: float) -> Tail | None:
    """The room in ``left`` ``[frames]``, what modes leave of a strike; nothing where no band has one."""
    n = len(left)
    bands = banded(torch.from_numpy(left).float(), rate).double()
    step = max(round(_STEP_S * rate), -(-n // _MOST_STEPS))
    n_steps = n // step
    power: Floats = bands[:, : n_steps * step].square().view(N_BANDS, n_steps, step).mean(2).numpy()
    floor = power.max(initial=0.0) * 10.0 ** (_DEEPEST_DB / 10.0) + 1e-20
    time_s = (np.arange(n_steps, dtype=np.float64) + 0.5) * (step / rate)
    seconds, level = np.zeros((2, N_BANDS))
    shares = np.ones((N_BANDS, n_steps))
    for b in range(N_BANDS):
        found = _late_fall(power[b], time_s, floor)
        if found is not None:
            level[b], seconds[b] = found
            late = level[b] * _fall(time_s, seconds[b])
            # Chance aside: what is above twice the usual power is not the room's.
            shares[b] = np.clip(1.0 - 2.0 * late / np.maximum(power[b], 1e-30), 0.0, 1.0)
    if not seconds.any():
        return None
    at = (np.arange(n) + 0.5) / step - 0.5
    weights = np.stack([np.interp(at, np.arange(n_steps), np.sqrt(row)) for row in shares])
    energy = level * rate * seconds / (2.0 * LN_1000)
    return Tail(seconds, energy, (bands.numpy() * weights).sum(0))


def _fall(time_s: Floats, seconds: Floats | float) -> Floats:
    found: Floats = np.exp(-2.0 * LN_1000 * time_s / np.asarray(seconds)[..., None])
    return found


def _late_fall(power: Floats, time_s: Floats, floor: float) -> tuple[float, float] | None:
    """At what power the flat line of ``power`` ``[steps]`` begins and how long it lasts; nothing where it is no
    flatter than what comes before, or is over too soon."""
    above = np.flatnonzero(power > floor)
    n = int(above[-1]) + 1 if above.size else 0
    best: tuple[float, float, float, float] | None = None
    for meet_s in _MEET_S:
        first = int(np.searchsorted(time_s, meet_s))
        if first < 2 or n - first < _LEAST_STEPS:
            continue
        early, late = _line(power[:first], time_s[:first]), _line(power[first:n], time_s[first:n])
        if best is None or early[0] + late[0] < best[0]:
            best = early[0] + late[0], early[2], late[1], late[2]
    if best is None:
        return None
    _, early_s, level, late_s = best
    hum = late_s > min(_SLOWEST_SHARE * float(time_s[-1]), _LONGEST_S)
    if hum or late_s < max(LONGER * early_s if early_s < _SHORTEST_S else 0.0, _SHORTEST_S):
        return None
    return level, late_s


def _line(power: Floats, time_s: Floats) -> tuple[float, float, float]:
    """The likeliest fall of ``power`` ``[steps]``: how unlikely it is (nats), its power at 0 and its time to -60 dB."""
    times = np.geomspace(0.01, 2.0 * _LONGEST_S, _N_TIMES)
    falls = _fall(time_s - time_s[0], times) + 1e-12
    level = ((power + 1e-20) / falls).mean(1)
    cost = power.size * np.log(level) + np.log(falls).sum(1)
    i = int(np.argmin(cost))
    at_zero = level[i] * np.exp(2.0 * LN_1000 * time_s[0] / times[i])
    return float(cost[i]), float(at_zero), float(times[i])


def with_room(scene: StrikeScene, unit: Tensor, tail: Tail) -> Tensor:
    """``unit`` ``[n_units]`` in a room that falls as ``tail`` does and is as loud."""
    unit = unit.double().clone()
    heard = tail.seconds > 0.0
    place = np.arange(N_BANDS) / (N_BANDS - 1)
    weight = np.sqrt(tail.energy[heard] / tail.energy.max())
    slope, begin = _straight(place[heard], np.log2(tail.seconds[heard]), weight)
    damping = min(max(-slope / 3.0, 0.0), 1.0)
    plain = begin - 3.0 * damping * place
    band_oct = np.where(heard, np.log2(np.where(heard, tail.seconds, 1.0)) - plain, 0.0)
    _set(unit, "room_s", np.array([2.0**begin]))
    _set(unit, "room_damping", np.array([damping]))
    _set(unit, "room_delay_s", np.array([IMPACT_SPACE["room_delay_s"].low]))
    _set(unit, "room_band_oct", band_oct)
    _set(unit, "room", np.array([0.2]))
    level_db = np.zeros(N_BANDS)
    rate = scene.sample_rate
    shut = unit.clone()
    _set(shut, "room", np.zeros(1))
    dry = scene.sounds(shut[None])[0]
    for _ in range(_N_LEVELLINGS):
        _set(unit, "room_band_db", level_db)
        answer = scene.sounds(unit[None])[0] - dry
        given = banded(answer.float(), rate).double().square().sum(1).numpy()
        level_db += 10.0 * np.log10(np.maximum(tail.energy, 1e-20) / np.maximum(given, 1e-20))
        usual_db = float(np.average(level_db, weights=tail.energy))
        level_db = np.clip(level_db, usual_db + _QUIETEST_DB, usual_db + _LOUDEST_DB)
    # The bands that are heard most tell how open the room is.
    usual_db = float(np.average(level_db, weights=tail.energy))
    room = float(np.clip(0.2 * 10.0 ** (usual_db / 20.0), 0.005, 1.0))
    _set(unit, "room", np.array([room]))
    _set(unit, "room_band_db", level_db - 20.0 * np.log10(room / 0.2))
    return unit


def _straight(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and beginning of the line through points."""
    if len(x) < 2:
        return 0.0, float(y[0])
    fitted = np.polyfit(x, y, 1, w=weight)
    # Towards the lengths that were heard, however few there were.
    slope = float(np.clip(fitted[0], -3.0, 0.0))
    return slope, float(np.average(y - slope * x, weights=weight))


def _set(unit: Tensor, name: str, numbers: Floats) -> None:
    param = IMPACT_SPACE[name]
    unit[IMPACT_SPACE.place(name)] = torch.tensor([param.to_unit(float(x)) for x in numbers], dtype=unit.dtype)
