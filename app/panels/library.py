"""The library: what is open and what can be loaded. Takes on top, presets below, one search field for both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices, QGuiApplication, QIcon, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton, QSplitter, QVBoxLayout, QWidget

from app import icons
from app.actions import BY_ID
from app.controls.plain import WrappedLabel
from app.document import Document
from app.drag_out import DragOut, label_pixmap
from app.panels.library_model import TAKE_ROLE, LibraryFilter, LibraryModel, live_name
from app.panels.library_view import TakeList
from app.panels.preset_browser import PresetBrowser
from app.presets import Presets
from app.theme import GRID, PADDING
from engine.audio import Clip
from engine.params.note import NoteSettings
from engine.project.take import Take

if TYPE_CHECKING:
    from engine.audio.pyramid import Pyramid


class LibraryPanel(QWidget):
    """Shows the document's takes and the presets, and turns gestures on them into calls of the document.

    ``drag_out`` starts the drags; without one the panel makes its own.
    """

    open_requested = Signal()
    paths_dropped = Signal(list)
    """Paths of files that were pasted into the list (dropped ones are taken by the whole window)."""
    export_requested = Signal(object)
    """The :class:`Take` to export, or ``None`` for the live patch."""
    play_requested = Signal()
    """A row was double-clicked: hear it."""
    preset_auditioned = Signal(object)
    """A :class:`Patch` to hear: it is loaded when the row is left or chosen, and taken back by Escape."""
    message = Signal(str)
    """A sentence for the status line."""

    def __init__(
        self,
        document: Document,
        parent: QWidget | None = None,
        *,
        drag_out: DragOut | None = None,
        presets: Presets | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._drag_out = drag_out if drag_out is not None else DragOut(self)
        if drag_out is None:
            self._drag_out.message.connect(self.message)
        self.model = LibraryModel(document, self)
        self._filter = LibraryFilter(self.model)
        self._searching = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search the library")
        self.search.setToolTip("Words, or tag:bass, author:, folder:")
        self.search.addAction(icons.icon("search", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.takes = TakeList()
        self.takes.setModel(self._filter)
        self.browser = PresetBrowser(presets if presets is not None else Presets(document, self))
        self.presets = self.browser.list
        self._hint = WrappedLabel()
        self._hint.setContentsMargins(PADDING, 0, PADDING, 0)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setProperty("role", "secondary")
        self._open = QPushButton("Open sounds…")
        self._open.clicked.connect(self.open_requested)
        self._clear = QPushButton("Clear the search")
        self._clear.clicked.connect(self.search.clear)
        self._actions = self._make_actions()
        self._lay_out()
        self.search.textChanged.connect(self._on_search)
        self.search.returnPressed.connect(self._on_search_done)
        self.search.installEventFilter(self)
        self.takes.selectionModel().currentChanged.connect(self._on_current)
        self.takes.pressed.connect(self._on_pressed)
        self.takes.drag_wanted.connect(self._on_drag)
        self.takes.remove_wanted.connect(self.remove_current)
        self.takes.paths_pasted.connect(self.paths_dropped)
        self.takes.doubleClicked.connect(lambda _: self.play_requested.emit())
        self.takes.customContextMenuRequested.connect(self._on_menu)
        self.browser.presets.auditioned.connect(self.preset_auditioned)
        self.browser.search_in_the_way.connect(self.search.clear)
        document.selection_changed.connect(lambda _: self._show_selection())
        document.takes_changed.connect(self._show_selection)
        document.takes_changed.connect(self._show_state)
        self._show_selection()
        self._show_state()

    # -- for whoever composes the window ------------------------------------------------------------------------------

    def set_pyramid(self, clip: Clip, pyramid: Pyramid) -> None:
        """Draw a take's thumbnail from what is known of its sound."""
        self.model.set_pyramid(clip, pyramid)

    def set_live_clip(self, clip: Clip | None) -> None:
        """What the live patch sounds like now, so that it too can be dragged out."""
        self.model.set_live_clip(clip)

    def current_take(self) -> Take | None:
        """The take of the current row, ``None`` for the live patch."""
        take = self.takes.currentIndex().data(TAKE_ROLE)
        return take if isinstance(take, Take) else None

    def rename_current(self) -> None:
        """Start to edit the name of the current take in its row."""
        if self.current_take() is not None:
            self.takes.edit(self.takes.currentIndex())

    def remove_current(self) -> None:
        """Take the current take out of the library; undo brings it back."""
        take = self.current_take()
        if take is not None:
            self._document.remove_take(take.id)

    # -- what is shown -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        top = QWidget()
        column = QVBoxLayout(top)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(PADDING)
        column.addWidget(self.takes, 1)
        column.addWidget(self._hint)
        column.addWidget(self._open, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._clear, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(PADDING)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(GRID)
        splitter.addWidget(top)
        splitter.addWidget(self.browser)
        splitter.setStretchFactor(0, 2)
        splitter.setStretchFactor(1, 3)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, PADDING, 0, 0)
        outer.setSpacing(PADDING)
        field = QVBoxLayout()
        field.setContentsMargins(PADDING, 0, PADDING, 0)
        field.addWidget(self.search)
        outer.addLayout(field)
        outer.addWidget(splitter, 1)

    def _show_state(self) -> None:
        """The next step in one line while the list has nothing to show, or not everything."""
        n_shown = self._filter.rowCount() - 1  # the live patch is always there
        n_hidden = len(self._document.takes) - n_shown
        if not self._document.takes:
            self._hint.setText("Drop sounds here, or open them.")
        elif n_hidden:
            takes = "1 take is" if n_hidden == 1 else f"{n_hidden} takes are"
            none = "" if n_shown else f"No take matches “{self.search.text().strip()}”.\n"
            self._hint.setText(f"{none}{takes} hidden by the search.")
        self._open.setVisible(not self._document.takes)
        self._clear.setVisible(n_hidden > 0)
        self._hint.setVisible(n_hidden > 0 or not self._document.takes)

    def _show_selection(self) -> None:
        selected = self._document.selected
        row = self.model.row_of(selected.id if selected is not None else None)
        index = self._filter.mapFromSource(self.model.index(row)) if row >= 0 else QModelIndex()
        if not index.isValid() and self.search.text():
            # What was just opened must be seen, so the search gives way.
            self.search.clear()
            index = self._filter.mapFromSource(self.model.index(row))
        if index.isValid() and index != self.takes.currentIndex():
            self.takes.setCurrentIndex(index)
            self.takes.scrollTo(index)

    def _on_search_done(self) -> None:
        """Return goes to what was found: the takes, or the presets when no take has the words."""
        if self._filter.rowCount() > 1 or not self.search.text().strip():
            self.takes.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.browser.enter()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Down and not event.modifiers():
                self.browser.enter()
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return super().eventFilter(watched, event)

    def _on_search(self, text: str) -> None:
        # While rows come and go the view moves its current row; that is no choice of the person's.
        self._searching = True
        self._filter.search(text)
        self._searching = False
        self.browser.search(text)
        selected = self._document.selected
        index = self._filter.mapFromSource(self.model.index(self.model.row_of(selected.id if selected else None)))
        if index.isValid():
            self.takes.setCurrentIndex(index)
        else:
            self.takes.selectionModel().clear()
        self._show_state()

    # -- gestures ------------------------------------------------------------------------------------------------------

    def _on_current(self, current: QModelIndex) -> None:
        if current.isValid() and not self._searching and not self.model.following:
            take = current.data(TAKE_ROLE)
            self._document.select(take.id if take is not None else None)

    def _on_pressed(self, index: QModelIndex) -> None:
        """A press may become a drag: have the file ready."""
        clip, take = self._sound(index)
        if clip is not None and QGuiApplication.mouseButtons() == Qt.MouseButton.LeftButton:
            self._drag_out.prepare(clip, self._file_name(take))

    def _on_drag(self, index: QModelIndex) -> None:
        clip, take = self._sound(index)
        if clip is None or clip.n_frames == 0:
            self.message.emit(f"“{index.data()}” has no sound to drag.")
            return
        name = self._file_name(take)
        pixmap = label_pixmap(name, self.devicePixelRatioF())
        self._drag_out.start_drag(self.takes, clip, name, pixmap=pixmap, take_id=take.id if take is not None else "")

    def _sound(self, index: QModelIndex) -> tuple[Clip | None, Take | None]:
        """What a row stands for; no take for the live patch."""
        row = self._filter.mapToSource(index).row()
        return self.model.clip(row), self.model.take(row)

    def _file_name(self, take: Take | None) -> str:
        return take.name if take is not None else self._document.patch.name or live_name(self._document.patch)

    def _make_actions(self) -> dict[str, QAction]:
        def make(text: str, icon: str, slot: Callable[[], object], shortcut: str = "") -> QAction:
            action = QAction(icons.icon(icon) if icon else QIcon(), text, self)
            action.triggered.connect(lambda: slot())
            # Only shown here: the keys themselves belong to the list and to the window's own actions.
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            return action

        return {
            "rename": make("Rename", "rename", self.rename_current, BY_ID["take.rename"].shortcut),
            "patch": make("Load the take’s patch", "patch-live", lambda: self.load_patch(self.current_take())),
            "export": make("Export…", "export", lambda: self.export_requested.emit(self.current_take())),
            "show": make("Show in file manager", "folder", self._show_file),
            "copy": make("Copy path", "copy", self._copy_path),
            "remove": make("Remove", "remove", self.remove_current, BY_ID["take.remove"].shortcut),
        }

    def context_menu(self) -> QMenu:
        """The menu of the current row."""
        menu = QMenu(self)
        take = self.current_take()
        has_file = take is not None and take.clip.path is not None
        missing = take is not None and take.missing
        enabled = {
            "rename": take is not None,
            "patch": take is not None and take.patch is not None,
            "export": not missing and self.model.clip(self._current_row()) is not None,
            "show": has_file and not missing,
            "copy": has_file,
            "remove": take is not None,
        }
        for name, action in self._actions.items():
            if name in {"show", "remove"}:
                menu.addSeparator()
            action.setEnabled(enabled[name])
            menu.addAction(action)
        return menu

    def _on_menu(self, point: QPoint) -> None:
        if self.takes.indexAt(point).isValid():
            menu = self.context_menu()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.takes.viewport().mapToGlobal(point))

    def _current_row(self) -> int:
        return self._filter.mapToSource(self.takes.currentIndex()).row()

    def load_patch(self, take: Take | None) -> None:
        """Set the instrument and its note to what made ``take``, if an instrument did."""
        if take is not None and take.patch is not None:
            note = NoteSettings.read(take.settings)
            self._document.load_patch(take.patch, f"Load the patch of “{take.name}”", note=note)

    def _path(self) -> Path | None:
        take = self.current_take()
        return take.clip.path if take is not None else None

    def _show_file(self) -> None:
        path = self._path()
        if path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.absolute().parent))):
            self.message.emit(f"No file manager answered; the file is in {path.absolute().parent}.")

    def _copy_path(self) -> None:
        path = self._path()
        if path is not None:
            QGuiApplication.clipboard().setText(str(path.absolute()))
            self.message.emit(f"Copied the path of {path.name}")

    def sizeHint(self) -> QSize:
        return QSize(240, 520)
