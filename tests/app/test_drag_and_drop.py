"""Files dropped on the window and sounds dragged out of it, with events made by hand (see journeys for real drags)."""

from __future__ import annotations

import gc
import os
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDrag,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QMouseEvent,
)
from PySide6.QtWidgets import QDockWidget, QLineEdit, QMainWindow, QVBoxLayout, QWidget

from app import drag_out
from app.document import Document
from app.drag_out import TAKE_MIME, DragOut, clean_steps, mime_of
from app.drop_in import DropOverlay, DropTarget, Found, leftover_sentence, sort_steps
from app.panels.library import LibraryPanel
from engine.audio import Audio, Clip, open_clip
from engine.jobs import run_inline
from engine.project.part import part_of
from engine.project.take import Take

RATE = 44100
MIDDLE = QPoint(50, 50)


def audio(seconds: float = 0.2, channels: int = 2) -> Audio:
    rng = np.random.default_rng(3)
    return Audio((0.2 * rng.normal(size=(channels, round(seconds * RATE)))).astype(np.float32), RATE)


def wav(path: Path, seconds: float = 0.2, subtype: str = "PCM_24") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio(seconds).samples.T, RATE, subtype=subtype)
    return path


# -- into the window ---------------------------------------------------------------------------------------------------


class Window(QMainWindow):
    """A window with a text field, which would take dropped files as text if it were asked."""

    def __init__(self) -> None:
        super().__init__()
        self.field = QLineEdit()
        centre = QWidget()
        QVBoxLayout(centre).addWidget(self.field)
        self.setCentralWidget(centre)
        self.drops = DropTarget(self)
        self.heard: dict[str, list[Any]] = {"sounds": [], "project": [], "patch": [], "message": []}
        self.drops.paths_dropped.connect(self.heard["sounds"].append)
        self.drops.project_dropped.connect(self.heard["project"].append)
        self.drops.patch_dropped.connect(self.heard["patch"].append)
        self.drops.message.connect(self.heard["message"].append)


@pytest.fixture
def window(qtbot: Any) -> Iterator[Window]:
    window = Window()
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.show()
    qtbot.waitExposed(window)
    yield window
    window.close()


def mime(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def hover(target: QObject, data: QMimeData, at: QPoint = MIDDLE) -> QDragEnterEvent:
    event = QDragEnterEvent(
        at, Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0)
    )
    event.ignore()
    QCoreApplication.sendEvent(target, event)
    return event


def drop(target: QObject, data: QMimeData, at: QPoint = MIDDLE) -> QDropEvent:
    move = QDragMoveEvent(at, Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    QCoreApplication.sendEvent(target, move)
    event = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
    event.ignore()
    QCoreApplication.sendEvent(target, event)
    return event


def overlay_visible(window: QWidget) -> bool:
    return any(overlay.isVisible() for overlay in window.findChildren(DropOverlay))


def test_files_dropped_on_the_window_open(window: Window, tmp_path: Path) -> None:
    data = mime(wav(tmp_path / "a.wav"), wav(tmp_path / "B.FLAC.wav"))
    assert hover(window.windowHandle(), data).isAccepted()
    assert overlay_visible(window)
    assert drop(window.windowHandle(), data).isAccepted()
    assert not overlay_visible(window)
    assert window.heard["sounds"] == [[tmp_path / "a.wav", tmp_path / "B.FLAC.wav"]]


def test_a_text_field_does_not_take_a_file_as_text(window: Window, tmp_path: Path) -> None:
    data = mime(wav(tmp_path / "a.wav"))
    data.setText("file:///a.wav")
    at = window.field.geometry().center()
    hover(window.windowHandle(), data, at)
    drop(window.windowHandle(), data, at)
    assert window.field.text() == ""
    assert len(window.heard["sounds"]) == 1


def test_text_is_left_to_the_text_field(window: Window) -> None:
    data = QMimeData()
    data.setText("hello")
    at = window.field.mapTo(window, window.field.rect().center())
    hover(window.windowHandle(), data, at)
    assert not overlay_visible(window)
    drop(window.windowHandle(), data, at)
    assert window.field.text() == "hello"


def test_leaving_takes_the_veil_away(window: Window, tmp_path: Path) -> None:
    hover(window.windowHandle(), mime(tmp_path / "a.wav"))
    assert overlay_visible(window)
    QCoreApplication.sendEvent(window.windowHandle(), QDragLeaveEvent())
    assert not overlay_visible(window)


def test_our_own_takes_pass_by(window: Window, tmp_path: Path) -> None:
    data = mime_of(wav(tmp_path / "a.wav"), "1234")
    assert not hover(window.windowHandle(), data).isAccepted()
    assert not overlay_visible(window)
    drop(window.windowHandle(), data)
    assert window.heard["sounds"] == []


def test_a_floating_dock_takes_drops_too(qtbot: Any, tmp_path: Path) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    dock = QDockWidget("Panel", window)
    dock.setWidget(QWidget())
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    drops = DropTarget(window)
    heard: list[Any] = []
    drops.paths_dropped.connect(heard.append)
    window.show()
    dock.setFloating(True)
    qtbot.waitUntil(lambda: dock.windowHandle() is not None and dock.windowHandle() is not window.windowHandle())
    hover(dock.windowHandle(), mime(wav(tmp_path / "a.wav")))
    assert overlay_visible(dock)
    drop(dock.windowHandle(), mime(tmp_path / "a.wav"))
    assert heard == [[tmp_path / "a.wav"]]
    dock.setFloating(False)
    hover(window.windowHandle(), mime(tmp_path / "a.wav"))
    drop(window.windowHandle(), mime(tmp_path / "a.wav"))
    assert len(heard) == 2
    window.close()


def test_projects_and_patches_find_their_way(window: Window, tmp_path: Path) -> None:
    window.drops.take([tmp_path / "song.tonewright", tmp_path / "two.tonewright", tmp_path / "bell.json"])
    assert window.heard["project"] == [tmp_path / "song.tonewright"]
    assert window.heard["patch"] == [tmp_path / "bell.json"]
    assert "Only song.tonewright" in window.heard["message"][0]


def test_what_is_no_sound_gives_one_sentence(window: Window, tmp_path: Path) -> None:
    window.drops.take([tmp_path / "letter.pdf"])
    window.drops.take([tmp_path / "letter.pdf", tmp_path / "photo.jpg", wav(tmp_path / "a.wav")])
    assert len(window.heard["message"]) == 2
    assert "letter.pdf was left out" in window.heard["message"][0]
    assert "2 files were left out" in window.heard["message"][1]
    assert window.heard["sounds"] == [[tmp_path / "a.wav"]]


def test_a_folder_is_searched_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.wav", "A.flac", "deep/er/c.mp3", "notes.txt", ".hidden.wav", ".git/x.wav", "deep/d.OGG"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = run_inline(lambda: sort_steps([tmp_path]))
    assert [str(p.relative_to(tmp_path)) for p in found.sounds] == [
        "A.flac",
        "b.wav",
        os.path.join("deep", "d.OGG"),  # noqa: PTH118
        os.path.join("deep", "er", "c.mp3"),  # noqa: PTH118
    ]
    assert found.others == ()


def test_a_large_folder_is_searched_in_short_steps(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / f"{number}.wav").touch()
    notes = []
    found = run_inline(lambda: sort_steps([tmp_path]), notes.append)
    assert len(found.sounds) == 1000
    assert len(notes) >= 5


def test_a_folder_without_sounds_says_so(tmp_path: Path) -> None:
    found = run_inline(lambda: sort_steps([tmp_path]))
    assert "no sounds in it" in leftover_sentence(found)
    assert leftover_sentence(Found()) == ""


# -- out of the window -------------------------------------------------------------------------------------------------


class Drags:
    """Stands in for the pointer: remembers what was dragged, and drops it at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.files: list[Path] = []
        self.ids: list[str] = []
        self.answer = Qt.DropAction.CopyAction
        self.taker: QWidget | None = None

        def exec_(drag: QDrag, *actions: Qt.DropAction) -> Qt.DropAction:
            assert actions == (Qt.DropAction.CopyAction,)
            assert not drag.pixmap().isNull()
            (url,) = drag.mimeData().urls()
            self.files.append(Path(url.toLocalFile()))
            self.ids.append(bytes(drag.mimeData().data(TAKE_MIME).data()).decode())
            assert self.files[-1].is_file()
            drag.deleteLater()
            return self.answer

        monkeypatch.setattr(drag_out.QDrag, "exec", exec_)
        monkeypatch.setattr(drag_out.QDrag, "target", lambda _: self.taker)


@pytest.fixture
def drags(monkeypatch: pytest.MonkeyPatch) -> Drags:
    return Drags(monkeypatch)


@pytest.fixture
def widget(qtbot: Any) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_a_sound_leaves_as_a_well_named_wav_of_its_own_kind(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path / "out")
    clip = open_clip(wav(tmp_path / "x.wav", subtype="PCM_24"))
    out.start_drag(widget, clip, "Kick / deep: 50 Hz?", take_id="abc")
    (path,) = drags.files
    assert path.name == "Kick - deep - 50 Hz.wav"
    assert drags.ids == ["abc"]
    info = soundfile.info(path)
    assert (info.subtype, info.samplerate, info.channels, info.frames) == ("PCM_24", RATE, 2, clip.n_frames)
    np.testing.assert_array_equal(open_clip(path).read(0, 999).samples, clip.read(0, 999).samples)


def test_an_untouched_wav_is_handed_over_as_it_is(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path / "out")
    original = wav(tmp_path / "Rain.wav")
    out.start_drag(widget, open_clip(original), "Rain")
    assert drags.files == [original]
    assert not (tmp_path / "out").exists()


def test_a_renamed_a_cut_and_a_compressed_sound_get_files_of_their_own(
    drags: Drags, widget: QWidget, tmp_path: Path
) -> None:
    out = DragOut(folder=tmp_path / "out")
    clip = open_clip(wav(tmp_path / "Rain.wav"))
    out.start_drag(widget, clip, "Storm")
    out.start_drag(widget, clip.part(0, 100), "Rain")
    flac = tmp_path / "Snow.flac"
    soundfile.write(flac, audio().samples.T, RATE)
    out.start_drag(widget, open_clip(flac), "Snow")
    assert [path.name for path in drags.files] == ["Storm.wav", "Rain.wav", "Snow.wav"]
    assert all(path.is_relative_to(tmp_path / "out") for path in drags.files)
    assert soundfile.info(drags.files[1]).frames == 100
    assert soundfile.info(drags.files[2]).subtype == "PCM_16"


def test_a_selection_is_named_by_its_time_and_holds_just_that(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path / "out")
    clip = Clip.of(audio(2.0), "Bell")
    for part in (part_of(clip, 0.5, 1.25), part_of(clip, 0.5, 1.25, 200, 4000)):
        out.start_drag(widget, part, part.name)
    plain, band = drags.files
    assert plain.name == "Bell (0.50-1.25 s).wav"
    assert band.name == "Bell (0.50-1.25 s, 200-4000 Hz).wav"
    assert soundfile.info(plain).frames == soundfile.info(band).frames == round(0.75 * RATE)
    assert open_clip(band).read(0, RATE).peak < open_clip(plain).read(0, RATE).peak


def test_the_same_sound_is_written_once(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path)
    clip = Clip.of(audio(), "Bell")
    out.start_drag(widget, clip, "Bell")
    out.start_drag(widget, clip, "Bell")
    assert drags.files[0] == drags.files[1]
    drags.files[0].unlink()
    out.start_drag(widget, clip, "Bell")
    assert drags.files[2].is_file()


def test_two_sounds_of_one_name_both_keep_it(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path)
    for seconds in (0.1, 0.2):
        out.start_drag(widget, Clip.of(audio(seconds), "Bell"), "Bell")
    assert [p.name for p in drags.files] == ["Bell.wav", "Bell.wav"]
    assert drags.files[0] != drags.files[1]


def test_a_drag_that_nobody_took_says_nothing(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path)
    said: list[str] = []
    taken: list[Path] = []
    out.message.connect(said.append)
    out.dragged.connect(taken.append)
    drags.answer = Qt.DropAction.IgnoreAction
    out.start_drag(widget, Clip.of(audio(), "Bell"), "Bell")
    assert (said, taken) == ([], [])
    drags.answer = Qt.DropAction.CopyAction
    out.start_drag(widget, Clip.of(audio(), "Bell"), "Bell")
    assert said == ["Dragged out Bell.wav"]
    assert taken == drags.files[1:]
    # A take that falls on the FM panel has not left the window.
    drags.taker = widget
    out.start_drag(widget, Clip.of(audio(), "Bell"), "Bell")
    assert said == ["Dragged out Bell.wav"]


def test_a_place_that_cannot_be_written_is_said(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    out = DragOut(folder=tmp_path / "file" / "out")
    said: list[str] = []
    out.message.connect(said.append)
    out.start_drag(widget, Clip.of(audio(), "Bell"), "Bell")
    assert drags.files == []
    assert len(said) == 1


class Later:
    """A runner whose jobs end when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, body: Any, *, title: str, done: Callable[[Any], None], failed: Any, **_: bool) -> None:
        self.waiting.append(lambda: done(run_inline(body)))

    def finish(self) -> None:
        self.waiting.pop(0)()


@pytest.fixture
def long_sound() -> Clip:
    return Clip.of(Audio(np.zeros((1, 8000 * 31), np.float32), 8000), "Long")


def test_a_long_sound_is_written_by_a_job_and_dragged_when_it_is_there(
    drags: Drags, widget: QWidget, tmp_path: Path, long_sound: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path, submit=runner)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    out.start_drag(widget, long_sound, "Long")
    out.start_drag(widget, long_sound, "Long")  # impatience starts nothing twice
    assert len(runner.waiting) == 1
    assert drags.files == []
    runner.finish()
    assert [path.name for path in drags.files] == ["Long.wav"]


def test_a_long_sound_whose_drag_was_given_up_is_ready_for_the_next(
    drags: Drags, widget: QWidget, tmp_path: Path, long_sound: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path, submit=runner)
    said: list[str] = []
    out.message.connect(said.append)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.NoButton)
    out.start_drag(widget, long_sound, "Long")
    runner.finish()
    assert drags.files == []
    assert said[-1] == "“Long” is ready: drag it now"
    out.start_drag(widget, long_sound, "Long")
    assert [path.name for path in drags.files] == ["Long.wav"]
    assert runner.waiting == []


def test_writing_never_happens_under_the_pointer(
    drags: Drags, widget: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path / "out", submit=runner)
    monkeypatch.setattr(QGuiApplication, "mouseButtons", lambda: Qt.MouseButton.LeftButton)
    out.start_drag(widget, Clip.of(audio(0.01), "Tick"), "Tick")
    assert not (tmp_path / "out").exists()
    runner.finish()
    assert [path.name for path in drags.files] == ["Tick.wav"]


def test_a_drag_that_was_seen_coming_finds_its_file(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path, submit=runner)
    bell = Clip.of(audio(), "Bell")
    out.prepare(bell, "Bell")
    out.prepare(bell, "Bell")
    runner.finish()
    assert (runner.waiting, drags.files) == ([], [])
    out.start_drag(widget, bell, "Bell")
    assert [path.name for path in drags.files] == ["Bell.wav"]


def test_what_was_prepared_for_nothing_makes_room_and_what_was_dragged_stays(
    drags: Drags, widget: QWidget, tmp_path: Path
) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path, submit=runner)
    sounds = [Clip.of(audio(), name) for name in ("Bell", "Rain", "Snow")]
    for sound in sounds:
        out.prepare(sound, sound.name)
        runner.finish()
    assert [path.name for path in tmp_path.rglob("*.wav")] == ["Snow.wav"]
    assert out.file_of(sounds[0], "Bell") is None
    out.start_drag(widget, sounds[2], "Snow")
    out.prepare(sounds[0], "Bell")
    runner.finish()
    assert sorted(path.name for path in tmp_path.rglob("*.wav")) == ["Bell.wav", "Snow.wav"]


def test_an_hour_of_sound_is_not_written_for_a_click(tmp_path: Path, long_sound: Clip) -> None:
    runner = Later()
    out = DragOut(folder=tmp_path, submit=runner)
    hour = Clip.of(Audio(np.broadcast_to(np.zeros((1, 1), np.float32), (8, 20_000_000)), 48_000), "Hour")
    out.prepare(hour, "Hour")
    assert runner.waiting == []
    out.prepare(long_sound, "Long")
    assert len(runner.waiting) == 1


def test_a_file_that_could_not_be_prepared_is_told_when_it_is_wanted(
    drags: Drags, widget: QWidget, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    out = DragOut(folder=tmp_path / "file" / "out")
    said: list[str] = []
    out.message.connect(said.append)
    bell = Clip.of(audio(), "Bell")
    out.prepare(bell, "Bell")
    assert said == []
    out.start_drag(widget, bell, "Bell")
    assert said == [f"Nothing can be dragged out: {tmp_path / 'file' / 'out'} cannot be written."]


def test_a_sound_that_was_dragged_may_go(drags: Drags, widget: QWidget, tmp_path: Path) -> None:
    out = DragOut(folder=tmp_path)
    bell = Clip.of(audio(), "Bell")
    out.start_drag(widget, bell, "Bell")
    gone = weakref.ref(bell)
    del bell
    gc.collect()
    assert gone() is None
    assert drags.files[0].is_file()


def test_a_drag_that_waits_for_its_file_says_so(
    widget: QWidget, tmp_path: Path, qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drag_out, "PATIENCE_MS", 1)
    out = DragOut(folder=tmp_path, submit=Later())
    with qtbot.waitSignal(out.message) as said:
        out.start_drag(widget, Clip.of(audio(), "Bell"), "Bell")
    assert said.args == ["Writing “Bell” for the drag; hold it until the file is there"]


def test_rows_are_not_chosen_while_a_drag_waits_for_its_file(drags: Drags, qtbot: Any, tmp_path: Path) -> None:
    document = Document()
    panel = LibraryPanel(document, drag_out=DragOut(folder=tmp_path, submit=Later()))
    panel.resize(240, 520)
    qtbot.addWidget(panel)
    panel.show()
    for name in ("Bell", "Rain"):
        document.add_take(Take.of(Clip.of(audio(), name), origin="render"))
    view = panel.takes
    rows = [view.visualRect(view.model().index(row, 0)).center() for row in range(3)]
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=rows[2])
    view.startDrag(Qt.DropAction.CopyAction)
    for at in (rows[1], rows[0]):
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            at.toPointF(),
            view.viewport().mapToGlobal(at).toPointF(),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QCoreApplication.sendEvent(view.viewport(), move)
    assert document.selected is not None
    assert document.selected.name == "Rain"
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=rows[0])
    assert document.selected.name == "Rain"
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=rows[1])
    assert document.selected.name == "Bell"


def test_only_old_files_are_cleaned_up(tmp_path: Path) -> None:
    for name, age_s in (("old", 8 * 24 * 3600), ("new", 3600)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Bell.wav").touch()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    run_inline(lambda: clean_steps(tmp_path))
    assert [p.name for p in tmp_path.iterdir()] == ["new"]
    run_inline(lambda: clean_steps(tmp_path / "nowhere"))


def test_a_take_is_dragged_out_of_the_library(drags: Drags, qtbot: Any, tmp_path: Path) -> None:
    document = Document()
    panel = LibraryPanel(document, drag_out=DragOut(folder=tmp_path))
    qtbot.addWidget(panel)
    panel.show()
    bell = Take.of(Clip.of(audio(), "Bell"), origin="render")
    document.add_take(bell)
    panel.set_live_clip(Clip.of(audio(0.5), "live"))
    view = panel.takes
    start = view.visualRect(view.currentIndex()).center()
    qtbot.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(view.viewport(), start + QPoint(0, 8 * step))
        QCoreApplication.processEvents()
    if not drags.files:  # a platform without a pointer sends no button with its moves
        view.startDrag(Qt.DropAction.CopyAction)
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton)
    assert drags.files[0].name == "Bell.wav"
    assert drags.ids[0] == bell.id
    document.select(None)
    view.startDrag(Qt.DropAction.CopyAction)
    assert drags.files[-1].name == "Live FM patch.wav"
    assert soundfile.info(drags.files[-1]).frames == round(0.5 * RATE)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
