"""The quiet bar that offers to restore what a crash left."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from app import icons
from app.autosave import KEEP_S, Autosave, Session
from app.theme import GRID, PADDING, PADDING_WIDE


class RecoveryBar(QWidget):
    """Shows the session that ``autosave`` offers; hidden while there is none."""

    def __init__(self, autosave: Autosave, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("recoveryBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.restore = QPushButton("Restore")
        self.restore.setProperty("primary", True)
        self.restore.setToolTip("Bring the takes and the patch back")
        self.discard = QPushButton("Discard")
        self.discard.setToolTip(f"Go on without them; a copy is kept for {KEEP_S / 86400:.0f} days")
        row = QHBoxLayout(self)
        row.setContentsMargins(PADDING_WIDE, GRID, PADDING, GRID)
        row.setSpacing(PADDING)
        row.addWidget(self._icon)
        row.addWidget(self.text, 1)
        row.addWidget(self.restore)
        row.addWidget(self.discard)
        self.restore.clicked.connect(lambda: self._answer(autosave.restore))
        self.discard.clicked.connect(lambda: self._answer(autosave.discard))
        autosave.offered.connect(self.offer)
        self.hide()

    def offer(self, session: Session | None) -> None:
        """Show a session, or hide for ``None``."""
        if session is not None:
            self._icon.setPixmap(icons.icon("info", "accent").pixmap(QSize(16, 16), self.devicePixelRatioF()))
            self.text.setText(session.sentence)
            self.setAccessibleName(session.sentence)
            self.restore.setEnabled(True)
            self.discard.setEnabled(True)
        self.setVisible(session is not None)

    def _answer(self, method) -> None:  # type: ignore[no-untyped-def]
        # One answer is enough while it is carried out.
        self.restore.setEnabled(False)
        self.discard.setEnabled(False)
        method()
