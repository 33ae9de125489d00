"""Targets of rollouts, from a stored deployment, its revision and its formation's history."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from sealane.configfiles.trees import StoredTree
from sealane.deployments import failure_reports, finished_work, masks
from sealane.deployments import targets as shared
from sealane.deployments.model import Target
from sealane.destinations.model import Inventory
from sealane.destinations.port import Destination
from sealane.errors import Refused, UsageError
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.records.formations import Formation
from sealane.secrets import references as secret_references
from sealane.secrets import resolution
from sealane.secrets.masking import Masker
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes, rollback_target
from sealane.verdicts.model import Verdict, VerdictKind
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import full_clones, plans

_FOR_A_MASK = 15.0
"""Seconds that a store or repository may take to give the values to mask: watching waits no longer."""
_KEPT_REVISIONS = 5
"""How many verified revisions' Secrets and ConfigMaps pruning leaves in place for rollbacks."""


async def destination_of(tools: Tools, deployment: Deployment) -> Destination:
    """The deployment's destination by the present operators' files. Raises NotThere, Unavailable."""
    return await tools.destinations.get(tools.environment(deployment.environment), deployment.destination)


async def target(
    tools: Tools, deployment: Deployment, revision: Revision, formation: Formation, destination: Destination
) -> Target:
    """The target of the deployment."""
    startup = timedelta(seconds=formation.startup) if formation.startup else None
    return await shared.target(
        revision,
        destination,
        sequence=deployment.sequence,
        startup=startup,
        values=lambda: values(tools, deployment, revision),
    )


async def secrets_changed(tools: Tools, deployment: Deployment, revision: Revision, destination: Destination) -> bool:
    """Whether a secret has changed since the revision was rendered, so that it must be rendered anew.

    Raises Unresolved when one has no value.
    """
    if not revision.secrets or await shared.secret_there(revision, destination):
        return False
    now = resolution.versions(await values(tools, deployment, revision))
    return now != dict(revision.secret_versions)


async def values(tools: Tools, deployment: Deployment, revision: Revision) -> dict[str, SecretValue]:
    """The values of the revision's secrets. They must not leave the step that asks. Raises Unresolved."""
    return await resolved(tools, deployment, revision.secrets) if revision.secrets else {}


async def resolved(tools: Tools, deployment: Deployment, references: Mapping[str, str]) -> dict[str, SecretValue]:
    """Values of references by name, from the app's stores; those in files out of the release's commit.

    They must not leave the step that asks. Raises Unresolved.
    """
    needs_files = secret_references.in_commit(references.values(), tools.adapters)
    stores = (
        (await checked_out(tools, deployment)).stores if needs_files else tools.stores(deployment.app, StoredTree({}))
    )
    return await resolution.resolve(references, stores, key=tools.names_key)


async def mask(tools: Tools, deployment: Deployment, *revisions: Revision) -> failure_reports.Mask:
    """The mask for the formation's secrets in all that is told of the deployment."""
    formation = await tools.store.formations.get(deployment.app, deployment.formation)
    destination = await destination_of(tools, deployment)
    return masks.mask(await masker(tools, deployment, destination, formation.inventory, *revisions))


async def masker(
    tools: Tools,
    deployment: Deployment,
    destination: Destination,
    inventory: Inventory,
    *revisions: Revision,
    with_files: bool = True,
) -> Masker | failure_reports.HiddenMask:
    """As `mask`, for logs that arrive in pieces.

    `with_files` looks into the release's commit, which takes a clone, when the revision's Secret is not there.
    """

    async def given(revision: Revision) -> Mapping[str, SecretValue]:
        if not with_files and secret_references.in_commit(revision.secrets.values(), tools.adapters):
            raise Refused("the Secret that holds it is gone")
        async with asyncio.timeout(_FOR_A_MASK):
            return await values(tools, deployment, revision)

    return await masks.masker(destination, inventory, *revisions, values=given)


async def checked_out(tools: Tools, deployment: Deployment) -> checkouts.Checkout:
    """The files of the commit of the deployment's release. Raises UsageError without a release."""
    if deployment.release_id is None:
        raise UsageError(f"{deployment.id} carries no release whose files could be read")
    release = await checkouts.released(tools, deployment.app, deployment.release_id)
    await full_clones.check_out_files(tools, deployment.id, await tools.store.apps.get(deployment.app), release.commit)
    return await checkouts.site(tools, deployment.id, deployment.app, release.commit)


def forget_clone(tools: Tools, deployment: Deployment) -> None:
    """Removes the deployment's clone, if it has one."""
    checkouts.forget(tools, deployment.id)


async def going_back(tools: Tools, deployment: Deployment) -> tuple[Deployment | None, str]:
    """The verified deployment that a failure is rolled back to; or None, with the reason."""
    if plans.are_needed(tools, deployment.environment, deployment.destination):
        return None, outcomes.ONLY_PLANNED
    ended, past = await _past(tools, deployment)
    is_rollback = deployment.kind == "rollback"
    target = rollback_target.target(past, failed=deployment.revision_id, is_rollback=is_rollback)
    back = ended[target.past.sequence] if target.past else None
    if back and not _same_destination(back, deployment):
        return None, f"it moves here from destination {back.destination}, where the last verified revision still is"
    return back, target.reason


async def before(tools: Tools, deployment: Deployment) -> Deployment | None:
    """The verified deployment that a rollback would target once this one is verified."""
    ended, past = await _past(tools, deployment)
    target = rollback_target.before(past, now_there=deployment.revision_id)
    back = ended[target.past.sequence] if target.past else None
    return back if back and _same_destination(back, deployment) else None


async def rolled_back_to(tools: Tools, deployment: Deployment) -> Deployment | None:
    """The target when this verified deployment degrades; None where it is not rolled back."""
    ended, past = await _past(tools, deployment)
    planned = plans.are_needed(tools, deployment.environment, deployment.destination)
    if planned or deployment.kind is DeploymentKind.ROLLBACK:
        return None
    aim = rollback_target.after_verdict(past, sequence=deployment.sequence, revision=deployment.revision_id)
    back = ended[aim.sequence] if aim else None
    return back if back and _same_destination(back, deployment) else None


def _same_destination(deployment: Deployment, other: Deployment) -> bool:
    return (deployment.environment, deployment.destination) == (other.environment, other.destination)


async def _past(
    tools: Tools, deployment: Deployment
) -> tuple[dict[int, Deployment], list[rollback_target.PastDeployment]]:
    """The formation's ended deployments by number, and the facts of each."""
    history = await tools.store.deployments.history(deployment.app, deployment.formation, limit=200)
    ended: dict[int, Deployment] = {}
    for past in history:  # newest first: of two with one number, the rollback of a release group's member counts
        if past.verdict_kind:
            ended.setdefault(past.sequence, past)
    return ended, [_as_past(past, past.verdict) for past in ended.values() if past.verdict]


async def verified_sequence(tools: Tools, deployment: Deployment) -> int:
    """Sequence of the last deployment that was verified before this one; 0 when none was."""
    store = tools.store
    formation = await store.formations.get(deployment.app, deployment.formation)
    if formation.verified_id is None or formation.verified_id == deployment.id:
        return 0
    return (await store.deployments.get(formation.verified_id)).sequence


async def finished(
    tools: Tools,
    deployment: Deployment,
    stored: Inventory,
    destination: Destination,
    forward: Target,
    back: Target | None,
) -> dict[str, tuple[str, ...]]:
    """Revision to its work that had ended whenever it was verified here; empty for a place that was made anew."""
    history = await tools.store.deployments.history(deployment.app, deployment.formation, limit=500)
    pasts = [_as_past(deployment, deployment.verdict) for deployment in history if deployment.verdict]
    aims = [target for target in (forward, back) if target is not None]
    manifests = {
        target.identity.revision: finished_work.of(destination, target.manifests, target.identity.revision, pasts)
        for target in aims
    }
    if deployment.kind == "rollback" and not any(past.revision == deployment.revision_id for past in pasts):
        manifests[deployment.revision_id] = finished_work.before_it_was_kept(destination, forward.manifests)
    counts = any(manifests.values()) and await finished_work.counts(
        destination, stored, namespace=deployment.namespace, pasts=pasts, revisions=manifests
    )
    return manifests if counts else {}


def _as_past(deployment: Deployment, verdict: Verdict) -> rollback_target.PastDeployment:
    return rollback_target.PastDeployment(
        sequence=deployment.sequence,
        revision=deployment.revision_id,
        verdict=verdict.kind,
        finished=verdict.finished,
        at=verdict.at,
    )


async def kept_for_later(tools: Tools, deployment: Deployment, destination: Destination) -> Inventory:
    """Secrets and ConfigMaps of the last verified revisions."""
    store = tools.store
    history = await store.deployments.history(deployment.app, deployment.formation, limit=200)
    verified = [deployment.revision_id for deployment in history if deployment.verdict_kind is VerdictKind.DEPLOYED]
    inventories = [
        await store.releases.revision(revision_id) for revision_id in list(dict.fromkeys(verified))[:_KEPT_REVISIONS]
    ]
    return await shared.configuration(inventories, destination)
