"""Small honest stand-ins for the heavy parts, so that the whole application can be used and tested without torch.

:func:`play_patch` has the signature and the contract of :func:`engine.synths.play.play_patch`. It is no FM synthesizer:
it adds one plain sine for each operator that is heard, at the operator's frequency, output, level, velocity and
envelope, and no modulation. Knobs are answered in the right direction, chords of ratios sound right, brightness does
not change with the matrix.
"""

from __future__ import annotations

import math
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from engine.audio.values import Audio
from engine.errors import PatchError
from engine.params import Patch
from engine.params.fm import LEVEL_FLOOR_DB, N_OPERATORS

END_FADE_S = 0.002


def play_patch(
    patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int
) -> Generator[float, None, Audio]:
    """Play one note of ``patch`` as a sum of sines: yields the fraction done, returns the sound, mono in float32."""
    if patch.synth != "fm":
        raise PatchError(f"The fake engine plays only FM patches, not {patch.synth!r}.")
    v = {name: value for name, value in patch.values.items() if isinstance(value, float)}
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    sound = np.zeros(t.size)
    base_hz = 440.0 * 2.0 ** ((note + v["transpose_st"] - 69.0) / 12.0)
    for n in range(1, N_OPERATORS + 1):
        hz = base_hz * v[f"op{n}_ratio"] * 2.0 ** (v[f"op{n}_detune_cents"] / 1200.0)
        strength = _amplitude(v[f"op{n}_level_db"]) * _amplitude(v[f"op{n}_out_db"])
        if strength > 0.0 and hz < sample_rate / 2:
            strength *= (velocity / 127.0) ** (2.0 * v[f"op{n}_velocity"])
            sound += strength * _envelope(v, n, t, hold_s) * np.sin(2.0 * math.pi * hz * t)
        if n < N_OPERATORS:
            yield n / N_OPERATORS
    sound *= 10.0 ** (v["gain_db"] / 20.0)
    fade = min(max(round(END_FADE_S * sample_rate), 1), t.size)
    sound[t.size - fade :] *= np.linspace(1.0, 0.0, fade)
    return Audio(sound.astype(np.float32), sample_rate)


def _amplitude(level_db: float) -> float:
    return 0.0 if level_db <= LEVEL_FLOOR_DB else 10.0 ** (level_db / 20.0)


def _envelope(v: dict[str, float], n: int, t: NDArray[np.float64], hold_s: float) -> NDArray[np.float64]:
    """Straight lines in dB through the four levels; the attack in amplitude."""
    levels_db = [v[f"op{n}_env{i}_db"] for i in (1, 2, 3, 4)]
    times_s = [v[f"op{n}_env{i}_s"] for i in (1, 2, 3, 4)]
    corners_s = np.cumsum([0.0, *times_s[:3]])
    key_down = np.minimum(t, hold_s)
    level_db = np.interp(key_down, corners_s[1:], levels_db[:3])
    attack = np.clip(key_down / times_s[0], 0.0, 1.0)
    released = np.clip((t - hold_s) / times_s[3], 0.0, 1.0)
    level_db = level_db + (levels_db[3] - level_db) * released
    return np.asarray(np.where(level_db <= LEVEL_FLOOR_DB, 0.0, 10.0 ** (level_db / 20.0)) * attack)
