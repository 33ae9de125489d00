"""The API answers as its OpenAPI document says: schemathesis makes requests from it, good and bad, in three people's names."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import json
import re
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sealane import composition
from sealane.records.deployments import DeploymentState
from sealane.server import application
from sealane.settings.model import Settings
from sealane.stencils.model import Revision
from tests import pretending
from tests.recovery.shop import ADMIN, Shop, pushed

T = TypeVar("T")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
NOT_HELD = {"/readyz": [not_a_server_error]}
"""That no worker is there is said by 503, as the document says."""
EXAMPLES = {"administrator": 8, "reader": 4, "nobody": 2}
"""Requests of each kind to each route, as a share in percent of what properties are tried."""
LEAST = {
    "administrator": {200, 201, 202, 204, 403, 404, 409, 422},
    "reader": {200, 403, 404, 409, 422},
    "nobody": {200, 401},
}
"""Answers that must have been seen: otherwise little was tried."""
OF_ADMINISTRATORS = {
    "GET /api/audit",
    "GET /api/notices/targets",
    "GET /api/relays",
    "GET /api/users",
    "GET /api/users/{user}/tokens",
    "GET /api/apps/{app}/access",
    "GET /api/apps/{app}/alert-token",
    "GET /api/apps/{app}/bundles/{bundle}",
    "GET /api/apps/{app}/tokens",
}
FOLLOWS = "/api/deployments/{deployment}/events"
"""It ends with the deployment, which waits here for ever: `test_artifact_deployments` follows one."""
WAITS = "/api/deployments/{deployment}/state"
"""It is asked of a deployment that has ended, so that nothing is waited for."""
BASE = "http://sealane"
BUNDLE = b"an archive"


async def _sent(content: bytes) -> AsyncIterator[bytes]:
    yield content


class Served:
    """An application over a real store, in this process, on an event loop of its own; asked without a socket."""

    def __init__(self, root: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.settings = Settings(
            data=root / "data",
            engine={"kind": "dummy"},
            worker={"poll": 0.25, "sweep": 0.2, "heartbeat": 0.5},
        )
        self.names: dict[str, str] = {}
        """What parts of addresses are called, where there is something."""
        self.tokens: dict[str, str] = {}
        self.secret = ""
        self.ended = ""
        """A deployment that has ended."""
        self.wait(self._start(Shop(root)))

    def wait(self, what: Coroutine[Any, Any, T]) -> T:
        """Does it on the server's loop."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=120)

    async def _start(self, shop: Shop) -> None:
        for name, text in pretending.environment_files("shop").items():
            (shop.data / "config" / "environments" / f"{name}.yaml").write_text(text)
        (shop.data / "config" / "access.yaml").write_text("grants: [{groups: [viewers], may: [read]}]\n")
        server = await composition.start(self.settings, lost=lambda: None)
        assert server.first_token
        self.secret = (await server.apps.register("shop", owner="team", by=ADMIN)).hook_secret
        await server.apps.register("spare", owner="team", by=ADMIN)
        commit = shop.commit_files("first", pretending.version("shop", "first"))
        shop.push()
        run = (await server.intake.receive(pushed(commit))).run_id
        async with asyncio.timeout(120):
            while {deployment.state for deployment in (await server.views.run(run)).deployments} != {  # noqa: ASYNC110 - workflows tell nobody here
                DeploymentState.ENDED,
                DeploymentState.WAITING,
            }:
                await asyncio.sleep(0.05)
        there = {deployment.formation: deployment.id for deployment in (await server.views.run(run)).deployments}
        self.tokens = {
            "administrator": server.first_token,
            "reader": await server.access.add_user("rita", frozenset({"viewers"}), by=ADMIN),
        }
        victim = await server.access.add_user("victim", frozenset({"developers"}), by=ADMIN)
        await server.destroy()
        # what is asked for now is stored, and nobody carries it out
        self.server = await composition.start(self.settings, role=composition.Role.API)
        self.app = application.create(self.settings)
        self.app.state.server = self.server
        await self.server.bundles.receive(
            "shop", hashlib.sha256(BUNDLE).hexdigest(), _sent(BUNDLE), start=0, total=len(BUNDLE)
        )
        self.ended = there["dev"]
        self.names = {
            "app": "shop",
            "formation": "dev",
            "run": run,
            "deployment": there["production"],
            "user": "victim",
            "token_id": victim.split("_")[1],
            "relay": "europe",
            "key": "step/lint",
            "what": "shop/dev",
            "gate": "rate",
            "bundle": hashlib.sha256(BUNDLE).hexdigest(),
            "source": "github",
        }
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url=BASE
        )

    def ask(self, case: schemathesis.Case, identity: str) -> httpx.Response:
        """What the application answers to one of schemathesis' requests."""
        if case.operation.path.endswith("/logs") or "/logs/" in case.operation.path:
            case.query.pop("follow", None)  # that never ends
        case.query.pop("wait", None)  # nothing changes here
        made = requests.Request(**case.as_transport_kwargs(base_url=BASE)).prepare()
        headers = {name.lower(): value for name, value in made.headers.items()}
        body = made.body.encode() if isinstance(made.body, str) else made.body or b""
        if identity in self.tokens and not case.operation.path.startswith("/hooks/"):
            headers["authorization"] = f"Bearer {self.tokens[identity]}"
        elif identity in self.tokens:
            digest = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
            headers.pop("authorization", None)
            headers |= {"x-hub-signature-256": f"sha256={digest}", "x-github-event": "push"}
        request = httpx.Request(made.method or "", made.url or "", headers=headers, content=body)
        return self.wait(self._client.send(request))

    def send(self, method: str, path: str, **how: Any) -> httpx.Response:
        """What the application answers to a request."""
        cookies = "; ".join(f"{name}={value}" for name, value in how.pop("cookies", {}).items())
        headers = {**how.pop("headers", {}), **({"Cookie": cookies} if cookies else {})}
        return self.wait(self._client.request(method, path, headers=headers, **how))

    def signed(self) -> dict[str, Any]:
        """Headers of the administrator's JSON."""
        authorization = f"Bearer {self.tokens['administrator']}"
        return {"headers": {"Authorization": authorization, "Content-Type": "application/json"}}

    async def session(self) -> tuple[str, str]:
        """The cookie and the form token of an administrator's session."""
        actor = await self.server.access.authenticate(self.tokens["administrator"])
        begun = await self.server.access.start_session(actor)
        return begun.cookie, begun.csrf

    async def revision(self) -> Revision:
        """What the shop wants to deploy."""
        deployment = await self.server.store.deployments.get(self.names["deployment"])
        return await self.server.store.releases.revision(deployment.revision_id)

    def close(self) -> None:
        self.wait(self._client.aclose())
        self.wait(self.server.destroy())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served_here = Served(tmp_path_factory.mktemp("served"))
    yield served_here
    served_here.close()


@pytest.mark.parametrize("identity", EXAMPLES)
def test_every_answer_is_as_the_document_says(served: Served, identity: str) -> None:
    """Its status is named, its type and body are as they are told, and it is none of a broken server."""
    schema = schemathesis.openapi.from_dict(served.app.openapi())
    operations = [get_all_operation.ok() for get_all_operation in schema.get_all_operations()]
    operations = [operation for operation in operations if operation.path != FOLLOWS]
    wrong: list[str] = []
    seen: dict[str, set[int]] = {}
    for operation in sorted(operations, key=lambda operation: operation.method == "delete"):
        try:
            tried(served, operation, identity, seen.setdefault(operation.label, set()))
        except FailureGroup as failed:
            wrong.append(f"{operation.label}: {failed}")
    assert wrong == [], "\n\n".join(wrong)
    assert LEAST[identity] <= {status for by_identity in seen.values() for status in by_identity}
    if identity != "nobody":
        silent = [label for label, statuses in seen.items() if label.startswith("GET /api/") and 200 not in statuses]
        assert [label for label in silent if label not in OF_ADMINISTRATORS or identity != "reader"] == []


def tried(served: Served, operation: Any, identity: str, seen: set[int]) -> None:
    real = {name: served.names[name] for name in re.findall(r"{(\w+)}", operation.path)}
    if operation.method == "delete" and "app" in real:
        real["app"] = "spare"
    if operation.path == WAITS:
        real["deployment"] = served.ended
    ways = [operation.as_strategy(path_parameters=real)]
    if identity == "administrator":
        ways += [operation.as_strategy(), operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]

    @settings(
        max_examples=EXAMPLES[identity] * max(100, settings.default.max_examples) // 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways))
    def one(case: schemathesis.Case) -> None:
        answer = served.ask(case, identity)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS, excluded_checks=NOT_HELD.get(operation.path, []))

    one()


NOTHING_OF_OURS = [
    *(None, True, 1, -1, 10**30, 1e400, float("nan"), "", "\ud800", "\0", "x" * 5000, [], {}, [None], {"": None}),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        {"a": {"b": [1e999]}},
        json.loads("[" * 150 + "]" * 150),
    ),
]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value within a value."""
    yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from places(inner, (*at, name))


def test_a_revision_with_anything_in_it_is_vetted_or_refused(served: Served) -> None:
    """Each value of a good one replaced: the answer is no fault of the server's."""
    good = served.wait(served.revision()).to_json()
    seen = set()

    @settings(max_examples=150)
    @given(at=st.sampled_from(list(places(good))[1:]), value=st.sampled_from(NOTHING_OF_OURS))
    def one(at: tuple[Any, ...], value: Any) -> None:
        changed = inside = copy.deepcopy(good)
        for name in at[:-1]:
            inside = inside[name]
        inside[at[-1]] = value
        answer = served.send("POST", "/api/vet", content=json.dumps({"revision": changed}), **served.signed())
        seen.add(answer.status_code)
        assert answer.status_code in {200, 404, 422}, answer.text

    one()
    assert {200, 422} <= seen


HOSTILE = [r"\ud800", "%00", "//[", "http://[", "x" * 3000, "ü", ""]
"""Sent in a charset that makes half a character of the first."""
ENDLESS = {"/changes", "/runs/{run}/follow/{key}", "/apps/{app}/{formation}/logs/follow"}


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_no_form_and_no_page_breaks_the_server(served: Served, hostile: str) -> None:
    """Whatever stands in a form, also in place of its token, in a question or in what is remembered by a browser."""
    session, csrf = served.wait(served.session())
    fields = ["form_token", "token", "next", "typed", "reason", "word", "find", "step", "before", "app", "state"]
    for route in served.app.api_routes():
        if route.include_in_schema or route.path.startswith("/git/"):
            continue
        path = re.sub(r"{(\w+)(:path)?}", lambda match: served.names[match[1]], route.path)
        for method in sorted(route.methods - {"HEAD"}):
            if method == "GET" and route.path_format not in ENDLESS:
                said = served.send(
                    method, path, params=dict.fromkeys(fields, hostile), cookies={"sealane_session": session}
                )
                assert said.status_code < 500, f"{method} {path}: {said.text}"
            for token in (csrf, hostile) if method == "POST" and path != "/sign-out" else ():
                form = {**dict.fromkeys(fields, hostile), "form_token": token}
                cookies = {"sealane_session": session, "sealane_form": csrf}
                said = served.send(method, path, **multipart(form), cookies=cookies)
                assert said.status_code < 500, f"{method} {path}: {said.text}"


def multipart(fields: dict[str, str]) -> dict[str, Any]:
    """A form whose charset Python knows, and no browser."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    headers = {"Content-Type": "multipart/form-data; boundary=b; charset=unicode_escape"}
    return {"content": "".join([*parts, "--b--\r\n"]).encode(), "headers": headers}
