"""What stencils of ECS may say, each fault at its place; the schema is the service's own."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealane.configfiles.trees import FolderTree
from sealane.environments import limits, manifest_images, reading
from sealane.stencils import render_inputs, rendering
from tests import ecs_schemas

DOCS = Path(__file__).parents[3] / "docs/ecs.md"
INPUTS = rendering.Inputs(
    app="shop", images={"web": "registry.example.com/shop/web@sha256:abc"}, kind="ecs", deploy_tag="v2"
)
FORMATION = "formation: prod\nenvironment: world\ndestination: fargate\nnamespace: shop\nHOOKS\n"
GOOD = """\
apiVersion: ecs.amazonaws.com/v1
kind: TaskDefinition
metadata: {name: web}
spec:
  requiresCompatibilities: [FARGATE]
  containerDefinitions:
    - {name: web, image: "${image.web}", essential: true}
---
apiVersion: ecs.amazonaws.com/v1
kind: Service
metadata: {name: web}
spec:
  taskDefinition: web
  launchType: FARGATE
"""
TASK = """\
---
apiVersion: ecs.amazonaws.com/v1
kind: Task
metadata: {name: migrate}
spec: {taskDefinition: web, launchType: FARGATE}
"""
HOOK = "hooks: {before: [{name: migrate, stencil: migrate}]}"


def rendered(folder: Path, text: str, hooks: str = "", inputs: rendering.Inputs = INPUTS) -> tuple[object, list[str]]:
    for name, content in {"formations/prod.yaml": FORMATION.replace("HOOKS", hooks), "stencils/web.yaml": text}.items():
        file = folder / "deploy" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    sources, findings = render_inputs.gather(FolderTree(folder), "prod")
    assert sources, findings
    revision, findings = rendering.render(sources, inputs)
    return revision, [str(finding) for finding in findings]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("launchType: FARGATE", "launchTyp: FARGATE", "web.yaml:14:3: there is no field spec.launchTyp"),
        ("launchType: FARGATE", "launchType: FARGAT", "web.yaml:14:15: spec.launchType: 'FARGAT' is not one of"),
        ("essential: true", "essential: 1", "web.yaml:7:53: spec.containerDefinitions.0.essential"),
        ("launchType: FARGATE", "cluster: other", "web.yaml:14:12: cluster is other"),
        ("taskDefinition: web", "taskDefinition: wen", "web.yaml:13:19: the stencils have no TaskDefinition wen"),
        ("taskDefinition: web", "desiredCount: 2", "'taskDefinition' is a required property"),
        ("kind: Service", "kind: Deployment", "ECS has no ecs.amazonaws.com/v1 Deployment"),
    ],
)
def test_faults_have_their_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    _, found = rendered(tmp_path, GOOD.replace(old, new) if old else GOOD)
    assert any(words in finding for finding in found) if words else found == []


def test_an_address_with_its_revision_needs_no_stencil(tmp_path: Path) -> None:
    only = GOOD.partition("---\n")[2].replace("taskDefinition: web", 'taskDefinition: "other:7"')
    _, found = rendered(tmp_path, only.replace("launchType: FARGATE", "launchType: EC2"))
    assert found == []


def test_the_task_of_a_hook_brings_its_definition_along(tmp_path: Path) -> None:
    """A hook runs before anything of the revision is there."""
    revision, found = rendered(tmp_path, f"{GOOD}{TASK}", HOOK)
    assert found == []
    task = revision.jobs["hook migrate"].object  # type: ignore[attr-defined]
    inside = task["spec"]["taskDefinition"]
    assert inside["spec"]["containerDefinitions"][0]["image"] == INPUTS.images["web"]
    assert {item.kind for item in revision.objects} == {"TaskDefinition", "Service"}  # type: ignore[attr-defined]
    assert [image for _, image in manifest_images.images(task)] == [INPUTS.images["web"]]


@pytest.mark.parametrize(
    ("text", "hooks", "words"),
    [
        (f"{GOOD}{TASK}", "", "nothing runs Task migrate"),
        (GOOD, HOOK, "the stencils have no Task migrate"),
        (GOOD, "hooks: {before: [{name: migrate, image: x, command: [y]}]}", "names a Task among the stencils"),
    ],
)
def test_a_task_belongs_to_a_hook_or_gate(tmp_path: Path, text: str, hooks: str, words: str) -> None:
    _, found = rendered(tmp_path, text, hooks)
    assert any(words in finding for finding in found), found


def test_the_schema_is_the_services_own() -> None:
    """As the SDK's model has it: `python -m tests.ecs_schemas` writes it anew."""
    assert json.loads(ecs_schemas.FILE.read_text()) == ecs_schemas.made()


def test_the_examples_of_the_docs_are_good(tmp_path: Path) -> None:
    """Both stencils and the hook, as they stand there."""
    blocks = re.findall(r"```yaml\n# (deploy/\S+)\n(.*?)```", DOCS.read_text(), re.DOTALL)
    written = dict(blocks)
    assert set(written) == {
        "deploy/stencils/web.yaml",
        "deploy/stencils/migrate.yaml",
        "deploy/stencils/nightly.yaml",
        "deploy/formations/production.yaml",
    }
    text = "---\n".join(written[f"deploy/stencils/{name}.yaml"] for name in ("web", "migrate", "nightly"))
    revision, found = rendered(tmp_path, text, written["deploy/formations/production.yaml"])
    assert found == []
    assert "hook migrate" in revision.jobs  # type: ignore[attr-defined]


def test_without_operators_files_the_group_tells_the_kind(tmp_path: Path) -> None:
    """A misspelled field is told, and a service of ECS is not taken for Kubernetes'."""
    unknown = replace(INPUTS, kind=None)
    revision, findings = rendered(tmp_path, GOOD + TASK, HOOK, unknown)
    assert (revision is not None, findings) == (True, [])
    revision, findings = rendered(tmp_path, GOOD.replace("launchType", "lunchType"), "", unknown)
    assert revision is None
    assert "there is no field spec.lunchType" in findings[0]


OPERATORS = """\
environment: world
destinations: {fargate: {ecs: {region: eu-central-1, bucket: acme}}}
apps: {shop: {namespaces: [shop], registries: ["registry.example.com/**"]MORE}}
"""


@pytest.mark.parametrize(
    ("old", "new", "more", "told"),
    [
        ("", "", "", ()),
        (
            "  taskDefinition: web",
            "  taskDefinition: web:3",
            "",
            ("Service web: the artifact web:3 is not open to shop in world",),
        ),
        ("  taskDefinition: web", "  taskDefinition: web:3", ", artifacts: ['web:*']", ()),
        (
            "  taskDefinition: web",
            "  taskDefinition: arn:aws:ecs:eu-central-1:123456789012:task-definition/evil:3",
            ", artifacts: ['web:*']",
            ("the artifact evil:3 is not open to shop in world: only web:*",),
        ),
        (
            "  requiresCompatibilities: [FARGATE]",
            "  taskRoleArn: arn:aws:iam::123456789012:role/payments/admin",
            ", roles: ['shop-*', 'shop/*']",
            ("the role payments/admin is not open to shop in world: only shop-*, shop/*",),
        ),
        (
            "  requiresCompatibilities: [FARGATE]",
            "  executionRoleArn: arn:aws:iam::123456789012:role/shop/pull\n  taskRoleArn: shop-web",
            ", roles: ['shop-*', 'shop/*']",
            (),
        ),
    ],
)
def test_roles_and_what_was_registered_elsewhere_are_the_operators(
    tmp_path: Path, old: str, new: str, more: str, told: tuple[str, ...]
) -> None:
    environment, problems = reading.read(OPERATORS.replace("MORE", more), "environments/world.yaml")
    assert environment, problems
    images = {"web": f"registry.example.com/shop/web@sha256:{'ab' * 32}"}
    revision: Any = rendered(tmp_path, GOOD.replace(old, new) if old else GOOD, inputs=replace(INPUTS, images=images))[
        0
    ]
    found = [str(finding) for finding in limits.check_stored(environment, revision)]
    assert len(found) == len(told), found
    for message, words in zip(found, told, strict=True):
        assert words in message


def test_a_hook_that_waits_for_a_person_is_an_approval(tmp_path: Path) -> None:
    """One that goes on by itself when its time is over is none."""
    hooks = """  deploymentConfiguration:
    strategy: CANARY
    lifecycleHooks:
      - {targetType: PAUSE, lifecycleStages: [POST_TEST_TRAFFIC_SHIFT], timeoutConfiguration: {timeoutInMinutes: 90}}
      - {targetType: PAUSE, lifecycleStages: [PRE_SCALE_UP], timeoutConfiguration: {action: CONTINUE}}
      - {targetType: AWS_LAMBDA, lifecycleStages: [POST_SCALE_UP], hookTargetArn: a, roleArn: shop}
"""
    revision: Any = rendered(tmp_path, GOOD + hooks)[0]
    (gate,) = revision.strategy.every_gate
    assert (gate.name, gate.stage, gate.wait.total_seconds()) == (*["post-test-traffic-shift"] * 2, 5400)
