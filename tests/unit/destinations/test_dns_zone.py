"""A destination without pods goes the whole way by the product's own code: nothing in it takes Kubernetes for granted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from sealane.adapters import SHIPPED
from sealane.cli.local import admission, deploy_request, deployment
from sealane.cli.screens import rollout_lines
from sealane.configfiles.trees import FolderTree
from sealane.deployments import drift_check, ledger_entries
from sealane.environments import config_folder
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision
from tests.dns_zone import DnsZone, Record, Zone

ADAPTERS = replace(SHIPPED, destinations=SHIPPED.destinations.with_line("dns", "tests.dns_zone"))
INPUTS = rendering.Inputs(app="names", images={}, kind="dns", adapters=ADAPTERS)

FORMATION = """
    formation: names
    environment: world
    destination: zone
    namespace: example-com
    values: {front: 192.0.2.1, ttl: 60}
    strategy: {healthy_for: 0s, patience: 1s, deadline: 5s}
"""
RECORDS = """
    apiVersion: dns.example.com/v1
    kind: Record
    metadata: {name: www}
    spec: {value: "${front}", ttl: "${ttl}"}
    ---
    apiVersion: dns.example.com/v1
    kind: Record
    metadata: {name: api}
    spec: {value: 192.0.2.7, ttl: 300}
"""
ENVIRONMENT = """
    environment: world
    destinations: {zone: {dns: {file: zone.json}}}
    apps: {names: {namespaces: [example-com]}}
    policies: {packs: [ours@1]}
"""
POLICY = """
    apiVersion: admissionregistration.k8s.io/v1
    kind: ValidatingAdmissionPolicy
    metadata: {name: long-enough}
    spec:
      matchConstraints:
        resourceRules: [{apiGroups: [dns.example.com], apiVersions: ["*"], operations: [CREATE], resources: [records]}]
      validations: [{expression: object.spec.ttl >= 30, message: a record is kept for at least 30 s}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in {
        "deploy/formations/names.yaml": FORMATION,
        "deploy/stencils/records.yaml": RECORDS,
        "environments/world.yaml": ENVIRONMENT,
        "policies/ours/1/ttl.yaml": POLICY,
    }.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    return tmp_path


@pytest.fixture
def zone(tmp_path: Path) -> DnsZone:
    return DnsZone(tmp_path / "zone.json")


def render(folder: Path, **values: str) -> Revision:
    """The formation with other values."""
    text = dedent(FORMATION)
    for name, value in values.items():
        text = text.replace({"front": "192.0.2.1", "ttl": "ttl: 60"}[name], value)
    (folder / "deploy/formations/names.yaml").write_text(text)
    sources, findings = render_inputs.gather(FolderTree(folder), "names")
    assert sources, findings
    revision, findings = rendering.render(sources, INPUTS)
    assert revision, findings
    assert findings == []
    return revision


async def deploy(zone: DnsZone, revision: Revision, *, is_rollback: bool = False) -> deploy_request.DeployOutcome:
    wish = deploy_request.DeployRequest(revision=revision, values={}, is_rollback=is_rollback)
    return await deployment.deploy(wish, zone, rollout_lines.Json())


def values(zone: Zone) -> dict[str, str]:
    return {name: record.value for name, record in zone.records.items()}


def test_policies_look_at_its_objects(folder: Path) -> None:
    environments, findings = config_folder.gather(folder, adapters=ADAPTERS)
    assert findings == []
    for ttl, denied in (("ttl: 60", []), ("ttl: 10", ["Record"])):
        judged = admission.judged(render(folder, ttl=ttl), environments["world"], folder)
        assert [decision.decision.subject.kind for decision in judged] == denied


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("strategy: {canary: {steps: [{weight: 20}]}}", "destination zone has no stages: nothing there serves traffic"),
        (
            "hooks: {before: [{name: load, image: load, command: [load]}]}",
            "load can't run: nothing runs at destination zone",
        ),
    ],
)
def test_what_needs_something_that_runs_is_told_when_it_is_rendered(folder: Path, more: str, message: str) -> None:
    text = "".join(line for line in dedent(FORMATION).splitlines(keepends=True) if not line.startswith("strategy"))
    (folder / "deploy/formations/names.yaml").write_text(f"{text}{more}\n")
    sources, problems = render_inputs.gather(FolderTree(folder), "names", ADAPTERS)
    assert sources, problems
    _, problems = rendering.render(sources, INPUTS)
    assert message in [problem.message for problem in problems]


async def test_a_bad_record_is_rolled_back_and_a_person_goes_further_back(folder: Path, zone: DnsZone) -> None:
    one, two = render(folder), render(folder, front="192.0.2.2")
    bad = render(folder, front="203.0.113.9")
    assert [(await deploy(zone, revision)).outcome.verdict.kind for revision in (one, two)] == ["deployed", "deployed"]
    ended = await deploy(zone, bad)
    failed = ended.outcome
    assert failed.verdict.kind == "rolled_back"
    assert failed.verdict.reason.startswith("Record www has failed: no name server serves 203.0.113.9.")
    assert ended.report is not None
    assert values(zone.zone()) == {"www": "192.0.2.2", "api": "192.0.2.7"}
    history = ledger_entries.read(await zone.read_ledger("names", "names", namespace="example-com"))
    back = deployment.target(history, None, label="names/names")
    assert (await deploy(zone, back, is_rollback=True)).outcome.verdict.kind == "deployed"
    assert values(zone.zone()) == {"www": "192.0.2.1", "api": "192.0.2.7"}


async def test_what_is_refused_leaves_everything_as_it_was(folder: Path, zone: DnsZone) -> None:
    await deploy(zone, render(folder))
    refused = (await deploy(zone, render(folder, front="not-there"))).outcome.verdict
    assert (refused.kind, refused.untouched) == ("failed", True)
    assert refused.reason.startswith("Record www is refused: not-there is no address.")
    assert values(zone.zone()) == {"www": "192.0.2.1", "api": "192.0.2.7"}


async def test_what_it_no_longer_has_is_deleted_and_what_is_others_stays(folder: Path, zone: DnsZone) -> None:
    await deploy(zone, render(folder))
    there = zone.zone()
    there.records["mail"] = Record(value="192.0.2.9", ttl=60, uid="mail", since=there.records["www"].since)
    zone.keep(there)
    (folder / "deploy/stencils/records.yaml").write_text(dedent(RECORDS).split("---")[0])
    assert (await deploy(zone, render(folder))).outcome.verdict.kind == "deployed"
    assert values(zone.zone()) == {"www": "192.0.2.1", "mail": "192.0.2.9"}


async def test_what_somebody_changed_is_drift(folder: Path, zone: DnsZone) -> None:
    revision = render(folder)
    await deploy(zone, revision)
    assert (await drift_check.of(revision, zone)).objects == ()
    there = zone.zone()
    there.records["www"].value = "192.0.2.66"
    del there.records["api"]
    zone.keep(there)
    by_name = {drift.object: drift for drift in (await drift_check.of(revision, zone)).objects}
    assert by_name["Record/api"].kind == "gone"
    (field,) = by_name["Record/www"].fields
    assert (field.path, field.before, field.after) == ("spec.value", "192.0.2.66", "192.0.2.1")


@pytest.mark.parametrize("key", ["secrets", "config"])
def test_a_destination_that_holds_no_configuration_says_so(folder: Path, key: str) -> None:
    """Where the formation asks for it; what holds it at a cluster is no object for everybody."""
    said = {"secrets": "secrets: {TOKEN: 'env:TOKEN'}", "config": "config: {greeting: hello}"}[key]
    (folder / "deploy/formations/names.yaml").write_text(f"{dedent(FORMATION)}{said}\n")
    sources, _ = render_inputs.gather(FolderTree(folder), "names")
    assert sources

    revision, findings = rendering.render(sources, INPUTS)

    assert revision is None
    assert [finding.message for finding in findings] == [
        f"destination zone holds no {key} for what is deployed there",
    ]
