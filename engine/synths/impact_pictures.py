"""What an impact patch looks like at work: its modes, its contact, and how object and room fall silent.

Nothing is rendered: all of it is known from the decoded strike.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.band_noise import band, usual_hz
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE, SHAPES
from engine.params.impact_pictures import Floats, ImpactPictures, pushed
from engine.synths.impact_force import LN_1000, Contact
from engine.synths.impact_note import ImpactDecoder, ImpactNote
from engine.synths.impact_room import BAND_OCT, MOST_WET, nominal_hz

FORCE_POINTS, NOISE_POINTS, LEVEL_POINTS, DAMPING_POINTS = 97, 97, 161, 49
LOWEST_HZ, HIGHEST_HZ = 20.0, 20_000.0
RESIDUALS = {name: IMPACT_SPACE.defaults()[name] for name in ("mode_pitch_st", "mode_damping_oct", "mode_level_db")}
HARDEST = 127.0
_FREE = float(SHAPES.index("free"))
_UNHEARD_DB = 25.0
_NEAR_OCT = 0.1
_NOISE_FALLS = 1.2
"""The noise is drawn until it is 72 dB down."""


@cache
def _decoder() -> ImpactDecoder:
    return ImpactDecoder()


def draw(patch: Patch, note: float, velocity: float, hold_s: float, duration_s: float) -> ImpactPictures:
    """Everything that :class:`ImpactPictures` holds, for one strike with a key."""
    with torch.no_grad():
        strike, plain = _note(patch, note, velocity, hold_s), _note(patch.with_values(**RESIDUALS), note, velocity)
        hardest = _note(patch, note, HARDEST)
        contact, room = strike.contact, strike.room
        level_s = np.linspace(0.0, duration_s, LEVEL_POINTS)
        noise_s, noise_db = _noise(contact)
        force_s, force = _force(strike, hardest)
        damping_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, DAMPING_POINTS)
        modes = patch.values["modes"]
        assert isinstance(modes, float)
        # As many as the knob says: a mode that is less than half begun is none.
        n_own = min(max(round(modes), 1), strike.n_own)
        shown = np.r_[:n_own, strike.n_own : strike.hz.shape[1]]
        return ImpactPictures(
            mode_hz=_floats(strike.hz[0])[shown],
            mode_db=_floats(_mode_db(strike))[shown],
            mode_decay_s=_floats(LN_1000 / strike.damping[0])[shown],
            plain_hz=_floats(plain.hz[0])[shown],
            plain_db=_floats(_mode_db(plain))[shown],
            plain_decay_s=_floats(LN_1000 / plain.damping[0])[shown],
            n_own=n_own,
            pitch_hz=_heard_pitch_hz(strike, n_own),
            damping_hz=_floats(damping_hz),
            damping_decay_s=_floats(_material_decay_s(patch, note, damping_hz)),
            force_s=_floats(force_s),
            force=_floats(force),
            contact_s=float(contact.seconds[0]),
            noise_s=_floats(noise_s),
            noise_db=_floats(noise_db),
            level_s=_floats(level_s),
            level_db=_floats(_object_db(strike, level_s)),
            room_db=_floats(_room_db(strike, level_s)),
            hold_s=hold_s,
            band_hz=_floats(room.hz[0]),
            band_decay_s=_floats(room.seconds[0]),
            band_db=_floats(_decibels(room.level[0].numpy())),
            room_delay_s=float(room.delay_s[0]),
            room=float(room.wet[0]) / MOST_WET,
        )


def _heard_pitch_hz(strike: ImpactNote, n_own: int) -> float:
    """The pitch of the object, or where nothing of it is heard there (a squat pot bends as a whole far above the waves
    in its wall), the lowest mode that is heard."""
    hz, db = strike.hz[0, :n_own].numpy(), _mode_db(strike)[:n_own]
    pitch_hz = float(strike.pitch_hz[0])
    heard = hz[db > db.max() - _UNHEARD_DB]
    near = np.abs(np.log2(heard / pitch_hz)) < _NEAR_OCT
    return pitch_hz if near.any() or heard.size == 0 or heard.min() > pitch_hz else float(heard.min())


def _note(patch: Patch, note: float, velocity: float, hold_s: float = 0.0) -> ImpactNote:
    unit = torch.tensor([patch.unit()], dtype=torch.float64)
    return _decoder()(unit, note, velocity, hold_s, torch.Generator().manual_seed(patch.seed), patch.strike)


def _mode_powers(strike: ImpactNote) -> Tensor:
    """Power of each mode just after the strike, mean of both sides ``[modes]``."""
    moved = torch.from_numpy(pushed(strike.hz[0].numpy(), float(strike.contact.seconds[0]))) * strike.gain
    return 0.5 * strike.amplitude[0].square().mean(0) * moved.square()


def _mode_db(strike: ImpactNote) -> NDArray[np.float64]:
    return _decibels((2.0 * _mode_powers(strike)).sqrt().numpy())


def _material_decay_s(patch: Patch, note: float, hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times to -60 dB without residuals: dampings lie on one line over squared frequency, which two modes tell."""
    two = _note(patch.with_values(**RESIDUALS, modes=2.0, shape=_FREE), note, HARDEST)
    (low, high), (slow, fast) = two.hz[0, :2].square(), two.damping[0, :2]
    slope = float((fast - slow) / (high - low))
    return np.asarray(LN_1000 / (float(slow) + slope * (hz**2 - float(low))))


def _force(strike: ImpactNote, hardest: ImpactNote) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The push over time; of two pushes of one sum the shorter has the higher peak."""
    seconds = float(strike.contact.seconds[0])
    share = np.linspace(0.0, 1.0, FORCE_POINTS)
    shape = 0.43 * 0.5 * math.pi * np.sin(math.pi * share) + 0.57 * (1.0 - np.cos(2.0 * math.pi * share))
    loud = float(strike.gain[0]) / float(hardest.gain[0])
    loud *= float(hardest.contact.seconds[0]) / seconds
    return share * seconds, shape / shape.max() * min(loud, 1.0)


def _noise(contact: Contact) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    level = float(contact.level[0])
    if level <= 0.0:
        return np.zeros(0), np.zeros(0)
    fall_s, rise_s = float(contact.noise_s[0]), float(contact.rise_s[0])
    time_s = np.linspace(0.0, _NOISE_FALLS * (fall_s + rise_s), NOISE_POINTS)
    shape = (1.0 - np.exp(-3.0 * time_s / rise_s)) * np.exp(-LN_1000 * time_s / fall_s)
    return time_s, _decibels(level * shape / max(shape.max(), 1e-12))


def _left(strike: ImpactNote, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """What is left of the amplitude of each mode ``[modes, points]``, the damper of a key that is up included."""
    over = np.maximum(time_s - float(strike.hold_s[0]), 0.0)
    fall = strike.damping[0].numpy()[:, None] * time_s + float(strike.release[0]) * over
    return np.asarray(np.exp(-fall))


def _object_db(strike: ImpactNote, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    left = _mode_powers(strike).numpy() @ _left(strike, time_s) ** 2
    return _decibels(np.sqrt(2.0 * left))


def _room_db(strike: ImpactNote, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each mode's energy, spread over time as the room spreads a click's at its frequency."""
    room = strike.room
    if float(room.wet[0]) <= 0.0 or time_s[-1] <= 0.0:
        return np.full(time_s.shape, -np.inf)
    energy = (_mode_powers(strike) / (2.0 * strike.damping[0])).numpy()[:, None] * -np.diff(_left(strike, time_s) ** 2)
    late = time_s - float(room.delay_s[0])
    falls = np.exp(-LN_1000 * np.maximum(late, 0.0) / room.seconds[0].numpy()[:, None]) * (late >= 0.0)
    bands = band(strike.hz[0][:, None], room.hz[0], BAND_OCT).numpy()
    answer = (bands * room.level[0].numpy()) @ falls
    # Of a click of energy 1, whatever the length and the colour: see RoomNote.answer.
    plain = band(usual_hz(room.hz.device), nominal_hz(room.hz.device)[:, None], BAND_OCT)
    click = float((plain.square().mean(1) * room.plain_s[0]).sum()) / (2.0 * LN_1000)
    n = 2 * time_s.size
    spread = np.fft.irfft((np.fft.rfft(energy, n) * np.fft.rfft(answer**2, n)).sum(0), n)[: time_s.size]
    heard = np.maximum(spread, 0.0) * (float(room.wet[0]) ** 2 / click) * (late >= 0.0)
    return _decibels(np.sqrt(2.0 * heard))


def _decibels(amplitude: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(20.0 * np.log10(amplitude))


def _floats(numbers: Tensor | NDArray[np.float64]) -> Floats:
    return np.asarray(numbers, dtype=np.float32)
