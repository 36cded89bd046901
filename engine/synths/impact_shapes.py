"""Families of shapes: which modes they have, and how strongly a place on them takes part in each.

A family knows the frequencies of :data:`N_MODES` modes of a :class:`Body` in Hz, in an order that never changes, and
the value of each mode's shape at a place ``(x, y)`` (mean square 1 over the object, about). Both are differentiable.
Where two modes would have one frequency (a round thing), :attr:`Body.split` pulls them apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

from engine.params.impact import N_MODES, SHAPES
from engine.synths.impact_bessel import DiscModes
from engine.synths.impact_materials import Stuff

AIR_SPEED = 343.0
N_AIR = 8
"""Modes of the air inside, behind those of the object."""
_SKIN_STRAIN = 0.002
"""How far a membrane is stretched."""
_PI = math.pi


@dataclass(frozen=True)
class Body:
    """An object in each row: lengths in metres, shares from 0 to 1; all ``[batch, 1]``, ``stuff`` ``[batch]``."""

    stuff: Stuff
    length: Tensor
    thickness: Tensor
    proportion: Tensor
    hollowness: Tensor
    split: Tensor

    @property
    def breadth(self) -> Tensor:
        return self.length * self.proportion

    def rows(self, index: Tensor) -> Body:
        """The objects of some rows, ``index`` ``[n]``."""
        own = {name: t.index_select(0, index) for name, t in vars(self).items() if isinstance(t, Tensor)}
        return Body(stuff=Stuff(*(t.index_select(0, index) for t in vars(self.stuff).values())), **own)


class Family(Protocol):
    """See the module; ``pitch_mode`` is the mode that people hear as the pitch."""

    @property
    def pitch_mode(self) -> int: ...

    def hz(self, body: Body) -> Tensor:
        """``[batch, N_MODES]``"""
        ...

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """``x``, ``y`` ``[batch, 1]`` in 0..1 give ``[batch, N_MODES]``."""
        ...


@cache
def family_of(name: str) -> Family:
    """The family of that name in ``SHAPES``, its tables computed once."""
    makers: dict[str, Callable[[], Family]] = {
        "bar": Bar,
        "plate": Plate,
        "membrane": Membrane,
        "tube": Tube,
        "bell": Bell,
        "box": Box,
        "free": Free,
    }
    assert set(makers) == set(SHAPES)
    return makers[name]()


# -- pieces ------------------------------------------------------------------------------------------------------


def beam_roots(n: int) -> Tensor:
    """The first ``n`` roots of ``cosh b cos b = 1``: free-free Euler-Bernoulli bars (Fletcher and Rossing, The Physics
    of Musical Instruments, 2.15).

    >>> [round(b, 4) for b in beam_roots(3).tolist()]
    [4.73, 7.8532, 10.9956]
    """
    roots = (torch.arange(1, n + 1, dtype=torch.float64) + 0.5) * _PI
    for _ in range(8):  # Newton on cos b - 1 / cosh b, which does not overflow
        roots = roots - (roots.cos() - 1.0 / roots.cosh()) / (roots.tanh() / roots.cosh() - roots.sin())
    return roots


def beam_shape(roots: Tensor, x: Tensor) -> Tensor:
    """Shapes of free-free bars at ``x`` ``[batch, 1]`` of their length: ``[batch, len(roots)]``, mean square 1, 2 at
    the ends. The growing exponential is kept small by its end."""
    b = roots.to(x.device)
    fall = torch.exp(-b)
    rest = 1.0 - fall.square() - 2.0 * fall * b.sin()
    # sigma = (cosh b - cos b) / (sinh b - sin b), and (1 - sigma) e**b
    sigma = (1.0 + fall.square() - 2.0 * fall * b.cos()) / rest
    growth = 2.0 * (b.cos() - b.sin() - fall) / rest
    ends = 0.5 * (growth * torch.exp(-b * (1.0 - x)) + (1.0 + sigma) * torch.exp(-b * x))
    return torch.cos(b * x) - sigma * torch.sin(b * x) + ends


def _shear(bend: Tensor, body: Body) -> Tensor:
    """What shear and turning leave of a high mode's frequency (Timoshenko); ``bend`` is its wave number times the
    radius of gyration."""
    poisson = body.stuff.poisson[:, None]
    return 1.0 / (1.0 + (1.0 + 2.4 * (1.0 + poisson)) * bend.square()).sqrt()


def _ordered(series: Iterable[tuple[float, tuple[int, ...]]]) -> Tensor:
    """The :data:`N_MODES` lowest of ``(nominal frequency, numbers)`` as numbers ``[N_MODES, k]``, low to high."""
    chosen = sorted(series)[:N_MODES]
    assert len(chosen) == N_MODES
    return torch.tensor([numbers for _, numbers in chosen])


def _twins(m: Tensor, side: Tensor, body: Body) -> Tensor:
    """Factors that pull the two forms of a mode with ``m`` waves around apart, by a little each way."""
    return torch.exp(torch.where(m > 0, body.split * (side - 0.5), 0.0))


def _around(m: Tensor, side: Tensor, y: Tensor) -> Tensor:
    """The two forms around a round thing at ``y`` turns: ``[batch, modes]``."""
    angle = m * (2.0 * _PI * y)
    both = math.sqrt(2.0) * torch.where(side > 0, torch.sin(angle), torch.cos(angle))
    return torch.where(m > 0, both, torch.ones_like(both))


# -- the families ------------------------------------------------------------------------------------------------


class Bar:
    """A free bar: it bends (Euler-Bernoulli with Timoshenko's correction), twists when it is struck beside its middle
    line, and bends sideways a little (Fletcher and Rossing, 2.15 to 2.20). A hollow one is stiffer for its weight."""

    pitch_mode = 0

    def __init__(self) -> None:
        bend, twist = 0.029 * (torch.arange(1, 400) + 0.5).square(), 0.9 * torch.arange(1, 200)
        series = [(b, (0, n)) for n, b in enumerate(bend.tolist())]
        series += [(t, (1, n)) for n, t in enumerate(twist.tolist())]
        series += [(3.0 * b, (2, n)) for n, b in enumerate(bend.tolist()[:100])]
        self._kind, self._n = _ordered(series).unbind(1)
        self._root = beam_roots(int(self._n.max()) + 1)[self._n]

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`."""
        device = body.length.device
        kind, n, root = (t.to(device) for t in (self._kind, self._n, self._root))
        stiff = (1.0 + (0.9 * body.hollowness).square()).sqrt() / math.sqrt(12.0)
        deep = torch.where(kind == 2, body.breadth, body.thickness) * stiff
        bend = root * deep / body.length
        speed = body.stuff.wave_speed[:, None]
        bending = speed / (2.0 * _PI * body.length) * root * bend * _shear(bend, body)
        flat = body.thickness / body.breadth
        twist = speed / (2.0 * (1.0 + body.stuff.poisson[:, None])).sqrt()
        twist = twist * 2.0 * flat / (1.0 + 3.73 * flat.square()).sqrt()
        return torch.where(kind == 1, (n + 1) * twist / (2.0 * body.length), bending)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`."""
        kind, n, root = (t.to(x.device) for t in (self._kind, self._n, self._root))
        bending = beam_shape(root, x) * torch.where(kind == 2, 0.15, 1.0)
        twisting = math.sqrt(2.0) * torch.cos((n + 1) * (_PI * x)) * (2.0 * y - 1.0)
        return torch.where(kind == 1, twisting, bending)


class Plate:
    """A free rectangular plate by products of beam shapes (Warburton, The Vibration of Rectangular Plates, Proc. IMechE
    168, 1954), with Mindlin's correction in Timoshenko's form."""

    pitch_mode = 0

    def __init__(self) -> None:
        series = [
            ((m / 1.0) ** 2 + (n / 0.7) ** 2, (m, n)) for m in range(60) for n in range(60) if (m, n) not in _RIGID
        ]
        self._m, self._n = _ordered(series).unbind(1)
        self._roots = beam_roots(60)

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`."""
        device = body.length.device
        g_x, h_x, j_x = _warburton(self._m.double().to(device))
        g_y, h_y, j_y = _warburton(self._n.double().to(device))
        aspect = body.proportion.reciprocal().square()
        poisson = body.stuff.poisson[:, None]
        both = 2.0 * aspect * (poisson * h_x * h_y + (1.0 - poisson) * j_x * j_y)
        # lambda is (wave number times length / pi) squared
        lam = (g_x**4 + g_y**4 * aspect.square() + both).sqrt()
        gyration = body.thickness * (1.0 + (0.9 * body.hollowness).square()).sqrt() / math.sqrt(12.0)
        bend = _PI * lam.sqrt() * gyration / body.length
        speed = body.stuff.plate_speed[:, None]
        return speed * gyration * _PI * lam / (2.0 * body.length.square()) * _shear(bend, body)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`."""
        return self._side(x)[:, self._m.to(x.device)] * self._side(y)[:, self._n.to(x.device)]

    def _side(self, x: Tensor) -> Tensor:
        stiff = torch.cat([torch.ones_like(x), math.sqrt(3.0) * (1.0 - 2.0 * x)], 1)
        return torch.cat([stiff, beam_shape(self._roots, x)], 1)


_RIGID = ((0, 0), (0, 1), (1, 0))


def _warburton(k: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Warburton's G, H and J of ``k`` nodal lines between free edges."""
    half = k - 0.5
    g = torch.where(k < 2, 0.0, torch.where(k == 2, 1.506, half))
    h = torch.where(k < 2, 0.0, torch.where(k == 2, 1.248, half.square() - 2.0 * half / _PI))
    j = torch.where(k == 2, 5.017, half.square() + 6.0 * half / _PI)
    j = torch.where(k == 0, 0.0, torch.where(k == 1, 12.0 / _PI**2, j))
    return g, h, j


class Membrane:
    """A round skin under tension, clamped at its rim: zeros of Bessel's functions (Fletcher and Rossing, 3.2), raised
    by the bending of a thick one, which then is a plate."""

    pitch_mode = 0

    def __init__(self) -> None:
        self._modes = DiscModes(N_MODES)

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`."""
        modes = self._modes.on(body.length.device)
        wave_number = modes.zero * (2.0 / body.length)
        bend = (wave_number * body.thickness).square() / (12.0 * _SKIN_STRAIN)
        stiff = (1.0 + bend / (1.0 + 0.02 * bend)).sqrt()
        speed = math.sqrt(_SKIN_STRAIN) * body.stuff.wave_speed[:, None]
        return wave_number * speed / (2.0 * _PI) * stiff * _twins(modes.m, modes.side, body)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`. The rim itself does not move: the outermost place is a little inside it."""
        modes = self._modes.on(x.device)
        return modes.radial(0.97 * x) * _around(modes.m, modes.side, y)


class Tube:
    """A free tube: it bends as a bar does, and its wall waves as a thin shell's does (Donnell; Leissa, Vibration of
    Shells, NASA SP-288, 1973), with the ring's own bending (Rayleigh) where nothing changes along it."""

    def __init__(self) -> None:
        ring, slim = 0.05**2 / 12.0, 0.1 * _PI
        # What bends as a whole is heard best, so it comes early.
        series = [(0.2 * (0.1 * (n + 1.5) * _PI) ** 2 / 1.4, (1, n + 1)) for n in range(90)]
        waves = [(m, n) for m in range(2, 26) for n in range(40)]
        series += [(math.sqrt(float(_shell(torch.tensor(m), slim * n, ring))), (m, n)) for m, n in waves]
        both = [(f * (1.0 + 1e-9 * side), (m, n, side)) for f, (m, n) in series for side in (0, 1)]
        self._m, self._n, self._side = _ordered(both).unbind(1)
        self.pitch_mode = int(((self._m == 1) & (self._n == 1)).nonzero()[0])
        self._roots = beam_roots(max(int(self._n.max()), 1))

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`."""
        device = body.length.device
        m, n, side = (t.to(device) for t in (self._m, self._n, self._side))
        roots = torch.cat([torch.zeros(1), self._roots]).to(body.length)[n]
        # The mean radius of the wall.
        radius = (0.5 * body.breadth - 0.5 * body.thickness).clamp(min=1e-9)
        radius = radius.square().add((0.2 * body.breadth).square()).sqrt()
        speed = body.stuff.wave_speed[:, None]
        bend = roots * radius / (math.sqrt(2.0) * body.length)
        bending = speed / (2.0 * _PI * body.length) * roots * bend * _shear(bend, body)
        thin = (body.thickness / radius).square() / 12.0
        shell = _shell(m, roots * radius / body.length, thin)
        # A small number under the root keeps the slope of what does not wave finite.
        waving = body.stuff.plate_speed[:, None] / (2.0 * _PI * radius) * (shell + 1e-12).sqrt()
        return torch.where(m == 1, bending, waving) * _twins(m, side, body)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`."""
        along = torch.cat([torch.ones_like(x), beam_shape(self._roots, x)], 1)[:, self._n.to(x.device)]
        return along * _around(self._m.to(x.device), self._side.to(x.device), y)


def _shell(m: Tensor, slope: Tensor | float, thin: Tensor | float) -> Tensor:
    """Square of a thin shell's frequency, in radians of its ring frequency, for ``m`` waves around, ``slope`` (wave
    number along times radius) and ``thin`` (thickness over radius, squared, over 12)."""
    around = m.double().square()
    waves = around + slope**2
    ring = (around - 1.0).square() / (around * (around + 1.0))
    return 0.91 * (slope**2 / waves).square() + thin * waves.square() * ring


class Bell:
    """A church bell tuned with a minor third: hum, prime, tierce, quint, nominal and so on (Rossing and Perrin,
    Vibrations of Bells, Applied Acoustics 20, 1987). Beyond the named partials each group (by the rings that stay at
    rest) goes on by a power of its waves around, as the measured ones do."""

    pitch_mode = 2

    def __init__(self) -> None:
        series = []
        for group in range(24):
            for m in range(2, 40):
                ratio = _BELL.get(
                    (m, group), 1.92 * (m / 4.0) ** (1.75 - 0.03 * group) + 0.62 * group * (1 + 0.1 * group)
                )
                series += [(ratio * (1.0 + 1e-9 * side), (m, group, side)) for side in (0, 1)]
        series.sort()
        self._ratio = torch.tensor([ratio for ratio, _ in series[:N_MODES]], dtype=torch.float64)
        self._m, self._group, self._side = _ordered(series).unbind(1)

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`; a bell of bronze, 1 m wide and 7 cm thick, sounds near A4."""
        device = body.length.device
        prime = 1.85 * body.stuff.wave_speed[:, None] * body.thickness / body.length.square()
        return prime * self._ratio.to(device) * _twins(self._m.to(device), self._side.to(device), body)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`. What has many waves around lives near the lip."""
        m, group, side = (t.to(x.device) for t in (self._m, self._group, self._side))
        down = 0.05 + 0.95 * x
        along = torch.cos(group * (0.85 * _PI) * (1.0 - x)) * torch.exp(0.35 * m * torch.log(down))
        return 1.4 * along * _around(m, side, y)


_BELL = {
    (2, 0): 0.5, (2, 1): 1.0, (3, 0): 1.19, (3, 1): 1.5, (4, 0): 2.0, (4, 1): 2.5, (2, 2): 2.61, (3, 2): 2.66,
    (5, 0): 3.0, (5, 1): 3.4, (6, 0): 4.17, (7, 0): 5.43, (8, 0): 6.8, (9, 0): 8.21,
}  # fmt: skip


class Box:
    """A box of six plates held at their edges: the face that is struck, and the others that it shakes."""

    pitch_mode = 0
    _DEEP = 0.7
    """Of the breadth."""

    def __init__(self) -> None:
        series = [
            (scale * ((m / a) ** 2 + (n / b) ** 2), (face, m, n))
            for face, (a, b, scale) in enumerate(((1.0, 0.6, 1.0), (1.0, 0.42, 1.0), (0.6, 0.42, 1.0)))
            for m in range(1, 40)
            for n in range(1, 40)
        ]
        self._face, self._m, self._n = _ordered(series).unbind(1)

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`."""
        device = body.length.device
        face, m, n = (t.to(device) for t in (self._face, self._m, self._n))
        first = torch.where(face == 2, body.breadth, body.length)
        second = torch.where(face == 0, body.breadth, self._DEEP * body.breadth)
        waves = (m / first).square() + (n / second).square()
        gyration = body.thickness / math.sqrt(12.0)
        bend = _PI * waves.sqrt() * gyration
        return 0.5 * _PI * body.stuff.plate_speed[:, None] * gyration * waves * _shear(bend, body)

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`. The edges do not move: the outermost place is a little inside them."""
        face, m, n = (t.to(x.device) for t in (self._face, self._m, self._n))
        x, y = 0.04 + 0.92 * x, 0.04 + 0.92 * y
        top = torch.sin(m * (_PI * x)) * torch.sin(n * (_PI * y))
        # What reaches the other faces goes through the edges: a half of it, and it knows only one coordinate.
        long = 0.5 * torch.sin(m * (_PI * x)) * torch.cos(n * (0.5 * _PI * y))
        short = 0.4 * torch.sin(m * (_PI * y)) * torch.cos(n * (0.5 * _PI * x))
        return 2.0 * torch.where(face == 0, top, torch.where(face == 1, long, short))


class Free:
    """No physics: modes spread over six octaves so that the first so many always cover them, each felt from every
    place."""

    pitch_mode = 0
    SPAN_OCT = 6.0

    def __init__(self) -> None:
        n = torch.arange(N_MODES, dtype=torch.float64)
        self._octaves = self.SPAN_OCT * torch.frac(n * 0.6180339887498949)
        self._waves = 1.0 + 5.0 * torch.stack([torch.frac(n * 0.7548776662466927), torch.frac(n * 0.5698402909980532)])
        self._turns = torch.frac(n * 0.4142135623730951)
        self.signs = 1.0 - 2.0 * torch.frac(n * 0.3247179572447461).round()
        """Which way each mode goes at first: all the same way, they would begin with a crack."""

    def hz(self, body: Body) -> Tensor:
        """See :class:`Family`; the lowest is that of an open pipe so long."""
        return AIR_SPEED / (2.0 * body.length) * torch.exp2(self._octaves.to(body.length.device))

    def shape(self, x: Tensor, y: Tensor) -> Tensor:
        """See :class:`Family`; never 0, so that every mode can be made as loud as one likes."""
        waves, turns = (t.to(x.device) for t in (self._waves, self._turns))
        return 0.6 * torch.exp(0.5 * torch.cos(2.0 * _PI * (waves[0] * x + waves[1] * y + turns)))


def air_hz(body: Body) -> Tensor:
    """Modes of the air in a pipe or a box as long and as wide as the object, closed and of hard walls: ``[batch,
    N_AIR]`` (Fletcher and Rossing, 6.3 and 8)."""
    device = body.length.device
    along = torch.tensor([1, 0, 2, 1, 3, 2, 0, 4], dtype=torch.float64, device=device) / body.length
    across = torch.tensor([0, 1, 0, 1, 0, 1, 2, 0], dtype=torch.float64, device=device) / body.breadth
    return 0.5 * AIR_SPEED * (along.square() + across.square()).sqrt()
