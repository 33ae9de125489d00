"""The printed policy allows every call that the driver makes to an account, and none that it never makes."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from typing import Any

import pytest

from sealane.cli import exits
from sealane.destinations import deletions, model
from sealane.destinations.ecs import permissions
from tests.aws import service_timelines as timelines
from tests.contracts.aws_contract import identity
from tests.contracts.aws_stories import BUCKET, Amazon
from tests.contracts.ecs_stories import definition, fresh, revision, service, telling
from tests.contracts.test_ecs_destination import ran
from tests.contracts.test_ecs_schedules import schedule


async def test_it_allows_what_is_called_and_nothing_else(aws: Amazon) -> None:
    """Services old and new, a task that hangs, one that is rolled back, and what others run."""
    world = fresh()
    with telling(aws, world, hurry=5) as teller:
        await teller.deploy(revision("a1"))
        world.cluster.scripts["web"] = [timelines.crash_loop]
        await teller.deploy(revision("b2"), back=revision("a1"))
        await teller.deploy([service(name="new", desiredCount=1), definition("b2")])
        world.cluster.runs.append(lambda task: [(5, task.run)])
        await ran(teller)
        ended = await teller.deploy([schedule(), definition("b2")])
        await teller.deploy([schedule(State="DISABLED"), definition("b2")])
        rest = tuple(ref for ref in ended.inventory if ref.kind != "Schedule")
        await teller.destination.prune(
            ended.inventory, rest, identity=identity(9), fence=model.unfenced, budget=deletions.Budget()
        )
        await teller.destination.observed("shop")
        await teller.destination.ledgers("shop", "prod", among=())
        await teller.destination._service.go_on(
            world.cluster.services["shop", "web"].deployments[-1].arn, "none", back=False
        )
    called = {call.op for call in world.calls}
    allowed = {*permissions.IN_CLUSTER, *permissions.BY_CLUSTER, *permissions.DEFINITIONS, *permissions.UNBOUND}
    assert called == {*allowed, *permissions.LOGS, *permissions.SCHEDULES}
    given = permissions.policy(region="eu-central-1", bucket=BUCKET, clusters=["shop"])
    for key in world.buckets[BUCKET]:
        assert _allowed(given, "s3:PutObject", f"arn:aws:s3:::{BUCKET}/{key}")
    for cluster in ("shop", "other"):
        where = f"arn:aws:ecs:eu-central-1:123456789012:service/{cluster}/web"
        assert _allowed(given, "ecs:UpdateService", where) == (cluster == "shop")


def _allowed(policy: dict[str, Any], action: str, resource: str) -> bool:
    return any(
        action in statement["Action"] and any(fnmatch.fnmatchcase(resource, glob) for glob in statement["Resource"])
        for statement in policy["Statement"]
    )


def test_the_command_prints_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "dev.yaml").write_text(
        "environment: dev\n"
        "destinations: {fargate: {ecs: {region: cn-north-1, bucket: acme}}}\n"
        "apps: {shop: {namespaces: [shop], roles: ['shop-*']}}\n"
    )
    assert exits.run(["destination", "policy", "fargate", "--config", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed) == permissions.policy(region="cn-north-1", bucket="acme", clusters=["shop"])
    assert "arn:aws:" not in printed
