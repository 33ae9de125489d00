"""When deployments may begin: denial over permission, clocks that change, and the moment that changes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.environments import recurrence, windows
from sealane.environments.model import Window, Windows
from sealane.findings import Place
from tests.properties import examples

HOUR = timedelta(hours=1)
PARIS = "Europe/Paris"


def window(cron: str | None = None, hours: float = 8, *, zone: str = PARIS, reason: str = "office hours") -> Window:
    return Window(cron=cron, duration=timedelta(hours=hours), timezone=zone, reason=reason, place=Place(file="x"))


def rule(text: str, hours: float = 8, *, zone: str = PARIS, start: datetime | None = None) -> Window:
    duration = timedelta(hours=hours)
    return Window(rrule=text, duration=duration, timezone=zone, start=start, reason="the freeze", place=Place(file="x"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


OFFICE = window("0 9 * * 1-5")
FREEZE = rule("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=20", 24 * 14)


def test_without_windows_it_is_open_for_ever() -> None:
    """Nobody said anything."""
    assert windows.outlook(Windows(), "shop", at("2026-12-24T12:00")) == windows.WindowStatus(open=True)


def test_outside_of_all_that_allow_it_is_shut_until_the_next() -> None:
    """Friday evening in Paris; Monday at nine there is eight in UTC."""
    status = windows.outlook(Windows(allow=(OFFICE,), break_glass=("sre",)), "shop", at("2026-11-20T18:00"))

    assert not status.open
    assert status.reason == "outside of office hours"
    assert status.changes == at("2026-11-23T08:00")
    assert status.when == "Mon 2026-11-23 09:00 Europe/Paris"
    assert status.break_glass == ("sre",)


def test_inside_it_is_open_until_the_window_ends() -> None:
    """Eight hours after nine."""
    status = windows.outlook(Windows(allow=(OFFICE,)), "shop", at("2026-11-20T12:00"))

    assert status.open
    assert status.changes == at("2026-11-20T16:00")


def test_denial_beats_permission_and_leads_to_the_next_permission() -> None:
    """The freeze ends on a Sunday at midnight; what allows it begins on Monday at nine."""
    status = windows.outlook(Windows(allow=(OFFICE,), deny=(FREEZE,)), "shop", at("2026-12-22T10:00"))

    assert not status.open
    assert status.reason == "the freeze"
    assert status.changes == at("2027-01-04T08:00")


def test_only_denials_leave_all_other_time_open() -> None:
    """Open until the next one begins."""
    status = windows.outlook(Windows(deny=(FREEZE,)), "shop", at("2026-11-20T18:00"))

    assert status.open
    assert status.changes == at("2026-12-19T23:00")


def test_a_window_of_another_app_does_not_count() -> None:
    """Its list of apps says who it is about."""
    theirs = Window(
        cron="* * * * *",
        duration=HOUR,
        reason="theirs",
        apps=("other",),
        place=Place(file="x"),
    )

    assert windows.outlook(Windows(deny=(theirs,)), "shop", at("2026-11-20T18:00")).open
    assert not windows.outlook(Windows(deny=(theirs,)), "other", at("2026-11-20T18:00")).open


def test_what_is_denied_for_ever_opens_never() -> None:
    """And says so instead of looking for ever."""
    status = windows.outlook(Windows(deny=(window("* * * * *", 1),)), "shop", at("2026-11-20T18:00"))

    assert (status.open, status.changes, status.when) == (False, None, None)


@pytest.mark.parametrize(
    ("line", "hours", "around", "start", "end"),
    [
        # the night of 29 March 2026 has no 02:00 to 03:00 in Paris
        ("0 22 * * *", 8, "2026-03-29T00:30", "2026-03-28T21:00", "2026-03-29T04:00"),
        ("30 2 * * *", 2, "2026-03-29T01:45", "2026-03-29T01:30", "2026-03-29T02:30"),
        ("30 2 * * *", 0.5, "2026-03-29T01:45", "2026-03-29T01:30", "2026-03-29T02:00"),
        # the night of 25 October 2026 has it twice
        ("0 22 * * *", 8, "2026-10-25T01:30", "2026-10-24T20:00", "2026-10-25T05:00"),
        ("30 2 * * *", 1, "2026-10-25T01:15", "2026-10-25T00:30", "2026-10-25T02:30"),
        ("0 1 * * *", 1.5, "2026-10-25T01:15", "2026-10-24T23:00", "2026-10-25T01:30"),
    ],
)
def test_the_clock_on_the_wall_counts_when_clocks_change(
    line: str, hours: float, around: str, start: str, end: str
) -> None:
    """Ends are read off the clock; what it skips is later, what it shows twice begins first and ends last."""
    occurrence = recurrence.latest(window(line, hours), at(around))

    assert occurrence == recurrence.Occurrence(start=at(start), end=at(end))
    assert recurrence.following(window(line, hours), at(start) - timedelta(minutes=1)) == occurrence


def test_every_other_week_counts_from_the_start() -> None:
    """INTERVAL needs to know from when."""
    sprint = rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", 24, zone="UTC", start=datetime(2026, 1, 7, 14, 0))

    occurrence = recurrence.following(sprint, at("2026-01-08T00:00"))

    assert occurrence == recurrence.Occurrence(start=at("2026-01-21T14:00"), end=at("2026-01-22T14:00"))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (window("0 9 * * 1-5", zone="Mars/Olympus"), "no time zone Mars/Olympus"),
        (window("61 9 * * *"), "can't be understood"),
        (window("0 0 30 2 *"), "never comes"),
        (window("0 9 * * *", 0.001), "a minute at least"),
        (rule("FREQ=OFTEN"), "can't be understood"),
        (rule("FREQ=HOURLY"), "a cron line is for"),
        (rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "never comes"),
        (rule("BYDAY=MO"), "can't be understood"),
    ],
)
def test_what_can_not_be_meant_is_told(bad: Window, says: str) -> None:
    """Each with its reason."""
    assert says in (recurrence.problem(bad) or "")


_LINES = st.sampled_from(
    ["0 9 * * 1-5", "30 2 * * *", "0 22 * * 5", "0 0 1 * *", "15 */6 * * *", "0 1 * * 0", "30 1 * * *"]
)
_RULES = st.sampled_from(
    ["FREQ=DAILY;BYHOUR=2;BYMINUTE=30", "FREQ=WEEKLY;BYDAY=FR;BYHOUR=15", "FREQ=MONTHLY;BYDAY=-1FR"]
)
_ZONES = st.sampled_from([PARIS, "UTC", "America/New_York", "Australia/Lord_Howe"])
_HOURS = st.sampled_from([0.5, 1, 3, 8, 24, 60])
_WINDOWS = st.one_of(
    st.builds(lambda line, hours, zone: window(line, hours, zone=zone), _LINES, _HOURS, _ZONES),
    st.builds(lambda text, hours, zone: rule(text, hours, zone=zone), _RULES, _HOURS, _ZONES),
)
_MOMENTS = st.one_of(
    st.integers(0, 365 * 24 * 12).map(lambda n: at("2026-01-01T00:00") + n * timedelta(minutes=5)),
    st.integers(-300, 300).map(lambda n: at("2026-03-29T01:00") + n * timedelta(minutes=5)),
    st.integers(-300, 300).map(lambda n: at("2026-10-25T01:00") + n * timedelta(minutes=5)),
)
_SOME = st.lists(_WINDOWS, max_size=2).map(tuple)


def _spans(rule: Window, moment: datetime) -> list[recurrence.Occurrence]:
    """Every time it comes around that moment, one after the other from well before."""
    spans, clock = [], moment - timedelta(days=4)
    while (span := recurrence.following(rule, clock)) and span.start <= moment:
        spans.append(span)
        clock = span.start
    return spans


def _on(listed: tuple[Window, ...], moment: datetime) -> bool:
    return any(span.start <= moment < span.end for rule in listed for span in _spans(rule, moment))


@settings(max_examples=examples(40), deadline=None)
@given(allow=_SOME, deny=_SOME, moment=_MOMENTS)
def test_it_is_open_exactly_where_allowed_and_not_denied(
    allow: tuple[Window, ...], deny: tuple[Window, ...], moment: datetime
) -> None:
    """Against every span counted from the beginning, and the change is one: so until then, otherwise from then on."""
    both = Windows(allow=allow, deny=deny)
    outlook = windows.outlook(both, "shop", moment)

    assert outlook.open == ((not allow or _on(allow, moment)) and not _on(deny, moment))
    if outlook.changes is not None:
        assert outlook.changes > moment
        just_before = max(moment, outlook.changes - timedelta(minutes=1))
        assert windows.outlook(both, "shop", just_before).open == outlook.open
        assert windows.outlook(both, "shop", outlook.changes).open != outlook.open
        halfway = moment + (outlook.changes - moment) / 2
        assert windows.outlook(both, "shop", halfway).open == outlook.open
