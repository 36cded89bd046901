"""A fitted strike goes down the slope of its error: Adam on the levels, dampings and pitches of its modes and on the
bands of its noise, never worse than it began."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from engine.matching.strike_scene import StrikeScene
from engine.params.impact import IMPACT_SPACE, N_MODES
from engine.synths.impact_note import n_present
from engine.synths.impact_room import RoomNote

SPEEDS: dict[str, float] = {
    "mode_level_db": 1.0,
    "mode_damping_oct": 1.0,
    "mode_pitch_st": 0.02,
    "contact_band_db": 1.0,
    "contact_band_oct": 0.8,
    "contact_rise_s": 0.5,
}
"""What moves, and how fast beside the others, in shares of its travel."""
ROOM_SPEEDS: dict[str, float] = {"room_band_oct": 0.8, "room_band_db": 1.0}
"""What moves besides where a room is open."""
_PITCH_REACH_ST = 0.08
"""So far a mode may move from where it was heard, 0.5 %: the error's bands are wide and would let it stray."""
_BETAS = (0.9, 0.97)
_STEP = 0.012
_WARM_STEPS = 4
_FULL = 0.95
_CLIPPING = 1.5
"""Of the loss, for each factor of e that a sound as loud as the target is above full scale."""
_WORSE = 1.1
"""A loss so many times the best one means that the steps are too large: back to the best, with half of them."""


class StrikeDescent:
    """One candidate ``unit`` ``[n_units]`` on its way down in ``scene``; ``free`` ``[n_units]`` says what may move.

    ``best`` is the best state seen, with the loss ``best_db``.
    """

    def __init__(self, scene: StrikeScene, unit: Tensor, free: Tensor, step: float = _STEP) -> None:
        self._scene, self._step = scene, step
        n_modes = n_present(float(IMPACT_SPACE["modes"].from_unit(float(unit[IMPACT_SPACE.place("modes")][0]))))
        places, speeds = [], []
        self._has_room = float(unit[IMPACT_SPACE.place("room")][0]) > 0.0
        for name, speed in (SPEEDS | (ROOM_SPEEDS if self._has_room else {})).items():
            span = range(IMPACT_SPACE.n_units)[IMPACT_SPACE.place(name)]
            chosen = span[:n_modes] if len(span) == N_MODES else span
            places += [i for i in chosen if free[i]]
            speeds += [speed] * sum(bool(free[i]) for i in chosen)
        self._places, self._speeds = torch.tensor(places, dtype=torch.long), torch.tensor(speeds)
        self._unit = unit.clone()
        self._x = unit[self._places].clone()
        reach = torch.ones(IMPACT_SPACE.n_units)
        pitch = IMPACT_SPACE["mode_pitch_st"]
        reach[IMPACT_SPACE.place("mode_pitch_st")] = _PITCH_REACH_ST / (pitch.high - pitch.low)
        around = reach[self._places]
        self._low, self._high = (self._x - around).clamp(min=0.0), (self._x + around).clamp(max=1.0)
        self._ready: Tensor | None = None
        self.best, self.best_db = unit.clone(), math.inf
        self._scale = 1.0
        self._forget()

    def _forget(self) -> None:
        self._first = torch.zeros_like(self._x)
        self._second = torch.zeros_like(self._x)
        self._n = 0

    def step(self, left: float) -> None:
        """One step; ``left`` (1..0) is how much of the way is left, and shortens it."""
        point = self._x.detach().requires_grad_(True)
        with torch.enable_grad():
            unit = self._unit.index_put((self._places,), point)[None]
            sound = self._sound(unit)
            loss_of = self._scene.target.losses_db(sound)[0] + self._clipping(sound)
            (slope,) = torch.autograd.grad(loss_of, point)
        loss = float(loss_of.detach())
        if not math.isfinite(loss) or loss > _WORSE * self.best_db:
            self._scale *= 0.5
            self._x = self.best[self._places].clone()
            self._forget()
            return
        if loss < self.best_db:
            self.best_db, self.best = loss, unit[0].detach().clone()
        slope = torch.nan_to_num(slope, 0.0, 0.0, 0.0)
        self._n += 1
        self._first = torch.lerp(slope, self._first, _BETAS[0])
        self._second = torch.lerp(slope.square(), self._second, _BETAS[1])
        first = self._first / (1.0 - _BETAS[0] ** self._n)
        second = self._second / (1.0 - _BETAS[1] ** self._n)
        size = self._step * (0.1 + 0.9 * left) * min(self._n / _WARM_STEPS, 1.0) * self._scale
        self._x = (self._x - size * self._speeds * first / (second.sqrt() + 1e-6)).clamp(self._low, self._high)

    def _clipping(self, sound: Tensor) -> Tensor:
        """What it costs that ``sound`` ``[1, frames]``, as loud as the target, would not fit under full scale."""
        energy = sound.square().sum().clamp(min=1e-12)
        over_nats = (sound.abs().amax() * (self._scene.target.energy / energy).sqrt() / _FULL).log()
        return _CLIPPING * torch.relu(over_nats)

    def _sound(self, unit: Tensor) -> Tensor:
        scene = self._scene
        note = scene.note(unit)
        contact = note.contact
        if self._ready is None:
            # The noise itself stays what it is while its bands move.
            self._ready = contact.coloured(scene.n_frames, scene.sample_rate).detach().to(unit.dtype)
        note = replace(note, contact=replace(contact, ready=self._ready))
        if not self._has_room:
            # Without slopes a closed room costs nothing.
            still: dict[str, Any] = {n: x.detach() if isinstance(x, Tensor) else x for n, x in vars(note.room).items()}
            note = replace(note, room=RoomNote(**still))
        return scene.mono(note, unit)
