"""What every test runs under: its own folders, and guards that fail it for what it leaves or lets slip.

A stray log record of WARNING or worse, a Qt message of warning or worse, a thread that outlives the test and a window
that nobody closed are failures. A test that means to cause a message says so with ``expect_log`` or ``expect_qt``.
"""

from __future__ import annotations

import gc
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Qt and OpenMP read these when they load, so they are set before anything imports either. A person's own choice holds.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What numba compiles outlives the folders that each test gets.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / "tonewright-tests-numba"))

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMessageLogContext, QSettings, QtMsgType, qInstallMessageHandler
from pytestqt.qtbot import QtBot

from app import theme

if TYPE_CHECKING:
    from windows import Windows

REPO = Path(__file__).resolve().parent.parent
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
THREAD_GRACE_S = 6.0
PATIENCE_MS = 30_000
"""How long a test waits for what shall come; a busy machine is slow, and that is no fault."""
NEEDS = {"sound": "sound_server", "screen": "screen", "data": "shared_data", "gpu": "gpu"}
"""What a marker asks for: the fixture that finds it."""
ALONE = {"sound_server", "screen"}
"""Fixtures of what there is once for all tests: the loudspeaker, and the mouse of the display."""

HARMLESS_QT = [
    # The offscreen platform has no window manager to pass these wishes to; the pictures it draws are right.
    r"This plugin does not support (propagateSizeHints\(\)|raise\(\)|lower\(\)|setting window (opacity|masks))",
    r"This plugin does not support grabbing the (keyboard|mouse)",
]
KEPT_BY_QT = {
    "QTipLabel",  # Qt keeps one tool tip for the whole application and hides it.
    "QRollEffect",  # A menu's opening animation; it deletes itself.
    "QShapedPixmapWindow",  # The picture under the pointer in a drag; the platform keeps it for the next drag.
}


@dataclass
class Messages:
    """What was said during one test, and which of it was declared."""

    heard: list[str] = field(default_factory=list)
    declared: list[str] = field(default_factory=list)

    def problems(self, harmless: Sequence[str] = ()) -> list[str]:
        """Undeclared messages, and declarations that nothing answered."""
        stray = [m for m in self.heard if not any(re.search(p, m) for p in [*self.declared, *harmless])]
        unheard = [p for p in self.declared if not any(re.search(p, m) for m in self.heard)]
        return stray + [f"expected but not said: {p}" for p in unheard]


class _Listener(logging.Handler):
    def __init__(self, messages: Messages) -> None:
        super().__init__(logging.WARNING)
        self.messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({record.exc_info[1]!r})"
        self.messages.heard.append(text)


@pytest.fixture
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, caches and data of the test go to folders of its own, never to the person's."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    # Windows and macOS look elsewhere; XDG_RUNTIME_DIR stays, it leads to the sound server.
    monkeypatch.setenv("APPDATA", str(home / "config"))
    monkeypatch.setenv("LOCALAPPDATA", str(home / "data"))
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
            QSettings.setPath(form, scope, str(home / "config"))


@pytest.fixture
def _log_messages() -> Iterator[Messages]:
    messages = Messages()
    listener = _Listener(messages)
    logging.getLogger().addHandler(listener)
    yield messages
    logging.getLogger().removeHandler(listener)


@pytest.fixture
def _qt_messages() -> Iterator[Messages]:
    messages = Messages()

    def hear(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        if kind in {QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg}:
            messages.heard.append(text)
        else:
            sys.__stderr__ and sys.__stderr__.write(f"{text}\n")

    before = qInstallMessageHandler(hear)
    yield messages
    qInstallMessageHandler(before)


@pytest.fixture
def _own_look() -> Iterator[None]:
    """A theme that one test puts on the application does not change what the next one measures."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    app = widgets and widgets.QApplication.instance()
    before = (app.styleSheet(), app.font(), app.palette()) if app else None
    tokens, moves = theme.tokens().name, theme.motion_ms() > 0
    yield
    theme.use(tokens)
    theme.set_motion(moves)
    if app and before is not None and app.styleSheet() != before[0]:
        app.setStyleSheet(before[0])
        app.setFont(before[1])
        app.setPalette(before[2])


@pytest.fixture(autouse=True)
def _guards(_own_look: None, _own_folders: None, _log_messages: Messages, _qt_messages: Messages) -> Iterator[None]:
    """Fixtures that come first are torn down last: here everything that the test made should be gone."""
    threads = set(threading.enumerate())
    widgets = _top_level_widgets()
    yield
    problems = [f"a window was left open: {w}" for w in _left_windows(widgets)]
    problems += [f"a thread is still alive: {t.name}" for t in _left_threads(threads)]
    problems += [f"stray log record: {m}" for m in _log_messages.problems()]
    problems += [f"stray Qt message: {m}" for m in _qt_messages.problems(HARMLESS_QT)]
    _collect_garbage()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)


# Python would collect on whichever thread allocates, and Qt objects must not be destroyed on an engine thread: here as
# in the window (app/garbage.py) cycles are collected on the main thread only.
gc.disable()
_since_all_garbage = 0
FULL_COLLECTION_EVERY = 25


def _collect_garbage() -> None:
    global _since_all_garbage
    _since_all_garbage = (_since_all_garbage + 1) % FULL_COLLECTION_EVERY
    gc.collect(1 if _since_all_garbage else 2)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as ``alone`` what plays or takes the mouse; packaging/test.sh runs all other tests two at a time."""
    for item in items:
        asked = {fixture for marker, fixture in NEEDS.items() if item.get_closest_marker(marker)}
        if ALONE & {*asked, *getattr(item, "fixturenames", ())}:
            item.add_marker("alone")


def pytest_collection_finish() -> None:
    """What is loaded by now stays, and need not be looked at by each collection."""
    gc.freeze()


def _left_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    deadline = time.monotonic() + THREAD_GRACE_S
    while True:
        # A dummy stands for a foreign thread (PortAudio, Qt) that once called Python; it stays listed when that ends.
        new = [t for t in threading.enumerate() if t not in before and not isinstance(t, threading._DummyThread)]
        if not new or time.monotonic() > deadline:
            return new
        new[0].join(0.02)


def _top_level_widgets() -> list[object]:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return list(widgets.QApplication.topLevelWidgets())


def _left_windows(before: list[object]) -> list[str]:
    def new() -> list[object]:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        known = {id(w) for w in before}
        return [w for w in _top_level_widgets() if id(w) not in known and w.metaObject().className() not in KEPT_BY_QT]

    if not new():
        return []
    gc.collect()  # Python may still hold a closed window in a cycle; that is no leak.
    left = new()
    names = [f"{w.metaObject().className()} {w.objectName() or w.windowTitle()!r}" for w in left]
    for widget in left:  # One leak must not fail all the tests that follow.
        widget.close()
        widget.deleteLater()
    return names


@pytest.fixture
def expect_log(_log_messages: Messages) -> Callable[[str], None]:
    """Declare, as a regular expression, a log record that the test causes; it must then come."""
    return _log_messages.declared.append


@pytest.fixture
def expect_qt(_qt_messages: Messages) -> Callable[[str], None]:
    """Declare, as a regular expression, a Qt message that the test causes; it must then come."""
    return _qt_messages.declared.append


class PatientBot(QtBot):
    """Waits as long as a busy machine needs."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **how: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **how)

    def waitExposed(self, widget: Any, *, timeout: int = PATIENCE_MS) -> Any:
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QCoreApplication, request: pytest.FixtureRequest) -> QtBot:
    return PatientBot(request)


@pytest.fixture
def windows(qtbot: QtBot, qapp: QCoreApplication, tmp_path: Path) -> Iterator[Windows]:
    """Starts whole windows; what is open at the end is left."""
    from windows import Windows

    made = Windows(qtbot, qapp, tmp_path)
    yield made
    made.leave_all()


def _missing(why: str, must_be_there: bool) -> None:
    (pytest.fail if must_be_there else pytest.skip)(why)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings: ``sounds/``, ``voice/``, ``dx7/``."""
    named = os.environ.get("TONEWRIGHT_DATA")
    folder = Path(named) if named else REPO.parent / "shared" / "data"
    if not (folder / "sounds").is_dir():
        _missing(
            f"No recordings in {folder}: name their folder in TONEWRIGHT_DATA.",
            IN_CI and (REPO.parent / "shared").is_dir(),
        )
    return folder


@dataclass(frozen=True)
class SoundServer:
    """A PulseAudio server with one null sink; what is played to ``sink`` can be recorded from ``monitor``."""

    sink: str
    monitor: str
    sample_rate: int = 48000
    channels: int = 2


@pytest.fixture(scope="session")
def sound_server() -> SoundServer:
    """The sound server of this run: PortAudio reaches it as the device ``pulse`` (ask for latency 0.1 or more)."""
    address = os.environ.get("PULSE_SERVER", "").removeprefix("unix:")
    sink = os.environ.get("TONEWRIGHT_TEST_SINK", "")
    if not (address and sink):
        _missing("No sound server: packaging/test.sh starts one.", IN_CI)
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(address)
    except OSError as error:
        _missing(f"The sound server at {address} does not answer: {error}.", IN_CI)
    return SoundServer(sink, f"{sink}.monitor")


@dataclass(frozen=True)
class Screen:
    """An X display. This process draws offscreen; programs started with ``env()`` use the display."""

    display: str

    def env(self, **more: str) -> dict[str, str]:
        """The environment for a program that shall open its windows there."""
        return {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb", **more}


@pytest.fixture(scope="session")
def screen() -> Screen:
    """The X display of this run, with a window manager and xdotool."""
    display = os.environ.get("TONEWRIGHT_TEST_DISPLAY", "")
    if not display or shutil.which("xdotool") is None:
        _missing("No X display for tests: packaging/test.sh starts one.", IN_CI)
    answer = subprocess.run(["xdotool", "getdisplaygeometry"], env={**os.environ, "DISPLAY": display}, check=False)
    if answer.returncode != 0:
        _missing(f"The X display {display} does not answer.", IN_CI)
    return Screen(display)


@pytest.fixture(scope="session")
def gpu() -> str:
    """The accelerator's name for torch."""
    import torch

    if not torch.cuda.is_available():
        pytest.skip("No accelerator on this machine.")
    return "cuda"


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    """A marker asks for what it names, so that a marked test is skipped, or fails, for the right reason."""
    for marker, fixture in NEEDS.items():
        if request.node.get_closest_marker(marker) is not None:
            request.getfixturevalue(fixture)
