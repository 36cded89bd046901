"""Slots at equal loudness: each is measured in the background and played at a gain; no patch is changed by it.

The gain is taken up when another slot (or a place between two) or another patch is, and stays while a hand works there,
so that turning something up is heard as such. :func:`engine.audio.level.matching_gains_db` says how far things are
turned down. Between two slots some places are measured as well: what lies between two sounds of -20 LUFS may have -30.
Another patch that comes into a slot is measured in the very sound that is about to be played.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.bridge import Bridge
from app.live_sound import LiveSound
from app.slots import SlotDesk
from engine.audio import Audio
from engine.audio.level import AUDIBLE_LUFS, Level, matching_gains_db
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.params.vary import morph
from engine.studio import Studio

SETTLED_MS = 200
"""How long nothing has to change before what changed is measured."""
LONGEST_S = 10.0
"""Of longer notes so much is measured."""
MOST_RISE_DB = 3.0
"""So much higher than the ends a place between them may peak at its gain: it must not clip where they do not."""
REMEMBERED = 128
REPLACED = ("set", "load", "undo", "redo", "synth")
"""Why a patch changes other than by a hand's own gesture, as in ``Document.patch_changed``."""
MIDDLE = 0.5
PLACES = (0.125, 0.25, MIDDLE - 1e-6, MIDDLE, 0.75, 0.875)
"""Where the way between two slots is measured; in the middle everything switches that does not glide. Over 14 pairs of
factory presets the loudness was then within 1.0 dB (median of the worst places; 2.6 dB at most) of a straight line from
place to place; from end to end it was 3.0 dB off (8.8 dB at most)."""

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
        self._known_way: tuple[Patch, Patch, list[Patch]] | None = None
        self._before_db: float | None = None
        """The gain before patches were heard that are not taken yet."""
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self.measure)
        desk.changed.connect(self._on_change)
        desk.about_to_morph.connect(self._on_morph)
        desk.went.connect(self._on_went)
        live.rendered.connect(self._on_rendered)

    def on_patch(self, patch: Patch, why: str) -> None:
        """The patch changed: a whole other one is measured anew, and its slot plays at what comes of it."""
        if why == "audition":
            if self._before_db is None:
                self._before_db = self._live.gain_db
            self._foresee(patch)
            return
        before_db, self._before_db = self._before_db, None
        if why == "revert" and before_db is not None and before_db != self._live.gain_db:
            self._live.gain_db = before_db
            self.changed.emit()
        elif why in REPLACED:
            self._owed = True
            self._settled.start()
            self._foresee(patch)

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
            self._pay()
            return
        note = self._played()[1]
        for patch in (*self._patches().values(), *self._way(*self._desk.slots.pair)):
            key = (patch, note)
            if key not in self._levels and key not in self._asked:
                self._asked.add(key)
                self._ask(key)
        if not self._asked:
            self._pay()

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
        return self._gain_between(gains, note, *place)

    def _gain_between(self, gains: dict[int, float], note: NoteSettings, one: int, other: int, share: float) -> float:
        """What makes a place on the way as loud as the ends are, where the way has been measured; between the gains of
        the ends until then. Nothing on the way peaks much higher by it than the higher one of the ends."""
        straight_db = gains.get(one, 0.0) * (1.0 - share) + gains.get(other, 0.0) * share
        patches = self._patches()
        way = [patches.get(one), *self._way(one, other), patches.get(other)]
        levels = [self._levels.get((patch, note)) for patch in way if patch is not None]
        known = [level for level in levels if level is not None and level.lufs > AUDIBLE_LUFS]
        if len(known) < len(PLACES) + 2:
            return straight_db
        shares = (0.0, *PLACES, 1.0)
        ends_db = [known[end].lufs + gains.get(slot, 0.0) for end, slot in ((0, one), (-1, other))]
        top_db = max(known[end].peak_db + gains.get(slot, 0.0) for end, slot in ((0, one), (-1, other)))
        wanted_db = ends_db[0] * (1.0 - share) + ends_db[1] * share
        gain_db = wanted_db - _at(share, shares, [level.lufs for level in known])
        return min(
            gain_db, max(top_db + MOST_RISE_DB - _at(share, shares, [level.peak_db for level in known]), straight_db)
        )

    def _way(self, one: int, other: int) -> list[Patch]:
        """Some patches on the way between two slots; none while one of them is empty."""
        patches = self._patches()
        ends = patches.get(one), patches.get(other)
        if ends[0] is None or ends[1] is None or ends[0].synth != ends[1].synth:
            return []
        if self._known_way is None or self._known_way[0] is not ends[0] or self._known_way[1] is not ends[1]:
            self._known_way = (*ends, [morph(ends[0], ends[1], share) for share in PLACES])
        return self._known_way[2]

    def _foresee(self, patch: Patch) -> None:
        """``patch`` is about to be rendered for the slot in use: it plays at its gain from its first frame, if all
        other slots have been measured."""
        current = self._desk.slots.current
        others = {slot: other for slot, other in self._desk.slots.patches(patch).items() if slot != current}
        note = self._played()[1]
        levels = {slot: self._levels.get((other, note)) for slot, other in others.items()}
        known = {slot: level for slot, level in levels.items() if level is not None}
        if not self._on or current is None or not known or len(known) < len(levels):
            return

        def gain_of(audio: Audio) -> float:
            """On the engine thread."""
            level = Level.of(Audio(audio.samples[:, : round(LONGEST_S * audio.sample_rate)], audio.sample_rate))
            found.append(level)
            return matching_gains_db({**known, current: level})[current]

        def told(gain_db: float) -> None:
            self._remember((patch, note), found[-1])
            self._owed = False
            self._live.set_gain(gain_db)
            self.changed.emit()

        found: list[Level] = []
        self._live.foresee(patch, gain_of, told)

    def _remember(self, key: Played, level: Level) -> None:
        self._levels[key] = level
        while len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)

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

    def _pay(self) -> None:
        """Play at the gain that is owed. Not before the patch sounds that it is owed to: the one before is still heard
        while that is rendered."""
        if self._owed and self._live.up_to_date:
            self._aim(self._where, at_once=True)

    def _on_rendered(self, _rendered: object) -> None:
        if not self._asked and not self._settled.isActive():
            self._pay()

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
        self._remember(key, level)
        self._pay()


def _at(share: float, shares: Sequence[float], values_db: Sequence[float]) -> float:
    """The value at ``share`` on straight lines between those at ``shares``."""
    end = min(bisect_right(shares, share), len(shares) - 1)
    begin = end - 1
    part = (share - shares[begin]) / (shares[end] - shares[begin])
    return float(values_db[begin] + (values_db[end] - values_db[begin]) * part)
