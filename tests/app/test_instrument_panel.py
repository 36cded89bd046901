"""The frame of an instrument's panel: where tools, notices and playing tools go, and the way of Tab through them."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout

from app.document import Document
from app.panels.instrument import InstrumentPanel


@pytest.fixture
def panel(qtbot):
    widget = InstrumentPanel(Document())
    column = QVBoxLayout(widget.body)
    widget.inner = QPushButton("Turn")
    column.addWidget(widget.inner)
    column.addStretch(1)
    qtbot.addWidget(widget)
    widget.resize(420, 600)
    widget.show()
    return widget


def top_of(panel, widget) -> int:
    QApplication.processEvents()
    return widget.mapTo(panel, widget.rect().topLeft()).y()


def test_rows_without_widgets_take_no_room(panel):
    tool = QPushButton("A")
    before = top_of(panel, panel.inner)
    panel.add_tool(tool)
    assert top_of(panel, panel.inner) > before


def test_parts_stand_in_their_order_from_top_to_bottom(panel):
    play, fixed, tool = QPushButton("Hold"), QPushButton("Strip"), QPushButton("A")
    panel.add_play_tool(play)
    panel.add_fixed(fixed)
    panel.add_tool(tool)
    order = [panel.keep, tool, fixed, panel.inner, play, panel.piano]
    tops = [top_of(panel, widget) for widget in order]
    assert tops == sorted(set(tops))


def test_tab_goes_from_top_to_bottom_whatever_was_added_when(panel):
    play, fixed, tool = QPushButton("Hold"), QPushButton("Strip"), QPushButton("A")
    panel.add_play_tool(play)
    panel.add_fixed(fixed)
    panel.add_tool(tool)
    wanted = [panel.keep, panel.audition, tool, fixed, panel.inner, play, panel.piano]
    panel.keep.setFocus()
    place, walked = panel.keep, [panel.keep]
    while place is not panel.piano:
        place = place.nextInFocusChain()
        if place in wanted:
            walked.append(place)
    assert walked == wanted
