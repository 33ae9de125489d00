"""Git over HTTP: repositories that Sealane serves itself. A push starts a run.

The password is a user's own token, by which who pushed is known, or the app's push token, by which it is not.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from fastapi import APIRouter, Request
from starlette.responses import StreamingResponse

from sealane import clock, inputs, wiring
from sealane.access.dependencies import address_of
from sealane.clients import git_words, hosting
from sealane.errors import NotSignedIn, SealaneError
from sealane.events.model import Pusher
from sealane.events.sources import pushes
from sealane.server import left_out, push_words, wired
from sealane.store.model import App
from sealane.store.runs import Receipt

_log = logging.getLogger("sealane.server")

router = APIRouter(prefix="/git", include_in_schema=False)
_PUSH = "git-receive-pack"
_pushing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
"""One push at a time for each app, so that what moved is told by comparing before and after."""


@router.api_route("/{app}.git/{path:path}", methods=["GET", "POST"])
async def serve(app: str, path: str, request: Request, server: wired.OpenServer) -> StreamingResponse:
    """One request of git's client: fetching and pushing both want a token."""
    writes = path == _PUSH or _PUSH in request.query_params.getlist("service")
    registered, pusher = await server.access.check_push(
        app, _password(request), writes=writes, address=address_of(request)
    )
    asked = hosting.Request(
        method=request.method,
        path=path,
        query=request.url.query,
        headers={name.lower(): value for name, value in request.headers.items()},
        user=pusher.name or registered.name,
    )
    if path != _PUSH:
        answer = await server.repositories.serve(registered.name, asked, request.stream())
        return _streaming(answer, answer.body)
    return await _receive_pack(registered, pusher, asked, request, server)


async def _receive_pack(
    registered: App, pusher: Pusher, asked: hosting.Request, request: Request, server: wiring.Server
) -> StreamingResponse:
    lock = _pushing[registered.name]
    await lock.acquire()
    try:
        before = await _before(server, registered)
        head = git_words.Head(request.stream())
        answer = await server.repositories.serve(registered.name, asked, head.through())
    except BaseException:
        lock.release()
        raise

    async def body() -> AsyncIterator[bytes]:
        try:
            last = b""
            async for chunk in answer.body:
                yield last
                last = chunk
            # before git's client hears the end, so that nothing is lost
            receipts = await take_in(server, registered, before, pusher)
        finally:
            lock.release()
        yield git_words.said(await _words(server, registered, receipts) if head.wants_words else (), last)

    return _streaming(answer, body())


async def _words(server: wiring.Server, registered: App, receipts: Mapping[str, Receipt]) -> list[str]:
    began = [each.run_id for each in receipts.values() if not each.left_out]
    told = await push_words.words(server, began)
    return [*told, *left_out.lines(registered.name, receipts, url=server.settings_url)]


async def take_in(
    server: wiring.Server, registered: App, before: dict[str, str], pusher: Pusher | None = None
) -> Mapping[str, Receipt]:
    """Starts what a push asks for: one event for each reference that isn't where it was. Gives what came of each.

    Without a pusher nobody knows any more who it was.
    """
    tips = await server.repositories.tips(registered.name, before)
    for gone in pushes.gone(registered.name, before=before, after=tips, received=clock.now()):
        await server.intake.forget(gone, source="git")
    made = pushes.events(
        registered.name,
        repository=wired.repository(server, registered),
        trunk=registered.trunk,
        before=before,
        after=tips,
        received=clock.now(),
    )
    events = [replace(wired.of_app(event, registered, server), pusher=pusher) for event in made]
    receipts = {event.ref or "": await server.intake.receive(event, source="git") for event in events}
    server.troubles.pop(registered.name, None)
    return receipts


async def catch_up(server: wiring.Server) -> None:
    """Takes in what was pushed when the server died before it had stored the event.

    One app that is broken stops no other: it is told in the log, beside the app and on the overview, and its next push
    tries again.
    """
    for app in await server.apps.all():
        if app.hosted:
            try:
                await take_in(server, app, dict(await server.views.heads(app.name)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other apps must go on
                told = error.message if isinstance(error, SealaneError) else f"{type(error).__name__}: {error}"
                server.troubles[app.name] = f"pushes to {app.name} could not be taken in: {inputs.fitted(told)}"
                _log.error("%s", server.troubles[app.name], exc_info=not isinstance(error, SealaneError))


async def _before(server: wiring.Server, registered: App) -> dict[str, str]:
    """What the references stood at before a push; where the start failed, what was taken in last."""
    if registered.name not in server.troubles:
        return await server.repositories.refs(registered.name)
    return dict(await server.views.heads(registered.name))


def _streaming(answer: hosting.Answer, body: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return StreamingResponse(body, status_code=answer.status, headers=headers)


def _password(request: Request) -> str:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        _, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        password = ""
    if scheme.lower() != "basic" or not password:
        raise NotSignedIn("git must sign in: the password is your own token, or the push token of the app")
    return password
