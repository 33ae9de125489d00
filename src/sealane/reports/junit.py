"""JUnit XML, in the dialects that tools write. Pure: bytes in, counts and tests out.

There is no single format. This reads what pytest, Surefire, Gradle, Jest, go-junit-report, PHPUnit, GoogleTest and CTest
have in common: `testcase` elements somewhere below a `testsuites` or `testsuite`, with `failure`, `error` and `skipped`
inside them. It counts the tests, and uses the numbers in the file only when it names no tests.

Files come from untrusted commits: entities and document types with content are refused before they take effect, nothing is
loaded from elsewhere, and no tree is built.
"""

from __future__ import annotations

import heapq
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from sealane.reports.model import Case, Contents, Outcome

MOST_DEPTH = 64
"""Elements within elements."""
MOST_FAILING = 2_000
"""Failing tests that are kept per file; further ones are only counted."""
MOST_PASSED = 5_000
"""Passed tests that are kept per attempt, over all files; beyond that, only the slowest of each file."""
SLOWEST = 20
LONGEST = 64 * 1024
"""Characters kept of one failing test's text."""

_WRONG = {"failure": Outcome.FAILED, "error": Outcome.ERROR}
_AGAIN = {"flakyFailure", "flakyError"}
_NOT_RUN = {"notrun", "disabled", "skipped", "suppressed"}
_DIGITS = re.compile(r"[0-9]{1,9}")


class _Refused(Exception):
    """The file can't be read; the message says why."""


@dataclass(slots=True)
class _Open:
    """The test that is being read."""

    given: Mapping[str, str]
    suite: str
    outcomes: list[Outcome] = field(default_factory=list)
    skipped: bool = False
    flaky: bool = False
    message: str = ""
    kind: str = ""
    texts: list[str] = field(default_factory=list)
    room: int = LONGEST


def parse(data: bytes, *, passed: int = MOST_PASSED) -> Contents:
    """The file's contents; never raises, `problem` says what is wrong. `passed`: how many passed tests may still be kept."""
    reading = _Reading(passed)
    try:
        reading.parser.Parse(data, True)
    except _Refused as refusal:
        return reading.contents(str(refusal))
    except (expat.ExpatError, LookupError, ValueError) as error:  # the latter two for an unknown encoding
        return reading.contents(_why(error, data))
    return reading.contents(None)


def _why(error: Exception, data: bytes) -> str:
    if not isinstance(error, expat.ExpatError):
        return "its encoding is not known"
    words = expat.ErrorString(error.code) or "not well formed"
    if not data.strip():
        return "it is empty"
    return f"it is not whole XML: {words} at line {error.lineno}, column {error.offset + 1}"


class _Reading:
    """The parser's state between two events."""

    def __init__(self, passed: int) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _doctype
        self.parser.EntityDeclHandler = _entity
        self._stack: list[str] = []
        self._suites: list[str] = []
        self._test: _Open | None = None
        self._into = False
        """Whether text belongs to the test's failure."""
        self._counts = dict.fromkeys(Outcome, 0)
        self._flaky = 0
        self._seconds: float | None = None
        self._failing: list[Case] = []
        self._passed: list[Case] = []
        self._room = passed
        self._slowest: list[tuple[float, int, Case]] = []
        """A heap of those that passed after the room was used up, numbered."""
        self._said: dict[Outcome, int] | None = None
        self._said_at = 0

    def contents(self, problem: str | None) -> Contents:
        """What was read so far."""
        if self._test is not None:  # cut off in the middle: it is kept only if it is known to have failed
            self._close(self._test)
        counts = self._said if self._said and not any(self._counts.values()) else self._counts
        return Contents(
            tests=sum(counts.values()),
            failed=counts[Outcome.FAILED],
            errors=counts[Outcome.ERROR],
            skipped=counts[Outcome.SKIPPED],
            flaky=self._flaky,
            seconds=self._seconds,
            failing=tuple(self._failing),
            passed=(*self._passed, *(case for *_, case in self._slowest)),
            problem=problem,
        )

    def _start(self, name: str, given: dict[str, str]) -> None:
        name = name.rpartition(":")[2]
        if not self._stack and name not in {"testsuites", "testsuite"}:
            raise _Refused(f"it is no JUnit report: it begins with <{name[:60]}>")
        self._stack.append(name)
        if len(self._stack) > MOST_DEPTH:
            raise _Refused(f"it has more than {MOST_DEPTH} elements within each other")
        if self._test is not None:
            self._within(self._test, name, given)
        elif name == "testcase":
            self._test = _Open(given=given, suite=self._suites[-1] if self._suites else "")
        elif name in {"testsuites", "testsuite"}:
            self._suites.append(given.get("name", "") if name == "testsuite" else "")
            self._say(given)

    def _within(self, test: _Open, name: str, given: Mapping[str, str]) -> None:
        if self._stack[-2] != "testcase":
            return
        if outcome := _WRONG.get(name):
            test.outcomes.append(outcome)
            test.message = test.message or given.get("message", "")[:LONGEST]
            test.kind = test.kind or given.get("type", "")[:LONGEST]
            self._into = True
        elif name == "skipped":
            test.skipped = True
        elif name in _AGAIN:
            test.flaky = True

    def _end(self, name: str) -> None:
        name = name.rpartition(":")[2]
        self._stack.pop()
        if name == "testcase" and self._test is not None and "testcase" not in self._stack:
            self._close(self._test)
            self._test = None
        elif name in _WRONG and self._stack[-1:] == ["testcase"]:
            if self._into:
                self._text("\n")
            self._into = False
        elif name in {"testsuites", "testsuite"} and self._test is None:
            self._suites.pop()
            if len(self._stack) < self._said_at:
                self._said_at = 0

    def _text(self, text: str) -> None:
        test = self._test
        if test is not None and self._into and test.room > 0:
            test.texts.append(text[: test.room])
            test.room -= len(text)

    def _close(self, test: _Open) -> None:
        outcome = _outcome(test)
        self._counts[outcome] += 1
        self._flaky += test.flaky and outcome is Outcome.PASSED
        seconds = _seconds(test.given.get("time"))
        if seconds is not None:
            self._seconds = (self._seconds or 0.0) + seconds
        if outcome is Outcome.PASSED:
            self._pass(test, seconds)
        if outcome not in _WRONG.values() or len(self._failing) >= MOST_FAILING:
            return
        line, text = test.given.get("line", ""), "".join(test.texts)
        self._failing.append(
            Case(
                suite=test.given.get("classname", "") or test.suite,
                name=test.given.get("name", ""),
                outcome=outcome,
                seconds=seconds,
                message=test.message or ("" if text.strip() else test.kind),
                text=text,
                file=test.given.get("file", ""),
                line=int(line) if _DIGITS.fullmatch(line) else None,
            )
        )

    def _pass(self, test: _Open, seconds: float | None) -> None:
        """Keeps a passed test where there is room, or when it is among the slowest of the rest."""
        suite, name = test.given.get("classname", "") or test.suite, test.given.get("name", "")
        case = Case(suite=suite, name=name, outcome=Outcome.PASSED, seconds=seconds, flaky=test.flaky)
        if len(self._passed) < self._room:
            self._passed.append(case)
            return
        put = heapq.heappush if len(self._slowest) < SLOWEST else heapq.heappushpop
        put(self._slowest, (seconds or 0.0, self._counts[Outcome.PASSED], case))

    def _say(self, given: Mapping[str, str]) -> None:
        """The outermost numbers in a file, for a file that names no test."""
        if "tests" not in given or self._said_at:
            return
        self._said_at = len(self._stack)
        failed, errors = _number(given.get("failures")), _number(given.get("errors"))
        skipped = _number(given.get("skipped") or given.get("disabled"))
        lengths = self._said or dict.fromkeys(Outcome, 0)
        passed = max(0, _number(given.get("tests")) - failed - errors - skipped)
        counts = {
            Outcome.PASSED: passed,
            Outcome.FAILED: failed,
            Outcome.ERROR: errors,
            Outcome.SKIPPED: skipped,
        }
        self._said = {outcome: lengths[outcome] + count for outcome, count in counts.items()}


def _doctype(*declared: object) -> None:
    *_, has_content = declared
    if has_content:
        raise _Refused("it brings a document type of its own, which is not read")


def _entity(*_: object) -> None:
    raise _Refused("it declares entities, which are not read")


def _outcome(test: _Open) -> Outcome:
    if test.outcomes:
        return test.outcomes[0]
    not_run = {test.given.get("status", "").lower(), test.given.get("result", "").lower()} & _NOT_RUN
    return Outcome.SKIPPED if test.skipped or not_run else Outcome.PASSED


def _seconds(text: str | None) -> float | None:
    """A time in seconds; some tools write commas for thousands, and some write nonsense."""
    try:
        seconds = float((text or "").replace(",", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds < 1e9 else None


def _number(text: str | None) -> int:
    return int(text) if text and _DIGITS.fullmatch(text) else 0
