"""The modes of a struck object as a plot needs them: what physics gives, and what the residuals make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.params.impact import LEVEL_FLOOR_DB
from engine.params.impact_pictures import ImpactPictures, pushed

Array = NDArray[np.float64]
PITCH, DAMPING, LEVEL = "mode_pitch_st", "mode_damping_oct", "mode_level_db"
VECTORS = (PITCH, DAMPING, LEVEL)
"""The residuals."""
LN_1000 = math.log(1000.0)
"""60 dB."""
LEAST_DB = -200.0
"""What has no level at all is drawn as if it had this."""
EXACT_FROM_DB = LEVEL_FLOOR_DB + 9.0
"""Below, a level fades to nothing and is no plain factor."""


def rayleigh_of(hz: Array, decay_s: Array) -> tuple[float, float]:
    """Rayleigh's alpha in 1/s and beta in s of a material whose modes at ``hz`` ``[k]``, low to high, take ``decay_s``
    ``[k]`` to -60 dB: they fall as ``exp(-d t)`` with ``d = (alpha + beta w**2) / 2``. Both are 0 where nothing is
    known."""
    if hz.size < 2 or not (np.all(hz > 0) and np.all(decay_s > 0)):
        return 0.0, 0.0
    squares = np.square(2.0 * np.pi * hz[[0, -1]].astype(np.float64))
    falls = 2.0 * LN_1000 / decay_s[[0, -1]].astype(np.float64)
    beta = float((falls[1] - falls[0]) / max(squares[1] - squares[0], 1e-12))
    return max(float(falls[0]) - beta * float(squares[0]), 0.0), max(beta, 0.0)


def rayleigh_decay_s(alpha: float, beta: float, hz: Array) -> Array:
    """Time to -60 dB at ``hz``."""
    return 2.0 * LN_1000 / np.maximum(alpha + beta * np.square(2.0 * np.pi * hz), 1e-9)


@dataclass(frozen=True, eq=False)
class ModeSet:
    """``n`` modes, of which the first ``n_own`` are the object's: ``hz``, ``db`` and ``decay_s`` ``[n]`` without
    residuals, the levels at the frequencies ``db_hz`` ``[n]`` under a contact of ``contact_s``."""

    hz: Array
    db: Array
    decay_s: Array
    n_own: int
    alpha: float = 0.0
    beta: float = 0.0
    pitch_hz: float = 0.0
    db_hz: Array = field(default_factory=lambda: np.zeros(0))
    contact_s: float = 0.0

    @classmethod
    def of(cls, pictures: ImpactPictures, level_db: Array | None = None) -> ModeSet:
        """With the residual levels ``[N_MODES]`` that the pictures were drawn for, the modes are as loud as they are
        heard where their pitches are now: a contact moves some frequencies more than others."""
        hz, db, decay_s = (
            np.array(a, np.float64) for a in (pictures.plain_hz, pictures.plain_db, pictures.plain_decay_s)
        )
        alpha, beta = rayleigh_of(np.asarray(pictures.damping_hz), np.asarray(pictures.damping_decay_s))
        n_own = min(pictures.n_own, hz.size)
        db, db_hz = np.maximum(db, LEAST_DB), hz.copy()
        if level_db is not None and pictures.mode_db.size == db.size:
            heard = np.asarray(pictures.mode_db[:n_own], np.float64) - level_db[:n_own]
            known = (level_db[:n_own] > EXACT_FROM_DB) & np.isfinite(heard)
            db[:n_own] = np.where(known, heard, db[:n_own])
            db_hz[:n_own] = np.where(known, np.asarray(pictures.mode_hz[:n_own], np.float64), hz[:n_own])
        return cls(hz, db, decay_s, n_own, alpha, beta, float(pictures.pitch_hz), db_hz, float(pictures.contact_s))

    def db_at(self, mode: int, hz: float) -> float:
        """How loud a mode without a residual level would be at another frequency, which the contact moves otherwise."""
        push = np.maximum(pushed(np.array([self.db_hz[mode], hz]), self.contact_s), 1e-10)
        return float(self.db[mode]) + 20.0 * math.log10(float(push[1] / push[0]))

    def shown(self, pitch_st: Array, damping_oct: Array, level_db: Array) -> Shown:
        """With the residuals ``[N_MODES]`` of a patch."""
        n = self.n_own
        hz, db, decay_s = self.hz.copy(), self.db.copy(), self.decay_s.copy()
        hz[:n] *= np.exp2(pitch_st[:n] / 12.0)
        if self.alpha or self.beta:
            # A mode that is moved up falls faster.
            decay_s[:n] = rayleigh_decay_s(self.alpha, self.beta, hz[:n])
        decay_s[:n] *= np.exp2(-damping_oct[:n])
        db[:n] += level_db[:n]
        silent = np.zeros(hz.size, bool)
        silent[:n] = level_db[:n] <= LEVEL_FLOOR_DB
        return Shown(hz, np.where(silent, LEAST_DB, db), decay_s, silent)


@dataclass(frozen=True, eq=False)
class Shown:
    """Modes as they sound, all ``[n]``."""

    hz: Array
    db: Array
    decay_s: Array
    silent: NDArray[np.bool_]


NO_MODES = ModeSet(np.zeros(0), np.zeros(0), np.zeros(0), 0)


def near_line(x: Array, y: Array, ground: float, ends: list[tuple[float, float]], reach: float) -> NDArray[np.bool_]:
    """Which stems from ``y`` down to the ``ground`` a straight line comes as near to as ``reach``."""
    (x0, y0), (x1, y1) = ends
    way = np.linspace(0.0, 1.0, max(round(math.hypot(x1 - x0, y1 - y0) / 2.0), 1) + 1)[:, None]
    across, above = x0 + way * (x1 - x0) - x, y0 + way * (y1 - y0)
    off = np.maximum(y - above, 0.0) + np.maximum(above - ground, 0.0)
    return np.asarray((np.hypot(across, off) <= reach).any(axis=0))


def straight(corners: list[tuple[float, float]], slack: float) -> list[tuple[float, float]] | None:
    """The ends of the line that all ``corners`` lie on, give or take ``slack``; ``None`` for what goes around."""
    points = np.array(corners)
    first = points[0]
    far = points[int(np.argmax(np.hypot(*(points - first).T)))]
    along = (far - first) / max(float(np.hypot(*(far - first))), 1e-9)
    off = points - first
    aside = np.abs(off[:, 0] * along[1] - off[:, 1] * along[0])
    if aside.max() > slack:
        return None
    ends = off @ along
    low, high = first + ends.min() * along, first + ends.max() * along
    return [(float(low[0]), float(low[1])), (float(high[0]), float(high[1]))]


def inside(x: Array, y: Array, corners: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Which points lie inside a polygon, by the crossings of a ray."""
    found = np.zeros(x.size, bool)
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if y0 != y1:
            found ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return found
