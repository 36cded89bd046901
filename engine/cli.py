"""The headless face: what the window does, without one.

Exit code 0, or 2 with one sentence on stderr; never a traceback (``TONEWRIGHT_TRACEBACK=1`` asks for one). ``--json``
prints a machine-readable result. Words and results go to stdout, progress to stderr when that is a terminal.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from engine import __version__
from engine.errors import AudioExists, BadUsage, EngineError, PatchError
from engine.matching.budget import MATCH_S
from engine.params.note import HOLD, LENGTH, NOTE, VELOCITY
from engine.rates import DEFAULT_RATE_HZ, MAX_RATE_HZ, MIN_RATE_HZ

if TYPE_CHECKING:
    from engine.audio import Steps
    from engine.bench.frame import Area
    from engine.params import Patch

R = TypeVar("R")

COMMANDS = ("render", "presets", "match", "info", "bench")
EXIT_GOOD, EXIT_BAD, EXIT_INTERRUPTED, EXIT_PIPE = 0, 2, 130, 141
"""The last two are what a shell reports of a program that SIGINT or SIGPIPE ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say: to people, and to machines."""

    text: str
    data: Mapping[str, Any]


class Progress:
    """How far something is, on stderr and only when that is a terminal; gone when it is done."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._is_shown = sys.stderr.isatty()

    def show(self, fraction: float | None) -> None:
        """Say how far it is, 0..1; ``None`` when unknown."""
        if self._is_shown and fraction is not None:
            words = f"{self._words} {100 * fraction:3.0f} %"
            line = words if fraction < 1 else " " * len(words) + "\r"
            print(f"\r{line}", end="", file=sys.stderr, flush=True)

    def through(self, steps: Steps[R]) -> R:
        """Run ``steps`` to their end, showing each, and return their result."""
        try:
            while True:
                self.show(next(steps))
        except StopIteration as stop:
            self.show(1.0)
            result: R = stop.value
            return result
        finally:
            steps.close()


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        raise BadUsage(f"{message[:1].upper()}{message[1:]}; {self.prog} --help tells more.")


def main(argv: list[str], areas: Mapping[str, Area] | None = None) -> int:
    """Run one command line and return the exit code; ``areas`` are the window's areas of the benchmark."""
    return guarded(lambda: _run(argv, areas or {}))


def guarded(action: Callable[[], int]) -> int:
    """The one place where errors become words: run ``action``, return its exit code or that of its failure."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is shown escaped; it does not end the program.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = action()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has left. Python would complain once more when it flushes at the end.
        _discard_stdout()
        return EXIT_PIPE
    except SystemExit as stop:  # argparse ends like this after --help
        return stop.code if isinstance(stop.code, int) else EXIT_GOOD
    except Exception as error:
        if os.environ.get("TONEWRIGHT_TRACEBACK"):
            raise
        if isinstance(error, OSError):
            _discard_stdout()
        print(f"tonewright: {sentence(error)}", file=sys.stderr)
        return EXIT_BAD


def sentence(error: Exception) -> str:
    """What went wrong, in one line for people."""
    if isinstance(error, EngineError):
        words = str(error)
    elif isinstance(error, MemoryError):
        words = "There is not enough memory for this; try a shorter sound or a lower sample rate."
    elif isinstance(error, OSError):
        words = f"{error.filename or 'The output cannot be written'}: {error.strerror or error}."
    else:
        words = (
            f"This is a mistake in Tonewright, not in what you did ({type(error).__name__}: {error}). "
            "TONEWRIGHT_TRACEBACK=1 shows where it happened."
        )
    return " ".join(words.split())


def _discard_stdout() -> None:
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):
        return  # Not a real file: nothing will be flushed at the end.
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), descriptor)


def _run(argv: list[str], areas: Mapping[str, Area]) -> int:
    arguments = make_parser().parse_args(argv)
    answer = arguments.run(arguments, areas)
    if arguments.json:
        print_json(answer.data)
    else:
        print(answer.text)
    return EXIT_GOOD


def print_version(as_json: bool) -> int:
    """Say which version this is."""
    if as_json:
        print_json({"name": "tonewright", "version": __version__})
    else:
        print(f"tonewright {__version__}")
    return EXIT_GOOD


def print_json(data: object) -> None:
    """A result for machines."""
    print(json.dumps(data, indent=1))


def make_parser() -> Parser:
    """The grammar of all commands."""
    parser = Parser(prog="tonewright", description="See a sound, hear it and shape it.")
    parser.add_argument("--version", action="version", version=f"tonewright {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=Parser)
    for name, words, add_arguments, run in (
        ("render", "play a patch into a sound file", _render_arguments, _render),
        ("presets", "list the presets or show one", _presets_arguments, _presets),
        ("match", "fit an instrument to a recording", _match_arguments, _match),
        ("info", "tell what a sound file holds", _info_arguments, _info),
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


def _render(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.audio import Clip, write_clip_steps
    from engine.studio import render_inline

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
    clip = Clip.of(audio, patch.name or Path(arguments.patch).stem)
    steps = write_clip_steps(clip, arguments.output, subtype=arguments.subtype, overwrite=arguments.force)
    try:
        written = Progress("writing").through(steps)
    except AudioExists:
        raise AudioExists(
            f"{arguments.output} is already there; choose another name, or replace it with --force."
        ) from None
    words = f"{written.path}: {audio.duration_s:g} s at {audio.sample_rate} Hz, {written.subtype}"
    data = {
        "path": str(Path(written.path).resolve()),
        "format": written.format,
        "subtype": written.subtype,
        "sample_rate": audio.sample_rate,
        "channels": audio.channels,
        "n_frames": audio.n_frames,
        "peak": audio.peak,
        "notice": " ".join(filter(None, (*notices, written.notice))),
    }
    return Answer("\n".join(filter(None, (words, *notices, written.notice))), data)


def find_sound(name: str, voice: int | None = None) -> tuple[Patch, tuple[str, ...]]:
    """The patch of that name (see :func:`find_patch`), or voice number ``voice`` of a DX7 bank, and what was odd in it.

    Raises :class:`PatchError` when there is none, :class:`BadUsage` when the number is missing or out of place.
    """
    if not is_dx7(name):
        if voice is not None:
            raise BadUsage(f"{name} is no DX7 bank, so --voice says nothing; leave it out.")
        return find_patch(name), ()
    from engine.project.dx7 import read_syx, to_patch

    bank = read_syx(name)
    if voice is None and len(bank.voices) > 1:
        raise BadUsage(f"{name} holds {len(bank.voices)} voices; choose one with --voice (info lists them).")
    try:
        return to_patch(bank.voice(1 if voice is None else voice)), bank.notices
    except PatchError as error:
        raise PatchError(f"{name}: {error}") from None


def is_dx7(name: str) -> bool:
    """Whether a file's name says that it is a MIDI dump."""
    return Path(name).suffix.lower() == ".syx"


def find_patch(name: str) -> Patch:
    """The patch in the file of that name, else the preset of that name; raises :class:`PatchError`."""
    from engine.project.preset_library import find_preset
    from engine.project.presets import read_patch

    path = Path(name)
    if _is_there(path):
        return read_patch(path)
    try:
        return find_preset(name).patch
    except PatchError as error:
        # "There is no preset called ..." becomes one sentence with what was looked for first.
        raise PatchError(str(error).replace("no preset", "no file and no preset", 1)) from None


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        pass  # Whoever reads it says what is wrong with it.
    return True


# -- presets ------------------------------------------------------------------------------------------


def _presets_arguments(parser: Parser) -> None:
    kinds = parser.add_subparsers(dest="what", metavar="list | show", required=True, parser_class=Parser)
    listing = kinds.add_parser("list", help="name the presets", description="Name the presets.")
    listing.add_argument("--tag", metavar="T", default="", help="only those with a tag that begins like this")
    listing.add_argument("--search", metavar="WORDS", default="", help="only those in which every word is found")
    listing.add_argument("--synth", metavar="S", default="", help="only those of one instrument (fm)")
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


# -- match --------------------------------------------------------------------------------------------


def _match_arguments(parser: Parser) -> None:
    parser.add_argument("target", metavar="TARGET.wav", type=Path, help="the recording to come near to")
    parser.add_argument("--synth", choices=("fm",), default="fm", help="the instrument (default: fm)")
    parser.add_argument("-o", "--output", metavar="OUT.wav", type=Path, required=True, help="the file to write")
    parser.add_argument("--save-patch", metavar="P.json", type=Path, help="where to write the patch")
    parser.add_argument("--patch", metavar="PATCH.json", help="the patch whose locked values are kept")
    parser.add_argument("--lock", metavar="NAME", action="append", default=[], help="a parameter to keep; repeatable")
    words = f"time to take (default {MATCH_S:g})"
    parser.add_argument("--seconds-budget", metavar="S", type=float, default=MATCH_S, help=words)
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of all chance (default 0)")
    parser.add_argument("--force", action="store_true", help="replace the output when it exists")


def _match(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.audio import open_clip, write_clip_steps
    from engine.audio.atomic import new_file
    from engine.studio import match_inline, matched_sound

    for path in (arguments.output, arguments.save_patch):
        if path is not None and not arguments.force and path.exists():
            raise AudioExists(f"{path} is already there; choose another name, or replace it with --force.")
        if path is not None and not path.absolute().parent.is_dir():
            raise BadUsage(f"{path} cannot be written: there is no folder {path.parent}.")
    if arguments.save_patch is not None:
        for path, what in ((arguments.output, "sound"), (arguments.target, "recording")):
            if _is_one_file(path, arguments.save_patch):
                raise BadUsage(f"{arguments.save_patch} is the {what}'s file; give the patch one of its own.")
    clip = open_clip(arguments.target)
    current = find_patch(arguments.patch) if arguments.patch else None
    progress = Progress("matching")
    result = match_inline(
        clip,
        current=current,
        locked=arguments.lock,
        seed=arguments.seed,
        seconds=arguments.seconds_budget,
        on_note=lambda note: progress.show(note.fraction),
    )
    progress.show(1.0)
    best = result.candidates[0]
    sound = matched_sound(result, clip.sample_rate)
    steps = write_clip_steps(sound, arguments.output, overwrite=arguments.force)
    written = Progress("writing").through(steps)
    if arguments.save_patch is not None:
        with new_file(arguments.save_patch.absolute(), overwrite=arguments.force) as temporary:
            temporary.write_text(best.patch.dumps() + "\n", encoding="utf-8")
    pitch = "no pitch" if result.pitch_hz is None else f"{result.pitch_hz:.1f} Hz"
    words = [
        f"{written.path}: {best.distance_db:.2f} dB from {clip.name} ({pitch})"
        f"{_beside_preset(best.distance_db, result.preset_name, result.preset_db)}",
        f"note {best.note.note}, held {best.note.hold_s:.2f} s",
    ]
    if arguments.save_patch is not None:
        words.append(f"patch: {arguments.save_patch}")
    data = {
        "path": str(Path(written.path).resolve()),
        "patch": None if arguments.save_patch is None else str(arguments.save_patch.resolve()),
        "distance_db": _finite(best.distance_db),
        "preset_db": _finite(result.preset_db),
        "preset": result.preset_name,
        "candidates_db": [_finite(candidate.distance_db) for candidate in result.candidates],
        "pitch_hz": result.pitch_hz,
        "start_s": result.start_s,
        **best.note.to_json(),
        "notice": " ".join(filter(None, (result.notice, written.notice))),
    }
    return Answer("\n".join(filter(None, (*words, result.notice, written.notice))), data)


def _is_one_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()


def _beside_preset(distance_db: float, name: str, preset_db: float) -> str:
    """How that compares with the nearest preset, where there is one."""
    if not math.isfinite(preset_db):
        return ""
    if preset_db <= 0.0:
        return f"; the preset {name} is the very sound"
    share = 100.0 * (1.0 - distance_db / preset_db)
    return f", {share:.0f} % less than the best preset, {name} ({preset_db:.2f} dB)"


def _finite(value: float) -> float | None:
    """JSON has no word for what is no number."""
    return value if math.isfinite(value) else None


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
