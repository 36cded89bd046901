"""The player's face: one loaded sound, a transport, a level, meters and a device. Everything here returns at once.

The work is done in :mod:`app.playback`; see there for the threads.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.playback.devices import Device
from app.playback.ending import EndingVoice
from app.playback.feeder import Feeder
from app.playback.levels import Levels
from app.playback.mixer import Mixer
from app.playback.output import USUAL_LATENCY_MS, Output
from app.playback.sound import Sound
from app.playback.voices import Loop, Voice, loop_frames, make_test_tone
from app.ui_thread import UiThread
from engine.audio.values import Audio, Clip
from engine.errors import EngineError

STOPPED, PLAYING, PAUSED = "stopped", "playing", "paused"
LOWEST_DB = -60.0
"""The bottom of the level fader; there and below it is silent."""
POLL_MS = 30


class Player(QObject):
    """Plays a clip, or a sound that is replaced while it sounds.

    Methods belong to the window's thread, except :meth:`swap`, which any thread may call. Without a device, or without
    PortAudio, everything works in silence.
    """

    state_changed = Signal(str)
    """``"stopped"``, ``"playing"`` or ``"paused"``."""
    sound_changed = Signal()
    """Another sound is loaded; its length may differ."""
    device_changed = Signal(str)
    """The device in use; empty while playback is silent."""
    devices_changed = Signal()
    rate_changed = Signal(int)
    """The device in use runs at another rate; sounds made at it are played without resampling."""
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
        self._mixer = Mixer()
        self._feeder = Feeder(self._feeding_failed)
        self._feeder.is_playing = lambda: self._mixer.plan.playing
        self._output = Output(self._mixer, self, latency_s=latency_s, library=library)
        # Guards the plan, the sound and where it stands: the window, the engine thread and the clock change them.
        self._control = threading.RLock()
        self._window = UiThread(self)
        self._sound: Sound | None = None
        self._loop: Loop | None = None
        self._until_s: float | None = None
        self._state = STOPPED
        self._cue_s = 0.0
        self._jump_id = 0
        self._jump_s = 0.0
        self._level_db = 0.0
        self._shown_s = (0, 0.0)
        self._underruns = 0
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
        with self._control:
            self._mixer.plan = replace(self._mixer.plan, playing=False)
        self._output.close()
        self._feeder.close()
        with self._control:
            # A closed player may be held for long; what its voices hold (files, resamplers) is let go now.
            self._sound, self._state = None, STOPPED
            self._mixer.forget()
        self._window.close()

    # -- the sound ----------------------------------------------------------------------------------

    @property
    def clip(self) -> Clip | None:
        """The loaded sound."""
        sound = self._sound
        return sound.clip if sound is not None else None

    @property
    def duration_s(self) -> float:
        sound = self._sound
        return sound.duration_s if sound is not None else 0.0

    @property
    def sample_rate(self) -> int:
        """The device's rate in Hz; a sound rendered at it is swapped in without resampling."""
        return self._mixer.rate

    def load(self, clip: Clip | None, *, keep_position: bool = False) -> None:
        """Make ``clip`` the sound. While playing it takes over at once, from its start or where the old one stands."""
        with self._control:
            if clip is None:
                self._sound = None
                self._cue_s = 0.0
                self._enter(STOPPED)
            else:
                self._sound = Sound.of(clip, self._mixer.rate)
                if not keep_position:
                    self._rewind()
                else:
                    self._take_over()
        if clip is None:
            self.state_changed.emit(STOPPED)
        self.sound_changed.emit()

    def swap(self, audio: Audio, *, strike: bool = False) -> int:
        """Replace the sound at the same position, from any thread; while it plays, with a cross-fade of 10 ms.

        With ``strike`` it begins at its first frame instead, so that its attack is heard; the old sound fades out
        under it. Either way nothing starts to play that does not. Returns the number under which :meth:`handed_ns`
        knows it.
        """
        sound = Sound.of(Clip.of(audio, "live"), self._mixer.rate)
        with self._control:
            if sound.rate != self._mixer.rate:
                # Another device was opened meanwhile; what was laid out for the old one would sound at another pitch.
                sound = Sound.of(sound.clip, self._mixer.rate)
            self._sound = sound
            if strike:
                self._rewind()
            else:
                self._take_over()
            number = self._mixer.plan.voice_id
        self._window.call(self.sound_changed.emit)
        return number

    def handed_ns(self, number: int) -> int | None:
        """When the first block of a swapped sound was handed to the device (``time.perf_counter_ns``), if it was."""
        return next((at for n, at in list(self._mixer.handed) if n == number), None)

    # -- the transport ------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self._state

    @property
    def is_sounding(self) -> bool:
        """Whether something sounds, or soon will: a transport that runs or fades, or the test tone."""
        return self._mixer.busy

    def play(self, *, until_s: float | None = None) -> None:
        """Play on from where it stands; with a loop, from inside of it.

        Without a loop it stops, to the frame, at ``until_s`` when that lies ahead; a seek or another sound forgets
        it. What plays already goes on playing and takes over the new end.
        """
        with self._control:
            if self._sound is None:
                return
            ends_elsewhere = until_s != self._until_s
            self._until_s = until_s
            if self._state == PLAYING:
                if ends_elsewhere:
                    self._take_over()
                return
            position_s = self.position_s()
            start_s = self._inside_loop(position_s)
            if start_s >= self.duration_s:
                start_s = self._inside_loop(0.0)
            if self._state == STOPPED:
                self._cue_s = start_s
            has_finished = self._mixer.snapshot.finished_id == self._mixer.plan.voice_id
            if start_s != position_s or has_finished:
                self._jump(start_s)
            elif ends_elsewhere:
                self._take_over()
            self._enter(PLAYING)
        self._run()

    def strike(self) -> None:
        """Play from the first frame, whatever it does now: what plays already fades out under the new attack."""
        with self._control:
            if self._sound is None:
                return
            self._rewind()
            was_playing = self._state == PLAYING
            if not was_playing:
                self._enter(PLAYING)
        if was_playing:
            self._feeder.poke()
        else:
            self._run()

    def pause(self) -> None:
        """Fade out and stay here."""
        with self._control:
            if self._state != PLAYING:
                return
            self._enter(PAUSED)
        self.state_changed.emit(PAUSED)

    def stop(self) -> None:
        """Fade out and go back to where playing began."""
        with self._control:
            if self._state == STOPPED:
                return
            self._enter(STOPPED)
            self._jump(self._cue_s)
        self.state_changed.emit(STOPPED)

    def toggle(self) -> None:
        """Pause what plays, play what does not."""
        if self._state == PLAYING:
            self.pause()
        else:
            self.play()

    def seek(self, position_s: float) -> None:
        """Go to a place in the sound; while it plays, with a cross-fade and no gap."""
        with self._control:
            position_s = min(max(position_s, 0.0), self.duration_s)
            self._cue_s = position_s
            self._until_s = None
            self._jump(position_s)
        self._feeder.poke()
        self.activity.emit()

    def set_loop(self, loop: Loop | None) -> None:
        """Repeat ``(start_s, end_s)`` exactly, frame by frame, or nothing. Playing from outside of it goes inside."""
        with self._control:
            loop = (min(loop), max(loop)) if loop is not None else None
            if loop == self._loop:
                return
            self._loop = loop
            if self._sound is None:
                return
            position_s = self._standing_s()
            if self._state == PLAYING and self._inside_loop(position_s) != position_s:
                self._jump(self._inside_loop(position_s))
            else:
                self._take_over()
        self._feeder.poke()

    @property
    def loop(self) -> Loop | None:
        return self._loop

    @property
    def until_s(self) -> float | None:
        """Where playing will stop by itself, when that is before the end of the sound."""
        return self._until_s

    def position_s(self) -> float:
        """What is heard now, in seconds into the sound; smooth enough to draw at 60 Hz."""
        if self._sound is None:
            return 0.0
        if self._state == STOPPED:
            return min(self._cue_s, self.duration_s)
        timeline = self._mixer.timeline
        frame = timeline.heard_frame(time.perf_counter())
        stretch = timeline.stretch_at(frame)
        if stretch.voice_id < self._jump_id:
            # The ear is still on its way there; the eye may be there already.
            return min(self._jump_s, self.duration_s)
        position_s = timeline.position_s(frame, stretch)
        if stretch.frame == self._shown_s[0]:
            position_s = max(position_s, self._shown_s[1])
        self._shown_s = (stretch.frame, position_s)
        return min(position_s, self.duration_s)

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
        with self._control:
            self._mixer.plan = replace(self._mixer.plan, gain=gain)
        self.level_changed.emit(level_db)

    def levels(self) -> Levels:
        """Peaks of left and right, past the master level, of what was heard since the last call."""
        return self._mixer.levels.take(time.perf_counter())

    @property
    def underruns(self) -> int:
        """How often the device ran dry, or a file was not read in time."""
        return self._mixer.underruns

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
        with self._control:
            tone = make_test_tone(self._mixer.rate)
            self._mixer.plan = replace(self._mixer.plan, extra=tone, extra_id=self._mixer.plan.extra_id + 1)
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

    # -- plans (with the control lock held) -----------------------------------------------------------

    def _enter(self, state: str) -> None:
        self._state = state
        plan = replace(self._mixer.plan, playing=state == PLAYING)
        if self._sound is None:
            plan = replace(plan, voice=None, voice_id=plan.voice_id + 1, aligned=False)
        self._mixer.plan = plan

    def _voice(self, sound: Sound, position_s: float) -> Voice:
        """A new voice at ``position_s`` that loops, or ends, where that was asked for."""
        voice = sound.voice(position_s, self._loop, self._feeder)
        until_s = self._until_s
        if until_s is None or self._loop is not None or not position_s < until_s < sound.duration_s:
            return voice
        return EndingVoice(voice, until_s, self._mixer.rate)

    def _jump(self, position_s: float) -> None:
        """The next voice starts there."""
        if self._sound is None:
            return
        plan = self._mixer.plan
        voice = self._voice(self._sound, position_s)
        self._jump_id, self._jump_s = plan.voice_id + 1, position_s
        self._mixer.plan = replace(plan, voice=voice, voice_id=plan.voice_id + 1, aligned=False)

    def _rewind(self) -> None:
        """The next voice starts at the first frame and plays to the end."""
        self._cue_s = 0.0
        self._until_s = None
        self._jump(0.0)

    def _take_over(self) -> None:
        """The next voice goes on where the present one stands."""
        snapshot, plan = self._mixer.snapshot, self._mixer.plan
        is_there = snapshot.voice_id >= self._jump_id and snapshot.voice_id > 0
        if self._sound is None or not is_there or self._state == STOPPED:
            # A jump is under way that nobody has heard yet: the new voice makes it instead.
            self._jump(self._cue_s if self._state == STOPPED else self._jump_s)
            return
        voice = self._voice(self._sound, snapshot.position_s)
        self._mixer.plan = replace(plan, voice=voice, voice_id=plan.voice_id + 1, aligned=True, born=snapshot.played)

    def _standing_s(self) -> float:
        """Where the next frame comes from."""
        if self._state == STOPPED:
            return self._cue_s
        snapshot = self._mixer.snapshot
        return snapshot.position_s if snapshot.voice_id >= self._jump_id else self._jump_s

    def _inside_loop(self, position_s: float) -> float:
        """That position, or the start of the loop when it lies outside."""
        sound, loop = self._sound, self._loop
        if sound is None or loop is None or loop_frames(loop, sound.clip.n_frames, sound.clip.sample_rate) is None:
            return position_s
        return position_s if loop[0] <= position_s < loop[1] else max(loop[0], 0.0)

    # -- what comes back ----------------------------------------------------------------------------

    def _look(self) -> None:
        """Some thirty times a second while something sounds: has it ended, did the device run dry?"""
        if self._mixer.underruns != self._underruns:
            self._underruns = self._mixer.underruns
            self.underruns_changed.emit(self._underruns)
        snapshot = self._mixer.snapshot
        if self._state != PLAYING:
            if not self._mixer.busy:
                self._poll.stop()
            return
        with self._control:
            has_ended = snapshot.finished_id == self._mixer.plan.voice_id
            if not has_ended or self._mixer.timeline.heard_frame(time.perf_counter()) < snapshot.finished_frame - 1:
                return
            self._enter(STOPPED)
            self._jump(self._cue_s)
        self.state_changed.emit(STOPPED)
        self.finished.emit()

    def _feeding_failed(self, error: Exception) -> None:
        """On the feeder's thread."""
        name = self._sound.clip.name if self._sound is not None else "The sound"
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
        with self._control:
            position_s = self._standing_s()
            self._mixer.set_rate(rate)
            if self._sound is not None:
                self._sound = Sound.of(self._sound.clip, rate)
                self._jump(position_s)
        self._window.call(lambda: self.rate_changed.emit(rate))
