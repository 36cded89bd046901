"""Sounds for the views, an engine that answers at once, and what a widget painted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from app.panels.stage import Stage
from engine.audio.pyramid import build_pyramid
from engine.audio.tiles import Detail, Tile, compute_tiles
from engine.audio.values import Audio, Clip

RATE = 48_000


def tone(hz: float, seconds: float = 4.0, amplitude: float = 0.5) -> np.ndarray:
    """A sine as ``[frames]``."""
    return (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def clip_of(*channels: np.ndarray, name: str = "test") -> Clip:
    return Clip.of(Audio(np.stack(channels), RATE), name)


class FileLike:
    """An array behind a clip that is not in memory, as far as the views can tell."""

    def __init__(self, samples: np.ndarray) -> None:
        self.samples, self.sample_rate = samples, RATE
        self.channels, self.n_frames = samples.shape

    def read(self, start: int, n: int) -> np.ndarray:
        return self.samples[:, start : start + n]

    def close(self) -> None:
        pass


def file_of(*channels: np.ndarray) -> Clip:
    return Clip(FileLike(np.stack(channels)), "file.flac", format="FLAC")


class Answers(QObject):
    """Serves a stage as the engine would, at once or when told; keeps what was asked."""

    def __init__(self, stage: Stage, *, at_once: bool = True) -> None:
        super().__init__(stage)  # The stage keeps it alive.
        self.stage, self.at_once = stage, at_once
        self.asked: list[tuple[Clip, object]] = []
        self.pieces: list[Tile | Detail] = []
        stage.tiles_wanted.connect(self._tiles)
        stage.overview_wanted.connect(self._overview)

    def _tiles(self, clip: Clip, request: object) -> None:
        self.asked.append((clip, request))
        if self.at_once:
            self.serve(clip, request)

    def serve(self, clip: Clip, request: object) -> None:
        for _, piece in compute_tiles(clip, request):  # type: ignore[arg-type]
            if piece is not None:
                self.pieces.append(piece)
            self.stage.add_tile(clip, piece)

    def _overview(self, clip: Clip) -> None:
        steps = build_pyramid(clip)
        while True:
            try:
                self.stage.set_pyramid(clip, next(steps)[1])
            except StopIteration as stop:
                self.stage.set_pyramid(clip, stop.value)
                return


class Painted(QObject):
    """The regions that a widget painted since the last :meth:`clear`."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self.regions: list[QRegion] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.regions.append(QRegion(event.region()))
        return False

    def clear(self) -> None:
        self.regions.clear()

    @property
    def pixels(self) -> int:
        return sum(rect.width() * rect.height() for region in self.regions for rect in region)


def pixels_of(widget: QWidget) -> np.ndarray:
    """What the widget looks like, ``[height, width, 3]`` red, green, blue, in device pixels."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    raw = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return raw[:, : image.width(), 2::-1].astype(int)
