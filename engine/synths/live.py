"""An instrument with voices: keys, pedal and wheels in, sound out, without threads or clocks.

Time is counted in frames. Voices that sound are rendered up to some frame; a new one may begin earlier and catches up,
so sound comes out as blocks that are to be added up. What a hand does to a voice that sounds acts from where it is
rendered to. The same calls give the same samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.dsp.mix_kernels import mix
from engine.params.gesture import Hand
from engine.params.playing import PlaySettings
from engine.synths.live_voice import Contacts, Glide, Key, LivePatch, LiveVoice, Place, Room, Sound

FADE_S = 0.005
"""A voice that has to make room fades out in so long."""

STEP_S = 0.05
"""Longer stretches are rendered in pieces of this length."""

Block = tuple[int, Sound]
"""The frame that a sound ``[n, 2]`` begins with, and the sound."""


@dataclass(eq=False)
class Part:
    """A voice and what the instrument knows of it: the next frame ``at``, whether its key ``is_down``, the ``gate``
    (down, or held by the pedal), how late its sound enters the room, and how many frames of a fade are ``left``. What a
    hand struck ``is_free``: no key holds it and none ends it."""

    voice: LiveVoice
    key: Key
    at: int
    is_down: bool = True
    gate: bool = True
    is_rendered: bool = False
    delay: int = 0
    left: int | None = None
    is_free: bool = False

    @property
    def note(self) -> int:
        return round(self.key.note)

    def claim(self) -> tuple[bool, bool, float]:
        """The higher, the more this voice should go on: what has been let go and is quiet goes first."""
        return self.is_down, self.gate, self.voice.level if self.is_rendered else np.inf


@dataclass
class _Hands:
    """Where pedal, wheels and keys are; ``keys`` are those down, the newest last."""

    pedal: bool = False
    bend: float = 0.0
    wheel: float = 0.0
    keys: dict[int, int] = field(default_factory=dict)
    last_note: int | None = None


class LiveInstrument:
    """Plays ``patch`` at ``rate`` frames a second."""

    def __init__(self, patch: LivePatch, rate: int, settings: PlaySettings | None = None) -> None:
        self._patch, self._rate = patch, rate
        self._settings = settings or PlaySettings()
        self._parts: list[Part] = []
        self._hands = _Hands()
        self._fade = max(round(FADE_S * rate), 1)
        self._n_struck = 0
        self._touched: tuple[Part, Contacts] | None = None
        self._is_damped = False
        self._most: int | None = None
        self._room: Room | None = None
        self._room_from = 0
        """The frame that the room counts as its first."""
        self._room_closes = False

    @property
    def n_sounding(self) -> int:
        """Voices that sound, those that fade included."""
        return len(self._parts)

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of the voices that sound."""
        return tuple(part.key for part in self._parts if part.left is None)

    @property
    def is_silent(self) -> bool:
        """Whether nothing sounds and nothing will before the next key."""
        return not self._parts and self._room is None

    @property
    def lasts_until(self) -> float:
        """The first frame of which not everything is rendered; infinite while nothing sounds."""
        room_at = np.inf if self._room is None else self._room.position + self._room_from
        return min((part.at for part in self._parts), default=room_at)

    @property
    def room_reach(self) -> int | None:
        """How far ahead of the earliest frame that a key may still begin at the room may be rendered."""
        return None if self._room is None else self._room.reach

    def set_patch(self, patch: LivePatch) -> None:
        """Play another patch: what sounds takes it over without a click."""
        self._patch = patch
        parts = [part for part in self._parts if part.left is None]
        patch.renew([part.voice for part in parts], [part.key for part in parts])
        if self._room is not None:
            patch.refurnish(self._room)
        elif parts:
            self._room, self._room_from = patch.open_room(), min(part.at for part in parts)

    def set_settings(self, settings: PlaySettings) -> None:
        """Voices, glide and ranges from now on. In mono the newest voice stays, the others are let go."""
        self._settings = settings
        if settings.is_mono:
            held = [part for part in self._parts if part.gate and part.left is None and not part.is_free]
            stays = self._alone() or next(reversed(held), None)
            for part in held:
                if part is not stays:
                    part.is_down = part.gate = False

    def note_on(self, note: int, velocity: int, at: int) -> Part | None:
        """A key goes down, to be heard from frame ``at`` on; its voice, or ``None`` where one slides to it."""
        hands, settings = self._hands, self._settings
        held = bool(hands.keys)
        hands.keys.pop(note, None)
        hands.keys[note] = velocity
        glides = settings.glide_s > 0.0 and (settings.glides_always or held)
        if settings.is_mono:
            struck = self._strike_alone(note, velocity, at, glides, held)
        else:
            for part in self._parts:
                if part.note == note and not self._patch.adds:
                    part.is_down = part.gate = False
            self._make_room(settings.n_voices, note)
            struck = self._strike(note, velocity, at, glides)
        hands.last_note = note
        return struck

    def hit(self, place: Place, velocity: int, note: int, at: int) -> Part:
        """The object of a key is struck at a place, to be heard from frame ``at`` on, and rings freely, whatever the
        keys do."""
        self._make_room(self._settings.n_voices, note)
        part = self._strike(note, velocity, at, glides=False, place=place)
        part.is_free = self._patch.adds
        return part

    def touch(self, place: Place, force: float, note: int, hand: Hand, at: int) -> Part | None:
        """A hand touches the object of a key; its voice when it comes down, to be heard from frame ``at`` on. While it
        stays on the object ``note`` and ``hand`` say nothing."""
        if self._touched is not None:
            self._touched[1].touch(*place, force)
            return None
        key = Key(note, 100.0)
        touched = self._patch.touch(key, hand)
        if touched is None:
            return None
        voice, contacts = touched
        contacts.touch(*place, force)
        self._make_room(self._settings.n_voices, note)
        self._touched = self._add_part(voice, key, at), contacts
        self._touched[0].is_free = self._patch.adds
        return self._touched[0]

    def lift(self) -> None:
        """The hand leaves the object."""
        if self._touched is not None:
            self._touched[1].lift()
            self._touched = None

    def damp(self, on: bool) -> None:
        """A hand lies on all that rings and keeps it from ringing, until it goes away. What a room answers goes on."""
        self._is_damped = on
        for part in self._parts:
            part.voice.choke(on)

    def lighten(self, most: int | None) -> None:
        """Each voice rings with so many modes at most, because the machine is too slow for more; ``None``: with all."""
        self._most = most
        for part in self._parts:
            part.voice.lighten(most)

    @property
    def can_lighten(self) -> bool:
        """Whether less of it can be played: objects that ring can have fewer modes, keys that are held cannot."""
        return self._patch.adds

    @property
    def n_modes(self) -> int:
        """How many modes the voice with the most of them rings with; 0 where voices have none."""
        return max((getattr(part.voice, "n_modes", 0) for part in self._parts), default=0)

    def shed(self) -> int:
        """Because the machine is too slow, the half of the voices that is missed least fades; says how many. The newest
        stays, and so does one that a hand plays."""
        if not self._patch.adds:
            return 0
        held = self._touched[0] if self._touched is not None else None
        parts = [part for part in self._parts if part.left is None and part.is_rendered]
        able = [part for part in parts[:-1] if part is not held]
        gone = sorted(able, key=Part.claim)[: (len(parts) + 1) // 2]
        for part in gone:
            self._dismiss(part)
        return len(gone)

    def note_off(self, note: int) -> None:
        """A key goes up."""
        hands = self._hands
        hands.keys.pop(note, None)
        alone = self._alone()
        if self._settings.is_mono and hands.keys and alone is not None and alone.note == note:
            self._go_back(alone)
            return
        for part in self._parts:
            if part.note == note and part.is_down and not part.is_free:
                part.is_down = False
                part.gate = hands.pedal

    def pedal(self, on: bool) -> None:
        """The sustain pedal."""
        self._hands.pedal = on
        if not on:
            for part in self._parts:
                part.gate = part.is_down

    def bend(self, share: float) -> None:
        """The pitch wheel, -1 to 1."""
        self._hands.bend = min(max(share, -1.0), 1.0)

    def wheel(self, share: float) -> None:
        """The modulation wheel, 0 to 1."""
        self._hands.wheel = min(max(share, 0.0), 1.0)

    def all_off(self) -> None:
        """Everything fades at once; keys, pedal, wheels and hands are at rest."""
        self._hands = _Hands()
        self.lift()
        self.damp(False)
        for part in list(self._parts):
            self._dismiss(part)
        if self._room is not None:
            self._room.close()
            self._room_closes = True

    def let_go(self) -> None:
        """No hand is at it any more: keys, pedal and hands are up, and what rings rings out."""
        self._hands.keys.clear()
        self._hands.pedal = False
        self.lift()
        self.damp(False)
        for part in self._parts:
            part.is_down = part.gate = False

    def fade_out(self) -> list[Block]:
        """All that is still to be heard when everything falls silent at once, for good."""
        ends = [part.at for part in self._parts if part.is_rendered]
        if self._room is not None:
            ends.append(self._room.position + self._room_from)
        self.all_off()
        return self.render(max(ends) + self._fade) if ends else []

    def leap(self, first: int) -> int:
        """The frames before ``first`` are past and need not be rendered: what sounds goes on from there.

        Says how many frames of a voice (or, after the last one, of the room) are never heard because of that.
        """
        room_at = None if self._room is None else self._room.position + self._room_from
        voices_at = min((part.at for part in self._parts), default=first if room_at is None else room_at)
        missed = max(first - min(voices_at, first if room_at is None else room_at), 0)
        self._room_from += missed
        for part in self._parts:
            part.at = max(part.at, first)
        return max(first - voices_at, 0)

    def render(self, until: int, room_until: int | None = None) -> list[Block]:
        """Everything that is still to be heard before frame ``until``, and of the room before ``room_until``."""
        blocks: list[Block] = []
        step = max(round(STEP_S * self._rate), 1)
        end = min((part.at for part in self._parts), default=until)
        if self._room is not None:
            end = min(end, self._room.position + self._room_from)
        while end < until:
            end = min(end + step, until)
            blocks += self._render_step(end, end if room_until is None else min(room_until, end))
        return blocks

    def _render_step(self, until: int, room_until: int) -> list[Block]:
        sums: dict[int, Sound] = {}
        for part in self._parts:
            if part.at < until:
                if part.at not in sums:
                    sums[part.at] = np.zeros((until - part.at, 2), np.float32)
                self._add(part, sums[part.at])
        if self._patch.adds:
            self._join()
        self._parts = [part for part in self._parts if not part.voice.ended and part.left != 0]
        return [*sums.items(), *self._answer(room_until)]

    def begin(self, part: Part, n_frames: int) -> Block:
        """The first frames of a voice that was just struck, and of nothing else."""
        first, sound = part.at, np.zeros((n_frames, 2), np.float32)
        self._add(part, sound)
        return first, sound

    def postpone(self, part: Part, n_frames: int) -> None:
        """A voice that has begun is heard so much later."""
        part.at += n_frames
        part.delay -= n_frames

    # -- voices ----------------------------------------------------------------------------------

    def _strike(self, note: int, velocity: int, at: int, glides: bool, place: Place | None = None) -> Part:
        key = Key(note, velocity, self._n_struck, place)
        glide = None
        if glides and self._hands.last_note is not None and self._hands.last_note != note:
            glide = Glide(self._hands.last_note - note, self._settings.glide_s)
        return self._add_part(self._patch.strike(key, glide), key, at)

    def _add_part(self, voice: LiveVoice, key: Key, at: int) -> Part:
        part = Part(voice, key, at)
        if self._is_damped:
            voice.choke(True)
        voice.lighten(self._most)
        self._parts.append(part)
        self._n_struck += 1
        if self._room is None:
            self._room, self._room_from = self._patch.open_room(), at
        return part

    def _strike_alone(self, note: int, velocity: int, at: int, glides: bool, held: bool) -> Part | None:
        part = self._alone()
        if part is not None and held and self._settings.legato:
            self._slide(part, note, glides)
            return None
        for part in list(self._parts):
            if not part.is_free and (part.note != note or not self._patch.adds):
                self._dismiss(part)
        return self._strike(note, velocity, at, glides)

    def _go_back(self, part: Part) -> None:
        """In mono, the key of the voice went up while others are down: the newest of those has the voice."""
        before, velocity = next(reversed(self._hands.keys.items()))
        if self._settings.legato:
            self._slide(part, before, self._settings.glide_s > 0.0)
        else:
            self._dismiss(part)
            self._strike(before, velocity, part.at, self._settings.glide_s > 0.0)
        self._hands.last_note = before

    def _slide(self, part: Part, note: int, glides: bool) -> None:
        part.key = Key(note, part.key.velocity, part.key.seed)
        self._patch.renew([part.voice], [part.key], self._settings.glide_s if glides else 0.0)

    def _alone(self) -> Part | None:
        """The voice that sounds in mono."""
        return next(
            (part for part in reversed(self._parts) if part.is_down and part.left is None and not part.is_free), None
        )

    def _join(self) -> None:
        """Voices of one note at one frame become the newest of them: one object, whatever strikes it. What is free
        keeps its own voice: a key that goes up would damp it with its own."""
        newest: dict[tuple[int, bool], Part] = {}
        gone: list[Part] = []
        for part in reversed(self._parts):
            if part.left is not None:
                continue
            heir = newest.setdefault((part.note, part.is_free), part)
            if heir is not part and heir.at == part.at and heir.delay == part.delay and heir.voice.absorb(part.voice):
                heir.is_down, heir.gate = heir.is_down or part.is_down, heir.gate or part.gate
                gone.append(part)
        if gone:
            self._parts = [part for part in self._parts if part not in gone]

    def _make_room(self, n_voices: int, note: int) -> None:
        parts = [part for part in self._parts if part.left is None and not (self._patch.adds and part.note == note)]
        for part in sorted(parts, key=Part.claim)[: max(len(parts) - n_voices + 1, 0)]:
            self._dismiss(part)

    def _dismiss(self, part: Part) -> None:
        if not part.is_rendered:
            self._parts.remove(part)
        elif part.left is None:
            part.left = self._fade
            part.is_down = False

    # -- sound -----------------------------------------------------------------------------------

    def _add(self, part: Part, out: Sound) -> None:
        """Add the next frames of a voice to ``out`` ``[n, 2]`` and send them to the room."""
        hands, settings = self._hands, self._settings
        n = out.shape[0] if part.left is None else min(part.left, out.shape[0])
        bend_st, wheel_st = hands.bend * settings.bend_range_st, hands.wheel * settings.wheel_st
        sound = part.voice.process(n, part.gate, bend_st, wheel_st)
        mono = np.empty(n)
        mix(sound, -1 if part.left is None else part.left, self._fade, out, mono)
        if part.left is not None:
            part.left -= n
        if self._room is not None:
            for begin, piece in _pieces(part.at - self._room_from, mono, self._room.reach):
                entered = self._room.send(begin + part.delay, piece)
                part.delay = entered - begin
        part.at += out.shape[0]
        part.is_rendered = True

    def _answer(self, until: int) -> Iterator[Block]:
        room = self._room
        if room is None:
            return
        if until > room.position + self._room_from:
            first = room.position + self._room_from
            yield first, room.answer(until - first)
            if self._room_closes or (room.ended and not self._parts):
                self._room, self._room_closes = None, False
                if self._parts:
                    self._room, self._room_from = self._patch.open_room(), until


def _pieces(first: int, sound: NDArray[np.float64], most: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
    for begin in range(0, sound.size, most):
        yield first + begin, sound[begin : begin + most]
