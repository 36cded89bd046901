"""The library's small pictures come by themselves, in turn, and only for the rows that are looked at."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.bridge import Bridge
from app.document import Document
from app.panels.library import LibraryPanel
from app.panels.library_model import THUMBNAIL_ROLE
from app.thumbnails import LONGEST_S, Thumbnails
from engine.audio import Audio, Clip
from engine.audio.values import ArraySource
from engine.errors import AudioUnreadable
from engine.project.take import Take
from engine.studio import Studio

RATE = 8000


def sound(peak: float, n_frames: int = RATE) -> Clip:
    return Clip.of(Audio(np.full((1, n_frames), peak, np.float32), RATE), "sound")


class Gone(ArraySource):
    """A file on a disk that was pulled out."""

    def read(self, start: int, n: int):
        raise AudioUnreadable("The disk has gone.")


@pytest.fixture
def studio(qtbot: QtBot):
    bridge = Bridge()
    studio = Studio(bridge.listener, kind="fake")
    yield studio, bridge
    studio.close(3.0)
    bridge.close()


def test_rows_in_sight_get_their_pictures_without_being_chosen(studio, qtbot: QtBot) -> None:
    document = Document()
    panel = LibraryPanel(document)
    qtbot.addWidget(panel)
    runner, bridge = studio
    thumbnails = Thumbnails(runner.live, bridge, panel.set_pyramid, panel)
    panel.model.thumbnail_wanted.connect(thumbnails.want)
    panel.resize(248, 500)
    panel.show()
    document.add_takes([Take.of(sound(n / 100)) for n in range(1, 60)], "Add")
    rows = [panel.model.index(n) for n in (1, 2, 3)]
    qtbot.waitUntil(lambda: all(row.data(THUMBNAIL_ROLE) is not None for row in rows) and not thumbnails.busy)
    np.testing.assert_allclose(rows[1].data(THUMBNAIL_ROLE)[1], 0.02, atol=1e-3)
    assert len(panel.model._thumbnails) < 30, "rows far below were not read"
    panel.takes.scrollToBottom()
    qtbot.waitUntil(lambda: panel.model.index(59).data(THUMBNAIL_ROLE) is not None)


def test_a_sound_that_went_away_and_one_that_is_long_are_left_out_in_silence(studio, qtbot: QtBot) -> None:
    runner, bridge = studio
    shown: list[Clip] = []
    failed: list[object] = []
    bridge.failed.connect(lambda job, error: failed.append(error))
    thumbnails = Thumbnails(runner.live, bridge, lambda clip, pyramid: shown.append(clip))
    gone = Clip(Gone(Audio(np.zeros((1, RATE), np.float32), RATE)), "gone")
    last = sound(0.5)
    long = Clip.of(Audio(np.zeros((1, int(LONGEST_S * 10) + 1), np.float32), 10), "long")
    for clip in (gone, long, last):
        thumbnails.want(clip)
    qtbot.waitUntil(lambda: not thumbnails.busy)
    assert shown == [last]
    assert failed == []
