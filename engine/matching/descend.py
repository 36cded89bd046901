"""Down the slope of the loss: Adam on unit positions, every candidate for itself and never worse than it began."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.matching.scene import Scene
from engine.params.fm import FM_SPACE

_BETAS = (0.9, 0.97)
_SLOW = ("_ratio", "_fixed_hz", "transpose_st")
_HELD = ("pan", "spread", "reverb", "key_", "velocity", "gain_db", "tremolo", "lfo_", "vibrato")
_STEP = 0.025
"""How far a position moves in a step at first, in shares of its knob's travel."""
_WARM_STEPS = 4
_WORSE = 1.08
"""A loss so many times the best one means that the steps are too large: back to the best, with half of them."""
_SMALLEST = 0.02


def speeds() -> Tensor:
    """How fast each position may move, ``[n_units]``; 0 for what descent leaves alone."""
    found = torch.zeros(FM_SPACE.n_units)
    for param in FM_SPACE:
        name = param.name
        if param.is_continuous and not any(word in name for word in _HELD):
            is_pitch = name.startswith("pitch_env") and name.endswith("_st")
            speed = 0.02 if is_pitch or name.endswith(_SLOW) else 0.3 if name.endswith("detune_cents") else 1.0
            found[FM_SPACE.place(name)] = speed
    return found


class Descent:
    """One candidate ``unit`` ``[n_units]`` on its way down in ``scene``.

    ``free`` ``[n_units]`` scales how fast each position moves (0: it is locked). ``best`` is the best state seen, with
    the loss ``best_db``.
    """

    def __init__(self, scene: Scene, unit: Tensor, free: Tensor, step: float = _STEP) -> None:
        self.scene = scene
        self.unit = unit.clone()
        # Loops that are shut stay shut: opening one costs an exact recursion.
        self._free = free * ~(_loops() & (unit <= 0.0))
        self._step = step
        self.best = unit.clone()
        self.best_db = math.inf
        self._scale = 1.0
        self._forget()

    def _forget(self) -> None:
        self._first = torch.zeros_like(self.unit)
        self._second = torch.zeros_like(self.unit)
        self._n = 0

    def run(self, n_steps: int, left: float = 1.0) -> None:
        """Go ``n_steps`` on; ``left`` (1..0) is how much of the way is left, and shortens the steps."""
        size = self._step * (0.1 + 0.9 * left)
        for _ in range(n_steps):
            self._one(size)

    @property
    def is_stuck(self) -> bool:
        """Whether steps have become too small to matter."""
        return self._scale < _SMALLEST

    def _one(self, size: float) -> None:
        point = self.unit.detach()[None].requires_grad_(True)
        with torch.enable_grad():
            loss_of = self.scene.losses_db(point)[0]
            (slope,) = torch.autograd.grad(loss_of, point)
        loss = float(loss_of.detach())
        if not math.isfinite(loss) or loss > _WORSE * self.best_db:
            self._scale *= 0.5
            self.unit = self.best.clone()
            self._forget()
            return
        if loss < self.best_db:
            self.best_db, self.best = loss, self.unit.clone()
        slope = torch.nan_to_num(slope[0], 0.0, 0.0, 0.0) * (self._free > 0.0)
        self._n += 1
        self._first = torch.lerp(slope, self._first, _BETAS[0])
        self._second = torch.lerp(slope.square(), self._second, _BETAS[1])
        first = self._first / (1.0 - _BETAS[0] ** self._n)
        second = self._second / (1.0 - _BETAS[1] ** self._n)
        move = first / (second.sqrt() + 1e-5)
        warm = min(self._n / _WARM_STEPS, 1.0)
        self.unit = (self.unit - size * warm * self._scale * self._free * move).clamp(0.0, 1.0)


def _loops() -> Tensor:
    """Which positions are routes that look back, ``[n_units]``."""
    loops = torch.zeros(FM_SPACE.n_units, dtype=torch.bool)
    for param in FM_SPACE:
        if param.name.startswith("mod_"):
            source, target = (int(x) for x in param.name.split("_")[1:3])
            loops[FM_SPACE.place(param.name)] = source <= target
    return loops
