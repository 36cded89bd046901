"""The tools for finding sounds around the one that is there: slots and the way between them, chance, and locks.

It knows no synth: sections come from the parameters. In a narrow panel it has two rows, in a wide one a single one.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from app.controls.amount_button import AmountButton
from app.controls.knob_paint import figures
from app.controls.menus import below, pop_up
from app.controls.morph_line import MorphLine
from app.controls.slot_buttons import SlotButtons, SlotState
from app.controls.words import typeset
from app.explore import MUTATE, RANDOMISE
from app.icons import icon
from app.panels.explore_menus import lock_menu, sections_menu, slot_menu
from app.theme import GRID, PADDING
from engine.project.slots import N_SLOTS, NAMES

if TYPE_CHECKING:
    from app.document import Document
    from app.explore import Explore
    from app.loudness_match import LoudnessMatch
    from app.slots import SlotDesk

ONE_ROW_PX = 700
"""From this width on everything stands in one row."""
HEIGHT_PX = 24


class ExploreBar(QWidget):
    """Shows the desk of slots, the loudness match and the draws of chance, and hands on what is done to them.

    ``keys`` are the shortcuts to name in tool tips: ``a b c d toggle mutate randomise match``.
    """

    def __init__(
        self,
        document: Document,
        desk: SlotDesk,
        match: LoudnessMatch,
        explore: Explore,
        keys: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._document, self._desk, self._match, self._explore = document, desk, match, explore
        self.slots = SlotButtons(NAMES, [keys.get(letter.lower(), "") for letter in NAMES])
        self.morph = MorphLine(NAMES)
        self.match = _small_button("Compare at equal loudness", checkable=True)
        self.mutate = AmountButton(MUTATE, keys.get("mutate", ""))
        self.randomise = AmountButton(RANDOMISE, keys.get("randomise", ""))
        self.sections = _small_button("What chance may change")
        self.locks = _small_button("Locks")
        self._match_keys = keys.get("match", "")
        self._lay_out()
        self._connect()
        self.show_all()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width(), HEIGHT_PX if self._one_row else 2 * HEIGHT_PX + GRID)

    def _lay_out(self) -> None:
        self.match.setIcon(icon("loudness"))
        self.match.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.match.setFixedWidth(96)
        self.locks.setIcon(icon("lock"))
        self.locks.setFixedWidth(48)
        self.sections.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._compare, self._chance = QHBoxLayout(), QHBoxLayout()
        for part in (self.slots, self.morph, self.match):
            self._compare.addWidget(part, int(part is self.morph))
        for part in (self.mutate, self.randomise, self.sections, self.locks):
            self._chance.addWidget(part, int(part is self.sections))
        self._compare.setSpacing(PADDING)
        self._chance.setSpacing(GRID)
        self._rows = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(GRID)
        self._rows.addLayout(self._compare, 1)
        self._rows.addLayout(self._chance, 1)
        self._one_row = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _connect(self) -> None:
        desk, explore = self._desk, self._explore
        self.slots.chosen.connect(desk.go)
        self.slots.copied.connect(desk.copy)
        self.slots.menu_wanted.connect(self._on_slot_menu)
        self.morph.pair_chosen.connect(desk.set_pair)
        self.morph.fader.changing.connect(desk.audition_morph)
        self.morph.fader.committed.connect(desk.commit_morph)
        self.morph.fader.reverted.connect(desk.revert_morph)
        self.match.clicked.connect(self._match.set_on)
        for button in (self.mutate, self.randomise):
            kind = button.param.name
            button.pressed.connect(partial(explore.press, kind))
            button.committed.connect(partial(explore.set_amount, kind))
        self.sections.clicked.connect(self._on_sections)
        self.locks.clicked.connect(self._on_locks)
        desk.changed.connect(self._show_slots)
        self._match.changed.connect(self._show_match)
        explore.changed.connect(self._show_chance)
        explore.changed.connect(self._show_locks)
        self._document.locks_changed.connect(self._show_locks)

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_all(self) -> None:
        self._show_slots()
        self._show_chance()
        self._show_locks()

    def _show_slots(self) -> None:
        desk = self._desk
        self.slots.set_states(
            [SlotState(desk.name(n), n == desk.slots.current, desk.is_changed(n)) for n in range(N_SLOTS)]
        )
        filled = tuple(desk.is_filled(n) for n in range(N_SLOTS))
        self.morph.show_state(desk.slots.pair, filled, desk.share, can_morph=desk.can_morph)
        self._show_match()

    def _show_match(self) -> None:
        match = self._match
        current = self._desk.slots.current
        name = "Between two slots" if current is None else f"Slot {NAMES[current]}"
        gain = typeset(f"{match.gain_db:+.1f} dB") if match.is_matching else "Loudness"
        self.match.setChecked(match.is_on)
        self.match.setText(gain)
        keys = f" ({self._match_keys})" if self._match_keys else ""
        if match.is_matching:
            words = f"{name} plays at {gain}, so that all slots are equally loud. Its patch is as it was."
        elif match.is_on:
            words = "All slots will play equally loud, as soon as there are two."
        else:
            words = "Slots play as loud as they are."
        self.match.setToolTip(f"Compare at equal loudness{keys}\n{words}")
        self.match.setAccessibleDescription(words)

    def _show_chance(self) -> None:
        explore = self._explore
        for button in (self.mutate, self.randomise):
            if not button.gesture.busy:
                button.set_value(explore.amount(button.param.name))
        words = sections_words(explore.sections, explore.all_sections, explore.usual)
        metrics = QFontMetrics(figures(self.sections))
        short = metrics.elidedText(words, Qt.TextElideMode.ElideRight, max(self.sections.width() - 4 * PADDING, 40))
        self.sections.setText(f"{short}  ▾")
        self.sections.setToolTip(f"What mutating and randomising may change: {words}")

    def _show_locks(self) -> None:
        count = len(self._document.locked)
        self.locks.setText(str(count) if count else "")
        style = Qt.ToolButtonStyle
        # Without a number the padlock stands in the middle.
        self.locks.setToolButtonStyle(style.ToolButtonTextBesideIcon if count else style.ToolButtonIconOnly)
        words = "1 value is locked" if count == 1 else f"{count} values are locked" if count else "Nothing is locked"
        self.locks.setToolTip(f"Locks\n{words}: presets, slots, words and chance leave alone what is.")
        self.locks.setAccessibleDescription(words)

    # -- menus -----------------------------------------------------------------------------------------------------

    def _on_slot_menu(self, slot: int, place: QPoint) -> None:
        pop_up(slot_menu(self._desk, slot, self), place)

    def _on_sections(self) -> None:
        pop_up(sections_menu(self._explore, self), below(self.sections))

    def _on_locks(self) -> None:
        pop_up(lock_menu(self._document, self), below(self.locks))

    # -- events ----------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        one_row = event.size().width() >= ONE_ROW_PX
        if one_row != self._one_row:
            self._one_row = one_row
            ways = QBoxLayout.Direction
            self._rows.setDirection(ways.LeftToRight if one_row else ways.TopToBottom)
            self._rows.setSpacing(2 * PADDING if one_row else GRID)
            self.updateGeometry()
        self._show_chance()


def sections_words(sections: frozenset[str], every: tuple[str, ...], usual: frozenset[str]) -> str:
    """The chosen sections in as few words as possible."""
    if sections == usual:
        return "All but levels"
    if len(sections) == len(every):
        return "Everything"
    chosen = [name for name in every if name in sections]
    return ", ".join(chosen) if chosen else "Nothing"


def _small_button(name: str, *, checkable: bool = False) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(name)
    button.setCheckable(checkable)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setFixedHeight(HEIGHT_PX)
    button.setIconSize(QSize(14, 14))
    button.setProperty("role", "chip")
    return button
