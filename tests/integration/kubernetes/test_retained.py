"""What leaves a stencil and stays in a real cluster is told; what goes, or an object made now would have too, is not."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from sealane import errors as ours
from sealane.clients.helm import ON_PATH
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.deployments import messages
from sealane.destinations import model
from sealane.destinations.kubernetes import field_trees, server_side_apply
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.kubernetes.helm_releases.write import Releases
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, deployment, identity, live

Manifest = dict[str, Any]


def service(*ports: Manifest, **spec: Any) -> Manifest:
    given = {"selector": {"app": "web"}, "ports": list(ports) or [{"port": 70}], **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": given}


def workload(image: str, kind: str = "Deployment", **spec: Any) -> Manifest:
    made = deployment(image, replicas=None)
    made["kind"] = kind
    made["spec"] |= ({"serviceName": "web"} if kind == "StatefulSet" else {}) | spec
    made["spec"]["template"]["spec"]["nodeSelector"] = {"made": "nowhere"}
    return made


NUMBERED = {"port": 71, "name": "a"}
CASES: dict[str, tuple[Manifest, Manifest, dict[str, Any]]] = {
    "an address": (service(clusterIP="None"), service(), {"spec.clusterIP": "None"}),
    "families": (
        service(ipFamilyPolicy="PreferDualStack"),
        service(),
        {"spec.ipFamilyPolicy": "PreferDualStack"},
    ),
    "what is the default anyway": (service(type="ClusterIP", sessionAffinity="None"), service(), {}),
    "what goes": (service(sessionAffinity="ClientIP", publishNotReadyAddresses=True), service(), {}),
    "a whole port": (service(NUMBERED, {"port": 72, "name": "b"}), service(NUMBERED), {}),
    "replicas": (workload("x", replicas=4), workload("x"), {"spec.replicas": 4}),
    "replicas of a set": (
        workload("x", "StatefulSet", replicas=3, minReadySeconds=2),
        workload("x", "StatefulSet"),
        {"spec.replicas": 3},
    ),
    "one replica": (workload("x", replicas=1, progressDeadlineSeconds=99), workload("x"), {}),
    "defaults below": (
        workload("x", strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 4}}, revisionHistoryLimit=2),
        workload("x"),
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_field_that_leaves_the_stencil_goes_or_is_told(
    cluster: clusters.Cluster, namespace: str, case: str
) -> None:
    """By `diff`, by the deployment, and by each look afterwards: also once other fields were written, and never twice."""
    destination, who = KubernetesDestination(cluster), identity(namespace)
    before, after, stays = CASES[case]
    await apply(cluster, namespace, before)
    (unchanged,) = await destination.diff([before], identity=who)
    other = {**after, "metadata": {**after["metadata"], "labels": {"team": "a"}}}

    (told,) = await destination.diff([after], identity=who)
    applied = await apply(cluster, namespace, after)
    again = await apply(cluster, namespace, other, sequence=2)
    (later,) = await destination.diff([other], identity=who)

    assert (unchanged.left, unchanged.action) == ((), model.Action.NONE)
    for left in (
        told.left,
        later.left,
        [left_field for _, left_field in applied.left],
        [left_field for _, left_field in again.left],
    ):
        assert {left_field.path: left_field.value for left_field in left} == stays
        assert all(
            left_field.manager is None and "write the value that you want" in left_field.hint for left_field in left
        )
    assert later.action is model.Action.NONE
    words = messages.applied_words(applied)
    assert all(f"{path} stays {json.dumps(value)}" in words for path, value in stays.items())
    (back,) = await destination.diff([before], identity=who)
    assert back.left == ()


async def test_a_port_of_the_node_stays_although_another_one_of_the_object_is_fixed(
    cluster: clusters.Cluster, namespace: str
) -> None:
    """Whatever is free: an object made now could not have the port that this one holds, and is asked for without it."""
    one, two = ({"port": port, "name": f"p{port}"} for port in (81, 82))
    await apply(cluster, namespace, service(one, two, type="NodePort"))
    ports = (await live(cluster, namespace, service()))["spec"]["ports"]
    fixed, free = ({**own, "nodePort": there["nodePort"]} for own, there in zip((one, two), ports, strict=True))
    await apply(cluster, namespace, service(fixed, free, type="NodePort"))

    applied = await apply(cluster, namespace, service(fixed, two, type="NodePort"))

    assert [(field.path, field.value) for _, field in applied.left] == [("spec.ports[82].nodePort", free["nodePort"])]


async def test_an_object_made_anew_has_nothing_left(cluster: clusters.Cluster, namespace: str) -> None:
    """The way out that is told is one."""
    await apply(cluster, namespace, service(clusterIP="None"))
    await apply(cluster, namespace, service())
    await cluster.delete(kinds.whole("v1", "Service"), "web", namespace=namespace)
    applied = await apply(cluster, namespace, service())
    assert applied.left == ()
    assert (await live(cluster, namespace, service()))["spec"]["clusterIP"] != "None"


async def test_defaults_of_what_is_taken_over_are_no_news(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    """`kubectl` records every default as its own; only what it really said and the cluster keeps is told."""
    plain, headless = workload(busybox_image), service(clusterIP="None")
    for manifest in (plain, headless):
        kubectl("-n", namespace, "create", "-f", "-", given=json.dumps(manifest))
    wanted = [plain, service()]

    told = await KubernetesDestination(cluster).diff(wanted, identity=identity(namespace), adopt=True)
    applied = await apply(cluster, namespace, *wanted, adopt=True)

    assert {field.path for change in told for field in change.left} == {"spec.clusterIP"}
    assert [field.path for _, field in applied.left] == ["spec.clusterIP"]


# --- forbidden beside what is wanted, and in no description


def with_first(image: str, **fields: Any) -> Manifest:
    made = workload(image)
    first = [{"name": "other", "image": image}, {"name": "first", "image": image, **fields}]
    made["spec"]["template"]["spec"]["initContainers"] = first
    return made


FORBIDDEN: dict[str, tuple[Manifest, Manifest, Manifest, str]] = {
    "a hook of a sidecar": (
        with_first("x", restartPolicy="Always"),
        {"initContainers": {"first": {"lifecycle": {"preStop": {"sleep": {"seconds": 2}}}}}},
        with_first("x"),
        "spec.template.spec.initContainers[first].lifecycle",
    ),
    "ranges of a load balancer, spelt otherwise": (
        service(type="LoadBalancer"),
        {"loadBalancerSourceRanges": ["10.3.0.0/16"]},
        service(type="NodePort"),
        "spec.loadBalancerSourceRanges",
    ),
}


async def put_in(cluster: clusters.Cluster, namespace: str, manifest: Manifest, fields: Manifest) -> None:
    """As an admission plugin does: the fields are there, and nobody has them."""
    object_live = await live(cluster, namespace, manifest)
    operations: list[Manifest] = []
    for name, value in fields.items():
        if name == "initContainers":
            for at, container in enumerate(object_live["spec"]["template"]["spec"][name]):
                place = f"/spec/template/spec/{name}/{at}"
                more = value.get(container["name"], {})
                operations += [{"op": "add", "path": f"{place}/{key}", "value": own} for key, own in more.items()]
        else:
            operations.append({"op": "add", "path": f"/spec/{name}", "value": value})
    kind, place = kinds.of(manifest), "/metadata/managedFields"
    await cluster.patch(kind, "web", operations, namespace=namespace)
    records = {"op": "replace", "path": place, "value": object_live["metadata"]["managedFields"]}
    await cluster.patch(kind, "web", [records], namespace=namespace)


@pytest.mark.parametrize("case", FORBIDDEN)
async def test_what_only_a_refusal_names_gives_way(cluster: clusters.Cluster, namespace: str, case: str) -> None:
    """The cluster forbids it beside what is wanted, and nobody asked for it: told by `diff`, gone after the deployment."""
    before, theirs, wanted, path = FORBIDDEN[case]
    await apply(cluster, namespace, before)
    await put_in(cluster, namespace, before, theirs)

    (told,) = await KubernetesDestination(cluster).diff([wanted], identity=identity(namespace))
    applied = await apply(cluster, namespace, wanted)

    assert (told.refusal, applied.refusals, len(applied.changed)) == (None, (), 1)
    assert any(field.path.startswith(path) and field.after is None for field in told.fields)
    assert (await apply(cluster, namespace, wanted)).changed == ()


async def test_what_somebody_holds_or_a_stencil_says_is_refused_as_before(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    """Only what nobody asked for may go without a word."""
    await apply(cluster, namespace, service(type="LoadBalancer"))
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    theirs |= {"spec": {"loadBalancerSourceRanges": ["10.4.0.0/16"]}}
    kubectl("-n", namespace, "apply", "--server-side", "--field-manager=guard", "-f", "-", given=json.dumps(theirs))
    held = await apply(cluster, namespace, service(type="NodePort"))
    said = await apply(cluster, namespace, service(type="NodePort", loadBalancerSourceRanges=["10.4.0.0/16"]))
    assert [refusal.reason for refusal in (*held.refusals, *said.refusals)] == [model.Reason.INVALID] * 2


async def test_an_object_that_the_store_would_not_take_is_refused_before_another_one_is_written(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """A dry run takes it: only etcd has that limit."""
    huge = deployment(busybox_image, A="x" * 800_000, B="y" * 800_000)
    refused = await apply(cluster, namespace, service(), huge)
    assert "the cluster stores no object of more than" in refused.refusals[0].message
    assert await cluster.find(kinds.of(service()), "web", namespace=namespace) is None


# --- killed between two writes


KILLED: dict[str, tuple[Manifest, Manifest | None, Manifest, bool]] = {
    "a union": (workload("x"), None, workload("x", strategy={"type": "Recreate"}), False),
    "forbidden": (*FORBIDDEN["ranges of a load balancer, spelt otherwise"][:3], False),
    "kept by the cluster": (
        service(clusterIP="None", publishNotReadyAddresses=True),
        None,
        service(),
        False,
    ),
    "taken over": (workload("x", minReadySeconds=8, replicas=2), None, workload("x", replicas=3), True),
    "new": ({}, None, workload("x", revisionHistoryLimit=4), False),
}


@pytest.mark.parametrize("case", KILLED)
async def test_killed_between_any_two_writes_the_repeat_ends_as_if_nothing_had_been(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, case: str
) -> None:
    """Records are claimed by one write and the object is applied by the next: whichever was the last one, all is as meant."""
    before, theirs, wanted, adopt = KILLED[case]
    ends: list[Any] = []
    for number in itertools.count():
        if before and adopt:
            kubectl("-n", namespace, "apply", "-f", "-", given=json.dumps(before))
        elif before:
            await apply(cluster, namespace, before)
        if theirs:
            await put_in(cluster, namespace, before, theirs)
        writes = await killed(cluster, namespace, wanted, after=number, adopt=adopt)
        applied = await apply(cluster, namespace, wanted, adopt=adopt)
        object_live = await live(cluster, namespace, wanted)
        ends.append((end(object_live, wanted), applied.refusals, [str(left_field) for _, left_field in applied.left]))
        assert (await apply(cluster, namespace, wanted, adopt=adopt)).changed == ()
        await cluster.delete(kinds.of(wanted), "web", namespace=namespace)
        if writes < number:
            break
    assert len(ends) > 2, "there was more than one write"
    assert all(one_end == ends[0] for one_end in ends)


async def killed(cluster: clusters.Cluster, namespace: str, wanted: Manifest, *, after: int, adopt: bool) -> int:
    """Applies, and dies after so many writes. Gives how many there were."""
    writes = 0

    async def fence() -> None:
        nonlocal writes
        if writes == after:
            raise ours.Fenced("killed")
        writes += 1

    try:
        await server_side_apply.apply(
            Releases(cluster=cluster, helm=ON_PATH), [wanted], identity=identity(namespace), fence=fence, adopt=adopt
        )
    except ours.Fenced:
        return after
    return writes


def end(live: Manifest, wanted: Manifest) -> Any:
    """What of an object tells how it came about, leaving out what each one has for itself, and recorded defaults."""
    metadata, spec = live["metadata"], dict(live["spec"])
    for name in ("clusterIPs", "ports", "healthCheckNodePort"):
        spec.pop(name, None)
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
    records = {
        (entry["manager"], entry["operation"]): field_trees.having(entry["fieldsV1"], wanted)
        for entry in metadata["managedFields"]
        if not entry["manager"].startswith("kube-")
    }
    notes = [(key, metadata["annotations"].get(key)) for key in (model.CREATED, model.ADOPTED, model.REVISION)]
    return spec, metadata["labels"], notes, records
