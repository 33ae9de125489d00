"""Reports' values: how many tests there were and which of them failed. Pure: knows nothing about files or engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How one test came out."""

    PASSED = "passed"
    FAILED = "failed"  # it found something wrong
    ERROR = "error"  # it could not be carried out
    SKIPPED = "skipped"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test as a file tells of it: texts as they stand there, secrets not yet masked."""

    suite: str
    """Its class, module or describing words; empty when the file names none."""
    name: str
    outcome: Outcome
    seconds: float | None = None
    message: str = ""
    """What a failure's own `message` says."""
    text: str = ""
    """What stands inside it: a stack trace, the difference, the output."""
    file: str = ""
    line: int | None = None
    flaky: bool = False
    """Whether it passed, but only when tried again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What one file holds. `failing` are the tests that failed or could not be carried out; the rest is counted."""

    tests: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0
    flaky: int = 0
    """Passed, but only when tried again."""
    seconds: float | None = None
    """What the tests took together, as far as the file says."""
    failing: tuple[Case, ...] = ()
    passed: tuple[Case, ...] = ()
    """As many of those that passed as there was room for, and the slowest of them."""
    problem: str | None = None
    """Why it could not be read, or not to its end; what stood before is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailingTest:
    """A test that failed, as people may see it: secrets masked, texts cut to a size."""

    suite: str
    name: str
    outcome: Outcome
    message: str
    """One line; may be empty."""
    details: str = ""
    file: str | None = None
    """Where it failed, from the workspace on where that can be told."""
    line: int | None = None
    seconds: float | None = None

    @property
    def title(self) -> str:
        """Suite and name, without saying twice what both say."""
        return title(self.suite, self.name)

    @property
    def place(self) -> str:
        """`file:line`, or as much of it as is known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file or ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseResult:
    """How one test came out in an attempt at a step, as insights count it."""

    title: str
    """Suite and name: secrets masked, cleaned and cut."""
    failed: bool
    passed: bool
    """With `failed`: only when it was tried again."""
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What all reports of one attempt at a step come to."""

    files: int
    tests: int
    failed: int
    errors: int
    skipped: int
    flaky: int
    seconds: float | None
    failing: tuple[FailingTest, ...]
    """Those that are listed, in the files' order."""
    notes: tuple[str, ...]
    """What could not be read, or was not there, a sentence each."""

    @property
    def wrong(self) -> int:
        """Tests that failed or could not be carried out, listed or not."""
        return self.failed + self.errors

    @property
    def unlisted(self) -> int:
        """Failing tests that are counted only."""
        return max(0, self.wrong - len(self.failing))

    @property
    def words(self) -> str:
        """`142 tests, 2 failed, 1 error, 3 skipped`; what there is none of is left out."""
        if not self.files:
            return "no test report"
        parts = [_count(self.tests, "test", "tests") if self.tests else "no tests"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [_count(self.errors, "error", "errors")] if self.errors else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += [f"{self.flaky} flaky"] if self.flaky else []
        return ", ".join(parts)


def title(suite: str, name: str) -> str:
    """A test's suite and name, without saying twice what both say."""
    return name if not suite or name.startswith(suite) else f"{suite}: {name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read of the reports of one attempt."""

    report: Report
    cases: tuple[CaseResult, ...]
    """Each test once; those that were skipped are left out."""


def together(reports: Iterable[Report]) -> Report | None:
    """What several reports come to, their failing tests counted only; None where there are no files in any."""
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


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def spoken(report: Report, *, most: int) -> Iterable[tuple[str, bool]]:
    """The report in lines for people, and whether each tells of something wrong: at most that many failing tests."""
    yield report.words, report.wrong > 0
    for test in report.failing[:most]:
        said = f": {test.message}" if test.message else ""
        place = f" ({test.place})" if test.place else ""
        yield f"  {test.title}{said}{place}", True
    if more := report.wrong - min(most, len(report.failing)):
        yield f"  and {more} more", True
    for note in report.notes:
        yield note, False
