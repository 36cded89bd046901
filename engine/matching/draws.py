"""Patches drawn by chance, but built as people build them: stacks and pairs, simple ratios, families of envelopes.

The bank's fingerprints were made of these very draws, number by number, so they have lists of their own:
:mod:`engine.params.draws`, which draws for a person, may change its taste without making the bank anew.
"""

from __future__ import annotations

import numpy as np

from engine.params.fm import N_OPERATORS, mod_name

Values = dict[str, float]

_HARMONIC = (0.5, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 14.0)
_ODD = (0.71, 1.41, 1.73, 2.24, 2.76, 3.46, 3.5, 4.24, 5.4, 6.93, 8.93, 11.34)


def drawn(seed: int) -> Values:
    """Human values of patch number ``seed``; what they leave out takes its default."""
    rng = np.random.default_rng([seed, 20_011])
    values: Values = {mod_name(2, 1): 0.0, "gain_db": -9.0}
    family = str(rng.choice(["pluck", "strike", "hold", "swell"], p=[0.35, 0.2, 0.33, 0.12]))
    odd = rng.random() < (0.5 if family == "strike" else 0.12)
    n_used = int(rng.integers(2, N_OPERATORS + 1))
    for n in range(1, N_OPERATORS + 1):
        values[f"op{n}_out_db"] = -72.0
        values[f"op{n}_velocity"] = 0.0
    carriers = _routes(values, n_used, rng)
    for n in range(1, n_used + 1):
        is_carrier = n in carriers
        values[f"op{n}_ratio"] = _ratio(rng, odd, is_first=n == 1)
        values[f"op{n}_detune_cents"] = float(rng.normal(0.0, 4.0)) if rng.random() < 0.5 else 0.0
        values[f"op{n}_detune_cents"] = min(max(values[f"op{n}_detune_cents"], -30.0), 30.0)
        if is_carrier:
            values[f"op{n}_out_db"] = 0.0 if n == 1 else float(rng.uniform(-24.0, 0.0))
        values |= _envelope(f"op{n}_", family, rng, is_carrier=is_carrier)
        if rng.random() < 0.12:
            values[f"op{n}_wave"] = float(rng.integers(1, 8))
    if rng.random() < 0.3:
        n = int(rng.integers(1, n_used + 1))
        values[mod_name(n, n)] = float(rng.uniform(0.2, 1.3))
    if rng.random() < 0.3:
        values |= _noise(family, rng)
    if rng.random() < 0.3:
        values |= {
            "filter_type": 1.0 if rng.random() < 0.85 else 2.0,
            "filter_hz": float(np.exp(rng.uniform(np.log(300.0), np.log(9000.0)))),
            "filter_q": float(np.exp(rng.uniform(np.log(0.6), np.log(4.0)))),
            "filter_env_st": float(rng.uniform(0.0, 36.0)),
            "filter_env2_s": float(np.exp(rng.uniform(np.log(0.05), np.log(1.0)))),
        }
    if family == "strike" and rng.random() < 0.4:
        values |= {
            "pitch_env4_st": float(rng.uniform(2.0, 30.0)),
            "pitch_env1_s": float(np.exp(rng.uniform(np.log(0.01), np.log(0.2)))),
            "pitch_env4_s": 20.0,
        }
    return values


def _routes(values: Values, n_used: int, rng: np.random.Generator) -> list[int]:
    """Lay the routes of operators 1 to ``n_used``; the carriers."""
    shape = rng.choice(["stack", "pairs", "branch", "all", "parallel"], p=[0.22, 0.33, 0.2, 0.15, 0.1])
    carriers = [1]

    def depth() -> float:
        return float(np.exp(rng.uniform(np.log(0.15), np.log(5.0))))

    for n in range(2, n_used + 1):
        if shape == "parallel" or (shape == "pairs" and n % 2 == 1):
            carriers.append(n)
        elif shape == "pairs" or shape == "stack":
            values[mod_name(n, n - 1)] = depth()
        elif shape == "branch":
            values[mod_name(n, int(rng.integers(1, n)))] = depth()
        else:
            for target in range(1, min(n, 3)):
                values[mod_name(n, target)] = depth() * 0.6
            if n == 2 and n_used > 2:
                carriers.append(2)
                values[mod_name(2, 1)] = 0.0
    return carriers


def _ratio(rng: np.random.Generator, odd: bool, *, is_first: bool) -> float:
    if is_first:
        return 1.0 if rng.random() < 0.9 else 2.0
    if odd and rng.random() < 0.7:
        return float(rng.choice(_ODD))
    return float(rng.choice(_HARMONIC))


def _envelope(prefix: str, family: str, rng: np.random.Generator, *, is_carrier: bool) -> Values:
    def between(low: float, high: float) -> float:
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    share = 1.0 if is_carrier else float(rng.uniform(0.3, 1.2))
    if family in ("pluck", "strike"):
        times = (between(0.0006, 0.006), between(0.03, 0.5), between(0.3, 4.0), between(0.05, 0.4))
        first = float(rng.uniform(-24.0, -3.0)) * share
        levels = (0.0, first, max(first - float(rng.uniform(15.0, 50.0)) * share, -70.0))
    elif family == "hold":
        times = (between(0.004, 0.12), between(0.05, 0.5), between(0.3, 2.0), between(0.04, 0.3))
        first = float(rng.uniform(-9.0, 0.0)) * share
        levels = (0.0, first, first - float(rng.uniform(0.0, 6.0)) * share)
    else:
        times = (between(0.15, 0.8), between(0.3, 1.0), between(0.5, 2.0), between(0.2, 0.8))
        levels = (0.0, float(rng.uniform(-6.0, 0.0)), float(rng.uniform(-9.0, 0.0)))
    found = {f"{prefix}env{i}_s": time for i, time in enumerate(times, 1)}
    return found | {f"{prefix}env{i}_db": level for i, level in enumerate((*levels, -72.0), 1)}


def _noise(family: str, rng: np.random.Generator) -> Values:
    found = {
        "noise_db": float(rng.uniform(-42.0, -8.0)),
        "noise_hz": float(np.exp(rng.uniform(np.log(200.0), np.log(9000.0)))),
        "noise_q": float(np.exp(rng.uniform(np.log(0.3), np.log(3.0)))),
    }
    return found | _envelope("noise_", family, rng, is_carrier=True)
