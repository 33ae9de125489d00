"""The demo on a cluster that is there: what it asks for, and that it removes nothing of anybody else."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.demo import __main__ as story
from bench.demo import clusters, places, stage

KUBECTL = """\
#!/bin/sh
echo "$*" >> "$0.asked"
case "$*" in
  *current-context*) echo kind-mine ;;
  *--selector*) cat "$0.ours" ;;
  *"get namespaces"*) cat "$0.there" "$0.ours" ;;
esac
"""


@pytest.fixture
def kubectl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "kubectl"
    program.parent.mkdir()
    program.write_text(KUBECTL)
    program.chmod(0o755)
    for name in ("ours", "there"):
        program.with_name(f"kubectl.{name}").touch()
    kubeconfig = tmp_path / "theirs.yaml"
    kubeconfig.touch()
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SEALANE_DEMO_KUBECONFIG", str(kubeconfig))
    monkeypatch.setenv("SEALANE_DEMO_REGISTRY", "localhost:5001/")
    return program


def asked(kubectl: Path) -> list[str]:
    return [line.partition(" ")[2].partition(" ")[2] for line in Path(f"{kubectl}.asked").read_text().splitlines()]


def test_a_cluster_that_is_there_is_used_as_it_is(kubectl: Path, tmp_path: Path) -> None:
    cluster = clusters.chosen()

    assert (cluster.own, cluster.registry, cluster.engine_socket) == (False, "localhost:5001", None)
    assert cluster.name == f"kind-mine of {tmp_path / 'theirs.yaml'}"
    assert cluster.sealane_kubeconfig == str(tmp_path / "theirs.yaml")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SEALANE_DEMO_KUBECONFIG", "/nowhere/at/all", "SEALANE_DEMO_KUBECONFIG: there is no file /nowhere/at/all"),
        ("SEALANE_DEMO_REGISTRY", "", "SEALANE_DEMO_REGISTRY is not set"),
        ("PATH", "/var/empty", "with kubectl, which is not on PATH"),
    ],
)
def test_what_is_missing_is_named(
    kubectl: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(places.Broke, match=said):
        clusters.chosen()


@pytest.mark.parametrize("name", stage.NAMESPACES)
def test_a_namespace_of_somebody_else_is_not_touched(kubectl: Path, name: str) -> None:
    kubectl.with_name("kubectl.there").write_text(f"namespace/other\nnamespace/{name}\n")

    with pytest.raises(places.Broke, match=f"namespace/{name} is there and not the demo's"):
        stage.make_namespaces(clusters.chosen())
    assert not [words for words in asked(kubectl) if "delete" in words or "create" in words]


def test_only_the_demos_own_namespaces_are_made_anew(kubectl: Path) -> None:
    kubectl.with_name("kubectl.there").write_text("namespace/other\n")
    kubectl.with_name("kubectl.ours").write_text("namespace/hello-dev\n")

    stage.make_namespaces(clusters.chosen())

    assert [words for words in asked(kubectl) if "delete" in words] == ["delete --wait namespace/hello-dev"]
    assert [words for words in asked(kubectl) if "create" in words] == [
        f"create namespace {n}" for n in stage.NAMESPACES
    ]
    assert len([words for words in asked(kubectl) if words.endswith(clusters.LABEL)]) == len(stage.NAMESPACES) + 1


def test_the_example_names_the_registry_and_base_image_of_the_cluster(
    kubectl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEALANE_DEMO_BASE_IMAGE", "quay.io/team/python:3.12")
    for source in (places.EXAMPLE / "api/Dockerfile", places.EXAMPLE / "environments/dev.yaml"):
        file = tmp_path / source.name
        file.write_text(source.read_text())
        stage.name_images(clusters.chosen(), file)

    assert "ARG BASE=quay.io/team/python:3.12\n" in (tmp_path / "Dockerfile").read_text()
    assert 'registries: ["localhost:5001/hello/*", "quay.io/team/python*"]' in (tmp_path / "dev.yaml").read_text()


@pytest.mark.parametrize("staged", [True, False])
def test_a_demo_that_broke_says_what_stays_until_when(
    kubectl: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], staged: bool
) -> None:
    record = tmp_path / "cluster.json"

    def build() -> stage.Stage:
        if staged:
            record.write_text(json.dumps(asdict(clusters.chosen())))
        raise places.Broke("waited in vain")

    monkeypatch.setattr(stage, "_RECORD", record)
    monkeypatch.setattr(stage, "build", build)
    monkeypatch.setattr(story.sys, "argv", ["demo"])

    assert story.main() == 1
    said = capsys.readouterr().err
    assert "the demo broke: waited in vain" in said
    assert staged == ("make demo-down" in said) == ("hello-load of kind-mine of " in said)
