"""The project as a value."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio import Audio, Clip
from engine.errors import ProjectError
from engine.params import Patch
from engine.project.project import Project
from engine.project.take import Take


def take(name: str) -> Take:
    return Take.of(Clip.of(Audio(np.zeros(10), 8000), name))


def test_an_edit_makes_a_new_project_and_leaves_the_old() -> None:
    empty = Project()
    bell = take("Bell")
    full = empty.with_take(bell)
    assert empty.takes == ()
    assert full.takes == (bell,)
    assert full.find(bell.id) is bell


def test_a_take_is_there_only_once() -> None:
    bell = take("Bell")
    with pytest.raises(ProjectError, match="only once"):
        Project().with_take(bell).with_take(bell)


def test_removing_the_selected_take_selects_its_neighbour() -> None:
    takes = [take(name) for name in ("A", "B", "C")]
    project = Project().with_takes(takes).select(takes[1].id)
    assert project.without(takes[1].id).selected is takes[2]
    last = project.select(takes[2].id).without(takes[2].id)
    assert last.selected is takes[1]
    assert last.without(takes[0].id).without(takes[1].id).selected is None


def test_a_renamed_take_keeps_its_identity_and_sound() -> None:
    bell = take("Bell")
    renamed = Project().with_take(bell).renamed(bell.id, "  Small \n bell ")
    assert renamed.takes[0].name == "Small bell"
    assert renamed.takes[0].id == bell.id
    assert renamed.takes[0].clip is bell.clip
    with pytest.raises(ProjectError, match="name"):
        renamed.renamed(bell.id, "  ")


def test_an_unknown_take_is_named() -> None:
    with pytest.raises(ProjectError, match="no take"):
        Project().select("nothing")


def test_content_is_takes_and_patch_but_not_what_is_selected() -> None:
    bell = take("Bell")
    project = Project().with_take(bell)
    assert project.same_content(project.select(bell.id))
    assert project.with_patch(Patch("fm")).same_content(project)
    assert not project.with_patch(Patch("fm", {"gain_db": -1.0})).same_content(project)
    assert not project.renamed(bell.id, "Other").same_content(project)
    assert not project.without(bell.id).same_content(project)
