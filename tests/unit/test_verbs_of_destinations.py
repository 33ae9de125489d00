"""What works at which kind of destination, as the docs' table says it; what has no meaning says why in a sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sealane.adapters import SHIPPED
from sealane.configfiles.trees import FolderTree
from sealane.errors import NotThere
from sealane.records.deployments import DeploymentKind
from sealane.stencils import platform, render_inputs, rendering
from sealane.workflows import workload_changes
from sealane.workflows.workload_changes import WorkloadChange

DOCS = Path(__file__).parents[2] / "docs/environments.md"
KUBERNETES = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: web, image: "x.com/web:1"}]}}
"""
ECS = """\
apiVersion: ecs.amazonaws.com/v1
kind: TaskDefinition
metadata: {name: web}
spec: {containerDefinitions: [{name: web, image: "x.com/web:1"}]}
---
apiVersion: ecs.amazonaws.com/v1
kind: Service
metadata: {name: web}
spec: {taskDefinition: web}
"""
BEANSTALK = """\
apiVersion: elasticbeanstalk.amazonaws.com/v1
kind: Environment
metadata: {name: web-env}
spec: {VersionLabel: v1}
"""
STENCILS = {"kubernetes": KUBERNETES, "relay": KUBERNETES, "ecs": ECS, "elastic_beanstalk": BEANSTALK}
FORMATION = "formation: prod\nenvironment: prod\ndestination: there\nnamespace: shop\n"


def table() -> dict[str, dict[str, bool]]:
    """Each row's cells by kind of destination: whether it works."""
    text = DOCS.read_text().partition("## What works where")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    kinds = [[kind.strip(" `") for kind in cell.split(",")] for cell in rows[0][1:]]
    return {
        row[0]: {
            kind: not cell.startswith("no: ") for names, cell in zip(kinds, row[1:], strict=True) for kind in names
        }
        for row in rows[2:]
    }


def rendered(folder: Path, kind: str, more: str = "") -> tuple[Any, list[str]]:
    files = {"formations/prod.yaml": FORMATION + more, "stencils/web.yaml": STENCILS[kind]}
    for name, content in files.items():
        (folder / "deploy" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "deploy" / name).write_text(content)
    sources, findings = render_inputs.gather(FolderTree(folder), "prod")
    assert sources, findings
    revision, findings = rendering.render(sources, rendering.Inputs(app="shop", images={}, kind=kind))
    return revision, [str(finding) for finding in findings]


def test_the_table_has_every_kind() -> None:
    kinds = set(SHIPPED.destinations.keys) - {"dummy"}
    assert all(set(cells) == kinds for cells in table().values())
    assert set(STENCILS) == kinds - {"opentofu"}, "which has tests of its own"


@pytest.mark.parametrize("kind", STENCILS)
def test_scaling_and_restarting(tmp_path: Path, kind: str) -> None:
    revision, findings = rendered(tmp_path, kind)
    assert revision is not None, findings
    here = platform.of(kind, SHIPPED)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    makers = {
        "`scale`": lambda where, manifest: where.scaled(manifest, 3),
        "`restart`": lambda where, manifest: where.restarted(manifest, at),
    }
    for verb, made in makers.items():
        change = WorkloadChange(
            kind=DeploymentKind.SCALE, workload="web", made=made, note="is so", word=verb.strip("`")
        )
        if table()[verb][kind]:
            assert workload_changes.changed(revision, change, here).id != revision.id
        else:
            with pytest.raises(NotThere, match=f"there is nothing to {change.word}: Elastic Beanstalk has"):
                workload_changes.changed(revision, change, here)


@pytest.mark.parametrize("kind", STENCILS)
@pytest.mark.parametrize(
    ("row", "more", "says"),
    [
        ("strategies `blue_green`, `canary`", "strategy: {canary: {steps: [{weight: 10}]}}\n", "has no stages"),
        ("`config:`, `secrets:` of the formation", "config: {a: b}\n", "holds no config"),
    ],
)
def test_what_has_no_meaning_says_so(tmp_path: Path, kind: str, row: str, more: str, says: str) -> None:
    _, findings = rendered(tmp_path, kind, more)
    assert any(says in finding for finding in findings) is not table()[row][kind], findings


def test_hooks_that_run_nothing_say_so(tmp_path: Path) -> None:
    hook = "hooks: {before: [{name: migrate, image: x.com/web:1, command: [migrate]}]}\n"
    for kind in STENCILS:
        _, findings = rendered(tmp_path / kind, kind, hook)
        refused = any("nothing runs at destination" in finding for finding in findings)
        row = table()["[hooks and gates](hooks.md) that run something"]
        assert refused is not row[kind], findings
