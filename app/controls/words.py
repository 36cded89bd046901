"""How times, frequencies, notes and levels are written in the views."""

from __future__ import annotations

import math
import re

from engine.params.keys import hz_to_key

NOTE_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
MINUS = "\u2212"
TIMES = "\u00d7"
_MINUS_OF_A_NUMBER = re.compile(r"-(?=[\d.])")
_NAMES = {"dx7": "DX7"}
"""Choices that are more than their storage name with a capital letter."""


def typeset(text: str) -> str:
    """A value's text as it is shown, with a true minus and multiplication sign: ``−6.0 dB``, ``2.00×``."""
    text = _MINUS_OF_A_NUMBER.sub(MINUS, text)
    return f"{text[:-2]}{TIMES}" if text.endswith(" x") else text


def choice_words(choice: str) -> str:
    """A choice as it is shown: ``Low-pass`` for ``low-pass``, ``DX7`` for ``dx7``."""
    return _NAMES.get(choice, choice[:1].upper() + choice[1:])


def time_text(seconds: float, step_s: float) -> str:
    """A time with as many decimals as steps of ``step_s`` need: ``1:02``, ``0:03.25``, ``1:00:00``."""
    decimals = max(0, -math.floor(math.log10(step_s) + 1e-9)) if step_s < 1 else 0
    units = round(max(seconds, 0.0) * 10**decimals)
    whole, fraction = divmod(units, 10**decimals)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f"{text}.{fraction:0{decimals}}" if decimals else text


def hz_text(hz: float) -> str:
    """A frequency for reading: ``440.0 Hz``, ``12.35 kHz``."""
    return f"{hz / 1000:.2f} kHz" if hz >= 10_000 else f"{hz:.1f} Hz" if hz < 1000 else f"{hz:.0f} Hz"


def hz_label(hz: float) -> str:
    """A frequency for an axis: ``500``, ``2k``, ``2.5k``."""
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def note_name(number: int) -> str:
    """The name of a MIDI number; middle C, 60, is C4."""
    return f"{NOTE_NAMES[number % 12]}{number // 12 - 1}"


def note_text(hz: float) -> str:
    """The nearest note and how far off it is: ``A4 +3 ct``; nothing below the audible range."""
    if hz < 16:
        return ""
    number = hz_to_key(hz)
    cents = round((number - round(number)) * 100)
    sign = "+" if cents >= 0 else MINUS
    return f"{note_name(round(number))} {sign}{abs(cents)} ct"


def db_text(db: float) -> str:
    """A level: ``−12.5 dB``; silence is ``−∞ dB``."""
    if db <= -127.5:
        return f"{MINUS}∞ dB"
    return f"{MINUS if db < 0 else ''}{abs(db):.1f} dB"
