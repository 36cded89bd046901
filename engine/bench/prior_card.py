"""Puts what ``tonewright bench prior --save FIGURES.json`` measured into the prior's card.

``python -m engine.bench.prior_card FIGURES.json prior.safetensors`` writes the card and prints the same as lines of a
table; ``python -m engine.weights.shelf prior.safetensors`` then makes it the net that comes with the program.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.errors import BadUsage
from engine.weights.net_file import NetFile, read_net, write_net

KIND = "prior"
_KEPT = ("name", "median", "unit", "n", "detail")


def measured(figures: Path) -> list[dict[str, Any]]:
    """The rows of the prior in a file of the benchmark; raises :class:`BadUsage` when there are none."""
    try:
        rows = json.loads(figures.read_text(encoding="utf-8"))["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadUsage(f"{figures} holds no figures of the benchmark ({error}).") from error
    found = [{name: row[name] for name in _KEPT} for row in rows if row["area"] == KIND]
    if not found:
        raise BadUsage(f"{figures} holds nothing of the prior; measure it with `tonewright bench prior --save`.")
    return found


def write_card(figures: Path, net: Path) -> list[dict[str, Any]]:
    """Put the figures into the card of ``net``, whose numbers stay as they are."""
    rows = measured(figures)
    file = read_net(net, KIND)
    write_net(net, NetFile(file.kind, file.settings, {**file.card, "measured": rows}, file.tensors))
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The same as lines of a table in Markdown."""
    lines = ["| what | figure | of | more |", "|---|---|---|---|"]
    for row in rows:
        figure = "-" if row["median"] is None else f"{row['median']:.2f} {row['unit']}".strip()
        lines.append(f"| {row['name']} | {figure} | {row['n'] or '-'} | {row['detail']} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(write_card(Path(sys.argv[1]), Path(sys.argv[2]))))
