"""What a look at an environment comes to, by the facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.clients.aws.beanstalk_model import Environment, Event, Fleet, InstanceHealth
from sealane.clients.aws.event_signs import Sign, sign
from sealane.destinations.elastic_beanstalk import converge
from sealane.destinations.elastic_beanstalk.model import Operation, Reading, Step
from sealane.verdicts.model import FactKind
from tests.aws import timelines

AT = datetime(2026, 11, 21, 2, tzinfo=UTC)
OPERATION = Operation(step=Step.VERSION, sequence=2, revision="r2", label="v2", before="v1", at=AT, request="ours")


def event(seconds: float, told: str, request: str = "ours", severity: str = "INFO") -> Event:
    at = AT + timedelta(seconds=seconds)
    return Event(at=at, severity=severity, message=told, request=request, sign=sign(told))


BEGUN = event(0, timelines.STARTING)
DONE = event(60, timelines.DONE)
ERROR = event(40, "Failed to deploy application.", severity="ERROR")
OTHERS = event(70, timelines.STARTING, request="theirs")


def reading(seconds: float = 100, *events: Event, fleet: list[tuple[str, str]] | None = None, **more: Any) -> Reading:
    """A look at an environment of two instances, which is well with v2 unless told otherwise."""
    environment = Environment(
        id="e-a", name="shop", application="shop", status="Ready", color="Green", label="v2", cname="", abortable=False, health="Ok"
    )  # fmt: skip
    instances = [("v2", "Deployed"), ("v2", "Deployed")] if fleet is None else fleet
    told = tuple(
        InstanceHealth(id=f"i-{number}", health="Ok", label=label, status=status, deployment=8)
        for number, (label, status) in enumerate(instances)
    )
    return Reading(
        at=AT + timedelta(seconds=seconds),
        environment=replace(environment, **more),
        events=events or (BEGUN, DONE),
        fleet=Fleet(causes=(), instances=told),
    )


K = FactKind


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (reading(), None),
        (reading(status="Updating"), K.UNDER_WAY),
        (reading(10, BEGUN, label="v1"), K.UNDER_WAY),
        (reading(100, BEGUN, ERROR, label="v1", fleet=[("v1", "Deployed")]), K.RESOURCE_FAILED),
        (reading(100, BEGUN, label="v1", fleet=[("v1", "Deployed")]), K.RESOURCE_FAILED),
        (reading(100, BEGUN, DONE, fleet=[("v2", "Deployed"), ("v1", "Failed")]), K.RESOURCE_PENDING),
        (reading(130, BEGUN, DONE, fleet=[("v2", "Deployed"), ("v1", "Failed")]), K.RESOURCE_FAILED),
        (reading(100, BEGUN, ERROR, DONE), K.RESOURCE_FAILED),
        (reading(100, BEGUN, event(50, "x Summary: [Successful: 1, Failed: 1]."), DONE), K.RESOURCE_FAILED),
        (reading(100, BEGUN, DONE, health="Info"), K.RESOURCE_PENDING),
        (reading(200, BEGUN, DONE, health="Info"), None),
        (reading(200, BEGUN, DONE, health="Warning"), None),
        (reading(100, BEGUN, DONE, health="Severe"), K.RESOURCE_PENDING),
        (reading(200, BEGUN, DONE, health="Severe"), K.RESOURCE_FAILED),
        (reading(200, BEGUN, DONE, health="Suspended"), K.RESOURCE_FAILED),
        (reading(100, BEGUN, DONE, OTHERS, status="Updating"), K.SUPERSEDED),
        (reading(100, BEGUN, DONE, OTHERS, label="v3"), K.SUPERSEDED),
        (reading(100, BEGUN, DONE, OTHERS), None),
        (reading(100, BEGUN, DONE, fleet=[]), K.RESOURCE_PENDING),
        (reading(200, BEGUN, DONE, fleet=[]), K.UNPROVEN),
        (replace(reading(), environment=None), K.UNPROVEN),
        (replace(reading(), fleet=None, basic=True), None),
        (replace(reading(200, BEGUN), fleet=None, basic=True), K.UNPROVEN),
        (replace(reading(200), fleet=None), K.UNPROVEN),
        (reading(status="Terminating"), K.RESOURCE_FAILED),
    ],
)
def test_rules(look: Reading, kind: FactKind | None) -> None:
    assert converge.judge(OPERATION, look).kind is kind


def test_what_is_lacking_is_noted() -> None:
    basic = replace(reading(), fleet=None, basic=True)
    timed_out = event(30, "x have not responded in the allowed command timeout time", severity="WARN")
    assert "basic health" in converge.judge(OPERATION, basic).notes[0]
    assert "in time" in converge.judge(OPERATION, reading(100, BEGUN, timed_out, DONE)).notes[0]
    assert "has health Warning" in converge.judge(OPERATION, reading(200, health="Warning")).notes[0]


def test_an_answer_that_was_lost_is_found_among_the_events() -> None:
    assert converge.judge(replace(OPERATION, request=""), reading()).kind is None


@pytest.mark.parametrize(
    ("told", "means"),
    [
        (timelines.STARTING, Sign.STARTING),
        (timelines.DONE, Sign.SUCCEEDED),
        (timelines.INSTANCE_DONE, Sign.OTHER),
        (timelines.NEW_VERSION, Sign.OTHER),
        (timelines.NOT_ALL, Sign.FAILED),
        ("Update environment operation is complete, but with errors. For more information …", Sign.FAILED),
        ("Update environment operation is complete, but with command timeouts. Try …", Sign.TIMED_OUT),
        ("Command execution completed on all instances. Summary: [Successful: 2, Failed: 0].", Sign.OTHER),
        ("Environment health has transitioned from Ok to Info.", Sign.HEALTH),
        ("Completed swapping CNAMEs for environments 'a' and 'b'.", Sign.SWAPPED),
    ],
)
def test_signs(told: str, means: Sign) -> None:
    assert sign(told) is means
