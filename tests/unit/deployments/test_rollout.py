"""The story of a rollout on a destination that pretends: what is written, told, kept and rolled back, and in which order."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from sealane import clock, errors
from sealane.deployments import apply_phase, failure_reports, model, watch_phase
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.verdicts import model as verdicts
from sealane.verdicts.judgement import Judgement, State
from tests.unit.deployments import parts


@pytest.fixture
def destination() -> DummyDestination:
    return DummyDestination()


async def test_a_good_revision_is_deployed_and_what_it_no_longer_has_is_deleted(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment(), parts.config("old", a="1"))
    first = await parts.roll_out(destination, await parts.target(one, destination))
    two = parts.revision("two", parts.deployment(image="web:2"), parts.config("new", a="2"))
    told: list[model.Progress] = []
    second = await parts.roll_out(destination, await parts.target(two, destination), stored=first.inventory, told=told)
    assert second.verdict.kind == "deployed"
    assert parts.names(second.inventory) == {"Deployment web", "ConfigMap new"}
    assert [progress.phase for progress in told if progress.observation is None] == ["apply", "prune"]


async def test_the_first_that_fails_stays_to_be_looked_at(destination: DummyDestination) -> None:
    bad = await parts.target(parts.revision("one", parts.deployment(behaves=parts.CRASH)), destination)
    outcome = await parts.roll_out(destination, bad)
    assert outcome.verdict.kind == "failed"
    assert "nothing was verified here before" in outcome.verdict.reason
    assert parts.names(outcome.inventory) == {"Deployment web"}
    assert {write.verb for write in destination.journal()} == {"create"}


async def test_a_failure_is_explained_before_it_is_rolled_back(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment(), parts.config("settings", a="1"))
    previous = await parts.target(one, destination)
    first = await parts.roll_out(destination, previous)
    two = parts.revision("two", parts.deployment(behaves=parts.CRASH), parts.config("more", a="2"))
    told: list[model.Progress] = []
    outcome = await parts.roll_out(
        destination,
        await parts.target(two, destination),
        stored=first.inventory,
        previous=previous,
        told=told,
        difference=({"kind": "Deployment", "name": "web", "action": "changed", "lines": ["-a"]},),
    )
    assert outcome.verdict.kind == "rolled_back"
    assert outcome.verdict.cause is not None
    assert outcome.verdict.cause.log == "no such table"
    assert parts.names(outcome.inventory) == {"Deployment web", "ConfigMap settings"}
    phases = [progress.phase for progress in told]
    assert phases.index(model.Phase.FAILURE_REPORT) < phases.index(model.Phase.REVERT)
    assert outcome.failure_report is not None
    failure_report = failure_reports.FailureReport.from_json(outcome.failure_report)
    assert failure_report.difference[0]["lines"] == ["-a"]
    assert failure_report.to_json() == outcome.failure_report


async def test_going_back_that_fails_too_is_said_loudly(destination: DummyDestination) -> None:
    good = parts.revision("one", parts.deployment())
    first = await parts.roll_out(destination, await parts.target(good, destination))
    gone = await parts.target(parts.revision("one", parts.deployment(behaves=parts.NO_IMAGE)), destination)
    bad = await parts.target(parts.revision("two", parts.deployment(behaves=parts.CRASH)), destination)
    outcome = await parts.roll_out(destination, bad, stored=first.inventory, previous=gone)
    assert outcome.verdict.kind == "rollback_failed"
    assert "The rollback failed too:" in outcome.verdict.reason
    assert outcome.failure_report is not None
    assert outcome.second_failure_report is not None
    assert outcome.failure_report != outcome.second_failure_report


async def test_a_refusal_before_anything_was_written_leaves_everything(destination: DummyDestination) -> None:
    previous = await parts.target(parts.revision("one", parts.deployment()), destination)
    first = await parts.roll_out(destination, previous)
    writes = destination.journal()
    refused = parts.deployment(image="web:2", **{"dummy.sealane.dev/refuse": "over the limit"})
    wanted = await parts.target(parts.revision("two", refused), destination)
    outcome = await parts.roll_out(destination, wanted, stored=first.inventory, previous=previous)
    assert outcome.verdict.kind == "failed"
    assert outcome.verdict.cause is not None
    assert "over the limit" in outcome.verdict.cause.sentence
    assert destination.journal() == writes


async def test_an_old_secret_is_used_as_it_is_and_its_value_is_not_asked_for(destination: DummyDestination) -> None:
    """The store has a newer value by now; the immutable Secret of the verified revision is still there."""
    one = parts.revision("one", parts.deployment(), secrets={"TOKEN": "v1"})
    first = await parts.roll_out(destination, await parts.target(one, destination, TOKEN="v1"))
    two = parts.revision("two", parts.deployment(behaves=parts.CRASH), secrets={"TOKEN": "v2"})
    previous = await parts.target(one, destination, TOKEN="v2")
    wanted = await parts.target(two, destination, TOKEN="v2")
    outcome = await parts.roll_out(destination, wanted, stored=first.inventory, previous=previous)
    assert outcome.verdict.kind == "rolled_back"
    assert parts.names(outcome.inventory) == {"Secret keys-one", "Deployment web"}


async def test_a_secret_that_is_gone_and_has_changed_makes_going_back_fail(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment(), secrets={"TOKEN": "v1"})
    previous = await parts.target(one, destination, TOKEN="v2")
    bad = await parts.target(parts.revision("two", parts.deployment(behaves=parts.CRASH)), destination)
    outcome = await parts.roll_out(destination, bad, previous=previous)
    assert outcome.verdict.kind == "rollback_failed"
    assert "TOKEN changed since shop/dev was rendered" in outcome.verdict.reason


async def test_secrets_are_masked_in_what_is_kept(destination: DummyDestination) -> None:
    wanted = await parts.target(parts.revision("one", parts.deployment(behaves=parts.CRASH)), destination)
    applied, begun = await apply_phase.apply(destination, wanted, fence=destinations.unfenced)
    assert not applied.refusals
    watched = await watch_phase.watch(destination, wanted, begun=begun)
    failure_report = await failure_reports.take(
        destination, wanted, watched, mask=lambda text: text.replace("table", "*****")
    )
    assert "table" not in msgspec.json.encode(failure_report.to_json()).decode()
    assert failure_report.cause is not None
    assert failure_report.cause.log == "no such *****"


async def test_a_watcher_that_takes_over_judges_as_the_last_one_did(destination: DummyDestination) -> None:
    """Patience counts from what is seen, not from when somebody began to look."""
    never = parts.revision("one", parts.deployment(behaves={"DUMMY_NEVER_READY": "1"}))
    wanted = await parts.target(never, destination)
    _, begun = await apply_phase.apply(destination, wanted, fence=destinations.unfenced)
    first = asyncio.create_task(watch_phase.watch(destination, wanted, begun=begun))
    await asyncio.sleep(0.1)
    first.cancel()
    later = clock.now() + wanted.patience
    second = await watch_phase.watch(destination, wanted, begun=begun, by=watch_phase.WatchContext(now=lambda: later))
    assert second.judgement.state is State.FAILED


async def test_watching_something_that_stops_telling_is_an_error_of_the_destination(
    destination: DummyDestination, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(identity: object, wanted: object, *, health: object):
        return
        yield

    monkeypatch.setattr(destination, "observe", nothing)
    wanted = await parts.target(parts.revision("one", parts.deployment()), destination)
    begun = model.Begun(inventory=(), at=clock.now())
    with pytest.raises(errors.Unavailable):
        await watch_phase.watch(destination, wanted, begun=begun)


async def test_a_fenced_rollout_writes_nothing_more(destination: DummyDestination) -> None:
    async def fenced() -> None:
        raise errors.Fenced("another worker has taken over")

    wanted = await parts.target(parts.revision("one", parts.deployment()), destination)
    with pytest.raises(errors.Fenced):
        await apply_phase.apply(destination, wanted, fence=fenced)
    assert destination.journal() == ()


@pytest.mark.parametrize(("replicas", "reason"), [(1, "has been ready for 1 s."), (0, "is ready.")])
async def test_a_verdict_claims_no_hold_of_what_has_no_instances(
    destination: DummyDestination, replicas: int, reason: str
) -> None:
    web = parts.deployment()
    web["spec"]["replicas"] = replicas
    wanted = await parts.target(parts.revision("one", web, healthy_for=timedelta(seconds=1)), destination)
    outcome = await parts.roll_out(destination, wanted)
    assert outcome.verdict.reason == f"1 workload {reason}"


@pytest.mark.parametrize(
    ("ready", "since", "held"),
    [(3.0, None, 5), (0.0, None, 5), (-1.0, None, 0), (-60.0, None, 0), (None, None, 0), (10.0, 8.0, 5), (5.0, 8.0, 0)],
)
async def test_a_verdict_claims_a_hold_of_what_became_ready_in_the_deployment_only(
    destination: DummyDestination, ready: float | None, since: float | None, held: float
) -> None:
    """Times in seconds from the stage's begin, and the deployment's, whose fraction a cluster does not tell."""
    wanted = await parts.target(parts.revision("one", healthy_for=timedelta(seconds=5)), destination)
    at = clock.now().replace(microsecond=0)
    workload = verdicts.Workload(
        object="Deployment/web",
        health=verdicts.Health.READY,
        desired=1,
        updated=1,
        ready=1,
        old=0,
        ready_since=None if ready is None else at + timedelta(seconds=ready),
        message="",
    )
    begun = model.Begun(
        inventory=(),
        at=at + timedelta(seconds=0.9),
        since=None if since is None else at + timedelta(seconds=since),
    )
    watched = model.WatchResult(
        judgement=Judgement(state=State.HEALTHY, waiting_for="", since=at),
        observation=verdicts.Observation(at=at, workloads=(workload,)),
        startup=timedelta(),
    )
    assert model.held_for(watched, wanted, begun) == timedelta(seconds=held)
