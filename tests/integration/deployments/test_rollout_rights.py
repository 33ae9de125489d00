"""Kinds that the account may write and not look at: what counts as there, what is an error, and that nothing hangs."""

from __future__ import annotations

import asyncio

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors
from sealane.destinations.kubernetes import observe
from sealane.destinations.model import ObjectRef
from sealane.journal import Broken
from testbed.record import Bed
from tests.integration.deployments import parts

WRITE = "[get, create, update, patch, delete]"
CHECK = "\nhealth: [{kind: Widget, ready: object.status.phase == 'Running'}]\n"


def widget(verbs: str, more: str = "") -> parts.Scenario:
    """A custom resource beside a Deployment, with these rights to its kind."""
    known = next(scenario for scenario in parts.scenarios() if scenario.name == "fine-custom-not-watched")
    assert WRITE in known.text
    return parts.Scenario(name="widget", text=known.text.replace(WRITE, verbs) + more)


async def test_a_kind_that_may_be_listed_and_not_watched_counts_as_there(
    bed: Bed, admin: clusters.Cluster, cluster: clusters.Cluster
) -> None:
    """The watch is refused after a good list, again and again: that must not look like a cluster that is away."""
    async with asyncio.timeout(60):
        played = await parts.play(widget("[get, list, create, update, patch, delete]"), bed, admin, cluster)
    parts.check(played)


@pytest.mark.parametrize("verbs", [WRITE, "[get, list, create, update, patch, delete]"])
async def test_a_health_check_of_a_kind_that_may_not_be_looked_at_is_an_error(
    verbs: str, bed: Bed, admin: clusters.Cluster, cluster: clusters.Cluster
) -> None:
    """Whoever asks for a check wants to know; the error names the right that is missing."""
    async with asyncio.timeout(60):
        with pytest.raises(Broken, match=r"cannot (list|watch) resource \"widgets\"") as broken:
            await parts.play(widget(verbs, CHECK), bed, admin, cluster)
    assert isinstance(broken.value.__cause__, errors.Forbidden)


async def test_where_nothing_may_be_looked_at_all_counts_as_there(cluster: clusters.Cluster) -> None:
    """Sealane's account has no rights in this namespace; what it says stays, and nothing breaks or turns."""
    service = ObjectRef(group="", version="v1", kind="Service", namespace="kube-system", name="kube-dns")
    seen = observe.observe(cluster, (service,), namespace="kube-system")
    observation = await anext(seen)
    assert [(workload.health, workload.message) for workload in observation.workloads] == [
        ("ready", "not watched: the account may not list and watch Service")
    ]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await anext(seen)
    await seen.aclose()
