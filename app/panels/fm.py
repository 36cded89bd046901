"""The FM instrument's panel: six operators, one of them in detail, the matrix, and a piano to hear it.

The strip shows all six operators at once; the page below belongs to the chosen one. Pages are built when they are first
chosen. Every gesture goes to the document: auditioned while it runs, one undo step when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QPainter, QPaintEvent, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.controls.matrix import OUTPUT, Matrix
from app.controls.param_form import ParamForm
from app.controls.piano import Piano
from app.controls.plain import plain_label
from app.controls.scroll import CalmScrollArea
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.icons import icon
from app.panels.fm_locks import lock_menu, names_in
from app.panels.fm_operator import OperatorPage
from app.panels.fm_strip import OperatorStrip
from app.theme import GRID, PADDING, PADDING_WIDE, tokens
from engine.params import FM_SPACE, Param, Patch
from engine.params.fm import N_OPERATORS, mod_name, mod_routes
from engine.params.note import NOTE_PARAMS, NoteSettings

WIDE_PX = 820
"""From this width on the matrix stands beside the operator instead of below it."""
DENSE_BELOW_PX = 740
"""A panel lower than this moves everything closer together."""


class PatchDocument(Protocol):
    """What the panel needs of :class:`app.document.Document`."""

    patch: Patch
    patch_changed: Signal
    note: NoteSettings
    note_changed: Signal
    locked: frozenset[str]
    locks_changed: Signal

    def audition(self, name: str, value: float) -> None: ...

    def audition_note(self, note: NoteSettings) -> None: ...

    def set_note(self, note: NoteSettings, label: str, *, merge: str | None = None) -> None: ...

    def audition_values(self, values: Mapping[str, float]) -> None: ...

    def set_locked(self, names: Iterable[str], on: bool = True) -> None: ...

    def replace_locks(self, names: Iterable[str]) -> None: ...

    def commit(self, label: str) -> None: ...

    def revert(self) -> None: ...


class FmPanel(QWidget):
    """Shows and turns the document's FM patch."""

    audition_requested = Signal()
    """The person wants to hear the patch now, with the document's note."""
    keep_requested = Signal()
    """The person wants the sound in the library as it is now."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.name = plain_label()
        self.keep = QPushButton("Keep")
        self.audition = QPushButton("Audition")
        # Six fields over six operators: the note, which is no part of the patch, and the voice's values.
        voice = [param for param in FM_SPACE if param.section == "Voice"]
        self.head = ParamForm([*NOTE_PARAMS, *voice], columns=N_OPERATORS, spacing=GRID, make=ValueField)
        for param in NOTE_PARAMS:
            self.head.knobs[param.name].lockable = False
        self.strip = OperatorStrip()
        self.pages: dict[int, OperatorPage] = {}
        self.stack = QStackedWidget()
        self.matrix = Matrix(_routes(), N_OPERATORS)
        self.piano = Piano()
        self._lay_out()
        self._connect()
        self.choose_operator(1)
        self._show_patch(document.patch, "load")
        self._show_note(document.note, "load")
        self._show_locks()

    def sizeHint(self) -> QSize:
        return QSize(440, 720)

    def minimumSizeHint(self) -> QSize:
        return QSize(414, 360)

    # What others use

    def choose_operator(self, operator: int) -> None:
        """Show operator 1 to 6 in detail."""
        self.strip.choose(operator)
        self.stack.setCurrentWidget(self._page(operator))
        self.matrix.select(operator)

    def control(self, name: str) -> ValueWidget:
        """The knob, field or cell of a parameter by its storage name; its page is built if need be."""
        if name in self.head.knobs:
            return self.head.knobs[name]
        for cell in self.matrix.cells.values():
            if cell.param.name == name and name.startswith("mod_"):
                return cell
        return self._page(int(FM_SPACE[name].section.split()[1])).controls[name]

    # Inside

    def _controls(self) -> Iterable[ValueWidget]:
        """Every control of a parameter that is built by now."""
        yield from (knob for name, knob in self.head.knobs.items() if name in FM_SPACE)
        yield from self.matrix.cells.values()
        for page in self.pages.values():
            yield from page.controls.values()

    def _lay_out(self) -> None:
        self.name.setProperty("role", "title")
        self.keep.setIcon(icon("keep"))
        self.keep.setAccessibleName("Keep as take")
        self.keep.setToolTip("Put this sound and its patch into the library (Ctrl+Return)")
        self.audition.setIcon(icon("play"))
        self.audition.setToolTip("Play the patch with this note")
        head = QHBoxLayout()
        head.setSpacing(PADDING)
        head.addWidget(self.name, 1)
        head.addWidget(self.keep)
        head.addWidget(self.audition)
        caption = QLabel("Rows modulate columns (rad); out is what is heard (dB)")
        caption.setProperty("role", "small")
        self._routing = routing = QVBoxLayout()
        routing.setSpacing(GRID)
        routing.addWidget(caption)
        routing.addWidget(self.matrix)
        routing.addStretch(1)
        content = QWidget()
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom, content)
        self._body.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, GRID)
        self._body.setSpacing(PADDING_WIDE)
        self._body.addWidget(self.stack, alignment=Qt.AlignmentFlag.AlignTop)
        self._body.addLayout(routing)
        scroll = CalmScrollArea()
        scroll.setWidget(content)
        # The panel's own colour shows through.
        scroll.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        fixed = QVBoxLayout()
        fixed.setContentsMargins(PADDING_WIDE, PADDING, PADDING_WIDE, 0)
        fixed.setSpacing(PADDING)
        fixed.addLayout(head)
        fixed.addWidget(self.head)
        fixed.addWidget(self.strip)
        keys = QVBoxLayout()
        keys.setContentsMargins(PADDING_WIDE, PADDING, PADDING_WIDE, PADDING)
        keys.addWidget(self.piano)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(fixed)
        whole.addSpacing(PADDING)
        whole.addWidget(scroll, 1)
        whole.addSpacing(1)
        whole.addLayout(keys)
        scroll.resized.connect(self._fit)
        scroll.verticalScrollBar().rangeChanged.connect(self._align_edges)
        self._scroll = scroll

    def _align_edges(self, _low: int, high: int) -> None:
        """Let the scroll bar stand in the margin, so that the right edges stay in line with what does not scroll."""
        bar = self._scroll.verticalScrollBar().sizeHint().width() if high > 0 else 0
        self._body.setContentsMargins(PADDING_WIDE, 0, max(PADDING_WIDE - bar, 0), GRID)

    def _fit(self) -> None:
        """Share out the height: on a small screen the matrix comes into sight, on a large one the envelope grows."""
        room = self._scroll.height()
        dense = self.height() < DENSE_BELOW_PX
        self.matrix.set_dense(dense)
        if (spacing := PADDING if dense else PADDING_WIDE) != self._body.spacing():
            self._body.setSpacing(spacing)
        self.piano.setFixedHeight(self.piano.minimumSizeHint().height() if dense else self.piano.sizeHint().height())
        room -= GRID
        if self._body.direction() == QBoxLayout.Direction.TopToBottom:
            room -= self._routing.sizeHint().height() + self._body.spacing()
        for page in self.pages.values():
            page.fit(room, dense=dense)

    def _connect(self) -> None:
        self.audition.clicked.connect(self.audition_requested)
        self.keep.clicked.connect(self.keep_requested)
        self.head.changing.connect(self._on_changing)
        self.head.committed.connect(self._on_committed)
        self.head.reverted.connect(self._on_reverted)
        self.matrix.changing.connect(self._on_changing)
        self.matrix.committed.connect(self._on_committed)
        self.matrix.reverted.connect(self._on_reverted)
        self.matrix.operator_clicked.connect(self.choose_operator)
        self.strip.chosen.connect(self.choose_operator)
        self.piano.note_on.connect(self._on_piano)
        self.document.patch_changed.connect(self._show_patch)
        self.document.note_changed.connect(self._show_note)
        self.document.locks_changed.connect(self._show_locks)
        for part in (self.head, self.matrix):
            part.lock_changed.connect(self._on_lock)
        self.strip.menu_wanted.connect(self._on_strip_menu)
        for n in range(1, N_OPERATORS + 1):
            shortcut = QShortcut(QKeySequence(f"Alt+{n}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.choose_operator, n))

    def _page(self, operator: int) -> OperatorPage:
        page = self.pages.get(operator)
        if page is None:
            page = self.pages[operator] = OperatorPage(operator)
            page.set_values(self.document.patch.values)
            self._show_locks()
            page.changing.connect(self._on_changing)
            page.moved.connect(self.document.audition_values)
            page.lock_changed.connect(self._on_lock)
            page.committed.connect(self._on_committed)
            page.envelope_committed.connect(partial(self.document.commit, f"Op {operator} envelope"))
            page.reverted.connect(self.document.revert)
            self.stack.addWidget(page)
            self._fit()
        return page

    def _on_changing(self, name: str, value: float) -> None:
        if name in FM_SPACE:
            self.document.audition(name, value)
        else:
            self.document.audition_note(self.document.note.replaced(name, value))

    def _on_committed(self, name: str, _value: float) -> None:
        param = FM_SPACE[name] if name in FM_SPACE else self.head.knobs[name].param
        self.document.commit(step_label(param))
        if name not in FM_SPACE:
            self._show_note(self.document.note, "")

    def _on_reverted(self, _name: str) -> None:
        self.document.revert()

    def _on_lock(self, name: str, on: bool) -> None:
        self.document.set_locked((name,), on)

    def _on_strip_menu(self, operator: int, place: QPoint) -> None:
        menu = lock_menu(self.document, operator, self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _show_locks(self) -> None:
        locked = self.document.locked
        for control in self._controls():
            control.set_locked(control.param.name in locked)
        self.strip.set_locked({n for n in range(1, N_OPERATORS + 1) if names_in(f"Operator {n}") & locked})

    def _show_note(self, note: NoteSettings, why: str) -> None:
        # A hand between two keys is not pushed onto the nearest one before it lets go.
        if why != "audition":
            self.head.set_values(note.to_json())
        self.piano.set_note(note.note)

    def _show_patch(self, patch: Patch, _why: str) -> None:
        if patch.synth != FM_SPACE.name:
            return
        # Each control compares first: what did not change is not repainted, and nothing is laid out again.
        self.name.setText(patch.name or "Unnamed patch")
        self.head.set_values(patch.values)
        self.strip.set_values(patch.values)
        self.matrix.set_values(patch.values)
        for page in self.pages.values():
            page.set_values(patch.values)

    def _on_piano(self, note: int, velocity: int) -> None:
        before = self.document.note
        # What is played one after the other is one step: the way back leads over what was shaped, not over every key.
        self.document.set_note(replace(before, note=note, velocity=velocity), "Play a key", merge="keys")
        self.audition_requested.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        # Where the middle can be scrolled, a hairline says that it goes on.
        if self._scroll.verticalScrollBar().maximum() > 0:
            edge = self._scroll.geometry()
            painter = QPainter(self)
            painter.setPen(QColor(tokens().hairline))
            for y in (edge.top() - 1, edge.bottom() + 1):
                painter.drawLine(0, y, self.width(), y)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE_PX
        for place in range(2):
            self._body.setStretch(place, int(wide or place == 1))
        self._body.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # A new theme arrives as a new palette.
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            for page in self.pages.values():
                page.recolour()


def step_label(param: Param) -> str:
    """What the undo menu calls a change of ``param``: ``"Op 1 ratio"``, ``"Depth 2 → 1"``, ``"Pitch"``."""
    if param.section.startswith("Operator "):
        return f"Op {param.section.split()[1]} {param.label[0].lower()}{param.label[1:]}"
    return f"Depth {param.label}" if param.section == "Matrix" else param.label


def _routes() -> dict[tuple[int, int], Param]:
    routes = {(source, target): FM_SPACE[mod_name(source, target)] for source, target in mod_routes()}
    return routes | {(n, OUTPUT): FM_SPACE[f"op{n}_out_db"] for n in range(1, N_OPERATORS + 1)}
