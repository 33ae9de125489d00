"""`python -m bench.guard`: false alarms and misses of the guard over seeded rollouts; simulated, so it needs no bed.

Half of the rollouts are fine and half are not. A fine one may restart while it starts, lose an instance for a moment, and
print lines it never printed with other numbers in them; a bad one crashes, flaps or prints errors nobody has seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from sealane.deployments import new_errors
from sealane.verdicts import model, stability

START = datetime(2026, 1, 1, tzinfo=UTC)
ROLLOUTS = 100
WATCHED = 60
"""Seconds for which each is watched."""
FINE_LINES = (
    "INFO  GET /carts/{n} 200 in {n} ms",
    "WARN  slow query took {n} ms for user {u}",
    "ERROR could not reach 10.0.{b}.{b}:5432, trying again in {n} s",
    "{t} level=error msg=timeout id={u} after={n}ms",
    '{{"level":"error","time":"{t}","msg":"payment {u} declined","code":{n}}}',
    "DEBUG cache has 0 errors after {n} entries",
)
RARE_LINES = ("INFO  migrated {n} rows", "WARN  certificate ends in {n} days", "INFO  finished with 0 failed jobs")
BAD_LINES = (
    "ERROR relation carts_{n} does not exist",
    "Traceback (most recent call last):",
    "{t} level=fatal msg=out-of-file-descriptors pid={n}",
    "java.lang.NullPointerException: at Cart.total(Cart.java:{n})",
    "panic: runtime error: index out of range [{n}] with length {n}",
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the guard made of one rollout."""

    kind: str
    bad: bool
    steady: bool
    lines: bool
    """Whether new error lines were too many."""

    def alarm(self, *, by_lines: bool) -> bool:
        """Whether it would have failed."""
        return not self.steady or (by_lines and self.lines)


@dataclass
class Pod:
    """One instance as it is simulated."""

    name: str
    ready_at: float
    restarts: int = 0
    down_until: float = -1.0

    def seen(self, second: float) -> model.Instance:
        """As an observation shows it."""
        ready = second >= self.ready_at and second >= self.down_until
        container = model.Container(
            name="web", role=model.Role.MAIN, ready=ready, restarts=self.restarts, state="running"
        )
        return model.Instance(
            object=f"Pod/{self.name}",
            workload="Deployment/web",
            desired=True,
            terminating=False,
            ready=ready,
            ready_since=START if ready else None,
            created=START,
            state="running",
            containers=(container,),
        )


def fine(chance: random.Random, pods: list[Pod], second: int) -> None:
    """A restart while starting, now and then; very seldom an instance that is away for a moment."""
    for pod in pods:
        if second < pod.ready_at and chance.random() < 0.02:
            pod.restarts += 1
            pod.ready_at = second + chance.uniform(2, 6)
        elif chance.random() < 0.0005:
            pod.down_until = second + chance.uniform(1, 5)


def crashing(chance: random.Random, pods: list[Pod], second: int) -> None:
    """Every instance ends now and then, each seldom enough to look well by itself."""
    for pod in pods:
        if second >= pod.ready_at and chance.random() < 0.02:
            pod.restarts += 1
            pod.ready_at = second + chance.uniform(1, 3)


def flapping(chance: random.Random, pods: list[Pod], second: int) -> None:
    """Instances that lose ready again and again without a restart."""
    for pod in pods:
        if second >= max(pod.ready_at, pod.down_until) and chance.random() < 0.04:
            pod.down_until = second + chance.uniform(1, 4)


KINDS: dict[str, tuple[Callable[[random.Random, list[Pod], int], None], bool]] = {
    "fine": (fine, False),
    "crashing": (crashing, False),
    "flapping": (flapping, False),
    "new errors": (fine, True),
}
"""How instances fare, and whether errors are printed that nobody has seen."""


def rollout(seed: int) -> Told:
    """Simulates one rollout and gives what the guard says of it."""
    chance = random.Random(seed)
    kind = "fine" if seed % 2 == 0 else ("crashing", "flapping", "new errors")[seed // 2 % 3]
    happens, broken = KINDS[kind]
    pods = [Pod(name=f"web-{n}", ready_at=chance.uniform(1, 8)) for n in range(chance.randint(2, 12))]
    steadiness, steady = stability.Stability(), True
    for second in range(WATCHED):
        happens(chance, pods, second)
        seen = model.Observation(
            at=START + timedelta(seconds=second),
            workloads=(_workload(len(pods)),),
            instances=tuple(pod.seen(second) for pod in pods),
        )
        steadiness = stability.noted(steadiness, seen, started=START)
        steady = steady and stability.unsteady(steadiness, seen, stability.StabilityRules()) is None
    before = new_errors.error_signatures(_lines(chance, 400, FINE_LINES))
    fresh = [*_lines(chance, 380, FINE_LINES), *_lines(chance, 20, RARE_LINES)]
    if broken:
        fresh += _lines(chance, chance.randint(2, 12), (chance.choice(BAD_LINES),))
    errors = new_errors.novel(before, fresh)
    return Told(kind=kind, bad=kind != "fine", steady=steady, lines=new_errors.too_many(errors))


def measure() -> list[Told]:
    """All of them, always the same."""
    return [rollout(seed) for seed in range(ROLLOUTS)]


def main() -> None:
    """Prints the table."""
    told = measure()
    table = Table("Guard", "Fine rollouts", "False alarms", "Bad rollouts", "Misses")
    for words, by_lines in (("restarts and flaps", False), ("with new error lines", True)):
        mine = [each for each in told if by_lines or each.kind != "new errors"]
        good, bad = [each for each in mine if not each.bad], [each for each in mine if each.bad]
        alarms = sum(each.alarm(by_lines=by_lines) for each in good)
        misses = sum(not each.alarm(by_lines=by_lines) for each in bad)
        table.add_row(words, str(len(good)), str(alarms), str(len(bad)), str(misses))
    console = Console(highlight=False)
    console.print(f"{ROLLOUTS} seeded rollouts of 2 to 12 instances, watched for {WATCHED} s")
    console.print(table)


def _workload(number: int) -> model.Workload:
    return model.Workload(
        object="Deployment/web",
        health=model.Health.READY,
        desired=number,
        updated=number,
        ready=number,
        old=0,
        ready_since=START,
        message="",
    )


def _lines(chance: random.Random, number: int, kinds: tuple[str, ...]) -> Iterator[str]:
    for _ in range(number):
        at = START + timedelta(seconds=chance.uniform(0, 9999))
        yield chance.choice(kinds).format(
            n=chance.randint(1, 99999),
            b=chance.randint(1, 250),
            u="-".join(f"{chance.getrandbits(size * 4):0{size}x}" for size in (8, 4, 4, 4, 12)),
            t=at.isoformat(),
        )


if __name__ == "__main__":
    main()
