"""Pictures of the whole window at three sizes, offscreen and on a real display: no clipped word, nothing overlaps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.audio import Audio, write_clip

REPO = Path(__file__).resolve().parents[2]
LOOK = Path(__file__).with_name("look.py")
SIZES = {"laptop": ("1366x768", 1), "desk": ("1920x1080", 1), "twice": ("960x540", 2)}
PAGE_SIZES = {**SIZES, "small": ("1280x720", 1)}


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stereo sweep with a long name and a silent end."""
    t = np.arange(2 * 44_100) / 44_100
    tone = 0.7 * np.sin(2 * np.pi * (100 * t + 1500 * t**2)) * (t < 1.6)
    path = tmp_path_factory.mktemp("sounds") / "a sweep with a name that is rather long, take 12.wav"
    write_clip(Audio(np.stack([tone, 0.3 * tone]).astype(np.float32), 44_100), path, subtype="PCM_16")
    return path


class Looker:
    """A program that draws one window after another, all at one scale, and finds what is wrong with them."""

    def __init__(self, scale: int, env: dict[str, str], said: Path) -> None:
        self._said = said
        with said.open("w") as errors:
            self._process = subprocess.Popen(
                [sys.executable, str(LOOK)], cwd=REPO, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, env={**env, "QT_SCALE_FACTOR": str(scale), "PYTHONPATH": str(REPO)},
            )  # fmt: skip

    def look(self, target: Path, size: str, theme: str, state: str, *files: Path) -> tuple[QImage, list[str]]:
        """The picture and what is wrong with it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(target), size, theme, state, *map(str, files)]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, self._said.read_text()
        return QImage(str(target)), json.loads(answer)

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def end(self) -> None:
        with self._process:
            pass  # It ends when there is nothing more to read.


Look = Callable[..., tuple[QImage, list[str]]]


@pytest.fixture(scope="module")
def lookers() -> Iterator[dict[tuple[int, str], Looker]]:
    """By scale and display; what fell over is started anew."""
    made: dict[tuple[int, str], Looker] = {}
    yield made
    for looker in made.values():
        looker.end()


@pytest.fixture
def look(lookers: dict[tuple[int, str], Looker], tmp_path_factory: pytest.TempPathFactory) -> Look:
    def with_one(
        target: Path, size: str, scale: int, *words: str | Path, env: dict[str, str] | None = None
    ) -> tuple[QImage, list[str]]:
        env = dict(os.environ) if env is None else env
        key = scale, env["QT_QPA_PLATFORM"]
        if key not in lookers or not lookers[key].lives:
            lookers[key] = Looker(scale, env, tmp_path_factory.mktemp("looker") / "said")
        return lookers[key].look(target, size, *words)  # type: ignore[arg-type]

    return with_one


def has_picture(image: QImage) -> bool:
    """Whether something colourful stands in the middle of the picture."""
    middle = image.copy(image.width() // 3, image.height() // 3, image.width() // 4, image.height() // 2)
    colours = {middle.pixel(x, y) for x in range(0, middle.width(), 3) for y in range(0, middle.height(), 3)}
    return len(colours) > 64


@pytest.mark.parametrize("name", PAGE_SIZES)
def test_every_page_of_the_fm_panel_is_drawn_without_a_flaw(look: Look, tmp_path: Path, sweep: Path, name: str) -> None:
    _, flaws = look(tmp_path / "pages.png", *PAGE_SIZES[name], "light", "pages", sweep)
    assert flaws == []


@pytest.mark.parametrize("name", PAGE_SIZES)
def test_every_page_of_the_impact_panel_is_drawn_without_a_flaw(
    look: Look, tmp_path: Path, sweep: Path, name: str
) -> None:
    _, flaws = look(tmp_path / "pages.png", *PAGE_SIZES[name], "dark", "object", sweep)
    assert flaws == []


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", SIZES)
def test_a_sound_on_the_stage_is_drawn_without_a_flaw(
    look: Look, tmp_path: Path, sweep: Path, name: str, theme: str
) -> None:
    size, scale = SIZES[name]
    image, flaws = look(tmp_path / "window.png", size, scale, theme, "take", sweep)
    width, height = map(int, size.split("x"))
    assert (image.width(), image.height()) == (width * scale, height * scale)
    assert flaws == []
    assert has_picture(image)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("name", SIZES)
def test_words_at_work_are_drawn_without_a_flaw(look: Look, tmp_path: Path, name: str, theme: str) -> None:
    image, flaws = look(tmp_path / "words.png", *SIZES[name], theme, "words" if name == "twice" else "words and more")
    assert flaws == []
    assert has_picture(image)


@pytest.mark.parametrize(("state", "n_files"), [("empty", 0), ("match", 1)])
def test_a_small_window_at_twice_the_scale_cuts_nothing(
    look: Look, tmp_path: Path, sweep: Path, state: str, n_files: int
) -> None:
    size, scale = SIZES["twice"]
    _, flaws = look(tmp_path / "window.png", size, scale, "light", state, *[sweep][:n_files])
    assert flaws == []


@pytest.mark.parametrize(
    "state", ["live", "palette", "jobs", "export", "preferences", "unsaved", "presets", "preset save", "preset export"]
)
def test_every_state_of_the_window_is_drawn_without_a_flaw(look: Look, tmp_path: Path, sweep: Path, state: str) -> None:
    image, flaws = look(tmp_path / "window.png", "1366x768", 1, "dark", state, sweep)
    assert flaws == []
    assert not image.isNull()


@pytest.mark.screen
@pytest.mark.parametrize("name", SIZES)
def test_a_real_display_shows_the_same_window(look: Look, tmp_path: Path, sweep: Path, name: str, screen) -> None:
    size, scale = SIZES[name]
    image, flaws = look(tmp_path / "window.png", size, scale, "dark", "take", sweep, env=screen.env())
    assert flaws == []
    assert has_picture(image)


def screenshot(target: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """``tonewright --screenshot`` without a display and without a sound device."""
    bare = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}}
    return subprocess.run(
        [sys.executable, "-m", "app", "--screenshot", str(target), *map(str, arguments)],
        cwd=REPO, env=bare, capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["fake", "real"])
def test_the_command_draws_a_file_into_a_picture(tmp_path: Path, sweep: Path, engine: str) -> None:
    target = tmp_path / "shot.png"
    answer = screenshot(target, "--engine", engine, "--size", "1200x700", "--theme", "light", sweep)
    assert (answer.returncode, answer.stderr) == (0, "")
    image = QImage(str(target))
    assert (image.width(), image.height()) == (1200, 700)
    assert image.pixelColor(5, 5).lightnessF() > 0.8
    assert has_picture(image)
    assert [p.name for p in tmp_path.iterdir()] == ["shot.png"]


def test_without_a_file_the_command_draws_the_live_patch(tmp_path: Path) -> None:
    answer = screenshot(tmp_path / "shot.png", "--engine", "fake")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert has_picture(QImage(str(tmp_path / "shot.png")))


@pytest.mark.parametrize("trouble", ["gone", "text", "place"])
def test_what_cannot_be_drawn_is_one_sentence_and_leaves_nothing(tmp_path: Path, sweep: Path, trouble: str) -> None:
    target, source = tmp_path / "shot.png", sweep
    if trouble == "gone":
        source = tmp_path / "gone.wav"
    elif trouble == "text":
        source = tmp_path / "text.wav"
        source.write_text("no sound", encoding="utf-8")
    else:
        target = tmp_path / "no folder" / "shot.png"
    answer = screenshot(target, "--engine", "fake", source)
    assert answer.returncode == 2
    assert len(answer.stderr.strip().splitlines()) == 1, answer.stderr
    assert "Traceback" not in answer.stderr
    assert not target.exists()
