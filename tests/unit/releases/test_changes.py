"""What differs between two revisions, as people read it; values of secrets never show."""

from __future__ import annotations

import json
from typing import Any

from sealane.configfiles.trees import StoredTree
from sealane.releases import changes
from sealane.releases.changes import ImageChange
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  template:
    spec:
      containers: [{name: web, image: "${image.web}", envFrom: [{secretRef: {name: "${secrets}"}}]}]
      volumes: [{name: c, configMap: {name: "${config}"}}]
"""
OWN = "apiVersion: v1\nkind: Secret\nmetadata: {name: own}\ndata: {a: %s, b: c2FtZQ==}\n"


def revision(
    *, replicas: int = 1, config: str = "one", image: str = "x/web:1", token: str = "v1", more: str = "", **secrets: str
) -> Revision:
    formation: dict[str, Any] = {
        "formation": "dev",
        "environment": "dev",
        "destination": "bed",
        "namespace": "shop",
        "values": {"replicas": replicas},
        "config": {"a": config},
        "secrets": {"TOKEN": "env:TOKEN", **secrets},
    }
    tree = StoredTree(
        {
            "deploy/formations/dev.yaml": json.dumps(formation).encode(),
            "deploy/stencils/web.yaml": WEB.encode(),
            **({"deploy/stencils/x.yaml": more.encode()} if more else {}),
        }
    )
    sources, findings = render_inputs.gather(tree, "dev")
    assert sources, findings
    versions = {"TOKEN": token, **dict.fromkeys(secrets, "v1")}
    inputs = rendering.Inputs(app="shop", images={"web": image}, secret_versions=versions, release="r1")
    rendered, findings = rendering.render(sources, inputs)
    assert rendered, findings
    return rendered


def test_nothing_differs_between_equal_revisions() -> None:
    """And such a change is false."""
    difference = changes.between(revision(), revision())
    assert not difference
    assert difference == changes.Changes()


def test_a_first_revision_adds_everything() -> None:
    """Its images come from nothing."""
    difference = changes.between(None, revision())
    assert {(change.action, change.kind) for change in difference.objects} == {
        ("added", "ConfigMap"),
        ("added", "Secret"),
        ("added", "Deployment"),
    }
    assert difference.images == (
        ImageChange(kind="Deployment", name="web", container="web", before=None, after="x/web:1"),
    )
    assert difference.secrets == ("TOKEN",)
    assert difference.config == ("a",)


def test_a_changed_field_shows_by_line() -> None:
    """With what stands around it."""
    (change,) = changes.between(revision(), revision(replicas=3)).objects
    assert (change.action, change.kind, change.name) == ("changed", "Deployment", "web")
    assert "-  replicas: 1" in change.lines
    assert "+  replicas: 3" in change.lines
    assert change.lines[0].startswith("@@")


def test_a_changed_image_is_named() -> None:
    """By object and container."""
    difference = changes.between(revision(), revision(image="x/web:2"))
    assert difference.images == (
        ImageChange(kind="Deployment", name="web", container="web", before="x/web:1", after="x/web:2"),
    )


def test_changed_configuration_is_a_change_not_a_new_object() -> None:
    """Although its name is a new one: people see which entry differs."""
    old, new = revision(config="one"), revision(config="two")
    difference = changes.between(old, new)
    assert {(change.action, change.kind) for change in difference.objects} == {
        ("changed", "ConfigMap"),
        ("changed", "Deployment"),
    }
    config = next(change for change in difference.objects if change.kind == "ConfigMap")
    assert config.name == new.config_object
    assert "-  a: one" in config.lines
    assert "+  a: two" in config.lines
    assert difference.config == ("a",)
    assert difference.secrets == ()


def test_changed_secrets_are_named_and_not_shown() -> None:
    """By version and by reference alike."""
    assert changes.between(revision(), revision(token="v2")).secrets == ("TOKEN",)
    assert changes.between(revision(), revision(NEW="env:NEW")).secrets == ("NEW",)
    assert changes.between(revision(NEW="env:NEW"), revision(NEW="env:OTHER")).secrets == ("NEW",)
    difference = changes.between(revision(), revision(token="v2"))
    secret = next(change for change in difference.objects if change.kind == "Secret")
    assert "   TOKEN: <secret TOKEN>" in secret.lines


def test_a_secret_among_the_stencils_shows_only_that_it_changed() -> None:
    """Whichever way it is added, changed or removed."""
    none, one, two = revision(), revision(more=OWN % "aHVudGVyMg=="), revision(more=OWN % "aHVudGVyMw==")
    for old, new in ((none, one), (one, two), (one, none)):
        told = json.dumps(changes.between(old, new).to_json())
        assert "aHVudGVy" not in told
        assert "c2FtZQ" not in told
    (change,) = changes.between(one, two).objects
    assert "-  a: <hidden>" in change.lines
    assert "+  a: <hidden, changed>" in change.lines
    assert "   b: <hidden>" in change.lines


def test_a_removed_object_shows_what_it_was() -> None:
    """And its container's image goes to nothing."""
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: busybox:1}]}"
    difference = changes.between(revision(more=pod), revision())
    (change,) = difference.of("removed")
    assert (change.kind, change.name) == ("Pod", "p")
    assert all(line.startswith(("-", "@@")) for line in change.lines)
    assert difference.images == (ImageChange(kind="Pod", name="p", container="c", before="busybox:1", after=None),)
