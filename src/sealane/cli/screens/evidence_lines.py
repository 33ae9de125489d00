"""The evidence of a failure in lines, from a failure report as plain data: logs, how containers ended, events, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sealane.cli import output

_SHOWN_LINES = 15
_SHOWN_ENDS = 5
_SHOWN_EVENTS = 8


def step_log(log: Mapping[str, Any] | None) -> None:
    """The end of a failed step's log; to stdout."""
    if log and log["lines"]:
        _quoted(f"Last lines of {log['step']}", log["lines"])


def _quoted(heading: str, lines: Sequence[str]) -> None:
    output.data(f"\n{output.style(heading, 'bold')}")
    for line in lines:
        output.data(f"  {output.style('│', 'red')} {line}")


def evidence(failure_report: object, second: object = None) -> None:
    """The evidence of a failure, and of a failed rollback; to stdout."""
    _evidence(failure_report)
    if second is not None:
        output.data(f"\n{output.style('The rollback that failed, too', 'bold')}")
        _evidence(second)


def _evidence(failure_report: object) -> None:
    """The blamed container's log, how containers ended, events, and the changes of the revision."""
    assert failure_report is None or isinstance(failure_report, dict)
    if log := blamed_log(failure_report):
        _quoted(*log)
    for heading, lines in endings_and_events(failure_report):
        output.data(f"\n{output.style(heading, 'bold')}")
        for line in lines:
            output.sentence(f"  {line}")
    if changed := difference(failure_report):
        output.data(f"\n{output.style('Difference to the last verified revision', 'bold')}")
        for subject, lines in changed:
            output.data(f"  {subject}")
            for line in lines:
                colour = {"+": "green", "-": "red"}.get(line[:1], "dim")
                output.data(f"    {output.style(line, colour)}")


def blamed_log(failure_report: Mapping[str, Any] | None) -> tuple[str, Sequence[str]] | None:
    """Heading and last lines of the blamed container's log, from before its removal; without a blamed one, of the first."""
    cause = (failure_report or {}).get("cause") or {}
    logs = [log for log in (failure_report or {}).get("logs", ()) if log["lines"]]
    blamed = (log for log in logs if log["container"] == cause.get("container"))
    log = next(blamed, logs[0] if logs else None)
    if log is None:
        return None
    return f"Last lines of {log['container']}, before it was taken down", log["lines"][-_SHOWN_LINES:]


def endings_and_events(failure_report: Mapping[str, Any] | None) -> list[tuple[str, Sequence[str]]]:
    """How containers ended, and the newest events, each under its heading."""
    report = failure_report or {}
    ends = [_end(termination) for termination in report.get("terminations", ())]
    events = [_event(event) for event in report.get("events", ())]
    named = (("How containers ended", ends[:_SHOWN_ENDS]), ("Events", events[-_SHOWN_EVENTS:]))
    return [(heading, lines) for heading, lines in named if lines]


def _end(end: Mapping[str, Any]) -> str:
    who = f"{end['container']} of {end['object']}" if end.get("container") else str(end.get("object", ""))
    reason = f" ({end['reason']})" if end.get("reason") not in {None, "", "ended"} else ""
    times = f", {end['times']} times" if end.get("times", 1) != 1 else ""
    code = end.get("exit_code", "?")
    ended = "it never ran" if code is None else f"exit code {code}"
    return f"{who}: {ended}{reason}{times}"


def _event(event: Mapping[str, Any]) -> str:
    at = str(event.get("at") or "")[11:19]
    times = f", {event['count']} times" if (event.get("count") or 1) > 1 else ""
    return f"{at} {event.get('object', '')}  {event.get('reason', '')}: {event.get('message', '')}{times}".strip()


def difference(failure_report: Mapping[str, Any] | None) -> list[tuple[str, Sequence[str]]]:
    """Each object that differs from the last verified revision, with its lines."""
    return [
        (f"{change['action']} {change['kind']} {change['name']}", change["lines"])
        for change in (failure_report or {}).get("difference", ())
        if change["kind"] != "Secret"
    ]
