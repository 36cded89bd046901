"""What words leave in the library: the sound of an accepted patch with all that made it, and what a prior imagined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from app.live_sound import settings_of
from app.message_bar import in_words
from engine.audio import Clip
from engine.errors import EngineError
from engine.project.take import Take
from engine.studio import Imagined, Rendered

if TYPE_CHECKING:
    from app.compose import Session
    from app.dreaming import Dreaming
    from app.panels.dream_ask import Asked

LONGEST_NAME = 40


def name_of(prompt: str) -> str:
    """A prompt as the name of a take."""
    return prompt if len(prompt) <= LONGEST_NAME else f"{prompt[: LONGEST_NAME - 1].rstrip()}…"


class DreamTakes(QObject):
    """Makes takes of what words gave."""

    def __init__(self, session: Session, dreaming: Dreaming) -> None:
        super().__init__(session)
        self._s, self._dreaming = session, dreaming
        self._waits = False
        self.imagining: int | None = None
        """The job that imagines."""
        session.live.rendered.connect(self._rendered)

    # -- accepting -------------------------------------------------------------------------------------------------

    def accept(self) -> None:
        """The live patch is taken over as soon as its sound is there, which goes into the library with it."""
        latest = self._s.live.latest
        if self._s.live.up_to_date and latest is not None and self._is_it(latest):
            self._finish(latest)
        else:
            self._waits = True
            if self._s.live.up_to_date:
                self._s.live.render(self._s.document.patch)

    def _is_it(self, rendered: Rendered) -> bool:
        document = self._s.document
        how = (rendered.note, rendered.velocity, rendered.hold_s, rendered.duration_s)
        # Who listens to a part alone has rendered that part.
        return rendered.patch == self._s.live.part_of(document.patch) and how == tuple(document.note)

    def _rendered(self, rendered: Rendered) -> None:
        if not self._waits:
            return
        if not self._dreaming.is_on:
            self._waits = False
        elif self._is_it(rendered):
            self._finish(rendered)

    def _finish(self, rendered: Rendered) -> None:
        self._waits = False
        dreaming, document = self._dreaming, self._s.document
        asked = dreaming.asked
        assert asked is not None
        label, merge = dreaming.label, dreaming.merge
        clip = Clip.of(rendered.audio, name_of(asked.prompt), about=rendered.patch.about)
        recipe = self._recipe(asked) | settings_of(rendered)
        take = Take.of(clip, origin="tune", patch=document.patch, prompt=asked.prompt, settings=recipe)
        dreaming.finish()
        document.commit(label, merge=merge)
        document.add_takes((take,), label, merge=merge, select=False)

    def _recipe(self, asked: Asked) -> dict[str, Any]:
        result, state = self._dreaming.result, self._dreaming.view.state
        proposal = self._dreaming.view.proposal()
        scores = [c.score for c in (state.candidates if state else ()) if (c.patch, c.note) == proposal]
        return {
            "negative": asked.negative,
            "guidance": asked.guidance,
            "reach": asked.reach,
            "seed": asked.seed,
            "seconds": asked.seconds,
            "prior": result.prior if result is not None else asked.prior,
            "licence": state.licence if state is not None else "",
            "narrowed": {name: list(limits) for name, limits in self._dreaming.ranges.of(asked.synth).items()},
            "locked": sorted(self._s.document.locked_in(asked.synth)),
        } | ({"score": scores[0]} if scores else {})

    # -- imagining -------------------------------------------------------------------------------------------------

    def imagine(self) -> None:
        """Let the prior draw the sound itself."""
        panel = self._dreaming.panel
        asked = panel.ask.asked()
        if not asked.prompt:
            self._dreaming.ask()
            panel.say("Say what is to be imagined, or choose an example with the clock.")
            return
        if self._dreaming.lacks(asked.prior, is_to_tune=False):
            return
        try:
            job = self._s.studio.imagine(
                asked.prompt,
                seconds=asked.length_s,
                seed=asked.seed,
                negative=asked.negative,
                guidance=asked.guidance,
                prior=asked.prior,
            )
        except EngineError as error:
            panel.say(str(error), is_error=True)
            return
        self.imagining = job
        panel.ask.imagine.setEnabled(False)
        self._s.bridge.watch(
            job,
            done=lambda imagined: self._imagined(asked, imagined),
            failed=self._refused,
            cancelled=self._over,
        )

    def _over(self) -> None:
        self.imagining = None
        self._dreaming.panel.ask.imagine.setEnabled(True)

    def _refused(self, error: Exception) -> None:
        self._over()
        self._dreaming.panel.say(in_words(error), is_error=True)

    def _imagined(self, asked: Asked, imagined: Imagined) -> None:
        self._over()
        clip = Clip.of(imagined.audio, name_of(imagined.prompt), about=imagined.about)
        recipe = {
            "negative": asked.negative,
            "guidance": asked.guidance,
            "seconds": asked.length_s,
            "seed": imagined.seed,
            "prior": imagined.prior,
            "licence": imagined.licence,
        }
        take = Take.of(clip, origin="imagine", prompt=imagined.prompt, settings=recipe)
        self._s.document.add_take(take, f"Imagine “{clip.name}”")
        self._s.playing.again()
