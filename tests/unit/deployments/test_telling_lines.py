"""Which line of a container's log stands beside the cause."""

from __future__ import annotations

import pytest

from sealane import clock
from sealane.deployments import failure_reports
from sealane.verdicts import model as verdicts

OBJECT = "Pod/shop/web-1"


def cause(reason: verdicts.FactKind) -> verdicts.Cause:
    return verdicts.Cause(
        sentence="…",
        object=OBJECT,
        container="web",
        workload="Deployment/shop/web",
        reason=reason,
        decisive=False,
        since=clock.now(),
    )


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["Loading", " * Running on http://0.0.0.0:5000", "Press CTRL+C to quit"], "* Running on http://0.0.0.0:5000"),
        (["Listening at: http://0.0.0.0:8001 (7)", "Booting worker"], "Listening at: http://0.0.0.0:8001 (7)"),
        (["server listening on port 3000", "ready"], "server listening on port 3000"),
        (["[::]:9000 serving on 9000", "cannot open cache"], "cannot open cache"),
        (["Listening on 4000", '"GET /health" 503'], '"GET /health" 503'),
        (["one", "two"], "two"),
    ],
)
def test_a_probe_that_nothing_answers(lines: list[str], line: str) -> None:
    """Trouble first, then where the application says it listens, then the last line."""
    logs = [{"object": OBJECT, "container": "web", "lines": lines, "previous": False}]
    assert failure_reports.telling(logs, cause(verdicts.FactKind.PROBE_FAILING)) == line


def test_a_container_that_ended_tells_its_last_line() -> None:
    """Where it listened does not say why it ended."""
    logs = [{"object": OBJECT, "container": "web", "lines": ["Listening on 4000", "bye"], "previous": True}]
    assert failure_reports.telling(logs, cause(verdicts.FactKind.OUT_OF_MEMORY)) == "bye"
