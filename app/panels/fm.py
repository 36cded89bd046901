"""The FM instrument's panel: six operators, one of them in detail, the matrix, and a piano to hear it.

The strip shows all six operators at once; the page below belongs to the chosen one. Pages are built when they are first
chosen. Every gesture goes to the document: auditioned while it runs, one undo step when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.controls.matrix import OUTPUT, Matrix
from app.controls.param_form import ParamForm
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.fm_locks import lock_menu, names_in
from app.panels.fm_operator import OperatorPage
from app.panels.fm_strip import OperatorStrip
from app.panels.instrument import InstrumentPanel, PatchDocument
from app.theme import GRID, PADDING, PADDING_WIDE
from engine.params import FM_SPACE, Param, Patch
from engine.params.fm import N_OPERATORS, mod_name, mod_routes
from engine.params.note import NOTE_PARAMS, NoteSettings


class FmPanel(InstrumentPanel):
    """Shows and turns the document's FM patch."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        # Six fields over six operators: the note, which is no part of the patch, and the voice's values.
        voice = [param for param in FM_SPACE if param.section == "Voice"]
        self.head = ParamForm([*NOTE_PARAMS, *voice], columns=N_OPERATORS, spacing=GRID, make=ValueField)
        for param in NOTE_PARAMS:
            self.head.knobs[param.name].lockable = False
        self.strip = OperatorStrip()
        self.pages: dict[int, OperatorPage] = {}
        self.stack = QStackedWidget()
        self.matrix = Matrix(_routes(), N_OPERATORS)
        self._lay_out()
        self._connect()
        self.choose_operator(1)
        self._show_patch(document.patch, "load")
        self._show_note(document.note, "load")
        self._show_locks()

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
        self.add_fixed(self.head)
        self.add_fixed(self.strip)
        caption = QLabel("Rows modulate columns (rad); out is what is heard (dB)")
        caption.setProperty("role", "small")
        self._routing = routing = QVBoxLayout()
        routing.setSpacing(GRID)
        routing.addWidget(caption)
        routing.addWidget(self.matrix)
        routing.addStretch(1)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self.body)
        self._columns.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, GRID)
        self._columns.setSpacing(PADDING_WIDE)
        self._columns.addWidget(self.stack, alignment=Qt.AlignmentFlag.AlignTop)
        self._columns.addLayout(routing)

    def fit(self, room_px: int) -> None:
        """On a small screen the matrix comes into sight, on a large one the envelope grows."""
        room = room_px
        self.matrix.set_dense(self.dense)
        if (spacing := PADDING if self.dense else PADDING_WIDE) != self._columns.spacing():
            self._columns.setSpacing(spacing)
        if self._columns.direction() == QBoxLayout.Direction.TopToBottom:
            room -= self._routing.sizeHint().height() + self._columns.spacing()
        for page in self.pages.values():
            page.fit(room, dense=self.dense)

    def _connect(self) -> None:
        self.head.changing.connect(self._on_changing)
        self.head.committed.connect(self._on_committed)
        self.head.reverted.connect(self._on_reverted)
        self.matrix.changing.connect(self._on_changing)
        self.matrix.committed.connect(self._on_committed)
        self.matrix.reverted.connect(self._on_reverted)
        self.matrix.operator_clicked.connect(self.choose_operator)
        self.strip.chosen.connect(self.choose_operator)
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
            self.order_focus()
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        for place in range(2):
            self._columns.setStretch(place, int(self.wide or place == 1))
        wanted = QBoxLayout.Direction.LeftToRight if self.wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(wanted)
        super().resizeEvent(event)

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
