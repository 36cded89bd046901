"""What the benchmark says of a prior's samples: beside what recordings get, how sure it is, and only what grows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

from engine.bench import report
from engine.bench.frame import Row
from engine.bench.prior_card import table, write_card
from engine.bench.prior_sets import Frames, Sets, agreement, distances
from engine.training.corpus import Recording
from engine.weights.net_file import NetFile, read_card, read_net, write_net

CLASSES = ("bell", "dog", "rain", "wind")
N, DIM = 120, 4


class Judge:
    """Hears a class by the first four numbers of a sound."""

    classes = CLASSES

    def of_frames(self, frames: torch.Tensor) -> torch.Tensor:
        return (3.0 * frames[:, 0, :DIM]).softmax(1)


class Ear:
    """Takes the same numbers for what it hears."""

    name = "test"

    def __call__(self, sounds: Iterable[Frames]) -> torch.Tensor:
        return torch.tensor(np.stack([np.asarray(sound, np.float32)[0] for sound in sounds]))


def sets_of(away: float, n: int = N, steps: tuple[float, ...] = (1.0, 2.0, 4.0)) -> tuple[Sets, torch.Tensor]:
    """Sounds of four numbers, one of them high; what is drawn and what is worse lies further off."""
    rng = np.random.default_rng(0)

    def sounds(noise: float, shift: float = 0.0, wrong: bool = False) -> list[Frames]:
        made = []
        for k in range(n):
            row = rng.normal(0.0, 0.5, DIM)
            row[(k + (wrong and k % 12 < 4)) % DIM] += 2.0
            made.append((row / (1.0 + noise) + shift)[None].astype(np.float16))
        return made

    recordings = [Recording(Path(f"{k}.wav"), CLASSES[k % 4], CLASSES[k % 4], f"g{k // 8}-{k % 4}") for k in range(n)]
    worse = {"noise": [sounds(step, step) for step in steps]}
    known = Ear()(sounds(0.0))
    return Sets(recordings, sounds(0.0), sounds(away, away, away > 0.0), worse), known


def rows_of(away: float, n: int = N, **more: tuple[float, ...]) -> dict[str, Row]:
    sets, known = sets_of(away, n, **more)
    classes = [one.klass for one in sets.recordings]
    rows = [*agreement(Judge(), sets), *distances(Ear(), sets, known, classes)]  # type: ignore[arg-type]
    return {row.name: row for row in rows}


def test_every_figure_stands_beside_what_recordings_get() -> None:
    good, bad = rows_of(0.0), rows_of(2.0)
    assert list(good) == [
        *(f"class heard, top {k}" for k in (1, 3, 5)),
        *("IS[own judge]", "KL[own judge]", "KAD[test]", "FD[test]"),
    ]
    for row in good.values():
        assert row.n == N
        assert "95 % interval" in row.detail
    for name in ("KL[own judge]", "KAD[test]", "FD[test]"):
        assert "floor" in good[name].detail
        assert good[name].median < bad[name].median
    assert good["IS[own judge]"].median > bad["IS[own judge]"].median
    assert good["class heard, top 1"].median > bad["class heard, top 1"].median + 20.0


def test_too_few_sounds_have_no_frechet_distance_and_the_row_says_so() -> None:
    told = rows_of(0.0, n=32)["FD[test]"]
    assert told.n == 0
    assert "takes 20 sounds in each set, and one has 16" in told.detail


def test_what_does_not_get_worse_with_the_sounds_is_not_told() -> None:
    rows = rows_of(0.0, steps=(4.0, 0.0))
    for name in ("IS[own judge]", "KL[own judge]", "KAD[test]", "FD[test]"):
        assert rows[name].n == 0
        assert "not told, for it does not get worse along noise" in rows[name].detail


def test_the_figures_go_into_the_card_of_the_net(tmp_path: Path) -> None:
    net, figures = tmp_path / "prior.safetensors", tmp_path / "figures.json"
    write_net(net, NetFile("prior", {"width": 4}, {"step": 7}, {"w": torch.arange(4.0)}))
    rows = [Row("prior", "KAD[test]", 1.25, float("nan"), "", n=9, detail="floor 0.10"), Row.skipped("fm", "x", "y")]
    report.save(rows, {}, figures)
    assert "| KAD[test] | 1.25 | 9 | floor 0.10 |" in table(write_card(figures, net))
    card = read_card(net, "prior")
    assert card["step"] == 7
    assert card["measured"] == [{"name": "KAD[test]", "median": 1.25, "unit": "", "n": 9, "detail": "floor 0.10"}]
    assert torch.equal(read_net(net, "prior").tensors["w"].float(), torch.arange(4.0))
    assert json.loads(json.dumps(card)) == card
