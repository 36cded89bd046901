"""``--screenshot``: the window, drawn without a display or a sound device into a PNG picture.

The picture is taken when everything is there: all files open or refused, the waveform read to its end, the spectrogram
drawn as fine as it gets, and the operators' waves beside it. Nothing is played. The person's settings are left alone:
every picture starts from the defaults.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadUsage, EngineError

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.compose import Session
    from engine.studio import Kind

DEFAULT_SIZE = (1600, 900)
TIMEOUT_S = 120.0


def take(
    files: Sequence[Path],
    engine: Kind,
    target: Path,
    size: tuple[int, int] | None = None,
    theme: str | None = None,
) -> int:
    """Draw the window with ``files`` into ``target`` and return the exit code 0.

    Raises :class:`EngineError` with a sentence when a file cannot be opened or the picture cannot be written.
    """
    missing = [path for path in files if not path.exists()]
    if missing:
        raise BadUsage(f"There is no file {missing[0]}; check the name.")
    # Before Qt is loaded: it looks for the platform when the application is made.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtWidgets import QApplication

    from app.compose import Session
    from app.settings import Settings

    app = QApplication(sys.argv[:1])
    with tempfile.TemporaryDirectory(prefix="tonewright-") as folder:
        settings = Settings(Path(folder) / "settings.ini")
        settings.set("view/theme", theme or "dark")
        session = Session(app, engine=engine, settings=settings, sound=False, keep_safe=False, warm=False)
        try:
            session.window.resize(*(size or DEFAULT_SIZE))
            session.window.show()
            fill(session, app, files)
            save_picture(session, target)
        finally:
            session.close()
            session.window.may_close = lambda: True
            session.window.close()
    return 0


def fill(session: Session, app: QApplication, files: Sequence[Path]) -> None:
    """Open ``files`` in silence and wait until nothing more appears.

    Raises :class:`EngineError` with what is refused.
    """
    session.live.strikes = False
    session.opening.open(files)
    wait_until(app, lambda: is_open(session), TIMEOUT_S)
    if session.opening.errors:
        raise EngineError(session.opening.errors[0])
    session.live.render(session.document.patch)
    wait_until(app, lambda: is_settled(session), TIMEOUT_S)


def is_open(session: Session) -> bool:
    """Whether everything that was asked for is open, or was told to be impossible."""
    return not session.opening.busy and not session.document_busy


def is_settled(session: Session) -> bool:
    """Whether nothing more will appear in the window, or leave it, by itself."""
    if not is_open(session) or session.studio.live.pending() or session.studio.work.pending():
        return False
    live = session.live
    if not session.jobs.at_rest or session.thumbnails.busy or session.pictures.busy:
        return False
    if not live.up_to_date and not live.failed:
        return False
    return session.opening.errors != [] or session.stage.is_complete()


def wait_until(app: QApplication, settled: Callable[[], bool], timeout_s: float) -> None:
    """Serve events until ``settled``; raises :class:`EngineError` when the time is over."""
    deadline = time.monotonic() + timeout_s
    while not settled():
        if time.monotonic() > deadline:
            raise EngineError(f"The window was not complete after {timeout_s:.0f} s; try with fewer or shorter files.")
        app.processEvents()
        time.sleep(0.005)
    # The last pieces are in the widgets; this draws them.
    app.processEvents()


def save_picture(session: Session, target: Path) -> None:
    """Write the window as a PNG, whole or not at all."""
    picture = session.window.grab()
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=".png", dir=target.parent)
    except OSError as error:
        raise EngineError(f"{target} cannot be written: {error.strerror or error}.") from None
    part = Path(name)
    try:
        os.close(handle)
        if not picture.save(str(part), "PNG"):
            raise EngineError(f"{target} cannot be written; choose another place for the picture.")
        part.chmod(0o644)
        part.replace(target)
    except OSError as error:
        raise EngineError(f"{target} cannot be written: {error.strerror or error}.") from None
    finally:
        part.unlink(missing_ok=True)
