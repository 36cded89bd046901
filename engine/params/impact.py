"""The impact instrument's parameters: every range, unit, default and scale is declared here and nowhere else.

Something is struck. What it is (shape, material, size, thickness ...) gives its modes by physics; with what and where
it is struck excites them; a room answers. Mode ``n`` of the object then moves away from physics by its own residuals:
``mode_pitch_st``, ``mode_damping_oct`` and ``mode_level_db`` are vectors of :data:`N_MODES` numbers. ``transpose_st``
shifts all modes together and is separate from them.

``damping_low`` and ``damping_high`` are factors on Rayleigh's alpha and beta of the material: a mode at the angular
frequency ``w`` falls as ``exp(-d t)`` with ``d = (alpha + beta w**2) / 2``.
Places on the object are shares of its picture: ``x`` along a bar, a plate, a tube or a box, from the middle of a
membrane to its rim, from the crown of a bell to its lip; ``y`` across, or around in turns.
The room has :data:`N_BANDS` bands an octave apart from :data:`LOWEST_BAND_HZ` on, each with residuals of its own too;
the noise of the contact has :data:`N_CONTACT_BANDS`.
"""

from __future__ import annotations

import math
from typing import Any

from engine.params.param import Param, Scale, choice
from engine.params.space import ParamSpace

N_MODES = 512
N_BANDS = 8
LOWEST_BAND_HZ = 62.5
N_CONTACT_BANDS = 16
CONTACT_LOW_HZ, CONTACT_HIGH_HZ = 50.0, 18_000.0
"""Middles of the lowest and the highest band of a contact's noise; the others lie evenly between them in octaves."""
LEVEL_FLOOR_DB = -72.0
"""At this level, and only there, something is exactly silent."""

SHAPES = ("bar", "plate", "membrane", "tube", "bell", "box", "free")
"""``free`` has no physics: its modes are spread over six octaves, to be placed one by one."""
MATERIALS = ("wood", "metal", "glass", "ceramic", "plastic", "stone", "membrane")
ROUND = ("membrane", "tube", "bell")
"""Of these ``y`` goes around, in turns."""
_BROAD = ("plate", "box")
"""What is broad by nature: at the low end of its knob such a thing is as broad as others are at the default."""
TUNINGS = ("object", "relative", "key")
"""What the key does to the pitch: nothing; it shifts it from middle C on; it is the pitch."""
RELEASES = ("rings", "damped")


class _Section:
    """Declares the parameters of one section; whatever else a :class:`Param` has is given by name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def knob(
        self,
        name: str,
        span: tuple[float, float],
        default: float,
        unit: str,
        scale: Scale,
        label: str,
        words: str,
        **more: Any,
    ) -> Param:
        return Param(name, *span, default, unit, scale, label=label, help=words, section=self._name, **more)

    def share(self, name: str, default: float, label: str, words: str, **more: Any) -> Param:
        return self.knob(name, (0.0, 1.0), default, "", "linear", label, words, step=0.1, **more)

    def choice(
        self, name: str, choices: tuple[str, ...], label: str, words: str, default: str = "", **more: Any
    ) -> Param:
        return choice(name, choices, default, label=label, help=words, section=self._name, **more)


def _voice() -> list[Param]:
    at = _Section("Voice")
    key = "What the key does to the pitch: nothing, a shift from C4, or it is the pitch"
    pitch, gain = (-48.0, 48.0), (-36.0, 12.0)
    return [
        at.knob("transpose_st", pitch, 0.0, "st", "linear", "Pitch", "Shift of all modes", step=1.0, role="meaning"),
        at.knob("gain_db", gain, -6.0, "dB", "linear", "Gain", "Level of the whole voice", step=1.0, role="level"),
        at.choice("tuning", TUNINGS, "Tuning", key, "relative", role="meaning"),
        at.share("velocity", 0.7, "Velocity", "How much softer a soft strike is"),
        at.choice("release", RELEASES, "Release", "Whether the object rings on when the key goes up"),
        at.knob(
            "release_s", (0.01, 20.0), 0.3, "s", "log", "Damp time", "Time until it is 60 dB down once the key is up"
        ),
    ]


def _object() -> list[Param]:
    at = _Section("Object")
    uneven = "How far it is from perfectly even: modes that would be one beat"
    return [
        at.choice("shape", SHAPES, "Shape", "What kind of thing it is"),
        at.choice("material", MATERIALS, "Material", "What it is made of"),
        at.choice("material_2", MATERIALS, "Second material", "What else it is made of", "metal"),
        at.share("blend", 0.0, "Blend", "How much of the second material is in it"),
        at.knob("size_m", (0.02, 3.0), 0.3, "m", "log", "Size", "Its length, or its diameter"),
        at.knob("thickness_m", (0.0002, 0.1), 0.01, "m", "log", "Thickness", "How thick it is, or its wall"),
        at.knob("proportion", (0.03, 1.0), 0.15, "", "log", "Breadth", "From slim to as wide as it is long"),
        at.share("hollowness", 0.0, "Hollowness", "How hollow it is: the air inside sounds too"),
        at.share("imperfection", 0.1, "Imperfection", uneven),
        at.knob("modes", (1.0, float(N_MODES)), 48.0, "", "log", "Modes", "How many modes it has", step=1.0),
    ]


def _damping() -> list[Param]:
    at = _Section("Damping")
    span = (1.0 / 32.0, 32.0)
    all_modes = "How fast all modes fall silent; 1 is as the material does (alpha)"
    high_modes = "How much faster high modes fall silent; 1 is as the material does (beta)"
    return [
        at.knob("damping_low", span, 1.0, "", "log", "Low", all_modes),
        at.knob("damping_high", span, 1.0, "", "log", "High", high_modes),
    ]


def _striker() -> list[Param]:
    at = _Section("Striker")
    longer = "How long they touch; 1 is as long as their masses and hardness make it"
    return [
        at.knob("striker_kg", (0.0003, 3.0), 0.02, "kg", "log", "Mass", "How heavy the striker is"),
        at.share("striker_hardness", 0.6, "Hardness", "From felt to steel"),
        at.knob("contact_stretch", (0.125, 16.0), 1.0, "", "log", "Touch", longer),
        at.share("strike_x", 0.3, "Along", "Where it strikes, along the object"),
        at.share("strike_y", 0.6, "Across", "Where it strikes, across or around the object"),
    ]


def _contact() -> list[Param]:
    at, bands = _Section("Contact noise"), _Section("Contact bands")
    level: dict[str, Any] = {"step": 1.0, "off_at_low": True, "role": "level"}
    span, wide = (LEVEL_FLOOR_DB, 12.0), (LEVEL_FLOOR_DB, 36.0)
    many: dict[str, Any] = {"count": N_CONTACT_BANDS}
    longer = "Change of a band's length, in doublings"
    slow = "How slowly it begins, as a scrape does"
    return [
        at.knob("contact_db", span, LEVEL_FLOOR_DB, "dB", "linear", "Level", "How rough the contact is", **level),
        at.knob("contact_hz", (40.0, 18_000.0), 4_000.0, "Hz", "log", "Colour", "Middle of the noise's band"),
        at.knob("contact_oct", (0.3, 6.0), 2.0, "oct", "log", "Width", "How wide the band is"),
        at.knob("contact_s", (0.001, 4.0), 0.03, "s", "log", "Length", "Time until it is 60 dB down"),
        at.knob("contact_rise_s", (0.0002, 2.0), 0.0005, "s", "log", "Rise", slow),
        at.share("contact_grain", 0.0, "Grain", "From hiss to single crackles"),
        at.share("contact_direct", 0.2, "Direct", "How much of the contact is heard beside the object"),
        at.share("contact_into", 1.0, "Into object", "How much of the noise excites the object"),
        bands.knob("contact_band_oct", (-6.0, 6.0), 0.0, "oct", "linear", "Band length", longer, **many),
        bands.knob("contact_band_db", wide, 0.0, "dB", "linear", "Band level", "Level of a band", **level, **many),
    ]


def _pick_up() -> list[Param]:
    at = _Section("Listening")
    return [
        at.share("pickup_x", 0.9, "Along", "Where it is listened to, along the object"),
        at.share("pickup_y", 0.2, "Across", "Where it is listened to, across or around the object"),
        at.share("width", 0.3, "Width", "How far apart left and right listen"),
    ]


def _room() -> list[Param]:
    at, bands = _Section("Room"), _Section("Room bands")
    many: dict[str, Any] = {"count": N_BANDS}
    level: dict[str, Any] = {"off_at_low": True, "role": "level", **many}
    span, longer = (LEVEL_FLOOR_DB, 24.0), "Change of a band's length, in doublings; +1 is 1.6 to 1.8 times as long"
    louder = "Change of a band's level; bands overlap: +6 dB is heard as +4.6 dB, off as -10 dB"
    return [
        at.share("room", 0.0, "Room", "How much of the room is heard", off_at_low=True),
        at.knob("room_s", (0.05, 12.0), 0.8, "s", "log", "Length", "Time until it is 60 dB down"),
        at.share("room_damping", 0.4, "Damping", "How much sooner high bands are over"),
        at.knob("room_delay_s", (0.01, 0.25), 0.015, "s", "log", "Delay", "Time before the room answers"),
        bands.knob(
            "room_band_st", (-12.0, 12.0), 0.0, "st", "linear", "Band shift", "Shift of a band's middle", **many
        ),
        bands.knob("room_band_oct", (-4.0, 4.0), 0.0, "oct", "linear", "Band decay", longer, **many),
        bands.knob("room_band_db", span, 0.0, "dB", "linear", "Band level", louder, **level),
    ]


def _modes() -> list[Param]:
    at = _Section("Modes")
    own: dict[str, Any] = {"count": N_MODES, "role": "routing"}
    level: dict[str, Any] = {"count": N_MODES, "role": "level", "off_at_low": True}
    span, faster = (LEVEL_FLOOR_DB, 36.0), "Change of a mode's damping, in doublings"
    return [
        at.knob("mode_pitch_st", (-72.0, 72.0), 0.0, "st", "linear", "Mode pitch", "Shift of a mode", **own),
        at.knob("mode_damping_oct", (-8.0, 8.0), 0.0, "oct", "linear", "Mode damping", faster, **own),
        at.knob("mode_level_db", span, 0.0, "dB", "linear", "Mode level", "Change of a mode's level", **level),
    ]


IMPACT_SPACE = ParamSpace(
    "impact",
    (*_voice(), *_object(), *_damping(), *_striker(), *_contact(), *_pick_up(), *_room(), *_modes()),
)


def breadth_power(shape: str) -> float:
    """The width of a thing of that shape, as a share of its length, is its ``proportion`` to this power."""
    breadth = IMPACT_SPACE["proportion"]
    return math.log(breadth.default) / math.log(breadth.low) if shape in _BROAD else 1.0
