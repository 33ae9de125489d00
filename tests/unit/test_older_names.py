"""What versions before 0.2 kept is read under the names of today; what has them stays as it is."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from sealane import older_names
from sealane.deployments import ledger_entries
from sealane.deployments.failure_reports import FailureReport
from sealane.destinations.model import Ledger
from sealane.findings import Finding
from sealane.formations.strategy import Strategy
from sealane.verdicts.model import FactKind, Observation

AT = "2026-11-21T07:34:14Z"
INSTANCE = {
    "object": "Pod/a",
    "workload": "Deployment/a",
    "ready": False,
    "ready_since": None,
    "created": AT,
    "state": "x",
}
WORKLOAD = {"object": "Deployment/a", "health": "converging", "updated": 1, "ready": 0, "old": 0, "ready_since": None}
CAUSE = {"sentence": "s", "object": "Pod/a", "workload": "Deployment/a", "decisive": True, "since": AT}
OLDER_OBSERVATION = {
    "at": AT,
    "workloads": [{**WORKLOAD, "wanted": 2, "says": "0 of 2 pods ready"}],
    "instances": [{**INSTANCE, "wanted": True, "leaving": True}],
    "facts": [{"kind": "old_stays", "object": "Pod/a", "workload": "Deployment/a", "since": AT, "born": AT}],
}
OLDER_REPORT = {
    **{key: OLDER_OBSERVATION[key] for key in ("workloads", "instances")},
    "taken": AT,
    "cause": {**CAUSE, "reason": "machine_silent"},
    "others": [{**CAUSE, "reason": "points_nowhere"}, {**CAUSE, "reason": "ended"}],
    "ends": [{"object": "Pod/a", "exit_code": 3}],
}
OLDER_VERDICT = {
    "kind": "failed",
    "reason": "s",
    "at": AT,
    "cause": {**CAUSE, "reason": "start_trouble"},
    "dossier_id": "x-1",
}


def test_an_observation() -> None:
    seen = msgspec.convert(older_names.observation(OLDER_OBSERVATION), Observation)
    assert (seen.workloads[0].desired, seen.workloads[0].message) == (2, "0 of 2 pods ready")
    assert (seen.instances[0].desired, seen.instances[0].terminating) == (True, True)
    assert (seen.facts[0].kind, seen.facts[0].created) == (FactKind.OLD_POD_STUCK, seen.at)


def test_a_failure_report() -> None:
    report = FailureReport.from_json(older_names.failure_report(OLDER_REPORT))
    assert report.cause is not None
    assert report.cause.reason is FactKind.NODE_NOT_RESPONDING
    assert [cause.reason for cause in report.others] == [FactKind.TARGET_MISSING, FactKind.ENDED]
    assert report.terminations[0]["exit_code"] == 3
    assert report.workloads[0].message == "0 of 2 pods ready"


def test_gates_of_a_revision() -> None:
    """Also the guard that told new error lines, and left alone what a user named like it."""
    gates = [
        {"name": "smoke", "http": {"url": "http://shop", "most_failed": 2, "headers": {"most": "1"}}},
        {"name": "pages", "alerts": {"most": 1, "over": 20.0}},
        {
            "name": "rate",
            "http": None,
            "query": {"store": "datadog", "url": "http://d", "window": "PT300S", "database": None},
        },
        {"name": "tests", "job": {"stencil": "tests"}, "stage": None},
    ]
    made = older_names.revision({"strategy": {"gates": gates, "guard": {"restarts": True, "new_errors": "note"}}})
    smoke, pages, rate, tests = made["strategy"]["gates"]
    assert smoke["check"] == {"url": "http://shop", "max_failures": 2, "headers": {"most": "1"}}
    assert (smoke["kind"], smoke["url"], smoke["asks_itself"]) == ("http", "http://shop", True)
    assert (pages["kind"], pages["check"]) == ("alerts", {"max": 1, "duration": 20.0})
    assert (rate["kind"], rate["check"]["options"]) == ("metric", {"window": "PT300S"})
    assert (tests["kind"], tests["job"]) == ("job", {"stencil": "tests"})
    assert older_names.revision(made) == made
    assert made["strategy"]["guard"]["new_errors"] == "warn"


def test_a_ledger_that_an_older_command_line_left() -> None:
    record = {
        "sequence": 3,
        "revision": "sha256:a",
        "is_rollback": False,
        "by": "ann",
        "images": {},
        "started": AT,
        "token": "t",
        "verdict": OLDER_VERDICT,
    }
    entry = msgspec.json.encode({"records": [record], "dossier": OLDER_REPORT}).decode()
    known = ledger_entries.records(Ledger(entries={"history": entry}))
    assert known.last is not None
    assert known.last.verdict is not None
    assert known.last.verdict.cause is not None
    assert known.last.verdict.cause.reason is FactKind.CREATE_ERROR
    assert known.last.verdict.failure_report_id == "x-1"
    assert known.failure_report is not None
    assert known.failure_report["terminations"] == OLDER_REPORT["ends"]


def test_a_finding() -> None:
    older = {"message": "m", "place": {"file": "f"}, "mend": "write it", "severity": "error"}
    assert msgspec.convert(older_names.finding(older), Finding).hint == "write it"


@pytest.mark.parametrize(
    ("renew", "older"),
    [
        (older_names.observation, OLDER_OBSERVATION),
        (older_names.failure_report, OLDER_REPORT),
        (older_names.verdict, OLDER_VERDICT),
        (older_names.revision, {"strategy": Strategy().to_json()}),
        (older_names.revision, {}),
    ],
)
def test_what_has_the_names_of_today_stays_as_it_is(renew: Any, older: dict[str, Any]) -> None:
    once = renew(older)
    assert renew(once) == once
