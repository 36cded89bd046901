"""The instrument under the hands: keys in, sound out, a few milliseconds later.

It has a thread of its own, ``engine-play``, that sleeps while nothing sounds. Held notes are rendered ahead of the
device in blocks; a new note begins at the next frames that the device has not taken yet, however far the others are
already rendered, because the bus adds up what it is given. Torch loads on that thread, never here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.params import Patch
from engine.params.playing import PlaySettings

Kind = Literal["real", "fake"]


class Bus(Protocol):
    """Where live sound goes: a timeline in frames of the device, into which blocks are added."""

    @property
    def rate(self) -> int:
        """Frames in a second."""
        ...

    @property
    def position(self) -> int:
        """The first frame that the device has not taken yet. It grows only while a device or a silent clock runs."""
        ...

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        """Add ``frames`` ``[n, 2]`` (left and right) from frame ``first`` on; what is past is dropped and counted.

        Returns at once and waits for nobody.
        """
        ...


class Instrument:
    """Plays a patch by keys. All methods may be called from any thread, return at once and never raise.

    ``on_error`` hears of trouble, on the playing thread, once for each patch that cannot be played.
    """

    def __init__(self, kind: Kind = "real", on_error: Callable[[Exception], None] | None = None) -> None:
        self._kind = kind
        self.on_error = on_error

    def connect(self, bus: Bus | None) -> None:
        """Play into ``bus`` from now on, or nowhere; what sounded on another bus is over."""

    def set_patch(self, patch: Patch) -> None:
        """Play ``patch``: held notes take its sound over without a click."""

    def set_settings(self, settings: PlaySettings) -> None:
        """Voices, glide and ranges from now on."""

    def note_on(self, note: int, velocity: int = 100) -> None:
        """A key goes down, both numbers as in MIDI; velocity 0 is a key that goes up."""

    def note_off(self, note: int) -> None:
        """A key goes up."""

    def pedal(self, on: bool) -> None:
        """The sustain pedal: while it is down, keys that go up sound on."""

    def bend(self, share: float) -> None:
        """The pitch wheel, -1 to 1."""

    def wheel(self, share: float) -> None:
        """The modulation wheel, 0 to 1."""

    def all_off(self) -> None:
        """Silence within a few milliseconds; keys, pedal and wheels are at rest."""

    @property
    def n_sounding(self) -> int:
        """How many voices sound, those that fade included."""
        return 0

    def close(self, timeout_s: float | None = 10.0) -> bool:
        """End the thread; ``False`` when it did not end in time."""
        return True
