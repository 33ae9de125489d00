"""The application: routes, pages, errors and guards over one running server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from sealane import __version__, wiring
from sealane.server import answering, guarding
from sealane.server.api import apps, deployments, formations, git, runs, users, webhooks
from sealane.server.ui import pages, signing_in, templates
from sealane.settings import Settings


def create(settings: Settings, *, role: wiring.Role = wiring.Role.ALL) -> FastAPI:
    """The application; starting and stopping it starts and stops the server below it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.server = await wiring.start(settings, role=role)
        if role is not wiring.Role.WORKER:
            await git.catch_up(app.state.server)
        try:
            yield
        finally:
            await app.state.server.stop()

    app = FastAPI(
        title="Sealane",
        version=__version__,
        summary="From a git push to a verified, observed, reversible release.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    for part in (apps, formations, runs, deployments, users, webhooks, git):
        app.include_router(part.router)
    app.include_router(signing_in.router)
    app.include_router(pages.router)
    app.mount("/static", StaticFiles(directory=templates.STATIC), name="static")
    answering.add_to(app)
    app.add_middleware(guarding.Guard, most=settings.http.max_body)
    return app
