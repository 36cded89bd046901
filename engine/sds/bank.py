"""Thousands of patches and a print of each, to ask which of them sound like what a prior has drawn.

The bank of an instrument is the same on every machine: its patches follow from their numbers. It is rendered once and
kept in the person's cache folder, in parts, each written as a whole, under a hash of all code and settings that it
depends on. Until the last part is there, those that are serve. ``python -m engine.sds.bank`` makes all of them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.dsp.mel import HOP, RATE_HZ
from engine.matching.crew import Crew
from engine.params import IMPACT_SPACE, Patch
from engine.params.note import VELOCITY
from engine.params.spaces import SPACES
from engine.project.presets import factory_presets
from engine.sds.draws import entry
from engine.sds.prints import BANK_SLOTS, EDGES, prints_of
from engine.synths.catalog import synth_of

R = TypeVar("R")

N_FULL = 4096
PART = 512
"""The first part is made at once, the others in the background."""
LENGTH_S = (EDGES[BANK_SLOTS] + 2) * HOP / RATE_HZ
_BATCH = 16
_SILENT = 1e-5
_OLD_S = 30 * 86_400.0


@dataclass(frozen=True, eq=False)
class Bank:
    """``n`` patches: ``units`` ``[n, n_units]``, their ``notes`` and ``holds_s`` ``[n]``, and ``prints``
    ``[n, slots, pairs]``. All have the seed 0."""

    units: Tensor
    notes: Tensor
    holds_s: Tensor
    prints: Tensor

    @property
    def size(self) -> int:
        return self.units.shape[0]

    @classmethod
    def joined(cls, parts: Sequence[Bank]) -> Bank:
        return cls(
            torch.cat([part.units for part in parts]),
            torch.cat([part.notes for part in parts]),
            torch.cat([part.holds_s for part in parts]),
            torch.cat([part.prints for part in parts]),
        )


def read_bank(synth: str, folder: Path | None = None) -> Bank | None:
    """What there is of the bank of ``synth``: all parts up to the first that is missing; ``None`` without any."""
    parts = []
    for number in range(N_FULL // PART):
        part = _read(_part_path(synth, number, folder))
        if part is None:
            break
        parts.append(part)
    return Bank.joined(parts) if parts else None


def is_begun(synth: str, folder: Path | None = None) -> bool:
    """Whether the first part is there and whole."""
    return _read(_part_path(synth, 0, folder)) is not None


def fill_steps(synth: str, most: int = N_FULL, folder: Path | None = None) -> Generator[float, None, None]:
    """Make the parts of the bank that are missing, up to ``most`` patches; yields the share that is there."""
    crew = Crew()
    try:
        for number in range(-(-most // PART)):
            path = _part_path(synth, number, folder)
            if _read(path) is None:
                for done in _make(synth, number, path, crew):
                    yield (number * PART + done) / most
    finally:
        crew.close()
    _forget_old(_part_path(synth, 0, folder).parent)


def _forget_old(own: Path) -> None:
    """Banks of other states of the program that nobody has read for long."""
    for other in own.parent.iterdir() if own.is_dir() else ():
        if other != own and time.time() - other.stat().st_mtime > _OLD_S:
            shutil.rmtree(other, ignore_errors=True)


def entries(synth: str, numbers: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Units, notes and holds of those numbers of the bank of ``synth``."""
    presets = _factory(synth)
    found = [entry(synth, number, presets, PART) for number in numbers]
    units = torch.tensor(np.array([one.patch.unit() for one in found]), dtype=torch.float32)
    return units, torch.tensor([float(one.note) for one in found]), torch.tensor([one.hold_s for one in found])


def render(
    synth: str, units: Tensor, notes: Tensor, holds_s: Tensor, length_s: float, seed: int = 0, *, full: bool = False
) -> Tensor:
    """``units`` ``[batch, n_units]`` as mono sounds ``[batch, n]`` at :data:`RATE_HZ`; what is no number is silent.

    Their noise is that of a patch with this seed.
    """
    with torch.no_grad():
        sounds = synth_of(synth).render(
            units,
            note=notes,
            velocity=VELOCITY.default,
            hold_s=holds_s,
            duration_s=length_s,
            sample_rate=RATE_HZ,
            rng=torch.Generator().manual_seed(seed),
            quality="default" if full else "draft",
        )
        mono = sounds.mean(1).float()
        return torch.where(mono.isfinite().all(1, keepdim=True), mono, torch.zeros(1))


def _make(synth: str, number: int, path: Path, crew: Crew) -> Generator[float, None, None]:
    """Render a part and write it; yields how much of it is done, in patches."""
    hands = crew.n_hands if number == 0 else 1
    first = number * PART
    numbers = [range(at, at + _BATCH) for at in range(first, first + PART, _BATCH)]
    drawn = yield from _mapped(crew, lambda part: entries(synth, part), numbers, hands, 0.0, 0.1 * PART)
    units, notes, holds_s = (torch.cat(column) for column in zip(*drawn, strict=True))
    # Rows of a batch cost what the dearest of them does, so like goes with like.
    order = _by_cost(synth, units)
    batches = [order[at : at + _BATCH] for at in range(0, PART, _BATCH)]

    def heard(rows: Tensor) -> Tensor:
        sounds = render(synth, units[rows], notes[rows], holds_s[rows], LENGTH_S)
        prints = prints_of(sounds, BANK_SLOTS)
        # What is silent is like nothing.
        prints[sounds.abs().amax(1) < _SILENT] = 0
        return prints

    parts = yield from _mapped(crew, heard, batches, hands, 0.1 * PART, 0.9 * PART)
    prints = torch.cat(parts)[torch.argsort(order)]
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        save_file({"units": units, "notes": notes, "holds_s": holds_s, "prints": prints}, temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    yield float(PART)


def _mapped(
    crew: Crew, work: Callable[[Any], R], parts: Sequence[Any], hands: int, begin: float, span: float
) -> Generator[float, None, list[R]]:
    """``work`` of each part, ``hands`` at a time; yields ``begin`` and up to ``span`` more."""
    found: list[R] = []
    for at in range(0, len(parts), hands):
        steps = crew.map(work, parts[at : at + hands])
        try:
            while True:
                next(steps)
                yield begin + span * at / len(parts)
        except StopIteration as stop:
            found += stop.value
    return found


def _by_cost(synth: str, units: Tensor) -> Tensor:
    if synth != IMPACT_SPACE.name:
        return torch.arange(units.shape[0])
    room, contact, modes = (units[:, IMPACT_SPACE.place(name)][:, 0] for name in ("room", "contact_db", "modes"))
    return torch.argsort(4.0 * (room > 0.0) + 2.0 * (contact > 0.0) + modes, stable=True)


def _read(path: Path) -> Bank | None:
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return None
    return _part(path, stamp)


@cache
def _part(path: Path, _stamp: int) -> Bank | None:
    try:
        found = load_file(path)
        return Bank(found["units"], found["notes"], found["holds_s"], found["prints"])
    except (OSError, SafetensorError, KeyError):
        return None


def _part_path(synth: str, number: int, folder: Path | None) -> Path:
    return (folder or _folder()) / synth / state(synth) / f"{number:02d}.safetensors"


def _folder() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("tonewright", appauthor=False) / "bank"


@cache
def _factory(synth: str) -> tuple[Patch, ...]:
    return tuple(patch for patch in factory_presets() if patch.synth == synth)


@cache
def state(synth: str) -> str:
    """A name for everything that the bank depends on."""
    engine = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256(f"{N_FULL} {PART} {LENGTH_S}".encode())
    paths = [path for part in ("dsp", "params", "synths") for path in sorted((engine / part).glob("*.py"))]
    paths += [engine / "matching" / "draws.py", *(engine / "sds" / f"{name}.py" for name in ("draws", "prints"))]
    for path in paths:
        digest.update(path.read_bytes())
    for patch in _factory(synth):
        digest.update(np.array(patch.unit()).tobytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    from engine.torch_setup import load_torch

    load_torch()
    for name in SPACES:
        for share in fill_steps(name):
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{name} {100.0 * share:3.0f} %")
        sys.stderr.write(f"{_part_path(name, 0, None).parent}\n")
