"""What an event gives: every measurement of the catalog by some event, and no tag that has ever new values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.metrics import catalog, measure
from sealane.metrics.model import Level
from sealane.outbox.model import DomainEvent, Kind
from sealane.pipelines.model import RunStatus
from sealane.verdicts.model import VerdictKind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RELEASED = {
    "number": 12,
    "kind": "delivery",
    "environment": "prod",
    "release": "rel-1",
    "version": "20260301-abc",
    "revision": "sha256:1",
}


def deployment(kind: Kind, **data: Any) -> DomainEvent:
    return DomainEvent(
        id=7,
        kind=kind,
        at=NOON,
        app="shop",
        formation="eu",
        run="r-1",
        deployment="d-1",
        data=RELEASED | {name: value for name, value in data.items() if value is not None},
    )


def run(kind: Kind, **data: Any) -> DomainEvent:
    said = {"number": 3, "cause": "push", "branch": "feature/x", "commit": "a" * 40}
    return DomainEvent(id=8, kind=kind, at=NOON, app="shop", run="r-1", data=said | data)


def given(event: DomainEvent) -> dict[str, float]:
    return {measurement.definition.name: measurement.value for measurement in measure.measurements(event)}


@pytest.mark.parametrize("verdict", VerdictKind)
def test_a_deployment_that_ended_is_counted_under_its_verdict(verdict: VerdictKind) -> None:
    event = deployment(Kind.DEPLOYMENT_ENDED, verdict=verdict.value, seconds=31.2, reason="said so")
    failed = verdict in {VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED}
    told = {"release.count": 1.0, "release.elapsed_time": 31.2} | ({"release.failures": 1.0} if failed else {})
    assert given(event) == told
    for measurement in measure.measurements(event):
        assert measurement.labels == {"app": "shop", "environment": "prod", "formation": "eu", "status": verdict.value}
        assert measurement.details == {"release": "rel-1", "version": "20260301-abc"}
    announced = measure.announcement(event)
    assert announced
    assert announced.level is (
        Level.SUCCESS if verdict is VerdictKind.DEPLOYED else Level.ERROR if failed else Level.INFO
    )


def test_what_was_deployed_and_is_rolled_back_later_is_one_failure_more() -> None:
    """And no deployment more; that going back failed is counted with the deployment that goes back."""
    event = deployment(Kind.DEPLOYMENT_ROLLED_BACK, verdict="rolled_back", seconds=31.2, reason="said so")
    assert given(event) == {"release.failures": 1}
    announced = measure.announcement(event)
    assert announced
    assert (announced.level, announced.title) == (Level.ERROR, "shop/eu #12: rolled back")
    assert given(deployment(Kind.DEPLOYMENT_ROLLED_BACK, verdict="rollback_failed")) == {}


def test_what_never_began_took_no_time() -> None:
    assert given(deployment(Kind.DEPLOYMENT_ENDED, verdict="cancelled")) == {"release.count": 1}
    assert given(deployment(Kind.DEPLOYMENT_STARTED)) == {}


@pytest.mark.parametrize("status", [each for each in RunStatus if each not in {RunStatus.WAITING, RunStatus.RUNNING}])
def test_a_run_that_ended_is_counted_under_its_status(status: RunStatus) -> None:
    failed = {"run.failures": 1} if status in {RunStatus.FAILED, RunStatus.BROKEN} else {}
    event = run(Kind.RUN_ENDED, status=status.value, seconds=4.5)
    assert given(event) == {"run.count": 1, "run.elapsed_time": 4.5, **failed}
    for measurement in measure.measurements(event):
        assert measurement.labels == {"app": "shop", "cause": "push", "status": status.value}


def test_a_deployment_that_began_is_announced_with_what_it_waited() -> None:
    event = deployment(Kind.DEPLOYMENT_STARTED, waited=600.0)
    assert given(event) == {"release.wait_time": 600}
    announced = measure.announcement(event)
    assert announced
    assert (announced.title, announced.level, announced.key) == ("shop/eu #12: started", Level.INFO, "d-1")


def everything() -> list[DomainEvent]:
    """An event of each kind, with all data that events have."""
    data = RELEASED | {"verdict": "failed", "seconds": 1.0, "waited": 1.0, "status": "failed", "cause": "push"}
    whose = {"app": "shop", "formation": "eu", "run": "r-1", "deployment": "d-1"}
    observed = DomainEvent(id=2, kind=Kind.HEALTH_DEGRADED, at=NOON, app="pay", data=data | {"observed": True})
    return [*(DomainEvent(id=1, kind=kind, at=NOON, data=data, **whose) for kind in Kind), observed]


def test_every_definition_is_given_by_some_event_and_with_its_tags() -> None:
    seen = [measurement for event in everything() for measurement in measure.measurements(event)]
    assert {taken.definition.name for taken in seen} == {definition.name for definition in catalog.SENT}
    for taken in seen:
        assert tuple(taken.labels) == taken.definition.labels
        assert set(taken.details) <= set(taken.definition.details)
        assert not {"branch", "commit", "release", "version", "run", "deployment"} & set(taken.labels)
    kinds = {event.kind for event in everything() if measure.measurements(event)}
    assert kinds == measure.MEASURED
    assert {event.kind for event in everything() if measure.announcement(event)} == measure.ANNOUNCED


def test_trouble_of_what_others_deploy_is_not_counted_as_of_what_was_deployed() -> None:
    ours = deployment(Kind.HEALTH_DEGRADED)
    theirs = deployment(Kind.HEALTH_DEGRADED, observed=True)
    assert (given(ours), given(theirs)) == ({"health.degraded": 1}, {"observed.degraded": 1})
    assert measure.measurements(theirs)[0].labels == {"app": "shop", "environment": "prod", "formation": "eu"}


def test_a_run_and_its_deployments_are_one_trace() -> None:
    of_run, of_deployment = run(Kind.RUN_ENDED, status="passed"), deployment(Kind.DEPLOYMENT_ENDED, verdict="deployed")
    assert measure.trace_of(of_run) == measure.trace_of(of_deployment) == measure.trace_id("r-1")
    origin = measure.measurements(of_deployment)[0].origin
    assert origin == {"deployment": "d-1", "trace_id": measure.trace_id("r-1")}
