"""What the window remembers between two starts: every key with its default, declared once.

Values are kept as JSON text in one small file, so they keep their types on every platform. A value that is missing,
damaged or out of its choices reads as its default: broken settings never prevent a start.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings

from app.playback.output import LATENCIES_MS, USUAL_LATENCY_MS

LAYOUT_VERSION = 2
"""Raised when the docks change so much that an old layout would hide something; an older layout is then left aside."""

SETTINGS_VARIABLE = "TONEWRIGHT_SETTINGS"
"""Environment variable that names another settings file (tests, a second set-up on one machine)."""

ZOOM_PERCENTS = (100, 125, 150, 200)


@dataclass(frozen=True, slots=True)
class Setting:
    """One remembered value: its name in the file, its default (which also fixes its type) and what it may be."""

    name: str
    default: Any
    choices: tuple[Any, ...] = ()

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` has the default's type and is one of the choices, where there are any."""
        if isinstance(self.default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(self.default):
            return False
        return not self.choices or value in self.choices


SETTINGS = (
    Setting("window/geometry", b""),
    Setting("window/layout", b""),
    Setting("window/layout_version", LAYOUT_VERSION),
    Setting("view/theme", "dark", ("dark", "light")),
    Setting("view/zoom_percent", 100, ZOOM_PERCENTS),
    Setting("view/motion", True),
    Setting("view/stage", {}),
    Setting("palette/recent", []),
    Setting("audio/device", ""),
    Setting("audio/latency_ms", USUAL_LATENCY_MS, LATENCIES_MS),
    Setting("audio/level_db", 0.0),
    Setting("audio/loop", False),
    Setting("edit/hear_while_turning", True),
    Setting("play/settings", {}),
    Setting("play/keyboard", False),
    Setting("play/keyboard_low", 48),
    Setting("play/keyboard_velocity", 100),
    Setting("midi/ports", {}),
    Setting("midi/controllers", {}),
    Setting("explore/mutate", 0.2),
    Setting("explore/randomise", 0.6),
    Setting("explore/sections", {}),
    Setting("explore/match", True),
    Setting("words/recent", []),
    Setting("words/form", {}),
    Setting("words/ranges", {}),
    Setting("words/shown", True),
    Setting("files/open_folder", ""),
    Setting("files/project_folder", ""),
    Setting("files/export_folder", ""),
    Setting("files/preset_folder", ""),
    Setting("presets/author", ""),
    Setting("presets/list", {}),
    Setting("export/preset_format", "json", ("json", "syx")),
    Setting("export/format", "WAV"),
    Setting("export/subtype", "same"),
    Setting("export/variations", {}),
)

_BY_NAME = {s.name: s for s in SETTINGS}
if len(_BY_NAME) != len(SETTINGS):
    raise ValueError("Two settings share a name.")


class Settings:
    """The remembered values; ``path`` chooses the file, by default the user's own."""

    def __init__(self, path: Path | None = None) -> None:
        if path is None and (elsewhere := os.environ.get(SETTINGS_VARIABLE)):
            path = Path(elsewhere)
        if path is not None:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)
        else:
            self._store = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "Tonewright", "Tonewright")

    @property
    def path(self) -> Path:
        return Path(self._store.fileName())

    def get(self, name: str) -> Any:
        """The remembered value, or the default; raises ``KeyError`` for a name that is not declared."""
        setting = _BY_NAME[name]
        text = self._store.value(name)
        if not isinstance(text, str):
            return setting.default
        try:
            value = json.loads(text)
            if isinstance(setting.default, bytes):
                value = base64.b64decode(value, validate=True)
        except (ValueError, TypeError):
            return setting.default
        return value if setting.accepts(value) else setting.default

    def set(self, name: str, value: Any) -> None:
        """Remember a value; raises ``ValueError`` for one of the wrong type or outside the choices."""
        setting = _BY_NAME[name]
        if not setting.accepts(value):
            raise ValueError(f"{name} cannot be {value!r}.")
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode("ascii")
        self._store.setValue(name, json.dumps(value))

    def forget(self, name: str) -> None:
        """Go back to the default."""
        self._store.remove(_BY_NAME[name].name)

    def save(self) -> None:
        """Write now; a disk that refuses is no reason to stop (the window then starts with defaults)."""
        self._store.sync()
