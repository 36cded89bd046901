"""Our own nets as files: safetensors with fp16 numbers, and what they are as JSON in the header.

A file is one net: its tensors, the settings that build it again, and a card that says what it was trained on. Writing
is atomic; whoever reads while it happens sees the old file or the new one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import WeightError

if TYPE_CHECKING:
    from torch import Tensor

_KIND, _SETTINGS, _CARD = "tonewright.kind", "tonewright.settings", "tonewright.card"


@dataclass(frozen=True, eq=False)
class NetFile:
    """What a file holds: the ``kind`` of net (``prior judge listener``), what builds it, its card and its tensors."""

    kind: str
    settings: Mapping[str, Any]
    card: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(repr=False)


def write_net(path: Path, net: NetFile, *, narrow: bool = True) -> None:
    """Write ``net``; unless told otherwise, floats of more than 16 bits are rounded to fp16."""
    import torch
    from safetensors.torch import save

    tensors = {}
    for name, value in net.tensors.items():
        value = value.detach().cpu()
        is_wide = value.dtype in (torch.float32, torch.float64)
        tensors[name] = (value.half() if narrow and is_wide else value).contiguous()
    header = {_KIND: net.kind, _SETTINGS: json.dumps(dict(net.settings)), _CARD: json.dumps(dict(net.card))}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(save(tensors, metadata=header))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_net(path: Path, kind: str) -> NetFile:
    """The net in ``path``; raises :class:`WeightError` when it is missing, damaged or of another kind."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            found = header.get(_KIND)
            if found != kind:
                raise WeightError(f"{path} holds {found or 'something else'} and not a {kind}; choose another file.")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            return NetFile(kind, json.loads(header[_SETTINGS]), json.loads(header[_CARD]), tensors)
    except FileNotFoundError:
        raise WeightError(f"There is no file {path}; train one with `tonewright train {kind}`.") from None
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise WeightError(f"{path} is damaged and cannot be read ({error}); fetch or train it again.") from error
