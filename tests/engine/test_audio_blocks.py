"""Files read in blocks are the same bytes, and one that is cut while it is read only ends early."""

from __future__ import annotations

import io

import numpy as np
import pytest

from engine.audio import blocks
from engine.audio.blocks import FileBytes
from engine.audio.mpeg import count_frames


class Shrinking(io.BytesIO):
    """A file that somebody else cuts to ``left`` bytes after ``reads`` reads."""

    def __init__(self, content: bytes, reads: int, left: int) -> None:
        super().__init__(content)
        self._reads, self._left = reads, left

    def read(self, size: int | None = -1, /) -> bytes:
        if self._reads == 0:
            self.truncate(self._left)
        self._reads -= 1
        return super().read(size)


def mp3_frames(n: int) -> bytes:
    """``n`` frames of 128 kbit/s at 44.1 kHz, without a Xing header."""
    frame = bytes((0xFF, 0xFB, 0x90, 0x00)).ljust(417, b"\0")
    return frame * n


def test_every_slice_and_search_is_that_of_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 512)
    monkeypatch.setattr(blocks, "_BACK_BYTES", 16)
    rng = np.random.default_rng(1)
    content = rng.bytes(5000)
    data = FileBytes(io.BytesIO(content), len(content))
    assert len(data) == 5000
    for start, length in zip(rng.integers(0, 5100, 300), rng.integers(0, 900, 300), strict=True):
        assert data[start : start + length] == content[start : start + length]
        assert data.find(b"\xff", start, start + length) == content.find(b"\xff", start, start + length)
    assert data[:12] == content[:12]


def test_frames_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(blocks, "_BACK_BYTES", 500)
    content = mp3_frames(200)
    found = count_frames(io.BytesIO(content), len(content))
    assert found is not None
    assert found.present == 200
    damaged = content[: 417 * 50] + bytes(3000) + content[: 417 * 50]
    found = count_frames(io.BytesIO(damaged), len(damaged))
    assert found is not None
    assert found.present == 100


@pytest.mark.parametrize("left", [0, 2, 417, 417 * 30 + 2, 417 * 60])
def test_a_file_that_is_cut_while_it_is_walked_has_the_frames_that_were_seen(
    monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(blocks, "_BACK_BYTES", 500)
    content = mp3_frames(100)
    for reads in range(1, 80):
        found = count_frames(Shrinking(content, reads, left), len(content))
        assert found is not None
        assert left // 417 <= found.present <= max(left // 417, 2 * reads + 2, 1)
