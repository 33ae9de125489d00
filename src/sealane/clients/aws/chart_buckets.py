"""Reads objects of the S3 buckets that operators list, for the apps that may."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.charts.buckets import BucketAccess, BucketObject
from sealane.clients.aws.account import Access, Account, Rejected
from sealane.clients.aws.buckets import Bucket, StoredContent
from sealane.errors import NotThere, Refused

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404"})
LISTED_IN = "SEALANE_HELM__BUCKETS"


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartBuckets:
    """Buckets with charts and values."""

    listed: Mapping[str, BucketAccess] = field(default_factory=dict)
    others: BucketAccess | None = None
    """How buckets are reached that are not listed, on a person's own machine; None: not at all."""
    _accounts: dict[Access, Account] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def check(self, name: str, app: str) -> BucketAccess:
        """How the app reaches the bucket. Raises Refused."""
        access = self.listed.get(name, self.others)
        if access is None:
            raise Refused(f"the bucket {name} is not listed in {LISTED_IN}", hint="operators list it there")
        if access.apps is not None and app not in access.apps:
            raise Refused(f"{app} may not read the bucket {name}", hint=f"operators list it there, in {LISTED_IN}")
        return access

    async def read(self, wanted: BucketObject, *, app: str, largest: int) -> StoredContent:
        """The object's content and version. Raises NotThere, Refused, TooLarge and what `Account.call` raises."""
        account = self._account(self.check(wanted.bucket, app))
        try:
            return await Bucket(account, wanted.bucket).read(wanted.key, version=wanted.version, largest=largest)
        except Rejected as rejected:
            if rejected.code in _MISSING:
                raise NotThere(f"there is no {wanted.address}") from None
            hint = "it is not there, or the account may not read it" if rejected.denied else None
            raise Refused(f"{wanted.address} can't be read: {rejected.message}", hint=hint) from None

    def _account(self, access: BucketAccess) -> Account:
        given = Access(
            region=access.region,
            profile=access.profile,
            role=access.role,
            external_id=access.external_id,
            endpoint=access.endpoint,
        )
        with self._lock:
            return self._accounts.setdefault(given, Account(given))
