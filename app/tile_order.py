"""Where candidates stand while better ones keep arriving: best first, but nothing moves under a pointer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def places(shown: Sequence[K], found: Sequence[K], *, held: bool, kept: K | None = None) -> list[K]:
    """The order in which to show ``found``, which comes best first; ``shown`` is the order so far.

    While it is ``held`` everything stays where it is, and what is new takes the places of what has gone. What somebody
    has chosen is ``kept``, even if it is not among the best any more.

    >>> places("abc", "dab", held=False)
    ['d', 'a', 'b']
    >>> places("abc", "dab", held=True)
    ['a', 'b', 'd']
    >>> places("abc", "dab", held=True, kept="c")
    ['a', 'd', 'c']
    """
    wanted = list(dict.fromkeys(found))
    if kept is not None and kept not in wanted:
        # As many as were found, and not more: the least good one gives way.
        wanted = [*wanted[: max(len(wanted) - 1, 0)], kept]
    if not held:
        return wanted
    new = iter([key for key in wanted if key not in shown])
    stays = [key if key in wanted else next(new, None) for key in shown]
    return [key for key in (*stays, *new) if key is not None]
