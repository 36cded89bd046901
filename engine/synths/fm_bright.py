"""How bright a note of the FM instrument gets: what decides how finely it has to be computed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.dsp.waves import HARMONICS
from engine.params.fm import N_OPERATORS, loop_routes, mod_routes

ROUTES = tuple((source - 1, target - 1) for source, target in [*mod_routes(), *loop_routes()])
"""``(source, target)`` of the matrix, operators counted from 0, in the order of :attr:`FmNote.depths`."""
N_DIRECT = len(mod_routes())
"""So many of them come first and act at once; the others look back."""
_SOURCES = [source for source, _ in ROUTES]
_HARMONICS = np.array(HARMONICS)

Numbers = NDArray[np.float64]


def top_hz(
    hz: Numbers, loudest: Numbers, output: Numbers, shapes: NDArray[np.int64], depths: Numbers, drive_db: Numbers
) -> Numbers:
    """Frequency ``[batch]`` above which each row's sound is at least about 60 dB down, at its brightest moment.

    ``hz`` (at the highest), ``loudest``, ``output`` and ``shapes`` are ``[batch, operators]``, ``depths`` ``[batch,
    routes]``, ``drive_db`` ``[batch]``.

    A sine bent by ``I`` radians at ``f_m`` has sidebands up to order ``n(I) = I + 3.3 I ** (1/3)`` before the
    Bessel function of that order falls under 0.001 (Carson's rule, made sharper). A modulator that is itself bent
    counts with the highest frequency that it sweeps through, a waveform with its own harmonics, and an operator
    that bends itself with the harmonics that its feedback makes: ``2 J_n(n b) / (n b)`` (Schottstaedt; they fall
    quickly for depths ``b`` under 1 and hardly at all beyond).
    """
    bent = depths * loudest[:, _SOURCES]
    is_open = [bool(b) for b in np.any(bent > 0.0, axis=0)]
    swept, top = list(hz.T), list(hz.T)
    # Sources have the higher numbers, so going down every source is settled before it is used; what comes from a lower
    # number counts as if it were not bent itself.
    for target in reversed(range(N_OPERATORS)):
        more = _HARMONICS[shapes[:, target]]
        for route, (source, to) in enumerate(ROUTES):
            if to != target or not is_open[route]:
                continue
            index = bent[:, route]
            if source == target:
                more = more * (1.0 + 10.0 * index / (1.05 - np.minimum(index, 1.0)))
            else:
                swept[target] = swept[target] + index * swept[source]
                top[target] = top[target] + (index + 3.3 * index ** (1.0 / 3.0)) * swept[source]
        top[target], swept[target] = top[target] * more, swept[target] * np.sqrt(more)
    # Saturation makes harmonics of everything.
    found = np.stack(top, 1) * (1.0 + 0.1 * drive_db[:, None])
    audible = (loudest * output) > 0.0
    return np.asarray((found * audible).max(1, initial=0.0))
