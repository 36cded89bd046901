"""What has arrived of one file: its bytes, their hash so far, and what the server said of them.

The bytes lie in ``NAME.part``, the rest in ``NAME.part.json``. They are continued only when the server still has the
same file.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import WeightError
from engine.weights.catalog import WeightFile
from engine.weights.door import Answer, Broken
from engine.weights.hashes import git_blob_hash
from engine.weights.memory import in_words

SPARE_BYTES = 64_000_000
"""Left on the disk."""
STEP_S = 0.05
_READ_BYTES = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_GIT_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Receiving:
    """Where a file stands: bytes that are there, of how many (0 when unknown), and what is going on if not that."""

    n_bytes: int
    total: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What is known of a file that has arrived. ``was_known`` is whether its hash was known before it was asked for;
    ``commit`` is which state of the source it belongs to, where the server tells."""

    n_bytes: int
    sha256: str
    was_known: bool
    commit: str


def free_space(folder: Path) -> int:
    """Bytes that can still be written into ``folder``."""
    return shutil.disk_usage(folder).free


class Part:
    """The bytes of one file that have arrived, their hash so far, and what the server said of them."""

    def __init__(self, target: Path, url: str) -> None:
        self.url = url
        self.total = 0
        self.n_bytes = 0
        self._path = target.with_name(target.name + ".part")
        self._notes = target.with_name(target.name + ".part.json")
        self._hash = hashlib.sha256()
        self._whole = True  # All of it came in this very run.
        self._said = self._read_notes()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab+")
        except OSError as error:
            raise self._unwritable(error) from error

    def read_steps(self) -> Generator[Receiving, None, None]:
        """Hash what is there from earlier."""
        if self._said.get("url") != self.url:
            self.begin_again()
            return
        self.total = int(self._said.get("total") or 0)
        self._file.seek(0)
        then = time.monotonic()
        while piece := self._file.read(_READ_BYTES):
            self._hash.update(piece)
            self.n_bytes += len(piece)
            self._whole = False
            if time.monotonic() - then > STEP_S:
                yield Receiving(self.n_bytes, self.total, "Reading what is there already")
                then = time.monotonic()

    @property
    def is_complete(self) -> bool:
        return 0 < self.total == self.n_bytes

    def range_headers(self, file: WeightFile) -> dict[str, str]:
        """How to ask for the rest only, if it is the same file still."""
        if not self.n_bytes:
            return {}
        if file.sha256 or self._said.get("hub_hash"):
            # Its hash tells in the end. Servers that call one file by several etags would only send all of it again.
            return {"Range": f"bytes={self.n_bytes}-"}
        etag = str(self._said.get("etag") or "")
        if etag.startswith('"'):
            return {"Range": f"bytes={self.n_bytes}-", "If-Range": etag}
        # Nothing would tell whether the rest belongs to this beginning.
        self.begin_again()
        return {}

    def meet(self, answer: Answer, file: WeightFile) -> None:
        """Make ready for what ``answer`` brings: the rest, or all of it. Raises :class:`WeightError` when that is not
        the file that was meant, or when there is no room for it."""
        identity, hub_hash = _identity(answer), _hub_hash(answer)
        if answer.status == 206:
            first, total = _range(answer)
            is_same = self._said.get("identity") == identity and (not self.total or total == self.total)
            if first != self.n_bytes or not is_same:
                self.begin_again()
                raise Broken("the file on the server has changed")
        else:
            self.begin_again()
            total = int(answer.headers.get("content-length") or 0)
        name = self._path.name.removesuffix(".part")
        if file.n_bytes and total and total != file.n_bytes:
            raise WeightError(
                f"{name} has {in_words(total)} on the server and not {in_words(file.n_bytes)} as it should; "
                "it is not the file that this version of Tonewright knows, so it is not fetched."
            )
        if file.sha256 and _SHA256.fullmatch(hub_hash) and hub_hash != file.sha256:
            raise WeightError(
                f"The server offers another {name} than the one that this version of Tonewright knows (its hash "
                "differs), so it is not fetched."
            )
        self.total = total
        check_space(self._path.parent, total - self.n_bytes)
        self._said = {
            "url": self.url,
            "etag": answer.headers.get("etag", ""),
            "identity": identity,
            "hub_hash": hub_hash,
            "commit": _said_of_repository(answer, "x-repo-commit"),
            "total": total,
        }
        try:
            self._notes.write_text(json.dumps(self._said), encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error

    def append(self, piece: bytes) -> None:
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._unwritable(error) from error
        self._hash.update(piece)
        self.n_bytes += len(piece)

    def check(self, file: WeightFile) -> Received | None:
        """What has arrived, if it is right. ``None`` when it was continued wrongly and begins anew; raises
        :class:`WeightError` when it came in one piece and is wrong all the same."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise self._unwritable(error) from error
        found, hub_hash = self._hash.hexdigest(), str(self._said.get("hub_hash") or "")
        is_right = not file.n_bytes or self.n_bytes == file.n_bytes
        for wanted in (file.sha256, hub_hash):
            if _SHA256.fullmatch(wanted):
                is_right = is_right and found == wanted
            elif _GIT_HASH.fullmatch(wanted):
                is_right = is_right and git_blob_hash(self._path) == wanted
        if is_right:
            return Received(self.n_bytes, found, bool(file.sha256), str(self._said.get("commit") or ""))
        came_whole = self._whole
        self.begin_again()
        if not came_whole:
            return None
        name = self._path.name.removesuffix(".part")
        raise WeightError(
            f"{name} arrived damaged (its hash is not the one that it should have), so it is not used; "
            "fetch it again, and from another network if that repeats."
        )

    def begin_again(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._hash, self.n_bytes, self.total, self._whole = hashlib.sha256(), 0, 0, True
        self._said = {}
        with contextlib.suppress(OSError):
            self._notes.unlink()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        if not self.n_bytes:
            for path in (self._path, self._notes):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _read_notes(self) -> dict[str, Any]:
        try:
            found = json.loads(self._notes.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _unwritable(self, error: OSError) -> WeightError:
        folder = self._path.parent
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return no_space(folder, max(self.total - self.n_bytes, 0))
        return WeightError(f"{folder} cannot be written ({error.strerror or error}); name another folder for models.")


def check_space(folder: Path, n_bytes: int) -> None:
    """Raise :class:`WeightError` unless so many bytes can be written into ``folder`` (or where it will be made)."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = free_space(folder)
    except OSError:
        return
    if free < n_bytes + SPARE_BYTES:
        raise no_space(folder, n_bytes)


def no_space(folder: Path, n_bytes: int) -> WeightError:
    """Said when a disk is full, or would be."""
    return WeightError(
        f"There is not enough room in {folder}: {in_words(n_bytes)} more are needed; make room, or name a folder on "
        "another disk in TONEWRIGHT_MODELS. What has arrived is kept."
    )


def _identity(answer: Answer) -> str:
    """What tells this state of the file from another."""
    return _hub_hash(answer) or answer.headers.get("etag", "").removeprefix("W/")


def _hub_hash(answer: Answer) -> str:
    """What the hub says of the contents: a sha256, or git's hash of a small file; empty from other servers."""
    if not _said_of_repository(answer, "x-repo-commit"):
        return ""
    said = _said_of_repository(answer, "x-linked-etag") or answer.headers.get("etag", "")
    found = said.removeprefix("W/").strip('"')
    return found if _SHA256.fullmatch(found) or _GIT_HASH.fullmatch(found) else ""


def _said_of_repository(answer: Answer, name: str) -> str:
    return answer.on_the_way.get(name) or answer.headers.get(name, "")


def _range(answer: Answer) -> tuple[int, int]:
    """First byte and total of a partial answer; -1 when it does not say."""
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", answer.headers.get("content-range", ""))
    return (int(found[1]), int(found[2])) if found else (-1, -1)
