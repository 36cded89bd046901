"""Nets in memory: loaded once, kept between jobs, gone when room is needed, never while somebody works with them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.errors import WeightError
from engine.weights import residency, shelf
from engine.weights.memory import free_bytes, in_words
from engine.weights.net_file import NetFile, write_net
from engine.weights.residency import SPARE_BYTES, Residency, is_out_of_memory

KILO = 250
"""Numbers of 4 bytes in a thousand bytes."""


class Loader:
    """Makes nets of a known size and counts how often."""

    def __init__(self, n_kilo: int = 1) -> None:
        self.count = 0
        self.n_kilo = n_kilo

    def __call__(self) -> nn.Linear:
        self.count += 1
        return nn.Linear(KILO * self.n_kilo, 1, bias=False)


class Machine:
    """A machine with so much memory, of which the nets take their part."""

    def __init__(self, n_bytes: int) -> None:
        self.nets = Residency(self.free)
        self.n_bytes = n_bytes

    def free(self, _device: str) -> int:
        return self.n_bytes - sum(net.n_bytes for net in self.nets.resident())

    def names(self) -> set[str]:
        return {net.name for net in self.nets.resident()}

    def use(self, name: str, load: Callable[[], nn.Linear], need_bytes: int = 1000) -> None:
        with self.nets.borrow(name, load, need_bytes=need_bytes):
            pass


def test_a_net_is_loaded_once_and_kept() -> None:
    nets, load = Residency(), Loader()
    with nets.borrow("prior", load) as first, nets.borrow("prior", load) as second:
        assert first is second
        assert nets.resident()[0].lent
    with nets.borrow("prior", load) as third:
        assert third is first
    assert load.count == 1
    (net,) = nets.resident()
    assert (net.name, net.n_bytes, net.lent) == ("prior", 1000, False)


def test_what_holds_a_net_is_as_large_as_the_net() -> None:
    class Prior:
        def __init__(self) -> None:
            self._net = nn.Linear(KILO, 1, bias=False)
            self._same = self._net
            self.title = "a prior"

    nets = Residency()
    with nets.borrow("prior", Prior):
        assert nets.resident()[0].n_bytes == 1000


def test_the_least_recently_used_leaves_when_another_needs_its_room() -> None:
    machine, load = Machine(SPARE_BYTES + 2500), Loader()
    machine.use("one", load)
    machine.use("two", load)
    machine.use("one", load)
    machine.use("three", load)
    assert machine.names() == {"one", "three"}
    assert load.count == 3


def test_what_somebody_works_with_never_leaves() -> None:
    machine, load = Machine(SPARE_BYTES + 1500), Loader()
    with machine.nets.borrow("one", load, need_bytes=1000) as one:
        machine.use("two", load)
        assert machine.names() == {"one", "two"}
        assert machine.nets.release() == 1000
        assert machine.names() == {"one"}
        with machine.nets.borrow("one", load) as again:
            assert again is one
    assert machine.nets.release("one") == 1000
    assert machine.names() == set()


def test_another_file_is_another_net_and_the_old_one_lives_while_it_is_used() -> None:
    nets, load = Residency(), Loader()
    with nets.borrow("prior", load, stamp=1) as old:
        with nets.borrow("prior", load, stamp=2) as new:
            assert new is not old
        assert old.weight.shape == (1, KILO)
    with nets.borrow("prior", load, stamp=2) as again:
        assert again is new
    assert load.count == 2


def test_two_threads_that_want_a_net_load_it_once() -> None:
    nets, begun, go_on = Residency(), threading.Event(), threading.Event()
    loaded, got = [], []

    def load() -> nn.Linear:
        loaded.append(1)
        begun.set()
        assert go_on.wait(10)
        return nn.Linear(1, 1)

    def work() -> None:
        with nets.borrow("prior", load) as net:
            got.append(net)

    threads = [threading.Thread(target=work) for _ in range(4)]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(loaded) == 1
    assert len(got) == 4
    assert all(net is got[0] for net in got)
    assert not nets.resident()[0].lent


def test_a_net_that_cannot_be_loaded_is_tried_anew_the_next_time() -> None:
    nets, load = Residency(), Loader()

    def fail() -> nn.Linear:
        raise WeightError("It is damaged.")

    with pytest.raises(WeightError, match="damaged"), nets.borrow("prior", fail):
        pass
    assert nets.resident() == ()
    with nets.borrow("prior", load):
        pass
    assert load.count == 1


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried"), torch.OutOfMemoryError()])
def test_what_does_not_fit_is_tried_again_alone(error: Exception) -> None:
    nets, tries = Residency(), []

    def load() -> nn.Linear:
        tries.append(len(nets.resident()))
        if nets.resident():
            raise error
        return nn.Linear(1, 1)

    with nets.borrow("other", Loader()):
        pass
    with nets.borrow("large", load):
        assert [net.name for net in nets.resident()] == ["large"]
    assert tries == [1, 0]
    assert is_out_of_memory(error)
    assert not is_out_of_memory(RuntimeError("shapes differ"))


def test_the_plan_is_said_before_anything_happens() -> None:
    machine = Machine(SPARE_BYTES + 5_000_000)
    machine.use("own prior", Loader(4000))
    assert machine.nets.plan(500_000) == "It takes 500 kB, and 538 MB are free on this machine."
    words = machine.nets.plan(2_000_000)
    assert "own prior (4.0 MB) will make room." in words
    machine.n_bytes = 5_000_000
    assert machine.nets.plan(9_000_000).endswith("own prior (4.0 MB) will make room, and it is still too little.")
    assert machine.names() == {"own prior"}
    assert "too little" in Residency(lambda _: 10).plan(100, "cuda")
    assert "not known" in Residency(lambda _: None).plan(100, "cuda")


def test_free_memory_is_known_here() -> None:
    free = free_bytes()
    assert free is not None
    assert free > 10_000_000
    assert in_words(35_600_000) == "36 MB"


def test_our_own_nets_are_lent_by_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(shelf.WEIGHTS_VARIABLE, str(tmp_path))
    path = tmp_path / "prior.safetensors"
    write_net(path, NetFile("prior", {}, {}, {"w": torch.zeros(3)}))
    loads = []

    def load(file: Path) -> str:
        loads.append(file)
        return f"net {len(loads)}"

    with residency.own("prior", load) as first, residency.own("prior", load) as second:
        assert first == second == "net 1"
    write_net(path, NetFile("prior", {}, {}, {"w": torch.zeros(300)}))
    with residency.own("prior", load) as third:
        assert third == "net 2"
    assert loads == [path, path]
    residency.release("own prior")
    path.unlink()
    with pytest.raises(WeightError, match="There is no"), residency.own("prior", load):
        pass
