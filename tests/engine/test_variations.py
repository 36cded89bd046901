"""One strike becomes a set: strikes that differ a little, layers from soft to hard, and a sheet that says so."""

import json
import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.__main__ import main
from engine.errors import AudioExists, BadUsage
from engine.jobs import run_inline
from engine.named_patch import find_patch
from engine.params import IMPACT_SPACE, Patch
from engine.params.note import NoteSettings
from engine.params.variations import VARY_PARAMS, VaryPlan, layer_range, variation_set, variations
from engine.studio import Studio
from engine.variation_set import SetRequest, without_silence, write_set_steps

POT = Patch("impact", {"shape": 1.0, "material": 3.0, "contact_db": -20.0, "modes": 30.0}, seed=4, name="Pot / big")
NOTE = NoteSettings(62, 100, 0.3, 0.4)


def written(folder, patch=POT, plan=None, kind="real", note=NOTE):
    request = SetRequest(patch, plan or VaryPlan(3, 2, seed=1), note)
    return run_inline(lambda: write_set_steps(kind, request, folder))


@pytest.fixture(scope="module")
def pots(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets") / "pots"
    return written(folder)


def centroid_hz(path):
    sound = soundfile.read(path)[0].mean(1)
    power = np.abs(np.fft.rfft(sound)) ** 2
    return float((power * np.fft.rfftfreq(sound.size, 1.0 / 48_000)).sum() / power.sum())


def level_db(path):
    return 10.0 * np.log10((soundfile.read(path)[0] ** 2).mean())


def test_the_same_seed_makes_the_same_set_and_another_seed_another_one():
    plan = VaryPlan(4, 3, seed=7)
    assert variation_set(POT, plan) == variation_set(POT, plan)
    assert variation_set(POT, plan) != variation_set(POT, VaryPlan(4, 3, seed=8))
    assert variations(POT, 5, seed=3) == variations(POT, 5, seed=3)
    assert len(set(variations(POT, 5))) == 5


def test_a_set_without_differences_is_the_strike_itself_as_often_as_asked():
    quiet = POT.with_values(contact_db=-72.0)
    for strike in variation_set(quiet, VaryPlan(3).scaled(0.0), velocity=90):
        assert strike.patch == quiet
        assert strike.velocity == 90


def test_a_round_robin_begins_with_the_strike_itself():
    for strike in variation_set(POT, VaryPlan(3, 4)):
        assert (strike.patch == POT) == (strike.number == 1)
    [strike] = variation_set(POT, VaryPlan(1), velocity=90)
    assert (strike.patch, strike.velocity) == (POT, 90)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_at_the_edge_no_two_strikes_are_as_hard_or_made_by_as_hard_a_striker(end):
    edge = POT.with_values(striker_hardness=end)
    strikes = variation_set(edge, VaryPlan(8), velocity=1.0 + 126.0 * end)
    forces = sorted(strike.velocity for strike in strikes)
    hardnesses = sorted(strike.patch.values["striker_hardness"] for strike in strikes)
    assert np.diff(forces).min() > 0.0
    assert np.diff(hardnesses).min() > 0.0
    assert forces[0] >= 1.0
    assert forces[-1] <= 127.0
    assert 0.0 <= hardnesses[0] < hardnesses[-1] <= 1.0


def test_strikes_land_evenly_around_the_place_and_keep_their_distance():
    plan = VaryPlan(8, position=0.05)
    places = np.array([(p.values["strike_x"], p.values["strike_y"]) for p in variations(POT, 8, plan)])
    away = np.linalg.norm(places - (0.3, 0.6), axis=1)
    assert away.max() <= 0.05
    assert min(np.linalg.norm(a - b) for a, b in combinations(places, 2)) > 0.015


def test_every_value_stays_in_its_range_at_the_edges():
    edge = POT.with_values(strike_x=0.0, strike_y=1.0, striker_hardness=1.0, mode_damping_oct=(8.0,) * 512)
    wild = VaryPlan(16, 16, *(param.high for param in VARY_PARAMS[2:]))
    for strike in variation_set(edge, wild):
        assert strike.low <= strike.velocity <= strike.high
        IMPACT_SPACE.complete(strike.patch.values)  # raises for what is out of range
        assert 0.0 <= strike.patch.values["strike_y"] <= 1.0


def test_layers_share_all_velocities_without_gap_or_overlap():
    for n in (1, 2, 5, 16):
        ranges = [layer_range(layer, n) for layer in range(1, n + 1)]
        assert [v for low, high in ranges for v in range(low, high + 1)] == list(range(1, 128))


def test_every_mode_of_a_strike_is_over_a_little_sooner_or_later():
    for patch in variations(POT, 4, VaryPlan(damping_oct=0.2))[1:]:
        damping = np.array(patch.values["mode_damping_oct"])
        assert 0.1 < damping.std() < 0.25
        assert np.unique(damping).size > 500


def test_strikes_of_a_round_robin_are_alike_and_not_the_same(pots):
    sounds = [soundfile.read(pots.folder / name)[0].mean(1)[:9_600] for name in pots.files[3:]]
    for one, other in combinations(sounds, 2):
        n = min(one.size, other.size)
        away = np.linalg.norm(one[:n] - other[:n]) / np.linalg.norm(one[:n])
        assert away > 0.05
        levels = [10.0 * np.log10((sound**2).mean()) for sound in (one, other)]
        assert abs(levels[0] - levels[1]) < 6.0


def test_a_round_robin_stands_in_one_room_and_no_contact_is_the_other():
    rough = POT.with_values(room=0.4)
    strikes = variations(rough, 6)
    assert {strike.seed for strike in strikes} == {POT.seed}
    assert len({strike.strike for strike in strikes}) == 6
    still = rough.with_values(contact_db=-72.0)
    assert {(strike.seed, strike.strike) for strike in variations(still, 6)} == {(POT.seed, 0)}


def test_soft_layers_are_softer_and_duller(tmp_path):
    found = written(tmp_path / "layers", plan=VaryPlan(1, 4).scaled(0.0), patch=find_patch("clay pot"))
    paths = [found.folder / name for name in found.files]
    assert np.diff([level_db(path) for path in paths]).min() > 2.0
    assert np.diff([centroid_hz(path) for path in paths]).min() > 0.0
    assert centroid_hz(paths[-1]) > 1.2 * centroid_hz(paths[0])


def test_the_sheet_lists_exactly_the_files_and_what_is_in_them(pots):
    sheet = json.loads((pots.folder / pots.sheet).read_text(encoding="utf-8"))
    names = [entry["file"] for entry in sheet["files"]]
    assert names == list(pots.files)
    assert sorted(names) == sorted(path.name for path in pots.folder.glob("*.wav"))
    assert {path.name for path in pots.folder.iterdir()} == {*names, pots.sheet, pots.sfz}
    assert names[0] == "Pot - big-n62-v1-rr1.wav"
    assert sheet["author"] is None
    assert sheet["licence"] is None
    assert [(e["velocity_low"], e["velocity_high"]) for e in sheet["files"]] == [(1, 63)] * 3 + [(64, 127)] * 3
    for entry in sheet["files"]:
        info = soundfile.info(pots.folder / entry["file"])
        assert (info.frames, info.samplerate, info.subtype) == (entry["n_frames"], 48_000, sheet["subtype"])
        sound = soundfile.read(pots.folder / entry["file"])[0]
        assert 20.0 * np.log10(np.abs(sound).max()) == pytest.approx(entry["peak_db"], abs=0.01)


def test_the_sheet_is_enough_to_make_the_set_again(pots, tmp_path):
    sheet = json.loads((pots.folder / pots.sheet).read_text(encoding="utf-8"))
    plan = VaryPlan.read(sheet["plan"])
    again = variation_set(Patch.from_json(sheet["patch"]), VaryPlan(*plan.amounts, seed=sheet["plan"]["seed"]))
    for entry, strike in zip(sheet["files"], again, strict=True):
        assert entry["parameters"]["strike_x"] == strike.patch.values["strike_x"]
        assert (entry["seed"], entry["strike"]) == (strike.patch.seed, strike.patch.strike)
    twin = written(tmp_path / "twin")
    for name in pots.files:
        assert (twin.folder / name).read_bytes() == (pots.folder / name).read_bytes()


def test_a_sampler_finds_every_sound_once_in_the_sfz_file(pots):
    text = (pots.folder / pots.sfz).read_text(encoding="utf-8")
    regions = [line for line in text.splitlines() if line.startswith("<region>")]
    assert [line.split("sample=")[1] for line in regions] == list(pots.files)
    assert text.count("<group>") == 2
    assert "lovel=64 hivel=127 seq_length=3" in text
    assert "pitch_keycenter=62" in text


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "precious").write_text("kept")
    with pytest.raises(AudioExists, match="holds files"):
        written(folder, kind="fake")
    assert [path.name for path in folder.iterdir()] == ["precious"]
    (tmp_path / "file").write_text("kept")
    with pytest.raises(AudioExists):
        written(tmp_path / "file", kind="fake")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "mine"]


def test_an_export_that_is_stopped_leaves_nothing_behind(tmp_path):
    steps = write_set_steps("fake", SetRequest(POT, VaryPlan(4), NOTE), tmp_path / "set")
    for _ in range(6):
        next(steps)
    assert list(tmp_path.iterdir()) != []
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_only_what_is_struck_varies(tmp_path):
    with pytest.raises(BadUsage, match="struck"):
        written(tmp_path / "fm", patch=Patch("fm"))


def test_the_silence_behind_a_strike_is_not_written():
    from engine.audio import Audio

    sound = np.zeros((2, 48_000), np.float32)
    sound[:, :1_000] = 0.5
    assert without_silence(Audio(sound, 48_000)).n_frames == 1_000 + 960
    assert without_silence(Audio(np.zeros((2, 100), np.float32), 48_000)).n_frames >= 1


@pytest.mark.parametrize("kind", ["real", "fake"])
def test_the_studio_writes_a_set_as_a_job(tmp_path, kind):
    import threading

    over, events = threading.Event(), []

    def listen(event):
        events.append(event)
        if event.kind in ("done", "failed", "cancelled"):
            over.set()

    studio = Studio(listen, kind=kind)
    try:
        studio.export_set(SetRequest(POT, VaryPlan(2), NOTE), tmp_path / "set")
        assert over.wait(120.0)
    finally:
        assert studio.close()
    assert events[-1].kind == "done", events[-1].payload
    assert len(events[-1].payload.files) == 2
    fractions = [e.payload.fraction for e in events if e.kind == "note" and e.payload.fraction is not None]
    assert fractions == sorted(fractions)
    assert (tmp_path / "set" / "sheet.json").is_file()


# -- the command line ------------------------------------------------------------------------------------------------


def refused(capsys, *options):
    assert main(["render", *map(str, options)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_the_command_writes_a_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    options = ["--variations", "2", "--layers", "2", "--seconds", "0.2", "--hold", "0.1", "--json"]
    # There is nothing yet that --force could write over.
    assert main(["render", "clay pot", "-o", str(out), "--force", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["folder"] == str(out)
    assert len(told["files"]) == 4
    assert all((out / name).is_file() for name in (*told["files"], told["sheet"], told["sfz"]))
    assert "holds files" in refused(capsys, "clay pot", "-o", out, "--variations", 2)
    assert "--force" in refused(capsys, "clay pot", "-o", out, "--variations", 2, "--force")


def test_the_command_refuses_what_makes_no_sense(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    assert "1 to 64" in refused(capsys, "clay pot", "-o", out, "--variations", 0)
    assert "1 to 16" in refused(capsys, "clay pot", "-o", out, "--variations", 1, "--layers", 17)
    assert "1 to 16" in refused(capsys, "clay pot", "-o", out, "--variations", 3, "--layers", 0)
    assert "without --variations" in refused(capsys, "clay pot", "-o", out, "--layers", 2)
    assert "fm synth" in refused(capsys, "marimba", "-o", out, "--variations", 2)
    assert "seed" in refused(capsys, "clay pot", "-o", out, "--variations", 2, "--seed", -1)
    assert not out.exists()
    out.touch()
    for force in ((), ("--force",)):
        assert "no folder" in refused(capsys, "clay pot", "-o", out, "--variations", 2, *force)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["pipe.json", "pipe.syx"])
def test_a_pipe_is_no_patch(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    os.mkfifo(tmp_path / name)
    assert "no file but a device or a pipe" in refused(capsys, tmp_path / name, "-o", tmp_path / "out.wav")


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="this system keeps no folder that takes no files")
def test_of_a_folder_that_takes_no_files_it_is_not_said_that_it_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = refused(capsys, "clay pot", "-o", "/proc/x.wav", "--seconds", 0.1)
    assert "/proc may not be changed" in said


@pytest.mark.parametrize("spread", ["-1", "nan", "inf"])
def test_a_spread_that_is_none_gets_one_sentence_that_names_it(tmp_path, capsys, spread):
    folder = tmp_path / "set"
    assert main(["render", "Clay Pot", "--variations", "2", "--spread", spread, "-o", str(folder)]) == 2
    said = capsys.readouterr().err
    assert f"--spread is {spread}; give 0" in said
    assert "Position" not in said
    assert not folder.exists()


@pytest.mark.parametrize("layers", [2, 4, 8])
def test_the_more_layers_the_less_their_round_robins_differ(layers):
    one, many = (variation_set(POT, VaryPlan(8, n, seed=3)) for n in (1, layers))
    own = POT.values["striker_hardness"]

    def widest(strikes):
        return max(abs(strike.patch.values["striker_hardness"] - own) for strike in strikes)

    assert 0.0 < widest(many) < 1.5 * widest(one) / layers
    for layer in range(1, layers):
        softer = max(strike.velocity for strike in many if strike.layer == layer)
        assert softer < min(strike.velocity for strike in many if strike.layer == layer + 1)
