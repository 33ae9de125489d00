"""`sealane vet` of somebody who is signed in: what the server's operators say, and nothing is stored."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests import pretending
from tests.serving import Serving


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pretending.App]:
    serving = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(serving, "shop")
        yield pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")
    finally:
        serving.stop()


def vet(app: pretending.App, *words: str) -> subprocess.CompletedProcess[str]:
    return app.cli("vet", *words, "--folder", str(app.folder))


def test_the_server_is_asked_where_no_operators_files_are(app: pretending.App) -> None:
    done = vet(app, "dev")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "tried: what the server's operators say now" in done.stderr
    assert "NOT TRIED" not in done.stderr

    stencil = app.folder / "deploy/stencils/web.yaml"
    formation = app.folder / "deploy/formations/dev.yaml"
    before = stencil.read_text(), formation.read_text()
    stencil.write_text(before[0].replace("registry.example.com/shop:1", "evil.example.com/shop:1"))
    formation.write_text(before[1].replace("shop-dev", "kube-system"))
    done = vet(app, "dev", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["denied"], told["rules_of"], told["not_tried"]) == (1, True, "the server", None)
    messages = [limit["message"] for limit in told["limits"]]
    assert any("the namespace kube-system is not open to shop in dev" in message for message in messages)
    assert any("evil.example.com/shop:1 is not authorised" in message for message in messages)
    formation.write_text(before[1].replace("environment: dev", "environment: moon"))
    assert "there is no environment moon" in vet(app, "dev").stdout
    stencil.write_text(before[0])
    formation.write_text(before[1])
    assert app.get("/api/deployments") == [], "nothing was stored"


def test_a_server_that_does_not_say_is_told_loudly(app: pretending.App) -> None:
    token = app.serving.user("vic", "viewers")  # who may only read
    words = ["vet", "dev", "--folder", str(app.folder)]
    done = app.cli(*words, token=token)
    assert "NOT TRIED: the operators' rules of dev" in done.stderr
    assert "vic may not deploy" in done.stderr


@pytest.mark.parametrize("revision", [{}, {"id": 1}, {"app": []}, {"objects": "x"}])
def test_what_is_no_revision_is_refused(app: pretending.App, revision: dict[str, object]) -> None:
    with app.serving.client() as client:
        answer: httpx.Response = client.post("/api/vet", json={"revision": revision})
    assert (answer.status_code, answer.json()["message"]) == (422, "this is no revision")
