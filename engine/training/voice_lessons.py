"""What a step of the voice's training learns: batches, alignments, and the three losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.dsp.mel import N_BANDS
from engine.speech.acoustic_net import N_PROSODY, N_STATES, AcousticNet, Places
from engine.speech.alignment import align, diagonal_prior
from engine.training.voice_shelf import (
    TEMPO,
    Ints,
    Sample,
    Take,
    as_sample,
    joined,
    noisy,
    prosody_of,
    state_mask,
    stretched,
)

BATCH_FRAMES = 6000
JOINED_FRAMES = 900
JOIN_SHARE, TEMPO_SHARE, NOISE_SHARE = 0.4, 0.2, 0.15
UNTOLD = 0.1
"""How often frames are learned without being told anything, for guidance."""
PROSODY_DRAWS = 4
"""How often each symbol's prosody is learned in a step: it is small beside the frames."""
_POOL = 48
_TOLD_NOISE = 0.1


@dataclass(frozen=True, eq=False)
class Batch:
    """Rows of samples, padded; without ``counts`` their prosody is unknown too. Frames are normalised."""

    samples: Sequence[Sample]
    ids: Tensor
    mask: Tensor
    recorded: Tensor
    frames: Tensor
    frame_mask: Tensor
    counts: Tensor | None
    prosody: Tensor | None

    @classmethod
    def of(cls, samples: Sequence[Sample], net: AcousticNet) -> Batch:
        """``samples`` for ``net``, where it is."""
        device, size = net.mean.device, net.settings.frames_per_token
        n = max(len(sample.ids) for sample in samples)
        n_frames = -(-max(len(sample.frames) for sample in samples) // size) * size
        ids = torch.zeros(len(samples), n, dtype=torch.long)
        frames = torch.zeros(len(samples), n_frames, N_BANDS)
        known = all(sample.counts is not None for sample in samples)
        counts = torch.zeros(len(samples), n, N_STATES, dtype=torch.long)
        prosody = torch.zeros(len(samples), n, N_PROSODY)
        for k, sample in enumerate(samples):
            ids[k, : len(sample.ids)] = torch.from_numpy(sample.ids)
            frames[k, : len(sample.frames)] = torch.from_numpy(sample.frames)
            if sample.counts is not None:
                counts[k, : len(sample.ids)] = torch.from_numpy(sample.counts)
                found = prosody_of(sample.counts, sample.frames, sample.log_hz)
                prosody[k, : len(sample.ids)] = torch.from_numpy(found)
        lengths = torch.tensor([len(sample.ids) for sample in samples])
        frame_lengths = torch.tensor([len(sample.frames) for sample in samples])
        frame_mask = (torch.arange(n_frames) < frame_lengths[:, None]).to(device)
        frames = torch.where(frame_mask[:, :, None], net.normalise(frames.to(device)), 0.0)
        return cls(
            samples,
            ids.to(device),
            (torch.arange(n) < lengths[:, None]).to(device),
            torch.tensor([sample.recorded for sample in samples], device=device),
            frames,
            frame_mask,
            counts.to(device) if known else None,
            net.normalise_prosody(prosody.to(device)) if known else None,
        )


class Batches:
    """Samples of similar length together, all takes once before any comes again."""

    def __init__(self, takes: Sequence[Take], seed: int) -> None:
        self._takes = takes
        self._rng = np.random.default_rng(seed)
        self._ready: list[list[Sample]] = []
        self._order = self._shuffled()
        self.epochs = 0

    def next(self, counts: Sequence[Ints] | None) -> list[Sample]:
        """The next batch; ``counts`` of each take where they are known."""
        if not self._ready:
            pool = sorted((self._sample(counts) for _ in range(_POOL)), key=lambda sample: len(sample.frames))
            row: list[Sample] = []
            for sample in pool:
                if row and len(sample.frames) * (len(row) + 1) > BATCH_FRAMES:
                    self._ready.append(row)
                    row = []
                row.append(sample)
            self._ready.append(row)
            self._rng.shuffle(self._ready)
        return self._ready.pop()

    def forget(self) -> None:
        """Make all further batches anew, as after another alignment."""
        self._ready.clear()

    def _shuffled(self) -> Iterator[int]:
        return iter(self._rng.permutation(len(self._takes)).tolist())

    def _take(self, counts: Sequence[Ints] | None) -> Sample:
        index = next(self._order, None)
        if index is None:
            self.epochs += 1
            self._order = self._shuffled()
            index = next(self._order)
        return as_sample(self._takes[index], None if counts is None else counts[index])

    def _sample(self, counts: Sequence[Ints] | None) -> Sample:
        rng = self._rng
        parts = [self._take(counts)]
        while rng.random() < JOIN_SHARE and sum(len(part.frames) for part in parts) < JOINED_FRAMES / 2:
            parts.append(self._take(counts))
        sample = joined(parts, rng) if len(parts) > 1 else parts[0]
        if rng.random() < TEMPO_SHARE:
            sample = stretched(sample, float(rng.uniform(1.0 - TEMPO, 1.0 + TEMPO)))
        if rng.random() < NOISE_SHARE:
            sample = noisy(sample, rng)
        return sample


def alignments(mu: Tensor, batch: Batch, diagonal: float = 0.0) -> list[Ints]:
    """Frames of each symbol's states ``[n, states]``, for each row: the best path by ``mu`` ``[batch, n, states,
    bands]``, and by how near it is to the diagonal, ``diagonal`` times."""
    found = []
    with torch.no_grad():
        flat = mu.float().flatten(1, 2)
        # The frames' own squares are the same on every path.
        scores = flat @ batch.frames.transpose(1, 2) - 0.5 * flat.square().sum(-1, keepdim=True)
    table = scores.cpu().numpy()
    for k, sample in enumerate(batch.samples):
        has = state_mask(sample.ids)
        mine = table[k, : has.size, : len(sample.frames)][has.ravel()]
        if diagonal > 0.0:
            mine = mine + diagonal * diagonal_prior(*mine.shape)
        counts = np.zeros(has.shape, np.int32)
        counts[has] = align(mine)
        found.append(counts)
    return found


def padded(counts: Sequence[Ints], batch: Batch) -> Tensor:
    """Counts of each row as ``[batch, n, states]``."""
    whole = torch.zeros(*batch.ids.shape, N_STATES, dtype=torch.long)
    for k, found in enumerate(counts):
        whole[k, : len(found)] = torch.from_numpy(found)
    return whole.to(batch.ids.device)


def mean_loss(net: AcousticNet, mu: Tensor, batch: Batch, counts: Tensor) -> Tensor:
    """How far the frames are from the ``mu`` of their states: half the mean square."""
    places = Places.of(counts, batch.frames.shape[1])
    index = places.state[:, :, None].expand(-1, -1, N_BANDS)
    wanted = mu.float().flatten(1, 2).gather(1, index)
    return 0.5 * _masked((batch.frames - wanted).square(), batch.frame_mask)


def prosody_loss(net: AcousticNet, h: Tensor, batch: Batch, rng: torch.Generator | None = None) -> Tensor:
    """The flow-matching loss of the symbols' prosody."""
    assert batch.prosody is not None
    x = batch.prosody.repeat(PROSODY_DRAWS, 1, 1)
    t = _times(len(x), x.device, rng)
    noise = _noise(x, rng)
    mask = batch.mask.repeat(PROSODY_DRAWS, 1)
    found = net.prosody_velocity(torch.lerp(noise, x, t[:, None, None]), t, h.repeat(PROSODY_DRAWS, 1, 1), mask)
    there = torch.ones_like(batch.prosody, dtype=torch.bool)
    there[..., :N_STATES] = net.has_states(batch.ids)
    there = (there & batch.mask[:, :, None]).repeat(PROSODY_DRAWS, 1, 1)
    error = (found.float() - (x - noise)).square()
    return torch.where(there, error, 0.0).sum() / there.sum()


def frames_loss(
    net: AcousticNet, h: Tensor, mu: Tensor, batch: Batch, rng: torch.Generator | None = None, *, untold: float = UNTOLD
) -> Tensor:
    """The flow-matching loss of the frames."""
    assert batch.counts is not None
    assert batch.prosody is not None
    x = batch.frames
    told = batch.prosody
    if net.training:
        told = told + _TOLD_NOISE * torch.randn_like(told)
    places = Places.of(batch.counts, x.shape[1])
    about, _ = net.spread_out(h, mu, told, places)
    t = _times(len(x), x.device, rng)
    noise = _noise(x, rng)
    known = torch.rand(len(x), device=x.device) >= untold if untold > 0.0 else None
    found = net.frame_velocity(torch.lerp(noise, x, t[:, None, None]), t, about, batch.frame_mask, known)
    return _masked((found.float() - (x - noise)).square(), batch.frame_mask)


def _masked(error: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask[:, :, None], error, 0.0).sum() / (mask.sum() * error.shape[-1])


def _times(n: int, device: torch.device, rng: torch.Generator | None) -> Tensor:
    """From 0 to 1, one in each ``n``-th."""
    order = torch.randperm(n, generator=rng)
    return ((order + torch.rand(n, generator=rng)) / n).to(device)


def _noise(like: Tensor, rng: torch.Generator | None) -> Tensor:
    if rng is None:
        return torch.randn_like(like)
    return torch.randn(like.shape, generator=rng).to(like.device)
