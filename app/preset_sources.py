"""Which files hold the patches of a name: what tells a patch, wherever it comes from, that it is a preset."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from engine.params import Patch
from engine.project.preset_index import Entry

MOST_NAMES = 256
"""Of so many names it is remembered which files hold them; what is forgotten is looked up again when it is loaded."""
MOST_NAMESAKES = 64


def is_same(one: Patch, other: Patch) -> bool:
    """Whether two patches sound the same; they may be called something else."""
    return one.values == other.values and (one.seed, one.strike) == (other.seed, other.strike)


class PresetSources:
    """By synth and name the patches that were read, each under its file's key, what was used last at the end."""

    def __init__(self) -> None:
        self._by_name: OrderedDict[tuple[str, str], OrderedDict[str, Patch]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, patch: Patch) -> bool:
        """Whether the name of ``patch`` was looked up, if in vain."""
        return (patch.synth, patch.name) in self._by_name

    def of(self, patch: Patch) -> Mapping[str, Patch]:
        """What is known under the name of ``patch``."""
        return self._by_name.get((patch.synth, patch.name), {})

    def begin(self, patch: Patch) -> None:
        """The name of ``patch`` is looked up now."""
        self._by_name[patch.synth, patch.name] = OrderedDict()

    def remember(self, key: str, patch: Patch) -> None:
        """The file of that key holds ``patch``."""
        name = (patch.synth, patch.name)
        namesakes = self._by_name.setdefault(name, OrderedDict())
        namesakes[key] = patch
        namesakes.move_to_end(key)
        while len(namesakes) > MOST_NAMESAKES:
            namesakes.popitem(last=False)
        self._by_name.move_to_end(name)
        while len(self._by_name) > MOST_NAMES:
            self._by_name.popitem(last=False)

    def rename(self, old: Entry, new: Entry) -> None:
        """A file has another key and its patch another name."""
        patch = self._by_name.get((old.synth, old.name), OrderedDict()).pop(old.key, None)
        if patch is not None:
            self.remember(new.key, replace(patch, name=new.name))

    def forget_vain(self) -> None:
        """Names that nobody had may be somebody's now."""
        self._by_name = OrderedDict((name, known) for name, known in self._by_name.items() if known)
