"""The little dialogs about one preset: what it is called and what is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.plain import plain_label
from app.dialog_rows import button_row
from app.theme import PADDING, PADDING_WIDE
from engine.params import Patch
from engine.project.preset_index import Entry
from engine.project.presets import CATEGORIES, MAX_ABOUT_LENGTH, MAX_AUTHOR_LENGTH, Preset, category_of, clean_tag

NO_KIND = "Not said"


class _Dialog(QDialog):
    """A form that stays in front of the window without stopping it."""

    def __init__(self, title: str, go: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.kind = QComboBox()
        self.kind.addItem(NO_KIND, "")
        for name in CATEGORIES:
            self.kind.addItem(name[0].upper() + name[1:], name)
        self.tags = QLineEdit()
        self.tags.setPlaceholderText("warm, slow, wide")
        self.go = QPushButton(go)
        self.go.clicked.connect(self.accept)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(PADDING_WIDE)
        self._form.setVerticalSpacing(PADDING)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(16, 16, 16, 16)
        self._column.setSpacing(PADDING_WIDE)
        self._column.addLayout(self._form)
        self.setMinimumWidth(400)

    def _row(self, words: str, field: QWidget) -> None:
        field.setAccessibleName(words)
        self._form.addRow(words, field)

    def _finish(self) -> None:
        self._column.addStretch(1)
        self._column.addLayout(button_row(self, self.go))

    def _show_tags(self, tags: Sequence[str]) -> None:
        kind = category_of(tags)
        self.kind.setCurrentIndex(max(self.kind.findData(kind), 0))
        self.tags.setText(", ".join(tag for tag in tags if tag != kind))

    def read_tags(self) -> tuple[str, ...]:
        """The kind and the tags that are typed, each once."""
        typed = (self.kind.currentData(), *(clean_tag(word) for word in self.tags.text().split(",")))
        return tuple(dict.fromkeys(tag for tag in typed if tag))


class SaveDialog(_Dialog):
    """Save the live patch as a preset; ``own`` are the presets of the person's own, ``source`` what it came from."""

    chosen = Signal(object, str, object)
    """A :class:`Preset`, the folder below the person's presets, and the :class:`Entry` to replace or ``None``."""

    def __init__(
        self,
        patch: Patch,
        own: Sequence[Entry],
        source: Entry | None,
        author: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__("Save preset", "Save", parent)
        self._patch = patch
        self._own = {(entry.folder, entry.name.casefold()): entry for entry in own if not entry.trouble}
        self.name = QLineEdit(patch.name)
        self.name.setMaxLength(120)
        self.folder = QComboBox()
        self.folder.setEditable(True)
        self.folder.addItems(["", *sorted({entry.folder for entry in own} - {""}, key=str.casefold)])
        self.folder.lineEdit().setPlaceholderText("None")
        self.about = QLineEdit(source.about if source is not None else "")
        self.about.setMaxLength(MAX_ABOUT_LENGTH)
        self.about.setCursorPosition(0)
        self.author = QLineEdit(author)
        self.author.setMaxLength(MAX_AUTHOR_LENGTH)
        self.over = QCheckBox("Replace the preset of that name")
        self.over.setToolTip("The one that is there now goes to the trash folder beside the presets")
        for words, field in (
            ("Name", self.name),
            ("Kind of sound", self.kind),
            ("Tags", self.tags),
            ("About", self.about),
            ("Author", self.author),
            ("Folder", self.folder),
        ):
            self._row(words, field)
        self.over.hide()
        self._column.addWidget(self.over)
        self._finish()
        if source is not None:
            self._show_tags(source.all_tags)
            if not source.is_factory:
                self.folder.setCurrentText(source.folder)
        self.name.textChanged.connect(self._check)
        self.folder.currentTextChanged.connect(self._check)
        self.name.selectAll()
        self._check()

    def _existing(self) -> Entry | None:
        folder = self.folder.currentText().strip().strip("/")
        return self._own.get((folder, " ".join(self.name.text().split()).casefold()))

    def _check(self) -> None:
        self.go.setEnabled(bool(self.name.text().strip()))
        there = self._existing() is not None
        if there and not self.over.isVisibleTo(self):
            self.over.setChecked(True)
        self.over.setVisible(there)

    def accept(self) -> None:
        name = " ".join(self.name.text().split())
        if not name:
            return
        over = self._existing() if self.over.isChecked() else None
        patch = replace(self._patch, name=name)
        preset = Preset(patch, self.read_tags(), self.about.text().strip(), self.author.text().strip())
        self.chosen.emit(preset, self.folder.currentText().strip().strip("/"), over)
        super().accept()


class TagsDialog(_Dialog):
    """The person's own tags on any preset; nothing is written into its file."""

    chosen = Signal(object)
    """The tags."""

    def __init__(self, entry: Entry, parent: QWidget | None = None) -> None:
        super().__init__(f"Tags of {entry.name}", "Keep", parent)
        self._entry = entry
        there = plain_label(f"It came with: {', '.join(entry.tags)}" if entry.tags else "It came without tags.")
        there.setWordWrap(True)
        there.setProperty("role", "secondary")
        self._row("Kind of sound", self.kind)
        self._row("Your tags", self.tags)
        self._column.addWidget(there)
        self._finish()
        self._show_tags(entry.own_tags)
        if not category_of(entry.own_tags):
            self.kind.setCurrentIndex(max(self.kind.findData(entry.category), 0))

    def accept(self) -> None:
        self.chosen.emit([tag for tag in self.read_tags() if tag not in self._entry.tags])
        super().accept()
