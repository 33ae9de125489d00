"""What somebody changed on a real cluster since a revision was deployed: which fields, who, and nothing of theirs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments import drift_check
from sealane.deployments.drift_check import DriftKind
from sealane.destinations import model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.stencils.model import Revision
from tests import revisions
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, config_map, deployment


def revision(namespace: str, *objects: dict[str, Any]) -> Revision:
    """These objects as what was deployed."""
    named = [{**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}} for manifest in objects]
    return revisions.of(named, namespace=namespace)


async def test_each_change_is_told_with_who_made_it_and_what_is_nobodys_business_is_not(
    cluster: clusters.Cluster, namespace: str, busybox_image: str, kubectl: Kubectl
) -> None:
    """A field of ours, a deleted object and one that was given away; a label and replicas that we don't set are theirs."""
    web = deployment(busybox_image, replicas=None, A="1")
    objects = (web, config_map("kept"), config_map("gone"), config_map("given"))
    destination, deployed = KubernetesDestination(cluster), revision(namespace, *objects)
    await apply(cluster, namespace, *(rendered.object for rendered in deployed.objects))
    assert (await drift_check.of(deployed, destination)).objects == ()

    kubectl("-n", namespace, "set", "env", "deployment/web", "A=2")
    kubectl("-n", namespace, "label", "deployment/web", "team=payments")
    kubectl("-n", namespace, "scale", "deployment/web", "--replicas=0")
    kubectl("-n", namespace, "delete", "configmap", "gone")
    kubectl("-n", namespace, "label", "--overwrite", "configmap", "given", f"{model.FORMATION}=qa")
    drifts = {drift.object: drift for drift in (await drift_check.of(deployed, destination)).objects}

    assert {name: drift.kind for name, drift in drifts.items()} == {
        "Deployment/web": DriftKind.CHANGED,
        "ConfigMap/gone": DriftKind.GONE,
        "ConfigMap/given": DriftKind.TAKEN,
    }
    assert drifts["ConfigMap/given"].note == "it belongs to shop/qa"
    (field,) = drifts["Deployment/web"].fields
    assert field.path == "spec.template.spec.containers[web].env[A].value"
    assert (field.before, field.after, field.manager) == ("2", "1", "kubectl-set")
    assert field.at is not None
    assert abs(clock.now() - field.at) < timedelta(minutes=5)


async def test_applying_the_same_revision_again_puts_it_right(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    """And leaves what others set beside it."""
    deployed = revision(namespace, config_map("settings", a="1"))
    destination = KubernetesDestination(cluster)
    manifests = [rendered.object for rendered in deployed.objects]
    await apply(cluster, namespace, *manifests)
    change = '{"data": {"a": "9", "theirs": "x"}}'
    kubectl("-n", namespace, "patch", "configmap", "settings", "--type=merge", "-p", change)
    (drift,) = (await drift_check.of(deployed, destination)).objects
    assert [(field_change.path, field_change.before, field_change.manager) for field_change in drift.fields] == [
        ("data.a", "9", "kubectl-patch")
    ]

    await apply(cluster, namespace, *manifests)

    assert (await drift_check.of(deployed, destination)).objects == ()
    (there,) = await destination.read(await destination.refs(manifests, namespace=namespace))
    assert there["data"] == {"a": "1", "theirs": "x"}
