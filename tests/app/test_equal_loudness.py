"""Slots that are compared are equally loud, whatever is in them and however they come there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from explore_hands import POOL, piano_in
from gestures import Hand
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.panels.explore_bar import ExploreBar
from engine.audio import Audio, loudness_lufs
from engine.params import Patch


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> ExploreBar:
    return piano_in(session, qtbot)


class Ear:
    """Keeps every frame that the mixer hands over, ``[n, 2]``."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        mixer, self.blocks = session.player._mixer, []
        fill_block = mixer.fill

        def fill(out: NDArray[np.float32], *how: object) -> None:
            fill_block(out, *how)
            self.blocks.append(out.copy())

        monkeypatch.setattr(mixer, "fill", fill)

    def take(self) -> NDArray[np.float32]:
        """What was heard since the last time, from its first sound to its last."""
        heard = np.concatenate(self.blocks)
        self.blocks.clear()
        loud = np.flatnonzero(np.abs(heard).max(axis=1) > 0.0)
        return heard[loud[0] : loud[-1] + 1]


QUIET = Patch("fm", {"gain_db": -20.0, "op1_ratio": 2.0}, name="Quiet")
LOUD = Patch("fm", {"gain_db": -8.0}, name="Loud")


@pytest.fixture
def two_levels(session: Session, bar: ExploreBar, qtbot: QtBot) -> Session:
    """A loud patch in A and a quiet one in B, both measured, B in use."""
    session.document.set_patch(LOUD, "Loud")
    Hand(bar.slots.buttons[1]).click()
    session.document.set_patch(QUIET, "Quiet")
    match = session.explore.match
    qtbot.waitUntil(lambda: session.live.up_to_date and len(match._levels) >= 2)
    qtbot.waitUntil(lambda: session.player.state == "stopped")
    return session


def heard_from(session: Session, qtbot: QtBot, ear: Ear, slot: int) -> NDArray[np.float32]:
    """The whole note of a slot, struck by choosing it."""
    ear.blocks.clear()
    session.explore.desk.go(slot)
    qtbot.waitUntil(lambda: session.player.state == "playing")
    qtbot.waitUntil(lambda: session.player.state == "stopped", timeout=8000)
    return ear.take()


def test_slots_are_equally_loud_when_they_are_compared(
    two_levels: Session, bar: ExploreBar, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.audio import Audio, loudness_lufs

    session = two_levels
    ear = Ear(session, monkeypatch)

    def loudness(slot: int) -> float:
        return loudness_lufs(Audio(heard_from(session, qtbot, ear, slot).T, session.player.sample_rate))

    loud, quiet = loudness(0), loudness(1)
    assert abs(loud - quiet) < 1.0
    assert session.explore.match.gain_db == 0.0
    session.explore.desk.go(0)
    assert session.explore.match.gain_db < -6.0
    assert bar.match.text().endswith("dB")
    assert "Slot A plays at \N{MINUS SIGN}" in bar.match.toolTip()
    assert session.document.patch == LOUD, "no patch is changed by it"
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.live.latest is not None
    assert session.live.latest.audio.peak > 0.2, "what is kept and exported has no gain"
    Hand(bar.match).click()
    assert session.explore.match.gain_db == 0.0
    assert not session.settings.get("explore/match")
    plain_loud, plain_quiet = loudness(0), loudness(1)
    assert plain_loud - plain_quiet > 6.0


def test_switching_while_it_sounds_goes_on_without_a_click(
    two_levels: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = two_levels
    ear = Ear(session, monkeypatch)
    whole = [heard_from(session, qtbot, ear, slot) for slot in (0, 1)]
    by_itself = max(float(np.abs(np.diff(sound[:-200, 0])).max()) for sound in whole)
    session.hear_live()
    qtbot.waitUntil(lambda: session.player.position_s() > 0.2)
    for until_s in (0.5, 0.8, 1.1):
        session.explore.desk.toggle()
        qtbot.waitUntil(lambda until_s=until_s: session.player.position_s() > until_s)
    assert session.player.position_s() < 1.8, "it went on where it stood"
    session.player.stop()
    heard = ear.take()
    # Two tones across a fade may be as steep as both together, a click is far steeper.
    assert float(np.abs(np.diff(heard[:-500, 0])).max()) < 1.5 * by_itself


def test_a_gain_stays_while_a_hand_turns_and_never_makes_it_clip(two_levels: Session, qtbot: QtBot) -> None:
    session = two_levels
    session.explore.desk.go(0)
    gain_db = session.explore.match.gain_db
    assert gain_db < -6.0
    session.document.audition("gain_db", 0.0)
    session.document.commit("Gain")
    qtbot.waitUntil(lambda: session.live.up_to_date)
    qtbot.wait(400)
    assert session.explore.match.gain_db == gain_db
    clip = session.player.clip
    assert clip is not None
    assert clip.read(0, clip.n_frames).peak <= 1.0


def test_a_morph_plays_between_the_gains_of_its_ends(two_levels: Session) -> None:
    desk, match = two_levels.explore.desk, two_levels.explore.match
    desk.go(0)
    ends = [match.gain_db]
    desk.go(1)
    ends.append(match.gain_db)
    desk.audition_morph(0.5)
    assert match.gain_db == pytest.approx(sum(ends) / 2, abs=0.1)
    desk.commit_morph(0.5)
    assert match.gain_db == pytest.approx(sum(ends) / 2, abs=0.1)
    two_levels.document.undo()
    assert match.gain_db == ends[1]


def test_keys_play_a_slot_as_loud_as_its_note(two_levels: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[Patch] = []
    instrument = two_levels.live_play.instrument
    monkeypatch.setattr(instrument, "set_patch", lambda patch, turning=False: sent.append(patch))
    two_levels.explore.desk.go(0)
    gain_db = two_levels.explore.match.gain_db
    assert gain_db < -6.0
    assert sent[-1] == LOUD.with_values(gain_db=LOUD.values["gain_db"] + gain_db)  # type: ignore[operator]
    two_levels.explore.match.set_on(False)
    assert sent[-1] == LOUD


def test_another_patch_in_a_slot_plays_at_a_gain_of_its_own(two_levels: Session, qtbot: QtBot) -> None:
    match = two_levels.explore.match
    two_levels.explore.desk.go(0)
    assert match.gain_db < -6.0
    two_levels.document.set_patch(QUIET.with_values(op1_ratio=3.0), "Load another")
    qtbot.waitUntil(lambda: match.gain_db > -3.0)


@pytest.mark.parametrize("slot", [0, 1])
def test_a_project_that_is_loaded_plays_at_the_gains_it_had(
    two_levels: Session, qtbot: QtBot, tmp_path: Path, slot: int
) -> None:
    match, document = two_levels.explore.match, two_levels.document
    two_levels.explore.desk.go(slot)
    gain_db = match.gain_db
    document.file.save(tmp_path / "two.tonewright")
    document.file.new_project()
    qtbot.waitUntil(lambda: match.gain_db == 0.0)
    match._levels.clear()
    document.file.load(tmp_path / "two.tonewright")
    qtbot.waitUntil(lambda: match.gain_db == pytest.approx(gain_db))
    qtbot.waitUntil(lambda: two_levels.live.up_to_date)
    assert two_levels.live._made is not None
    assert two_levels.live._made.gain_db == pytest.approx(gain_db)


def played_lufs(session: Session) -> float:
    """How loud what went to the player last is."""
    assert session.live._made is not None
    return loudness_lufs(session.live._made.audio)


def test_a_patch_that_comes_into_a_slot_is_as_loud_as_the_others_from_its_first_frame(
    two_levels: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, match = two_levels, two_levels.explore.match
    wanted = loudness_lufs(session.live._made.audio)
    played: list[Audio] = []
    swap = session.player.swap
    monkeypatch.setattr(session.player, "swap", lambda audio, **how: (played.append(audio), swap(audio, **how))[1])
    session.explore.desk.go(0)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    before_db = match.gain_db
    assert before_db < -6.0
    louder = LOUD.with_values(gain_db=-2.0, op1_ratio=3.0)
    qtbot.waitUntil(lambda: not match._asked and not match._settled.isActive())

    def come(deed: Callable[[], object]) -> list[float]:
        """How loud everything is that went to the player since."""
        played.clear()
        deed()
        qtbot.waitUntil(lambda: bool(played) and session.live.up_to_date)
        return [loudness_lufs(audio) for audio in played]

    for deed in (
        lambda: session.document.set_patch(louder, "Load another"),
        # All is measured long before the sound is there.
        lambda: (session.document.set_patch(LOUD, "Load it again"), match.measure()),
        lambda: session.document.audition_patch(louder),
        lambda: session._audition_preset(louder.with_values(op1_ratio=4.0)),
    ):
        assert come(deed) == pytest.approx([wanted] * len(played), abs=0.3)
    assert match.gain_db < before_db - 3.0
    session.document.revert()
    assert match.gain_db == pytest.approx(before_db), "what was only heard is taken back with its gain"
    come(lambda: session.document.audition_patch(louder.with_values(gain_db=-3.0)))
    session.document.settle()
    qtbot.wait(300)
    assert played_lufs(session) == pytest.approx(wanted, abs=0.3), "the gain stays when what was heard is taken"


ORGAN, KEYS = (next(p for p in POOL if p.name == name) for name in ("Drawbar Organ", "Electric Piano"))


def test_the_way_between_two_slots_is_as_loud_as_its_ends(windows: Windows, qtbot: QtBot) -> None:
    session = windows.start(engine="real")
    desk, match, document = session.explore.desk, session.explore.match, session.document
    document.set_patch(ORGAN, "Load the organ")
    desk.go(1)
    document.set_patch(KEYS, "Load the piano")
    way = match._way(0, 1)
    qtbot.waitUntil(lambda: all((patch, document.note) in match._levels for patch in way), timeout=60_000)
    plain, matched = [], []
    for share in np.linspace(0.0, 1.0, 11):
        desk.audition_morph(float(share))
        qtbot.waitUntil(lambda: session.live.up_to_date and session.live.latest.patch == document.patch, timeout=30_000)
        made = session.live._made
        assert made.audio.peak <= 1.0
        plain.append(loudness_lufs(made.plain))
        matched.append(loudness_lufs(made.audio))
    straight = np.array(plain) - np.linspace(plain[0], plain[-1], 11)
    assert np.abs(straight).max() > 5.0, "these two have a quiet way between them"
    assert np.ptp(matched) < 2.0
    document.revert()
