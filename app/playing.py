"""Playing what the stage shows: transport commands, the loop, and a playhead that moves only while it plays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from app.controls.time_axis import TimeAxis

if TYPE_CHECKING:
    from app.player import Player

PLAYHEAD_MS = 16


class Playing(QObject):
    """Between the player and the time axis of the stage."""

    def __init__(self, player: Player, axis: TimeAxis) -> None:
        super().__init__(player)
        self._player = player
        self._axis = axis
        self._loop = False
        self._clock = QTimer(self, interval=PLAYHEAD_MS, timerType=Qt.TimerType.PreciseTimer)
        self._clock.timeout.connect(self.follow)
        player.state_changed.connect(self._state)
        axis.seek_requested.connect(self.seek)
        axis.selection_changed.connect(self._follow_selection)

    def toggle(self) -> None:
        """Play or pause. A selection is played from its start to its end; paused inside of it, it goes on."""
        if self._player.state == "playing":
            self._player.pause()
            return
        selection = self._axis.selection
        if selection is None:
            self._player.play()
            return
        inside = selection.start_s <= self._player.position_s() < selection.end_s
        if self._player.state != "paused" or not inside:
            self._player.seek(selection.start_s)
        self._player.play(until_s=selection.end_s)

    def again(self) -> None:
        """Play from the start of the selection to its end, or the whole sound."""
        selection = self._axis.selection
        self.seek(selection.start_s if selection is not None else 0.0)
        self._player.play(until_s=selection.end_s if selection is not None else None)

    def on_from_here(self) -> None:
        """Play from the playhead to the end of the sound, whatever is selected."""
        self._player.play()

    def stop(self) -> None:
        self._player.stop()
        self.follow()

    def seek(self, position_s: float) -> None:
        self._player.seek(position_s)
        self.follow()

    def to_end(self) -> None:
        self.seek(self._axis.duration_s)

    def set_loop(self, on: bool) -> None:
        """Repeat the selection, or everything when nothing is selected."""
        self._loop = on
        self._apply_loop()

    def sound_changed(self) -> None:
        """Another sound, or the same one with another length, is on the stage."""
        self._apply_loop()
        self.follow()

    def follow(self) -> None:
        """Put the playhead where the player is."""
        self._axis.turns_pages = not self._player.is_struck
        self._axis.move_playhead(self._player.position_s())

    def _state(self, state: str) -> None:
        if state == "playing":
            self._clock.start()
        else:
            self._clock.stop()
        self.follow()

    def _follow_selection(self) -> None:
        """What plays to the end of the selection goes on to where that end is drawn to, or on when it is gone."""
        self._apply_loop()
        if self._player.state == "playing" and self._player.until_s is not None:
            selection = self._axis.selection
            self._player.play(until_s=selection.end_s if selection is not None else None)

    def _apply_loop(self) -> None:
        selection = self._axis.selection
        if not self._loop or self._axis.duration_s <= 0:
            self._player.set_loop(None)
        elif selection is not None:
            self._player.set_loop((selection.start_s, selection.end_s))
        else:
            self._player.set_loop((0.0, self._axis.duration_s))
