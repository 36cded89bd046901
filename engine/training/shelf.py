"""Log-mel frames with words, ready to learn from: real recordings once and for all, made sounds ever anew."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.audio import Audio, open_clip, resample
from engine.dsp.levelled import levelled
from engine.dsp.mel import FRAMES_PER_S, LONGEST_S, RATE_HZ, log_mel
from engine.errors import AudioError, BadUsage
from engine.jobs import Note
from engine.priors.text import TextEncoder
from engine.project.presets import Preset
from engine.training.captions import measure, say
from engine.training.corpus import Recording
from engine.training.generators import make

Frames = NDArray[np.float16]

N_NAMES = 20
"""How many names a recording is learned under."""
SPEEDS = (1.0, 0.93, 1.08)
"""A recording a little slower and faster is another one of the same kind."""
_MOST_S = 6.0
_HEARD = 6
"""How often a made sound is drawn, on average, for each that is made: learning comes first."""
_LOOK_S = 0.1


@dataclass(frozen=True, eq=False)
class Item:
    """One sound: log-mel ``frames`` ``[n, bands]``, vectors of its names ``[names, dim]``, and its class."""

    frames: Frames
    names: Tensor
    klass: str


def read_frames(path: Path, speed: float = 1.0) -> Frames:
    """A file as levelled log-mel frames, at most :data:`_MOST_S` long; raises :class:`AudioError`."""
    clip = open_clip(path)
    audio = clip.read(0, min(clip.n_frames, round(_MOST_S * clip.sample_rate)))
    # Played faster, it has fewer samples: as if it had been taken at a lower rate.
    played = Audio(audio.samples.mean(0, keepdims=True), round(audio.sample_rate * speed))
    return frames_of(resample(played, RATE_HZ).samples[0])


def frames_of(samples: NDArray[np.float32]) -> Frames:
    """Samples ``[n]`` at :data:`RATE_HZ` as levelled log-mel frames."""
    with torch.no_grad():
        found = log_mel(levelled(torch.from_numpy(np.array(samples, dtype=np.float32)), RATE_HZ))
    frames: Frames = found.numpy().astype(np.float16)
    return frames


def read_steps(
    recordings: Sequence[Recording], encoder: TextEncoder | None, *, speeds: Sequence[float] = (1.0,), seed: int = 0
) -> Generator[Note, None, list[Item]]:
    """All ``recordings`` as items, each once a speed. Without an ``encoder`` they have no names.

    What cannot be read is left out, unless nothing can.
    """
    rng = Random(seed)
    found: list[tuple[Frames, list[str], str]] = []
    for n, recording in enumerate(recordings):
        try:
            versions = [read_frames(recording.path, speed) for speed in speeds]
        except AudioError:
            continue
        names: list[str] = []
        if encoder is not None:
            traits = measure(versions[0])
            names = [recording.caption]
            names += [say(recording.caption, recording.klass, traits, rng) for _ in range(N_NAMES - 1)]
        found += [(frames, names, recording.klass) for frames in versions]
        if n % 20 == 0:
            yield Note(n / len(recordings), "Reading sounds")
    if not found:
        raise BadUsage("None of the sound files could be read.")
    items = []
    for n, (frames, names, klass) in enumerate(found):
        items.append(Item(frames, encoder(names).half() if encoder is not None else torch.zeros(0), klass))
        if n % 50 == 0:
            yield Note(n / len(found), "Reading captions")
    return items


class Stream:
    """Sounds that are made on a thread of their own while a net learns from those made before."""

    def __init__(self, presets: Sequence[Preset], encoder: TextEncoder, size: int, seed: int) -> None:
        self.items: list[Item] = []
        self._presets, self._encoder = presets, encoder
        self._size, self._rng = size, Random(seed)
        self._stop = threading.Event()
        self._drawn = self._made = 0
        self._thread = threading.Thread(target=self._run, name="making sounds", daemon=True)
        self.error: Exception | None = None

    def fill_steps(self, n: int) -> Generator[Note, None, None]:
        """Make the first ``n``, then go on in the background."""
        for k in range(n):
            self._add()
            if k % 10 == 0:
                yield Note(k / n, "Making sounds")
        self._thread.start()

    def draw(self, rng: Random) -> Item:
        """One of those that are there."""
        self._drawn += 1
        return rng.choice(self.items)

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(_LOOK_S):
                while self._made * _HEARD < self._drawn and not self._stop.is_set():
                    self._add()
                    self._made += 1
        except Exception as error:  # noqa: BLE001 (the training thread raises it)
            self.error = error

    def _add(self) -> None:
        made = make(self._presets, self._rng)
        if not np.isfinite(made.samples).all() or np.abs(made.samples).max(initial=0.0) < 1e-4:
            return
        frames = frames_of(made.samples)
        names = [made.caption, say(made.caption, made.klass, measure(frames), self._rng)]
        item = Item(frames, self._encoder(names).half(), made.klass)
        if len(self.items) < self._size:
            self.items.append(item)
        else:
            self.items[self._rng.randrange(self._size)] = item


class Mixer:
    """Draws batches: sounds of similar length together, so that little is computed on silence."""

    def __init__(self, real: Sequence[Item], stream: Stream | None, made_share: float, seed: int) -> None:
        self._real, self._stream = real, stream
        self._made_share = made_share if stream is not None else 0.0
        self._rng = Random(seed)
        counts: dict[str, int] = {}
        for item in real:
            counts[item.klass] = counts.get(item.klass, 0) + 1
        # Classes weigh by the square root of their size: a rare one is heard more often than it is there.
        self._weights = np.cumsum([counts[item.klass] ** -0.5 for item in real]).tolist()

    def draw(self) -> Item:
        """One item."""
        if self._stream is not None and self._stream.items and self._rng.random() < self._made_share:
            return self._stream.draw(self._rng)
        return self._rng.choices(self._real, cum_weights=self._weights)[0]

    def length(self, lengths: Sequence[int]) -> int:
        """One of ``lengths`` (frames, ascending), as often as sounds need it."""
        wanted = len(self.draw().frames)
        return next((length for length in lengths if length >= wanted), lengths[-1])

    def batch(self, n: int, lengths: Sequence[int], silence: float, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """``n`` sounds as ``[n, size, bands]``, the vector of a name each ``[n, dim]``, and their lengths in s ``[n]``.

        ``size`` is one of ``lengths``; sounds that need it are drawn. They end in ``silence``; what is longer than the
        greatest length loses its end or its beginning.
        """
        below = max((length for length in lengths if length < size), default=0)
        frames = np.full((n, size, self._real[0].frames.shape[1]), silence, dtype=np.float32)
        names, seconds = [], []
        row = 0
        while row < n:
            item = self.draw()
            long = len(item.frames)
            if long <= below or (long > size and size != lengths[-1]):
                continue
            first = self._rng.randrange(long - size + 1) if long > size and self._rng.random() < 0.5 else 0
            part = item.frames[first : first + size]
            frames[row, : len(part)] = part
            names.append(item.names[self._rng.randrange(len(item.names))])
            seconds.append(min(len(part) / FRAMES_PER_S, LONGEST_S))
            row += 1
        return torch.from_numpy(frames), torch.stack(names).float(), torch.tensor(seconds)
