"""Next steps, retries and folding: the rules by which any plan runs, on a laptop as on the server."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.pipelines import dependency_graph, retries, run_status, scheduling
from sealane.pipelines.model import (
    FailureClass,
    Kind,
    Outcome,
    Plan,
    PlannedStep,
    Retry,
    RunStatus,
    StepStatus,
)
from tests.properties import examples

W, R, P, F, B, S, C = (
    StepStatus.WAITING,
    StepStatus.RUNNING,
    StepStatus.PASSED,
    StepStatus.FAILED,
    StepStatus.BROKEN,
    StepStatus.SKIPPED,
    StepStatus.CANCELLED,
)


@pytest.mark.parametrize(
    ("statuses", "run"),
    [
        ([], RunStatus.SKIPPED),
        ([S, S], RunStatus.SKIPPED),
        ([W], RunStatus.WAITING),
        ([W, S], RunStatus.WAITING),
        ([W, P], RunStatus.RUNNING),
        ([W, F], RunStatus.RUNNING),
        ([R, F], RunStatus.RUNNING),
        ([P, S], RunStatus.PASSED),
        ([P, B], RunStatus.BROKEN),
        ([F, B, P], RunStatus.FAILED),
        ([F, C, B], RunStatus.CANCELLED),
    ],
)
def test_a_run_is_what_its_steps_are(statuses, run):
    """In whichever order they are given."""
    assert {run_status.fold(order) for order in itertools.permutations(statuses)} == {run}


@pytest.mark.parametrize(
    ("limit", "on", "attempt", "why", "wait"),
    [
        (0, ["infrastructure"], 1, "infrastructure", None),
        (1, ["infrastructure"], 1, "infrastructure", 1),
        (1, ["infrastructure"], 2, "infrastructure", None),
        (2, ["infrastructure"], 1, "failure", None),
        (2, ["failure"], 1, "failure", 0),
        (2, ["failure"], 2, "failure", 0),
        (2, ["failure"], 3, "failure", None),
        (10, ["failure", "infrastructure"], 4, "infrastructure", 8),
        (10, ["failure", "infrastructure"], 10, "infrastructure", 30),
    ],
)
def test_a_step_is_tried_again_for_its_reasons_only(limit, on, attempt, why, wait):
    """At once after its own failure, with growing patience after the machinery's."""
    retry = Retry(limit=limit, on=tuple(FailureClass(name) for name in on))

    assert retries.again(retry, attempt, FailureClass(why)) == (None if wait is None else timedelta(seconds=wait))


def test_circles_are_found_once_each_and_shortest():
    """Told from the name that comes first."""
    assert dependency_graph.circles({"a": ["b"], "b": ["c"], "c": ["a", "b"], "d": ["a"]}) == [["a", "b", "c"]]
    assert dependency_graph.circles({"a": ["a"], "b": ["c"], "c": ["b"]}) == [["a"], ["b", "c"]]
    assert dependency_graph.circles({"a": ["b", "x"], "b": []}) == []


def test_order_is_kept_where_needs_allow_it():
    """Each name after what it needs."""
    assert dependency_graph.in_order({"a": ["c"], "b": [], "c": ["b"], "d": []}) == ["b", "c", "a", "d"]


@st.composite
def plans(draw):
    """Any plan: needs point backwards, conditions and reasons to skip are anything."""
    steps: list[PlannedStep] = []
    for number in range(draw(st.integers(0, 8))):
        keys = [step.key for step in steps]
        steps.append(
            PlannedStep(
                key=f"step/{number}",
                kind=Kind.STEP,
                name=str(number),
                needs=tuple(draw(st.lists(st.sampled_from(keys), unique=True))) if keys else (),
                on=tuple(draw(st.lists(st.sampled_from(list(Outcome)), min_size=1, unique=True))),
                skip=draw(st.sampled_from([None, None, None, "left out"])),
            )
        )
    return Plan(steps=tuple(steps))


@settings(max_examples=examples(60), deadline=None)
@given(plans(), st.data())
def test_every_plan_comes_to_its_end(plan, data):
    """No step starts twice or before what it needs has ended; nothing is left waiting; nothing ends in a deadlock."""
    statuses: dict[str, StepStatus] = {}
    started: list[str] = []
    while not scheduling.done(plan, statuses):
        statuses |= dict.fromkeys(scheduling.skipped(plan, statuses), S)
        for step in scheduling.next_steps(plan, statuses):
            assert step.skip is None
            assert step.key not in started
            assert all(statuses[need] in scheduling.ENDED for need in step.needs)
            assert all(key not in statuses or statuses[key] is not R for key in before(plan, step))
            statuses[step.key] = R
            started.append(step.key)
        running = [key for key, status in statuses.items() if status is R]
        if not running:
            continue
        ended = data.draw(st.sampled_from(running))
        statuses[ended] = data.draw(st.sampled_from([P, P, F, B, C]))

    left_out = scheduling.skipped(plan, statuses)
    assert {step.key for step in plan.steps} == set(started) | set(left_out) | {
        k for k, v in statuses.items() if v is S
    }
    assert scheduling.next_steps(plan, statuses) == ()


def before(plan: Plan, step: PlannedStep) -> set[str]:
    """All keys that a step comes after, directly or not."""
    keys: set[str] = set()
    front = list(step.needs)
    while front:
        key = front.pop()
        keys.add(key)
        front.extend(plan.step(key).needs)
    return keys


@settings(max_examples=examples(60), deadline=None)
@given(plans(), st.data())
def test_a_step_runs_for_the_outcome_it_asks_for(plan, data):
    """Success means that nothing it comes after has failed; failure means that something has."""
    statuses = {step.key: data.draw(st.sampled_from([W, P, F, B, S])) for step in plan.steps}
    for step in scheduling.next_steps(plan, statuses):
        failed = any(statuses[key] in {F, B} for key in before(plan, step))
        assert (Outcome.FAILURE if failed else Outcome.SUCCESS) in step.on
