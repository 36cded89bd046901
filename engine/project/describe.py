"""A project as plain JSON values, and back: the same description serves project files and autosaves.

Sounds that came from files are described by where the file is (absolute and relative to the project) and what it was
like; sounds made here are named by an entry ``audio/<id>.wav`` that the container keeps beside the description.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from engine import __version__
from engine.audio import Audio, Clip, Steps, open_clip_steps
from engine.errors import AudioError, PatchError, ProjectError
from engine.jobs import Note
from engine.params import SPACES, Patch
from engine.params.note import NoteSettings
from engine.project.notes import Notes, read_note
from engine.project.project import Project
from engine.project.slots import NAMES, Slots
from engine.project.take import MissingSource, Take, new_id, now

FORMAT = "tonewright-project"
VERSION = 1


@dataclass(frozen=True)
class Loaded:
    """An opened project: its value, what the window looked like, and sentences about what was not as expected."""

    project: Project
    view: dict[str, Any] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def entry_name(take_id: str) -> str:
    """Where a container keeps the sound of a take."""
    return f"audio/{take_id}.wav"


def describe(project: Project, view: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], dict[str, Clip]]:
    """The project as JSON values, and the clips to keep beside it by entry name. ``folder`` is the project file's."""
    embedded: dict[str, Clip] = {}
    takes = []
    for take in project.takes:
        sound = _describe_sound(take, folder)
        if "entry" in sound and take.clip.n_frames:
            embedded[sound["entry"]] = take.clip
        takes.append(
            {
                "id": take.id,
                "name": take.name,
                "origin": take.origin,
                "prompt": take.prompt,
                "created": take.created.isoformat(),
                "settings": dict(take.settings),
                "patch": None if take.patch is None else take.patch.to_json(),
                "sound": sound,
            }
        )
    data = {
        "format": FORMAT,
        "version": VERSION,
        "program": __version__,
        "patch": project.patch.to_json(),
        "parked": [patch.to_json() for patch in project.parked],
        "note": project.notes.own.to_json(),
        "patch_notes": _describe_notes(project),
        "slots": project.slots.to_json(),
        "locks": {synth: sorted(project.locked_in(synth)) for synth in SPACES},
        "selection": project.selection,
        "takes": takes,
        "view": dict(view),
    }
    return data, embedded


def to_text(data: Mapping[str, Any]) -> str:
    """The description as JSON text; raises :class:`ProjectError` when some setting is no JSON value."""
    try:
        return json.dumps(data, indent=1, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ProjectError(f"The project holds a setting that cannot be stored: {error}.") from None


def from_text(text: str, name: str) -> dict[str, Any]:
    """Read and check a description; raises :class:`ProjectError` in one sentence about the file called ``name``."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ProjectError(f"{name} is damaged: its description cannot be read.") from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or not isinstance(data.get("version"), int):
        raise ProjectError(f"{name} is no Tonewright project.")
    if data["version"] > VERSION:
        raise ProjectError(
            f"{name} was saved by a newer Tonewright (format {data['version']}, this one reads up to {VERSION}); "
            "update the program to open it."
        )
    if not isinstance(data.get("takes"), list):
        raise ProjectError(f"{name} is damaged: its list of takes is not there.")
    return data


def restore(
    data: Mapping[str, Any], folder: Path, open_entry: Callable[[str, str], Generator[Note, None, Clip]]
) -> Generator[Note, None, Loaded]:
    """Build the project from its description, one take a step.

    ``open_entry(entry, name)`` is a generator that returns the clip of a kept sound. What is missing or not understood
    becomes a notice, never an error.
    """
    notices: list[str] = []
    takes: list[Take] = []
    stored = data["takes"]
    for number, item in enumerate(stored, 1):
        yield Note((number - 1) / len(stored), f"Opening take {number} of {len(stored)}")
        try:
            take = yield from _restore_take(item, folder, open_entry, notices)
        except (ProjectError, KeyError, TypeError, ValueError, OverflowError):
            notices.append(f"Take {number} is damaged and was left out.")
            continue
        if any(take.id == other.id for other in takes):
            notices.append(f"Take {number} has the same identity as another and was left out.")
            continue
        takes.append(take)
    try:
        patch = Patch.from_json(data.get("patch"))
    except PatchError as error:
        patch = Patch("fm")
        notices.append(f"The live patch could not be read and starts fresh. {error}")
    parked = _parked(data, patch, notices)
    selection = data.get("selection")
    view = data.get("view")
    known = {take.id for take in takes}
    selected = selection if isinstance(selection, str) and selection in known else None
    notes = Notes(read_note(data.get("note")) or NoteSettings())
    slots = Slots.read(data.get("slots"))
    project = Project(tuple(takes), patch, selected, notes, slots, _locks(data), parked=parked)
    project = _with_patch_notes(project, data.get("patch_notes"))
    return Loaded(project, view if isinstance(view, dict) else {}, tuple(notices))


def _owners(project: Project) -> dict[str, Patch | None]:
    """The patches that may have come with a note, by their place in the project."""
    places: dict[str, Patch | None] = {"live": project.patch}
    places |= {f"parked {patch.synth}": patch for patch in project.parked}
    for kind, patches in (("slot", project.slots.left), ("stored", project.slots.stored)):
        places |= {f"{kind} {name}": patch for name, patch in zip(NAMES, patches, strict=True)}
    return places


def _describe_notes(project: Project) -> dict[str, dict[str, int | float]]:
    notes = {place: project.note_of(patch) for place, patch in _owners(project).items() if patch is not None}
    return {place: note.to_json() for place, note in notes.items() if note is not None}


def _with_patch_notes(project: Project, stored: object) -> Project:
    """With the notes that came with patches, as far as they are understood."""
    if not isinstance(stored, Mapping):
        return project
    read = [(patch, read_note(stored.get(place))) for place, patch in _owners(project).items() if patch is not None]
    notes = tuple((patch, note) for patch, note in read if note is not None)
    live = project.notes.of(read_note(stored.get("live")))
    return replace(project, notes=live, patch_notes=notes[live.came is not None :])


def _parked(data: Mapping[str, Any], live: Patch, notices: list[str]) -> tuple[Patch, ...]:
    """The last patches of other synths than the live one's, one for each."""
    stored = data.get("parked")
    found: dict[str, Patch] = {}
    for item in stored if isinstance(stored, list) else ():
        try:
            patch = Patch.from_json(item)
        except PatchError as error:
            notices.append(f"The patch of an instrument could not be read and starts fresh. {error}")
        else:
            found[patch.synth] = patch
    return tuple(patch for synth, patch in found.items() if synth != live.synth)


def _locks(data: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Names that a synth has, by synth. Older files have one list for all synths, still older ones in their view."""
    view = data.get("view")
    stored = data.get("locks", view.get("locks") if isinstance(view, dict) else None)
    lists = stored if isinstance(stored, dict) else dict.fromkeys(SPACES, stored)
    return frozenset(
        (synth, name)
        for synth, names in lists.items()
        for name in (names if isinstance(names, list) and synth in SPACES else ())
        if isinstance(name, str) and name in SPACES[synth]
    )


# -- one sound ---------------------------------------------------------------------------------------------------------


def _describe_sound(take: Take, folder: Path) -> dict[str, Any]:
    clip = take.clip
    if isinstance(clip.source, MissingSource):
        return dict(clip.source.stored)
    facts: dict[str, Any] = {
        "rate": clip.sample_rate,
        "channels": clip.channels,
        "format": clip.format,
        "subtype": clip.subtype,
    }
    if clip.path is None:
        return {"entry": entry_name(take.id), "frames": clip.n_frames, **facts}
    path = Path(os.path.abspath(clip.path))  # noqa: PTH100 - resolve() would follow links to another name
    part = {"start": clip.start, "frames": clip.n_frames, "file_frames": clip.source.n_frames}
    return {"path": str(path), "relative": _relative(path, folder), "size": _size(path), **part, **facts}


def _relative(path: Path, folder: Path) -> str | None:
    """The way from ``folder`` to ``path`` with forward slashes, or ``None`` when there is none (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return None


def _size(path: Path) -> int | None:
    """Bytes of a file, by which it is known again; ``None`` when it has gone meanwhile."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def _restore_take(
    item: Mapping[str, Any],
    folder: Path,
    open_entry: Callable[[str, str], Generator[Note, None, Clip]],
    notices: list[str],
) -> Generator[Note, None, Take]:
    name = str(item["name"]) or "Untitled"
    take_id = str(item["id"])
    sound = item["sound"]
    if "entry" in sound:
        clip = yield from _restore_entry(sound, name, take_id, open_entry, notices)
    else:
        clip = yield from _restore_file(sound, name, folder, notices)
    patch = None
    if item.get("patch") is not None:
        try:
            patch = Patch.from_json(item["patch"])
        except PatchError as error:
            notices.append(f"The patch of “{name}” could not be read; its sound is there. {error}")
    settings = item.get("settings")
    return Take(
        take_id if len(take_id) == 32 and take_id.isalnum() else new_id(),
        name,
        clip,
        patch,
        str(item.get("origin", "file")),
        str(item.get("prompt", "")),
        settings if isinstance(settings, dict) else {},
        _moment(item.get("created")),
    )


def _moment(text: object) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return now()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _restore_entry(
    sound: Mapping[str, Any],
    name: str,
    take_id: str,
    open_entry: Callable[[str, str], Generator[Note, None, Clip]],
    notices: list[str],
) -> Generator[Note, None, Clip]:
    if int(sound["frames"]) == 0:
        silence = Audio(np.zeros((int(sound["channels"]), 0), dtype=np.float32), int(sound["rate"]))
        return Clip.of(silence, name, subtype=str(sound["subtype"]))
    try:
        # The name is made from the identity, so a forged description cannot point anywhere else.
        clip = yield from open_entry(entry_name(take_id), name)
    except (AudioError, ProjectError, OSError):
        return _missing(None, f"The sound of “{name}” is missing from the project.", sound, name, notices)
    form, subtype = str(sound["format"]), str(sound["subtype"])
    return Clip(clip.source, name, None, form, subtype, clip.start, clip.n_frames, about=clip.about)


def _restore_file(sound: Mapping[str, Any], name: str, folder: Path, notices: list[str]) -> Generator[Note, None, Clip]:
    path = _locate(sound, folder)
    wanted = Path(str(sound["path"]))
    if path is None and _is_elsewhere(str(sound["path"]), folder):
        reason = f"{wanted.name} is on another computer ({wanted.parent}) and was not asked for; open it from there."
        return _missing(wanted, reason, sound, name, notices)
    if path is None:
        return _missing(wanted, f"{wanted.name} is no longer at {wanted.parent}; put it back.", sound, name, notices)
    try:
        steps = open_clip_steps(path)
        opened = yield from _told(steps, f"Opening {path.name}")
    except AudioError as error:
        return _missing(path, str(error), sound, name, notices)
    start, n_frames, was = int(sound["start"]), int(sound["frames"]), int(sound["file_frames"])
    if opened.n_frames != was or not _same_size(path, sound):
        notices.append(f"{path.name} has changed since the project was saved; “{name}” is what is there now.")
        if start >= opened.n_frames:
            start, n_frames = 0, -1
        elif start == 0 and n_frames == was:
            n_frames = -1
    form, subtype = opened.format, opened.subtype
    return Clip(opened.source, name, path, form, subtype, start, n_frames, opened.notice, opened.about)


def _told(steps: Steps[Clip], text: str) -> Generator[Note, None, Clip]:
    """Steps that yield fractions as steps that yield notes."""
    with closing(steps):
        while True:
            try:
                fraction = next(steps)
            except StopIteration as stop:
                clip: Clip = stop.value
                return clip
            yield Note(fraction, text)


def _locate(sound: Mapping[str, Any], folder: Path) -> Path | None:
    """The file of a sound: beside the project as it was, or where it was; of two, the one of the right size.

    A project that somebody sent must not make this computer call another one: on Windows the mere look at
    ``\\\\host\\share`` tells that host the person's name and a hash of the password.
    """
    places = [str(sound["path"])]
    relative = sound.get("relative")
    if isinstance(relative, str) and not PureWindowsPath(relative).anchor:
        places.insert(0, os.path.normpath(folder / PurePosixPath(relative)))
    found = [Path(place) for place in places if not _is_elsewhere(place, folder) and Path(place).is_file()]
    same_size = [place for place in found if _same_size(place, sound)]
    return next(iter(same_size or found), None)


def _is_elsewhere(path: str, folder: Path) -> bool:
    """Whether ``path`` names another computer (``//host/share``) than the one that the project itself came from."""
    drive = PureWindowsPath(path).drive
    return drive.startswith("\\\\") and drive.lower() != PureWindowsPath(folder).drive.lower()


def _same_size(path: Path, sound: Mapping[str, Any]) -> bool:
    return bool(path.stat().st_size == sound.get("size"))


def _missing(path: Path | None, reason: str, sound: Mapping[str, Any], name: str, notices: list[str]) -> Clip:
    source = MissingSource(path, reason, sound, max(int(sound["channels"]), 1), max(int(sound["rate"]), 1))
    clip = Clip(source, name, path, str(sound["format"]), str(sound["subtype"]))
    notices.append(reason)
    return clip
