"""The look: every colour, size and duration of the window as named tokens. Nothing else names a colour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """Colour roles as ``#rrggbb``; a light theme has the same roles."""

    name: str
    window: str
    panel: str
    control: str
    hover: str
    hairline: str
    text: str
    secondary: str
    accent: str
    on_accent: str
    warning: str
    error: str
    wave: str
    wave_rms: str
    canvas: str
    selection: str
    playhead: str


DARK = Theme(
    name="dark",
    window="#14161a",
    panel="#1b1e24",
    control="#242830",
    hover="#2c313b",
    hairline="#323743",
    text="#e6e8ec",
    secondary="#9aa1ad",
    accent="#5cc8c2",
    on_accent="#0d1112",
    warning="#e8b04b",
    error="#e5686b",
    wave="#5cc8c2",
    wave_rms="#9be3de",
    canvas="#0f1114",
    selection="#5cc8c2",
    playhead="#f4f5f7",
)

LIGHT = Theme(
    name="light",
    window="#eceef1",
    panel="#f7f8fa",
    control="#ffffff",
    hover="#e4e8ee",
    hairline="#c9ced6",
    text="#1a1d22",
    secondary="#565d68",
    accent="#0b7a75",
    on_accent="#ffffff",
    warning="#8a5a00",
    error="#b3262a",
    wave="#0b7a75",
    wave_rms="#4fa9a4",
    canvas="#ffffff",
    selection="#0b7a75",
    playhead="#1a1d22",
)

THEMES: dict[str, Theme] = {t.name: t for t in (DARK, LIGHT)}

# Okabe and Ito's colour-blind-safe set, lightened where it has to stand on the dark canvas. Operator n and track n take
# entry n - 1, everywhere.
SERIES = ("#56b4e9", "#e69f00", "#2fbf94", "#f0e442", "#d98bb8", "#ef7f3a", "#6f9bff", "#b9bec8")

GRID = 4
PADDING = 8
PADDING_WIDE = 12
TEXT_PX = 13
SMALL_TEXT_PX = 11
MOTION_MS = 120

_current = DARK


def tokens() -> Theme:
    """The theme in force. Widgets ask for it when they paint, so a change needs only a repaint."""
    return _current


def use(name: str) -> Theme:
    """Make a theme the one in force (see :func:`app.style.apply_theme` for the whole window) and return it."""
    global _current
    _current = THEMES[name]
    return _current
