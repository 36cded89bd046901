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

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog

from app.drop_in import SOUND_SUFFIXES
from app.match_drops import WORDS, TakeDrops, is_one_sound
from app.match_kept import DiscardedMatch
from app.panels.match_bar import MatchBar
from app.panels.paged import PagedPanel
from engine.params import FM_SPACE, Patch
from engine.params.note import NoteSettings
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
        self.bars = {synth: MatchBar() for synth in session.panels}
        self.synth = FM_SPACE.name
        """Of the instrument that a match is for."""
        self.job: int | None = None
        self.take: Take | None = None
        self.candidates: tuple[Candidate, ...] = ()
        self._before: tuple[Patch, NoteSettings] | None = None
        self._shown: Candidate | None = None
        self._result = ""
        """What the strip says of what was found."""
        self._shown_at = 0.0
        self._is_mine = False
        self._is_away = False
        """Whether the other instrument is at hand."""
        self._return = QTimer(self, singleShot=True, interval=0)
        self._return.timeout.connect(self._come_back)
        self._awaited: tuple[Path, str | None] | None = None
        self._step, self._is_fresh = 0, False
        """Counts the matches, what one of them adds to the history being one step; whether one is about to begin."""
        self._before_hush: bool | None = None
        self._discarded: DiscardedMatch | None = None
        self.files: QFileDialog | None = None
        self.seconds: float | None = None
        """How long a match takes; ``None`` for as long as the instrument usually needs."""
        self._escapes: list[QShortcut] = []
        for synth, panel in session.panels.items():
            self._take_in(synth, panel)
        session.window.installEventFilter(self)
        self._connect()
        self._refresh()

    def _take_in(self, synth: str, panel: PagedPanel) -> None:
        """A panel onto which sounds can be dropped."""
        bar = self.bars[synth]
        panel.add_notice(bar)
        bar.set_low(panel.low)
        panel.low_changed.connect(bar.set_low)
        TakeDrops(panel, partial(self._dropped, synth), self)
        self._s.drops.add_zone(panel, lambda paths: self.match_paths(paths, synth), WORDS, is_one_sound)
        panel.match_requested.connect(partial(self.ask, synth))
        bar.accepted.connect(self.accept)
        bar.ended.connect(self.discard)
        bar.compared.connect(self.compare)
        bar.chosen.connect(self.choose)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), panel, enabled=False)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.discard)
        self._escapes.append(escape)

    @property
    def bar(self) -> MatchBar:
        """The strip of the instrument that is matched, or was last."""
        return self.bars[self.synth]

    @property
    def is_on(self) -> bool:
        """Whether a match runs or waits to be decided."""
        return self.take is not None

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
        s = self._s
        s.actions.bind("sound.match", self.match_stage)
        s.actions.bind("sound.match_file", self.ask)
        s.document.file.loaded.connect(lambda _: self._forget_discarded())
        s.opening.settled.connect(self._opened)
        s.document.selection_changed.connect(self._selected)
        s.document.patch_changed.connect(self._patch_changed)
        s.document.leaving.connect(self._leaving)

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
        self._forget_discarded()
        if not self._is_fresh:
            self._next_step()
        self._is_fresh = False
        s.document.settle()
        s.document.use_synth(synth or s.document.patch.synth)
        self.synth = s.document.patch.synth
        s.document.select(take.id)
        s.window.panel(self.synth).show()
        s.instruments.bring_up(self.synth)
        self.take, self.candidates, self._shown = take, (), None
        self._before = (s.document.patch, s.document.note)
        self._result = "The best that was found so far"
        self.bar.begin(take.name)
        self._enable_escape(True)
        self._s.impact.tries_only = self.synth == self._s.impact.space.name
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
        is_watched = (self._shown is None or self._s.document.selected is None) and not self._is_away
        if best is not None and is_watched and self._is_worth_it(best):
            self._try_on(self.candidates[0])

    def _is_worth_it(self, distance_db: float) -> bool:
        if self._shown is None:
            return True
        is_nearer = distance_db < WORTH * self._shown.distance_db
        return is_nearer and time.monotonic() - self._shown_at > PREVIEW_S

    def _try_on(self, candidate: Candidate) -> None:
        """Make a candidate the live patch, heard but not committed."""
        document = self._s.document
        document.use_synth(self.synth)
        self._shown, self._shown_at = candidate, time.monotonic()
        self._is_mine = True
        try:
            document.audition_patch(candidate.patch, note=candidate.note, label=self._label)
        finally:
            self._is_mine = False

    def _done(self, job: int, result: MatchResult) -> None:
        if job != self.job:
            return
        self.job = None
        self.candidates = result.candidates
        best = result.candidates[0].distance_db
        self._result = f"{best:.1f} dB away; the nearest preset: {result.preset_db:.1f} dB"
        self.bar.show_result(self._result, self._distances())
        if self.bar.end.hasFocus():
            # That button now throws away what was found: the key that stopped the search shall not.
            self.bar.accept.setFocus(Qt.FocusReason.OtherFocusReason)
        if (self._s.document.selected is None or self._shown is None) and not self._is_away:
            self._try_on(self.candidates[0])
        if result.notice:
            self._s.messages.info(result.notice)

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
        kept = self._to_keep()
        self._leave()
        if kept is not None:
            self._forget_discarded()
            self._discarded = kept
            self._s.document.add_outside(kept.label, kept)
            self._s.messages.info(kept.sentence, "Bring back", lambda: self._s.document.take_back(kept))

    def _to_keep(self) -> DiscardedMatch | None:
        if self.take is None or not self.candidates:
            return None
        place = self.candidates.index(self._chosen())
        synth = self.candidates[0].patch.synth
        return DiscardedMatch(self.take, synth, self.candidates, place, self._result, self._bring_back)

    def _leave(self) -> None:
        """End the match, if there is one, and go back to the patch as it was."""
        before, take, is_away = self._before, self.take, self._is_away
        self._end()
        if take is None or before is None or is_away:
            return
        document = self._s.document
        document.revert()
        if (document.project.patch, document.project.note) != before:
            document.load_patch(before[0], "Discard the match", note=before[1])

    def _bring_back(self, kept: DiscardedMatch) -> None:
        """Show what was found once more, to be accepted or discarded again."""
        document = self._s.document
        self._forget_discarded()
        if kept.take.id not in document.project.ids:
            self._s.messages.info(f"“{kept.take.name}”, which was matched, is not in the library any more.")
            return
        self._s.dreaming.discard()
        document.settle()
        document.use_synth(kept.synth)
        self.synth = kept.synth
        self._s.window.panel(self.synth).show()
        self._s.instruments.bring_up(self.synth)
        self.take, self.candidates, self._shown = kept.take, kept.candidates, None
        self._before = (document.patch, document.note)
        self._result = kept.words
        self.bar.begin(kept.take.name)
        self.bar.show_result(kept.words, self._distances())
        self.bar.choices.button(kept.place).setChecked(True)
        self.bar.show_compared(False)
        self._enable_escape(True)
        self._s.impact.tries_only = self.synth == self._s.impact.space.name
        self.bar.accept.setFocus(Qt.FocusReason.OtherFocusReason)
        self._try_on(kept.candidates[kept.place])

    def _forget_discarded(self) -> None:
        """What was found before cannot be brought back any more."""
        kept, self._discarded = self._discarded, None
        if kept is not None:
            self._s.messages.withdraw(kept.sentence)
            self._s.document.forget(kept)

    def _chosen(self) -> Candidate:
        place = self.bar.choices.checkedId()
        return self.candidates[place if 0 <= place < len(self.candidates) else 0]

    def _end(self) -> None:
        """Stop what runs and put the strip away; the patch stays as it is."""
        job, self.job = self.job, None
        self.take, self._before, self._is_away = None, None, False
        self._return.stop()
        self._s.impact.tries_only = False
        if job is not None:
            self._s.studio.cancel(job)
        self._enable_escape(False)
        if self.bar.isAncestorOf(self._s.app.focusWidget() or self._s.window):
            self._s.stage.setFocus(Qt.FocusReason.OtherFocusReason)
        self.bar.hide()

    def _enable_escape(self, on: bool) -> None:
        for escape in self._escapes:
            escape.setEnabled(on)

    # -- what else happens -----------------------------------------------------------------------------------------

    def _patch_changed(self, patch: Patch, why: str) -> None:
        if not self.is_on or self._is_mine:
            return
        if patch.synth != self.synth and why != "load":
            self._is_away = True
            return
        if self._is_away and self._before is not None and patch == self._before[0]:
            # Later: whoever else follows the patch has not heard of this one yet.
            self._is_away = False
            self._return.start()
            return
        is_done, was_heard = self.job is None, self._shown is not None
        self._end()
        if not was_heard:
            self._s.messages.info("The match ended with your turn, before anything was found.")
        elif is_done:
            self._s.messages.info("Your turn goes on from what was found; undo goes back past both.")
        else:
            self._s.messages.info("The match ended with your turn, at the best so far; undo goes back past both.")

    def _leaving(self) -> None:
        """What is tried on is nobody's choice yet: it is not kept when the other instrument comes to hand."""
        if self.is_on and not self._is_away and self._s.document.is_held:
            self._is_mine = True
            try:
                self._s.document.revert()
            finally:
                self._is_mine = False
            self._shown = None

    def _come_back(self) -> None:
        """The instrument is at hand again: on with what was found meanwhile."""
        if self.is_on and not self._is_away and self.candidates and self._s.document.selected is None:
            self._try_on(self._chosen())

    def _selected(self, take: Take | None) -> None:
        if self.is_on:
            self.bar.show_compared(take is not None)
        self._refresh()

    def _refresh(self) -> None:
        self._s.actions.enable("sound.match", self._s.document.selected is not None, "Choose a take first")

    def _hush(self, on: bool) -> None:
        """A dialog takes the window's keys and buttons away: nobody could stop what the match plays of its own accord,
        so it is silent until the dialog has gone. The search goes on."""
        live = self._s.live
        if on and self.is_on and self._before_hush is None:
            self._before_hush, live.strikes = live.strikes, False
            self._s.player.stop()
        elif not on and self._before_hush is not None:
            live.strikes, self._before_hush = self._before_hush, None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.WindowBlocked, QEvent.Type.WindowUnblocked):
            self._hush(event.type() == QEvent.Type.WindowBlocked)
        return False

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
