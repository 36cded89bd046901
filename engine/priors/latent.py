"""What all public priors share: a net that knows sounds in the narrow language of an autoencoder, and our loop over it.

The loop is ours because a pipeline cannot be left between two passes. Estimates are guided as
``without + w (with - without)``; a target is a short way back from noise by DDIM's steps without new noise
(arXiv 2010.02502), which on straight paths are Euler's. Everything outside the nets is computed in fp32. When memory
runs out, the plan becomes smaller and the same piece is tried again.
"""

from __future__ import annotations

import inspect
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from engine.dsp.levelled import levelling_gain
from engine.errors import BadUsage
from engine.priors.base import Noising, Prompt, draw_levels
from engine.priors.plan import Part, Plan, smaller, too_little
from engine.weights.memory import let_go
from engine.weights.residency import is_out_of_memory

R = TypeVar("R")
Words = Mapping[str, Tensor]
"""What the net hears besides the noisy sound, by argument; the first axis is [without, with], or [with] alone."""

LEAST_S = 0.05
_MOST_REMEMBERED = 8


class LatentPrior(ABC):
    """See :class:`engine.priors.base.Prior`. ``z`` is fp32, its first axis the rows, on the device of what came in."""

    sample_rate: int
    channels: int
    longest_s: float
    usual_steps: int
    usual_guidance: float
    """What the model's makers draw samples with."""

    def __init__(self, pipeline: Any, parts: Mapping[Part, list[nn.Module]], plan: Plan) -> None:
        self._pipeline = pipeline
        self._parts = parts
        # By this its size in memory is known to who keeps it there.
        self._all = nn.ModuleList(module for modules in parts.values() for module in modules)
        self._words: dict[tuple[str, str, bool, float], Words] = {}
        # Threads may draw at once, but its parts can only be in one place.
        self._at_work = threading.RLock()
        self.plan = plan

    # -- what a model has to say for itself ----------------------------------------------------------------

    @abstractmethod
    def _encode(self, audio: Tensor) -> Tensor:
        """Samples ``[rows, channels, n]`` in the numbers of the part ``sound`` as ``z``; differentiable."""

    @abstractmethod
    def _decode(self, z: Tensor) -> Tensor:
        """The way back; differentiable."""

    @abstractmethod
    def _seconds_of(self, z: Tensor) -> float:
        """How long ``z`` sounds."""

    @abstractmethod
    def _hear_words(self, prompt: Prompt, seconds: float, device: torch.device) -> Words:
        """What the net shall hear; with what it shall not hear first unless the prompt's guidance is 1."""

    @abstractmethod
    def _answer(self, noisy: Tensor, t: Tensor, words: Words) -> Tensor:
        """One pass: noisy rows at times ``t`` ``[rows]`` as the net counts them, words for each row."""

    def _time(self, t: Tensor) -> Tensor:
        """Levels as the net counts time."""
        return t

    @abstractmethod
    def mixture(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """See :class:`Prior`."""

    @abstractmethod
    def _read(self, answer: Tensor, noisy: Tensor, alpha: Tensor, sigma: Tensor) -> Tensor:
        """The sound that an answer means."""

    @abstractmethod
    def _sampling(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """The model's own way of drawing, pass by pass."""

    # -- the prior -----------------------------------------------------------------------------------------

    def embed(self, audio: Tensor) -> Tensor:
        """See :class:`Prior`: brought to one level, to the model's channels, and cut after what it can hear."""
        audio = (audio * self._gain(audio))[..., : int(self.longest_s * self.sample_rate)]
        if audio.shape[1] != self.channels:
            audio = audio.mean(1, keepdim=True).expand(-1, self.channels, -1)

        def encode(rows: slice) -> Tensor:
            device, dtype = self._bring("sound")
            return self._encode(audio[rows].to(device, dtype)).float().to(audio.device)

        return _drained(self._in_pieces(audio.shape[0], encode))

    def hear(self, z: Tensor) -> Tensor:
        """See :class:`Prior`; differentiable."""

        def decode(rows: slice) -> Tensor:
            device, dtype = self._bring("sound")
            return self._decode(z[rows].to(device, dtype)).float().to(z.device)

        return _drained(self._in_pieces(z.shape[0], decode))

    def target(
        self, z: Tensor, prompt: Prompt, rng: torch.Generator, noising: Noising
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`; levels are stratified over the rows."""
        z = z.detach()
        level = draw_levels(z.shape[0], noising, rng)
        noise = torch.randn(z.shape, generator=rng).to(z.device)
        alpha, sigma = self._mixture(level, z)
        noisy = alpha * z + sigma * noise
        words = self._words_for(prompt, self._seconds_of(z))
        grid = torch.linspace(1.0, 0.0, noising.steps + 1)[:, None] * level
        for step, (here, there) in enumerate(pairwise(grid)):
            told = self._estimates(noisy, here, words, prompt.guidance)
            x = yield from _share_of(told, step, noising.steps)
            if step + 1 == noising.steps:
                return x
            alpha, sigma = self._mixture(here, z)
            left = (noisy - alpha * x) / sigma
            alpha, sigma = self._mixture(there, z)
            noisy = alpha * x + sigma * left
        return z

    def sample(
        self, prompt: Prompt, seconds: float, count: int, rng: torch.Generator, steps: int
    ) -> Generator[float, None, Tensor]:
        """See :class:`Prior`. Raises :class:`BadUsage` for a length that the model does not know."""
        if not LEAST_S <= seconds <= self.longest_s:
            raise BadUsage(
                f"{seconds:g} s is out of reach; choose a length from {LEAST_S:g} to {self.longest_s:.4g} s."
            )
        return (yield from self._sampling(prompt, seconds, count, rng, steps))

    def shrink(self) -> bool:
        """Take less memory from now on; ``False`` when that is not possible any more.

        For a caller who ran out of memory on the way back through :meth:`embed` or :meth:`hear`.
        """
        with self._at_work:
            plan = smaller(self.plan)
            if plan is None:
                return False
            self.plan = plan
            if plan.way != "together":
                for part in self._parts:
                    self._send_away(part)
            let_go(str(plan.machine.device))
            return True

    def _gain(self, audio: Tensor) -> Tensor:
        """What brings each row to the level that the model knows: ``[rows, 1, 1]``."""
        return levelling_gain(audio, self.sample_rate).amin(1, keepdim=True)

    # -- passes --------------------------------------------------------------------------------------------

    def _estimates(self, noisy: Tensor, t: Tensor, words: Words, guidance: float) -> Generator[float, None, Tensor]:
        """The guided estimates of the sounds in ``noisy``."""

        def estimate(rows: slice) -> Tensor:
            some = noisy[rows]
            alpha, sigma = self._mixture(t[rows], some)
            return self._read(self._guided(some, self._time(t[rows]), words, guidance), some, alpha, sigma)

        return (yield from self._in_pieces(noisy.shape[0], estimate))

    @torch.no_grad()
    def _guided(self, noisy: Tensor, t: Tensor, words: Words, guidance: float) -> Tensor:
        """The guided answer of the net, both sides in one pass; fp32 on the device of ``noisy``."""
        device, dtype = self._bring("net")
        n, sides = noisy.shape[0], 1 if guidance == 1.0 else 2
        heard = {
            name: value.to(device, dtype if value.is_floating_point() else None).repeat_interleave(n, 0)
            for name, value in words.items()
        }
        twice = noisy.repeat(sides, *[1] * (noisy.ndim - 1)).to(device, dtype)
        answer = self._answer(twice, t.repeat(sides).to(device), heard).float().to(noisy.device)
        if sides == 2:
            without, with_words = answer.chunk(2)
            answer = without + guidance * (with_words - without)
        return answer

    def _fresh_scheduler(self) -> Any:
        """The model's own, without what another drawing may have left in it."""
        scheduler = self._pipeline.scheduler
        return type(scheduler).from_config(scheduler.config)

    def _drawn(
        self, scheduler: Any, z: Tensor, prompt: Prompt, seconds: float, rng: torch.Generator
    ) -> Generator[float, None, Tensor]:
        """``z`` taken through the scheduler's steps, which are set already; each row has a randomness of its own.

        The scheduler works on the CPU in fp32 whatever the net works on: it is little work, and it is the same noise.
        """
        rows = [torch.Generator().manual_seed(_seed(rng)) for _ in range(z.shape[0])]
        words = self._words_for(prompt, seconds)
        takes_noise = "generator" in inspect.signature(scheduler.step).parameters
        more = {"generator": rows} if takes_noise else {}
        times = scheduler.timesteps
        for step, t in enumerate(times):
            scaled = scheduler.scale_model_input(z, t) if hasattr(scheduler, "scale_model_input") else z
            answer = yield from _share_of(self._answers(scaled, t, words, prompt.guidance), step, len(times))
            with self._at_work, warnings.catch_warnings():
                # The Brownian tree finds that its ends are rounded.
                warnings.simplefilter("ignore")
                z = scheduler.step(answer, t, z, **more).prev_sample
        return z

    def _answers(self, noisy: Tensor, t: Tensor, words: Words, guidance: float) -> Generator[float, None, Tensor]:
        def answer(rows: slice) -> Tensor:
            some = noisy[rows]
            return self._guided(some, t.expand(some.shape[0]), words, guidance)

        return (yield from self._in_pieces(noisy.shape[0], answer))

    def _mixture(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        alpha, sigma = self.mixture(t)
        shape = (-1, *[1] * (like.ndim - 1))
        return alpha.view(shape).to(like), sigma.view(shape).to(like)

    def _words_for(self, prompt: Prompt, seconds: float) -> Words:
        key = (prompt.text, prompt.negative, prompt.guidance == 1.0, seconds)
        words = self._words.get(key)
        if words is None:

            @torch.no_grad()
            def hear(rows: slice) -> Words:
                device, _ = self._bring("text")
                return {name: value.cpu() for name, value in self._hear_words(prompt, seconds, device).items()}

            while (words := self._tried(hear, slice(0, 1))) is None:
                pass
            while len(self._words) >= _MOST_REMEMBERED:
                del self._words[next(iter(self._words))]
            self._words[key] = words
        return words

    def _check_length(self, tokenizer: Any, text: str, most: int = 512) -> None:
        """Raise :class:`BadUsage` for words that would be cut off."""
        most = min(int(tokenizer.model_max_length), most)
        n = len(tokenizer(text, truncation=False, verbose=False).input_ids)
        if n > most:
            raise BadUsage(f"These are too many words for {self.plan.demand.title} ({n} tokens of {most}); say less.")

    # -- pieces and places ---------------------------------------------------------------------------------

    def _in_pieces(self, n: int, work: Callable[[slice], Tensor]) -> Generator[float, None, Tensor]:
        """``work`` on all ``n`` rows, as many at a time as the plan says; yields the share that is done."""
        found: list[Tensor] = []
        done = 0
        while done < n:
            rows = slice(done, min(n, done + self.plan.rows))
            part = self._tried(work, rows)
            if part is not None:
                found.append(part)
                done = rows.stop
                yield done / n
        return torch.cat(found)

    def _tried(self, work: Callable[[slice], R], rows: slice) -> R | None:
        """What ``work`` gives, or ``None`` after memory ran out and the plan became smaller."""
        with self._at_work:
            try:
                return work(rows)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Out here the error has let go of what the work had taken so far.
            if not self.shrink():
                raise too_little(self.plan, ran_out=True)
            return None

    def _bring(self, part: Part) -> tuple[torch.device, torch.dtype]:
        """The part to where it works, the others out of its way where they take turns."""
        if self.plan.takes_turns:
            for other in self._parts:
                if other != part:
                    self._send_away(other)
        device, dtype = self.plan.place(part)
        for module in self._parts[part]:
            # Only where it must: loading may have kept some wide numbers in a narrow part, and knew why.
            width = dtype if next(module.parameters()).dtype != dtype else None
            nn.Module.to(module, device=device, dtype=width)
        return device, dtype

    def _send_away(self, part: Part) -> None:
        for module in self._parts[part]:
            nn.Module.to(module, "cpu")


def _share_of(steps: Generator[float, None, Tensor], step: int, of: int) -> Generator[float, None, Tensor]:
    """The shares of one of ``of`` steps as shares of the whole."""
    while True:
        try:
            share = next(steps)
        except StopIteration as stop:
            found: Tensor = stop.value
            return found
        yield (step + share) / of


def _seed(rng: torch.Generator) -> int:
    return int(torch.randint(2**31 - 1, (1,), generator=rng))


def _drained(steps: Generator[float, None, Tensor]) -> Tensor:
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: Tensor = stop.value
            return found
