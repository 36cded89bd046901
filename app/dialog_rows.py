"""The rows that dialogs have in common: what it is about at the top, what can be done at the bottom."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from app.theme import GRID


def head_row(title: QLabel, facts: QLabel) -> QVBoxLayout:
    """What the dialog is about, and beneath it what is known of that."""
    title.setProperty("role", "title")
    facts.setProperty("role", "secondary")
    head = QVBoxLayout()
    head.setSpacing(GRID)
    head.addWidget(title)
    head.addWidget(facts)
    return head


def button_row(dialog: QDialog, go: QPushButton) -> QHBoxLayout:
    """A way out, and ``go``: what Return does."""
    go.setProperty("primary", True)
    go.setDefault(True)
    cancel = QPushButton("Cancel")
    cancel.clicked.connect(dialog.reject)
    buttons = QHBoxLayout()
    buttons.addStretch(1)
    buttons.addWidget(cancel)
    buttons.addWidget(go)
    return buttons
