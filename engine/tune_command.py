"""``tonewright tune`` and ``tonewright imagine``: words become a patch and its sound, or the prior's own sound."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import BadUsage
from engine.named_patch import find_patch
from engine.out_places import check_file_place, check_sound_place
from engine.sds import credit
from engine.sds.usual import IMAGINE_S, OWN_PRIOR, TUNE_S
from engine.terminal import Answer, Parser, Progress
from engine.weights.catalog import catalogue
from engine.weights.places import place_of

if TYPE_CHECKING:
    from engine.about import About
    from engine.audio.values import Audio
    from engine.audio.write import Written
    from engine.bench.frame import Area
    from engine.jobs import Note


def add_tune_arguments(parser: Parser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what it should sound like, in English")
    parser.add_argument("--synth", choices=("fm", "impact"), default="fm", help="the instrument (default: fm)")
    _add_common(parser)
    parser.add_argument("--save-patch", metavar="P.json", type=Path, help="where to write the patch")
    parser.add_argument("--patch", metavar="START.json", help="the patch to begin with; locked values are kept from it")
    parser.add_argument("--lock", metavar="NAME", action="append", default=[], help="a parameter to keep; repeatable")
    words = (
        f"time to take (default {TUNE_S:g}); loading, and the first time the bank, come on top; a slow machine leaves "
        "some of the search out, and the same seed may end elsewhere"
    )
    parser.add_argument("--seconds-budget", metavar="S", type=float, default=TUNE_S, help=words)
    reach = "how far from the start: 0 stays there, 1 is anything (default 1)"
    parser.add_argument("--reach", metavar="R", type=float, default=1.0, help=reach)


def add_imagine_arguments(parser: Parser) -> None:
    parser.add_argument("prompt", metavar="PROMPT", help="what it should sound like, in English")
    _add_common(parser)
    words = f"length of the sound (default {IMAGINE_S:g})"
    parser.add_argument("--seconds", metavar="S", type=float, default=IMAGINE_S, help=words)


def _add_common(parser: Parser) -> None:
    parser.add_argument("-o", "--output", metavar="OUT.wav", type=Path, required=True, help="the file to write")
    parser.add_argument("--negative", metavar="WORDS", default="", help="what it should not sound like")
    guidance = "how closely to keep to the words (default: as the prior's makers advise; 1 is not more than it would)"
    parser.add_argument("--guidance", metavar="W", type=float, help=guidance)
    parser.add_argument("--seed", metavar="N", type=int, default=0, help="start of all chance (default 0)")
    prior = "who says what words sound like (default: our own)"
    parser.add_argument("--prior", metavar="ID", default=OWN_PRIOR, help=prior)
    parser.add_argument("--force", action="store_true", help="replace the output when it exists")


def run_tune(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.audio.atomic import new_file
    from engine.inline import render_inline
    from engine.sds.result import PlanNote, TuneRequest, TuneState
    from engine.tuning import tune_inline

    check_sound_place(arguments.output, force=arguments.force)
    check_file_place(arguments.save_patch, force=arguments.force)
    if arguments.save_patch is not None and arguments.save_patch.resolve() == arguments.output.resolve():
        raise BadUsage(f"{arguments.save_patch} is the sound's file; give the patch one of its own.")
    start = find_patch(arguments.patch) if arguments.patch else None
    request = TuneRequest(
        arguments.prompt,
        arguments.synth,
        arguments.negative,
        arguments.guidance,
        start,
        arguments.reach,
        frozenset(arguments.lock),
        seed=arguments.seed,
        seconds=arguments.seconds_budget,
        prior=arguments.prior,
    )
    progress = Progress("tuning")
    _tell_terms(request.prior)
    bank, plan = (0, 0), ""

    def show(note: Note) -> None:
        nonlocal bank, plan
        if isinstance(note, PlanNote):
            plan = note.text
            progress.tell(f"{plan}.")
        if isinstance(note.preview, TuneState):
            bank = (note.preview.bank_size, note.preview.bank_full)
        progress.say(note.text)
        progress.show(note.fraction)

    result = tune_inline(request, on_note=show)
    progress.show(1.0)
    best = result.candidates[0]
    sound = render_inline(
        best.patch,
        note=best.note.note,
        velocity=best.note.velocity,
        hold_s=best.note.hold_s,
        duration_s=best.note.duration_s,
    )
    written = _write(sound, arguments.output, best.patch.name, best.patch.about, force=arguments.force)
    if arguments.save_patch is not None:
        with new_file(arguments.save_patch.absolute(), overwrite=arguments.force) as temporary:
            temporary.write_text(best.patch.dumps() + "\n", encoding="utf-8")
    partly = f"Of the bank {bank[0]} of {bank[1]} patches were there; `python -m engine.sds.bank` makes the rest."
    notice = " ".join(filter(None, (result.notice, partly if 0 < bank[0] < bank[1] else "", written.notice)))
    before = "" if result.start_score is None else f" (the start: {result.start_score:.2f})"
    words = [
        f"{written.path}: “{request.prompt}”, score {best.score:.2f}{before}, {best.stage}, in {result.seconds:.1f} s",
        f"note {best.note.note}, held {best.note.hold_s:.2f} s",
    ]
    if arguments.save_patch is not None:
        words.append(f"patch: {arguments.save_patch}")
    words += _credit(result.prior, plan)
    data = {
        "path": str(Path(written.path).resolve()),
        "patch": None if arguments.save_patch is None else str(arguments.save_patch.resolve()),
        "prompt": request.prompt,
        "score": best.score,
        "loss": best.loss,
        "stage": best.stage,
        "start_score": result.start_score,
        "scores": [candidate.score for candidate in result.candidates],
        "prior": result.prior,
        "licence": result.licence,
        "about": best.patch.about.to_json(),
        "plan": plan,
        "seconds": result.seconds,
        **best.note.to_json(),
        "notice": notice,
    }
    return Answer("\n".join(filter(None, (*words, notice))), data)


def run_imagine(arguments: argparse.Namespace, _areas: Mapping[str, Area]) -> Answer:
    from engine.sds.result import PlanNote
    from engine.tuning import imagine_inline

    check_sound_place(arguments.output, force=arguments.force)
    progress = Progress("imagining")
    _tell_terms(arguments.prior)

    def show(note: Note) -> None:
        if isinstance(note, PlanNote):
            progress.tell(f"{note.text}.")
        progress.say(note.text)
        progress.show(note.fraction)

    imagined = imagine_inline(
        arguments.prompt,
        seconds=arguments.seconds,
        seed=arguments.seed,
        negative=arguments.negative,
        guidance=arguments.guidance,
        prior=arguments.prior,
        on_note=show,
    )
    progress.show(1.0)
    written = _write(imagined.audio, arguments.output, arguments.prompt, imagined.about, force=arguments.force)
    words = f"{written.path}: “{imagined.prompt}”, {imagined.audio.duration_s:g} s, seed {imagined.seed}"
    data = {
        "path": str(Path(written.path).resolve()),
        "prompt": imagined.prompt,
        "seed": imagined.seed,
        "prior": imagined.prior,
        "licence": imagined.licence,
        "about": imagined.about.to_json(),
        "plan": imagined.plan,
        "sample_rate": imagined.audio.sample_rate,
        "channels": imagined.audio.channels,
        "n_frames": imagined.audio.n_frames,
        "notice": written.notice,
    }
    told = (words, *_credit(imagined.prior, imagined.plan), written.notice)
    return Answer("\n".join(filter(None, told)), data)


def _tell_terms(prior: str) -> None:
    """Before a net of others is used, under which terms; nothing of our own and of what is not here."""
    weight = catalogue().get(prior)
    if weight is not None and place_of(weight) is not None:
        said = credit.licence_of(prior).terms
        Progress("").tell(" ".join(filter(None, (f"{credit.terms(prior)}.", said))))


def _credit(prior: str, plan: str) -> list[str]:
    return [*filter(None, (f"prior: {credit.terms(prior)}", f"plan: {plan}" if plan else ""))]


def _write(audio: Audio, path: Path, name: str, about: About, *, force: bool) -> Written:
    from engine.audio import Clip, write_clip_steps

    return Progress("writing").through(write_clip_steps(Clip.of(audio, name, about=about), path, overwrite=force))
