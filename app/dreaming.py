"""Words that turn the knobs: from a prompt to a patch that the person accepts.

While a tuning runs, the best so far is the live patch, heard and seen but not committed; whoever chooses a tile, or
goes back along the way of the search, sees and hears that instead (:mod:`app.dreaming_view`). Stopping keeps what was
found as a proposal. Accepting is one step of undo and a take; discarding goes back to the patch before, and undo brings
what was found back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from app.controls.search_line import Point
from app.dreaming_keys import DreamKeys
from app.dreaming_takes import DreamTakes, name_of
from app.dreaming_tiles import Played
from app.dreaming_view import DreamView
from app.kept_proposal import Keeper
from app.message_bar import in_words
from app.panels.dream import DreamPanel
from app.panels.dream_ask import Asked
from app.word_ranges import WordRanges
from engine.audio import Audio
from engine.errors import EngineError
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.studio import PriorEntry, TuneCandidate, TuneRequest, TuneResult, TuneState

if TYPE_CHECKING:
    from app.compose import Session

BRANCH_REACH = 0.5
"""Who branches from a moment wants to stay so near it, unless even nearer is chosen."""
MOST_RECENT = 12
STOPPING, STOPPED_EARLY = "Stopping after this pass", "Stopped before anything was found."


@dataclass(frozen=True)
class Found:
    """All of a tuning that is needed to show it again."""

    asked: Asked
    state: TuneState
    result: TuneResult | None
    chosen: Played | None
    words: str


class Dreaming(QObject):
    """One window's tunings, one at a time."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        # Without a parent it would be a window of its own until it has its place.
        self.panel = DreamPanel(session.window)
        self.view = DreamView(session, self.panel)
        self.takes = DreamTakes(session, self)
        self.job: int | None = None
        self.asked: Asked | None = None
        """What the tuning that is on was asked."""
        self.result: TuneResult | None = None
        self.priors: Mapping[str, PriorEntry] = {}
        """What can draw sounds on this machine, by id."""
        self._words = ""
        self._said_lacking = False
        self._ending: int | None = None
        """The tuning that was stopped but is not over: it still draws."""
        self._step = 0
        """Counts the tunings: what one of them adds to the history is one step."""
        self.keeper = Keeper(session, self._bring_back)
        self.ranges = WordRanges(session)
        self.keys = DreamKeys(session, self)
        self._connect()

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether a tuning runs or waits to be decided."""
        return self.asked is not None

    @property
    def label(self) -> str:
        """What the undo menu calls it."""
        return f"Words “{name_of(self.asked.prompt)}”" if self.asked is not None else "Words"

    @property
    def merge(self) -> str:
        return f"words {self._step}"

    @property
    def candidates(self) -> tuple[TuneCandidate, ...]:
        return self.view.tiles.candidates

    # -- beginning -------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Let the person say what is wanted."""
        if self.panel.isHidden():
            self._s.actions["view.words"].trigger()
        self.panel.ask.prompt.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.panel.ask.prompt.selectAll()

    def toggle(self) -> None:
        """Begin, or stop what runs."""
        self.stop() if self.job is not None else self.dream()

    def dream(self) -> None:
        """Begin as the form says; what was found before is put away and can be brought back."""
        asked = self.panel.ask.asked()
        if not asked.prompt:
            self.ask()
            self.panel.say("Say what it should sound like, or choose an example with the clock.")
            return
        if self.lacks(asked.prior, is_to_tune=True):
            return
        self._s.matching.discard()
        before = self.view.trial.before
        is_same = before is not None and before[0].synth == asked.synth and not self.view.trial.is_away
        start = before[0] if is_same and before is not None else self._s.document.patch_of(asked.synth)
        found = self._found()
        if (job := self._submit(asked, start)) is None:
            return
        self._leave()
        self._keep(found)
        self._step += 1
        self.asked = asked
        self.view.begin(asked.synth, self.label)
        self.view.tiles.before = self._sound_before()
        self._watch(job)

    def branch(self) -> None:
        """Search again, beginning at what is shown, and stay near it."""
        self.view.trial.come_back()
        here, found = self.view.proposal(), self._found()
        if here is None or self.asked is None:
            return
        form = self.panel.ask.asked()
        near = min(form.reach, BRANCH_REACH)
        asked = replace(form, synth=self.view.trial.synth, prompt=form.prompt or self.asked.prompt, reach=near)
        if (job := self._submit(asked, *here)) is None:
            return
        self._cancel()
        self._keep(found, "Branch from")
        self.asked = asked
        self.view.go_on(self.label)
        self._watch(job)

    def _submit(self, asked: Asked, start: Patch, note: NoteSettings | None = None) -> int | None:
        """The job, or ``None`` for what was refused at the door, which is said."""
        request = TuneRequest(
            prompt=asked.prompt,
            synth=asked.synth,
            negative=asked.negative,
            guidance=asked.guidance,
            start=start,
            start_note=note,
            reach=asked.reach,
            locked=self._s.document.locked_in(asked.synth),
            narrowed=self.ranges.of(asked.synth),
            seed=asked.seed,
            seconds=asked.seconds,
            prior=asked.prior,
            name=name_of(asked.prompt),
        )
        try:
            return self._s.studio.tune(request)
        except EngineError as error:
            self.panel.say(str(error), is_error=True)
            self.panel.ask.prompt.setFocus(Qt.FocusReason.OtherFocusReason)
            return None

    def _watch(self, job: int) -> None:
        assert self.asked is not None
        self.job, self.result = job, None
        self._remember(self.asked.prompt)
        self._open(is_running=True)
        self._say("Waiting")
        self._s.bridge.watch(
            job,
            note=partial(self._note, job),
            done=partial(self._done, job),
            failed=partial(self._failed, job),
            cancelled=lambda: self._stopped(job),
        )

    def _open(self, *, is_running: bool) -> None:
        self.panel.clear()
        self.panel.open_up()
        if self.panel.isHidden():
            self._s.actions["view.words"].trigger()
        self.panel.ask.show_running(is_running)
        self.view.tiles.paint()
        self.keys.refresh()

    def _sound_before(self) -> Audio | None:
        """How the patch before sounds, if it is known."""
        latest, before = self._s.live.latest, self.view.trial.before
        return latest.audio if latest is not None and before is not None and latest.patch == before[0] else None

    def _remember(self, prompt: str) -> None:
        recent = [prompt, *(words for words in self._recent() if words != prompt)][:MOST_RECENT]
        self._s.settings.set("words/recent", recent)
        self.panel.ask.show_recent(recent)

    def _recent(self) -> list[str]:
        return [words for words in self._s.settings.get("words/recent") if isinstance(words, str)]

    # -- what can be asked -----------------------------------------------------------------------------------------

    def look_for_priors(self) -> None:
        """See which nets there are to draw sounds."""
        job = self._s.studio.priors()
        self._s.jobs.keep_quiet_about(job)
        self._s.bridge.watch(job, done=self._show_priors)

    def _show_priors(self, entries: Sequence[PriorEntry]) -> None:
        self.priors = {entry.id: entry for entry in entries}
        self.panel.ask.show_priors({entry.id: entry.title for entry in entries})
        self._follow_prior()

    def _follow_prior(self) -> None:
        """Another prior is chosen: what it lacks is said before anybody waits for it."""
        entry = self.priors.get(str(self.panel.ask.prior.currentData()))
        if entry is None:
            return
        self.panel.ask.show_longest(entry.longest_s)
        lacking = entry.missing or entry.missing_to_tune
        is_said = lacking == self.panel.words.text()
        if not self.is_on and not is_said and (lacking or self._said_lacking):
            self.panel.say(lacking)
        self._said_lacking = bool(lacking)

    def lacks(self, prior: str, *, is_to_tune: bool) -> bool:
        """Whether that prior cannot do it, which is said; whoever has got what was missing can go on the next time."""
        entry = self.priors.get(prior)
        lacking = "" if entry is None else entry.missing_to_tune if is_to_tune else entry.missing
        if lacking:
            self.panel.say(lacking, is_error=True)
            self.look_for_priors()
        return bool(lacking)

    # -- while it runs ---------------------------------------------------------------------------------------------

    def _note(self, job: int, note: Any) -> None:
        if job != self.job:
            return
        if isinstance(note.preview, TuneState):
            self._take_in(note.preview)
        if note.notice:
            self._s.messages.info(note.notice)
        share = "" if note.fraction is None else f" · {100 * note.fraction:.0f} %"
        state = self.view.state
        grows = state is not None and 0 < state.bank_size < state.bank_full
        known = f" · {state.bank_size} of {state.bank_full} sounds known" if state is not None and grows else ""
        self._say(f"{note.text or 'Starting'}{share}{known}")

    def _take_in(self, state: TuneState, *, is_last: bool = False) -> None:
        had_some = bool(self.candidates)
        self.view.take_in(state, is_last=is_last)
        points = [Point(m.seconds, m.loss, m.score, m.stage) for m in state.moments]
        reached_s = points[-1].seconds if points else 0.0
        # Room for what is to come, but not so much that the beginning cannot be seen.
        span_s = reached_s if is_last or self.asked is None else min(self.asked.seconds, 2.0 * reached_s + 2.0)
        self.panel.show_way(points, span_s)
        self.panel.show_place(self.view.place)
        if bool(self.candidates) != had_some:
            self.keys.refresh()

    def _done(self, job: int, result: TuneResult) -> None:
        if job != self.job:
            self._stopped(job)
            return
        self.job, self.result = None, result
        bank = self.view.state.bank_full if self.view.state is not None else 0
        last = TuneState(result.candidates, result.moments, result.wanted, result.arrows, bank, bank, result.licence)
        self._take_in(last, is_last=True)
        found = f"Fits by {result.candidates[0].score:.2f}" if result.candidates else "Nothing was found"
        start = f"; your patch by {result.start_score:.2f}" if result.start_score is not None else ""
        self._rest(f"{found}{start}")
        if result.notice:
            self._s.messages.info(result.notice)

    def stop(self, *, is_over: bool = False) -> None:
        """End the search and keep the best so far as a proposal. A large net first comes to the end of its pass."""
        if self.job is None:
            return
        self._ending = None if is_over else self.job
        self._cancel()
        if self.view.state is None or not self.candidates:
            self._leave()
            self.panel.say(STOPPED_EARLY if is_over else STOPPING)
            return
        self._take_in(self.view.state, is_last=True)
        self._rest(self._stopped_words() if is_over else self._stopping_words())

    def _stopped_words(self) -> str:
        return f"Stopped; the best so far fits by {self.candidates[0].score:.2f}"

    def _stopping_words(self) -> str:
        return f"Stopping after this pass; the best so far fits by {self.candidates[0].score:.2f}"

    def _rest(self, words: str) -> None:
        """Nothing runs any more: what was found waits to be decided."""
        had_focus = self.panel.ask.dream.hasFocus()
        self.panel.ask.show_running(False)
        self._say(words)
        if had_focus:
            # That button now begins anew: the key that stopped the search shall not.
            self.panel.accept.setFocus(Qt.FocusReason.OtherFocusReason)
        self.keys.refresh()

    def _failed(self, job: int, error: Exception) -> None:
        if job != self.job:
            self._stopped(job)
            return
        self.job = None
        if self.candidates:
            self._rest(self._stopped_words())
        else:
            self._leave()
        self.panel.say(in_words(error), is_error=True)

    def _stopped(self, job: int) -> None:
        """Somebody stopped it in the list of jobs."""
        if job == self._ending:
            self._ending = None
            if self.candidates and self.job is None and self._words == self._stopping_words():
                self._say(self._stopped_words())
            elif self.panel.words.text() == STOPPING:
                self.panel.say(STOPPED_EARLY)
        elif job == self.job:
            self.stop(is_over=True)

    def _cancel(self) -> None:
        job, self.job = self.job, None
        if job is not None:
            self._s.studio.cancel(job)

    def _say(self, words: str) -> None:
        self._words = words
        self.panel.say(words)

    # -- deciding --------------------------------------------------------------------------------------------------

    def accept(self) -> None:
        """Take over what is shown as one step, and keep its sound as a take."""
        self.view.trial.come_back()
        proposal, trial = self.view.proposal(), self.view.trial
        if self.asked is None or proposal is None or trial.is_away:
            return
        self._cancel()
        if trial.shown != proposal or self._s.document.selected is not None:
            self.view.try_on(proposal)
        self.takes.accept()

    def finish(self) -> None:
        """What was accepted is about to be in the document: put everything away."""
        self._end()

    def discard(self) -> None:
        """End it and go back to the patch as it was. What was found can be brought back."""
        found = self._found()
        self._leave()
        self._keep(found)

    def _found(self) -> Found | None:
        state = self.view.state
        if self.asked is None or state is None or not self.candidates:
            return None
        words = self._words if self.job is None and self._ending is None else self._stopped_words()
        return Found(self.asked, state, self.result, self.view.proposal(), words)

    def _keep(self, found: Found | None, deed: str = "Discard", *, is_step: bool = True) -> None:
        if found is not None:
            what = f"“{name_of(found.asked.prompt)}”"
            was = "was discarded" if deed == "Discard" else "is kept as it was"
            self.keeper.keep(f"{deed} {what}", f"What was found for {what} {was}.", found, is_step=is_step)

    def _bring_back(self, found: Found) -> None:
        """Show what was found once more, to be accepted or discarded again. What is on takes its place."""
        self._s.matching.discard()
        other = self._found()
        self._leave()
        self._keep(other, is_step=False)
        self._step += 1
        self.asked, self.result = found.asked, found.result
        self.view.begin(found.asked.synth, self.label)
        self.view.tiles.before = self._sound_before()
        self.view.tiles.chosen = found.chosen
        self._open(is_running=False)
        self._take_in(found.state, is_last=True)
        if found.chosen is not None:
            self.view.try_on(found.chosen)
        self._rest(found.words)
        self.panel.accept.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave(self) -> None:
        """End it, if it is on, and go back to the patch as it was."""
        self._end(revert=True)

    def _end(self, *, revert: bool = False) -> None:
        """Stop what runs and put everything away."""
        self._cancel()
        if not self.is_on:
            return
        self.asked = self.result = None
        focus = self._s.app.focusWidget()
        if isinstance(focus, QWidget) and (self.panel.body.isAncestorOf(focus) or self.panel.foot.isAncestorOf(focus)):
            self._s.stage.setFocus(Qt.FocusReason.OtherFocusReason)
        self.view.end(revert=revert)
        self.panel.ask.show_running(False)
        self.panel.close_up()
        self.keys.refresh()

    # -- what else happens -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        s, panel = self._s, self.panel
        panel.ask.dream_wanted.connect(self.dream)
        panel.ask.stop_wanted.connect(self.stop)
        panel.ask.imagine_wanted.connect(self.takes.imagine)
        panel.ask.synth_chosen.connect(self._take_up)
        panel.ask.prior.activated.connect(lambda _: self._follow_prior())
        panel.ask.changed.connect(lambda: s.settings.set("words/form", panel.ask.state()))
        panel.accepted.connect(self.accept)
        panel.discarded.connect(self.discard)
        panel.branched.connect(self.branch)
        self.view.trial.taken.connect(self._taken)
        self.view.trial.reverted.connect(self._undone)
        s.document.patch_changed.connect(lambda patch, _why: panel.ask.show_synth(patch.synth))
        panel.ask.restore(s.settings.get("words/form"))
        panel.ask.show_recent(self._recent())
        panel.ask.show_synth(s.document.patch.synth)

    def _take_up(self, synth: str) -> None:
        """Another instrument's knobs are to be turned."""
        self._s.document.use_synth(synth)
        self._s.window.panel(synth).show()
        self._s.instruments.bring_up(synth)

    def _taken(self, was_shown: bool) -> None:
        """A hand goes on from what was there."""
        is_done, found = self.job is None, self._found()
        self._end()
        if was_shown:
            what = "what was found" if is_done else "the best so far"
            self._s.messages.info(f"Your turn goes on from {what}; undo goes back past both.")
        else:
            self._keep(found, is_step=False)

    def _undone(self) -> None:
        """No step of its own comes of it: undo goes on with what was done before."""
        found = self._found()
        self._end()
        self._keep(found, is_step=False)
