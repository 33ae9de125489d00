"""Sends notices: a subscriber stores who is to be told what, and one loop sends what is due."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from sealane import clock
from sealane.approvals.explanation import Explanation
from sealane.environments.notice_files import NoticeConfig
from sealane.errors import NotThere, Overrun, SealaneError, Unavailable, trace
from sealane.notices import batches, messages, recipients, topics
from sealane.notices.batches import Due
from sealane.notices.facts import NoticeFacts, Subject
from sealane.notices.model import Outgoing
from sealane.notices.port import PartlyTold, Reference, Telling
from sealane.notices.recipients import Recipient
from sealane.outbox import notice_kinds
from sealane.outbox.model import DomainEvent, Kind
from sealane.outbox.notice_kinds import NoticeKind
from sealane.pipelines.notices import NoticeRule
from sealane.store.all_stores import Store
from sealane.workflows.failover import Worker
from sealane.workflows.notice_targets import Targets

_log = logging.getLogger(__name__)
_EVERY = 1.0
"""Seconds between two looks at what is due."""
_TAKEN_FOR = timedelta(seconds=60)
"""How long one sending may take; longer than the patience of every target."""
_RUNS = frozenset({NoticeKind.RUN_FAILED, NoticeKind.RUN_FIXED, *notice_kinds.OF_PLAN})
_MINUTE = 60.0
Kept = TypeVar("Kept")
_AT_ONCE = 4
"""Notices that are sent to one target at the same time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """The subscriber: stores a row for each thing and target."""

    store: Store
    config: Callable[[], NoticeConfig]
    server: str
    """The address of the server, for links."""
    now: clock.Clock = clock.now
    name: str = "notices"
    kinds: Collection[str] = notice_kinds.KINDS

    async def act(self, event: DomainEvent) -> None:
        """Stores who is to be told of the event. Raises Unavailable; other errors are logged and lose this notice."""
        try:
            await self._act(event)
        except Unavailable:
            raise
        except NotThere:  # its subject was removed meanwhile
            return
        except SealaneError as error:
            _log.warning("nobody was told of %s %s: %s", event.kind, event.about, error)
        except Exception as error:  # noqa: BLE001 - else nobody would be told of anything after it
            _log.error("nobody was told of %s %s\n%s", event.kind, event.about, trace(error))

    async def _act(self, event: DomainEvent) -> None:
        kind = notice_kinds.of(event)
        if kind is None or event.app is None:
            return
        config = await asyncio.to_thread(self.config)
        if not config.targets and not config.hosts:
            return
        subject = await self._subject(event, event.app)
        added = await self._added(event)
        addressees = recipients.of(
            config, added, kind=kind, app=event.app, owner=subject.owner, environment=subject.environment
        )
        earlier = await self._told(event, kind, recipients.addresses(config, added))
        addressees += recipients.following(earlier, addressees, config, kind=kind)
        if not addressees:
            return
        facts = await self._facts(event, kind, subject)
        if facts is not None:
            addressed = [(recipient, messages.notice(facts, recipient.template)) for recipient in addressees]
            await self.store.notices.put(addressed, at=self.now())

    async def _told(self, event: DomainEvent, kind: NoticeKind, targets: Collection[str]) -> tuple[Recipient, ...]:
        """Who has a message about the event's deployment."""
        if kind not in notice_kinds.OF_DEPLOYMENT or event.deployment is None:
            return ()
        return await self.store.notices.recipients_of(topics.of_deployment(event.deployment), targets)

    async def _added(self, event: DomainEvent) -> tuple[NoticeRule, ...]:
        """The notice rules of the event's commit."""
        release = (await self.store.deployments.get(event.deployment)).release_id if event.deployment else None
        return await self.store.notices.rules_of(event.run, release)

    async def _subject(self, event: DomainEvent, name: str) -> Subject:
        """The subject of the event. Observed formations have no app here: the event itself names the owner."""
        if event.data.get("observed"):
            return Subject(owner=event.data["owner"], environment=event.data["environment"], observed=True)
        app = await self.store.apps.get(name)
        return Subject(owner=app.owner, repository=app.repository, environment=await self._environment(name, event))

    async def _environment(self, app: str, event: DomainEvent) -> str | None:
        if event.formation is None:
            return None
        if event.deployment:
            return (await self.store.deployments.get(event.deployment)).environment
        if event.kind == Kind.RUN_STEP and event.run:
            steps = await self.store.runs.steps(event.run)
            results = (step.result or {} for step in steps if step.key == event.data.get("step"))
            return next((str(result["environment"]) for result in results if "environment" in result), None)
        return (await self.store.formations.get(app, event.formation)).environment

    async def _facts(self, event: DomainEvent, kind: NoticeKind, subject: Subject) -> NoticeFacts | None:
        """The facts for the message; None for a run that passed after another passed one."""
        store = self.store
        run = await store.runs.get(event.run) if kind in _RUNS and event.run else None
        if run is not None and kind is NoticeKind.RUN_FIXED and not await store.notices.failed_before(run):
            return None
        deployment = await store.deployments.get(event.deployment) if event.deployment else None
        why = await self._why(run.id if run else event.deployment)
        return NoticeFacts(
            event=event,
            kind=kind,
            subject=subject,
            deployment=deployment,
            run=run,
            why=why,
            origin=why.origin if why else None,
            server=self.server,
        )

    async def _why(self, subject: str | None) -> Explanation | None:
        return await self.store.views.why(subject) if subject else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Sends what is due, and notes the results. Each target has its own turn: a slow one delays no other."""

    store: Store
    targets: Targets
    holder: str
    """This process, by a name that no other has."""
    now: clock.Clock = clock.now
    tick: Callable[[], float] = time.monotonic
    busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    """What is being sent, by target."""
    quiet: dict[str, float] = field(default_factory=dict)
    """Until when targets refuse messages, by this process's own clock."""
    lately: dict[str, deque[float]] = field(default_factory=dict)
    """When each target was told of something new, by this process's own clock."""

    async def run(self, worker: Worker) -> None:
        """Sends what is due until the worker leaves; a message being sent is finished."""
        try:
            while not worker.leaving:
                try:
                    await self.send()
                except SealaneError as error:
                    _log.warning("notices wait: %s", error)
                except Exception as error:  # noqa: BLE001 - the next look may fare better
                    if not worker.leaving:
                        _log.error("notices failed\n%s", trace(error))
                await asyncio.sleep(_EVERY)
        except asyncio.CancelledError:
            for task in self.busy.values():
                task.cancel()
            raise
        finally:
            await asyncio.gather(*self.busy.values(), return_exceptions=True)

    async def send(self) -> None:
        """Begins to send what is due to free targets."""
        due = await self.store.notices.due(self.holder, self.now(), but=self._occupied())
        for target in dict.fromkeys(notice.target for notice in due):
            mine = [notice for notice in due if notice.target == target]
            self.busy[target] = asyncio.create_task(self._send_all(target, mine))

    def _occupied(self) -> frozenset[str]:
        """Targets that are busy, or refuse messages for now."""
        now = self.tick()
        _forget(self.busy, lambda task: task.done())
        _forget(self.quiet, lambda until: until <= now)  # commits bring ever more targets along
        _forget(self.lately, lambda times: times[-1] <= now - _MINUTE)
        return frozenset(self.busy) | frozenset(self.quiet)

    async def _send_all(self, target: str, due: Sequence[Due]) -> None:
        """Sends what is due to one target, several at a time."""
        since = self.tick() - _MINUTE
        sent = {target: sum(at > since for at in self.lately.get(target, ()))}
        places = asyncio.Semaphore(_AT_ONCE)
        apart = await self.targets.tells_apart(target)
        sending = (self._send(target, batch, places) for batch in batches.batches(due, sent, apart=apart))
        for error in await asyncio.gather(*sending, return_exceptions=True):
            if isinstance(error, SealaneError):
                _log.warning("notices wait: %s", error)
            elif isinstance(error, Exception):
                _log.error("notices failed\n%s", trace(error))

    async def _send(self, target: str, ids: Sequence[str], places: asyncio.Semaphore) -> None:
        """Sends one message for all taken notices; none once the target refuses messages for now."""
        async with places:
            if self.quiet.get(target, 0.0) > self.tick():
                return
            now = self.now()
            asked = [
                await self.store.notices.take(notice, self.holder, now=now, until=now + _TAKEN_FOR) for notice in ids
            ]
            taken = [outgoing for outgoing in asked if outgoing is not None]
            if not taken:
                return
            try:
                reference = await asyncio.wait_for(self._tell(taken), _TAKEN_FOR.total_seconds() / 2)
            except Overrun as error:
                self.quiet[target] = self.tick() + error.after
                await self._failed(taken, error.message, after=timedelta(seconds=error.after))
            except PartlyTold as error:
                await self._failed(taken, error.message, for_good=True)
            except SealaneError as error:
                await self._failed(taken, error.message)
            except TimeoutError:
                await self._failed(taken, "it took too long")
            except Exception as error:  # noqa: BLE001 - one target's trouble is not the others'
                _log.error("a notice to %s failed\n%s", taken[0].target, trace(error))
                await self._failed(taken, f"Sealane itself failed: {type(error).__name__}")
            else:
                for outgoing in taken:
                    await self.store.notices.sent(outgoing, self.holder, reference, at=self.now())

    async def _tell(self, taken: Sequence[Outgoing]) -> Reference:
        """Sends it, and gives the target's id of the message; nothing for one about several things."""
        first = taken[0]
        target = await self.targets.open(first.target, first.own, app=first.notice.app)
        if not first.told:
            self.lately.setdefault(first.target, deque(maxlen=batches.MOST)).append(self.tick())
        single = first if len(taken) == 1 else None
        notice = single.notice if single else batches.digest(taken)
        reference = await target.tell(
            Telling(
                id=f"{first.id}.{first.version}",
                notice=notice,
                fresh=single.fresh if single else notice.entries,
                reference=first.reference if single else {},
                at=notice.entries[-1].at,
            )
        )
        return reference if single else {}

    async def _failed(
        self, taken: Sequence[Outgoing], reason: str, *, after: timedelta = timedelta(), for_good: bool = False
    ) -> None:
        _log.warning("the notice %s can't be sent to %s: %s", taken[0].id, taken[0].target, reason)
        for outgoing in taken:
            await self.store.notices.failed(
                outgoing, self.holder, reason, at=self.now(), after=after, for_good=for_good
            )


def _forget(entries: dict[str, Kept], over: Callable[[Kept], bool]) -> None:
    for name in [name for name, value in entries.items() if over(value)]:
        del entries[name]
