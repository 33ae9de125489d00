"""The memory of a deployment on a server, in its database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from typing_extensions import override

from sealane.approvals.admission import RevisionSource, summary
from sealane.deployments import failure_reports, hooks_and_gates, messages, model, rollback_check
from sealane.deployments import targets as shared
from sealane.deployments.memory import Asking, Left, Memory, Prepared, RollbackPermission, Watching, Word
from sealane.deployments.steps.work import Context
from sealane.deployments.watch_phase import Stop
from sealane.destinations.deletions import Budget
from sealane.destinations.model import Fence, Inventory
from sealane.destinations.port import Destination
from sealane.egress import Allowlist
from sealane.environments import egress_allowlist
from sealane.events.model import Alert
from sealane.formations.gates import Alerts, Gate
from sealane.records.deployments import Deployment, DeploymentKind, GateWord
from sealane.releases import changes
from sealane.secrets import manifest_secrets, revealed
from sealane.stencils.model import Revision
from sealane.store import conclusion
from sealane.verdicts import model as verdicts
from sealane.workflows.context import Tools
from sealane.workflows.steps import admission, cancellation, leftovers, targets, timeline

POLL = 0.5
"""Seconds between two looks for a person's answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SqlMemory(Memory):
    """One deployment of the database. Everything is read anew, so a worker that takes over knows the same."""

    tools: Tools
    id: str

    async def deployment(self) -> Deployment:
        """The deployment as it is now."""
        return await self.tools.store.deployments.get(self.id)

    async def destination(self) -> Destination:
        """Where it goes."""
        return await targets.destination_of(self.tools, await self.deployment())

    @override
    async def prepare(self, start: model.Start) -> Prepared:
        tools, deployment = self.tools, await self.deployment()
        destination = await targets.destination_of(tools, deployment)
        revision = await self.revision(deployment)
        old = await self._before(start.previous)
        forward, back = await self.targets(deployment, revision, old, destination)
        forward, back = with_finished(forward, back, start.finished)
        forward, back = shared.shaped(forward, back, start.survey)
        plan = model.DeploymentPlan(
            target=forward,
            stored=start.stored,
            previous=back,
            stays=start.stays,
            keep=await targets.kept_for_later(tools, deployment, destination),
            budget=Budget(
                deletes=tools.environment(deployment.environment).delete_budget, confirmed=deployment.confirmed
            ),
            difference=tuple(changes.between(old, revision).to_json()["objects"]),
            adopt=deployment.adopt,
            is_rollback=deployment.kind is DeploymentKind.ROLLBACK,
            verified=await targets.verified_sequence(tools, deployment),
        )
        beside = hooks_and_gates.of(revision, back=plan.is_rollback, first=not plan.verified)
        return Prepared(plan=plan, destination=destination, beside=beside)

    async def targets(
        self, deployment: Deployment, revision: Revision, old: Revision | None, destination: Destination
    ) -> tuple[model.Target, model.Target | None]:
        """Its target, and the target of its rollback."""
        formation = await self.tools.store.formations.get(deployment.app, deployment.formation)
        forward = await targets.target(self.tools, deployment, revision, formation, destination)
        if old is None:
            return forward, None
        return forward, await targets.target(self.tools, deployment, old, formation, destination)

    @override
    async def mask(self, *, before: str | None = None) -> failure_reports.Mask:
        deployment = await self.deployment()
        old = await self._before(before)
        revisions = (await self.revision(deployment), *((old,) if old else ()))
        return await targets.mask(self.tools, deployment, *revisions)

    @override
    async def expect(self, inventory: Inventory, fence: Fence) -> None:
        deployment = await self.deployment()
        await fence()
        await self.tools.store.formations.set_inventory(deployment.app, deployment.formation, inventory)

    @override
    def telling(self) -> AbstractAsyncContextManager[model.Listener]:
        return timeline.progress(self.tools, self.id)

    @asynccontextmanager
    @override
    async def watching(self) -> AsyncIterator[Watching]:
        async with (
            timeline.noting(self.tools, self.id) as notes,
            timeline.looking(self.tools, self.id) as look,
            self.stopping() as stop,
        ):
            yield Watching(notes=notes, look=look, stop=stop)

    @override
    def asking(self, key: str) -> AbstractAsyncContextManager[Asking]:
        return timeline.asking(self.tools, self.id, key)

    @override
    def stopping(self) -> AbstractAsyncContextManager[Stop]:
        return cancellation.heard(self.tools, self.id)

    @override
    async def cancellation(self) -> verdicts.Cause | None:
        return await cancellation.cause(self.tools, self.id)

    @override
    async def hooks_ran(self) -> tuple[str, ...]:
        deployment = await self.deployment()
        release = _release(await self.revision(deployment))
        ran = await self.tools.store.hooks.ran(deployment.app, deployment.formation, release, besides=self.id)
        return tuple(ran)

    @override
    async def note_hooks(self, done: tuple[str, ...]) -> None:
        deployment = await self.deployment()
        release = _release(await self.revision(deployment))
        await self.tools.store.hooks.note(deployment, release, done, at=self.tools.now())

    @override
    async def forget_hooks(self, undone: tuple[str, ...]) -> None:
        deployment = await self.deployment()
        release = _release(await self.revision(deployment))
        await self.tools.store.hooks.forget(deployment, release, undone)

    @override
    async def keep_report(self, report: failure_reports.FailureReport) -> None:
        await self.tools.store.failure_reports.keep(self.id, report.to_json(), at=self.tools.now())

    @override
    async def keep_second_report(self, report: failure_reports.FailureReport) -> None:
        await self.tools.store.failure_reports.keep_second(self.id, report.to_json(), at=self.tools.now())

    @override
    async def asked(self, key: str) -> frozenset[str]:
        return frozenset(word.gate for word in await self.tools.store.gates.of(self.id) if word.key == key)

    @override
    async def word(self, gate: Gate, key: str, says: str, tell: Callable[[str], None]) -> Word:
        gates, now = self.tools.store.gates, self.tools.now()
        question = GateWord(
            deployment_id=self.id, key=key, gate=gate.name, message=says, asked=now, until=now + gate.wait
        )
        word = await gates.ask(question)
        tell(f"waits for a person's word on gate {gate.name}: {word.message.rstrip('.')}")
        while word.passes is None and self.tools.now() < word.until:
            await asyncio.sleep(POLL)
            asked = await gates.of(self.id)
            word = next(gate_word for gate_word in asked if (gate_word.key, gate_word.gate) == (key, gate.name))
        return Word(message=word.message, passes=word.passes, who=word.by or "a person", reason=word.reason)

    @override
    async def rollback_permission(self, start: model.Start) -> RollbackPermission:
        """By the present operators' files."""
        old = await self._before(start.previous)
        assert old is not None, "there is something to roll back to"
        admitted = await admission.admit(self.tools, old, RevisionSource(automatic=True))
        return RollbackPermission(refused=summary(admitted.refusals), outdated=summary(admitted.outdated))

    @override
    async def next_rollback_refusal(self, prepared: Prepared) -> str | None:
        old = await targets.before(self.tools, await self.deployment())
        if old is None:
            return None
        back = await shared.to_look_at(await self.revision(old), prepared.destination)
        return await self.shut(old.id, back, prepared.destination, prepared.plan.target)

    async def shut(
        self, previous: str, back: model.Target, destination: Destination, there: model.Target | None = None
    ) -> str | None:
        """Why a rollback to that deployment would be refused, by the operators' files or by the destination."""
        allowed = await self.rollback_permission(model.Start(previous=previous))
        if allowed.refused:
            return f"a rollback would be refused: {messages.barred(back.identity.revision, allowed.refused)}"
        return await rollback_check.refusal(destination, back, there)

    @override
    async def prune_left(self, fence: Fence) -> Left:
        words, unconfirmed = await leftovers.prune(self.tools, await self.deployment(), fence=fence)
        return Left(words=words, unconfirmed=unconfirmed)

    @override
    async def conclude(self, outcome: model.Outcome) -> None:
        """Stores verdict and holds in one transaction. The first verdict stays."""
        ended = await conclusion.conclude(
            self.tools.store.database,
            self.id,
            outcome.verdict,
            inventory=outcome.inventory,
            startup=outcome.startup.total_seconds() if outcome.startup is not None else None,
            remarks=conclusion.DeploymentNotes(
                note=outcome.note, way_back=outcome.way_back, watched_until=await self._watched_until(outcome.verdict)
            ),
        )
        if ended.verdict_kind == "deployed":
            platform = self.tools.platform(ended.environment, ended.destination)
            asked = platform.requests(rendered.object for rendered in (await self.revision(ended)).objects)
            at = self.tools.now()
            await self.tools.store.formations.set_requests(ended.app, ended.formation, asked, at=at)
        await asyncio.to_thread(targets.forget_clone, self.tools, ended)

    def context(self, deployment: Deployment, revision: Revision, fence: Fence) -> Context:
        """What its story needs beside this memory."""
        tools = self.tools

        async def secret(reference: str) -> str:
            values = await targets.resolved(tools, deployment, {"key": reference})
            return values["key"].reveal().decode("utf-8", "replace")

        async def came(check: Alerts, since: datetime) -> Sequence[Alert]:
            alerts = await tools.store.alerts.since(deployment.app, deployment.formation, since)
            return [alert for alert in alerts if check.matching.items() <= alert.labels.items()]

        def allowed() -> Allowlist:
            hosts = tools.environment(revision.environment).gate_hosts
            return egress_allowlist.allowlist(hosts, tools.settings.egress.allowed)

        return Context(fence=fence, secret=secret, allowed=allowed, alerts=came, adapters=tools.adapters, now=tools.now)

    async def revision(self, deployment: Deployment) -> Revision:
        """A deployment's revision; its secrets are masked everywhere from now on."""
        stored = await self.tools.store.releases.revision(deployment.revision_id)
        revealed.note(manifest_secrets.values(rendered.object for rendered in stored.everything).values())
        return stored

    async def _watched_until(self, verdict: verdicts.Verdict) -> datetime | None:
        """Until when it is rolled back if it degrades; None where it never is, or there is nothing to roll back to."""
        if verdict.kind is not verdicts.VerdictKind.DEPLOYED:
            return None
        deployment = await self.deployment()
        strategy = (await self.revision(deployment)).strategy
        span = strategy.watched_for(production=self.tools.environment(deployment.environment).production)
        if not span or await targets.rolled_back_to(self.tools, deployment) is None:
            return None
        return verdict.at + span

    async def _before(self, previous: str | None) -> Revision | None:
        if previous is None:
            return None
        return await self.revision(await self.tools.store.deployments.get(previous))


def with_finished(
    forward: model.Target, back: model.Target | None, finished: Mapping[str, Sequence[str]]
) -> tuple[model.Target, model.Target | None]:
    """Both targets with their work that had ended before; `finished` has it by revision."""
    forward = replace(forward, finished=tuple(finished.get(forward.identity.revision, ())))
    if back is None:
        return forward, None
    return forward, replace(back, finished=tuple(finished.get(back.identity.revision, ())))


def _release(revision: Revision) -> str:
    """The key of `once for each release`."""
    return revision.release or revision.id
