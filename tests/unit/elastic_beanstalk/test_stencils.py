"""What a stencil of an environment may say, each fault at its place; the schema is the service's own."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import botocore.session
import jsonschema
import pytest

from sealane.configfiles.trees import FolderTree
from sealane.destinations.elastic_beanstalk.environment_schema import ENVIRONMENT, SPEC
from sealane.stencils import render_inputs, rendering

INPUTS = rendering.Inputs(app="shop", images={}, kind="elastic_beanstalk")
FORMATION = "formation: prod\nenvironment: world\ndestination: eb\nnamespace: shop\n"
GOOD = """\
apiVersion: elasticbeanstalk.amazonaws.com/v1
kind: Environment
metadata: {name: shop-prod}
spec:
  VersionLabel: v2
"""


def said(folder: Path, text: str) -> list[str]:
    for name, content in {"formations/prod.yaml": FORMATION, "stencils/env.yaml": dedent(text)}.items():
        file = folder / "deploy" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    sources, findings = render_inputs.gather(FolderTree(folder), "prod")
    assert sources, findings
    _, findings = rendering.render(sources, INPUTS)
    return [str(finding) for finding in findings]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("", "", ""),
        ("VersionLabel: v2", "VersionLable: v2", "there is no field spec.VersionLable"),
        (
            "  VersionLabel: v2",
            "  ApplicationName: other\n  VersionLabel: v2",
            "env.yaml:5:20: ApplicationName is other",
        ),
        ("VersionLabel: v2", "CNAMEPrefix: shop", "needs a VersionLabel"),
        ("VersionLabel: v2", f"VersionLabel: {'v' * 101}", "env.yaml:5:17: spec.VersionLabel"),
        ("shop-prod", "no", "env.yaml:3:18: metadata.name"),
        ("kind: Environment", "kind: Queue", "Elastic Beanstalk has no elasticbeanstalk.amazonaws.com/v1 Queue"),
    ],
)
def test_faults_have_their_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    found = said(tmp_path, GOOD.replace(old, new) if old else GOOD)
    assert any(words in finding for finding in found) if words else found == []


def test_the_schema_is_the_services_own() -> None:
    """Names and lengths as its public model has them."""
    model = botocore.session.get_session().get_service_model("elasticbeanstalk")
    create, version = (
        model.operation_model(name).input_shape.members for name in ("CreateEnvironment", "CreateApplicationVersion")
    )
    for name, said in SPEC["properties"].items():
        shape = (version if name == "SourceBundle" else create)[name]
        limits = {"minLength": shape.metadata.get("min"), "maxLength": shape.metadata.get("max")}
        assert {key: value for key, value in limits.items() if value} == {
            key: said[key] for key in ("minLength", "maxLength") if key in said
        }
    bundle = version["SourceBundle"].members
    assert set(SPEC["properties"]["SourceBundle"]["properties"]) == set(bundle)
    jsonschema.Draft202012Validator.check_schema(ENVIRONMENT)
