"""What can be done to the chosen modes of an object, by whatever means: the values that come of it, as one step."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import numpy as np
from PySide6.QtCore import Qt, Signal

from app.controls.hand_step import Value
from app.controls.handle_keys import SIDEWAYS
from app.controls.mode_set import DAMPING, LEVEL, PITCH, VECTORS
from app.controls.modes_hand import ModeDrag, with_places
from app.controls.modes_paper import ModesPaper
from app.controls.modes_picture import RANGE_DB
from app.controls.modes_text import DB, DECAY, HZ, read_mode, within_reach
from engine.params import Param
from engine.params.impact import LEVEL_FLOOR_DB

KEY_ST, KEY_DB, KEY_OCT = 0.1, 1.0, 0.1
"""What an arrow or a Page key moves; with Shift a tenth, of pitch and level."""
UPWARDS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
LONGER = {Qt.Key.Key_PageUp: 1, Qt.Key.Key_PageDown: -1}


class ModesChanges(ModesPaper):
    """Changes modes; :class:`app.controls.modes_plot.ModesPlot` lets the hand in."""

    soloed = Signal(object)
    """The modes to be heard alone, a frozenset; all, when empty. See :meth:`ModesPaper.solo_levels`."""

    def _chosen(self) -> tuple[int, ...]:
        return tuple(sorted(self.selected))

    def _what(self, part: str = "") -> str:
        modes = self._chosen()
        words = f"Mode {modes[0] + 1}" if len(modes) == 1 else f"{len(modes)} modes"
        return f"{words} {part}".strip()

    def _take(self) -> ModeDrag:
        """A drag of the chosen modes from where they are."""
        modes = self._chosen()
        ground = self._top_db - RANGE_DB
        quiet = np.clip(ground - self._set.db[list(modes)], LEVEL_FLOOR_DB, 0.0)
        return ModeDrag(modes, self.residuals(PITCH), self.residuals(DAMPING), self.residuals(LEVEL), quiet)

    def silence(self) -> None:
        """Turn the chosen modes off."""
        if self.selected:
            level = with_places(LEVEL, self.residuals(LEVEL), self._chosen(), LEVEL_FLOOR_DB)
            self.step.set(f"Silence {self._what().lower()}", {LEVEL: level})

    def reset(self, modes: Iterable[int] | None = None, names: Iterable[str] = VECTORS) -> None:
        """Modes (without a word, the chosen ones) as physics gives them."""
        which = self._chosen() if modes is None else tuple(modes)
        if not which:
            return
        changes: dict[str, Value] = {n: with_places(n, self.residuals(n), which, 0.0) for n in names}
        what = f"mode {which[0] + 1}" if len(which) == 1 else f"{len(which)} modes"
        self.step.set(f"Reset {what}", changes)

    def set_solo(self, modes: Collection[int]) -> None:
        """Listen to some modes alone, or to all again (none)."""
        solo = frozenset(m for m in modes if 0 <= m < self.n_modes)
        if solo != self.solo:
            self.solo = solo
            self._describe()
            self.update()
            self.soloed.emit(solo)

    def _accept(self, text: str) -> None:
        if (mode := self.primary) is not None:
            self._set_mode(mode, *read_mode(text, self.shown(), mode))

    def _set_mode(self, mode: int, wanted: dict[Param, float], silent: bool) -> None:
        """Put a mode where it was typed, in one gesture; what cannot be reached is said in a
        :class:`ParamTextError`. Level and decay are those at the new pitch."""
        changes: dict[str, Value] = {}
        pitch, damping, level = (self.residuals(name) for name in VECTORS)
        if HZ in wanted:
            plain_hz = float(self._set.hz[mode])
            pitch[mode] = within_reach(PITCH, mode, 12.0 * math.log2(wanted[HZ] / plain_hz), plain_hz)
            changes[PITCH] = with_places(PITCH, pitch, (mode,), float(pitch[mode]))
        if silent:
            changes[LEVEL] = with_places(LEVEL, level, (mode,), LEVEL_FLOOR_DB)
        elif DB in wanted:
            hz = float(self._set.hz[mode]) * 2.0 ** (float(pitch[mode]) / 12.0)
            plain_db = self._set.db_at(mode, hz)
            db = within_reach(LEVEL, mode, wanted[DB] - plain_db, plain_db)
            changes[LEVEL] = with_places(LEVEL, level, (mode,), db)
        if DECAY in wanted:
            damping[mode] = 0.0
            plain_s = float(self._set.shown(pitch, damping, level).decay_s[mode])
            octaves = within_reach(DAMPING, mode, math.log2(plain_s / wanted[DECAY]), plain_s)
            changes[DAMPING] = with_places(DAMPING, damping, (mode,), octaves)
        self.step.set(f"Mode {mode + 1}", changes)

    def _nudge(self, key: Qt.Key, fine: float) -> None:
        drag = self._take()
        if key in SIDEWAYS:
            pitch = np.array(drag.pitch_st)
            pitch[list(drag.modes)] += SIDEWAYS[key] * KEY_ST * fine
            self.step.nudge(self._what("pitch"), {PITCH: tuple(np.round(pitch, 6).tolist())})
        elif key in UPWARDS:
            self.step.nudge(self._what("level"), {LEVEL: drag.levels(UPWARDS[key] * KEY_DB * fine)})
        else:
            self.step.nudge(self._what("decay"), {DAMPING: drag.decays(LONGER[key] * KEY_OCT * fine)})
