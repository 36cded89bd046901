"""Patches are made ready for the keys on a thread of their own: what sounds goes on meanwhile, and so do the hands."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.params import Patch
from engine.params.gesture import Hand
from engine.rates import DEFAULT_RATE_HZ
from engine.torch_setup import load_torch

if TYPE_CHECKING:
    from engine.synths.live_voice import Key, LivePatch

Kind = Literal["real", "fake"]


@dataclass(frozen=True, eq=False)
class Wanted:
    """A patch to be played at ``rate``, by ``keys`` among others."""

    patch: Patch
    rate: int
    keys: Sequence[Key] = ()


@dataclass(frozen=True, eq=False)
class Made:
    """What became of it: a patch that is ready, or the reason why not."""

    wanted: Wanted
    ready: LivePatch | None = None
    error: Exception | None = None

    def serves(self, patch: Patch | None, rate: int) -> bool:
        """Whether it is that patch at that rate."""
        return self.wanted.patch is patch and self.wanted.rate == rate


class Workshop:
    """Makes one patch after the other; of those that wait, the newest alone.

    ``on_made`` is called on its thread when there is something to :meth:`take`.
    """

    def __init__(self, kind: Kind, on_made: Callable[[], None]) -> None:
        self._kind, self._on_made = kind, on_made
        self._changed = threading.Condition()
        self._promises: list[Future[None]] = []
        self._wanted: Wanted | None = None
        self._made: deque[Made] = deque(maxlen=1)
        self._closing = False
        self._thread: threading.Thread | None = None

    def get_ready(self) -> Future[None]:
        """Load and compile what every patch needs."""
        promise: Future[None] = Future()
        with self._changed:
            self._promises.append(promise)
            self._go_on()
        return promise

    def ask(self, wanted: Wanted) -> None:
        """Make this one next."""
        with self._changed:
            self._wanted = wanted
            self._go_on()

    def take(self) -> Made | None:
        """The newest one that was made since the last time."""
        try:
            return self._made.pop()
        except IndexError:
            return None

    def close(self, timeout_s: float | None) -> bool:
        """End the thread; ``False`` when it did not end in time."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is None or thread is threading.current_thread():
            return True
        thread.join(timeout_s)
        return not thread.is_alive()

    def _go_on(self) -> None:
        if self._thread is None and not self._closing:
            self._thread = threading.Thread(target=self._loop, name="engine-ready", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._promises or self._wanted is not None)
                if self._closing:
                    return
                promises, self._promises = self._promises, []
                wanted, self._wanted = self._wanted, None
            for promise in promises:
                _keep(promise, self._kind)
            if wanted is not None:
                self._made.append(_make(wanted, self._kind))
                self._on_made()


def _keep(promise: Future[None], kind: Kind) -> None:
    try:
        prepare(kind)
    except Exception as error:
        promise.set_exception(error)
    else:
        promise.set_result(None)


def _make(wanted: Wanted, kind: Kind) -> Made:
    try:
        # What is loaded or compiled the first time shall not happen between a key and its sound.
        prepare(kind)
        ready = live_patch(kind, wanted.patch, wanted.rate)
        ready.foresee(wanted.keys)
    except Exception as error:
        return Made(wanted, error=error)
    return Made(wanted, ready)


def is_prepared(kind: Kind) -> bool:
    """Whether :func:`prepare` has nothing left to do."""
    return kind in _prepared


def prepare(kind: Kind) -> None:
    """Load and compile what playing needs (about a minute, the first time on a machine; then a second)."""
    if kind in _prepared:
        return
    from engine.synths.live import LiveInstrument

    # Everything that a note can meet, once: a room, a change of patch, a release, its end.
    for patch in (Patch("fm", {"reverb": 0.5, "mod_1_1_rad": 1.0}), Patch("impact", {"room": 0.5})):
        ready = live_patch(kind, patch, DEFAULT_RATE_HZ)
        live = LiveInstrument(ready, DEFAULT_RATE_HZ)
        live.note_on(60, 1, 0)
        live.render(500)
        live.set_patch(ready)
        live.render(1000)
        live.note_off(60)
        live.render(1500)
        live.touch((0.5, 0.5), 0.5, 60, Hand("roll"), at=1500)
        live.render(2000)
        live.damp(True)
        live.all_off()
        live.render(2500)
    _prepared.append(kind)


_prepared: list[Kind] = []


def live_patch(kind: Kind, patch: Patch, rate: int) -> LivePatch:
    """``patch`` ready to be struck at ``rate``."""
    if kind == "fake":
        from engine.fakes_live import live_patch as fake_patch

        return fake_patch(patch, rate)
    load_torch()
    from engine.synths.catalog import synth_of

    return synth_of(patch.synth).live_patch(patch, rate)
