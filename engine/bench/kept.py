"""What long areas have measured already, kept in the person's cache folder until the program changes: a run may be
stopped and taken up again."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar


class Named(Protocol):
    @property
    def name(self) -> str: ...


M = TypeVar("M", bound=Named)


class Kept(Generic[M]):
    """Earlier results of this very program, values of the dataclass ``kind``, one line each."""

    def __init__(self, area: str, kind: type[M]) -> None:
        from platformdirs import user_cache_path

        folder = user_cache_path("tonewright", appauthor=False) / f"bench-{area}"
        self._path = folder / f"{version()}.jsonl"
        self._found: dict[str, M] = {}
        if self._path.is_file():
            for line in self._path.read_text(encoding="utf-8", errors="replace").splitlines():
                try:
                    one = kind(**json.loads(line))
                except (ValueError, TypeError):
                    # Torn, as the run was killed while it wrote: that one is measured again.
                    continue
                self._found[one.name] = one
        self.before = frozenset(self._found)

    def get(self, name: str) -> M | None:
        return self._found.get(name)

    def add(self, one: M) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        values: dict[str, Any] = asdict(one)  # type: ignore[call-overload]
        with self._path.open("ab+") as file:
            n_bytes = file.seek(0, os.SEEK_END)
            if n_bytes:
                file.seek(n_bytes - 1)
                if file.read(1) != b"\n":
                    # A torn line must not swallow this one.
                    file.write(b"\n")
            file.write(json.dumps(values).encode() + b"\n")


def version() -> str:
    """A name for this state of the engine and its resources, on a machine with so many cores."""
    tree = Path(__file__).resolve().parents[2]
    files = sorted([*(tree / "engine").rglob("*.py"), *(tree / "resources").rglob("*")])
    digest = hashlib.sha256(f"{os.cpu_count()} cores".encode())
    for path in files:
        if path.is_file():
            digest.update(path.relative_to(tree).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]
