"""The candidates of a tuning in their places, each with its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

from app.panels.dream import BEFORE, N_TILES, WANTED, DreamPanel, Shown
from app.sound_pictures import picture_steps
from app.tile_order import places
from engine.audio import Audio
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.studio import TuneCandidate

if TYPE_CHECKING:
    from app.compose import Session

Played = tuple[Patch, NoteSettings]
STAGES = {"bank": "a known sound", "evolved": "evolved", "refined": "refined by gradient"}


def played(candidate: TuneCandidate) -> Played:
    """What tells one candidate from another, whenever it is told of."""
    return candidate.patch, candidate.note


class Tiles(QObject):
    """Keeps candidates where they are while somebody points at them, and asks for their pictures."""

    def __init__(self, session: Session, panel: DreamPanel) -> None:
        super().__init__(session)
        self._s, self._panel = session, panel
        self.candidates: tuple[TuneCandidate, ...] = ()
        """Best first."""
        self.wanted: tuple[Audio, ...] = ()
        self.before: Audio | None = None
        self.chosen: Played | None = None
        """What somebody chose; nobody else's tile takes its place."""
        self._known: dict[Played, TuneCandidate] = {}
        self._order: list[Played] = []
        self._pictures: dict[int, tuple[Audio, NDArray[np.uint8] | None]] = {}
        """By the identity of the sound, which is kept with it."""
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self.arrange)
        self._sounds: dict[Played, Audio] = {}
        """The sound whose picture a candidate has: who is told of it again need not draw it again."""

    def clear(self) -> None:
        """Of another search nothing stays."""
        self.candidates, self.wanted, self.before, self.chosen = (), (), None, None
        for known in (self._known, self._order, self._pictures, self._sounds):
            known.clear()

    def show(self, candidates: Sequence[TuneCandidate], wanted: Sequence[Audio]) -> None:
        """What is found by now, best first."""
        self.candidates = tuple(candidates)[:N_TILES]
        if len(wanted) != len(self.wanted):
            self.wanted = tuple(wanted)
        kept = self._known.get(self.chosen) if self.chosen is not None else None
        self._known = {played(candidate): candidate for candidate in self.candidates}
        if kept is not None:
            self._known.setdefault(played(kept), kept)
        self.arrange()

    def arrange(self) -> None:
        """Put everything in its place and show it."""
        found = [played(candidate) for candidate in self.candidates]
        chosen = self.chosen if self.chosen in self._known else None
        self._order = places(self._order, found, held=self._panel.is_pointed_at, kept=chosen)[:N_TILES]
        self._sounds = {key: self._sounds.get(key, self._known[key].audio) for key in self._order}
        in_use = {id(audio) for audio in (*self._sounds.values(), *self.wanted[:1], self.before)}
        self._pictures = {key: kept for key, kept in self._pictures.items() if key in in_use}
        self.paint()

    def arrange_soon(self) -> None:
        """Whoever pointed at a tile may be on the next one in a moment."""
        self._later.start()

    def paint(self) -> None:
        shown: list[Shown | None] = []
        for key in self._order:
            one = self._known[key]
            shown.append(Shown(one.score, STAGES.get(one.stage, one.stage), self._picture_of(self._sounds[key])))
        self._panel.show_candidates(shown)
        if self.before is not None:
            words = "Your patch as it was: point to hear it, click to see it (F3)"
            self._panel.show_other(BEFORE, self._picture_of(self.before), "Before", words)
        if self.wanted:
            words = f"What the prior draws for the words, {len(self.wanted)} of them: point to hear one"
            self._panel.show_other(WANTED, self._picture_of(self.wanted[0]), "Prior", words)

    def at(self, place: int) -> TuneCandidate | None:
        """The candidate on a tile."""
        return self._known[self._order[place]] if 0 <= place < len(self._order) else None

    def place_of(self, key: Played | None) -> int | None:
        """On which tile it is."""
        return self._order.index(key) if key is not None and key in self._order else None

    def _picture_of(self, audio: Audio) -> NDArray[np.uint8] | None:
        known = self._pictures.get(id(audio))
        if known is not None:
            return known[1]
        self._pictures[id(audio)] = (audio, None)

        def done(levels: NDArray[np.uint8]) -> None:
            # Another search may have begun.
            if id(audio) in self._pictures:
                self._pictures[id(audio)] = (audio, levels)
                self.paint()

        self._s.submit(
            lambda: picture_steps(audio), title="Drawing a sound", done=done, failed=lambda _error: None, quiet=True
        )
        return None
