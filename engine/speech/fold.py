"""One way to write each character: straight quotes, plain letters, no invisible signs, and where each one came from."""

from __future__ import annotations

import unicodedata
from typing import Final

_FIXED: Final = {
    "‘": "'", "’": "'", "‚": "'", "‛": "'", "ʼ": "'", "´": "'", "`": "'", "′": "'",
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"',
    "‐": "-", "‑": "-", "‒": "-", "–": "–", "—": "—", "―": "—", "−": "-", "…": "...",
    "½": " 1/2", "⅓": " 1/3", "⅔": " 2/3", "¼": " 1/4", "¾": " 3/4", "⅕": " 1/5", "⅖": " 2/5", "⅗": " 3/5",
    "⅘": " 4/5", "⅙": " 1/6", "⅚": " 5/6", "⅛": " 1/8", "⅜": " 3/8", "⅝": " 5/8", "⅞": " 7/8",
    "²": "^2", "³": "^3", "℃": "°C", "℉": "°F", "№": "No.", "™": "", "®": "", "μ": "µ", "µ": "µ", "°": "°",
    "ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
    "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i", "•": "•", "·": "•", "\u00a0": " ", "\u202f": " ", "\t": " ",
    "。": ".", "、": ",", "\u2028": "\n", "\u2029": "\n\n", "\r": "",
}  # fmt: skip


def fold(text: str) -> tuple[str, list[int]]:
    """``text`` in plain letters and signs, and for each character of the result its place in ``text``.

    The list has one place more than the result: the length of ``text``.

    >>> fold("“Café” – ½…")
    ('"Cafe" –  1/2...', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9, 10, 10, 10, 11])
    """
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for plain in _plain(character):
            characters.append(plain)
            places.append(place)
    return "".join(characters), [*places, len(text)]


def _plain(character: str) -> str:
    if character.isascii() and character not in "`\t\r":
        return character
    fixed = _FIXED.get(character)
    if fixed is not None:
        return fixed
    kind = unicodedata.category(character)
    if kind in ("Mn", "Me", "Cf"):
        return ""
    # A letter with an accent becomes the letter; what is no Latin letter stays as it is.
    apart = unicodedata.normalize("NFKD", character)
    plain = "".join(part for part in apart if not unicodedata.combining(part))
    return plain if plain and plain.isascii() else character
