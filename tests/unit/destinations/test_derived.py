"""Fields that the API server derives from others: found stale where those others change, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.destinations.kubernetes import derived, managed_fields

Manifest = dict[str, Any]
RULE = [{"to": [{"podSelector": {}}]}]


def policy(**spec: Any) -> Manifest:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": spec}


def pods(
    kind: str = "Deployment", *, image: str = "web:1", account: Manifest | None = None, **container: Any
) -> Manifest:
    """A workload whose pods have one container and one that comes before it."""
    first = {"name": "init", "image": "tool:1"}
    pod = {"containers": [{"name": "web", "image": image, **container}], "initContainers": [first], **(account or {})}
    template: Manifest = {"template": {"spec": pod}}
    spec = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": "web"}, "spec": spec}


def stale(wanted: Manifest, live: Manifest) -> list[str]:
    return [
        ".".join(step if isinstance(step, str) else f"[{step[0][1]}]" for step in (*choice.path, *choice.strays))
        for choice in derived.strays(wanted, live)
    ]


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [
        (policy(egress=RULE), ["Ingress"], ["spec.policyTypes"]),
        (policy(egress=[]), ["Ingress", "Egress"], ["spec.policyTypes"]),
        (policy(egress=RULE), ["Ingress", "Egress"], []),
        (policy(egress=[], policyTypes=["Egress"]), ["Ingress"], []),
        (policy(), None, []),
    ],
)
def test_policy_types_follow_the_rules(wanted: Manifest, there: list[str] | None, expected: list[str]) -> None:
    assert stale(wanted, policy(**({"policyTypes": there} if there else {}))) == expected


@pytest.mark.parametrize(
    ("before", "after", "there", "is_stale"),
    [
        ("web", "web:2", "Always", True),
        ("web:latest", "web@sha256:0a", "Always", True),
        ("registry:5000/web:1", "registry:5000/web", "IfNotPresent", True),
        ("web:1", "web:2", "IfNotPresent", False),
        ("web:1", "web:1", "Always", False),  # as the image is the same, somebody meant that
        ("web:1", "web:latest@sha256:0a", "IfNotPresent", False),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "CronJob"])
def test_the_pull_policy_follows_the_image(kind: str, before: str, after: str, there: str, is_stale: bool) -> None:
    place = "spec.jobTemplate.spec.template.spec" if kind == "CronJob" else "spec.template.spec"
    expected = [f"{place}.containers.[web].imagePullPolicy"] if is_stale else []
    assert stale(pods(kind, image=after), pods(kind, image=before, imagePullPolicy=there)) == expected
    assert (
        stale(pods(kind, image=after, imagePullPolicy="Never"), pods(kind, image=before, imagePullPolicy=there)) == []
    )


def test_the_older_name_of_an_account_goes_with_the_account() -> None:
    there = pods(account={"serviceAccountName": "robot", "serviceAccount": "robot"})
    assert stale(pods(), there) == ["spec.template.spec.serviceAccount"]
    assert stale(pods(account={"serviceAccountName": "other"}), there) == []
    assert stale(pods(account={"serviceAccount": "robot"}), there) == []


def test_what_somebody_set_is_theirs() -> None:
    live = policy(policyTypes=["Ingress"])
    (choice,) = derived.strays(policy(egress=RULE), live)
    entry = {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {"f:policyTypes": {}}}}
    assert not managed_fields.is_others({**live, "metadata": {}}, choice)
    assert managed_fields.is_others({**live, "metadata": {"managedFields": [entry]}}, choice)
