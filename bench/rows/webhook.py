"""From sending a signed webhook to the moment the engine is asked for the run's first container.

A real server on SQLite in a process of its own, and a git host on this machine, from which it fetches the commit: that
counts, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

from bench import githost, listening, pipelines, serving
from bench.demo import places
from bench.figures import Row
from testbed.record import Bed

_REPEATS = 5


def measure(here: Bed) -> tuple[Row, ...]:
    """Five pushes, each after the run of the one before has ended."""
    ours: list[float] = []
    with (
        TemporaryDirectory() as name,
        listening.before(here.engine_socket) as engine,
        githost.hosting(Path(name)) as host,
        serving.server(
            Path(name), SEALANE_ENGINE__SOCKET=engine.address, SEALANE_GIT__HOSTS='["127.0.0.1:*"]'
        ) as server,
    ):
        folder = Path(name)
        repository = folder / "repository"
        pipelines.write(repository, image=here.busybox_image, commands=["echo hello"])
        places.run("git", "init", "-q", "-b", "main", str(repository))
        told = server.run("app", "add", "bench", "--owner", "bench", "--repo", f"{host}/repository", "--json")
        secret = str(json.loads(told)["hook_secret"])
        for number in range(_REPEATS):
            commit = _commit(repository, f"push {number}")
            begun = time.monotonic()
            run = _push(server.url, secret, f"{host}/repository", commit)
            ours.append(engine.first_after(begun, within=60) - begun)
            server.until_passed(run)
    return (Row(work="webhook sent to the engine's create call", ours=tuple(ours), wanted_seconds=0.3),)


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
