"""Elastic Beanstalk's line in the table of destinations: which account and region, and how to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sealane.destinations.aws.account_fields import AccountFile
from sealane.destinations.elastic_beanstalk.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext

if TYPE_CHECKING:
    from sealane.destinations.aws.pace import Pace


class ElasticBeanstalkFile(AccountFile):
    """Environments of Elastic Beanstalk in one account and region of AWS."""


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
    return BeanstalkDestination(Beanstalk(account), kept, region=written.region, pace=pace)


ADAPTER = DestinationAdapter(file=ElasticBeanstalkFile, open=_open, platform=PLATFORM)
