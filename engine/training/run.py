"""A training that the wall clock ends, that can be stopped at any moment, and that goes on where it was.

Two files: the net itself (a moving average of its weights, fp16), which is what the program uses, and beside it
``NAME.state``, with exact weights and the optimiser's moments. To resume, the second is enough; where there is only the
first, training goes on from the average with a fresh optimiser.
"""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.errors import BadUsage, WeightError
from engine.jobs import Note
from engine.weights.net_file import NetFile, read_net, write_net

SAVE_EVERY_S = 120.0
_WARM_UP_STEPS = 200
_FALL_SHARE = 0.25
"""In the last quarter of its time the learning rate falls to :data:`_LAST_SHARE`."""
_LAST_SHARE = 0.05
_MOST_NORM = 1.0


class Training:
    """Steps of AdamW on ``net`` until ``minutes`` are over. ``kind`` and ``settings`` are what the file says it is.

    ``beside`` is what learns against the net, such as its critics, by :meth:`learn_beside`; the program never uses it,
    so it is kept in the second file alone.
    """

    def __init__(
        self,
        net: nn.Module,
        kind: str,
        settings: Mapping[str, Any],
        *,
        out: Path,
        minutes: float,
        rate: float,
        average: float = 0.9995,
        decay: float = 0.01,
        betas: tuple[float, float] = (0.9, 0.98),
        beside: nn.Module | None = None,
    ) -> None:
        if not (math.isfinite(minutes) and minutes > 0.0):
            raise BadUsage("The time for training has to be more than 0 minutes.")
        self.net, self.kind, self.settings, self.out = net, kind, dict(settings), out
        self.step = 0
        self.minutes_before = 0.0
        self._seconds, self._rate, self._average = minutes * 60.0, rate, average
        self._optimiser = _adam(net, rate, betas, decay)
        self.beside = beside
        self._beside_optimiser = None if beside is None else _adam(beside, rate, betas, decay)
        self._mean: dict[str, Tensor] = {}
        self._first_step = 0

    @property
    def state_path(self) -> Path:
        return self.out.with_name(self.out.name + ".state")

    def resume(self) -> None:
        """Go on where an earlier training stopped; raises :class:`WeightError` when there is nothing to go on from."""
        if self.state_path.is_file():
            state = read_net(self.state_path, f"{self.kind} training")
            self._check(state)
            self.net.load_state_dict({n[4:]: t.float() for n, t in state.tensors.items() if n.startswith("net.")})
            self._mean = {n[5:]: t.float() for n, t in state.tensors.items() if n.startswith("mean.")}
            _take_moments(self._optimiser, self.net, state, "")
            if self.beside is not None and any(name.startswith("beside.") for name in state.tensors):
                mine = {n[7:]: t.float() for n, t in state.tensors.items() if n.startswith("beside.")}
                self.beside.load_state_dict(mine)
                _take_moments(self._beside_optimiser, self.beside, state, "beside_")
            card = state.card
        else:
            file = read_net(self.out, self.kind)
            self._check(file)
            self.net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
            card = file.card
        self.step = self._first_step = int(card.get("step", 0))
        self.minutes_before = float(card.get("minutes", 0.0))

    def _check(self, file: NetFile) -> None:
        if dict(file.settings) != self.settings:
            raise WeightError(f"{self.out} is a net of other settings; train into another file, or without --resume.")

    def steps(
        self, loss_of: Callable[[], Tensor], describe: Callable[[], Mapping[str, Any]]
    ) -> Generator[Note, None, dict[str, Any]]:
        """Train until the time is over; ``describe`` is what the card says beyond steps and minutes.

        Yields after each step, and saves now and then, at the end, and when it is closed. The result is the card
        of what was saved. A step whose loss or gradient is not finite is skipped; a hundred of them in a row raise.
        """
        began = saved = time.monotonic()
        smooth, skipped = math.nan, 0
        card: dict[str, Any] = {}
        try:
            while (spent := time.monotonic() - began) < self._seconds:
                self._set_rate(spent)
                loss = loss_of()
                self._optimiser.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]
                norm = nn.utils.clip_grad_norm_(self.net.parameters(), _MOST_NORM)
                if not (torch.isfinite(norm) and torch.isfinite(loss)):
                    skipped += 1
                    if skipped > 100:
                        raise WeightError("The training does not converge: no gradient is finite any more.")
                    continue
                skipped = 0
                self._optimiser.step()
                self.step += 1
                self._keep_mean()
                value = float(loss.detach())
                smooth = value if math.isnan(smooth) else 0.99 * smooth + 0.01 * value
                left = (self._seconds - spent) / 60.0
                yield Note(spent / self._seconds, f"step {self.step}, loss {smooth:.4f}, {left:.0f} min left")
                if time.monotonic() - saved > SAVE_EVERY_S:
                    self.save({**describe(), "loss": smooth}, self._minutes(began))
                    saved = time.monotonic()
        finally:
            if self.step > self._first_step:
                card = self.save({**describe(), "loss": smooth}, self._minutes(began))
        return card

    def learn_beside(self, loss: Tensor) -> None:
        """A step of what learns beside the net; one that is not finite is skipped."""
        assert self.beside is not None
        assert self._beside_optimiser is not None
        self._beside_optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.beside.parameters(), _MOST_NORM)
        if torch.isfinite(norm) and torch.isfinite(loss):
            for mine, its in zip(self._beside_optimiser.param_groups, self._optimiser.param_groups, strict=True):
                mine["lr"] = its["lr"]
            self._beside_optimiser.step()

    def averaged(self) -> nn.Module:
        """The net with the moving average of its weights, for looking at."""
        net = copy.deepcopy(self.net).eval()
        if self._mean:
            net.load_state_dict({**net.state_dict(), **self._mean})
        return net

    def average_anew(self, names: Iterable[str] | None = None) -> None:
        """Begin the moving average anew from the weights as they are now: of ``names``, or of everything."""
        for name in list(self._mean) if names is None else names:
            self._mean.pop(name, None)

    def _minutes(self, began: float) -> float:
        return self.minutes_before + (time.monotonic() - began) / 60.0

    def _set_rate(self, spent: float) -> None:
        warm = min((self.step - self._first_step + 1) / _WARM_UP_STEPS, 1.0)
        left = (1.0 - spent / self._seconds) / _FALL_SHARE
        fall = _LAST_SHARE + (1.0 - _LAST_SHARE) * min(left, 1.0)
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * warm * fall

    def _keep_mean(self) -> None:
        # Early on the average is short: the first steps are soon forgotten.
        keep = min(self._average, (1.0 + self.step) / (10.0 + self.step))
        with torch.no_grad():
            for name, value in self.net.state_dict().items():
                mean = self._mean.get(name)
                if mean is None or not value.is_floating_point():
                    self._mean[name] = value.detach().clone()
                else:
                    self._mean[name] = mean.to(value.device).lerp_(value, 1.0 - keep)

    def save(self, card: Mapping[str, Any], minutes: float) -> dict[str, Any]:
        """Write both files, each at once and whole; the card that they hold comes back."""
        card = {**card, "step": self.step, "minutes": round(minutes, 2)}
        keep = {name for name, _ in self.net.named_parameters()} | {name for name, _ in self.net.named_buffers()}
        self.out.parent.mkdir(parents=True, exist_ok=True)
        state: dict[str, Tensor] = {}
        for name, value in self.net.state_dict().items():
            state[f"net.{name}"] = value
            state[f"mean.{name}"] = self._mean.get(name, value)
        state |= _moments(self._optimiser, self.net, "")
        if self.beside is not None:
            state |= {f"beside.{name}": value for name, value in self.beside.state_dict().items()}
            state |= _moments(self._beside_optimiser, self.beside, "beside_")
        write_net(self.state_path, NetFile(f"{self.kind} training", self.settings, card, state), narrow=False)
        mean = {name: self._mean.get(name, value) for name, value in self.net.state_dict().items() if name in keep}
        write_net(self.out, NetFile(self.kind, self.settings, card, mean))
        return card


def _adam(net: nn.Module, rate: float, betas: tuple[float, float], decay: float) -> torch.optim.AdamW:
    matrices = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=betas)


def _moments(optimiser: torch.optim.AdamW | None, net: nn.Module, before: str) -> dict[str, Tensor]:
    """What an optimiser remembers of each number of ``net``, under names that begin with ``before``."""
    found = {}
    for name, parameter in net.named_parameters():
        moments = optimiser.state.get(parameter, {}) if optimiser is not None else {}
        for label, key in (("first", "exp_avg"), ("second", "exp_avg_sq")):
            found[f"{before}{label}.{name}"] = moments.get(key, torch.zeros_like(parameter)).bfloat16()
    return found


def _take_moments(optimiser: torch.optim.AdamW | None, net: nn.Module, state: NetFile, before: str) -> None:
    """Remember again what :func:`_moments` has kept."""
    assert optimiser is not None
    for name, parameter in net.named_parameters():
        optimiser.state[parameter] = {
            "step": torch.tensor(float(state.card["step"])),
            "exp_avg": state.tensors[f"{before}first.{name}"].float().to(parameter.device),
            "exp_avg_sq": state.tensors[f"{before}second.{name}"].float().to(parameter.device),
        }


def use_cores(n_threads: int | None = None) -> None:
    """Let torch use the whole machine: a training is alone with it, unlike a job of the window."""
    torch.set_num_threads(n_threads or os.cpu_count() or 1)
