"""The keys of the small engine: :mod:`engine.fakes`' sum of sines, block by block, as
:mod:`engine.synths.live_voice` asks for it. There is no room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.fakes import envelope_of, tone, values_of
from engine.params import Patch
from engine.params.fm import N_OPERATORS
from engine.params.gesture import Hand
from engine.synths.live_voice import Glide, Key, Plain, Sound

_DAMPED = 1e-4
"""A damped voice that is so far down is over."""


class _Voice(Plain):
    """One note that sounds: see :class:`engine.synths.live_voice.LiveVoice`."""

    channels = 1

    def __init__(
        self, v: dict[str, float], key: Key, rate: int, glide: Glide | None, damp_s: float | None = None
    ) -> None:
        """With ``damp_s`` a hand can damp it: then it is 60 dB down within that time."""
        self._v, self._key, self._rate, self._damp_s = v, key, rate, damp_s
        self._is_damped, self._fall = False, 1.0
        self._frame, self._hold_s = 0, math.inf
        self._turns = np.zeros(N_OPERATORS)
        self._glide, self._glides_from_s = glide or Glide(0.0, 1.0), 0.0
        self._shift_st = self._glide.from_st
        self._older: _Voice | None = None
        self.level, self.ended = 0.0, False

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        """See :meth:`engine.synths.live_voice.LiveVoice.process`."""
        if n_frames == 0:
            return np.zeros((1, 0), np.float32)
        sound = self._sound(n_frames, gate, bend_st, wheel_st)
        if self._older is not None:
            older = self._older.process(n_frames, gate, bend_st, wheel_st)[0]
            sound = older + (sound - older) * np.minimum(np.arange(1, n_frames + 1) / (0.005 * self._rate), 1.0)
            self._older = None
        sound = sound * self._falls(n_frames)
        self.level = float(np.abs(sound).max())
        longest_s = max(self._v[f"op{n}_env4_s"] for n in range(1, N_OPERATORS + 1))
        is_over = self._frame / self._rate > self._hold_s + longest_s and self.level < 1e-5
        self.ended = is_over or self._fall < _DAMPED
        return sound[None].astype(np.float32)

    def _sound(self, n: int, gate: bool, bend_st: float, wheel_st: float) -> NDArray[np.float64]:
        if not gate and self._hold_s == math.inf:
            self._hold_s = self._frame / self._rate
        t = np.arange(self._frame, self._frame + n) / self._rate
        self._frame += n
        end_s = self._frame / self._rate
        shift_st = bend_st + wheel_st * math.sin(2.0 * math.pi * self._v["lfo_hz"] * end_s) + self._left_st(end_s)
        # The pitch goes straight to its new place within the block.
        factors = 2.0 ** (np.linspace(self._shift_st, shift_st, n + 1)[:-1] / 12.0)
        self._shift_st = shift_st
        passed = np.concatenate([[0.0], np.cumsum(factors)]) / self._rate
        sound = np.zeros(n)
        for i in range(1, N_OPERATORS + 1):
            hz, strength = tone(self._v, i, self._key.note, self._key.velocity)
            if strength > 0.0 and hz < self._rate / 2:
                wave = np.sin(2.0 * math.pi * (self._turns[i - 1] + hz * passed[:-1]))
                sound += strength * envelope_of(self._v, i, t, self._hold_s) * wave
            self._turns[i - 1] += hz * passed[-1]
        return np.asarray(sound * 10.0 ** (self._v["gain_db"] / 20.0))

    def choke(self, on: bool) -> None:
        """See :meth:`engine.synths.live_voice.LiveVoice.choke`."""
        self._is_damped = on and self._damp_s is not None

    def _falls(self, n: int) -> NDArray[np.float64] | float:
        """How much a hand leaves of the next ``n`` frames."""
        if not self._is_damped or self._damp_s is None:
            return self._fall
        falls = np.asarray(self._fall * 10.0 ** (-3.0 / (self._damp_s * self._rate) * np.arange(1, n + 1)))
        self._fall = float(falls[-1])
        return falls

    def _left_st(self, time_s: float) -> float:
        """What is left of a glide."""
        passed = (time_s - self._glides_from_s) / self._glide.seconds
        return self._glide.from_st * max(1.0 - passed, 0.0)

    def renew(self, v: dict[str, float], key: Key, glide_s: float) -> None:
        """Take over another sound and another key, its pitch within ``glide_s``."""
        if self._frame > 0:
            older = self._older or copy(self)
            # A hand that lies on both lies on this one.
            older._is_damped, older._fall = False, 1.0
            older._turns = self._turns.copy()
            self._older = older
        now_s = self._frame / self._rate
        away_st = self._left_st(now_s) + self._key.note - key.note
        if key.note != self._key.note:
            self._glide = Glide(away_st if glide_s > 0.0 else 0.0, max(glide_s, 1e-3))
            self._glides_from_s = now_s
            self._shift_st += self._glide.from_st - away_st + self._key.note - key.note
        self._v, self._key = v, key


class _Fingertip:
    """A hand that does nothing more: see :class:`engine.synths.live_voice.Contacts`."""

    def touch(self, x: float, y: float, force: float) -> None:
        """It has struck already."""

    def lift(self) -> None:
        """Nothing was held."""


class _LivePatch:
    """See :class:`engine.synths.live_voice.LivePatch`; it knows no room."""

    adds = False

    def __init__(self, patch: Patch, rate: int) -> None:
        self._v, self._rate, self._is_object = values_of(patch), rate, patch.synth == "impact"
        self._damp_s = patch.values["release_s"] if self._is_object else None

    def strike(self, key: Key, glide: Glide | None = None) -> _Voice:
        """See :meth:`engine.synths.live_voice.LivePatch.strike`."""
        damp_s = self._damp_s if isinstance(self._damp_s, float) else None
        return _Voice(self._v, key, self._rate, glide, damp_s)

    def renew(self, voices: Sequence[_Voice], keys: Sequence[Key], glide_s: float = 0.0) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.renew`."""
        for voice, key in zip(voices, keys, strict=True):
            voice.renew(self._v, key, glide_s)

    def foresee(self, keys: Sequence[Key]) -> None:
        """There is nothing to work out."""

    def touch(self, key: Key, hand: Hand) -> tuple[_Voice, _Fingertip] | None:
        """See :meth:`engine.synths.live_voice.LivePatch.touch`: whatever a hand does strikes once."""
        return (self.strike(key), _Fingertip()) if self._is_object else None

    def open_room(self) -> None:
        """There is none."""

    def refurnish(self, room: Any) -> None:
        """There is none."""


def live_patch(patch: Patch, rate: int) -> _LivePatch:
    """``patch`` made ready to be struck at ``rate`` frames a second."""
    return _LivePatch(patch, rate)
