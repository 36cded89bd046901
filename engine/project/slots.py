"""Four places for versions of the live patch, to go back and forth between and to compare, as one value.

The live patch belongs to the slot in use, so turning a knob changes that slot; going to another slot leaves it as it
is, and coming back finds it again. Between two slots (a morph) no slot is in use, and both ends stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import PatchError
from engine.params import Patch

NAMES = "ABCD"
N_SLOTS = len(NAMES)
Patches = tuple[Patch | None, ...]
_EMPTY: Patches = (None,) * N_SLOTS


@dataclass(frozen=True, slots=True)
class Slots:
    """What the four hold, which of them is in use, and between which two the fader goes.

    ``left`` are the patches of the slots not in use, ``stored`` what each one held when it was filled, by which changes
    are known. ``used`` are the last two slots, the newest first. ``position`` is the fader's place between ``pair``
    while the live patch is a morph of it; no slot is ``current`` then.
    """

    left: Patches = _EMPTY
    stored: Patches = _EMPTY
    current: int | None = 0
    used: tuple[int, ...] = (0,)
    pair: tuple[int, int] = (0, 1)
    position: float | None = None

    # -- what there is ---------------------------------------------------------------------------------------------

    def patch(self, slot: int, live: Patch) -> Patch | None:
        """What a slot holds, ``None`` when it is empty."""
        return live if slot == self.current else self.left[slot]

    def patches(self, live: Patch) -> dict[int, Patch]:
        """What all slots hold that hold something."""
        found = {slot: self.patch(slot, live) for slot in range(N_SLOTS)}
        return {slot: patch for slot, patch in found.items() if patch is not None}

    def is_changed(self, slot: int, live: Patch) -> bool:
        """Whether a slot holds something else than what was stored in it."""
        stored, patch = self.stored[slot], self.patch(slot, live)
        return stored is not None and patch is not None and patch != stored

    @property
    def toggle(self) -> int:
        """Where the key goes that changes between the two slots used last."""
        if self.current is None:
            return self.used[0] if self.used else 0
        return next((slot for slot in self.used if slot != self.current), int(self.current == 0))

    # -- going about -----------------------------------------------------------------------------------------------

    def go(self, slot: int, live: Patch) -> tuple[Slots, Patch]:
        """Use ``slot`` and return the patch that is live now; an empty slot begins with what is live."""
        if slot == self.current:
            return self, live
        patch = self.left[slot] or live
        slots = self._leave(live)
        if slots.left[slot] is None:
            slots = slots._stored(slot, live)
        return slots._use(slot), patch

    def between(self, share: float, live: Patch) -> Slots:
        """With the live patch between the ends of the pair; at an end, that slot is in use."""
        slots = self._leave(live)
        if share <= 0.0 or share >= 1.0:
            return slots._use(self.pair[share >= 1.0])
        return replace(slots, current=None, position=share)

    def with_pair(self, one: int, other: int) -> Slots:
        """With the fader between these two; choosing the slot at the other end turns the pair round."""
        if one == other:
            one, other = self.pair[1], self.pair[0]
        return replace(self, pair=(one, other), position=self.position if (one, other) == self.pair else None)

    # -- filling ---------------------------------------------------------------------------------------------------

    def store(self, slot: int, live: Patch) -> Slots:
        """With what is live stored in ``slot``: its changes, if it is in use, become what it holds."""
        slots = self._stored(slot, live)
        return slots if slot == self.current else slots._put(slot, live)

    def copy(self, source: int, target: int, live: Patch) -> tuple[Slots, Patch]:
        """With ``target`` holding what ``source`` holds, and the patch that is live then."""
        patch = self.patch(source, live)
        if patch is None or source == target:
            return self, live
        slots = self._stored(target, patch)
        if self.current == source and self.stored[source] is None:
            slots = slots._stored(source, live)
        return (slots, patch) if target == self.current else (slots._put(target, patch), live)

    def clear(self, slot: int) -> Slots:
        """With an empty slot. What is live stays, without a slot if it was that one."""
        slots = self._stored(slot, None)._put(slot, None)
        used = tuple(other for other in slots.used if other != slot)
        return replace(slots, current=None if slot == self.current else self.current, used=used)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _leave(self, live: Patch) -> Slots:
        """The slot in use keeps what is live."""
        if self.current is None:
            return self
        slots = self if self.stored[self.current] is not None else self._stored(self.current, live)
        return slots._put(self.current, live)

    def _use(self, slot: int) -> Slots:
        used = (slot, *(other for other in self.used if other != slot))[:2]
        return replace(self._put(slot, None), current=slot, used=used, position=None)

    def _put(self, slot: int, patch: Patch | None) -> Slots:
        return replace(self, left=_with(self.left, slot, patch))

    def _stored(self, slot: int, patch: Patch | None) -> Slots:
        return replace(self, stored=_with(self.stored, slot, patch))

    # -- in a file -------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for ``json.dump``."""

        def written(patches: Patches) -> list[dict[str, Any] | None]:
            return [None if patch is None else patch.to_json() for patch in patches]

        return {
            "left": written(self.left),
            "stored": written(self.stored),
            "current": self.current,
            "used": list(self.used),
            "pair": list(self.pair),
            "position": self.position,
        }

    @classmethod
    def read(cls, data: Any) -> Slots:
        """What :meth:`to_json` wrote; whatever is not understood is as in fresh slots."""
        if not isinstance(data, Mapping):
            return cls()
        current, position = data.get("current", 0), data.get("position")
        pair = _places(data.get("pair"))
        slots = cls(
            _read_patches(data.get("left")),
            _read_patches(data.get("stored")),
            current if current is None or _is_place(current) else 0,
            _places(data.get("used"))[:2],
            (pair[0], pair[1]) if len(pair) == 2 else (0, 1),
            float(position) if isinstance(position, int | float) and 0.0 < position < 1.0 and current is None else None,
        )
        return slots if slots.current is None else slots._put(slots.current, None)


def _with(patches: Patches, slot: int, patch: Patch | None) -> Patches:
    return (*patches[:slot], patch, *patches[slot + 1 :])


def _is_place(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < N_SLOTS


def _places(data: object) -> tuple[int, ...]:
    return tuple(dict.fromkeys(place for place in data if _is_place(place))) if isinstance(data, list) else ()


def _read_patches(data: object) -> Patches:
    return tuple(_read_patch(item) for item in [*data, *_EMPTY][:N_SLOTS]) if isinstance(data, list) else _EMPTY


def _read_patch(item: object) -> Patch | None:
    try:
        return None if item is None else Patch.from_json(item)
    except PatchError:
        return None
