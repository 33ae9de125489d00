"""What waits for a person, on the overview and the page of approvals: asked of those whose word counts, answered there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests import pretending
from tests.browsing import Opening, asked, confirm
from tests.serving import Serving, free_port, until

APPS = ("pass", "fail", "shut", "held", "full")
SHUT = """windows:
  deny: [{cron: "0 0 * * *", duration: 24h, reason: the books are being closed}]
  break_glass: [sre]
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(server, *APPS)
        for name, more in (("dev", 'gates: {hosts: ["127.0.0.1:*"]}\n'), ("production", SHUT)):
            path = server.folder / "config" / "environments" / f"{name}.yaml"
            server.environment_file(name, path.read_text() + more)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def people(serving: Serving) -> dict[str, str]:
    groups = {"dora": ["developers"], "ann": ["approvers"], "vic": ["viewers"], "sam": ["sre"]}
    return {name: serving.user(name, *members) for name, members in groups.items()}


def app(serving: Serving, folder: Path, name: str) -> pretending.App:
    return pretending.App(serving, folder, name)


def to_dev(name: str) -> dict[str, str]:
    """A pipeline that has no steps."""
    return {".sealane.yml": f"app: {name}\ndeliver: [{{formation: dev}}]\n"}


def unsure(app: pretending.App, words: str) -> str:
    """Pushes a version whose gate asks a metric store that is away."""
    url = f"http://127.0.0.1:{free_port()}"
    gates = [{"name": "rate", "prometheus": {"url": url, "query": "errors", "condition": "< 1"}}]
    path = "deploy/formations/dev.yaml"
    formation = app.files(words)[path].replace("healthy_for: 0s", f"gates: {json.dumps(gates)}, healthy_for: 0s")
    head = app.commit(words, changes={path: formation, **to_dev(app.name)})
    app.push()
    return head


def pending(app: pretending.App, kind: str) -> dict[str, Any]:
    """The one thing of that kind that waits of the app's."""

    def look() -> dict[str, Any] | None:
        mine = (item for item in app.get("/api/pending") if (item["app"], item["kind"]) == (app.name, kind))
        return next(mine, None)

    return until(f"a {kind} of {app.name} to wait for somebody", look)


def mine(page: Page, name: str) -> Any:
    """What "Needs you" says of an app."""
    return page.locator(".needs li", has=page.locator("b", has_text=name))


def test_a_gate_that_can_t_tell_is_answered_on_the_overview(
    opening: Opening, serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """It comes up live, keeps what somebody has typed while the page changes, and goes on with the reason kept."""
    page = opening(people["dora"])
    shop = app(serving, tmp_path, "pass")
    head = unsure(shop, "first")
    expect(mine(page, "pass")).to_contain_text("gate rate is inconclusive")
    expect(mine(page, "pass")).to_contain_text("Without a word the gate has failed on")
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    question = asked(page, "Let it pass")
    question.locator("summary").click()
    expect(question).to_contain_text("The rollout to dev goes on as if gate rate had passed.")
    question.get_by_label("Why").fill("the store is being moved")
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):  # something else happens
        serving.app("another", repository="https://git.example.com/another.git")
    expect(page.locator("table.where")).to_contain_text("another")
    expect(question.get_by_label("Why")).to_have_value("the store is being moved")
    question.get_by_role("button", name="Let the gate pass").click()
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)
    deployment = shop.deployment("dev", head)
    (word,) = shop.get(f"/api/deployments/{deployment['id']}")["gates"]
    assert (word["passes"], word["by"], word["reason"]) == (True, "dora", "the store is being moved")
    page.goto("/")
    expect(mine(page, "pass")).to_have_count(0)


def test_only_those_are_asked_whose_word_counts(
    opening: Opening, serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """Others read on the page of approvals what waits and for whom; without scripts the form works as well."""
    shop = app(serving, tmp_path, "fail")
    head = unsure(shop, "first")
    asked = pending(shop, "gate")
    for name in ("ann", "vic", "sam"):
        page = opening(people[name])
        expect(mine(page, "fail")).to_have_count(0)
        page.goto("/approvals")
        expect(page.locator("main")).to_contain_text("It is for whoever may deploy")
        assert page.locator(".answer").count() == 0
    listed = shop.cli("approve", token=people["ann"])
    assert "gate rate is inconclusive" in listed.stdout
    assert "for whoever may deploy there" in listed.stdout
    assert asked["answer"] in shop.cli("approve", token=people["dora"]).stdout
    page = opening(people["dora"], "/approvals", java_script_enabled=False)
    expect(page.locator("nav .pill")).to_have_text("1")
    confirm(page, "Let it fail", Why="there are errors in the log")
    ended = shop.deployment("dev", head)
    assert 'dora said so ("there are errors in the log")' in ended["verdict"]["reason"]
    page.goto("/")
    expect(mine(page, "fail").get_by_role("link", name="Why")).to_be_visible()  # a developer may send something better
    assert mine(opening(people["vic"]), "fail").count() == 0


def test_the_glass_is_broken_and_an_approval_given_by_those_who_may(
    opening: Opening, serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """Each is asked for their own part; with both it goes."""
    shop = app(serving, tmp_path, "shut")
    delivers = "app: shut\ndeliver: [{formation: production, approval: {by: [approvers]}}]\n"
    head = shop.commit("first", changes={".sealane.yml": delivers})
    shop.push()
    waiting = shop.deployment("production", head, "waiting")
    page = opening(people["dora"])
    expect(mine(page, "shut")).to_have_count(0)
    page = opening(people["sam"])
    expect(mine(page, "shut")).to_contain_text("the window of production is shut: the books are being closed")
    assert asked(mine(page, "shut"), "Approve").count() == 0
    confirm(mine(page, "shut"), "Break the glass", Why="INC-4711")
    expect(page.locator("main")).to_contain_text("INC-4711")
    page = opening(people["ann"], f"/deployments/{waiting['id']}")
    assert asked(page, "Break the glass").count() == 0
    confirm(page, "Approve")
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)


def test_a_hold_in_the_way_of_something_is_lifted(
    opening: Opening, serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """A hold that stops nothing is nobody's business; once it stops something, a developer is asked."""
    shop = app(serving, tmp_path, "held")
    first = shop.commit("first", changes=to_dev("held"))
    shop.push()
    shop.deployment("dev", first)
    bad = shop.commit("bad", extra=pretending.ENDS, changes=to_dev("held"))
    shop.push()
    assert shop.deployment("dev", bad)["verdict"]["kind"] == "rolled_back"
    assert not [item for item in shop.get("/api/pending") if item["app"] == "held"]
    with serving.client(people["dora"]) as client:
        again = client.post("/api/formations/held/dev/deploy", json={})
    assert again.status_code == 202, again.text
    assert pending(shop, "hold")["deployment"] == again.json()["id"]
    assert asked(opening(people["ann"]), "Lift the hold").count() == 0
    page = opening(people["dora"])
    expect(mine(page, "held").filter(has=page.locator("summary"))).to_contain_text("are held at dev")
    confirm(page, "Lift the hold")
    ended = until(
        "what was held to go",
        lambda: (view := shop.get(f"/api/deployments/{again.json()['id']}")["deployment"])["verdict"] and view,
    )
    assert ended["verdict"]["kind"] == "rolled_back"


def test_what_the_budget_left_in_place_is_deleted_by_a_typed_word(
    opening: Opening, serving: Serving, people: dict[str, str], tmp_path: Path
) -> None:
    """Somebody who may deploy types the formation's name; nothing else deletes it."""
    shop = app(serving, tmp_path, "full")
    maps = "---\n".join(
        f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{number}}}\ndata: {{a: b}}\n" for number in range(4)
    )
    shop.commit("first", changes={"deploy/stencils/maps.yaml": maps, **to_dev("full")})
    shop.push()
    shop.deployment("dev", shop.head)
    (shop.folder / "deploy/stencils/maps.yaml").unlink()
    second = shop.commit("second", changes=to_dev("full"))
    shop.push()
    left = shop.deployment("dev", second)
    assert pending(shop, "deletions")["deployment"] == left["id"]
    assert "full-dev/ConfigMap/c3" in shop.there("dev")
    page = opening(people["dora"])
    expect(mine(page, "full")).to_contain_text("4 deletions are more than the budget of 3")
    confirm(page, "Delete them", **{"Type full/dev to delete them": "full/dev"})
    page.wait_for_url(lambda url: left["id"] not in url)
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)
    assert "full-dev/ConfigMap/c3" not in shop.there("dev")
    assert not [item for item in shop.get("/api/pending") if item["app"] == "full"]
