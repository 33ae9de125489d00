"""A backup as docs/run-it-for-real.md makes it, put back on another machine: nothing is lost, and work goes on.

What is encrypted to an app is read there, and what was deployed before the backup is rolled back to.
"""

from __future__ import annotations

import base64
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


READS = ', {name: PASSWORD, valueFrom: {secretKeyRef: {name: "${secrets}", key: PASSWORD}}}'


def formations(app: pretending.App, words: str) -> dict[str, str]:
    """Files of formations that use what is encrypted to the app."""
    secrets = 'secrets: {PASSWORD: "age:deploy/secrets.age#PASSWORD"}\n'
    return {path: text + secrets for path, text in app.files(words).items() if "formations" in path}


def hide(app: pretending.App, value: str, folder: Path) -> None:
    """Writes the value into the app's repository, encrypted to its recipient."""
    (folder / "plain").write_text(f"PASSWORD={value}\n")
    to = app.cli("app", "recipient", "shop").stdout.strip()
    file = app.folder / "deploy" / "secrets.age"
    hidden = app.cli("secrets", "encrypt", str(folder / "plain"), "--to", to, "--output", str(file))
    assert hidden.returncode == 0, hidden.stderr


@pytest.mark.timeout(900)
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
        hide(app, "correct-horse", tmp_path)
        commit = app.commit("first", extra=READS, changes=formations(app, "first"))
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
            again = app.commit("second", extra=READS, changes=formations(app, "second"))
            app.push()
            assert app.deployment("dev", again)["verdict"]["kind"] == "deployed"
            back = app.cli("rollback", "shop/dev", "--wait")
            assert back.returncode == 0, back.stderr
            web = app.there("dev")["shop-dev/Deployment/web"]["spec"]["template"]["spec"]["containers"][0]
            assert web["env"][0]["value"] == "first"
            secrets = [there for name, there in app.there("dev").items() if "/Secret/" in name]
            assert {there["data"]["PASSWORD"] for there in secrets} == {base64.b64encode(b"correct-horse").decode()}
            until(
                "the server to be ready",
                lambda: httpx.get(f"{new.url}/readyz", timeout=60, verify=False).status_code == 200,
            )
        finally:
            new.stop()
