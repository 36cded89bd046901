"""A DX7 voice as a patch of the FM instrument.

Each number of the voice becomes the quantity that :mod:`engine.project.dx7.tables` says it means; the instrument has a
parameter for all of them, so velocity and keys act as they do on a DX7.

What differs from the hardware, as the log-spectral distance that it makes on the 64 notes of ``tonewright bench dx7``
(median, and 90th percentile; in all 0.7 and 2.9 dB from the independent emulation that is the reference there):

- No aliases: the DX7 computes at 49096 Hz and plays what folds back. Most of the distance is this, where a stack
  bends its carrier deeply (algorithm 18: 5.5 dB, and 1.1 without oversampling).
- Amplitudes and envelopes move smoothly where the DX7 counts steps of 0.02 dB, and attacks follow the curve through its
  steps: 0.4 and 1.8 dB from the same formulas in whole steps, without oversampling.
- Pitches are exact where the DX7 rounds to 1.17 cents.
- Levels below -63 dB fade to silence at -72 dB (the DX7 ends at -95 dB), rates are held between 0.05 and 2000 octaves a
  second (rate 99 has 2685), and tremolo reaches down by 48 dB.
- How deep the LFO lowers amplitude is an estimate (:func:`engine.project.dx7.tables.lfo_amp_db`).
- All oscillators start with the key, also where the voice lets them run free.
"""

from __future__ import annotations

import math
from typing import Final

from engine.params import FM_SPACE, Patch
from engine.params.fm import CLOCKS, CURVES, MODES, PITCH_SPAN_ST, RATE_SPAN_DB, VELOCITY_CURVES, mod_name
from engine.project.dx7 import tables
from engine.project.dx7.algorithms import algorithm
from engine.project.dx7.voice import Dx7Operator, Dx7Voice

HEADROOM_DB: Final = -6.0
"""A voice's carriers together stay this far below full scale at velocity 100."""


def to_patch(voice: Dx7Voice) -> Patch:
    """The patch that sounds like ``voice``."""
    routing = algorithm(min(voice.algorithm, 31) + 1)
    values: dict[str, float] = {
        "transpose_st": float(voice.transpose - 24),
        "gain_db": HEADROOM_DB - 20.0 * math.log10(len(routing.carriers)),
        "velocity_curve": float(VELOCITY_CURVES.index("dx7")),
        mod_name(*routing.feedback): tables.feedback_rad(voice.feedback),
        mod_name(2, 1): 0.0,
    }
    values |= {mod_name(*edge): tables.FULL_INDEX_RAD for edge in routing.edges}
    values |= _pitch_envelope_values(voice) | _lfo_values(voice)
    for n, operator in enumerate(voice.operators, start=1):
        values |= {f"op{n}_{name}": value for name, value in _operator_values(operator).items()}
        values[f"op{n}_out_db"] = 0.0 if n in routing.carriers else -math.inf
    fitted = {name: FM_SPACE[name].clamp(value) for name, value in values.items()}
    return Patch(FM_SPACE.name, fitted, name=voice.name)


def _operator_values(operator: Dx7Operator) -> dict[str, float]:
    is_fixed = operator.mode == 1
    values = {
        "mode": float(MODES.index("fixed" if is_fixed else "ratio")),
        "level_db": tables.level_db(operator.level),
        "velocity": operator.velocity / 7.0,
        "env_clock": float(CLOCKS.index("rate")),
        "key_rate": operator.rate_scaling / 7.0,
        "key_break": float(tables.BREAK_NOTE + operator.break_point),
    }
    if is_fixed:
        values["fixed_hz"] = tables.fixed_hz(operator.coarse, operator.fine, operator.detune)
    else:
        values["ratio"] = tables.ratio(operator.coarse, operator.fine)
        values["detune_cents"] = (operator.detune - 7) * tables.DETUNE_CENTS
    for i, (rate, level) in enumerate(zip(operator.rates, operator.levels, strict=True), start=1):
        values[f"env{i}_s"] = RATE_SPAN_DB / tables.OCTAVE_DB / tables.fall_octaves_per_s(rate)
        values[f"env{i}_db"] = tables.stage_db(level)
    for side, depth, curve in (
        ("left", operator.left_depth, operator.left_curve),
        ("right", operator.right_depth, operator.right_curve),
    ):
        sign = -1.0 if curve < 2 else 1.0
        values[f"key_{side}_db"] = sign * tables.clip99(depth) * tables.SCALING_DB_PER_OCTAVE
        values[f"key_{side}_curve"] = float(CURVES.index("exponential" if curve in (1, 2) else "linear"))
    return values


def _pitch_envelope_values(voice: Dx7Voice) -> dict[str, float]:
    values = {"pitch_env_clock": float(CLOCKS.index("rate"))}
    for i, (rate, level) in enumerate(zip(voice.pitch_rates, voice.pitch_levels, strict=True), start=1):
        values[f"pitch_env{i}_s"] = PITCH_SPAN_ST / tables.pitch_st_per_s(rate)
        values[f"pitch_env{i}_st"] = tables.pitch_st(level)
    return values


def _lfo_values(voice: Dx7Voice) -> dict[str, float]:
    delay_s, fade_s = tables.lfo_delay_s(voice.lfo_delay)
    depths_db = [tables.lfo_amp_db(voice.lfo_amp_depth, operator.amp_sensitivity) for operator in voice.operators]
    # Nothing swings down further than the tremolo's whole range; operators take their shares of the deepest.
    deepest_db = FM_SPACE["tremolo_db"].clamp(max(depths_db))
    shares = {
        f"op{n}_tremolo": min(depth_db / deepest_db, 1.0) if deepest_db > 0.0 else 0.0
        for n, depth_db in enumerate(depths_db, start=1)
    }
    return {
        **shares,
        "lfo_wave": float(min(voice.lfo_wave, 5)),
        "lfo_hz": tables.lfo_hz(voice.lfo_speed),
        "lfo_delay_s": delay_s,
        "lfo_fade_s": fade_s,
        "lfo_sync": float(voice.lfo_sync & 1),
        "vibrato_st": tables.lfo_pitch_st(voice.lfo_pitch_depth, voice.lfo_pitch_sensitivity),
        "tremolo_db": deepest_db,
    }
