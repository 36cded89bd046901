"""With what an instrument begins, where that is more than all of its defaults.

A default is what a parameter does when nobody thought of it, and presets are stored as what differs from it; the first
sound has another duty: to answer hands. A bar between wood and metal under a small, fairly hard mallet is dull or
bright by where and how hard it is struck, and leaves headroom even at its loudest corner.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STARTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "impact": MappingProxyType(
            {
                "gain_db": -6.5,
                "blend": 0.5,
                "damping_high": 0.5,
                "striker_kg": 0.015,
                "striker_hardness": 0.7,
                "strike_x": 0.04,
                "strike_y": 0.25,
                "contact_db": -20.0,
                "contact_s": 0.015,
                "room": 0.18,
            }
        )
    }
)
"""By synth, what differs from the defaults of its space."""
