"""What Kustomize prints: objects with their places, and complaints without what differs each time."""

from __future__ import annotations

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.findings import Place
from sealane.kustomize import closure, output
from sealane.kustomize.model import BuildResult, Built, Kustomization

PLACE = Place(file="deploy/formations/dev.yaml", line=5, column=13)
FILES = {
    "k/base/kustomization.yaml": "resources: [all.yaml]\n",
    "k/base/all.yaml": """apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  ports:
  - {port: 80}
---
apiVersion: v1
kind: Service
metadata: {name: web-admin}
spec:
  ports:
  - {name: a, port: 81}
  - {name: b, port: 82}
""",
    "k/dev/kustomization.yaml": """resources: [../base]
configMapGenerator:
- name: web
- name: web-admin
""",
}


def asked() -> Kustomization:
    kustomization, findings = closure.read(StoredTree({k: v.encode() for k, v in FILES.items()}), "k/dev", PLACE)
    assert kustomization, findings
    return kustomization


def printed(*objects: str) -> Built:
    return output.read(BuildResult(printed="---\n".join(objects)), asked())


SERVICE = """apiVersion: v1
kind: Service
metadata:
  annotations:
    config.kubernetes.io/origin: |
      path: ../base/all.yaml
    {0}
  name: dev-web-admin
spec:
  ports:
  - {{name: 0, port: 80}}
  - {{name: b, port: 83}}
  type: ClusterIP
"""


def test_a_field_has_the_line_that_it_has_in_its_file() -> None:
    """One that a patch changed or put in has that of what is around it."""
    built = printed(SERVICE.format("team: shop"))
    assert not built.findings
    [item] = built.objects
    assert item.value["metadata"] == {"name": "dev-web-admin", "annotations": {"team": "shop"}}
    assert str(item.place) == "k/base/all.yaml:9:1"
    assert {path: place.line for path, place in item.places.items() if path[:2] == ("spec", "ports")} == {
        ("spec", "ports"): 13,
        ("spec", "ports", 1): 14,
        ("spec", "ports", 1, "name"): 14,
    }


def test_the_annotation_leaves_nothing_behind() -> None:
    [item] = printed(SERVICE.format("")).objects
    assert item.value["metadata"] == {"name": "dev-web-admin"}


def test_a_generated_object_has_the_place_of_its_generator() -> None:
    made = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-admin-24dg\n  annotations:\n    config.kubernetes.io/origin: 'configuredIn: kustomization.yaml'\n"
    [item] = printed(made).objects
    assert str(item.place) == "k/dev/kustomization.yaml:4:3"


def test_all_that_it_builds_may_be_larger_than_a_file() -> None:
    much = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: " + "x" * 700_000 + "}\n"
    built = printed(much, much)
    assert (len(built.objects), built.findings) == (2, ())


@pytest.mark.parametrize("origin", ["path: ../../etc/passwd", "path: [a]", "repo: x\npath: k", "[", "{path: {a: b}}"])
def test_an_origin_that_leads_nowhere_is_the_kustomization(origin: str) -> None:
    made = f"kind: A\nmetadata:\n  annotations:\n    config.kubernetes.io/origin: {origin!r}\n"
    [item] = printed(made).objects
    assert str(item.place) == "k/dev/kustomization.yaml:1:1"


@pytest.mark.parametrize(
    "complaint",
    [
        "# Warning: 'bases' is deprecated.\nError: no such\n  file\n",
        "error: no such file\n",
        'E1201 04:13:46.004747    3427 run.go:72] "command failed" err="no such file"\n',
        'E1202 05:13:46.004747    9 run.go:72] "command failed" err=<\n\tno such\n\tfile\n >\n',
    ],
)
def test_a_complaint_is_the_same_whatever_program_prints_it(complaint: str) -> None:
    [finding] = output.read(BuildResult(complaint=complaint), asked()).findings
    assert str(finding) == "k/dev/kustomization.yaml:1:1: Kustomize can't build it: no such file"
