"""Factory presets as a tree: arrow keys and single clicks let them be heard, Return and double clicks load them.

Who goes on to something else keeps what was heard last; Escape goes back to what was there before.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QTreeView, QWidget

from app import style
from app.controls.plain import plain_tip
from engine.params import Patch

PATCH_ROLE = Qt.ItemDataRole.UserRole
SECTIONS = {"fm": "FM presets"}
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PresetTree(QTreeView):
    """Sections by synth, a leaf for each patch."""

    auditioned = Signal(object)
    """A :class:`Patch` that the person moved to."""
    chosen = Signal(object, str)
    """A :class:`Patch` to load, and its name."""
    settled = Signal(str)
    """The keyboard went elsewhere after presets were heard; the name of the last one."""
    cancelled = Signal()
    """Escape after presets were heard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = QStandardItemModel(self)
        self._filter = QSortFilterProxyModel(self)
        self._filter.setSourceModel(self._model)
        self._filter.setRecursiveFilteringEnabled(True)
        self._filter.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._filter)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(16)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Presets")
        self._heard: Patch | None = None
        self.clicked.connect(self._on_clicked)
        # Not ``activated``: where the platform activates with a single click that would load at once.
        self.doubleClicked.connect(self._choose)

    def fill(self, patches: Iterable[Patch]) -> None:
        """Show these patches, grouped by their synth."""
        self._model.clear()
        sections: dict[str, QStandardItem] = {}
        for patch in patches:
            section = sections.get(patch.synth)
            if section is None:
                section = QStandardItem(SECTIONS.get(patch.synth, patch.synth))
                section.setFont(style.font(weight=QFont.Weight.DemiBold))
                section.setFlags(Qt.ItemFlag.ItemIsEnabled)
                sections[patch.synth] = section
                self._model.appendRow(section)
            leaf = QStandardItem(patch.name)
            leaf.setData(patch, PATCH_ROLE)
            leaf.setToolTip(plain_tip(f"{patch.name}: hear it with the arrow keys, load it with Return"))
            section.appendRow(leaf)
        self.expandAll()

    def has_presets(self) -> bool:
        return self._model.rowCount() > 0

    def filter(self, text: str) -> None:
        """Show only names that contain ``text``."""
        self._filter.setFilterFixedString(text.strip())
        self.expandAll()

    def event(self, event: QEvent) -> bool:
        # Return loads a preset here, whatever it means in the window.
        wants = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if wants and event.key() in _RETURN and not event.modifiers() and self._patch(self.currentIndex()):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.currentIndex()
        if event.key() in _RETURN:
            self._choose(before)
            return
        if event.key() == Qt.Key.Key_Escape and self._heard is not None:
            self._heard = None
            self.cancelled.emit()
            return
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self._audition(self.currentIndex())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        heard, self._heard = self._heard, None
        if heard is not None:
            self.settled.emit(heard.name)

    def _patch(self, index: QModelIndex) -> Patch | None:
        patch = index.data(PATCH_ROLE)
        return patch if isinstance(patch, Patch) else None

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._patch(index) is None:
            self.setExpanded(index, not self.isExpanded(index))
        else:
            self._audition(index)

    def _audition(self, index: QModelIndex) -> None:
        patch = self._patch(index)
        if patch is not None:
            self._heard = patch
            self.auditioned.emit(patch)

    def _choose(self, index: QModelIndex) -> None:
        patch = self._patch(index)
        if patch is not None:
            self._heard = None
            self.chosen.emit(patch, patch.name)
