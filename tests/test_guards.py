"""The tests' own guards: each kind of slip fails the test that made it, and only that one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

SLIPS = """
import logging, threading, time
import pytest
from PySide6.QtCore import QSettings, qWarning
from PySide6.QtWidgets import QWidget

def test_slip_log(): logging.getLogger("engine").warning("stray")
def test_slip_qt(): qWarning("stray")
def test_slip_thread(): threading.Thread(target=time.sleep, args=(30,), name="stray", daemon=True).start()
def test_slip_window(qapp): global kept; kept = QWidget(objectName="stray"); kept.show()
def test_slip_unheard_log(expect_log): expect_log("never said")
def test_slip_unheard_qt(expect_qt): expect_qt("never said")

def test_fine_log(expect_log): expect_log("^WARNING engine: stray$"); logging.getLogger("engine").warning("stray")
def test_fine_quiet_log(): logging.getLogger("engine").info("for those who listen")
def test_fine_qt(expect_qt): expect_qt("stray"); qWarning("stray")
def test_fine_thread(): threading.Thread(target=time.sleep, args=(0.2,)).start()
def test_fine_window(qtbot): w = QWidget(); qtbot.addWidget(w); w.show(); w.raise_()
def test_fine_cycle(qapp): w = QWidget(); w.me = w; w.close()
def test_fine_settings(tmp_path_factory):
    settings = QSettings("Tonewright", "Tonewright")
    assert str(tmp_path_factory.getbasetemp()) in settings.fileName()
    assert not settings.contains("n")
    settings.setValue("n", 1)
test_fine_settings_again = test_fine_settings

@pytest.mark.sound
def test_needs_sound(): pass
@pytest.mark.screen
def test_needs_screen(): pass
@pytest.mark.data
def test_needs_data(): pass
"""


def outcomes(folder: Path, env: dict[str, str], which: str = "test") -> dict[str, str]:
    """Run the slips under the real conftest in a repository that has nothing beside it; outcome by test name."""
    tests = folder / "repo" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("conftest.py"), tests)
    (tests / "test_slips.py").write_text(SLIPS)
    ini = "[pytest]\nqt_api=pyside6\naddopts=--no-qt-log -p no:cacheprovider\nmarkers=\n sound\n screen\n data\n gpu\n"
    (folder / "repo" / "pytest.ini").write_text(ini)
    report = folder / "report.xml"
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", which, f"--junit-xml={report}", f"--basetemp={folder / 'tmp'}"],
        cwd=folder / "repo",
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    found: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in {"failure", "error", "skipped"}]
        name = case.get("name", "")
        found[name] = kinds[0] if kinds else found.get(name, "passed")
    return found


@pytest.fixture
def bare_env() -> dict[str, str]:
    """An environment without sound server, display, recordings or CI."""
    kept = {"PATH", "HOME", "QT_QPA_PLATFORM", "SYSTEMROOT", "LANG", "LC_ALL", "TMPDIR", "TEMP"}
    return {k: v for k, v in os.environ.items() if k in kept}


def test_every_slip_fails_its_own_test_and_nothing_else(tmp_path: Path, bare_env: dict[str, str]) -> None:
    found = outcomes(tmp_path, bare_env)
    assert len(found) == 17
    for name, outcome in found.items():
        expected = {"slip": "error", "fine": "passed", "needs": "skipped"}[name.split("_")[1]]
        assert outcome == expected, f"{name}: {outcome}"


def test_under_ci_what_is_missing_fails_instead_of_being_skipped(tmp_path: Path, bare_env: dict[str, str]) -> None:
    (tmp_path / "shared").mkdir()
    found = outcomes(tmp_path, {**bare_env, "CI": "true"}, "needs")
    assert {found[n] for n in ("test_needs_sound", "test_needs_screen", "test_needs_data")} == {"error"}
