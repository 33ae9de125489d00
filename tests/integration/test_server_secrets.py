"""Dozens of secrets of two stores, printed by steps, containers, hooks and last words as programs write them: found nowhere."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import random
import re
import sqlite3
import string
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sealane import controls, pretended
from sealane.secrets.search import Search
from tests import pretending
from tests.serving import SEALANE, Serving, paths_under

EACH = {"sqlite": 8, "postgres": 2}
"""Secrets of each kind, by the database that the server keeps."""
SIGNS = string.ascii_letters + string.digits + "'\"<>&%$ /+=-_.,;!\\"
PIPELINE = """app: shop
steps:
  - name: tell
    image: busybox
    commands: [tell]
    secrets: [STEPS]
    environment: {DUMMY_OUTPUT: SAID}
deliver: [{formation: dev}]
"""
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop-dev
secrets: SECRETS
hooks: {before: [{name: ask, stencil: ask}]}
strategy: {healthy_for: 0s, patience: 5s, deadline: 20s}
"""
WORKLOADS = """apiVersion: batch/v1
kind: Job
metadata: {name: ask}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: ask, image: "registry.example.com/shop:1", envFrom: [{secretRef: {name: "${secrets}"}}], env: HOOK}
---
apiVersion: batch/v1
kind: Job
metadata: {name: look}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - {name: look, image: "registry.example.com/shop:1", envFrom: [{secretRef: {name: "${secrets}"}}], env: LOOK}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/shop:1", envFrom: [{secretRef: {name: "${secrets}"}}], env: WEB}
"""


def value(chance: random.Random) -> str:
    """A secret with all signs that encoders write otherwise."""
    return "x" + "".join(chance.choice(SIGNS) for _ in range(chance.randrange(12, 40))) + "Z"


@dataclass
class Vault:
    """All secrets there ever were, and what is to be found nowhere."""

    chance: random.Random
    each: int
    ever: list[str] = field(default_factory=list)

    def new(self, prefix: str) -> dict[str, str]:
        made = {f"{prefix}{number}": value(self.chance) for number in range(self.each)}
        self.ever += made.values()
        return made

    @property
    def needles(self) -> set[bytes]:
        """Each secret, and what programs make of it, line by line."""
        texts = {*self.ever, *(encode(encoded) for encode in pretended.ENCODERS.values() for encoded in self.ever)}
        return {line.encode() for text in texts for line in controls.removed(text).split("\n") if len(line) >= 8}


def said(*names: str) -> str:
    """What a container is told to print: each secret plainly and in every encoding."""
    ways = ["", *(f"|{name}" for name in pretended.ENCODERS)]
    return "\n".join(f"canary {name}{way} is $({name}{way})." for name in names for way in ways) + "\n"


@dataclass
class World:
    serving: Serving
    app: pretending.App
    vault: Vault
    recipient: str
    database: str | None
    """URL of a PostgreSQL database."""
    store: str = ""
    """Where a metric store answers that repeats what it is asked."""
    aged: dict[str, str] = field(default_factory=dict)

    def files(
        self,
        *,
        hook: dict[str, str] | None = None,
        web: dict[str, str] | None = None,
        look: dict[str, str] | None = None,
        asks: bool = False,
    ) -> dict[str, str]:
        """A version of the app; what its Jobs and the web server do beside printing, and whether a store is asked."""
        names = [f"MINE_F{number}" for number in range(self.vault.each)]
        steps = [f"MINE_S{number}" for number in range(self.vault.each)]
        gates: list[dict[str, Any]] = [{"name": "look", "job": {"stencil": "look"}}] if look is not None else []
        if asks:
            query = {"url": self.store, "query": "up", "condition": "< 1", "token": "env:MINE_F1"}
            gates.append({"name": "rate", "wait": "300ms", "prometheus": query})
        secrets = {name: f"env:{name}" for name in names} | {name: f"age:deploy/all.age#{name}" for name in self.aged}
        told = {"DUMMY_OUTPUT": said(*secrets)}

        def variables(more: dict[str, str] | None) -> str:
            return json.dumps([{"name": name, "value": text} for name, text in {**told, **(more or {})}.items()])

        return {
            ".sealane.yml": PIPELINE.replace("STEPS", ", ".join(steps)).replace("SAID", json.dumps(said(*steps))),
            "deploy/formations/dev.yaml": FORMATION.replace("SECRETS", json.dumps(secrets)).replace(
                "strategy: {", f"strategy: {{gates: {json.dumps(gates)}, " if gates else "strategy: {"
            ),
            "deploy/stencils/all.yaml": WORKLOADS.replace("HOOK", variables(hook))
            .replace("WEB", variables(web))
            .replace("LOOK", variables(look)),
        }

    def rotate(self) -> None:
        """Other values in both stores; a server's own environment changes with its process."""
        given = self.vault.new("MINE_S") | self.vault.new("MINE_F")
        self.serving.environment = {
            **self.serving.environment,
            **{f"SEALANE_SECRET_SHOP__{name}": text for name, text in given.items()},
        }
        self.serving.stop()
        self.serving.start()
        self.aged = self.vault.new("AGED_")
        words = [str(SEALANE), "secrets", "encrypt", "-", "--to", self.recipient, "--output", "deploy/all.age"]
        (self.app.folder / "deploy").mkdir(exist_ok=True)
        text = json.dumps(self.aged)
        subprocess.run(words, input=text, text=True, check=True, capture_output=True, cwd=self.app.folder)

    def pushed(self, words: str, **how: Any) -> dict[str, Any]:
        """A version that was pushed, built and judged."""
        commit = self.app.commit(words, changes=self.files(**how))
        self.app.push()
        view = self.app.run_of(commit)
        assert view["run"]["status"] == "passed", view
        deployment: dict[str, Any] = self.app.deployment("dev", commit)
        return deployment

    def lives(self) -> Iterator[str]:
        """What is printed now, by API and command line."""
        with self.serving.client() as client:
            answer = client.get("/api/formations/shop/dev/logs", params={"tail": 2000})
        assert answer.status_code == 200, answer.text
        yield answer.text
        yield self.app.cli("logs", "shop/dev").stdout

    def follows(self) -> str:
        """What the API sends of what is printed while somebody follows it, up to the last of the secrets."""
        heard = ""
        query = {"tail": 2000, "follow": True}
        with (
            self.serving.client() as client,
            client.stream("GET", "/api/formations/shop/dev/logs", params=query) as answer,
        ):
            for piece in answer.iter_text():
                heard += piece
                if heard.count("canary") >= len(pretended.ENCODERS) * self.vault.each:
                    return heard
        return heard


class Repeating(BaseHTTPRequestHandler):
    """A metric store that refuses every query, and repeats what it was asked with."""

    def do_GET(self) -> None:
        body = json.dumps({"status": "error", "error": f"canary: no token like {self.headers['Authorization']}"})
        self.send_response(400)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Nowhere."""


@pytest.fixture
def store() -> Iterator[str]:
    """The address of such a store."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Repeating)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=list(EACH))
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, store: str) -> Iterator[World]:
    database = request.getfixturevalue("postgres_url") if request.param == "postgres" else None
    settings = {**pretending.SETTINGS, **({"SEALANE_DATABASE": database} if database else {})}
    serving = Serving(tmp_path_factory.mktemp("server"), settings).start()
    try:
        pretending.environments(serving, "shop")
        listed = serving.folder / "config" / "environments" / "dev.yaml"
        listed.write_text(f"{listed.read_text()}gates: {{hosts: ['127.0.0.1:*']}}\n")
        app = pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")
        for path in ("deploy/stencils/web.yaml", "deploy/formations/production.yaml"):
            (app.folder / path).unlink()
        recipient = app.get("/api/apps/shop/recipient")["recipient"]
        yield World(serving, app, Vault(random.Random(20170417), EACH[request.param]), recipient, database, store)
    finally:
        serving.stop()


def test_no_secret_is_found_in_anything_that_is_written_or_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good, rolled back after a rotation and by gates, and stopped by a hook; old ones are still printed by then.

    In answers, pages, events, files and every cell of both kinds of databases.
    """
    monkeypatch.setattr(world.app, "files", lambda *_, **__: {})  # only what this test writes
    seen: list[str] = []
    world.rotate()
    good = world.pushed("good", look={})
    assert good["verdict"]["kind"] == "deployed", good
    seen += [*world.lives(), world.follows()]
    gated = world.pushed("gated", asks=True)
    assert gated["verdict"]["kind"] == "rolled_back", gated
    assert "canary: no token like Bearer ***" in gated["verdict"]["reason"]
    looked = world.pushed("looked", look={"DUMMY_EXIT_CODE": "5"})
    assert looked["verdict"]["kind"] == "rolled_back", looked
    world.rotate()
    last = said("MINE_F0", "AGED_1") + "at its end $(AGED_2)"
    bad = world.pushed("bad", web={"DUMMY_EXIT_CODE": "3", "DUMMY_LAST_WORDS": last})
    assert bad["verdict"]["kind"] == "rolled_back", bad
    seen += world.lives()
    assert "canary MINE_F0 is ***." in seen[-2], "what was gone back to prints what was rotated since"
    refused = world.pushed("refused", hook={"DUMMY_EXIT_CODE": "4"})
    assert refused["verdict"]["kind"] == "failed", refused
    seen += [*world.lives(), *asked(world)]
    assert sum("canary" in text for text in seen) > 8, "it was printed, and shown"
    world.serving.stop()
    everything = {f"answer {number}": text.encode() for number, text in enumerate(seen)}
    kept = [*written(world.serving.folder), *(rows(world.database) if world.database else ())]
    everything |= {f"{where} {number}": data for number, (where, data) in enumerate(kept)}
    assert {"operation_outputs", "failure_reports", "outbox"} <= {where.split()[1] for where in everything}
    for event in ("run.ended", "deployment.ended", "audit"):
        assert f"event={event} " in world.serving.log, "the server's log is one of the files"
    search = Search(world.vault.needles)
    for where, data in everything.items():
        for view in {data, controls.visible(data).data}:
            secrets_found = {view[start:end] for start, end in search.occurrences(view)}
            assert not secrets_found, (where, sorted(secrets_found)[:5])


def asked(world: World) -> Iterator[str]:
    """Every answer of the API about the app, its pages, and what the command line says."""
    runs = [run["id"] for run in world.app.get("/api/runs")]
    deployments = [listed["id"] for listed in world.app.get("/api/deployments")]
    paths = ["/api/formations", "/api/pending", "/api/approvals", "/api/formations/shop/dev/drift", "/", "/runs"]
    paths += ["/deployments", "/approvals", "/api/why/shop/dev"]
    for run in runs:
        paths += [f"/api/runs/{run}", f"/api/runs/{run}/changes", f"/api/runs/{run}/logs/step/tell", f"/runs/{run}"]
        paths += [f"/runs/{run}/log/step/tell", f"/runs/{run}/follow/step/tell", f"/api/why/{run}"]
    for deployment in deployments:
        paths += [f"/api/deployments/{deployment}", f"/deployments/{deployment}", f"/api/why/{deployment}"]
    with world.serving.client() as client:
        form = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").text)
        assert form is not None
        client.post("/sign-in", data={"form_token": form[1], "token": world.serving.token, "next": "/"})
        client.headers.pop("Authorization", None)  # pages are seen with a session only
        for path in paths:
            answer = client.get(path, headers={"Accept": "text/html"} if not path.startswith("/api") else {})
            assert answer.status_code in {200, 409}, (path, answer.status_code)
            yield answer.text
    for words in (("logs", "shop"), ("why", "shop/dev"), ("status",), ("status", "shop")):
        yield world.app.cli(*words).stdout


def written(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of the server, its log included, and every cell of its databases; not what only pretends to be elsewhere."""
    for path in paths_under(folder):
        if path.is_file() and "dummies" not in path.relative_to(folder).parts:
            yield str(path), path.read_bytes()
            if path.suffix in {".db", ".sqlite"}:
                yield from cells(path)


def cells(path: Path) -> Iterator[tuple[str, bytes]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            for row in database.execute(f'select * from "{table}"'):
                yield from told(f"{path} {table}", row)


def rows(url: str) -> Iterator[tuple[str, bytes]]:
    """Every cell of a PostgreSQL database, in all schemas."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in tables:
            for row in connection.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, table))):
                yield from told(f"postgres {table}", row)


def told(where: str, row: Sequence[Any]) -> Iterator[tuple[str, bytes]]:
    """The cells of a row, those that are written in base64 read, too."""
    for cell in row:
        if isinstance(cell, str | bytes | memoryview | dict | list):
            text = json.dumps(cell, ensure_ascii=False) if isinstance(cell, dict | list) else cell
            data = text.encode() if isinstance(text, str) else bytes(text)
            yield where, data
            with contextlib.suppress(binascii.Error):
                yield f"{where}, decoded", base64.b64decode(data, validate=True)
