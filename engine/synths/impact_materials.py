"""What things are made of, as numbers: stiffness, weight and loss.

Young's moduli, densities and Poisson's ratios are handbook values: spruce and maple between, mild steel, soda-lime
glass, porcelain, acrylic, granite, polyester film. Alpha and beta of Rayleigh's damping are of the size that modal
sound works with (O'Brien, Shen and Gatchalian, Synthesizing Sounds from Rigid-Body Simulations, SCA 2002; Wang and
James, KleinPAT, ACM TOG 38(4), 2019) and settled by ear.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import torch
from torch import Tensor

from engine.params.impact import MATERIALS


@dataclass(frozen=True, slots=True)
class Material:
    """Young's modulus, density in kg/m³, Poisson's ratio, Rayleigh's alpha in 1/s and beta in s, and the modulus that a
    striker feels: a skin gives way as a whole."""

    young_pa: float
    density: float
    poisson: float
    alpha: float
    beta: float
    contact_pa: float


_TABLE: dict[str, Material] = {
    "wood": Material(1.1e10, 700.0, 0.25, 50.0, 5.0e-7, 4.0e8),
    "metal": Material(2.0e11, 7850.0, 0.29, 2.0, 2.0e-8, 2.0e11),
    "glass": Material(6.2e10, 2500.0, 0.20, 5.0, 6.0e-8, 6.2e10),
    "ceramic": Material(7.2e10, 2400.0, 0.19, 14.0, 1.2e-7, 7.2e10),
    "plastic": Material(2.4e9, 1150.0, 0.37, 60.0, 1.2e-6, 1.0e9),
    "stone": Material(5.0e10, 2650.0, 0.25, 45.0, 2.5e-7, 5.0e10),
    "membrane": Material(4.0e9, 1390.0, 0.38, 16.0, 1.5e-6, 1.0e6),
}


@dataclass(frozen=True)
class Stuff:
    """Blended materials, one for each row: the fields of :class:`Material`, each ``[batch]``."""

    young_pa: Tensor
    density: Tensor
    poisson: Tensor
    alpha: Tensor
    beta: Tensor
    contact_pa: Tensor

    @property
    def wave_speed(self) -> Tensor:
        """Of waves along a thin bar, in m/s."""
        return (self.young_pa / self.density).sqrt()

    @property
    def plate_speed(self) -> Tensor:
        """Of waves in the plane of a plate, in m/s."""
        return self.wave_speed / (1.0 - self.poisson.square()).sqrt()


def blended(first: Tensor, second: Tensor, share: Tensor) -> Stuff:
    """Materials (places in ``MATERIALS``) mixed by ``share`` of the second, all ``[batch]``: straight in logarithms."""
    table = torch.tensor([astuple(_TABLE[name]) for name in MATERIALS], dtype=torch.float64, device=share.device).log()
    mixed = torch.lerp(table[first.long()], table[second.long()], share[:, None]).exp()
    return Stuff(*mixed.unbind(1))
