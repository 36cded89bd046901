"""The file of the open project: where it lies, what is not in it yet, saving and opening. It all runs as jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.submit import Submit
from engine.project.describe import Loaded
from engine.project.project import Project
from engine.project.store import load_steps, save_steps

if TYPE_CHECKING:
    from app.document import Document


class ProjectFile(QObject):
    """The path of a document and whether it holds all of it; saves it and opens another one in its place."""

    dirty_changed = Signal(bool)
    path_changed = Signal(object)
    """The project file's path, or ``None`` while it has none."""
    saved = Signal(object)
    loaded = Signal(object)
    """A :class:`Loaded`, after the document took it over: its view and notices are for the window."""
    failed = Signal(str)
    """A sentence about a project that could not be saved or opened."""

    def __init__(self, document: Document, submit: Submit) -> None:
        super().__init__(document)
        self._document = document
        self._submit = submit
        self._saved = document.project
        self._dirty = False
        self._path: Path | None = None
        document.changed.connect(self._tell_dirty)

    @property
    def dirty(self) -> bool:
        """Whether something changed since the last save or opening."""
        return self._dirty

    @property
    def path(self) -> Path | None:
        return self._path

    def new_project(self) -> None:
        """Start over with an empty project; nothing that is part of the old one can be undone."""
        self.adopt(Loaded(Project()), None)

    def save(self, path: Path | None = None, view: Mapping[str, Any] | None = None) -> None:
        """Save to ``path``, or where the project was saved before; ``saved`` or ``failed`` tells how it went.

        What changes meanwhile is not in it, and leaves the document dirty. Raises ``ValueError`` without any path.
        """
        target = path or self._path
        if target is None:
            raise ValueError("The project has no file yet: say where to save it.")
        self._document.settle_own()
        project, view = self._document.project, dict(view or {})
        self._submit(
            lambda: save_steps(project, view, target),
            title=f"Save {target.name}",
            writes=True,
            done=lambda written: self._on_saved(project, written),
            failed=lambda error: self.failed.emit(str(error)),
        )

    def load(self, path: Path) -> None:
        """Open a project file in place of what is open; ``loaded`` or ``failed`` tells how it went."""
        self._submit(
            lambda: load_steps(path),
            title=f"Open {path.name}",
            done=lambda loaded: self.adopt(loaded, path),
            failed=lambda error: self.failed.emit(str(error)),
        )

    def adopt(self, loaded: Loaded, path: Path | None, *, dirty: bool = False) -> None:
        """Make an opened (or, with ``dirty``, a recovered) project the document's."""
        # A fresh project stands for "never saved", so that what was recovered differs from it.
        self._saved = Project() if dirty else loaded.project
        self._document.start_over(loaded.project)
        self._set_path(path)
        self.loaded.emit(loaded)

    def merge(self, loaded: Loaded, label: str, *, path: Path | None = None) -> None:
        """Add the takes of another project to what is open and take over its patch: one undo step.

        What has no file yet belongs to ``path`` from then on: it now holds all that was in there.
        """
        self._document.join(loaded.project, label)
        if self._path is None:
            self._set_path(path)
        self.loaded.emit(loaded)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _on_saved(self, project: Project, path: Path) -> None:
        self._saved = project
        self._set_path(path)
        self._tell_dirty()
        self.saved.emit(path)

    def _set_path(self, path: Path | None) -> None:
        if path != self._path:
            self._path = path
            self.path_changed.emit(path)

    def _tell_dirty(self) -> None:
        dirty = not self._document.project.same_content(self._saved)
        if dirty != self._dirty:
            self._dirty = dirty
            self.dirty_changed.emit(dirty)
