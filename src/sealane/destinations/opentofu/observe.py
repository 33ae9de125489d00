"""What is known of configurations, as observations: from Sealane's records, which the apply wrote. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sealane.destinations import live_manifests, model
from sealane.destinations.opentofu.model import Record
from sealane.verdicts import model as verdicts
from sealane.verdicts.model import FactKind, Health

_SHOWN = 3


def observation(seen: Sequence[tuple[model.ObjectRef, Record | None]], *, at: datetime) -> verdicts.Observation:
    """The state of these configurations."""
    return verdicts.Observation(
        at=at,
        workloads=tuple(_workload(ref, record) for ref, record in seen),
        facts=tuple(fact for ref, record in seen for fact in _facts(ref, record)),
        unit="resource",
    )


def _workload(ref: model.ObjectRef, record: Record | None) -> verdicts.Workload:
    result = record.result if record else None
    good = result is not None and not result.problem and not result.remaining
    failed = result is not None and bool(result.problem)
    health = Health.READY if good else Health.FAILED if failed else Health.CONVERGING
    message = "it is being applied" if record else "it is not there"
    if result:
        message = f"{result.resources} resources are as they should be" if good else result.problem or _wants(result)
    return verdicts.Workload(
        object=f"{ref.kind}/{ref.name}",
        health=health,
        desired=1,
        updated=1 if result else 0,
        ready=1 if good else 0,
        old=0,
        ready_since=result.at if result and good else None,
        message=message,
        runs=False,
    )


def _facts(ref: model.ObjectRef, record: Record | None) -> Sequence[verdicts.Fact]:
    name, result = f"{ref.kind}/{ref.name}", record.result if record else None
    if result is None:
        return ()
    if result.problem:
        about = f"{result.where}: " if result.where else ""
        kept = f" The state is kept in {result.kept}, and stored at the next deployment." if result.kept else ""
        words = f"{about}{result.problem}{kept}"
        return (_fact(FactKind.RESOURCE_FAILED, name, result.at, words),)
    if result.remaining:
        return (_fact(FactKind.UNPROVEN, name, result.at, _wants(result)),)
    return ()


def _wants(result: Any) -> str:
    names = [change.address for change in result.remaining]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"everything was applied, and a plan right afterwards still changes {', '.join(names[:_SHOWN])}{more}"


def _fact(kind: FactKind, name: str, since: datetime, words: str) -> verdicts.Fact:
    return verdicts.Fact(kind=kind, object=name, workload=name, since=since, words=words)


def manifest(ref: model.ObjectRef, record: Record) -> dict[str, Any]:
    """A configuration as an object."""
    result = record.result
    spec = {"content": record.content, "resources": result.resources if result else None}
    return live_manifests.manifest(ref, record, spec, uid=record.content)
