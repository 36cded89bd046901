"""The rows of the preset browser: presets in groups, filtered as fast as one types.

A row is nothing but a reference into the index, made anew with every letter; views ask only for what they show, so ten
thousand presets cost as much to draw as ten.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.controls.plain import plain_tip
from engine.project.preset_index import Entry, Query, find, parse_query
from engine.project.preset_marks import Marks
from engine.project.presets import CATEGORIES

Index = QModelIndex | QPersistentModelIndex

ENTRY_ROLE = Qt.ItemDataRole.UserRole
"""The :class:`Entry` of a row, ``None`` for a heading."""
HEADING_ROLE = Qt.ItemDataRole.UserRole + 1
"""The :class:`Heading` of a row, ``None`` for a preset."""
DETAIL_ROLE = Qt.ItemDataRole.UserRole + 2
"""A few quiet words behind the name."""
STAR_ROLE = Qt.ItemDataRole.UserRole + 3
LOADED_ROLE = Qt.ItemDataRole.UserRole + 4
"""Empty, ``"loaded"`` for the preset that the live patch comes from, ``"edited"`` when that was changed since."""

GROUPS = {"kind": "Kind of sound", "folder": "Folder", "author": "Author", "synth": "Instrument", "none": "No groups"}
INSTRUMENTS = {"fm": "FM synthesizer", "impact": "Impact"}
SORTS = {"name": "Name", "newest": "Newest first"}
SHOWS = {"all": "All", "favourites": "Favourites", "recent": "Recent", "own": "Your own", "factory": "Factory"}
OTHER_KIND = "other"
MOST_MADE = 24
"""So many searches are remembered with their rows."""
_ROOT = QModelIndex()


@dataclass(frozen=True, slots=True)
class Heading:
    """The line above a group."""

    title: str
    count: int
    is_open: bool


class PresetModel(QAbstractListModel):
    """What is to be shown is set by properties; :meth:`rebuild` makes the rows."""

    rename_wanted = Signal(object, str)
    """An :class:`Entry` and what the person typed as its new name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.text = ""
        self.tags: tuple[str, ...] = ()
        self.show = "all"
        self.group = "kind"
        self.sort = "name"
        self.closed: set[str] = set()
        self.marks = Marks()
        self.n_found = 0
        self._entries: tuple[Entry, ...] = ()
        self._groups: dict[str, list[Entry]] | None = None
        self._made: OrderedDict[tuple[str, tuple[str, ...]], tuple[int, list[Entry | Heading]]] = OrderedDict()
        self._rows: list[Entry | Heading] = []
        self._loaded = ("", False)

    # -- what is shown ---------------------------------------------------------------------------------------------

    @property
    def n_entries(self) -> int:
        return len(self._entries)

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Other presets; call :meth:`rebuild` afterwards."""
        self._entries = tuple(entries)
        self._groups = None
        self._made.clear()

    def arrange(self, *, group: str | None = None, sort: str | None = None) -> None:
        """Other groups or another order; call :meth:`rebuild` afterwards."""
        self.group = group if group in GROUPS else self.group
        self.sort = sort if sort in SORTS else self.sort
        self._groups = None
        self._made.clear()

    def rebuild(self) -> None:
        """Make the rows for what is set now."""
        rows = self._make_rows()
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def fold(self, closed: Iterable[str]) -> None:
        """Fold up exactly these groups; call :meth:`rebuild` afterwards."""
        self.closed = set(closed)
        self._made.clear()

    def _in_groups(self) -> dict[str, list[Entry]]:
        """Every preset in the order of the list, by the titles of the groups."""
        if self._groups is None:
            groups: defaultdict[str, list[Entry]] = defaultdict(list)
            for entry in self._entries:
                groups[self._title(entry)].append(entry)
            for group in groups.values():
                # What is searched begins with the name in small letters; namesakes stay in the order of their keys.
                # By one string a preset, and not by a tuple: that takes a third of the time.
                group.sort(key=attrgetter("hay"))
                if self.sort == "newest":
                    group.sort(key=_newest_first)
            self._groups = {title: groups[title] for title in sorted(groups, key=self._rank)}
        return self._groups

    def _title(self, entry: Entry) -> str:
        if entry.trouble:
            return "cannot be used"
        if self.group == "kind":
            return entry.category or OTHER_KIND
        if self.group == "folder":
            return "Factory" if entry.is_factory else entry.folder or "Your own"
        if self.group == "author":
            return entry.author or "nobody named"
        if self.group == "synth":
            return INSTRUMENTS.get(entry.synth, entry.synth)
        return ""

    def _rank(self, title: str) -> tuple[int, str]:
        if self.group == "kind" and title in CATEGORIES:
            return CATEGORIES.index(title), ""
        last = title in (OTHER_KIND, "nobody named")
        return (300 if title == "cannot be used" else 200 if last else 100), title.casefold()

    def _candidates(self) -> list[Entry]:
        if self.show == "recent":
            by_key = {entry.key: entry for entry in self._entries}
            return [by_key[key] for key in self.marks.recent if key in by_key]
        entries = list(chain.from_iterable(self._in_groups().values()))
        if self.show == "favourites":
            return [entry for entry in entries if entry.key in self.marks.favourites]
        if self.show in ("own", "factory"):
            return [entry for entry in entries if entry.is_factory == (self.show == "factory")]
        return entries

    def _make_rows(self) -> list[Entry | Heading]:
        """The rows for what is set; what was made a moment ago (a letter taken back) is not made again."""
        if self.show != "all":
            return self._new_rows()
        what = (self.text, self.tags)
        if what not in self._made:
            rows = self._new_rows()
            self._made[what] = (self.n_found, rows)
            if len(self._made) > MOST_MADE:
                self._made.popitem(last=False)
        self._made.move_to_end(what)
        self.n_found, rows = self._made[what]
        return rows

    def _new_rows(self) -> list[Entry | Heading]:
        query = parse_query(self.text)
        found = self._candidates()
        if query or self.tags:
            found = find(found, Query((*query.words, *self.tags), query.fields))
        for tag in self.tags:
            found = [entry for entry in found if tag in entry.all_tags]
        self.n_found = len(found)
        if self.show == "recent":
            return list(found)
        # Whoever searches wants to see what was found, whatever is folded up.
        closed = set() if query or self.tags else self.closed
        whole = self.show == "all" and not query and not self.tags
        groups = self._in_groups().items() if whole else groupby(found, self._title)
        rows: list[Entry | Heading] = []
        for title, run in groups:
            group = list(run)
            if title:
                rows.append(Heading(title, len(group), title not in closed))
            if title not in closed:
                rows += group
        return rows

    # -- what the view asks ------------------------------------------------------------------------------------------

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        entry = self.entry(index.row())
        if entry is None:
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren
        return flags if entry.is_factory or entry.trouble else flags | Qt.ItemFlag.ItemIsEditable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._rows[index.row()] if 0 <= index.row() < len(self._rows) else None
        if isinstance(row, Heading):
            if role == HEADING_ROLE:
                return row
            return f"{row.title}, {row.count}" if role == Qt.ItemDataRole.DisplayRole else None
        if row is None:
            return None
        if role == ENTRY_ROLE:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return row.name
        if role == DETAIL_ROLE:
            return self._detail(row)
        if role == STAR_ROLE:
            return row.key in self.marks.favourites
        if role == LOADED_ROLE:
            key, edited = self._loaded
            return "" if row.key != key else "edited" if edited else "loaded"
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(tool_tip(row))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            star = ", favourite" if row.key in self.marks.favourites else ""
            return ", ".join((row.name, INSTRUMENTS.get(row.synth, row.synth), *row.all_tags)) + star
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        entry = self.entry(index.row())
        if entry is None or role != Qt.ItemDataRole.EditRole:
            return False
        self.rename_wanted.emit(entry, str(value))
        return True

    def _detail(self, entry: Entry) -> str:
        if self.group == "kind" and self.show != "recent":
            return entry.folder
        return entry.category

    # -- rows and presets ----------------------------------------------------------------------------------------------

    def entry(self, row: int) -> Entry | None:
        """The preset of a row; ``None`` for a heading and for rows that are not there."""
        found = self._rows[row] if 0 <= row < len(self._rows) else None
        return found if isinstance(found, Entry) else None

    def row_of(self, key: str) -> int:
        """The row of a preset, -1 when it is not shown."""
        return next((n for n, row in enumerate(self._rows) if isinstance(row, Entry) and row.key == key), -1)

    def near(self, row: int, reach: int = 4) -> list[Entry]:
        """The presets around a row, the nearest first."""
        steps = sorted(range(-reach, reach + 1), key=abs)
        return [entry for entry in (self.entry(row + step) for step in steps) if entry is not None]

    def set_loaded(self, key: str, edited: bool) -> None:
        """Which preset the live patch comes from, empty for none, and whether it was changed since."""
        before, self._loaded = self._loaded, (key, edited)
        for changed in {before[0], key} - {""} if before != self._loaded else ():
            self.tell(changed)

    def tell(self, key: str) -> None:
        """Something about one preset looks different now."""
        row = self.row_of(key)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))


def _newest_first(entry: Entry) -> int:
    return -entry.stamp[0]


def tool_tip(entry: Entry) -> str:
    """What is known about a preset, line by line."""
    if entry.trouble:
        return f"{entry.trouble}\n{entry.path}"
    lines = [entry.name, entry.about, ", ".join(entry.all_tags), f"by {entry.author}" if entry.author else ""]
    lines.append(INSTRUMENTS.get(entry.synth, entry.synth))
    lines.append("Came with the program" if entry.is_factory else entry.path)
    lines.append("Hear it with the arrow keys, load it with Return")
    return "\n".join(line for line in lines if line)


def entries_of(indexes: Iterable[Index]) -> list[Entry]:
    """The presets of some indexes, without the headings."""
    return [entry for entry in (index.data(ENTRY_ROLE) for index in indexes) if entry is not None]
