"""The mel frames: where a tone lands, what silence is, and the way back to sound."""

from __future__ import annotations

import math

import pytest
import torch
import torchaudio

from engine.dsp.levelled import levelled
from engine.dsp.mel import (
    FLOOR,
    HOP,
    LOG_FLOOR,
    N_BANDS,
    RATE_HZ,
    WINDOW,
    band_centres_hz,
    log_mel,
    n_frames_of,
)
from engine.vocoder.griffin_lim import griffin_lim


def tone(hz: float, seconds: float = 1.0, level: float = 0.3) -> torch.Tensor:
    t = torch.arange(round(seconds * RATE_HZ), dtype=torch.float64) / RATE_HZ
    return (level * torch.sin(2.0 * math.pi * hz * t)).float()


def test_the_frames_are_those_of_the_published_voices() -> None:
    """torchaudio's transform with the settings of Vocos is the reference."""
    theirs = torchaudio.transforms.MelSpectrogram(
        RATE_HZ, n_fft=WINDOW, hop_length=HOP, n_mels=N_BANDS, center=True, power=1
    )
    sound = torch.randn(1, 12_345, generator=torch.Generator().manual_seed(1)) * 0.1
    wanted = theirs(sound).clamp(min=FLOOR).log().transpose(1, 2)
    got = log_mel(sound)
    assert got.shape == (1, n_frames_of(12_345), N_BANDS)
    assert torch.allclose(got, wanted, atol=2e-4)


@pytest.mark.parametrize("hz", [220.0, 1000.0, 5000.0])
def test_a_tone_is_loudest_in_the_band_around_it(hz: float) -> None:
    band = int(log_mel(tone(hz)[None])[0, 40].argmax())
    nearest = int((band_centres_hz() - hz).abs().argmin())
    assert abs(band - nearest) <= 1


@pytest.mark.parametrize("n", [1, 100, 512, 513, 5000])
def test_any_length_has_its_frames(n: int) -> None:
    assert log_mel(torch.zeros(2, n)).shape == (2, n // HOP + 1, N_BANDS)


def test_silence_is_the_floor_and_has_a_finite_gradient() -> None:
    sound = torch.zeros(1, 4000, requires_grad=True)
    frames = log_mel(sound)
    frames.sum().backward()
    assert sound.grad is not None
    assert float(frames.detach().max()) == pytest.approx(LOG_FLOOR, abs=1e-5)
    assert torch.isfinite(sound.grad).all()


@pytest.mark.parametrize("level", [1e-3, 0.05, 0.9])
def test_every_level_becomes_one_and_what_comes_after_does_not_count(level: float) -> None:
    short = tone(440.0, 0.3, level)[None]
    long = torch.cat([short, torch.zeros(1, RATE_HZ)], 1)
    one, other = levelled(short, RATE_HZ), levelled(long, RATE_HZ)
    rms = one[:, 2000:6000].square().mean().sqrt()
    assert float(rms) == pytest.approx(0.2, rel=0.03)
    assert torch.allclose(one, other[:, : one.shape[1]])
    assert torch.equal(levelled(torch.zeros(1, 100), RATE_HZ), torch.zeros(1, 100))


def test_a_click_keeps_below_full_scale() -> None:
    click = torch.zeros(1, RATE_HZ)
    click[0, 3000] = 0.02
    assert float(levelled(click, RATE_HZ).abs().max()) == pytest.approx(1.0)


def test_a_tone_comes_back_from_its_frames_at_its_pitch_and_level() -> None:
    frames = log_mel(tone(440.0)[None])
    sound = griffin_lim(frames, torch.Generator().manual_seed(0))
    assert sound.shape == (1, (frames.shape[1] - 1) * HOP)
    middle = sound[0, 6000:18_000]
    spectrum = torch.fft.rfft(middle * torch.hann_window(len(middle))).abs()
    loudest_hz = float(spectrum.argmax()) * RATE_HZ / len(middle)
    assert loudest_hz == pytest.approx(440.0, abs=12.0)
    difference = (log_mel(sound)[:, 10:-10] - frames[:, 10:-10]).clamp(min=-8.0)[frames[:, 10:-10] > -3.0]
    assert float(difference.abs().mean()) < 0.35


def test_silence_stays_silent_on_the_way_back() -> None:
    sound = griffin_lim(torch.full((1, 40, N_BANDS), LOG_FLOOR), torch.Generator().manual_seed(0))
    assert float(sound.abs().max()) < 1e-4
