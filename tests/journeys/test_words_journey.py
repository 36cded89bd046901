"""Somebody describes a sound and comes away with a patch, a take, and a match of what was imagined."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.controls.knob import Knob

PATIENCE_MS = 30_000
LEFT = Qt.MouseButton.LeftButton
WORDS = "a hollow wooden knock"


def click(qtbot: QtBot, widget: QWidget) -> None:
    qtbot.mouseClick(widget, LEFT, pos=widget.rect().center())


def test_from_words_to_a_patch_a_take_and_a_match(qtbot: QtBot, session: Session) -> None:
    document, panel = session.document, session.dreaming.panel
    before = document.patch

    # The prompt is one key away, and Return begins.
    qtbot.keyClick(session.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert panel.ask.prompt.hasFocus()
    qtbot.keyClicks(panel.ask.prompt, WORDS)
    qtbot.keyClick(panel.ask.prompt, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: sum(tile.is_filled for tile in panel.tiles) >= 3, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: document.patch != before, timeout=PATIENCE_MS)

    # The knobs have turned, and nothing is taken yet.
    knobs = [knob for knob in session.fm.findChildren(Knob) if knob.isVisible()]
    assert any(knob._proposal is not None for knob in knobs)
    assert document.project.patch == before

    # A tile is heard under the pointer; a click lets the knobs show it.
    QTest.mouseMove(session.window.windowHandle(), QPoint(3, 3))
    tile = panel.tiles[2]
    qtbot.waitUntil(lambda: tile.is_filled, timeout=PATIENCE_MS)

    def hears() -> bool:
        """The pointer follows the tile: what comes meanwhile may move it."""
        QTest.mouseMove(session.window.windowHandle(), tile.mapTo(session.window, tile.rect().center()))
        return session.dreaming.view.sound._plays

    qtbot.waitUntil(hears, timeout=PATIENCE_MS)
    click(qtbot, tile)
    assert tile.checked
    chosen = document.patch

    # The way of the search leads back to any moment.
    line = panel.line
    qtbot.waitUntil(lambda: len(line.points) > 3, timeout=PATIENCE_MS)
    first = QPoint(round(line._x(line.points[0].seconds, line._plot())), line.height() // 2)
    qtbot.mouseClick(line, LEFT, pos=first)
    assert document.patch == session.dreaming.view.moments[0].patch
    qtbot.keyClick(session.window, Qt.Key.Key_3)
    assert document.patch == chosen or panel.tiles[2].checked

    # Branching searches on from there; stopping keeps what there is.
    click(qtbot, panel.branch)
    qtbot.waitUntil(lambda: bool(session.dreaming.candidates), timeout=PATIENCE_MS)
    click(qtbot, panel.ask.dream)
    assert session.dreaming.job is None
    assert session.dreaming.is_on

    # Accepted: one step and a take. Undo takes both back, redo gives them again.
    click(qtbot, panel.accept)
    qtbot.waitUntil(lambda: not session.dreaming.is_on, timeout=PATIENCE_MS)
    taken = document.patch
    assert [take.prompt for take in document.takes] == [WORDS]
    session.actions["edit.undo"].trigger()
    assert (document.patch, document.takes) == (before, ())
    session.actions["edit.redo"].trigger()
    assert (document.patch, len(document.takes)) == (taken, 1)

    # Another search is discarded and brought back by undo, and discarded again.
    click(qtbot, panel.ask.prompt)
    panel.ask.prompt.clear()
    qtbot.keyClicks(panel.ask.prompt, "a bright bell")
    qtbot.keyClick(panel.ask.prompt, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: document.patch != taken, timeout=PATIENCE_MS)
    click(qtbot, panel.discard)
    assert document.patch == taken
    session.actions["edit.undo"].trigger()
    assert session.dreaming.is_on
    click(qtbot, panel.discard)
    assert document.patch == taken

    # What the words sound like by themselves is a take, and the instrument is matched to it.
    click(qtbot, panel.ask.imagine)
    qtbot.waitUntil(lambda: len(document.takes) == 2, timeout=PATIENCE_MS)
    session.actions["sound.match"].trigger()
    qtbot.waitUntil(lambda: bool(session.matching.candidates), timeout=PATIENCE_MS)
    click(qtbot, session.matching.bar.accept)
    assert document.undo_label == f"Match “{document.takes[1].name}”"
