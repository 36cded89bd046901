"""Large priors fit into what memory there is, and finish when there turns out to be less."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from steps import finished
from tiny_priors import PUBLIC, open_tiny, tiny_folder

from engine.errors import WeightError
from engine.priors.base import Noising, Prompt
from engine.priors.plan import Demand, Machine, Plan, Way, look_at, make_plan, needs_to_load, smaller
from engine.priors.stable_audio import StableAudioOpen

CUDA, CPU = torch.device("cuda"), torch.device("cpu")
BELL = Prompt("a bell")
LARGE = Demand("Stable Audio Open", 110_000_000, 1_057_000_000, 156_000_000, 47_000_000, 340_000_000)
"""The real one, for sounds of 10 s."""


def card(free_gb: float, ram_gb: float = 32.0, narrow: torch.dtype = torch.float16) -> Machine:
    return Machine(CUDA, int(free_gb * 1e9), int(ram_gb * 1e9), narrow)


@pytest.mark.parametrize(
    ("free_gb", "way", "rows"),
    [(24.0, "together", 16), (8.0, "together", 4), (4.0, "together", 1), (3.0, "in turns", 2), (1.0, "CPU", 16)],
)
def test_the_less_is_free_the_less_is_taken(free_gb: float, way: Way, rows: int) -> None:
    plan = make_plan(LARGE, card(free_gb))
    assert (plan.way, plan.rows) == (way, rows)
    assert plan.free is not None
    assert plan.needs <= plan.free
    wanted = torch.float32 if way == "CPU" else torch.float16
    assert plan.precision == wanted
    assert plan.place("net") == (CPU if way == "CPU" else CUDA, wanted)


def test_a_plan_is_a_sentence() -> None:
    assert str(Plan(LARGE, card(8.0), "sound on the CPU", 2)) == (
        "Stable Audio Open: fp16 on the GPU, 2 rows at a time, its parts in turns, decoder on the CPU; 2.8 of 8.0 GB"
    )
    assert str(Plan(LARGE, card(8.0, narrow=torch.bfloat16), "together", 1)) == (
        "Stable Audio Open: bf16 on the GPU, 1 row at a time; 3.6 of 8.0 GB"
    )
    assert str(Plan(LARGE, Machine(CPU, None, None, None), "CPU", 4)) == (
        "Stable Audio Open: fp32 on the CPU, 4 rows at a time; 10.7 GB"
    )


def test_a_long_sound_is_decoded_on_the_cpu_where_it_does_not_fit() -> None:
    long = Demand("Stable Audio Open", 110_000_000, 1_057_000_000, 156_000_000, 47_000_000, 1_600_000_000)
    plan = make_plan(long, card(3.3))
    assert plan.way == "sound on the CPU"
    assert plan.place("sound") == (CPU, torch.float32)
    assert plan.place("net") == (CUDA, torch.float16)


def test_without_room_for_wide_numbers_the_cpu_takes_narrow_ones() -> None:
    roomy, tight = Machine(CPU, None, 30_000_000_000, None), Machine(CPU, None, 5_000_000_000, None)
    assert make_plan(LARGE, roomy).precision == torch.float32
    assert make_plan(LARGE, tight).precision == torch.bfloat16
    assert make_plan(LARGE, Machine(CPU, None, 30_000_000_000, torch.bfloat16)).precision == torch.bfloat16


def test_as_much_room_is_made_as_the_weights_may_take() -> None:
    assert needs_to_load(LARGE, CUDA) == 2 * LARGE.weights
    # Make room for wide numbers first: where that is not possible, the plan takes narrow ones.
    assert needs_to_load(LARGE, CPU) == 4 * LARGE.weights


def test_a_machine_that_is_too_small_is_told_so_in_one_sentence() -> None:
    with pytest.raises(WeightError, match=r"needs about .* GB of memory, and 1\.0 GB are free; close other programs"):
        make_plan(LARGE, card(1.0, 1.0))


def test_small_models_are_not_narrowed() -> None:
    small = Demand("Small", 1000, 1000, 1000, 10, 10)
    assert make_plan(small, card(8.0)).precision == torch.float32


def test_where_nobody_knows_what_is_free_the_best_is_tried() -> None:
    assert make_plan(LARGE, Machine(CUDA, None, None, torch.float16)).way == "together"


def test_after_memory_ran_out_rows_are_halved_then_parts_leave_then_all_is_done_on_the_cpu() -> None:
    plan: Plan | None = Plan(LARGE, card(8.0), "together", 4)
    seen = []
    while plan is not None:
        seen.append((plan.way, plan.rows))
        plan = smaller(plan)
    assert seen == [
        ("together", 4), ("together", 2), ("together", 1), ("in turns", 1), ("sound on the CPU", 1), ("CPU", 1)
    ]  # fmt: skip


def test_the_machine_is_read_as_it_is() -> None:
    machine = look_at(CPU, {"cpu": 5}.get, lambda device: None)
    assert machine == Machine(CPU, 5, 5, None)
    assert look_at(CPU).cpu_free_bytes != 0


# -- a model that runs out of memory ----------------------------------------------------------------------


class Full:
    """Runs out of memory for more than so many rows at a time, or as long as the plan is one of some ways."""

    def __init__(self, prior: StableAudioOpen, rows: int = 99, ways: tuple[str, ...] = ()) -> None:
        self.prior, self.rows, self.ways = prior, rows, ways
        self.tried: list[tuple[str, int]] = []
        for name in ("_answer", "_decode", "_encode"):
            setattr(prior, name, self._limited(name))

    def _limited(self, name: str):
        work = getattr(self.prior, name)

        def limited(x: torch.Tensor, *more: object) -> torch.Tensor:
            rows = x.shape[0] // (2 if name == "_answer" else 1)
            self.tried.append((name, rows))
            if rows > self.rows or self.prior.plan.way in self.ways:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
            found: torch.Tensor = work(x, *more)
            return found

        return limited


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder("stable-audio-open-1.0", tmp_path_factory)


def opened(folder: Path, way: Way = "together", rows: int = 8) -> StableAudioOpen:
    """As on a GPU; but it is the CPU that stands in for one."""
    machine = Machine(CPU, None, None, None)
    return StableAudioOpen.load(folder, plan=Plan(StableAudioOpen.demand(folder), machine, way, rows))


def everything(prior: StableAudioOpen) -> Iterator[torch.Tensor]:
    """What a tuning does with a prior, one after the other."""
    z = prior.embed(0.1 * torch.randn(5, 1, 800, generator=torch.Generator().manual_seed(4)))
    yield z
    yield finished(prior.target(z, BELL, torch.Generator().manual_seed(1), Noising(steps=2)))[0]
    drawn = finished(prior.sample(BELL, 0.2, 5, torch.Generator().manual_seed(1), 3))[0]
    yield drawn
    yield prior.hear(drawn)


@pytest.mark.parametrize(
    ("limits", "way", "rows"),
    [
        ({"rows": 2}, "together", 2),
        ({"rows": 1}, "together", 1),
        ({"ways": ("together",)}, "in turns", 1),
        ({"ways": ("together", "in turns", "sound on the CPU")}, "CPU", 1),
    ],
)
def test_when_memory_runs_out_it_goes_on_smaller_and_finishes_with_the_same(
    folder: Path, limits: dict[str, object], way: str, rows: int
) -> None:
    wanted = list(everything(opened(folder)))
    prior = opened(folder)
    full = Full(prior, **limits)  # type: ignore[arg-type]
    for one, other in zip(everything(prior), wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    assert (prior.plan.way, prior.plan.rows) == (way, rows)
    # The next work begins with what did fit.
    full.tried.clear()
    prior.hear(wanted[2])
    assert {n for _, n in full.tried} <= set(range(1, rows + 1))


def test_in_turns_only_one_part_is_in_the_way(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = opened(folder, "in turns", 1)
    away: list[str] = []
    monkeypatch.setattr(prior, "_send_away", away.append)
    prior._bring("net")
    assert away == ["text", "sound"]


def test_threads_that_draw_at_once_draw_what_one_alone_does(folder: Path) -> None:
    """Parts that take turns are never moved away from under somebody's work."""
    prior = opened(folder, "in turns", 2)
    at_work: list[str] = []
    seen: list[int] = []
    answer = prior._answer

    def watched(*given: object) -> torch.Tensor:
        at_work.append("here")
        seen.append(len(at_work))
        time.sleep(0.002)
        found = answer(*given)  # type: ignore[arg-type]
        at_work.pop()
        return found

    prior._answer = watched  # type: ignore[method-assign]

    def drawn(seed: int) -> torch.Tensor:
        return prior.hear(finished(prior.sample(BELL, 0.2, 3, torch.Generator().manual_seed(seed), 3))[0])

    alone = [drawn(seed) for seed in range(3)]
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(drawn, range(3)))
    assert max(seen) == 1
    for one, other in zip(alone, together, strict=True):
        assert torch.equal(one, other)


def test_progress_counts_rows_that_wait_for_their_turn(folder: Path) -> None:
    prior = opened(folder, rows=2)
    z = torch.randn(5, 4, 8, generator=torch.Generator().manual_seed(2))
    _, told = finished(prior.target(z, BELL, torch.Generator().manual_seed(1), Noising(steps=2)))
    assert told == pytest.approx([0.2, 0.4, 0.5, 0.7, 0.9, 1.0])


def test_when_nothing_is_small_enough_the_way_out_is_said(folder: Path) -> None:
    prior = opened(folder)
    Full(prior, rows=0)
    with pytest.raises(WeightError, match="Memory ran out while Stable Audio Open worked"):
        prior.hear(torch.zeros(2, 4, 8))


def test_other_errors_are_no_lack_of_memory(folder: Path) -> None:
    prior = opened(folder)
    with pytest.raises(RuntimeError, match="channels"):
        prior.hear(torch.zeros(2, 3, 8))
    assert prior.plan.rows == 8


def test_what_the_folder_takes_is_known_before_it_is_loaded(folder: Path) -> None:
    prior, demand = opened(folder), StableAudioOpen.demand(folder)
    for part, n in (("text", demand.text), ("net", demand.net), ("sound", demand.sound)):
        there = sum(p.numel() for module in prior._parts[part] for p in module.parameters())  # type: ignore[index]
        assert n == pytest.approx(there, rel=0.05)


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize(("narrow", "way"), [(torch.bfloat16, "CPU"), (torch.float16, "sound on the CPU")])
def test_in_narrow_numbers_it_says_nearly_the_same(
    name: str, narrow: torch.dtype, way: Way, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = open_tiny(name, tmp_path_factory)
    monkeypatch.setattr("engine.priors.plan.SMALL", 0)
    demand = type(wide).demand(tiny_folder(name, tmp_path_factory))
    plan = Plan(demand, Machine(CPU, None, None, narrow), way, 2)
    prior = type(wide).load(tiny_folder(name, tmp_path_factory), plan=plan)
    assert prior.plan.place("net") == (CPU, narrow)
    assert prior.plan.place("sound") == (CPU, narrow if way == "CPU" else torch.float32)
    for one, other in zip(everything(prior), everything(wide), strict=True):
        assert one.dtype == torch.float32
        assert one.isfinite().all()
        assert torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0) > 0.95
