"""MIDI without a sequencer: ports come and go, messages become notes, controllers are learned and taken over softly."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from instrument_fakes import Diary, FakeMidi
from player_recording import wait, wait_until
from PySide6.QtCore import QObject

from app import midi_ports
from app.document import Document
from app.held_notes import HeldNotes
from app.midi_input import MidiInput
from app.midi_learn import MidiLearn, Takeover
from app.midi_ports import MidiMissing, Ports, RtMidi
from engine.params import FM_SPACE, SPACES

NOTE_ON, NOTE_OFF, CONTROL, BEND = 0x90, 0x80, 0xB0, 0xE0


class Desk:
    """A MIDI input and everything that hears of it."""

    def __init__(self) -> None:
        self.diary = Diary()
        self.changes: list[int | None] = []
        self.controls: list[tuple[tuple[int, int], int]] = []
        self.held = HeldNotes(self.diary, lambda note, _: self.changes.append(note))
        self.midi = MidiInput(self.held, self.diary, lambda c, v: self.controls.append((c, v)), lambda: None)

    def send(self, *data: int, port: str = "keys") -> list[tuple[object, ...]]:
        """What the instrument hears of one message."""
        self.midi.take(port, data)
        return self.diary.take()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_keys_go_down_and_up_on_every_channel(desk: Desk) -> None:
    assert desk.send(NOTE_ON, 60, 90) == [("on", 60, 90)]
    assert desk.send(NOTE_ON | 5, 64, 1) == [("on", 64, 1)]
    assert desk.held.notes == {60, 64}
    assert desk.send(NOTE_OFF, 60, 0) == [("off", 60)]
    assert desk.send(NOTE_ON | 5, 64, 0) == [("off", 64)], "velocity 0 is a key that goes up"
    assert desk.held.notes == frozenset()


def test_a_note_that_two_hands_hold_sounds_until_both_let_go(desk: Desk) -> None:
    desk.send(NOTE_ON, 60, 90)
    assert desk.send(NOTE_ON, 60, 50, port="other") == [("on", 60, 50)]
    assert desk.send(NOTE_OFF, 60, 0) == []
    assert desk.send(NOTE_OFF, 60, 0, port="other") == [("off", 60)]
    assert desk.send(NOTE_OFF, 60, 0) == [], "a key that is not down"


def test_pedal_and_wheels(desk: Desk) -> None:
    assert desk.send(CONTROL, 64, 64) == [("pedal", True)]
    assert desk.send(CONTROL, 64, 63) == [("pedal", False)]
    assert desk.send(CONTROL, 1, 127) == [("wheel", 1.0)]
    assert desk.send(BEND, 0x7F, 0x7F) == [("bend", 1.0)]
    assert desk.send(BEND, 0, 0) == [("bend", -1.0)]
    assert desk.send(BEND, 0, 0x40) == [("bend", 0.0)]


def test_all_notes_off_lets_go_and_all_sound_off_silences(desk: Desk) -> None:
    desk.send(NOTE_ON, 60, 90)
    assert desk.send(CONTROL, 123, 0) == [("off", 60)]
    desk.send(NOTE_ON, 62, 90)
    assert desk.send(CONTROL, 120, 0) == [("off", 62), ("all off",)]
    assert desk.held.notes == frozenset()


@pytest.mark.parametrize("data", [(), (0x90,), (0x90, 60), (60, 60, 60), (0x90, 200, 4), (0xF8,), (0xF0, 1, 2)])
def test_what_is_no_message_for_an_instrument_changes_nothing(desk: Desk, data: tuple[int, ...]) -> None:
    assert desk.send(*data) == []


def test_a_port_that_is_pulled_out_leaves_no_note_and_no_pedal(desk: Desk) -> None:
    desk.send(NOTE_ON, 60, 90)
    desk.send(NOTE_ON, 62, 90, port="other")
    desk.send(CONTROL, 64, 127)
    desk.midi.lost("keys")
    assert desk.diary.take()[:2] == [("off", 60), ("pedal", False)]
    assert desk.held.notes == {62}


def test_a_port_that_is_pulled_out_leaves_what_another_one_holds(desk: Desk) -> None:
    desk.send(CONTROL, 64, 127, port="feet")
    desk.send(CONTROL, 1, 100, port="hands")
    desk.send(BEND, 0, 0, port="hands")
    desk.send(NOTE_ON, 60, 90, port="hands")
    desk.midi.lost("feet")
    assert desk.diary.take() == [("pedal", False)]
    assert not desk.midi.pedal
    assert desk.midi.wheel > 0.0
    desk.midi.lost("hands")
    assert set(desk.diary.take()) == {("off", 60), ("bend", 0.0), ("wheel", 0.0)}
    desk.midi.lost("hands")
    assert desk.diary.take() == []


# -- ports ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeMidi, Ports, list[tuple[str, tuple[int, ...]]]]]:
    monkeypatch.setattr(midi_ports, "POLL_S", 0.02)
    backend, heard = FakeMidi("Keystation", "Midi Through Port-0"), []
    ports = Ports(lambda port, data: heard.append((port, tuple(data))), lambda: None, backend=backend)
    ports.start()
    assert wait_until(lambda: bool(ports.state.names))
    yield backend, ports, heard
    ports.close()
    assert not backend.listeners


def test_every_port_but_the_one_that_passes_on_is_heard(plugged) -> None:
    backend, ports, heard = plugged
    assert ports.state.names == ("Keystation", "Midi Through Port-0")
    assert ports.state.opened == {"Keystation"}
    backend.send(0x90, 60, 100)
    assert heard == [("Keystation", (0x90, 60, 100))]


def test_ports_that_come_and_go_are_followed(plugged) -> None:
    backend, ports, _ = plugged
    backend.there = ["Pads"]
    assert wait_until(lambda: ports.state.opened == {"Pads"})
    assert list(backend.listeners) == ["Pads"]
    backend.there = ["Keystation", "Pads"]
    assert wait_until(lambda: ports.state.opened == {"Keystation", "Pads"})


class SlowWake:
    """An event whose clearing comes only after somebody has closed: the worst moment."""

    def __init__(self, real: threading.Event) -> None:
        self.set, self.wait = real.set, real.wait
        self.reached, self.go, self._real = threading.Event(), threading.Event(), real

    def clear(self) -> None:
        self.reached.set()
        assert self.go.wait(60.0)
        self._real.clear()


def test_a_close_in_the_middle_of_a_look_does_not_wait_for_the_next(plugged, monkeypatch: pytest.MonkeyPatch) -> None:
    _, ports, _ = plugged
    wake = SlowWake(ports._wake)
    monkeypatch.setattr(ports, "_wake", wake)
    assert wake.reached.wait(60.0)
    monkeypatch.setattr(midi_ports, "POLL_S", 600.0)
    threading.Timer(0.1, wake.go.set).start()
    ports.close(10.0)
    assert not ports._thread.is_alive()


def test_a_port_is_left_alone_when_told_so_and_taken_up_again(plugged) -> None:
    backend, ports, _ = plugged
    ports.choose("Keystation", False)
    ports.choose("Midi Through Port-0", True)
    assert wait_until(lambda: ports.state.opened == {"Midi Through Port-0"})
    assert ports.chosen == {"Keystation": False, "Midi Through Port-0": True}
    ports.choose("Keystation", True)
    assert wait_until(lambda: "Keystation" in ports.state.opened)
    assert "Keystation" in backend.listeners


def test_a_port_that_another_program_holds_is_told_and_tried_again(plugged) -> None:
    backend, ports, _ = plugged
    backend.held = {"Pads"}
    backend.there.append("Pads")
    assert wait_until(lambda: ports.state.refused == {"Pads": "in use"})
    backend.held = set()
    assert wait_until(lambda: "Pads" in ports.state.opened)
    assert ports.state.refused == {}


def test_a_machine_that_loses_midi_says_so_and_goes_on_when_it_is_back(plugged) -> None:
    backend, ports, _ = plugged
    backend.missing = "No MIDI here."
    assert wait_until(lambda: ports.state.trouble == "No MIDI here.")
    assert not backend.listeners
    backend.missing = ""
    assert wait_until(lambda: ports.state.opened == {"Keystation"})


def test_without_the_library_there_is_a_sentence_and_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_ports.SEQUENCER.__class__, "exists", lambda _: True)
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(MidiMissing, match="python-rtmidi is not installed"):
        RtMidi().names()
    ports = Ports(lambda *_: None, lambda: None)
    ports.start()
    assert wait_until(lambda: "not installed" in ports.state.trouble)
    assert wait_until(lambda: all(t.name != "midi-ports" for t in threading.enumerate()))
    ports.close()


@pytest.mark.skipif(not sys.platform.startswith("linux") or midi_ports.SEQUENCER.exists(), reason="there is MIDI here")
def test_a_machine_without_a_sequencer_has_no_ports_and_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    ports = Ports(lambda *_: None, lambda: None)
    ports.start()
    assert wait_until(lambda: ports.state.trouble in (midi_ports.NO_SEQUENCER, midi_ports.NOT_INSTALLED))
    ports.close()
    assert capfd.readouterr() == ("", "")


def test_names_lose_the_numbers_that_change_and_are_never_alike() -> None:
    names = ["Keystation:Keystation MIDI 1 20:0", "nanoKONTROL 1", "A:Pad 24:0", "B:Pad 28:0"]
    assert midi_ports._unlike(names) == ["Keystation MIDI 1", "nanoKONTROL 1", "Pad", "Pad (2)"]


# -- learn ----------------------------------------------------------------------------------------------------------

CC = (0, 21)
NAME = "op1_level_db"


@pytest.fixture
def learn(qapp: object, document: Document) -> MidiLearn:
    return MidiLearn(document, lambda param: param.label, {}, document)


def value(document: Document, name: str = NAME) -> float:
    return float(document.patch.values[name])  # type: ignore[arg-type]


def place(document: Document, name: str = NAME) -> float:
    return FM_SPACE[name].to_unit(value(document, name))


def test_the_first_controller_that_moves_is_bound(learn: MidiLearn) -> None:
    learn.control(CC, 5)
    assert learn.controllers == frozenset()
    learn.arm(NAME)
    learn.control(CC, 5)
    assert learn.armed is None
    assert learn.controller_of(NAME) == "CC 21"
    assert learn.to_json() == {f"fm/{NAME}": [0, 21]}
    learn.arm("op1_ratio")
    learn.control((2, 21), 5)
    assert learn.controller_of("op1_ratio") == "CC 21 on channel 3"
    learn.forget(NAME)
    assert learn.controllers == {(2, 21)}


def test_a_controller_turns_one_knob_and_a_knob_has_one_controller(learn: MidiLearn) -> None:
    for name in (NAME, "op2_level_db"):
        learn.arm(name)
        learn.control(CC, 5)
    assert learn.to_json() == {"fm/op2_level_db": [0, 21]}


def test_the_knob_waits_until_the_controller_has_passed_it(learn: MidiLearn, document: Document) -> None:
    document.set_patch(document.patch.with_values(**{NAME: FM_SPACE[NAME].from_unit(0.5)}), "Half")
    before = value(document)
    learn.arm(NAME)
    for step in (0, 20, 40, 60):
        learn.control(CC, step)
        assert value(document) == before, f"the knob jumped at {step}"
    learn.control(CC, 70)
    assert place(document) == pytest.approx(70 / 127, abs=1e-6)
    learn.control(CC, 127)
    assert place(document) == pytest.approx(1.0)


def test_a_knob_that_somebody_else_turned_is_picked_up_anew(learn: MidiLearn, document: Document) -> None:
    learn.arm(NAME)
    learn.control(CC, 127)
    learn.control(CC, 100)
    learn.finish()
    document.set_patch(document.patch.with_values(**{NAME: FM_SPACE[NAME].from_unit(0.2)}), "By hand")
    learn.control(CC, 99)
    assert place(document) == pytest.approx(0.2)
    learn.control(CC, 20)
    assert place(document) == pytest.approx(20 / 127, abs=1e-6)


def test_a_movement_is_one_step_once_the_controller_rests(
    learn: MidiLearn, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = value(document)
    learn.arm(NAME)
    for step in (127, 120, 110, 100):
        learn.control(CC, step)
    assert document.undo_label is None
    wait(0.7)
    assert document.undo_label == "Level"
    document.undo()
    assert value(document) == before
    assert document.undo_label is None


def test_a_choice_keeps_its_controller_although_it_only_has_steps(learn: MidiLearn, document: Document) -> None:
    name = "op1_wave"
    learn.arm(name)
    reached = set()
    for step in range(128):
        learn.control(CC, step)
        reached.add(value(document, name))
    assert reached == set(range(len(FM_SPACE[name].choices)))


@pytest.mark.parametrize("remembered", [{"op1_ratio": [0]}, {"op1_ratio": "CC"}, {"op1_ratio": [0, 500]}, {"a": None}])
def test_damaged_bindings_are_left_out(qapp: object, document: Document, remembered: dict[str, object]) -> None:
    made = MidiLearn(document, lambda param: param.label, {**remembered, NAME: [1, 7]}, QObject())
    assert made.to_json() == {f"fm/{NAME}": [1, 7]}


def test_a_name_that_two_instruments_share_is_two_knobs(learn: MidiLearn, document: Document) -> None:
    learn.arm("gain_db")
    for step in (0, 127, 30):
        learn.control(CC, step)
    learn.finish()
    turned = value(document, "gain_db")
    assert FM_SPACE["gain_db"].to_unit(turned) == pytest.approx(30 / 127, abs=0.01)
    document.use_synth("impact")
    before = value(document, "gain_db")
    for step in (0, 127, 60):
        learn.control(CC, step)
    assert value(document, "gain_db") == before
    assert learn.controller_of("gain_db") == ""
    # Each instrument has its own knob for the same controller.
    learn.arm("size_m")
    for step in (0, 127):
        learn.control(CC, step)
    assert learn.controller_of("size_m") == "CC 21" == learn.controller_of("gain_db", "fm")
    assert document.patch_of("fm").values["gain_db"] == turned


def test_bindings_of_before_there_were_two_instruments_turn_what_they_turned(document: Document) -> None:
    old = {"gain_db": [0, 21], NAME: [0, 22]}
    learn = MidiLearn(document, lambda param: param.label, old, document)
    for synth in ("fm", "impact"):
        document.use_synth(synth)
        for step in (127, 0, 10):
            learn.control(CC, step)
        assert document.patch.values["gain_db"] != SPACES[synth]["gain_db"].default
    assert learn.to_json() == {"fm/gain_db": [0, 21], "impact/gain_db": [0, 21], f"fm/{NAME}": [0, 22]}
    again = MidiLearn(document, lambda param: param.label, learn.to_json(), document)
    assert again.to_json() == learn.to_json()


def test_a_takeover_begins_at_once_when_both_stand_alike() -> None:
    assert Takeover().has(0.5, 0.505)
    assert not Takeover().has(0.5, 0.6)
