"""A failure report as pieces of evidence, the most telling first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sealane.server.pages.deployment_views import Evidence, Lines
from sealane.server.pages.presenters import repeats


def pieces(failure_report: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Last words, probe answers, container exits, other obstacles, events."""
    return tuple(piece for piece in _pieces(failure_report) if piece.parts)


def of_rollback(failure_report: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """The same for a failed rollback, its cause first."""
    cause = failure_report.get("cause")
    why = Evidence(heading="Why the rollback failed", parts=_lines([cause["sentence"]] if cause else ()))
    named = (replace(piece, heading=f"Rollback: {piece.heading}") for piece in pieces(failure_report))
    return (why, *named) if cause else tuple(named)


def _pieces(failure_report: Mapping[str, Any]) -> Iterator[Evidence]:
    for log in failure_report.get("logs", ()):
        before = ", before it was restarted" if log.get("previous") else ""
        yield Evidence(
            heading=f"Last log lines of {_who(log)}{before}",
            parts=repeats.folded(_without_end(log.get("lines", ()))),
        )
    yield Evidence(
        heading="Probe answers",
        parts=_lines(
            f"{_who(probe)}: {probe.get('asks', '')} {probe.get('answer', '')}"
            for probe in failure_report.get("probes", ())
        ),
    )
    yield Evidence(
        heading="How containers ended", parts=_lines(_end(end) for end in failure_report.get("terminations", ()))
    )
    yield Evidence(
        heading="Other causes",
        parts=_lines(str(cause.get("sentence", "")) for cause in failure_report.get("others", ())),
    )
    yield Evidence(heading="Events", parts=_lines(_event(event) for event in failure_report.get("events", ())))


def _without_end(lines: Sequence[Any]) -> list[str]:
    """The lines without empty ones at the end."""
    texts = [str(line) for line in lines]
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _lines(texts: Iterable[str]) -> tuple[Lines, ...]:
    listed = tuple(texts)
    return (Lines(lines=listed),) if listed else ()


def _who(source: Mapping[str, Any]) -> str:
    container = source.get("container")
    return f"container {container} of {source.get('object', '')}" if container else str(source.get("object", ""))


def _end(end: Mapping[str, Any]) -> str:
    times = f", {end['times']} times" if end.get("times", 1) != 1 else ""
    code = end.get("exit_code", "?")
    ended = "it never ran" if code is None else f"exit code {code}"
    return f"{_who(end)}: {ended} {end.get('reason', '')}{times}".rstrip()


def _event(event: Mapping[str, Any]) -> str:
    at = str(event.get("at", ""))[11:19]
    count = f" (x{event['count']})" if event.get("count", 1) not in {0, 1, None} else ""
    return f"{at} {event.get('object', '')} {event.get('reason', '')}: {event.get('message', '')}{count}".strip()
