"""Objects in an S3 bucket: small ones, overwritten only if unchanged since they were read, and files."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from typing_extensions import Buffer, override

from sealane.clients.aws.account import Account, Answer, Rejected
from sealane.errors import Conflicting, NotThere, TooLarge

_BLOCK = 256 * 1024
_MISSING = frozenset({"NoSuchKey", "404"})
_EMPTY = frozenset({"InvalidRange", "416"})


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredContent:
    """An object's content, and which version it is."""

    content: bytes = field(repr=False)
    version: str | None = None
    """None in a bucket that keeps no versions."""


class Bucket:
    """One bucket. Everything raises what `Account.call` raises."""

    def __init__(self, account: Account, name: str) -> None:
        self._account, self.name = account, name

    @property
    def region(self) -> str:
        """The region of the account that it is used for."""
        return self._account.access.region

    def sibling(self, name: str) -> Bucket:
        """Another bucket, with the same account."""
        return Bucket(self._account, name)

    async def get(self, key: str) -> tuple[bytes, str] | None:
        """The object and its tag; None if it does not exist."""
        try:
            answer = await self._account.call("s3", "get_object", Bucket=self.name, Key=key)
        except Rejected as rejected:
            if rejected.code in _MISSING:
                return None
            raise
        return answer.values["Body"], str(answer.values["ETag"])

    async def read(self, key: str, *, version: str | None = None, largest: int) -> StoredContent:
        """An object's version, or its newest. Raises TooLarge for more bytes than `largest`, of which nothing more is read."""
        named = {"Bucket": self.name, "Key": key, **({"VersionId": version} if version else {})}
        try:
            answer = await self._account.call("s3", "get_object", Range=f"bytes=0-{largest}", **named)
        except Rejected as rejected:
            if rejected.code not in _EMPTY:
                raise
            answer = await self._account.call("s3", "head_object", **named)
        content = answer.values.get("Body", b"")
        if len(content) > largest:
            raise TooLarge(f"s3://{self.name}/{key} has more than {largest} bytes")
        kept = answer.values.get("VersionId")
        return StoredContent(content=content, version=None if kept in {None, "null"} else str(kept))

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

    async def size(self, key: str) -> int | None:
        """The object's size in bytes; None if it does not exist."""
        try:
            answer = await self._account.call("s3", "head_object", Bucket=self.name, Key=key)
        except Rejected as rejected:
            if rejected.code in _MISSING:
                return None
            raise
        return int(answer.values["ContentLength"])

    async def upload(self, key: str, path: Path) -> None:
        """Writes a file's content, whatever is there."""
        with path.open("rb") as file:
            await self._account.call("s3", "put_object", Bucket=self.name, Key=key, Body=file)

    def open(self, key: str) -> BinaryIO:
        """Reads parts of an object, for callers with a thread of their own; raises NotThere, also if it changes meanwhile."""
        return io.BufferedReader(_Parts(self._account, self.name, key), _BLOCK)

    async def keys(self, prefix: str) -> tuple[str, ...]:
        """The names of the objects with the prefix."""
        answer = await self._account.call("s3", "list_objects_v2", Bucket=self.name, Prefix=prefix)
        return tuple(str(listed["Key"]) for listed in answer.values.get("Contents", ()))


class _Parts(io.RawIOBase):
    """An object, read in parts where it is asked for."""

    def __init__(self, account: Account, bucket: str, key: str) -> None:
        self._account, self._of = account, {"Bucket": bucket, "Key": key}
        head = self._asked("head_object")
        self.size = int(head.values["ContentLength"])
        self._of["IfMatch"] = str(head.values["ETag"])
        self._at = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            message = "before the beginning"
            raise ValueError(message)
        self._at = base + offset
        return self._at

    @override
    def tell(self) -> int:
        return self._at

    @override
    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer)
        length = min(len(view), self.size - self._at)
        if length <= 0:
            return 0
        answer = self._asked("get_object", Range=f"bytes={self._at}-{self._at + length - 1}")
        body: bytes = answer.values["Body"]
        view[: len(body)] = body
        self._at += len(body)
        return len(body)

    def _asked(self, operation: str, **more: str) -> Answer:
        try:
            return self._account.call_now("s3", operation, **self._of, **more)
        except Rejected as rejected:
            if rejected.code in {*_MISSING, "NoSuchBucket", "PreconditionFailed", "412"}:
                raise NotThere(f"there is no s3://{self._of['Bucket']}/{self._of['Key']}") from None
            raise
