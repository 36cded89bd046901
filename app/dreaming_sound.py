"""What a tuning lets be heard, all of it equally loud: tiles beside the transport, and patches as they are tried on."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from app.live_sound import DEFAULT_RATE
from engine.audio import Audio, resample
from engine.audio.level import AUDIBLE_LUFS, MOST_DB, Level
from engine.jobs import Note
from engine.params import Patch
from engine.params.note import NoteSettings

if TYPE_CHECKING:
    from app.compose import Session

USUAL_LUFS = -20.0
"""How loud everything is where the patch before is silent."""
HEADROOM_DB = -0.5
"""What is turned up for a comparison peaks at most there."""
LONGEST_S = 10.0
"""Of longer notes so much is measured."""


def gain_db(level: Level, target_lufs: float) -> float:
    """What makes a sound as loud as the target, as far as its peak allows; nothing for what is not heard."""
    if level.lufs <= AUDIBLE_LUFS:
        return 0.0
    return max(min(target_lufs - level.lufs, HEADROOM_DB - level.peak_db), -MOST_DB)


class EqualLoudness(QObject):
    """While :attr:`is_on`, what is tried on is played as loud as the patch before was."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._s = session
        self.target_lufs: float | None = None
        self._before_db = 0.0
        self._job: int | None = None

    @property
    def is_on(self) -> bool:
        """Compares at equal loudness, unless the person wants to hear everything as loud as it is."""
        return self.target_lufs is not None and self._s.explore.match.is_on

    def begin(self, patch: Patch, note: NoteSettings) -> None:
        """From now on everything is compared with this patch."""
        s = self._s
        self.target_lufs, self._before_db = USUAL_LUFS, s.live.gain_db
        self._job = job = s.studio.trials.measure(
            patch,
            note=note.note,
            velocity=note.velocity,
            hold_s=min(note.hold_s, LONGEST_S),
            duration_s=min(note.duration_s, LONGEST_S),
            sample_rate=s.player.sample_rate or DEFAULT_RATE,
        )
        s.jobs.keep_quiet_about(job)
        s.bridge.watch(job, done=lambda level: self._measured(job, level))

    def _measured(self, job: int, level: Level) -> None:
        if job == self._job and self.target_lufs is not None and level.lufs > AUDIBLE_LUFS:
            self.target_lufs = level.lufs + self._before_db

    def end(self) -> None:
        """Everything is as loud as it is."""
        if self.target_lufs is not None:
            self.target_lufs, self._job = None, None
            self._s.live.set_gain(self._before_db)

    def foresee(self, patch: Patch) -> None:
        """``patch`` is about to be rendered to be tried on."""
        target, live = self.target_lufs, self._s.live
        if not self.is_on or target is None:
            return

        def gain_of(audio: Audio) -> float:
            """On the engine thread."""
            part = audio.samples[:, : round(LONGEST_S * audio.sample_rate)]
            return gain_db(Level.of(Audio(part, audio.sample_rate)), target)

        live.foresee(patch, gain_of, live.set_gain)


class TileSound(QObject):
    """Plays one sound at a time beside the transport; what plays of its own accord falls silent for it."""

    def __init__(self, session: Session, loudness: EqualLoudness) -> None:
        super().__init__(session)
        self._s, self._loudness = session, loudness
        self._serial = 0
        self._plays = False

    def play(self, audio: Audio) -> None:
        """From its start, at the loudness of everything else."""
        self._serial += 1
        serial, player = self._serial, self._s.player
        rate = player.sample_rate or DEFAULT_RATE
        target = self._loudness.target_lufs if self._loudness.is_on else None

        def body() -> Generator[Note, None, Audio]:
            yield Note(None)
            return as_played(audio, rate, target)

        def done(made: Audio) -> None:
            if serial == self._serial:
                if player.is_struck and player.state == "playing":
                    player.stop()
                self._plays = True
                player.play_once(made)

        self._s.submit(body, title="Preparing a sound", done=done, failed=lambda _error: None, quiet=True)

    def stop(self) -> None:
        """Whoever pointed at it has gone."""
        self._serial += 1
        if self._plays:
            self._plays = False
            self._s.player.stop_once()


def as_played(audio: Audio, rate: int, target_lufs: float | None) -> Audio:
    """A sound at the device's rate, as loud as the target unless there is none."""
    made = resample(audio, rate)
    change_db = 0.0 if target_lufs is None else gain_db(Level.of(made), target_lufs)
    if change_db == 0.0 or not math.isfinite(change_db):
        return made
    return Audio(made.samples * np.float32(10.0 ** (change_db / 20.0)), rate)
