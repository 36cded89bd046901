"""The sections of the FM instrument that belong to the whole voice; see :mod:`engine.params.fm` for what they mean."""

from __future__ import annotations

from engine.params.param import Param, choice

LEVEL_FLOOR_DB = -72.0
"""Levels at this value are exactly silent."""
CLOCKS = ("time", "rate")
SWITCH = ("off", "on")
LFO_WAVES = ("triangle", "saw down", "saw up", "square", "sine", "random")
FILTERS = ("off", "low-pass", "band-pass", "high-pass", "notch")
STAGES = ("Attack", "Decay", "Slope", "Release")
"""What the four stages of every envelope are called."""
PITCH_SPAN_ST = 12.0
"""How far a stage of the pitch envelope moves in its time under the ``rate`` clock."""


def pitch_envelope() -> list[Param]:
    """Four straight stages of pitch."""
    section = "Pitch envelope"
    when = ("after the key goes down", "of the second stage", "of the third stage", "after the key goes up")
    found: list[Param] = []
    for i, words in enumerate(when, 1):
        name = f"pitch_env{i}"
        time, shift = f"Time {words}", f"Shift of pitch at the end of stage {i}"
        found += [
            Param(f"{name}_s", 0.0005, 20.0, 0.1, "s", "log", label=STAGES[i - 1], help=time, section=section),
            Param(f"{name}_st", -48.0, 48.0, 0.0, "st", label=f"Pitch {i}", help=shift, section=section, step=1.0),
        ]
    clock = choice(
        "pitch_env_clock",
        CLOCKS,
        label="Clock",
        help="Whether a stage has its time, or its speed for every octave",
        section=section,
        role="meaning",
    )
    return [*found, clock]


def lfo() -> list[Param]:
    """The low-frequency oscillator, its vibrato and its tremolo."""
    section = "LFO"

    def time(name: str, default: float, label: str, words: str) -> Param:
        return Param(name, 0.001, 20.0, default, "s", "log", label=label, help=words, section=section)

    return [
        choice("lfo_wave", LFO_WAVES, label="Wave", help="Shape of the movement", section=section),
        Param("lfo_hz", 0.05, 50.0, 5.0, "Hz", "log", label="Speed", help="Swings in a second", section=section),
        time("lfo_delay_s", 0.001, "Delay", "Time from the key to the first movement"),
        time("lfo_fade_s", 0.001, "Fade", "Time from the first movement to the full one"),
        choice(
            "lfo_sync", SWITCH, "on", label="Key sync", help="Whether each key starts the swing anew", section=section
        ),
        Param(
            "vibrato_st",
            0.0,
            24.0,
            0.0,
            "st",
            "exp",
            label="Vibrato",
            help="How far the pitch swings to each side",
            off_at_low=True,
            section=section,
            step=0.1,
        ),
        Param(
            "tremolo_db",
            0.0,
            48.0,
            0.0,
            "dB",
            label="Tremolo",
            help="How far the level of operators that take part swings down",
            off_at_low=True,
            section=section,
            step=1.0,
        ),
    ]


def place() -> list[Param]:
    """Drive and the place between left and right."""

    def share(name: str, low: float, label: str, words: str) -> Param:
        return Param(name, low, 1.0, 0.0, label=label, help=words, section="Output", step=0.1)

    return [
        Param(
            "drive_db",
            0.0,
            48.0,
            0.0,
            "dB",
            label="Drive",
            help="Pushes the sum of the operators into saturation",
            off_at_low=True,
            section="Output",
            step=1.0,
        ),
        share("pan", -1.0, "Pan", "Place between left and right"),
        share("spread", 0.0, "Spread", "How far the heard operators stand apart"),
    ]


def _envelope(section: str, prefix: str, levels: tuple[float, ...], *, in_db: bool) -> list[Param]:
    """Four times and four levels, in dB or as shares."""
    found: list[Param] = []
    for i, (level, time) in enumerate(zip(levels, (0.002, 0.2, 1.0, 0.3), strict=True), 1):
        words = f"Time of stage {i}" if i < 4 else "Time after the key goes up"
        name = f"{prefix}_env{i}"
        found.append(
            Param(f"{name}_s", 0.0005, 20.0, time, "s", "log", label=STAGES[i - 1], help=words, section=section)
        )
        words = f"Level at the end of stage {i}"
        label = "Sustain" if i == 3 else f"Level {i}"
        found.append(
            Param(
                f"{name}_db",
                LEVEL_FLOOR_DB,
                0.0,
                level,
                "dB",
                label=label,
                help=words,
                off_at_low=True,
                section=section,
                step=1.0,
            )
            if in_db
            else Param(name, 0.0, 1.0, level, label=label, help=words, section=section, step=0.1)
        )
    return found


def noise() -> list[Param]:
    """The noise source with its band and its envelope."""
    section = "Noise"
    return [
        Param(
            "noise_db",
            LEVEL_FLOOR_DB,
            0.0,
            LEVEL_FLOOR_DB,
            "dB",
            label="Level",
            help="How loud the noise is",
            off_at_low=True,
            section=section,
            step=1.0,
            role="level",
        ),
        Param(
            "noise_hz", 20.0, 20_000.0, 2_000.0, "Hz", "log", label="Band", help="Middle of its band", section=section
        ),
        Param("noise_q", 0.2, 30.0, 0.5, "", "log", label="Focus", help="How narrow its band is", section=section),
        *_envelope(section, "noise", (0.0, -18.0, -36.0, LEVEL_FLOOR_DB), in_db=True),
    ]


def filter_section() -> list[Param]:
    """The state-variable filter with its envelope."""
    section = "Filter"
    return [
        choice("filter_type", FILTERS, label="Filter", help="What the filter lets through", section=section),
        Param(
            "filter_hz", 20.0, 20_000.0, 4_000.0, "Hz", "log", label="Cut-off", help="Where it begins", section=section
        ),
        Param(
            "filter_q", 0.5, 30.0, 0.7, "", "log", label="Resonance", help="How much it rings there", section=section
        ),
        Param(
            "filter_key",
            0.0,
            1.0,
            0.0,
            label="Key follow",
            help="How far the cut-off follows the key from middle C",
            section=section,
            step=0.1,
        ),
        Param(
            "filter_env_st",
            -96.0,
            96.0,
            0.0,
            "st",
            label="Envelope",
            help="How far the envelope moves the cut-off",
            section=section,
            step=1.0,
        ),
        *_envelope(section, "filter", (1.0, 0.4, 0.2, 0.0), in_db=False),
    ]


def reverb() -> list[Param]:
    """The room."""
    section = "Reverb"
    return [
        Param(
            "reverb",
            0.0,
            1.0,
            0.0,
            label="Reverb",
            help="How much of the room is heard",
            off_at_low=True,
            section=section,
            step=0.1,
        ),
        Param(
            "reverb_s",
            0.1,
            10.0,
            1.2,
            "s",
            "log",
            label="Reverb time",
            help="Time until it is 60 dB down",
            section=section,
        ),
        Param(
            "reverb_damping",
            0.0,
            1.0,
            0.4,
            label="Damping",
            help="How much sooner treble dies",
            section=section,
            step=0.1,
        ),
    ]
