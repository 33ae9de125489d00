"""Killing workers at boundaries, each in a world of its own, and looking at what came of it."""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from sealane import composition
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.runners.dummy import DummyRunner

from .nursery import Order, settings_of, words
from .shop import SECRETS

_PATIENCE = 150


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a world came to, told in a way that two worlds can be compared."""

    runs: tuple[str, ...]
    steps: tuple[str, ...]
    reports: tuple[str, ...]
    verdicts: tuple[str, ...]
    holds: tuple[str, ...]
    starts: Counter[str]
    """How often each container was started, names without the run's id."""
    writes: tuple[str, ...]
    """Every write at the destination, in order, with the generation it gave."""


class Copying(Protocol):
    """Makes a database like another one, and gives its URL; None stands for SQLite, which lives in the folder."""

    def __call__(self, database: str | None) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class World:
    """A server's folder and database."""

    data: Path
    database: str | None

    def copy(self, to: Path, copying: Copying) -> World:
        """The same world once more; `to` is where."""
        shutil.copytree(self.data, to)
        return World(data=to, database=copying(self.database))

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[composition.Server]:
        """A server in this process that answers and carries no workflows."""
        server = await composition.start(settings_of(str(self.data), self.database), role=composition.Role.API)
        try:
            yield server
        finally:
            await server.stop()

    async def outcome(self) -> Outcome:
        """What came of it."""
        async with self.answering() as server:
            runs = sorted(await server.views.runs(), key=lambda run: run.sequence)
            views = [await server.views.run(run.id) for run in runs]
            deployments = sorted(await server.views.deployments(), key=lambda deployment: deployment.sequence)
            holds = await server.store.holds.open("shop")
        starts = DummyRunner(self.data / "dummies" / "engine").starts()
        places = {run.id: str(run.sequence) for run in runs}
        journal = DummyDestination(State(self.data / "dummies" / "dev" / "here.json")).journal()
        return Outcome(
            runs=tuple(f"{run.label} {run.status} {run.reason}" for run in runs),
            steps=tuple(f"{view.run.label} {step.key} {step.status}" for view in views for step in view.steps),
            reports=tuple(
                f"{view.run.label} {report.key} {report.attempt} {report.report.words}"
                for view in views
                for report in view.reports
            ),
            verdicts=tuple(
                f"{deployment.label} {deployment.sequence} {deployment.verdict_kind}" for deployment in deployments
            ),
            holds=tuple(f"{hold.formation} {hold.up_to}" for hold in holds),
            starts=Counter({_without(name, places): times for name, times in starts.items()}),
            writes=tuple(f"{write.verb} {write.object} {write.generation}" for write in journal),
        )

    def holds_text(self, text: str) -> list[str]:
        """Names of files below the folder that hold the text, the pretended destination's aside."""
        paths = (path for path in self.data.rglob("*") if path.is_file() and "dummies" not in path.parts)
        return [path.name for path in paths if text.encode() in path.read_bytes()]


def _without(name: str, places: dict[str, str]) -> str:
    for run_id, place in places.items():
        name = name.replace(run_id, place)
    return name


def told_end(code: int, world: World) -> str:
    """What a worker ended with, and what it printed."""
    return f"a worker ended with {code}: {(world.data / 'worker.log').read_text()}"


class Nursery:
    """A process that forks workers."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    async def work(self, order: Order) -> dict[str, Any]:
        """Carries out an order and gives what came of it: `code` and `boundaries`."""
        assert self._process.stdin is not None
        with TemporaryDirectory() as folder:
            answer = Path(folder) / "answer"
            self._process.stdin.write(f"{words(replace(order, answer=str(answer)))}\n".encode())
            self._process.stdin.flush()
            async with asyncio.timeout(_PATIENCE):
                while not answer.exists():
                    assert self._process.poll() is None, "the nursery has ended; its stderr says why"
                    await asyncio.sleep(0.01)
            told: dict[str, Any] = json.loads(answer.read_text())
            return told

    async def work_to_the_end(self, world: World) -> list[str]:
        """Carries out everything with one worker that nothing happens to; gives the boundaries it came to."""
        done = await self.work(Order(data=str(world.data), database=world.database))
        assert done["code"] == 0, told_end(done["code"], world)
        boundaries: list[str] = done["boundaries"]
        return boundaries

    async def kill_everywhere(self, world: World, *, spared: Sequence[str] = ()) -> list[str]:
        """One worker after the other, each killed at the first boundary where none was killed before; gives those.

        Nobody is killed at those that are `spared`.
        """
        killed: list[str] = []
        while True:
            left = [*spared, *killed]
            done = await self.work(Order(data=str(world.data), database=world.database, spared=left))
            if done["code"] == 0:
                return killed
            assert done["code"] == -signal.SIGKILL, told_end(done["code"], world)
            killed.append(done["boundaries"][-1])


@dataclass(frozen=True, kw_only=True)
class Survived:
    """What came of one world undisturbed and of those whose workers were killed."""

    undisturbed: Outcome
    worlds: tuple[World, ...]
    """The undisturbed one first."""
    meant: set[str]
    """The boundaries to kill at: all, or those of one half."""
    killed: set[str]


async def survive(world: World, copying: Copying, folder: Path, *, half: int | None = None) -> Survived:
    """Kills workers at every boundary there is, in two copies side by side, or at those of one half in one.

    What comes of each must be the same.
    """
    alone = world.copy(folder / "alone", copying)
    workers = nursery()
    boundaries = await workers.work_to_the_end(alone)
    chosen = halves(boundaries) if half is None else (halves(boundaries)[half],)
    disturbed = [world.copy(folder / f"killed-{number}", copying) for number in range(len(chosen))]
    killed = await asyncio.gather(
        *(
            workers.kill_everywhere(disturbance, spared=sorted(set(boundaries) - meant))
            for disturbance, meant in zip(disturbed, chosen, strict=True)
        )
    )
    undisturbed = await alone.outcome()
    for disturbance in disturbed:
        assert await disturbance.outcome() == undisturbed
    return Survived(
        undisturbed=undisturbed,
        worlds=(alone, *disturbed),
        meant={name for names in chosen for name in names},
        killed={name for names in killed for name in names},
    )


def halves(boundaries: Sequence[str]) -> tuple[set[str], set[str]]:
    """All boundaries in two: the same ones in whichever order workers came to them, and of each kind in both."""
    ordered = sorted(set(boundaries))
    first = {*ordered[::4], *ordered[3::4]}
    return first, set(ordered) - first


@cache
def nursery() -> Nursery:
    """The nursery of all tests of this process; it ends with that."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.recovery.nursery"],
        stdin=subprocess.PIPE,
        env={**os.environ, **SECRETS},
        cwd=Path(__file__).parents[2],
    )

    def end() -> None:
        process.kill()
        process.communicate()

    atexit.register(end)
    return Nursery(process)
