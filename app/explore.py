"""Mutating and randomising the live patch: each press draws, listens to what it drew, and is one step of undo.

Drawing and listening run on the engine thread. Presses that come faster are done one after the other, each from what
the one before left. What a hand changed meanwhile stays as the hand left it, and while a gesture is under way what was
drawn waits for its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass
from random import Random, SystemRandom

from PySide6.QtCore import QObject, Signal

from app.bridge import Bridge
from app.chosen import choose
from app.document import Document
from app.settings import Settings
from engine.params import SPACES, Param, Patch
from engine.params.note import NoteSettings
from engine.params.vary import chance_sections, mutate, randomise, usual_sections
from engine.project.presets import factory_steps
from engine.studio import Studio

MUTATE = Param("mutate", 0.01, 1.0, 0.2, label="Mutate", step=0.05, help="A small step beside the sound as it is")
RANDOMISE = Param("randomise", 0.01, 1.0, 0.6, label="Randomise", step=0.05, help="Towards another sound, so far")
KINDS = {MUTATE.name: MUTATE, RANDOMISE.name: RANDOMISE}
TRIES = 6
"""So many draws are listened to before the least bad one is taken."""
MOST_WAITING = 8
LONGEST_S = 4.0
"""Of longer notes so much is listened to."""
SEEDS = 1_000_000
"""Seeds are short enough to be read and told."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What was asked of chance: with the same patch it gives the same patch again."""

    kind: str
    amount: float
    sections: frozenset[str]
    seed: int

    def label(self, usual: frozenset[str]) -> str:
        """What the undo menu calls it: ``Mutate 20 % (Operator 2, Filter)``."""
        words = f"{KINDS[self.kind].label} {self.amount:.0%}".replace("%", " %")
        if self.sections == usual:
            return words
        names = sorted(self.sections)
        shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
        return f"{words} ({shown})"

    def candidates(self, patch: Patch, locked: Collection[str]) -> Iterator[Patch | None]:
        """Patches to listen to until one will do; ``None`` while the next one is still being made."""
        rng = Random(self.seed)
        pool = () if self.kind == MUTATE.name else (yield from _pool_steps(patch.synth))
        for _ in range(TRIES):
            if self.kind == MUTATE.name:
                yield mutate(patch, self.amount, rng, sections=self.sections, locked=locked)
            else:
                yield randomise(patch, self.amount, rng, sections=self.sections, locked=locked, pool=pool)


_pools: dict[str, tuple[Patch, ...]] = {}


def _pool_steps(synth: str) -> Generator[None, None, tuple[Patch, ...]]:
    """The patches from which sections are borrowed; read once, on the engine thread, a file at a time."""
    if synth not in _pools:
        presets = yield from factory_steps()
        _pools[synth] = tuple(preset.patch for preset in presets if preset.patch.synth == synth)
    return _pools[synth]


class Explore(QObject):
    """What chance may change and how far, remembered in the settings, and the presses under way."""

    changed = Signal()
    """Sections, amounts or the newest seed."""
    message = Signal(str)
    submitted = Signal(int)

    def __init__(
        self, document: Document, studio: Studio, bridge: Bridge, settings: Settings, rate: Callable[[], int]
    ) -> None:
        super().__init__(document)
        self._document, self._studio, self._bridge = document, studio, bridge
        self._settings, self._rate = settings, rate
        self._waiting: deque[Draw] = deque()
        self._closed = False
        self._job: int | None = None
        self._drawn: Callable[[], None] | None = None
        """What was drawn and waits until no hand is in a gesture."""
        document.held_changed.connect(self._on_held)
        self.newest: Draw | None = None
        """The draw of the last press; see :meth:`repeat`."""

    # -- choices ---------------------------------------------------------------------------------------------------

    @property
    def all_sections(self) -> tuple[str, ...]:
        """Every section of the live patch's synth that chance can be let into."""
        return chance_sections(SPACES[self._document.patch.synth])

    @property
    def usual(self) -> frozenset[str]:
        """Those that it may change until somebody chooses: neither levels nor routing."""
        return usual_sections(SPACES[self._document.patch.synth])

    @property
    def sections(self) -> frozenset[str]:
        """Those that it may change."""
        chosen = self._settings.get("explore/sections").get(self._document.patch.synth)
        if not isinstance(chosen, list):
            return self.usual
        return frozenset(name for name in self.all_sections if name in chosen)

    def set_sections(self, names: Collection[str]) -> None:
        chosen = [name for name in self.all_sections if name in names]
        before = dict(self._settings.get("explore/sections"))
        table = {synth: sections for synth, sections in before.items() if synth != self._document.patch.synth}
        if frozenset(chosen) != self.usual:
            table[self._document.patch.synth] = chosen
        choose(self._document, "What chance may change", before, table, lambda now: self._keep("sections", now))

    def amount(self, kind: str) -> float:
        return KINDS[kind].clamp(self._settings.get(f"explore/{kind}"))

    def set_amount(self, kind: str, amount: float) -> None:
        label = f"Amount of {KINDS[kind].label} {amount:.0%}".replace("%", " %")
        choose(self._document, label, self.amount(kind), KINDS[kind].clamp(amount), lambda now: self._keep(kind, now))

    def _keep(self, what: str, value: object) -> None:
        self._settings.set(f"explore/{what}", value)
        self.changed.emit()

    # -- presses ---------------------------------------------------------------------------------------------------

    def press(self, kind: str, seed: int | None = None) -> None:
        """Draw once: with a seed of its own, or with the one that is to be tried again."""
        if not self.sections:
            self.message.emit("Chance may change nothing: choose some sections in its menu.")
            return
        if len(self._waiting) < MOST_WAITING:
            drawn = SystemRandom().randrange(SEEDS) if seed is None else seed
            self._waiting.append(Draw(kind, self.amount(kind), self.sections, drawn))
            self._document.settle(turned=False)
            self._next()

    def repeat(self) -> None:
        """Draw again as the last press did, with its seed: after an undo, the very same sound."""
        if self.newest is not None and len(self._waiting) < MOST_WAITING:
            self._waiting.append(self.newest)
            self._document.settle(turned=False)
            self._next()

    @property
    def is_busy(self) -> bool:
        return self._job is not None

    def close(self) -> None:
        """Start nothing more."""
        self._closed = True
        self._waiting.clear()
        self._drawn = None

    # -- inside ----------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        if self._job is not None or not self._waiting or self._closed:
            return
        draw = self._waiting.popleft()
        self._document.settle(turned=False)
        base, locked, note = self._document.project.patch, self._document.locked, self._document.note
        self._job = self._studio.trials.first_good(
            draw.candidates(base, locked), **_listening(note), sample_rate=self._rate(), title="Drawing a sound"
        )
        self.submitted.emit(self._job)
        self._bridge.watch(
            self._job,
            done=lambda patch: self._when_free(lambda: self._on_drawn(draw, base, patch)),
            failed=lambda _error: self._on_ended(),
            cancelled=self._on_ended,
        )

    def _when_free(self, take: Callable[[], None]) -> None:
        self._drawn = take
        self._on_held(self._document.is_held)

    def _on_held(self, is_held: bool) -> None:
        if self._drawn is not None and not is_held:
            take, self._drawn = self._drawn, None
            take()

    def _on_drawn(self, draw: Draw, base: Patch, patch: Patch | None) -> None:
        self.newest = draw
        drawn = {} if patch is None else {n: v for n, v in patch.values.items() if v != base.values[n]}
        present = self._document.patch
        if present.synth == base.synth:
            changes = {name: value for name, value in drawn.items() if present.values[name] == base.values[name]}
            if changes:
                self._document.set_patch(present.with_values(**changes), draw.label(self.usual))
        if not drawn:
            self.message.emit("Nothing changed: all that chance may change is locked, or the amount is too small.")
        self._on_ended()
        self.changed.emit()

    def _on_ended(self) -> None:
        self._job = None
        self._next()


def _listening(note: NoteSettings) -> dict[str, float]:
    return {
        "note": note.note,
        "velocity": note.velocity,
        "hold_s": min(note.hold_s, LONGEST_S),
        "duration_s": min(note.duration_s, LONGEST_S),
    }
