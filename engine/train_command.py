"""``tonewright train``: makes or continues one of the nets that come with the program, on any folders of sounds."""

from __future__ import annotations

import argparse
import math
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from engine.errors import BadUsage
from engine.out_places import check_future_place
from engine.terminal import Answer, Parser, Progress

if TYPE_CHECKING:
    from engine.bench.frame import Area
    from engine.jobs import Note

NETS = {
    "prior": "what a text sounds like",
    "listener": "how well a sound fits a text",
    "judge": "which class a sound is",
    "ear": "by what sets of sounds are compared",
    "phonemes": "how a word is said that no lexicon has (learned from folders with a lexicon: resources/speech)",
    "vocoder": "frames of a spectrum to sound",
    "voice": "what a text is spoken like",
}


def add_arguments(parser: Parser) -> None:
    nets = "; ".join(f"{name}: {words}" for name, words in NETS.items())
    parser.add_argument("net", choices=tuple(NETS), help=nets)
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        nargs="+",
        required=True,
        help="folders of what it learns from: sounds, or takes of a voice with their texts, with a metadata.csv",
    )
    parser.add_argument("--out", metavar="FILE", type=Path, required=True, help="the file to write or to continue")
    parser.add_argument("--minutes", metavar="N", type=float, required=True, help="how long to train")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="", help="where (default: a GPU if there is one)")
    parser.add_argument("--resume", action="store_true", help="go on from FILE")
    parser.add_argument(
        "--critics", action="store_true", help="the vocoder also learns from nets that tell it from recordings (slow)"
    )
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of all chance (default 0)")


def run(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    if not (math.isfinite(arguments.minutes) and arguments.minutes > 0.0):
        raise BadUsage("The time for training has to be more than 0 minutes.")
    if arguments.critics and arguments.net != "vocoder":
        raise BadUsage("Critics are for the vocoder alone; leave out --critics.")
    out: Path = arguments.out.absolute()
    if out.suffix != ".safetensors":
        raise BadUsage(f"{arguments.out} has to end in .safetensors.")
    if out.exists() and not arguments.resume:
        raise BadUsage(f"{arguments.out} is already there; continue it with --resume, or choose another file.")
    check_future_place(out)
    from engine.torch_setup import load_torch

    load_torch()
    import torch

    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise BadUsage("There is no GPU that torch can use; train with --device cpu.")
    progress = Progress(f"training {arguments.net}")

    def fractions() -> Generator[float, None, dict[str, Any]]:
        steps = _steps(arguments, out)
        try:
            while True:
                note = next(steps)
                progress.say(note.text)
                yield note.fraction or 0.0
        except StopIteration as stop:
            return cast("dict[str, Any]", stop.value)
        finally:
            steps.close()

    card = progress.through(fractions())
    words = ", ".join(f"{name} {value}" for name, value in card.items() if isinstance(value, int | float))
    return Answer(f"{arguments.out}: {words}", {"path": str(out), **card})


def _steps(arguments: argparse.Namespace, out: Path) -> Generator[Note, None, dict[str, Any]]:
    more = {"device": arguments.device, "resume": arguments.resume, "seed": arguments.seed}
    if arguments.net in ("judge", "ear"):
        from engine.training.ears import judge_steps

        return judge_steps(arguments.data, out, arguments.minutes, kind=arguments.net, **more)
    if arguments.net == "phonemes":
        from engine.training import phonemes

        return phonemes.train_steps(arguments.data, out, arguments.minutes, **more)
    if arguments.net == "vocoder":
        from engine.training.vocoder import train_steps as vocoder_steps

        return vocoder_steps(arguments.data, out, arguments.minutes, with_critics=arguments.critics, **more)
    if arguments.net == "voice":
        from engine.training import voice

        return voice.train_steps(arguments.data, out, arguments.minutes, cache=voice.usual_cache(), **more)
    from engine.project.presets import factory_library

    if arguments.net == "listener":
        from engine.training.ears import listener_steps

        return listener_steps(arguments.data, out, arguments.minutes, factory_library(), **more)
    from engine.training.prior import train_steps

    return train_steps(arguments.data, out, arguments.minutes, factory_library(), **more)
