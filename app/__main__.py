"""The command ``tonewright``: its arguments open the window, or go to a headless command.

Nothing heavy is imported here: ``--version`` and ``--help`` answer at once, and the window loads what it needs itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

try:
    from engine import cli, terminal
    from engine.errors import BadUsage
    from engine.hurry import hurrying
except KeyboardInterrupt:
    # Before there is anybody who could say so better.
    sys.exit(130)

MIN_SIZE, MAX_SIZE = 320, 8192
_TAKES_VALUE = frozenset({"--engine", "--screenshot", "--size", "--theme"})


def main(argv: list[str] | None = None) -> int:
    """Run one command line (default: the process's) and return the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if is_headless(argv):
        return hurrying(lambda: terminal.guarded(lambda: _headless(argv)))
    return terminal.guarded(lambda: _window(argv))


def is_headless(argv: list[str]) -> bool:
    """Whether the first argument that is no option names a headless command.

    After ``--`` everything is a file, and so is ``./render``.
    """
    words = iter(argv)
    for word in words:
        if word == "--":
            return False
        if not word.startswith("-") or word == "-":
            return word in cli.COMMANDS
        if word in _TAKES_VALUE:
            next(words, None)
    return False


def _headless(argv: list[str]) -> int:
    areas = {}
    if "bench" in argv:
        from app.bench import AREAS as areas
    return cli.main(argv, areas)


def _window(argv: list[str]) -> int:
    arguments = _parser().parse_args(argv)
    if arguments.version:
        return terminal.print_version(arguments.json)
    if arguments.files and not arguments.files[0].suffix and not arguments.files[0].exists():
        raise BadUsage(
            f"There is no file and no command called {arguments.files[0]}; the commands are {', '.join(cli.COMMANDS)}."
        )
    if arguments.screenshot is None:
        _need_display()
    elif arguments.screenshot.suffix.lower() != ".png":
        raise BadUsage(f"The screenshot is a PNG picture, so {arguments.screenshot.name} should end in .png.")
    from app.compose import run

    code = run(arguments.files, arguments.engine, arguments.screenshot, arguments.size, arguments.theme)
    if arguments.json and arguments.screenshot is not None and code == terminal.EXIT_GOOD:
        terminal.print_json({"path": str(arguments.screenshot.resolve()), "files": [str(f) for f in arguments.files]})
    return code


def _parser() -> terminal.Parser:
    parser = terminal.Parser(
        prog="tonewright",
        usage="tonewright [OPTIONS] [FILE...]\n       tonewright COMMAND ...",
        description="See a sound, hear it and shape it. Opens the window with the given sounds.",
        epilog=f"Without a window: {', '.join(cli.COMMANDS)} (tonewright COMMAND --help).",
    )
    parser.add_argument("files", metavar="FILE", type=Path, nargs="*", help="sounds and projects to open")
    parser.add_argument("--engine", choices=("real", "fake"), default="real", help="fake: small instruments, no torch")
    parser.add_argument("--screenshot", metavar="OUT.png", type=Path, help="draw the window into a picture and stop")
    parser.add_argument("--size", metavar="WxH", type=window_size, help="size of the window, such as 1366x768")
    parser.add_argument("--theme", choices=("dark", "light"), help="colours (default: as last time)")
    parser.add_argument("--version", action="store_true", help="print the version and stop")
    parser.add_argument("--json", action="store_true", help="print results as JSON")
    return parser


def window_size(text: str) -> tuple[int, int]:
    """``"1366x768"`` to ``(1366, 768)``; raises :class:`BadUsage` for anything else."""
    parts = text.lower().split("x")
    if len(parts) == 2 and all(p.isascii() and p.isdigit() and len(p) < 6 for p in parts):
        width, height = int(parts[0]), int(parts[1])
        if MIN_SIZE <= width <= MAX_SIZE and MIN_SIZE <= height <= MAX_SIZE:
            return width, height
    raise BadUsage(f"{text!r} is no window size; give width and height between {MIN_SIZE} and {MAX_SIZE}: 1366x768.")


def _need_display() -> None:
    """Qt would end the process with a core dump, so the question is asked before it is loaded."""
    needs_one = sys.platform not in {"win32", "darwin"} and "QT_QPA_PLATFORM" not in os.environ
    if needs_one and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise BadUsage(
            "There is no display for a window here; --screenshot OUT.png draws one without, and "
            f"{', '.join(cli.COMMANDS)} need none."
        )


if __name__ == "__main__":
    sys.exit(main())
