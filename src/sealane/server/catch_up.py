"""Catch-up: starts the runs of pushes to our repositories that were missed, at the start and until that works.

One broken app stops no other. Its trouble is shown in the log, at the app and on the overview; it is tried again
with growing pauses, and with its next push. Its recovery is shown, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sealane import clock, composition, inputs, paths
from sealane.errors import NotThere, SealaneError, trace
from sealane.records.apps import App
from sealane.server.api import git

_log = logging.getLogger("sealane.server")
_LOOK = 1.0
"""Seconds between two checks for apps to try again."""
_LOOK_IN_TROUBLE = 10.0
"""The same after the check itself failed."""


async def at_start(server: composition.Server) -> None:
    """Starts the runs of pushes after which the server died before it stored the event."""
    for app in await server.apps.all():
        if app.hosted:
            await _take_in(server, app, aloud=True)


@asynccontextmanager
async def trying(server: composition.Server) -> AsyncIterator[None]:
    """Tries broken apps again, as long as the block lasts."""
    task = asyncio.create_task(_keep_trying(server))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _keep_trying(server: composition.Server) -> None:
    while True:
        pause = _LOOK
        try:
            for name in await _due(server):
                await _again(server, name)
        except SealaneError as error:
            _log.warning("what is broken can't be tried again now: %s", error)
            pause = _LOOK_IN_TROUBLE
        except Exception as error:  # noqa: BLE001 - the next look may fare better
            _log.error("trying again what is broken failed\n%s", trace(error))
            pause = _LOOK_IN_TROUBLE
        await asyncio.sleep(pause)


async def _due(server: composition.Server) -> tuple[str, ...]:
    """Apps whose next try is due, and apps with a push that are not known to be broken."""
    broken = {trouble.app for trouble in await server.store.troubles.all(now=clock.now()) if trouble.resolved is None}
    new = [name for name in server.untaken if name not in broken]
    return (*await server.store.troubles.due(clock.now()), *new)


async def _again(server: composition.Server, name: str) -> None:
    if git.pushing[name].locked():  # the current push takes it in
        return
    async with git.pushing[name]:
        try:
            app = await server.apps.get(name)
        except NotThere:  # it was removed meanwhile, with its trouble
            server.untaken.pop(name, None)
            return
        broken = await server.store.troubles.of(name) is not None
        if await _take_in(server, app, aloud=False) and broken:
            _log.warning("pushes to %s are taken in again", name)


async def _take_in(server: composition.Server, app: App, *, aloud: bool) -> bool:
    """Returns whether it worked. A failure is recorded, and logged if it is new or `aloud`."""
    try:
        await git.take_in_left(server, app)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other apps must go on
        message = error.message if isinstance(error, SealaneError) else f"{type(error).__name__}: {error}"
        reason = inputs.fitted(paths.without(server.settings.folders)(message))  # users of the app read it
        known = await server.store.troubles.of(app.name)
        try:
            trouble = await server.store.troubles.note(app.name, reason, at=clock.now())
        except NotThere:  # it was removed meanwhile
            server.untaken.pop(app.name, None)
            return False
        if aloud or known is None or known.reason != reason:
            _log.error("%s", trouble.words, exc_info=not isinstance(error, SealaneError))
        return False
    return True
