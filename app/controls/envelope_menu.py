"""What an envelope's context menu offers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu

from app.controls.envelope_shape import N_STAGES
from app.controls.envelope_values import EnvelopeValues

if TYPE_CHECKING:
    from app.controls.envelope import EnvelopeEditor

ZOOM_STEP = 2.0


def copy_envelope(editor: EnvelopeEditor) -> None:
    """Put the envelope on the clipboard, as text."""
    QGuiApplication.clipboard().setText(editor.values().text())


def paste_envelope(editor: EnvelopeEditor) -> None:
    """Take the clipboard's envelope over; what is none, or one of another kind, is left alone."""
    values = EnvelopeValues.read(QGuiApplication.clipboard().text())
    if values is not None:
        editor.paste(values)


def envelope_menu(editor: EnvelopeEditor, stage: int | None, *, links_only: bool = False) -> QMenu:
    """The menu over a handle, or over the paper (``None``); the caller shows and deletes it."""
    menu = QMenu(editor)
    menu.setToolTipsVisible(True)
    if links_only:
        _links(editor, menu)
        return menu
    if stage is not None:
        menu.addAction("Type time and level…").triggered.connect(editor.open_editor)
        default = menu.addAction(f"Reset {editor.gestures[stage].param.label.lower()}")
        default.triggered.connect(partial(editor.reset, stage))
        _lock(editor, menu, "this stage", {g.param.name for g in editor.gestures[stage::N_STAGES]})
        menu.addSeparator()
    _clipboard(editor, menu)
    if editor.link_choices:
        _links(editor, menu.addMenu("Link to"))
    names = {g.param.name for g in editor.gestures} | ({editor.clock.name} if editor.clock else set())
    _lock(editor, menu, "the envelope", names)
    menu.addSeparator()
    _view(editor, menu)
    return menu


def _clipboard(editor: EnvelopeEditor, menu: QMenu) -> None:
    copying = menu.addAction("Copy envelope")
    copying.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
    copying.triggered.connect(lambda: copy_envelope(editor))
    pasting = menu.addAction("Paste envelope")
    pasting.setShortcut(QKeySequence(QKeySequence.StandardKey.Paste))
    pasting.triggered.connect(lambda: paste_envelope(editor))
    found = EnvelopeValues.read(QGuiApplication.clipboard().text())
    pasting.setEnabled(found is not None and found.fits(editor.levels))


def _links(editor: EnvelopeEditor, menu: QMenu) -> None:
    """Each of the others with a tick; those that are linked share every change from then on."""
    for owner, name in editor.link_choices.items():
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(owner in editor.links)
        action.setToolTip("It takes over this envelope; from then on a change on one is a change on both")
        action.toggled.connect(lambda on, owner=owner: editor.link_wanted.emit(owner, on))
    menu.addSeparator()
    leave = menu.addAction("Unlink")
    leave.setEnabled(bool(editor.links))
    leave.setToolTip("The values stay as they are")
    leave.triggered.connect(lambda: editor.link_wanted.emit(editor.owner, False))


def _lock(editor: EnvelopeEditor, menu: QMenu, what: str, names: set[str]) -> None:
    on = not names <= editor.locked
    action = menu.addAction(f"{'Lock' if on else 'Unlock'} {what}")
    action.setToolTip("Words, presets and chance leave locked values alone; so do links and pasting")
    action.triggered.connect(lambda: editor.lock_wanted.emit(frozenset(names), on))


def _view(editor: EnvelopeEditor, menu: QMenu) -> None:
    middle = editor.plot().center().x()
    menu.addAction("Zoom in").triggered.connect(lambda: editor.zoom_at(ZOOM_STEP, middle))
    out = menu.addAction("Zoom out")
    out.setEnabled(editor.zoom > 1.0)
    out.triggered.connect(lambda: editor.zoom_at(1.0 / ZOOM_STEP, middle))
    fit = menu.addAction("Fit")
    fit.setEnabled(editor.zoom > 1.0)
    fit.triggered.connect(editor.fit)
    menu.addSeparator()
    true_time = menu.addAction("True time")
    true_time.setCheckable(True)
    true_time.setChecked(editor.true_time)
    true_time.setToolTip("Stages as wide as they are long, instead of as wide as their knobs are turned up")
    true_time.toggled.connect(editor.set_true_time)
