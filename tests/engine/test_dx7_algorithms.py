"""The 32 algorithms, against what the chart on the instrument's lid shows."""

from __future__ import annotations

from engine.project.dx7.algorithms import ALGORITHMS, algorithm

# How many carriers the chart draws on its bottom line, algorithm 1 to 32.
CARRIERS = (2, 2, 2, 2, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 3, 3, 4, 4, 4, 5, 5, 3, 3, 3, 4, 4, 5, 6)


def test_the_chart_has_as_many_carriers() -> None:
    assert tuple(len(one.carriers) for one in ALGORITHMS) == CARRIERS


def test_every_operator_is_heard_or_bends_and_nothing_runs_in_circles() -> None:
    for one in ALGORITHMS:
        assert 1 in one.carriers
        assert all(source > target for source, target in one.edges)
        # Without feedback a stack ends in a carrier; the feedback closes at most one loop, upwards.
        source, target = one.feedback
        assert source <= target


def test_the_two_loops_go_around_a_stack() -> None:
    loops = {one.number: one.feedback for one in ALGORITHMS if one.feedback[0] != one.feedback[1]}
    assert loops == {4: (4, 6), 6: (5, 6)}


def test_some_algorithms_by_heart() -> None:
    assert algorithm(1).edges == ((2, 1), (4, 3), (5, 4), (6, 5))
    assert algorithm(5).carriers == (1, 3, 5)
    assert set(algorithm(16).edges) == {(2, 1), (3, 1), (5, 1), (4, 3), (6, 5)}
    assert set(algorithm(22).edges) == {(2, 1), (6, 3), (6, 4), (6, 5)}
    assert algorithm(32).edges == ()


def test_no_two_algorithms_are_alike() -> None:
    assert len({(one.edges, one.feedback) for one in ALGORITHMS}) == 32
