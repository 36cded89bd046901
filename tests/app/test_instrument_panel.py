"""The frame of an instrument's panel: where tools, notices and playing tools go, and the way of Tab through them."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout

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
    tool, notice = QPushButton("A"), QLabel("Matching")
    before = top_of(panel, panel.inner)
    notice.hide()
    panel.add_notice(notice)
    assert top_of(panel, panel.inner) == before, "a notice that is hidden"
    panel.add_tool(tool)
    with_tool = top_of(panel, panel.inner)
    assert with_tool > before
    notice.show()
    assert top_of(panel, panel.inner) > with_tool
    notice.hide()
    assert top_of(panel, panel.inner) == with_tool


def test_parts_stand_in_their_order_from_top_to_bottom(panel):
    play, fixed, tool, notice = QPushButton("Hold"), QPushButton("Strip"), QPushButton("A"), QPushButton("Stop")
    panel.add_play_tool(play)
    panel.add_fixed(fixed)
    panel.add_notice(notice)
    panel.add_tool(tool)
    order = [panel.keep, tool, notice, fixed, panel.inner, play, panel.piano]
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
