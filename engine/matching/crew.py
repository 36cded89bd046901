"""Several hands for one job: tasks on threads, awaited without blocking the engine thread's other jobs."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

import torch

from engine.hurry import is_hurried
from engine.torch_setup import N_THREADS

R = TypeVar("R")
_MOST_HANDS = 4
_PATIENCE_S = 0.05


class Crew:
    """Threads that render and differentiate; torch works outside the interpreter's lock, so two cores are both used."""

    def __init__(self) -> None:
        self.n_hands = max(min(os.cpu_count() or 1, _MOST_HANDS), 1)
        self._pool = ThreadPoolExecutor(self.n_hands, "match", initializer=_one_thread_each)

    def map(self, work: Callable[[Any], R], parts: Sequence[Any]) -> Generator[None, None, list[R]]:
        """``work`` of each part, in their order; yields while it waits."""
        futures = [self._pool.submit(work, part) for part in parts]
        try:
            left = set(futures)
            while left:
                left = wait(left, timeout=_PATIENCE_S).not_done
                yield
            return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def close(self) -> None:
        """End the threads; what they are at is finished first, unless somebody wants to be gone."""
        self._pool.shutdown(wait=not is_hurried(), cancel_futures=True)


def _one_thread_each() -> None:
    torch.set_num_threads(N_THREADS)
