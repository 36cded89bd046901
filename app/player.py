"""The player's face: one loaded sound, live notes, a level, meters and a device. Everything here returns at once.

The work is done in :mod:`app.playback`; see there for the threads.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.playback.bus import Bus
from app.playback.devices import Device
from app.playback.feeder import Feeder
from app.playback.levels import Levels
from app.playback.mixer import Mixer
from app.playback.output import USUAL_LATENCY_MS, Output
from app.playback.transport import PAUSED, PLAYING, STOPPED, Transport
from app.playback.voices import Loop, MemoryVoice, Voice, make_test_tone
from app.ui_thread import UiThread
from engine.audio.values import Audio, Clip
from engine.errors import EngineError

__all__ = ["LOWEST_DB", "PAUSED", "PLAYING", "STOPPED", "Player"]

LOWEST_DB = -60.0
"""The bottom of the level fader; there and below it is silent."""
POLL_MS = 30


class Player(QObject):
    """Plays a clip, or a sound that is replaced while it sounds, and live notes beside it.

    Methods belong to the window's thread, except :meth:`swap`, which any thread may call; so may what an engine does
    with the :attr:`bus`. Without a device, or without PortAudio, everything works in silence.
    """

    state_changed = Signal(str)
    """``"stopped"``, ``"playing"`` or ``"paused"``."""
    sound_changed = Signal()
    """Another sound is loaded; its length may differ."""
    device_changed = Signal(str)
    """The device in use; empty while playback is silent."""
    devices_changed = Signal()
    rate_changed = Signal(int)
    """The device in use runs at another rate; sounds made at it are played without resampling. The bus is another."""
    message = Signal(str)
    underruns_changed = Signal(int)
    level_changed = Signal(float)
    activity = Signal()
    """Something begins to sound, or the place changes: meters, clock and playhead follow while ``is_sounding``."""
    finished = Signal()

    def __init__(
        self, parent: QObject | None = None, *, latency_s: float = USUAL_LATENCY_MS / 1000, library: Any = None
    ) -> None:
        super().__init__(parent)
        self._window = UiThread(self)
        self._mixer = Mixer(on_live=lambda: self._window.call(self._live_began))
        self._feeder = Feeder(self._feeding_failed)
        self._feeder.is_playing = lambda: self._mixer.plan.playing
        self._transport = Transport(self._mixer, self._feeder)
        self._output = Output(self._mixer, self, latency_s=latency_s, library=library)
        self.is_struck = False
        """Whether what plays is an answer to a hand that shapes it, and not playing that somebody asked for."""
        self._level_db = 0.0
        self._underruns = 0
        self._underruns_cleared = 0
        self._device = ""
        self._silent = False
        self._wanted_device: str | None = None
        self._devices: tuple[Device, ...] = ()
        self._poll = QTimer(self, interval=POLL_MS)
        self._poll.timeout.connect(self._look)

    # -- beginning and end --------------------------------------------------------------------------

    def start(self) -> None:
        """Load the sound library and open the device, in the background. The first ``play`` does so too."""
        self._output.start()

    def close(self) -> None:
        """End playback and every thread."""
        self._poll.stop()
        self._transport.halt()
        self._output.close()
        self._feeder.close()
        # A closed player may be held for long; what its voices hold (files, resamplers) is let go now.
        self._transport.forget()
        self._window.close()

    # -- the sound ----------------------------------------------------------------------------------

    @property
    def clip(self) -> Clip | None:
        """The loaded sound."""
        return self._transport.clip

    @property
    def duration_s(self) -> float:
        return self._transport.duration_s

    @property
    def sample_rate(self) -> int:
        """The device's rate in Hz; a sound rendered at it is swapped in without resampling."""
        return self._mixer.rate

    def load(self, clip: Clip | None, *, keep_position: bool = False) -> None:
        """Make ``clip`` the sound. While playing it takes over at once, from its start or where the old one stands."""
        self._transport.load(clip, keep_position=keep_position)
        if clip is None:
            self.state_changed.emit(STOPPED)
        self.sound_changed.emit()

    def swap(self, audio: Audio, *, strike: bool = False) -> int:
        """Replace the sound at the same position, from any thread; while it plays, with a cross-fade of 10 ms.

        With ``strike`` it begins at its first frame instead, so that its attack is heard; the old sound fades out
        under it. Either way nothing starts to play that does not. Returns the number under which :meth:`handed_ns`
        knows it.
        """
        number = self._transport.swap(audio, strike=strike)
        self._window.call(self.sound_changed.emit)
        return number

    def handed_ns(self, number: int) -> int | None:
        """When the first block of a swapped sound was handed to the device (``time.perf_counter_ns``), if it was."""
        return next((at for n, at in list(self._mixer.handed) if n == number), None)

    # -- the transport ------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self._transport.state

    @property
    def is_sounding(self) -> bool:
        """Whether something sounds, or soon will: a transport that runs or fades, live notes, or the test tone."""
        return self._mixer.busy

    def play(self, *, until_s: float | None = None) -> None:
        """Play on from where it stands; with a loop, from inside of it.

        Without a loop it stops, to the frame, at ``until_s`` when that lies ahead; a seek or another sound forgets
        it. What plays already goes on playing and takes over the new end.
        """
        self.is_struck = False
        if self._transport.play(until_s):
            self._run()

    def strike(self) -> None:
        """Play from the first frame, whatever it does now: what plays already fades out under the new attack."""
        self.is_struck = True
        if self._transport.strike():
            self._run()
        else:
            self._feeder.poke()

    def pause(self) -> None:
        """Fade out and stay here."""
        if self._transport.pause():
            self.state_changed.emit(PAUSED)

    def stop(self) -> None:
        """Fade out and go back to where playing began."""
        if self._transport.stop():
            self.state_changed.emit(STOPPED)

    def toggle(self) -> None:
        """Pause what plays, play what does not."""
        if self.state == PLAYING:
            self.pause()
        else:
            self.play()

    def seek(self, position_s: float) -> None:
        """Go to a place in the sound; while it plays, with a cross-fade and no gap."""
        self._transport.seek(position_s)
        self._feeder.poke()
        self.activity.emit()

    def set_loop(self, loop: Loop | None) -> None:
        """Repeat ``(start_s, end_s)`` exactly, frame by frame, or nothing. Playing from outside of it goes inside."""
        if self._transport.set_loop(loop):
            self._feeder.poke()

    @property
    def loop(self) -> Loop | None:
        return self._transport.loop

    @property
    def until_s(self) -> float | None:
        """Where playing will stop by itself, when that is before the end of the sound."""
        return self._transport.until_s

    def position_s(self) -> float:
        """What is heard now, in seconds into the sound; smooth enough to draw at 60 Hz."""
        return self._transport.position_s()

    # -- live notes ---------------------------------------------------------------------------------

    @property
    def bus(self) -> Bus:
        """Where an instrument adds what it plays; another one after ``rate_changed``."""
        return self._mixer.bus

    def get_ready(self) -> None:
        """A hand comes near the keys: open the device if it is not, so that the first key is heard at once."""
        self._output.start()
        self._output.get_ready()

    def keep_awake(self, on: bool) -> None:
        """Keep the device open although nothing sounds, because a key may be played at any moment."""
        if on:
            self._output.start()
        self._output.keep_awake(on)

    def _live_began(self) -> None:
        """A live note was added to the bus: see to it that somebody takes it, and that meters follow."""
        self._output.start()
        self._output.wake(urgent=True)
        self._poll.start()
        self.activity.emit()

    # -- level and meters ---------------------------------------------------------------------------

    @property
    def level_db(self) -> float:
        return self._level_db

    def set_level_db(self, level_db: float) -> None:
        """The master level; :data:`LOWEST_DB` and below is silence, 0 dB leaves the sound as it is."""
        if level_db == self._level_db:
            return
        self._level_db = level_db
        gain = 10 ** (level_db / 20) if level_db > LOWEST_DB else 0.0
        with self._transport.lock:
            self._mixer.plan = replace(self._mixer.plan, gain=gain)
        self.level_changed.emit(level_db)

    def levels(self) -> Levels:
        """Peaks of left and right, past the master level, of what was heard since the last call."""
        return self._mixer.levels.take(time.perf_counter())

    @property
    def underruns(self) -> int:
        """How often the device ran dry, or a file was not read in time, since the start or the last clearing."""
        return self._mixer.underruns - self._underruns_cleared

    def clear_underruns(self) -> None:
        """Count anew from here: after a longer latency was chosen, say."""
        # The device's thread alone writes its own count.
        self._underruns_cleared = self._underruns = self._mixer.underruns
        self.underruns_changed.emit(0)

    # -- the device ---------------------------------------------------------------------------------

    @property
    def device(self) -> str:
        """The device in use; empty while playback is silent."""
        return self._device

    @property
    def is_silent(self) -> bool:
        """Whether a device was looked for in vain. Before the first look nobody knows."""
        return self._silent

    @property
    def wanted_device(self) -> str | None:
        """The device that was chosen; ``None`` follows the system's default."""
        return self._wanted_device

    def devices(self) -> list[str]:
        """Names of the output devices, as last seen (``devices_changed`` tells of news)."""
        return [device.name for device in self._devices]

    def look_for_devices(self) -> None:
        """Look again, in the background, unless something plays (PortAudio would have to be restarted for it)."""
        self._output.start()
        self._output.rescan()

    def set_device(self, name: str | None) -> None:
        """Play through the device of that name, or through the system's default."""
        self._wanted_device = name
        self._output.choose(name)

    @property
    def latency_s(self) -> float:
        return self._output.latency_s

    def set_latency(self, latency_s: float) -> None:
        """How far ahead the device is filled, 10 to 200 ms: shorter answers sooner, longer survives a busy machine."""
        self._output.set_latency(latency_s)

    def test_tone(self) -> None:
        """Play left, right, then both through the device, whatever the level and the transport do."""
        self._play_beside(make_test_tone(self._mixer.rate))

    def play_once(self, audio: Audio) -> None:
        """Play a sound at the device's rate beside whatever the transport does; the one before it fades out."""
        loud = 10.0 ** (self.level_db / 20.0)
        frames = np.ascontiguousarray(loud * np.broadcast_to(audio.samples, (2, audio.n_frames)).T, np.float32)
        self._play_beside(MemoryVoice(frames, audio.sample_rate))

    def stop_once(self) -> None:
        """Fade out what plays beside the transport."""
        with self._transport.lock:
            self._mixer.plan = replace(self._mixer.plan, extra=None, extra_id=self._mixer.plan.extra_id + 1)

    def _play_beside(self, voice: Voice) -> None:
        with self._transport.lock:
            self._mixer.plan = replace(self._mixer.plan, extra=voice, extra_id=self._mixer.plan.extra_id + 1)
        self._output.start()
        self._output.wake(urgent=True)
        self._poll.start()
        self.activity.emit()

    def _run(self) -> None:
        """The plan says to play: see to it that somebody does."""
        self._output.start()
        self._output.wake(urgent=True)
        self._feeder.poke()
        self._poll.start()
        self.state_changed.emit(PLAYING)
        self.activity.emit()

    # -- what comes back ----------------------------------------------------------------------------

    def _look(self) -> None:
        """Some thirty times a second while something sounds: has it ended, did the device run dry?"""
        if self._mixer.underruns != self._underruns:
            self._underruns = self._mixer.underruns
            self.underruns_changed.emit(self._underruns - self._underruns_cleared)
        if self.state != PLAYING:
            if not self._mixer.busy:
                self._poll.stop()
        elif self._transport.stop_if_ended():
            self.state_changed.emit(STOPPED)
            self.finished.emit()

    def _feeding_failed(self, error: Exception) -> None:
        """On the feeder's thread."""
        name = self.clip.name if self.clip is not None else "The sound"
        self.on_message(str(error) if isinstance(error, EngineError) else f"{name} could not be read on: {error}")

    # On the clock thread.

    def on_message(self, text: str) -> None:
        self._window.call(lambda: self.message.emit(text))

    def on_device(self, name: str) -> None:
        self._device, self._silent = name, not name
        self._window.call(lambda: self.device_changed.emit(name))

    def on_devices(self, devices: tuple[Device, ...]) -> None:
        self._devices = devices
        self._window.call(self.devices_changed.emit)

    def on_rate(self, rate: int) -> None:
        self._transport.change_rate(rate)
        self._window.call(lambda: self.rate_changed.emit(rate))
