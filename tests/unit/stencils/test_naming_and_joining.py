"""Names of Secrets and ConfigMaps, and values that join only at the very end."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.deployments import secret_merge
from sealane.destinations.dummy.destination import DummyDestination
from sealane.errors import Conflicting
from sealane.secrets.values import SecretValue
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision

THERE = DummyDestination()
STENCIL = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {c: '${config}', s: '${secrets}'}}"


def render(
    *, config: Any = "x", versions: dict[str, str] | None = None, key: bytes = b"k", stencil: str = STENCIL, **more: Any
) -> Revision:
    formation = {
        "formation": "dev",
        "environment": "dev",
        "destination": "bed",
        "namespace": "shop",
        "config": {"a": config, "b": "same"},
        "secrets": {"TOKEN": "env:TOKEN", "URL": "env:URL"},
    }
    tree = StoredTree(
        {
            "deploy/formations/dev.yaml": json.dumps(formation).encode(),
            "deploy/stencils/a.yaml": stencil.encode(),
        }
    )
    sources, findings = render_inputs.gather(tree, "dev")
    assert sources, findings
    known = {"TOKEN": "v1", "URL": "v2"} if versions is None else versions
    inputs = rendering.Inputs(**{"app": "shop", "images": {}, "secret_versions": known, "key": key, **more})
    revision, findings = rendering.render(sources, inputs)
    assert revision, findings
    return revision


def test_a_change_makes_a_new_name_and_restarts_what_uses_it() -> None:
    """What names the ConfigMap changes with it; what does not, stays byte for byte."""
    plain = STENCIL + "\n---\n{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {x: 1}}"
    one, two = render(config="x", stencil=plain), render(config="y", stencil=plain)
    assert one.config_object != two.config_object
    assert one.secret_object == two.secret_object
    pods = [
        {rendered.name: rendered.object for rendered in revision.objects if rendered.kind == "Pod"}
        for revision in (one, two)
    ]
    assert pods[0]["a"] != pods[1]["a"]
    assert json.dumps(pods[0]["b"]) == json.dumps(pods[1]["b"])


def test_the_same_content_has_the_same_name_in_every_release() -> None:
    """Otherwise every release would restart everything."""
    assert render().objects == render(release="r2", deploy_tag="20260101000000-abc").objects


def test_a_changed_secret_makes_a_new_name() -> None:
    """By its version alone: no value is there."""
    names = {render(versions={"TOKEN": token, "URL": "v2"}).secret_object for token in ("v1", "v1", "v3")}
    assert len(names) == 2


def test_names_tell_nothing_without_the_key() -> None:
    """The same content under another key has another name."""
    assert render(key=b"one").config_object != render(key=b"two").config_object
    assert render(key=b"one").secret_object != render(key=b"two").secret_object


@pytest.mark.parametrize("versions", [{}, {"TOKEN": "v1"}])
def test_secrets_that_are_not_resolved_have_a_name_that_says_so(versions: dict[str, str]) -> None:
    """The name is a valid one, and the same on every machine."""
    assert render(versions=versions).secret_object == "shop-dev-secrets-unresolved"


def value(text: str, version: str) -> SecretValue:
    return SecretValue(text.encode(), version=version)


def test_values_join_the_secret_and_nothing_else() -> None:
    """As data, beside unchanged objects; the revision itself never holds one."""
    revision = render()
    before = json.dumps(revision.to_json())
    objects = secret_merge.join(revision, {"TOKEN": value("hunter2", "v1"), "URL": value("postgres://é", "v2")}, THERE)
    secret = next(manifest for manifest in objects if manifest["kind"] == "Secret")
    assert secret["data"] == {
        "TOKEN": base64.b64encode(b"hunter2").decode(),
        "URL": base64.b64encode("postgres://é".encode()).decode(),
    }
    assert "stringData" not in secret
    assert secret["immutable"] is True
    others = [manifest for manifest in objects if manifest["kind"] != "Secret"]
    assert others == [rendered.object for rendered in revision.objects if rendered.kind != "Secret"]
    assert json.dumps(revision.to_json()) == before
    assert "hunter2" not in before + repr(revision)


def test_a_value_that_changed_meanwhile_does_not_join() -> None:
    """What was approved is not what would run."""
    with pytest.raises(Conflicting, match="TOKEN changed since shop/dev was rendered") as error:
        secret_merge.join(render(), {"TOKEN": value("hunter3", "v9"), "URL": value("u", "v2")}, THERE)
    assert "hunter3" not in str(error.value)
    with pytest.raises(Conflicting, match="URL"):
        secret_merge.join(render(), {"TOKEN": value("hunter2", "v1")}, THERE)


def test_a_rollback_leaves_the_old_secret_as_it_is() -> None:
    """Its values may be gone from the store; the immutable object is still there."""
    assert [manifest["kind"] for manifest in secret_merge.without_secret(render())] == ["ConfigMap", "Pod"]


def test_a_destination_may_have_other_kinds_for_them() -> None:
    """A revision keeps which, and what older ones don't say is Kubernetes'."""
    kept = render()
    assert "secret_kind" not in kept.to_json()
    other = replace(kept, secret_kind=("vault.example.com", "Box"))
    assert Revision.from_json(json.loads(json.dumps(other.to_json()))) == other
    assert [rendered for rendered in kept.objects if other.holds_secrets(rendered)] == []
    assert [rendered.kind for rendered in kept.objects if kept.holds_secrets(rendered)] == ["Secret"]
