"""Names that look like mark-up are shown, not obeyed: in every label and every tool tip of the window."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6 import QtGui
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.compose import Session
from app.controls.plain import plain_label, plain_tip
from app.export_dialog import ExportDialog
from engine.audio import Audio, Clip
from engine.errors import EngineError
from engine.params import Patch
from engine.project.presets import Preset
from engine.project.take import Take

NAME = '<img src="//far.away/bell.png"> & <b>Bell</b>'


def shows_mark_up(label: QLabel) -> bool:
    if label.textFormat() == Qt.TextFormat.PlainText:
        return False
    return label.textFormat() != Qt.TextFormat.AutoText or QtGui.Qt.mightBeRichText(label.text())


def is_obeyed(tip: str) -> bool:
    return "<img" in tip and QtGui.Qt.mightBeRichText(tip)


def tips_of(view: QAbstractItemView) -> Iterator[str]:
    def below(parent: QModelIndex) -> Iterator[str]:
        for row in range(view.model().rowCount(parent)):
            index = view.model().index(row, 0, parent)
            yield str(index.data(Qt.ItemDataRole.ToolTipRole) or "")
            yield from below(index)

    if view.model() is not None:
        yield from below(QModelIndex())


def everything(root: QWidget) -> list[QWidget]:
    return [root, *root.findChildren(QWidget)]


def test_no_name_is_obeyed_anywhere_in_the_window(qtbot: QtBot, session: Session) -> None:
    sound = Audio(np.zeros((1, 480), np.float32), 48_000)
    session.document.set_patch(Patch("fm", name=NAME), f"Load “{NAME}”")
    session.document.add_take(Take.of(Clip.of(sound, NAME), prompt=NAME))
    empty = Take.of(Clip.of(Audio(np.zeros((1, 0), np.float32), 48_000), NAME))
    session.document.add_take(empty)
    session.document.select(empty.id)
    session.presets.store.add(Preset(Patch("fm", name=NAME), (NAME,), NAME, NAME), NAME)
    session.presets.refresh()
    qtbot.waitUntil(lambda: any(entry.name == NAME for entry in session.presets.entries))
    session.library.search.setText(NAME)
    session.bridge.queued.emit(999, NAME)
    session.bridge.started.emit(999)
    session.bridge.failed.emit(999, EngineError(NAME))
    dialog = ExportDialog(Clip.of(sound, NAME), None, session.settings, session.window)
    QApplication.processEvents()
    widgets = everything(session.window)
    labels = [w for w in widgets if isinstance(w, QLabel) and "<img" in w.text()]
    assert len(labels) >= 5, "the patch, the empty sound, a job and its error, and what is exported"
    bad = [w.text() for w in labels if shows_mark_up(w)]
    bad += [w.toolTip() for w in widgets if is_obeyed(w.toolTip())]
    tips = [tip for w in widgets if isinstance(w, QAbstractItemView) for tip in tips_of(w)]
    assert any("far.away" in tip for tip in tips)
    bad += [tip for tip in tips if is_obeyed(tip)]
    dialog.deleteLater()
    assert bad == []


def test_a_label_shows_every_character_of_a_name(qtbot: QtBot) -> None:
    label, longer = plain_label(NAME), QLabel(NAME)
    qtbot.addWidget(label)
    qtbot.addWidget(longer)
    assert not shows_mark_up(label)
    assert shows_mark_up(longer), "the name is one that Qt would obey"
    assert label.sizeHint().width() >= label.fontMetrics().horizontalAdvance(NAME)


def test_a_tool_tip_shows_every_character_and_every_line() -> None:
    document = QtGui.QTextDocument()
    document.setHtml(plain_tip(f"{NAME}\n5 < 6"))
    assert document.toPlainText().replace("\u2028", "\n") == f"{NAME}\n5 < 6"
    assert plain_tip("Bell, 5 s\nand more") == "Bell, 5 s\nand more"
