"""What the context menu of the modes offers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from app.controls.mode_set import VECTORS
from app.controls.modes_paper import LOCK_WORDS

if TYPE_CHECKING:
    from app.controls.modes_plot import ModesPlot

_RESETS = {"all": VECTORS, **{words: (name,) for name, words in LOCK_WORDS.items()}}


def modes_menu(plot: ModesPlot) -> QMenu:
    """The menu over the chosen modes, or over the paper when there are none; the caller shows and deletes it."""
    menu = QMenu(plot)
    menu.setToolTipsVisible(True)
    chosen = plot.selected
    if chosen:
        _chosen(plot, menu)
    every = menu.addAction("Select all modes")
    every.setShortcut(QKeySequence(QKeySequence.StandardKey.SelectAll))
    every.setEnabled(plot.n_modes > len(chosen))
    every.triggered.connect(lambda: plot.select(range(plot.n_modes)))
    reset = menu.addAction("Reset all modes")
    reset.setToolTip("Pitches, decays and levels as physics gives them")
    reset.triggered.connect(partial(plot.reset, range(plot.n_modes)))
    reset.setEnabled(plot.n_modes > 0)
    menu.addSeparator()
    locks = menu.addMenu("Lock")
    locks.setToolTipsVisible(True)
    for name, words in LOCK_WORDS.items():
        action = locks.addAction(f"All modes' {words}")
        action.setCheckable(True)
        action.setChecked(name in plot.locked)
        action.setToolTip("Neither a hand on this plot nor words, presets and chance move what is locked")
        action.toggled.connect(lambda on, name=name: plot.lock_wanted.emit(frozenset({name}), on))
    menu.addSeparator()
    menu.addAction("Show only where modes are").triggered.connect(plot.show_fit)
    whole = menu.addAction("Show all frequencies")
    whole.setEnabled(not plot.scale.is_whole)
    whole.triggered.connect(plot.scale.show_all)
    return menu


def _chosen(plot: ModesPlot, menu: QMenu) -> None:
    n = len(plot.selected)
    what = f"mode {min(plot.selected) + 1}" if n == 1 else f"{n} modes"
    typing = menu.addAction("Type frequency, level and decay…")
    typing.setShortcut(QKeySequence(Qt.Key.Key_Return))
    typing.triggered.connect(plot.open_editor)
    silence = menu.addAction(f"Silence {what}")
    silence.setShortcut(QKeySequence(Qt.Key.Key_Delete))
    silence.triggered.connect(plot.silence)
    solo = menu.addAction(f"Listen to {what} alone")
    solo.setCheckable(True)
    solo.setChecked(plot.solo == plot.selected)
    solo.setToolTip("For listening only: the patch stays as it is")
    solo.toggled.connect(lambda on: plot.set_solo(plot.selected if on else frozenset()))
    if plot.solo and plot.solo != plot.selected:
        menu.addAction("Listen to all modes again").triggered.connect(lambda: plot.set_solo(frozenset()))
    resets = menu.addMenu(f"Reset {what}")
    for words, names in _RESETS.items():
        action = resets.addAction("Everything" if words == "all" else words.capitalize())
        action.setEnabled(not set(names) <= plot.locked)
        action.triggered.connect(partial(plot.reset, plot.selected, names))
    menu.addSeparator()
