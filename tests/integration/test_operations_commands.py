"""Windows, broken glass and drift as people type and click them, on a server whose destination pretends."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from sealane.destinations.dummy.state import State
from tests import server_nursery
from tests.pretending import SETTINGS, App, environments
from tests.serving import Serving, until

SHUT = """windows:
  deny: [{cron: "* * * * *", duration: 1h, reason: the freeze}]
  break_glass: [oncall]
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), SETTINGS).start()
    try:
        yield server
    finally:
        server.stop()


def typed(serving: Serving, token: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SEALANE_URL": serving.url, "SEALANE_TOKEN": token}
    return server_nursery.run(words, environment)


def delivered(serving: Serving, tmp_path_factory: pytest.TempPathFactory, name: str) -> App:
    """An app whose first version is in dev."""
    environments(serving, name)
    app = App(serving, tmp_path_factory.mktemp(name), name)
    app.push()
    app.run_of(app.head)
    app.deployment("dev", app.head)
    return app


def test_a_shut_window_is_told_and_its_glass_is_broken_by_who_may(
    serving: Serving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`why` says until when and who; others are refused; the page and the audit say who and why."""
    app = delivered(serving, tmp_path_factory, "frozen")
    dev, oncall = serving.user("dora", "developers"), serving.user("olga", "oncall", "developers")
    file = serving.folder / "config" / "environments" / "dev.yaml"
    file.write_text(file.read_text() + SHUT)

    asked = typed(serving, dev, "deploy", "frozen/dev", "--no-wait")
    deployment = asked.stdout.strip()
    why = typed(serving, dev, "why", "frozen/dev")
    with signed_in(serving, dev) as browser:
        shown = browser.get(f"/deployments/{deployment}").text
    refused = typed(serving, dev, "approve", deployment, "--break-glass", "please")
    broken = typed(serving, oncall, "approve", "frozen/dev", "--break-glass", "INC-4711", "--wait")
    through = typed(serving, oncall, "deploy", "frozen/dev", "--break-glass", "INC-4712")

    assert asked.returncode == 0, asked.stderr
    assert "waits for the window of dev to open: the freeze" in why.stdout
    assert f'or one of oncall: sealane approve {deployment} --break-glass "REASON"' in why.stdout
    assert "<strong>Waits for the window of dev to open: the freeze.</strong>" in shown
    assert "Who lifts it: itself, or one of oncall" in shown
    assert refused.returncode != 0
    assert "dora is in none of the groups that may: oncall" in refused.stderr
    assert (broken.returncode, broken.stdout.startswith("deployed")) == (0, True), broken.stderr
    assert (through.returncode, through.stdout.startswith("deployed")) == (0, True), through.stderr
    glass = app.get(f"/api/deployments/{deployment}")["deployment"]["glass"]
    assert (glass["by"], glass["reason"]) == ("olga", "INC-4711")
    with signed_in(serving, dev) as browser:
        assert "olga: INC-4711" in browser.get(f"/deployments/{deployment}").text


def form_token(page: str) -> str:
    """What the forms of a page send back."""
    return page.partition('name="form_token" value="')[2].partition('"')[0]


@contextmanager
def signed_in(serving: Serving, token: str) -> Iterator[httpx.Client]:
    """A browser of the person with that token."""
    with serving.client("", follow_redirects=True) as browser:
        shown = browser.get("/sign-in").text
        answer = browser.post("/sign-in", data={"token": token, "form_token": form_token(shown)})
        assert answer.status_code == 200, answer.text[:300]
        yield browser


def test_drift_is_shown_and_put_right_from_the_command_line_and_the_page(
    serving: Serving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Exit code 1 with drift and 0 without; putting it right is a deployment; viewers only look."""
    app = delivered(serving, tmp_path_factory, "adrift")
    dev, viewer = serving.user("dirk", "developers"), serving.user("vera", "viewers")
    state = State(serving.folder / "data" / "dummies" / "dev" / "here.json")

    def meddle() -> None:
        with state.write() as content:
            for stored in content.objects.values():
                if stored.manifest["metadata"]["namespace"] == "adrift-dev":
                    stored.manifest["spec"]["replicas"] = 7

    assert typed(serving, dev, "drift", "adrift/dev").returncode == 0
    meddle()
    completed = typed(serving, viewer, "drift", "adrift/dev", "--json")
    fixed = typed(serving, dev, "drift", "adrift/dev", "--fix")
    after = typed(serving, dev, "drift", "adrift/dev")

    assert completed.returncode == 1, completed.stderr
    (drifted,) = json.loads(completed.stdout)["objects"]
    assert (drifted["object"], drifted["kind"]) == ("Deployment/web", "changed")
    assert drifted["fields"] == [{"path": "spec.replicas", "now": 7, "deployed": 2, "manager": None, "at": None}]
    assert fixed.returncode == 0, fixed.stderr
    assert "spec.replicas" in fixed.stdout
    assert "deployed" in fixed.stdout
    assert (after.returncode, "nothing of adrift/dev drifted" in after.stderr) == (0, True)

    meddle()
    current = next(row for row in app.get("/api/formations") if (row["app"], row["formation"]) == ("adrift", "dev"))
    page = f"/deployments/{current['current']['id']}"
    with signed_in(serving, viewer) as browser:
        assert f'href="{page}/drift"' in browser.get(page).text
        looked = browser.get(f"{page}/drift").text
        assert "spec.replicas" in looked
        assert "Put it right" not in looked
        for path in (f"{page}/drift", f"{page}/rollback", f"{page}/release-hold"):
            assert browser.post(path, data={"form_token": form_token(looked)}).status_code == 403
    with signed_in(serving, dev) as browser:
        looked = browser.get(f"{page}/drift").text
        put = browser.post(f"{page}/drift", data={"form_token": form_token(looked)})
        assert put.status_code == 200
        assert "/deployments/d-" in str(put.url)


def test_what_was_rendered_is_printed_and_compared(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> None:
    """By release, number and revision, whatever came after; a value of a Secret shows as changed and never itself."""
    app = App(serving, tmp_path_factory.mktemp("told"), "told")
    environments(serving, "told")
    made = []
    for words, value in (("one", "hunter2-hunter2"), ("two", "swordfish-4711")):
        secret = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{a: {value}, b: same-as-ever}}\n"
        app.commit(words, changes={"deploy/stencils/secret.yaml": secret})
        app.push()
        app.run_of(app.head)
        made.append(app.deployment("dev", app.head))
    viewer = serving.user("vasil", "viewers")
    first, second = made

    now = typed(serving, viewer, "render", "told/dev")
    then = typed(serving, viewer, "render", "told/dev", "--at", first["release_id"])
    as_json = json.loads(typed(serving, viewer, "render", "told/dev", "--at", str(first["sequence"]), "--json").stdout)
    differs = typed(
        serving, viewer, "diff", f"told/dev@{first['release_id']}", f"told/dev@{second['revision_id'][7:17]}"
    )
    same = typed(serving, viewer, "diff", f"told/dev@{second['id']}", "told/dev")
    lost = typed(serving, viewer, "render", "told/dev", "--at", "no-such")
    local = typed(serving, viewer, "render", "told/dev", "--image", "a=b")

    assert (now.returncode, then.returncode) == (0, 0), (now.stderr, then.stderr)
    assert ("value: two" in now.stdout, "value: one" in then.stdout) == (True, True)
    assert "a: <hidden>" in then.stdout
    assert (as_json["revision"], as_json["release"]) == (first["revision_id"], first["release_id"])
    assert {item["object"]["kind"]: item["file"] for item in as_json["objects"]} == {
        "Deployment": "deploy/stencils/web.yaml",
        "Secret": "deploy/stencils/secret.yaml",
    }
    assert differs.returncode == 1, differs.stderr
    lines = {line.strip() for line in differs.stdout.splitlines()}
    assert {"+  a: <hidden, changed>", "b: <hidden>", "~ Secret s", "~ Deployment web"} <= lines
    assert (same.returncode, same.stdout) == (0, ""), same.stderr
    assert "nothing was rendered for told/dev that no-such names" in lost.stderr
    assert "--image is for files of this machine" in local.stderr
    with signed_in(serving, viewer) as browser:
        page = browser.get(f"/apps/told/compare?left=dev&right=dev@{first['sequence']}").text
    assert f"<option selected>dev@{first['sequence']}</option>" in page
    told = page + now.stdout + then.stdout + differs.stdout + json.dumps(as_json)
    assert not [value for value in ("hunter2", "swordfish", "same-as-ever") if value in told]


def test_an_app_is_shown_and_scaled_on_its_page(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Its objects down to instances; those who may deploy scale there, by a deployment, and viewers only look."""
    delivered(serving, tmp_path_factory, "sized")
    dev, viewer = serving.user("desi", "developers"), serving.user("vlad", "viewers")
    page, way = "/apps/sized?in=dev", "/apps/sized/dev/scale"
    with signed_in(serving, viewer) as browser:
        until("it to be seen", lambda: "2 of 2 ready" in browser.get(page).text)
        looked = browser.get(page).text
        assert (way in looked, "owned by" in looked, "Last deployments" in looked) == (False, True, True)
        asked = {"form_token": form_token(looked), "word": "Deployment/web", "replicas": "3"}
        assert browser.post(way, data=asked).status_code == 403
    with signed_in(serving, dev) as browser:
        asked["form_token"] = form_token(browser.get(page).text)
        assert browser.post(way, data={**asked, "replicas": "many"}).status_code == 422
        put = browser.post(way, data=asked)
        assert "/deployments/d-" in str(put.url)
        until("three to be there", lambda: "3 of 3 ready" in browser.get(page).text)
        until("it to be judged", lambda: "/apps/sized/dev/restart" in browser.get(page).text)
        put = browser.post("/apps/sized/dev/restart", data=asked)
        assert "restart by hand by desi" in put.text
    with signed_in(serving, viewer) as browser:
        assert browser.post("/apps/sized/dev/restart", data=asked).status_code == 403
        logs = browser.get("/apps/sized/dev/logs?object=Deployment/web&find=PRETENDS").text
        assert 'sse-connect="/apps/sized/dev/logs/follow?object=Deployment%2Fweb&amp;find=PRETENDS"' in logs
        with browser.stream("GET", "/apps/sized/dev/logs/follow?object=Deployment/web&find=PRETENDS") as lines:
            first = next(line for line in lines.iter_lines() if line.startswith("data: "))
        assert first == 'data: <span><span class="soft">web-0/web</span> <mark>pretends</mark> to run</span>'
        assert "has no Deployment/none" in browser.get("/apps/sized/dev/logs/follow?object=Deployment/none").text
    printed = typed(serving, viewer, "logs", "sized/dev", "--of", "Pod/web-0", "--find", "Run").stdout
    assert printed == "web-0/web  pretends to run\n"
    assert typed(serving, viewer, "logs", "sized/dev", "--find", "nothing like it").stdout == ""
    view = json.loads(typed(serving, viewer, "status", "sized", "--json").stdout)
    dev_now = next(formation for formation in view["formations"] if formation["row"]["formation"] == "dev")
    assert [instance["ready"] for instance in dev_now["observation"]["instances"]] == [True] * 3
    assert (view["app"]["name"], view["deployments"][0]["kind"]) == ("sized", "restart")


def test_runs_and_rollouts_are_cancelled_and_run_again_by_buttons(
    serving: Serving, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Each asks first and says what comes of it; viewers see none and may not, nor may forms of other sites."""
    app = delivered(serving, tmp_path_factory, "pressed")
    dev, viewer = serving.user("dinah", "developers"), serving.user("vito")
    waiting = app.deployment("production", app.head, "waiting")["id"]
    there = app.deployment("dev", app.head)["id"]
    run = app.run_of(app.head)["run"]["id"]
    pages = {
        f"/deployments/{waiting}/cancel": (f"/deployments/{waiting}", "It never begins", f"/deployments/{waiting}"),
        f"/deployments/{there}/rerun": (f"/deployments/{there}", "The same revision goes to dev", "/deployments/d-"),
        f"/runs/{run}/rerun": (f"/runs/{run}", f"A new run of {app.head[:7]}", "/runs/r-"),
    }
    with signed_in(serving, viewer) as browser:
        for action, (page, _, _) in pages.items():
            shown = browser.get(page).text
            assert action not in shown
            assert browser.post(action, data={"form_token": form_token(shown)}).status_code == 403
    with signed_in(serving, dev) as browser:
        for action, (page, asks, leads_to) in pages.items():
            shown = browser.get(page).text
            assert f'action="{action}"' in shown
            assert asks in shown
            assert browser.post(action, data={"form_token": "another site's"}).status_code == 403
            pressed = browser.post(action, data={"form_token": form_token(shown)})
            assert pressed.status_code == 200
            assert leads_to in str(pressed.url)
        assert "/cancel" not in browser.get(f"/deployments/{waiting}").text
    ended = app.get(f"/api/deployments/{waiting}")["deployment"]
    assert (ended["verdict"]["kind"], ended["verdict"]["reason"]) == ("cancelled", "Called off by dinah.")


def test_what_a_run_printed_is_erased_for_good(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> None:
    """By command line and page, of an ended run only, by who may run it again; the audit knows who."""
    environments(serving, "chatty")
    app = App(serving, tmp_path_factory.mktemp("chatty"), "chatty")
    app.commit("hunter2 is the password")
    app.push()
    run = app.run_of(app.head)["run"]["id"]
    dev, viewer = serving.user("eve", "developers"), serving.user("vince", "viewers")
    assert "hunter2" in typed(serving, viewer, "logs", run).stdout

    refused = typed(serving, viewer, "erase-logs", run)
    erased = typed(serving, dev, "erase-logs", run)
    told = typed(serving, viewer, "logs", run).stdout

    assert (refused.returncode, erased.returncode) == (1, 0), refused.stderr + erased.stderr
    assert "vince may not deploy" in refused.stderr
    assert "hunter2" not in told
    assert "eve erased this log" in told
    assert not [
        file for file in (serving.folder / "data" / "logs" / run).rglob("*.log") if b"hunter2" in file.read_bytes()
    ]
    with signed_in(serving, dev) as browser:
        page = browser.get(f"/runs/{run}?step=step/test").text
        assert "eve erased this log" in page
        again = browser.post(f"/runs/{run}/erase-logs", data={"form_token": form_token(page)})
        assert again.status_code == 200
    lines = app.get("/api/audit", kind="run.logs_erased", app="chatty")
    assert [(line["actor"], line["run"]) for line in lines] == [("eve", run)] * 2
