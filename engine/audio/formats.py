"""The containers and sample formats that are written: what each holds, what a menu offers, what is kept by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.errors import AudioUnwritable
from engine.rates import MAX_RATE_HZ, MIN_RATE_HZ

MAX_CHANNELS = 8

TITLES: dict[str, str] = {
    "PCM_S8": "8-bit",
    "PCM_U8": "8-bit",
    "PCM_16": "16-bit",
    "PCM_24": "24-bit",
    "PCM_32": "32-bit integer",
    "FLOAT": "32-bit float",
    "DOUBLE": "64-bit float",
    "ULAW": "8-bit µ-law",
    "ALAW": "8-bit A-law",
    "ALAC_16": "16-bit Apple Lossless",
    "ALAC_20": "20-bit Apple Lossless",
    "ALAC_24": "24-bit Apple Lossless",
    "ALAC_32": "32-bit Apple Lossless",
    "IMA_ADPCM": "4-bit IMA ADPCM",
    "MS_ADPCM": "4-bit Microsoft ADPCM",
    "VORBIS": "Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_I": "MPEG layer 1",
    "MPEG_LAYER_II": "MPEG layer 2",
    "MPEG_LAYER_III": "MP3",
}
"""Words for soundfile's subtypes; ask :func:`subtype_title`, which knows a way out for the rest."""

INTEGER_BITS: dict[str, int] = {
    "PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32,
    "ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32,
}  # fmt: skip
"""Bits of the subtypes that hold whole numbers without loss."""

SAMPLE_BYTES: dict[str, int] = {
    "PCM_S8": 1, "PCM_U8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8,
}  # fmt: skip
"""Size of one sample where it is fixed."""

_TELEPHONE_BITS = 14
_FLOAT_RANK = 33.0
"""Above every integer: lossy formats and floats go beyond full scale, which only a float keeps."""


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file. ``offered`` is for menus, best default first; ``holds`` lists all that may be kept.

    ``rates`` are the only sample rates possible, or ``None`` for all within the general limits; ``max_bytes`` is the
    size that the container's header can express.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    offered: tuple[str, ...]
    holds: tuple[str, ...]
    max_channels: int = MAX_CHANNELS
    rates: tuple[int, ...] | None = None
    max_bytes: int | None = None


_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES = (8000, 12000, 16000, 24000, 48000)
_PCM = ("PCM_16", "PCM_24", "PCM_32", "FLOAT")
# Room for the other chunks of a header below the 32-bit limit.
_4_GB = 2**32 - 2**16

FORMATS: dict[str, Format] = {
    "WAV": Format("WAV", "WAV", (".wav", ".wave", ".bwf", ".rf64"), _PCM, (*_PCM, "PCM_U8", "DOUBLE", "ULAW", "ALAW")),
    "FLAC": Format("FLAC", "FLAC", (".flac",), ("PCM_16", "PCM_24"), ("PCM_16", "PCM_24", "PCM_S8")),
    "OGG": Format("OGG", "Ogg", (".ogg", ".oga", ".opus"), ("VORBIS", "OPUS"), ("VORBIS", "OPUS")),
    "MP3": Format("MP3", "MP3", (".mp3",), ("MPEG_LAYER_III",), ("MPEG_LAYER_III",), 2, _MP3_RATES),
    "AIFF": Format(
        "AIFF", "AIFF", (".aiff", ".aif", ".aifc"), _PCM, (*_PCM, "PCM_S8", "PCM_U8", "DOUBLE", "ULAW", "ALAW"),
        max_bytes=_4_GB,
    ),
    # No Apple Lossless: libsndfile 1.2.2 writes loud material at 20 bits and more wrongly (measured).
    "CAF": Format("CAF", "CAF", (".caf",), _PCM, (*_PCM, "PCM_S8", "DOUBLE", "ULAW", "ALAW")),
}  # fmt: skip
"""What can be written, by soundfile's name of the container."""

SUBTYPES: dict[str, tuple[str, ...]] = {name: kind.offered for name, kind in FORMATS.items()}
"""What a menu offers for each container; :func:`subtype_title` has the words."""

READ_TITLES: dict[str, str] = {"WAVEX": "WAV", "RF64": "RF64 WAV", "OGG": "Ogg", "W64": "Wave64", "AU": "Sun AU"}
"""Words for containers whose name alone says little."""


def subtype_title(subtype: str) -> str:
    """``"PCM_24"`` as people say it: ``24-bit``."""
    return TITLES.get(subtype, subtype.replace("_", " "))


def subtype_named(text: str) -> str:
    """What a person calls a sample format (``24``, ``24-bit``, ``32f``, ``float``, ``pcm_24``) as soundfile's name.

    Other words come back in capitals, for :func:`check_fits` to refuse.
    """
    word = text.strip().lower()
    spoken = {title.lower(): name for name, title in TITLES.items() if title != TITLES["PCM_U8"]}
    spoken |= {str(bits): name for name, bits in INTEGER_BITS.items() if name.startswith("PCM_") and bits > 8}
    spoken |= {"32f": "FLOAT", "64f": "DOUBLE"}
    return spoken.get(word, word.upper())


def format_title(name: str) -> str:
    """soundfile's name of a container as people say it."""
    return READ_TITLES.get(name, name)


def format_for(path: Path) -> Format:
    """The container that a file's suffix asks for; raises ``AudioUnwritable`` for an unknown one."""
    suffix = path.suffix.lower()
    for kind in FORMATS.values():
        if suffix in kind.suffixes:
            return kind
    known = ", ".join(kind.suffixes[0] for kind in FORMATS.values())
    told = f"does not say its format by {suffix}" if suffix else "has no ending that says its format"
    raise AudioUnwritable(f"The name {path.name} {told}; use one of {known}.")


def kept_subtype(kind: Format, path: Path, subtype: str, sample_rate: int) -> str:
    """What came in when the container holds it, else the smallest sample format that loses nothing, else the best."""
    if kind.name == "OGG":
        wants_opus = path.suffix.lower() == ".opus" or subtype == "OPUS"
        return "OPUS" if wants_opus and sample_rate in _OPUS_RATES else "VORBIS"
    if subtype in kind.holds:
        return subtype
    wanted = _rank(subtype)
    ranked = sorted((_rank(s), s) for s in kind.holds if s in SAMPLE_BYTES and s not in ("ULAW", "ALAW"))
    if not ranked:
        return kind.offered[0]
    return next((name for rank, name in ranked if rank >= wanted), ranked[-1][1])


def check_fits(kind: Format, path: Path, subtype: str, channels: int, sample_rate: int) -> None:
    """Raise ``AudioUnwritable`` when the container cannot hold such a sound."""
    if subtype not in kind.holds:
        offered = ", ".join(subtype_title(s) for s in kind.offered)
        raise AudioUnwritable(f"{kind.title} files hold no {subtype_title(subtype)} samples; choose {offered}.")
    if channels > kind.max_channels:
        most = f"{kind.max_channels} channels"
        raise AudioUnwritable(f"{path.name} cannot hold {channels} channels: {kind.title} ends at {most}; use WAV.")
    rates = _OPUS_RATES if subtype == "OPUS" else kind.rates
    if rates is not None and sample_rate not in rates:
        known = ", ".join(f"{rate / 1000:g}" for rate in rates)
        raise AudioUnwritable(
            f"{path.name} cannot hold {sample_rate} Hz: {subtype_title(subtype)} knows {known} kHz; "
            "resample the sound, or write WAV or FLAC."
        )
    if not MIN_RATE_HZ <= sample_rate <= MAX_RATE_HZ:
        limits = f"{MIN_RATE_HZ / 1000:g} and {MAX_RATE_HZ / 1000:g} kHz"
        raise AudioUnwritable(f"{path.name} cannot be written at {sample_rate} Hz: the limits are {limits}.")


def container_for(kind: Format, path: Path, subtype: str, channels: int, n_frames: int) -> str:
    """soundfile's name of the container to write: WAV grows to RF64 where its 4 GB end.

    More than two channels make a WAV "extensible", so that its header names the loudspeakers. Raises
    ``AudioUnwritable`` when the sound is too long for a format that cannot grow.
    """
    n_bytes = n_frames * channels * SAMPLE_BYTES.get(subtype, 0)
    if kind.name == "WAV":
        if n_bytes > _4_GB or path.suffix.lower() == ".rf64":
            return "RF64"
        return "WAVEX" if channels > 2 and subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE") else "WAV"
    if kind.max_bytes is not None and n_bytes > kind.max_bytes:
        raise AudioUnwritable(f"{path.name} would be larger than the 4 GB that {kind.title} holds; write WAV or CAF.")
    return kind.name


def _rank(subtype: str) -> float:
    if subtype in INTEGER_BITS:
        return float(INTEGER_BITS[subtype])
    if subtype in ("ULAW", "ALAW"):
        return _TELEPHONE_BITS
    if subtype in ("IMA_ADPCM", "MS_ADPCM", "GSM610", "DPCM_16", "DWVW_16") or subtype.startswith(("NMS_", "G72")):
        return 16.0
    return _FLOAT_RANK + 1 if subtype == "DOUBLE" else _FLOAT_RANK
