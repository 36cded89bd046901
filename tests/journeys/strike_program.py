"""Tonewright with the real engine and a sound device, and an impact patch in front of it.

``strike_program.py ROLE STATE PATCH``; it writes where the object is on the screen, and what became of the patch, to
the file STATE as JSON, several times a second.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

PLACES = {"middle": (0.5, 0.5), "end": (0.02, 0.5)}
LATENCY_MS = 200


def main() -> None:
    from app.compose import Session
    from app.settings import Settings

    state_file, patch = Path(sys.argv[2]), Path(sys.argv[3])
    app = QApplication(sys.argv[:1])
    settings = Settings(state_file.parent / "settings.ini")
    settings.set("audio/device", "pulse")
    settings.set("audio/latency_ms", LATENCY_MS)
    # What is loaded is shown, and only what is struck is heard.
    session = Session(app, settings=settings, keep_safe=False)
    session.live.strikes = False
    session.window.resize(1366, 768)
    session.window.move(40, 60)
    session.opening.open([patch])
    session.window.show()
    ready: list[bool] = []

    def state() -> dict[str, Any]:
        view, document = session.impact.view, session.document
        if session.studio.instrument.n_sounding and not ready:
            ready.append(True)
            session.studio.instrument.all_off()
        elif session.player.device and not ready and session.live.up_to_date:
            # The first strike waits until everything is loaded and compiled, and comes too late for its own sound.
            session.studio.instrument.hit(0.5, 0.5, 1, 60)
        spots = {name: view.mapToGlobal(view.pixel(*place).toPoint()) for name, place in PLACES.items()}
        return {
            "in_sight": session.window.in_sight("impact"),
            "ready": bool(ready),
            "sounding": session.studio.instrument.n_sounding,
            "places": {name: [spot.x(), spot.y()] for name, spot in spots.items()},
            "struck": [document.patch.values.get("strike_x"), document.note.velocity],
            "undo": document.undo_label,
        }

    def tell() -> None:
        part = state_file.with_suffix(".part")
        part.write_text(json.dumps({"visible": session.window.isVisible(), **state()}), encoding="utf-8")
        part.replace(state_file)

    timer = QTimer(session.window, interval=100)
    timer.timeout.connect(tell)
    timer.start()
    app.aboutToQuit.connect(session.close)
    app.exec()
    os._exit(0)


if __name__ == "__main__":
    main()
