"""From a `git push` over HTTP to a judged deployment, and back again when it was bad; asked through the command line."""

from __future__ import annotations

import base64
import http.client
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests import pretending
from tests.serving import Serving, git, until

LARGE = {200_000: "small-pack", 900_000: "pack", 5_000_000: "chunked-pack"}
"""Sizes in bytes of what is pushed, with the app's name; git sends more than a megabyte in chunks."""

LOADS = """apiVersion: batch/v1
kind: Job
metadata: {name: load}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: load, image: "registry.example.com/store:1"}]}
"""
"""Work that a revision does once."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(
            server, "shop", "store", "tags", "scales", "gone", "hides", "novice", "paths", "parts", *LARGE.values()
        )
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def people(serving: Serving) -> dict[str, str]:
    """Tokens of Kim, who writes the commits and is an approver too, and of two others."""
    return {
        "kim": serving.user("kim", "developers", "approvers"),
        "ann": serving.user("ann", "approvers"),
        "dev": serving.user("dev", "developers"),
    }


@pytest.fixture(scope="module")
def shop(serving: Serving, people: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> pretending.App:
    """An app whose first version went to dev, and waits before production."""
    app = pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")
    app.push()
    return app


def test_a_push_is_run_deployed_to_dev_and_asks_before_production(shop: pretending.App, people: dict[str, str]) -> None:
    """Who made the commit may not approve, nor who is in no group asked; another approver may."""
    view = shop.run_of(shop.head)
    assert view["run"]["status"] == "passed"
    assert {step["key"]: step["status"] for step in view["steps"]} == {
        "step/lint": "passed",
        "step/test": "passed",
        "deliver/dev": "passed",
        "deliver/production": "passed",
    }
    dev = shop.deployment("dev", shop.head)
    assert dev["verdict"]["kind"] == "deployed"
    assert dev["unasked"] is True

    waiting = shop.deployment("production", shop.head, "waiting")
    assert waiting["verdict"] is None
    assert not any("shop-production" in name for name in shop.there("production"))
    own = shop.cli("approve", "shop/production", token=people["kim"])
    assert (own.returncode, "who writes does not approve" in own.stderr) == (1, True), own.stderr
    other = shop.cli("approve", "shop/production", token=people["dev"])
    assert (other.returncode, "in none of the groups asked: approvers" in other.stderr) == (1, True), other.stderr
    assert shop.deployment("production", shop.head, "waiting")["verdict"] is None

    why = shop.cli("why", "shop/production", token=people["dev"])
    assert why.returncode == 0, why.stderr
    assert "waits for the approval of 1 more of approvers" in why.stdout
    assert "sealane approve" in why.stdout

    yes = shop.cli("approve", "shop/production", "-m", "looks good", "--wait", token=people["ann"])
    assert yes.returncode == 0, yes.stderr
    assert "deployed" in yes.stdout
    assert shop.there("production")["shop-production/Deployment/web"]["spec"]["replicas"] == 2


def test_a_run_tells_what_its_push_changed(serving: Serving, tmp_path: Path) -> None:
    """Lists count it. A step's `paths` hold for a pull request's own files."""
    app = pretending.App(serving, tmp_path / "paths", "paths")
    steps = """app: paths
steps:
  - {name: docs, image: busybox, commands: [docs], when: {paths: "docs/**"}}
  - {name: code, image: busybox, commands: [code], when: {paths: "src/**"}}
"""
    first = app.commit("steps", changes={".sealane.yml": steps, "src/a.py": "1"})
    app.push()
    app.run_of(first)
    second = app.commit("docs", changes={".sealane.yml": steps, "docs/a.md": "1", "src/a.py": "1"})
    app.push()
    view = app.run_of(second)
    assert [(step["key"], step["status"]) for step in view["steps"]] == [
        ("step/docs", "passed"),
        ("step/code", "skipped"),
    ]
    paths = ["deploy/formations/dev.yaml", "deploy/formations/production.yaml", "docs/a.md"]
    assert view["run"]["changed"] == len(paths)
    changes = app.get(f"/api/runs/{view['run']['id']}/changes")
    assert changes == {"base": first, "count": 3, "paths": paths}
    assert [run["event"]["paths"] for run in app.runs()] == [None, None]


def test_a_run_tells_what_its_clone_lacks(serving: Serving, tmp_path: Path) -> None:
    """Submodules that nobody asked for are a warning; those from where operators let none come, a refusal."""
    app = pretending.App(serving, tmp_path / "parts", "parts")
    described = '[submodule "lib"]\n\tpath = lib\n\turl = file:///etc\n'

    def push(clone: str) -> dict[str, Any]:
        text = f"app: parts\n{clone}steps: [{{name: a, image: busybox, commands: a}}]\n"
        app.commit(clone or "nothing", changes={".sealane.yml": text, ".gitmodules": described})
        git(app.folder, "update-index", "--add", "--cacheinfo", f"160000,{app.head},lib")
        git(app.folder, "-c", "user.name=K", "-c", "user.email=k@example.com", "commit", "-qm", "Link")
        app.push()
        return app.run_of(app.head)

    warned = push("")
    assert warned["run"]["status"] == "passed"
    assert ["has submodules" in finding["message"] for finding in warned["findings"]] == [True]
    refused = push("clone: {submodules: true}\n")
    words = "the submodule lib is not fetched from 'file:///etc': it is not by HTTPS or SSH"
    assert words in refused["run"]["reason"]


def test_status_and_logs_tell_what_is_there(shop: pretending.App, people: dict[str, str]) -> None:
    """Readable for people, whole as JSON for programs."""
    shop.deployment("dev", shop.head)
    shown = shop.cli("status", "shop", token=people["dev"])
    assert shown.returncode == 0, shown.stderr
    assert "shop" in shown.stdout
    assert "deployed" in shown.stdout
    status = json.loads(shop.cli("status", "shop/dev", "--json", token=people["dev"]).stdout)
    assert (status["app"], status["formation"]) == ("shop", "dev")
    assert [(deployment["sequence"], deployment["verdict"]["kind"]) for deployment in status["history"]] == [
        (1, "deployed")
    ]

    printed = shop.cli("logs", "shop", token=people["dev"])
    assert printed.returncode == 0, printed.stderr
    assert "lint is happy" in printed.stdout
    only = shop.cli("logs", "shop", "--step", "test", token=people["dev"]).stdout
    assert "test all" in only
    assert "lint" not in only
    missing = shop.cli("logs", "shop", "--step", "nobody", token=people["dev"])
    assert missing.returncode != 0
    assert "lint, test" in missing.stderr


def test_a_bad_push_is_rolled_back_explained_and_held_until_a_good_one_comes(
    serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """What is there afterwards is what was there before; the cause names container, exit code and last words."""
    app = pretending.App(serving, tmp_path / "store", "store")
    app.push()
    first = app.deployment("dev", app.head)
    assert first["verdict"]["kind"] == "deployed"
    before = app.there("dev")["store-dev/Deployment/web"]

    bad = app.commit("bad", extra=pretending.ENDS, changes={"deploy/stencils/load.yaml": LOADS})
    app.push()
    back = app.deployment("dev", bad)
    assert back["verdict"]["kind"] == "rolled_back", back
    assert "What Job load did was not undone" in back["verdict"]["reason"]
    cause = back["verdict"]["cause"]
    assert cause["container"] == "web"
    assert "3" in cause["sentence"]
    assert app.there("dev")["store-dev/Deployment/web"]["spec"] == before["spec"]
    view = app.get(f"/api/deployments/{back['id']}")
    assert "no such table: carts" in json.dumps(view["failure_report"])
    assert view["hold"]["deployment_id"] == back["id"]
    why = app.cli("why", "store/dev", token=people["dev"])
    assert "rolled back" in why.stdout
    assert "sealane rollback store/dev --lift-hold" in why.stdout
    for asked in ("store/dev", back["id"]):
        told = app.cli("why", asked, token=people["dev"]).stdout
        assert "Last lines of web, before it was taken down\n  │ no such table: carts\n" in told
        assert "Difference to the last verified revision" in told
        assert "+ " in told
    shown = app.cli("status", "store/dev", token=people["dev"])
    assert "sealane rollback store/dev --lift-hold" in shown.stdout + shown.stderr

    again = app.cli("deploy", "store/dev", "--release", view["release"]["id"], "--no-wait", token=people["dev"])
    assert again.returncode == 0, again.stderr
    assert "hold" in app.cli("why", again.stdout.strip(), token=people["dev"]).stdout

    good = app.commit("good again")
    app.push()
    assert app.deployment("dev", good)["verdict"]["kind"] == "deployed"
    row = next(row for row in app.get("/api/formations") if (row["app"], row["formation"]) == ("store", "dev"))
    assert row["hold"] is None


def test_scaling_and_going_back_are_deployments_like_any_other(
    serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """Both through the command line. What was gone back from is held until a person lifts that."""
    app = pretending.App(serving, tmp_path / "scales", "scales")
    app.push()
    first = app.deployment("dev", app.head)
    app.commit("second")
    app.push()
    app.deployment("dev", app.head)

    def words() -> str:
        container = app.there("dev")["scales-dev/Deployment/web"]["spec"]["template"]["spec"]["containers"][0]
        return str(container["env"][0]["value"])

    def run(*asked: str) -> None:
        done = app.cli(*asked, token=people["dev"])
        assert done.returncode == 0, done.stderr
        assert "deployed" in done.stdout

    run("scale", "scales/dev", "web", "4")
    assert app.there("dev")["scales-dev/Deployment/web"]["spec"]["replicas"] == 4
    assert words() == "second"
    run("restart", "scales/dev", "Deployment/web")
    restarted = app.there("dev")["scales-dev/Deployment/web"]["spec"]
    assert restarted["replicas"] == 4, "a restart takes nothing back"
    assert list(restarted["template"]["metadata"]["annotations"]) == ["sealane.dev/restarted"]
    run("rollback", "scales/dev", "--to", first["revision_id"])
    assert words() == "first"
    back = app.get("/api/deployments", app="scales", formation="dev")[0]["id"]
    story = [entry["text"] for entry in app.get(f"/api/deployments/{back}")["timeline"]]
    assert "takes back what was scaled by hand: web has 4 instances by dev" in story
    asked = app.cli("deploy", "scales/dev", "--no-wait", token=people["dev"])
    assert "a hold on" in app.cli("why", asked.stdout.strip(), token=people["dev"]).stdout
    lifted = app.cli("rollback", "--lift-hold", "scales/dev", token=people["dev"])
    assert lifted.returncode == 0, lifted.stderr
    until("what was held back to be there", lambda: words() == "second" or None)
    until("it to be verified", lambda: app.get("/api/deployments", app="scales", formation="dev")[0]["verdict"])
    unknown = app.cli("scale", "scales/dev", "nobody", "4", token=people["dev"])
    assert unknown.returncode == 2, unknown.stderr
    assert "nobody" in unknown.stderr


@pytest.mark.parametrize(("size", "name"), LARGE.items(), ids=LARGE.values())
def test_large_pushes_arrive_whole(serving: Serving, tmp_path: Path, size: int, name: str) -> None:
    """What git sends with its length, and what it sends in chunks because it is more than its post buffer."""
    app = pretending.App(serving, tmp_path / "large", name)
    content = os.urandom(size)
    (app.folder / "large").write_bytes(content)
    head = app.commit("large")
    app.push()
    git(tmp_path, "clone", "-q", app.remote, "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD").stdout.strip() == head
    assert (tmp_path / "clone" / "large").read_bytes() == content


def test_a_push_broken_off_leaves_the_next_one_through(serving: Serving, tmp_path: Path) -> None:
    """Git's client goes away in the middle of its pack; nothing of it counts, and nothing waits for it."""
    app = pretending.App(serving, tmp_path / "gone", "gone")
    app.push()
    moved = f"{app.head} {'1' * 40} refs/heads/main\0 report-status\n".encode()
    beginning = b"%04x%s0000PACK\0\0\0\x02\0\0\0\x09" % (len(moved) + 4, moved)
    objects = serving.folder / "data" / "repositories" / "gone.git" / "objects"
    asking = http.client.HTTPConnection(serving.url.removeprefix("http://"))
    asking.putrequest("POST", "/git/gone.git/git-receive-pack")
    asking.putheader("Authorization", "Basic " + base64.b64encode(f"gone:{app.push_token}".encode()).decode())
    asking.putheader("Content-Type", "application/x-git-receive-pack-request")
    asking.putheader("Transfer-Encoding", "chunked")
    asking.endheaders()
    asking.send(b"%x\r\n%s\r\n" % (len(beginning), beginning))
    until("git to wait for the rest", lambda: any(objects.glob("tmp_objdir-incoming-*")))
    asking.close()

    head = app.commit("after")
    app.push()
    assert app.run_of(head)["run"]["status"] == "passed"
    assert not list(objects.glob("tmp_objdir-incoming-*"))


def files_with(text: bytes, folder: Path) -> Iterator[Path]:
    """Files that hold the text; what the server tidies away meanwhile is passed over."""
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(FileNotFoundError):
                if path.is_file() and text in path.read_bytes():
                    yield path


def test_secrets_of_a_file_encrypted_to_the_app_s_recipient_are_opened_by_the_server(
    serving: Serving, tmp_path: Path
) -> None:
    """`app recipient` says whom to encrypt to; the file goes with the commit; what it hides stands nowhere in clear."""
    app = pretending.App(serving, tmp_path / "hides", "hides")
    recipient = app.cli("app", "recipient", "hides").stdout.strip()
    (tmp_path / "plain").write_text("PASSWORD=correct-horse-battery\n")
    encrypted = app.folder / "deploy" / "secrets.age"
    assert (
        app.cli("secrets", "encrypt", str(tmp_path / "plain"), "--to", recipient, "--output", str(encrypted)).returncode
        == 0
    )
    reads = ', {name: PASSWORD, valueFrom: {secretKeyRef: {name: "${secrets}", key: PASSWORD}}}'
    secrets = 'secrets: {PASSWORD: "age:deploy/secrets.age#PASSWORD"}\n'
    formations = {path: text + secrets for path, text in app.files("hides").items() if "formations" in path}
    head = app.commit("hides", extra=reads, changes=formations)
    app.push()
    ended = app.deployment("dev", head)
    assert ended["verdict"]["kind"] == "deployed", ended
    assert "correct-horse" not in json.dumps([ended, app.get(f"/api/deployments/{ended['id']}")])
    assert not list(files_with(b"correct-horse", serving.folder / "data"))


def test_who_pushes_is_told_where_to_look_and_what_came_of_it(
    serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """Git prints the run's address; `status`, `why` and `logs` say what kept it from running."""
    app = pretending.App(serving, tmp_path / "novice", "novice")
    nothing = app.cli("why", "novice", token=people["dev"])
    assert "nothing of novice was pushed yet" in nothing.stdout

    app.commit("typing mistake", changes={".sealane.yml": "app: novice\ndeliver: [dev]\nstps: []\n"})
    pushed = app.push()
    run = app.runs()[0]["id"]
    assert f"remote: sealane: {serving.url}/runs/{run}" in pushed.stderr
    assert "remote: error" not in pushed.stderr, "git itself has nothing to complain of"
    app.run_of(app.head)
    for words in (("status",), ("status", "novice"), ("why", "novice"), ("logs", "novice")):
        told = app.cli(*words, token=people["dev"])
        assert told.returncode == 0, told.stderr
        if words != ("status",):  # other apps are delivered
            assert "novice #1 failed: refused before anything ran: .sealane.yml:3:1" in told.stdout + told.stderr, words

    app.commit("two mistakes", changes={".sealane.yml": "app: novice\ndeliver: [dev]\nstps: []\nimges: {}\n"})
    app.push()
    app.run_of(app.head)
    every = app.cli("why", "novice", token=people["dev"]).stdout.splitlines()
    assert [line.strip()[:17] for line in every[1:]] == [".sealane.yml:3:1:", ".sealane.yml:4:1:"], every

    app.commit("resolved")
    app.push()
    app.run_of(app.head)
    assert "novice #3: its steps passed" in app.cli("why", "novice", token=people["dev"]).stdout

    environment = "{DUMMY_OUTPUT: \"line of 3\\n2 of 9 tests fail\\n\", DUMMY_EXIT_CODE: '1'}"
    step = f"{{name: test, image: busybox, commands: [a], environment: {environment}}}"
    failing = f"app: novice\nsteps: [{step}]\n"
    app.commit("bad", changes={".sealane.yml": failing})
    app.push()
    bad = app.run_of(app.head)["run"]["id"]
    for asked in ("novice", bad):
        told = app.cli("why", asked, token=people["dev"]).stdout
        assert "novice #4 failed at test" in told
        assert "Last lines of test\n" in told
        assert "  │ 2 of 9 tests fail\n" in told
    said = json.loads(app.cli("why", bad, "--json", token=people["dev"]).stdout)
    assert said["log"]["step"] == "test"
    assert said["log"]["lines"][-1] == "2 of 9 tests fail"


def test_a_name_that_is_nearly_one_is_answered_with_it(
    shop: pretending.App, people: dict[str, str], tmp_path: Path
) -> None:
    """Whatever the command: of an app, of a formation, of an app by its formation's name; a stranger is told no names."""
    shop.deployment("dev", shop.head)
    stranger = shop.serving.user("stranger", "outsiders")
    roads = {  # one for each way in which a command comes to a name
        ("why", "shopp"): "shop",
        ("logs", "shopp"): "shop",
        ("deploy", "shopp/dev"): "shop",
        ("token", "list", "--app", "shopp"): "shop",
        ("status", "shop/devv"): "dev",
        ("approve", "shop/devv"): "dev",
        ("gate", "shop/devv", "latency", "--pass"): "dev",
    }
    for words, near in roads.items():
        told = shop.cli(*words, token=people["dev"])
        assert told.returncode == 2, (words, told.stdout, told.stderr)
        assert f"did you mean {near}?" in told.stderr, (words, told.stderr)
    assert "did you mean" not in shop.cli("why", "shopp", token=stranger).stderr
    of_formation = shop.cli("why", "dev", token=people["dev"]).stderr  # other apps have one of that name, too
    assert "did you mean " in of_formation
    assert "/dev" in of_formation


def test_a_push_that_is_refused_says_why(shop: pretending.App, people: dict[str, str]) -> None:
    """Git prints it: a wrong token, an app that is not there, no right. Who may not read an app hears no more of it."""
    reader = shop.serving.user("reader", "viewers")
    stranger = shop.serving.user("pusher", "outsiders")

    def refused(password: str, app: str = "shop") -> str:
        to = shop.url(password).replace("/shop.git", f"/{app}.git")
        pushed = pretending.git(shop.folder, "push", to, "HEAD:side", check=False)
        assert pushed.returncode != 0
        assert "remote: sealane: " in pushed.stderr, pushed.stderr
        return str(pushed.stderr)

    wrong = refused("sln_none_x")
    assert "remote: sealane: the token is not known here, or was revoked\n" in wrong
    assert "remote: sealane: the password is your own token" in wrong
    assert refused("sln_none_x", "shoq").replace("shoq", "shop") == wrong
    near = refused(people["dev"], "shoq")
    assert "remote: sealane: there is no app shoq\nremote: sealane: did you mean shop?" in near
    assert "remote: sealane: reader may not deploy shop\nremote: sealane: sealane access explain" in refused(reader)
    there, not_there = refused(stranger), refused(stranger, "nobodys")
    assert "remote: sealane: there is no app shop\n" in there
    assert there.replace("shop", "nobodys") == not_there


def test_tags_run_clones_come_back_and_deleting_starts_nothing(serving: Serving, tmp_path: Path) -> None:
    """A pushed tag is an event of its own; a deleted branch is none; what was pushed can be cloned.

    A tag made again runs again, and so does a commit that a branch comes back to.
    """
    app = pretending.App(serving, tmp_path / "tags", "tags")
    app.push("HEAD:main", "HEAD:refs/heads/side")
    git(app.folder, "tag", "v1")
    app.push("v1")
    assert app.run_of(app.head, ref="refs/tags/v1")["run"]["event"]["kind"] == "tag"
    assert app.run_of(app.head, ref="refs/heads/side")["deployments"] == []
    app.run_of(app.head)

    app.push("--delete", "refs/heads/side")
    first = app.head
    head = app.commit("after")
    app.push()
    app.run_of(head)
    app.push("--delete", "refs/tags/v1")
    app.push("v1")
    app.push("--force", f"{first}:main")
    app.push()
    assert sorted(run["event"]["ref"] for run in app.runs()) == [
        *["refs/heads/main"] * 4,
        "refs/heads/side",
        *["refs/tags/v1"] * 2,
    ]

    git(tmp_path, "clone", "-q", app.remote, "clone")
    assert git(tmp_path / "clone", "rev-parse", "HEAD").stdout.strip() == head
    refused = git(tmp_path, "clone", "-q", app.url("guessed"), "stolen", check=False)
    assert refused.returncode != 0
    assert not (tmp_path / "stolen").exists()
