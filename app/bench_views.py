"""Areas of the benchmark for the views: opening long files, panning and zooming, the playhead, an hour of FLAC."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.bench.frame import Area, Mark, Row, Rows
from engine.params.keys import key_to_hz

if TYPE_CHECKING:
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from app.panels.stage import Stage
    from engine.audio import Clip

RATE = 48_000
MINUTES = 10
SIZE = (1600, 900)
WAVEFORM_WAV = Mark(median=1000.0)
WAVEFORM_COARSE = Mark(median=1000.0)
WAVEFORM_WHOLE = Mark(median=6000.0)
SPECTROGRAM = Mark(median=2000.0)
REPAINT = Mark(median=33.0, p95=60.0)
PLAYHEAD = Mark(median=10.0)
MEMORY = Mark(median=500.0)

FORMATS = {"WAV": ("wav", "PCM_16"), "FLAC": ("flac", "PCM_16"), "OGG": ("ogg", "VORBIS"), "MP3": ("mp3", None)}
N_OPENINGS = 3
TIMEOUT_S = 60.0
_BLOCK_S = 10


def opening() -> Rows:
    """From the request to open a 10-minute stereo file until its pictures stand on the screen."""
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-", ignore_cleanup_errors=True) as folder:
        for name, (suffix, subtype) in FORMATS.items():
            path = Path(folder) / f"long.{suffix}"
            write_music(path, MINUTES * 60, name, subtype)
            path.read_bytes()  # The marks are for a warm disk cache.
            times = [open_once(path) for _ in range(N_OPENINGS)]
            first, whole, picture, fine = ([t[k] * 1e3 for t in times] for k in range(4))
            what = f"{MINUTES} min {name}"
            if name == "WAV":
                yield Row.of("views", f"{what}: whole waveform", whole, "ms", WAVEFORM_WAV, detail=_where())
                yield Row.of("views", f"{what}: spectrogram of all", picture, "ms", SPECTROGRAM)
            else:
                yield Row.of("views", f"{what}: coarse waveform", first, "ms", WAVEFORM_COARSE, detail=_where())
                yield Row.of("views", f"{what}: whole waveform", whole, "ms", WAVEFORM_WHOLE)
                yield Row.of("views", f"{what}: spectrogram of all", picture, "ms", SPECTROGRAM)
            yield Row.of("views", f"{what}: spectrogram, every tile", fine, "ms")


def repainting() -> Rows:
    """Both views painted anew while the view pans and zooms, with all tiles there and while they are computed."""
    with served_stage() as (app, stage, serve):
        clip = music_clip(120)
        stage.show_clip(clip)
        _settle(app, stage)
        axis = stage.axis
        for name, start_s, span_s in (("100 s", 0.0, 100.0), ("10 s", 30.0, 10.0), ("0.5 s", 30.0, 0.5)):
            axis.show_range(start_s, start_s + span_s)
            axis.zoom(1.05, start_s + span_s / 2)
            _settle(app, stage)
            steps = [axis.span_s / SIZE[0] * (5 if k < 60 else -5) for k in range(120)]
            times = [_painted_ms(stage, lambda step=step: axis.pan(step)) for step in steps]  # type: ignore[misc]
            yield Row.of("views", f"pan over {name}", times, "ms", REPAINT, detail=_where())
        axis.show_all()
        factors = [1.19] * 40 + [1 / 1.19] * 40
        times = [_painted_ms(stage, lambda f=f: axis.zoom(f, 41.0)) for f in factors]  # type: ignore[misc]
        yield Row.of("views", "zoom in and out", times, "ms", REPAINT, detail=_where())
        axis.show_range(30.0, 40.0)
        _settle(app, stage)
        shares = [1.05] * 30 + [1 / 1.05] * 30
        times = [_painted_ms(stage, lambda f=f: stage.scale.zoom(f, 0.4)) for f in shares]  # type: ignore[misc]
        yield Row.of("views", "zoom of the frequency", times, "ms", REPAINT, detail=_where())
        serve.stop()
        times = []
        for k in range(40):
            note = music_clip(2, seed=k)
            times.append(_painted_ms(stage, lambda note=note: stage.show_clip(note, keep_range=True)))  # type: ignore[misc]
        yield Row.of("views", "a new 2 s render shown", times, "ms", REPAINT, detail="with its pyramid and rough tiles")


def playhead() -> Rows:
    """What the playhead costs at 60 Hz over 10 visible seconds, as a share of one core."""
    from PySide6.QtCore import Qt, QTimer

    with served_stage() as (app, stage, _):
        stage.show_clip(music_clip(60))
        stage.axis.show_range(0.0, 10.0)
        _settle(app, stage)
        shares = []
        for begin_s in (1.0, 3.0, 5.0):
            started = time.perf_counter()
            timer = QTimer(timerType=Qt.TimerType.PreciseTimer, interval=16)
            timer.timeout.connect(
                lambda started=started, begin_s=begin_s: stage.axis.move_playhead(
                    begin_s + time.perf_counter() - started
                )
            )
            timer.start()
            used = time.process_time()
            _run(app, 2.0)
            shares.append((time.process_time() - used) / (time.perf_counter() - started) * 100)
            timer.stop()
        yield Row.of("views", "playhead at 60 Hz", shares, "% of a core", PLAYHEAD, detail=_where())


def hour() -> Rows:
    """An hour of FLAC, opened, played and scrolled in a process of its own."""
    try:
        import resource  # noqa: F401
    except ImportError:
        yield Row.skipped("views", "an hour of FLAC", "this system does not tell the peak memory of a process")
        return
    with tempfile.TemporaryDirectory(prefix="tonewright-bench-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "hour.flac"
        write_music(path, 3600, "FLAC", "PCM_16")
        code = "import sys; from app.bench_views import hour_report; hour_report(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True, timeout=300
        )
        found = json.loads(done.stdout.splitlines()[-1])
    yield Row.of(
        "views", "1 h FLAC: extra memory", [found["extra_mb"]], "MB", MEMORY, detail="peak, open, play, scroll"
    )
    yield Row.of("views", "1 h FLAC: coarse waveform", [found["first_ms"]], "ms", WAVEFORM_COARSE)
    yield Row.of("views", "1 h FLAC: whole waveform", [found["whole_ms"]], "ms")
    yield Row.of("views", "1 h FLAC: repaint while scrolling and playing", found["paint_ms"], "ms", REPAINT)


AREAS: Mapping[str, Area] = {
    "views-open": opening,
    "views-paint": repainting,
    "views-playhead": playhead,
    "views-hour": hour,
}


def hour_report(path: str) -> None:
    """Open, play and scroll ``path``; print what it took as one line of JSON. Runs in a process of its own."""
    from app.player import Player

    with served_stage() as (app, stage, serve):
        player = Player()
        # What any sound needs is loaded before the hour is measured.
        warm = music_clip(40)
        stage.show_clip(warm)
        player.load(warm)
        player.play()
        _settle(app, stage)
        _run(app, 0.5)
        player.stop()
        before = _peak_mb()
        first, whole, _, _ = _open_in(app, stage, serve, Path(path))
        assert stage.clip is not None
        player.load(stage.clip)
        player.play()
        times = []
        for k in range(150):
            start_s = (k * 97.0) % 3500
            stage.axis.show_range(start_s, start_s + (10.0 if k % 3 else 600.0))
            times.append(_painted_ms(stage, lambda: stage.axis.move_playhead(player.position_s())))
            _run(app, 0.02)
        _settle(app, stage)
        player.stop()
        player.close()
        print(  # noqa: T201
            json.dumps(
                {
                    "extra_mb": _peak_mb() - before,
                    "first_ms": first * 1e3,
                    "whole_ms": whole * 1e3,
                    "paint_ms": times,
                }
            )
        )


# -- the stage under test ----------------------------------------------------------------------------


class Serve:
    """Answers a stage through a real engine, as the window does."""

    def __init__(self, stage: Stage) -> None:
        from app.bridge import Bridge
        from engine.studio import Studio

        self.stage = stage
        self.bridge = Bridge()
        self.studio = Studio(self.bridge.listener)
        self.opened: Clip | None = None
        stage.overview_wanted.connect(self.overview)
        stage.tiles_wanted.connect(self.tiles)

    def overview(self, clip: Clip) -> None:
        def show(pyramid: Any) -> None:
            self.stage.set_pyramid(clip, pyramid)

        self.bridge.watch(self.studio.overview(clip), note=lambda note: show(note.preview), done=show)

    def tiles(self, clip: Clip, request: Any) -> None:
        job = self.studio.tiles(clip, request)
        self.bridge.watch(job, each=lambda note: self.stage.add_tile(clip, note.preview))

    def open(self, path: Path) -> None:
        self.bridge.watch(self.studio.open(path), done=self._show)

    def _show(self, clip: Clip) -> None:
        self.opened = clip
        self.stage.show_clip(clip)

    def stop(self) -> None:
        """Answer no more tiles: what is painted then is what the views make themselves."""
        self.stage.tiles_wanted.disconnect(self.tiles)

    def close(self) -> None:
        self.studio.close()
        self.bridge.close()


@contextmanager
def served_stage() -> Iterator[tuple[QApplication, Stage, Serve]]:
    """A visible stage of 1600 by 900 with an engine behind it."""
    from PySide6.QtWidgets import QApplication

    os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")
    app = QApplication.instance() or QApplication(["tonewright"])
    assert isinstance(app, QApplication)
    from app.panels.stage import Stage
    from app.style import apply_theme

    apply_theme(app, "dark")
    stage = Stage()
    stage.resize(*SIZE)
    stage.show()
    serve = Serve(stage)
    _run(app, 0.2)
    try:
        yield app, stage, serve
    finally:
        serve.close()
        stage.close()
        stage.deleteLater()
        _run(app, 0.05)


def open_once(path: Path) -> tuple[float, float, float, float]:
    """Seconds until the first waveform, the whole one, a spectrogram without holes, and one with every fine tile."""
    with served_stage() as (app, stage, serve):
        return _open_in(app, stage, serve, path)


def _open_in(app: QApplication, stage: Stage, serve: Serve, path: Path) -> tuple[float, float, float, float]:
    started = time.perf_counter()
    serve.opened = None
    serve.open(path)
    marks: dict[str, float] = {}

    def seen(name: str, is_there: Callable[[], bool]) -> None:
        if name not in marks and is_there():
            # What counts is the picture, not the news.
            stage.waveform.repaint()
            stage.spectrogram.repaint()
            marks[name] = time.perf_counter() - started

    while len(marks) < 4 and time.perf_counter() - started < TIMEOUT_S:
        app.processEvents()
        if serve.opened is not None and stage.clip is serve.opened:
            seen("first", lambda: _waveform_known(stage))
            seen("whole", lambda: stage.waveform.whole)
            seen("picture", lambda: stage.spectrogram.unknown == 0)
            seen("fine", stage.spectrogram.is_complete)
        time.sleep(0.001)
    if len(marks) < 4:
        raise RuntimeError(f"After {TIMEOUT_S:g} s {path.name} is still not drawn; so far: {', '.join(marks) or '-'}.")
    return marks["first"], marks["whole"], marks["picture"], marks["fine"]


def _waveform_known(stage: Stage) -> bool:
    """Whether something of the whole length is drawn: a rough pass or all of it."""
    pyramid = stage.waveform.pyramid
    return pyramid is not None and (pyramid.complete or (pyramid.rough is not None and bool(pyramid.rough.any())))


def _painted_ms(stage: Stage, change: Callable[[], object]) -> float:
    """Milliseconds of a change and the painting of both views after it."""
    started = time.perf_counter()
    change()
    stage.waveform.repaint()
    stage.spectrogram.repaint()
    took = (time.perf_counter() - started) * 1e3
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()
    return took


def _settle(app: QApplication, stage: Stage, timeout_s: float = 30.0) -> None:
    """Run until every tile that is visible is there."""
    ends = time.perf_counter() + timeout_s
    while time.perf_counter() < ends:
        _run(app, 0.06)
        if stage.waveform.whole and stage.spectrogram.is_complete():
            return


def _run(app: QApplication, seconds: float) -> None:
    """Run the event loop as the window does: asleep while nothing happens."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _peak_mb() -> float:
    """The most memory that this process has had so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # On Linux getrusage also counts what the parent had when it started this process.
        line = next(text for text in status.read_text().splitlines() if text.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _where() -> str:
    from PySide6.QtGui import QGuiApplication

    return f"{SIZE[0]}x{SIZE[1]}, {QGuiApplication.platformName()}"


# -- sounds ------------------------------------------------------------------------------------------


def music(start_s: float, seconds: float, seed: int = 0) -> np.ndarray:
    """Something like music, ``[frames, 2]``: struck chords with many partials, noise bursts, a slow sweep."""
    import numpy as np

    rng = np.random.default_rng([seed, int(start_s)])
    n = int(seconds * RATE)
    time_s = start_s + np.arange(n, dtype=np.float32) / RATE
    beat = np.mod(time_s, np.float32(0.5))
    sound = np.zeros((n, 2), np.float32)
    for k, note in enumerate(rng.choice([48, 52, 55, 60, 64, 67], 3)):
        hz = key_to_hz(int(note))
        for partial in (1, 2, 3, 5, 8):
            wave = np.sin(np.float32(2 * np.pi * hz * partial) * np.mod(time_s, 1)) * np.exp(-beat * (3 + partial))
            sound[:, k % 2] += np.float32(0.15 / partial) * wave
    hiss = rng.standard_normal(n, np.float32) * np.exp(-np.mod(time_s, np.float32(0.25)) * 40)
    sound += np.float32(0.06) * hiss[:, np.newaxis]
    return np.clip(sound, -1, 1)


def music_clip(seconds: float, seed: int = 0) -> Clip:
    """The same as a sound in memory."""
    from engine.audio import Audio, Clip

    return Clip.of(Audio(music(0, seconds, seed).T, RATE), "music")


def write_music(path: Path, seconds: int, format_name: str, subtype: str | None) -> None:
    """Write it to a file, part by part."""
    import soundfile

    part = music(0, _BLOCK_S)
    with soundfile.SoundFile(path, "w", RATE, 2, subtype, format=format_name) as file:
        for start_s in range(0, seconds, _BLOCK_S):
            if start_s % 60 == 0:
                part = music(start_s, _BLOCK_S)
            # Short writes: one long one overflows the stack of the Vorbis encoder.
            for first in range(0, len(part), 4096):
                file.write(part[first : first + 4096])
