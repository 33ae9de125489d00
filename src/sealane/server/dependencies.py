"""The running server in a route's signature, and common functions about apps."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import Depends, Request

from sealane import composition
from sealane.events.model import Event
from sealane.records.apps import App
from sealane.server.access import Gate
from sealane.workflows import checkouts


def opened(request: Request) -> composition.Server:
    """The running server, for any caller."""
    server: composition.Server = request.app.state.server
    return server


def _scoped(request: Request, who: Gate) -> composition.Server:
    return dataclasses.replace(opened(request), scope=who.actor.reads)


Server = Annotated[composition.Server, Depends(_scoped)]
"""The server as the actor may see it: they passed the gate, and its views show only their apps."""
OpenServer = Annotated[composition.Server, Depends(opened)]
"""The whole server, for routes that identify the actor themselves: signing in, git and webhooks."""


def repository(server: composition.Server, app: App) -> str:
    """The URL to clone the app from."""
    return checkouts.public_repository(app, server.settings)


def of_app(event: Event, app: App, server: composition.Server) -> Event:
    """The event with the registered repository; the one named by the payload is not trusted."""
    return dataclasses.replace(event, app=app.name, repository=repository(server, app), trunk=app.trunk)
