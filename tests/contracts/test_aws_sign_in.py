"""Signing in to accounts of AWS: each destination as its own role, and what it lacks is told before anything is written."""

from __future__ import annotations

import functools

import pytest

from sealane.clients.aws.account import Rejected
from sealane.clients.aws.buckets import Bucket
from sealane.clients.aws.ecs import Ecs
from sealane.destinations import model
from sealane.destinations.ecs.adapter import EcsFile
from tests.aws.faults import Fault
from tests.contracts.aws_contract import identity
from tests.contracts.aws_stories import Amazon
from tests.contracts.ecs_stories import fresh, revision, telling

ROLE = "arn:aws:iam::123456789012:role/"


async def test_each_destination_signs_in_as_its_own_role(aws: Amazon) -> None:
    """Once, with the external id of its entry; services and the bucket are asked with that role's key only."""
    world = fresh()
    with aws.port.serving(world):
        for name in ("staging", "production"):
            more = {"assume_role": f"{ROLE}{name}", "external_id": f"{name}-id", "endpoint": aws.port.address}
            written = EcsFile.model_validate({"region": "eu-central-1", "bucket": "state", **more})
            account = written.account()
            assert (await Ecs(account).service("shop", "web"))[0] is not None
            assert await Bucket(account, "state").get("nothing") is None
            assert await Ecs(account).services("other") == ()
    assert world.assumed == [(f"{ROLE}{name}", f"{name}-id") for name in ("staging", "production")]
    key = "AKIDEXAMPLE"
    assert world.signers == [key, *["staging"] * 3, key, *["production"] * 3]


@pytest.mark.parametrize("call", ["DescribeServices", "DescribeTaskDefinition"])
async def test_what_may_not_be_seen_is_told_before_anything_is_written(aws: Amazon, call: str) -> None:
    """The looks before the first write need what the looks afterwards need."""
    world = fresh()
    world.trouble.faults = [Fault(op=call, kind="access_denied", times=99)]
    with telling(aws, world) as teller:
        for ask in (teller.destination.diff, functools.partial(teller.destination.apply, fence=model.unfenced)):
            with pytest.raises(Rejected) as refused:
                await ask(revision("b2"), identity=identity(), adopt=True)
            assert refused.value.denied
    assert world.writes() == []
