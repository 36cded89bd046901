"""Where live sound goes, and the way there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Bus(Protocol):
    """A timeline in frames of the device, into which blocks are added."""

    @property
    def rate(self) -> int:
        """Frames in a second."""
        ...

    @property
    def position(self) -> int:
        """The first frame that the device has not taken yet. It grows only while a device or a silent clock runs."""
        ...

    @property
    def at_once(self) -> int:
        """How many frames the device takes at a time, as far as that is known: :attr:`position` leaps by so many."""
        ...

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        """Add ``frames`` ``[n, 2]`` (left and right) from frame ``first`` on; what is past is dropped and counted.

        Returns at once and waits for nobody.
        """
        ...

    def expect(self, frame: float) -> None:
        """All that sounds has been added up to ``frame`` and goes on there: a device with time to spare may wait."""
        ...


class BusError(Exception):
    """Not the patch failed, but the bus that should take its sound."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class BusWay:
    """The way to a bus; what goes wrong there is a :class:`BusError`."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        with _bus_errors():
            self.rate = bus.rate

    @property
    def position(self) -> int:
        with _bus_errors():
            return self._bus.position

    @property
    def at_once(self) -> int:
        with _bus_errors():
            return self._bus.at_once

    def add(self, first: int, frames: NDArray[np.float32]) -> None:
        with _bus_errors():
            self._bus.add(first, frames)

    def expect(self, frame: float) -> None:
        with _bus_errors():
            self._bus.expect(frame)


@contextmanager
def _bus_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise BusError(error) from error
