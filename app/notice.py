"""A few words and the buttons that answer them, laid out like every other dialog."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.theme import PADDING, PADDING_WIDE

LEAST_WIDTH_PX = 360


class Notice(QDialog):
    """Stays in front of the window without stopping it. Closing it otherwise than by a button answers nothing.

    A letter after ``&`` in a button's words is underlined and presses it, with Alt or alone: nothing is typed here.
    """

    def __init__(self, title: str, text: str, more: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(PADDING_WIDE)
        for words, role in ((text, "title" if more else ""), (more, "secondary")):
            if words:
                label = QLabel(words)
                label.setWordWrap(True)
                label.setProperty("role", role)
                column.addWidget(label)
        self._row = QHBoxLayout()
        self._row.setSpacing(PADDING)
        self._row.addStretch(1)
        column.addStretch(1)
        column.addLayout(self._row)
        self._buttons: list[QPushButton] = []
        self.setMinimumWidth(LEAST_WIDTH_PX)

    def add(self, words: str, then: Callable[[], object] | None = None, *, primary: bool = False) -> QPushButton:
        """One more button, to the right of the others; it closes the notice and then does ``then``."""
        button = QPushButton(words)
        button.setProperty("primary", primary)
        button.setDefault(primary)
        button.clicked.connect(self.accept)
        if then is not None:
            button.clicked.connect(lambda: then())
        if not button.shortcut().isEmpty():
            letter = button.shortcut()[0].key()
            QShortcut(QKeySequence(letter), self).activated.connect(button.click)
        self._row.addWidget(button)
        self._buttons.append(button)
        if primary:
            button.setFocus()
        return button

    def buttons(self) -> list[QPushButton]:
        return list(self._buttons)

    def button(self, words: str) -> QPushButton:
        """The button that says ``words``."""
        return next(button for button in self._buttons if button.text().replace("&", "") == words)
