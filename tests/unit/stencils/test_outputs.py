"""Outputs of other formations as values: which are named, what stands for those that nobody has yet, and what they become."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sealane import repository_check
from sealane.adapters import SHIPPED
from sealane.clients.helm import Helm
from sealane.configfiles.trees import StoredTree
from sealane.deployments import output_values
from sealane.destinations.opentofu.model import Record, Result
from sealane.destinations.opentofu.program_output import outputs as outputs_of
from sealane.destinations.outputs import Outputs
from sealane.environments import reading as environment_reading
from sealane.environments.model import Environment
from sealane.stencils import output_formations, render_inputs
from sealane.stencils.model import Revision
from sealane.stencils.output_formations import OutputValues
from sealane.stencils.rendering import Inputs
from sealane.workflows.steps.outputs import awaited

AT = datetime(2026, 11, 1, tzinfo=UTC)
FORMATION = """formation: {name}
environment: {environment}
destination: {destination}
namespace: shop
stencils: {{include: [{name}.yaml]}}
{more}
"""
WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: REPLICAS
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: x.com/web, args: "${args}"}]}}
"""
NETWORK = "apiVersion: opentofu.org/v1\nkind: Configuration\nmetadata: {name: network}\nspec: {folder: infra}\n"
ENVIRONMENT = """environment: production
destinations: {cluster: {kubernetes: {}}, tofu: {opentofu: {folder: kept}}}
apps: {shop: {namespaces: [shop]}}
"""
VALUES = 'values: {replicas: "tofu:network#replicas", args: ["tofu:network#arg"]}'


def tree(values: str = VALUES, *, environment: str = "production", replicas: str = "${replicas}") -> StoredTree:
    def formation(name: str, **given: str) -> bytes:
        usual = {"environment": "production", "destination": "cluster", "more": ""}
        return FORMATION.format(name=name, **{**usual, **given}).encode()

    return StoredTree(
        {
            ".sealane.yml": b"app: shop\ndeliver: [web]\n",
            "deploy/formations/web.yaml": formation("web", more=values),
            "deploy/formations/network.yaml": formation("network", destination="tofu", environment=environment),
            "deploy/stencils/web.yaml": WEB.replace("REPLICAS", replicas).encode(),
            "deploy/stencils/network.yaml": NETWORK.encode(),
            "infra/main.tf": b"",
        }
    )


class Told:
    """Outputs that a test tells."""

    def __init__(self, *outputs: Outputs) -> None:
        self._outputs = outputs

    def outputs(self, app: str, formation: str, *, namespace: str) -> tuple[Outputs, ...]:
        return self._outputs if (app, formation, namespace) == ("shop", "network", "shop") else ()


def environment() -> Environment:
    read, findings = environment_reading.read(ENVIRONMENT, "production.yaml")
    assert read, findings
    return read


def looked_up(files: StoredTree, *outputs: Outputs, app: str = "shop") -> OutputValues:
    formation, findings = render_inputs.read_formation(files, "web")
    assert formation, findings
    return output_values.of(
        formation,
        files,
        app=app,
        environment=environment(),
        open_source=lambda config: Told(*outputs) if config.kind == "opentofu" else None,
        adapters=SHIPPED,
    )


async def rendered(files: StoredTree, values: OutputValues) -> Revision:
    sources, findings = render_inputs.gather(files, "web")
    assert sources, findings
    revision, findings = await output_formations.render(
        sources, Inputs(app="shop", images={}, kind="kubernetes"), values, Helm()
    )
    assert revision, findings
    assert Revision.from_json(revision.to_json()) == revision
    assert (awaited(revision) is None) == all(output.known for output in revision.outputs)
    return revision


def deployment(revision: Revision) -> tuple[Any, Any]:
    spec = revision.objects[0].object["spec"]
    return spec["replicas"], spec["template"]["spec"]["containers"][0]["args"]


async def test_values_come_with_their_types_and_are_part_of_the_revision() -> None:
    values = looked_up(tree(), Outputs(values={"replicas": 3, "arg": "--quiet"}))
    assert values.problems == []
    revision = await rendered(tree(), values)
    assert deployment(revision) == (3, ["--quiet"])
    assert [(output.output, output.value) for output in revision.outputs] == [("replicas", 3), ("arg", "--quiet")]
    other = await rendered(tree(), looked_up(tree(), Outputs(values={"replicas": 4, "arg": "--quiet"})))
    assert other.id != revision.id

    again = output_values.now(
        revision.outputs,
        app="shop",
        environment=environment(),
        open_source=lambda _: Told(Outputs(values={"replicas": 3})),
    )
    assert again == (revision.outputs[0], replace(revision.outputs[1], known=False, value=None))


async def test_a_missing_one_is_shown_as_its_reference_or_made_up_and_noted() -> None:
    values = looked_up(tree())
    assert [finding.message for finding in values.problems] == [
        "tofu:network#replicas has no value: that formation is not deployed and verified yet",
        "tofu:network#arg has no value: that formation is not deployed and verified yet",
    ]
    assert str(values.problems[0].place) == "deploy/formations/web.yaml:6:20"
    texts = tree('values: {args: ["tofu:network#arg"]}', replicas="2")
    assert deployment(await rendered(texts, looked_up(texts))) == (2, ["tofu:network#arg"])
    numbers = tree('values: {replicas: "tofu:network#replicas", args: []}')
    revision = await rendered(numbers, looked_up(numbers))
    assert deployment(revision) == (1, [])
    assert [output.known for output in revision.outputs] == [False]
    assert awaited(revision) == "it takes outputs of network, and is rendered anew when that is deployed"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (Outputs(values={"cidr": "x", "args": "y"}), "there is no such output; it has args, cidr"),
        (Outputs(sensitive=("arg",)), "that output is sensitive, and everybody can read values"),
        (
            Outputs(too_large=("arg",)),
            "it can't be a value: a text, number, list or mapping of at most 65536 bytes can",
        ),
        (Outputs(values={"arg": "x" * 70_000}), "it can't be a value"),
        (Outputs(values={"arg": {"a": ["\0"]}}), "it can't be a value"),
        (Outputs(values={"arg": 2**63}), "it can't be a value"),
    ],
)
def test_what_is_no_value_is_told(told: Outputs, problem: str) -> None:
    (finding,) = looked_up(tree('values: {args: ["tofu:network#arg"]}'), told).problems
    assert problem in finding.message


def test_two_configurations_and_another_app() -> None:
    files = tree('values: {args: ["tofu:network#arg"]}')
    twice = looked_up(files, Outputs(values={"arg": "x"}), Outputs(values={"arg": "y"}))
    assert "more than one of its configurations" in twice.problems[0].message
    assert "not deployed" in looked_up(files, Outputs(values={"arg": "x"}), app="other").problems[0].message


@pytest.mark.parametrize(
    ("values", "environment", "problem"),
    [
        ("tofu:networks#arg", "production", "this app has no formation networks (did you mean network?)"),
        ("tofu:other/network#arg", "production", "this app has no formation other/network"),
        ("tofu:../network#arg", "production", "this app has no formation ../network"),
        ("tofu:network#", "production", "it names no output (write tofu:network#OUTPUT)"),
        ("tofu:web#arg", "production", "a formation can't take its own outputs"),
        ("tofu:network#arg", "dev", "that formation is in dev, and this one in production"),
    ],
)
def test_validate_tells_what_can_never_be_a_value(values: str, environment: str, problem: str) -> None:
    report = repository_check.check(tree(f'values: {{args: ["{values}"]}}', environment=environment, replicas="2"))
    assert not report.valid
    (finding,) = report.findings
    assert str(finding).startswith(f"deploy/formations/web.yaml:6:17: {values} has no value: ")
    assert problem in str(finding)


def test_validate_holds_no_type_against_a_value_that_nobody_knows_and_tells_what_is_wrong_anyway() -> None:
    good = tree('values: {replicas: "tofu:network#replicas", args: []}')
    assert repository_check.check(good).findings == ()
    both = repository_check.check(tree(VALUES))
    assert both.valid, both.findings
    wrong = repository_check.check(tree(VALUES, replicas="${replicsa}"))
    assert not wrong.valid
    near = repository_check.check(tree("values: {args: ['tofu:network.arg']}", replicas="2"))
    assert near.valid
    assert "is taken as a text" not in str(near.findings), "only a whole value reads like a reference"
    (taken,) = repository_check.check(tree("values: {args: 'tofu:network.arg'}", replicas="2")).findings[:1]
    assert "tofu:network.arg is taken as a text, not as an output" in str(taken)


def test_what_a_state_gives_is_kept_without_what_is_sensitive_and_until_another_good_deployment() -> None:
    state = {
        "outputs": {
            "a": {"value": [1, {"b": None}], "type": ["tuple", []]},
            "password": {"value": "hunter2", "sensitive": True},
            "large": {"value": "x" * 300_000},
        }
    }
    good = outputs_of(state)
    assert good == Outputs(values={"a": [1, {"b": None}]}, sensitive=("password",), too_large=("large",))
    assert "hunter2" not in str(good)
    assert outputs_of(None) == Outputs()
    record = Record(result=Result(at=AT, outputs=good))
    assert record.outputs == good
    assert Record(result=Result(at=AT, problem="it failed"), former=good).outputs == good
    assert Record(former=good).outputs == good, "while it is applied"
    assert Record(result=Result(at=AT)).outputs is None, "an older Sealane kept none"
