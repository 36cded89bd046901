"""How a large net is to be run: decided from the free memory before it is loaded, and again when that was too little.

A plan is a value that can be shown; :func:`smaller` is the next one to try after memory ran out. Half of all rows at a
time first, then the parts of the model take turns on the GPU, then what makes sound of the net's answer works on the
CPU, then everything does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch

from engine.errors import WeightError
from engine.weights import memory

Part = Literal["text", "net", "sound"]
"""What understands words, what knows sounds, and what makes sound of the net's numbers and back."""
Way = Literal["together", "in turns", "sound on the CPU", "CPU"]

WAYS: tuple[Way, ...] = ("together", "in turns", "sound on the CPU", "CPU")
SPARE_BYTES = 300_000_000
"""What the libraries of a GPU take for themselves."""
SMALL = 100_000_000
"""A model of fewer numbers is not narrowed: it gains little."""
MOST_ROWS = 16
_NAMES = {torch.float32: "fp32", torch.bfloat16: "bf16", torch.float16: "fp16"}
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Demand:
    """What a model takes, counted in numbers: its parts, and what one row adds while the net or the decoder works."""

    title: str
    text: int
    net: int
    sound: int
    net_row: int
    sound_row: int

    @property
    def weights(self) -> int:
        """The numbers of all parts."""
        return self.text + self.net + self.sound


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is: ``free_bytes`` on the device and on the machine around it, and which narrow numbers it is fast in.

    ``None`` where nobody knows what is free; then everything is tried.
    """

    device: torch.device
    free_bytes: int | None
    cpu_free_bytes: int | None
    narrow: torch.dtype | None


@dataclass(frozen=True, slots=True)
class Plan:
    """See the module. ``needs`` and ``free`` are bytes on the device that the net works on."""

    demand: Demand
    machine: Machine
    way: Way
    rows: int

    @property
    def device(self) -> torch.device:
        """Where the net works."""
        return torch.device("cpu") if self.way == "CPU" else self.machine.device

    @property
    def precision(self) -> torch.dtype:
        """What numbers the net is made of."""
        if self.device.type != "cpu":
            return _narrow(self.demand, self.machine.narrow)
        narrow = self.machine.narrow if self.machine.device.type == "cpu" else None
        if self.demand.weights >= SMALL:
            if narrow is not None:
                return narrow
            free = self.machine.cpu_free_bytes
            if free is not None and _bytes(self.demand, "CPU", self.rows, 4) > free:
                return torch.bfloat16
        return torch.float32

    @property
    def takes_turns(self) -> bool:
        """Whether only one part is on the GPU at a time."""
        return self.way in ("in turns", "sound on the CPU")

    def place(self, part: Part) -> tuple[torch.device, torch.dtype]:
        """Where that part works, and in which numbers."""
        if part == "sound" and self.way == "sound on the CPU":
            return torch.device("cpu"), torch.float32
        return self.device, self.precision

    @property
    def needs(self) -> int:
        """Bytes that this takes at its fullest moment on :attr:`device`, roughly."""
        return _bytes(self.demand, self.way, self.rows, self.precision.itemsize)

    @property
    def free(self) -> int | None:
        """Bytes that were free there when the plan was made."""
        return self.machine.cpu_free_bytes if self.device.type == "cpu" else self.machine.free_bytes

    def __str__(self) -> str:
        on_cpu = self.device.type == "cpu"
        said = [f"{_NAMES[self.precision]} on the {'CPU' if on_cpu else 'GPU'}"]
        said.append(f"{self.rows} {'rows' if self.rows > 1 else 'row'} at a time")
        if self.way == "in turns":
            said.append("its parts in turns")
        if self.way == "sound on the CPU":
            said.append("its parts in turns, decoder on the CPU")
        of = f" of {self.free / _GB:.1f} GB" if self.free is not None else " GB"
        return f"{self.demand.title}: {', '.join(said)}; {self.needs / _GB:.1f}{of}"


def look_at(
    device: torch.device,
    free_bytes: Callable[[str], int | None] = memory.free_bytes,
    narrow: Callable[[torch.device], torch.dtype | None] | None = None,
) -> Machine:
    """The machine as it is now."""
    on_cpu = device.type == "cpu"
    cpu = free_bytes("cpu")
    return Machine(device, cpu if on_cpu else free_bytes(str(device)), cpu, (narrow or _fast_numbers)(device))


def make_plan(demand: Demand, machine: Machine, rows: int = MOST_ROWS) -> Plan:
    """The fastest way that fits, with as many of ``rows`` at a time as fit."""
    rows = max(1, min(rows, MOST_ROWS))
    plan: Plan | None = Plan(demand, machine, "CPU" if machine.device.type == "cpu" else "together", rows)
    while plan is not None:
        if plan.free is None or plan.needs <= plan.free:
            return plan
        plan = smaller(plan, rows)
    raise too_little(Plan(demand, machine, "CPU", 1))


def smaller(plan: Plan, rows: int = 1) -> Plan | None:
    """The next plan to try; ``None`` when there is none. ``rows`` is where a next way begins to halve."""
    if plan.rows > 1:
        return replace(plan, rows=plan.rows // 2)
    later = WAYS[WAYS.index(plan.way) + 1 :]
    return replace(plan, way=later[0], rows=rows) if later else None


def needs_to_load(demand: Demand, device: torch.device) -> int:
    """Bytes of the weights alone, in the widest numbers that they are loaded in on that device."""
    return demand.weights * (2 if demand.weights >= SMALL and device.type != "cpu" else 4)


def too_little(plan: Plan, ran_out: bool = False) -> WeightError:
    """The sentence for a machine that is too small, by the plan or as it turned out."""
    free = memory.in_words(plan.free) if plan.free is not None else "less"
    begin = f"{plan.demand.title} needs about {memory.in_words(plan.needs)} of memory, and {free} are free"
    if ran_out:
        begin = f"Memory ran out while {plan.demand.title} worked, even with as little as it can do with"
    return WeightError(f"{begin}; close other programs, ask for a shorter sound, or choose the program's own prior.")


def _bytes(demand: Demand, way: Way, rows: int, width: int) -> int:
    # The two sides of guidance go through the net together.
    net, sound = 2 * rows * demand.net_row, rows * demand.sound_row
    if way == "CPU":
        return width * (demand.weights + max(net, sound))
    if way == "together":
        return width * (demand.weights + max(net, sound)) + SPARE_BYTES
    parts = [demand.text, demand.net + net]
    if way == "in turns":
        parts.append(demand.sound + sound)
    return width * max(parts) + SPARE_BYTES


def _narrow(demand: Demand, narrow: torch.dtype | None) -> torch.dtype:
    return torch.float32 if narrow is None or demand.weights < SMALL else narrow


def _fast_numbers(device: torch.device) -> torch.dtype | None:
    """Which narrow numbers a device is fast in."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else None
