"""Metrics for Prometheus: of deployments, runs and the platform itself. A setting decides who may read them."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request
from starlette.responses import Response

from sealane.clients import prometheus
from sealane.errors import NotSignedIn, Refused
from sealane.server import dependencies
from sealane.server.platform_metrics import PlatformMetrics
from sealane.settings.model import Settings

router = APIRouter(tags=["health"])


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, server: dependencies.OpenServer) -> Response:
    """All metrics, in Prometheus' text format; docs/metrics.md has the names.

    With `SEALANE_METRICS__TOKEN`, readers need that token; without it, only this machine may read. Raises NotSignedIn, Refused.
    """
    _check_may(request, server.settings)
    measured: PlatformMetrics = request.app.state.metrics
    families = await measured.families(server)
    text, kind = prometheus.exposition(families, request.headers.get("accept", ""))
    return Response(text, media_type=kind)


def _check_may(request: Request, settings: Settings) -> None:
    token = settings.metrics.token
    if token is None:
        if not _is_here(request):
            hint = "set SEALANE_METRICS__TOKEN, and give the token to whoever reads it"
            raise Refused("only this machine may read the metrics", hint=hint)
        return
    scheme, _, shown = request.headers.get("authorization", "").partition(" ")
    right = hmac.compare_digest(shown.strip().encode(), token.get_secret_value().encode())
    if scheme.lower() != "bearer" or not right:
        raise NotSignedIn("reading the metrics needs their token", hint="see SEALANE_METRICS__TOKEN")


def _is_here(request: Request) -> bool:
    """Whether it comes from this machine, and not from a proxy on it that doesn't name its client."""
    if request.client is None or "x-forwarded-for" in request.headers or "forwarded" in request.headers:
        return False
    try:
        return ip_address(request.client.host.partition("%")[0]).is_loopback
    except ValueError:  # another kind of socket
        return False
