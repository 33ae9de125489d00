"""Time until requests get an answer, by route and code; live answers last for hours, so only their beginning counts."""

from __future__ import annotations

import time
from collections.abc import Callable

from sealane.metrics.model import LATENCY_BUCKETS, Distribution, Family, Sample, Shape
from sealane.server.middleware import App, Message, Receive, Scope, Send

NAME = "sealane_http_request_seconds"
HELP = "Seconds from a request to the beginning of its answer, at this process."
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Latencies:
    """One process' times, since its start. Labels are routes as in the code, never addresses."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, str], Distribution] = {}

    def family(self) -> Family:
        """All measurements."""
        samples = [
            Sample(value=distribution, labels={"method": method, "route": route, "code": code})
            for (method, route, code), distribution in sorted(self._kept.items())
        ]
        return Family(name=NAME, shape=Shape.HISTOGRAM, help=HELP, samples=samples)

    def add(self, scope: Scope, code: int, seconds: float) -> None:
        """Adds one request."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        key = (method, _route(scope), str(code))
        self._kept[key] = self._kept.get(key, Distribution.empty(LATENCY_BUCKETS)).plus(seconds)


class Measured:
    """ASGI middleware: measures every request."""

    def __init__(self, app: App, *, latencies: Latencies, clock: Callable[[], float] = time.monotonic) -> None:
        self.app = app
        self.latencies = latencies
        self.clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, code = self.clock(), 0

        async def measured(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                self.latencies.add(scope, code, self.clock() - began)
            await send(message)

        try:
            await self.app(scope, receive, measured)
        except Exception:
            if not code:  # the answer comes from outside of the routes
                self.latencies.add(scope, 500, self.clock() - began)
            raise


def _route(scope: Scope) -> str:
    """The route as in the code; files share one name, and addresses without a route another."""
    template = getattr(scope.get("route"), "path", None)
    if isinstance(template, str):
        return template
    return "/static" if scope["path"].startswith("/static/") else "none"
