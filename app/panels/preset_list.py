"""The list of presets: how a row looks, and the keys and clicks by which presets are heard and loaded.

Arrow keys and single clicks let presets be heard, Return and double clicks load them. Who goes on to something else
keeps what was heard last; Escape goes back to what was there before.
"""

from __future__ import annotations

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFont,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app import icons
from app.controls.event_answers import EventAnswers
from app.panels.preset_model import (
    DETAIL_ROLE,
    ENTRY_ROLE,
    HEADING_ROLE,
    INSTRUMENTS,
    LOADED_ROLE,
    STAR_ROLE,
    Heading,
)
from app.theme import GRID, PADDING, PADDING_WIDE, SMALL_TEXT_PX, TEXT_PX, tokens
from engine.project.preset_index import Entry

ROW_PX = 26
STAR_PX = 14
BADGE_PX = 12
"""The picture of a preset's instrument before its name."""
_RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
Index = QModelIndex | QPersistentModelIndex


class PresetDelegate(QStyledItemDelegate):
    """Paints a row: a heading with its count, or a name with a quiet word and a star; edits the name in place."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        heading = index.data(HEADING_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if heading is not None:
            _paint_heading(painter, option, heading)
        else:
            _paint_preset(painter, option, index)
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = QLineEdit(parent)
        editor.setAccessibleName("New name of the preset")
        editor.setMaxLength(120)
        return editor

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        editor.setGeometry(option.rect.adjusted(PADDING_WIDE - 1, -1, -GRID, 1))


def star_box(row: QRect) -> QRect:
    """Where the star of a row is, with some room around it for the pointer."""
    return QRect(row.right() - STAR_PX - 2 * PADDING + 1, row.top(), STAR_PX + 2 * PADDING, row.height())


def _paint_heading(painter: QPainter, option: QStyleOptionViewItem, heading: Heading) -> None:
    theme, row = tokens(), option.rect
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    painter.setPen(QPen(QColor(theme.hairline), 1.0))
    painter.drawLine(row.topLeft(), row.topRight())
    middle = row.center().y() + 1
    arrow = QPolygonF([QPointF(-3.5, -2.0), QPointF(0.0, 2.0), QPointF(3.5, -2.0)])
    painter.save()
    painter.translate(row.left() + PADDING_WIDE, middle + 0.5)
    if not heading.is_open:
        painter.rotate(-90)
    painter.setPen(QPen(QColor(theme.text if hovered else theme.secondary), 1.5))
    painter.drawPolyline(arrow)
    painter.restore()
    font = QFont(option.font)
    font.setPixelSize(SMALL_TEXT_PX)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(QColor(theme.text if hovered else theme.secondary))
    words = row.adjusted(PADDING_WIDE + PADDING + GRID, 0, -PADDING_WIDE, 0)
    count = f"{heading.count:,}"
    room = words.width() - painter.fontMetrics().horizontalAdvance(count) - PADDING
    title = heading.title[:1].upper() + heading.title[1:]
    shown = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideMiddle, room)
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    font.setWeight(QFont.Weight.Normal)
    painter.setFont(font)
    painter.setPen(QColor(theme.secondary))
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)


def _paint_preset(painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
    theme, row = tokens(), option.rect
    entry = index.data(ENTRY_ROLE)
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
    loaded = index.data(LOADED_ROLE)
    if selected or hovered:
        painter.fillRect(row, QColor(theme.hover if selected else theme.control))
    if loaded:
        painter.fillRect(QRect(row.left(), row.top(), 3, row.height()), QColor(theme.accent))
    if selected and option.state & QStyle.StateFlag.State_HasFocus:
        painter.setPen(QPen(QColor(theme.accent), 1.0))
        painter.drawRect(QRectF(row).adjusted(0.5, 0.5, -0.5, -0.5))
    box = star_box(row)
    starred = index.data(STAR_ROLE)
    if starred or hovered or selected:
        place = QRect(box.center().x() - STAR_PX // 2 + 1, row.center().y() - STAR_PX // 2 + 1, STAR_PX, STAR_PX)
        icons.icon("star-on" if starred else "star", "accent" if starred else "secondary").paint(painter, place)
    words = row.adjusted(PADDING_WIDE + PADDING + GRID, 0, -box.width(), 0)
    if not entry.trouble and entry.synth in INSTRUMENTS:
        badge = QRect(words.left() - BADGE_PX - GRID + 1, row.center().y() - BADGE_PX // 2 + 1, BADGE_PX, BADGE_PX)
        icons.icon(f"synth-{entry.synth}", "accent" if loaded else "secondary").paint(painter, badge)
    if entry.trouble:
        mark = QRect(words.left(), row.center().y() - 6, STAR_PX, STAR_PX)
        icons.icon("warning", "warning").paint(painter, mark)
        words.setLeft(mark.right() + GRID)
    font = QFont(option.font)
    font.setPixelSize(TEXT_PX)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    name = f"{entry.name} *" if loaded == "edited" else entry.name
    painter.setPen(QColor(theme.secondary if entry.trouble else theme.accent if loaded else theme.text))
    shown = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, words.width())
    painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    detail = index.data(DETAIL_ROLE)
    room = words.width() - metrics.horizontalAdvance(name) - PADDING_WIDE
    if detail and room > 32:
        font.setPixelSize(SMALL_TEXT_PX)
        painter.setFont(font)
        painter.setPen(QColor(theme.secondary))
        shown = painter.fontMetrics().elidedText(detail, Qt.TextElideMode.ElideLeft, room)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, shown)


class PresetList(QTableView):
    """The rows of a :class:`app.panels.preset_model.PresetModel`.

    A table of one column: a list of Qt's asks the model for every row there is whenever the rows change.
    """

    auditioned = Signal(object)
    """An :class:`Entry` that the person moved to."""
    chosen = Signal(object)
    """An :class:`Entry` to load."""
    settled = Signal(object)
    """The keyboard went elsewhere after presets were heard; the last one."""
    cancelled = Signal()
    """Escape after presets were heard."""
    star_wanted = Signal(list, bool)
    """Keys of presets, and whether they shall be favourites."""
    group_clicked = Signal(str)
    delete_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(PresetDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.horizontalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(ROW_PX)
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalScrollBar().setSingleStep(ROW_PX)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setAccessibleName("Presets")
        EventAnswers(self, claims=self._wants)
        self._heard: Entry | None = None
        # Not ``activated``: where the platform activates with a single click that would load at once.
        self.doubleClicked.connect(self._on_double_click)

    def entry(self, index: Index) -> Entry | None:
        """The preset of a row."""
        entry: Entry | None = index.data(ENTRY_ROLE)
        return entry

    @property
    def current(self) -> Entry | None:
        return self.entry(self.currentIndex())

    def hear(self, index: QModelIndex) -> None:
        """Go to a row and let it be heard."""
        self.setCurrentIndex(index)
        self._audition(index)

    def show_row(self, row: int) -> None:
        """Make a row the current one and bring it into sight, without hearing it."""
        if row >= 0:
            self.setCurrentIndex(self.model().index(row, 0))
            self.scrollTo(self.currentIndex(), QAbstractItemView.ScrollHint.PositionAtCenter)

    # -- keys ------------------------------------------------------------------------------------------------------

    def _wants(self, event: QKeyEvent) -> bool:
        """Return loads a preset here, whatever it means in the window."""
        return event.key() in _RETURN and not event.modifiers() and self.current is not None

    def first(self) -> QModelIndex:
        """The first row that is a preset."""
        rows = (self.model().index(row, 0) for row in range(self.model().rowCount()))
        return next((index for index in rows if self.entry(index) is not None), QModelIndex())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            # Shown where the keys begin, and not heard by that.
            no_update = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.first(), no_update)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        before = self.currentIndex()
        if not before.isValid() and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.hear(self.first())
            return
        if event.key() in _RETURN:
            # What ends the edit of a name comes on here from its field, and loads nothing.
            if self.state() != self.State.EditingState:
                self._choose(before)
        elif event.key() == Qt.Key.Key_Escape:
            if self._heard is not None:
                self._heard = None
                self.cancelled.emit()
        elif event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not event.modifiers():
            self.delete_wanted.emit()
        elif event.text().strip() and not event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            # Letters are for whoever plays on the keyboard; names are searched in the field above.
            event.ignore()
        else:
            super().keyPressEvent(event)
            if self.currentIndex() != before and not event.matches(QKeySequence.StandardKey.SelectAll):
                self._audition(self.currentIndex())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # A menu over the list or another program's window is no choice of the person's.
        if event.reason() in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            return
        heard, self._heard = self._heard, None
        if heard is not None:
            self.settled.emit(heard)

    # -- pointer -----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton:
            heading = index.data(HEADING_ROLE)
            if heading is not None:
                self.group_clicked.emit(heading.title)
                return
            if self._is_on_star(event, index):
                entry = self.entry(index)
                assert entry is not None
                self.star_wanted.emit([entry.key], not index.data(STAR_ROLE))
                return
        super().mousePressEvent(event)
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if plain and self.entry(index) is not None:
            self._audition(index)

    def _is_on_star(self, event: QMouseEvent, index: QModelIndex) -> bool:
        at = event.position().toPoint()
        return self.entry(index) is not None and star_box(self.visualRect(index)).contains(at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.data(HEADING_ROLE) is not None or self._is_on_star(event, index):
            self.mousePressEvent(event)
            return
        super().mouseDoubleClickEvent(event)

    def _on_double_click(self, index: QModelIndex) -> None:
        self._choose(index)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _audition(self, index: QModelIndex) -> None:
        entry = self.entry(index)
        if entry is not None:
            self._heard = None if entry.trouble else entry
            self.auditioned.emit(entry)

    def _choose(self, index: QModelIndex) -> None:
        entry = self.entry(index)
        if entry is not None:
            self._heard = None
            self.chosen.emit(entry)
