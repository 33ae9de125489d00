"""Strategies of a server on the real cluster: stages with a gate between them, and a way back that restarts nothing."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import pretending
from tests.bed import Kubectl
from tests.serving import Serving, until

ENVIRONMENT = """environment: APP
destinations: {here: {kubernetes: {kubeconfig: KUBECONFIG}}}
apps:
  APP: {namespaces: [NAMESPACE], registries: ["HOST/**"]}
gates: {hosts: ["127.0.0.1:*"]}
policies: {packs: []}
"""
FORMATION = """formation: dev
environment: APP
destination: here
namespace: NAMESPACE
values: {words: WORDS}
strategy:
  STRATEGY
  gates: [{name: smoke, http: {url: "URL", samples: 2, interval: 100ms}}]
  healthy_for: 0s
"""
STENCIL = """apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {run: web}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {run: web}}
  template:
    metadata: {labels: {run: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - {name: web, image: IMAGE, command: [sleep, "3600"], env: [{name: WORDS, value: "${words}"}]}
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        yield server
    finally:
        server.stop()


class Smoke(BaseHTTPRequestHandler):
    """What the gate asks: it answers as a test says."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def smoke() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Smoke)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


class Deployed:
    """An app of the server's, and its pods on the cluster."""

    def __init__(self, app: pretending.App, words: dict[str, str], kubectl: Kubectl) -> None:
        self.app = app
        self.words = words
        self.kubectl = kubectl

    def push(self, version: str) -> dict[str, Any]:
        """Pushes a version; gives its deployment once that has ended."""
        files = {
            ".sealane.yml": "app: APP\ndeliver: [{formation: dev}]\n",
            "deploy/formations/dev.yaml": FORMATION,
            "deploy/stencils/web.yaml": STENCIL,
        }
        said = {path: self._filled(text.replace("WORDS}", f"{version}}}")) for path, text in files.items()}
        head = self.app.commit(version, changes=said)
        self.app.push()
        deployment: dict[str, Any] = self.app.deployment("dev", head, within=90)
        return deployment

    def pods(self) -> dict[str, tuple[str, int]]:
        """Uid to the version and the restarts of each pod of the workload that is not on its way out."""
        listed = self.kubectl("get", "pods", "-l", "run=web", "-n", self.words["NAMESPACE"], "-o", "json")
        return {
            pod["metadata"]["uid"]: (
                pod["spec"]["containers"][0]["env"][0]["value"],
                sum(one["restartCount"] for one in pod["status"].get("containerStatuses", ())),
            )
            for pod in json.loads(listed)["items"]
            if "deletionTimestamp" not in pod["metadata"]
        }

    def page(self, deployment: dict[str, Any]) -> str:
        """What its page shows, as text."""
        with self.app.serving.client("") as client:
            form_token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").text)
            assert form_token
            given = {"form_token": form_token[1], "token": self.app.serving.token, "next": "/"}
            client.post("/sign-in", data=given)
            return re.sub(r"<[^>]+>", "", client.get(f"/deployments/{deployment['id']}").text)

    def _filled(self, text: str) -> str:
        for word, value in self.words.items():
            text = text.replace(word, value)
        return text


@pytest.mark.parametrize(
    ("name", "strategy", "stages"),
    [
        ("colours", "blue_green: {keep_old_for: 0s}", ("preview: applied", "switch: applied")),
        ("sharing", "canary: {steps: [{weight: 50}]}", ("weight 50: applied", "promote: applied")),
    ],
)
def test_a_version_that_fails_its_gate_goes_back_without_a_restart(
    serving: Serving,
    kubectl: Kubectl,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    smoke: str,
    tmp_path: Path,
    name: str,
    strategy: str,
    stages: tuple[str, str],
) -> None:
    """The pods that served before are the same ones; the next version goes all the way, stage by stage on its page."""
    words = {"APP": name, "NAMESPACE": namespace, "IMAGE": busybox_image, "STRATEGY": strategy, "URL": smoke}
    environment = ENVIRONMENT.replace("HOST", busybox_image.partition("/")[0]).replace("KUBECONFIG", str(kubeconfig))
    serving.environment_file(name, environment.replace("APP", name).replace("NAMESPACE", namespace))
    app = Deployed(pretending.App(serving, tmp_path / name, name), words, kubectl)
    Smoke.status = 200
    first = app.push("first")
    assert first["verdict"]["kind"] == "deployed", first["verdict"]["reason"]
    before = app.pods()
    assert len(before) == 2

    Smoke.status = 503
    bad = app.push("bad")
    assert bad["verdict"]["kind"] == "rolled_back", bad["verdict"]["reason"]
    assert bad["verdict"]["reason"].startswith("Gate smoke failed")
    assert before.items() <= app.pods().items()
    until("the pods of the bad version to go", lambda: app.pods() == before)
    shown = app.page(bad)
    assert [stage in shown for stage in stages] == [True, False]

    Smoke.status = 200
    good = app.push("good")
    assert good["verdict"]["kind"] == "deployed", good["verdict"]["reason"]
    until("the pods of the first version to go", lambda: {version for version, _ in app.pods().values()} == {"good"})
    shown = app.page(good)
    assert 0 < shown.index(stages[0]) < shown.index("Gate smoke passed") < shown.index(stages[1])
