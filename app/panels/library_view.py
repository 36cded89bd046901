"""How the library looks: a row's picture, its two lines and its thumbnail, and the list that holds the rows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import (
    QAbstractItemModel,
    QLineF,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app import icons
from app.drop_in import local_paths
from app.panels.library_model import DETAIL_ROLE, ICON_ROLE, TAKE_ROLE, THUMBNAIL_COLUMNS, THUMBNAIL_ROLE
from app.theme import GRID, PADDING, SMALL_TEXT_PX, TEXT_PX, tokens

ROW_PX = 44
ICON_PX = 16
THUMBNAIL_PX = QSize(THUMBNAIL_COLUMNS, 16)

Index = QModelIndex | QPersistentModelIndex


class RowDelegate(QStyledItemDelegate):
    """Paints a row: icon, name over facts, thumbnail; edits the name in place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme = tokens()
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        row = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or hovered:
            painter.fillRect(row, QColor(theme.hover if selected else theme.control))
        if selected:
            painter.fillRect(QRect(row.left(), row.top(), 3, row.height()), QColor(theme.accent))
        if selected and option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.accent), 1.0))
            painter.drawRect(QRectF(row).adjusted(0.5, 0.5, -0.5, -0.5))
        take = index.data(TAKE_ROLE)
        missing = take is not None and take.missing
        role = "warning" if missing else "accent" if take is None else "secondary"
        icon_box = QRect(row.left() + PADDING + GRID, row.center().y() - ICON_PX // 2 + 1, ICON_PX, ICON_PX)
        icons.icon(index.data(ICON_ROLE), role).paint(painter, icon_box)
        words = _words_box(row)
        peaks = index.data(THUMBNAIL_ROLE)
        name_box = QRect(words.left(), row.top() + 4, words.width(), 20)
        detail_box = QRect(words.left(), row.top() + 23, words.width(), 16)
        # The whole first line belongs to the name; recordings differ at the ends of their names as often as elsewhere.
        _draw_line(painter, option.font, TEXT_PX, theme.text, name_box, index.data(), Qt.TextElideMode.ElideMiddle)
        _draw_line(
            painter,
            option.font,
            SMALL_TEXT_PX,
            theme.warning if missing else theme.secondary,
            detail_box,
            index.data(DETAIL_ROLE),
        )
        free = words.width() - painter.fontMetrics().horizontalAdvance(index.data(DETAIL_ROLE)) - GRID
        if peaks is not None and free >= THUMBNAIL_PX.width():
            corner = QPoint(words.right() + 1 - THUMBNAIL_PX.width(), detail_box.top())
            _draw_thumbnail(painter, QRectF(QRect(corner, THUMBNAIL_PX)), peaks)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("New name of the take")
        editor.setMaxLength(200)
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        box = _words_box(option.rect)
        editor.setGeometry(box.adjusted(GRID - PADDING - 1, 6, 0, -6))


class TakeList(QListView):
    """The list of takes. Dragging a row out, and the keys that a list of sounds has."""

    drag_wanted = Signal(object)
    """The index of the row that is being dragged."""
    remove_wanted = Signal()
    paths_pasted = Signal(list)
    """Files copied in a file manager and pasted here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(RowDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMinimumHeight(ROW_PX)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Takes")
        self._carrying = False

    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        index = self.currentIndex()
        if index.isValid() and index.flags() & Qt.ItemFlag.ItemIsDragEnabled:
            self._carrying = True
            self.drag_wanted.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._carrying = False
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        # While a drag waits for its file the pointer must not choose the rows that it passes.
        if self._carrying and event.buttons():
            return
        self._carrying = False
        super().mouseMoveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
            self.remove_wanted.emit()
            return
        if event.matches(QKeySequence.StandardKey.Paste):
            paths = local_paths(QGuiApplication.clipboard().mimeData())
            if paths:
                self.paths_pasted.emit(paths)
            return
        super().keyPressEvent(event)


def _words_box(row: QRect) -> QRect:
    return row.adjusted(PADDING + GRID + ICON_PX + PADDING, 0, -PADDING, 0)


def _draw_line(
    painter: QPainter,
    font: QFont,
    px: int,
    colour: str,
    box: QRect,
    text: str,
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
) -> None:
    sized = QFont(font)
    sized.setPixelSize(px)
    painter.setFont(sized)
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, elide, box.width())
    painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)


def _draw_thumbnail(painter: QPainter, box: QRectF, peaks) -> None:  # type: ignore[no-untyped-def]
    """``peaks`` ``[2, columns]``: one upright line for each column, at least a pixel high.

    Heights follow the root of the magnitude: quiet sounds keep a shape in these few pixels, loud ones stay larger.
    """
    middle, half = box.center().y(), box.height() / 2
    step = box.width() / peaks.shape[1]
    lines = []
    shape = np.sign(peaks) * np.sqrt(np.abs(peaks).clip(0.0, 1.0))
    for column, (low, high) in enumerate(shape.T.tolist()):
        x = box.left() + (column + 0.5) * step
        lines.append(QLineF(x, middle - max(high * half, 0.5), x, middle - min(low * half, -0.5)))
    pen = QPen(QColor(tokens().wave), max(step * 0.7, 0.7))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawLines(lines)
