"""What tests reported, on the page of a run in a real browser: read, opened, on a phone, in the dark, and hostile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests import pretending
from tests.browsing import CHROMIUM
from tests.serving import Serving, until

SECRET = "step-secret-4711"
MARKUP = "<script>document.title='taken'</script>"
LONG = "a_name_nowhere_to_break_" * 20


def _case(name: str, inside: str = "", *, suite: str = "tests.test_carts") -> str:
    return f'<testcase classname="{suite}" name="{_escaped(name)}" time="0.031">{inside}</testcase>'


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;").replace("\n", "&#10;")


TRACE = f"""def test_totals_are_summed():
    cart = Cart([1, 2], token="{SECRET}")
>   assert cart.total() == 4
E   AssertionError: assert 3 == 4

tests/test_carts.py:17: AssertionError"""
REPORT = "".join(
    (
        "<testsuites><testsuite name='pytest'>",
        _case(
            "test_totals_are_summed",
            f'<failure message="AssertionError: assert 3 == 4&#10; +  where 3 = total()">{_escaped(TRACE)}</failure>',
        ),
        _case(f"{MARKUP}[{SECRET}]", f'<error message="{_escaped(MARKUP)}">{_escaped(MARKUP)}\ntwo</error>'),
        _case(LONG, f'<failure message="{LONG}">{LONG * 40}</failure>', suite=LONG),
        _case("test_without_words", "<failure/>"),
        *(_case(f"test_{number}") for number in range(137)),
        *(_case(f"later_{number}", "<skipped/>") for number in range(3)),
        "</testsuite></testsuites>",
    )
)
PIPELINE = f"""app: APP
owner: team
steps:
  - {{name: lint, image: busybox, commands: [lint all], needs: []}}
  - name: test
    image: busybox
    commands: [pytest --junitxml=report.xml]
    needs: [fine]  # both write the same file
    secrets: [TOKEN]
    retry: {{limit: 1, on: [failure]}}
    environment: {{DUMMY_REPORT: {json.dumps(REPORT)}, DUMMY_EXIT_CODE: "1", DUMMY_OUTPUT: "4 failed\\n"}}
    reports: {{junit: [report.xml, more/*.xml]}}
  - name: fine
    image: busybox
    commands: [go test]
    needs: []
    environment: {{DUMMY_REPORT: "<testsuite><testcase time='1.5'/></testsuite>"}}
    reports: {{junit: report.xml}}
deliver:
  - {{formation: dev}}
  - {{formation: production, approval: {{by: approvers}}}}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pretending.App]:
    secret = {"SEALANE_SECRET_SHOP__TOKEN": SECRET}
    server = Serving(tmp_path_factory.mktemp("server"), {**pretending.SETTINGS, **secret}).start()
    try:
        pretending.environments(server, "shop")
        yield pretending.App(server, tmp_path_factory.mktemp("shop"), "shop")
    finally:
        server.stop()


@pytest.fixture(scope="module")
def run(app: pretending.App) -> dict[str, Any]:
    """A run one step of which failed twice, its report the same each time, and another passed."""
    head = app.commit("tests fail", changes={".sealane.yml": PIPELINE.replace("APP", "shop")})
    app.push()
    return app.run_of(head)


@pytest.fixture
def pages(app: pretending.App, browser: Browser) -> Iterator[Any]:
    contexts, complaints = [], []

    def open_page(path: str, **how: Any) -> Page:
        context = browser.new_context(base_url=app.serving.url, **how)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.goto(path)
        page.get_by_label("Your token").fill(app.serving.token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _of(run: dict[str, Any], step: str) -> str:
    return f"/runs/{run['run']['id']}?step={quote(f'step/{step}', safe='')}"


def test_the_api_tells_what_each_attempt_reported_masked(run: dict[str, Any]) -> None:
    reports = {(report["key"], report["attempt"]): report["report"] for report in run["reports"]}
    assert set(reports) == {("step/test", 1), ("step/test", 2), ("step/fine", 1)}
    first = reports["step/test", 1]
    assert [first[name] for name in ("tests", "failed", "errors", "skipped")] == [144, 3, 1, 3]
    assert first == reports["step/test", 2]
    assert first["notes"] == ["no file matches more/*.xml"]
    assert first["failing"][0]["file"] == "tests/test_carts.py"
    assert first["failing"][0]["line"] == 17
    assert SECRET not in json.dumps(run)


def test_nothing_of_a_secret_is_kept_anywhere(app: pretending.App, run: dict[str, Any]) -> None:
    kept = (path for path in (app.serving.folder / "data").glob("sealane.db*"))
    assert not [path.name for path in kept if SECRET.encode() in path.read_bytes()]


def test_counts_stand_beside_the_step_and_failing_tests_over_its_log(run: dict[str, Any], pages: Any) -> None:
    page = pages(_of(run, "test"))
    expect(page.locator(".steps .tests.wrong")).to_have_text("144 tests, 3 failed, 1 error, 3 skipped")
    card = page.locator(".report")
    expect(card).to_contain_text("attempt 1: 144 tests, 3 failed, 1 error, 3 skipped")
    expect(card).to_contain_text("no file matches more/*.xml")
    expect(card.locator("li")).to_have_count(4)
    first = card.locator("li").first
    expect(first).to_contain_text("test_totals_are_summed")
    expect(first).to_contain_text("AssertionError: assert 3 == 4")
    expect(first.locator("code")).to_have_text("tests/test_carts.py:17")
    assert not first.locator("pre").is_visible()
    first.locator("summary").click()
    expect(first.locator("pre")).to_contain_text('token="***"')
    expect(page.locator(".log")).to_contain_text("4 failed")


def test_names_that_are_markup_are_shown_as_they_are(run: dict[str, Any], pages: Any) -> None:
    page = pages(_of(run, "test"))
    expect(page.locator(".report li").nth(1)).to_contain_text(f"{MARKUP}[***]")
    assert page.title() != "taken"
    assert page.locator(".report script").count() == 0


def test_passing_tests_are_counted_and_no_more(run: dict[str, Any], pages: Any) -> None:
    page = pages(_of(run, "fine"))
    expect(page.locator(".report")).to_contain_text("1 test")
    expect(page.locator(".report")).to_contain_text("1.5 s")
    assert page.locator(".report li").count() == 0
    page.goto(_of(run, "lint"))
    expect(page.locator(".log")).to_be_visible()
    assert page.locator(".report").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_card_fits_every_screen(run: dict[str, Any], pages: Any, tmp_path: Path, width: int, scheme: str) -> None:
    page = pages(_of(run, "test"), viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator(".report summary").first.click()
    page.locator(".report summary").nth(2).click()
    page.screenshot(path=tmp_path / "report.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    card = page.locator(".report").bounding_box()
    assert card is not None
    for part in page.locator(".report li, .report .message, .report code, .report pre").all():
        box = part.bounding_box()
        assert box is None or box["x"] + box["width"] <= card["x"] + card["width"] + 1


def test_a_report_comes_to_the_page_that_is_open(app: pretending.App, run: dict[str, Any], pages: Any) -> None:
    """It stands over the log when the step has ended, and nobody reads the page again."""
    slow = PIPELINE.replace("APP", "shop").replace("DUMMY_EXIT_CODE:", 'DUMMY_SLEEP: "4", DUMMY_EXIT_CODE:')
    head = app.commit("slow tests fail", changes={".sealane.yml": slow.replace("limit: 1, on: [failure]", "limit: 1")})
    app.push()
    going = until("the run to begin", lambda: next((r for r in app.runs() if r["event"]["commit"] == head), None))
    page = pages(f"/runs/{going['id']}?step=step%2Ftest")
    page.evaluate("window.stayed = true")
    assert page.locator(".report").count() == 0
    expect(page.locator(".report li")).to_have_count(4, timeout=30_000)
    expect(page.locator(".steps .tests.wrong")).to_have_count(1, timeout=30_000)
    assert page.evaluate("window.stayed") is True


def test_the_command_line_tells_it_after_the_log(app: pretending.App, run: dict[str, Any]) -> None:
    said = app.cli("logs", run["run"]["id"], "--step", "test")
    assert "4 failed" in said.stdout
    lines = said.stderr.splitlines()
    assert lines[1] == "144 tests, 3 failed, 1 error, 3 skipped"
    assert (
        lines[2] == "  tests.test_carts: test_totals_are_summed: AssertionError: assert 3 == 4 (tests/test_carts.py:17)"
    )
    assert lines[-1] == "no file matches more/*.xml"
