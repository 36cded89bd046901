"""What the FM instrument looks like at work: each operator's wave, and the partials that come of them all.

Nothing is rendered from the key on: an operator's picture needs its neighbours at one moment only. The phases of that
moment are exact; loops run for a while before it, as they do in the sound (:class:`engine.dsp.loops.Loop`).
"""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.audio.momentary import levels_at, loudest_s, peaks_of, window_size
from engine.audio.values import Audio
from engine.dsp.envelopes import Envelope
from engine.dsp.loops import Loop
from engine.dsp.units import midi_to_hz
from engine.dsp.waves import shaped
from engine.params import Patch
from engine.params.fm import FM_SPACE, LEVEL_FLOOR_DB, N_OPERATORS
from engine.params.fm_moment import Moment
from engine.params.fm_partials import Prediction, named, predict_steps
from engine.params.pictures import OperatorPicture, Pictures, Spectrum
from engine.synths.fm_graph import Group, graph_of
from engine.synths.fm_note import ROUTES, FmDecoder, FmNote
from engine.synths.fm_operators import LOOP_HZ

ENVELOPE_POINTS = 192
ATTACK_S, ATTACK_POINTS = 0.06, 384
"""Loud moments are searched finely within the first so many seconds."""
LONGEST_COMMON = 8
"""An operator and what bends it are drawn together where they meet again within so many periods."""
WARM_UP = 512
"""Samples of 1/48000 s for which a loop runs before it is drawn."""
LONGEST_LOOP_S = 0.2
LEAST_POINTS, MOST_POINTS = 128, 2048
POINTS_PER_SWING = 32
LOUD_SHARE = 0.8
"""What is at most 2 dB softer counts as loudest, too."""
WINDOW_POINTS = 33
MOST_DRIFT = 0.03
"""A partial that slides is known again within half a semitone of where it is on average."""
BESIDES = {"drive": "drive_db", "noise": "noise_db", "room": "reverb"}
"""What makes sound besides the operators, and the parameter by which it is off."""
TWO_PI = 2.0 * math.pi


@cache
def _decoder() -> FmDecoder:
    return FmDecoder()


def _note(patch: Patch, note: float, velocity: float, hold_s: float) -> FmNote:
    unit = torch.tensor([patch.unit()], dtype=torch.float64)
    return _decoder()(unit, note, velocity, hold_s, torch.Generator().manual_seed(patch.seed))


def _levels(key: FmNote, n_points: int, points_per_s: float, first: int = 0) -> Tensor:
    """Amplitude of all operators ``[operators, n_points]``, level, key and velocity included, without tremolo."""
    hold_s = key.hold_s.expand(N_OPERATORS)
    clocks = (key.by_rate[0], key.ceiling[0]) if bool(key.by_rate.any()) else (None, None)
    envelope = Envelope(key.nats[0], key.times_s[0], hold_s, LEVEL_FLOOR_DB, *clocks)
    return envelope.at_once(first, n_points, points_per_s, torch.float64) * key.strength[0][:, None]


def _swung(key: FmNote, levels: Tensor, times_s: Tensor) -> Tensor:
    """``levels`` ``[operators, n]`` with the LFO's tremolo at ``times_s`` ``[n]``."""
    if key.motion is None or not bool(key.tremolo_nats.any()):
        return levels
    _, down = key.motion.at(times_s)
    return levels * torch.exp(-key.tremolo_nats[0][:, None] * down)


def _hz(key: FmNote, at_s: Tensor) -> Tensor:
    """Frequency of all operators at ``at_s`` ``[n]``: ``[operators, n]``."""
    hz = key.hz[0][:, None].expand(-1, len(at_s))
    if key.motion is None:
        return hz
    factor, _ = key.motion.at(at_s)
    return torch.where(key.is_fixed[0][:, None], hz, hz * factor)


def draw(patch: Patch, note: float, velocity: float, hold_s: float, duration_s: float) -> Pictures:
    """Every operator's wave at its loudest moment, and its envelope."""
    with torch.no_grad():
        key = _note(patch, note, velocity, hold_s)
        # Everything that has a level has a picture, whether it is heard or not.
        key = replace(key, output=torch.ones_like(key.output))
        span_s = min(ATTACK_S, duration_s)
        times = torch.cat(
            [
                torch.arange(ATTACK_POINTS, dtype=torch.float64) * (span_s / ATTACK_POINTS),
                torch.arange(ENVELOPE_POINTS, dtype=torch.float64) * (duration_s / ENVELOPE_POINTS),
            ]
        )
        late = _levels(key, ENVELOPE_POINTS, ENVELOPE_POINTS / duration_s)
        levels = _swung(key, torch.cat([_levels(key, ATTACK_POINTS, ATTACK_POINTS / span_s), late], 1), times)
        best = _best_moments(key, levels)
        at_s = times[best]
        hz = _hz(key, at_s)
        stage = _Stage(key, [_of_operator(group, i) for group in graph_of(key).groups for i in group.operators])
        floor = 10.0 ** (LEVEL_FLOOR_DB / 20.0)
        envelopes = 20.0 * torch.log10(late.clamp(min=1e-9)).float().numpy()
        envelopes[late.numpy() < floor * 0.1] = -np.inf
        drawn = []
        for i in range(N_OPERATORS):
            level = float(levels[i, best[i]])
            if level < floor * 0.5:
                drawn.append(OperatorPicture())
                continue
            wave, periods = stage.wave(i, levels[:, best[i]], hz[:, i], float(at_s[i]))
            drawn.append(
                OperatorPicture(
                    wave=wave,
                    envelope=envelopes[i],
                    level_db=20.0 * math.log10(level),
                    hz=float(hz[i, i]),
                    at_s=float(at_s[i]),
                    periods=periods,
                )
            )
    return Pictures(tuple(drawn), duration_s, hold_s)


def _best_moments(key: FmNote, levels: Tensor) -> Tensor:
    """For each operator the place in ``levels`` ``[operators, n]`` where it is loudest.

    A level that is held is as loud for a while: there, the moment is taken at which the operator is bent most.
    """
    depths = levels.new_zeros(N_OPERATORS, N_OPERATORS)
    for route, (source, target) in enumerate(ROUTES):
        depths[target, source] = key.depths[0, route]
    loud = levels >= levels.amax(1, keepdim=True) * LOUD_SHARE
    return torch.where(loud, depths @ levels + 1e-6 * levels, -1.0).argmax(1)


def _of_operator(group: Group, operator: int) -> tuple[int, Group]:
    return operator, group


@dataclass(frozen=True)
class _Stage:
    """The operators in the order of computation, each with its group."""

    key: FmNote
    order: list[tuple[int, Group]]

    def _needed(self, operator: int, strength: list[float]) -> list[Group]:
        """The groups that ``operator`` hears, sources first, its own last."""
        by_operator = dict(self.order)
        needed: list[Group] = []

        def visit(i: int) -> None:
            group = by_operator.get(i)
            if group is None or group in needed:
                return
            for into in group.routes:
                for source, _ in into:
                    if strength[source] > 0.0:
                        visit(source)
            if group not in needed:
                needed.append(group)

        visit(operator)
        return needed

    def wave(self, operator: int, levels: Tensor, hz: Tensor, at_s: float) -> tuple[NDArray[np.float32], float]:
        """``operator`` at ``at_s`` as a share of its level, and over how many of its periods.

        ``levels`` and ``hz`` ``[operators]`` are everybody's at that moment.
        """
        strength, hertz = levels.tolist(), hz.tolist()
        groups = self._needed(operator, strength)
        behind = [i for group in groups for i in group.operators if i != operator]
        own_hz = max(hertz[operator], 1e-3)
        common = _common_periods([hertz[i] / own_hz for i in behind])
        period_s = common / own_hz
        loops = any(group.edges for group in groups)
        span_s = min(2.0 * period_s, LONGEST_LOOP_S) if loops else 2.0 * period_s
        bent = sum(hertz[i] * (1.0 + strength[i] * float(self.key.depths[0, :].max())) for i in behind)
        n = int(min(max(POINTS_PER_SWING * span_s * (own_hz + bent), LEAST_POINTS), MOST_POINTS))
        lag, warm_up = 1, 0
        rate = n / span_s
        if loops:
            lag = min(max(math.ceil(LEAST_POINTS / (span_s * LOOP_HZ)), 1), 16)
            rate, warm_up = LOOP_HZ * lag, WARM_UP * lag
            n = max(round(span_s * rate), 2)
        # From a moment at which everything that rings in whole numbers is at the start of a period.
        start_s = math.floor(at_s / period_s) * period_s
        times = start_s + torch.arange(-warm_up, n, dtype=torch.float64) / rate
        waves: dict[int, Tensor] = {}
        for group in groups:
            self._play(group, waves, times, levels, hertz, lag)
        wave = waves[operator][warm_up:] / strength[operator]
        return wave.float().numpy(), span_s * own_hz

    def _play(
        self, group: Group, waves: dict[int, Tensor], times: Tensor, levels: Tensor, hertz: list[float], lag: int
    ) -> None:
        phases = []
        for i, into in zip(group.operators, group.routes, strict=True):
            phase = torch.frac(times * hertz[i]) * TWO_PI
            for source, route in into:
                if source in waves:
                    phase = phase + self.key.depths[0, route] * waves[source]
            phases.append(phase)
        shapes = [int(self.key.shapes[0, i]) for i in group.operators]
        if not group.edges:
            waves[group.operators[0]] = shaped(phases[0][None], shapes)[0] * levels[group.operators[0]]
            return
        loop = Loop(len(group.operators), group.edges, lag)
        loudness = levels[list(group.operators)][:, None].expand(-1, len(times))[None].contiguous()
        depths = self.key.depths[:, list(group.edge_routes)]
        past = times.new_zeros(1, len(group.operators), loop.past)
        y = loop.run(torch.stack(phases)[None], loudness, depths, [shapes], past)
        waves.update(zip(group.operators, y[0].unbind(), strict=True))


def _common_periods(ratios: list[float]) -> int:
    """After how many of its own periods an operator meets again those that ring ``ratios`` times as fast."""
    for common in range(1, LONGEST_COMMON + 1):
        if all(abs(ratio * common - round(ratio * common)) < 0.02 for ratio in ratios):
            return common
    return 1


def moment_of(patch: Patch, note: float, velocity: float, hold_s: float, at_s: float, span_s: float = 0.0) -> Moment:
    """The note's operators at ``at_s``, for :func:`engine.params.fm_partials.predict`.

    With ``span_s`` they are those of so long a window around it on average, as a spectrum sees them.
    """
    with torch.no_grad():
        key = _note(patch, note, velocity, hold_s)
        begin, end = max(at_s - span_s / 2.0, 0.0), at_s + span_s / 2.0
        n = WINDOW_POINTS if span_s > 0.0 else 1
        step = max((end - begin) / n, 1e-6)
        # An envelope is asked at a rate, from a whole number of points after the key on.
        first = round(begin / step)
        times = (first + torch.arange(n, dtype=torch.float64)) * step
        levels = _swung(key, _levels(key, n, 1.0 / step, first=first), times)
        share = ((times - at_s) / span_s if span_s > 0.0 else torch.zeros(1)).double()
        weights = torch.cos(math.pi * share).clamp(min=0.0) ** 4
        seen = weights.sum() / (weights.sum() if span_s <= 0.0 else 0.375 * span_s / step)
        weights = weights / weights.sum().clamp(min=1e-9)
        hz = _hz(key, times)
        middle = (hz * weights).sum(1)
        swing = (hz.amax(1) - hz.amin(1)) / 2.0 / middle
        depths = {
            (source + 1, target + 1): float(depth)
            for (source, target), depth in zip(ROUTES, key.depths[0].tolist(), strict=True)
            if depth > 0.0
        }
        return Moment(
            hz=tuple(middle.tolist()),
            amplitude=tuple((levels * weights).sum(1).tolist()),
            output=tuple((key.output[0] * seen.clamp(max=1.0)).tolist()),
            shapes=tuple(key.shapes[0].tolist()),
            depths=depths,
            drift=float(swing.max()),
        )


def look(
    audio: Audio, patch: Patch, note: float, velocity: float, hold_s: float, at_s: float | None = None
) -> Generator[float, None, Spectrum]:
    """The spectrum of a played note around ``at_s``, or at its loudest, with the operators behind each peak.

    Yields the fraction done between steps of a few milliseconds.
    """
    rate = audio.sample_rate
    moment_s = loudest_s(audio.samples, rate) if at_s is None else at_s
    levels_db, hz_per_bin = levels_at(audio.samples, rate, moment_s)
    peaks = peaks_of(levels_db, hz_per_bin)
    yield 0.5
    moment = moment_of(patch, note, velocity, hold_s, moment_s, window_size(rate) / rate)
    prediction = yield from _counted(predict_steps(moment))
    partials = tuple(p for p in prediction.partials if p.hz < rate / 2)
    transpose = patch.values.get("transpose_st", 0.0)
    pitch = note + (transpose if isinstance(transpose, int | float) else 0.0)
    return Spectrum(
        levels_db=levels_db,
        hz_per_bin=hz_per_bin,
        at_s=moment_s,
        note_hz=float(midi_to_hz(torch.tensor(pitch, dtype=torch.float64))),
        peaks=named(peaks, partials, hz_per_bin, min(moment.drift, MOST_DRIFT)),
        partials=partials,
        noise_like=prediction.noise_like,
        besides=tuple(words for words, name in BESIDES.items() if patch.values.get(name, 0.0) != FM_SPACE[name].low),
    )


def _counted(steps: Generator[None, None, Prediction]) -> Generator[float, None, Prediction]:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            prediction: Prediction = stop.value
            return prediction
        yield 0.75
