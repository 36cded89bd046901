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
    disabled: str
    series: tuple[str, ...]
    """Colours of operators, tracks and stems on this theme's canvas; see :func:`series_colour`."""
    materials: tuple[str, ...]
    """What struck things are painted in, in the order of the impact instrument's materials."""


# Okabe and Ito's colour-blind-safe set, lightened where it has to stand on the dark canvas. Operator n and track n take
# entry n - 1, everywhere.
SERIES = ("#56b4e9", "#e69f00", "#2fbf94", "#f0e442", "#d98bb8", "#f18842", "#6f9bff", "#b9bec8")
# The same hues, darkened until digits in them can be read on white, and on a wash of themselves.
SERIES_LIGHT = ("#15699a", "#8f5e00", "#007151", "#6f6600", "#a03f76", "#a84300", "#2f5fd0", "#5a616c")
# Wood, metal, glass, ceramic, plastic, stone and skin: quiet, and told apart by their lightness too.
MATERIALS = ("#a07a52", "#8e99a8", "#6fa9ad", "#cfc7b8", "#b86f5c", "#77756f", "#c2a878")
MATERIALS_LIGHT = ("#96703f", "#7d8998", "#5c9a9e", "#a1957d", "#b4654f", "#6a6862", "#ab8d58")

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
    disabled="#6f7682",
    series=SERIES,
    materials=MATERIALS,
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
    accent="#08706b",
    on_accent="#ffffff",
    warning="#8a5a00",
    error="#b3262a",
    wave="#08706b",
    wave_rms="#4fa9a4",
    canvas="#ffffff",
    selection="#08706b",
    playhead="#1a1d22",
    disabled="#868d98",
    series=SERIES_LIGHT,
    materials=MATERIALS_LIGHT,
)

THEMES: dict[str, Theme] = {t.name: t for t in (DARK, LIGHT)}

GRID = 4
PADDING = 8
PADDING_WIDE = 12
TEXT_PX = 13
SMALL_TEXT_PX = 11
BUTTON_PX, SMALL_BUTTON_PX = 28, 24
"""Heights of buttons and fields, and of those in dense rows."""
MOTION_MS = 120
"""Length of every movement; :func:`motion_ms` is 0 when the person turned movement off."""

_current = DARK
_motion = True


def tokens() -> Theme:
    """The theme in force. Widgets ask for it when they paint, so a change needs only a repaint."""
    return _current


def use(name: str) -> Theme:
    """Make a theme the one in force (see :func:`app.style.apply_theme` for the whole window) and return it."""
    global _current
    _current = THEMES[name]
    return _current


def series_colour(n: int) -> str:
    """The colour of operator, track or stem ``n`` (counted from 1) in the theme in force."""
    colours = _current.series
    return colours[(n - 1) % len(colours)]


def set_motion(on: bool) -> None:
    """Allow or forbid movement."""
    global _motion
    _motion = on


def motion_ms() -> int:
    """How long a movement may last now: :data:`MOTION_MS`, or 0 when movement is off."""
    return MOTION_MS if _motion else 0
