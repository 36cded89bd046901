"""The library's rows as a Qt model: the live patch first, then the takes, kept in step with the document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)

from app.controls.plain import plain_tip
from app.document import Document
from engine.audio import Clip
from engine.params import SYNTH_WORDS, Patch
from engine.project.take import ORIGINS, MissingSource, Take

if TYPE_CHECKING:
    from engine.audio.pyramid import Pyramid

Index = QModelIndex | QPersistentModelIndex

TAKE_ROLE = Qt.ItemDataRole.UserRole
"""The :class:`Take` of a row, ``None`` for the live patch."""
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 1
"""The second line of a row."""
ICON_ROLE = Qt.ItemDataRole.UserRole + 2
"""The icon's name."""
THUMBNAIL_ROLE = Qt.ItemDataRole.UserRole + 3
"""Extremes ``[2, THUMBNAIL_COLUMNS]`` of the sound, or ``None`` while they are not known."""

THUMBNAIL_COLUMNS = 48
LIVE_ROW = 0
_ROOT = QModelIndex()


def live_name(patch: Patch) -> str:
    """What the row of the live patch is called."""
    return f"Live {SYNTH_WORDS[patch.synth]} patch"


class LibraryModel(QAbstractListModel):
    """Row 0 is the live patch; row ``n`` is take ``n - 1`` of the document."""

    thumbnail_wanted = Signal(object)
    """A :class:`Clip` whose row is being looked at, once; :meth:`set_pyramid` answers."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._takes: list[Take] = list(document.takes)
        self._live: Clip | None = None
        self.following = False
        """Whether rows come and go now, so that a view that moves its current row does so by itself."""
        self._thumbnails: dict[int, NDArray[np.float32]] = {}
        self._asked: set[int] = set()
        self._wishes: list[Clip] = []
        # Never in the middle of a repaint, which is when a row is asked for its picture.
        self._wish = QTimer(self, singleShot=True, interval=0)
        self._wish.timeout.connect(self._tell_wishes)
        document.takes_changed.connect(self._follow)
        document.patch_changed.connect(self._on_patch)

    # -- what views ask ---------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else 1 + len(self._takes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        take = self.take(index.row())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return self._live_name if take is None else take.name
            case Qt.ItemDataRole.ToolTipRole:
                return "The instrument itself, as its knobs stand" if take is None else tool_tip(take)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{self._live_name if take is None else take.name}, {self._detail(take)}"
        if role == TAKE_ROLE:
            return take
        if role == DETAIL_ROLE:
            return self._detail(take)
        if role == ICON_ROLE:
            return icon_name(take)
        if role == THUMBNAIL_ROLE:
            return self._live_thumbnail() if take is None else self._thumbnail(take.clip)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if not index.isValid():
            return flags
        if self.take(index.row()) is None:
            return flags | Qt.ItemFlag.ItemIsDragEnabled if self._live is not None else flags
        return flags | Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        take = self.take(index.row())
        if take is None or role != Qt.ItemDataRole.EditRole or not str(value).strip():
            return False
        self._document.rename_take(take.id, str(value))
        return True

    # -- what the panel asks ----------------------------------------------------------------------------------------

    def take(self, row: int) -> Take | None:
        """The take of a row; ``None`` is the live patch (and every row that is not there)."""
        return self._takes[row - 1] if 0 < row <= len(self._takes) else None

    def clip(self, row: int) -> Clip | None:
        """What a row sounds like, as far as it is known."""
        take = self.take(row)
        return self._live if take is None else take.clip

    def row_of(self, take_id: str | None) -> int:
        """The row of a take, or of the live patch for ``None``; -1 when there is no such take."""
        if take_id is None:
            return LIVE_ROW
        return next((row for row, take in enumerate(self._takes, 1) if take.id == take_id), -1)

    def set_live_clip(self, clip: Clip | None) -> None:
        """What the live patch sounds like now."""
        if self._live is not None:
            self._thumbnails.pop(id(self._live.source), None)
        self._live = clip
        self._tell(LIVE_ROW)

    def set_pyramid(self, clip: Clip, pyramid: Pyramid) -> None:
        """Draw a thumbnail from what is known of a clip by now."""
        for row in range(self.rowCount()):
            held = self.clip(row)
            if held is not None and held.source is clip.source:
                self._thumbnails[id(clip.source)] = thumbnail(pyramid)
                self._tell(row)

    @property
    def _live_name(self) -> str:
        return live_name(self._document.patch)

    # -- inside -----------------------------------------------------------------------------------------------------

    def _live_thumbnail(self) -> NDArray[np.float32] | None:
        return None if self._live is None else self._thumbnails.get(id(self._live.source))

    def _thumbnail(self, clip: Clip) -> NDArray[np.float32] | None:
        key = id(clip.source)
        if key not in self._thumbnails and key not in self._asked and not isinstance(clip.source, MissingSource):
            self._asked.add(key)
            self._wishes.append(clip)
            self._wish.start()
        return self._thumbnails.get(key)

    def _tell_wishes(self) -> None:
        wishes, self._wishes = self._wishes, []
        for clip in wishes:
            self.thumbnail_wanted.emit(clip)

    def _detail(self, take: Take | None) -> str:
        if take is None:
            return self._document.patch.name or "Shape it in its panel"
        return "The file is missing" if take.missing else facts(take.clip)

    def _on_patch(self) -> None:
        self._tell(LIVE_ROW)

    def _tell(self, row: int) -> None:
        self.dataChanged.emit(self.index(row), self.index(row))

    def _follow(self) -> None:
        self.following = True
        try:
            self._become_the_takes()
        finally:
            self.following = False

    def _become_the_takes(self) -> None:
        """Become the document's takes in as few row changes as there were, so that a view keeps its place."""
        now = list(self._document.takes)
        wanted = {take.id: take for take in now}
        for row in reversed([i for i, take in enumerate(self._takes) if take.id not in wanted]):
            self.beginRemoveRows(_ROOT, row + 1, row + 1)
            gone = self._takes.pop(row)
            self._thumbnails.pop(id(gone.clip.source), None)
            self._asked.discard(id(gone.clip.source))
            self.endRemoveRows()
        known = {take.id for take in self._takes}
        if [take.id for take in self._takes] != [take.id for take in now if take.id in known]:
            self.beginResetModel()
            self._takes = now
            self.endResetModel()
            return
        start = 0
        while start < len(now):
            end = start
            while end < len(now) and now[end].id not in known:
                end += 1
            if end > start:
                self.beginInsertRows(_ROOT, start + 1, end)
                self._takes[start:start] = now[start:end]
                self.endInsertRows()
            elif self._takes[start] is not now[start]:
                self._takes[start] = now[start]
                self._tell(start + 1)
            start = max(end, start + 1)


class LibraryFilter(QSortFilterProxyModel):
    """Shows the takes whose name, origin or words contain what was typed; the live patch always stays."""

    def __init__(self, model: LibraryModel) -> None:
        super().__init__(model)
        self.setSourceModel(model)
        self._words: list[str] = []

    def search(self, text: str) -> None:
        """Every word has to be found somewhere."""
        self.beginFilterChange()
        self._words = text.casefold().split()
        self.endFilterChange(QSortFilterProxyModel.Direction.Rows)

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        model = self.sourceModel()
        assert isinstance(model, LibraryModel)
        take = model.take(row)
        if take is None:
            return True
        path = take.clip.path
        hay = f"{take.name} {take.prompt} {ORIGINS.get(take.origin, '')} {path.name if path else ''}".casefold()
        return all(word in hay for word in self._words)


_ICONS = {
    "render": "take-render",
    "gesture": "take-render",
    "part": "take-part",
    "tune": "take-render",
    "imagine": "take-words",
}


def icon_name(take: Take | None) -> str:
    """The picture of where a take comes from."""
    if take is None:
        return "patch-live"
    if take.missing:
        return "warning"
    return _ICONS.get(take.origin, "take-file")


def facts(clip: Clip) -> str:
    """Length, rate and channels in one line: ``1.23 s · 48 kHz · stereo``."""
    return f"{length_text(clip.duration_s)} · {clip.sample_rate / 1000:g} kHz · {channels_text(clip.channels)}"


def length_text(seconds: float) -> str:
    """A length as people say it: ``250 ms``, ``1.23 s``, ``4:05``, ``1:02:03``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def channels_text(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def tool_tip(take: Take) -> str:
    """Everything known about a take, line by line."""
    lines = [take.name, ORIGINS.get(take.origin, take.origin)]
    if isinstance(take.clip.source, MissingSource):
        lines.append(take.clip.source.reason)
    else:
        lines.append(f"{facts(take.clip)} · {take.clip.format} {take.clip.subtype}")
        if take.clip.notice:
            lines.append(take.clip.notice)
    if take.prompt:
        lines.append(f"“{take.prompt}”")
    if take.clip.path is not None:
        lines.append(str(take.clip.path))
    lines.append(take.created.astimezone().strftime("%Y-%m-%d %H:%M"))
    return plain_tip("\n".join(lines))


def thumbnail(pyramid: Pyramid) -> NDArray[np.float32]:
    """Smallest and largest value of all channels in :data:`THUMBNAIL_COLUMNS` columns: ``[2, columns]``."""
    blocks = pyramid.columns(np.linspace(0.0, pyramid.n_frames, THUMBNAIL_COLUMNS + 1))
    return np.stack([blocks[:, 0].min(axis=0), blocks[:, 1].max(axis=0)])
