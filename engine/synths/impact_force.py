"""What a striker does to an object: a push that lasts as long as they touch, and the noise of a rough contact."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.band_noise import band, bins_hz, hop_at, joined, n_noise_frames, usual_hz, white
from engine.params.impact import CONTACT_HIGH_HZ, CONTACT_LOW_HZ, N_CONTACT_BANDS
from engine.rates import DEFAULT_RATE_HZ

LN_1000 = math.log(1000.0)
"""60 dB."""
_NOISE_TIMES = 1.4
"""The noise is followed until it is 84 dB down."""
_LONGEST_S = 0.06
_GIVE_S = 0.0002
MOST_GRAIN = 300.0
"""Of the noise's power at full grain and 48 kHz: about 80 crackles a second stand out."""
_DIRECT = 0.3
"""Level of the noise when all of it is heard beside the object."""


@dataclass(frozen=True)
class Contact:
    """One contact for each row, all ``[batch]``: how long it lasts, and the noise: its ``level`` (a factor), band, time
    to -60 dB, rise, grain, and the shares that are heard directly and that excite the object. ``band_s`` and
    ``band_level`` ``[batch, N_CONTACT_BANDS]`` are times and factors of its bands. ``seed`` is a whole number that
    decides the noise; ``ready`` may hold what :meth:`coloured` gives, at least as long."""

    seconds: Tensor
    level: Tensor
    hz: Tensor
    octaves: Tensor
    noise_s: Tensor
    rise_s: Tensor
    grain: Tensor
    direct: Tensor
    into: Tensor
    band_s: Tensor
    band_level: Tensor
    seed: int
    ready: Tensor | None = None

    @property
    def has_noise(self) -> bool:
        """Whether any row has noise, or a gradient may wake it."""
        return (torch.is_grad_enabled() and self.level.requires_grad) or bool((self.level > 0.0).any())

    def n_frames(self, rate: float, most: int) -> int:
        """How long the force is, in frames."""
        longest_s = float(self.seconds.detach().max()) if self.seconds.numel() else 0.0
        if self.has_noise:
            band_s = torch.where(self.band_level > 0.0, self.band_s, 0.0).detach().amax(1)
            longest_s = max(longest_s, _NOISE_TIMES * float((band_s + 2.0 * self.rise_s).detach().max()))
        return max(min(math.ceil(longest_s * rate) + 1, most), 1)

    def push(self, n: int, rate: float) -> Tensor:
        """The first ``n`` frames of the force ``[batch, n]`` in float64, of sum 1.

        Of a Hertzian contact the force is nearly ``sin(pi t / T) ** 1.5`` (Johnson, Contact Mechanics, 11.4); this is
        a sine and its square in such shares, within 1.5 % of it, whose integral is known. Each frame has what was
        pushed since the one before: a contact shorter than a frame is a click without aliases.
        """
        touching = min(math.ceil(float(self.seconds.detach().max()) * rate) + 1, n)
        edges = torch.arange(touching + 1, dtype=torch.float64, device=self.seconds.device) / rate
        share = (edges / self.seconds[:, None]).clamp(max=1.0)
        sine = 0.5 * (1.0 - torch.cos(math.pi * share))
        square = share - torch.sin(2.0 * math.pi * share) / (2.0 * math.pi)
        return torch.nn.functional.pad((0.43 * sine + 0.57 * square).diff(dim=1), (0, n - touching))

    def noise(self, n: int, rate: float, first: int = 0, ahead: int = 0) -> Tensor:
        """``n`` frames of the noise from ``first`` on ``[batch, n]`` in float64, or in the type of ``ready``; its
        colour is that of ``ahead`` frames later.

        At level 1 it has the energy of a click of sum 1 at 48 kHz, whatever its length and colour; its bands then
        change that. At every rate it drives a mode as much: what a hertz of it holds is the same. Where it is off in
        all rows only its level has a gradient.
        """
        if self.level.requires_grad and torch.is_grad_enabled() and not bool((self.level > 0.0).any()):
            with torch.no_grad():
                loud = replace(self, level=torch.ones_like(self.level)).noise(n, rate, first, ahead)
            return loud * self.level[:, None].to(loud)
        begin = first + ahead
        bands = self.coloured(n, rate, begin) if self.ready is None else self.ready[..., begin : begin + n]
        time_s = (torch.arange(first, first + n, dtype=bands.dtype, device=self.level.device) + 0.5) / rate
        rise = 1.0 - torch.exp(time_s * (-3.0 / self.rise_s[:, None]).to(bands.dtype))
        shape = rise * torch.exp(time_s * (-LN_1000 / self.noise_s[:, None]).to(bands.dtype))
        scale = self.scale(rate)[:, None]
        if bands.shape[1] == 1:
            return bands[:, 0] * shape * scale
        falls = torch.exp((-LN_1000 / self.band_s)[..., None].to(bands.dtype) * time_s)
        levels = (self.band_level * scale).to(bands.dtype)[:, None]
        return torch.matmul(levels, bands * falls)[:, 0] * rise

    def scale(self, rate: float) -> Tensor:
        """By what :meth:`coloured` is multiplied in :meth:`noise` beside its rise and fall, ``[batch]``."""
        return self.level / self._noise_energy(rate).sqrt()

    def beside(self, rate: float) -> Tensor:
        """What of :meth:`noise` is heard beside the object, as a factor ``[batch]``: a force is summed over frames, of
        which a second has more at a higher rate, and a sound is not."""
        return self.direct * (_DIRECT * rate / DEFAULT_RATE_HZ)

    def _noise_energy(self, rate: float) -> Tensor:
        """The sum of the squared shape of the noise over all frames there could be ``[batch]``: how loud it is does
        not depend on how long it is rendered."""
        falls, rises = 2.0 * LN_1000 / self.noise_s, 3.0 / self.rise_s

        def total(speed: Tensor) -> Tensor:
            return 0.5 / torch.sinh(speed / (2.0 * rate))

        return total(falls) - 2.0 * total(falls + rises) + total(falls + 2.0 * rises)

    def coloured(self, n: int, rate: float, first: int = 0) -> Tensor:
        """Noise of unit power at 48 kHz that lasts, in its bands, from ``first`` on ``[batch, N_CONTACT_BANDS, n]``;
        they sum to what the contact's own band and grain make of it. Where no band differs from the others they are
        one, ``[batch, 1, n]``."""
        device = self.level.device
        before, first = divmod(first, hop_at(rate))
        # Uniform noise raised to a power has its peaks further apart, which is what crackles.
        power = torch.exp(math.log(MOST_GRAIN) * self.grain)[:, None, None]
        # As many a second at every rate.
        power = power + (power - 1.0) * (rate / DEFAULT_RATE_HZ - 1.0)
        plain = white(self.seed, n_noise_frames(first + n, rate), rate, device, before) / math.sqrt(3.0)
        grains = plain.sign() * torch.exp(power * plain.abs().clamp(min=1e-9).log()) * (2.0 * power + 1.0).sqrt()
        hz = bins_hz(rate, device)
        weights = band(hz, self.hz[:, None], self.octaves[:, None])
        usual = weights if rate == DEFAULT_RATE_HZ else band(usual_hz(device), self.hz[:, None], self.octaves[:, None])
        weights = weights / usual.square().mean(1, keepdim=True).sqrt()
        spectra = (torch.fft.rfft(grains) * weights[:, None])[:, None]
        if self._has_bands:
            spectra = spectra * contact_bands(hz)[:, None]
        return joined(spectra, rate)[..., first : first + n]

    @property
    def _has_bands(self) -> bool:
        """Whether the bands of any row differ, or a gradient may make them."""
        if torch.is_grad_enabled() and (self.band_s.requires_grad or self.band_level.requires_grad):
            return True
        return bool((self.band_level != 1.0).any() or (self.band_s != self.noise_s[:, None]).any())


def contact_bands(hz: Tensor) -> Tensor:
    """Weights ``[N_CONTACT_BANDS, bins]`` of a contact's bands at ``hz`` ``[bins]``: each fades into the next one,
    straight in octaves, and together they are 1."""
    high = math.log2(CONTACT_HIGH_HZ / CONTACT_LOW_HZ)
    place = torch.log2(hz / CONTACT_LOW_HZ) * ((N_CONTACT_BANDS - 1) / high)
    number = torch.arange(N_CONTACT_BANDS, dtype=hz.dtype, device=hz.device)[:, None]
    return (1.0 - (place.clamp(0.0, N_CONTACT_BANDS - 1.0) - number).abs()).clamp(min=0.0)


def contact_time(mass: Tensor, hardness: Tensor, contact_pa: Tensor, velocity: Tensor) -> Tensor:
    """How long a ball of ``mass`` kg touches what has the modulus ``contact_pa``, in seconds, all ``[batch]``.

    Hertz: ``T = 2.87 (m**2 / (R E**2 v))**(1/5)`` (Johnson, Contact Mechanics, 11.4). ``hardness`` goes from felt (0.1
    MPa) to steel; soft strikers stiffen under a hard blow, so their contact shortens faster with velocity (felt's
    exponent in Chaigne and Askenfelt, JASA 95, 1994). ``velocity`` is MIDI's.
    """
    own_pa = torch.exp(math.log(1e5) + hardness * math.log(2e6))
    modulus = 1.0 / (1.0 / own_pa + 1.0 / contact_pa)
    radius = (mass * (3.0 / (4.0 * math.pi * 1500.0))) ** (1.0 / 3.0)
    speed = (velocity / 100.0) ** 1.5
    hertz = 2.87 * (mass.square() / (radius * modulus.square())) ** 0.2
    return hertz * speed ** (-0.2 - 0.3 * (1.0 - hardness))


def give_time(mass: Tensor, velocity: Tensor) -> Tensor:
    """By how much a contact is longer because no two surfaces are smooth, in seconds, all ``[batch]``.

    A soft blow presses only the tips of what is rough against each other, and these give way easily (Johnson, Contact
    Mechanics, 13); a hard one flattens them. Without this a steel ball on stone would be as bright however softly it
    falls. ``velocity`` is MIDI's.
    """
    return _GIVE_S * (mass / 0.02) ** 0.2 * torch.exp(-0.03 * velocity)


def noise_colour(hz: Tensor, velocity: Tensor) -> Tensor:
    """The middle of a contact's noise, which is ``hz`` at the usual velocity of 100: a soft contact hisses lower."""
    return hz * (velocity / 100.0) ** 0.4


def limited(seconds: Tensor) -> Tensor:
    """Contact times that stay below :data:`_LONGEST_S`: what is pushed longer makes no sound."""
    return seconds / (1.0 + seconds / _LONGEST_S)


def push_spectrum(periods: NDArray[np.float64]) -> NDArray[np.float64]:
    """The spectrum of a push of sum 1 (:meth:`Contact.push`) around its middle, where it lasts so many ``periods``."""
    # Beside the places where it would be 0 / 0.
    x = periods + 1e-6
    sine = np.cos(np.pi * x) / (1.0 - 4.0 * np.square(x))
    square = np.sinc(x) / (1.0 - np.square(x))
    found: NDArray[np.float64] = 0.43 * sine + 0.57 * square
    return found


def softness(hz: Tensor, seconds: Tensor) -> Tensor:
    """About how much of a mode a contact moves: 1 where it is short for the mode's period, and where it is long, what
    follows the force itself."""
    return 1.0 / (1.0 + (3.5 * hz * seconds).square()).sqrt()
