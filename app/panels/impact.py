"""The impact instrument's panel: the object, pages of knobs and pictures, and a piano to hear it by."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.controls.value_widget import ValueWidget
from app.panels.impact_pages import HEAD, ROWS, SECTIONS, WHAT, ImpactPage, at_work
from app.panels.instrument import PatchDocument
from app.panels.page import Page
from app.panels.paged import PagedPanel
from app.theme import GRID, PADDING_WIDE
from engine.params import IMPACT_SPACE, Patch
from engine.params.impact_pictures import ImpactPictures


class ImpactPanel(PagedPanel):
    """Shows and turns the document's impact patch."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        head = [IMPACT_SPACE[name] for name in HEAD]
        super().__init__(document, IMPACT_SPACE, SECTIONS, WHAT, head, parent)
        self.pictures: ImpactPictures | None = None
        self._tab = next(iter(ROWS))
        self._column = QVBoxLayout(self.body)
        self._column.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, GRID)
        self.add_fixed(self.head)
        self.add_fixed(self.tab_bar)
        self._column.addStretch(1)
        self.choose_section(self._tab)
        self.start()

    # What others use

    @property
    def shown_section(self) -> str:
        """Which tab's page is shown."""
        return self._tab

    def choose_section(self, name: str) -> None:
        self._tab = name
        self.tabs.choose(name)
        page = self.section_page(name)
        if page is not self._shown:
            if self._shown is not None:
                self._shown.hide()
            self._shown = page
            page.show()
            self._fit()

    def control(self, name: str) -> ValueWidget:
        """The knob or field of a parameter by its storage name; its page is built if need be. Of two pages that show
        it, the one whose section it belongs to."""
        return self.section_page(self._page_with(name)).controls[name]

    def bring_up(self, name: str) -> ValueWidget:
        """The control of a parameter, with its page shown."""
        self.choose_section(self._page_with(name))
        return self.control(name)

    def show_pictures(self, pictures: ImpactPictures) -> None:
        """The object as it sounds now."""
        self.pictures = pictures

    # Making it

    def make_section(self, name: str) -> Page:
        return ImpactPage(name)

    def take_in(self, page: Page) -> None:
        super().take_in(page)
        self._column.insertWidget(0, page)
        self.order_focus()

    def _page_with(self, name: str) -> str:
        pages = [page for page, rows in ROWS.items() if any(name in row.names for row in rows)]
        own = self.page_of(IMPACT_SPACE[name].section)
        return own if own in pages and own is not None else pages[0]

    # The document

    def on_more(self) -> None:
        self.open_tab_menu(self._tab)

    def show_patch(self, patch: Patch, why: str) -> None:
        super().show_patch(patch, why)
        working = at_work(patch.values)
        for name, tab in self.tabs.tabs.items():
            tab.show_state(at_work=name in working)

    # The room

    def fit(self, room_px: int) -> None:
        for page in self.every_page():
            page.fit(room_px, dense=self.dense)

    def fixed_controls(self) -> Iterable[ValueWidget]:
        return ()
