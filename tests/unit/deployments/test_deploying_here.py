"""Deploying without a server: what the ledger remembers, what can be gone back to, and that only one deploys at a time."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
from datetime import timedelta

import pytest

from sealane import clock, errors
from sealane.cli.local import deploy_and_watch, deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import ledger_entries, ledger_history
from sealane.deployments import model as rollouts
from sealane.deployments.ledger_history import History
from sealane.destinations import deletions
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes
from tests.unit.deployments import parts


@pytest.fixture
def destination() -> DummyDestination:
    return DummyDestination()


async def deploy(destination: DummyDestination, revision: Revision, **wish: object) -> deploy_request.DeployOutcome:
    """As the command does, without showing it."""
    given = {"values": {}, **wish}
    return await deployment.deploy(
        deploy_request.DeployRequest(revision=revision, **given), destination, rollout_lines.Json()
    )


async def history(destination: DummyDestination) -> History:
    return ledger_entries.read(await destination.read_ledger("shop", "dev", namespace="shop"))


async def test_what_was_verified_is_rolled_back_to_by_itself_and_by_hand(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment(), parts.config("extra", a="1"))
    two = parts.revision("two", parts.deployment(image="web:2"))
    bad = parts.revision("bad", parts.deployment(behaves=parts.CRASH))
    kinds = [(await deploy(destination, revision)).record.verdict for revision in (one, two, bad)]
    assert [verdict.kind for verdict in kinds if verdict] == ["deployed", "deployed", "rolled_back"]
    known = await history(destination)
    assert [record.sequence for record in known.records] == [1, 2, 3]
    assert known.there is not None
    assert known.there.revision == two.id
    assert known.failure_report is not None
    assert known.failure_report["cause"]["log"] == "no such table"
    back = deployment.target(known, None, label="shop/dev")
    assert back.id == one.id
    ended = await deploy(destination, back, is_rollback=True)
    assert ended.outcome.verdict.kind == "deployed"
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    assert parts.names(ledger.inventory) == {"Deployment web", "ConfigMap extra"}


async def test_what_is_refused_before_anything_is_written_leaves_there_what_was(destination: DummyDestination) -> None:
    """It is told so, drift looks at that, and a person goes back to what was before that."""
    for name in ("one", "two"):
        await deploy(destination, parts.revision(name, parts.deployment(image=f"web:{name}")))
    refused = parts.deployment(**{"dummy.sealane.dev/refuse": "not here"})
    ended = await deploy(destination, parts.revision("three", refused))
    assert (ended.outcome.verdict.kind, ended.outcome.verdict.untouched) == ("failed", True)
    known = await history(destination)
    assert known.there is not None
    assert (known.there.sequence, known.verified_there("shop/dev").id) == (2, "sha256:two")
    assert deployment.target(known, None, label="shop/dev").id == "sha256:one"


async def test_a_person_rolls_back_to_what_was_verified_last_behind_a_killed_deployment(
    destination: DummyDestination,
) -> None:
    """Its half may be there; the last verified revision is what it is to be again, not the one before that."""
    for name in ("one", "two"):
        await deploy(destination, parts.revision(name, parts.deployment(image=f"web:{name}")))
    slow = parts.revision("slow", parts.deployment(behaves={"DUMMY_READY_AFTER": "20"}))
    killed = asyncio.create_task(deploy(destination, slow))
    while not (await history(destination)).running:  # noqa: ASYNC110 - it is to be seen there
        await asyncio.sleep(0.01)
    target = deployment.target(await history(destination), None, label="shop/dev")
    assert target.id == "sha256:two"
    ended = await deploy(destination, target, is_rollback=True, permitted=deploy_request.Overrides(take_over=True))
    assert ended.outcome.verdict.kind == "deployed"
    (web,) = await destination.read(await destination.refs([parts.deployment()], namespace="shop"))
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == "web:two", "also where its write came late"
    killed.cancel()
    with pytest.raises((asyncio.CancelledError, errors.Conflicting, errors.Fenced)):
        await killed


async def test_nothing_drifts_from_what_was_never_verified(destination: DummyDestination) -> None:
    with pytest.raises(errors.NotThere, match="nothing was verified at shop/dev yet"):
        History().verified_there("shop/dev")
    await deploy(destination, parts.revision("bad", parts.deployment(behaves=parts.CRASH)))
    with pytest.raises(errors.Conflicting, match="what is at shop/dev now was not verified"):
        (await history(destination)).verified_there("shop/dev")


async def test_a_rollback_that_fails_is_not_rolled_back(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment())
    await deploy(destination, one)
    worse = parts.revision("worse", parts.deployment(behaves=parts.NO_IMAGE))
    ended = await deploy(destination, worse, is_rollback=True)
    assert ended.outcome.verdict.kind == "failed"
    assert "a rollback is never rolled back" in ended.outcome.verdict.reason


@pytest.mark.parametrize(
    ("to", "expected"),
    [("1", "sha256:one"), ("#2", "sha256:two"), ("two", "sha256:two"), ("sha256:on", "sha256:one"), ("9", None)],
)
async def test_a_revision_is_named_by_its_number_or_how_its_id_begins(
    destination: DummyDestination, to: str, expected: str | None
) -> None:
    await deploy(destination, parts.revision("one", parts.deployment()))
    await deploy(destination, parts.revision("two", parts.deployment(image="web:2")))
    known = await history(destination)
    if expected is None:
        with pytest.raises(errors.NotThere, match="those that are kept: two, one"):
            deployment.target(known, to, label="shop/dev")
    else:
        assert deployment.target(known, to, label="shop/dev").id == expected


async def test_only_one_deploys_at_a_time_and_a_killed_one_is_fenced_off(destination: DummyDestination) -> None:
    slow = parts.revision("slow", parts.deployment(behaves={"DUMMY_READY_AFTER": "30"}))
    first = asyncio.create_task(deploy(destination, slow))
    while not (await history(destination)).running:  # noqa: ASYNC110 - it is to be seen there
        await asyncio.sleep(0.01)
    quick = parts.revision("quick", parts.deployment(image="web:2"))
    with pytest.raises(errors.Conflicting, match="#1 has been on its way to shop/dev"):
        await deploy(destination, quick)
    fence = deployment.fence(destination, slow, (await history(destination)).records[0])
    await fence()
    ended = await deploy(destination, quick, permitted=deploy_request.Overrides(take_over=True))
    assert ended.outcome.verdict.kind == "deployed"
    with pytest.raises(errors.Fenced):
        await fence()
    first.cancel()
    with pytest.raises((asyncio.CancelledError, errors.Conflicting, errors.Fenced)):
        await first
    known = await history(destination)
    assert known.there is not None
    assert known.there.revision == quick.id


async def test_nothing_begins_in_a_namespace_that_goes(destination: DummyDestination) -> None:
    """No record, no object: it is refused before anything."""
    leaving = {"dummy.sealane.dev/leaves": "1"}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "annotations": leaving}}
    first = parts.revision("one", parts.deployment(), namespace)
    await deploy(destination, first)
    before = await history(destination), destination.journal()
    with pytest.raises(errors.Refused, match="namespace shop is being deleted"):
        await deploy(destination, parts.revision("two", parts.deployment(image="web:2")))
    assert (await history(destination), destination.journal()) == before


async def test_an_interrupted_deployment_says_so_and_leaves_what_is_there(destination: DummyDestination) -> None:
    slow = parts.revision("slow", parts.deployment(behaves={"DUMMY_READY_AFTER": "30"}))
    task = asyncio.create_task(deploy(destination, slow))
    while not destination.journal():  # noqa: ASYNC110 - it is to be seen there
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    known = await history(destination)
    assert known.running is None
    assert known.last is not None
    assert known.last.verdict is not None
    assert known.last.verdict.kind == "cancelled"
    assert {write.verb for write in destination.journal()} == {"create"}


class Interrupting(rollout_lines.Json):
    """Sends what a keyboard does once the command stays after its verdict."""

    def tell(self, progress: rollouts.Progress) -> None:
        """See the port."""
        super().tell(progress)
        if progress.message.startswith("deployed; watched until"):
            signal.raise_signal(signal.SIGINT)


def test_an_interrupt_after_the_verdict_leaves_the_revision_there(destination: DummyDestination) -> None:
    """As asked, so the command ends with 0: it stays deployed, and nothing is written any more."""
    one = parts.revision("one", parts.deployment())
    two = parts.revision("two", parts.deployment(image="web:2"))

    async def command() -> deploy_request.DeployOutcome:
        await deploy(destination, one)
        wish = deploy_request.DeployRequest(revision=two, values={}, watch_for=timedelta(minutes=10))
        return await deploy_and_watch.deploy(wish, destination, Interrupting())

    try:
        ended = asyncio.run(command())
    except KeyboardInterrupt:
        pytest.fail("it was taken for an interrupt of the deployment")
    assert ended.outcome.verdict.kind == "deployed"
    known = asyncio.run(history(destination))
    assert known.there is not None
    assert known.there.revision == two.id
    assert [write.verb for write in destination.journal()] == ["create", "change"]


async def test_a_deployment_without_a_verdict_for_too_long_blocks_nobody(destination: DummyDestination) -> None:
    one = parts.revision("one", parts.deployment(), deadline=timedelta(seconds=10))
    old = ledger_history.LedgerRecord(
        sequence=1,
        revision="sha256:dead",
        is_rollback=False,
        by="somebody",
        images={},
        started=clock.now() - timedelta(minutes=5),
        token="dead",
    )
    ledger = ledger_entries.written(destinations.Ledger(), History().begun(old, one))
    await destination.write_ledger(ledger, "shop", "dev", namespace="shop", fence=destinations.unfenced)
    ended = await deploy(destination, one)
    assert (ended.record.sequence, ended.outcome.verdict.kind) == (2, "deployed")
    first = (await history(destination)).records[0]
    assert first.verdict is not None
    assert first.verdict.reason == "Its command ended without a verdict."


async def test_values_of_secrets_are_never_in_the_ledger(destination: DummyDestination) -> None:
    """The formation's own are nowhere, those somebody wrote into a stencil stand apart; and going back finds both."""
    written = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "written", "namespace": "shop"},
        "stringData": {"password": "hunter-two"},
    }
    one = parts.revision("one", parts.deployment(), written, secrets={"TOKEN": "sesame-open"})
    await deploy(destination, one, values=parts.values(TOKEN="sesame-open"))
    two = parts.revision("two", parts.deployment(image="web:2"), written)
    await deploy(destination, two)
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    kept = " ".join(ledger.entries.values())
    assert "hunter-two" not in kept
    assert "nepo-emases" not in kept + " ".join(ledger.private.values())
    back = deployment.target(ledger_entries.read(ledger), None, label="shop/dev")
    ended = await deploy(destination, back, is_rollback=True)
    assert ended.outcome.verdict.kind == "deployed"
    assert "Secret written" in parts.names(ended.outcome.inventory)
    assert "Secret keys-one" in parts.names(ended.outcome.inventory)


def test_the_ledger_keeps_so_much_and_no_more() -> None:
    """It lives in a ConfigMap: the oldest deployments and revisions go."""
    known = History()
    for number in range(60):
        one = parts.revision(f"r{number}", parts.deployment(image=f"web:{number}"))
        record = ledger_history.LedgerRecord(
            sequence=known.next_sequence,
            revision=one.id,
            is_rollback=False,
            by="me",
            images={},
            started=clock.now(),
            token=str(number),
        )
        verdict = outcomes.deployed(at=clock.now(), workloads=1, healthy_for=timedelta())
        ended = dataclasses.replace(record, verdict=verdict)
        known = known.begun(record, one).ended(ended, failure_report=None)
    assert (len(known.records), len(known.revisions), known.next_sequence) == (50, 5, 61)
    assert "sha256:r0" not in known.revisions


class _Told(rollout_lines.Json):
    """Keeps what is told on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def tell(self, told: rollouts.Progress) -> None:
        self.told.append(told.message)

    def conclude(self, ended: deploy_request.DeployOutcome) -> None:
        """Shows nothing."""


async def test_a_way_back_that_is_closed_is_told_before_it_is_needed(destination: DummyDestination) -> None:
    """Somebody else has taken a name that the older revisions use: known when the next one begins, and at its verdict."""
    one = parts.revision("one", parts.deployment(), parts.config("extra", a="1"))
    await deploy(destination, one)
    opened = await deploy(destination, parts.revision("one-b", parts.deployment(), parts.config("extra", a="2")))
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    dev = destinations.Identity(app="shop", formation="dev", namespace="shop", revision="")
    wanted = tuple(ref for ref in ledger.inventory if ref.name != "extra")
    budget = deletions.Budget(confirmed=True)
    fence = destinations.unfenced
    await destination.prune(ledger.inventory, wanted, identity=dev, fence=fence, budget=budget)
    theirs = dataclasses.replace(dev, formation="qa")
    await destination.apply([parts.config("extra", a="9")], identity=theirs, fence=fence)

    screen = _Told()
    two = parts.revision("two", parts.deployment(image="web:2"))
    ended = await deployment.deploy(deploy_request.DeployRequest(revision=two, values={}), destination, screen)

    shut = "a rollback to one-b would be refused: ConfigMap shop/extra: it belongs to shop/qa"
    assert opened.record.way_back is None
    assert screen.told[0] == f"should this fail, {shut}"
    assert (ended.outcome.verdict.kind, ended.record.way_back) == ("deployed", shut)
    last = (await history(destination)).last
    assert last is not None
    assert last.way_back == shut
