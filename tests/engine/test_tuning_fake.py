"""Tuning without torch: the stand-in finds what the words it knows ask for, and keeps to what it may change."""

from __future__ import annotations

import numpy as np
import pytest
from test_studio import Heard

from engine.errors import BadUsage, PatchError
from engine.jobs import Note
from engine.params import Patch
from engine.project.presets import factory_library
from engine.sds.fake import Traits, measure
from engine.sds.result import N_CANDIDATES, Imagined, TuneRequest, TuneResult, TuneState
from engine.studio import Studio
from engine.tuning import imagine_inline, tune_inline

KINDS = ("kick", "bells", "bass", "wood", "hi-hat", "metal", "glass", "drums")
FEW = [
    preset
    for synth in ("fm", "impact")
    for kind in KINDS
    for preset in [p for p in factory_library() if p.patch.synth == synth and kind in p.tags][:5]
]


def tuned(request: TuneRequest) -> tuple[TuneResult, list[TuneState]]:
    states: list[TuneState] = []

    def keep(note: Note) -> None:
        if isinstance(note.preview, TuneState):
            states.append(note.preview)

    return tune_inline(request, FEW, kind="fake", on_note=keep), states


def best_of(words: str, synth: str) -> Traits:
    return measure(tuned(TuneRequest(words, synth))[0].candidates[0].audio.samples[0].astype(np.float64))


@pytest.mark.parametrize("synth", ["fm", "impact"])
def test_dull_is_darker_than_bright_and_short_is_over_sooner(synth: str) -> None:
    assert best_of("dull", synth).hz < 0.5 * best_of("bright", synth).hz
    assert best_of("short", synth).fall_s < 0.5 * best_of("ringing", synth).fall_s


def test_the_way_is_told_while_it_goes_and_only_gets_better() -> None:
    result, states = tuned(TuneRequest("a deep bass drum"))
    assert len(states) > 8
    best = [state.candidates[0].score for state in states]
    assert best == sorted(best)
    assert states[-1].moments == result.moments
    assert [moment.score for moment in result.moments] == best
    assert 2 <= len(result.candidates) <= N_CANDIDATES
    scores = [candidate.score for candidate in result.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len(result.wanted) == 2
    assert states[0].bank_size < states[-1].bank_size == states[-1].bank_full
    assert result.arrows
    assert all(-1.0 <= value <= 1.0 for value in result.arrows.values())
    for candidate in result.candidates:
        assert candidate.audio.sample_rate == 24_000
        assert 0.1 < candidate.audio.peak <= 1.0 + 1e-6
        assert candidate.patch.name == "a deep bass drum"


def test_the_same_seed_finds_the_same_patch() -> None:
    one, two, other = (tuned(TuneRequest("a bell", seed=seed))[0].candidates[0].patch for seed in (1, 1, 2))
    assert one == two
    assert one != other


def test_what_is_locked_or_narrowed_stays_and_no_reach_is_the_start_itself() -> None:
    start = Patch("fm", {"op1_ratio": 3.3, "op2_env2_s": 0.123, "noise_db": -20.0})
    request = TuneRequest(
        "a bright bell", start=start, locked=frozenset({"op1_ratio"}), narrowed={"op2_env2_s": (0.1, 0.2)}, reach=0.4
    )
    result, _ = tuned(request)
    assert result.start_score is not None
    for candidate in result.candidates:
        assert candidate.patch.values["op1_ratio"] == 3.3
        assert 0.1 <= candidate.patch.values["op2_env2_s"] <= 0.2
        assert np.abs(np.array(candidate.patch.unit()) - start.unit()).max() <= 0.4 + 1e-9
    assert "op1_ratio" not in result.arrows
    stays, _ = tuned(TuneRequest("a bright bell", start=start, reach=0.0))
    assert {tuple(candidate.patch.values.items()) for candidate in stays.candidates} == {tuple(start.values.items())}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (TuneRequest("  "), "There are no words to go by"),
        (TuneRequest("удар по дереву"), "knows English"),
        (TuneRequest("木の音"), "no words in other scripts"),
        (TuneRequest("a bell", negative="стекло"), "The negative prompt"),
        (TuneRequest("a bell", synth="organ"), "synths fm and impact"),
        (TuneRequest("a bell", start=Patch("impact")), "no start for the fm synth"),
        (TuneRequest("a bell", reach=0.5), "needs a patch to stay near to"),
        (TuneRequest("a bell", seconds=0.0), "cannot take 0 s"),
        (TuneRequest("a bell", guidance=-1.0), "guidance of -1"),
        (TuneRequest("a bell", narrowed={"op1_ratio": (2.0, 1.0)}), "cannot stay between"),
        (TuneRequest("bell " * 100), "at most 400"),
    ],
)
def test_what_makes_no_sense_is_refused_at_the_door_in_one_sentence(wanted: TuneRequest, words: str) -> None:
    studio = Studio(kind="fake")
    try:
        with pytest.raises(BadUsage, match=words):
            studio.tune(wanted)
    finally:
        assert studio.close()


def test_a_lock_on_what_is_not_there_is_refused() -> None:
    studio = Studio(kind="fake")
    try:
        with pytest.raises(PatchError, match="no parameter called"):
            studio.tune(TuneRequest("a bell", locked=frozenset({"nothing"})))
    finally:
        assert studio.close()


def test_a_word_in_another_script_among_english_ones_is_told() -> None:
    result, _ = tuned(TuneRequest("a bright колокол bell ringing"))
    assert "another script" in result.notice


def test_the_studio_tunes_and_imagines_and_a_newer_request_replaces_the_older() -> None:
    heard = Heard()
    studio = Studio(heard, kind="fake")
    try:
        older = studio.tune(TuneRequest("a kick drum"))
        heard.wait_for(older, "note")
        newer = studio.tune(TuneRequest("a bell"), FEW)
        assert heard.end_of(older).kind == "cancelled"
        assert isinstance(heard.result_of(newer), TuneResult)
        imagined = heard.result_of(studio.imagine("a bright bell", seconds=0.5, seed=3))
        assert isinstance(imagined, Imagined)
        assert imagined.audio.duration_s == pytest.approx(0.5)
    finally:
        assert studio.close()


def test_what_is_imagined_sounds_like_the_words() -> None:
    low, high = (
        measure(imagine_inline(words, kind="fake").audio.samples[0].astype(np.float64))
        for words in ("a deep bass", "a bright cymbal")
    )
    assert low.hz < 0.2 * high.hz
    assert low.noise < high.noise
    with pytest.raises(BadUsage, match="out of reach"):
        imagine_inline("a bell", seconds=60.0, kind="fake")
