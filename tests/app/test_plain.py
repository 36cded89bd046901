"""Lines that give way: what cannot be read is told by three dots and by the tool tip."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.controls.plain import ElidedLabel

LONG = "A recording with a name that is rather long, take 17"


def label(qtbot: QtBot, text: str, width: int, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> ElidedLabel:
    made = ElidedLabel(text, mode=mode)
    qtbot.addWidget(made)
    made.resize(width, 20)
    made.show()
    return made


def test_a_long_name_loses_its_middle_and_the_tip_has_all_of_it(qtbot: QtBot) -> None:
    made = label(qtbot, LONG, 160)
    assert made.shown_text.startswith("A rec")
    assert made.shown_text.endswith("17")
    assert "…" in made.shown_text
    assert made.fontMetrics().horizontalAdvance(made.shown_text) <= 160
    assert (made.text(), made.toolTip()) == (LONG, LONG)


def test_a_name_that_fits_has_no_tip(qtbot: QtBot) -> None:
    made = label(qtbot, LONG, 600)
    assert (made.shown_text, made.toolTip()) == (LONG, "")
    made.resize(100, 20)
    assert made.toolTip() == LONG
    made.setText("Bell")
    assert (made.shown_text, made.toolTip()) == ("Bell", "")


def test_a_sentence_loses_its_end(qtbot: QtBot) -> None:
    made = label(qtbot, LONG, 160, Qt.TextElideMode.ElideRight)
    assert made.shown_text.endswith("…")


def test_nothing_is_painted_beyond_the_three_dots(qtbot: QtBot) -> None:
    """The picture of a long name is that of its shortened words."""
    long, short = label(qtbot, LONG, 160), label(qtbot, "", 160)
    short.setText(long.shown_text)
    pictures: list[QImage] = [made.grab().toImage() for made in (long, short)]
    assert pictures[0] == pictures[1]


def test_mark_up_is_shown_and_not_obeyed(qtbot: QtBot) -> None:
    made = label(qtbot, "<b>Bell</b> & <i>more of it, and more</i>", 90)
    assert made.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;" in made.toolTip()
