"""A thousand random lives of two runners: whatever is submitted, cancelled, replaced or broken, the promises hold."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

import pytest

from engine.jobs import TERMINAL, Event, JobRunner, Note

Steps = Generator[Note, None, object]
WAIT_S = 20.0
SEQUENCES, PER_TEST = 1000, 50
ENDINGS = ["return"] * 6 + ["raise", "exit", "bad note", "bad cleanup", "yield in cleanup", "bad delivery", "chain"]


class Refused(Exception):
    """What a fuzzed job raises on purpose."""


@dataclass
class Life:
    """What one job is meant to do, and what it did; written by the engine thread, read after the runners are closed."""

    ending: str
    n_steps: int
    begun: int = 0
    cleaned_on: list[str] = field(default_factory=list)
    delivered: list[object] = field(default_factory=list)
    key: str | None = None
    runner: str = ""
    id: int = 0

    @property
    def n_notes(self) -> int:
        """How many notes a whole life has."""
        return self.n_steps + (self.ending == "yield in cleanup")


class Turnstile:
    """Lets one step of a runner through for each turn given, so that acts meet jobs in the middle of a step."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._turns = 0
        self._waiting = False
        self._open = False

    def pass_through(self) -> None:
        with self._changed:
            self._waiting = True
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self._open or self._turns, WAIT_S)
            self._waiting = False
            self._turns -= 0 if self._open else 1

    def give(self, turns: int, runner: JobRunner) -> None:
        """Let some steps through and come back when they are used up, or when there is nothing left to do."""
        with self._changed:
            self._turns += turns
            self._changed.notify_all()
            while (self._turns or not self._waiting) and runner.pending():
                self._changed.wait(0.0005)
            self._turns = 0

    def set_open(self, is_open: bool) -> None:
        with self._changed:
            self._open = is_open
            self._changed.notify_all()


class World:
    """Two runners, everything that was submitted to them, and everything they said."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.events: list[Event] = []
        self.lives: list[Life] = []
        self.cancelled: set[int] = set()
        self.unwanted_from: dict[int, int] = {}
        self.rude = False
        self.turnstiles = {name: Turnstile() for name in ("work", "live")}
        self.runners = {name: JobRunner(name, self.events.append) for name in ("work", "live")}

    def body(self, life: Life) -> Callable[[], Steps]:
        def steps() -> Steps:
            life.begun += 1
            try:
                for n in range(life.n_steps):
                    self.turnstiles[life.runner].pass_through()
                    yield Note(n / life.n_steps)
                if life.ending == "raise":
                    raise Refused(str(life.id))
                if life.ending == "exit":
                    raise SystemExit(1)
                if life.ending == "bad note":
                    yield None  # type: ignore[misc]
                if life.ending == "chain":
                    other = "live" if life.runner == "work" else "work"
                    self.submit(other, Life("return", 1))
                return ("result", id(life))
            finally:
                life.cleaned_on.append(threading.current_thread().name)
                if life.ending == "yield in cleanup":
                    yield Note()
                    life.cleaned_on.append("to the end")
                if life.ending == "bad cleanup":
                    raise Refused("clean-up")

        return steps

    def submit(self, runner: str, life: Life, rank: int = 10) -> None:
        def deliver(result: object) -> None:
            life.delivered.append(result)
            if life.ending == "bad delivery":
                raise Refused("delivery")

        life.runner = runner
        self.lives.append(life)
        older = [each for each in self.lives[:-1] if life.key and (each.runner, each.key) == (runner, life.key)]
        life.id = self.runners[runner].submit(self.body(life), rank=rank, key=life.key, on_result=deliver)
        self.now_unwanted(each.id for each in older)

    def now_unwanted(self, jobs: Iterable[int]) -> None:
        """Remember that nobody wants to hear of these jobs' steps from this event on."""
        for job in jobs:
            self.unwanted_from.setdefault(job, len(self.events))

    def act(self) -> None:
        """One random act of a hasty person."""
        runner = self.chance.choice(["work", "live", "live"])
        act = self.chance.random()
        if act < 0.4:
            life = Life(self.chance.choice(ENDINGS), self.chance.randrange(5))
            life.key = self.chance.choice([None, None, "render", "tiles"])
            self.submit(runner, life, self.chance.randrange(3))
        elif act < 0.7:
            self.turnstiles[runner].give(self.chance.randrange(1, 4), self.runners[runner])
        elif act < 0.93 and self.lives:
            victim = self.chance.choice(self.lives[-6:])
            if victim.id and self.runners[victim.runner].cancel(victim.id):
                self.cancelled.add(victim.id)
                self.now_unwanted([victim.id])
        elif act < 0.96:
            pending = self.runners[runner].pending()
            self.cancelled.update(pending)
            self.runners[runner].cancel_all()
            self.now_unwanted(pending)
        else:
            self.rest(runner)

    def rest(self, runner: str) -> None:
        """Let everything on a runner come to its own end."""
        self.turnstiles[runner].set_open(True)
        assert self.runners[runner].wait_idle(WAIT_S)
        self.turnstiles[runner].set_open(False)

    def close(self) -> None:
        """Half the worlds end in the middle of their work, the others come to rest first."""
        if self.chance.random() < 0.5:
            # Twice over both, because a job of one may have passed something on to the other.
            for name in [*self.runners] * 2:
                self.rest(name)
        else:
            self.rude = True
            for runner in self.runners.values():
                runner.close(0)  # returns at once, in the middle of a step
        for turnstile in self.turnstiles.values():
            turnstile.set_open(True)
        # A chain that meets a closed runner fails, which is a life like any other.
        for runner in self.runners.values():
            assert runner.close(WAIT_S)

    def history(self, life: Life) -> list[str]:
        return [e.kind for e in self.events if e.job == life.id]

    def check(self) -> None:
        lives = [life for life in self.lives if life.id]
        assert {e.job for e in self.events} == {life.id for life in lives}, "every job was heard of, and no other"
        newest = {(life.runner, life.key): life.id for life in lives if life.key}
        for life in lives:
            self.check_life(life, newest.get((life.runner, life.key)) if life.key else None)

    def check_life(self, life: Life, newest_of_key: int | None) -> None:
        kinds = self.history(life)
        assert kinds[0] == "queued"
        assert kinds.count("queued") == 1
        assert kinds.count("started") == (1 if life.begun else 0) or kinds[1:] == ["started", "cancelled"]
        assert [k in TERMINAL for k in kinds] == [False] * (len(kinds) - 1) + [True], "one end, and it is the last word"
        assert kinds.count("note") <= life.n_notes
        late = self.events[self.unwanted_from.get(life.id, len(self.events)) :]
        assert not any(e.job == life.id and e.kind in {"started", "note"} for e in late), "it was cancelled or replaced"
        end = next(e for e in self.events if e.job == life.id and e.kind in TERMINAL)
        thread = f"engine-{life.runner}"
        assert life.begun <= 1
        assert life.cleaned_on[:1] == [thread] * life.begun, "what began was cleaned up, on its own thread"
        if life.ending == "yield in cleanup" and end.kind in {"done", "failed"}:
            assert life.cleaned_on[1:] == ["to the end"]
        if end.kind == "done":
            assert end.payload == ("result", id(life))
            assert life.delivered == [end.payload], "no result is lost"
            assert kinds.count("note") == life.n_notes
        if end.kind == "failed":
            assert life.ending != "return"
            assert isinstance(end.payload, Exception)
        if end.kind == "cancelled":
            if end.payload == "replaced":
                assert life.key is not None
                assert life.id != newest_of_key, "the latest of a key is never replaced"
            else:
                assert self.rude or life.id in self.cancelled, "nothing ends that nobody ended"
            assert life.delivered == []


@pytest.mark.parametrize("first", range(0, SEQUENCES, PER_TEST))
def test_random_lives_keep_every_promise(first: int) -> None:
    for seed in range(first, first + PER_TEST):
        threads = set(threading.enumerate())
        world = World(seed)
        try:
            for _ in range(world.chance.randrange(5, 40)):
                world.act()
        finally:
            world.close()
        assert set(threading.enumerate()) == threads, f"seed {seed}: a thread lives on"
        try:
            world.check()
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
