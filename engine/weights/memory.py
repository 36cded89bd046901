"""How much memory is free, without a package for it: on a GPU, and on the machine."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

_CGROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
    ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
"""What a container may take, and takes: the machine around it may have much more."""


def free_bytes(device: str = "cpu") -> int | None:
    """What can still be taken on ``device``; ``None`` when the system does not say."""
    return _free_on_gpu(device) if device.startswith("cuda") else _free_on_machine()


def let_go(device: str) -> None:
    """Hand what torch keeps for itself on a GPU back, so that it can be taken anew."""
    torch = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def in_words(n_bytes: float) -> str:
    """``1.3 GB``, ``36 MB``; of a thousand, as shops and file managers count."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= size:
            value = n_bytes / size
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{n_bytes:.0f} bytes"


def _free_on_gpu(device: str) -> int | None:
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return None
    free: int = torch.cuda.mem_get_info(device)[0]
    kept: int = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return free + kept


def _free_on_machine() -> int | None:
    found = [value for value in (_available(), *(_left(*names) for names in _CGROUPS)) if value is not None]
    return min(found, default=None)


def _available() -> int | None:
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    if sys.platform == "win32":
        return _available_on_windows()
    try:
        # No word of what is free: half of what there is.
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, OSError, ValueError):
        return None


def _available_on_windows() -> int | None:
    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("all", "free", "all_page", "free_page", "all_v", "free_v", "ext")
            ),
        )

    status = Status(length=ctypes.sizeof(Status))
    windll = getattr(ctypes, "windll", None)
    if windll is None or not windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return int(status.free)


def _left(limit: str, taken: str) -> int | None:
    try:
        return max(int(Path(limit).read_text("ascii")) - int(Path(taken).read_text("ascii")), 0)
    except (OSError, ValueError):
        return None
