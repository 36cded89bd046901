"""One file from a server: continued where it stopped, tried again when the connection breaks, checked at its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

from engine.errors import WeightError
from engine.weights.catalog import WeightFile
from engine.weights.door import LOOK_S, Answer, Broken, Refused, Stream
from engine.weights.part import STEP_S, Part, Received, Receiving

MOST_TRIES = 6
"""Failures in a row, without a byte between them, after which it is given up."""
FIRST_PAUSE_S = 1.0
"""Before the second try; each further pause is twice as long."""
MOST_PAUSE_S = 60.0
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


def receive(
    url: str, target: Path, file: WeightFile, *, token: str = "", refusal: Callable[[int, str], str]
) -> Generator[Receiving, None, Received]:
    """Fetch ``url`` into ``target``'s ``.part`` and check it.

    Raises :class:`WeightError`, with what ``refusal(status, code)`` says when the server refuses. Whatever happens,
    what has arrived and may be right stays in the ``.part``.
    """
    part = Part(target, url)
    try:
        yield from part.read_steps()
        failures, furthest = 0, part.n_bytes
        while True:
            try:
                if not part.is_complete:
                    yield from _attempt(part, file, token)
                received = part.check(file)
                if received is not None:
                    return received
            except Refused as error:
                if error.status not in _PASSING:
                    raise WeightError(refusal(error.status, error.headers.get("x-error-code", ""))) from error
                trouble, asked_s = refusal(error.status, ""), _pause_of(error.headers)
            except Broken as error:
                if error.is_final:
                    raise WeightError(f"{target.name} could not be fetched: {error}") from error
                trouble, asked_s = f"{target.name} could not be fetched: {error}", 0.0
            else:
                trouble, asked_s = f"{target.name} did not arrive as it should be", 0.0
            failures = 1 if part.n_bytes > furthest else failures + 1
            furthest = max(furthest, part.n_bytes)
            if failures >= MOST_TRIES:
                raise WeightError(f"{trouble.rstrip('.')}. What has arrived is kept; fetch it again later.")
            pause_s = max(min(FIRST_PAUSE_S * 2 ** (failures - 1), MOST_PAUSE_S), asked_s)
            yield from _pause(pause_s, Receiving(part.n_bytes, part.total, f"{trouble.rstrip('.')}; trying again"))
    finally:
        part.close()


def _attempt(part: Part, file: WeightFile, token: str) -> Generator[Receiving, None, None]:
    """One request, to its end; the bytes go into ``part``. Raises :class:`Refused`, :class:`Broken` or
    :class:`WeightError`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= part.range_headers(file)
    stream = Stream(part.url, headers)
    try:
        waiting = stream.answer()
        try:
            while True:
                next(waiting)
                yield Receiving(part.n_bytes, part.total, "Asking the server")
        except StopIteration as stop:
            answer: Answer = stop.value
        except Refused as error:
            if error.status == 416:  # The range that was asked for is not there: the file is shorter now.
                part.begin_again()
                raise Broken("the file on the server has changed") from error
            raise
        part.meet(answer, file)
        then = time.monotonic()
        for piece in stream.pieces():
            part.append(piece)
            if not piece or time.monotonic() - then > STEP_S:
                yield Receiving(part.n_bytes, part.total)
                then = time.monotonic()
        if part.n_bytes > part.total > 0:
            part.begin_again()
            raise Broken("more came than the server had said")
        if part.n_bytes < part.total:
            raise Broken("the connection broke")
    finally:
        stream.close()


def _pause_of(headers: Mapping[str, str]) -> float:
    """How long the server asks to wait."""
    said = headers.get("retry-after", "")
    return min(float(said), MOST_PAUSE_S) if said.isascii() and said.isdigit() else 0.0


def _pause(pause_s: float, note: Receiving) -> Generator[Receiving, None, None]:
    until = time.monotonic() + pause_s
    yield note
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_S))
        yield note
