"""What each action does. Every entry of the table in ``actions.py`` is bound here or by the window's panels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog

from app import style, theme
from app.controls.time_axis import Selection
from app.drop_in import PROJECT_SUFFIX, SOUND_SUFFIXES
from app.export_dialog import ExportDialog
from app.live_sound import settings_of
from app.notice import Notice
from app.preferences import Preferences
from engine import __version__
from engine.audio import Clip
from engine.params import SYNTH_WORDS
from engine.project.project import start_patch
from engine.project.take import Take

if TYPE_CHECKING:
    from app.compose import Session

ZOOM_STEP = 1.6

ABOUT = f"""<b>Tonewright {__version__}</b><br>See a sound, hear it, shape it.<br><br>
Apache License 2.0. It stands on Qt for Python (LGPL), PyTorch, NumPy, PortAudio, libsndfile and libsoxr."""


class Commands(QObject):
    """The handlers, and which of them make sense at the moment."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self._after_save: Callable[[], None] | None = None
        self.export_dialog: ExportDialog | None = None
        self.preferences: Preferences | None = None
        self.question: Notice | None = None
        self.files: QFileDialog | None = None
        self._told: tuple[object, ...] = ()
        self._bind()
        self._restore()
        self.refresh()

    def _bind(self) -> None:
        s = self._s
        axis, playing, bind = s.stage.axis, s.playing, s.actions.bind
        bind("file.open", self.ask_open)
        bind("project.new", lambda: self.unless_unsaved(s.document.file.new_project))
        bind("project.save", self.save)
        bind("project.save_as", self.save_as)
        bind("take.export", self.export)
        bind("app.quit", s.window.close)
        bind("edit.undo", s.document.undo)
        bind("edit.redo", s.document.redo)
        bind("edit.select_all", lambda: axis.select(Selection(0.0, axis.duration_s)))
        bind("edit.select_none", lambda: axis.select(None))
        bind("take.keep", self.keep)
        bind("take.rename", self.rename)
        bind("take.remove", self.remove)
        bind("take.patch", lambda: s.library.load_patch(s.document.selected))
        bind("patch.live", lambda: s.document.select(None))
        bind("patch.reset", lambda: s.document.load_patch(start_patch(s.document.patch.synth), "Reset the patch"))
        bind("patch.unlock", lambda: s.document.replace_locks(()))
        bind("app.preferences", self.show_preferences)
        bind("play.toggle", playing.toggle)
        bind("play.stop", playing.stop)
        bind("play.again", playing.again)
        bind("play.on", playing.on_from_here)
        bind("play.start", lambda: playing.seek(0.0))
        bind("play.end", playing.to_end)
        bind("play.loop", self.set_loop)
        bind("edit.hear", self.set_hear)
        bind("play.keyboard", s.live_play.set_keyboard)
        bind("play.tone", s.player.test_tone)
        bind("view.palette", self.toggle_palette)
        bind("view.zoom_in", lambda: axis.zoom(ZOOM_STEP, self._zoom_centre()))
        bind("view.zoom_out", lambda: axis.zoom(1 / ZOOM_STEP, self._zoom_centre()))
        bind("view.zoom_all", axis.show_all)
        bind("view.zoom_selection", self.zoom_to_selection)
        bind("view.light", lambda on: self.set_theme("light" if on else "dark"))
        bind("view.motion", self.set_motion)
        bind("view.full_screen", self.set_full_screen)
        bind("view.reset_layout", s.window.reset_layout)
        bind("help.about", self.about)
        s.window.may_close = self.may_close
        s.window.palette_.used = lambda recent: s.settings.set("palette/recent", recent)
        s.library.open_requested.connect(self.ask_open)
        s.library.export_requested.connect(self.export_take)
        s.drops.project_dropped.connect(lambda path: self.unless_unsaved(lambda: s.opening.open_project(path)))
        s.document.history_changed.connect(self.refresh)
        s.document.held_changed.connect(lambda _: self.refresh())
        s.document.file.dirty_changed.connect(lambda _: self.refresh())
        s.document.file.path_changed.connect(lambda _: self.refresh())
        s.document.locks_changed.connect(self.refresh)
        s.document.locks_held.connect(self._locks_held)
        s.document.file.saved.connect(self._saved)
        s.document.file.failed.connect(self._forget_plan)
        axis.selection_changed.connect(self.refresh)

    def _restore(self) -> None:
        """Bring back what was chosen last time."""
        settings, actions = self._s.settings, self._s.actions
        actions["view.light"].setChecked(settings.get("view/theme") == "light")
        actions["view.motion"].setChecked(settings.get("view/motion"))
        actions["edit.hear"].setChecked(settings.get("edit/hear_while_turning"))
        actions["play.loop"].setChecked(settings.get("audio/loop"))
        self._s.live.hear_while_turning = settings.get("edit/hear_while_turning")
        self._s.playing.set_loop(settings.get("audio/loop"))
        self._s.window.palette_.recent = [i for i in settings.get("palette/recent") if isinstance(i, str)]
        self._s.player.set_level_db(settings.get("audio/level_db"))
        self._s.player.set_device(settings.get("audio/device") or None)
        self._s.player.set_latency(settings.get("audio/latency_ms") / 1000)

    def refresh(self) -> None:
        """Words and states of the actions that follow the document; does nothing while they are right."""
        s, document = self._s, self._s.document
        if s.is_closed:
            return  # the document may still tell what was the last to happen
        selected, shown = document.selected, s.shown
        undo = document.under_way or document.undo_label
        state = (
            *(undo, document.redo_label, document.file.path, document.file.dirty),
            *(selected is not None, shown is not None and shown.n_frames > 0),
            *(s.live.latest is not None, s.stage.axis.selection is not None),
            *(selected is not None and selected.patch is not None, bool(document.locked)),
        )
        if state == self._told:
            return
        self._told = state
        for action_id, label, plain in (
            ("edit.undo", undo, "Undo"),
            ("edit.redo", document.redo_label, "Redo"),
        ):
            action = s.actions[action_id]
            action.setEnabled(label is not None)
            action.setText(plain if label is None else f"{plain}: {label}".replace("&", "&&"))
        for action_id in ("take.rename", "take.remove", "patch.live"):
            s.actions.enable(action_id, selected is not None)
        s.actions.enable("take.keep", s.live.latest is not None)
        s.actions.enable("take.patch", selected is not None and selected.patch is not None)
        s.actions.enable("patch.unlock", bool(document.locked))
        for action_id in ("take.export", "edit.select_all", "view.zoom_in", "view.zoom_out", "view.zoom_all"):
            s.actions.enable(action_id, shown is not None and shown.n_frames > 0)
        for action_id in ("edit.select_none", "view.zoom_selection"):
            s.actions.enable(action_id, s.stage.axis.selection is not None)
        name = document.file.path.stem if document.file.path is not None else "Untitled"
        s.window.setWindowTitle(f"{name}[*] — Tonewright")
        s.window.setWindowModified(self._is_work())

    # -- files -----------------------------------------------------------------------------------------------------

    def ask_open(self) -> None:
        """Ask for sounds, patches or a project."""
        sounds = " ".join(f"*{suffix}" for suffix in sorted(SOUND_SUFFIXES))
        dialog = self.file_dialog("Open", "files/open_folder")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilters(
            [
                f"Sounds, projects and patches ({sounds} *{PROJECT_SUFFIX} *.json *.syx *.SYX)",
                f"Sounds ({sounds})",
                f"Projects (*{PROJECT_SUFFIX})",
                "Patches and DX7 voices (*.json *.syx *.SYX)",
                "All files (*)",
            ]
        )
        dialog.filesSelected.connect(self._open_chosen)
        dialog.open()

    def _open_chosen(self, names: list[str]) -> None:
        paths = [Path(name) for name in names]
        self._s.settings.set("files/open_folder", str(paths[0].parent))
        if any(path.suffix.lower() == PROJECT_SUFFIX for path in paths):
            self.unless_unsaved(lambda: self._s.opening.open(paths))
        else:
            self._s.opening.open(paths)

    def save(self) -> None:
        """Save where the project was saved before, or ask where."""
        if self._s.document.file.path is None:
            self.save_as()
        else:
            self._s.document.file.save(view=self._s.view_state())

    def save_as(self) -> None:
        dialog = self.file_dialog("Save project", "files/project_folder")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"Tonewright projects (*{PROJECT_SUFFIX})")
        dialog.setDefaultSuffix(PROJECT_SUFFIX.lstrip("."))
        name = self._s.document.file.path.stem if self._s.document.file.path is not None else "Untitled"
        dialog.selectFile(f"{name}{PROJECT_SUFFIX}")
        dialog.fileSelected.connect(self._save_chosen)
        dialog.rejected.connect(self._forget_plan)
        dialog.open()

    def _save_chosen(self, name: str) -> None:
        self._s.settings.set("files/project_folder", str(Path(name).parent))
        self._s.document.file.save(Path(name), view=self._s.view_state())

    def _saved(self, path: Path) -> None:
        after, self._after_save = self._after_save, None
        if after is not None:
            after()

    def _forget_plan(self) -> None:
        """Nothing was saved, so what was to follow does not: a later save must not close the window by itself."""
        self._after_save = None

    def file_dialog(self, title: str, folder_setting: str) -> QFileDialog:
        """A dialog for files that begins in the folder which a setting remembers."""
        folder = self._s.settings.get(folder_setting)
        dialog = QFileDialog(self._s.window, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setDirectory(folder if folder and Path(folder).is_dir() else str(Path.home()))
        self.files = dialog
        return dialog

    def export(self) -> None:
        """Export what the stage shows."""
        self._export(self._s.document.selected, self._s.stage.axis.selection)

    def export_take(self, take: Take | None) -> None:
        """Export a take of the library, or the live patch, whole."""
        self._export(take, None)

    def _export(self, take: Take | None, selection: Selection | None) -> None:
        # Files are named as the take is now, whatever the file was called that it came from.
        clip = replace(take.clip, name=take.name) if take is not None else self._s.live.clip
        if clip is None:
            return
        dialog = ExportDialog(clip, selection, self._s.settings, self._s.window)
        dialog.chosen.connect(self._write)
        self.export_dialog = dialog
        dialog.open()

    def _write(self, clip: Clip, path: Path, subtype: str | None) -> None:
        s = self._s
        job = s.studio.export(clip, path, subtype=subtype, overwrite=True, keep=s.document.history.source_files())
        notices: list[str] = []

        def done(written: Path) -> None:
            said = f"Wrote {written.name} to {path.parent}."
            if notices:
                s.messages.warning(f"{said} {notices[-1]}")
            else:
                s.messages.info(said)

        s.bridge.watch(
            job,
            each=lambda note: notices.append(note.text) if note.text else None,
            done=done,
            failed=lambda error: s.messages.error(error, stays=True),
        )

    # -- takes -----------------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Put the live patch's newest sound into the library and show it there."""
        rendered = self._s.live.latest
        if rendered is None:
            return
        count = 1 + sum(1 for take in self._s.document.takes if take.origin == "render")
        words = SYNTH_WORDS[rendered.patch.synth]
        name = rendered.patch.name or f"{words[0].upper()}{words[1:]} {count}"
        clip = Clip.of(rendered.audio, name, about=rendered.patch.about)
        take = Take.of(clip, origin="render", patch=rendered.patch, settings=settings_of(rendered))
        self._s.document.add_take(take, f"Keep “{name}”")

    def rename(self) -> None:
        self._s.window.panel("library").show()
        self._s.library.rename_current()

    def remove(self) -> None:
        take = self._s.document.selected
        if take is not None:
            self._s.document.remove_take(take.id)

    def _locks_held(self, count: int) -> None:
        words = "1 locked value stayed as it was." if count == 1 else f"{count} locked values stayed as they were."
        self._s.messages.info(words, "Unlock all", lambda: self._s.document.replace_locks(()))

    # -- unsaved work ----------------------------------------------------------------------------------------------

    def has_work(self) -> bool:
        """Whether something would be lost: files that were only opened and looked at are no work."""
        self._s.document.settle_own()
        return self._is_work()

    def _is_work(self) -> bool:
        document = self._s.document
        if not document.file.dirty:
            return False
        made = any(take.origin != "file" or take.name != take.clip.name for take in document.takes)
        return made or document.file.path is not None or not document.project.is_fresh

    def unless_unsaved(self, go_on: Callable[[], None]) -> None:
        """Do it at once, or after the person said what becomes of unsaved work."""
        if not self.has_work():
            go_on()
            return
        box = Notice(
            "Unsaved changes",
            "Save the changes to this project first?",
            "Without saving, its takes and the patch are lost. Sound files on disk stay.",
            self._s.window,
        )

        def save() -> None:
            self._after_save = go_on
            self.save()

        box.add("&Don’t save", go_on)
        box.add("&Cancel")
        box.add("&Save", save, primary=True)
        self.question = box
        box.open()

    def may_close(self) -> bool:
        """Whether the window may go now; otherwise the question is asked and the window closed by its answer.

        The question (Save, Don't save, Cancel) is a window-modal box that stops nothing: what plays goes on. It comes
        only for work; a crash, a kill or a power cut asks nobody, and there the safety copy (:mod:`app.autosave`) keeps
        what was unsaved. An export that is still being written is given up, and leaves no file behind.
        """
        if not self.has_work():
            return True

        def leave() -> None:
            self._s.window.may_close = lambda: True
            self._s.window.close()

        self.unless_unsaved(leave)
        return False

    # -- choices ---------------------------------------------------------------------------------------------------

    def set_theme(self, name: str) -> None:
        style.apply_theme(self._s.app, name)
        self._s.settings.set("view/theme", name)
        self._s.actions["view.light"].setChecked(name == "light")

    def set_motion(self, on: bool) -> None:
        theme.set_motion(on)
        self._s.settings.set("view/motion", on)
        self._s.actions["view.motion"].setChecked(on)

    def set_hear(self, on: bool) -> None:
        self._s.live.hear_while_turning = on
        self._s.settings.set("edit/hear_while_turning", on)
        self._s.actions["edit.hear"].setChecked(on)

    def set_loop(self, on: bool) -> None:
        self._s.playing.set_loop(on)
        self._s.settings.set("audio/loop", on)
        self._s.actions["play.loop"].setChecked(on)

    def set_device(self, name: str) -> None:
        self._s.player.set_device(name or None)
        self._s.settings.set("audio/device", name)

    def set_zoom(self, percent: int) -> None:
        self._s.settings.set("view/zoom_percent", percent)

    def set_full_screen(self, on: bool) -> None:
        self._s.window.showFullScreen() if on else self._s.window.showNormal()

    def toggle_palette(self) -> None:
        palette = self._s.window.palette_
        palette.leave() if palette.isVisible() else palette.open()

    def zoom_to_selection(self) -> None:
        selection = self._s.stage.axis.selection
        if selection is not None:
            self._s.stage.axis.show_range(selection.start_s, selection.end_s)

    def _zoom_centre(self) -> float:
        """Zooming by key keeps the playhead where it is, or the middle when the playhead is elsewhere."""
        axis = self._s.stage.axis
        if axis.start_s <= axis.playhead_s <= axis.end_s and axis.playhead_s > 0:
            return axis.playhead_s
        return (axis.start_s + axis.end_s) / 2

    def show_preferences(self) -> None:
        s = self._s
        midi = s.live_play.bar.midi.accessibleDescription()
        dialog = Preferences(s.settings, s.player.devices, s.settings.get("audio/device"), s.window, midi=midi)
        dialog.latency_chosen.connect(s.transport.device.choose_latency)
        dialog.theme_chosen.connect(self.set_theme)
        dialog.zoom_chosen.connect(self.set_zoom)
        dialog.motion_chosen.connect(self.set_motion)
        dialog.hear_chosen.connect(self.set_hear)
        dialog.device_chosen.connect(self.set_device)
        dialog.test_wanted.connect(s.player.test_tone)
        self.preferences = dialog
        dialog.open()

    def about(self) -> None:
        box = Notice("About Tonewright", ABOUT, parent=self._s.window)
        box.add("Close")
        box.open()
