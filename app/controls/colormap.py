"""Colour maps for spectrograms: magma and viridis, which are even to the eye, and a plain grey.

Grey follows the theme: light on a dark canvas, ink on paper on a light one.

The tables are pyqtgraph's. They are read from its folder without importing it: the import takes half a second, in which
the window would stand still.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app import theme
from engine.audio.spectral import to_level

NAMES = ("magma", "viridis", "grey")

Table = NDArray[np.uint8]
"""``[256, 3]`` red, green, blue from quiet to loud."""


def is_on_paper(name: str) -> bool:
    """Whether silence is white in this map with the theme in force."""
    return name == "grey" and theme.tokens().name == "light"


def colour_map(name: str) -> Table:
    """The table of a colour map; raises ``ValueError`` for an unknown name."""
    return _table(name)[::-1] if is_on_paper(name) else _table(name)


@lru_cache(maxsize=8)
def _table(name: str) -> Table:
    if name not in NAMES:
        raise ValueError(f"There is no colour map called {name!r}; there are {', '.join(NAMES)}.")
    if name == "grey":
        # Even steps of lightness, from just above black: in sRGB equal numbers look nearly equally far apart.
        table = np.repeat(np.linspace(6, 250, 256).round()[:, np.newaxis], 3, axis=1).astype(np.uint8)
    else:
        spec = find_spec("pyqtgraph")
        if spec is None or spec.origin is None:
            raise FileNotFoundError("pyqtgraph, which holds the colour maps, is not installed.")
        path = Path(spec.origin).parent / "colors" / "maps" / f"{name}.csv"
        shares = np.loadtxt(path, delimiter=",", comments=";")
        table = (shares * 255).round().astype(np.uint8)
    table.flags.writeable = False
    return table


def level_colours(name: str, low_db: float, high_db: float) -> list[int]:
    """256 colours (``0xffrrggbb``), one for each level byte of a tile: ``low_db`` is the map's quiet end."""
    low, high = to_level(low_db), to_level(high_db)
    places = (np.arange(256) - low) / max(high - low, 1e-6)
    entries = colour_map(name)[np.clip(places * 255, 0, 255).round().astype(np.intp)].astype(np.uint32)
    values = 0xFF000000 | entries[:, 0] << 16 | entries[:, 1] << 8 | entries[:, 2]
    return [int(v) for v in values]
