"""Training the voice: what is learned from, and that no text is on two sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import BadUsage
from engine.training.voice_texts import N_HELD_OUT, read_voice, side_of_texts, takes_of, text_key


def test_takes_of_one_text_stay_on_one_side(shared_data: Path) -> None:
    takes = read_voice([shared_data / "voice"])
    sides = side_of_texts(takes)
    assert sides == side_of_texts(list(reversed(takes)))
    for side in ("test", "validation"):
        assert sum(found == side for found in sides.values()) == N_HELD_OUT
        assert len(takes_of(takes, side, once=True)) == N_HELD_OUT
    texts = {side: {text_key(take.text) for take in takes_of(takes, side)} for side in ("train", "validation", "test")}
    assert not texts["train"] & texts["test"]
    assert not texts["train"] & texts["validation"]
    assert not texts["validation"] & texts["test"]
    assert sum(len(takes_of(takes, side)) for side in ("train", "validation", "test")) == len(takes)


def test_a_text_is_the_same_however_it_is_written() -> None:
    assert text_key("Will we ever forget it.") == text_key(" will we  ever, forget it?")


@pytest.mark.parametrize("table", ["", "name|words\n", "file|text\na.wav\n", "file|text\n"])
def test_a_folder_without_texts_is_said(tmp_path: Path, table: str) -> None:
    (tmp_path / "metadata.csv").write_text(table)
    with pytest.raises(BadUsage):
        read_voice([tmp_path])
    with pytest.raises(BadUsage, match=r"metadata\.csv"):
        read_voice([tmp_path / "none"])
