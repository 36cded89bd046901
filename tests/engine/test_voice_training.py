"""Training the voice: what is learned from, that symbols are found in it, and that it goes on where it was."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
import torch
from steps import finished
from toy_voice import LENGTHS, TINY, read_text, write_voice

from engine.dsp.mel import LOG_FLOOR, N_BANDS
from engine.errors import BadUsage
from engine.jobs import Note
from engine.speech.acoustic import AcousticVoice
from engine.speech.acoustic_net import ALTERED, ENERGY, PITCH, AcousticNet
from engine.speech.symbols import SYMBOLS, ids_of
from engine.training import run as training_run
from engine.training import voice, voice_lessons
from engine.training.voice import train_steps
from engine.training.voice_lessons import Batch, alignments
from engine.training.voice_shelf import (
    Sample,
    as_sample,
    joined,
    noisy,
    prosody_of,
    read_takes_steps,
    rescaled,
    stretched,
)
from engine.training.voice_texts import N_HELD_OUT, read_voice, side_of_texts, takes_of, text_key
from engine.weights.net_file import read_net


def test_takes_of_one_text_stay_on_one_side(shared_data: Path) -> None:
    takes = read_voice([shared_data / "voice"])
    sides = side_of_texts(takes)
    assert sides == side_of_texts(list(reversed(takes)))
    for side in ("test", "validation"):
        assert sum(found == side for found in sides.values()) == N_HELD_OUT
        assert len(takes_of(takes, side, once=True)) == N_HELD_OUT
    texts = {side: {text_key(take.text) for take in takes_of(takes, side)} for side in ("train", "validation", "test")}
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["validation"]
    assert not texts["validation"] & texts["test"]
    assert sum(len(takes_of(takes, side)) for side in ("train", "validation", "test")) == len(takes)


def test_a_text_is_the_same_however_it_is_written() -> None:
    assert text_key("Will we ever forget it.") == text_key(" will we  ever, forget it?")


@pytest.mark.parametrize("table", ["", "name|words\n", "file|text\na.wav\n", "file|text\n"])
def test_a_folder_without_texts_is_said(tmp_path: Path, table: str) -> None:
    (tmp_path / "metadata.csv").write_text(table)
    with pytest.raises(BadUsage):
        read_voice([tmp_path])
    with pytest.raises(BadUsage, match=r"metadata\.csv"):
        read_voice([tmp_path / "none"])


# -- takes -------------------------------------------------------------------------------------------------------------


def made_sample() -> Sample:
    ids = np.array(ids_of("^ AA1 S $"), np.int32)
    counts = np.array([[5, 0], [4, 6], [3, 3], [5, 0]], np.int32)
    frames = np.full((26, N_BANDS), -9.0, np.float32)
    frames[5:15], frames[15:21] = -2.0, -4.0
    log_hz = np.zeros(26, np.float32)
    log_hz[5:15] = np.log(200.0)
    return Sample(ids, frames, log_hz, counts, 0)


def test_takes_are_read_once(tmp_path: Path) -> None:
    spoken = read_voice([write_voice(tmp_path / "voice", 3)])
    ids = [read_text(take.text) for take in spoken]
    takes, said = finished(read_takes_steps(spoken, ids, tmp_path / "cache"))
    again, nothing = finished(read_takes_steps(spoken, ids, tmp_path / "cache"))
    assert said
    assert not nothing
    for take, other in zip(takes, again, strict=True):
        assert np.array_equal(take.frames, other.frames)
        assert np.array_equal(take.log_hz, other.log_hz)
        assert take.frames.shape == (len(take.log_hz), N_BANDS)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".npz"]


def test_the_prosody_of_symbols_is_what_their_frames_have() -> None:
    sample = made_sample()
    assert sample.counts is not None
    found = prosody_of(sample.counts, sample.frames, sample.log_hz)
    assert np.exp(found[1, :2]) == pytest.approx([4.0, 6.0])
    # What has no voice takes the pitch of what has.
    assert np.exp(found[:, PITCH]) == pytest.approx(200.0, rel=1e-4)
    assert found[1, ENERGY] - found[2, ENERGY] == pytest.approx(2.0, abs=1e-4)


def test_joined_takes_have_a_silence_between_that_belongs_to_both() -> None:
    one = made_sample()
    both = joined([one, one], np.random.default_rng(0))
    assert both.counts is not None
    gap = len(both.frames) - 2 * len(one.frames)
    assert 12 <= gap < 48
    assert both.counts.sum() == len(both.frames) == len(both.log_hz)
    assert both.counts[3, 0] + both.counts[4, 0] == 10 + gap
    assert float(both.frames[26 : 26 + gap].max()) == -9.0


@pytest.mark.parametrize("factor", [0.92, 1.0, 1.08])
def test_a_stretched_take_keeps_its_symbols(factor: float) -> None:
    found = stretched(made_sample(), factor)
    assert found.counts is not None
    assert len(found.frames) == len(found.log_hz) == found.counts.sum() == round(26 * factor)
    assert np.all((found.counts > 0) == (made_sample().counts > 0))
    assert found.recorded == ALTERED


def test_counts_are_rescaled_to_any_length_that_holds_them() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        counts = rng.integers(0, 9, size=(6, 2)).astype(np.int32)
        counts[0, 0] = 3
        n = int(rng.integers((counts > 0).sum(), 80))
        found = rescaled(counts, n)
        assert found.sum() == n
        assert np.all((found > 0) == (counts > 0))


def test_noise_fills_silences_and_leaves_what_is_loud() -> None:
    sample = made_sample()
    found = noisy(sample, np.random.default_rng(0))
    assert float((found.frames - sample.frames).min()) > -1e-4
    assert float(np.abs(found.frames[5:15] - sample.frames[5:15]).mean()) < 0.3
    assert float((found.frames[:5] - sample.frames[:5]).mean()) > 1.0
    assert float(found.frames.min()) >= LOG_FLOOR


# -- training ----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_lessons, "BATCH_FRAMES", 1200)
    monkeypatch.setattr(voice_lessons, "_POOL", 12)
    monkeypatch.setattr(voice, "RATE", 2e-3)
    monkeypatch.setattr(training_run, "_WARM_UP_STEPS", 5)
    # Beside other tests, two threads wait for each other.
    monkeypatch.setattr(voice, "use_cores", lambda: None)


def small_voice(
    folder: Path, out: Path, minutes: float = 60.0, *, resume: bool = False, align_steps: int = 60
) -> Generator[Note, None, dict[str, object]]:
    return train_steps(
        [folder], out, minutes, read_text, device="cpu", resume=resume, settings=TINY, align_steps=align_steps
    )


def until(steps: Generator[Note, None, object], step: int) -> None:
    """Train so far, and stop it there as a person would."""
    for note in steps:
        if note.text.startswith(f"step {step},"):
            break
    steps.close()


def test_a_voice_finds_its_symbols_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, out = write_voice(tmp_path / "toy"), tmp_path / "voice.safetensors"
    until(small_voice(folder, out), 30)
    first = read_net(out, "voice").card
    assert (first["step"], first["stage"]) == (30, "aligning")
    until(small_voice(folder, out, resume=True), 75)
    second = read_net(out, "voice").card
    assert (second["step"], second["stage"]) == (75, "speaking")
    assert {"validation_mean", "validation_frames", "validation_prosody"} <= set(second)
    found, even = shares_found(out, folder)
    assert found > even + 0.03
    # Once aligned, it needs not be aligned again.
    until(small_voice(folder, out, resume=True), 76)
    assert read_net(out, "voice").card["stage"] == "speaking"
    spoken = list(AcousticVoice.load(out).speak([read_text("^ AA1 S / IY1 M . $")]))
    assert [chunk.begins[-1] for chunk in spoken] == [len(chunk.frames) for chunk in spoken]


def shares_found(out: Path, folder: Path) -> tuple[float, float]:
    """Which share of the frames the voice in ``out`` gives to their own symbols, and which an even division does."""
    file = read_net(out, "voice")
    net = AcousticNet(TINY).eval()
    net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
    spoken = read_voice([folder])
    takes, _ = finished(read_takes_steps(spoken, [read_text(take.text) for take in spoken]))
    batch = Batch.of([as_sample(take) for take in takes], net)
    with torch.no_grad():
        _, mu = net.read(batch.ids, batch.mask, batch.recorded)
    found, even = [], []
    for take, counts in zip(takes, alignments(mu, batch), strict=True):
        n, n_frames = len(take.ids), len(take.frames)
        lengths = [LENGTHS[SYMBOLS[symbol]] for symbol in take.ids]
        true = np.repeat(np.arange(n), [*lengths[:-1], n_frames - sum(lengths[:-1])])
        found.append(np.mean(np.repeat(np.arange(n), counts.sum(1)) == true))
        even.append(np.mean(np.arange(n_frames) * n // n_frames == true))
    return float(np.mean(found)), float(np.mean(even))


def test_the_clock_ends_it_and_the_voice_is_measured(tmp_path: Path) -> None:
    folder, out = write_voice(tmp_path / "toy", 20), tmp_path / "voice.safetensors"
    card, said = finished(small_voice(folder, out, 0.02, align_steps=3))
    assert card["stage"] == "speaking"
    assert {"mcd_db", "movement", "length_ratio"} <= set(card)
    assert read_net(out, "voice").card == card
    assert any("Listening" in note.text for note in said)
