"""One quiet strip for what the window has to say: a sentence, at most one button, and it goes by itself."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app import icons
from app.theme import PADDING, PADDING_WIDE, SMALL_BUTTON_PX
from engine.errors import EngineError

Level = Literal["info", "warning", "error"]
INFO_MS = 6000
MOST_WAITING = 20
_ROLES = {"info": "accent", "warning": "warning", "error": "error"}


def in_words(error: BaseException) -> str:
    """What a person is told about an error: our own sentences as they stand, anything else named as our fault."""
    if isinstance(error, EngineError):
        return str(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for that. Close other programs or take a shorter part of the sound."
    return f"That failed in a way the program did not foresee ({type(error).__name__}). Nothing of yours was changed."


def and_more(sentences: Sequence[str]) -> str:
    """The first of some sentences, and how many there are besides: ``"… (2 more)"``; nothing for none."""
    rest = len(sentences) - 1
    return f"{sentences[0]} ({rest} more)" if rest > 0 else "".join(sentences)


class Refusals(EngineError):
    """Several things that did not work out, in one sentence; each with its own reason in the details."""

    def __init__(self, sentence: str, reasons: Iterable[str]) -> None:
        super().__init__(sentence)
        for reason in reasons:
            self.add_note(reason)


def details(error: BaseException) -> str:
    """The error with its trace, for a report."""
    return "".join(traceback.format_exception(error)).rstrip()


@dataclass(frozen=True, slots=True)
class _Message:
    level: Level
    text: str
    button: str = ""
    action: Callable[[], None] | None = None
    details: str = ""


class MessageBar(QWidget):
    """Hidden while there is nothing to say. An information leaves by itself; an error stays until it is closed.

    What comes later is shown first. Warnings and errors that it covers wait behind it and come back when it goes.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = QPushButton()
        self._button.setAccessibleName("Answer the message")
        self._copy = QPushButton("Copy details")
        self._copy.clicked.connect(self._copy_details)
        self._close = QToolButton()
        self._close.setIcon(icons.icon("close", "secondary"))
        self._close.setToolTip("Close this message")
        self._close.setFixedHeight(SMALL_BUTTON_PX)
        self._close.setAccessibleName("Close this message")
        self._close.clicked.connect(self.clear)
        for button in (self._button, self._copy, self._close):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(PADDING_WIDE, 4, PADDING, 4)
        row.setSpacing(PADDING)
        row.addWidget(self._icon)
        row.addWidget(self._text, 1)
        self._more = QToolButton()
        self._more.setProperty("role", "chip")
        self._more.setFixedHeight(SMALL_BUTTON_PX)
        self._more.setToolTip("Show the message before")
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.clicked.connect(self._show_earlier)
        for widget in (self._button, self._copy, self._more, self._close):
            row.addWidget(widget)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.clear)
        self._now: _Message | None = None
        self._earlier: list[_Message] = []
        self._button.clicked.connect(self._act)
        self.level: Level = "info"
        self.hide()

    @property
    def text(self) -> str:
        """What is said now; empty while hidden."""
        return self._text.text() if not self.isHidden() else ""

    def info(self, text: str, button: str = "", action: Callable[[], None] | None = None) -> None:
        """Say something that needs no answer; with a button it stays twice as long."""
        self._say(_Message("info", text, button, action))

    def warning(self, text: str, button: str = "", action: Callable[[], None] | None = None) -> None:
        """Say something that stays until it is closed."""
        self._say(_Message("warning", text, button, action))

    def error(self, error: BaseException | str, button: str = "", action: Callable[[], None] | None = None) -> None:
        """Say what went wrong; an exception can be copied with its trace."""
        if isinstance(error, str):
            self._say(_Message("error", error, button, action))
        else:
            self._say(_Message("error", in_words(error), button, action, details(error)))

    def clear(self) -> None:
        """Close the message; one that it covered comes back."""
        self._timer.stop()
        self._now = None
        if self._earlier:
            self._show(self._earlier.pop())
        else:
            self.hide()

    def _show_earlier(self) -> None:
        """Leaf through what waits; what was shown goes behind all of it."""
        if self._earlier:
            before, now = self._earlier.pop(), self._now
            if now is not None and now.level != "info":
                self._earlier.insert(0, now)
            self._show(before)

    def _say(self, message: _Message) -> None:
        # The same sentence twice is one message, in its later place.
        self._earlier = [m for m in self._earlier if m.text != message.text]
        if self._now is not None and self._now.level != "info" and self._now.text != message.text:
            self._earlier = [*self._earlier, self._now][-MOST_WAITING:]
        self._show(message)

    def _show(self, message: _Message) -> None:
        self._now = message
        self.level = message.level
        self.setProperty("level", message.level)
        self.style().polish(self)
        picture = icons.icon(message.level, _ROLES[message.level])
        self._icon.setPixmap(picture.pixmap(QSize(16, 16), self.devicePixelRatioF()))
        self._text.setText(message.text)
        self._button.setText(message.button)
        self._button.setAccessibleName(message.button or "Answer the message")
        self._button.setVisible(bool(message.button))
        self._copy.setVisible(bool(message.details))
        self._more.setText(f"{len(self._earlier)} more")
        self._more.setVisible(bool(self._earlier))
        self.setAccessibleName(message.text)
        self._timer.stop()
        if message.level == "info":
            self._timer.start(INFO_MS * (2 if message.button else 1))
        self.show()

    def _act(self) -> None:
        action = self._now.action if self._now is not None else None
        self.clear()
        if action is not None:
            action()

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._now.details if self._now is not None else "")
