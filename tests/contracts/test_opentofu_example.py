"""The example of OpenTofu does what its page says, from the command line and with the real program."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sealane.cli import exits

EXAMPLE = Path(__file__).parents[2] / "examples" / "04-opentofu"


@pytest.fixture
def example(tmp_path: Path, opentofu: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("kept"))
    for file in (folder / "environments").glob("*.yaml"):
        file.write_text(file.read_text().replace("{folder: kept}", f"{{folder: kept, program: {opentofu}}}"))
    monkeypatch.chdir(folder)
    return folder


def test_it_is_planned_deployed_and_keeps_what_nobody_named(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*command: str, ends: int = 0) -> str:
        code = exits.run(list(command))
        printed = capsys.readouterr()
        assert code == ends, printed
        return printed.out + printed.err

    for command in (("validate",), ("render", "dev"), ("vet", "production")):
        told(*command)
    assert 'terraform_data.subnet["c"]' in told("diff", "production", ends=1)
    assert "deployed  Everything is ready." in told("deploy", "production", "--yes")

    formation = example / "deploy/formations/production.yaml"
    written = formation.read_text()
    formation.write_text(written.replace("[a, b, c]", "[b, c]"))
    refused = told("deploy", "production", "--yes", ends=2)
    assert 'the plan deletes or replaces terraform_data.subnet["a"]' in refused
    formation.write_text(written)
    assert "nothing" in told("drift", "production")


APP = """formation: web
environment: production
destination: network
namespace: network-production
stencils: {{include: [web.yaml]}}
values: {{subnets: "tofu:production#{output}"}}
strategy: {{healthy_for: 0s}}
"""
STENCIL = """apiVersion: opentofu.org/v1
kind: Configuration
metadata: {name: web}
spec: {folder: infra/web, variables: {subnets: "${subnets}"}}
"""
SECRET = 'output "password" {\n  value     = "hunter2"\n  sensitive = true\n}\n'
WEB = 'variable "subnets" {}\nresource "terraform_data" "web" { input = values(var.subnets)[0] }\n'


def test_an_output_of_one_formation_is_a_value_of_another(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*command: str, ends: int = 0) -> str:
        code = exits.run(list(command))
        printed = capsys.readouterr()
        assert code == ends, printed
        return printed.out + printed.err

    def wanted(output: str, *command: str, ends: int = 0) -> str:
        (example / "deploy/formations/web.yaml").write_text(APP.format(output=output))
        return told(*(command or ("render", "web")), ends=ends)

    production = example / "deploy/formations/production.yaml"
    production.write_text(production.read_text() + "stencils: {include: [network.yaml]}\n")
    dev = example / "deploy/formations/dev.yaml"
    dev.write_text(dev.read_text() + "stencils: {include: [network.yaml]}\n")
    (example / "deploy/stencils/web.yaml").write_text(STENCIL)
    (example / "infra/web").mkdir()
    (example / "infra/web/main.tf").write_text(WEB)
    main = example / "infra/network/main.tf"
    main.write_text(main.read_text() + SECRET)

    assert "that formation is not deployed and verified yet" in wanted("subnets", ends=2)
    told("validate")
    told("deploy", "production", "--yes")
    assert "a: '10.8.0.0/24'" in wanted("subnets")
    refused = wanted("subnet", "deploy", "web", "--yes", ends=2)
    assert "deploy/formations/web.yaml:6:" in refused
    assert "there is no such output; it has subnets" in refused
    assert "that output is sensitive" in wanted("password", "vet", "web", ends=2)
    kept = b"".join(file.read_bytes() for file in (example / "environments/kept/records").rglob("*.json"))
    assert b"hunter2" not in kept, "values of sensitive outputs are not kept"

    assert "deployed  Everything is ready." in wanted("subnets", "deploy", "web", "--yes")
    assert "nothing of network/web drifted" in told("drift", "web")
    production.write_text(production.read_text().replace("10.8.0.0/16", "10.9.0.0/16"))
    told("deploy", "production", "--yes")
    drifted = told("drift", "web", "--fix", ends=1)
    assert "Formation/production  output: a new deployment of its release takes it" in drifted
    assert '+ {"a": "10.9.0.0/24"' in drifted
    assert "10.9.0.0/24" in told("diff", "web", ends=1)

    pipeline = example / ".sealane.yml"
    pipeline.write_text(pipeline.read_text().replace("app: network", "app: another"))
    assert "that formation is not deployed and verified yet" in wanted("subnets", ends=2), "another app's are not told"
