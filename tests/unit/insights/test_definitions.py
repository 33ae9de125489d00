"""What each figure counts, case by case: the definitions that the page tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealane.insights import definitions
from sealane.insights.definitions import Counted, Ended, Failure, Recount
from sealane.insights.figures import figures, percentile
from sealane.insights.model import Figures
from sealane.records.deployments import DeploymentKind
from sealane.records.waits import Wait, Waits
from sealane.verdicts.model import VerdictKind

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


ENDED = Ended(
    id="d-2",
    kind=DeploymentKind.DELIVERY,
    revision="v2",
    from_revision="v1",
    asked=at(5),
    started=at(8),
    received=at(0),
    at=at(10),
    verdict=VerdictKind.DEPLOYED,
)
GOOD = Counted(id="d-2", deployed=True, lead_time=600.0)
BAD = Counted(id="d-2", failed=True)
NOT_COUNTED = Counted(id="d-2")


@pytest.mark.parametrize(
    ("values", "counted"),
    [
        pytest.param({}, GOOD, id="a commit that is new here"),
        pytest.param({"from_revision": None}, GOOD, id="the first one of all"),
        pytest.param({"kind": DeploymentKind.MANUAL}, GOOD, id="a release that a person sent on"),
        pytest.param({"arrived": True}, replace(GOOD, lead_time=None), id="a commit that was here before"),
        pytest.param({"received": None}, replace(GOOD, lead_time=None), id="no commit that anybody knows"),
        pytest.param({"received": at(11)}, replace(GOOD, lead_time=0.0), id="clocks that disagree"),
        pytest.param({"revision": "v1"}, NOT_COUNTED, id="the same revision again"),
        pytest.param({"kind": DeploymentKind.SCALE, "revision": "v1"}, NOT_COUNTED, id="other numbers of instances"),
        pytest.param({"kind": DeploymentKind.ROLLBACK}, NOT_COUNTED, id="a person went back"),
        pytest.param({"older": True, "kind": DeploymentKind.MANUAL}, NOT_COUNTED, id="an older commit by hand"),
        pytest.param({"verdict": VerdictKind.SUPERSEDED}, NOT_COUNTED, id="superseded"),
        pytest.param({"verdict": VerdictKind.CANCELLED}, NOT_COUNTED, id="cancelled"),
        pytest.param({"verdict": VerdictKind.FAILED, "untouched": True}, NOT_COUNTED, id="refused before it wrote"),
        pytest.param(
            {"verdict": VerdictKind.ROLLED_BACK, "called_off": True}, NOT_COUNTED, id="called off by a person"
        ),
        pytest.param({"verdict": VerdictKind.ROLLED_BACK}, replace(BAD, restored=120.0), id="rolled back"),
        pytest.param({"verdict": VerdictKind.FAILED, "from_revision": None}, BAD, id="the first one of all failed"),
        pytest.param({"verdict": VerdictKind.ROLLBACK_FAILED}, BAD, id="going back failed, too"),
        pytest.param(
            {"verdict": VerdictKind.ROLLED_BACK, "started": at(11)}, replace(BAD, restored=0.0), id="clocks run back"
        ),
    ],
)
def test_what_a_deployment_counts_as(values: dict[str, object], counted: Counted) -> None:
    own = definitions.count(replace(ENDED, **values), (), None).own  # type: ignore[arg-type]
    assert replace(own, **dict.fromkeys(definitions.WAITS)) == counted


BROKEN = Failure(id="d-1", since=at(-30))
BACK = replace(ENDED, kind=DeploymentKind.ROLLBACK, asked=at(7))


@pytest.mark.parametrize(
    ("ended", "failures", "newest", "recounted"),
    [
        pytest.param(ENDED, [BROKEN], None, [Recount(id="d-1", restored=2400.0)], id="what is good makes good"),
        pytest.param(BACK, [BROKEN], "d-0", [Recount(id="d-1", restored=2400.0)], id="so does a person's way back"),
        pytest.param(
            replace(ENDED, kind=DeploymentKind.SCALE, revision="v1"),
            [BROKEN],
            None,
            [Recount(id="d-1", restored=2400.0)],
            id="and scaling that became ready",
        ),
        pytest.param(
            replace(ENDED, verdict=VerdictKind.FAILED), [BROKEN], None, [], id="another failure makes nothing good"
        ),
        pytest.param(BACK, [], "d-1", [Recount(id="d-1", restored=180.0)], id="a person went back from a good one"),
        pytest.param(
            replace(ENDED, kind=DeploymentKind.MANUAL, older=True),
            [],
            "d-1",
            [Recount(id="d-1", restored=300.0)],
            id="or sent an older release there",
        ),
        pytest.param(BACK, [], None, [], id="there is nothing to go back from"),
        pytest.param(replace(BACK, revision="v1"), [], "d-1", [], id="back to what is there"),
        pytest.param(replace(BACK, verdict=VerdictKind.FAILED), [], "d-1", [], id="a way back that failed"),
        pytest.param(ENDED, [], "d-1", [], id="one good one after another"),
    ],
)
def test_what_it_changes_of_others(
    ended: Ended, failures: list[Failure], newest: str | None, recounted: list[Recount]
) -> None:
    assert list(definitions.count(ended, failures, newest).failed) == recounted


@pytest.mark.parametrize(
    ("counted", "anew"),
    [
        (GOOD, replace(GOOD, failed=True)),
        (replace(GOOD, failed=True, restored=3.0), replace(GOOD, failed=True)),
        (NOT_COUNTED, NOT_COUNTED),
    ],
    ids=["a change", "a change that somebody went back from", "no change"],
)
def test_a_change_that_degrades_and_is_rolled_back_has_failed(counted: Counted, anew: Counted) -> None:
    assert definitions.degraded(counted) == anew


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        pytest.param([], Figures(days=2), id="none"),
        pytest.param([NOT_COUNTED], Figures(days=2), id="none that counts"),
        pytest.param(
            [GOOD],
            Figures(days=2, changes=1, deployments=1, lead_times=1, lead_time=600.0, lead_time_p95=600.0),
            id="one",
        ),
        pytest.param(
            [GOOD, replace(GOOD, lead_time=None, failed=True, restored=9.0), replace(BAD, restored=3.0), BAD],
            Figures(
                days=2,
                changes=4,
                deployments=2,
                failed=3,
                lead_times=1,
                lead_time=600.0,
                lead_time_p95=600.0,
                restored=2,
                time_to_restore=3.0,
            ),
            id="good, gone back from, rolled back, and left",
        ),
    ],
)
def test_what_they_come_to(counted: list[Counted], expected: Figures) -> None:
    assert figures(counted, 2) == expected


def test_rates_follow() -> None:
    figures = Figures(days=4, changes=8, deployments=6, failed=2)
    assert (figures.per_day, figures.failure_rate) == (1.5, 0.25)
    assert Figures(days=4).failure_rate is None


@pytest.mark.parametrize(
    ("values", "median", "most"),
    [
        ([], None, None),
        ([4.0], 4.0, 4.0),
        ([3.0, 1.0], 1.0, 3.0),
        ([float(each) for each in range(1, 101)], 50.0, 95.0),
    ],
)
def test_a_percentile_was_always_measured(values: list[float], median: float | None, most: float | None) -> None:
    assert (percentile(values, 50), percentile(values, 95)) == (median, most)


@pytest.mark.parametrize(
    ("known", "stood", "parts"),
    [
        pytest.param(
            {"begun": 2, "asked": 8, "started": 17},
            [("approval", 8, 11), ("hold", 11, 12), ("window", 12, 14), ("earlier", 14, 15)],
            {"queue": 2 + 3, "steps": 6, "approval": 3, "hold": 1, "window": 2, "rollout": 3},
            id="one after the other",
        ),
        pytest.param(
            {"begun": 2, "asked": 8, "started": 17},
            [("window", 8, 16), ("hold", 9, 13), ("approval", 10, 12), ("window", 16, None)],
            {"queue": 2, "steps": 6, "approval": 2, "hold": 2, "window": 5, "rollout": 3},
            id="at once, and one until it began",
        ),
        pytest.param(
            {"asked": 10, "started": 17}, [], {"steps": 10, "queue": 7, "rollout": 3}, id="nothing stood in its way"
        ),
        pytest.param(
            {"begun": 2, "asked": 10, "started": 17},
            [("approval", 5, 8), ("window", 16, 18)],
            {"queue": 2 + 6, "steps": 8, "window": 1, "rollout": 3},
            id="clocks that disagree",
        ),
        pytest.param(
            {"begun": 2, "asked": 30, "started": 40}, [], {"queue": 2, "steps": 18}, id="what is after the verdict"
        ),
    ],
)
def test_where_a_lead_time_went(
    known: dict[str, int], stood: list[tuple[str, int, int | None]], parts: dict[str, int]
) -> None:
    """Parts follow each other and leave nothing out, whatever is not known and however clocks disagree."""
    waits = [
        Wait(kind=Waits(kind), since=at(since), until=None if until is None else at(until))
        for kind, since, until in stood
    ]
    ended = replace(ENDED, at=at(20), waits=tuple(waits), **{name: at(minute) for name, minute in known.items()})
    counted = definitions.waits(ended, at(0))
    told = {name: getattr(counted, name) / 60 for name in definitions.WAITS}
    assert told == {**dict.fromkeys(definitions.WAITS, 0.0), **parts}
    assert sum(told.values()) == 20
