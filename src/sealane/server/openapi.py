"""The application's OpenAPI document: each route with every status it answers, and the credentials that it accepts.

The answers that follow from a route's signature are added here, in one place. A route declares its other answers
itself: `responses=error_responses.raised(Conflicting)`. An answer that is not in the document is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import Request

from sealane.adapters import SHIPPED, Adapters
from sealane.environments.grants import Permission
from sealane.errors import (
    NotSignedIn,
    NotThere,
    Refused,
    SealaneError,
    TooLarge,
    TooManyAttempts,
    TooSlow,
    Unavailable,
    UsageError,
)
from sealane.events.sources.port import GitHost
from sealane.server import access, dependencies, error_responses
from sealane.server.access import COOKIE, FORM_HEADER, SAFE_METHODS, Requires

PATH = "/api/openapi.json"
TOKEN, SESSION, FORM, SIGNATURE, ALERT_TOKEN = "token", "session", "form", "signature", "alertToken"
_SCHEMES = {
    TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "sln_…",
        "description": "A user's token: `sealane user token` makes one.",
    },
    SESSION: {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "A browser's session, after signing in.",
    },
    FORM: {
        "type": "apiKey",
        "in": "header",
        "name": FORM_HEADER,
        "description": "The session's form token; a session changes nothing without it.",
    },
    ALERT_TOKEN: {
        "type": "http",
        "scheme": "bearer",
        "description": "The app's alert token, for senders of alerts that can't sign: `sealane app alert-token APP`.",
    },
}
_ALWAYS: tuple[type[SealaneError], ...] = (UsageError, Refused, TooSlow, SealaneError)
"""Errors before routing (an invalid address, a request from a step, a head that does not
arrive), and unexpected errors."""


class Documented(FastAPI):
    """An application whose document has every answer."""

    def openapi(self) -> dict[str, Any]:
        """The document; generated once."""
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            schemas["Error"] = error_responses.Error.model_json_schema()
            for unused in ("HTTPValidationError", "ValidationError"):  # the framework's own answers
                schemas.pop(unused, None)
            document["components"]["securitySchemes"] = _SCHEMES | {SIGNATURE: _signature()}
            for route in self.api_routes():
                for method in (route.methods or ()) if route.include_in_schema else ():
                    _complete(document["paths"][route.path_format][method.lower()], route, method)
        assert self.openapi_schema is not None
        return self.openapi_schema

    def api_routes(self) -> Iterator[APIRoute]:
        """Every route except files and connections."""
        return (route for route in self.routes if isinstance(route, APIRoute))


def proofs(adapters: Adapters = SHIPPED) -> str:
    """The header in which each git host proves that it knows an app's hook secret."""
    hosts = adapters.git_hosts.every(GitHost).values()
    keyed, plain = (
        ", ".join(f"`{host.proof.title()}` ({host.name})" for host in hosts if host.keyed is keyed)
        for keyed in (True, False)
    )
    return f"the HMAC-SHA256 of the body with the app's hook secret in {keyed}; the secret itself in {plain}"


def _signature() -> dict[str, str]:
    first, *_ = SHIPPED.git_hosts.every(GitHost).values()
    return {"type": "apiKey", "in": "header", "name": first.proof.title(), "description": proofs()}


def signed_by(*schemes: str) -> dict[str, Any]:
    """The `openapi_extra` of a route that accepts messages of other programs with one of these proofs."""
    message = {"type": "object"}
    form = {"type": "object", "required": ["payload"], "properties": {"payload": {"type": "string"}}}
    content = {"application/json": message, "application/x-www-form-urlencoded": form}
    return {
        "security": [{scheme: []} for scheme in schemes],
        "requestBody": {"required": True, "content": {kind: {"schema": schema} for kind, schema in content.items()}},
    }


def is_documented(request: Request, status: int) -> bool:
    """Whether the document has this status for the request; true for routes outside of the document."""
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return True
    return status in {*route.responses, *(error.http_status for error in _raised(route, request.method))}


def _complete(operation: dict[str, Any], route: APIRoute, method: str) -> None:
    """Adds what follows from the route's signature; keeps what the route declares itself."""
    for status, response in error_responses.raised(*_raised(route, method)).items():
        if status not in route.responses:
            operation["responses"][str(status)] = response
    operation["responses"] = dict(sorted(operation["responses"].items()))
    if _asks(route.dependant, access.admitted):
        with_session: dict[str, list[str]] = {SESSION: []} if method in SAFE_METHODS else {SESSION: [], FORM: []}
        operation["security"] = [{TOKEN: []}, with_session]
    for dependant in dependants(route.dependant):
        if isinstance(dependant.call, Requires) and dependant.call.permission is not Permission.READ:
            where = " in every environment" if dependant.call.everywhere else ""
            operation["description"] = (
                f"{operation['description']}\n\nFor whoever may {dependant.call.permission}{where}."
            )


def _raised(route: APIRoute, method: str) -> Iterator[type[SealaneError]]:
    yield from _ALWAYS
    if method not in SAFE_METHODS:  # even without a body of its own, because the form of a session is read
        yield TooLarge
    gated = _asks(route.dependant, access.admitted)
    if gated or _asks(route.dependant, dependencies.opened):
        yield Unavailable
    if gated:
        yield from (NotSignedIn, TooManyAttempts)
        if route.dependant.path_params or {"before"} & {param.alias for param in route.dependant.query_params}:
            yield NotThere


def _asks(dependant: Dependant, wanted: Callable[..., Any]) -> bool:
    return any(dependency.call is wanted for dependency in dependants(dependant))


def dependants(of: Dependant) -> Iterator[Dependant]:
    """Its dependencies, at any depth."""
    for dependant in of.dependencies:
        yield dependant
        yield from dependants(dependant)
