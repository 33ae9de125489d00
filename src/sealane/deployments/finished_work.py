"""Work that ran to its end. It is not made again with its revision.

A rollback, another deployment and the correction of drift restore what a revision had when it was verified. Work that
had ended by then is over, whether its object still exists or not. The verdict keeps its names.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target

if TYPE_CHECKING:
    from sealane.deployments import model


def ended(observation: verdicts.Observation) -> tuple[str, ...]:
    """`Kind/name` of the work that was seen to succeed."""
    return tuple(workload.object for workload in observation.workloads if workload.ended)


def of(
    destination: Destination,
    manifests: Iterable[Mapping[str, Any]],
    revision: str,
    pasts: Iterable[rollback_target.PastDeployment],
) -> tuple[str, ...]:
    """The revision's work that had ended whenever it was verified here; empty where it never was."""
    verified = [past for past in pasts if past.verified and past.revision == revision]
    known = [past.finished for past in verified if past.finished is not None]
    if verified and not known:
        return before_it_was_kept(destination, manifests)
    return tuple(dict.fromkeys(name for names in known for name in names))


def is_over(destination: Destination, ref: destinations.ObjectRef, finished: Collection[str]) -> bool:
    """Whether the object is work that ran to its end: `finished` names it by `Kind/name`."""
    return destination.is_one_shot(ref) and f"{ref.kind}/{ref.name}" in finished


def before_it_was_kept(destination: Destination, manifests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The ended work of a revision whose verdict does not name it: all of it, since the revision was verified."""
    return tuple(
        f"{manifest['kind']}/{manifest['metadata']['name']}" for manifest in manifests if destination.ends(manifest)
    )


_ENDED = {
    verdicts.FactKind.ENDED,
    verdicts.FactKind.OUT_OF_MEMORY,
    verdicts.FactKind.KILLED_BY_PROBE,
    verdicts.FactKind.INIT_ENDED,
}
_NEVER_STARTED = {
    verdicts.FactKind.IMAGE_MISSING,
    verdicts.FactKind.IMAGE_DENIED,
    verdicts.FactKind.IMAGE_INVALID,
    verdicts.FactKind.CANNOT_START,
    verdicts.FactKind.BAD_COMMAND,
    verdicts.FactKind.REFERENCE_MISSING,
    verdicts.FactKind.UNSCHEDULABLE,
    verdicts.FactKind.VOLUME_PENDING,
}


async def counts(
    destination: Destination,
    stored: destinations.Inventory,
    *,
    namespace: str,
    pasts: Iterable[rollback_target.PastDeployment],
    revisions: Collection[str],
) -> bool:
    """Whether the formation is still where these revisions' work was done; a place made anew needs all of it again.

    That is so if the place is older than the work or, where its age is unknown, if something of the formation is there.
    """
    worked = max((past.at for past in pasts if past.verified and past.at and past.revision in revisions), default=None)
    created = await destination.namespace_created(namespace)
    if created is not None and worked is not None:
        return created <= worked
    for ref in sorted(stored, key=lambda object_ref: object_ref.group != "apps"):
        for live in await destination.read((ref,)):
            uid = live["metadata"].get("uid")
            if uid is None or ref.uid is None or uid == ref.uid:
                return True
    return False


async def ran(destination: Destination, plan: model.DeploymentPlan, failed: model.Begun) -> tuple[str, ...]:
    """`Kind/name` of the work that the failed revision began: its containers ran, so a rollback does not undo it.

    Call it before anything of the revision is deleted; work that deleted itself was seen to end.
    """
    there = {(ref.key, ref.uid) for ref in plan.stored}
    own = [ref for ref in failed.inventory if destination.is_one_shot(ref)]
    new = tuple(ref for ref in own if (ref.key, ref.uid) not in there)
    names = {f"{ref.kind}/{ref.name}" for ref in new} - {*plan.target.finished}
    if not names:
        return ()
    observations = destination.observe(plan.target.identity, new)
    seen = await anext(observations)
    if isinstance(observations, AsyncGenerator):
        await observations.aclose()
    return tuple(sorted(name for name in names if name in failed.ended or has_run(name, seen)))


def has_run(name: str, seen: verdicts.Observation) -> bool:
    """Whether any of its containers ever ran, as far as can be seen."""
    workload = next((workload for workload in seen.workloads if workload.object == name), None)
    if workload is None:
        return False
    own = [instance for instance in seen.instances if instance.workload == name]
    run = any(container.ready or container.restarts for instance in own for container in instance.containers)
    kinds = {fact.kind for fact in seen.facts if fact.workload == name}
    failed = workload.health is verdicts.Health.FAILED and not kinds & _NEVER_STARTED
    return workload.ended or workload.ready > 0 or run or bool(kinds & _ENDED) or failed


def joined(*names: Sequence[str]) -> tuple[str, ...]:
    """All names, each once."""
    return tuple(dict.fromkeys(name for some in names for name in some))
