"""Small objects in an S3 bucket, overwritten only if unchanged since they were read."""

from __future__ import annotations

from sealane.clients.aws.account import Account, Rejected
from sealane.errors import Conflicting


class Bucket:
    """One bucket. Everything raises what `Account.call` raises."""

    def __init__(self, account: Account, name: str) -> None:
        self._account, self.name = account, name

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """The object and its tag; None if it does not exist."""
        try:
            answer = await self._account.call("s3", "get_object", Bucket=self.name, Key=key)
        except Rejected as rejected:
            if rejected.code in {"NoSuchKey", "404"}:
                return None
            raise
        return answer.values["Body"], str(answer.values["ETag"])

    async def put(self, key: str, content: bytes, *, over: str | None) -> str:
        """Overwrites the object with that tag (None: it must not exist) and returns the new tag. Raises Conflicting."""
        condition = {"IfMatch": over} if over else {"IfNoneMatch": "*"}
        try:
            answer = await self._account.call("s3", "put_object", Bucket=self.name, Key=key, Body=content, **condition)
        except Rejected as rejected:
            if rejected.code in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise Conflicting(f"somebody else has written {key} meanwhile") from None
            raise
        return str(answer.values["ETag"])

    async def keys(self, prefix: str) -> tuple[str, ...]:
        """The names of the objects with the prefix."""
        answer = await self._account.call("s3", "list_objects_v2", Bucket=self.name, Prefix=prefix)
        return tuple(str(each["Key"]) for each in answer.values.get("Contents", ()))
