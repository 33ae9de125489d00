"""The stand-in of AWS answers the real SDK, keeps the service's rules, and shows that the SDK's own waiter lies."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.aws import beanstalk, timelines
from tests.aws.environments import Environment, Illegal
from tests.aws.faults import Fault
from tests.aws.server import serving
from tests.aws.virtual_clock import BEGAN, VirtualClock
from tests.aws.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with serving() as world:
        world.environment("shop-prod", "shop", "v1")
        world.version("shop", "v2")
        yield world


def client(world: World, service: str = "elasticbeanstalk") -> Any:
    return boto3.client(
        service,
        region_name="eu-central-1",
        endpoint_url=world.address,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_the_sdk_reads_every_operation(world: World) -> None:
    eb = client(world)
    calls: dict[str, dict[str, Any]] = {
        "describe_environments": {"EnvironmentNames": ["shop-prod"]},
        "describe_configuration_settings": {"ApplicationName": "shop", "EnvironmentName": "shop-prod"},
        "describe_environment_health": {"EnvironmentName": "shop-prod", "AttributeNames": ["All"]},
        "describe_instances_health": {"EnvironmentName": "shop-prod", "AttributeNames": ["All"]},
        "describe_environment_managed_actions": {"EnvironmentName": "shop-prod"},
        "describe_environment_managed_action_history": {"EnvironmentName": "shop-prod"},
        "create_application_version": {
            "ApplicationName": "shop",
            "VersionLabel": "v3",
            "SourceBundle": {"S3Bucket": "builds", "S3Key": "v3.zip"},
            "Process": True,
        },
        "describe_application_versions": {"ApplicationName": "shop", "VersionLabels": ["v3"]},
        "delete_application_version": {"ApplicationName": "shop", "VersionLabel": "v3"},
        "request_environment_info": {"EnvironmentName": "shop-prod", "InfoType": "tail"},
        "retrieve_environment_info": {"EnvironmentName": "shop-prod", "InfoType": "tail"},
        "update_environment": {"EnvironmentName": "shop-prod", "VersionLabel": "v2"},
        "describe_events": {"EnvironmentName": "shop-prod"},
        "abort_environment_update": {"EnvironmentName": "shop-prod"},
    }
    told = {name: getattr(eb, name)(**given) for name, given in calls.items()}
    assert told["describe_environments"]["Environments"][0]["VersionLabel"] == "v1"
    assert told["create_application_version"]["ApplicationVersion"]["SourceBundle"]["S3Key"] == "v3.zip"
    instance = told["describe_instances_health"]["InstanceHealthList"][0]
    assert instance["Deployment"]["VersionLabel"] == "v1"
    request = told["update_environment"]["ResponseMetadata"]["RequestId"]
    assert [event["RequestId"] for event in told["describe_events"]["Events"]] == [request]
    world.clock.advance(60)
    world.environment("shop-b", "shop", "v1", id="e-b")
    eb.swap_environment_cnames(SourceEnvironmentName="shop-prod", DestinationEnvironmentName="shop-b")
    assert {each["CNAME"] for each in eb.describe_environments(EnvironmentNames=["shop-b"])["Environments"]} == {
        "shop-prod.elasticbeanstalk.com"
    }
    called = {name.replace("_", "") for name in (*calls, "swap_environment_cnames")}
    assert {name.lower() for name in beanstalk.OPERATIONS} == called


def test_it_keeps_the_rules_of_the_service(world: World) -> None:
    eb = client(world)
    option = {"Namespace": "a", "OptionName": "b", "Value": "c"}
    with pytest.raises(ClientError) as both:
        eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v2", OptionSettings=[option])
    with pytest.raises(ClientError) as unknown:
        eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v9")
    with pytest.raises(ClientError) as idle:
        eb.abort_environment_update(EnvironmentName="shop-prod")
    eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v2")
    with pytest.raises(ClientError, match="Must be Ready"):
        eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v1")
    assert (code(both), code(unknown), code(idle)) == (
        "InvalidParameterCombination",
        "InvalidParameterValue",
        "InvalidParameterValue",
    )
    assert world.writes() == ["UpdateEnvironment"]


def test_a_step_that_the_service_never_takes_is_the_fixtures_fault() -> None:
    environment = Environment(name="shop", application="shop", label="v1")
    with pytest.raises(Illegal):
        environment.move("Aborting")


def test_faults(world: World) -> None:
    eb = client(world)
    world.trouble.faults = [Fault(op="DescribeEvents", kind="throttle"), Fault(op="UpdateEnvironment", kind="drop")]
    world.trouble.lag, world.trouble.page, world.trouble.skew = timedelta(seconds=20), 2, timedelta(seconds=90)
    with pytest.raises(ClientError) as busy:
        eb.describe_events(EnvironmentName="shop-prod")
    assert code(busy) == "Throttling"
    with pytest.raises(ConnectionClosedError):
        eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v2")
    assert eb.describe_environments()["Environments"][0]["Status"] == "Ready", "a stale read"
    world.clock.advance(60)
    assert eb.describe_environments()["Environments"][0]["VersionLabel"] == "v2", "it was done though nobody was told"
    page = eb.describe_events(EnvironmentName="shop-prod")
    assert (len(page["Events"]), page["NextToken"]) == (2, "2")
    assert page["Events"][0]["EventDate"] == BEGAN + timedelta(seconds=150)
    world.trouble.hidden = {"DescribeEvents"}
    assert eb.describe_events(EnvironmentName="shop-prod")["Events"] == []
    world.trouble.hidden, world.trouble.keeps = set(), timedelta(seconds=1)
    world.clock.advance(3600)
    assert eb.describe_events(EnvironmentName="shop-prod")["Events"] == [], "they are kept for a time only"


def test_control_beside_the_service(world: World) -> None:
    def told(what: str, **given: Any) -> Any:
        request = urllib.request.Request(f"{world.address}/_ctl/{what}", data=json.dumps(given).encode())
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    told("actor", environment="shop-prod", label="v2")
    told("advance", seconds=60)
    assert client(world).describe_environments()["Environments"][0]["VersionLabel"] == "v2"
    assert [call["op"] for call in told("log")] == ["DescribeEnvironments"]


def test_clocks_move_as_they_are_told() -> None:
    polled = VirtualClock("per_poll", 5)
    polled.polled()
    assert polled.now() == BEGAN + timedelta(seconds=5)
    assert VirtualClock("scaled", 1e6).now() > BEGAN


def test_a_bucket_is_written_only_over_what_was_read(world: World) -> None:
    s3 = client(world, "s3")
    first = s3.put_object(Bucket="notes", Key="a/b.json", Body=b"one", IfNoneMatch="*")
    with pytest.raises(ClientError) as there:
        s3.put_object(Bucket="notes", Key="a/b.json", Body=b"two", IfNoneMatch="*")
    s3.put_object(Bucket="notes", Key="a/b.json", Body=b"two", IfMatch=first["ETag"])
    with pytest.raises(ClientError) as moved:
        s3.put_object(Bucket="notes", Key="a/b.json", Body=b"three", IfMatch=first["ETag"])
    assert (code(there), code(moved)) == ("PreconditionFailed", "PreconditionFailed")
    assert s3.get_object(Bucket="notes", Key="a/b.json")["Body"].read() == b"two"


@pytest.mark.parametrize(
    "timeline", [timelines.hook_fails, timelines.batch_2_fails, timelines.immutable_fails, timelines.false_success]
)
def test_the_waiter_of_the_sdk_lies(world: World, timeline: timelines.Timeline) -> None:
    """It takes every end for a good one: the scenarios that are about it have teeth."""
    world.scripts["shop-prod"] = [timeline]
    world.clock.mode, world.clock.step = "per_poll", 60
    eb = client(world)
    eb.update_environment(EnvironmentName="shop-prod", VersionLabel="v2")
    eb.get_waiter("environment_updated").wait(
        EnvironmentNames=["shop-prod"], WaiterConfig={"Delay": 0, "MaxAttempts": 20}
    )
    assert any(
        instance.label != "v2" or instance.status != "Deployed"
        for instance in world.environments["shop-prod"].instances
    )
