"""What jobs of the engine are made of: who plays a patch, how a match goes, and any steps as notes.

Torch and the sound libraries load when the steps are taken, never here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from engine.audio.values import Audio, Clip
from engine.errors import BadUsage
from engine.jobs import Note
from engine.matching.result import MatchResult
from engine.params import IMPACT_SPACE, Patch
from engine.params.spaces import SPACES
from engine.playing import Kind
from engine.torch_setup import load_torch

if TYPE_CHECKING:
    from engine.params.impact_pictures import ImpactPictures
    from engine.params.pictures import Pictures

R = TypeVar("R")


class PlayPatch(Protocol):
    """Plays one note of a patch, step by step: yields the fraction done, returns the sound."""

    def __call__(
        self, patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int
    ) -> Generator[float, None, Audio]: ...


def player_of(kind: Kind) -> PlayPatch:
    if kind == "real":
        return _play_with_torch
    if kind == "fake":
        from engine.fakes import play_patch

        return play_patch
    raise BadUsage(f'There is no engine called {kind!r}; there is "real" and "fake".')


def _play_with_torch(
    patch: Patch, *, note: float, velocity: float, hold_s: float, duration_s: float, sample_rate: int
) -> Generator[float, None, Audio]:
    load_torch()
    from engine.synths.play import play_patch

    return (
        yield from play_patch(
            patch, note=note, velocity=velocity, hold_s=hold_s, duration_s=duration_s, sample_rate=sample_rate
        )
    )


def drawing(
    kind: Kind, patch: Patch, note: float, velocity: float, hold_s: float, duration_s: float
) -> Callable[[], Generator[Note, None, Pictures | ImpactPictures]]:
    """A job that draws an instrument at work: the picture depends on which one it is."""

    def body() -> Generator[Note, None, Pictures | ImpactPictures]:
        yield Note(None)
        from engine import fakes, fakes_impact

        key = (note, velocity, hold_s, duration_s)
        is_impact = patch.synth == IMPACT_SPACE.name
        if kind == "fake":
            return fakes_impact.draw(patch, *key) if is_impact else fakes.draw(patch, *key)
        load_torch()
        from engine.synths import fm_pictures, impact_pictures

        return impact_pictures.draw(patch, *key) if is_impact else fm_pictures.draw(patch, *key)

    return body


def match_steps(
    kind: Kind, clip: Clip, synth: str, current: Patch | None, locked: tuple[str, ...], seed: int, seconds: float
) -> Generator[Note, None, MatchResult]:
    from engine.matching.reading import read_target
    from engine.project.presets import factory_presets

    start = time.monotonic()
    audio, begin_s, notice = yield from notes_of(read_target(clip), scale=0.01)
    presets = [preset for preset in factory_presets() if preset.synth == synth]
    if kind == "fake":
        from engine.matching.fake import match
    else:
        yield Note(0.01, "Loading the synthesizers")
        load_torch()
        if synth == "impact":
            from engine.matching.strike_match import match
        else:
            from engine.matching.match import match
    left = max(seconds - (time.monotonic() - start), 0.2 * seconds)
    result = yield from match(
        audio, seed=seed, seconds=left, current=current, locked=locked, presets=presets, name=f"Like {clip.name}"
    )
    return replace(result, start_s=result.start_s + begin_s, notice=" ".join(filter(None, (notice, result.notice))))


def check_match(synth: str, current: Patch | None, locked: Iterable[str], seconds: float) -> None:
    if synth not in SPACES:
        raise BadUsage(f"Matching knows the synths {' and '.join(sorted(SPACES))}, not {synth!r}.")
    if current is not None and current.synth != synth:
        raise BadUsage(f"A patch of the {current.synth} synth has no values that the {synth} synth could keep.")
    if not 0.5 <= seconds <= 3600.0:
        raise BadUsage(f"A match cannot take {seconds:g} s: give it 0.5 to 3600 s.")
    for name in locked:
        SPACES[synth][name]  # raises for a name that is not there


def notes_of(steps: Generator[float | tuple[float, object], None, R], scale: float = 1.0) -> Generator[Note, None, R]:
    """Turn fractions (times ``scale``), or fractions with a preview, into notes and keep the result; closing one closes
    the other."""
    try:
        while True:
            step = next(steps)
            yield Note(step[0] * scale, preview=step[1]) if isinstance(step, tuple) else Note(step * scale)
    except StopIteration as stop:
        result: R = stop.value
        return result
    finally:
        steps.close()
