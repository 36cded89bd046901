"""Loading torch, in one place: late, once, and with threads that leave the rest of the machine alone.

Two OpenMP threads that spin on a busy two-core machine were measured ten times slower than one, so torch works on one
thread here and idle threads sleep. Engine jobs and the command line call :func:`load_torch`; the window never does.
"""

from __future__ import annotations

import os

N_THREADS = 1


def prepare_environment() -> None:
    """Set what OpenMP reads once while torch loads; a value that the person chose stays."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def torch_is_loaded() -> bool:
    """Whether :func:`load_torch` has finished, so that a job with torch in it starts at once."""
    return bool(_settled)


def load_torch() -> None:
    """Import torch (seconds, the first time) and settle its threads; later calls cost nothing."""
    if _settled:
        return
    prepare_environment()
    import torch

    torch.set_num_threads(N_THREADS)
    _settled.append(True)


_settled: list[bool] = []
