"""Patches that follow from looking at the target: its partials become carriers, modulators and noise fill the rest."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from engine.matching.bends import bend_of, drop_of
from engine.matching.partials import STEP_S, Stages, partials_of, stages_of
from engine.matching.target import Samples, Target, levels_db
from engine.params.fm import FM_SPACE, N_OPERATORS, mod_name
from engine.params.keys import key_to_hz

Values = dict[str, float]
_N_DRAWN = 72
_RUMBLE_SHARE = 1e-5
_STEADY = Stages((0.01, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0))
_BUSY = re.compile(r"op[56]_|mod_[56]_")


def starts(target: Target, rng: np.random.Generator, n_drawn: int = _N_DRAWN) -> Iterator[Values]:
    """Human values of patches to begin with, the likeliest first; what they leave out takes its default."""
    view = _View(target)
    for bend in view.bends:
        yield view.additive(6) | bend
        yield view.additive(5) | bend
        yield view.saw(1.0) | bend
    yield from view.drops()
    rumble = view.rumble()
    if rumble:
        yield view.additive(4) | rumble
        yield view.saw(0.8) | rumble
        yield view.pairs([p.hz for p in view.partials[:2]], [1.0] * 2, [1.0] * 2) | rumble
    yield view.pairs([p.hz for p in view.partials[:3]], [1.0] * 3, [1.0] * 3)
    yield view.saw(0.5, cutoff=True)
    if target.pitch_hz is None:
        yield view.noisy()
        yield view.noisy(tone=True)
    for _ in range(n_drawn):
        values = view.drawn(rng) | view.bends[int(rng.integers(len(view.bends)))]
        if rumble and rng.random() < 0.4:
            # The two that rumble do nothing else.
            values = {name: value for name, value in values.items() if not _BUSY.match(name)} | rumble
        yield values


class _View:
    """A target with its partials and envelopes."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.partials = partials_of(target)
        self.base_hz = key_to_hz(target.key)
        level = levels_db(target.samples, target.sample_rate, STEP_S)
        self.whole = stages_of(level, target.hold_s)
        self.stages = [stages_of(p.level_db, target.hold_s) for p in self.partials[:16]]
        weights = np.array([max(p.peak_db + 60.0, 1.0) for p in self.partials]) ** 2
        self.weights = weights / weights.sum()
        bend = bend_of(target)
        self.bends: list[Values] = [{}] if bend is None else [{}, bend.values()]

    def base(self) -> Values:
        """Silence at the target's pitch."""
        values: Values = {"transpose_st": self.target.transpose_st, "gain_db": -6.0, mod_name(2, 1): 0.0}
        for n in range(1, N_OPERATORS + 1):
            values[f"op{n}_out_db"] = -72.0
            values[f"op{n}_velocity"] = 0.0
        return values

    def operator(self, n: int, hz: float, stages: Stages, *, out_db: float | None = None) -> Values:
        """Operator ``n`` at ``hz``; heard at ``out_db``, or a modulator without it."""
        ratio, cents = self.tuned(hz)
        values = {f"op{n}_ratio": ratio, f"op{n}_detune_cents": cents, f"op{n}_level_db": 0.0}
        if out_db is not None:
            values[f"op{n}_out_db"] = min(max(out_db, -66.0), 0.0)
        for i in range(4):
            values[f"op{n}_env{i + 1}_s"] = min(max(stages.times_s[i], 0.0006), 19.9)
            values[f"op{n}_env{i + 1}_db"] = stages.levels_db[i]
        return values

    def tuned(self, hz: float) -> tuple[float, float]:
        """The ratio to the key, and the rest in cents: whole ratios stay whole where they are near."""
        ratio = min(max(hz / self.base_hz, 0.125), 64.0)
        whole = max(round(ratio), 1)
        cents = 1200.0 * math.log2(ratio / whole)
        return (float(whole), cents) if self.target.pitch_hz is not None and abs(cents) < 60.0 else (ratio, 0.0)

    def stages_at(self, hz: float) -> Stages:
        """The envelope of the partial nearest to ``hz``."""
        near = min(range(len(self.stages)), key=lambda i: abs(math.log(self.partials[i].hz / hz)))
        return self.stages[near]

    def level_at(self, hz: float) -> float:
        near = min(self.partials, key=lambda p: abs(math.log(p.hz / hz)))
        return near.peak_db

    def hiss(self, noise_db: float = -40.0) -> Values:
        """Noise under the whole, around where the target is bright."""
        values = {"noise_db": noise_db, "noise_hz": min(max(self.centre_hz, 25.0), 15_000.0), "noise_q": 0.4}
        for i in range(4):
            values[f"noise_env{i + 1}_s"] = min(max(self.whole.times_s[i], 0.0006), 19.9)
            values[f"noise_env{i + 1}_db"] = self.whole.levels_db[i]
        return values

    def rumble(self) -> Values:
        """Under the lowest partial, where breath, bow and room are heard: a dense low tone of two operators."""
        hz, power = self._spectrum
        low = (hz > 20.0) & (hz < 0.6 * min(p.hz for p in self.partials))
        if not low.any() or float(power[low].sum()) < _RUMBLE_SHARE * float(power.sum()):
            return {}
        centre = float((power[low] @ hz[low]) / power[low].sum())
        level = 10.0 * math.log10(float(power[low].sum()) / float(power.sum()))
        values = self.operator(5, self.base_hz, self.whole, out_db=level) | self.operator(6, self.base_hz, _STEADY)
        for n, fixed in ((5, centre), (6, 0.21 * centre)):
            values |= {f"op{n}_mode": 1.0, f"op{n}_fixed_hz": max(fixed, 5.0), f"op{n}_detune_cents": 0.0}
        return values | {mod_name(6, 5): 3.0}

    @cached_property
    def centre_hz(self) -> float:
        """The middle of what is heard, by amplitude."""
        hz, power = self._spectrum
        return float((power**0.5 @ hz) / max(float((power**0.5).sum()), 1e-30))

    @cached_property
    def _spectrum(self) -> tuple[Samples, Samples]:
        """Frequencies and powers of the whole target, ``[bins]`` each."""
        x = self.target.samples
        # Lengths with large prime factors would take a hundred times as long.
        size = 1 << (len(x) - 1).bit_length()
        power: Samples = np.abs(np.fft.rfft(x, size)) ** 2
        return np.fft.rfftfreq(size, 1.0 / self.target.sample_rate).astype(np.float64), power

    def additive(self, n: int) -> Values:
        """The strongest partials, one operator each."""
        values = self.base() | self.hiss()
        for i, (partial, stages) in enumerate(zip(self.partials[:n], self.stages, strict=False), 1):
            values |= self.operator(i, partial.hz, stages, out_db=partial.peak_db)
        return values

    def pairs(self, carriers: list[float], ratios: list[float], depths: list[float]) -> Values:
        """Up to three carriers, each bent by a modulator of its own at ``ratios`` times the key."""
        values = self.base() | self.hiss()
        for i, (hz, ratio, depth) in enumerate(zip(carriers, ratios, depths, strict=False)):
            carrier, modulator = 2 * i + 1, 2 * i + 2
            stages = self.stages_at(hz)
            values |= self.operator(carrier, hz, stages, out_db=self.level_at(hz))
            values |= self.operator(modulator, ratio * self.base_hz, _softer(stages))
            values[mod_name(modulator, carrier)] = depth
        return values

    def saw(self, feedback: float, *, cutoff: bool = False) -> Values:
        """One operator that bends itself, with the strongest partials beside it."""
        values = self.base() | self.hiss()
        values |= self.operator(1, self.base_hz, self.whole, out_db=-3.0)
        values[mod_name(1, 1)] = feedback
        for i, (partial, stages) in enumerate(zip(self.partials[:3], self.stages, strict=False), 2):
            values |= self.operator(i, partial.hz, stages, out_db=partial.peak_db - 3.0)
        if cutoff:
            values |= {"filter_type": 1.0, "filter_hz": min(max(3.0 * self.centre_hz, 200.0), 15_000.0)}
            values |= {"filter_env_st": 12.0}
        return values

    def drops(self) -> Iterator[Values]:
        """A tone that falls, with a click of noise: kicks and toms."""
        found = drop_of(self.target)
        if found is None:
            return
        hz, bend = found
        for noise_db, more in ((-30.0, False), (-12.0, False), (-30.0, True)):
            values = self.base() | self.hiss(noise_db) | bend.values()
            values |= self.operator(1, hz, self.whole, out_db=0.0)
            if more:
                values |= self.operator(2, 2.0 * hz, self.whole, out_db=-18.0)
                values |= self.operator(3, hz, _softer(self.whole))
                values[mod_name(3, 1)] = 0.5
            yield values

    def noisy(self, *, tone: bool = False) -> Values:
        """Noise first, with or without the strongest peaks."""
        values = self.base() | self.hiss(-6.0)
        if tone:
            for i, (partial, stages) in enumerate(zip(self.partials[:4], self.stages, strict=False), 1):
                values |= self.operator(i, partial.hz, stages, out_db=partial.peak_db - 6.0)
        return values

    def drawn(self, rng: np.random.Generator) -> Values:
        """One of many ways: some carriers on strong partials, some modulators on them."""
        n_carriers = int(rng.integers(1, 5))
        at = rng.choice(len(self.partials), size=min(n_carriers, len(self.partials)), replace=False, p=self.weights)
        values = self.base() | self.hiss(float(rng.uniform(-56.0, -20.0)))
        carriers = []
        for n, i in enumerate(sorted(at), 1):
            hz = self.partials[i].hz
            values |= self.operator(n, hz, self.stages_at(hz), out_db=self.partials[i].peak_db)
            carriers.append(n)
        for n in range(len(carriers) + 1, N_OPERATORS + 1):
            ratio = float(rng.choice([0.5, 1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 4.0, 5.0]))
            if self.target.pitch_hz is None:
                ratio = float(np.exp(rng.uniform(np.log(0.2), np.log(12.0))))
            values |= self.operator(n, ratio * self.base_hz, _softer(self.whole, float(rng.uniform(0.3, 1.5))))
            depth = float(np.exp(rng.uniform(np.log(0.2), np.log(4.0))))
            # One modulator may bend all carriers, one of them, or the modulator before it.
            kind = rng.random()
            if kind < 0.4:
                for carrier in carriers:
                    values[mod_name(n, carrier)] = depth
            elif kind < 0.8 or n == len(carriers) + 1:
                values[mod_name(n, int(rng.choice(carriers)))] = depth
            else:
                values[mod_name(n, n - 1)] = depth
        if rng.random() < 0.35:
            n = int(rng.integers(1, N_OPERATORS + 1))
            values[mod_name(n, n)] = float(rng.uniform(0.2, 1.2))
        if rng.random() < 0.25:
            values |= {"filter_type": 1.0, "filter_hz": float(np.exp(rng.uniform(np.log(400.0), np.log(12_000.0))))}
            values |= {"filter_env_st": float(rng.uniform(0.0, 30.0))}
        return values


def _softer(stages: Stages, share: float = 0.6) -> Stages:
    """The envelope with shallower falls: modulators fall more slowly in dB than what they make."""
    levels = tuple(level * share if level > -72.0 else level for level in stages.levels_db)
    return Stages(stages.times_s, (levels[0], levels[1], levels[2], -30.0))


def encode(values: Values) -> list[float]:
    """Positions of human values, what lies outside its range at the nearer end."""
    return FM_SPACE.positions(
        {**FM_SPACE.defaults(), **{name: FM_SPACE[name].clamp(value) for name, value in values.items()}}
    )
