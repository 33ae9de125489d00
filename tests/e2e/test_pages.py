"""The pages in a real browser: read, followed live, worked with keys, on a phone, in the dark and without scripts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests import pretending
from tests.browsing import HOSTILE, Opening, asked, confirm, faint, misfits, unnamed
from tests.serving import Serving

LONG = "an-app-with-a-name-about-as-long-as-a-name-may-be-xx"
BROAD = "nowhere-to-break-this-line-" * 12


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        pretending.environments(server, "shop", "slow", "novice", "live", LONG)
        yield server
    finally:
        server.stop()


@dataclass
class Story:
    """What the pages show: two good versions of shop and a bad one, and an app all of whose words are long."""

    shop: pretending.App
    tokens: dict[str, str]
    first: dict[str, Any]
    second: dict[str, Any]
    bad: dict[str, Any]
    waiting: dict[str, Any]
    long: dict[str, Any]

    @property
    def pages(self) -> list[str]:
        return [
            "/",
            "/?find=shop",
            "/?find=nothing-has-this-name",
            "/apps/shop",
            "/apps/shop?in=dev",
            "/apps/shop/dev/logs?find=pretends",
            "/apps/shop/compare",
            f"/apps/{LONG}/dev/logs",
            f"/apps/{LONG}",
            "/runs",
            f"/runs/{self.second['run_id']}?step=step%2Ftest",
            f"/runs/{self.long['run_id']}?step=step%2Ftest",
            f"/runs/{self.bad['run_id']}",
            "/deployments",
            f"/deployments/{self.second['id']}",
            f"/deployments/{self.bad['id']}",
            f"/deployments/{self.long['id']}",
            f"/deployments/{self.waiting['id']}",
            "/approvals",
            "/tokens",
            "/access",
            "/insights?environment=dev&app=shop",
            f"/deployments/{self.second['id']}/drift",
            f"/runs?app={LONG}&search=nowhere",
            "/deployments?state=superseded",
        ]


@pytest.fixture(scope="module")
def story(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Story:
    team = "the-" + "long-" * 10 + "team"
    tokens = {"ann": serving.user("ann", "approvers"), "dev": serving.user("dev", "developers", team)}
    tokens["all"] = serving.user("all", "approvers", "developers", team)
    shop = pretending.App(serving, tmp_path_factory.mktemp("shop"), "shop")
    shop.push()
    first = shop.deployment("dev", shop.head, within=60)
    second = shop.commit("second")
    shop.push()
    deployed = shop.deployment("dev", second, within=60)
    bad = shop.commit("bad", extra=pretending.ENDS)
    shop.push()
    long = pretending.App(serving, tmp_path_factory.mktemp("long"), LONG, owner=team)
    long.commit(BROAD, extra=pretending.ENDS)
    long.push()
    return Story(
        shop=shop,
        tokens=tokens,
        first=first,
        second=deployed,
        bad=shop.deployment("dev", bad, within=60),
        waiting=shop.deployment("production", second, "waiting", within=60),
        long=long.deployment("dev", long.head, within=60),
    )


def test_signing_in_leads_to_the_page_asked_for(opening: Opening, story: Story) -> None:
    """A wrong token is told; a right one opens what was asked for; signing out closes it."""
    page = opening(path="/runs")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
    page.get_by_label("Your token").fill(story.tokens["dev"])
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(r"/runs$"))
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/runs")
    expect(page).to_have_url(re.compile(r"/sign-in"))


def test_every_page_can_be_read_and_used(opening: Opening, story: Story) -> None:
    """At each width and in both schemes nothing is cut off or faint; all is named, titles tell the state, no link is dead."""
    page = opening(story.tokens["all"])
    leads: set[str] = set()
    for path in ("/sign-in", f"/access/{LONG}", *story.pages):
        page.goto(path)
        expect(page.locator("h1")).to_have_count(1)
        assert unnamed(page) == [], path
        leads |= set(page.locator("a[href^='/']").evaluate_all("all => all.map((each) => each.getAttribute('href'))"))
        page.keyboard.press("?")
        for width in (390, 768, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert misfits(page) == [], f"{path} at {width} px"
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                assert faint(page) == [], f"{path} at {width} px, {scheme}"
                paper = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
                assert (sum(paper[:3]) < 3 * 80) is (scheme == "dark"), paper
    for state, path in (("deployed", story.second["id"]), ("rolled back", story.bad["id"])):
        page.goto(f"/deployments/{path}")
        expect(page).to_have_title(f"{state}: shop to dev · Sealane")
    page.goto(f"/runs/{story.bad['run_id']}")
    expect(page).to_have_title("rolled back: shop #3 · Sealane")
    page.goto("/approvals")
    expect(page).to_have_title(re.compile(r"^\(\d+\) Approvals · Sealane$"))
    dead = {href for href in leads if page.request.get(href, headers={"Accept": "text/html"}).status != 200}
    assert dead == set()
    assert {f"/runs/{story.bad['run_id']}", "/approvals", "/deployments?environment=dev"} <= leads


def test_the_overview_tells_what_is_where_and_what_is_wrong(opening: Opening, story: Story) -> None:
    """From the app's cell a click leads to the deployment, with its cause and its last words."""
    page = opening(story.tokens["dev"])
    row = page.locator("table.where tr", has_text="shop").first
    expect(row).to_contain_text("developers")
    page.goto(f"/deployments/{story.bad['id']}")
    expect(page.locator(".verdict")).to_contain_text("Rolled back", ignore_case=True)
    expect(page.locator(".verdict")).to_contain_text(story.bad["verdict"]["cause"]["sentence"])
    expect(page.locator(".verdict")).to_contain_text("Its log says “no such table: carts”")
    expect(page.locator("main")).to_contain_text("no such table: carts")
    expect(page.get_by_text("What changed in the manifests")).to_be_visible()


def test_a_run_is_where_its_deliveries_are(opening: Opening, story: Story) -> None:
    """One that passed and was rolled back is red wherever runs are, says why, and leads there; one that waits waits."""
    run, cause = story.bad["run_id"], story.bad["verdict"]["reason"]
    page = opening(story.tokens["dev"], f"/runs/{run}")
    expect(page.locator("#run-head .pill").first).to_have_text("rolled back")
    expect(page.locator("#run-head")).to_contain_text("steps passed")
    link = page.get_by_role("link", name="dev", exact=True)
    told = page.get_by_label("Deliveries").locator("li").filter(has=link)
    expect(told).to_contain_text(cause)
    expect(page.locator("#run-steps li", has_text="deliver").filter(has_text="dev")).to_contain_text("rolled back")
    expect(page.get_by_label("Log")).to_contain_text(cause)  # what went wrong opens first
    expect(page.locator("#run-graph li")).to_contain_text([r"lint", r"test", "dev delivery", "production delivery"])
    expect(page.locator("#run-graph li", has_text="dev delivery")).to_contain_text("rolled back")
    assert (
        page.locator("#run-graph .bar.bad").bounding_box()["x"]
        >= page.locator("#run-graph .bar.ok").last.bounding_box()["x"]
    )  # type: ignore[index]
    told.get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"/deployments/{story.bad['id']}$"))
    page.goto("/runs?app=shop")
    assert [pill.inner_text() for pill in page.locator(".list .pill").all()][-3:] == [
        "rolled back",
        "waiting",
        "waiting",
    ]
    page.goto("/?find=shop")
    expect(page.locator("table.where tbody tr").first.locator("a", has_text="run #3")).to_be_visible()

    said = story.shop.cli("why", run, token=story.tokens["dev"]).stdout
    assert f"shop #3: its steps passed; dev rolled back: {cause.rstrip('.')}; production " in said
    assert f"/deployments/{story.bad['id']}" in said
    assert cause in story.shop.cli("logs", run, token=story.tokens["dev"]).stdout
    delivery = story.shop.get(f"/api/runs/{run}")["deliveries"][0]
    assert f"--release {story.bad['release_id']}" in delivery.pop("hint")
    assert delivery == {
        "formation": "dev",
        "deployment": story.bad["id"],
        "page": f"/deployments/{story.bad['id']}",
        "state": "rolled_back",
        "sentence": f"shop #3 to dev rolled back: {cause}",
        "short": f"rolled back: {cause}",
    }
    assert {run_listed["id"]: run_listed["delivered"] for run_listed in story.shop.runs()}[run] == "rolled_back"


def test_a_push_that_was_refused_says_all_that_is_wrong(
    opening: Opening, story: Story, serving: Serving, tmp_path: Path
) -> None:
    """The overview names the run beside the app that is nowhere yet; its page has a line for each finding, once."""
    app = pretending.App(serving, tmp_path / "novice", "novice")
    app.commit("mistakes", changes={".sealane.yml": "app: novice\ndeliver: [dev]\nstps: []\nimges: {}\n"})
    app.push()
    app.run_of(app.head)
    page = opening(story.tokens["dev"])
    row = page.locator("table.where tr", has_text="novice").first
    expect(row).to_contain_text("failed run #1")
    row.get_by_role("link", name="run #1").click()
    expect(page.locator(".notice")).to_contain_text("refused before anything ran")
    expect(page.locator(".notice .findings li")).to_have_text(
        [re.compile(r"^\.sealane\.yml:3:1: unknown key stps.*steps"), re.compile(r"^\.sealane\.yml:4:1: .*images")]
    )
    expect(page.locator("main")).to_contain_text("no step was reached")


def test_a_run_is_followed_without_reloading(opening: Opening, story: Story, serving: Serving, tmp_path: Path) -> None:
    """A step's lines appear while the page stays as it is; so do the states of the steps."""
    app = pretending.App(serving, tmp_path / "slow", "slow")
    slow = pretending.PIPELINE.replace("APP", "slow").replace("WORDS", "here come the words")
    sleeping = slow.replace('DUMMY_OUTPUT: "lint', 'DUMMY_SLEEP: "6", DUMMY_OUTPUT: "lint')
    head = app.commit("slow", changes={".sealane.yml": sleeping})
    page = opening(story.tokens["dev"])
    app.push()
    run = next(run for run in app.runs() if run["event"]["commit"] == head)
    page.goto(f"/runs/{run['id']}?step=step%2Ftest")
    page.evaluate("window.stayed = true")
    expect(page.locator(".log")).to_be_attached()  # also when the page was opened before there were any steps
    assert "here come the words" not in page.locator(".log").inner_text()
    expect(page.locator(".log")).to_contain_text("here come the words")
    expect(page.locator(".steps .dot.ok")).to_have_count(3)
    expect(page.locator(".steps .dot.wait")).to_have_count(1)  # production waits for its approval
    assert page.evaluate("window.stayed") is True


def test_a_rollout_is_followed_object_by_object(
    opening: Opening, story: Story, serving: Serving, tmp_path: Path
) -> None:
    """Its clock ticks, each object has its own state with counts, and nobody reads the page again."""
    app = pretending.App(serving, tmp_path / "live", "live")
    slowly = ', {name: DUMMY_READY_AFTER, value: "20"}'
    service = (
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
    )
    patient = app.files("first")["deploy/formations/dev.yaml"].replace("5s, deadline: 20s", "2m, deadline: 5m")
    delivers = "app: live\ndeliver: [{formation: dev}]\n"
    changes = {".sealane.yml": delivers, "deploy/stencils/service.yaml": service, "deploy/formations/dev.yaml": patient}
    head = app.commit("slowly", extra=slowly, changes=changes)
    page = opening(story.tokens["dev"])
    app.push()
    page.goto(f"/deployments/{app.deployment('dev', head, 'rolling_out')['id']}")
    page.evaluate("window.stayed = true")
    page.evaluate(
        "new PerformanceObserver((seen) => { for (const each of seen.getEntries()) window.shifted += each.value })"
        ".observe({type: 'layout-shift'}); window.shifted = 0"
    )
    expect(page).to_have_title("rolling out: live to dev · Sealane")
    page.get_by_text("Every object is new").click()
    web, service_row = (page.locator("aside tr", has_text=kind) for kind in ("Deployment", "Service"))
    expect(web.locator(".pill")).to_have_text("0 of 2 ready")
    expect(service_row.locator(".pill")).to_have_text("there")
    expect(page.locator(".way .times li", has_text="rollout")).to_contain_text("0 of 2")
    expect(page.get_by_role("img", name=re.compile("ready: 0"))).to_be_visible()
    clock = page.locator(".verdict > .row time[data-since]")  # the one below tells how long it has been healthy
    began = clock.inner_text()
    expect(clock).not_to_have_text(began)
    expect(web.locator(".pill")).to_have_text("2 of 2 ready")
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)
    expect(clock).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("ready: 0, 2[.] Old"))).to_be_visible()
    expect(page).to_have_title("deployed: live to dev · Sealane")
    expect(page.locator("#changes")).not_to_have_attribute("open", "")  # as it was left
    assert page.evaluate("window.shifted") < 0.1
    assert page.evaluate("window.stayed") is True


def test_another_person_approves_by_a_button(opening: Opening, story: Story) -> None:
    """Who may not has no button; who may is told what will happen, and sends it to production."""
    page = opening(story.tokens["dev"], "/approvals")
    assert asked(page, "Approve").count() == 0
    page = opening(story.tokens["ann"], "/approvals")
    confirm(page.locator(f"#ask-approvals-{story.waiting['id']}").locator(".."), "Approve")
    expect(page).to_have_url(re.compile(f"/deployments/{story.waiting['id']}$"))
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)


def test_a_developer_goes_back_by_a_button(opening: Opening, story: Story) -> None:
    """The button leads to the new deployment, which ends deployed while one looks at it."""
    page = opening(story.tokens["ann"], f"/deployments/{story.second['id']}")
    assert asked(page, "Roll back").count() == 0
    page = opening(story.tokens["dev"], "/apps/shop?in=production")
    question = asked(page, "Deploy to production")
    question.locator("summary").click()
    question.get_by_label("Version").select_option(index=0)
    question.locator("button").click()
    expect(page.locator("aside .facts")).to_contain_text("deployment by hand by dev")
    confirm(page, "Cancel")
    expect(page.locator(".verdict")).to_contain_text("cancelled")
    page.goto(f"/deployments/{story.second['id']}")
    expect(asked(page, "Roll back")).to_contain_text("is deployed to")
    confirm(page, "Roll back")
    page.wait_for_url(lambda url: story.second["id"] not in url)
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)
    expect(page.locator(".verdict")).to_contain_text("dev rolled it back by hand to revision")
    expect(page.locator("aside .facts")).to_contain_text("rollback by hand by dev")
    page.goto("/deployments")
    expect(page.locator(".list li", has_text="rollback by hand by dev").first).to_contain_text("shop to dev")
    container = story.shop.there("dev")["shop-dev/Deployment/web"]["spec"]["template"]["spec"]["containers"][0]
    assert container["env"][0]["value"] == "first"


def test_lists_are_filtered_by_links_that_survive_what_happens(opening: Opening, story: Story) -> None:
    """By a form, by words in a row, in the API under the same names; a push meanwhile comes in, and is filtered, too."""
    page = opening(story.tokens["dev"], "/runs?author=KIM")
    page.get_by_label("App", exact=True).select_option("shop")
    expect(page).to_have_url(re.compile(r"/runs\?app=shop&author=KIM$"))
    page.go_back()
    expect(page.get_by_label("App", exact=True)).to_have_value("")
    page.go_forward()
    expect(page.get_by_label("App", exact=True)).to_have_value("shop")
    expect(page.locator(".list li").first).to_be_visible()
    assert {locator.inner_text().split(" #")[0] for locator in page.locator(".list .main b").all()} == {"shop"}
    page.get_by_label("Search commit subjects").fill("ba")
    page.keyboard.press("Enter")
    expect(page.locator(".list .main")).to_have_text([re.compile(r"shop #3 \w{7} bad")])
    expect(page.locator(".list .because")).to_contain_text(story.bad["verdict"]["reason"])
    with page.expect_response(lambda answer: "search=ba" in answer.url and "hx-request" in answer.request.headers):
        story.shop.commit("bananas")
        story.shop.push()
    expect(page.locator(".list .main")).to_have_text([re.compile("bananas"), re.compile("bad")])
    expect(page.get_by_label("Search commit subjects")).to_have_value("ba")
    page.get_by_role("link", name="search ba").click()
    expect(page).to_have_url(re.compile(r"/runs\?app=shop&author=KIM$"))
    expect(page.locator(".list li", has_text="second")).to_have_count(1)
    page.goto("/deployments?state=rolled_back&environment=dev")
    page.locator(".list li", has_text="shop").get_by_role("link", name="by Kim").click()
    expect(page).to_have_url(re.compile(r"/deployments\?environment=dev&state=rolled_back&author=Kim$"))
    asked = {"environment": "dev", "state": "rolled_back", "author": "Kim", "app": "shop"}
    assert [deployment["id"] for deployment in story.shop.get("/api/deployments", **asked)] == [story.bad["id"]]
    assert [deployment["because"] for deployment in story.shop.get("/api/runs", app="shop", search="BAD")] == [
        f"dev rolled back: {story.bad['verdict']['reason']}"
    ]
    with story.shop.serving.client() as client:
        refused = client.get("/api/runs", params={"state": "rolledback"})
    assert (refused.status_code, refused.json()["hint"]) == (422, "did you mean rolled_back?")
    page.goto("/runs?search=nothing-says-this")
    expect(page.locator(".empty")).to_have_text("Nothing fits these filters.")


def test_errors_keep_the_navigation(opening: Opening, story: Story, serving: Serving) -> None:
    """Whatever the address asks, whoever is signed in reads what is wrong with it and goes on from there."""
    page = opening(story.tokens["all"])
    waits = page.locator("#waits").inner_text()
    for path in HOSTILE:
        answer = page.request.get(path.replace("RUN", story.bad["run_id"]), headers={"Accept": "text/html"})
        assert answer.status in {200, 404, 422}, path
        page.set_content(answer.text())
        expect(page.locator("h1")).to_have_count(1)
        expect(page.get_by_role("navigation").get_by_role("link", name="Deployments")).to_be_visible()
        expect(page.locator("#waits")).to_have_text(waits)
    viewer = opening(serving.user("vic", "viewers"))
    token = viewer.locator("input[name=form_token]").first.input_value()
    where = f"/deployments/{story.bad['id']}"
    refused = viewer.request.post(f"{where}/rerun", form={"form_token": token}, headers={"Accept": "text/html"})
    assert refused.status == 403
    viewer.set_content(refused.text())
    expect(viewer.locator("main").get_by_role("link", name="All deployments")).to_be_visible()
    viewer.goto(where)
    assert viewer.locator("main button, main summary.btn").count() == 0  # nothing that is refused anyway


def test_a_question_mark_lists_the_keys(opening: Opening, story: Story) -> None:
    """Escape closes the list; while it is open no key leads away, and while somebody types none opens it."""
    page = opening(story.tokens["dev"], "/runs")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("f")
    page.keyboard.type("?d")
    expect(page.get_by_label("Search commit subjects")).to_have_value("?d")
    page.get_by_role("button", name="Keys").click()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("d")
    expect(page).to_have_url(re.compile("/deployments$"))


def test_keys_find_and_walk(opening: Opening, story: Story) -> None:
    """A slash goes to the search, j and k along the steps, Enter opens one."""
    page = opening(story.tokens["dev"], f"/runs/{story.second['run_id']}?step=step%2Flint")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_contain_text("test")
    page.keyboard.press("k")
    expect(page.locator(":focus")).to_contain_text("lint")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".log")).to_contain_text("test all")
    page.goto("/runs")
    page.keyboard.press("j")
    page.keyboard.press("j")
    walked = page.locator(":focus").inner_text()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        story.shop.serving.app("walked-past", repository="https://git.example.com/walked.git")
    expect(page.locator(":focus")).to_have_text(walked)
    page.keyboard.press("/")
    expect(page.get_by_label("Find an app, owner or commit")).to_be_focused()
    page.keyboard.type("shop")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?find=shop"))
    expect(page.locator("table.where tbody tr")).to_have_count(1)


def test_without_scripts_pages_read_and_forms_work(opening: Opening, story: Story) -> None:
    """The server writes all there is; an approval is a plain form behind its question."""
    head = story.shop.commit("third")
    story.shop.push()
    waiting = story.shop.deployment("production", head, "waiting")
    story.shop.deployment("dev", head)
    page = opening(story.tokens["ann"], java_script_enabled=False)
    for path in story.pages:
        page.goto(path)
        assert page.locator("main").inner_text().strip(), path
    page.goto(f"/runs/{story.second['run_id']}?step=step%2Flint")
    assert "lint is happy" in page.locator(".log").inner_text()
    page.goto("/approvals")
    confirm(page.locator(f"#ask-approvals-{waiting['id']}").locator(".."), "Approve")
    expect(page).to_have_url(re.compile(f"/deployments/{waiting['id']}$"))
    done = story.shop.deployment("production", head)
    assert done["verdict"]["kind"] == "deployed"


def test_what_changes_while_a_page_reads_itself_is_not_lost(opening: Opening, story: Story) -> None:
    """The page asks, the deployment ends before the answer comes, nothing changes after: it still shows the end."""
    with story.shop.serving.client(story.tokens["dev"]) as client:
        asked = client.post("/api/formations/shop/production/deploy", json={"revision": story.waiting["revision_id"]})
    assert asked.status_code == 202, asked.text
    waiting = asked.json()["id"]
    page = opening(story.tokens["ann"])

    old = page.request.get(f"/deployments/{waiting}", headers={"HX-Request": "true"}).text()
    asked_for: list[str] = []

    def slowly(route: Route) -> None:
        if asked_for:
            route.continue_()
            return
        asked_for.append(route.request.url)
        time.sleep(3)
        route.fulfill(body=old, content_type="text/html")

    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):  # it listens
        page.goto(f"/deployments/{waiting}")
    page.route(f"**/deployments/{waiting}", slowly)
    with story.shop.serving.client(story.tokens["ann"]) as client:
        approved = client.post(f"/api/deployments/{waiting}/approve", json={})
    assert approved.status_code == 200, approved.text
    expect(page.locator(".verdict")).to_contain_text("Deployed", ignore_case=True)


def test_a_run_that_is_over_follows_its_deliveries(opening: Opening, story: Story) -> None:
    """An approval given elsewhere reaches the page of the run that is open."""
    head = story.shop.commit("followed")
    story.shop.push()
    waiting = story.shop.deployment("production", head, "waiting")
    story.shop.deployment("dev", head)
    page = opening(story.tokens["dev"], f"/runs/{waiting['run_id']}")
    expect(page.locator("#run-head .pill").first).to_have_text("waiting")
    expect(page.get_by_label("Deliveries")).to_contain_text("Waits for the approval of 1 more of approvers")
    story.shop.cli("approve", waiting["id"], token=story.tokens["ann"])
    expect(page.locator("#run-head .pill").first).to_have_text("deployed")
    expect(page.get_by_label("Deliveries").locator("li", has_text="production")).to_contain_text("workload is ready")


def test_an_approval_can_be_judged(opening: Opening, story: Story) -> None:
    """The newest version with what it brings, older ones folded behind it; the command line takes the newest, too."""
    older = story.shop.commit("unjudged")
    story.shop.push()
    before = story.shop.deployment("production", older, "waiting")
    newest = story.shop.commit("judged")
    story.shop.push()
    waiting = story.shop.deployment("production", newest, "waiting")
    page = opening(story.tokens["ann"], "/approvals")
    card = page.locator(".review", has_text="shop").filter(has_text="judged")
    expect(card).to_contain_text(re.compile("by Kim · .* · no test reports · built by shop #"))
    expect(card.locator("ins", has_text="value: judged")).to_have_count(1)
    expect(card).to_contain_text("for the same; this one supersedes")
    expect(page.locator(f'form[action="/approvals/{before["id"]}"]')).to_have_count(0)
    said = story.shop.cli("approve", token=story.tokens["ann"]).stdout
    assert f"shop/production  {newest[:7]} “judged”\n  by Kim · " in said
    assert "unjudged" not in said
    (asked,) = (item for item in story.shop.get("/api/pending") if item["deployment"] == waiting["id"])
    assert (asked["newer"], asked["origin"]["subject"], asked["origin"]["run"]) == (None, "judged", waiting["run_id"])
    folded = [item["deployment"] for item in story.shop.get("/api/pending") if item["newer"] == waiting["id"]]
    assert before["id"] in folded
    card.get_by_role("link", name="built by shop").click()
    expect(page).to_have_url(re.compile(f"/runs/{waiting['run_id']}$"))
    said = story.shop.cli("approve", "shop/production", token=story.tokens["ann"]).stderr
    assert f"approved shop {newest[:7]} “judged” to production ({waiting['id']})" in said
    page.goto(f"/deployments/{waiting['id']}")
    expect(page.locator("h1")).to_contain_text("judged")
    page.locator("aside .facts").get_by_role("link", name="shop #").click()
    expect(page).to_have_url(re.compile(f"/runs/{waiting['run_id']}$"))


ACCESS = """
owners: [{may: [read]}]
grants:
- {groups: [approvers], may: [read, approve], apps: [shop]}
- {groups: [developers], may: [deploy], apps: [shop], environments: [dev]}
"""


def test_two_people_see_and_do_what_their_scopes_say(opening: Opening, story: Story, serving: Serving) -> None:
    """Nobody else's app is on any page of theirs; each reads what they may, and an administrator who may what."""
    file = serving.folder / "config" / "access.yaml"
    file.write_text(ACCESS)
    try:
        ann, dev = (opening(story.tokens[name], "/") for name in ("ann", "dev"))
        expect(ann.locator("main")).to_contain_text("production")
        expect(ann.locator("main")).not_to_contain_text(LONG)
        expect(dev.locator("main")).to_contain_text(LONG)  # its owner's group is theirs
        long = f"/deployments/{story.long['id']}"
        told = [page.request.get(long, headers={"Accept": "text/html"}).status for page in (ann, dev)]
        assert told == [404, 200]
        for page, buttons in ((ann, 0), (dev, 1)):
            page.goto(f"/deployments/{story.second['id']}")
            assert asked(page, "Roll back").count() == buttons

        ann.locator("nav a", has_text="Access").click()
        expect(ann.get_by_role("heading", name="What you may")).to_be_visible()
        mine = ann.locator("table.where tbody tr")
        expect(mine).to_have_count(1)
        expect(mine.locator("td[data-where=production] .pill")).to_have_text(["read", "approve"])
        assert mine.locator("a").count() == 0  # what others may is not theirs to see
        others = [ann.request.get(f"/access/{app}", headers={"Accept": "text/html"}).status for app in ("shop", LONG)]
        assert others == [403, 404]

        page = opening(serving.token, "/access", viewport={"width": 390, "height": 844})
        page.locator("table.where a", has_text="shop").click()
        row = page.locator("tr", has=page.locator("b", has_text=re.compile("^dev$")))
        expect(row.locator("td[data-where=dev] .pill")).to_have_text(["read", "deploy"])
        row.locator("td[data-where=dev] summary").click()
        why = row.locator("td[data-where=dev] li", has_text="deploy: in developers, by access.yaml:5:")
        expect(why).to_be_visible()
        expect(row.locator("td[data-where=production] .pill")).to_have_text(["read"])
        assert misfits(page) == []
    finally:
        file.unlink()


def test_insights_lead_to_what_is_behind_them(opening: Opening, story: Story) -> None:
    """Figures, the way to the environment, causes, hours, pipelines and steps: each link's list has as many rows."""
    page = opening(story.tokens["dev"], "/insights?environment=dev")
    expect(page.locator(".tile")).to_have_count(4)
    expect(page.locator(".tile canvas").first).to_be_visible()
    expect(page.locator("#waits-of-changes .legend li")).to_have_count(6)
    expect(page.locator("#waits-of-changes")).to_contain_text("from commit to dev go")
    expect(page.locator("#waits-of-changes")).to_contain_text("steps and images")
    cause = page.locator("#causes tbody tr").first
    times = int(cause.locator("td").last.inner_text())
    cause.locator("td").last.locator("a").click()
    expect(page.locator(".list > li")).to_have_count(times)
    expect(page.locator(".chips")).to_contain_text("cause")
    page.go_back()
    hour = page.locator("#hours li a").first
    hour.click()
    expect(page.locator(".chips")).to_contain_text("hour")
    page.go_back()
    page.locator("#pipelines a", has_text="shop").first.click()
    row = page.locator("#steps tbody tr", has_text="step/test")
    runs = int(row.locator("td").nth(1).inner_text())
    row.locator("td").nth(1).locator("a").click()
    expect(page.locator(".list > li")).to_have_count(runs)
    assert misfits(page) == []
