"""Whole lists of objects, read page by page, and decoded answers."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import msgspec

from sealane import typed_data
from sealane.clients.kubernetes import errors, exchange, transport

T = TypeVar("T")

FIRST_PAGE, MOST = 100, 2000
"""Objects of the first page, and of any."""
MOST_PAGES = 10_000
"""Most pages of one list: a server may claim forever that there is more."""
PAGE = 1024 * 1024
"""Approximate bytes of a page: a full pod is 10 KB, an event one. All views of a cluster are filled at once, and larger
pages leave holes in the process's memory that are never filled again; smaller ones take longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing(Generic[T]):
    """All objects of a kind, at one version."""

    items: list[T]
    version: str


class _Page(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    continue_: str = msgspec.field(name="continue", default="")


class _List(msgspec.Struct, Generic[T]):
    metadata: _Page
    items: list[T] | None = None


@functools.cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type; made once for each."""
    return typed_data.json_decoder(kind)


def decoded(body: bytes, kind: type[T], request: str) -> T:
    """A body decoded as the type. Raises ServerError for an invalid one: a proxy may answer for the server."""
    try:
        value: T = decoder(cast("Any", kind)).decode(body)
    except (ValueError, RecursionError) as error:  # ValueError: also bytes that are not text
        raise errors.ServerError(f"{request}: the answer can't be read: {error}") from error
    return value


async def listed(connection: transport.Transport, path: str, kind: type[T], query: Mapping[str, str]) -> Listing[T]:
    """A whole list; starts again, once, when the server forgot the page token. Raises a ClusterError."""
    try:
        return await _pages(connection, path, kind, query)
    except errors.Gone:
        return await _pages(connection, path, kind, query)


async def _pages(connection: transport.Transport, path: str, kind: type[T], query: Mapping[str, str]) -> Listing[T]:
    items: list[T] = []
    page, limit = _Page(), FIRST_PAGE
    for _ in range(MOST_PAGES):
        asked = {**query, "limit": str(limit)} | ({"continue": page.continue_} if page.continue_ else {})
        call = exchange.Call(method="GET", path=path, query=asked)
        answer = await connection.call(call)
        part: _List[T] = decoded(answer.body, _List[kind], str(call))  # type: ignore[valid-type]
        items.extend(part.items or ())
        page = part.metadata
        if not page.continue_:
            return Listing(items=items, version=page.resource_version)
        if part.items:
            limit = min(max(FIRST_PAGE, PAGE * len(part.items) // len(answer.body)), MOST)
    raise errors.ServerError(f"the list at {path} does not end")
