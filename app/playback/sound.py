"""The sound that is loaded: it makes the voices that play it."""

from __future__ import annotations

from dataclasses import dataclass

from app.playback.channels import Frames, to_stereo
from app.playback.feeder import Feeder
from app.playback.voices import Loop, MemoryVoice, StreamVoice, Voice
from engine.audio.values import ArraySource, Clip

MEMORY_S = 60.0
"""A sound in memory up to this length is laid out for the device at once; longer ones stream like files."""


@dataclass(frozen=True, eq=False)
class Sound:
    """A clip, and its frames in the device's layout where it is in memory, short, and at the device's rate."""

    clip: Clip
    rate: int
    frames: Frames | None

    @classmethod
    def of(cls, clip: Clip, rate: int) -> Sound:
        in_memory = isinstance(clip.source, ArraySource) and clip.duration_s <= MEMORY_S and clip.sample_rate == rate
        return cls(clip, rate, to_stereo(clip.read(0, clip.n_frames).samples) if in_memory else None)

    @property
    def duration_s(self) -> float:
        return self.clip.duration_s

    def voice(self, start_s: float, loop: Loop | None, feeder: Feeder) -> Voice:
        """A new voice at ``start_s``; a streaming one is being fed already."""
        if self.frames is not None:
            return MemoryVoice(self.frames, self.rate, start_s, loop)
        voice = StreamVoice(self.clip, self.rate, start_s, loop)
        feeder.add(voice)
        return voice
