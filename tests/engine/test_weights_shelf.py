"""Our own nets: found where they lie, used only when they are what came with the program, and put there in one go."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from engine.errors import BadUsage, WeightError
from engine.weights import shelf
from engine.weights.net_file import NetFile, write_net

REPO = Path(__file__).resolve().parents[2]


def net_file(path: Path, kind: str = "prior", value: float = 1.0) -> Path:
    write_net(path, NetFile(kind, {"width": 2}, {"step": 7, "data": ["bells"]}, {"w": torch.full((2, 2), value)}))
    return path


@pytest.fixture
def own_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf with a catalogue that names nothing."""
    catalog = tmp_path / "resources" / "weights.toml"
    catalog.parent.mkdir()
    catalog.write_text('# Said once.\n\n[own]\njudge = "abc"\n\n[[weight]]\nid = "x"\n', encoding="utf-8")
    monkeypatch.setattr(shelf, "FOLDER", catalog.parent / "weights")
    monkeypatch.setattr(shelf, "CATALOG", catalog)
    monkeypatch.delenv(shelf.WEIGHTS_VARIABLE, raising=False)
    return catalog


def test_a_net_that_was_put_there_is_found_with_its_card(own_shelf: Path, tmp_path: Path) -> None:
    placed = shelf.put_on_shelf(net_file(tmp_path / "trained.safetensors"))
    assert shelf.shipped("prior") == placed
    assert shelf.card("prior") == {"step": 7, "data": ["bells"]}
    # Its hash is written once, the rest of the catalogue stays.
    shelf.put_on_shelf(net_file(tmp_path / "trained.safetensors", value=2.0))
    text = own_shelf.read_text(encoding="utf-8")
    assert text.count("prior = ") == 1
    assert 'judge = "abc"' in text
    assert text.startswith("# Said once.")
    assert 'id = "x"' in text
    assert shelf.shipped("prior") == placed
    assert [path.name for path in placed.parent.iterdir()] == ["prior.safetensors"]


def test_a_changed_net_is_refused_even_after_it_was_used(own_shelf: Path, tmp_path: Path) -> None:
    placed = shelf.put_on_shelf(net_file(tmp_path / "trained.safetensors"))
    shelf.shipped("prior")
    data = bytearray(placed.read_bytes())
    data[-1] ^= 1
    placed.write_bytes(bytes(data))
    with pytest.raises(WeightError, match=r"prior\.safetensors is not the file that came .* install Tonewright again"):
        shelf.shipped("prior")


def test_a_net_that_is_not_there_says_what_to_do(own_shelf: Path) -> None:
    with pytest.raises(
        WeightError, match=r"There is no .*/prior\.safetensors.*tonewright train prior --data"
    ) as caught:
        shelf.shipped("prior")
    assert str(caught.value).count(". ") == 0
    with pytest.raises(WeightError, match="There is no"):
        shelf.card("prior")
    with pytest.raises(BadUsage, match="there are prior, listener"):
        shelf.shipped("oracle")


def test_a_net_that_the_catalogue_does_not_name_is_not_used(own_shelf: Path) -> None:
    shelf.FOLDER.mkdir()
    net_file(shelf.FOLDER / "prior.safetensors")
    with pytest.raises(WeightError, match="does not name"):
        shelf.shipped("prior")


def test_another_folder_holds_nets_of_ones_own(
    own_shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put_on_shelf(net_file(tmp_path / "trained.safetensors"))
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv(shelf.WEIGHTS_VARIABLE, str(own))
    with pytest.raises(WeightError, match=f"or unset {shelf.WEIGHTS_VARIABLE}"):
        shelf.shipped("prior")
    mine = net_file(own / "prior.safetensors", value=3.0)
    assert shelf.shipped("prior") == mine
    net_file(mine, kind="judge")
    with pytest.raises(WeightError, match="holds judge and not a prior"):
        shelf.card("prior")
    mine.write_bytes(b"\xff" * 20)
    with pytest.raises(WeightError, match="damaged"):
        shelf.card("prior")
    mine.write_bytes(b"\x02\0\0\0\0\0\0\0[]")
    with pytest.raises(WeightError, match="damaged"):
        shelf.card("prior")


def test_what_is_no_net_of_ours_does_not_get_there(own_shelf: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightError, match="does not know"):
        shelf.put_on_shelf(net_file(tmp_path / "x.safetensors", kind="oracle"))
    assert not shelf.FOLDER.exists()


def test_every_net_that_comes_with_the_program_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(shelf.WEIGHTS_VARIABLE, raising=False)
    files = {path.stem for path in shelf.FOLDER.glob("*.safetensors")}
    assert files == set(shelf.own_hashes())
    for kind in files:
        assert shelf.card(kind)["step"] > 0


def test_a_card_is_read_without_torch() -> None:
    code = "import sys; from engine.weights import shelf; shelf.own_hashes(); print('torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
