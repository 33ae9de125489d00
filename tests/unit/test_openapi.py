"""The OpenAPI document: every answer of every route, and who is let in."""

from __future__ import annotations

import importlib
import json
import logging
import pkgutil
import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

import sealane
from sealane.clients import server as client
from sealane.errors import Conflicting, Fenced, NotSignedIn, SealaneError, TooManyAttempts
from sealane.server import access, application, error_answers, head_timeout, middleware, openapi
from sealane.server.error_responses import Error, raised
from sealane.settings.model import Settings

PUBLIC = {"GET /healthz", "GET /readyz"}
PROVED = {"POST /hooks/{source}/{app}", "POST /hooks/alerts/{app}/{formation}"}
"""Messages of other programs, which are signed."""
OTHERWISE = {("GET /readyz", "503")}
"""What is told with a body of its own."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> openapi.Documented:
    return application.create(Settings(data=tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def document(app: openapi.Documented) -> dict[str, Any]:
    return app.openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    paths = document["paths"].items()
    return {f"{method.upper()} {path}": operation for path, methods in paths for method, operation in methods.items()}


def errors() -> Sequence[type[SealaneError]]:
    """Every class of errors that the code has."""
    for module in pkgutil.walk_packages(sealane.__path__, "sealane."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)

    def below(kind: type[SealaneError]) -> Iterator[type[SealaneError]]:
        yield kind
        for child in kind.__subclasses__():
            yield from below(child)

    return tuple(below(SealaneError))


def test_every_error_s_status_is_in_the_document(document: dict[str, Any]) -> None:
    told = {status for operation in operations(document).values() for status in operation["responses"]}
    assert {str(error.http_status) for error in errors()} <= told


def test_every_error_of_every_route_has_the_one_body(document: dict[str, Any]) -> None:
    """Told in words, too; and what would be the framework's own is not there."""
    for label, operation in operations(document).items():
        for status, response in operation["responses"].items():
            if int(status) >= 400 and (label, status) not in OTHERWISE:
                content = response["content"]
                assert content == {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}, label
                assert response["description"].startswith("`"), label
    assert set(document["components"]["schemas"]["Error"]["required"]) == set(Error.model_fields)
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_every_reference_in_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    for name in set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document))):
        assert name in document["components"]["schemas"]


def test_every_route_says_what_lets_a_request_in(document: dict[str, Any]) -> None:
    """Or is one of the few that are for everybody; what changes something by a session wants the form token beside it."""
    for label, operation in operations(document).items():
        wanted = operation.get("security", [])
        assert (not wanted) == (label in PUBLIC), label
        assert ({"token": []} in wanted) == (label not in PUBLIC | PROVED), label
        assert ("401" in operation["responses"]) == (label not in PUBLIC), label
        for requirement in wanted:
            assert set(requirement) <= set(document["components"]["securitySchemes"]), label
            if "session" in requirement:
                assert ("form" in requirement) == (not label.startswith("GET ")), label


def test_the_gate_and_the_document_agree(app: openapi.Documented) -> None:
    """Of every route of the application, also those that are no part of the document."""
    for route in app.api_routes():
        gated = any(dependant.call is access.admitted for dependant in openapi.dependants(route.dependant))
        for method in route.methods if route.include_in_schema else ():
            operation = app.openapi()["paths"][route.path_format][method.lower()]
            assert gated == ({"token": []} in operation.get("security", [])), route.path


def test_every_text_in_an_address_has_a_limit(document: dict[str, Any]) -> None:
    """And says what it is."""
    tried = 0
    for label, operation in operations(document).items():
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{label} {parameter['name']}"
            for kind in (parameter["schema"], *parameter["schema"].get("anyOf", ())):
                if kind.get("type") == "string":
                    assert {"pattern", "maxLength", "enum"} & {*kind, *parameter["schema"]}, (
                        f"{label} {parameter['name']}"
                    )
                    tried += 1
    assert tried > 60


KINDS = {"/logs": "text/plain", ".csv": "text/csv", "{deployment}/events": "text/event-stream"}
"""What a path holds to how it answers."""


def test_text_and_json_are_told_apart(document: dict[str, Any]) -> None:
    for label, operation in operations(document).items():
        for status, response in operation["responses"].items():
            kind = next((kind for end, kind in KINDS.items() if end in label), "application/json")
            wanted = kind if status == "200" else "application/json"
            assert set(response.get("content", {})) == (set() if status == "204" else {wanted}), f"{label} {status}"


@pytest.mark.parametrize("kind", [Conflicting, Fenced, TooManyAttempts])
@pytest.mark.parametrize("declared", [True, False])
async def test_an_answer_that_is_not_in_the_document_is_told_in_the_log(
    kind: type[SealaneError], declared: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """So that the suite finds it wherever it happens; what every route may answer is always in it."""
    router = APIRouter()

    @router.get("/api/things/{thing}", responses=raised(kind) if declared else {})
    async def thing(thing: str) -> None:
        raise TooManyAttempts("slower", after=3) if kind is TooManyAttempts else kind("it is taken")

    @router.get("/api/broken")
    async def broken() -> None:
        raise SealaneError("it broke")

    async with asking(router) as ask:
        with caplog.at_level(logging.INFO, "sealane.events"):
            answers = [await ask.get("/api/things/x"), await ask.get("/api/broken"), await ask.get("/api/nowhere")]
    assert [answer.status_code for answer in answers] == [kind.http_status, 500, 404]
    told = [record.sealane_fields for record in caplog.records if record.message == "answer.undocumented"]
    wanted = {"method": "GET", "route": "/api/things/{thing}", "status": kind.http_status, "error": kind.__name__}
    assert told == ([] if declared else [wanted])


class Named(BaseModel):
    """A body."""

    name: str


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"name": "\xff"}', "application/json", 422),
        (b"\xff\xfe{", "application/json", 422),
        (b'{"name": ', "application/json", 422),
        (b'{"name": ' + b"[" * 900, "application/json", 422),
        (b'{"name": "x"}', "text/plain", 422),
        (b"--", "multipart/form-data", 422),
        (b"x" * 1001, "application/json", 413),
        (b"--b\r\n\r\n", "multipart/form-data; boundary=b", 422),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("path", ["/api/json", "/api/form"])
async def test_a_body_that_can_t_be_read_gets_the_body_of_every_error(
    path: str, content: bytes, kind: str, status: int
) -> None:
    """Never 400, which no route has in the document, and never what the framework would say."""
    router = APIRouter()

    @router.post("/api/json")
    async def json_body(body: Named) -> None: ...

    @router.post("/api/form")
    async def form_body(request: openapi.Request) -> None:
        await request.form()
        raise NotSignedIn("it was read")

    async with asking(router) as ask:
        answer = await ask.post(path, content=content, headers={"Content-Type": kind})
    said = Error.model_validate(answer.json())
    assert said.message
    if answer.status_code != 401:  # what is no form is none for a route that looks for one
        assert answer.status_code == status, said


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_another_method_is_told_as_every_error(method: str) -> None:
    router = APIRouter()

    @router.get("/api/things")
    async def things() -> None: ...

    async with asking(router) as ask:
        answer = await ask.request(method, "/api/things")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    Error.model_validate(answer.json())


def asking(router: APIRouter) -> httpx.AsyncClient:
    """Asks an application of these routes."""
    app = openapi.Documented()
    app.include_router(router)
    error_answers.add_to(app)
    app.add_middleware(middleware.Guard, most=1000)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://here")


def test_a_head_that_comes_too_late_is_told_as_every_error() -> None:
    head, _, body = head_timeout._LATE.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert Error.model_validate_json(body).error == "TooSlow"


@pytest.mark.parametrize("kind", [error for error in errors() if error.__module__ == SealaneError.__module__])
def test_the_command_line_ends_as_the_error_says(kind: type[SealaneError]) -> None:
    """With the same exit code as if it had happened here."""
    with pytest.raises(SealaneError) as told:
        client._raise_for(httpx.Response(kind.http_status, json={"message": "no", "hint": "yes"}))
    assert (told.value.message, told.value.hint) == ("no", "yes")
    if kind is not Fenced:  # which shares its status with what is a person's own
        assert told.value.exit_code == kind.exit_code


def fields(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every text that a body of the API may have, wherever it stands in it."""
    schemas = document["components"]["schemas"]
    asked = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        for methods in document["paths"].values()
        for operation in methods.values()
        if "$ref" in operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    }
    for name in sorted(asked):
        for field, schema in schemas[name]["properties"].items():
            for kind in (schema, *schema.get("anyOf", ()), schema.get("items", {})):
                if kind.get("type") == "string":
                    yield name, field, kind


def test_every_text_of_the_api_has_a_limit(document: dict[str, Any]) -> None:
    """A field that is added later must be made of `server.fields`, too."""
    limited = list(fields(document))
    assert len(limited) >= 14
    assert [f"{name}.{field}" for name, field, kind in limited if "maxLength" not in kind] == []
