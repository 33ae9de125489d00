"""Directories built by the real Kustomize: the same objects as by hand, each with the file that it comes from."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from sealane.clients import kustomize
from sealane.clients.helm import Helm
from sealane.configfiles.trees import FolderTree
from sealane.stencils import helm_template, render_inputs, rendering
from sealane.stencils.model import Revision

DIGEST = f"sha256:{'a' * 64}"
WEB = f"registry.example.com/shop/web@{DIGEST}"
FILES = {
    "deploy/base/kustomization.yaml": """resources: [web.yaml, service.yaml]
configMapGenerator: [{name: web, files: [start.sh], envs: [web.env]}]
""",
    "deploy/base/start.sh": "exec web --addr ${ADDR} ${image}\n",
    "deploy/base/web.env": "COLOUR=blue\n",
    "deploy/base/web.yaml": """# The web server.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: web, envFrom: [{configMapRef: {name: web}}]}
""",
    "deploy/base/service.yaml": """apiVersion: v1
kind: Service
metadata: {name: web, annotations: {team: shop}}
spec: {selector: {app: web}, ports: [{port: 80}]}
""",
    "deploy/debug/kustomization.yaml": """apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- target: {kind: Deployment}
  patch: |-
    - {op: add, path: /spec/template/spec/containers/0/args, value: [--debug]}
""",
    "deploy/dev/kustomization.yaml": """resources: [../base]
components: [../debug]
images: [{name: web, newName: "${image.web}"}]
""",
    "deploy/prod/kustomization.yaml": """namePrefix: prod-
resources: [../base, extra.yaml]
labels: [{pairs: {tier: prod}}]
images: [{name: web, newName: "${image.web}"}]
patches: [{path: replicas.yaml}]
secretGenerator: [{name: token, literals: [token=t]}]
""",
    "deploy/prod/replicas.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n",
    "deploy/prod/extra.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: extra}\n",
}
FORMATION = "formation: {0}\nenvironment: dev\ndestination: here\nnamespace: shop\nkustomize: [deploy/{0}]\n"


def laid_out(folder: Path, more: Mapping[str, str] | None = None) -> Path:
    formations = {f"deploy/formations/{name}.yaml": FORMATION.format(name) for name in ("base", "dev", "prod")}
    for path, text in {**FILES, **formations, **(more or {})}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


async def render(folder: Path, name: str) -> tuple[Revision | None, list[str]]:
    sources, findings = render_inputs.gather(FolderTree(folder), name)
    revision = None
    if sources:
        inputs = rendering.Inputs(app="shop", images={"web": WEB}, release="r1")
        revision, more = await helm_template.render(sources, inputs, Helm())
        findings = [*findings, *more]
    return revision, [str(finding) for finding in findings]


def by_hand(folder: Path) -> list[str]:
    command = ["kustomize", "build"] if shutil.which("kustomize") else ["kubectl", "kustomize"]
    printed = subprocess.run([*command, str(folder)], check=True, capture_output=True, text=True).stdout
    printed = printed.replace("${image.web}", WEB)
    objects = list(yaml.safe_load_all(printed))
    for item in objects:
        item["metadata"]["namespace"] = "shop"
    return sorted(json.dumps(item, sort_keys=True) for item in objects)


@pytest.mark.parametrize("name", ["base", "dev", "prod"])
async def test_it_renders_what_kustomize_builds_by_hand(name: str, tmp_path: Path) -> None:
    folder = laid_out(tmp_path)
    revision, findings = await render(folder, name)
    assert revision is not None, findings
    assert sorted(json.dumps(item.object, sort_keys=True) for item in revision.objects) == by_hand(
        folder / "deploy" / name
    )
    again, _ = await render(folder, name)
    assert again is not None
    assert again.id == revision.id
    if name == "prod":
        places = {item.kind: str(item.origin.place()) for item in revision.objects}
        assert places == {
            "Deployment": "deploy/base/web.yaml:3:1",
            "Service": "deploy/base/service.yaml:2:1",
            "ServiceAccount": "deploy/prod/extra.yaml:2:1",
            "ConfigMap": "deploy/base/kustomization.yaml:2:22",
            "Secret": "deploy/prod/kustomization.yaml:6:19",
        }


async def test_what_it_takes_changes_the_revision(tmp_path: Path) -> None:
    folder = laid_out(tmp_path)
    before, _ = await render(folder, "prod")
    (folder / "deploy/base/web.env").write_text("COLOUR=red\n")
    after, _ = await render(folder, "prod")
    assert before is not None
    assert after is not None
    assert before.id != after.id


async def test_what_kustomize_complains_of_is_told_at_the_kustomization(tmp_path: Path) -> None:
    lost = "patches: [{path: replicas.yaml, target: {kind: Deployment}}]\nresources: [../base, ../base]\n"
    folder = laid_out(tmp_path, {"deploy/prod/kustomization.yaml": lost})
    revision, [finding] = await render(folder, "prod")
    assert revision is None
    assert finding.startswith("deploy/prod/kustomization.yaml:1:1: Kustomize can't build it: ")
    assert "sealane-kustomize" not in finding
    assert "deploy/base" in finding


async def test_an_image_that_is_not_there_is_told(tmp_path: Path) -> None:
    folder = laid_out(
        tmp_path,
        {
            "deploy/dev/kustomization.yaml": "resources: [../base]\nnamePrefix: a-\nimages: [{name: web, newName: '${image.wbe}'}]\n"
        },
    )
    revision, findings = await render(folder, "dev")
    assert revision is None
    assert findings == ["deploy/base/web.yaml:11:9: there is no image.wbe (did you mean image.web?)"]


async def test_what_only_the_first_kustomization_may_say_holds(tmp_path: Path) -> None:
    said = "resources: [../base]\nbuildMetadata: [managedByLabel, originAnnotations]\nsortOptions: {order: fifo}\n"
    folder = laid_out(tmp_path, {"deploy/dev/kustomization.yaml": said})
    revision, findings = await render(folder, "dev")
    assert revision is not None, findings
    assert sorted(json.dumps(item.object, sort_keys=True) for item in revision.objects) == by_hand(
        folder / "deploy/dev"
    )


async def test_words_that_name_something_are_replaced_and_those_of_scripts_are_not(tmp_path: Path) -> None:
    """A tag that the base has stays behind the name that Kustomize replaces; the image has its digest instead."""
    base = FILES["deploy/base/web.yaml"].replace("image: web,", 'image: "web:1.4",')
    base = base.replace("envFrom: [", 'envFrom: [{secretRef: {name: "${secrets}"}}, ')
    base += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '${secrets}'}\n"
    more = {
        "deploy/base/web.yaml": base,
        "deploy/formations/dev.yaml": FORMATION.format("dev") + "secrets: {a: env:A}\n",
    }
    revision, findings = await render(laid_out(tmp_path, more), "dev")
    assert revision is not None, findings
    by_kind = {(item.kind, item.name): item.object for item in revision.objects}
    [container] = by_kind["Deployment", "web"]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == WEB
    assert container["envFrom"][0] == {"secretRef": {"name": revision.secret_object}}
    assert by_kind["ConfigMap", "c"]["data"] == {"a": "${secrets}"}


async def test_nobody_is_asked_whatever_a_kustomization_says(tmp_path: Path) -> None:
    """Also where the address is written as only Kustomize reads it, and on this machine, for which no proxy is used."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a"
        for number, said in enumerate(
            (
                f"Resources: ['{url}']",
                f"patches: ['{url}']",
                f"patches: [{{Path: '{url}', target: {{kind: Service}}}}]",
                f"patchesStrategicMerge: ['{url}', '{url}: a']",
                f"configMapGenerator: [{{name: a, file\u017f: ['{url}'], envs: ['{url}']}}]",
                f"crds: [c/kustomization.yaml]\nresources: [c, '{url}']",
            )
        ):
            folder = laid_out(tmp_path / str(number), {"deploy/dev/kustomization.yaml": said})
            revision, findings = await render(folder, "dev")
            assert (revision, bool(findings)) == (None, True)
    assert asked == []


async def test_a_directory_that_grows_without_end_is_ended(tmp_path: Path) -> None:
    """Each folder takes the next one twice, with names that differ."""
    layers = {
        f"deploy/l{n}/{side}/kustomization.yaml": f"namePrefix: {side}\nresources: [../../l{n + 1}]\n"
        for n in range(40)
        for side in "ab"
    }
    tops = {f"deploy/l{n}/kustomization.yaml": "resources: [a, b]\n" for n in range(40)}
    last = {
        "deploy/l40/kustomization.yaml": "resources: [../base]\n",
        "deploy/dev/kustomization.yaml": "resources: [../l0]",
    }
    folder = laid_out(tmp_path, {**layers, **tops, **last})
    sources, findings = render_inputs.gather(FolderTree(folder), "dev")
    assert sources, findings
    built = await kustomize.build(sources.kustomizations[0], patience=0.5)
    assert built.problem
    assert built.problem[0].startswith("Kustomize took longer than 0.5 s")


async def test_a_machine_without_the_program_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = laid_out(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    revision, findings = await render(folder, "dev")
    assert revision is None
    assert findings == [
        (
            "deploy/formations/dev.yaml:5:13: there is neither kustomize nor kubectl on this machine, which build"
            " kustomizations (install Kustomize 5 or kubectl 1.27, or newer)"
        )
    ]
