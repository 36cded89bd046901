"""Listening to some modes of the object alone: what is heard changes, the patch does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from engine.params import IMPACT_SPACE, Patch
from engine.params.impact import LEVEL_FLOOR_DB

if TYPE_CHECKING:
    from app.compose import Session

LEVEL = "mode_level_db"


class Soloing(QObject):
    """One window's soloed modes; the plot of the modes has them, and forgets them with a new patch."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.modes: frozenset[int] = frozenset()
        session.impact.modes.soloed.connect(self._set)
        session.live.part_of = self.part_of

    def part_of(self, patch: Patch) -> Patch:
        """``patch`` with all but the soloed modes silent."""
        if not self.modes or patch.synth != IMPACT_SPACE.name:
            return patch
        levels = patch.values[LEVEL]
        assert isinstance(levels, tuple)
        heard = (level if mode in self.modes else LEVEL_FLOOR_DB for mode, level in enumerate(levels))
        return patch.with_values(**{LEVEL: tuple(heard)})

    def _set(self, modes: frozenset[int]) -> None:
        self.modes = modes
        document = self._s.document
        if document.patch.synth == IMPACT_SPACE.name:
            self._s.live.render(document.patch, strike=bool(modes) and document.selected is None)
            self._s.live_play.renew()
