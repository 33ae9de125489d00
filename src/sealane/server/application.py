"""The application: routes, pages, errors and guards over one running server."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.staticfiles import StaticFiles

from sealane import __version__
from sealane.server import error_answers, middleware, openapi, shares
from sealane.server.api import (
    access,
    apps,
    artifacts,
    bundles,
    deployment_states,
    deployments,
    events,
    formations,
    gates,
    git,
    health,
    insights,
    metrics,
    notices,
    pending,
    policies,
    relays,
    runs,
    tokens,
    users,
    webhooks,
)
from sealane.server.latencies import Latencies, Measured
from sealane.server.pages import (
    access_pages,
    app_page,
    forms,
    insight_page,
    lists,
    log_page,
    routes,
    sign_in,
    templates,
    token_pages,
)
from sealane.server.platform_metrics import PlatformMetrics
from sealane.server.readiness import Readiness
from sealane.settings.model import Settings

_PARTS = (
    access,
    apps,
    artifacts,
    bundles,
    deployment_states,
    formations,
    runs,
    deployments,
    pending,
    gates,
    events,
    notices,
    users,
    tokens,
    relays,
    webhooks,
    git,
    health,
    insights,
    metrics,
    policies,
    sign_in,
    lists,
    app_page,
    log_page,
    insight_page,
    routes,
    forms,
    token_pages,
    access_pages,
)
"""All modules with routes; of two routes that fit an address the first one counts."""


def create(settings: Settings) -> openapi.Documented:
    """Creates the application; set `app.state.server` to the running server before the first request."""
    app = openapi.Documented(
        title="Sealane",
        version=__version__,
        summary="From a git push to a verified, observed, reversible release.",
        openapi_url=openapi.PATH,
        docs_url=None,
        redoc_url=None,
    )
    latencies, readiness = Latencies(), Readiness(silent_after=settings.worker.dead_after)
    app.state.readiness = readiness
    app.state.streams = shares.streams(settings.http.streams)
    app.state.turns = shares.Turns(most=settings.http.requests)
    app.state.git_turns = shares.Turns(most=settings.http.requests)
    app.state.metrics = PlatformMetrics(readiness=readiness, latencies=latencies, every=settings.metrics.refresh)
    for part in _PARTS:
        # As they are: `include_router` builds every route again at the first request, which takes a third of a second.
        app.router.routes.extend(part.router.routes)
    app.mount("/static", StaticFiles(directory=templates.STATIC), name="static")
    error_answers.add_to(app)

    async def step_networks() -> Iterable[str]:
        """The server's networks; it exists once there are requests."""
        networks: Iterable[str] = await app.state.server.store.step_networks.of_running()
        return networks

    if not settings.steps.reach_server:
        app.add_middleware(middleware.StepsOutside, networks=step_networks)
    app.add_middleware(
        middleware.Guard, most=settings.http.max_body, seconds=settings.http.body_timeout, folders=settings.folders
    )
    app.add_middleware(Measured, latencies=latencies)
    return app
