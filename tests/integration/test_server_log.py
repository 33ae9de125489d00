"""The log of a real server: what happened, who asked, and nothing that signs anybody in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pretending
from tests.serving import Serving, until


def told(serving: Serving, event: str) -> list[dict[str, Any]]:
    """The lines about it, oldest first."""
    lines = [json.loads(line) for line in serving.log.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


@pytest.mark.parametrize("secret", ["gh0st", "w1tch"])
def test_runs_deployments_refusals_and_sign_ins_are_told(tmp_path: Path, secret: str) -> None:
    serving = Serving(tmp_path / "server", {**pretending.SETTINGS, "SEALANE_LOG__FORMAT": "json"}).start()
    try:
        pretending.environments(serving, "shop")
        app = pretending.App(serving, tmp_path / "shop", "shop")
        developer = serving.user("dee", "developers")
        commit = app.commit("first")
        app.push()
        app.run_of(commit)
        app.deployment("dev", commit)
        with serving.client(developer) as client:
            assert client.post("/api/users", json={"name": "eve", "groups": [secret]}).status_code == 403
        with serving.client(f"sln_abcdefghij_{secret}") as client:
            assert client.get("/api/apps").status_code == 401
        form = httpx.get(f"{serving.url}/sign-in", timeout=60, verify=False)
        fields = {"form_token": form.cookies["sealane_form"], "token": developer, "next": "/"}
        signed = httpx.post(f"{serving.url}/sign-in", data=fields, cookies=dict(form.cookies), timeout=60, verify=False)
        assert signed.status_code == 303

        ended = until("the deployment's end", lambda: told(serving, "deployment.ended"))
        assert [line["verdict"] for line in ended] == ["deployed"]
        assert ended[0]["formation"] == "dev"
        assert [line["status"] for line in told(serving, "run.ended")] == ["passed"]
        assert [line["commit"] for line in told(serving, "run.requested")] == [commit]
        assert len(told(serving, "run.started")) == len(told(serving, "deployment.started")) == 1
        refused = [(line["by"], line["status"], line["route"]) for line in told(serving, "request.refused")]
        assert refused == [("dee", 403, "/api/users")]
        assert {"user": "dee", "via": "session"}.items() <= told(serving, "sign_in")[-1].items()
    finally:
        serving.stop()
    log = serving.log.replace(serving.token, "", 1)  # told once, at the very first start
    for text in (secret, serving.token, developer, signed.cookies["sealane_session"], developer.split("_", 2)[2]):
        assert text not in log
    assert [len(told(serving, name)) for name in ("server.started", "server.stopped")] == [1, 1]
