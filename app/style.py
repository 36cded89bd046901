"""The theme put onto a running application: Fusion's palette, one style sheet and the fonts."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from app import theme
from app.theme import Theme

TEMPLATE = Path(__file__).resolve().parent.parent / "resources" / "theme.qss"
_ROLE = re.compile(r"@([a-z_]+)")


def style_sheet(tokens: Theme, template: str | None = None) -> str:
    """The style sheet with every ``@role`` replaced; raises ``KeyError`` for a role that the theme does not have.

    Besides the theme's colour roles there are ``@text_px``, ``@small_text_px`` and ``@icons`` (the icons' folder).
    """
    if template is None:
        template = TEMPLATE.read_text(encoding="utf-8")
    values = {name: getattr(tokens, name) for name in tokens.__slots__}
    values |= {"text_px": f"{theme.TEXT_PX}px", "small_text_px": f"{theme.SMALL_TEXT_PX}px"}
    return _ROLE.sub(lambda match: str(values[match[1]]), template)


def palette(tokens: Theme) -> QPalette:
    """Fusion's palette in the theme's colours, for everything that the style sheet leaves alone."""
    colours = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.window,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.control,
        QPalette.ColorRole.AlternateBase: tokens.panel,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.PlaceholderText: tokens.secondary,
        QPalette.ColorRole.Button: tokens.control,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.BrightText: tokens.error,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.on_accent,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.LinkVisited: tokens.accent,
        QPalette.ColorRole.ToolTipBase: tokens.control,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Light: tokens.hover,
        QPalette.ColorRole.Midlight: tokens.hover,
        QPalette.ColorRole.Mid: tokens.hairline,
        QPalette.ColorRole.Dark: tokens.hairline,
        QPalette.ColorRole.Shadow: tokens.window,
        QPalette.ColorRole.Accent: tokens.accent,
    }
    for role, colour in roles.items():
        colours.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        colours.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.disabled))
    return colours


def font(px: int = theme.TEXT_PX, *, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's sans serif with figures of equal width, so that changing values do not dance."""
    chosen = QFont(QApplication.font())
    chosen.setPixelSize(px)
    chosen.setWeight(weight)
    chosen.setFeature(QFont.Tag("tnum"), 1)
    return chosen


def apply_theme(app: QApplication, name: str) -> None:
    """Give the whole application a theme, now: every open window repaints in it."""
    tokens = theme.use(name)
    if app.style() is None or app.style().name().lower() != "fusion":
        app.setStyle(QStyleFactory.create("Fusion"))
    app.setFont(font())
    app.setPalette(palette(tokens))
    app.setStyleSheet(style_sheet(tokens))
    # Widgets that paint by hand read the tokens when they paint.
    for widget in app.allWidgets():
        widget.update()
