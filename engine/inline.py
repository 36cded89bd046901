"""What the engine does, done here and now without a runner: for the command line, the benchmark and tests."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable

import numpy as np

from engine.audio.values import Audio, Clip
from engine.bodies import check_match, match_steps, notes_of, player_of
from engine.checks import check_note, check_sound
from engine.jobs import Note, run_inline
from engine.matching.budget import usual_s
from engine.matching.result import MatchResult
from engine.params import FM_SPACE, Patch
from engine.params.note import HOLD, LENGTH, NOTE, VELOCITY
from engine.playing import Kind
from engine.rates import DEFAULT_RATE_HZ

_LONGEST_SILENCE_S = 1.0


def render_inline(
    patch: Patch,
    *,
    note: float = NOTE.default,
    velocity: float = VELOCITY.default,
    hold_s: float = HOLD.default,
    duration_s: float = LENGTH.default,
    sample_rate: int = DEFAULT_RATE_HZ,
    kind: Kind = "real",
    on_note: Callable[[Note], None] | None = None,
) -> Audio:
    """Play one note of ``patch`` here and now, without a runner; arguments and errors as in :meth:`Studio.render`."""
    check_note(note, velocity, hold_s, duration_s, sample_rate)
    play = player_of(kind)

    def body() -> Generator[Note, None, Audio]:
        steps = play(patch, note=note, velocity=velocity, hold_s=hold_s, duration_s=duration_s, sample_rate=sample_rate)
        audio = yield from notes_of(steps)
        check_sound(audio, patch)
        return audio

    return run_inline(body, on_note)


def match_inline(
    clip: Clip,
    *,
    synth: str = FM_SPACE.name,
    current: Patch | None = None,
    locked: Iterable[str] = (),
    seed: int = 0,
    seconds: float | None = None,
    kind: Kind = "real",
    on_note: Callable[[Note], None] | None = None,
) -> MatchResult:
    """Match ``clip`` here and now, without a runner; arguments and errors as in :meth:`Studio.match`."""
    names = tuple(locked)
    time_s = usual_s(synth) if seconds is None else seconds
    check_match(synth, current, names, time_s)
    return run_inline(lambda: match_steps(kind, clip, synth, current, names, seed, time_s), on_note)


def matched_sound(result: MatchResult, sample_rate: int, place: int = 0, kind: Kind = "real") -> Clip:
    """A candidate's sound in time with the recording: as long, and with the silence before it when that is short."""
    candidate = result.candidates[place]
    audio = render_inline(
        candidate.patch,
        note=candidate.note.note,
        velocity=candidate.note.velocity,
        hold_s=candidate.note.hold_s,
        duration_s=max(result.duration_s, LENGTH.low),
        sample_rate=sample_rate,
        kind=kind,
    )
    before = round(result.start_s * sample_rate) if result.start_s <= _LONGEST_SILENCE_S else 0
    samples = np.pad(audio.samples, ((0, 0), (before, 0)))
    return Clip.of(Audio(samples, sample_rate), candidate.patch.name or "Match")
