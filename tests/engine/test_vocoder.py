"""The vocoder: its sources, its net, what is learned, and sound that comes piece by piece."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.audio import Audio, Clip, write_clip
from engine.cli import main
from engine.dsp.mel import HOP, LOG_FLOOR, N_BANDS, RATE_HZ, log_mel
from engine.dsp.pitch_track import pitch_track
from engine.errors import WeightError
from engine.jobs import Note
from engine.metrics.vocoding import copy_loss
from engine.training.critics import Critics, copies_loss, critics_loss
from engine.training.vocoder import of_side, train_steps, vocoder_loss
from engine.training.vocoder_loss import energy_distance
from engine.training.vocoder_shelf import PieceMixer, heard
from engine.vocoder.correct import corrected
from engine.vocoder.door import own_vocoder, sound_of_frames, what_sounds
from engine.vocoder.griffin_lim import griffin_lim
from engine.vocoder.net import VocoderNet, VocoderSettings, log_envelope
from engine.vocoder.own import PIECE_FRAMES, Vocoder
from engine.vocoder.source import at_samples, cycles_of, cycles_through, pulses
from engine.weights.net_file import NetFile, read_net, write_net

SMALL = VocoderSettings(width=48, hidden=96, depth=2, pitches=60)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def small_net(seed: int = 0) -> VocoderNet:
    torch.manual_seed(seed)
    return VocoderNet(SMALL)


def glide(low_hz: float, high_hz: float, seconds: float) -> np.ndarray:
    """A bright tone that rises."""
    hz = np.geomspace(low_hz, high_hz, round(seconds * RATE_HZ))
    phase = 2.0 * np.pi * np.cumsum(hz) / RATE_HZ
    return (0.1 * sum(np.sin(k * phase) / k**0.5 for k in range(1, 12))).astype(np.float32)


def hiss(seconds: float, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))).astype(np.float32)


# -- pitch -------------------------------------------------------------------------------------------------------------


def test_a_glide_is_followed_and_hiss_has_no_pitch() -> None:
    track = pitch_track(np.concatenate([glide(110.0, 330.0, 1.0), hiss(0.5)]), RATE_HZ)
    tone, noise = slice(4, 88), slice(100, 136)
    wanted = 110.0 * 3.0 ** (np.arange(len(track.hz)) * HOP / RATE_HZ)
    assert np.abs(1200.0 * np.log2(track.hz[tone] / wanted[tone])).max() < 20.0
    assert track.voiced[tone].all()
    assert track.voiced[noise].mean() < 0.1


def test_silence_is_followed_too() -> None:
    track = pitch_track(np.zeros(5000), RATE_HZ)
    assert np.isfinite(track.hz).all()
    assert not track.voiced.any()


# -- sources -----------------------------------------------------------------------------------------------------------


def test_pulses_are_as_loud_at_every_pitch_and_go_on_where_they_were() -> None:
    hz = torch.linspace(80.0, 700.0, 121)[None]
    cycles = cycles_of(hz)
    whole = pulses(cycles[:, :-1], at_samples(hz))
    levels = whole.reshape(12, -1).square().mean(1).sqrt()
    assert float((levels - 1.0).abs().max()) < 0.1
    later = cycles_of(hz[:, 60:], cycles[:, 60 * HOP])
    rest = pulses(later[:, :-1], at_samples(hz[:, 60:]))
    assert torch.allclose(rest, whole[:, 60 * HOP :], atol=1e-4)
    # Partials that come and go at half the sample rate leave no click.
    assert float(whole.abs().max()) < 20.0


def test_a_phase_that_is_known_is_kept() -> None:
    hz = torch.full((1, 5), 200.0)
    known = torch.tensor([[0.25, 2.5, 4.6, 6.8, 8.9]], dtype=torch.float64)
    found = cycles_through(known, hz)
    assert torch.allclose(found[:, ::HOP], known[:, :-1], atol=1e-9)
    assert float(found.diff().min()) > 0.0


def test_the_fundamental_of_a_recording_is_a_crest_between_pulses() -> None:
    item = heard(glide(150.0, 250.0, 1.0))
    base = cycles_through(torch.from_numpy(item.cycles)[None], torch.from_numpy(item.hz)[None])[0].numpy()
    samples = item.samples[: len(base)] / 32767.0
    # Against the phase that was found, the recording's fundamental stands still.
    turned = samples * np.exp(-2j * np.pi * base)
    parts = turned[4 * HOP : 84 * HOP].reshape(20, -1).mean(1)
    assert np.abs(parts.mean()) > 0.9 * np.abs(parts).mean()


# -- the net -----------------------------------------------------------------------------------------------------------


def test_a_new_net_is_about_as_loud_as_it_is_asked_to_be() -> None:
    frames = log_mel(torch.from_numpy(hiss(1.0))[None])
    again = log_mel(Vocoder(small_net(), rounds=0).sound(frames))
    assert float((again - frames)[:, 3:-3].mean().abs()) < 0.8
    assert float(log_envelope(frames).isfinite().all())


def test_nothing_sounds_as_nothing() -> None:
    silence = torch.full((1, 40, N_BANDS), LOG_FLOOR)
    assert float(Vocoder(small_net()).sound(silence).abs().max()) < 1e-3


def test_what_is_asked_for_is_nearer_after_each_round() -> None:
    samples = torch.from_numpy(np.concatenate([glide(200.0, 300.0, 0.7), hiss(0.3)]))[None, : 90 * HOP]
    frames = log_mel(samples)
    start = 0.1 * torch.randn(samples.shape, generator=torch.Generator().manual_seed(0))
    errors = [float((log_mel(corrected(start, frames, rounds)) - frames).abs().mean()) for rounds in (0, 2, 8, 32)]
    assert errors == sorted(errors, reverse=True)
    limit = float((log_mel(griffin_lim(frames, torch.Generator().manual_seed(0))) - frames).abs().mean())
    assert errors[-1] < 0.7 * limit


def test_pieces_are_the_whole_without_seams() -> None:
    samples = torch.from_numpy(np.concatenate([glide(120.0, 240.0, 1.7), hiss(0.9)]))[None]
    frames = log_mel(samples)
    net = small_net()
    for rounds, limit in ((0, 1e-3), (8, 0.1)):
        vocoder = Vocoder(net, rounds)
        whole = vocoder.sound(frames, seed=5)[0]
        stream = vocoder.stream(seed=5)
        parts = [stream.put(frames[0, first : first + 37]) for first in range(0, frames.shape[1], 37)]
        parts.append(stream.end())
        joined = torch.cat(parts)
        assert joined.shape == whole.shape
        apart = (joined - whole).square().reshape(-1, HOP).mean(1).sqrt() / whole.square().mean().sqrt()
        assert float(apart.max()) < limit
    assert len([part for part in parts if len(part)]) >= 2
    # No leap where pieces meet that is larger than those elsewhere.
    leaps = joined.diff().abs()
    assert float(leaps[PIECE_FRAMES * HOP - 2 : PIECE_FRAMES * HOP + 2].max()) <= float(leaps.max())


def test_a_stream_of_a_few_frames_ends() -> None:
    frames = log_mel(torch.from_numpy(hiss(0.2)))
    stream = Vocoder(small_net(), 4).stream()
    assert len(stream.put(frames)) == 0
    assert len(stream.end()) == (len(frames) - 1) * HOP
    assert len(Vocoder(small_net()).stream().end()) == 0


# -- what is learned ---------------------------------------------------------------------------------------------------


def test_another_noise_is_nearer_than_a_buzz() -> None:
    def noises(first: int) -> torch.Tensor:
        return torch.stack([torch.from_numpy(hiss(0.5, first + n)) for n in range(4)])

    hz = torch.full((4, 40), 150.0)
    buzz = 0.1 * pulses(cycles_of(hz)[:, :-1], at_samples(hz))
    recording, one, other = (noises(first)[:, : buzz.shape[1]] for first in (0, 10, 20))
    assert float(energy_distance(recording, one, other)) < float(energy_distance(recording, buzz, buzz))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "sounds"
    place.mkdir()
    for n in range(8):
        samples = glide(100.0 + 20 * n, 200.0, 0.8) if n % 2 else hiss(0.8, n)
        write_clip(Clip.of(Audio(samples[None], RATE_HZ), str(n)), place / f"{n}.wav")
    return place


def until(steps: Generator[Note, None, object], step: int) -> None:
    for note in steps:
        if note.text.startswith(f"step {step},"):
            break
    steps.close()


def test_a_vocoder_learns_goes_on_and_takes_critics_in(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "vocoder.safetensors"

    def training(**more: bool) -> Generator[Note, None, object]:
        return train_steps([folder], out, 60.0, settings=SMALL, batch=2, device="cpu", **more)

    until(training(), 16)
    mixer = PieceMixer([heard(glide(100.0, 200.0, 1.5)), heard(hiss(1.5, 9))], 0)
    pieces = mixer.batch(4, 56)

    def loss(is_new: bool = False) -> float:
        net = small_net()
        if not is_new:
            net.load_state_dict({name: value.float() for name, value in read_net(out, "vocoder").tensors.items()})
        torch.manual_seed(0)
        return float(vocoder_loss(net, pieces).detach())

    first = loss()
    assert first < loss(is_new=True) - 0.005
    until(training(resume=True, with_critics=True), 17)
    state = read_net(tmp_path / "vocoder.safetensors.state", "vocoder training").tensors
    assert any(name.startswith("beside.") for name in state)
    assert loss() < first + 0.05
    until(training(resume=True, with_critics=True), 18)
    file = read_net(out, "vocoder")
    assert file.card["step"] == 18
    assert not any(name.startswith("beside") for name in file.tensors)


def test_no_text_is_learned_that_is_measured(shared_data: Path) -> None:
    folders = [shared_data / "sounds", shared_data / "voice"]
    learned, measured = of_side(folders, "train"), of_side(folders, "test")
    assert not {one.group for one in learned} & {one.group for one in measured}
    speech = [one for one in learned if one.klass == "speech"]
    assert 1350 < len(speech) < len(learned)
    assert sum(one.klass == "speech" for one in measured) >= 40


def test_critics_learn_to_tell_and_are_no_part_of_the_net() -> None:
    torch.manual_seed(0)
    critics = Critics(4)
    optimiser = torch.optim.Adam(critics.parameters(), 5e-3)
    real = torch.stack([torch.from_numpy(glide(150.0, 160.0 + n, 0.2)) for n in range(4)]) * 5.0
    made = torch.stack([torch.from_numpy(hiss(0.2, n)) for n in range(4)]) * 10.0
    losses = []
    for _ in range(16):
        loss = critics_loss(critics(real), critics(made))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]
    score, apart = copies_loss(critics(real), critics(made))
    assert float(score.detach()) > 0.3
    assert float(copies_loss(critics(real), critics(real))[1].detach()) == 0.0
    assert float(apart.detach()) > 0.1


def test_critics_are_for_the_vocoder_alone(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--out", str(tmp_path / "a.safetensors"), "--minutes", "1", "--critics"]
    assert main(["train", "judge", "--data", str(folder), *more]) == 2
    assert "vocoder alone" in capsys.readouterr().err


def test_what_is_lost_and_what_is_too_much_is_measured() -> None:
    voice = (np.concatenate([glide(150.0, 220.0, 0.8), hiss(0.4)]) * 0.5).astype(np.float32)
    same = copy_loss(voice, voice)
    assert set(asdict(same).values()) == {0.0}
    t = np.arange(len(voice)) / RATE_HZ
    clicks = voice.copy()
    clicks[3000::6000] += 0.5
    assert copy_loss(voice, clicks).clicks > 2.0
    ringing = voice + sum(0.01 * np.sin(2.0 * np.pi * hz * t) for hz in range(700, 11000, 731))
    assert copy_loss(voice, ringing).ringing_db > 1.0
    smeared = griffin_lim(log_mel(torch.from_numpy(voice))[None], torch.Generator().manual_seed(0))[0].numpy()
    lost = copy_loss(voice, smeared)
    assert lost.buzz < -0.02
    assert lost.pulse > 0.05
    buzz = copy_loss(smeared, voice)
    assert buzz.buzz > 0.02
    assert buzz.log_mel_db > 0.1


# -- what there is to hear ---------------------------------------------------------------------------------------------


def test_frames_sound_with_a_net_and_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(tmp_path))
    frames = log_mel(torch.from_numpy(glide(150.0, 200.0, 0.5))[None])
    assert own_vocoder() is None
    assert what_sounds() == "Griffin-Lim"
    plain = sound_of_frames(frames)
    net = small_net()
    card = {"step": 3, "minutes": 1.0, "device": "CPU"}
    write_net(tmp_path / "vocoder.safetensors", NetFile("vocoder", SMALL.to_json(), card, net.state_dict()))
    own = sound_of_frames(frames)
    assert plain.shape == own.shape == (1, (frames.shape[1] - 1) * HOP)
    assert not torch.allclose(plain, own)
    assert torch.equal(own, sound_of_frames(frames))
    assert "3 steps" in what_sounds()
    for sound in (plain, own):
        assert copy_loss(glide(150.0, 200.0, 0.5), sound[0].numpy()).log_mel_db < 5.0
    assert sound_of_frames(frames[:, :2]).shape == (1, HOP)
    (tmp_path / "vocoder.safetensors").write_bytes(b"no net")
    with pytest.raises(WeightError, match="damaged"):
        sound_of_frames(frames)
