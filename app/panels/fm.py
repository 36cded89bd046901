"""The FM instrument's panel: six operators, the pages of the voice, the routing twice, and a piano to hear it.

The strip shows all six operators at once. Below it one page is shown: that of the chosen operator, of a section of the
voice, or the routing, which stands beside or below the others where there is room.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from app.controls.envelope_links import EnvelopeKeeper
from app.controls.graph_layout import OUTPUT, Route
from app.controls.menus import below, pop_up
from app.controls.spectrum import SpectrumView
from app.controls.value_widget import ValueWidget
from app.panels.fm_algorithms import NEW_DEPTH_RAD, NEW_FEEDBACK_RAD, routing_of
from app.panels.fm_menu import operator_menu
from app.panels.fm_operator import OperatorPage
from app.panels.fm_page import EnvelopePage
from app.panels.fm_routing import Routing
from app.panels.fm_sections import SECTIONS, SectionPage, sections_at_work
from app.panels.fm_state import OPERATORS, operator_state
from app.panels.fm_strip import OperatorStrip
from app.panels.instrument import PatchDocument
from app.panels.page import Page
from app.panels.paged import PagedPanel
from app.theme import GRID, PADDING, PADDING_WIDE
from engine.params import FM_SPACE, Patch
from engine.params.pictures import Pictures
from engine.project.dx7.algorithms import algorithm

ROUTING, SPECTRUM = "Routing", "Spectrum"
WHAT = {
    ROUTING: "Who modulates whom, and who is heard",
    "Pitch": "How the pitch moves after a key goes down and up",
    "LFO": "Vibrato and tremolo",
    "Noise": "A band of noise beside the operators",
    "Filter": "What of the sound is let through",
    "Output": "Drive, place, reverb, and how hard keys sound",
    SPECTRUM: "Which partials there are, and which operators make them",
}
"""What is on a page, for its tab's tool tip."""
TABS = tuple(WHAT)
MATRIX_BELOW_PX, ROUTING_BELOW_PX = 530, 700
"""From these heights of the body on the matrix, and then the graph too, stand below the pages."""
ROOMY_PX = 780
"""A body at least that high needs no short cuts."""


class FmPanel(PagedPanel):
    """Shows and turns the document's FM patch."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        # Six fields over six operators: the note, which is no part of the patch, and the voice's values.
        voice = [param for param in FM_SPACE if param.section == "Voice"]
        super().__init__(document, FM_SPACE, SECTIONS, WHAT, voice, parent)
        self.strip = OperatorStrip()
        self.pages: dict[int, OperatorPage] = {}
        self.routing = Routing()
        self.spectrum = SpectrumView()
        self.operator = 1
        self._tab: str | None = None
        self._lay_out()
        self._connect()
        self.choose_operator(1)
        self.start()

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
        return self.section_page(next(page for page, parts in SECTIONS.items() if section in parts)).controls[name]

    def bring_up(self, name: str) -> ValueWidget:
        """The control of a parameter, with its page shown."""
        control = self.control(name)
        section = FM_SPACE[name].section if name in FM_SPACE else ""
        if section.startswith("Operator "):
            self.choose_operator(int(section.split()[1]))
        elif section == "Matrix":
            self._show_tab(ROUTING)
        elif (page := self.page_of(section)) is not None:
            self._show_tab(page)
        return control

    def show_pictures(self, pictures: Pictures) -> None:
        """The operators as they sound now."""
        self.strip.show_pictures(pictures)

    # Making it

    def _lay_out(self) -> None:
        self.add_fixed(self.head)
        self.add_fixed(self.strip)
        self.add_fixed(self.tab_bar)
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
        for part in (self.routing.matrix, self.strip):
            self.connect_form(part)
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
        self.document.history_changed.connect(self.routing.graph.settle)
        for n in OPERATORS:
            shortcut = QShortcut(QKeySequence(f"Alt+{n}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.choose_operator, n))

    def _operator_page(self, operator: int) -> OperatorPage:
        page = self.pages.get(operator)
        if page is None:
            page = self.pages[operator] = OperatorPage(operator)
            self.take_in(page)
        return self.up_to_date(page)

    def make_section(self, name: str) -> Page:
        return SectionPage(name)

    def take_in(self, page: Page) -> None:
        super().take_in(page)
        if isinstance(page, EnvelopePage) and page.envelope is not None:
            EnvelopeKeeper(page.envelope, self.document)
        self._page_column.insertWidget(0, page)
        # Where the head stands in the body, it is the last there for Tab as well.
        self.head.raise_()
        self.order_focus()

    def every_page(self) -> Iterable[Page]:
        return (*self.pages.values(), *self.sections.values())

    def fixed_controls(self) -> Iterable[ValueWidget]:
        return (*self.strip.controls.values(), *self.routing.matrix.cells.values())

    # Which page

    def _show_tab(self, name: str | None) -> None:
        if name == ROUTING and self._graph_stands_by:
            name = None
        self._tab = name
        self.tabs.choose(name)
        self.strip.set_on_show(name is None)
        page: QWidget | None
        if name is None:
            page = self._operator_page(self.operator)
        elif name in SECTIONS:
            page = self.section_page(name)
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
        for page in self.every_page():
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

    def set_algorithm(self, number: int) -> None:
        """Route the operators as one of the DX7's algorithms does, in one step."""
        patch = self.patch
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

    def words_for_tab(self, name: str) -> tuple[tuple[str, ...], str]:
        return (("Matrix",), "the modulation matrix") if name == ROUTING else super().words_for_tab(name)

    def on_more(self) -> None:
        if self._tab is None:
            self._on_operator_menu(self.operator, below(self.more))
        else:
            self.open_tab_menu(self._tab)

    # The document

    def _show_locks(self) -> None:
        super()._show_locks()
        locked = self.document.locked_in(self.space.name)
        self.strip.set_locked({n for n in OPERATORS if FM_SPACE.names_in(f"Operator {n}") & locked})

    def show_patch(self, patch: Patch, why: str) -> None:
        super().show_patch(patch, why)
        state = operator_state(patch.values)
        self.strip.set_values(patch.values, state)
        self.routing.set_values(patch.values, state, held=why == "turn")
        at_work = sections_at_work(patch.values)
        for name in SECTIONS:
            self.tabs.tabs[name].show_state(at_work=name in at_work)
