"""A hand without a plan: random things that a person can do to the whole window, the same ones for the same seed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QDialog, QMenu, QSpinBox, QToolButton, QWidget
from shiboken6 import isValid

from app.actions import ACTIONS
from app.compose import Session
from app.controls.time_axis import Selection
from app.panels.explore_menus import lock_menu as locks_menu
from app.panels.explore_menus import sections_menu, slot_menu
from app.panels.fm import TABS
from app.panels.fm_menu import operator_menu
from app.panels.fm_sections import SECTIONS
from app.panels.paged import PagedPanel
from app.panels.section_locks import add_locks
from app.panels.section_menu import section_menu
from engine.audio import Audio, write_clip
from engine.params import FM_SPACE, IMPACT_SPACE, Patch

LEAVE_ALONE = {"app.quit", "view.full_screen"}
KEYS = [
    *(Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Home, Qt.Key.Key_End),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Delete, Qt.Key.Key_F2),
    *(Qt.Key.Key_L, Qt.Key.Key_Z, Qt.Key.Key_H, Qt.Key.Key_5, Qt.Key.Key_PageUp, Qt.Key.Key_Minus),
]
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
]


class Monkey:
    """Acts on ``session``; ``done`` is what it did, for whoever has to find out what went wrong."""

    def __init__(self, session: Session, seed: int, folder: Path) -> None:
        self.session = session
        self.rng = random.Random(seed)
        self.folder = folder
        self.done: list[str] = []
        self.sounds = self._make_sounds()
        # A real drag waits for the mouse button, which nobody holds.
        session.drag_out._drag = lambda *_: None  # type: ignore[method-assign]
        self.moves: list[tuple[int, Callable[[], object]]] = [
            (5, self.open_sounds),
            (2, self.remove_take),
            (4, self.undo_or_redo),
            (5, self.select_take),
            (6, self.turn_knob),
            (3, self.drag_something),
            (3, self.click_something),
            (2, self.wheel_something),
            (3, self.press_key),
            (2, self.context_menu),
            (3, self.preset),
            (3, self.strike),
            (2, self.object_page),
            (2, self.lock),
            (5, self.explore),
            (5, self.words),
            (3, self.page),
            (2, self.algorithm),
            (2, self.panel_menu),
            (2, self.pull_in_the_graph),
            (6, self.play),
            (3, self.select_range),
            (3, self.move_view),
            (8, self.any_action),
            (1, self.theme),
            (2, self.save_or_load),
            (1, self.export),
            (2, self.keep),
            (2, self.show_or_hide_a_panel),
            (2, self.resize),
            (2, self.stage_setting),
            (1, self.search_library),
            (1, self.palette),
            (1, self.note),
            (1, self.cancel_a_job),
            (1, self.new_project),
        ]

    def act(self) -> None:
        """One random thing, and a little time for it."""
        weights, moves = [w for w, _ in self.moves], [m for _, m in self.moves]
        move = self.rng.choices(moves, weights)[0]
        self.done.append(move.__name__)
        move()
        self.live(self.rng.choice((0.0, 0.0, 0.01, 0.03)))
        self.close_what_popped_up()

    def live(self, seconds: float) -> None:
        """Let the window live for a moment."""
        until = time.monotonic() + seconds
        QCoreApplication.processEvents()
        while time.monotonic() < until:
            time.sleep(0.002)
            QCoreApplication.processEvents()

    def close_what_popped_up(self) -> None:
        for _ in range(5):
            if (popup := QApplication.activePopupWidget()) is None:
                break
            popup.close()
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, QDialog) and widget.isVisible():
                widget.reject()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    # -- files and takes -------------------------------------------------------------------------------------------

    def _make_sounds(self) -> list[Path]:
        rng = np.random.default_rng(1)
        paths = []
        for name, rate, channels, seconds, subtype in (
            ("short.wav", 48_000, 1, 0.01, "PCM_16"),
            ("stereo.flac", 44_100, 2, 1.5, "PCM_24"),
            ("eight.wav", 22_050, 8, 0.4, "FLOAT"),
            ("long.wav", 8_000, 1, 120.0, "PCM_16"),
        ):
            noise = rng.uniform(-0.5, 0.5, (channels, round(rate * seconds))).astype(np.float32)
            paths.append(write_clip(Audio(noise, rate), self.folder / name, subtype=subtype))
        (self.folder / "no sound.wav").write_text("buy milk", encoding="utf-8")
        cut = self.folder / "cut short.wav"
        cut.write_bytes(paths[0].read_bytes()[:300])
        return [*paths, self.folder / "no sound.wav", cut, self.folder / "gone.wav"]

    def open_sounds(self) -> None:
        self.session.opening.open(self.rng.sample(self.sounds, self.rng.randint(1, 3)))

    def remove_take(self) -> None:
        takes = self.session.document.takes
        if takes:
            self.session.document.remove_take(self.rng.choice(takes).id)

    def select_take(self) -> None:
        ids = [None, *(take.id for take in self.session.document.takes)]
        self.session.document.select(self.rng.choice(ids))

    def keep(self) -> None:
        self.session.actions["take.keep"].trigger()

    def save_or_load(self) -> None:
        path = self.folder / f"{self.rng.choice('ab')}.tonewright"
        if self.rng.random() < 0.6 or not path.exists():
            self.session.document.file.save(path, view=self.session.view_state())
        else:
            self.session.document.file.load(path)

    def export(self) -> None:
        clip = self.session.shown
        if clip is not None and clip.n_frames:
            suffix = self.rng.choice(("wav", "flac", "ogg", "mp3"))
            self.session.commands._write(clip, self.folder / f"out.{suffix}", None)

    def new_project(self) -> None:
        self.session.document.file.new_project()

    # -- the patch -------------------------------------------------------------------------------------------------

    def turn_knob(self) -> None:
        panel = self._panel()
        param = self.rng.choice([param for param in panel.space if param.count == 1])
        control = panel.control(param.name)
        for _ in range(self.rng.randint(1, 6)):
            panel.on_moved({param.name: param.from_unit(self.rng.random())})
            self.live(0.002)
        if self.rng.random() < 0.8:
            control.enter(param.from_unit(self.rng.random()))
        else:
            self.session.document.revert()

    def _panel(self) -> PagedPanel:
        """The panel of one of the instruments, live or not."""
        return self.rng.choice(list(self.session.panels.values()))

    def strike(self) -> None:
        striking = self.session.striking
        if self.rng.random() < 0.8:
            striking.strike(self.rng.random(), self.rng.random(), self.rng.randint(1, 127))
        else:
            striking.damp_all()

    def object_page(self) -> None:
        self.session.impact.choose_section(self.rng.choice(list(self.session.impact.tabs.tabs)))

    def preset(self) -> None:
        document = self.session.document
        space = self._panel().space
        values = {p.name: p.from_unit(self.rng.random()) for p in space if p.count == 1 and self.rng.random() < 0.3}
        patch = Patch(space.name, values, seed=self.rng.randrange(100), name=self.rng.choice(("Bell", "Growl", "")))
        move = self.rng.choice((document.audition_patch, lambda p: document.set_patch(p, "Load")))
        move(patch)
        if self.rng.random() < 0.3:
            document.revert()

    def lock(self) -> None:
        menu, section = QMenu(self.session.fm), f"Operator {self.rng.randint(1, 6)}"
        add_locks(menu, self.session.document, FM_SPACE.names_in(section), section)
        self.rng.choice([action for action in menu.actions() if not action.isSeparator()]).trigger()
        menu.deleteLater()

    def explore(self) -> None:
        parts, fm = self.session.explore, self.session.fm
        desk, slot = parts.desk, self.rng.randrange(4)

        def from_a_menu() -> None:
            menus = (slot_menu(desk, slot, fm), sections_menu(parts.explore, fm), locks_menu(self.session.document, fm))
            entries = [a for a in self.rng.choice(menus).actions() if a.isEnabled() and not a.isSeparator()]
            self.rng.choice(entries).trigger()
            for menu in menus:
                menu.deleteLater()

        def morph() -> None:
            for _ in range(self.rng.randint(1, 4)):
                desk.audition_morph(share := self.rng.choice((0.0, self.rng.random(), 1.0)))
            self.rng.choice((lambda: desk.commit_morph(share), desk.revert_morph, lambda: desk.go(slot)))()

        def copy() -> None:
            desk.copy(slot, self.rng.randrange(4))

        self.rng.choice((lambda: desk.go(slot), desk.toggle, from_a_menu, morph, copy))()

    def words(self) -> None:
        """Let words turn the knobs, and look at what they find in every way."""
        dreaming = self.session.dreaming
        view, panel = dreaming.view, dreaming.panel
        move = self.rng.choice(
            (
                lambda: panel.ask.prompt.setText(self.rng.choice(("a knock", "a long bright bell", "", "???"))),
                lambda: panel.ask.reach.enter(self.rng.random()),
                dreaming.dream,
                dreaming.dream,
                dreaming.stop,
                dreaming.branch,
                dreaming.accept,
                dreaming.discard,
                dreaming.takes.imagine,
                lambda: view.choose(self.rng.choice((0, 1, 5, "before", "wanted"))),
                lambda: view.point(self.rng.choice((0, 3, "before", "wanted")), self.rng.random() < 0.5),
                lambda: view.scrub(self.rng.randint(-1, 8)),
                lambda: view.show_original(self.rng.random() < 0.5),
                lambda: self.live(0.5),
            )
        )
        move()

    def page(self) -> None:
        fm = self.session.fm
        move = self.rng.choice((fm.choose_operator, fm.select_operator, fm.bring_up, fm.choose_section))
        if move == fm.choose_section:
            move(self.rng.choice(TABS))
        else:
            move(self.rng.choice(FM_SPACE.params).name if move == fm.bring_up else self.rng.randint(1, 6))

    def algorithm(self) -> None:
        self.session.fm.set_algorithm(self.rng.randint(1, 32))

    def panel_menu(self) -> None:
        document, fm = self.session.document, self.session.fm
        sections = self.rng.choice(list(SECTIONS.values()))
        menu = self.rng.choice(
            (
                lambda: operator_menu(document, self.rng.randint(1, 6), fm),
                lambda: section_menu(document, FM_SPACE, sections, "these", fm),
                lambda: section_menu(document, IMPACT_SPACE, IMPACT_SPACE.sections, "it all", fm),
            )
        )()
        if usable := [a for a in menu.actions() if a.isEnabled() and not a.isSeparator()]:
            self.rng.choice(usable).trigger()
        menu.deleteLater()

    def pull_in_the_graph(self) -> None:
        graph = self.session.fm.routing.graph
        if not graph.isVisible():
            self.session.fm.choose_section(TABS[0])
        if graph.isVisible():
            start, end = (graph.place_of(self.rng.randint(1, 6)).toPoint() for _ in range(2))
            QTest.mousePress(graph, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
            QTest.mouseMove(graph, start + (end - start) / 2)
            QTest.mouseMove(graph, end)
            QTest.mouseRelease(graph, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)

    def note(self) -> None:
        piano = self.session.fm.piano
        piano._press(self.rng.randint(30, 90), self.rng.randint(1, 127))
        piano._release()

    def undo_or_redo(self) -> None:
        for _ in range(self.rng.randint(1, 4)):
            self.session.actions[self.rng.choice(("edit.undo", "edit.redo"))].trigger()

    # -- playing and looking ---------------------------------------------------------------------------------------

    def play(self) -> None:
        playing, axis = self.session.playing, self.session.stage.axis
        self.rng.choice(
            (
                *(playing.toggle, playing.toggle, playing.again, playing.on_from_here, playing.stop, playing.to_end),
                lambda: playing.seek(self.rng.uniform(-1.0, axis.duration_s + 1.0)),
                self.session.actions["play.loop"].trigger,
            )
        )()

    def select_range(self) -> None:
        axis = self.session.stage.axis
        a, b = sorted(self.rng.uniform(0.0, max(axis.duration_s, 0.001)) for _ in range(2))
        band = (100.0, 4000.0) if self.rng.random() < 0.3 else (None, None)
        axis.select(Selection(a, b, *band) if self.rng.random() < 0.8 else None)

    def move_view(self) -> None:
        axis = self.session.stage.axis
        self.rng.choice(
            (
                lambda: axis.zoom(self.rng.choice((0.1, 0.6, 1.6, 30.0)), self.rng.uniform(0.0, axis.duration_s)),
                lambda: axis.pan(self.rng.uniform(-5.0, 5.0)),
                axis.show_all,
                axis.show_selection,
            )
        )()

    def stage_setting(self) -> None:
        boxes = [box for box in self.session.stage.findChildren(QComboBox) if box.isVisibleTo(self.session.stage)]
        if boxes:
            box = self.rng.choice(boxes)
            box.setCurrentIndex(self.rng.randrange(box.count()))

    # -- the window ------------------------------------------------------------------------------------------------

    def any_action(self) -> None:
        action_id = self.rng.choice([a.id for a in ACTIONS if a.id not in LEAVE_ALONE])
        self.done[-1] = action_id
        self.session.actions[action_id].trigger()

    def theme(self) -> None:
        self.session.commands.set_theme(self.rng.choice(("dark", "light")))

    def show_or_hide_a_panel(self) -> None:
        dock = self.session.window.panel(self.rng.choice(("library", "fm", "impact", "jobs")))
        if self.rng.random() < 0.2:
            dock.setFloating(not dock.isFloating())
        else:
            dock.setVisible(not dock.isVisible())

    def resize(self) -> None:
        self.session.window.resize(*self.rng.choice(((1, 1), (960, 540), (1366, 768), (2560, 1440), (961, 1300))))

    def search_library(self) -> None:
        self.session.library.search.setText(self.rng.choice(("", "", "st", "long", "nothing like that", "  ")))

    def palette(self) -> None:
        palette = self.session.window.palette_
        palette.open()
        QTest.keyClicks(palette.field, self.rng.choice(("loop", "zoom", "xyzzy", "")))
        palette.leave()

    def cancel_a_job(self) -> None:
        for runner in (self.session.studio.live, self.session.studio.work):
            if pending := runner.pending():
                self.session.jobs.cancel(self.rng.choice(pending))

    # -- mouse and keys anywhere -----------------------------------------------------------------------------------

    def _anything(self) -> tuple[QWidget, QPoint] | None:
        """A visible part of the window and a place on it. Buttons with a menu wait for an answer, so they are left."""
        window = self.session.window
        parts = [
            w
            for w in window.findChildren(QWidget)
            if w.isVisible()
            and w.isEnabled()
            and w.width() > 0
            and w.height() > 0
            and not w.isWindow()
            and not isinstance(w, QSpinBox)
            and not (isinstance(w, QToolButton) and w.menu() is not None)
        ]
        if not parts:
            return None
        part = self.rng.choice(parts)
        self.done[-1] += f" {type(part).__name__}"
        return part, QPoint(self.rng.randrange(part.width()), self.rng.randrange(part.height()))

    def click_something(self) -> None:
        if found := self._anything():
            part, at = found
            button = self.rng.choice(
                (Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton)
            )
            click = QTest.mouseDClick if self.rng.random() < 0.2 else QTest.mouseClick
            click(part, button, self.rng.choice(MODIFIERS), at)

    def drag_something(self) -> None:
        if found := self._anything():
            part, at = found
            keys = self.rng.choice(MODIFIERS)
            QTest.mousePress(part, Qt.MouseButton.LeftButton, keys, at)
            for _ in range(self.rng.randint(1, 5)):
                at = at + QPoint(self.rng.randint(-60, 60), self.rng.randint(-40, 40))
                QTest.mouseMove(part, at)
                self.live(0.0)
                if not isValid(part):
                    return  # A job that ended has taken it from under the hand.
            QTest.mouseRelease(part, Qt.MouseButton.LeftButton, keys, at)

    def wheel_something(self) -> None:
        if found := self._anything():
            part, at = found
            QApplication.sendEvent(
                part,
                QWheelEvent(
                    QPointF(at),
                    QPointF(part.mapToGlobal(at)),
                    QPoint(),
                    QPoint(0, self.rng.choice((-120, 120, 15, -480))),
                    Qt.MouseButton.NoButton,
                    self.rng.choice(MODIFIERS),
                    Qt.ScrollPhase.NoScrollPhase,
                    False,
                ),
            )

    def press_key(self) -> None:
        target = QApplication.focusWidget() or self.session.window
        QTest.keyClick(target, self.rng.choice(KEYS), self.rng.choice(MODIFIERS))

    def context_menu(self) -> None:
        if found := self._anything():
            part, at = found
            event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, part.mapToGlobal(at))
            QApplication.sendEvent(part, event)
