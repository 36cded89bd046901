"""The rows of sets: what the judge hears in what a prior drew, how far that is from recordings, and what it is worth.

A figure is told with its floor (what recordings beside other recordings get), a 95 % interval over the groups that
recordings belong to, and only if it gets worse, step by step, along ladders of ever worse recordings.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.bench.frame import Row, Rows
from engine.metrics.embedding import Embedding
from engine.metrics.judge import Judge
from engine.metrics.sets import FD_ROWS_PER_DIM, fd, fd_of_any, inception_score, kad, paired_kl
from engine.metrics.trust import floor, grows, halves, interval, interval_with_repeats
from engine.training.corpus import Recording

Frames = NDArray[np.float16]
Ladders = Mapping[str, Sequence[float]]


@dataclass(frozen=True, eq=False)
class Sets:
    """Recordings, their frames, what was ``drawn`` for the caption of each, and each recording made worse."""

    recordings: Sequence[Recording]
    real: Sequence[Frames]
    drawn: Sequence[Frames]
    worse: Mapping[str, Sequence[Sequence[Frames]]]

    @property
    def groups(self) -> Tensor:
        """Which rows belong together: ``[n]``."""
        return _numbered([one.group for one in self.recordings])

    @property
    def classes(self) -> Tensor:
        return _numbered([one.klass for one in self.recordings])


def _numbered(names: Sequence[str]) -> Tensor:
    places = {name: n for n, name in enumerate(sorted(set(names)))}
    return torch.tensor([places[name] for name in names])


# -- what the judge hears -----------------------------------------------------------------------------


def agreement(judge: Judge, sets: Sets) -> Rows:
    """How often the class of the caption is heard, the score of the set, and how far its classes are from those of the
    recordings."""

    def heard_in(frames: Sequence[Frames]) -> Tensor:
        return torch.cat([judge.of_frames(torch.from_numpy(f).float()[None]) for f in frames])

    real, drawn = heard_in(sets.real), heard_in(sets.drawn)
    worse = {title: [heard_in(step) for step in steps] for title, steps in sets.worse.items()}
    place = torch.tensor([judge.classes.index(one.klass) for one in sets.recordings])[:, None]
    groups, n = sets.groups, len(sets.real)
    rng = torch.Generator().manual_seed(0)
    for k in (1, 3, 5):
        hits, own = [(p.argsort(1, descending=True)[:, :k] == place).any(1).double() for p in (drawn, real)]
        low, high = interval(lambda rows: 100.0 * float(rows[0].mean()), [hits], rng, groups=groups)
        detail = f"of recordings {100.0 * float(own.mean()):.1f} %; {_spread(low, high, ' %')}"
        yield Row("prior", f"class heard, top {k}", 100.0 * float(hits.mean()), math.nan, "%", n=n, detail=detail)
    yield _score(drawn, real, worse, groups, rng)
    low, high = interval(lambda rows: paired_kl(rows[0], rows[1]), [real, drawn], rng, paired=True, groups=groups)
    others = [paired_kl(real, real[order]) for order in (_others_of_class(sets, rng), torch.randperm(n, generator=rng))]
    ladders = {title: [paired_kl(real, step) for step in steps] for title, steps in worse.items()}
    detail = (
        f"{_spread(low, high)}; floor, other recordings of the class: {others[0]:.2f}; any other recordings "
        f"{others[1]:.2f}; {_told(ladders)}"
    )
    yield _row("KL[own judge]", paired_kl(real, drawn), ladders, 0.0, n, detail, "nat")


def _score(
    drawn: Tensor, real: Tensor, worse: Mapping[str, Sequence[Tensor]], groups: Tensor, rng: torch.Generator
) -> Row:
    low, high = interval(lambda rows: inception_score(rows[0]), [drawn], rng, groups=groups)
    half = inception_score(real[halves(len(real), rng, groups)[0]])
    whole = inception_score(real)
    # More is better: along a ladder it has to fall.
    ladders = {title: [-inception_score(step) for step in steps] for title, steps in worse.items()}
    shown = {title: [-value for value in steps] for title, steps in ladders.items()}
    detail = f"{_spread(low, high)}; of recordings {whole:.2f}, of half of them {half:.2f}; {_told(shown)}"
    return _row("IS[own judge]", inception_score(drawn), ladders, -whole, len(drawn), detail, "", shown)


def _others_of_class(sets: Sets, rng: torch.Generator) -> Tensor:
    """For each recording the place of another of its class, of another group where there is one."""
    classes, groups = sets.classes, sets.groups
    found = []
    for place in range(len(classes)):
        alike = classes == classes[place]
        others = (alike & (groups != groups[place])).nonzero()[:, 0]
        pool = others if len(others) else alike.nonzero()[:, 0]
        found.append(int(pool[int(torch.randint(len(pool), (1,), generator=rng))]))
    return torch.tensor(found)


# -- how far the sets are apart -----------------------------------------------------------------------


def distances(ear: Embedding, sets: Sets, known: Tensor, known_classes: Sequence[str]) -> Rows:
    """KAD and FD by what the ear makes of them; ``known`` ``[m, dim]`` are other recordings, of other groups."""
    reference, heard = ear(sets.real), ear(sets.drawn)
    worse = {title: [ear(step) for step in steps] for title, steps in sets.worse.items()}
    yield _kad(ear.name, sets, reference, heard, worse)
    yield _fd(ear.name, sets, reference, heard, worse, known, _numbered(known_classes))


def _kad(name: str, sets: Sets, reference: Tensor, heard: Tensor, worse: Mapping[str, Sequence[Tensor]]) -> Row:
    rng, groups = torch.Generator().manual_seed(0), sets.groups
    one, other = halves(len(reference), rng, groups)
    even = sets.classes % 2 == 0
    # A sound beside itself made worse would be nearer than any two sounds are: one half beside the other half.
    ladders = {title: [kad(reference[one], step[other]) for step in steps] for title, steps in worse.items()}
    ladders["other classes"] = [kad(reference[even], reference[~even])]
    least = floor(kad, reference, rng, groups)
    low, high = interval(lambda rows: kad(rows[0], rows[1]), [reference, heard], rng, paired=True, groups=groups)
    detail = f"{_spread(low, high)}; floor {least:.2f}; {_told(ladders)}"
    return _row(f"KAD[{name}]", kad(reference, heard), ladders, least, len(reference), detail)


def _fd(
    name: str,
    sets: Sets,
    reference: Tensor,
    heard: Tensor,
    worse: Mapping[str, Sequence[Tensor]],
    known: Tensor,
    known_classes: Tensor,
) -> Row:
    """Half of the recordings would be too few: floor and ladders stand beside as many of the ``known`` ones."""
    n, needed = len(reference), FD_ROWS_PER_DIM * reference.shape[1]
    title = f"FD[{name}]"
    even = known_classes % 2 == 0
    kinds = known[even][:n], known[~even][:n]
    if (fewest := min(n, len(known), len(kinds[0]), len(kinds[1]))) < needed:
        return Row.skipped("prior", title, f"not told: it takes {needed} sounds in each set, and one has {fewest}")
    beside = known[:n]
    ladders = {words: [fd(beside, step) for step in steps] for words, steps in worse.items()}
    ladders["other classes"] = [fd(*kinds)]
    least = fd(beside, reference)
    rng = torch.Generator().manual_seed(0)
    low, high = interval_with_repeats(lambda rows: fd_of_any(rows[0], rows[1]), [reference, heard], sets.groups, rng)
    detail = f"{_spread(low, high)}; floor {least:.2f}; {_told(ladders)}"
    return _row(title, fd(reference, heard), ladders, least, n, detail)


# -- words --------------------------------------------------------------------------------------------


def _spread(low: float, high: float, unit: str = "") -> str:
    return f"95 % interval {low:.2f} to {high:.2f}{unit}"


def _told(ladders: Ladders) -> str:
    return "; ".join(f"{title}: {', '.join(f'{d:.2f}' for d in steps)}" for title, steps in ladders.items())


def _row(
    title: str,
    value: float,
    ladders: Ladders,
    least: float,
    n: int,
    detail: str,
    unit: str = "",
    shown: Ladders | None = None,
) -> Row:
    """The row of a figure, or the row that says why it is not told."""
    fails = [ladder for ladder, is_so in grows(ladders, least).items() if not is_so]
    if fails:
        why = f"not told, for it does not get worse along {', '.join(fails)}: {_told(shown or ladders)}"
        return Row.skipped("prior", title, why)
    return Row("prior", title, value, math.nan, unit, n=n, detail=detail)
