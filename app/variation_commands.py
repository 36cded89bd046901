"""Strikes as sets of files: the action, its dialog, and the job that writes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.variations_dialog import VariationsDialog, strike_words
from engine.errors import EngineError
from engine.params import Patch
from engine.params.variations import Variation, VaryPlan
from engine.rates import DEFAULT_RATE_HZ
from engine.studio import Rendered, SetRequest, SetWritten

if TYPE_CHECKING:
    from app.compose import Session


class VariationCommands(QObject):
    """Of one window."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.dialog: VariationsDialog | None = None
        session.actions.bind("patch.variations", self.ask)
        session.document.patch_changed.connect(self._refresh)
        self._refresh(session.document.patch)

    def _refresh(self, patch: Patch, _why: str = "") -> None:
        self._s.actions.enable("patch.variations", patch.synth == "impact", "Only of a struck object")

    def ask(self) -> None:
        """Ask how many, how different and where to."""
        s = self._s
        patch, note = s.document.patch, s.document.note
        dialog = VariationsDialog(patch, note, s.settings, s.window)
        dialog.chosen.connect(lambda plan, folder: self.write(patch, plan, folder))
        dialog.hear_wanted.connect(self._hear)
        self.dialog = dialog
        dialog.open()

    def write(self, patch: Patch, plan: VaryPlan, folder: Path) -> None:
        """Write a set of ``patch`` as a job that can be stopped."""
        s = self._s
        rate = s.player.sample_rate or DEFAULT_RATE_HZ
        try:
            job = s.studio.export_set(SetRequest(patch, plan, s.document.note, rate), folder)
        except EngineError as error:
            s.messages.error(error)
            return

        def done(written: SetWritten) -> None:
            said = f"Wrote {len(written.files)} sounds and their sheet to {written.folder}."
            if written.notice:
                s.messages.warning(f"{said} {written.notice}")
            else:
                s.messages.info(said)

        s.bridge.watch(job, done=done, failed=lambda error: s.messages.error(error, stays=True))

    def _hear(self, strike: Variation) -> None:
        s = self._s
        note, _, hold_s, length_s = s.document.note
        rate = s.player.sample_rate or DEFAULT_RATE_HZ
        job = s.studio.render(
            strike.patch,
            note=note,
            velocity=strike.velocity,
            hold_s=hold_s,
            duration_s=length_s,
            sample_rate=rate,
            key="variation",
        )
        s.jobs.keep_quiet_about(job)

        def done(rendered: Rendered) -> None:
            s.player.play_once(rendered.audio)
            if self.dialog is not None:
                s.messages.info(strike_words(strike))

        s.bridge.watch(job, done=done, failed=s.messages.error)
