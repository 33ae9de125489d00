"""A backup as docs/run-it-for-real.md makes it, put back on another machine: nothing is lost, and work goes on."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from testbed.packages import postgres_program
from tests import databases, pretending
from tests.serving import Serving, until


def program(name: str, *words: str) -> None:
    subprocess.run([str(postgres_program(name)), *words], check=True, timeout=60, capture_output=True)


def said(app: pretending.App, run: str) -> str:
    with app.serving.client() as client:
        return client.get(f"/api/runs/{run}/logs/step/lint").text


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_brings_everything_back(tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    settings, url = dict(pretending.SETTINGS), ""
    if kind == "postgres":
        url = request.getfixturevalue("postgres_url")
        settings["SEALANE_DATABASE"] = url
    old = Serving(tmp_path / "old", settings).start()
    try:
        pretending.environments(old, "shop")
        app = pretending.App(old, tmp_path / "shop", "shop")
        commit = app.commit("first")
        app.push()
        run = app.run_of(commit)["run"]["id"]
        deployed = app.deployment("dev", commit)["id"]
        log = said(app, run)
        hook = app.get("/api/apps/shop/alert-token")["token"]
        assert "lint is happy" in log
        if kind == "postgres":  # while it serves: the database first, then the folder
            program("pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", url)
        else:
            old.stop()
        subprocess.run(["tar", "-C", str(old.folder), "-czf", str(tmp_path / "data.tgz"), "data", "config"], check=True)
    finally:
        old.stop()
    shutil.rmtree(old.folder)

    with databases.fresh(url) if url else pytest.MonkeyPatch.context() as fresh:
        if isinstance(fresh, str):
            program("pg_restore", f"--dbname={fresh}", "--no-owner", str(tmp_path / "dump"))
            settings["SEALANE_DATABASE"] = fresh
        new = Serving(tmp_path / "new", settings, port=old.port, token=old.token)
        new.folder.mkdir()
        subprocess.run(["tar", "-C", str(new.folder), "-xzf", str(tmp_path / "data.tgz")], check=True)
        new.start()
        try:
            app.serving = new
            assert said(app, run) == log
            assert app.get("/api/apps/shop/alert-token")["token"] == hook, (
                "what git hosts and alerts sign with is the same"
            )
            assert app.get(f"/api/deployments/{deployed}")["deployment"]["verdict"]["kind"] == "deployed"
            again = app.commit("second")
            app.push()
            assert app.deployment("dev", again)["verdict"]["kind"] == "deployed"
            until(
                "the server to be ready",
                lambda: httpx.get(f"{new.url}/readyz", timeout=60, verify=False).status_code == 200,
            )
        finally:
            new.stop()
