"""A patch: the settings of one synth, in human units, as a value that survives JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from engine.about import NOTHING, About
from engine.errors import PatchError
from engine.params.space import ParamSpace, Values
from engine.params.spaces import SPACES

PATCH_VERSION = 1
MAX_SEED = 2**63 - 1
"""The largest seed that every random generator takes."""
MAX_STRIKE = 2**31 - 1


@dataclass(frozen=True)
class Patch:
    """The settings of one synth.

    ``synth`` names a space in :data:`engine.params.spaces.SPACES`; ``values`` holds every parameter of that space in
    human units (what is left out takes its default); ``seed`` fixes all randomness of the sound. ``strike`` tells apart
    the strikes of one object: each has a contact noise of its own, in the same room. ``about`` is what is known of how
    it came about, where words found it. Raises :class:`PatchError` on an unknown synth or a value that the space
    refuses.
    """

    synth: str
    values: Values = field(default_factory=dict)
    seed: int = 0
    version: int = PATCH_VERSION
    name: str = ""
    strike: int = 0
    about: About = NOTHING

    def __post_init__(self) -> None:
        if self.synth not in SPACES:
            raise PatchError(f"There is no synth called {self.synth!r}; there is {' and '.join(sorted(SPACES))}.")
        if not isinstance(self.seed, int) or not 0 <= self.seed <= MAX_SEED:
            raise PatchError(f"A seed is a whole number from 0 to {MAX_SEED}.")
        if not isinstance(self.strike, int) or not 0 <= self.strike <= MAX_STRIKE:
            raise PatchError(f"A strike is a whole number from 0 to {MAX_STRIKE}.")
        object.__setattr__(self, "values", MappingProxyType(SPACES[self.synth].complete(self.values)))

    def __hash__(self) -> int:
        return hash((self.synth, tuple(self.values.items()), self.seed, self.strike))

    def with_values(self, **changes: float | tuple[float, ...]) -> Patch:
        """The same patch with some values changed."""
        return replace(self, values={**self.values, **changes})

    def unit(self) -> list[float]:
        """The patch as a unit vector ``[n_units]`` in storage order."""
        return SPACES[self.synth].positions(self.values)

    def to_json(self) -> dict[str, Any]:
        """A plain dictionary for ``json.dump``. Lists end where nothing but defaults would follow."""
        space = SPACES[self.synth]
        values = {n: _short(v, space[n].default) if isinstance(v, tuple) else v for n, v in self.values.items()}
        about: dict[str, Any] = {"synth": self.synth, "name": self.name, "version": self.version, "seed": self.seed}
        if self.strike:
            about["strike"] = self.strike
        if self.about:
            about["about"] = self.about.to_json()
        return {**about, "values": values}

    @classmethod
    def from_json(cls, data: Any) -> Patch:
        """Read what :meth:`to_json` wrote; raises :class:`PatchError` with the reason when it is something else."""
        if not isinstance(data, Mapping) or not isinstance(data.get("synth"), str):
            raise PatchError('This is no patch: it needs a "synth" and "values".')
        values = data.get("values", {})
        seed, version, strike = data.get("seed", 0), data.get("version", PATCH_VERSION), data.get("strike", 0)
        if not isinstance(values, Mapping) or any(type(number) is not int for number in (seed, version, strike)):
            raise PatchError('This is no patch: "values" must be a table, "seed", "version", "strike" whole numbers.')
        if version > PATCH_VERSION:
            raise PatchError(f"The patch has version {version}; this program reads up to {PATCH_VERSION}. Update it.")
        space = SPACES.get(data["synth"])
        plain = {n: _whole(v, n, space) if isinstance(v, list) else v for n, v in values.items()}
        for n, v in plain.items():
            _check_step(v, n, space)
        about = About.from_json(data.get("about"))
        return cls(data["synth"], plain, seed, PATCH_VERSION, str(data.get("name", "")), strike, about)

    @classmethod
    def loads(cls, text: str) -> Patch:
        """Read a patch from JSON text."""
        try:
            return cls.from_json(json.loads(text))
        except json.JSONDecodeError as error:
            raise PatchError(f"The patch is no valid JSON: {error.msg} in line {error.lineno}.") from None
        except (RecursionError, ValueError):
            # Brackets without end, or a number of thousands of digits.
            raise PatchError("This is no patch: its JSON is nested too deeply or holds a number too long.") from None

    def dumps(self) -> str:
        """JSON text, one value a line so that it reads and compares well."""
        return json.dumps(self.to_json(), indent=1, ensure_ascii=False)


def _short(numbers: tuple[float, ...], default: float) -> list[float]:
    """``numbers`` without the defaults at their end."""
    n = len(numbers)
    while n > 0 and numbers[n - 1] == default:
        n -= 1
    return list(numbers[:n])


def _check_step(value: Any, name: str, space: ParamSpace | None) -> None:
    """Between two choices of a file there is nothing that could be meant."""
    if space is None or name not in space or space[name].scale != "step" or not isinstance(value, float):
        return  # whatever else is wrong is refused with its reason when the patch is made
    param = space[name]
    if param.low <= value <= param.high and value != round(value):
        raise PatchError(
            f"{name} of the {space.name} synth takes whole numbers from {param.low:g} to {param.high:g}, not {value:g}."
        )


def _whole(numbers: list[Any], name: str, space: ParamSpace | None) -> tuple[Any, ...]:
    """A list from a file as long as it is meant to be: what is left out at its end are defaults."""
    if space is None or name not in space or space[name].count == 1:
        return tuple(numbers)  # refused with its reason when the patch is made
    param = space[name]
    for number in numbers:
        # Equal to 0 and 1, and no numbers all the same.
        if isinstance(number, bool):
            raise PatchError(f"{name} of the {space.name} synth must be a number, not {number!r}.")
    return (*numbers, *(param.default,) * (param.count - len(numbers)))
