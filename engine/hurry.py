"""A person has interrupted the program (Ctrl+C): nobody waits any longer for what other threads are at.

What hands compute cannot be stopped halfway and may take seconds; there is nothing to tidy up after it. Files are
written by the thread that is interrupted, and its ``finally`` still runs.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

EXIT_INTERRUPTED = 130
_is_hurried = threading.Event()


def is_hurried() -> bool:
    return _is_hurried.is_set()


def hurrying(action: Callable[[], int]) -> int:
    """Run ``action`` and return its exit code; after an interruption the process ends here, with that code."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return action()  # Whoever started it wants interruptions ignored, or it is no program of its own.
    signal.signal(signal.SIGINT, _interrupt)
    try:
        code = action()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED  # Once more, while it was tidying up.
    finally:
        if not is_hurried():
            signal.signal(signal.SIGINT, signal.default_int_handler)
    return _leave(code) if is_hurried() else code


def _interrupt(number: int, frame: FrameType | None) -> None:
    _is_hurried.set()
    signal.default_int_handler(number, frame)


def _leave(code: int) -> NoReturn:
    """Python itself would wait for all threads first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit._run_exitfuncs()  # Scratch files go.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
