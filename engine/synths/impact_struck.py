"""Strikes as plain numbers, for what is played while it sounds: the object, how it was struck, and hands on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
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
_PIECE_S = 0.05
"""So much of a noise is made at a time."""
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


class ContactNoise:
    """The noise of a contact of the first row of ``note``, made piece by piece as far as it is heard: a long one is not
    waited for. It has no frames where there is none. ``ahead`` frames later in the same noise another one begins."""

    def __init__(self, note: ImpactNote, rate: int, ahead: int = 0) -> None:
        contact = note.contact
        n = contact.n_frames(rate, round(_LONGEST_FORCE_S * rate)) if contact.has_noise else 0
        self._contact, self._gain, self._rate, self._ahead = contact, float(note.gain[0]), rate, ahead
        self._sound = np.zeros(n)
        self._piece = max(round(_PIECE_S * rate), 1)
        self._is_made = np.zeros(math.ceil(n / self._piece), np.bool_)
        self._into, self._beside = float(contact.into[0]), float(contact.beside(rate)[0])

    @property
    def size(self) -> int:
        return self._sound.size

    @property
    def is_whole(self) -> bool:
        """Whether all of it is made."""
        return bool(self._is_made.all())

    def piece(self, first: int, n: int) -> Noise:
        """Its frames from ``first`` on, ``n`` or what is left of them: either part is empty where there is none."""
        self._make(first, min(first + n, self.size))
        sound = self._sound[first : first + n]
        force = self._into * sound if self._into else np.zeros(0)
        return force, self._beside * sound if self._beside else np.zeros(0)

    def _make(self, first: int, until: int) -> None:
        """Make what is missing in between: a patch that turns goes on in the middle of a noise."""
        for number in range(first // self._piece, math.ceil(until / self._piece)):
            if not self._is_made[number]:
                begin = number * self._piece
                n = min(self._piece, self.size - begin)
                with torch.no_grad():
                    made = self._contact.noise(n, self._rate, begin, self._ahead)[0].numpy()
                self._sound[begin : begin + n] = made * self._gain
                self._is_made[number] = True


@dataclass(frozen=True, eq=False)
class Struck:
    """One strike: the ``body``, how much each of its modes is driven ``[ALL]``, the ``force`` of the push in frames,
    and the noise of the contact."""

    body: Body
    drive: Floats
    force: Floats
    noise: ContactNoise

    @classmethod
    def of(cls, note: ImpactNote, body: Body, rate: int) -> Struck:
        """The first row of ``note``."""
        drive = np.zeros(ALL)
        drive[places(note)] = note.drive[0].numpy()
        n = min(math.ceil(float(note.contact.seconds[0]) * rate) + 1, round(_LONGEST_FORCE_S * rate))
        force = float(note.gain[0]) * note.contact.push(n, rate)[0].numpy()
        noise = ContactNoise(note, rate)
        # What is heard first is there before somebody waits for it.
        noise.piece(0, 1)
        return cls(body, drive, force, noise)

    @property
    def size(self) -> int:
        """How many frames it goes on."""
        return max(self.force.size, self.noise.size)

    def piece(self, first: int, n: int) -> Noise:
        """The force and what of the contact is heard directly, from ``first`` on: ``n`` frames at most."""
        noise, direct = self.noise.piece(first, n)
        return added(self.force[first : first + n], noise), direct


def added(one: Floats, other: Floats) -> Floats:
    """Their sum, as long as the longer one."""
    longer, shorter = (one, other) if one.size >= other.size else (other, one)
    if shorter.size == 0:
        return longer
    out = longer.copy()
    out[: shorter.size] += shorter
    return out


def noises_of(note: ImpactNote, rate: int, n_noises: int = N_NOISES) -> list[ContactNoise]:
    """So many noises of the contact of the first row of ``note``, equally loud and no two alike: the first is that of
    the strike."""
    first = ContactNoise(note, rate)
    apart = min(first.size, round(_APART_S * rate))
    return [first, *(ContactNoise(note, rate, i * apart) for i in range(1, n_noises))]


def places(note: ImpactNote) -> NDArray[np.int64]:
    """Where the modes of ``note`` lie among all that there can be."""
    found: NDArray[np.int64] = np.r_[0 : note.n_own, N_MODES : N_MODES + note.hz.shape[1] - note.n_own]
    return found
