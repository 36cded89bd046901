"""Fetching a public net: its licence first, then file by file, and a folder that is there at once when all are right.

A job: it yields where it stands, may be closed at any moment, and goes on from there the next time, also after the
machine was turned off.
"""

from __future__ import annotations

import datetime
import shutil
import time
from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.errors import BadUsage, WeightError
from engine.jobs import Note
from engine.weights import hub
from engine.weights.catalog import Weight, WeightFile
from engine.weights.memory import in_words
from engine.weights.part import Received, Receiving, check_space
from engine.weights.places import (
    FileRecord,
    Record,
    arrived_bytes,
    home,
    installed,
    lock_of,
    on_its_way,
    place_of,
    saying,
    stamp_of,
)
from engine.weights.transfer import receive

_LOOK_S = 0.1
_RATE_OVER_S = 3.0
"""The rate that is told is that of the last seconds."""


def fetch(weight: Weight, *, accepted: bool) -> Generator[Note, None, Path]:
    """Fetch ``weight`` unless it is here, and return its folder.

    ``accepted`` says that the person has seen its licence and agrees. Raises :class:`BadUsage` when not, and
    :class:`WeightError` for whatever else stands in the way.
    """
    if not accepted:
        raise BadUsage(
            f"{weight.title} comes under a licence of its own, {weight.licence.title} ({weight.licence.url}); "
            "agree to it first."
        )
    if hub.is_offline():
        raise WeightError(f"{weight.title} is not fetched, because HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set.")
    lock = lock_of(weight)
    try:
        home().mkdir(parents=True, exist_ok=True)
        while not lock.take():
            yield Note(None, f"Another Tonewright is fetching {weight.title}")
            time.sleep(_LOOK_S)
    except OSError as error:
        raise WeightError(f"{home()} cannot be written ({error.strerror or error}).") from error
    try:
        place = place_of(weight)
        if place is not None:
            return place.path
        return (yield from _fetch_locked(weight))
    finally:
        lock.release()


def _fetch_locked(weight: Weight) -> Generator[Note, None, Path]:
    folder = on_its_way(weight)
    record = _begin(weight, folder)
    missing = [file for file in weight.files if not _is_done(folder, record, file)]
    check_space(folder, weight.size_bytes - arrived_bytes(weight))
    tally = _Tally(weight, sum(record.files[file.path].n_bytes for file in weight.files if file not in missing))
    for file in missing:
        url = hub.address(weight, file)
        target = folder / file.path
        refusal = partial(_why_refused, weight, file, bool(hub.token_for(url)))
        receiving = receive(url, target, file, token=hub.token_for(url), refusal=refusal)
        received = yield from tally.through(file, receiving)
        with saying(folder):
            target.with_name(target.name + ".part").replace(target)
            target.with_name(target.name + ".part.json").unlink(missing_ok=True)
            files = {**record.files, file.path: _record_of(target, received)}
            record = replace(record, files=files, commit=received.commit or record.commit)
            record.write(folder)
    with saying(folder):
        target = installed(weight)
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
    return target


def _begin(weight: Weight, folder: Path) -> Record:
    """The record of what is there of this very state of the net; anything else is cleared away."""
    with saying(folder):
        if not folder.exists() and installed(weight).exists():
            # It lost a file, or one was found damaged: the others are good.
            installed(weight).rename(folder)
        record = Record.read(folder)
        if folder.exists() and (record is None or (record.source, record.revision) != (weight.source, weight.revision)):
            shutil.rmtree(folder)
            record = None
        if record is None:
            now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            licence = weight.licence.to_json()
            record = Record(weight.id, weight.title, weight.source, weight.revision, licence, now)
            folder.mkdir(parents=True, exist_ok=True)
            record.write(folder)
    return record


def _is_done(folder: Path, record: Record, file: WeightFile) -> bool:
    known = record.files.get(file.path)
    if known is None or (file.sha256 and known.sha256 != file.sha256):
        return False
    return stamp_of(folder / file.path) == (known.n_bytes, known.mtime_ns)


def _record_of(path: Path, received: Received) -> FileRecord:
    return FileRecord(received.n_bytes, received.sha256, received.was_known, path.stat().st_mtime_ns)


class _Tally:
    """How much of a net has arrived, and how fast."""

    def __init__(self, weight: Weight, done: int) -> None:
        self._weight, self._done = weight, done
        self._seen: list[tuple[float, int]] = []

    def through(self, file: WeightFile, steps: Generator[Receiving, None, Received]) -> Generator[Note, None, Received]:
        """The steps of one file as notes about the whole net."""
        try:
            while True:
                yield self._note(next(steps))
        except StopIteration as stop:
            received: Received = stop.value
        finally:
            steps.close()
        self._done += received.n_bytes
        yield self._note(Receiving(0, 0))
        return received

    def _note(self, step: Receiving) -> Note:
        here, now = self._done + step.n_bytes, time.monotonic()
        if step.text:
            self._seen.clear()
        else:
            self._seen = [seen for seen in self._seen if now - seen[0] < _RATE_OVER_S] + [(now, here)]
        whole = max(self._weight.size_bytes, here, 1)
        words = f"{in_words(here)} of {in_words(whole)}"
        if step.text:
            return Note(here / whole, f"{words}, {step.text[0].lower()}{step.text[1:]}")
        span, gained = now - self._seen[0][0], here - self._seen[0][1]
        if span > _LOOK_S:
            rate = gained / span
            words += f", {in_words(rate)}/s"
            if rate > 0:
                words += f", {_left((whole - here) / rate)} left"
        return Note(here / whole, words)


def _left(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _why_refused(weight: Weight, file: WeightFile, has_token: bool, status: int, code: str) -> str:
    """A refusal in words, with the way out."""
    if not weight.repository:
        if status in (404, 410):
            return f"{weight.source} has no {file.path} any more; look for a newer Tonewright."
        return f"{weight.source} does not hand out {file.path} (answer {status})."
    agree = f"log in at {weight.page} and agree to its conditions"
    if status == 401 and has_token and code != "GatedRepo":
        return f"The hub does not accept your token; make a new one at {hub.tokens_page()} and put it into HF_TOKEN."
    if status in (401, 403) and not has_token:
        return (
            f"{weight.title} is handed out to known people only: {agree}, then make a token at {hub.tokens_page()} and "
            "put it into HF_TOKEN (or run `hf auth login`), and fetch it again."
        )
    if status in (401, 403):
        return (
            f"Your account has no access to {weight.title} yet: {agree}, wait until access is given if that is said "
            f"there, and let the token at {hub.tokens_page()} read gated repositories."
        )
    if status in (404, 410):
        return (
            f"{weight.page} has no {file.path} any more; look for a newer Tonewright, or name a folder that holds it "
            f"with `tonewright models add {weight.id} FOLDER`."
        )
    if status == 429:
        return "The hub has had too many requests from here (answer 429)"
    return f"The server does not hand out {file.path} (answer {status})"
