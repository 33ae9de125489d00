"""Uploads of bundles: named by the SHA-256 of their content, streamed to the disk, and resumed where they broke off."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict

from sealane.blobs.bundles import MOST, Upload
from sealane.errors import Conflicting, UsageError
from sealane.server import addresses, dependencies, streams
from sealane.server.access import Developer, Following
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api/apps/{app}/bundles", tags=["deployments"])
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12}|\*)")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class BundleUpload(BaseModel):
    """How much of a bundle is there. Bundles are kept for a day."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sha256: str
    received: int
    """Bytes: where to go on."""
    complete: bool
    """Whether it is whole, and its content the one that its name says."""

    @classmethod
    def of(cls, upload: Upload) -> BundleUpload:
        """The answer about an upload."""
        return cls(sha256=upload.sha256, received=upload.received, complete=upload.complete)


@router.get("/{bundle}")
async def get(app: addresses.App, bundle: addresses.Bundle, server: dependencies.Server, _: Developer) -> BundleUpload:
    """How much of a bundle was received."""
    return BundleUpload.of(server.bundles.upload(app, bundle))


@router.put("/{bundle}", responses=raised(Conflicting), openapi_extra=_BODY)
async def put(
    app: addresses.App,
    bundle: addresses.Bundle,
    server: dependencies.Server,
    _: Developer,
    request: Request,
    again: Following,
    given_range: Annotated[
        str | None,
        Header(alias="Content-Range", max_length=60, description="`bytes FROM-TO/ALL`, to go on where it broke off."),
    ] = None,
) -> BundleUpload:
    """Uploads a bundle, at most 512 MiB: whole, or from the byte on at which it broke off. A whole one is taken once."""
    start, total = _range(given_range, request.headers.get("content-length"))
    chunks = streams.while_allowed(request.stream(), again)
    upload = await server.bundles.receive(app, bundle, chunks, start=start, total=total)
    await again()
    return BundleUpload.of(upload)


def _range(given: str | None, length: str | None) -> tuple[int, int | None]:
    """The first byte, and the size of the whole if the sender says so. Raises UsageError."""
    if given is None:
        return 0, int(length) if length and length.isdigit() else None
    match = _RANGE.fullmatch(given.strip())
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError("Content-Range can't be read", hint="bytes 1000-1999/2000")
    total = None if match[3] == "*" else int(match[3])
    if total is not None and (total > MOST or int(match[2]) >= total):
        raise UsageError("Content-Range is of more than there may be", hint=f"at most {MOST} bytes")
    if length and length.isdigit() and int(length) != int(match[2]) - int(match[1]) + 1:
        raise UsageError("Content-Range and Content-Length differ")
    return int(match[1]), total
