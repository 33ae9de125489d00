"""The relays' line in the table of destinations: a Kubernetes cluster that dials in, because the server can't reach it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import Field

from sealane import inputs
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.errors import UsageError

RelayName = Annotated[str, Field(min_length=1, max_length=inputs.LONGEST_NAME, pattern=inputs.NAME_PATTERN)]


@asynccontextmanager
async def _open(relay: str, context: DestinationContext) -> AsyncIterator[Destination]:
    """The cluster behind the relay, whether it is connected now or not."""
    from sealane.clients.helm import Helm
    from sealane.clients.kubernetes.cluster import Cluster
    from sealane.clients.relay.relayed import Relayed
    from sealane.destinations.kubernetes.destination import KubernetesDestination

    if context.relays is None:
        hint = "ask the server: sealane login"
        raise UsageError(f"the destination {context.name} is behind the relay {relay}, which dials a server", hint=hint)
    async with Cluster.over(Relayed(context.relays, relay), patience=context.patience) as cluster:
        yield KubernetesDestination(cluster, helm=Helm(program=context.helm))


ADAPTER = DestinationAdapter(
    file=RelayName,
    words="A Kubernetes cluster that the server can't reach, by the name of the relay that runs in it and dials in.",
    open=_open,
    platform=PLATFORM,
)
