"""Which priors can be asked on this machine, as plain values: nothing of them is loaded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from engine.jobs import Note
from engine.playing import Kind
from engine.sds.result import OWN_PRIOR
from engine.weights.catalog import OWN_LICENCE, catalogue
from engine.weights.places import place_of

OWN_TITLE = "Tonewright"
_PURPOSE = "prior:"


@dataclass(frozen=True, slots=True)
class PriorEntry:
    """A prior by the ``id`` that a tuning names, what people call it, and the ``licence`` of what it makes."""

    id: str
    title: str
    licence: str


def prior_steps(kind: Kind) -> Generator[Note, None, tuple[PriorEntry, ...]]:
    """Our own first, then the public ones whose files are here."""
    found = [PriorEntry(OWN_PRIOR, OWN_TITLE, OWN_LICENCE.id)]
    for weight in catalogue().values() if kind == "real" else ():
        yield Note(None)
        if weight.purpose.startswith(_PURPOSE) and place_of(weight) is not None:
            found.append(PriorEntry(weight.id, weight.title, weight.licence.title))
    yield Note(1.0)
    return tuple(found)
