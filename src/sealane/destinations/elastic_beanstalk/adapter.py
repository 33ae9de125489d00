"""Elastic Beanstalk's line in the table of destinations: which account and region, and how to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from sealane.configfiles.fields import WHOLE, Maybe
from sealane.destinations.aws.account_fields import AccountFile
from sealane.destinations.elastic_beanstalk.model import GROUP
from sealane.destinations.elastic_beanstalk.platform import PLATFORM
from sealane.destinations.port import BundleStore, Destination, DestinationAdapter, DestinationContext

if TYPE_CHECKING:
    from sealane.destinations.aws.pace import Pace


class ElasticBeanstalkFile(AccountFile):
    """Environments of Elastic Beanstalk in one account and region of AWS."""

    keep_versions: Maybe[Annotated[int, Field(ge=5, le=900), WHOLE]] = None
    """How many versions of each app are kept that Sealane made; older ones that nothing runs are deleted after a good
    deployment, their bundles not. All when left out."""


@asynccontextmanager
async def _open(written: ElasticBeanstalkFile, context: DestinationContext) -> AsyncIterator[Destination]:
    del context
    yield opened(written)


def opened(written: ElasticBeanstalkFile, pace: Pace | None = None) -> Destination:
    """The destination; it signs in with the first call. `pace` is how long it waits between looks."""
    from sealane.clients.aws.beanstalk import Beanstalk
    from sealane.clients.aws.buckets import Bucket
    from sealane.destinations.elastic_beanstalk import records
    from sealane.destinations.elastic_beanstalk.destination import BeanstalkDestination

    account = written.account()
    kept = records.of(Bucket(account, written.bucket))
    return BeanstalkDestination(Beanstalk(account), kept, region=written.region, pace=pace, keep=written.keep_versions)


def _bundles(written: ElasticBeanstalkFile) -> BundleStore:
    from sealane.clients.aws.buckets import Bucket
    from sealane.destinations.elastic_beanstalk.bundle_store import BucketBundles

    return BucketBundles(Bucket(written.account(), written.bucket))


def _permissions(
    written: ElasticBeanstalkFile, applications: Sequence[str], bundles: Sequence[str]
) -> Mapping[str, Any]:
    from sealane.destinations.elastic_beanstalk import permissions

    policy = permissions.policy(
        region=written.region, bucket=written.bucket, applications=applications, bundles=bundles
    )
    return permissions.with_cleanup(policy) if written.keep_versions else policy


ADAPTER = DestinationAdapter(
    file=ElasticBeanstalkFile,
    open=_open,
    platform=PLATFORM,
    bundles=_bundles,
    permissions=_permissions,
    groups=(GROUP,),
)
