"""An on-screen piano to choose a note and hear it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.actions import BY_ID, shortcut_text
from app.controls.event_answers import EventAnswers
from app.controls.knob_paint import figures, focus_ring, wash
from app.theme import tokens
from engine.params.note import NOTE, VELOCITY
from engine.params.text import note_name

WHITE = (0, 2, 4, 5, 7, 9, 11)
BLACK_AFTER = {1: 1, 3: 2, 6: 4, 8: 5, 10: 6}
"""Pitch class of each black key: how many white keys of the octave lie to its left."""
WHITE_KEY_PX = 20
MIN_OCTAVES, MAX_OCTAVES = 2, 4
LOWEST, HIGHEST = round(NOTE.low), round(NOTE.high)
BLACK_HEIGHT = 0.62
NAMES_PX = 14
"""The strip above the keys that names the octaves while letters stand on the keys."""
BLACK_WIDTH = 0.6
NARROWEST = 70
"""So many hundredths of its width a letter keeps on a narrow key."""
DEFAULT_VELOCITY = round(VELOCITY.default)


class Piano(QWidget):
    """Two to four octaves, as many as fit.

    Pressing a key emits ``note_on(key, velocity)``, with a velocity that grows towards the key's front edge; sliding
    onto another key plays that one, which goes down before the other comes up, so that one voice alone glides. The
    arrow keys move the mark by a semitone and an octave, Enter plays it. Keys that somebody else plays are lit too.
    Keys with letters on them stay in view: then the wheel asks for other octaves of the letters.
    """

    note_on = Signal(int, int)
    note_off = Signal(int)
    approached = Signal()
    """The mouse came near, or the keyboard: somebody may be about to play."""
    letters_turned = Signal(int)
    """The letters should stand so many octaves higher."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = round(NOTE.default)
        self._low = 48
        self._sounding: int | None = None
        self._by_key = False
        self._hovered: int | None = None
        self._lit: frozenset[int] = frozenset()
        self._letters: dict[int, str] = {}
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Piano")
        EventAnswers(self, claims=self._wants)
        self.setToolTip(
            "Press to play; nearer the front edge is louder. The wheel moves by octaves.\n"
            "Keys: arrows choose a note, Enter plays it. "
            f"{shortcut_text(BY_ID['play.keyboard'])} plays with the letters."
        )
        self._describe()

    def sizeHint(self) -> QSize:
        return QSize(420, 56)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 48)

    @property
    def note(self) -> int:
        """The marked key, as in MIDI."""
        return self._note

    def set_note(self, note: int) -> None:
        """Mark a key, and bring it into view, without a signal."""
        note = min(max(note, LOWEST), HIGHEST)
        if note != self._note:
            self._note = note
            self._describe()
        self._show_note()
        self.update()

    def set_lit(self, notes: frozenset[int]) -> None:
        """Show which keys are down, whoever plays them."""
        if notes != self._lit:
            if any(note in self._letters for note in notes - self._lit):
                self._show_letters()  # an arrow key may have gone elsewhere
            self._lit = notes
            self.update()

    def set_letters(self, letters: dict[int, str]) -> None:
        """Print on the keys which letter of the computer's keyboard plays them; an empty mapping for none.

        They come into view, and the octaves are named above them.
        """
        if letters != self._letters:
            self._letters = letters
            self._show_letters()
            self.update()

    @property
    def octaves(self) -> int:
        """How many octaves are visible."""
        return min(max(round(self.width() / (7 * WHITE_KEY_PX)), MIN_OCTAVES), MAX_OCTAVES)

    @property
    def low(self) -> int:
        """The lowest visible key, always a C."""
        return self._low

    def key_rect(self, note: int) -> QRectF:
        """Where a visible key is drawn."""
        octave, pitch = divmod(note - self._low, 12)
        width, top = self.width() / (self.octaves * 7), self._top
        height = self.height() - top
        if pitch in BLACK_AFTER:
            middle = (octave * 7 + BLACK_AFTER[pitch]) * width
            return QRectF(middle - width * BLACK_WIDTH / 2, top, width * BLACK_WIDTH, height * BLACK_HEIGHT)
        return QRectF((octave * 7 + WHITE.index(pitch)) * width, top, width, height)

    def key_at(self, x: float, y: float) -> int | None:
        """The key under a point; black keys lie on top."""
        notes, y = self._visible(), max(y, self._top)
        for black in (True, False):
            for note in notes:
                if (note % 12 in BLACK_AFTER) == black and self.key_rect(note).contains(x, y):
                    return note
        return None

    @property
    def _top(self) -> int:
        """Where the keys begin."""
        return NAMES_PX if self._letters else 0

    def _visible(self) -> range:
        return range(self._low, min(self._low + 12 * self.octaves, HIGHEST + 1))

    def _show_note(self) -> None:
        if self._note not in self._visible():
            low = (self._note // 12 - self.octaves // 2) * 12
            self._move_to(low)
            if self._note in self._letters or not self.hasFocus():
                self._show_letters()

    def _show_letters(self) -> None:
        """Bring all letters into view with the least movement; two octaves hold them when they begin with a C."""
        if self._letters:
            first, last = min(self._letters), min(max(self._letters), HIGHEST)
            self._move_to(min(max(self._low, (last // 12 + 1 - self.octaves) * 12), first // 12 * 12))

    def _move_to(self, low: int) -> None:
        highest = (HIGHEST // 12 + 1 - self.octaves) * 12
        self._low = min(max(low, LOWEST), highest)
        self.update()

    def _describe(self) -> None:
        self.setAccessibleDescription(note_name(self._note))

    # Mouse

    def _press(self, note: int, velocity: int) -> None:
        before, self._sounding = self._sounding, note
        self._by_key = False
        self.set_note(note)
        self.note_on.emit(note, velocity)
        if before is not None:
            self.note_off.emit(before)

    def _release(self) -> None:
        note, self._sounding = self._sounding, None
        self._by_key = False
        if note is not None:
            self.update()
            self.note_off.emit(note)

    def _velocity(self, note: int, y: float) -> int:
        box = self.key_rect(note)
        share = max(y - box.top(), 0.0) / max(box.height() - 1, 1.0)
        return round(VELOCITY.clamp(share * VELOCITY.high))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            here = event.position()
            note = self.key_at(here.x(), here.y())
            if note is not None:
                self._press(note, self._velocity(note, here.y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        # A quick second tap is a second note.
        self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        here = event.position()
        note = self.key_at(here.x(), here.y())
        if note != self._hovered:
            self._hovered = note
            self.update()
        if event.buttons() & Qt.MouseButton.LeftButton and note is not None and note != self._sounding:
            self._press(note, self._velocity(note, here.y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._release()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.approached.emit()
        super().enterEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        self._release()
        super().hideEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = None
        self.update()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta().y() or event.angleDelta().x()
        if turn and self._letters:
            self.letters_turned.emit(1 if turn > 0 else -1)
        elif turn:
            self._move_to(self._low + (12 if turn > 0 else -12))
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._move_to(self._low)
        self._show_note()
        self._show_letters()

    # Keys

    def _wants(self, event: QKeyEvent) -> bool:
        plain = not event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        return plain and (event.key() in _STEPS or event.key() in _PLAY)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._wants(event):
            super().keyPressEvent(event)
        elif event.key() in _STEPS:
            self.set_note(self._note + _STEPS[Qt.Key(event.key())])
        elif not event.isAutoRepeat():
            self._press(self._note, DEFAULT_VELOCITY)
            self._by_key = True

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in _PLAY and self._by_key and not event.isAutoRepeat():
            self._release()
        else:
            super().keyReleaseEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.approached.emit()
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._release()
        self.update()
        super().focusOutEvent(event)

    # Picture

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = tokens()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(figures(self))
        # Dimmed in the dark: the sound is to be the brightest thing on the screen.
        ivory, ebony = (theme.secondary, theme.window) if theme.name == "dark" else (theme.control, theme.text)
        painter.setClipRect(0, self._top, self.width(), self.height())
        for black in (False, True):
            for note in self._visible():
                if (note % 12 in BLACK_AFTER) == black:
                    self._paint_key(painter, note, ebony if black else ivory)
        painter.setClipping(False)
        if self._letters:
            self._paint_names(painter)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()))

    def _paint_names(self, painter: QPainter) -> None:
        painter.setPen(QColor(tokens().secondary))
        for note in range(self._low, self._visible().stop, 12):
            left = self.key_rect(note).left()
            room = QRectF(left + 2, 0, self.width(), NAMES_PX - 1)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, note_name(note))

    def _paint_key(self, painter: QPainter, note: int, colour: str) -> None:
        theme = tokens()
        black = note % 12 in BLACK_AFTER
        box = self.key_rect(note).adjusted(0.5, -3, -0.5, -0.5)
        lit = note == self._sounding or note in self._lit
        painter.setPen(QColor(theme.hairline))
        painter.setBrush(QColor(theme.accent if lit else colour))
        painter.drawRoundedRect(box, 2, 2)
        if not lit and note in (self._hovered, self._note):
            painter.setBrush(wash(theme.accent, 0.5 if note == self._note else 0.35))
            painter.drawRoundedRect(box, 2, 2)
        words = self._letters.get(note, "" if note % 12 or self._letters else note_name(note))
        if words:
            on_dark = black and not lit and theme.name == "dark"
            marked = not lit and note == self._note
            resting = theme.text if marked else theme.secondary
            pen = theme.text if on_dark else theme.on_accent if lit or theme.name == "dark" else resting
            painter.setPen(QColor(theme.panel if black and not lit and theme.name != "dark" else pen))
            painter.setFont(self._letter_font(words, box.width() - 2) if self._letters else figures(self))
            foot = QRectF(box.left() - 2, box.bottom() - 18, box.width() + 4, 16)
            painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, words)

    def _letter_font(self, letter: str, width: float) -> QFont:
        """The usual one, narrowed where a letter is wider than its key."""
        font = figures(self)
        needed = QFontMetricsF(font).horizontalAdvance(letter)
        if needed > width:
            font.setStretch(max(round(100 * width / needed), NARROWEST))
        return font


_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -12, Qt.Key.Key_Up: 12}
_PLAY = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
