"""A mode in words: how it is named, how it is typed, and how that is read."""

from __future__ import annotations

from app.controls.mode_set import DAMPING, LEVEL, PITCH, Shown
from app.controls.words import db_text, hz_text, note_text, typeset
from engine.errors import ParamTextError
from engine.params import Param
from engine.params.impact import IMPACT_SPACE
from engine.params.text import format_value, parse_value

HZ = Param("hz", 1.0, 40_000.0, 440.0, "Hz", "log", label="Frequency")
DB = Param("db", -200.0, 60.0, 0.0, "dB", label="Level")
DECAY = Param("decay_s", 0.001, 200.0, 1.0, "s", "log", label="Decay")


def mode_words(shown: Shown, mode: int) -> str:
    """``"Mode 12: 440.0 Hz, A4 +0 ct, −12.3 dB, 1.20 s"``; modes are counted from 0, in words from 1."""
    return typeset(f"Mode {mode + 1}: {_sound_words(shown, mode)}")


def air_words(shown: Shown, mode: int) -> str:
    """The same of the air inside, which follows the object's hollowness and size."""
    return typeset(f"Air inside (turn Hollow): {_sound_words(shown, mode)}")


def _sound_words(shown: Shown, mode: int) -> str:
    hz = float(shown.hz[mode])
    level = "silent" if shown.silent[mode] else db_text(float(shown.db[mode]))
    parts = [hz_text(hz), note_text(hz), level, format_value(DECAY, float(shown.decay_s[mode]))]
    return ", ".join(part for part in parts if part)


def mode_text(shown: Shown, mode: int) -> str:
    """``"440 Hz; -12.3 dB; 1.20 s"``, to be typed over."""
    level = "off" if shown.silent[mode] else format_value(DB, float(shown.db[mode]))
    hz, decay_s = float(shown.hz[mode]), float(shown.decay_s[mode])
    return f"{format_value(HZ, hz)}; {level}; {format_value(DECAY, decay_s)}"


def read_mode(text: str, shown: Shown, mode: int) -> tuple[dict[Param, float], bool]:
    """What of a mode was typed: some of :data:`HZ`, :data:`DB` and :data:`DECAY`, and whether it is to be silent. Of
    fewer than three parts each is what its unit says. What reads as it was shown has not been typed."""
    parts = [part.strip() for part in text.split(";") if part.strip()]
    if not 1 <= len(parts) <= 3:
        raise ParamTextError("A mode takes a frequency, a level and a decay, such as 440 Hz; -12 dB; 1.5 s.")
    now = {HZ: float(shown.hz[mode]), DB: float(shown.db[mode]), DECAY: float(shown.decay_s[mode])}
    untouched = [part.strip() for part in mode_text(shown, mode).split(";")]
    wanted: dict[Param, float] = {}
    left = [HZ, DB, DECAY]
    silent = False
    for part in parts:
        if part.lower() == "off":
            silent = True
            left = [param for param in left if param is not HZ and param is not DB]
            continue
        param, value = _first_that_reads(part, left, now)
        left = left[left.index(param) + 1 :]
        if part not in untouched:
            wanted[param] = value
    return wanted, silent


def within_reach(name: str, mode: int, residual: float, plain: float) -> float:
    """``residual`` of a mode that is at ``plain`` without one (in Hz, dB or seconds), put into the range of the vector
    ``name``. Raises :class:`ParamTextError`, which names the limit, when it lies outside."""
    param = IMPACT_SPACE[name]
    nearest = param.clamp(residual)
    if abs(residual - nearest) <= _SLACK[name]:
        return nearest
    is_above = residual > nearest
    if name == PITCH:
        words = f"{'higher' if is_above else 'lower'} than {format_value(HZ, plain * 2.0 ** (nearest / 12.0))}"
    elif name == LEVEL:
        words = f"{'louder' if is_above else 'softer'} than {format_value(DB, plain + nearest)}"
        words += "" if is_above else ", unless it is off"
    else:
        # More damping is a shorter decay.
        words = f"{'shorter' if is_above else 'longer'} than {format_value(DECAY, plain * 2.0**-nearest)}"
    raise ParamTextError(f"Mode {mode + 1} cannot be {words}.")


_SLACK = {PITCH: 0.1, LEVEL: 0.06, DAMPING: 0.01}
"""A limit may be typed as it is written, rounded."""


def _first_that_reads(part: str, params: list[Param], now: dict[Param, float]) -> tuple[Param, float]:
    error = ParamTextError(f"A mode has no {part!r} beside what was typed before it.")
    for param in params:
        try:
            return param, parse_value(param, part, now[param])
        except ParamTextError as why:
            error = why
    raise error
