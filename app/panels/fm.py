"""The FM instrument's panel: six operators, the pages of the voice, the routing twice, and a piano to hear it.

The strip shows all six operators at once. Below it one page is shown: that of the chosen operator, of a section of the
voice, or the routing, which stands beside or below the others where there is room. Pages are built when they are first
shown. Every gesture goes to the document: auditioned while it runs, one undo step when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app.controls.envelope_links import EnvelopeKeeper
from app.controls.graph_layout import OUTPUT, Route
from app.controls.menus import below, pop_up
from app.controls.param_form import ParamForm
from app.controls.spectrum import SpectrumView
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.fm_algorithms import NEW_DEPTH_RAD, NEW_FEEDBACK_RAD, routing_of
from app.panels.fm_locks import names_in
from app.panels.fm_menu import operator_menu, section_menu
from app.panels.fm_operator import OperatorPage
from app.panels.fm_page import Page
from app.panels.fm_routing import Routing
from app.panels.fm_sections import SECTIONS, SectionPage, sections_at_work
from app.panels.fm_state import OPERATORS, operator_state
from app.panels.fm_strip import OperatorStrip
from app.panels.fm_tabs import SectionTabs
from app.panels.instrument import InstrumentPanel, PatchDocument
from app.theme import BUTTON_PX, GRID, PADDING, PADDING_WIDE
from engine.params import FM_SPACE, Param, Patch
from engine.params.fm import N_OPERATORS
from engine.params.note import NOTE_PARAMS, NoteSettings
from engine.params.pictures import Pictures
from engine.project.dx7.algorithms import algorithm

ROUTING, SPECTRUM = "Routing", "Spectrum"
TABS = (ROUTING, *SECTIONS, SPECTRUM)
MATRIX_BELOW_PX, ROUTING_BELOW_PX = 530, 700
"""From these heights of the body on the matrix, and then the graph too, stand below the pages."""
ROOMY_PX = 780
"""A body at least that high needs no short cuts."""

AnyPage = TypeVar("AnyPage", bound=Page)


class FmPanel(InstrumentPanel):
    """Shows and turns the document's FM patch."""

    pictures_wanted = Signal(bool)
    """Whether the operators' pictures and the spectrum can be seen."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        super().__init__(document, parent)
        # Six fields over six operators: the note, which is no part of the patch, and the voice's values.
        voice = [param for param in FM_SPACE if param.section == "Voice"]
        self.head = ParamForm([*NOTE_PARAMS, *voice], columns=N_OPERATORS, spacing=GRID, make=ValueField)
        for param in NOTE_PARAMS:
            self.head.knobs[param.name].lockable = False
        self.strip = OperatorStrip()
        self.tabs = SectionTabs(TABS)
        self.more = QToolButton()
        self.pages: dict[int, OperatorPage] = {}
        self.sections: dict[str, SectionPage] = {}
        self.routing = Routing()
        self.spectrum = SpectrumView()
        self.operator = 1
        self._tab: str | None = None
        self._shown: Page | SpectrumView | None = None
        self._behind: set[Page] = set()
        self._lay_out()
        self._connect()
        self.choose_operator(1)
        self._show_patch(document.patch, "load")
        self._show_note(document.note, "load")
        self._show_locks()

    @property
    def matrix(self) -> QWidget:
        return self.routing.matrix

    # What others use

    def choose_operator(self, operator: int) -> None:
        """Show operator 1 to 6 in detail."""
        self.select_operator(operator)
        self._show_tab(None)

    def select_operator(self, operator: int) -> None:
        """Mark operator 1 to 6 everywhere; its page is shown unless a page of the voice is."""
        self.operator = operator
        self.strip.choose(operator)
        self.routing.select(operator)
        if self._tab is None:
            self._show_tab(None)

    def choose_section(self, name: str) -> None:
        """Show one of :data:`TABS`."""
        self._show_tab(name)

    @property
    def shown_section(self) -> str | None:
        """Which of :data:`TABS` is shown, ``None`` for the chosen operator's page."""
        return self._tab

    def control(self, name: str) -> ValueWidget:
        """The knob, field or cell of a parameter by its storage name; its page is built if need be."""
        for known in (self.head.knobs, self.strip.controls):
            if name in known:
                return known[name]
        section = FM_SPACE[name].section
        if section == "Matrix":
            return next(cell for cell in self.routing.matrix.cells.values() if cell.param.name == name)
        if section.startswith("Operator "):
            return self._operator_page(int(section.split()[1])).controls[name]
        return self._section_page(next(page for page, parts in SECTIONS.items() if section in parts)).controls[name]

    def bring_up(self, name: str) -> ValueWidget:
        """The control of a parameter, with its page shown."""
        control = self.control(name)
        section = FM_SPACE[name].section if name in FM_SPACE else ""
        if section.startswith("Operator "):
            self.choose_operator(int(section.split()[1]))
        elif section == "Matrix":
            self._show_tab(ROUTING)
        elif section in names_of_pages():
            self._show_tab(names_of_pages()[section])
        return control

    def show_pictures(self, pictures: Pictures) -> None:
        """The operators as they sound now."""
        self.strip.show_pictures(pictures)

    # Making it

    def _lay_out(self) -> None:
        self.more.setText("⋯")
        self.more.setToolTip("Copy, paste, reset or lock everything on this page")
        self.more.setAccessibleName("This page")
        self.more.setFixedHeight(BUTTON_PX)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        bar = QWidget()
        self._bar_row = row = QHBoxLayout(bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.tabs, 1)
        row.addWidget(self.more)
        self.add_fixed(self.head)
        self.add_fixed(self.strip)
        self.add_fixed(bar)
        self._page_column = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self.body)
        self._columns.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, GRID)
        self._columns.setSpacing(PADDING_WIDE)
        self._columns.addLayout(self._page_column)
        self._columns.addWidget(self.routing, 0, Qt.AlignmentFlag.AlignTop)
        self.spectrum.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.spectrum.hide()
        self._page_column.addWidget(self.spectrum)
        self._page_column.addStretch(1)

    def _connect(self) -> None:
        for part in (self.head, self.routing.matrix, self.strip):
            part.changing.connect(self._on_changing)
            part.committed.connect(self._on_committed)
            part.reverted.connect(self._on_reverted)
            part.lock_changed.connect(self._on_lock)
        self.routing.matrix.operator_clicked.connect(self.select_operator)
        self.routing.matrix.operator_menu_wanted.connect(self._on_operator_menu)
        self.routing.graph.operator_clicked.connect(self.select_operator)
        self.routing.graph.operator_opened.connect(self.choose_operator)
        self.routing.graph.route_wanted.connect(self._open_route)
        self.routing.graph.menu_wanted.connect(self._on_graph_menu)
        self.routing.algorithm_chosen.connect(self.set_algorithm)
        self.routing.rearranged.connect(self._fit)
        self.strip.chosen.connect(self.choose_operator)
        self.strip.menu_wanted.connect(self._on_operator_menu)
        self.tabs.chosen.connect(self.choose_section)
        self.tabs.menu_wanted.connect(self._on_tab_menu)
        self.more.clicked.connect(self._on_more)
        self.document.patch_changed.connect(self._show_patch)
        self.document.note_changed.connect(self._show_note)
        self.document.locks_changed.connect(self._show_locks)
        self.document.history_changed.connect(self.routing.graph.settle)
        for n in OPERATORS:
            shortcut = QShortcut(QKeySequence(f"Alt+{n}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.choose_operator, n))

    def _operator_page(self, operator: int) -> OperatorPage:
        page = self.pages.get(operator)
        if page is None:
            page = self.pages[operator] = OperatorPage(operator)
            self._take_in(page, f"Op {operator} envelope")
        return self._up_to_date(page)

    def _section_page(self, name: str) -> SectionPage:
        page = self.sections.get(name)
        if page is None:
            page = self.sections[name] = SectionPage(name)
            self._take_in(page, "Pitch envelope" if name == "Pitch" else f"{name} envelope")
        return self._up_to_date(page)

    def _up_to_date(self, page: AnyPage) -> AnyPage:
        """The page with the patch's values, which it may have missed while nobody saw it."""
        if page in self._behind:
            self._behind.discard(page)
            page.set_values(self.document.patch.values)
        return page

    def _take_in(self, page: Page, envelope_step: str) -> None:
        page.set_values(self.document.patch.values)
        for control in page.every_control():
            control.set_locked(control.param.name in self.document.locked)
        page.changing.connect(self._on_changing)
        page.moved.connect(self.document.audition_values)
        page.lock_changed.connect(self._on_lock)
        page.committed.connect(self._on_committed)
        page.envelope_committed.connect(partial(self.document.commit, envelope_step))
        if page.envelope is not None:
            EnvelopeKeeper(page.envelope, self.document)
        page.reverted.connect(self.document.revert)
        page.hide()
        self._page_column.insertWidget(0, page)
        # Where the head stands in the body, it is the last there for Tab as well.
        self.head.raise_()
        self.order_focus()

    # Which page

    def _show_tab(self, name: str | None) -> None:
        if name == ROUTING and self._graph_stands_by:
            name = None
        self._tab = name
        self.tabs.choose(name)
        self.strip.set_on_show(name is None)
        page: Page | SpectrumView | None
        if name is None:
            page = self._operator_page(self.operator)
        elif name in SECTIONS:
            page = self._section_page(name)
        else:
            page = self.spectrum if name == SPECTRUM else None
        self.more.setEnabled(name != SPECTRUM)
        if page is not self._shown:
            if self._shown is not None:
                self._shown.hide()
            self._shown = page
            if page is not None:
                page.show()
        self.routing.setVisible(name == ROUTING or self._matrix_stands_by)
        super()._fit()

    @property
    def _graph_stands_by(self) -> bool:
        """Whether there is room for the whole routing besides a page."""
        return self.wide or self._scroll.height() >= ROUTING_BELOW_PX

    @property
    def _matrix_stands_by(self) -> bool:
        """Whether there is room for the matrix at least."""
        return self.wide or self._scroll.height() >= MATRIX_BELOW_PX

    def fit(self, room_px: int) -> None:
        """On a small screen the whole page comes into sight, on a large one the envelope and the graph grow."""
        shown = self._shown
        below = self._matrix_stands_by and not self.wide and shown is not None
        dense = self.dense or (below and room_px < ROOMY_PX)
        if (spacing := PADDING if dense else PADDING_WIDE) != self._columns.spacing():
            self._columns.setSpacing(spacing)
        self._place_head()
        self.strip.set_low(self.low)
        self.routing.matrix.set_dense(dense)
        whole = self._tab == ROUTING or self._graph_stands_by
        if self._head_ends_page:
            room_px -= self.head.sizeHint().height() + spacing
        page_px = room_px - (self.routing.least_height(whole=whole) + spacing if below else 0)
        for page in (*self.pages.values(), *self.sections.values()):
            page.fit(page_px, dense=dense)
        self.spectrum.setFixedHeight(max(page_px, self.spectrum.minimumSizeHint().height()))
        used = shown.sizeHint().height() + spacing if below and isinstance(shown, Page) else 0
        if used:
            # A short page leaves room for the graph as well.
            whole = whole or room_px - used >= self.routing.least_height(whole=True)
        self.routing.show_graph(whole)
        self.routing.fit(room_px - used)

    def _place_head(self) -> None:
        """The note and the voice's values stand above the operators, or, where height is scarce, end the page."""
        place = self._columns if self._head_ends_page else self._fixed
        if place.indexOf(self.head) < 0:
            place.insertWidget(self._fixed.indexOf(self.strip) if place is self._fixed else -1, self.head)
            self.order_focus()

    @property
    def _head_ends_page(self) -> bool:
        return self.low and not self.wide

    def resizeEvent(self, event: QResizeEvent) -> None:
        wanted = QBoxLayout.Direction.LeftToRight if self.wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(wanted)
        for place in range(2):
            self._columns.setStretch(place, int(self.wide))
        # The pages have one of two columns then, and their tabs stand above it.
        beside = (self.width() - PADDING_WIDE) // 2 if self.wide else 0
        self._bar_row.setContentsMargins(0, 0, beside, 0)
        super().resizeEvent(event)

    def _fit(self) -> None:
        # What stands by depends on the height; the tab that is not needed then goes.
        self.tabs.tabs[ROUTING].setHidden(self._graph_stands_by)
        self._show_tab(self._tab)

    # A hand turns something

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

    def set_algorithm(self, number: int) -> None:
        """Route the operators as one of the DX7's algorithms does, in one step."""
        patch = self.document.patch
        routing = routing_of(algorithm(number), patch.values)
        self.document.set_patch(patch.with_values(**routing), f"Algorithm {number}")

    def _open_route(self, route: Route) -> None:
        """A drag between two operators: open a route that is off; one that is on stays as it is."""
        cell = self.routing.matrix.cells[route]
        if cell.value <= cell.param.low:
            late = route[1] != OUTPUT and route[0] <= route[1]
            cell.enter(0.0 if route[1] == OUTPUT else NEW_FEEDBACK_RAD if late else NEW_DEPTH_RAD)

    # Menus

    def _on_operator_menu(self, operator: int, place: QPoint) -> None:
        pop_up(operator_menu(self.document, operator, self), place)

    def _on_graph_menu(self, found: int | Route, place: QPoint) -> None:
        if isinstance(found, int):
            self._on_operator_menu(found, place)
        else:
            pop_up(self.routing.matrix.cells[found].build_menu(), place)

    def _on_tab_menu(self, name: str, place: QPoint) -> None:
        if name in SECTIONS:
            words = f"{name if name.isupper() else name.lower()} page"
            pop_up(section_menu(self.document, SECTIONS[name], words, self), place)
        elif name == ROUTING:
            pop_up(section_menu(self.document, ("Matrix",), "the modulation matrix", self), place)

    def _on_more(self) -> None:
        place = below(self.more)
        if self._tab is None:
            self._on_operator_menu(self.operator, place)
        else:
            self._on_tab_menu(self._tab, place)

    # The document

    def _controls(self) -> Iterable[ValueWidget]:
        """Every control of a parameter that is built by now."""
        yield from (knob for name, knob in self.head.knobs.items() if name in FM_SPACE)
        yield from self.strip.controls.values()
        yield from self.routing.matrix.cells.values()
        for page in (*self.pages.values(), *self.sections.values()):
            yield from page.every_control()

    def _show_locks(self) -> None:
        locked = self.document.locked
        for control in self._controls():
            control.set_locked(control.param.name in locked)
        self.strip.set_locked({n for n in OPERATORS if names_in(f"Operator {n}") & locked})
        for name, tab in self.tabs.tabs.items():
            sections = SECTIONS.get(name, ("Matrix",) if name == ROUTING else ())
            tab.show_state(has_locks=any(names_in(section) & locked for section in sections))

    def _show_note(self, note: NoteSettings, why: str) -> None:
        # A hand between two keys is not pushed onto the nearest one before it lets go.
        if why != "turn":
            self.head.set_values(note.to_json())
        self.piano.set_note(note.note)

    def _show_patch(self, patch: Patch, why: str) -> None:
        # What belongs to another synth has none of these knobs.
        self.body.setEnabled(patch.synth == FM_SPACE.name)
        if patch.synth != FM_SPACE.name:
            self.name.setText(patch.name or "Unnamed patch")
            return
        # Each control compares first: what did not change is not repainted, and nothing is laid out again.
        values = patch.values
        state = operator_state(values)
        self.name.setText(patch.name or "Unnamed patch")
        self.head.set_values(values)
        self.strip.set_values(values, state)
        self.routing.set_values(values, state, held=why == "turn")
        for page in (*self.pages.values(), *self.sections.values()):
            if page is self._shown:
                page.set_values(values)
            else:
                self._behind.add(page)
        at_work = sections_at_work(values)
        for name in SECTIONS:
            self.tabs.tabs[name].show_state(at_work=name in at_work)

    # The window

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pictures_wanted.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pictures_wanted.emit(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # A new theme arrives as a new palette.
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            for page in (*self.pages.values(), *self.sections.values()):
                page.recolour()


def names_of_pages() -> dict[str, str]:
    """The page by section of parameters."""
    return {section: page for page, sections in SECTIONS.items() for section in sections}


def step_label(param: Param) -> str:
    """What the undo menu calls a change of ``param``: ``"Op 1 ratio"``, ``"Depth 2 → 1"``, ``"Filter cut-off"``."""
    label = f"{param.label[0].lower()}{param.label[1:]}"
    if param.section.startswith("Operator "):
        return f"Op {param.section.split()[1]} {label}"
    if param.section == "Matrix":
        return f"Depth {param.label}"
    if param.section in ("Voice", "Output", "Response", "", "Note") or param.label.startswith(param.section):
        return param.label
    return f"{param.section} {label}"
