"""Git over HTTP: repositories served by Sealane itself. A push starts a run.

The password is a user's own token, which tells who pushed, or the app's push token, which does not.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import StreamingResponse

from sealane import clock, composition
from sealane.clients import git_http_backend, git_messages
from sealane.errors import NotSignedIn, trace
from sealane.events.model import Pusher
from sealane.events.sources import pushes
from sealane.records.apps import App
from sealane.records.runs import Receipt
from sealane.server import dependencies, push_messages, skipped_refs, streams
from sealane.server.access import address_of
from sealane.server.shares import Turns

_log = logging.getLogger("sealane.server")

router = APIRouter(prefix="/git", include_in_schema=False)
_PUSH = "git-receive-pack"
_SIGN_IN = "the password is your own token (sealane user token) or the app's push token (sealane app push-token)"
pushing: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
"""One push at a time for each app, so that a comparison of the references before and after shows what moved."""

_taking: set[asyncio.Task[None]] = set()
"""Running pushes: a task without a reference to it may be dropped at any time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Client:
    """A client of git that signed in, in its person's turn."""

    registered: App
    pusher: Pusher
    again: Callable[[], Awaitable[object]]
    """Asks whether they still may. Raises what signing in raises."""
    turn: AsyncExitStack
    """Their turn, until it is closed, and what ends with it."""


async def _client(app: str, path: str, request: Request, server: dependencies.OpenServer) -> AsyncIterator[_Client]:
    """The client in its turn, which all with the same user, or the app's push token, take together.

    Apart from turns of pages and the API: a clone takes long. Raises as `_checked`.
    """
    writes = path == _PUSH or _PUSH in request.query_params.getlist("service")
    again = partial(_checked, app, request, server, writes=writes)
    registered, pusher = await again()
    turns: Turns = request.app.state.git_turns
    async with AsyncExitStack() as turn:
        await turn.enter_async_context(turns.one(pusher.name or f"the push token of {registered.name}"))
        yield _Client(registered=registered, pusher=pusher, again=again, turn=turn)


@router.api_route("/{app}.git/{path:path}", methods=["GET", "POST"])
async def serve(
    path: str,
    request: Request,
    server: dependencies.OpenServer,
    client: Annotated[_Client, Depends(_client)],
) -> StreamingResponse:
    """One request of git's client; fetching and pushing both need a token."""
    name = client.registered.name
    asked = git_http_backend.Request(
        method=request.method,
        path=path,
        query=request.url.query,
        headers={header.lower(): value for header, value in request.headers.items()},
        user=client.pusher.name or name,
    )
    body = streams.while_allowed(request.stream(), client.again)
    if path != _PUSH:
        answer = await server.repositories.serve(name, asked, body)
        client.turn.push_async_callback(answer.end)  # its client may leave before it reads anything
        return _streaming(answer, streams.while_admitted(answer.body, client.again))
    push = _Push(
        registered=client.registered,
        pusher=client.pusher,
        turn=client.turn.pop_all(),
        asked=asked,
        head=git_messages.Head(body),
        server=server,
        began=asyncio.get_running_loop().create_future(),
    )
    return await _receive_pack(push)


async def _checked(app: str, request: Request, server: dependencies.Server, *, writes: bool) -> tuple[App, Pusher]:
    """The app and the actor. Raises as `Access.check_push`, with a hint for users of git's client."""
    try:
        return await server.access.check_push(app, _password(request), writes=writes, address=address_of(request))
    except NotSignedIn as error:
        raise NotSignedIn(error.message, hint=_SIGN_IN) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Push:
    """A push that continues even if its client leaves, because git may have moved references by then."""

    registered: App
    pusher: Pusher
    turn: AsyncExitStack
    asked: git_http_backend.Request
    head: git_messages.Head
    server: composition.Server
    began: asyncio.Future[git_http_backend.Answer]
    parts: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    """git's answer in parts; None after its end."""

    async def take(self) -> None:
        """Passes the push to git and starts its runs, before git's client gets the end of the answer, so that nothing is lost."""
        name = self.registered.name
        last = b""
        try:
            async with self.turn, pushing[name]:
                before, known = await _before(self.server, self.registered, self.pusher)
                self.server.untaken[name] = known  # until it is recorded
                try:
                    answer = await self.server.repositories.serve(name, self.asked, self.head.through())
                    self.began.set_result(answer)
                    async for chunk in answer.body:
                        self.parts.put_nowait(last)
                        last = chunk
                finally:
                    receipts = await take_in(self.server, self.registered, before, known)
            words = await _words(self.server, self.registered, receipts) if self.head.wants_words else ()
            self.parts.put_nowait(git_messages.with_messages(words, last))
        finally:
            self.parts.put_nowait(None)

    async def answer(self, taking: asyncio.Task[None]) -> AsyncIterator[bytes]:
        """The answer of git, as long as the client listens."""
        while (part := await self.parts.get()) is not None:
            yield part
        await asyncio.shield(taking)


async def _receive_pack(push: _Push) -> StreamingResponse:
    """Raises the reason why git rejected the push."""
    taking = asyncio.create_task(push.take())
    _taking.add(taking)
    taking.add_done_callback(_taking.discard)
    await asyncio.wait((taking, push.began), return_when=asyncio.FIRST_COMPLETED)
    if not push.began.done():
        taking.result()
    return _streaming(push.began.result(), push.answer(taking))


async def _words(server: composition.Server, registered: App, receipts: Mapping[str, Receipt]) -> list[str]:
    began = [receipt.run_id for receipt in receipts.values() if not receipt.left_out]
    message = await push_messages.words(server, began)
    return [*message, *skipped_refs.lines(registered.name, receipts, url=server.settings_url)]


async def take_in(
    server: composition.Server, registered: App, before: dict[str, str], pusher: Pusher | None = None
) -> Mapping[str, Receipt]:
    """Starts the runs of a push: one event for each reference that moved. Returns the result of each.

    Without a pusher, it is unknown who pushed.
    """
    tips = await server.repositories.tips(registered.name, before)
    for gone in pushes.gone(registered.name, before=before, after=tips, received=clock.now()):
        await server.intake.forget(gone, source="git")
    made = pushes.events(
        registered.name,
        repository=dependencies.repository(server, registered),
        trunk=registered.trunk,
        before=before,
        after=tips,
        received=clock.now(),
    )
    events = [replace(dependencies.of_app(event, registered, server), pusher=pusher) for event in made]
    receipts = {event.ref or "": await server.intake.receive(event, source="git") for event in events}
    await server.store.troubles.resolved(registered.name, at=clock.now())
    server.untaken.pop(registered.name, None)
    return receipts


async def take_in_left(server: composition.Server, registered: App) -> None:
    """Starts the runs that earlier pushes missed, by comparison with the last recorded references."""
    heads = dict(await server.views.heads(registered.name))
    await take_in(server, registered, heads, server.untaken.get(registered.name))


async def _before(server: composition.Server, registered: App, pusher: Pusher) -> tuple[dict[str, str], Pusher | None]:
    """The references before a push, and its pusher.

    Runs missed by an earlier push are started first, for its own pusher. If that still fails, this push is compared with
    the last recorded references, and nobody knows who pushed which part.
    """
    name = registered.name
    if name in server.untaken or await server.store.troubles.of(name) is not None:
        try:
            await take_in_left(server, registered)
        except Exception as error:  # noqa: BLE001 - the push may be what fixes it
            _log.warning("what earlier pushes to %s left can't be taken in: %s", name, trace(error))
            return dict(await server.views.heads(name)), None
    return await server.repositories.refs(name), pusher


def _streaming(answer: git_http_backend.Answer, body: AsyncIterator[bytes]) -> StreamingResponse:
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return StreamingResponse(body, status_code=answer.status, headers=headers)


def _password(request: Request) -> str:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        _, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except ValueError:  # not base64, or not text
        password = ""
    if scheme.lower() != "basic" or not password:
        raise NotSignedIn("git must sign in")
    return password
