"""The noise of a fitted strike, brought near to what is wanted without playing it.

On average a band of noise has a spectrum that stays while its level falls in a straight line, and beside what else
sounds its power adds. Of levels and lengths the spectra in between follow at once, so that many steps down the slope of
the error cost as much as one with sound. What chance does to the noise, and what depends on phases, is left to those.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from engine.dsp.distance import powers
from engine.dsp.log_mel import FLOOR_DB, mel_weights
from engine.matching.strike_scene import StrikeScene
from engine.params.impact import IMPACT_SPACE
from engine.synths.impact_force import LN_1000, Contact

BANDS = "contact_band_db", "contact_band_oct"
"""Levels and lengths of the bands of a contact's noise."""
_WINDOW, _OVERLAP = 1024, 2
_MOST_FRAMES = 120
_PARTS = 8
"""A window has so many moments at which the level is asked: short noise falls within one."""
_N_STEPS = 60
_STEP_DB, _STEP_OCT = 1.5, 0.12
_BETAS = (0.9, 0.97)
_WORTH = 0.7
"""Where the error does not become so much less, steps with sound do better: they move what is no noise as well."""
_QUIETEST_DB = -60.0
"""Bands stay above, so that they can be raised again."""
_DB = 10.0 / math.log(10.0)


def with_near_noise(scene: StrikeScene, unit: Tensor, wanted: Tensor, free: Tensor) -> tuple[Tensor, float]:
    """``unit`` ``[n_units]`` with those levels and lengths of its contact's bands, where they are ``free``, that bring
    it nearest to ``wanted`` ``[frames]`` on average, where that brings it much nearer; and the error in dB that it had
    before."""
    with torch.no_grad():
        note = scene.note(unit[None])
        ready = note.contact.coloured(scene.n_frames, scene.sample_rate).to(unit.dtype)
        sound = _played(scene, unit, ready)
        db = float(scene.target.errors_db(sound)[0])
        places = [IMPACT_SPACE.place(name) for name in BANDS]
        if ready.shape[1] == 1 or not all(bool(free[place].all()) for place in places):
            return unit, db
        model = _Model(scene, unit, note.contact, float(note.gain[0]), ready[0], sound[0], wanted)
    near = unit.clone()
    for name, place, numbers in zip(BANDS, places, model.nearest(), strict=True):
        param = IMPACT_SPACE[name]
        near[place] = torch.tensor([param.to_unit(x) for x in numbers.tolist()], dtype=unit.dtype)
    with torch.no_grad():
        near_db = float(scene.target.errors_db(_played(scene, near, ready))[0])
    return (near if near_db < _WORTH * db else unit), db


def _played(scene: StrikeScene, unit: Tensor, ready: Tensor) -> Tensor:
    """How ``unit`` sounds ``[1, frames]``, whose contact's noise is ``ready``."""
    note = scene.note(unit[None])
    return scene.mono(replace(note, contact=replace(note.contact, ready=ready)), unit)


class _Model:
    """Mean powers ``[frames, mels]`` as they follow from the levels and lengths of the bands."""

    def __init__(
        self,
        scene: StrikeScene,
        unit: Tensor,
        contact: Contact,
        gain: float,
        bands: Tensor,
        sound: Tensor,
        wanted: Tensor,
    ) -> None:
        """``bands`` ``[bands, frames]`` is the noise of ``contact``, ``sound`` ``[frames]`` what all gives together."""
        rate, n = scene.sample_rate, scene.n_frames
        window = torch.hann_window(_WINDOW)
        mel = torch.from_numpy(mel_weights(_WINDOW, rate)).float()
        every = max(math.ceil((n - _WINDOW) * _OVERLAP / _WINDOW / _MOST_FRAMES), 1)

        def heard(sounds: Tensor) -> Tensor:
            return powers(sounds, window, _OVERLAP)[:, ::every] @ mel

        factor = float(contact.beside(rate)[0]) * gain
        noise = replace(contact, ready=bands[None]).noise(contact.n_frames(rate, n), rate)[0] * factor
        rest = sound - torch.nn.functional.pad(noise, (0, n))[:n].to(sound)
        power, self._rest, plain = heard(wanted[None])[0], heard(rest[None])[0], heard(bands)
        self._floor = float(power.max()) * 10.0 ** (FLOOR_DB / 10.0) + 1e-20
        self._wanted = power.clamp(min=self._floor).log()
        # What a band usually has: the middle of its logarithm, as the error asks.
        scale = (float(contact.scale(rate)[0]) * factor) ** 2
        self._plain = plain.clamp(min=1e-20).log().mean(1).exp() * scale
        # What is heard in a window comes from all of it, most from its middle.
        place = (torch.arange(_PARTS) + 0.5) / _PARTS
        weight = torch.sin(math.pi * place) ** 4
        starts = torch.arange(power.shape[0]) * (every * _WINDOW // _OVERLAP)
        self._time_s = (starts[:, None] + place * _WINDOW) / rate
        self._rise_speed = 3.0 / float(contact.rise_s[0])
        self._weight = (1.0 - torch.exp(-self._rise_speed * self._time_s)).square() * (weight / weight.sum())
        self._length_s = n / rate
        self._energy = float(wanted.square().sum()) + 1e-20
        self._rest_energy = float(rest.square().sum())
        self._band_energy = bands.square().mean(1) * (scale * rate)
        self._seconds = contact.band_s[0].float()
        values = IMPACT_SPACE.decode(unit.tolist())
        self._level_db, self._length_oct = (torch.tensor(values[name]) for name in BANDS)
        self._level_db = self._level_db.clamp(min=_QUIETEST_DB)

    def _loss(self, x: Tensor) -> Tensor:
        """Of levels and lengths ``[2, bands]`` in their steps from where they began, in dB."""
        seconds = self._seconds * torch.exp2(x[1] * _STEP_OCT)
        fall = torch.exp((-2.0 * LN_1000 / seconds)[:, None, None] * self._time_s)
        level = torch.exp((self._level_db + x[0] * _STEP_DB) / _DB)
        noise = ((fall * self._weight).sum(2) * level[:, None]).T @ self._plain
        speed = 2.0 * LN_1000 / seconds
        whole = [times * self._held(speed + more * self._rise_speed) for more, times in ((0, 1.0), (1, -2.0), (2, 1.0))]
        energy = self._rest_energy + (level * self._band_energy * torch.stack(whole).sum(0)).sum()
        # As loud as what is wanted, as the error has it.
        power = (self._rest + noise) * (self._energy / energy)
        away = (power + 0.5 * self._floor).clamp(min=0.7 * self._floor).log() - self._wanted
        loss_db: Tensor = (away.square() + 0.02).sqrt().mean() * _DB
        return loss_db

    def _held(self, speed: Tensor) -> Tensor:
        """Seconds at full level in which as much is heard as of what falls at ``speed`` (1/s)."""
        held: Tensor = -torch.expm1(-speed * self._length_s) / speed
        return held

    def nearest(self) -> tuple[Tensor, Tensor]:
        """Levels in dB and changes of length in octaves, ``[bands]`` each."""
        db, octaves = (IMPACT_SPACE[name] for name in BANDS)
        low = torch.stack([(_QUIETEST_DB - self._level_db) / _STEP_DB, (octaves.low - self._length_oct) / _STEP_OCT])
        high = torch.stack([(db.high - self._level_db) / _STEP_DB, (octaves.high - self._length_oct) / _STEP_OCT])
        x = torch.zeros_like(low)
        first, second = torch.zeros_like(x), torch.zeros_like(x)
        best, least = x, math.inf
        for i in range(_N_STEPS):
            point = x.detach().requires_grad_(True)
            with torch.enable_grad():
                loss = self._loss(point)
                (slope,) = torch.autograd.grad(loss, point)
            if float(loss.detach()) < least:
                best, least = x, float(loss.detach())
            first = torch.lerp(slope, first, _BETAS[0])
            second = torch.lerp(slope.square(), second, _BETAS[1])
            speed = (first / (1.0 - _BETAS[0] ** (i + 1))) / ((second / (1.0 - _BETAS[1] ** (i + 1))).sqrt() + 1e-6)
            x = torch.minimum(torch.maximum(x - (1.0 - 0.9 * i / _N_STEPS) * speed, low), high)
        return self._level_db + best[0] * _STEP_DB, self._length_oct + best[1] * _STEP_OCT
