"""A Secret that somebody wrote into a stencil comes back like everything else, or is named; its values stand in no ConfigMap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import drift_check, ledger_entries, ledger_history
from sealane.destinations.dummy import apply_plan
from sealane.destinations.dummy import state as states
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.model import unfenced
from sealane.stencils.model import Revision
from tests.unit.deployments import parts


@pytest.fixture
def state() -> states.State:
    return states.State()


@pytest.fixture
def destination(state: states.State) -> DummyDestination:
    return DummyDestination(state)


def written(value: str, name: str = "door") -> Any:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"code": value}}


def code(state: states.State) -> str:
    stored = state.read().objects[apply_plan.text(apply_plan.ref_in(written(""), "shop"))]
    return str(stored.manifest["data"]["code"])


async def deploy(destination: DummyDestination, revision: Revision, **wish: Any) -> deploy_request.DeployOutcome:
    given = {"values": {}, **wish}
    return await deployment.deploy(
        deploy_request.DeployRequest(revision=revision, **given), destination, rollout_lines.Json()
    )


async def history(destination: DummyDestination) -> ledger_history.History:
    return ledger_entries.read(await destination.read_ledger("shop", "dev", namespace="shop"))


async def test_it_comes_back_automatically_and_by_hand_and_drift_sees_it(
    state: states.State, destination: DummyDestination
) -> None:
    one = parts.revision("one", parts.deployment(), written("b25l"))
    await deploy(destination, one)
    await deploy(destination, parts.revision("two", parts.deployment(image="web:2"), written("dHdv")))
    ended = await deploy(destination, parts.revision("bad", parts.deployment(behaves=parts.CRASH), written("YmFk")))
    assert ended.outcome.verdict.kind == "rolled_back"
    assert ended.outcome.verdict.cause is not None
    assert ended.outcome.verdict.reason == ended.outcome.verdict.cause.sentence, "nothing stayed, so nothing is told"
    assert code(state) == "dHdv"
    known = await history(destination)
    back = deployment.target(known, None, label="shop/dev")
    await deploy(destination, back, is_rollback=True)
    assert code(state) == "b25l"
    with state.write() as content:
        content.objects["|Secret|shop|door"].manifest["data"]["code"] = "c29tZQ=="
    report = await drift_check.of(back, destination)
    assert [drift.object for drift in report.objects] == ["Secret/door"]
    assert "c29tZQ" not in str(report)
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    assert not any(value in " ".join(ledger.entries.values()) for value in ("b25l", "dHdv", "YmFk"))


async def test_a_secret_whose_values_nobody_knows_any_more_is_named(
    state: states.State, destination: DummyDestination
) -> None:
    """An older Sealane kept none, or the account may not read them."""
    await deploy(destination, parts.revision("one", parts.deployment(), written("b25l"), written("c2FtZQ==", "same")))
    ledger = await destination.read_ledger("shop", "dev", namespace="shop")
    await destination.write_ledger(replace(ledger, private={}), "shop", "dev", namespace="shop", fence=unfenced)
    bad = parts.revision("bad", parts.deployment(behaves=parts.CRASH), written("YmFk"), written("c2FtZQ==", "same"))
    ended = await deploy(destination, bad)
    assert ended.outcome.verdict.kind == "rolled_back"
    assert "Left Secret shop/door: it stays as this deployment wrote it" in ended.outcome.verdict.reason
    assert "shop/same" not in ended.outcome.verdict.reason
    assert {"Secret door", "Secret same"} <= parts.names(ended.outcome.inventory)
    assert code(state) == "YmFk"
    again = await deploy(destination, deployment.target(await history(destination), "#1", label=""), is_rollback=True)
    assert {"Secret door", "Secret same"} <= parts.names(again.outcome.inventory), "it may well have been part of it"
