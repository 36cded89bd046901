"""One quiet strip for what the window has to say: a sentence, at most one button, and it goes by itself."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QGuiApplication, QHideEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from app import icons
from app.theme import PADDING, PADDING_WIDE, SMALL_BUTTON_PX
from engine.errors import EngineError

Level = Literal["info", "warning", "error"]
INFO_MS = 6000
NOTICE_MS = 12_000
"""What has to be read, or offers something, stays so long."""
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
    stays: bool = False

    @property
    def shown_ms(self) -> int | None:
        """How long it is shown; ``None`` until it is closed."""
        if self.level == "info":
            return NOTICE_MS if self.button else INFO_MS
        return None if self.button or self.stays else NOTICE_MS

    @property
    def waits(self) -> bool:
        """Whether it comes back when what covered it has gone."""
        return self.level != "info" or bool(self.button)


class MessageBar(QWidget):
    """Hidden while there is nothing to say. What was said leaves by itself, but not while the mouse or the keyboard is
    on it or the program is behind another one. Trouble that offers a way out, faults of our own and what could not be
    written stay until they are closed.

    What comes later is shown first. What it covers waits behind it and comes back when it goes; a mere information
    does not.
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
        self._is_hovered = False
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._count)
        app.applicationStateChanged.connect(self._count)
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
        """Say something that needs no answer; with a button it stays twice as long, and comes back when covered."""
        self._say(_Message("info", text, button, action))

    def warning(self, text: str, button: str = "", action: Callable[[], None] | None = None) -> None:
        """Say something to be heeded; with a button it stays until it is closed."""
        self._say(_Message("warning", text, button, action))

    def error(
        self,
        error: BaseException | str,
        button: str = "",
        action: Callable[[], None] | None = None,
        *,
        stays: bool = False,
    ) -> None:
        """Say what went wrong; an exception can be copied with its trace.

        It stays until it is closed when it has a button, when nobody foresaw it, or when the caller says so.
        """
        if isinstance(error, str):
            self._say(_Message("error", error, button, action, stays=stays))
        else:
            stays = stays or not isinstance(error, EngineError | MemoryError)
            self._say(_Message("error", in_words(error), button, action, details(error), stays))

    def clear(self) -> None:
        """Close the message; one that it covered comes back."""
        self._timer.stop()
        self._now = None
        if self._earlier:
            self._show(self._earlier.pop())
        else:
            self.hide()

    def withdraw(self, text: str) -> None:
        """What was said is no longer so."""
        self._earlier = [message for message in self._earlier if message.text != text]
        if self._now is not None and self._now.text == text:
            self.clear()

    def _show_earlier(self) -> None:
        """Leaf through what waits; what was shown goes behind all of it."""
        if self._earlier:
            before, now = self._earlier.pop(), self._now
            if now is not None and now.waits:
                self._earlier.insert(0, now)
            self._show(before)

    def _say(self, message: _Message) -> None:
        # The same sentence twice is one message, in its later place; what was serious once is so still.
        same = [m for m in (self._now, *self._earlier) if m is not None and m.text == message.text]
        message = replace(message, stays=message.stays or any(m.stays for m in same))
        self._earlier = [m for m in self._earlier if m.text != message.text]
        if self._now is not None and self._now.waits and self._now.text != message.text:
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
        self.show()
        self._count()

    # -- leaving by itself -----------------------------------------------------------------------------------------

    def _count(self, *_: object) -> None:
        """Let the time run, from its beginning, or stand still while somebody is at the message or nobody there."""
        shown_ms = None if self._now is None else self._now.shown_ms
        if shown_ms is None or self._is_hovered or self._has_focus() or _is_behind():
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start(shown_ms)

    def _has_focus(self) -> bool:
        widget = QApplication.focusWidget()
        return widget is not None and self.isAncestorOf(widget)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._is_hovered = True
        self._count()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._is_hovered = False
        self._count()
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._is_hovered = False
        super().hideEvent(event)

    # -- buttons ---------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        action = self._now.action if self._now is not None else None
        self.clear()
        if action is not None:
            action()

    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(self._now.details if self._now is not None else "")


def _is_behind() -> bool:
    """Whether the person works in another program."""
    return QGuiApplication.applicationState() in (
        Qt.ApplicationState.ApplicationInactive,
        Qt.ApplicationState.ApplicationHidden,
        Qt.ApplicationState.ApplicationSuspended,
    )
