"""The transport: which sound is loaded, where it stands and what is to become of it, told to the mixer as plans.

No Qt and no devices. The window, an engine thread with a new render and the clock thread with another rate all change
it, so it has a lock; the mixer only ever reads the plan that was put down last.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from app.playback.ending import EndingVoice
from app.playback.feeder import Feeder
from app.playback.mixer import Mixer
from app.playback.sound import Sound
from app.playback.voices import Loop, Voice, loop_frames
from engine.audio.values import Audio, Clip

STOPPED, PLAYING, PAUSED = "stopped", "playing", "paused"


class Transport:
    """One loaded sound: play, pause, stop, seek, loop. Methods that return a bool say whether anything changed."""

    def __init__(self, mixer: Mixer, feeder: Feeder) -> None:
        self._mixer = mixer
        self._feeder = feeder
        self.lock = threading.RLock()
        self.sound: Sound | None = None
        self.loop: Loop | None = None
        self.until_s: float | None = None
        self.state = STOPPED
        self._cue_s = 0.0
        self._jump_id = 0
        self._jump_s = 0.0
        self._shown_s = (0, 0.0)

    # -- the sound ----------------------------------------------------------------------------------

    @property
    def clip(self) -> Clip | None:
        sound = self.sound
        return sound.clip if sound is not None else None

    @property
    def duration_s(self) -> float:
        sound = self.sound
        return sound.duration_s if sound is not None else 0.0

    def load(self, clip: Clip | None, *, keep_position: bool = False) -> None:
        """Make ``clip`` the sound; what plays goes on with it, from its start or where the old one stands."""
        with self.lock:
            if clip is None:
                self.sound = None
                self._cue_s = 0.0
                self._enter(STOPPED)
                return
            self.sound = Sound.of(clip, self._mixer.rate)
            if keep_position:
                self._take_over()
            else:
                self._rewind()

    def swap(self, audio: Audio, *, strike: bool) -> int:
        """Replace the sound at the same position, or with ``strike`` from its first frame; the voice's number."""
        sound = Sound.of(Clip.of(audio, "live"), self._mixer.rate)
        with self.lock:
            if sound.rate != self._mixer.rate:
                # Another device was opened meanwhile; what was laid out for the old one would sound at another pitch.
                sound = Sound.of(sound.clip, self._mixer.rate)
            self.sound = sound
            if strike:
                self._rewind()
            else:
                self._take_over()
            return self._mixer.plan.voice_id

    def forget(self) -> None:
        """Let go of the sound and of every voice."""
        with self.lock:
            self.sound, self.state = None, STOPPED
            self._mixer.forget()

    def change_rate(self, rate: int) -> None:
        """Lay everything out for another rate, at the same place. Only while nobody mixes."""
        with self.lock:
            position_s = self._standing_s()
            self._mixer.set_rate(rate)
            if self.sound is not None:
                self.sound = Sound.of(self.sound.clip, rate)
                self._jump(position_s)

    # -- playing ------------------------------------------------------------------------------------

    def play(self, until_s: float | None) -> bool:
        """Play on from where it stands; with a loop, from inside of it. ``False`` when it played already."""
        with self.lock:
            if self.sound is None:
                return False
            ends_elsewhere = until_s != self.until_s
            self.until_s = until_s
            if self.state == PLAYING:
                if ends_elsewhere:
                    self._take_over()
                return False
            position_s = self.position_s()
            start_s = self._inside_loop(position_s)
            if start_s >= self.duration_s:
                start_s = self._inside_loop(0.0)
            if self.state == STOPPED:
                self._cue_s = start_s
            has_finished = self._mixer.snapshot.finished_id == self._mixer.plan.voice_id
            if start_s != position_s or has_finished:
                self._jump(start_s)
            elif ends_elsewhere:
                self._take_over()
            self._enter(PLAYING)
        return True

    def strike(self) -> bool:
        """Play from the first frame, whatever it does now; ``False`` when it played already."""
        with self.lock:
            if self.sound is None:
                return False
            self._rewind()
            if self.state == PLAYING:
                return False
            self._enter(PLAYING)
        return True

    def pause(self) -> bool:
        with self.lock:
            if self.state != PLAYING:
                return False
            self._enter(PAUSED)
        return True

    def stop(self) -> bool:
        """Go back to where playing began."""
        with self.lock:
            if self.state == STOPPED:
                return False
            self._enter(STOPPED)
            self._jump(self._cue_s)
        return True

    def stop_if_ended(self) -> bool:
        """Whether the sound came to its end and the end was heard."""
        snapshot = self._mixer.snapshot
        with self.lock:
            has_ended = self.state == PLAYING and snapshot.finished_id == self._mixer.plan.voice_id
            if not has_ended or self._mixer.timeline.heard_frame(time.perf_counter()) < snapshot.finished_frame - 1:
                return False
            self._enter(STOPPED)
            self._jump(self._cue_s)
        return True

    def halt(self) -> None:
        """Nothing is to be heard any more: everything fades out, live notes included."""
        with self.lock:
            self._mixer.plan = replace(self._mixer.plan, playing=False, gain=0.0)

    def seek(self, position_s: float) -> None:
        with self.lock:
            position_s = min(max(position_s, 0.0), self.duration_s)
            self._cue_s = position_s
            self.until_s = None
            self._jump(position_s)

    def set_loop(self, loop: Loop | None) -> bool:
        """Repeat ``(start_s, end_s)``, or nothing; playing from outside of it goes inside."""
        with self.lock:
            loop = (min(loop), max(loop)) if loop is not None else None
            if loop == self.loop:
                return False
            self.loop = loop
            if self.sound is None:
                return False
            position_s = self._standing_s()
            if self.state == PLAYING and self._inside_loop(position_s) != position_s:
                self._jump(self._inside_loop(position_s))
            else:
                self._take_over()
        return True

    def position_s(self) -> float:
        """What is heard now, in seconds into the sound; smooth enough to draw at 60 Hz."""
        if self.sound is None:
            return 0.0
        if self.state == STOPPED:
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

    # -- plans (with the lock held) -----------------------------------------------------------------

    def _enter(self, state: str) -> None:
        self.state = state
        plan = replace(self._mixer.plan, playing=state == PLAYING)
        if self.sound is None:
            plan = replace(plan, voice=None, voice_id=plan.voice_id + 1, aligned=False)
        self._mixer.plan = plan

    def _voice(self, sound: Sound, position_s: float) -> Voice:
        """A new voice at ``position_s`` that loops, or ends, where that was asked for."""
        voice = sound.voice(position_s, self.loop, self._feeder)
        until_s = self.until_s
        if until_s is None or self.loop is not None or not position_s < until_s < sound.duration_s:
            return voice
        return EndingVoice(voice, until_s, self._mixer.rate)

    def _jump(self, position_s: float) -> None:
        """The next voice starts there."""
        if self.sound is None:
            return
        plan = self._mixer.plan
        voice = self._voice(self.sound, position_s)
        self._jump_id, self._jump_s = plan.voice_id + 1, position_s
        self._mixer.plan = replace(plan, voice=voice, voice_id=plan.voice_id + 1, aligned=False)

    def _rewind(self) -> None:
        """The next voice starts at the first frame and plays to the end."""
        self._cue_s = 0.0
        self.until_s = None
        self._jump(0.0)

    def _take_over(self) -> None:
        """The next voice goes on where the present one stands."""
        snapshot, plan = self._mixer.snapshot, self._mixer.plan
        is_there = snapshot.voice_id >= self._jump_id and snapshot.voice_id > 0
        if self.sound is None or not is_there or self.state == STOPPED:
            # A jump is under way that nobody has heard yet: the new voice makes it instead.
            self._jump(self._cue_s if self.state == STOPPED else self._jump_s)
            return
        voice = self._voice(self.sound, snapshot.position_s)
        self._mixer.plan = replace(plan, voice=voice, voice_id=plan.voice_id + 1, aligned=True, born=snapshot.played)

    def _standing_s(self) -> float:
        """Where the next frame comes from."""
        if self.state == STOPPED:
            return self._cue_s
        snapshot = self._mixer.snapshot
        return snapshot.position_s if snapshot.voice_id >= self._jump_id else self._jump_s

    def _inside_loop(self, position_s: float) -> float:
        """That position, or the start of the loop when it lies outside."""
        sound, loop = self.sound, self.loop
        if sound is None or loop is None or loop_frames(loop, sound.clip.n_frames, sound.clip.sample_rate) is None:
            return position_s
        return position_s if loop[0] <= position_s < loop[1] else max(loop[0], 0.0)
