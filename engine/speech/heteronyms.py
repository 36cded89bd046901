"""Words that are written alike and said otherwise: which one is meant, by the words around it.

Rules, not statistics: a handful of neighbours decides most cases, and what they cannot decide falls to the commoner
sound. Verbs have their stress later than nouns ("to record", "a record"), end in a voiced sound ("to use", "the use"),
or in a full vowel ("to separate", "a separate room"); the lexicon holds both, and the neighbours choose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MODALS: Final = _set(
    "will would can could shall should may might must do does did don't doesn't didn't can't cannot won't "
    "couldn't wouldn't shouldn't i'll you'll we'll they'll he'll she'll it'll i'd you'd we'd they'd he'd she'd "
    "let let's please"
)
_SUBJECTS: Final = _set("i you we they who")
_SINGULAR: Final = _set("he she it")
_BE: Final = _set(
    "am is are was were be been being it's he's she's that's i'm you're we're they're isn't aren't wasn't weren't "
    "there's"
)
_HAVE: Final = _set("have has had having i've you've we've they've haven't hasn't hadn't")
_OWNERS: Final = _set(
    "a an the this that these those my your his her its our their no any some each every another what"
)
_BEFORE_NOUNS: Final = _OWNERS | _set(
    "of in on at by for with from about without into which first last new old own good bad best more most other "
    "same world main big small long current previous next one two three many few all world's school house public"
)
_OBJECTS: Final = _set(
    "the a an my your his her its our their this that these those it them him me us every each some any all"
)
_PLACES: Final = _set(
    "in at near on with by among under for here there alone together inside outside across next within off"
)
_BETWEEN: Final = _set("not never always also often just already only ever still really now then")
_PAST: Final = _set("yesterday ago last once already was were had did when before earlier finally had")

STRESS_SHIFT: Final = _set(
    "abstract addict affix ally annex attribute combat combine commune compound compress concert conduct confines "
    "conflict conscript console content contest contract contrast converse convert convict decrease defect digest "
    "discharge discount escort exploit export extract ferment finance impact implant import impress incense "
    "increase insert insult intercept misprint object offset overhaul perfect perfume permit pervert present "
    "proceed produce progress project protest rebel recall recap record refund reject relapse relay reprint rerun "
    "research retake rewrite segment subject survey suspect torment transfer transplant transport update upgrade "
    "upset"
)
"""As nouns they are stressed on an earlier syllable than as verbs."""
FULL_VERBS: Final = _set(
    "advocate affiliate aggregate alternate animate appropriate approximate articulate associate certificate "
    "conglomerate coordinate correlate degenerate delegate deliberate desolate duplicate elaborate estimate "
    "graduate initiate intimate moderate precipitate predicate separate subordinate syndicate"
)
"""As verbs their last vowel is a full one."""
VOICED_VERBS: Final = _set("use abuse misuse excuse diffuse house close")


@dataclass(frozen=True)
class Place:
    """The words of a sentence in lower case, which of them is asked about, and whether it has a capital."""

    words: Sequence[str]
    at: int
    proper: bool = False

    def word(self, by: int) -> str:
        """The word so many places further, or nothing."""
        at = self.at + by
        return self.words[at] if 0 <= at < len(self.words) else ""

    @property
    def before(self) -> str:
        """The word before, past adverbs."""
        by = -1
        while self.word(by) in _BETWEEN or (self.word(by).endswith("ly") and len(self.word(by)) > 4):
            by -= 1
        return self.word(by)

    @property
    def after(self) -> str:
        return self.word(1)


def is_verb(place: Place) -> bool:
    """Whether the neighbours make a verb of the word."""
    before, after = place.before, place.after
    if before in _MODALS or before in _SUBJECTS or before == "to":
        return True
    if before in _BEFORE_NOUNS or before in _BE or before.endswith("'s"):
        return False
    if before in _SINGULAR:
        return place.word(0).endswith("s")
    if not before or before in ("and", "then", "or"):
        return after in _OBJECTS
    return after in _OBJECTS and after not in ("that", "this")


def _read(place: Place) -> str:
    before, earlier = place.before, place.word(-2)
    asked = before in _SUBJECTS | _SINGULAR
    if asked and earlier in _HAVE:
        return "R EH1 D"
    if (asked and earlier in _MODALS) or earlier in ("let", "help", "make", "hear"):
        return "R IY1 D"
    if before in _MODALS or before in ("to", "") or before in _OWNERS:
        return "R IY1 D"
    if before in _HAVE or before in _BE or before in _SINGULAR:
        return "R EH1 D"
    if before in _SUBJECTS or before in ("and", "or", "then") or before.endswith("s"):
        others = [*place.words[: place.at], *place.words[place.at + 1 :]]
        told = any(word in _PAST or (word.endswith("ed") and len(word) > 4) for word in others)
        return "R EH1 D" if told else "R IY1 D"
    return "R EH1 D"


def _lead(place: Place) -> str:
    metal = place.after in _set(
        "pipe pipes paint poisoning bullet bullets weight weights crystal acid shot foil ions oxide free"
    )
    metal |= place.before in _set("of molten melted toxic contains containing contained heavy liquid") and (
        not place.after or place.after in _set("and or in is was")
    )
    return "L EH1 D" if metal else "L IY1 D"


def _live(place: Place) -> str:
    before, after = place.before, place.after
    if before == "long":
        return "L IH1 V"
    if before in _BE or before in _set(
        "go goes going went gone broadcast perform performed play played recorded streamed a the"
    ):
        return "L AY1 V"
    return (
        "L IH1 V"
        if is_verb(place) or after in _PLACES or before in _set("people men women children all")
        else "L AY1 V"
    )


def _lives(place: Place) -> str:
    before = place.before
    if before in _BEFORE_NOUNS or before in _set("save saved saves lost lose human people's"):
        return "L AY1 V Z"
    return "L IH1 V Z" if before in _SINGULAR or before == "who" or place.after in _PLACES else "L AY1 V Z"


def _wind(place: Place) -> str:
    turning = place.after in _set("up down it the through around along your back") and is_verb(place)
    return "W AY1 N D" if turning or (place.before in ("to", "the") and place.after == "up") else "W IH1 N D"


def _wound(place: Place) -> str:
    if place.before == "the":
        return "W UW1 N D"
    turned = place.after in _set("up around through down its tightly along round past back into")
    turned |= place.before in _SINGULAR | _SUBJECTS and place.after in _OBJECTS
    return "W AW1 N D" if turned else "W UW1 N D"


def _tear(place: Place, ending: str = "") -> str:
    ripped = place.after in _set("down up apart off out away open through into it the this them") or is_verb(place)
    ripped |= place.after == "in" and place.before in ("a", "the")
    return ("T EH1 R" if ripped and place.before not in _set("his her my in of") else "T IH1 R") + ending


def _bow(place: Place) -> str:
    bent = place.before in _set("to take took will would must a final") and place.after not in _set(
        "and tie ties with string"
    )
    bent |= place.after in _set("to down before out of") and place.before not in _set("violin cello his her my arrow")
    return "B AW1" if bent else "B OW1"


def _bass(place: Place) -> str:
    fish = set(place.words) & _set("fish fishing lake river caught sea striped largemouth freshwater grilled")
    return "B AE1 S" if fish else "B EY1 S"


def _dove(place: Place) -> str:
    went = place.before in _SUBJECTS | _SINGULAR or place.after in _set("into down off under headfirst below")
    return "D OW1 V" if went else "D AH1 V"


def _minute(place: Place) -> str:
    small = place.before in _set("very so too most extremely") or place.after in _set(
        "detail details particle particles amount amounts quantity quantities difference differences change changes "
        "traces"
    )
    return "M AY0 N UW1 T" if small else "M IH1 N AH0 T"


def _content(place: Place) -> str:
    pleased = place.before in _BE | _set("feel feels felt quite very perfectly seem seemed") or place.after == "with"
    return "K AH0 N T EH1 N T" if pleased and place.before not in _OWNERS else "K AA1 N T EH0 N T"


def _close(place: Place) -> str:
    if place.after in ("to", "by", "up") and place.before != "to":
        return "K L OW1 S"
    ends = is_verb(place) or (place.before == "the" and place.after == "of")
    return "K L OW1 Z" if ends else "K L OW1 S"


def _used(place: Place) -> str:
    return (
        "Y UW1 S T"
        if place.after == "to" and place.word(-1) not in _set("is are be was were being been")
        else "Y UW1 Z D"
    )


def _when(told: Callable[[Place], bool], then: str, otherwise: str) -> Callable[[Place], str]:
    return lambda place: then if told(place) else otherwise


_RULES: Final[Mapping[str, Callable[[Place], str]]] = {
    "read": _read,
    "lead": _lead,
    "live": _live,
    "lives": _lives,
    "wind": _wind,
    "wound": _wound,
    "tear": _tear,
    "tears": lambda place: _tear(place, " Z"),
    "bow": _bow,
    "bass": _bass,
    "dove": _dove,
    "minute": _minute,
    "content": _content,
    "close": _close,
    "used": _used,
    "sow": _when(is_verb, "S OW1", "S AW1"),
    "desert": _when(is_verb, "D IH0 Z ER1 T", "D EH1 Z ER0 T"),
    "refuse": _when(lambda p: p.before in _OWNERS and p.after != "to", "R EH1 F Y UW2 Z", "R AH0 F Y UW1 Z"),
    "resume": _when(lambda p: p.before in _OWNERS, "R EH1 Z AH0 M EY2", "R IH0 Z UW1 M"),
    "polish": _when(lambda p: p.proper and p.at > 0, "P OW1 L IH0 SH", "P AA1 L IH0 SH"),
    "invalid": _when(lambda p: p.before in ("an", "the") and not p.after, "IH1 N V AH0 L AH0 D", "IH2 N V AE1 L AH0 D"),
    "house": _when(lambda p: p.before in _MODALS or (p.before == "to" and p.after in _OBJECTS), "HH AW1 Z", "HH AW1 S"),
    "learned": _when(
        lambda p: p.before in ("a", "the", "my") and p.after in _set("man men woman scholar professor judge friend"),
        "L ER1 N IH0 D",
        "L ER1 N D",
    ),
}


def choose(variants: Sequence[tuple[str, ...]], place: Place) -> tuple[str, ...]:
    """The pronunciation of the word at ``place``: one of the lexicon's ``variants``, or what a rule of its own says."""
    word = place.word(0)
    rule = _RULES.get(word)
    if rule is not None:
        return tuple(rule(place).split())
    if len(variants) < 2:
        return variants[0] if variants else ()
    stem = word[:-1] if word.endswith("s") and word not in VOICED_VERBS else word
    if stem in STRESS_SHIFT:
        return (max if is_verb(place) else min)(variants, key=_stressed_at)
    if stem in FULL_VERBS:
        full = [said for said in variants if "EY2" in said]
        weak = [said for said in variants if "EY2" not in said]
        return (full if is_verb(place) else weak or full or list(variants))[0] if full else variants[0]
    if stem in VOICED_VERBS:
        voiced = [said for said in variants if said[-1] == "Z"]
        plain = [said for said in variants if said[-1] != "Z"]
        return (voiced if is_verb(place) else plain or voiced)[0] if voiced else variants[0]
    return variants[0]


def _stressed_at(said: Sequence[str]) -> int:
    """Which of its vowels has the stress."""
    vowels = [symbol for symbol in said if symbol[-1].isdigit()]
    return next((n for n, vowel in enumerate(vowels) if vowel.endswith("1")), 0)
