"""What tuning jobs are made of: the words are checked, the presets told, and what is heavy loads when the steps are
taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from engine.bodies import notes_of
from engine.jobs import Note, run_inline
from engine.playing import Kind
from engine.project.presets import Preset, factory_library
from engine.sds.door import check_imagined, check_request
from engine.sds.result import OWN_PRIOR, Imagined, TuneRequest, TuneResult
from engine.sds.usual import IMAGINE_S as IMAGINE_S
from engine.torch_setup import load_torch
from engine.weights.shelf import is_there


def tune_steps(
    kind: Kind, request: TuneRequest, presets: Sequence[Preset] | None = None
) -> Generator[Note, None, TuneResult]:
    """A tuning; the factory's presets are what it knows unless others are given."""
    check_request(request)
    known = factory_library() if presets is None else presets
    yield Note(0.0, "Loading")
    if kind == "fake":
        from engine.sds.fake import tune
    else:
        load_torch()
        from engine.sds.tune import tune
    return (yield from tune(request, known))


def bank_steps(kind: Kind) -> Generator[Note, None, None]:
    """Make what is missing of the banks: the first part of each, then the rest. Where there is nobody who would ask
    them, nothing is made."""
    yield Note(0.0, "Getting patches ready for words")
    if kind == "fake" or not (is_there("prior") and is_there("listener")):
        return
    load_torch()
    from engine.params.spaces import SPACES
    from engine.sds.bank import N_FULL, PART, fill_steps

    for most in (PART, N_FULL):
        for synth in SPACES:
            yield from notes_of(fill_steps(synth, most))


def imagine_steps(
    kind: Kind, prompt: str, *, seconds: float, seed: int, negative: str, guidance: float | None, prior: str
) -> Generator[Note, None, Imagined]:
    """What the prior draws for ``prompt``."""
    check_imagined(prompt, negative, seconds, seed, guidance, prior)
    yield Note(0.0, "Loading")
    if kind == "fake":
        from engine.sds.fake import imagine
    else:
        load_torch()
        from engine.sds.imagine import imagine
    return (yield from imagine(prompt, seconds=seconds, seed=seed, negative=negative, guidance=guidance, prior=prior))


def tune_inline(
    request: TuneRequest,
    presets: Sequence[Preset] | None = None,
    kind: Kind = "real",
    on_note: Callable[[Note], None] | None = None,
) -> TuneResult:
    """Tune here and now, without a runner; arguments and errors as in :meth:`Studio.tune`."""
    return run_inline(lambda: tune_steps(kind, request, presets), on_note)


def imagine_inline(
    prompt: str,
    *,
    seconds: float = IMAGINE_S,
    seed: int = 0,
    negative: str = "",
    guidance: float | None = None,
    prior: str = OWN_PRIOR,
    kind: Kind = "real",
    on_note: Callable[[Note], None] | None = None,
) -> Imagined:
    """Imagine here and now; arguments and errors as in :meth:`Studio.imagine`."""
    steps = {"seconds": seconds, "seed": seed, "negative": negative, "guidance": guidance, "prior": prior}
    return run_inline(lambda: imagine_steps(kind, prompt, **steps), on_note)  # type: ignore[arg-type]
