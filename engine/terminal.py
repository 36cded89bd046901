"""What all commands share: answers for people and for machines, progress, and errors in one sentence.

Words and results go to stdout, complaints and progress to stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from engine import __version__
from engine.errors import BadUsage, EngineError
from engine.hurry import EXIT_INTERRUPTED

if TYPE_CHECKING:
    from engine.audio import Steps

R = TypeVar("R")

EXIT_GOOD, EXIT_BAD, EXIT_PIPE = 0, 2, 141
"""The last is what a shell reports of a program that SIGPIPE ended, as :data:`EXIT_INTERRUPTED` is for SIGINT."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: to people, and to machines."""

    text: str
    data: Mapping[str, Any]


class Progress:
    """How far something is, on stderr and only when that is a terminal; gone when it is done."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._stage, self._width = "", 0
        self._is_shown = sys.stderr.isatty()

    def say(self, stage: str) -> None:
        """What it is doing, shown with the next fraction."""
        self._stage = stage

    def tell(self, sentence: str) -> None:
        """A line of its own that stays, on a terminal or not."""
        print(("\r" if self._width else "") + sentence.ljust(self._width), file=sys.stderr, flush=True)

    def show(self, fraction: float | None) -> None:
        """Say how far it is, 0..1; ``None`` when unknown."""
        if self._is_shown and fraction is not None:
            words = f"{self._words} {100 * fraction:3.0f} %"
            line = (f"{words}  {self._stage}" if self._stage else words).ljust(self._width)
            self._width = len(line)
            print(f"\r{line if fraction < 1 else ' ' * len(line) + chr(13)}", end="", file=sys.stderr, flush=True)

    def through(self, steps: Steps[R]) -> R:
        """Run ``steps`` to their end, showing each, and return their result."""
        try:
            while True:
                self.show(next(steps))
        except StopIteration as stop:
            self.show(1.0)
            result: R = stop.value
            return result
        finally:
            steps.close()


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise BadUsage(f"{message[:1].upper()}{message[1:]}; {self.prog} --help tells more.")


def guarded(action: Callable[[], int]) -> int:
    """The one place where errors become words: run ``action``, return its exit code or that of its failure."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is shown escaped; it does not end the program.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = action()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left. Python would complain once more when it flushes at the end.
        _discard_stdout()
        return EXIT_PIPE
    except SystemExit as stop:  # argparse ends like this after --help
        return stop.code if isinstance(stop.code, int) else EXIT_GOOD
    except Exception as error:
        if os.environ.get("TONEWRIGHT_TRACEBACK"):
            raise
        if isinstance(error, OSError):
            _discard_stdout()
        print(f"tonewright: {sentence(error)}", file=sys.stderr)
        return EXIT_BAD


def sentence(error: Exception) -> str:
    """What went wrong, in one line for people."""
    if isinstance(error, EngineError):
        words = str(error)
    elif isinstance(error, MemoryError):
        words = "There is not enough memory for this; try a shorter sound or a lower sample rate."
    elif isinstance(error, OSError):
        words = f"{error.filename or 'The output cannot be written'}: {error.strerror or error}."
    else:
        words = (
            f"This is a mistake in Tonewright, not in what you did ({type(error).__name__}: {error}). "
            "TONEWRIGHT_TRACEBACK=1 shows where it happened."
        )
    return " ".join(words.split())


def _discard_stdout() -> None:
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return  # Not a real file: nothing will be flushed at the end.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)


def print_version(as_json: bool) -> int:
    """Say which version this is."""
    if as_json:
        print_json({"name": "tonewright", "version": __version__})
    else:
        print(f"tonewright {__version__}")
    return EXIT_GOOD


def print_json(data: object) -> None:
    """A result for machines."""
    print(json.dumps(data, indent=1))
