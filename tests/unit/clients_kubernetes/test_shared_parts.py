"""Two pods of one workload are kept with what they have in common once, and nothing about them changes by that."""

from __future__ import annotations

from typing import Any

import msgspec

from sealane.clients.kubernetes.informer import cache, shared_parts
from sealane.clients.kubernetes.pod_objects import Pod

OWNER = {"kind": "ReplicaSet", "name": "web-1", "uid": "u-1", "apiVersion": "apps/v1", "controller": True}


def pod(name: str, *, ready: bool = True, image: str = "shop:1") -> Pod:
    """As the API server's JSON says it."""
    status: dict[str, Any] = {"name": "web", "image": image, "ready": ready, "restartCount": 0 if ready else 2}
    written = {
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "web"}, "ownerReferences": [OWNER]},
        "spec": {"containers": [{"name": "web", "image": image}], "nodeName": f"node-of-{name}"},
        "status": {"phase": "Running", "containerStatuses": [status], "podIP": "10.0.0.1" if ready else "10.0.0.2"},
    }
    return msgspec.json.decode(msgspec.json.encode(written), type=Pod)


def test_what_is_equal_is_one_thing_and_what_differs_stays() -> None:
    first, second = pod("one"), pod("two", ready=False)
    kept = shared_parts.shared(second, first)
    assert kept == second
    assert kept.spec.containers is first.spec.containers
    assert kept.metadata.labels is first.metadata.labels
    assert kept.metadata.owner_references is first.metadata.owner_references
    assert kept.status.container_statuses[0].image is first.status.container_statuses[0].image
    assert (kept.metadata.name, kept.spec.node_name, kept.status.pod_ip) == ("two", "node-of-two", "10.0.0.2")


def test_a_value_of_another_type_or_length_is_left_as_it_is() -> None:
    first = pod("one")
    assert shared_parts.shared(first, first) is first
    assert shared_parts.shared(pod("one"), first) is first
    assert shared_parts.shared((1, 2), (1, 2, 3)) == (1, 2)
    one: Any = 1
    assert shared_parts.shared(one, True) is one


def test_a_view_keeps_siblings_so_and_takes_a_change_of_one_alone() -> None:
    held: cache.ObjectCache[Pod] = cache.ObjectCache()
    held.replace([pod("one"), pod("two")])
    held.put(pod("two", image="shop:2"))
    one, two = held.objects["shop", "one"], held.objects["shop", "two"]
    assert two == pod("two", image="shop:2")
    assert one == pod("one")
    assert held.belonging("u-1") == (one, two)
    assert two.metadata.labels is one.metadata.labels
