"""Each object of a deployment has its own state."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from sealane.records.deployments import DeploymentState, TimelineEntry
from sealane.records.views import DeploymentView
from sealane.server.pages.presenters import object_rows
from sealane.server.pages.views import Pill
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.model import Cause, FactKind, Health, Observation, Verdict, VerdictKind, Workload
from tests.unit.approvals.deployments import NOON
from tests.unit.pages.test_review import view

APPLIED = TimelineEntry(phase="apply", text="applied 3 objects", detail=None, at=NOON)
WAITS = replace(APPLIED, text="waits: changing deployment web: relay europe has been away since 12:00:00 UTC")
WATCHED = replace(APPLIED, phase="watch", text="everything is ready")
CAUSE = Cause(
    sentence="It ended.",
    object="Pod/web-1",
    workload="Deployment/web",
    reason=FactKind.ENDED,
    decisive=True,
    since=NOON,
)


def seen(ready: int, health: Health = Health.CONVERGING) -> tuple[Workload, ...]:
    """A workload of three and its Service, as they are observed; of the ConfigMap nothing is."""
    web = Workload(
        object="Deployment/web",
        health=health,
        desired=3,
        updated=3,
        ready=ready,
        old=1,
        ready_since=None,
        message="1 old pod still there",
    )
    quiet = Workload(
        object="Service/web",
        health=Health.READY,
        desired=0,
        updated=0,
        ready=0,
        old=0,
        ready_since=None,
        message="",
        settled=True,
        runs=False,
    )
    return web, quiet


def watched(objects: tuple[Workload, ...]) -> Observation:
    return Observation(at=NOON, workloads=objects)


def deployed(
    kind: VerdictKind, *objects: Workload, cause: Cause | None = None, untouched: bool = False
) -> DeploymentView:
    base = view(None)
    verdict = Verdict(kind=kind, reason="so", at=NOON, cause=cause, untouched=untouched)
    ended = replace(base.deployment, state=DeploymentState.ENDED, verdict=verdict)
    return replace(base, deployment=ended, observation=watched(objects), timeline=(APPLIED,))


def rolling(*objects: Workload, applied: bool = True) -> DeploymentView:
    base = view(None)
    going = replace(base.deployment, state=DeploymentState.ROLLING_OUT, started=NOON)
    return replace(base, deployment=going, observation=watched(objects), timeline=(APPLIED,) if applied else ())


@pytest.mark.parametrize(
    ("view", "states"),
    [
        (view(None), ["off not applied yet"] * 3),
        (rolling(applied=False), ["off not applied yet"] * 3),
        (replace(rolling(), timeline=(WAITS,)), ["off not applied yet"] * 3),
        (replace(rolling(), timeline=(APPLIED, WATCHED)), ["ok there"] * 3),
        (rolling(*seen(1)), ["run 1 of 3 ready", "ok there", "ok there"]),
        (rolling(*seen(3, Health.READY)), ["ok 3 of 3 ready", "ok there", "ok there"]),
        (rolling(*seen(0, Health.FAILED)), ["bad 0 of 3 ready", "ok there", "ok there"]),
        (deployed(VerdictKind.DEPLOYED, *seen(3, Health.READY)), ["ok 3 of 3 ready", "ok there", "ok there"]),
        (deployed(VerdictKind.DEPLOYED), ["ok there"] * 3),
        (
            deployed(VerdictKind.ROLLED_BACK, *seen(1), cause=CAUSE),
            ["bad 1 of 3 ready", "off rolled back", "off rolled back"],
        ),
        (
            deployed(VerdictKind.ROLLED_BACK, *seen(3), cause=CAUSE),
            ["bad failed", "off rolled back", "off rolled back"],
        ),
        (rolling(*seen(3, Health.FAILED)), ["bad failed", "ok there", "ok there"]),
        (deployed(VerdictKind.FAILED, *seen(2), cause=CAUSE), ["bad 2 of 3 ready", "ok there", "off left as it is"]),
        (deployed(VerdictKind.FAILED, cause=CAUSE, untouched=True), ["bad failed", *["off not applied"] * 2]),
        (deployed(VerdictKind.SUPERSEDED), ["off not applied"] * 3),
        (deployed(VerdictKind.CANCELLED), ["off not applied"] * 3),
    ],
)
def test_an_object_says_how_it_is_itself(view: DeploymentView, states: list[str]) -> None:
    rows = object_rows.rows(view)
    assert [f"{row.pill.tone} {row.pill.words}" for row in rows] == states
    assert not [row for row in rows if row.kind != "Deployment" and "rolling out" in row.pill.words]


def test_what_a_workload_is_at_stands_beside_it_until_it_is_ready() -> None:
    assert [row.note for row in object_rows.rows(rolling(*seen(1)))] == ["1 old pod still there", "", ""]
    assert [row.note for row in object_rows.rows(rolling(*seen(3, Health.READY)))] == ["", "", ""]
    stopped = replace(seen(0, Health.READY)[0], desired=0, suspended=True, note="is scaled to 0 pods")
    (row, *_) = object_rows.rows(deployed(VerdictKind.DEPLOYED, stopped))
    assert (row.pill.tone, row.pill.words, row.note) == ("off", "suspended", "is scaled to 0 pods")
    job = replace(seen(0)[0], ended=True, health=Health.READY, note="is suspended: it starts no Jobs")
    (row, *_) = object_rows.rows(rolling(job))
    assert (row.pill.words, row.note) == ("done", "is suspended: it starts no Jobs")


def test_after_a_failure_the_evidence_tells_how_each_was() -> None:
    """Not what was seen last: that is what was gone back to."""
    back = deployed(VerdictKind.ROLLED_BACK, *seen(3, Health.READY), cause=CAUSE)
    deployment_view = replace(back, failure_report={"workloads": msgspec.to_builtins(seen(1))})
    assert object_rows.rows(deployment_view)[0].pill.words == "1 of 3 ready"


def test_what_is_seen_of_an_object_without_instances_stands_beside_it() -> None:
    web, quiet = seen(3, Health.READY)
    reached = replace(quiet, message="at 192.0.2.1")
    told = {
        row.kind: (row.pill.words, row.note) for row in object_rows.rows(deployed(VerdictKind.DEPLOYED, web, reached))
    }
    assert told["Service"] == ("there", "at 192.0.2.1")
    assert told["Deployment"] == ("3 of 3 ready", "")


def test_what_nobody_can_look_at_is_shown_as_it_was() -> None:
    there = deployed(VerdictKind.DEPLOYED, *seen(3, Health.READY))
    away = FormationHealth(state=HealthState.UNKNOWN, since=NOON)
    assert [row.pill for row in object_rows.rows(there, away)] == [
        Pill(tone="off", words=f"was {row.pill.words}") for row in object_rows.rows(there)
    ]
    assert object_rows.rows(there, replace(away, state=HealthState.HEALTHY)) == object_rows.rows(there)
