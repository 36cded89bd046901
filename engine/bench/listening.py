"""A preset, listened to by measuring: played on several keys, softly and hard, and judged.

The limits are those that a sound must keep to be pleasant beside the others: heard, clean, in tune, as loud as its
neighbours, alive under the fingers, and unlike every other preset.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch

from engine.bench import ear
from engine.bench.ear import Floats, Sound
from engine.params import Patch
from engine.params.keys import key_to_hz
from engine.project.presets import Preset
from engine.synths.base import Quality
from engine.synths.catalog import synth_of

RATE = 48_000
UNPITCHED = ("drums", "effects")
"""These need not be in tune, and their loudness is a matter of peaks."""

HOLD_S, LENGTH_S, SHORT_S = 1.0, 3.5, 0.6
KEYS = (36, 84)
"""From the second C to the sixth, every preset is to be played."""
SOFT, NORMAL, HARD = 30, 100, 127
CHORD = (60, 64, 67, 71)

LOUDNESS_LUFS, LOUDNESS_SLACK_LU = -16.0, 2.5
"""Four voices of this loudness sum to a sound that is full and still does not clip by much."""
STRUCK_SLACK_LU = 5.0
"""What falls silent within the 400 ms of a loudness block may be so much quieter: its peak is as high."""
STRUCK_S = 0.6
TICK_S = 0.3
"""An effect that is over so soon fills too little of a loudness block; its peak is judged, as a drum's is."""
DRUM_PEAK_DB = -9.0
PEAK_DB = -1.0
SILENT_LUFS = -50.0
DC_DB = -46.0
"""Of the peak: half a percent moves the loudspeaker, and nobody hears it."""
CLICK_DB = 12.0
START_DB = -46.0
TAIL_DB = -40.0
"""Two and a half seconds after the key: a long room may still be heard, a stuck note may not."""
BAND_HZ, BAND_SHARE = (40.0, 8_000.0), 0.05
"""A sound whose power lies almost wholly outside is a rumble or a hiss for most loudspeakers and ears."""
PITCH_START_S = 0.15
"""From where on the pitch of a held sound is heard, after its scoops; of a struck one, from the beginning."""
CENTS = 5.0
"""About what a good ear hears between notes that follow each other."""
VELOCITY_DB = 1.0
"""Between the level-matched prints of a soft and a hard key: a change of colour and not of level alone."""
CHORD_PEAK_DB = 6.0
"""Over full scale, for four keys struck hard enough; a limiter or a hand on the gain copes with that."""
DISTINCT_DB = 6.0
"""Between the prints of two presets; the same preset a little brighter is 2 to 3 dB from itself."""


@dataclass(frozen=True)
class Heard:
    """The figures of one preset; ``soft`` and ``hard`` say how it answers, ``print`` what it is like. ``cents`` is NaN
    for what has no pitch."""

    name: str
    category: str
    is_finite: bool
    lufs: float
    lasts_s: float
    lufs_by_key: tuple[float, ...]
    peak_db: float
    dc_db: float
    start_db: float
    release_click_db: float
    tail_db: float
    band_share: float
    cents: float
    velocity_db: float
    chord_peak_db: float
    print: Floats

    @property
    def is_pitched(self) -> bool:
        return self.category not in UNPITCHED


def listen(preset: Preset) -> Heard:
    """Play a preset and measure it: a long note at the default quality, short ones in draft."""
    patch = preset.patch
    sound = _played(patch, [60], [NORMAL], HOLD_S, LENGTH_S)[0]
    others = _played(patch, [60, 60, *KEYS], [SOFT, HARD, *(HARD for _ in KEYS)], SHORT_S, SHORT_S, "draft")
    soft, hard, by_key = others[0], others[1], others[2:]
    chord = sound[:, :1]
    if preset.category not in UNPITCHED:
        chord = _played(patch, CHORD, [NORMAL] * len(CHORD), SHORT_S, SHORT_S, "draft").sum(0)
    finite = all(bool(np.isfinite(s).all()) for s in (sound, others, chord))
    if not finite:
        sound, others, chord = (np.nan_to_num(s, posinf=0.0, neginf=0.0) for s in (sound, others, chord))
    category = preset.category
    hz = key_to_hz(60.0 + float(np.asarray(patch.values["transpose_st"])))
    lasts_s = _lasts_s(sound)
    start_s = PITCH_START_S if lasts_s > STRUCK_S else 0.02
    peak = max(float(np.abs(s).max()) for s in (sound, others))
    return Heard(
        name=preset.name,
        category=category,
        is_finite=finite,
        lufs=ear.loudest_lufs(sound, RATE),
        lasts_s=lasts_s,
        lufs_by_key=tuple(ear.loudest_lufs(s, RATE) for s in by_key),
        peak_db=ear.db(peak),
        dc_db=ear.direct_current_db(sound),
        start_db=ear.start_db(sound),
        release_click_db=ear.click_db(sound, RATE, HOLD_S),
        tail_db=ear.tail_db(sound, RATE),
        band_share=ear.share_between(sound, RATE, *BAND_HZ),
        cents=math.nan if category in UNPITCHED else ear.cents_off(sound, RATE, hz, start_s),
        velocity_db=ear.print_distance_db(ear.sound_print(soft, RATE), ear.sound_print(hard, RATE)),
        chord_peak_db=ear.db(float(np.abs(chord).max())),
        print=ear.sound_print(sound, RATE),
    )


def faults(heard: Heard) -> list[str]:
    """What is wrong with a preset, each in a few words; nothing for a good one."""
    return list(_faults(heard))


def _faults(heard: Heard) -> Iterator[str]:
    if not heard.is_finite:
        yield "it has samples that are no numbers"
    if min(heard.lufs, *heard.lufs_by_key) < SILENT_LUFS:
        yield f"it is silent on some key: {min(heard.lufs, *heard.lufs_by_key):.1f} LUFS"
        return
    if heard.peak_db > PEAK_DB:
        yield f"it clips: its peak is {heard.peak_db:.1f} dBFS"
    if heard.dc_db > DC_DB:
        yield f"it has a direct current {-heard.dc_db:.0f} dB under its peak"
    if heard.start_db > START_DB:
        yield f"it starts with a step {-heard.start_db:.0f} dB under its peak"
    if heard.release_click_db > CLICK_DB:
        yield f"it clicks when the key goes up, by {heard.release_click_db:.0f} dB"
    if heard.tail_db > TAIL_DB:
        yield f"it goes on when the key is up: {heard.tail_db:.0f} dB under its peak after two seconds and a half"
    if heard.band_share < BAND_SHARE:
        yield f"only {heard.band_share:.1%} of its power lies where ears and loudspeakers are good"
    if heard.velocity_db < VELOCITY_DB:
        yield f"a soft key has the colour of a hard one: {heard.velocity_db:.1f} dB apart"
    if heard.category == "drums" or (heard.category in UNPITCHED and heard.lasts_s < TICK_S):
        if heard.peak_db < DRUM_PEAK_DB:
            yield f"its peak of {heard.peak_db:.1f} dBFS is too low"
        return
    if heard.is_pitched and heard.chord_peak_db > CHORD_PEAK_DB:
        yield f"four keys are too loud: {heard.chord_peak_db:+.1f} dBFS"
    slack = LOUDNESS_SLACK_LU if heard.lasts_s > STRUCK_S else STRUCK_SLACK_LU
    if not -slack <= heard.lufs - LOUDNESS_LUFS <= LOUDNESS_SLACK_LU:
        yield f"its loudness of {heard.lufs:.1f} LUFS is far from {LOUDNESS_LUFS:g}"
    if heard.is_pitched and not abs(heard.cents) <= CENTS:
        yield f"it is out of tune by {heard.cents:.1f} cents"


def closest(all_heard: Sequence[Heard]) -> list[tuple[float, str, str]]:
    """Every pair with its distance in dB, the nearest first."""
    pairs = combinations(all_heard, 2)
    return sorted((ear.print_distance_db(a.print, b.print), a.name, b.name) for a, b in pairs)


def _lasts_s(sound: Sound) -> float:
    """Time until a sound stays 20 dB under its peak."""
    level = np.abs(sound).max(0)
    return (float(np.nonzero(level >= 0.1 * level.max())[0][-1]) + 1.0) / RATE if level.any() else 0.0


def _played(
    patch: Patch,
    notes: Sequence[int],
    velocities: Sequence[int],
    hold_s: float,
    duration_s: float,
    quality: Quality = "default",
) -> Sound:
    """One note for each row, ``[rows, channels, frames]``."""
    with torch.no_grad():
        sound = synth_of(patch.synth).render(
            torch.tensor([patch.unit()], dtype=torch.float32).expand(len(notes), -1),
            note=torch.tensor(notes, dtype=torch.float64),
            velocity=torch.tensor(velocities, dtype=torch.float64),
            hold_s=hold_s,
            duration_s=duration_s,
            sample_rate=RATE,
            rng=torch.Generator().manual_seed(patch.seed),
            quality=quality,
        )
    return sound.numpy()
