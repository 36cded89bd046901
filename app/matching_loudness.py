"""A match is heard at one loudness: the target, and whatever is tried on beside it.

All are turned down to the softest of them, but to at most :data:`MOST_LOWER_DB` below the target: what is softer still
is turned up to that, as far as its peak allows. So nothing that is compared exceeds full scale because of it.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from app.dreaming_sound import HEADROOM_DB, LONGEST_S, gain_db
from app.live_sound import DEFAULT_RATE
from engine.audio import Audio, Clip
from engine.audio.level import AUDIBLE_LUFS, Level
from engine.audio.values import FrameSource, Samples
from engine.jobs import Note
from engine.params import Patch
from engine.studio import Candidate

if TYPE_CHECKING:
    from app.compose import Session

MOST_LOWER_DB = 12.0
"""One soft candidate among loud ones does not make everything as soft as that."""


class MatchLoudness(QObject):
    """From :meth:`begin` to :meth:`end`, unless the person wants to hear everything as loud as it is."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.common_lufs: float | None = None
        """How loud everything is; ``None`` until the target is measured, and for one that is not heard."""
        self._clip: Clip | None = None
        self._target = Level(-np.inf, -np.inf)
        self._shown: Level | None = None
        """Of what was tried on last."""
        self._before_db = 0.0
        self._was_on = False
        session.explore.match.changed.connect(self._switched)

    @property
    def is_on(self) -> bool:
        return self._clip is not None and self._s.explore.match.is_on

    def begin(self, clip: Clip) -> None:
        """From now on everything is compared with this sound."""
        self.end()
        self._clip, self._before_db = clip, self._s.live.gain_db
        self._was_on = self.is_on

        def body() -> Generator[Note, None, Level]:
            yield Note(None)
            return Level.of(clip.read(0, round(LONGEST_S * clip.sample_rate)))

        def done(level: Level) -> None:
            if self._clip is clip and level.lufs > AUDIBLE_LUFS:
                self._target = level
                self._agree(level.lufs if self._shown is None else self._shown.lufs)

        self._s.submit(body, title="Measuring a sound", done=done, failed=lambda _error: None, quiet=True)

    def measure(self, candidates: Sequence[Candidate]) -> None:
        """These are what there is to choose from: what is heard first is as loud as what is heard last."""
        s, clip = self._s, self._clip
        for one in candidates if self.is_on else ():
            job = s.studio.trials.measure(
                one.patch,
                note=one.note.note,
                velocity=one.note.velocity,
                hold_s=min(one.note.hold_s, LONGEST_S),
                duration_s=min(one.note.duration_s, LONGEST_S),
                sample_rate=s.player.sample_rate or DEFAULT_RATE,
            )
            s.jobs.keep_quiet_about(job)
            s.bridge.watch(job, done=lambda level: self._agree(level.lufs) if self._clip is clip else None)

    def foresee(self, patch: Patch) -> None:
        """``patch`` is about to be rendered to be tried on."""
        if not self.is_on:
            return
        found: list[Level] = []

        def gain_of(audio: Audio) -> float:
            """On the engine thread."""
            part = audio.samples[:, : round(LONGEST_S * audio.sample_rate)]
            found.append(Level.of(Audio(part, audio.sample_rate)))
            common = self._with(found[-1].lufs)
            if common is None:
                return min(HEADROOM_DB - found[-1].peak_db, 0.0)
            return gain_db(found[-1], common)

        def told(db: float) -> None:
            self._shown = found[-1]
            self._s.live.set_gain(db)
            self._agree(found[-1].lufs)

        self._s.live.foresee(patch, gain_of, told)

    def as_heard(self, clip: Clip) -> Clip:
        """The target as it is played beside what is tried on; any other sound as it is."""
        if clip is not self._clip or not self.is_on or self.common_lufs is None:
            return clip
        change_db = min(gain_db(self._target, self.common_lufs), 0.0)
        return clip if change_db == 0.0 else replace(clip, source=_Softer(clip.source, change_db))

    def end(self) -> None:
        """Everything is as loud as it is."""
        if self._clip is None:
            return
        self._clip = self._shown = self.common_lufs = None
        self._target = Level(-np.inf, -np.inf)
        self._s.live.set_gain(self._before_db)
        self._reload()

    def _with(self, lufs: float) -> float | None:
        """The common loudness when a sound of ``lufs`` is among those that are compared."""
        target = self._target.lufs
        if target <= AUDIBLE_LUFS:
            return None
        now = target if self.common_lufs is None else self.common_lufs
        return max(min(now, lufs), target - MOST_LOWER_DB) if lufs > AUDIBLE_LUFS else now

    def _agree(self, lufs: float) -> None:
        """A sound of that loudness is compared as well."""
        common = self._with(lufs)
        if common is None or common == self.common_lufs:
            return
        self.common_lufs = common
        if self._shown is not None and self.is_on:
            self._s.live.set_gain(gain_db(self._shown, common))
        self._reload()

    def _switched(self) -> None:
        """The person wants to hear everything as loud as it is, or not any more."""
        if self._clip is None or self._was_on == self.is_on:
            return
        self._was_on = self.is_on
        if self._shown is not None and self.common_lufs is not None:
            self._s.live.set_gain(gain_db(self._shown, self.common_lufs) if self.is_on else self._before_db)
        self._reload()

    def _reload(self) -> None:
        """Whoever listens to the target goes on at its new loudness."""
        take, player = self._s.document.selected, self._s.player
        if take is not None and player.clip is not None:
            heard = self.as_heard(take.clip)
            if _gain_of(player.clip) != _gain_of(heard):
                player.load(heard, keep_position=True)


class _Softer:
    """What a clip's source has, ``gain_db`` louder."""

    def __init__(self, source: FrameSource, gain_db: float) -> None:
        self.source, self.gain_db = source, gain_db
        self.channels, self.n_frames, self.sample_rate = source.channels, source.n_frames, source.sample_rate
        self._factor = np.float32(10.0 ** (gain_db / 20.0))

    def read(self, start: int, n: int) -> Samples:
        return self.source.read(start, n) * self._factor

    def close(self) -> None:
        """The source belongs to the clip."""


def _gain_of(clip: Clip) -> float:
    return clip.source.gain_db if isinstance(clip.source, _Softer) else 0.0
