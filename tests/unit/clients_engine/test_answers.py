"""Docker's and Podman's words for the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.clients.engine import answers, errors
from sealane.clients.engine.model import ImageCheck, Phase


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
    assert answers.state({"State": {"Status": status, "ExitCode": 3}}).phase is phase


@pytest.mark.parametrize(
    ("said", "check"),
    [
        ({}, None),
        ({"Healthcheck": None}, None),
        ({"Healthcheck": {"Test": ["NONE"]}}, None),
        ({"Healthcheck": {"Test": ["CMD", "a", "b  c"]}}, ImageCheck(test=("CMD", "a", "b  c"))),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "a"], "Interval": 7 * 10**9, "Timeout": 5 * 10**8, "Retries": 2}},
            ImageCheck(
                test=("CMD-SHELL", "a"), interval=timedelta(seconds=7), timeout=timedelta(seconds=0.5), retries=2
            ),
        ),
        (
            {"Healthcheck": {"Test": ["CMD", "a"], "StartPeriod": 60 * 10**9}},
            ImageCheck(test=("CMD", "a"), start_period=timedelta(minutes=1)),
        ),
    ],
)
def test_an_images_check_is_read_from_its_container(said: dict[str, Any], check: ImageCheck | None) -> None:
    assert answers.image_check({"Config": said}) == check


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (500, "no container with name or ID x found: no such container", errors.ContainerMissing),
        (500, "container x does not exist in database: no such container", errors.ContainerMissing),
        (404, "No such container: x", errors.ContainerMissing),
        (400, "OCI runtime create failed: exec /bin/sh: argument list too long: unknown", errors.ArgumentsTooLong),
        (500, "crun: exec failed: Argument list too long: OCI runtime error", errors.ArgumentsTooLong),
        (404, "No such image: x:1", errors.ImageMissing),
        (409, "Container x is not running", errors.NameTaken),
    ],
)
def test_a_refusal_means_the_same_from_both_engines(status: int, text: str, kind: type[Exception]) -> None:
    assert type(errors.meaning(status, text)) is kind


@pytest.mark.parametrize(
    ("info", "rootless"),
    [
        ({"SecurityOptions": ["name=seccomp,profile=default"]}, False),
        ({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless", "name=cgroupns"]}, True),
        ({"Rootless": True, "SecurityOptions": ["name=seccomp,profile=default"]}, True),
        ({"Rootless": False, "SecurityOptions": None}, False),
        ({}, False),
    ],
)
def test_an_engine_of_a_plain_user_is_known(info: dict[str, Any], rootless: bool) -> None:
    """As Docker, rootless Docker and Podman 4 tell it."""
    assert answers.is_rootless(info) is rootless


def test_an_exit_code_is_given_only_once_it_has_ended() -> None:
    assert answers.state({"State": {"Status": "running", "ExitCode": 0}}).exit_code is None
    assert answers.state({"State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True}}).out_of_memory


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
    assert answers.state({"State": {"Status": "exited", "StartedAt": text}}).started == time


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
    assert type(answers.pull_problem("r/x:1", said)) is kind


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (404, "No such container: x", errors.ContainerMissing),
        (404, "No such image: x:1", errors.ImageMissing),
        (409, 'Conflict. The container name "/x" is already in use', errors.NameTaken),
        (500, 'creating container storage: the container name "x" is already in use by abc', errors.NameTaken),
        (400, 'exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown', errors.CannotExecute),
        (500, 'runc: exec: "/bin/sh": stat /bin/sh: no such file or directory: OCI runtime', errors.CannotExecute),
        (
            404,
            "preparing container x for attach: unable to find user ann: no matching entries in passwd file",
            errors.UserMissing,
        ),
        (500, 'determining run uid: user: unknown user error looking up user "ann"', errors.UserMissing),
        (400, "unable to find group staff: no matching entries in group file: unknown", errors.UserMissing),
        (500, "write /x: no space left on device", errors.EngineFailed),
        (500, "could not find an available, non-overlapping IPv4 address pool", errors.EngineFailed),
    ],
)
def test_an_engines_no_is_understood(status: int, said: str, kind: type[Exception]) -> None:
    assert type(errors.meaning(status, said)) is kind


def test_a_full_disk_says_how_to_fix_it() -> None:
    told = errors.meaning(500, "write /x: no space left on device")
    assert "the engine's disk is full" in told.message
    assert told.hint is not None
    assert "system prune" in told.hint


@pytest.mark.parametrize("health", ["Health", "Healthcheck"])
def test_the_last_words_of_a_check_are_found_in_both_engines_answers(health: str) -> None:
    log: list[dict[str, Any]] = [{"Output": "first", "ExitCode": 0}, {"Output": "no\n route", "ExitCode": 2}]
    assert answers.last_check({"State": {health: {"Log": log}}}) == "no route (exit code 2)"
    assert answers.last_check({"State": {}}) == "(exit code 0)"
