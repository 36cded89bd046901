"""Sounds: values, reading, writing, resampling, loudness, and the pyramids and tiles that views draw from. No torch.

Importing this costs numpy and nothing else: soundfile, soxr and scipy are loaded when they are first used.
"""

from engine.audio.files import open_clip, open_clip_steps
from engine.audio.formats import FORMATS, SUBTYPES, Format, format_title, subtype_title
from engine.audio.info import ClipInfo, describe, describe_clip_steps, describe_steps, duration_words
from engine.audio.loudness import LoudnessMeter, loudness_lufs, measure_loudness_steps
from engine.audio.names import free_path, safe_name
from engine.audio.resample import StreamResampler, resample, resampled_length
from engine.audio.source import FileSource
from engine.audio.steps import Steps, finish
from engine.audio.values import ArraySource, Audio, Clip, FrameSource, Samples
from engine.audio.write import Written, formats_for, write_clip, write_clip_steps

__all__ = [
    "FORMATS",
    "SUBTYPES",
    "ArraySource",
    "Audio",
    "Clip",
    "ClipInfo",
    "FileSource",
    "Format",
    "FrameSource",
    "LoudnessMeter",
    "Samples",
    "Steps",
    "StreamResampler",
    "Written",
    "describe",
    "describe_clip_steps",
    "describe_steps",
    "duration_words",
    "finish",
    "format_title",
    "formats_for",
    "free_path",
    "loudness_lufs",
    "measure_loudness_steps",
    "open_clip",
    "open_clip_steps",
    "resample",
    "resampled_length",
    "safe_name",
    "subtype_title",
    "write_clip",
    "write_clip_steps",
]
