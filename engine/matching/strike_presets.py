"""The presets that come nearest to a strike, as they are and at its pitch."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from engine.dsp.log_mel import LogMelTarget
from engine.matching.contenders import Locks
from engine.matching.crew import Crew
from engine.matching.modes import Modes
from engine.matching.strike_scene import KEY, StrikeScene
from engine.matching.strikes import Struck
from engine.params import Patch
from engine.params.impact import IMPACT_SPACE
from engine.params.note import VELOCITY
from engine.synths.impact_note import ImpactDecoder

_ENOUGH_S = 0.3
"""So much of a strike tells which presets are worth a longer look."""
_MOST_LOOKED_AT, _FEWEST_LOOKED_AT, _LOOKED_AT_S = 12, 2, 6.0
"""So many presets are heard for as long as the strike, at every pitch that it may have: the longer it is, the fewer."""
_BATCH = 4
"""So many presets are played at once."""


@dataclass(frozen=True)
class Near:
    """A ``preset`` ``shift_st`` higher: at ``unit`` ``[n_units]`` its error is ``db``."""

    preset: Patch
    unit: Tensor
    shift_st: float
    db: float


def by_likeliness(
    scene: StrikeScene, presets: Sequence[Patch], struck: Struck, modes: Modes, locks: Locks, crew: Crew
) -> Generator[None, None, list[Patch]]:
    """``presets``, the one first that begins most like the strike, with what is locked."""
    if not presets:
        return []
    # What the ear calls the pitch, where it hears one, is enough: there are many presets.
    wanted_hz = pitches_hz(struck, modes)[:1]
    reference = torch.from_numpy(struck.samples[: round(_ENOUGH_S * scene.sample_rate)]).float()
    brief = replace(scene, target=LogMelTarget(reference, scene.sample_rate, overlap=2))

    parts = [presets[i : i + _BATCH] for i in range(0, len(presets), _BATCH)]
    found = yield from crew.map(lambda few: _heard(brief, _tried(few, wanted_hz, locks)), parts)
    ranked = sorted((one for few in found for one in few), key=lambda one: one.db)
    return list({id(one.preset): one.preset for one in ranked}.values())


def n_looked_at(duration_s: float) -> int:
    """How many of the likely presets are heard wholly, whatever comes."""
    return min(max(int(_LOOKED_AT_S / duration_s), _FEWEST_LOOKED_AT), _MOST_LOOKED_AT)


def heard_wholly(
    scene: StrikeScene,
    presets: Sequence[Patch],
    struck: Struck,
    modes: Modes,
    locks: Locks,
    crew: Crew,
    is_over: Callable[[], bool],
) -> Generator[None, None, list[Near]]:
    """``presets``, best first, each as it is and at every pitch that the strike may have; once time ``is_over``, those
    that come later are left out."""
    pitches = pitches_hz(struck, modes)

    def heard(preset: Patch) -> list[Near]:
        return [] if is_over() else _heard(scene, _tried([preset], pitches, locks))

    found = yield from crew.map(heard, presets)
    return sorted((one for few in found for one in few), key=lambda one: one.db)


def pitches_hz(struck: Struck, modes: Modes) -> list[float]:
    """What may be called the pitch of a strike: what the ear hears, and its strongest mode."""
    found = [] if struck.target.pitch_hz is None else [struck.target.pitch_hz]
    return found + [float(hz) for hz in modes.strongest(1).hz]


def own_pitch_hz(preset: Patch) -> float:
    """The pitch of ``preset`` at the key that it is compared at."""
    with torch.no_grad():
        note = ImpactDecoder()(torch.tensor([preset.unit()]), KEY, VELOCITY.default, 1.0)
    return float(note.pitch_hz[0])


def shifts_st(preset: Patch, wanted_hz: Iterable[float]) -> list[float]:
    """By how much ``preset`` is tried higher: not at all, and to each pitch."""
    own_hz = own_pitch_hz(preset)
    return [0.0, *(12.0 * math.log2(hz / own_hz) for hz in wanted_hz)]


def _unit(preset: Patch, shift_st: float, locks: Locks) -> Tensor:
    own = preset.values["transpose_st"]
    assert isinstance(own, float)
    shifted = preset.with_values(transpose_st=IMPACT_SPACE["transpose_st"].clamp(own + shift_st))
    return locks.apply(torch.tensor([shifted.unit()], dtype=torch.float32))[0]


def _tried(few: Sequence[Patch], wanted_hz: Sequence[float], locks: Locks) -> list[Near]:
    """``few`` presets as they are and at each pitch, not yet heard."""
    return [
        Near(preset, _unit(preset, shift, locks), shift, math.inf)
        for preset in few
        for shift in shifts_st(preset, wanted_hz)
    ]


def _heard(scene: StrikeScene, few: Sequence[Near]) -> list[Near]:
    errors = scene.errors_db(torch.stack([one.unit for one in few]))
    return [replace(one, db=db) for one, db in zip(few, errors.tolist(), strict=True)]
