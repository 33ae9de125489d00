"""No app takes what others need: neither by peers that say nothing, nor by a push of many branches."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import pretending
from tests.serving import Serving, commit, git, until

PER_PUSH = 4
STUCK = "app: APP\nimages:\n  cache: {retag: SOURCE}\n"
QUICK = "app: APP\nsteps: [{name: check, image: busybox, commands: [check]}]\n"


@pytest.fixture(scope="module")
def silent() -> Iterator[str]:
    """A registry that accepts every connection and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(scope="module")
def serving(silent: str, registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = {
        "SEALANE_RUNS__AT_ONCE": "3",
        "SEALANE_RUNS__PER_PUSH": str(PER_PUSH),
        "SEALANE_REGISTRY__PREFIX": f"{registry}/shares",
        "SEALANE_REGISTRY__HOSTS": json.dumps([silent]),
    }
    server = Serving(tmp_path_factory.mktemp("server"), {**pretending.SETTINGS, **settings}).start()
    try:
        yield server
    finally:
        server.stop()


def app(serving: Serving, folder: Path, name: str, pipeline: str) -> pretending.App:
    made = pretending.App(serving, folder / name, name)
    commit(made.folder, {".sealane.yml": pipeline.replace("APP", name)})
    return made


def statuses(made: pretending.App) -> list[str]:
    return sorted(run["status"] for run in made.runs())


def test_an_app_passes_while_another_waits_for_a_silent_registry(serving: Serving, silent: str, tmp_path: Path) -> None:
    flood = app(serving, tmp_path, "flood", STUCK.replace("SOURCE", f"{silent}/base:1"))
    flood.push("HEAD:main", "HEAD:one", "HEAD:two", "HEAD:three")
    until("its share to be taken", lambda: statuses(flood) == ["running", "running", "waiting", "waiting"] or None)

    calm = app(serving, tmp_path, "calm", QUICK)
    for branch in ("main", "other"):
        calm.push(f"HEAD:{branch}")
    until("both runs of the other app", lambda: statuses(calm) == ["passed", "passed"] or None)

    assert statuses(flood) == ["running", "running", "waiting", "waiting"]
    waits = next(run for run in flood.runs() if run["status"] == "waiting")
    why = flood.get(f"/api/why/{waits['id']}")
    assert "waits for a slot of its app, which may have 2 of 3: 2 runs are at it" in why["sentence"]
    for run in flood.runs():
        with serving.client() as client:
            client.post(f"/api/runs/{run['id']}/cancel")


def test_a_push_of_many_branches_runs_some_and_names_the_rest(serving: Serving, tmp_path: Path) -> None:
    many = app(serving, tmp_path, "many", QUICK)
    said = many.push("HEAD:main", *(f"HEAD:topic-{number:02}" for number in range(9))).stderr

    assert "6 of 10 are not run: one push starts 4 (SEALANE_RUNS__PER_PUSH)" in said
    left_out = [f"topic-{number:02}" for number in range(3, 9)]
    assert [name for name in left_out if f"not run: {name}; run it: sealane rerun r-" in said] == left_out
    until("the others", lambda: statuses(many) == ["passed"] * 4 + ["skipped"] * 6 or None)
    assert "6 pushed branches not run: topic-03, topic-04" in page(serving)

    topic = next(run for run in many.runs() if run["event"]["branch"] == "topic-03")
    assert f"`sealane rerun {topic['id']}` runs it" in topic["reason"]
    with serving.client() as client:
        again = client.post(f"/api/runs/{topic['id']}/rerun").json()["run"]
    until("the run by hand", lambda: many.get(f"/api/runs/{again}")["run"]["status"] == "passed" or None)
    assert "5 pushed branches not run: topic-04" in page(serving)


def test_webhooks_of_many_branches_run_some_and_answer_which_do_not(serving: Serving) -> None:
    made = serving.app("hooked", repository="https://git.example.com/hooked.git")
    names = ["alpha", "beta", "gamma", "iota", "delta", "main", "epsilon"]
    answers = {name: hook(serving, made["hook_secret"], name, str(number)) for number, name in enumerate(names)}
    assert [name for name in names if answers[name]["left_out"]] == ["delta", "epsilon"]
    assert f"`sealane rerun {answers['delta']['run']}` runs it" in answers["delta"]["left_out"]
    assert "2 pushed branches not run: delta, epsilon" in page(serving)
    again = hook(serving, made["hook_secret"], "delta", "4")
    assert (again["duplicate"], again["run"]) == (True, answers["delta"]["run"])


def test_one_person_s_fetches_start_a_few_processes_whoever_leaves_ends_theirs_and_others_are_served(
    serving: Serving, tmp_path: Path
) -> None:
    """Nobody reads the answers, which are more than is read ahead of them."""
    made = app(serving, tmp_path, "fetched", QUICK)
    (made.folder / "large").write_bytes(os.urandom(12_000_000))
    commit(made.folder, {"other": "x"})
    made.push()
    wanted = f"want {made.head} side-band-64k ofs-delta\n"
    body = f"{len(wanted) + 4:04x}{wanted}00000009done\n"
    password = base64.b64encode(f"x:{made.push_token}".encode()).decode()
    request = (
        f"POST /git/fetched.git/git-upload-pack HTTP/1.1\r\nHost: here\r\nAuthorization: Basic {password}\r\n"
        f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
    with ExitStack() as stack:
        fetching = [stack.enter_context(socket.create_connection(("127.0.0.1", serving.port))) for _ in range(12)]
        for each in fetching:
            each.sendall(request.encode())
        until("its share to be taken", lambda: backends(serving) == 4 or None)
        git(made.folder, "ls-remote", made.url(serving.user("lea", "developers")))
        assert backends(serving) == 4
    until("them to end with their clients", lambda: backends(serving) == 0 or None)
    git(made.folder, "ls-remote", made.remote)


def backends(serving: Serving) -> int:
    """Processes of git that serve the server's repositories: one a request."""
    root = f"GIT_PROJECT_ROOT={(serving.folder / 'data' / 'repositories').resolve()}".encode()
    found = 0
    for folder in Path("/proc").iterdir():
        with suppress(OSError):  # it has ended meanwhile, or is none
            words = (folder / "cmdline").read_bytes().split(b"\0")
            own = words[1:2] == [b"http-backend"] and words[0].endswith(b"git")
            found += own and root in (folder / "environ").read_bytes().split(b"\0")
    return found


def hook(serving: Serving, secret: str, branch: str, delivery: str) -> dict[str, Any]:
    body = json.dumps(
        {
            "ref": f"refs/heads/{branch}",
            "before": "0" * 40,
            "after": "d" * 40,
            "repository": {"full_name": "hooked", "clone_url": "https://git.example.com", "default_branch": "main"},
        }
    ).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "X-GitHub-Event": "push", "X-GitHub-Delivery": delivery}
    headers["Content-Type"] = "application/json"
    answered = httpx.post(f"{serving.url}/hooks/github/hooked", content=body, headers=headers, timeout=60, verify=False)
    assert answered.status_code == 202, answered.text
    hook_made: dict[str, Any] = answered.json()
    return hook_made


def page(serving: Serving) -> str:
    """The overview as the administrator's browser gets it."""
    with serving.client("", follow_redirects=True) as browser:
        form = re.search(r'name="form_token" value="([^"]+)"', browser.get("/sign-in").text)
        assert form is not None
        browser.post("/sign-in", data={"token": serving.token, "form_token": form[1]})
        shown = browser.get("/")
        assert shown.status_code == 200, shown.text
        return shown.text
