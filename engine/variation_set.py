"""Sets of strikes as files: a sound for each strike, a JSON sheet that tells what is in them, and an SFZ file by which
samplers play them."""

from __future__ import annotations

import json
import math
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine import __version__
from engine.audio import Audio, Clip, loudness_lufs, safe_name, write_clip_steps
from engine.audio.atomic import new_folder
from engine.bodies import notes_of, player_of
from engine.checks import check_note, check_sound
from engine.jobs import Note
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.params.variations import Variation, VaryPlan, check_varies, variation_set
from engine.playing import Kind
from engine.rates import DEFAULT_RATE_HZ

SHEET = "sheet.json"
SHEET_VERSION = 1
_SILENT = 10.0 ** (-96.0 / 20.0)
"""What stays below at the end of a sound is cut off."""
_TAIL_S = 0.02
_VARIED = ("strike_x", "strike_y", "striker_hardness")


@dataclass(frozen=True)
class SetWritten:
    """A set as it lies in its folder: the names of its sounds, of its sheet and of the sampler's file."""

    folder: Path
    files: tuple[str, ...]
    sheet: str
    sfz: str
    notice: str = ""


@dataclass(frozen=True, slots=True)
class SetRequest:
    """What is to be written: a patch, how it varies, with which note, and how the files are stored."""

    patch: Patch
    plan: VaryPlan
    note: NoteSettings
    sample_rate: int = DEFAULT_RATE_HZ
    subtype: str | None = "PCM_24"

    def check(self) -> None:
        """Raise :class:`BadUsage` for what cannot be struck."""
        check_varies(self.patch)
        note, velocity, hold_s, duration_s = self.note
        check_note(note, velocity, hold_s, duration_s, self.sample_rate)


def write_set_steps(kind: Kind, request: SetRequest, folder: Path) -> Generator[Note, None, SetWritten]:
    """Strike all of a set and write it into ``folder``, which must be new or empty; it is there when all of it is.

    Raises :class:`engine.errors.AudioExists` for a folder that holds something, :class:`AudioUnwritable` for one that
    cannot be written.
    """
    request.check()
    play = player_of(kind)
    plan = variation_set(request.patch, request.plan, request.note.velocity)
    stem = safe_name(request.patch.name or "Impact")
    sheet = _sheet(request, stem)
    layer_digits, digits = (len(str(n)) for n in (request.plan.layers, request.plan.n))
    notices: list[str] = []
    with new_folder(folder.absolute()) as temporary:
        for number, strike in enumerate(plan):
            yield Note(number / len(plan), f"Striking {number + 1} of {len(plan)}")
            steps = play(
                strike.patch,
                note=request.note.note,
                velocity=strike.velocity,
                hold_s=request.note.hold_s,
                duration_s=request.note.duration_s,
                sample_rate=request.sample_rate,
            )
            # A step is as long as a strike: the count of strikes is the progress.
            audio = yield from _silently(steps, number / len(plan))
            check_sound(audio, strike.patch)
            audio = without_silence(audio)
            name = f"{stem}-n{request.note.note}-v{strike.layer:0{layer_digits}d}-rr{strike.number:0{digits}d}.wav"
            clip = Clip.of(audio, name, about=strike.patch.about)
            writing = write_clip_steps(clip, temporary / name, subtype=request.subtype)
            written = yield from _silently(writing, number / len(plan))
            if written.notice:
                notices.append(f"{name}: {written.notice}")
            sheet["subtype"] = written.subtype
            sheet["files"].append(_entry(name, strike, request, audio))
        (temporary / SHEET).write_text(json.dumps(sheet, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        sfz = f"{stem}.sfz"
        (temporary / sfz).write_text(_sfz(sheet, request), encoding="utf-8")
    yield Note(1.0)
    more = f" {len(notices) - 1} more files likewise." if len(notices) > 1 else ""
    names = tuple(entry["file"] for entry in sheet["files"])
    return SetWritten(folder, names, SHEET, sfz, notices[0] + more if notices else "")


def without_silence(audio: Audio) -> Audio:
    """``audio`` without the silence at its end, but never without any frame."""
    heard = np.flatnonzero(np.abs(audio.samples).max(0) > _SILENT)
    n = int(heard[-1]) + 1 + round(_TAIL_S * audio.sample_rate) if heard.size else 1
    return audio if n >= audio.n_frames else Audio(audio.samples[:, :n], audio.sample_rate)


def _silently(steps: Generator[Any, None, Any], done: float) -> Generator[Note, None, Any]:
    """Steps of something that is a small part of the whole."""
    for_notes = notes_of(steps)
    try:
        while True:
            yield replace(next(for_notes), fraction=done, preview=None)
    except StopIteration as stop:
        return stop.value
    finally:
        for_notes.close()


def _sheet(request: SetRequest, stem: str) -> dict[str, Any]:
    return {
        "what": "A set of strikes",
        "version": SHEET_VERSION,
        "made_by": f"Tonewright {__version__}",
        "name": stem,
        "author": None,
        "licence": request.patch.about.licence or None,
        "sample_rate": request.sample_rate,
        "subtype": "",
        **{name: value for name, value in request.note.to_json().items() if name != "velocity"},
        "plan": request.plan.to_json(),
        "patch": request.patch.to_json(),
        "files": [],
    }


def _entry(name: str, strike: Variation, request: SetRequest, audio: Audio) -> dict[str, Any]:
    values = strike.patch.values
    return {
        "file": name,
        "layer": strike.layer,
        "round_robin": strike.number,
        "note": request.note.note,
        "velocity": round(strike.velocity, 3),
        "velocity_low": strike.low,
        "velocity_high": strike.high,
        "seed": strike.patch.seed,
        "strike": strike.patch.strike,
        "parameters": {**{n: values[n] for n in _VARIED}, "damping_oct": strike.damping_oct},
        "channels": audio.channels,
        "n_frames": audio.n_frames,
        "duration_s": audio.duration_s,
        "peak_db": _finite(20.0 * math.log10(audio.peak)) if audio.peak > 0.0 else None,
        "loudness_lufs": _finite(loudness_lufs(audio)),
    }


def _finite(value: float) -> float | None:
    """JSON has no word for what is no number."""
    return round(value, 2) if math.isfinite(value) else None


def _sfz(sheet: dict[str, Any], request: SetRequest) -> str:
    """The set for samplers that read SFZ: the layers are as loud as they were struck, so velocity only picks them."""
    lines = [f"// {sheet['name']}, made by {sheet['made_by']}", "<global>"]
    lines += [
        f"loop_mode=one_shot amp_veltrack={0 if request.plan.layers > 1 else 100} pitch_keycenter={request.note.note}"
    ]
    for entry in sheet["files"]:
        if entry["round_robin"] == 1:
            lines.append(
                f"\n<group> lovel={entry['velocity_low']} hivel={entry['velocity_high']} seq_length={request.plan.n}"
            )
        lines.append(f"<region> seq_position={entry['round_robin']} sample={entry['file']}")
    return "\n".join(lines) + "\n"
