"""The project: everything that is open, as one value. Each edit makes a new one, so undo is a swap of values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from engine.errors import ProjectError
from engine.params import FM_SPACE, SPACES, Patch
from engine.params.links import EnvelopeLinks
from engine.params.note import NoteSettings
from engine.params.starts import STARTS
from engine.project.notes import Notes, PatchNotes, note_of
from engine.project.slots import Slots
from engine.project.take import Take


@cache
def start_patch(synth: str) -> Patch:
    """With what an instrument begins."""
    return Patch(synth, STARTS.get(synth, {}))


@dataclass(frozen=True, eq=False)
class Project:
    """The takes in the library's order, the live patch with its note, slots and locks, and which take is selected.

    A ``selection`` of ``None`` means the live patch. ``parked`` are the last patches of the synths that are not live;
    which one is live is no content. ``locks`` are synths with storage names of their parameters, ``links`` the
    envelopes that are changed together; those are no content either, but undo brings them back. ``patch_notes`` are the
    notes that came with patches which are parked or in a slot.
    """

    takes: tuple[Take, ...] = ()
    patch: Patch = field(default_factory=lambda: start_patch(FM_SPACE.name))
    selection: str | None = None
    notes: Notes = field(default_factory=Notes)
    slots: Slots = field(default_factory=Slots)
    locks: frozenset[tuple[str, str]] = frozenset()
    links: EnvelopeLinks = field(default_factory=EnvelopeLinks)
    parked: tuple[Patch, ...] = ()
    patch_notes: PatchNotes = ()

    def find(self, take_id: str) -> Take:
        """The take with that id; raises :class:`ProjectError` when there is none."""
        for take in self.takes:
            if take.id == take_id:
                return take
        raise ProjectError(f"The project has no take with the id {take_id!r}.")

    @property
    def selected(self) -> Take | None:
        """The selected take, or ``None`` when the live patch is what is looked at."""
        return None if self.selection is None else self.find(self.selection)

    @property
    def note(self) -> NoteSettings:
        """By which the live patch is played."""
        return self.notes.now

    @property
    def ids(self) -> list[str]:
        return [take.id for take in self.takes]

    def with_takes(self, takes: Iterable[Take]) -> Project:
        """With more takes at the end; raises :class:`ProjectError` when one is there already."""
        added = tuple(takes)
        ids = [*self.ids, *(take.id for take in added)]
        if len(set(ids)) != len(ids):
            raise ProjectError("A take can be in the project only once.")
        return replace(self, takes=(*self.takes, *added))

    def with_take(self, take: Take) -> Project:
        return self.with_takes((take,))

    def without(self, take_id: str) -> Project:
        """With that take removed; if it was selected, its neighbour below (or above, or the live patch) is."""
        index = self.takes.index(self.find(take_id))
        rest = (*self.takes[:index], *self.takes[index + 1 :])
        selection = self.selection
        if selection == take_id:
            selection = rest[min(index, len(rest) - 1)].id if rest else None
        return replace(self, takes=rest, selection=selection)

    def renamed(self, take_id: str, name: str) -> Project:
        """With that take called ``name``; raises :class:`ProjectError` for an empty name."""
        name = " ".join(name.split())
        if not name:
            raise ProjectError("A take needs a name with at least one visible character.")
        old = self.find(take_id)
        return replace(self, takes=tuple(old.renamed(name) if take is old else take for take in self.takes))

    def select(self, take_id: str | None) -> Project:
        """With that take selected, or the live patch for ``None``."""
        if take_id is not None:
            self.find(take_id)
        return replace(self, selection=take_id)

    def patch_of(self, synth: str) -> Patch:
        """The live patch, or the last one, of a synth."""
        if self.patch.synth == synth:
            return self.patch
        return next((patch for patch in self.parked if patch.synth == synth), start_patch(synth))

    @property
    def patches(self) -> tuple[Patch, ...]:
        """The last patch of every synth."""
        return tuple(self.patch_of(synth) for synth in SPACES)

    @property
    def is_fresh(self) -> bool:
        """Whether every instrument is as it begins."""
        return all(patch == start_patch(patch.synth) for patch in self.patches)

    def with_patch(self, patch: Patch) -> Project:
        """With that live patch; where it is of another synth, the one before is parked with the note that came with
        it."""
        if patch.synth == self.patch.synth:
            return replace(self, patch=patch)
        others = (other for other in self.parked if other.synth != patch.synth)
        parked = replace(self, patch=patch, parked=(*others, self.patch), notes=self.notes.of(self.note_of(patch)))
        return parked._with_notes_of(self)

    def using(self, synth: str) -> Project:
        """With the last patch of a synth live; itself when it is."""
        return self if synth == self.patch.synth else self.with_patch(self.patch_of(synth))

    def with_note(self, note: NoteSettings) -> Project:
        """With the live patch played by that note, set by hand."""
        return replace(self, notes=self.notes.turned(note))

    def with_notes(self, notes: Notes) -> Project:
        return replace(self, notes=notes)

    def note_of(self, patch: Patch) -> NoteSettings | None:
        """The note that came with the live patch, a parked one or one of a slot."""
        return note_of(self._notes_known, patch)

    @property
    def _notes_known(self) -> PatchNotes:
        came = self.notes.came
        return self.patch_notes if came is None else ((self.patch, came), *self.patch_notes)

    def _with_notes_of(self, before: Project) -> Project:
        """With the notes that are known ``before`` of patches that are parked or in a slot now."""
        if not before._notes_known:
            return self
        kept = (*self.parked, *self.slots.left, *self.slots.stored)
        return replace(self, patch_notes=tuple(known for known in before._notes_known if known[0] in kept))

    def with_true_links(self) -> Project:
        """Without links between envelopes that are not equal (any more); itself when all are."""
        links = self.links.among(self.patch_of(FM_SPACE.name).values, self.locked_in(FM_SPACE.name))
        return self if links is self.links else replace(self, links=links)

    def with_slots(self, slots: Slots) -> Project:
        return replace(self, slots=slots)._with_notes_of(self)

    @property
    def locked(self) -> frozenset[str]:
        """Storage names of what is locked of the live synth."""
        return self.locked_in(self.patch.synth)

    def locked_in(self, synth: str) -> frozenset[str]:
        """Storage names of what is locked of a synth."""
        return frozenset(name for locked, name in self.locks if locked == synth)

    def with_locked(self, synth: str, names: Iterable[str]) -> Project:
        """With exactly these parameters of a synth protected from presets, words and chance; what it does not have is
        left out."""
        others = {lock for lock in self.locks if lock[0] != synth}
        return replace(self, locks=frozenset(others | {(synth, name) for name in names if name in SPACES[synth]}))

    def joined(self, other: Project) -> Project:
        """With the takes of another project that are not in it yet, and the other's patches, note, slots and locks."""
        joined = self.with_takes([take for take in other.takes if take.id not in self.ids])
        for patch in (*other.parked, other.patch):
            joined = joined.with_patch(patch)
        notes, slots, locks = other.notes, other.slots, other.locks
        return replace(joined, notes=notes, slots=slots, locks=locks, patch_notes=other.patch_notes)

    def same_instrument(self, other: Project) -> bool:
        """Whether every instrument sounds the same in both."""
        return self.patches == other.patches and self.note == other.note

    def same_content(self, other: Project) -> bool:
        """Whether both hold the same takes, patches, note, slots and locks; what is selected or live is no content."""
        return (
            len(self.takes) == len(other.takes)
            and all(a is b for a, b in zip(self.takes, other.takes, strict=True))
            and self.same_instrument(other)
            and self.slots == other.slots
            and self.locks == other.locks
        )
