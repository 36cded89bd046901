"""What the DX7's numbers mean in decibels, hertz and seconds.

Sources
    [msfa]    R. Levien, music-synthesizer-for-android (Google, Apache-2.0): its notes ``Dx7Envelope.md`` and
              ``Dx7Hardware.md`` report measurements of a DX7; its tables of output level, velocity, level scaling,
              pitch envelope and LFO follow the instrument's ROM.
    [dexed]   P. Gauthier, the ``msfa`` folder of Dexed (Apache-2.0), for the LFO's effect on amplitude.
    [picox7]  J. D. Haughton, picoX7 (MIT), which follows a disassembly of the DX7's firmware.
    [manual]  DX7 Operating Manual (Yamaha 1983), for the meaning of each parameter and of fixed frequencies.

A level is an attenuation in steps of an octave of amplitude: the envelope chip counts 256 steps an octave, output
levels 32 of them at a time, envelope levels 64.
"""

from __future__ import annotations

import math
from typing import Final

OCTAVE_DB: Final = 20.0 * math.log10(2.0)
UNIT_DB: Final = OCTAVE_DB / 8.0
"""One step of the output level above 19: 0.7526 dB."""
CLOCK_HZ: Final = 49_096.0
"""Samples a second of the DX7's chips, which is also what its envelopes count."""
FULL_UNITS: Final = 127
FULL_INDEX_RAD: Final = 4.0 * math.pi
"""How far an operator with output level and envelope at 99 bends another one's phase."""

# Output levels below 20 fall faster; from 20 on a level is 28 units more than its number.
_LOW_LEVELS: Final = (0, 5, 9, 13, 17, 20, 23, 25, 27, 29, 31, 33, 35, 37, 39, 41, 42, 43, 45, 46)


def clip99(value: int) -> int:
    """A stored value as the instrument takes it: never above 99."""
    return min(value, 99)


def level_units(level: int) -> int:
    """Output level 0..99 as 0..127 units of :data:`UNIT_DB`."""
    level = clip99(level)
    return _LOW_LEVELS[level] if level < len(_LOW_LEVELS) else 28 + level


def level_db(level: int) -> float:
    """Output level 0..99 below full scale: 0 dB at 99, -0.75 dB at 98, -95.6 dB at 0."""
    return (level_units(level) - FULL_UNITS) * UNIT_DB


def stage_db(level: int) -> float:
    """Envelope level 0..99 below full scale: half as fine as the output level, 0 dB at 99, -94.8 dB at 0."""
    return (level_units(level) // 2 - FULL_UNITS // 2) * 2.0 * UNIT_DB


def fall_octaves_per_s(rate: int) -> float:
    """How often a second a falling stage of rate 0..99 halves the amplitude: 0.047 (0.28 dB/s) to 2685."""
    quick = clip99(rate) * 41 // 64
    return float((4 + quick % 4) << (quick // 4)) * CLOCK_HZ / 2**22


def ratio(coarse: int, fine: int) -> float:
    """Frequency over the note's: ``coarse`` 0..31 (0 is a half) raised by ``fine`` hundredths of itself."""
    coarse = min(coarse, 31)
    return float(coarse or 0.5) * (1.0 + clip99(fine) / 100.0)


def fixed_hz(coarse: int, fine: int, detune: int) -> float:
    """Frequency of a fixed operator: 1, 10, 100 or 1000 Hz, and ``fine`` hundredths of a decade more [manual].

    ``detune`` above the middle raises it by 0.96 cents a step [msfa].
    """
    octaves = max(detune - 7, 0) * 13_457 / 2**24
    return float(10.0 ** (coarse % 4 + clip99(fine) / 100.0) * 2.0**octaves)


DETUNE_CENTS: Final = 12_606 / 2**24 * 1200.0
"""One step of detune where the frequency follows the key: 0.90 cents, measured at 9600 Hz [msfa]."""


def feedback_rad(feedback: int) -> float:
    """Peak phase deviation of feedback 0..7 at full level: half as much for each step down from 2 pi, 0 for none."""
    return FULL_INDEX_RAD * 2.0 ** (min(feedback, 7) - 8) if feedback else 0.0


SCALING_DB_PER_OCTAVE: Final = 4 * 329 / 4096 * UNIT_DB
"""Linear key level scaling of depth 1: four groups of three keys an octave, 329/4096 units each; 23.9 dB for 99."""
BREAK_NOTE: Final = 17
"""MIDI note of break point 0: the first group of keys that scaling changes begins three keys above [msfa]."""

# Pitch envelope levels in 32nds of an octave.
_PITCH_LOW: Final = (-128, -116, -104, -95, -85, -76, -68, -61, -56, -52, -49, -46, -43, -41, -39, -37, -35)
_PITCH_HIGH: Final = (38, 40, 43, 46, 49, 53, 58, 65, 73, 82, 92, 103, 115, 127)
PITCH_LEVELS: Final[tuple[int, ...]] = (*_PITCH_LOW, *range(-33, 36), *_PITCH_HIGH)

# Pitch envelope rates in octaves per 21.3 seconds.
PITCH_RATES: Final[tuple[int, ...]] = (
    *(1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14),
    *(14, 15, 16, 16, 17, 18, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30, 31, 33, 34, 36, 37, 38, 39),
    *(41, 42, 44, 46, 47, 49, 51, 53, 54, 56, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76, 79, 82, 85, 88, 91),
    *(94, 98, 102, 106, 110, 115, 120, 125, 130, 135, 141, 147, 153, 159, 165, 171, 178, 185, 193, 202),
    *(211, 232, 243, 254, 255),
)


def pitch_st(level: int) -> float:
    """Pitch envelope level 0..99 in semitones: 0 at 50, four octaves at the ends, finest around the middle."""
    return PITCH_LEVELS[clip99(level)] * 12.0 / 32.0


def pitch_st_per_s(rate: int) -> float:
    """Speed of pitch envelope rate 0..99: 0.56 to 144 semitones a second."""
    return PITCH_RATES[clip99(rate)] * 12.0 / 21.3


_LFO_CLOCK_HZ: Final = 25_190_424 / 2**32


def lfo_hz(speed: int) -> float:
    """LFO frequency of speed 0..99: 0.065 to 51 Hz (measured: 0.0625 to 49).

    Above speed 62 the steps grow, as they do in the instrument ([picox7]; [msfa] grows them by a quarter of that).
    """
    scaled = max(165 * clip99(speed) // 64, 1)
    return scaled * (11 if scaled < 160 else 11 + (scaled - 160) // 4) * _LFO_CLOCK_HZ


def lfo_delay_s(delay: int) -> tuple[float, float]:
    """Seconds that the LFO rests after the key, and seconds that it then takes to fade in, of delay 0..99."""
    left = 99 - clip99(delay)
    if left == 99:
        return 0.0, 0.0
    slope = (16 + left % 16) << (1 + left // 16)
    return tuple(0.5 / (n * _LFO_CLOCK_HZ) for n in (slope, max(slope & ~127, 128)))  # type: ignore[return-value]


_PITCH_SENSITIVITY: Final = (0, 10, 20, 33, 55, 92, 153, 255)


def lfo_pitch_st(depth: int, sensitivity: int) -> float:
    """How far the LFO bends the pitch to each side, in semitones: 11.9 at depth 99 and sensitivity 7."""
    return (165 * clip99(depth) // 64) * _PITCH_SENSITIVITY[min(sensitivity, 7)] / 2**16 * 12.0


_AMP_SENSITIVITY: Final = (0.0, 4_342_338 / 2**24, 7_171_437 / 2**24, 1.0)


def lfo_amp_db(depth: int, sensitivity: int) -> float:
    """How far the LFO lowers an operator at its lowest, in dB: 3.4, 7.2 and 94 at depth 99, sensitivity 1 to 3.

    No measurement of a DX7 is published; this is the law that [dexed] arrived at by comparing, for an operator at full
    level.
    """
    share = clip99(depth) / 99.0 * _AMP_SENSITIVITY[min(sensitivity, 3)]
    return 15.0 * OCTAVE_DB * math.exp(4.48 * share + 12.2) / 2**24 if share else 0.0
