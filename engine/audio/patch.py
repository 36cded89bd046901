"""A file whose first bytes are read differently: how a wrong header is put right without touching the file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Patch:
    """Read ``head`` in place of the first ``skip`` bytes of a file."""

    head: bytes
    skip: int


class PatchedFile(io.RawIOBase):
    """The bytes of ``path`` with ``patch`` applied, read-only."""

    def __init__(self, path: Path, patch: Patch) -> None:
        super().__init__()
        self._head = memoryview(patch.head)
        self._shift = len(patch.head) - patch.skip
        self._position = 0
        # Unbuffered: the decoder asks for blocks of its own.
        self._file = path.open("rb", buffering=0)
        self._size = self._file.seek(0, io.SEEK_END) + self._shift

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer`` as far as the file goes. A failing disk reads as its end, because C code calls this."""
        out = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        done = 0
        while done < len(out):
            if self._position < len(self._head):
                part = self._head[self._position : self._position + len(out) - done]
                out[done : done + len(part)] = part
                n = len(part)
            else:
                try:
                    self._file.seek(self._position - self._shift)
                    n = self._file.readinto(out[done:]) or 0
                except OSError:
                    n = 0
            if n == 0:
                break
            self._position += n
            done += n
        return done

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
