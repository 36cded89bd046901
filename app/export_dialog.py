"""Exporting a sound: what part, which format, how many bits. The system asks where, and about overwriting."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.controls.plain import plain_label
from app.controls.time_axis import Selection
from app.dialog_rows import button_row, head_row
from app.settings import Settings
from app.theme import PADDING, PADDING_WIDE
from engine.audio import FORMATS, Clip, format_title, safe_name, subtype_title
from engine.audio.formats import check_fits, kept_subtype
from engine.errors import AudioUnwritable
from engine.project.part import part_of

SAME = "same"


class ExportDialog(QDialog):
    """Stays in front of the window without stopping it. :attr:`chosen` tells the clip, the path and the subtype."""

    chosen = Signal(object, object, object)
    """``Clip``, ``Path`` and soundfile's subtype (``None``: what came in). The person agreed to overwrite."""

    def __init__(
        self, clip: Clip, selection: Selection | None, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export sound")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._clip = clip
        self._settings = settings
        self.files: QFileDialog | None = None
        self.part = QComboBox()
        self._parts = [clip]
        if selection is not None:
            chosen = part_of(clip, selection.start_s, selection.end_s, selection.low_hz, selection.high_hz)
            self._parts.insert(0, chosen)
            band = "" if selection.low_hz is None and selection.high_hz is None else ", its band of frequency"
            self.part.addItem(f"The selection, {chosen.duration_s:.3f} s{band}")
        self.part.addItem(f"The whole sound, {clip.duration_s:.3f} s")
        self.format = QComboBox()
        for name, kind in FORMATS.items():
            self.format.addItem(f"{kind.title} ({kind.suffixes[0]})", name)
        self.subtype = QComboBox()
        self.problem = plain_label()
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        title = plain_label(clip.name)
        facts = plain_label(_facts(clip))
        form = QFormLayout()
        form.setHorizontalSpacing(PADDING_WIDE)
        form.setVerticalSpacing(PADDING)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for words, box in (("Write", self.part), ("Format", self.format), ("Samples", self.subtype)):
            box.setAccessibleName(words)
            form.addRow(words, box)
        self.go = QPushButton("Choose a place…")
        self.go.clicked.connect(self.ask_where)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(PADDING_WIDE)
        column.addLayout(head_row(title, facts))
        column.addLayout(form)
        column.addWidget(self.problem)
        column.addStretch(1)
        column.addLayout(button_row(self, self.go))
        self.setMinimumWidth(400)
        self.format.currentIndexChanged.connect(self._offer_subtypes)
        self.subtype.currentIndexChanged.connect(self._check)
        self.format.setCurrentIndex(max(self.format.findData(settings.get("export/format")), 0))
        self._offer_subtypes()
        self.subtype.setCurrentIndex(max(self.subtype.findData(settings.get("export/subtype")), 0))

    @property
    def clip(self) -> Clip:
        """What is written."""
        return self._parts[self.part.currentIndex()]

    def ask_where(self) -> None:
        """Remember the choice and let the system's dialog ask for the place and about an existing file."""
        kind = FORMATS[self.format.currentData()]
        self._settings.set("export/format", kind.name)
        self._settings.set("export/subtype", self.subtype.currentData())
        folder = Path(self._settings.get("files/export_folder") or Path.home())
        suffix = self._suffix().lstrip(".")
        files = QFileDialog(self, "Export sound")
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setNameFilter(f"{kind.title} (*.{suffix})")
        files.setDefaultSuffix(suffix)
        files.setDirectory(str(folder if folder.is_dir() else Path.home()))
        files.selectFile(f"{safe_name(self.clip.name)}.{suffix}")
        files.fileSelected.connect(self._go)
        self.files = files
        files.open()

    def _go(self, name: str) -> None:
        path = Path(name)
        self._settings.set("files/export_folder", str(path.parent))
        subtype = self.subtype.currentData()
        self.chosen.emit(self.clip, path, None if subtype == SAME else subtype)
        self.accept()

    def _suffix(self) -> str:
        kind = FORMATS[self.format.currentData()]
        return ".opus" if self.subtype.currentData() == "OPUS" else kind.suffixes[0]

    def _offer_subtypes(self) -> None:
        kind = FORMATS[self.format.currentData()]
        before = self.subtype.currentData()
        path = Path(f"sound{kind.suffixes[0]}")
        kept = kept_subtype(kind, path, self._clip.subtype, self._clip.sample_rate)
        self.subtype.blockSignals(True)
        self.subtype.clear()
        word = "As it came" if kept == self._clip.subtype else "Without loss" if _lossless(kept) else "Best"
        self.subtype.addItem(f"{word} ({subtype_title(kept)})", SAME)
        for name in kind.offered:
            self.subtype.addItem(subtype_title(name), name)
        self.subtype.setCurrentIndex(max(self.subtype.findData(before), 0))
        self.subtype.blockSignals(False)
        self._check()

    def _check(self) -> None:
        """Say at once what such a file cannot hold, not after a place was chosen."""
        kind = FORMATS[self.format.currentData()]
        path = Path(f"sound{self._suffix()}")
        subtype = self.subtype.currentData()
        if subtype == SAME:
            subtype = kept_subtype(kind, path, self._clip.subtype, self._clip.sample_rate)
        try:
            check_fits(kind, path, subtype, self._clip.channels, self._clip.sample_rate)
        except AudioUnwritable as error:
            self.problem.setText(str(error))
            self.problem.show()
            self.go.setEnabled(False)
        else:
            self.problem.hide()
            self.go.setEnabled(True)


def _lossless(subtype: str) -> bool:
    return subtype.startswith(("PCM_", "ALAC_")) or subtype in ("FLOAT", "DOUBLE")


def _facts(clip: Clip) -> str:
    channels = {1: "mono", 2: "stereo"}.get(clip.channels, f"{clip.channels} channels")
    kind = format_title(clip.format) if clip.path is not None else "made here"
    return f"{clip.sample_rate / 1000:g} kHz, {channels}, {subtype_title(clip.subtype)}, {kind}"
