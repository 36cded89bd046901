"""What a hand does with the slots of the document and the fader between two of them: each deed one step of undo.

A lock holds its value while slots switch: what is heard is what the slot then holds. Going back and forth between
slots to compare them leaves one step, however often, and none when it ends where it began.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.document import Document
from engine.params import Patch
from engine.params.vary import morph
from engine.project.slots import NAMES, Slots


class SlotDesk(QObject):
    """Between the document and whoever shows slots."""

    changed = Signal()
    """What a slot holds, which is in use, or what of it was edited."""
    went = Signal()
    """Another slot is in use, or a slot's contents are others, before the document tells of the patch."""
    about_to_morph = Signal(int, int, float)
    """The ends and the share of the way between them that is heard next."""

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        document.slots_changed.connect(self.went)
        document.slots_changed.connect(self.changed)
        document.patch_changed.connect(lambda _patch, _why: self.changed.emit())

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def slots(self) -> Slots:
        return self._document.slots

    def is_filled(self, slot: int) -> bool:
        return self.slots.patch(slot, self._document.patch) is not None

    def is_changed(self, slot: int) -> bool:
        """Whether a slot holds something else than what was stored in it."""
        return self.slots.is_changed(slot, self._document.patch)

    def name(self, slot: int) -> str:
        """What a slot's patch is called; empty for an empty slot."""
        patch = self.slots.patch(slot, self._document.patch)
        return "" if patch is None else patch.name or "Unnamed patch"

    @property
    def can_morph(self) -> bool:
        """Whether both ends of the fader hold something, for one synth."""
        return self._ends() is not None

    @property
    def share(self) -> float | None:
        """Where the live patch stands between the ends of the fader; ``None`` when it is none of theirs."""
        slots = self.slots
        if slots.current in slots.pair:
            return float(slots.pair.index(slots.current))
        return slots.position

    # -- slots -----------------------------------------------------------------------------------------------------

    def go(self, slot: int) -> None:
        """Take up a slot; an empty one begins with what is heard."""
        self._document.settle()
        slots, patch = self.slots.go(slot, self._document.project.patch)
        if slots != self.slots:
            self._document.set_slots(slots, f"Slot {NAMES[slot]}", patch=patch, merge="slot")
        elif self._document.selected is not None:
            self._document.select(None)

    def toggle(self) -> None:
        """Change between the two slots used last."""
        self.go(self.slots.toggle)

    def store(self, slot: int) -> None:
        """Put what is heard into a slot, or take the changes of the slot in use for good."""
        self._document.settle()
        slots = self.slots.store(slot, self._document.project.patch)
        self._document.set_slots(slots, f"Store in slot {NAMES[slot]}")

    def copy(self, source: int, target: int) -> None:
        self._document.settle()
        slots, patch = self.slots.copy(source, target, self._document.project.patch)
        heard = patch if target == self.slots.current else None
        self._document.set_slots(slots, f"Copy slot {NAMES[source]} to {NAMES[target]}", patch=heard)

    def clear(self, slot: int) -> None:
        self._document.settle()
        self._document.set_slots(self.slots.clear(slot), f"Clear slot {NAMES[slot]}")

    def go_back(self, slot: int) -> None:
        """Undo every change of a slot since something was stored in it."""
        stored = self.slots.stored[slot]
        if stored is None:
            return
        self._document.settle()
        if slot == self.slots.current:
            self._document.set_slots(self.slots, f"Slot {NAMES[slot]} as stored", patch=stored)
        else:
            self._document.set_slots(self.slots.store(slot, stored), f"Slot {NAMES[slot]} as stored")

    # -- the fader -------------------------------------------------------------------------------------------------

    def set_pair(self, one: int, other: int) -> None:
        """Let the fader go between these two."""
        self._document.set_slots(self.slots.with_pair(one, other), f"Morph {NAMES[one]} – {NAMES[other]}", merge="pair")

    def audition_morph(self, share: float) -> None:
        """Hear what lies between the ends, without a step."""
        ends = self._ends()
        if ends is not None:
            self.about_to_morph.emit(*self.slots.pair, share)
            self._document.hear(morph(*ends, share))

    def commit_morph(self, share: float) -> None:
        """Stay there: one step of undo."""
        ends = self._ends()
        if ends is None:
            return
        slots, (one, other) = self.slots, self.slots.pair
        label = f"Morph {NAMES[one]} – {NAMES[other]} {share:.0%}".replace("%", " %")
        patch = morph(*ends, share)
        self._document.set_slots(slots.between(share, self._document.project.patch), label, patch=patch)

    def revert_morph(self) -> None:
        self._document.revert()

    def _ends(self) -> tuple[Patch, Patch] | None:
        """The patches at the ends of the fader as the last step left them.

        ``None`` when one is empty, or when they are of two instruments: nothing lies between those.
        """
        one, other = (self.slots.patch(slot, self._document.project.patch) for slot in self.slots.pair)
        return None if one is None or other is None or one.synth != other.synth else (one, other)
