"""The page of insights: what it says of figures, and where each leads."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from sealane.insights import csv
from sealane.insights.model import By, Figures, Insights, Part, Point, Question, Span
from sealane.records.filters import Places
from sealane.server.pages import templates
from sealane.server.pages.presenters import insights
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


def test_figures_are_said_with_how_they_changed() -> None:
    page = insights.page(found(), PLACES, ["payments"])

    told = {tile.title: (tile.number, tile.unit, tile.change, tile.tone) for tile in page.tiles}
    assert told == {
        "Deployment frequency": ("0.9", "a day", "as many as the 7 days before", "off"),
        "Lead time for changes": ("11 min", "", "3 min quicker than the 7 days before", "ok"),
        "Change failure rate": ("25.0", "%", "25.0 points more than the 7 days before", "bad"),
        "Time to restore": ("19 s", "", "", "off"),
    }


def test_each_figure_leads_to_the_deployments_behind_it() -> None:
    """With whose they are, which ones count, and when they ended."""
    page = insights.page(found(), PLACES, ["payments"])

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
    assert "production: true" in insights.page(found(environments=()), PLACES, []).empty
    assert insights.page(found(now=nothing, before=nothing), PLACES, []).empty.startswith("Nothing changed in eu")


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
    shown = {"reader": reader, "here": "/insights", "page": insights.page(hostile, PLACES, [])}

    html = bytes(templates.page("insights.html", shown).body).decode()

    assert "<script>alert" not in html
    assert "\napp,'=1+1," in csv.written(hostile)
