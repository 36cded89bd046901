"""Sounds that are made, with words that are true of them because they were made so: an endless supply.

Three kinds: our FM instrument (factory presets a little changed, under their names and tags), our impact instrument
(drawn objects, under their shape, material, size and striker), and simple signals that games and science fiction are
full of. All mono at :data:`engine.dsp.mel.RATE_HZ`; the same :class:`random.Random` makes the same sound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dsp.mel import RATE_HZ
from engine.params import Patch
from engine.params.spaces import SPACES
from engine.params.vary import mutate
from engine.project.presets import Preset
from engine.synths.catalog import synth_of
from engine.training.captions import with_article

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Made:
    """A sound ``[n]``, its caption, and its class (empty when it has none of the usual ones)."""

    samples: Sound
    caption: str
    klass: str


_TAG_CLASS = {
    "kick": "kick",
    "snare": "snare",
    "hi-hat": "hihat",
    "hat": "hihat",
    "tom": "tom",
    "cymbal": "cymbal",
    "bass": "bass",
    "bell": "bell",
    "bells": "bell",
    "clap": "clap_snap",
    "laser": "laser_scifi",
    "zap": "laser_scifi",
    "siren": "alarm_siren",
    "alarm": "alarm_siren",
    "wind": "wind",
    "whoosh": "whoosh",
    "explosion": "explosion",
}


def from_preset(presets: Sequence[Preset], rng: Random) -> Made:
    """A factory preset, sometimes a little beside itself, at some key."""
    preset = rng.choice(presets)
    patch = preset.patch
    if rng.random() < 0.7:
        patch = mutate(patch, rng.uniform(0.02, 0.15), rng)
    tags = {tag.lower() for tag in preset.tags}
    is_drum = bool(tags & {"drums", "kick", "snare", "hi-hat", "tom", "percussion"})
    note = 60 + (rng.randint(-3, 3) if is_drum else rng.choice((-24, -12, -7, -5, 0, 0, 4, 7, 12)))
    hold_s = rng.uniform(0.1, 1.6)
    samples = _render(patch, note, rng.uniform(70.0, 127.0), hold_s, min(hold_s + 1.2, 3.2), rng)
    klass = next((_TAG_CLASS[tag] for tag in sorted(tags) if tag in _TAG_CLASS), "")
    kinds = [tag.lower() for tag in preset.tags]
    name = preset.patch.name.lower()
    ways = [name, *(f"{tag} sound" for tag in kinds), *(f"{name} {tag}" for tag in kinds), f"synthesizer {name}"]
    return Made(samples, rng.choice(ways), klass)


_SIZE_WORDS = ((0.08, "tiny"), (0.2, "small"), (0.7, ""), (1.5, "large"), (math.inf, "huge"))
_SHAPE_WORDS = {
    "bar": ("bar", "rod", "stick"),
    "plate": ("plate", "sheet", "panel"),
    "membrane": ("drum skin", "membrane"),
    "tube": ("tube", "pipe"),
    "bell": ("bell", "bowl"),
    "box": ("box", "block", "crate"),
}
_MATERIAL_WORDS = {
    "wood": ("wooden", "wood"),
    "metal": ("metal", "steel", "iron"),
    "glass": ("glass",),
    "ceramic": ("ceramic", "porcelain", "clay"),
    "plastic": ("plastic",),
    "stone": ("stone", "rock"),
    "membrane": ("skin", "leather"),
}
_IMPACT_CLASS = {"wood": "wood_impact", "metal": "metal_impact", "glass": "glass_impact", "stone": "rock_impact"}
_VERBS = (
    "{} being struck",
    "hitting a {}",
    "{} hit with a {}",
    "knock on a {}",
    "struck {}",
    "{} impact",
    "tapping a {}",
)


def from_impact(_presets: Sequence[Preset], rng: Random) -> Made:
    """A drawn object that is struck."""
    space = SPACES["impact"]
    shape = rng.choice(tuple(_SHAPE_WORDS))
    material = (
        "membrane" if shape == "membrane" else rng.choice(("wood", "metal", "glass", "ceramic", "plastic", "stone"))
    )
    size = math.exp(rng.uniform(math.log(0.04), math.log(2.0)))
    hardness = rng.random()
    choose = {
        name: float(space[name].choices.index(value)) for name, value in (("shape", shape), ("material", material))
    }
    values: dict[str, float] = {
        **choose,
        "size_m": size,
        "thickness_m": space["thickness_m"].clamp(size * math.exp(rng.uniform(math.log(0.01), math.log(0.15)))),
        "hollowness": max(rng.uniform(-0.8, 1.0), 0.0),
        "imperfection": rng.uniform(0.0, 0.6),
        "striker_kg": space["striker_kg"].clamp(math.exp(rng.uniform(math.log(0.002), math.log(0.5)))),
        "striker_hardness": hardness,
        "strike_x": rng.random(),
        "strike_y": rng.random(),
        "damping_low": math.exp(rng.gauss(0.0, 0.7)),
        "damping_high": math.exp(rng.gauss(0.0, 0.7)),
        "room": max(rng.uniform(-0.6, 0.5), 0.0),
        "room_s": rng.uniform(0.2, 2.0),
        "modes": 96.0,
    }
    if rng.random() < 0.4:
        values |= {"contact_db": rng.uniform(-40.0, -10.0), "contact_hz": rng.uniform(1500.0, 9000.0)}
    patch = Patch("impact").with_values(**values)
    samples = _render(patch, 60, rng.uniform(60.0, 127.0), 1.0, 2.0, rng)
    size_word = next(word for most, word in _SIZE_WORDS if size < most)
    hollow = "hollow" if values["hollowness"] > 0.6 else ""
    thing = f"{rng.choice(_MATERIAL_WORDS[material])} {rng.choice(_SHAPE_WORDS[shape])}"
    thing = " ".join(word for word in (size_word, hollow, thing) if word)
    tool = rng.choice(("soft mallet", "felt beater", "finger") if hardness < 0.4 else ("hammer", "stick", "metal rod"))
    verb = rng.choice(_VERBS)
    return Made(
        samples, with_article(verb.format(thing, tool)), "bell" if shape == "bell" else _IMPACT_CLASS.get(material, "")
    )


def _render(patch: Patch, note: float, velocity: float, hold_s: float, length_s: float, rng: Random) -> Sound:
    synth = synth_of(patch.synth)
    unit = torch.tensor([synth.space.encode(patch.values)], dtype=torch.float32)
    chance = torch.Generator().manual_seed(rng.getrandbits(32))
    with torch.no_grad():
        sound = synth.render(
            unit,
            note=note,
            velocity=velocity,
            hold_s=hold_s,
            duration_s=length_s,
            sample_rate=RATE_HZ,
            rng=chance,
            quality="draft",
        )
    found: Sound = sound[0].mean(0).numpy()
    return found


# -- simple signals ----------------------------------------------------------------------------------------------------


def from_signal(_presets: Sequence[Preset], rng: Random) -> Made:
    """A zap, a beep, a siren, wind and the like."""
    make, words, klass = rng.choice(_SIGNALS)
    samples = make(rng, np.random.default_rng(rng.getrandbits(64)))
    return Made(samples.astype(np.float32), rng.choice(words), klass)


def _time(seconds: float) -> NDArray[np.float64]:
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ


def _phase(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = math.tau * np.cumsum(hz) / RATE_HZ
    return found


def _shaped(samples: NDArray[np.float64], attack_s: float, fall_s: float) -> NDArray[np.float64]:
    """With a straight attack and an end that fades within ``fall_s``."""
    n = len(samples)
    rise = np.minimum(np.arange(n) / max(attack_s * RATE_HZ, 1.0), 1.0)
    fall = np.minimum((n - np.arange(n)) / max(fall_s * RATE_HZ, 1.0), 1.0)
    return samples * rise * fall


def _zap(rng: Random, _: np.random.Generator) -> NDArray[np.float64]:
    t = _time(rng.uniform(0.12, 0.7))
    high, low = rng.uniform(1500.0, 7000.0), rng.uniform(80.0, 500.0)
    hz = low + (high - low) * np.exp(-t / (t[-1] * rng.uniform(0.12, 0.4)))
    phase = _phase(hz)
    fm = rng.choice((0.0, rng.uniform(0.5, 4.0)))
    wave = np.sin(phase + fm * np.sin(phase * rng.choice((0.5, 1.5, 2.0))))
    repeats = rng.choice((1, 1, 1, 2, 3))
    return np.tile(_shaped(wave * np.exp(-2.5 * t / t[-1]), 0.001, 0.02), repeats)


def _rising(rng: Random, _: np.random.Generator) -> NDArray[np.float64]:
    base = rng.uniform(250.0, 600.0)
    steps = rng.choice(((0, 4, 7, 12), (0, 3, 7, 12, 15), (0, 7, 12, 19), tuple(range(0, 13, 2))))
    each = rng.uniform(0.05, 0.12)
    square = rng.random() < 0.5
    notes = []
    for step in steps:
        wave = np.sin(_phase(np.full(round(each * RATE_HZ), base * 2.0 ** (step / 12.0))))
        notes.append(_shaped(np.tanh(6.0 * wave) * 0.7 if square else wave, 0.002, 0.01))
    return np.concatenate(notes)


def _beep(rng: Random, _: np.random.Generator) -> NDArray[np.float64]:
    t = _time(rng.uniform(0.05, 0.35))
    hz = rng.uniform(400.0, 3500.0)
    wave = np.sin(math.tau * hz * t) + rng.uniform(0.0, 0.4) * np.sin(math.tau * 2.0 * hz * t)
    one = _shaped(wave, 0.003, 0.01)
    gap = np.zeros(round(rng.uniform(0.04, 0.15) * RATE_HZ))
    return np.concatenate([one, *([gap, one] * rng.choice((0, 0, 1, 2)))])


def _siren(rng: Random, _: np.random.Generator) -> NDArray[np.float64]:
    t = _time(rng.uniform(2.0, 4.0))
    low, high, rate = rng.uniform(350.0, 700.0), rng.uniform(900.0, 1700.0), rng.uniform(0.4, 4.0)
    turn = np.sin(math.tau * rate * t)
    share = 0.5 + 0.5 * (np.sign(turn) if rng.random() < 0.3 else turn)
    wave = np.sin(_phase(low + (high - low) * share))
    return _shaped(np.tanh(rng.uniform(1.0, 5.0) * wave), 0.02, 0.05)


def _noise(chance: np.random.Generator, n: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(chance.standard_normal(n))
    hz = np.fft.rfftfreq(n, 1.0 / RATE_HZ)
    shape = 1.0 / (1.0 + (low_hz / np.maximum(hz, 1.0)) ** 4) / (1.0 + (hz / high_hz) ** 4)
    found: NDArray[np.float64] = np.fft.irfft(spectrum * shape, n)
    return found / max(float(np.abs(found).max(initial=0.0)), 1e-9)


def _wind(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    n = round(rng.uniform(2.5, 4.0) * RATE_HZ)
    slow = np.interp(np.arange(n), np.linspace(0, n, 9), chance.uniform(0.2, 1.0, 9))
    wave = _noise(chance, n, rng.uniform(80.0, 250.0), rng.uniform(400.0, 1200.0))
    whistle = _noise(chance, n, rng.uniform(500.0, 700.0), rng.uniform(750.0, 900.0)) * rng.uniform(0.0, 0.5)
    return _shaped((wave + whistle * slow) * slow, 0.3, 0.3)


def _rain(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    n = round(rng.uniform(2.5, 4.0) * RATE_HZ)
    wave = 0.15 * _noise(chance, n, 1500.0, 9000.0)
    for at in chance.integers(0, n - 400, rng.randint(150, 900)):
        length = int(chance.integers(40, 400))
        drop = np.sin(math.tau * chance.uniform(1500.0, 9000.0) * np.arange(length) / RATE_HZ)
        wave[at : at + length] += drop * np.exp(-6.0 * np.arange(length) / length) * chance.uniform(0.02, 0.3)
    return _shaped(wave, 0.1, 0.1)


def _whoosh(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    n = round(rng.uniform(0.25, 1.2) * RATE_HZ)
    bell = np.sin(np.pi * np.linspace(0.0, 1.0, n) ** rng.uniform(0.6, 1.6)) ** 2
    low, high = _noise(chance, n, 150.0, 900.0), _noise(chance, n, 1200.0, 6000.0)
    found: NDArray[np.float64] = (low * bell + high * bell**3 * rng.uniform(0.5, 1.5)) * 0.7
    return found


def _explosion(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    n = round(rng.uniform(1.5, 3.5) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    boom = _noise(chance, n, 20.0, rng.uniform(80.0, 250.0)) * np.exp(-t / rng.uniform(0.4, 1.0))
    crack = _noise(chance, n, 300.0, rng.uniform(2500.0, 7000.0)) * np.exp(-t / rng.uniform(0.05, 0.3))
    return _shaped(np.tanh(2.5 * (boom + 0.8 * crack)), 0.002, 0.2)


def _click(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    n = round(rng.uniform(0.03, 0.08) * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    body = np.sin(math.tau * rng.uniform(900.0, 4000.0) * t) * np.exp(-t / rng.uniform(0.001, 0.006))
    return body + 0.5 * _noise(chance, n, 1500.0, 10_000.0) * np.exp(-t / 0.001)


def _engine(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    t = _time(rng.uniform(2.0, 4.0))
    hz = rng.uniform(25.0, 90.0) * (1.0 + 0.04 * np.sin(math.tau * rng.uniform(0.2, 1.0) * t))
    phase = _phase(hz)
    wave = sum(np.sin(k * phase + chance.uniform(0.0, math.tau)) / k**0.8 for k in range(1, 16))
    return _shaped(np.tanh(0.7 * wave) + 0.15 * _noise(chance, len(t), 100.0, 3000.0), 0.15, 0.15)


def _glitch(rng: Random, chance: np.random.Generator) -> NDArray[np.float64]:
    parts = []
    for _ in range(rng.randint(5, 16)):
        n = round(rng.uniform(0.01, 0.09) * RATE_HZ)
        kind = rng.randrange(3)
        tone = np.sign(np.sin(math.tau * rng.uniform(60.0, 5000.0) * np.arange(n) / RATE_HZ))
        parts.append((tone, chance.uniform(-1.0, 1.0, n), np.zeros(n))[kind])
    return np.concatenate(parts) * 0.6


_SIGNALS: tuple[tuple[Callable[[Random, np.random.Generator], NDArray[np.float64]], tuple[str, ...], str], ...] = (
    (
        _zap,
        ("laser zap", "laser gun", "ray gun shot", "science fiction laser", "falling zap", "retro game shot"),
        "laser_scifi",
    ),
    (_rising, ("power-up", "game power-up", "rising arpeggio", "level up chime in a game"), "powerup"),
    (_beep, ("electronic beep", "beep", "short computer beep", "alert tone", "interface beep"), "ui_beep"),
    (_siren, ("siren", "police siren", "alarm siren wailing", "warning alarm", "emergency siren"), "alarm_siren"),
    (_wind, ("wind", "wind howling", "cold wind blowing", "gusts of wind"), "wind"),
    (_rain, ("rain", "rain falling", "steady rain", "rain drops"), "rain_thunder"),
    (_whoosh, ("whoosh", "fast swish", "air whoosh", "swing through the air"), "whoosh"),
    (_explosion, ("explosion", "big explosion", "distant blast", "bomb going off", "deep boom"), "explosion"),
    (_click, ("click", "button click", "small tick", "interface click"), "ui_click"),
    (_engine, ("engine", "engine idling", "motor running", "machine humming"), "engine_machine"),
    (_glitch, ("digital glitch", "glitch noise", "broken electronics", "stuttering data noise"), "glitch_electro"),
)

MAKERS: tuple[tuple[float, Callable[[Sequence[Preset], Random], Made]], ...] = (
    (0.45, from_preset),
    (0.3, from_impact),
    (0.25, from_signal),
)
"""What makes sounds, and how large a share of them."""


def make(presets: Sequence[Preset], rng: Random) -> Made:
    """One sound of any kind."""
    (maker,) = rng.choices([maker for _, maker in MAKERS], [share for share, _ in MAKERS])
    return maker(presets, rng)
