"""Words in painted controls stand clear of lines, handles, padlocks and edges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.controls.envelope import EnvelopeEditor
from app.controls.envelope_picture import HANDLE_RADIUS_PX, crosses
from app.controls.knob_paint import figures
from app.controls.piano import BLACK_WIDTH, Piano
from app.controls.spectrum import SpectrumView
from app.controls.spectrum_picture import LEVELS_DB, SpectrumPicture
from app.controls.value_field import ValueField
from app.panels.fm_strip import OperatorButton
from app.style import apply_theme
from app.theme import tokens
from engine.params import FM_SPACE, Patch

KEY_UP_PX = 40.0


@pytest.fixture(autouse=True)
def dark(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")


def placed(qtbot: QtBot, widget: QWidget, width: int, height: int) -> QWidget:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    return widget


def part(widget: QWidget, box: QRect) -> QImage:
    return widget.grab(box).toImage()


@pytest.mark.parametrize("height", [72, 140, 280])
@pytest.mark.parametrize("unit", ["db", "st"])
def test_key_up_stands_clear_of_every_curve_and_handle(qtbot: QtBot, unit: str, height: int) -> None:
    owner = {"db": "op1", "st": "pitch"}[unit]
    times = [FM_SPACE[f"{owner}_env{n}_s"] for n in (1, 2, 3, 4)]
    levels = [FM_SPACE[f"{owner}_env{n}_{unit}"] for n in (1, 2, 3, 4)]
    editor = EnvelopeEditor(times, levels)
    placed(qtbot, editor, 390, height)
    rng = np.random.default_rng(1)
    n_told = 0
    for _ in range(60):
        editor.set_values({p.name: p.from_unit(float(rng.random())) for p in (*times, *levels)})
        picture = editor.picture()
        box = picture.key_up_place(KEY_UP_PX)
        if box is None:
            continue
        n_told += 1
        for stage in range(5):
            for point in picture.line(stage):
                assert not box.contains(point)
        for stage in range(4):
            node = picture.node(stage)
            reach = QRectF(node.x() - HANDLE_RADIUS_PX, node.y() - HANDLE_RADIUS_PX, 2 * HANDLE_RADIUS_PX, 10)
            assert not box.intersects(reach)
    assert n_told >= 30, "most often there is room"


def test_a_line_that_passes_a_box_without_a_corner_in_it_crosses_it() -> None:
    box = QRectF(10, 10, 20, 10)
    assert crosses(box, QPointF(0, 15), QPointF(50, 15))
    assert crosses(box, QPointF(15, 0), QPointF(25, 40))
    assert crosses(box, QPointF(12, 12), QPointF(14, 14))
    assert not crosses(box, QPointF(0, 9), QPointF(50, 9))
    assert not crosses(box, QPointF(0, 22), QPointF(40, 40))
    assert not crosses(box, QPointF(0, 15), QPointF(9, 15)), "it ends before"


@pytest.mark.parametrize(("height", "named"), [(96, (0.0, -48.0)), (120, (0.0, -48.0)), (320, LEVELS_DB)])
def test_the_levels_of_a_spectrum_never_stand_on_each_other_or_on_the_curve(
    qtbot: QtBot, height: int, named: tuple[float, ...]
) -> None:
    view = SpectrumView()
    placed(qtbot, view, 390, height)
    assert SpectrumPicture(view).levels() == named
    metrics = QFontMetricsF(figures(view))
    assert view.plot().left() >= metrics.horizontalAdvance("0 dB") + 6
    rows = [view.y_of(level) for level in named]
    assert all(b - a >= metrics.height() for a, b in pairwise(rows))


def test_the_padlock_of_an_operator_has_a_place_of_its_own(qtbot: QtBot) -> None:
    button = OperatorButton(2)
    placed(qtbot, button, 62, 66)
    button.set_has_locks(True)
    lock = QRect(button.width() - 14, button.height() - 22, 10, 12)
    pictures = []
    for hz in (1.0, 1234.0, 9876.5):
        button.set_values(Patch("fm", {"op2_mode": 1.0, "op2_fixed_hz": hz}).values)
        pictures.append(part(button, lock))
    assert pictures[0] == pictures[1] == pictures[2]
    button.set_has_locks(False)
    assert part(button, lock) != pictures[0]


def test_a_value_leaves_air_at_both_ends_of_its_box(qtbot: QtBot) -> None:
    field = ValueField(FM_SPACE["gain_db"], labelled=False)
    placed(qtbot, field, 62, 24)
    field.set_value(-13.5)
    image = field.grab().toImage()
    text = QColor(tokens().text)
    inked = [
        x
        for x in range(image.width())
        for y in range(4, 18)
        if abs(image.pixelColor(x, y).lightness() - text.lightness()) < 60
    ]
    assert min(inked) >= 4
    assert max(inked) <= field.width() - 5


@pytest.mark.parametrize("letter", "WEQM")
def test_a_letter_is_no_wider_than_its_black_key(qtbot: QtBot, letter: str) -> None:
    piano = Piano()
    placed(qtbot, piano, 390, 48)
    key = piano.key_rect(61).width()
    assert key < 12
    assert BLACK_WIDTH < 1
    font = piano._letter_font(letter, key - 2)
    assert QFontMetricsF(font).horizontalAdvance(letter) <= key
    assert font.pixelSize() == figures(piano).pixelSize()
