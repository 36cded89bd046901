"""How large the contacts of a scrape are, so that it is as loud as a strike of the same object with the same striker.

Loud is what the ear says of a moment: power behind its weights, over so long as a loudness meter listens. A strike and
a shower of contacts drive the same modes, so how long these ring counts for both alike; what differs is the length of
the contacts, the places, and the noise, which a scrape has none of.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from engine.synths.impact_contacts import SCRAPE_PER_LENGTH, SIZES, USUAL_SPEED, scrape_contact_s
from engine.synths.impact_force import push_spectrum
from engine.synths.impact_loudness import ear_weight
from engine.synths.impact_struck import Body, Floats, Noise

FORCE = 0.6
"""At this force and the usual speed a scrape is as loud as a strike is with it."""
BESIDE_DB = -2.0
"""So much less: it lasts, and a strike is heard by its beginning."""
MOMENT_S = 0.4
_NEAR_HZ = 12.0
"""Noise is no smoother than chance has it: what drives a mode is taken from so far around it."""
_LARGEST = 4.0
"""Where contacts would have to be larger, beside a strike's, to be as loud, they stay as quiet as they are."""


def scrape_size(
    body: Body, drive: Floats, driven: Floats, push: tuple[float, float], noise: Noise, pressed_s: float, rate: int
) -> float:
    """The size of a scrape's contacts at full force.

    A strike of :data:`FORCE` moves each mode by ``drive`` ``[ALL]``; its ``push`` has a size and lasts so many seconds,
    and so has it its ``noise``. Contacts all over the object move the modes by the mean power ``driven`` ``[ALL]``, and
    where a hand strikes as hard as it presses, contacts last ``pressed_s``.
    """
    pushed, lasts_s = push
    force, direct = (part[: round(MOMENT_S * rate)] for part in noise)
    # The energy that is heard of each mode after a push of 1, in frames.
    heard = _ear(body.hz) * (body.levels**2).mean(0)
    heard *= -np.expm1(-2.0 * MOMENT_S * body.damping) / (4.0 * body.damping) * rate
    power = (pushed * push_spectrum(body.hz * lasts_s)) ** 2 + _power_at(body.hz, force, rate)
    strike = float((heard * drive**2 * power).sum()) + _heard_energy(direct, rate)
    contact = float((heard * driven * push_spectrum(body.hz * scrape_contact_s(pressed_s, USUAL_SPEED)) ** 2).sum())
    many = SCRAPE_PER_LENGTH * USUAL_SPEED * MOMENT_S * math.exp(2.0 * SIZES**2) * contact
    size = math.sqrt(10.0 ** (BESIDE_DB / 10.0) * strike / max(many, 1e-30))
    return min(size, _LARGEST * pushed) / FORCE


def _ear(hz: Floats) -> Floats:
    found: Floats = ear_weight(torch.from_numpy(hz)).numpy()
    return found


def _power_at(hz: Floats, force: Floats, rate: int) -> Floats:
    """The power of the spectrum of ``force`` at ``hz``."""
    if force.size == 0:
        return np.zeros_like(hz)
    power = np.abs(np.fft.rfft(force, _size(force.size, rate))) ** 2
    step_hz = 0.5 * rate / (power.size - 1)
    wide = 2 * round(_NEAR_HZ / step_hz) + 1
    sums = np.concatenate([[0.0], np.cumsum(np.pad(power, wide // 2, mode="edge"))])
    found: Floats = np.interp(hz, step_hz * np.arange(power.size), (sums[wide:] - sums[:-wide]) / wide)
    return found


def _heard_energy(sound: Floats, rate: int) -> float:
    """Of a sound, in frames, behind the ear's weights."""
    if sound.size == 0:
        return 0.0
    size = _size(sound.size, rate)
    power = np.abs(np.fft.rfft(sound, size)) ** 2
    return float((power * _ear(0.5 * rate * np.linspace(0.0, 1.0, power.size))).sum()) * 2.0 / size


def _size(n: int, rate: int) -> int:
    """Of a transform that has all ``n`` frames and tells modes apart."""
    return 1 << math.ceil(math.log2(max(n, 0.15 * rate)))
