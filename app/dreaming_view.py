"""What of a tuning is seen and heard: the best so far, a tile, a moment of the search, or the patch before."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.dreaming_sound import EqualLoudness, TileSound
from app.dreaming_tiles import Played, Tiles, played
from app.panels.dream import BEFORE, WANTED, DreamPanel, Key
from app.trying_on import TryingOn
from engine.params import Patch
from engine.studio import Moment, TuneState

if TYPE_CHECKING:
    from app.compose import Session

PREVIEW_S = 1.0
"""So much time lies between two patches that are tried on while a tuning runs."""


class DreamView(QObject):
    """Chooses what is tried on. It knows what was found, and nothing of how."""

    def __init__(self, session: Session, panel: DreamPanel) -> None:
        super().__init__(session)
        self._s, self._panel = session, panel
        self.trial = TryingOn(session)
        self.loudness = EqualLoudness(session)
        self.sound = TileSound(session, self.loudness)
        self.tiles = Tiles(session, panel)
        self.label = ""
        """What the step is called that may come of it."""
        self.state: TuneState | None = None
        self.place = -1
        """The moment of the search that is shown; -1 for none."""
        self.is_original = False
        """Whether the patch before is seen and heard, because somebody wants to."""
        self._shown_at = 0.0
        self._wanted_next = 0
        panel.scrubbed.connect(self.scrub)
        panel.pointed.connect(self.point)
        panel.chosen.connect(self.choose)
        self.trial.returned.connect(self._come_back)
        session.stage.settings_changed.connect(self._follow_map)
        self._follow_map()

    # -- beginning and end -----------------------------------------------------------------------------------------

    def begin(self, synth: str, label: str) -> None:
        """From here on patches of a synth are tried on."""
        # Who listens to a take while it goes on is left with it; at first the instrument is what is looked at.
        self._s.document.select(None)
        self.trial.begin(synth)
        assert self.trial.before is not None
        self.loudness.begin(*self.trial.before)
        self._forget()
        self.tiles.before = None
        self.label = label

    def go_on(self, label: str) -> None:
        """Another search begins at what is shown, which stays until something better comes."""
        before = self.tiles.before
        self._forget()
        self.tiles.before, self.label = before, label

    def end(self, *, revert: bool) -> None:
        """Nothing is tried on any more; with ``revert`` the patch is as it was."""
        self._s.panels[self.trial.synth].marks.show({}, {})
        self.sound.stop()
        if revert:
            self.trial.leave()
        else:
            self.trial.end()
        self.loudness.end()
        self._forget()

    def _forget(self) -> None:
        self.state, self.place, self.is_original = None, -1, False
        self.tiles.clear()

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def moments(self) -> tuple[Moment, ...]:
        return self.state.moments if self.state is not None else ()

    @property
    def follows(self) -> bool:
        """Whether the best so far is tried on, and nothing that somebody chose."""
        return self.tiles.chosen is None and self.place < 0 and not self.is_original

    def proposal(self) -> Played | None:
        """What would be accepted now."""
        if 0 <= self.place < len(self.moments):
            moment = self.moments[self.place]
            return moment.patch, moment.note
        if self.tiles.chosen is not None:
            return self.tiles.chosen
        return played(self.tiles.candidates[0]) if self.tiles.candidates else None

    def take_in(self, state: TuneState, *, is_last: bool = False) -> None:
        """So much is found by now; the last state is shown at once."""
        self.state = state
        self.tiles.show(state.candidates, state.wanted)
        if self.follows and state.candidates and self.trial.can_show:
            best = played(state.candidates[0])
            is_due = is_last or self.trial.shown is None or time.monotonic() - self._shown_at > PREVIEW_S
            if is_due and self.trial.shown != best:
                self.try_on(best)
        self.show_marks()

    # -- choosing --------------------------------------------------------------------------------------------------

    def try_on(self, what: Played) -> None:
        self.is_original = False
        self._shown_at = time.monotonic()
        self.trial.try_on(*what, self.label)
        self.show_chosen()

    def choose(self, key: Key) -> None:
        """Let the knobs show what a tile stands for, and hear it."""
        if not self.trial.is_on:
            return
        if key == WANTED:
            self._play(WANTED)
            return
        self.trial.come_back()
        if key == BEFORE:
            self.show_original(not self.is_original)
        elif isinstance(key, int) and (one := self.tiles.at(key)) is not None:
            self.sound.stop()
            self.tiles.chosen, self.place = played(one), -1
            self._panel.show_place(-1)
            self.try_on(played(one))
            self._s.hear_live()

    def scrub(self, place: int) -> None:
        """Let the knobs show a moment of the search; -1 for what is best, now and as the search goes on."""
        self.trial.come_back()
        self.tiles.chosen = None
        self.place = place if 0 <= place < len(self.moments) else -1
        self.tiles.arrange()
        if not self.trial.is_away and (proposal := self.proposal()) is not None:
            self.try_on(proposal)

    def show_original(self, on: bool) -> None:
        """Hear and see the patch before, or again what is proposed."""
        self.trial.come_back()
        if not self.trial.is_on or self.trial.is_away or on == self.is_original:
            return
        self.sound.stop()
        if on:
            self.is_original = True
            self.trial.show_before()
            self.show_chosen()
        elif (proposal := self.proposal()) is not None:
            self.try_on(proposal)
        else:
            self.is_original = False
            self.show_chosen()
        self._s.hear_live()

    def point(self, key: Key, on: bool) -> None:
        """A pointer is on a tile, or has left it."""
        if not on:
            self.sound.stop()
            self.tiles.arrange_soon()
        elif self._panel.ask.hover.isChecked():
            self._play(key)

    def _play(self, key: Key) -> None:
        if key == WANTED and self.tiles.wanted:
            # One after the other: the prior draws several.
            self.sound.play(self.tiles.wanted[self._wanted_next % len(self.tiles.wanted)])
            self._wanted_next += 1
        elif key == BEFORE and self.tiles.before is not None:
            self.sound.play(self.tiles.before)
        elif isinstance(key, int) and (one := self.tiles.at(key)) is not None:
            self.sound.play(one.audio)

    def _come_back(self) -> None:
        """The instrument is at hand again: on with what was found meanwhile."""
        proposal = self.proposal()
        if self.trial.can_show and proposal is not None and not self.is_original:
            self.try_on(proposal)

    # -- showing ---------------------------------------------------------------------------------------------------

    def show_chosen(self) -> None:
        """Mark the tile that the knobs show, and the knobs."""
        key: Key | None = BEFORE if self.is_original else None
        if key is None and self.place < 0:
            key = self.tiles.place_of(self.trial.shown)
        self._panel.show_chosen(key)
        self.show_marks()

    def show_marks(self) -> None:
        """On the knobs: where each was, or would be, and which way is more like the words."""
        trial, proposal = self.trial, self.proposal()
        if trial.before is None:
            return
        other: Patch | None = trial.before[0] if trial.shown is not None else proposal[0] if proposal else None
        now = self._s.document.patch_of(trial.synth).values
        marks = {} if other is None else {name: v for name, v in other.values.items() if v != now[name]}
        self._s.panels[trial.synth].marks.show(marks, self.state.arrows if self.state is not None else {})

    def _follow_map(self) -> None:
        self._panel.set_map(self._s.stage.spectrogram.map_name)
