"""Policies see each change of a plan as an object of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from sealane.adapters import SHIPPED
from sealane.cli.local import admission
from sealane.configfiles.trees import FolderTree
from sealane.destinations.opentofu import program_output
from sealane.destinations.opentofu.model import Change
from sealane.environments import config_folder
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Rendered
from tests.opentofu import FORMATION, INPUTS, STENCIL

FILES = {
    "deploy/formations/live.yaml": FORMATION,
    "deploy/stencils/network.yaml": STENCIL,
    "infra/network/main.tf": "# nothing yet: ${this} is no placeholder\n",
    "environments/production.yaml": """
        environment: production
        destinations: {network: {opentofu: {folder: kept}}}
        apps: {net: {namespaces: [base]}}
        policies: {packs: [ours@1]}
    """,
    "policies/ours/1/keep.yaml": """
        apiVersion: admissionregistration.k8s.io/v1
        kind: ValidatingAdmissionPolicy
        metadata: {name: keep-databases}
        spec:
          matchConstraints:
            resourceRules:
              - {apiGroups: [opentofu.org], apiVersions: ["*"], operations: [CREATE], resources: [resourcechanges]}
          validations:
            - expression: object.spec.type != 'aws_db_instance' || !('delete' in object.spec.actions)
              message: databases are not deleted
    """,
}


@pytest.mark.parametrize(
    ("kind", "actions", "denied"),
    [
        ("aws_db_instance", ("delete", "create"), ["network:aws_db_instance.main"]),
        ("aws_db_instance", ("update",), []),
        ("aws_instance", ("delete",), []),
    ],
)
def test_a_policy_denies_by_what_a_plan_does(
    tmp_path: Path, kind: str, actions: tuple[str, ...], denied: list[str]
) -> None:
    for path, text in FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text))
    sources, findings = render_inputs.gather(FolderTree(tmp_path), "live")
    assert sources, findings
    revision, findings = rendering.render(sources, INPUTS)
    assert revision, findings
    (configuration,) = revision.objects
    assert configuration.object["spec"]["files"] == {"main.tf": FILES["infra/network/main.tf"]}
    change = Change(address=f"{kind}.main", type=kind, provider="aws", actions=actions, before={}, after={})
    made = Rendered(object=dict(program_output.manifest(change, "network", "base")), origin=configuration.origin)
    planned = replace(revision, objects=(configuration, made))
    environments, findings = config_folder.gather(tmp_path, adapters=SHIPPED)
    assert findings == []
    judged = admission.judged(planned, environments["production"], tmp_path)
    assert [decision.decision.subject.name for decision in judged] == denied
