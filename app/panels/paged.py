"""An instrument's panel with pages: a note's fields, tabs, a page for each section, and how they meet the document.

Pages are built when they are first shown. Every gesture goes to the document: auditioned while it runs, one undo step
when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from app.controls.menus import below, pop_up
from app.controls.param_form import ParamForm
from app.controls.rest_veil import RestVeil
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.panels.instrument import InstrumentPanel, PatchDocument
from app.panels.page import Page
from app.panels.section_locks import names_in
from app.panels.section_menu import section_menu
from app.panels.section_tabs import SectionTabs
from app.panels.word_marks import WordMarks
from app.theme import BUTTON_PX, GRID
from engine.params import Param, ParamSpace, Patch
from engine.params.note import NOTE_PARAMS, NoteSettings

AnyPage = TypeVar("AnyPage", bound=Page)


class PagedPanel(InstrumentPanel):
    """Shows and turns the document's patch of one synth, live or parked.

    A subclass makes pages (:meth:`make_section`), shows them (:meth:`choose_section`), lays them out, and says which
    other controls it has (:meth:`fixed_controls`).
    """

    pictures_wanted = Signal(bool, str)
    """Whether the pictures of an instrument at work can be seen, and of which."""

    def __init__(
        self,
        document: PatchDocument,
        space: ParamSpace,
        sections: Mapping[str, tuple[str, ...]],
        what: Mapping[str, str],
        head: Iterable[Param],
        parent: QWidget | None = None,
    ) -> None:
        """``sections`` are the sections of parameters on each page, ``what`` says for each tab what is on its page;
        ``head`` are the parameters that stand beside the note's."""
        super().__init__(document, parent)
        self.space = space
        self._sections_of = sections
        fields = [*NOTE_PARAMS, *head]
        self.head = ParamForm(fields, columns=len(fields), spacing=GRID, make=ValueField)
        self._head_names = [param.name for param in fields[len(NOTE_PARAMS) :]]
        for param in NOTE_PARAMS:
            self.head.knobs[param.name].lockable = False
        self.tabs = SectionTabs(what)
        self.more = QToolButton()
        self.sections: dict[str, Page] = {}
        self._behind: set[Page] = set()
        self._shown: QWidget | None = None
        self._shown_patch: Patch | None = None
        self.veil = RestVeil(self)
        self.marks = WordMarks(self._every_control)
        self._make_bar()

    def start(self) -> None:
        """Everything is built: show the document, and follow it."""
        self._connect_head()
        self.tabs.chosen.connect(self.choose_section)
        self.tabs.menu_wanted.connect(self._on_tab_menu)
        self.more.clicked.connect(self.on_more)
        document = self.document
        document.patch_changed.connect(self._on_patch)
        document.note_changed.connect(self._show_note)
        document.locks_changed.connect(self._show_locks)
        self.show_patch(self.patch, "load")
        self._show_note(document.note, "load")
        self._show_locks()

    @property
    def patch(self) -> Patch:
        """The instrument's patch, whether it is the live one or not."""
        return self.document.patch_of(self.space.name)

    # What a subclass gives

    def make_section(self, name: str) -> Page:
        raise NotImplementedError

    def choose_section(self, name: str) -> None:
        """Show the page of a tab."""
        raise NotImplementedError

    def every_page(self) -> Iterable[Page]:
        """All pages that are built by now."""
        return self.sections.values()

    def fixed_controls(self) -> Iterable[ValueWidget]:
        """Controls of parameters that stand on no page, those of the head aside."""
        return ()

    def _every_control(self) -> Iterable[ValueWidget]:
        """Every control of a parameter that is built by now."""
        yield from (self.head.knobs[name] for name in self._head_names)
        yield from self.fixed_controls()
        for page in self.every_page():
            yield from page.every_control()

    def words_for_tab(self, name: str) -> tuple[tuple[str, ...], str]:
        """The sections that the menu of a tab is about, and what they are called; none for no menu."""
        return self._sections_of.get(name, ()), f"{name if name.isupper() else name.lower()} page"

    # What a subclass uses

    def connect_form(self, part: ParamForm | Page) -> None:
        """Let what is turned on a form or a page go to the document."""
        part.changing.connect(self._on_changing)
        part.committed.connect(self._on_committed)
        part.reverted.connect(self._on_reverted)
        part.lock_changed.connect(self._on_lock)

    def section_page(self, name: str) -> Page:
        """The page of a tab, built if need be and up to date."""
        page = self.sections.get(name)
        if page is None:
            page = self.sections[name] = self.make_section(name)
            self.take_in(page)
        return self.up_to_date(page)

    def up_to_date(self, page: AnyPage) -> AnyPage:
        """The page with the patch's values, which it may have missed while nobody saw it."""
        if page in self._behind:
            self._behind.discard(page)
            page.set_values(self.patch.values)
        return page

    def take_in(self, page: Page) -> None:
        """A new page: connected, hidden, and with the document's values and locks."""
        page.set_values(self.patch.values)
        page.set_locked(self.document.locked_in(self.space.name))
        self.connect_form(page)
        page.moved.connect(self.on_moved)
        page.picture_committed.connect(self.document.commit)
        page.hide()
        self.marks.put_on(page.every_control())

    def page_of(self, section: str) -> str | None:
        """The tab on whose page a section of parameters is."""
        return next((page for page, sections in self._sections_of.items() if section in sections), None)

    # Making it

    def _make_bar(self) -> None:
        self.more.setText("⋯")
        self.more.setToolTip("Copy, paste, reset or lock everything on this page")
        self.more.setAccessibleName("This page")
        self.more.setFixedHeight(BUTTON_PX)
        self.more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tab_bar = QWidget()
        self._bar_row = row = QHBoxLayout(self.tab_bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.tabs, 1)
        row.addWidget(self.more)

    # A hand turns something

    def _on_changing(self, name: str, value: float) -> None:
        self.on_moved({name: value})

    def on_moved(self, values: Mapping[str, float], why: str = "turn") -> None:
        """A hand in a picture, or on a knob: whoever turns something of an instrument plays it."""
        self.document.use_synth(self.space.name)
        self.document.audition_values(values, why)

    def _on_committed(self, name: str, _value: float) -> None:
        self.document.commit(step_label(self.space[name]))

    def _connect_head(self) -> None:
        """The note has names of its own; an instrument may have a parameter of the same name."""
        note, head = self.document.note.to_json(), self.head

        def on_changing(name: str, value: float) -> None:
            if name in note:
                self.document.use_synth(self.space.name)
                self.document.audition_note(self.document.note.replaced(name, value))
            else:
                self._on_changing(name, value)

        def on_committed(name: str, value: float) -> None:
            if name in note:
                self.document.commit(step_label(head.knobs[name].param))
                self._show_note(self.document.note, "")
            else:
                self._on_committed(name, value)

        head.changing.connect(on_changing)
        head.committed.connect(on_committed)
        head.reverted.connect(self._on_reverted)
        head.lock_changed.connect(self._on_lock)

    def _on_reverted(self, *_which: str) -> None:
        self.document.revert()

    def _on_lock(self, name: str, on: bool) -> None:
        self.document.set_locked((name,), on)

    # Menus

    def on_more(self) -> None:
        """The menu of the page that is shown."""
        raise NotImplementedError

    def open_tab_menu(self, name: str) -> None:
        self._on_tab_menu(name, below(self.more))

    def _on_tab_menu(self, name: str, place: QPoint) -> None:
        sections, words = self.words_for_tab(name)
        if sections:
            pop_up(section_menu(self.document, self.space, sections, words, self), place)

    # The document

    def _show_locks(self) -> None:
        locked = self.document.locked_in(self.space.name)
        for control in (*(self.head.knobs[name] for name in self._head_names), *self.fixed_controls()):
            control.set_locked(control.param.name in locked)
        for page in self.every_page():
            page.set_locked(locked)
        for name, tab in self.tabs.tabs.items():
            sections, _ = self.words_for_tab(name)
            tab.show_state(has_locks=bool(names_in(self.space, sections) & locked))

    def _show_note(self, note: NoteSettings, why: str) -> None:
        # A hand between two keys is not pushed onto the nearest one before it lets go.
        if why != "turn":
            self.head.set_values(note.to_json())
        self.piano.set_note(note.note)

    def _on_patch(self, live: Patch, why: str) -> None:
        # While another instrument is at hand, this one's patch seldom changes.
        if live.synth == self.space.name:
            self.show_patch(live, why)
        elif (patch := self.patch) is not self._shown_patch:
            self.show_patch(patch, why)

    def show_patch(self, patch: Patch, why: str) -> None:
        """Show a patch everywhere; pages out of sight are told later.

        Each control compares first: what did not change is not repainted, and nothing is laid out again.
        """
        self._shown_patch = patch
        self.name.setText(patch.name or "Unnamed patch")
        self.head.set_values({name: patch.values[name] for name in self._head_names})
        for page in self.every_page():
            if page is self._shown:
                page.set_values(patch.values)
            else:
                self._behind.add(page)

    # The window

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.pictures_wanted.emit(True, self.space.name)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.pictures_wanted.emit(False, self.space.name)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # A new theme arrives as a new palette.
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            for page in self.every_page():
                page.recolour()


def step_label(param: Param) -> str:
    """What the undo menu calls a change of ``param``: ``"Op 1 ratio"``, ``"Depth 2 → 1"``, ``"Filter cut-off"``."""
    label = f"{param.label[0].lower()}{param.label[1:]}"
    if param.section.startswith("Operator "):
        return f"Op {param.section.split()[1]} {label}"
    if param.section == "Matrix":
        return f"Depth {param.label}"
    if param not in NOTE_PARAMS and param.label in {one.label for one in NOTE_PARAMS}:
        # How an instrument answers to velocity is not the note's velocity.
        return f"{param.section} {label}"
    if param.section in ("Voice", "Output", "Response", "", "Note") or param.label.startswith(param.section):
        return param.label
    return f"{param.section} {label}"
