"""The command line: a sound or a fact and exit 0, or one sentence and exit 2; never a traceback."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from app.__main__ import is_headless, main, window_size
from engine import __version__, cli
from engine.bench.areas import merged
from engine.bench.frame import Mark, Row, Rows
from engine.errors import AudioUnreadable, BadUsage
from engine.named_patch import find_patch
from engine.params import FM_SPACE, Patch
from engine.params.note import NOTE_PARAMS
from engine.terminal import guarded

COMMAND = [sys.executable, "-m", "app"]


@pytest.fixture
def patch_file(tmp_path: Path) -> Path:
    path = tmp_path / "soft bell.json"
    path.write_text(Patch("fm", {"op1_ratio": 2.0}, seed=3, name="soft bell").dumps())
    return path


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """One second of 1 kHz at half scale."""
    path = tmp_path / "tone.wav"
    soundfile.write(path, 0.5 * np.sin(2 * np.pi * 1000 * np.arange(48_000) / 48_000), 48_000, subtype="PCM_24")
    return path


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        (Patch("fm", {"gain_db": 12.0}), r"^The sound peaks \d+\.\d dB above full scale: lower its gain\.$"),
        (Patch("fm", {"op1_out_db": -72.0}), r"^The sound is silent\.$"),
        (Patch("fm"), "^$"),
        (
            Patch("impact", {"gain_db": 12.0, "strike_x": 0.0, "strike_y": 0.0, "pickup_x": 0.0, "pickup_y": 0.0}),
            r"^The sound peaks \d+\.\d dB above full scale: lower its gain\.$",
        ),
        (Patch("impact", {"mode_level_db": (-72.0,) * 512}), r"^The sound is silent\.$"),
        (Patch("impact"), "^$"),
    ],
)
def test_a_sound_far_too_loud_or_silent_is_written_with_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], patch: Patch, said: str
) -> None:
    (tmp_path / "patch.json").write_text(patch.dumps())
    command = ["render", str(tmp_path / "patch.json"), "-o", str(tmp_path / "out.wav"), "--seconds", "0.2", "--force"]
    assert main([*command, "--json"]) == 0
    notice = json.loads(capsys.readouterr().out)["notice"]
    assert re.search(said, notice), notice
    assert main(command) == 0
    assert notice in capsys.readouterr().out


def refused(argv: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence with which a command line is refused."""
    assert main([str(a) for a in argv]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("tonewright: ")
    assert said.err.count("\n") == 1, said.err
    assert re.search(r"[.!?]\n$", said.err), "a sentence ends"
    assert "mistake in Tonewright" not in said.err
    return said.err.removeprefix("tonewright: ").strip()


def run(*argv: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    settings = {"capture_output": True, "text": True, "timeout": 60, **options}
    return subprocess.run([*COMMAND, *map(str, argv)], check=False, **settings)  # type: ignore[call-overload]


# -- render -------------------------------------------------------------------------------------------


def test_a_patch_becomes_a_sound_file(patch_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bell.wav"
    assert main(["render", str(patch_file), "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{out}: 2 s at 48000 Hz, FLOAT\n"
    assert said.err == ""
    samples, rate = soundfile.read(out)
    assert (len(samples), rate) == (96_000, 48_000)
    assert np.abs(samples).max() > 0.05


def test_note_length_rate_and_format_are_as_asked(
    patch_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bell.flac"
    options = [
        "--note",
        "69",
        "--velocity",
        "64",
        "--hold",
        "0.1",
        "--seconds",
        "0.5",
        "--rate",
        "22050",
        "--subtype",
        "PCM_16",
        "--json",
    ]
    assert main(["render", str(patch_file), "--output", str(out), *options, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    file = soundfile.info(out)
    assert (told["n_frames"], told["sample_rate"], told["subtype"]) == (11_025, 22_050, "PCM_16")
    assert (file.frames, file.samplerate, file.subtype) == (11_025, 22_050, "PCM_16")
    samples, _ = soundfile.read(out)
    strongest = np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 22_050 / len(samples)
    assert strongest % 440 < 5 or strongest % 440 > 435, "A4 and its partials"


def test_the_same_patch_gives_the_same_file(patch_file: Path, tmp_path: Path) -> None:
    for name in ("one.wav", "two.wav"):
        assert main(["render", str(patch_file), "-o", str(tmp_path / name), "--seconds", "0.2"]) == 0
    one, two = (soundfile.read(tmp_path / name)[0] for name in ("one.wav", "two.wav"))
    assert np.array_equal(one, two)


def test_a_preset_is_known_by_its_name(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    assert main(["render", "marimba", "-o", str(out), "--seconds", "0.2"]) == 0
    assert soundfile.info(out).frames == 9_600


def test_an_existing_file_is_replaced_only_when_told(
    patch_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kept.wav"
    out.write_bytes(b"precious")
    assert "--force" in refused(["render", patch_file, "-o", out, "--seconds", "0.1"], capsys)
    assert out.read_bytes() == b"precious"
    assert main(["render", str(patch_file), "-o", str(out), "--seconds", "0.1", "--force"]) == 0
    assert soundfile.info(out).frames == 4_800


def test_a_note_that_nobody_describes_is_the_one_that_the_panel_starts_with() -> None:
    arguments = cli.make_parser().parse_args(["render", "bell", "-o", "out.wav"])
    note = (arguments.note, arguments.velocity, arguments.hold, arguments.seconds)
    assert note == tuple(param.default for param in NOTE_PARAMS)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--note", "128", "no note 128"),
        ("--note", "-1", "no note -1"),
        ("--note", "nan", "no note nan"),
        ("--note", "C4", "--note"),
        ("--velocity", "0", "no velocity 0"),
        ("--velocity", "128", "no velocity 128"),
        ("--hold", "-0.1", "held for -0.1 s"),
        ("--hold", "inf", "held for inf s"),
        ("--seconds", "0", "last 0 s"),
        ("--seconds", "1e9", "last 1e+09 s"),
        ("--hold", "0", "held for 0 s"),
        ("--rate", "0", "rate of 0 Hz"),
        ("--rate", "4000", "8000 to 192000 Hz"),
        ("--rate", "44100.5", "--rate"),
        ("--subtype", "PCM_99", "PCM 99"),
        ("--colour", "red", "--colour"),
    ],
)
def test_a_setting_out_of_range_is_named(
    option: str, value: str, words: str, patch_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.wav"
    said = refused(["render", patch_file, "-o", out, option, value], capsys)
    assert words in said
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no valid JSON"),
        (b"{", "no valid JSON"),
        (b"[]", "no patch"),
        (b"\xff\xfe\x00\x01", "not text"),
        (b"[" * 100_000, "nested"),
        (b'{"synth": "theremin"}', "no synth called 'theremin'"),
        (b'{"synth": "fm", "values": {"op1_ratio": 1e9}}', "op1_ratio"),
        (b'{"synth": "fm", "values": {"op1_ratio": NaN}}', "op1_ratio"),
        (b'{"synth": "fm", "values": {"op1_ratio": 1' + b"0" * 400 + b"}}", "op1_ratio"),
        (b'{"synth": "fm", "values": {"op1_ratio": "loud"}}', "op1_ratio"),
        (b'{"synth": "fm", "values": {"wobble": 1}}', "no parameter called 'wobble'"),
        (b'{"synth": "fm", "values": [1]}', "values"),
        (b'{"synth": "fm", "seed": "x"}', "seed"),
        (b'{"synth": "fm", "seed": -1}', "seed"),
        (b'{"synth": "fm", "seed": 1' + b"0" * 30 + b"}", "seed"),
        (b'{"synth": "fm", "version": 99}', "version 99"),
    ],
)
def test_what_is_no_patch_is_refused_with_its_name(
    content: bytes, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "odd.json"
    path.write_bytes(content)
    said = refused(["render", path, "-o", tmp_path / "out.wav"], capsys)
    assert "odd.json" in said
    assert words in said


def test_places_that_cannot_be_read_or_written_are_named(
    patch_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing" in refused(["render", tmp_path / "nothing", "-o", tmp_path / "out.wav"], capsys)
    assert "cannot be read" in refused(["render", tmp_path, "-o", tmp_path / "out.wav"], capsys)
    assert "no patch" in refused(["render", "a\0b", "-o", tmp_path / "out.wav"], capsys)
    assert "nowhere" in refused(["render", patch_file, "-o", tmp_path / "nowhere" / "out.wav"], capsys)
    assert ".xyz" in refused(["render", patch_file, "-o", tmp_path / "out.xyz"], capsys)
    (tmp_path / "folder.wav").mkdir()
    assert "folder.wav" in refused(["render", patch_file, "-o", tmp_path / "folder.wav", "--force"], capsys)
    if hasattr(os, "geteuid") and os.geteuid() != 0:  # root may write everywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "locked" in refused(["render", patch_file, "-o", tmp_path / "locked" / "out.wav"], capsys)
    assert sorted(p.name for p in tmp_path.glob("*.wav")) == ["folder.wav"], "nothing is left behind"


def test_what_a_render_needs_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    said = refused(["render"], capsys)
    assert "PATCH.json" in said
    assert "--output" in said


# -- info ---------------------------------------------------------------------------------------------


def test_info_tells_people_and_machines_the_same(tone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(tone)]) == 0
    words = capsys.readouterr().out
    assert main(["info", str(tone), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["sample_rate"], facts["channels"], facts["n_frames"]) == (48_000, 1, 48_000)
    assert facts["subtype"] == "PCM_24"
    assert facts["peak_dbfs"] == pytest.approx(-6.02, abs=0.01)
    assert facts["loudness_lufs"] == pytest.approx(-9.03, abs=0.1)
    for part in ("tone.wav", "48000 Hz", "mono", "-6.0 dBFS", "24-bit"):
        assert part in words


def test_info_on_what_is_no_sound(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.wav"
    text.write_text("no sound at all\n" * 40)
    assert "text.wav" in refused(["info", text], capsys)
    assert "gone.wav" in refused(["info", tmp_path / "gone.wav"], capsys)
    assert refused(["info", tmp_path], capsys)
    assert refused(["info", tmp_path / "two\nlines.wav"], capsys)


@pytest.mark.data
def test_info_on_a_real_recording(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = sorted((shared_data / "voice").rglob("*.ogg"))[0]
    assert main(["info", str(recording), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["n_frames"] == soundfile.info(recording).frames
    assert -60 < facts["loudness_lufs"] < 0


# -- bench --------------------------------------------------------------------------------------------


def area_of_two() -> Rows:
    yield Row.of("window", "a quick thing", [1.0, 2.0, 30.0], "ms", Mark(median=5.0, p95=20.0))
    yield Row.skipped("window", "a sound", "no device")


def broken_area() -> Rows:
    yield Row.of("broken", "first", [0.25], "ms")
    raise AudioUnreadable("There is no recording here.")


AREAS = {"window": area_of_two, "broken": broken_area}


def test_the_benchmark_prints_a_table_and_saves_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = tmp_path / "figures.json"
    assert cli.main(["bench", "window", "broken", "--save", str(saved)], AREAS) == 0
    machine, headings, quick, sound, first, rest = capsys.readouterr().out.splitlines()
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in machine
    assert "core" in machine
    assert headings.split() == ["area", "what", "median", "p95", "unit", "n", "mark"]
    assert " ".join(quick.split()) == "window a quick thing 2.00 30.0 ms 3 median at most 5, p95 at most 20 MISSED"
    assert sound.split() == ["window", "a", "sound", "(no", "device)", "0", "skipped"]
    assert first.split() == ["broken", "first", "0.250", "0.250", "ms", "1"]
    assert "There is no recording here." in rest
    told = json.loads(saved.read_text())
    assert set(told["machine"]) == {"cpu", "cores", "python", "torch", "os"}
    assert [r["met"] for r in told["rows"]] == [False, None, None, None]
    assert told["rows"][0]["mark"] == {"median": 5.0, "p95": 20.0, "direction": "at most"}
    assert told["rows"][1]["median"] is None


def test_the_benchmark_speaks_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "window", "--json"], AREAS) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["n"] == 3


def test_the_benchmark_names_its_areas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--list"], AREAS) == 0
    names = capsys.readouterr().out.split()
    assert "jobs" in names
    assert names[-2:] == ["window", "broken"]
    said = refused(["bench", "speed"], capsys)
    assert "'speed'" in said
    assert "jobs" in said
    assert "no such folder" in refused(["bench", "jobs", "--save", tmp_path / "no" / "x.json"], capsys)
    with pytest.raises(ValueError, match="Two areas"):
        merged(AREAS, AREAS)


# -- the command as a process -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "headless"),
    [
        ([], False),
        (["info", "x.wav"], True),
        (["--json", "info", "x.wav"], True),
        (["bench"], True),
        (["x.wav", "info"], False),
        (["./render"], False),
        (["--", "render"], False),
        (["--engine", "info"], False),
        (["--engine", "fake", "render"], True),
        (["--engine=fake", "x.wav"], False),
        (["--screenshot", "bench", "x.wav"], False),
    ],
)
def test_the_first_word_decides_between_window_and_command(argv: list[str], headless: bool) -> None:
    assert is_headless(argv) is headless


def test_window_sizes() -> None:
    assert window_size("1366x768") == (1366, 768)
    for text in ("", "1366", "axb", "1366x", "10x10", "1366x768x2", "-1366x768", "99999x768", "١٣٦٦x768"):
        with pytest.raises(BadUsage):
            window_size(text)


def test_odd_wishes_for_a_window_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--engine" in refused(["--engine", "steam"], capsys)
    assert "1x1" in refused(["--size", "1x1", "--screenshot", "a.png"], capsys)
    assert ".png" in refused(["--screenshot", "a.gif"], capsys)
    assert "--unknown" in refused(["--unknown"], capsys)
    if sys.platform.startswith("linux"):
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
            monkeypatch.delenv(name, raising=False)
        assert "no display" in refused([], capsys)


def test_version_and_help_answer_at_once_and_load_nothing_heavy() -> None:
    code = (
        "import sys; from app.__main__ import main; code = main(sys.argv[1:])\n"
        "heavy = {'torch', 'numpy', 'PySide6', 'scipy', 'soundfile'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    for argv, words in (
        (["--version"], f"tonewright {__version__}"),
        (["--help"], "--screenshot"),
        (["render", "--help"], "PATCH.json"),
        (["bench", "--help"], "AREA"),
        (["info", "--version"], "required"),
    ):
        answer = subprocess.run(
            [sys.executable, "-c", code, *argv], capture_output=True, text=True, check=False, timeout=60
        )
        assert words in answer.stdout + answer.stderr
        assert answer.returncode == (2 if words == "required" else 0), answer.stderr


def test_a_mistake_of_the_program_is_one_sentence_unless_the_trace_is_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> int:
        raise KeyError("gone\nwrong")

    monkeypatch.delenv("TONEWRIGHT_TRACEBACK", raising=False)
    assert guarded(broken) == 2
    said = capsys.readouterr().err
    assert "mistake in Tonewright" in said
    assert said.count("\n") == 1
    monkeypatch.setenv("TONEWRIGHT_TRACEBACK", "1")
    with pytest.raises(KeyError):
        guarded(broken)


def test_too_little_memory_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    def greedy() -> int:
        raise MemoryError

    assert guarded(greedy) == 2
    assert "not enough memory" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_one_sentence(tone: Path) -> None:
    with Path("/dev/full").open("w") as full:
        answer = run("info", tone, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert answer.returncode == 2
    assert answer.stderr == "tonewright: The output cannot be written: No space left on device.\n"


def test_a_reader_that_leaves_early_is_no_error(tone: Path) -> None:
    process = subprocess.Popen([*COMMAND, "info", str(tone)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait(60) == 141


def test_a_name_that_the_terminal_cannot_show_is_shown_escaped(tmp_path: Path) -> None:
    name = tmp_path / "Grün \udcff.wav"
    answer = run("info", name, env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert r"Gr\xfcn \udcff.wav" in answer.stderr


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


def test_ctrl_c_ends_quietly(terminal: tuple[int, int]) -> None:
    ours, theirs = terminal
    # A shell lets its background jobs ignore Ctrl+C, and the tests may be one.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from app.__main__ import main; sys.exit(main(['bench', 'jobs']))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    said = b""
    while b"measuring jobs" not in said:
        said += os.read(ours, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    try:
        while more := os.read(ours, 1000):
            said += more
    except OSError:
        pass  # the terminal ends with the last program that has it open
    assert said.strip() == b"measuring jobs ..."


def test_ctrl_c_does_not_wait_for_what_other_threads_are_at() -> None:
    """Through the very command line, with a hand of the crew that nobody can stop; what is to be tidied up still is."""
    code = """
import atexit, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from app.__main__ import main
from engine import cli
from engine.matching.crew import Crew

def work(argv, areas):
    crew = Crew()
    try:
        for n, _ in enumerate(crew.map(lambda _: time.sleep(300.0), [0])):
            if n == 1:
                print("at it", file=sys.stderr, flush=True)
    finally:
        crew.close()
        print("tidied up", file=sys.stderr)

cli.main = work
atexit.register(print, "and at the end", file=sys.stderr)
sys.exit(main(["tune", "a bell"]))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "at it\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        assert process.stderr.read() == "tidied up\nand at the end\n"
    finally:
        process.kill()
        process.communicate()


def test_progress_is_shown_on_a_terminal_and_wiped_at_the_end(terminal: tuple[int, int], tmp_path: Path) -> None:
    ours, theirs = terminal
    long = tmp_path / "long.wav"
    soundfile.write(long, np.zeros(300_000), 48_000)
    process = subprocess.Popen([*COMMAND, "info", str(long)], stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    assert process.wait(60) == 0
    said = os.read(ours, 10_000)
    assert b"\rreading" in said
    assert said.endswith(b" \r")


def test_a_patch_file_is_read_whole_and_in_storage_order(patch_file: Path) -> None:
    patch = find_patch(str(patch_file))
    assert patch.values["op1_ratio"] == 2.0
    assert list(patch.values) == [p.name for p in FM_SPACE]
