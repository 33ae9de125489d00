"""The page with the output of a formation, live, for all of it or one workload or pod, with a search."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import HTMLResponse, Response

from sealane import inputs
from sealane.errors import SealaneError
from sealane.server import addresses, dependencies, streams
from sealane.server.access import Following, Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import logs as presenting_logs
from sealane.workflows.live_queries import LogQuery

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
_LINES = 200
"""Lines of each container at the beginning."""

Of = Annotated[str, Query(alias="object", max_length=2 * inputs.LONGEST_LINE)]
Find = Annotated[str, Query(max_length=inputs.LONGEST_LINE)]


def _asked(
    of: Of = "", find: Find = "", last: Annotated[str | None, Header(alias="Last-Event-ID", max_length=20)] = None
) -> LogQuery:
    """The requested lines; a page that reconnects does not get the first lines again."""
    return LogQuery(of=of or None, find=find or None, lines=0 if last else _LINES, follow=True)


@router.get("/apps/{app}/{formation}/logs")
async def logs(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    signed: Signed,
    of: Of = "",
    find: Find = "",
) -> HTMLResponse:
    """The frame; a stream adds the lines."""
    page = presenting_logs.page(await server.views.app(app), formation, of=of, find=find, lines=_LINES)
    return templates.page("logs.html", {**await frames.shown(server, signed, "/"), "page": page})


@router.get("/apps/{app}/{formation}/logs/follow")
async def follow(
    app: addresses.App,
    formation: addresses.Formation,
    server: dependencies.Server,
    _: Signed,
    again: Following,
    asked: Annotated[LogQuery, Depends(_asked)],
) -> Response:
    """The lines as they arrive, as server-sent events."""

    async def body() -> AsyncGenerator[str, None]:
        yield "retry: 2000\n\n"  # sent at once: a reader without permission has been refused by now
        try:
            tail = await server.looking.tail(app, formation, asked)
            if not asked.lines:
                yield _event(
                    presenting_logs.own_line("the connection was cut; what was printed meanwhile may be missing")
                )
            async for line in tail:
                yield _event(presenting_logs.line(line, asked.find or ""))
        except SealaneError as error:
            yield _event(presenting_logs.own_line(str(error)))
        yield "event: end\ndata: \n\n"

    return streams.server_sent(body(), again)


def _event(line: str) -> str:
    return f"event: line\nid: 1\ndata: {line}\n\n"
