"""Fields that exclude each other on a real cluster: whatever was there, and whoever set it, the wanted one is taken."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import unions
from sealane.destinations.kubernetes.destination import KubernetesDestination
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, deployment, identity, live

Manifest = dict[str, Any]


def of_kind(kind: str, strategy: Manifest | None) -> Callable[[str], Manifest]:
    def make(image: str) -> Manifest:
        made = deployment(image, replicas=None if kind == "DaemonSet" else 0)
        made["kind"] = kind
        made["spec"]["template"]["spec"]["nodeSelector"] = {"made": "nowhere"}
        if kind == "StatefulSet":
            made["spec"]["serviceName"] = "web"
        if strategy is not None:
            made["spec"]["strategy" if kind == "Deployment" else "updateStrategy"] = strategy
        return made

    return make


def with_volume(source: Manifest) -> Callable[[str], Manifest]:
    def make(image: str) -> Manifest:
        made = deployment(image)
        made["spec"]["template"]["spec"]["volumes"] = [{"name": "other", "emptyDir": {}}, {"name": "files", **source}]
        return made

    return make


def with_container(fields: Manifest) -> Callable[[str], Manifest]:
    def make(image: str) -> Manifest:
        made = deployment(image)
        made["spec"]["template"]["spec"]["containers"][0] |= fields
        return made

    return make


def service(**spec: Any) -> Callable[[str], Manifest]:
    def make(_: str) -> Manifest:
        given = {"selector": {"app": "web"}, "ports": [{"port": 80}], **spec}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": given}

    return make


def disruption_budget(spec: Manifest) -> Callable[[str], Manifest]:
    def make(_: str) -> Manifest:
        given = {"selector": {"matchLabels": {"app": "web"}}, **spec}
        return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": given}

    return make


_DELETED = {"type": "OnDelete"}
_REF = {"name": "settings", "key": "a", "optional": True}
CASES = {
    "Deployment": [
        of_kind("Deployment", each)
        for each in (None, {"type": "Recreate"}, {"type": "RollingUpdate"}, {"rollingUpdate": {"maxSurge": 2}})
    ],
    "StatefulSet": [of_kind("StatefulSet", each) for each in (None, _DELETED, {"rollingUpdate": {"partition": 1}})],
    "DaemonSet": [of_kind("DaemonSet", each) for each in (None, _DELETED, {"rollingUpdate": {"maxUnavailable": 3}})],
    "volume": [
        with_volume(each)
        for each in (
            {},
            {"configMap": {"name": "x"}},
            {"downwardAPI": {}},
            {"projected": {"sources": [{"secret": {"name": "x"}}]}},
            {"persistentVolumeClaim": {"claimName": "x"}},
        )
    ],
    "probe": [
        with_container({"readinessProbe": each} if each else {})
        for each in ({}, {"httpGet": {"port": 8}}, {"grpc": {"port": 8}}, {"exec": {"command": ["x"]}})
    ],
    "hook": [
        with_container({"lifecycle": {"preStop": each}})
        for each in ({"sleep": {"seconds": 1}}, {"httpGet": {"port": 8}}, {"exec": {"command": ["x"]}})
    ],
    "environment": [
        with_container({"env": [{"name": "E", **each}]})
        for each in (
            {"value": "x"},
            {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"valueFrom": {"configMapKeyRef": _REF}},
        )
    ],
    "disruption budget": [disruption_budget({"minAvailable": 1}), disruption_budget({"maxUnavailable": "10%"})],
    "Service": [
        service(**each)
        for each in (
            {},
            {"type": "NodePort"},
            {"type": "LoadBalancer", "externalTrafficPolicy": "Local"},
            {"sessionAffinity": "ClientIP"},
            {"type": "ExternalName", "externalName": "a.example.com"},
        )
    ],
}


@pytest.mark.parametrize("case", CASES)
async def test_each_form_can_follow_each_other_one(
    cluster: clusters.Cluster, namespace: str, busybox_image: str, case: str
) -> None:
    """Applied, told beforehand, and nothing is left to do afterwards."""
    destination, who = KubernetesDestination(cluster), identity(namespace)
    forms = [make(busybox_image) for make in CASES[case]]
    for before, after in itertools.permutations(forms, 2):
        await apply(cluster, namespace, before)
        await apply(cluster, namespace, before, sequence=2)
        (told,) = await destination.diff([after], identity=who)
        applied = await apply(cluster, namespace, after)
        assert (told.refusal, applied.refusals) == (None, ())
        assert (told.action, len(applied.changed)) == (model.Action.CHANGE, 1) or not told.fields
        generation = (await live(cluster, namespace, after))["metadata"].get("generation")
        assert (await apply(cluster, namespace, after)).changed == ()
        assert (await live(cluster, namespace, after))["metadata"].get("generation") == generation


async def test_what_somebody_else_set_gives_way_too(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    """Only one can be, and the stencil says which; the difference names who set the other."""
    base = deployment(busybox_image)
    await apply(cluster, namespace, base)
    container = {"name": "web", "livenessProbe": {"httpGet": {"port": 8}}}
    theirs = {**base, "spec": {"template": {"spec": {"containers": [container]}}}}
    kubectl("-n", namespace, "apply", "--server-side", "--field-manager=prober", "-f", "-", given=json.dumps(theirs))
    wanted = with_container({"livenessProbe": {"tcpSocket": {"port": 8}}})(busybox_image)

    (told,) = await KubernetesDestination(cluster).diff([wanted], identity=identity(namespace))
    applied = await apply(cluster, namespace, wanted)

    port = next(change for change in told.fields if change.path.endswith("httpGet.port"))
    assert (port.before, port.after, port.manager) == (8, None, "prober")
    assert applied.refusals == ()
    probe = (await live(cluster, namespace, wanted))["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]
    assert set(probe) & {"httpGet", "tcpSocket"} == {"tcpSocket"}


def policy(**spec: Any) -> Manifest:
    inward = [{"from": [{"podSelector": {}}]}]
    given = {"podSelector": {}, "ingress": inward, **spec}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "web"}, "spec": given}


async def test_what_the_cluster_derives_follows_what_it_is_derived_from(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """Egress rules are enforced, an account that is no longer named is not used, a fixed tag is not pulled each time."""
    robot, plain = deployment(busybox_image), deployment(f"{busybox_image}-next")
    robot["spec"]["template"]["spec"] |= {"serviceAccountName": "robot"}
    robot["spec"]["template"]["spec"]["containers"][0]["image"] = busybox_image.rpartition(":")[0]
    outward = policy(egress=[{"to": [{"podSelector": {}}]}])
    for sequence in (1, 2):
        await apply(cluster, namespace, robot, policy(), sequence=sequence)

    told = await KubernetesDestination(cluster).diff([plain, outward], identity=identity(namespace))
    await apply(cluster, namespace, plain, outward)

    paths = {field_change.path for change in told for field_change in change.fields}
    assert paths >= {"spec.policyTypes[1]", "spec.template.spec.serviceAccount"}
    pod = (await live(cluster, namespace, plain))["spec"]["template"]["spec"]
    assert pod["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert "serviceAccount" not in pod
    assert (await live(cluster, namespace, outward))["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert (await apply(cluster, namespace, plain, outward)).changed == ()


async def test_the_cluster_describes_its_unions(cluster: clusters.Cluster) -> None:
    """Found by the rules in its own document, not by a list of kinds."""
    schema = await cluster.schema(kinds.DEPLOYMENT)
    assert schema is not None
    spec = schema.fields["spec"]
    pod = spec.fields["template"].fields["spec"]
    container = pod.fields["containers"].item
    volume = pod.fields["volumes"].item
    assert container is not None
    assert volume is not None
    (strategy,) = unions.groups(spec.fields["strategy"])
    (sources,) = unions.groups(volume)
    (probe,) = unions.groups(container.fields["startupProbe"])
    hooks = [group.names for group in unions.groups(container.fields["lifecycle"].fields["postStart"])]
    (seccomp,) = unions.groups(pod.fields["securityContext"].fields["seccompProfile"])
    assert (strategy.discriminator, dict(strategy.members)) == ("type", {"rollingUpdate": "RollingUpdate"})
    assert sources.names >= {"emptyDir", "configMap", "csi", "nfs", "ephemeral", "projected"}
    assert "name" not in sources.names
    assert probe.names == {"exec", "grpc", "httpGet", "tcpSocket"}
    assert all(hook == {"exec", "httpGet", "sleep", "tcpSocket"} for hook in hooks)
    assert dict(seccomp.members) == {"localhostProfile": "LocalhostProfile"} or seccomp.discriminator == "type"
    assert await cluster.schema(kinds.whole("example.com/v1", "Nothing")) is None


async def test_an_empty_selector_is_told_from_none(cluster: clusters.Cluster, namespace: str) -> None:
    """It chooses everything: taking it away is a change, and is written."""
    narrow = {"namespaceSelector": {"matchLabels": {"team": "shop"}}}
    first, second = (policy(ingress=[{"from": [peer]}]) for peer in ({**narrow, "podSelector": {}}, narrow))
    await apply(cluster, namespace, first)
    (told,) = await KubernetesDestination(cluster).diff([second], identity=identity(namespace))
    applied = await apply(cluster, namespace, second)
    assert [(change.path, change.before, change.after) for change in told.fields] == [
        ("spec.ingress[0].from[0].podSelector", {}, None)
    ]
    assert len(applied.changed) == 1
    assert (await apply(cluster, namespace, second)).changed == ()
