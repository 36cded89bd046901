"""The clock thread: opens the device, watches it, and lets the transport run silently while there is none."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from app.playback.callback import DeviceCallback
from app.playback.devices import Device, DeviceThread, LibraryMissing, OpenDevice, PortAudio
from app.playback.mixer import Mixer
from app.playback.silent_clock import SilentClock

log = logging.getLogger(__name__)

LATENCIES_MS = (10, 20, 50, 100, 200)
"""What a menu offers; the ends are the limits."""
USUAL_LATENCY_MS = 100
IDLE_S = 30.0
"""A device that has had nothing to say for so long is given back; the next sound opens it again."""
FRESH_S = 30.0
"""A list of devices older than this is made anew before one of them is opened."""
WATCH_S = 0.1
STALL_S = 1.0
"""A device that has asked for nothing for so long is gone, even if it says otherwise."""
ANSWER_S = 3.0
"""An open, a close or a scan that takes longer than this is waited for silently."""
SILENT_TICK_S = 0.010
RETRY_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


class OutputListener(Protocol):
    """What the output tells; called on the clock thread."""

    def on_message(self, text: str) -> None: ...

    def on_devices(self, devices: tuple[Device, ...]) -> None: ...

    def on_device(self, name: str) -> None:
        """The device that plays now; empty while playback is silent."""
        ...

    def on_rate(self, rate: int) -> None:
        """The next device runs at another rate; nothing is being mixed at this moment."""
        ...


@dataclass
class _Operation:
    """A call on the device thread and what to do with its result."""

    future: Future[Any]
    finish: Callable[[Any], None]
    since_s: float
    starts: OpenDevice | None = None
    """The device that the call starts: open already, and nobody else knows it yet."""
    is_late: bool = False


class Output:
    """Drives the mixer: from the device's callback while there is a device, from its own clock while there is none."""

    def __init__(
        self,
        mixer: Mixer,
        listener: OutputListener,
        *,
        latency_s: float = USUAL_LATENCY_MS / 1000,
        library: PortAudio | None = None,
    ) -> None:
        self._mixer = mixer
        self._listener = listener
        self._library = library if library is not None else PortAudio()
        self.latency_s = _within_limits(latency_s)
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._devices_thread: DeviceThread | None = None
        # Requests, written by the window.
        self._wanted: str | None = None
        self._scan_wanted = True
        self._reopen = False
        self._urgent = False
        self._is_kept_awake = False
        self._ready_until = 0.0
        # Owned by the clock thread.
        self._operation: _Operation | None = None
        self._opened: OpenDevice | None = None
        self._devices: tuple[Device, ...] = ()
        self._scanned_at = 0.0
        self._missing = False
        self._silent = False
        self._failures = 0
        self._retry_at = 0.0
        self._busy_at = time.perf_counter()
        self._clock = SilentClock(mixer)
        self._stale = False
        self._driver: DeviceCallback | None = None
        """What may drive the mixer; one that was given up gives silence."""

    # -- the window's side --------------------------------------------------------------------------

    def start(self) -> None:
        """Start the threads and open the device; returns at once. Starting again changes nothing."""
        if self._thread is None and not self._closing:
            self._devices_thread = DeviceThread()
            self._thread = threading.Thread(target=self._run, name="player-clock", daemon=True)
            self._thread.start()

    def wake(self, *, urgent: bool = False) -> None:
        """The plan has changed; ``urgent`` looks for a device now, without waiting for the next attempt."""
        if urgent and self._silent:
            self._urgent = True
        self._wake.set()

    def keep_awake(self, on: bool) -> None:
        """Keep the device open although nothing sounds: somebody may play a key at any moment."""
        self._is_kept_awake = on
        self._wake.set()

    def get_ready(self) -> None:
        """Open the device if it is not, as if something sounded: a hand is near the keys."""
        self._ready_until = time.perf_counter() + IDLE_S
        if self._opened is None:
            self._wake.set()

    def choose(self, name: str | None) -> None:
        """Play through the device of that name from now on; ``None`` is the system's default."""
        self._wanted = name
        self._reopen = self._urgent = True
        self._wake.set()

    def set_latency(self, latency_s: float) -> None:
        """Fill the device that far ahead; one that is open is opened anew."""
        latency_s = _within_limits(latency_s)
        if latency_s != self.latency_s:
            self.latency_s = latency_s
            self._reopen = True
            self._wake.set()

    def rescan(self) -> None:
        """Look for devices again as soon as nothing plays."""
        self._scan_wanted = True
        self._wake.set()

    def close(self, timeout_s: float = 4.0) -> None:
        """Close the device and end the threads; one that hangs in the sound system is left behind."""
        self._closing = True
        self._wake.set()
        if self._thread is None or self._devices_thread is None:
            return
        self._thread.join(timeout_s)
        if not self._devices_thread.close(1.0):
            self._library.abandon()

    # -- the clock thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            self._wake.clear()
            try:
                self._step(time.perf_counter())
            except Exception:
                log.exception("The player's clock failed")
            self._wake.wait(self._pause_s(time.perf_counter()))
        self._fade_out()
        self._settle(2.0)
        if self._opened is not None and self._operation is None:
            self._close_device(lambda _: None)
            self._settle(2.0)

    def _step(self, now: float) -> None:
        if self._mixer.busy or self._is_kept_awake:
            self._busy_at = now
        if self._operation is not None:
            self._await(self._operation, now)
        elif self._opened is not None:
            self._watch(now)
        elif not self._missing:
            self._seek_device(now)
        if self._opened is None and (self._silent or (self._operation is not None and self._operation.is_late)):
            self._clock.tick(now)
        else:
            self._clock.set(now)

    def _pause_s(self, now: float) -> float | None:
        if self._operation is None and self._opened is not None:
            return WATCH_S
        if self._silent and self._mixer.busy:
            return SILENT_TICK_S
        if self._operation is not None:
            return WATCH_S
        if self._missing:
            return None
        if self._silent:
            return max(self._retry_at - now, SILENT_TICK_S)
        return 0.0 if self._wants_device() else None

    def _begin(
        self, call: Callable[[], Any], finish: Callable[[Any], None], *, starts: OpenDevice | None = None
    ) -> None:
        assert self._devices_thread is not None
        future = self._devices_thread.call(call, self._wake.set)
        self._operation = _Operation(future, finish, time.perf_counter(), starts)

    def _await(self, operation: _Operation, now: float) -> None:
        if operation.future.done():
            self._operation = None
            error = operation.future.exception()
            operation.finish(error if error is not None else operation.future.result())
        elif not operation.is_late and now - operation.since_s > ANSWER_S:
            operation.is_late = True
            if not self._silent:
                self._fall_silent("The sound system does not answer; playing silently until it does.")

    def _fade_out(self) -> None:
        """Give the mixer two blocks' time to fade out before the device is closed."""
        deadline = time.perf_counter() + 0.05
        mixer = self._mixer
        while self._opened is not None and time.perf_counter() < deadline:
            if not (mixer.snapshot.advancing or mixer.bus.busy):
                break
            time.sleep(0.005)

    def _settle(self, timeout_s: float) -> None:
        """Let the operation in progress end, within limits (only when closing)."""
        operation = self._operation
        if operation is None:
            return
        try:
            result = operation.future.result(timeout_s)
        except TimeoutError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it was, the program is closing
            result = error
        self._operation = None
        # Whatever is open by now, started or not, is closed next.
        self._opened = result if isinstance(result, OpenDevice) else operation.starts or self._opened

    # -- with a device ------------------------------------------------------------------------------

    def _watch(self, now: float) -> None:
        assert self._opened is not None
        callback: DeviceCallback = self._opened.callback
        if (fault := callback.take_fault()) is not None:
            self._listener.on_message(f"The player stumbled ({type(fault).__name__}: {fault}); please report this.")
        # One late block may be this program's own fault (a busy machine); two looks apart it is the device's.
        was_stale, self._stale = self._stale, now - callback.called_at > STALL_S
        if callback.has_ended or (was_stale and self._stale):
            name = self._opened.device.name
            self._failures = 0
            self._retry_at = now
            self._fall_silent(f"The sound device “{name}” is gone; playing silently until a device is back.")
            self._close_device(self._forget_device)
        else:
            is_idle = not self._mixer.busy
            is_forgotten = now - max(self._busy_at, self._ready_until - IDLE_S) > IDLE_S
            if self._reopen or (is_idle and (self._scan_wanted or is_forgotten)):
                self._close_device(self._forget_device)

    def _close_device(self, finish: Callable[[Any], None]) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            self._begin(lambda: self._library.close(opened), finish)

    def _forget_device(self, _result: object) -> None:
        """Closed; an error while closing changes nothing, the device is not used any more."""

    # -- without a device ---------------------------------------------------------------------------

    def _seek_device(self, now: float) -> None:
        """Scan or open, when somebody wants to hear something or it is time to try again."""
        if self._silent:
            if now < self._retry_at and not (self._urgent and now - self._scanned_at > RETRY_S[0]):
                return
        elif not self._wants_device():
            return
        if self._scan_wanted or self._silent or now - self._scanned_at > FRESH_S:
            self._scan_wanted = False
            self._begin(self._library.scan, self._scanned)
        else:
            self._open()

    def _wants_device(self) -> bool:
        is_near = self._is_kept_awake or time.perf_counter() < self._ready_until
        return self._mixer.busy or is_near or self._reopen or self._scan_wanted

    def _scanned(self, result: tuple[Device, ...] | Exception) -> None:
        self._scanned_at = time.perf_counter()
        if isinstance(result, LibraryMissing):
            self._missing = True
            self._fall_silent(
                "The sound library PortAudio is missing, so playback is silent. "
                "Install it (Debian and Ubuntu: libportaudio2) and start again."
            )
            return
        if isinstance(result, Exception):
            self._failed(str(result))
            return
        if result != self._devices:
            self._devices = result
            self._listener.on_devices(result)
        self._open()

    def _open(self) -> None:
        self._reopen = self._urgent = False
        wanted = self._wanted
        if wanted is None:
            device = next((d for d in self._devices if d.is_default), None)
        else:
            # Never the loudspeakers in place of the headphones: a chosen device that is missing stays silent.
            device = next((d for d in self._devices if d.name == wanted), None)
        if device is None:
            self._failed("")
            return
        callback = DeviceCallback(self._mixer, self.latency_s, self._wake.set)
        self._begin(lambda: self._library.open(device, self.latency_s, callback, callback.end), self._start)

    def _start(self, result: OpenDevice | Exception) -> None:
        if not isinstance(result, OpenDevice):
            self._failed(str(result))
            return
        # Nobody mixes at this moment: the silent clock waits for this operation, the callback is not started.
        if result.rate != self._mixer.rate:
            self._listener.on_rate(result.rate)
        self._give_up_driver()
        self._driver, self._stale = result.callback, False
        result.callback.begin(time.perf_counter() + STALL_S)
        self._silent, was_silent = False, self._silent
        self._begin(result.stream.start, lambda answer: self._started(result, answer, was_silent), starts=result)

    def _started(self, opened: OpenDevice, answer: object, was_silent: bool) -> None:
        if isinstance(answer, Exception):
            self._silent = was_silent
            self._begin(lambda: self._library.close(opened), self._forget_device)
            self._failed(str(answer))
            return
        self._opened = opened
        self._failures = 0
        self._busy_at = time.perf_counter()
        if was_silent:
            self._listener.on_message(f"Sound is back on “{opened.device.name}”.")
        self._listener.on_device(opened.device.name)

    def _failed(self, why: str) -> None:
        """No device could be had: say so once, and try again ever more seldom."""
        self._retry_at = time.perf_counter() + RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1
        if self._silent:
            return
        if self._wanted is not None:
            what = f"The sound device “{self._wanted}” " + ("cannot be opened" if why else "is not there")
            way_out = "playing silently until it is back, or choose another one"
        else:
            what = "The sound device cannot be opened" if why else "No sound device was found"
            way_out = "playing silently until there is one"
        self._fall_silent(f"{what}{f' ({why})' if why else ''}; {way_out}.")

    def _fall_silent(self, message: str) -> None:
        self._silent = True
        self._give_up_driver()
        self._clock.set(time.perf_counter())
        self._listener.on_message(message)
        self._listener.on_device("")

    def _give_up_driver(self) -> None:
        if self._driver is not None:
            self._driver.drives = False
            self._driver = None


def _within_limits(latency_s: float) -> float:
    return min(max(latency_s, LATENCIES_MS[0] / 1000), LATENCIES_MS[-1] / 1000)
