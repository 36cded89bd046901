"""How a sound came about and under which terms goes with it through every way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.about import MOST_LETTERS, NOTHING, About
from engine.audio import Audio, Clip, describe, open_clip, write_clip
from engine.cli import main
from engine.params import Patch
from engine.project.part import part_of
from engine.project.project import Project
from engine.project.store import load_project, save_project
from engine.project.take import Take
from engine.sds import credit
from engine.sds.bounds import Bounds
from engine.sds.result import TuneRequest

RATE = 48_000
ABOUT = About("Imagined from the words “a bell · ü” by AudioLDM 2, seed 3", "AudioLDM 2, weights under CC BY-NC-SA 4.0")


def bell(about: About = ABOUT) -> Clip:
    return Clip.of(Audio(np.full((1, RATE), 0.25, np.float32), RATE), "bell", about=about)


@pytest.mark.parametrize("name", ["a.wav", "a.rf64", "a.flac", "a.ogg", "a.opus", "a.aiff", "a.caf"])
def test_it_is_in_the_file_and_in_a_copy_of_a_part_of_it(name: str, tmp_path: Path) -> None:
    opened = open_clip(write_clip(bell(), tmp_path / name))
    assert opened.about == ABOUT
    assert opened.n_frames == pytest.approx(RATE, abs=2)
    for part in (part_of(opened, 0.1, 0.5), part_of(opened, 0.1, 0.5, 200.0, 2000.0)):
        assert open_clip(write_clip(part, tmp_path / "part.wav", overwrite=True)).about == ABOUT


def test_an_mp3_says_it_in_its_only_text(tmp_path: Path) -> None:
    assert open_clip(write_clip(bell(), tmp_path / "a.mp3")).about == About(f"{ABOUT.made} {ABOUT.licence}")


def test_a_wav_says_it_where_every_program_looks(tmp_path: Path) -> None:
    data = write_clip(bell(), tmp_path / "a.wav").read_bytes()
    at = data.index(b"LIST")
    assert data[at + 8 : at + 12] == b"INFO"
    assert ABOUT.made.encode() in data[data.index(b"ICMT") :]
    assert ABOUT.licence.encode() in data[data.index(b"ICOP") :]
    assert b"Tonewright" in data[data.index(b"ISFT") :]


def test_a_sound_of_nobody_s_words_stays_without(tmp_path: Path) -> None:
    assert b"LIST" not in write_clip(bell(NOTHING), tmp_path / "a.wav").read_bytes()
    assert open_clip(tmp_path / "a.wav").about == NOTHING


def test_info_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_clip(bell(), tmp_path / "a.wav")
    assert describe(path).to_json()["about"] == {"made": ABOUT.made, "licence": ABOUT.licence}
    assert main(["info", str(path)]) == 0
    told = capsys.readouterr().out
    assert f"Made:     {ABOUT.made}" in told
    assert f"Licence:  {ABOUT.licence}" in told


def test_a_strange_file_cannot_command_a_terminal() -> None:
    about = About("a\x1b[2J\nb" + "x" * 9000, "c\x00d")
    assert about.made.startswith("a [2J b")
    assert len(about.made) <= MOST_LETTERS
    assert about.licence == "c d"


def test_a_patch_keeps_it_through_its_file_and_its_changes() -> None:
    patch = Patch("fm", {"op1_ratio": 2.0}, about=ABOUT)
    assert Patch.loads(patch.dumps()).about == ABOUT
    assert patch.with_values(op1_ratio=3.0).about == ABOUT
    assert "about" not in Patch("fm").to_json()
    for damaged in ("words", ["words"], {"made": 3}):
        assert Patch.from_json({"synth": "fm", "about": damaged}).about == NOTHING


def test_a_project_keeps_it(tmp_path: Path) -> None:
    take = Take.of(bell(), origin="imagine")
    loaded = load_project(save_project(Project((take,), Patch("fm", about=ABOUT)), {}, tmp_path / "song"))
    assert loaded.project.takes[0].clip.about == ABOUT
    assert loaded.project.patch.about == ABOUT


def test_a_tuned_patch_names_the_net_and_the_terms_of_all_that_it_came_from() -> None:
    first = Bounds(TuneRequest("a bell", prior="audioldm2", seed=3))
    patch = first.patch(first.base_unit, "bell", 0)
    assert patch.about.made == "Tuned to the words “a bell” with AudioLDM 2, seed 3"
    assert "CC BY-NC-SA 4.0" in patch.about.licence
    for _ in range(2):
        then = Bounds(TuneRequest("a dull bell", start=patch))
        patch = then.patch(then.base_unit, "bell", 0)
    assert "own prior" in patch.about.made
    assert patch.about.licence == f"{credit.terms('audioldm2')}; {credit.terms('own')}"
