"""How long a striker touches what was recorded: nobody can hear that in one strike, but softer and harder ones follow
from it. A contact is chosen that is short enough for the highest modes as they were struck, and so long when soft that
these fall behind: soft strikes are to be duller, hard ones a little brighter."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from engine.matching.modes import Floats, Modes
from engine.params.note import VELOCITY
from engine.params.space import Values
from engine.synths.impact_force import contact_time, give_time, limited, push_spectrum
from engine.synths.impact_materials import blended

SOFT, HARD = 30.0, 120.0
"""Velocities that are compared."""
WANTED_OCT = 0.45
"""So much lower the middle of the energy lies in a soft strike."""
_TRIED: dict[str, NDArray[np.float64]] = {
    "striker_kg": np.geomspace(0.0005, 0.5, 9),
    "striker_hardness": np.linspace(0.2, 1.0, 9),
    "contact_stretch": np.geomspace(0.125, 16.0, 15),
}
_USUAL: Values = {"striker_kg": 0.02, "striker_hardness": 0.7, "contact_stretch": 1.0}
_HEARD_DB = -50.0
"""Beside the strongest mode; of the modes that are fainter, the force may lose some."""
_LONGEST = 1.1
"""Periods of the highest mode that is heard: up to there the spectrum of a push has no gaps."""
_FAINTEST = 0.03
_LOSS_DB = 8.0
"""So much the modes of a soft strike may lose to the length of the contact."""
_LOW_DAMPING = 2.0


def suited(modes: Modes, values: Values, locked: Collection[str]) -> Values:
    """The striker among those tried that suits ``modes`` on the object of ``values``; what is ``locked`` stays."""
    names = list(_TRIED)
    axes = [np.array([float(values[name])]) if name in locked else _TRIED[name] for name in names]  # type: ignore[arg-type]
    tried = [torch.from_numpy(axis.ravel()) for axis in np.meshgrid(*axes, indexing="ij")]
    soft_s, usual_s, hard_s = (_seconds(tried, values, v) for v in (SOFT, VELOCITY.default, HARD))
    cost = _unlikely(dict(zip(names, tried, strict=True)))
    if len(modes):
        cost = cost + _unfit(modes, soft_s, usual_s, hard_s)
    best = int(np.argmin(cost))
    return {name: float(axis[best]) for name, axis in zip(names, tried, strict=True)}


def _seconds(tried: Sequence[torch.Tensor], values: Values, v: float) -> Floats:
    """How long each striker (mass, hardness, touch) touches at the velocity ``v``."""
    mass, hardness, stretch = tried
    of = (torch.tensor([float(values[name])], dtype=torch.float64) for name in ("material", "material_2", "blend"))  # type: ignore[arg-type]
    force = torch.full_like(mass, v)
    hertz = contact_time(mass, hardness, blended(*of).contact_pa, force)
    found: Floats = limited((hertz + give_time(mass, force)) * stretch).numpy()
    return found


def _unlikely(tried: dict[str, torch.Tensor]) -> Floats:
    """Usual strikers are liked better."""
    cost = np.zeros(len(tried["striker_kg"]))
    for name, spread in (("striker_kg", math.log(10.0)), ("striker_hardness", 0.4), ("contact_stretch", math.log(8.0))):
        usual, x = float(_USUAL[name]), tried[name].numpy()  # type: ignore[arg-type]
        far = x - usual if name == "striker_hardness" else np.log(x / usual)
        cost += 0.1 * np.square(far / spread)
    return cost


def _unfit(modes: Modes, soft_s: Floats, usual_s: Floats, hard_s: Floats) -> Floats:
    """How badly contacts of so many seconds suit ``modes``, all ``[tried]``."""
    energy = np.square(modes.amplitude) / np.maximum(modes.damping, _LOW_DAMPING)
    energy = energy / energy.sum()
    heard = modes.amplitude >= modes.amplitude.max() * 10.0 ** (_HEARD_DB / 20.0)
    usual = np.maximum(np.abs(push_spectrum(modes.hz * usual_s[:, None])), _FAINTEST)

    def struck(seconds: Floats) -> tuple[Floats, Floats]:
        """The middle of the energy, in octaves, and how loud it is in dB."""
        own = energy * np.square(push_spectrum(modes.hz * seconds[:, None]) / usual) + 1e-12 * energy
        return np.log2((own * modes.hz).sum(1) / own.sum(1)), 10.0 * np.log10(own.sum(1))

    (soft_oct, soft_db), (hard_oct, _) = struck(soft_s), struck(hard_s)
    duller = (hard_oct - soft_oct - WANTED_OCT) / 0.1
    quieter = np.maximum(-_LOSS_DB - soft_db, 0.0) / 3.0
    over = np.maximum(np.log2(modes.hz[heard].max() * usual_s / _LONGEST), 0.0) / 0.35
    found: Floats = np.square(duller) + np.square(quieter) + np.square(over)
    return found
