"""Strikes that are played while they sound.

A voice turns each of its modes on by one complex number a frame, so joined blocks are
:meth:`engine.synths.impact.ImpactSynth.render`. Modes that have died are left out. The pitch wheel bends all modes; the
modulation wheel does nothing here.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from engine.dsp import mode_kernels
from engine.params import Patch
from engine.params.impact import N_MODES
from engine.synths.impact import DIRECT
from engine.synths.impact_live_room import ConvolutionRoom, RoomKernel
from engine.synths.impact_note import ImpactDecoder, ImpactNote
from engine.synths.impact_shapes import N_AIR
from engine.synths.live_voice import Glide, Key, Sound

Floats = NDArray[np.float64]

TURN_S = 0.005
"""A voice whose patch changes goes to its new levels in so long."""
SHORTEST_S = 1e-3
STEP_FRAMES = 64
"""While a pitch moves, it is set anew this often."""
QUIET = 1e-5
"""-100 dB."""
_DEAD = 1e-8
_MOST_NOTES = 64
_N_CHANCES = 64
_ALL = N_MODES + N_AIR
_LONGEST_FORCE_S = 30.0


@dataclass(frozen=True, eq=False)
class Struck:
    """One strike as plain numbers: ``hz``, ``damping`` ``[modes]`` and ``levels`` ``[2, modes]`` of all modes there can
    be, the ``force`` and the contact's own sound ``direct`` in frames, ``release`` (1/s) and the pitch."""

    hz: Floats
    damping: Floats
    levels: Floats
    force: Floats
    direct: Floats
    release: float
    pitch_hz: float

    @classmethod
    def of(cls, note: ImpactNote, rate: int) -> Struck:
        """The first row of ``note``."""
        n_own, n_air = note.n_own, note.hz.shape[1] - note.n_own
        hz, damping, levels = np.full(_ALL, 1.0), np.full(_ALL, 1e3), np.zeros((2, _ALL))
        place = np.r_[0:n_own, N_MODES : N_MODES + n_air]
        hz[place], damping[place] = note.hz[0].numpy(), note.damping[0].numpy()
        levels[:, place] = note.amplitude[0].numpy()
        contact = note.contact
        n = contact.n_frames(rate, round(_LONGEST_FORCE_S * rate))
        force, direct = contact.push(n, rate)[0].numpy(), np.zeros(0)
        gain = float(note.gain[0])
        if contact.has_noise:
            noise = contact.noise(n, rate)[0].numpy()
            force = force + noise * float(contact.into[0])
            direct = noise * (DIRECT * float(contact.direct[0]) * gain)
        return cls(hz, damping, levels, force * gain, direct, float(note.release[0]), float(note.pitch_hz[0]))


class ImpactVoice:
    """One strike, without the room; see :class:`engine.synths.live_voice.LiveVoice`."""

    channels = 2

    def __init__(self, struck: Struck, sample_rate: int, glide: Glide | None = None) -> None:
        self._rate = sample_rate
        self._struck = struck
        self._re, self._im = np.zeros((2, _ALL))
        self._at = 0
        self._fall = 1.0
        self._glide = glide or Glide(0.0, 1.0)
        self._glide_from = 0
        self._factor = 0.0
        self._turn_re, self._turn_im = np.zeros((2, _ALL))
        self._levels, self._goal = np.zeros((2, _ALL)), np.zeros((2, _ALL))
        self._alive = np.flatnonzero(struck.levels.any(0))
        self._ended = False
        self.level = 0.0

    @property
    def ended(self) -> bool:
        return self._ended

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        """See :meth:`engine.synths.live_voice.LiveVoice.process`."""
        out = np.zeros((2, n_frames))
        done = 0
        while done < n_frames:
            glide_st = self._glide_st()
            n = n_frames - done if glide_st == 0.0 else min(STEP_FRAMES, n_frames - done)
            self._tune(2.0 ** ((bend_st + glide_st) / 12.0))
            self._ring(out[:, done : done + n])
            done += n
        if not gate and self._struck.release > 0.0:
            falls = self._fall * np.exp(-self._struck.release / self._rate * np.arange(n_frames + 1))
            out *= falls[:-1]
            self._fall = float(falls[-1])
        self.level = float(np.abs(out).max(initial=0.0))
        self._bury()
        return out.astype(np.float32)

    def renew(self, struck: Struck, glide_s: float = 0.0) -> None:
        """Become another strike that began when this one did, its pitch within ``glide_s``."""
        left_st, away_st = self._glide_st(), 12.0 * math.log2(self._struck.pitch_hz / struck.pitch_hz)
        if left_st != 0.0 and away_st == 0.0:
            glide_s = max(self._glide.seconds - (self._at - self._glide_from) / self._rate, glide_s)
        self._glide = Glide(away_st + left_st if glide_s > 0.0 else 0.0, max(glide_s, SHORTEST_S))
        self._struck, self._glide_from = struck, self._at
        self._alive = np.arange(_ALL)
        self._factor = 0.0
        self._ended = False

    def _glide_st(self) -> float:
        share = (self._at - self._glide_from) / self._rate / max(self._glide.seconds, SHORTEST_S)
        return self._glide.from_st * max(1.0 - share, 0.0)

    def _tune(self, factor: float) -> None:
        """Let the modes turn as fast as they shall from now on, and know how loud they are to be."""
        if factor == self._factor:
            return
        struck, first = self._struck, self._factor == 0.0 and self._at == 0
        self._factor = factor
        cycles = struck.hz * (factor / self._rate)
        turn = np.exp(2j * np.pi * cycles - struck.damping / self._rate)
        self._turn_re, self._turn_im = turn.real.copy(), turn.imag.copy()
        self._goal = struck.levels * np.clip((0.5 - cycles) / 0.05, 0.0, 1.0)
        if first:
            self._levels = self._goal.copy()

    def _ring(self, out: Floats) -> None:
        n, struck, alive = out.shape[1], self._struck, self._alive
        state = self._re[alive], self._im[alive]
        turn = self._turn_re[alive], self._turn_im[alive]
        levels = self._levels[:, alive]
        goal = self._goal[:, alive]
        done = 0
        if not np.array_equal(levels, goal):
            # A force that goes on meanwhile is heard only at the end of the turn.
            done = min(n, max(round(TURN_S * self._rate), 1))
            rise = (goal - levels) / done
            mode_kernels.ring_out(*state, *turn, levels[0], levels[1], rise[0], rise[1], out[:, :done])
        if done < n:
            begin = self._at + done
            force = struck.force[begin : begin + n - done]
            if force.size:
                mode_kernels.ring_on(*state, *turn, goal[0], goal[1], force, out[:, done : done + force.size])
                done += force.size
        if done < n:
            still = np.zeros(alive.size)
            mode_kernels.ring_out(*state, *turn, goal[0].copy(), goal[1].copy(), still, still, out[:, done:])
        direct = struck.direct[self._at : self._at + n]
        out[:, : direct.size] += direct
        self._re[alive], self._im[alive] = state
        self._levels[:, alive] = goal
        self._at += n

    def _bury(self) -> None:
        """Leave out what has died, and end when nothing is left."""
        if self._at < self._struck.force.size:
            return
        alive = self._alive
        size = np.hypot(self._re[alive], self._im[alive]) * np.abs(self._goal[:, alive]).max(0) * self._fall
        self._alive = alive[size > _DEAD]
        self._ended = float(size.sum()) < QUIET


class ImpactLivePatch:
    """A patch of the impact instrument ready to be struck; see :class:`engine.synths.live_voice.LivePatch`."""

    def __init__(self, patch: Patch, sample_rate: int, decode: ImpactDecoder) -> None:
        self._patch, self._rate, self._decode = patch, sample_rate, decode
        self._unit = torch.tensor([patch.unit()], dtype=torch.float64)
        self._notes: OrderedDict[Key, Struck] = OrderedDict()
        self._kernel: RoomKernel | None = None

    def strike(self, key: Key, glide: Glide | None = None) -> ImpactVoice:
        """See :meth:`engine.synths.live_voice.LivePatch.strike`."""
        return ImpactVoice(self._note(key), self._rate, glide)

    def renew(self, voices: Sequence[ImpactVoice], keys: Sequence[Key], glide_s: float = 0.0) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.renew`."""
        for voice, key in zip(voices, keys, strict=True):
            voice.renew(self._note(key), glide_s)

    def foresee(self, keys: Sequence[Key]) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.foresee`."""
        self._room()
        for key in keys:
            self.strike(key)

    def open_room(self) -> ConvolutionRoom | None:
        """See :meth:`engine.synths.live_voice.LivePatch.open_room`."""
        kernel = self._room()
        return None if kernel is None else ConvolutionRoom(kernel)

    def refurnish(self, room: ConvolutionRoom) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.refurnish`."""
        kernel = self._room()
        if kernel is None:
            room.close()
        else:
            room.refurnish(kernel)

    def _decoded(self, key: Key) -> ImpactNote:
        rng = torch.Generator().manual_seed(self._patch.seed + key.seed % _N_CHANCES)
        with torch.no_grad():
            return self._decode(self._unit, key.note, key.velocity, 1.0, rng)

    def _note(self, key: Key) -> Struck:
        key = Key(key.note, key.velocity, key.seed % _N_CHANCES)
        if key not in self._notes:
            with torch.no_grad():
                self._notes[key] = Struck.of(self._decoded(key), self._rate)
            if len(self._notes) > _MOST_NOTES:
                self._notes.popitem(last=False)
        return self._notes[key]

    def _room(self) -> RoomKernel | None:
        if self._patch.values["room"] == 0.0:
            return None
        if self._kernel is None:
            with torch.no_grad():
                room = self._decoded(Key(60, 100)).room
                n = room.n_frames(self._rate, round(_LONGEST_FORCE_S * self._rate))
                answer = room.delayed(room.answer(n, self._rate, torch.float64), self._rate)[0]
            settings = tuple((name, value) for name, value in self._patch.values.items() if name.startswith("room"))
            self._kernel = RoomKernel(answer.numpy(), self._rate, (settings, self._patch.seed))
        return self._kernel
