"""The sounds by which matching is judged: nothing of theirs was heard before."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.bench.match import FILES, drawn_targets, recorded_targets
from engine.matching.target import listen


def test_drawn_targets_are_the_same_every_time_and_sound() -> None:
    one, again = next(drawn_targets(1)), next(drawn_targets(1))
    sound = one.clip.read(0, one.clip.n_frames)
    assert np.array_equal(sound.samples, again.clip.read(0, one.clip.n_frames).samples)
    assert listen(sound).duration_s > 0.1


@pytest.mark.data
def test_what_is_set_aside_is_there_and_no_two_of_a_class_are_takes_of_one_sound(shared_data: Path) -> None:
    folder = shared_data / "sounds"
    names = [name for name in FILES.read_text(encoding="utf-8").splitlines() if not name.startswith("#")]
    assert len(list(recorded_targets(folder))) == len(names) == 50
    with (folder / "metadata.csv").open(encoding="utf-8", newline="") as file:
        group = {row["file"]: (row["class"], row["group"]) for row in csv.DictReader(file)}
    assert len({group[name] for name in names}) == len(names)
