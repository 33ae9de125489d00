"""Releases: records what a run built, and requests its deployments."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sealane import typed_data
from sealane.approvals import authorship
from sealane.approvals.admission import RevisionSource
from sealane.errors import SealaneError
from sealane.events.model import Signed
from sealane.findings import Finding, Place, errors
from sealane.formations import formation_names
from sealane.formations.model import Formation
from sealane.images.model import Image
from sealane.pipelines.model import Delivery, Kind, StepStatus
from sealane.records.deployments import ApprovalRule, Deployment, DeploymentKind, DeploymentState
from sealane.records.release_groups import ReleaseGroupRow
from sealane.records.runs import Run
from sealane.releases.model import Release
from sealane.runs.model import MadeImage, StepEnd
from sealane.secrets import resolution
from sealane.stencils import base_trees, output_formations, render_inputs
from sealane.stencils.model import Revision
from sealane.stencils.rendering import Inputs
from sealane.store import ids
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import admission, outputs, plans, restarts

_IMAGES = {Kind.IMAGE, Kind.RETAG}


async def release(tools: Tools, run_id: str) -> None:
    """Stores what the run built, as a release. Key: the run; a repeat changes nothing. Undo: none."""
    run = await tools.store.runs.get(run_id)
    steps = await tools.store.runs.steps(run_id)
    made = [typed_data.convert(step.result, MadeImage) for step in steps if step.kind in _IMAGES and step.result]
    done = Release(
        id=ids.derived("rel", run_id),
        app=run.app,
        commit=run.event.commit or "",
        deploy_tag=run.deploy_tag or "",
        images={
            image.name: Image(name=image.name, repository=image.repository, tag=image.tag, digest=image.digest)
            for image in made
        },
        created=tools.now(),
    )
    await tools.store.releases.add(done, sequence=run.sequence, run_id=run_id, place=run.place)


def cancelled(by: str, at: datetime) -> StepEnd:
    """The end of a delivery of a cancelled run."""
    return StepEnd(status=StepStatus.CANCELLED, reason=by, ended=at)


async def request_deployment(tools: Tools, run_id: str, key: str, after: tuple[str, ...]) -> StepEnd:
    """Renders the release for one formation and requests its deployment, which begins by itself or asks people.

    `after` names deployments that must be deployed first. Its step keeps the deployment's id. Key: run and formation.
    """
    at = tools.now()
    await tools.store.runs.set_step(run_id, key, at=at, status=StepStatus.RUNNING, started=at)
    run = await tools.store.runs.get(run_id)
    offered = await _offered(tools, run, key.partition("/")[2], after)
    if not isinstance(offered, Deployment):
        return StepEnd(status=StepStatus.FAILED, reason=_reason(offered), started=at, ended=tools.now())
    await tools.store.runs.set_step(run_id, key, at=tools.now(), result={"deployment": offered.id})
    await tools.gates.look(run.app)
    asks = f"asks for approval: {offered.id}" if offered.rules else None
    return StepEnd(status=StepStatus.PASSED, reason=asks, started=at, ended=tools.now(), deployment=offered.id)


async def _offered(tools: Tools, run: Run, name: str, after: tuple[str, ...]) -> Deployment | list[Finding]:
    here = await checkouts.site(tools, run.id, run.app, run.event.commit or "")
    plan = await tools.store.runs.plan(run.id)
    assert plan is not None, "a run is planned before its deliveries"
    delivery = (await checkouts.work(tools, run, plan)).pipeline.delivery(name)
    release = await checkouts.released(tools, run.app, ids.derived("rel", run.id))
    # What is deployed before it may bring the outputs that it takes: they are looked up again when it begins.
    first = {other.name for other in plan.steps if ids.derived("d", run.id, other.name) in after}
    proposed = await propose(here, name, release, delivery, first=first)
    if not isinstance(proposed, Proposal):
        return proposed
    if finding := await _not_theirs(tools, run, proposed.revision):
        return [finding]
    there = await tools.store.authorship.there(run.app)
    wanted = Deployment(
        id=ids.derived("d", run.id, name),
        sequence=run.sequence,
        kind=DeploymentKind.DELIVERY,
        run_id=run.id,
        requested_by=run.requested_by or _pushed_by(tools, run),
        pusher=run.event.pusher,
        authors=await tools.store.authorship.of_run(run.id, since=there.get(name)),
        by_hand=run.requested_by is not None,
        unasked=not proposed.rules,
        after=after,
        release_group_id=await _release_group(tools, run, delivery),
        keep=delivery.keep,
        note=outputs.awaited(proposed.revision),
        created=tools.now(),
        **proposed.fields(),
    )
    return await tools.store.deployments.offer(wanted, proposed.revision)


async def _not_theirs(tools: Tools, run: Run, revision: Revision) -> Finding | None:
    """Why the person who signed in to push, or asked for the run again, may not deploy there.

    A git host decides who may push there, and an app's push token acts for the app.
    """
    pusher = run.event.pusher
    person = run.requested_by or (pusher.name if pusher is not None and pusher.signed is Signed.OWN else None)
    if person is None or await tools.may_deploy(person, revision.app, revision.environment):
        return None
    return Finding(
        message=f"{person} may not deploy {revision.app}/{revision.environment}, so nothing goes there",
        place=Place(file=f"{formation_names.FOLDER}/{revision.formation}.yaml"),
        hint=f"somebody who may runs: sealane deploy {revision.app}/{revision.formation} --release {revision.release}",
    )


def _pushed_by(tools: Tools, run: Run) -> str | None:
    """The user who pushed, as far as known now; the right to approve is checked at the approval."""
    pusher = run.event.pusher
    if pusher is None:
        return None
    try:
        return authorship.person(pusher, tools.people())
    except SealaneError:
        return None


async def _release_group(tools: Tools, run: Run, delivery: Delivery) -> str | None:
    """The id of the delivery's release group, stored before any member is requested."""
    if delivery.release_group is None:
        return None
    formations = delivery.release_group.formations
    release_group = ReleaseGroupRow(
        id=ids.derived("cv", run.id, *formations),
        app=run.app,
        run_id=run.id,
        formations=formations,
        parallel=delivery.release_group.parallel,
        created=tools.now(),
    )
    await tools.store.release_groups.gather(release_group)
    return release_group.id


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A release rendered for a formation and allowed there, and who must approve."""

    revision: Revision
    rules: tuple[ApprovalRule, ...]

    def fields(self) -> dict[str, Any]:
        """The fields for its deployment."""
        return {
            "app": self.revision.app,
            "formation": self.revision.formation,
            "environment": self.revision.environment,
            "destination": self.revision.destination,
            "namespace": self.revision.namespace,
            "revision_id": self.revision.id,
            "release_id": self.revision.release,
            "rules": self.rules,
            "state": DeploymentState.WAITING,
        }


async def propose(
    here: checkouts.Checkout,
    name: str,
    made: Release,
    delivery: Delivery | None,
    *,
    by_hand: bool = False,
    first: Collection[str] = (),
) -> Proposal | list[Finding]:
    """Renders a release for the formation of its commit, and checks it against limits and policies.

    `by_hand`: a person deploys it, and the delivery only says who must approve. `first` are formations that are deployed
    before it.

    Gives all findings instead if there are errors. Raises Unresolved for secrets without value.
    """
    revision, formation, findings = await render(here, name, made, first=first)
    if revision is None or formation is None:
        return findings
    revision = await restarts.carried(here.tools, revision)
    admitted = await admission.admit(
        here.tools, revision, RevisionSource(formation=formation, delivery=delivery, by_hand=by_hand)
    )
    if admitted.refusals:
        return list(admitted.refusals)
    return Proposal(revision=revision, rules=admitted.rules)


async def render(
    here: checkouts.Checkout, name: str, made: Release, *, first: Collection[str] = ()
) -> tuple[Revision | None, Formation | None, list[Finding]]:
    """The release rendered for the formation of its commit. Secrets are read only for their versions.

    An output that has no value yet is a finding, but for those of formations that are deployed `first`. Raises Unresolved
    when a secret has no value.
    """
    tree, findings = await base_trees.based(here.tree, name, here.tools.bases, here.tools.adapters)
    if errors(findings):
        return None, None, findings
    sources, findings = await asyncio.to_thread(render_inputs.gather, tree, name, here.tools.adapters)
    if sources is None:
        return None, None, findings
    environment = here.tools.environments().get(sources.formation.environment)
    named = await outputs.of(here.tools, here.app.name, sources.formation, here.tree, environment)
    missing = [finding for output, finding in named.missing if output.formation not in first]
    if named.wrong or missing:
        return None, None, [*named.wrong, *missing]
    key = here.tools.names_key
    values = await resolution.resolve(sources.formation.secrets, here.stores, key=key)
    inputs = Inputs(
        app=here.app.name,
        images=made.references,
        release=made.id,
        deploy_tag=made.deploy_tag,
        bundle=made.bundle.words if made.bundle else {},
        secret_versions=resolution.versions(values),
        key=key,
        kind=environment.kind_of(sources.formation.destination) if environment else None,
        adapters=here.tools.adapters,
    )
    revision, findings = await output_formations.render(sources, inputs, named, here.tools.helm)
    if revision is not None and not named.missing:
        revision, problems = await plans.planned(here.tools, revision)
        findings = [*findings, *problems]
    return revision, sources.formation, findings


def _reason(findings: list[Finding]) -> str:
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return f"{findings[0]}{more}"
