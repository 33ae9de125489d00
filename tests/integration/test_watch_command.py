"""Following, cancelling and running again as people type it, and what a push says; on a server that pretends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import server_nursery
from tests.pretending import ENDS, NEVER_READY, PIPELINE, SETTINGS, App, environments
from tests.serving import Serving
from tests.typed import Typed

APPS = ("refused", "ends", "asks", "leaves", "cancels", "again", "known")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), {**SETTINGS, "SEALANE_GIT__PUSH_WORDS": "60"}).start()
    try:
        environments(server, *APPS)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def people(serving: Serving) -> dict[str, str]:
    return {"dev": serving.user("dora", "developers"), "ann": serving.user("ann", "approvers")}


def typed(app: App, token: str, *words: str) -> Typed:
    """A command of a person that goes on."""
    return Typed(words, {**app.signed_in, "SEALANE_TOKEN": token}, app.folder)


def made(serving: Serving, tmp_path_factory: pytest.TempPathFactory, name: str) -> App:
    return App(serving, tmp_path_factory.mktemp(name), name)


def test_a_push_says_why_it_is_refused_and_what_follows_it(
    serving: Serving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A mistake in the file, an image the operators don't allow, a namespace that is another's; all with their places."""
    app = made(serving, tmp_path_factory, "refused")
    fine = app.push()
    stencil = app.files("second")["deploy/stencils/web.yaml"]
    formation = app.files("second")["deploy/formations/dev.yaml"]
    cases = (
        (
            {".sealane.yml": PIPELINE.replace("APP", "refused").replace("commands: [lint", "comands: [lint")},
            "did you mean commands",
        ),
        ({"deploy/stencils/web.yaml": stencil.replace("registry.example.com", "evil.example.com")}, "evil.example.com"),
        ({"deploy/formations/dev.yaml": formation.replace("refused-dev", "kube-system")}, "kube-system"),
    )
    for changes, wanted in cases:
        head = app.commit(wanted, changes=changes)
        said = app.push().stderr
        run = app.run_of(head)["run"]["id"]
        assert "is refused, and nothing of it runs:" in said, said
        assert wanted in said, said
        assert f"remote: sealane: {serving.url}/runs/{run}" in said
        assert "sealane watch" not in said
    run = next(run_listed["id"] for run_listed in app.runs() if run_listed["sequence"] == 1)
    assert f"`sealane watch {run}` follows it to the end" in fine.stderr, fine.stderr
    assert "refused" not in fine.stderr.replace("/refused.git", "").replace("refused #1", "")


def test_what_is_checked_out_is_followed_to_its_end(
    serving: Serving, people: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Steps, deployments and the approval in between, in lines; then the outcome and its addresses, and 0."""
    app = made(serving, tmp_path_factory, "asks")
    app.push()
    watching = typed(app, people["dev"], "watch")
    watching.says("production: waits for the approval of 1 more of approvers (")
    waiting = app.deployment("production", app.head, "waiting")["id"]
    assert f"sealane approve {waiting})" in watching.said
    assert app.cli("approve", waiting, token=people["ann"]).returncode == 0

    code, outcome = watching.ends()

    assert code == 0, watching.said
    assert "test: passed" in watching.said
    assert "dev: deployed: " in watching.said
    assert watching.said.count("production: applied 1 object") == 1
    assert f"{serving.url}/deployments/{waiting}" in outcome
    again = app.cli("watch", "asks", "--json", token=people["dev"])
    assert again.returncode == 0
    assert [delivery["state"] for delivery in json.loads(again.stdout)["deliveries"]] == ["deployed", "deployed"]


@pytest.mark.parametrize("as_json", [True, False])
def test_a_bad_release_ends_with_1_and_says_why(
    serving: Serving, people: dict[str, str], tmp_path_factory: pytest.TempPathFactory, *, as_json: bool
) -> None:
    """The delivery before it failed, so that after it is cancelled; by commit, from anywhere."""
    name = "ends" if as_json else "known"
    app = made(serving, tmp_path_factory, name)
    head = app.commit("carts", extra=ENDS)
    app.push()

    done = app.cli("watch", head[:9], *(["--json"] if as_json else []), token=people["dev"])

    assert done.returncode == 1, done.stderr
    assert "dev: failed: Container web of " in done.stderr
    if as_json:
        assert [delivery["state"] for delivery in json.loads(done.stdout)["deliveries"]] == ["failed", "cancelled"]
    else:
        assert "no such table: carts" in app.cli("watch", f"{name}/dev", token=people["dev"]).stdout
        history = app.cli("status", f"{name}/dev", token=people["dev"])
        assert history.stdout.split()[:2] == ["1", "failed"], history.stdout
        for wrong, meant in ((f"{name}/deb", "dev"), ("knwon", "known"), (f"{name}/productoin", "production")):
            for command in ("status", "watch"):
                refused = app.cli(command, wrong, token=people["dev"])
                assert refused.returncode == 2, refused.stdout
                assert "did you mean" in refused.stderr, refused.stderr
                assert meant in refused.stderr, refused.stderr


def test_whoever_leaves_is_told_what_goes_on(
    serving: Serving, people: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A held release: what holds it and who lifts that; Ctrl-C is 130, the end of --timeout 124, and it still waits."""
    app = made(serving, tmp_path_factory, "leaves")
    app.push()
    app.deployment("dev", app.head)
    bad = app.commit("bad", extra=ENDS)
    app.push()
    app.deployment("dev", bad)
    release = app.run_of(bad)["release"]["deploy_tag"]

    held = typed(app, people["dev"], "deploy", "leaves/dev", "--release", release)
    held.says("waits for a hold on leaves #2 and older at leaves/dev")
    assert "sealane rollback leaves/dev --lift-hold)" in held.said
    held.interrupt()
    assert held.ends()[0] == 130
    row = next(row for row in app.get("/api/formations") if (row["app"], row["formation"]) == ("leaves", "dev"))
    (waiting,) = row["waiting"]
    assert f"left; {waiting['id']} still waits without this command" in held.said
    assert f"sealane cancel {waiting['id']}" in held.said
    timed = app.cli("watch", waiting["id"], "--timeout", "200ms", token=people["dev"])
    assert (timed.returncode, f"sealane watch {waiting['id']}" in timed.stderr) == (124, True), timed.stderr
    assert app.cli("watch", waiting["id"], "--timeout", "soon", token=people["dev"]).returncode == 2

    assert app.cli("cancel", "leaves/dev", token=people["dev"]).returncode == 0
    back = app.cli("rollback", "leaves/dev", "--to", "1", token=people["dev"])
    assert back.returncode == 0, back.stderr
    assert ", rollback to " in back.stderr
    assert ", asked for by dora" in back.stderr
    assert "a rollback" in app.cli("status", "leaves/dev", token=people["dev"]).stdout.splitlines()[0]


def test_a_rollout_is_stopped_and_deployed_again(
    serving: Serving, people: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What rolls out goes back; viewers may neither; a run is run again by its app's name."""
    app = made(serving, tmp_path_factory, "cancels")
    app.push()
    first = app.deployment("dev", app.head)
    patient = app.files("slow")["deploy/formations/dev.yaml"].replace(
        "patience: 5s, deadline: 20s", "patience: 10m, deadline: 1h"
    )
    slow = app.commit("slow", extra=NEVER_READY, changes={"deploy/formations/dev.yaml": patient})
    app.push()
    going = app.deployment("dev", slow, "rolling_out")["id"]

    for words in (("cancel", going), ("rerun", going), ("rerun", "cancels")):
        refused = app.cli(*words, token=people["ann"])
        assert (refused.returncode, "may not deploy" in refused.stderr) == (1, True), refused.stderr
    stopped = app.cli("cancel", "cancels/dev", token=people["dev"])
    assert stopped.returncode == 0, stopped.stderr
    assert stopped.stdout.startswith("rolled back  Called off by dora."), stopped.stdout
    assert app.cli("rollback", "cancels/dev", "--lift-hold", token=people["dev"]).returncode == 0
    again = app.cli("rerun", first["id"], token=people["dev"])
    assert (again.returncode, again.stdout.startswith("deployed")) == (0, True), again.stderr
    rerun = app.cli("rerun", "cancels", "--no-wait", token=people["dev"])
    assert app.get(f"/api/runs/{rerun.stdout.strip()}")["run"]["event"]["commit"] == slow
    assert app.cli("cancel", rerun.stdout.strip(), token=people["dev"]).returncode in {0, 1}


def test_without_a_commit_or_a_run_it_says_what_to_do(serving: Serving, tmp_path: Path) -> None:
    """A folder that is no repository."""
    signed_in = {"SEALANE_URL": serving.url, "SEALANE_TOKEN": serving.token}
    done = server_nursery.run(["watch"], {**os.environ, **signed_in}, folder=tmp_path)

    assert done.returncode == 2
    assert "has no commit checked out" in done.stderr
