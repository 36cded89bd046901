"""Safety copies of what is open, and the way back after a crash.

Each running program has a session folder with a lock that dies with its process. While something is unsaved, the
document is kept there some time after it changed and whenever the program loses the focus. The next start offers what
dead sessions left. Nothing is thrown away at once: restored, discarded and unreadable sessions are set aside for a
week. A session whose restoring took the program down twice is set aside too, so that no crash can repeat for ever.
The project file itself is never touched here: the last good save stays what it is.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLockFile, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.document import Document
from app.submit import Submit, run_here
from engine.errors import ProjectError
from engine.jobs import Note
from engine.project.describe import Loaded
from engine.project.store import DESCRIPTION, autosave_description, autosave_steps, recover_steps, write_text

DELAY_MS = 2_000
"""From a change to its safety copy; a sound is written only once, so that a copy costs some milliseconds."""
KEEP_S = 7 * 24 * 3600.0
YOUNG_S = 60.0
"""A session folder without a lock may be that of a program that makes it right now; so long it is left alone."""
MOST_ATTEMPTS = 2
"""A session is offered until so many tries to restore it have not come to their end."""
LOCK, ABOUT = "lock", "session.json"


@dataclass(frozen=True, slots=True)
class Session:
    """What a dead program left: how many takes, when it was kept, and the project file it belonged to."""

    folder: Path
    saved_s: float
    n_takes: int
    project: Path | None
    attempts: int

    @property
    def sentence(self) -> str:
        """What to tell the person about it."""
        when = datetime.fromtimestamp(self.saved_s).strftime("%d %b, %H:%M")
        takes = {0: "The patch", 1: "1 take and the patch"}.get(self.n_takes, f"{self.n_takes} takes and the patch")
        said = f"Tonewright closed unexpectedly. {takes} of {when} can be restored."
        return f"{said} {self.project.name} as last saved stays as it is." if self.project is not None else said


class Autosave(QObject):
    """Keeps ``document`` safe in ``folder`` (the person's state folder by default).

    ``submit`` runs the writing and reading as jobs; ``view`` tells what the window wants to find again.
    """

    offered = Signal(object)
    """The :class:`Session` that can be restored now, or ``None`` when there is none (any more)."""
    message = Signal(str)
    kept = Signal()
    """A safety copy is complete on the disk."""

    def __init__(
        self,
        document: Document,
        *,
        submit: Submit = run_here,
        folder: Path | None = None,
        view: Callable[[], Mapping[str, Any]] = dict,
        delay_ms: int = DELAY_MS,
    ) -> None:
        super().__init__(document)
        self._document = document
        self._submit = submit
        self._root = folder
        self._view = view
        self._lock: QLockFile | None = None
        self._session: Path | None = None
        self._offers: list[Session] = []
        self._writing = False
        self._pending = False
        # Started by the first change and not pushed on by further ones: steady work is kept too.
        self._timer = QTimer(self, singleShot=True, interval=delay_ms)
        self._timer.timeout.connect(self.keep_now)

    # -- running -------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Open a session, begin to follow the document and look for what earlier programs left."""
        if self._root is None:
            from platformdirs import user_state_path

            self._root = user_state_path("tonewright", appauthor=False) / "sessions"
        session = self._root / uuid.uuid4().hex
        try:
            session.mkdir(parents=True)
        except OSError as error:
            self.message.emit(f"No safety copies: {self._root} cannot be written ({error.strerror}).")
            return
        self._session = session
        self._lock = _lock_of(session)
        self._lock.tryLock(0)
        self._document.history_changed.connect(self._on_change)
        self._document.file.dirty_changed.connect(self._on_dirty)
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._on_state)
        root = self._root
        self._submit(
            lambda: find_steps(root, session),
            title="Look for unsaved work",
            quiet=True,
            done=self._on_found,
            failed=lambda error: self.message.emit(str(error)),
        )

    @property
    def session_folder(self) -> Path | None:
        """Where this program keeps its safety copy, once started."""
        return self._session

    def keep_now(self) -> None:
        """Keep what is unsaved, now. One copy is written at a time; what changes meanwhile is kept after it."""
        self._timer.stop()
        if self._session is None or not self._document.file.dirty:
            self._pending = False
            return
        if self._writing:
            self._pending = True
            return
        self._writing, self._pending = True, False
        project, view, folder = self._document.project, dict(self._view()), self._session
        about = {"project": str(self._document.file.path) if self._document.file.path else None, "attempts": 0}

        def body() -> Generator[Note, None, None]:
            write_text(folder / ABOUT, json.dumps(about))
            yield from autosave_steps(project, view, folder)

        self._submit(
            body, title="Keep a safety copy", done=self._on_kept, failed=self._on_trouble, writes=True, quiet=True
        )

    def close(self) -> None:
        """The program ends as it should: its session is not needed any more."""
        self._timer.stop()
        session, self._session = self._session, None
        if session is not None:
            app = QGuiApplication.instance()
            if isinstance(app, QGuiApplication):
                app.applicationStateChanged.disconnect(self._on_state)
            if self._lock is not None:
                self._lock.unlock()
            shutil.rmtree(session, ignore_errors=True)

    # -- coming back ---------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Bring back the offered session; its folder is set aside once the new session holds everything."""
        if not self._offers:
            return
        offer = self._offers[0]
        self._submit(
            lambda: restore_steps(offer),
            title="Restore unsaved work",
            done=lambda loaded: self._on_restored(offer, loaded),
            failed=lambda error: self._on_not_restored(offer, error),
        )

    def discard(self) -> None:
        """Do without the offered session; it stays set aside for a week."""
        if self._offers:
            self._set_aside(self._offers[0])
            self._next_offer()

    def _on_found(self, found: tuple[list[Session], list[str]]) -> None:
        self._offers, notices = found
        for notice in notices:
            self.message.emit(notice)
        self.offered.emit(self._offers[0] if self._offers else None)

    def _on_restored(self, offer: Session, loaded: Loaded) -> None:
        document = self._document
        # A note that was struck meanwhile is no work; takes and a patch are.
        if document.takes or document.file.path is not None or not document.project.is_fresh:
            document.file.merge(loaded, "Restore unsaved work", path=offer.project)
        else:
            self._document.file.adopt(loaded, offer.project, dirty=True)
        self._next_offer()
        # Only when the new session has it all may the old one go.
        connection = self.kept.connect(lambda: (self.disconnect(connection), self._set_aside(offer)))
        self.keep_now()

    def _on_not_restored(self, offer: Session, error: Exception) -> None:
        self._set_aside(offer)
        self.message.emit(f"{error} It is set aside in {aside_folder(offer.folder.parent)}.")
        self._next_offer()

    def _next_offer(self) -> None:
        self._offers = self._offers[1:]
        self.offered.emit(self._offers[0] if self._offers else None)

    def _set_aside(self, session: Session) -> None:
        with contextlib.suppress(OSError):
            set_aside(session.folder)

    # -- following the document ----------------------------------------------------------------------------------------

    def _on_change(self) -> None:
        if self._session is not None and self._document.file.dirty and not self._timer.isActive():
            self._timer.start()

    def _on_dirty(self, dirty: bool) -> None:
        if dirty:
            self._on_change()
        elif self._session is not None:
            # Saved, or undone to what is saved: there is nothing to bring back. Kept sounds stay, they do no harm.
            self._timer.stop()
            self._pending = False
            with contextlib.suppress(OSError):
                (self._session / DESCRIPTION).unlink(missing_ok=True)

    def _on_state(self, state: Qt.ApplicationState) -> None:
        if state != Qt.ApplicationState.ApplicationActive and (self._timer.isActive() or self._pending):
            self.keep_now()

    def _on_kept(self, _: object) -> None:
        self._writing = False
        if self._session is None:
            return
        if not self._document.file.dirty:
            self._on_dirty(False)
        self.kept.emit()
        if self._pending:
            self.keep_now()

    def _on_trouble(self, error: Exception) -> None:
        self._writing = False
        self.message.emit(str(error))


# -- session folders ---------------------------------------------------------------------------------------------------


def find_steps(root: Path, own: Path) -> Generator[Note, None, tuple[list[Session], list[str]]]:
    """Sessions of dead programs below ``root``, the newest first, and sentences about those that were set aside."""
    sessions: list[Session] = []
    notices: list[str] = []
    for folder in sorted(root.iterdir()):
        yield Note(None, "Looking for unsaved work")
        if folder == own or not folder.is_dir() or folder == aside_folder(root):
            continue
        if _is_being_made(folder) or _is_alive(folder):
            continue
        try:
            session = read_session(folder)
        except ProjectError as error:
            set_aside(folder)
            notices.append(f"{error} It is set aside in {aside_folder(root)}.")
            continue
        if session is None:
            shutil.rmtree(folder, ignore_errors=True)
        elif session.attempts >= MOST_ATTEMPTS:
            where = set_aside(folder)
            notices.append(f"Unsaved work could not be restored in {session.attempts} tries; it is kept in {where}.")
        else:
            sessions.append(session)
    yield from _forget_old(aside_folder(root))
    sessions.sort(key=lambda s: s.saved_s, reverse=True)
    return sessions, notices


def restore_steps(session: Session) -> Generator[Note, None, Loaded]:
    """Read a session, after noting in it that this is tried (see :data:`MOST_ATTEMPTS`)."""
    about = {"project": str(session.project) if session.project else None, "attempts": session.attempts + 1}
    with contextlib.suppress(ProjectError):
        write_text(session.folder / ABOUT, json.dumps(about))
    return (yield from recover_steps(session.folder))


def read_session(folder: Path) -> Session | None:
    """What a session folder holds; ``None`` for nothing. Raises :class:`ProjectError` when it cannot be read."""
    if not (folder / DESCRIPTION).exists():
        return None
    data = autosave_description(folder)
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        project = Path(about["project"]) if about["project"] else None
        attempts = int(about["attempts"])
    except (OSError, ValueError, KeyError, TypeError):
        project, attempts = None, 0
    return Session(folder, (folder / DESCRIPTION).stat().st_mtime, len(data["takes"]), project, attempts)


def aside_folder(root: Path) -> Path:
    """Where sessions wait that nobody is offered any more."""
    return root / "set-aside"


def set_aside(folder: Path) -> Path:
    """Move a session out of the way and return where it lies now; its time there counts from now."""
    place = aside_folder(folder.parent)
    place.mkdir(exist_ok=True)
    (folder / LOCK).unlink(missing_ok=True)
    target = place / f"{datetime.now():%Y-%m-%d %H-%M} {folder.name[:8]}"
    folder.rename(target)
    (target / ABOUT).touch()
    return target


def _forget_old(place: Path) -> Generator[Note, None, None]:
    for folder in list(place.iterdir()) if place.is_dir() else []:
        yield Note(None, "Cleaning up")
        try:
            age_s = time.time() - (folder / ABOUT).stat().st_mtime
        except OSError:
            age_s = 0.0
        if age_s > KEEP_S:
            shutil.rmtree(folder, ignore_errors=True)


def _lock_of(folder: Path) -> QLockFile:
    lock = QLockFile(str(folder / LOCK))
    # Never stale by age, only when its process is dead.
    lock.setStaleLockTime(0)
    return lock


def _is_being_made(folder: Path) -> bool:
    """Whether a program may be between making its folder and locking it: even a try of the lock would disturb that."""
    try:
        is_young = time.time() - folder.stat().st_mtime < YOUNG_S
    except OSError:
        return True
    return is_young and not any((folder / name).exists() for name in (LOCK, DESCRIPTION))


def _is_alive(folder: Path) -> bool:
    """Whether the program that owns a session still runs."""
    lock = _lock_of(folder)
    if not lock.tryLock(0):
        return True
    lock.unlock()
    return False
