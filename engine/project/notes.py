"""By which note the live patch is played, and whose note that is: the person's, the patch's, or that of a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.params import Patch
from engine.params.note import NoteSettings


@dataclass(frozen=True, slots=True)
class Notes:
    """``own`` is what the person has set, for every patch. A patch that was matched, or is a take's recipe, ``came``
    with a note; a key or a strike that was ``played`` last is shown and heard over both. With another patch the own
    note is back, or the one that comes with it.
    """

    own: NoteSettings = field(default_factory=NoteSettings)
    came: NoteSettings | None = None
    played: NoteSettings | None = None

    @property
    def now(self) -> NoteSettings:
        """By which the patch is played."""
        return self.played or self.came or self.own

    def turned(self, note: NoteSettings) -> Notes:
        """A hand set it to ``note``: what it changed by that is its own from now on."""
        return self._with({name: value for name, value in note.to_json().items() if value != self.now.to_json()[name]})

    def _with(self, changed: Mapping[str, float]) -> Notes:
        def changed_in(note: NoteSettings) -> NoteSettings:
            return NoteSettings.read({**note.to_json(), **changed}) or note

        return Notes(changed_in(self.own), self.came and changed_in(self.came), self.played and changed_in(self.played))

    def struck(self, note: int, velocity: int, *, chosen: bool) -> Notes:
        """Somebody played that: with how much force is over with the next patch. The key is not if it was ``chosen``,
        as one of a keyboard is: whoever listens to patches goes on with it."""
        notes = self._with({"note": note}) if chosen and note != self.now.note else self
        played = replace(notes.now, note=note, velocity=velocity)
        return replace(notes, played=played if played != (notes.came or notes.own) else None)

    def of(self, came: NoteSettings | None) -> Notes:
        """For another patch, with the note that ``came`` with it."""
        return Notes(self.own, came if came != self.own else None)


PatchNotes = tuple[tuple[Patch, NoteSettings], ...]
"""Patches that came with a note, each with it."""


def note_of(notes: PatchNotes, patch: Patch) -> NoteSettings | None:
    """The note that came with ``patch``, if one did."""
    return next((note for other, note in notes if other is patch or other == patch), None)


def read_note(item: object) -> NoteSettings | None:
    """A note as it stands in a file."""
    return NoteSettings.read(item) if isinstance(item, Mapping) else None
