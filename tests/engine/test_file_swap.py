"""What was done to the files of presets goes back and forth, and what another program did is never lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.jobs import run_inline
from engine.params import Patch
from engine.project.file_swap import Change, FilePair, Swapped, appeared, swap_steps
from engine.project.preset_index import Entry
from engine.project.preset_store import PresetStore
from engine.project.presets import Preset, read_preset

Deed = Callable[[PresetStore, Entry], Change]


def preset(name: str, **values: float) -> Preset:
    return Preset(Patch("fm", values, name=name), ("bass",))


@pytest.fixture
def store(tmp_path: Path) -> PresetStore:
    return PresetStore(tmp_path / "own", tmp_path / "factory")


def swap(store: PresetStore, changes: list[Change]) -> Swapped:
    return run_inline(lambda: swap_steps(changes, store.trash))


def on_disk(store: PresetStore) -> dict[str, bytes]:
    return {str(path.relative_to(store.folder)): path.read_bytes() for path in store.folder.rglob("*.json")}


def _copy(store: PresetStore, entry: Entry) -> Change:
    return appeared(Path(store.duplicate(entry).path))


DEEDS: dict[str, Deed] = {
    "save": lambda store, entry: store.replace(entry, preset("Round", gain_db=-9.0))[1],
    "rename": lambda store, entry: store.rename(entry, "Square")[1],
    "rename the letters alone": lambda store, entry: store.rename(entry, "ROUND")[1],
    "delete": lambda store, entry: store.delete(entry),
    "duplicate": _copy,
}


@pytest.mark.parametrize("deed", DEEDS)
def test_every_deed_goes_back_and_forth_byte_for_byte(store: PresetStore, deed: str) -> None:
    entry = store.add(preset("Round", gain_db=-3.0), "Basses")
    before = on_disk(store)
    change = DEEDS[deed](store, entry)
    after = on_disk(store)
    assert after != before
    in_trash = len(list(store.trash.iterdir())) if store.trash.exists() else 0
    for _ in range(3):
        swapped = swap(store, [change])
        assert (on_disk(store), swapped.left) == (before, ())
        ((_, change),) = swapped.done
        swapped = swap(store, [change])
        assert (on_disk(store), swapped.left) == (after, ())
        ((_, change),) = swapped.done
    assert len(list(store.trash.iterdir())) == in_trash, "what came back lies in the trash no more"


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed != "delete"])
def test_what_another_program_changed_stays_and_is_said(store: PresetStore, deed: str) -> None:
    entry = store.add(preset("Round", gain_db=-3.0))
    change = DEEDS[deed](store, entry)
    there = [pair.path for pair in change if pair.now is not None]
    stamp = there[0].stat()
    there[0].write_bytes(there[0].read_bytes().replace(b"bass", b"pads"))
    os.utime(there[0], ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    before = on_disk(store)
    swapped = swap(store, [change])
    assert swapped.done == ()
    assert swapped.left == (f"“{there[0].stem}” was changed by another program meanwhile; it stays as it is.",)
    assert on_disk(store) == before


@pytest.mark.parametrize("deed", [deed for deed in DEEDS if deed != "delete"])
def test_what_another_program_removed_stays_away_and_is_said(store: PresetStore, deed: str) -> None:
    entry = store.add(preset("Round", gain_db=-3.0))
    change = DEEDS[deed](store, entry)
    there = [pair.path for pair in change if pair.now is not None]
    there[0].unlink()
    before = on_disk(store)
    assert swap(store, [change]).left[0].endswith("was removed by another program meanwhile; it stays away.")
    assert on_disk(store) == before


def test_what_took_the_place_of_a_deleted_preset_stays_beside_it(store: PresetStore) -> None:
    change = store.delete(store.add(preset("Round", gain_db=-3.0)))
    new = store.add(preset("Round", gain_db=-9.0))
    ((_, back),) = swap(store, [change]).done
    gains = {name: read_preset(store.folder / name).patch.values["gain_db"] for name in on_disk(store)}
    assert gains == {"Round.json": -9.0, "Round 2.json": -3.0}
    ((_, again),) = swap(store, [back]).done
    assert (list(on_disk(store)), again[0].now) == ([Path(new.path).name], None)


def test_one_that_stays_does_not_hold_up_the_others(store: PresetStore) -> None:
    changes = [appeared(Path(store.add(preset(name)).path)) for name in ("One", "Two", "Three")]
    (store.folder / "Two.json").write_text("{}")
    swapped = swap(store, changes)
    assert (list(on_disk(store)), len(swapped.done), len(swapped.left)) == (["Two.json"], 2, 1)


def test_an_emptied_trash_is_said(store: PresetStore) -> None:
    change = store.delete(store.add(preset("Round")))
    for path in store.trash.iterdir():
        path.unlink()
    assert "cannot be brought back" in swap(store, [change]).left[0]


def test_files_that_belong_together_are_swapped_together_or_not_at_all(store: PresetStore) -> None:
    one, two = (Path(store.add(preset(name)).path) for name in ("One", "Two"))
    before = on_disk(store)
    pairs = (*appeared(one), FilePair(two, b"something else", None))
    assert swap(store, [pairs]).done == ()
    assert on_disk(store) == before


def test_a_place_that_cannot_be_written_leaves_everything(store: PresetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    change = store.replace(store.add(preset("Round", gain_db=-3.0)), preset("Round", gain_db=-9.0))[1]
    before = on_disk(store)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("engine.project.file_swap._bring", refuse)
    monkeypatch.setattr("engine.project.file_swap.shutil.move", refuse)
    assert swap(store, [change]).left == ("“Round” stays as it is: Permission denied.",)
    assert on_disk(store) == before
