"""A patch is found for a recording: its pitch and its length are heard, and nothing locked is touched."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from steps import finished

from engine.audio import Audio, Clip
from engine.dsp.distance import SpectralTarget, log_spectral_distance_db
from engine.dsp.pitch import pitch_of
from engine.errors import AudioError, BadUsage, PatchError
from engine.inline import match_inline, matched_sound, render_inline
from engine.jobs import Note
from engine.matching.bank import INDEX, build, fingerprint, resembling
from engine.matching.budget import Budget
from engine.matching.contenders import Locks
from engine.matching.crew import Crew
from engine.matching.draws import drawn
from engine.matching.evolve import child
from engine.matching.grafts import grafts_of
from engine.matching.match import _Search, match
from engine.matching.partials import partials_of, stages_of
from engine.matching.reading import read_target
from engine.matching.result import Candidate, MatchResult
from engine.matching.target import listen
from engine.params import FM_SPACE, Patch
from engine.project.presets import factory_presets
from engine.synths.fm import FmSynth

RATE = 22_050


def tone(hz: float, seconds: float, decay_s: float = 0.4, partials: int = 4) -> Audio:
    t = np.arange(round(seconds * RATE)) / RATE
    sound = sum(np.exp(-t * k / decay_s) * np.sin(2 * math.pi * hz * k * t) / k for k in range(1, partials + 1))
    return Audio(np.asarray(0.3 * sound * np.minimum(t / 0.003, 1.0), dtype=np.float32), RATE)


def noise(seconds: float) -> Audio:
    t = np.arange(round(seconds * RATE)) / RATE
    rng = np.random.default_rng(3)
    return Audio(np.asarray(0.3 * rng.normal(size=t.size) * np.exp(-t / 0.05), dtype=np.float32), RATE)


def quick(target: Audio, **options: object) -> tuple[MatchResult, list[Note]]:
    return finished(match(target, work=500, presets=factory_presets(), **options))  # type: ignore[arg-type]


def sound_of(result: MatchResult, rate: int = RATE) -> np.ndarray:
    return matched_sound(result, rate).read(0, 10 * rate).samples.mean(0).astype(np.float64)


def test_the_pitch_the_length_and_the_start_of_a_tone_are_heard() -> None:
    audio = tone(233.0, 0.8)
    late = Audio(np.pad(audio.samples, ((0, 0), (RATE // 4, 0))), RATE)
    heard = listen(late)
    assert heard.pitch_hz == pytest.approx(233.0, rel=0.003)
    assert heard.note == 58
    assert heard.transpose_st == pytest.approx(12 * math.log2(233.0 / 233.082), abs=0.05)
    assert heard.start_s == pytest.approx(0.25, abs=0.01)
    assert heard.duration_s == pytest.approx(0.8, abs=0.01)


def test_noise_has_no_pitch() -> None:
    assert listen(noise(0.4)).pitch_hz is None


def test_the_highest_noise_has_a_pitch_that_is_a_number() -> None:
    rng = np.random.default_rng(0)
    for seed in range(40):
        frame = np.diff(np.random.default_rng(seed).normal(size=513)) * (-1.0) ** np.arange(512) * rng.random()
        hz, _ = pitch_of(frame, RATE)
        assert 0.0 < hz < 20 * RATE


def test_a_held_tone_tells_when_its_key_goes_up_and_a_dying_one_does_not() -> None:
    t = np.arange(RATE) / RATE
    level = np.where(t < 0.6, 1.0, np.exp(-(t - 0.6) / 0.03))
    held = Audio(np.asarray(0.3 * level * np.sin(2 * math.pi * 330.0 * t), dtype=np.float32), RATE)
    assert listen(held).hold_s == pytest.approx(0.6, abs=0.05)
    dying = listen(tone(330.0, 0.8))
    assert dying.hold_s == pytest.approx(dying.duration_s, abs=0.05)


def test_the_partials_of_a_tone_are_its_harmonics_with_their_decays() -> None:
    heard = listen(tone(220.0, 1.0))
    partials = partials_of(heard)
    assert sorted(round(p.hz / 220.0, 1) for p in partials[:4]) == [1.0, 2.0, 3.0, 4.0]
    first = min(partials, key=lambda p: p.hz)
    stages = stages_of(first.level_db, heard.hold_s)
    # exp(-t / 0.4 s) falls by 21.7 dB a second.
    fall = (stages.levels_db[0] - stages.levels_db[2]) / (stages.times_s[1] + stages.times_s[2])
    assert fall == pytest.approx(21.7, rel=0.1)


def test_many_sounds_are_compared_as_one_is() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=9000) * np.exp(-np.arange(9000) / 2000)
    others = [tone(300.0, 0.5).samples[0][:9000].astype(np.float64), 0.1 * rng.normal(size=9000)]
    found = SpectralTarget(torch.tensor(reference)).distances_db(torch.tensor(np.array(others)))
    for other, db in zip(others, found.tolist(), strict=True):
        assert db == pytest.approx(log_spectral_distance_db(reference, other), abs=1e-6)


def test_the_slope_of_the_distance_is_its_true_one() -> None:
    rng = np.random.default_rng(1)
    spectra = SpectralTarget(torch.tensor(rng.normal(size=700)), (64, 256))
    sounds = torch.tensor(rng.normal(size=(2, 700)), requires_grad=True)
    assert torch.autograd.gradcheck(spectra.losses_db, (sounds,))


def test_what_is_shut_can_be_left_out_of_the_slope_without_changing_the_rest() -> None:
    unit = torch.tensor([Patch("fm", {"mod_3_1_rad": 1.0, "op4_out_db": -12.0}).unit()], dtype=torch.float64)
    slopes = []
    for synth in (FmSynth(), FmSynth(may_open=False)):
        point = unit.clone().requires_grad_(True)
        sound = synth.render(point, note=60.0, velocity=100.0, hold_s=0.05, duration_s=0.1, sample_rate=8000)
        slopes.append(torch.autograd.grad(sound.square().sum(), point)[0][0])
    everything, open_only = slopes
    for name in ("mod_3_1_rad", "op4_out_db", "op1_env2_s", "op3_level_db"):
        place = FM_SPACE.place(name)
        assert open_only[place].item() == pytest.approx(everything[place].item(), rel=1e-6)
        assert open_only[place].item() != 0.0
    shut = FM_SPACE.place("mod_5_2_rad")
    assert open_only[shut].item() == 0.0


def test_a_match_comes_nearer_than_any_preset_and_offers_several() -> None:
    result, notes = quick(tone(233.0, 0.5), name="Like that")
    best = result.candidates[0]
    assert best.distance_db < 0.75 * result.preset_db
    assert best.note.note == 58
    assert [c.distance_db for c in result.candidates] == sorted(c.distance_db for c in result.candidates)
    previews = [note.preview for note in notes if note.preview]
    assert previews
    assert all(c.patch.name == "Like that" for c in previews[-1])  # type: ignore[attr-defined]


def test_the_distance_that_is_told_is_that_of_the_sound_that_is_played() -> None:
    audio = tone(233.0, 0.5)
    result, _ = quick(audio)
    heard = listen(audio)
    played = sound_of(result)
    assert result.candidates[0].distance_db == pytest.approx(log_spectral_distance_db(heard.samples, played), abs=0.05)
    # Its level is the target's too.
    assert np.sum(played**2) == pytest.approx(np.sum(heard.samples**2), rel=0.05)


def test_a_match_of_the_loudest_sound_does_not_clip() -> None:
    square = np.sign(np.sin(2 * math.pi * 147.0 * np.arange(round(0.4 * RATE)) / RATE)).astype(np.float32)
    result, _ = quick(Audio(square, RATE))
    for place in range(len(result.candidates)):
        assert matched_sound(result, RATE, place).read(0, RATE).peak <= 1.001


def played(candidate: Candidate, velocity: int) -> Audio:
    key, _, hold_s, length_s = candidate.note
    return render_inline(
        candidate.patch, note=key, velocity=velocity, hold_s=hold_s, duration_s=length_s, sample_rate=RATE
    )


@pytest.mark.parametrize("level", [0.05, 0.95])
def test_the_best_so_far_is_as_loud_as_the_recording_and_the_hardest_key_fits_under_full_scale(level: float) -> None:
    soft = tone(233.0, 0.4)
    target = Audio(soft.samples * np.float32(level / soft.peak), RATE)
    result, notes = quick(target)
    previews = [candidate for note in notes for candidate in note.preview or ()]  # type: ignore[attr-defined]
    assert len(previews) > len(result.candidates)
    for candidate in (*previews, *result.candidates):
        sound = played(candidate, candidate.note.velocity)
        hardest = played(candidate, 127).peak
        assert hardest < 10 ** ((-1.0 if candidate in result.candidates else -0.5) / 20.0)
        away_db = 10.0 * math.log10(float(np.sum(sound.samples.mean(0) ** 2)) / float(np.sum(target.samples**2)))
        # What is loud by itself may have to be softer, or its hardest key would clip.
        least = -1.5 if hardest < 0.8 else -12.0
        assert least < away_db < 1.5


def test_a_match_is_never_further_away_than_the_nearest_preset() -> None:
    preset = next(p for p in factory_presets() if p.values["vibrato_st"] > 0.0)
    sound = render_inline(preset, note=64, hold_s=0.5, duration_s=0.8, sample_rate=RATE)
    result, _ = finished(match(sound, work=1, presets=factory_presets()))
    assert result.candidates[0].distance_db <= result.preset_db + 0.01


def test_previews_follow_the_way_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.matching.match._PREVIEW_EVERY_S", 0.0)
    _, notes = finished(match(tone(233.0, 0.3), work=1200, presets=factory_presets()))
    shown = [note.preview[0].distance_db for note in notes if note.text == "Refining" and note.preview]  # type: ignore[index]
    assert len(set(shown)) > 1


def test_noise_between_the_partials_is_found_in_its_band() -> None:
    t = np.arange(RATE) / RATE
    rng = np.random.default_rng(4)
    spectrum = np.fft.rfft(rng.normal(size=t.size))
    hz = np.fft.rfftfreq(t.size, 1.0 / RATE)
    spectrum[(hz < 1000.0) | (hz > 3000.0)] = 0.0
    hiss = np.fft.irfft(spectrum, t.size)
    sound = (0.4 * np.sin(2 * math.pi * 330.0 * t) + 0.01 * hiss / hiss.std()) * np.minimum(t, 1.0 - t)
    level, band = (FM_SPACE.place(name).start for name in ("noise_db", "noise_hz"))
    found = grafts_of(listen(Audio(sound.astype(np.float32), RATE)))
    loudest = max(found, key=lambda graft: graft[level])
    assert 1000.0 < FM_SPACE["noise_hz"].from_unit(loudest[band]) < 3000.0


def test_children_leave_what_is_locked_as_it_is() -> None:
    rng = np.random.default_rng(5)
    grafts = grafts_of(listen(noise(0.3)))
    assert grafts
    free = rng.random(FM_SPACE.n_units) < 0.5
    parents = [np.array(FM_SPACE.encode(drawn(seed))) for seed in range(6)]
    born = np.array([child(parents, [1.0, 2.0], grafts, free, rng) for _ in range(200)])
    assert all(any(np.array_equal(one[~free], parent[~free]) for parent in parents) for one in born)
    assert np.unique(born[:, free], axis=0).shape[0] > 150
    assert born.min() >= 0.0
    assert born.max() <= 1.0


def test_fewer_windows_tell_nearly_the_same_distance() -> None:
    rng = np.random.default_rng(6)
    reference = torch.tensor(tone(233.0, 0.8).samples[0])
    others = torch.tensor(rng.normal(size=(3, reference.shape[0])).astype(np.float32)) * torch.tensor(
        [[0.001], [0.01], [0.1]]
    )
    close, wide = (SpectralTarget(reference, overlap=n).distances_db(reference + others) for n in (4, 2))
    assert torch.allclose(close, wide, rtol=0.03)


def test_the_same_seed_and_the_same_work_give_the_same_patches() -> None:
    one, _ = quick(noise(0.2), seed=5)
    other, _ = quick(noise(0.2), seed=5)
    assert [c.patch for c in one.candidates] == [c.patch for c in other.candidates]


def test_what_is_locked_keeps_the_values_of_the_patch() -> None:
    current = Patch("fm", {"op1_ratio": 3.0, "filter_hz": 700.0, "gain_db": -20.0, "op2_wave": 4.0})
    locked = ("op1_ratio", "filter_hz", "gain_db", "op2_wave")
    result, _ = quick(tone(233.0, 0.3), current=current, locked=locked)
    for candidate in result.candidates:
        for name in locked:
            assert candidate.patch.values[name] == pytest.approx(current.values[name], rel=1e-5)


def test_a_locked_tuning_or_time_is_matched_with_the_choice_that_gives_it_its_meaning() -> None:
    current = Patch("fm", {"op1_ratio": 1.0, "op1_env2_s": 0.2})
    locks = Locks(current, ["op1_ratio", "op1_env2_s", "noise_env1_s"])
    other = current.with_values(op1_mode=1.0, op1_env_clock=1.0, op2_mode=1.0)
    (held,) = locks.apply(torch.tensor([other.unit()]))
    values = FM_SPACE.decode(held.double().tolist())
    assert (values["op1_mode"], values["op1_env_clock"], values["op2_mode"]) == (0.0, 0.0, 1.0)
    with pytest.raises(PatchError, match="op9_ratio"):
        Locks(current, ["op9_ratio"])


def test_a_cancelled_match_ends_its_threads() -> None:
    steps = match(tone(233.0, 0.3), work=5000)
    for _ in range(10):
        next(steps)
    steps.close()  # the guards of every test look for threads


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((1, 0)), "empty"),
        (np.zeros((1, RATE)), "silent"),
        (np.full((1, 100), 0.5), "lasts 5 ms"),
        (np.full((1, RATE), 0.5), "stands still"),
        (np.full((1, RATE), np.nan), "not finite"),
    ],
)
def test_a_target_without_a_sound_gets_one_sentence(samples: np.ndarray, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        finished(match(Audio(samples.astype(np.float32), RATE), work=100))


def test_of_a_long_recording_the_first_sounding_seconds_are_taken_and_that_is_said() -> None:
    rate = 8000
    samples = np.zeros((1, 120 * rate), np.float32)
    t = np.arange(50 * rate) / rate
    samples[0, 60 * rate : 110 * rate] = 0.2 * np.sin(2 * math.pi * 200.0 * t)
    (audio, begin_s, notice), _ = finished(read_target(Clip.of(Audio(samples, rate), "long")))
    assert notice == ""
    heard = listen(audio)
    assert begin_s + heard.start_s == pytest.approx(60.0, abs=0.1)
    assert heard.duration_s == pytest.approx(6.0, abs=0.1)
    assert "first 6 sounding seconds" in heard.notice


def test_nonsense_is_refused_before_anything_is_done() -> None:
    clip = Clip.of(tone(200.0, 0.2), "tone")
    with pytest.raises(BadUsage, match=r"0\.5 to 3600"):
        match_inline(clip, seconds=0.0)
    with pytest.raises(PatchError, match="op9"):
        match_inline(clip, locked=["op9_ratio"])


def test_the_fake_engine_ranks_the_presets() -> None:
    result = match_inline(Clip.of(tone(200.0, 0.3), "tone"), kind="fake")
    assert len(result.candidates) == 4
    assert result.candidates[0].distance_db == result.preset_db


def test_the_bank_that_is_shipped_is_the_one_that_is_drawn() -> None:
    shipped = load_file(INDEX)["prints"]
    assert INDEX.stat().st_size < 2_000_000
    assert np.abs(shipped[:8].astype(int) - build(8).astype(int)).max() <= 1


def test_the_bank_finds_its_own_patch_at_another_key() -> None:
    seed = 17
    patch = Patch("fm", FM_SPACE.complete(drawn(seed)))
    sound = render_inline(patch, note=53, hold_s=1.2, duration_s=1.5, sample_rate=RATE)
    heard = listen(sound)
    own = fingerprint(heard.at(RATE), RATE, 440.0 * 2.0 ** ((53 - 69) / 12))
    assert own.shape == load_file(INDEX)["prints"][seed].shape
    assert heard.note == 53
    assert drawn(seed) in resembling(heard, 64)


@pytest.mark.parametrize("n_hands", [1, 2, 3, 4])
def test_every_render_counts_once_whatever_the_number_of_hands(n_hands: int) -> None:
    budget = Budget(work=1000)
    search = object.__new__(_Search)
    search._crew, search._budget = Crew(), budget
    search._crew.n_hands = n_hands
    scene = SimpleNamespace(distances_db=lambda units: units.sum(1))
    try:
        found, _ = finished(search._scored(torch.zeros(300, 3), scene))  # type: ignore[arg-type]
    finally:
        search._crew.close()
    assert len(found) == 300
    assert budget.used == pytest.approx(0.3)
