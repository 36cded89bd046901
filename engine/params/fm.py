"""The FM instrument's parameters: every range, unit, default and scale is declared here and nowhere else.

Six operators. Operator ``s`` bends the phase of operator ``d`` by ``mod_s_d_rad`` radians at its full level; every pair
has a route, an operator to itself included. A higher-numbered operator bends a lower-numbered one (``s > d``) at once.
All other routes close loops and look back: ``s < d`` by one sample, ``s == d`` (feedback) to the mean of the last two,
as the DX7 does; samples of 1/48000 s, however finely the sound is computed.

Each operator has a four-stage envelope of target levels in dB: stages 1 to 3 run while the key is down (the level then
rests at stage 3), stage 4 runs after its release, and the envelope starts at level 4. An ADSR is the case attack =
stage 1 to 0 dB, decay = stage 2, stage 3 equal to stage 2. Its clock, ``opN_env_clock``, gives ``opN_envI_s`` a
meaning:

``time``  The stage lasts so long. Falling stages are straight in dB, rising ones ``1 - (1 - u)**4``.
``rate``  The stage moves :data:`RATE_SPAN_DB` in so long, so its time grows with the distance, and a release takes as
          long as it needs from wherever it begins. Falling stages are straight in dB. A rising one is the DX7's: it
          jumps to :data:`RISE_FROM_DB` below full scale and approaches :data:`RISE_TO_DB` above it exponentially in dB,
          at first ``(RISE_TO_DB - level) / RATE_SPAN_DB`` times as fast as a fall, until it meets its target. Full
          scale here counts the operator's level, velocity and key scaling: a soft operator rises through the quick part
          of the curve.

An operator's level is ``level_db`` plus key scaling (at most 0 dB together) plus velocity. Key scaling begins at
``key_break`` and changes the level by ``key_left_db`` or ``key_right_db`` an octave away from it, in the DX7's steps of
three keys; ``exponential`` starts slower and meets ``linear`` eight octaves out. ``key_rate`` speeds envelopes up on
higher keys: at 100 % by 2 ** (7/8) an octave from key 21 on, the DX7's rate scaling 7.
The pitch envelope has four straight stages, starts at pitch 4, and moves every operator that follows the key; so does
the LFO's vibrato, by ``vibrato_st`` to each side. Its tremolo lowers an operator by up to ``tremolo_db`` times the
operator's share. Under the ``rate`` clock a stage of the pitch envelope moves :data:`PITCH_SPAN_ST` in its time.
What is heard of the operators is driven, put in its place, joined by the noise, filtered, and answered by the room.
``velocity`` is a sensitivity under the voice's ``velocity_curve``: ``square`` is (v/127) ** (2 * sensitivity); ``dx7``
has its table, 0 dB at velocity 100, and 100 % is the DX7's sensitivity 7.
"""

from __future__ import annotations

from engine.params.fm_voice import CLOCKS as CLOCKS
from engine.params.fm_voice import FILTERS as FILTERS
from engine.params.fm_voice import LEVEL_FLOOR_DB as LEVEL_FLOOR_DB
from engine.params.fm_voice import LFO_WAVES as LFO_WAVES
from engine.params.fm_voice import PITCH_SPAN_ST as PITCH_SPAN_ST
from engine.params.fm_voice import SWITCH as SWITCH
from engine.params.fm_voice import filter_section, lfo, noise, pitch_envelope, place, reverb
from engine.params.param import Param, Role, choice
from engine.params.space import ParamSpace

N_OPERATORS = 6
MOD_MAX_RAD = 25.0
"""Peak phase deviation of the strongest modulation, in radians (the DX7 reaches about 4 pi)."""

OCTAVE_DB = 6.020599913279624
"""A doubling of amplitude."""
RATE_SPAN_DB = OCTAVE_DB
"""How far a stage under the ``rate`` clock moves in its time; DX7 rates 99 to 2 then lie inside the knob's range."""
RISE_TO_DB = 1.5 * OCTAVE_DB
"""What a rising stage under the ``rate`` clock aims at, above full scale."""
RISE_FROM_DB = -8.297 * OCTAVE_DB
"""Where such a stage starts if it begins below."""

WAVES = (
    "sine",
    "squared",
    "half sine",
    "half squared",
    "double",
    "double squared",
    "camel",
    "camel squared",
)
"""The TX81Z's waveforms 1 to 8. Squared ones keep their sign; half, double and camel ones are silent in the second half
of the period, in the first they are half a sine, a whole one, and two humps."""
MODES = ("ratio", "fixed")
CURVES = ("linear", "exponential")
VELOCITY_CURVES = ("square", "dx7")


def mod_name(source: int, target: int) -> str:
    """Storage name of the modulation from operator ``source`` to operator ``target``, both counted from 1."""
    return f"mod_{source}_{target}_rad"


def mod_routes() -> list[tuple[int, int]]:
    """The ``(source, target)`` pairs that act at once, in storage order: from higher numbers to lower ones."""
    return [(s, d) for d in range(1, N_OPERATORS + 1) for s in range(d + 1, N_OPERATORS + 1)]


def loop_routes() -> list[tuple[int, int]]:
    """The ``(source, target)`` pairs that look back, in storage order: feedback, and from lower numbers to higher."""
    return [(s, d) for d in range(1, N_OPERATORS + 1) for s in range(1, d + 1)]


def _operator(n: int) -> list[Param]:
    section = f"Operator {n}"
    first = n == 1

    def level(name: str, default: float, label: str, words: str, role: Role = "") -> Param:
        return Param(
            f"op{n}_{name}",
            LEVEL_FLOOR_DB,
            0.0,
            default,
            "dB",
            label=label,
            help=words,
            off_at_low=True,
            section=section,
            step=1.0,
            role=role,
        )

    def time(name: str, default: float, label: str, words: str) -> Param:
        return Param(f"op{n}_{name}", 0.0005, 20.0, default, "s", "log", label=label, help=words, section=section)

    return [
        Param(
            f"op{n}_ratio",
            0.125,
            64.0,
            1.0,
            "x",
            "log",
            label="Ratio",
            help="Frequency as a multiple of the note’s",
            section=section,
            step=1.0,
        ),
        Param(
            f"op{n}_detune_cents",
            -100.0,
            100.0,
            0.0,
            "ct",
            label="Detune",
            help="Fine tuning in hundredths of a semitone",
            section=section,
            step=1.0,
        ),
        level("level_db", 0.0, "Level", "How strong the operator is, both as sound and as modulator", "level"),
        level("out_db", 0.0 if first else LEVEL_FLOOR_DB, "Output", "How much of the operator is heard", "level"),
        Param(
            f"op{n}_velocity",
            0.0,
            1.0,
            0.5 if first else 0.0,
            "",
            label="Velocity",
            help="How much a soft key lowers the level",
            section=section,
            step=0.1,
        ),
        time("env1_s", 0.002, "Attack", "Time to reach level 1 after the key goes down"),
        level("env1_db", 0.0, "Level 1", "Level at the end of the attack"),
        time("env2_s", 0.4, "Decay", "Time from level 1 to level 2"),
        level("env2_db", -9.0, "Level 2", "Level at the end of the decay"),
        time("env3_s", 1.5, "Slope", "Time from level 2 to the sustain level"),
        level("env3_db", -18.0, "Sustain", "Level held while the key stays down"),
        time("env4_s", 0.3, "Release", "Time from wherever the level is to level 4 after the key goes up"),
        level("env4_db", LEVEL_FLOOR_DB, "Level 4", "Level at the end of the release"),
    ]


def _more_of_operator(n: int) -> list[Param]:
    section = f"Operator {n}"

    def one_of(name: str, choices: tuple[str, ...], label: str, words: str, role: Role = "") -> Param:
        return choice(f"op{n}_{name}", choices, label=label, help=words, section=section, role=role)

    def scaling(side: str) -> list[Param]:
        return [
            Param(
                f"op{n}_key_{side}_db",
                -24.0,
                24.0,
                0.0,
                "dB",
                label=f"{side.capitalize()} depth",
                help=f"Change of level an octave {'below' if side == 'left' else 'above'} the break key",
                section=section,
                step=1.0,
            ),
            one_of(
                f"key_{side}_curve",
                CURVES,
                f"{side.capitalize()} curve",
                f"How the level changes {'below' if side == 'left' else 'above'} the break key",
            ),
        ]

    return [
        one_of("wave", WAVES, "Wave", "Shape of one period"),
        one_of("mode", MODES, "Tuning", "Whether the frequency follows the key or stays where it is"),
        Param(
            f"op{n}_fixed_hz",
            0.1,
            20_000.0,
            440.0,
            "Hz",
            "log",
            label="Fixed",
            help="Frequency where it does not follow the key",
            section=section,
        ),
        one_of("mute", SWITCH, "Mute", "Silences the operator, as sound and as modulator", "level"),
        one_of("solo", SWITCH, "Solo", "Lets only operators with this switch be heard; all still modulate", "level"),
        one_of("env_clock", CLOCKS, "Clock", "Whether a stage has its time, or its speed for every 6 dB", "meaning"),
        Param(
            f"op{n}_key_break",
            0.0,
            127.0,
            60.0,
            "note",
            "step",
            label="Break key",
            help="Key at which neither side of the scaling acts",
            section=section,
            step=1.0,
        ),
        *scaling("left"),
        *scaling("right"),
        Param(
            f"op{n}_key_rate",
            0.0,
            1.0,
            0.0,
            label="Key rate",
            help="How much quicker the envelope runs on higher keys",
            section=section,
            step=0.1,
        ),
    ]


def _tremolo(n: int) -> Param:
    return Param(
        f"op{n}_tremolo",
        0.0,
        1.0,
        0.0,
        label="Tremolo",
        help="How much of the LFO's tremolo the operator takes",
        section=f"Operator {n}",
        step=0.1,
    )


def _route(source: int, target: int) -> Param:
    words = f"How far operator {source} bends the phase of operator {target}"
    return Param(
        mod_name(source, target),
        0.0,
        MOD_MAX_RAD,
        1.5 if (source, target) == (2, 1) else 0.0,
        "rad",
        "exp",
        label=f"{source} → {target}",
        help=f"How far operator {source} bends its own phase" if source == target else words,
        section="Matrix",
        off_at_low=True,
        step=0.25,
        role="routing",
    )


FM_SPACE = ParamSpace(
    "fm",
    (
        Param(
            "transpose_st",
            -36.0,
            36.0,
            0.0,
            "st",
            label="Pitch",
            help="Shift of the note",
            section="Voice",
            step=1.0,
            role="meaning",
        ),
        Param(
            "gain_db",
            -36.0,
            12.0,
            -6.0,
            "dB",
            label="Gain",
            help="Level of the whole voice",
            section="Voice",
            step=1.0,
            role="level",
        ),
        *(param for n in range(1, N_OPERATORS + 1) for param in _operator(n)),
        *(_route(s, d) for s, d in mod_routes()),
        *(_route(s, d) for s, d in loop_routes()),
        *(param for n in range(1, N_OPERATORS + 1) for param in _more_of_operator(n)),
        choice(
            "velocity_curve",
            VELOCITY_CURVES,
            label="Velocity curve",
            help="How the strength of a key becomes level",
            section="Response",
            role="meaning",
        ),
        *(_tremolo(n) for n in range(1, N_OPERATORS + 1)),
        *pitch_envelope(),
        *lfo(),
        *place(),
        *noise(),
        *filter_section(),
        *reverb(),
    ),
)
