"""Pages to sign in and out: a token for a session. The form is protected like all others, with its own form token."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sealane.errors import NotSignedIn, TooManyAttempts
from sealane.server import dependencies
from sealane.server.access import COOKIE, Signed, address_of, same
from sealane.server.pages import templates

router = APIRouter(include_in_schema=False)
_FORM_COOKIE = "sealane_form"


@router.get("/sign-in")
async def form(request: Request, server: dependencies.OpenServer, next: str = "/") -> HTMLResponse:  # noqa: A002 - the parameter's public name
    """The form."""
    return _form(request, server, next, wrong="", status=200)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    server: dependencies.OpenServer,
    token: Annotated[str, Form()],
    form_token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002 - the field's public name
) -> Response:
    """Starts a session for a valid token."""
    expected = request.cookies.get(_FORM_COOKIE, "")
    if not expected or not same(expected, form_token):
        return _form(request, server, next, wrong="The form was too old; please try again.", status=403)
    try:
        actor = await server.access.authenticate(token.strip(), address=address_of(request))
    except NotSignedIn as error:
        return _form(request, server, next, wrong=f"{error.message[:1].upper()}{error.message[1:]}.", status=401)
    except TooManyAttempts as error:
        form = _form(request, server, next, wrong=f"Too many wrong attempts: {error.hint}.", status=429)
        form.headers["Retry-After"] = str(error.after)
        return form
    session = await server.access.start_session(actor)
    answer = RedirectResponse(local(next), status_code=303)
    answer.set_cookie(
        COOKIE, session.cookie, httponly=True, samesite="lax", secure=_over_tls(server), expires=session.expires
    )
    answer.delete_cookie(_FORM_COOKIE)
    return answer


@router.post("/sign-out")
async def sign_out(request: Request, server: dependencies.OpenServer, _: Signed) -> Response:
    """Ends the session."""
    await server.access.end_session(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


def local(where: str) -> str:
    """The path to continue to, if it is on this server; otherwise the overview."""
    try:
        parts = urlsplit(where)
    except ValueError:  # an invalid host
        return "/"
    ours = where.startswith("/") and not where.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return where if ours and "\\" not in where else "/"


def _form(request: Request, server: dependencies.OpenServer, wanted: str, *, wrong: str, status: int) -> HTMLResponse:
    form_token = request.cookies.get(_FORM_COOKIE) or secrets.token_urlsafe(24)
    shown = {"reader": None, "here": "", "form_token": form_token, "next": local(wanted), "wrong": wrong}
    page = templates.page("sign-in.html", shown, status=status)
    page.set_cookie(_FORM_COOKIE, form_token, httponly=True, samesite="strict", secure=_over_tls(server))
    return page


def _over_tls(server: dependencies.OpenServer) -> bool:
    return server.settings_url.startswith("https://")
