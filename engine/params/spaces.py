"""Every synth's parameter space, by the synth's name."""

from collections.abc import Iterable

from engine.params.fm import FM_SPACE
from engine.params.impact import IMPACT_SPACE
from engine.params.space import ParamSpace

SPACES: dict[str, ParamSpace] = {FM_SPACE.name: FM_SPACE, IMPACT_SPACE.name: IMPACT_SPACE}
SYNTH_WORDS = {FM_SPACE.name: "FM", IMPACT_SPACE.name: "impact"}
"""What people call the synths."""


def known_names(names: Iterable[str]) -> frozenset[str]:
    """Those of ``names`` that are storage names of some synth."""
    return frozenset(name for name in names if any(name in space for space in SPACES.values()))


def words_for(names: Iterable[str]) -> str:
    """Parameters in words, for a step of undo: one by its label, a whole section by its name, others counted.

    >>> words_for(["op1_ratio"]), words_for(["op1_ratio", "op2_ratio"])
    ('Operator 1 ratio', '2 values')
    """
    wanted = known_names(names)
    for space in SPACES.values():
        if len(wanted) == 1 and wanted <= {param.name for param in space}:
            param = space[next(iter(wanted))]
            return f"{param.section} {param.label[:1].lower()}{param.label[1:]}"
        for section in space.sections:
            if wanted == space.names_in(section):
                return section
    return f"{len(wanted)} values"
