"""The headless face: what the window does, without one.

Exit code 0, or 2 with one sentence on stderr; never a traceback (``TONEWRIGHT_TRACEBACK=1`` asks for one). ``--json``
prints a machine-readable result. Words and results go to stdout, progress to stderr when that is a terminal.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__, match_command, models_command, train_command, tune_command, variation_command
from engine.errors import AudioExists, BadUsage
from engine.named_patch import find_sound, is_dx7
from engine.params.note import HOLD, LENGTH, NOTE, VELOCITY
from engine.rates import DEFAULT_RATE_HZ, MAX_RATE_HZ, MIN_RATE_HZ
from engine.terminal import EXIT_GOOD, Answer, Parser, Progress, guarded, print_json

if TYPE_CHECKING:
    from engine.bench.frame import Area

COMMANDS = ("render", "presets", "match", "tune", "imagine", "info", "models", "train", "bench")


def main(argv: list[str], areas: Mapping[str, Area] | None = None) -> int:
    """Run one command line and return the exit code; ``areas`` are the window's areas of the benchmark."""
    return guarded(lambda: _run(argv, areas or {}))


def _run(argv: list[str], areas: Mapping[str, Area]) -> int:
    arguments = make_parser().parse_args(argv)
    answer = arguments.run(arguments, areas)
    if arguments.json:
        print_json(answer.data)
    else:
        print(answer.text)
    return EXIT_GOOD


def make_parser() -> Parser:
    """The grammar of all commands."""
    parser = Parser(prog="tonewright", description="See a sound, hear it and shape it.")
    parser.add_argument("--version", action="version", version=f"tonewright {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, words, add_arguments, run in (
        ("render", "play a patch into a sound file", _render_arguments, _render),
        ("presets", "list the presets or show one", _presets_arguments, _presets),
        ("match", "fit an instrument to a recording", match_command.add_arguments, match_command.run),
        ("tune", "turn an instrument's knobs by words", tune_command.add_tune_arguments, tune_command.run_tune),
        ("imagine", "hear what words sound like", tune_command.add_imagine_arguments, tune_command.run_imagine),
        ("info", "tell what a sound file holds", _info_arguments, _info),
        ("models", "list, fetch and check nets", models_command.add_arguments, models_command.run),
        (
            "train",
            "make or continue the nets that come with the program",
            train_command.add_arguments,
            train_command.run,
        ),
        ("bench", "measure this program on this machine", _bench_arguments, _bench),
    ):
        command = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        add_arguments(command)
        command.add_argument("--json", action="store_true", help="print the result as JSON")
        command.set_defaults(run=run)
    return parser


# -- render -------------------------------------------------------------------------------------------


def _render_arguments(parser: Parser) -> None:
    parser.add_argument("patch", metavar="PATCH.json", help="the patch to play, a DX7 bank (.syx), or a preset's name")
    parser.add_argument("--voice", metavar="N", type=int, help="which voice of a DX7 bank, counted from 1")
    parser.add_argument("-o", "--output", metavar="OUT.wav", type=Path, required=True, help="the file to write")
    for option, metavar, param, words in (
        ("--note", "KEY", NOTE, "MIDI note; middle C is 60, and A4 is 69"),
        ("--velocity", "V", VELOCITY, "how hard the key is struck"),
        ("--hold", "S", HOLD, "seconds until the key goes up"),
        ("--seconds", "S", LENGTH, "length of the sound"),
    ):
        span = f"{param.low:g} to {param.high:g}, default {param.default:g}"
        parser.add_argument(option, metavar=metavar, type=float, default=param.default, help=f"{words} ({span})")
    span = f"{MIN_RATE_HZ} to {MAX_RATE_HZ}, default {DEFAULT_RATE_HZ}"
    parser.add_argument("--rate", metavar="HZ", type=int, default=DEFAULT_RATE_HZ, help=f"sample rate ({span})")
    parser.add_argument("--subtype", help="sample format: 16, 24, 32f, or soundfile's PCM_24 ... (default: the best)")
    parser.add_argument("--force", action="store_true", help="replace the output when it exists")
    variation_command.add_arguments(parser)


def _render(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    if variation_command.is_wanted(arguments):
        return variation_command.run(arguments)
    from engine.audio import Clip, write_clip_steps
    from engine.audio.level import level_notice
    from engine.inline import render_inline

    patch, notices = find_sound(arguments.patch, arguments.voice)
    progress = Progress("rendering")
    audio = render_inline(
        patch,
        note=arguments.note,
        velocity=arguments.velocity,
        hold_s=arguments.hold,
        duration_s=arguments.seconds,
        sample_rate=arguments.rate,
        on_note=lambda note: progress.show(note.fraction),
    )
    clip = Clip.of(audio, patch.name or Path(arguments.patch).stem, about=patch.about)
    steps = write_clip_steps(clip, arguments.output, subtype=arguments.subtype, overwrite=arguments.force)
    try:
        written = Progress("writing").through(steps)
    except AudioExists:
        raise AudioExists(
            f"{arguments.output} is already there; choose another name, or replace it with --force."
        ) from None
    heard = written.notice or level_notice(audio.peak)
    words = f"{written.path}: {audio.duration_s:g} s at {audio.sample_rate} Hz, {written.subtype}"
    data = {
        "path": str(Path(written.path).resolve()),
        "format": written.format,
        "subtype": written.subtype,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "n_frames": audio.n_frames,
        "peak": audio.peak,
        "notice": " ".join(filter(None, (*notices, heard))),
    }
    return Answer("\n".join(filter(None, (words, *notices, heard))), data)


# -- presets ------------------------------------------------------------------------------------------


def _presets_arguments(parser: Parser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="list | show", required=True, parser_class=Parser)
    listing = kinds.add_parser("list", help="name the presets", description="Name the presets.")
    listing.add_argument("--tag", metavar="T", default="", help="only those with a tag that begins like this")
    listing.add_argument("--search", metavar="WORDS", default="", help="only those in which every word is found")
    listing.add_argument("--synth", metavar="S", default="", help="only those of one instrument (fm or impact)")
    show = kinds.add_parser("show", help="tell what is in one", description="Tell what is in one.")
    show.add_argument("name", metavar="NAME", help="the preset's name")
    for command in (listing, show):
        # Given before the word or after it.
        command.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the result as JSON")


def _presets(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.project import preset_library

    if arguments.what == "show":
        return Answer(*preset_library.showing(arguments.name))
    return Answer(*preset_library.listing(arguments.search, arguments.tag, arguments.synth))


# -- info ---------------------------------------------------------------------------------------------


def _info_arguments(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the sound file, or a DX7 bank (.syx)")


def _info(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    if is_dx7(arguments.file.name):
        return _bank_info(arguments.file)
    from engine.audio.info import describe_steps

    info = Progress("reading").through(describe_steps(arguments.file))
    return Answer(str(info), info.to_json())


def _bank_info(path: Path) -> Answer:
    from engine.project.dx7 import read_syx

    bank = read_syx(path)
    lines = [
        f"{number:>4}  {voice.name:<10}  algorithm {min(voice.algorithm, 31) + 1}"
        for number, voice in enumerate(bank.voices, start=1)
    ]
    voices = [{"voice": n, "name": voice.name} for n, voice in enumerate(bank.voices, start=1)]
    title = f"{path}: DX7, {len(lines)} voice{'s' * (len(lines) != 1)}"
    data = {"path": str(path), "format": "DX7", "voices": voices, "notice": " ".join(bank.notices)}
    return Answer("\n".join((title, *lines, *bank.notices)), data)


# -- bench --------------------------------------------------------------------------------------------


def _bench_arguments(parser: Parser) -> None:
    parser.add_argument("areas", metavar="AREA", nargs="*", help="what to measure (default: everything)")
    parser.add_argument("--save", metavar="FILE.json", type=Path, help="write the figures to a file")
    parser.add_argument("--list", action="store_true", help="name the areas and stop")
    parser.add_argument("--quick", action="store_true", help="of long areas only a part (so it is without AREA)")


def _bench(arguments: argparse.Namespace, window_areas: Mapping[str, Area]) -> Answer:
    from engine.bench import report
    from engine.bench.areas import AREAS, chosen, merged

    areas = merged(AREAS, window_areas)
    if arguments.list:
        return Answer("\n".join(areas), {"areas": list(areas)})
    todo = chosen(areas, arguments.areas)
    if arguments.quick or not arguments.areas:
        os.environ["TONEWRIGHT_BENCH_QUICK"] = "1"
    if arguments.save is not None and not arguments.save.absolute().parent.is_dir():
        raise BadUsage(f"The figures cannot be saved to {arguments.save}: there is no such folder.")
    facts = report.machine()
    rows = []
    for name, area in todo.items():
        if sys.stderr.isatty():
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
        rows += report.measure(name, area)
    if arguments.save is not None:
        report.save(rows, facts, arguments.save)
    return Answer(f"{report.machine_line(facts)}\n{report.table(rows)}", report.as_json(rows, facts))
