"""Fitting an instrument to a sound: from a drop, a take or a selection to a patch that the person accepts.

The target is always a take, so that it can be heard beside what is found. While the match runs, the best so far is the
live patch, heard but not committed; accepting makes it one step, discarding goes back, and undo brings what was found
back to choose from. A hand that turns a knob, or anything else that changes the patch, ends the match and keeps what is
there. Strikes on the object only let it be heard; and while the other instrument is at hand, the match goes on alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QWidget

from app.drop_in import SOUND_SUFFIXES
from app.kept_proposal import Keeper
from app.match_drops import WORDS, TakeDrops, is_one_sound
from app.match_kept import MatchFound
from app.matching_loudness import MatchLoudness
from app.panels.match_bar import MatchBar
from app.panels.paged import PagedPanel
from app.trying_on import TryingOn
from engine.params import FM_SPACE
from engine.project.take import Take
from engine.studio import Candidate, MatchResult

if TYPE_CHECKING:
    from app.compose import Session

PREVIEW_S = 1.0
"""So much time lies between two patches that are tried on while a match runs."""
WORTH = 0.98
"""A patch is tried on when its distance is at most so many times that of the last one."""


class Matching(QObject):
    """One window's matches, one at a time."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        # Without a parent it would be a window of its own until it has its place.
        self.bar = MatchBar(session.window)
        self.synth = FM_SPACE.name
        """Of the instrument that a match is for."""
        self.job: int | None = None
        self.take: Take | None = None
        self.candidates: tuple[Candidate, ...] = ()
        self.trial = TryingOn(session)
        self.loudness = MatchLoudness(session)
        self.keeper = Keeper(session, self._bring_back)
        self._tried: Candidate | None = None
        self._result = ""
        """What the strip says of what was found, besides how far it is away."""
        self._shown_at = 0.0
        self._awaited: tuple[Path, str | None] | None = None
        self._step, self._is_fresh = 0, False
        """Counts the matches, what one of them adds to the history being one step; whether one is about to begin."""
        self.files: QFileDialog | None = None
        self.seconds: float | None = None
        """How long a match takes; ``None`` for as long as the instrument usually needs."""
        self._escapes: list[QShortcut] = []
        for synth, panel in session.panels.items():
            self._take_in(synth, panel)
        self._connect()
        self._refresh()

    def _take_in(self, synth: str, panel: PagedPanel) -> None:
        """A panel onto which sounds can be dropped."""
        TakeDrops(panel, partial(self._dropped, synth), self)
        self._s.drops.add_zone(panel, lambda paths: self.match_paths(paths, synth), WORDS, is_one_sound)
        panel.match_requested.connect(partial(self.ask, synth))
        self._escape_from(panel)

    def _escape_from(self, widget: QWidget) -> None:
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), widget, enabled=False)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.discard)
        self._escapes.append(escape)

    @property
    def is_on(self) -> bool:
        """Whether a match runs or waits to be decided."""
        return self.take is not None

    @property
    def _shown(self) -> Candidate | None:
        """The candidate that is tried on."""
        return self._tried if self.trial.shown is not None else None

    @property
    def _label(self) -> str:
        return f"Match “{self.take.name}”" if self.take is not None else "Match"

    @property
    def _merge(self) -> str:
        """The take that was made to be matched and what is accepted then are one step of undo."""
        return f"match {self._step}"

    def _next_step(self) -> str:
        self._step, self._is_fresh = self._step + 1, True
        return self._merge

    def _connect(self) -> None:
        s, bar = self._s, self.bar
        # Not on the panel: what is struck there has to stay where it is.
        s.window.add_below_stage(bar)
        TakeDrops(bar, lambda take_id: self._dropped(self.synth, take_id), self)
        s.drops.add_zone(bar, lambda paths: self.match_paths(paths, self.synth), WORDS, is_one_sound)
        self._escape_from(bar)
        bar.accepted.connect(self.accept)
        bar.ended.connect(self.discard)
        bar.compared.connect(self.compare)
        bar.chosen.connect(self.choose)
        s.explore.match.changed.connect(self._show_loudness)
        self._show_loudness()
        s.actions.bind("sound.match", self.match_stage)
        s.actions.bind("sound.match_file", self.ask)
        s.opening.settled.connect(self._opened)
        s.document.selection_changed.connect(self._selected)
        self.trial.taken.connect(self._taken)
        self.trial.reverted.connect(self._undone)
        self.trial.returned.connect(self._come_back)

    # -- beginning -------------------------------------------------------------------------------------------------

    def ask(self, synth: str | None = None) -> None:
        """Ask for a recording and match it; see :meth:`match_take`."""
        dialog = self._s.commands.file_dialog("Match a recording", "files/open_folder")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        sounds = " ".join(f"*{suffix}" for suffix in sorted(SOUND_SUFFIXES))
        dialog.setNameFilters([f"Sounds ({sounds})", "All files (*)"])
        dialog.fileSelected.connect(partial(self._file_chosen, synth))
        self.files = dialog
        dialog.open()

    def _file_chosen(self, synth: str | None, name: str) -> None:
        self._s.settings.set("files/open_folder", str(Path(name).parent))
        self.match_paths([Path(name)], synth)

    def match_paths(self, paths: Sequence[Path], synth: str | None = None) -> None:
        """Open the one sound of ``paths`` as a take and match it; see :meth:`match_take`."""
        self._awaited = Path(paths[0]), synth
        self._s.opening.open_sounds([Path(paths[0])], merge=self._next_step())

    def _opened(self) -> None:
        awaited, self._awaited = self._awaited, None
        selected = self._s.document.selected
        if awaited is not None and selected is not None and _is_file(selected.clip.path, awaited[0]):
            self.match_take(selected, awaited[1])

    def match_stage(self, synth: str | None = None) -> None:
        """Match what the stage shows: the selection, which becomes a take, or the whole take."""
        take, selection = self._s.document.selected, self._s.stage.axis.selection
        if take is None:
            return
        if selection is not None:
            clip, name = self._s.part(selection)
            take = Take.of(clip, origin="part", name=name)
            self._s.document.add_take(take, merge=self._next_step())
        self.match_take(take, synth)

    def match_take(self, take: Take, synth: str | None = None) -> None:
        """Match a take of the library with an instrument, or the one at hand; what was being matched is discarded."""
        s = self._s
        self._leave()
        s.dreaming.discard()
        self.keeper.forget()
        if not self._is_fresh:
            self._next_step()
        self._is_fresh = False
        self.synth = synth or s.document.patch.synth
        self.trial.begin(self.synth)
        s.document.select(take.id)
        self.take, self.candidates = take, ()
        self._result = "the best that was found so far"
        self.loudness.begin(take.clip)
        self._begin_bar(take)
        self._enable_escape(True)
        self.bar.end.setFocus(Qt.FocusReason.OtherFocusReason)
        self.job = job = s.studio.match(
            take.clip,
            synth=self.synth,
            current=s.document.patch,
            locked=s.document.locked_in(self.synth),
            seconds=self.seconds,
        )
        # What an earlier match still tells is not for this one.
        s.bridge.watch(
            job,
            note=partial(self._note, job),
            done=partial(self._done, job),
            failed=lambda _error: self._stopped(job),
            cancelled=lambda: self._stopped(job),
        )

    # -- while it runs ---------------------------------------------------------------------------------------------

    def _note(self, job: int, note: Any) -> None:
        if job != self.job:
            return
        best = None
        if note.preview:
            self.candidates = note.preview
            best = self.candidates[0].distance_db
        if note.notice:
            self._s.messages.info(note.notice)
        self.bar.show_progress(note.fraction, note.text, best)
        # While the person listens to the target, it is left in the player.
        is_watched = (self._shown is None or self._s.document.selected is None) and not self.trial.is_away
        if best is not None and is_watched and self._is_worth_it(best):
            self._try_on(self.candidates[0])

    def _is_worth_it(self, distance_db: float) -> bool:
        if self._shown is None:
            return True
        is_nearer = distance_db < WORTH * self._shown.distance_db
        return is_nearer and time.monotonic() - self._shown_at > PREVIEW_S

    def _try_on(self, candidate: Candidate) -> None:
        """Make a candidate the live patch, heard but not committed."""
        self._tried, self._shown_at = candidate, time.monotonic()
        self.trial.try_on(candidate.patch, candidate.note, self._label)

    def _done(self, job: int, result: MatchResult) -> None:
        if job != self.job:
            return
        self.job = None
        self.candidates = result.candidates
        self._result = f"the nearest preset: {result.preset_db:.1f} dB"
        self.bar.show_result(self._result, self._distances())
        self.loudness.measure(self.candidates)
        if self.bar.end.hasFocus():
            # That button now throws away what was found: the key that stopped the search shall not.
            self.bar.accept.setFocus(Qt.FocusReason.OtherFocusReason)
        if (self._s.document.selected is None or self._shown is None) and not self.trial.is_away:
            self._try_on(self.candidates[0])
        if result.notice:
            self._s.messages.info(result.notice)

    def _begin_bar(self, take: Take) -> None:
        self.bar.begin(take.name, self._s.window.panel(self.synth).windowTitle())

    def _show_loudness(self) -> None:
        self.bar.show_equal(self._s.explore.match.is_on)

    def _distances(self) -> list[float]:
        return [candidate.distance_db for candidate in self.candidates]

    def _stopped(self, job: int) -> None:
        """It failed, or somebody stopped it in the list of jobs."""
        if job == self.job:
            self.job = None
            self.discard()

    # -- deciding --------------------------------------------------------------------------------------------------

    def compare(self, is_target: bool) -> None:
        """Play the target, or what was found."""
        if self.take is None:
            return
        if is_target or not self.candidates:
            self._s.document.select(self.take.id)
            self._s.playing.again()
        else:
            wanted = self._chosen()
            if self._shown is not wanted:
                self._try_on(wanted)
            self._s.hear_live()

    def choose(self, place: int) -> None:
        """Try on candidate ``place``, counted from 0, and hear it."""
        if self.is_on and place < len(self.candidates):
            self._try_on(self.candidates[place])
            self._s.hear_live()

    def accept(self) -> None:
        """Take over what was chosen, or the best so far, as one step."""
        if self.take is None or not self.candidates:
            return
        label, wanted = self._label, self._chosen()
        if self._shown is not wanted or self._s.document.selected is not None:
            self._try_on(wanted)
        self._end()
        self._s.document.commit(label, merge=self._merge)

    def discard(self) -> None:
        """End the match and go back to the patch as it was. What was found can be brought back."""
        found = self._found()
        self._leave()
        self._keep(found)

    def _found(self) -> MatchFound | None:
        if self.take is None or not self.candidates:
            return None
        place = self.candidates.index(self._chosen())
        synth = self.candidates[0].patch.synth
        return MatchFound(self.take, synth, self.candidates, place, self._result)

    def _keep(self, found: MatchFound | None, *, is_step: bool = True) -> None:
        if found is not None:
            what = f"the match with “{found.take.name}”"
            self.keeper.keep(f"Discard {what}", f"T{what[1:]} was discarded.", found, is_step=is_step)

    def _leave(self) -> None:
        """End the match, if there is one, and go back to the patch as it was."""
        self._end(revert=True)

    def _bring_back(self, found: MatchFound) -> None:
        """Show what was found once more, to be accepted or discarded again."""
        self.keeper.forget()
        if found.take.id not in self._s.document.project.ids:
            self._s.messages.info(f"“{found.take.name}”, which was matched, is not in the library any more.")
            return
        self._s.dreaming.discard()
        self._leave()
        self.synth = found.synth
        self.trial.begin(self.synth)
        self.take, self.candidates = found.take, found.candidates
        self._result = found.words
        self.loudness.begin(found.take.clip)
        self.loudness.measure(found.candidates)
        self._begin_bar(found.take)
        self.bar.show_result(found.words, self._distances(), found.place)
        self.bar.show_compared(False)
        self._enable_escape(True)
        self.bar.accept.setFocus(Qt.FocusReason.OtherFocusReason)
        self._try_on(found.candidates[found.place])

    def _chosen(self) -> Candidate:
        place = self.bar.choices.checkedId()
        return self.candidates[place if 0 <= place < len(self.candidates) else 0]

    def _end(self, *, revert: bool = False) -> None:
        """Stop what runs and put the strip away; with ``revert`` the patch is as it was."""
        job, self.job = self.job, None
        self.take, self._tried = None, None
        if job is not None:
            self._s.studio.cancel(job)
        if revert:
            self.trial.leave()
        else:
            self.trial.end()
        self.loudness.end()
        self._enable_escape(False)
        if self.bar.isAncestorOf(self._s.app.focusWidget() or self._s.window):
            self._s.stage.setFocus(Qt.FocusReason.OtherFocusReason)
        self.bar.hide()

    def _enable_escape(self, on: bool) -> None:
        for escape in self._escapes:
            escape.setEnabled(on)

    # -- what else happens -----------------------------------------------------------------------------------------

    def _taken(self, was_heard: bool) -> None:
        """A hand goes on from what was there."""
        is_done, found = self.job is None, self._found()
        self._end()
        if was_heard and is_done:
            self._s.messages.info("Your turn goes on from what was found; undo goes back past both.")
        elif was_heard:
            self._s.messages.info("The match ended with your turn, at the best so far; undo goes back past both.")
        elif found is not None:
            self._keep(found, is_step=False)
        else:
            self._s.messages.info("The match ended with your turn, before anything was found.")

    def _undone(self) -> None:
        """No step of its own comes of it: undo goes on with what was done before."""
        found = self._found()
        self._end()
        self._keep(found, is_step=False)

    def _come_back(self) -> None:
        """The instrument is at hand again: on with what was found meanwhile."""
        if self.trial.can_show and self.candidates:
            self._try_on(self._chosen())

    def _selected(self, take: Take | None) -> None:
        if self.is_on:
            self.bar.show_compared(take is not None)
        self._refresh()

    def _refresh(self) -> None:
        self._s.actions.enable("sound.match", self._s.document.selected is not None, "Choose a take first")

    def _dropped(self, synth: str, take_id: str) -> None:
        takes = {take.id: take for take in self._s.document.takes}
        if take_id in takes:
            self.match_take(takes[take_id], synth)
        else:
            self.match_stage(synth)  # a selection was dragged here


def _is_file(path: Path | None, dropped: Path) -> bool:
    """Whether what was dropped is that file, by whatever way it was reached."""
    try:
        return path is not None and (path == dropped or path.samefile(dropped))
    except OSError:
        return False
