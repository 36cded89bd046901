"""The command palette: every action with its key, found by typing a few letters of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.action_set import ActionSet
from app.actions import ACTIONS, BY_ID, Action, shortcut_text
from app.style import font
from app.theme import PADDING, PADDING_WIDE, SMALL_TEXT_PX, tokens

WIDTH_PX = 560
ROW_PX = 32
MAX_ROWS = 11
REASON_PX = 260
"""The group of an action and why it is grey find room in so much."""
MAX_RECENT = 6


@dataclass(frozen=True, slots=True)
class Match:
    """How well a text fits: higher is better; ``places`` are the letters that were found."""

    score: float
    places: tuple[int, ...]


def fuzzy(query: str, text: str) -> Match | None:
    """Find the letters of ``query`` in ``text`` in their order, preferring whole words and beginnings of words.

    >>> fuzzy("zs", "Zoom to the selection").places
    (0, 12)
    >>> fuzzy("xyz", "Zoom") is None
    True
    """
    wanted = [c for c in query.casefold() if not c.isspace()]
    low = text.casefold()
    if not wanted:
        return Match(0.0, ())
    # best[j] = (score, places) of the letters so far with the last one at place j
    best: dict[int, tuple[float, tuple[int, ...]]] = {-1: (0.0, ())}
    for letter in wanted:
        found: dict[int, tuple[float, tuple[int, ...]]] = {}
        for j, c in enumerate(low):
            if c != letter:
                continue
            at_word = j == 0 or not low[j - 1].isalnum()
            for last, (score, places) in best.items():
                if last >= j:
                    continue
                gain = 1.0 + (2.0 if at_word else 0.0) + (1.5 if places and last == j - 1 else 0.0)
                candidate = score + gain - 0.02 * (j - last)
                if j not in found or candidate > found[j][0]:
                    found[j] = (candidate, (*places, j))
        if not found:
            return None
        best = found
    score, places = max(best.values())
    return Match(score - 0.01 * len(low), places)


def search(query: str, recent: Sequence[str], actions: Sequence[Action] = ACTIONS) -> list[tuple[Action, Match]]:
    """The actions that fit, best first. Without a query: the recent ones, then all in the menus' order."""
    if not query.strip():
        first = [BY_ID[i] for i in recent if i in BY_ID]
        return [(a, Match(0.0, ())) for a in [*first, *(a for a in actions if a not in first)]]
    found: list[tuple[float, int, Action, Match]] = []
    for order, action in enumerate(actions):
        match = fuzzy(query, action.text)
        score = match.score if match else 0.0
        # What stands there as it was typed comes before letters that are found here and there.
        if any(w.startswith(query.casefold().strip()) for w in action.text.casefold().split()):
            score += 2.0 * len(query)
        # Other names count less than the text itself, and they are found as words, not as scattered letters.
        if any(w.startswith(query.casefold().strip()) for w in f"{action.words} {action.group}".casefold().split()):
            score = max(score, 2.0 + len(query) * 1.5)
        elif match is None:
            continue
        found.append((-score - (0.5 if action.id in recent else 0.0), order, action, match or Match(score, ())))
    found.sort(key=lambda f: f[:2])
    return [(action, match) for _, _, action, match in found]


class _Rows(QAbstractListModel):
    def __init__(self, actions: ActionSet, parent: QObject) -> None:
        super().__init__(parent)
        self.actions = actions
        self.rows: list[tuple[Action, Match]] = []

    def show(self, rows: list[tuple[Action, Match]]) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return len(self.rows)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        action, _ = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return action.text
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return "\n".join(filter(None, (action.help, self.actions.why_not(action.id))))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{action.text} {shortcut_text(action)}".strip()
        return None

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsSelectable
        if self.actions[self.rows[index.row()][0].id].isEnabled():
            flags |= Qt.ItemFlag.ItemIsEnabled
        return flags


class _RowPainter(QStyledItemDelegate):
    """Text with the found letters in the accent, the group in small print and the key at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(WIDTH_PX, ROW_PX)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, _Rows)
        action, match = model.rows[index.row()]
        theme = tokens()
        enabled = bool(model.flags(index) & Qt.ItemFlag.ItemIsEnabled)
        rect = option.rect.adjusted(PADDING // 2, 0, -PADDING // 2, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(rect, 4, 4)
        painter.setFont(font())
        metrics = QFontMetrics(painter.font())
        x = rect.left() + PADDING
        middle = Qt.AlignmentFlag.AlignVCenter
        for start, part in _runs(action.text, match.places):
            lit = enabled and start in match.places
            painter.setPen(QColor(theme.accent if lit else theme.text if enabled else theme.disabled))
            width = metrics.horizontalAdvance(part)
            painter.drawText(QRect(x, rect.top(), width + 2, rect.height()), middle, part)
            x += width
        checked = model.actions[action.id].isCheckable() and model.actions[action.id].isChecked()
        painter.setFont(font(SMALL_TEXT_PX))
        painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
        group = f"{action.group}  ·  on" if checked else action.group
        if reason := model.actions.why_not(action.id):
            # Readable: it is what somebody looks for who finds a row grey.
            painter.setPen(QColor(theme.secondary))
            group = f"{action.group}  ·  {reason}"
        painter.drawText(QRect(x + PADDING_WIDE, rect.top(), REASON_PX, rect.height()), middle, group)
        keys = shortcut_text(action)
        if keys:
            width = QFontMetrics(painter.font()).horizontalAdvance(keys) + 2 * PADDING
            chip = QRect(rect.right() - PADDING - width, rect.center().y() - 10, width, 20)
            painter.setPen(QColor(theme.hairline))
            painter.setBrush(QColor(theme.control))
            painter.drawRoundedRect(chip, 4, 4)
            painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, keys)
        painter.restore()


def _runs(text: str, places: tuple[int, ...]) -> list[tuple[int, str]]:
    """``text`` cut where found letters begin and end: each piece with the place of its first letter."""
    pieces: list[tuple[int, str]] = []
    for i, c in enumerate(text):
        if pieces and (i in places) == (pieces[-1][0] in places):
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + c)
        else:
            pieces.append((i, c))
    return pieces


class Palette(QFrame):
    """A sheet over the window: type to filter, arrows to choose, Return to do it, Esc or a click elsewhere to leave."""

    def __init__(self, actions: ActionSet, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self._actions = actions
        self.recent: list[str] = []
        self.used: Callable[[list[str]], None] = lambda recent: None
        self._before: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find an action")
        self.field.setAccessibleName("Find an action")
        self.field.textChanged.connect(self._filter)
        self.field.installEventFilter(self)
        self.rows = _Rows(actions, self)
        self.list = QListView()
        self.list.setModel(self.rows)
        self.list.setItemDelegate(_RowPainter(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self.list.clicked.connect(self._run)
        self.nothing = QLabel("No action fits. Try a shorter word.")
        self.nothing.setProperty("role", "secondary")
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.setFixedHeight(ROW_PX * 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, PADDING // 2)
        column.setSpacing(PADDING // 2)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        window.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Come up with an empty field and the recent actions first."""
        parent = self.parentWidget()
        self._before = parent.focusWidget()
        self.field.clear()
        self._filter("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def leave(self) -> None:
        """Go without doing anything; the focus returns to where it was."""
        if self.isHidden():
            return
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.PopupFocusReason)
        self._before = None

    def _filter(self, query: str) -> None:
        self.rows.show(search(query, self.recent))
        if self.rows.rows:
            self.list.setCurrentIndex(self.rows.index(0))
        self.list.setVisible(bool(self.rows.rows))
        self.nothing.setVisible(not self.rows.rows)
        self._place()

    def _place(self) -> None:
        parent = self.parentWidget()
        width = min(WIDTH_PX, parent.width() - 2 * PADDING_WIDE)
        fit = max(3, (parent.height() - 120) // ROW_PX)
        self.list.setFixedHeight(ROW_PX * min(len(self.rows.rows), MAX_ROWS, fit))
        self.setFixedWidth(width)
        self.adjustSize()
        self.move((parent.width() - width) // 2, 44)

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        action = self.rows.rows[index.row()][0]
        if not self._actions[action.id].isEnabled():
            return
        self.leave()
        if action.id != "view.palette":
            self.recent = [action.id, *(i for i in self.recent if i != action.id)][:MAX_RECENT]
            self.used(self.recent)
            self._actions[action.id].trigger()

    def _step(self, by: int) -> None:
        count = len(self.rows.rows)
        if count:
            row = (self.list.currentIndex().row() + by) % count
            self.list.setCurrentIndex(self.rows.index(row))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field:
            if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._key(event)
            if event.type() == QEvent.Type.FocusOut and self.isVisible() and self.window().isActiveWindow():
                self.leave()
        elif event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.leave()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._step(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
            rows = len(self.rows.rows)
            row = self.list.currentIndex().row() + (MAX_ROWS if key == Qt.Key.Key_PageDown else -MAX_ROWS)
            if rows:
                self.list.setCurrentIndex(self.rows.index(min(max(row, 0), rows - 1)))
        else:
            return False
        return True
