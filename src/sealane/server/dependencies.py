"""The running server in a route's signature, and what routes share about apps."""

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
    """The running server, whoever asks."""
    server: composition.Server = request.app.state.server
    return server


def _scoped(request: Request, who: Gate) -> composition.Server:
    return dataclasses.replace(opened(request), scope=who.actor.reads)


Server = Annotated[composition.Server, Depends(_scoped)]
"""The server as whoever asks may see it: they came through the gate, and its views show them their apps only."""
OpenServer = Annotated[composition.Server, Depends(opened)]
"""The whole server, for routes that find out by themselves who asks: signing in, git and webhooks."""


def repository(server: composition.Server, app: App) -> str:
    """The URL people clone the app from."""
    return checkouts.public_repository(app, server.settings)


def of_app(event: Event, app: App, server: composition.Server) -> Event:
    """The event with the registered repository: what a payload says of where to clone from is not believed."""
    return dataclasses.replace(event, app=app.name, repository=repository(server, app), trunk=app.trunk)
