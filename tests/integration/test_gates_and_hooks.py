"""Gates and hooks of a server's deployments: people's words, alerts that come in, migrations once for each release."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sealane.destinations.dummy.state import State
from sealane.errors import Conflicting, NotThere
from sealane.records.deployments import Deployment
from sealane.verdicts.model import VerdictKind
from tests.integration.inside import Inside
from tests.recovery.shop import ADMIN
from tests.unit.gates import answering

PIPELINE = "app: shop\ndeliver: [{formation: dev}]\n"
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/shop:1
          envFrom: [{secretRef: {name: "${secrets}"}}]
          env: [{name: WORDS, value: "${words}"}EXTRA]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: registry.example.com/shop:1, env: [{name: A, value: bMIGRATION}]}]
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
values: {words: WORDS}
secrets: {PASSWORD: "env:PASSWORD"}
strategy:
  healthy_for: 0s
BESIDE
"""
ENVIRONMENT = """environment: dev
destinations: {here: {dummy: {}}}
apps:
  shop: {namespaces: [shop], registries: ["registry.example.com/**"], secrets: ["env:PASSWORD"]}
policies: {packs: []}
gates: {hosts: ["127.0.0.1:*"]}
"""
MIGRATE = "hooks: {before: [{name: migrate, stencil: migrate, reversible: {command: [back]}}]}"
FAILING = '"}, {name: DUMMY_EXIT_CODE, value: "4"}, {name: DUMMY_OUTPUT, value: "no table second-password'
CRASH = ', {name: DUMMY_EXIT_CODE, value: "1"}'


class World(Inside):
    """A shop and its server."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        (self.shop.data / "config" / "environments" / "dev.yaml").write_text(ENVIRONMENT)

    async def push(self, words: str, beside: str, *, extra: str = "", migration: str = "") -> Deployment:
        """Pushes a version; gives its deployment as soon as there is one."""
        formation = FORMATION.replace("WORDS", words).replace("BESIDE", beside)
        stencil = STENCIL.replace("EXTRA", extra).replace("value: bMIGRATION}", f'value: "b{migration}"}}')
        if MIGRATE not in beside:
            stencil = stencil.partition("---")[0]
        files = {
            ".sealane.yml": PIPELINE,
            "deploy/stencils/web.yaml": stencil,
            "deploy/formations/dev.yaml": formation,
        }
        run_id = await self.push_files(words, files)
        run = await self.until(lambda: self.server.views.run(run_id), lambda view: view.run.ended is not None)
        assert run.deployments, [run.run.reason, *run.findings]
        return run.deployments[0]

    async def asked(self, deployment: Deployment) -> str:
        """The gate people are asked about, once they are."""
        words = await self.until(lambda: self.server.store.gates.of(deployment.id), bool)
        return words[0].gate

    def jobs(self) -> list[str]:
        """The Jobs that were made, without their digests, in order."""
        writes = State(self.shop.data / "dummies" / "dev" / "here.json").read().journal
        names = [write.object.partition("/")[2] for write in writes if write.object.startswith("Job ")]
        return [name.rpartition("-")[0] for name in names]


@pytest.fixture
async def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A server that knows the shop."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "first-password")
    made = World(tmp_path)
    async with made.knowing_the_shop():
        yield made


def metric(url: str, **more: Any) -> str:
    """A gate that asks Prometheus there."""
    check = {"url": url, "query": "errors", "condition": "< 0.01", **more}
    return f"  gates: {json.dumps([{'name': 'rate', 'prometheus': check}])}"


def vector(*values: str) -> tuple[int, object]:
    result = [{"metric": {}, "value": [1, value]} for value in values]
    return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}


async def test_a_failing_gate_takes_the_deployment_back(world: World) -> None:
    """With its sentence as the reason, and a failure report that says so."""
    await world.reached((await world.push("v1", "")).id)
    async with answering.serving(lambda _asked, _nth: vector("0.5")) as prometheus:
        ended = await world.reached((await world.push("v2", metric(prometheus.url))).id)
    assert ended.verdict is not None
    assert ended.verdict.kind is VerdictKind.ROLLED_BACK
    assert ended.verdict.reason == "Gate rate failed: the value was 0.5, and must be < 0.01."
    view = await world.server.views.deployment(ended.id)
    assert view.failure_report is not None
    assert view.failure_report["cause"]["reason"] == "gate_failed"


@pytest.mark.parametrize(("passes", "kind"), [(True, VerdictKind.DEPLOYED), (False, VerdictKind.FAILED)])
async def test_what_a_gate_cannot_tell_a_person_says(world: World, passes: bool, kind: VerdictKind) -> None:
    """`why` tells what is missing and how to say it; the first word counts and stands in the audit."""
    async with answering.serving(lambda _asked, _nth: vector()) as prometheus:
        deployment = await world.push("v1", metric(prometheus.url))
        assert await world.asked(deployment) == "rate"
        why = await world.server.views.why("shop/dev")
        assert "a person's word on gate rate: the query gives no data: errors" in why.sentence
        assert "sealane gate shop/dev rate --pass" in why.waiting[0].who
        with pytest.raises(NotThere, match="nobody was asked about gate smoke"):
            await world.server.speaking.say(deployment.id, "smoke", passes=True, by=ADMIN, reason="it is fine")
        await world.server.speaking.say(deployment.id, "rate", passes=passes, by=ADMIN, reason="I looked")
        ended = await world.reached(deployment.id)
    assert ended.verdict is not None
    assert ended.verdict.kind is kind
    assert passes or ended.verdict.reason.startswith('Gate rate failed: admin said so ("I looked"): the query gives')
    (line,) = [entry for entry in await world.server.views.audit() if entry.kind.startswith("gate.")]
    assert (line.actor, line.about) == ("admin", "shop/dev")
    with pytest.raises((NotThere, Conflicting)):
        await world.server.speaking.say(deployment.id, "rate", passes=True, by=ADMIN, reason="")


async def test_metric_stores_are_told_how_it_ended_and_nothing_depends_on_them(world: World) -> None:
    """Deployed or rolled back; a store that refuses or is away is a line of the story, and no failure."""
    told: list[dict[str, Any]] = []

    def grafana(asked: answering.Asked, nth: int) -> tuple[int, object]:
        assert (asked.path, asked.headers["authorization"]) == ("/api/annotations", "Bearer first-password")
        told.append(json.loads(asked.body))
        return (200, {"id": nth}) if nth < 2 else (403, {"message": "no permission"})

    async with answering.serving(grafana) as server:
        store = {"url": server.url, "token": "env:PASSWORD"}
        away = {"url": "http://127.0.0.1:9", "database": "shop"}
        written = [{"name": "graphs", "grafana": store}, {"name": "away", "influxdb": away}]
        hooks = f"hooks: {json.dumps({'annotate': written})}"
        first = await world.reached((await world.push("v1", hooks)).id)
        second = await world.reached((await world.push("v2", hooks, extra=CRASH)).id)
        third = await world.reached((await world.push("v3", hooks)).id)

    assert [deployment.verdict_kind for deployment in (first, second, third)] == ["deployed", "rolled_back", "deployed"]
    assert first.verdict is not None
    assert [annotation["text"].splitlines()[0] for annotation in told] == [
        "shop #1 to dev: deployed",
        "shop #2 to dev: rolled back",
        "shop #3 to dev: deployed",
    ]
    assert "Container web of pod" in told[1]["text"]
    assert told[0]["tags"][:3] == ["deployment", "app:shop", "formation:shop/dev"]
    assert told[0]["time"] == int(first.verdict.at.timestamp() * 1000)
    said = [entry.text for entry in (await world.server.views.deployment(third.id)).timeline]
    assert any("graphs was not told how it ended" in text and "refuses the annotation (403)" in text for text in said)
    assert any("away was not told how it ended" in text and "nothing answers there" in text for text in said)


async def test_a_gate_nobody_speaks_about_has_failed(world: World) -> None:
    """After as long as it says."""
    async with answering.serving(lambda _asked, _nth: vector()) as prometheus:
        gates = metric(prometheus.url).replace('"name": "rate"', '"name": "rate", "wait": "300ms"')
        ended = await world.reached((await world.push("v1", gates)).id)
    assert ended.verdict is not None
    assert "it is inconclusive, and nobody said how to take it: the query gives no data" in ended.verdict.reason


async def test_a_host_that_operators_don_t_list_is_refused_before_anything_runs(world: World) -> None:
    """A pushed commit can't make the server ask its own network."""
    with pytest.raises(AssertionError, match=r"gate rate: the operators don't let gates ask 169"):
        await world.push("v1", metric("http://169.254.169.254/latest"))


async def test_migrations_run_once_for_each_release_and_are_undone_with_it(world: World) -> None:
    """Also when the same release is deployed again; a release that was rolled back runs them again."""
    await world.reached((await world.push("v0", "")).id)
    first = await world.reached((await world.push("v1", MIGRATE)).id)
    assert first.verdict_kind is VerdictKind.DEPLOYED
    again = await world.server.requests.deploy("shop", "dev", by=ADMIN, release=first.release_id)
    assert (await world.reached(again.id)).verdict_kind is VerdictKind.DEPLOYED
    assert world.jobs() == ["migrate"]
    bad = await world.reached((await world.push("v2", MIGRATE, extra=CRASH)).id)
    assert bad.verdict_kind is VerdictKind.ROLLED_BACK
    assert world.jobs() == ["migrate", "migrate", "undo-migrate"]
    assert await world.server.store.hooks.ran("shop", "dev", bad.release_id or bad.revision_id) == ()
    await world.reached((await world.server.requests.rollback("shop", "dev", by=ADMIN)).id)
    assert len(world.jobs()) == 3


async def test_a_failing_migration_writes_no_workload(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log is in the failure report, without secrets; what was written for it is gone again."""
    await world.reached((await world.push("v0", "")).id)
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "second-password")
    before = (await world.server.store.formations.get("shop", "dev")).inventory
    ended = await world.reached((await world.push("v1", MIGRATE, migration=FAILING)).id)
    assert ended.verdict is not None
    assert ended.verdict.kind is VerdictKind.FAILED
    assert ended.verdict.reason.startswith("Hook migrate failed: ")
    assert "exit code 4" in ended.verdict.reason
    assert "nothing of the workloads was written" in ended.verdict.reason
    state = State(world.shop.data / "dummies" / "dev" / "here.json").read()
    written = [name for name, stored in state.objects.items() if stored.manifest["kind"] != "Job"]
    assert len(written) == len(before) == 2
    view = await world.server.views.deployment(ended.id)
    assert view.failure_report is not None
    assert view.failure_report["logs"][0]["lines"] == ["no table ***"]
    assert (await world.server.store.formations.get("shop", "dev")).inventory == before


ALERTMANAGER = {
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "Errors", "severity": "critical"},
            "startsAt": "STARTS",
            "fingerprint": "f1",
        }
    ],
}


async def test_alerts_that_came_in_fail_the_gate(world: World) -> None:
    """Only those with its labels that fired since the deployment was applied; the same one twice counts once."""
    gates = "  gates: [{name: pages, alerts: {max: 1, duration: 20s, matching: {severity: critical}}}]"
    deployment = await world.push("v1", gates)
    await world.until(
        lambda: world.server.views.deployment(deployment.id),
        lambda view: any("checks gate pages" in line.text for line in view.timeline),
    )
    old = datetime.now(UTC) - timedelta(hours=1)
    await send(world, fingerprint="old", starts=old)
    await send(world, fingerprint="minor", severity="warning")
    for _ in range(2):
        await send(world, fingerprint="f1", starts=deployment.created + timedelta(minutes=1))
    await send(world, fingerprint="f2")
    ended = await world.reached(deployment.id)
    assert ended.verdict is not None
    assert ended.verdict.reason.startswith("Gate pages failed: 2 alerts came in since it was applied: Errors (2 times)")


async def send(world: World, *, fingerprint: str, severity: str = "critical", starts: datetime | None = None) -> None:
    """Sends an alert as Alertmanager does."""
    from sealane.events import alerts

    text = json.dumps(ALERTMANAGER).replace("f1", fingerprint).replace("critical", severity)
    body = text.replace("STARTS", (starts or datetime.now(UTC) + timedelta(seconds=1)).isoformat()).encode()
    secret = await world.server.apps.hook_secret("shop")
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-sealane-signature": f"sha256={signature}"}
    came = alerts.read(headers, body, secret=secret, received=datetime.now(UTC))
    await world.server.store.alerts.receive("shop", "dev", came, at=datetime.now(UTC))
