"""Every switch of a refinement, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.errors import BadUsage
from engine.sds.schedule import Schedule, Weighing

Place = Literal["encoder", "decoder"]
Emphasis = Literal["spectrogram", "log spectrogram", "l2"]
Coordinates = Literal["unit", "logit"]
MOST_STEPS_BACK = 10


@dataclass(frozen=True, slots=True)
class SdsSettings:
    """How knobs are refined. Distillation alone is ``fit=0``, generate-and-fit alone ``sds=0``; both together are one
    loss, ``sds`` and ``fit`` its weights.

    ``place`` is where sound and target are compared: in what the prior sees (``encoder``), or as sound (``decoder``),
    there by ``emphasis`` on magnitudes of ``windows``, on their logarithms or on samples. Where the prior speaks of mel
    frames, what lies ``audible_db`` down counts as silence in the encoder (0: as the paper has it, everything counts).
    ``weighing`` is ``w(t)``, which scales ``sds`` in the encoder: with ``sound`` 1 at every level, so that ``sds`` and
    ``fit`` alone are the balance. In the decoder (Equations 5 and 7) there is no ``w(t)``.
    ``steps_back`` passes lead from noise to the target, ``draws`` levels with noise of their own make one target, which
    serves ``reuse`` steps.
    ``most`` bounds targets beside what the prior sees (deviations, for priors that speak in them; 0 is no bound).
    ``fit_pictures`` adds the log magnitudes of ``windows`` to what is fitted.

    ``speed`` is how far a position moves in a step at first, ``clip`` how many times its usual length a slope may have.
    ``levelled`` compares at one loudness. Raises :class:`BadUsage` for what makes no sense.
    """

    n_steps: int = 30
    sds: float = 1.0
    fit: float = 0.0
    place: Place = "encoder"
    audible_db: float = 60.0
    emphasis: Emphasis = "spectrogram"
    windows: tuple[int, ...] = (1024, 2048, 4096)
    even_windows: bool = True
    steps_back: int = 2
    draws: int = 4
    reuse: int = 1
    schedule: Schedule = field(default_factory=Schedule)
    weighing: Weighing = "sound"
    most: float = 6.0
    fit_pictures: bool = False
    coordinates: Coordinates = "unit"
    speed: float = 0.02
    clip: float = 2.0
    levelled: bool = True

    def __post_init__(self) -> None:
        if self.n_steps < 0 or self.draws < 1 or self.reuse < 1:
            raise BadUsage("A refinement has 0 steps or more, and at least one draw for each target.")
        if not 1 <= self.steps_back <= MOST_STEPS_BACK:
            raise BadUsage(f"{self.steps_back} steps back make no sense; choose 1 to {MOST_STEPS_BACK}.")
        if min(self.sds, self.fit) < 0.0 or self.sds + self.fit <= 0.0:
            raise BadUsage("Nothing is to be learned: give distillation or fitting a weight above 0.")
        if not self.windows or any(size < 16 or size & (size - 1) for size in self.windows):
            raise BadUsage(f"The windows {self.windows} make no sense; give powers of two from 16 on.")
        if not 0.0 < self.speed <= 1.0 or not self.clip > 0.0 or min(self.most, self.audible_db) < 0.0:
            raise BadUsage("A refinement moves 0 to 1 of a knob's travel in a step, with a clip above 0.")
