"""Source bundles in the destination's bucket, or in another that its account may read."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sealane import errors
from sealane.clients.aws.account import Rejected
from sealane.clients.aws.buckets import Bucket
from sealane.destinations.elastic_beanstalk import bundle_check
from sealane.destinations.elastic_beanstalk.model import BUNDLES
from sealane.destinations.port import CheckedBundle
from sealane.findings import errors as errors_among
from sealane.images.bundle import Bundle

MOST = 512 * 1024 * 1024
"""Bytes that the service takes."""
_OWN = "sealane/"
"""Where the bucket has what is Sealane's and not an app's."""


class BucketBundles:
    """See `destinations.port.BundleStore`. A bundle is named by its content, so nobody overwrites another's."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def place(self, app: str, sha256: str) -> Bundle:
        """Below `sealane/bundles/`."""
        return Bundle(bucket=self._bucket.name, key=f"{BUNDLES}{app}/{sha256}.zip")

    async def check(self, bundle: Bundle, app: str) -> CheckedBundle:
        """Reads only the archive's directory and the files that are looked into."""
        bucket = self._bucket.sibling(bundle.bucket)
        name = f"s3://{bundle.bucket}/{bundle.key}"
        ours = bundle.bucket == self._bucket.name and bundle.key.startswith(_OWN)
        if ours and not bundle.key.startswith(f"{BUNDLES}{app}/"):
            raise errors.NotThere(f"there is no {name}, or the account may not see it")
        try:
            size = await bucket.size(bundle.key)
            if size is None:
                raise errors.NotThere(f"there is no {name}, or the account may not see it")
            if size > MOST:
                raise errors.TooLarge(f"{name} has {size} bytes", hint=f"at most {MOST}")
            return await asyncio.to_thread(_checked, bucket, bundle.key, name)
        except Rejected as rejected:
            if rejected.denied:
                raise errors.Refused(f"the destination's account may not read {name}: {rejected.message}") from None
            raise

    async def keep(self, bundle: Bundle, path: Path) -> CheckedBundle:
        """Uploads it, unless one of its size is there."""
        checked, size = await asyncio.to_thread(_checked_file, path)
        if not errors_among(checked.findings) and await self._bucket.size(bundle.key) != size:
            await self._bucket.upload(bundle.key, path)
        return checked


def _checked(bucket: Bucket, key: str, name: str) -> CheckedBundle:
    with bucket.open(key) as file:
        return bundle_check.check(file, name)


def _checked_file(path: Path) -> tuple[CheckedBundle, int]:
    """The check, and the size in bytes."""
    with path.open("rb") as file:
        return bundle_check.check(file, "the bundle"), path.stat().st_size
