"""A note of the FM instrument, decoded: unit positions and a key become the numbers that the operators work with.

Everything here is small (no frames) and in float64, so that a pitch is exact whatever type the sound is rendered in.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from engine.dsp.envelopes import N_STAGES, Envelope
from engine.dsp.units import (
    db_to_gain,
    db_to_nats,
    level_to_amplitude,
    midi_to_hz,
    nats_to_amplitude,
    semitones_to_factor,
    velocity_to_gain,
)
from engine.params.fm import FM_SPACE, LEVEL_FLOOR_DB, N_OPERATORS, mod_name, mod_routes
from engine.synths.base import Number, per_row
from engine.synths.decode import Decoder

ROUTES = tuple((source - 1, target - 1) for source, target in mod_routes())
"""``(source, target)`` of the matrix, operators counted from 0, in the order of :attr:`FmNote.depths`."""


@dataclass(frozen=True)
class FmNote:
    """One note for each row.

    ``hz``, ``strength`` (level and velocity) and ``output`` (with the voice's gain) are ``[batch, operators]``,
    ``depths`` ``[batch, routes]`` in radians, ``nats`` and ``times_s`` ``[batch, operators, stages]`` for
    :class:`Envelope`, ``hold_s`` ``[batch]``.
    """

    hz: Tensor
    strength: Tensor
    output: Tensor
    depths: Tensor
    nats: Tensor
    times_s: Tensor
    hold_s: Tensor

    @property
    def n_rows(self) -> int:
        return self.hz.shape[0]

    @property
    def wants_grad(self) -> bool:
        """Whether anything will be differentiated through this note."""
        return torch.is_grad_enabled() and any(t.requires_grad for t in vars(self).values())

    def rows(self, index: Tensor) -> FmNote:
        """The notes of some rows, ``index`` ``[n]``."""
        return FmNote(**{name: tensor.index_select(0, index) for name, tensor in vars(self).items()})

    def envelope(self, operator: int) -> Envelope:
        return Envelope(self.nats[:, operator], self.times_s[:, operator], self.hold_s, LEVEL_FLOOR_DB)

    def top_hz(self) -> Tensor:
        """Frequency ``[batch]`` above which each row's sound is at least about 60 dB down, at its brightest moment.

        A sine bent by ``I`` radians at ``f_m`` has sidebands up to order ``n(I) = I + 3.3 I ** (1/3)`` before the
        Bessel function of that order falls under 0.001 (Carson's rule, made sharper). A modulator that is itself bent
        counts with the highest frequency that it sweeps through.
        """
        with torch.no_grad():
            loudest = nats_to_amplitude(self.nats.amax(2), LEVEL_FLOOR_DB) * self.strength
            swept, top = list(self.hz.unbind(1)), list(self.hz.unbind(1))
            # Sources have the higher numbers, so going down every source is settled before it is used.
            for target in reversed(range(N_OPERATORS)):
                for route, (source, bent) in enumerate(ROUTES):
                    if bent == target:
                        index = self.depths[:, route] * loudest[:, source]
                        swept[target] = swept[target] + index * swept[source]
                        top[target] = top[target] + (index + 3.3 * index.pow(1.0 / 3.0)) * swept[source]
            audible = (loudest * self.output) > 0.0
            return (torch.stack(top, 1) * audible).amax(1)


class FmDecoder:
    """Reads unit vectors of :data:`FM_SPACE`."""

    def __init__(self) -> None:
        self._values = Decoder(FM_SPACE)
        at = self._values.places
        names = [f"op{n}_" for n in range(1, N_OPERATORS + 1)]
        stages = range(1, N_STAGES + 1)
        self._ratio = at([n + "ratio" for n in names])
        self._detune = at([n + "detune_cents" for n in names])
        self._level = at([n + "level_db" for n in names])
        self._out = at([n + "out_db" for n in names])
        self._velocity = at([n + "velocity" for n in names])
        self._env_db = at([f"{n}env{i}_db" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._env_s = at([f"{n}env{i}_s" for n in names for i in stages]).view(N_OPERATORS, N_STAGES)
        self._mod = at([mod_name(s + 1, d + 1) for s, d in ROUTES])
        self._transpose = at(["transpose_st"])
        self._gain = at(["gain_db"])

    def __call__(self, unit: Tensor, note: Number, velocity: Number, hold_s: Number) -> FmNote:
        """Decode ``unit`` ``[batch, n_units]``; ``note`` and ``velocity`` are MIDI numbers."""
        rows, device = unit.shape[0], unit.device
        values = self._values(unit.to(torch.float64))

        def pick(places: Tensor) -> Tensor:
            return values[:, places.to(device)]

        pitch = per_row(note, rows, device)[:, None] + pick(self._transpose)
        strength = level_to_amplitude(pick(self._level), LEVEL_FLOOR_DB)
        return FmNote(
            hz=midi_to_hz(pitch) * pick(self._ratio) * semitones_to_factor(pick(self._detune) / 100.0),
            strength=strength * velocity_to_gain(per_row(velocity, rows, device)[:, None], pick(self._velocity)),
            output=level_to_amplitude(pick(self._out), LEVEL_FLOOR_DB) * db_to_gain(pick(self._gain)),
            depths=pick(self._mod),
            nats=db_to_nats(pick(self._env_db), LEVEL_FLOOR_DB),
            times_s=pick(self._env_s),
            hold_s=per_row(hold_s, rows, device),
        )
