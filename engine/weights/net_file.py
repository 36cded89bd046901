"""Our own nets as files: safetensors with fp16 numbers, and what they are as JSON in the header.

A file is one net: its tensors, the settings that build it again, and a card that says what it was trained on. Writing
is atomic; whoever reads while it happens sees the old file or the new one.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import WeightError

if TYPE_CHECKING:
    from torch import Tensor

_LONGEST_HEADER = 100_000_000
"""Bytes; what the format itself allows."""
_KIND, _SETTINGS, _CARD = "tonewright.kind", "tonewright.settings", "tonewright.card"


@dataclass(frozen=True, eq=False)
class NetFile:
    """What a file holds: the ``kind`` of net (``prior judge listener``), what builds it, its card and its tensors."""

    kind: str
    settings: Mapping[str, Any]
    card: Mapping[str, Any]
    tensors: Mapping[str, Tensor] = field(repr=False)


def write_net(path: Path, net: NetFile, *, narrow: bool = True) -> None:
    """Write ``net``; unless told otherwise, floats of more than 16 bits are rounded to fp16.

    Raises :class:`WeightError` when the place does not allow it.
    """
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
    except OSError as error:
        raise WeightError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def read_kind(path: Path) -> str:
    """What kind of net a file holds, empty for something else; without torch. Raises :class:`WeightError`."""
    return _header(path).get(_KIND, "")


def read_card(path: Path, kind: str) -> dict[str, Any]:
    """The card of the net in ``path``, without torch and without its numbers; raises :class:`WeightError`."""
    header = _header(path)
    _check_kind(path, header.get(_KIND), kind)
    try:
        return dict(json.loads(header[_CARD]))
    except (KeyError, TypeError, ValueError) as error:
        raise WeightError(_damaged(path, error)) from error


def _header(path: Path) -> dict[str, str]:
    """The words in a safetensors file: its length in 8 bytes, then JSON."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > _LONGEST_HEADER:
                raise ValueError("its header is too long")
            found = json.loads(file.read(length))
        return {str(name): str(value) for name, value in (found.get("__metadata__") or {}).items()}
    except FileNotFoundError:
        raise WeightError(f"There is no file {path}.") from None
    except (OSError, ValueError, AttributeError) as error:
        raise WeightError(_damaged(path, error)) from error


def _check_kind(path: Path, found: str | None, kind: str) -> None:
    if found != kind:
        raise WeightError(f"{path} holds {found or 'something else'} and not a {kind}; choose another file.")


def _damaged(path: Path, error: Exception) -> str:
    return f"{path} is damaged and cannot be read ({error}); fetch or train it again."


def read_net(path: Path, kind: str) -> NetFile:
    """The net in ``path``; raises :class:`WeightError` when it is missing, damaged or of another kind."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            _check_kind(path, header.get(_KIND), kind)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            return NetFile(kind, json.loads(header[_SETTINGS]), json.loads(header[_CARD]), tensors)
    except FileNotFoundError:
        raise WeightError(f"There is no file {path}; train one with `tonewright train {kind}`.") from None
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise WeightError(_damaged(path, error)) from error
