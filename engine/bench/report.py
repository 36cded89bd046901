"""The benchmark's table and its JSON file: what machine it was, and what every row came to."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.bench.frame import Area, Row
from engine.errors import BadUsage, EngineError

HEADINGS = ("area", "what", "median", "p95", "unit", "n", "mark", "")
_RIGHT = {2, 3, 5}


def measure(name: str, area: Area) -> list[Row]:
    """All rows of an area; what it cannot measure here becomes a skipped row, so that the other areas still run."""
    rows: list[Row] = []
    try:
        rows.extend(area())
    except (EngineError, ImportError) as error:
        rows.append(Row.skipped(name, "could not go on", str(error)))
    return rows


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    try:
        torch: str | None = metadata.version("torch")
    except metadata.PackageNotFoundError:
        torch = None
    return {
        "cpu": _cpu_name(),
        "cores": _usable_cores(),
        "python": platform.python_version(),
        "torch": torch,
        "os": platform.platform(terse=True),
    }


def machine_line(facts: dict[str, Any]) -> str:
    """The machine in one line for people."""
    cores = "1 core" if facts["cores"] == 1 else f"{facts['cores']} cores"
    return f"{facts['cpu']}, {cores}, Python {facts['python']}, torch {facts['torch'] or 'absent'}, {facts['os']}"


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text, with a line of headings."""
    cells = [HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADINGS))]
    lines = []
    for line in cells:
        padded = (c.rjust(w) if i in _RIGHT else c.ljust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def as_json(rows: Sequence[Row], facts: dict[str, Any]) -> dict[str, Any]:
    """The whole result as a plain dictionary."""
    return {"machine": facts, "rows": [row.to_json() for row in rows]}


def save(rows: Sequence[Row], facts: dict[str, Any], path: Path) -> None:
    """Write the result as JSON; raises :class:`BadUsage` when the place cannot be written."""
    try:
        path.write_text(json.dumps(as_json(rows, facts), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadUsage(f"The figures cannot be saved to {path}: {error.strerror or error}.") from error


def _cells(row: Row) -> tuple[str, ...]:
    what = f"{row.name} ({row.detail})" if row.detail else row.name
    if row.n == 0:
        return (row.area, what, "", "", "", "0", "", "skipped")
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    mark = str(row.mark or "")
    return (row.area, what, _figure(row.median), _figure(row.p95), row.unit, str(row.n), mark, verdict)


def _figure(value: float) -> str:
    """Three significant figures, never in powers of ten."""
    size = abs(value)
    return (
        f"{value:.0f}"
        if size >= 100
        else f"{value:.1f}"
        if size >= 10
        else f"{value:.2f}"
        if size >= 1
        else f"{value:.3f}"
    )


def _usable_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass  # Only Linux has that file; elsewhere the platform module knows.
    return platform.processor() or platform.machine()
