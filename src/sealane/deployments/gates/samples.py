"""The judgement on a gate's samples. Pure: knows nothing about HTTP, metric stores, clusters or the clock.

A judgement without an outcome needs more samples: nothing passes before all of them are there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sealane.deployments.gates.model import GateJudgement, Outcome
from sealane.events.model import Alert
from sealane.formations.gates import Alerts, Http, NoData, Query
from sealane.verdicts.gate_requests import GateRequest

_MOST_VALUES = 3
"""Series of an answer that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSample:
    """One sample of an address: a status, or why there was none."""

    seconds: float
    status: int | None = None
    problem: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricSample:
    """One answer of a metric store: a number for each series, or why it gave none."""

    values: tuple[float, ...] = ()
    problem: str | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values that are numbers."""
        return tuple(value for value in self.values if not math.isnan(value))


def http(check: Http, hits: Sequence[HttpSample]) -> GateJudgement:
    """Samples of an address so far."""
    bad = [hit for hit in hits if not _good(check, hit)]
    if len(bad) > check.max_failures:
        return GateJudgement(
            outcome=Outcome.FAIL, message=f"{_failed(len(bad), len(hits), _kinds(bad))}, {_may(check)}"
        )
    if len(hits) < check.samples:
        return GateJudgement(outcome=None, message=f"{len(hits)} of {check.samples} samples taken")
    good = [hit.seconds for hit in hits if _good(check, hit)]
    if check.latency_p95 is not None and good and percentile(good, 95) > check.latency_p95.total_seconds():
        limit = _milliseconds(check.latency_p95.total_seconds())
        says = f"95 of 100 answers took up to {_milliseconds(percentile(good, 95))}, at most {limit} is allowed"
        return GateJudgement(outcome=Outcome.FAIL, message=says)
    slowest = f", 95 of 100 within {_milliseconds(percentile(good, 95))}" if good else ""
    return GateJudgement(outcome=Outcome.PASS, message=f"{len(good)} of {len(hits)} samples were good{slowest}")


def query(check: Query, readings: Sequence[MetricSample]) -> GateJudgement:
    """Answers of a metric store so far.

    An answer breaks the condition when any of its series does. A request without an answer does not count; a pass needs
    at least half of the answers.
    """
    wanted = asked(check)
    measured = [reading for reading in readings if reading.numbers]
    broken = [reading for reading in measured if not all(check.condition.holds(number) for number in reading.numbers)]
    silent = sum(reading.problem is None and not reading.numbers for reading in readings)
    failed = len(broken) + (silent if check.no_data is NoData.FAIL else 0)
    if failed > check.max_failures:
        return GateJudgement(outcome=Outcome.FAIL, message=_broken(check, broken, failed, len(readings)))
    if len(readings) < wanted:
        return GateJudgement(outcome=None, message=f"{len(readings)} of {wanted} answers taken")
    counted = len(measured) + (silent if check.no_data is not NoData.INCONCLUSIVE else 0)
    if 2 * counted < wanted or not counted:
        return GateJudgement(outcome=Outcome.INCONCLUSIVE, message=_unknown(check, readings, counted))
    last = f", {_shown(measured[-1].numbers[0])} last" if measured else " although there was no data"
    return GateJudgement(outcome=Outcome.PASS, message=f"the value was {check.condition} {_times(counted)}{last}")


def asked_http(check: Http, hit: HttpSample, at: datetime) -> GateRequest:
    """One sample of an address, as it is shown."""
    answer = f"status {hit.status}" if hit.status else hit.problem or "no answer"
    return GateRequest(at=at, seconds=hit.seconds, answer=answer, good=_good(check, hit))


def asked_store(check: Query, reading: MetricSample, at: datetime, seconds: float) -> GateRequest:
    """One answer of a metric store, as it is shown."""
    values = ", ".join(_shown(number) for number in reading.numbers[:_MOST_VALUES])
    more = len(reading.numbers) - _MOST_VALUES
    answer = reading.problem or (f"{values} and {more} more" if more > 0 else values) or "no data"
    held = all(check.condition.holds(number) for number in reading.numbers)
    good = held if reading.numbers else reading.problem is None and check.no_data is NoData.PASS
    return GateRequest(at=at, seconds=seconds, answer=answer, good=good)


def asked(check: Query) -> int:
    """How often a metric store is asked."""
    return 1 + int(check.duration / check.interval) if check.interval else 1


def alerts(check: Alerts, alerts: Sequence[Alert], *, ended: bool) -> GateJudgement:
    """Alerts since the deployment's start; `ended`: the time in which they count is over."""
    names = Counter(alert.name for alert in alerts)
    listed = ", ".join(f"{name} ({times} times)" if times > 1 else name for name, times in names.most_common(3))
    came = f"{len(alerts)} {'alert' if len(alerts) == 1 else 'alerts'} came in"
    if len(alerts) > check.max:
        return GateJudgement(
            outcome=Outcome.FAIL, message=f"{came} since it was applied: {listed}; at most {check.max} may"
        )
    if not ended:
        return GateJudgement(outcome=None, message=f"{came} so far")
    return GateJudgement(outcome=Outcome.PASS, message=f"{came}{f': {listed}' if alerts else ''}")


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that so many of a hundred don't exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]


def _good(check: Http, hit: HttpSample) -> bool:
    if hit.status is None:
        return False
    return hit.status in check.status if check.status else 200 <= hit.status < 300


def _kinds(bad: Sequence[HttpSample]) -> str:
    kinds = Counter(f"status {hit.status}" if hit.status else hit.problem or "no answer" for hit in bad)
    return ", ".join(kind if times == len(bad) else f"{times} times {kind}" for kind, times in kinds.most_common(3))


def _failed(bad: int, taken: int, kinds: str) -> str:
    return f"{bad} of {taken} {'sample' if taken == 1 else 'samples'} failed ({kinds})"


def _may(check: Http) -> str:
    return "none may" if check.max_failures == 0 else f"at most {check.max_failures} of {check.samples} may"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _shown(value: float) -> str:
    return f"{value:.4g}"


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _broken(check: Query, broken: Sequence[MetricSample], failed: int, taken: int) -> str:
    if not broken:
        return f"the query gave no data {_times(failed)}"
    worst = next(number for number in broken[-1].numbers if not check.condition.holds(number))
    of = f" in {failed} of {taken} answers" if taken > 1 else ""
    return f"the value was {_shown(worst)}{of}, and must be {check.condition}"


def _unknown(check: Query, readings: Sequence[MetricSample], counted: int) -> str:
    problems = [reading.problem for reading in readings if reading.problem]
    if problems:
        return problems[-1]
    if counted:
        return f"the query gave data only {_times(counted)} of {len(readings)}"
    return f"the query gives no data: {check.query}"
