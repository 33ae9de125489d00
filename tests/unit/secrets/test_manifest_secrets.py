"""Secrets that stand among a formation's own manifests are masked wherever the formation is told of."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.cli.local import deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.deployments import failure_reports
from sealane.destinations.dummy.destination import DummyDestination
from sealane.secrets import manifest_secrets
from sealane.secrets.masking import Masker
from sealane.verdicts import model
from sealane.verdicts.messages import causes
from tests.unit.deployments import parts

WORD = "s3cr3t-pass/word"


def secret(part: str, value: str) -> dict[str, Any]:
    """A Secret as somebody writes it into a stencil."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": "shop"}, part: {"a": value}}


def named(key: str, value: str) -> dict[str, Any]:
    """A Secret with an entry of that name."""
    return {**secret("stringData", ""), "stringData": {key: value}}


@pytest.mark.parametrize(
    ("manifest", "values"),
    [
        (secret("stringData", WORD), {"keys/a": WORD}),
        (secret("data", base64.b64encode(WORD.encode()).decode()), {"keys/a": WORD}),
        (secret("stringData", "<secret TOKEN>"), {}),
        (secret("stringData", "no"), {}),
        (secret("stringData", "true"), {}),
        (named("POSTGRES_USER", "postgres"), {}),
        (named("db-host", "db.shop.svc"), {}),
        (named("username", "Tr0ub4dor&3"), {"keys/username": "Tr0ub4dor&3"}),
        (named("value", "postgres"), {"keys/value": "postgres"}),
        (secret("data", "not base64!"), None),
        ({**secret("data", "x"), "data": None}, {}),
        ({**secret("data", "abcdefgh"), "apiVersion": "example.com/v1"}, {}),
        (parts.config("settings", a=WORD), {}),
    ],
)
def test_which_values_a_manifest_holds(manifest: dict[str, Any], values: dict[str, str] | None) -> None:
    """Of both ways to write them; not those a store has, nor what is too short to be masked."""
    values_held = manifest_secrets.values([manifest])
    assert values is None or values_held == values
    Masker(values_held)


async def test_neither_verdict_nor_evidence_nor_story_holds_one() -> None:
    """A container prints it and ends; its hook's Job says it, too."""
    destination = DummyDestination()
    encoded = base64.b64encode(WORD.encode()).decode()
    for part, value in (("stringData", WORD), ("data", encoded)):
        behaves = {"DUMMY_EXIT_CODE": "3", "DUMMY_OUTPUT": f"cannot log in with {WORD}"}
        revision = parts.revision(f"bad {part}", parts.deployment(behaves=behaves), secret(part, value))
        screen = rollout_lines.Json()
        ended = await deployment.deploy(deploy_request.DeployRequest(revision=revision, values={}), destination, screen)
        told = f"{ended.outcome} {screen.story.lines}"
        assert ended.outcome.verdict.cause
        assert ended.outcome.verdict.cause.log == "cannot log in with ***"
        assert WORD not in told
        ledger = await destination.read_ledger("shop", "dev", namespace="shop")
        assert WORD not in str(replace(ledger, inventory=()))


def test_a_cause_holds_none_that_a_probe_or_a_termination_message_said() -> None:
    """Whatever an observation quotes is masked before anything is told of it."""
    fact = model.Fact(
        kind=model.FactKind.PROBE_FAILING,
        object="Pod/web-1",
        workload="Deployment/web",
        container="web",
        since=datetime(2026, 11, 21, tzinfo=UTC),
        words=f"failed and said “{WORD}”",
        detail={"asks": f"command check {WORD}", "probe": "readiness"},
    )
    seen = failure_reports.unseen(model.Observation(at=fact.since, facts=(fact,)), Masker({"a": WORD}).whole)
    said = causes.sentence(seen.facts[0], terminations=1, unit="pod")
    assert said == "Container web of pod web-1 has not become ready: command check *** failed and said “***”."
