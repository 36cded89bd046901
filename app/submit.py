"""How the window's parts have a job done, without knowing who does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from engine.errors import EngineError
from engine.jobs import Body, run_inline


class Submit(Protocol):
    """Runs a job somewhere and calls back on the UI thread: ``done`` with its result or ``failed`` with its error.

    ``writes`` says that the job waits for the disk, so that it must not stand in the way of what a hand waits for;
    ``quiet`` that the person did not ask for it.
    """

    def __call__(
        self,
        body: Body[Any],
        *,
        title: str,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        writes: bool = False,
        quiet: bool = False,
    ) -> object: ...


def run_here(
    body: Body[Any],
    *,
    title: str,
    done: Callable[[Any], None],
    failed: Callable[[Exception], None],
    writes: bool = False,
    quiet: bool = False,
) -> None:
    """The simplest :class:`Submit`: run the job now, on this thread. For tests and programs without a window."""
    try:
        result = run_inline(body)
    except EngineError as error:
        failed(error)
        return
    done(result)
