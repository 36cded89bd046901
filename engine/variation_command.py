"""``tonewright render PATCH --variations N``: one strike becomes a folder of them."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import replace

from engine.errors import BadUsage
from engine.jobs import run_inline
from engine.named_patch import find_sound
from engine.params.note import NoteSettings
from engine.params.variations import N_LAYERS, N_VARIATIONS, VaryPlan
from engine.terminal import Answer, Parser, Progress


def add_arguments(parser: Parser) -> None:
    """The options by which ``render`` makes a set."""
    several = f"write a folder of N strikes that differ a little, with a sheet ({N_VARIATIONS.low:g} to "
    layers = f"velocities from soft to hard, for --variations ({N_LAYERS.low:g} to {N_LAYERS.high:g}, default 1)"
    parser.add_argument(
        "--variations", metavar="N", type=int, help=f"{several}{N_VARIATIONS.high:g}); -o is the folder"
    )
    parser.add_argument("--layers", metavar="M", type=int, help=layers)
    parser.add_argument("--spread", metavar="S", type=float, help="times the usual differences (default 1)")
    parser.add_argument("--seed", metavar="N", type=int, help="start of the chance in --variations (default 0)")


def is_wanted(arguments: argparse.Namespace) -> bool:
    """Whether a set is asked for; raises :class:`BadUsage` for options that say nothing without it."""
    if arguments.variations is not None:
        return True
    for name in ("layers", "spread", "seed"):
        if getattr(arguments, name) is not None:
            raise BadUsage(f"--{name} says nothing without --variations; give that too, or leave it out.")
    return False


def run(arguments: argparse.Namespace) -> Answer:
    """Write the set."""
    from engine.variation_set import SetRequest, write_set_steps

    if arguments.spread is not None and not 0.0 <= arguments.spread < math.inf:
        raise BadUsage(f"--spread is {arguments.spread:g}; give 0 (all alike), 1 (the usual differences) or more.")
    if os.path.lexists(arguments.output) and not arguments.output.is_dir():
        raise BadUsage(f"{arguments.output} is already there and no folder; give a new folder for the set.")
    if arguments.force and os.path.lexists(arguments.output):
        raise BadUsage("A set is never written over another one; leave out --force and name a new folder.")
    patch, notices = find_sound(arguments.patch, arguments.voice)
    plan = VaryPlan(arguments.variations, 1 if arguments.layers is None else arguments.layers, seed=arguments.seed or 0)
    note = NoteSettings(arguments.note, arguments.velocity, arguments.hold, arguments.seconds)
    plan = plan.scaled(1.0 if arguments.spread is None else arguments.spread)
    request = SetRequest(patch, plan, note, arguments.rate)
    if arguments.subtype is not None:
        request = replace(request, subtype=arguments.subtype)
    progress = Progress("striking")
    written = run_inline(
        lambda: write_set_steps("real", request, arguments.output), lambda note: progress.show(note.fraction)
    )
    sounds = f"{len(written.files)} sound{'s' * (len(written.files) != 1)}"
    words = f"{written.folder}: {sounds}, {written.sheet} and {written.sfz}"
    notice = " ".join(filter(None, (*notices, written.notice)))
    data = {
        "folder": str(written.folder.resolve()),
        "files": list(written.files),
        "sheet": written.sheet,
        "sfz": written.sfz,
        "notice": notice,
    }
    return Answer("\n".join(filter(None, (words, notice))), data)
