"""How loud a sound is and how high it peaks, and the gains that let several sounds be compared by ear."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.audio.loudness import loudness_lufs
from engine.audio.values import Audio

MOST_DB = 24.0
"""What is compared is turned down by so much at most: beside something barely heard, nothing else would be heard."""
AUDIBLE_LUFS = -50.0
FULL_SCALE_DB = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """Integrated loudness and peak of a sound; both ``-inf`` for silence."""

    lufs: float
    peak_db: float

    @classmethod
    def of(cls, audio: Audio) -> Level:
        peak = audio.peak
        return cls(loudness_lufs(audio), 20.0 * math.log10(peak) if peak > 0.0 else -math.inf)

    @property
    def badness(self) -> float:
        """0 for a sound that is heard and does not clip; else how many dB it is from that, silence far before noise."""
        too_soft = max(AUDIBLE_LUFS - max(self.lufs, -200.0), 0.0)
        return 10.0 * too_soft + max(self.peak_db - FULL_SCALE_DB, 0.0)


def level_notice(peak: float) -> str:
    """A sentence for a sound that is silent or whose ``peak`` is above full scale, or nothing."""
    if peak == 0.0:
        return "The sound is silent."
    above_db = 20.0 * math.log10(peak)
    # Less than a tenth of a decibel is the rounding of a filter.
    return f"The sound peaks {above_db:.1f} dB above full scale: lower its gain." if above_db >= 0.05 else ""


def matching_gains_db(levels: Mapping[int, Level]) -> dict[int, float]:
    """The gain of each sound that makes all of them equally loud; silence gets none.

    The softest keeps its level and the others are turned down to it, by :data:`MOST_DB` at most: nothing is ever turned
    up, so neither a chord nor a knob that is turned afterwards clips because of it.
    """
    heard = {key: level.lufs for key, level in levels.items() if math.isfinite(level.lufs)}
    if not heard:
        return dict.fromkeys(levels, 0.0)
    target = max(min(heard.values()), max(heard.values()) - MOST_DB)
    return {key: min(target - heard[key], 0.0) if key in heard else 0.0 for key in levels}
