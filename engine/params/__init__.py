"""What can be turned: parameters, their spaces and the patches that set them. Plain data, no torch."""

from engine.params.fm import FM_SPACE
from engine.params.impact import IMPACT_SPACE
from engine.params.param import Param, Scale, choice
from engine.params.patch import Patch
from engine.params.space import ParamSpace, Values
from engine.params.spaces import SPACES, SYNTH_WORDS, words_for

__all__ = [
    "FM_SPACE",
    "IMPACT_SPACE",
    "SPACES",
    "SYNTH_WORDS",
    "Param",
    "ParamSpace",
    "Patch",
    "Scale",
    "Values",
    "choice",
    "words_for",
]
