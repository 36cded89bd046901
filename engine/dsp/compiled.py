"""numba's compiler, its cache in the person's cache folder; raises ``ImportError`` where numba cannot be had."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FAST = {"contract", "nsz", "reassoc"}
"""What the compiler may do with sums: everything but to assume that all numbers are finite."""


def _compiler() -> Callable[..., Callable[[F], F]]:
    if "NUMBA_CACHE_DIR" not in os.environ:
        import platformdirs

        # Beside the sources, numba's own choice, it would fail in an installed or packed program.
        os.environ["NUMBA_CACHE_DIR"] = str(platformdirs.user_cache_path("tonewright", appauthor=False) / "numba")
    from numba import njit

    compiler: Callable[..., Callable[[F], F]] = njit
    return compiler


njit = _compiler()
