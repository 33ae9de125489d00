"""From sending a signed webhook to the moment the engine is asked for the run's first container.

A real server on SQLite in a process of its own, and a git host on this machine, from which it fetches the commit: that
counts, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from bench import githost, listening, pipelines
from bench.demo import places
from bench.figures import Row
from testbed.record import Bed

_REPEATS = 5
_SERVER = "bench-server"


def measure(here: Bed) -> tuple[Row, ...]:
    """Five pushes, each after the run of the one before has ended."""
    places.end(_SERVER)  # one that a killed bench left behind
    ours: list[float] = []
    with (
        TemporaryDirectory() as name,
        listening.before(here.engine_socket) as engine,
        githost.hosting(Path(name)) as host,
    ):
        folder = Path(name)
        repository = folder / "repository"
        pipelines.write(repository, image=here.busybox_image, commands=["echo hello"])
        places.run("git", "init", "-q", "-b", "main", str(repository))
        try:
            url, token = _serve(folder, engine.address)
            words = ("app", "add", "bench", "--owner", "bench", "--repo", f"{host}/repository", "--json")
            told = places.run(str(places.SEALANE), *words, env={"SEALANE_URL": url, "SEALANE_TOKEN": token})
            secret = str(json.loads(told)["hook_secret"])
            for number in range(_REPEATS):
                commit = _commit(repository, f"push {number}")
                begun = time.monotonic()
                run = _push(url, secret, f"{host}/repository", commit)
                ours.append(engine.first_after(begun, within=60) - begun)
                _await_end(url, token, run)
        finally:
            places.end(_SERVER)
    return (Row(work="webhook sent to the engine's create call", ours=tuple(ours), wanted_seconds=0.3),)


def _serve(folder: Path, engine: str) -> tuple[str, str]:
    """A fresh server; gives its URL and the administrator's token."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    (folder / "config" / "environments").mkdir(parents=True)
    words = ("serve", "--data", str(folder / "data"), "--config", str(folder / "config"), "--port", str(port))
    env = {"SEALANE_ENGINE__SOCKET": engine, "PYTHONUNBUFFERED": "1"}
    server = places.start(_SERVER, str(places.SEALANE), *words, env=env)
    log = places.HOME / f"{_SERVER}.log"

    def token() -> str | None:
        if server.poll() is not None:
            raise places.Broke(f"the server ended:\n{log.read_text()[-3000:]}")
        return next((word for word in log.read_text().split() if word.startswith("sln_")), None)

    given = places.until("the server to start", token, within=60)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool | None:
        try:
            with urlopen(f"{url}/sign-in", timeout=5) as answer:
                return answer.status == 200 or None
        except OSError:
            return None

    places.until("the server to answer", answers, within=60)
    return url, given


def _commit(repository: Path, message: str) -> str:
    git = ("git", "-C", str(repository), "-c", "user.name=Kim", "-c", "user.email=kim@example.com")
    places.run(*git, "add", "--all")
    places.run(*git, "commit", "-q", "--allow-empty", "-m", message)
    return places.run(*git, "rev-parse", "HEAD").strip()


def _push(url: str, secret: str, repository: str, commit: str) -> str:
    """Sends what GitHub would send; gives the run's id."""
    push = {
        "ref": "refs/heads/main",
        "before": "a" * 40,
        "after": commit,
        "repository": {"clone_url": repository, "default_branch": "main"},
        "head_commit": {"id": commit, "message": "Push", "author": {"name": "Kim"}},
        "commits": [],
    }
    body = json.dumps(push).encode()
    headers = {
        "Content-Type": "application/json",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": commit,
        "X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
    }
    with urlopen(Request(f"{url}/hooks/github/bench", data=body, headers=headers), timeout=30) as answer:
        return str(json.loads(answer.read())["run"])


def _await_end(url: str, token: str, run: str) -> None:
    request = Request(f"{url}/api/runs/{run}", headers={"Authorization": f"Bearer {token}"})

    def ended() -> bool | None:
        with urlopen(request, timeout=30) as answer:
            status = json.loads(answer.read())["run"]["status"]
        if status in {"failed", "broken", "cancelled"}:
            raise places.Broke(f"the run {run} ended as {status}")
        return status == "passed" or None

    places.until("the run to pass", ended, within=120)
