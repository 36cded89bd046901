"""Score distillation, formula by formula, against what can be worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from steps import finished
from toy_teacher import MelTeacher, Teacher, mel_view

from engine.dsp.levelled import levelled, levelled_through, levelling_gain
from engine.dsp.mel import FLOOR, RATE_HZ, band_weights, log_mel, magnitudes
from engine.errors import BadUsage
from engine.priors.base import Noising, Prompt
from engine.sds.decoders import decoded, nearest_magnitudes, with_bands
from engine.sds.losses import (
    Spectrograms,
    encoder_loss,
    guidance_of,
    log_spectrogram_loss,
    mean_of,
    nearest,
    spectrogram_loss,
    waveform_loss,
)
from engine.sds.schedule import Schedule, weight
from engine.sds.settings import SdsSettings


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=rng(seed), dtype=torch.float64)


def tone(hz: float, seconds: float = 0.3, decay_s: float = 0.1) -> torch.Tensor:
    t = torch.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return torch.sin(2.0 * math.pi * hz * t) * torch.exp(-t / decay_s)


def slope(loss: torch.Tensor, at: torch.Tensor) -> torch.Tensor:
    (found,) = torch.autograd.grad(loss.sum(), at)
    return found


MIXTURES = [(0.9, 0.1), (0.5, 0.5), (0.1, 0.9), (math.cos(0.2), math.sin(0.2)), (math.cos(1.4), math.sin(1.4))]
"""Of the sound and of noise: on straight lines, and on a circle."""


@pytest.mark.parametrize("weighing", ["sound", "noise", "noise power"])
@pytest.mark.parametrize(("alpha", "sigma"), MIXTURES)
def test_in_the_encoder_it_is_equation_2(alpha, sigma, weighing) -> None:
    """``u = w(t) (e* - e) dz_t/dtheta`` through a noising that is really made, with ``theta`` behind an encoder."""
    theta = noise(3, 5, seed=1).requires_grad_()
    encoder, e, wanted = noise(5, 8, seed=2), noise(3, 8, seed=3), noise(3, 8, seed=4)
    h = torch.tanh(theta @ encoder)
    z = alpha * h + sigma * e
    e_wanted = (z - alpha * wanted) / sigma
    own = {"sound": sigma / alpha**2, "noise": 1.0, "noise power": sigma**2}[weighing]
    by_the_paper = slope(own * (e_wanted - e).detach() * z, theta) / 8.0
    h = torch.tanh(theta @ encoder)
    assert torch.allclose(
        slope(encoder_loss(h, wanted, weight(alpha, sigma, weighing)), theta), by_the_paper, rtol=1e-9
    )


@pytest.mark.parametrize("tau", [0.0, 1.0, 59.0])
def test_the_papers_guidance_is_ours_less_one(tau) -> None:
    """Both as noise and as sound: ``(1 + tau) with - tau without``."""
    teacher = Teacher({"low": noise(2, 6, seed=1), "high": noise(3, 6, seed=2)}, view=lambda x: x[:, 0])
    t, noisy = 0.6, noise(4, 6, seed=3)
    with_words, without = teacher.estimate(noisy, t, "low"), teacher.estimate(noisy, t, "")
    ours = teacher.guided(noisy, t, Prompt("low", guidance=guidance_of(tau)))
    assert torch.allclose(ours, (1.0 + tau) * with_words - tau * without, rtol=1e-9)

    def as_noise(x):
        return (noisy - (1.0 - t) * x) / t

    assert torch.allclose(as_noise(ours), (1.0 + tau) * as_noise(with_words) - tau * as_noise(without), rtol=1e-9)


def test_decoder_sds_goes_the_way_of_equation_5() -> None:
    """The slope is *minus* ``(x* - x) dx/dtheta``, and nothing flows back through the target."""
    theta, mix, wanted = noise(2, 3).requires_grad_(), noise(3, 40, seed=1), noise(2, 40, seed=2).requires_grad_()
    x = theta @ mix
    loss = waveform_loss(x, wanted)
    assert torch.allclose(-slope(loss, theta), (wanted - x) @ mix.T / 40.0)
    assert loss.tolist() == pytest.approx((0.5 * (wanted - x).square().mean(1)).tolist())
    assert not waveform_loss(x.detach(), wanted).requires_grad


@pytest.mark.parametrize("even", [True, False])
def test_spectrogram_emphasis_goes_the_way_of_equation_7(even) -> None:
    """Against pictures by another transform, weighed by hand."""
    windows, n = (64, 128), 512
    x, wanted = noise(2, n).requires_grad_(), noise(2, n, seed=1)

    def pictures(sounds):
        found = []
        for size in windows:
            window = torch.hann_window(size, dtype=torch.float64)
            padded = torch.nn.functional.pad(sounds, (size // 2, size // 2))
            spectra = torch.stft(padded, size, size // 4, window=window, center=False, return_complex=True)
            scale = window.square().sum().sqrt() if even else 1.0
            found.append(spectra.abs().transpose(1, 2) / scale)
        return found

    by_hand = 0.0
    for here, there in zip(pictures(x), pictures(wanted), strict=True):
        by_hand = by_hand + slope((there - here).detach() * here / here[0].numel(), x)
    own = Spectrograms(windows, even=even)
    loss = spectrogram_loss(own(x), own(wanted))
    assert torch.allclose(-slope(loss, x), by_hand, rtol=1e-6, atol=1e-12)


def test_even_windows_count_the_same_and_plain_ones_as_long_as_they_are() -> None:
    x = noise(1, 1 << 15)
    for even, ratio in ((True, 1.0), (False, 4.0)):
        short, long = (p.square().mean() for p in Spectrograms((1024, 4096), even=even)(x))
        assert float(long / short) == pytest.approx(ratio, rel=0.1)


@pytest.mark.parametrize("kind", ["encoder", "waveform", "spectrogram", "log spectrogram"])
def test_a_step_down_leads_to_what_is_wanted(kind) -> None:
    """The signs of all losses: each step makes sound and target more alike in what that loss hears."""
    own = Spectrograms((64, 256))
    x, wanted = tone(300.0)[None].double(), tone(500.0, decay_s=0.03)[None].double()

    def loss_of(x):
        if kind == "encoder":
            return encoder_loss(x, wanted)
        if kind == "waveform":
            return waveform_loss(x, wanted)
        loss = spectrogram_loss if kind == "spectrogram" else log_spectrogram_loss
        return loss(own(x), own(wanted))

    def apart(x):
        if kind in ("encoder", "waveform"):
            return float((x - wanted).norm())
        pairs = zip(own(x), own(wanted), strict=True)
        if kind == "log spectrogram":
            pairs = (((a + 1e-3 * b.max()).log(), (b + 1e-3 * b.max()).log()) for a, b in pairs)
        return sum(float((a - b).norm()) for a, b in pairs)

    before = apart(x)
    for _ in range(40):
        at = x.clone().requires_grad_()
        down = slope(loss_of(at), at)
        step = 0.02 / float(down.abs().max())
        while float(loss_of(x - step * down)) > float(loss_of(x)):
            step *= 0.5
            assert step > 1e-12
        x = x - step * down
    assert apart(x) < 0.985 * before


@pytest.mark.parametrize("as_picture", [False, True])
def test_one_mean_target_pulls_as_all_draws_do(as_picture) -> None:
    """Equation 7 takes the mean of the targets; the mean of the losses has the same slope."""
    own = Spectrograms((64,))
    x, draws = noise(2, 300).requires_grad_(), [noise(2, 300, seed=i) for i in range(1, 6)]
    if as_picture:
        each = sum(slope(spectrogram_loss(own(x), own(one)), x) for one in draws) / 5.0
        at_once = slope(spectrogram_loss(own(x), [mean_of([own(one)[0] for one in draws])]), x)
    else:
        weights = [0.5, 1.0, 2.0, 0.1, 4.0]
        each = sum(slope(encoder_loss(x, one, w), x) for one, w in zip(draws, weights, strict=True))
        at_once = slope(encoder_loss(x, mean_of(draws, weights), sum(weights)), x)
    assert torch.allclose(at_once, each, rtol=1e-8)


def test_several_steps_back_end_at_a_sound_and_one_between_them() -> None:
    """From much noise one step gives the mean of what may have been; a chain decides."""
    sounds = torch.stack([torch.full((8,), 2.0), torch.full((8,), -2.0)])
    teacher = Teacher({"either": sounds}, view=lambda x: x[:, 0], spread=0.05)
    z = torch.zeros(200, 8)

    def apart(steps):
        found, passes = finished(teacher.target(z, Prompt("either", guidance=1.0), rng(1), Noising(0.9, 0.9, steps)))
        assert len(passes) == steps
        return float((found[:, None] - sounds).square().mean(2).amin(1).mean())

    once, twice, often = apart(1), apart(2), apart(10)
    assert often < 0.05 < once
    assert often < twice < once


def test_what_is_nearest_is_fitted_to() -> None:
    drawn = torch.tensor([[0.0, 0.0], [10.0, 10.0], [-5.0, 5.0]])
    rows = torch.tensor([[9.0, 8.0], [1.0, -1.0], [-5.0, 4.0], [math.nan, 0.0]])
    assert nearest(rows, drawn)[:3].tolist() == [1, 0, 2]


def test_levels_fall_one_to_each_part_of_the_range() -> None:
    plan = Schedule(low=0.2, high=0.8, end=0.4)
    for share, top in ((0.0, 0.8), (0.5, 0.6), (1.0, 0.4), (2.0, 0.4)):
        assert plan.top(share) == pytest.approx(top)
        for seed in range(20):
            levels = plan.levels(share, 6, rng(seed))
            parts = [int((t - 0.2) / (top - 0.2) * 6.0) for t in levels]
            assert parts == list(range(6))
    assert plan.levels(0.3, 6, rng(4)) == plan.levels(0.3, 6, rng(4))


def test_levels_drawn_at_will_leave_parts_out() -> None:
    plan = Schedule(low=0.2, high=0.8, end=0.8, stratified=False)
    draws = [plan.levels(0.0, 6, rng(seed)) for seed in range(20)]
    assert all(0.2 <= t <= 0.8 for levels in draws for t in levels)
    assert any(len({int((t - 0.2) / 0.6 * 6.0) for t in levels}) < 6 for levels in draws)


@pytest.mark.parametrize("levels", [(0.0, 0.5, 0.5), (0.5, 0.4, 0.6), (0.5, 0.6, 0.4), (0.1, 1.0, 0.5)])
def test_ranges_that_make_no_sense_are_refused(levels) -> None:
    with pytest.raises(BadUsage, match="make no sense"):
        Schedule(*levels)


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps_back": 0},
        {"steps_back": 11},
        {"draws": 0},
        {"reuse": 0},
        {"n_steps": -1},
        {"sds": 0.0, "fit": 0.0},
        {"sds": -1.0, "fit": 2.0},
        {"windows": ()},
        {"windows": (1000,)},
        {"speed": 0.0},
        {"clip": 0.0},
        {"most": -1.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(BadUsage):
        SdsSettings(**wrong)


def test_magnitudes_whose_bands_are_right_stay_as_they_are() -> None:
    """The decoder of a mel prior changes nothing that the prior does not."""
    sound = tone(880.0) + 0.3 * tone(3_000.0)
    own = magnitudes(sound)[2:-2]
    found = nearest_magnitudes((own @ band_weights()).clamp(min=FLOOR).log(), own)
    assert float((found - own).norm() / own.norm()) < 0.01


def test_magnitudes_find_the_bands_that_are_wanted() -> None:
    own, wanted = magnitudes(tone(880.0)), magnitudes(tone(880.0) + tone(5_000.0, decay_s=0.02))
    bands = wanted @ band_weights()
    before, after = (x @ band_weights() for x in (own, nearest_magnitudes(bands.clamp(min=FLOOR).log(), own)))
    assert float((after - bands).norm()) < 0.1 * float((before - bands).norm())
    assert bool((nearest_magnitudes(bands.log(), own) >= 0.0).all())


@pytest.mark.parametrize("seconds", [0.03, 0.3, 1.0])
def test_a_sound_that_the_prior_leaves_alone_comes_back_from_the_decoder(seconds) -> None:
    sounds = levelled(torch.stack([tone(440.0, seconds), tone(1_234.0, seconds, 0.03)]), RATE_HZ)
    teacher = MelTeacher({"any": sounds})
    again = decoded(teacher, teacher.embed(sounds[:, None]), sounds)
    n = again.shape[1]
    assert n > sounds.shape[1] - 256 - 1
    # Its last window looks beyond the end, where mel frames are reflected and the decoder finds silence.
    inner = slice(0, max(n - 512, 256))
    assert float((again - sounds[:, :n])[:, inner].norm() / sounds[:, inner].norm()) < 0.05


def test_a_decoded_sound_has_what_the_prior_wants_and_the_sounds_own_phases() -> None:
    sound, wanted = tone(440.0)[None], tone(440.0, decay_s=0.02)[None]
    again = with_bands(sound, log_mel(wanted))
    apart = [float((log_mel(x)[:, :20] - log_mel(wanted)[:, :20]).abs().mean()) for x in (sound, again)]
    assert apart[1] < 0.35 * apart[0]
    assert float((again[0, :2000] * wanted[0, :2000]).sum()) > 0.9 * float(wanted[0, :2000].square().sum())


def test_a_prior_with_a_decoder_of_its_own_is_heard_through_it() -> None:
    teacher = Teacher({"any": tone(100.0)[None]}, view=lambda x: x[:, 0], back=lambda z: 2.0 * z)
    assert torch.equal(decoded(teacher, torch.ones(2, 50), torch.zeros(2, 40)), torch.full((2, 40), 2.0))


def test_being_louder_has_no_slope() -> None:
    """Neither for a sound that its loudest part levels, nor for one that its peak does."""
    click = torch.zeros(4_800)
    click[100] = 1.0
    for sound in (tone(300.0), click + 0.001 * tone(100.0, 0.2)):
        gain = torch.tensor([1.7], requires_grad=True)
        weights = torch.randn(len(sound), generator=rng(1))

        def heard(level, gain=gain, sound=sound, weights=weights):
            return (level((gain * sound)[None], RATE_HZ) * weights).sum()

        assert float(slope(heard(levelled), gain)) != pytest.approx(0.0, abs=1e-3)
        assert float(slope(heard(levelled_through), gain)) == pytest.approx(0.0, abs=1e-5)
        assert torch.equal(levelled_through(sound[None], RATE_HZ), levelled(sound[None], RATE_HZ))


def test_the_slope_of_a_level_is_right() -> None:
    """Against small steps, where the loudest part decides."""
    sound, weights = noise(1, 3_000) * 0.3, noise(1, 3_000, seed=1)
    assert float(levelling_gain(sound, RATE_HZ)) < 1.0 / float(sound.abs().max())
    at = sound.clone().requires_grad_()
    found = slope((levelled_through(at, RATE_HZ) * weights).sum(), at)
    way = noise(1, 3_000, seed=2)
    step = 1e-5
    ends = [float((levelled(sound + sign * step * way, RATE_HZ) * weights).sum()) for sign in (1.0, -1.0)]
    assert float((found * way).sum()) == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=1e-4)


def test_silence_is_levelled_without_trouble() -> None:
    at = torch.zeros(1, 2_000, requires_grad=True)
    found = levelled_through(at, RATE_HZ)
    assert float(found.detach().abs().max()) == 0.0
    assert bool(torch.isfinite(slope(found, at)).all())


def test_the_toy_is_exact() -> None:
    """``E[x | z_t]`` of one Gaussian by hand, and no words mean all of them."""
    teacher = Teacher({"one": torch.full((1, 4), 3.0)}, view=lambda x: x[:, 0], spread=0.5)
    t, z = 0.4, noise(5, 4)
    gain = 0.6 * 0.25 / (0.36 * 0.25 + 0.16)
    assert torch.allclose(teacher.estimate(z, t, "one"), 3.0 + gain * (z - 1.8), rtol=1e-6)
    assert torch.allclose(teacher.estimate(z, t, "one"), teacher.estimate(z, t, ""))
    assert mel_view(tone(440.0)[None, None]).shape == (1, 29, 100)
