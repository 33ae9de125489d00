"""What is kept of deployments has a bound, whatever they are made of; and nothing is found out after the cluster was changed."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane import clock, errors
from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import failure_reports, ledger_entries, ledger_history, size_limits
from sealane.deployments.ledger_history import History, LedgerRecord
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.kubernetes import ledger_parts
from sealane.verdicts import model as verdicts
from sealane.verdicts import outcomes
from tests.properties import examples
from tests.unit.deployments import parts

LONG = st.integers(0, 3_000_000)
KINDS = st.sampled_from(["deployed", "failed", "rolled_back"])


def noise(length: int, seed: int = 0) -> str:
    """A text that can't be compressed much."""
    return random.Random(seed).randbytes(length // 2).hex()


@given(st.binary(max_size=5_000), st.integers(1, 300))
def test_a_text_that_is_split_is_joined_again(raw: bytes, size: int) -> None:
    text = raw.decode("latin-1")
    parts_ = ledger_parts.split(text, size)
    assert all(0 < len(part) <= size for part in parts_)
    assert ledger_parts.joined(parts_) == text


@settings(deadline=None, max_examples=examples(25))
@given(st.lists(st.tuples(LONG, KINDS, st.integers(0, 40_000)), min_size=1, max_size=12))
def test_the_oldest_revisions_go_first_and_what_is_needed_to_go_back_stays(deployments: list[Any]) -> None:
    """Before each deployment and after it: the revision that it would go back to and its own are there, and the rest fits."""
    known = History()
    verified: list[str] = []
    for number, (length, kind, words) in enumerate(deployments):
        revision = parts.revision(f"r{number}", parts.config("big", text=noise(length, number)))
        record = _record(known, revision.id)
        known = _again(known.begun(record, revision))
        assert {revision.id, *verified[-1:]} <= known.revisions.keys()
        assert len(known.revisions) <= ledger_history.KEPT_REVISIONS + 1
        verdict = _verdict(kind, noise(words))
        known = _again(
            known.ended(dataclasses.replace(record, verdict=verdict, note=noise(words)), failure_report=None)
        )
        verified += [revision.id] if kind == "deployed" else []
        kept = [revision_id for revision_id in verified if revision_id in known.revisions]
        assert kept == verified[len(verified) - len(kept) :], "the newest ones"
        assert kept[-1:] == verified[-1:]
        sizes = [len(msgspec.json.encode(revision_id)) for revision_id in known.revisions.values()]
        assert sum(sizes) <= ledger_history.KEPT_BYTES or len(sizes) == 1


def test_so_much_of_fifty_deployments_fits_into_one_object_with_room_for_the_last_ones_end() -> None:
    known, failure_report = (
        History(),
        {"logs": [{"object": "Pod/a", "lines": [noise(2_000, n) for n in range(90)]}] * 9},
    )
    for number in range(60):
        revision = parts.revision(f"r{number}", parts.deployment())
        images = {f"Deployment/web-{n} web": noise(80, number * 1_000 + n) for n in range(150)}
        record = dataclasses.replace(_record(known, revision.id), images=images)
        known = known.begun(record, revision)
        before = _size(known)
        ended = dataclasses.replace(record, verdict=_verdict("failed", noise(90_000, number)), note=noise(90_000))
        known = known.ended(ended, failure_report=failure_report)
        assert _size(known) - before <= ledger_history.RESERVE
    assert _size(known) < ledger_parts.LIMIT // 2


@settings(deadline=None)
@given(
    lines=st.lists(st.integers(0, 20_000), max_size=30),
    objects=st.integers(0, 400),
    changed=st.integers(0, 2_000),
)
def test_a_failure_report_is_cut_to_a_size_and_stays_one(lines: list[int], objects: int, changed: int) -> None:
    log = {"object": "Pod/a", "container": "a", "previous": False, "lines": [noise(n) for n in lines]}
    cause = verdicts.Cause(
        sentence="It ended.",
        object="Pod/a",
        workload="a",
        reason=verdicts.FactKind.ENDED,
        decisive=True,
        since=clock.now(),
    )
    given_ = failure_reports.FailureReport(
        taken=clock.now(),
        cause=cause,
        logs=[log, log],
        events=[{"message": noise(900, n), "count": n} for n in range(objects)],
        difference=[{"kind": "ConfigMap", "name": "a", "lines": [noise(300, n) for n in range(changed)]}],
    ).to_json()
    made = size_limits.trimmed(given_)
    assert len(msgspec.json.encode(made)) <= size_limits.MOST
    report = failure_reports.FailureReport.from_json(made)
    assert report.cause == cause
    if objects:
        assert report.events[-1]["count"] == objects - 1, "the last one tells most"


async def test_a_revision_that_could_not_be_kept_is_refused_before_anything_is_written() -> None:
    destination = DummyDestination()
    size = ledger_history.KEPT_BYTES // 3
    objects = [parts.config(f"big-{number}", text=noise(size, number)) for number in range(4)]
    with pytest.raises(errors.Refused, match="MiB that can be kept"):
        await deploy(destination, *objects)
    assert destination.journal() == ()
    assert await destination.read_ledger("shop", "dev", namespace="shop") == destinations.Ledger()


@pytest.mark.parametrize("trouble", [errors.Unavailable("the cluster is away"), ValueError("a fault of ours")])
async def test_no_way_ends_without_a_verdict(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    """Whatever breaks in between: the next deployment finds no formation locked."""
    destination = DummyDestination()

    async def breaks(*_: object, **__: object) -> None:
        raise trouble

    with monkeypatch.context() as broken:
        broken.setattr(destination, "apply", breaks)
        with pytest.raises(type(trouble)):
            await deploy(destination, parts.config("a", b="c"))
    ended = await deploy(destination, parts.config("a", b="c"))
    assert ended.outcome.verdict.kind == "deployed"
    known = ledger_entries.read(await destination.read_ledger("shop", "dev", namespace="shop"))
    assert known.records[0].verdict is not None
    assert known.records[0].verdict.reason.startswith("Sealane could not do it: ")


async def test_evidence_that_is_not_taken_costs_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    destination = DummyDestination()
    write = destination.write_ledger

    async def picky(ledger: destinations.Ledger, *place: str, **more: Any) -> destinations.Ledger:
        if ledger_entries.records(ledger).failure_report:
            raise errors.Refused("too long")
        return await write(ledger, *place, **more)

    monkeypatch.setattr(destination, "write_ledger", picky)
    ended = await deploy(destination, parts.deployment(behaves=parts.CRASH))
    known = ledger_entries.read(await destination.read_ledger("shop", "dev", namespace="shop"))
    assert ended.outcome.verdict.kind == "failed"
    assert known.last is not None
    assert known.last.verdict == ended.outcome.verdict


async def deploy(destination: DummyDestination, *objects: Any) -> deploy_request.DeployOutcome:
    wish = deploy_request.DeployRequest(revision=parts.revision("one", *objects), values={})
    return await deployment.deploy(wish, destination, rollout_lines.Json())


def _record(known: History, revision: str) -> LedgerRecord:
    return LedgerRecord(
        sequence=known.next_sequence,
        revision=revision,
        is_rollback=False,
        by="me",
        images={},
        started=clock.now(),
        token=str(known.next_sequence),
    )


def _verdict(kind: str, words: str) -> verdicts.Verdict:
    if kind == "deployed":
        return outcomes.deployed(at=clock.now(), workloads=1, healthy_for=timedelta())
    return verdicts.Verdict(kind=verdicts.VerdictKind(kind), reason=words, at=clock.now())


def _again(known: History) -> History:
    """As another command finds it."""
    return ledger_entries.read(ledger_entries.written(destinations.Ledger(), known))


def _size(known: History) -> int:
    """Of what stands in the one object, compressed as it is there."""
    entry = ledger_entries.written(destinations.Ledger(), known).entries["history"]
    return len(b"".join(ledger_parts.split(entry)))
