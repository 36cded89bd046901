"""``tonewright models``: the nets on this machine, and those that can be fetched."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from engine.errors import BadUsage, WeightError
from engine.terminal import Answer, Parser, Progress
from engine.weights import shelf, store
from engine.weights.catalog import OWN_LICENCE, Weight, catalogue, find
from engine.weights.fetching import fetch
from engine.weights.memory import in_words
from engine.weights.places import Place, arrived_bytes, home, place_of

if TYPE_CHECKING:
    from engine.bench.frame import Area
    from engine.jobs import Note

R = TypeVar("R")
_CARD_FIGURES = 4


def add_arguments(parser: Parser) -> None:
    kinds = parser.add_subparsers(
        dest="what", metavar="list | fetch | remove | verify | add", required=True, parser_class=Parser
    )
    listing = kinds.add_parser("list", help="name the nets", description="Name the nets.")
    fetching = kinds.add_parser(
        "fetch",
        help="fetch a public net from its makers",
        description="Fetch a public net. Ctrl+C stops it, and the same command goes on where it stopped.",
    )
    fetching.add_argument("id", metavar="ID", help="the net, as list names it")
    fetching.add_argument(
        "--accept-licence", action="store_true", help="agree to its licence without being asked (for scripts)"
    )
    removing = kinds.add_parser("remove", help="delete what was fetched", description="Delete what was fetched.")
    removing.add_argument("id", metavar="ID", help="the net, as list names it")
    verifying = kinds.add_parser(
        "verify", help="read nets and compare their hashes", description="Read nets and compare their hashes."
    )
    verifying.add_argument("id", metavar="ID", nargs="?", default="", help="only this one (default: all that are here)")
    adding = kinds.add_parser(
        "add",
        help="use a folder that holds a public net already",
        description="Use a folder that holds a public net already; nothing is copied.",
    )
    adding.add_argument("id", metavar="ID", help="the net, as list names it")
    adding.add_argument("folder", metavar="FOLDER", type=Path, help="the folder with its files")
    for command in (listing, fetching, removing, verifying, adding):
        # Given before the word or after it.
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the result as JSON")


def run(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    return _COMMANDS[arguments.what](arguments)


# -- list ---------------------------------------------------------------------------------------------


def _list(_arguments: argparse.Namespace) -> Answer:
    own = [_own_row(kind) for kind in _own_kinds()]
    public = [_public_row(weight) for weight in catalogue().values()]
    lines = [f"Our own, {OWN_LICENCE.title}, in {shelf.place_of('prior').parent}:"]
    lines += [f"  {row['id']:<10}{_size(row):>8}  {row['knows']}{_figures(row)}" for row in own]
    if not own:
        lines.append("  none; `tonewright train` makes them")
    lines += ["", f"Public, fetched into {home()}:"]
    width = max(len(row["id"]) for row in public)
    for row in public:
        lines.append(f"  {row['id']:<{width}}{_size(row):>8}  {row['purpose']}")
        lines.append(f"  {'':<{width}}{'':>8}  {row['licence']['title']}; {row['words']}")
    return Answer("\n".join(lines), {"own": own, "public": public, "folder": str(home())})


def _own_kinds() -> list[str]:
    """What of our own is here, and what should be."""
    expected = shelf.own_hashes()
    return [kind for kind in shelf.KINDS if shelf.is_there(kind) or kind in expected]


def _own_row(kind: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": kind, "knows": shelf.KINDS[kind], "licence": OWN_LICENCE.to_json()}
    row["path"] = str(shelf.place_of(kind))
    try:
        row["card"] = dict(shelf.card(kind))
        row["size_bytes"] = shelf.place_of(kind).stat().st_size
        row["problem"] = ""
    except WeightError as error:
        row |= {"card": {}, "size_bytes": 0, "problem": str(error)}
    return row


def _public_row(weight: Weight) -> dict[str, Any]:
    place, arrived = place_of(weight), arrived_bytes(weight)
    return {
        "id": weight.id,
        "title": weight.title,
        "purpose": weight.purpose,
        "source": weight.source,
        "revision": weight.revision,
        "page": weight.page,
        "size_bytes": weight.size_bytes,
        "vram_gib": weight.vram_gib,
        "base": weight.base,
        "gated": weight.gated,
        "licence": {**weight.licence.to_json(), "terms": weight.licence.terms},
        "state": place.origin if place is not None else "partly" if arrived else "absent",
        "path": str(place.path) if place is not None else None,
        "arrived_bytes": arrived,
        "words": _state(weight, place, arrived),
    }


def _state(weight: Weight, place: Place | None, arrived: int) -> str:
    if place is not None:
        return {
            "fetched": "here",
            "hub": f"here, fetched by another program into {place.path}",
            "folder": f"here, in {place.path}",
        }[place.origin]
    if arrived:
        return f"{100 * arrived / max(weight.size_bytes, 1):.0f} % fetched"
    return "not here" + (", its makers ask who you are" if weight.gated else "")


def _size(row: Mapping[str, Any]) -> str:
    return in_words(row["size_bytes"]) if row["size_bytes"] else "-"


def _figures(row: Mapping[str, Any]) -> str:
    """The first few numbers of a card, or what is wrong with the net."""
    if row["problem"]:
        return f"\n  {'':<10}{'':>8}  {row['problem']}"
    numbers = [(name, value) for name, value in row["card"].items() if _is_number(value)]
    chosen = sorted(numbers, key=lambda item: item[0] not in ("step", "minutes"))[: 2 + _CARD_FIGURES]
    words = ", ".join(
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in chosen
    )
    return f"\n  {'':<10}{'':>8}  {words}" if words else ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


# -- the others ---------------------------------------------------------------------------------------


def _fetch(arguments: argparse.Namespace) -> Answer:
    weight = _public(arguments.id)
    place = place_of(weight)
    if place is None:
        _agree(weight, arguments.accept_licence)
        try:
            _through(f"fetching {weight.title}", lambda: fetch(weight, accepted=True))
        except KeyboardInterrupt:
            begin = "\n" if sys.stderr.isatty() else ""  # Behind the line that shows how far it is.
            sys.stderr.write(f"{begin}Stopped. What has arrived is kept, and the same command goes on with it.\n")
            raise
        place = place_of(weight)
        words = f"{weight.title} is here now"
    else:
        words = f"{weight.title} was here already"
    path = place.path if place is not None else store.located_of(weight)
    more = _more_words(weight)
    return Answer(
        f"{words}: {path}" + (f"\n{more}" if more else ""),
        {"id": weight.id, "path": str(path), "licence": weight.licence.to_json(), "notice": more},
    )


def _agree(weight: Weight, accepted: bool) -> None:
    """Show the licence and ask, or take the word that was given; raises :class:`BadUsage` when there is no yes."""
    licence = weight.licence
    words = (
        f"{weight.title}: {in_words(weight.size_bytes)} from {weight.page}\n"
        f"Licence: {licence.title}, {licence.url}\n{licence.terms}"
    )
    if weight.gated:
        words += f"\nIts makers ask who you are: agree to their conditions at {weight.page} first."
    # A script has agreed before; it gets the licence with the answer.
    if (sys.stderr if accepted else sys.stdin).isatty():
        sys.stderr.write(f"{words}\n")
    if accepted:
        return
    if not sys.stdin.isatty():
        raise BadUsage(
            f"{weight.title} comes under {licence.title} ({licence.url}); agree to it with --accept-licence."
        )
    sys.stderr.write("Fetch it under this licence? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise BadUsage(f"{weight.title} is not fetched: its licence was not agreed to.")


def _more_words(weight: Weight) -> str:
    """What is still to be done before it can be used."""
    if not weight.base or place_of(find(weight.base)) is not None:
        return ""
    return f"It also needs {find(weight.base).title}: `tonewright models fetch {weight.base}`."


def _remove(arguments: argparse.Namespace) -> Answer:
    n_bytes, words = store.remove(_public(arguments.id))
    return Answer(words, {"id": arguments.id, "freed_bytes": n_bytes})


def _add(arguments: argparse.Namespace) -> Answer:
    weight = _public(arguments.id)
    store.add(weight, arguments.folder)
    path = store.located_of(weight)
    words = f"{weight.title} is taken from {path}; its licence is {weight.licence.title} ({weight.licence.url})."
    return Answer(words, {"id": weight.id, "path": str(path), "licence": weight.licence.to_json()})


def _verify(arguments: argparse.Namespace) -> Answer:
    """Each net in a line; raises :class:`WeightError` when one is not what it should be."""
    named = arguments.id
    lines, rows, wrong = [], [], []
    for kind in [named] if named in shelf.KINDS else [] if named else _own_kinds():
        try:
            shelf.shipped(kind)
            shelf.card(kind)
            problem = ""
        except WeightError as error:
            problem = str(error)
            wrong.append(problem)
        lines.append(f"{kind}: {problem or 'good'}")
        rows.append({"id": kind, "problems": [problem] if problem else [], "remarks": []})
    for weight in _public_to_verify(named):
        verdict = _through(f"reading {weight.title}", lambda weight=weight: store.verify(weight))  # type: ignore[misc]
        if verdict.problems:
            wrong.append(verdict.sentence)
        words = ", ".join((*verdict.problems, *verdict.remarks)) or "good"
        lines.append(f"{weight.id}: {words if verdict.problems or not verdict.remarks else f'good; {words}'}")
        rows.append({"id": weight.id, "problems": list(verdict.problems), "remarks": list(verdict.remarks)})
    if wrong:
        raise WeightError(" ".join(wrong))
    return Answer("\n".join(lines) or "There are no nets on this machine.", {"nets": rows})


def _public_to_verify(named: str) -> list[Weight]:
    if named in shelf.KINDS:
        return []
    if named:
        return [_public(named)]
    return [weight for weight in catalogue().values() if place_of(weight) is not None]


def _public(name: str) -> Weight:
    if name in shelf.KINDS:
        raise BadUsage(
            f"The net {name} is one of our own; it comes with the program or from `tonewright train {name}`."
        )
    return find(name)


def _through(words: str, body: Callable[[], Generator[Note, None, R]]) -> R:
    """Run a job to its end, showing where it stands."""
    progress = Progress(words)

    def fractions() -> Generator[float, None, R]:
        steps = body()
        try:
            while True:
                note = next(steps)
                progress.say(note.text)
                yield note.fraction or 0.0
        except StopIteration as stop:
            result: R = stop.value
            return result
        finally:
            steps.close()

    return progress.through(fractions())


_COMMANDS: dict[str, Callable[[argparse.Namespace], Answer]] = {
    "list": _list,
    "fetch": _fetch,
    "remove": _remove,
    "verify": _verify,
    "add": _add,
}
