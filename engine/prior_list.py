"""Which priors can be asked on this machine, as plain values: nothing of them is loaded."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from engine.jobs import Note
from engine.playing import Kind
from engine.sds.door import longest_s
from engine.sds.usual import OWN_LONGEST_S, OWN_PRIOR
from engine.weights.catalog import OWN_LICENCE, catalogue
from engine.weights.places import place_of
from engine.weights.shelf import missing

OWN_TITLE = "Tonewright"
_PURPOSE = "prior:"


@dataclass(frozen=True, slots=True)
class PriorEntry:
    """A prior by the ``id`` that a tuning names, what people call it, and the ``licence`` of what it makes.

    ``longest_s`` is how long its sounds are at most. What is ``missing`` before it can draw, or before what it draws
    can be listened to and turn knobs (``missing_to_tune``), is a sentence with the way out; empty where nothing is.
    """

    id: str
    title: str
    licence: str
    longest_s: float = OWN_LONGEST_S
    missing: str = ""
    missing_to_tune: str = ""


def prior_steps(kind: Kind) -> Generator[Note, None, tuple[PriorEntry, ...]]:
    """Our own first, then the public ones whose files are here."""
    no_prior, no_listener = ("", "") if kind == "fake" else (missing("prior"), missing("listener"))
    found = [PriorEntry(OWN_PRIOR, OWN_TITLE, OWN_LICENCE.id, OWN_LONGEST_S, no_prior, no_prior or no_listener)]
    for weight in catalogue().values() if kind == "real" else ():
        yield Note(None)
        if weight.purpose.startswith(_PURPOSE) and place_of(weight) is not None:
            licence = weight.licence.title
            found.append(PriorEntry(weight.id, weight.title, licence, longest_s(weight.id), "", no_listener))
    yield Note(1.0)
    return tuple(found)
