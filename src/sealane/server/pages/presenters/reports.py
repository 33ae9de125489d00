"""Test reports of a step, for its run's page. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sealane.records.runs import StepReport
from sealane.reports.model import FailingTest, Report
from sealane.server.pages import text
from sealane.server.pages.run_views import TestRow, TestsCard

MOST = 100
"""Most failing tests on a page; the API has all listed ones."""


def card(reports: Sequence[StepReport], key: str | None) -> TestsCard | None:
    """The report of the step's last attempt; None without one."""
    mine = [step_report for step_report in reports if step_report.key == key]
    if not mine:
        return None
    report, attempt = mine[-1].report, mine[-1].attempt
    return TestsCard(
        words=report.words,
        time=text.duration(report.seconds) if report.seconds is not None else "",
        wrong=report.wrong > 0,
        bar=_bar(report),
        attempt=attempt if attempt > 1 else 0,
        earlier=tuple(f"attempt {step_report.attempt}: {step_report.report.words}" for step_report in mine[:-1]),
        rows=tuple(
            _row(test, f"test-{attempt}-{number}") for number, test in enumerate(report.failing[:MOST], start=1)
        ),
        more=report.wrong - min(MOST, len(report.failing)),
        notes=report.notes,
    )


def beside(reports: Sequence[StepReport], key: str) -> tuple[str, bool]:
    """The report in a few words for the list of steps, and whether tests failed; empty without one."""
    mine = [report.report for report in reports if report.key == key]
    return (mine[-1].words, mine[-1].wrong > 0) if mine and mine[-1].files else ("", False)


def _row(test: FailingTest, key: str) -> TestRow:
    return TestRow(
        key=key,
        suite="" if test.title == test.name else test.suite,
        name=test.name,
        outcome=test.outcome.value,
        message=test.message,
        place=test.place,
        details="" if test.details.strip() == test.message.strip() else test.details,
    )


def _bar(report: Report) -> tuple[tuple[str, float], ...]:
    """Percentages by tone; failures are always visible."""
    if not report.tests:
        return ()
    wrong = max(2.0, 100 * report.wrong / report.tests) if report.wrong else 0.0
    skipped = min(100 - wrong, 100 * report.skipped / report.tests)
    parts = (("bad", wrong), ("off", skipped), ("ok", max(0.0, 100 - wrong - skipped)))
    return tuple((tone, round(part, 2)) for tone, part in parts if part)
