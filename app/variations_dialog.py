"""Exporting one strike as a set: how many, how different, and where to. Stays in front without stopping the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QPushButton, QVBoxLayout, QWidget

from app.controls.param_form import ParamForm
from app.controls.plain import plain_label
from app.controls.value_field import ValueField
from app.controls.value_widget import ValueWidget
from app.dialog_rows import button_row, head_row
from app.settings import Settings
from app.theme import PADDING_WIDE
from engine.audio import free_path, safe_name
from engine.params import Param, Patch
from engine.params.note import NoteSettings
from engine.params.text import note_name
from engine.params.variations import VARY_PARAMS, Variation, VaryPlan, variation_set


class VariationsDialog(QDialog):
    """:attr:`chosen` tells the plan and a folder that is not there yet; :attr:`hear_wanted` one strike of the set."""

    chosen = Signal(object, object)
    """:class:`VaryPlan` and ``Path``."""
    hear_wanted = Signal(object)
    """:class:`Variation`."""

    def __init__(self, patch: Patch, note: NoteSettings, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export variations")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._patch, self._note, self._settings = patch, note, settings
        self._heard = 0
        self.files: QFileDialog | None = None
        self.form = ParamForm(VARY_PARAMS, columns=3, spacing=PADDING_WIDE, make=_field)
        for field in self.form.knobs.values():
            field.lockable = False
        self.plan = VaryPlan.read(settings.get("export/variations"))
        self.form.set_values(self.plan.to_json())
        self.form.changing.connect(self._on_changing)
        self.facts = plain_label()
        self.facts.setProperty("role", "secondary")
        self.facts.setWordWrap(True)
        self.hear = QPushButton("Hear one")
        self.hear.setToolTip("Strike the next of these variations")
        self.hear.setAutoDefault(False)
        self.hear.clicked.connect(self._hear)
        self.go = QPushButton("Choose a folder…")
        self.go.clicked.connect(self.ask_where)
        buttons = button_row(self, self.go)
        buttons.insertWidget(0, self.hear)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(PADDING_WIDE)
        column.addLayout(head_row(plain_label(patch.name or "Impact"), plain_label(_played(note))))
        column.addWidget(self.form)
        column.addWidget(self.facts)
        column.addStretch(1)
        column.addLayout(buttons)
        self.setMinimumWidth(400)
        self._show_facts()

    def _on_changing(self, name: str, value: float) -> None:
        self.plan = VaryPlan.read({**self.plan.to_json(), name: value})
        self._show_facts()

    def _show_facts(self) -> None:
        n = self.plan.n * self.plan.layers
        sounds = f"{n} sound{'s' * (n != 1)}"
        velocity = "soft to hard" if self.plan.layers > 1 else f"velocity {self._note.velocity}"
        self.facts.setText(f"{sounds}, {velocity}, with a sheet (JSON) and a file for samplers (SFZ).")
        self.setAccessibleDescription(self.facts.text())

    def _hear(self) -> None:
        """One after the other, in the order in which a hard and a soft one take turns."""
        strikes = variation_set(self._patch, self.plan, self._note.velocity)
        strikes.sort(key=lambda strike: (strike.number, strike.layer))
        self._heard = (self._heard + 1) % len(strikes)
        self.hear_wanted.emit(strikes[self._heard])

    def ask_where(self) -> None:
        """Remember the choice and let the system's dialog ask for a folder; the set gets a new one in it."""
        self._settings.set("export/variations", self.plan.to_json())
        folder = Path(self._settings.get("files/export_folder") or Path.home())
        files = QFileDialog(self, "Export variations: choose where the new folder goes")
        files.setFileMode(QFileDialog.FileMode.Directory)
        files.setOption(QFileDialog.Option.ShowDirsOnly, True)
        files.setDirectory(str(folder if folder.is_dir() else Path.home()))
        files.fileSelected.connect(self._go)
        self.files = files
        files.open()

    def _go(self, name: str) -> None:
        inside = Path(name)
        self._settings.set("files/export_folder", str(inside))
        stem = safe_name(f"{self._patch.name or 'Impact'} variations")
        self.chosen.emit(self.plan, free_path(inside, stem, ""))
        self.accept()


def _field(param: Param) -> ValueWidget:
    return ValueField(param)


def _played(note: NoteSettings) -> str:
    return f"Struck at {note_name(note.note)}, {note.duration_s:g} s at most"


def strike_words(strike: Variation) -> str:
    """Which one of a set is heard."""
    return f"Layer {strike.layer}, number {strike.number}, velocity {round(strike.velocity)}"
