"""What the header of a WAV, AIFF or CAF file promises, against what is there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from engine.audio.patch import Patch

_MAX_CHUNKS = 4096
_PLACEHOLDER = 0x7FFF_0000
"""Programs that write to a pipe cannot go back and put "as much as fits" into the header: at least this."""


@dataclass(frozen=True, slots=True)
class DataChunk:
    """The samples' bytes: ``promised`` by the header (``None`` when it leaves that open), ``present`` in the file.

    ``patch`` is set where the decoder would not find its way with the header as it is; ``n_frames`` where the header
    counts them itself, so that the byte which pads a chunk to an even length is not taken for a sample.
    """

    promised: int | None
    present: int
    patch: Patch | None = None
    n_frames: int | None = None


def find_data(file: BinaryIO, size: int) -> DataChunk | None:
    """The chunk of samples in a file of ``size`` bytes; ``None`` for other kinds of file or when there is none."""
    file.seek(0)
    head = file.read(12)
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        return _in_wav(file, size, is_rf64=head[:4] == b"RF64")
    if head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC"):
        return _in_aiff(file, size)
    if head[:4] == b"caff":
        return _in_caf(file, size)
    return None


def _in_wav(file: BinaryIO, size: int, *, is_rf64: bool) -> DataChunk | None:
    ds64: int | None = None
    position = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return None
        length = int.from_bytes(header[4:], "little")
        start = position + 8
        if header[:4] == b"ds64":
            ds64 = int.from_bytes(file.read(16)[8:], "little")
        if header[:4] == b"data":
            present = size - start
            if is_rf64:
                return DataChunk(ds64 or None, min(present, ds64 or present))
            if length == 0 and not _chunks_end_with_file(file, start, size):
                return DataChunk(None, present, _with_length(file, start, present, 4, "little"))
            if length >= _PLACEHOLDER and length > present:
                return DataChunk(None, present)
            return DataChunk(length, min(present, length))
        position = start + length + (length & 1)
    return None


def count_aiff_frames(file: BinaryIO, n_frames: int) -> None:
    """Put the number of frames into the header of an AIFF file that is open for writing.

    libsndfile 1.2.2 counts the byte that pads the samples to an even length as one more frame (measured).
    """
    for name, start, _ in _aiff_chunks(file):
        if name == b"COMM":
            file.seek(start + 2)
            file.write(n_frames.to_bytes(4, "big"))
            return


def _in_aiff(file: BinaryIO, size: int) -> DataChunk | None:
    n_frames: int | None = None
    for name, start, length in _aiff_chunks(file):
        if name == b"COMM":
            n_frames = int.from_bytes(file.read(6)[2:], "big") or None
        if name == b"SSND":
            # Eight bytes of offset and block size come before the samples.
            present = size - start - 8
            return DataChunk(length - 8, min(present, length - 8), n_frames=n_frames) if length > 8 else None
    return None


def _aiff_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and length of each chunk; the file stands at that byte when it is yielded."""
    position = 12
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(8)
        if len(header) < 8:
            return
        length = int.from_bytes(header[4:], "big")
        yield header[:4], position + 8, length
        position += 8 + length + (length & 1)


def _in_caf(file: BinaryIO, size: int) -> DataChunk | None:
    position = 8
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        header = file.read(12)
        if len(header) < 12:
            return None
        length = int.from_bytes(header[4:], "big", signed=True)
        start = position + 12
        if header[:4] == b"data":
            # Four bytes of an edit count come before the samples; -1 means "up to the end of the file".
            present = size - start
            if length < 0:
                return DataChunk(None, present - 4)
            if length > present:
                return DataChunk(length - 4, present - 4, _with_length(file, start, present, 8, "big"))
            return DataChunk(length - 4, length - 4)
        if length < 0:
            return None
        position = start + length
    return None


def _chunks_end_with_file(file: BinaryIO, position: int, size: int) -> bool:
    """Whether what follows an empty data chunk is a chain of chunks: then the sound really has no length."""
    while position + 8 <= size:
        file.seek(position)
        header = file.read(8)
        if not header[:4].isascii() or not header[:4].decode("ascii").isprintable():
            return False
        length = int.from_bytes(header[4:], "little")
        position += 8 + length + (length & 1)
    return abs(position - size) <= 1


def _with_length(file: BinaryIO, start: int, length: int, width: int, order: str) -> Patch:
    """A header that ends at ``start`` and whose last ``width`` bytes say ``length``."""
    file.seek(0, io.SEEK_SET)
    head = file.read(start)
    field = min(length, 256**width - 1).to_bytes(width, "little" if order == "little" else "big")
    return Patch(head[:-width] + field, start)
