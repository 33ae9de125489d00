"""The body of an error, and how a route declares which errors it returns."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from sealane.errors import NotSignedIn, SealaneError, TooManyAttempts

Responses = dict[int | str, dict[str, Any]]


class Error(BaseModel):
    """Why a request failed. Every error of the API has this body."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    error: str
    """The kind of error, such as `NotThere` or `Conflicting`; there may be more of them than those that the statuses name."""
    message: str
    """What is wrong, for people. The text may change."""
    hint: str | None
    """What a person can do about it."""
    retry: bool
    """Whether the same request may work later."""


CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
"""By reference, because the framework's model would get the type of the route's own answer, which may be text."""
_HEADERS: Mapping[type[SealaneError], tuple[str, str]] = {
    NotSignedIn: ("WWW-Authenticate", "How to sign in."),
    TooManyAttempts: ("Retry-After", "Seconds after which it may go on."),
}


def raised(*kinds: type[SealaneError]) -> Responses:
    """The `responses` of a route that returns these errors, besides those that follow from its signature.

    `server.openapi` adds those: no permission, a name in the address that does not exist, an invalid body.
    """
    by_status: dict[int, list[type[SealaneError]]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(kind.http_status, []).append(kind)
    return {status: _response(errors) for status, errors in sorted(by_status.items())}


def _response(kinds: Iterable[type[SealaneError]]) -> dict[str, Any]:
    lines = [f"`{kind.__name__}`: {described(kind)}" for kind in kinds]
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for known, (name, text) in _HEADERS.items()
        if any(issubclass(kind, known) for kind in kinds)
    }
    return {"description": "\n".join(lines), "content": CONTENT, **({"headers": headers} if headers else {})}


def described(kind: type[SealaneError]) -> str:
    """The error's meaning, in a sentence."""
    return " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
