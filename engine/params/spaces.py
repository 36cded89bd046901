"""Every synth's parameter space, by the synth's name."""

from collections.abc import Iterable

from engine.params.fm import FM_SPACE
from engine.params.impact import IMPACT_SPACE
from engine.params.space import ParamSpace

SPACES: dict[str, ParamSpace] = {FM_SPACE.name: FM_SPACE, IMPACT_SPACE.name: IMPACT_SPACE}
SYNTH_WORDS = {FM_SPACE.name: "FM", IMPACT_SPACE.name: "impact"}
"""What people call the synths."""


def words_for(names: Iterable[str], synth: str) -> str:
    """Parameters of a synth in words, for a step of undo: one by its label, a section by its name, others counted.

    >>> words_for(["op1_ratio"], "fm"), words_for(["op1_ratio", "op2_ratio"], "fm")
    ('Operator 1 ratio', '2 values')
    """
    wanted, space = frozenset(names), SPACES[synth]
    if len(wanted) == 1:
        param = space[next(iter(wanted))]
        return f"{param.section} {param.label[:1].lower()}{param.label[1:]}"
    for section in space.sections:
        if wanted == space.names_in(section):
            return section
    return f"{len(wanted)} values"
