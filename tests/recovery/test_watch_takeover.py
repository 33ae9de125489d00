"""Of two workers the one that watches a formation is killed: the other goes on watching, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import pretending
from tests.bed import Kubectl
from tests.integration.test_living_health import ENVIRONMENT, FORMATION, STENCIL
from tests.serving import Serving, two_servers, until


@pytest.fixture
def servers(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Serving, Serving]]:
    """Both answer and work."""
    timing = {"SEALANE_WORKER__HEARTBEAT": "0.5", "SEALANE_WORKER__DEAD_AFTER": "5"}
    settings = {**pretending.SETTINGS, **timing, "SEALANE_DATABASE": postgres_url}
    with two_servers(tmp_path / "server", settings) as servers:
        yield servers


def test_another_worker_takes_the_watch_of_one_that_was_killed(
    servers: tuple[Serving, Serving],
    postgres_url: str,
    kubectl: Kubectl,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    tmp_path: Path,
) -> None:
    """It tells what degrades from then on; what was told before the next kill is not told again, and its end is told once."""
    words = {"NAMESPACE": namespace, "IMAGE": busybox_image, "KUBECONFIG": str(kubeconfig), "NAME": "web"}
    words["HOST"] = busybox_image.partition("/")[0]
    files = {
        ".sealane.yml": "app: living\ndeliver: [{formation: dev}]\n",
        "deploy/formations/dev.yaml": FORMATION,
        "deploy/stencils/web.yaml": STENCIL,
    }
    app = pretending.App(servers[0], tmp_path / "living", "living")
    servers[0].environment_file("living", _filled(ENVIRONMENT, words))
    head = app.commit("first", changes={path: _filled(text, words) for path, text in files.items()})
    app.push()
    assert app.deployment("dev", head)["verdict"]["kind"] == "deployed"
    generation = _generation(kubectl, namespace)
    until("it to be healthy", lambda: _health(app)["state"] == "healthy")

    first = _kill_the_one_that_watches(servers, postgres_url)
    app.serving = next(server for server in servers if server is not first)
    kubectl("exec", "-n", namespace, "deployment/web", "--", "touch", "/state/broken")
    fell = until("it to be degraded", lambda: (said := _health(app))["state"] == "degraded" and said)
    assert "exit code 3" in fell["cause"]
    assert str(_process(app.serving)) == _watching(postgres_url)

    first.start()
    assert _kill_the_one_that_watches(servers, postgres_url) is app.serving
    app.serving = first
    until("its watch to be taken over", lambda: _watching(postgres_url) == str(_process(first)))
    kubectl("delete", "pod", "-n", namespace, "-l", "run=web", "--grace-period=0", "--force")
    until("it to be healthy again", lambda: _health(app)["state"] == "healthy")
    kinds = [event["kind"] for event in app.get("/api/events", app="living", after=0, limit=200)["events"]]
    assert kinds.count("health.degraded") == 1
    assert kinds.count("health.recovered") == 1
    assert _generation(kubectl, namespace) == generation, "watching writes nothing"


def _kill_the_one_that_watches(servers: tuple[Serving, Serving], postgres_url: str) -> Serving:
    """kill -9."""
    holder = _watching(postgres_url)
    watching = next(server for server in servers if str(_process(server)) == holder)
    watching.kill()
    return watching


def _watching(postgres_url: str) -> str:
    """The process of the worker that holds the formation's watch."""
    with psycopg.connect(postgres_url, connect_timeout=60) as connection:
        row = connection.execute("SELECT worker FROM watches WHERE app = 'living'").fetchone()
    assert row is not None
    return str(row[0]).rsplit("-", 2)[1]


def _process(server: Serving) -> int:
    assert server.process is not None
    return server.process.pid


def _health(app: pretending.App) -> Any:
    return next(row["health"] for row in app.get("/api/formations") if row["app"] == "living") or {"state": None}


def _generation(kubectl: Kubectl, namespace: str) -> str:
    return kubectl("get", "deployment/web", "-n", namespace, "-o", "jsonpath={.metadata.generation}")


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
