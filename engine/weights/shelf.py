"""Our own nets: where they lie, and that each is the very file that came with the program.

``TONEWRIGHT_WEIGHTS`` names another folder for them, such as one with nets that were trained on other sounds; what lies
there is taken as it is. ``python -m engine.weights.shelf FILE...`` puts nets into the program's own folder.
"""

from __future__ import annotations

import os
import re
import sys
import threading
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadUsage, WeightError
from engine.weights.hashes import sha256_of
from engine.weights.net_file import read_card, read_kind

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
FOLDER = RESOURCES / "weights"
CATALOG = RESOURCES / "weights.toml"
WEIGHTS_VARIABLE = "TONEWRIGHT_WEIGHTS"
"""Environment variable that names another folder for our own nets."""

KINDS = {
    "prior": "what a text sounds like",
    "listener": "how well a sound fits a text",
    "judge": "which class a sound is",
    "ear": "by what sets of sounds are compared",
    "voice": "what a text is spoken like",
    "vocoder": "frames of a spectrum to sound",
    "phonemes": "how a word is said",
    "separator": "what of a mix belongs to a text",
}
"""Every net of our own that there is or will be, and what it knows."""

_USUAL_MINUTES = 60
_checked: dict[Path, tuple[int, int]] = {}
_checking = threading.Lock()


def shipped(kind: str) -> Path:
    """The file of our own net of that ``kind``, checked once in the life of the process.

    Raises :class:`WeightError` when it is not there or not the file that came with the program.
    """
    path = place_of(kind)
    try:
        state = path.stat()
    except OSError:
        raise WeightError(_missing(kind, path)) from None
    if os.environ.get(WEIGHTS_VARIABLE):
        return path
    stamp = (state.st_size, state.st_mtime_ns)
    with _checking:
        if _checked.get(path) != stamp:
            wanted = own_hashes().get(kind)
            if wanted is None:
                raise WeightError(f"{CATALOG} does not name {path}; {_reinstall(kind, path)}.")
            if sha256_of(path) != wanted:
                raise WeightError(
                    f"{path} is not the file that came with the program (its hash differs); {_reinstall(kind, path)}."
                )
            _checked[path] = stamp
    return path


def is_there(kind: str) -> bool:
    """Whether there is such a net; it is not looked into."""
    return place_of(kind).is_file()


def missing(kind: str) -> str:
    """What is to be done where there is no such net, in a sentence for one line; nothing where there is one."""
    if is_there(kind):
        return ""
    train = f"`tonewright train {kind}`"
    if os.environ.get(WEIGHTS_VARIABLE):
        return f"{WEIGHTS_VARIABLE} names no net “{kind}”: unset it, or put there what {train} makes."
    return f"The net “{kind}” is missing: install Tonewright again, or train it with {train}."


def place_of(kind: str) -> Path:
    """Where the net lies or would lie."""
    if kind not in KINDS:
        raise BadUsage(f"There is no net called {kind}; there are {', '.join(KINDS)}.")
    elsewhere = os.environ.get(WEIGHTS_VARIABLE)
    return (Path(elsewhere).expanduser().absolute() if elsewhere else FOLDER) / f"{kind}.safetensors"


def card(kind: str) -> Mapping[str, Any]:
    """What the net was trained on and how good it is; raises :class:`WeightError` as :func:`shipped` does."""
    return read_card(shipped(kind), kind)


def own_hashes() -> dict[str, str]:
    """The sha256 of each net that came with the program."""
    try:
        return {str(name): str(value) for name, value in tomllib.loads(CATALOG.read_text("utf-8"))["own"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise WeightError(f"{CATALOG} cannot be read ({error}); install Tonewright again.") from error


def put_on_shelf(file: Path) -> Path:
    """Copy a trained net to the program's own and write down its hash."""
    kind = read_kind(file)
    if kind not in KINDS:
        raise WeightError(f"{file} holds a {kind or 'thing'} that the program does not know.")
    target = FOLDER / f"{kind}.safetensors"
    FOLDER.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(file.read_bytes())
    line = f'{kind} = "{sha256_of(temporary)}"\n'
    text = re.sub(rf"(?m)^{kind} = .*\n", "", CATALOG.read_text("utf-8"))
    temporary.replace(target)
    CATALOG.write_text(re.sub(r"(?m)^\[own\]\n", lambda found: found.group() + line, text), "utf-8")
    return target


def _missing(kind: str, path: Path) -> str:
    begin = f"There is no {path}, the net that knows {KINDS[kind]}; "
    if os.environ.get(WEIGHTS_VARIABLE):
        return f"{begin}put one there, train one with `{_training(kind, path)}`, or unset {WEIGHTS_VARIABLE}."
    return f"{begin}{_reinstall(kind, path)}."


def _reinstall(kind: str, path: Path) -> str:
    elsewhere = Path("DIR") / path.name
    return (
        f"install Tonewright again, or train one with `{_training(kind, elsewhere)}` and name its folder in "
        f"{WEIGHTS_VARIABLE}"
    )


def _training(kind: str, path: Path) -> str:
    return f"tonewright train {kind} --data SOUNDS --out {path} --minutes {_USUAL_MINUTES}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(put_on_shelf(Path(name)))  # noqa: T201
