"""A compose file as stencils of ECS: what each field becomes, told with its line, and taken by the formation's own checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.cli import exits

COMPOSE = """\
services:
  web:
    build: ./web
    ports: ["8080:8000", "9000/udp"]
    command: python -m "http server"
    environment: {A: 1, ON: true, PRICE: "5$$", LITERAL: "$${x}", GREETING: "${GREETING:-hello}"}
    healthcheck: {test: curl -f localhost, interval: 1m30s, retries: 3}
    deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 600M}}}
    depends_on: [db]
    volumes: ["./x:/x"]
  db:
    image: registry.example.com/shop/db:16
    environment: [POSTGRES_PASSWORD, USER=shop]
    restart: always
    stop_grace_period: 5m
    mem_limit: 3g
    shm_size: 1g
volumes: {x: {}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, Any]]:
    code = exits.run(["import", "compose", "compose.yaml", "--to", "ecs", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_each_field_is_told_with_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = imported(capsys)
    assert code == 1, "something is refused"
    report = {each["field"].removeprefix("services."): each for each in told["report"]}
    fidelity = {name: each["fidelity"] for name, each in report.items()}
    assert fidelity == {
        "volumes": "refused",
        "web.build": "approximated",
        "web.ports": "approximated",
        "web.command": "exact",
        "web.environment": "exact",
        "web.environment.GREETING": "approximated",
        "web.healthcheck": "exact",
        "web.deploy": "approximated",
        "web.depends_on": "approximated",
        "web.volumes": "refused",
        "db.image": "exact",
        "db.environment": "refused",
        "db.restart": "exact",
        "db.stop_grace_period": "approximated",
        "db.mem_limit": "approximated",
        "db.shm_size": "refused",
    }
    assert (report["web.volumes"]["place"], report["db.shm_size"]["place"]) == (
        "compose.yaml:10:5",
        "compose.yaml:17:5",
    )


def test_what_is_taken_means_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, told = imported(capsys)
    web, service, db, _ = (each["spec"] for each in told["objects"])
    (container,) = web["containerDefinitions"]
    assert (web["cpu"], web["memory"], db["cpu"], db["memory"]) == ("512", "1024", "512", "3072")
    assert container["image"] == "${image.web}"
    assert container["command"] == ["python", "-m", "http server"]
    assert [each["containerPort"] for each in container["portMappings"]] == [8000, 9000]
    assert {each["name"]: each["value"] for each in container["environment"]} == {
        "A": "1",
        "ON": "true",
        "PRICE": "5$",
        "LITERAL": "$${x}",
        "GREETING": "hello",
    }
    assert container["healthCheck"]["interval"] == 90
    assert service["desiredCount"] == 2
    assert db["containerDefinitions"][0]["environment"] == [{"name": "USER", "value": "shop"}]
    assert told["images"] == {"web": {"build": "./web"}}


def test_the_stencils_render(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the values that the command asks for; nothing is overwritten."""
    out = "deploy/stencils/compose.yaml"
    _, told = imported(capsys, "--out", out)
    assert list(yaml.safe_load_all((folder / out).read_text())) == told["objects"]
    assert exits.run(["import", "compose", "compose.yaml", "--out", out]) == 2
    assert "is there already" in capsys.readouterr().err
    (folder / ".sealane.yml").write_text("app: shop\nimages: {web: {build: ./web}}\n")
    formations = folder / "deploy/formations"
    formations.mkdir(parents=True)
    values = "values: {subnet_a: a, subnet_b: b, security_group: sg}\n"
    head = "formation: prod\nenvironment: prod\ndestination: fargate\nnamespace: shop\n"
    (formations / "prod.yaml").write_text(head + values)
    assert exits.run(["render", "prod"]) == 0
    printed = capsys.readouterr().out
    assert "value: ${x}" in printed
    assert "image: web@unbuilt" in printed


EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("example", "destination", "service"),
    [("02-ecs", "fargate", "ecs:"), ("03-elastic-beanstalk", "frankfurt", "elasticbeanstalk:")],
)
def test_the_examples_are_good(
    example: str, destination: str, service: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They render, the operators' file allows them, and the policy of their destination is printed."""
    monkeypatch.chdir(EXAMPLES / example)
    image = ["--image", f"web=registry.example.com/shop/web@sha256:{'ab' * 32}"] if "ecs" in example else []
    for command in (["validate"], ["render", "production", *image], ["vet", "production", *image]):
        assert exits.run(command) == 0, capsys.readouterr()
    capsys.readouterr()
    assert exits.run(["destination", "policy", destination]) == 0
    assert service in capsys.readouterr().out
