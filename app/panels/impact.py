"""The impact instrument's panel: the object that is struck, pages of knobs and pictures, and a piano to hear it by.

One page is shown at a time. The picture of the object stands above it, and the modes below it, wherever there is room;
the pages that they belong to always have them.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from app.controls.hand_step import Value
from app.controls.modes_plot import ModesPlot
from app.controls.strike_view import StrikeView
from app.controls.value_widget import ValueWidget
from app.panels.impact_pages import HEAD, ROWS, SECTIONS, WHAT, ImpactPage, at_work
from app.panels.instrument import PatchDocument
from app.panels.page import Page
from app.panels.paged import PagedPanel
from app.theme import GRID, PADDING, PADDING_WIDE
from engine.params import IMPACT_SPACE, Patch
from engine.params.impact_pictures import ImpactPictures

MODES, PAD = "Modes", "Pad"
VIEW_PX, MODES_PX = 112, 150
"""Object and modes are at least so high where they are shown."""
TALLEST_VIEW_PX, TALLEST_MODES_PX = 340, 400
ROOMY_PX = 88
"""So much more a page's own picture has before the object comes beside it."""
VIEW_SHARE = 0.3
"""Of the height, for the object, where there is more below."""
OBJECT, VOICE = "Object", "Voice"
"""The pages that have the object above them; where height is very scarce only the first has it."""
BESIDE = ("Modes", "Decay")
"""The pages whose pictures are read by striking: they have the object above them wherever it fits."""
LOW_VIEW_PX = 76
"""The object is lower than usual, down to this, before its knobs go out of sight."""
WHOLE = ("audition", "set", "slot", "load")
"""Why a patch changes when another one comes; see ``Document.patch_changed``."""
BACK = ("undo", "redo")
"""Why it changes when a step is taken back, perhaps one that brought another patch."""
_STRIKE = frozenset({"strike_x", "strike_y"})


class ImpactPanel(PagedPanel):
    """Shows and turns the document's impact patch."""

    def __init__(self, document: PatchDocument, parent: QWidget | None = None) -> None:
        head = [IMPACT_SPACE[name] for name in HEAD]
        super().__init__(document, IMPACT_SPACE, SECTIONS, WHAT, head, parent)
        self.view = StrikeView()
        self.modes = ModesPlot()
        self.strike_step: str | None = None
        """With which strikes the one under way is one step of undo; ``None`` while nothing is struck."""
        self.tries_only = False
        """Whether strikes change nothing: somebody only listens to a patch, at this place and that."""
        self._pictures: tuple[ImpactPictures, Patch] | None = None
        self._tab = next(iter(ROWS))
        self._lay_out()
        self._connect()
        self.choose_section(self._tab)
        self.start()

    # What others use

    @property
    def shown_section(self) -> str:
        """Which tab's page is shown."""
        return self._tab

    def choose_section(self, name: str) -> None:
        """Show one of :data:`ROWS`."""
        self._tab = name
        self.tabs.choose(name)
        self.more.setEnabled(bool(SECTIONS[name]))
        page = self.section_page(name)
        if page is not self._shown:
            if self._shown is not None:
                self._shown.hide()
            self._shown = page
            page.show()
        self._fit()

    def control(self, name: str) -> ValueWidget:
        """The knob or field of a parameter by its storage name; its page is built if need be. Of several pages that
        show it, the one that its section belongs to."""
        return self.section_page(self._page_with(name)).controls[name]

    def bring_up(self, name: str) -> ValueWidget:
        """The control of a parameter, with its page shown."""
        self.choose_section(self._page_with(name))
        return self.control(name)

    def place_pad(self, pad: QWidget) -> None:
        """What the page of the pad shows."""
        page = self.section_page(PAD)
        assert isinstance(page, ImpactPage)
        page.fill_with(pad)
        self.order_focus()

    def show_pictures(self, pictures: ImpactPictures, patch: Patch) -> None:
        """The strike of ``patch`` as the engine sees it."""
        self._pictures = pictures, patch
        self.modes.set_pictures(pictures, patch.values)
        for page in self.every_page():
            if isinstance(page, ImpactPage):
                page.set_pictures(pictures, patch.values)

    # Making it

    def _lay_out(self) -> None:
        self.add_fixed(self.head)
        self.add_fixed(self.tab_bar)
        self._columns = QBoxLayout(QBoxLayout.Direction.TopToBottom, self.body)
        self._columns.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, GRID)
        self._columns.setSpacing(PADDING)
        self._object = QVBoxLayout()
        self._object.setSpacing(PADDING)
        self._object.addWidget(self.view)
        self._object.addStretch(1)
        self._columns.addLayout(self._object)
        self._pages = QVBoxLayout()
        self._pages.setSpacing(PADDING)
        self._pages.addWidget(self.modes)
        self._pages.addStretch(1)
        self._columns.addLayout(self._pages, 1)

    def _connect(self) -> None:
        view, modes, document = self.view, self.modes, self.document
        view.moved.connect(self._on_view_moved)
        view.committed.connect(self._on_view_committed)
        view.reverted.connect(self._on_view_reverted)
        modes.moved.connect(self.on_moved)
        modes.committed.connect(document.commit)
        modes.reverted.connect(document.revert)
        modes.lock_wanted.connect(document.set_locked)
        for n, name in enumerate(self.tabs.tabs, 1):
            shortcut = QShortcut(QKeySequence(f"Alt+{n}"), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.choose_section, name))

    def make_section(self, name: str) -> ImpactPage:
        page = ImpactPage(name)
        page.lock_wanted.connect(self.document.set_locked)
        if self._pictures is not None:
            page.set_values(self.patch.values)
            pictures, patch = self._pictures
            page.set_pictures(pictures, patch.values)
        return page

    def take_in(self, page: Page) -> None:
        super().take_in(page)
        self._pages.insertWidget(0, page)
        # What stands below every page is the last of the body for Tab as well.
        self.modes.raise_()
        self.order_focus()

    def _page_with(self, name: str) -> str:
        pages = [page for page, rows in ROWS.items() if any(name in row.names for row in rows)]
        own = self.page_of(IMPACT_SPACE[name].section)
        return own if own in pages and own is not None else pages[0]

    # A hand on the object

    def _on_view_moved(self, values: dict[str, Value]) -> None:
        if self.tries_only and set(values) <= _STRIKE:
            return
        # Who strikes hears it at once, by the key.
        self.on_moved(values, "struck" if set(values) <= _STRIKE else "turn")

    def _on_view_committed(self, label: str) -> None:
        merge, self.strike_step = self.strike_step, None
        if self.tries_only:
            self.view.set_values(self.patch.values)
        else:
            self.document.commit(label, merge=merge)

    def _on_view_reverted(self) -> None:
        if not self.tries_only:
            self.document.revert()

    # The document

    def on_more(self) -> None:
        self.open_tab_menu(self._tab)

    def _show_locks(self) -> None:
        super()._show_locks()
        for picture in (self.view, self.modes):
            picture.set_locked(self.document.locked_in(self.space.name))

    def show_patch(self, patch: Patch, why: str) -> None:
        before = self._shown_patch
        super().show_patch(patch, why)
        is_other = before is None or patch.name != before.name
        if why in WHOLE or (why in BACK and is_other):
            # Who listens to some modes alone, or has chosen some, meant those of the patch before.
            self.modes.set_solo(())
            self.modes.select(())
        self.view.set_values(patch.values)
        self.modes.set_values(patch.values)
        working = at_work(patch.values)
        for name, tab in self.tabs.tabs.items():
            tab.show_state(at_work=name in working)

    # The room

    def fit(self, room_px: int) -> None:
        """What the page has to have comes first, then the object, then the modes; what is left makes them larger."""
        page = self._shown
        if not isinstance(page, ImpactPage):
            return
        self._place_head()
        if self.wide:
            self._fit_wide(page, room_px)
            return
        dense, gap = self.dense, PADDING
        if self._head_ends_page:
            room_px -= self.head.sizeHint().height() + gap
        left = room_px - page.least_px(dense=dense)
        has_modes = self._tab == MODES
        left -= (MODES_PX + gap) * has_modes
        least_px = LOW_VIEW_PX if self._tab in BESIDE else min(max(left - gap, LOW_VIEW_PX), VIEW_PX)
        needs_view = self._tab == OBJECT or (self._tab == VOICE and left >= LOW_VIEW_PX + gap)
        needs_view = needs_view or (self._tab in BESIDE and left >= LOW_VIEW_PX + gap)
        has_view = needs_view or left >= VIEW_PX + gap + ROOMY_PX
        left -= (least_px + gap) * has_view
        if not has_modes and page.filling is None and left >= MODES_PX + gap:
            has_modes = True
            left -= MODES_PX + gap
        others = has_modes + (page.filling is not None)
        more = max(left, 0) // max(has_view + others, 1)
        # Of about one height on every page, so that it stays where it is.
        most_px = round(VIEW_SHARE * room_px) if others else TALLEST_VIEW_PX
        view_px = min(least_px + more, max(most_px, least_px))
        if has_view and others:
            more = (max(left, 0) - (view_px - least_px)) // others
        modes_px = min(MODES_PX + more, TALLEST_MODES_PX)
        self._show_pictures(view_px if has_view else 0, modes_px if has_modes else 0)
        page.fit(room_px - (view_px + gap) * has_view - (modes_px + gap) * has_modes, dense=dense)

    @property
    def _head_ends_page(self) -> bool:
        return self.low and not self.wide

    def _place_head(self) -> None:
        """The note and the voice's values stand above the tabs, or, where height is scarce, end the page."""
        place = self._columns if self._head_ends_page else self._fixed
        if place.indexOf(self.head) < 0:
            place.insertWidget(self._fixed.indexOf(self.tab_bar) if place is self._fixed else -1, self.head)
            self.head.raise_()
            self.order_focus()

    def _fit_wide(self, page: ImpactPage, room_px: int) -> None:
        """The object and its modes in one column, the page in the other."""
        share = VIEW_SHARE if self._tab == MODES else 0.45
        view_px = min(max(round(share * room_px), VIEW_PX), TALLEST_VIEW_PX)
        self._show_pictures(view_px, max(room_px - view_px - PADDING, MODES_PX))
        page.fit(room_px, dense=self.dense)

    def _show_pictures(self, view_px: int, modes_px: int) -> None:
        """The object and the modes so high; 0 hides them."""
        for widget, height in ((self.view, view_px), (self.modes, modes_px)):
            widget.setVisible(height > 0)
            if height:
                widget.setFixedHeight(height - height % GRID)

    def resizeEvent(self, event: QResizeEvent) -> None:
        ways = QBoxLayout.Direction
        self._columns.setDirection(ways.LeftToRight if self.wide else ways.TopToBottom)
        self._columns.setStretch(0, int(self.wide))
        column = self._object if self.wide else self._pages
        if column.indexOf(self.modes) < 0:
            # Above the stretch at the end.
            column.insertWidget(column.count() - 1, self.modes)
            self.order_focus()
        super().resizeEvent(event)
