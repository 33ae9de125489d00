"""A run and its deployments are one trace, whose ids are the same whenever they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from sealane.deployments.model import Phase
from sealane.metrics.measure import trace_id
from sealane.pipelines.model import RunStatus, StepStatus
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState, TimelineEntry
from sealane.records.runs import Run, RunStep
from sealane.records.waits import Wait, Waits
from sealane.traces import deployments, runs
from sealane.verdicts.model import Verdict, VerdictKind
from tests.contracts.store.samples import push

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


RUN = Run(
    id="r-1",
    app="shop",
    sequence=3,
    event=push("a"),
    status=RunStatus.FAILED,
    reason="step/test failed",
    created=at(0),
    started=at(2),
    ended=at(20),
)
STEPS = (
    RunStep(
        key="step/test",
        kind="step",
        name="test",
        needs=(),
        status=StepStatus.FAILED,
        exit_code=3,
        started=at(2),
        ended=at(9),
    ),
    RunStep(key="image/web", kind="image", name="web", needs=(), status=StepStatus.PASSED, started=at(9), ended=at(15)),
    RunStep(key="deliver/eu", kind="deliver", name="eu", needs=(), status=StepStatus.SKIPPED),
)
DEPLOYMENT = Deployment(
    id="d-1",
    app="shop",
    formation="eu",
    kind=DeploymentKind.DELIVERY,
    sequence=3,
    state=DeploymentState.ENDED,
    environment="prod",
    destination="here",
    namespace="shop",
    revision_id="sha256:1",
    release_id="rel-1",
    run_id="r-1",
    waits=(
        Wait(kind=Waits.APPROVAL, since=at(20), until=at(40)),
        Wait(kind=Waits.HOLD, since=at(20), until=at(30)),
        Wait(kind=Waits.WINDOW, since=at(35), until=at(50)),
        Wait(kind=Waits.HOLD, since=at(45), until=at(50)),
    ),
    created=at(20),
    opened=at(50),
    started=at(60),
    ended=at(100),
    verdict=Verdict(kind=VerdictKind.ROLLED_BACK, reason="Container web ended.", at=at(100)),
)
WAITED = ["approval", "hold", "window", "hold"]
LINES = tuple(
    TimelineEntry(phase=phase, text=text, detail=None, at=at(seconds))
    for seconds, phase, text in (
        (61, "apply", "stage 1 of 2"),
        (62, "watch", "0 of 2 ready"),
        (70, "watch", "1 of 2 ready"),
        (75, "apply", "stage 2 of 2"),
        (76, "watch", "2 of 2 ready"),
        (90, "revert", "going back"),
        (100, "verdict", "Container web ended."),
    )
)


def test_a_run_is_its_event_its_wait_and_its_steps() -> None:
    spans = {span.name: span for span in runs.spans(RUN, STEPS)}
    assert set(spans) == {"run shop", "queue", "step/test", "image/web"}, "what never began took no time"
    root = spans.pop("run shop")
    assert (root.trace, root.parent, root.good) == (trace_id("r-1"), None, False)
    assert root.attributes["cicd.pipeline.result"] == "failure"
    assert {span.parent for span in spans.values()} == {root.id}
    assert (spans["queue"].end - spans["queue"].start).total_seconds() == 2
    assert (spans["step/test"].good, spans["image/web"].good) == (False, True)
    assert spans["image/web"].attributes["cicd.pipeline.task.type"] == "build"
    assert runs.spans(replace(RUN, ended=None), STEPS) == ()


def test_a_deployment_is_its_phases_each_stage_for_itself() -> None:
    root, *parts = deployments.spans(DEPLOYMENT, LINES, version="v1")
    assert (root.trace, root.parent) == (trace_id("r-1"), runs.step_span("r-1", "deliver/eu"))
    assert (root.good, root.message, root.attributes["sealane.verdict"]) == (
        False,
        "Container web ended.",
        "rolled_back",
    )
    assert [text for _, text in root.events] == ["verdict: rolled_back, Container web ended."]
    assert [span.name for span in parts] == ["apply", "watch", "apply", "watch", "revert"]
    assert all(span.end == following.start for span, following in pairwise(parts))
    assert parts[-1].end == root.end
    assert [text for _, text in parts[1].events] == ["0 of 2 ready", "1 of 2 ready"]
    assert len({span.id for span in (root, *parts)}) == 6
    assert deployments.spans(DEPLOYMENT, LINES, version="v1") == (root, *parts), "told again, it is the same"


@pytest.mark.parametrize("checks", [0.0, 4.0, 99.0])
def test_what_it_waited_for_comes_before(checks: float) -> None:
    parts = deployments.before(DEPLOYMENT, checks=checks)
    assert [span.name for span in parts] == [*WAITED, "queue", *(["policies"] if checks else [])]
    told = [((span.start - NOON).seconds, (span.end - NOON).seconds) for span in parts[:4]]
    assert told == [(20, 40), (20, 30), (35, 50), (45, 50)], "each from when to when, also at the same time"
    assert (parts[4].start, parts[-1].end) == (at(50), at(60))
    assert all(span.end == following.start for span, following in pairwise(parts[4:]))
    assert len({span.id for span in parts}) == len(parts)
    assert not {wait.value for wait in Waits} & {phase.value for phase in Phase}, "two of a name would be one span"


def test_what_never_began_only_waited() -> None:
    standing = (Wait(kind=Waits.APPROVAL, since=at(20)),)
    called_off = replace(DEPLOYMENT, opened=None, started=None, ended=at(30), waits=standing)
    root, *parts = deployments.spans(called_off, (), version=None)
    assert [(span.name, span.end) for span in parts] == [("approval", at(30)), ("queue", at(30))]
    assert root.end == at(30)
    assert deployments.before(called_off) == ()


def test_one_that_a_person_asked_for_is_a_trace_of_its_own() -> None:
    root, *_ = deployments.spans(replace(DEPLOYMENT, run_id=None), (), version=None)
    assert (root.trace, root.parent) == (trace_id("d-1"), None)
