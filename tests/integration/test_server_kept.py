"""What a server keeps on disk: readable by its owner only, no clone longer than its run, and never without an administrator."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sealane.clients import git as cloning
from sealane.errors import NotThere
from tests import pretending, server_nursery
from tests.serving import Serving, git, paths_under, until


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Its data folder was there before, open to everybody, with a log of an older version in it."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "data" / "logs" / "r-old").mkdir(parents=True)
    (folder / "data" / "logs" / "r-old" / "1.log").write_text("old")
    (folder / "data").chmod(0o755)
    (folder / "data" / "workspaces" / "r-killed.making").mkdir(parents=True)
    os.utime(folder / "data" / "workspaces" / "r-killed.making", (1, 1))
    server = Serving(folder, {**pretending.SETTINGS, "SEALANE_RUNS__AT_ONCE": "2"}).start()
    pretending.environments(server, "kept")
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def app(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> pretending.App:
    return pretending.App(serving, tmp_path_factory.mktemp("kept") / "kept", "kept")


def open_to_others(folder: Path) -> list[str]:
    """Every file and folder that the group or others may use in any way."""
    modes = []
    for path in (folder, *paths_under(folder)):
        with suppress(FileNotFoundError):  # it is gone meanwhile
            modes.append((path, path.lstat().st_mode))
    return [f"{path} {stat.filemode(mode)}" for path, mode in modes if not stat.S_ISLNK(mode) and mode & 0o077]


def clones(serving: Serving) -> list[str]:
    return sorted(path.name for path in (serving.folder / "data" / "workspaces").iterdir())


def test_nobody_else_reads_what_is_kept(serving: Serving, app: pretending.App) -> None:
    """Every file below the data folder, after a push, a run, its logs and a deployment."""
    app.push()
    app.run_of(app.head)
    app.deployment("dev", app.head)
    with serving.client() as client:
        assert client.get("/api/apps/kept/recipient").status_code == 200
    data = serving.folder / "data"
    assert {"key", "sealane.db", "logs", "repositories", "identities"} <= {path.name for path in data.iterdir()}
    assert open_to_others(data) == []


def test_a_refused_commit_leaves_no_clone(serving: Serving, app: pretending.App) -> None:
    """Refused while it is checked out or when it was read; and what a killed server left is gone, too."""
    wrong = app.commit("no pipeline", changes={".sealane.yml": "app: other\nsteps: 7\n"})
    app.push()
    assert app.run_of(wrong)["run"]["status"] == "failed"
    with serving.client() as client:
        run = app.run_of(wrong)["run"]["id"]
        again = client.post(f"/api/runs/{run}/rerun").json()["run"]
        until("the second run", lambda: client.get(f"/api/runs/{again}").json()["run"]["ended"])
    until("no clone to be left", lambda: clones(serving) == [])


def cli(serving: Serving, *words: str, data: Path | None = None) -> subprocess.CompletedProcess[str]:
    return server_nursery.run(["serve", "--data", str(data or serving.folder / "data"), *words], os.environ)


def test_the_last_administrator_stays(serving: Serving) -> None:
    """Removed by nobody, put out of the group by nobody; once there is another one, both work."""
    serving.user("wren", "developers")
    with serving.client() as admin:
        for answer in (
            admin.delete("/api/users/admin"),
            admin.put("/api/users/admin/groups", json={"groups": ["developers"]}),
        ):
            assert (answer.status_code, "the last administrator" in answer.json()["message"]) == (409, True), (
                answer.text
            )
        assert admin.get("/api/users").status_code == 200
        assert admin.put("/api/users/wren/groups", json={"groups": ["administrators"]}).status_code == 204
        assert admin.put("/api/users/admin/groups", json={"groups": []}).status_code == 204
    made = cli(serving, "--new-admin", "admin")
    assert made.returncode == 0, made.stderr


def test_a_lost_administrator_is_made_anew_at_the_machine(serving: Serving, tmp_path: Path) -> None:
    """While the server runs; the audit tells it. A wrong folder or name makes nothing."""
    made = cli(serving, "--new-admin", "heron")
    assert made.returncode == 0, made.stderr
    with serving.client(made.stdout.strip()) as heron:
        assert "heron" in [user["name"] for user in heron.get("/api/users").json()]
        assert heron.get("/api/me").json()["groups"] == ["administrators"]
    wrong = cli(serving, "--new-admin", "heron", data=tmp_path / "dta")
    assert (wrong.returncode, "there is no server's database" in wrong.stderr) == (2, True), wrong.stderr
    assert not (tmp_path / "dta").exists()
    bad = cli(serving, "--new-admin", "He ron")
    assert (bad.returncode, "can't be the name of a user" in bad.stderr) == (2, True), bad.stderr


def test_files_of_a_clone_have_the_modes_that_git_gives_them(serving: Serving, tmp_path: Path) -> None:
    """They go into images, where another user reads them: the server's private umask does not reach them.

    A clone that can't be made leaves nothing.
    """
    source = pretending.repository(tmp_path / "source", {"a/b.txt": "x", "run.sh": "y"})
    (source / "run.sh").chmod(0o755)
    git(source, "commit", "-qam", "x", "--author=a <a@b>", check=False)
    before = os.umask(0o077)
    try:
        head = git(source, "rev-parse", "HEAD").stdout.strip()
        asyncio.run(cloning.checkout(str(source), head, tmp_path / "clone"))
    finally:
        os.umask(before)
    with pytest.raises(NotThere):
        asyncio.run(cloning.checkout(str(source), "0" * 39 + "1", tmp_path / "other"))
    assert not list(tmp_path.glob("other*"))
    modes = {name: stat.S_IMODE((tmp_path / "clone" / name).stat().st_mode) for name in ("", "a", "a/b.txt")}
    assert modes == {"": 0o755, "a": 0o755, "a/b.txt": 0o644}
