"""What tuning refuses at the door: words that nobody would understand, and requests that make no sense."""

from __future__ import annotations

import unicodedata

from engine.errors import BadUsage
from engine.params.patch import MAX_SEED
from engine.params.spaces import SPACES
from engine.sds.result import OWN_PRIOR, TuneRequest
from engine.sds.usual import OWN_LONGEST_S
from engine.weights.catalog import catalogue

SHORTEST_S = 0.05
"""Of what a prior draws."""
MOST_GUIDANCE = 100.0
_MOST_LETTERS = 400


def check_prompt(text: str, what: str = "The prompt") -> str:
    """A sentence about what of ``text`` will not be understood, or nothing.

    Raises :class:`BadUsage` for words without a letter or figure, for bytes of another encoding among them, and for
    words that are mostly in another script than the Latin one.
    """
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        # An argument whose bytes are no UTF-8 comes with these.
        raise BadUsage(f"{what} holds bytes that are no letters; write it in UTF-8.")
    if not any(sign.isalnum() for sign in text):
        raise BadUsage("There are no words to go by; say what it should sound like, such as “a dull wooden knock”.")
    if len(text) > _MOST_LETTERS:
        raise BadUsage(f"{what} has {len(text)} letters; say it in at most {_MOST_LETTERS}.")
    letters = [sign for sign in text if sign.isalpha()]
    other = [sign for sign in letters if not unicodedata.name(sign, "").startswith("LATIN")]
    if 2 * len(other) > len(letters):
        raise BadUsage(
            f"{what} “{_short(text)}” is not understood: the text model knows English, and no words in other scripts; "
            "say it in English, such as “a dull wooden knock”."
        )
    if other:
        return f"The text model knows English; what of “{_short(text)}” is in another script is not understood."
    return ""


def check_request(request: TuneRequest) -> str:
    """What :func:`check_prompt` says of the words; raises :class:`BadUsage` for a request that makes no sense."""
    notices = [check_prompt(request.prompt)]
    if request.negative.strip():
        notices.append(check_prompt(request.negative, "The negative prompt"))
    if request.synth not in SPACES:
        raise BadUsage(f"Words turn the knobs of the synths {' and '.join(sorted(SPACES))}, not of {request.synth!r}.")
    space = SPACES[request.synth]
    if request.start is not None and request.start.synth != request.synth:
        raise BadUsage(f"A patch of the {request.start.synth} synth is no start for the {request.synth} synth.")
    if not 0.5 <= request.seconds <= 3600.0:
        raise BadUsage(f"A tuning cannot take {request.seconds:g} s: give it 0.5 to 3600 s.")
    if not 0.0 <= request.reach <= 1.0:
        raise BadUsage(f"A reach of {request.reach:g} makes no sense: 0 stays at the start, 1 is anything.")
    if request.reach < 1.0 and request.start is None:
        raise BadUsage("A reach below 1 needs a patch to stay near to.")
    _check_common(request.guidance, request.seed)
    for name in request.locked:
        space[name]  # raises for a name that is not there
    for name, (low, high) in request.narrowed.items():
        param = space[name]
        if not param.low <= low <= high <= param.high:
            span = f"{param.low:g} to {param.high:g}"
            raise BadUsage(f"{name} cannot stay between {low:g} and {high:g}: it goes from {span}.")
    return " ".join(dict.fromkeys(filter(None, notices)))


def longest_s(prior: str) -> float:
    """How long a sound may be that the prior of that name draws."""
    weight = None if prior == OWN_PRIOR else catalogue().get(prior)
    return weight.longest_s if weight is not None and weight.longest_s else OWN_LONGEST_S


def check_imagined(
    prompt: str, negative: str, seconds: float, seed: int, guidance: float | None, prior: str = OWN_PRIOR
) -> str:
    """The same for what is only to be heard."""
    notices = [check_prompt(prompt)]
    if negative.strip():
        notices.append(check_prompt(negative, "The negative prompt"))
    most_s = longest_s(prior)
    if not SHORTEST_S <= seconds <= most_s:
        raise BadUsage(f"{seconds:g} s is out of reach; choose a length from {SHORTEST_S:g} to {most_s:g} s.")
    _check_common(guidance, seed)
    return " ".join(dict.fromkeys(filter(None, notices)))


def _check_common(guidance: float | None, seed: int) -> None:
    if guidance is not None and not 0.0 <= guidance <= MOST_GUIDANCE:
        raise BadUsage(f"A guidance of {guidance:g} makes no sense; choose one from 0 to {MOST_GUIDANCE:g}.")
    if not 0 <= seed <= MAX_SEED:
        raise BadUsage(f"A seed is a whole number from 0 to {MAX_SEED}.")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"
