"""The actions of slots and chance, and the bar that shows them in an instrument's panel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.actions import BY_ID, shortcut_text
from app.explore import MUTATE, RANDOMISE, Explore
from app.live_sound import DEFAULT_RATE
from app.loudness_match import LoudnessMatch
from app.panels.explore_bar import ExploreBar
from app.slots import SlotDesk
from engine.params import Patch
from engine.project.slots import NAMES

if TYPE_CHECKING:
    from app.compose import Session

_KEYS = {"toggle": "slot.toggle", "match": "slot.match", "mutate": "chance.mutate", "randomise": "chance.randomise"}


class ExploreCommands(QObject):
    """Slots, loudness match and chance of one window."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = s = session
        document = s.document

        def rate() -> int:
            return s.player.sample_rate or DEFAULT_RATE

        self.desk = SlotDesk(document)
        self.match = LoudnessMatch(
            self.desk, s.live, s.studio, s.bridge, lambda: (document.project.patch, document.note), rate
        )
        self.explore = Explore(document, s.studio, s.bridge, s.settings, rate)
        for quiet in (self.match.submitted, self.explore.submitted):
            quiet.connect(s.jobs.keep_quiet_about)
        self.explore.message.connect(s.messages.info)
        self.explore.changed.connect(self._refresh)
        self.match.set_on(s.settings.get("explore/match"))
        self.match.changed.connect(self._refresh)
        document.patch_changed.connect(self.match.on_patch)
        document.patch_changed.connect(self._on_patch)
        self._bind()
        self._refresh()

    def make_bar(self) -> ExploreBar:
        """The tools as a widget for a panel."""
        names = {letter.lower(): f"slot.{letter.lower()}" for letter in NAMES} | _KEYS
        keys = {name: shortcut_text(BY_ID[action_id]) for name, action_id in names.items()}
        return ExploreBar(self._s.document, self.desk, self.match, self.explore, keys)

    def close(self) -> None:
        """Start nothing more."""
        self.match.close()
        self.explore.close()

    def _on_patch(self, _patch: Patch, why: str) -> None:
        """Another instrument has other sections."""
        if why != "turn":
            self.explore.changed.emit()

    def _bind(self) -> None:
        bind = self._s.actions.bind
        bind("slot.toggle", self.desk.toggle)
        for slot, letter in enumerate(NAMES):
            bind(f"slot.{letter.lower()}", partial(self.desk.go, slot))
        bind("slot.match", self.match.set_on)
        bind("chance.mutate", partial(self.explore.press, MUTATE.name))
        bind("chance.randomise", partial(self.explore.press, RANDOMISE.name))
        bind("chance.repeat", self.explore.repeat)

    def _refresh(self) -> None:
        self._s.actions.enable("chance.repeat", self.explore.newest is not None)
        self._s.actions["slot.match"].setChecked(self.match.is_on)
        self._s.settings.set("explore/match", self.match.is_on)
