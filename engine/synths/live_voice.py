"""What can be played while it sounds: voices, the patches that they are struck from, and the room around them.

No torch here: the small engine of :mod:`engine.fakes` plays through the same protocols.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.params.gesture import Hand

Sound = NDArray[np.float32]
Place = tuple[float, float]
"""``x`` and ``y`` on an object, in 0..1."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was struck: MIDI numbers, and what decides the chance in its sound. ``place`` is where an object is
    struck when not where its patch says."""

    note: float
    velocity: float
    seed: int = 0
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Glide:
    """A pitch that begins ``from_st`` semitones away and is straight on its way for ``seconds``."""

    from_st: float
    seconds: float


class LiveVoice(Protocol):
    """One note that is played while it sounds: nobody knows yet how long the key stays down.

    Blocks of any length join to what :meth:`engine.synths.base.Synth.render` gives for the same note.
    """

    @property
    def channels(self) -> int:
        """1, or 2 for left and right, of the next block."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more will be heard, however long one waits."""
        ...

    @property
    def level(self) -> float:
        """The highest amplitude in the last block."""
        ...

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        """The next ``n_frames`` as ``[channels, n_frames]``.

        ``gate`` says whether the key is down from the first of them on; once up, it stays up. ``bend_st`` shifts the
        pitch, ``wheel_st`` adds depth to the vibrato; both go straight to a new value within a few milliseconds.
        """
        ...

    def choke(self, on: bool) -> None:
        """A hand lies on what rings, or goes away: meanwhile it dies fast. What no hand can damp sounds on."""
        ...

    def lighten(self, most: int | None) -> None:
        """Ring with so many modes at most, the strongest, because the machine is too slow for more; ``None``: all."""
        ...

    def absorb(self, other: Any) -> bool:
        """Take over what ``other``, which is at the same frame, still sounds; ``False`` where that cannot be."""
        ...


class Plain:
    """A voice that no hand can damp, and that stands alone: see :class:`LiveVoice`."""

    def choke(self, on: bool) -> None:
        """See :meth:`LiveVoice.choke`."""

    def lighten(self, most: int | None) -> None:
        """See :meth:`LiveVoice.lighten`: it has no modes."""

    def absorb(self, other: Any) -> bool:
        """See :meth:`LiveVoice.absorb`."""
        return False


class Contacts(Protocol):
    """A hand on an object."""

    def touch(self, x: float, y: float, force: float) -> None:
        """It is there now, with a force of 0..1."""
        ...

    def lift(self) -> None:
        """It goes away."""
        ...


class Room(Protocol):
    """What all voices stand in together. It counts frames from 0."""

    def send(self, first: int, sound: NDArray[np.float64]) -> int:
        """Sound ``[n]`` enters from frame ``first`` on, or as soon after it as is still possible; says when."""
        ...

    def answer(self, n_frames: int) -> Sound:
        """What comes back in the next ``n_frames``, ``[n_frames, 2]``."""
        ...

    def close(self) -> None:
        """Fall silent within the next answer."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more comes back of what was sent."""
        ...

    @property
    def position(self) -> int:
        """The frame that the next answer begins with."""
        ...

    @property
    def reach(self) -> int:
        """How many frames of answer depend on nothing that is sent from :attr:`position` on."""
        ...


class LivePatch(Protocol):
    """A patch at one sample rate, ready to be struck. Voices and rooms are those of patches of the same synth."""

    @property
    def adds(self) -> bool:
        """Whether a key that is struck again adds to what still rings of it: then its voices become one."""
        ...

    def touch(self, key: Key, hand: Hand) -> tuple[LiveVoice, Contacts] | None:
        """A new voice that a hand plays on the object of ``key``; ``None`` where there is no object."""
        ...

    def strike(self, key: Key, glide: Glide | None = None) -> LiveVoice:
        """A new voice, without the room."""
        ...

    def renew(self, voices: Sequence[Any], keys: Sequence[Key], glide_s: float = 0.0) -> None:
        """Voices of whatever patch take over this one's sound, and the pitch of these keys within ``glide_s``.

        Phases and envelopes go on where they are, and nothing clicks.
        """
        ...

    def foresee(self, keys: Sequence[Key]) -> None:
        """Work out now what can be kept until these keys are struck or renewed and the room is opened."""
        ...

    def open_room(self) -> Room | None:
        """The patch's room, still empty; ``None`` where it has none."""
        ...

    def refurnish(self, room: Any) -> None:
        """A room of whatever patch becomes this one's, within its next answer; a patch without one lets it fade."""
        ...


def struck_alone(patch: LivePatch, key: Key) -> LiveVoice:
    """One note of ``patch`` with a room of its own, if the patch has one."""
    return roomed(patch, patch.strike(key))


def roomed(patch: LivePatch, voice: LiveVoice) -> LiveVoice:
    """``voice`` of ``patch`` in a room of its own, if the patch has one."""
    room = patch.open_room()
    return voice if room is None else RoomedVoice(voice, room)


class RoomedVoice:
    """A voice alone in its room; see :class:`LiveVoice`."""

    channels = 2

    def __init__(self, voice: LiveVoice, room: Room) -> None:
        self._voice, self._room = voice, room
        self.level = 0.0

    @property
    def ended(self) -> bool:
        return self._voice.ended and self._room.ended

    def choke(self, on: bool) -> None:
        """See :meth:`LiveVoice.choke`; the room answers on."""
        self._voice.choke(on)

    def lighten(self, most: int | None) -> None:
        """See :meth:`LiveVoice.lighten`."""
        self._voice.lighten(most)

    def absorb(self, other: Any) -> bool:
        """See :meth:`LiveVoice.absorb`: two rooms are not one."""
        return False

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        """See :meth:`LiveVoice.process`."""
        sound = self._voice.process(n_frames, gate, bend_st, wheel_st)
        parts = []
        for first in range(0, n_frames, self._room.reach):
            piece = sound[:, first : first + self._room.reach]
            self._room.send(self._room.position, piece.mean(0, dtype=np.float64))
            parts.append(piece + self._room.answer(piece.shape[1]).T)
        whole = np.concatenate(parts, 1) if parts else np.zeros((2, 0), np.float32)
        self.level = float(np.abs(whole).max(initial=0.0))
        return whole
