"""Our own vocoder: log-mel frames to sound, at once or piece by piece as the frames come."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.dsp.mel import HOP, N_BANDS
from engine.errors import WeightError
from engine.vocoder.correct import N_ROUNDS, corrected
from engine.vocoder.net import KIND, VocoderNet, VocoderSettings, pitch_hz, sound_of
from engine.vocoder.source import at_samples, cycles_of, sources_of
from engine.weights.net_file import read_net

PIECE_FRAMES = 96
"""How many frames of sound a stream gives at a time: a second."""
_AROUND = 16
"""Frames before and after a piece that are made with it, so that it is corrected as the whole would be."""
_FADE = 2 * HOP


class Vocoder:
    """A net that makes sound; the same frames and the same seed give the same sound."""

    def __init__(self, net: VocoderNet, rounds: int = N_ROUNDS) -> None:
        self.rounds = rounds
        self._net = net.eval()

    @classmethod
    def load(cls, path: Path, device: str = "cpu") -> Vocoder:
        """Read it from a file; raises :class:`WeightError`."""
        file = read_net(path, KIND)
        known = {field.name for field in fields(VocoderSettings)}
        try:
            settings = VocoderSettings(**{n: int(v) for n, v in file.settings.items() if n in known})
            net = VocoderNet(settings)
            net.load_state_dict({name: value.float() for name, value in file.tensors.items()})
        except (RuntimeError, TypeError, ValueError) as error:
            raise WeightError(f"{path} is no vocoder that this version knows; train it again.") from error
        return cls(net.to(device))

    @torch.no_grad()
    def sound(self, frames: Tensor, seed: int = 0) -> Tensor:
        """Log-mel frames ``[batch, n, bands]`` as sound ``[batch, (n - 1) * HOP]``."""
        shape = self._net(frames.float())
        hz = pitch_hz(shape.pitch)
        each = at_samples(hz)
        # The same noise for all of a batch, so that a sound does not depend on its neighbours.
        noise = torch.from_numpy(_more(_noise(seed), each.shape[1])).to(each.device)
        sources = sources_of(cycles_of(hz)[:, :-1], each, noise[:, None].expand(-1, *each.shape))
        return corrected(sound_of(shape, sources), frames, self.rounds)

    def stream(self, seed: int = 0) -> Stream:
        """What takes frames as they come."""
        return Stream(self._net, self.rounds, seed)


class Stream:
    """One sound, piece by piece: :meth:`put` frames, and at the end :meth:`end`.

    The net and its sources are the same as those of the whole sound; the correction sees only some frames around each
    piece, and pieces are faded into each other.
    """

    def __init__(self, net: VocoderNet, rounds: int, seed: int) -> None:
        self._net, self._rounds, self._chance = net, rounds, _noise(seed)
        self._frames = torch.zeros(0, N_BANDS)
        self._frames_from = 0
        self._done = 0
        """Frames whose sound was given away."""
        self._source_from = 0
        self._phase = torch.zeros(1, dtype=torch.float64)
        """Of the pulses at frame ``_source_from``, and the noise from there on."""
        self._noise = np.zeros((2, 0), dtype=np.float32)
        self._tail = torch.zeros(0)

    def put(self, frames: Tensor) -> Tensor:
        """More frames ``[n, bands]``; gives the sound ``[samples]`` that is ready, which may be none."""
        self._frames = torch.cat([self._frames, frames.float()])
        needed = PIECE_FRAMES + _AROUND + self._net.reach
        found = []
        while self._frames_from + len(self._frames) > self._done + needed:
            found.append(self._piece(self._done + PIECE_FRAMES, is_last=False))
        return torch.cat(found) if found else torch.zeros(0)

    def end(self) -> Tensor:
        """The rest of the sound; all of it is ``(n - 1) * HOP`` samples long."""
        last = self._frames_from + len(self._frames) - 1
        return self._piece(last, is_last=True) if last > self._done else torch.zeros(0)

    @torch.no_grad()
    def _piece(self, until: int, *, is_last: bool) -> Tensor:
        """The sound from the frame where we are to the frame ``until``."""
        begin = self._source_from
        finish = until if is_last else until + _AROUND
        seen = min(finish + self._net.reach + 1, self._frames_from + len(self._frames))
        frames = self._frames[: seen - self._frames_from][None]
        shape = self._net(frames).part(begin - self._frames_from, finish + 1 - self._frames_from)
        hz = pitch_hz(shape.pitch)
        cycles = cycles_of(hz, self._phase)
        n = (finish - begin) * HOP
        more = _more(self._chance, n - self._noise.shape[1])
        self._noise = np.concatenate([self._noise, more], 1)
        noise = torch.from_numpy(self._noise)[:, None]
        sound = sound_of(shape, sources_of(cycles[:, :-1], at_samples(hz), noise))
        asked = frames[:, begin - self._frames_from : finish + 1 - self._frames_from]
        sound = corrected(sound, asked, self._rounds)[0]
        given = self._given(sound, begin, until)
        self._done = until
        self._source_from = max(until - _AROUND, 0)
        self._phase = cycles[:, (self._source_from - begin) * HOP]
        self._noise = self._noise[:, (self._source_from - begin) * HOP :]
        keep = max(self._source_from - self._net.reach, 0)
        self._frames, self._frames_from = self._frames[keep - self._frames_from :], keep
        return given

    def _given(self, sound: Tensor, begin: int, until: int) -> Tensor:
        """Of ``sound``, which starts at frame ``begin``, what is new, faded in over what the piece before foresaw."""
        fresh = sound[(self._done - begin) * HOP : (until - begin) * HOP].clone()
        size = min(len(self._tail), len(fresh))
        share = torch.linspace(0.0, 1.0, size)
        fresh[:size] = self._tail[:size] * (1.0 - share) + fresh[:size] * share
        self._tail = sound[(until - begin) * HOP :][:_FADE]
        return fresh


def _noise(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _more(chance: np.random.Generator, n: int) -> NDArray[np.float32]:
    """The next ``n`` numbers of both noises, ``[2, n]``: the same however many are drawn at a time."""
    return np.ascontiguousarray(chance.standard_normal((n, 2), dtype=np.float32).T)
