"""Strikes as plain numbers, for what is played while it sounds: the object, how it was struck, and hands on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.params.impact import N_MODES
from engine.synths.impact_force import LN_1000
from engine.synths.impact_note import ImpactNote
from engine.synths.impact_shapes import N_AIR

Floats = NDArray[np.float64]

ALL = N_MODES + N_AIR
"""All modes there can be: the object's, then the air's."""
Noise = tuple[Floats, Floats]
"""Of a contact: the force, and what of it is heard directly."""
_LONGEST_FORCE_S = 30.0
N_NOISES = 4
_APART_S = 0.1
"""What begins so much later in the same noise has nothing in common with it."""


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


def noise_of(note: ImpactNote, rate: int) -> Noise:
    """The noise of the contact of the first row of ``note``; both parts are empty where there is none."""
    return noises_of(note, rate, 1)[0]


def noises_of(note: ImpactNote, rate: int, n_noises: int = N_NOISES) -> list[Noise]:
    """So many noises of the contact of the first row of ``note``, equally loud and no two alike: the first is that of
    the strike. All parts are empty where there is none."""
    contact, gain = note.contact, float(note.gain[0])
    if not contact.has_noise:
        return [(np.zeros(0), np.zeros(0))] * n_noises
    n = contact.n_frames(rate, round(_LONGEST_FORCE_S * rate))
    apart = min(n, round(_APART_S * rate))
    coloured = contact.coloured(n + (n_noises - 1) * apart, rate)
    found = []
    for i in range(n_noises):
        ready = coloured[..., i * apart : i * apart + n]
        noise = replace(contact, ready=ready).noise(n, rate)[0].numpy() * gain
        found.append((noise * float(contact.into[0]), noise * float(contact.beside(rate)[0])))
    return found


def places(note: ImpactNote) -> NDArray[np.int64]:
    """Where the modes of ``note`` lie among all that there can be."""
    found: NDArray[np.int64] = np.r_[0 : note.n_own, N_MODES : N_MODES + note.hz.shape[1] - note.n_own]
    return found
