"""Tuning with torch: the bank, what resembles what, and that the search comes near what the prior draws.

The prior is a formula that knows a few sounds, and the listener a small untrained net.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from steps import finished
from test_studio import Heard
from tiny_nets import tiny_listener, write_tiny_nets

from engine.dsp.mel import RATE_HZ
from engine.errors import WeightError
from engine.jobs import TERMINAL, Note
from engine.matching.crew import Crew
from engine.params import FM_SPACE, Patch
from engine.params.note import NoteSettings
from engine.priors.base import Prompt
from engine.priors.fake import FakePrior
from engine.project.presets import factory_library
from engine.sds import bank
from engine.sds.bounds import Bounds
from engine.sds.nets import Nets
from engine.sds.playing import Contender, Stage
from engine.sds.prints import distances_db, prints_of
from engine.sds.rank import Ranker
from engine.sds.result import TuneRequest, TuneResult, TuneState
from engine.sds.settings import SdsSettings
from engine.sds.tune import Parts, _Tuning, tune
from engine.studio import Studio
from engine.torch_setup import load_torch

PRESETS = factory_library()


@pytest.fixture(autouse=True)
def _torch() -> None:
    load_torch()


@pytest.fixture
def small_bank(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A bank of 96 patches in two parts."""
    monkeypatch.setattr(bank, "N_FULL", 96)
    monkeypatch.setattr(bank, "PART", 48)
    monkeypatch.setattr("engine.sds.tune.PART", 48)
    monkeypatch.setattr("engine.sds.tune.N_FULL", 96)
    bank.state.cache_clear()
    yield
    bank.state.cache_clear()


def tone(hz: float, seconds: float = 1.0, fall_s: float = 0.4, level: float = 0.3) -> torch.Tensor:
    t = torch.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return level * torch.sin(2.0 * torch.pi * hz * t) * 10.0 ** (-t / fall_s)


def far(one: torch.Tensor, other: torch.Tensor) -> float:
    return float(distances_db(prints_of(one[None]), prints_of(other[None]))[0, 0])


# -- what resembles what -----------------------------------------------------------------------------------------------


def test_a_sound_is_like_itself_louder_later_and_with_silence_after_it() -> None:
    plain = tone(440.0)
    silence = torch.zeros(RATE_HZ // 4)
    assert far(plain, plain) == 0.0
    assert far(plain, 0.1 * plain) < 0.3
    assert far(plain, torch.cat([plain, silence])) < 0.3
    assert far(plain, torch.cat([silence, plain])) < 4.0
    assert far(plain, tone(1760.0)) > 8.0


def test_a_little_higher_is_nearer_than_much_higher_and_a_little_longer_than_much_longer() -> None:
    plain = tone(440.0)
    assert far(plain, tone(494.0)) < 0.7 * far(plain, tone(880.0))
    assert far(plain, tone(440.0, fall_s=0.5)) < 0.6 * far(plain, tone(440.0, fall_s=2.0))


def test_noise_is_far_from_a_tone_and_near_other_noise() -> None:
    noises = torch.randn(2, RATE_HZ, generator=torch.Generator().manual_seed(1)) * 0.1
    assert far(noises[0], noises[1]) < 0.3 * far(noises[0], tone(440.0))


# -- the bank ----------------------------------------------------------------------------------------------------------


def test_the_bank_comes_in_parts_that_are_there_the_next_time(small_bank: None, tmp_path: Path) -> None:
    assert bank.read_bank("fm", tmp_path) is None
    shares = list(bank.fill_steps("fm", 48, tmp_path))
    assert shares == sorted(shares)
    first = bank.read_bank("fm", tmp_path)
    assert first is not None
    assert first.size == 48
    assert not list(tmp_path.rglob(".*"))
    assert list(bank.fill_steps("fm", 48, tmp_path)) == []
    list(bank.fill_steps("fm", 96, tmp_path))
    full = bank.read_bank("fm", tmp_path)
    assert full is not None
    assert full.size == 96
    assert torch.equal(full.prints[:48], first.prints)
    # What was noted is what is heard.
    sounds = bank.render("fm", full.units[60:64], full.notes[60:64], full.holds_s[60:64], bank.LENGTH_S)
    assert torch.equal(prints_of(sounds, full.prints.shape[1]), full.prints[60:64])


def test_a_damaged_part_is_made_anew(small_bank: None, tmp_path: Path) -> None:
    list(bank.fill_steps("fm", 48, tmp_path))
    whole = bank.read_bank("fm", tmp_path)
    (path,) = tmp_path.rglob("*.safetensors")
    path.write_bytes(b"cut short")
    assert bank.read_bank("fm", tmp_path) is None
    list(bank.fill_steps("fm", 48, tmp_path))
    again = bank.read_bank("fm", tmp_path)
    assert whole is not None
    assert again is not None
    assert torch.equal(again.prints, whole.prints)


@pytest.mark.parametrize("synth", ["fm", "impact"])
def test_most_of_a_bank_is_heard_and_no_two_patches_are_one(synth: str) -> None:
    numbers = [3, 400, 511, 700, 1300, 2001, 3003, 4094]
    units, notes, holds_s = bank.entries(synth, numbers)
    assert len({tuple(row) for row in units.tolist()}) == len(numbers)
    sounds = bank.render(synth, units, notes, holds_s, 0.6)
    assert int((sounds.abs().amax(1) > 1e-3).sum()) >= len(numbers) - 1


def test_the_studio_makes_the_banks_behind_everything_else(
    small_bank: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    studio = Studio(heard)
    try:
        monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(tmp_path))
        assert heard.result_of(studio.warm_bank()) is None
        assert bank.read_bank("fm") is None, "nobody would ask it"
        monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(write_tiny_nets(tmp_path)))
        filling = studio.warm_bank()
        heard.wait_for(filling, "note")
        # What a person asks for goes first.
        rendered = heard.result_of(studio.render(Patch("fm"), duration_s=0.1))
        assert rendered.audio.duration_s == pytest.approx(0.1)
        assert not [event for event in heard.of(filling) if event.kind in TERMINAL]
        assert heard.end_of(filling, 120.0).kind == "done"
        for synth in ("fm", "impact"):
            full = bank.read_bank(synth)
            assert full is not None
            assert full.size == 96
    finally:
        assert studio.close()


# -- the search --------------------------------------------------------------------------------------------------------


class Clock:
    """A clock that stands still unless somebody waits: then only counted work ends a stage."""

    def __init__(self) -> None:
        self._now, self._lock = 0.0, threading.Lock()

    def __call__(self) -> float:
        return self._now

    def wait(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds


def searched(request: TuneRequest, parts: Parts) -> tuple[TuneResult, list[TuneState], list[Note]]:
    nets = Nets(FakePrior(), tiny_listener())
    result, notes = finished(tune(request, PRESETS, nets=nets, parts=parts, clock=Clock()))
    return result, [note.preview for note in notes if isinstance(note.preview, TuneState)], notes


ONLY_BANK = Parts(evolve=False, refine=False)
NO_SLOPE = Parts(refine=False)


def test_evolution_comes_nearer_to_what_the_prior_draws(small_bank: None) -> None:
    request = TuneRequest("a low tone", seconds=3.0)
    asked, _, _ = searched(request, ONLY_BANK)
    evolved, states, _ = searched(request, NO_SLOPE)
    nearest = min(candidate.loss for candidate in asked.candidates)
    assert min(candidate.loss for candidate in evolved.candidates) < 0.9 * nearest
    assert states[-1].bank_size == 48
    assert states[-1].bank_full == 96
    assert evolved.wanted
    assert {candidate.stage for candidate in evolved.candidates} <= {"bank", "evolved"}
    # There is something to choose from.
    sounds = [torch.tensor(np.array(candidate.audio.samples[0])) for candidate in evolved.candidates]
    assert len(sounds) >= 3
    for n, sound in enumerate(sounds):
        assert all(far(sound, other) > 1.5 for other in sounds[:n])


def test_what_is_offered_never_gets_worse(small_bank: None) -> None:
    settings = SdsSettings(n_steps=2, fit=1.0, draws=1, steps_back=1, reuse=2)
    _, states, _ = searched(TuneRequest("a bell", seconds=1.0), Parts(settings=settings))
    assert states[-1].moments[-1].stage == "refined"
    drawn = [state for state in states if state.wanted]
    bests = [state.candidates[0].score for state in drawn]
    assert bests == sorted(bests)
    # What is told of the candidates is what they are ordered by.
    for state in states[1:]:
        told = [candidate.score for candidate in state.candidates]
        assert told == sorted(told, reverse=True)


class Fond(Ranker):
    """Likes the patch that it began with better than all others."""

    def ask(self, batch: Sequence[Contender]) -> Sequence[Contender]:
        for one in super().ask(batch):
            one.score = 0.9 if one.origin == -1 else 0.1
        return batch


@pytest.mark.parametrize("reach", [0.0, 1.0])
def test_what_is_offered_is_no_worse_than_what_it_began_with(
    reach: float, small_bank: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However far it is from what the prior draws, so that it is not among the nearest."""
    monkeypatch.setattr("engine.sds.tune.Ranker", Fond)
    start = next(preset.patch for preset in PRESETS if preset.patch.synth == "fm")
    result, states, _ = searched(TuneRequest("a low tone", start=start, reach=reach, seconds=0.5), NO_SLOPE)
    assert result.start_score is not None
    assert result.candidates[0].score >= result.start_score > 0.1
    assert all(state.candidates[0].score >= result.start_score for state in states if state.wanted)


def test_a_branch_begins_at_the_very_sound() -> None:
    """Its note, hold and seed are those that were heard."""
    start = next(preset.patch for preset in PRESETS if preset.patch.synth == "fm")
    note = NoteSettings(43, 100, 0.31, 1.0)
    request = TuneRequest("a low tone", start=start, start_note=note, reach=0.5, seconds=0.5)
    crew = Crew()
    try:
        begun = _Tuning(request, crew, threading.Event(), Parts(), Clock(), "")._at_start()
    finally:
        crew.close()
    assert (begun.note, begun.hold_s, begun.seed) == (43, 0.31, start.seed)
    assert begun.unit.tolist() == pytest.approx(list(start.unit()))


def test_the_same_seed_gives_the_same_patches_and_another_seed_others(small_bank: None) -> None:
    one, two, other = (
        searched(TuneRequest("a bell", seconds=1.0, seed=seed), NO_SLOPE)[0].candidates for seed in (1, 1, 2)
    )
    assert [candidate.patch for candidate in one] == [candidate.patch for candidate in two]
    assert [candidate.score for candidate in one] == [candidate.score for candidate in two]
    assert [candidate.patch for candidate in one] != [candidate.patch for candidate in other]


def test_the_patch_sounds_as_it_was_heard(small_bank: None) -> None:
    from engine.inline import render_inline

    result, _, _ = searched(TuneRequest("a bell", seconds=0.6), NO_SLOPE)
    for candidate in result.candidates[:2]:
        note, velocity, hold_s, duration_s = candidate.note
        audio = render_inline(
            candidate.patch, note=note, velocity=velocity, hold_s=hold_s, duration_s=duration_s, sample_rate=RATE_HZ
        )
        mono = audio.samples.mean(0)
        n = min(len(mono), candidate.audio.n_frames)
        heard = candidate.audio.samples[0, :n]
        gain = float(heard @ mono[:n] / (mono[:n] @ mono[:n]))
        assert np.abs(gain * mono[:n] - heard).max() < 0.02
        assert audio.peak <= 1.0


def test_locks_and_narrowed_ranges_hold_exactly_in_every_state(small_bank: None) -> None:
    start = Patch("fm", {"op1_ratio": 3.3, "op2_env2_s": 0.123, "noise_db": -20.0})
    request = TuneRequest(
        "noise",
        start=start,
        locked=frozenset({"op1_ratio", "filter_hz"}),
        narrowed={"op2_env2_s": (0.1, 0.2)},
        reach=0.6,
        seconds=1.0,
    )
    result, states, _ = searched(request, NO_SLOPE)
    assert result.start_score is not None
    bounds = Bounds(request)
    for candidate in [one for state in states for one in state.candidates]:
        values = candidate.patch.values
        assert values["op1_ratio"] == 3.3
        assert values["op1_mode"] == start.values["op1_mode"]
        assert values["filter_type"] == start.values["filter_type"]
        assert isinstance(values["op2_env2_s"], float)
        assert 0.1 <= values["op2_env2_s"] <= 0.2
        moved = np.abs(np.array(candidate.patch.unit()) - start.unit())
        assert moved[bounds.space.place("gain_db")].max() <= 0.6 + 1e-6
        assert moved[[FM_SPACE.place(f"op{n}_ratio").start for n in range(1, 7)]].max() <= 0.6 + 1e-6
    still, _, _ = searched(replace(request, reach=0.0, narrowed={}), NO_SLOPE)
    assert {tuple(one.patch.values.items()) for one in still.candidates} == {tuple(start.values.items())}


@pytest.mark.parametrize("synth", ["fm", "impact"])
@pytest.mark.parametrize("parts", [NO_SLOPE, Parts(bank=False, evolve=False, refine=False)])
def test_without_any_preset_words_turn_knobs_too(synth: str, parts: Parts, small_bank: None) -> None:
    nets = Nets(FakePrior(), tiny_listener())
    request = TuneRequest("a low tone", synth, seconds=0.5)
    found, _ = finished(tune(request, [], nets=nets, parts=parts, clock=Clock()))
    assert found.candidates
    assert all(np.abs(one.audio.samples).max() > 1e-3 for one in found.candidates)


class Counting(FakePrior):
    """Remembers what it was asked for."""

    usual_steps, usual_guidance = 8, 1.0

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[float, int]] = []

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int = 8
    ) -> Generator[float, None, torch.Tensor]:
        self.asked.append((prompt.guidance, steps))
        return (yield from super().sample(prompt, seconds, count, rng, steps))


def test_a_prior_is_asked_as_its_makers_advise_unless_somebody_chose() -> None:
    parts = Parts(bank=False, evolve=False, refine=False)
    for guidance, wanted in ((None, 1.0), (4.0, 4.0)):
        prior = Counting()
        request = TuneRequest("a low tone", seconds=0.5, guidance=guidance)
        finished(tune(request, [], nets=Nets(prior, tiny_listener()), parts=parts, clock=Clock()))
        assert set(prior.asked) == {(wanted, 8)}


def test_the_time_counts_from_when_the_nets_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0

    def borrowed(_name: str, _stack: object) -> Nets:
        nonlocal now
        now += 1000.0
        return Nets(FakePrior(), tiny_listener())

    monkeypatch.setattr("engine.sds.tune.borrowed", borrowed)
    monkeypatch.setattr("engine.sds.tune.plan_of", lambda _prior: "The Net: bf16 on the CPU")
    parts = Parts(bank=False, refine=False)
    result, notes = finished(tune(TuneRequest("a bell", seconds=1.0), PRESETS, parts=parts, clock=lambda: now))
    assert result.seconds == 0.0
    texts = [note.text for note in notes]
    assert "Evolving" in texts, "loading has used up the time"
    loading, plan = texts.index("Loading the prior"), texts.index("The Net: bf16 on the CPU")
    assert loading < plan
    assert all(note.fraction == 0.0 for note in notes[:plan])


class Slow(FakePrior):
    """Takes its time for every pass: ``takes_s`` for each row."""

    def __init__(self, clock: Clock, takes_s: float) -> None:
        super().__init__()
        self._clock, self._takes_s = clock, takes_s

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int = 8
    ) -> Generator[float, None, torch.Tensor]:
        passes = super().sample(prompt, seconds, count, rng, steps)
        while True:
            self._clock.wait(count * self._takes_s)
            try:
                yield next(passes)
            except StopIteration as end:
                return end.value


def test_a_slow_machine_draws_and_hears_less_and_says_what_it_left_out(
    small_bank: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    hear, fill = Stage.hear, bank.fill_steps

    def slowly(stage: Stage, batch: Sequence[Contender], *, full: bool = False) -> Sequence[Contender]:
        clock.wait(0.1)
        return hear(stage, batch, full=full)

    def filled(synth: str, most: int) -> Iterator[float]:
        clock.wait(1000.0)
        return fill(synth, most)

    monkeypatch.setattr(Stage, "hear", slowly)
    monkeypatch.setattr("engine.sds.tune.fill_steps", filled)
    request = TuneRequest("a low tone", seconds=3.0)

    def tuned(takes_s: float) -> TuneResult:
        nets = Nets(Slow(clock, takes_s), tiny_listener())
        settings = SdsSettings(n_steps=1, sds=0.0, fit=1.0)
        return finished(tune(request, PRESETS, nets=nets, parts=Parts(settings=settings), clock=clock))[0]

    # One sample of each length is drawn, which takes 16 passes; what was made for the first time is not counted.
    slow = tuned(0.25)
    assert 4.0 < slow.seconds < 5.5
    assert len(slow.wanted) == 1
    assert slow.candidates[0].stage == "bank"
    assert "There was no time for evolution and refinement" in slow.notice
    # Where there is time for some of it, each stage has its share.
    late = tuned(0.11)
    assert late.seconds < 3.6
    assert "evolution" not in late.notice
    some = tuned(0.01)
    assert some.seconds < 3.6
    assert len(some.wanted) == 3
    assert some.notice == ""


def test_refinement_is_told_and_offered_only_where_it_ranks_higher(small_bank: None) -> None:
    settings = SdsSettings(n_steps=4, sds=1.0, fit=1.0, draws=1, steps_back=1, reuse=2)
    request = TuneRequest("a low tone", seconds=2.0, locked=frozenset({"op1_ratio"}))
    refined, states, notes = searched(request, Parts(evolve=False, settings=settings))
    assert any(note.text == "Refining" for note in notes)
    told = [state for state in states if state.moments and state.moments[-1].stage == "refined"]
    assert told
    before = next(state for state in states if state.wanted).candidates[0]
    best = refined.candidates[0]
    assert best.score >= before.score
    assert refined.arrows
    assert all(-1.0 <= value <= 1.0 for value in refined.arrows.values())
    assert "op1_ratio" not in refined.arrows
    assert all(one.patch.values["op1_ratio"] == 1.0 for state in states for one in state.candidates)


def test_what_refinement_does_by_itself_can_be_looked_at() -> None:
    settings = SdsSettings(n_steps=3, sds=0.0, fit=1.0)
    parts = Parts(bank=False, evolve=False, settings=settings, only_refined=True)
    found, states, _ = searched(TuneRequest("a low tone", seconds=1.0), parts)
    assert {candidate.stage for candidate in found.candidates} == {"refined"}
    assert "bank" in {candidate.stage for state in states for candidate in state.candidates}


def test_a_refinement_that_is_cancelled_leaves_no_thread(small_bank: None) -> None:
    before = threading.active_count()
    settings = SdsSettings(n_steps=200, draws=1, steps_back=1)
    parts = Parts(bank=False, evolve=False, settings=settings)
    steps = tune(TuneRequest("a bell", seconds=30.0), PRESETS, nets=Nets(FakePrior(), tiny_listener()), parts=parts)
    n_refining = 0
    for note in steps:
        n_refining += note.text == "Refining"
        if n_refining > 3:
            break
    steps.close()
    assert threading.active_count() == before


def test_a_search_that_is_cancelled_ends_at_once_and_leaves_no_thread(small_bank: None) -> None:
    before = threading.active_count()
    steps = tune(TuneRequest("a bell", seconds=30.0), PRESETS, nets=Nets(FakePrior(), tiny_listener()), parts=NO_SLOPE)
    for note in steps:
        if note.text == "Evolving":
            break
    begin = time.process_time()
    steps.close()
    assert time.process_time() - begin < 5.0
    assert threading.active_count() == before


def test_our_own_nets_from_files_tune_an_impact(
    small_bank: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(write_tiny_nets(tmp_path)))
    steps = tune(TuneRequest("a wooden knock", "impact", seconds=1.0), PRESETS, parts=NO_SLOPE, clock=Clock())
    result, notes = finished(steps)
    assert result.candidates[0].patch.synth == "impact"
    assert result.licence
    states = [note.preview for note in notes if isinstance(note.preview, TuneState)]
    # Before any net has drawn, the presets that the words name are there to be heard.
    assert not states[0].wanted
    assert {one.stage for one in states[0].candidates} == {"bank"}


def test_a_net_that_is_missing_is_told_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(tmp_path))
    with pytest.raises(WeightError, match="train"):
        finished(tune(TuneRequest("a bell"), PRESETS))
