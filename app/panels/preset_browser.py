"""The preset browser: tags that narrow the list, the list itself, and below it what the live patch came from.

Searching is the library's field above; everything here follows :class:`app.presets.Presets`.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QIcon
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app import icons, style
from app.actions import BY_ID
from app.controls.menus import below, pop_up
from app.controls.plain import ElidedLabel, ShortLabel, plain_label
from app.panels.preset_chips import TagChips
from app.panels.preset_list import ROW_PX, PresetList
from app.panels.preset_model import ENTRY_ROLE, GROUPS, SHOWS, SORTS, PresetModel, entries_of
from app.presets import Presets
from app.theme import GRID, PADDING, PADDING_WIDE, SMALL_BUTTON_PX, SMALL_TEXT_PX
from engine.project.preset_index import Entry, tags_in_use


class PresetBrowser(QWidget):
    """Shows and plays presets, and asks for what needs a dialog."""

    save_wanted = Signal()
    save_as_wanted = Signal()
    import_wanted = Signal()
    export_wanted = Signal(list)
    """Entries to export."""
    tags_wanted = Signal(object)
    """An entry whose own tags the person wants to change."""
    search_in_the_way = Signal()
    """Something is to be seen that the search hides."""
    arranged = Signal()
    """The list is grouped, sorted or folded otherwise: worth remembering."""

    def __init__(self, presets: Presets, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.presets = presets
        self.model = PresetModel(self)
        self.list = PresetList()
        self.list.setModel(self.model)
        self.chips = TagChips()
        self._ahead = QTimer(self, singleShot=True, interval=0)
        self._ahead.timeout.connect(self._read_ahead)
        self.title = plain_label("Presets")
        self.title.setProperty("role", "title")
        self.count = ShortLabel()
        self.count.setProperty("role", "small")
        self.favourites = self._button("star", "Only favourites", checkable=True)
        self.recent = self._button("recent", "Only those used last", checkable=True)
        self.view = self._button("more", "Group, sort, import, export")
        self.name = ElidedLabel()
        self.state = plain_label()
        self.state.setProperty("role", "small")
        self.revert = self._button("undo", "Back to the preset as it was saved")
        self.save = self._button("save", "Save this preset")
        self.hint = plain_label()
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setProperty("role", "secondary")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Show every preset again")
        self._lay_out()
        self._connect()
        self._show_entries()
        self._show_loaded()

    # -- for whoever composes the window ------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Show only presets in which every word of ``text`` is found."""
        if text.strip() != self.model.text:
            self.model.text = text.strip()
            self._rebuild()

    def selected(self) -> list[Entry]:
        """The presets that are marked in the list, in its order."""
        indexes = sorted(self.list.selectionModel().selectedRows(), key=lambda index: index.row())
        return entries_of(indexes)

    def enter(self) -> None:
        """The keyboard comes from the search field: to the first preset, and hear it."""
        # The list makes its first preset the current one when it gets the focus.
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.list.hear(self.list.currentIndex())

    def step(self, by: int) -> None:
        """Hear the next preset of the list, or the one before."""
        row = self.list.currentIndex().row()
        if row < 0 and self.presets.loaded is not None:
            row = self.model.row_of(self.presets.loaded.key)
        if row < 0 and by < 0:
            row = self.model.rowCount()
        row += by
        while 0 <= row < self.model.rowCount():
            if self.model.entry(row) is not None:
                self.list.hear(self.model.index(row))
                return
            row += by

    def show_keys(self, keys: list[str]) -> None:
        """Bring presets into sight that just came: whatever hides them gives way."""
        if keys and self.model.row_of(keys[0]) < 0:
            self.search_in_the_way.emit()
            self.chips.clear()
            self._show("all")
            self.model.fold(())
            self._rebuild()
        if keys:
            self.list.show_row(self.model.row_of(keys[0]))

    def state_to_keep(self) -> dict[str, object]:
        """How the list is arranged."""
        return {"group": self.model.group, "sort": self.model.sort, "closed": sorted(self.model.closed)}

    def restore(self, kept: dict[str, object]) -> None:
        """Arrange the list as it was; what is not understood is left out."""
        group, sort, closed = kept.get("group"), kept.get("sort"), kept.get("closed")
        self.model.arrange(
            group=group if isinstance(group, str) else None, sort=sort if isinstance(sort, str) else None
        )
        self.model.fold(title for title in (closed if isinstance(closed, list) else ()) if isinstance(title, str))
        self._rebuild()

    # -- layout -----------------------------------------------------------------------------------------------------

    def _button(self, icon: str, words: str, *, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setIcon(icons.icon(icon))
        button.setIconSize(QSize(14, 14))
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setCheckable(checkable)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setFixedHeight(SMALL_BUTTON_PX)
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(PADDING_WIDE, GRID, GRID // 2, 0)
        head.setSpacing(GRID)
        head.addWidget(self.title)
        head.addWidget(self.count, 1)
        for button in (self.favourites, self.recent, self.view):
            head.addWidget(button)
        chips = QHBoxLayout()
        chips.setContentsMargins(PADDING, 0, PADDING, 0)
        chips.addWidget(self.chips)
        foot = QFrame()
        foot.setObjectName("presetFoot")
        row = QHBoxLayout(foot)
        row.setContentsMargins(PADDING_WIDE, GRID, GRID, GRID)
        row.setSpacing(GRID)
        self.name.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.name.setFont(style.font())
        row.addWidget(self.name, 1)
        row.addWidget(self.state)
        row.addWidget(self.revert)
        row.addWidget(self.save)
        self.state.setFont(style.font(SMALL_TEXT_PX))
        self._empty = QWidget()
        words = QVBoxLayout(self._empty)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(PADDING)
        words.addStretch(1)
        words.addWidget(self.hint)
        words.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignHCenter)
        words.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addLayout(chips)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(foot)
        self.hint.setContentsMargins(PADDING_WIDE, 0, PADDING_WIDE, 0)

    def _connect(self) -> None:
        presets, view = self.presets, self.list
        presets.entries_changed.connect(self._show_entries)
        presets.marks_changed.connect(self._show_marks)
        presets.loaded_changed.connect(self._show_loaded)
        presets.shown.connect(self.show_keys)
        view.auditioned.connect(self._on_audition)
        view.chosen.connect(presets.load)
        view.settled.connect(presets.settle)
        view.cancelled.connect(presets.cancel)
        view.star_wanted.connect(presets.star)
        view.group_clicked.connect(self._toggle_group)
        view.delete_wanted.connect(lambda: presets.files.delete(self.selected()))
        view.customContextMenuRequested.connect(self._on_menu)
        self.model.rename_wanted.connect(presets.files.rename)
        self.chips.changed.connect(self._on_chips)
        self.favourites.toggled.connect(lambda on: self._show("favourites" if on else "all"))
        self.recent.toggled.connect(lambda on: self._show("recent" if on else "all"))
        self.view.clicked.connect(lambda: pop_up(self.view_menu(), below(self.view)))
        self.revert.clicked.connect(presets.revert)
        self.clear.clicked.connect(self._clear_search)
        self.save.clicked.connect(self._on_save)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def _show_entries(self) -> None:
        self.model.set_entries(self.presets.entries)
        self.chips.set_tags(tags_in_use(self.presets.entries))
        self._rebuild()

    def _show_marks(self) -> None:
        self.model.marks = self.presets.marks
        if self.model.show in ("favourites", "recent"):
            self._rebuild()
        else:
            self.list.viewport().update()

    def _show_loaded(self) -> None:
        presets = self.presets
        loaded = presets.loaded
        self.model.set_loaded(loaded.key if loaded is not None else "", presets.edited)
        name = loaded.name if loaded is not None else presets.live_name
        self.name.setText(f"{name} *" if presets.edited else name)
        self.name.setAccessibleName(f"{name}, edited" if presets.edited else name)
        self.state.setText("edited" if presets.edited else "")
        self.state.setVisible(presets.edited)
        self.revert.setVisible(presets.edited)
        own = loaded is not None and not loaded.is_factory
        self.save.setToolTip("Save this preset" if own else "Save as a preset of your own…")
        self.save.setEnabled(not own or presets.edited)

    def _rebuild(self) -> None:
        """New rows; the person stays where they were, if that is still there."""
        current = self.list.current
        bar = self.list.verticalScrollBar()
        before = bar.value()
        self.model.rebuild()
        row = self.model.row_of(current.key) if current is not None else -1
        if row >= 0:
            # Without scrolling there: the list stays put while it is filtered.
            self.list.setAutoScroll(False)
            self.list.setCurrentIndex(self.model.index(row))
            self.list.setAutoScroll(True)
        bar.setValue(before if not self.model.text else 0)
        self._show_count()

    def _show_count(self) -> None:
        model = self.model
        is_part = model.n_found != model.n_entries
        found = f"{model.n_found:,}"
        self.count.set_words(f"{found} of {model.n_entries:,}" if is_part else found, found)
        self.count.setVisible(model.n_entries > 0)
        empty = model.n_found == 0
        if empty:
            self.hint.setText(self._hint_words())
        self.hint.setVisible(empty)
        self.clear.setVisible(empty and self.presets.is_ready and bool(self.model.text or self.chips.chosen))
        self._empty.setVisible(empty)
        self.list.setVisible(not empty)

    def _hint_words(self) -> str:
        if not self.presets.is_ready:
            return ""
        if self.model.text or self.chips.chosen:
            text, tags = self.model.text, self.chips.chosen
            if not text:
                return f"No preset is {' and '.join(tags)} at once."
            return f"No preset matches “{text}”{' and these tags' if tags else ''}."
        if self.model.show == "favourites":
            return "Click a star to keep a preset here."
        if self.model.show == "recent":
            return "Presets that you load appear here."
        return "Drop presets or DX7 files here, or save one of your own."

    def _clear_search(self) -> None:
        self.search_in_the_way.emit()
        self.chips.clear()

    def _show(self, what: str) -> None:
        if what == self.model.show:
            return
        self.model.show = what
        for button, name in ((self.favourites, "favourites"), (self.recent, "recent")):
            button.blockSignals(True)
            button.setChecked(what == name)
            button.blockSignals(False)
        self._rebuild()

    def _toggle_group(self, title: str) -> None:
        self.model.fold(self.model.closed ^ {title})
        self._rebuild()
        self.arranged.emit()

    def _on_chips(self) -> None:
        self.model.tags = self.chips.chosen
        self._rebuild()

    # -- gestures ------------------------------------------------------------------------------------------------------

    def _on_audition(self, entry: Entry) -> None:
        self.presets.audition(entry)
        # After what was asked for: the neighbours are read while it is heard.
        self._ahead.start()

    def _read_ahead(self) -> None:
        self.presets.reader.read_ahead(self.model.near(self.list.currentIndex().row()))

    def _on_save(self) -> None:
        loaded = self.presets.loaded
        if loaded is not None and not loaded.is_factory:
            self.save_wanted.emit()
        else:
            self.save_as_wanted.emit()

    def view_menu(self) -> QMenu:
        """What is shown and in which order, and where presets come from and go to."""
        menu = QMenu(self)
        for title, choices, chosen, choose in (
            ("Show", SHOWS, self.model.show, self._show),
            ("Group by", GROUPS, self.model.group, lambda group: self._arrange(group=group)),
            ("Sort by", SORTS, self.model.sort, lambda sort: self._arrange(sort=sort)),
        ):
            part = menu.addMenu(title)
            group = QActionGroup(part)
            for name, words in choices.items():
                action = part.addAction(words)
                action.setCheckable(True)
                action.setChecked(name == chosen)
                group.addAction(action)
                action.triggered.connect(lambda _on, choose=choose, name=name: choose(name))
        menu.addSeparator()
        menu.addAction("Save as…", self.save_as_wanted.emit)
        menu.addAction("Import…", self.import_wanted.emit)
        menu.addAction("Export…", lambda: self.export_wanted.emit(self.selected()))
        menu.addSeparator()
        menu.addAction("Look for changed presets", self.presets.refresh)
        menu.addAction("Show the folder", lambda: self._show_folder(str(self.presets.store.folder)))
        return menu

    def _arrange(self, *, group: str | None = None, sort: str | None = None) -> None:
        self.model.arrange(group=group, sort=sort)
        self._rebuild()
        self.arranged.emit()

    def context_menu(self) -> QMenu:
        """What can be done to the marked presets."""
        menu = QMenu(self)
        marked = self.selected()
        one = marked[0] if len(marked) == 1 else None
        own = [entry for entry in marked if not entry.is_factory]
        starred = bool(marked) and all(entry.key in self.presets.marks.favourites for entry in marked)

        def add(text: str, icon: str, slot: object, on: bool, shortcut: str = "") -> None:
            action = QAction(icons.icon(icon) if icon else QIcon(), text, menu)
            action.triggered.connect(slot)
            action.setEnabled(on)
            # Only shown here: the keys themselves belong to the list.
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            menu.addAction(action)

        keys = [entry.key for entry in marked]
        words = "No favourite any more" if starred else "Favourite"
        add("Load", "patch-live", lambda: one and self.presets.load(one), one is not None and not one.trouble, "Return")
        add(words, "star", lambda: self.presets.star(keys, not starred), bool(marked), BY_ID["preset.star"].shortcut)
        add("Tags…", "", lambda: self.tags_wanted.emit(one), one is not None and not one.trouble)
        menu.addSeparator()
        add("Rename", "rename", self.rename_current, one is not None and bool(own) and not one.trouble, "F2")
        add("Duplicate", "copy", lambda: one and self.presets.files.duplicate(one), one is not None and not one.trouble)
        add("Export…", "export", lambda: self.export_wanted.emit(marked), any(not e.trouble for e in marked))
        add("Show in file manager", "folder", lambda: one and self._show_folder(one.path), one is not None)
        menu.addSeparator()
        add("Delete", "remove", lambda: self.presets.files.delete(marked), bool(own), "Del")
        return menu

    def rename_current(self) -> None:
        """Edit the name of the current preset in its row."""
        entry = self.list.current
        if entry is not None and not entry.is_factory and not entry.trouble:
            self.list.edit(self.list.currentIndex())

    def star_current(self) -> None:
        """Make the marked presets favourites, or no longer; without any, the one that is loaded."""
        marked = self.selected() or ([self.presets.loaded] if self.presets.loaded is not None else [])
        keys = [entry.key for entry in marked]
        self.presets.star(keys, not all(key in self.presets.marks.favourites for key in keys))

    def _on_menu(self, point: QPoint) -> None:
        if self.list.indexAt(point).data(ENTRY_ROLE) is not None:
            pop_up(self.context_menu(), self.list.viewport().mapToGlobal(point))

    def _show_folder(self, path: str) -> None:
        folder = path if path == str(self.presets.store.folder) else str(Path(path).parent)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(folder)):
            self.presets.message.emit(f"No file manager answered; the presets are in {folder}.")

    def sizeHint(self) -> QSize:
        return QSize(240, 16 * ROW_PX)
