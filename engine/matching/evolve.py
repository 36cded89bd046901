"""Children of candidates: small changes, other ratios, and the operators of one in the place of another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.matching.grafts import Graft
from engine.params.fm import FM_SPACE, N_OPERATORS, WAVES, mod_name

Units = npt.NDArray[np.float64]

_RATIO = [FM_SPACE.place(f"op{n}_ratio").start for n in range(1, N_OPERATORS + 1)]
_OUT = [FM_SPACE.place(f"op{n}_out_db").start for n in range(1, N_OPERATORS + 1)]
_WAVE = [FM_SPACE.place(f"op{n}_wave").start for n in range(1, N_OPERATORS + 1)]
_OPERATOR = [
    [FM_SPACE.place(p.name).start for p in FM_SPACE if p.name.startswith(f"op{n}_")] for n in range(1, N_OPERATORS + 1)
]
_ROUTE_INTO = [
    [FM_SPACE.place(mod_name(s, d)).start for s in range(d + 1, N_OPERATORS + 1)] for d in range(1, N_OPERATORS + 1)
]
_SECTIONS = [
    [FM_SPACE.place(p.name).start for p in FM_SPACE if p.section == section] for section in ("Noise", "Filter")
]
_FREQUENCY = [FM_SPACE.place(name).start for name in ("noise_hz", "filter_hz")]
_NOISE, _FILTER, _ROOM, _SWING, _LFO_HZ = (
    FM_SPACE.place(name).start for name in ("noise_db", "filter_type", "reverb", "vibrato_st", "lfo_hz")
)
_MOVED = np.array(
    [
        p.is_continuous
        and not any(w in p.name for w in ("_ratio", "_hz", "transpose", "key_", "velocity", "gain", "pan", "spread"))
        and not any(w in p.name for w in ("reverb", "lfo", "vibrato", "tremolo", "pitch_env"))
        for p in FM_SPACE
    ]
)
_LOOPS = np.array(
    [p.name.startswith("mod_") and int(p.name[4]) < int(p.name[6]) for p in FM_SPACE]  # never opened by chance
)


def child(
    parents: Sequence[Units],
    ratios: Sequence[float],
    grafts: Sequence[Graft],
    free: npt.NDArray[np.bool_],
    rng: np.random.Generator,
) -> Units:
    """A child of one of ``parents`` ``[n_units]`` (best first), with ``ratios`` and ``grafts`` that suit the target.

    Positions that are not ``free`` ``[n_units]`` stay as they are.
    """
    first = parents[min(int(rng.exponential(len(parents) / 4.0)), len(parents) - 1)]
    born = first.copy()
    kind = rng.random()
    if kind < 0.3 and len(parents) > 1:
        other = parents[int(rng.integers(len(parents)))]
        _cross(born, other, rng)
    if kind > 0.2:
        _vary(born, float(rng.choice([0.015, 0.04, 0.1])), rng)
    if rng.random() < 0.35:
        n = int(rng.integers(N_OPERATORS))
        ratio = float(rng.choice(list(ratios))) if len(ratios) and rng.random() < 0.7 else float(rng.integers(1, 9))
        born[_RATIO[n]] = FM_SPACE[f"op{n + 1}_ratio"].to_unit(ratio)
    if rng.random() < 0.12:
        d = int(rng.integers(N_OPERATORS - 1))
        place = _ROUTE_INTO[d][int(rng.integers(len(_ROUTE_INTO[d])))]
        born[place] = 0.0 if born[place] > 0.0 and rng.random() < 0.5 else float(rng.uniform(0.05, 0.5))
    if rng.random() < 0.06:
        born[_WAVE[int(rng.integers(N_OPERATORS))]] = float(rng.integers(len(WAVES))) / (len(WAVES) - 1.0)
    if rng.random() < 0.1:
        n = int(rng.integers(N_OPERATORS))
        born[_OUT[n]] = float(rng.uniform(0.3, 1.0)) if born[_OUT[n]] <= 0.0 else 0.0
    if rng.random() < 0.15:
        _open_voice(born, grafts, rng)
    if rng.random() < 0.2:
        place = _FREQUENCY[int(rng.integers(len(_FREQUENCY)))]
        born[place] += rng.normal(0.0, 0.06)
    return np.where(free, np.clip(born, 0.0, 1.0), first)


def _cross(born: Units, other: Units, rng: np.random.Generator) -> None:
    """Take one or two operators with what bends them, or a section, from ``other``."""
    if rng.random() < 0.3:
        places = _SECTIONS[int(rng.integers(len(_SECTIONS)))]
        born[places] = other[places]
        return
    for n in rng.choice(N_OPERATORS, size=int(rng.integers(1, 3)), replace=False):
        places = _OPERATOR[n] + _ROUTE_INTO[n]
        born[places] = other[places]


def _open_voice(born: Units, grafts: Sequence[Graft], rng: np.random.Generator) -> None:
    """Add to the whole voice, or take away: noise that suits the target, the filter, a swing of the LFO, the room."""
    kind = rng.random()
    if kind < 0.45 and grafts:
        for place, value in grafts[int(rng.integers(len(grafts)))].items():
            born[place] = value
        born[_NOISE] += rng.normal(0.0, 0.12)
    elif kind < 0.6:
        born[_NOISE] = 0.0
    elif kind < 0.75:
        born[_FILTER] = 0.0 if born[_FILTER] > 0.0 else float(rng.choice([0.25, 0.5, 0.75]))
        born[_FREQUENCY[1]] = float(rng.uniform(0.4, 0.97))
    elif kind < 0.9:
        born[_SWING] = 0.0 if born[_SWING] > 0.0 else float(rng.uniform(0.02, 0.15))
        born[_LFO_HZ] = FM_SPACE["lfo_hz"].to_unit(float(rng.uniform(2.5, 8.0)))
    else:
        born[_ROOM] = 0.0 if born[_ROOM] > 0.0 else float(rng.uniform(0.02, 0.3))


def _vary(born: Units, size: float, rng: np.random.Generator) -> None:
    """Move some of what is in use a little."""
    chosen = _MOVED & ~_LOOPS & (born > 0.0) & (rng.random(len(born)) < rng.choice([0.05, 0.15, 0.4]))
    born[chosen] += rng.normal(0.0, size, int(chosen.sum()))
