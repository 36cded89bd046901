"""A knob under a real pointer on a real display: what synthetic events cannot show."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

pytestmark = pytest.mark.screen

WINDOW = """
from PySide6.QtCore import QPoint, QTimer
from PySide6.QtWidgets import QApplication
app = QApplication([])
from app.controls.knob import Knob
from engine.params import Param
knob = Knob(Param("mix", 0.0, 1.0, 0.25, label="Mix"))
def say(*words): print(*words, flush=True)
knob.changing.connect(lambda value: say("changing", value))
knob.committed.connect(lambda value: say("committed", value))
knob.reverted.connect(lambda: say("reverted", knob.value))
knob.resize(120, 80)
knob.move(300, 60)
knob.show()
def ready():
    if not knob.isActiveWindow():
        QTimer.singleShot(50, ready)
        return
    arc, text = (knob.mapToGlobal(QPoint(60, y)) for y in (38, 72))
    say("ready", arc.x(), arc.y(), text.x(), text.y())
QTimer.singleShot(300, ready)
app.exec()
"""


class Screenful:
    """The window and the pointer over it."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env
        self._window = subprocess.Popen([sys.executable, "-c", WINDOW], env=env, stdout=subprocess.PIPE, text=True)
        self.arc_x, self.arc_y, self.text_x, self.text_y = (int(n) for n in self.wait_for("ready")[-1].split()[1:])

    def wait_for(self, word: str) -> list[str]:
        """All lines up to the first that begins with ``word``."""
        lines: list[str] = []
        assert self._window.stdout is not None
        for line in self._window.stdout:
            lines.append(line)
            if line.startswith(word):
                return lines
        raise AssertionError(f"the window ended before it said {word!r}: {lines}")

    def pointer(self, *words: object) -> None:
        subprocess.run(["xdotool", *(str(word) for word in words)], env=self._env, check=True)

    def drag(self, dy: int, times: int) -> None:
        for _ in range(times):
            self.pointer("mousemove_relative", "--", 0, dy)
            time.sleep(0.02)

    def place(self) -> tuple[int, int]:
        told = subprocess.run(
            ["xdotool", "getmouselocation", "--shell"], env=self._env, check=True, capture_output=True, text=True
        )
        numbers = dict(line.split("=") for line in told.stdout.split())
        return int(numbers["X"]), int(numbers["Y"])

    def close(self) -> None:
        self._window.kill()
        self._window.communicate()


@pytest.fixture
def desk(screen) -> Iterator[Screenful]:
    desk = Screenful(screen.env())
    yield desk
    desk.close()


def test_a_drag_goes_on_past_the_edge_of_the_screen_and_the_pointer_returns(desk):
    desk.pointer("mousemove", desk.arc_x, desk.arc_y, "mousedown", 1)
    desk.drag(-6, 45)
    desk.pointer("mouseup", 1)
    values = [float(line.split()[1]) for line in desk.wait_for("committed")]
    assert values[-1] == 1.0, "270 px are more than the travel, and the screen's top is nearer than that"
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert max(steps) < 0.08, "no jump where the pointer was set back"
    assert min(steps) >= 0.0
    time.sleep(0.1)
    x, y = desk.place()
    assert abs(x - desk.arc_x) <= 2
    assert abs(y - desk.arc_y) <= 8


def test_shift_does_not_jump_and_a_real_double_click_on_the_text_means_the_default(desk):
    desk.pointer("mousemove", desk.arc_x, desk.arc_y, "mousedown", 1)
    desk.drag(-4, 5)
    desk.pointer("keydown", "shift")
    desk.drag(-4, 3)
    desk.pointer("keyup", "shift")
    desk.pointer("mouseup", 1)
    values = [float(line.split()[1]) for line in desk.wait_for("committed")][:-1]
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert steps[-3:] == pytest.approx([0.002] * 3, abs=1e-6)
    desk.pointer("mousemove", desk.text_x, desk.text_y)
    time.sleep(0.5)
    desk.pointer("click", "--repeat", 2, "--delay", 80, 1)
    assert desk.wait_for("committed")[-1].split()[1] == "0.25"
