"""Everything about presets that needs a dialog or reads and writes files elsewhere: saving, importing, exporting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from app.drop_in import PATCH_SUFFIX, PROJECT_SUFFIX, SOUND_SUFFIXES
from app.message_bar import Refusals, and_more
from app.panels.preset_export import JSON, PresetExportDialog
from app.panels.preset_save import SaveDialog, TagsDialog
from app.preset_files import FilesStep
from engine.errors import EngineError
from engine.params import Patch
from engine.project.preset_export import read_steps, write_bank_steps, write_file_steps, write_folder_steps
from engine.project.preset_import import Import, read_presets
from engine.project.preset_index import Entry
from engine.project.presets import Preset, read_preset

if TYPE_CHECKING:
    from app.compose import Session


class PresetCommands(QObject):
    """Binds the preset actions of a session and answers its browser."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.dialog: SaveDialog | TagsDialog | PresetExportDialog | None = None
        self.files: QFileDialog | None = None
        browser, presets, bind = session.library.browser, session.presets, session.actions.bind
        bind("preset.find", self.find)
        bind("preset.next", lambda: browser.step(1))
        bind("preset.previous", lambda: browser.step(-1))
        bind("preset.star", browser.star_current)
        bind("preset.save", self.save)
        bind("preset.save_as", self.save_as)
        bind("preset.revert", presets.revert)
        bind("preset.import", self.ask_import)
        bind("preset.export", self.export)
        bind("preset.refresh", presets.refresh)
        browser.save_wanted.connect(self.save)
        browser.save_as_wanted.connect(self.save_as)
        browser.import_wanted.connect(self.ask_import)
        browser.export_wanted.connect(self.export)
        browser.tags_wanted.connect(self.edit_tags)
        browser.restore(session.settings.get("presets/list"))
        browser.arranged.connect(lambda: session.settings.set("presets/list", browser.state_to_keep()))
        presets.message.connect(session.messages.info)
        presets.trouble.connect(session.messages.error)
        presets.files.undoable.connect(self._took_away)
        presets.files.withdrawn.connect(session.messages.withdraw)
        presets.loaded_changed.connect(self._refresh)
        session.opening.voice_opened.connect(presets.bring)
        session.opening.banks_opened.connect(self.import_paths)
        session.drops.add_zone(browser, self.take_dropped, words_for, holds_presets)
        session.drops.presets_dropped.connect(self.import_paths)
        self._refresh()

    def _took_away(self, words: str, step: FilesStep) -> None:
        self._s.messages.info(words, "Undo", lambda: self._s.document.take_back(step))

    def _refresh(self) -> None:
        loaded, edited = self._s.presets.loaded, self._s.presets.edited
        self._s.actions.enable("preset.revert", loaded is not None and edited)

    def find(self) -> None:
        """To the search field, whatever panel is open."""
        self._s.window.panel("library").show()
        self._s.library.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._s.library.search.selectAll()

    # -- saving ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Over the preset that the live patch came from; the factory's, and new ones, ask for a name."""
        presets = self._s.presets
        if presets.loaded is None or presets.loaded.is_factory:
            self.save_as()
        elif presets.edited:
            presets.files.save(presets.loaded)

    def save_as(self) -> None:
        presets, document = self._s.presets, self._s.document
        own = [entry for entry in presets.entries if not entry.is_factory]
        author = self._s.settings.get("presets/author")
        dialog = SaveDialog(document.patch, own, presets.loaded, author, self._s.window)
        dialog.chosen.connect(self._save_as)
        self._open(dialog)

    def _save_as(self, preset: Preset, folder: str, over: Entry | None) -> None:
        self._s.settings.set("presets/author", preset.author)
        preset = replace(preset, dx7=preset.dx7 or self._s.presets.bytes_of(preset.patch))
        self._s.presets.files.save_as(preset, folder, over)

    def edit_tags(self, entry: Entry) -> None:
        dialog = TagsDialog(entry, self._s.window)
        dialog.chosen.connect(lambda tags: self._s.presets.set_tags(entry.key, tags))
        self._open(dialog)

    def _open(self, dialog: SaveDialog | TagsDialog | PresetExportDialog) -> None:
        self.dialog = dialog
        dialog.open()

    # -- importing -----------------------------------------------------------------------------------------------------

    def ask_import(self) -> None:
        """Ask for preset and DX7 files; folders come by drag and drop."""
        dialog = QFileDialog(self._s.window, "Import presets")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [
                "Presets and DX7 voices (*.json *.syx *.SYX)",
                "DX7 voices (*.syx *.SYX)",
                "Presets (*.json)",
                "All files (*)",
            ]
        )
        folder = self._s.settings.get("files/preset_folder")
        dialog.setDirectory(folder if folder and Path(folder).is_dir() else str(Path.home()))
        dialog.filesSelected.connect(self._import_chosen)
        self.files = dialog
        dialog.open()

    def _import_chosen(self, names: list[str]) -> None:
        self._s.settings.set("files/preset_folder", str(Path(names[0]).parent))
        self.import_paths([Path(name) for name in names])

    def take_dropped(self, paths: Iterable[Path]) -> None:
        """What was dropped onto the browser: sounds and projects open as everywhere, all else is for the list."""
        paths = list(paths)
        others = [path for path in paths if not is_for_presets(path)]
        if others:
            self._s.drops.take(others)
        if len(others) < len(paths):
            self.import_paths([path for path in paths if path not in others])

    def import_paths(self, paths: Iterable[Path]) -> None:
        """Take over files and whole folders; what was taken until it is stopped stays."""
        paths = list(paths)
        presets = self._s.presets
        run = Import.of(presets.store, paths, presets.entries)
        title = f"Import {paths[0].name}" if len(paths) == 1 else f"Import {len(paths)} files"
        self._s.submit(
            run.steps,
            title=title,
            writes=True,
            done=self._imported,
            failed=lambda error: self._import_ended(run, error),
        )

    def _imported(self, run: Import) -> None:
        self._s.presets.files.take_over(run.entries, run.changes, run.label, run.sentence)
        if run.entries:
            self._s.window.panel("library").show()
        if run.skipped:
            self._s.messages.error(Refusals(run.sentence, [reason for _, reason in run.skipped]))
        elif run.notices:
            self._s.messages.warning(f"{run.sentence} {and_more(run.notices)}")
        else:
            self._s.messages.info(run.sentence)

    def _import_ended(self, run: Import, error: Exception) -> None:
        self._s.presets.files.take_over(run.entries, run.changes, run.label, run.sentence)
        if run.entries:
            self._s.messages.info(f"Stopped. {run.sentence}")
        else:
            self._s.messages.info(str(error))

    # -- exporting -----------------------------------------------------------------------------------------------------

    def export(self, entries: Sequence[Entry] = ()) -> None:
        """Export these presets; without any the marked ones, and without those the live patch."""
        marked = [entry for entry in entries or self._s.library.browser.selected() if not entry.trouble]
        self._s.document.settle_own()
        live, loaded = self._s.document.patch, self._s.presets.loaded
        if not marked or (len(marked) == 1 and loaded is not None and marked[0].key == loaded.key):
            # What is heard is what is exported, with its edits; what is known of its preset comes along.
            known, voice = loaded, self._s.presets.bytes_of(live)
            self._s.submit(
                lambda: _live_steps(live, known, voice),
                title="Read the preset",
                quiet=True,
                done=lambda preset: self._ask_export([preset]),
                failed=self._s.messages.error,
            )
            return
        self._s.submit(
            lambda: read_steps(marked),
            title="Read presets",
            done=self._ask_export,
            failed=self._s.messages.error,
        )

    def _ask_export(self, presets: Sequence[Preset]) -> None:
        dialog = PresetExportDialog(
            presets, self._s.settings, self._s.window, submit=self._s.submit, cancel=self._s.studio.cancel
        )
        self._s.bridge.note.connect(dialog.show_note)
        dialog.chosen.connect(self._write)
        self._open(dialog)

    def _write(self, kind: str, path: Path, what: Any) -> None:
        if kind == JSON and len(what) > 1:
            body, words = lambda: write_folder_steps(what, path), f"Wrote {len(what)} presets to {path}."
        elif kind == JSON:
            body, words = lambda: write_file_steps(what[0], path), f"Wrote {path.name} to {path.parent}."
        else:
            body, words = lambda: write_bank_steps(what, path), f"Wrote {path.name} to {path.parent}."
        self._s.submit(
            body,
            title=f"Write {path.name}",
            writes=True,
            done=lambda _: self._s.messages.info(words),
            failed=lambda error: self._s.messages.error(error),
        )


def is_for_presets(path: Path) -> bool:
    """Whether the list of presets takes it; folders are."""
    return path.suffix.lower() not in SOUND_SUFFIXES | {PROJECT_SUFFIX}


def holds_presets(paths: Iterable[Path]) -> bool:
    """Whether anything of what is dragged is for the list of presets."""
    return any(is_for_presets(path) for path in paths)


def words_for(paths: Sequence[Path]) -> str:
    """What dropping these onto the list of presets will do."""
    if not all(is_for_presets(path) for path in paths):
        return "Import presets, open the rest"
    return "Import as a preset" if [path.suffix.lower() for path in paths] == [PATCH_SUFFIX] else "Import as presets"


def _live_steps(patch: Patch, known: Entry | None, voice: bytes) -> Any:
    """The live patch as a preset, with what its file says about it where it has one, and the DX7 voice that it is."""
    from engine.jobs import Note

    yield Note(None)
    preset = Preset(patch)
    if known is not None:
        try:
            preset = replace(read_preset(Path(known.path)), patch=patch)
        except EngineError:
            preset = Preset(patch, known.tags, known.about, known.author)
    if voice:
        preset = replace(preset, dx7=voice)
    return preset if preset.name else replace(preset, patch=replace(patch, name="Live patch"))


def bank_steps(path: Path) -> Any:
    """What is in a DX7 file: its only voice as a preset, or ``None`` when there are several (a job's body)."""
    from engine.jobs import Note

    yield Note(None, f"Opening {path.name}")
    presets, notices = read_presets(path)
    return (presets[0] if len(presets) == 1 else None), notices
