"""Words for sounds: what somebody wrote, other ways to say it, and what can be measured.

Nobody types what a data set calls a sound. So each sound is learned under several names: its own caption, phrases for
its class, and with adjectives that are true of it because they were measured (short, ringing, dull, bright, noisy).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from engine.dsp.mel import FRAMES_PER_S, band_centres_hz
from engine.training.paraphrases import of_caption, of_class

CLASS_PHRASES: dict[str, tuple[str, ...]] = {
    "alarm_siren": ("alarm", "siren", "warning siren wailing", "car horn", "alarm going off"),
    "animal": ("animal sound", "animal call", "an animal"),
    "bass": ("bass note", "double bass", "low bass guitar note", "plucked bass string"),
    "bell": ("bell", "bell ringing", "struck bell", "chime"),
    "bird": ("bird", "bird chirping", "bird song", "bird call", "tweeting bird"),
    "body_percussion": ("body percussion", "slap on the body", "hand slapping the chest or thigh"),
    "bowed_string": ("bowed string", "violin or cello note", "string instrument played with a bow"),
    "cards_dice": ("playing cards and dice", "shuffling cards", "rolling dice", "board game pieces"),
    "clap_snap": ("hand clap", "clapping", "finger snap", "clap"),
    "creak": ("creak", "creaking wood", "squeaky hinge"),
    "creature": ("creature", "monster", "growling beast", "fantasy creature noise"),
    "crowd_city": ("crowd", "city street", "people in a public place"),
    "cymbal": ("cymbal", "crash cymbal", "ride cymbal hit"),
    "door": ("door", "door closing", "door slam", "opening a door"),
    "drum_loop": ("drum loop", "drum beat", "rhythm", "drum pattern"),
    "engine_machine": ("engine", "machine running", "motor", "mechanical hum"),
    "explosion": ("explosion", "blast", "big boom"),
    "fire": ("fire", "crackling fire", "burning flames"),
    "footstep": ("footstep", "footsteps", "walking", "a step on the ground"),
    "glass_impact": ("glass being hit", "glass clink", "breaking glass", "struck glass"),
    "glitch_electro": ("glitch", "electronic glitch", "digital noise", "electric buzz"),
    "gun_weapon": ("gunshot", "weapon", "gun firing", "sword or gun"),
    "hand_drum": ("hand drum", "conga or bongo hit", "djembe", "drum played by hand"),
    "hihat": ("hi-hat", "closed hi-hat", "hi-hat cymbal tick", "open hi-hat"),
    "human_voice": ("human voice", "a person's voice", "vocal sound", "somebody making a noise with the mouth"),
    "impact_soft": ("soft impact", "thud", "dull thump", "something soft falling"),
    "insect": ("insect", "insects buzzing", "cicadas", "crickets"),
    "jingle": ("short jingle", "musical jingle", "little melody", "notification melody"),
    "kick": ("kick drum", "bass drum", "kick", "deep drum thump"),
    "laser_scifi": ("laser", "laser zap", "science fiction weapon", "ray gun"),
    "metal_impact": ("metal impact", "struck metal", "metal clang", "hitting a metal pot", "clank of metal"),
    "pad_ambience": ("ambient pad", "atmospheric drone", "soft ambience"),
    "pluck_string": ("plucked string", "guitar note", "harp or guitar pluck", "plucked guitar string"),
    "powerup": ("power-up", "game power-up sound", "rising arpeggio in a game"),
    "rain_thunder": ("rain", "thunder", "rainstorm", "falling rain"),
    "rock_impact": ("rock impact", "stones knocking together", "falling rocks", "stone hit"),
    "scratch_foley": ("scratching", "rubbing and scraping", "foley rustle", "scraping noise"),
    "shaker_tambourine": ("shaker", "tambourine", "maraca", "egg shaker"),
    "snare": ("snare drum", "snare", "snare hit", "crack of a snare drum"),
    "speech": ("a woman speaking", "speech", "a person talking", "female voice reading a sentence", "spoken words"),
    "tom": ("tom drum", "tom", "floor tom hit"),
    "ui_beep": ("beep", "interface beep", "notification sound", "electronic beep", "alert tone"),
    "ui_click": ("click", "button click", "interface click", "mouse click"),
    "water": ("water", "splashing water", "water drops", "bubbling water"),
    "whoosh": ("whoosh", "swish", "fast whoosh", "something flying past"),
    "wind": ("wind", "wind blowing", "howling wind"),
    "wind_instrument": ("wind instrument", "flute note", "saxophone or clarinet note", "woodwind", "brass note"),
    "wood_impact": ("wood impact", "wooden knock", "knocking on wood", "piece of wood being hit"),
    "wood_percussion": ("wood block", "wooden percussion", "claves", "xylophone or woodblock hit"),
}


@dataclass(frozen=True, slots=True)
class Traits:
    """What can be measured: length at -40 dB in s, time to -20 dB after the peak in s, middle of the power in Hz, and
    flatness of the spectrum (0 a tone, 1 noise)."""

    length_s: float
    decay_s: float
    middle_hz: float
    flatness: float


def measure(frames: NDArray[np.floating]) -> Traits:
    """Of log-mel frames ``[n, bands]``."""
    power = np.exp(2.0 * np.asarray(frames, dtype=np.float64))
    level = power.sum(1)
    top = level.max(initial=1e-20)
    peak = int(level.argmax())
    above = np.flatnonzero(level > top * 1e-4)
    length = (above[-1] + 1 - above[0]) / FRAMES_PER_S if len(above) else 0.0
    late = np.flatnonzero(level[peak:] < top * 1e-2)
    decay = (late[0] if len(late) else len(level) - peak) / FRAMES_PER_S
    bands = power.sum(0)
    hz = band_centres_hz().numpy()
    middle = float(np.exp((bands * np.log(hz)).sum() / max(bands.sum(), 1e-20)))
    loud = np.sort(bands)[-60:]
    flatness = float(np.exp(np.log(np.maximum(loud, 1e-20)).mean()) / max(loud.mean(), 1e-20))
    return Traits(float(length), float(decay), middle, flatness)


def adjectives(traits: Traits) -> list[str]:
    """Words that are true of it, none where it is in the middle."""
    words = []
    if traits.length_s < 0.25:
        words += ["short", "quick"]
    elif traits.length_s > 2.5:
        words += ["long"]
    if traits.decay_s < 0.06:
        words += ["dry", "tight"]
    elif traits.decay_s > 1.0:
        words += ["sustained"] if traits.decay_s > 2.0 else ["ringing", "resonant"]
    if traits.middle_hz < 250.0:
        words += ["deep", "low", "dull"]
    elif traits.middle_hz < 700.0:
        words += ["warm", "dark"]
    elif traits.middle_hz > 3500.0:
        words += ["bright", "high", "sharp"]
    if traits.flatness > 0.35:
        words += ["noisy"]
    elif traits.flatness < 0.01:
        words += ["clear", "tonal"]
    return words


_PARAPHRASED, _OF_CAPTION = 0.55, 0.6
"""How often a sound is called otherwise than by names, and how often that is other words for its own caption."""
_A = re.compile(r"\b([Aa]) (?=[aeiou])")
_FRAMES = (
    "{}",
    "{}",
    "{}",
    "a {}",
    "sound of a {}",
    "the sound of {}",
    "{} sound",
    "recording of {}",
    "{} sound effect",
)


def say(caption: str, klass: str, traits: Traits, rng: Random) -> str:
    """One way to name a sound: its own caption, other words for that, a name of its class or what is true of the class;
    names and captions often with an adjective."""
    names, whole = CLASS_PHRASES.get(klass, ()), (*of_caption(caption), *of_class(klass))
    if whole and rng.random() < _PARAPHRASED:
        other = of_caption(caption)
        return rng.choice(other if other and rng.random() < _OF_CAPTION else whole)
    name = caption if not names or rng.random() < 0.5 else rng.choice(names)
    words = adjectives(traits)
    if words and rng.random() < 0.35:
        name = f"{rng.choice(words)} {name}"
    template = rng.choice(_FRAMES)
    if name.startswith(("a ", "an ", "the ")) and "a {}" in template:
        template = "{}"
    return with_article(template.format(name))


def with_article(words: str) -> str:
    """``words`` with "an" where "a" comes before a vowel.

    >>> with_article("tapping a iron tube")
    'tapping an iron tube'
    """
    return _A.sub(r"\1n ", words)
