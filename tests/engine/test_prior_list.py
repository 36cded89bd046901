"""The list of priors names what is here, and loads nothing of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from steps import finished

from engine import prior_list
from engine.weights.catalog import catalogue


def test_our_own_is_first_and_what_was_not_fetched_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    public = [weight for weight in catalogue().values() if weight.purpose.startswith("prior:")]
    here = public[1]
    monkeypatch.setattr(prior_list, "place_of", lambda weight: "somewhere" if weight is here else None)
    found, _ = finished(prior_list.prior_steps("real"))
    assert [entry.id for entry in found] == ["own", here.id]
    assert found[1].licence == here.licence.title
    assert [entry.longest_s for entry in found] == [4.0, here.longest_s]
    assert here.longest_s > 4.0


def test_what_is_missing_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TONEWRIGHT_WEIGHTS", str(tmp_path))
    (own,), _ = finished(prior_list.prior_steps("real"))
    assert "tonewright train prior" in own.missing
    assert len(own.missing) <= 100, "it stands on one line of a laptop's window"
    assert own.missing_to_tune == own.missing
    (tmp_path / "prior.safetensors").touch()
    (own,), _ = finished(prior_list.prior_steps("real"))
    assert own.missing == ""
    assert "tonewright train listener" in own.missing_to_tune


def test_the_stand_in_knows_itself_alone() -> None:
    found, _ = finished(prior_list.prior_steps("fake"))
    assert [entry.id for entry in found] == ["own"]
