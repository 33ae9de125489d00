"""Whether a namespace exists, or is being deleted: a cluster only says that it forbids what is written there."""

from __future__ import annotations

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds

TERMINATING = "Terminating"


async def phase(cluster: clusters.Cluster, namespace: str) -> str | None:
    """The namespace's phase; None if it does not exist, empty if the account may not read it."""
    try:
        phased = await cluster.find(kinds.NAMESPACE, namespace)
    except errors.Forbidden:
        return ""
    return phased.status.phase if phased is not None else None


async def leaves(cluster: clusters.Cluster, namespace: str) -> bool:
    """Whether the namespace is being deleted; False if the account may not read it."""
    return await phase(cluster, namespace) == TERMINATING
