"""Slots at equal loudness: each is measured in the background and played at a gain; no patch is changed by it.

The gain is taken up when another slot (or a place between two) or another patch is, and stays while a hand works there,
so that turning something up is heard as such. :func:`engine.audio.level.matching_gains_db` says how far things are
turned down.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.bridge import Bridge
from app.live_sound import LiveSound
from app.slots import SlotDesk
from engine.audio.level import Level, matching_gains_db
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.studio import Studio

SETTLED_MS = 200
"""How long nothing has to change before what changed is measured."""
LONGEST_S = 10.0
"""Of longer notes so much is measured."""
REMEMBERED = 64
REPLACED = ("set", "load", "undo", "redo")
"""Why a patch changes other than by a hand's own gesture, as in ``Document.patch_changed``."""

Played = tuple[Patch, NoteSettings]


class LoudnessMatch(QObject):
    """Sets the gain of the live sound. ``submitted`` tells of jobs that nobody asked for."""

    changed = Signal()
    """Whether it is on, or the gain."""
    submitted = Signal(int)

    def __init__(
        self,
        desk: SlotDesk,
        live: LiveSound,
        studio: Studio,
        bridge: Bridge,
        played: Callable[[], Played],
        rate: Callable[[], int],
    ) -> None:
        super().__init__(desk)
        self._desk, self._live, self._studio, self._bridge = desk, live, studio, bridge
        self._played, self._rate = played, rate
        self._on = True
        self._levels: OrderedDict[Played, Level] = OrderedDict()
        self._asked: set[Played] = set()
        self._where: tuple[object, ...] = self._place()
        self._owed = False
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self.measure)
        desk.changed.connect(self._on_change)
        desk.about_to_morph.connect(self._on_morph)
        desk.went.connect(self._on_went)

    def on_patch(self, _patch: Patch, why: str) -> None:
        """The patch changed: a whole other one is measured anew, and its slot plays at what comes of it."""
        if why in REPLACED:
            self._owed = True
            self._settled.start()

    @property
    def is_on(self) -> bool:
        return self._on

    @property
    def gain_db(self) -> float:
        """What is applied to the live sound now."""
        return self._live.gain_db

    @property
    def is_matching(self) -> bool:
        """Whether there are at least two slots to compare."""
        return self._on and len(self._patches()) > 1

    def set_on(self, on: bool) -> None:
        if on != self._on:
            self._on = on
            self._aim(self._where, at_once=True)
            self.changed.emit()

    def close(self) -> None:
        """Measure nothing more."""
        self._on = False
        self._settled.stop()

    def measure(self) -> None:
        """Measure every slot whose loudness is not known."""
        if not self.is_matching:
            if self._owed:
                self._aim(self._where, at_once=True)
            return
        note = self._played()[1]
        for patch in self._patches().values():
            key = (patch, note)
            if key not in self._levels and key not in self._asked:
                self._asked.add(key)
                self._ask(key)
        if self._owed and not self._asked:
            self._aim(self._where, at_once=True)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _place(self) -> tuple[object, ...]:
        slots = self._desk.slots
        return (slots.current,) if slots.position is None else (*slots.pair, slots.position)

    def _patches(self) -> dict[int, Patch]:
        return self._desk.slots.patches(self._played()[0])

    def _on_change(self) -> None:
        self._settled.start()

    def _on_went(self) -> None:
        """The slots have changed; the patch that comes of it is about to be told."""
        place = self._place()
        if place != self._where and place != (None,):
            self._where = place
            self._aim(place)
        self.changed.emit()

    def _on_morph(self, one: int, other: int, share: float) -> None:
        self._where = (one, other, share)
        self._aim(self._where)

    def _gain_db(self, place: tuple[Any, ...]) -> float | None:
        """The gain of a place; ``None`` while a slot has not been measured."""
        patches = self._patches()
        if not self._on or len(patches) < 2:
            return 0.0
        note = self._played()[1]
        if any((patch, note) not in self._levels for patch in patches.values()):
            return None
        gains = matching_gains_db({slot: self._levels[patch, note] for slot, patch in patches.items()})
        if len(place) == 1:
            return gains.get(place[0], 0.0)
        one, other, share = place
        return gains.get(one, 0.0) * (1.0 - share) + gains.get(other, 0.0) * share

    def _aim(self, place: tuple[Any, ...], *, at_once: bool = False) -> None:
        gain_db = self._gain_db(place)
        self._owed = gain_db is None
        if gain_db is None:
            self.measure()
        elif gain_db != self._live.gain_db:
            if at_once:
                self._live.set_gain(gain_db)
            else:
                self._live.gain_db = gain_db
            self.changed.emit()

    def _ask(self, key: Played) -> None:
        patch, note = key
        job = self._studio.trials.measure(
            patch,
            note=note.note,
            velocity=note.velocity,
            hold_s=min(note.hold_s, LONGEST_S),
            duration_s=min(note.duration_s, LONGEST_S),
            sample_rate=self._rate(),
        )
        self.submitted.emit(job)
        self._bridge.watch(
            job,
            done=lambda level: self._on_measured(key, level),
            failed=lambda _error: self._asked.discard(key),
            cancelled=lambda: self._asked.discard(key),
        )

    def _on_measured(self, key: Played, level: Level) -> None:
        self._asked.discard(key)
        self._levels[key] = level
        while len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)
        if self._owed:
            self._aim(self._where, at_once=True)
