"""What a formation's containers say is masked by every Secret that is still there, and not shown where that can't be known."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from sealane import clock
from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import apply_phase, failure_reports, log_scan, masks
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.errors import Conflicting, Refused, SealaneError, Unavailable
from sealane.secrets.masking import Masker
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from tests.unit.deployments import parts

OLD, NEW = {"token": "q9!dlo-fo-drowssap"}, {"token": "x7?wen-fo-drowssap"}
"""Versions; values are these backwards."""


def value_of(version: Mapping[str, str]) -> str:
    return version["token"][::-1]


def printing(*names: str, **more: str) -> Any:
    """A web server that gets these Secrets and says what is in them."""
    made = parts.deployment(behaves={"DUMMY_OUTPUT": "I got $(token|base64)", **more})
    made["spec"]["template"]["spec"]["containers"][0]["envFrom"] = [{"secretRef": {"name": name}} for name in names]
    return made


async def deploy(
    destination: DummyDestination, revision: Revision, versions: Mapping[str, str]
) -> deploy_request.DeployOutcome:
    wish = deploy_request.DeployRequest(revision=revision, values=parts.values(**versions))
    return await deployment.deploy(wish, destination, rollout_lines.Json())


async def masker(destination: Any, *revisions: Revision, **values: str) -> Masker | failure_reports.HiddenMask:
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")

    async def given(_: Revision) -> dict[str, SecretValue]:
        return parts.values(**values)

    return await masks.masker(destination, ledger.inventory, *revisions, values=given)


async def test_what_was_rolled_back_to_is_masked_by_what_it_was_given_then() -> None:
    """The store has another value by now; the Secret that is still there tells the old one."""
    destination = DummyDestination()
    one = parts.revision("one", printing("keys-one"), secrets=OLD)
    await deploy(destination, one, OLD)
    bad = printing("keys-two", DUMMY_EXIT_CODE="3", DUMMY_LAST_WORDS="died of $(token)")
    ended = await deploy(destination, parts.revision("two", bad, secrets=NEW), NEW)
    assert ended.outcome.verdict.kind is verdicts.VerdictKind.ROLLED_BACK
    told = f"{ended.outcome.verdict}{ended.report}"
    assert "died of ***" in told
    assert value_of(NEW) not in told
    mask = masks.mask(await masker(destination, one, **NEW))
    assert mask(f"I got {value_of(OLD)}") == "I got ***"


class Shut(DummyDestination):
    """Gives nobody its Secrets."""

    async def secrets(self, refs: destinations.Inventory) -> tuple[Mapping[str, Any], ...]:
        raise Refused("secrets is forbidden")


@pytest.mark.parametrize(
    ("destination", "values", "why"),
    [
        (Shut(), NEW, "can't be read: secrets is forbidden"),
        (DummyDestination(), {}, "other values now"),
        (DummyDestination(), OLD, "other values now"),
    ],
)
async def test_nothing_is_shown_where_a_value_can_not_be_known(
    destination: DummyDestination, values: Mapping[str, str], why: str
) -> None:
    """Neither at the destination nor, as it was, in its store; names of things are shown all the same."""
    made = await masker(destination, parts.revision("one", parts.deployment(), secrets=NEW), **values)
    assert isinstance(made, failure_reports.HiddenMask)
    assert why in made.why
    raw = {"logs": [{"object": "Pod/web-1", "container": "web", "previous": False, "lines": ["hunter2", ""]}]}
    (log,) = failure_reports.masked(raw, made)["logs"]
    assert (log["object"], log["container"]) == ("Pod/web-1", "web")
    assert "hunter2" not in str(log)
    assert why in log["lines"][0]


async def test_a_store_that_does_not_answer_hides_everything() -> None:
    async def away(_: Revision) -> dict[str, SecretValue]:
        raise Unavailable("the store is away")

    revision = parts.revision("one", parts.deployment(), secrets=NEW)
    made = await masks.masker(DummyDestination(), (), revision, values=away)
    assert isinstance(made, failure_reports.HiddenMask)
    assert made("a word") == "(not shown: the values to mask are not available: the store is away)"
    assert made("") == ""


async def told(*lines: str) -> AsyncIterator[str]:
    for line in lines:
        yield line


async def seen(lines: AsyncIterator[str], *secrets: str | SealaneError) -> list[str]:
    """The lines, with a fresh masker of each of these secrets in turn."""
    asked = iter(secrets)

    async def fresh() -> Masker:
        secret = next(asked)
        if isinstance(secret, SealaneError):
            raise secret
        return Masker.of([secret])

    return [line async for line in log_scan.masked(lines, fresh)]


LONG = "-".join(f"part{number}" for number in range(40))


async def test_a_secret_over_several_lines_of_one_container_is_masked_while_another_prints() -> None:
    lines = base64.encodebytes(LONG.encode()).decode().split()
    mixed = [line for printed in lines for line in (f"web-0/web  {printed}", "db-0/db  is fine")]
    shown = await seen(told(*mixed, "web-0/web  the end"), LONG, LONG)
    assert shown.count("db-0/db  is fine") == len(lines)
    assert not [printed for printed in lines if len(printed) > 8 and any(printed in line for line in shown)]
    assert [line for line in shown if line.endswith("the end")]


async def test_a_container_that_comes_later_is_masked_by_what_it_got() -> None:
    shown = await seen(
        told("web-0/web  first-key", "web-1/web  second-key", "web-1/web  ok"), "first-key", "second-key"
    )
    assert shown == ["web-0/web  ***", "web-1/web  ***", "web-1/web  ok"]


async def test_a_live_log_ends_with_the_reason_when_what_comes_can_not_be_masked() -> None:
    shown = await seen(told("web-0/web  ok", "web-1/web  second-key"), "first-key", Conflicting("not shown: who knows"))
    assert shown == ["web-0/web  ok", "[sealane] not shown: who knows"]


def test_what_a_destination_says_of_a_refused_object_is_masked() -> None:
    """An admission webhook may repeat what it was given."""
    ref = destinations.ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name="web")
    refusal = destinations.Refusal(ref=ref, reason=destinations.Reason.INVALID, message="no s3cr3t-word here")
    applied = destinations.Applied(inventory=(), refusals=(refusal,))
    cause = apply_phase.refused(applied, at=clock.now(), mask=Masker.of(["s3cr3t-word"]).whole)
    assert cause is not None
    assert "no *** here" in cause.sentence


def test_lines_that_are_there_as_a_whole_are_masked_as_one_text() -> None:
    lines = ["before", *base64.encodebytes(LONG.encode()).decode().split(), "after"]
    shown = failure_reports.lines(lines, Masker.of([LONG]).whole)
    assert (shown[0], shown[-1]) == ("before", "after")
    assert not [line for line in lines[1:-1] if len(line) > 8 and line in "".join(shown)]
