"""The API answers as its OpenAPI document says: schemathesis makes requests from it, good and bad, in three people's names."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import threading
from collections.abc import Coroutine, Iterator
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

from sealane import wiring
from sealane.server import application
from sealane.settings import Settings
from sealane.store.model import DeploymentState
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
    "GET /api/users",
    "GET /api/users/{user}/tokens",
    "GET /api/apps/{app}/alert-token",
    "GET /api/apps/{app}/tokens",
}
BASE = "http://sealane"


class Served:
    """An application over a real store, in this process, on an event loop of its own; asked without a socket."""

    def __init__(self, root: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.settings = Settings(
            data=root / "data",
            engine={"kind": "dummy"},
            worker={"poll": 0.02, "sweep": 0.2, "heartbeat": 0.5},
        )
        self.names: dict[str, str] = {}
        """What parts of addresses are called, where there is something."""
        self.tokens: dict[str, str] = {}
        self.secret = ""
        self.wait(self._start(Shop(root)))

    def wait(self, what: Coroutine[Any, Any, T]) -> T:
        """Does it on the server's loop."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(timeout=120)

    async def _start(self, shop: Shop) -> None:
        for name, text in pretending.environment_files("shop").items():
            (shop.data / "config" / "environments" / f"{name}.yaml").write_text(text)
        (shop.data / "config" / "access.yaml").write_text("readers: [viewers]\n")
        server = await wiring.start(self.settings, lost=lambda: None)
        assert server.first_token
        self.secret = (await server.apps.register("shop", owner="team", by=ADMIN)).hook_secret
        await server.apps.register("spare", owner="team", by=ADMIN)
        commit = shop.commit_files("first", pretending.version("shop", "first"))
        shop.push()
        run = (await server.intake.receive(pushed(commit))).run_id
        async with asyncio.timeout(60):
            while {each.state for each in (await server.views.run(run)).deployments} != {  # noqa: ASYNC110 - workflows tell nobody here
                DeploymentState.ENDED,
                DeploymentState.WAITING,
            }:
                await asyncio.sleep(0.05)
        there = {each.formation: each.id for each in (await server.views.run(run)).deployments}
        self.tokens = {
            "administrator": server.first_token,
            "reader": await server.access.add_user("rita", frozenset({"viewers"}), by=ADMIN),
        }
        victim = await server.access.add_user("victim", frozenset({"developers"}), by=ADMIN)
        await server.destroy()
        # what is asked for now is stored, and nobody carries it out
        self.server = await wiring.start(self.settings, role=wiring.Role.API)
        self.app = application.create(self.settings)
        self.app.state.server = self.server
        self.names = {
            "app": "shop",
            "formation": "dev",
            "run": run,
            "deployment": there["production"],
            "user": "victim",
            "token_id": victim.split("_")[1],
            "key": "step/lint",
            "what": "shop/dev",
            "gate": "rate",
            "source": "github",
        }
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False), base_url=BASE
        )

    def ask(self, case: schemathesis.Case, identity: str) -> httpx.Response:
        """What the application answers to one of schemathesis' requests."""
        if case.operation.path.endswith("/logs") or "/logs/" in case.operation.path:
            case.query.pop("follow", None)  # that never ends
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

    def close(self) -> None:
        self.wait(self._client.aclose())
        self.wait(self.server.destroy())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    found = Served(tmp_path_factory.mktemp("served"))
    yield found
    found.close()


@pytest.mark.parametrize("identity", EXAMPLES)
def test_every_answer_is_as_the_document_says(served: Served, identity: str) -> None:
    """Its status is named, its type and body are as they are told, and it is none of a broken server."""
    schema = schemathesis.openapi.from_dict(served.app.openapi())
    operations = [each.ok() for each in schema.get_all_operations()]
    wrong: list[str] = []
    seen: dict[str, set[int]] = {}
    for operation in sorted(operations, key=lambda each: each.method == "delete"):
        try:
            tried(served, operation, identity, seen.setdefault(operation.label, set()))
        except FailureGroup as failed:
            wrong.append(f"{operation.label}: {failed}")
    assert wrong == [], "\n\n".join(wrong)
    assert LEAST[identity] <= {status for each in seen.values() for status in each}
    if identity != "nobody":
        silent = [label for label, statuses in seen.items() if label.startswith("GET /api/") and 200 not in statuses]
        assert [label for label in silent if label not in OF_ADMINISTRATORS or identity != "reader"] == []


def tried(served: Served, operation: Any, identity: str, seen: set[int]) -> None:
    real = {name: served.names[name] for name in re.findall(r"{(\w+)}", operation.path)}
    if operation.method == "delete" and "app" in real:
        real["app"] = "spare"
    ways = [operation.as_strategy(path_parameters=real)]
    if identity == "administrator":
        ways += [operation.as_strategy(), operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)]

    @settings(
        max_examples=EXAMPLES[identity] * settings.default.max_examples // 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(ways))
    def one(case: schemathesis.Case) -> None:
        answer = served.ask(case, identity)
        seen.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS, excluded_checks=NOT_HELD.get(operation.path, []))

    one()
