"""DX7 files: every byte comes back, damage is survived and told, and what is no DX7 gets one clear sentence."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import AudioExists, PatchError
from engine.project.dx7 import Dx7Voice, bank_bytes, parse_syx, read_syx, voice_bytes, write_syx
from engine.project.dx7.sysex import checksum


def a_voice(seed: int) -> Dx7Voice:
    """A voice with possible but random values."""
    rng = random.Random(seed)
    voice = Dx7Voice.from_packed(bytes(rng.randrange(100) & mask for mask in _POSSIBLE))
    return replace(voice, name_bytes=f"VOICE {seed:4d}".encode(), spare=b"")


# The bits that a packed voice can use; levels end at 63 here so that every random one is possible.
_OPERATOR = [63] * 11 + [15, 127, 31, 63, 63, 63]
_POSSIBLE = [*_OPERATOR * 6, *[63] * 8, 31, 15, 63, 63, 63, 63, 127, 31, *[63] * 10]


def a_bank(first_seed: int = 0) -> list[Dx7Voice]:
    return [a_voice(first_seed + i) for i in range(32)]


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_come_back_as_they_were(seed: int) -> None:
    rng = random.Random(seed)
    packed, single = rng.randbytes(128), rng.randbytes(155)
    assert Dx7Voice.from_packed(packed).to_packed() == packed
    assert Dx7Voice.from_single(single).to_single() == single


def test_the_two_forms_hold_the_same_voice() -> None:
    for voice in a_bank():
        assert Dx7Voice.from_packed(voice.to_packed()) == voice
        assert Dx7Voice.from_single(voice.to_single()) == voice


def test_a_single_voice_lies_where_the_manual_says() -> None:
    """Byte numbers of the manual's voice parameter table: operator 6 first, algorithm 134, feedback 135, name 145."""
    voice = Dx7Voice.from_single(bytes(range(145)) + b"0123456789")
    six, one = voice.operators[5], voice.operators[0]
    assert six.rates == (0, 1, 2, 3)
    assert (six.break_point, six.level, six.mode, six.coarse, six.fine, six.detune) == (8, 16, 17, 18, 19, 20)
    assert one.levels == (109, 110, 111, 112)
    assert (voice.algorithm, voice.feedback, voice.oscillator_sync, voice.lfo_speed) == (134, 135, 136, 137)
    assert (voice.lfo_sync, voice.lfo_wave, voice.lfo_pitch_sensitivity, voice.transpose) == (141, 142, 143, 144)
    assert voice.name == "0123456789"


def test_a_packed_voice_shares_bytes_as_the_manual_says() -> None:
    data = bytearray(128)
    data[12] = 0b1010_011  # operator 6: detune 10, rate scaling 3
    data[13] = 0b101_10  # velocity 5, amplitude sensitivity 2
    data[15] = 0b01110_1  # coarse 14, fixed
    data[11] = 0b10_01  # right curve 2, left curve 1
    data[110], data[111] = 31, 0b1_110  # algorithm 32, sync on, feedback 6
    data[116] = 0b101_100_1  # pitch sensitivity 5, wave 4, sync on
    voice = Dx7Voice.from_packed(bytes(data))
    six = voice.operators[5]
    assert (six.detune, six.rate_scaling, six.velocity, six.amp_sensitivity) == (10, 3, 5, 2)
    assert (six.coarse, six.mode, six.left_curve, six.right_curve) == (14, 1, 1, 2)
    assert (voice.algorithm, voice.oscillator_sync, voice.feedback) == (31, 1, 6)
    assert (voice.lfo_pitch_sensitivity, voice.lfo_wave, voice.lfo_sync) == (5, 4, 1)


def test_a_bank_and_a_voice_are_written_with_the_lengths_and_sums_of_the_manual() -> None:
    bank, single = bank_bytes(a_bank()), voice_bytes(a_voice(1), channel=3)
    assert (len(bank), len(single)) == (4104, 163)
    assert bank[:6] == bytes.fromhex("f04300092000")
    assert single[:6] == bytes.fromhex("f0430300011b")
    assert (sum(bank[6:-1]) % 128, sum(single[6:-1]) % 128) == (0, 0)
    assert bank[-1] == single[-1] == 0xF7


def test_a_bank_of_few_voices_is_filled_up_and_one_of_too_many_refused() -> None:
    file = parse_syx(bank_bytes([a_voice(5)]))
    assert file.voices[0] == a_voice(5)
    assert {voice.name for voice in file.voices[1:]} == {"INIT VOICE"}
    with pytest.raises(PatchError, match="32"):
        bank_bytes([a_voice(1)] * 33)


@pytest.mark.parametrize("single", [True, False])
def test_headers_before_and_bytes_after_do_not_disturb_and_are_kept(single: bool) -> None:
    message = voice_bytes(a_voice(1)) if single else bank_bytes(a_bank())
    data = b"Some librarian 1.0\x00\xff" * 7 + message + b"\x00\x1a trailer"
    file = parse_syx(data)
    assert file.voices == ((a_voice(1),) if single else tuple(a_bank()))
    assert file.notices == ()
    assert file.to_bytes() == data


def test_several_dumps_in_one_file_count_on() -> None:
    data = bank_bytes(a_bank()) + b"\xf0\x7e\x7f\x06\x01\xf7" + voice_bytes(a_voice(99)) + bank_bytes(a_bank(200), 15)
    file = parse_syx(data)
    assert len(file.dumps) == 3
    assert file.voice(33) == a_voice(99)
    assert file.voice(34) == a_voice(200)
    assert file.to_bytes() == data


def test_a_wrong_checksum_is_told_and_the_voices_are_read() -> None:
    data = bytearray(bank_bytes(a_bank()))
    right = data[-2]
    data[-2] ^= 0x15
    file = parse_syx(bytes(data))
    assert file.voices == tuple(a_bank())
    assert file.notices == (
        f"The dump has a wrong checksum ({data[-2]:02X} instead of {right:02X}); its voices were read all the same.",
    )
    assert file.to_bytes() == bytes(data)


def test_a_bank_inside_a_midi_file_is_found() -> None:
    # There a length stands between F0 and the rest of the message.
    message = bank_bytes(a_bank())
    data = (
        b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x10\x10\x00\xf0\xa0\x07"
        + message[1:]
        + b"\x00\xff/\x00"
    )
    assert parse_syx(data).voices == tuple(a_bank())


@pytest.mark.parametrize("n_banks", [1, 3])
def test_a_bank_without_its_header_is_read(n_banks: int) -> None:
    voices = [voice for i in range(n_banks) for voice in a_bank(100 * i)]
    data = b"".join(voice.to_packed() for voice in voices)
    file = parse_syx(data)
    assert file.voices == tuple(voices)
    assert file.to_bytes() == data


@pytest.mark.parametrize("tail", [b"\x11", b"\xf7", b"\x11\xf7"])
@pytest.mark.parametrize("n_voices", [1, 32])
def test_what_is_left_of_a_message_behind_bare_voices_is_kept(tail: bytes, n_voices: int) -> None:
    whole = bank_bytes(a_bank()) if n_voices == 32 else voice_bytes(a_voice(4))
    data = whole[6:-2] + tail
    file = parse_syx(data)
    assert len(file.voices) == n_voices
    assert file.to_bytes() == data
    with pytest.raises(PatchError, match="no DX7 voices"):
        parse_syx(data + b"\x00\x00")


def test_a_voice_without_its_header_is_read() -> None:
    data = a_voice(4).to_single()
    assert parse_syx(data).voices == (a_voice(4),)
    assert parse_syx(data).to_bytes() == data


@pytest.mark.parametrize("missing", [1, 2, 300])
def test_the_whole_voices_of_a_cut_bank_are_saved(missing: int) -> None:
    data = bank_bytes(a_bank())[:-missing]
    file = parse_syx(data)
    assert file.voices == tuple(a_bank()[: (len(data) - 6) // 128])
    assert len(file.notices) == 1
    assert file.to_bytes() == data


def test_a_voice_from_the_middle_of_two_damaged_dumps_is_found() -> None:
    cut = bank_bytes(a_bank())[:1000] + b"\xf7"
    file = parse_syx(cut + bank_bytes(a_bank(50)))
    assert file.voices == (*a_bank()[:7], *a_bank(50))
    assert "ends early: 7 of its 32 voices" in file.notices[0]
    assert file.to_bytes() == cut + bank_bytes(a_bank(50))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xf0\x43\x00\x06\x08\x60" + bytes(1120) + b"\x00\xf7", "DX7II or TX802"),
        (b"\xf0\x43\x00\x05\x00\x31" + bytes(49) + b"\x00\xf7", "DX7II or TX802"),
        (b"\xf0\x43\x00\x7e\x01\x28LM  8952PM" + bytes(300) + b"\x00\xf7", "DX7II or TX802"),
        (b"\xf0\x43\x00\x04\x20\x00" + bytes(4096) + b"\x00\xf7", "four-operator"),
        (b"\xf0\x43\x00\x03\x00\x5d" + bytes(93) + b"\x00\xf7", "four-operator"),
        (b"\xf0\x41\x10\x16\x12" + bytes(100) + b"\xf7", "another maker"),
        (b"\xf0\x43\x10\x4c\x00" + bytes(100) + b"\xf7", "another Yamaha"),
        (bank_bytes([])[:100], "too short"),
        (b"all the words in this text are no bank" * 500, "no DX7 voices"),
        ((b"text of the length of a bank. " * 200)[:4096], "no DX7 voices"),
        (bytes(154), "no DX7 voices"),
        (bytes(155), "no DX7 voices"),
        (bytes(2 * 4096), "no DX7 voices"),
    ],
)
def test_what_is_no_dx7_gets_one_sentence_with_a_way_out(data: bytes, words: str) -> None:
    with pytest.raises(PatchError, match=words) as error:
        parse_syx(data)
    assert str(error.value).endswith("(163 bytes) of a DX7.")


def test_the_dx7_voices_of_a_dx7ii_bank_are_read_and_the_rest_is_told() -> None:
    data = b"\xf0\x43\x00\x06\x08\x60" + bytes(1120) + b"\x00\xf7" + bank_bytes(a_bank())
    file = parse_syx(data)
    assert file.voices == tuple(a_bank())
    assert "DX7II" in file.notices[0]
    assert file.to_bytes() == data


def test_any_damage_ends_in_voices_or_a_sentence_and_loses_no_byte() -> None:
    rng = random.Random(7)
    whole = b"\x01\x02" + bank_bytes(a_bank()) + voice_bytes(a_voice(1))
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            at = rng.randrange(len(data))
            rng.choice([lambda d, i: d.pop(i), lambda d, i: d.insert(i, 0xF7), lambda d, i: d.__setitem__(i, 0xF0)])(
                data, at
            )
        file = parse_syx(bytes(data))
        assert file.to_bytes() == bytes(data)


def test_a_file_is_named_when_it_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(PatchError, match=r"gone\.syx cannot be read"):
        read_syx(tmp_path / "gone.syx")
    other = tmp_path / "other.syx"
    other.write_bytes(b"\xf0\x41")
    with pytest.raises(PatchError, match=r"other\.syx: This is a MIDI dump"):
        read_syx(other)


def test_a_voice_that_is_not_there_is_told_with_the_number_there_is() -> None:
    file = parse_syx(bank_bytes(a_bank()))
    for number in (0, 33, -1):
        with pytest.raises(PatchError, match="32 voices"):
            file.voice(number)


def test_the_checksum_of_silence_is_zero() -> None:
    assert checksum(bytes(155)) == 0
    assert checksum(b"\x01") == 127


@pytest.mark.parametrize(("n_voices", "n_read"), [(1, 1), (2, 32), (33, 64)])
def test_what_is_written_is_read_again(tmp_path: Path, n_voices: int, n_read: int) -> None:
    voices = tuple(a_voice(i) for i in range(n_voices))
    file = read_syx(write_syx(tmp_path / "out.syx", voices))
    assert file.voices[:n_voices] == voices
    assert len(file.voices) == n_read
    assert file.notices == ()


def test_a_bank_that_is_there_is_not_written_over_unasked(tmp_path: Path) -> None:
    path = write_syx(tmp_path / "out.syx", [a_voice(1)])
    with pytest.raises(AudioExists):
        write_syx(path, [a_voice(2)])
    assert read_syx(path).voices == (a_voice(1),)
    write_syx(path, [a_voice(2)], overwrite=True)
    assert read_syx(path).voices == (a_voice(2),)
    with pytest.raises(PatchError, match="no voice"):
        write_syx(tmp_path / "none.syx", [])
