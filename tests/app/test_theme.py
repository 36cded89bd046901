"""Both themes can be read: contrast is measured, sizes keep to the grid, and no colour is named twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QLabel

from app import icons, style, theme
from app.controls.matrix_cell import MOST_WASH
from app.theme import DARK, LIGHT, THEMES, Theme
from engine.params.fm import N_OPERATORS
from engine.params.impact import MATERIALS

REPO = Path(__file__).resolve().parents[2]
SURFACES = ("window", "panel", "control", "canvas")


def luminance(colour: str) -> float:
    """Relative luminance of ``#rrggbb`` (WCAG 2.1)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


def washed(colour: str, opacity: float, ground: str) -> str:
    """``colour`` painted over ``ground`` with that opacity, as ``#rrggbb``."""
    pairs = [(int(colour[i : i + 2], 16), int(ground[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * over + (1 - opacity) * under):02x}" for over, under in pairs)


@pytest.mark.parametrize("tokens", THEMES.values(), ids=THEMES)
class TestContrast:
    @pytest.mark.parametrize("surface", SURFACES)
    @pytest.mark.parametrize("role", ["text", "secondary", "accent", "warning", "error"])
    def test_words_stand_out_from_every_surface(self, tokens: Theme, role: str, surface: str) -> None:
        assert contrast(getattr(tokens, role), getattr(tokens, surface)) >= 4.5

    @pytest.mark.parametrize("role", ["text", "secondary"])
    def test_words_stay_readable_under_the_mouse(self, tokens: Theme, role: str) -> None:
        assert contrast(getattr(tokens, role), tokens.hover) >= 4.5

    def test_words_on_the_accent_can_be_read(self, tokens: Theme) -> None:
        assert contrast(tokens.on_accent, tokens.accent) >= 4.5

    def test_waves_playhead_and_tracks_stand_out_from_the_canvas(self, tokens: Theme) -> None:
        for colour in (tokens.wave, tokens.playhead, *tokens.series):
            assert contrast(colour, tokens.canvas) >= 3.0

    def test_what_is_struck_stands_out_from_the_canvas(self, tokens: Theme) -> None:
        assert len(tokens.materials) == len(MATERIALS)
        for colour in tokens.materials:
            assert contrast(colour, tokens.canvas) >= 2.9

    def test_operators_numbers_can_be_read_on_a_wash_of_their_own_colour(self, tokens: Theme) -> None:
        for colour in tokens.series[:N_OPERATORS]:
            for ground in (tokens.panel, tokens.control, washed(colour, 0.14, tokens.control)):
                assert contrast(colour, ground) >= 4.5, (colour, ground)

    def test_what_a_matrix_cell_says_can_be_read_on_its_wash(self, tokens: Theme) -> None:
        for colour in tokens.series:
            for ground in (tokens.panel, tokens.control, tokens.hover):
                assert contrast(tokens.text, washed(colour, MOST_WASH, ground)) >= 4.5

    def test_what_is_switched_off_can_still_be_seen(self, tokens: Theme) -> None:
        assert contrast(tokens.disabled, tokens.panel) >= 3.0


def test_both_themes_colour_the_same_number_of_tracks() -> None:
    assert len(DARK.series) == len(LIGHT.series) == len(set(DARK.series)) == len(set(LIGHT.series))


def test_nothing_but_the_tokens_names_a_colour() -> None:
    named = re.compile(r"#[0-9a-fA-F]{6}\b|#[0-9a-fA-F]{3}\b|rgba?\(")
    files = [*(REPO / "app").rglob("*.py"), REPO / "resources" / "theme.qss", *(REPO / "resources/icons").glob("*.svg")]
    guilty = [f.relative_to(REPO) for f in files if f.name != "theme.py" and named.search(f.read_text("utf-8"))]
    assert guilty == []


def test_the_style_sheet_uses_only_roles_that_exist_and_keeps_text_at_11_pixels_or_more() -> None:
    for tokens in THEMES.values():
        sheet = style.style_sheet(tokens)
        assert "@" not in sheet
        sizes = [int(px) for px in re.findall(r"font-size:\s*(\d+)px", sheet)]
        assert sizes
        assert min(sizes) >= 11


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError):
        style.style_sheet(DARK, "QLabel { color: @sparkle; }")


@pytest.fixture
def _dark_again(qapp: QApplication):
    yield
    style.apply_theme(qapp, "dark")


@pytest.mark.usefixtures("_dark_again")
def test_switching_the_theme_repaints_what_is_open(qtbot, qapp: QApplication) -> None:
    label = QLabel("sound")
    qtbot.addWidget(label)
    label.resize(80, 40)
    corners = {}
    for name in ("dark", "light"):
        style.apply_theme(qapp, name)
        label.show()
        qapp.processEvents()
        corners[name] = label.grab().toImage().pixelColor(1, 1).name()
    assert corners == {"dark": DARK.window, "light": LIGHT.window}


@pytest.mark.usefixtures("_dark_again")
def test_text_is_13_pixels_of_a_font_that_can_draw_it(qapp: QApplication) -> None:
    style.apply_theme(qapp, "dark")
    assert qapp.font().pixelSize() == theme.TEXT_PX
    picture = QLabel("Attack 12.5 ms").grab().toImage()
    assert len({picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())}) > 2


@pytest.mark.usefixtures("_dark_again")
@pytest.mark.parametrize("name", icons.names())
def test_every_icon_draws_in_the_themes_colour(qapp: QApplication, name: str) -> None:
    for tokens in (DARK, LIGHT):
        theme.use(tokens.name)
        picture = icons.icon(name).pixmap(32, 32).toImage().convertToFormat(QImage.Format.Format_ARGB32)
        inked = [
            picture.pixelColor(x, y)
            for x in range(picture.width())
            for y in range(picture.height())
            if picture.pixelColor(x, y).alpha() == 255
        ]
        assert inked, "nothing was drawn"
        assert all(c == QColor(tokens.text) for c in inked)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_an_icon_has_the_pixels_of_a_dense_display(qapp: QApplication, scale: float) -> None:
    picture = icons.icon("play").pixmap(QSize(16, 16), scale)
    assert picture.size() == QSize(round(16 * scale), round(16 * scale))
    assert picture.devicePixelRatio() == scale


def test_a_repaint_throws_no_icon_away(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    begin = icons._Strokes.__init__

    def counted(self: icons._Strokes, name: str, role: str) -> None:
        made.append(name)
        begin(self, name, role)

    monkeypatch.setattr(icons._Strokes, "__init__", counted)
    icons.icon.cache_clear()
    target = QPixmap(16, 16)
    painter = QPainter(target)
    for _ in range(3):
        icons.icon("play", "accent").paint(painter, QRect(0, 0, 16, 16))
    painter.end()
    assert made == ["play"]


def test_an_icon_that_does_not_exist_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="sparkle"):
        icons.icon("sparkle")


def test_movement_is_short_and_can_be_turned_off() -> None:
    assert 0 < theme.motion_ms() < 150
    theme.set_motion(False)
    try:
        assert theme.motion_ms() == 0
    finally:
        theme.set_motion(True)
