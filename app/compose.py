"""Where engine objects and widgets meet: the one module that knows both and says who talks to whom."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app import style, theme
from app.action_set import ActionSet
from app.autosave import Autosave
from app.bridge import Bridge
from app.commands import Commands
from app.controls.time_axis import Selection
from app.document import Document
from app.drag_out import DragOut
from app.dreaming import Dreaming
from app.drop_in import DropTarget
from app.explore_commands import ExploreCommands
from app.garbage import Garbage
from app.gestures import Gestures
from app.instruments import Instruments
from app.job_list import JobList
from app.keys import KeyGuard
from app.live_sound import LiveSound, clip_of
from app.load_meter import LoadMeter
from app.main_window import MainWindow
from app.matching import Matching
from app.message_bar import and_more
from app.opening import Opening
from app.panels.fm import FmPanel
from app.panels.impact import ImpactPanel
from app.panels.jobs import JobsPanel, JobStatus
from app.panels.library import LibraryPanel
from app.panels.paged import PagedPanel
from app.panels.selection_read_out import SelectionReadOut
from app.panels.stage import Stage
from app.panels.transport import TransportBar
from app.pictures import PictureMaker
from app.player import Player
from app.playing import Playing
from app.playing_live import LivePlay
from app.preset_commands import PresetCommands
from app.presets import Presets
from app.recovery_bar import RecoveryBar
from app.settings import Settings
from app.small_jobs import SmallJobs
from app.soloing import Soloing
from app.striking import Striking
from app.thumbnails import Thumbnails
from app.variation_commands import VariationCommands
from engine.audio import Clip
from engine.params import Patch
from engine.params.links import EnvelopeLinks
from engine.project.part import part_of
from engine.studio import Kind, Rendered, Studio

CLOSE_TIMEOUT_S = 3.0
LIBRARY_MIN_PX = 188
STARTUP_TRACE = "TONEWRIGHT_STARTUP_TRACE"
"""Environment variable that names a file: the moment of the first frame is written there (``time.time()``)."""


class Session(QObject):
    """One window with its engine, document and player. ``close`` ends all of it."""

    def __init__(
        self,
        app: QApplication,
        *,
        engine: Kind = "real",
        settings: Settings | None = None,
        sound: bool = True,
        keep_safe: bool = True,
        warm: bool = True,
    ) -> None:
        """What follows the first frame: ``sound`` opens the device, ``keep_safe`` keeps and offers safety copies, and
        ``warm`` loads the synthesizers and plays the live patch to itself."""
        super().__init__()
        self._sound = sound
        self._keep_safe = keep_safe
        self._warm = warm
        self._closed = False
        self._last_part: tuple[Clip, tuple[Any, ...], Clip] | None = None
        self.app = app
        self.garbage = Garbage(self)
        self.settings = settings or Settings()
        style.apply_theme(app, self.settings.get("view/theme"))
        theme.set_motion(self.settings.get("view/motion"))
        self.guard = KeyGuard(app, self)
        self.bridge = Bridge(self)
        self.studio = Studio(self.bridge.listener, kind=engine)
        self.jobs = JobList(self.bridge, self.studio.cancel)
        self.submit = SmallJobs(
            self.studio,
            self.bridge,
            keep_quiet=self.jobs.keep_quiet_about,
            write_failed=lambda error: self.messages.error(error, stays=True),
        )
        self.document = Document(self, submit=self.submit)
        self.player = Player(self)
        self.actions = ActionSet(self)
        self.window = MainWindow(self.actions, self.settings)
        self.messages = self.window.messages
        self.opening = Opening(self.document, self.messages, submit=self.submit, parent=self)
        self.autosave = Autosave(self.document, submit=self.submit, view=self.view_state)
        self.drag_out = DragOut(self, submit=self.submit)
        self.stage = Stage()
        self.fm, self.impact = FmPanel(self.document), ImpactPanel(self.document)
        self.panels: dict[str, PagedPanel] = {panel.space.name: panel for panel in (self.fm, self.impact)}
        self.presets = Presets(self.document, self, submit=self.submit)
        self.library = LibraryPanel(self.document, drag_out=self.drag_out, presets=self.presets)
        self.thumbnails = Thumbnails(self.studio.live, self.bridge, self.library.set_pyramid, self)
        self.library.model.thumbnail_wanted.connect(self._thumbnail)
        self.transport = TransportBar(self.player, self.actions)
        self.load = LoadMeter()
        self.live = LiveSound(self.studio, self.bridge, self.player, lambda: tuple(self.document.note))
        self.explore = ExploreCommands(self)
        for panel in self.panels.values():
            panel.add_tool(self.explore.make_bar(), 1)
        self.playing = Playing(self.player, self.stage.axis)
        self.pictures = PictureMaker(self.studio, self.bridge, self._live_playhead, self.jobs.keep_quiet_about)
        self._put_together()
        self.instruments = Instruments(app, self.window, self.document, self.panels)
        self.drops = DropTarget(self.window, submit=self.submit)
        self._connect()
        self.live_play = LivePlay(self)
        self.striking = Striking(self)
        self.soloing = Soloing(self)
        self.gestures = Gestures(self)
        self.impact.place_pad(self.gestures.pad)
        self.commands = Commands(self)
        self.preset_commands = PresetCommands(self)
        self.variations = VariationCommands(self)
        self.matching = Matching(self)
        self.dreaming = Dreaming(self)
        self.window.add_below_stage(self.dreaming.panel)

    # -- the window ------------------------------------------------------------------------------------------------

    def _put_together(self) -> None:
        window = self.window
        window.set_stage(self.stage)
        self.library.setMinimumWidth(LIBRARY_MIN_PX)
        window.add_above_stage(RecoveryBar(self.autosave))
        window.add_panel("library", "Library", self.library, "left", "view.library")
        window.add_panel("fm", "FM synthesizer", self.fm, "right", "view.fm")
        window.add_panel("impact", "Impact", self.impact, "right", "view.impact", behind="fm")
        window.bring_by("view.to_fm", "fm")
        window.bring_by("view.to_impact", "impact")
        window.add_panel("jobs", "Jobs", JobsPanel(self.jobs), "bottom", "view.jobs")
        self.job_status = JobStatus(self.jobs)
        self.transport.add_status(self.job_status)
        self.selection_read_out = SelectionReadOut(self.stage.axis)
        self.transport.add_figures(self.selection_read_out)
        window.set_footer(self.transport)
        window.add_to_header(self.load)
        self.stage.restore(self.settings.get("view/stage"))
        window.finish({"library": 248, "fm": 414}, hidden=("jobs",))

    # -- who talks to whom -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        document, stage, library = self.document, self.stage, self.library
        document.selection_changed.connect(self._show_selected)
        document.note_changed.connect(lambda note, why: self._patch_changed(document.patch, why))
        document.patch_changed.connect(self._patch_changed)
        document.file.loaded.connect(self._loaded)
        document.file.saved.connect(lambda path: self.messages.info(f"Saved {path.name}."))
        self.live.submitted.connect(self.jobs.keep_quiet_about)
        self.live.rendered.connect(self._rendered)
        keep = self.actions["take.keep"]
        for panel in self.panels.values():
            panel.audition_requested.connect(self.hear_live)
            panel.pictures_wanted.connect(self.pictures.set_wanted)
            panel.keep_requested.connect(keep.trigger)
            keep.enabledChanged.connect(panel.keep.setEnabled)
            panel.keep.setEnabled(keep.isEnabled())
        self.pictures.operators_drawn.connect(self.fm.show_pictures)
        self.pictures.impact_drawn.connect(self.impact.show_pictures)
        self.pictures.spectrum_drawn.connect(self.fm.spectrum.set_spectrum)
        self.fm.spectrum.playhead_wanted.connect(self.pictures.follow_playhead)
        self.fm.spectrum.watched.connect(self.pictures.set_spectrum_wanted)
        stage.overview_wanted.connect(self._overview)
        stage.tiles_wanted.connect(self._tiles)
        stage.drag_out_likely.connect(lambda selection: self.drag_out.prepare(*self.part(selection)))
        stage.drag_out_requested.connect(lambda selection: self.drag_out.start_drag(stage, *self.part(selection)))
        stage.settings_changed.connect(lambda: self.settings.set("view/stage", stage.state()))
        library.paths_dropped.connect(self.drops.take)
        library.play_requested.connect(self.playing.again)
        library.preset_auditioned.connect(self._audition_preset)
        library.message.connect(self.messages.info)
        self.drops.paths_dropped.connect(lambda paths: self.opening.open_sounds(paths))
        self.drops.patch_dropped.connect(self.opening.open_patch)
        self.drops.bank_dropped.connect(self.opening.open_bank)
        self.drops.message.connect(self.messages.warning)
        self.drag_out.message.connect(self.messages.info)
        self.selection_read_out.copied.connect(self.messages.info)
        self.player.message.connect(self.messages.info)
        self.player.rate_changed.connect(self._rate_changed)
        self.player.state_changed.connect(self._player_state)
        self.autosave.message.connect(self.messages.warning)
        self.transport.device_chosen.connect(lambda name: self.settings.set("audio/device", name))
        self.transport.latency_chosen.connect(lambda ms: self.settings.set("audio/latency_ms", ms))
        self.transport.level_chosen.connect(lambda level_db: self.settings.set("audio/level_db", level_db))
        self.job_status.clicked.connect(lambda: self.window.panel("jobs").show())
        self.bridge.failed.connect(lambda job, error: self.messages.error(error))
        self.jobs.changed.connect(lambda: self.load.watch("jobs", bool(self.jobs.running())))
        self.window.first_painted.connect(self._after_first_frame)

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def document_busy(self) -> bool:
        """Whether something is being saved, opened, searched or restored."""
        return self.submit.busy

    # -- what the stage shows --------------------------------------------------------------------------------------

    @property
    def shown(self) -> Clip | None:
        """The sound on the stage: the selected take's, or the live patch's newest."""
        take = self.document.selected
        return take.clip if take is not None else self.live.clip

    def _show_selected(self, take: Any) -> None:
        if take is None:
            self.live.enter()
            self.stage.show_clip(self.live.clip)
        else:
            was_playing = self.player.state == "playing"
            self.live.leave()
            self.player.load(self.matching.loudness.as_heard(take.clip))
            self.stage.show_clip(take.clip)
            if was_playing:
                self.player.play()
        self.playing.sound_changed()
        self.commands.refresh()

    def _patch_changed(self, patch: Patch, why: str) -> None:
        if self._closed:
            return  # the burst of a wheel may end after the window
        # Who plays by hand hears it already; the stage only shows it.
        by_hand = self.live_play.is_playing
        strike, from_rest = why in ("turn", "audition", "set") and not by_hand, why == "slot" and not by_hand
        # What a match or words try on goes on where the one before it was.
        tries = why == "audition" and (self.matching.is_on or self.dreaming.is_on)
        turning = why in ("turn", "struck") or tries
        if tries:
            (self.dreaming.view if self.dreaming.is_on else self.matching).loudness.foresee(patch)
        self.live.render(patch, strike=strike, turning=turning, from_rest=from_rest)
        self.pictures.show_patch(patch, self.document.note)

    def _rendered(self, rendered: Rendered) -> None:
        clip = clip_of(rendered)
        self.library.set_live_clip(clip)
        self.pictures.show_patch(self.document.patch, self.document.note)
        self.pictures.show_sound(rendered)
        if self.document.selected is None:
            self.stage.show_clip(clip, keep_range=True)
            self.playing.sound_changed()
        self.commands.refresh()

    def hear_live(self) -> None:
        """Show the live patch and play its note from the start."""
        self.document.select(None)
        if self.live.up_to_date:
            self.player.strike()
        else:
            self.live.render(self.document.patch, strike=True)

    def _live_playhead(self) -> float | None:
        """Where the playhead stands in the live patch's sound; ``None`` while a take is in the player."""
        return self.player.position_s() if self.document.selected is None else None

    def _audition_preset(self, patch: Patch) -> None:
        """A preset is a note, not a turned knob: it begins at its attack even while the one before still sounds."""
        self.document.audition_patch(patch)
        self.live.render(self.document.patch, strike=True)

    def _rate_changed(self, rate: int) -> None:
        """The device runs at another rate: render for it, so that nothing has to be resampled."""
        if self.live.latest is not None and self.live.latest.audio.sample_rate != rate:
            self.live.render(self.document.patch)

    def _player_state(self, state: str) -> None:
        self.load.watch("player", state == "playing")

    # A panel that floats may be painted, and ask, once more after the engine has ended.

    def _thumbnail(self, clip: Clip) -> None:
        if not self._closed:
            self.thumbnails.want(clip)

    def _overview(self, clip: Clip) -> None:
        if self._closed:
            return

        def show(pyramid: Any) -> None:
            self.stage.set_pyramid(clip, pyramid)
            self.library.set_pyramid(clip, pyramid)

        self.bridge.watch(self.studio.overview(clip), note=lambda note: show(note.preview), done=show)

    def _tiles(self, clip: Clip, request: Any) -> None:
        if self._closed:
            return
        job = self.studio.tiles(clip, request)
        self.jobs.keep_quiet_about(job)
        self.bridge.watch(job, each=lambda note: self.stage.add_tile(clip, note.preview))

    def part(self, selection: Selection) -> tuple[Clip, str]:
        """The sound of a selection on the stage and its name; the same clip when the same is asked for again."""
        clip = self.stage.clip
        assert clip is not None, "A selection was made on an empty stage."
        take = self.document.selected
        asked = (selection.start_s, selection.end_s, selection.low_hz, selection.high_hz, take and take.name)
        if self._last_part is None or self._last_part[:2] != (clip, asked):
            self._last_part = (clip, asked, part_of(clip, *asked[:4], whole=asked[4]))
        part = self._last_part[2]
        return part, part.name

    def view_state(self) -> dict[str, Any]:
        """What of the window goes into the project file."""
        return {"envelope_links": self.document.links.to_json()}

    def _loaded(self, loaded: Any) -> None:
        self.document.set_links(EnvelopeLinks.read(loaded.view.get("envelope_links")))
        if loaded.notices:
            self.messages.warning(and_more(loaded.notices))

    # -- beginning and end -----------------------------------------------------------------------------------------

    def _after_first_frame(self) -> None:
        """What the first frame did not need: the sound device, the synthesizers, what an earlier session left."""
        if path := os.environ.get(STARTUP_TRACE):
            Path(path).write_text(repr(time.time()), encoding="utf-8")
        if self._closed:
            return
        self.presets.start(self.app)
        self.dreaming.look_for_priors()
        if self._warm:
            warming = self.studio.warm()
            keys = self.studio.warm_keys()
            for job in (warming, keys, self.studio.warm_bank()):
                self.jobs.keep_quiet_about(job)
            self.live_play.wait_for(keys)
            self.bridge.watch(warming, done=self._open_device, failed=self._open_device, cancelled=self._open_device)
            self.live.render(self.document.patch)
        else:
            self._open_device()
        if self._keep_safe:
            self.drag_out.clean()
            self.autosave.start()

    def _open_device(self, _end_of_loading: object = None) -> None:
        """Not while the synthesizers load: that holds up the device's callback, and the device would run dry."""
        self.garbage.forget_what_is_loaded()
        if self._sound and not self._closed:
            self.player.start()
            self.live_play.start()

    def close(self) -> None:
        """End every thread and forget the window; safe to call twice."""
        if self._closed:
            return
        self.document.settle_own()
        self._closed = True
        self.pictures.close()
        self.striking.close()
        self.live_play.close()
        self.settings.save()
        self.presets.close()
        self.explore.close()
        self.player.close()
        self.studio.close(CLOSE_TIMEOUT_S)
        # After the engine: a safety copy that was still being written must not come back to life.
        self.autosave.close()
        self.bridge.close()
        self.garbage.close()


def run(
    files: Sequence[Path],
    engine: Kind,
    screenshot: Path | None,
    size: tuple[int, int] | None,
    theme_name: str | None,
) -> int:
    """Open the window with ``files`` and return the exit code, or draw it into ``screenshot`` without a display."""
    if screenshot is not None:
        from app.screenshot import take

        return take(files, engine, screenshot, size, theme_name)
    # Qt's loop never comes back to Python for a Ctrl+C in the terminal; the safety copy brings back what was open.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    settings = Settings()
    if theme_name is not None:
        settings.set("view/theme", theme_name)
    # Qt reads the scale when the application is made; a scale that the person set for all programs comes first.
    if settings.get("view/zoom_percent") != 100:
        os.environ.setdefault("QT_SCALE_FACTOR", str(settings.get("view/zoom_percent") / 100))
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Tonewright")
    app.setApplicationDisplayName("Tonewright")
    app.setDesktopFileName("tonewright")
    session = Session(app, engine=engine, settings=settings)
    if size is not None:
        session.window.take_size(*size)
    session.window.closed.connect(app.quit)
    session.window.show()
    if files:
        QTimer.singleShot(0, session, lambda: session.opening.open(files))
    try:
        return app.exec()
    finally:
        session.close()
