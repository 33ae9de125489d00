"""Objects in S3 buckets that charts and their values come from, and how the buckets are reached. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sealane.charts.model import RemoteChart

SCHEME = "s3"
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_KEY = r"[^\s?#@/][^\s?#@]*"
ADDRESS = rf"s3://{_BUCKET}(?:/{_KEY})?"
"""The pattern of a repository's address: a bucket, and perhaps a folder in it."""
OBJECT = rf"s3://{_BUCKET}/{_KEY}(?:\?versionId=[A-Za-z0-9._+/=-]{{1,1024}})?(?:@sha256:[0-9a-f]{{64}})?"
"""The pattern of an object, perhaps with its version and its digest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketAccess:
    """How operators let apps read a bucket."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}
    region: str = "us-east-1"
    profile: str | None = None
    role: str | None = None
    """ARN of a role to assume."""
    external_id: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    """Address of the store, if it is not Amazon's."""
    apps: Sequence[str] | None = None
    """The apps that may read it; None: all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BucketObject:
    """An object as a commit names it."""

    bucket: str
    key: str
    version: str | None = None
    """Its version, in a bucket that keeps versions; None: the newest."""
    digest: str | None = None
    """The SHA-256 that its content has to have."""

    @property
    def address(self) -> str:
        """The address without version and digest."""
        return f"{SCHEME}://{self.bucket}/{self.key}"

    def __str__(self) -> str:
        version = f"?versionId={self.version}" if self.version else ""
        return f"{self.address}{version}" + (f"@{self.digest}" if self.digest else "")


def parse(written: str) -> BucketObject | None:
    """The object with that address; None for anything else."""
    if not re.fullmatch(OBJECT, written):
        return None
    named, _, digest = written.removeprefix(f"{SCHEME}://").partition("@")
    place, _, version = named.partition("?versionId=")
    bucket, _, key = place.partition("/")
    return BucketObject(bucket=bucket, key=key, version=version or None, digest=digest or None)


def index_of(chart: RemoteChart) -> BucketObject:
    """The index of a chart repository in a bucket."""
    bucket, _, folder = chart.repository.removeprefix(f"{SCHEME}://").partition("/")
    return BucketObject(bucket=bucket, key=f"{folder.strip('/')}/index.yaml".lstrip("/"))


def archive_of(index: BucketObject, address: str) -> BucketObject | None:
    """The archive at an address in the index: a path beside it, or a whole address of a bucket; None for anything else."""
    if "://" in address:
        return parse(address)
    above = index.key.removesuffix("index.yaml")
    return parse(f"{SCHEME}://{index.bucket}/{above}{address.removeprefix('./')}")
