"""The sounds by which matching is judged: nothing of theirs was heard before."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.bench import match as match_bench
from engine.bench.kept import version
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


def test_what_was_measured_is_kept_for_this_very_engine_and_machine_only(monkeypatch: pytest.MonkeyPatch) -> None:
    one = version()
    assert version() == one
    monkeypatch.setattr("os.cpu_count", lambda: 97)
    cores = version()
    assert cores != one
    real = Path.read_bytes
    seen: set[str] = set()
    for part in (
        "engine/params/fm.py",
        "engine/audio/files.py",
        "engine/studio.py",
        "resources/matching/fm-bank.safetensors",
    ):
        changed = lambda path, part=part: real(path) + (b"#" if path.as_posix().endswith(part) else b"")  # noqa: E731
        monkeypatch.setattr(Path, "read_bytes", changed)
        seen.add(version())
    assert len(seen | {cores}) == 5


def test_a_row_says_how_much_of_it_is_from_an_earlier_run(monkeypatch: pytest.MonkeyPatch) -> None:
    one = next(drawn_targets(1))
    again = replace(one, name="another")
    monkeypatch.setattr(match_bench, "measured", lambda target: match_bench.Measured(target.name, 1.0, 2.0, 3.0))
    mark = match_bench.DRAWN_SHARE
    details = [
        [row.detail for row in match_bench._set_rows("set", iter(targets), mark)] for targets in ([one], [one, again])
    ]
    assert "earlier" not in "".join(details[0])
    assert "2 targets; worst: drawn 1000000; 1 measured in an earlier run" in details[1]
