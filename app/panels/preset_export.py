"""Exporting presets: as files of this program or as DX7 voices, with what a DX7 cannot keep said beforehand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextBlockFormat, QTextCursor, QTextListFormat
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QProgressBar,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from app.controls.plain import plain_label
from app.dialog_rows import button_row, head_row
from app.message_bar import in_words
from app.settings import Settings
from app.submit import Submit, run_here
from app.theme import GRID, PADDING_WIDE
from engine.audio import safe_name
from engine.jobs import Note
from engine.project.dx7.sysex import VOICES_IN_BANK
from engine.project.preset_export import Converted, convert_steps
from engine.project.presets import Preset

JSON, SYX = "json", "syx"


class PresetExportDialog(QDialog):
    """Stays in front of the window without stopping it; :attr:`chosen` tells what to write where.

    ``cancel`` ends a job of ``submit``; the notes of its jobs come to :meth:`show_note`.
    """

    chosen = Signal(str, object, object)
    """``json`` or ``syx``, the path (a folder for several preset files), and the presets or :class:`Converted`."""

    def __init__(
        self,
        presets: Sequence[Preset],
        settings: Settings,
        parent: QWidget | None = None,
        *,
        submit: Submit = run_here,
        cancel: Callable[[int], object] = lambda _: None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export presets" if len(presets) > 1 else "Export preset")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._presets = list(presets)
        self._settings = settings
        self._submit = submit
        self._converted: list[Converted] | None = None
        self._cancel = cancel
        self._asked = False
        self._job: object = None
        self.files: QFileDialog | None = None
        title = plain_label(presets[0].name if len(presets) == 1 else f"{len(presets):,} presets")
        self.facts = plain_label()
        self.facts.setWordWrap(True)
        self.format = QComboBox()
        self.format.setAccessibleName("Format")
        several = len(presets) > 1
        self.format.addItem("Preset files of Tonewright (.json)" if several else "Preset of Tonewright (.json)", JSON)
        self.format.addItem(_syx_title(len(presets)), SYX)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1000)
        self.progress.setAccessibleName("How many are done")
        self.progress.hide()
        self.losses = QTextEdit()
        self.losses.setReadOnly(True)
        self.losses.setAccessibleName("What a DX7 cannot keep")
        self.losses.setMinimumHeight(168)
        self.go = QPushButton("Choose a place…")
        self.go.clicked.connect(self.ask_where)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(PADDING_WIDE)
        column.addLayout(head_row(title, self.facts))
        form = QFormLayout()
        form.setHorizontalSpacing(PADDING_WIDE)
        form.addRow("Format", self.format)
        column.addLayout(form)
        column.addWidget(self.progress)
        column.addWidget(self.losses, 1)
        column.addStretch(0)
        column.addLayout(button_row(self, self.go))
        self.setMinimumWidth(440)
        self.finished.connect(self._stop)
        self.format.currentIndexChanged.connect(self._show_format)
        self.format.setCurrentIndex(max(self.format.findData(settings.get("export/preset_format")), 0))
        self._show_format()

    @property
    def is_dx7(self) -> bool:
        return bool(self.format.currentData() == SYX)

    def _show_format(self) -> None:
        is_busy = self.is_dx7 and self._converted is None
        self.losses.setVisible(self.is_dx7 and not is_busy)
        self.progress.setVisible(is_busy and len(self._presets) > 1)
        if not self.is_dx7:
            files = "One file" if len(self._presets) == 1 else f"A folder with {len(self._presets):,} files"
            self.facts.setText(f"{files}; nothing is lost.")
            self.go.setEnabled(True)
        elif self._converted is None:
            self.facts.setText("Looking at what a DX7 can keep…")
            self.losses.clear()
            self.go.setEnabled(False)
            self._convert()
        else:
            self._show_losses(self._converted)
        self.adjustSize()

    def _convert(self) -> None:
        """A patch takes a moment (the nearest of 32 algorithms is looked for): a job, once."""
        if self._asked:
            return
        self._asked = True
        presets = self._presets
        self._job = self._submit(
            lambda: convert_steps(presets), title="Make DX7 voices", done=self._on_converted, failed=self._on_failed
        )

    def show_note(self, job: int, note: Note) -> None:
        """How far a job has come."""
        if job == self._job and note.fraction is not None and self._converted is None:
            self.progress.setValue(round(1000 * note.fraction))
            if self.is_dx7 and len(self._presets) > 1:
                done = round(note.fraction * len(self._presets))
                self.facts.setText(f"Looking at what a DX7 can keep: {done:,} of {len(self._presets):,}…")

    def _stop(self) -> None:
        """Nobody waits for it any more."""
        if self._converted is None and isinstance(self._job, int):
            self._cancel(self._job)

    def _on_converted(self, converted: list[Converted]) -> None:
        # The person may have closed it meanwhile.
        if isValid(self):
            self._converted = converted
            self._show_format()

    def _on_failed(self, error: Exception) -> None:
        if isValid(self):
            self._asked, self._job = False, None
            if self.is_dx7:
                self.facts.setText(in_words(error))
                self.progress.hide()

    def _show_losses(self, converted: Sequence[Converted]) -> None:
        whole = sum(item.as_it_came for item in converted)
        lossy = [item for item in converted if item.losses]
        if whole == len(converted):
            self.facts.setText(
                "As it came from the DX7, byte for byte." if whole == 1 else "As they came, byte for byte."
            )
        elif not lossy:
            self.facts.setText("Nothing that a DX7 does not have.")
        elif len(converted) == 1:
            self.facts.setText("A DX7 has less than this instrument. This is lost:")
        else:
            self.facts.setText(f"{len(lossy):,} of {len(converted):,} lose something:")
        self._list_losses(lossy, named=len(converted) > 1)
        self.losses.setVisible(bool(lossy))
        self.go.setEnabled(True)

    def _list_losses(self, lossy: Sequence[Converted], *, named: bool) -> None:
        """A bullet for every loss, under the name of its preset where there are several."""
        self.losses.clear()
        writer = QTextCursor(self.losses.document())
        bullets = QTextListFormat()
        bullets.setStyle(QTextListFormat.Style.ListDisc)
        # The bullet stands in the indentation, and further lines of a loss stand under its first.
        bullets.setIndent(1)
        self.losses.document().setIndentWidth(16)
        gap, title = QTextBlockFormat(), QTextBlockFormat()
        gap.setBottomMargin(GRID)
        title.setTopMargin(GRID)
        writer.beginEditBlock()
        for item in lossy:
            if named:
                self._begin(writer, title)
                writer.insertText(item.name)
            for place, loss in enumerate(item.losses):
                self._begin(writer, gap)
                if place == 0:
                    made = writer.createList(bullets)
                else:
                    made.add(writer.block())
                writer.setBlockFormat(_spaced(writer, GRID))
                writer.insertText(loss)
        writer.endEditBlock()
        self.losses.moveCursor(QTextCursor.MoveOperation.Start)

    def _begin(self, writer: QTextCursor, form: QTextBlockFormat) -> None:
        """A new paragraph outside of any list; the first one is there already."""
        if writer.document().isEmpty():
            writer.setBlockFormat(form)
        else:
            writer.insertBlock(form)

    def ask_where(self) -> None:
        """Remember the choice and let the system's dialog ask for the place and about an existing file."""
        kind = self.format.currentData()
        self._settings.set("export/preset_format", kind)
        several_files = kind == JSON and len(self._presets) > 1
        files = QFileDialog(self, "Export presets")
        folder = Path(self._settings.get("files/preset_folder") or Path.home())
        files.setDirectory(str(folder if folder.is_dir() else Path.home()))
        if several_files:
            files.setFileMode(QFileDialog.FileMode.Directory)
            files.setOption(QFileDialog.Option.ShowDirsOnly)
        else:
            files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            files.setNameFilter("DX7 voices (*.syx)" if kind == SYX else "Presets (*.json)")
            files.setDefaultSuffix(kind)
            name = self._presets[0].name if len(self._presets) == 1 else "Bank"
            files.selectFile(f"{safe_name(name, 'preset')}.{kind}")
        files.fileSelected.connect(self._go)
        self.files = files
        files.open()

    def _go(self, name: str) -> None:
        kind = self.format.currentData()
        path = Path(name)
        is_folder = kind == JSON and len(self._presets) > 1
        self._settings.set("files/preset_folder", str(path if is_folder else path.parent))
        self.chosen.emit(kind, path, self._presets if kind == JSON else self._converted)
        self.accept()


def _spaced(writer: QTextCursor, px: int) -> QTextBlockFormat:
    """The paragraph's own format with so much room beneath."""
    form = writer.blockFormat()
    form.setBottomMargin(px)
    return form


def _syx_title(count: int) -> str:
    if count == 1:
        return "DX7 voice (.syx)"
    banks = -(-count // VOICES_IN_BANK)
    return "DX7 bank of 32 voices (.syx)" if banks == 1 else f"{banks} DX7 banks of 32 voices in one file (.syx)"
