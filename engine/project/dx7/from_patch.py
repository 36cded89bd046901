"""A patch of the FM instrument as a DX7 voice, and what is lost on the way.

The DX7 stores small whole numbers, has one of 32 algorithms instead of a matrix, one level for an operator instead of
one for each route, and neither filter nor effects. :func:`from_patch` takes the nearest of everything and says in
sentences what it could not keep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.errors import PatchError
from engine.params import FM_SPACE, Patch
from engine.params.fm import (
    CLOCKS,
    CURVES,
    LEVEL_FLOOR_DB,
    MODES,
    N_OPERATORS,
    RATE_SPAN_DB,
    RISE_FROM_DB,
    RISE_TO_DB,
    VELOCITY_CURVES,
    WAVES,
    mod_name,
)
from engine.project.dx7 import tables
from engine.project.dx7.from_motion import closest, lfo, pitch_envelope
from engine.project.dx7.routing import Matrix, Routing, nearest
from engine.project.dx7.voice import NAME_LENGTH, Dx7Operator, Dx7Voice, Quad

AUDIBLE_CENTS: Final = 2.0
_AS_NEAR_CENTS: Final = 0.001
_NEUTRAL: Final = 7
_LOUDEST: Final = 1e-3
"""What is 60 dB softer than full level does not count as heard."""


def from_patch(patch: Patch) -> tuple[Dx7Voice, list[str]]:
    """The voice nearest to ``patch``, and sentences about what it cannot keep.

    Raises :class:`PatchError` for a patch of another synth.
    """
    if patch.synth != FM_SPACE.name:
        raise PatchError(f"A DX7 voice is made of a patch of the fm synth, not of the {patch.synth} synth.")
    return _Export(patch).voice()


class _Export:
    """One conversion: reads the patch by name and collects the losses in the order in which they are found."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch
        self._losses: list[str] = []
        self._down = 0
        self._used: set[str] = {"gain_db", "velocity_curve"}

    def voice(self) -> tuple[Dx7Voice, list[str]]:
        levels = np.array([self._strength(n) for n in range(1, N_OPERATORS + 1)])
        depths = levels[:, None] * self._depths()
        outputs = levels * self._outputs()
        heard = np.where(outputs >= _LOUDEST * max(outputs.max(), 1e-12), outputs, 0.0)
        routing = nearest(depths, heard * tables.FULL_INDEX_RAD)
        self._tell_routing(routing)
        peaks = self._peaks(routing, depths, heard)
        self._down = self._octaves_down(peaks)
        movement, sensitivities = lfo(self._value, self._lose)
        pitch_rates, pitch_levels = pitch_envelope(self._value, self._lose)
        operators = [self._operator(was + 1, peaks[was], sensitivities[was]) for was in routing.places]
        voice = Dx7Voice(
            tuple(operators),
            pitch_rates,
            pitch_levels,
            algorithm=routing.algorithm.number - 1,
            feedback=self._feedback(routing, depths, peaks),
            transpose=self._transpose(),
            name_bytes=self._name(),
            **movement,
        )
        self._tell_the_rest()
        return voice, self._losses

    def _value(self, name: str) -> float:
        self._used.add(name)
        value = self._patch.values[name]
        assert isinstance(value, float | int)
        return float(value)

    def _lose(self, sentence: str) -> None:
        if sentence not in self._losses:
            self._losses.append(sentence)

    # -- levels and routes ----------------------------------------------------------------------------

    def _strength(self, n: int) -> float:
        """Amplitude of an operator's level at velocity 100, 0 when it is off or muted."""
        level_db = self._value(f"op{n}_level_db")
        if level_db <= LEVEL_FLOOR_DB or self._value(f"op{n}_mute"):
            return 0.0
        if self._value("velocity_curve") != VELOCITY_CURVES.index("dx7"):
            level_db += 40.0 * math.log10(100.0 / 127.0) * self._value(f"op{n}_velocity")
        return float(10.0 ** (level_db / 20.0))

    def _depths(self) -> Matrix:
        """The matrix in radians, ``[source, target]``."""
        numbers = range(1, N_OPERATORS + 1)
        return np.array([[self._value(mod_name(s, d)) for d in numbers] for s in numbers])

    def _outputs(self) -> Matrix:
        numbers = range(1, N_OPERATORS + 1)
        solos = [bool(self._value(f"op{n}_solo")) for n in numbers]
        out_db = [self._value(f"op{n}_out_db") for n in numbers]
        return np.array(
            [
                10.0 ** (db / 20.0) if db > LEVEL_FLOOR_DB and (solo or not any(solos)) else 0.0
                for db, solo in zip(out_db, solos, strict=True)
            ]
        )

    def _tell_routing(self, routing: Routing) -> None:
        for source, target in routing.lost:
            how = "to itself" if source == target else f"to {target + 1}"
            self._lose(f"The route from operator {source + 1} {how} is lost: no algorithm has room for it.")
        for source, target in routing.added:
            self._lose(f"Operator {source + 1} bends operator {target + 1} too, because the algorithm does.")
        for n in routing.unheard:
            self._lose(f"Operator {n + 1} is no longer heard itself: in the algorithm it only bends others.")
        if routing.places != tuple(range(N_OPERATORS)) and (routing.lost or routing.added or routing.unheard):
            self._lose("The operators have other numbers than before.")

    def _peaks(self, routing: Routing, depths: Matrix, heard: Matrix) -> list[float]:
        """The one amplitude that each operator of the patch has in the voice, 1 at output level 99."""
        peaks = [0.0] * N_OPERATORS
        lost = set(routing.lost)
        for i, was in enumerate(routing.places):
            if i + 1 in routing.algorithm.carriers:
                peaks[was] = float(heard[was])
                continue
            kept = {t: d for t, d in enumerate(depths[was]) if d > 0.0 and t != was and (was, t) not in lost}
            kept = {t: d for t, d in kept.items() if (i + 1, routing.places.index(t) + 1) in routing.algorithm.edges}
            if not kept:
                # It only loops: its own level decides.
                peaks[was] = float(depths[was].max() > 0.0) * self._strength(was + 1)
                continue
            peaks[was] = max(kept.values()) / tables.FULL_INDEX_RAD
            if max(kept.values()) > 1.1 * min(kept.values()):
                self._lose(f"Operator {was + 1} bends all its targets equally far; the deepest route decides.")
        for n, peak in enumerate(peaks, start=1):
            if peak > 1.01:
                self._lose(f"Operator {n} is {20.0 * math.log10(peak):.1f} dB softer than it was: level 99 is the end.")
        return peaks

    def _feedback(self, routing: Routing, depths: Matrix, peaks: list[float]) -> int:
        source, target = (routing.places[n - 1] for n in routing.algorithm.feedback)
        depth = depths[source, target]
        if depth <= 0.0 or peaks[source] <= 0.0:
            return 0
        exact = 8.0 + math.log2(depth / peaks[source] / tables.FULL_INDEX_RAD)
        nearest_step = min(max(round(exact), 0), 7)
        if abs(exact - nearest_step) > 0.1:
            self._lose(f"Feedback has seven steps, each twice the one before; {nearest_step} is the nearest.")
        return nearest_step

    # -- operators ------------------------------------------------------------------------------------

    def _operator(self, n: int, peak: float, amp_sensitivity: int) -> Dx7Operator:
        def value(name: str) -> float:
            return self._value(f"op{n}_{name}")

        if value("wave") != WAVES.index("sine") and peak > 0.0:
            self._lose(f"Operator {n} becomes a sine.")
        fixed = self._is_fixed(n)
        coarse, fine, detune = self._tuning(n, peak > 0.0)
        left_depth, left_curve = self._scaling(n, "left")
        right_depth, right_curve = self._scaling(n, "right")
        rates, levels = self._envelope(n)
        return Dx7Operator(
            rates=rates,
            levels=levels,
            break_point=self._break_point(n, left_depth > 0 or right_depth > 0),
            left_depth=left_depth,
            right_depth=right_depth,
            left_curve=left_curve,
            right_curve=right_curve,
            rate_scaling=round(7.0 * value("key_rate")),
            amp_sensitivity=amp_sensitivity,
            velocity=self._velocity(n),
            level=closest(tables.level_db, 20.0 * math.log10(peak)) if peak > 0.0 else 0,
            mode=int(fixed),
            coarse=coarse,
            fine=fine,
            detune=detune,
        )

    def _is_fixed(self, n: int) -> bool:
        return self._value(f"op{n}_mode") == MODES.index("fixed")

    def _octaves_down(self, peaks: list[float]) -> int:
        """How far the voice is transposed down so that operators below half the note's pitch can be tuned."""
        ratios = [
            self._value(f"op{n}_ratio") for n, peak in enumerate(peaks, start=1) if peak > 0.0 and not self._is_fixed(n)
        ]
        lowest, highest = min(ratios, default=1.0), max(ratios, default=1.0)
        wanted = max(math.ceil(-1.0 - math.log2(lowest) - 1e-9), 0)
        room = (24.0 + self._value("transpose_st")) / 12.0
        return max(min(wanted, int(room), int(math.log2(tables.ratio(31, 99) / highest))), 0)

    def _tuning(self, n: int, is_heard: bool) -> tuple[int, int, int]:
        """Coarse, fine and detune."""
        ratio, hz = self._value(f"op{n}_ratio"), self._value(f"op{n}_fixed_hz")
        bend = self._value(f"op{n}_detune_cents")
        if self._is_fixed(n):
            steps, detune_cents, lowest = _fixed_steps(), 1200.0 * math.log2(tables.fixed_hz(0, 0, 8)), 0
            wanted = 1200.0 * math.log2(hz) + bend
        else:
            steps, detune_cents, lowest = _ratio_steps(), tables.DETUNE_CENTS, -_NEUTRAL
            wanted = 1200.0 * (math.log2(ratio) + self._down) + bend
        tuned, error = _tuned(wanted, steps, detune_cents, lowest)
        if abs(error) > AUDIBLE_CENTS and is_heard:
            self._lose(f"Operator {n} is {abs(error):.0f} cents {'flat' if error > 0 else 'sharp'}.")
        return tuned

    def _break_point(self, n: int, matters: bool) -> int:
        # Scaling counts from the transposed key.
        exact = round(self._value(f"op{n}_key_break")) - 12 * self._down - tables.BREAK_NOTE
        if matters and not 0 <= exact <= 99:
            self._lose(f"The level scaling of operator {n} breaks at another key: that one is out of the DX7’s reach.")
        return min(max(exact, 0), 99)

    def _scaling(self, n: int, side: str) -> tuple[int, int]:
        db = self._value(f"op{n}_key_{side}_db")
        is_exponential = self._value(f"op{n}_key_{side}_curve") == CURVES.index("exponential")
        depth = min(round(abs(db) / tables.SCALING_DB_PER_OCTAVE), 99)
        if db > 0.0:
            return depth, 2 if is_exponential else 3
        return depth, 1 if is_exponential else 0

    def _velocity(self, n: int) -> int:
        sensitivity = self._value(f"op{n}_velocity")
        if sensitivity > 0.0 and self._value("velocity_curve") != VELOCITY_CURVES.index("dx7"):
            self._lose("Velocity follows the DX7’s own curve.")
            # Both curves fall equally far from velocity 100 to 50: the DX7's by 16.4 dB at its highest sensitivity.
            sensitivity = min(sensitivity * 40.0 * math.log10(2.0) / 16.4, 1.0)
        return round(7.0 * sensitivity)

    def _envelope(self, n: int) -> tuple[Quad, Quad]:
        goals = [self._value(f"op{n}_env{i}_db") for i in range(1, 5)]
        times_s = [self._value(f"op{n}_env{i}_s") for i in range(1, 5)]
        by_rate = self._value(f"op{n}_env_clock") == CLOCKS.index("rate")
        if not by_rate:
            self._lose("Envelopes keep their levels and about their times; rises have the DX7’s curve.")
        rates = []
        for i, (goal, time_s) in enumerate(zip(goals, times_s, strict=True)):
            # The release starts from the sustain level as a rule.
            speed = RATE_SPAN_DB / time_s if by_rate else _speed_db_per_s(goals[i - 1], goal, time_s)
            rates.append(closest(_rate_nats, math.log(RATE_SPAN_DB / speed)))
        levels = [closest(tables.stage_db, goal) if goal > LEVEL_FLOOR_DB else 0 for goal in goals]
        return (rates[0], rates[1], rates[2], rates[3]), (levels[0], levels[1], levels[2], levels[3])

    # -- the voice ------------------------------------------------------------------------------------

    def _transpose(self) -> int:
        exact = self._value("transpose_st") - 12.0 * self._down
        semitones = min(max(round(exact), -24), 24)
        if abs(exact - semitones) * 100.0 > AUDIBLE_CENTS:
            self._lose(f"The pitch is moved by {semitones:+d} semitones instead of {exact:+.2f}.")
        return 24 + semitones

    def _name(self) -> bytes:
        name = self._patch.name
        kept = "".join(c if 32 <= ord(c) < 127 else "?" for c in name)[:NAME_LENGTH]
        if kept != name:
            self._lose(f"The name becomes {kept.strip()!r}: there is room for ten plain characters.")
        return kept.ljust(NAME_LENGTH).encode("ascii")

    def _tell_the_rest(self) -> None:
        """Whatever the patch turns and this module never asked for has no place in a DX7."""
        sections: dict[str, None] = {}
        for param in FM_SPACE:
            if param.name not in self._used and self._patch.values[param.name] != param.default:
                sections[param.section] = None
        for section in sections:
            self._lose(f"What is set under {section} has no place in a DX7 voice.")


def _tuned(wanted: float, steps: Steps, detune_cents: float, lowest: int) -> tuple[tuple[int, int, int], float]:
    """Coarse, fine and detune nearest to ``wanted`` cents, and the cents that are still missing.

    Of those that are equally near, the one with the smallest detune and then the smallest fine.
    """
    detune = np.clip(np.rint((wanted - steps.cents) / detune_cents), lowest, 7)
    missing = wanted - steps.cents - detune * detune_cents
    far = np.abs(missing)
    near = [int(i) for i in np.flatnonzero(far <= far.min() + _AS_NEAR_CENTS)]
    at = min(near, key=lambda i: (round(float(far[i]), 3), abs(detune[i]), steps.fine[i]))
    return (int(steps.coarse[at]), int(steps.fine[at]), _NEUTRAL + int(detune[at])), float(missing[at])


def _rate_nats(rate: int) -> float:
    """What the rate is as a time of the ``rate`` clock, as a logarithm."""
    return math.log(FM_SPACE["op1_env1_s"].clamp(RATE_SPAN_DB / tables.OCTAVE_DB / tables.fall_octaves_per_s(rate)))


def _speed_db_per_s(start: float, goal: float, time_s: float) -> float:
    """The rate, as a fall in dB a second, that takes ``time_s`` from level ``start`` to ``goal``."""
    if goal <= start:
        return max(start - goal, 1.0) / time_s
    start = max(start, RISE_FROM_DB)
    return RATE_SPAN_DB * math.log((RISE_TO_DB - start) / (RISE_TO_DB - max(goal, start + 0.1))) / time_s


@dataclass(frozen=True)
class Steps:
    """What coarse and fine tune to: arrays ``[steps]``, in cents and whole numbers."""

    cents: npt.NDArray[np.float64]
    coarse: npt.NDArray[np.int64]
    fine: npt.NDArray[np.int64]

    @classmethod
    def of(cls, hz: Callable[[int, int], float], n_coarse: int) -> Steps:
        """Every pair of ``n_coarse`` coarse and a hundred fine ones."""
        coarse, fine = (numbers.ravel() for numbers in np.indices((n_coarse, 100)))
        pairs = zip(coarse.tolist(), fine.tolist(), strict=True)
        return cls(np.array([1200.0 * math.log2(hz(c, f)) for c, f in pairs]), coarse, fine)


@cache
def _ratio_steps() -> Steps:
    return Steps.of(tables.ratio, 32)


@cache
def _fixed_steps() -> Steps:
    return Steps.of(lambda coarse, fine: tables.fixed_hz(coarse, fine, _NEUTRAL), 4)
