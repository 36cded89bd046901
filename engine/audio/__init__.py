"""Sounds: values, reading, writing, resampling, loudness, and the pyramids and tiles that views draw from. No torch."""

from engine.audio.values import ArraySource, Audio, Clip, FrameSource, Samples

__all__ = ["ArraySource", "Audio", "Clip", "FrameSource", "Samples"]
