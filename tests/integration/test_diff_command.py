"""`sealane diff` against a real cluster: what would change, by its own word, without writing anything."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from sealane import cli
from sealane.cli.local import local_formation
from sealane.deployments import secret_merge
from sealane.destinations.kubernetes.adapter import KubernetesFile
from sealane.destinations.model import Identity, Ledger, unfenced
from sealane.environments.model import DestinationConfig
from sealane.findings import Place
from sealane.secrets import keys, resolution
from tests.bed import Kubectl

STENCIL = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: "${port}", name: http}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "${image.web}", envFrom: [{secretRef: {name: "${secrets}"}}]}
      volumes: [{name: c, configMap: {name: "${config}"}}]
"""
EXTRA = "{apiVersion: v1, kind: ConfigMap, metadata: {name: extra}, data: {a: b}}"


@pytest.fixture
def folder(tmp_path: Path, namespace: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    formation: dict[str, Any] = {
        "formation": "dev",
        "environment": "dev",
        "destination": "bed",
        "namespace": namespace,
        "values": {"port": 8080},
        "config": {"greeting": "hello"},
        "secrets": {"TOKEN": "env:TOKEN"},
    }
    operators = {
        "environment": "dev",
        "destinations": {"bed": {"kubernetes": {"kubeconfig": str(kubeconfig)}}},
        "apps": {"shop": {"namespaces": [namespace]}},
    }
    for name, text in {
        ".sealane.yml": "app: shop\nimages: {web: {build: .}}\n",
        "deploy/formations/dev.yaml": json.dumps(formation),
        "deploy/stencils/web.yaml": STENCIL,
        "deploy/stencils/extra.yaml": EXTRA,
        "environments/dev.yaml": json.dumps(operators),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "keys"))
    monkeypatch.setenv("SEALANE_SECRET_SHOP__TOKEN", "hunter2-hunter2")
    monkeypatch.delenv("KUBECONFIG", raising=False)
    return tmp_path


def test_what_the_cluster_refuses_is_told_where_it_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At its field where the cluster names one, and in the JSON, too."""
    formation = folder / "deploy/formations/dev.yaml"
    formation.write_text(formation.read_text().replace("8080", "70000"))
    code, out, err = run(capsys)
    assert code == 1, err
    assert re.search(r"! Service \S+/web  refused: .*65535.*\n +deploy/stencils/web.yaml:6:18\n", out), out
    _, out, _ = run(capsys, "--json")
    [service] = [change for change in json.loads(out)["objects"] if change["object"].startswith("Service")]
    assert service["place"] == "deploy/stencils/web.yaml:6:18"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.main(["diff", "dev", "--image", "web=example.com/web:1", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def deploy(folder: Path, kubeconfig: Path) -> None:
    """Writes what diff was asked about, as a deployment from this machine would."""
    project = local_formation.load("dev", folder, app=None, images=["web=example.com/web:1"])
    key = keys.own_names_key(folder / "keys" / "sealane")
    values = local_formation.resolve(project, key)
    revision = project.render(versions=resolution.versions(values), key=key)
    identity = Identity(app="shop", formation="dev", namespace=revision.namespace, revision=revision.id)
    config = DestinationConfig(
        name="bed", kind="kubernetes", written=KubernetesFile(kubeconfig=str(kubeconfig)), place=Place(file="x")
    )

    async def write() -> None:
        async with local_formation.destination(config) as destination:
            applied = await destination.apply(
                secret_merge.join(revision, values, destination), identity=identity, fence=unfenced
            )
            assert not applied.refusals
            await destination.write_ledger(
                Ledger(inventory=applied.inventory), "shop", "dev", namespace=revision.namespace, fence=unfenced
            )

    asyncio.run(write())


def test_a_formation_that_is_not_there_yet_would_be_created(
    capsys: pytest.CaptureFixture[str], folder: Path, namespace: str, kubectl: Kubectl
) -> None:
    """Object by object, and nothing is written."""
    code, out, err = run(capsys)
    assert code == 1, err
    assert f"+ Deployment {namespace}/web  deploy/stencils/web.yaml:8:1\n" in out
    assert f"+ Secret {namespace}/shop-dev-secrets-" in out
    assert err == "5 to create\n"
    assert kubectl("get", "deploy,svc,secret", "--namespace", namespace, "--output=name") == ""


def test_what_differs_is_shown_by_field(
    capsys: pytest.CaptureFixture[str], folder: Path, namespace: str, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing at first; then the field, the new name of what changed, and what would go."""
    deploy(folder, kubeconfig)
    assert run(capsys) == (0, "", "nothing would change\n")

    formation = folder / "deploy/formations/dev.yaml"
    formation.write_text(formation.read_text().replace("8080", "9090").replace("hello", "goodbye"))
    (folder / "deploy/stencils/extra.yaml").unlink()
    code, out, err = run(capsys)
    assert code == 1
    assert f"~ Service {namespace}/web  deploy/stencils/web.yaml:1:1\n" in out
    assert "    spec.ports[" in out
    assert "      - 8080\n      + 9090\n" in out
    assert f"+ ConfigMap {namespace}/shop-dev-config-" in out
    assert f"- ConfigMap {namespace}/extra\n" in out
    assert err == "1 to create, 2 to change, 2 to delete\n"

    code, out, _ = run(capsys, "--json")
    told = json.loads(out)
    assert (code, told["differs"]) == (1, True)
    service = next(change for change in told["objects"] if change["object"] == f"Service {namespace}/web")
    assert {(field["before"], field["after"]) for field in service["fields"]} >= {(8080, 9090)}

    monkeypatch.setenv("SEALANE_SECRET_SHOP__TOKEN", "another-value")
    code, out, err = run(capsys)
    assert f"+ Secret {namespace}/shop-dev-secrets-" in out
    assert "another-value" not in out + err
    assert "hunter2" not in out + err


def test_secrets_that_this_machine_has_not_are_said(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the rest is compared."""
    monkeypatch.delenv("SEALANE_SECRET_SHOP__TOKEN")
    code, out, err = run(capsys)
    assert code == 1
    assert "TOKEN: the variable SEALANE_SECRET_SHOP__TOKEN is not set" in err
    assert "+ Deployment" in out


def test_a_cluster_that_does_not_answer_ends_with_three(
    capsys: pytest.CaptureFixture[str], folder: Path, kubeconfig: Path
) -> None:
    """It is not the same as no differences, nor as differences."""
    away = folder / "away"
    away.write_text(re.sub(r"https://[^\s\"]+", "https://127.0.0.1:9", kubeconfig.read_text()))
    code, out, err = run(capsys, "--kubeconfig", str(away))
    assert (code, out) == (3, "")
    assert "127.0.0.1:9" in err
    assert run(capsys, "--kubeconfig", str(folder / "none"))[0] in {2, 3}
    assert run(capsys, "--context", "none")[0] in {2, 3}
