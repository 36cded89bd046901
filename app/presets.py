"""The presets as the window sees them: what there is, which one the live patch came from, and everything done to them.

The list of files is read by a job after the first frame, and again whenever the window comes to the front or somebody
asks; what changed since the last start is all that is opened. Reading a patch is a job too, begun before it is needed:
the neighbours of the row that the person stands on are read ahead, so an arrow key is heard at once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication

from app.chosen import choose
from app.document import Document
from app.kept_marks import KeptMarks
from app.preset_files import PresetFiles
from app.preset_reader import PresetReader, read_body
from app.preset_sources import PresetSources, is_same
from app.submit import Submit, run_here
from engine.params import Patch
from engine.project.preset_index import SUFFIX, Entry
from engine.project.preset_library import index_steps
from engine.project.preset_marks import Marks
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset

CALM_S = 2.0
"""Coming back to the window looks for changed files at most this often."""
MOST_BROUGHT = 64


class Presets(QObject):
    """``submit`` runs the jobs; ``store`` says where the files are."""

    entries_changed = Signal()
    """There are other presets, or the same with other names or tags."""
    marks_changed = Signal()
    loaded_changed = Signal()
    """The live patch comes from another preset than before, or differs from it now, or no longer."""
    auditioned = Signal(object)
    """A :class:`Patch` to hear: it is loaded when the list is left or it is chosen, and taken back by Escape."""
    shown = Signal(object)
    """The keys of new presets that the person should see."""
    message = Signal(str)
    trouble = Signal(object)
    """An error, or a sentence about one."""

    def __init__(
        self,
        document: Document,
        parent: QObject | None = None,
        *,
        submit: Submit = run_here,
        store: PresetStore | None = None,
    ) -> None:
        super().__init__(parent)
        self._document = document
        self._submit = submit
        self.store = store or PresetStore()
        self.entries: tuple[Entry, ...] = ()
        self._marks = KeptMarks(self, self.store, submit)
        self._marks.changed.connect(self.marks_changed)
        self._marks.trouble.connect(self.trouble)
        self.is_ready = False
        self.loaded: Entry | None = None
        """The preset that the live patch came from."""
        self.edited = False
        """Whether the live patch is no longer what is in its file."""
        self._brought: list[Preset] = []
        self._told_name = self.live_name
        self._by_key: dict[str, Entry] = {}
        self._sources = PresetSources()
        self.reader = PresetReader(self, submit)
        self.reader.failed.connect(self._on_not_read)
        self._scanning = False
        self._again = False
        self._meanwhile: dict[str, Entry | None] = {}
        """What our own hand put (or, with ``None``, took away) since the scan began that runs now."""
        self._scanned_at = 0.0
        self._closed = False
        self.files = PresetFiles(self, document, self.store, submit)
        self.files.message.connect(self.message)
        self.files.trouble.connect(self.trouble)
        document.patch_changed.connect(lambda patch, _why: self._follow(patch))

    # -- what there is ---------------------------------------------------------------------------------------------

    @property
    def marks(self) -> Marks:
        return self._marks.value

    @property
    def live_name(self) -> str:
        """What to call the live patch."""
        return self._document.patch.name or "Unnamed patch"

    def entry(self, key: str) -> Entry | None:
        """The preset of that key."""
        return self._by_key.get(key)

    def start(self, app: QGuiApplication) -> None:
        """Look at the files for the first time, and from now on whenever the program comes to the front."""
        app.applicationStateChanged.connect(self._on_state)
        self.refresh()

    def _on_state(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive and not self._closed:
            self.refresh(calm=True)

    def refresh(self, *, calm: bool = False) -> None:
        """Look at the files again; with ``calm`` not when that was done a moment ago."""
        if calm and time.monotonic() - self._scanned_at < CALM_S:
            return
        if self._scanning:
            self._again = True
            return
        self._scanning = True
        self._meanwhile = {}
        stamp = self._marks.stamp()
        known = dict(self._by_key) if self.is_ready else None
        store = self.store
        self._submit(
            lambda: index_steps(store, known),
            title="Look for presets",
            quiet=True,
            done=lambda found: self._on_scanned(found, stamp),
            failed=self._on_not_scanned,
        )

    def _on_scanned(self, found: tuple[tuple[Entry, ...], Marks, str], stamp: int | None) -> None:
        self._scanning = False
        self._scanned_at = time.monotonic()
        entries, marks, notice = found
        self._marks.take(marks, stamp)
        first, self.is_ready = not self.is_ready, True
        if self._meanwhile:
            # The scan may have passed there before it happened; the next one will not have.
            by_key = {entry.key: entry for entry in entries} | self._meanwhile
            entries = tuple(by_key[key] for key in sorted(by_key) if by_key[key] is not None)
            self._again = True
        if self.marks is not marks or self._meanwhile:
            entries = self.marks.on(entries)
        if first or entries != self.entries:
            self._set_entries(entries)
        self.marks_changed.emit()
        if notice:
            self.trouble.emit(notice)
        self.follow()
        if self._again:
            self._again = False
            self.refresh()

    def _on_not_scanned(self, error: Exception) -> None:
        self._scanning = self._again = False
        if not self._closed:
            self.trouble.emit(error)

    def _set_entries(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_key = {entry.key: entry for entry in self.entries}
        self._sources.forget_vain()
        self.entries_changed.emit()
        self.follow()

    def put(self, new: Sequence[Entry], gone: Iterable[str] = ()) -> None:
        """Some entries came, changed or went, by our own hand."""
        put = {entry.key: entry for entry in self.marks.on(new)}
        gone = set(gone) - set(put)
        by_key = {**self._by_key, **put}
        for key in gone:
            by_key.pop(key, None)
            self.reader.forget(key)
        if self._scanning:
            self._meanwhile |= {**put, **dict.fromkeys(gone)}
        self._set_entries(by_key[key] for key in sorted(by_key))

    def _on_not_read(self, error: Exception) -> None:
        """The file has gone or was damaged: the list shows what is there now."""
        self.trouble.emit(error)
        self.refresh()

    # -- hearing and loading ---------------------------------------------------------------------------------------

    def audition(self, entry: Entry) -> None:
        """Hear a preset; nothing is loaded yet."""
        if entry.trouble:
            self.reader.forget_wish()
            self.message.emit(entry.trouble)
            return
        self.reader.read(entry, lambda preset: self._hear(entry, preset))

    def _hear(self, entry: Entry, preset: Preset) -> None:
        self._sources.remember(entry.key, preset.patch)
        self.auditioned.emit(preset.patch)

    def load(self, entry: Entry) -> None:
        """Make a preset the live patch: one undo step."""
        if entry.trouble:
            self.trouble.emit(entry.trouble)
            return
        self.reader.read(entry, lambda preset: self._load(entry, preset))

    def _load(self, entry: Entry, preset: Preset) -> None:
        self._sources.remember(entry.key, preset.patch)
        self._document.load_patch(preset.patch, f"Load “{preset.name}”")
        self.follow()
        self._use(entry.key)

    def settle(self, entry: Entry) -> None:
        """Whoever heard ``entry`` last went on to something else: it stays."""
        if self.reader.waits_for(entry):
            self.load(entry)
            return
        self._document.commit(f"Load “{entry.name}”")
        self._use(entry.key)

    def cancel(self) -> None:
        """Go back to what was there before presets were heard."""
        self.reader.forget_wish()
        self._document.revert()

    def revert(self) -> None:
        """Back to the preset as it is in its file: one undo step."""
        if self.loaded is not None:
            self.load(self.loaded)

    def follow(self) -> None:
        """Find out anew where the live patch comes from."""
        self._follow(self._document.patch)

    def _follow(self, patch: Patch) -> None:
        """Find out which preset the live patch comes from (it keeps the name) and whether it was edited since."""
        before, self._told_name = (self.loaded, self.edited, self._told_name), self.live_name
        sources = self._sources.of(patch)
        there = [key for key in reversed(sources) if key in self._by_key]
        key = next((key for key in there if is_same(sources[key], patch)), there[0] if there else None)
        self.loaded = self._by_key[key] if key is not None else None
        self.edited = key is not None and not is_same(sources[key], patch)
        if patch.name and self.is_ready and patch not in self._sources:
            self._look_up(patch)
        if (self.loaded, self.edited, self.live_name) != before:
            self.loaded_changed.emit()

    def _look_up(self, patch: Patch) -> None:
        """A patch that an opened project brought along may have been a preset: compare it with those of its name."""
        named = [e for e in self.entries if e.name == patch.name and e.synth == patch.synth and not e.trouble]
        # Once, and not again with every turn of a knob.
        self._sources.begin(patch)
        if not named:
            return

        def found(read: list[tuple[Entry, Preset]]) -> None:
            for entry, preset in sorted(read, key=lambda item: is_same(item[1].patch, patch)):
                self._sources.remember(entry.key, preset.patch)
            self.follow()

        self._submit(
            read_body(named, strict=False), title="Compare with presets", quiet=True, done=found, failed=_ignore
        )

    def bring(self, preset: Preset) -> None:
        """A DX7 voice came into the instrument and into no list; its bytes are kept for whoever exports or saves it."""
        self._brought = [*self._brought, preset][-MOST_BROUGHT:]

    def bytes_of(self, patch: Patch) -> bytes:
        """The DX7 voice that was brought and that ``patch`` still is, value for value; empty when there is none."""
        return next((one.dx7 for one in reversed(self._brought) if one.patch.values == patch.values), b"")

    # -- marks -----------------------------------------------------------------------------------------------------

    def star(self, keys: Iterable[str], on: bool) -> None:
        """Make presets favourites, or no longer: one undo step."""
        wanted = dict.fromkeys(keys, on)
        before = {key: key in self.marks.favourites for key in wanted}
        words = f"“{self._name_of(next(iter(wanted)))}”" if len(wanted) == 1 else f"{len(wanted)} presets"
        label = f"Favourite {words}" if on else f"No favourite any more: {words}"
        choose(self._document, label, before, wanted, self._set_stars)

    def _set_stars(self, stars: Mapping[str, bool]) -> None:
        def starred(marks: Marks) -> Marks:
            for key, on in stars.items():
                marks = marks.starred(key, on)
            return marks

        self.files.in_turn(lambda: self._marks.change(starred))

    def set_tags(self, key: str, tags: Iterable[str]) -> None:
        """Put own tags on a preset in place of those that it has: one undo step."""
        before, wanted = self.marks.tags.get(key, ()), Marks().tagged(key, tags).tags.get(key, ())
        choose(
            self._document, f"Tags of “{self._name_of(key)}”", before, wanted, lambda tags: self._set_tags(key, tags)
        )

    def _set_tags(self, key: str, tags: tuple[str, ...]) -> None:
        self.files.in_turn(lambda: self._tag(key, tags))

    def _tag(self, key: str, tags: tuple[str, ...]) -> None:
        self._marks.change(lambda marks: marks.tagged(key, tags))
        entry = self._by_key.get(key)
        if entry is not None:
            self.put([replace(entry, own_tags=())])

    def _name_of(self, key: str) -> str:
        entry = self._by_key.get(key)
        return entry.name if entry is not None else key.rpartition("/")[2].removesuffix(SUFFIX)

    def _use(self, key: str) -> None:
        self._marks.change(lambda marks: marks.used(key))

    # -- what became of the files ----------------------------------------------------------------------------------

    def saved(self, entry: Entry, patch: Patch) -> None:
        """The live patch was written to the file of ``entry``."""
        self.put([entry])
        self._sources.remember(entry.key, patch)
        self._use(entry.key)
        self.follow()

    def moved(self, old: Entry, new: Entry) -> None:
        """A file has another name; what was said about it is said about it still."""
        self._marks.change(lambda marks: marks.moved(old.key, new.key))
        self._sources.rename(old, new)
        self.put([new], gone=[old.key])

    def remember(self, key: str, patch: Patch) -> None:
        """A file that the live patch may have come from holds something else now."""
        if key in self._sources.of(patch):
            self._sources.remember(key, patch)

    def close(self) -> None:
        """The program ends: what was marked last is kept, if it still waits."""
        self._closed = True
        self._marks.close()


def _ignore(_: object) -> None:
    """Nobody asked for it, so nobody hears that it failed."""
