"""Where the last page of an Ogg file begins (RFC 3533, section 6): beyond it, the decoder cannot jump exactly."""

from __future__ import annotations

from typing import BinaryIO

_MAX_PAGE = 65_307
_HEADER = 27
_NO_POSITION = 2**64 - 1


def last_page_start(file: BinaryIO, size: int) -> int | None:
    """The position with which the page before the last one ends, 0 for a single page; ``None`` when this is no Ogg.

    In the stream's own units: frames for Vorbis, 1/48000 s for Opus.
    """
    file.seek(0)
    if file.read(4) != b"OggS":
        return None
    start = max(0, size - 4 * _MAX_PAGE)
    file.seek(start)
    tail = file.read()
    ends: list[int] = []
    stream: bytes | None = None
    at = len(tail)
    while len(ends) < 2 and (at := tail.rfind(b"OggS\0", 0, at)) >= 0:
        header = tail[at : at + _HEADER]
        position = int.from_bytes(header[6:14], "little")
        stream = stream or header[14:18]
        # A page in the middle of one long packet has no position.
        if len(header) == _HEADER and header[14:18] == stream and position != _NO_POSITION:
            ends.append(position)
    return ends[1] if len(ends) == 2 else 0
