"""Public nets come whole or not at all, whatever the server, the line, the disk or the person does meanwhile."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace as changed
from pathlib import Path
from typing import IO

import pytest
from test_studio import Heard
from weight_server import COMMIT, OWNER, Behaviour, serving, write_catalogue

from engine.errors import BadUsage, WeightError
from engine.jobs import Note, run_inline
from engine.params import Patch
from engine.studio import Studio
from engine.weights import catalog, part, store, transfer
from engine.weights.catalog import Licence, Weight, WeightFile
from engine.weights.fetching import fetch
from engine.weights.places import arrived_bytes, installed, on_its_way

BIG, SMALL, DEEP = "unet/net.safetensors", "config.json", "vae/config.json"
HERE = Path(__file__).parent
LICENCE = Licence("CC-BY-4.0", "CC BY 4.0", "https://example.org/licence", "Name its makers.")


def contents(seed: int = 1) -> dict[str, bytes]:
    return {
        BIG: random.Random(seed).randbytes(700_001),
        SMALL: b'{"layers": 2}\n',
        DEEP: b"{}",
    }


def weight_of(files: dict[str, bytes], known: tuple[str, ...] = (BIG,), **more: object) -> Weight:
    """A net with these files, of which some hashes are known before."""
    rows = tuple(
        WeightFile(name, len(data), hashlib.sha256(data).hexdigest()) if name in known else WeightFile(name)
        for name, data in files.items()
    )
    size = sum(map(len, files.values()))
    values = {"gated": False, **more}
    return Weight("net", "The Net", "tests", f"hf:{OWNER}", COMMIT, "diffusers", rows, LICENCE, size, 0.1, **values)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Behaviour]:
    behaviour = Behaviour(files=contents(), large={BIG})
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TONEWRIGHT_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(transfer, "FIRST_PAUSE_S", 0.0)
    with serving(behaviour) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        yield behaviour


def get(weight: Weight) -> tuple[Path, list[Note]]:
    notes: list[Note] = []
    return run_inline(lambda: fetch(weight, accepted=True), notes.append), notes


def stop_when(weight: Weight, is_enough: Callable[[], bool]) -> None:
    """Fetch and close the job as soon as that much has happened."""
    steps = fetch(weight, accepted=True)
    for _ in steps:
        if is_enough():
            break
    else:
        pytest.fail("It was there before it could be stopped.")
    steps.close()


@contextmanager
def program_that_fetches(listing: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(HERE / "fetch_program.py"), str(listing), "net"]
    env = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as program:
        yield program


def is_there(folder: Path, files: dict[str, bytes]) -> bool:
    return all((folder / name).read_bytes() == data for name, data in files.items())


def test_a_net_comes_with_all_its_files_and_its_licence(server: Behaviour) -> None:
    weight = weight_of(server.files)
    folder, notes = get(weight)
    assert folder == installed(weight)
    assert is_there(folder, server.files)
    record = json.loads((folder / "weight.json").read_text())
    assert record["licence"] == LICENCE.to_json()
    assert record["commit"] == COMMIT
    assert record["accepted"].startswith("20")
    assert record["files"][BIG]["was_known"]
    assert record["files"][SMALL]["sha256"] == hashlib.sha256(server.files[SMALL]).hexdigest()
    assert not record["files"][SMALL]["was_known"]
    # Nothing else is left, and nothing is asked for twice.
    assert {path.name for path in folder.parent.iterdir()} == {"net", ".net.lock"}
    assert not list(folder.rglob("*.part*"))
    asked = len(server.asked)
    assert get(weight)[0] == folder
    assert len(server.asked) == asked
    fractions = [note.fraction for note in notes if note.fraction is not None]
    assert fractions == sorted(fractions)
    assert "kB of 700 kB" in notes[-1].text


def test_without_agreement_to_the_licence_nothing_is_asked_for(server: Behaviour) -> None:
    with pytest.raises(BadUsage, match=r"licence of its own, CC BY 4\.0"):
        run_inline(lambda: fetch(weight_of(server.files), accepted=False))
    assert server.asked == []


def test_a_broken_line_is_taken_up_where_it_broke(server: Behaviour) -> None:
    server.drops = [250_000, 130_000]
    folder, _ = get(weight_of(server.files))
    assert is_there(folder, server.files)
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in server.ranges() if wanted != "bytes=0-"]
    blobs = [path for path, _ in server.asked if path.startswith("/blobs/")]
    assert len(blobs) == 3
    assert sorted(set(starts)) == [250_000, 380_000]
    # To the byte: nothing came twice.
    assert server.sent == sum(map(len, server.files.values()))


def test_what_was_stopped_goes_on_later_and_nothing_is_there_until_then(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    assert not installed(weight).exists()
    (left,) = on_its_way(weight).rglob("*.part")
    n_left = left.stat().st_size
    assert server.files[BIG].startswith(left.read_bytes())
    with pytest.raises(WeightError, match="Of The Net only"):
        store.located_of(weight)
    server.slow_s = 0.0
    server.asked.clear()
    folder, notes = get(weight)
    assert is_there(folder, server.files)
    assert server.ranges()[0] == f"bytes={n_left}-"
    assert notes[0].fraction is not None
    assert notes[0].fraction > 0


def test_stopping_takes_effect_while_the_server_says_nothing(server: Behaviour) -> None:
    server.slow_s = 60.0
    steps = fetch(weight_of(server.files), accepted=True)
    for _ in range(4):
        next(steps)
    steps.close()
    assert server.sent <= 1000  # Its pause of a minute is not over.


def test_a_part_that_was_whole_when_the_machine_went_off_is_not_fetched_again(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    (left,) = on_its_way(weight).rglob("*.part")
    left.write_bytes(server.files[BIG])
    server.slow_s, server.asked = 0.0, []
    folder, _ = get(weight)
    assert is_there(folder, server.files)
    assert not any(BIG in path for path, _ in server.asked)


def test_files_that_are_done_stay_done(server: Behaviour) -> None:
    files = {SMALL: server.files[SMALL], BIG: server.files[BIG]}
    server.statuses = [0, 404]
    with pytest.raises(WeightError, match="has no unet/net"):
        get(weight_of(files))
    server.asked.clear()
    folder, _ = get(weight_of(files))
    assert is_there(folder, files)
    assert not any(SMALL in path for path, _ in server.asked)


@pytest.mark.parametrize("known", [(BIG,), ()])
def test_a_file_that_changed_on_the_server_is_begun_again(server: Behaviour, known: tuple[str, ...]) -> None:
    server.slow_s = 0.001
    old = weight_of(server.files, known)
    stop_when(old, lambda: arrived_bytes(old) > 100_000)
    server.files, server.slow_s = {**contents(), BIG: contents(2)[BIG]}, 0.0
    new = weight_of(server.files, known)
    folder, _ = get(new)
    assert is_there(folder, server.files)


def test_a_server_that_is_no_hub_is_asked_whether_its_file_is_the_same(server: Behaviour) -> None:
    files = {BIG: server.files[BIG]}
    source = {"source": f"{os.environ['HF_ENDPOINT']}/blobs", "revision": ""}
    weight = changed(weight_of(files, known=()), **source)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    server.slow_s, server.asked = 0.0, []
    assert is_there(get(weight)[0], files)
    assert [("if-range" in headers, headers["range"][:6]) for _, headers in server.asked] == [(True, "bytes=")]
    assert "authorization" not in server.asked[0][1]
    store.remove(weight)

    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    server.files, server.slow_s = {BIG: contents(2)[BIG]}, 0.0
    assert is_there(get(weight)[0], server.files)


def test_a_program_that_was_killed_leaves_nothing_in_the_way(server: Behaviour, tmp_path: Path) -> None:
    weight = weight_of(server.files)
    listing = write_catalogue(tmp_path / "weights.toml", server.files)
    server.slow_s = 0.001
    with program_that_fetches(listing) as program:
        while arrived_bytes(weight) < 100_000:
            assert program.poll() is None
            time.sleep(0.01)
        program.kill()
        program.communicate()
    n_kept = arrived_bytes(weight)
    assert not installed(weight).exists()
    server.slow_s, server.asked = 0.0, []
    assert is_there(get(weight)[0], server.files)
    assert server.ranges()[0] == f"bytes={n_kept}-"


def test_another_revision_begins_with_nothing(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    other = changed(weight, revision="main")
    with pytest.raises(WeightError, match="has no unet/net"):
        get(other)
    assert arrived_bytes(other) == 0


def test_a_server_without_ranges_or_etags_still_gives_a_whole_net(server: Behaviour) -> None:
    server.has_ranges = server.has_etags = False
    server.drops = [-1, 300_000]
    files = {SMALL: server.files[SMALL], BIG: server.files[BIG]}
    folder, _ = get(weight_of(files, known=()))
    assert is_there(folder, files)


@pytest.mark.parametrize("known", [(BIG, SMALL), ()], ids=["known before", "told by the server"])
@pytest.mark.parametrize("name", [BIG, SMALL])
def test_damaged_bytes_are_refused(server: Behaviour, name: str, known: tuple[str, ...]) -> None:
    wrong = bytearray(server.files[name])
    wrong[len(wrong) // 2] ^= 1
    server.lies = {name: bytes(wrong)}
    weight = weight_of(server.files, known)
    with pytest.raises(WeightError, match=r"arrived damaged .* fetch it again"):
        get(weight)
    assert not installed(weight).exists()
    assert not list(on_its_way(weight).rglob("*.part"))
    server.lies = {}
    assert is_there(get(weight)[0], server.files)


def test_a_damaged_beginning_is_fetched_anew_by_itself(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    (left,) = on_its_way(weight).rglob("*.part")
    left.write_bytes(bytes(left.stat().st_size))
    server.slow_s = 0.0
    assert is_there(get(weight)[0], server.files)


def test_another_file_than_the_known_one_is_not_even_begun(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.files = {**server.files, BIG: contents(2)[BIG]}
    with pytest.raises(WeightError, match=r"offers another net\.safetensors"):
        get(weight)
    server.files = {**server.files, BIG: b"short"}
    with pytest.raises(WeightError, match="has 5 bytes on the server and not 700 kB"):
        get(weight)
    assert arrived_bytes(weight) == 0


@pytest.mark.parametrize(
    ("status", "token", "words"),
    [
        (401, "", r"known people only: log in at https://\S+/someone/net .* HF_TOKEN"),
        (403, "hf_secret", r"Your account has no access to The Net yet"),
        (404, "", r"has no unet/net\.safetensors any more"),
        (451, "", r"does not hand out unet/net\.safetensors \(answer 451\)"),
    ],
)
def test_a_refusal_says_the_way_out_at_once(
    server: Behaviour, monkeypatch: pytest.MonkeyPatch, status: int, token: str, words: str
) -> None:
    server.always, server.error_code = status, "GatedRepo" if status < 404 else ""
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    weight = weight_of(server.files, gated=True)
    with pytest.raises(WeightError, match=words) as caught:
        get(weight)
    assert len(server.asked) == 1
    assert "hf_secret" not in str(caught.value)


def test_a_token_that_is_not_accepted_is_told_from_missing_access(server: Behaviour, tmp_path: Path) -> None:
    (tmp_path / "hf").mkdir()
    (tmp_path / "hf" / "token").write_text("hf_old\n")
    server.always = 401
    with pytest.raises(WeightError, match="does not accept your token"):
        get(weight_of(server.files))
    assert server.asked[0][1]["authorization"] == "Bearer hf_old"


def test_the_token_is_shown_to_the_hub_only(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    get(weight_of(server.files))
    for path, headers in server.asked:
        assert ("authorization" in headers) == (not path.startswith("/blobs/")), path


def test_a_server_that_is_down_for_a_moment_is_waited_for(server: Behaviour) -> None:
    server.statuses = [503, 0, 500, 429]
    folder, notes = get(weight_of(server.files))
    assert is_there(folder, server.files)
    assert any("trying again" in note.text for note in notes)


def test_a_server_that_stays_down_is_given_up_and_nothing_is_lost(server: Behaviour) -> None:
    weight = weight_of(server.files)
    server.slow_s = 0.001
    stop_when(weight, lambda: arrived_bytes(weight) > 100_000)
    kept = arrived_bytes(weight)
    server.always, server.slow_s = 503, 0.0
    with pytest.raises(WeightError, match=r"\(answer 503\)\. What has arrived is kept"):
        get(weight)
    assert arrived_bytes(weight) == kept
    server.always = 0
    assert is_there(get(weight)[0], server.files)


def test_no_server_at_all_is_said(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(WeightError, match=r"could not be fetched: .*refused.*What has arrived is kept"):
        get(weight_of(server.files))


def test_what_a_person_set_to_offline_stays_offline(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WeightError, match="HF_HUB_OFFLINE"):
        get(weight_of(server.files))
    assert server.asked == []


def test_room_is_asked_for_before_anything_comes(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "free_space", lambda folder: part.SPARE_BYTES + 500_000)
    with pytest.raises(WeightError, match=r"not enough room in .*700 kB more are needed.*TONEWRIGHT_MODELS"):
        get(weight_of(server.files))
    assert server.asked == []


def test_a_disk_that_fills_up_is_said_and_what_arrived_is_kept(
    server: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    weight, room, begin = weight_of(server.files), 300_000, part.Part.__init__

    class Full:
        def __init__(self, file: IO[bytes]) -> None:
            self.file = file

        def write(self, piece: bytes) -> int:
            if self.file.tell() + len(piece) > room:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return self.file.write(piece)

        def __getattr__(self, name: str) -> object:
            return getattr(self.file, name)

    def begin_on_full_disk(self: part.Part, target: Path, url: str) -> None:
        begin(self, target, url)
        self._file = Full(self._file)

    with monkeypatch.context() as context:
        context.setattr(part.Part, "__init__", begin_on_full_disk)
        with pytest.raises(WeightError, match=r"not enough room .* What has arrived is kept"):
            get(weight)
    assert 0 < arrived_bytes(weight) <= room
    server.asked.clear()
    assert is_there(get(weight)[0], server.files)
    assert server.ranges()


def test_two_programs_that_want_the_same_net_fetch_it_once(
    server: Behaviour, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = write_catalogue(tmp_path / "weights.toml", server.files)
    server.slow_s = 0.002
    with program_that_fetches(listing) as one, program_that_fetches(listing) as two:
        programs = (one, two)
        answers = [program.communicate(timeout=60) for program in programs]
    assert [program.returncode for program in programs] == [0, 0], answers
    assert all(is_there(Path(out), server.files) for out, _ in answers)
    assert server.sent == sum(map(len, server.files.values()))


def test_every_net_of_the_catalogue_makes_sense() -> None:
    for weight in catalog.catalogue().values():
        paths = [file.path for file in weight.files]
        assert len(set(paths)) == len(paths)
        assert all(not Path(path).is_absolute() and ".." not in Path(path).parts for path in paths)
        assert all(not file.sha256 or len(file.sha256) == 64 for file in weight.files)
        assert weight.size_bytes >= sum(file.n_bytes for file in weight.files)
        assert weight.licence.url.startswith("https://")
        assert weight.licence.terms
        assert not weight.repository or len(weight.revision) == 40
        assert not weight.base or weight.base in catalog.catalogue()
    assert catalog.find("audioldm2").licence.id == "CC-BY-NC-SA-4.0"


def test_the_studio_fetches_beside_everything_else(server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = weight_of(server.files)
    monkeypatch.setattr(catalog, "catalogue", lambda: {weight.id: weight})
    server.slow_s = 0.05
    heard = Heard()
    studio = Studio(heard, kind="fake")
    try:
        coming = studio.fetch(weight.id, accepted=True)
        heard.wait_for(coming, "note")
        # Whoever plays meanwhile does not wait for the line.
        assert heard.result_of(studio.render(Patch("fm"), duration_s=0.1)).audio.duration_s == pytest.approx(0.1)
        assert studio.cancel(coming)
        assert heard.end_of(coming).kind == "cancelled"
        assert not installed(weight).exists()
        server.slow_s = 0.0
        assert is_there(heard.result_of(studio.fetch(weight.id, accepted=True)), server.files)
        refused = heard.end_of(studio.fetch(weight.id))
        assert isinstance(refused.payload, BadUsage)
        with pytest.raises(BadUsage, match="no net called"):
            studio.fetch("nobody")
    finally:
        assert studio.close()
