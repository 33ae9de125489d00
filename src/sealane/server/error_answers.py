"""Errors as answers: JSON for clients; a page or a redirect to the sign-in for browsers."""

from __future__ import annotations

import logging
import re
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from sealane import controls, inputs, log_lines
from sealane.errors import NotSignedIn, NotThere, Refused, SealaneError, TooManyAttempts, TooSlow, UsageError, trace
from sealane.server import openapi
from sealane.server.error_responses import Error
from sealane.server.pages import frames, templates

_log = logging.getLogger("sealane.server")
_NAMES = ("app", "formation", "run", "deployment", "user")

_MODEL = re.compile("[A-Z][a-z]+[A-Z][A-Za-z]*")
"""The name of a model of ours, which stands in a place where a field takes either of two."""


def add_to(app: FastAPI) -> None:
    """Each error of Sealane gets its own status; an unknown one is logged and answered without details."""

    @app.exception_handler(SealaneError)
    async def known(request: Request, error: SealaneError) -> Response:
        if isinstance(error, Refused) and not isinstance(error, NotSignedIn):
            _tell_refused(request, error)
        return await answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body" and not _MODEL.fullmatch(str(part)))
        return await answer(request, UsageError(f"{where}: {first['msg']}" if where else str(first["msg"])))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if (our_error := _of_ours(request, error)) is not None:
            return await answer(request, our_error)
        if _wants_page(request):
            return await _page(request, error.status_code, str(error.detail), None)
        body = Error(error=type(error).__name__, message=str(error.detail), hint=None, retry=False)
        return JSONResponse(body.model_dump(), status_code=error.status_code, headers=dict(error.headers or {}))

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # the client has left

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        _log.error("%s %s broke\n%s", request.method, request.url.path, trace(error))
        log_lines.once(error)  # the framework raises it again, for the HTTP server to log it
        return await answer(request, SealaneError("Sealane itself broke; its log says where"))


def _of_ours(request: Request, error: HTTPException) -> SealaneError | None:
    """The framework's error as one of ours."""
    if error.status_code == 404:
        return NotThere(f"there is nothing at {request.url.path}")
    if isinstance(error.__cause__, SealaneError):  # raised while the framework read the body
        return error.__cause__
    return UsageError("the request's body can't be read") if error.status_code == 400 else None


async def answer(request: Request, error: SealaneError) -> Response:
    """One error as one answer; text from the request is sanitized."""
    if not openapi.is_documented(request, error.http_status):
        _tell_undocumented(request, error)
    message, hint = inputs.storable(error.message), inputs.storable(error.hint) if error.hint else None
    if _wants_page(request):
        if isinstance(error, NotSignedIn):
            query = f"?{request.url.query}" if request.url.query else ""
            wanted = f"{request.url.path}{query}" if request.method == "GET" else "/"
            return RedirectResponse(f"/sign-in?next={quote(wanted)}", status_code=303)
        return await _page(request, error.http_status, message, hint)
    headers = _headers(request, error)
    if request.url.path.startswith("/git/"):
        return PlainTextResponse(_for_git(message, hint), status_code=error.http_status, headers=headers)
    body = Error(error=type(error).__name__, message=message, hint=hint, retry=error.retry)
    return JSONResponse(body.model_dump(), status_code=error.http_status, headers=headers)


def _headers(request: Request, error: SealaneError) -> dict[str, str]:
    if isinstance(error, NotSignedIn):
        of_git = request.url.path.startswith("/git/")
        basic = 'Basic realm="Sealane: the password is the app\'s push token"'
        return {"WWW-Authenticate": basic if of_git else "Bearer"}
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.after)}
    if isinstance(error, TooSlow):
        return {"Connection": "close"}
    return {}


def _tell_undocumented(request: Request, error: SealaneError) -> None:
    """An error of ours: a client made from the document does not know the answer."""
    log_lines.event(
        "answer.undocumented",
        level=logging.WARNING,
        method=request.method,
        route=getattr(request.scope.get("route"), "path", None),
        status=error.http_status,
        error=type(error).__name__,
    )


def _for_git(message: str, hint: str | None) -> str:
    """Lines for git's client to print after `remote:`; it shows a failed request's body if that is plain text."""
    lines = [f"sealane: {message}", *([f"sealane: {hint}"] if hint else [])]
    return "".join(f"{controls.removed(' '.join(line.split()))}\n" for line in lines)


def _tell_refused(request: Request, error: Refused) -> None:
    """Logs the route and its names, but not the address, which may contain anything."""
    route = request.scope.get("route")
    log_lines.event(
        "request.refused",
        method=request.method,
        route=getattr(route, "path", None),
        **{name: value for name, value in request.path_params.items() if name in _NAMES},
        status=error.http_status,
        error=type(error).__name__,
        reason=error.message,
        by=getattr(request.state, "actor", None),
    )


async def _page(request: Request, status: int, message: str, hint: str | None) -> Response:
    """The error's page, with the navigation for a signed-in user."""
    frame = await frames.anyone(request)
    shown = {
        **frame,
        "status": status,
        "message": message,
        "hint": hint,
        "around": frames.parent_list(request.url.path),
    }
    return templates.page("error.html", shown, status=status)


def _wants_page(request: Request) -> bool:
    if request.url.path.startswith(("/api/", "/git/", "/hooks/")):
        return False
    return "text/html" in request.headers.get("accept", "")
