"""The facade: everything the window and the command line may ask of the engine, each request a job.

Every method returns a job id at once; what comes of it arrives as :class:`~engine.jobs.Event` at the listener. Three
runners serve the jobs: ``live`` for whatever a hand is waiting for (knob renders, opening, tiles), ``work``, with one
heavy job at a time and files written between its steps, and ``fetch`` for what comes from the network. Torch and the
sound libraries load inside the jobs that need them, never here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.audio.values import Audio, Clip
from engine.bodies import check_match, drawing, match_steps, notes_of, player_of
from engine.checks import check_kept, check_note, check_sound
from engine.gesture_sound import check_gesture, gesture_steps
from engine.jobs import Event, JobRunner, Note
from engine.matching.budget import MATCH_S as MATCH_S
from engine.matching.budget import usual_s as usual_s
from engine.matching.result import Candidate as Candidate
from engine.matching.result import MatchResult as MatchResult
from engine.params import FM_SPACE, Patch
from engine.params.gesture import Gesture
from engine.params.note import HOLD, LENGTH, NOTE, VELOCITY
from engine.playing import Instrument
from engine.playing import Kind as Kind
from engine.prior_list import PriorEntry as PriorEntry
from engine.prior_list import prior_steps
from engine.rates import DEFAULT_RATE_HZ
from engine.sds.door import check_imagined, check_request
from engine.sds.result import OWN_PRIOR
from engine.sds.result import TUNE_S as TUNE_S
from engine.sds.result import Imagined as Imagined
from engine.sds.result import Moment as Moment
from engine.sds.result import TuneCandidate as TuneCandidate
from engine.sds.result import TuneRequest as TuneRequest
from engine.sds.result import TuneResult as TuneResult
from engine.sds.result import TuneState as TuneState
from engine.torch_setup import load_torch, prepare_environment, torch_is_loaded
from engine.trials import Trials, get_ready
from engine.tuning import IMAGINE_S as IMAGINE_S
from engine.tuning import bank_steps, imagine_steps, tune_steps
from engine.variation_set import SetRequest as SetRequest
from engine.variation_set import SetWritten as SetWritten
from engine.variation_set import write_set_steps
from engine.weights.catalog import find
from engine.weights.fetching import fetch

if TYPE_CHECKING:
    from engine.audio.pyramid import Pyramid
    from engine.audio.tiles import Request
    from engine.params.pictures import Spectrum
    from engine.project.presets import Preset

RANK_RENDER = 0
RANK_PICTURES = 1
RANK_OPEN = 3
RANK_WRITE = 5
"""On ``work``, ahead of every heavy job: what is to be saved does not wait for what is to be computed."""
RANK_SET = 8
RANK_TILES = 10
RANK_MATCH = 10
RANK_TUNE = 10
RANK_OVERVIEW = 20
RANK_PRIORS = 30
RANK_WARM = 50
LOOK_AGAIN_S = 0.05
"""So often a job asks whether another thread is through with its part."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A played note: the sound and everything that made it."""

    audio: Audio
    patch: Patch
    note: float
    velocity: float
    hold_s: float
    duration_s: float


class Studio:
    """The engine behind one door.

    ``listener`` receives every event of all runners on an engine thread and must return at once. ``kind="fake"``
    plays patches with the small numpy instruments of :mod:`engine.fakes`: the whole application works, without torch.
    """

    def __init__(self, listener: Callable[[Event], None] | None = None, *, kind: Kind = "real") -> None:
        prepare_environment()
        self.kind = kind
        self._play = player_of(kind)
        self.work = JobRunner("work", listener)
        self.live = JobRunner("live", listener)
        self.fetching = JobRunner("fetch", listener)
        """Steps of what comes from the network wait for it; nothing else waits for them."""
        self.trials = Trials(self._play, self._quick_runner, self.work)
        self.instrument = Instrument(kind)
        """What the keys play; its ``on_error`` is free to be set."""
        self._early: dict[str, int] = {}

    def warm(self) -> int:
        """Load what the first render needs and play a note that nobody hears; the result is ``None``.

        The first time on a machine the instrument is compiled, which takes about a minute.
        Runs on ``work``, so that files open and tiles draw meanwhile; a render that comes too early waits for it.
        """

        def body() -> Generator[Note, None, None]:
            yield Note(None, "Loading the synthesizers")
            patch = Patch(FM_SPACE.name)
            yield from notes_of(
                self._play(patch, note=60, velocity=100, hold_s=0.1, duration_s=0.2, sample_rate=DEFAULT_RATE_HZ)
            )
            get_ready()

        return self.work.submit(body, rank=RANK_WARM, key="warm", title="Loading the synthesizers")

    def warm_keys(self) -> int:
        """Load what :attr:`instrument` needs, behind :meth:`warm`; the result is ``None``.

        The first time on a machine its voices are compiled, which takes about a minute without a place to stop; a key
        waits for it. It happens on the playing thread, so that whatever a person asks for meanwhile runs at once.
        """

        def body() -> Generator[Note, None, None]:
            ready = self.instrument.get_ready()
            while not ready.done():
                yield Note(None, "Preparing the keys")
                wait([ready], LOOK_AGAIN_S)
            ready.result()

        return self.work.submit(body, rank=RANK_WARM + 1, key="warm keys", title="Preparing the keys")

    def open(self, path: str | Path) -> int:
        """Open a sound file; the result is a :class:`Clip`."""

        def body() -> Generator[Note, None, Clip]:
            from engine.audio import open_clip_steps

            return (yield from notes_of(open_clip_steps(Path(path))))

        return self.live.submit(body, rank=RANK_OPEN, title=f"Opening {Path(path).name}")

    def render(
        self,
        patch: Patch,
        *,
        note: float = NOTE.default,
        velocity: float = VELOCITY.default,
        hold_s: float = HOLD.default,
        duration_s: float = LENGTH.default,
        sample_rate: int = DEFAULT_RATE_HZ,
        on_audio: Callable[[Audio], None] | None = None,
        key: str | None = "render",
    ) -> int:
        """Play one note of ``patch``; the result is :class:`Rendered`.

        ``note`` and ``velocity`` are MIDI numbers (fractions allowed); the key is released after ``hold_s`` and the
        sound ends after ``duration_s``. ``on_audio`` gets the sound on the engine thread just before the ``done``
        event: the short way to the player. A newer render of the same ``key`` replaces this one. A render that comes
        before torch is there runs on ``work``, behind :meth:`warm`: importing it takes seconds, and ``live`` must not
        keep files and tiles waiting so long. Raises :class:`BadUsage` for a note, a length or a rate that makes no
        sense.
        """
        check_note(note, velocity, hold_s, duration_s, sample_rate)

        def body() -> Generator[Note, None, Rendered]:
            steps = self._play(
                patch, note=note, velocity=velocity, hold_s=hold_s, duration_s=duration_s, sample_rate=sample_rate
            )
            audio = yield from notes_of(steps)
            check_sound(audio, patch)
            return Rendered(audio, patch, note, velocity, hold_s, duration_s)

        def deliver(rendered: Rendered) -> None:
            if on_audio is not None:
                on_audio(rendered.audio)

        title = f"Rendering {patch.name}" if patch.name else "Rendering"
        is_early = self.kind == "real" and not torch_is_loaded()
        runner = self.work if is_early else self.live
        job = runner.submit(body, rank=RANK_RENDER, key=key, title=title, on_result=deliver)
        if key is not None:
            older = self._early.pop(key, None)
            if is_early:
                self._early[key] = job
            elif older is not None:
                self.work.cancel(older)
        return job

    def pictures(self, patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float) -> int:
        """Draw the wave and the envelope of each operator of an FM patch, and the result is ``Pictures``; or the modes,
        the contact and the decays of an impact patch, and it is ``ImpactPictures``.

        A newer request replaces this one.
        """
        body = drawing(self.kind, patch, note, velocity, hold_s, duration_s)
        return self._quick_runner().submit(body, rank=RANK_PICTURES, key="pictures", title="Drawing the instrument")

    def spectrum(self, rendered: Rendered, at_s: float | None = None) -> int:
        """Look at a note around ``at_s``, or at its loudest moment; the result is ``Spectrum``.

        Its partials are told by operators where the patch is of the FM instrument. A newer request replaces this one.
        """

        def body() -> Generator[Note, None, Spectrum]:
            yield Note(None)
            if self.kind == "fake":
                from engine.fakes import look
            else:
                load_torch()
                from engine.synths.fm_pictures import look
            steps = look(rendered.audio, rendered.patch, rendered.note, rendered.velocity, rendered.hold_s, at_s)
            return (yield from notes_of(steps))

        return self._quick_runner().submit(body, rank=RANK_PICTURES, key="spectrum", title="Looking at the sound")

    def _quick_runner(self) -> JobRunner:
        """Where small things with torch run: importing it takes seconds, and ``live`` must not wait for that."""
        return self.work if self.kind == "real" and not torch_is_loaded() else self.live

    def overview(self, clip: Clip) -> int:
        """Build the min/max pyramid that the waveform draws from; previews and the result are ``Pyramid``."""

        def body() -> Generator[Note, None, Pyramid]:
            from engine.audio.pyramid import build_pyramid

            return (yield from notes_of(build_pyramid(clip)))

        return self.live.submit(body, rank=RANK_OVERVIEW, title=f"Reading {clip.name}")

    def tiles(self, clip: Clip, request: Request) -> int:
        """Compute what ``request`` asks for; each preview is a ``Tile`` (or a ``Detail``), the result is ``None``.

        A newer request of the same ``request.key`` replaces this one.
        """

        def body() -> Generator[Note, None, None]:
            from engine.audio.tiles import compute_tiles

            yield from notes_of(compute_tiles(clip, request))

        return self.live.submit(body, rank=RANK_TILES, key=request.key, title=f"Drawing {clip.name}")

    def export(
        self,
        clip: Clip,
        path: str | Path,
        *,
        subtype: str | None = None,
        overwrite: bool = False,
        keep: Iterable[Path] = (),
    ) -> int:
        """Write ``clip`` to a file in the format of the path's ending; the result is the :class:`Path` written.

        None of the files in ``keep`` is ever replaced: they are what open takes play from.

        The last note's text says when something was lost, such as samples that had to be clipped. Runs on ``work``,
        between the steps of what computes there: a slow disk must not hold up a knob.
        """

        kept = tuple(keep)

        def body() -> Generator[Note, None, Path]:
            from engine.audio import write_clip_steps

            check_kept(Path(path), kept)
            written = yield from notes_of(write_clip_steps(clip, path, subtype=subtype, overwrite=overwrite))
            yield Note(1.0, written.notice)
            return written.path

        return self.work.submit(body, rank=RANK_WRITE, title=f"Writing {Path(path).name}")

    def render_gesture(self, patch: Patch, gesture: Gesture, *, sample_rate: int = DEFAULT_RATE_HZ) -> int:
        """What a hand drew on the object of ``patch``, as a sound; the result is :class:`Audio`.

        Raises :class:`BadUsage` for a patch without an object.
        """
        check_gesture(patch, gesture, sample_rate)

        def body() -> Generator[Note, None, Audio]:
            return (yield from gesture_steps(self.kind, patch, gesture, sample_rate))

        return self.work.submit(body, rank=RANK_SET, title="Playing the gesture")

    def export_set(self, request: SetRequest, folder: str | Path) -> int:
        """Strike a set of variations and write it into a new folder; the result is :class:`SetWritten`.

        Each strike is a note with its fraction; nothing is there before all of it is. Raises :class:`BadUsage` for a
        patch that nothing is struck in and a note that makes no sense.
        """
        request.check()

        def body() -> Generator[Note, None, SetWritten]:
            return (yield from write_set_steps(self.kind, request, Path(folder)))

        return self.work.submit(body, rank=RANK_SET, title=f"Writing {Path(folder).name}")

    def match(
        self,
        clip: Clip,
        *,
        synth: str = FM_SPACE.name,
        current: Patch | None = None,
        locked: Iterable[str] = (),
        seed: int = 0,
        seconds: float | None = None,
    ) -> int:
        """Look for patches of ``synth`` that sound like ``clip``; the result is a :class:`MatchResult`.

        Previews are tuples of :class:`Candidate`, best first. Parameters in ``locked`` keep the values of ``current``.
        A newer match replaces this one. It takes ``seconds``, or :func:`usual_s` of ``synth``. Raises
        :class:`BadUsage` for a synth, a time or a patch that makes no sense.
        """
        names = tuple(locked)
        time_s = usual_s(synth) if seconds is None else seconds
        check_match(synth, current, names, time_s)

        def body() -> Generator[Note, None, MatchResult]:
            return (yield from match_steps(self.kind, clip, synth, current, names, seed, time_s))

        return self.work.submit(body, rank=RANK_MATCH, key="match", title=f"Matching {clip.name}")

    def tune(self, request: TuneRequest, presets: Sequence[Preset] | None = None) -> int:
        """Turn the knobs until they sound like the words of ``request``; the result is a :class:`TuneResult`.

        Previews are values of :class:`TuneState`. ``presets`` are what it begins with, the factory's unless others are
        given. A newer tuning replaces this one. Raises :class:`BadUsage` for words that nobody would understand and
        for a request that makes no sense.
        """
        check_request(request)

        def body() -> Generator[Note, None, TuneResult]:
            return (yield from tune_steps(self.kind, request, presets))

        return self.work.submit(body, rank=RANK_TUNE, key="tune", title=f"Tuning to “{request.prompt}”")

    def warm_bank(self) -> int:
        """Make the banks that tunings ask, behind everything else; the result is ``None``.

        The first time on a machine a part of each is there within seconds, the whole within minutes. Until then a
        tuning asks what there is.
        """
        return self.work.submit(
            lambda: bank_steps(self.kind), rank=RANK_WARM + 2, key="bank", title="Getting patches ready for words"
        )

    def imagine(
        self,
        prompt: str,
        *,
        seconds: float = IMAGINE_S,
        seed: int = 0,
        negative: str = "",
        guidance: float | None = None,
        prior: str = OWN_PRIOR,
    ) -> int:
        """What the prior itself draws for the words, ``seconds`` long; the result is :class:`Imagined`.

        A newer request replaces this one. Raises :class:`BadUsage` as :meth:`tune` does.
        """
        check_imagined(prompt, negative, seconds, seed, guidance, prior)

        def body() -> Generator[Note, None, Imagined]:
            steps = imagine_steps(
                self.kind, prompt, seconds=seconds, seed=seed, negative=negative, guidance=guidance, prior=prior
            )
            return (yield from steps)

        return self.work.submit(body, rank=RANK_TUNE, key="imagine", title=f"Imagining “{prompt}”")

    def priors(self) -> int:
        """Which priors can be asked here; the result is a tuple of :class:`PriorEntry`, our own first."""
        return self.live.submit(lambda: prior_steps(self.kind), rank=RANK_PRIORS, title="Looking for priors")

    def fetch(self, weight_id: str, *, accepted: bool = False) -> int:
        """Fetch a public net unless it is here; the result is its folder. Notes say how much has come, and how fast.

        ``accepted`` says that the person has seen its licence and agrees. A newer request for the same net replaces
        this one and goes on from what has come. Raises :class:`BadUsage` for a net that nobody knows.
        """
        weight = find(weight_id)
        return self.fetching.submit(
            lambda: fetch(weight, accepted=accepted), key=weight.id, title=f"Fetching {weight.title}"
        )

    def cancel(self, job_id: int) -> bool:
        """End a job at its next step; ``False`` when it is unknown or already over."""
        return any(runner.cancel(job_id) for runner in (self.live, self.work, self.fetching))

    def close(self, timeout_s: float | None = 10.0) -> bool:
        """Cancel everything and end all threads; ``False`` when a step did not end in time.

        What compiles cannot be stopped: then the threads are left behind, and they do not keep the process alive.
        """
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        # All are told first, so that the waits overlap.
        runners = (self.live, self.work, self.fetching)
        for runner in runners:
            runner.cancel_all()
        parts = (self.instrument, *runners)
        closed = [p.close(None if deadline is None else max(deadline - time.monotonic(), 0.0)) for p in parts]
        return all(closed)
