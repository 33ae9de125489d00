"""What going back does not undo is told: work that the failed revision did, and hooks that ran before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from sealane import clock
from sealane.deployments import apply_phase, finished_work, hooks, hooks_and_gates, messages, model
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.kubernetes.stencils import jobs as rendered
from sealane.formations.gates import Hook, Task, When
from sealane.verdicts import model as verdicts
from tests import rollouts
from tests.unit.deployments import parts

AT = clock.now()


def job(name: str, **behaves: str) -> Any:
    container = {"name": "go", "image": "job:1", "env": [{"name": k, "value": v} for k, v in behaves.items()]}
    meta = {"name": name, "namespace": "shop"}
    spec = {"template": {"spec": {"containers": [container]}}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec}


CRASHING = parts.deployment(image="web:2", behaves=parts.CRASH)
CASES: dict[str, tuple[Sequence[Any], str]] = {
    "it ended well": ([CRASHING, job("load-2")], "What Job load-2 did was not undone"),
    "it failed, and is to blame": ([job("fill-2", DUMMY_EXIT_CODE="3")], "What Job fill-2 did was not undone"),
    "two of them": ([CRASHING, job("b"), job("a")], "What Job a and Job b did was not undone"),
    "its image is missing": ([job("lost", DUMMY_NO_IMAGE="1")], ""),
    "it was there before": ([CRASHING, job("old")], ""),
    "there is none": ([CRASHING], ""),
}


@pytest.mark.parametrize("case", CASES)
async def test_work_that_a_failed_revision_did_is_named(case: str) -> None:
    """Also where it is the cause; not what never ran, nor what an earlier revision did."""
    objects, words = CASES[case]
    destination = DummyDestination()
    good = await parts.target(parts.revision("good", parts.deployment(), job("old")), destination)
    there = await parts.roll_out(destination, good)
    assert there.verdict.kind == "deployed"
    bad = await parts.target(parts.revision("bad", *objects), destination)

    ended = await parts.roll_out(destination, bad, stored=there.inventory, previous=good)

    assert ended.verdict.kind == "rolled_back"
    assert (words in ended.verdict.reason) if words else ("undone" not in ended.verdict.reason), ended.verdict.reason


def workload(**state: Any) -> verdicts.Workload:
    given: dict[str, Any] = {"health": verdicts.Health.CONVERGING, "updated": 1, "ready": 0, **state}
    return verdicts.Workload(object="Job/x", desired=1, old=0, ready_since=None, message="", **given)


def instance(**container: Any) -> verdicts.Instance:
    shown = {"name": "x", "role": verdicts.Role.MAIN, "ready": False, "restarts": 0, "state": "", **container}
    return verdicts.Instance(
        object="Pod/x-1",
        workload="Job/x",
        desired=True,
        terminating=False,
        ready=False,
        ready_since=None,
        created=AT,
        state="",
        containers=(verdicts.Container(**shown),),
    )


def fact(kind: verdicts.FactKind) -> verdicts.Fact:
    return verdicts.Fact(kind=kind, object="Pod/x-1", workload="Job/x", since=AT)


K = verdicts.FactKind
FAILED = workload(health=verdicts.Health.FAILED)


@pytest.mark.parametrize(
    ("seen", "run"),
    [
        ((workload(ended=True), (), ()), True),
        ((workload(ready=1), (), ()), True),
        ((workload(), (instance(ready=True),), ()), True),
        ((workload(), (instance(restarts=2),), ()), True),
        ((workload(), (instance(),), ()), False),
        ((workload(), (instance(),), (fact(K.ENDED),)), True),
        ((workload(), (instance(),), (fact(K.OUT_OF_MEMORY),)), True),
        ((workload(), (instance(),), (fact(K.IMAGE_MISSING),)), False),
        ((FAILED, (), (fact(K.JOB_FAILED),)), True),
        ((FAILED, (), (fact(K.JOB_FAILED), fact(K.UNSCHEDULABLE))), False),
        ((FAILED, (), (fact(K.JOB_FAILED), fact(K.UNSCHEDULABLE), fact(K.ENDED))), True),
    ],
)
def test_work_ran_when_a_container_of_it_did(seen: Any, run: bool) -> None:
    workload, instances, facts = seen
    observed = verdicts.Observation(at=AT, workloads=(workload,), instances=instances, facts=facts)
    assert finished_work.has_run("Job/x", observed) is run
    assert not finished_work.has_run("Job/other", observed)


async def test_work_that_has_deleted_itself_was_seen_to_end() -> None:
    destination = DummyDestination()
    target = await parts.target(parts.revision("bad", job("gone")), destination)
    _, begun = await apply_phase.apply(DummyDestination(), target, fence=destinations.unfenced)
    plan = model.DeploymentPlan(target=target)
    seen = model.Begun(inventory=begun.inventory, at=begun.at, ended=("Job/gone",))
    assert await finished_work.ran(destination, plan, seen) == ("Job/gone",)
    assert await finished_work.ran(destination, plan, begun) == ()


def test_the_words_for_many_are_a_list() -> None:
    assert messages.ran_words(["Job/a", "Job/b", "Pod/c"]).startswith("what Job a, Job b and Pod c did was not undone")
    assert messages.ran_words([]) == ""


# --- hooks


def hook(name: str, *, undo: bool) -> Hook:
    task = Task(stencil=name)
    return Hook(name=name, when=When.BEFORE, task=task, undo=("back",) if undo else ())


HOOKS: dict[str, tuple[Sequence[tuple[Hook, dict[str, str]]], str]] = {
    "one without undo": (
        [(hook("fill", undo=False), {})],
        "What hook fill did was not undone: nothing says how.",
    ),
    "two without undo": (
        [(hook("fill", undo=False), {}), (hook("warm", undo=False), {})],
        "What hooks fill, warm did was not undone: nothing says how.",
    ),
    "an undo that fails": (
        [(hook("fill", undo=True), {"DUMMY_EXIT_CODE": "7"})],
        "What hook fill did was not undone: Hook fill failed: ",
    ),
    "an undo that fails before another one": (
        [(hook("fill", undo=True), {}), (hook("warm", undo=True), {"DUMMY_EXIT_CODE": "7"})],
        "What hooks fill, warm did was not undone: Hook warm failed: ",
    ),
    "an undo beside none": ([(hook("fill", undo=False), {}), (hook("warm", undo=True), {})], "What hook fill did"),
    "an undo that works": ([(hook("fill", undo=True), {})], ""),
}


@pytest.mark.parametrize("case", HOOKS)
async def test_hooks_that_are_not_undone_are_named_with_the_reason(case: str) -> None:
    """In the verdict, whatever else is told."""
    given, words = HOOKS[case]
    destination = DummyDestination()
    good = await parts.target(parts.revision("good", parts.deployment()), destination)
    there = await parts.roll_out(destination, good)
    bad = await parts.target(parts.revision("bad", CRASHING), destination)
    jobs = {rendered.hook_key(one.name): job(one.name) for one, _ in given}
    jobs |= {rendered.undo_key(one.name): job(f"undo-{one.name}", **behaves) for one, behaves in given if one.undo}
    own = hooks_and_gates.HooksAndGates(hooks=tuple(one for one, _ in given), jobs=jobs)
    plan = model.DeploymentPlan(target=bad, stored=there.inventory, previous=good)

    ended = await rollouts.roll_out(plan, destination, beside=own)

    assert ended.verdict.kind == "rolled_back"
    assert (words in ended.verdict.reason) if words else ("undone" not in ended.verdict.reason), ended.verdict.reason
    assert ended.hooks == tuple(one.name for one, _ in given if not one.undo or "fails" in case)


def test_the_words_for_hooks_name_only_those_that_stay() -> None:
    """`beside` decides which, for the command line's story and the server's."""
    assert (
        hooks_and_gates.not_undone(("a", "b"), hooks.HookResult(done=("b",)))
        == "what hook a did was not undone: nothing says how"
    )
    assert hooks_and_gates.not_undone(("a",), hooks.HookResult(done=("a",))) == ""
