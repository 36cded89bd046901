"""What is open and how it came to be: the project, a gesture under way, undo and redo, and who hears of a change.

:mod:`app.document` says what can be done to it.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.params import Patch, words_for
from engine.params.note import NoteSettings
from engine.project.history import History, Outside
from engine.project.notes import Notes
from engine.project.project import Project
from engine.project.take import Take


class DocumentState(QObject):
    """The :class:`Project` with all states that undo and redo would bring back, and what a hand does that is no step
    yet."""

    takes_changed = Signal()
    selection_changed = Signal(object)
    """The selected :class:`Take`, or ``None`` for the live patch."""
    patch_changed = Signal(object, str)
    """The live :class:`Patch` and why it changed: ``turn audition revert set slot synth name undo redo load struck``. A
    hand that turns something makes ``turn``, a whole patch that is only heard ``audition``; ``synth``: another
    instrument is at hand; ``name``: called something else; ``struck``: somebody plays, and hears it already."""
    kept = Signal()
    """What was only heard is a step now: somebody went on from it."""
    leaving = Signal()
    """Another instrument comes to hand: what a hand does, or what is only heard, is about to be kept."""
    note_changed = Signal(object, str)
    """The :class:`NoteSettings` with which the live patch is played, and why they changed, as in ``patch_changed``, or
    ``keys``: somebody plays, and hears it already, or ``preview``: it comes with a patch that follows."""
    slots_changed = Signal()
    locks_changed = Signal()
    links_changed = Signal()
    locks_held = Signal(int)
    """How many values of a whole new patch were not taken over because they are locked."""
    held_changed = Signal(bool)
    """Whether a gesture is under way, or a patch is only being heard; told when all else of it was told."""
    history_changed = Signal()
    changed = Signal()
    """Anything of the project became another, what is selected included; told after all else of it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._history = History(Project())
        self._live: Patch | None = None
        self._live_notes: Notes | None = None
        self._heard, self._turned = "", frozenset[str]()
        self._is_offer = False
        self._was_held = False
        self._n_steps_when_held = 0

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def project(self) -> Project:
        """The project as the last step left it, without a gesture that is still under way."""
        return self._history.present

    @property
    def takes(self) -> tuple[Take, ...]:
        return self.project.takes

    @property
    def patch(self) -> Patch:
        """The live patch, a gesture under way included."""
        return self._live if self._live is not None else self.project.patch

    def patch_of(self, synth: str) -> Patch:
        """The live patch, or the last one, of a synth."""
        return self.patch if self.patch.synth == synth else self.project.patch_of(synth)

    @property
    def note(self) -> NoteSettings:
        """The note with which the live patch is played, a gesture under way included."""
        return self.notes.now

    @property
    def notes(self) -> Notes:
        """The same, and whose note it is."""
        return self._live_notes if self._live_notes is not None else self.project.notes

    @property
    def selected(self) -> Take | None:
        """The selected take, or ``None``: the live patch."""
        return self.project.selected

    @property
    def is_held(self) -> bool:
        """Whether a hand is in a gesture, or hears a patch that it has not taken."""
        return self._live is not None or self._live_notes is not None

    @property
    def history(self) -> History:
        """The project with all states that undo and redo would bring back."""
        return self._history

    @property
    def undo_label(self) -> str | None:
        """The newest step, or ``None``."""
        return self._history.undo_label

    @property
    def under_way(self) -> str | None:
        """What undo takes back before the newest step: a gesture, or what is only heard."""
        if not self._reverts:
            return None
        return self._heard or (words_for(self._turned, self.patch.synth) if self._turned else "The change under way")

    @property
    def redo_label(self) -> str | None:
        return self._history.redo_label

    # -- back and forth --------------------------------------------------------------------------------------------

    def revert(self) -> None:
        """End a gesture as if it had not been."""
        had_patch, note = self._live is not None, self.note
        self._drop_live()
        if self.note != note:
            self.note_changed.emit(self.note, "revert")
        if had_patch:
            self.patch_changed.emit(self.patch, "revert")
        self._tell_held_state()

    def undo(self) -> None:
        """Take the last step back; a gesture under way counts as one, unless something was done outside meanwhile."""
        if self._reverts:
            self.revert()
            return
        if not self._is_changing:
            self._drop_live()
        outside = self._history.past[-1].outside if self._history.past else None
        self._become(self._history.undo(), "undo")
        if outside is not None:
            outside.back()

    @property
    def _is_changing(self) -> bool:
        return self.patch != self.project.patch or self.note != self.project.note

    @property
    def _reverts(self) -> bool:
        """Whether undo takes back a gesture under way."""
        past = self._history.past
        is_newest = len(past) <= self._n_steps_when_held or past[-1].outside is None
        return self._is_changing and is_newest

    def redo(self) -> None:
        self.revert()
        future = self._history.future
        self._become(self._history.redo(), "redo")
        if future and future[-1].outside is not None:
            future[-1].outside.again()

    def add_outside(self, label: str, outside: Outside) -> None:
        """Something was done that is no part of the project: one undo step. A gesture under way goes on."""
        self._become(self._history.commit(label, self.project, outside=outside), "")

    def take_back(self, outside: Outside) -> None:
        """Take back what was done outside, whatever was done after it."""
        if any(step.outside is outside for step in self._history.past):
            self._become(self._history.pulled(outside), "")
            outside.back()

    def forget(self, outside: Outside) -> None:
        """What was done outside can be neither taken back nor done again."""
        self._become(self._history.without(outside), "")

    # -- inside ----------------------------------------------------------------------------------------------------

    def _commit(self, label: str, project: Project, merge: str | None = None) -> None:
        self._become(self._history.commit(label, project, merge=merge), "")

    def _drop_live(self) -> None:
        self._live, self._live_notes, self._heard, self._turned = None, None, "", frozenset()
        self._is_offer = False

    def _become(self, history: History, why: str, *, live_known: bool = False, fresh: bool = False) -> None:
        """Swap the history and tell exactly what changed by it."""
        before, old = self._history.present, self._history
        now = history.present.with_true_links()
        self._history = history = history if now is history.present else history.amend(now)
        if fresh or before.takes != now.takes:
            self.takes_changed.emit()
        if fresh or before.selection != now.selection:
            self.selection_changed.emit(now.selected)
        if fresh or (before.locks, before.locked) != (now.locks, now.locked):
            self.locks_changed.emit()
        if fresh or before.links != now.links:
            self.links_changed.emit()
        if fresh or before.slots != now.slots:
            self.slots_changed.emit()
        # The note first: whoever hears of a patch plays it at once.
        if self._live_notes is None and not live_known and (fresh or before.note != now.note):
            self.note_changed.emit(self.note, why)
        says_so = why in ("set", "slot") and before.note == now.note
        if self._live is None and not live_known and (fresh or before.patch != now.patch or says_so):
            self.patch_changed.emit(self.patch, why)
        if fresh or old.past is not history.past or old.future is not history.future:
            self.history_changed.emit()
        self.changed.emit()
        self._tell_held_state()

    def _tell_held_state(self) -> None:
        if self.is_held != self._was_held:
            self._was_held = self.is_held
            self._n_steps_when_held = len(self._history.past)
            self.held_changed.emit(self._was_held)
