"""The menus of the explore bar: a slot's, what chance may change, and the locks. The caller shows and deletes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from PySide6.QtWidgets import QMenu, QWidget

from app.controls.sticky_menu import StickyMenu
from engine.params import SPACES, ParamSpace, Patch
from engine.project.slots import N_SLOTS, NAMES

if TYPE_CHECKING:
    from app.explore import Explore
    from app.slots import SlotDesk


class LockDocument(Protocol):
    """What the menu of locks needs of :class:`app.document.Document`."""

    @property
    def patch(self) -> Patch: ...

    @property
    def locked(self) -> frozenset[str]: ...

    def replace_locks(self, names: Iterable[str], label: str = ...) -> None: ...


def slot_menu(desk: SlotDesk, slot: int, parent: QWidget) -> QMenu:
    """Store, go back, copy and clear."""
    menu = QMenu(parent)
    menu.setToolTipsVisible(True)
    is_current, is_filled, is_changed = slot == desk.slots.current, desk.is_filled(slot), desk.is_changed(slot)
    store = menu.addAction("Store its changes" if is_current else "Store what is heard here")
    store.setToolTip("From now on changes are counted from here")
    store.setEnabled(not is_current or is_changed or desk.slots.stored[slot] is None)
    store.triggered.connect(lambda: desk.store(slot))
    back = menu.addAction("Back to what was stored")
    back.setEnabled(is_changed)
    back.triggered.connect(lambda: desk.go_back(slot))
    menu.addSeparator()
    for other in range(N_SLOTS):
        if other != slot:
            copy = menu.addAction(f"Copy to slot {NAMES[other]}")
            copy.setEnabled(is_filled)
            copy.triggered.connect(lambda _=False, other=other: desk.copy(slot, other))
    menu.addSeparator()
    clear = menu.addAction("Clear")
    clear.setToolTip("What is heard stays, without a slot" if is_current else "")
    clear.setEnabled(is_filled)
    clear.triggered.connect(lambda: desk.clear(slot))
    return menu


def sections_menu(explore: Explore, parent: QWidget) -> QMenu:
    """Sections with check marks; it stays open while they are set."""
    menu = StickyMenu(parent)
    menu.setToolTipsVisible(True)
    usual = explore.usual
    marks = {}

    def choose() -> None:
        explore.set_sections({name for name, action in marks.items() if action.isChecked()})

    def set_all(names: Iterable[str]) -> None:
        wanted = set(names)
        for name, action in marks.items():
            action.setChecked(name in wanted)
        choose()

    is_apart = False
    for name in explore.all_sections:
        if name not in usual and not is_apart:
            menu.addSeparator()
            is_apart = True
        action = marks[name] = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(name in explore.sections)
        action.triggered.connect(choose)
    menu.addSeparator()
    for words, names in (("All but levels and routing", usual), ("Nothing", ())):
        action = menu.addAction(words)
        action.setProperty("stays", True)
        action.triggered.connect(lambda _=False, names=names: set_all(names))
    menu.addSeparator()
    newest = explore.newest
    again = menu.addAction("Draw again" if newest is None else f"Draw again with seed {newest.seed}")
    again.setToolTip("After an undo this is the very same sound")
    again.setEnabled(newest is not None)
    again.triggered.connect(explore.repeat)
    return menu


def lock_menu(document: LockDocument, parent: QWidget) -> QMenu:
    """Lock, unlock and invert: everything, or one section."""
    menu = QMenu(parent)
    space = SPACES[document.patch.synth]
    _add_locks(menu, document, space, "all", frozenset(param.name for param in space))
    menu.addSeparator()
    for section in space.sections:
        names = space.names_in(section)
        held = len(names & document.locked)
        part = menu.addMenu(f"{section} ({held} locked)" if held else section)
        _add_locks(part, document, space, section, names)
    return menu


def _add_locks(menu: QMenu, document: LockDocument, space: ParamSpace, words: str, names: frozenset[str]) -> None:
    locked = document.locked

    def add(verb: str, wanted: frozenset[str]) -> None:
        label = f"{verb} {words}"
        action = menu.addAction(label if words == "all" else verb)
        action.setEnabled(wanted != locked)
        deed: Callable[[], None] = lambda: document.replace_locks(wanted, label)  # noqa: E731
        action.triggered.connect(deed)

    add("Lock", locked | names)
    add("Unlock", locked - names)
    add("Invert", locked ^ names)
