"""`sealane insights`: figures of delivery, from a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import connection
from sealane.errors import UsageError
from sealane.findings import did_you_mean

_DAY = 86_400
_HEADERS = ("", "DEPLOYMENTS", "A DAY", "LEAD TIME", "95 OF 100", "FAILED", "SHARE", "RESTORED IN")
_NOTHING = "no change was deployed there in these days"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane insights",
        "sealane insights --app shop --days 30",
        "sealane insights --by team --csv > insights.csv",
        "sealane insights --of pipelines --app shop",
    )
    app.command("insights", rich_help_panel=headings.SERVER, epilog=more)(insights)


def insights(
    *,
    app: Annotated[str | None, typer.Option(help="Only this app.", autocompletion=options.served_apps)] = None,
    team: Annotated[str | None, typer.Option(help="Only apps of this owner: a group or a user.")] = None,
    environment: Annotated[
        str | None,
        typer.Option(help="Only this environment.", show_default="all that operators call production"),
    ] = None,
    days: Annotated[int, typer.Option(help="How many days, up to the end of today in UTC.", min=1, max=730)] = 90,
    by: Annotated[str, typer.Option(help="Group them by app, team or environment.", metavar="WHAT")] = "app",
    of: Annotated[
        str,
        typer.Option(
            help="figures; pipelines: how long runs and an app's steps take; tests: the flakiest and most failing, and an "
            "app's slowest; failures: why changes failed, and when; waits: where the time from commit to production goes.",
            metavar="WHAT",
        ),
    ] = "figures",
    as_json: output.Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values instead of text.")] = False,
) -> None:
    """Show how often, how quickly and how well changes reach production.

    What each figure counts stands in docs/insights.md and on the server's page of insights.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv can't be combined", hint="leave one out")
    if of not in _SHOWN:
        raise UsageError(f"--of: there is no {of}", hint=did_you_mean(of, _SHOWN))
    asked = {"app": app, "team": team, "environment": environment, "days": days, "by": by}
    server = connection.server()
    if as_csv:
        output.data(b"".join(server.stream("/api/insights.csv", of=of, **asked)).decode().rstrip("\n"))
        return
    figures = server.get("/api/insights" if of == "figures" else f"/api/insights/{of}", **asked)
    if as_json:
        output.json(figures)
        return
    if not figures.get("environments", True):
        output.say(
            "nothing that you may read goes to production: `production: true` in an environment's file; or --environment NAME"
        )
        return
    _SHOWN[of](figures)


def _figures(insights: dict[str, Any]) -> None:
    all_of_them = [("all", insights["now"]), ("before", insights["before"])]
    parts = [(part["name"], part["figures"]) for part in insights["parts"]]
    output.table(_HEADERS, [_row(name, figures) for name, figures in (*all_of_them, *parts)])


def _pipelines(figures: dict[str, Any]) -> None:
    rows = []
    for part in (*figures["parts"], *figures["steps"]):
        ran = part["ran"]
        share, times = f"{ran['success'] * 100:.1f} %", (_span(ran["median"]), _span(ran["p95"]))
        rows.append((part["name"], str(ran["runs"]), str(ran["passed"]), share, *times))
    _table(("", "RUNS", "PASSED", "SHARE", "MEDIAN", "95 OF 100"), rows, "no run came to its end in these days")


def _tests(tests: dict[str, Any]) -> None:
    rows = [
        (
            of,
            test["app"],
            test["step"],
            test["name"],
            str(test["runs"]),
            *(_span(test.get(at)) for at in ("median", "p95")),
        )
        for of in ("slowest", "flakiest", "failing")
        for test in tests[of]
    ]
    _table(
        ("", "APP", "STEP", "TEST", "RUNS", "MEDIAN", "95 OF 100"),
        rows,
        "no report of these days has a test that counts",
    )


def _failures(failures: dict[str, Any]) -> None:
    from sealane.insights import words

    kinds = f"{failures['rolled_back']} rolled back automatically, {failures['gone_back']} rolled back by a person"
    changes = sum(hour["changes"] for hour in failures["hours"])
    if failures["failed"]:
        output.sentence(f"{failures['failed']} of {changes} failed: {kinds}, {failures['left']} left")
    elif changes:
        output.sentence(f"none of {changes} failed")
    causes = [(words.cause(cause["cause"]), cause["app"], str(cause["times"])) for cause in failures["causes"]]
    if causes:
        output.table(("CAUSE", "MOST OFTEN IN", "TIMES"), causes)
    hours = [hour for hour in failures["hours"] if hour["changes"]]
    rows = [
        (
            f"{hour['hour']:02}:00",
            str(hour["changes"]),
            str(hour["failed"]),
            f"{hour['failed'] / hour['changes'] * 100:.1f} %",
        )
        for hour in hours
    ]
    _table(("HOUR (UTC)", "CHANGES", "FAILED", "SHARE"), rows, _NOTHING)


def _waits(waits: dict[str, Any]) -> None:
    from sealane.insights import words

    changes, whole = waits["changes"], waits["lead_time"]
    rows = [
        (name, _span(waits[part] / changes), f"{waits[part] / whole * 100:.0f} %" if whole else "-")
        for part, name in words.WAITS.items()
        if changes
    ]
    _table(("PART", "A CHANGE, ON AVERAGE", "SHARE"), rows, _NOTHING)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], nothing: str) -> None:
    """The rows, or that there are none."""
    if rows:
        output.table(headers, rows)
    else:
        output.say(nothing)


def _row(name: str, figures: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        str(figures["deployments"]),
        f"{figures['per_day']:.{2 if 0 < figures['per_day'] < 0.1 else 1}f}",
        _span(figures["lead_time"]),
        _span(figures["lead_time_p95"]),
        str(figures["failed"]),
        "-" if figures["failure_rate"] is None else f"{figures['failure_rate'] * 100:.1f} %",
        _span(figures["time_to_restore"]),
    )


def _span(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    if 0 < seconds < 1:
        return f"{seconds:.1g} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3_600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} days"


_SHOWN: Mapping[str, Callable[[dict[str, Any]], None]] = {
    "figures": _figures,
    "pipelines": _pipelines,
    "tests": _tests,
    "failures": _failures,
    "waits": _waits,
}
