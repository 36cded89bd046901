"""numba's compiler, its cache in the person's cache folder; raises ``ImportError`` where numba cannot be had."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

FAST = {"contract", "nsz", "reassoc"}
"""What the compiler may do with sums: everything but to assume that all numbers are finite."""


def _compiler() -> Callable[..., Callable[[F], F]]:
    os.environ["NUMBA_CACHE_DIR"] = str(_folder())
    from numba import njit

    compiler: Callable[..., Callable[[F], F]] = njit
    return compiler


def _folder() -> Path:
    """Where compiled code is kept: a folder of its own for each state of the sources.

    numba looks at the file of a function only, not at what that calls; a caller would go on with what it was compiled
    with.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        folder = Path(os.environ["NUMBA_CACHE_DIR"])
    else:
        import platformdirs

        # Beside the sources, numba's own choice, it would fail in an installed or packed program.
        folder = platformdirs.user_cache_path("tonewright", appauthor=False) / "numba"
    sources = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))
    state = hashlib.sha256(sources).hexdigest()[:16]
    # A process of this one finds the folder set already.
    return folder if folder.name == state else folder / state


njit = _compiler()
