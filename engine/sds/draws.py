"""Patches for the bank: the factory's at several keys, these a little changed, and ones drawn with gestures that words
ask for: falls and rises of pitch, sirens, noise that strikes, swells or crackles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from engine.matching.draws import Values, drawn
from engine.params import IMPACT_SPACE, Patch
from engine.params.fm import FM_SPACE, N_OPERATORS
from engine.params.impact import MATERIALS, SHAPES
from engine.params.vary import mutate

KEYS = (36, 43, 48, 55, 60, 60, 67, 72, 79, 84)
HOLDS_S = (0.08, 0.25, 0.7, 1.4)
PRESET_KEYS = (60, 48, 72, 36, 84)
"""The factory's patches are in the bank at these keys, the first of them in its first part."""
_CHANGED = 0.35
"""How many of the others are changed presets."""


@dataclass(frozen=True)
class Entry:
    """A patch and how it is played."""

    patch: Patch
    note: int
    hold_s: float


def entry(synth: str, number: int, presets: Sequence[Patch], first_part: int) -> Entry:
    """Number ``number`` of the bank of ``synth``; ``presets`` are the factory's of that synth."""
    n = len(presets)
    rng = np.random.default_rng([number, 40_529])
    if number < n:
        return Entry(replace(presets[number], seed=0), PRESET_KEYS[0], HOLDS_S[2])
    # The same at other keys comes after the first part, among the rest.
    later = number - first_part
    if later >= 0 and later % 2 == 0 and (place := later // 2) < n * (len(PRESET_KEYS) - 1):
        preset = presets[place % n]
        return Entry(replace(preset, seed=0), PRESET_KEYS[1 + place // n], float(rng.choice(HOLDS_S)))
    chance = Random(int(rng.integers(2**32)))
    if n and rng.random() < _CHANGED:
        patch = mutate(presets[int(rng.integers(n))], float(rng.uniform(0.1, 0.5)), chance)
    elif synth == FM_SPACE.name:
        patch = Patch(synth, _fm(number, rng))
    else:
        patch = Patch(synth, _impact(rng))
    return Entry(replace(patch, seed=0, name=""), int(rng.choice(KEYS)), float(rng.choice(HOLDS_S)))


def random_entry(synth: str, number: int) -> Entry:
    """A drawn patch, none of the factory's and none beside one."""
    rng = np.random.default_rng([number, 91_009])
    values = _fm(number, rng) if synth == FM_SPACE.name else _impact(rng)
    return Entry(Patch(synth, values), int(rng.choice(KEYS)), float(rng.choice(HOLDS_S)))


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _fm(number: int, rng: np.random.Generator) -> Values:
    values = drawn(100_000 + number)
    if rng.random() < 0.22:
        values |= {
            "pitch_env4_st": float(rng.choice([-1.0, 1.0, 1.0])) * _between(rng, 3.0, 48.0),
            "pitch_env1_s": _between(rng, 0.015, 0.9),
            "pitch_env1_st": 0.0,
            "pitch_env4_s": 20.0,
        }
    if rng.random() < 0.1:
        values |= {
            "vibrato_st": _between(rng, 0.5, 14.0),
            "lfo_hz": _between(rng, 0.3, 25.0),
            "lfo_wave": float(rng.integers(6)),
        }
    if rng.random() < 0.08:
        values |= {"tremolo_db": float(rng.uniform(6.0, 48.0)), "lfo_hz": _between(rng, 0.5, 25.0)}
    if rng.random() < 0.28:
        values |= _noise(rng)
        if rng.random() < 0.6:
            # Nothing but noise, or a tone far below it.
            below = -72.0 if rng.random() < 0.5 else float(rng.uniform(-36.0, -12.0))
            for n in range(1, N_OPERATORS + 1):
                values[f"op{n}_out_db"] = max(values[f"op{n}_out_db"] + below, -72.0)
    if rng.random() < 0.1:
        values |= {"reverb": float(rng.uniform(0.05, 0.5)), "reverb_s": _between(rng, 0.3, 4.0)}
    if rng.random() < 0.08:
        values["drive_db"] = float(rng.uniform(3.0, 36.0))
    return values


def _noise(rng: np.random.Generator) -> Values:
    kind = str(rng.choice(["tick", "hit", "long", "swell"], p=[0.25, 0.35, 0.2, 0.2]))
    spans = {
        "tick": ((0.0006, 0.003), (0.008, 0.05), (0.02, 0.1)),
        "hit": ((0.0006, 0.006), (0.03, 0.3), (0.1, 1.2)),
        "long": ((0.01, 0.2), (0.3, 1.5), (1.0, 4.0)),
        "swell": ((0.08, 0.6), (0.08, 0.5), (0.1, 0.8)),
    }[kind]
    levels = {"tick": (-18.0, -60.0), "hit": (-14.0, -55.0), "long": (-3.0, -8.0), "swell": (-12.0, -50.0)}[kind]
    found = {
        "noise_db": float(rng.uniform(-14.0, 0.0)),
        "noise_hz": _between(rng, 50.0, 12_000.0),
        "noise_q": _between(rng, 0.2, 8.0),
        "noise_env1_db": 0.0,
        "noise_env4_db": -72.0,
        "noise_env4_s": _between(rng, 0.03, 0.8),
    }
    for place, span in enumerate(spans, 1):
        found[f"noise_env{place}_s"] = _between(rng, *span)
    return found | {"noise_env2_db": levels[0], "noise_env3_db": levels[1]}


def _impact(rng: np.random.Generator) -> dict[str, float | tuple[float, ...]]:
    size = _between(rng, 0.025, 2.5)
    thin = IMPACT_SPACE["thickness_m"]
    values: dict[str, float | tuple[float, ...]] = {
        "shape": float(rng.integers(len(SHAPES) - 1)),
        "material": float(rng.integers(len(MATERIALS))),
        "size_m": size,
        "thickness_m": thin.clamp(size * _between(rng, 0.008, 0.2)),
        "proportion": _between(rng, 0.05, 1.0),
        "hollowness": max(float(rng.uniform(-0.8, 1.0)), 0.0),
        "imperfection": float(rng.uniform(0.0, 0.6)),
        "modes": _between(rng, 6.0, 96.0),
        "damping_low": _between(rng, 0.1, 12.0),
        "damping_high": _between(rng, 0.1, 12.0),
        "striker_kg": IMPACT_SPACE["striker_kg"].clamp(_between(rng, 0.001, 0.8)),
        "striker_hardness": float(rng.random()),
        "strike_x": float(rng.random()),
        "strike_y": float(rng.random()),
        "contact_stretch": _between(rng, 0.5, 4.0),
    }
    if rng.random() < 0.55:
        values |= {
            "contact_db": float(rng.uniform(-36.0, 6.0)),
            "contact_hz": _between(rng, 80.0, 12_000.0),
            "contact_oct": _between(rng, 0.4, 5.0),
            "contact_s": _between(rng, 0.004, 2.5),
            "contact_rise_s": _between(rng, 0.0003, 0.4) if rng.random() < 0.4 else 0.0005,
            "contact_grain": max(float(rng.uniform(-0.6, 1.0)), 0.0),
            "contact_direct": float(rng.uniform(0.0, 1.0)),
            "contact_into": float(rng.uniform(0.0, 1.0)),
        }
    if rng.random() < 0.15:
        values |= {"room": float(rng.uniform(0.05, 0.6)), "room_s": _between(rng, 0.2, 2.5)}
    if rng.random() < 0.2:
        values |= {"release": 1.0, "release_s": _between(rng, 0.02, 0.6)}
    return values
