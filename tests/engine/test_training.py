"""Training: what is learned from, that it learns, that the clock ends it, and that it goes on where it was."""

from __future__ import annotations

import csv
import math
import time
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from steps import finished

from engine.audio import Audio, Clip, write_clip
from engine.cli import main
from engine.dsp.mel import LOG_FLOOR, MOST_FRAMES, N_BANDS, RATE_HZ
from engine.errors import BadUsage, WeightError
from engine.jobs import Note, run_inline
from engine.metrics.judge import Judge
from engine.priors.base import Noising, Prompt
from engine.priors.listener import Listener
from engine.priors.own import OwnPrior
from engine.priors.own_net import PriorSettings
from engine.priors.text import text_encoder
from engine.project.presets import factory_library
from engine.training.captions import CLASS_PHRASES, adjectives, measure, say
from engine.training.corpus import Recording, read_folders, share_out
from engine.training.ears import contrast, judge_steps, kinship, listener_steps
from engine.training.generators import MAKERS, make
from engine.training.paraphrases import every_phrase, of_caption, of_class
from engine.training.prior import train_steps
from engine.training.shelf import Item, Stream, frames_of
from engine.training.variation import varied
from engine.weights.net_file import read_net

SMALL = PriorSettings(width=48, depth=2, heads=2)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Low tones and bright noises, ten of each, in ten groups."""
    place = tmp_path / "sounds"
    place.mkdir()
    chance = np.random.default_rng(0)
    rows = []
    for n in range(20):
        t = np.arange(RATE_HZ // 4) / RATE_HZ
        is_low = n % 2 == 0
        wave = np.sin(2 * np.pi * (80 + 5 * n) * t) if is_low else np.diff(chance.uniform(-1, 1, len(t) + 1))
        samples = (0.5 * wave * np.exp(-12 * t))[None].astype(np.float32)
        name = f"{n:02d}.wav"
        write_clip(Clip.of(Audio(samples, RATE_HZ), name), place / name)
        klass = "kick" if is_low else "hihat"
        rows.append({"file": name, "caption": f"{klass} {n}", "class": klass, "group": f"g{n // 2}"})
    with (place / "metadata.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    return place


# -- what is learned from ----------------------------------------------------------------------------------------------


def test_takes_of_one_sound_stay_on_one_side_and_every_class_is_on_all(shared_data: Path) -> None:
    recordings = read_folders([shared_data / "sounds", shared_data / "voice"])
    sides = share_out(recordings)
    assert sides == share_out(list(reversed(recordings)))
    counts = Counter((recording.klass, sides[recording.group]) for recording in recordings)
    whole = Counter(recording.klass for recording in recordings)
    groups = {klass: len({r.group for r in recordings if r.klass == klass}) for klass in whole}
    for klass, n in whole.items():
        share = counts[klass, "train"] / n
        assert 0.5 < share < 0.95, (klass, share)
        if groups[klass] >= 10:
            assert counts[klass, "test"] >= 1, klass
            assert counts[klass, "embed"] >= 1, klass


def test_a_folder_without_a_table_gives_its_names_as_captions(folder: Path) -> None:
    (folder / "metadata.csv").unlink()
    (folder / "00.wav").rename(folder / "a_dull__knock.wav")
    found = {recording.caption for recording in read_folders([folder])}
    assert "a dull knock" in found
    assert len(found) == 20


def test_folders_that_hold_nothing_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadUsage, match="holds no sound files"):
        read_folders([tmp_path])
    with pytest.raises(BadUsage, match="is no folder"):
        read_folders([tmp_path / "none"])


def test_every_class_of_the_recordings_has_phrases(shared_data: Path) -> None:
    classes = {recording.klass for recording in read_folders([shared_data / "sounds", shared_data / "voice"])}
    assert classes <= set(CLASS_PHRASES)


def tone(hz: float, fall_per_s: float, seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (np.sin(2 * np.pi * hz * t) * np.exp(-fall_per_s * t)).astype(np.float32)


def test_adjectives_are_true() -> None:
    low_long = adjectives(measure(frames_of(tone(110.0, 1.5, 3.0))))
    high_short = adjectives(measure(frames_of(tone(6000.0, 60.0, 0.5))))
    hiss = np.random.default_rng(0).uniform(-0.5, 0.5, RATE_HZ).astype(np.float32)
    assert {"deep", "ringing", "tonal"} <= set(low_long)
    assert {"bright", "short", "dry"} <= set(high_short)
    assert "noisy" in adjectives(measure(frames_of(hiss)))
    assert "noisy" not in low_long + high_short


def test_a_sound_has_many_names_and_its_own_among_them() -> None:
    traits, rng = measure(frames_of(tone(110.0, 8.0, 1.0))), Random(1)
    names = {say("boomy thing 7", "kick", traits, rng) for _ in range(200)}
    assert len(names) > 20
    assert any("boomy thing 7" in name for name in names)
    assert any("bass drum" in name for name in names)


@pytest.mark.parametrize("maker", [maker for _, maker in MAKERS], ids=lambda maker: maker.__name__)
def test_made_sounds_are_sounds_and_the_same_for_the_same_seed(maker: object) -> None:
    assert callable(maker)
    presets = factory_library()
    for seed in range(12):
        made, again = maker(presets, Random(seed)), maker(presets, Random(seed))
        assert made.caption == again.caption
        assert np.array_equal(made.samples, again.samples)
        assert made.samples.ndim == 1
        assert np.isfinite(made.samples).all()
        assert made.klass in {"", *CLASS_PHRASES}
    assert len({make(presets, Random(seed)).caption for seed in range(40)}) > 25


# -- training ----------------------------------------------------------------------------------------------------------


def small_prior(
    folder: Path, out: Path, minutes: float = 60.0, *, resume: bool = False
) -> Generator[Note, None, dict[str, object]]:
    return train_steps([folder], out, minutes, factory_library(), settings=SMALL, stream_size=16, resume=resume)


def until(steps: Generator[Note, None, object], step: int) -> None:
    """Train so far, and stop it there as a person would."""
    for note in steps:
        if note.text.startswith(f"step {step},"):
            break
    steps.close()


def mistake(out: Path) -> float:
    """How wrong it is about a noisy kick, as a share of the kick: 1 for a net that knows nothing."""
    prior = OwnPrior.load(out)
    z = prior.embed(torch.from_numpy(tone(100.0, 12.0, 0.25))[None, None])
    prompt, noising = Prompt("kick", guidance=1.0), Noising(0.5, 0.5, 1)
    wanted, _ = finished(prior.target(z, prompt, torch.Generator().manual_seed(0), noising))
    return float((wanted - z).square().mean() / z.square().mean())


def test_a_prior_learns_and_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "prior.safetensors"
    until(small_prior(folder, out), 25)
    first = read_net(out, "prior").card
    assert first["step"] == 25
    assert sorted(path.name for path in tmp_path.glob("*prior*")) == [out.name, f"{out.name}.state"]
    until(small_prior(folder, out, resume=True), 90)
    second = read_net(out, "prior").card
    assert second["step"] == 90
    assert second["minutes"] > first["minutes"]
    learned = mistake(out)
    assert learned < 0.8
    # The weights alone are enough to go on from.
    (tmp_path / "prior.safetensors.state").unlink()
    until(small_prior(folder, out, resume=True), 92)
    third = read_net(out, "prior").card
    assert third["step"] == 92
    assert mistake(out) < 1.1 * learned


def test_the_clock_ends_a_training(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "prior.safetensors"
    card = run_inline(lambda: small_prior(folder, out, 0.01))
    assert card["recordings"] > 0
    assert read_net(out, "prior").card["minutes"] < 1.0


def test_a_net_of_other_settings_is_not_continued(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "prior.safetensors"
    until(small_prior(folder, out), 1)
    other = PriorSettings(width=64, depth=1, heads=2)
    with pytest.raises(WeightError, match="other settings"):
        next(train_steps([folder], out, 0.01, [], settings=other, resume=True))


def test_a_judge_tells_tones_from_noises(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "judge.safetensors"
    until(judge_steps([folder], out, 60.0, batch=8), 45)
    assert read_net(out, "judge").card["unseen"] > 0
    judge = Judge.load(out)
    hiss = np.diff(np.random.default_rng(7).uniform(-1, 1, RATE_HZ // 4 + 1)).astype(np.float32)
    sounds = torch.from_numpy(np.stack([tone(93.0, 12.0, 0.25), hiss * np.exp(-12 * np.arange(len(hiss)) / RATE_HZ)]))
    found = judge.probabilities(sounds.float())
    assert found.sum(1).tolist() == pytest.approx([1.0, 1.0], abs=1e-5)
    assert judge.classes[int(found[0].argmax())] == "kick"
    assert judge.classes[int(found[1].argmax())] == "hihat"


def test_a_listener_scores_what_it_is_given(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "listener.safetensors"
    until(listener_steps([folder], out, 60.0, factory_library(), stream_size=8, batch=4), 3)
    assert read_net(out, "listener").card["step"] == 3
    sounds = torch.from_numpy(tone(93.0, 12.0, 0.25))[None].repeat(2, 1)
    scores = Listener.load(out).score(sounds, "kick drum")
    assert scores.shape == (2,)
    assert float(scores[0]) == pytest.approx(float(scores[1]), abs=1e-5)
    assert float(scores.abs().max()) <= 1.0


def test_sounds_are_made_at_the_pace_they_are_heard_at() -> None:
    stream = Stream(factory_library(), text_encoder(), 100, 0)
    finished(stream.fill_steps(2))
    try:
        assert len(stream.items) == 2
        rng = Random(0)
        assert stream.draw(rng) in stream.items[:2]
        for _ in range(17):
            stream.draw(rng)
        give_up = time.monotonic() + 60.0
        while len(stream.items) < 5 and time.monotonic() < give_up:
            time.sleep(0.05)
        time.sleep(0.5)
        assert len(stream.items) == 5
    finally:
        stream.close()


def test_two_sounds_under_one_name_are_no_mistake() -> None:
    names = torch.nn.functional.normalize(torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), dim=1)
    kin = names @ names.T
    right = contrast(names, names, kin, torch.tensor(math.log(100.0)))
    wrong = contrast(names.flip(0), names, kin, torch.tensor(math.log(100.0)))
    assert float(right) == pytest.approx(math.log(2.0) * 2.0 / 3.0, abs=1e-3)
    assert float(wrong) > 10.0


def test_captions_and_drawn_names_and_a_class_make_kin() -> None:
    def item(klass: str, *numbers: float) -> Item:
        vector = torch.nn.functional.normalize(torch.tensor([numbers]), dim=1)
        return Item(np.zeros((4, 100), dtype=np.float16), vector, klass)

    items = [
        item("kick", 1.0, 0.0, 0.0),
        item("kick", 0.0, 1.0, 0.0),
        item("bell", 1.0, 0.1, 0.0),
        item("", 0.0, 0.0, 1),
    ]
    # The second and the last were asked for by the same words, though their captions have nothing in common.
    drawn = torch.eye(3)[[0, 1, 2, 1]]
    kin = kinship(items, drawn)
    assert kin.diagonal().tolist() == pytest.approx([1.0] * 4)
    assert float(kin[0, 2]) > 0.9
    assert 0.0 < float(kin[0, 1]) < 0.3
    assert float(kin[1, 3]) == pytest.approx(1.0)
    assert float(kin[0, 3]) == 0.0


# -- other words, and the same sound otherwise -------------------------------------------------------------------------


def test_every_caption_and_class_can_be_said_otherwise(shared_data: Path) -> None:
    for recording in read_folders([shared_data / "sounds"]):
        assert len(set(of_caption(recording.caption))) >= 3, recording.caption
        assert len(set(of_class(recording.klass))) >= 10, recording.klass


def test_phrases_are_what_a_person_would_type() -> None:
    phrases = every_phrase()
    assert len(phrases) > 3000
    assert all(phrase == phrase.strip() and 1 <= len(phrase.split()) <= 20 for phrase in phrases)
    traits, rng = measure(frames_of(tone(110.0, 8.0, 1.0))), Random(1)
    said = [say("snare drum rimshot", "snare", traits, rng) for _ in range(300)]
    share = sum(words in (*of_caption("snare drum rimshot"), *of_class("snare")) for words in said) / len(said)
    assert 0.4 < share < 0.7


def test_a_varied_sound_is_itself_elsewhere() -> None:
    low, high = frames_of(tone(200.0, 4.0, 1.0)), frames_of(tone(4000.0, 4.0, 1.0))
    found = varied([low, high] * 24, np.random.default_rng(3))
    assert found.shape == (48, MOST_FRAMES, N_BANDS)
    assert bool(found.isfinite().all())
    assert float(found.min()) >= LOG_FLOOR - 1e-4
    loudest = found.flatten(1).argmax(1) % N_BANDS
    # Wherever no noise or mask covers it, a tone is near its pitch.
    assert float((loudest[::2] < 20).float().mean()) > 0.7
    assert float((loudest[1::2] > 50).float().mean()) > 0.7
    assert len({tuple(row.flatten()[::97].tolist()) for row in found}) == 48
    again = varied([low, high] * 24, np.random.default_rng(3))
    assert torch.equal(found, again)


def test_the_command_refuses_what_makes_no_sense(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "taken.safetensors"
    taken.write_bytes(b"x")
    common = ["train", "judge", "--data", str(folder)]
    for more, words in (
        (["--out", str(tmp_path / "a.safetensors"), "--minutes", "0"], "more than 0 minutes"),
        (["--out", str(tmp_path / "a.pt"), "--minutes", "1"], ".safetensors"),
        (["--out", str(taken), "--minutes", "1"], "already there"),
        (["--out", str(tmp_path / "b.safetensors"), "--minutes", "1", "--resume"], "tonewright train judge"),
        (["--out", "/proc/a.safetensors", "--minutes", "1"], "the folder /proc may not be changed"),
        (["--out", str(taken / "in" / "a.safetensors"), "--minutes", "1"], "cannot be written"),
    ):
        assert main([*common, *more]) == 2
        assert words in capsys.readouterr().err


def test_a_recording_alone_is_learned_from() -> None:
    one = Recording(Path("a.wav"), "a", "", "g")
    assert share_out([one]) == {"g": "train"}
