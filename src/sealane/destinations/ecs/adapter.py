"""ECS' line in the table of destinations: which account and region, and how to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sealane.destinations.aws.account_fields import AccountFile
from sealane.destinations.ecs.model import GROUP, SCHEDULER_GROUP
from sealane.destinations.ecs.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext


class EcsFile(AccountFile):
    """Services and tasks of Elastic Container Service in one account and region of AWS."""


@asynccontextmanager
async def _open(written: EcsFile, context: DestinationContext) -> AsyncIterator[Destination]:
    """Signs in with the first call."""
    del context
    from sealane.clients.aws.buckets import Bucket
    from sealane.destinations.ecs import records
    from sealane.destinations.ecs.destination import EcsDestination

    account = written.account()
    kept = records.of(Bucket(account, written.bucket))
    yield EcsDestination(account, kept, region=written.region)


def _permissions(written: EcsFile, clusters: Sequence[str], bundles: Sequence[str]) -> Mapping[str, Any]:
    del bundles  # nothing is deployed from them
    from sealane.destinations.ecs import permissions

    return permissions.policy(region=written.region, bucket=written.bucket, clusters=clusters)


ADAPTER = DestinationAdapter(
    file=EcsFile, open=_open, platform=PLATFORM, permissions=_permissions, groups=(GROUP, SCHEDULER_GROUP)
)
