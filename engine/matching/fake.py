"""A small honest stand-in for :func:`engine.matching.match.match`: no search, and no torch.

It ranks the presets by how their level over time resembles the target's, as the fake instruments play them.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace

import numpy as np

from engine.audio.values import Audio
from engine.errors import AudioError
from engine.fakes import play_patch
from engine.jobs import Note
from engine.matching.budget import MATCH_S
from engine.matching.result import N_CANDIDATES, Candidate, MatchResult
from engine.matching.target import levels_db, listen
from engine.params import Patch
from engine.params.note import HOLD, LENGTH, VELOCITY, NoteSettings

_STEP_S = 0.005
_FLOOR_DB = -60.0


def match(
    target: Audio,
    *,
    seed: int = 0,
    seconds: float = MATCH_S,
    current: Patch | None = None,
    locked: Iterable[str] = (),
    presets: Sequence[Patch] = (),
    name: str = "",
) -> Generator[Note, None, MatchResult]:
    """The presets that resemble ``target`` most; arguments, notes and errors as those of the real one."""
    heard = listen(target)
    if not presets:
        raise AudioError("There are no presets to choose from.")
    note = NoteSettings(heard.note, round(VELOCITY.default), HOLD.clamp(heard.hold_s), LENGTH.clamp(heard.duration_s))
    kept = {} if current is None else {one: current.values[one] for one in locked}
    wanted = np.maximum(levels_db(heard.samples, heard.sample_rate, _STEP_S), _FLOOR_DB)
    found: list[tuple[float, int]] = []
    patches = [replace(preset.with_values(**kept), name=name) for preset in presets]

    def best() -> tuple[Candidate, ...]:
        return tuple(Candidate(patches[i], far, note) for far, i in sorted(found)[:N_CANDIDATES])

    for i, patch in enumerate(patches):
        yield Note(i / len(patches), "Comparing with the presets", best())
        sound = yield from _played(patch, heard.key, note, heard.sample_rate)
        level = np.maximum(levels_db(sound.samples[0].astype(np.float64), heard.sample_rate, _STEP_S), _FLOOR_DB)
        n = min(len(level), len(wanted))
        found.append((float(np.sqrt(np.mean((level[:n] - wanted[:n]) ** 2))), i))
    nearest, place = min(found)
    return MatchResult(
        best(), heard.pitch_hz, heard.start_s, heard.duration_s, heard.notice, presets[place].name, nearest
    )


def _played(patch: Patch, key: float, note: NoteSettings, rate: int) -> Generator[Note, None, Audio]:
    steps = play_patch(
        patch, note=key, velocity=note.velocity, hold_s=note.hold_s, duration_s=note.duration_s, sample_rate=rate
    )
    try:
        while True:
            next(steps)
            yield Note(None, "Comparing with the presets")
    except StopIteration as stop:
        audio: Audio = stop.value
        return audio
