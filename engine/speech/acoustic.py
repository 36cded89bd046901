"""The voice that comes with the program, up to frames: symbols in, log-mel frames out, with the place of every symbol.

A text of any length comes in chunks (:mod:`engine.speech.front`), each drawn by itself. A chunk's prosody and noise
come from the seed and the chunk's number alone, so a rough draft in two steps and the full take have the same timing.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.dsp.mel import LOG_FLOOR, N_BANDS
from engine.errors import BadUsage
from engine.speech.acoustic_net import ENERGY, N_PROSODY, N_STATES, PITCH, AcousticNet, AcousticSettings, Places
from engine.speech.solvers import Grid, Method, guided, solve, solve_steps, times
from engine.speech.symbols import PHONEME_IDS
from engine.weights.net_file import read_net

KIND = "voice"
SPEEDS = (0.4, 2.5)
MOST_PITCH_ST = 12.0
MOST_ENERGY_DB = 12.0
_PROSODY_STEPS = 8
_LOUDEST_LOG_HZ = math.log(600.0)
_NATS_PER_DB = math.log(10.0) / 20.0
_LONGEST_STATE = 120
"""Frames; nothing is drawn out for more than 1.3 s."""


@dataclass(frozen=True, slots=True)
class Style:
    """How something is said. The defaults are the voice as it is."""

    speed: float = 1.0
    pitch_st: float = 0.0
    liveliness: float = 1.0
    """How far the melody moves away from the voice's mean pitch, times what it would."""
    energy_db: float = 0.0
    steps: int = 10
    grid: Grid = "sway"
    method: Method = "euler"
    guidance: float = 1.0
    temperature: float = 0.8
    """How much noise the frames are drawn from; less is cleaner and duller."""
    rhythm_temperature: float = 0.5
    melody_temperature: float = 0.9
    seed: int = 0

    def check(self) -> None:
        """Raises :class:`BadUsage` for what cannot be said."""
        low, high = SPEEDS
        if not low <= self.speed <= high:
            raise BadUsage(f"A speed of {self.speed:g} is out of reach; choose from {low:g} to {high:g}.")
        if not abs(self.pitch_st) <= MOST_PITCH_ST:
            raise BadUsage(f"The pitch can move by {MOST_PITCH_ST:g} semitones at most.")
        if not abs(self.energy_db) <= MOST_ENERGY_DB:
            raise BadUsage(f"The energy can move by {MOST_ENERGY_DB:g} dB at most.")
        for name in ("liveliness", "temperature", "rhythm_temperature", "melody_temperature"):
            if not 0.0 <= getattr(self, name) <= 3.0:
                raise BadUsage(f"The {name.replace('_', ' ')} has to be from 0 to 3.")
        times(self.steps, self.grid)


@dataclass(frozen=True, eq=False)
class SpokenFrames:
    """A chunk: log-mel ``frames`` ``[n, bands]``, its symbols, and where each begins, ``[symbols + 1]`` in frames."""

    frames: Tensor
    ids: tuple[int, ...]
    begins: tuple[int, ...]


class AcousticVoice:
    """Symbols of :mod:`engine.speech.symbols` to :class:`SpokenFrames`."""

    def __init__(self, net: AcousticNet, device: torch.device | None = None, *, quick: bool = False) -> None:
        """``quick`` multiplies in bf16 where a CPU does so faster; a GPU always does. ``net`` then is good for nothing
        else."""
        self._device = device or torch.device("cpu")
        self._net = net.eval().requires_grad_(False).to(self._device)
        self._narrow = self._device.type != "cpu" or (quick and _multiplies_bf16())
        if self._narrow and self._device.type == "cpu":
            # Once here instead of at each pass.
            for part in self._net.modules():
                if isinstance(part, torch.nn.Linear):
                    part.to(torch.bfloat16)

    @classmethod
    def load(cls, path: Path, device: torch.device | None = None, *, quick: bool = True) -> AcousticVoice:
        """Read it from a file; raises :class:`WeightError`."""
        file = read_net(path, KIND)
        net = AcousticNet(AcousticSettings.read(file.settings))
        net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        return cls(net, device, quick=quick)

    def speak(self, chunks: Iterable[Sequence[int]], style: Style = Style()) -> Iterator[SpokenFrames]:
        """All ``chunks``, each in one go."""
        for number, chunk in enumerate(chunks):
            steps = self.chunk_steps(chunk, style, number)
            while True:
                try:
                    next(steps)
                except StopIteration as stop:
                    yield stop.value
                    break

    def chunk_steps(self, ids: Sequence[int], style: Style, number: int = 0) -> Generator[float, None, SpokenFrames]:
        """One chunk, the ``number``-th of its text; yields after each step what share is done."""
        style.check()
        if not any(i in PHONEME_IDS for i in ids):
            raise BadUsage("There is nothing to say: no word in the text.")
        row = torch.tensor([list(ids)], device=self._device)
        mask = torch.ones_like(row, dtype=torch.bool)
        with torch.no_grad(), self._autocast():
            h, mu = self._net.read(row, mask, torch.zeros(1, dtype=torch.long, device=self._device))
        prosody = self._draw_prosody(row, h, mask, style, _noise_source(style.seed, number, 0))
        counts = self._counts(row, prosody, style.speed)
        size = self._net.settings.frames_per_token
        n = int(counts.sum())
        n_frames = -(-n // size) * size
        places = Places.of(counts[None], n_frames)
        with torch.no_grad(), self._autocast():
            about, _ = self._net.spread_out(h, mu, self._told(prosody, counts, style), places)
        source = _noise_source(style.seed, number, 1)
        noise = torch.randn((1, n_frames, N_BANDS), generator=source).to(self._device)
        velocity = guided(lambda x, t, both: self._velocity(x, t, both, about, places.mask), style.guidance)
        grid = times(style.steps, style.grid)
        x = yield from solve_steps(velocity, style.temperature * noise, grid, style.method)
        frames = self._net.denormalise(x[0, :n].float()).clamp(min=LOG_FLOOR).cpu()
        begins = [0, *counts.sum(1).cumsum(0).tolist()]
        return SpokenFrames(frames, tuple(ids), tuple(begins))

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self._device.type, torch.bfloat16, enabled=self._narrow)

    def _draw_prosody(self, row: Tensor, h: Tensor, mask: Tensor, style: Style, source: torch.Generator) -> Tensor:
        """``[symbols, N_PROSODY]`` in its own units."""
        warmth = torch.full((N_PROSODY,), style.rhythm_temperature)
        warmth[[PITCH, ENERGY]] = style.melody_temperature
        noise = torch.randn((1, row.shape[1], N_PROSODY), generator=source) * warmth

        def velocity(x: Tensor, t: float) -> Tensor:
            at = torch.full((1,), t, device=x.device)
            with torch.no_grad(), self._autocast():
                return self._net.prosody_velocity(x, at, h, mask).float()

        drawn = solve(velocity, noise.to(self._device), times(_PROSODY_STEPS, "uniform"), "midpoint")
        found: Tensor = self._net.denormalise_prosody(drawn[0])
        return found

    def _counts(self, row: Tensor, prosody: Tensor, speed: float) -> Tensor:
        """Frames of each state, ``[symbols, states]``; rounded so that the errors do not sum up."""
        has = self._net.has_states(row)[0]
        length = prosody[:, :N_STATES].exp().clamp(1.0, _LONGEST_STATE) * has / speed
        ends = length.double().flatten().cumsum(0).round().view_as(length)
        counts = torch.diff(ends.flatten(), prepend=ends.new_zeros(1)).view_as(length)
        return torch.where(has, counts.clamp(min=1.0), 0.0).long()

    def _told(self, prosody: Tensor, counts: Tensor, style: Style) -> Tensor:
        """The prosody that the frames are drawn by, ``[1, symbols, N_PROSODY]``, normalised: as it was drawn and then
        bent."""
        told = prosody.clone()
        told[:, :N_STATES] = counts.clamp(min=1).log()
        centre = self._net.prosody_mean[PITCH]
        pitch = centre + style.liveliness * (told[:, PITCH] - centre) + style.pitch_st / 12.0 * math.log(2.0)
        told[:, PITCH] = pitch.clamp(max=_LOUDEST_LOG_HZ)
        told[:, ENERGY] += style.energy_db * _NATS_PER_DB
        found: Tensor = self._net.normalise_prosody(told)[None]
        return found

    @torch.no_grad()
    def _velocity(self, x: Tensor, t: float, both: bool, about: Tensor, mask: Tensor) -> Tensor:
        n = len(x)
        at = torch.full((n,), t, device=x.device)
        known = None
        if both:
            known = torch.arange(n, device=x.device) < n // 2
            about, mask = about.expand(n, -1, -1), mask.expand(n, -1)
        with self._autocast():
            found: Tensor = self._net.frame_velocity(x, at, about, mask, known).float()
        return found


def _noise_source(seed: int, number: int, purpose: int) -> torch.Generator:
    """Chance of its own for every chunk and purpose of a seed."""
    return torch.Generator().manual_seed((seed * 1_000_003 + number * 7919 + purpose) % (1 << 63))


def _multiplies_bf16() -> bool:
    """Whether the CPU has instructions for it; without them bf16 is slower than fp32."""
    has = torch.cpu.get_capabilities()
    return bool(has.get("avx512_bf16") or has.get("amx_bf16"))
