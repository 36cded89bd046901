"""An ordered set of parameters: the whole of a synth that can be turned, stored and optimised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import PatchError
from engine.params.param import Param

Values = Mapping[str, float | tuple[float, ...]]
"""Human values by storage name; a vector parameter (``count`` above 1) holds a tuple."""

_MOST_TOLD = 40
"""Letters of what is refused."""


@dataclass(frozen=True)
class ParamSpace:
    """The parameters of one synth, in storage order.

    The order is the order of the unit vector ``[n_units]`` that synths render from and optimisers move; a vector
    parameter takes ``count`` neighbouring places in it.
    """

    name: str
    params: tuple[Param, ...]
    _places: dict[str, slice] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, Param] = field(init=False, repr=False, compare=False)
    _default_units: dict[str, float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, slice] = {}
        start = 0
        for param in self.params:
            if param.name in places:
                raise ValueError(f"{self.name}: two parameters are called {param.name}.")
            places[param.name] = slice(start, start + param.count)
            start += param.count
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_by_name", {p.name: p for p in self.params})
        object.__setattr__(self, "_default_units", {p.name: p.to_unit(p.default) for p in self.params})

    def __iter__(self) -> Iterator[Param]:
        return iter(self.params)

    def __len__(self) -> int:
        return len(self.params)

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __getitem__(self, name: str) -> Param:
        try:
            return self._by_name[name]
        except KeyError:
            raise PatchError(f"The {self.name} synth has no parameter called {name!r}.") from None

    @property
    def n_units(self) -> int:
        """Length of the unit vector: the sum of all counts."""
        return sum(p.count for p in self.params)

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections of the parameters, each once, in storage order."""
        return tuple(dict.fromkeys(p.section for p in self.params))

    def names_in(self, section: str) -> frozenset[str]:
        """Storage names of the parameters of a section."""
        return frozenset(p.name for p in self.params if p.section == section)

    def place(self, name: str) -> slice:
        """Where a parameter's values stand in the unit vector."""
        self[name]
        return self._places[name]

    def defaults(self) -> dict[str, float | tuple[float, ...]]:
        """Human values of a freshly made patch."""
        return {p.name: p.default if p.count == 1 else (p.default,) * p.count for p in self.params}

    def complete(self, values: Values) -> dict[str, float | tuple[float, ...]]:
        """Check ``values`` and fill what is missing with defaults.

        Raises :class:`PatchError` for an unknown name, a value that is no finite number, one outside its range, or a
        vector of the wrong length.
        """
        full = self.defaults()
        for name, value in values.items():
            param = self[name]
            numbers = value if isinstance(value, tuple | list) else (value,)
            if value == full[name] and not isinstance(value, bool):
                continue  # most of the modes of most objects
            if param.count == 1 and numbers is value:
                raise PatchError(f"{name} of the {self.name} synth must be a single number, not a list of them.")
            if len(numbers) != param.count:
                if numbers is not value:
                    wanted = f"must be a list of {param.count} numbers, not {_told(value)}"
                    raise PatchError(f"{name} of the {self.name} synth {wanted}.")
                raise PatchError(f"{name} of the {self.name} synth takes {param.count} values, not {len(numbers)}.")
            for number in numbers:
                if isinstance(number, bool) or not isinstance(number, int | float):
                    raise PatchError(f"{name} of the {self.name} synth must be a number, not {_told(number)}.")
                # The tolerance lets a value survive a trip through a unit position and JSON.
                slack = 1e-9 * max(abs(param.low), abs(param.high))
                if not param.low - slack <= number <= param.high + slack:
                    raise PatchError(
                        f"{name} of the {self.name} synth is {_short(number)}, outside its range "
                        f"{param.low:g} to {param.high:g}{' ' + param.unit if param.unit else ''}."
                    )
            clamped = tuple(param.clamp(float(n)) for n in numbers)
            full[name] = clamped[0] if param.count == 1 else clamped
        return full

    def encode(self, values: Values) -> list[float]:
        """Human values to the unit vector ``[n_units]``; missing values take their defaults."""
        return self.positions(self.complete(values))

    def positions(self, full: Values) -> list[float]:
        """:meth:`encode` for values that :meth:`complete` has returned, without checking them again."""
        unit: list[float] = []
        for param in self.params:
            value = full[param.name]
            if value == param.default or value == (param.default,) * param.count:
                unit += [self._default_units[param.name]] * param.count
            else:
                unit.extend(param.to_unit(v) for v in (value if isinstance(value, tuple) else (value,)))
        return unit

    def decode(self, unit: Sequence[float]) -> dict[str, float | tuple[float, ...]]:
        """The unit vector ``[n_units]`` to human values."""
        if len(unit) != self.n_units:
            raise PatchError(f"The {self.name} synth takes {self.n_units} unit values, not {len(unit)}.")
        values: dict[str, float | tuple[float, ...]] = {}
        for param in self.params:
            numbers = tuple(float(param.from_unit(float(u))) for u in unit[self._places[param.name]])
            values[param.name] = numbers[0] if param.count == 1 else numbers
        return values


def _told(thing: object) -> str:
    """What stands where a number should; of long things the beginning."""
    words = repr(thing)
    return words if len(words) <= _MOST_TOLD else f"{words[:_MOST_TOLD]}…"


def _short(number: float) -> str:
    try:
        return f"{number:g}"
    except OverflowError:  # JSON's whole numbers may be larger than any float
        return "a number of hundreds of digits"
