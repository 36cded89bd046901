"""How long an MP3 is: its frames counted, where its header does not tell the truth.

The decoder believes the "Xing" header (LAME, https://gabriel.mp3-tech.org/mp3infotag.html). Without one it guesses from
the first frame's bit rate, and a variable-rate file then loses its second half. With one in a file that was cut short
it promises sound that is not there. Both are put right by a header with the counted number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

from engine.audio.blocks import FileBytes
from engine.audio.patch import Patch

_RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SYNC_WINDOW = 1 << 16
_XING_SIZE = 156
"""Bytes of a whole Xing and LAME tag."""


@dataclass(frozen=True, slots=True)
class Mp3Length:
    """``patch`` makes the decoder see all frames; ``promised`` and ``present`` are frames of MPEG, if they differ."""

    patch: Patch
    promised: int | None
    present: int


def begins_here(head: bytes) -> bool:
    """Whether a file whose first bytes are ``head`` begins like an MP3: with a frame, or with a tag in front."""
    return head[:3] == b"ID3" or _frame_bytes(head[:4]) > 0


def count_frames(file: BinaryIO, size: int) -> Mp3Length | None:
    """Count the frames of an MP3 whose header is missing or too optimistic; ``None`` when nothing needs to be done.

    ``size`` is that of the file, above 0. No frame is ``present`` when the file ends inside its first one, or when
    nothing that is MP3 follows its tag.
    """
    data = FileBytes(file, size)
    start = _after_id3(data)
    if not begins_here(data[:4]) or data[start : start + 4] == b"fLaC":
        return None
    if start + (length := _frame_bytes(data[start : start + 4])) > size:
        return Mp3Length(Patch(b"", 0), None, 0)
    first = _first_frame(data, start)
    if first is None:
        # A single frame is left to the decoder.
        return None if length > 0 else Mp3Length(Patch(b"", 0), None, 0)
    header = data[first : first + 4]
    if len(header) < 4:  # Gone since it was found.
        return Mp3Length(Patch(b"", 0), None, 0)
    tag = first + 4 + _side_info_bytes(header)
    name = data[tag : tag + 4]
    if name not in (b"Xing", b"Info"):
        if data[first + 36 : first + 40] == b"VBRI":
            return None
        n = _walk(data, first)
        return Mp3Length(Patch(_info_frame(header, n), first), None, n)
    flags = int.from_bytes(data[tag + 4 : tag + 8], "big")
    if flags & 3 != 3:
        return None
    promised = int.from_bytes(data[tag + 8 : tag + 12], "big")
    n_bytes = int.from_bytes(data[tag + 12 : tag + 16], "big")
    if size - first >= n_bytes - _frame_bytes(header):
        return None
    n = _walk(data, first)
    return Mp3Length(_shorter_tag(data, tag, n - 1, size - first), promised, n - 1)


def _after_id3(data: FileBytes) -> int:
    """Where the sound may begin: behind tags with text and pictures."""
    position = 0
    while len(tag := data[position : position + 10]) == 10 and tag[:3] == b"ID3":
        size = 0
        for byte in tag[6:]:
            size = size << 7 | byte & 0x7F
        position += 10 + size + (10 if tag[5] & 0x10 else 0)
    return position


def _first_frame(data: FileBytes, start: int) -> int | None:
    """The first place with two layer-3 headers of one kind in a row."""
    position = data.find(b"\xff", start, start + _SYNC_WINDOW)
    while position >= 0:
        header = data[position : position + 4]
        if (length := _frame_bytes(header)) and _is_like(data[position + length : position + length + 4], header):
            return position
        position = data.find(b"\xff", position + 1, start + _SYNC_WINDOW)
    return None


def _is_like(header: bytes, first: bytes) -> bool:
    """Whether two headers share version, layer and sample rate."""
    return (
        len(header) == 4
        and header[0] == 0xFF
        and header[1] & 0xFE == first[1] & 0xFE
        and header[2] & 0x0C == first[2] & 0x0C
        and _frame_bytes(header) > 0
    )


def _frame_bytes(header: bytes) -> int:
    """Length of the layer-3 frame that a header begins; 0 when it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    return _size_of(header[1], header[2])


@cache
def _size_of(second: int, third: int) -> int:
    version, rate_index, rate_kbps = second >> 3 & 3, third >> 2 & 3, third >> 4
    if version == 1 or rate_index == 3 or rate_kbps in (0, 15):
        return 0
    kbps = (_KBPS_1 if version == 3 else _KBPS_2)[rate_kbps]
    return (144000 if version == 3 else 72000) * kbps // _RATES[version][rate_index] + (third >> 1 & 1)


def _walk(data: FileBytes, first: int) -> int:
    """Number of whole frames from ``first`` on; damaged stretches are stepped over."""
    kind = data[first : first + 4]
    position, n, size = first, 0, len(data)
    while position + 4 <= size:
        header = data[position : position + 4]
        if _is_like(header, kind):
            length = _size_of(header[1], header[2])
            if position + length > size:
                break
            n += 1
            position += length
        else:
            found = _resync(data, position + 1, kind)
            if found is None:
                break
            position = found
    return n


def _resync(data: FileBytes, start: int, kind: bytes) -> int | None:
    position = data.find(b"\xff", start, start + _SYNC_WINDOW)
    while position >= 0:
        header = data[position : position + 4]
        if _is_like(header, kind):
            after = position + _frame_bytes(header)
            if _is_like(data[after : after + 4], kind):
                return position
        position = data.find(b"\xff", position + 1, start + _SYNC_WINDOW)
    return None


def _side_info_bytes(header: bytes) -> int:
    is_mono = header[3] >> 6 == 3
    if header[1] >> 3 & 3 == 3:
        return 17 if is_mono else 32
    return 9 if is_mono else 17


def _info_frame(header: bytes, n_frames: int) -> bytes:
    """A silent frame that carries nothing but the number of frames behind it."""
    # No checksum, no padding, and the smallest bit rate whose frame has room for the tag.
    for index in range(1, 15):
        made = bytes((0xFF, header[1] | 1, index << 4 | header[2] & 0x0C, header[3]))
        if (length := _frame_bytes(made)) >= 4 + _side_info_bytes(made) + _XING_SIZE:
            break
    tag = b"Info" + (1).to_bytes(4, "big") + n_frames.to_bytes(4, "big")
    return (made + bytes(_side_info_bytes(made)) + tag).ljust(length, b"\0")


def _shorter_tag(data: FileBytes, tag: int, n_frames: int, n_bytes: int) -> Patch:
    """The file's own tag with fewer frames, and nothing trimmed from its new end."""
    flags = int.from_bytes(data[tag + 4 : tag + 8], "big")
    end = tag + 8 + 8 + (100 if flags & 4 else 0) + (4 if flags & 8 else 0)
    head = bytearray(data[: end + 24])
    head[tag + 8 : tag + 16] = n_frames.to_bytes(4, "big") + n_bytes.to_bytes(4, "big")
    if bytes(head[end : end + 4]) in (b"LAME", b"Lavc", b"Lavf") and len(head) == end + 24:
        # 12 bits of frames to leave out at the start are kept, 12 bits at the end are cleared.
        head[end + 22] &= 0xF0
        head[end + 23] = 0
    return Patch(bytes(head), len(head))
