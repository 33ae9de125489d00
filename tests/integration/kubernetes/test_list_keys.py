"""What a creation would take and no later apply: refused at the first deployment, and told without a cluster too."""

from __future__ import annotations

from typing import Any

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.destinations import model
from sealane.destinations.kubernetes.stencils import known_fields, list_keys, openapi
from sealane.stencils.model import Origin, Rendered
from testbed.record import Bed
from tests.integration.kubernetes.parts import apply, config_map, deployment, job
from tests.openapi import table

Manifest = dict[str, Any]
TWICE: dict[str, list[Manifest]] = {
    "env": [{"name": "LEVEL", "value": "info"}, {"name": "LEVEL", "value": "debug"}],
    "ports": [{"containerPort": 5432}, {"containerPort": 5432, "protocol": "TCP", "name": "db"}],
}


async def test_the_table_is_what_the_cluster_says(cluster: clusters.Cluster, bed: Bed) -> None:
    """Where this fails after a new Kubernetes: `python -m tests.openapi`."""
    if not bed.own_cluster:
        return  # another version may say otherwise
    assert await table(cluster) == openapi.builtin()


@pytest.mark.parametrize("field", TWICE)
@pytest.mark.parametrize("kind", ["Deployment", "Job"])
async def test_what_could_never_be_applied_again_is_refused_at_once(
    cluster: clusters.Cluster, namespace: str, busybox_image: str, kind: str, field: str
) -> None:
    """The API server would create it with no more than a warning. Nothing is written, and validation says the same."""
    made = job("web", busybox_image) if kind == "Job" else deployment(busybox_image)
    pod = made["spec"]["template"]["spec"]
    pod["containers"][0][field] = TWICE[field]
    pod["volumes"] = [{"name": "a", "emptyDir": {}}]
    await cluster.create(made, namespace=namespace, dry_run=True)

    applied = await apply(cluster, namespace, config_map(), made)

    (refusal,) = applied.refusals
    assert (refusal.reason, refusal.ref.name) == (model.Reason.INVALID, "web")
    assert f"{field}: duplicate entries for key" in refusal.message
    assert applied.changed == ()
    assert await cluster.find(kinds.CONFIG_MAP, "settings", namespace=namespace) is None
    (finding,) = list_keys.problems([Rendered(object=made, origin=Origin(file="web.yaml"))])
    assert finding.message.startswith(f"{field} has two items with ")


SLIPS: list[tuple[tuple[str | int, ...], str, Any]] = [
    (("spec",), "replcias", 3),
    (("spec", "template", "spec"), "restart-policy", "Always"),
    (("spec", "template", "spec", "containers", 0), "image_pull_policy", "Always"),
    (("spec", "template", "spec", "containers", 0), "wombat", {}),
    (("metadata",), "label", {}),
]


async def test_the_cluster_and_the_table_name_the_same_wrong_fields(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """A strict creation names them all, and so does what needs no cluster."""
    made = deployment(busybox_image)
    for path, field, value in SLIPS:
        node: Any = made
        for part in path:
            node = node[part]
        node[field] = value

    with pytest.raises(errors.Rejected) as refused:
        await cluster.create(made, namespace=namespace, dry_run=True)

    findings = list(known_fields.problems([Rendered(object=made, origin=Origin(file="web.yaml"))]))
    assert len(findings) == len(SLIPS)
    for _, field, _ in SLIPS:
        assert f'.{field}"' in str(refused.value)
        assert any(f"has no field {field}" in finding.message for finding in findings)
