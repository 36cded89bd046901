"""Names as they are: Qt would take one such as ``<b>Bell</b>`` for mark-up, and fetch the picture that it names."""

from __future__ import annotations

import html

from PySide6 import QtGui
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

LEAST_PX = 48
"""So much of a line that gives way stays, if it is that long."""
_AT_WORDS = QTextOption()
_AT_WORDS.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)


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


class ElidedLabel(QLabel):
    """One plain line that gives way: three dots stand for what does not fit, and then the tool tip has all of it.

    Names lose their middle, because what tells takes of one recording apart is at their end; sentences
    (``Qt.TextElideMode.ElideRight``) lose their end.
    """

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    ) -> None:
        super().__init__(text, parent)
        self._mode = mode
        self.setTextFormat(Qt.TextFormat.PlainText)

    def setText(self, text: str) -> None:
        if text != self.text():
            super().setText(text)
            self._tell()

    @property
    def shown_text(self) -> str:
        """What can be read."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(LEAST_PX, hint.width()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def _tell(self) -> None:
        self.setToolTip(plain_tip(self.text()) if self.shown_text != self.text() else "")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(
            self.contentsRect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.shown_text
        )


class SentenceLabel(ElidedLabel):
    """A sentence over as many lines as it needs, up to ``most_lines``; of a longer one the last line loses its end."""

    def __init__(self, most_lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent, mode=Qt.TextElideMode.ElideRight)
        self._most_lines = most_lines

    def set_most_lines(self, count: int) -> None:
        if count != self._most_lines:
            self._most_lines = count
            self._tell()
            self.update()

    @property
    def shown_text(self) -> str:
        return " ".join(self._lines())

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), max(len(self._lines()), 1) * self.fontMetrics().lineSpacing())

    def _lines(self) -> list[str]:
        """The lines as they are painted."""
        text, metrics, width = self.text(), self.fontMetrics(), self.contentsRect().width()
        layout = QTextLayout(text, self.font())
        layout.setTextOption(_AT_WORDS)
        layout.beginLayout()
        starts: list[int] = []
        while len(starts) < self._most_lines and (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            starts.append(line.textStart())
        layout.endLayout()
        ends = [*starts[1:], len(text)]
        return [
            metrics.elidedText(text[start:end].strip(), self._mode, width)
            for start, end in zip(starts, ends, strict=True)
        ]

    def _tell(self) -> None:
        super()._tell()
        # A layout knows no height that goes with a width of a panel that is as low as it can be.
        self.setMinimumHeight(self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        lines = "\n".join(self._lines())
        painter.drawText(self.contentsRect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, lines)


class ShortLabel(QLabel):
    """Plain words of which shorter ones stand where they do not fit; then the tool tip has all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._words = ("", "")

    def set_words(self, words: str, short: str) -> None:
        self._words = words, short
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance(short))
        self._choose()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._choose()

    def _choose(self) -> None:
        words, short = self._words
        fits = self.fontMetrics().horizontalAdvance(words) <= self.width()
        self.setText(words if fits else short)
        self.setToolTip("" if fits else plain_tip(words))


class WrappedLabel(QLabel):
    """Plain words over as many lines as they need, even in a splitter, which knows no height that goes with a width."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        super().setText(text)
        self._keep_whole()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_whole()

    def _keep_whole(self) -> None:
        self.setMinimumHeight(self.heightForWidth(self.width()))
