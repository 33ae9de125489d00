"""The page of insights: what it says of figures, and where each leads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from sealane.insights import csv
from sealane.insights.model import (
    By,
    FailureCause,
    Failures,
    Figures,
    Hour,
    Insights,
    Part,
    Pipelines,
    Point,
    Question,
    Ran,
    RankedTests,
    RanPart,
    SlowTest,
    Span,
    Waits,
    WrongTest,
)
from sealane.records.filters import Places
from sealane.server.pages import templates
from sealane.server.pages.insight_views import InsightsPage
from sealane.server.pages.presenters import insight_breakdown, insights
from sealane.server.pages.presenters.insight_breakdown import Breakdown
from sealane.server.pages.views import Reader

SPAN = Span.up_to(datetime(2026, 11, 30, 15, tzinfo=UTC), 7)
PLACES = Places(apps=("shop",), formations=("eu",), environments=("dev", "eu"))
NOW = Figures(
    days=7,
    changes=8,
    deployments=6,
    failed=2,
    lead_times=5,
    lead_time=660,
    lead_time_p95=2460,
    restored=2,
    time_to_restore=19,
)
BEFORE = Figures(days=7, changes=6, deployments=6, lead_times=5, lead_time=840, lead_time_p95=3000)


def found(*, now: Figures = NOW, before: Figures = BEFORE, environments: tuple[str, ...] = ("eu",)) -> Insights:
    points = (
        Point(since=a, until=b, figures=now if n == 6 else Figures(days=1))
        for n in range(7)
        for a, b in [SPAN.bucket(n)]
    )
    return Insights(
        question=Question(span=SPAN, team="payments", by=By.APP),
        environments=environments,
        now=now,
        before=before,
        trend=tuple(points),
        parts=(Part(name="shop", figures=now),),
    )


QUESTION = Question(span=SPAN, team="payments", by=By.APP)
BREAKDOWN = Breakdown(
    waits=Waits(
        question=QUESTION,
        environments=("eu",),
        changes=2,
        lead_time=1200.0,
        queue=60.0,
        steps=540.0,
        approval=480.0,
        hold=0.0,
        window=0.0,
        rollout=120.0,
    ),
    failures=Failures(
        question=QUESTION,
        environments=("eu",),
        failed=5,
        rolled_back=3,
        gone_back=1,
        left=1,
        causes=(
            FailureCause(cause="probe_failing", app="shop", times=4),
            FailureCause(cause="gone_back", app="shop", times=1),
        ),
        hours=tuple(Hour(hour=hour, changes=4 * (hour > 7), failed=2 * (hour == 17)) for hour in range(24)),
    ),
    pipelines=Pipelines(
        question=QUESTION,
        parts=(RanPart(name="shop", ran=Ran(runs=10, passed=9, median=240.0, p95=500.0)),),
        steps=(RanPart(name="step/test", ran=Ran(runs=10, passed=9, median=200.0, p95=450.0)),),
    ),
    tests=RankedTests(
        question=QUESTION,
        slowest=(SlowTest(app="shop", step="step/test", name="cart: sums & more", runs=9, median=0.25, p95=70.0),),
        flakiest=(WrongTest(app="shop", step="step/test", name="<b>=1+1</b>", runs=2),),
        failing=(WrongTest(app="shop", step="step/test", name="=1+1", runs=3),),
    ),
)


def _page(counted: Insights, places: Places, teams: list[str]) -> InsightsPage:
    return insights.page(counted, BREAKDOWN, places, teams)


def test_figures_are_said_with_how_they_changed() -> None:
    page = _page(found(), PLACES, ["payments"])

    told = {tile.title: (tile.number, tile.unit, tile.change, tile.tone) for tile in page.tiles}
    assert told == {
        "Deployment frequency": ("0.9", "a day", "as many as the 7 days before", "off"),
        "Lead time for changes": ("11 min", "", "3 min quicker than the 7 days before", "ok"),
        "Change failure rate": ("25.0", "%", "25.0 points more than the 7 days before", "bad"),
        "Time to restore": ("19 s", "", "", "off"),
    }


def test_each_figure_leads_to_the_deployments_behind_it() -> None:
    """With whose they are, which ones count, and when they ended."""
    page = _page(found(), PLACES, ["payments"])

    rate = next(tile for tile in page.tiles if tile.title == "Change failure rate")
    address = urlsplit(rate.note.href)
    assert address.path == "/deployments"
    asked = {"team": "payments", "production": "yes", "figure": "failed", "since": "2026-11-24", "until": "2026-12-01"}
    assert {name: values[0] for name, values in parse_qs(address.query).items()} == asked
    last = urlsplit(rate.chart.links[-1])
    assert parse_qs(last.query)["since"] == ["2026-11-30"]
    (row,) = page.rows
    assert parse_qs(urlsplit(row.cells[0].href).query)["app"] == ["shop"]


def test_it_says_why_there_is_nothing() -> None:
    nothing = Figures(days=7)
    assert "production: true" in _page(found(environments=()), PLACES, []).empty
    assert _page(found(now=nothing, before=nothing), PLACES, []).empty.startswith("Nothing changed in eu")


def test_names_of_strangers_stay_words() -> None:
    """In the page's data, and in a spreadsheet that computes what begins with `=`."""
    given = found()
    hostile = Insights(
        question=given.question,
        environments=('"><script>alert(1)</script>',),
        now=given.now,
        before=given.before,
        trend=given.trend,
        parts=(Part(name="=1+1", figures=NOW),),
    )
    reader = Reader(name="ann", groups=(), waits=0, form_token="x")
    shown = {"reader": reader, "here": "/insights", "page": _page(hostile, PLACES, [])}

    html = bytes(templates.page("insights.html", shown).body).decode()

    assert "<script>alert" not in html
    assert "&lt;b&gt;=1+1&lt;/b&gt;" in html
    assert "failing,shop,step/test,'=1+1,3,," in csv.tests(BREAKDOWN.tests)
    assert "slowest,shop,step/test,cart: sums & more,9,0.25,70.0" in csv.tests(BREAKDOWN.tests)
    assert "\napp,'=1+1," in csv.written(hostile)


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_name_is_computed_by_a_spreadsheet(begin: str) -> None:
    """Whatever it begins with that one takes for a formula."""
    hostile = replace(found(), parts=(Part(name=f"{begin}1+1", figures=NOW),))
    assert f"'{begin}1+1" in csv.written(hostile)


def _asked(href: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}


def test_the_lower_half_leads_to_what_is_behind_it() -> None:
    """Waits are shares of the average way; causes, hours, pipelines and steps lead to lists of the same filters."""
    page = _page(found(), PLACES, ["payments"])
    span = {"team": "payments", "since": "2026-11-24", "until": "2026-12-01"}
    of_changes = {**span, "production": "yes"}

    assert page.waits
    assert page.waits.whole == "10 min"
    assert [part.words for part in page.waits.parts] == [
        "queue 30 s, 5 %",
        "steps and images 4 min 30 s, 45 %",
        "approval 4 min, 40 %",
        "holds 0 s, 0 %",
        "windows 0 s, 0 %",
        "rollout 1 min, 10 %",
    ]
    assert _asked(page.waits.behind.href) == {**of_changes, "figure": "lead_time"}
    probe, _ = page.causes
    assert probe.name.words == "a probe never passed"
    assert _asked(probe.cells[0].href) == {**of_changes, "figure": "failed", "cause": "probe_failing", "app": "shop"}
    assert [link.words for link in page.became] == [
        "3 rolled back automatically",
        "1 rolled back by a person",
        "1 left",
    ]
    assert _asked(page.became[0].href) == {**of_changes, "figure": "failed", "state": "rolled_back"}
    assert page.hours[17].height == 100
    assert page.hours[3].link.href == ""
    assert _asked(page.hours[17].link.href) == {**of_changes, "figure": "changes", "hour": "17"}
    assert _asked(page.pipelines[0].cells[1].href) == {**span, "ran": "failed", "app": "shop"}
    assert _asked(page.steps[0].cells[0].href) == {**span, "ran": "all", "step": "step/test"}
    assert _asked(page.tests.flakiest[0].cells[1].href) == {
        **span,
        "ran": "flaky",
        "app": "shop",
        "step": "step/test",
        "test": "<b>=1+1</b>",
    }
    assert _asked(page.tests.failing[0].cells[1].href)["ran"] == "failed"
    (slow,) = page.tests.slowest
    assert [cell.words for cell in slow.cells] == ["shop step/test", "9", "250 ms", "1 min 10 s"]
    assert _asked(slow.cells[1].href)["ran"] == "passed"
    assert insight_breakdown.hours(BREAKDOWN.failures)[0].link.words.endswith("0 of 0 changes failed, 0.0 %")


def test_tests_of_a_chosen_app_say_their_step_only() -> None:
    question = replace(QUESTION, team=None, app="shop")
    rows = insight_breakdown.tests(replace(BREAKDOWN.tests, question=question))
    for row in (*rows.flakiest, *rows.failing, *rows.slowest):
        assert (row.cells[0].words, row.cells[0].href) == ("step/test", "")
        assert _asked(row.cells[1].href)["app"] == "shop"
