"""An envelope on its way through the clipboard: from one operator to another, to the noise, to another project."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.controls.envelope_shape import N_STAGES, EnvelopeShape
from engine.params import Param


@dataclass(frozen=True)
class EnvelopeValues:
    """Four ``times_s``, four ``levels`` in ``unit``, and the ``clock`` (0 is ``time``, 1 is ``rate``)."""

    times_s: tuple[float, ...]
    levels: tuple[float, ...]
    unit: str
    clock: float = 0.0

    def text(self) -> str:
        """JSON that :meth:`read` understands."""
        whole = {"times_s": list(self.times_s), "levels": list(self.levels), "unit": self.unit, "clock": self.clock}
        return json.dumps({"envelope": whole})

    @classmethod
    def read(cls, text: str) -> EnvelopeValues | None:
        """The envelope in a text; ``None`` when there is none."""
        try:
            whole = json.loads(text)["envelope"]
            times, levels = (tuple(float(v) for v in whole[name]) for name in ("times_s", "levels"))
            found = cls(times, levels, str(whole["unit"]), float(whole.get("clock", 0.0)))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        is_whole = len(times) == len(levels) == N_STAGES and all(t > 0.0 for t in times)
        return found if is_whole and all(abs(v) < 1e6 for v in (*times, *levels)) else None

    def fits(self, levels: Sequence[Param]) -> bool:
        """Whether its levels are of the same kind."""
        return self.unit == levels[0].unit

    def onto(self, times: Sequence[Param], levels: Sequence[Param], clock: Param | None) -> dict[str, float]:
        """The values by storage name of another envelope, each within its range.

        Where that one knows only the ``time`` clock, the stages are given as long as they last.
        """
        shape = EnvelopeShape.of(levels, (*self.times_s, *self.levels), by_rate=self.clock > 0.5)
        lasting = [t if clock is not None else shape.lasts_s(stage) for stage, t in enumerate(self.times_s)]
        found = {p.name: p.clamp(v) for p, v in zip((*times, *levels), (*lasting, *self.levels), strict=True)}
        return found if clock is None else {**found, clock.name: clock.clamp(self.clock)}
