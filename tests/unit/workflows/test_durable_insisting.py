"""What a durable step waits for, and what it does not."""

from __future__ import annotations

from datetime import datetime

import pytest

from sealane import clock
from sealane.clients.kubernetes import errors as cluster
from sealane.errors import Refused, SealaneError, Unavailable, trace
from sealane.secrets import revealed
from sealane.workflows import durable

AWAY: list[SealaneError] = [
    Unavailable("the registry does not answer"),
    cluster.Unreachable("GET /apis: Server disconnected"),
    cluster.TooManyRequests("GET /apis: come back later"),
    cluster.ServerError("GET /apis: etcd has no leader"),
]


@pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
async def test_what_may_work_later_is_tried_again(error: SealaneError) -> None:
    waiting = [error]

    async def body() -> str:
        if waiting:
            raise waiting.pop()
        return "done"

    assert await durable.Durable().insist("apply", body) == "done"


@pytest.mark.parametrize(
    ("error", "unreached"),
    [(cluster.RelayAway("relay europe has been away"), True), (Unavailable("the registry does not answer"), False)],
)
async def test_whoever_looks_is_told_once_what_is_away_since_when_and_whether_it_is_the_destination(
    error: SealaneError, unreached: bool
) -> None:
    waiting, begun, told = [error] * 5, clock.now(), []

    async def body() -> str:
        if waiting:
            raise waiting.pop()
        return "done"

    async def waits(what: SealaneError, since: datetime) -> None:
        told.append((what, since))

    assert await durable.Durable(waits=waits).insist("apply", body) == "done"
    ((what, since),) = told
    assert (what, what.unreached) == (error, unreached)
    assert begun <= since <= clock.now()


async def test_a_no_is_not_asked_for_twice() -> None:
    asked: list[str] = []

    async def body() -> None:
        asked.append("once")
        raise Refused("not here")

    with pytest.raises(durable.Broken, match="not here"):
        await durable.Durable().insist("apply", body)
    assert asked == ["once"]


def test_an_error_that_nobody_foresaw_is_logged_with_its_place_and_without_words() -> None:
    """Nor with those of what led to it: they may hold the very value that could not be read."""
    try:
        try:
            int("s3cr3t-" + "value")
        except ValueError as error:
            raise KeyError("s3cr3t-" + "key") from error
    except KeyError as error:
        told = trace(error)
    assert "test_durable_insisting.py" in told
    assert told.endswith("KeyError")
    assert "s3cr3t-value" not in told
    assert "s3cr3t-key" not in told


async def test_what_breaks_a_step_says_no_secret_that_the_step_knew() -> None:
    """Neither what is recorded of it, nor what the workflow raises."""
    value = "s3cr3t-of-a-step"

    async def body() -> None:
        revealed.note([value])
        raise Refused(f"the cluster will not have {value}", hint=f"not {value}")

    with pytest.raises(durable.Broken) as broken:
        await durable.Durable().insist("apply", body)
    recorded = await durable.Durable()._recorded("apply", body)()
    assert recorded == {"broken": "the cluster will not have *** (not ***)"}
    assert value not in str(broken.value)
