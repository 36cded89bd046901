"""Draws the window with sounds in it and reports what a person would call broken: clipped words, parts that overlap.

Run as a program, because Qt reads the scale and the platform when it starts: ``python look.py`` reads a line
``["OUT.png", "WIDTHxHEIGHT", "THEME", "STATE", "FILE", ...]`` for each window and answers with one, its findings.
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import combinations
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QRect
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QMenuBar,
    QSplitterHandle,
    QStyle,
    QStyleOptionComboBox,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.controls.plain import ElidedLabel

FLOATING = {"Palette", "DropOverlay", "RestVeil"}
"""Sheets that lie over the window on purpose."""


def name_of(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    words = text() if callable(text) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or widget.objectName() or words!r}"


def clipped_words(widget: QWidget) -> str | None:
    """What is wrong with the words of a standard widget, or ``None``."""
    metrics = widget.fontMetrics()
    if isinstance(widget, ElidedLabel):
        if metrics.height() > widget.height() + 1:
            return f"needs {metrics.height()} px of height, has {widget.height()}"
    elif isinstance(widget, QLabel) and widget.text() and "<" not in widget.text():
        room = widget.contentsRect().adjusted(widget.margin(), 0, -widget.margin(), 0)
        if widget.wordWrap():
            if widget.heightForWidth(widget.width()) > widget.height() + 1:
                return f"needs {widget.heightForWidth(widget.width())} px of height, has {widget.height()}"
        elif metrics.horizontalAdvance(widget.text()) > room.width() + 1:
            return f"needs {metrics.horizontalAdvance(widget.text())} px, has {room.width()}"
        elif metrics.height() > widget.height() + 1:
            return f"needs {metrics.height()} px of height, has {widget.height()}"
    elif isinstance(widget, QAbstractButton) and (widget.text() or not widget.icon().isNull()):
        shows_text = (
            not isinstance(widget, QToolButton)
            or widget.icon().isNull()
            or "beside" in str(widget.toolButtonStyle()).lower()
        )
        if shows_text and widget.sizeHint().width() > widget.width() + 1:
            return f"needs {widget.sizeHint().width()} px, has {widget.width()}"
    elif isinstance(widget, QComboBox):
        option = QStyleOptionComboBox()
        widget.initStyleOption(option)
        field = widget.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, widget
        )
        if metrics.horizontalAdvance(widget.currentText()) > field.width() + 1:
            return f"needs {metrics.horizontalAdvance(widget.currentText())} px, has {field.width()}"
    elif isinstance(widget, QLineEdit):
        words = widget.text() or widget.placeholderText()
        if metrics.horizontalAdvance(words) > widget.width():
            return f"needs {metrics.horizontalAdvance(words)} px, has {widget.width()}"
    return None


def is_scrolled(widget: QWidget) -> bool:
    """Whether a scroll area shows only a part of the widget on purpose."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent.parentWidget(), QAbstractScrollArea) and parent is parent.parentWidget().viewport():
            return True
        parent = parent.parentWidget()
    return False


def is_behind(widget: QWidget) -> bool:
    """Whether it lies in a dock behind another one: Qt keeps those outside the window, and their tabs with them."""
    place: QWidget | None = widget
    while place is not None and not place.isWindow():
        if isinstance(place, QDockWidget | QTabBar) and isinstance(place.parentWidget(), QMainWindow):
            return isinstance(place, QTabBar) or place.visibleRegion().isEmpty()
        place = place.parentWidget()
    return False


def problems(window: QWidget) -> list[str]:
    """Everything that is clipped, sticks out of its parent, or lies over its neighbour."""
    found: list[str] = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.isWindow() or type(widget).__name__ in FLOATING or is_behind(widget):
            continue
        if isinstance(widget.parentWidget(), QAbstractItemView | QMenuBar) and widget.size().isEmpty():
            continue
        words = clipped_words(widget)
        if words:
            found.append(f"clipped: {name_of(widget)} {words}")
        parent = widget.parentWidget()
        inside = parent.rect().adjusted(-1, -1, 1, 1)
        if (
            not is_scrolled(widget)
            and not inside.contains(widget.geometry())
            and not isinstance(widget, QSplitterHandle)
        ):
            found.append(f"sticks out: {name_of(widget)} {widget.geometry().getRect()} of {parent.rect().getRect()}")
    for parent in [window, *window.findChildren(QWidget)]:
        if not parent.isVisible() or is_behind(parent):
            continue
        children = [c for c in parent.children() if isinstance(c, QWidget) and c.isVisible() and not c.isWindow()]
        children = [c for c in children if type(c).__name__ not in FLOATING and not isinstance(c, QSplitterHandle)]
        children = [c for c in children if not is_behind(c)]
        for one, other in combinations(children, 2):
            common = one.geometry().intersected(other.geometry())
            if not common.isEmpty() and not isinstance(parent, QAbstractScrollArea | QComboBox | QLineEdit | QMenuBar):
                found.append(f"overlap: {name_of(one)} and {name_of(other)} in {name_of(parent)} by {common.getRect()}")
    screen = QRect(QPoint(0, 0), window.size())
    if window.minimumSizeHint().width() > screen.width() or window.minimumSizeHint().height() > screen.height():
        found.append(f"too small: the parts need {window.minimumSizeHint().toTuple()}, the window is {screen.size()}")
    return found


def problems_of_pages(session: object) -> list[str]:
    """What is wrong on any page of the FM panel."""
    from app.panels.fm import TABS

    found: list[str] = []
    for page in (2, 6, *TABS):
        choose = session.fm.choose_operator if isinstance(page, int) else session.fm.choose_section
        choose(page)
        for _ in range(3):
            QApplication.processEvents()
        found += [f"page {page}: {flaw}" for flaw in problems(session.fm)]
    return found


def problems_of_the_object(session: object) -> list[str]:
    """What is wrong on any page of the impact panel."""
    found: list[str] = []
    for page in session.impact.tabs.tabs:
        session.impact.choose_section(page)
        for _ in range(3):
            QApplication.processEvents()
        found += [f"page {page}: {flaw}" for flaw in problems(session.impact)]
    return found


def look(app: QApplication, target: str, size: str, theme: str, state: str, *files: str) -> list[str]:
    """Draw one window into ``target``; what is wrong with it."""
    from app.compose import Session
    from app.screenshot import is_settled, wait_until
    from app.settings import Settings

    width, height = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.ini")
        settings.set("view/theme", theme)
        session = Session(app, engine="fake", settings=settings, sound=False, keep_safe=False, warm=False)
        session.window.resize(width, height)
        session.window.show()
        session.opening.open([Path(f) for f in files])
        session.live.render(session.document.patch)
        wait_until(app, lambda: is_settled(session), 60)
        shown = prepare(session, state)
        app.processEvents()
        findings = problems(session.window)
        if state == "pages":
            findings += problems_of_pages(session)
        if state == "object":
            findings += problems_of_the_object(session)
        if shown is not session.window:
            findings += problems(shown)
        if session.window.size().toTuple() != (width, height):
            findings.append(f"the window became {session.window.size().toTuple()} instead of {size}")
        shown.grab().save(target)
        session.close()
        session.window.may_close = lambda: True
        session.window.close()
        session.window.deleteLater()
        session.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    return findings


def main() -> int:
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(look(app, *json.loads(line))) + "\n")
        sys.stdout.flush()
    return 0


def prepare(session: object, state: str) -> QWidget:
    """Bring the window into a state worth looking at and return what to look at."""
    if state == "palette":
        session.window.palette_.open()
        session.window.palette_.field.setText("zoom")
    elif state == "jobs":
        session.actions["view.jobs"].trigger()
        session.messages.warning(
            "The file is cut short: 12.3 s of 20 s are there. What is there was opened.", "Show it"
        )
    elif state == "pages":
        session.fm.set_algorithm(1)
    elif state == "object":
        from engine.params import Patch

        values = {"shape": 4.0, "material": 1.0, "contact_db": -12.0, "room": 0.3, "hollowness": 0.4}
        session.document.set_patch(Patch("impact", values, name="A bell with a name that is rather long"), "Load")
        session.impact.control("room").set_locked(True)
    elif state == "live":
        session.document.select(None)
    elif state == "match":
        bar = session.matching.bar
        bar.begin(session.document.selected.name, "Impact")
        bar.show_progress(0.4, "Refining", 9.1)
        bar.show_result("the nearest preset: 9.3 dB", [6.1, 6.5, 7.0, 7.5])
    elif state.startswith("words"):
        from app.screenshot import wait_until

        dreaming, ask = session.dreaming, session.dreaming.panel.ask
        ask.more.setChecked(state == "words and more")
        ask.prompt.setText("a wooden spoon on a metal pot")
        ask.dream.click()
        wait_until(QApplication.instance(), lambda: len(dreaming.panel.line.points) > 12, 60)
        dreaming.view.choose(1)
    elif state == "export":
        session.actions["take.export"].trigger()
        return session.commands.export_dialog
    elif state == "presets":
        session.library.search.setText("bass synth:fm")
        session.library.browser.step(1)
        QApplication.processEvents()
        session.document.audition("op1_ratio", 3.0)
    elif state == "preset save":
        session.actions["preset.save_as"].trigger()
        return session.preset_commands.dialog
    elif state == "preset export":
        from engine.project.presets import Preset

        session.settings.set("export/preset_format", "syx")
        session.preset_commands._ask_export([Preset(session.document.patch)])
        return session.preset_commands.dialog
    elif state == "preferences":
        session.actions["app.preferences"].trigger()
        session.commands.preferences.zoom.setCurrentIndex(1)
        return session.commands.preferences
    elif state == "unsaved":
        session.actions["take.keep"].trigger()
        session.window.close()
        return session.commands.question
    return session.window


if __name__ == "__main__":
    sys.exit(main())
