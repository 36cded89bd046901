"""Names as they are: Qt would take one such as ``<b>Bell</b>`` for mark-up, and fetch the picture that it names."""

from __future__ import annotations

import html

from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


def plain_label(text: str = "") -> QLabel:
    """A label that shows every character it is given."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


def plain_tip(text: str) -> str:
    """A tool tip that shows every character of ``text``; tool tips have no plain format that could be asked for."""
    if not QtGui.Qt.mightBeRichText(text):
        return text
    return f'<p style="white-space: pre">{html.escape(text)}</p>'
