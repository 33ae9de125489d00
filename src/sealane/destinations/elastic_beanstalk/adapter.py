"""Elastic Beanstalk's line in the table of destinations: which account and region, and how to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from pydantic import Field

from sealane.configfiles.fields import File, Maybe
from sealane.destinations.elastic_beanstalk.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext

_Text = Annotated[str, Field(min_length=1, max_length=2048)]


class ElasticBeanstalkFile(File):
    """Environments of Elastic Beanstalk in one account and region of AWS."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]
    """The region, `eu-central-1` say."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    """A bucket in which Sealane keeps what it did, under `sealane/`."""
    profile: Maybe[_Text] = None
    """The profile of the machine that deploys; when left out whatever the SDK of AWS finds: variables, web identity, the
    instance's role."""
    assume_role: Maybe[_Text] = None
    """Address of a role to assume."""
    external_id: Maybe[_Text] = None
    """What that role wants to be told."""
    endpoint: Maybe[_Text] = None
    """Where the services are, if not at Amazon."""


@asynccontextmanager
async def _open(written: ElasticBeanstalkFile, context: DestinationContext) -> AsyncIterator[Destination]:
    """Signs in with the first call."""
    del context
    from sealane.clients.aws.account import Access, Account
    from sealane.clients.aws.beanstalk import Beanstalk
    from sealane.clients.aws.buckets import Bucket
    from sealane.destinations.elastic_beanstalk.destination import BeanstalkDestination
    from sealane.destinations.elastic_beanstalk.records import Records

    access = Access(
        region=written.region,
        profile=written.profile,
        role=written.assume_role,
        external_id=written.external_id,
        endpoint=written.endpoint,
    )
    account = Account(access)
    records = Records(Bucket(account, written.bucket))
    yield BeanstalkDestination(Beanstalk(account), records, region=written.region)


ADAPTER = DestinationAdapter(file=ElasticBeanstalkFile, open=_open, platform=PLATFORM)
