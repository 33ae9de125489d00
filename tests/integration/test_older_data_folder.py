"""A data folder that an earlier version made, with a server that was killed in the middle of a run.

`older/data.tar.xz` holds it: a release that was deployed to dev and waits for its approval to production, one that was
rolled back in dev, and one whose tests were running when the machine went away. Engine and destinations only pretend.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sealane.workflows import upgrade
from tests import pretending
from tests.serving import Serving, until

ARCHIVE = Path(__file__).parent / "older" / "data.tar.xz"
TOKEN = "sln_smwcpks5an_lEtUUc_mOoJlG9sV6qh5A-7LzE82yuTTcHoloZiMFe0"
UNDER_WAY = "r-uhq6wzcvp6"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("older")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    server = Serving(folder, pretending.SETTINGS, token=TOKEN).start()
    try:
        yield server
    finally:
        server.stop()


def get(serving: Serving, path: str) -> Any:
    with serving.client() as client:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def test_its_history_is_shown(serving: Serving) -> None:
    """Verdicts with their causes, the evidence, logs, and the approval that is waited for."""
    runs = get(serving, "/api/runs?app=shop")
    assert len(runs) == 3
    deployments = [deployment for run in runs for deployment in get(serving, f"/api/runs/{run['id']}")["deployments"]]
    (failed,) = (
        deployment
        for deployment in deployments
        if deployment["verdict"] and deployment["verdict"]["kind"] == "rolled_back"
    )
    view = get(serving, f"/api/deployments/{failed['id']}")
    assert "exit code 3" in view["deployment"]["verdict"]["reason"]
    report = view["failure_report"]
    assert "no such table: carts" in str(report)
    assert {workload["desired"] for workload in report["workloads"]} == {2}
    assert "terminations" in report
    assert {approval["deployment"]["formation"] for approval in get(serving, "/api/approvals")} == {"production"}
    with serving.client() as client:
        first = min(runs, key=lambda run: int(run["sequence"]))
        assert "lint is happy" in client.get(f"/api/runs/{first['id']}/logs/step/lint").text


def test_its_pages_are_shown(serving: Serving) -> None:
    runs = get(serving, "/api/runs?app=shop")
    deployments = [
        deployment["id"] for run in runs for deployment in get(serving, f"/api/runs/{run['id']}")["deployments"]
    ]
    pages = [*(f"/runs/{run['id']}" for run in runs), *(f"/deployments/{deployment}" for deployment in deployments)]
    with serving.client("") as browser:
        form_token = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
        assert form_token
        browser.post("/sign-in", data={"form_token": form_token[1], "token": TOKEN})
        for page in ("/", "/runs", "/deployments", "/approvals", *pages):
            assert browser.get(page).status_code == 200, page


def test_what_was_under_way_is_ended_with_a_clear_word(serving: Serving) -> None:
    """Its steps stood at other places; the commit run again comes to dev."""

    def ended(run: str) -> Any:
        view = get(serving, f"/api/runs/{run}")
        return view if view["run"]["ended"] else None

    view = until("the run that was under way to end", lambda: ended(UNDER_WAY))
    assert (view["run"]["status"], view["run"]["reason"]) == ("broken", upgrade.RUN_ENDED)
    assert all(step["ended"] for step in view["steps"])

    with serving.client() as client:
        again = client.post(f"/api/runs/{UNDER_WAY}/rerun").json()["run"]

    def deployed() -> Any:
        deployments = get(serving, f"/api/runs/{again}")["deployments"]
        return next(
            (
                deployment
                for deployment in deployments
                if deployment["formation"] == "dev" and deployment["state"] == "ended"
            ),
            None,
        )

    assert until("the run again to end", lambda: ended(again))["run"]["status"] == "passed"
    dev = until("its release to come to dev", deployed)
    assert dev["verdict"]["kind"] == "deployed", dev["verdict"]["reason"]
