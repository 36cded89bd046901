"""The open project as the window sees it: a Qt face on the :class:`Project` value with undo and redo.

Widgets read its properties, call its methods and listen to its signals; they never talk to each other about what is
open. Every change is one swap of a value, so nothing here takes time; :mod:`app.project_file` saves and opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject

from app.document_state import DocumentState
from app.project_file import ProjectFile
from app.submit import Submit, run_here
from engine.params import SPACES, Patch, words_for
from engine.params.links import EnvelopeLinks
from engine.params.note import NoteSettings
from engine.params.vary import with_locks
from engine.project.history import Outside
from engine.project.notes import Notes
from engine.project.project import Project
from engine.project.slots import Slots
from engine.project.take import Take


class Document(DocumentState):
    """The takes, the live patch, the selection and the way back and forth between all their states.

    A gesture on the patch calls :meth:`audition` as often as it likes and ends with :meth:`commit` (one undo step) or
    :meth:`revert`. What is selected is no step of its own.
    """

    def __init__(self, parent: QObject | None = None, *, submit: Submit = run_here) -> None:
        super().__init__(parent)
        self.file = ProjectFile(self, submit)

    # -- the live patch --------------------------------------------------------------------------------------------

    def audition(self, name: str, value: float | tuple[float, ...]) -> None:
        """Turn one parameter without a step; shows the live patch. Raises ``PatchError`` for what the synth refuses."""
        self.audition_values({name: value})

    def audition_values(self, values: Mapping[str, float | tuple[float, ...]], why: str = "turn") -> None:
        """Turn several parameters with one hand, as :meth:`audition` turns one; they are heard together.

        What belongs to a linked envelope is turned on all envelopes of its group, except for what is locked there.
        """
        self.settle(turned=False)
        turned = self._turned | set(values)
        self._hear(self.patch.with_values(**self.links.spread(values, self.locked)), why, turned=turned)

    def audition_patch(
        self, patch: Patch, *, note: NoteSettings | None = None, label: str = "", is_offer: bool = False
    ) -> None:
        """Hear a whole patch without a step, until :meth:`commit`, :meth:`revert` or :meth:`settle`.

        What is locked stays. It is played by the note that comes along, or else by the person's own. ``label`` names
        the step that it may become. An offer was made by the program: it becomes a step only by a hand on it.
        """
        self.settle(heard=False)
        self._hear_notes(self.notes.of(note), "preview")
        self._hear(self.keep_locked(patch), "audition", heard=label or f"Load “{patch.name}”")
        self._is_offer = is_offer

    def hear(self, patch: Patch) -> None:
        """Hear a whole patch in a gesture, as :meth:`audition` does one value. What is locked stays as it is."""
        self.settle(heard=False)
        self._hear(self.keep_locked(patch))

    def settle(self, *, turned: bool = True, heard: bool = True, offers: bool = True) -> None:
        """Keep what a hand still turns, or a patch that was only heard, as a step: before what is no part of it."""
        if turned and self._turned:
            self.commit(words_for(self._turned, self.patch.synth))
        elif heard and self._heard and self.is_held and (offers or not self._is_offer):
            self.commit(self._heard)
            self.kept.emit()

    def settle_own(self) -> None:
        """The same for what a hand did by itself: what is only offered stays an offer, which nobody has accepted."""
        self.settle(offers=False)

    def _hear(self, patch: Patch, why: str = "turn", *, turned: frozenset[str] = frozenset(), heard: str = "") -> None:
        self._heard, self._turned, self._is_offer = heard, turned, False
        self.select(None)
        if patch != self.patch:
            self._live = patch
            self.patch_changed.emit(patch, why)
        self._tell_held_state()

    def _hear_notes(self, notes: Notes, why: str) -> None:
        before = self.note
        if notes != self.notes:
            self._live_notes = notes
        if notes.now != before:
            self.note_changed.emit(notes.now, why)

    def commit(self, label: str, *, merge: str | None = None) -> None:
        """End a gesture: one undo step, or none when the patch is what it was. Same ``merge`` keys become one step."""
        project = self.project.with_patch(self.patch).with_notes(self.notes)
        self._drop_live()
        if not project.same_instrument(self.project):
            self._become(self._history.commit(label, project, merge=merge), "", live_known=True)
        self._tell_held_state()

    def set_patch(self, patch: Patch, label: str, *, merge: str | None = None) -> None:
        """Make ``patch``, which is the live one with some changes, the live one and show it: one undo step.

        What is locked stays as it is; so does the note.
        """
        self.settle(heard=False)
        notes = self._settled_notes
        if patch.synth != self.patch.synth:
            notes = notes.of(self.project.note_of(self.project.patch_of(patch.synth)))
        self._set_patch(patch, notes, label, merge)

    def load_patch(self, patch: Patch, label: str, *, note: NoteSettings | None = None) -> None:
        """Make another patch the live one and show it: one undo step (a preset, a take's recipe, a fresh start).

        What is locked stays as it is. It is played by the note that comes along, or else by the person's own.
        """
        self.settle(heard=False)
        self._set_patch(patch, self._settled_notes.of(note), label)

    @property
    def _settled_notes(self) -> Notes:
        """Without what a hand does that is no step yet; with the key that was played on what is only heard."""
        return self.notes if self._heard else self.project.notes

    def _set_patch(self, patch: Patch, notes: Notes, label: str, merge: str | None = None) -> None:
        wanted, patch = patch, self.keep_locked(patch)
        known = patch == self.patch and notes.now == self.note
        self._drop_live()
        # What comes from elsewhere is between no two slots.
        slots = replace(self.project.slots, position=None)
        project = self.project.with_patch(patch).with_notes(notes).with_slots(slots).select(None)
        if project.same_instrument(self.project):
            self._become(self._history.amend(project), "set", live_known=known)
        else:
            self._become(self._history.commit(label, project, merge=merge), "set", live_known=known)
        self._tell_held(wanted, patch)

    def use_synth(self, synth: str) -> None:
        """Make the last patch of a synth the live one; no undo step. What a hand does with the other one is kept."""
        if synth == self.patch.synth:
            return
        self.leaving.emit()
        self.settle()
        slots = replace(self.project.slots, position=None)
        self._become(self._history.amend(self.project.using(synth).with_slots(slots)), "synth")

    def call_patch(self, name: str, label: str, outside: Outside | None = None) -> None:
        """Give the live patch another name: one undo step with what was done ``outside``, or none when it has it.

        It sounds as it did.
        """
        self.settle(turned=False)
        if name == self.patch.name:
            if outside is not None:
                self.add_outside(label, outside)
            return
        if self._live is not None:
            self._live = replace(self._live, name=name)
        project = self.project.with_patch(replace(self.project.patch, name=name))
        history = self._history.commit(label, project, outside=outside)
        self._become(history, "name", live_known=self._live is not None)
        if self._live is not None:
            self.patch_changed.emit(self._live, "name")

    # -- the note that plays it ------------------------------------------------------------------------------------

    def audition_note(self, note: NoteSettings) -> None:
        """Hear the live patch with another note, without a step; ends as :meth:`audition` does."""
        self.settle(turned=False)
        self.select(None)
        self._hear_notes(self.notes.turned(note), "turn")
        self._tell_held_state()

    def set_note(self, note: NoteSettings, label: str, *, merge: str | None = None) -> None:
        """Play the live patch with this note from now on: one undo step, or none when it is the same."""
        self.settle(turned=False)
        if note != self.project.note:
            self._become(self._history.commit(label, self.project.with_note(note).select(None), merge=merge), "set")

    def follow_key(self, note: int, velocity: int, merge: str = "keys") -> None:
        """Somebody plays: the live patch is shown with that key. Keys one after the other are one step, as is all with
        one ``merge`` key. How hard it was played goes with the patch: other patches are heard as the person has set it.

        While a take is shown, playing along to it changes nothing; a patch that is only heard is kept or taken back
        with the key.
        """
        if self.selected is not None:
            return
        is_key = merge == "keys"
        if self._heard:
            # Who only listens to a patch has not taken it; the key goes where the patch goes.
            self._hear_notes(self.notes.struck(note, velocity, chosen=is_key), "keys")
            self._tell_held_state()
            return
        notes = self.project.notes.struck(note, velocity, chosen=is_key)
        if notes.now != self.project.note:
            label = "Play a key" if is_key else "Strike place"
            self._become(self._history.commit(label, self.project.with_notes(notes), merge=merge), "keys")

    # -- slots -----------------------------------------------------------------------------------------------------

    @property
    def slots(self) -> Slots:
        """Versions of the live patch; see :mod:`app.slots` for what can be done with them."""
        return self.project.slots

    def set_slots(self, slots: Slots, label: str, *, patch: Patch | None = None, merge: str | None = None) -> None:
        """Another state of the slots, and with ``patch`` another live one: one undo step. What is locked stays."""
        project = self.project.with_slots(slots)
        if patch is None:
            if project.slots != self.project.slots:
                self._commit(label, project, merge)
            return
        wanted, patch = patch, self.keep_locked(patch)
        known = patch == self.patch and self._live is not None
        self._drop_live()
        is_other = patch != self.project.patch and slots.position is None
        if is_other:
            # Each slot has the note that came with its patch.
            project = project.with_notes(project.notes.of(self.project.note_of(wanted)))
        project = project.with_patch(patch).select(None)
        is_step = project.slots != self.project.slots or patch != self.project.patch
        history = self._history.commit(label, project, merge=merge) if is_step else self._history.amend(project)
        self._become(history, "slot", live_known=known)
        self._tell_held(wanted, patch)

    # -- locks -----------------------------------------------------------------------------------------------------

    @property
    def locked(self) -> frozenset[str]:
        """Storage names of what presets, slots, words and chance leave alone in the live synth; a hand still turns
        it."""
        return self.project.locked

    def locked_in(self, synth: str) -> frozenset[str]:
        """Storage names of what is locked of a synth, live or not."""
        return self.project.locked_in(synth)

    def set_locked(self, names: Iterable[str], on: bool = True, label: str = "") -> None:
        """Lock or unlock some parameters of the live synth: one undo step, or none when they are."""
        names = self._known(names)
        label = label or f"{'Lock' if on else 'Unlock'} {words_for(names, self.patch.synth)}"
        self.replace_locks(self.locked | names if on else self.locked - names, label)

    def replace_locks(self, names: Iterable[str], label: str = "Unlock all") -> None:
        """Lock exactly these of the live synth; names that it does not have are left out. One undo step, or none when
        they are."""
        locked = self._known(names)
        if locked != self.locked:
            self._commit(label, self.project.with_locked(self.patch.synth, locked))

    def _known(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if name in SPACES[self.patch.synth])

    def keep_locked(self, patch: Patch) -> Patch:
        """``patch`` with the present values of what is locked of its synth."""
        return with_locks(self.patch_of(patch.synth), patch, self.locked_in(patch.synth))

    def _tell_held(self, wanted: Patch, patch: Patch) -> None:
        if held := sum(patch.values[name] != value for name, value in wanted.values.items()):
            self.locks_held.emit(held)

    # -- links -----------------------------------------------------------------------------------------------------

    @property
    def links(self) -> EnvelopeLinks:
        """Which envelopes are changed together. Those that another patch makes different are linked no more."""
        return self.project.links

    def set_links(self, links: EnvelopeLinks, label: str = "", values: Mapping[str, float] | None = None) -> None:
        """Link these envelopes and with ``values`` make them equal: one undo step with a ``label``, else none."""
        self.settle()
        self._drop_live()
        patch = self.project.patch.with_values(**(values or {}))
        if links == self.links and patch == self.project.patch:
            return
        project = replace(self.project, links=links, patch=patch)
        history = self._history.commit(label, project) if label else self._history.amend(project)
        self._become(history, "set" if patch != self.project.patch else "")

    # -- takes -----------------------------------------------------------------------------------------------------

    def add_take(self, take: Take, label: str | None = None, *, merge: str | None = None) -> None:
        """Put a take at the end of the library and select it: one undo step."""
        self.add_takes((take,), label or f"Add “{take.name}”", merge=merge)

    def add_takes(self, takes: Iterable[Take], label: str, *, merge: str | None = None, select: bool = True) -> None:
        """Put several takes into the library as one undo step and select the first of them."""
        takes = tuple(takes)
        if takes:
            project = self.project.with_takes(takes)
            self._commit(label, project.select(takes[0].id) if select else project, merge)

    def remove_take(self, take_id: str) -> None:
        """Take one out of the library; its file stays. One undo step."""
        self._commit(f"Remove “{self.project.find(take_id).name}”", self.project.without(take_id))

    def rename_take(self, take_id: str, name: str) -> None:
        """Call a take something else: one undo step, or none when the name is the same or empty."""
        old = self.project.find(take_id).name
        if name.strip() and " ".join(name.split()) != old:
            self._commit(f"Rename “{old}”", self.project.renamed(take_id, name))

    def select(self, take_id: str | None) -> None:
        """Select a take, or the live patch for ``None``; no undo step."""
        if take_id != self.project.selection:
            self._become(self._history.amend(self.project.select(take_id)), "")

    # -- another project -------------------------------------------------------------------------------------------

    def start_over(self, project: Project) -> None:
        """Something else is open now: of what was done before, only what is no part of a project can be undone."""
        self._drop_live()
        self._become(self._history.moved_to(project), "load", fresh=True)

    def join(self, project: Project, label: str) -> None:
        """Add the takes of another project and take over its patch: one undo step."""
        self._drop_live()
        self._become(self._history.commit(label, self.project.joined(project)), "set")
