"""What ``bench tune`` is measured by: prompts that nobody learned from, and figures that say what they mean."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from tiny_nets import tiny_listener

from engine.audio.values import Audio
from engine.bench import tune
from engine.bench.kept import Kept
from engine.bench.tune_prompts import all_asked
from engine.bench.tune_ways import WAYS, Way
from engine.dsp.mel import RATE_HZ
from engine.metrics.ear_net import EarNet, EarSettings
from engine.metrics.judge import Judge
from engine.priors.fake import FakePrior
from engine.project.presets import factory_library
from engine.sds.nets import Nets
from engine.training.captions import CLASS_PHRASES
from engine.training.generators import make
from engine.training.paraphrases import every_phrase

DRUMS = {"kick", "snare", "hihat", "tom", "cymbal", "hand_drum", "drum_loop"}
EMPTY = {"a", "an", "the", "of", "on", "by", "with", "that", "is", "around", "up", "two", "past"}


def words_of(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.casefold())) - EMPTY


def test_the_prompts_are_what_was_promised() -> None:
    asked = all_asked()
    assert len({one.text for one in asked}) == 16
    classes = Counter(one.klass for one in asked)
    assert len(classes) >= 12
    assert set(classes) <= set(CLASS_PHRASES)
    assert sum(classes[klass] for klass in DRUMS) <= 3
    assert sum(one.paraphrase for one in asked) == 8
    assert sum(one.ablation for one in asked) == 4
    assert {one.synth for one in asked} == {"fm", "impact"}


@pytest.mark.data
def test_no_caption_says_what_a_paraphrase_says(shared_data: Path) -> None:
    with (shared_data / "sounds" / "metadata.csv").open(newline="", encoding="utf-8") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    captions += [phrase for phrases in CLASS_PHRASES.values() for phrase in phrases]
    captions += every_phrase()
    heard = [words_of(caption) for caption in captions]
    for one in all_asked():
        if one.paraphrase:
            shared = max(len(words_of(one.text) & words) for words in heard)
            assert shared <= len(words_of(one.text)) // 2, one.text


def test_a_line_that_was_torn_is_measured_again_and_the_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path)
    monkeypatch.setattr("engine.bench.kept.version", lambda: "now")
    rows = [
        tune.Measured(name, "tuned", "a bell", "bell", 0, 1, 0.5, 0.1, 1.0, 2.0) for name in ("one", "two", "three")
    ]
    kept = Kept("tune", tune.Measured)
    kept.add(rows[0])
    kept.add(rows[1])
    (path,) = tmp_path.rglob("now.jsonl")
    path.write_bytes(path.read_bytes()[:-9])
    again = Kept("tune", tune.Measured)
    assert again.before == {"one"}
    again.add(rows[2])
    last = Kept("tune", tune.Measured)
    assert last.before == {"one", "three"}
    assert [last.get(row.name) for row in rows] == [rows[0], None, rows[2]]


def test_no_made_sound_is_called_as_a_paraphrase_is() -> None:
    rng, presets = Random(1), factory_library()
    called = [words_of(made.caption) for made in (make(presets, rng) for _ in range(40))]
    for one in all_asked():
        if one.paraphrase:
            assert not any(words_of(one.text) <= words for words in called)


def measured(prompt: str, place: int, seed: int = 0) -> tune.Measured:
    return tune.Measured(f"{prompt}{seed}", "tuned", prompt, "bell", seed, place, 0.5, 0.1, 1.0, 2.0)


def test_rates_count_prompts_and_not_seeds() -> None:
    found = [measured("one", 1), measured("one", 9, 1), measured("two", 3), measured("three", 4)]
    assert tune.hit_rate(found) == pytest.approx(50.0)
    low, high = tune.interval(found)
    assert low < 50.0 < high
    assert (low, high) == tune.interval(found)
    other = [measured("one", 9), measured("two", 9), measured("three", 9)]
    points, least, most = tune.difference(found, other)
    assert points == pytest.approx(50.0)
    assert 0.0 <= least < points < most <= 100.0
    assert tune.difference(found, found) == (0.0, 0.0, 0.0)


def judge() -> Judge:
    torch.manual_seed(0)
    settings = EarSettings(widths=(8, 8, 8, 8), answers=len(CLASS_PHRASES))
    return Judge(EarNet(settings), sorted(CLASS_PHRASES))


def test_the_judge_puts_every_class_at_a_place_of_its_own() -> None:
    audio = Audio(np.sin(np.arange(RATE_HZ) * 0.1).astype(np.float32), RATE_HZ)
    places = [tune.heard_as(judge(), audio, klass) for klass in CLASS_PHRASES]
    assert sorted(place for place, _ in places) == list(range(1, len(CLASS_PHRASES) + 1))
    assert sum(share for _, share in places) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("way", [way for way in WAYS if way.name != "tuned"], ids=lambda way: way.name)
def test_every_other_way_comes_to_a_sound(way: Way) -> None:
    asked = all_asked()[0]
    found = way.find(asked, 0, 2.0, Nets(FakePrior(), tiny_listener()))
    assert found.audio.sample_rate == RATE_HZ
    assert np.isfinite(found.audio.samples).all()
    assert -1.0 <= found.score <= 1.0
    assert found.audio.peak > 0.05
