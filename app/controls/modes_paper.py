"""The modes of an object on their paper: stems over frequency, which of them are chosen, and how they are called."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.controls.freq_scale import FreqScale
from app.controls.hand_paper import HandPaper
from app.controls.mode_set import DAMPING, LEVEL, NO_MODES, PITCH, VECTORS, Array, ModeSet, Shown
from app.controls.modes_picture import AXIS_PX, GUTTER_PX, HEAD_PX, RANGE_DB, ModesPicture
from app.controls.modes_text import air_words, mode_words
from app.controls.words import hz_text
from app.theme import PADDING
from engine.params import Values
from engine.params.impact import IMPACT_SPACE, LEVEL_FLOOR_DB
from engine.params.impact_pictures import ImpactPictures

STEM_REACH_PX, HEAD_REACH_PX, TAIL_REACH_PX = 6.0, 9.0, 8.0
TAIL_PX_PER_OCT, SHORTEST_TAIL_S, LEAST_TAIL_PX = 9.0, 0.01, 10.0
LOCK_WORDS = {PITCH: "pitch", DAMPING: "decay", LEVEL: "level"}


class ModesPaper(HandPaper):
    """Shows modes, which are counted from 0 here and from 1 in words; :class:`app.controls.modes_changes.ModesChanges`
    changes them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__([IMPACT_SPACE[name] for name in VECTORS], "Modes", parent, holds_locked=True)
        self._set: ModeSet = NO_MODES
        self._shown: Shown | None = None
        self._edition = 0
        """Grows with whatever changes the stems."""
        self._still_edition = 0
        """Grows with whatever changes them, but for what a hand does to those that it holds."""
        self.held_modes: frozenset[int] = frozenset()
        """The modes that a hand drags."""
        self._heads: tuple[Array, Array] | None = None
        self._heads_of = -1
        self._top_db = 0.0
        self.scale = FreqScale(self)
        self.scale.changed.connect(self._on_paper)
        self.selected: frozenset[int] = frozenset()
        self.primary: int | None = None
        """The mode that keys choose from, and that is named."""
        self.hovered_mode: int | None = None
        self.hovered_air: int | None = None
        """A mode of the air inside that is pointed at, where the hand would take none."""
        self.solo: frozenset[int] = frozenset()
        """The modes that are listened to alone; all, when empty."""
        self._lasso: list[QPointF] = []
        self._picture = ModesPicture(self)
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(400, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 112)

    # What it shows

    def set_pictures(self, pictures: ImpactPictures | None, values: Values | None = None) -> None:
        """Show the modes that physics gives; ``None`` while there are none. The residuals are :meth:`set_values`';
        ``values`` are those that the pictures were drawn for, where they are known."""
        drawn = values.get(LEVEL) if values is not None else None
        level_db = np.array(drawn) if isinstance(drawn, tuple) else None
        self._set = ModeSet.of(pictures, level_db) if pictures is not None else NO_MODES
        n = self._set.n_own
        self.selected = frozenset(m for m in self.selected if m < n)
        self.solo = frozenset(m for m in self.solo if m < n)
        self.primary = self.primary if self.primary is not None and self.primary < n else None
        self.hovered_mode = self.hovered_mode if self.hovered_mode is not None and self.hovered_mode < n else None
        if not self.step.busy and self._set.hz.size:
            # While a hand drags the paper holds still.
            self._shown = None
            highest = max(float(self._set.db.max()), float(self.shown().db.max()))
            self._top_db = 12.0 * math.ceil((highest + 3.0) / 12.0)
        self._still_edition += 1
        self._on_shown()

    def set_values(self, values: Values) -> None:
        """Show a patch's residuals without a signal."""
        self.step.show(values)

    def set_locked(self, names: Collection[str]) -> None:
        """Locked vectors do not move."""
        if self.step.set_locked(names):
            self._describe()
            self.update()

    @property
    def locked(self) -> frozenset[str]:
        return self.step.locked

    @property
    def modes(self) -> ModeSet:
        return self._set

    @property
    def still_edition(self) -> int:
        """Another one, other stems than those that the hand holds."""
        return self._still_edition

    @property
    def top_db(self) -> float:
        return self._top_db

    @property
    def lasso(self) -> list[QPointF]:
        """The corners of the lasso that is being thrown."""
        return self._lasso

    @property
    def n_modes(self) -> int:
        """How many modes can be dragged."""
        return self._set.n_own

    def residuals(self, name: str) -> Array:
        """A vector of the patch, ``[N_MODES]``."""
        return np.array(self.step.vector(name))

    def shown(self) -> Shown:
        """The modes as they sound now."""
        if self._shown is None:
            self._shown = self._set.shown(*(self.residuals(name) for name in VECTORS))
        return self._shown

    # Places

    def plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(GUTTER_PX, HEAD_PX, -PADDING, -AXIS_PX)

    def heads(self) -> tuple[Array, Array]:
        """Pixels ``x`` and ``y`` of the stems' heads ``[n]``; silent ones stand on the ground."""
        if self._heads is None or self._heads_of != self._edition:
            shown, plot = self.shown(), self.plot()
            x = plot.left() + np.asarray(self.scale.share_of(shown.hz)) * plot.width()
            self._heads, self._heads_of = (x, self.y_of(shown.db)), self._edition
        return self._heads

    def y_of(self, db: Array) -> Array:
        plot = self.plot()
        share = np.clip((db - self._top_db + RANGE_DB) / RANGE_DB, 0.0, 1.0)
        return plot.bottom() - share * plot.height()

    def head(self, mode: int) -> QPointF:
        """Where one stem's head is."""
        x, y = self.heads()
        return QPointF(float(x[mode]), float(y[mode]))

    def tail(self, mode: int) -> QPointF:
        """The end of a mode's tail, which is as long as it rings (in octaves of time)."""
        head = self.head(mode)
        length = self.tail_px(float(self.shown().decay_s[mode]))
        room = self.plot().right() - head.x()
        return QPointF(head.x() + (length if length <= room else -length), head.y())

    @staticmethod
    def tail_px(decay_s: float) -> float:
        return LEAST_TAIL_PX + TAIL_PX_PER_OCT * max(math.log2(max(decay_s, 1e-6) / SHORTEST_TAIL_S), 0.0)

    def tail_mode(self) -> int | None:
        """The mode whose tail is drawn with a handle."""
        return self.hovered_mode if self.hovered_mode is not None else self.primary

    def on_tail(self, point: QPointF) -> bool:
        """Whether the handle at the end of the tail is there."""
        mode = self.tail_mode()
        if mode is None or DAMPING in self.locked:
            return False
        off = point - self.tail(mode)
        return math.hypot(off.x(), off.y()) <= TAIL_REACH_PX

    def along_tail(self, point: QPointF) -> bool:
        """Whether a point lies on the way to the end of the tail."""
        mode = self.tail_mode()
        if mode is None:
            return False
        box = QRectF(self.head(mode), self.tail(mode)).normalized()
        return box.adjusted(-TAIL_REACH_PX, -TAIL_REACH_PX, TAIL_REACH_PX, TAIL_REACH_PX).contains(point)

    def head_at(self, point: QPointF) -> int | None:
        """The mode whose head is there."""
        x, y = (a[: self.n_modes] for a in self.heads())
        if not x.size:
            return None
        away = np.hypot(x - point.x(), y - point.y())
        best = int(np.argmin(away))
        return best if away[best] <= HEAD_REACH_PX else None

    def mode_at(self, point: QPointF) -> int | None:
        """The mode that the hand would take: the nearest head, or else the nearest stem beneath its head."""
        n = self.n_modes
        plot = self.plot()
        if n == 0 or not plot.adjusted(-9, -9, 9, 9).contains(point):
            return None
        if (head := self.head_at(point)) is not None:
            return head
        x, y = (a[:n] for a in self.heads())
        aside = np.abs(x - point.x())
        # Only stems that reach up to the pointer: beside the shorter ones there is nothing to take.
        reach = np.where((aside <= STEM_REACH_PX) & (y <= point.y() + 2.0), aside, np.inf)
        best = int(np.argmin(reach))
        return best if np.isfinite(reach[best]) else None

    def air_at(self, point: QPointF) -> int | None:
        """The mode of the air inside whose stem is there; no hand takes it."""
        n = self.n_modes
        x, y = (a[n:] for a in self.heads())
        if not x.size or not self.plot().contains(point):
            return None
        aside = np.abs(x - point.x())
        reach = np.where((aside <= STEM_REACH_PX) & (y <= point.y() + HEAD_REACH_PX), aside, np.inf)
        best = int(np.argmin(reach))
        return n + best if np.isfinite(reach[best]) else None

    # Choosing

    def select(self, modes: Iterable[int], primary: int | None = None) -> None:
        """Choose modes."""
        chosen = frozenset(m for m in modes if 0 <= m < self.n_modes)
        if primary is None and chosen:
            primary = self.primary if self.primary in chosen else min(chosen)
        if (chosen, primary) != (self.selected, self.primary):
            self.selected, self.primary = chosen, primary
            self._describe()
            self.update()

    def by_pitch(self) -> list[int]:
        """The modes that can be dragged, low to high."""
        return [int(m) for m in np.argsort(self.shown().hz[: self.n_modes], kind="stable")]

    # Words

    def mode_words(self, mode: int) -> str:
        """``"Mode 12: 440.0 Hz, A4 +0 ct, −12.3 dB, 1.20 s"``."""
        return mode_words(self.shown(), mode)

    def words(self) -> str:
        """The line above the plot."""
        if not self._set.hz.size:
            return "Strike or turn something to see its modes"
        named = self.hovered_mode if self.hovered_mode is not None else self.primary
        if named is not None:
            others = len(self.selected) - 1 if named in self.selected else 0
            return f"{self.mode_words(named)}{f' and {others} more' if others else ''}"
        if self.hovered_air is not None and self.hovered_air < self._set.hz.size:
            return air_words(self.shown(), self.hovered_air)
        n, n_air = self.n_modes, self._set.hz.size - self.n_modes
        air = f"; grey: {n_air} of the air inside" if n_air else ""
        return f"{n} mode{'s' if n != 1 else ''}; drag one, or lasso several{air}"

    def lock_words(self) -> str:
        """``"pitch, level locked"``, or nothing."""
        names = [LOCK_WORDS[name] for name in VECTORS if name in self.locked]
        return f"{', '.join(names)} locked" if names else ""

    def solo_levels(self) -> tuple[float, ...]:
        """The vector of levels with all but the soloed modes silent: for listening, not for the patch."""
        levels = self.step.vector(LEVEL)
        if not self.solo:
            return levels
        return tuple(level if m in self.solo else LEVEL_FLOOR_DB for m, level in enumerate(levels))

    def _describe(self) -> None:
        if not self._set.hz.size:
            self.setAccessibleDescription(self.words())
            return
        words = f"{self.n_modes} modes"
        if self.n_modes:
            hz = self.shown().hz[: self.n_modes]
            words += f", {hz_text(float(hz.min()))} to {hz_text(float(hz.max()))}"
        if self.primary is not None:
            words += f"; {self.mode_words(self.primary)}"
        if len(self.selected) > 1:
            words += f"; {len(self.selected)} selected"
        if self.solo:
            words += f"; {len(self.solo)} heard alone"
        self.setAccessibleDescription("; ".join(part for part in (words, self.lock_words()) if part))

    # Following

    def _on_shown(self) -> None:
        self._shown = None
        if not (self.held_modes and self.step.busy):
            self._still_edition += 1
        self._edition += 1
        self._describe()
        self.update()

    def _on_paper(self) -> None:
        """Every stem has another place."""
        self._edition += 1
        self._still_edition += 1
        self.update()

    def show_fit(self) -> None:
        """Show just the part of the axis that has modes."""
        hz = self.shown().hz
        if not hz.size:
            return
        self.scale.show_all()
        low, high = math.log2(self.scale.low_hz), math.log2(self.scale.high_hz)
        first = max(math.log2(max(float(hz.min()), 1.0)) - 0.3, low)
        last = min(math.log2(max(float(hz.max()), 2.0)) + 0.3, high)
        size, whole = max(last - first, 0.5), high - low
        if size < whole:
            self.scale.zoom(whole / size, min(max((first - low) / (whole - size), 0.0), 1.0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._on_paper()
        super().resizeEvent(event)
