"""Keeps the pictures of the live patch up to date: asks the studio whenever something changed, one question at a time.

While a hand turns a knob the question under way is answered and the newest one comes next, so that the pictures follow
the hand instead of waiting for it to rest.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.bridge import Bridge
from engine.params import FM_SPACE, Patch
from engine.params.impact_pictures import ImpactPictures
from engine.params.note import NoteSettings
from engine.studio import Rendered, Studio

PLAYHEAD_MS = 50
"""So often a spectrum that follows the playhead is made anew."""
SAME_S = 0.005


class LatestOnly:
    """Runs one job at a time and of those that wait meanwhile only the newest."""

    def __init__(self, bridge: Bridge, done: Callable[[object], None], quiet: Callable[[int], None]) -> None:
        self._bridge, self._tell, self._quiet = bridge, done, quiet
        self._job: int | None = None
        self._next: Callable[[], int] | None = None

    @property
    def busy(self) -> bool:
        return self._job is not None

    def ask(self, submit: Callable[[], int]) -> None:
        """Run ``submit``, which starts a job and gives its number, now or after the one that runs."""
        if self._job is not None:
            self._next = submit
            return
        job = self._job = submit()
        self._quiet(job)
        self._bridge.watch(
            job,
            done=self._on_done,
            failed=lambda error: self._on_end(),
            cancelled=self._on_end,
        )

    def _on_done(self, result: object) -> None:
        # Before the next one begins: whoever is told may ask what this one was about.
        self._tell(result)
        self._on_end()

    def _on_end(self) -> None:
        self._job = None
        if self._next is not None:
            submit, self._next = self._next, None
            self.ask(submit)


class PictureMaker(QObject):
    """``operators_drawn`` brings :class:`Pictures`, ``impact_drawn`` :class:`ImpactPictures` and the patch they are
    of, after each change of the patch; ``spectrum_drawn`` a :class:`Spectrum` after each sound of it and, if that is
    wanted, as the playhead moves.

    ``quiet`` is told of each job: they are too small to be listed. Nothing is computed for what nobody sees:
    ``set_wanted`` is for the panel of a synth as a whole, ``set_spectrum_wanted`` for the spectrum of the FM
    instrument, which rests until it is on.
    """

    operators_drawn = Signal(object)
    impact_drawn = Signal(object, object)
    spectrum_drawn = Signal(object)

    def __init__(
        self,
        studio: Studio,
        bridge: Bridge,
        playhead_s: Callable[[], float | None],
        quiet: Callable[[int], None],
    ) -> None:
        """``playhead_s`` says where in the live sound the playhead stands, ``None`` while something else plays."""
        super().__init__(bridge)
        self._studio = studio
        self._playhead_s = playhead_s
        self._resting: set[str] = set()
        self._spectrum_wanted = False
        self._follows = False
        self._closed = False
        self._asked: tuple[Patch, NoteSettings] | None = None
        self._drawn: tuple[Patch, NoteSettings] | None = None
        self._drawing: Patch | None = None
        self._rendered: Rendered | None = None
        self._looked: tuple[Rendered, float | None] | None = None
        self._pictures = LatestOnly(bridge, self._show, quiet)
        self._spectrum = LatestOnly(bridge, self.spectrum_drawn.emit, quiet)
        self._clock = QTimer(self, interval=PLAYHEAD_MS)
        self._clock.timeout.connect(self._look)

    def set_wanted(self, on: bool, synth: str = FM_SPACE.name) -> None:
        """Draw, or rest; what changed meanwhile is drawn when it is wanted again."""
        (self._resting.discard if on else self._resting.add)(synth)
        self._run_clock()
        self._draw()
        self._look()

    def set_spectrum_wanted(self, on: bool) -> None:
        """Look at the sounds, or rest."""
        self._spectrum_wanted = on
        self._run_clock()
        self._look()

    def show_patch(self, patch: Patch, note: NoteSettings) -> None:
        """The live patch or its note changed."""
        self._asked = (patch, note)
        self._draw()

    def show_sound(self, rendered: Rendered) -> None:
        """The live patch has a new sound."""
        self._rendered = rendered
        self._look()

    def follow_playhead(self, on: bool) -> None:
        """Look where the playhead stands instead of at the loudest moment."""
        self._follows = on
        self._run_clock()
        self._look()

    def close(self) -> None:
        """The engine has ended: ask it nothing more."""
        self._closed = True
        self._run_clock()

    @property
    def busy(self) -> bool:
        """Whether a picture is on its way."""
        return self._pictures.busy or self._spectrum.busy

    @property
    def _looks(self) -> bool:
        return FM_SPACE.name not in self._resting and self._spectrum_wanted and not self._closed

    def _run_clock(self) -> None:
        if self._looks and self._follows:
            self._clock.start()
        else:
            self._clock.stop()

    def _draw(self) -> None:
        asked = self._asked
        if asked is None or self._closed or asked[0].synth in self._resting or asked == self._drawn:
            return
        self._drawn = asked
        patch, note = asked

        def submit() -> int:
            self._drawing = patch
            return self._studio.pictures(
                patch,
                note=note.note,
                velocity=note.velocity,
                hold_s=note.hold_s,
                duration_s=note.duration_s,
            )

        self._pictures.ask(submit)

    def _show(self, drawn: object) -> None:
        if isinstance(drawn, ImpactPictures):
            self.impact_drawn.emit(drawn, self._drawing)
        else:
            self.operators_drawn.emit(drawn)

    def _look(self) -> None:
        rendered = self._rendered
        if rendered is None or not self._looks or rendered.patch.synth != FM_SPACE.name:
            return
        at_s = self._playhead_s() if self._follows else None
        if self._looked is not None and self._looked[0] is rendered and _same(at_s, self._looked[1]):
            return
        self._looked = (rendered, at_s)
        self._spectrum.ask(lambda: self._studio.spectrum(rendered, at_s))


def _same(a: float | None, b: float | None) -> bool:
    return a is b if a is None or b is None else abs(a - b) < SAME_S
