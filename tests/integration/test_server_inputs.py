"""Hostile text in every field of the API, and apps that are broken: the server tells it, and goes on with the others."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pretending
from tests.serving import Serving, serving_shop, until

HOSTILE = {
    "half a character": "a\udfffb",
    "NUL": "a\0b",
    "terminal": "\x1b]52;c;eA==\x07",
    "direction": "main\u202egpj",
    "long": "m" * 5000,
    "up": "../../x",
}


HARMLESS = {("/api/apps/{app}/owner", "up")}
"""An owner is any line of text; no file is called by it."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving_shop(tmp_path_factory.mktemp("server")) as server:
        yield server


def bodies(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], str]]:
    """Every route with a body, a body that fits its schema, and the name of each field of it."""
    for path, methods in document["paths"].items():
        for method, operations in methods.items():
            content = operations.get("requestBody", {}).get("content", {})
            if "$ref" in content.get("application/json", {}).get("schema", {}):
                name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
                known = document["components"]["schemas"][name]["properties"]
                for field in known:
                    yield method, path, {name: sample(known[name]) for name in known}, field


def sample(schema: dict[str, Any]) -> Any:
    first = schema.get("anyOf", [schema])[0]
    kind = first.get("type", "object")  # what stands elsewhere in the document is one
    return {"string": "x", "boolean": True, "integer": 1, "array": [], "object": {}}[kind]


@pytest.mark.parametrize("name", HOSTILE)
def test_no_field_of_a_body_breaks_the_server(serving: Serving, name: str) -> None:
    """Each field of each route, one at a time: refused by a clear answer, never stored, never a 500."""
    tried = 0
    with serving.client() as client:
        for method, path, body, field in bodies(client.get("/api/openapi.json").json()):
            given = [HOSTILE[name]] if isinstance(body[field], list) else HOSTILE[name]
            sent = json.dumps({**body, field: given}).encode()
            url = re.sub(r"\{[^}]+\}", "shop", path)
            if (path, name) in HARMLESS:
                continue
            answer = client.request(method, url, content=sent, headers={"Content-Type": "application/json"})
            assert 400 <= answer.status_code < 500, f"{path} {field}: {answer.status_code} {answer.text[:300]}"
            assert answer.json()["message"]
            tried += 1
        strange = json.dumps({"\ud83d": 1}).encode()
        assert client.post("/api/users", content=strange).status_code == 422
    assert tried > 15
    assert "broke" not in serving.log


@pytest.mark.parametrize("text", ["%00", "a%1b%5d", "%e2%80%ae", "x" * 3000, "%ff", "..%2f..%2fx"])
def test_no_address_breaks_the_server(serving: Serving, text: str) -> None:
    """In each part of each path, of the API, the pages, the files and git's."""
    with serving.client() as client:
        paths = [*client.get("/api/openapi.json").json()["paths"], "/static/{x}", "/git/{x}.git/info/refs", "/runs/{x}"]
        for path in [*paths, "/runs?before={x}", "/api/runs?app={x}&before={x}", "/?find={x}"]:
            answer = client.get(re.sub(r"\{[^}]+\}", text, path))
            assert answer.status_code < 500, f"{path}: {answer.status_code} {answer.text[:300]}"
    assert "broke" not in serving.log


@pytest.mark.parametrize(
    "wrong",
    [{"trunk": "a..b"}, {"folder": "a/../../b"}, {"owner": "\x1b[31m"}, {"trunk": "x" * 230}, {"owner": " "}],
    ids=str,
)
def test_a_refused_app_leaves_nothing_behind(serving: Serving, wrong: dict[str, str]) -> None:
    """Its name is still free, and no folder was made."""
    with serving.client() as client:
        refused = client.post("/api/apps", json={"name": "half", "owner": "team", **wrong})
        assert (refused.status_code, client.get("/api/apps/half").status_code) == (422, 404), refused.text
    assert not (serving.folder / "data" / "repositories" / "half.git").exists()


def test_a_side_effect_that_fails_leaves_no_row(serving: Serving) -> None:
    """A file stands where the repository should: nothing is registered, and the name is free once it is gone."""
    blocking = serving.folder / "data" / "repositories" / "blocked.git"
    blocking.write_text("")
    with serving.client() as client:
        refused = client.post("/api/apps", json={"name": "blocked", "owner": "team"})
        assert refused.status_code >= 400
        assert client.get("/api/apps/blocked").status_code == 404
        blocking.unlink()
        assert client.post("/api/apps", json={"name": "blocked", "owner": "team"}).status_code == 201


def test_a_broken_app_stops_no_other(tmp_path: Path) -> None:
    """The server starts, takes in what another app was pushed meanwhile, and tells what is broken, and tries it again by itself until it works."""
    server = Serving(tmp_path / "server", {"SEALANE_ENGINE__KIND": "dummy"}).start()
    try:
        apps = {name: pretending.App(server, tmp_path / name, name) for name in ("aaa", "zzz")}
        server.kill()
        repositories = server.folder / "data" / "repositories"
        shutil.move(repositories / "aaa.git", tmp_path / "lost")
        pushed = apps["zzz"].commit("while it was away", changes={"a": "b"})
        pretending.git(apps["zzz"].folder, "push", "-q", str(repositories / "zzz.git"), "HEAD:main")
        server.start()
        apps["zzz"].run_of(pushed)
        with server.client() as client:
            assert "could not be taken in" in client.get("/api/apps/aaa").json()["trouble"]
            assert client.get("/api/apps/zzz").json()["trouble"] is None
        assert "pushes to aaa could not be taken in" in server.log
        again = apps["aaa"].commit("pushed while it was lost", changes={"a": "b"})
        pretending.git(apps["aaa"].folder, "push", "-q", str(tmp_path / "lost"), "HEAD:main")
        shutil.move(tmp_path / "lost", repositories / "aaa.git")
        apps["aaa"].run_of(again, within=120)
        with server.client() as client:
            assert client.get("/api/apps/aaa").json()["trouble"] is None
        until("the log to tell it", lambda: "pushes to aaa are taken in again" in server.log)
        assert server.log.count("pushes to aaa could not be taken in") == 1
    finally:
        server.stop()


def test_a_push_that_git_took_and_the_server_could_not_is_taken_in_later(serving: Serving, tmp_path: Path) -> None:
    """The database refuses the event when git has nothing to push again: once it is fixed the run begins."""
    token = serving.user("kay", "administrators")
    app = pretending.App(serving, tmp_path / "left", "left")
    pushed = app.commit("in a hurry", changes={"a": "b"})
    with closing(sqlite3.connect(serving.folder / "data" / "sealane.db", timeout=60)) as database:
        refuses = "BEFORE INSERT ON events WHEN NEW.app = 'left' BEGIN SELECT RAISE(ABORT, 'it is full'); END"
        database.execute(f"CREATE TRIGGER full {refuses}")
        assert pretending.git(app.folder, "push", app.url(token), "HEAD:main", check=False).returncode != 0
        with serving.client() as client:
            told = until("the trouble to be told", lambda: client.get("/api/apps/left").json()["trouble"])
            assert "could not be taken in" in told
            database.execute("DROP TRIGGER full")
            run = app.run_of(pushed, within=120)
            assert client.get("/api/apps/left").json()["trouble"] is None
    assert run["run"]["event"]["pusher"]["name"] == "kay"


def test_alerts_of_far_dates_and_half_characters_are_taken(serving: Serving) -> None:
    with serving.client() as client:
        made = client.get("/api/apps/shop/alert-token").json()
    body = {"alerts": [{"labels": {"alertname": "a\ud83d", "x\udc00": "\0"}, "startsAt": "0001-01-01T00:00:00+14:00"}]}
    answer = httpx.post(
        f"{serving.url}/hooks/alerts/shop/dev",
        content=json.dumps(body),
        headers={"Authorization": f"Bearer {made['token']}", "Content-Type": "application/json"},
        timeout=60,
    )
    assert answer.status_code < 500, answer.text


def test_a_log_that_is_not_there_is_told(serving: Serving, tmp_path: Path) -> None:
    """By the API and the page, also when its name can be none, and with a place to begin far behind its end."""
    before = serving.log.count("broke")
    app = pretending.App(serving, tmp_path / "logged", "logged")
    app.push()
    run = app.run_of(app.head)["run"]["id"]
    with serving.client() as client:
        for key in ("nothing", "step/", "step/a b", "x" * 300):
            assert client.get(f"/api/runs/{run}/logs/{key}").status_code == 404, key
        assert client.get(f"/api/runs/{run}/logs/step/lint", params={"offset": 2**61}).text == ""
        assert client.get(f"/api/runs/{run}/logs/step/lint", params={"offset": 2**80}).status_code == 422
        assert client.get(f"/api/runs/{run}/logs/step/nothing").text == ""
    assert serving.log.count("broke") == before
