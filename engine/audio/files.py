"""Open a sound file as a :class:`Clip` that decodes what is read and nothing else.

What a careful editor does with a file that is not quite right:

- nothing can be read (missing, a folder, empty, no sound, no frames, more than 8 channels, a rate outside 8 to
  192 kHz): :class:`AudioUnreadable` with one sentence;
- cut short: what is there opens, and ``Clip.notice`` says how much is missing;
- never closed by its recorder, or written to a pipe (a length of 0 or "as much as fits"): it opens up to its end;
- samples that are no numbers: they are silence, and ``Clip.notice`` counts them (at once for short files; for long
  ones :func:`engine.audio.describe` does, which reads everything);
- an MP3 or FLAC without its length: the frames are counted.

Of its texts those are read that say how it came about (:mod:`engine.audio.texts`); markers and loops are not.
"""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import numpy as np

from engine.audio.chunks import find_data
from engine.audio.flac import count_samples
from engine.audio.formats import MAX_CHANNELS
from engine.audio.handles import Handle
from engine.audio.mpeg import begins_here, count_frames
from engine.audio.ogg import last_page_start
from engine.audio.patch import Patch
from engine.audio.source import FLOATS, FileSource, Opening, TemporarySource
from engine.audio.steps import Steps, finish
from engine.audio.texts import read_about
from engine.audio.trouble import is_folder, reason, unreadable
from engine.audio.values import Clip
from engine.errors import AudioUnreadable
from engine.rates import MAX_RATE_HZ, MIN_RATE_HZ

_UNKNOWN_FRAMES = 1 << 62
_SCAN_VALUES = 1 << 22
"""Float files up to so many samples are searched for what is no number when they are opened (some 20 ms)."""
_BLOCK = 1 << 16
_OGG_MARGIN = 16_384
"""Two of the longest blocks of Vorbis, or 340 ms of Opus: more than an encoder puts before the first frame."""
_MPEG_SUFFIXES = frozenset({".mp3", ".mp2", ".mp1", ".mpa", ".m1a", ".m2a"})
_FLAC_BLOCK = 65535
"""The longest block of a FLAC file, in frames."""


def open_clip(path: str | os.PathLike[str]) -> Clip:
    """The sound in a file; raises :class:`AudioUnreadable`. See the module's text for what is accepted."""
    return finish(open_clip_steps(path))


def open_clip_steps(path: str | os.PathLike[str]) -> Steps[Clip]:
    """The same in steps: formats that cannot seek are decoded to a temporary file, all others take but a moment."""
    where = Path(path).absolute()
    opening, promise, counted = _examine(where)
    handle = opening.open()
    kind = handle.file.format
    try:
        _check_limits(handle, where)
        about = read_about(handle.file)
        if handle.file.seekable():
            source, promise = _seekable_source(opening, handle, promise, counted)
            told = _notice(source, promise)
            return Clip(source, where.stem, where, kind, source.subtype, notice=told, about=about)
        decoded = yield from _decoded(handle, where)
        return Clip(decoded, where.stem, where, kind, decoded.subtype, about=about)
    except BaseException:
        handle.close()
        raise


def _examine(path: Path) -> tuple[Opening, float | None, int | None]:
    """How to open a file, the share (0..1) of the promised sound that is there (``None``: no promise broken), and the
    number of frames where the header counts them apart from the samples' bytes."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise is_folder(path)
        if not stat.S_ISREG(status.st_mode):
            raise AudioUnreadable(f"{path} is no file but a device or a pipe.")
        if status.st_size == 0:
            raise AudioUnreadable(f"{path.name} is empty: there is not a single byte in it.")
        opening = Opening.of(path)
        with path.open("rb") as file:
            if (chunk := find_data(file, status.st_size)) is not None:
                short = chunk.promised is not None and chunk.present < chunk.promised
                share = chunk.present / chunk.promised if short and chunk.promised else None
                return dataclasses.replace(opening, patch=chunk.patch), share, chunk.n_frames
            if (mp3 := count_frames(file, status.st_size)) is not None:
                if mp3.present == 0:
                    raise AudioUnreadable(f"{path.name} is damaged: no sound can be read from it.")
                share = mp3.present / mp3.promised if mp3.promised else None
                return dataclasses.replace(opening, patch=mp3.patch), share, None
            file.seek(0)
            if path.suffix.lower() in _MPEG_SUFFIXES and not begins_here(file.read(4)):
                # The decoder would believe the name and look for MP3 in whatever this is: it gets the bytes alone.
                return dataclasses.replace(opening, patch=Patch(b"", 0)), None, None
            return opening, None, None
    except OSError as error:
        raise unreadable(error, path) from error
    except ValueError as error:
        # A name with a zero byte in it, which no system has.
        raise AudioUnreadable(f"There is no file {str(path)!r}.") from error


def _check_limits(handle: Handle, path: Path) -> None:
    channels, rate = handle.file.channels, handle.file.samplerate
    if channels > MAX_CHANNELS:
        raise AudioUnreadable(f"{path.name} has {channels} channels; up to {MAX_CHANNELS} can be opened.")
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        span = f"{MIN_RATE_HZ / 1000:g} to {MAX_RATE_HZ / 1000:g} kHz"
        raise AudioUnreadable(f"{path.name} has a sample rate of {rate} Hz; from {span} can be opened.")


def _seekable_source(
    opening: Opening, handle: Handle, share: float | None, most: int | None
) -> tuple[FileSource, float | None]:
    """The source over what can really be read, ``most`` frames at the most, and the share of the promised sound."""
    n_frames: int = handle.file.frames if most is None else min(handle.file.frames, most)
    if n_frames <= 0:
        raise _no_length(opening.path)
    with opening.path.open("rb") as file:
        counted = count_samples(file, opening.stamp[0])
    # The decoder takes long to find out that a FLAC was cut short, so its own last frame is asked first. Within one
    # block of the end the decoder decides: a tag behind the sound may have hidden the last frame.
    is_cut = counted is not None and counted[0] < n_frames - _FLAC_BLOCK
    if not is_cut and _has_frame(handle, n_frames - 1):
        return FileSource(opening, handle, n_frames, last_jump=_last_jump(opening, handle)), share
    if counted is not None and counted[0] > 0:
        found, patch = counted
        opening = dataclasses.replace(opening, patch=patch)
    else:
        found = _last_readable(opening, min(n_frames, _UNKNOWN_FRAMES))
    if found == 0:
        raise AudioUnreadable(f"{opening.path.name} is damaged: no sound can be read from it.")
    handle.close()
    share = found / n_frames if n_frames < _UNKNOWN_FRAMES else None
    return FileSource(opening, opening.open(), found), share


def _has_frame(handle: Handle, frame: int) -> bool:
    import soundfile

    try:
        handle.file.seek(frame)
        handle.position = frame
        got = len(handle.file.read(1, dtype="float32"))
        handle.position += got
    except (soundfile.SoundFileError, ValueError):
        # ValueError: a damaged header can put the end before the beginning.
        return False
    return got == 1


def _last_jump(opening: Opening, handle: Handle) -> int | None:
    """The last frame of an Ogg file to which the decoder jumps exactly; ``None`` when it may go anywhere."""
    with opening.path.open("rb") as file:
        position = last_page_start(file, opening.stamp[0])
    if position is None:
        return None
    if handle.file.subtype == "OPUS":
        position = position * int(handle.file.samplerate) // 48_000
    return max(0, position - _OGG_MARGIN)


def _last_readable(opening: Opening, n_frames: int) -> int:
    """How many frames can be reached, by halving; a fresh handle each time, because a failed seek spoils one."""
    low, high = 0, n_frames
    while low < high:
        middle = (low + high) // 2
        handle = opening.open()
        try:
            if _has_frame(handle, middle):
                low = middle + 1
            else:
                high = middle
        finally:
            handle.close()
    return low


def _notice(source: FileSource, share: float | None) -> str:
    sentences = []
    if share is not None and share < 1.0:
        there = source.n_frames / source.sample_rate
        promised = f"its header promises {there / share:.2f} s, but only {there:.2f} s are there"
        sentences.append(f"{source.path.name} is cut short: {promised}.")
    if source.subtype in FLOATS and source.n_frames * source.channels <= _SCAN_VALUES:
        finite = np.isfinite(source.read_frames(0, source.n_frames, "float32"))
        n_bad = int(finite.size - np.count_nonzero(finite))
        if n_bad == finite.size:
            raise AudioUnreadable(f"{source.path.name} holds no sound: not one of its samples is a number.")
        if n_bad:
            first = int(np.argmin(finite.all(axis=1)))
            sentences.append(not_numbers(source.path, n_bad, first / source.sample_rate))
    return " ".join(sentences)


def not_numbers(path: Path, count: int, first_s: float) -> str:
    """The sentence about NaN and infinity in a file."""
    noun = "sample that is no number" if count == 1 else "samples that are no numbers"
    return f"{path.name} holds {count} {noun} (NaN or infinite, from {first_s:.3f} s on); silence takes their place."


def _no_length(path: Path) -> AudioUnreadable:
    return AudioUnreadable(f"{path.name} holds no sound: its length is zero.")


def _decoded(handle: Handle, path: Path) -> Steps[TemporarySource]:
    """Everything in the file, decoded from beginning to end; closes the handle."""
    import soundfile

    target = TemporarySource(handle.file.channels, handle.file.samplerate, handle.file.subtype)
    expected = max(1, handle.file.frames)
    try:
        while len(frames := handle.file.read(_BLOCK, dtype="float32", always_2d=True)):
            target.write(frames)
            yield min(1.0, target.n_frames / expected)
        if target.n_frames == 0:
            raise _no_length(path)
    except soundfile.SoundFileError as error:
        target.close()
        raise AudioUnreadable(f"{path.name} is damaged: no sound can be read from it.") from error
    except OSError as error:
        target.close()
        words = f"{path.name} must be decoded to a temporary file, and that failed: {reason(error)}."
        raise AudioUnreadable(words) from error
    except BaseException:
        target.close()
        raise
    handle.close()
    return target
