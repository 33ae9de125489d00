"""What a page shows of failure reports."""

from __future__ import annotations

from sealane.cli.screens import evidence_lines
from sealane.server.pages.presenters import evidence


def test_a_rollback_that_failed_too_tells_why_before_its_own_evidence() -> None:
    report = {
        "cause": {"sentence": "ConfigMap extra is refused: it belongs to other."},
        "events": [
            {"at": "2026-01-01T00:00:00+00:00", "object": "Pod/web-1", "reason": "Failed", "message": "no", "count": 1}
        ],
    }
    headings = [piece.heading for piece in evidence.of_rollback(report)]
    assert headings == ["Why the rollback failed", "Rollback: Events"]
    (line,) = evidence.of_rollback(report)[0].parts
    assert list(line.lines) == ["ConfigMap extra is refused: it belongs to other."]


def test_without_such_a_rollback_nothing_is_shown() -> None:
    assert evidence.of_rollback({}) == ()


def test_a_container_that_never_ran_has_no_exit_code() -> None:
    """The page and the command line say so."""
    end = {"container": "web", "object": "Pod/web-1", "exit_code": None, "reason": "bad_command", "times": 2}
    assert evidence._end(end) == "container web of Pod/web-1: it never ran bad_command, 2 times"
    [(_, told)] = evidence_lines.endings_and_events({"terminations": [end]})
    assert list(told) == ["web of Pod/web-1: it never ran (bad_command), 2 times"]
