"""The operators of a note at work: a stretch of frames after the other, of what they give together."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from engine.dsp.loops import Loop
from engine.dsp.motion import BentTime, ControlFrames, control_times
from engine.dsp.oscillators import phase_radians
from engine.dsp.waves import shaped
from engine.synths.fm_chain import driven, places
from engine.synths.fm_graph import Group, graph_of
from engine.synths.fm_note import N_DIRECT, FmNote

LOOP_HZ = 48_000.0
"""A loop looks back by one sample of this rate (the DX7 itself works at 49,096 Hz)."""


def loop_lag(rate: int) -> int:
    """That in frames of ``rate``."""
    return max(1, round(rate / LOOP_HZ))


class Operators:
    """All operators of the rows of ``key`` at ``rate`` frames a second, in the float type of ``like``.

    It keeps where it is, and what loops remember: :meth:`take` goes on where the last call ended.
    """

    def __init__(self, key: FmNote, rate: int, like: Tensor, duration_s: float, channels: int = 1) -> None:
        motion = key.motion
        self.key = key.at_rate(rate)
        self.graph = graph_of(self.key)
        self._rate = rate
        self._like = like
        self._first = 0
        # What the way back needs must not be overwritten.
        self._keep = self.key.wants_grad
        self._lag = loop_lag(rate)
        self._loops = [Loop(len(g.operators), g.edges, self._lag) if g.edges else None for g in self.graph.groups]
        self._past = [None if p is None else like.new_zeros(key.n_rows, p.n_operators, p.past) for p in self._loops]
        routes = [r for group in self.graph.groups for into in group.routes for r in into]
        self._looked_back_at = {source for source, route in routes if route >= N_DIRECT}
        self._detached: dict[int, Tensor] = {}
        self._tails: dict[int, Tensor] = {}
        self._frames: ControlFrames | None = None
        if motion is not None:
            # Decimators look ahead by a few hundred frames.
            factor, self._down = motion.at(control_times(duration_s + 0.05, key.hz.device))
            self._time = BentTime(factor)
            self._is_fixed = key.is_fixed.any(0).tolist()
            self._swings = [self._keep or s for s in (key.tremolo_nats > 0.0).any(0).tolist()]
        output = self.key.output[:, None]
        if channels == 2 and key.chain is not None:
            output = output * places(key.chain, self.key.output)
        self._output = output.to(like.dtype)[..., None]
        """Of each operator on each channel ``[rows, channels, operators, 1]``."""
        self._shapes: list[list[int]] = self.key.shapes.T.tolist()

    def take(self, n: int) -> Tensor:
        """The sum of what is heard of all operators in the next ``n`` frames, ``[rows * channels, n]``."""
        waves: dict[int, Tensor] = {}
        if self.key.motion is not None:
            self._frames = ControlFrames(self._first, n, self._rate, self._like.device)
        for place, group in enumerate(self.graph.groups):
            if group.edges:
                self._loop(place, group, waves, n)
            else:
                self._alone(group, waves, n)
        # Without their history, or it would hold on to itself through the nodes that look them up.
        self._detached.update({i: wave.detach() for i, wave in waves.items()} if self.graph.idle else {})
        self._keep_tails(waves, n)
        self._first += n
        sound = self._like.new_zeros(self.key.n_rows, self._output.shape[1], n)
        for i in sorted(self.graph.heard & waves.keys(), reverse=True):
            sound = torch.addcmul(sound, waves[i][:, None], self._output[:, :, i], out=self._onto(sound))
        if self.key.chain is not None and self.key.chain.is_used("drive_db"):
            sound = driven(sound, self.key.chain)
        return sound.flatten(0, 1)

    def _column(self, x: Tensor) -> Tensor:
        return x.to(self._like.dtype)[:, None]

    def _onto(self, x: Tensor) -> Tensor | None:
        """Where a result may be written: over ``x`` unless it is still needed."""
        return None if self._keep else x

    def _alone(self, group: Group, waves: dict[int, Tensor], n: int) -> None:
        (i,) = group.operators
        loudness = self._loudness(i, n)
        if not self._keep and not loudness.any():
            return
        phase = self._phase(i, group.routes[0], waves, n)
        wave = shaped(phase, self._shapes[i], into=self._onto(phase))
        waves[i] = torch.mul(wave, loudness, out=self._onto(wave))

    def _loop(self, place: int, group: Group, waves: dict[int, Tensor], n: int) -> None:
        loop, past = self._loops[place], self._past[place]
        assert loop is not None
        assert past is not None
        phases = [self._phase(i, routes, waves, n) for i, routes in zip(group.operators, group.routes, strict=True)]
        y = loop.run(
            torch.stack(phases, 1),
            torch.stack([self._loudness(i, n) for i in group.operators], 1),
            self.key.depths[:, list(group.edge_routes)].to(self._like.dtype),
            list(zip(*(self._shapes[i] for i in group.operators), strict=True)),
            past,
        )
        self._past[place] = torch.cat([past, y.detach()], 2)[:, :, n:]
        waves.update(zip(group.operators, y.unbind(1), strict=True))

    def _loudness(self, i: int, n: int) -> Tensor:
        envelope = self.key.envelope(i).amplitude(self._first, n, self._rate, self._like.dtype)
        if self._frames is not None and self._swings[i]:
            nats = self._column(-self.key.tremolo_nats[:, i])
            envelope = envelope * torch.exp(nats * self._frames.between(self._down, self._like.dtype))
        return torch.mul(envelope, self._column(self.key.strength[:, i]), out=self._onto(envelope))

    def _phase(self, i: int, routes: tuple[tuple[int, int], ...], waves: dict[int, Tensor], n: int) -> Tensor:
        """Phase of operator ``i`` ``[rows, n]``, bent by the operators in ``waves``."""
        phase = self._steady_phase(i, n) if self._frames is None else self._moving_phase(i, n, self._frames)
        for source, route in routes:
            if source in waves:
                depth = self._column(self.key.depths[:, route])
                wave = waves[source] if route < N_DIRECT else self._delayed(source, waves[source])
                phase = torch.addcmul(phase, wave, depth, out=self._onto(phase))
        idle = self.graph.idle.get(i)
        if idle:
            depths = self.key.depths[:, [route for _, route in idle]]
            result: Tensor = _Idle.apply(  # type: ignore[no-untyped-call]
                phase, depths, self._detached, [s for s, _ in idle], i, self._lag
            )
            return result
        return phase

    def _delayed(self, source: int, wave: Tensor) -> Tensor:
        """What ``source`` gave one sample ago; even without a circle, a route upwards looks back."""
        before = self._tails.get(source)
        before = wave.new_zeros(wave.shape[0], self._lag) if before is None else before
        return torch.cat([before, wave], 1)[:, : wave.shape[1]]

    def _keep_tails(self, waves: dict[int, Tensor], n: int) -> None:
        for source in self._looked_back_at:
            wave = waves[source].detach() if source in waves else self._like.new_zeros(self.key.n_rows, n)
            before = self._tails.get(source)
            joined = wave if before is None else torch.cat([before, wave], 1)
            self._tails[source] = torch.nn.functional.pad(joined, (self._lag, 0))[:, joined.shape[1] :].clone()

    def _steady_phase(self, i: int, n: int) -> Tensor:
        return phase_radians(self.key.hz[:, i] / self._rate, self._first, n, self._like.dtype)

    def _moving_phase(self, i: int, n: int, frames: ControlFrames) -> Tensor:
        phase = self._time.phase(self.key.hz[:, i], frames, self._like.dtype)
        if not self._is_fixed[i]:
            return phase
        return torch.where(self.key.is_fixed[:, i, None], self._steady_phase(i, n), phase)


class _Idle(torch.autograd.Function):
    """Routes that look back and are off: no sound passes, and still a gradient reaches their depths.

    At depth zero it is the plain sum of what the bent phase wants times what the source gave a moment ago; the source
    may be computed later, so it is looked up in ``waves`` on the way back.
    """

    @staticmethod
    def forward(
        ctx: Any, phase: Tensor, depths: Tensor, waves: dict[int, Tensor], sources: list[int], target: int, lag: int
    ) -> Tensor:
        ctx.waves, ctx.sources, ctx.target, ctx.lag, ctx.like = waves, sources, target, lag, depths
        return phase.view_as(phase)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        n = grad.shape[1]

        def heard(source: int, lag: int) -> Tensor:
            wave = ctx.waves[source]
            found: Tensor = torch.bmm(grad[:, None, lag:], wave[:, : max(n - lag, 0), None])[:, 0, 0]
            return found

        wanted = [
            0.5 * (heard(s, ctx.lag) + heard(s, 2 * ctx.lag)) if s == ctx.target else heard(s, ctx.lag)
            for s in ctx.sources
        ]
        return grad, torch.stack(wanted, 1).to(ctx.like), None, None, None, None
