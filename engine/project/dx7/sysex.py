"""DX7 voices in ``.syx`` files: whatever order, headers and damage they come with, and clean ones written.

==============================  ===========  =================================================
bytes                           length       what
==============================  ===========  =================================================
``F0 43 0n 00 01 1B ... F7``    163          one voice (155 bytes), checksum
``F0 43 0n 09 20 00 ... F7``    4104         32 voices (32 x 128 bytes), checksum
none of that                    155          one voice without its header
none of that                    n x 4096     banks of 32 voices without their headers
==============================  ===========  =================================================

``n`` is the MIDI channel. The checksum makes the sum of the data and itself a multiple of 128. Source: DX7 Operating
Manual, "MIDI data format" (Yamaha 1983).

A file may hold several dumps with anything before, between and after them (librarian headers, MIDI file chunks, other
messages); all of it is kept, so :meth:`Dx7File.to_bytes` gives back what was read byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.audio.atomic import new_file
from engine.errors import PatchError
from engine.project.dx7.voice import PACKED_BYTES, SINGLE_BYTES, Dx7Voice
from engine.project.plain_file import plain_file

VOICES_IN_BANK = 32
BANK_BYTES = VOICES_IN_BANK * PACKED_BYTES
MOST_BYTES = 16 << 20
"""No collection of banks is larger; a film with the wrong ending is not read into memory."""

_END = 0xF7
_SINGLE_HEAD, _BANK_HEAD = b"\x00\x01\x1b", b"\x09\x20\x00"
# The F0 is left out: inside a standard MIDI file a length stands between it and the 43. Some writers give 10 00 as the
# length of a bank.
_HEAD = re.compile(rb"\x43[\x00-\x0f](?:(\x00\x01\x1b)|\x09[\x10\x20]\x00)")


@dataclass(frozen=True)
class Dump:
    """One run of voices in a file: ``head`` and ``tail`` are the bytes around it, as found."""

    voices: tuple[Dx7Voice, ...]
    head: bytes = b""
    tail: bytes = b""
    is_single: bool = False

    def to_bytes(self) -> bytes:
        body = [voice.to_single() if self.is_single else voice.to_packed() for voice in self.voices]
        return b"".join((self.head, *body, self.tail))


@dataclass(frozen=True)
class Dx7File:
    """What a file holds: ``dumps`` in their order, and ``notices``, sentences about what was odd."""

    dumps: tuple[Dump, ...]
    notices: tuple[str, ...] = ()

    @property
    def voices(self) -> tuple[Dx7Voice, ...]:
        """All voices of all dumps, one after the other."""
        return tuple(voice for dump in self.dumps for voice in dump.voices)

    def voice(self, number: int) -> Dx7Voice:
        """The voice of that number, counted from 1; raises :class:`PatchError` when there is none."""
        voices = self.voices
        if not 1 <= number <= len(voices):
            there = "is 1 voice" if len(voices) == 1 else f"are {len(voices)} voices"
            raise PatchError(f"There is no voice {number}: there {there}, counted from 1.")
        return voices[number - 1]

    def to_bytes(self) -> bytes:
        """The file again, byte for byte as it was read."""
        return b"".join(dump.to_bytes() for dump in self.dumps)


def read_syx(path: str | Path) -> Dx7File:
    """Read a file; raises :class:`PatchError` with one sentence when it holds no DX7 voice or cannot be read."""
    path = Path(path)
    try:
        plain_file(path)
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise PatchError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        return parse_syx(data)
    except PatchError as error:
        raise PatchError(f"{path}: {error}") from None


def parse_syx(data: bytes) -> Dx7File:
    """Find the DX7 voices in some bytes; raises :class:`PatchError` saying what is there instead when there is none."""
    if len(data) > MOST_BYTES:
        raise PatchError(f"This is larger than any bank of DX7 voices ({MOST_BYTES >> 20} MiB); nothing was read.")
    notices: list[str] = []
    dumps = _messages(data, notices) or _bare(data)
    if not dumps:
        raise PatchError(_what_instead(data))
    other = _DX7II.search(data)
    if other is not None:
        notices.append("It also holds settings of a DX7II or TX802, which are not used.")
    return Dx7File(tuple(dumps), tuple(notices))


def write_syx(path: str | Path, voices: Sequence[Dx7Voice], *, overwrite: bool = False) -> Path:
    """Write one voice as a single one, several as banks of 32; returns the path.

    The file appears complete or not at all. Raises :class:`AudioExists` when it is there and ``overwrite`` is off,
    :class:`AudioUnwritable` when the place cannot be written, :class:`PatchError` when there is no voice.
    """
    if not voices:
        raise PatchError("There is no voice to write; choose at least one.")
    if len(voices) == 1:
        data = voice_bytes(voices[0])
    else:
        banks = (voices[i : i + VOICES_IN_BANK] for i in range(0, len(voices), VOICES_IN_BANK))
        data = b"".join(bank_bytes(bank) for bank in banks)
    path = Path(path)
    with new_file(path.absolute(), overwrite=overwrite) as temporary:
        temporary.write_bytes(data)
    return path


def bank_bytes(voices: Sequence[Dx7Voice], channel: int = 0) -> bytes:
    """A bank message of up to 32 voices, filled up with initial ones; ``channel`` counts from 0."""
    if len(voices) > VOICES_IN_BANK:
        raise PatchError(f"A DX7 bank has room for {VOICES_IN_BANK} voices, not {len(voices)}; write several files.")
    full = [*voices, *[Dx7Voice()] * (VOICES_IN_BANK - len(voices))]
    return _message(_BANK_HEAD, b"".join(voice.to_packed() for voice in full), channel)


def voice_bytes(voice: Dx7Voice, channel: int = 0) -> bytes:
    """A message of a single voice; ``channel`` counts from 0."""
    return _message(_SINGLE_HEAD, voice.to_single(), channel)


def checksum(body: bytes) -> int:
    """What brings the sum of ``body`` to a multiple of 128."""
    return -sum(body) & 0x7F


def _message(head: bytes, body: bytes, channel: int) -> bytes:
    # Data bytes of a message have seven bits.
    body = bytes(byte & 0x7F for byte in body)
    return bytes((0xF0, 0x43, channel)) + head + body + bytes((checksum(body), _END))


def _messages(data: bytes, notices: list[str]) -> list[Dump]:
    found = list(_bodies(data))
    dumps: list[Dump] = []
    done = 0
    for number, (start, end, is_single) in enumerate(found, start=1):
        what = f"Dump {number}" if len(found) > 1 else "The dump"
        size = SINGLE_BYTES if is_single else PACKED_BYTES
        read = Dx7Voice.from_single if is_single else Dx7Voice.from_packed
        whole = (end - start) // size
        end_of_voices = start + whole * size
        voices = tuple(read(data[at : at + size]) for at in range(start, end_of_voices, size))
        if not is_single and whole < VOICES_IN_BANK:
            notices.append(f"{what} ends early: {whole} of its {VOICES_IN_BANK} voices are whole.")
        else:
            notices.extend(_checked(what, data, start, end))
        dumps.append(Dump(voices, data[done:start], is_single=is_single))
        done = end_of_voices
    if dumps:
        last = dumps[-1]
        dumps[-1] = Dump(last.voices, last.head, data[done:], last.is_single)
    return dumps


def _bodies(data: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where the voices of each message lie: first byte, end, whether it is a single one."""
    at = 0
    while (head := _HEAD.search(data, at)) is not None:
        is_single = head[1] is not None
        start, size = head.end(), SINGLE_BYTES if is_single else BANK_BYTES
        end = min(start + size, len(data))
        if _is_end(data, end):
            at = end
        else:
            # A status byte before the end means that bytes are missing, unless the end is where it should be.
            cut = next((i for i in range(start, end) if data[i] >= 0x80), end)
            # What stands before the end of a message that is too short is taken for its checksum.
            end = at = cut - 1 if cut < end and data[cut] == _END else cut
        if end - start >= (SINGLE_BYTES if is_single else PACKED_BYTES):
            yield start, end, is_single
        else:
            at = head.end()


def _is_end(data: bytes, end: int) -> bool:
    return data[end + 1 : end + 2] == bytes((_END,))


def _checked(what: str, data: bytes, start: int, end: int) -> Iterator[str]:
    if not _is_end(data, end):
        yield f"{what} has no proper end; its voices were read all the same."
    elif data[end] != (right := checksum(data[start:end])):
        was = f"{data[end]:02X} instead of {right:02X}"
        yield f"{what} has a wrong checksum ({was}); its voices were read all the same."


def _bare(data: bytes) -> list[Dump]:
    """Voices without any header, as some librarians store them."""
    # Whoever cut the header off may have left the checksum and the end of the message.
    is_single = SINGLE_BYTES <= len(data) <= SINGLE_BYTES + 2
    size = SINGLE_BYTES if is_single else len(data) - len(data) % BANK_BYTES
    body, tail = data[:size], data[size:]
    if not body or len(tail) > 2 or any(byte >= 0x80 for byte in body):
        return []
    voices: tuple[Dx7Voice, ...]
    if is_single:
        voices = (Dx7Voice.from_single(body),)
    else:
        voices = tuple(Dx7Voice.from_packed(body[i : i + PACKED_BYTES]) for i in range(0, size, PACKED_BYTES))
    # Text or zeros of that length are no bank: levels, rates and names of most voices must be possible.
    sound = [voice for voice in voices if _is_possible(voice)]
    return [Dump(voices, tail=tail, is_single=is_single)] if 2 * len(sound) > len(voices) else []


def _is_possible(voice: Dx7Voice) -> bool:
    numbers = [*voice.pitch_rates, *voice.pitch_levels, voice.lfo_speed, voice.lfo_delay]
    for operator in voice.operators:
        numbers += (*operator.rates, *operator.levels, operator.level, operator.fine)
    return max(numbers) <= 99 and voice.transpose <= 48 and min(voice.name_bytes) >= ord(" ")


# Additional voice data (ACED, AMEM), and the bulk dumps whose ten letters name what they are.
_DX7II = re.compile(rb"\x43[\x00-\x0f](?:\x05\x00\x31|\x06\x08\x60|\x7e..LM  (?:8973|8952|MCRY|FKSY))", re.S)
_FOUR_OPERATORS = re.compile(rb"\x43[\x00-\x0f](?:\x03\x00\x5d|\x04\x20\x00|\x7e..LM  (?:8976|8023|8036))", re.S)


def _what_instead(data: bytes) -> str:
    way_out = "choose a bank (4104 bytes) or a voice (163 bytes) of a DX7"
    if not data:
        return f"The file is empty; {way_out}."
    if _DX7II.search(data):
        return f"This is performance or additional data of a DX7II or TX802 without DX7 voices; {way_out}."
    if _FOUR_OPERATORS.search(data):
        return f"These are voices of a four-operator Yamaha (DX21, DX100, TX81Z ...), not of a DX7; {way_out}."
    if _HEAD.search(data):
        return f"This is the beginning of a DX7 dump, too short to hold a voice; {way_out}."
    if data[:1] == b"\xf0":
        whose = "of another Yamaha instrument" if data[1:2] == b"\x43" else "for an instrument of another maker"
        return f"This is a MIDI dump {whose}, not of a DX7; {way_out}."
    return f"This holds no DX7 voices; {way_out}."
