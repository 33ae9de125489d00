"""A small API server that says what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DISCOVERY_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def discovered(*kinds: tuple[str, str, str, str], scope: str = "Namespaced") -> dict[str, Any]:
    """An aggregated discovery document of (group, version, kind, plural)."""
    items = [
        {
            "metadata": {"name": group},
            "versions": [
                {
                    "version": version,
                    "resources": [
                        {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get", "list"]}
                    ],
                }
            ],
        }
        for group, version, kind, plural in kinds
    ]
    return {"kind": "APIGroupDiscoveryList", "items": items}


def status(code: int, message: str, *, reason: str = "", **details: Any) -> web.Response:
    body = {"kind": "Status", "code": code, "message": message, "reason": reason, "details": details}
    return web.json_response(body, status=code)


class FakeApi:
    """Answers from handlers by method and path; remembers every request as (method, path, query, body)."""

    def __init__(self) -> None:
        self.handlers: dict[tuple[str, str], Handler] = {}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.headers: list[dict[str, str]] = []
        self.core = discovered(("", "v1", "Pod", "pods"))
        self.groups = discovered(("apps", "v1", "Deployment", "deployments"))
        self.on("GET", "/api", self._core)
        self.on("GET", "/apis", self._groups)

    def on(self, method: str, path: str, handler: Handler) -> None:
        self.handlers[method, path] = handler

    def count(self, method: str, path: str) -> int:
        return sum(1 for m, p, _, _ in self.requests if (m, p) == (method, path))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        self.requests.append((request.method, request.path, dict(request.query), body))
        self.headers.append(dict(request.headers))
        handler = self.handlers.get((request.method, request.path))
        return await handler(request) if handler else status(404, f"{request.path} not found", reason="NotFound")

    async def _core(self, _: web.Request) -> web.Response:
        return web.json_response(self.core)

    async def _groups(self, _: web.Request) -> web.Response:
        return web.json_response(self.groups)


def write_kubeconfig(path: Path, url: str, user: dict[str, Any]) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def pod(name: str, version: str = "1", owner: str | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": version}
    if owner:
        metadata["ownerReferences"] = [{"kind": "ReplicaSet", "name": owner, "uid": owner, "controller": True}]
    return {"metadata": metadata}


def listing(version: str, *pods: dict[str, Any], more: str = "") -> web.Response:
    return web.json_response({"metadata": {"resourceVersion": version, "continue": more}, "items": list(pods)})


async def stream(request: web.Request, *events: tuple[str, dict[str, Any]], keep: bool = False) -> web.StreamResponse:
    """A watch that sends these events and then ends, or stays open."""
    response = web.StreamResponse()
    await response.prepare(request)
    for kind, item in events:
        await response.write(json.dumps({"type": kind, "object": item}).encode() + b"\n")
    if keep:
        await asyncio.Event().wait()
    return response
