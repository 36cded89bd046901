"""A patch of the impact instrument ready to be struck and touched: what its strikes share is made once and kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from engine.params import Patch
from engine.params.gesture import CHOKE_S, Hand
from engine.synths.impact_contacts import ContactStream, Striker, Surface, pressed_velocity, velocity_of
from engine.synths.impact_live import ImpactVoice
from engine.synths.impact_live_room import ConvolutionRoom, RoomKernel
from engine.synths.impact_note import ImpactDecoder, ImpactNote
from engine.synths.impact_scrape import FORCE, MOMENT_S, scrape_size
from engine.synths.impact_struck import ALL, Body, Floats, Struck, noises_of, places
from engine.synths.live_voice import Glide, Key, Place

_MOST_NOTES = 64
_N_CHANCES = 64
_LONGEST_ROOM_S = 30.0
_PLACES = 5
_USUAL = Key(60, 100.0)


class ImpactLivePatch:
    """A patch of the impact instrument ready to be struck; see :class:`engine.synths.live_voice.LivePatch`."""

    adds = True

    def __init__(self, patch: Patch, sample_rate: int, decode: ImpactDecoder) -> None:
        self._patch, self._rate, self._decode = patch, sample_rate, decode
        self._unit = torch.tensor([patch.unit()], dtype=torch.float64)
        self._notes: OrderedDict[Key, Struck] = OrderedDict()
        self._bodies: dict[float, Body] = {}
        self._surface: Surface | None = None
        self._kernel: RoomKernel | None = None

    def strike(self, key: Key, glide: Glide | None = None) -> ImpactVoice:
        """See :meth:`engine.synths.live_voice.LivePatch.strike`."""
        struck = self._note(key)
        return ImpactVoice(struck.body, self._rate, glide, struck=struck)

    def touch(self, key: Key, hand: Hand) -> tuple[ImpactVoice, ContactStream]:
        """See :meth:`engine.synths.live_voice.LivePatch.touch`."""
        surface = self._ground()
        stream = ContactStream(hand, surface.striker, self._rate)
        return ImpactVoice(self._body(key), self._rate, stream=stream, surface=surface), stream

    def renew(self, voices: Sequence[ImpactVoice], keys: Sequence[Key], glide_s: float = 0.0) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.renew`."""
        for voice, key in zip(voices, keys, strict=True):
            struck = self._note(key) if voice.is_struck else None
            surface = self._ground() if voice.has_hands else None
            voice.renew(self._body(key), struck, surface, glide_s)

    def foresee(self, keys: Sequence[Key]) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.foresee`."""
        self._room()
        for key in keys:
            self.strike(key)

    def open_room(self) -> ConvolutionRoom | None:
        """See :meth:`engine.synths.live_voice.LivePatch.open_room`."""
        kernel = self._room()
        return None if kernel is None else ConvolutionRoom(kernel)

    def refurnish(self, room: ConvolutionRoom) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.refurnish`."""
        kernel = self._room()
        if kernel is None:
            room.close()
        else:
            room.refurnish(kernel)

    def _decoded(self, key: Key) -> ImpactNote:
        rng = torch.Generator().manual_seed(self._patch.seed)
        unit = self._unit
        if key.place is not None:
            x, y = key.place
            unit = torch.tensor([self._patch.with_values(strike_x=x, strike_y=y).unit()], dtype=torch.float64)
        with torch.no_grad():
            return self._decode(unit, key.note, key.velocity, 1.0, rng, self._patch.strike + key.seed % _N_CHANCES)

    def _body(self, key: Key) -> Body:
        """One for each note: all that strikes it drives the same modes."""
        if key.note not in self._bodies:
            self._bodies[key.note] = self._new_body(self._decoded(Key(key.note, 100.0)))
        return self._bodies[key.note]

    def _new_body(self, note: ImpactNote) -> Body:
        choke_s = self._patch.values["release_s"]
        assert isinstance(choke_s, float)
        # A hand's own time: it chokes a bell that a key lets go slowly, too.
        return Body.of(note, min(choke_s, CHOKE_S))

    def _note(self, key: Key) -> Struck:
        key = Key(key.note, key.velocity, key.seed % _N_CHANCES, key.place)
        if key not in self._notes:
            with torch.no_grad():
                note = self._decoded(key)
                body = self._bodies.setdefault(key.note, self._new_body(note))
                self._notes[key] = Struck.of(note, body, self._rate)
            if len(self._notes) > _MOST_NOTES:
                self._notes.popitem(last=False)
        return self._notes[key]

    def _ground(self) -> Surface:
        if self._surface is None:
            velocity = torch.arange(128, dtype=torch.float64).clamp(min=1.0)
            with torch.no_grad():
                seconds, gain = (t.numpy() for t in self._decode.contacts(self._unit, velocity))
            usual = self._decoded(_USUAL)
            body = self._bodies.setdefault(_USUAL.note, self._new_body(usual))
            with torch.no_grad():
                noises = noises_of(usual, self._rate)
                struck, driven = self._driven(usual)
            striker = Striker(seconds, gain, 0.0, noises)
            lasts_s, size = striker.at(velocity_of(FORCE))
            # As a strike of a roll takes it.
            rougher = size / striker.at(_USUAL.velocity)[1] * velocity_of(FORCE) / _USUAL.velocity
            force, direct = noises[0].piece(0, round(MOMENT_S * self._rate))
            noise = rougher * force, rougher * direct
            pressed_s, _ = striker.at(pressed_velocity(FORCE))
            scrape = scrape_size(body, struck, driven, (size, lasts_s), noise, pressed_s, self._rate)
            self._surface = Surface(self._drive, replace(striker, scrape=scrape))
        return self._surface

    def _driven(self, note: ImpactNote) -> tuple[Floats, Floats]:
        """How much the strike moves each mode, and as a mean power what contacts all over the object do, ``[ALL]``."""
        shares = torch.linspace(0.1, 0.9, _PLACES, dtype=torch.float64)
        x, y = torch.cartesian_prod(shares, shares).unbind(1)
        own = self._decode.drive(self._unit, x, y).square().mean(0).numpy()
        struck, driven = np.zeros(ALL), np.ones(ALL)
        struck[places(note)] = note.drive[0].numpy()
        driven[: own.size] = own
        return struck, driven

    def _drive(self, place: Place) -> Floats:
        x, y = (torch.tensor([share], dtype=torch.float64) for share in place)
        with torch.no_grad():
            own = self._decode.drive(self._unit, x, y)[0].numpy()
        drive = np.ones(ALL)
        drive[: own.size] = own
        return drive

    def _room(self) -> RoomKernel | None:
        if self._patch.values["room"] == 0.0:
            return None
        if self._kernel is None:
            with torch.no_grad():
                room = self._decoded(Key(60, 100)).room
                n = room.n_frames(self._rate, round(_LONGEST_ROOM_S * self._rate))
                answer = room.delayed(room.answer(n, self._rate, torch.float64), self._rate)[0]
            settings = tuple((name, value) for name, value in self._patch.values.items() if name.startswith("room"))
            self._kernel = RoomKernel(answer.numpy(), self._rate, (settings, self._patch.seed))
        return self._kernel
