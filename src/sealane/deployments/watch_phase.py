"""The phase that waits for a judgement. It writes nothing, so a worker that takes over calls it again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sealane import clock, errors
from sealane.deployments import failure_reports, finished_work, model
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import evaluate, outcomes, sightings, stability
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import Judgement, Memory, Rules, State

_KNOWN = 4096
"""How many texts' masked forms are remembered: most texts come again in each observation."""
TICK = timedelta(seconds=30)
"""The longest time between two judgements, even without a new observation."""
_FIRST_COUNT = timedelta(seconds=2)
"""The longest that watching waits for the first count of what it does not judge."""


class WatchNotes:
    """What the guard has seen since the deployment began; `keep` is told whenever that changes."""

    def __init__(
        self,
        steadiness: stability.Stability | None = None,
        keep: Callable[[stability.Stability], None] | None = None,
    ) -> None:
        self.steadiness = steadiness or stability.Stability()
        self._keep = keep

    def add(self, observation: verdicts.Observation, *, begun: datetime) -> None:
        """Adds an observation."""
        noted = stability.noted(self.steadiness, observation, started=begun)
        if noted != self.steadiness and self._keep:
            self._keep(noted)
        self.steadiness = noted


class Stop:
    """A person's request to stop, which may come at any time."""

    def __init__(self) -> None:
        self.by = ""
        """Who asked for it; empty while nobody has."""
        self.requested = asyncio.Event()

    def request(self, by: str) -> None:
        """Stops all that wait on it."""
        self.by = by
        self.requested.set()


@dataclass(frozen=True, kw_only=True, slots=True)
class WatchContext:
    """What a watcher needs, and whom it tells."""

    notes: WatchNotes = field(default_factory=WatchNotes)
    listener: model.Listener = model.unheard
    look: Callable[[verdicts.Observation], None] = lambda _: None
    """Told of every observation, masked; returns quickly and never raises."""
    mask: failure_reports.Mask = failure_reports.plain
    """Masks secrets' values in all that it tells or gives."""
    stop: Stop = field(default_factory=Stop)
    """Ends the watching as failed."""
    now: clock.Clock = clock.now


async def watch(
    destination: Destination,
    target: model.Target,
    *,
    begun: model.Begun,
    phase: model.Phase = model.Phase.WATCH,
    beside: destinations.Inventory = (),
    by: WatchContext | None = None,
) -> model.WatchResult:
    """Waits until the target is healthy or has failed. Observations wake it, and the end of a hold or of patience.

    The instances of the workloads `beside` are counted as those of the other version, and judge nothing. With the same
    `begun` and notes, a new watcher judges like the last one. A pause must be over before it is healthy.
    """
    guard = target.guard if phase is model.Phase.WATCH else None  # a revision verified once is not guarded again
    until = begun.at + begun.pause
    watching = _Watching(target.rules(begun), phase=phase, until=until, guard=guard, by=by or WatchContext())
    every = begun.inventory if begun.watched is None else begun.watched
    wanted = tuple(
        ref for ref in every if not finished_work.is_over(destination, ref, begun.ended)
    )  # an end that was seen stays true
    tasks: list[asyncio.Task[None]] = []
    try:
        if beside:
            tasks.append(asyncio.create_task(watching.count(destination.observe(target.identity, beside))))
            await watching.counted(tasks[0])
        reading = asyncio.create_task(watching.read(destination.observe(target.identity, wanted, health=target.health)))
        tasks.append(reading)
        while True:
            if watched := watching.judge():
                return watched
            if reading.done():
                reading.result()
                raise errors.Unavailable("the destination stopped telling what it sees", hint="try again")
            await watching.woken(reading)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Watching:
    """The latest observation, and what is kept from one judgement to the next."""

    def __init__(
        self,
        rules: Rules,
        *,
        phase: model.Phase,
        until: datetime,
        guard: stability.StabilityRules | None,
        by: WatchContext,
    ) -> None:
        self._rules = rules
        self._phase = phase
        self._until = until
        self._guard = guard
        self._notes = by.notes
        self._listener = by.listener
        self._look = by.look
        self._mask = functools.lru_cache(maxsize=_KNOWN)(by.mask)
        self._stop = by.stop
        self._now = by.now
        self._seen: verdicts.Observation | None = None
        self._beside = 0
        self._first_count = asyncio.Event()
        self._new = asyncio.Event()
        self._memory = Memory()
        self._told: tuple[str, str] | None = None
        self._again: datetime | None = None

    async def read(self, observations: AsyncIterator[verdicts.Observation]) -> None:
        """Keeps the latest observation; those that come faster than they are judged are skipped."""
        async for observation in observations:
            if self._seen and self._seen.blind_since and not observation.blind_since:
                blind = self._memory.blind + (observation.at - max(self._seen.blind_since, self._rules.started))
                self._memory = replace(self._memory, blind=blind)
            self._memory = replace(self._memory, first_seen=sightings.noted(self._memory, observation))
            self._notes.add(observation, begun=self._rules.begun)
            self._seen = replace(failure_reports.unseen(observation, self._mask), beside=self._beside)
            self._look(self._seen)
            self._new.set()

    async def counted(self, counting: asyncio.Task[None]) -> None:
        """Waits for the first count, which would come too late where all is healthy at the first look."""
        first = asyncio.create_task(self._first_count.wait())
        try:
            await asyncio.wait(
                {first, counting}, timeout=_FIRST_COUNT.total_seconds(), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            first.cancel()

    async def count(self, observations: AsyncIterator[verdicts.Observation]) -> None:
        """Counts the instances beside what is judged. They decide nothing, so trouble only ends the counting."""
        with contextlib.suppress(errors.SealaneError):
            async for observation in observations:
                if observation.blind_since:
                    continue
                running = [workload for workload in observation.running if not workload.one_shot]
                self._beside = sum(workload.updated + workload.old for workload in running)
                self._first_count.set()
                if self._seen:
                    self._seen = replace(self._seen, beside=self._beside)
                    self._look(replace(self._seen, at=observation.at))

    def judge(self) -> model.WatchResult | None:
        """The result, when the latest observation ends the watch."""
        if self._seen is None:
            return None
        judgement = evaluate.judge(self._seen, self._rules, now=self._now(), memory=self._memory)
        if self._guard and judgement.state is not State.FAILED and not self._seen.blind_since:
            judgement = stability.guarded(judgement, self._notes.steadiness, self._seen, self._guard)
        if self._stop.by and judgement.state is not State.FAILED:
            cause = outcomes.cancellation(by=self._stop.by, at=self._now())
            judgement = replace(judgement, state=State.FAILED, waiting_for=cause.sentence, cause=cause, again=None)
        if judgement.state is State.HEALTHY and self._now() < self._until:
            judgement = replace(
                judgement,
                state=State.PROGRESSING,
                waiting_for=f"everything is ready; the next step comes at {self._until:%H:%M:%S} UTC",
                again=self._until,
            )
        self._again = judgement.again
        self._tell(judgement)
        if judgement.state is State.PROGRESSING:
            return None
        return model.WatchResult(judgement=judgement, observation=self._seen, startup=evaluate.startup(self._seen))

    async def woken(self, reading: asyncio.Task[None]) -> None:
        """Waits for something to judge: a new observation, or a due time."""
        span = min(self._again - self._now(), TICK) if self._again else TICK
        new = asyncio.create_task(self._new.wait())
        stopped = asyncio.create_task(self._stop.requested.wait())
        try:
            await asyncio.wait(
                {new, reading, stopped}, timeout=max(span.total_seconds(), 0), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            new.cancel()
            stopped.cancel()
        self._new.clear()

    def _tell(self, judgement: Judgement) -> None:
        """Tells a new state or another thing that it waits for; the countdown of a hold is not new."""
        state = (judgement.state.value, judgement.waiting_for)
        if state != self._told:
            self._told = state
            self._listener(
                model.Progress(
                    phase=self._phase,
                    at=self._now(),
                    message=judgement.waiting_for,
                    key=f"{self._phase} {judgement.waiting_for}",
                    observation=self._seen,
                    judgement=judgement,
                )
            )
