"""``tonewright models``: what is here, what can be had, and one sentence when something is not as it should be."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from weight_server import COMMIT, Behaviour, serving, write_catalogue

from engine.cli import main
from engine.errors import WeightError
from engine.weights import catalog, shelf, transfer
from engine.weights.net_file import NetFile, write_net
from engine.weights.store import located

NET, CONFIG = "unet/net.safetensors", "config.json"
FILES = {NET: random.Random(5).randbytes(40_000), CONFIG: b'{"layers": 2}'}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    behaviour = Behaviour(files=dict(FILES), large={NET})
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv(shelf.WEIGHTS_VARIABLE, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TONEWRIGHT_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(transfer, "FIRST_PAUSE_S", 0.0)
    listing = write_catalogue(tmp_path / "weights.toml", FILES)
    monkeypatch.setattr(catalog, "CATALOG", listing)
    monkeypatch.setattr(shelf, "CATALOG", listing)
    monkeypatch.setattr(shelf, "FOLDER", tmp_path / "own")
    catalog.catalogue.cache_clear()
    catalog.hub_address.cache_clear()
    with serving(behaviour) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield behaviour
    catalog.catalogue.cache_clear()
    catalog.hub_address.cache_clear()


Said = pytest.CaptureFixture[str]


def answer(said: Said, *words: str) -> dict[str, object]:
    said.readouterr()
    assert main(["models", *words, "--json"]) == 0
    return json.loads(said.readouterr().out)


def refusal(said: Said, *words: str) -> str:
    said.readouterr()
    assert main(["models", *words]) == 2
    out, err = said.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def row(said: Said) -> dict[str, object]:
    (found,) = answer(said, "list")["public"]
    return found


def in_hub_cache(home: Path, commit: str = COMMIT) -> Path:
    """What the hub's own programs leave behind: contents under their hashes, and links to them."""
    folder = home / "hub" / "models--someone--net"
    (folder / "blobs").mkdir(parents=True)
    snapshot = folder / "snapshots" / commit
    for name, data in FILES.items():
        blob = folder / "blobs" / hashlib.sha256(data).hexdigest()
        blob.write_bytes(data)
        (snapshot / name).parent.mkdir(parents=True, exist_ok=True)
        (snapshot / name).symlink_to(blob)
    return snapshot


def test_a_net_is_fetched_listed_verified_and_removed(server: Behaviour, capsys: Said) -> None:
    assert row(capsys)["state"] == "absent"
    fetched = answer(capsys, "fetch", "net", "--accept-licence")
    assert fetched["licence"] == {"id": "CC-BY-4.0", "title": "CC BY 4.0", "url": "https://example.org/licence"}
    folder = Path(str(fetched["path"]))
    assert (folder / NET).read_bytes() == FILES[NET]
    assert located("net") == folder
    assert (row(capsys)["state"], row(capsys)["path"]) == ("fetched", str(folder))
    (verdict,) = answer(capsys, "verify")["nets"]
    assert verdict["problems"] == []
    assert verdict["remarks"] == ["1 of 2 files had no hash that was known before they came"]
    assert answer(capsys, "remove", "net")["freed_bytes"] > 40_000
    assert not folder.exists()
    assert row(capsys)["state"] == "absent"
    with pytest.raises(WeightError, match="tonewright models fetch net"):
        located("net")


def test_the_licence_is_shown_and_asked_for(server: Behaviour, capsys: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert "agree to it with --accept-licence" in refusal(capsys, "fetch", "net")
    monkeypatch.setattr("sys.stdin", Terminal("\n"))
    assert main(["models", "fetch", "net"]) == 2
    shown = capsys.readouterr().err
    assert "Licence: CC BY 4.0, https://example.org/licence\nName its makers." in shown
    assert shown.rstrip().endswith("its licence was not agreed to.")
    assert server.asked == []
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert main(["models", "fetch", "net"]) == 0
    assert "The Net is here now" in capsys.readouterr().out


def test_a_damaged_file_is_found_and_only_that_is_fetched_again(server: Behaviour, capsys: Said) -> None:
    folder = Path(str(answer(capsys, "fetch", "net", "--accept-licence")["path"]))
    data = bytearray(FILES[NET])
    data[100] ^= 1
    (folder / NET).write_bytes(bytes(data))
    with pytest.raises(WeightError, match=r"net\.safetensors is damaged .* models fetch net"):
        located("net")
    with pytest.raises(WeightError, match="is not whole"):
        located("net")
    server.asked.clear()
    answer(capsys, "fetch", "net", "--accept-licence")
    assert (folder / NET).read_bytes() == FILES[NET]
    assert not any(CONFIG in path for path, _ in server.asked)
    # Unchanged in length and time, as a failing disk would have it: only reading finds it.
    state = (folder / CONFIG).stat()
    (folder / CONFIG).write_bytes(b'{"layers": 3}')
    os.utime(folder / CONFIG, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert located("net") == folder
    assert "config.json is damaged" in refusal(capsys, "verify", "net")
    answer(capsys, "fetch", "net", "--accept-licence")
    assert (folder / CONFIG).read_bytes() == FILES[CONFIG]


def test_a_file_that_was_only_touched_is_good(server: Behaviour, capsys: Said) -> None:
    folder = Path(str(answer(capsys, "fetch", "net", "--accept-licence")["path"]))
    (folder / NET).touch()
    assert located("net") == folder


def test_what_another_program_fetched_is_found_and_left_alone(server: Behaviour, capsys: Said, tmp_path: Path) -> None:
    snapshot = in_hub_cache(tmp_path / "hf")
    assert located("net") == snapshot
    assert row(capsys)["state"] == "hub"
    assert answer(capsys, "fetch", "net")["path"] == str(snapshot)
    assert server.asked == []
    assert answer(capsys, "verify", "net")["nets"] == [{"id": "net", "problems": [], "remarks": [
        "1 of 2 files had no hash that was known before they came"
    ]}]  # fmt: skip
    assert "left there" in refusal(capsys, "remove", "net")
    (snapshot / NET).resolve().write_bytes(bytes(len(FILES[NET])))
    assert "unet/net.safetensors is damaged" in refusal(capsys, "verify")
    (snapshot / NET).resolve().unlink()
    assert row(capsys)["state"] == "absent"


def test_a_snapshot_of_another_revision_is_taken_too(server: Behaviour, capsys: Said, tmp_path: Path) -> None:
    snapshot = in_hub_cache(tmp_path / "hf", commit="f" * 40)
    assert located("net") == snapshot


def test_a_folder_of_ones_own_can_be_named(server: Behaviour, capsys: Said, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    assert "There is no folder" in refusal(capsys, "add", "net", str(mine))
    mine.mkdir()
    assert f"there is no {NET} in it" in refusal(capsys, "add", "net", str(mine))
    for name in FILES:
        (mine / name).parent.mkdir(exist_ok=True)
        (mine / name).write_bytes(b"tiny")
    assert answer(capsys, "add", "net", str(mine))["path"] == str(mine)
    assert located("net") == mine
    assert row(capsys)["state"] == "folder"
    (verdict,) = answer(capsys, "verify", "net")["nets"]
    assert verdict["problems"] == []
    assert "unet/net.safetensors is not the published one" in verdict["remarks"]
    (mine / NET).unlink()
    with pytest.raises(WeightError, match="does not hold it any more"):
        located("net")
    fetched = answer(capsys, "fetch", "net", "--accept-licence")["path"]
    assert located("net") == Path(str(fetched))
    answer(capsys, "remove", "net")
    assert mine.is_dir()
    assert row(capsys)["state"] == "absent"


def test_a_pipeline_that_diffusers_saved_can_be_named(server: Behaviour, capsys: Said, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text("{}")
    answer(capsys, "add", "net", str(tmp_path))
    assert located("net") == tmp_path


def test_what_is_needed_beside_it_is_told(server: Behaviour, capsys: Said) -> None:
    listing = catalog.CATALOG
    text = listing.read_text()
    other = text[text.index("[[weight]]") :].replace('id = "net"', 'id = "other"').replace('"The Net"', '"The Other"')
    listing.write_text(text.replace("vram_gib", 'base = "other"\nvram_gib') + other)
    catalog.catalogue.cache_clear()
    wanted = "It also needs The Other: `tonewright models fetch other`."
    assert answer(capsys, "fetch", "net", "--accept-licence")["notice"] == wanted
    answer(capsys, "fetch", "other", "--accept-licence")
    assert answer(capsys, "fetch", "net")["notice"] == ""


def test_our_own_nets_are_listed_with_their_cards(server: Behaviour, capsys: Said, tmp_path: Path) -> None:
    card = {"step": 1055, "minutes": 97.04, "loss": 0.19341, "device": "cpu"}
    trained = tmp_path / "trained.safetensors"
    write_net(trained, NetFile("prior", {}, card, {"w": torch.zeros(4)}))
    placed = shelf.put_on_shelf(trained)
    (own,) = answer(capsys, "list")["own"]
    assert (own["id"], own["card"], own["path"]) == ("prior", card, str(placed))
    assert main(["models", "list"]) == 0
    assert "step 1055, minutes 97.04, loss 0.1934" in capsys.readouterr().out
    assert answer(capsys, "verify", "prior")["nets"] == [{"id": "prior", "problems": [], "remarks": []}]
    placed.write_bytes(placed.read_bytes()[:-1])
    assert "its hash differs" in refusal(capsys, "verify")
    (own,) = answer(capsys, "list")["own"]
    assert "its hash differs" in own["problem"]
    assert "is one of our own" in refusal(capsys, "fetch", "prior")


def test_what_is_partly_there_is_said(server: Behaviour, capsys: Said) -> None:
    server.files = {NET: FILES[NET]}
    assert "has no config.json any more" in refusal(capsys, "fetch", "net", "--accept-licence")
    assert row(capsys)["state"] == "partly"
    assert row(capsys)["words"] == "100 % fetched"
    answer(capsys, "remove", "net")
    assert row(capsys)["state"] == "absent"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fetch", "nothing"), "There is no net called nothing; there are net."),
        (("remove", "net"), "The Net is not on this machine."),
        (("verify", "net"), "tonewright models fetch net"),
        ((), "the following arguments are required"),
    ],
)
def test_what_cannot_be_is_one_sentence(server: Behaviour, capsys: Said, words: tuple[str, ...], said: str) -> None:
    assert said.lower() in refusal(capsys, *words).lower()
