"""The client against a real API server, with the official client as an oracle."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, lists, workloads
from sealane.clients.kubernetes.informer import reflector, watch_stream
from testbed.record import Bed
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, config_map, custom_kind, deployment, job


def oracle(bed: Bed) -> Any:
    """The official dynamic client."""
    from kubernetes import config, dynamic

    return dynamic.DynamicClient(config.new_client_from_config(bed.admin_kubeconfig))


async def test_every_kind_is_where_the_official_client_finds_it(bed: Bed, admin: clusters.Cluster) -> None:
    def expected() -> set[tuple[str, str, str, bool]]:
        client = oracle(bed)
        with client.client:
            return {
                (searched.group_version, searched.kind, searched.name, searched.namespaced)
                for searched in client.resources.search()
                if searched.kind and not searched.kind.endswith("List") and "/" not in searched.name
            }

    ours = set()
    for group_version, kind, name, namespaced in await asyncio.to_thread(expected):
        try:
            resource = await admin.resource(kinds.whole(group_version, kind))
        except errors.UnknownKind:
            continue  # another test's definition, gone meanwhile
        ours.add((group_version, kind))
        assert (resource.plural, resource.namespaced) == (name, namespaced), f"{group_version} {kind}"
    assert {("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "Namespace"), ("batch/v1", "Job")} <= ours


async def test_an_apply_gives_the_object_that_the_official_client_reads(
    bed: Bed, cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    manifest = deployment(busybox_image, A="1")
    applied = await cluster.apply(manifest, namespace=namespace)

    def read() -> tuple[dict[str, Any], dict[str, Any]]:
        client = oracle(bed)
        with client.client:
            kind = client.resources.get(api_version="apps/v1", kind="Deployment")
            again = client.server_side_apply(kind, body=manifest, namespace=namespace, field_manager="sealane")
            return again.to_dict()["spec"], client.get(kind, name="web", namespace=namespace).to_dict()["metadata"]

    spec, metadata = await asyncio.to_thread(read)
    assert applied["spec"] == spec
    assert (metadata["uid"], metadata["generation"]) == (applied["metadata"]["uid"], 1)


async def test_an_apply_that_changes_nothing_changes_no_version(cluster: clusters.Cluster, namespace: str) -> None:
    first = await cluster.apply(config_map(), namespace=namespace)
    again = await cluster.apply(config_map(), namespace=namespace)
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_a_conflict_names_field_and_manager(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    await cluster.apply(deployment(busybox_image), namespace=namespace)
    await asyncio.to_thread(
        kubectl, "set", "image", "deployment/web", "web=localhost:1/x:1", f"--namespace={namespace}"
    )
    with pytest.raises(errors.Conflict) as caught:
        await cluster.apply(deployment(busybox_image), namespace=namespace)
    assert [(cause.field, cause.manager) for cause in caught.value.causes] == [
        ('.spec.template.spec.containers[name="web"].image', "kubectl-set")
    ]
    forced = await cluster.apply(deployment(busybox_image), namespace=namespace, force=True)
    assert forced["spec"]["template"]["spec"]["containers"][0]["image"] == busybox_image


async def test_a_write_against_an_old_version_is_a_conflict(cluster: clusters.Cluster, namespace: str) -> None:
    first = await cluster.apply(config_map(a="1"), namespace=namespace)
    await cluster.apply(config_map(a="2"), namespace=namespace)
    with pytest.raises(errors.Conflict):
        await cluster.apply(config_map(a="3"), namespace=namespace, version=first["metadata"]["resourceVersion"])
    with pytest.raises(errors.AlreadyExists):
        await cluster.create(config_map(a="4"), namespace=namespace)
    only = clusters.Precondition(uid="another")
    with pytest.raises(errors.Conflict):
        await cluster.delete(kinds.CONFIG_MAP, "settings", namespace=namespace, only=only)
    assert (await cluster.get(kinds.CONFIG_MAP, "settings", namespace=namespace))["data"] == {"a": "2"}


async def test_a_misspelt_field_is_rejected_and_not_retried(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """Server-side apply says so with a 500 that gives no reason."""
    bad = deployment(busybox_image)
    bad["spec"]["replcas"] = 1
    with pytest.raises(errors.Rejected, match="replcas") as caught:
        await cluster.apply(bad, namespace=namespace)
    assert not caught.value.retry


async def test_a_kind_defined_a_moment_ago_is_found(admin: clusters.Cluster, namespace: str) -> None:
    group = f"{namespace}.example.com"
    widget = {"apiVersion": f"{group}/v1", "kind": "Widget", "metadata": {"name": "w"}}
    with pytest.raises(errors.UnknownKind):
        await admin.resource(kinds.of(widget))
    await admin.create(custom_kind(group))
    try:
        async with asyncio.timeout(30):
            while await admin.find(kinds.of(widget), "w", namespace=namespace) is None:
                try:
                    await admin.create(widget, namespace=namespace)
                except errors.NotFound:
                    await asyncio.sleep(0.05)
    finally:
        await admin.delete(kinds.CUSTOM_KIND, f"widgets.{group}")


async def test_the_account_learns_what_it_may(cluster: clusters.Cluster, namespace: str) -> None:
    assert await cluster.may("create", kinds.DEPLOYMENT, namespace=namespace)
    assert not await cluster.may("create", kinds.NAMESPACE)
    with pytest.raises(errors.Forbidden):
        await cluster.list(kinds.CONFIG_MAP, namespace="kube-system")


async def test_a_certificate_of_somebody_else_is_not_trusted(bed: Bed, tmp_path: Any) -> None:
    from pathlib import Path

    config = yaml.safe_load(Path(bed.sealane_kubeconfig).read_text())
    config["clusters"][0]["cluster"].pop("certificate-authority-data")
    (tmp_path / "k").write_text(yaml.safe_dump(config))
    async with clusters.Cluster.connect(tmp_path / "k") as connected:
        with pytest.raises(errors.Untrusted, match="certificate-authority"):
            await connected.resource(kinds.POD)


# --- live views


@asynccontextmanager
async def viewing(
    cluster: clusters.Cluster, namespace: str
) -> AsyncIterator[reflector.Reflector[workloads.Deployment]]:
    async with asyncio.timeout(60), cluster.live(kinds.DEPLOYMENT, namespace=namespace) as view:
        yield view


async def until_seen(view: reflector.Reflector[workloads.Deployment], *expected: str) -> None:
    count = view.changes.count
    while {name for _, name in view.objects} != set(expected):
        count = await view.changes.after(count)


async def test_a_view_equals_the_list_at_the_end_of_many_changes(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    async with viewing(cluster, namespace) as view:
        numbers = [f"web-{number}" for number in range(8)]
        await asyncio.gather(*(cluster.apply(deployment(busybox_image, name=n), namespace=namespace) for n in numbers))
        await asyncio.gather(*(cluster.delete(kinds.DEPLOYMENT, n, namespace=namespace) for n in numbers[::2]))
        await until_seen(view, *numbers[1::2])
        assert view.lists == 1
        listed = await cluster.list(kinds.DEPLOYMENT, namespace=namespace)
        count = view.changes.count
        while {item.metadata.name: item.metadata.uid for item in listed.items} != {
            item.metadata.name: item.metadata.uid for item in view.objects.values()
        }:
            count = await view.changes.after(count)


async def test_a_version_the_server_forgot_is_gone(admin: clusters.Cluster, namespace: str) -> None:
    """The server says so with HTTP 200 and an ERROR event in the stream.

    It remembers nothing that was before the kind: of kinds that are there from its own start it may remember all.
    """
    definition = custom_kind(f"{namespace}.example.com")
    name = definition["metadata"]["name"]
    widget = {"apiVersion": f"{namespace}.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
    path = f"/apis/{namespace}.example.com/v1/namespaces/{namespace}/widgets"

    async def watch() -> None:
        async for _ in watch_stream.changes(admin._connection, path, lists.decoder(workloads.Deployment), since="1"):
            pass

    try:
        await apply(admin, namespace, definition, widget)
        with pytest.raises(errors.Gone):
            await asyncio.wait_for(watch(), 120)
    finally:
        await admin.delete(kinds.CUSTOM_KIND, name)


async def test_a_page_token_the_server_forgot_is_gone(cluster: clusters.Cluster, namespace: str) -> None:
    from sealane.clients.kubernetes import exchange

    query = {"limit": "1", "continue": "bm90IGEgdG9rZW4"}
    call = exchange.Call(method="GET", path=f"/api/v1/namespaces/{namespace}/configmaps", query=query)
    with pytest.raises((errors.Gone, errors.Invalid)):
        await cluster._connection.call(call)


# --- logs


async def test_logs_of_this_run_and_the_one_before(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    word = secrets.token_hex(4)
    container = {"name": "app", "image": busybox_image, "command": ["sh", "-c", f"echo {word} $(date +%N); exit 3"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}}
    await cluster.apply(pod, namespace=namespace)
    async with asyncio.timeout(60), cluster.live(kinds.POD, namespace=namespace) as view:
        count = view.changes.count
        while not any(s.restart_count >= 1 for p in view.objects.values() for s in p.status.container_statuses):
            count = await view.changes.after(count)
        previous = await cluster.log("p", "app", namespace=namespace, previous=True)
        while previous[0].startswith("unable to retrieve"):  # it restarted once more, and this one is being removed
            previous = await cluster.log("p", "app", namespace=namespace, previous=True)
    assert previous[0].startswith(word)
    with pytest.raises(errors.ClusterError):
        await cluster.log("p", "other", namespace=namespace)


async def test_a_log_is_followed_to_its_end(cluster: clusters.Cluster, namespace: str, busybox_image: str) -> None:
    talker = job("talker", busybox_image)
    container = talker["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["sh", "-c", "for n in 1 2 3; do echo line $n; sleep 0.3; done"]
    await cluster.apply(talker, namespace=namespace)
    async with asyncio.timeout(60), cluster.live(kinds.POD, namespace=namespace) as view:
        count = view.changes.count
        while not any(p.status.phase in ("Running", "Succeeded") for p in view.objects.values()):
            count = await view.changes.after(count)
        (name,) = (name for _, name in view.objects)
        lines = [line async for line in cluster.follow_log(name, "job", namespace=namespace)]
    assert lines == ["line 1", "line 2", "line 3"]
