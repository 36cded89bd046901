"""The one door to PortAudio: names of devices, opening and closing, and the thread that all of it happens on."""

from __future__ import annotations

import atexit
import ctypes
import logging
import sys
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

R = TypeVar("R")

log = logging.getLogger(__name__)

PERIOD_S = 0.0125
"""How often the device should ask for sound: a knob that is turned is heard in the next block."""
PREFERRED_RATE = 48000
# PortAudio asks these systems for no rate of their own and answers 44100 for nearly every device.
_HOSTS_WITHOUT_OWN_RATE = ("ALSA", "OSS")


class DeviceTrouble(Exception):
    """A device that is missing or does not open; the text says what the sound system answered."""


class LibraryMissing(DeviceTrouble):
    """There is no PortAudio on this machine."""


@dataclass(frozen=True, slots=True)
class Device:
    """An output device: ``name`` as shown and stored, and what PortAudio needs to open it."""

    name: str
    index: int
    channels: int
    rate: int
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class OpenDevice:
    """An opened stream, not yet started."""

    stream: Any
    device: Device
    rate: int
    callback: Any


def name_devices(raw: list[dict[str, Any]], hosts: list[str], default: int) -> tuple[Device, ...]:
    """PortAudio's list as devices for output; the sound system is named only where two would be called the same."""
    outputs = [(i, d) for i, d in enumerate(raw) if d["max_output_channels"] > 0]
    times = Counter(d["name"] for _, d in outputs)
    devices = []
    for index, info in outputs:
        host = hosts[info["hostapi"]]
        name = info["name"] if times[info["name"]] == 1 else f"{info['name']} ({host})"
        rate = PREFERRED_RATE if host in _HOSTS_WITHOUT_OWN_RATE else int(info["default_samplerate"])
        devices.append(Device(name, index, min(int(info["max_output_channels"]), 2), rate, index == default))
    return tuple(devices)


class PortAudio:
    """PortAudio through sounddevice. Every method may block and belongs on the :class:`DeviceThread`."""

    def __init__(self) -> None:
        self._sd: Any = None

    def scan(self) -> tuple[Device, ...]:
        """The output devices as they are now. Only while no stream is open: PortAudio looks afresh only at its start.

        Raises :class:`LibraryMissing` or :class:`DeviceTrouble`.
        """
        try:
            is_fresh = "sounddevice" not in sys.modules
            if self._sd is None:
                _divert_alsa()
                import sounddevice  # loads PortAudio and makes it look around

                self._sd = sounddevice
            if not is_fresh:
                self._sd._terminate()
                self._sd._initialize()
            hosts = [host["name"] for host in self._sd.query_hostapis()]
            raw = list(self._sd.query_devices())
        except OSError as error:
            raise LibraryMissing(str(error)) from error
        except Exception as error:
            raise DeviceTrouble(str(error)) from error
        return name_devices(raw, hosts, self._default_index(raw))

    def open(self, device: Device, latency_s: float, callback: Any, on_end: Callable[[], None]) -> OpenDevice:
        """Open a stream on a device at its own rate, or at one it takes. Raises :class:`DeviceTrouble`."""
        rates = dict.fromkeys((device.rate, 48000, 44100))
        trouble: Exception | None = None
        self._ask_for_periods(latency_s)
        for rate in rates:
            try:
                stream = self._sd.OutputStream(
                    device=device.index,
                    samplerate=rate,
                    channels=device.channels,
                    dtype="float32",
                    latency=latency_s,
                    callback=callback,
                    finished_callback=on_end,
                )
            except Exception as error:  # noqa: BLE001 - sounddevice raises many kinds; the next rate may do
                trouble = trouble or error
                continue
            return OpenDevice(stream, device, rate, callback)
        raise DeviceTrouble(str(trouble)) from trouble

    def close(self, opened: OpenDevice) -> None:
        """Let what was handed over play out, then close; a device that is gone is let go.

        Stopping waits for PortAudio's thread. Closing alone would cancel it, perhaps in the middle of Python.
        """
        opened.stream.stop(ignore_errors=True)
        opened.stream.close(ignore_errors=True)

    def abandon(self) -> None:
        """A call never came back: keep sounddevice's own clean-up from waiting for it when the program ends."""
        if self._sd is not None:
            atexit.unregister(self._sd._exit_handler)

    def _default_index(self, raw: list[dict[str, Any]]) -> int:
        index = int(self._sd.default.device[1])
        if index >= 0 or not raw:
            return index
        return next((i for i, d in enumerate(raw) if d["max_output_channels"] > 0), -1)

    def _ask_for_periods(self, latency_s: float) -> None:
        """ALSA splits its buffer into four periods, however long it is; ask for short ones. Elsewhere: nothing."""
        try:
            set_periods = ctypes.CDLL(self._sd._libname).PaAlsa_SetNumPeriods
        except (OSError, AttributeError):
            return
        set_periods(min(max(round(latency_s / PERIOD_S), 4), 32))


def _divert_alsa() -> None:
    """Send what ALSA would print on the terminal to the log, where there is an ALSA; elsewhere: nothing.

    It complains about every kind of device that a machine does not have, and about each block that came late, be it of
    silence. What matters is told in the window: a device that does not open, and drop-outs that could be heard.
    """
    global _alsa_handler
    if _alsa_handler is not None:
        return

    # The arguments for the format follow; it says enough without them.
    @ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)
    def handler(_file: bytes, _line: int, function: bytes | None, _error: int, text: bytes | None) -> None:
        log.debug("ALSA: %s: %s", (function or b"").decode(errors="replace"), (text or b"").decode(errors="replace"))

    try:
        # The very library that PortAudio is going to use: a process loads it once.
        set_handler = ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler
    except (OSError, AttributeError):
        return
    set_handler.argtypes = [ctypes.c_void_p]
    set_handler(ctypes.cast(handler, ctypes.c_void_p))
    _alsa_handler = handler


_alsa_handler: object = None
"""Kept for as long as ALSA may call it: until the end of the program."""


class DeviceThread:
    """Runs calls one after the other on a thread of its own, because any of them may block, or never come back."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="player-device", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], R], on_done: Callable[[], None]) -> Future[R]:
        """Queue a call; ``on_done`` is called on the device thread when the result is there."""
        future: Future[R] = Future()
        future.add_done_callback(lambda _: on_done())
        self._calls.put((future, function))
        return future

    def close(self, timeout_s: float) -> bool:
        """End the thread after the calls before; ``False`` when one of them hangs."""
        self._calls.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            try:
                result = function()
            except BaseException as error:  # noqa: BLE001 - carried to whoever asked
                future.set_exception(error)
            else:
                future.set_result(result)
            del call, future, function
