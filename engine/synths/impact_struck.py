"""Strikes as plain numbers, for what is played while it sounds: the object, how it was struck, and hands on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.params.impact import N_MODES
from engine.synths.impact_contacts import SCRAPE_PER_LENGTH, SCRAPE_SHORTER
from engine.synths.impact_force import LN_1000
from engine.synths.impact_note import ImpactNote
from engine.synths.impact_shapes import N_AIR

Floats = NDArray[np.float64]

ALL = N_MODES + N_AIR
"""All modes there can be: the object's, then the air's."""
_LONGEST_FORCE_S = 30.0


@dataclass(frozen=True, eq=False)
class Body:
    """What rings: ``hz``, ``damping`` ``[ALL]`` and ``levels`` ``[2, ALL]`` of its modes, its pitch, and how much
    faster it falls (1/s) once its key is up (``release``) or a hand lies on it (``choke``). What has one body adds."""

    hz: Floats
    damping: Floats
    levels: Floats
    pitch_hz: float
    release: float
    choke: float

    @classmethod
    def of(cls, note: ImpactNote, choke_s: float) -> Body:
        """That of the first row of ``note``."""
        place = places(note)
        hz, damping, levels = np.full(ALL, 1.0), np.full(ALL, 1e3), np.zeros((2, ALL))
        hz[place], damping[place] = note.hz[0].numpy(), note.damping[0].numpy()
        levels[:, place] = note.heard[0].numpy()
        return cls(hz, damping, levels, float(note.pitch_hz[0]), float(note.release[0]), LN_1000 / choke_s)


@dataclass(frozen=True, eq=False)
class Struck:
    """One strike: the ``body``, how much each of its modes is driven ``[ALL]``, the ``force`` and the contact's own
    sound ``direct`` in frames."""

    body: Body
    drive: Floats
    force: Floats
    direct: Floats

    @classmethod
    def of(cls, note: ImpactNote, body: Body, rate: int) -> Struck:
        """The first row of ``note``."""
        drive = np.zeros(ALL)
        drive[places(note)] = note.drive[0].numpy()
        n = note.contact.n_frames(rate, round(_LONGEST_FORCE_S * rate))
        force, direct = float(note.gain[0]) * note.contact.push(n, rate)[0].numpy(), np.zeros(0)
        if note.contact.has_noise:
            noise, direct = noise_of(note, rate)
            force = force + noise
        return cls(body, drive, force, direct)


def noise_of(note: ImpactNote, rate: int) -> tuple[Floats, Floats]:
    """The noise of the contact of the first row of ``note``: the force, and what of it is heard directly; both are
    empty where there is none."""
    contact, gain = note.contact, float(note.gain[0])
    if not contact.has_noise:
        return np.zeros(0), np.zeros(0)
    noise = contact.noise(contact.n_frames(rate, round(_LONGEST_FORCE_S * rate)), rate)[0].numpy() * gain
    return noise * float(contact.into[0]), noise * float(contact.beside(rate)[0])


def scrape_size(body: Body, seconds: float) -> float:
    """How large the contacts of a scrape are beside a strike whose contact lasts ``seconds``: at full force it is then
    about as loud, however long the object rings."""
    power = (body.levels**2).mean(0) / (1.0 + (3.5 * SCRAPE_SHORTER * seconds * body.hz) ** 2)
    rings_s = float((power / (2.0 * body.damping)).sum() / max(power.sum(), 1e-12))
    return 0.2 / math.sqrt(0.5 * SCRAPE_PER_LENGTH * min(max(rings_s, 0.005), 0.15))


def places(note: ImpactNote) -> NDArray[np.int64]:
    """Where the modes of ``note`` lie among all that there can be."""
    found: NDArray[np.int64] = np.r_[0 : note.n_own, N_MODES : N_MODES + note.hz.shape[1] - note.n_own]
    return found
