"""The FM instrument's parameters: every range, unit, default and scale is declared here and nowhere else.

Six operators. Operator ``s`` bends the phase of operator ``d`` by ``mod_s_d_rad`` radians at its full level; in this
version a higher-numbered operator modulates lower-numbered ones (``s > d``), so the graph has no loops. Each operator
has a four-stage envelope of target levels in dB and stage times in seconds: stages 1 to 3 run while the key is down
(the level then rests at stage 3), stage 4 runs after its release. An ADSR is the case attack = stage 1 to 0 dB, decay =
stage 2, stage 3 equal to stage 2.
"""

from __future__ import annotations

from engine.params.param import Param
from engine.params.space import ParamSpace

N_OPERATORS = 6
LEVEL_FLOOR_DB = -72.0
"""Levels at this value are exactly silent."""
MOD_MAX_RAD = 25.0
"""Peak phase deviation of the strongest modulation, in radians (the DX7 reaches about 4 pi)."""


def mod_name(source: int, target: int) -> str:
    """Storage name of the modulation from operator ``source`` to operator ``target``, both counted from 1."""
    return f"mod_{source}_{target}_rad"


def mod_routes() -> list[tuple[int, int]]:
    """All ``(source, target)`` pairs that the matrix has, in storage order."""
    return [(s, d) for d in range(1, N_OPERATORS + 1) for s in range(d + 1, N_OPERATORS + 1)]


def _operator(n: int) -> list[Param]:
    section = f"Operator {n}"
    first = n == 1

    def level(name: str, default: float, label: str, words: str) -> Param:
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
            help="Frequency as a multiple of the note's",
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
        level("level_db", 0.0, "Level", "How strong the operator is, both as sound and as modulator"),
        level("out_db", 0.0 if first else LEVEL_FLOOR_DB, "Output", "How much of the operator is heard"),
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


def _route(source: int, target: int) -> Param:
    return Param(
        mod_name(source, target),
        0.0,
        MOD_MAX_RAD,
        1.5 if (source, target) == (2, 1) else 0.0,
        "rad",
        "exp",
        label=f"{source} → {target}",
        help=f"How far operator {source} bends the phase of operator {target}",
        section="Matrix",
        off_at_low=True,
        step=0.25,
    )


FM_SPACE = ParamSpace(
    "fm",
    (
        Param(
            "transpose_st", -36.0, 36.0, 0.0, "st", label="Pitch", help="Shift of the note", section="Voice", step=1.0
        ),
        Param(
            "gain_db", -36.0, 12.0, -6.0, "dB", label="Gain", help="Level of the whole voice", section="Voice", step=1.0
        ),
        *(param for n in range(1, N_OPERATORS + 1) for param in _operator(n)),
        *(_route(s, d) for s, d in mod_routes()),
    ),
)
