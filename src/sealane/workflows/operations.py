"""Operations: what people ask for by hand. Each request is a fresh deployment, or run, with a sequence of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from sealane import clock, inputs
from sealane.access.model import Actor
from sealane.approvals.admission import met
from sealane.errors import Conflicting, NotThere, Refused, UsageError
from sealane.findings import did_you_mean
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.store import ids
from sealane.store.all_stores import Store
from sealane.verdicts import rollback_target
from sealane.workflows import rollback_choice, workload_changes
from sealane.workflows.admission import Gates
from sealane.workflows.break_glass import BreakGlass
from sealane.workflows.context import Tools
from sealane.workflows.intake import Intake
from sealane.workflows.release_requests import NOTHING, Given, ReleaseRequests
from sealane.workflows.steps import admission
from sealane.workflows.workload_changes import WorkloadChange

MOST_INSTANCES = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """Takes people's requests. Checks their right to deploy, as soon as the environment is known."""

    tools: Tools
    store: Store
    gates: Gates
    intake: Intake
    glass: BreakGlass
    now: clock.Clock = clock.now

    @property
    def releases(self) -> ReleaseRequests:
        """Requests of releases."""
        return ReleaseRequests(tools=self.tools, store=self.store, gates=self.gates, glass=self.glass, now=self.now)

    async def deploy(
        self,
        app: str,
        formation: str,
        *,
        by: Actor,
        release: str | None = None,
        revision: str | None = None,
        given: Given = NOTHING,
    ) -> Deployment:
        """Deploys a release (by id or deploy tag, the newest by default) or a revision to the formation.

        It passes limits, policies, windows and approvals like any other. Raises NotThere, UsageError, InvalidFiles with
        all findings, and Refused when the person may not break the glass or the revision is not allowed.
        """
        if revision is not None:
            return await self._revision(app, formation, revision, by=by, given=given)
        made = await self._release(app, release)
        return await self.releases.deploy(ids.new("d"), formation, made, by=by, given=given)

    async def rollback(
        self, app: str, formation: str, *, by: Actor, to: str | None = None, present: str | None = None
    ) -> Deployment:
        """Rolls back to a verified revision; by default to the last one before the present one.

        Raises NotThere, Conflicting when a rollback is under way and no target is named or when the present deployment
        is not `present`, and Refused when there is nothing to roll back to, or when operators don't allow it now.
        """
        there = await self.store.formations.get(app, formation)
        if present is not None and there.current_id != present:
            hint = f"sealane rollback {app}/{formation} rolls back from what is there"
            raise Conflicting(f"{present} is not what is there now at {app}/{formation}", hint=hint)
        history = await self.store.deployments.history(app, formation, limit=200)
        if to is not None:
            target = rollback_choice.verified(history, to)
        else:
            rollback_choice.check_alone(history)
            current = await self.store.deployments.get(there.current_id) if there.current_id else None
            choice = rollback_target.before(
                rollback_choice.past_deployments(history), now_there=current.revision_id if current else ""
            )
            if choice.past is None:
                raise Refused(f"{app}/{formation} can't be rolled back: {choice.reason}")
            target = next(deployment for deployment in history if deployment.sequence == choice.past.sequence)
        return await self._same(target, DeploymentKind.ROLLBACK, by=by)

    async def roll_back(self, deployment_id: str, *, by: Actor) -> Deployment:
        """Rolls back from that deployment. Raises Conflicting when another is there by now; else as `rollback` does."""
        deployment = await self.store.deployments.get(deployment_id)
        return await self.rollback(deployment.app, deployment.formation, by=by, present=deployment_id)

    async def scale(self, app: str, formation: str, workload: str, replicas: int, *, by: Actor) -> Deployment:
        """Gives a workload another number of instances, `web` or `Deployment/web`, until the next deployment.

        Raises NotThere, UsageError, Refused when nothing is verified there, or when operators don't allow it now.
        """
        if not 0 <= replicas <= MOST_INSTANCES:
            raise UsageError(f"{replicas} is no number of instances", hint=f"0 to {MOST_INSTANCES}")
        change = WorkloadChange(
            kind=DeploymentKind.SCALE,
            workload=workload,
            made=lambda platform, manifest: platform.scaled(manifest, replicas),
            note=f"{workload} has {replicas} instances",
            word="scale",
        )
        return await self._in_place(app, formation, change, by=by)

    async def restart(self, app: str, formation: str, workload: str, *, by: Actor) -> Deployment:
        """Replaces all instances of a workload, in the way in which a new version is rolled out.

        Raises as `scale` does.
        """
        at = self.now()
        change = WorkloadChange(
            kind=DeploymentKind.RESTART,
            workload=workload,
            made=lambda platform, manifest: platform.restarted(manifest, at),
            note=f"{workload} is restarted",
            word="restart",
        )
        return await self._in_place(app, formation, change, by=by)

    async def _in_place(self, app: str, formation: str, change: WorkloadChange, *, by: Actor) -> Deployment:
        there = await self.store.formations.get(app, formation)
        if there.verified_id is None or there.verified_id != there.current_id:
            raise Refused(f"what is at {app}/{formation} now is not verified: there is nothing to {change.word}")
        verified = await self.store.deployments.get(there.verified_id)
        platform = self.tools.platform(verified.environment, verified.destination)
        changed = workload_changes.changed(await self.store.releases.revision(verified.revision_id), change, platform)
        wanted = replace(verified.afresh(), revision_id=changed.id, note=change.note, agreed=met(verified))
        return await self._again(self._fresh(wanted, change.kind, by=by), changed, by=by)

    async def lift_hold(self, app: str, formation: str, *, by: Actor, reason: str) -> None:
        """Lifts the formation's holds. Raises NotThere when there are none, UsageError without a reason."""
        inputs.check_text(reason, "the reason")
        if not reason.strip():
            raise UsageError("a hold is lifted with a reason")
        await self.store.holds.lift(app, formation, by=by.name, reason=reason, at=self.now())
        await self.gates.look(app)

    async def rerun(self, run_id: str, *, by: Actor) -> str:
        """Runs the same event again, as a new run; it brings no newer commit, so it keeps its place.

        While that run has not begun, another request gives the same run. Raises NotThere.
        """
        run = await self.store.runs.get(run_id)
        event = replace(run.event, delivery=None, received=self.now())
        receipt = await self.intake.receive(event, source="rerun", requested_by=by.name, again=run)
        await self.store.run_queue.run_after_all(run_id)
        return receipt.run_id

    async def cancel_run(self, run_id: str, *, by: Actor) -> None:
        """Stops a run; deployments it asked for go on. Raises NotThere, Conflicting when it has ended."""
        if not await self.store.runs.ask_cancel(run_id, by=by.name, at=self.now()):
            raise Conflicting(f"run {run_id} has ended, or is being cancelled")

    async def erase_logs(self, run_id: str, *, by: Actor) -> None:
        """Erases the logs and test reports of an ended run. Raises NotThere, Conflicting."""
        at = self.now()
        await self.store.reports.erase(run_id, by=by.name, at=at)
        words = f"[sealane: {by.name} erased this log on {at:%Y-%m-%d} at {at:%H:%M} UTC]"
        await asyncio.to_thread(self.tools.logs.erase, run_id, words)

    async def cancel(self, deployment_id: str, *, by: Actor) -> Deployment:
        """Cancels a deployment: a waiting one ends; one that rolls out stops and is rolled back as a failure is.

        Raises NotThere, Conflicting when it has ended, was cancelled before, or is being rolled back already.
        """
        cancelled = await self.store.cancellations.cancel(deployment_id, by=by.name, at=self.now())
        await self.gates.look(cancelled.app)
        return cancelled

    async def _release(self, app: str, wanted: str | None) -> Release:
        releases = await self.store.releases.of(app, limit=1 if wanted is None else 500)
        if not releases:
            raise NotThere(f"{app} has no release yet", hint="push a commit whose run builds images or delivers")
        if wanted is None:
            return releases[0]
        for release in releases:
            if wanted in {release.id, release.deploy_tag}:
                return release
        raise NotThere(f"{app} has no release {wanted}", hint=did_you_mean(wanted, (r.deploy_tag for r in releases)))

    async def _revision(self, app: str, formation: str, revision_id: str, *, by: Actor, given: Given) -> Deployment:
        """Requests the same revision again, with the approvals it needed before and those required now."""
        history = await self.store.deployments.history(app, formation, limit=500)
        known = next((deployment for deployment in history if deployment.revision_id == revision_id), None)
        if known is None:
            raise NotThere(f"{app}/{formation} never had the revision {revision_id}")
        return await self._same(known, DeploymentKind.MANUAL, by=by, given=given)

    async def _same(self, known: Deployment, kind: DeploymentKind, *, by: Actor, given: Given = NOTHING) -> Deployment:
        revision = await self.store.releases.revision(known.revision_id)
        before = tuple(dict.fromkeys((*known.rules, *known.agreed)))
        asks = kind is DeploymentKind.MANUAL
        wanted = replace(known.afresh(), rules=before if asks else (), agreed=() if asks else met(known))
        return await self._again(
            self.releases.with_given(self._fresh(wanted, kind, by=by), given, by=by), revision, by=by
        )

    async def _again(self, wanted: Deployment, revision: Revision, *, by: Actor) -> Deployment:
        """Requests a stored revision, checked against the present operators' files."""
        return await self.releases.offer(await admission.asked(self.tools, wanted, revision), revision, by=by)

    def _fresh(self, wanted: Deployment, kind: DeploymentKind, *, by: Actor) -> Deployment:
        return replace(
            wanted, id=ids.new("d"), kind=kind, sequence=0, requested_by=by.name, by_hand=True, created=self.now()
        )
