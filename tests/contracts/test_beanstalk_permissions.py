"""The printed policy allows every call that the driver makes to an account, and none that it never makes."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from typing import Any

import pytest

from sealane.cli import exits
from sealane.destinations.elastic_beanstalk import permissions
from tests.aws import timelines
from tests.aws.world import World
from tests.contracts.aws_contract import identity
from tests.contracts.aws_stories import BUCKET, Amazon
from tests.contracts.beanstalk_stories import telling


async def test_it_allows_what_is_called_and_nothing_else(aws: Amazon) -> None:
    """A version from a bundle with options, one that fails and goes back, an abort, and names exchanged."""
    world = World()
    for name in ("shop-blue", "shop-green"):
        world.environment(name, "shop", "v1")
    world.environments["shop-blue"].cname = "shop.eu-central-1.elasticbeanstalk.com"
    with telling(aws, world) as teller:
        option = {"Namespace": "aws:elasticbeanstalk:command", "OptionName": "Timeout", "Value": "300"}
        bundle = {"S3Bucket": "builds", "S3Key": "v2.zip"}
        v1 = teller.manifest("v1", name="shop-blue")
        await teller.deploy(teller.manifest("v2", name="shop-blue", SourceBundle=bundle, OptionSettings=[option]))
        world.scripts["shop-blue"].append(timelines.batch_2_fails)
        await teller.deploy(teller.manifest("v3", name="shop-blue", SourceBundle={**bundle, "S3Key": "3"}), back=v1)
        await teller.deploy(teller.manifest("v2", name="shop-green", CNAMEPrefix="shop"))
        await teller.destination.ledgers("shop", "prod", among=())
        called = {call.op for call in world.calls}
        world.update("shop-blue", label="v2", timeline=timelines.well(1000))
        await teller.destination.diff([teller.manifest("v2", name="shop-blue")], identity=identity(9))
        await teller.destination._service.abort("shop-blue")
        called |= {call.op for call in world.calls}
    assert called == {*permissions.READS, *permissions.WRITES}
    given = permissions.policy(region="eu-central-1", bucket=BUCKET, applications=["shop"])
    keys = {f"arn:aws:s3:::{BUCKET}/{key}" for key in world.buckets[BUCKET]}
    assert all(_allowed(given, "s3:PutObject", key) and _allowed(given, "s3:GetObject", key) for key in keys)
    for arn, allowed in (("environment/shop/shop-blue", True), ("environment/other/web", False)):
        where = f"arn:aws:elasticbeanstalk:eu-central-1:123456789012:{arn}"
        assert _allowed(given, "elasticbeanstalk:UpdateEnvironment", where) == allowed
    assert not _allowed(given, "s3:GetObject", f"arn:aws:s3:::{BUCKET}/other/secret")


def _allowed(policy: dict[str, Any], action: str, resource: str) -> bool:
    return any(
        any(fnmatch.fnmatchcase(action, pattern) for pattern in statement["Action"])
        and any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"])
        for statement in policy["Statement"]
        if statement["Sid"] != "ServiceInItsCallersName"
    )


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov")])
def test_other_partitions_have_their_own_names(region: str, partition: str) -> None:
    text = json.dumps(permissions.policy(region=region, bucket="b", applications=["shop"], bundles=["builds"]))
    assert f"arn:{partition}:s3:::builds/*" in text
    assert "arn:aws:" not in text


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "dev.yaml").write_text(
        "environment: dev\n"
        "destinations: {frankfurt: {elastic_beanstalk: {region: eu-central-1, bucket: acme}}, here: {dummy: {}}}\n"
        "apps: {shop: {namespaces: [shop]}}\n"
    )

    where = ("--config", str(tmp_path))
    assert exits.run(["destination", "policy", "frankfurt", "--bundles", "builds", *where]) == 0
    wanted = permissions.policy(region="eu-central-1", bucket="acme", applications=["shop"], bundles=["builds"])
    assert json.loads(capsys.readouterr().out) == wanted
    environment = folder / "dev.yaml"
    environment.write_text(environment.read_text().replace("bucket: acme", "bucket: acme, keep_versions: 20"))
    assert exits.run(["destination", "policy", "frankfurt", *where]) == 0
    assert "elasticbeanstalk:DeleteApplicationVersion" in capsys.readouterr().out
    for name, words in (("here", "its kind has none"), ("frankfort", "did you mean frankfurt?")):
        assert exits.run(["destination", "policy", name, *where]) == 2
        assert words in capsys.readouterr().err
