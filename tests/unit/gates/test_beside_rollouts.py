"""Hooks and gates in whole rollouts without a server, on a destination that pretends."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import hooks, jobs, model
from sealane.deployments.gates import select
from sealane.deployments.gates.model import GateResult, Outcome
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.stages import ONLY, Stage, StageKind
from sealane.formations import gates
from sealane.formations.gates import Condition, Gate, Guard, Hook, Http, NewLines, Only, Query, Task, When
from sealane.formations.graph_annotations import Annotation
from sealane.stencils.model import Origin, Rendered, Revision
from tests.unit.deployments import parts
from tests.unit.gates import answering

QUICK = timedelta(milliseconds=10)
FAILS = {"DUMMY_EXIT_CODE": "3", "DUMMY_OUTPUT": "relation carts does not exist"}


@pytest.fixture
def destination() -> DummyDestination:
    return DummyDestination()


def job(name: str, behaves: Mapping[str, str] = parts.GOOD) -> Rendered:
    environment = [{"name": key, "value": value} for key, value in behaves.items()]
    container = {"name": name, "image": "web:1", "env": environment}
    manifest = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}},
    }
    return Rendered(object=manifest, origin=Origin(file="jobs.yaml"))


def hook(name: str, when: When = When.BEFORE, *, undo: Sequence[str] = (), **task: Any) -> Hook:
    return Hook(name=name, when=when, task=Task(image="web:1", command=(name,), **task), undo=tuple(undo))


def revision(
    name: str, *hooks: Hook, release: str = "r1", web: Any = None, gates: Sequence[Gate] = (), **behaves: Any
) -> Revision:
    """A revision with hooks; `behaves` maps hooks (and `undo_NAME`) to how their Jobs go."""
    made = parts.revision(name, web or parts.deployment(image=f"web:{name}"), gates=tuple(gates))
    made_jobs = {f"hook {hook.name}": job(hook.name, behaves.get(hook.name, parts.GOOD)) for hook in hooks}
    made_jobs |= {f"undo {hook.name}": job(f"undo-{hook.name}") for hook in hooks if hook.undo}
    made_jobs |= {f"gate {gate.name}": job(gate.name, behaves.get(gate.name, parts.GOOD)) for gate in gates if gate.job}
    return dataclasses.replace(made, hooks=tuple(hooks), jobs=made_jobs, release=release)


async def deploy(destination: DummyDestination, revision: Revision, **wish: Any) -> deploy_request.DeployOutcome:
    given = {"values": {}, **wish}
    return await deployment.deploy(
        deploy_request.DeployRequest(revision=revision, **given), destination, rollout_lines.Json()
    )


def jobs_of(destination: DummyDestination) -> list[str]:
    """The Jobs that were made, in order, without their digests."""
    made = [write for write in destination.journal() if write.object.startswith("Job ") and write.verb == "create"]
    return [write.object.partition("/")[2].rpartition("-")[0] for write in made]


async def test_hooks_run_in_order_around_the_rollout(destination: DummyDestination) -> None:
    """Before anything of the workloads is written, and once everything is healthy."""
    ended = await deploy(destination, revision("one", hook("a"), hook("b"), hook("warm", When.AFTER)))
    assert ended.outcome.verdict.kind == "deployed"
    written = [write.object.partition("/")[2] for write in destination.journal()]
    assert [name.rpartition("-")[0] or name for name in written] == ["a", "b", "web", "warm"]


async def test_migrations_run_once_for_each_release(destination: DummyDestination) -> None:
    """Not when it is deployed again, with another value say; again for the next release."""
    await deploy(destination, revision("one", hook("migrate")))
    await deploy(destination, revision("other-values", hook("migrate")))
    assert jobs_of(destination) == ["migrate"]
    await deploy(destination, revision("two", hook("migrate"), release="r2"))
    assert jobs_of(destination) == ["migrate", "migrate"]


async def test_nothing_runs_before_a_rollback(destination: DummyDestination) -> None:
    """Migrations of an old release are no way back."""
    await deploy(destination, revision("one", hook("migrate"), hook("warm", When.AFTER)))
    await deploy(destination, revision("old", hook("older"), release="r0"), is_rollback=True)
    assert jobs_of(destination) == ["migrate", "warm"]


async def test_a_failing_migration_writes_no_workload(destination: DummyDestination) -> None:
    """The verdict names the hook, its exit code, and the line of its log that tells most."""
    ended = await deploy(destination, revision("one", hook("migrate"), migrate=FAILS))
    verdict = ended.outcome.verdict
    assert verdict.kind == "failed"
    assert verdict.cause is not None
    assert verdict.cause.sentence.startswith("Hook migrate failed: ")
    assert "exit code 3" in verdict.cause.sentence
    assert verdict.cause.log == "relation carts does not exist"
    assert "nothing of the workloads was written" in verdict.reason
    assert all(write.object.startswith("Job ") for write in destination.journal())
    assert ended.report is not None
    assert ended.report.to_json()["logs"][0]["lines"] == ["relation carts does not exist"]


async def test_a_migration_that_failed_runs_again_with_the_next_deployment(destination: DummyDestination) -> None:
    """Only what ended well counts as run for the release."""
    first = await deploy(destination, revision("one", hook("a"), hook("b"), b=FAILS))
    second = await deploy(destination, revision("one", hook("a"), hook("b")))
    assert [first.outcome.verdict.kind, second.outcome.verdict.kind] == ["failed", "deployed"]
    assert jobs_of(destination) == ["a", "b", "b"]


async def test_reversible_migrations_are_undone_once_the_old_version_serves(destination: DummyDestination) -> None:
    """The last one first; then they run again with the release."""
    await deploy(destination, revision("one"))
    hooks = (hook("a", undo=["back"]), hook("kept"), hook("c", undo=["back"]))
    bad = revision("bad", *hooks, release="r2", web=parts.deployment(behaves=parts.CRASH))
    ended = await deploy(destination, bad)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert jobs_of(destination) == ["a", "kept", "c", "undo-c", "undo-a"]
    writes = [write.object.partition("/")[2] for write in destination.journal()]
    assert max(index for index, name in enumerate(writes) if name == "web") < writes.index(
        next(name for name in writes if name.startswith("undo-c"))
    )
    await deploy(destination, revision("good", *hooks, release="r2"))
    assert jobs_of(destination)[5:] == ["a", "c"]


async def test_a_task_after_the_rollout_that_fails_takes_it_back(destination: DummyDestination) -> None:
    """With the hook as the cause."""
    await deploy(destination, revision("one", release="r0"))
    ended = await deploy(destination, revision("two", hook("warm", When.AFTER), warm=FAILS))
    assert ended.outcome.verdict.kind == "rolled_back"
    assert ended.outcome.verdict.reason.startswith("Hook warm failed: ")


async def test_a_failure_runs_its_hooks_last_and_tells_them_why(destination: DummyDestination) -> None:
    """The cause and what became of it stand in their environment."""
    failure = (hook("page", When.FAILURE), hook("tell", When.FAILURE))
    bad = revision("bad", *failure, web=parts.deployment(behaves=parts.CRASH), page=FAILS)
    ended = await deploy(destination, bad)
    assert ended.outcome.verdict.kind == "failed"
    assert jobs_of(destination) == ["page", "tell"]
    refs = await destination.refs([], namespace="shop")
    assert refs == ()
    state = destination._state.read().objects
    (told,) = (stored.manifest for name, stored in state.items() if "tell-" in name)
    container = told["spec"]["template"]["spec"]["containers"][0]
    environment = {variable["name"]: variable["value"] for variable in container["env"]}
    assert environment["SEALANE_VERDICT"] == "failed"
    assert environment["SEALANE_CAUSE"] == ended.outcome.verdict.reason


async def test_a_hook_that_hangs_fails_at_its_timeout(
    destination: DummyDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the sentence says how long it was waited for."""
    monkeypatch.setattr(jobs, "SLACK", timedelta())
    slow = {"DUMMY_READY_AFTER": "60"}
    rolling = revision("one", hook("migrate", timeout=timedelta(seconds=0.2)), migrate=slow)
    ended = await deploy(destination, rolling)
    assert ended.outcome.verdict.kind == "failed"
    assert "did not end within 0.2 s" in ended.outcome.verdict.reason


def smoke(url: str) -> Gate:
    return gates.http("smoke", Http(url=url, samples=2, interval=QUICK))


async def test_a_gate_that_fails_takes_a_healthy_rollout_back(destination: DummyDestination) -> None:
    """With a sentence that says what it found; nothing was pruned before."""
    await deploy(destination, revision("one", web=parts.deployment()))
    async with answering.serving(lambda _asked, _nth: (500, "")) as server:
        ended = await deploy(destination, revision("two", release="r2", gates=[smoke(server.url)]))
    assert ended.outcome.verdict.kind == "rolled_back"
    assert ended.outcome.verdict.reason == "Gate smoke failed: 1 of 1 sample failed (status 500), none may."
    assert ended.report is not None
    assert ended.report.to_json()["cause"]["reason"] == "gate_failed"


async def test_gates_that_pass_let_it_through(destination: DummyDestination) -> None:
    """Before hooks after it run."""
    tests = gates.job("tests", Task(stencil="tests"))
    async with answering.serving(lambda _asked, _nth: (200, "")) as server:
        rolling = revision("one", hook("warm", When.AFTER), gates=[smoke(server.url), tests])
        ended = await deploy(destination, rolling)
    assert ended.outcome.verdict.kind == "deployed"
    assert jobs_of(destination) == ["tests", "warm"]


@pytest.mark.parametrize(
    ("word", "kind", "says"),
    [
        (True, "deployed", ""),
        (False, "failed", "Gate rate failed: a person said so: "),
        (None, "failed", "Gate rate failed: it is inconclusive, and nobody said how to take it: "),
    ],
)
async def test_what_a_gate_cannot_tell_a_person_says(
    destination: DummyDestination, word: bool | None, kind: str, says: str
) -> None:
    """At the terminal; where nobody is asked, it has failed."""

    async def ask(checked: GateResult) -> bool | None:
        assert checked.outcome is Outcome.INCONCLUSIVE
        return word

    query = Query(store="prometheus", url="http://127.0.0.1:9", query="up", condition=Condition(operator="<", bound=1))
    ended = await deploy(destination, revision("one", gates=[gates.metric("rate", query)]), ask=ask)
    assert ended.outcome.verdict.kind == kind
    assert ended.outcome.verdict.reason.startswith(says)


async def test_a_gate_s_job_brings_its_log_into_the_failure_report(destination: DummyDestination) -> None:
    """In front of the workloads' own."""
    tests = gates.job("tests", Task(stencil="tests"))
    ended = await deploy(destination, revision("one", gates=[tests], tests=FAILS))
    assert ended.outcome.verdict.kind == "failed"
    assert ended.report is not None
    assert ended.report.to_json()["logs"][0]["lines"] == ["relation carts does not exist"]


QUERY = Query(store="prometheus", url="http://x", query="q", condition=Condition(operator="<", bound=1))
METRIC, ADDRESS = gates.metric("metric", QUERY), gates.http("address", Http(url="http://x"))
PREVIEW, SWITCH = Stage(kind=StageKind.PREVIEW, name="preview"), Stage(kind=StageKind.WHOLE, name="switch")
WEIGHT, PAUSE = Stage(kind=StageKind.WEIGHT, name="1"), Stage(kind=StageKind.PAUSE, name="2")


@pytest.mark.parametrize(
    ("stage", "course", "names"),
    [
        (ONLY, [ONLY], ["metric", "address"]),
        (PREVIEW, [PREVIEW, SWITCH], ["address"]),
        (SWITCH, [PREVIEW, SWITCH], ["metric"]),
        (WEIGHT, [WEIGHT, PAUSE, SWITCH], []),
        (PAUSE, [WEIGHT, PAUSE, SWITCH], ["metric", "address"]),
        (SWITCH, [WEIGHT, PAUSE, SWITCH], ["metric", "address"]),
        (WEIGHT, [WEIGHT, SWITCH], ["metric", "address"]),
    ],
)
def test_each_stage_has_its_gates(stage: Stage, course: list[Stage], names: list[str]) -> None:
    """What asks the new version itself comes before the switch, what traffic tells after it."""
    assert [gate.name for gate in select.chosen([METRIC, ADDRESS], stage, course)] == names


NOISY = {"DUMMY_OUTPUT": "error: no table carts"}


@pytest.mark.parametrize(
    ("how", "kind"), [(NewLines.FAIL, "deployed"), (NewLines.WARN, "deployed"), (NewLines.IGNORE, "deployed")]
)
async def test_new_error_lines_are_told(destination: DummyDestination, how: NewLines, kind: str) -> None:
    """One of them is told and fails nothing."""
    guard = Guard(new_errors=how)
    one = parts.revision("one", parts.deployment(), guard=guard)
    two = parts.revision("two", parts.deployment(behaves=NOISY), guard=guard)
    told: list[model.Progress] = []
    screen = rollout_lines.Json()
    screen.tell = told.append  # type: ignore[method-assign]
    for revision_next in (one, two):
        ended = await deployment.deploy(
            deploy_request.DeployRequest(revision=revision_next, values={}), destination, screen
        )
        assert ended.outcome.verdict.kind == kind
    said = [message.message for message in told if "error line" in message.message]
    if how is NewLines.IGNORE:
        assert said == []
    else:
        (said_of_two,) = said
        assert "1 error line that the last verified revision never printed: error: no table carts" in said_of_two


async def test_enough_new_error_lines_fail_it_where_the_formation_says_so(destination: DummyDestination) -> None:
    """And it goes back, with the line in its reason."""
    guard = Guard(new_errors=NewLines.FAIL)
    await deploy(destination, parts.revision("one", parts.deployment(), guard=guard))
    noisy = [parts.deployment(f"web-{n}", behaves=NOISY) for n in range(3)]
    ended = await deploy(destination, parts.revision("two", *noisy, parts.deployment(), guard=guard))
    assert ended.outcome.verdict.kind == "rolled_back"
    assert ended.outcome.verdict.reason.startswith("Gate guard failed: 3 error lines that the last verified revision")


async def test_metric_stores_are_told_how_it_ended(destination: DummyDestination) -> None:
    """By a command too: once it is deployed, and once it was rolled back."""
    told: list[bytes] = []

    def influxdb(asked: answering.Asked, _: int) -> tuple[int, object]:
        told.append(asked.body)
        return 204, b""

    async with answering.serving(influxdb) as server:
        points = (Annotation(name="points", board="influxdb", url=server.url, options={"database": "shop"}),)
        good = dataclasses.replace(revision("one"), annotations=points)
        bad = dataclasses.replace(revision("two", web=parts.deployment(behaves=parts.CRASH)), annotations=points)
        for revision_next in (good, bad):
            await deploy(destination, revision_next)
    assert [body.partition(b'title="')[2].partition(b'"')[0] for body in told] == [
        b"shop #1 to dev: deployed",
        b"shop #2 to dev: rolled back",
    ]


def test_hooks_of_a_first_deployment_do_not_run_later() -> None:
    """And those of later ones not in the first."""
    every = [
        Hook(name=name, when=When.BEFORE, task=Task(stencil=name), only=only)
        for name, only in (("always", None), ("install", Only.INSTALL), ("upgrade", Only.UPGRADE))
    ]
    for first, names in ((True, ["always", "install"]), (False, ["always", "upgrade"])):
        assert [hook.name for hook in hooks.not_run(every, (), back=False, first=first)] == names
