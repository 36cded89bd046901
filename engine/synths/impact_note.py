"""A strike, decoded: unit positions and a key become modes, a contact and a room.

Everything here is small (no frames) and in float64, so that a pitch is exact whatever type the sound is rendered in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine.dsp.units import db_to_gain, level_to_amplitude, semitones_to_factor, velocity_to_gain
from engine.params.impact import IMPACT_SPACE, LEVEL_FLOOR_DB, N_BANDS, N_MODES, SHAPES, breadth_power
from engine.synths.base import Number, per_row
from engine.synths.chance import chance_beside, chance_of
from engine.synths.decode import Decoder
from engine.synths.impact_force import Contact, contact_time, give_time, limited, noise_colour, softness
from engine.synths.impact_loudness import audible, ears, loud_after_push, usual_amplitudes
from engine.synths.impact_materials import Stuff, blended
from engine.synths.impact_room import MOST_WET, RoomNote, nominal_hz
from engine.synths.impact_shapes import N_AIR, Body, Free, air_hz, family_of

TWO_PI = 2.0 * math.pi
_LOW_HZ, _LOW_STEP = 50.0, 0.25
_HIGH_HZ, _HIGH_STEP = 2_500.0, 0.5
"""Between these the pitch of an object is what physics says. Beyond them it goes on, but slower and slower, so that no
size and no thickness is silent and none does nothing: so far beyond (in logarithms) it goes half as fast."""
_LOUDNESS, _BREATH = 0.25, 0.45
"""Of the object, and of the air in what is all hollow."""
_MIDDLE_C, _MIDDLE_C_HZ = 60.0, 440.0 * 2.0 ** (-9.0 / 12.0)
_LIFTED_HZ = 10_500.0
"""No key lifts the lowest loud mode of an object higher, where little would be left of it to hear."""
_LOUD = 0.05
"""Loud are modes of at least this amplitude beside the loudest."""
_SPLIT = 0.02
"""How far imperfection pulls twins apart, as a share of their frequency."""
_AIR_Q = 22.0
PART = 1e-3
"""So little of a last mode is none of it: whole numbers come back from positions a little off."""

Pick = Callable[[str], Tensor]


def n_present(modes: float) -> int:
    """How many modes there are where the parameter says ``modes``: of the last one there may be a part."""
    return min(math.ceil(modes - PART), N_MODES)


@dataclass(frozen=True)
class ImpactNote:
    """One strike for each row: ``hz``, ``damping`` (1/s) and ``drive`` ``[batch, modes]``, how much a push at the place
    of the strike moves each, and ``heard`` ``[batch, 2, modes]``, how much left and right hear of it for a push of sum
    1; the contact; the room; ``release`` (1/s) ``[batch]``, how much faster everything falls once the key is up, and
    ``hold_s``; ``gain`` and ``pitch_hz`` ``[batch]``. The first ``n_own`` modes are the object's, the others the
    air's."""

    hz: Tensor
    damping: Tensor
    drive: Tensor
    heard: Tensor
    contact: Contact
    room: RoomNote
    release: Tensor
    hold_s: Tensor
    gain: Tensor
    pitch_hz: Tensor
    n_own: int

    @property
    def amplitude(self) -> Tensor:
        """Of each mode on both sides after a push of sum 1, ``[batch, 2, modes]``."""
        return self.heard * self.drive[:, None]

    @property
    def wants_grad(self) -> bool:
        """Whether anything will be differentiated through this note."""
        return torch.is_grad_enabled() and self.gain.requires_grad

    def rows(self, rows: slice) -> ImpactNote:
        """The notes of some rows."""

        def chosen(part: object) -> dict[str, Any]:
            return {name: t[rows] if isinstance(t, Tensor) else t for name, t in vars(part).items()}

        own = {**chosen(self), "contact": Contact(**chosen(self.contact)), "room": RoomNote(**chosen(self.room))}
        return ImpactNote(**own)


class ImpactDecoder:
    """Reads unit vectors of :data:`IMPACT_SPACE`."""

    def __init__(self) -> None:
        self._values = Decoder(IMPACT_SPACE)

    def __call__(
        self,
        unit: Tensor,
        note: Number,
        velocity: Number,
        hold_s: Number,
        rng: torch.Generator | None = None,
        strike: int = 0,
    ) -> ImpactNote:
        """Decode ``unit`` ``[batch, n_units]``; ``note`` and ``velocity`` are MIDI numbers, ``rng`` decides all
        chance. Each ``strike`` has a contact noise of its own; the room is one for all of them."""
        pick = self._pick(unit)
        rows, device = unit.shape[0], unit.device
        seed = int(chance_of(rng or torch.Generator().manual_seed(0)))
        key, force = per_row(note, rows, device, "key"), per_row(velocity, rows, device, "velocity")
        stuff = blended(pick("material"), pick("material_2"), pick("blend"))
        seconds = _contact_s(pick, stuff, force)
        modes = _modes(pick, stuff, key, seconds, _contact_s(pick, stuff, torch.full_like(force, 100.0)))
        contact = Contact(
            seconds=seconds,
            level=level_to_amplitude(pick("contact_db"), LEVEL_FLOOR_DB) * modes.shyness * (force / 100.0) ** 0.5,
            hz=noise_colour(pick("contact_hz"), force),
            octaves=pick("contact_oct"),
            noise_s=pick("contact_s"),
            rise_s=pick("contact_rise_s"),
            grain=pick("contact_grain"),
            direct=pick("contact_direct"),
            into=pick("contact_into"),
            band_s=pick("contact_s")[:, None] * torch.exp2(pick("contact_band_oct")),
            band_level=level_to_amplitude(pick("contact_band_db"), LEVEL_FLOOR_DB),
            seed=chance_beside(seed, strike),
        )
        damped = (pick("release") > 0.5).double()
        return ImpactNote(
            hz=modes.hz,
            damping=modes.damping,
            drive=modes.drive,
            heard=modes.heard,
            contact=contact,
            room=_room(pick, seed),
            release=damped * math.log(1000.0) / pick("release_s"),
            hold_s=per_row(hold_s, rows, device, "length"),
            gain=_gain(pick, force),
            pitch_hz=modes.pitch_hz,
            n_own=modes.n_own,
        )

    def contacts(self, unit: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor]:
        """How long the striker of ``unit`` ``[1, n_units]`` touches at each ``velocity`` ``[n]`` and how large the push
        is, both ``[n]``."""
        pick = self._pick(unit)
        stuff = blended(pick("material"), pick("material_2"), pick("blend"))
        return _contact_s(pick, stuff, velocity), _gain(pick, velocity)

    def drive(self, unit: Tensor, x: Tensor, y: Tensor) -> Tensor:
        """How much pushes at the places ``x``, ``y`` ``[n]`` move each mode of ``unit`` ``[1, n_units]``: ``[n,
        modes]``, without the air's."""
        pick = self._pick(unit)
        shape = family_of(SHAPES[int(pick("shape").round())]).shape(x[:, None], y[:, None])
        return shape[:, : n_present(float(pick("modes")))]

    def _pick(self, unit: Tensor) -> Pick:
        values = self._values(unit.to(torch.float64))

        def pick(name: str) -> Tensor:
            found = values[:, IMPACT_SPACE.place(name)]
            return found if IMPACT_SPACE[name].count > 1 else found[:, 0]

        return pick


@dataclass(frozen=True)
class _Modes:
    """All modes, as in :class:`ImpactNote`; ``shyness`` ``[batch]`` is how much less the push excites the object than a
    click would: its noise keeps beside it, however soft the blow."""

    hz: Tensor
    damping: Tensor
    drive: Tensor
    heard: Tensor
    pitch_hz: Tensor
    n_own: int
    shyness: Tensor


def _gain(pick: Pick, velocity: Tensor) -> Tensor:
    """How large the push of the striker is ``[batch]``. A heavy one is louder by 1.5 dB a doubling: less than in
    nature, where nothing else would be heard of it."""
    loud = velocity_to_gain(velocity, pick("velocity")) * (pick("striker_kg") / 0.02) ** 0.25
    return loud * db_to_gain(pick("gain_db"))


def _contact_s(pick: Pick, stuff: Stuff, velocity: Tensor) -> Tensor:
    """How long the striker touches the object, in seconds ``[batch]``."""
    mass = pick("striker_kg")
    hertz = contact_time(mass, pick("striker_hardness"), stuff.contact_pa, velocity)
    return limited((hertz + give_time(mass, velocity)) * pick("contact_stretch"))


def _modes(pick: Pick, stuff: Stuff, key: Tensor, seconds: Tensor, usual_s: Tensor) -> _Modes:
    """The modes of each row under a push of ``seconds``, as loud as one of ``usual_s`` would make them. Those that no
    row has are left out."""
    length = pick("size_m")[:, None]
    thickness = pick("thickness_m")[:, None]
    body = Body(
        stuff=stuff,
        length=length,
        # Nothing is thicker than half its length.
        thickness=thickness / (1.0 + (2.0 * thickness / length).square()).sqrt(),
        proportion=_breadth(pick)[:, None],
        hollowness=pick("hollowness")[:, None],
        split=_SPLIT * pick("imperfection")[:, None],
    )
    wanted = pick("modes")
    most = n_present(float(wanted.detach().max())) if wanted.numel() else 0
    physical, base_hz, strike, heard = _by_shape(pick, body, most)
    count = torch.arange(most, dtype=torch.float64, device=physical.device)
    present = (wanted[:, None] - count).clamp(0.0, 1.0)
    level = level_to_amplitude(pick("mode_level_db")[:, :most], LEVEL_FLOOR_DB) * present
    # As the usual key sounds, and then how far the key lifts that.
    tuning = pick("tuning").round()
    pitch = torch.where(tuning > 1.5, _MIDDLE_C_HZ, _within_hearing(base_hz)) * semitones_to_factor(
        pick("transpose_st")
    )
    usual_hz = physical * (pitch / base_hz)[:, None]
    moved = semitones_to_factor(pick("mode_pitch_st")[:, :most])
    loudest = (level[:, None] * heard * strike[:, None]).abs().amax(1)
    lift = torch.where(tuning > 0.5, semitones_to_factor(key - _MIDDLE_C), 1.0)
    lift = torch.minimum(lift, _highest_lift(usual_hz * moved, loudest))
    pitch = pitch * lift
    scale = (pitch / base_hz)[:, None]
    hz = usual_hz * lift[:, None] * moved
    hollow = pick("hollowness")
    alpha = stuff.alpha * pick("damping_low") * (1.0 + hollow)
    beta = stuff.beta * pick("damping_high")
    falls = torch.exp2(pick("mode_damping_oct")[:, :most])
    damping = 0.5 * (alpha[:, None] + beta[:, None] * (TWO_PI * hz).square()) * falls
    clicked = present.square() * audible(physical * scale)

    def pushed(at_hz: Tensor, over_s: Tensor) -> Tensor:
        return (clicked * softness(at_hz, over_s[:, None]).square()).sum(1) + 1e-3

    usual = pushed(physical * scale, usual_s)
    # As loud as the others, whatever it is, at the usual key; its own knobs of damping change that.
    own = 0.5 * (stuff.alpha[:, None] + stuff.beta[:, None] * (TWO_PI * usual_hz).square())
    usually = present[:, None] * usual_amplitudes(pick("shape").round().long(), most)
    loud = loud_after_push(usually, usual_hz, own, usual_s) + 1e-5
    # What a higher key moves less of is made up for in part.
    loudness = _LOUDNESS * (pushed(usual_hz, usual_s) / usual / loud).sqrt()
    # Above its corner a push falls off more steeply than ``softness`` says; the noise of a soft blow keeps beneath it.
    shyness = (pushed(physical * scale, seconds) / usual) ** 2 * (usual / (clicked.sum(1) + 1e-3)).sqrt()
    heard = (level * loudness[:, None])[:, None] * heard
    if hollow.requires_grad or bool((hollow > 0.0).any()):
        air = air_hz(body) * scale
        order = torch.arange(1, N_AIR + 1, dtype=torch.float64, device=hz.device)
        breath = _BREATH * hollow[:, None] / order
        hz = torch.cat([hz, air], 1)
        damping = torch.cat([damping, 10.0 + air * (math.pi / _AIR_Q)], 1)
        heard = torch.cat([heard, breath[:, None].expand(-1, 2, -1)], 2)
        # The air does not mind where its walls are struck.
        strike = torch.cat([strike, torch.ones_like(air)], 1)
    return _Modes(hz, damping, strike, heard * audible(hz)[:, None], pitch, most, shyness)


def _by_shape(pick: Pick, body: Body, most: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of each row its family's frequencies ``[batch, most]``, the one that is its pitch ``[batch]``, and the shapes
    where it is struck ``[batch, most]`` and heard ``[batch, 2, most]``."""
    shapes = pick("shape").round().long()
    strike = pick("strike_x")[:, None], pick("strike_y")[:, None]
    left, right = ears(pick("pickup_x")[:, None], pick("pickup_y")[:, None], pick("width")[:, None])
    found, order = [], []
    for number in sorted(set(shapes.tolist())):
        rows = (shapes == number).nonzero()[:, 0]
        family = family_of(SHAPES[number])
        own = body if rows.numel() == shapes.numel() else body.rows(rows)
        hz = family.hz(own)
        places = [family.shape(*(c.index_select(0, rows) for c in place))[:, :most] for place in (strike, left, right)]
        if isinstance(family, Free):
            places[0] = places[0] * family.signs[:most].to(hz.device)
        found.append((hz[:, :most], hz[:, family.pitch_mode], places[0], torch.stack(places[1:], 1)))
        order.append(rows)
    if len(found) == 1:
        return found[0]
    back = torch.argsort(torch.cat(order))
    hz, base, struck, heard = (torch.cat(parts).index_select(0, back) for parts in zip(*found, strict=True))
    return hz, base, struck, heard


def _highest_lift(hz: Tensor, amplitude: Tensor) -> Tensor:
    """How far keys may lift modes ``[batch, modes]``: a factor ``[batch]``, at least 1."""
    is_loud = amplitude >= _LOUD * amplitude.amax(1, keepdim=True)
    lowest = torch.where(is_loud, hz, math.inf).amin(1)
    return (_LIFTED_HZ / lowest).clamp(min=1.0)


def _breadth(pick: Pick) -> Tensor:
    """Widths as shares of lengths ``[batch]``."""
    shape, proportion = pick("shape").round().long(), pick("proportion")
    powers = torch.tensor([breadth_power(name) for name in SHAPES], dtype=torch.float64, device=proportion.device)
    return proportion ** powers[shape]


def _within_hearing(hz: Tensor) -> Tensor:
    """The pitch that is heard of an object whose own is ``hz``."""
    above = (hz / _HIGH_HZ).log().clamp(min=0.0)
    below = (_LOW_HZ / hz).log().clamp(min=0.0)
    kept = hz.clamp(_LOW_HZ, _HIGH_HZ)
    return kept * (1.0 + above / _HIGH_STEP) ** _HIGH_STEP / (1.0 + below / _LOW_STEP) ** _LOW_STEP


def _room(pick: Pick, seed: int) -> RoomNote:
    device = pick("room").device
    place = torch.arange(N_BANDS, dtype=torch.float64, device=device) / (N_BANDS - 1)
    # The highest band is over up to eight times sooner.
    plain_s = pick("room_s")[:, None] * torch.exp2(-3.0 * pick("room_damping")[:, None] * place)
    return RoomNote(
        wet=MOST_WET * pick("room"),
        delay_s=pick("room_delay_s"),
        hz=nominal_hz(device) * semitones_to_factor(pick("room_band_st")),
        seconds=plain_s * torch.exp2(pick("room_band_oct")),
        level=level_to_amplitude(pick("room_band_db"), LEVEL_FLOOR_DB),
        plain_s=plain_s,
        seed=seed,
    )
