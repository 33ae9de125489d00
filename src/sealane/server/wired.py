"""The running server in a route's signature, and what routes share about apps."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import Depends, Request

from sealane import wiring
from sealane.access.dependencies import Gate
from sealane.events.model import Event
from sealane.flows import sites
from sealane.store.model import App


def opened(request: Request) -> wiring.Server:
    """The running server, whoever asks."""
    server: wiring.Server = request.app.state.server
    return server


def _scoped(request: Request, who: Gate) -> wiring.Server:
    return dataclasses.replace(opened(request), scope=who.actor.reads)


Server = Annotated[wiring.Server, Depends(_scoped)]
"""The server as whoever asks may see it: they came through the gate, and its views show them their apps only."""
OpenServer = Annotated[wiring.Server, Depends(opened)]
"""The whole server, for routes that find out by themselves who asks: signing in, git and webhooks."""


def repository(server: wiring.Server, app: App) -> str:
    """The URL people clone the app from."""
    return sites.public_repository(app, server.settings)


def of_app(event: Event, app: App, server: wiring.Server) -> Event:
    """The event with the registered repository: what a payload says of where to clone from is not believed."""
    return dataclasses.replace(event, app=app.name, repository=repository(server, app), trunk=app.trunk)
