"""Which nets are in memory: each is loaded once, lent to whoever works with it, and leaves when another needs its room.

    with residency.own("prior", OwnPrior.load) as prior: ...
    with residency.borrow("stable-audio-open-1.0", load, need_bytes=..., device="cuda") as pipe: ...

What nobody works with stays, the least recently used leaves first. What is lent never leaves.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from engine.weights import memory
from engine.weights.memory import in_words
from engine.weights.shelf import shipped

T = TypeVar("T")

SPARE_BYTES = 512 * 1024**2
"""Left for the sound, the window and everything else when room is made for a net."""
_WIDER_IN_MEMORY = 2
"""Our own nets are 16 bits wide in their files and 32 in memory."""


@dataclass(frozen=True, slots=True)
class Resident:
    """One net in memory; ``lent`` says whether somebody works with it now."""

    name: str
    device: str
    n_bytes: int
    lent: bool


@dataclass(eq=False)
class _Entry(Generic[T]):
    name: str
    device: str
    stamp: Hashable
    n_bytes: int = 0
    lent: int = 1
    used: int = 0
    value: T | None = None
    loaded: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Residency:
    """The nets of one process. ``free_bytes(device)`` says what is free there, ``None`` when nobody knows."""

    def __init__(self, free_bytes: Callable[[str], int | None] = memory.free_bytes) -> None:
        self._free_bytes = free_bytes
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry[Any]] = {}
        self._clock = itertools.count(1)

    @contextmanager
    def borrow(
        self,
        name: str,
        load: Callable[[], T],
        *,
        need_bytes: int = 0,
        device: str = "cpu",
        stamp: Hashable = None,
    ) -> Iterator[T]:
        """The net called ``name``, loaded unless it is there; others leave ``device`` if ``need_bytes`` are not free.

        ``stamp`` tells one state of a net from another (its file and when it changed): with another stamp it is loaded
        anew. When ``load`` runs out of memory, everything that can leave does, and it is tried once more.
        """
        entry, is_new = self._claim(name, device, stamp)
        try:
            if is_new:
                self._load(entry, load, need_bytes)
            else:
                entry.loaded.wait()
            if entry.error is not None:
                raise entry.error
            yield cast("T", entry.value)
        finally:
            with self._lock:
                entry.lent -= 1
                entry.used = next(self._clock)

    def resident(self) -> tuple[Resident, ...]:
        """What is in memory, the most recently used first."""
        with self._lock:
            entries = sorted(self._entries.values(), key=lambda entry: -entry.used)
            return tuple(Resident(e.name, e.device, e.n_bytes, e.lent > 0) for e in entries if e.loaded.is_set())

    def release(self, name: str | None = None) -> int:
        """Let one net go, or all that nobody works with; how many bytes became free."""
        with self._lock:
            gone = [e for e in self._entries.values() if e.lent == 0 and name in (None, e.name)]
            return self._drop(gone)

    def plan(self, need_bytes: int, device: str = "cpu") -> str:
        """In one sentence, what it takes to have ``need_bytes`` free on ``device``."""
        free = self._free_bytes(device)
        where = "the GPU" if device.startswith("cuda") else "this machine"
        if free is None:
            return f"It takes {in_words(need_bytes)}; how much is free on {where} is not known."
        begin = f"It takes {in_words(need_bytes)}, and {in_words(free)} are free on {where}"
        with self._lock:
            leaving = self._leaving(device, need_bytes + SPARE_BYTES - free)
            freed = sum(entry.n_bytes for entry in leaving)
        if not leaving:
            return begin + ("." if free >= need_bytes else ": too little.")
        names = ", ".join(f"{entry.name} ({in_words(entry.n_bytes)})" for entry in leaving)
        return f"{begin}; {names} will make room" + (
            "." if free + freed >= need_bytes else ", and it is still too little."
        )

    def _claim(self, name: str, device: str, stamp: Hashable) -> tuple[_Entry[Any], bool]:
        with self._lock:
            entry = self._entries.get(name)
            if entry is not None and entry.error is None and (entry.device, entry.stamp) == (device, stamp):
                entry.lent += 1
                entry.used = next(self._clock)
                return entry, False
            # Whoever works with the older one keeps it until its work is done.
            entry = self._entries[name] = _Entry(name, device, stamp, used=next(self._clock))
            return entry, True

    def _load(self, entry: _Entry[T], load: Callable[[], T], need_bytes: int) -> None:
        try:
            self._make_room(entry.device, need_bytes)
            try:
                entry.value = load()
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error) or self.release() == 0:
                    raise
                memory.let_go(entry.device)
                entry.value = load()
            entry.n_bytes = _size_of(entry.value) or need_bytes
        except BaseException as error:
            entry.error = error
            with self._lock:
                if self._entries.get(entry.name) is entry:
                    del self._entries[entry.name]
            raise
        finally:
            entry.loaded.set()

    def _make_room(self, device: str, need_bytes: int) -> None:
        free = self._free_bytes(device) if need_bytes else None
        if free is None:
            return
        with self._lock:
            freed = self._drop(self._leaving(device, need_bytes + SPARE_BYTES - free))
        if freed:
            memory.let_go(device)

    def _leaving(self, device: str, short_bytes: int) -> list[_Entry[Any]]:
        """What has to leave ``device`` for so many bytes more; called with the lock held."""
        leaving = []
        for entry in sorted(self._entries.values(), key=lambda entry: entry.used):
            if short_bytes <= 0:
                break
            if entry.lent == 0 and entry.device == device and entry.n_bytes:
                leaving.append(entry)
                short_bytes -= entry.n_bytes
        return leaving

    def _drop(self, entries: list[_Entry[Any]]) -> int:
        """Forget them; called with the lock held."""
        for entry in entries:
            del self._entries[entry.name]
        return sum(entry.n_bytes for entry in entries)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether that is what stopped the work, on the machine or on a GPU."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (
            isinstance(error, RuntimeError) and ("out of memory" in str(error) or "can't allocate memory" in str(error))
        )
    )


def _size_of(value: object) -> int:
    """The bytes of all numbers in a net, or in the nets that an object holds."""
    seen: dict[int, int] = {}
    for part in (value, *getattr(value, "__dict__", {}).values()):
        for kind in ("parameters", "buffers"):
            numbers = getattr(part, kind, None)
            if callable(numbers) and hasattr(part, "state_dict"):
                seen.update({id(tensor): tensor.numel() * tensor.element_size() for tensor in numbers()})
    return sum(seen.values())


_nets = Residency()
borrow, resident, release, plan = _nets.borrow, _nets.resident, _nets.release, _nets.plan


@contextmanager
def own(kind: str, load: Callable[[Path], T], device: str = "cpu") -> Iterator[T]:
    """Our own net of that ``kind``, checked, and loaded from its file by ``load`` unless it is there already.

    Raises :class:`WeightError` as :func:`engine.weights.shelf.shipped` does.
    """
    path = shipped(kind)
    state = path.stat()
    with borrow(
        f"own {kind}",
        lambda: load(path),
        need_bytes=_WIDER_IN_MEMORY * state.st_size,
        device=device,
        stamp=(path, state.st_size, state.st_mtime_ns),
    ) as net:
        yield net
