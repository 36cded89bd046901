"""How long a FLAC file is, where its header does not say (it was written to a pipe) or says more than is there.

The last whole frame tells: its header numbers it. Layout and checksums: RFC 9639, sections 8.2 and 9.
"""

from __future__ import annotations

from functools import cache
from typing import BinaryIO

from engine.audio.patch import Patch

_TAIL = 1 << 21
_TOTAL_BITS = 36
_LOOKALIKES = 3
_BLOCK_SIZES = {1: 192} | {i: 576 << i - 2 for i in range(2, 6)} | {i: 256 << i - 8 for i in range(8, 16)}


def count_samples(file: BinaryIO, size: int) -> tuple[int, Patch] | None:
    """Frames of sound up to the last whole FLAC frame, and the header that says so; ``None`` if unclear."""
    file.seek(0)
    head = file.read(26)
    if head[:4] != b"fLaC" or head[4] & 0x7F != 0 or len(head) < 26:
        return None
    block_size = int.from_bytes(head[8:10], "big")
    start = max(42, size - _TAIL)
    file.seek(start)
    tail = file.read()
    position = len(tail)
    ends = [position]
    while (position := tail.rfind(b"\xff", 0, position)) >= 0:
        span = _span(tail[position : position + 17], block_size)
        if span is None:
            continue
        if _is_whole(tail, position, ends):
            return _patched(head, span[1])
        # Cut off, or no frame at all but bytes that look like one: the frame before it ends here or a little later.
        ends = [position, *ends[:_LOOKALIKES]]
    return None


def _is_whole(data: bytes, start: int, ends: list[int]) -> bool:
    """Whether a frame from ``start`` closes with its checksum at one of ``ends`` (in rising order)."""
    value = 0
    for end in ends:
        value = _crc(data[start:end], 0x8005, 16, value)
        if value == 0:
            return True
        start = end
    return False


def _patched(head: bytes, total: int) -> tuple[int, Patch]:
    packed = int.from_bytes(head[18:26], "big") >> _TOTAL_BITS << _TOTAL_BITS | total
    return total, Patch(head[:18] + packed.to_bytes(8, "big"), 26)


def _span(header: bytes, fixed_block: int) -> tuple[int, int] | None:
    """First sample and the one after the last of the frame that ``header`` begins; ``None`` when it is no header."""
    if len(header) < 6 or header[0] != 0xFF or header[1] & 0xFE != 0xF8 or header[3] & 1:
        return None
    size_code, rate_code = header[2] >> 4, header[2] & 15
    coded = _coded_number(header[4:])
    if size_code == 0 or rate_code == 15 or header[3] >> 4 > 10 or coded is None:
        return None
    number, used = coded
    position = 4 + used
    if size_code in (6, 7):
        width = size_code - 5
        block = int.from_bytes(header[position : position + width], "big") + 1
        position += width
    else:
        block = _BLOCK_SIZES[size_code]
    position += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if position >= len(header) or _crc(header[: position + 1], 0x07, 8) != 0:
        return None
    first = number if header[1] & 1 else number * fixed_block
    return first, first + block


def _coded_number(data: bytes) -> tuple[int, int] | None:
    """A number in the manner of UTF-8, up to 36 bits, and how many bytes it took."""
    if data[0] < 0x80:
        return data[0], 1
    n = 8 - (data[0] ^ 0xFF).bit_length()
    if n < 2 or n > 7 or len(data) < n:
        return None
    value = data[0] & 0x7F >> n
    for byte in data[1:n]:
        if byte & 0xC0 != 0x80:
            return None
        value = value << 6 | byte & 0x3F
    return value, n


@cache
def _table(polynomial: int, width: int) -> tuple[int, ...]:
    top, mask = 1 << width - 1, (1 << width) - 1
    entries = []
    for byte in range(256):
        value = byte << width - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & mask
        entries.append(value)
    return tuple(entries)


def _crc(data: bytes, polynomial: int, width: int, value: int = 0) -> int:
    """The remainder of ``data`` (going on from ``value``), which is 0 when its checksum is its last part."""
    table, mask, shift = _table(polynomial, width), (1 << width) - 1, width - 8
    for byte in data:
        value = (value << 8 ^ table[value >> shift ^ byte]) & mask
    return value
