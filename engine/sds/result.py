"""What words ask for and what a tuning finds, as plain values: the window shows them, the command line writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.about import NOTHING, About
from engine.audio.values import Audio
from engine.jobs import Note
from engine.params import Patch
from engine.params.note import NoteSettings
from engine.sds.usual import OWN_PRIOR as OWN_PRIOR
from engine.sds.usual import TUNE_S as TUNE_S

N_CANDIDATES = 6
"""So many are offered, best first."""


@dataclass(frozen=True)
class TuneRequest:
    """What is wanted: ``prompt`` and what not (``negative``), of which instrument.

    ``guidance`` is ``w`` in ``without + w (with - without)``, ``None`` for what the prior's makers advise.
    ``start_note`` plays ``start`` where the search goes on from the very sound of it. ``reach`` says how far from
    ``start`` the result may be: 0 stays there, 1 is anything. Parameters in ``locked`` keep the values of ``start``
    (or their defaults); those in ``narrowed`` stay between two human values. ``seconds`` bound the work. ``name`` is
    what the patches are called; they are called by the prompt when it is empty.
    """

    prompt: str
    synth: str = "fm"
    negative: str = ""
    guidance: float | None = None
    start: Patch | None = None
    reach: float = 1.0
    locked: frozenset[str] = frozenset()
    narrowed: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    seed: int = 0
    seconds: float = TUNE_S
    prior: str = OWN_PRIOR
    name: str = ""
    start_note: NoteSettings | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "locked", frozenset(self.locked))
        object.__setattr__(self, "narrowed", MappingProxyType(dict(self.narrowed)))


@dataclass(frozen=True)
class Candidate:
    """A patch that suits the words, and how it was played.

    ``score`` is how well it fits, and what candidates are ordered by: what the listener finds, -1 to 1, less a little
    for each decibel that it is away from what the prior wants, which is ``loss``; ``audio`` how it sounds, brought to
    the one level of all candidates, at 24 kHz; ``stage`` where it comes from: ``"bank"``, ``"evolved"`` or
    ``"refined"``.
    """

    patch: Patch
    note: NoteSettings
    score: float
    loss: float
    audio: Audio
    stage: str


TuneCandidate = Candidate
"""Its name where there are those of a match too."""


@dataclass(frozen=True)
class Moment:
    """Where the search stood ``seconds`` after it began: the best patch then, and what was being done."""

    seconds: float
    stage: str
    text: str
    patch: Patch
    note: NoteSettings
    loss: float
    score: float


@dataclass(frozen=True, slots=True)
class PlanNote(Note):
    """Its text is how a large prior will be run on this machine; it comes before the prior is."""


@dataclass(frozen=True)
class TuneState:
    """A tuning under way: ``candidates`` best first, ``moments`` the whole way so far, ``wanted`` what the prior drew.

    ``arrows`` say which way a parameter of the best candidate would have to go to be more like the words, -1 to 1.
    ``bank_size`` patches of ``bank_full`` are there to choose from. ``licence`` is that of the prior's weights: who
    stops and keeps what is there needs it as much as who waits for the result.
    """

    candidates: tuple[Candidate, ...]
    moments: tuple[Moment, ...] = ()
    wanted: tuple[Audio, ...] = ()
    arrows: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    bank_size: int = 0
    bank_full: int = 0
    licence: str = ""


@dataclass(frozen=True)
class TuneResult:
    """What came of it. ``start_score`` is that of the patch it began with, ``licence`` that of the ``prior``'s
    weights."""

    candidates: tuple[Candidate, ...]
    moments: tuple[Moment, ...]
    wanted: tuple[Audio, ...]
    arrows: Mapping[str, float]
    start_score: float | None
    prior: str
    licence: str
    seconds: float
    notice: str = ""


@dataclass(frozen=True)
class Imagined:
    """What a prior drew for words, as a sound at its own rate and with its own channels. ``about`` goes with it
    wherever it goes; ``plan`` is how a large prior was run, empty for small ones."""

    audio: Audio
    prompt: str
    seed: int
    prior: str
    licence: str
    about: About = NOTHING
    plan: str = ""
