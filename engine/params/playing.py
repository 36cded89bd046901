"""How keys become voices: what the player sets about the instrument, apart from its sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.params.param import Param, choice
from engine.params.text import format_value

PLAY_MODES = ("poly", "mono")
GLIDES = ("always", "legato")

_SECTION = "Playing"

MODE = choice(
    "play_mode", PLAY_MODES, label="Keys", help="Whether keys sound together or the newest one alone", section=_SECTION
)
LEGATO = choice(
    "legato",
    ("off", "on"),
    "on",
    label="Legato",
    help="In mono: whether a key that is struck while another is held takes its note over without a new attack",
    section=_SECTION,
)
N_VOICES = Param(
    "n_voices",
    1,
    32,
    16,
    "",
    "step",
    label="Voices",
    help="How many notes sound at once; the quietest one makes room for the next",
    section=_SECTION,
    step=1,
)
GLIDE = Param(
    "glide_s",
    0.0,
    5.0,
    0.0,
    "s",
    "exp",
    label="Glide",
    help="How long the pitch slides from the last key to the next",
    off_at_low=True,
    section=_SECTION,
)
GLIDE_WHEN = choice(
    "glide_when",
    GLIDES,
    label="Glide when",
    help="Whether every note slides, or only those that are struck while another is held",
    section=_SECTION,
)
BEND_RANGE = Param(
    "bend_range_st",
    0,
    24,
    2,
    "st",
    "step",
    label="Bend range",
    help="How far the pitch wheel reaches to each side",
    section=_SECTION,
    step=1,
)
WHEEL = Param(
    "wheel_st",
    0.0,
    12.0,
    0.5,
    "st",
    "exp",
    label="Wheel",
    help="How much vibrato the modulation wheel adds at its end",
    off_at_low=True,
    section=_SECTION,
    step=0.1,
)

PLAY_PARAMS = (MODE, LEGATO, N_VOICES, GLIDE, GLIDE_WHEN, BEND_RANGE, WHEEL)
"""Everything about playing, in the order of the fields of :class:`PlaySettings`."""


@dataclass(frozen=True, slots=True)
class PlaySettings:
    """One value for each of :data:`PLAY_PARAMS`, by the same names; choices are their places."""

    play_mode: int = round(MODE.default)
    legato: int = round(LEGATO.default)
    n_voices: int = round(N_VOICES.default)
    glide_s: float = GLIDE.default
    glide_when: int = round(GLIDE_WHEN.default)
    bend_range_st: int = round(BEND_RANGE.default)
    wheel_st: float = WHEEL.default

    @property
    def is_mono(self) -> bool:
        return PLAY_MODES[self.play_mode] == "mono"

    @property
    def glides_always(self) -> bool:
        return GLIDES[self.glide_when] == "always"

    def to_json(self) -> dict[str, int | float]:
        """The settings by name; the names are storage names."""
        return {param.name: getattr(self, param.name) for param in PLAY_PARAMS}

    def replaced(self, name: str, value: float) -> PlaySettings:
        """With the setting called ``name`` at ``value``, or at the nearest that there is."""
        return PlaySettings.read({**self.to_json(), name: value})

    def words_to(self, other: PlaySettings) -> str:
        """What is different in ``other``: ``"Glide: 250 ms"``."""
        changed = [(p, getattr(other, p.name)) for p in PLAY_PARAMS if getattr(self, p.name) != getattr(other, p.name)]
        if len(changed) != 1:
            return "How keys play"
        param, value = changed[0]
        return f"{param.label}: {format_value(param, value)}"

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> PlaySettings:
        """The settings in a mapping, each within its range; what is missing or no number takes its default."""
        found: dict[str, Any] = {}
        for param in PLAY_PARAMS:
            try:
                value = param.clamp(float(values[param.name]))
            except (KeyError, TypeError, ValueError, OverflowError):
                continue
            if value == value:  # not the one number that no range holds
                found[param.name] = round(value) if param.scale == "step" else value
        return cls(**found)
