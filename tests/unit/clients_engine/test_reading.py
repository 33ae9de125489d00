"""Docker's and Podman's words for the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.clients.engine import errors, reading
from sealane.clients.engine.model import Phase


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("created", Phase.CREATED),
        ("configured", Phase.CREATED),
        ("initialized", Phase.CREATED),
        ("running", Phase.RUNNING),
        ("paused", Phase.RUNNING),
        ("removing", Phase.RUNNING),
        ("exited", Phase.ENDED),
        ("stopped", Phase.ENDED),
        ("dead", Phase.ENDED),
    ],
)
def test_both_engines_states_are_understood(status: str, phase: Phase) -> None:
    assert reading.state({"State": {"Status": status, "ExitCode": 3}}).phase is phase


def test_an_exit_code_is_given_only_once_it_has_ended() -> None:
    assert reading.state({"State": {"Status": "running", "ExitCode": 0}}).exit_code is None
    assert reading.state({"State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True}}).out_of_memory


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-21T03:15:12.123456789Z", datetime(2026, 11, 21, 3, 15, 12, 123456, tzinfo=UTC)),
        ("2026-11-21T05:15:12.5+02:00", datetime(2026, 11, 21, 3, 15, 12, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("soon", None),
    ],
)
def test_times_are_read_in_every_form(text: str, time: datetime | None) -> None:
    assert reading.state({"State": {"Status": "exited", "StartedAt": text}}).started == time


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("manifest unknown", errors.ImageMissing),
        ("reading manifest 1 in localhost:5000/x: name unknown", errors.ImageMissing),
        ("pull access denied for x, repository does not exist or may require 'docker login'", errors.ImageMissing),
        ("unauthorized: authentication required", errors.ImageMissing),
        ('Get "https://r/v2/": dial tcp: lookup r: no such host', errors.EngineFailed),
        ("toomanyrequests: You have reached your pull rate limit", errors.EngineFailed),
        ("received unexpected HTTP status: 503 Service Unavailable", errors.EngineFailed),
        ("write /var/lib/x: no space left on device", errors.EngineFailed),
    ],
)
def test_what_waiting_may_bring_is_told_from_what_it_never_will(said: str, kind: type[Exception]) -> None:
    assert type(reading.pull_problem("r/x:1", said)) is kind


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (404, "No such container: x", errors.ContainerMissing),
        (404, "No such image: x:1", errors.ImageMissing),
        (409, 'Conflict. The container name "/x" is already in use', errors.NameTaken),
        (500, 'creating container storage: the container name "x" is already in use by abc', errors.NameTaken),
        (400, 'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', errors.CannotExecute),
        (500, 'runc: exec: "/bin/sh": stat /bin/sh: no such file or directory: OCI runtime', errors.CannotExecute),
        (500, "write /x: no space left on device", errors.EngineFailed),
        (500, "could not find an available, non-overlapping IPv4 address pool", errors.EngineFailed),
    ],
)
def test_an_engines_no_is_understood(status: int, said: str, kind: type[Exception]) -> None:
    assert type(errors.meaning(status, said)) is kind


def test_a_full_disk_says_how_to_mend_it() -> None:
    told = errors.meaning(500, "write /x: no space left on device")
    assert "the engine's disk is full" in told.message
    assert told.mend is not None
    assert "system prune" in told.mend


@pytest.mark.parametrize("health", ["Health", "Healthcheck"])
def test_the_last_words_of_a_check_are_found_in_both_engines_answers(health: str) -> None:
    log: list[dict[str, Any]] = [{"Output": "first", "ExitCode": 0}, {"Output": "no\n route", "ExitCode": 2}]
    assert reading.last_check({"State": {health: {"Log": log}}}) == "no route (exit code 2)"
    assert reading.last_check({"State": {}}) == "(exit code 0)"
