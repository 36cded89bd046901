"""Notes of the FM instrument that are played while they sound.

Joined blocks are :meth:`engine.synths.fm.FmSynth.render` at default quality within 1e-4 of full scale (2e-6 at most
with every factory preset whose loops are not chaotic; 3e-8 in most). What nobody can know before it happens is not
quite that. The filters from the fine rate look 0.5 ms ahead, so up to so long before the key goes up they saw a key
that stays down: 2e-4 with releases from 30 ms on, 1e-3 with releases of 1 ms. And a pitch envelope or a filter envelope
that is let go between two control points (1.3 ms apart) turns where the key went up, while a render knows the release
at the point before: 3e-4 with an octave in 0.2 s.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.dsp import fm_kernels, fm_live_kernels, live_kernels
from engine.dsp.filters import SHARP, WIDE
from engine.dsp.motion import STEP_S
from engine.params import Patch
from engine.params.gesture import Hand
from engine.synths.fm_live_note import LiveNote, Notes
from engine.synths.fm_note import FmDecoder
from engine.synths.live_room import FdnRoom, RoomSettings
from engine.synths.live_voice import Glide, Key, Plain, Sound

TURN_S = 0.005
"""A voice whose patch changes fades from the old sound to the new one in so long."""
QUIET = 1e-5
"""-100 dB."""
REST_S = 0.02
"""What has been quiet for so long, with all its envelopes over, stays quiet."""

_WIDE, _SHARP = WIDE.taps(), SHARP.taps()


class FmVoice(Plain):
    """One note, without the room; see :class:`engine.synths.live_voice.LiveVoice`."""

    def __init__(self, live: LiveNote, sample_rate: int, glide: Glide | None = None) -> None:
        self._rate = sample_rate
        self._line = _Line(live, sample_rate)
        self._older: _Line | None = None
        self._struck = False
        self._quiet_frames = 0
        self.level = 0.0
        if glide is not None:
            self._line.glide(glide)

    @property
    def channels(self) -> int:
        older = 1 if self._older is None else self._older.live.channels
        return max(self._line.live.channels, older)

    @property
    def ended(self) -> bool:
        return self._quiet_frames >= REST_S * self._rate

    def process(self, n_frames: int, gate: bool, bend_st: float = 0.0, wheel_st: float = 0.0) -> Sound:
        out = np.empty((self.channels, n_frames), np.float32)
        if n_frames == 0:
            return out
        if not self._struck:
            self._line.strike(bend_st, wheel_st)
            self._struck = True
        done = 0
        over, self.level = False, 0.0
        if self._older is not None:
            done = min(n_frames, max(round(TURN_S * self._rate), 1))
            before, after = np.empty((2, out.shape[0], done), np.float32)
            self._older.process(before, gate, bend_st, wheel_st)
            self._line.process(after, gate, bend_st, wheel_st)
            # Without corners: a straight fade ends in one, and that is heard as a tick between two soft sounds.
            share = 0.5 - 0.5 * np.cos(np.pi / done * np.arange(1, done + 1))
            out[:, :done] = before + (after - before) * share
            self._older, self.level = None, float(np.abs(out[:, :done]).max())
        if done < n_frames:
            rest = out if done == 0 else np.empty((out.shape[0], n_frames - done), np.float32)
            over, level = self._line.process(rest, gate, bend_st, wheel_st)
            self.level = max(self.level, level)
            if done > 0:
                out[:, done:] = rest
        self._quiet_frames = self._quiet_frames + n_frames if over and self.level < QUIET else 0
        return out

    def renew(self, live: LiveNote, glide_s: float = 0.0) -> None:
        """Take over another sound from where this one is, its pitch within ``glide_s``."""
        if not self._struck:
            self._line = _Line(live, self._rate)
            return
        # Of several changes before one block, the last one is faded to.
        older = self._older or self._line
        self._older, self._line = older, older.renewed(live, glide_s)
        self._quiet_frames = 0


class _Line:
    """The way from the operators of one :class:`LiveNote` to the end of its chain, and where all that stands."""

    def __init__(self, live: LiveNote, rate: int) -> None:
        self.live, self._rate = live, rate
        self._where, self._flow = fm_kernels.start(), live_kernels.begin()
        self._past = np.zeros((2, fm_live_kernels.look_back(live.halvings, WIDE.reach, SHARP.reach)))

    def strike(self, bend_st: float, wheel_st: float) -> None:
        fm_live_kernels.strike(self.live.note, self._where, self.live.chain, self._flow, bend_st, wheel_st)

    def glide(self, glide: Glide) -> None:
        where = self._where[0]
        where["glide_st"], where["glide_s"] = glide.from_st, max(glide.seconds, STEP_S)
        where["glide_from_s"] = self._flow[0]["frame"] / self._rate

    def process(self, out: Sound, gate: bool, bend_st: float, wheel_st: float) -> tuple[bool, float]:
        """Fill ``out`` ``[channels, n]``; whether the sources of sound are down for good, and how high it is."""
        live = self.live
        mine = out if out.shape[0] == live.channels else np.empty((live.channels, out.shape[1]), np.float32)
        found: tuple[bool, float] = fm_live_kernels.block(
            live.note,
            self._where,
            live.chain,
            self._flow,
            self._rate,
            live.halvings,
            self._past,
            _WIDE,
            _SHARP,
            gate,
            bend_st,
            wheel_st,
            live.width,
            mine,
        )
        if mine is not out:
            out[:] = mine
        return found

    def renewed(self, live: LiveNote, glide_s: float) -> _Line:
        """Another note that stands where this one does."""
        line = _Line(live, self._rate)
        line._where, line._flow = self._where.copy(), self._flow.copy()
        time_s = self._flow[0]["frame"] / self._rate
        where = self._where[0]
        left_st = 0.0
        if where["glide_st"] != 0.0:
            passed = (time_s - where["glide_from_s"]) / where["glide_s"]
            left_st = float(where["glide_st"] * min(max(1.0 - passed, 0.0), 1.0))
            if live.pitch_st == self.live.pitch_st:
                glide_s = max(float(where["glide_s"] * (1.0 - passed)), glide_s)
        from_st = self.live.pitch_st - live.pitch_st + left_st if glide_s > 0.0 else 0.0
        line.glide(Glide(from_st, glide_s))
        old_rate, rate = self._rate << self.live.halvings, self._rate << live.halvings
        # The LFO goes on where it is; computed from its beginning, a turned speed would throw it about, the further the
        # longer the key is down.
        old, new, next_s = self.live.note[0], live.note[0], (where["point"] + 1) * STEP_S
        new["lfo_start"] = old["lfo_start"] + (old["lfo_hz"] - new["lfo_hz"]) * next_s
        fm_live_kernels.carry_over(
            self.live.note, live.note, line._where, old_rate, rate, live.chain, line._flow, self._rate
        )
        if line._past.shape == self._past.shape:
            line._past[:] = self._past
        else:
            n = line._past.shape[1]
            back = np.arange(n - 1, -1, -1) * 2.0 ** (self.live.halvings - live.halvings)
            there = np.arange(self._past.shape[1] - 1, -1, -1)
            if n and there.size:
                line._past[:] = [np.interp(back, there[::-1], side[::-1]) for side in self._past]
        return line


class FmLivePatch:
    """A patch of the FM instrument ready to be struck; see :class:`engine.synths.live_voice.LivePatch`."""

    adds = False

    def __init__(self, patch: Patch, sample_rate: int, decode: FmDecoder) -> None:
        self._notes, self._rate = Notes(patch, sample_rate, decode), sample_rate
        wet, decay_s, damping = (patch.values[name] for name in ("reverb", "reverb_s", "reverb_damping"))
        assert isinstance(wet, float)
        assert isinstance(decay_s, float)
        assert isinstance(damping, float)
        self._room = RoomSettings(wet, decay_s, damping) if wet > 0.0 else None

    def strike(self, key: Key, glide: Glide | None = None) -> FmVoice:
        """See :meth:`engine.synths.live_voice.LivePatch.strike`."""
        return FmVoice(self._notes.note(key), self._rate, glide)

    def renew(self, voices: Sequence[FmVoice], keys: Sequence[Key], glide_s: float = 0.0) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.renew`."""
        for voice, key in zip(voices, keys, strict=True):
            voice.renew(self._notes.note(key), glide_s)

    def foresee(self, keys: Sequence[Key]) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.foresee`. All keys are decoded already."""

    def touch(self, key: Key, hand: Hand) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.touch`: there is no object."""

    def open_room(self) -> FdnRoom | None:
        """See :meth:`engine.synths.live_voice.LivePatch.open_room`."""
        return None if self._room is None else FdnRoom(self._room, self._rate)

    def refurnish(self, room: FdnRoom) -> None:
        """See :meth:`engine.synths.live_voice.LivePatch.refurnish`."""
        if self._room is None:
            room.close()
        else:
            room.refurnish(self._room)
