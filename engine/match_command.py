"""``tonewright match``: an instrument fitted to a recording becomes a sound file, and a patch if that is wanted."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadUsage
from engine.jobs import Note
from engine.matching.budget import usual_s
from engine.named_patch import find_patch
from engine.out_places import check_file_place, check_sound_place
from engine.terminal import Answer, Parser, Progress

if TYPE_CHECKING:
    from engine.bench.frame import Area


def add_arguments(parser: Parser) -> None:
    parser.add_argument("target", metavar="TARGET.wav", type=Path, help="the recording to come near to")
    parser.add_argument("--synth", choices=("fm", "impact"), default="fm", help="the instrument (default: fm)")
    parser.add_argument("-o", "--output", metavar="OUT.wav", type=Path, required=True, help="the file to write")
    parser.add_argument("--save-patch", metavar="P.json", type=Path, help="where to write the patch")
    parser.add_argument("--patch", metavar="PATCH.json", help="the patch whose locked values are kept")
    parser.add_argument("--lock", metavar="NAME", action="append", default=[], help="a parameter to keep; repeatable")
    words = f"time to take (default {usual_s('fm'):g}, for an impact {usual_s('impact'):g})"
    parser.add_argument("--seconds-budget", metavar="S", type=float, help=words)
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of all chance (default 0)")
    parser.add_argument("--force", action="store_true", help="replace the output when it exists")


def run(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.audio import open_clip, write_clip_steps
    from engine.audio.atomic import new_file
    from engine.inline import match_inline, matched_sound

    check_sound_place(arguments.output, force=arguments.force)
    check_file_place(arguments.save_patch, force=arguments.force)
    if arguments.save_patch is not None:
        for path, what in ((arguments.output, "sound"), (arguments.target, "recording")):
            if _is_one_file(path, arguments.save_patch):
                raise BadUsage(f"{arguments.save_patch} is the {what}'s file; give the patch one of its own.")
    clip = open_clip(arguments.target)
    current = find_patch(arguments.patch) if arguments.patch else None
    progress = Progress("matching")
    told: list[str] = []

    def show(note: Note) -> None:
        if note.notice:
            progress.tell(note.notice)
            told.append(note.notice)
        progress.show(note.fraction)

    result = match_inline(
        clip,
        synth=arguments.synth,
        current=current,
        locked=arguments.lock,
        seed=arguments.seed,
        seconds=arguments.seconds_budget,
        on_note=show,
    )
    progress.show(1.0)
    best = result.candidates[0]
    sound = matched_sound(result, clip.sample_rate)
    steps = write_clip_steps(sound, arguments.output, overwrite=arguments.force)
    written = Progress("writing").through(steps)
    if arguments.save_patch is not None:
        with new_file(arguments.save_patch.absolute(), overwrite=arguments.force) as temporary:
            temporary.write_text(best.patch.dumps() + "\n", encoding="utf-8")
    pitch = "no pitch" if result.pitch_hz is None else f"{result.pitch_hz:.1f} Hz"
    words = [
        f"{written.path}: {best.distance_db:.2f} dB from {clip.name} ({pitch})"
        f"{_beside_preset(best.distance_db, result.preset_name, result.preset_db)}",
        f"note {best.note.note}, held {best.note.hold_s:.2f} s",
    ]
    if arguments.save_patch is not None:
        words.append(f"patch: {arguments.save_patch}")
    data = {
        "path": str(Path(written.path).resolve()),
        "patch": None if arguments.save_patch is None else str(arguments.save_patch.resolve()),
        "distance_db": _finite(best.distance_db),
        "preset_db": _finite(result.preset_db),
        "preset": result.preset_name,
        "candidates_db": [_finite(candidate.distance_db) for candidate in result.candidates],
        "pitch_hz": result.pitch_hz,
        "start_s": result.start_s,
        **best.note.to_json(),
        "notice": " ".join(filter(None, (result.notice, written.notice))),
    }
    rest = result.notice
    for sentence in told:
        # Nobody wants to read it twice.
        rest = rest.replace(sentence, "").strip()
    return Answer("\n".join(filter(None, (*words, rest, written.notice))), data)


def _is_one_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def _beside_preset(distance_db: float, name: str, preset_db: float) -> str:
    """How that compares with the nearest preset, where there is one."""
    if not math.isfinite(preset_db):
        return ""
    if preset_db <= 0.0:
        return f"; the preset {name} is the very sound"
    share = 100.0 * (1.0 - distance_db / preset_db)
    return f", {share:.0f} % less than the best preset, {name} ({preset_db:.2f} dB)"


def _finite(value: float) -> float | None:
    """JSON has no word for what is no number."""
    return value if math.isfinite(value) else None
