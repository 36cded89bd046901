"""A small honest stand-in for tuning and imagining: no search by a net, and no torch.

It knows three dozen words. A preset suits a prompt when its name and tags share words with it, and when its sound, as
the fake instruments play it, is as bright, as long and as noisy as the words it knows ask for. The best are varied a
few times. What it imagines is a tone and noise with those same traits.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.audio.values import Audio
from engine.errors import BadUsage
from engine.fakes import play_patch
from engine.jobs import Note
from engine.params import Patch
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings
from engine.project.presets import Preset
from engine.sds.bounds import Bounds, Units
from engine.sds.credit import imagined
from engine.sds.door import check_imagined, check_request
from engine.sds.result import N_CANDIDATES, Candidate, Imagined, Moment, TuneRequest, TuneResult, TuneState

Sound = npt.NDArray[np.float64]

PRIOR, LICENCE = "fake", "Apache-2.0"
_RATE_HZ = 24_000
_LEVEL_RMS = 0.2
_GENERATIONS, _BORN, _PACE_S = 10, 6, 0.12
_N_ARROWS = 12
_WORDS = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Traits:
    """The middle of the spectrum, the time until it is 20 dB down, and how much of it is noise (0 to 1)."""

    hz: float = 700.0
    fall_s: float = 0.6
    noise: float = 0.2


_KNOWN: Mapping[str, Mapping[str, float]] = {
    "short": {"fall_s": 0.06},
    "tight": {"fall_s": 0.06},
    "dry": {"fall_s": 0.08},
    "click": {"fall_s": 0.03, "hz": 3000.0},
    "knock": {"fall_s": 0.07, "hz": 500.0},
    "kick": {"fall_s": 0.2, "hz": 90.0},
    "drum": {"fall_s": 0.2},
    "snare": {"fall_s": 0.15, "hz": 2000.0, "noise": 0.7},
    "hat": {"fall_s": 0.06, "hz": 8000.0, "noise": 0.9},
    "cymbal": {"fall_s": 1.2, "hz": 7000.0, "noise": 0.9},
    "long": {"fall_s": 2.0},
    "slow": {"fall_s": 2.0},
    "pad": {"fall_s": 2.0},
    "drone": {"fall_s": 3.0},
    "bell": {"fall_s": 1.6, "hz": 1800.0, "noise": 0.0},
    "ringing": {"fall_s": 1.6},
    "metal": {"fall_s": 1.0, "hz": 2200.0},
    "glass": {"fall_s": 0.8, "hz": 4000.0},
    "wood": {"fall_s": 0.08, "hz": 600.0},
    "wooden": {"fall_s": 0.08, "hz": 600.0},
    "stone": {"fall_s": 0.05, "hz": 1800.0},
    "plucked": {"fall_s": 0.5},
    "bright": {"hz": 4000.0},
    "high": {"hz": 4000.0},
    "sharp": {"hz": 5000.0},
    "dull": {"hz": 200.0},
    "dark": {"hz": 250.0},
    "deep": {"hz": 100.0},
    "low": {"hz": 120.0},
    "warm": {"hz": 400.0},
    "bass": {"hz": 110.0},
    "soft": {"hz": 350.0},
    "noisy": {"noise": 0.9},
    "wind": {"noise": 1.0, "fall_s": 2.5},
    "rain": {"noise": 1.0, "fall_s": 2.5, "hz": 5000.0},
    "explosion": {"noise": 0.9, "fall_s": 1.0, "hz": 150.0},
}


def words_of(text: str) -> list[str]:
    """The words of ``text`` in small letters."""
    return _WORDS.findall(text.casefold())


def traits_of(text: str) -> tuple[Traits, frozenset[str]]:
    """What the known words of ``text`` ask for, each the mean of what they say, and which traits they speak of."""
    asked: dict[str, list[float]] = {}
    for word in words_of(text):
        for name, value in _KNOWN.get(word, {}).items():
            asked.setdefault(name, []).append(value)
    plain = Traits()
    found = {name: float(np.exp(np.mean(np.log(np.maximum(values, 0.01))))) for name, values in asked.items()}
    return Traits(**{name: found.get(name, getattr(plain, name)) for name in ("hz", "fall_s", "noise")}), frozenset(
        found
    )


def measure(sound: Sound) -> Traits:
    """The traits of a sound ``[n]`` at 24 kHz."""
    size = 1024
    padded = np.pad(sound, (0, max(size - len(sound), 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: size // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2
    level, spectrum = power.sum(1), power.sum(0)[1:] + 1e-20
    hz = np.fft.rfftfreq(size, 1.0 / _RATE_HZ)[1:]
    peak = int(level.argmax())
    late = np.flatnonzero(level[peak:] < 1e-2 * level[peak] + 1e-20)
    fall_s = (late[0] if len(late) else len(level) - peak) * size / 2 / _RATE_HZ
    flatness = np.exp(np.log(spectrum).mean()) / spectrum.mean()
    middle = np.exp((spectrum * np.log(hz)).sum() / spectrum.sum())
    return Traits(float(middle), max(float(fall_s), 0.01), float(min(2.0 * flatness, 1.0)))


def tune(request: TuneRequest, presets: Sequence[Preset]) -> Generator[Note, None, TuneResult]:
    """The presets that suit the words most, and variations of them; arguments and notes as those of the real one."""
    notice = check_request(request)
    return (yield from _Search(request, presets, notice).run())


def imagine(
    prompt: str, *, seconds: float, seed: int, negative: str = "", guidance: float | None = None, prior: str = ""
) -> Generator[Note, None, Imagined]:
    """A tone and noise with the traits that the known words ask for."""
    check_imagined(prompt, negative, seconds, seed, guidance, prior)
    for share in (0.2, 0.5, 0.8):
        yield Note(share, "Drawing")
        time.sleep(0.02)
    about = imagined(prompt, PRIOR, seed)
    return Imagined(_drawn(prompt, seconds, seed), prompt, seed, PRIOR, LICENCE, about)


def _drawn(prompt: str, seconds: float, seed: int) -> Audio:
    rng = np.random.default_rng(seed)
    traits, _ = traits_of(prompt)
    n = max(round(seconds * _RATE_HZ), 1)
    t = np.arange(n) / _RATE_HZ
    hz = traits.hz * 2.0 ** rng.uniform(-0.3, 0.3)
    tone = sum(np.sin(2.0 * np.pi * hz * k * t + rng.uniform(0.0, 6.0)) / k**2 for k in (1, 2, 3))
    spectrum = np.fft.rfft(rng.standard_normal(n))
    octaves = np.log2(np.maximum(np.fft.rfftfreq(n, 1.0 / _RATE_HZ), 1.0) / hz)
    noise = np.fft.irfft(spectrum * np.exp(-0.5 * octaves**2), n)
    noise /= max(float(noise.std()), 1e-9)
    sound = ((1.0 - traits.noise) * tone + traits.noise * noise) * 10.0 ** (-t / traits.fall_s)
    fade = min(240, n)
    sound[n - fade :] *= np.linspace(1.0, 0.0, fade)
    return _levelled(sound)


def _levelled(sound: Sound) -> Audio:
    """As loud as every candidate: the loudest 50 ms at one level, as far as nothing clips."""
    part = round(0.05 * _RATE_HZ)
    power = np.pad(sound**2, (0, -len(sound) % part)).reshape(-1, part).mean(1)
    gain = min(_LEVEL_RMS / max(float(np.sqrt(power.max())), 1e-6), 1.0 / max(float(np.abs(sound).max()), 1e-6))
    return Audio((gain * sound).astype(np.float32), _RATE_HZ)


@dataclass(frozen=True)
class _Found:
    unit: Units
    words: float
    """What name and tags are worth, 0 to 1."""
    score: float
    loss: float
    sound: Sound
    seed: int
    stage: str
    origin: int
    """Which preset it comes from."""


class _Search:
    def __init__(self, request: TuneRequest, presets: Sequence[Preset], notice: str) -> None:
        self._request, self._notice = request, notice
        self._presets = [preset for preset in presets if preset.patch.synth == request.synth]
        if not self._presets:
            raise BadUsage(f"There are no presets of the {request.synth} synth to choose from.")
        self._bounds = Bounds(replace(request, prior=PRIOR))
        self._asked = set(words_of(request.prompt))
        self._unasked = set(words_of(request.negative))
        self._traits, self._spoken = traits_of(request.prompt)
        length_s = float(np.clip(1.5 * self._traits.fall_s, 0.3, 1.2))
        self._note = NoteSettings(60, round(VELOCITY.default), HOLD.clamp(length_s), LENGTH.clamp(length_s))
        self._rng = np.random.default_rng(request.seed)
        self._began = time.monotonic()
        self._found: list[_Found] = []
        self._moments: list[Moment] = []
        self._seen = 0
        self._wanted: tuple[Audio, ...] = ()
        self._arrows: Mapping[str, float] = MappingProxyType({})

    def run(self) -> Generator[Note, None, TuneResult]:
        self._wanted = tuple(
            _drawn(self._request.prompt, self._note.duration_s, self._request.seed + n) for n in range(2)
        )
        yield Note(0.0, "Comparing with the presets")
        for n, preset in enumerate(self._presets):
            unit = self._bounds.reached(np.array(preset.patch.unit()))
            self._add(self._judged(unit, self._words(preset), preset.patch.seed, "bank", n))
            self._seen = n + 1
            if n % 4 == 3:
                yield Note(None, "Comparing with the presets")
            if n % 8 == 7 or n + 1 == len(self._presets):
                yield self._told("bank", "Comparing with the presets", 0.5 * (n + 1) / len(self._presets))
        yield from self._pointed()
        for generation in range(_GENERATIONS):
            for _ in range(_BORN):
                best = self._best()
                parent = best[int(self._rng.integers(len(best)))]
                moved = self._bounds.free & (self._rng.random(len(parent.unit)) < 0.15)
                unit = np.where(moved, parent.unit + self._rng.normal(0.0, 0.06, len(parent.unit)), parent.unit)
                self._add(self._judged(self._bounds.apply(unit), parent.words, parent.seed, "evolved", parent.origin))
            yield self._told("evolved", "Evolving", 0.5 + 0.5 * (generation + 1) / _GENERATIONS)
            self._wait(0.4 + _PACE_S * (generation + 1))
        yield from self._pointed()
        yield self._told("evolved", "Comparing", 0.99)
        start = None
        if self._request.start is not None:
            start = self._judged(self._bounds.base_unit, 0.0, self._request.start.seed, "bank", -1).score
        seconds = time.monotonic() - self._began
        return TuneResult(
            self._candidates(),
            tuple(self._moments),
            self._wanted,
            self._arrows,
            start,
            PRIOR,
            LICENCE,
            seconds,
            self._notice,
        )

    def _wait(self, until_s: float) -> None:
        """So that there is something to watch: a fake that is over at once would show nothing of how it goes."""
        left = min(until_s, self._request.seconds) - (time.monotonic() - self._began)
        time.sleep(min(max(left, 0.0), _PACE_S))

    def _words(self, preset: Preset) -> float:
        own = set(words_of(" ".join((preset.name, *preset.tags, preset.about))))
        hits = sum(any(_alike(word, other) for other in own) for word in self._asked)
        misses = sum(any(_alike(word, other) for other in own) for word in self._unasked)
        return hits / max(len(self._asked), 1) - misses / max(len(self._unasked), 1)

    def _judged(self, unit: Units, words: float, seed: int, stage: str, origin: int) -> _Found:
        patch = self._bounds.patch(unit, "", seed)
        sound = _played(patch, self._note)
        is_heard = np.abs(sound).max() > 1e-4
        far = _distance(measure(sound), self._traits, self._spoken) if is_heard else 9.0
        score = float(np.clip(0.6 * np.exp(-far) + 0.5 * words - 0.1, -1.0, 1.0)) if is_heard else -1.0
        return _Found(unit, words, score, far, sound, seed, stage, origin)

    def _add(self, one: _Found) -> None:
        self._found.append(one)
        self._found.sort(key=lambda one: -one.score)
        del self._found[8 * N_CANDIDATES :]

    def _best(self) -> list[_Found]:
        """The best, two of one preset at most."""
        count: dict[int, int] = {}
        best = []
        for one in self._found:
            count[one.origin] = count.get(one.origin, 0) + 1
            if count[one.origin] <= 2:
                best.append(one)
        return best[:N_CANDIDATES]

    def _candidate(self, one: _Found) -> Candidate:
        patch = self._bounds.patch(one.unit, self._request.name or self._request.prompt, one.seed)
        return Candidate(patch, self._note, one.score, one.loss, _levelled(one.sound), one.stage)

    def _candidates(self) -> tuple[Candidate, ...]:
        return tuple(self._candidate(one) for one in self._best())

    def _told(self, stage: str, text: str, fraction: float) -> Note:
        candidates = self._candidates()
        best = candidates[0]
        seconds = time.monotonic() - self._began
        self._moments.append(Moment(seconds, stage, text, best.patch, best.note, best.loss, best.score))
        state = TuneState(
            candidates, tuple(self._moments), self._wanted, self._arrows, self._seen, len(self._presets), LICENCE
        )
        return Note(min(fraction, 0.99), text, state)

    def _pointed(self) -> Generator[Note, None, None]:
        """Which way a dozen parameters of the best would have to go: a small step to either side tells."""
        best, arrows = self._found[0], {}
        space = self._bounds.space
        loose = [
            param.name
            for param in space
            if param.is_continuous and param.count == 1 and bool(self._bounds.free[space.place(param.name)].all())
        ]
        likely = [name for name in loose if re.search(r"_ratio|env[23]_s|env2_db|out_db|damping|size|transpose", name)]
        for name in (likely or loose)[:: max(len(likely or loose) // _N_ARROWS, 1)]:
            place = space.place(name).start
            losses = []
            for step in (-0.05, 0.05):
                unit = best.unit.copy()
                unit[place] += step
                unit = self._bounds.apply(unit)
                losses.append(self._judged(unit, best.words, best.seed, best.stage, best.origin).loss)
            if losses[0] != losses[1]:
                arrows[name] = float(np.clip(4.0 * (losses[0] - losses[1]), -1.0, 1.0))
            yield Note(None, "Listening to small changes")
        self._arrows = MappingProxyType(arrows)


def _alike(word: str, other: str) -> bool:
    """Whether two words begin alike: "drum" and "drums", "pluck" and "plucked"."""
    short, long = sorted((word, other), key=len)
    return len(short) >= 3 and long.startswith(short) and len(long) - len(short) <= 3


def _distance(heard: Traits, wanted: Traits, spoken: frozenset[str]) -> float:
    """How far two sounds are apart in the traits that were spoken of."""
    parts = {
        "hz": abs(np.log2(heard.hz / wanted.hz)) / 2.0,
        "fall_s": abs(np.log2(heard.fall_s / wanted.fall_s)) / 2.0,
        "noise": abs(heard.noise - wanted.noise),
    }
    return float(np.mean([parts[name] for name in spoken])) if spoken else 1.0


def _played(patch: Patch, note: NoteSettings) -> Sound:
    steps = play_patch(
        patch,
        note=note.note,
        velocity=note.velocity,
        hold_s=note.hold_s,
        duration_s=note.duration_s,
        sample_rate=_RATE_HZ,
    )
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        audio: Audio = stop.value
        mono: Sound = audio.samples.mean(0, dtype=np.float64)
        return mono
