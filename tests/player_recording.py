"""Helpers of the player's tests: a recording of what the device was given, and what can be measured on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

RATE = 48000


def sine(
    frequency_hz: float, seconds: float, rate: int = RATE, amplitude: float = 0.25, phase: float = 0.0
) -> NDArray[np.float32]:
    """``[1, frames]``"""
    t = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * t + phase)).astype(np.float32)[np.newaxis]


def wait(seconds: float) -> None:
    """Let the window's thread live for a while."""
    wait_until(lambda: False, seconds)


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Process events until something is true; whether it became so."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        QCoreApplication.processEvents()
        if condition():
            return True
        time.sleep(0.005)
    return condition()


class Recorder:
    """Records a sink's monitor while it is open; ``samples`` ``[frames, 2]`` afterwards."""

    def __init__(self, monitor: str, folder: Path) -> None:
        self._file = folder / "recording.raw"
        self._monitor = monitor
        self.samples = np.zeros((0, 2), np.float32)

    def __enter__(self) -> Recorder:
        command = ["parec", "-d", self._monitor, "--format=float32le", f"--rate={RATE}", "--channels=2"]
        with self._file.open("wb") as out:
            self._process = subprocess.Popen([*command, "--latency-msec=20"], stdout=out)
        assert wait_until(lambda: self._file.stat().st_size > 0), "parec records nothing"
        return self

    def __exit__(self, *_: object) -> None:
        # What was handed over last is still on its way to the sink.
        wait(0.3)
        self._process.terminate()
        self._process.wait(5)
        data = np.fromfile(self._file, np.float32)
        self.samples = data[: len(data) // 2 * 2].reshape(-1, 2)

    def sound(self, channel: int = 0) -> NDArray[np.float32]:
        """From the first to the last sample that is not silent."""
        mono = self.samples[:, channel]
        heard = np.flatnonzero(mono)
        assert len(heard), "the recording is silent"
        return mono[heard[0] : heard[-1] + 1]


def pitch_hz(sound: NDArray[np.float32]) -> float:
    """The strongest frequency, to a few hundredths of a hertz."""
    size = 1 << 21
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), size))
    return float(np.argmax(spectrum)) * RATE / size


def steepest(sound: NDArray[np.float32]) -> float:
    """The largest step from one sample to the next: a click stands out here."""
    return float(np.abs(np.diff(sound)).max())


def steepest_of_sine(frequency_hz: float, amplitude: float) -> float:
    """The largest step that a sine makes by itself."""
    return 2 * amplitude * float(np.sin(np.pi * frequency_hz / RATE))


def longest_silence_s(sound: NDArray[np.float32], below: float = 1e-4) -> float:
    """The longest run of silent samples: a dropout."""
    loud = np.flatnonzero(np.abs(sound) > below)
    return float(np.diff(loud).max(initial=1) - 1) / RATE


class PrivateServer:
    """A PulseAudio server of the test's own, that it may stop and start; nobody else plays there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        if shutil.which("pulseaudio") is None or shutil.which("pactl") is None:
            pytest.skip("No PulseAudio on this machine.")
        self._socket = folder / "native"
        folder.chmod(0o700)
        for name, value in (
            ("XDG_RUNTIME_DIR", folder),
            ("PULSE_RUNTIME_PATH", folder),
            ("PULSE_COOKIE", folder / "cookie"),
            ("PULSE_SERVER", f"unix:{self._socket}"),
        ):
            monkeypatch.setenv(name, str(value))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *sinks: str) -> None:
        """Start it with one null sink for each name (``own`` when none is given)."""
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disallow-exit=1"]
        command += ["--use-pid-file=no", "--log-level=error"]
        command += ["-L", f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}"]
        for sink in sinks or ("own",):
            sink_is = f"module-null-sink sink_name={sink} rate={RATE} channels=2 format=float32le norewinds=1"
            command += ["-L", sink_is]
        self._process = subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL)
        assert wait_until(lambda: self.ask("info") is not None), "the sound server does not start"

    def ask(self, *words: str) -> str | None:
        """What ``pactl`` answers, or nothing while there is no server."""
        answer = subprocess.run(["pactl", *words], capture_output=True, text=True, check=False)
        return answer.stdout if answer.returncode == 0 else None

    def freeze(self, signal_number: int) -> None:
        """Send the server a signal (SIGSTOP, SIGCONT)."""
        assert self._process is not None
        self._process.send_signal(signal_number)

    def stop(self) -> None:
        """Kill it, as a device that is pulled out."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
            self._process = None
            self._socket.unlink(missing_ok=True)
