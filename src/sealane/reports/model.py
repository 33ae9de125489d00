"""Values of test reports: how many tests there were and which failed. Pure: knows nothing about files or engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The outcome of one test."""

    PASSED = "passed"
    FAILED = "failed"  # it found something wrong
    ERROR = "error"  # it could not be carried out
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test as in the file; secrets are not masked yet."""

    suite: str
    """Its class, module or description; empty when the file has none."""
    name: str
    outcome: Outcome
    seconds: float | None = None
    message: str = ""
    """The `message` of its failure."""
    text: str = ""
    """The text of its failure: a stack trace, the difference, the output."""
    file: str = ""
    line: int | None = None
    flaky: bool = False
    """Whether it passed, but only when tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """The contents of one file. `failing` are the tests that failed or could not run; the rest is only counted."""

    tests: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    flaky: int = 0
    """Tests that passed only when tried again."""
    seconds: float | None = None
    """The total time of the tests, if the file says."""
    failing: tuple[Case, ...] = ()
    passed: tuple[Case, ...] = ()
    """Tests that passed, as many as there was room for, and the slowest of the rest."""
    problem: str | None = None
    """Why it could not be read, or not to its end; what came before is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailingTest:
    """A failed test as people may see it: secrets masked, texts cut."""

    suite: str
    name: str
    outcome: Outcome
    message: str
    """One line; may be empty."""
    details: str = ""
    file: str | None = None
    """Where it failed, relative to the workspace if possible."""
    line: int | None = None
    seconds: float | None = None

    @property
    def title(self) -> str:
        """Suite and name, without repeating what both contain."""
        return title(self.suite, self.name)

    @property
    def place(self) -> str:
        """`file:line`, or the known part of it."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """The outcome of one test in an attempt at a step, as insights count it."""

    title: str
    """Suite and name: secrets masked, cleaned and cut."""
    failed: bool
    passed: bool
    """If `failed` is set too, it passed only when tried again."""
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The sum of all reports of one attempt at a step."""

    files: int
    tests: int
    failed: int
    errors: int
    skipped: int
    flaky: int
    seconds: float | None
    failing: tuple[FailingTest, ...]
    """The failing tests that are listed, in the files' order."""
    notes: tuple[str, ...]
    """One sentence for each file that could not be read or was missing."""

    @property
    def wrong(self) -> int:
        """The number of tests that failed or could not run, listed or not."""
        return self.failed + self.errors

    @property
    def unlisted(self) -> int:
        """The number of failing tests that are not listed."""
        return max(0, self.wrong - len(self.failing))

    @property
    def words(self) -> str:
        """`142 tests, 2 failed, 1 error, 3 skipped`; zeros are left out."""
        if not self.files:
            return "no test report"
        parts = [_count(self.tests, "test", "tests") if self.tests else "no tests"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [_count(self.errors, "error", "errors")] if self.errors else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{self.flaky} flaky"] if self.flaky else []
        return ", ".join(parts)


def title(suite: str, name: str) -> str:
    """A test's suite and name, without repeating what both contain."""
    return name if not suite or name.startswith(suite) else f"{suite}: {name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The reports of one attempt, as read."""

    report: Report
    cases: tuple[CaseResult, ...]
    """Each test once, without skipped ones."""


def together(reports: Iterable[Report]) -> Report | None:
    """The sum of several reports, which only counts failing tests; None when none of them has a file."""
    counted = [report for report in reports if report.files]
    if not counted:
        return None
    took = [report.seconds for report in counted if report.seconds is not None]
    return Report(
        files=sum(report.files for report in counted),
        tests=sum(report.tests for report in counted),
        failed=sum(report.failed for report in counted),
        errors=sum(report.errors for report in counted),
        skipped=sum(report.skipped for report in counted),
        flaky=sum(report.flaky for report in counted),
        seconds=sum(took) if took else None,
        failing=(),
        notes=(),
    )


def _count(number: int, singular: str, plural: str) -> str:
    return f"{number} {singular if number == 1 else plural}"


def spoken(report: Report, *, most: int) -> Iterable[tuple[str, bool]]:
    """The report as lines for people, each with whether it reports a problem; lists at most that many failing tests."""
    yield report.words, report.wrong > 0
    for test in report.failing[:most]:
        message = f": {test.message}" if test.message else ""
        place = f" ({test.place})" if test.place else ""
        yield f"  {test.title}{message}{place}", True
    if more := report.wrong - min(most, len(report.failing)):
        yield f"  and {more} more", True
    for note in report.notes:
        yield note, False
