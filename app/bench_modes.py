"""How quickly the plot of modes follows the hand: from a movement of the mouse to the stems on the screen."""

from __future__ import annotations

import time
from collections.abc import Mapping

from engine.bench.frame import Area, Mark, Row, Rows

FRAME = Mark(p95=16.7)
"""One frame of a display at 60 Hz, in milliseconds."""

N_MOVES = 120
SIZE = (700, 260)


def dragging() -> Rows:
    """The fullest object, 512 modes: one of them is dragged, and then all in one lasso."""
    import numpy as np
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    from app.controls.modes_plot import ModesPlot
    from engine.params.impact import N_MODES
    from engine.params.impact_pictures import ImpactPictures

    app = QApplication.instance() or QApplication([])
    rng = np.random.default_rng(1)
    hz = np.geomspace(60.0, 15_000.0, N_MODES).astype(np.float32)
    plot = ModesPlot()
    plot.resize(*SIZE)
    plot.set_pictures(
        ImpactPictures(
            plain_hz=hz,
            plain_db=rng.uniform(-70.0, -10.0, N_MODES).astype(np.float32),
            plain_decay_s=rng.uniform(0.01, 8.0, N_MODES).astype(np.float32),
            n_own=N_MODES,
        )
    )
    plot.show()
    app.processEvents()
    left, none, keys = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier

    def send(kind: QEvent.Type, place: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        QApplication.sendEvent(plot, QMouseEvent(kind, place, plot.mapToGlobal(place), button, held, keys))

    for what, modes in (("one mode", [N_MODES // 2]), ("all in a lasso", range(N_MODES))):
        plot.select(modes, N_MODES // 2)
        begin = plot.head(N_MODES // 2)
        send(QEvent.Type.MouseButtonPress, begin, left, left)
        times = []
        for n in range(N_MOVES):
            begun = time.perf_counter()
            send(QEvent.Type.MouseMove, begin + QPointF(20.0 * np.sin(n / 9.0), 15.0 * np.sin(n / 7.0)), none, left)
            plot.repaint()
            times.append((time.perf_counter() - begun) * 1e3)
        send(QEvent.Type.MouseButtonRelease, begin, left, none)
        yield Row.of("modes", f"drag of {what} to the stems", times, "ms", FRAME, detail=f"{N_MODES} modes")
    plot.close()


AREAS: Mapping[str, Area] = {"modes": dragging}
