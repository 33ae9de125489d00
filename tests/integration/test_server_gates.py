"""Gates over HTTP: a person's word by command and page, and alerts that strangers and the right ones send in."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests import pretending
from tests.serving import Serving, until

ENVIRONMENT = pretending.ENVIRONMENT + 'gates: {hosts: ["127.0.0.1:*"]}\n'


class Empty(BaseHTTPRequestHandler):
    """A metric store that has no data."""

    def do_GET(self) -> None:
        body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def prometheus() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Empty)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        limits = pretending.LIMITS.replace("APPROVALS", "").replace("APP", "gated")
        for name in ("dev", "production"):
            server.environment_file(name, ENVIRONMENT.replace("APPS", limits).replace("NAME", name))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def app(serving: Serving, prometheus: str, tmp_path_factory: pytest.TempPathFactory) -> pretending.App:
    """An app whose first version waits at a gate in dev."""
    made = pretending.App(serving, tmp_path_factory.mktemp("gated"), "gated")
    gates = [{"name": "rate", "prometheus": {"url": prometheus, "query": "errors", "condition": "< 1"}}]
    path = "deploy/formations/dev.yaml"
    formation = made.files("v1")[path].replace("healthy_for: 0s", f"gates: {json.dumps(gates)}, healthy_for: 0s")
    made.commit("v1", changes={path: formation, ".sealane.yml": "app: gated\ndeliver: [{formation: dev}]\n"})
    made.push()
    return made


def test_a_gate_s_question_is_on_the_page_and_answered_by_the_command(app: pretending.App) -> None:
    """Only by somebody who may deploy; it stands in the deployment afterwards."""
    viewer, developer = app.serving.user("vic", "viewers"), app.serving.user("dora", "developers")
    rolling = app.deployment("dev", app.head, "rolling_out")
    view = until("the gate to ask", lambda: app.get(f"/api/deployments/{rolling['id']}")["gates"] or None)
    assert (view[0]["gate"], view[0]["message"]) == ("rate", "the query gives no data: errors")
    with app.serving.client("") as client:
        form_token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").text)
        assert form_token
        client.post("/sign-in", data={"form_token": form_token[1], "token": developer, "next": "/"})
        page = client.get(f"/deployments/{rolling['id']}").text
    assert f'action="/deployments/{rolling["id"]}/gates/rate"' in page
    assert "prometheus: errors" in page
    assert "0 of 1 answer good" in page
    denied = app.cli("gate", "gated/dev", "rate", "--pass", token=viewer)
    assert denied.returncode == 1, denied.stderr
    unsaid = app.cli("gate", "gated/dev", "rate", token=developer)
    assert "say how to take gate rate" in unsaid.stderr
    said = app.cli("gate", "gated/dev", "rate", "--pass", "-m", "I looked at the graphs", token=developer)
    assert said.returncode == 0, said.stderr
    ended = app.deployment("dev", app.head)
    assert ended["verdict"]["kind"] == "deployed"
    (word,) = app.get(f"/api/deployments/{rolling['id']}")["gates"]
    assert (word["passes"], word["by"], word["reason"]) == (True, "dora", "I looked at the graphs")


def test_alerts_are_taken_from_those_who_have_the_token(app: pretending.App) -> None:
    """The same alert counts once; whether an app exists is nobody's business."""
    app.deployment("dev", app.head)
    token = app.cli("app", "alert-token", "gated").stdout.strip()
    alert = {
        "status": "firing",
        "labels": {"alertname": "Errors"},
        "fingerprint": "1",
        "startsAt": "2026-01-01T00:00:00Z",
    }
    body = {"alerts": [alert]}
    with app.serving.client("") as client:
        for path, given in (("gated/dev", ""), ("gated/dev", "wrong"), ("nothing/dev", token)):
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            assert client.post(f"/hooks/alerts/{path}", json=body, headers=headers).status_code == 401
        headers = {"Authorization": f"Bearer {token}"}
        answers = [client.post("/hooks/alerts/gated/dev", json=body, headers=headers) for _ in range(2)]
        assert [(response.status_code, response.json()) for response in answers] == [
            (202, {"alerts": 1, "new": 1}),
            (202, {"alerts": 1, "new": 0}),
        ]
        assert client.post("/hooks/alerts/gated/nowhere", json=body, headers=headers).status_code == 404
