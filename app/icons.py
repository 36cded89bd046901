"""Icons: our own 16 px strokes of 1.5 px, drawn in the colours of the theme in force at any scale."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.theme import tokens

ICON_FOLDER = Path(__file__).resolve().parent.parent / "resources" / "icons"
ICON_PX = 16


def names() -> list[str]:
    """Every icon there is."""
    return sorted(path.stem for path in ICON_FOLDER.glob("*.svg"))


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    path = ICON_FOLDER / f"{name}.svg"
    text = path.read_text(encoding="utf-8").replace("currentColor", colour)
    renderer = QSvgRenderer(QByteArray(text.encode("utf-8")))
    if not renderer.isValid():
        raise ValueError(f"{path} is no picture that Qt can draw.")
    return renderer


@lru_cache(maxsize=512)
def _picture(name: str, colour: str, width: int, height: int) -> QPixmap:
    """The icon in device pixels; buttons ask for it with every repaint."""
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _renderer(name, colour).render(painter, QRectF(0, 0, width, height))
    painter.end()
    return pixmap


class _Strokes(QIconEngine):
    """Draws an icon when it is needed, so a change of theme or scale needs only a repaint."""

    def __init__(self, name: str, role: str) -> None:
        super().__init__()
        self._name = name
        self._role = role

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _renderer(self._name, self._colour(mode, state)).render(painter, QRectF(rect))

    def _colour(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        role = self._role
        if mode == QIcon.Mode.Disabled:
            role = "disabled"
        elif state == QIcon.State.On and role == "text":
            role = "accent"
        colour: str = getattr(tokens(), role)
        return colour

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        if size.isEmpty():
            return QPixmap()  # a button that a layout has not given its room yet
        # ``size`` is in the window's pixels (since Qt 6.8); on a display of high density the picture has more.
        pixmap = QPixmap(
            _picture(self._name, self._colour(mode, state), round(size.width() * scale), round(size.height() * scale))
        )
        pixmap.setDevicePixelRatio(scale)
        return pixmap

    def clone(self) -> QIconEngine:
        return _Strokes(self._name, self._role)


@cache
def icon(name: str, role: str = "text") -> QIcon:
    """An icon in a colour role of the theme; raises ``FileNotFoundError`` for a name without a picture.

    Each is made once and stays: windows that made and dropped one with every repaint of a row now and then crashed
    there in PySide6 (6.11), where the engine, a Python object that C++ owns, is let go of. Since then none was seen to.
    """
    if not (ICON_FOLDER / f"{name}.svg").exists():
        raise FileNotFoundError(f"There is no icon called {name!r} in {ICON_FOLDER}.")
    return QIcon(_Strokes(name, role))
