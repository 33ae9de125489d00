"""Clients that go away, ask twice or send letters that no header has: what they began is finished, and nothing breaks."""

from __future__ import annotations

import base64
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import pretending
from tests.serving import Serving, git, until


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(server, "finch", "wren", "crane")
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def crane(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> pretending.App:
    return pretending.App(serving, tmp_path_factory.mktemp("crane"), "crane")


def sent(app: pretending.App, *, more: int = 0) -> bytes:
    """A whole request that pushes the newest commit to main, as git's client sends it; `more` bytes are announced and never come."""
    new, old = app.head, git(app.folder, "rev-parse", "HEAD~1").stdout.strip()
    packing = ["git", "-C", str(app.folder), "pack-objects", "--stdout", "--revs", "-q"]
    pack = subprocess.run(packing, input=f"{new}\n^{old}\n".encode(), capture_output=True, check=True).stdout
    line = f"{old} {new} refs/heads/main\0 report-status side-band-64k".encode()
    body = f"{len(line) + 4:04x}".encode() + line + b"0000" + pack
    password = base64.b64encode(f"x:{app.push_token}".encode()).decode()
    head = (
        f"POST /git/{app.name}.git/git-receive-pack HTTP/1.1\r\nHost: here\r\nAuthorization: Basic {password}\r\n"
        f"Content-Type: application/x-git-receive-pack-request\r\nContent-Length: {len(body) + more}\r\n\r\n"
    )
    return head.encode() + body


def hang_up(connection: socket.socket) -> None:
    """As a machine that is switched off."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@pytest.mark.parametrize("more", [0, 10], ids=["after the push", "within it"])
def test_a_push_whose_client_goes_away_is_run_once_git_has_taken_it(
    serving: Serving, tmp_path: Path, more: int
) -> None:
    """And the next push is neither held up nor blamed for it."""
    app = pretending.App(serving, tmp_path / "work", "finch" if more else "wren")
    app.push()
    moved = serving.folder / "data" / "repositories" / f"{app.name}.git" / "refs" / "heads" / "main"
    for number in range(3):
        head = app.commit(f"and gone {number}")
        with socket.create_connection(("127.0.0.1", serving.port)) as connection:
            connection.sendall(sent(app, more=more))
            until("git to take the push", lambda head=head: moved.read_text().strip() == head)  # type: ignore[misc]
            hang_up(connection)
        app.run_of(head)
    head = app.commit("the next")
    assert f"{app.name} #5" in app.push().stderr
    assert app.run_of(head)["run"]["event"]["before"] == git(app.folder, "rev-parse", "HEAD~1").stdout.strip()
    assert "broke" not in serving.log


ODD = b"\xe9\xff"
"""No letters of ASCII, nor of UTF-8."""
HEADERS: list[tuple[str, str, dict[str, bytes]]] = [
    ("POST", "/sign-in", {"Cookie": b"sealane_form=" + ODD}),
    ("POST", "/sign-in", {"Cookie": b"sealane_form=ok"}),
    ("GET", "/api/me", {"Cookie": b"sealane_session=" + ODD}),
    ("POST", "/sign-out", {"Cookie": b"sealane_session=" + ODD, "X-Form-Token": ODD}),
    ("GET", "/api/me", {"Authorization": b"Bearer " + ODD}),
    ("GET", "/api/me", {"Authorization": b"Bearer sln_" + ODD + b"_" + ODD}),
    ("GET", "/git/wren.git/info/refs?service=git-upload-pack", {"Authorization": b"Basic " + ODD}),
    ("GET", "/git/wren.git/info/refs?service=git-upload-pack", {"Authorization": b"Basic " + base64.b64encode(ODD)}),
    ("POST", "/hooks/github/wren", {"X-Hub-Signature-256": b"sha256=" + ODD, "X-GitHub-Event": ODD}),
    ("POST", "/hooks/gitea/wren", {"X-Gitea-Signature": ODD, "Content-Encoding": ODD, "Content-Type": ODD}),
    ("POST", "/hooks/gitlab/wren", {"X-Gitlab-Token": ODD, "X-Gitlab-Event": ODD}),
    ("POST", "/hooks/alerts/wren/dev", {"Authorization": b"Bearer " + ODD}),
    ("POST", "/hooks/alerts/wren/dev", {"X-Sealane-Signature": ODD}),
]


@pytest.mark.parametrize(("method", "path", "headers"), HEADERS, ids=lambda value: str(value)[:40])
def test_no_letter_in_what_proves_who_asks_breaks_the_server(
    serving: Serving, method: str, path: str, headers: dict[str, bytes]
) -> None:
    """Each is a wrong proof like any other."""
    form = "form_token=%C3%A9%FF&token=x"
    with serving.client("") as client:
        kind = {} if "Content-Type" in headers else {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.request(method, path, headers={**kind, **headers}, content=form if method == "POST" else None)  # type: ignore[arg-type]
    assert answer.status_code in {401, 403}, answer.text[:300]


def test_a_release_sent_by_hand_asks_whom_its_pipeline_asks(serving: Serving, crane: pretending.App) -> None:
    """Operators ask nobody here, but the pipeline does: its pusher can't pass it by."""
    limits = pretending.LIMITS.replace("APPROVALS", "").replace("APP", "crane")
    text = pretending.ENVIRONMENT.replace("APPS", limits)
    serving.environment_file("production", text.replace("NAME", "production"))
    app = crane
    pusher, other = serving.user("pia", "developers"), serving.user("oda", "approvers")
    git(app.folder, "push", app.url(pusher), "HEAD:main")
    delivered = app.deployment("production", app.head, "waiting")
    with serving.client(pusher) as client:
        asked = client.post("/api/formations/crane/production/deploy", json={})
        assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
        assert asked.json()["rules"] == delivered["rules"]
        by_hand = asked.json()["id"]
        assert client.post(f"/api/deployments/{by_hand}/approve", json={}).status_code == 403
    with serving.client(other) as client:
        assert client.post(f"/api/deployments/{by_hand}/approve", json={}).status_code == 200
    until("it to be there", lambda: app.get(f"/api/deployments/{by_hand}")["deployment"]["verdict"])


@pytest.mark.parametrize(
    "reference",
    [
        "refs/replace/{head}",
        "refs/notes/commits",
        "refs/pull/7/head",
        "refs/original/main",
        "refs/stash",
        "refs/sealane",
    ],
)
def test_only_branches_and_tags_are_pushed(serving: Serving, crane: pretending.App, reference: str) -> None:
    """What replaces a commit by another, or says more of it, would be a second word on what it is."""
    where = reference.format(head=crane.head)
    refused = crane.push(f"HEAD:{where}", check=False)
    assert (refused.returncode, "hidden ref" in refused.stderr) == (1, True), refused.stderr
    assert where not in git(crane.folder, "ls-remote", crane.remote).stdout
    assert "broke" not in serving.log


def test_a_commit_is_what_its_hash_says(serving: Serving, crane: pretending.App) -> None:
    """Also where a repository holds a replacement from before, which would stop every push, or forge an author."""
    bare = serving.folder / "data" / "repositories" / "crane.git"
    forged = git(
        crane.folder,
        "-c",
        "user.name=Eve",
        "-c",
        "user.email=eve@example.com",
        "commit-tree",
        "HEAD^{tree}",
        "-m",
        "harmless",
    ).stdout.strip()
    real = crane.commit("by its own author")
    crane.push("HEAD:refs/heads/forged")
    crane.push(f"{forged}:refs/heads/spare")
    git(bare, "update-ref", f"refs/replace/{real}", forged)
    looped = crane.commit("replaced by itself")
    crane.push("HEAD:refs/heads/looped")
    git(bare, "update-ref", f"refs/replace/{looped}", looped)

    for commit_hash, branch in ((real, "again-real"), (looped, "again-looped")):
        crane.push(f"{commit_hash}:refs/heads/{branch}")
        run = crane.run_of(commit_hash, ref=f"refs/heads/{branch}")["run"]
        assert run["event"]["author"] == "Kim"
        assert run["event"]["message"] in {"by its own author", "replaced by itself"}
    assert "broke" not in serving.log
