"""A pushed commit is hostile: everything it could try against the operators' file is refused with reason and place."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.environments import limits, reading
from sealane.environments.model import Environment
from sealane.findings import Finding, Place
from sealane.formations.model import Formation
from sealane.pipelines.model import Approval, Delivery
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision

DIGEST = "sha256:" + "a" * 64
WEB = f"registry.example.com/shop/web@{DIGEST}"
OPERATORS = """\
environment: production
production: true
destinations: {europe: {kubernetes: {}}}
apps:
  shop:
    namespaces: [shop, shop-blue]
    secrets: ["env:SHOP_*", "age:deploy/secrets/*"]
    registries: ["registry.example.com/shop/*", redis]
    approvals: {by: [release-managers], count: 1}
    deny_kinds: [ClusterRole, ClusterRoleBinding]
"""
FORMATION = """\
formation: live
environment: production
destination: europe
namespace: shop
secrets: {A: "env:SHOP_A"}
"""
STENCIL = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      initContainers: [{name: init, image: "redis:7"}]
      containers:
        - {name: web, image: "${image.web}", envFrom: [{secretRef: {name: "${secrets}"}}]}
"""


def environment() -> Environment:
    read, findings = reading.read(OPERATORS, "production.yaml")
    assert read, findings
    return read


def rendered(formation: str = FORMATION, more: str = "", **inputs: Any) -> tuple[Formation, Revision]:
    tree = StoredTree(
        {
            "deploy/formations/live.yaml": formation.encode(),
            "deploy/stencils/web.yaml": STENCIL.encode(),
            **({"deploy/stencils/x.yaml": more.encode()} if more else {}),
        }
    )
    sources, findings = render_inputs.gather(tree, "live")
    assert sources, findings
    given = {"app": "shop", "images": {"web": WEB}, "release": "r1", **inputs}
    revision, findings = rendering.render(sources, rendering.Inputs(**given))
    assert revision, findings
    return sources.formation, revision


def delivery(by: tuple[str, ...] | None, count: int = 1) -> Delivery:
    approval = Approval(by=by, count=count) if by else None
    return Delivery(formation="live", approval=approval, place=Place(file=".sealane.yml", line=9, column=5))


def check(formation: str = FORMATION, more: str = "", asked: Delivery | None = None, **inputs: Any) -> list[str]:
    read, revision = rendered(formation, more, **inputs)
    findings: list[Finding] = limits.check(environment(), read, revision, asked, app=inputs.get("app", "shop"))
    return [str(finding) for finding in findings]


def test_what_is_allowed_passes() -> None:
    """With the approvals asked for, and with more of them."""
    for asked in (
        None,
        delivery(("release-managers",)),
        delivery(("release-managers", "sre"), 2),
        delivery(("release-managers",), 3),
    ):
        assert check(asked=asked) == []


def test_an_app_nobody_listed() -> None:
    """Another app's limits are of no use to it."""
    (told,) = check(app="stranger")
    assert told.startswith("deploy/formations/live.yaml:2:14: stranger may not come to production")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "namespace: shop",
            "namespace: kube-system",
            "deploy/formations/live.yaml:4:12: the namespace kube-system is not open to shop in production: only shop, shop-blue (operators can list it under namespaces: in production.yaml:5:3)",
        ),
        (
            "destination: europe",
            "destination: eurpe",
            "deploy/formations/live.yaml:3:14: production has no destination eurpe (did you mean europe?)",
        ),
        (
            "env:SHOP_A",
            "env:OTHER_A",
            "deploy/formations/live.yaml:5:14: env:OTHER_A is not open to shop in production: only env:SHOP_*, age:deploy/secrets/* (operators can list it under secrets: in production.yaml:5:3)",
        ),
        (
            "env:SHOP_A",
            "age:deploy/other/x.age#A",
            "deploy/formations/live.yaml:5:14: age:deploy/other/x.age#A is not open to shop in production: only env:SHOP_*, age:deploy/secrets/* (operators can list it under secrets: in production.yaml:5:3)",
        ),
    ],
)
def test_a_formation_that_reaches_elsewhere(old: str, new: str, expected: str) -> None:
    """Namespace, destination and secrets are the operators' to open."""
    assert check(FORMATION.replace(old, new)) == [expected]


@pytest.mark.parametrize(
    ("more", "place", "reason"),
    [
        (
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}",
            "2:7",
            "ClusterRole x: objects of kind ClusterRole are denied to shop in production",
        ),
        (
            "apiVersion: rbac.authorization.k8s.io/v1beta1\nkind: ClusterRoleBinding\nmetadata: {name: x}",
            "2:7",
            "objects of kind ClusterRoleBinding are denied",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{apiVersion: x/v1, kind: ClusterRole, metadata: {name: x}}]",
            "3:34",
            "objects of kind ClusterRole are denied",
        ),
        (
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: kube-system}",
            "3:18",
            "Namespace kube-system is not the formation's namespace shop",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: evil.com/x:1}]}",
            "4:38",
            "Pod x: the image evil.com/x:1 is not authorised for shop in production",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {ephemeralContainers: [{image: evil.com/x:1}]}",
            "4:38",
            "the image evil.com/x:1 is not authorised",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {volumes: [{image: {reference: evil.com/x:1}}]}",
            "4:38",
            "the image evil.com/x:1 is not authorised",
        ),
        (
            "apiVersion: example.com/v1\nkind: Fleet\nmetadata: {name: x}\nspec: {a: [{b: {containers: [{image: nginx}]}}]}",
            "4:38",
            "the image nginx is not authorised",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: registry.example.com/shop/../x/y}]}",
            "4:29",
            "is no image reference",
        ),
        (
            "apiVersion: e.org/v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: 5}]}",
            "4:29",
            "the image is no text",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{image: evil.com/x@unbuilt}]}",
            "4:29",
            "evil.com/x@unbuilt is no image reference",
        ),
    ],
)
def test_an_object_that_reaches_elsewhere(more: str, place: str, reason: str) -> None:
    """However deep it is hidden."""
    (told,) = check(more=more)
    assert told.startswith(f"deploy/stencils/x.yaml:{place}: ")
    assert reason in told


def test_an_image_a_value_brings_in() -> None:
    """Limits look at what comes out, not at what was written."""
    formation = FORMATION + "values: {evil: {containers: [{name: x, image: evil.com/x}]}}\n"
    more = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: ${evil}"
    (told,) = check(formation, more)
    assert told.startswith("deploy/stencils/x.yaml:4:7: Pod x: the image evil.com/x is not authorised")


@pytest.mark.parametrize(
    ("image", "way"),
    [
        ("registry.example.com/shop/web/next:1", "operators can write registry.example.com/shop/**, which crosses"),
        ("registry.example.com/shopping/web:1", "operators can list its repository under registries:"),
        ("docker.io/library/redis/more:1", "operators can list its repository under registries:"),
    ],
)
def test_a_star_that_stops_too_early_is_told(image: str, way: str) -> None:
    (told,) = check(
        more=f"apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\nspec: {{containers: [{{image: {image!r}}}]}}\n"
    )
    assert way in told


def test_images_not_built_yet_are_looked_at_once_they_are() -> None:
    """Before a release they have no registry; with one they need it."""
    assert check(images={"web": "web@unbuilt"}, release=None) == []
    (told,) = check(images={"web": f"evil.com/web@{DIGEST}"})
    assert "the image evil.com/web@sha256" in told


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (delivery(None), "this delivery asks for none"),
        (delivery(("friends",)), "this delivery asks friends instead"),
        (delivery(("friends", "others"), 9), "this delivery asks friends, others instead"),
    ],
)
def test_a_delivery_that_drops_an_approval(asked: Delivery, reason: str) -> None:
    """At the delivery's place, with what to write."""
    (told,) = check(asked=asked)
    assert told.startswith(".sealane.yml:9:5: production wants the approval of 1 of release-managers; " + reason)
    assert told.endswith("(write approval: {by: [release-managers], count: 1}, or more)")


def test_a_delivery_that_asks_fewer_people() -> None:
    """The count may only grow."""
    stricter, findings = reading.read(OPERATORS.replace("count: 1", "count: 2"), "production.yaml")
    assert stricter, findings
    formation, revision = rendered()
    (told,) = limits.check(stricter, formation, revision, delivery(("release-managers",), 1), app="shop")
    assert "wants the approval of 2 of release-managers; this delivery asks for 1 only" in told.message


def test_all_approvals_hold_each_by_itself() -> None:
    """A commit adds its own to the operators'; it can't mix other groups into theirs."""
    shop = environment().apps["shop"]
    ours = Approval(by=("release-managers",), count=1)
    more = Approval(by=("release-managers", "sre"), count=2)
    assert limits.approvals(shop, None) == (ours,)
    assert limits.approvals(shop, delivery(ours.by)) == (ours,)
    assert limits.approvals(shop, delivery(more.by, 2)) == (ours, more)


def test_an_environment_that_is_not_there() -> None:
    """With those there are."""
    formation, _ = rendered(FORMATION.replace("environment: production", "environment: prodution"))
    environment_there, problems = limits.environment_of(formation, {"production": environment()})
    assert environment_there is None
    assert str(problems[0]).endswith("there is no environment prodution (did you mean production?)")


def test_everything_wrong_is_told_at_once() -> None:
    """Not the first alone."""
    formation = FORMATION.replace("namespace: shop", "namespace: other").replace("SHOP_A", "A")
    assert len(check(formation, asked=delivery(None), images={"web": "evil.com/web:1"})) == 4
