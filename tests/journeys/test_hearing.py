"""What is heard in the window: keys and presets are struck, whatever sounds and whatever is set for knobs."""

from __future__ import annotations

from pytestqt.qtbot import QtBot
from windows import Windows

from app.compose import Session
from app.playback.output import USUAL_LATENCY_MS
from engine.project.presets import factory_presets


def let_it_ring(qtbot: QtBot, session: Session) -> None:
    """The note sounds and is well past its attack."""
    session.hear_live()
    qtbot.waitUntil(lambda: session.player.position_s() > 0.4)


def struck(session: Session) -> bool:
    return session.live.up_to_date and session.player.state == "playing" and session.player.position_s() < 0.3


def test_a_key_takes_over_from_a_note_that_rings(qtbot: QtBot, session: Session) -> None:
    let_it_ring(qtbot, session)
    before = session.live.serial
    session.fm.piano.note_on.emit(64, 100)
    qtbot.waitUntil(lambda: session.player.state == "stopped")
    session.fm.piano.note_off.emit(64)
    # The stage shows the key, and does not strike it a second time.
    qtbot.waitUntil(lambda: session.live.serial > before and session.live.up_to_date)
    assert session.live.latest is not None
    assert session.live.latest.note == 64
    assert session.player.state == "stopped"


def test_every_preset_on_a_walk_begins_at_its_attack(qtbot: QtBot, session: Session) -> None:
    for preset in factory_presets()[:3]:
        let_it_ring(qtbot, session)
        session.library.preset_auditioned.emit(preset)
        qtbot.waitUntil(lambda: struck(session))
        assert session.document.patch.values == preset.values


def test_a_knob_does_not_begin_the_note_anew(qtbot: QtBot, session: Session) -> None:
    let_it_ring(qtbot, session)
    before = session.live.serial
    session.document.audition("op1_ratio", 3.0)
    qtbot.waitUntil(lambda: session.live.serial > before and session.live.up_to_date)
    assert session.player.position_s() > 0.4
    session.document.revert()


def test_with_knobs_unheard_presets_and_the_button_are_heard(qtbot: QtBot, session: Session) -> None:
    session.commands.set_hear(False)
    session.document.audition("op1_ratio", 3.0)
    qtbot.waitUntil(lambda: session.live.up_to_date)
    assert session.player.state == "stopped"
    session.document.revert()
    for strike in (
        lambda: session.library.preset_auditioned.emit(factory_presets()[1]),
        session.fm.audition.click,
    ):
        session.player.stop()
        strike()
        qtbot.waitUntil(lambda: struck(session))


def test_the_chosen_latency_is_there_at_the_next_start(windows: Windows) -> None:
    first = windows.start()
    assert first.player.latency_s * 1000 == USUAL_LATENCY_MS
    first.transport.device._fill()
    entries = first.transport.device._latency_menu()
    next(action for action in entries.actions() if action.text() == "200 ms").trigger()
    assert first.player.latency_s == 0.2
    windows.leave(first)
    second = windows.start()
    assert second.player.latency_s == 0.2
