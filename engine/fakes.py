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

from engine.audio.momentary import levels_at, loudest_s, peaks_of
from engine.audio.values import Audio
from engine.errors import PatchError
from engine.fakes_impact import as_sines
from engine.params import Patch
from engine.params.fm import LEVEL_FLOOR_DB, N_OPERATORS
from engine.params.fm_moment import Moment
from engine.params.fm_partials import named, predict
from engine.params.keys import key_to_hz
from engine.params.note import END_FADE_S
from engine.params.pictures import OperatorPicture, Pictures, Spectrum


def play_patch(
    patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int
) -> Generator[float, None, Audio]:
    """Play one note of ``patch`` as a sum of sines: yields the fraction done, returns the sound, mono in float32."""
    v = values_of(patch)
    t = np.arange(round(duration_s * sample_rate)) / sample_rate
    sound = np.zeros(t.size)
    for n in range(1, N_OPERATORS + 1):
        hz, strength = tone(v, n, note, velocity)
        if strength > 0.0 and hz < sample_rate / 2:
            sound += strength * envelope_of(v, n, t, hold_s) * np.sin(2.0 * math.pi * hz * t)
        if n < N_OPERATORS:
            yield n / N_OPERATORS
    sound *= 10.0 ** (v["gain_db"] / 20.0)
    fade = min(max(round(END_FADE_S * sample_rate), 1), t.size)
    sound[t.size - fade :] *= np.linspace(1.0, 0.0, fade)
    return Audio(sound.astype(np.float32), sample_rate)


def draw(patch: Patch, note: float, velocity: float, hold_s: float, duration_s: float) -> Pictures:
    """Two periods of each operator's sine and its envelope; see :func:`engine.synths.fm_pictures.draw`."""
    v = {name: value for name, value in patch.values.items() if isinstance(value, float)}
    times = np.linspace(0.0, duration_s, 192)
    wave = np.sin(np.linspace(0.0, 4.0 * math.pi, 97)).astype(np.float32)
    found = []
    for n in range(1, N_OPERATORS + 1):
        levels = _amplitude(v[f"op{n}_level_db"]) * envelope_of(v, n, times, hold_s)
        levels *= (velocity / 127.0) ** (2.0 * v[f"op{n}_velocity"])
        best = int(levels.argmax())
        if levels[best] <= 0.0:
            found.append(OperatorPicture())
            continue
        envelope = 20.0 * np.log10(np.maximum(levels, 1e-9)).astype(np.float32)
        found.append(OperatorPicture(wave, envelope, float(envelope[best]), _hz(v, n, note), float(times[best])))
    return Pictures(tuple(found), duration_s, hold_s)


def look(
    audio: Audio, patch: Patch, note: float, velocity: float, hold_s: float, at_s: float | None = None
) -> Generator[float, None, Spectrum]:
    """The sound's spectrum, with each operator as its own partial; see :func:`engine.synths.fm_pictures.look`."""
    v = {name: value for name, value in patch.values.items() if isinstance(value, float)}
    moment_s = loudest_s(audio.samples, audio.sample_rate) if at_s is None else at_s
    levels_db, hz_per_bin = levels_at(audio.samples, audio.sample_rate, moment_s)
    yield 0.5
    numbers = range(1, N_OPERATORS + 1)
    moment = Moment(
        hz=tuple(_hz(v, n, note) for n in numbers),
        amplitude=tuple(
            _amplitude(v[f"op{n}_level_db"]) * float(envelope_of(v, n, np.array([moment_s]), hold_s)[0])
            for n in numbers
        ),
        output=tuple(_amplitude(v[f"op{n}_out_db"]) * 10.0 ** (v["gain_db"] / 20.0) for n in numbers),
        shapes=(0,) * N_OPERATORS,
        depths={},
    )
    partials = predict(moment).partials
    peaks = named(peaks_of(levels_db, hz_per_bin), partials, hz_per_bin)
    return Spectrum(levels_db, hz_per_bin, moment_s, _base_hz(v, note), peaks, partials)


def values_of(patch: Patch) -> dict[str, float]:
    """The settings of a patch that these instruments can play."""
    if patch.synth == "impact":
        return as_sines(patch)
    if patch.synth != "fm":
        raise PatchError(f"The fake engine plays FM and impact patches, not {patch.synth!r}.")
    return {name: value for name, value in patch.values.items() if isinstance(value, float)}


def tone(v: dict[str, float], n: int, note: float, velocity: float) -> tuple[float, float]:
    """Frequency and strength of operator ``n``."""
    strength = _amplitude(v[f"op{n}_level_db"]) * _amplitude(v[f"op{n}_out_db"])
    return _hz(v, n, note), strength * (velocity / 127.0) ** (2.0 * v[f"op{n}_velocity"])


def _base_hz(v: dict[str, float], note: float) -> float:
    return key_to_hz(note + v["transpose_st"])


def _hz(v: dict[str, float], n: int, note: float) -> float:
    return float(_base_hz(v, note) * v[f"op{n}_ratio"] * 2.0 ** (v[f"op{n}_detune_cents"] / 1200.0))


def _amplitude(level_db: float) -> float:
    return 0.0 if level_db <= LEVEL_FLOOR_DB else 10.0 ** (level_db / 20.0)


def envelope_of(v: dict[str, float], n: int, t: NDArray[np.float64], hold_s: float) -> NDArray[np.float64]:
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
