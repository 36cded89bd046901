"""The project: everything that is open, as one value. Each edit makes a new one, so undo is a swap of values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.errors import ProjectError
from engine.params import Patch
from engine.params.links import EnvelopeLinks
from engine.params.note import NoteSettings
from engine.project.slots import Slots
from engine.project.take import Take


@dataclass(frozen=True, eq=False)
class Project:
    """The takes in the library's order, the live patch with its note, slots and locks, and which take is selected.

    A ``selection`` of ``None`` means the live patch. ``locked`` are storage names of parameters,
    ``links`` the envelopes that are changed together; those are no content, but undo brings them back.
    """

    takes: tuple[Take, ...] = ()
    patch: Patch = field(default_factory=lambda: Patch("fm"))
    selection: str | None = None
    note: NoteSettings = field(default_factory=NoteSettings)
    slots: Slots = field(default_factory=Slots)
    locked: frozenset[str] = frozenset()
    links: EnvelopeLinks = field(default_factory=EnvelopeLinks)

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

    def with_patch(self, patch: Patch) -> Project:
        return replace(self, patch=patch)

    def with_note(self, note: NoteSettings) -> Project:
        """With the live patch played by that note."""
        return replace(self, note=note)

    def with_true_links(self) -> Project:
        """Without links between envelopes that are not equal (any more); itself when all are."""
        links = self.links.among(self.patch.values, self.locked)
        return self if links is self.links else replace(self, links=links)

    def with_slots(self, slots: Slots) -> Project:
        return replace(self, slots=slots)

    def with_locked(self, locked: frozenset[str]) -> Project:
        """With exactly these parameters protected from presets, words and chance."""
        return replace(self, locked=locked)

    def joined(self, other: Project) -> Project:
        """With the takes of another project that are not in it yet, and the other's patch, note, slots and locks."""
        new = [take for take in other.takes if take.id not in self.ids]
        return replace(self.with_takes(new), patch=other.patch, note=other.note, slots=other.slots, locked=other.locked)

    def same_instrument(self, other: Project) -> bool:
        """Whether the live patch sounds the same in both."""
        return self.patch == other.patch and self.note == other.note

    def same_content(self, other: Project) -> bool:
        """Whether both hold the same takes, patch, note, slots and locks; what is selected is no content."""
        return (
            len(self.takes) == len(other.takes)
            and all(a is b for a, b in zip(self.takes, other.takes, strict=True))
            and self.same_instrument(other)
            and self.slots == other.slots
            and self.locked == other.locked
        )
