"""The running server in a route's signature, and what routes share about apps."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import Depends, Request

from sealane import wiring
from sealane.events.model import Event
from sealane.flows import sites
from sealane.store.model import App


def _server(request: Request) -> wiring.Server:
    server: wiring.Server = request.app.state.server
    return server


Server = Annotated[wiring.Server, Depends(_server)]


def repository(server: wiring.Server, app: App) -> str:
    """The URL people clone the app from."""
    return sites.public_repository(app, server.settings)


def of_app(event: Event, app: App, server: wiring.Server) -> Event:
    """The event with the registered repository: what a payload says of where to clone from is not believed."""
    return dataclasses.replace(event, app=app.name, repository=repository(server, app), trunk=app.trunk)
