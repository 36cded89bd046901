"""Programs on a real X display and a pointer that moves there, for journeys that want real hands."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATIENCE_S = 40.0


class Running:
    """A program on the display and what it says of itself."""

    def __init__(self, process: subprocess.Popen[bytes], state_file: Path) -> None:
        self.process = process
        self._state_file = state_file

    @property
    def state(self) -> dict[str, Any]:
        assert self.process.poll() is None, "the program ended by itself"
        try:
            state: dict[str, Any] = json.loads(self._state_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return state

    def seen(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any] | None:
        """What the program says once something holds; ``None`` when that takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            state = self.state
            if state and holds(state):
                return state
            time.sleep(0.05)
        return None

    def until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until the program says that something holds."""
        state = self.seen(holds)
        if state is None:
            pytest.fail(f"waited {PATIENCE_S:.0f} s in vain; last seen: {self.state}")
        return state


class Pointer:
    """The mouse of the display."""

    def __init__(self, env: dict[str, str]) -> None:
        self._env = env

    def _do(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self._env, check=True)

    def drag(self, start: list[int], end: list[int], onto: Running | None = None, *, steps: int = 12) -> None:
        """Press, move as a hand does, and release, over ``onto`` once it has seen what comes."""
        self._do("mousemove", *start)
        time.sleep(0.1)
        self._do("mousedown", 1)
        for step in range(1, steps + 1):
            time.sleep(0.05)
            share = step / steps
            self._do("mousemove", *(round(a + (b - a) * share) for a, b in zip(start, end, strict=True)))
        if onto is not None:
            # A hand lets go when it sees that the place would take it, and moves a little meanwhile.
            deadline = time.monotonic() + PATIENCE_S
            while not onto.state.get("over") and time.monotonic() < deadline:
                end = [end[0] ^ 1, end[1]]
                self._do("mousemove", *end)
                time.sleep(0.1)
        time.sleep(0.3)
        self._do("mouseup", 1)

    def click(self, at: list[int]) -> None:
        self._do("mousemove", *at, "click", 1)

    def press(self, at: list[int], button: int = 1) -> None:
        """Come to rest there and press."""
        self._do("mousemove", *at)
        time.sleep(0.15)
        self._do("mousedown", button)

    def let_go(self, button: int = 1) -> None:
        self._do("mouseup", button)


class Programs:
    """Starts programs on a display, and ends them."""

    def __init__(self, env: Callable[..., dict[str, str]], folder: Path) -> None:
        self._env, self._folder = env, folder
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, program: Path, role: str, *files: Path) -> Running:
        """``program ROLE STATE FILE...``, which writes what it sees to the file STATE."""
        folder = self._folder / role
        folder.mkdir()
        process = subprocess.Popen(
            [sys.executable, str(program), role, str(folder / "state.json"), *map(str, files)],
            cwd=program.parents[2],
            env=self._env(PYTHONPATH=str(program.parents[2])),
        )
        self._running.append(process)
        return Running(process, folder / "state.json")

    def end(self) -> None:
        for process in self._running:
            process.terminate()
            process.wait(10)
