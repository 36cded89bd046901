"""The feeder thread: keeps every streaming voice a good half second ahead of the mixer."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable

from app.playback.voices import StreamVoice

AHEAD_S = 0.75
CHUNK_S = 0.1
FIRST_CHUNK_S = 0.05
"""The first chunk is small, so that a seek is heard soon."""
POLL_S = 0.05


class Feeder:
    """Feeds voices for as long as somebody else holds them; a voice that is let go is forgotten.

    ``on_trouble`` receives, on the feeder's thread, the error that ended a voice.
    """

    def __init__(self, on_trouble: Callable[[Exception], None]) -> None:
        self._on_trouble = on_trouble
        self._voices: list[weakref.ref[StreamVoice]] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self.is_playing: Callable[[], bool] = lambda: False
        """Whether queues are being emptied; otherwise full ones need no watching."""

    def add(self, voice: StreamVoice) -> None:
        """Start feeding a voice (the newest and emptiest first)."""
        with self._lock:
            if self._closing:
                return
            self._voices.append(weakref.ref(voice))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="player-feeder", daemon=True)
                self._thread.start()
        self._wake.set()

    def poke(self) -> None:
        """Playing has started: look at the queues again."""
        self._wake.set()

    def close(self) -> None:
        """End the thread; a read in progress is waited for, but not for ever."""
        with self._lock:
            self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)

    def _hungriest(self) -> StreamVoice | None:
        with self._lock:
            pairs = [(ref, ref()) for ref in self._voices]
            self._voices = [ref for ref, voice in pairs if voice is not None and not voice.complete]
        hungry = [voice for _, voice in pairs if voice is not None and not voice.complete and voice.ahead_s < AHEAD_S]
        return min(hungry, key=lambda voice: voice.ahead_s, default=None)

    def _run(self) -> None:
        while not self._closing:
            voice = self._hungriest()
            if voice is not None:
                try:
                    voice.feed(CHUNK_S if voice.ahead_s > 0 else FIRST_CHUNK_S)
                except Exception as error:  # noqa: BLE001 - a clip may raise anything; the person is told, playing ends
                    self._on_trouble(error)
                # Held no longer than needed: a voice lives only as long as somebody plays it.
                del voice
                continue
            self._wake.wait(POLL_S if self._voices and self.is_playing() else None)
            self._wake.clear()
