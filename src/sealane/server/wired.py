"""The running server in a route's signature, and what routes share about apps."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import Depends, Request

from sealane import wiring
from sealane.events.model import Event
from sealane.store.model import App


def _server(request: Request) -> wiring.Server:
    server: wiring.Server = request.app.state.server
    return server


Server = Annotated[wiring.Server, Depends(_server)]


def of_app(event: Event, app: App) -> Event:
    """The event with the registered repository: what a payload says of where to clone from is not believed."""
    return dataclasses.replace(event, app=app.name, repository=app.repository, trunk=app.trunk)
