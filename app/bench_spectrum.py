"""How quickly the spectrum answers the pointer: from a movement of the mouse to the partial's name on the screen."""

from __future__ import annotations

import time
from collections.abc import Mapping

from engine.bench.frame import Area, Mark, Row, Rows

FRAME = Mark(p95=16.7)
"""One frame of a display at 60 Hz, in milliseconds."""

N_MOVES = 120
SIZE = (620, 320)


def pointing() -> Rows:
    """The mouse over a dense spectrum: 240 peaks and 400 predicted partials."""
    import numpy as np
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from app.controls.spectrum import SpectrumView
    from engine.params.pictures import Partial, Peak, Spectrum

    app = QApplication.instance() or QApplication([])
    rng = np.random.default_rng(1)
    hz = np.sort(rng.uniform(40.0, 20_000.0, 400)).tolist()
    partials = tuple(Partial(f, float(-60 * rng.random()), 1 + n % 6, ((1, 1), (2, n))) for n, f in enumerate(hz))
    levels = rng.uniform(-100.0, -20.0, 8193).astype(np.float32)
    peaks = tuple(Peak(p.hz, p.level_db, p) for p in partials[:240])
    view = SpectrumView()
    view.resize(*SIZE)
    view.set_spectrum(Spectrum(levels, 48_000 / 16_384, 0.5, 261.6, peaks, partials))
    view.show()
    app.processEvents()
    none, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    times = []
    for n in range(N_MOVES):
        place = QPointF(10 + (n * 37) % (SIZE[0] - 20), SIZE[1] / 2)
        begun = time.perf_counter()
        move = QMouseEvent(QEvent.Type.MouseMove, place, view.mapToGlobal(place), none, none, keys)
        QApplication.sendEvent(view, move)
        view.repaint()
        times.append((time.perf_counter() - begun) * 1e3)
    view.close()
    yield Row.of(
        "spectrum", "from the mouse to the partial's name", times, "ms", FRAME, detail="240 peaks, 400 partials"
    )


AREAS: Mapping[str, Area] = {"spectrum": pointing}
