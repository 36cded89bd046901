"""Every synth's parameter space, by the synth's name."""

from engine.params.fm import FM_SPACE
from engine.params.space import ParamSpace

SPACES: dict[str, ParamSpace] = {FM_SPACE.name: FM_SPACE}
