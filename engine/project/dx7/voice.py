"""A DX7 voice as a value: the raw integers as the instrument stores them, and its two byte forms.

========  =====  ==========================================================================================
form      bytes  where
========  =====  ==========================================================================================
single      155  one parameter a byte (VCED), operator 6 first; the edit buffer's dump
packed      128  parameters share bytes (VMEM); 32 of them are a bank
========  =====  ==========================================================================================

Source: DX7 Operating Manual, "MIDI data format", tables "voice parameter" and "packed 32 voice" (Yamaha 1983). Values
outside a parameter's range and bits without a meaning are kept, so that what was read is written back byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Final

from engine.errors import PatchError

SINGLE_BYTES: Final = 155
PACKED_BYTES: Final = 128
NAME_LENGTH: Final = 10

SCALING_CURVES: Final = ("-lin", "-exp", "+exp", "+lin")
"""The four keyboard level scaling curves, by their stored number."""
LFO_WAVES: Final = ("triangle", "saw down", "saw up", "square", "sine", "sample & hold")

Quad = tuple[int, int, int, int]


@dataclass(frozen=True)
class Dx7Operator:
    """One operator.

    Rates, levels and depths are 0..99; the curves 0..3 see :data:`SCALING_CURVES`; ``detune`` is 0..14 with 7 in tune;
    ``mode`` 0 follows the key, 1 is fixed; ``coarse`` is 0..31; ``break_point`` 39 is the key C3."""

    rates: Quad = (99, 99, 99, 99)
    levels: Quad = (99, 99, 99, 0)
    break_point: int = 39
    left_depth: int = 0
    right_depth: int = 0
    left_curve: int = 0
    right_curve: int = 0
    rate_scaling: int = 0
    amp_sensitivity: int = 0
    velocity: int = 0
    level: int = 0
    mode: int = 0
    coarse: int = 1
    fine: int = 0
    detune: int = 7


@dataclass(frozen=True)
class Dx7Voice:
    """A whole voice; ``operators[0]`` is operator 1. ``algorithm`` is stored 0..31 (shown 1..32), ``transpose`` 24 is
    none, ``name_bytes`` are ten characters of the instrument. ``spare`` holds, for a voice of a bank, the bits of the
    packed form that mean nothing (empty when there are none)."""

    operators: tuple[Dx7Operator, ...] = (Dx7Operator(level=99), *[Dx7Operator()] * 5)
    pitch_rates: Quad = (99, 99, 99, 99)
    pitch_levels: Quad = (50, 50, 50, 50)
    algorithm: int = 0
    feedback: int = 0
    oscillator_sync: int = 1
    lfo_speed: int = 35
    lfo_delay: int = 0
    lfo_pitch_depth: int = 0
    lfo_amp_depth: int = 0
    lfo_sync: int = 1
    lfo_wave: int = 0
    lfo_pitch_sensitivity: int = 3
    transpose: int = 24
    name_bytes: bytes = b"INIT VOICE"
    spare: bytes = b""

    def __post_init__(self) -> None:
        if len(self.operators) != 6 or len(self.name_bytes) != NAME_LENGTH:
            raise ValueError("A DX7 voice has six operators and a name of ten characters.")

    @property
    def name(self) -> str:
        """The name as text; characters that only the instrument's own display has become "?"."""
        printable = (chr(c) if 32 <= c < 127 else "?" for c in self.name_bytes)
        return "".join(printable).strip()

    @classmethod
    def from_single(cls, data: bytes) -> Dx7Voice:
        """Read the 155-byte form; raises :class:`PatchError` when there are fewer or more bytes."""
        if len(data) != SINGLE_BYTES:
            raise PatchError(f"A single DX7 voice has {SINGLE_BYTES} bytes, not {len(data)}.")
        operators = tuple(_operator_of_single(data[21 * i : 21 * i + 21]) for i in reversed(range(6)))
        numbers: dict[str, Any] = dict(zip(_SINGLE_VOICE, data[134:145], strict=True))
        return cls(operators, _quad(data, 126), _quad(data, 130), **numbers, name_bytes=data[145:])

    def to_single(self) -> bytes:
        """The 155-byte form."""
        parts = [_single_of_operator(operator) for operator in reversed(self.operators)]
        parts += [bytes(self.pitch_rates), bytes(self.pitch_levels)]
        parts += [bytes(getattr(self, name) for name in _SINGLE_VOICE), self.name_bytes]
        return b"".join(parts)

    @classmethod
    def from_packed(cls, data: bytes) -> Dx7Voice:
        """Read the 128-byte form; raises :class:`PatchError` when there are fewer or more bytes."""
        if len(data) != PACKED_BYTES:
            raise PatchError(f"A DX7 voice of a bank has {PACKED_BYTES} bytes, not {len(data)}.")
        operators = []
        for i in reversed(range(6)):
            part = data[17 * i : 17 * i + 17]
            operators.append(Dx7Operator(_quad(part, 0), _quad(part, 4), **_unpacked(part, _PACKED_OPERATOR)))
        numbers: dict[str, Any] = _unpacked(data, _PACKED_VOICE)
        voice = cls(tuple(operators), _quad(data, 102), _quad(data, 106), **numbers, name_bytes=data[118:])
        spare = bytes(got ^ known for got, known in zip(data, voice.to_packed(), strict=True))
        return voice if not any(spare) else replace(voice, spare=spare)

    def to_packed(self) -> bytes:
        """The 128-byte form; a value too large for its bits becomes the largest that fits."""
        data = bytearray(PACKED_BYTES)
        for i, operator in enumerate(reversed(self.operators)):
            part = bytearray(17)
            part[0:8] = bytes((*operator.rates, *operator.levels))
            _pack(part, operator, _PACKED_OPERATOR)
            data[17 * i : 17 * i + 17] = part
        data[102:110] = bytes((*self.pitch_rates, *self.pitch_levels))
        _pack(data, self, _PACKED_VOICE)
        data[118:] = self.name_bytes
        for i, bits in enumerate(self.spare):
            data[i] |= bits
        return bytes(data)


_SINGLE_OPERATOR = tuple(field.name for field in fields(Dx7Operator))[2:]
_SINGLE_VOICE = (
    "algorithm",
    "feedback",
    "oscillator_sync",
    "lfo_speed",
    "lfo_delay",
    "lfo_pitch_depth",
    "lfo_amp_depth",
    "lfo_sync",
    "lfo_wave",
    "lfo_pitch_sensitivity",
    "transpose",
)

# Name: byte, lowest bit, number of bits. Values that have a byte for themselves keep all eight.
_Places = dict[str, tuple[int, int, int]]
_PACKED_OPERATOR: _Places = {
    "break_point": (8, 0, 8),
    "left_depth": (9, 0, 8),
    "right_depth": (10, 0, 8),
    "left_curve": (11, 0, 2),
    "right_curve": (11, 2, 2),
    "rate_scaling": (12, 0, 3),
    "detune": (12, 3, 4),
    "amp_sensitivity": (13, 0, 2),
    "velocity": (13, 2, 3),
    "level": (14, 0, 8),
    "mode": (15, 0, 1),
    "coarse": (15, 1, 5),
    "fine": (16, 0, 8),
}
_PACKED_VOICE: _Places = {
    "algorithm": (110, 0, 5),
    "feedback": (111, 0, 3),
    "oscillator_sync": (111, 3, 1),
    "lfo_speed": (112, 0, 8),
    "lfo_delay": (113, 0, 8),
    "lfo_pitch_depth": (114, 0, 8),
    "lfo_amp_depth": (115, 0, 8),
    "lfo_sync": (116, 0, 1),
    "lfo_wave": (116, 1, 3),
    "lfo_pitch_sensitivity": (116, 4, 3),
    "transpose": (117, 0, 8),
}


def _quad(data: bytes, at: int) -> Quad:
    return data[at], data[at + 1], data[at + 2], data[at + 3]


def _operator_of_single(part: bytes) -> Dx7Operator:
    return Dx7Operator(_quad(part, 0), _quad(part, 4), **dict(zip(_SINGLE_OPERATOR, part[8:], strict=True)))


def _single_of_operator(operator: Dx7Operator) -> bytes:
    return bytes((*operator.rates, *operator.levels, *(getattr(operator, name) for name in _SINGLE_OPERATOR)))


def _unpacked(data: bytes, places: _Places) -> dict[str, int]:
    return {name: (data[at] >> shift) & ((1 << bits) - 1) for name, (at, shift, bits) in places.items()}


def _pack(data: bytearray, source: Dx7Operator | Dx7Voice, places: _Places) -> None:
    for name, (at, shift, bits) in places.items():
        data[at] |= min(getattr(source, name), (1 << bits) - 1) << shift
